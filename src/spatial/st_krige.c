// Space-time kriging: for each target the values nearest in the space-time metric, a factored
// system for each distinct set of them, and covariances between sites from a table.

#include "dosi/num.h"
#include "dosi/spacetime.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 32, MAX_NEAREST = 1023, MAX_GLOBAL = 5000 };
static const size_t table_bytes = (size_t)48 << 20;

/// A value of the field: which, and how far from the target in the metric, squared.
typedef struct datum {
    double distance2;
    uint32_t time, site;
} datum;

/// What all targets share.
typedef struct work {
    const dosi_st_krige *problem;
    const dosi_st_targets *targets;
    const dosi_run *run;
    size_t n_sites;
    double sill;
    size_t n_lags; ///< Lags in the table.
    double *table; ///< (n_lags x n_sites x n_sites) covariances between sites.
} work;

/// Values with their factored covariances.
typedef struct set {
    size_t n, room;
    datum *data;   ///< (room) by time, then by site.
    double *l;     ///< (n x n) factor.
    double *ones;  ///< (room) L^-1 1
    double *value; ///< (room) L^-1 z
    double ones2;  ///< 1' C^-1 1
} set;

/// Scratch of one thread.
typedef struct scratch {
    set current;   ///< Factored, of the last target.
    datum *near;   ///< (room) a heap, then sorted.
    datum *places; ///< (n_sites) by distance in space.
    double *right; ///< (room)
} scratch;

// --- memory --------------------------------------------------------------------------------

static void set_clear(set *s) {
    free(s->data);
    free(s->l);
    *s = (set){0};
}

static bool set_reserve(set *s, size_t room) {
    *s = (set){.room = room};
    s->data = malloc((room + 1) * sizeof *s->data);
    s->l = malloc((room * room + 2 * room + 1) * sizeof *s->l);
    if (!s->data || !s->l) {
        set_clear(s);
        return false;
    }
    s->ones = s->l + room * room;
    s->value = s->ones + room;
    return true;
}

static void scratch_clear(scratch *s) {
    set_clear(&s->current);
    free(s->near);
    free(s->places);
    free(s->right);
}

static bool scratch_reserve(scratch *s, size_t n_sites, size_t room) {
    memset(s, 0, sizeof *s);
    s->near = malloc((room + 1) * sizeof *s->near);
    s->places = malloc((n_sites + 1) * sizeof *s->places);
    s->right = malloc((room + 1) * sizeof *s->right);
    return s->near && s->places && s->right && set_reserve(&s->current, room);
}

// --- nearest values ------------------------------------------------------------------------

/// Whether `a` is nearer than `b`: of equals the earlier, then the lower site.
static bool is_nearer(const datum *a, const datum *b) {
    if (a->distance2 != b->distance2) return a->distance2 < b->distance2;
    if (a->time != b->time) return a->time < b->time;
    return a->site < b->site;
}

static int compare_near(const void *a, const void *b) {
    return is_nearer(a, b) ? -1 : is_nearer(b, a);
}

static int compare_data(const void *a, const void *b) {
    const datum *p = a, *q = b;
    if (p->time != q->time) return p->time < q->time ? -1 : 1;
    return p->site < q->site ? -1 : p->site > q->site;
}

/// Keeps the `room` nearest in a heap whose root is the farthest. False: `item` was too far.
static bool keep_near(datum *heap, size_t *n, size_t room, const datum *item) {
    size_t at = 0;
    if (*n < room) {
        at = (*n)++;
        while (at > 0 && is_nearer(&heap[(at - 1) / 2], item)) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = *item;
        return true;
    }
    if (!is_nearer(item, &heap[0])) return false;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= room) break;
        if (child + 1 < room && is_nearer(&heap[child], &heap[child + 1])) child++;
        if (!is_nearer(item, &heap[child])) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = *item;
    return true;
}

/// Values of one site outwards from the target's time, until they are too far.
static void keep_site(const work *w, const datum *place, double time, datum *heap, size_t *n) {
    const dosi_st_field *field = w->problem->field;
    size_t room = w->problem->n_nearest;
    double start = fmin(fmax(floor(time), -1), (double)field->n_times - 1);
    for (int way = 0; way < 2; way++) {
        ptrdiff_t t = (ptrdiff_t)start + way, step = way ? 1 : -1;
        for (; t >= 0 && t < (ptrdiff_t)field->n_times; t += step) {
            if (!isfinite(field->values[(size_t)t * w->n_sites + place->site])) continue;
            double u = w->problem->metres_per_step * (time - (double)t);
            const datum item = {place->distance2 + u * u, (uint32_t)t, place->site};
            if (!keep_near(heap, n, room, &item)) break;
        }
    }
}

/// The nearest values of target `i`, by time and site.
static size_t find_near(const work *w, size_t i, scratch *s) {
    const dosi_sites *sites = w->problem->field->sites, *places = &w->targets->places;
    uint32_t without = w->targets->without ? w->targets->without[i] : UINT32_MAX;
    size_t n_places = 0, n = 0;
    for (size_t k = 0; k < w->n_sites; k++) {
        if (k == without) continue;
        double dx = sites->x[k] - places->x[i], dy = sites->y[k] - places->y[i];
        s->places[n_places++] = (datum){dx * dx + dy * dy, 0, (uint32_t)k};
    }
    qsort(s->places, n_places, sizeof *s->places, compare_near);
    for (size_t k = 0; k < n_places; k++) {
        bool is_full = n == w->problem->n_nearest;
        if (is_full && s->places[k].distance2 > s->near[0].distance2) break;
        keep_site(w, &s->places[k], w->targets->time[i], s->near, &n);
    }
    qsort(s->near, n, sizeof *s->near, compare_data);
    return n;
}

// --- systems -------------------------------------------------------------------------------

/// Distance between two sites.
static double apart(const dosi_sites *sites, size_t i, size_t j) {
    return hypot(sites->x[i] - sites->x[j], sites->y[i] - sites->y[j]);
}

/// Covariance of two values.
static double covariance_of(const work *w, const datum *a, const datum *b) {
    size_t lag = a->time > b->time ? a->time - b->time : b->time - a->time;
    if (lag < w->n_lags) return w->table[(lag * w->n_sites + a->site) * w->n_sites + b->site];
    double h = apart(w->problem->field->sites, a->site, b->site);
    return dosi_st_model_covariance(w->problem->model, h, (double)lag);
}

/// Factors the covariances of s->data. False: not positive definite.
static bool set_factor(const work *w, set *s) {
    const dosi_st_field *field = w->problem->field;
    size_t n = s->n;
    for (size_t i = 0; i < n; i++) {
        const datum *at = &s->data[i];
        for (size_t j = 0; j <= i; j++) s->l[i * n + j] = covariance_of(w, at, &s->data[j]);
        s->ones[i] = 1;
        s->value[i] = field->values[at->time * w->n_sites + at->site];
    }
    if (dosi_cholesky(s->l, n) != n) return false;
    dosi_cholesky_forward(s->l, n, s->ones);
    dosi_cholesky_forward(s->l, n, s->value);
    s->ones2 = 0;
    for (size_t i = 0; i < n; i++) s->ones2 += s->ones[i] * s->ones[i];
    return true;
}

/// Ordinary kriging of target `i` from a factored set.
static void predict_one(
    const work *w, const set *s, size_t i, double *right, double *const out[2]) {
    const dosi_sites *sites = w->problem->field->sites, *places = &w->targets->places;
    if (s->n == 0) {
        out[0][i] = NAN;
        if (out[1]) out[1][i] = NAN;
        return;
    }
    for (size_t k = 0; k < s->n; k++) {
        const datum *at = &s->data[k];
        double dx = sites->x[at->site] - places->x[i], dy = sites->y[at->site] - places->y[i];
        right[k] = dosi_st_model_covariance(w->problem->model, sqrt(dx * dx + dy * dy),
                                            fabs(w->targets->time[i] - (double)at->time));
    }
    dosi_cholesky_forward(s->l, s->n, right);
    double right2 = 0, ones = 0, value = 0, mean_value = 0;
    for (size_t k = 0; k < s->n; k++) {
        right2 += right[k] * right[k];
        ones += s->ones[k] * right[k];
        value += right[k] * s->value[k];
        mean_value += s->ones[k] * s->value[k];
    }
    double rest = 1 - ones;
    out[0][i] = value + rest / s->ones2 * mean_value;
    if (out[1]) out[1][i] = fmax(w->sill - right2 + rest * rest / s->ones2, 0);
}

static dosi_status fail_factor(dosi_error *err) {
    return dosi_fail(err, DOSI_DOMAIN,
                     "space-time kriging: covariances are not positive definite; a nugget > 0 "
                     "helps where values are close together");
}

/// Targets [first, last) from their nearest values. False: a matrix failed.
static bool predict_chunk(
    const work *w, size_t first, size_t last, scratch *s, double *const out[2]) {
    for (size_t i = first; i < last; i++) {
        size_t n = find_near(w, i, s);
        bool is_same = n == s->current.n;
        for (size_t k = 0; k < n && is_same; k++) {
            is_same = s->near[k].time == s->current.data[k].time &&
                      s->near[k].site == s->current.data[k].site;
        }
        if (!is_same) {
            s->current.n = n;
            memcpy(s->current.data, s->near, n * sizeof *s->near);
            if (!set_factor(w, &s->current)) return false;
        }
        predict_one(w, &s->current, i, s->right, out);
    }
    return true;
}

/// Every target from its nearest values.
static dosi_status predict_local(const work *w, double *const out[2], dosi_error *err) {
    size_t n = w->targets->places.n, n_chunks = (n + CHUNK - 1) / CHUNK;
    atomic_int trouble = DOSI_OK;
#pragma omp parallel num_threads(dosi_run_threads(w->run))
    {
        scratch s;
        bool is_ready = scratch_reserve(&s, w->n_sites, w->problem->n_nearest);
        if (!is_ready) atomic_store(&trouble, DOSI_NO_MEMORY);
#pragma omp for schedule(dynamic)
        for (size_t c = 0; c < n_chunks; c++) {
            if (!is_ready || atomic_load(&trouble) != DOSI_OK) continue;
            if (dosi_run_check(w->run, NULL) != DOSI_OK) atomic_store(&trouble, DOSI_CANCELLED);
            size_t last = c * CHUNK + CHUNK < n ? c * CHUNK + CHUNK : n;
            if (!predict_chunk(w, c * CHUNK, last, &s, out))
                atomic_store(&trouble, DOSI_DOMAIN);
        }
        scratch_clear(&s);
    }
    if (trouble == DOSI_NO_MEMORY) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu targets", n);
    }
    if (trouble == DOSI_DOMAIN) return fail_factor(err);
    return dosi_run_check(w->run, err);
}

/// Targets [first, last), which leave the same site out, from all values.
static dosi_status predict_run(
    const work *w, size_t first, size_t last, double *const out[2], dosi_error *err) {
    const dosi_st_field *field = w->problem->field;
    uint32_t without = w->targets->without ? w->targets->without[first] : UINT32_MAX;
    size_t n = 0;
    for (size_t k = 0; k < field->n_times * w->n_sites; k++) {
        n += k % w->n_sites != without && isfinite(field->values[k]);
    }
    if (n > MAX_GLOBAL) {
        return dosi_fail(err, DOSI_LIMIT,
                         "space-time kriging: %zu values at once, at most %d; use the nearest",
                         n, MAX_GLOBAL);
    }
    set all;
    if (!set_reserve(&all, n)) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    }
    for (size_t k = 0; k < field->n_times * w->n_sites; k++) {
        if (k % w->n_sites == without || !isfinite(field->values[k])) continue;
        size_t time = k / w->n_sites, site = k % w->n_sites;
        all.data[all.n++] = (datum){0, (uint32_t)time, (uint32_t)site};
    }
    dosi_status status = set_factor(w, &all) ? DOSI_OK : fail_factor(err);
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(w->run)) if (status == DOSI_OK)
    {
        double *right = malloc((n + 1) * sizeof *right);
        if (!right) atomic_store(&has_no_memory, true);
#pragma omp for schedule(static)
        for (size_t i = first; i < last; i++) {
            if (status != DOSI_OK || !right || dosi_run_check(w->run, NULL) != DOSI_OK)
                continue;
            predict_one(w, &all, i, right, out);
        }
        free(right);
    }
    set_clear(&all);
    if (status == DOSI_OK && has_no_memory) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    }
    return status == DOSI_OK ? dosi_run_check(w->run, err) : status;
}

/// Every target from all values.
static dosi_status predict_global(const work *w, double *const out[2], dosi_error *err) {
    const uint32_t *without = w->targets->without;
    size_t n = w->targets->places.n;
    for (size_t first = 0, last = 0; first < n; first = last) {
        last = first + 1;
        while (last < n && (!without || without[last] == without[first])) last++;
        DOSI_TRY(predict_run(w, first, last, out, err));
    }
    return DOSI_OK;
}

// --- front ---------------------------------------------------------------------------------

/// Everything that must hold before work starts.
static dosi_status check(const work *w, dosi_error *err) {
    const dosi_st_krige *problem = w->problem;
    const dosi_sites *sites = problem->field->sites, *places = &w->targets->places;
    DOSI_TRY(dosi_st_model_check(problem->model, err));
    if (problem->n_nearest > MAX_NEAREST || !(problem->metres_per_step > 0) ||
        !isfinite(problem->metres_per_step)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "space-time kriging: %zu nearest (at most %d), %g m a step",
                         problem->n_nearest, MAX_NEAREST, problem->metres_per_step);
    }
    if (!(w->sill > 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "space-time kriging: the covariance is 0 everywhere");
    }
    for (size_t i = 0; i < sites->n; i++) {
        if (!isfinite(sites->x[i]) || !isfinite(sites->y[i])) {
            return dosi_fail(err, DOSI_DOMAIN, "space-time kriging: site %zu is at (%g, %g)", i,
                             sites->x[i], sites->y[i]);
        }
        for (size_t j = 0; j < i; j++) {
            if (sites->x[i] != sites->x[j] || sites->y[i] != sites->y[j]) continue;
            return dosi_fail(err, DOSI_DOMAIN,
                             "space-time kriging: sites %zu and %zu are both at (%g, %g)", j, i,
                             sites->x[i], sites->y[i]);
        }
    }
    for (size_t i = 0; i < places->n; i++) {
        double time = w->targets->time[i];
        if (isfinite(places->x[i]) && isfinite(places->y[i]) && fabs(time) < 1e9) continue;
        return dosi_fail(err, DOSI_DOMAIN,
                         "space-time kriging: target %zu is at (%g, %g), step %g", i,
                         places->x[i], places->y[i], time);
    }
    return DOSI_OK;
}

/// Covariances between sites at the lags that fit into the table.
static dosi_status fill_table(work *w, dosi_error *err) {
    const dosi_sites *sites = w->problem->field->sites;
    size_t n = w->n_sites, one = n * n * sizeof *w->table;
    w->n_lags = one ? table_bytes / one : 0;
    if (w->n_lags > w->problem->field->n_times) w->n_lags = w->problem->field->n_times;
    if (w->problem->n_nearest && w->n_lags > 64) w->n_lags = 64;
    w->table = malloc(w->n_lags * one + 1);
    if (!w->table) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    for (size_t lag = 0; lag < w->n_lags; lag++) {
        double *c = w->table + lag * n * n;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j <= i; j++) {
                double h = i == j ? 0 : apart(sites, i, j);
                c[i * n + j] = c[j * n + i] =
                    dosi_st_model_covariance(w->problem->model, h, (double)lag);
            }
        }
    }
    return DOSI_OK;
}

dosi_status dosi_st_krige_predict(const dosi_st_krige *problem,
                                  const dosi_st_targets *targets,
                                  const dosi_run *run,
                                  double *prediction,
                                  double *variance,
                                  dosi_error *err) {
    assert(problem && problem->model && problem->field && targets && prediction);
    const dosi_st_model *model = problem->model;
    work w = {.problem = problem,
              .targets = targets,
              .run = run,
              .n_sites = problem->field->sites->n,
              .sill = model->sill_space + model->sill_time + model->sill_product +
                      model->sill_joint};
    DOSI_TRY(check(&w, err));
    DOSI_TRY(fill_table(&w, err));
    double *const out[2] = {prediction, variance};
    dosi_status status =
        problem->n_nearest ? predict_local(&w, out, err) : predict_global(&w, out, err);
    free(w.table);
    return status;
}
