// Kriging from the nearest present sites: weights of a target once, then every map.

#include "dosi/geo.h"
#include "dosi/num.h"
#include "spatial/krige.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 };

/// One pattern with its present sites side by side, last site first: of equally near sites the
/// index gives the first it holds, and gstat takes the last of its data.
typedef struct local {
    const krige_work *work;
    const krige_pattern *pattern;
    double *x, *y; ///< (n_present)
    dosi_nearest *nearest;
    size_t k;        ///< Sites used for each target.
    bool leaves_out; ///< Targets are the present sites, each without itself.
} local;

/// Scratch of one thread: a factored system of k sites.
typedef struct kriging_system {
    uint32_t *found; ///< (k + 1) nearest sites, in place order of the pattern.
    uint32_t *sites; ///< (k) the same ascending, as factored.
    bool is_factored;
    double *l;      ///< (k x k)
    double *u;      ///< (k) L^-1 1
    double s;       ///< u'u
    double *weight; ///< (k)
    double *memory;
} kriging_system;

/// Index among all sites of place `i` of a pattern.
static size_t site_at(const local *l, size_t i) {
    return l->pattern->present[l->pattern->n_present - 1 - i];
}

static int compare_ids(const void *a, const void *b) {
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    return i < j ? -1 : i > j;
}

/// Covariances of place (x, y) with sites `ids`.
static void covariances_at(
    const local *l, double x, double y, const uint32_t *ids, size_t n, double *out) {
    for (size_t i = 0; i < n; i++) {
        double dx = l->x[ids[i]] - x, dy = l->y[ids[i]] - y;
        out[i] = sqrt(dx * dx + dy * dy);
    }
    dosi_variogram_covariances(l->work->problem->model, l->work->sill, out, n);
}

/// Finds the k nearest sites of a target into s->found, ascending.
static void find_sites(const local *l, kriging_system *s, double x, double y, size_t self) {
    size_t n = dosi_nearest_find(l->nearest, x, y, l->k + l->leaves_out, s->found, NULL);
    if (l->leaves_out) {
        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
            if (s->found[i] != self) s->found[kept++] = s->found[i];
        }
        n = kept;
    }
    assert(n >= l->k);
    qsort(s->found, l->k, sizeof *s->found, compare_ids);
}

/// Factors the covariances of s->found, unless they are those factored last.
static bool factor_sites(const local *l, kriging_system *s) {
    size_t k = l->k;
    if (s->is_factored && memcmp(s->sites, s->found, k * sizeof *s->sites) == 0) return true;
    memcpy(s->sites, s->found, k * sizeof *s->sites);
    for (size_t i = 0; i < k; i++) {
        uint32_t id = s->sites[i];
        covariances_at(l, l->x[id], l->y[id], s->sites, i + 1, s->l + i * k);
    }
    s->is_factored = dosi_cholesky(s->l, k) == k;
    if (!s->is_factored) return false;
    for (size_t i = 0; i < k; i++) s->u[i] = 1;
    dosi_cholesky_forward(s->l, k, s->u);
    s->s = 0;
    for (size_t i = 0; i < k; i++) s->s += s->u[i] * s->u[i];
    return true;
}

/// Ordinary kriging weights of a place from the factored sites; returns the variance.
static double solve_place(const local *l, kriging_system *s, double x, double y) {
    size_t k = l->k;
    double *w = s->weight;
    covariances_at(l, x, y, s->sites, k, w);
    dosi_cholesky_forward(s->l, k, w);
    double ww = 0, uw = 0;
    for (size_t i = 0; i < k; i++) {
        ww += w[i] * w[i];
        uw += w[i] * s->u[i];
    }
    double rest = 1 - uw;
    for (size_t i = 0; i < k; i++) w[i] += rest / s->s * s->u[i];
    dosi_cholesky_backward(s->l, k, w);
    return fmax(l->work->sill - ww + rest * rest / s->s, 0);
}

/// One target: prediction and variance of every map of the pattern.
static bool do_target(const local *l, kriging_system *s, size_t target) {
    const krige_work *work = l->work;
    const dosi_krige *problem = work->problem;
    size_t n_sites = problem->sites->n;
    size_t n_out = l->leaves_out ? n_sites : work->targets->n;
    size_t column = l->leaves_out ? site_at(l, target) : target;
    double x = l->leaves_out ? l->x[target] : work->targets->x[target];
    double y = l->leaves_out ? l->y[target] : work->targets->y[target];
    find_sites(l, s, x, y, target);
    if (!factor_sites(l, s)) return false;
    double variance = solve_place(l, s, x, y);
    for (size_t j = 0; j < l->pattern->n_maps; j++) {
        size_t map = l->pattern->maps[j];
        const double *values = problem->values + map * n_sites;
        double sum = 0;
        for (size_t i = 0; i < l->k; i++) {
            sum += s->weight[i] * values[site_at(l, s->sites[i])];
        }
        work->prediction[map * n_out + column] = sum;
        if (work->variance) work->variance[map * n_out + column] = variance;
    }
    return true;
}

static bool system_init(kriging_system *s, size_t k) {
    *s = (kriging_system){0};
    s->memory = malloc((k * k + 2 * k) * sizeof *s->memory);
    s->found = malloc((2 * k + 1) * sizeof *s->found);
    if (!s->memory || !s->found) return false;
    s->l = s->memory;
    s->u = s->memory + k * k;
    s->weight = s->u + k;
    s->sites = s->found + k + 1;
    return true;
}

/// All targets, in chunks over threads.
static dosi_status do_targets(const local *l, size_t n_targets, dosi_error *err) {
    const krige_work *work = l->work;
    int n_threads = dosi_run_threads(work->run);
    size_t n_chunks = (n_targets + CHUNK - 1) / CHUNK;
    atomic_int failure = DOSI_OK;
#pragma omp parallel num_threads(n_threads)
    {
        kriging_system s;
        if (!system_init(&s, l->k)) atomic_store(&failure, DOSI_NO_MEMORY);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < n_chunks; c++) {
            if (dosi_run_check(work->run, NULL) != DOSI_OK) {
                atomic_store(&failure, DOSI_CANCELLED);
            }
            size_t end = (c + 1) * CHUNK < n_targets ? (c + 1) * CHUNK : n_targets;
            for (size_t i = c * CHUNK; i < end && atomic_load(&failure) == DOSI_OK; i++) {
                if (!do_target(l, &s, i)) atomic_store(&failure, DOSI_DOMAIN);
            }
        }
        free(s.memory);
        free(s.found);
    }
    switch (atomic_load(&failure)) {
    case DOSI_OK:
        return DOSI_OK;
    case DOSI_DOMAIN:
        return dosi_krige_fail_factor(work, err);
    case DOSI_CANCELLED:
        return dosi_run_check(work->run, err);
    default:
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige from %zu sites", l->k);
    }
}

dosi_status dosi_krige_local(const krige_work *work,
                             const krige_pattern *pattern,
                             dosi_error *err) {
    const dosi_sites *sites = work->problem->sites;
    size_t n = pattern->n_present;
    local l = {.work = work,
               .pattern = pattern,
               .k = work->problem->n_nearest,
               .leaves_out = work->targets == NULL};
    assert(l.k >= 1 && l.k + l.leaves_out <= n);
    l.x = malloc(2 * n * sizeof *l.x);
    if (!l.x) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    l.y = l.x + n;
    for (size_t i = 0; i < n; i++) {
        l.x[i] = sites->x[site_at(&l, i)];
        l.y[i] = sites->y[site_at(&l, i)];
    }
    dosi_status status = dosi_nearest_create(l.x, l.y, n, &l.nearest, err);
    if (status == DOSI_OK) {
        status = do_targets(&l, l.leaves_out ? n : work->targets->n, err);
    }
    dosi_nearest_destroy(l.nearest);
    free(l.x);
    return status;
}
