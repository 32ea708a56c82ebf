// The sample space-time variogram, and the anisotropy that it suggests.

#include "dosi/num.h"
#include "dosi/spacetime.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BINS = 15, MAX_BINS = 1000, MAX_LAGS = 1000 };

/// What all pairs share.
typedef struct work {
    const dosi_sites *sites;
    size_t n_times, n_bins, n_lags;
    double cutoff_m, width_m;
    double *series;  ///< (n_sites x n_times) values by site, 0 where missing.
    double *present; ///< (n_sites x n_times) 1 or 0.
} work;

/// Running sums of one class at one lag.
typedef struct class_sums {
    double n_pairs, distance, square;
} class_sums;

/// Number and summed squared differences of two stretches of series, in four fixed lanes.
static void add_stretch(const double *a[2], const double *b[2], size_t n, double *sums) {
    double count[4] = {0, 0, 0, 0}, square[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (size_t k = 0; k < 4; k++) {
            double difference = a[0][i + k] - b[0][i + k];
            double both = a[1][i + k] * b[1][i + k];
            count[k] += both;
            square[k] += both * (difference * difference);
        }
    }
    for (; i < n; i++) {
        double difference = a[0][i] - b[0][i], both = a[1][i] * b[1][i];
        count[0] += both;
        square[0] += both * (difference * difference);
    }
    sums[0] += (count[0] + count[1]) + (count[2] + count[3]);
    sums[1] += (square[0] + square[1]) + (square[2] + square[3]);
}

/// Adds sites `i` and `j` (which may be the same) at all lags to class `bin`.
static void add_pair(const work *w, size_t i, size_t j, size_t bin, class_sums *sums) {
    size_t n = w->n_times;
    const double *first[2] = {w->series + i * n, w->present + i * n};
    const double *second[2] = {w->series + j * n, w->present + j * n};
    double h = hypot(w->sites->x[i] - w->sites->x[j], w->sites->y[i] - w->sites->y[j]);
    for (size_t lag = i == j ? 1 : 0; lag < w->n_lags && lag < n; lag++) {
        double found[2] = {0, 0};
        const double *later[2] = {second[0] + lag, second[1] + lag};
        add_stretch(first, later, n - lag, found);
        if (i != j && lag > 0) {
            const double *late_first[2] = {first[0] + lag, first[1] + lag};
            add_stretch(second, late_first, n - lag, found);
        }
        class_sums *s = &sums[lag * (w->n_bins + 1) + bin];
        s->n_pairs += found[0];
        s->distance += found[0] * h;
        s->square += found[1];
    }
}

/// Adds site `i` with itself and with all before it.
static void add_site(const work *w, size_t i, class_sums *sums) {
    add_pair(w, i, i, 0, sums);
    for (size_t j = 0; j < i; j++) {
        double h = hypot(w->sites->x[i] - w->sites->x[j], w->sites->y[i] - w->sites->y[j]);
        if (h > w->cutoff_m) continue;
        double position = ceil(h / w->width_m);
        size_t bin = position < 1 ? 1 : (size_t)position;
        add_pair(w, i, j, bin > w->n_bins ? w->n_bins : bin, sums);
    }
}

/// Values by site, with what is missing told apart.
static void lay_out(work *w, const dosi_st_field *field) {
    size_t n_sites = w->sites->n;
    for (size_t t = 0; t < w->n_times; t++) {
        for (size_t i = 0; i < n_sites; i++) {
            double value = field->values[t * n_sites + i];
            bool is_there = isfinite(value);
            w->series[i * w->n_times + t] = is_there ? value : 0;
            w->present[i * w->n_times + t] = is_there ? 1 : 0;
        }
    }
}

/// Sums of all sites, added up in their order whatever thread made them.
static dosi_status sum_up(
    const work *w, const dosi_run *run, class_sums *parts, dosi_st_bin *bins, dosi_error *err) {
    size_t n_cells = w->n_lags * (w->n_bins + 1), n_sites = w->sites->n;
    atomic_bool is_stopped = false;
#pragma omp parallel for schedule(dynamic) num_threads(dosi_run_threads(run))
    for (size_t i = 0; i < n_sites; i++) {
        if (atomic_load(&is_stopped)) continue;
        if (dosi_run_check(run, NULL) != DOSI_OK) atomic_store(&is_stopped, true);
        add_site(w, n_sites - 1 - i, parts + (n_sites - 1 - i) * n_cells);
    }
    DOSI_TRY(dosi_run_check(run, err));
    for (size_t bin = 0; bin <= w->n_bins; bin++) {
        dosi_sum all_pairs = {0}, all_distances = {0};
        for (size_t lag = 0; lag < w->n_lags; lag++) {
            size_t cell = lag * (w->n_bins + 1) + bin;
            dosi_sum n_pairs = {0}, distance = {0}, square = {0};
            for (size_t i = 0; i < n_sites; i++) {
                dosi_sum_add(&n_pairs, parts[i * n_cells + cell].n_pairs);
                dosi_sum_add(&distance, parts[i * n_cells + cell].distance);
                dosi_sum_add(&square, parts[i * n_cells + cell].square);
            }
            double n = dosi_sum_value(&n_pairs);
            dosi_sum_add(&all_pairs, n);
            dosi_sum_add(&all_distances, dosi_sum_value(&distance));
            double middle = bin == 0 ? 0 : ((double)bin - 0.5) * w->width_m;
            bins[cell] = (dosi_st_bin){.n_pairs = n, .lag = (double)lag, .class_m = middle};
            if (!(n > 0)) continue;
            bins[cell].distance_m = dosi_sum_value(&distance) / n;
            bins[cell].gamma = dosi_sum_value(&square) / (2 * n);
        }
        double n = dosi_sum_value(&all_pairs);
        for (size_t lag = 0; lag < w->n_lags && n > 0; lag++) {
            bins[lag * (w->n_bins + 1) + bin].mean_m = dosi_sum_value(&all_distances) / n;
        }
    }
    return DOSI_OK;
}

/// Settings with their defaults; the box around the sites.
static dosi_status prepare(work *w, const dosi_st_classes *classes, dosi_error *err) {
    const dosi_sites *sites = w->sites;
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < sites->n; i++) {
        if (!isfinite(sites->x[i]) || !isfinite(sites->y[i])) {
            return dosi_fail(err, DOSI_DOMAIN, "variogram: site %zu is at (%g, %g)", i,
                             sites->x[i], sites->y[i]);
        }
        box[0] = fmin(box[0], sites->x[i]);
        box[1] = fmin(box[1], sites->y[i]);
        box[2] = fmax(box[2], sites->x[i]);
        box[3] = fmax(box[3], sites->y[i]);
    }
    double across = sites->n < 2 ? 0 : hypot(box[2] - box[0], box[3] - box[1]);
    if (!(across > 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: needs two places apart (%zu sites)",
                         sites->n);
    }
    w->n_bins = classes->n_bins ? classes->n_bins : DEFAULT_BINS;
    w->n_lags = classes->n_lags;
    w->cutoff_m = classes->cutoff_m == 0 ? across / 3 : classes->cutoff_m;
    w->width_m = w->cutoff_m / (double)w->n_bins;
    if (w->n_bins > MAX_BINS || w->n_lags < 1 || w->n_lags > MAX_LAGS ||
        !(w->cutoff_m > 0 && isfinite(w->cutoff_m))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu classes up to %g m, %zu lags",
                         w->n_bins, w->cutoff_m, w->n_lags);
    }
    return DOSI_OK;
}

dosi_status dosi_st_variogram_sample(const dosi_st_field *field,
                                     const dosi_st_classes *classes,
                                     const dosi_run *run,
                                     dosi_st_bin *bins,
                                     dosi_error *err) {
    assert(field && field->sites && (field->values || field->n_times == 0) && classes && bins);
    work w = {.sites = field->sites, .n_times = field->n_times};
    DOSI_TRY(prepare(&w, classes, err));
    size_t n = w.sites->n * w.n_times;
    w.series = malloc((2 * n + 1) * sizeof *w.series);
    class_sums *parts = calloc(w.sites->n * w.n_lags * (w.n_bins + 1) + 1, sizeof *parts);
    dosi_status status = DOSI_OK;
    if (w.series && parts) {
        w.present = w.series + n;
        lay_out(&w, field);
        status = sum_up(&w, run, parts, bins, err);
    } else {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    }
    free(parts);
    free(w.series);
    return status;
}

double dosi_st_anisotropy(const dosi_st_bin *bins, size_t n_bins) {
    double n = 0, mean_h = 0, mean_gamma = 0;
    for (size_t b = 0; b < n_bins; b++) {
        if (!(bins[b].n_pairs > 0) || bins[b].lag != 0) continue;
        n += 1;
        mean_h += bins[b].distance_m;
        mean_gamma += bins[b].gamma;
    }
    if (n < 2) return NAN;
    mean_h /= n;
    mean_gamma /= n;
    double hh = 0, hg = 0;
    for (size_t b = 0; b < n_bins; b++) {
        if (!(bins[b].n_pairs > 0) || bins[b].lag != 0) continue;
        double h = bins[b].distance_m - mean_h;
        hh += h * h;
        hg += h * (bins[b].gamma - mean_gamma);
    }
    double slope = hg / hh, start = mean_gamma - slope * mean_h;
    double uu = 0, ug = 0;
    size_t n_lags = 0;
    for (size_t b = 0; b < n_bins; b++) {
        if (!(bins[b].n_pairs > 0) || bins[b].class_m != 0 || !(bins[b].lag > 0)) continue;
        n_lags++;
        uu += bins[b].lag * bins[b].lag;
        ug += bins[b].lag * (bins[b].gamma - start);
    }
    return n_lags >= 2 && slope > 0 && ug > 0 ? ug / (uu * slope) : (double)NAN;
}
