// Kriging from all present sites: one factor a pattern, dual weights a map, targets in chunks.

#include "dosi/num.h"
#include "spatial/krige.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256, BATCH_DOUBLES = 1 << 25 };

/// From so many sites on, BLAS solves the triangular systems (with one thread: the chunks are
/// what runs in parallel, and their bits must not depend on it).
enum { BLAS_SITES = 96 };

/// The factored covariances of a pattern: C = L L', u = L^-1 1, s = u'u.
typedef struct factor {
    const krige_pattern *pattern;
    double *l; ///< (n_present x n_present)
    double *u; ///< (n_present)
    double s;
} factor;

/// Patterns that are done together, with the weights of their maps.
typedef struct batch {
    const krige_work *work;
    const double *covariances; ///< (n_sites x n_sites)
    factor *factors;
    size_t n_factors;
    size_t *first_map; ///< (n_factors) place of each pattern's first map in `alpha`.
    double *alpha;     ///< (maps of the batch x n_sites) C^-1 (z - mean), 0 where missing.
    double *mean;      ///< (maps of the batch) the generalised least squares mean.
} batch;

/// Fills and factors one pattern's covariances. False: not positive definite.
static bool make_factor(const batch *b, factor *f) {
    assert(b->covariances);
    const krige_pattern *pattern = f->pattern;
    size_t n = pattern->n_present, n_sites = b->work->problem->sites->n;
    for (size_t i = 0; i < n; i++) {
        const double *row = b->covariances + pattern->present[i] * n_sites;
        for (size_t j = 0; j <= i; j++) f->l[i * n + j] = row[pattern->present[j]];
    }
    if (dosi_cholesky(f->l, n) != n) return false;
    for (size_t i = 0; i < n; i++) f->u[i] = 1;
    dosi_cholesky_forward(f->l, n, f->u);
    dosi_sum s = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&s, f->u[i] * f->u[i]);
    f->s = dosi_sum_value(&s);
    return true;
}

/// Mean and dual weights of map `t` into row `row` of the batch. `z` is scratch (n_present).
static void make_weights(const batch *b, const factor *f, size_t t, size_t row, double *z) {
    const krige_pattern *pattern = f->pattern;
    const dosi_krige *problem = b->work->problem;
    size_t n = pattern->n_present, n_sites = problem->sites->n;
    const double *values = problem->values + t * n_sites;
    for (size_t i = 0; i < n; i++) z[i] = values[pattern->present[i]];
    dosi_cholesky_forward(f->l, n, z);
    dosi_sum uz = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&uz, f->u[i] * z[i]);
    double mean = dosi_sum_value(&uz) / f->s;
    for (size_t i = 0; i < n; i++) z[i] -= mean * f->u[i];
    dosi_cholesky_backward(f->l, n, z);
    double *alpha = b->alpha + row * n_sites;
    memset(alpha, 0, n_sites * sizeof *alpha);
    for (size_t i = 0; i < n; i++) alpha[pattern->present[i]] = z[i];
    b->mean[row] = mean;
}

/// Kriging variances of a chunk for one pattern.
/// @param k  (n_sites x CHUNK) covariances of sites and targets.
/// @param y  (n_sites x CHUNK) scratch.
static void chunk_variances(
    const batch *b, const factor *f, const double *k, double *y, double *variance) {
    size_t n = f->pattern->n_present;
    for (size_t i = 0; i < n; i++) {
        memcpy(y + i * CHUNK, k + (size_t)f->pattern->present[i] * CHUNK, CHUNK * sizeof *y);
    }
    if (n >= BLAS_SITES) {
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)n,
                    CHUNK, 1, f->l, (int)n, y, CHUNK);
    } else {
        dosi_cholesky_forward_many(f->l, n, y, CHUNK);
    }
    double yy[CHUNK] = {0}, uy[CHUNK] = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < CHUNK; c++) {
            double value = y[i * CHUNK + c];
            yy[c] += value * value;
            uy[c] += value * f->u[i];
        }
    }
    for (size_t c = 0; c < CHUNK; c++) {
        double rest = 1 - uy[c];
        variance[c] = fmax(b->work->sill - yy[c] + rest * rest / f->s, 0);
    }
}

/// Predictions of a chunk for one map.
static void chunk_predictions(const batch *b, size_t row, const double *k, double *out) {
    size_t n_sites = b->work->problem->sites->n;
    const double *alpha = b->alpha + row * n_sites;
    for (size_t c = 0; c < CHUNK; c++) out[c] = b->mean[row];
    for (size_t i = 0; i < n_sites; i++) {
        if (alpha[i] == 0) continue;
        for (size_t c = 0; c < CHUNK; c++) out[c] += alpha[i] * k[i * CHUNK + c];
    }
}

/// All patterns of the batch at targets [first, first + CHUNK).
/// @param scratch  (2 x n_sites x CHUNK)
static void do_chunk(const batch *b, size_t first, double *scratch) {
    const krige_work *work = b->work;
    const dosi_sites *sites = work->problem->sites;
    size_t n_targets = work->targets->n;
    size_t n = n_targets - first < CHUNK ? n_targets - first : CHUNK;
    double *k = scratch, *y = scratch + sites->n * CHUNK;
    double tx[CHUNK], ty[CHUNK];
    for (size_t c = 0; c < CHUNK; c++) { // the last chunk repeats its last target
        tx[c] = work->targets->x[first + (c < n ? c : n - 1)];
        ty[c] = work->targets->y[first + (c < n ? c : n - 1)];
    }
    const dosi_sites chunk = {CHUNK, tx, ty};
    for (size_t i = 0; i < sites->n; i++) {
        dosi_krige_covariances(work, sites->x[i], sites->y[i], &chunk, k + i * CHUNK);
    }
    for (size_t p = 0; p < b->n_factors; p++) {
        const factor *f = &b->factors[p];
        double variance[CHUNK], prediction[CHUNK];
        if (work->variance) chunk_variances(b, f, k, y, variance);
        for (size_t j = 0; j < f->pattern->n_maps; j++) {
            size_t at = f->pattern->maps[j] * n_targets + first;
            chunk_predictions(b, b->first_map[p] + j, k, prediction);
            memcpy(work->prediction + at, prediction, n * sizeof *prediction);
            if (work->variance) memcpy(work->variance + at, variance, n * sizeof *variance);
        }
    }
}

/// Factors and weights of all patterns of the batch, then all chunks.
static dosi_status do_batch(const batch *b, dosi_error *err) {
    const krige_work *work = b->work;
    size_t n_sites = work->problem->sites->n;
    int n_threads = dosi_run_threads(work->run); // NOLINT(*DeadStores): used by the pragma
    atomic_int failure = DOSI_OK;
    if (n_sites >= BLAS_SITES) openblas_set_num_threads(1);
    size_t n_chunks = (work->targets->n + CHUNK - 1) / CHUNK;
#pragma omp parallel num_threads(n_threads)
    {
        double *scratch = malloc(2 * n_sites * CHUNK * sizeof *scratch);
        if (!scratch) atomic_store(&failure, DOSI_NO_MEMORY);
#pragma omp for schedule(dynamic, 1)
        for (size_t p = 0; p < b->n_factors; p++) {
            factor *f = &b->factors[p];
            if (atomic_load(&failure) != DOSI_OK) continue;
            if (!make_factor(b, f)) {
                atomic_store(&failure, DOSI_DOMAIN);
                continue;
            }
            for (size_t j = 0; j < f->pattern->n_maps; j++) {
                make_weights(b, f, f->pattern->maps[j], b->first_map[p] + j, scratch);
            }
        }
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < n_chunks; c++) {
            if (atomic_load(&failure) != DOSI_OK) continue;
            if (dosi_run_check(work->run, NULL) != DOSI_OK) {
                atomic_store(&failure, DOSI_CANCELLED);
                continue;
            }
            do_chunk(b, c * CHUNK, scratch);
        }
        free(scratch);
    }
    switch (atomic_load(&failure)) {
    case DOSI_OK:
        return DOSI_OK;
    case DOSI_DOMAIN:
        return dosi_krige_fail_factor(work, err);
    case DOSI_CANCELLED:
        return dosi_run_check(work->run, err);
    default:
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige from %zu sites", n_sites);
    }
}

/// Takes patterns `which[0..]` into a batch until its memory is used up; how many it took.
static size_t plan_batch(const krige_patterns *patterns,
                         const size_t *which,
                         size_t n_which,
                         size_t n_sites,
                         size_t *n_doubles) {
    size_t n = 0, used = 0;
    for (; n < n_which; n++) {
        const krige_pattern *pattern = &patterns->items[which[n]];
        size_t need =
            pattern->n_present * (pattern->n_present + 1) + pattern->n_maps * (n_sites + 1);
        if (n && used + need > BATCH_DOUBLES) break;
        used += need;
    }
    *n_doubles = used;
    return n;
}

/// Lays a batch out in `memory` and does it.
static dosi_status run_batch(batch *b,
                             const krige_patterns *patterns,
                             const size_t *which,
                             double *memory,
                             dosi_error *err) {
    size_t n_maps = 0;
    for (size_t p = 0; p < b->n_factors; p++) {
        const krige_pattern *pattern = &patterns->items[which[p]];
        size_t n = pattern->n_present;
        b->factors[p] = (factor){.pattern = pattern, .l = memory, .u = memory + n * n};
        memory += n * (n + 1);
        b->first_map[p] = n_maps;
        n_maps += pattern->n_maps;
    }
    b->mean = memory;
    b->alpha = memory + n_maps;
    return do_batch(b, err);
}

/// Covariances between all sites. NULL when there is no memory.
static double *site_covariances(const krige_work *work) {
    const dosi_sites *sites = work->problem->sites;
    double *c = malloc((sites->n * sites->n + 1) * sizeof *c);
    for (size_t i = 0; c && i < sites->n; i++) {
        dosi_krige_covariances(work, sites->x[i], sites->y[i], sites, c + i * sites->n);
    }
    return c;
}

dosi_status dosi_krige_global(const krige_work *work,
                              const krige_patterns *patterns,
                              const size_t *which,
                              size_t n_which,
                              dosi_error *err) {
    if (n_which == 0 || work->targets->n == 0) return DOSI_OK;
    size_t n_sites = work->problem->sites->n;
    double *covariances = site_covariances(work);
    batch b = {.work = work, .covariances = covariances};
    b.factors = calloc(n_which, sizeof *b.factors);
    b.first_map = calloc(n_which, sizeof *b.first_map);
    dosi_status status = DOSI_OK;
    if (!covariances || !b.factors || !b.first_map) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige from %zu sites", n_sites);
    }
    for (size_t done = 0; done < n_which && status == DOSI_OK && b.factors && b.first_map;) {
        size_t n_doubles = 0;
        b.n_factors = plan_batch(patterns, which + done, n_which - done, n_sites, &n_doubles);
        double *memory = malloc(n_doubles * sizeof *memory);
        status = memory
                     ? run_batch(&b, patterns, which + done, memory, err)
                     : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu numbers", n_doubles);
        free(memory);
        done += b.n_factors;
        dosi_run_report(work->run, (double)done / (double)n_which, "kriging");
    }
    free(b.first_map);
    free(b.factors);
    free(covariances);
    return status;
}

dosi_status dosi_krige_leave_global(const krige_work *work,
                                    const krige_pattern *pattern,
                                    dosi_error *err) {
    const dosi_krige *problem = work->problem;
    size_t n = pattern->n_present, n_sites = problem->sites->n;
    double *l = calloc(2 * n * n + n, sizeof *l);
    if (!l) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    double *inverse = l + n * n, *v = l + 2 * n * n;
    for (size_t i = 0; i < n; i++) {
        size_t a = pattern->present[i];
        for (size_t j = 0; j <= i; j++) {
            size_t c = pattern->present[j];
            double dx = problem->sites->x[a] - problem->sites->x[c];
            double dy = problem->sites->y[a] - problem->sites->y[c];
            l[i * n + j] = sqrt(dx * dx + dy * dy);
        }
        dosi_variogram_covariances(problem->model, work->sill, l + i * n, i + 1);
    }
    if (dosi_cholesky(l, n) != n) {
        free(l);
        return dosi_krige_fail_factor(work, err);
    }
    dosi_cholesky_inverse(l, n, inverse);
    dosi_sum total = {0};
    for (size_t i = 0; i < n; i++) {
        dosi_sum sum = {0};
        for (size_t j = 0; j < n; j++) dosi_sum_add(&sum, inverse[i * n + j]);
        v[i] = dosi_sum_value(&sum);
        dosi_sum_add(&total, v[i]);
    }
    double s = dosi_sum_value(&total);
    for (size_t k = 0; k < pattern->n_maps; k++) {
        size_t row = pattern->maps[k] * n_sites;
        for (size_t i = 0; i < n; i++) {
            dosi_sum qz = {0}; // row i of Q = C^-1 - v v' / s, times z
            for (size_t j = 0; j < n; j++) {
                double q = inverse[i * n + j] - v[i] * v[j] / s;
                dosi_sum_add(&qz, q * problem->values[row + pattern->present[j]]);
            }
            double q_ii = inverse[i * n + i] - v[i] * v[i] / s;
            size_t at = row + pattern->present[i];
            work->prediction[at] = problem->values[at] - dosi_sum_value(&qz) / q_ii;
            work->variance[at] = 1 / q_ii;
        }
    }
    free(l);
    return DOSI_OK;
}
