/// @file pmf_core.h
/// What every kind of factorisation run shares: prepared data, one worker's memory, and the
/// exact non-negative solution of one factor when the other is given.
///
/// Factors are kept one row an observation (or species) of `kp` = pmf_pad(k) numbers, so that
/// both sides look alike. Species are divided by their weighted root mean square (`scale`).
/// All minimise half of Q: phi = 1/2 sum w (x - g f)^2 (- tilt).
#ifndef DOSI_STAT_PMF_CORE_H
#define DOSI_STAT_PMF_CORE_H

#include "dosi/pmf.h"

#include <stdbool.h>
#include <stdint.h>

enum { PMF_CHUNK = 128 }; ///< Rows of the reduced curvature that are taken at once.

/// One of the two factors, and the sums that its best value given the other one needs.
typedef struct pmf_side {
    size_t n, np;     ///< Rows; rows padded.
    double *values;   ///< (n x kp)
    double *pairs;    ///< (n x pp) products of two values: upper triangle by rows.
    double *normal;   ///< (n x pp) sum of weights x the other side's pairs.
    double *right;    ///< (n x kp) sum of weighted data x the other side's values.
    const double *w;  ///< (n x other np) weights.
    const double *wx; ///< (n x other np) weights x data.
} pmf_side;

/// Prepared data, read by all workers.
typedef struct pmf_data {
    size_t n, m, np, mp, k, kp, pp;
    double *x;      ///< (n x mp) scaled; 0 where missing.
    double *w;      ///< (n x mp) 1 / scaled uncertainty^2; 0 where missing.
    double *wx;     ///< (n x mp)
    double *wt;     ///< (m x np) w transposed.
    double *wxt;    ///< (m x np)
    double *scale;  ///< (m)
    double sum_wxx; ///< sum w x^2
    size_t n_cells; ///< Cells with a weight.
} pmf_data;

/// A pull on one product: phi - strength * f[j][p] * mean over rows of g[i][p].
typedef struct pmf_tilt {
    size_t j, p;
    double strength; ///< 0: none.
} pmf_tilt;

/// A spring on one factor: phi + 1/2 weight (sum over j of coefficients f[j][p] - value)^2.
typedef struct pmf_spring {
    size_t p;
    const double *coefficients; ///< (m)
    double value, weight;
} pmf_spring;

/// What holds the profiles, in the scaled units of `pmf_data`.
typedef struct pmf_hold {
    const double *low, *high; ///< (m x kp) bounds.
    const pmf_spring *springs;
    size_t n_springs;
} pmf_hold;

/// One worker: a solution under way and all memory that steps need.
typedef struct pmf_work {
    const pmf_data *data;
    void *memory; ///< All arrays, in one piece.
    pmf_side g, f;
    double *w, *wx, *wt, *wxt; ///< Own weights, when robust or resampled; else NULL.
    const double *row_factor;  ///< (n) what multiplies weights of rows, or NULL.
    double *residual;          ///< (n x mp) w (x - g f)
    double *g_old, *f_old;     ///< Last accepted values.
    double *g_safe, *f_safe;   ///< Where a displacement can go back to.
    // Newton step over the n_free entries of f that may move.
    size_t n_free, width;      ///< width = pmf_pad(n_free)
    uint32_t *free_j, *free_p; ///< (m k) which entries.
    double *gradient;          ///< (m x kp)
    double *system;            ///< (m k padded, squared) curvature of the reduced problem.
    double *factor;            ///< Same, factored.
    double *rows;              ///< (PMF_CHUNK + kp, m k padded)
    double *step, *slope;      ///< (m k padded) change of the free entries; phi's gradient.
    double *low, *high;        ///< (m k padded) bounds of the step.
    double *damping, *right;   ///< (m k padded)
    double *spread;            ///< (k, m k padded) f[j(t)][q] for each free entry t.
    unsigned char *side_of;    ///< (m k) 0 free, 1 held low, 2 held high.
    const pmf_hold *hold;      ///< NULL: non-negative only.
    pmf_tilt tilt;
    double phi;
    double lambda; ///< Damping of the next Newton step.
    double enough; ///< Newton's method may stop when its model is this near to phi.
} pmf_work;

/// Checks and prepares data (x and u as in dosi_pmf_problem).
DOSI_CHECKED dosi_status pmf_data_create(const dosi_pmf_problem *problem,
                                         pmf_data *out,
                                         dosi_error *err);
void pmf_data_destroy(pmf_data *data);

/// A worker for `data`; with its own weights when `has_weights`.
DOSI_CHECKED dosi_status pmf_work_create(const pmf_data *data,
                                         bool has_weights,
                                         pmf_work *out,
                                         dosi_error *err);
void pmf_work_destroy(pmf_work *work);

/// Keeps the present factors aside; goes back to those kept.
void pmf_work_keep(pmf_work *work);
void pmf_work_return(pmf_work *work);

/// Own weights = data's weights x row_factor (n; NULL: 1; kept) x robust weights of the
/// residuals of the present solution (alpha > 0).
void pmf_work_weigh(pmf_work *work, const double *row_factor, double alpha);

/// Products of pairs of `side`'s values.
void pmf_side_pairs(const pmf_work *work, pmf_side *side);

/// Sums that `side` needs from `other`, whose pairs are up to date.
void pmf_side_sums(const pmf_work *work, pmf_side *side, const pmf_side *other);

/// Best g >= 0 for the present f (sums included), and phi there.
/// Leaves pairs of f and sums of g up to date.
double pmf_solve_g(pmf_work *work);

/// The spring's present length: sum of coefficients f - value.
double pmf_spring_length(const pmf_work *work, const pmf_spring *spring);

/// How often row i counts.
static inline double pmf_row_factor(const pmf_work *work, size_t i) {
    return work->row_factor ? work->row_factor[i] : 1;
}

/// Mean contribution of factor p over rows, as often as they count (n times in all).
double pmf_mean(const pmf_work *work, size_t p);

/// Best f >= 0 for the present g; holds and tilt are not obeyed.
void pmf_solve_f(pmf_work *work);

/// phi of the present solution, from its residuals (left in work->residual).
double pmf_phi(pmf_work *work);

/// Makes every profile's length 1, moving its size into g. Not for held profiles.
void pmf_normalise(pmf_work *work);

/// min 1/2 z'Az - b'z over z >= 0, exactly, from the support of z.
/// @param a  Upper triangle by rows, k (k + 1) / 2.
void pmf_nnls(const double *a, const double *b, size_t k, double *z);

/// Alternates exact solutions `n` times at most, until phi falls by less than `tolerance` of
/// itself.
void pmf_alternate(pmf_work *work, size_t n, double tolerance);

/// Slope of phi along every entry of f (work->gradient), and the sums of f that it needs.
void pmf_find_gradient(pmf_work *work);

/// What a descent came to.
typedef struct pmf_descent {
    size_t n_steps;
    double kkt; ///< Largest relative fall of Q that moving one entry of f promises.
    bool is_converged;
} pmf_descent;

/// Newton's method on phi as a function of f alone, g being the best for each f.
pmf_descent pmf_newton(pmf_work *work, size_t n, double tolerance);

/// pmf_newton(), with robust weights renewed until they settle when alpha > 0. The worker must
/// then have its own weights; `work->row_factor` counts.
pmf_descent pmf_descend(pmf_work *work, double alpha, size_t n, double tolerance);

#endif // DOSI_STAT_PMF_CORE_H
