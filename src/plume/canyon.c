// The street canyon: plume, vortex, traffic turbulence, and the mean over wind directions.

#include "dosi/canyon.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

static const double pi = 3.141592653589793238462643383280;

enum { N_DIRECTIONS = 57 }; // about a degree apart

static const double spread_rad = 0.5;      // half the sector of directions
static const double mixed_m = 2.0;         // vehicles' wakes mix up to here at once
static const double roughness_m = 0.6;     // of the street
static const double wind_turbulence = 0.1; // sigma_w / wind
static const double wake_share = 0.3;      // of a vehicle's speed that its wake keeps
static const double light_area_m2 = 2.0;   // ground a vehicle stirs
static const double heavy_area_m2 = 16.0;
static const double roof_wake_share = 0.4; // of the wakes' energy that reaches the roofs
static const double vortex_slows = 0.2;    // wind across the street is weaker at the ground
static const double full_vortex_ms = 2.0;  // weaker roof winds make a shorter vortex

/// What does not depend on the direction within an hour.
typedef struct hour {
    double roof_ms, wake_m2s2;
    double vortex_share; ///< Of its full length.
    double top_ms;       ///< Turbulent exchange through the roof level.
} hour;

/// One direction: what is on the upwind side, and the angle to the axis.
typedef struct direction {
    double across, along; ///< |sine| and |cosine| of the angle to the axis.
    double height_m;      ///< Of the buildings on both sides, mean.
    double upwind_m;      ///< Of the buildings on the upwind side.
    double length_m;      ///< From the place to the upwind end of the street.
    double width_m;
} direction;

/// A plume of the street's emissions in one direction.
typedef struct plume {
    double wind_ms, sigma_ms, top_ms, height_m, escape_m;
} plume;

/// The plume's concentration at a distance from the start of a uniform emission, times
/// width / sqrt(2/pi) of its unit strength: it grows until it fills the street, then loses air
/// through the roof level.
static double plume_to(const plume *p, double length_m) {
    double inside_m = fmin(length_m, p->escape_m);
    double sum = log1p(p->sigma_ms / p->wind_ms * inside_m / mixed_m) / p->sigma_ms;
    if (length_m > p->escape_m) {
        double beyond = (length_m - p->escape_m) / (p->height_m * p->wind_ms);
        sum -= expm1(-p->top_ms * beyond) / p->top_ms;
    }
    return sum;
}

/// What the emission from `from_m` to `to_m` adds to it. Beyond the escape the loss is counted
/// from where the outer part begins, as the model's reference results do: those of weak winds
/// cannot be met otherwise.
static double plume_beyond(const plume *p, double from_m, double to_m) {
    if (to_m <= from_m) return 0.0;
    double sum = 0.0;
    double grow = p->sigma_ms / p->wind_ms / mixed_m;
    if (from_m < p->escape_m) {
        sum = (log1p(grow * fmin(to_m, p->escape_m)) - log1p(grow * from_m)) / p->sigma_ms;
    }
    double start_m = fmax(from_m, p->escape_m);
    if (to_m > start_m) {
        double loss = p->top_ms / (p->height_m * p->wind_ms);
        double outer = exp(-loss * (to_m - start_m));
        sum += (exp(-loss * (start_m - p->escape_m)) - outer) / p->top_ms;
    }
    return sum;
}

/// What the vortex carries round, s/m2: a box with exchange through its top, and through its
/// slanted side where no building stands in the way.
static double vortex(const hour *h, const direction *d, const plume *p) {
    double length_m = 2.0 * d->upwind_m * h->vortex_share;
    double across_m = d->width_m / fmax(d->across, 1e-9);
    if (!(length_m > 0.0)) return 0.0;
    double half_m = 0.5 * length_m;
    double top_m = fmin(across_m, half_m);
    double open = fmin(fmax(across_m / half_m - 1.0, 0.0), 1.0);
    double slant_m = hypot(half_m, d->upwind_m) * open;
    // Through the slant the wind blows, the faster the higher; near the ground the wakes mix
    // too. How the mean over the open part falls from the top's to that of both ends is read
    // off the model's reference results.
    double low_ms = sqrt(p->wind_ms * p->wind_ms + h->wake_m2s2);
    double side_ms = h->roof_ms - (h->roof_ms - low_ms) * open * (0.85 - 0.35 * open);
    double emitting = fmin(d->width_m, length_m * d->across) / d->width_m;
    return emitting / (h->top_ms * top_m + side_ms * slant_m);
}

/// Leeward and windward concentration for one direction, s/m2.
static void one_direction(const hour *h,
                          const direction *d,
                          double *leeward,
                          double *windward) {
    double profile = log(mixed_m / roughness_m) / log(d->height_m / roughness_m);
    double slowed = vortex_slows * fmin(d->upwind_m / d->height_m, 1.0) * d->across * d->across;
    plume p = {.wind_ms = h->roof_ms * profile * (1.0 - slowed),
               .top_ms = h->top_ms,
               .height_m = d->height_m};
    p.sigma_ms = sqrt(wind_turbulence * wind_turbulence * p.wind_ms * p.wind_ms + h->wake_m2s2);
    p.escape_m = p.wind_ms * (d->height_m - mixed_m) / p.sigma_ms;
    double path_m =
        fmin(d->width_m / fmax(d->across, 1e-9), d->length_m / fmax(d->along, 1e-9));
    double vortex_m = 2.0 * d->upwind_m * h->vortex_share;
    double angle = atan2(d->across, d->along);
    // The nearer the wind is to the axis, the less of a vortex there is to stop the plume.
    double passing = fmax(0.0, cos(2.0 * h->vortex_share * angle));
    double unit = sqrt(2.0 / pi) / d->width_m;
    double round = vortex(h, d, &p);
    double near = plume_to(&p, fmin(path_m, vortex_m));
    double beyond = plume_beyond(&p, vortex_m, path_m);
    double outside_m = fmin(fmax(d->width_m / fmax(d->across, 1e-9) - vortex_m, 0.0), path_m);
    *leeward = round + unit * (near + passing * beyond);
    *windward = round + unit * plume_to(&p, outside_m);
}

/// The mean over directions for a wind from 0..90 degrees right of the axis.
static void mean_of_sector(
    const hour *h, const dosi_canyon *street, double angle_rad, double *left, double *right) {
    double sum_left = 0.0;
    double sum_right = 0.0;
    double height_m = fmax(0.5 * (street->left_m + street->right_m), mixed_m + 1.0);
    for (int i = 0; i < N_DIRECTIONS; i++) {
        double at = angle_rad + spread_rad * ((2.0 * i + 1.0) / N_DIRECTIONS - 1.0);
        double across = sin(at);
        double along = cos(at);
        direction d = {.across = fabs(across),
                       .along = fabs(along),
                       .height_m = height_m,
                       .upwind_m = across > 0.0 ? street->right_m : street->left_m,
                       .length_m = along > 0.0 ? street->ahead_m : street->behind_m,
                       .width_m = street->width_m};
        double leeward = 0.0;
        double windward = 0.0;
        one_direction(h, &d, &leeward, &windward);
        sum_left += across > 0.0 ? windward : leeward;
        sum_right += across > 0.0 ? leeward : windward;
    }
    *left = sum_left / N_DIRECTIONS;
    *right = sum_right / N_DIRECTIONS;
}

static hour hour_of(const dosi_canyon *street,
                    const dosi_canyon_traffic *traffic,
                    double wind_ms) {
    const double per_second = 1.0 / (3600.0 * 3.6); // vehicles/h and km/h
    double stirred = (traffic->light_vph * traffic->light_kmh * light_area_m2 +
                      traffic->heavy_vph * traffic->heavy_kmh * heavy_area_m2) *
                     per_second / street->width_m;
    hour h = {.roof_ms = fmax(street->roof_share * wind_ms, DOSI_CANYON_CALM_MS),
              .wake_m2s2 = wake_share * wake_share * stirred};
    h.vortex_share = h.roof_ms < full_vortex_ms ? sqrt(h.roof_ms / full_vortex_ms) : 1.0;
    h.top_ms = sqrt(wind_turbulence * wind_turbulence * h.roof_ms * h.roof_ms +
                    roof_wake_share * h.wake_m2s2);
    return h;
}

double dosi_canyon_exchange(const dosi_canyon *street,
                            const dosi_canyon_traffic *traffic,
                            double wind_ms) {
    return hour_of(street, traffic, wind_ms).top_ms;
}

void dosi_canyon_sides(const dosi_canyon *street,
                       const dosi_canyon_traffic *traffic,
                       double wind_ms,
                       double from_deg,
                       double *sides) {
    assert(street->width_m > 0.0 && street->roof_share > 0.0 && wind_ms >= 0.0);
    hour h = hour_of(street, traffic, wind_ms);
    // Every wind is turned into one from 0..90 degrees right of the axis, so that mirrored
    // winds take the same steps.
    double angle = remainder(from_deg - street->axis_deg, 360.0);
    dosi_canyon turned = *street;
    bool is_from_left = angle < 0.0;
    if (is_from_left) {
        angle = -angle;
        turned.left_m = street->right_m;
        turned.right_m = street->left_m;
    }
    if (angle > 90.0) {
        angle = 180.0 - angle;
        turned.ahead_m = street->behind_m;
        turned.behind_m = street->ahead_m;
    }
    double left = 0.0;
    double right = 0.0;
    mean_of_sector(&h, &turned, angle * pi / 180.0, &left, &right);
    if (angle == 0.0 && street->left_m == street->right_m) left = right = 0.5 * (left + right);
    sides[0] = is_from_left ? right : left;
    sides[1] = is_from_left ? left : right;
}

/// Whether the street is one that the model can take.
static dosi_status check_street(const dosi_canyon *street, dosi_error *err) {
    const struct {
        const char *name;
        double value;
        bool may_be_zero;
    } fields[] = {
        {"width_m", street->width_m, false},   {"left_m", street->left_m, true},
        {"right_m", street->right_m, true},    {"ahead_m", street->ahead_m, false},
        {"behind_m", street->behind_m, false}, {"roof_share", street->roof_share, false},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        double value = fields[i].value;
        bool is_fine =
            isfinite(value) && (value > 0.0 || (value == 0.0 && fields[i].may_be_zero));
        if (!is_fine) {
            return dosi_fail(err, DOSI_DOMAIN, "%s of the street is %g", fields[i].name, value);
        }
    }
    if (!isfinite(street->axis_deg)) {
        return dosi_fail(err, DOSI_DOMAIN, "axis_deg of the street is %g", street->axis_deg);
    }
    return DOSI_OK;
}

dosi_status dosi_canyon_series(const dosi_canyon *street,
                               const dosi_canyon_hours *hours,
                               const dosi_run *run,
                               double *left,
                               double *right,
                               dosi_error *err) {
    DOSI_TRY(check_street(street, err));
    DOSI_TRY(dosi_run_check(run, err));
    long n = (long)hours->n;
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(run))
    for (long i = 0; i < n; i++) {
        const dosi_canyon_traffic traffic = {hours->light_vph[i], hours->heavy_vph[i],
                                             hours->light_kmh[i], hours->heavy_kmh[i]};
        double sides[2] = {(double)NAN, (double)NAN};
        double known = hours->wind_ms[i] + hours->from_deg[i] + traffic.light_vph +
                       traffic.heavy_vph + traffic.light_kmh + traffic.heavy_kmh;
        if (isfinite(known) && hours->wind_ms[i] >= 0.0) {
            dosi_canyon_sides(street, &traffic, hours->wind_ms[i], hours->from_deg[i], sides);
        }
        left[i] = sides[0];
        right[i] = sides[1];
    }
    return DOSI_OK;
}
