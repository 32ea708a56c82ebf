// What a plume brings to a place and leaves there: each class of particles as a plume of its
// own that bends down by its settling, less what has been lost on the way.

#include "plume/deposit.h"
#include "plume/terrain.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#define LANES   1
#define NAME(x) x##_one
#define TARGET
#include "plume/lanes.h"

#include "plume/kernel.h"

/// Gaussian across the wind.
static double across_one(double y, double sigma) {
    return exp_or_0_one(-0.5 * y * y / (sigma * sigma)) / (PLUME_SQRT_2PI * sigma);
}

#define TWO_PI 6.28318530717958647692

/// Heights at which a plume is wanted: over the source's base, and over the ground.
typedef struct levels {
    double base, ground;
} levels;

/// The plume at a place.
static spread_one spread_of(const plume_release *r,
                            const plume_where *at,
                            levels level,
                            double *sigma_w) {
    place_one place = {.x = at->x,
                       .above = at->above,
                       .flag = at->flag,
                       .level = level.base,
                       .level_flag = level.ground,
                       .z = at->z,
                       .hill = at->hill};
    spread_one s = {{1, 1, 1, 0}, {1, 1, 1, 0}, 1, 1, 0, 0};
    if (r->is_like_stable) {
        spread_stable_one(r, &place, &s);
        return s;
    }
    if (r->penetrated < 1) spread_convective_one(r, &place, sigma_w, false, &s);
    if (r->penetrated > 0) spread_penetrated_one(r, &place, &s);
    return s;
}

void plume_column(const plume_release *r, double x, double *top_m, double *sigma_m) {
    air_one air = {r->speed_ms, r->sigma_v_ms, r->sigma_w_ms, r->lapse};
    if (r->is_like_stable) {
        *top_m = r->top_m + r->final_rise_m;
        height_one height = height_of_one(r, x, *top_m);
        *sigma_m = sigma_z_ambient_one(r, x, air, &height, !r->hour->is_urban);
        return;
    }
    *top_m = r->top_m + r->settle_rise_m;
    double grow = r->hour->convective_ms * x / r->speed_ms;
    draughts_one d = draughts_of_one(r, 0.5 * r->mixing_m, 0, r->sigma_w_ms);
    *sigma_m = grow * 0.5 * (d.a1 - d.a2);
    if (!(r->penetrated > 0)) return;
    height_one height = height_of_one(r, x, r->penetrated_height_m);
    double travel = height.air.w * x / height.air.u;
    double sigma = travel / sqrt(1 + travel / (0.72 * r->penetrated_height_m));
    *top_m = r->penetrated * r->penetrated_height_m + (1 - r->penetrated) * *top_m;
    *sigma_m = r->penetrated * sigma + (1 - r->penetrated) * *sigma_m;
}

/// Concentration that is deposited, integrated across, at a distance on the way to a place.
static double on_the_way(const plume_deposit *d,
                         const plume_release *r,
                         const plume_where *end,
                         double x,
                         double *sigma_w) {
    double part = x / end->x, z = 0, hill = 0;
    plume_where at = *end;
    at.x = x;
    if (end->z) { // the ground and its hill rise evenly
        double base = r->source->base_m;
        z = base + (*end->z - base) * part;
        hill = r->height_m + (*end->hill - r->height_m) * part;
        at.z = &z;
        at.hill = &hill;
    }
    *sigma_w = r->sigma_w_ms;
    levels level = {at.above + d->level_m, d->level_m};
    spread_one s = spread_of(r, &at, level, sigma_w);
    return s.vertical + s.vertical3;
}

double plume_deposit_left(const plume_deposit *d,
                          const plume_class *of,
                          const plume_where *at,
                          double *sigma_w) {
    double left = 1, unused = 0;
    if (d->loses_dry && of->velocity_ms > 0) {
        plume_release r = *d->release;
        r.settling_ms = of->settling_ms;
        r.sigma_y_m = r.sigma_z_m = 0; // losses are those of a plume that starts in a point
        // Gauss' rule with two points from a metre on, as AERMOD integrates it.
        double middle = 0.5 * (at->x + 1), width = at->x - 1;
        double *w = sigma_w ? sigma_w : &unused;
        double sum = on_the_way(d, &r, at, middle + PLUME_GAUSS * width, w);
        sum += on_the_way(d, &r, at, middle - PLUME_GAUSS * width, w);
        left = exp(-fmin(of->velocity_ms * 0.5 * width * sum, PLUME_MOST_LOST));
    }
    if (d->loses_wet) left *= exp(-of->scavenged_s * at->x / d->release->speed_ms);
    return left;
}

/// Lateral terms of the plume and of its penetrated part, 1/m.
typedef struct lateral {
    double plume, penetrated;
} lateral;

/// Flux of all classes; `across_m` NaN: spread evenly.
static plume_flux flux_of(const plume_deposit *d, const plume_where *at, double across_m) {
    plume_flux out = {0, 0, 0};
    for (size_t i = 0; i < d->n; i++) {
        const plume_class *c = &d->classes[i];
        plume_release r = *d->release;
        r.settling_ms = c->settling_ms;
        double sigma_w = r.sigma_w_ms, again = sigma_w;
        spread_one s = spread_of(&r, at, (levels){at->above, at->flag}, &sigma_w);
        lateral y = {1 / (TWO_PI * at->x), 1 / (TWO_PI * at->x)};
        if (!isnan(across_m)) {
            y.plume = across_one(across_m, s.sigma_y);
            y.penetrated = r.penetrated > 0 ? across_one(across_m, s.sigma_y3) : 0;
        }
        if (y.plume == 0 && y.penetrated == 0) return out;
        double kept = left_over_one(&r, at->x, s.air.u);
        double kept3 = left_over_one(&r, at->x, s.air3.u);
        double here = c->share * plume_deposit_left(d, c, at, NULL);
        out.concentration +=
            here * (y.plume * s.vertical * kept + y.penetrated * s.vertical3 * kept3);
        if (c->velocity_ms > 0) {
            levels level = {at->above - at->flag + d->level_m, d->level_m};
            spread_one low = spread_of(&r, at, level, &again);
            out.dry += here * c->velocity_ms *
                       (y.plume * low.vertical * kept + y.penetrated * low.vertical3 * kept3);
        }
        if (c->washed_s > 0) {
            double p = r.penetrated;
            double column = (1 - p) * y.plume / s.air.u;
            if (p > 0) column += p * y.penetrated / s.air3.u;
            out.wet += here * c->washed_s * column;
        }
    }
    return out;
}

plume_flux plume_deposit_narrow(const plume_deposit *d,
                                const plume_where *at,
                                double across_m) {
    return flux_of(d, at, across_m);
}

plume_flux plume_deposit_even(const plume_deposit *d, const plume_where *at) {
    return flux_of(d, at, (double)NAN);
}
