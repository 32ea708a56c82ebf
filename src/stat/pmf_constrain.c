// Positive matrix factorisation: constraints on profiles, and rotations.
//
// A profile can be scaled freely when its contributions are scaled back, so constraints are on
// shares: while they act, a spring that costs nothing holds every profile's total at 1.

#include "stat/pmf_lanes.h"
#include "stat/pmf_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, MAX_STEPS = 300, MAX_HALVINGS = 12, MAX_ROUNDS = 12 };

/// Constraints as the solver takes them.
typedef struct held {
    pmf_hold hold;
    double *low, *high;   ///< (m x kp)
    double *unit;         ///< (m) coefficients of a profile's total.
    double *coefficients; ///< (n x m) of pulls.
    double *stiffness;    ///< (n) of pulls at strength 1.
    pmf_spring *springs;  ///< k of totals, then n_pulls.
    size_t n_pulls;
} held;

static void held_clear(held *h) {
    free(h->low);
    free(h->high);
    free(h->unit);
    free(h->coefficients);
    free(h->stiffness);
    free(h->springs);
    memset(h, 0, sizeof *h);
}

/// Room for `n` pulls; no bounds but 0.
static dosi_status held_create(const pmf_data *d, size_t n, held *h, dosi_error *err) {
    memset(h, 0, sizeof *h);
    h->low = calloc(d->m * d->kp, sizeof *h->low);
    h->high = calloc(d->m * d->kp, sizeof *h->high);
    h->unit = calloc(d->m, sizeof *h->unit);
    h->coefficients = calloc(n * d->m + 1, sizeof *h->coefficients);
    h->stiffness = calloc(n + 1, sizeof *h->stiffness);
    h->springs = calloc(n + d->k, sizeof *h->springs);
    if (!h->low || !h->high || !h->unit || !h->coefficients || !h->stiffness || !h->springs) {
        held_clear(h);
        (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu constraints", n);
        return DOSI_NO_MEMORY;
    }
    for (size_t at = 0; at < d->m * d->kp; at++) h->high[at] = INFINITY;
    h->hold = (pmf_hold){h->low, h->high, h->springs, d->k};
    return DOSI_OK;
}

/// Loads base, makes every profile's total 1, and lets springs keep it.
static dosi_status open_totals(
    pmf_work *work, const dosi_pmf_solution *base, size_t total, held *h, dosi_error *err) {
    const pmf_data *d = work->data;
    pmf_work_load(work, base);
    for (size_t j = 0; j < d->m; j++) {
        h->unit[j] = total == SIZE_MAX || total == j ? d->scale[j] : 0;
    }
    for (size_t p = 0; p < d->k; p++) {
        h->springs[p] = (pmf_spring){p, h->unit, 0, 0};
        double sum = pmf_spring_length(work, &h->springs[p]);
        if (!(sum > 0)) {
            return dosi_fail(err, DOSI_DOMAIN, "the profile of factor %zu has no total", p + 1);
        }
        for (size_t j = 0; j < d->m; j++) work->f.values[j * d->kp + p] /= sum;
        for (size_t i = 0; i < d->n; i++) work->g.values[i * d->kp + p] *= sum;
        h->springs[p].value = 1;
    }
    work->phi = pmf_solve_g(work);
    for (size_t p = 0; p < d->k; p++) h->springs[p].weight = 100 * work->phi;
    pmf_find_gradient(work); // for the stiffness of data
    return DOSI_OK;
}

/// Curvature of phi along entry (j, p), data alone.
static double stiffness_of(const pmf_work *work, size_t j, size_t p) {
    size_t k = work->data->k;
    return work->f.normal[j * work->data->pp + p * k - p * (p + 1) / 2 + p];
}

/// Adds a pull; its coefficients are zeros to be filled.
static double *add_pull(
    held *h, const pmf_data *d, size_t factor, double value, double stiffness) {
    double *coefficients = h->coefficients + h->n_pulls * d->m;
    h->springs[d->k + h->n_pulls] = (pmf_spring){factor, coefficients, value, 0};
    h->stiffness[h->n_pulls++] = stiffness;
    h->hold.n_springs++;
    return coefficients;
}

/// One constraint as bound or pull.
static dosi_status add_constraint(const pmf_work *work,
                                  const dosi_pmf_constraint *c,
                                  held *h,
                                  dosi_error *err) {
    const pmf_data *d = work->data;
    bool is_ratio = c->demand == DOSI_PMF_RATIO;
    if (c->factor >= d->k || c->species >= d->m || (is_ratio && c->other >= d->m)) {
        return dosi_fail(err, DOSI_DOMAIN, "no factor %zu or species %zu to constrain",
                         c->factor + 1, c->species + 1);
    }
    if (!(c->value >= 0) || !isfinite(c->value) || (!is_ratio && c->value > 1)) {
        return dosi_fail(err, DOSI_DOMAIN, "constraint value %g is out of range", c->value);
    }
    size_t j = c->species, at = j * d->kp + c->factor;
    double share = c->value / d->scale[j]; // in scaled units
    if (c->demand == DOSI_PMF_AT_MOST) {
        h->high[at] = fmin(h->high[at], share);
    } else if (c->demand == DOSI_PMF_AT_LEAST) {
        h->low[at] = fmax(h->low[at], share);
    } else {
        double stiffness = stiffness_of(work, j, c->factor);
        double *coefficients = add_pull(h, d, c->factor, is_ratio ? 0 : share, stiffness);
        coefficients[j] = 1;
        if (is_ratio) coefficients[c->other] -= share * d->scale[c->other];
    }
    if (h->low[at] > h->high[at]) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "bounds of factor %zu, species %zu exclude each other", c->factor + 1,
                         c->species + 1);
    }
    return DOSI_OK;
}

/// Descends from the worker's solution with pulls of the given strength; Q then.
static double descend_held(pmf_work *work, held *h, double alpha, double strength) {
    const pmf_data *d = work->data;
    double q = 0, q_robust = 0;
    for (size_t t = 0; t < h->n_pulls; t++) {
        h->springs[d->k + t].weight = strength * h->stiffness[t];
    }
    for (size_t at = 0; at < d->m * d->kp; at++) {
        work->f.values[at] = fmin(fmax(work->f.values[at], h->low[at]), h->high[at]);
    }
    work->hold = &h->hold;
    for (size_t round = 0; round < MAX_ROUNDS; round++) {
        double worst = 0;
        work->lambda = 1e-3;
        (void)pmf_descend(work, alpha, MAX_STEPS, 1e-10);
        // Bounds pull at totals: the springs' rest moves until the totals are 1.
        for (size_t p = 0; p < d->k; p++) {
            pmf_spring *total = &h->springs[p];
            double excess = pmf_spring_length(work, total) + total->value - 1;
            worst = fmax(worst, fabs(excess));
            total->value -= excess;
        }
        if (worst < 1e-7) break;
    }
    work->hold = NULL;
    pmf_work_qs(work, alpha, &q, &q_robust);
    return q_robust;
}

/// The strongest pulls, up to 10^`most`, that raise Q by `room` at most over bounds alone.
static dosi_status pull_within(pmf_work *work,
                               held *h,
                               const dosi_pmf_problem *problem,
                               const double *most_and_room,
                               const dosi_run *run,
                               dosi_error *err) {
    const double alpha = problem->alpha;
    double low = -8, high = most_and_room[0], limit = descend_held(work, h, alpha, 0);
    if (h->n_pulls == 0) return DOSI_OK;
    limit += most_and_room[1];
    pmf_work_keep(work);
    double q = descend_held(work, h, alpha, pow(10, high));
    if (q <= limit) return DOSI_OK;
    for (size_t t = 0; t < MAX_HALVINGS; t++) {
        DOSI_TRY(dosi_run_check(run, err));
        double middle = 0.5 * (low + high);
        pmf_work_return(work);
        q = descend_held(work, h, alpha, pow(10, middle));
        *(q <= limit ? &low : &high) = middle;
    }
    pmf_work_return(work);
    (void)descend_held(work, h, alpha, pow(10, low));
    return DOSI_OK;
}

/// A solution from the worker, in base's order.
static dosi_status close_solution(const pmf_work *work,
                                  double alpha,
                                  dosi_pmf_solution *out,
                                  dosi_error *err) {
    dosi_pmf_solution s = {0};
    if (pmf_result_create(work->data, 0, &s) != DOSI_OK) {
        dosi_pmf_solution_destroy(&s);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a solution");
    }
    pmf_result_fill(&s, work, alpha, false);
    s.kkt = NAN; // Q alone is not at its minimum
    *out = s;
    return DOSI_OK;
}

static dosi_status constrain(pmf_work *work,
                             const dosi_pmf_problem *problem,
                             const dosi_pmf_solution *base,
                             const dosi_pmf_constraints *constraints,
                             const dosi_run *run,
                             dosi_error *err) {
    held h;
    DOSI_TRY(held_create(work->data, constraints->n, &h, err));
    dosi_status status = open_totals(work, base, constraints->total, &h, err);
    for (size_t c = 0; c < constraints->n && status == DOSI_OK; c++) {
        status = add_constraint(work, &constraints->items[c], &h, err);
    }
    double max_dq = constraints->max_dq > 0 ? constraints->max_dq : 0.005;
    if (status == DOSI_OK) {
        const double most_and_room[] = {4, max_dq * base->q_robust};
        status = pull_within(work, &h, problem, most_and_room, run, err);
    }
    held_clear(&h);
    return status;
}

dosi_status dosi_pmf_constrain(const dosi_pmf_problem *problem,
                               const dosi_pmf_solution *base,
                               const dosi_pmf_constraints *constraints,
                               const dosi_run *run,
                               dosi_pmf_solution *out,
                               dosi_error *err) {
    pmf_data data;
    pmf_work work = {0};
    if (constraints->total != SIZE_MAX && constraints->total >= problem->n_species) {
        return dosi_fail(err, DOSI_DOMAIN, "no species %zu", constraints->total + 1);
    }
    DOSI_TRY(pmf_data_create(problem, &data, err));
    dosi_status status = pmf_work_create(&data, problem->alpha > 0, &work, err);
    if (status == DOSI_OK) status = constrain(&work, problem, base, constraints, run, err);
    if (status == DOSI_OK) status = close_solution(&work, problem->alpha, out, err);
    pmf_work_destroy(&work);
    pmf_data_destroy(&data);
    return status;
}

/// Springs from every profile entry to the rotated profiles.
static void add_rotation(const pmf_work *work, double fpeak, held *h) {
    const pmf_data *d = work->data;
    for (size_t p = 0; p < d->k; p++) {
        for (size_t j = 0; j < d->m; j++) {
            double others = 0, own = work->f.values[j * d->kp + p];
            for (size_t q = 0; q < d->k; q++) others += work->f.values[j * d->kp + q];
            others = d->k > 1 ? (others - own) / (double)(d->k - 1) : 0;
            double *coefficients =
                add_pull(h, d, p, fmax(0, own - fpeak * others), stiffness_of(work, j, p));
            coefficients[j] = 1;
        }
    }
}

dosi_status dosi_pmf_rotate(const dosi_pmf_problem *problem,
                            const dosi_pmf_solution *base,
                            double fpeak,
                            const dosi_run *run,
                            dosi_pmf_solution *out,
                            dosi_error *err) {
    pmf_data data;
    pmf_work work = {0};
    held h = {0};
    if (!isfinite(fpeak)) return dosi_fail(err, DOSI_DOMAIN, "fpeak %g", fpeak);
    DOSI_TRY(pmf_data_create(problem, &data, err));
    dosi_status status = pmf_work_create(&data, problem->alpha > 0, &work, err);
    if (status == DOSI_OK) status = held_create(&data, data.m * data.k, &h, err);
    if (status == DOSI_OK) status = open_totals(&work, base, SIZE_MAX, &h, err);
    if (status == DOSI_OK) {
        const double most_and_room[] = {-2, 0.01 * base->q_robust};
        add_rotation(&work, fpeak, &h);
        status = pull_within(&work, &h, problem, most_and_room, run, err);
    }
    if (status == DOSI_OK) status = close_solution(&work, problem->alpha, out, err);
    held_clear(&h);
    pmf_work_destroy(&work);
    pmf_data_destroy(&data);
    return status;
}
