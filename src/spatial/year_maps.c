// Maps of a year: one of them, means over periods, counts and quantiles, means of areas.

#include "spatial/year.h"

#include "dosi/num.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

static dosi_status fail_memory(const dosi_sites *targets, dosi_error *err) {
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for maps of %zu places", targets->n);
}

/// Covariances of targets [first, first + n) with all sites, a row each.
static void fill_covariances(
    const dosi_year *year, const dosi_sites *targets, size_t first, size_t n, double *out) {
    for (size_t k = 0; k < n; k++) {
        year_covariances(year, targets->x[first + k], targets->y[first + k], out + k * year->n);
    }
}

/// out (n x n_right) = a (n x year->n) b' with b (n_right x year->n).
static void multiply(const dosi_year *year,
                     const double *a,
                     size_t n,
                     const double *b,
                     size_t n_right,
                     double *out) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)n_right,
                (blasint)year->n, 1, a, (blasint)year->n, b, (blasint)year->n, 0, out,
                (blasint)n_right);
}

// --- one map -------------------------------------------------------------------------------

dosi_status dosi_year_map(const dosi_year *year,
                          size_t t,
                          const dosi_sites *targets,
                          const dosi_run *run,
                          double *const map_variance[2],
                          dosi_error *err) {
    assert(year && t < year->n_times && targets && map_variance);
    uint32_t *period_of = malloc((year->n_times + 1) * sizeof *period_of);
    if (!period_of) return fail_memory(targets, err);
    memset(period_of, 0xff, year->n_times * sizeof *period_of);
    period_of[t] = 0;
    const dosi_year_periods one = {1, period_of};
    dosi_status status = dosi_year_means(year, targets, &one, run, map_variance, err);
    free(period_of);
    return status;
}

// --- means over periods --------------------------------------------------------------------

/// A period: mean dual weights and value, mean of the padded inverses of the gaps.
typedef struct period {
    double n_maps, mean_value;
    double *dual; ///< (n)
    double *gaps; ///< (n x n)
} period;

/// Adds D^-1 of a gap to the period's sum.
static void add_gap(const dosi_year *year, year_gap *gap, double *column, double *sum) {
    size_t k = gap->n;
    assert(sum);
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < k; i++) column[i] = i == c ? 1 : 0;
        dosi_cholesky_forward(gap->factor, k, column);
        dosi_cholesky_backward(gap->factor, k, column);
        for (size_t i = 0; i < k; i++) sum[gap->site[i] * year->n + gap->site[c]] += column[i];
    }
}

/// Sums up the maps of every period.
static dosi_status sum_periods(const dosi_year *year,
                               const dosi_year_periods *periods,
                               period *sums,
                               dosi_error *err) {
    size_t n = year->n;
    year_gap gap;
    double *column = malloc((n + 1) * sizeof *column);
    if (!year_gap_reserve(year, &gap) || !column) {
        year_gap_clear(&gap);
        free(column);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    }
    for (size_t m = 0; m < year->n_maps; m++) {
        uint32_t p = periods->period_of[year->time_of[m]];
        if (p == UINT32_MAX) continue;
        assert(p < periods->n && sums[p].dual);
        sums[p].n_maps += 1;
        sums[p].mean_value += year->mean_value[m];
        for (size_t i = 0; i < n; i++) sums[p].dual[i] += year->dual[m * n + i];
        year_gap_open(year, year->values + m * n, &gap);
        add_gap(year, &gap, column, sums[p].gaps);
    }
    for (size_t p = 0; p < periods->n; p++) {
        assert(sums[p].dual && sums[p].gaps);
        sums[p].mean_value /= sums[p].n_maps; // NaN without a map
        for (size_t i = 0; i < n; i++) sums[p].dual[i] /= sums[p].n_maps;
        for (size_t i = 0; i < n * n; i++) sums[p].gaps[i] /= sums[p].n_maps;
    }
    year_gap_clear(&gap);
    free(column);
    return DOSI_OK;
}

/// What a block of targets needs.
typedef struct block {
    size_t first, n;
    double *covariance, *weight, *product; ///< (BLOCK x sites)
    double variance[BLOCK];                ///< Of the whole network.
} block;

/// Means on their way.
typedef struct mean_work {
    const dosi_year *year;
    const dosi_sites *targets;
    size_t n_periods;
    const period *sums; ///< (n_periods)
    double *mean, *variance;
} mean_work;

/// Means of one block for every period.
static void mean_block(const mean_work *w, block *b) {
    size_t n = w->year->n;
    assert(w->sums);
    for (size_t k = 0; k < b->n && w->variance; k++) {
        const double *covariance = b->covariance + k * n;
        b->variance[k] = year_weights(w->year, covariance, w->year->sill, b->weight + k * n);
    }
    for (size_t p = 0; p < w->n_periods; p++) {
        size_t at = p * w->targets->n + b->first;
        const period *sum = &w->sums[p];
        assert(sum && sum->dual && sum->gaps);
        if (w->variance) multiply(w->year, b->weight, b->n, sum->gaps, n, b->product);
        for (size_t k = 0; k < b->n; k++) {
            double value = sum->mean_value, more = 0;
            for (size_t i = 0; i < n; i++) {
                value += b->covariance[k * n + i] * sum->dual[i];
                if (w->variance) more += b->product[k * n + i] * b->weight[k * n + i];
            }
            w->mean[at + k] = value;
            if (w->variance) w->variance[at + k] = b->variance[k] + more;
        }
    }
}

/// Memory of a block.
static bool block_reserve(const dosi_year *year, block *b) {
    b->covariance = malloc((year->n * 3 * BLOCK + 1) * sizeof *b->covariance);
    if (!b->covariance) return false;
    b->weight = b->covariance + year->n * BLOCK;
    b->product = b->weight + year->n * BLOCK;
    return true;
}

/// All blocks of targets.
static dosi_status mean_blocks(const mean_work *w, const dosi_run *run, dosi_error *err) {
    size_t n_targets = w->targets->n, n_blocks = (n_targets + BLOCK - 1) / BLOCK;
    atomic_bool has_no_memory = false;
    openblas_set_num_threads(1);
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        block b = {0};
        bool is_ready = block_reserve(w->year, &b);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 8)
        for (size_t k = 0; k < n_blocks; k++) {
            if (!is_ready || dosi_run_check(run, NULL) != DOSI_OK) continue;
            b.first = k * BLOCK;
            b.n = n_targets - b.first < BLOCK ? n_targets - b.first : BLOCK;
            fill_covariances(w->year, w->targets, b.first, b.n, b.covariance);
            mean_block(w, &b);
        }
        free(b.covariance);
    }
    return has_no_memory ? fail_memory(w->targets, err) : dosi_run_check(run, err);
}

dosi_status dosi_year_means(const dosi_year *year,
                            const dosi_sites *targets,
                            const dosi_year_periods *periods,
                            const dosi_run *run,
                            double *const mean_variance[2],
                            dosi_error *err) {
    assert(year && targets && periods && mean_variance && mean_variance[0]);
    size_t n = year->n;
    double *memory = calloc(periods->n * (n * n + n) + 1, sizeof *memory);
    period *sums = calloc(periods->n + 1, sizeof *sums);
    dosi_status status = DOSI_OK;
    if (!memory || !sums) {
        status = fail_memory(targets, err);
    } else {
        for (size_t p = 0; p < periods->n; p++) {
            sums[p].dual = memory + p * (n * n + n);
            sums[p].gaps = sums[p].dual + n;
        }
        status = sum_periods(year, periods, sums, err);
    }
    if (status == DOSI_OK) {
        const mean_work w = {year, targets,          periods->n,
                             sums, mean_variance[0], mean_variance[1]};
        status = mean_blocks(&w, run, err);
    }
    free(memory);
    free(sums);
    return status;
}

// --- counts and quantiles ------------------------------------------------------------------

/// Splits v[low..high] at a pivot, Hoare's way: afterwards v[low..ends[1]] <= v[ends[0]..high],
/// and what is between is the pivot.
static void split(double *v, size_t low, size_t high, size_t *ends) {
    double a = v[low], b = v[low + (high - low) / 2], c = v[high];
    double pivot = fmax(fmin(a, c), fmin(fmax(a, c), b));
    size_t i = low, j = high;
    while (i <= j) {
        while (v[i] < pivot) i++;
        while (v[j] > pivot) j--;
        if (i > j) break;
        double swapped = v[i];
        v[i++] = v[j];
        v[j] = swapped;
        if (j == low) break;
        j--;
    }
    ends[0] = i;
    ends[1] = j;
}

/// Brings the value of rank `want` to its place, smaller ones before it.
static void select_rank(double *v, size_t n, size_t want) {
    size_t low = 0, high = n - 1, ends[2];
    while (low < high) {
        split(v, low, high, ends);
        if (want <= ends[1] && ends[1] < high) {
            high = ends[1];
        } else if (want >= ends[0] && ends[0] > low) {
            low = ends[0];
        } else {
            return;
        }
    }
}

/// Quantile between the two nearest ranks. Reorders v.
static double quantile_of(double *v, size_t n, double fraction) {
    double position = fraction * (double)(n - 1), whole = floor(position);
    size_t rank = (size_t)whole;
    select_rank(v, n, rank);
    double below = v[rank], share = position - whole;
    if (!(share > 0) || rank + 1 >= n) return below;
    double above = v[rank + 1];
    for (size_t i = rank + 2; i < n; i++) above = v[i] < above ? v[i] : above;
    return below + share * (above - below);
}

/// One target's values at all maps.
static void take_extremes(const dosi_year_extremes *e,
                          size_t target,
                          double *series,
                          size_t n) {
    double above = 0, largest = -INFINITY;
    for (size_t m = 0; m < n; m++) {
        above += series[m] > e->threshold ? 1 : 0;
        largest = series[m] > largest ? series[m] : largest;
    }
    if (e->above) e->above[target] = above;
    if (e->largest) e->largest[target] = n ? largest : (double)NAN;
    if (e->quantile) {
        e->quantile[target] = n ? quantile_of(series, n, e->fraction) : (double)NAN;
    }
}

dosi_status dosi_year_find_extremes(const dosi_year *year,
                                    const dosi_sites *targets,
                                    const dosi_run *run,
                                    const dosi_year_extremes *extremes,
                                    dosi_error *err) {
    assert(year && targets && extremes);
    if (!(extremes->fraction >= 0 && extremes->fraction <= 1)) {
        return dosi_fail(err, DOSI_DOMAIN, "quantile: %g is not in 0..1", extremes->fraction);
    }
    size_t n_blocks = (targets->n + BLOCK - 1) / BLOCK, n_maps = year->n_maps;
    atomic_bool has_no_memory = false;
    openblas_set_num_threads(1);
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        double *covariance = malloc((year->n + n_maps + 1) * BLOCK * sizeof *covariance);
        double *series = covariance ? covariance + BLOCK * year->n : NULL;
        if (!covariance) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < n_blocks; k++) {
            if (!covariance || dosi_run_check(run, NULL) != DOSI_OK) continue;
            size_t first = k * BLOCK, left = targets->n - first;
            size_t n = left < BLOCK ? left : BLOCK;
            fill_covariances(year, targets, first, n, covariance);
            if (n_maps) multiply(year, covariance, n, year->dual, n_maps, series);
            for (size_t i = 0; i < n; i++) {
                double *own = series + i * n_maps;
                for (size_t m = 0; m < n_maps; m++) own[m] += year->mean_value[m];
                take_extremes(extremes, first + i, own, n_maps);
            }
        }
        free(covariance);
    }
    return has_no_memory ? fail_memory(targets, err) : dosi_run_check(run, err);
}

// --- areas ---------------------------------------------------------------------------------

/// Areas as blocks.
typedef struct area_work {
    const dosi_year *year;
    const dosi_sites *targets;
    const dosi_year_areas *areas;
    double *covariance; ///< (areas x sites) mean covariances with the sites.
    double *weight;     ///< (areas x sites)
    double *variance;   ///< (areas) of the whole network; NaN: no targets.
} area_work;

/// Mean covariance between the targets of an area, without the nugget.
static double covariance_within(const area_work *w, size_t a) {
    const dosi_year_areas *areas = w->areas;
    size_t start = areas->start[a], n = areas->start[a + 1] - start;
    size_t n_used = n < YEAR_WITHIN ? n : YEAR_WITHIN;
    double sum = 0, total = 0;
    for (size_t i = 0; i < n_used; i++) {
        size_t p = start + i * n / n_used;
        for (size_t j = 0; j <= i; j++) {
            size_t q = start + j * n / n_used;
            double dx = w->targets->x[areas->target[p]] - w->targets->x[areas->target[q]];
            double dy = w->targets->y[areas->target[p]] - w->targets->y[areas->target[q]];
            double gamma = dosi_variogram_between(w->year->model, dx, dy);
            double smooth = w->year->sill - (dx == 0 && dy == 0 ? w->year->nugget : gamma);
            double both = areas->weight[p] * areas->weight[q] * (i == j ? 1 : 2);
            sum += both * smooth;
            total += both;
        }
    }
    return sum / total;
}

/// Everything of area `a` that holds at all times.
static void open_area(const area_work *w, size_t a, double *scratch) {
    const dosi_year_areas *areas = w->areas;
    size_t n = w->year->n;
    double *covariance = w->covariance + a * n, total = 0;
    memset(covariance, 0, n * sizeof *covariance);
    for (size_t k = areas->start[a]; k < areas->start[a + 1]; k++) {
        size_t target = areas->target[k];
        year_covariances(w->year, w->targets->x[target], w->targets->y[target], scratch);
        for (size_t i = 0; i < n; i++) covariance[i] += areas->weight[k] * scratch[i];
        total += areas->weight[k];
    }
    for (size_t i = 0; i < n; i++) covariance[i] /= total;
    w->variance[a] = NAN;
    if (!(total > 0)) return;
    double own = covariance_within(w, a);
    w->variance[a] = year_weights(w->year, covariance, own, w->weight + a * n);
}

/// All areas at map `m`.
static void area_map(const area_work *w, size_t m, year_gap *gap, double *const out[2]) {
    const dosi_year *year = w->year;
    size_t n = year->n, n_areas = w->areas->n, row = year->time_of[m] * n_areas;
    year_gap_open(year, year->values + m * n, gap);
    for (size_t a = 0; a < n_areas; a++) {
        const double *covariance = w->covariance + a * n;
        double value = year->mean_value[m];
        for (size_t i = 0; i < n; i++) value += covariance[i] * year->dual[m * n + i];
        bool has_targets = isfinite(w->variance[a]);
        out[0][row + a] = has_targets ? value : (double)NAN;
        if (!out[1]) continue;
        out[1][row + a] = has_targets
                              ? w->variance[a] + year_gap_variance(gap, w->weight + a * n)
                              : (double)NAN;
    }
}

/// Opens all areas, then draws all maps.
static bool draw_areas(const area_work *w, const dosi_run *run, double *const out[2]) {
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        year_gap gap;
        bool is_ready = year_gap_reserve(w->year, &gap);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 1)
        for (size_t a = 0; a < w->areas->n; a++) {
            if (is_ready && dosi_run_check(run, NULL) == DOSI_OK) open_area(w, a, gap.factor);
        }
#pragma omp for schedule(dynamic, 16)
        for (size_t m = 0; m < w->year->n_maps; m++) {
            if (is_ready && dosi_run_check(run, NULL) == DOSI_OK) area_map(w, m, &gap, out);
        }
        year_gap_clear(&gap);
    }
    return !has_no_memory;
}

dosi_status dosi_year_find_areas(const dosi_year *year,
                                 const dosi_sites *targets,
                                 const dosi_year_areas *areas,
                                 const dosi_run *run,
                                 double *const mean_variance[2],
                                 dosi_error *err) {
    assert(year && targets && areas && mean_variance && mean_variance[0]);
    size_t n = areas->n * year->n;
    double *memory = calloc(2 * n + areas->n + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", areas->n);
    const area_work w = {year, targets, areas, memory, memory + n, memory + 2 * n};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < year->n_times * areas->n && mean_variance[k]; i++) {
            mean_variance[k][i] = NAN;
        }
    }
    bool is_done = draw_areas(&w, run, mean_variance);
    free(memory);
    if (!is_done) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", areas->n);
    return dosi_run_check(run, err);
}
