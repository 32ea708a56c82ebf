// Models fitted by restricted maximum likelihood, and residuals of a drift.

#include "dosi/num.h"
#include "dosi/variogram.h"
#include "spatial/covariance.h"

#include <assert.h>
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N_RANGES = 12, BLAS_SITES = 96 };

/// The share of the nugget is searched as log(share / (1 - share)) + ODDS_OFFSET, so that a
/// tolerance relative to it is an absolute one.
enum { ODDS_OFFSET = 100, ODDS_REACH = 14 };

/// What the search carries along. Sites of a map are those present in it.
typedef struct reml {
    const dosi_reml *data;
    dosi_variogram unit;    ///< Correlation: no nugget, sill 1.
    size_t n_columns;       ///< Of the drift with its constant.
    double *drift;          ///< (n_columns x n_sites) standardised.
    double *l;              ///< (n x n) scratch: factored correlations.
    double *u;              ///< (n_columns x n) scratch: L^-1 F.
    double *s;              ///< (n_columns x n_columns) scratch: U'U factored.
    double *z;              ///< (n) scratch.
    size_t *present;        ///< (n) of the map at hand.
    double before;          ///< Squares before the drift was taken out, summed over maps.
    double share, variance; ///< Nugget over sill and sill of the last evaluation.
} reml;

/// The drift with its constant as columns, centred and scaled.
static void standardise(const dosi_reml *data, double *out) {
    size_t n = data->sites->n, p = data->n_drift;
    for (size_t i = 0; i < n; i++) out[i] = 1;
    for (size_t q = 0; q < p; q++) {
        double mean = 0, most = 0, *column = out + (q + 1) * n;
        for (size_t i = 0; i < n; i++) mean += data->drift[i * p + q] / (double)n;
        for (size_t i = 0; i < n; i++) {
            column[i] = data->drift[i * p + q] - mean;
            most = fmax(most, fabs(column[i]));
        }
        for (size_t i = 0; i < n && most > 0; i++) column[i] /= most;
    }
}

/// Whether map `t` has the same sites as map `t - 1`.
static bool is_same_pattern(const dosi_reml *data, size_t t) {
    size_t n = data->sites->n;
    const double *here = data->values + t * n, *before = here - n;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(here[i]) != isfinite(before[i])) return false;
    }
    return true;
}

/// Finds the sites of map `t`; how many.
static size_t find_present(const reml *r, size_t t) {
    size_t n = 0, n_sites = r->data->sites->n;
    for (size_t i = 0; i < n_sites; i++) {
        if (isfinite(r->data->values[t * n_sites + i])) r->present[n++] = i;
    }
    return n;
}

/// Factors `l` in place. False: not positive definite.
static bool factor(double *l, size_t n) {
    if (n < BLAS_SITES) return dosi_cholesky(l, n) == n;
    lapack_int size = (lapack_int)n; // its upper triangle by columns is ours by rows
    return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', size, l, size) == 0;
}

/// The lower triangle of the correlations of `n` present sites with the nugget's `share`.
static void fill_correlations(const reml *r, size_t n, double share) {
    const dosi_sites *sites = r->data->sites;
    covariance_field field;
    covariance_field_set(&field, &r->unit, 1);
    double dx[COVARIANCE_BATCH], dy[COVARIANCE_BATCH];
    for (size_t i = 0; i < n; i++) {
        double *row = r->l + i * n;
        for (size_t first = 0; first < i; first += COVARIANCE_BATCH) {
            size_t m = i - first < COVARIANCE_BATCH ? i - first : COVARIANCE_BATCH;
            for (size_t j = 0; j < m; j++) {
                dx[j] = sites->x[r->present[i]] - sites->x[r->present[first + j]];
                dy[j] = sites->y[r->present[i]] - sites->y[r->present[first + j]];
            }
            covariance_fill(&field, dx, dy, row + first, m);
        }
        for (size_t j = 0; j < i; j++) row[j] *= 1 - share;
        row[i] = 1;
    }
}

/// U = L^-1 F and the factor of U'U. False: the sites do not tell the drift.
static bool factor_drift(const reml *r, size_t n) {
    size_t p = r->n_columns, n_sites = r->data->sites->n;
    for (size_t a = 0; a < p; a++) {
        double *u = r->u + a * n;
        for (size_t i = 0; i < n; i++) u[i] = r->drift[a * n_sites + r->present[i]];
        dosi_cholesky_forward(r->l, n, u);
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++) sum += u[i] * r->u[b * n + i];
            r->s[a * p + b] = sum;
        }
    }
    return dosi_cholesky(r->s, p) == p;
}

/// Factors correlations and drift of the present sites with the nugget's `share`; the log
/// determinants of both, or NaN.
static double factor_pattern(const reml *r, size_t n, double share) {
    size_t p = r->n_columns;
    double log_det = 0;
    fill_correlations(r, n, share);
    if (!factor(r->l, n) || !factor_drift(r, n)) return NAN;
    for (size_t i = 0; i < n; i++) log_det += 2 * log(r->l[i * n + i]);
    for (size_t a = 0; a < p; a++) log_det += 2 * log(r->s[a * p + a]);
    return log_det;
}

/// What is left of a map's values beside the drift, squared, in the metric of the factor.
static double rest_of_map(reml *r, size_t n, size_t t) {
    size_t p = r->n_columns, n_sites = r->data->sites->n;
    double square = 0;
    for (size_t i = 0; i < n; i++) r->z[i] = r->data->values[t * n_sites + r->present[i]];
    dosi_cholesky_forward(r->l, n, r->z);
    for (size_t i = 0; i < n; i++) r->before += r->z[i] * r->z[i];
    double b[64];
    for (size_t a = 0; a < p; a++) {
        b[a] = 0;
        for (size_t i = 0; i < n; i++) b[a] += r->u[a * n + i] * r->z[i];
    }
    dosi_cholesky_forward(r->s, p, b);
    dosi_cholesky_backward(r->s, p, b);
    for (size_t a = 0; a < p; a++) {
        for (size_t i = 0; i < n; i++) r->z[i] -= b[a] * r->u[a * n + i];
    }
    for (size_t i = 0; i < n; i++) square += r->z[i] * r->z[i];
    return square;
}

/// Minus the restricted log likelihood for r->unit.range_m and a share, the sill being the best
/// for them; infinite where there is none.
static double minus_likelihood(reml *r, double share) {
    double rest = 0, freedom = 0, log_det = 0, of_pattern = 0;
    size_t n = 0;
    r->before = 0;
    for (size_t t = 0; t < r->data->n_maps; t++) {
        if (t == 0 || !is_same_pattern(r->data, t)) {
            n = find_present(r, t);
            if (n < r->n_columns + 1) continue;
            of_pattern = factor_pattern(r, n, share);
            if (isnan(of_pattern)) return INFINITY;
        }
        if (n < r->n_columns + 1) continue;
        log_det += of_pattern;
        rest += rest_of_map(r, n, t);
        freedom += (double)(n - r->n_columns);
    }
    if (!(freedom > 0) || !(rest > 1e-24 * r->before)) return INFINITY; // else all alike
    r->share = share;
    r->variance = rest / freedom;
    return 0.5 * (freedom * (log(2 * M_PI * r->variance) + 1) + log_det);
}

static double of_odds(void *context, double odds) {
    return minus_likelihood(context, 1 / (1 + exp(ODDS_OFFSET - odds)));
}

/// The best share for r->unit.range_m; no nugget and nothing but nugget are looked at too.
static double best_share(reml *r) {
    const double interval[2] = {ODDS_OFFSET - ODDS_REACH, ODDS_OFFSET + ODDS_REACH};
    double least = INFINITY;
    double odds = dosi_minimise(of_odds, r, interval, 1e-7, &least);
    double best = 1 / (1 + exp(ODDS_OFFSET - odds));
    for (int end = 0; end <= 1; end++) {
        double share = end, value = minus_likelihood(r, share);
        if (!(value < least)) continue;
        least = value;
        best = share;
    }
    return minus_likelihood(r, best);
}

static double of_range(void *context, double log_range) {
    reml *r = context;
    r->unit.range_m = exp(log_range);
    return best_share(r);
}

/// Limits of the range: from the shortest distance's fraction to several times the longest.
static void range_limits(const dosi_sites *sites, double *limits) {
    double shortest = INFINITY, longest = 0;
    for (size_t i = 1; i < sites->n; i++) {
        for (size_t j = 0; j < i; j++) {
            double h = hypot(sites->x[i] - sites->x[j], sites->y[i] - sites->y[j]);
            if (h > 0) shortest = fmin(shortest, h);
            longest = fmax(longest, h);
        }
    }
    limits[0] = log(shortest / 2);
    limits[1] = log(longest * 5);
}

/// Looks along the ranges and refines the best; the value there.
static double search_ranges(reml *r) {
    double limits[2], errors[N_RANGES];
    range_limits(r->data->sites, limits);
    double step = (limits[1] - limits[0]) / (N_RANGES - 1);
    size_t best = 0;
    for (size_t k = 0; k < N_RANGES; k++) {
        errors[k] = of_range(r, limits[0] + step * (double)k);
        if (errors[k] < errors[best]) best = k;
    }
    double at = limits[0] + step * (double)best, least = INFINITY;
    const double interval[2] = {fmax(at - step, limits[0]), fmin(at + step, limits[1])};
    double found = dosi_minimise(of_range, r, interval, 1e-7, &least);
    return of_range(r, least < errors[best] ? found : at);
}

/// Checks what is asked for.
static dosi_status check(const dosi_reml *data, const dosi_variogram *model, dosi_error *err) {
    if (model->kind == DOSI_VARIOGRAM_NUGGET || model->kind == DOSI_VARIOGRAM_LINEAR) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: no likelihood of a %s model",
                         dosi_variogram_kind_name(model->kind));
    }
    if (data->n_drift > 15) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu drift columns, at most 15",
                         data->n_drift);
    }
    if (data->sites->n < data->n_drift + 3) {
        return dosi_fail(err, DOSI_DOMAIN, "variogram: %zu sites are too few", data->sites->n);
    }
    return DOSI_OK;
}

/// Lays out the scratch; free r->drift.
static dosi_status open_reml(reml *r, dosi_error *err) {
    size_t n = r->data->sites->n, p = r->data->n_drift + 1;
    r->n_columns = p;
    r->drift = malloc((n * n + (2 * p + 1) * n + p * p) * sizeof *r->drift);
    r->present = malloc(n * sizeof *r->present);
    if (!r->drift || !r->present) {
        free(r->drift);
        free(r->present);
        (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
        return DOSI_NO_MEMORY;
    }
    r->u = r->drift + p * n;
    r->z = r->u + p * n;
    r->s = r->z + n;
    r->l = r->s + p * p;
    standardise(r->data, r->drift);
    return DOSI_OK;
}

dosi_status dosi_variogram_fit_reml(const dosi_reml *data,
                                    dosi_variogram *model,
                                    double *log_likelihood,
                                    dosi_error *err) {
    assert(data && data->sites && data->values && model);
    DOSI_TRY(check(data, model, err));
    reml r = {.data = data, .unit = *model};
    r.unit.nugget = 0;
    r.unit.psill = 1;
    r.unit.nested = NULL;
    r.unit.range_m = data->range_m > 0 ? data->range_m : 1;
    DOSI_TRY(dosi_variogram_check(&r.unit, err));
    DOSI_TRY(open_reml(&r, err));
    double least = data->range_m > 0 ? best_share(&r) : search_ranges(&r);
    free(r.drift);
    free(r.present);
    if (!isfinite(least)) {
        return dosi_fail(
            err, DOSI_DOMAIN,
            "variogram: too few values for a likelihood (%zu sites, %zu columns of "
            "drift), or all alike",
            data->sites->n, data->n_drift);
    }
    model->nugget = r.share * r.variance;
    model->psill = (1 - r.share) * r.variance;
    model->range_m = r.unit.range_m;
    if (log_likelihood) *log_likelihood = -least;
    return DOSI_OK;
}

dosi_status dosi_drift_residuals(const dosi_reml *data, double *residuals, dosi_error *err) {
    assert(data && data->sites && data->values && residuals);
    reml r = {.data = data};
    r.unit = (dosi_variogram){.kind = DOSI_VARIOGRAM_SPHERICAL, .psill = 1, .range_m = 1};
    if (data->n_drift > 15) {
        return dosi_fail(err, DOSI_DOMAIN, "drift: %zu columns, at most 15", data->n_drift);
    }
    DOSI_TRY(open_reml(&r, err));
    size_t n_sites = data->sites->n;
    for (size_t k = 0; k < data->n_maps * n_sites; k++) residuals[k] = NAN;
    for (size_t t = 0; t < data->n_maps; t++) {
        size_t n = find_present(&r, t);
        // With nothing but nugget the correlations are none, and this is least squares.
        if (n < r.n_columns + 1 || isnan(factor_pattern(&r, n, 1))) continue;
        (void)rest_of_map(&r, n, t);
        for (size_t i = 0; i < n; i++) residuals[t * n_sites + r.present[i]] = r.z[i];
    }
    free(r.drift);
    free(r.present);
    return DOSI_OK;
}
