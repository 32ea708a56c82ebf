// Road kernels: which flow a line's walls make, and the tables of spread over distance.

#include "plume/road_kernel.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/// Smaller relative jumps of a table are left to the quadrature.
#define LEAST_JUMP 1e-3
#define SQRT_2PI   2.50662827463100050242

dosi_status dosi_road_kernel_create(dosi_road_kernel **out, dosi_error *err) {
    dosi_road_kernel *kernel = calloc(1, sizeof *kernel);
    if (!kernel) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a road kernel");
    road_rules_fill(kernel->rules);
    *out = kernel;
    return DOSI_OK;
}

void dosi_road_kernel_destroy(dosi_road_kernel *kernel) {
    free(kernel);
}

/// Unit vector to the side whose offsets are positive: east, or north of an east-west road.
static void side_of(double dx, double dy, double *nx, double *ny) {
    bool is_east_west = fabs(dy) < 1e-12;
    *nx = is_east_west ? 0 : fabs(dy);
    *ny = is_east_west ? 1 : -copysign(dx, dx * dy);
}

/// How far to the left of its direction the plume of a depressed road seems to begin.
static double depression_shift(const dosi_road_kernel *kernel,
                               const dosi_road_line *line,
                               double dx,
                               double dy) {
    double top = line->top_m, bottom = line->bottom_m, depth = line->depth_m;
    double sine = dy * kernel->wind_x - dx * kernel->wind_y; // of the angle to the wind
    double cosine = dx * kernel->wind_x + dy * kernel->wind_y;
    double effective = (bottom * depth + (top - bottom) / 2 * depth) / top;
    double relative = effective / bottom;
    double fraction = relative >= 0.0483 ? 1 : -0.0776 + sqrt(1.506 - 7.143 * relative);
    double width = pow(fraction, 1 - cosine * cosine) * bottom;
    double critical = 0.2064 * top * bottom / (0.5 * (top + bottom));
    double wind = fmin(1, bottom / top * (1 + depth / critical));
    return (top * wind - width) / 2 * sine * sine * copysign(1, sine) -
           width / bottom * line->offset_m * copysign(1, dy);
}

road_path road_path_make(const dosi_road_kernel *kernel, const dosi_road_line *line) {
    double dx = line->x1_m - line->x0_m, dy = line->y1_m - line->y0_m;
    double length = hypot(dx, dy);
    if (length > 0) {
        dx /= length;
        dy /= length;
    } else {
        dx = 1;
    }
    double x = line->x0_m, y = line->y0_m;
    if (line->depth_m > 0) {
        double shift = depression_shift(kernel, line, dx, dy);
        x -= shift * dy;
        y += shift * dx;
    } else {
        double nx = 0, ny = 0;
        side_of(dx, dy, &nx, &ny);
        x += line->offset_m * nx;
        y += line->offset_m * ny;
    }
    double c = kernel->wind_x, s = kernel->wind_y;
    road_path path = {.x_m = x * c + y * s,
                      .y_m = -x * s + y * c,
                      .dx = dx * c + dy * s,
                      .dy = -dx * s + dy * c,
                      .length_m = length};
    if (path.dy < 0) {
        path.x_m += length * path.dx;
        path.y_m += length * path.dy;
        path.dx = -path.dx;
        path.dy = -path.dy;
    }
    double sigma = 0.5 * line->width_m * path.dx;
    path.width2_m2 = sigma * sigma;
    return path;
}

/// Of the walls, the ones that count: the nearer upwind and downwind, with their distances
/// across the road.
static void choose_walls(const dosi_road_kernel *kernel,
                         const dosi_road_line *line,
                         dosi_road_wall *upwind,
                         dosi_road_wall *downwind) {
    double dx = line->x1_m - line->x0_m, dy = line->y1_m - line->y0_m, nx = 0, ny = 0;
    double length = hypot(dx, dy);
    side_of(dx / length, dy / length, &nx, &ny);
    double across = nx * kernel->wind_x + ny * kernel->wind_y;
    *upwind = *downwind = (dosi_road_wall){0, 0};
    for (int i = 0; i < 2; i++) {
        dosi_road_wall wall = line->walls[i];
        if (wall.height_m <= 0) continue;
        wall.offset_m -= line->offset_m;
        dosi_road_wall *side = wall.offset_m * across > 0 ? downwind : upwind;
        wall.offset_m = fabs(wall.offset_m);
        bool is_nearer = side->height_m <= 0 || wall.offset_m < side->offset_m;
        if (is_nearer) *side = wall;
    }
}

/// Turns walls into the distances the plume knows of.
static void place_walls(dosi_road_kernel *kernel, const dosi_road_line *line) {
    dosi_road_wall upwind, downwind;
    kernel->shift_x_m = kernel->shift_y_m = 0;
    kernel->split_m = INFINITY;
    kernel->upwind_wall_m = kernel->downwind_wall_m = 0;
    kernel->has_walls = line->walls[0].height_m > 0 || line->walls[1].height_m > 0;
    if (!kernel->has_walls) return;
    choose_walls(kernel, line, &upwind, &downwind);
    road_path path = road_path_make(kernel, line);
    bool has_two = upwind.height_m > 0 && downwind.height_m > 0;
    double recirculation = (has_two ? 4 : 6.5) * upwind.height_m;
    kernel->upwind_wall_m = upwind.height_m;
    kernel->downwind_wall_m = downwind.height_m;
    if (upwind.height_m > 0 && upwind.offset_m < recirculation) {
        kernel->shift_x_m = upwind.offset_m * path.dy;
        kernel->shift_y_m = -upwind.offset_m * path.dx;
    }
    if (downwind.height_m > 0) {
        kernel->split_m = downwind.offset_m / (path.dy + 1e-8) + kernel->shift_x_m;
    }
}

/// Whether the plume begins at the upwind wall, in whose lee the road lies.
static bool is_in_lee(const dosi_road_kernel *kernel) {
    return kernel->shift_x_m != 0 || kernel->shift_y_m != 0;
}

/// Height at which the direct plume is centred.
static double plume_height(const dosi_road_kernel *kernel) {
    double height = kernel->line.height_m;
    return is_in_lee(kernel) ? fmax(height, 0.75 * kernel->upwind_wall_m) : height;
}

/// Square of the first vertical spread of the line.
static double first_spread2(const dosi_road_kernel *kernel) {
    return kernel->line.sigma_z0_m * kernel->line.sigma_z0_m + road_depth_m2(&kernel->line);
}

/// Vertical spread of a plume that has come to the downwind wall.
static double spread_at_wall(const dosi_road_kernel *kernel) {
    road_source source = {.flow = is_in_lee(kernel) ? ROAD_LEE : ROAD_OPEN,
                          .height_m = plume_height(kernel),
                          .shift_m = kernel->downwind_wall_m,
                          .first_m2 = first_spread2(kernel)};
    return road_met_spread(&kernel->met, &source, kernel->split_m).sigma_z_m +
           0.1 * kernel->downwind_wall_m;
}

/// Before any downwind wall.
static road_pair plume_near(const dosi_road_kernel *kernel, double x) {
    bool lee = is_in_lee(kernel);
    road_source source = {.flow = lee ? ROAD_LEE : ROAD_OPEN,
                          .height_m = kernel->line.height_m,
                          .first_m2 = first_spread2(kernel)};
    x = fmax(x, ROAD_NEAREST_M);
    road_spread spread = road_met_spread(&kernel->met, &source, x);
    // Behind an upwind wall the wind recovers over eight heights.
    double slowed = lee ? -expm1(-x / (8 * kernel->upwind_wall_m)) : 1;
    double vertical = road_met_vertical(&kernel->met, spread.sigma_z_m, plume_height(kernel),
                                        kernel->receptor_m);
    return (road_pair){.first = vertical / (slowed * spread.speed_ms),
                       .second = road_met_sigma_y2(&kernel->met, spread.grown_m),
                       .steps = spread.steps};
}

/// Behind a downwind wall: a mixed wake that grows into a plume; Venkatram et al. (2021).
static road_pair plume_wake(const dosi_road_kernel *kernel, double x) {
    double wall = kernel->downwind_wall_m, height = plume_height(kernel);
    double at_wall = kernel->at_wall_m;
    road_source source = {.flow = ROAD_BEHIND,
                          .height_m = height,
                          .shift_m = wall,
                          .first_m2 = at_wall * at_wall + road_depth_m2(&kernel->line)};
    road_spread spread = road_met_spread(&kernel->met, &source, x);
    double sigma = spread.sigma_z_m;
    double unit = 1 / (SQRT_2PI * sigma * spread.speed_ms);
    double ground = 2 * unit * exp(-0.5 * height * height / (sigma * sigma));
    double top = 1.25 * wall; // of the well mixed part
    double calm = 1 - 0.75 * wall / fmax(wall, 12);
    double recovered = 1 - calm * exp(-x / (9 * wall));
    double wall_wind = road_met_wind(&kernel->met, ROAD_BEHIND, wall);
    double kept = 1 / (1 + recovered * 0.5 * wall_wind * ground * top);
    double vertical = kept * ground;
    if (kernel->receptor_m > top) {
        double below = (kernel->receptor_m - top - height) / sigma;
        double above = (kernel->receptor_m - top + height) / sigma;
        vertical = kept * unit * (exp(-0.5 * below * below) + exp(-0.5 * above * above));
    }
    return (road_pair){.first = vertical,
                       .second = road_met_sigma_y2(&kernel->met, spread.grown_m),
                       .steps = spread.steps};
}

road_pair road_plume_at(const dosi_road_kernel *kernel, road_zone zone, double x_m) {
    assert(zone != ROAD_ZONE_UPWIND);
    return zone == ROAD_ZONE_NEAR ? plume_near(kernel, x_m) : plume_wake(kernel, x_m);
}

road_pair road_meander_at(const dosi_road_kernel *kernel, road_zone zone, double r_m) {
    double tallest = fmax(kernel->upwind_wall_m, kernel->downwind_wall_m);
    road_source source = {.flow = is_in_lee(kernel) ? ROAD_LEE : ROAD_OPEN,
                          .height_m = fmax(kernel->line.height_m, 0.75 * tallest),
                          .first_m2 = first_spread2(kernel)};
    if (zone == ROAD_ZONE_UPWIND) {
        source.flow = ROAD_OPEN;
        if (kernel->has_walls) {
            bool is_upwind = kernel->upwind_wall_m > kernel->downwind_wall_m;
            source.flow = is_upwind ? ROAD_LEE : ROAD_BEHIND;
        }
        source.first_m2 += 0.0625 * tallest * tallest;
    } else if (zone == ROAD_ZONE_WAKE) {
        source.flow = ROAD_BEHIND;
        source.shift_m = kernel->downwind_wall_m;
        source.first_m2 += kernel->at_wall_m * kernel->at_wall_m;
    }
    r_m = fmax(r_m, ROAD_NEAREST_M);
    road_spread spread = road_met_spread(&kernel->met, &source, r_m);
    double below = (source.height_m - kernel->receptor_m) / spread.sigma_z_m;
    double above = (source.height_m + kernel->receptor_m) / spread.sigma_z_m;
    double vertical = (exp(-0.5 * below * below) + exp(-0.5 * above * above)) /
                      (SQRT_2PI * spread.sigma_z_m * spread.speed_ms);
    double part = road_met_meander(&kernel->met, spread.speed_ms);
    return (road_pair){
        .first = part, .second = part * vertical / (2 * M_PI * r_m), .steps = spread.steps};
}

typedef road_pair pair_at(const dosi_road_kernel *kernel, road_zone zone, double x_m);

/// Distance at the begin of cell `i`.
static double cell_begin(int i) {
    const int cells = 1 << ROAD_CELL_BITS;
    return ldexp(1 + (i & (cells - 1)) / (double)cells,
                 ROAD_LEAST_EXPONENT + (i >> ROAD_CELL_BITS));
}

/// How much the quantities jump between two cells, beyond how they grow.
static double jump_of(const road_cell *before, const road_cell *cell) {
    double first = fabs(cell->first_step - before->first_step) / (fabs(cell->first) + 1e-300);
    double second = fabs(cell->second_step - before->second_step) / (cell->second + 1e-300);
    return fmin(first, 1) + fmin(second, 1);
}

/// Keeps a break where it is among the greatest; `jumps` goes with table->breaks.
static void keep_break(road_table *table, double *jumps, double jump, double x_m) {
    int at = table->n_breaks;
    if (at == ROAD_BREAKS) {
        at = 0;
        for (int i = 1; i < ROAD_BREAKS; i++) {
            if (jumps[i] < jumps[at]) at = i;
        }
        if (jumps[at] >= jump) return;
    } else {
        table->n_breaks++;
    }
    jumps[at] = jump;
    table->breaks[at] = x_m;
}

/// Fills a table from its formulas.
static void fill(const dosi_road_kernel *kernel,
                 pair_at *at,
                 road_zone zone,
                 road_table *table) {
    double jumps[ROAD_BREAKS] = {0};
    road_pair begin = at(kernel, zone, cell_begin(0));
    table->n_breaks = 0;
    for (int i = 0; i < ROAD_CELLS; i++) {
        road_pair end = at(kernel, zone, cell_begin(i + 1));
        road_cell *cell = &table->cells[i];
        *cell = (road_cell){.first = begin.first,
                            .first_step = end.first - begin.first,
                            .second = begin.second,
                            .second_step = end.second - begin.second};
        double jump = i > 0 && end.steps != begin.steps ? jump_of(cell - 1, cell) : 0;
        if (jump > LEAST_JUMP) {
            double low = cell_begin(i), high = cell_begin(i + 1);
            for (int step = 0; step < 8; step++) {
                double middle = 0.5 * (low + high);
                bool is_before = at(kernel, zone, middle).steps == begin.steps;
                *(is_before ? &low : &high) = middle;
            }
            keep_break(table, jumps, jump, 0.5 * (low + high));
        }
        begin = end;
    }
}

/// Refuses weather outside its domain.
static dosi_status check_weather(const dosi_road_weather *w, dosi_error *err) {
    const struct {
        const char *name;
        double value;
    } positive[] = {{"speed_ms", w->speed_ms},          {"speed_height_m", w->speed_height_m},
                    {"friction_ms", w->friction_ms},    {"mixing_m", w->mixing_m},
                    {"roughness_m", w->roughness_m},    {"sigma_v_ms", w->sigma_v_ms},
                    {"|obukhov_m|", fabs(w->obukhov_m)}};
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++) {
        if (!(positive[i].value > 0 && isfinite(positive[i].value))) {
            return dosi_fail(err, DOSI_DOMAIN, "a road's weather: %s is %g, not positive",
                             positive[i].name, positive[i].value);
        }
    }
    if (!isfinite(w->direction_deg)) {
        return dosi_fail(err, DOSI_DOMAIN, "a road's weather: direction_deg is %g",
                         w->direction_deg);
    }
    return DOSI_OK;
}

/// Refuses a line outside its domain.
static dosi_status check_line(const dosi_road_line *line, dosi_error *err) {
    if (!(line->height_m >= 0 && line->sigma_z0_m >= 0 && line->width_m >= 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "a road: height %g m, width %g m, first spread %g m: none may be "
                         "negative",
                         line->height_m, line->width_m, line->sigma_z0_m);
    }
    if (line->depth_m > 0 && !(line->top_m > 0 && line->bottom_m > 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "a depressed road: widths %g m and %g m: both must be positive",
                         line->top_m, line->bottom_m);
    }
    return DOSI_OK;
}

dosi_status dosi_road_kernel_set(dosi_road_kernel *kernel,
                                 const dosi_road_weather *weather,
                                 const dosi_road_line *line,
                                 double receptor_m,
                                 dosi_error *err) {
    DOSI_TRY(check_weather(weather, err));
    DOSI_TRY(check_line(line, err));
    double angle = (270 - weather->direction_deg) * M_PI / 180;
    kernel->weather = *weather;
    kernel->line = *line;
    kernel->receptor_m = receptor_m;
    kernel->wind_x = cos(angle);
    kernel->wind_y = sin(angle);
    place_walls(kernel, line);
    kernel->met = road_met_make(weather, kernel->downwind_wall_m, kernel->upwind_wall_m);
    fill(kernel, road_plume_at, ROAD_ZONE_NEAR, &kernel->plume[0]);
    fill(kernel, road_meander_at, ROAD_ZONE_NEAR, &kernel->meander[ROAD_ZONE_NEAR]);
    if (kernel->has_walls) {
        fill(kernel, road_meander_at, ROAD_ZONE_UPWIND, &kernel->meander[ROAD_ZONE_UPWIND]);
    }
    if (kernel->downwind_wall_m > 0) {
        kernel->at_wall_m = spread_at_wall(kernel);
        fill(kernel, road_plume_at, ROAD_ZONE_WAKE, &kernel->plume[1]);
        fill(kernel, road_meander_at, ROAD_ZONE_WAKE, &kernel->meander[ROAD_ZONE_WAKE]);
    }
    return DOSI_OK;
}

bool dosi_road_kernel_fits(const dosi_road_kernel *kernel, const dosi_road_line *line) {
    bool has_walls = line->walls[0].height_m > 0 || line->walls[1].height_m > 0;
    return !kernel->has_walls && !has_walls && line->height_m == kernel->line.height_m &&
           line->sigma_z0_m == kernel->line.sigma_z0_m && line->depth_m == kernel->line.depth_m;
}
