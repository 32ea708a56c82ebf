// Block bootstrap of group statistics; the bias of directions that are reported in steps.

#include "dosi/polar.h"
#include "dosi/random.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>

/// Rows of one draw, gathered.
typedef struct draw {
    uint32_t *group;
    double *value;
    size_t *count;
} draw;

/// Gathers blocks of rows until there are as many as in `groups`.
static void gather_blocks(const dosi_groups *groups,
                          const double *value,
                          const dosi_bootstrap *bootstrap,
                          size_t i_draw,
                          const draw *to) {
    dosi_random random = dosi_random_init(bootstrap->seed, i_draw);
    size_t n = groups->n;
    for (size_t filled = 0; filled < n;) {
        size_t row = dosi_random_below(&random, (uint32_t)n);
        for (size_t b = 0; b < bootstrap->block_length && filled < n; b++, filled++) {
            to->group[filled] = groups->group[row];
            to->value[filled] = value[row];
            row = row + 1 < n ? row + 1 : 0;
        }
    }
}

/// Quantiles over the draws of one group.
static void bounds_of(
    double *values, size_t n_draws, double coverage, double *low, double *high) {
    size_t n = dosi_sort_present(values, n_draws);
    bool is_enough = 2 * n >= n_draws && n > 0;
    *low = is_enough ? dosi_quantile_sorted(values, n, (1 - coverage) / 2) : (double)NAN;
    *high = is_enough ? dosi_quantile_sorted(values, n, (1 + coverage) / 2) : (double)NAN;
}

/// All draws into results (n_draws x n_groups).
static dosi_status run_draws(const dosi_statistic *statistic,
                             const dosi_groups *groups,
                             const double *value,
                             const dosi_bootstrap *bootstrap,
                             double *results,
                             dosi_error *err) {
    atomic_bool is_failed = false;
#pragma omp parallel num_threads(dosi_run_threads(bootstrap->run))
    {
        const draw own = {malloc((groups->n + 1) * sizeof(uint32_t)),
                          malloc((groups->n + 1) * sizeof(double)),
                          malloc((groups->n_groups + 1) * sizeof(size_t))};
        if (!own.group || !own.value || !own.count) atomic_store(&is_failed, true);
#pragma omp for schedule(dynamic, 1)
        for (size_t d = 0; d < bootstrap->n_draws; d++) {
            if (atomic_load(&is_failed) || !own.group || !own.value || !own.count) continue;
            gather_blocks(groups, value, bootstrap, d, &own);
            const dosi_groups drawn = {groups->n, groups->n_groups, own.group};
            if (dosi_group_statistic(statistic, &drawn, own.value, own.count,
                                     results + d * groups->n_groups, NULL) != DOSI_OK) {
                atomic_store(&is_failed, true);
            }
        }
        free(own.group);
        free(own.value);
        free(own.count);
    }
    if (!atomic_load(&is_failed)) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a bootstrap of %zu rows", groups->n);
}

dosi_status dosi_group_bootstrap(const dosi_statistic *statistic,
                                 const dosi_groups *groups,
                                 const double *value,
                                 const dosi_bootstrap *bootstrap,
                                 double *const *bounds,
                                 dosi_error *err) {
    assert(bootstrap->block_length > 0 && groups->n < UINT32_MAX);
    size_t n_draws = bootstrap->n_draws, n_groups = groups->n_groups;
    double *results = calloc(n_draws * n_groups + n_draws + 1, sizeof *results);
    if (!results) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu draws of %zu groups", n_draws,
                         n_groups);
    }
    double *values = results + n_draws * n_groups;
    dosi_status status = run_draws(statistic, groups, value, bootstrap, results, err);
    for (size_t g = 0; g < n_groups && status == DOSI_OK; g++) {
        for (size_t d = 0; d < n_draws; d++) values[d] = results[d * n_groups + g];
        bounds_of(values, n_draws, bootstrap->coverage, &bounds[0][g], &bounds[1][g]);
    }
    free(results);
    return status;
}

void dosi_polar_step_bias(double step_deg, double sector_deg, double *factor) {
    size_t n_sectors = (size_t)lround(360 / sector_deg),
           n_steps = (size_t)lround(360 / step_deg);
    for (size_t s = 0; s < n_sectors; s++) factor[s] = 0;
    for (size_t k = 1; k <= n_steps; k++) {
        factor[dosi_polar_sector((double)k * step_deg, sector_deg)] += 1;
    }
    for (size_t s = 0; s < n_sectors; s++) {
        factor[s] *= (double)n_sectors / (double)n_steps;
        if (!(factor[s] > 0)) factor[s] = 1; // no step falls here: nothing to divide
    }
}
