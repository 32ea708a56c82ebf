// Kriging's front: checks, maps grouped by which sites are present, and who does what.

#include "spatial/krige.h"

#include "dosi/geo.h"
#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NEAREST = DOSI_NEAREST_MAX - 1 }; // leaving one out asks for one more

void dosi_krige_covariances(
    const krige_work *work, double x, double y, const dosi_sites *at, double *out) {
    for (size_t i = 0; i < at->n; i++) {
        double dx = at->x[i] - x, dy = at->y[i] - y;
        out[i] = sqrt(dx * dx + dy * dy);
    }
    dosi_variogram_covariances(work->problem->model, work->sill, out, at->n);
}

dosi_status dosi_krige_fail_factor(const krige_work *work, dosi_error *err) {
    const dosi_variogram *model = work->problem->model;
    return dosi_fail(err, DOSI_DOMAIN,
                     "kriging: covariances are not positive definite (%s, nugget %g, psill %g, "
                     "range %g m); a nugget > 0 helps where sites are close together",
                     dosi_variogram_kind_name(model->kind), model->nugget, model->psill,
                     model->range_m);
}

/// Names the first place that is not finite.
static dosi_status check_places(const dosi_sites *places, const char *what, dosi_error *err) {
    for (size_t i = 0; i < places->n; i++) {
        if (isfinite(places->x[i]) && isfinite(places->y[i])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "kriging: %s %zu is at (%g, %g)", what, i,
                         places->x[i], places->y[i]);
    }
    return DOSI_OK;
}

/// Site index with its place, for sorting.
typedef struct place {
    double x, y;
    size_t i;
} place;

static int compare_places(const void *a, const void *b) {
    const place *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return p->i < q->i ? -1 : p->i > q->i;
}

/// DOSI_DOMAIN naming two sites at one place.
static dosi_status check_apart(const dosi_sites *sites, dosi_error *err) {
    if (sites->n < 2) return DOSI_OK;
    place *places = malloc(sites->n * sizeof *places);
    if (!places) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", sites->n);
    for (size_t i = 0; i < sites->n; i++) places[i] = (place){sites->x[i], sites->y[i], i};
    qsort(places, sites->n, sizeof *places, compare_places);
    dosi_status status = DOSI_OK;
    for (size_t i = 1; i < sites->n && status == DOSI_OK; i++) {
        if (places[i].x != places[i - 1].x || places[i].y != places[i - 1].y) continue;
        status = dosi_fail(err, DOSI_DOMAIN, "kriging: sites %zu and %zu are both at (%g, %g)",
                           places[i - 1].i, places[i].i, places[i].x, places[i].y);
    }
    free(places);
    return status;
}

/// Longest distance that can occur between two of these places.
static double span_of(const dosi_sites *sites, const dosi_sites *targets) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    const dosi_sites *all[2] = {sites, targets};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; all[k] && i < all[k]->n; i++) {
            box[0] = fmin(box[0], all[k]->x[i]);
            box[1] = fmin(box[1], all[k]->y[i]);
            box[2] = fmax(box[2], all[k]->x[i]);
            box[3] = fmax(box[3], all[k]->y[i]);
        }
    }
    return box[0] <= box[2] ? hypot(box[2] - box[0], box[3] - box[1]) : 0;
}

/// Everything that must hold before work starts; sets work->sill.
static dosi_status prepare(krige_work *work, dosi_error *err) {
    const dosi_krige *problem = work->problem;
    const dosi_variogram *model = problem->model;
    DOSI_TRY(dosi_variogram_check(model, err));
    DOSI_TRY(check_places(problem->sites, "site", err));
    DOSI_TRY(check_apart(problem->sites, err));
    if (work->targets) DOSI_TRY(check_places(work->targets, "target", err));
    if (problem->n_nearest > MAX_NEAREST) {
        return dosi_fail(err, DOSI_DOMAIN, "kriging: %zu nearest sites, at most %d",
                         problem->n_nearest, MAX_NEAREST);
    }
    work->sill = model->nugget;
    if (model->kind == DOSI_VARIOGRAM_LINEAR) {
        double span = span_of(problem->sites, work->targets);
        work->sill += 2 * model->psill * span / model->range_m;
    } else if (model->kind != DOSI_VARIOGRAM_NUGGET) {
        work->sill += model->psill;
    }
    if (!(work->sill > 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "kriging: the variogram is 0 everywhere");
    }
    return DOSI_OK;
}

/// Which maps have the same sites: bytes 1 (present) or 0, row a map.
typedef struct masks {
    const unsigned char *rows;
    size_t n_sites;
} masks;

static int compare_masks(const void *a, const void *b, void *context) {
    const masks *m = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int order = memcmp(m->rows + i * m->n_sites, m->rows + j * m->n_sites, m->n_sites);
    return order ? order : (i < j ? -1 : i > j);
}

static void patterns_clear(krige_patterns *patterns) {
    free(patterns->items);
    free(patterns->present);
    free(patterns->maps);
    *patterns = (krige_patterns){0};
}

/// Cuts the sorted maps into patterns.
static dosi_status cut_patterns(krige_patterns *out, const masks *m, size_t n_maps) {
    size_t n = 0;
    for (size_t t = 0; t < n_maps; t++) {
        const unsigned char *row = m->rows + out->maps[t] * m->n_sites;
        n += t == 0 || memcmp(row, m->rows + out->maps[t - 1] * m->n_sites, m->n_sites) != 0;
    }
    out->items = calloc(n + 1, sizeof *out->items);
    out->present = calloc(n * m->n_sites + 1, sizeof *out->present);
    if (!out->items || !out->present) return DOSI_NO_MEMORY;
    for (size_t t = 0; t < n_maps; t++) {
        const unsigned char *row = m->rows + out->maps[t] * m->n_sites;
        if (t > 0 && memcmp(row, m->rows + out->maps[t - 1] * m->n_sites, m->n_sites) == 0) {
            out->items[out->n - 1].n_maps++;
            continue;
        }
        uint32_t *present = out->present + out->n * m->n_sites;
        krige_pattern *item = &out->items[out->n++];
        *item = (krige_pattern){.present = present, .n_maps = 1, .maps = out->maps + t};
        for (size_t i = 0; i < m->n_sites; i++) {
            if (row[i]) present[item->n_present++] = (uint32_t)i;
        }
    }
    return DOSI_OK;
}

/// Groups the maps of a problem by which sites are present.
static dosi_status patterns_find(const dosi_krige *problem,
                                 krige_patterns *out,
                                 dosi_error *err) {
    size_t n_sites = problem->sites->n, n_maps = problem->n_maps;
    *out = (krige_patterns){0};
    unsigned char *rows = malloc(n_maps * n_sites + 1);
    out->maps = malloc((n_maps + 1) * sizeof *out->maps);
    dosi_status status = rows && out->maps ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) {
        for (size_t k = 0; k < n_maps * n_sites; k++) rows[k] = isfinite(problem->values[k]);
        for (size_t t = 0; t < n_maps; t++) out->maps[t] = t;
        masks m = {rows, n_sites};
        qsort_r(out->maps, n_maps, sizeof *out->maps, compare_masks, &m);
        status = cut_patterns(out, &m, n_maps);
    }
    free(rows);
    if (status != DOSI_OK) {
        patterns_clear(out);
        return dosi_fail(err, status, "no memory for %zu maps of %zu sites", n_maps, n_sites);
    }
    return DOSI_OK;
}

/// NaN for every map of a pattern.
static void fill_missing(const krige_work *work, const krige_pattern *pattern, size_t n) {
    for (size_t k = 0; k < pattern->n_maps; k++) {
        for (size_t i = 0; i < n; i++) {
            work->prediction[pattern->maps[k] * n + i] = NAN;
            if (work->variance) work->variance[pattern->maps[k] * n + i] = NAN;
        }
    }
}

/// Global work for patterns with few sites, local work for the others.
static dosi_status predict_patterns(const krige_work *work,
                                    const krige_patterns *patterns,
                                    size_t *which,
                                    dosi_error *err) {
    size_t n_nearest = work->problem->n_nearest;
    size_t n_global = 0;
    for (size_t p = 0; p < patterns->n; p++) {
        const krige_pattern *pattern = &patterns->items[p];
        if (pattern->n_present == 0) {
            fill_missing(work, pattern, work->targets->n);
        } else if (n_nearest == 0 || pattern->n_present <= n_nearest) {
            which[n_global++] = p;
        } else {
            DOSI_TRY(dosi_krige_local(work, pattern, err));
        }
        if (n_nearest) dosi_run_report(work->run, (double)p / (double)patterns->n, "kriging");
    }
    return dosi_krige_global(work, patterns, which, n_global, err);
}

dosi_status dosi_krige_predict(const dosi_krige *problem,
                               const dosi_sites *targets,
                               const dosi_run *run,
                               double *prediction,
                               double *variance,
                               dosi_error *err) {
    assert(problem && problem->model && problem->sites && targets && prediction);
    krige_work work = {.problem = problem,
                       .targets = targets,
                       .run = run,
                       .prediction = prediction,
                       .variance = variance};
    DOSI_TRY(prepare(&work, err));
    krige_patterns patterns = {0};
    DOSI_TRY(patterns_find(problem, &patterns, err));
    size_t *which = malloc((patterns.n + 1) * sizeof *which);
    dosi_status status = which ? predict_patterns(&work, &patterns, which, err)
                               : dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige");
    free(which);
    patterns_clear(&patterns);
    return status;
}

dosi_status dosi_krige_leave_one_out(const dosi_krige *problem,
                                     const dosi_run *run,
                                     double *prediction,
                                     double *variance,
                                     dosi_error *err) {
    assert(problem && problem->model && problem->sites && prediction && variance);
    krige_work work = {
        .problem = problem, .run = run, .prediction = prediction, .variance = variance};
    DOSI_TRY(prepare(&work, err));
    krige_patterns patterns = {0};
    DOSI_TRY(patterns_find(problem, &patterns, err));
    dosi_status status = DOSI_OK;
    for (size_t p = 0; p < patterns.n && status == DOSI_OK; p++) {
        const krige_pattern *pattern = &patterns.items[p];
        fill_missing(&work, pattern, problem->sites->n);
        bool is_global =
            problem->n_nearest == 0 || pattern->n_present <= problem->n_nearest + 1;
        status = dosi_run_check(run, err);
        if (status != DOSI_OK || pattern->n_present < 2) continue;
        status = is_global ? dosi_krige_leave_global(&work, pattern, err)
                           : dosi_krige_local(&work, pattern, err);
    }
    patterns_clear(&patterns);
    return status;
}

dosi_krige_score dosi_krige_score_of(const double *observed,
                                     const double *predicted,
                                     const double *variance,
                                     size_t n) {
    dosi_sum error = {0}, absolute = {0}, square = {0}, ratio = {0};
    dosi_sum so = {0}, sp = {0};
    size_t n_used = 0, n_inside = 0;
    for (size_t i = 0; i < n; i++) {
        double e = observed[i] - predicted[i];
        if (isnan(e)) continue;
        n_used++;
        dosi_sum_add(&error, e);
        dosi_sum_add(&absolute, fabs(e));
        dosi_sum_add(&square, e * e);
        dosi_sum_add(&ratio, e * e / variance[i]);
        n_inside += e * e <= 1.959963984540054 * 1.959963984540054 * variance[i];
        dosi_sum_add(&so, observed[i]);
        dosi_sum_add(&sp, predicted[i]);
    }
    double count = (double)n_used;
    double mean_o = dosi_sum_value(&so) / count, mean_p = dosi_sum_value(&sp) / count;
    dosi_sum oo = {0}, op = {0}, pp = {0};
    for (size_t i = 0; i < n; i++) {
        if (isnan(observed[i] - predicted[i])) continue;
        double o = observed[i] - mean_o, p = predicted[i] - mean_p;
        dosi_sum_add(&oo, o * o);
        dosi_sum_add(&op, o * p);
        dosi_sum_add(&pp, p * p);
    }
    double scale = sqrt(dosi_sum_value(&oo) * dosi_sum_value(&pp));
    return (dosi_krige_score){
        .n = n_used,
        .me = dosi_sum_value(&error) / count,
        .mae = dosi_sum_value(&absolute) / count,
        .rmse = sqrt(dosi_sum_value(&square) / count),
        .msdr = dosi_sum_value(&ratio) / count,
        .coverage_95 = (double)n_inside / count,
        .correlation = dosi_sum_value(&op) / scale, // 0/0 is NaN, as is all of this for n = 0
    };
}
