// Strengths of sources whose places are known: least squares with a prior, not negative.

#include "dosi/num.h"
#include "stat/inverse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE_ROUNDS = 4 };

/// A problem of known places, on its way.
typedef struct known_work {
    inverse_rows rows;
    size_t n_sources;
    double *columns;     ///< (n_sources x rows.n)
    double *y, *scratch; ///< (rows.n), (rows.n_scratch)
    double *gram, *b;    ///< (k x k), (k) of the readings alone.
    double *a, *rhs;     ///< (2 k x k), (k) with the prior.
    double *q;           ///< (k)
    double *left;        ///< (rows.n) what the sources leave.
    double yy, noise;    ///< Variance of the noise.
    double counts;       ///< How many times it counts, for its correlation in time.
} known_work;

static void known_clear(known_work *w) {
    dosi_inverse_rows_clear(&w->rows);
    free(w->columns);
    free(w->y);
    free(w->scratch);
    free(w->gram);
    free(w->b);
    free(w->a);
    free(w->rhs);
    free(w->q);
    free(w->left);
}

static dosi_status known_make(const dosi_inverse_problem *p,
                              size_t k,
                              known_work *w,
                              dosi_error *err) {
    DOSI_TRY(dosi_inverse_rows_take(p, 1, &w->rows, err));
    w->n_sources = k;
    w->columns = malloc(k * p->n * sizeof *w->columns);
    w->y = malloc(p->n * sizeof *w->y);
    w->scratch = malloc((w->rows.n_scratch + 1) * sizeof *w->scratch);
    w->gram = malloc(k * k * sizeof *w->gram);
    w->b = malloc(k * sizeof *w->b);
    w->a = malloc(2 * k * k * sizeof *w->a);
    w->rhs = malloc(k * sizeof *w->rhs);
    w->q = calloc(k, sizeof *w->q);
    w->left = malloc(p->n * sizeof *w->left);
    bool has_memory = w->columns && w->y && w->scratch && w->gram && w->b && w->a && w->rhs &&
                      w->q && w->left;
    return has_memory ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for sources");
}

static void work_normal_equations(known_work *w, const dosi_inverse_known *sources) {
    size_t n = w->rows.n;
    size_t k = w->n_sources;
    for (size_t i = 0; i < n; i++) w->y[i] = w->rows.problem->y[w->rows.row[i]];
    dosi_inverse_take_effects(&w->rows, w->y, w->scratch);
    for (size_t j = 0; j < k; j++) {
        double *column = w->columns + j * n;
        if (!sources[j].column) {
            dosi_inverse_column(&w->rows, &sources[j].place, w->scratch, column);
            continue;
        }
        for (size_t i = 0; i < n; i++) column[i] = sources[j].column[w->rows.row[i]];
        dosi_inverse_take_effects(&w->rows, column, w->scratch);
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t m = 0; m <= j; m++) {
            double product = dosi_inverse_dot(w->columns + j * n, w->columns + m * n, n);
            w->gram[j * k + m] = w->gram[m * k + j] = product;
        }
        w->b[j] = dosi_inverse_dot(w->columns + j * n, w->y, n);
    }
    w->yy = dosi_inverse_dot(w->y, w->y, n);
    w->noise = w->yy / (double)n;
    w->counts = 1.0;
}

/// What the sources leave, its variance, and how many times that counts: errors and columns
/// that both change slowly leave fewer independent readings (M. S. Bartlett, 1946).
static void weigh_left(known_work *w) {
    size_t n = w->rows.n;
    memset(w->left, 0, n * sizeof *w->left);
    for (size_t j = 0; j < w->n_sources; j++) {
        const double *column = w->columns + j * n;
        for (size_t i = 0; i < n && w->q[j] > 0; i++) w->left[i] += w->q[j] * column[i];
    }
    double r = dosi_inverse_correlation(&w->rows, w->left, w->scratch);
    for (size_t i = 0; i < n; i++) w->left[i] = w->y[i] - w->left[i];
    r *= dosi_inverse_correlation(&w->rows, w->left, w->scratch);
    double square = dosi_inverse_dot(w->left, w->left, n);
    w->noise = fmax(square / (double)n, 1e-12 * w->yy / (double)n);
    w->counts = (1.0 + r) / (1.0 - r);
}

/// Readings and prior together, for the noise as it is known so far.
static void add_prior(known_work *w, const dosi_inverse_known *sources) {
    size_t k = w->n_sources;
    double noise = w->noise * w->counts;
    for (size_t j = 0; j < k; j++) {
        double weight = 1.0 / (sources[j].prior_sd * sources[j].prior_sd);
        for (size_t m = 0; m < k; m++) w->a[j * k + m] = w->gram[j * k + m] / noise;
        w->a[j * k + j] += weight;
        w->rhs[j] = w->b[j] / noise + weight * sources[j].prior;
    }
}

/// Strengths, and from what they leave the noise, in turn.
static void fit(known_work *w, const dosi_inverse_known *sources) {
    size_t k = w->n_sources;
    for (int round = 0; round < NOISE_ROUNDS; round++) {
        add_prior(w, sources);
        dosi_inverse_nnls(w->a, w->rhs, k, w->q);
        weigh_left(w);
    }
    add_prior(w, sources);
}

/// Standard errors and averaging kernel: posterior covariance C = (G'G / noise + prior)^-1,
/// kernel C G'G / noise.
static dosi_status put_errors(known_work *w, dosi_inverse_known *sources, dosi_error *err) {
    size_t k = w->n_sources;
    double *covariance = w->a + k * k;
    if (dosi_cholesky(w->a, k) != k) {
        return dosi_fail(err, DOSI_DOMAIN, "the sources cannot be told apart");
    }
    dosi_cholesky_inverse(w->a, k, covariance);
    for (size_t j = 0; j < k; j++) {
        double kernel = 0.0;
        for (size_t m = 0; m < k; m++) {
            kernel += covariance[j * k + m] * w->gram[m * k + j] / (w->noise * w->counts);
        }
        sources[j].strength = w->q[j];
        sources[j].sd = sqrt(covariance[j * k + j]);
        sources[j].averaging = kernel;
    }
    return DOSI_OK;
}

dosi_status dosi_inverse_strengths(const dosi_inverse_problem *problem,
                                   dosi_inverse_known *sources,
                                   size_t n_sources,
                                   const dosi_run *run,
                                   double *noise_sd,
                                   dosi_error *err) {
    assert(problem && (sources || n_sources == 0));
    if (n_sources == 0 || problem->n == 0) {
        return dosi_fail(err, DOSI_DOMAIN, "no sources, or no readings, to weigh");
    }
    if (n_sources > DOSI_INVERSE_KNOWN_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "%zu sources: more than %d", n_sources,
                         DOSI_INVERSE_KNOWN_MAX);
    }
    for (size_t j = 0; j < n_sources; j++) {
        assert(problem->forward || sources[j].column);
        bool is_fine = sources[j].prior_sd > 0 && isfinite(sources[j].prior_sd) &&
                       isfinite(sources[j].prior);
        if (is_fine) continue;
        return dosi_fail(err, DOSI_DOMAIN, "source %zu: a prior needs a standard error > 0", j);
    }
    known_work w;
    memset(&w, 0, sizeof w);
    dosi_status status = known_make(problem, n_sources, &w, err);
    if (status == DOSI_OK) status = dosi_run_check(run, err);
    if (status == DOSI_OK) {
        work_normal_equations(&w, sources);
        fit(&w, sources);
        status = put_errors(&w, sources, err);
    }
    if (status == DOSI_OK && noise_sd) *noise_sd = sqrt(w.noise);
    known_clear(&w);
    return status;
}
