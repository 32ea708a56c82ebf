// Eight small systems at once, with AVX2 where the processor has it; the bits are the same.

#include "spatial/krige_lanes.h"

#include <math.h>

/// Four lanes; the compiler makes two of two where there is nothing wider.
typedef double four __attribute__((vector_size(32), may_alias));

/// Vectors of the scratch, which is aligned for them.
static four *vectors(double *at) {
    return (four *)(void *)at;
}

#define KERNEL(name) name##_plain
#define KERNEL_TARGET
#include "spatial/krige_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

#if defined(__x86_64__) && defined(__GNUC__)

#define KERNEL(name)  name##_avx2
#define KERNEL_TARGET __attribute__((target("avx2")))
#include "spatial/krige_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

krige_lanes_faults krige_lanes_factor(const krige_lanes *lanes) {
    return __builtin_cpu_supports("avx2") ? factor_avx2(lanes) : factor_plain(lanes);
}

void krige_lanes_solve(const krige_lanes *lanes, double *variance) {
    if (__builtin_cpu_supports("avx2")) {
        solve_avx2(lanes, variance);
    } else {
        solve_plain(lanes, variance);
    }
}

#else

krige_lanes_faults krige_lanes_factor(const krige_lanes *lanes) {
    return factor_plain(lanes);
}

void krige_lanes_solve(const krige_lanes *lanes, double *variance) {
    solve_plain(lanes, variance);
}

#endif
