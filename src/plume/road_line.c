// The integral of a road kernel along a line: Gauss points placed by the geometry.

#include "plume/road_kernel.h"

#include <math.h>

/// The direct plume counts to this many sigmas; beyond, exp(-k^2/2) < 4e-6.
#define SIGMAS 5.0

/// Numbers of points of the rules.
static const int rule_points[ROAD_RULES] = {1, 2, 3, 4, 6, 9, 14, 22, ROAD_POINTS};

/// Legendre polynomial of order n at x, and its slope.
static double legendre(int n, double x, double *slope) {
    double p = 1, before = 0;
    for (int k = 1; k <= n; k++) {
        double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
    }
    *slope = n * (x * p - before) / (x * x - 1);
    return p;
}

void road_rules_fill(road_rule *rules) {
    for (int r = 0; r < ROAD_RULES; r++) {
        int n = rule_points[r];
        rules[r].n = n;
        for (int i = 0; i < n; i++) {
            double x = cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
            for (int step = 0; step < 20; step++) x -= legendre(n, x, &slope) / slope;
            (void)legendre(n, x, &slope);
            rules[r].at[i] = x;
            rules[r].weight[i] = 2 / ((1 - x * x) * slope * slope);
        }
    }
}

/// The least rule with at least `points` points.
static const road_rule *rule_of(const dosi_road_kernel *kernel, double points) {
    int r = 0;
    while (r < ROAD_RULES - 1 && rule_points[r] < points) r++;
    return &kernel->rules[r];
}

/// A receptor as a line sees it: its place relative to a point `s` metres along is
/// (x - dx s, y - dy s).
typedef struct view {
    double x, y, dx, dy;
    double foot, apart; ///< Where along the line the receptor is nearest, and how near.
} view;

/// Points along the line with their weights.
typedef struct points {
    int n;
    double s[ROAD_POINTS], weight[ROAD_POINTS];
} points;

/// How the integration variable goes along the line between two places: evenly, or as sinh so
/// that distances from the receptor grow geometrically.
typedef struct stretch {
    bool is_even;
    double begin, end; ///< Of the variable.
    double scale;      ///< s = foot + scale sinh(variable)
} stretch;

/// Chooses the variable for [a, b].
static stretch stretch_of(const view *at, double a, double b) {
    double near = fmax(at->apart, ROAD_NEAREST_M);
    double from = a - at->foot, to = b - at->foot;
    double least = from > 0 ? from : to < 0 ? -to : 0;
    if (b - a < 0.7 * sqrt(least * least + near * near)) {
        return (stretch){.is_even = true, .begin = a, .end = b};
    }
    return (stretch){.begin = asinh(from / near), .end = asinh(to / near), .scale = near};
}

/// Places a rule's points.
static void place(const road_rule *rule, const stretch *along, double foot, points *out) {
    double middle = 0.5 * (along->begin + along->end);
    double half = 0.5 * (along->end - along->begin);
    out->n = rule->n;
    for (int i = 0; i < rule->n; i++) {
        double t = middle + half * rule->at[i];
        double weight = half * rule->weight[i];
        if (!along->is_even) {
            double up = exp(t), down = 1 / up;
            weight *= 0.5 * along->scale * (up + down);
            t = foot + 0.5 * along->scale * (up - down);
        }
        out->s[i] = t;
        out->weight[i] = weight;
    }
}

/// Distance of the receptor from the point at `s`.
static double radius(const view *at, double s) {
    double x = at->x - at->dx * s, y = at->y - at->dy * s;
    return sqrt(x * x + y * y);
}

enum { PANELS = 1 + 3 * ROAD_BREAKS };

/// Adds `s` to the sorted ends of panels where it is inside them.
static int add_end(double *ends, int n, double s) {
    if (!(s > ends[0] && s < ends[n - 1])) return n;
    int at = n++;
    while (ends[at - 1] > s) {
        ends[at] = ends[at - 1];
        at--;
    }
    ends[at] = s;
    return n;
}

/// Ends panels where the distance from the receptor passes a break of a table.
static int add_radii(double *ends, int n, const view *at, const road_table *table) {
    for (int i = 0; i < table->n_breaks; i++) {
        double r = table->breaks[i];
        double half2 = r * r - at->apart * at->apart;
        if (half2 <= 0) continue;
        double half = sqrt(half2);
        n = add_end(ends, n, at->foot - half);
        n = add_end(ends, n, at->foot + half);
    }
    return n;
}

/// What meanders from [a, b], within which nothing jumps.
static double meander_panel(
    const dosi_road_kernel *kernel, road_zone zone, const view *at, double a, double b) {
    const road_table *table = &kernel->meander[zone];
    stretch along = stretch_of(at, a, b);
    double wide = along.end - along.begin;
    if (along.is_even) wide /= fmax(radius(at, 0.5 * (a + b)), ROAD_NEAREST_M);
    points p;
    place(rule_of(kernel, 3 + 3 * wide), &along, at->foot, &p);
    double sum = 0;
    for (int i = 0; i < p.n; i++) {
        sum += p.weight[i] * road_second(table, fmax(radius(at, p.s[i]), ROAD_NEAREST_M));
    }
    return sum;
}

/// What meanders from [a, b].
static double meander_of(
    const dosi_road_kernel *kernel, road_zone zone, const view *at, double a, double b) {
    double ends[PANELS + 1] = {a, b};
    int n = add_radii(ends, 2, at, &kernel->meander[zone]);
    double sum = 0;
    for (int i = 0; i + 1 < n; i++)
        sum += meander_panel(kernel, zone, at, ends[i], ends[i + 1]);
    return sum;
}

/// The direct plume of one zone, as the integral along a line needs it.
typedef struct beam {
    const road_table *plume, *meander;
    double width2;  ///< Squared spread by the road's width.
    double least;   ///< Least distance the table is asked for.
    double origin;  ///< Taken from the downwind distance (which includes the lee's shift).
    double shift_y; ///< The lee's shift of y.
} beam;

/// Downwind distance from the point at `s`, as the table counts.
static double downwind(const beam *of, const view *at, double s) {
    return fmax(at->x - at->dx * s - of->origin, of->least);
}

/// Crosswind distance in sigmas from the point at `s`.
static double sigmas(const beam *of, const view *at, double s) {
    double y = at->y - at->dy * s + of->shift_y;
    return fabs(y) / sqrt(road_second(of->plume, downwind(of, at, s)) + of->width2);
}

/// Cuts [a, b] to where the plume counts; false: nowhere.
static bool trim(const beam *of, const view *at, double *a, double *b) {
    double middle = at->y + of->shift_y; // y at the receptor, dy s at the line
    for (int i = 0; i < 2; i++) {
        double far = fmax(downwind(of, at, *a), downwind(of, at, *b));
        double reach = SIGMAS * sqrt(road_second(of->plume, far) + of->width2);
        if (at->dy * *b < middle - reach || at->dy * *a > middle + reach) return false;
        if (at->dy * (*b - *a) < 1e-9 * reach) break;
        *a = fmax(*a, (middle - reach) / at->dy);
        *b = fmin(*b, (middle + reach) / at->dy);
        if (*a >= *b) return false;
    }
    double centre = at->dy > 1e-12 ? fmin(fmax(middle / at->dy, *a), *b) : 0.5 * (*a + *b);
    double *ends[2] = {a, b};
    for (int e = 0; e < 2; e++) {
        double in = centre;
        for (int i = 0; i < 3 && sigmas(of, at, *ends[e]) > 1.2 * SIGMAS; i++) {
            double half = 0.5 * (in + *ends[e]);
            if (sigmas(of, at, half) > SIGMAS) {
                *ends[e] = half;
            } else {
                in = half;
            }
        }
    }
    return *b > *a;
}

/// The direct plume from [a, b], within which nothing jumps.
static double plume_panel(
    const dosi_road_kernel *kernel, const beam *of, const view *at, double a, double b) {
    stretch along = stretch_of(at, a, b);
    double s = 0.5 * (along.begin + along.end);
    if (!along.is_even) s = at->foot + along.scale * sinh(s);
    double first = sigmas(of, at, a), last = sigmas(of, at, b), half = sigmas(of, at, s);
    double change = fabs(first - half) + fabs(last - half);
    bool is_crossed =
        (at->y - at->dy * a + of->shift_y) * (at->y - at->dy * b + of->shift_y) < 0;
    if (is_crossed) change = fmax(change, first + last);
    double growth = fabs(log(downwind(of, at, b) / downwind(of, at, a)));
    points p;
    place(rule_of(kernel, 4 + 2.4 * change + 2 * growth), &along, at->foot, &p);
    double sum = 0;
    for (int i = 0; i < p.n; i++) {
        double x = downwind(of, at, p.s[i]);
        double y = at->y - at->dy * p.s[i] + of->shift_y;
        double part = 0;
        const road_cell *cell = road_find(of->plume, x, &part);
        double spread2 = cell->second + part * cell->second_step + of->width2;
        double vertical = cell->first + part * cell->first_step;
        double r = fmax(radius(at, p.s[i]), ROAD_NEAREST_M);
        double direct = 1 - road_first(of->meander, r);
        double inverse = 1 / spread2;
        sum += p.weight[i] * direct * vertical * sqrt(inverse) * exp(-0.5 * y * y * inverse);
    }
    return sum * 0.39894228040143267794;
}

/// The direct plume from [a, b].
static double plume_of(
    const dosi_road_kernel *kernel, const beam *of, const view *at, double a, double b) {
    if (!trim(of, at, &a, &b)) return 0;
    double ends[PANELS + 1] = {a, b};
    int n = add_radii(ends, 2, at, of->meander);
    for (int i = 0; i < of->plume->n_breaks && fabs(at->dx) > 1e-9; i++) {
        n = add_end(ends, n, (at->x - of->origin - of->plume->breaks[i]) / at->dx);
    }
    double sum = 0;
    for (int i = 0; i + 1 < n; i++) sum += plume_panel(kernel, of, at, ends[i], ends[i + 1]);
    return sum;
}

/// Narrows [*a, *b] to where the downwind distance is in (least, most).
static bool in_zone(
    const view *at, double shift, double least, double most, double *a, double *b) {
    double x = at->x + shift;
    if (fabs(at->dx) < 1e-12) return x > least && x <= most && *b > *a;
    double s0 = (x - least) / at->dx, s1 = (x - most) / at->dx;
    *a = fmax(*a, fmin(s0, s1));
    *b = fmin(*b, fmax(s0, s1));
    return *b > *a;
}

double road_line_at(const dosi_road_kernel *kernel, const road_path *path, double x, double y) {
    view at = {.x = x - path->x_m, .y = y - path->y_m, .dx = path->dx, .dy = path->dy};
    at.foot = at.x * at.dx + at.y * at.dy;
    at.apart = fabs(at.x * at.dy - at.y * at.dx);
    const double limits[ROAD_ZONES + 1] = {-INFINITY, ROAD_UPWIND_M, kernel->split_m, INFINITY};
    double sum = 0;
    if (!kernel->has_walls) {
        sum = meander_of(kernel, ROAD_ZONE_NEAR, &at, 0, path->length_m);
    }
    for (int z = kernel->has_walls ? 0 : 1; z < ROAD_ZONES; z++) {
        double a = 0, b = path->length_m;
        if (!in_zone(&at, kernel->shift_x_m, limits[z], limits[z + 1], &a, &b)) continue;
        if (kernel->has_walls) sum += meander_of(kernel, (road_zone)z, &at, a, b);
        if (z == ROAD_ZONE_UPWIND) continue;
        bool is_wake = z == ROAD_ZONE_WAKE;
        beam of = {.plume = &kernel->plume[z - 1],
                   .meander = &kernel->meander[z],
                   .width2 = path->width2_m2,
                   .least = is_wake ? 0 : ROAD_NEAREST_M,
                   .origin = (is_wake ? kernel->split_m : 0) - kernel->shift_x_m,
                   .shift_y = kernel->shift_y_m};
        sum += plume_of(kernel, &of, &at, a, b);
    }
    return sum;
}

void dosi_road_add(const dosi_road_kernel *kernel,
                   const dosi_road_line *line,
                   double emission_gms,
                   const dosi_road_places *places,
                   double *out) {
    road_path path = road_path_make(kernel, line);
    double c = kernel->wind_x, s = kernel->wind_y;
    for (size_t i = 0; i < places->n; i++) {
        double x = places->x_m[i] * c + places->y_m[i] * s;
        double y = -places->x_m[i] * s + places->y_m[i] * c;
        out[i] += 1e6 * emission_gms * road_line_at(kernel, &path, x, y);
    }
}
