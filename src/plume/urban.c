// A city's night: its heat keeps a mixed layer. Source: AERMOD Model Formulation, section 5.8.

#include "plume/profile.h"

#include <math.h>

#define GAS_CONSTANT  287.04
#define HEAT_CAPACITY 1004.0
#define SEA_LEVEL_PA  101325.0
#define TURBULENT     0.35 ///< Part of w*^2 in the mixed layer's variances.
#define LEAST_LAPSE   1e-5
#define TOP_LEVEL     4000.0

/// Turbulence that a city's heat adds, m/s.
typedef struct added {
    double convective_ms, height_m;
} added;

static double added_v(const added *a, double z) {
    double mixed = TURBULENT * a->convective_ms * a->convective_ms;
    double above = fmin(mixed, 0.25), top = 1.2 * a->height_m;
    if (z <= a->height_m) return mixed;
    if (z >= top) return above;
    return mixed + (above - mixed) * (z - a->height_m) / (top - a->height_m);
}

static double added_w(const added *a, double z) {
    double w2 = a->convective_ms * a->convective_ms, part = z / a->height_m;
    if (part <= 0.1) return 1.6 * pow(part, 2 * PLUME_THIRD) * w2;
    if (part <= 1) return TURBULENT * w2;
    return TURBULENT * w2 * exp(fmax(-6 * (part - 1), PLUME_EXP_LEAST));
}

/// Scales of the city's surface layer.
static void set_scales(dosi_plume_hour *out,
                       const dosi_plume_hour *rural,
                       double flux,
                       double density,
                       const added *a) {
    double zi = a->height_m, w = a->convective_ms;
    double height = 7 * fmax(out->roughness_m, rural->roughness_m);
    double grown = w * sqrt(1.6 * pow(height / zi, 2 * PLUME_THIRD)) /
                   (1.3 * sqrt(fmax(1e-3, 1 - height / out->mixing_m)));
    out->friction_ms = fmax(rural->friction_ms, grown);
    double u3 = out->friction_ms * out->friction_ms * out->friction_ms;
    double length = -density * HEAT_CAPACITY * out->temperature_k * u3 /
                    (PLUME_KARMAN * PLUME_GRAVITY * flux);
    out->obukhov_m = rural->state == DOSI_PLUME_STABLE ? fmax(-length, rural->obukhov_m)
                                                       : fmax(length, rural->obukhov_m);
}

void dosi_plume_hour_urban(const dosi_plume_hour *hour,
                           double population,
                           double roughness_m,
                           dosi_plume_hour *out) {
    *out = *hour;
    added a = {.height_m = 400 * pow(population / 2e6, 0.25)};
    bool is_morning =
        hour->state == DOSI_PLUME_UNSTABLE && hour->convective_height_m <= a.height_m;
    if (hour->state != DOSI_PLUME_STABLE && !is_morning) return;
    out->is_urban = true;
    double warmer = 12 * (0.1 * log(population / 2e6) + 1);
    double density = SEA_LEVEL_PA / (GAS_CONSTANT * hour->temperature_k);
    double flux = 0.03 * warmer * hour->friction_ms * density * HEAT_CAPACITY;
    a.convective_ms =
        cbrt(PLUME_GRAVITY / hour->temperature_k / density / HEAT_CAPACITY * flux * a.height_m);
    out->roughness_m = roughness_m;
    out->mixing_m = fmin(TOP_LEVEL, fmax(a.height_m, hour->mechanical_height_m));
    set_scales(out, hour, flux, density, &a);
    const double *heights = dosi_plume_heights();
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        double *v = out->value[i], z = heights[i];
        v[DOSI_PLUME_SIGMA_V] =
            sqrt(v[DOSI_PLUME_SIGMA_V] * v[DOSI_PLUME_SIGMA_V] + added_v(&a, z));
        v[DOSI_PLUME_SIGMA_W] =
            sqrt(v[DOSI_PLUME_SIGMA_W] * v[DOSI_PLUME_SIGMA_W] + added_w(&a, z));
        if (z <= a.height_m) v[DOSI_PLUME_LAPSE] = LEAST_LAPSE;
    }
    plume_integrate_theta(out);
    plume_profile_finish(out);
}
