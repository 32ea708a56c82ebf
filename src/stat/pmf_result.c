// Positive matrix factorisation: solutions in the units of the data, and starts as optima.

#include "stat/pmf_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS };

/// Starts whose Q differs by less (relative) and whose profiles differ by less (sine) ended in
/// the same optimum.
static const double same_q = 1e-5, same_profiles = 1e-2;

dosi_status pmf_result_create(const pmf_data *data, size_t n_starts, dosi_pmf_solution *out) {
    out->n_rows = data->n;
    out->n_species = data->m;
    out->n_factors = data->k;
    out->n_starts = n_starts;
    out->g = calloc(data->n * data->k, sizeof *out->g);
    out->f = calloc(data->m * data->k, sizeof *out->f);
    out->starts = calloc(n_starts + 1, sizeof *out->starts);
    out->optima = calloc(n_starts + 1, sizeof *out->optima);
    return out->g && out->f && out->starts && out->optima ? DOSI_OK : DOSI_NO_MEMORY;
}

void dosi_pmf_solution_destroy(dosi_pmf_solution *solution) {
    free(solution->g);
    free(solution->f);
    free(solution->starts);
    free(solution->optima);
    memset(solution, 0, sizeof *solution);
}

void pmf_work_qs(const pmf_work *work, double alpha, double *q, double *q_robust) {
    const pmf_data *d = work->data;
    double sum = 0, robust = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double *g = work->g.values + i * d->kp;
        for (size_t j = 0; j < d->m; j++) {
            const double *f = work->f.values + j * d->kp;
            double away = d->x[i * d->mp + j];
            for (size_t p = 0; p < d->k; p++) away -= g[p] * f[p];
            double term = d->w[i * d->mp + j] * away * away;
            sum += term;
            robust += alpha > 0 && term > alpha * alpha ? alpha * sqrt(term) : term;
        }
    }
    *q = sum;
    *q_robust = robust;
}

/// Factors, those that explain most first.
static void order_factors(const pmf_work *work, const double *means, size_t *order) {
    const pmf_data *d = work->data;
    double parts[MAX_K];
    for (size_t p = 0; p < d->k; p++) {
        parts[p] = 0;
        for (size_t j = 0; j < d->m; j++) {
            parts[p] += means[p] * work->f.values[j * d->kp + p];
        }
        size_t at = p;
        for (; at > 0 && parts[order[at - 1]] < parts[p]; at--) order[at] = order[at - 1];
        order[at] = p;
    }
}

void pmf_result_fill(dosi_pmf_solution *solution,
                     const pmf_work *work,
                     double alpha,
                     bool is_ordered) {
    const pmf_data *d = work->data;
    double means[MAX_K];
    size_t order[MAX_K];
    for (size_t p = 0; p < d->k; p++) means[p] = pmf_mean(work, p);
    order_factors(work, means, order);
    for (size_t p = 0; p < d->k && !is_ordered; p++) order[p] = p;
    for (size_t a = 0; a < d->k; a++) {
        size_t p = order[a];
        double mean = means[p] > 0 ? means[p] : 1;
        for (size_t i = 0; i < d->n; i++) {
            solution->g[i * d->k + a] = work->g.values[i * d->kp + p] / mean;
        }
        for (size_t j = 0; j < d->m; j++) {
            solution->f[a * d->m + j] = work->f.values[j * d->kp + p] * d->scale[j] * mean;
        }
    }
    pmf_work_qs(work, alpha, &solution->q, &solution->q_robust);
    solution->q_expected = (double)d->n_cells - (double)(d->k * (d->n + d->m));
}

void pmf_work_load(pmf_work *work, const dosi_pmf_solution *solution) {
    const pmf_data *d = work->data;
    for (size_t i = 0; i < d->n; i++) {
        for (size_t p = 0; p < d->k; p++) {
            work->g.values[i * d->kp + p] = solution->g[i * d->k + p];
        }
    }
    for (size_t j = 0; j < d->m; j++) {
        for (size_t p = 0; p < d->k; p++) {
            work->f.values[j * d->kp + p] = solution->f[p * d->m + j] / d->scale[j];
        }
    }
}

/// Squared cosine of the angle between profile p of a and q of b.
static double alike(const double *a, const double *b, const pmf_data *d, size_t p, size_t q) {
    double aa = 0, bb = 0, ab = 0;
    for (size_t j = 0; j < d->m; j++) {
        double x = a[j * d->kp + p], y = b[j * d->kp + q];
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab * ab / (aa * bb) : 0;
}

double pmf_match(const double *a, const double *b, const pmf_data *data, size_t *match) {
    const size_t k = data->k;
    double cosines[MAX_K][MAX_K], least = 1;
    bool is_a_done[MAX_K] = {false}, is_b_done[MAX_K] = {false};
    for (size_t p = 0; p < k; p++) {
        for (size_t q = 0; q < k; q++) cosines[p][q] = alike(a, b, data, p, q);
    }
    for (size_t round = 0; round < k; round++) {
        size_t best_p = k, best_q = k;
        for (size_t at = 0; at < k * k; at++) {
            size_t p = at / k, q = at % k;
            if (is_a_done[p] || is_b_done[q]) continue;
            if (best_p < k && cosines[p][q] <= cosines[best_p][best_q]) continue;
            best_p = p;
            best_q = q;
        }
        is_a_done[best_p] = is_b_done[best_q] = true;
        least = fmin(least, cosines[best_p][best_q]);
        if (match) match[best_p] = best_q;
    }
    return sqrt(fmax(0, 1 - least));
}

/// Start and what it minimised, for sorting.
typedef struct ranked {
    double q;
    size_t start;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->q != y->q) return x->q < y->q ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/// The optimum that a start belongs to; n_optima when it is a new one.
static size_t find_optimum(const dosi_pmf_solution *s,
                           const pmf_data *data,
                           const double *profiles,
                           const ranked *one) {
    const size_t stride = data->m * data->kp;
    for (size_t o = s->n_optima; o-- > 0;) {
        if (one->q - s->optima[o].q > same_q * one->q) break; // sorted: none before is nearer
        double sine = pmf_match(profiles + s->optima[o].start * stride,
                                profiles + one->start * stride, data, NULL);
        if (sine <= same_profiles) return o;
    }
    return s->n_optima;
}

dosi_status pmf_result_group(dosi_pmf_solution *solution,
                             const pmf_data *data,
                             const double *profiles) {
    const size_t stride = data->m * data->kp;
    ranked *order = malloc(solution->n_starts * sizeof *order);
    if (!order) return DOSI_NO_MEMORY;
    for (size_t s = 0; s < solution->n_starts; s++) {
        order[s] = (ranked){solution->starts[s].q_robust, s}; // q where not robust
    }
    qsort(order, solution->n_starts, sizeof *order, compare_ranked);
    for (size_t at = 0; at < solution->n_starts; at++) {
        size_t o = find_optimum(solution, data, profiles, &order[at]);
        dosi_pmf_optimum *optimum = &solution->optima[o];
        if (o == solution->n_optima) {
            optimum->q = order[at].q;
            optimum->start = order[at].start;
            optimum->distance = pmf_match(profiles + order[0].start * stride,
                                          profiles + order[at].start * stride, data, NULL);
            solution->n_optima++;
        }
        optimum->n_starts++;
        solution->starts[order[at].start].optimum = (uint32_t)o;
    }
    free(order);
    return DOSI_OK;
}

size_t dosi_pmf_count_near(const dosi_pmf_solution *solution, double relative) {
    size_t n = 0;
    for (size_t s = 0; s < solution->n_starts; s++) {
        n += solution->starts[s].q_robust <= solution->optima[0].q * (1 + relative);
    }
    return n;
}
