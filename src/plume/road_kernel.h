/// @file road_kernel.h
/// The tables of a road kernel and the geometry of a line in the wind's frame.
#ifndef DOSI_PLUME_ROAD_KERNEL_H
#define DOSI_PLUME_ROAD_KERNEL_H

#include "plume/road_met.h"

#include <stdint.h>
#include <string.h>

/// Least distance between a place and a road.
#define ROAD_NEAREST_M 1.0
/// Downwind distances below this are upwind.
#define ROAD_UPWIND_M 1e-4

enum {
    ROAD_LEAST_EXPONENT = -5, ///< Tables begin at 2^-5 m,
    ROAD_OCTAVES = 22,        ///< end at 2^17 m,
    ROAD_CELL_BITS = 7,       ///< and have 32 linear pieces an octave.
    ROAD_CELLS = ROAD_OCTAVES << ROAD_CELL_BITS,
    ROAD_RULES = 9,   ///< Gauss-Legendre rules kept,
    ROAD_POINTS = 32, ///< with at most this many points.
    ROAD_BREAKS = 12, ///< Jumps and kinks of a table that panels end at.
};

/// Where the receptor is as seen from a point of the road.
typedef enum road_zone {
    ROAD_ZONE_UPWIND, ///< Not downwind: only what meanders.
    ROAD_ZONE_NEAR,   ///< Downwind, before any wall.
    ROAD_ZONE_WAKE,   ///< Behind the downwind wall.
    ROAD_ZONES
} road_zone;

/// Two quantities on one piece: value at its begin and growth over it.
typedef struct road_cell {
    double first, first_step, second, second_step;
} road_cell;

/// Two quantities at a distance, and the state of the iteration behind them.
typedef struct road_pair {
    double first, second;
    int steps;
} road_pair;

/// A table of two quantities over distance.
typedef struct road_table {
    int n_breaks;
    double breaks[ROAD_BREAKS]; ///< Where they jump, in no order.
    road_cell cells[ROAD_CELLS];
} road_table;

/// A Gauss-Legendre rule on (-1, 1).
typedef struct road_rule {
    int n;
    double at[ROAD_POINTS], weight[ROAD_POINTS];
} road_rule;

struct dosi_road_kernel {
    dosi_road_weather weather;
    dosi_road_line line; ///< The line, or one of the lines, it is for.
    double receptor_m;
    road_met met;
    double wind_x, wind_y; ///< Unit vector downwind.
    bool has_walls;
    double upwind_wall_m, downwind_wall_m; ///< Heights that count.
    double shift_x_m, shift_y_m;           ///< Of the line to the upwind wall (wind's frame).
    double split_m;                        ///< Downwind distance of the downwind wall.
    double at_wall_m;                      ///< Vertical spread of a plume that has come there.
    /// Vertical part (1/m per m/s) and squared horizontal spread, for NEAR and WAKE.
    road_table plume[ROAD_ZONES - 1];
    /// Part that meanders, and what it brings (1/m2 per m/s).
    road_table meander[ROAD_ZONES];
    road_rule rules[ROAD_RULES];
};

/// A line in the frame whose x axis points downwind, beginning at the lower y.
typedef struct road_path {
    double x_m, y_m; ///< Its begin.
    double dx, dy;   ///< Unit direction; dy >= 0.
    double length_m;
    double width2_m2; ///< Square of the horizontal spread that its width makes.
} road_path;

/// The line after offset and depression, in the wind's frame.
road_path road_path_make(const dosi_road_kernel *kernel, const dosi_road_line *line);

/// Vertical spread that a depressed road adds, squared.
static inline double road_depth_m2(const dosi_road_line *line) {
    double sigma = line->depth_m / 2.15;
    return sigma * sigma;
}

/// What a cell is for: `distance_m` is held to the table; `*part` is the place in the cell.
static inline const road_cell *road_find(const road_table *table,
                                         double distance_m,
                                         double *part) {
    const double least = 1.0 / (1 << -ROAD_LEAST_EXPONENT);
    const double greatest = (double)(1 << (ROAD_OCTAVES + ROAD_LEAST_EXPONENT)) * (1 - 1e-15);
    distance_m = distance_m > least ? distance_m : least;
    distance_m = distance_m < greatest ? distance_m : greatest;
    uint64_t bits = 0;
    memcpy(&bits, &distance_m, sizeof bits);
    const uint64_t base = (uint64_t)(1023 + ROAD_LEAST_EXPONENT) << ROAD_CELL_BITS;
    const int low = 52 - ROAD_CELL_BITS;
    uint64_t index = (bits >> low) - base;
    *part = (double)(int64_t)(bits & (((uint64_t)1 << low) - 1)) *
            (1.0 / (double)((uint64_t)1 << low));
    return &table->cells[index];
}

/// First quantity at a distance.
static inline double road_first(const road_table *table, double distance_m) {
    double part = 0;
    const road_cell *cell = road_find(table, distance_m, &part);
    return cell->first + part * cell->first_step;
}

/// Second quantity at a distance.
static inline double road_second(const road_table *table, double distance_m) {
    double part = 0;
    const road_cell *cell = road_find(table, distance_m, &part);
    return cell->second + part * cell->second_step;
}

/// Vertical part and squared horizontal spread of a zone by the formulas: NEAR and WAKE of a
/// plume at `x_m` from the road (WAKE: from the wall).
road_pair road_plume_at(const dosi_road_kernel *kernel, road_zone zone, double x_m);

/// The part that meanders, and what it brings, at a radial distance.
road_pair road_meander_at(const dosi_road_kernel *kernel, road_zone zone, double r_m);

/// The integral along a line for one receptor in the wind's frame, for 1 g/m/s: g/m3.
double road_line_at(const dosi_road_kernel *kernel, const road_path *path, double x, double y);

/// Fills the Gauss-Legendre rules.
void road_rules_fill(road_rule *rules);

#endif // DOSI_PLUME_ROAD_KERNEL_H
