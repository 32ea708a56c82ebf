/// @file pmf.h
/// Positive matrix factorisation: concentrations as contributions of a few sources times their
/// profiles, weighted by uncertainty (Paatero & Tapper 1994, Environmetrics 5).
///
/// x (n x m) = g (n x k) f (k x m) + error, g and f not negative, so that
/// Q = sum ((x - g f) / u)^2 is least. Q has many local minima and flat valleys: whether the
/// best solution is the only one is part of every answer. All arrays are row-major. Values of
/// the results depend on the seed, never on the number of threads.
#ifndef DOSI_PMF_H
#define DOSI_PMF_H

#include "dosi/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_PMF_MAX_FACTORS = 32 };

/// What is to be factorised. Arrays are borrowed.
typedef struct dosi_pmf_problem {
    size_t n_rows;    ///< Samples, 2 or more.
    size_t n_species; ///< 2 or more.
    size_t n_factors; ///< 1..DOSI_PMF_MAX_FACTORS.
    const double *x;  ///< (n_rows x n_species) concentrations; not finite: missing.
    const double *u;  ///< (n_rows x n_species) standard uncertainties; not above 0: missing.
    double alpha;     ///< Robust mode: beyond alpha u residuals count linearly, not squared;
                      ///< 0: every residual is squared. EPA PMF uses 4.
} dosi_pmf_problem;

/// How starts are run. Zero fields mean the default.
typedef struct dosi_pmf_options {
    size_t n_starts; ///< Random starts; 0: 20.
    uint64_t seed;
    size_t n_sweeps;  ///< Alternating sweeps before Newton's method; 0: 100.
    size_t max_steps; ///< Newton steps a start; 0: 500.
    double tolerance; ///< Relative fall of Q that ends a start when a step promises less;
                      ///< 0: 1e-10.
} dosi_pmf_options;

/// One start's end.
typedef struct dosi_pmf_start {
    double q;         ///< sum ((x - g f) / u)^2
    double q_robust;  ///< The same with robust weights (alpha); q when alpha is 0.
    double kkt;       ///< Largest relative fall of Q that moving one profile entry promises.
    uint32_t n_steps; ///< Newton steps.
    uint32_t optimum; ///< Which of the solution's optima it reached.
    bool is_converged;
} dosi_pmf_start;

/// A distinct local minimum that starts ended in.
typedef struct dosi_pmf_optimum {
    double q;        ///< What was minimised: q, or q_robust in robust mode.
    size_t n_starts; ///< Starts that ended there.
    size_t start;    ///< The best of them.
    double distance; ///< From the best optimum: largest sine of the angle between matched
                     ///< profiles, species scaled by their weighted size; 0..1.
} dosi_pmf_optimum;

/// A factorisation and how it was reached. Destroy after use.
typedef struct dosi_pmf_solution {
    size_t n_rows, n_species, n_factors;
    double *g; ///< (n_rows x n_factors) contributions, mean 1 each.
    double *f; ///< (n_factors x n_species) profiles, in the units of x; largest part of the
               ///< explained first.
    double q, q_robust, kkt;
    double q_expected; ///< Values known - n_factors (n_rows + n_species).
    size_t n_starts;
    dosi_pmf_start *starts; ///< (n_starts)
    size_t n_optima;
    dosi_pmf_optimum *optima; ///< (n_optima) by q, the best first.
} dosi_pmf_solution;

/// Runs all starts, in parallel, and keeps the best.
/// @param out  Filled on success; dosi_pmf_solution_destroy() it.
/// @return DOSI_OK; DOSI_DOMAIN: sizes or values that cannot be factorised; DOSI_NO_MEMORY;
///         DOSI_CANCELLED.
/// Cost: about n m k^2 a sweep and n k (m k)^2 / 2 a Newton step, 10 to 50 steps a start.
DOSI_API DOSI_CHECKED dosi_status dosi_pmf_solve(const dosi_pmf_problem *problem,
                                                 const dosi_pmf_options *options,
                                                 const dosi_run *run,
                                                 dosi_pmf_solution *out,
                                                 dosi_error *err);

/// Frees what a solution holds; accepts a zeroed one.
DOSI_API void dosi_pmf_solution_destroy(dosi_pmf_solution *solution);

/// Starts that came within `relative` of the best (1e-3: EPA's "same Q").
DOSI_API size_t dosi_pmf_count_near(const dosi_pmf_solution *solution, double relative);

#ifdef __cplusplus
}
#endif

#endif // DOSI_PMF_H
