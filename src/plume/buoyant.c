// Buoyant lines: rise of a row of lines, and the sum of Gaussian points along each of them.
// Lines are seen in two frames: the row's (x along the first line) and the wind's (x downwind,
// from the corner of the row that the wind meets first).

#include "dosi/buoyant.h"

#include "plume/pasquill.h"

#include <math.h>
#include <string.h>

#define PI            3.14159265358979323846
#define DEGREE_SHORT  0.0174533 ///< BLP's roundings: results follow them.
#define DEGREES_SHORT 57.29578
#define THIRD_SHORT   0.333333
#define GRAVITY       9.80616
#define BETA          0.6 ///< Entrainment.
#define MICROGRAMS    1e6
#define LEAST_SPEED   1.0
#define WIDE          4.0 ///< sigma_y beside the axis that still count.
#define INSIDE_M      0.1
#define ENOUGH        0.1  ///< ug/m3
#define CLOSE         0.02 ///< relative
#define LEAST_COSINE  1e-5

enum { NODES = 129, RISES = 7, MOST_ON_NODES = 6, MOST_ROUNDS = 14 };

/// A group in an hour.
typedef struct row {
    const dosi_buoyant_group *group;
    int kind; ///< Pasquill's class.
    double mixing_m;
    double reference_ms, reference_m, power; ///< Wind profile.
    double turn_deg, turn_cos, turn_sin;     ///< From the row's frame to the wind's.
    double tilt_cos, tilt_sin;               ///< From the plane to the row's frame.
    double corner_x, corner_y;               ///< Origin of the wind's frame, in the row's.
    double low_x, high_x, low_y, high_y;     ///< Rectangle around, in the row's frame.
    double speed_ms;                         ///< Effective one of rise.
    double stability;                        ///< s, in stable classes.
    double effective_m, downwash_m, edge_m;  ///< Line lengths and first radius of the plume.
    double buoyancy;                         ///< Of all lines.
    double full_x;                           ///< Where the plume has all its buoyancy.
    double final_x;                          ///< Where rise ends.
    double x[RISES], rise[RISES];
    double virtual_y, virtual_z;
} row;

/// A line in the wind's frame, and where it is looked at from.
typedef struct view {
    const row *row;
    double x0, y0, x1, y1; ///< Of the line.
    double x, y;           ///< Of the receptor.
    double above_m;        ///< Receptor above the line's ground.
    double height_m, speed_ms;
    double node[NODES]; ///< What points at the nodes bring.
    size_t n_points;    ///< That brought something.
    bool is_near;       ///< A node is within sigma_y of the receptor.
} view;

/// Each row: up to (unstable, -L) or from (stable, L) limit / (offset - ln z0) the class holds.
int dosi_buoyant_class(const dosi_plume_hour *hour) {
    static const struct {
        double limit, offset;
    } unstable[] = {{70, 4.35}, {85.2, 0.502}, {245, 0.050}},
      stable[] = {{327, 0.627}, {70, 0.295}};
    if (hour->is_urban && hour->state == DOSI_PLUME_STABLE) return 4;
    const double log_z0 = log(fmin(fmax(hour->roughness_m, 0.01), 0.5));
    const double length = hour->obukhov_m;
    int kind = length < 0 ? 1 : 4;
    if (length < 0)
        while (kind < 4 &&
               -length > unstable[kind - 1].limit / (unstable[kind - 1].offset - log_z0))
            kind++;
    else
        while (kind < PASQUILL_CLASSES &&
               length < stable[kind - 4].limit / (stable[kind - 4].offset - log_z0))
            kind++;
    return kind;
}

// ---- frames ----

/// A place of the plane in the row's frame.
static void to_row(const row *r, double x, double y, double *out_x, double *out_y) {
    double ex = x - r->group->lines[0].x0_m, ey = y - r->group->lines[0].y0_m;
    *out_y = -ex * r->tilt_sin + ey * r->tilt_cos;
    *out_x = (ex + *out_y * r->tilt_sin) / r->tilt_cos;
}

/// A place of the row's frame in the wind's.
static void to_wind(const row *r, double x, double y, double *out_x, double *out_y) {
    double ex = x - r->corner_x, ey = y - r->corner_y;
    *out_x = ex * r->turn_cos + ey * r->turn_sin;
    *out_y = ey * r->turn_cos - ex * r->turn_sin;
}

/// Ends of a line in the row's frame: both at the height of its end.
static void ends_in_row(const row *r, size_t line, double *x0, double *x1, double *y) {
    const dosi_buoyant_line *l = &r->group->lines[line];
    double ignored;
    to_row(r, l->x0_m, l->y0_m, x0, &ignored);
    to_row(r, l->x1_m, l->y1_m, x1, y);
}

static void set_frames(row *r, double direction_deg) {
    const dosi_buoyant_line *first = &r->group->lines[0];
    double angle = atan2(first->y1_m - first->y0_m, first->x1_m - first->x0_m);
    r->tilt_sin = sin(angle);
    r->tilt_cos = cos(angle);
    if (fabs(r->tilt_cos) < 1e-10) r->tilt_cos = LEAST_COSINE;
    double turn = 360 - (direction_deg + 90 + angle * 180 / PI);
    if (turn < 0) turn += 360;
    r->turn_deg = fmod(turn, 360);
    r->turn_cos = cos(r->turn_deg / DEGREES_SHORT);
    r->turn_sin = sin(r->turn_deg / DEGREES_SHORT);
    r->low_x = r->low_y = HUGE_VAL;
    r->high_x = r->high_y = -HUGE_VAL;
    bool is_last = r->turn_deg >= 180, is_end = r->turn_deg >= 90 && r->turn_deg < 270;
    for (size_t i = 0; i < r->group->n; i++) {
        double x0, x1, y;
        ends_in_row(r, i, &x0, &x1, &y);
        r->low_x = fmin(r->low_x, x0);
        r->high_x = fmax(r->high_x, x1);
        r->low_y = fmin(r->low_y, y);
        r->high_y = fmax(r->high_y, y);
        if (i != (is_last ? r->group->n - 1 : 0)) continue;
        r->corner_x = is_end ? x1 : x0;
        r->corner_y = y;
    }
}

// ---- rise ----

/// A root of z^3 + a z^2 + b z + c.
static double cubic_root(double a, double b, double c) {
    double third = a / 3, p = (b - a * third) / 3;
    double half = (2 * third * third * third - third * b + c) / 2;
    double inside = half * half + p * p * p;
    if (inside <= 0) {
        double size = 2 * sqrt(-p);
        return size * cos(acos(2 * half / (p * size)) / 3) - third;
    }
    double root = sqrt(inside), low = -half - root;
    double sum = pow(-half + root, THIRD_SHORT);
    if (low != 0) sum += copysign(pow(fabs(low), THIRD_SHORT), low);
    return sum - third;
}

/// Wind that the rise goes with: profile and rise matched where it ends.
static double effective_speed(const row *r, double match_x) {
    const dosi_buoyant_group *g = r->group;
    double n = (double)g->n, p = r->power, all = n * g->buoyancy;
    double u = r->reference_ms * pow(g->height_m / r->reference_m, p);
    if (r->kind <= 4) {
        double e = 2 + 3 * p, inverse = 1 / e;
        double t = pow(e * e * all * pow(g->height_m, 3 * p) /
                           (4 * BETA * (2 + p) * g->length_m * u * u * u),
                       inverse);
        double part = match_x / (t * pow(match_x, 2 * inverse));
        return fmax(u, pow(all / (2 * BETA * g->length_m) * part * part, THIRD_SHORT));
    }
    double z =
        pow((2 + p) * pow(g->height_m, p) * all / (BETA * g->length_m * u * r->stability),
            1 / (2 + p));
    return fmax(u, 3.3333333 * all / (g->length_m * r->stability * z * z));
}

/// Effective width of the plumes of several lines where they meet.
static double merged_width(const row *r) {
    const dosi_buoyant_group *g = r->group;
    double u3 = r->speed_ms * r->speed_ms * r->speed_ms, l = g->length_m;
    double reach = 0.8333333 * (g->gap_m + g->width_m);
    double t =
        2.2619467 * u3 / g->buoyancy * reach * reach * (reach + 1.5915494 * g->line_width_m);
    double x = pow(t * l, THIRD_SHORT);
    if (x > l) {
        x = l / 2 + sqrt(12 * t - 3 * l * l) / 6;
        return r->buoyancy * (l * l / 3 + x * (x - l)) / (1.2 * u3 * reach * reach) -
               0.6283185 * reach;
    }
    return r->buoyancy / (3.6 * l * reach * reach) * (x * x * x / u3) - 0.6283185 * reach;
}

/// Lengths of the row as the wind sees it.
static void set_lengths(row *r) {
    const dosi_buoyant_group *g = r->group;
    double s = fabs(sin(r->turn_deg * DEGREE_SHORT)), c = fabs(cos(r->turn_deg * DEGREE_SHORT));
    double n = (double)g->n, across = g->line_width_m;
    r->buoyancy = n * g->buoyancy;
    r->full_x = g->length_m * c + (n - 1) * (g->gap_m + g->width_m) * s;
    if (g->n == 1) {
        r->full_x += g->line_width_m * s;
    } else {
        across = merged_width(r);
    }
    r->effective_m = g->length_m * s + across * c;
    r->downwash_m = r->effective_m * s;
    r->edge_m = fmin(g->height_m, r->downwash_m);
}

/// Where rise ends.
static double final_distance(const row *r, double match_x) {
    if (r->kind <= 4) return r->full_x + match_x;
    double u2 = r->speed_ms * r->speed_ms, s = r->stability, b = r->full_x;
    double inside = 16 * u2 / s - b * b / 3;
    double x = inside <= 0 ? pow(12 * b * u2 / s, THIRD_SHORT) : 0.5 * (b + sqrt(inside));
    return fmin(x, r->speed_ms * PI / sqrt(s));
}

/// Rise at distances from where the plume has all its buoyancy to where rise ends.
static void set_rises(row *r) {
    double a = 1.5915494 * r->effective_m + 5 * r->edge_m;
    double b = r->edge_m * (5.3051648 * r->downwash_m + 8.333333 * r->edge_m);
    double u = r->speed_ms, full = r->full_x, end = r->final_x;
    bool is_early = r->kind > 4 && end <= full;
    for (int i = 1; i < RISES; i++) {
        double x = is_early ? end : end - (end - full) * (6 - i) / 5;
        double c = -5.3051648 * r->buoyancy / (u * r->stability);
        if (r->kind <= 4 || x < end) {
            bool is_full = fabs(x - full) < 1e-10;
            c = -1.3262912 * r->buoyancy * (full * full / 3 + x * x - full * x) / (u * u * u);
            if (is_full) c = -0.4420971 * (r->buoyancy / full) * (x / u) * (x / u) * (x / u);
        }
        r->x[i] = x;
        r->rise[i] = cubic_root(a, b, c);
    }
}

static void set_row(row *r, const dosi_plume_hour *hour, const dosi_buoyant_group *group) {
    static const double powers[PASQUILL_CLASSES] = {0.10, 0.15, 0.20, 0.25, 0.30, 0.30};
    static const double lapses[2] = {0.02, 0.035};
    memset(r, 0, sizeof *r);
    r->group = group;
    r->kind = dosi_buoyant_class(hour);
    r->mixing_m = hour->mixing_m;
    r->reference_ms = fmax(hour->speed_ms, LEAST_SPEED);
    r->reference_m = hour->speed_height_m;
    r->power = powers[r->kind - 1];
    r->stability = r->kind > 4 ? GRAVITY * lapses[r->kind - 5] / hour->temperature_k : 1;
    set_frames(r, hour->direction_deg);
    double flux = (double)group->n * group->buoyancy / PI;
    double match_x = flux <= 55 ? 49 * pow(flux, 0.625) : 120.72 * pow(flux, 0.4);
    r->speed_ms = effective_speed(r, match_x);
    set_lengths(r);
    r->final_x = final_distance(r, match_x);
    set_rises(r);
    double sigma = r->edge_m * 0.7978846;
    r->virtual_z = pasquill_virtual_z(r->kind, sigma);
    r->virtual_y = pasquill_virtual_y(r->kind, sigma / 2);
}

/// Rise at a distance from a point of a line whose downwind place is `from_x`.
static double rise_at(const row *r, double from_x, double x) {
    double part = fmin(fmax(r->full_x - from_x, 0), r->full_x);
    double start = r->rise[1] * (1 - (r->full_x - part) / r->full_x);
    double top = r->rise[RISES - 1];
    if (x <= r->x[RISES - 1]) {
        int i = 1;
        while (i < RISES - 1 && !(x < r->x[i])) i++;
        if (r->x[i] > r->x[i - 1]) {
            top = r->rise[i] -
                  (r->rise[i] - r->rise[i - 1]) * (r->x[i] - x) / (r->x[i] - r->x[i - 1]);
        }
    }
    return start + top - r->rise[1];
}

// ---- points of a line ----

/// Vertical part of a plume under a lid, times sqrt(pi / 2) sigma_z.
static double under_lid(double height_m, double sigma_z, double lid_m) {
    const double most = 9.21, least = 0.0512;
    double t = sigma_z / lid_m, h = height_m / lid_m, sum = 1;
    t *= t;
    if (t >= 0.6) { // nearly mixed: a Fourier series
        const double a = 4.934802 * t, b = 19.739209 * t;
        if (a < most) sum += 2 * exp(-a) * cos(3.141593 * h);
        if (b < most) sum += 2 * exp(-b) * cos(6.283185 * h);
        sum /= lid_m;
    } else { // images
        const double images[] = {2 * (1 - h) / t, 2 * (1 + h) / t, 4 * (2 - h) / t,
                                 4 * (2 + h) / t};
        for (int i = 0; i < 4 && images[i] < most; i++) {
            sum += i == 0 && images[i] < least ? 1 - images[i] : exp(-images[i]);
        }
        double a = -0.5 * h * h / t;
        sum = a < -90 ? 0 : 0.797885 * sum * exp(a) / sigma_z;
    }
    return sum < 1e-30 ? 0 : 1.25331414 * sigma_z * sum;
}

/// A Gaussian point on the ground, without its emission and wind.
static double gauss(
    const row *r, double across, double sigma_y, double sigma_z, double height) {
    double y = across / sigma_y, z = height / sigma_z, low = 0.5 * z * z;
    if (0.5 * y * y > 50) return 0;
    double f = exp(-0.5 * y * y);
    bool is_open = r->kind >= 5 || r->mixing_m > 5000;
    if (!is_open && sigma_z > 1.6 * r->mixing_m) return f / (2.5066283 * sigma_y * r->mixing_m);
    double vertical = low > 50 ? 0 : exp(-low);
    if (!is_open) vertical = under_lid(height, sigma_z, r->mixing_m);
    return f * vertical / (3.1415927 * sigma_y * sigma_z);
}

/// What a point of the line at (x, y) brings.
/// @param rise_x   Place whose rise it has: of the node before.
/// @param is_node  Nodes that are upwind, aside or above the lid bring nothing.
static double point(view *v, double x, double y, double rise_x, bool is_node) {
    const row *r = v->row;
    double down = v->x - x, across = v->y - y;
    double y_km = (down + r->virtual_y) / 1000, z_km = (down + r->virtual_z) / 1000;
    if ((is_node && down <= 0) || y_km < 0 || z_km < 0) return 0;
    double sigma_y = pasquill_sigma_y(r->kind, y_km), sigma_z = pasquill_sigma_z(r->kind, z_km);
    if (is_node && WIDE * sigma_y < fabs(across)) return 0;
    if (is_node && fabs(across) < sigma_y) v->is_near = true;
    double height = rise_at(r, rise_x, v->x) + v->height_m;
    height -= (r->kind <= 4 ? 0.5 : 0.7) * fmin(height, v->above_m);
    if (is_node && height > r->mixing_m && r->kind <= 4) return 0;
    double kept = 1 - down / v->speed_ms * r->group->decay_per_s;
    v->n_points++;
    return gauss(r, across, sigma_y, sigma_z, height) * kept;
}

/// Fills nodes from `first` on, each `step`.
static double fill_nodes(view *v, int first, int step) {
    double sum = 0, dx = (v->x1 - v->x0) / (NODES - 1), dy = (v->y1 - v->y0) / (NODES - 1);
    for (int i = first; i < NODES; i += step) {
        double x = v->x0 + i * dx;
        v->node[i] = point(v, x, v->y0 + i * dy, x, true);
        sum += v->node[i];
    }
    return sum;
}

/// The stretch of nodes that bring something, with one beside each end.
/// @return false: none does.
static bool find_stretch(const view *v, int *low, int *high) {
    int at = v->node[0] != 0 ? 0 : v->node[NODES - 1] != 0 ? NODES - 1 : -1;
    for (int step = NODES - 1; at < 0 && step > 1; step /= 2) {
        for (int i = step / 2; at < 0 && i < NODES; i += step) {
            if (v->node[i] != 0) at = i;
        }
    }
    if (at < 0) return false;
    for (*low = at > 0 ? at - 1 : 0; *low > 0 && v->node[*low] != 0;) --*low;
    for (*high = at < NODES - 1 ? at + 1 : at; *high < NODES - 1 && v->node[*high] != 0;) {
        ++*high;
    }
    return true;
}

/// Points between the nodes of a stretch, `n` between each two.
static double fill_between(view *v, int low, int high, int n) {
    double sum = 0, dx = (v->x1 - v->x0) / (NODES - 1), dy = (v->y1 - v->y0) / (NODES - 1);
    for (int i = low; i < high; i++) {
        double x = v->x0 + i * dx, y = v->y0 + i * dy;
        for (int k = 1; k <= n; k++) {
            double part = (double)k / (n + 1);
            sum += point(v, x + part * dx, y + part * dy, x, false);
        }
    }
    return sum;
}

/// Whether two estimates are near enough.
static bool is_close(double sum, double before, double scale) {
    double off = fabs(sum - before);
    return off * scale < ENOUGH || off / sum < CLOSE;
}

/// The sum over the line, twice its mean: nodes are halved until two estimates agree, then the
/// spaces between them where the line brings something.
/// @param scale      To ug/m3.
/// @param is_behind  The receptor is straight downwind of some of the line.
static double sum_of(view *v, double scale, bool is_behind, size_t n_points) {
    v->n_points = n_points;
    v->is_near = false;
    double sum = fill_nodes(v, 0, NODES - 1) / 2;
    sum += fill_nodes(v, (NODES - 1) / 2, NODES - 1);
    if (sum <= 0 && !is_behind) return 0;
    int round = 1;
    for (; round <= MOST_ON_NODES; round++) {
        int step = (NODES - 1) >> round;
        double before = sum;
        sum = sum / 2 + fill_nodes(v, step / 2, step) / (double)(1 << round);
        bool is_sure = !is_behind || v->is_near;
        if (is_sure && is_close(sum, before, scale) && v->n_points >= 2) return sum;
    }
    int low = 0, high = 0;
    if (!find_stretch(v, &low, &high)) return 0;
    for (int between = 1; round < MOST_ROUNDS; round++, between *= 2) {
        double before = sum;
        sum = sum / 2 + fill_between(v, low, high, between) / (double)(1 << round);
        if (is_close(sum, before, scale) && v->n_points >= 2) return sum;
    }
    return 0; // AERMOD leaves out what does not converge
}

/// Whether the receptor is near enough to the plume's axis to get anything.
static bool is_reached(const view *v, double low_x) {
    double spread = WIDE * pasquill_sigma_y(v->row->kind, (v->x - low_x) / 1000);
    double node = hypot(v->x1 - v->x0, v->y1 - v->y0) / (NODES - 1);
    double low = fmin(v->y0, v->y1) - spread, high = fmax(v->y0, v->y1) + spread;
    return v->y >= low + node && v->y <= high - node;
}

/// What a line brings to the receptor of a view, ug/m3.
static double line_at(view *v, const dosi_buoyant_line *line) {
    double low_x = fmin(v->x0, v->x1), high_x = fmax(v->x0, v->x1);
    if (v->x <= low_x || !is_reached(v, low_x)) return 0;
    size_t n_points = 0;
    double dx = v->x1 - v->x0, dy = v->y1 - v->y0;
    if (v->x < high_x && lround(v->row->turn_deg) % 90 != 0) {
        double slope = dy / dx;
        if (v->x < (v->y - (v->y1 - slope * v->x1)) / slope) n_points = 999;
    }
    bool is_behind = v->y >= fmin(v->y0, v->y1) && v->y <= fmax(v->y0, v->y1);
    double scale = MICROGRAMS * line->emission / (2 * v->speed_ms);
    return scale * sum_of(v, scale, is_behind, n_points);
}

static void add_line(const row *r,
                     size_t index,
                     const dosi_plume_receptors *receptors,
                     double *concentration) {
    const dosi_buoyant_line *line = &r->group->lines[index];
    view v = {.row = r, .height_m = line->height_m};
    double x0, x1, y;
    ends_in_row(r, index, &x0, &x1, &y);
    to_wind(r, x0, y, &v.x0, &v.y0);
    to_wind(r, x1, y, &v.x1, &v.y1);
    v.speed_ms = r->reference_ms * pow(line->height_m / r->reference_m, r->power);
    for (size_t i = 0; i < receptors->n; i++) {
        double rx, ry;
        to_row(r, receptors->x_m[i], receptors->y_m[i], &rx, &ry);
        bool is_inside = ry <= r->high_y + INSIDE_M && ry >= r->low_y - INSIDE_M &&
                         rx <= r->high_x + INSIDE_M && rx >= r->low_x - INSIDE_M;
        if (is_inside) continue;
        to_wind(r, rx, ry, &v.x, &v.y);
        v.above_m = receptors->flag_m ? receptors->flag_m[i] : 0;
        if (receptors->z_m && !line->is_flat) v.above_m += receptors->z_m[i] - line->base_m;
        concentration[i] += line_at(&v, line);
    }
}

dosi_status dosi_buoyant_add(const dosi_plume_hour *hour,
                             const dosi_buoyant_group *group,
                             const dosi_plume_receptors *receptors,
                             double *concentration,
                             dosi_error *err) {
    bool is_usable = group->n > 0 && group->length_m > 0 && group->height_m > 0 &&
                     group->width_m > 0 && group->line_width_m > 0 && group->gap_m >= 0 &&
                     group->buoyancy > 0 && group->decay_per_s >= 0;
    for (size_t i = 0; is_usable && i < group->n; i++) {
        is_usable = group->lines[i].height_m > 0 && isfinite(group->lines[i].emission);
    }
    if (!is_usable) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "lengths, heights and buoyancy of buoyant lines must be above 0");
    }
    if (hour->state != DOSI_PLUME_STABLE && hour->state != DOSI_PLUME_UNSTABLE) return DOSI_OK;
    row r;
    set_row(&r, hour, group);
    for (size_t i = 0; i < group->n; i++) {
        if (group->lines[i].emission == 0) continue;
        add_line(&r, i, receptors, concentration + i * receptors->n);
    }
    return DOSI_OK;
}
