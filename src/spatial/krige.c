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
    const krige_work *work, const double *dx, const double *dy, double *out, size_t n) {
    const krige_support *support = &work->support;
    if (support->n == 1) {
        covariance_fill(&work->field, dx, dy, out, n);
        return;
    }
    double px[COVARIANCE_BATCH], py[COVARIANCE_BATCH], part[COVARIANCE_BATCH];
    for (size_t first = 0; first < n; first += COVARIANCE_BATCH) {
        size_t m = n - first < COVARIANCE_BATCH ? n - first : COVARIANCE_BATCH;
        for (size_t i = 0; i < m; i++) out[first + i] = support->base;
        for (size_t p = 0; p < support->n; p++) {
            for (size_t i = 0; i < m; i++) px[i] = dx[first + i] + support->dx[p];
            for (size_t i = 0; i < m; i++) py[i] = dy[first + i] + support->dy[p];
            covariance_fill(&work->smooth, px, py, part, m);
            for (size_t i = 0; i < m; i++) out[first + i] += support->weight[p] * part[i];
        }
    }
}

/// Covariances of datum `i` with data [first, end), all of one variable where there are
/// several.
static void fill_part(
    const krige_work *work, const krige_data *data, size_t i, const size_t *part, double *row) {
    const dosi_sites *sites = &data->sites;
    const covariance_field *field = &work->field;
    double dx[COVARIANCE_BATCH], dy[COVARIANCE_BATCH];
    size_t first = part[0], n = part[1] - part[0];
    if (work->cross) {
        size_t pair = data->variable[i] * work->cross->n_variables + data->variable[first];
        field = &work->cross->fields[pair];
    }
    for (size_t j = 0; j < n; j++) dx[j] = sites->x[i] - sites->x[first + j];
    for (size_t j = 0; j < n; j++) dy[j] = sites->y[i] - sites->y[first + j];
    covariance_fill(field, dx, dy, row + first, n);
}

void dosi_krige_data_covariances(const krige_work *work, const krige_data *data, double *out) {
    size_t n = data->sites.n;
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * n;
        for (size_t first = 0; first <= i;) {
            size_t end = first + 1;
            while (end <= i && end - first < COVARIANCE_BATCH &&
                   (!work->cross || data->variable[end] == data->variable[first])) {
                end++;
            }
            const size_t part[2] = {first, end};
            fill_part(work, data, i, part, row);
            first = end;
        }
        if (data->error_variance) row[i] += data->error_variance[i];
    }
}

bool dosi_krige_factor_drift(const krige_work *work, double *s) {
    size_t p = work->n_columns;
    if (work->cross) {
        if (!(s[0] > 0)) return false;
        for (size_t q = 1; q < p; q++) {
            if (s[q * p + q] == 0) s[q * p + q] = 1;
        }
    }
    return dosi_cholesky(s, p) == p;
}

void dosi_krige_solve_small(const double *l, size_t n, double *b) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) b[i] -= l[i * n + j] * b[j];
        b[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        b[i] /= l[i * n + i];
        for (size_t j = 0; j < i; j++) b[j] -= l[i * n + j] * b[i];
    }
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
    size_t variable, i;
} place;

static int compare_places(const void *a, const void *b) {
    const place *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    if (p->variable != q->variable) return p->variable < q->variable ? -1 : 1;
    return p->i < q->i ? -1 : p->i > q->i;
}

/// DOSI_DOMAIN naming two sites of one variable at one place.
static dosi_status check_apart(const krige_work *work, dosi_error *err) {
    const dosi_sites *sites = work->problem->sites;
    if (sites->n < 2) return DOSI_OK;
    place *places = malloc(sites->n * sizeof *places);
    if (!places) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", sites->n);
    for (size_t i = 0; i < sites->n; i++) {
        size_t variable = work->cross ? work->cross->variable[i] : 0;
        places[i] = (place){sites->x[i], sites->y[i], variable, i};
    }
    qsort(places, sites->n, sizeof *places, compare_places);
    dosi_status status = DOSI_OK;
    for (size_t i = 1; i < sites->n && status == DOSI_OK; i++) {
        if (places[i].x != places[i - 1].x || places[i].y != places[i - 1].y) continue;
        if (places[i].variable != places[i - 1].variable) continue;
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

/// Names the first datum whose drift or error is outside its domain.
static dosi_status check_extras(const dosi_krige *problem, dosi_error *err) {
    size_t n = problem->sites->n, n_drift = problem->n_drift;
    if (n_drift > DOSI_KRIGE_MAX_DRIFT) {
        return dosi_fail(err, DOSI_DOMAIN, "kriging: %zu drift columns, at most %d", n_drift,
                         DOSI_KRIGE_MAX_DRIFT);
    }
    if (problem->mean_kind == DOSI_KRIGE_MEAN_KNOWN &&
        (n_drift > 0 || !isfinite(problem->mean))) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "kriging: a known mean (%g) has no drift (%zu columns)", problem->mean,
                         n_drift);
    }
    for (size_t k = 0; k < n * n_drift; k++) {
        if (isfinite(problem->drift[k])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "kriging: drift %zu of site %zu is %g", k % n_drift,
                         k / n_drift, problem->drift[k]);
    }
    for (size_t i = 0; problem->error_variance && i < n; i++) {
        double e = problem->error_variance[i];
        if (e >= 0 && isfinite(e)) continue;
        return dosi_fail(err, DOSI_DOMAIN, "kriging: error variance of site %zu is %g", i, e);
    }
    for (size_t k = 0; k < 2; k++) {
        double side = problem->block_m[k];
        if (side >= 0 && isfinite(side)) continue;
        return dosi_fail(err, DOSI_DOMAIN, "kriging: a block of %g m", side);
    }
    return DOSI_OK;
}

/// A constant for each variable.
static void fill_constants(const krige_work *work, size_t n_targets) {
    const krige_cross *cross = work->cross;
    size_t n = work->problem->sites->n;
    for (size_t q = 0; q < work->n_columns; q++) {
        for (size_t i = 0; i < n; i++) {
            work->drift[q * n + i] = !cross || cross->variable[i] == q ? 1 : 0;
        }
        for (size_t i = 0; i < n_targets; i++) {
            size_t variable = cross && !work->targets ? cross->variable[i] : 0;
            work->target_drift[q * n_targets + i] = variable == q ? 1 : 0;
        }
    }
}

/// A covariate in a column, centred and scaled by the sites, which changes no result but how
/// well it is computed.
static void fill_covariate(const krige_work *work, size_t q, size_t n_targets) {
    const dosi_krige *problem = work->problem;
    const double *there = work->targets ? problem->target_drift : problem->drift;
    size_t n = problem->sites->n, n_drift = problem->n_drift;
    double mean = 0, most = 0;
    for (size_t i = 0; i < n; i++) mean += problem->drift[i * n_drift + q] / (double)n;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(problem->drift[i * n_drift + q] - mean));
    }
    double scale = most > 0 ? 1 / most : 1;
    double *at = work->drift + (q + 1) * n, *to = work->target_drift + (q + 1) * n_targets;
    for (size_t i = 0; i < n; i++) at[i] = (problem->drift[i * n_drift + q] - mean) * scale;
    for (size_t i = 0; i < n_targets; i++) to[i] = (there[i * n_drift + q] - mean) * scale;
}

/// The drift as columns: the constants, then the covariates.
static dosi_status make_drift(krige_work *work, dosi_error *err) {
    const dosi_krige *problem = work->problem;
    if (problem->mean_kind == DOSI_KRIGE_MEAN_KNOWN) return DOSI_OK;
    size_t n = problem->sites->n, n_drift = problem->n_drift;
    size_t n_targets = work->targets ? work->targets->n : n;
    work->n_columns = work->cross ? work->cross->n_variables : n_drift + 1;
    work->drift = malloc(work->n_columns * (n + n_targets) * sizeof *work->drift + 1);
    if (!work->drift) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the drift");
    work->target_drift = work->drift + work->n_columns * n;
    fill_constants(work, n_targets);
    for (size_t q = 0; q < n_drift; q++) fill_covariate(work, q, n_targets);
    return DOSI_OK;
}

/// Gauss-Legendre points of four by four for a block, and what the block's own variance is.
/// Places of ten digits and weights in single precision are gstat's, and so is doing it in
/// semivariances when the mean is unknown: blocks then agree to 1e-9, not to 1e-8 only.
static void make_support(krige_work *work) {
    static const double node[4] = {-0.8611363116, -0.3399810436, 0.3399810436, 0.8611363116};
    static const double share[4] = {0.1739274225687269, 0.3260725774312731, 0.3260725774312731,
                                    0.1739274225687269};
    const double *block = work->problem->block_m;
    krige_support *support = &work->support;
    *support = (krige_support){.n = 1, .weight = {1}};
    work->variance_there = work->field.sill;
    if (!work->targets || (block[0] == 0 && block[1] == 0)) return;
    bool is_known = work->problem->mean_kind == DOSI_KRIGE_MEAN_KNOWN;
    double missing = 1, missing_pairs = 1, sum = 0;
    support->n = KRIGE_MAX_POINTS;
    for (size_t p = 0; p < support->n; p++) {
        support->dx[p] = 0.5 * block[0] * node[p / 4];
        support->dy[p] = 0.5 * block[1] * node[p % 4];
        support->weight[p] = (double)(float)(share[p / 4] * share[p % 4]);
        missing -= support->weight[p];
    }
    for (size_t p = 0; p < support->n; p++) {
        double dx[KRIGE_MAX_POINTS], dy[KRIGE_MAX_POINTS], c[KRIGE_MAX_POINTS];
        for (size_t q = 0; q < support->n; q++) {
            dx[q] = support->dx[p] - support->dx[q];
            dy[q] = support->dy[p] - support->dy[q];
        }
        covariance_fill(&work->smooth, dx, dy, c, support->n);
        for (size_t q = 0; q < support->n; q++) {
            double weight = (double)(float)(support->weight[p] * support->weight[q]);
            sum += weight * c[q];
            missing_pairs -= weight;
        }
    }
    support->base = is_known ? 0 : missing * work->field.sill;
    work->variance_there = sum + (is_known ? 0 : missing_pairs * work->field.sill);
}

/// Everything that must hold before work starts, and what follows from the problem alone.
static dosi_status prepare(krige_work *work, dosi_error *err) {
    const dosi_krige *problem = work->problem;
    const dosi_variogram *model = problem->model;
    DOSI_TRY(dosi_variogram_check(model, err));
    DOSI_TRY(check_places(problem->sites, "site", err));
    DOSI_TRY(check_apart(work, err));
    DOSI_TRY(check_extras(problem, err));
    if (work->targets) DOSI_TRY(check_places(work->targets, "target", err));
    if (problem->n_nearest > MAX_NEAREST) {
        return dosi_fail(err, DOSI_DOMAIN, "kriging: %zu nearest sites, at most %d",
                         problem->n_nearest, MAX_NEAREST);
    }
    double span =
        span_of(problem->sites, work->targets) + problem->block_m[0] + problem->block_m[1];
    double sill = dosi_variogram_sill(model, span);
    if (!(sill > 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "kriging: the variogram is 0 everywhere");
    }
    covariance_field_set(&work->field, model, sill);
    if (work->cross) work->field = work->cross->fields[0];
    work->smooth = work->field;
    for (const dosi_variogram *s = model; s; s = s->nested) work->smooth.sill -= s->nugget;
    make_support(work);
    return make_drift(work, err);
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

dosi_status dosi_krige_do_predict(krige_work *work, dosi_error *err) {
    krige_patterns patterns = {0};
    size_t *which = NULL;
    dosi_status status = prepare(work, err);
    if (status == DOSI_OK) status = patterns_find(work->problem, &patterns, err);
    if (status == DOSI_OK) {
        which = malloc((patterns.n + 1) * sizeof *which);
        status = which ? predict_patterns(work, &patterns, which, err)
                       : dosi_fail(err, DOSI_NO_MEMORY, "no memory to krige");
    }
    free(which);
    patterns_clear(&patterns);
    free(work->drift);
    return status;
}

dosi_status dosi_krige_predict(const dosi_krige *problem,
                               const dosi_sites *targets,
                               const dosi_run *run,
                               double *prediction,
                               double *variance,
                               dosi_error *err) {
    assert(problem && problem->model && problem->sites && targets && prediction);
    assert(problem->n_drift == 0 || (problem->drift && problem->target_drift));
    krige_work work = {.problem = problem,
                       .targets = targets,
                       .run = run,
                       .prediction = prediction,
                       .variance = variance};
    return dosi_krige_do_predict(&work, err);
}

/// Leaves the values of one pattern out.
static dosi_status leave_pattern(const krige_work *work,
                                 const krige_pattern *pattern,
                                 dosi_error *err) {
    const dosi_krige *problem = work->problem;
    fill_missing(work, pattern, problem->sites->n);
    DOSI_TRY(dosi_run_check(work->run, err));
    size_t least = work->cross ? 2 : work->n_columns ? work->n_columns + 1 : 1;
    if (pattern->n_present < least) return DOSI_OK;
    bool is_global = problem->n_nearest == 0 || pattern->n_present <= problem->n_nearest + 1;
    return is_global ? dosi_krige_leave_global(work, pattern, err)
                     : dosi_krige_local(work, pattern, err);
}

dosi_status dosi_krige_do_leave(krige_work *work, dosi_error *err) {
    krige_patterns patterns = {0};
    dosi_status status = prepare(work, err);
    if (status == DOSI_OK) status = patterns_find(work->problem, &patterns, err);
    for (size_t p = 0; p < patterns.n && status == DOSI_OK; p++) {
        status = leave_pattern(work, &patterns.items[p], err);
    }
    patterns_clear(&patterns);
    free(work->drift);
    return status;
}

dosi_status dosi_krige_leave_one_out(const dosi_krige *problem,
                                     const dosi_run *run,
                                     double *prediction,
                                     double *variance,
                                     dosi_error *err) {
    assert(problem && problem->model && problem->sites && prediction && variance);
    assert(problem->n_drift == 0 || problem->drift);
    krige_work work = {
        .problem = problem, .run = run, .prediction = prediction, .variance = variance};
    return dosi_krige_do_leave(&work, err);
}
