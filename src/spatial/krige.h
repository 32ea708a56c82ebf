/// @file krige.h
/// What global and local kriging share: the problem with its maps grouped by which sites are
/// present.
#ifndef DOSI_SPATIAL_KRIGE_H
#define DOSI_SPATIAL_KRIGE_H

#include "dosi/krige.h"
#include "spatial/covariance.h"

#include <stdint.h>

/// Maps in which the same sites are present.
typedef struct krige_pattern {
    size_t n_present;
    const uint32_t *present; ///< (n_present) site indexes, ascending.
    size_t n_maps;
    const size_t *maps; ///< (n_maps) ascending.
} krige_pattern;

/// All patterns of a problem; owns what they point to.
typedef struct krige_patterns {
    size_t n;
    krige_pattern *items;
    uint32_t *present;
    size_t *maps;
} krige_patterns;

enum { KRIGE_MAX_COLUMNS = DOSI_KRIGE_MAX_DRIFT + 1, KRIGE_MAX_POINTS = 16 };

/// The points that stand for a target: itself, or its block.
typedef struct krige_support {
    size_t n; ///< 1: the target itself.
    double dx[KRIGE_MAX_POINTS], dy[KRIGE_MAX_POINTS], weight[KRIGE_MAX_POINTS];
    double base; ///< Added to the weighted sum of covariances.
} krige_support;

/// Several variables: which one a site's values are of, and their covariances.
typedef struct krige_cross {
    size_t n_variables;
    const uint8_t *variable;        ///< (n_sites)
    const covariance_field *fields; ///< (n_variables x n_variables)
} krige_cross;

/// A problem on its way: what was asked for, and what holds for all of it.
typedef struct krige_work {
    const dosi_krige *problem;
    const dosi_sites *targets; ///< NULL when leaving one out.
    const krige_cross *cross;  ///< NULL: one variable. Else variable 0 is predicted.
    covariance_field field;    ///< Between data.
    covariance_field smooth;   ///< Between data and blocks: no nugget at distance 0.
    krige_support support;
    double variance_there; ///< Variance of a target before anything is known.
    size_t n_columns;      ///< Of the drift with the constant; 0: known mean.
    double *drift;         ///< (n_columns x n_sites) standardised.
    double *target_drift;  ///< (n_columns x targets or sites) likewise.
    const dosi_run *run;
    double *prediction; ///< (n_maps x targets or sites)
    double *variance;   ///< The same, or NULL.
} krige_work;

/// Covariances between data and a target's support, (dx, dy) apart. `out` overlaps neither.
void dosi_krige_covariances(
    const krige_work *work, const double *dx, const double *dy, double *out, size_t n);

/// Places with what their data are.
typedef struct krige_data {
    dosi_sites sites;
    const uint8_t *variable;      ///< (n) with several variables; else NULL.
    const double *error_variance; ///< (n) or NULL.
} krige_data;

/// The lower triangle of the covariances between data, with their own errors on the diagonal.
/// @param out  (n x n) rows of n numbers.
void dosi_krige_data_covariances(const krige_work *work, const krige_data *data, double *out);

/// Predicts, with problem, cross, targets, run and outputs of `work` set.
DOSI_CHECKED dosi_status dosi_krige_do_predict(krige_work *work, dosi_error *err);

/// Leaves one out, likewise without targets.
DOSI_CHECKED dosi_status dosi_krige_do_leave(krige_work *work, dosi_error *err);

/// Factors U'U of the drift in place. A variable without data has no column (cross only): it is
/// left out; without the first there is nothing to predict. False: the drift is not told.
bool dosi_krige_factor_drift(const krige_work *work, double *s);

/// Fails because the covariances of `pattern` are not positive definite, naming the likely
/// reason.
dosi_status dosi_krige_fail_factor(const krige_work *work, dosi_error *err);

/// Solves A x = b in place with the factor that dosi_cholesky() left, n <= KRIGE_MAX_COLUMNS.
void dosi_krige_solve_small(const double *l, size_t n, double *b);

/// Predicts the maps of patterns `which[0..n_which)` from all their present sites.
DOSI_CHECKED dosi_status dosi_krige_global(const krige_work *work,
                                           const krige_patterns *patterns,
                                           const size_t *which,
                                           size_t n_which,
                                           dosi_error *err);

/// Predicts the maps of one pattern from the nearest sites of each target.
DOSI_CHECKED dosi_status dosi_krige_local(const krige_work *work,
                                          const krige_pattern *pattern,
                                          dosi_error *err);

/// Leaves each site of a pattern out, in closed form.
DOSI_CHECKED dosi_status dosi_krige_leave_global(const krige_work *work,
                                                 const krige_pattern *pattern,
                                                 dosi_error *err);

#endif // DOSI_SPATIAL_KRIGE_H
