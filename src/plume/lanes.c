// Points at four receptors at once, with AVX2 where the processor has it; the bits are the
// same.

#include "plume/point.h"
#include "plume/terrain.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" // everything with vectors is inlined
#endif

#define LANES   4
#define NAME(x) x##_plain
#define TARGET
#include "plume/lanes.h"

#include "plume/kernel.h"

#include "plume/point_kernel.h"
#undef NAME
#undef TARGET

#if defined(__x86_64__) && defined(__GNUC__)

#define PLUME_AVX
#define NAME(x) x##_avx2
#define TARGET  __attribute__((target("avx2")))
#include "plume/lanes.h"

#include "plume/kernel.h"

#include "plume/point_kernel.h"

#undef NAME
#undef TARGET
#undef LANES

#define LANES   8
#define NAME(x) x##_avx512
#define TARGET  __attribute__((target("avx2,avx512f,avx512dq")))
#include "plume/lanes.h"

#include "plume/kernel.h"

#include "plume/point_kernel.h"

/// Lanes that the processor has.
static int width(void) {
    if (!__builtin_cpu_supports("avx2")) return 2;
    return __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512f") ? 8 : 4;
}

void plume_coherent(const plume_release *release, const plume_places *places, double *out) {
    switch (width()) {
    case 8:
        coherent_avx512(release, places, out);
        break;
    case 4:
        coherent_avx2(release, places, out);
        break;
    default:
        coherent_plain(release, places, out);
        break;
    }
}

void plume_meander(const plume_release *release,
                   const plume_places *places,
                   plume_evenly *out) {
    switch (width()) {
    case 8:
        meander_avx512(release, places, out);
        break;
    case 4:
        meander_avx2(release, places, out);
        break;
    default:
        meander_plain(release, places, out);
        break;
    }
}

#else

void plume_coherent(const plume_release *release, const plume_places *places, double *out) {
    coherent_plain(release, places, out);
}

void plume_meander(const plume_release *release,
                   const plume_places *places,
                   plume_evenly *out) {
    meander_plain(release, places, out);
}

#endif
