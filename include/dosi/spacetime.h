/// @file spacetime.h
/// Space-time geostatistics: variograms over distance and lag, their models, and kriging.
///
/// A field is values at sites over equal time steps. Distances are metres; times, lags and
/// temporal ranges are counted in steps, so that a day's step makes days of them. A missing
/// value is NaN.
#ifndef DOSI_SPACETIME_H
#define DOSI_SPACETIME_H

#include "dosi/spatial.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What was measured; everything is borrowed.
typedef struct dosi_st_field {
    const dosi_sites *sites;
    const double *values; ///< (n_times x sites->n) row-major; NaN: missing.
    size_t n_times;
} dosi_st_field;

// --- sample variograms -------------------------------------------------------------------

/// One class of distance at one lag.
typedef struct dosi_st_bin {
    double n_pairs;    ///< 0: nothing here, and distance_m and gamma are 0 too.
    double lag;        ///< Steps.
    double class_m;    ///< Middle of the distance class; 0: pairs of a site with itself.
    double distance_m; ///< Mean distance of these pairs.
    double mean_m;     ///< Mean distance of the pairs of this class at all lags.
    double gamma;      ///< Half the mean squared difference.
} dosi_st_bin;

/// How pairs are sorted: distance 0 (the same site), then classes (lower, upper].
typedef struct dosi_st_classes {
    double cutoff_m; ///< Longest distance; 0: a third of the diagonal of the sites' box.
    size_t n_bins;   ///< 1..1000 classes besides distance 0; 0: 15.
    size_t n_lags;   ///< 1..1000: lags 0 .. n_lags - 1.
} dosi_st_classes;

/// Sample space-time variogram over all pairs of values not further apart than the classes.
/// @param bins  (n_lags x (n_bins + 1)) out: by lag, then by class.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than two sites, bad classes, or a site not finite;
///         DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: O(n_sites^2 n_times n_lags); same bits at any thread count.
/// Source: B. Graeler, E. Pebesma, G. Heuvelink (2016), R Journal 8(1); classes as gstat's
/// variogramST().
DOSI_API DOSI_CHECKED dosi_status dosi_st_variogram_sample(const dosi_st_field *field,
                                                           const dosi_st_classes *classes,
                                                           const dosi_run *run,
                                                           dosi_st_bin *bins,
                                                           dosi_error *err);

/// Metres that differ as much as one step: the stretch of time at which the straight line
/// through the bins of lag 0 (gamma over distance) lies best, by least squares, through the
/// bins of distance 0. Equal to gstat's estiStAni() "linear". NaN when a line lacks two bins
/// or does not rise.
DOSI_API double dosi_st_anisotropy(const dosi_st_bin *bins, size_t n_bins);

// --- models ------------------------------------------------------------------------------

/// Families of models: enum name, name for people and parameters.
#define DOSI_ST_TABLE(X)         \
    X(SEPARABLE, "separable")    \
    X(PRODUCT_SUM, "productsum") \
    X(METRIC, "metric")          \
    X(SUM_METRIC, "summetric")

// clang-format off
typedef enum dosi_st_kind {
#define X(name, text) DOSI_ST_##name,
    DOSI_ST_TABLE(X)
#undef X
    DOSI_ST_COUNT ///< Not a kind: how many there are.
} dosi_st_kind;
// clang-format on

/// Covariance at distance h and lag u:
///   sill_space s(h) + sill_time t(u) + sill_product s(h) t(u)
///     + sill_joint j(sqrt(h^2 + (metres_per_step u)^2)),
/// with correlations s, t, j = 1 - their variograms. The family says which sills may be other
/// than 0: separable sill_product; product-sum the first three; metric sill_joint; sum-metric
/// sill_space, sill_time and sill_joint. gstat's k of the product-sum model is
/// sill_product / (sill_space sill_time).
typedef struct dosi_st_model {
    dosi_st_kind kind;
    dosi_variogram space; ///< Sill (nugget + psill) 1.
    dosi_variogram time;  ///< Sill 1; its `range_m` counts steps.
    dosi_variogram joint; ///< Sill 1.
    double sill_space, sill_time, sill_product, sill_joint; ///< >= 0
    double metres_per_step; ///< > 0: anisotropy of the joint part.
} dosi_st_model;

/// "separable"...; never NULL.
DOSI_API const char *dosi_st_kind_name(dosi_st_kind kind);

/// The kind of a name as dosi_st_kind_name() gives it; DOSI_ST_COUNT when there is none.
DOSI_API dosi_st_kind dosi_st_kind_from_name(const char *name);

/// DOSI_DOMAIN when a field is outside its domain above, naming it; else DOSI_OK. Linear
/// variograms have no sill and are refused.
DOSI_API DOSI_CHECKED dosi_status dosi_st_model_check(const dosi_st_model *model,
                                                      dosi_error *err);

/// Covariance at distance `h_m` >= 0 and lag `u` >= 0 steps.
DOSI_API double dosi_st_model_covariance(const dosi_st_model *model, double h_m, double u);

/// Semivariance there: sill - covariance.
DOSI_API double dosi_st_model_value(const dosi_st_model *model, double h_m, double u);

/// Fits a model to a sample variogram: minimises the mean over filled bins of
///   n_pairs (gamma - model)^2 / (h^2 + (metres_per_step u)^2), distances in kilometres,
/// which is gstat's fit.method 7 with the optimum it prints as "wMSE". All sills and nuggets
/// of a sum are exact for given ranges (non-negative least squares); the rest is searched from
/// many starts, so that no start is asked for.
/// @param metres_per_step  > 0: of the weights; the model has its own.
/// @param model  In: kind, and kind and kappa of its variograms; out: everything.
/// @param error  Out, may be NULL: the minimum.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 8 filled bins or a bad weight.
/// Cost: some 10,000 evaluations of the model at every bin.
/// Source: B. Graeler, E. Pebesma, G. Heuvelink (2016), R Journal 8(1); C. Lawson, R. Hanson
/// (1974); J. Nelder, R. Mead (1965).
DOSI_API DOSI_CHECKED dosi_status dosi_st_variogram_fit(const dosi_st_bin *bins,
                                                        size_t n_bins,
                                                        double metres_per_step,
                                                        dosi_st_model *model,
                                                        double *error,
                                                        dosi_error *err);

// --- kriging -----------------------------------------------------------------------------

/// A space-time kriging problem; everything is borrowed.
typedef struct dosi_st_krige {
    const dosi_st_model *model;
    const dosi_st_field *field; ///< No two sites at the same place.
    size_t n_nearest; ///< Use so many nearest values in the metric h^2 + (metres_per_step u)^2
                      ///< (of equals the earlier, then the lower site); 0: all values.
    double metres_per_step; ///< > 0: of that metric.
} dosi_st_krige;

/// Places and times to predict.
typedef struct dosi_st_targets {
    dosi_sites places;
    const double *time;      ///< (places.n) steps from the field's first time; may be between.
    const uint32_t *without; ///< (places.n) a site whose values are not used, UINT32_MAX: none;
                             ///< NULL: none anywhere. For cross-validation.
} dosi_st_targets;

/// Ordinary space-time kriging.
/// @param prediction  (targets places.n) out; NaN where there is no value to use.
/// @param variance    (the same) out, may be NULL: kriging variance.
/// @return DOSI_OK; DOSI_DOMAIN: a model, site or target outside its domain, two sites at one
///         place, or covariances that are not positive definite; DOSI_LIMIT: more than 5,000
///         values at once; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Exact at a value; same bits at any thread count.
/// Cost: for each target n_nearest^3 / 3 (less where following targets use the same values);
///       with all values n^3 / 3 once and n^2 for each target.
/// Source: N. Cressie, C. Wikle (2011), Statistics for Spatio-Temporal Data, 4.1.
DOSI_API DOSI_CHECKED dosi_status dosi_st_krige_predict(const dosi_st_krige *problem,
                                                        const dosi_st_targets *targets,
                                                        const dosi_run *run,
                                                        double *prediction,
                                                        double *variance,
                                                        dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_SPACETIME_H
