// A source in an hour: fluxes, rise, penetration, and the wind that carries the plume.

#include "plume/release.h"

#include <math.h>
#include <string.h>

#define DEGREE       (3.14159265358979323846 / 180)
#define LEAST_FLUX   1e-10
#define LEAST_BRUNT  1e-10
#define BETA_RISE    0.6 ///< Entrainment of rise (Weil).
#define STRONG_FLUX  55.0
#define CAPPED_SPEED 0.001
enum { RISE_ROUNDS = 5 };

/// Plume rise of Briggs' kind while it goes up: momentum and buoyancy.
double plume_rise_convective(const plume_release *release, double speed_ms, double x_m) {
    double beta2 = BETA_RISE * BETA_RISE, u2 = speed_ms * speed_ms;
    double cube = 3 * release->momentum * x_m / (beta2 * u2) +
                  3 * release->buoyancy * x_m * x_m / (2 * beta2 * u2 * speed_ms);
    return cbrt(cube);
}

/// Distance at which rise ends in air that is not stable.
static double neutral_distance(const plume_release *r, double speed_ms) {
    const dosi_plume_source *s = r->source;
    double b = r->buoyancy;
    if (b <= 0) {
        double v = s->exit_speed_ms + 3 * speed_ms;
        return 4 * s->diameter_m * v * v / (s->exit_speed_ms * speed_ms);
    }
    return b >= STRONG_FLUX ? 119 * pow(b, 0.4) : 49 * pow(b, 0.625);
}

/// Part of a plume that penetrates an inversion of strength `n2`, and its rise in units of the
/// distance to it. Source: Weil (1988).
static double penetration(const plume_release *r, double speed_ms, double n2, double *ratio) {
    double gap = r->mixing_m - r->top_m;
    double p = r->buoyancy / (speed_ms * n2 * gap * gap * gap);
    *ratio = cbrt(17.576 * p + 0.296296);
    if (*ratio < 2 * PLUME_THIRD) return 0;
    return *ratio > 2 ? 1 : 1.5 - 1 / *ratio;
}

/// Rise of the penetrated part.
static double penetrated_rise(const plume_release *r, double part, double ratio) {
    double gap = r->mixing_m - r->top_m;
    return part == 1 ? ratio * gap : 0.75 * gap * ratio + 0.5 * gap;
}

/// Final rise in stable air with a wind and a stability; sets `final_x_m` too.
static double stable_rise(plume_release *r, double speed_ms, double brunt) {
    double b = r->buoyancy, slow = 0.7 * brunt, ustar = r->hour->friction_ms;
    r->final_x_m = speed_ms * atan2(r->momentum * slow, -b) / slow;
    double rise = 2.66 * cbrt(b / (brunt * brunt * speed_ms));
    double length = b / (speed_ms * ustar * ustar);
    double neutral = 1.2 * pow(length, 0.6) * pow(r->top_m + 1.2 * length, 0.4);
    rise = fmin(rise, neutral);
    if (b <= 0) {
        const dosi_plume_source *s = r->source;
        rise = fmin(rise, 3 * s->diameter_m * s->exit_speed_ms / speed_ms);
    } else {
        double x = neutral_distance(r, speed_ms);
        rise = fmin(rise, plume_rise_convective(r, speed_ms, x));
    }
    rise = fmin(rise, 4 * pow(b, 0.25) / pow(brunt * brunt, 0.375)); // no wind
    if (r->hour->is_urban && r->top_m + rise >= r->mixing_m && r->top_m < r->mixing_m) {
        double ratio = 0;
        double n2 = PLUME_GRAVITY / r->hour->theta_at_mixing_k * 0.005;
        double part = penetration(r, speed_ms, n2, &ratio);
        if (part > 0) rise = penetrated_rise(r, part, ratio);
    }
    return rise;
}

/// Least speed and turbulence that are used.
static double at_least_speed(const plume_release *r, double speed_ms) {
    return fmax(speed_ms, r->hour->limits.speed_ms);
}

/// Final rise in stable air: wind and stability halfway up depend on the rise itself.
static void find_stable_rise(plume_release *r) {
    const dosi_plume_hour *hour = r->hour;
    double rise = stable_rise(r, r->speed_ms, r->brunt);
    for (int round = 1;; round++) {
        double before = rise, middle = r->top_m + 0.5 * rise;
        double u = at_least_speed(r, dosi_plume_at(hour, DOSI_PLUME_SPEED, middle));
        double lapse = 0.5 * (r->lapse + dosi_plume_at(hour, DOSI_PLUME_LAPSE, middle));
        double theta = 0.5 * (r->theta + dosi_plume_at(hour, DOSI_PLUME_THETA, middle));
        double brunt = fmax(sqrt(PLUME_GRAVITY * lapse / theta), LEAST_BRUNT);
        rise = stable_rise(r, 0.5 * (r->speed_ms + u), brunt);
        if (fabs((before - rise) / rise) < 0.01) break;
        if (round == RISE_ROUNDS) {
            rise = 0.5 * (rise + before);
            break;
        }
    }
    r->final_rise_m = rise;
}

/// Fluxes and the height after stack-tip downwash.
static void set_fluxes(plume_release *r) {
    const dosi_plume_source *s = r->source;
    double ambient = r->theta - PLUME_ADIABATIC * (r->height_m + r->hour->limits.base_m);
    double gas = s->exit_temperature_k;
    if (gas < 0) gas = ambient - gas; // so much warmer than the air
    if (gas < ambient) gas = ambient;
    r->gas_k = gas;
    double v = s->exit_speed_ms, d2 = s->diameter_m * s->diameter_m;
    r->buoyancy = fmax(0.25 / gas * v * d2 * PLUME_GRAVITY * (gas - ambient), LEAST_FLUX);
    r->momentum = 0.25 / gas * v * d2 * v * ambient;
    bool is_plain = s->kind == DOSI_PLUME_POINT;
    if (!is_plain) r->momentum *= CAPPED_SPEED / v; // turned aside: the same volume, slowly
    r->momentum = fmax(r->momentum, LEAST_FLUX);
    double up = s->kind == DOSI_PLUME_POINT_CAPPED ? CAPPED_SPEED : v;
    bool has_tip =
        s->kind != DOSI_PLUME_POINT_HORIZONTAL && !(is_plain && s->is_without_stack_tip);
    if (has_tip && up < 1.5 * r->speed_ms) {
        r->top_m = fmax(0, r->height_m - 2 * s->diameter_m * (1.5 - up / r->speed_ms));
    }
}

static void set_rise(plume_release *r) {
    if (r->is_like_stable) {
        find_stable_rise(r);
    } else {
        r->final_x_m = neutral_distance(r, r->speed_ms);
        r->final_rise_m = plume_rise_convective(r, r->speed_ms, r->final_x_m);
        double ratio = 0;
        double n2 = PLUME_GRAVITY / r->hour->theta_at_mixing_k * r->hour->lapse_above_km;
        r->penetrated = penetration(r, r->speed_ms, n2, &ratio);
        if (r->penetrated > 0) {
            r->penetrated_rise_m = penetrated_rise(r, r->penetrated, ratio);
            r->penetrated_height_m = r->top_m + r->penetrated_rise_m;
        }
    }
    r->settle_x_m = r->final_x_m;
    r->settle_rise_m = r->final_rise_m;
    if (!r->is_like_stable && r->mixed_x_m < 1.25 * r->settle_x_m) {
        r->settle_x_m = 0.8 * r->mixed_x_m;
        r->settle_rise_m = plume_rise_convective(r, r->speed_ms, r->settle_x_m);
    }
}

void plume_release_init(const dosi_plume_hour *hour,
                        const dosi_plume_source *source,
                        plume_release *out) {
    memset(out, 0, sizeof *out);
    plume_release *r = out;
    r->hour = hour;
    r->source = source;
    r->height_m = r->top_m = source->height_m;
    r->mixing_m = hour->mixing_m;
    r->is_like_stable = hour->state == DOSI_PLUME_STABLE || r->height_m >= r->mixing_m;
    r->is_stable = hour->state == DOSI_PLUME_STABLE;
    double z = r->height_m;
    r->sigma_w_ms = fmax(dosi_plume_at(hour, DOSI_PLUME_SIGMA_W, z), hour->limits.sigma_w_ms);
    double u = dosi_plume_at(hour, DOSI_PLUME_SPEED, z);
    r->sigma_v_ms = fmax(dosi_plume_at(hour, DOSI_PLUME_SIGMA_V, z),
                         fmax(hour->limits.sigma_v_ms, PLUME_SIGMA_U * u));
    r->speed_ms = at_least_speed(r, u);
    r->lapse = dosi_plume_at(hour, DOSI_PLUME_LAPSE, z);
    r->theta = dosi_plume_at(hour, DOSI_PLUME_THETA, z);
    r->brunt = LEAST_BRUNT;
    if (r->lapse > 0 && r->is_like_stable) {
        r->brunt = fmax(sqrt(PLUME_GRAVITY * r->lapse / r->theta), LEAST_BRUNT);
    }
    r->brunt_rise = 0.7 * r->brunt;
    r->mixed_x_m = r->mixing_m * hour->speed_mean_ms / hour->sigma_w_mean_ms;
    r->has_rise = source->kind <= DOSI_PLUME_POINT_HORIZONTAL;
    double carried = z;
    if (r->has_rise) {
        set_fluxes(r);
        set_rise(r);
        carried = fmin(4000, z + 0.5 * r->final_rise_m);
    } else {
        if (source->kind == DOSI_PLUME_VOLUME) r->sigma_y_m = source->sigma_y_m;
        r->sigma_z_m = source->sigma_z_m;
    }
    r->direction_deg = dosi_plume_direction_at(hour, carried);
    r->sine = sin(r->direction_deg * DEGREE);
    r->cosine = cos(r->direction_deg * DEGREE);
    r->decay_per_s = source->decay_per_s;
}
