/// @file inverse_air.h
/// The air between sources and stations, as air.inverse sees it: hourly weather, a plume, and
/// which way the wind blew within what rounding hides of its direction.
#ifndef DOSI_METHOD_INVERSE_AIR_H
#define DOSI_METHOD_INVERSE_AIR_H

#include "dosi/gauss.h"
#include "dosi/inverse.h"
#include "dosi/table.h"

enum { INVERSE_DIRECTIONS = 9 }; // a multiple of three

/// Weather of one hour, ready for plumes.
typedef struct inverse_hour {
    double wind_ms, temperature_k, mixing_m;
    double to_x[INVERSE_DIRECTIONS], to_y[INVERSE_DIRECTIONS];
    double weight[INVERSE_DIRECTIONS]; ///< How likely each is; they sum to 1.
    dosi_stability stability;
} inverse_hour;

/// Hours and what plumes need besides.
typedef struct inverse_air {
    int threads;                          ///< In: most to use.
    double direction_deg, mixing_m;       ///< In: resolution of directions; where it lacks.
    double diameter_m, gas_ms, gas_k;     ///< In: what a stack is taken to have.
    const double *x, *y;                  ///< In: places of sensors, borrowed.
    const dosi_inverse_problem *readings; ///< In: their times and sensors, borrowed.
    inverse_hour *hours;                  ///< (n_hours)
    int64_t *hour_time;                   ///< (n_hours) ascending
    double *course;                       ///< (n_hours) what low sources all over a city give
                                          ///< goes with: 1 / wind.
    size_t n_hours;
} inverse_air;

/// Value of an optional column; `missing` where there is none.
double inverse_value_or(const dosi_table *table, const char *name, size_t row, double missing);

/// Reads hours with wind, in the order of time, each once; every direction within the
/// resolution is as likely. inverse_air_clear() also on failure.
DOSI_CHECKED dosi_status inverse_air_read(inverse_air *air,
                                          const dosi_table *weather,
                                          dosi_error *err);

void inverse_air_clear(inverse_air *air);

/// The hour of a time; SIZE_MAX: there is none.
size_t inverse_air_find_hour(const inverse_air *air, int64_t time);

/// ug/m3 at readings of one gram a second: a Gaussian plume (dosi/gauss.h) with Briggs' urban
/// curves and rise, averaged over the directions. A dosi_inverse_forward; context: inverse_air.
/// Quickest for rows in the order of time; the same bits in any order and at any thread count.
void inverse_air_forward(const void *context,
                         const dosi_place *place,
                         const uint32_t *row,
                         size_t n_rows,
                         double *out);

/// ug/m3 at readings of one gram a second from each of `n_side` x `n_side` squares of low
/// sources all over a box. @param box (4) x from, x to, y from, y to.
/// @param out  (n_side^2 x n of the readings)
void inverse_air_low(const inverse_air *air, const double *box, size_t n_side, double *out);

/// Sources as they are thought to be, and the standard deviation of readings about them.
typedef struct inverse_plumes {
    size_t n;
    const dosi_place *place; ///< (n)
    const double *strength;  ///< (n) g/s
    double noise_sd;
} inverse_plumes;

/// How likely each direction of each hour is, given the sources: a step of expectation
/// maximisation (A. Dempster, N. Laird and D. Rubin, 1977).
DOSI_CHECKED dosi_status inverse_air_learn(inverse_air *air,
                                           const inverse_plumes *plumes,
                                           dosi_error *err);

#endif // DOSI_METHOD_INVERSE_AIR_H
