// The street canyon: plume, vortex, traffic turbulence, and the mean over wind directions.

#include "dosi/canyon.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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
    double height_m;     ///< Of the buildings on both sides, mean.
    double profile;      ///< Wind at the ground / at the roofs, along the street.
} hour;

/// One direction: what is on the upwind side, and the angle to the axis.
typedef struct direction {
    double across, along; ///< |sine| and |cosine| of the angle to the axis.
    double upwind_m;      ///< Of the buildings on the upwind side.
    double downwind_m;    ///< And on the other.
    double length_m;      ///< From the place to the upwind end of the street.
    double width_m;
    double place_m; ///< Height of the place.
} direction;

/// A plume of the street's emissions in one direction.
typedef struct plume {
    double wind_ms, sigma_ms, top_ms, height_m, escape_m, place_m;
} plume;

/// What emission grows to between two heights of the plume, of which the part below the place
/// passes under it: logarithm of their quotient.
static double between(const plume *p, double low_m, double high_m) {
    double from_m = fmin(high_m, fmax(low_m, p->place_m));
    return log1p((high_m - from_m) / from_m);
}

/// The plume's height a distance from where it starts.
static double height_after(const plume *p, double length_m) {
    return mixed_m + p->sigma_ms / p->wind_ms * length_m;
}

/// The plume's concentration at a distance from the start of a uniform emission, times
/// width / sqrt(2/pi) of its unit strength: it grows until it fills the street, then loses air
/// through the roof level.
static double plume_to(const plume *p, double length_m) {
    double inside_m = fmin(length_m, p->escape_m);
    double sum = between(p, mixed_m, height_after(p, inside_m)) / p->sigma_ms;
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
    if (from_m < p->escape_m) {
        double high_m = height_after(p, fmin(to_m, p->escape_m));
        sum = between(p, height_after(p, from_m), high_m) / p->sigma_ms;
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
    if (!(length_m > 0.0) || d->place_m > d->upwind_m) return 0.0;
    double half_m = 0.5 * length_m;
    double floor_m = fmin(d->width_m / fmax(d->across, 1e-9), length_m);
    double top_m = fmin(floor_m, half_m);
    // The slant meets the buildings across the street at this height; where they are lower, it
    // is open from their roofs upwards.
    double meets_m = fmin(2.0 * d->upwind_m * (1.0 - floor_m / length_m), d->downwind_m);
    double open = fmax(1.0 - meets_m / d->upwind_m, 0.0);
    double slant_m = hypot(half_m, d->upwind_m) * open;
    // Through it the wind blows: the mean of the roofs' over its whole length and the
    // ground's, where the wakes mix too, over its open part.
    double low_ms = sqrt(p->wind_ms * p->wind_ms + h->wake_m2s2);
    double side_ms = (h->roof_ms + open * low_ms) / (1.0 + open);
    double emitting = fmin(d->width_m, length_m * d->across) / d->width_m;
    return emitting / (h->top_ms * top_m + side_ms * slant_m);
}

/// The nearer the wind is to the axis, the less of a vortex there is to stop the plume.
static double passing(const hour *h, const direction *d) {
    double twice = d->along * d->along - d->across * d->across; // cosine of twice the angle
    if (h->vortex_share < 1.0) twice = cos(2.0 * h->vortex_share * atan2(d->across, d->along));
    return fmax(0.0, twice);
}

/// Leeward and windward concentration for one direction, s/m2.
static void one_direction(const hour *h,
                          const direction *d,
                          double *leeward,
                          double *windward) {
    double slowed = fmin(vortex_slows * d->upwind_m / h->height_m, 0.9);
    plume p = {.wind_ms = h->roof_ms * h->profile * (1.0 - slowed * d->across * d->across),
               .top_ms = h->top_ms,
               .height_m = h->height_m,
               .place_m = d->place_m};
    p.sigma_ms = sqrt(wind_turbulence * wind_turbulence * p.wind_ms * p.wind_ms + h->wake_m2s2);
    p.escape_m = p.wind_ms * (h->height_m - mixed_m) / p.sigma_ms;
    double path_m =
        fmin(d->width_m / fmax(d->across, 1e-9), d->length_m / fmax(d->along, 1e-9));
    double vortex_m = 2.0 * d->upwind_m * h->vortex_share;
    double unit = sqrt(2.0 / pi) / d->width_m;
    double round = vortex(h, d, &p);
    double near = plume_to(&p, fmin(path_m, vortex_m));
    double beyond =
        path_m > vortex_m ? passing(h, d) * plume_beyond(&p, vortex_m, path_m) : 0.0;
    double outside_m = fmin(fmax(d->width_m / fmax(d->across, 1e-9) - vortex_m, 0.0), path_m);
    *leeward = round + unit * (near + beyond);
    *windward = outside_m > 0.0 ? round + unit * plume_to(&p, outside_m) : round;
}

/// Adds both sides for one direction, `across` to the right of the axis, with a weight.
static void add_direction(const hour *h,
                          const dosi_canyon *street,
                          const double angle[2],
                          double weight,
                          double *sides) {
    double across = angle[0], along = angle[1];
    direction d = {.across = fabs(across),
                   .along = fabs(along),
                   .upwind_m = across > 0.0 ? street->right_m : street->left_m,
                   .downwind_m = across > 0.0 ? street->left_m : street->right_m,
                   .length_m = along > 0.0 ? street->ahead_m : street->behind_m,
                   .width_m = street->width_m,
                   .place_m = street->place_m};
    double leeward = 0.0;
    double windward = 0.0;
    one_direction(h, &d, &leeward, &windward);
    if (across == 0.0) windward = leeward;
    sides[0] += weight * (across > 0.0 ? windward : leeward);
    sides[1] += weight * (across > 0.0 ? leeward : windward);
}

/// The mean over directions for a wind from 0..90 degrees right of the axis.
static void mean_of_sector(const hour *h,
                           const dosi_canyon *street,
                           double angle_rad,
                           double *sides) {
    // Each direction is the last, turned by one step.
    double step = 2.0 * spread_rad / N_DIRECTIONS;
    double cos_step = cos(step), sin_step = sin(step);
    double first = angle_rad - spread_rad + 0.5 * step;
    double at[2] = {sin(first), cos(first)};
    sides[0] = sides[1] = 0.0;
    for (int i = 0; i < N_DIRECTIONS; i++) {
        add_direction(h, street, at, 1.0 / N_DIRECTIONS, sides);
        double turned = at[0] * cos_step + at[1] * sin_step;
        at[1] = at[1] * cos_step - at[0] * sin_step;
        at[0] = turned;
    }
}

/// The same mean by trapezoids, whose steps are halved until neither side changes by more than
/// `precision` of itself: a coarse one, as the published model's is.
static void mean_to_precision(const hour *h,
                              const dosi_canyon *street,
                              double angle_rad,
                              double precision,
                              double *sides) {
    const double least_rad = 0.1 * pi / 180.0;
    double sum[2] = {0.0, 0.0};
    for (int i = -1; i <= 1; i++) {
        double at = angle_rad + i * spread_rad;
        add_direction(h, street, (double[]){sin(at), cos(at)}, i == 0 ? 1.0 : 0.5, sum);
    }
    bool is_settled = false;
    int intervals = 2;
    for (double step = spread_rad; !is_settled && step > least_rad; step *= 0.5) {
        double before[2] = {sum[0] / intervals, sum[1] / intervals};
        for (int i = 0; i < intervals; i++) {
            double at = angle_rad - spread_rad + (i + 0.5) * step;
            add_direction(h, street, (double[]){sin(at), cos(at)}, 1.0, sum);
        }
        intervals *= 2;
        is_settled = intervals > 4;
        for (int side = 0; side < 2; side++) {
            sides[side] = sum[side] / intervals;
            if (fabs(sides[side] - before[side]) > precision * sides[side]) is_settled = false;
        }
    }
}

/// An hour of a street with a wind at its roofs and wakes of its traffic.
static hour hour_with(const dosi_canyon *street, double roof_ms, double wake_m2s2) {
    hour h = {.roof_ms = roof_ms, .wake_m2s2 = wake_m2s2};
    h.height_m = fmax(0.5 * (street->left_m + street->right_m), mixed_m + 1.0);
    h.profile = log(mixed_m / roughness_m) / log(h.height_m / roughness_m);
    h.vortex_share = h.roof_ms < full_vortex_ms ? sqrt(h.roof_ms / full_vortex_ms) : 1.0;
    h.top_ms = sqrt(wind_turbulence * wind_turbulence * h.roof_ms * h.roof_ms +
                    roof_wake_share * h.wake_m2s2);
    return h;
}

static hour hour_of(const dosi_canyon *street,
                    const dosi_canyon_traffic *traffic,
                    double wind_ms) {
    const double per_second = 1.0 / (3600.0 * 3.6); // vehicles/h and km/h
    double stirred = (traffic->light_vph * traffic->light_kmh * light_area_m2 +
                      traffic->heavy_vph * traffic->heavy_kmh * heavy_area_m2) *
                     per_second / street->width_m;
    return hour_with(street, fmax(street->roof_share * wind_ms, DOSI_CANYON_CALM_MS),
                     wake_share * wake_share * stirred);
}

double dosi_canyon_exchange(const dosi_canyon *street,
                            const dosi_canyon_traffic *traffic,
                            double wind_ms) {
    return hour_of(street, traffic, wind_ms).top_ms;
}

/// dosi_canyon_sides(), or with a precision dosi_canyon_sides_to().
static void both_sides(const dosi_canyon *street,
                       const hour *h,
                       double from_deg,
                       double precision,
                       double *sides) {
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
    double mean[2] = {0.0, 0.0};
    double angle_rad = angle * pi / 180.0;
    if (precision > 0.0) {
        mean_to_precision(h, &turned, angle_rad, precision, mean);
    } else {
        mean_of_sector(h, &turned, angle_rad, mean);
    }
    if (angle == 0.0 && street->left_m == street->right_m) {
        mean[0] = mean[1] = 0.5 * (mean[0] + mean[1]);
    }
    sides[0] = mean[is_from_left ? 1 : 0];
    sides[1] = mean[is_from_left ? 0 : 1];
}

void dosi_canyon_sides(const dosi_canyon *street,
                       const dosi_canyon_traffic *traffic,
                       double wind_ms,
                       double from_deg,
                       double *sides) {
    assert(street->width_m > 0.0 && street->roof_share > 0.0 && wind_ms >= 0.0);
    hour h = hour_of(street, traffic, wind_ms);
    both_sides(street, &h, from_deg, 0.0, sides);
}

void dosi_canyon_sides_to(const dosi_canyon *street,
                          const dosi_canyon_traffic *traffic,
                          const dosi_canyon_wind *wind,
                          double precision,
                          double *sides) {
    assert(street->width_m > 0.0 && street->roof_share > 0.0 && wind->speed_ms >= 0.0);
    assert(precision > 0.0);
    hour h = hour_of(street, traffic, wind->speed_ms);
    both_sides(street, &h, wind->from_deg, precision, sides);
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
        {"place_m", street->place_m, true},
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

/// Directions from one node of a chart to the next, and nodes: 5 degrees, 0 to 90 and one more
/// on either side; lengths of the vortex; most nodes of traffic.
enum { NODE_STEPS = 5, N_NODES = 22, N_VORTEX = 18, MOST_TRAFFIC = 64 };

static const double traffic_step = 0.7;   // of a logarithm
static const double least_traffic = 1e-6; // less is as none
static const double least_vortex = 0.44;  // shorter ones, winds below 0.5 m/s: hour by hour

/// Nodes `traffic_step` apart.
typedef struct axis {
    double first;
    size_t n;
} axis;

/// Means over directions of one street with equal sides and ends, times the roof wind, left and
/// right, for winds from the right. A full vortex depends on the wind's angle and the wakes'
/// energy over the wind's; a shorter one on the angle, its length and the wakes' energy.
typedef struct chart {
    axis part, wake;   ///< Logarithms.
    double (*full)[2]; ///< (part.n x N_NODES)
    double (*cut)[2];  ///< (N_VORTEX x wake.n x N_NODES)
} chart;

/// One row of a chart: all angles.
static void fill_row(const dosi_canyon *street, double roof, double wake, double (*out)[2]) {
    enum { N = N_DIRECTIONS + NODE_STEPS * (N_NODES - 1) };
    double left[N], right[N];
    const double step = 2.0 * spread_rad / N_DIRECTIONS;
    hour h = hour_with(street, roof, wake);
    for (int i = 0; i < N; i++) {
        double at = (i + 0.5 - NODE_STEPS) * step - spread_rad;
        direction d = {.across = fabs(sin(at)),
                       .along = fabs(cos(at)),
                       .upwind_m = street->left_m,
                       .downwind_m = street->right_m,
                       .length_m = street->ahead_m,
                       .width_m = street->width_m,
                       .place_m = street->place_m};
        bool is_right = at > 0.0 && at < pi;
        one_direction(&h, &d, is_right ? &right[i] : &left[i], is_right ? &left[i] : &right[i]);
    }
    for (int node = 0; node < N_NODES; node++) {
        out[node][0] = out[node][1] = 0.0;
        for (int i = node * NODE_STEPS; i < node * NODE_STEPS + N_DIRECTIONS; i++) {
            out[node][0] += left[i] * roof / N_DIRECTIONS;
            out[node][1] += right[i] * roof / N_DIRECTIONS;
        }
    }
}

/// Weights of four nodes around `x` (from 0 to n - 1), a cubic through them.
/// @return The first of the four.
static size_t cubic(double x, size_t n, double *weights) {
    double first = fmin(fmax(floor(x) - 1.0, 0.0), (double)n - 4.0);
    double t = x - first;
    weights[0] = -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0;
    weights[1] = t * (t - 2.0) * (t - 3.0) / 2.0;
    weights[2] = -t * (t - 1.0) * (t - 3.0) / 2.0;
    weights[3] = t * (t - 1.0) * (t - 2.0) / 6.0;
    return (size_t)first;
}

/// Adds what four rows, one after the other, say at four angles.
static void add_rows(const double (*row)[2],
                     const double *of_row,
                     const double *of_angle,
                     double weight,
                     double *sum) {
    for (size_t j = 0; j < 4; j++, row += N_NODES) {
        double here = weight * of_row[j];
        for (size_t k = 0; k < 4; k++) {
            sum[0] += here * of_angle[k] * row[k][0];
            sum[1] += here * of_angle[k] * row[k][1];
        }
    }
}

/// Both sides of an hour read off a chart.
static void read_chart(const chart *c, const hour *h, double angle_rad, double *sides) {
    const double node = NODE_STEPS * 2.0 * spread_rad / N_DIRECTIONS;
    double of_angle[4], of_traffic[4], of_vortex[4], sum[2] = {0.0, 0.0};
    double wake = fmax(h->wake_m2s2, least_traffic), squared = h->roof_ms * h->roof_ms;
    size_t a = cubic(angle_rad / node + 1.0, N_NODES, of_angle);
    if (h->vortex_share < 1.0) {
        size_t t = cubic((log(wake) - c->wake.first) / traffic_step, c->wake.n, of_traffic);
        double place = (h->vortex_share - least_vortex) / (1.0 - least_vortex);
        size_t v = cubic(place * (N_VORTEX - 1), N_VORTEX, of_vortex);
        for (size_t i = 0; i < 4; i++) {
            size_t first = ((v + i) * c->wake.n + t) * N_NODES + a;
            add_rows((const double(*)[2])c->cut + first, of_traffic, of_angle, of_vortex[i],
                     sum);
        }
    } else {
        double at = (log(wake / squared) - c->part.first) / traffic_step;
        size_t t = cubic(at, c->part.n, of_traffic);
        add_rows((const double(*)[2])c->full + t * N_NODES + a, of_traffic, of_angle, 1.0, sum);
    }
    sides[0] = sum[0] / h->roof_ms;
    sides[1] = sum[1] / h->roof_ms;
}

/// Whether an hour has all it needs.
static bool is_known(const dosi_canyon_hours *hours, size_t i) {
    double sum = hours->wind_ms[i] + hours->from_deg[i] + hours->light_vph[i] +
                 hours->heavy_vph[i] + hours->light_kmh[i] + hours->heavy_kmh[i];
    return isfinite(sum) && hours->wind_ms[i] >= 0.0;
}

static hour hour_at(const dosi_canyon *street, const dosi_canyon_hours *hours, size_t i) {
    const dosi_canyon_traffic traffic = {hours->light_vph[i], hours->heavy_vph[i],
                                         hours->light_kmh[i], hours->heavy_kmh[i]};
    return hour_of(street, &traffic, hours->wind_ms[i]);
}

/// Both sides of an hour by the sum over directions.
static void sides_at(const dosi_canyon *street,
                     const dosi_canyon_hours *hours,
                     size_t i,
                     double *left,
                     double *right) {
    const dosi_canyon_traffic traffic = {hours->light_vph[i], hours->heavy_vph[i],
                                         hours->light_kmh[i], hours->heavy_kmh[i]};
    double sides[2];
    dosi_canyon_sides(street, &traffic, hours->wind_ms[i], hours->from_deg[i], sides);
    *left = sides[0];
    *right = sides[1];
}

/// Nodes from the logarithm of the least to that of the greatest, and one more at each end.
static axis axis_of(double least, double most) {
    axis out = {.first = log(least) - traffic_step};
    out.n = (size_t)((log(most) - out.first) / traffic_step) + 3;
    return out;
}

/// Fills a chart whose memory is there.
static void fill_chart(const dosi_canyon *street, chart *c) {
    for (size_t t = 0; t < c->part.n; t++) {
        double part = exp(c->part.first + traffic_step * (double)t);
        double roof = full_vortex_ms;
        fill_row(street, roof, part * roof * roof, c->full + t * N_NODES);
    }
    for (size_t v = 0; v < N_VORTEX; v++) {
        double vortex = least_vortex + (1.0 - least_vortex) * (double)v / (N_VORTEX - 1);
        for (size_t t = 0; t < c->wake.n; t++) {
            double wake = exp(c->wake.first + traffic_step * (double)t);
            fill_row(street, full_vortex_ms * vortex * vortex, wake,
                     c->cut + (v * c->wake.n + t) * N_NODES);
        }
    }
}

/// Makes the chart that a street's hours need; it stays empty where they need too much of it.
static dosi_status make_chart(const dosi_canyon *street,
                              const dosi_canyon_hours *hours,
                              chart *out,
                              dosi_error *err) {
    double part[2] = {INFINITY, 0.0}, wake[2] = {INFINITY, 0.0};
    for (size_t i = 0; i < hours->n; i++) {
        if (!is_known(hours, i)) continue;
        hour h = hour_at(street, hours, i);
        double one = fmax(h.wake_m2s2, least_traffic), squared = h.roof_ms * h.roof_ms;
        wake[0] = fmin(wake[0], one);
        wake[1] = fmax(wake[1], one);
        if (h.vortex_share < 1.0) continue;
        part[0] = fmin(part[0], one / squared);
        part[1] = fmax(part[1], one / squared);
    }
    if (!(wake[1] > 0.0)) return DOSI_OK;
    if (!(part[1] > 0.0)) part[0] = part[1] = 1.0;
    chart c = {.part = axis_of(part[0], part[1]), .wake = axis_of(wake[0], wake[1])};
    if (c.part.n > MOST_TRAFFIC || c.wake.n > MOST_TRAFFIC) return DOSI_OK;
    size_t n_rows = c.part.n + N_VORTEX * c.wake.n;
    c.full = malloc(n_rows * N_NODES * sizeof *c.full);
    if (!c.full) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
    c.cut = c.full + c.part.n * N_NODES;
    fill_chart(street, &c);
    *out = c;
    return DOSI_OK;
}

dosi_status dosi_canyon_year(const dosi_canyon *street,
                             const dosi_canyon_hours *hours,
                             const dosi_run *run,
                             double *left,
                             double *right,
                             dosi_error *err) {
    DOSI_TRY(check_street(street, err));
    DOSI_TRY(dosi_run_check(run, err));
    bool is_even = street->left_m == street->right_m && street->ahead_m == street->behind_m;
    chart c = {.full = NULL};
    if (is_even && hours->n >= DOSI_CANYON_FEW_HOURS) {
        DOSI_TRY(make_chart(street, hours, &c, err));
    }
    if (!c.full) return dosi_canyon_series(street, hours, run, left, right, err);
    for (size_t i = 0; i < hours->n; i++) {
        left[i] = right[i] = (double)NAN;
        if (!is_known(hours, i)) continue;
        hour h = hour_at(street, hours, i);
        if (h.vortex_share < least_vortex) {
            sides_at(street, hours, i, &left[i], &right[i]);
            continue;
        }
        double angle = remainder(hours->from_deg[i] - street->axis_deg, 360.0), sides[2];
        double folded = fabs(angle) > 90.0 ? 180.0 - fabs(angle) : fabs(angle);
        read_chart(&c, &h, folded * pi / 180.0, sides);
        if (folded == 0.0) sides[0] = sides[1] = 0.5 * (sides[0] + sides[1]);
        left[i] = sides[angle < 0.0 ? 1 : 0];
        right[i] = sides[angle < 0.0 ? 0 : 1];
    }
    free(c.full);
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
        size_t at = (size_t)i;
        left[at] = right[at] = (double)NAN;
        if (is_known(hours, at)) sides_at(street, hours, at, &left[at], &right[at]);
    }
    return DOSI_OK;
}
