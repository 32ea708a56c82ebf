/// @file krige.h
/// Kriging: simple, ordinary, universal (external drift), of points and blocks, from all sites
/// or the nearest, from exact data and from data with errors of their own.
///
/// Many maps over the same sites are done together, because everything that depends only on
/// which sites are present is computed once. Indicator kriging is this with values 0 and 1.
#ifndef DOSI_KRIGE_H
#define DOSI_KRIGE_H

#include "dosi/variogram.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What is known of the mean.
typedef enum dosi_krige_mean {
    DOSI_KRIGE_MEAN_UNKNOWN, ///< Constant, or linear in the drift: ordinary, universal kriging.
    DOSI_KRIGE_MEAN_KNOWN,   ///< `mean`: simple kriging; no drift.
} dosi_krige_mean;

/// Columns that a drift may have, beside the constant.
enum { DOSI_KRIGE_MAX_DRIFT = 15 };

/// A kriging problem; everything is borrowed. What is not named is 0, and then it is ordinary
/// kriging at points. The model is that of the residuals when there is a drift.
typedef struct dosi_krige {
    const dosi_variogram *model;
    const dosi_sites *sites; ///< No two at the same place.
    const double *values;    ///< (n_maps x sites->n) row-major; NaN: not present in that map.
    size_t n_maps;
    size_t n_nearest; ///< Use so many nearest present sites (<= 1023), the last of equally
                      ///< near ones first, as gstat does; 0: all (global).
    dosi_krige_mean mean_kind;
    double mean;                ///< Of all maps, when known.
    size_t n_drift;             ///< Covariates, beside the constant: <= DOSI_KRIGE_MAX_DRIFT.
    const double *drift;        ///< (sites->n x n_drift) row-major, finite.
    const double *target_drift; ///< (targets->n x n_drift) row-major; NaN: no prediction there.
    const double *error_variance; ///< (sites->n) of each datum's own error, >= 0, beside the
                                  ///< nugget; NULL: none. Predictions are of the truth.
    double block_m[2];            ///< Width and height of the blocks that targets are the
                                  ///< middles of; 0: points. 4 x 4 Gauss points each.
} dosi_krige;

/// Kriging of every map at every target.
/// @param prediction  (n_maps x targets->n) out, row-major; NaN where a map has no site, or
///                    too few (or too much alike) to tell the drift.
/// @param variance    (n_maps x targets->n) out, may be NULL: kriging variance, >= 0.
/// @return DOSI_OK; DOSI_DOMAIN: a model, site or target outside its domain, two sites at one
///         place, or a covariance matrix that is not positive definite (Gaussian model without
///         nugget on close sites); DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Exact at a site without error; same bits at any thread count.
/// Cost: global, for each distinct set of present sites n^3/3 + n^2 targets, for each map
///       n targets; local, for each distinct set, targets x n_nearest^3/3 at most.
/// Source: G. Matheron (1963); N. Cressie (1993), Statistics for Spatial Data, 3.2-3.5; the
/// errors: filtered kriging, 3.7; blocks: gstat's 4 x 4 Gauss-Legendre points.
DOSI_API DOSI_CHECKED dosi_status dosi_krige_predict(const dosi_krige *problem,
                                                     const dosi_sites *targets,
                                                     const dosi_run *run,
                                                     double *prediction,
                                                     double *variance,
                                                     dosi_error *err);

/// Every value predicted from the others of its map. Global: in closed form from one inverse.
/// The variance is that of the value, with its own error where it has one. Blocks count as
/// points.
/// @param prediction  (n_maps x sites->n) out; NaN where the value is missing or alone.
/// @param variance    (n_maps x sites->n) out.
/// @return As dosi_krige_predict().
/// Source: O. Dubrule (1983), Math. Geol. 15, 687-699.
DOSI_API DOSI_CHECKED dosi_status dosi_krige_leave_one_out(const dosi_krige *problem,
                                                           const dosi_run *run,
                                                           double *prediction,
                                                           double *variance,
                                                           dosi_error *err);

/// How good predictions with variances are.
typedef struct dosi_krige_score {
    size_t n;           ///< Pairs with both an observation and a prediction.
    double me;          ///< Mean of observed - predicted.
    double mae;         ///< Mean absolute error.
    double rmse;        ///< Root mean squared error.
    double msdr;        ///< Mean of squared error / variance; 1 when the variances are honest.
    double coverage_95; ///< Share of observations within 1.96 standard deviations.
    double correlation; ///< Of observed with predicted; NaN when either is constant.
} dosi_krige_score;

/// Scores `n` predictions; pairs with a NaN are left out. All NaN when none is left.
DOSI_API dosi_krige_score dosi_krige_score_of(const double *observed,
                                              const double *predicted,
                                              const double *variance,
                                              size_t n);

#ifdef __cplusplus
}
#endif

#endif // DOSI_KRIGE_H
