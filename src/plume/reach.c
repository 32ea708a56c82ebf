// How far from its axis a narrow plume is felt: receptors beyond are not worth computing.

#include "plume/point.h"
#include "plume/profile.h"

#include <math.h>
#include <string.h>

#define LEAST_HEIGHT_M 0.46
#define ROUNDING       1e-9

/// Bins are quarters of octaves of the distance: its exponent and two bits of its mantissa.
enum { BITS_BELOW = 50, FIRST_BIN = 1023 * 4 };

void plume_reach_init(const plume_release *release, plume_reach *out) {
    out->release = release;
    memset(out->square, 0, sizeof out->square);
}

/// sigma_y / x of the surrounding turbulence at most; with x in units in which it is halved or
/// so: x / scale for a ratio of 1 of sigma_v and speed.
static double ambient(const plume_release *r, double ratio, double x_over_scale) {
    double bound = ratio * pow(1 + ratio * x_over_scale, -0.3);
    // Where speed is at its limit, sigma_v is at least at its own.
    const dosi_plume_limits *limits = &r->hour->limits;
    double least = limits->sigma_v_ms / limits->speed_ms;
    if (!(least < PLUME_SIGMA_U)) return bound;
    return fmax(bound, PLUME_SIGMA_U * pow(1 + fmax(least, 0) * x_over_scale, -0.3));
}

/// x over the scale of Lagrangian times at a height, outside convective air.
static double stable_scale(const plume_release *r, double x, double z) {
    double height = fmax(z, LEAST_HEIGHT_M) / LEAST_HEIGHT_M;
    return 78 * x / (r->hour->mechanical_height_m * height);
}

/// Most of (sigma_y / x)^2 at x; it falls with x.
static double spread_at(const plume_release *r, double x) {
    double lowest = fmin(r->top_m, 0.5 * r->mixing_m);
    if (r->penetrated > 0) lowest = fmin(lowest, r->penetrated_height_m);
    double ratio = fmax(r->hour->wander[plume_level_below(lowest)], PLUME_SIGMA_U);
    double rise = r->has_rise ? plume_rise_convective(r, r->speed_ms, x) : 0;
    double turbulent = 0, scale = 0;
    if (r->is_like_stable) {
        rise = fmin(rise, r->final_rise_m);
        scale = stable_scale(r, x, r->top_m + r->final_rise_m);
    } else {
        double slow = 78 * LEAST_HEIGHT_M / fmax(r->height_m, LEAST_HEIGHT_M);
        scale = fmax(slow, 0.7) * x / r->mixing_m;
    }
    turbulent = ambient(r, ratio, scale);
    double own = fmax(0.4 / PLUME_SQRT_2 * rise, 0) / x, first = r->sigma_y_m / x;
    if (r->penetrated > 0) {
        scale = stable_scale(r, x, r->penetrated_height_m);
        turbulent = fmax(turbulent, ambient(r, ratio, scale));
        own = fmax(own, 0.4 / PLUME_SQRT_2 * r->penetrated * r->penetrated_rise_m / x);
    }
    return turbulent * turbulent + own * own + first * first;
}

bool plume_reach_is_beyond(plume_reach *reach, double along_m, double across_m) {
    uint64_t bits;
    memcpy(&bits, &along_m, sizeof bits);
    uint64_t bin = (bits >> BITS_BELOW) - FIRST_BIN;
    if (bin >= PLUME_REACH_BINS) return false;
    if (reach->square[bin] == 0) {
        uint64_t low_bits = (bin + FIRST_BIN) << BITS_BELOW;
        double low_m;
        memcpy(&low_m, &low_bits, sizeof low_m);
        double sigmas2 = -2 * PLUME_EXP_LEAST * (1 + ROUNDING);
        reach->square[bin] = sigmas2 * spread_at(reach->release, low_m);
    }
    return across_m * across_m > reach->square[bin] * along_m * along_m;
}
