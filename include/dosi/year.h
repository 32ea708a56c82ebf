/// @file year.h
/// Very many maps of a fixed network, such as a year of hours, by ordinary kriging without the
/// cost of kriging each.
///
/// The whole network's kriging system is inverted once. Stations that are missing at a time are
/// taken out of the inverse in closed form: their values become their own predictions, and the
/// variance grows by w' D^-1 w, with their weights w and their block D of the inverse. Means
/// over times need no map at all, areas need one row each; only counts and quantiles go through
/// every map. All of it is exact: the same numbers as kriging every time on its own.
#ifndef DOSI_YEAR_H
#define DOSI_YEAR_H

#include "dosi/spatial.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One variable's times, prepared.
typedef struct dosi_year dosi_year;

/// What the field, or a station, has beside the variogram: random effects. Effect k adds
/// beta_k f_k, with a covariate f_k known everywhere and a coefficient that is new at every
/// time, has the mean 0 and its variance. Its uncertainty is thereby part of every variance. A
/// very large variance makes it the coefficient of universal kriging.
typedef struct dosi_year_effects {
    size_t n;               ///< Effects; may be 0.
    const double *variance; ///< (n) of the coefficients, >= 0.
    const double *site;     ///< (n x sites) the covariates there.
    const double
        *target;       ///< (n x targets) there, used for areas only; NULL: 0, as at all else.
    const double *own; ///< (sites) variance that a site alone has; NULL: none.
} dosi_year_effects;

/// What was measured; everything is borrowed by dosi_year_create() only, but for `sites`,
/// `model` and `effects`, which must outlive what it makes.
typedef struct dosi_year_data {
    const dosi_variogram *model; ///< With a sill.
    const dosi_sites *sites;     ///< At most 500, no two at the same place.
    const double *values;        ///< (n_times x sites->n) row-major; NaN: missing.
    size_t n_times;
    size_t min_sites;                 ///< A time with fewer values has no map; at least 1.
    const dosi_year_effects *effects; ///< NULL: none.
} dosi_year_data;

/// Prepares the dual weights of every time.
/// @return DOSI_OK; DOSI_DOMAIN: a model or site outside its domain, too many sites, or
///         covariances that are not positive definite; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: n_sites^3 + n_times n_sites^2.
DOSI_API DOSI_CHECKED dosi_status dosi_year_create(const dosi_year_data *data,
                                                   const dosi_run *run,
                                                   dosi_year **out,
                                                   dosi_error *err);

/// How large effects are: by restricted likelihood of the times, pooled. Evenly chosen times,
/// 48 at most, are looked at.
typedef struct dosi_year_fit {
    const dosi_sites *sites;
    const double *values; ///< (n_times x sites->n) row-major; NaN: missing.
    size_t n_times;
    size_t n_effects;
    const double *covariate; ///< (n_effects x sites)
    const double *kind;      ///< (sites) 1 where a site has a variance of its own; NULL: none.
    bool is_model_given; ///< The variogram stays; else its nugget, sill and range are fitted.
} dosi_year_fit;

/// Fits them, and the variogram beside them, whose nested structures are left alone.
/// @param model         In: where the search starts, with a sill; out: the best.
/// @param variance      (n_effects + 1) out: of the coefficients; last, of a site's own.
/// @return DOSI_OK; DOSI_DOMAIN: values that are too few, or all alike; DOSI_NO_MEMORY;
///         DOSI_CANCELLED.
/// Cost: some 400 x 48 sites^3 / 3.
DOSI_API DOSI_CHECKED dosi_status dosi_year_fit_effects(const dosi_year_fit *fit,
                                                        const dosi_run *run,
                                                        dosi_variogram *model,
                                                        double *variance,
                                                        dosi_error *err);

/// Frees it; accepts NULL.
DOSI_API void dosi_year_destroy(dosi_year *year);

/// Times that have a map.
DOSI_API size_t dosi_year_n_maps(const dosi_year *year);

/// How well stations predict each other, each left out of every time in closed form.
typedef struct dosi_year_trust {
    dosi_krige_score hours; ///< Of single times.
    dosi_krige_score means; ///< Of the stations' means over all times, with variance
                            ///< `persistence` x the mean variance of a time.
    double persistence;     ///< Share of the error variance of a time that stays in the mean
                            ///< over all times: mean over stations of (mean error)^2, over the
                            ///< mean of squared errors. 1 / n_times if errors were independent.
} dosi_year_trust;

/// Leaves every value out. Cost: n_times n_sites (n_sites + n_missing^2).
DOSI_API DOSI_CHECKED dosi_status dosi_year_leave_one_out(const dosi_year *year,
                                                          const dosi_run *run,
                                                          dosi_year_trust *out,
                                                          dosi_error *err);

/// The map of time `t`.
/// @param map_variance  Two arrays (targets->n) out: predictions, NaN when the time has no map,
///                      and variances, which may be NULL.
DOSI_API DOSI_CHECKED dosi_status dosi_year_map(const dosi_year *year,
                                                size_t t,
                                                const dosi_sites *targets,
                                                const dosi_run *run,
                                                double *const map_variance[2],
                                                dosi_error *err);

/// Periods of time, such as months.
typedef struct dosi_year_periods {
    size_t n;
    const uint32_t *period_of; ///< (n_times) period of each time, UINT32_MAX: none.
} dosi_year_periods;

/// Means over periods of time.
/// @param mean_variance  Two arrays (periods->n x targets->n) out: means of the maps, NaN
///                       without one; and means of the maps' variances, which may be NULL: an
///                       upper bound of the variance of the mean (errors that never change).
/// Cost: targets n_sites^2 a period; none of it depends on n_times.
DOSI_API DOSI_CHECKED dosi_status dosi_year_means(const dosi_year *year,
                                                  const dosi_sites *targets,
                                                  const dosi_year_periods *periods,
                                                  const dosi_run *run,
                                                  double *const mean_variance[2],
                                                  dosi_error *err);

/// What goes through every map.
typedef struct dosi_year_extremes {
    double threshold; ///< Times above it are counted.
    double fraction;  ///< 0..1: quantile over the times, between the two nearest ranks.
    double *above;    ///< (targets->n) out, may be NULL.
    double *quantile; ///< (targets->n) out, may be NULL; NaN without a map.
    double *largest;  ///< (targets->n) out, may be NULL; NaN without a map.
} dosi_year_extremes;

/// Counts, quantiles and maxima of every target over all maps.
/// Cost: targets n_times n_sites multiplications, in blocks; the maps are never stored.
DOSI_API DOSI_CHECKED dosi_status dosi_year_find_extremes(const dosi_year *year,
                                                          const dosi_sites *targets,
                                                          const dosi_run *run,
                                                          const dosi_year_extremes *extremes,
                                                          dosi_error *err);

/// Areas as weighted targets: area a has entries [start[a], start[a + 1]).
typedef struct dosi_year_areas {
    size_t n;
    const size_t *start;    ///< (n + 1)
    const uint32_t *target; ///< Which target.
    const double *weight;   ///< > 0; need not sum to one.
} dosi_year_areas;

/// Means of areas at every time, by block kriging (the nugget averages out).
/// @param mean_variance  Two arrays (n_times x areas->n) out; NaN for times without a map or
///                       areas without targets. The covariance within an area is taken over at
///                       most 64 of its targets, evenly chosen.
DOSI_API DOSI_CHECKED dosi_status dosi_year_find_areas(const dosi_year *year,
                                                       const dosi_sites *targets,
                                                       const dosi_year_areas *areas,
                                                       const dosi_run *run,
                                                       double *const mean_variance[2],
                                                       dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_YEAR_H
