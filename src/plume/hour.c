// An hour's weather made into profiles: similarity theory drawn through what was measured.

#include "plume/profile.h"

#include <math.h>
#include <string.h>

#define DEGREE          (3.14159265358979323846 / 180)
#define LEAST_LAPSE     0.002 ///< K/m in stable air.
#define LEAST_SPEED     0.01  ///< m/s on the profile's heights.
#define HEIGHT_MATCH_M  0.1   ///< An observed height this near is the level itself.
#define MOST_MIXING_M   4000
#define DECAY_DEPTH     0.44 ///< Of the temperature gradient above 100 m, in mixing heights.
#define ROUGHNESS_FLOOR 7.0  ///< Similarity holds above so many roughness lengths.

/// What a profile is made from: the hour so far, the weather, and things worked out once.
typedef struct draft {
    dosi_plume_hour *hour;
    const dosi_plume_weather *weather;
    bool is_stable;
    double sigma_w_residual; ///< Turbulence left above the mixed layer, m/s.
    double theta_star;       ///< Temperature scale, K.
    double lapse_2m, lapse_100m;
    size_t n_gradients;
    double gradient_height[DOSI_PLUME_OBSERVED], gradient[DOSI_PLUME_OBSERVED];
} draft;

dosi_plume_limits dosi_plume_limits_default(void) {
    return (dosi_plume_limits){.sigma_v_ms = 0.2,
                               .sigma_w_ms = 0.02,
                               .speed_ms = 0.2828,
                               .meander_max = 1,
                               .meander_min = 0,
                               .meander_h = 24,
                               .base_m = 0};
}

/// Straight line through (x0, y0) and (x1, y1).
static double line(double x0, double y0, double x1, double y1, double x) {
    return y0 + (x - x0) / (x1 - x0) * (y1 - y0);
}

/// exp() that is 0 where it hardly counts.
static double exp_or_0(double x) {
    return x > PLUME_EXP_LEAST ? exp(x) : 0;
}

// ---- what similarity theory says at a height ----

/// Wind speed over a surface from u*, unstable (L < 0) and stable.
static double similar_speed(const dosi_plume_hour *hour, double z) {
    double length = hour->obukhov_m, z0 = hour->roughness_m;
    double psi[2];
    const double at[2] = {z, z0};
    for (int i = 0; i < 2; i++) {
        if (length < 0) {
            double x = pow(1 - 16 * at[i] / length, 0.25);
            psi[i] = 2 * log((1 + x) / 2) + log((1 + x * x) / 2) - 2 * atan(x) + 90 * DEGREE;
        } else {
            psi[i] = -17 * (1 - exp(-0.29 * at[i] / length));
        }
    }
    return hour->friction_ms / PLUME_KARMAN * (log(z / z0) - psi[0] + psi[1]);
}

static double theory_speed(const draft *d, double z) {
    const dosi_plume_hour *hour = d->hour;
    double floor_m = ROUGHNESS_FLOOR * hour->roughness_m;
    double mixing = hour->mixing_m, reference = hour->speed_height_m;
    if (reference <= floor_m) {
        if (z <= floor_m) return hour->speed_ms * z / reference;
        return similar_speed(hour, fmin(z, mixing));
    }
    if (reference <= mixing) {
        if (z <= floor_m) return similar_speed(hour, floor_m) * z / floor_m;
        return similar_speed(hour, fmin(z, mixing));
    }
    if (z > mixing) return hour->speed_ms;
    return similar_speed(hour, fmax(z, floor_m));
}

static double theory_sigma_v(const draft *d, double z) {
    const dosi_plume_hour *hour = d->hour;
    double surface = 3.6 * hour->friction_ms * hour->friction_ms;
    double top = fmin(surface, 0.25);
    double mechanical = z <= hour->mechanical_height_m
                            ? line(0, surface, hour->mechanical_height_m, top, z)
                            : top;
    if (d->is_stable) return sqrt(mechanical);
    double zi = hour->convective_height_m;
    double mixed = 0.35 * hour->convective_ms * hour->convective_ms;
    double above = fmin(mixed, 0.25), convective = mixed;
    if (z > 1.2 * zi) convective = above;
    if (z > zi && z <= 1.2 * zi) convective = line(zi, mixed, 1.2 * zi, above, z);
    return sqrt(convective + mechanical);
}

static double theory_sigma_w(const draft *d, double z) {
    const dosi_plume_hour *hour = d->hour;
    double part = z / hour->mixing_m;
    double residual = d->sigma_w_residual * fmin(1, part);
    double sheared = part < 1 ? 1.3 * hour->friction_ms * sqrt(1 - part) : 0;
    double mechanical = fmax(sqrt(residual * residual + sheared * sheared), 0.0001);
    if (d->is_stable) return mechanical;
    double zi = hour->convective_height_m;
    double square = hour->convective_ms * hour->convective_ms;
    if (z <= 0.1 * zi) {
        square *= 1.6 * pow(z / zi, 2 * PLUME_THIRD);
    } else if (z <= zi) {
        square *= 0.35;
    } else {
        square *= 0.35 * exp_or_0(-6 * (z - zi) / zi);
    }
    double convective = fmax(sqrt(square), 0.0001);
    return sqrt(convective * convective + mechanical * mechanical);
}

/// Surface-layer gradient of potential temperature in stable air.
static double similar_lapse(const draft *d, double z) {
    double x = z / d->hour->obukhov_m;
    double shape = d->weather->is_friction_adjusted ? 0.74 + 4.7 * x : 1 + 5 * x;
    return d->theta_star / (PLUME_KARMAN * z) * shape;
}

static double theory_lapse(const draft *d, double z) {
    const dosi_plume_hour *hour = d->hour;
    if (!d->is_stable) {
        if (z <= hour->mixing_m) return 0;
        return z <= hour->mixing_m + 500 ? hour->lapse_above_km : 0.005;
    }
    double lapse;
    if (z <= 2) {
        lapse = d->lapse_2m;
    } else if (z <= 100) {
        lapse = similar_lapse(d, z);
    } else {
        lapse =
            d->lapse_100m * exp_or_0(-(z - 100) / (DECAY_DEPTH * fmax(100, hour->mixing_m)));
    }
    return fmax(lapse, LEAST_LAPSE);
}

// ---- drawing theory through observations ----

/// Observations of one quantity, gaps left out, and the theory that goes with them.
typedef struct observed {
    size_t n;
    double height[DOSI_PLUME_OBSERVED], value[DOSI_PLUME_OBSERVED];
    double (*theory)(const draft *d, double z);
} observed;

/// Value at a height: the observed one, or theory scaled to the observations around.
static double draw(const draft *d, const observed *seen, double z) {
    size_t above = 0;
    while (above < seen->n && seen->height[above] < z - HEIGHT_MATCH_M) above++;
    if (above < seen->n && fabs(seen->height[above] - z) <= HEIGHT_MATCH_M) {
        return seen->value[above];
    }
    double here = seen->theory(d, z);
    if (above == 0 || above == seen->n) { // outside: carry the nearest along the theory
        size_t nearest = above == 0 ? 0 : seen->n - 1;
        return here / seen->theory(d, seen->height[nearest]) * seen->value[nearest];
    }
    const double *h = &seen->height[above - 1], *v = &seen->value[above - 1];
    double straight = line(h[0], seen->theory(d, h[0]), h[1], seen->theory(d, h[1]), z);
    return here / straight * line(h[0], v[0], h[1], v[1], z);
}

/// Keeps an observation when it is one.
static void keep(observed *seen, double height_m, double value) {
    if (isnan(value)) return;
    seen->height[seen->n] = height_m;
    seen->value[seen->n++] = value;
}

/// Whether a level reports no wind at all (speed and direction 0), which counts as missing.
static bool is_still(const dosi_plume_level *level) {
    return level->speed_ms == 0 && level->direction_deg == 0;
}

static void draw_speed(draft *d) {
    observed seen = {.theory = theory_speed};
    const dosi_plume_weather *w = d->weather;
    for (size_t i = 0; i < w->n_levels; i++) {
        if (!is_still(&w->levels[i])) keep(&seen, w->levels[i].height_m, w->levels[i].speed_ms);
    }
    if (seen.n == 0) keep(&seen, w->speed_height_m, w->speed_ms);
    const double *z = dosi_plume_heights();
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        d->hour->value[i][DOSI_PLUME_SPEED] = fmax(LEAST_SPEED, draw(d, &seen, z[i]));
    }
}

/// Direction in (0, 360].
static double wrap(double direction_deg) {
    if (direction_deg > 360) return direction_deg - 360;
    return direction_deg <= 0 ? direction_deg + 360 : direction_deg;
}

static double theory_constant(const draft *d, double z) {
    (void)d;
    (void)z;
    return 1;
}

static void draw_direction(draft *d) {
    observed seen = {.theory = theory_constant};
    const dosi_plume_weather *w = d->weather;
    for (size_t i = 0; i < w->n_levels; i++) {
        if (!is_still(&w->levels[i])) {
            keep(&seen, w->levels[i].height_m, wrap(w->levels[i].direction_deg));
        }
    }
    if (seen.n == 0) keep(&seen, w->speed_height_m, d->hour->direction_deg);
    for (size_t i = 1; i < seen.n; i++) { // turn the shorter way from level to level
        while (seen.value[i] - seen.value[i - 1] < -180) seen.value[i] += 360;
        while (seen.value[i] - seen.value[i - 1] > 180) seen.value[i] -= 360;
    }
    const double *z = dosi_plume_heights();
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        double direction = fmod(draw(d, &seen, z[i]), 360);
        d->hour->value[i][DOSI_PLUME_DIRECTION] = wrap(direction);
    }
}

static void draw_sigma_v(draft *d) {
    observed seen = {.theory = theory_sigma_v};
    const dosi_plume_weather *w = d->weather;
    for (size_t i = 0; i < w->n_levels; i++) {
        const dosi_plume_level *level = &w->levels[i];
        if (!(level->speed_ms > 0) || !(level->sigma_theta_deg >= 0)) continue;
        double angle = level->sigma_theta_deg * DEGREE; // Yamartino (1984), the other way
        double epsilon = sin(angle) * (1 - 0.073864 * angle);
        double sigma = angle * level->speed_ms * sqrt(1 - epsilon * epsilon);
        keep(&seen, level->height_m, fmax(d->hour->limits.sigma_v_ms, sigma));
    }
    const double *z = dosi_plume_heights();
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        d->hour->value[i][DOSI_PLUME_SIGMA_V] =
            seen.n ? draw(d, &seen, z[i]) : theory_sigma_v(d, z[i]);
    }
}

static void draw_sigma_w(draft *d) {
    observed seen = {.theory = theory_sigma_w};
    const dosi_plume_weather *w = d->weather;
    double sum = 0, n = 0;
    for (size_t i = 0; i < w->n_levels; i++) {
        if (isnan(w->levels[i].sigma_w_ms)) continue;
        double sigma = fmax(d->hour->limits.sigma_w_ms, w->levels[i].sigma_w_ms);
        keep(&seen, w->levels[i].height_m, sigma);
        if (w->levels[i].height_m < d->hour->mixing_m) continue;
        sum += sigma;
        n++;
    }
    d->sigma_w_residual =
        n > 0 ? sum / n : 0.02 * dosi_plume_at(d->hour, DOSI_PLUME_SPEED, d->hour->mixing_m);
    const double *z = dosi_plume_heights();
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        d->hour->value[i][DOSI_PLUME_SIGMA_W] =
            seen.n ? draw(d, &seen, z[i]) : theory_sigma_w(d, z[i]);
    }
}

// ---- temperature ----

/// Gradients between observed temperatures, at mid heights.
static void find_gradients(draft *d) {
    const dosi_plume_weather *w = d->weather;
    const dosi_plume_level *below = NULL;
    for (size_t i = 0; i < w->n_levels; i++) {
        const dosi_plume_level *level = &w->levels[i];
        if (!(level->temperature_k > 0)) continue;
        if (below) {
            double step = level->height_m - below->height_m;
            double gradient =
                (level->temperature_k - below->temperature_k) / step + PLUME_ADIABATIC;
            d->gradient[d->n_gradients] = d->is_stable ? fmax(LEAST_LAPSE, gradient) : gradient;
            d->gradient_height[d->n_gradients++] = (level->height_m + below->height_m) / 2;
        }
        below = level;
    }
}

/// The temperature scale and the gradients at 2 m and 100 m of stable air.
static void find_theta_star(draft *d) {
    const dosi_plume_hour *hour = d->hour;
    const dosi_plume_weather *w = d->weather;
    if (!d->is_stable) return;
    size_t level = 0;
    while (level < d->n_gradients && d->gradient_height[level] <= hour->roughness_m) level++;
    bool is_observed = level < d->n_gradients;
    double z = is_observed ? d->gradient_height[level] : 0;
    if (is_observed && z <= 100) {
        d->theta_star = d->gradient[level] * PLUME_KARMAN * z / (1 + 5 * z / hour->obukhov_m);
    } else {
        d->theta_star = hour->friction_ms * hour->friction_ms /
                        (PLUME_GRAVITY * PLUME_KARMAN * hour->obukhov_m / hour->temperature_k);
    }
    if (w->is_friction_adjusted && !is_observed) {
        d->theta_star = 0.08; // Venkatram and Princevac (2008)
        if (w->is_bulk_richardson) {
            double u =
                0.6 *
                pow(hour->speed_height_m /
                        log((hour->speed_height_m - 5 * hour->roughness_m) / hour->roughness_m),
                    0.333333);
            double octas = round(w->cloud_tenths * 0.8);
            double part = 2 * hour->friction_ms / u - 1; // Luhar and Rayner (2009)
            d->theta_star =
                1.4 * (0.005 / tan(0.17 * (2 * octas + 1)) + 0.05) * (1 - part * part);
        }
    }
    d->lapse_2m = similar_lapse(d, 2);
    d->lapse_100m = similar_lapse(d, 100);
}

/// Gradient of stable air at a height, through the observed gradients.
static double draw_lapse(const draft *d, double z) {
    if (d->n_gradients == 0) return theory_lapse(d, z);
    const double *h = d->gradient_height, *v = d->gradient;
    size_t above = 0, last = d->n_gradients - 1;
    while (above <= last && h[above] < z - HEIGHT_MATCH_M) above++;
    if (above <= last && fabs(h[above] - z) <= HEIGHT_MATCH_M) return v[above];
    if (above == 0) return z < 2 ? d->lapse_2m : similar_lapse(d, z);
    if (above > last) {
        if (h[last] > 100) {
            return v[last] * exp(-(z - h[last]) / (DECAY_DEPTH * fmax(100, d->hour->mixing_m)));
        }
        double there = theory_lapse(d, h[last]);
        return (fabs(there) < 0.0001 ? 1 : theory_lapse(d, z) / there) * v[last];
    }
    double low = theory_lapse(d, h[above - 1]), high = theory_lapse(d, h[above]);
    double straight = line(h[above - 1], v[above - 1], h[above], v[above], z);
    if (fabs(high - low) <= 0.0001) return straight;
    return theory_lapse(d, z) / line(h[above - 1], low, h[above], high, z) * straight;
}

/// Potential temperature by integrating its gradient up and down from the thermometer.
void plume_integrate_theta(dosi_plume_hour *hour) {
    const double *z = dosi_plume_heights();
    size_t below = plume_level_below(hour->temperature_height_m);
    double(*value)[DOSI_PLUME_QUANTITIES] = hour->value;
    double theta = hour->temperature_k +
                   PLUME_ADIABATIC * (hour->temperature_height_m + hour->limits.base_m);
    value[below][DOSI_PLUME_THETA] =
        theta - 0.5 * (value[below][DOSI_PLUME_LAPSE] + value[below + 1][DOSI_PLUME_LAPSE]) *
                    (hour->temperature_height_m - z[below]);
    for (size_t i = below; i-- > 0;) {
        value[i][DOSI_PLUME_THETA] =
            value[i + 1][DOSI_PLUME_THETA] -
            0.5 * (value[i][DOSI_PLUME_LAPSE] + value[i + 1][DOSI_PLUME_LAPSE]) *
                (z[i + 1] - z[i]);
    }
    for (size_t i = below + 1; i < DOSI_PLUME_LEVELS; i++) {
        value[i][DOSI_PLUME_THETA] =
            value[i - 1][DOSI_PLUME_THETA] +
            0.5 * (value[i][DOSI_PLUME_LAPSE] + value[i - 1][DOSI_PLUME_LAPSE]) *
                (z[i] - z[i - 1]);
    }
}

static void draw_temperature(draft *d) {
    dosi_plume_hour *hour = d->hour;
    const double *z = dosi_plume_heights();
    find_gradients(d);
    find_theta_star(d);
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        double lapse = d->is_stable ? draw_lapse(d, z[i]) : theory_lapse(d, z[i]);
        if (d->is_stable || z[i] > hour->mixing_m) lapse = fmax(LEAST_LAPSE, lapse);
        hour->value[i][DOSI_PLUME_LAPSE] = lapse;
    }
    plume_integrate_theta(hour);
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) { // barometric, from 1.2 kg/m3 at the ground
        double t =
            hour->value[i][DOSI_PLUME_THETA] - PLUME_ADIABATIC * (z[i] + hour->limits.base_m);
        double t0 = hour->temperature_k;
        hour->value[i][DOSI_PLUME_DENSITY] =
            1.2 * (t0 / t) * exp(-PLUME_GRAVITY * z[i] / (287.026 * 0.5 * (t + t0)));
    }
}

/// Dissipation from sigma_w and its time scale 0.46 zi / sigma_w. Source: Hanrahan (1999).
static void draw_dissipation(dosi_plume_hour *hour) {
    for (size_t i = 0; i < DOSI_PLUME_LEVELS; i++) {
        double w = hour->value[i][DOSI_PLUME_SIGMA_W];
        hour->value[i][DOSI_PLUME_DISSIPATION] = 0.78 / 0.46 * w * w * w / hour->mixing_m;
    }
}

// ---- the hour ----

/// Whether the hour lacks something that its stability needs.
static bool is_missing(const dosi_plume_weather *w) {
    bool is_unstable = w->obukhov_m <= 0;
    return !(w->speed_ms >= 0 && w->speed_ms < 90) || !(w->direction_deg > -9) ||
           w->direction_deg > 900 || !(w->temperature_k > 0 && w->temperature_k <= 900) ||
           !(w->obukhov_m >= -99990) ||
           (w->obukhov_m < 0 &&
            !(w->convective_height_m >= 0 && w->convective_height_m <= 90000)) ||
           !(w->mechanical_height_m >= 0 && w->mechanical_height_m <= 90000) ||
           !(w->friction_ms >= 0 && w->friction_ms < 9) ||
           (is_unstable && !(w->convective_ms >= 0));
}

/// What deposition needs: precipitation, humidity, pressure, and what makes the sun's light.
static void set_moisture(dosi_plume_hour *hour, const dosi_plume_weather *w) {
    hour->heat_flux_wm2 = w->heat_flux_wm2;
    hour->bowen = w->bowen;
    hour->albedo = w->albedo;
    hour->cloud_tenths = w->cloud_tenths;
    hour->moisture = w->moisture ? *w->moisture : dosi_moisture_usual();
    dosi_moisture *m = &hour->moisture;
    if (!(m->precipitation_mm > 0)) m->precipitation_mm = 0;
    m->humidity_percent = fmin(fmax(m->humidity_percent, 5), 100);
    if (!(m->pressure_hpa >= 100)) m->pressure_hpa = 1000;
}

/// Copies the numbers at the ground within their limits.
static void set_ground(dosi_plume_hour *hour, const dosi_plume_weather *w) {
    double length = w->obukhov_m;
    if (fabs(length) < 1) {
        length = length > 0 ? 1 : -1;
        if (w->obukhov_m == 0 && w->heat_flux_wm2 < 0) length = 1;
    }
    hour->obukhov_m = length;
    hour->friction_ms = w->friction_ms;
    hour->convective_ms = w->convective_ms == 0 ? 0.001 : w->convective_ms;
    hour->convective_height_m = fmin(fmax(w->convective_height_m, 1), MOST_MIXING_M);
    hour->mechanical_height_m = fmin(fmax(w->mechanical_height_m, 1), MOST_MIXING_M);
    hour->mixing_m = length < 0 ? fmax(hour->convective_height_m, hour->mechanical_height_m)
                                : hour->mechanical_height_m;
    hour->lapse_above_km = fmax(w->lapse_above_km, 0.005);
    hour->roughness_m = fmax(w->roughness_m, 0.0001);
    hour->speed_ms = w->speed_ms;
    hour->speed_height_m = w->speed_height_m;
    hour->direction_deg = wrap(w->direction_deg);
    hour->temperature_k = w->temperature_k;
    hour->temperature_height_m = w->temperature_height_m;
    set_moisture(hour, w);
    hour->state = length > 0 ? DOSI_PLUME_STABLE : DOSI_PLUME_UNSTABLE;
}

static dosi_status check_levels(const dosi_plume_weather *w, dosi_error *err) {
    if (w->n_levels > DOSI_PLUME_OBSERVED) {
        return dosi_fail(err, DOSI_DOMAIN, "a profile has %zu levels, more than %d",
                         w->n_levels, DOSI_PLUME_OBSERVED);
    }
    for (size_t i = 0; i < w->n_levels; i++) {
        double below = i ? w->levels[i - 1].height_m : 0;
        if (!(w->levels[i].height_m > below)) {
            return dosi_fail(err, DOSI_DOMAIN, "profile height %g m does not rise above %g m",
                             w->levels[i].height_m, below);
        }
    }
    if (w->speed_ms > 0 && !(w->speed_height_m >= 0.001)) {
        return dosi_fail(err, DOSI_DOMAIN, "wind measured at a height of %g m",
                         w->speed_height_m);
    }
    return DOSI_OK;
}

dosi_status dosi_plume_hour_prepare(const dosi_plume_weather *weather,
                                    const dosi_plume_limits *limits,
                                    dosi_plume_hour *out,
                                    dosi_error *err) {
    bool is_calm = weather->speed_ms == 0;
    if (is_calm || is_missing(weather)) {
        memset(out, 0, sizeof *out);
        out->limits = *limits;
        out->state = is_calm ? DOSI_PLUME_CALM : DOSI_PLUME_MISSING;
        return DOSI_OK;
    }
    DOSI_TRY(check_levels(weather, err));
    memset(out, 0, sizeof *out);
    out->limits = *limits;
    set_ground(out, weather);
    draft d = {.hour = out, .weather = weather, .is_stable = out->state == DOSI_PLUME_STABLE};
    draw_speed(&d);
    draw_direction(&d);
    draw_temperature(&d);
    plume_profile_finish(out); // the residual turbulence needs the wind at the mixing height
    draw_sigma_v(&d);
    draw_sigma_w(&d);
    draw_dissipation(out);
    plume_profile_finish(out);
    out->theta_at_mixing_k = dosi_plume_at(out, DOSI_PLUME_THETA, out->mixing_m);
    size_t below = plume_level_below(out->mixing_m);
    double step = out->mixing_m - dosi_plume_heights()[below];
    const double *p = out->integral[below], *v = out->value[below], *s = out->slope[below];
    static const dosi_plume_quantity means[] = {DOSI_PLUME_SPEED, DOSI_PLUME_SIGMA_W};
    double mean[2];
    for (size_t m = 0; m < 2; m++) {
        dosi_plume_quantity q = means[m];
        mean[m] = (p[q] + step * (v[q] + 0.5 * step * s[q])) / out->mixing_m;
    }
    out->speed_mean_ms = mean[0];
    out->sigma_w_mean_ms = mean[1];
    return DOSI_OK;
}
