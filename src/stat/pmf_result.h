/// @file pmf_result.h
/// From a worker's factors to a solution in the units of the data, and starts to optima.
#ifndef DOSI_STAT_PMF_RESULT_H
#define DOSI_STAT_PMF_RESULT_H

#include "stat/pmf_core.h"

/// Room for a solution. DOSI_NO_MEMORY leaves `out` for dosi_pmf_solution_destroy().
DOSI_CHECKED dosi_status pmf_result_create(const pmf_data *data,
                                           size_t n_starts,
                                           dosi_pmf_solution *out);

/// g, f, q, q_robust and q_expected of the solution from a worker's factors; the largest part
/// first, or in the worker's order.
void pmf_result_fill(dosi_pmf_solution *solution,
                     const pmf_work *work,
                     double alpha,
                     bool is_ordered);

/// Groups starts into distinct optima.
/// @param profiles  (n_starts x m x kp) each start's profiles in scaled units.
DOSI_CHECKED dosi_status pmf_result_group(dosi_pmf_solution *solution,
                                          const pmf_data *data,
                                          const double *profiles);

/// Matches factors of `b` to those of `a`, the most alike first.
/// @param match  (k) out: factor of b for each factor of a; may be NULL.
/// @return Largest sine of the angle between matched profiles.
double pmf_match(const double *a, const double *b, const pmf_data *data, size_t *match);

/// Q of the present solution without and with robust weights, row factors left out.
void pmf_work_qs(const pmf_work *work, double alpha, double *q, double *q_robust);

/// Puts a solution's factors into a worker.
void pmf_work_load(pmf_work *work, const dosi_pmf_solution *solution);

#endif // DOSI_STAT_PMF_RESULT_H
