// Co-kriging from the nearest present values of each variable: one small system a target and
// set of neighbours.

#include "spatial/cokrige.h"

#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = DOSI_LMC_MAX_VARIABLES };

/// A site and how far it is.
typedef struct near_site {
    double distance2;
    uint32_t site;
} near_site;

/// One place on its way. Matrices have room for the most neighbours there can be.
typedef struct place {
    size_t of; ///< Variable predicted.
    double x, y;
    size_t without;   ///< Site not used; SIZE_MAX: none.
    near_site *order; ///< (sites) nearest first.
    size_t n;         ///< Neighbours of the map at hand, by variable.
    uint32_t *who;    ///< (most)
    uint32_t *last;   ///< (most) those that the weights are of.
    size_t n_last;
    double *factor; ///< (most x most)
    double *right;  ///< (most x MAX + 1) drift of each variable, then covariances.
    double *weight; ///< (most)
    double variance;
} place;

static bool place_reserve(const cokrige_local *w, place *p) {
    size_t n_sites = w->problem->sites->n, k = w->problem->n_nearest;
    size_t most = k < n_sites ? k * w->cross->n_variables : n_sites;
    most = most < n_sites ? most : n_sites;
    memset(p, 0, sizeof *p);
    p->order = calloc(n_sites + 1, sizeof *p->order);
    p->who = calloc(2 * most + 1, sizeof *p->who);
    p->factor = calloc(most * (most + MAX + 2) + 1, sizeof *p->factor);
    if (!p->order || !p->who || !p->factor) return false;
    p->last = p->who + most;
    p->right = p->factor + most * most;
    p->weight = p->right + most * (MAX + 1);
    return true;
}

static void place_clear(place *p) {
    free(p->order);
    free(p->who);
    free(p->factor);
}

static int compare_near(const void *a, const void *b) {
    const near_site *p = a, *q = b;
    if (p->distance2 != q->distance2) return p->distance2 < q->distance2 ? -1 : 1;
    return p->site < q->site ? -1 : p->site > q->site;
}

/// Puts the sites in order of distance.
static void place_open(const cokrige_local *w, place *p) {
    const dosi_sites *sites = w->problem->sites;
    for (size_t i = 0; i < sites->n; i++) {
        double dx = sites->x[i] - p->x, dy = sites->y[i] - p->y;
        p->order[i] = (near_site){dx * dx + dy * dy, (uint32_t)i};
    }
    qsort(p->order, sites->n, sizeof *p->order, compare_near);
    p->n_last = SIZE_MAX;
}

/// The nearest present values of each variable of a map; false without one of the variable
/// that is predicted.
static bool choose(const cokrige_local *w, const double *values, place *p) {
    size_t n_sites = w->problem->sites->n;
    bool has_own = false;
    p->n = 0;
    for (size_t v = 0; v < w->cross->n_variables; v++) {
        size_t taken = 0;
        for (size_t i = 0; i < n_sites && taken < w->problem->n_nearest; i++) {
            uint32_t site = p->order[i].site;
            if (w->cross->variable[site] != v || site == p->without || isnan(values[site])) {
                continue;
            }
            p->who[p->n++] = site;
            taken++;
        }
        if (v == p->of) has_own = taken > 0;
    }
    return has_own;
}

/// Covariances of variable `of` at (x, y) with the first `n` neighbours, runs of a variable at
/// a time.
static void fill_covariances(const cokrige_local *w,
                             const place *p,
                             size_t of,
                             const double *xy,
                             size_t n,
                             double *out) {
    const dosi_sites *sites = w->problem->sites;
    double dx[COVARIANCE_BATCH], dy[COVARIANCE_BATCH];
    for (size_t first = 0, end = 0; first < n; first = end) {
        size_t v = w->cross->variable[p->who[first]];
        while (end < n && end - first < COVARIANCE_BATCH &&
               w->cross->variable[p->who[end]] == v) {
            dx[end - first] = sites->x[p->who[end]] - xy[0];
            dy[end - first] = sites->y[p->who[end]] - xy[1];
            end++;
        }
        covariance_fill(&w->cross->fields[v * w->cross->n_variables + of], dx, dy, out + first,
                        end - first);
    }
}

/// Factor of the covariances between the neighbours; false: not positive definite.
static bool fill_factor(const cokrige_local *w, place *p) {
    const dosi_sites *sites = w->problem->sites;
    for (size_t i = 0; i < p->n; i++) {
        const double at[2] = {sites->x[p->who[i]], sites->y[p->who[i]]};
        double *row = p->factor + i * p->n;
        fill_covariances(w, p, w->cross->variable[p->who[i]], at, i + 1, row);
        if (w->problem->error_variance) row[i] += w->problem->error_variance[p->who[i]];
    }
    return dosi_cholesky(p->factor, p->n) == p->n;
}

/// Multipliers that make the weights of `of` sum to one, of the others to nothing.
/// @param columns  Variables that have neighbours. @param most Out: what they add to variance.
static void find_multipliers(
    const place *p, const size_t *columns, size_t n_columns, double *out, double *more) {
    double s[MAX * MAX], missing[MAX];
    const double *known = p->right + MAX * p->n;
    for (size_t a = 0; a < n_columns; a++) {
        const double *one = p->right + columns[a] * p->n;
        missing[a] = columns[a] == p->of ? 1 : 0;
        for (size_t i = 0; i < p->n; i++) missing[a] -= one[i] * known[i];
        for (size_t b = 0; b <= a; b++) {
            const double *other = p->right + columns[b] * p->n;
            s[a * n_columns + b] = 0;
            for (size_t i = 0; i < p->n; i++) s[a * n_columns + b] += one[i] * other[i];
        }
        out[a] = missing[a];
    }
    size_t done = dosi_cholesky(s, n_columns);
    assert(done == n_columns); // each has its own neighbours
    (void)done;
    dosi_cholesky_forward(s, n_columns, out);
    dosi_cholesky_backward(s, n_columns, out);
    *more = 0;
    for (size_t a = 0; a < n_columns; a++) *more += missing[a] * out[a];
}

/// Weights and variance of the neighbours chosen; false: not positive definite.
static bool solve(const cokrige_local *w, place *p) {
    size_t n = p->n, columns[MAX], n_columns = 0;
    double multiplier[MAX], more = 0;
    double *known = p->right + MAX * n;
    const double at[2] = {p->x, p->y};
    if (!fill_factor(w, p)) return false;
    for (size_t v = 0; v < w->cross->n_variables; v++) {
        double *one = p->right + v * n;
        bool is_there = false;
        for (size_t i = 0; i < n; i++) {
            one[i] = w->cross->variable[p->who[i]] == v ? 1 : 0;
            is_there = is_there || one[i] > 0;
        }
        if (!is_there) continue;
        columns[n_columns++] = v;
        dosi_cholesky_forward(p->factor, n, one);
    }
    fill_covariances(w, p, p->of, at, n, known);
    dosi_cholesky_forward(p->factor, n, known);
    find_multipliers(p, columns, n_columns, multiplier, &more);
    p->variance = w->cross->fields[p->of * w->cross->n_variables + p->of].sill + more;
    for (size_t i = 0; i < n; i++) {
        p->variance -= known[i] * known[i];
        p->weight[i] = known[i];
        for (size_t a = 0; a < n_columns; a++) {
            p->weight[i] += multiplier[a] * p->right[columns[a] * n + i];
        }
    }
    dosi_cholesky_backward(p->factor, n, p->weight);
    p->variance = fmax(p->variance, 0);
    memcpy(p->last, p->who, n * sizeof *p->last);
    p->n_last = n;
    return true;
}

/// One place at one map. False: not positive definite.
static bool do_map(const cokrige_local *w, size_t map, place *p, double *value_variance) {
    const double *values = w->problem->values + map * w->problem->sites->n;
    value_variance[0] = value_variance[1] = NAN;
    if (!choose(w, values, p)) return true;
    bool is_same = p->n == p->n_last && memcmp(p->who, p->last, p->n * sizeof *p->who) == 0;
    if (!is_same && !solve(w, p)) return false;
    value_variance[0] = 0;
    for (size_t i = 0; i < p->n; i++) value_variance[0] += p->weight[i] * values[p->who[i]];
    value_variance[1] = p->variance;
    return true;
}

/// All maps of target, or of left-out site, `t`.
static bool do_place(const cokrige_local *w, size_t t, place *p) {
    const dosi_sites *places = w->targets ? w->targets : w->problem->sites;
    p->of = w->targets ? 0 : w->cross->variable[t];
    p->without = w->targets ? SIZE_MAX : t;
    p->x = places->x[t];
    p->y = places->y[t];
    place_open(w, p);
    for (size_t m = 0; m < w->problem->n_maps; m++) {
        double both[2] = {NAN, NAN};
        bool is_asked = w->targets || !isnan(w->problem->values[m * places->n + t]);
        if (is_asked && !do_map(w, m, p, both)) return false;
        if (!w->targets && w->problem->error_variance) {
            both[1] += w->problem->error_variance[t];
        }
        w->prediction[m * places->n + t] = both[0];
        if (w->variance) w->variance[m * places->n + t] = both[1];
    }
    return true;
}

dosi_status cokrige_do_local(const cokrige_local *work, const dosi_run *run, dosi_error *err) {
    size_t n = work->targets ? work->targets->n : work->problem->sites->n;
    atomic_bool has_no_memory = false, is_bad = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        place p;
        bool is_ready = place_reserve(work, &p);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 16)
        for (size_t t = 0; t < n; t++) {
            if (!is_ready || atomic_load(&is_bad) || dosi_run_check(run, NULL) != DOSI_OK) {
                continue;
            }
            if (!do_place(work, t, &p)) atomic_store(&is_bad, true);
        }
        place_clear(&p);
    }
    if (has_no_memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for co-kriging");
    if (is_bad) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "co-kriging: covariances are not positive definite; nuggets > 0 help "
                         "where sites of a variable are close together");
    }
    return dosi_run_check(run, err);
}
