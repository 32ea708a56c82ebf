// Covariances of many pairs at once, with AVX2 or AVX-512 where the processor has them; the
// bits are the same.

#include "spatial/covariance.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/// exp(x) for x <= 0 within one rounding: exp(x) = 2^n exp(r), |r| <= ln 2 / 2, the latter by
/// its series. Below -700 it stays at exp(-700). Written without branches or calls, so that the
/// compiler can do several at a time.
static inline __attribute__((always_inline)) double exp_quick(double x) {
    x = x < -700 ? -700 : x;
    double shifted = x * M_LOG2E + 0x1.8p52; // the low bits are n, rounded to nearest
    double n = shifted - 0x1.8p52;
    double r = (x - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b39p-40;
    double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
    double p2 = 1.0 / 2 + r * (1.0 / 6), p4 = 1.0 / 24 + r * (1.0 / 120);
    double p6 = 1.0 / 720 + r * (1.0 / 5040), p8 = 1.0 / 40320 + r * (1.0 / 362880);
    double p10 = 1.0 / 3628800 + r * (1.0 / 39916800);
    double p12 = 1.0 / 479001600 + r * (1.0 / 6227020800);
    double high = (p4 + p6 * r2) * r4 + ((p8 + p10 * r2) + p12 * r4) * r8;
    double p = 1 + (r + (p2 * r2 + high));
    uint64_t exponent, bits;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&bits, &p, sizeof bits);
    bits += exponent << 52;
    memcpy(&p, &bits, sizeof p);
    return p;
}

#define KERNEL(name) name##_plain
#define KERNEL_TARGET
#include "spatial/covariance_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET

#if defined(__x86_64__) && defined(__GNUC__)
#define KERNEL(name)  name##_avx2
#define KERNEL_TARGET __attribute__((target("avx2")))
#include "spatial/covariance_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#define KERNEL(name)  name##_avx512
#define KERNEL_TARGET __attribute__((target("avx512f,avx512dq,prefer-vector-width=512")))
#include "spatial/covariance_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#endif

void covariance_field_set(covariance_field *field, const dosi_variogram *model, double sill) {
    field->sill = sill;
    field->far = sill;
    field->n = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        assert(field->n < DOSI_VARIOGRAM_MAX_NESTED);
        field->far -= s->nugget;
        if (s->kind == DOSI_VARIOGRAM_NUGGET || s->psill == 0) continue;
        field->far -= s->psill;
        covariance_structure *out = &field->structures[field->n++];
        *out = (covariance_structure){
            .kind = s->kind, .psill = s->psill, .kappa = s->kappa, .scale = 1 / s->range_m};
        if (s->kind == DOSI_VARIOGRAM_MATERN && s->kappa == 0.5) {
            out->kind = DOSI_VARIOGRAM_EXPONENTIAL;
        }
        if (!(s->ratio > 0 && s->ratio < 1)) continue;
        double angle = s->azimuth_deg * M_PI / 180;
        out->is_turned = true;
        out->along[0] = sin(angle);
        out->along[1] = cos(angle);
        out->across[0] = cos(angle) / s->ratio;
        out->across[1] = -sin(angle) / s->ratio;
    }
    // What is left of a bounded model is rounding, and must not look like a covariance.
    if (fabs(field->far) < 1e-12 * sill) field->far = 0;
}

void covariance_fill(
    const covariance_field *field, const double *dx, const double *dy, double *out, size_t n) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512dq")) {
        fill_avx512(field, dx, dy, out, n);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        fill_avx2(field, dx, dy, out, n);
        return;
    }
#endif
    fill_plain(field, dx, dy, out, n);
}
