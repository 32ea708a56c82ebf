/// @file pmf_error.h
/// What the estimates of error share: resampled weights, and which factor became which.
#ifndef DOSI_STAT_PMF_ERROR_H
#define DOSI_STAT_PMF_ERROR_H

#include "stat/pmf_result.h"

/// The options with their defaults for n rows; levels as given.
dosi_pmf_error_options pmf_error_options(const dosi_pmf_error_options *options, size_t n);

/// How often each row is in resample `r`: (n) counts.
void pmf_draw_rows(const dosi_pmf_error_options *options, size_t n, size_t r, double *counts);

/// Starts the worker from base with row counts (NULL: 1) and descends.
void pmf_refit(pmf_work *work,
               const dosi_pmf_problem *problem,
               const dosi_pmf_solution *base,
               const double *counts);

/// Base factor whose contributions correlate best with each factor of the worker.
/// @param nearest  (k) out: SIZE_MAX where no correlation reaches `least`.
/// @param correlation  (k) out: the best correlation.
void pmf_nearest_factors(const pmf_work *work,
                         const dosi_pmf_solution *base,
                         double least,
                         size_t *nearest,
                         double *correlation);

/// Quantile q of n values (sorted in place), linear between order statistics; NaN when n is 0.
double pmf_quantile(double *values, size_t n, double q);

/// One displacement: an entry of f, up or down.
typedef struct pmf_path {
    size_t j, p;
    bool is_up;
} pmf_path;

/// Follows an entry of the worker's present minimum through the levels.
/// @param ends  (levels) out: the entry at each level, in the units of x with mean contribution
///        1 over rows. @param is_swapped  (levels) out: factor p came to look like another.
/// @return Largest fall of Q met.
double pmf_follow(pmf_work *work,
                  const dosi_pmf_solution *base,
                  const pmf_path *path,
                  const double *levels,
                  double *ends,
                  bool *is_swapped);

#endif // DOSI_STAT_PMF_ERROR_H
