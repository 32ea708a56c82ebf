// Kriging from all present sites: one factor a pattern, dual weights a map, targets in chunks.

#include "dosi/num.h"
#include "spatial/krige.h"

#include <assert.h>
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512, BATCH_DOUBLES = 1 << 25 };

/// From so many sites on, variances come from a product with the factor's inverse, by BLAS
/// (with one thread: the chunks are what runs in parallel, and their bits must not depend on
/// it).
enum { BLAS_SITES = 96 };

/// The factored covariances of a pattern: C = L L', U = L^-1 F for the drift F.
typedef struct factor {
    const krige_pattern *pattern;
    double *l;         ///< (n_present x n_present); its inverse where BLAS is used.
    double *u;         ///< (n_columns x n_present)
    double *s;         ///< (n_columns x n_columns) Cholesky factor of U'U.
    bool is_inverse;   ///< `l` is L^-1.
    bool is_undecided; ///< The sites cannot tell the drift: no predictions.
} factor;

/// Patterns that are done together, with the weights of their maps.
typedef struct batch {
    const krige_work *work;
    const double *covariances; ///< (n_sites x n_sites) lower triangle
    factor *factors;
    size_t n_factors;
    size_t *first_map; ///< (n_factors) place of each pattern's first map in `alpha`.
    double *alpha;     ///< (maps of the batch x n_sites) C^-1 (z - mean), 0 where missing.
    double *beta;      ///< (maps of the batch x n_columns) of the drift.
} batch;

/// Factors the n x n covariances in place. False: not positive definite.
static bool factor_covariances(double *l, size_t n) {
    if (n < BLAS_SITES) return dosi_cholesky(l, n) == n;
    double *diagonal = malloc(n * sizeof *diagonal);
    if (!diagonal) return dosi_cholesky(l, n) == n;
    for (size_t i = 0; i < n; i++) diagonal[i] = l[i * n + i];
    // Its upper triangle by columns is our lower one by rows.
    lapack_int size = (lapack_int)n;
    bool is_fine = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, l, size) == 0;
    for (size_t i = 0; i < n && is_fine; i++) {
        double pivot = l[i * n + i] * l[i * n + i];
        is_fine = pivot > (double)n * 1e-15 * diagonal[i];
    }
    free(diagonal);
    return is_fine;
}

/// U'U of the drift seen through the factor, factored. False: the drift is not told apart.
static bool factor_drift(const krige_work *work, const double *u, size_t n, double *s) {
    size_t n_columns = work->n_columns;
    for (size_t a = 0; a < n_columns; a++) {
        for (size_t b = 0; b <= a; b++) {
            dosi_sum sum = {0};
            for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, u[a * n + i] * u[b * n + i]);
            s[a * n_columns + b] = dosi_sum_value(&sum);
        }
    }
    return dosi_krige_factor_drift(work, s);
}

/// Fills and factors one pattern's covariances. False: not positive definite.
static bool make_factor(const batch *b, factor *f) {
    assert(b->covariances);
    const krige_work *work = b->work;
    const krige_pattern *pattern = f->pattern;
    size_t n = pattern->n_present, n_sites = work->problem->sites->n;
    for (size_t i = 0; i < n; i++) {
        const double *row = b->covariances + pattern->present[i] * n_sites;
        for (size_t j = 0; j <= i; j++) f->l[i * n + j] = row[pattern->present[j]];
    }
    if (!factor_covariances(f->l, n)) return false;
    for (size_t q = 0; q < work->n_columns; q++) {
        double *u = f->u + q * n;
        for (size_t i = 0; i < n; i++) u[i] = work->drift[q * n_sites + pattern->present[i]];
        dosi_cholesky_forward(f->l, n, u);
    }
    f->is_undecided =
        (!work->cross && n < work->n_columns) || !factor_drift(work, f->u, n, f->s);
    return true;
}

/// Turns the factor into its inverse where that pays.
static void invert_factor(const batch *b, factor *f) {
    size_t n = f->pattern->n_present;
    f->is_inverse = b->work->variance && n >= BLAS_SITES;
    if (!f->is_inverse) return;
    lapack_int size = (lapack_int)n;
    lapack_int failed = LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'U', 'N', size, f->l, size);
    assert(failed == 0); // its diagonal was checked
    (void)failed;
}

/// Drift and dual weights of map `t` into row `row` of the batch. `z` is scratch (n_present).
static void make_weights(const batch *b, const factor *f, size_t t, size_t row, double *z) {
    const krige_pattern *pattern = f->pattern;
    const dosi_krige *problem = b->work->problem;
    size_t n = pattern->n_present, n_sites = problem->sites->n, p = b->work->n_columns;
    const double *values = problem->values + t * n_sites;
    double known = p == 0 ? problem->mean : 0;
    for (size_t i = 0; i < n; i++) z[i] = values[pattern->present[i]] - known;
    dosi_cholesky_forward(f->l, n, z);
    double *beta = b->beta + row * p;
    for (size_t q = 0; q < p; q++) {
        dosi_sum uz = {0};
        for (size_t i = 0; i < n; i++) dosi_sum_add(&uz, f->u[q * n + i] * z[i]);
        beta[q] = dosi_sum_value(&uz);
    }
    dosi_krige_solve_small(f->s, p, beta);
    for (size_t q = 0; q < p; q++) {
        for (size_t i = 0; i < n; i++) z[i] -= beta[q] * f->u[q * n + i];
    }
    dosi_cholesky_backward(f->l, n, z);
    double *alpha = b->alpha + row * n_sites;
    memset(alpha, 0, n_sites * sizeof *alpha);
    for (size_t i = 0; i < n; i++) alpha[pattern->present[i]] = z[i];
}

/// A chunk of targets: covariances with all sites, and the drift there.
typedef struct chunk {
    size_t n;      ///< Targets that are wanted; the others repeat the last one.
    double *k;     ///< (n_sites x CHUNK)
    double *y;     ///< (n_sites x CHUNK) scratch.
    double *drift; ///< (n_columns x CHUNK)
    double *rest;  ///< (n_columns x CHUNK) scratch.
} chunk;

/// out[c] += sum over i of a[i] * rows[i][c], in the order of i, four rows a pass: the rows are
/// long, and each pass loads and stores `out` once.
static void add_rows(const double *a, const double *rows, size_t n, double *out) {
    const size_t width = CHUNK;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const double *r0 = rows + i * width, *r1 = r0 + width, *r2 = r1 + width;
        const double *r3 = r2 + width;
        for (size_t c = 0; c < width; c++) {
            double sum = out[c] + a[i] * r0[c];
            sum += a[i + 1] * r1[c];
            sum += a[i + 2] * r2[c];
            out[c] = sum + a[i + 3] * r3[c];
        }
    }
    for (; i < n; i++) {
        for (size_t c = 0; c < width; c++) out[c] += a[i] * rows[i * width + c];
    }
}

/// out[c] += sum over i of rows[i][c]^2, likewise.
static void add_squares(const double *rows, size_t n, double *out) {
    const size_t width = CHUNK;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const double *r0 = rows + i * width, *r1 = r0 + width, *r2 = r1 + width;
        const double *r3 = r2 + width;
        for (size_t c = 0; c < width; c++) {
            double sum = out[c] + r0[c] * r0[c];
            sum += r1[c] * r1[c];
            sum += r2[c] * r2[c];
            out[c] = sum + r3[c] * r3[c];
        }
    }
    for (; i < n; i++) {
        for (size_t c = 0; c < width; c++) out[c] += rows[i * width + c] * rows[i * width + c];
    }
}

/// Kriging variances of a chunk for one pattern. Uses up `at->y`, which is `at->k` when nobody
/// needs that any more.
static void chunk_variances(const batch *b,
                            const factor *f,
                            const chunk *at,
                            double *variance) {
    size_t n = f->pattern->n_present, p = b->work->n_columns;
    double *y = at->y;
    for (size_t i = 0; i < n && y != at->k; i++) {
        memcpy(y + i * CHUNK, at->k + (size_t)f->pattern->present[i] * CHUNK,
               CHUNK * sizeof *y);
    }
    if (f->is_inverse) {
        cblas_dtrmm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)n,
                    CHUNK, 1, f->l, (int)n, y, CHUNK);
    } else {
        dosi_cholesky_forward_many(f->l, n, y, CHUNK);
    }
    double yy[CHUNK] = {0};
    add_squares(y, n, yy);
    for (size_t q = 0; q < p; q++) { // U'y - f; its sign does not matter below
        double *rest = at->rest + q * CHUNK;
        for (size_t c = 0; c < CHUNK; c++) rest[c] = -at->drift[q * CHUNK + c];
        add_rows(f->u + q * n, y, n, rest);
    }
    for (size_t c = 0; c < CHUNK; c++) {
        double mu[KRIGE_MAX_COLUMNS], gained = 0;
        for (size_t q = 0; q < p; q++) mu[q] = at->rest[q * CHUNK + c];
        dosi_krige_solve_small(f->s, p, mu);
        for (size_t q = 0; q < p; q++) gained += mu[q] * at->rest[q * CHUNK + c];
        double value = b->work->variance_there - yy[c] + gained;
        variance[c] = value < 0 ? 0 : value; // NaN stays
    }
}

/// Predictions of a chunk for one map.
static void chunk_predictions(const batch *b, size_t row, const chunk *at, double *out) {
    size_t n_sites = b->work->problem->sites->n, p = b->work->n_columns;
    const double *alpha = b->alpha + row * n_sites, *beta = b->beta + row * p;
    double base = p == 0 ? b->work->problem->mean : 0;
    for (size_t c = 0; c < CHUNK; c++) out[c] = base;
    for (size_t q = 0; q < p; q++) {
        for (size_t c = 0; c < CHUNK; c++) out[c] += beta[q] * at->drift[q * CHUNK + c];
    }
    add_rows(alpha, at->k, n_sites, out);
}

/// Covariances and drift of targets [first, first + CHUNK).
static void fill_chunk(const batch *b, size_t first, chunk *at) {
    const krige_work *work = b->work;
    const dosi_sites *sites = work->problem->sites, *targets = work->targets;
    double tx[CHUNK], ty[CHUNK], dx[CHUNK], dy[CHUNK];
    at->n = targets->n - first < CHUNK ? targets->n - first : CHUNK;
    for (size_t c = 0; c < CHUNK; c++) { // the last chunk repeats its last target
        size_t target = first + (c < at->n ? c : at->n - 1);
        tx[c] = targets->x[target];
        ty[c] = targets->y[target];
        for (size_t q = 0; q < work->n_columns; q++) {
            at->drift[q * CHUNK + c] = work->target_drift[q * targets->n + target];
        }
    }
    for (size_t i = 0; i < sites->n; i++) {
        for (size_t c = 0; c < CHUNK; c++) dx[c] = tx[c] - sites->x[i];
        for (size_t c = 0; c < CHUNK; c++) dy[c] = ty[c] - sites->y[i];
        double *k = at->k + i * CHUNK;
        if (work->cross) { // site's variable with the first
            size_t pair = work->cross->variable[i] * work->cross->n_variables;
            covariance_fill(&work->cross->fields[pair], dx, dy, k, CHUNK);
        } else {
            dosi_krige_covariances(work, dx, dy, k, CHUNK);
        }
    }
}

/// How many numbers a chunk's scratch has.
static size_t chunk_doubles(const krige_work *work) {
    return 2 * (work->problem->sites->n + work->n_columns) * CHUNK;
}

/// All patterns of the batch at targets [first, first + CHUNK).
/// @param scratch  (chunk_doubles)
static void do_chunk(const batch *b, size_t first, double *scratch) {
    const krige_work *work = b->work;
    size_t n_targets = work->targets->n, n_sites = work->problem->sites->n;
    chunk at = {.k = scratch, .y = scratch + n_sites * CHUNK};
    at.drift = at.y + n_sites * CHUNK;
    at.rest = at.drift + work->n_columns * CHUNK;
    fill_chunk(b, first, &at);
    for (size_t p = 0; p < b->n_factors; p++) {
        const factor *f = &b->factors[p];
        double variance[CHUNK], prediction[CHUNK];
        for (size_t c = 0; c < CHUNK; c++) variance[c] = prediction[c] = NAN;
        for (size_t j = 0; j < f->pattern->n_maps; j++) {
            size_t to = f->pattern->maps[j] * n_targets + first;
            if (!f->is_undecided) chunk_predictions(b, b->first_map[p] + j, &at, prediction);
            memcpy(work->prediction + to, prediction, at.n * sizeof *prediction);
        }
        if (!work->variance) continue;
        bool is_last = p + 1 == b->n_factors && f->pattern->n_present == n_sites;
        if (is_last) at.y = at.k;
        if (!f->is_undecided) chunk_variances(b, f, &at, variance);
        for (size_t j = 0; j < f->pattern->n_maps; j++) {
            size_t to = f->pattern->maps[j] * n_targets + first;
            memcpy(work->variance + to, variance, at.n * sizeof *variance);
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
        double *scratch = malloc(chunk_doubles(work) * sizeof *scratch);
        if (!scratch) atomic_store(&failure, DOSI_NO_MEMORY);
#pragma omp for schedule(dynamic, 1)
        for (size_t p = 0; p < b->n_factors; p++) {
            factor *f = &b->factors[p];
            if (atomic_load(&failure) != DOSI_OK) continue;
            if (!make_factor(b, f)) {
                atomic_store(&failure, DOSI_DOMAIN);
                continue;
            }
            for (size_t j = 0; j < f->pattern->n_maps && !f->is_undecided; j++) {
                make_weights(b, f, f->pattern->maps[j], b->first_map[p] + j, scratch);
            }
            invert_factor(b, f);
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
                         const krige_work *work,
                         size_t *n_doubles) {
    size_t n = 0, used = 0, p = work->n_columns, n_sites = work->problem->sites->n;
    for (; n < n_which; n++) {
        const krige_pattern *pattern = &patterns->items[which[n]];
        size_t need = pattern->n_present * (pattern->n_present + p) + p * p +
                      pattern->n_maps * (n_sites + p);
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
    size_t n_maps = 0, q = b->work->n_columns;
    for (size_t p = 0; p < b->n_factors; p++) {
        const krige_pattern *pattern = &patterns->items[which[p]];
        size_t n = pattern->n_present;
        b->factors[p] = (factor){.pattern = pattern, .l = memory, .u = memory + n * n};
        b->factors[p].s = b->factors[p].u + n * q;
        memory += n * (n + q) + q * q;
        b->first_map[p] = n_maps;
        n_maps += pattern->n_maps;
    }
    b->beta = memory;
    b->alpha = memory + n_maps * q;
    return do_batch(b, err);
}

/// Covariances between all sites. NULL when there is no memory.
static double *site_covariances(const krige_work *work) {
    const dosi_sites *sites = work->problem->sites;
    double *c = calloc(sites->n * sites->n + 1, sizeof *c);
    if (!c) return NULL;
    const krige_data data = {.sites = *sites,
                             .variable = work->cross ? work->cross->variable : NULL,
                             .error_variance = work->problem->error_variance};
    dosi_krige_data_covariances(work, &data, c);
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
        b.n_factors = plan_batch(patterns, which + done, n_which - done, work, &n_doubles);
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
