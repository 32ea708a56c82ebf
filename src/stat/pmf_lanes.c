// The inner loops of factorisation, for the widest lanes that the processor has; same bits.

#include "stat/pmf_lanes.h"

#include <math.h>

/// Eight lanes; the compiler makes two of four or four of two where there is nothing wider.
typedef double eight __attribute__((vector_size(64), may_alias));

#define KERNEL(name) name##_plain
#define KERNEL_TARGET
#include "stat/pmf_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

#if defined(__x86_64__) && defined(__GNUC__)

#define KERNEL(name)  name##_avx2
#define KERNEL_TARGET __attribute__((target("avx2")))
#include "stat/pmf_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

#define KERNEL(name)  name##_avx512
#define KERNEL_TARGET __attribute__((target("avx512f")))
#include "stat/pmf_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

/// The kernel for this processor.
#define PICK(name)                                     \
    (__builtin_cpu_supports("avx512f") ? name##_avx512 \
     : __builtin_cpu_supports("avx2")  ? name##_avx2   \
                                       : name##_plain)

#else
#define PICK(name) name##_plain
#endif

void pmf_combine(
    const double *factors, size_t n, const double *rows, size_t width, double *out) {
    PICK(combine)(factors, n, rows, width, out);
}

void pmf_take_gram(double *s, const double *b, size_t n, size_t width) {
    PICK(take_gram)(s, b, n, width);
}

size_t pmf_factor(double *a, size_t n, size_t stride) {
    return PICK(factor)(a, n, stride);
}

void pmf_forward_rows(const double *l, size_t n, double *c, size_t width) {
    PICK(forward_rows)(l, n, c, width);
}
