// A line by the formulas and Romberg's rule with AERMOD's criterion of stopping: what the
// tables and Gauss points of road_line.c are compared with.

#include "plume/road_kernel.h"

#include <math.h>

#define STOP_AT  5e-4 // relative change by the last extrapolation
#define SQRT_2PI 2.50662827463100050242

enum { LEAST_HALVINGS = 10, MOST_HALVINGS = 30 };

/// The integrand at a place relative to a point of the line, in the wind's frame.
static double point_at(const dosi_road_kernel *kernel, double width2_m2, double x, double y) {
    double from = x + kernel->shift_x_m, aside = y + kernel->shift_y_m;
    road_zone zone = ROAD_ZONE_NEAR;
    if (from < ROAD_UPWIND_M) zone = ROAD_ZONE_UPWIND;
    if (from > kernel->split_m) zone = ROAD_ZONE_WAKE;
    road_pair meander = road_meander_at(kernel, zone, hypot(x, y));
    if (zone == ROAD_ZONE_UPWIND) return meander.second;
    if (zone == ROAD_ZONE_WAKE) from -= kernel->split_m;
    road_pair plume = road_plume_at(kernel, zone, from);
    double sigma2 = plume.second + width2_m2;
    double direct =
        plume.first / (SQRT_2PI * sqrt(sigma2)) * exp(-0.5 * aside * aside / sigma2);
    return (1 - meander.first) * direct + meander.second;
}

double dosi_road_point(
    const dosi_road_kernel *kernel, double width_m, double along_deg, double x_m, double y_m) {
    double c = kernel->wind_x, s = kernel->wind_y;
    double angle = (90 - along_deg) * M_PI / 180;
    double sigma = 0.5 * width_m * (cos(angle) * c + sin(angle) * s);
    return 1e6 * point_at(kernel, sigma * sigma, x_m * c + y_m * s, -x_m * s + y_m * c);
}

/// Halvings without which the points could miss the plume: none for receptors that it passes.
static double halvings_needed(const road_path *path, double x, double y) {
    double end_x = path->length_m * path->dx, end_y = path->length_m * path->dy;
    double margin = 0.5 * path->length_m * fabs(path->dx);
    if (y <= -margin || y >= end_y + margin || (x < 0 && x < end_x)) return 0;
    double ahead = fmax(ROAD_NEAREST_M, fabs(x - y * path->dx / path->dy));
    double apart = fmax(ROAD_NEAREST_M, ahead * path->dy);
    double needed = ceil(log2(2 * path->length_m / apart - 2)) + 2;
    return needed > 0 ? fmin(needed, MOST_HALVINGS / 2.0) : 0; // none, too, when undefined
}

/// One receptor at (x, y) from the line's begin.
static double romberg_at(const dosi_road_kernel *kernel,
                         const road_path *path,
                         double x,
                         double y) {
    double length = path->length_m, needed = halvings_needed(path, x, y);
    double most = fmax(LEAST_HALVINGS, 2 * needed);
    double half =
        point_at(kernel, path->width2_m2, x - length * path->dx, y - length * path->dy);
    double sums[3] = {0, 0, 0.5 * length * (point_at(kernel, path->width2_m2, x, y) + half)};
    int n = 1;
    for (int level = 2; level <= most; level++, n *= 2) {
        double step = length / n, sum = 0;
        for (int i = 0; i < n; i++) {
            double s = (i + 0.5) * step;
            sum += point_at(kernel, path->width2_m2, x - s * path->dx, y - s * path->dy);
        }
        sums[0] = sums[1];
        sums[1] = sums[2];
        sums[2] = 0.5 * (sums[2] + step * sum);
        if (level < 3) continue;
        double coarse = sums[1] + (sums[1] - sums[0]) / 3;
        double fine = sums[2] + (sums[2] - sums[1]) / 3;
        double last = (fine - coarse) / 15;
        if (fabs(last / (fine + last + 1e-10)) < STOP_AT && level > needed) return fine + last;
    }
    return sums[2];
}

void dosi_road_add_romberg(const dosi_road_kernel *kernel,
                           const dosi_road_line *line,
                           double emission_gms,
                           const dosi_road_places *places,
                           double *out) {
    road_path path = road_path_make(kernel, line);
    double c = kernel->wind_x, s = kernel->wind_y;
    for (size_t i = 0; i < places->n; i++) {
        double x = places->x_m[i] * c + places->y_m[i] * s;
        double y = -places->x_m[i] * s + places->y_m[i] * c;
        out[i] += 1e6 * emission_gms * romberg_at(kernel, &path, x - path.x_m, y - path.y_m);
    }
}
