/// @file variogram.h
/// Variograms: models, samples and fits, as gstat defines them.
///
/// Coordinates are planar metres. A "map" is one set of values at the sites, such as one hour
/// of one pollutant. A missing value is NaN: that site is not present in that map.
#ifndef DOSI_VARIOGRAM_H
#define DOSI_VARIOGRAM_H

#include "dosi/run.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Places, as parallel columns borrowed from the caller. Metres, finite.
typedef struct dosi_sites {
    size_t n;
    const double *x; ///< (n) east
    const double *y; ///< (n) north
} dosi_sites;

/// Shapes of variogram: enum name, name for people and parameters.
#define DOSI_VARIOGRAM_TABLE(X)   \
    X(NUGGET, "nugget")           \
    X(SPHERICAL, "spherical")     \
    X(EXPONENTIAL, "exponential") \
    X(GAUSSIAN, "gaussian")       \
    X(MATERN, "matern")           \
    X(LINEAR, "linear")

// clang-format off
typedef enum dosi_variogram_kind {
#define X(name, text) DOSI_VARIOGRAM_##name,
    DOSI_VARIOGRAM_TABLE(X)
#undef X
    DOSI_VARIOGRAM_COUNT ///< Not a kind: how many there are.
} dosi_variogram_kind;
// clang-format on

/// A nugget and one structure, or several added up. Semivariance for h > 0 is
/// nugget + psill g(h / range) + that of `nested`, and 0 at h = 0, with g(r):
/// spherical 1.5 r - 0.5 r^3 (1 from r = 1); exponential 1 - exp(-r); Gaussian 1 - exp(-r^2);
/// Matern 1 - 2^(1-k)/Gamma(k) r^k K_k(r); linear r (no sill); nugget 0.
/// With a ratio, distances across the azimuth count 1 / ratio times (geometric anisotropy).
/// Source: gstat 2.1 (E. Pebesma), vgm(): `range_m` is the scale of the exponential, not the
/// practical range of GSLIB and PyKrige, which is three times as long; azimuth and ratio are
/// its anis = c(azimuth, ratio).
typedef struct dosi_variogram {
    dosi_variogram_kind kind;
    double nugget;      ///< >= 0, square of the values' unit.
    double psill;       ///< >= 0, partial sill; linear: semivariance gained over `range_m`.
    double range_m;     ///< > 0
    double kappa;       ///< Matern smoothness, 0 < kappa <= 20; unused otherwise.
    double azimuth_deg; ///< Direction of the longest range, clockwise from north.
    double ratio;       ///< Shortest range / `range_m`, 0 < ratio <= 1; 0: 1, all ways alike.
    const struct dosi_variogram *nested; ///< Added to this one; NULL: nothing. Borrowed.
} dosi_variogram;

/// Structures that a chain of `nested` may have.
enum { DOSI_VARIOGRAM_MAX_NESTED = 8 };

/// "spherical"...; never NULL.
DOSI_API const char *dosi_variogram_kind_name(dosi_variogram_kind kind);

/// The kind of a name as dosi_variogram_kind_name() gives it; DOSI_VARIOGRAM_COUNT when there
/// is none.
DOSI_API dosi_variogram_kind dosi_variogram_kind_from_name(const char *name);

/// DOSI_DOMAIN when a field is outside its domain above, naming it; else DOSI_OK.
DOSI_API DOSI_CHECKED dosi_status dosi_variogram_check(const dosi_variogram *model,
                                                       dosi_error *err);

/// Semivariance at distance `h_m` >= 0, along the azimuth of each structure.
DOSI_API double dosi_variogram_value(const dosi_variogram *model, double h_m);

/// Semivariance between two places `dx_m` and `dy_m` (east, north) apart.
DOSI_API double dosi_variogram_between(const dosi_variogram *model, double dx_m, double dy_m);

/// Variance at distance 0 and beyond all ranges: nuggets and partial sills of the chain. For a
/// linear structure, twice what it gains over `span_m`.
DOSI_API double dosi_variogram_sill(const dosi_variogram *model, double span_m);

/// One distance class of a sample variogram.
typedef struct dosi_variogram_bin {
    double n_pairs;    ///< 0: nothing in this class, and the rest is 0 too.
    double distance_m; ///< Mean distance of the pairs.
    double gamma;      ///< Half the mean squared difference.
} dosi_variogram_bin;

/// How pairs are sorted into classes (lower, upper].
typedef struct dosi_variogram_classes {
    double cutoff_m;      ///< Longest distance; 0: a third of the diagonal of the sites' box.
    size_t n_bins;        ///< 1..1000; 0: 15.
    double azimuth_deg;   ///< Direction of the pairs looked at, clockwise from north.
    double tolerance_deg; ///< Pairs within so much of it either way, 0..90; 0: all pairs.
} dosi_variogram_classes;

/// Sample variogram over all pairs of sites in the same map, pooled over maps.
/// @param values  (n_maps x sites->n) row-major; NaN: not present.
/// @param bins    (classes n_bins, or 15) out.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than two sites, bad classes, or a site not finite.
/// Cost: O(n^2 n_maps), one thread.
/// Source: G. Matheron (1962); classes and mean distances as gstat::variogram().
DOSI_API DOSI_CHECKED dosi_status dosi_variogram_sample(const dosi_sites *sites,
                                                        const double *values,
                                                        size_t n_maps,
                                                        const dosi_variogram_classes *classes,
                                                        dosi_variogram_bin *bins,
                                                        dosi_error *err);

/// Sample cross-variogram of two variables at the same sites: half the mean product of their
/// differences, over pairs where both have both. May be negative. Pairs count once (gstat's
/// cross-variograms count them twice).
/// @param first_and_second  Two times (n_maps x sites->n) row-major; NaN: not present.
/// Otherwise as dosi_variogram_sample().
DOSI_API DOSI_CHECKED dosi_status
dosi_variogram_sample_cross(const dosi_sites *sites,
                            const double *const *first_and_second,
                            size_t n_maps,
                            const dosi_variogram_classes *classes,
                            dosi_variogram_bin *bins,
                            dosi_error *err);

/// Indicators: 1 where a value is at most `threshold`, 0 where it is above, NaN where missing.
DOSI_API void dosi_indicator(const double *values,
                             size_t n,
                             double threshold,
                             double *indicators);

/// How much a distance class counts in a fit: enum name, name for people and parameters.
#define DOSI_VARIOGRAM_WEIGHTS_TABLE(X) \
    X(PAIRS_H2, "pairs_h2")             \
    X(PAIRS, "pairs")

// clang-format off
typedef enum dosi_variogram_weights {
#define X(name, text) DOSI_VARIOGRAM_##name,
    DOSI_VARIOGRAM_WEIGHTS_TABLE(X) ///< N / h^2 (gstat's fit.method 7); N (method 1).
#undef X
    DOSI_VARIOGRAM_WEIGHTS_COUNT ///< Not a weight: how many there are.
} dosi_variogram_weights;
// clang-format on

/// The weights of a name ("pairs_h2", "pairs"); DOSI_VARIOGRAM_WEIGHTS_COUNT when there is
/// none.
DOSI_API dosi_variogram_weights dosi_variogram_weights_from_name(const char *name);

/// Fits a model to a sample variogram: min sum w_j (gamma_j - model(h_j))^2 with nugget and
/// psill >= 0. Weights N / h^2 follow the shortest distances, which is right where they hold
/// many pairs; weights N suit networks whose few close pairs are unlike (a roadside station
/// beside an urban one). For given ranges the sills are exact, so that only the ranges are
/// searched: over the whole interval from a fifth of the shortest to 20 times the longest
/// distance, then refined around every local minimum (two or three structures: around the
/// best of a grid of ranges).
/// @param model  In: kind, kappa, azimuth and ratio of the structure and of those nested in it
///               (three at most); out: everything, in the given chain, the nugget in its
///               first. `nested` is written through.
/// @param error  Out, may be NULL: the weighted sum of squared errors.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 3 filled classes, or too many structures.
/// Source: N. Cressie (1985), Math. Geol. 17; G. Golub, V. Pereyra (1973) for the projection.
DOSI_API DOSI_CHECKED dosi_status dosi_variogram_fit(const dosi_variogram_bin *bins,
                                                     size_t n_bins,
                                                     dosi_variogram_weights weights,
                                                     dosi_variogram *model,
                                                     double *error,
                                                     dosi_error *err);

/// Structures that dosi_variogram_fit() takes.
enum { DOSI_VARIOGRAM_MAX_FIT = 3 };

/// Values with the drift that a likelihood is of.
typedef struct dosi_reml {
    const dosi_sites *sites;
    const double *values; ///< (n_maps x sites->n); maps are independent; NaN: not present.
    size_t n_maps;
    size_t n_drift;      ///< Covariates beside the constant.
    const double *drift; ///< (sites->n x n_drift), finite.
    double range_m;      ///< > 0: keep this range; 0: search it.
} dosi_reml;

/// Fits nugget, psill and range of one structure by restricted maximum likelihood, which uses
/// every pair as it is, without classes: better than least squares for few sites.
/// @param model           In: kind, kappa, azimuth, ratio; out: nugget, psill, range_m.
/// @param log_likelihood  Out, may be NULL: restricted log likelihood at the optimum, without
///                        the constant of the drift's own scale.
/// @return DOSI_OK; DOSI_DOMAIN: too few values, a drift that they do not tell, or a linear or
///         nugget model; DOSI_NO_MEMORY.
/// Cost: about 200 factors of n x n a distinct set of present sites.
/// Source: H. D. Patterson, R. Thompson (1971), Biometrika 58; P. K. Kitanidis (1983), Water
/// Resour. Res. 19.
DOSI_API DOSI_CHECKED dosi_status dosi_variogram_fit_reml(const dosi_reml *data,
                                                          dosi_variogram *model,
                                                          double *log_likelihood,
                                                          dosi_error *err);

/// Residuals of least squares on a constant and drift columns, map by map.
/// @param residuals  (n_maps x sites->n) out, NaN where missing (or too few to tell).
DOSI_API DOSI_CHECKED dosi_status dosi_drift_residuals(const dosi_reml *data,
                                                       double *residuals,
                                                       dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_VARIOGRAM_H
