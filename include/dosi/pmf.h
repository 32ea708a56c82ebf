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

// Preparation ------------------------------------------------------------------------------

/// How much a species is trusted.
typedef enum dosi_pmf_category {
    DOSI_PMF_STRONG,
    DOSI_PMF_WEAK, ///< Uncertainties are multiplied.
    DOSI_PMF_BAD,  ///< Left out: its uncertainties become NaN.
} dosi_pmf_category;

/// How uncertainties are changed before anything else. Zero fields change nothing.
typedef struct dosi_pmf_rules {
    const dosi_pmf_category *categories; ///< (n_species); NULL: all strong.
    double weak_factor;                  ///< 0: 3.
    double extra;    ///< Modelling uncertainty: u^2 + (extra x)^2 instead of u^2.
    bool drops_rows; ///< A row that misses a value of a species not bad is left out whole.
} dosi_pmf_rules;

/// Applies rules to uncertainties.
/// @param x, u  (n_rows x n_species); u is changed in place.
/// @return Rows left out whole.
DOSI_API size_t dosi_pmf_prepare(
    size_t n_rows, size_t n_species, const dosi_pmf_rules *rules, const double *x, double *u);

/// Uncertainty of a concentration from the detection limit of its method and an error
/// fraction: 5/6 of the limit up to the limit, sqrt((fraction x)^2 + (limit / 2)^2) above.
/// Source: EPA/600/R-14/108, equations 5-1 and 5-2 (Polissar et al. 1998, JGR 103).
DOSI_API double dosi_pmf_uncertainty(double x, double detection_limit, double error_fraction);

// Diagnosis --------------------------------------------------------------------------------

/// How one species is reproduced.
typedef struct dosi_pmf_fit {
    size_t n;                ///< Values known.
    double signal_to_noise;  ///< Mean of (x - u) / u where x > u, 0 elsewhere (EPA PMF 5).
    double q;                ///< Its part of Q.
    double q_ratio;          ///< q over what good uncertainties would give.
    double r2;               ///< Squared correlation of observed and modelled.
    double slope, intercept; ///< Of modelled on observed.
    double bias;             ///< Mean scaled residual (x - g f) / u.
    double beyond_3;         ///< Share of scaled residuals beyond +-3.
} dosi_pmf_fit;

/// Diagnoses every species.
/// @param fits  (n_species) out.
/// @param explained  (n_factors x n_species) out or NULL: explained variation, the factor's
///        part of sum (|g f| / u) over all factors and residuals (Paatero 2000).
DOSI_API void dosi_pmf_diagnose(const dosi_pmf_problem *problem,
                                const dosi_pmf_solution *solution,
                                dosi_pmf_fit *fits,
                                double *explained);

// Constraints and rotations ----------------------------------------------------------------

/// What a constraint asks. Shares are of the profile's total (the species given, or the sum).
typedef enum dosi_pmf_demand {
    DOSI_PMF_AT_MOST,  ///< share <= value; 0 is a fixed zero. Always kept.
    DOSI_PMF_AT_LEAST, ///< share >= value. Always kept.
    DOSI_PMF_TOWARDS,  ///< share pulled to value as far as Q allows (0: down, 1: up).
    DOSI_PMF_RATIO,    ///< profile of species = value x that of other, as far as Q allows.
} dosi_pmf_demand;

typedef struct dosi_pmf_constraint {
    size_t factor, species;
    dosi_pmf_demand demand;
    double value;
    size_t other; ///< RATIO only.
} dosi_pmf_constraint;

typedef struct dosi_pmf_constraints {
    const dosi_pmf_constraint *items;
    size_t n;
    size_t total;  ///< Species that is the profile's total (PM2.5); SIZE_MAX: the sum of all.
    double max_dq; ///< Relative rise of Q that pulls may cost in all; 0: 0.005.
} dosi_pmf_constraints;

/// The minimum of Q under constraints, from a base solution; factors keep its order.
/// @return DOSI_OK; DOSI_DOMAIN: a constraint names no factor or species, a share is not in
///         0..1, or a profile has no total; DOSI_NO_MEMORY; DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_pmf_constrain(const dosi_pmf_problem *problem,
                                                     const dosi_pmf_solution *base,
                                                     const dosi_pmf_constraints *constraints,
                                                     const dosi_run *run,
                                                     dosi_pmf_solution *out,
                                                     dosi_error *err);

/// A rotation of strength `fpeak` (about -1..1): profiles are pulled towards
/// f - fpeak x the mean of the others (positive: profiles are set apart, contributions mixed;
/// negative: the reverse), with springs of a hundredth of Q's own stiffness, weaker where they
/// would raise Q by more than 1 %: profiles go far only where Q hardly objects. The cost is
/// out->q_robust - base->q_robust.
/// Idea: Paatero, Hopke, Song & Ramadan (2002), Chemometr. Intell. Lab. Syst. 60.
DOSI_API DOSI_CHECKED dosi_status dosi_pmf_rotate(const dosi_pmf_problem *problem,
                                                  const dosi_pmf_solution *base,
                                                  double fpeak,
                                                  const dosi_run *run,
                                                  dosi_pmf_solution *out,
                                                  dosi_error *err);

// Errors -----------------------------------------------------------------------------------

enum { DOSI_PMF_QUANTILES = 5, DOSI_PMF_LEVELS = 4 };

/// How errors are estimated. Zero fields mean the default.
typedef struct dosi_pmf_error_options {
    size_t n_resamples; ///< 0: 100.
    size_t block;       ///< Rows of a block that is drawn together; 0: n^(1/3) rounded up.
    uint64_t seed;
    double least_correlation; ///< Of contributions, for factors to count as the same; 0: 0.6.
    double levels[DOSI_PMF_LEVELS]; ///< Rises of Q, ascending; 0: 4, 8, 16, 32.
    const bool *is_displaced;       ///< (n_species); NULL: all.
} dosi_pmf_error_options;

/// What resampling of blocks of rows does to the profiles. Destroy after use.
typedef struct dosi_pmf_bootstrap {
    size_t n_resamples;
    size_t *mapped;    ///< (k x (k + 1)) resamples whose factor came nearest to each base
                       ///< factor (rows: their own place; last column: to none).
    double *quantiles; ///< (5 x k x m) 5, 25, 50, 75, 95 % of profiles; NaN: never mapped.
} dosi_pmf_bootstrap;

/// Factorises resamples, each from the base solution, and matches factors by the correlation
/// of contributions.
DOSI_API DOSI_CHECKED dosi_status dosi_pmf_bootstrap_run(const dosi_pmf_problem *problem,
                                                         const dosi_pmf_solution *base,
                                                         const dosi_pmf_error_options *options,
                                                         const dosi_run *run,
                                                         dosi_pmf_bootstrap *out,
                                                         dosi_error *err);

/// Frees what it holds; accepts a zeroed one.
DOSI_API void dosi_pmf_bootstrap_destroy(dosi_pmf_bootstrap *bootstrap);

/// How far every profile entry can be moved when all else adapts. Destroy after use.
typedef struct dosi_pmf_ranges {
    double levels[DOSI_PMF_LEVELS]; ///< Rises of Q.
    double *low, *high;             ///< (levels x k x m) least and largest profile entries.
    size_t *swaps;  ///< (levels x k) displacements of a factor's entries that made it
                    ///< look like another factor.
    double deepest; ///< Largest fall of Q met on the way: above 0, base was no minimum.
    size_t n_used;  ///< BS-DISP: resamples without a swap or a lost factor; DISP: 1.
} dosi_pmf_ranges;

/// Displacement (DISP): follows each entry of the displaced species up and down until Q has
/// risen by each level, everything else at its best. In robust mode the base solution's
/// weights are kept.
/// Source of the idea: Paatero, Eberly, Brown & Norris (2014), Atmos. Meas. Tech. 7.
DOSI_API DOSI_CHECKED dosi_status dosi_pmf_displace(const dosi_pmf_problem *problem,
                                                    const dosi_pmf_solution *base,
                                                    const dosi_pmf_error_options *options,
                                                    const dosi_run *run,
                                                    dosi_pmf_ranges *out,
                                                    dosi_error *err);

/// BS-DISP: displaces the solution of every resample (levels 0: 0.5, 1, 2, 4); the ranges are
/// 5 % of the lower and 95 % of the upper ends over resamples that kept their factors. Name
/// few species in is_displaced: each costs two searches a factor and resample.
DOSI_API DOSI_CHECKED dosi_status
dosi_pmf_bootstrap_displace(const dosi_pmf_problem *problem,
                            const dosi_pmf_solution *base,
                            const dosi_pmf_error_options *options,
                            const dosi_run *run,
                            dosi_pmf_ranges *out,
                            dosi_error *err);

/// Frees what they hold; accepts zeroed ones.
DOSI_API void dosi_pmf_ranges_destroy(dosi_pmf_ranges *ranges);

#ifdef __cplusplus
}
#endif

#endif // DOSI_PMF_H
