// A fixed network's many times prepared for mapping: one inverse, and the missing stations of
// each time taken out of it.

#include "spatial/year.h"

#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SITES = 500 };

// --- gaps ----------------------------------------------------------------------------------

bool year_gap_reserve(const dosi_year *year, year_gap *gap) {
    size_t n = year->n;
    *gap = (year_gap){.site = malloc((n + 1) * sizeof *gap->site),
                      .factor = malloc((n * n + n + 1) * sizeof *gap->factor)};
    if (!gap->site || !gap->factor) return false;
    gap->right = gap->factor + n * n;
    return true;
}

void year_gap_clear(year_gap *gap) {
    free(gap->site);
    free(gap->factor);
}

void year_gap_open(const dosi_year *year, const double *row, year_gap *gap) {
    gap->n = 0;
    for (size_t i = 0; i < year->n; i++) {
        if (!isfinite(row[i])) gap->site[gap->n++] = i;
    }
    for (size_t i = 0; i < gap->n; i++) {
        for (size_t j = 0; j <= i; j++) {
            gap->factor[i * gap->n + j] = year->inverse[gap->site[i] * year->n + gap->site[j]];
        }
    }
    // Positive definite: every proper subset of the inverse of an OK system is.
    size_t done = dosi_cholesky(gap->factor, gap->n);
    assert(done == gap->n);
    (void)done;
}

double year_gap_variance(year_gap *gap, const double *weights) {
    for (size_t i = 0; i < gap->n; i++) gap->right[i] = weights[gap->site[i]];
    dosi_cholesky_forward(gap->factor, gap->n, gap->right);
    double sum = 0;
    for (size_t i = 0; i < gap->n; i++) sum += gap->right[i] * gap->right[i];
    return sum;
}

// --- the whole network ---------------------------------------------------------------------

void year_covariances(const dosi_year *year, double x, double y, double *out) {
    for (size_t i = 0; i < year->n; i++) {
        out[i] = year->sill - dosi_variogram_between(year->model, x - year->sites->x[i],
                                                     y - year->sites->y[i]);
    }
}

double year_weights(const dosi_year *year,
                    const double *covariance,
                    double own,
                    double *weight) {
    size_t n = year->n;
    double multiplier = -year->rest, variance = own;
    for (size_t i = 0; i < n; i++) {
        const double *row = year->inverse + i * n;
        double sum = year->mean[i];
        for (size_t j = 0; j < n; j++) sum += row[j] * covariance[j];
        weight[i] = sum;
        multiplier += year->mean[i] * covariance[i];
        variance -= sum * covariance[i];
    }
    return fmax(variance - multiplier, 0);
}

/// Adds to the covariances of the sites what effects give them.
static void add_effects(const dosi_year *year, double *covariance) {
    const dosi_year_effects *effects = year->effects;
    size_t n = year->n;
    for (size_t k = 0; effects && k < effects->n; k++) {
        const double *f = effects->site + k * n;
        for (size_t i = 0; i < n; i++) {
            double scaled = effects->variance[k] * f[i];
            for (size_t j = 0; j < n; j++) covariance[i * n + j] += scaled * f[j];
        }
    }
    if (!effects || !effects->own) return;
    for (size_t i = 0; i < n; i++) covariance[i * n + i] += effects->own[i];
}

/// Inverts [C 1; 1' 0] by blocks.
static dosi_status invert(dosi_year *year, dosi_error *err) {
    size_t n = year->n;
    double *factor = malloc((n * n + 1) * sizeof *factor);
    if (!factor) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    for (size_t i = 0; i < n; i++) {
        year_covariances(year, year->sites->x[i], year->sites->y[i], factor + i * n);
    }
    add_effects(year, factor);
    size_t done = dosi_cholesky(factor, n);
    if (done == n) dosi_cholesky_inverse(factor, n, year->inverse);
    free(factor);
    if (done < n) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "kriging: covariances are not positive definite at site %zu; a nugget "
                         "> 0 helps where sites are close together",
                         done);
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        year->mean[i] = 0;
        for (size_t j = 0; j < n; j++) year->mean[i] += year->inverse[i * n + j];
        sum += year->mean[i];
    }
    year->rest = 1 / sum;
    for (size_t i = 0; i < n; i++) year->mean[i] /= sum;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            year->inverse[i * n + j] -= sum * year->mean[i] * year->mean[j];
        }
    }
    return DOSI_OK;
}

/// Dual weights of map `m`: missing values become what the others make of them, which gives
/// them the dual weight 0.
static void solve_map(const dosi_year *year, size_t m, year_gap *gap, double *filled) {
    size_t n = year->n;
    const double *row = year->values + m * n;
    double *dual = year->dual + m * n;
    year_gap_open(year, row, gap);
    for (size_t i = 0; i < n; i++) filled[i] = isfinite(row[i]) ? row[i] : 0;
    for (size_t k = 0; k < gap->n; k++) {
        const double *b = year->inverse + gap->site[k] * n;
        gap->right[k] = 0;
        for (size_t j = 0; j < n; j++) gap->right[k] -= b[j] * filled[j];
    }
    dosi_cholesky_forward(gap->factor, gap->n, gap->right);
    dosi_cholesky_backward(gap->factor, gap->n, gap->right);
    for (size_t k = 0; k < gap->n; k++) filled[gap->site[k]] = gap->right[k];
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
        const double *b = year->inverse + i * n;
        mean += year->mean[i] * filled[i];
        dual[i] = 0;
        if (!isfinite(row[i])) continue;
        for (size_t j = 0; j < n; j++) dual[i] += b[j] * filled[j];
    }
    year->mean_value[m] = mean;
}

/// All maps.
static dosi_status solve_maps(const dosi_year *year, const dosi_run *run, dosi_error *err) {
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        year_gap gap;
        double *filled = malloc((year->n + 1) * sizeof *filled);
        bool is_ready = year_gap_reserve(year, &gap) && filled;
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 64)
        for (size_t m = 0; m < year->n_maps; m++) {
            if (is_ready && dosi_run_check(run, NULL) == DOSI_OK) {
                solve_map(year, m, &gap, filled);
            }
        }
        year_gap_clear(&gap);
        free(filled);
    }
    if (has_no_memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the missing sites");
    return dosi_run_check(run, err);
}

// --- front ---------------------------------------------------------------------------------

/// Everything that must hold.
static dosi_status check(const dosi_year_data *data, dosi_error *err) {
    const dosi_sites *sites = data->sites;
    DOSI_TRY(dosi_variogram_check(data->model, err));
    for (const dosi_variogram *s = data->model; s; s = s->nested) {
        if (s->kind != DOSI_VARIOGRAM_LINEAR) continue;
        return dosi_fail(err, DOSI_DOMAIN, "maps of a year: a linear variogram has no sill");
    }
    if (sites->n < 1 || sites->n > MAX_SITES || data->min_sites < 1) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "maps of a year: %zu sites, not 1 to %d, or %zu needed", sites->n,
                         MAX_SITES, data->min_sites);
    }
    for (size_t i = 0; i < sites->n; i++) {
        if (!isfinite(sites->x[i]) || !isfinite(sites->y[i])) {
            return dosi_fail(err, DOSI_DOMAIN, "maps of a year: site %zu is at (%g, %g)", i,
                             sites->x[i], sites->y[i]);
        }
        for (size_t j = 0; j < i; j++) {
            if (sites->x[i] != sites->x[j] || sites->y[i] != sites->y[j]) continue;
            return dosi_fail(err, DOSI_DOMAIN,
                             "maps of a year: sites %zu and %zu are both at (%g, %g)", j, i,
                             sites->x[i], sites->y[i]);
        }
    }
    return DOSI_OK;
}

/// Memory, and the times that have a map.
static bool reserve(dosi_year *year, const dosi_year_data *data) {
    size_t n = year->n;
    year->inverse = malloc((n * n + n + 1) * sizeof *year->inverse);
    year->time_of = malloc((data->n_times + 1) * sizeof *year->time_of);
    if (!year->inverse || !year->time_of) return false;
    year->mean = year->inverse + n * n;
    for (size_t t = 0; t < data->n_times; t++) {
        size_t n_present = 0;
        for (size_t i = 0; i < n; i++) n_present += isfinite(data->values[t * n + i]) ? 1 : 0;
        if (n_present >= data->min_sites) year->time_of[year->n_maps++] = t;
    }
    year->values = malloc((year->n_maps * (2 * n + 1) + 1) * sizeof *year->values);
    if (!year->values) return false;
    year->dual = year->values + year->n_maps * n;
    year->mean_value = year->dual + year->n_maps * n;
    for (size_t m = 0; m < year->n_maps; m++) {
        memcpy(year->values + m * n, data->values + year->time_of[m] * n, n * sizeof(double));
    }
    return true;
}

dosi_status dosi_year_create(const dosi_year_data *data,
                             const dosi_run *run,
                             dosi_year **out,
                             dosi_error *err) {
    assert(data && data->model && data->sites && (data->values || data->n_times == 0) && out);
    DOSI_TRY(check(data, err));
    dosi_year *year = calloc(1, sizeof *year);
    if (!year) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the maps of a year");
    year->model = data->model;
    year->sites = data->sites;
    year->effects = data->effects;
    year->n = data->sites->n;
    year->n_times = data->n_times;
    year->sill = dosi_variogram_sill(data->model, 0);
    for (const dosi_variogram *s = data->model; s; s = s->nested) year->nugget += s->nugget;
    dosi_status status =
        reserve(year, data)
            ? invert(year, err)
            : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", data->n_times);
    if (status == DOSI_OK) status = solve_maps(year, run, err);
    if (status == DOSI_OK) {
        *out = year;
    } else {
        dosi_year_destroy(year);
    }
    return status;
}

void dosi_year_destroy(dosi_year *year) {
    if (!year) return;
    free(year->inverse);
    free(year->time_of);
    free(year->values);
    free(year);
}

size_t dosi_year_n_maps(const dosi_year *year) {
    assert(year);
    return year->n_maps;
}

// --- leave one out -------------------------------------------------------------------------

/// Predictions and variances of map `m` at the sites, each from the others.
static void leave_out(const dosi_year *year, size_t m, year_gap *gap, double *const out[2]) {
    size_t n = year->n;
    const double *row = year->values + m * n;
    year_gap_open(year, row, gap);
    for (size_t i = 0; i < n; i++) {
        out[0][m * n + i] = out[1][m * n + i] = NAN;
        if (!isfinite(row[i]) || n - gap->n < 2) continue;
        const double *b = year->inverse + i * n;
        double left = b[i] - year_gap_variance(gap, b);
        out[0][m * n + i] = row[i] - year->dual[m * n + i] / left;
        out[1][m * n + i] = 1 / left;
    }
}

/// The stations' means and what of their errors stays.
static void score_means(const dosi_year *year, double *const loo[2], dosi_year_trust *out) {
    size_t n = year->n, n_used = 0;
    double kept = 0, all = 0;
    double observed[MAX_SITES], predicted[MAX_SITES], variance[MAX_SITES];
    for (size_t i = 0; i < n; i++) {
        double count = 0, z = 0, p = 0, v = 0, square = 0;
        for (size_t m = 0; m < year->n_maps; m++) {
            double error = year->values[m * n + i] - loo[0][m * n + i];
            if (isnan(error)) continue;
            count += 1;
            z += year->values[m * n + i];
            p += loo[0][m * n + i];
            v += loo[1][m * n + i];
            square += error * error;
        }
        if (count == 0) continue;
        kept += (z - p) * (z - p) / (count * count);
        all += square / count;
        observed[n_used] = z / count;
        predicted[n_used] = p / count;
        variance[n_used++] = v / count;
    }
    out->persistence = all > 0 ? kept / all : (double)NAN;
    for (size_t i = 0; i < n_used; i++) variance[i] *= out->persistence;
    out->means = dosi_krige_score_of(observed, predicted, variance, n_used);
}

dosi_status year_leave_out(const dosi_year *year,
                           const dosi_run *run,
                           double *const out[2],
                           dosi_error *err) {
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        year_gap gap;
        bool is_ready = year_gap_reserve(year, &gap);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 64)
        for (size_t m = 0; m < year->n_maps; m++) {
            if (is_ready) leave_out(year, m, &gap, out);
        }
        year_gap_clear(&gap);
    }
    if (!has_no_memory) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory to leave values out");
}

dosi_status dosi_year_leave_one_out(const dosi_year *year,
                                    const dosi_run *run,
                                    dosi_year_trust *out,
                                    dosi_error *err) {
    assert(year && out);
    size_t n = year->n * year->n_maps;
    double *memory = malloc((2 * n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to leave values out");
    double *const loo[2] = {memory, memory + n};
    dosi_status status = year_leave_out(year, run, loo, err);
    if (status == DOSI_OK) {
        out->hours = dosi_krige_score_of(year->values, loo[0], loo[1], n);
        score_means(year, loo, out);
    }
    free(memory);
    return status;
}
