/// @file inverse.h
/// What finding sources and weighing known ones share.
#ifndef DOSI_STAT_INVERSE_H
#define DOSI_STAT_INVERSE_H

#include "dosi/inverse.h"

/// A set of readings with the effects of times and sensors to be taken out of. Times without
/// readings are left out.
typedef struct inverse_rows {
    const dosi_inverse_problem *problem;
    size_t n, n_times, n_sensors;
    uint32_t *row;          ///< (n) of the problem.
    uint32_t *time;         ///< (n) among the times that have readings.
    const uint32_t *sensor; ///< (n)
    double *per_time;       ///< (n_times) 1 / readings of the time.
    double *course;         ///< (n_times) of the sensors' own sources; NULL: none.
    size_t n_effects;       ///< Of sensors: one each, two with a course.
    double *diagonal;       ///< (n_effects) sums of squares without the effects of times.
    double *factor; ///< (n_effects^2) Cholesky factor of the products of the sensors' effects;
                    ///< NULL: they are too many, and are found by iteration.
    size_t n_shared;
    double *shared;   ///< (n x n_shared) shared columns at right angles, without effects.
    size_t n_scratch; ///< What `scratch` below holds.
} inverse_rows;

/// Takes every reading of times that are a multiple of `stride`. Clear after use, also on
/// failure.
DOSI_CHECKED dosi_status dosi_inverse_rows_take(const dosi_inverse_problem *problem,
                                                size_t stride,
                                                inverse_rows *out,
                                                dosi_error *err);

void dosi_inverse_rows_clear(inverse_rows *rows);

/// Takes the effects of times and sensors out of `v` (rows->n), in place.
/// @param scratch  (n_scratch)
void dosi_inverse_take_effects(const inverse_rows *rows, double *v, double *scratch);

/// A column that is zero but at some rows.
typedef struct inverse_sparse {
    size_t n;
    uint32_t *at;  ///< (n) ascending
    double *value; ///< (n)
} inverse_sparse;

/// Sum of squares of a column once the effects are taken out, without doing so.
double dosi_inverse_square(const inverse_rows *rows,
                           const inverse_sparse *column,
                           double *scratch);

/// The column of a place: forward model less its effects. @param scratch as above.
void dosi_inverse_column(const inverse_rows *rows,
                         const dosi_place *place,
                         double *scratch,
                         double *out);

/// Correlation of `v` (rows->n) with itself one time before, over all sensors, within 0..0.98.
/// Readings of a sensor are in the order of time. @param last  (n_sensors) scratch.
double dosi_inverse_correlation(const inverse_rows *rows, const double *v, double *last);

/// sum a b, in order.
double dosi_inverse_dot(const double *a, const double *b, size_t n);

/// Non-negative least squares from normal equations: min q'Aq - 2 b'q, q >= 0, by cyclic
/// coordinate descent from `q`.
/// @param a  (n x n) @param b (n) @param q (n) in and out.
void dosi_inverse_nnls(const double *a, const double *b, size_t n, double *q);

#endif // DOSI_STAT_INVERSE_H
