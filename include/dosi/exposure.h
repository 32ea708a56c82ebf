/// @file exposure.h
/// What people are exposed to: means of areas, and of groups of areas weighted by who is there,
/// with their variance, from a fixed network by ordinary block kriging.
///
/// The error of a mean is not the mean of the errors of its parts, nor are the parts
/// independent: everything here is a linear function of the same field, so that its variance is
/// q' E q with E the covariances of the kriging errors between areas. E is computed once for
/// the whole network; stations missing at a time add W' D^-1 W, as in dosi/year.h. The nugget
/// averages out over an area.
///
/// The variogram says how errors vary on average over all times. Some hours are rougher: the
/// scale of a time's errors is estimated from that time's own values, with an inverse gamma
/// prior that all times teach, which makes predictions Student's t.
#ifndef DOSI_EXPOSURE_H
#define DOSI_EXPOSURE_H

#include "dosi/year.h"

#ifdef __cplusplus
extern "C" {
#endif

/// One variable's areas, prepared.
typedef struct dosi_exposure dosi_exposure;

/// Prepares the areas: their weights, and the covariances of their errors.
/// @param year  Must outlive what is made; so must not `targets` and `areas`.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CANCELLED. An area without targets has NaN everywhere
///         and counts in no group.
/// Between areas, at most 64 targets of each are used, evenly chosen, as within an area.
/// Cost: (targets used)^2 / 2 covariances.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_create(const dosi_year *year,
                                                       const dosi_sites *targets,
                                                       const dosi_year_areas *areas,
                                                       const dosi_run *run,
                                                       dosi_exposure **out,
                                                       dosi_error *err);

/// Frees it; accepts NULL.
DOSI_API void dosi_exposure_destroy(dosi_exposure *exposure);

/// Covariance of the errors of areas a and b when no station is missing; NaN without targets.
DOSI_API double dosi_exposure_covariance(const dosi_exposure *exposure, size_t a, size_t b);

/// How rough the errors of each time are.
typedef struct dosi_exposure_scales {
    double *scale;   ///< (times) out: variances of the time are multiplied by it; NaN: no map.
    double *freedom; ///< (times) out: degrees of freedom of the t distribution, > 2.
    double prior;    ///< Out: scale of a time that has no values of its own.
    double prior_freedom; ///< Out: how much alike the times are; 1000: all alike.
} dosi_exposure_scales;

/// Estimates the scales: z' B z of a time's n values, B the inverse of its kriging system, is
/// its scale times chi-squared with n - 1 degrees of freedom. The prior is that of greatest
/// likelihood over all times. A time's scale is its posterior mean.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 3 times with at least 3 values.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_find_scales(const dosi_year *year,
                                                            dosi_exposure_scales *out,
                                                            dosi_error *err);

/// Every value predicted from the others of its time, which also make its scale: how honest
/// variances and 95 % intervals of the t distribution are.
/// @param scales  As found; NULL: scale 1 and the normal distribution.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_score(const dosi_year *year,
                                                      const dosi_exposure_scales *scales,
                                                      const dosi_run *run,
                                                      dosi_krige_score *out,
                                                      dosi_error *err);

/// Values that the others of their time make all but impossible, such as an instrument's spike
/// that no check saw, are drawn in to where they are as unlikely as one among all values may
/// be: a mean of an area, and what an effect is worth, would follow them.
/// @param scales  As found.
/// @param values  (n_times x sites) changed.
/// @param n_changed  Out.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_draw_in(const dosi_year *year,
                                                        const dosi_exposure_scales *scales,
                                                        const dosi_run *run,
                                                        double *values,
                                                        size_t *n_changed,
                                                        dosi_error *err);

/// Half the width of a 95 % interval over its standard deviation, of a t distribution that has
/// `freedom` > 2 degrees of freedom and variance 1.
DOSI_API double dosi_exposure_half_width(double freedom);

/// Who is where. People of a group are at home with share `home` and else among those who are
/// `away`, wherever they live.
typedef struct dosi_exposure_people {
    size_t n_patterns;          ///< Such as the hours of a week.
    const uint32_t *pattern_of; ///< (times) < n_patterns
    const double *weight;       ///< (n_patterns x areas) people of the areas; NaN, <= 0: none.
    const double *home;         ///< (n_patterns) 0..1, or NULL: all at home.
    const double *away; ///< (n_patterns x areas) where the others are; needed with `home`.
} dosi_exposure_people;

/// Groups of areas; an area may be in several, or a group of its own.
typedef struct dosi_exposure_groups {
    size_t n;
    const size_t *start;  ///< (n + 1)
    const uint32_t *area; ///< (start[n])
} dosi_exposure_groups;

/// Where results go.
typedef struct dosi_exposure_result {
    double *mean;     ///< (times x groups) out; NaN: no map, or nobody there.
    double *variance; ///< (times x groups) out: of its error, not scaled.
    double *people;   ///< (n_patterns x groups) out, may be NULL: people counted.
} dosi_exposure_result;

/// Means of groups at every time, weighted by the people of the time.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CANCELLED. Same bits at any thread count.
/// Cost: for each pattern the squares of the groups' sizes, for each time groups x sites.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_find_groups(const dosi_exposure *exposure,
                                                            const dosi_exposure_people *people,
                                                            const dosi_exposure_groups *groups,
                                                            const dosi_run *run,
                                                            const dosi_exposure_result *out,
                                                            dosi_error *err);

// --- time averages -------------------------------------------------------------------------

/// Correlation of errors that are `lag` times apart: lasting + slow exp(-lag / time), and 1 at
/// lag 0; what is left to 1 is new at every time.
typedef struct dosi_exposure_memory {
    double lasting; ///< >= 0: what never changes, such as a street that stations miss.
    double slow;    ///< >= 0
    double time;    ///< > 0, in times.
} dosi_exposure_memory;

/// Fits it to the stations' leave-one-out errors, each divided by its standard deviation with
/// the time's scale. Their mean is not taken out: an error that lasts is an error.
/// @param scale  (times) or NULL: 1.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 8 times with errors; DOSI_NO_MEMORY;
///         DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_find_memory(const dosi_year *year,
                                                            const double *scale,
                                                            const dosi_run *run,
                                                            dosi_exposure_memory *out,
                                                            dosi_error *err);

/// Means and standard deviations of groups at all times; borrowed.
typedef struct dosi_exposure_series {
    size_t n_times, n;
    const double *mean, *sd; ///< (n_times x n) NaN: missing.
} dosi_exposure_series;

/// Means over periods of time: the variance of the mean of n times is the sum of s_t s_u
/// correlation(t - u) over them, / n^2. Exact under the memory where the same stations are
/// present at all times; else an upper bound.
/// @param mean_variance  Two arrays (periods->n x series->n) out; NaN where there is no time.
/// @return DOSI_OK; DOSI_NO_MEMORY.
/// Cost: one pass.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_find_periods(const dosi_exposure_memory *memory,
                                                             const dosi_year_periods *periods,
                                                             const dosi_exposure_series *series,
                                                             double *const mean_variance[2],
                                                             dosi_error *err);

// --- people above a limit ------------------------------------------------------------------

/// What is asked.
typedef struct dosi_exposure_limit {
    const dosi_exposure_people *people; ///< Who move with `weight` only.
    const dosi_exposure_groups *groups;
    double threshold;
    const double *scale, *freedom; ///< (times) or NULL: 1, normal.
    size_t n_draws;                ///< 40..100000 fields to judge the uncertainty by.
    uint64_t seed;
} dosi_exposure_limit;

/// Share of the people of groups where the mean of their area is above a threshold.
typedef struct dosi_exposure_above {
    double *share;      ///< (times x groups) out: what is expected, in closed form.
    double *sd;         ///< (times x groups) out: its standard deviation over the draws.
    double *low, *high; ///< (times x groups) out: their 2.5 % and 97.5 % quantiles.
} dosi_exposure_above;

/// The errors of all areas together are drawn from their covariances; one set of draws serves
/// all times.
/// @return DOSI_OK; DOSI_DOMAIN: n_draws; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: areas^3 / 3, then for each time areas x n_draws at most.
DOSI_API DOSI_CHECKED dosi_status dosi_exposure_find_above(const dosi_exposure *exposure,
                                                           const dosi_exposure_limit *limit,
                                                           const dosi_run *run,
                                                           const dosi_exposure_above *out,
                                                           dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_EXPOSURE_H
