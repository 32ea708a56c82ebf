// Positive matrix factorisation: displacement of the solution, and of resamples of it.

#include "stat/pmf_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, LEVELS = DOSI_PMF_LEVELS };

void dosi_pmf_ranges_destroy(dosi_pmf_ranges *ranges) {
    free(ranges->low);
    free(ranges->high);
    free(ranges->swaps);
    memset(ranges, 0, sizeof *ranges);
}

/// Levels as given, or four from `first` on, each twice the one before.
static dosi_status take_levels(const double *given,
                               double first,
                               double *levels,
                               dosi_error *err) {
    for (size_t l = 0; l < LEVELS; l++) {
        levels[l] = given[0] > 0 ? given[l] : first * (double)(1U << l);
        if (!(levels[l] > 0) || (l > 0 && levels[l] < levels[l - 1])) {
            return dosi_fail(err, DOSI_DOMAIN, "level %g of Q is not above the one before",
                             levels[l]);
        }
    }
    return DOSI_OK;
}

/// Room for ranges.
static dosi_status create_ranges(const pmf_data *d, dosi_pmf_ranges *out, dosi_error *err) {
    size_t size = LEVELS * d->k * d->m;
    out->low = malloc(size * sizeof *out->low);
    out->high = malloc(size * sizeof *out->high);
    out->swaps = calloc(LEVELS * d->k, sizeof *out->swaps);
    if (out->low && out->high && out->swaps) return DOSI_OK;
    dosi_pmf_ranges_destroy(out);
    (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for ranges");
    return DOSI_NO_MEMORY;
}

/// The end of one path.
typedef struct path_end {
    double ends[LEVELS];
    bool is_swapped[LEVELS];
    double deepest;
} path_end;

/// Paths of the displaced species: for each entry one down, one up. How many.
static size_t list_paths(const pmf_data *d, const bool *is_displaced, pmf_path *paths) {
    size_t n = 0;
    for (size_t j = 0; j < d->m; j++) {
        if (is_displaced && !is_displaced[j]) continue;
        for (size_t p = 0; p < d->k; p++) {
            paths[n++] = (pmf_path){j, p, false};
            paths[n++] = (pmf_path){j, p, true};
        }
    }
    return n;
}

/// Puts the ends of paths into ranges; entries that were not displaced keep NaN.
static void fill_ranges(const pmf_data *d,
                        const pmf_path *paths,
                        size_t n,
                        const path_end *ends,
                        dosi_pmf_ranges *out) {
    for (size_t at = 0; at < LEVELS * d->k * d->m; at++) out->low[at] = out->high[at] = NAN;
    for (size_t t = 0; t < n; t++) {
        out->deepest = fmax(out->deepest, ends[t].deepest);
        for (size_t l = 0; l < LEVELS; l++) {
            size_t at = (l * d->k + paths[t].p) * d->m + paths[t].j;
            (paths[t].is_up ? out->high : out->low)[at] = ends[t].ends[l];
            out->swaps[l * d->k + paths[t].p] += ends[t].is_swapped[l];
        }
    }
}

/// Factors of a worker, kept aside.
static void save_factors(const pmf_work *work, double *g, double *f) {
    memcpy(g, work->g.values, work->data->n * work->data->kp * sizeof *g);
    memcpy(f, work->f.values, work->data->m * work->data->kp * sizeof *f);
}

static void load_factors(pmf_work *work, const double *g, const double *f) {
    memcpy(work->g.values, g, work->data->n * work->data->kp * sizeof *g);
    memcpy(work->f.values, f, work->data->m * work->data->kp * sizeof *f);
}

/// A displacement of one solution or of many.
typedef struct displacement {
    const dosi_pmf_problem *problem;
    const dosi_pmf_solution *base;
    const pmf_data *data;
    const dosi_run *run;
    double levels[LEVELS];
    pmf_path *paths; ///< (n_paths)
    size_t n_paths;
    path_end *ends; ///< (n_paths), or (resamples x n_paths)
    bool *is_kept;  ///< (resamples) BS-DISP: no factor lost.
} displacement;

static void close_displacement(displacement *d) {
    free(d->paths);
    free(d->ends);
    free(d->is_kept);
}

/// Paths, and room for the ends of `n` solutions.
static dosi_status open_displacement(displacement *d,
                                     const bool *is_displaced,
                                     size_t n,
                                     dosi_error *err) {
    d->paths = malloc(2 * d->data->m * d->data->k * sizeof *d->paths);
    if (d->paths) d->n_paths = list_paths(d->data, is_displaced, d->paths);
    d->ends = calloc(n * d->n_paths + 1, sizeof *d->ends);
    d->is_kept = calloc(n, sizeof *d->is_kept);
    if (d->paths && d->ends && d->is_kept) return DOSI_OK;
    close_displacement(d);
    (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for displacements");
    return DOSI_NO_MEMORY;
}

/// All paths from the base solution, in parallel.
static dosi_status follow_paths(const displacement *d) {
    dosi_status status = DOSI_OK;
    size_t n_done = 0;
    const double alpha = d->problem->alpha;
#pragma omp parallel num_threads(dosi_run_threads(d->run))
    {
        pmf_work work = {0};
        dosi_status own = pmf_work_create(d->data, alpha > 0, &work, NULL);
        if (own == DOSI_OK && alpha > 0) {
            pmf_work_load(&work, d->base);
            pmf_work_weigh(&work, NULL, alpha);
        }
#pragma omp for schedule(dynamic, 2)
        for (size_t t = 0; t < d->n_paths; t++) {
            if (own == DOSI_OK) own = dosi_run_check(d->run, NULL);
            if (own != DOSI_OK) continue;
            path_end *end = &d->ends[t];
            pmf_work_load(&work, d->base);
            pmf_normalise(&work);
            end->deepest =
                pmf_follow(&work, d->base, &d->paths[t], d->levels, end->ends, end->is_swapped);
#pragma omp critical(pmf_paths)
            dosi_run_report(d->run, (double)++n_done / (double)d->n_paths, "displacements");
        }
        if (own != DOSI_OK) {
#pragma omp critical(pmf_paths)
            status = own;
        }
        pmf_work_destroy(&work);
    }
    return status;
}

dosi_status dosi_pmf_displace(const dosi_pmf_problem *problem,
                              const dosi_pmf_solution *base,
                              const dosi_pmf_error_options *options,
                              const dosi_run *run,
                              dosi_pmf_ranges *out,
                              dosi_error *err) {
    pmf_data data;
    const dosi_pmf_error_options o = pmf_error_options(options, problem->n_rows);
    displacement d = {problem, base, &data, run, {0}, NULL, 0, NULL, NULL};
    dosi_pmf_ranges ranges = {.n_used = 1};
    DOSI_TRY(take_levels(o.levels, 4, d.levels, err));
    DOSI_TRY(pmf_data_create(problem, &data, err));
    dosi_status status = open_displacement(&d, o.is_displaced, 1, err);
    if (status == DOSI_OK) {
        status = create_ranges(&data, &ranges, err);
        if (status == DOSI_OK) status = follow_paths(&d);
        if (status == DOSI_OK) {
            memcpy(ranges.levels, d.levels, sizeof ranges.levels);
            fill_ranges(&data, d.paths, d.n_paths, d.ends, &ranges);
            *out = ranges;
        } else {
            dosi_pmf_ranges_destroy(&ranges);
        }
        close_displacement(&d);
    }
    pmf_data_destroy(&data);
    return status == DOSI_OK
               ? DOSI_OK
               : dosi_fail(err, status, "displacement: %s", dosi_status_text(status));
}

/// One resample and its paths.
static void displace_resample(pmf_work *work,
                              const displacement *d,
                              const dosi_pmf_error_options *o,
                              size_t r,
                              double *counts) {
    size_t nearest[MAX_K];
    double correlation[MAX_K];
    double *g = counts + d->data->n, *f = g + d->data->n * d->data->kp;
    pmf_draw_rows(o, d->data->n, r, counts);
    pmf_refit(work, d->problem, d->base, counts);
    pmf_nearest_factors(work, d->base, o->least_correlation, nearest, correlation);
    d->is_kept[r] = true;
    for (size_t p = 0; p < d->data->k; p++) {
        if (nearest[p] != p) d->is_kept[r] = false;
    }
    if (!d->is_kept[r]) return;
    save_factors(work, g, f);
    for (size_t t = 0; t < d->n_paths; t++) {
        path_end *end = &d->ends[r * d->n_paths + t];
        load_factors(work, g, f);
        end->deepest =
            pmf_follow(work, d->base, &d->paths[t], d->levels, end->ends, end->is_swapped);
    }
}

/// All resamples, in parallel.
static dosi_status displace_resamples(const displacement *d, const dosi_pmf_error_options *o) {
    dosi_status status = DOSI_OK;
    size_t n_done = 0, n_room = d->data->n + (d->data->n + d->data->m) * d->data->kp;
#pragma omp parallel num_threads(dosi_run_threads(d->run))
    {
        pmf_work work = {0};
        double *room = malloc(n_room * sizeof *room);
        dosi_status own = room ? pmf_work_create(d->data, true, &work, NULL) : DOSI_NO_MEMORY;
#pragma omp for schedule(dynamic, 1)
        for (size_t r = 0; r < o->n_resamples; r++) {
            if (own == DOSI_OK) own = dosi_run_check(d->run, NULL);
            if (own != DOSI_OK) continue;
            displace_resample(&work, d, o, r, room);
#pragma omp critical(pmf_paths)
            dosi_run_report(d->run, (double)++n_done / (double)o->n_resamples, "BS-DISP");
        }
        if (own != DOSI_OK) {
#pragma omp critical(pmf_paths)
            status = own;
        }
        pmf_work_destroy(&work);
        free(room);
    }
    return status;
}

/// 5 % of lower and 95 % of upper ends of one path at one level over the resamples kept.
static double pool_ends(
    const displacement *d, size_t n_resamples, size_t t, size_t l, double *values) {
    size_t n = 0;
    for (size_t r = 0; r < n_resamples; r++) {
        const path_end *end = &d->ends[r * d->n_paths + t];
        if (d->is_kept[r] && !end->is_swapped[l]) values[n++] = end->ends[l];
    }
    return pmf_quantile(values, n, d->paths[t].is_up ? 0.95 : 0.05);
}

/// Ranges over resamples.
static void pool_ranges(const displacement *d,
                        size_t n_resamples,
                        double *values,
                        dosi_pmf_ranges *out) {
    const size_t k = d->data->k, m = d->data->m;
    for (size_t at = 0; at < LEVELS * k * m; at++) out->low[at] = out->high[at] = NAN;
    for (size_t t = 0; t < d->n_paths; t++) {
        const pmf_path *path = &d->paths[t];
        for (size_t l = 0; l < LEVELS; l++) {
            double end = pool_ends(d, n_resamples, t, l, values);
            (path->is_up ? out->high : out->low)[(l * k + path->p) * m + path->j] = end;
            for (size_t r = 0; r < n_resamples; r++) {
                out->swaps[l * k + path->p] += d->ends[r * d->n_paths + t].is_swapped[l];
            }
        }
    }
    for (size_t at = 0; at < n_resamples * d->n_paths; at++) {
        out->deepest = fmax(out->deepest, d->ends[at].deepest);
    }
    for (size_t r = 0; r < n_resamples; r++) out->n_used += d->is_kept[r];
}

dosi_status dosi_pmf_bootstrap_displace(const dosi_pmf_problem *problem,
                                        const dosi_pmf_solution *base,
                                        const dosi_pmf_error_options *options,
                                        const dosi_run *run,
                                        dosi_pmf_ranges *out,
                                        dosi_error *err) {
    pmf_data data;
    const dosi_pmf_error_options o = pmf_error_options(options, problem->n_rows);
    displacement d = {problem, base, &data, run, {0}, NULL, 0, NULL, NULL};
    dosi_pmf_ranges ranges = {0};
    DOSI_TRY(take_levels(o.levels, 0.5, d.levels, err));
    DOSI_TRY(pmf_data_create(problem, &data, err));
    double *values = malloc(o.n_resamples * sizeof *values);
    dosi_status status =
        values ? open_displacement(&d, o.is_displaced, o.n_resamples, err) : DOSI_NO_MEMORY;
    if (status == DOSI_OK) {
        status = create_ranges(&data, &ranges, err);
        if (status == DOSI_OK) status = displace_resamples(&d, &o);
        if (status == DOSI_OK) {
            memcpy(ranges.levels, d.levels, sizeof ranges.levels);
            pool_ranges(&d, o.n_resamples, values, &ranges);
            *out = ranges;
        } else {
            dosi_pmf_ranges_destroy(&ranges);
        }
        close_displacement(&d);
    }
    free(values);
    pmf_data_destroy(&data);
    return status == DOSI_OK ? DOSI_OK
                             : dosi_fail(err, status, "BS-DISP: %s", dosi_status_text(status));
}
