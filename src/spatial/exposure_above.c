// People where a limit is exceeded: expected shares, and their uncertainty from draws of all
// areas' errors together.

#include "dosi/num.h"
#include "dosi/random.h"
#include "spatial/exposure.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_DRAWS = 40, MAX_DRAWS = 100000 };

/// Standard deviations beyond which an area is on one side of the limit in every draw.
static const double far_away = 7;

/// What all times share.
typedef struct above_work {
    const dosi_exposure *exposure;
    const dosi_exposure_people *people;
    const dosi_exposure_groups *groups;
    const dosi_exposure_limit *limit;
    const dosi_exposure_above *out;
    size_t n_draws;
    double *errors; ///< (areas x draws) of the whole network.
    double *gaps;   ///< (sites x draws) standard normal: for missing stations.
    double *rough;  ///< (draws) standard normal: for the errors' scale.
} above_work;

/// One time's areas.
typedef struct above_time {
    double *chance;    ///< (areas) of being above; NaN: no targets.
    uint8_t *is_open;  ///< (areas) whether draws differ.
    uint8_t *is_above; ///< (areas x draws)
    double *factor;    ///< (draws) of the errors.
    double *added;     ///< (draws) what missing stations add to an area's error.
    double *share;     ///< (draws) of a group.
    year_gap gap;
} above_time;

static bool time_reserve(const above_work *w, above_time *t) {
    size_t n = w->exposure->n;
    *t = (above_time){.chance = calloc(n + 3 * w->n_draws + 1, sizeof *t->chance),
                      .is_open = calloc(n * (1 + w->n_draws) + 1, 1)};
    if (!year_gap_reserve(w->exposure->year, &t->gap) || !t->chance || !t->is_open)
        return false;
    t->factor = t->chance + n;
    t->added = t->factor + w->n_draws;
    t->share = t->added + w->n_draws;
    t->is_above = t->is_open + n;
    return true;
}

static void time_clear(above_time *t) {
    year_gap_clear(&t->gap);
    free(t->chance);
    free(t->is_open);
}

// --- draws ---------------------------------------------------------------------------------

/// Covariances of the areas that have targets, with `more` on the diagonal; how many they are.
static size_t fill_factor(const dosi_exposure *exposure, double more, double *factor) {
    size_t n = exposure->n, n_there = 0, row = 0;
    for (size_t a = 0; a < n; a++) n_there += exposure_has(exposure, a) ? 1 : 0;
    for (size_t a = 0; a < n; a++) {
        size_t column = 0;
        if (!exposure_has(exposure, a)) continue;
        for (size_t b = 0; b <= a; b++) {
            if (!exposure_has(exposure, b)) continue;
            factor[row * n_there + column++] = exposure->error[a * n + b] + (a == b ? more : 0);
        }
        row++;
    }
    return n_there;
}

/// Errors of the areas that have targets: L Z, with L L' their covariances. These may be
/// singular to rounding, as for two areas with the same targets: a little is added then.
static dosi_status draw_errors(above_work *w, dosi_error *err) {
    const dosi_exposure *exposure = w->exposure;
    size_t n = exposure->n, n_there = 0, done = SIZE_MAX;
    double *factor = malloc((n * n + 1) * sizeof *factor), most = 1e-300;
    if (!factor) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", n);
    for (size_t a = 0; a < n; a++) most = fmax(most, exposure->error[a * n + a]); // not NaN
    for (double more = 1e-12; done != n_there && more < 1; more *= 100) {
        n_there = fill_factor(exposure, more * most, factor);
        done = dosi_cholesky(factor, n_there);
    }
    if (n_there && done == n_there) {
        openblas_set_num_threads(1);
        cblas_dtrmm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit,
                    (blasint)n_there, (blasint)w->n_draws, 1, factor, (blasint)n_there,
                    w->errors, (blasint)w->n_draws);
    }
    free(factor);
    return done == n_there ? DOSI_OK
                           : dosi_fail(err, DOSI_DOMAIN, "errors of areas: not a covariance");
}

/// Random numbers of everything; errors of areas without targets are moved out of the way.
static dosi_status draw(above_work *w, dosi_error *err) {
    const dosi_exposure *exposure = w->exposure;
    size_t n = exposure->n, n_sites = exposure->year->n, m = w->n_draws, n_there = 0;
    w->errors = malloc(((n + n_sites + 1) * m + 1) * sizeof *w->errors);
    if (!w->errors) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu draws", m);
    w->gaps = w->errors + n * m;
    w->rough = w->gaps + n_sites * m;
    dosi_random random = dosi_random_init(w->limit->seed, 77);
    for (size_t k = 0; k < (n + n_sites + 1) * m; k++) {
        w->errors[k] = dosi_random_normal(&random);
    }
    DOSI_TRY(draw_errors(w, err));
    for (size_t a = 0; a < n; a++) n_there += exposure_has(exposure, a) ? 1 : 0;
    for (size_t a = n; a-- > 0;) {
        if (!exposure_has(exposure, a)) continue;
        n_there--;
        if (n_there != a) {
            memmove(w->errors + a * m, w->errors + n_there * m, m * sizeof *w->errors);
        }
    }
    return DOSI_OK;
}

// --- one time ------------------------------------------------------------------------------

/// What errors of the draws are multiplied by: standard deviation over that of the whole
/// period, and Student's tails (chi-squared by Wilson and Hilferty's cube).
static void open_factors(const above_work *w, size_t time, above_time *t) {
    const dosi_exposure_limit *limit = w->limit;
    double scale = limit->scale ? limit->scale[time] : 1;
    assert(w->rough);
    for (size_t d = 0; d < w->n_draws; d++) {
        t->factor[d] = sqrt(scale);
        if (!limit->freedom) continue;
        double nu = limit->freedom[time], ninth = 2 / (9 * nu);
        double root = fmax(1 - ninth + w->rough[d] * sqrt(ninth), 0.05);
        t->factor[d] *= sqrt((nu - 2) / (nu * root * root * root));
    }
}

/// Chance of area `a`, and its draws when they differ.
static void open_area(const above_work *w, size_t m, size_t a, above_time *t) {
    const dosi_exposure *exposure = w->exposure;
    const dosi_year *year = exposure->year;
    const dosi_exposure_limit *limit = w->limit;
    size_t time = year->time_of[m], n = w->n_draws;
    const double *error = w->errors + a * n, *weight = exposure->weight + a * year->n;
    double more = year_gap_variance(&t->gap, weight); // leaves L^-1 w in gap.right
    double sd = sqrt((exposure->error[a * exposure->n + a] + more) *
                     (limit->scale ? limit->scale[time] : 1));
    double left = exposure_mean(year, m, exposure->covariance + a * year->n) - limit->threshold;
    double z = sd > 0 ? left / sd : left > 0 ? (double)INFINITY : -(double)INFINITY;
    double nu = limit->freedom ? limit->freedom[time] : 1e9;
    t->is_open[a] = fabs(z) < far_away ? 1 : 0;
    t->chance[a] = z > 0 ? 1 : 0;
    if (!t->is_open[a]) return;
    t->chance[a] = dosi_student_cdf(nu, z * sqrt(nu / (nu - 2)));
    memset(t->added, 0, n * sizeof *t->added);
    for (size_t g = 0; g < t->gap.n; g++) {
        const double *gap = w->gaps + g * n;
        for (size_t d = 0; d < n; d++) t->added[d] += t->gap.right[g] * gap[d];
    }
    uint8_t *is_above = t->is_above + a * n;
    for (size_t d = 0; d < n; d++) {
        is_above[d] = left + t->factor[d] * (error[d] + t->added[d]) > 0 ? 1 : 0;
    }
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// Mean, spread and quantiles of the draws of a group into the results at `k`.
static void put_draws(const above_work *w, above_time *t, size_t k) {
    size_t n = w->n_draws;
    double mean = 0, square = 0;
    for (size_t d = 0; d < n; d++) mean += t->share[d] / (double)n;
    for (size_t d = 0; d < n; d++) {
        square += (t->share[d] - mean) * (t->share[d] - mean) / (double)(n - 1);
    }
    qsort(t->share, n, sizeof *t->share, compare_reals);
    w->out->sd[k] = sqrt(square);
    w->out->low[k] = t->share[(size_t)(0.025 * (double)(n - 1) + 0.5)];
    w->out->high[k] = t->share[(size_t)(0.975 * (double)(n - 1) + 0.5)];
}

/// A group of one area: a coin.
static void put_coin(const above_work *w, double chance, size_t k) {
    w->out->share[k] = chance;
    w->out->sd[k] = sqrt(chance * (1 - chance));
    w->out->low[k] = chance >= 0.975 ? 1 : 0;
    w->out->high[k] = chance > 0.025 ? 1 : 0;
}

/// Adds area `a` with `people` to the draws of a group.
static void add_draws(const above_work *w, const above_time *t, size_t a, double people) {
    const uint8_t *is_above = t->is_above + a * w->n_draws;
    for (size_t d = 0; d < w->n_draws; d++) t->share[d] += people * is_above[d];
}

/// Group `g` at a time.
static void do_group(const above_work *w, size_t time, size_t g, above_time *t) {
    size_t n = w->n_draws, n_areas = w->exposure->n, n_open = 0, n_there = 0;
    const double *people = w->people->weight + w->people->pattern_of[time] * n_areas;
    double total = 0, expected = 0, certain = 0;
    size_t k = time * w->groups->n + g, start = w->groups->start[g];
    bool is_alone = w->groups->start[g + 1] == start + 1;
    memset(t->share, 0, n * sizeof *t->share);
    for (size_t i = start; i < w->groups->start[g + 1]; i++) {
        size_t a = w->groups->area[i];
        if (!(people[a] > 0) || !exposure_has(w->exposure, a)) continue;
        n_there++;
        total += people[a];
        expected += people[a] * t->chance[a];
        if (t->is_open[a] && !is_alone) {
            n_open++;
            add_draws(w, t, a, people[a]);
        } else {
            certain += t->chance[a] > 0.5 ? people[a] : 0;
        }
    }
    if (n_there == 0) return;
    if (is_alone) {
        put_coin(w, expected / total, k);
        return;
    }
    w->out->share[k] = expected / total;
    w->out->sd[k] = 0;
    w->out->low[k] = w->out->high[k] = certain / total;
    if (n_open == 0) return;
    for (size_t d = 0; d < n; d++) t->share[d] = (t->share[d] + certain) / total;
    put_draws(w, t, k);
}

/// All groups at map `m`.
static void do_map(const above_work *w, size_t m, above_time *t) {
    const dosi_year *year = w->exposure->year;
    open_factors(w, year->time_of[m], t);
    year_gap_open(year, year->values + m * year->n, &t->gap);
    for (size_t a = 0; a < w->exposure->n; a++) {
        if (exposure_has(w->exposure, a)) open_area(w, m, a, t);
    }
    for (size_t g = 0; g < w->groups->n; g++) do_group(w, year->time_of[m], g, t);
}

dosi_status dosi_exposure_find_above(const dosi_exposure *exposure,
                                     const dosi_exposure_limit *limit,
                                     const dosi_run *run,
                                     const dosi_exposure_above *out,
                                     dosi_error *err) {
    assert(exposure && limit && limit->people && limit->groups && out && out->share && out->sd);
    assert(out->low && out->high);
    if (limit->n_draws < MIN_DRAWS || limit->n_draws > MAX_DRAWS) {
        return dosi_fail(err, DOSI_DOMAIN, "people above: %zu draws, not %d to %d",
                         limit->n_draws, MIN_DRAWS, MAX_DRAWS);
    }
    above_work w = {.exposure = exposure,
                    .people = limit->people,
                    .groups = limit->groups,
                    .limit = limit,
                    .out = out,
                    .n_draws = limit->n_draws};
    size_t n_all = exposure->year->n_times * limit->groups->n;
    for (size_t k = 0; k < n_all; k++) {
        out->share[k] = out->sd[k] = out->low[k] = out->high[k] = NAN;
    }
    dosi_status status = draw(&w, err);
    atomic_bool has_no_memory = false;
    if (status == DOSI_OK) {
#pragma omp parallel num_threads(dosi_run_threads(run))
        {
            above_time t;
            bool is_ready = time_reserve(&w, &t);
            if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 8)
            for (size_t m = 0; m < exposure->year->n_maps; m++) {
                if (is_ready && dosi_run_check(run, NULL) == DOSI_OK) do_map(&w, m, &t);
            }
            time_clear(&t);
        }
        status = has_no_memory ? dosi_fail(err, DOSI_NO_MEMORY, "no memory for the draws")
                               : dosi_run_check(run, err);
    }
    free(w.errors);
    return status;
}
