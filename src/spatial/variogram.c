// Sample variograms, and models fitted to them.

#include "dosi/num.h"
#include "dosi/spatial.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BINS = 15, MAX_BINS = 1000, N_STARTS = 240 };

/// Diagonal of the box around the sites; NaN when one is not finite.
static double diagonal(const dosi_sites *sites) {
    double west = INFINITY, east = -INFINITY, south = INFINITY, north = -INFINITY;
    for (size_t i = 0; i < sites->n; i++) {
        if (!isfinite(sites->x[i]) || !isfinite(sites->y[i])) return NAN;
        west = fmin(west, sites->x[i]);
        east = fmax(east, sites->x[i]);
        south = fmin(south, sites->y[i]);
        north = fmax(north, sites->y[i]);
    }
    return hypot(east - west, north - south);
}

/// Running sums of one class.
typedef struct class_sums {
    double n_pairs;
    dosi_sum distance, square;
} class_sums;

/// Class of a distance: (lower, upper], zero distances in the first.
static size_t class_of(double h, double width) {
    double position = h / width;
    double whole = floor(position);
    if (position == whole && whole > 0) whole -= 1;
    return (size_t)whole;
}

/// Adds the pair (i, j) of every map to its class.
static void add_pair(
    class_sums *sums, const double *vi, const double *vj, const size_t *shape, double h) {
    size_t n_maps = shape[0], stride = shape[1];
    for (size_t t = 0; t < n_maps; t++) {
        double difference = vi[t * stride] - vj[t * stride];
        if (isnan(difference)) continue;
        sums->n_pairs += 1;
        dosi_sum_add(&sums->distance, h);
        dosi_sum_add(&sums->square, difference * difference);
    }
}

/// Sorts all pairs up to the cutoff, limits[0], into classes of width limits[1].
static void add_pairs(const dosi_sites *sites,
                      const double *values,
                      size_t n_maps,
                      const double *limits,
                      class_sums *sums,
                      size_t n_bins) {
    const size_t map_shape[2] = {n_maps, sites->n};
    for (size_t i = 1; i < sites->n; i++) {
        for (size_t j = 0; j < i; j++) {
            double dx = sites->x[i] - sites->x[j], dy = sites->y[i] - sites->y[j];
            double h = sqrt(dx * dx + dy * dy);
            if (h > limits[0]) continue;
            size_t bin = class_of(h, limits[1]);
            if (bin >= n_bins) bin = n_bins - 1;
            add_pair(&sums[bin], values + i, values + j, map_shape, h);
        }
    }
}

dosi_status dosi_variogram_sample(const dosi_sites *sites,
                                  const double *values,
                                  size_t n_maps,
                                  const dosi_variogram_classes *classes,
                                  dosi_variogram_bin *bins,
                                  dosi_error *err) {
    assert(sites && values && bins);
    size_t n_bins = classes && classes->n_bins ? classes->n_bins : DEFAULT_BINS;
    double cutoff = classes ? classes->cutoff_m : 0;
    double across = diagonal(sites);
    if (sites->n < 2 || !(across > 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "variogram: needs two places or more, finite and apart (%zu sites)",
                         sites->n);
    }
    if (n_bins > MAX_BINS || !(cutoff >= 0 && isfinite(cutoff))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu classes up to %g m", n_bins, cutoff);
    }
    if (cutoff == 0) cutoff = across / 3;
    double width = cutoff / (double)n_bins;
    class_sums *sums = calloc(n_bins, sizeof *sums);
    if (!sums) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu classes", n_bins);
    const double limits[2] = {cutoff, width};
    add_pairs(sites, values, n_maps, limits, sums, n_bins);
    for (size_t b = 0; b < n_bins; b++) {
        double n = sums[b].n_pairs;
        bins[b] = (dosi_variogram_bin){0};
        if (n == 0) continue;
        bins[b].n_pairs = n;
        bins[b].distance_m = dosi_sum_value(&sums[b].distance) / n;
        bins[b].gamma = dosi_sum_value(&sums[b].square) / (2 * n);
    }
    free(sums);
    return DOSI_OK;
}

dosi_variogram_weights dosi_variogram_weights_from_name(const char *name) {
    static const char *const names[] = {
#define X(name, text) text,
        DOSI_VARIOGRAM_WEIGHTS_TABLE(X)
#undef X
    };
    for (int i = 0; i < DOSI_VARIOGRAM_WEIGHTS_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) return (dosi_variogram_weights)i;
    }
    return DOSI_VARIOGRAM_WEIGHTS_COUNT;
}

/// What the search over ranges carries along: filled classes as columns.
typedef struct fit {
    size_t n;
    double *distance_m, *gamma, *weight, *ones, *shape;
    dosi_variogram model; ///< kind and kappa given; the rest from the last evaluation.
} fit;

/// The smallest weighted error for a given log(range); sets the model's sills.
static double error_at(void *context, double log_range) {
    fit *f = context;
    f->model.range_m = exp(log_range);
    const dosi_variogram unit = {.kind = f->model.kind,
                                 .psill = 1,
                                 .range_m = f->model.range_m,
                                 .kappa = f->model.kappa};
    for (size_t i = 0; i < f->n; i++) {
        f->shape[i] = dosi_variogram_value(&unit, f->distance_m[i]);
    }
    double sills[2] = {0, 0};
    double error =
        dosi_fit_two_nonnegative(f->weight, f->gamma, f->ones, f->shape, f->n, sills);
    f->model.nugget = sills[0];
    f->model.psill = sills[1];
    return error;
}

/// Looks along the whole interval, refines every local minimum, leaves the best in f->model.
static double search_range(fit *f, double low, double high) {
    double errors[N_STARTS];
    double step = (high - low) / (N_STARTS - 1);
    for (size_t i = 0; i < N_STARTS; i++) errors[i] = error_at(f, low + step * (double)i);
    double best = INFINITY, best_range = low;
    for (size_t i = 0; i < N_STARTS; i++) {
        bool is_low_left = i == 0 || errors[i] <= errors[i - 1];
        bool is_low_right = i + 1 == N_STARTS || errors[i] <= errors[i + 1];
        if (!is_low_left || !is_low_right) continue;
        const double interval[2] = {i == 0 ? low : low + step * (double)(i - 1),
                                    i + 1 == N_STARTS ? high : low + step * (double)(i + 1)};
        double error = 0;
        double at = dosi_minimise(error_at, f, interval, 1e-10, &error);
        if (errors[i] < error) {
            error = errors[i];
            at = low + step * (double)i;
        }
        if (error < best) {
            best = error;
            best_range = at;
        }
    }
    return error_at(f, best_range);
}

dosi_status dosi_variogram_fit(const dosi_variogram_bin *bins,
                               size_t n_bins,
                               dosi_variogram_weights weights,
                               dosi_variogram *model,
                               double *error,
                               dosi_error *err) {
    assert(bins && model && weights < DOSI_VARIOGRAM_WEIGHTS_COUNT &&
           model->kind < DOSI_VARIOGRAM_COUNT);
    if (model->kind == DOSI_VARIOGRAM_MATERN && !(model->kappa > 0 && model->kappa <= 20)) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: kappa %g is not in 0..20", model->kappa);
    }
    double *memory = calloc(n_bins * 5, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu classes", n_bins);
    fit f = {.distance_m = memory,
             .gamma = memory + n_bins,
             .weight = memory + 2 * n_bins,
             .ones = memory + 3 * n_bins,
             .shape = memory + 4 * n_bins,
             .model = *model};
    for (size_t b = 0; b < n_bins; b++) {
        if (!(bins[b].n_pairs > 0 && bins[b].distance_m > 0)) continue;
        f.distance_m[f.n] = bins[b].distance_m;
        f.gamma[f.n] = bins[b].gamma;
        f.weight[f.n] = bins[b].n_pairs;
        if (weights == DOSI_VARIOGRAM_PAIRS_H2) {
            f.weight[f.n] /= bins[b].distance_m * bins[b].distance_m;
        }
        f.ones[f.n] = 1;
        f.n++;
    }
    if (f.n < 3) {
        free(memory);
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu filled classes, a fit needs 3", f.n);
    }
    double shortest = f.distance_m[0], longest = f.distance_m[0];
    for (size_t i = 1; i < f.n; i++) {
        shortest = fmin(shortest, f.distance_m[i]);
        longest = fmax(longest, f.distance_m[i]);
    }
    double sse = 0;
    if (model->kind == DOSI_VARIOGRAM_NUGGET || model->kind == DOSI_VARIOGRAM_LINEAR) {
        sse = error_at(&f, log(longest)); // the range is only a unit here
    } else {
        sse = search_range(&f, log(shortest / 5), log(longest * 20));
    }
    *model = f.model;
    if (error) *error = sse;
    free(memory);
    return DOSI_OK;
}
