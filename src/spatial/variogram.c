// Sample variograms.

#include "dosi/variogram.h"
#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { DEFAULT_BINS = 15, MAX_BINS = 1000 };

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

/// What pairs are sorted by, and of what.
typedef struct pairing {
    const dosi_sites *sites;
    const double *first, *second;
    size_t n_maps;
    double cutoff, width;
    double direction[2]; ///< Unit vector; tested when `cosine` > 0.
    double cosine;       ///< Least cosine to the direction; 0: all pairs.
    class_sums *sums;
    size_t n_bins;
} pairing;

/// Adds the pair (i, j) of every map to its class.
static void add_pair(const pairing *p, class_sums *sums, size_t i, size_t j, double h) {
    size_t stride = p->sites->n;
    for (size_t t = 0; t < p->n_maps; t++) {
        const double *a = p->first + t * stride, *b = p->second + t * stride;
        double product = (a[i] - a[j]) * (b[i] - b[j]);
        if (isnan(product)) continue;
        sums->n_pairs += 1;
        dosi_sum_add(&sums->distance, h);
        dosi_sum_add(&sums->square, product);
    }
}

/// Sorts all pairs up to the cutoff into classes.
static void add_pairs(const pairing *p) {
    const dosi_sites *sites = p->sites;
    for (size_t i = 1; i < sites->n; i++) {
        for (size_t j = 0; j < i; j++) {
            double dx = sites->x[i] - sites->x[j], dy = sites->y[i] - sites->y[j];
            double h = sqrt(dx * dx + dy * dy);
            if (h > p->cutoff) continue;
            double along = fabs(dx * p->direction[0] + dy * p->direction[1]);
            if (p->cosine > 0 && along < p->cosine * h) continue;
            size_t bin = class_of(h, p->width);
            if (bin >= p->n_bins) bin = p->n_bins - 1;
            add_pair(p, &p->sums[bin], i, j, h);
        }
    }
}

/// Cutoff, width and direction of the classes.
static dosi_status set_classes(const dosi_variogram_classes *classes,
                               pairing *p,
                               dosi_error *err) {
    p->n_bins = classes && classes->n_bins ? classes->n_bins : DEFAULT_BINS;
    p->cutoff = classes ? classes->cutoff_m : 0;
    double across = diagonal(p->sites);
    if (p->sites->n < 2 || !(across > 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "variogram: needs two places or more, finite and apart (%zu sites)",
                         p->sites->n);
    }
    if (p->n_bins > MAX_BINS || !(p->cutoff >= 0 && isfinite(p->cutoff))) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu classes up to %g m", p->n_bins,
                         p->cutoff);
    }
    if (p->cutoff == 0) p->cutoff = across / 3;
    p->width = p->cutoff / (double)p->n_bins;
    double tolerance = classes ? classes->tolerance_deg : 0;
    double azimuth = classes ? classes->azimuth_deg : 0;
    if (!(tolerance >= 0 && tolerance <= 90) || !isfinite(azimuth)) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %g degrees around azimuth %g", tolerance,
                         azimuth);
    }
    p->direction[0] = sin(azimuth * M_PI / 180);
    p->direction[1] = cos(azimuth * M_PI / 180);
    // A pair just at the limit belongs to it, whatever the rounding.
    bool is_limited = tolerance > 0 && tolerance < 90;
    p->cosine = is_limited ? cos(tolerance * M_PI / 180) * (1 - 1e-12) : 0;
    return DOSI_OK;
}

dosi_status dosi_variogram_sample_cross(const dosi_sites *sites,
                                        const double *const *first_and_second,
                                        size_t n_maps,
                                        const dosi_variogram_classes *classes,
                                        dosi_variogram_bin *bins,
                                        dosi_error *err) {
    assert(sites && first_and_second && bins);
    pairing p = {.sites = sites,
                 .first = first_and_second[0],
                 .second = first_and_second[1],
                 .n_maps = n_maps};
    DOSI_TRY(set_classes(classes, &p, err));
    p.sums = calloc(p.n_bins, sizeof *p.sums);
    if (!p.sums) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu classes", p.n_bins);
    add_pairs(&p);
    for (size_t b = 0; b < p.n_bins; b++) {
        double n = p.sums[b].n_pairs;
        bins[b] = (dosi_variogram_bin){0};
        if (n == 0) continue;
        bins[b].n_pairs = n;
        bins[b].distance_m = dosi_sum_value(&p.sums[b].distance) / n;
        bins[b].gamma = dosi_sum_value(&p.sums[b].square) / (2 * n);
    }
    free(p.sums);
    return DOSI_OK;
}

dosi_status dosi_variogram_sample(const dosi_sites *sites,
                                  const double *values,
                                  size_t n_maps,
                                  const dosi_variogram_classes *classes,
                                  dosi_variogram_bin *bins,
                                  dosi_error *err) {
    assert(values);
    const double *const both[2] = {values, values};
    return dosi_variogram_sample_cross(sites, both, n_maps, classes, bins, err);
}

void dosi_indicator(const double *values, size_t n, double threshold, double *indicators) {
    for (size_t i = 0; i < n; i++) {
        double value = values[i]; // in place is fine
        indicators[i] = isnan(value) ? value : (value <= threshold ? 1 : 0);
    }
}
