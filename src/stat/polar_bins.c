// Groups of values and their statistics; the bins of polar plots.

#include "dosi/polar.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const statistic_names[] = {
#define X(name, text) text,
    DOSI_STATISTIC_TABLE(X)
#undef X
};

const char *dosi_statistic_name(dosi_statistic_kind kind) {
    return kind < DOSI_STATISTIC_COUNT ? statistic_names[kind] : "unknown";
}

dosi_statistic_kind dosi_statistic_from_name(const char *name) {
    int kind = 0;
    while (kind < DOSI_STATISTIC_COUNT && strcmp(statistic_names[kind], name) != 0) kind++;
    return (dosi_statistic_kind)kind;
}

double dosi_quantile_sorted(const double *sorted, size_t n, double p) {
    if (n == 0) return NAN;
    double at = p * (double)(n - 1);
    size_t below = (size_t)at;
    if (below + 1 >= n) return sorted[n - 1];
    double part = at - (double)below;
    if (!(part > 0)) return sorted[below];
    return (1 - part) * sorted[below] + part * sorted[below + 1];
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

size_t dosi_sort_present(double *values, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(values[i])) values[kept++] = values[i];
    }
    qsort(values, kept, sizeof *values, compare_reals);
    return kept;
}

/// Standard deviation of n values around their mean, by two passes.
static double stdev(const double *values, size_t n) {
    if (n < 2) return NAN;
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) mean += values[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/// Share of n values in (low, high].
static double share_between(const double *values, size_t n, double low, double high) {
    size_t inside = 0;
    for (size_t i = 0; i < n; i++) inside += values[i] > low && values[i] <= high;
    return (double)inside / (double)n;
}

/// The statistic of the n > 0 values of one group, which may be reordered.
static double of_group(const dosi_statistic *statistic,
                       double *values,
                       size_t n,
                       size_t n_total) {
    double sum = 0, most = -INFINITY;
    switch (statistic->kind) {
    case DOSI_STATISTIC_MEAN:
    case DOSI_STATISTIC_WEIGHTED_MEAN:
        for (size_t i = 0; i < n; i++) sum += values[i];
        if (statistic->kind == DOSI_STATISTIC_MEAN) return sum / (double)n;
        return sum / (double)n_total;
    case DOSI_STATISTIC_MAX:
        for (size_t i = 0; i < n; i++) most = fmax(most, values[i]);
        return most;
    case DOSI_STATISTIC_STDEV:
        return stdev(values, n);
    case DOSI_STATISTIC_FREQUENCY:
        return (double)n;
    case DOSI_STATISTIC_CPF:
        return share_between(values, n, statistic->low, INFINITY);
    case DOSI_STATISTIC_CPF_INTERVAL:
        return share_between(values, n, statistic->low, statistic->high);
    case DOSI_STATISTIC_MEDIAN:
    case DOSI_STATISTIC_PERCENTILE:
        qsort(values, n, sizeof *values, compare_reals);
        return dosi_quantile_sorted(
            values, n,
            statistic->kind == DOSI_STATISTIC_MEDIAN ? 0.5 : statistic->percentile / 100);
    case DOSI_STATISTIC_COUNT:
        break;
    }
    return NAN;
}

/// Whether row i counts.
static bool is_in(const dosi_groups *groups, const double *value, size_t i) {
    assert(groups->group[i] == UINT32_MAX || groups->group[i] < groups->n_groups);
    return groups->group[i] != UINT32_MAX && !isnan(value[i]);
}

/// Puts the values of each group together, rows in their order.
/// @param end     (n_groups + 1) zero; out: where each group ends.
/// @param sorted  (n) out.
static void sort_groups(const dosi_groups *groups,
                        const double *value,
                        size_t *count,
                        size_t *end,
                        double *sorted) {
    for (size_t i = 0; i < groups->n; i++) {
        if (is_in(groups, value, i)) end[groups->group[i] + 1]++;
    }
    for (size_t g = 0; g < groups->n_groups; g++) count[g] = end[g + 1];
    for (size_t g = 0; g < groups->n_groups; g++) end[g + 1] += end[g];
    for (size_t i = 0; i < groups->n; i++) {
        if (is_in(groups, value, i)) sorted[end[groups->group[i]]++] = value[i];
    }
}

dosi_status dosi_group_statistic(const dosi_statistic *statistic,
                                 const dosi_groups *groups,
                                 const double *value,
                                 size_t *count,
                                 double *out,
                                 dosi_error *err) {
    size_t n_groups = groups->n_groups;
    size_t *end = calloc(n_groups + 1, sizeof *end);
    double *sorted = malloc((groups->n + 1) * sizeof *sorted);
    if (!end || !sorted) {
        free(end);
        free(sorted);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values in groups", groups->n);
    }
    sort_groups(groups, value, count, end, sorted);
    size_t n_total = n_groups ? end[n_groups - 1] : 0;
    for (size_t g = 0; g < n_groups; g++) {
        bool is_enough = count[g] > 0 && count[g] >= statistic->min_count;
        out[g] = is_enough ? of_group(statistic, sorted + end[g] - count[g], count[g], n_total)
                           : (double)NAN;
    }
    free(end);
    free(sorted);
    return DOSI_OK;
}

size_t dosi_polar_n_sectors(const dosi_polar_bins *bins) {
    return (size_t)lround(360 / bins->sector_deg);
}

size_t dosi_polar_n_cells(const dosi_polar_bins *bins) {
    return bins->n_speeds * dosi_polar_n_sectors(bins);
}

double dosi_polar_natural_sector(const double *from_deg, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!isnan(from_deg[i]) && fmod(from_deg[i], 10) != 0) return 5;
    }
    return 10;
}

uint32_t dosi_polar_sector(double from_deg, double sector_deg) {
    if (!(from_deg >= 0 && from_deg <= 360)) return UINT32_MAX;
    double n = round(360 / sector_deg);
    double at = ceil(from_deg / sector_deg - 0.5);
    return (uint32_t)(at < 1 || at > n ? n - 1 : at - 1);
}

dosi_polar_bins dosi_polar_bins_of(const dosi_winds *winds,
                                   const double *value,
                                   size_t n_speeds,
                                   double sector_deg) {
    dosi_polar_bins bins = {n_speeds, 0, sector_deg};
    for (size_t i = 0; i < winds->n; i++) {
        if (isnan(winds->from_deg[i]) || isnan(value[i])) continue;
        if (winds->speed[i] > bins.speed_max) bins.speed_max = winds->speed[i];
    }
    return bins;
}

/// Speed bin; n_speeds when outside. Borders are multiples of the width as rounded, so that a
/// speed that equals one falls below it.
static size_t speed_bin(const dosi_polar_bins *bins, double speed) {
    if (!(speed >= 0 && speed <= bins->speed_max) || !(bins->speed_max > 0)) {
        return bins->n_speeds;
    }
    double width = bins->speed_max / (double)bins->n_speeds;
    size_t b = (size_t)(speed / width);
    if (b >= bins->n_speeds) b = bins->n_speeds - 1;
    while (b > 0 && speed <= (double)b * width) b--;
    while (b + 1 < bins->n_speeds && speed > (double)(b + 1) * width) b++;
    return b;
}

void dosi_polar_assign(const dosi_polar_bins *bins, const dosi_winds *winds, uint32_t *cell) {
    for (size_t i = 0; i < winds->n; i++) {
        uint32_t sector = dosi_polar_sector(winds->from_deg[i], bins->sector_deg);
        size_t b = speed_bin(bins, winds->speed[i]);
        bool is_inside = sector != UINT32_MAX && b < bins->n_speeds;
        cell[i] = is_inside ? (uint32_t)(sector * bins->n_speeds + b) : UINT32_MAX;
    }
}
