// Models fitted to sample variograms by weighted least squares.

#include "dosi/num.h"
#include "dosi/variogram.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N_STARTS = 240, MAX_SILLS = DOSI_VARIOGRAM_MAX_FIT + 1 };

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
    size_t n, n_structures;
    double *distance_m, *gamma, *weight;
    double *shape[MAX_SILLS]; ///< Of the nugget (ones), then of each structure.
    dosi_variogram *model;    ///< Kinds given; the rest from the last evaluation.
    double low, high;         ///< Logarithms of the ranges that are searched.
} fit;

/// The chain's structure `k`.
static dosi_variogram *structure(const fit *f, size_t k) {
    dosi_variogram *s = f->model;
    while (k-- > 0) s = (dosi_variogram *)s->nested; // given by the caller to be written
    return s;
}

/// Sum of w a b over the classes.
static double product(const fit *f, const double *a, const double *b) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < f->n; i++) dosi_sum_add(&sum, f->weight[i] * a[i] * b[i]);
    return dosi_sum_value(&sum);
}

/// Weighted squared error of sills.
static double error_of(const fit *f, const double *sills) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < f->n; i++) {
        double rest = f->gamma[i];
        for (size_t k = 0; k <= f->n_structures; k++) rest -= sills[k] * f->shape[k][i];
        dosi_sum_add(&sum, f->weight[i] * rest * rest);
    }
    return dosi_sum_value(&sum);
}

/// Least squares with the sills of bits `active` alone. False: some are negative or not told.
static bool solve_active(const double *gram,
                         const double *right,
                         unsigned active,
                         double *sills) {
    double a[MAX_SILLS * MAX_SILLS], b[MAX_SILLS];
    size_t who[MAX_SILLS], n = 0;
    for (size_t k = 0; k < MAX_SILLS; k++) {
        sills[k] = 0;
        if (active >> k & 1) who[n++] = k;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) a[i * n + j] = gram[who[i] * MAX_SILLS + who[j]];
        b[i] = right[who[i]];
    }
    if (dosi_cholesky(a, n) != n) return false;
    dosi_cholesky_forward(a, n, b);
    dosi_cholesky_backward(a, n, b);
    for (size_t i = 0; i < n; i++) {
        if (b[i] < 0) return false;
        sills[who[i]] = b[i];
    }
    return true;
}

/// The best non-negative sills for the model's ranges, tried in all active sets; the error.
static double fit_sills(fit *f) {
    size_t n_sills = f->n_structures + 1;
    double gram[MAX_SILLS * MAX_SILLS] = {0}, right[MAX_SILLS] = {0};
    double best[MAX_SILLS] = {0}, sills[MAX_SILLS];
    for (size_t k = 0; k < f->n_structures; k++) {
        dosi_variogram unit = *structure(f, k);
        unit.nugget = 0;
        unit.psill = 1;
        unit.nested = NULL;
        for (size_t i = 0; i < f->n; i++) {
            f->shape[k + 1][i] = dosi_variogram_value(&unit, f->distance_m[i]);
        }
    }
    for (size_t a = 0; a < n_sills; a++) {
        for (size_t b = 0; b <= a; b++) {
            gram[a * MAX_SILLS + b] = product(f, f->shape[a], f->shape[b]);
        }
        right[a] = product(f, f->shape[a], f->gamma);
    }
    double least = error_of(f, best);
    for (unsigned active = 1; active < 1U << n_sills; active++) {
        if (!solve_active(gram, right, active, sills)) continue;
        double error = error_of(f, sills);
        if (!(error < least)) continue;
        least = error;
        memcpy(best, sills, sizeof best);
    }
    for (size_t k = 0; k < f->n_structures; k++) {
        structure(f, k)->nugget = k == 0 ? best[0] : 0;
        structure(f, k)->psill = best[k + 1];
    }
    return least;
}

/// The smallest weighted error for a given log(range).
static double error_at(void *context, double log_range) {
    fit *f = context;
    f->model->range_m = exp(log_range);
    return fit_sills(f);
}

/// Looks along the whole interval, refines every local minimum, leaves the best in the model.
static double search_range(fit *f) {
    double errors[N_STARTS], low = f->low;
    double step = (f->high - low) / (N_STARTS - 1);
    for (size_t i = 0; i < N_STARTS; i++) errors[i] = error_at(f, low + step * (double)i);
    double best = INFINITY, best_range = low;
    for (size_t i = 0; i < N_STARTS; i++) {
        bool is_low_left = i == 0 || errors[i] <= errors[i - 1];
        bool is_low_right = i + 1 == N_STARTS || errors[i] <= errors[i + 1];
        if (!is_low_left || !is_low_right) continue;
        const double interval[2] = {i == 0 ? low : low + step * (double)(i - 1),
                                    i + 1 == N_STARTS ? f->high : low + step * (double)(i + 1)};
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

/// The error of several ranges.
static double error_of_ranges(fit *f, const double *log_ranges) {
    for (size_t k = 0; k < f->n_structures; k++) structure(f, k)->range_m = exp(log_ranges[k]);
    return fit_sills(f);
}

/// One range of several, the others kept.
typedef struct one_of {
    fit *f;
    size_t k;
    double log_ranges[DOSI_VARIOGRAM_MAX_FIT];
} one_of;

static double error_of_one(void *context, double log_range) {
    one_of *o = context;
    o->log_ranges[o->k] = log_range;
    return error_of_ranges(o->f, o->log_ranges);
}

/// Improves ranges one after the other, within `reach` of where they are, until nothing gains.
static double descend(fit *f, double *log_ranges, double reach) {
    one_of o = {.f = f};
    memcpy(o.log_ranges, log_ranges, sizeof o.log_ranges);
    double error = error_of_ranges(f, log_ranges);
    for (int round = 0; round < 200; round++) {
        double before = error;
        for (o.k = 0; o.k < f->n_structures; o.k++) {
            double at = log_ranges[o.k], found = 0;
            const double interval[2] = {fmax(at - reach, f->low), fmin(at + reach, f->high)};
            double best = dosi_minimise(error_of_one, &o, interval, 1e-10, &found);
            if (found < error) {
                error = found;
                log_ranges[o.k] = best;
            }
            o.log_ranges[o.k] = log_ranges[o.k];
        }
        if (!(error < before * (1 - 1e-9))) break;
    }
    return error;
}

/// Looks at a grid of ranges and improves the best few.
static double search_ranges(fit *f) {
    enum { SIDE = 24, KEPT = 6 };
    size_t n_all = 1, s = f->n_structures;
    for (size_t k = 0; k < s; k++) n_all *= SIDE;
    double kept[KEPT][DOSI_VARIOGRAM_MAX_FIT + 1]; // error, then ranges; best first
    for (size_t i = 0; i < KEPT; i++) kept[i][0] = INFINITY;
    double step = (f->high - f->low) / (SIDE - 1);
    for (size_t g = 0; g < n_all; g++) {
        double here[DOSI_VARIOGRAM_MAX_FIT + 1] = {0};
        size_t rest = g;
        for (size_t k = 0; k < s; k++, rest /= SIDE) {
            here[k + 1] = f->low + step * (double)(rest % SIDE);
        }
        here[0] = error_of_ranges(f, here + 1);
        for (size_t i = 0; i < KEPT; i++) {
            if (!(here[0] < kept[i][0])) continue;
            double other[DOSI_VARIOGRAM_MAX_FIT + 1];
            memcpy(other, kept[i], sizeof other);
            memcpy(kept[i], here, sizeof other);
            memcpy(here, other, sizeof other);
        }
    }
    size_t best = 0;
    for (size_t i = 0; i < KEPT; i++) {
        if (isinf(kept[i][0])) continue;
        kept[i][0] = descend(f, kept[i] + 1, 2 * step);
        if (kept[i][0] < kept[best][0]) best = i;
    }
    return error_of_ranges(f, kept[best] + 1);
}

/// Structures of the chain; DOSI_DOMAIN when there are too many or one's kappa is outside.
static dosi_status count_structures(const dosi_variogram *model, size_t *n, dosi_error *err) {
    *n = 0;
    for (const dosi_variogram *s = model; s; s = s->nested) {
        assert(s->kind < DOSI_VARIOGRAM_COUNT);
        if (s->kind == DOSI_VARIOGRAM_MATERN && !(s->kappa > 0 && s->kappa <= 20)) {
            return dosi_fail(err, DOSI_DOMAIN, "variogram: kappa %g is not in 0..20", s->kappa);
        }
        if (++*n > DOSI_VARIOGRAM_MAX_FIT) {
            return dosi_fail(err, DOSI_DOMAIN, "variogram: a fit of more than %d structures",
                             DOSI_VARIOGRAM_MAX_FIT);
        }
    }
    return DOSI_OK;
}

/// Takes the filled classes; the shortest and longest distance give the search its limits.
static void take_classes(fit *f,
                         const dosi_variogram_bin *bins,
                         size_t n_bins,
                         dosi_variogram_weights weights) {
    double shortest = INFINITY, longest = 0;
    for (size_t b = 0; b < n_bins; b++) {
        double h = bins[b].distance_m;
        if (!(bins[b].n_pairs > 0 && h > 0)) continue;
        f->distance_m[f->n] = h;
        f->gamma[f->n] = bins[b].gamma;
        f->weight[f->n] = bins[b].n_pairs;
        if (weights == DOSI_VARIOGRAM_PAIRS_H2) f->weight[f->n] /= h * h;
        f->shape[0][f->n] = 1;
        f->n++;
        shortest = fmin(shortest, h);
        longest = fmax(longest, h);
    }
    f->low = log(shortest / 5);
    f->high = log(longest * 20);
}

dosi_status dosi_variogram_fit(const dosi_variogram_bin *bins,
                               size_t n_bins,
                               dosi_variogram_weights weights,
                               dosi_variogram *model,
                               double *error,
                               dosi_error *err) {
    assert(bins && model && weights < DOSI_VARIOGRAM_WEIGHTS_COUNT);
    fit f = {.model = model};
    DOSI_TRY(count_structures(model, &f.n_structures, err));
    double *memory = calloc(n_bins * (3 + MAX_SILLS), sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu classes", n_bins);
    f.distance_m = memory;
    f.gamma = memory + n_bins;
    f.weight = memory + 2 * n_bins;
    for (size_t k = 0; k < MAX_SILLS; k++) f.shape[k] = memory + (3 + k) * n_bins;
    take_classes(&f, bins, n_bins, weights);
    if (f.n < 3) {
        free(memory);
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu filled classes, a fit needs 3", f.n);
    }
    bool has_range =
        model->kind != DOSI_VARIOGRAM_NUGGET && model->kind != DOSI_VARIOGRAM_LINEAR;
    double sse = 0;
    if (f.n_structures > 1) {
        sse = search_ranges(&f);
    } else if (has_range) {
        sse = search_range(&f);
    } else {
        sse = error_at(&f, f.high - log(20)); // the range is only a unit here
    }
    if (error) *error = sse;
    free(memory);
    return DOSI_OK;
}
