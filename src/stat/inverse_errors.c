// Standard errors of sources: place, height, rise and strength.

#include "dosi/num.h"
#include "stat/inverse_look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void shift(dosi_place *place, size_t d, double step) {
    double *const at[INVERSE_MOVES] = {&place->x_m, &place->y_m, &place->height_m,
                                       &place->rise};
    *at[d] += step;
}

/// Derivative of the model by parameter `d` of source `j`.
static void derivative(inverse_look *l, size_t j, size_t d, double *out) {
    size_t n = l->all.n;
    if (d == INVERSE_MOVES) {
        for (size_t i = 0; i < n; i++) out[i] = l->model[i * l->width + 1 + j];
        return;
    }
    double step = d == 2 ? 2.0 : d == 3 ? 0.05 : 20.0;
    dosi_place high = l->s.place[j];
    dosi_place low = l->s.place[j];
    shift(&high, d, step);
    shift(&low, d, -step);
    dosi_inverse_column(&l->all, &high, l->scratch, out);
    dosi_inverse_column(&l->all, &low, l->scratch, l->column);
    for (size_t i = 0; i < n; i++) out[i] = l->s.q[j] * (out[i] - l->column[i]) / (2.0 * step);
}

/// One over the standard error of what is expected of parameter `c`; 0: nothing is.
static double sureness(const inverse_look *l, size_t c) {
    const dosi_inverse_search *s = l->search;
    if (c % INVERSE_PARAMETERS == 2 && s->height_sd_m > 0) return 1.0 / s->height_sd_m;
    double rise = l->s.place[c / INVERSE_PARAMETERS].rise;
    return c % INVERSE_PARAMETERS == 3 && s->rise_log_sd > 0 ? 1.0 / (s->rise_log_sd * rise)
                                                             : 0.0;
}

/// Scales columns to length 1 and makes the inverse of their products, in the second half of
/// `a`; false when it has none. @param columns (m x n) @param expected (m) in: a reading of the
/// parameter alone, as what is expected of it counts; out: scaled, too.
static bool invert_products(
    double *columns, size_t m, size_t n, double *expected, double *a, double *scale) {
    for (size_t c = 0; c < m; c++) {
        double *column = columns + c * n;
        double size = sqrt(dosi_inverse_dot(column, column, n));
        scale[c] = size > 0 ? 1.0 / size : 1.0;
        for (size_t i = 0; i < n; i++) column[i] *= scale[c];
        for (size_t d = 0; d <= c; d++) {
            a[c * m + d] = a[d * m + c] = dosi_inverse_dot(column, columns + d * n, n);
        }
        expected[c] *= scale[c];
        a[c * m + c] +=
            expected[c] * expected[c] + 1e-9; // a height that readings say nothing of
    }
    if (dosi_cholesky(a, m) != m) return false;
    dosi_cholesky_inverse(a, m, a + m * m);
    return true;
}

/// Variance of what parameter errors `inverse` makes of noise: errors of an hour go together,
/// and so do those of a sensor, so that both are summed before they are squared (A. C. Cameron,
/// J. B. Gelbach and D. L. Miller, 2011, with neither cut for what they share).
/// @param sums  (n_times + n_sensors) scratch.
static double noise_variance(const inverse_look *l,
                             const double *columns,
                             const double *inverse,
                             size_t m,
                             double *sums) {
    const inverse_rows *rows = &l->all;
    size_t n = rows->n, n_sums = rows->n_times + rows->n_sensors;
    memset(sums, 0, n_sums * sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        double pull = 0.0;
        for (size_t d = 0; d < m; d++) pull += inverse[d] * columns[d * n + i];
        sums[rows->time[i]] += pull * l->left[i];
        sums[rows->n_times + rows->sensor[i]] += pull * l->left[i];
    }
    return dosi_inverse_dot(sums, sums, n_sums);
}

/// Standard errors of all parameters from their columns.
/// @param noise  Variance of what is left, of independent readings. @param sums  (m x (n_times
/// + n_sensors)) scratch.
static void put_errors(
    const inverse_look *l, double noise, double *columns, double *sums, double *a, double *sd) {
    size_t n = l->all.n, m = INVERSE_PARAMETERS * l->s.k;
    size_t n_sums = l->all.n_times + l->all.n_sensors;
    double scale[INVERSE_PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    double expected[INVERSE_PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    for (size_t c = 0; c < m; c++) expected[c] = sqrt(noise) * sureness(l, c);
    bool is_fine = invert_products(columns, m, n, expected, a, scale);
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(l->run))
    for (size_t c = 0; c < m; c++) {
        const double *inverse = a + m * m + c * m;
        double sum =
            is_fine ? noise_variance(l, columns, inverse, m, sums + c * n_sums) : (double)NAN;
        for (size_t d = 0; d < m; d++) {
            double pull = inverse[d] * expected[d];
            sum += pull * pull * noise;
        }
        sd[c] = sqrt(sum) * scale[c];
    }
}

dosi_status dosi_inverse_errors(inverse_look *l, double *sd, dosi_error *err) {
    size_t n = l->all.n;
    size_t m = INVERSE_PARAMETERS * l->s.k;
    size_t n_sums = l->all.n_times + l->all.n_sensors;
    double *columns = calloc(m * n + 1, sizeof *columns);
    double *a = calloc(2 * m * m + 1, sizeof *a);
    double *sums = malloc((m * n_sums + 1) * sizeof *sums);
    if (!columns || !a || !sums) {
        free(columns);
        free(a);
        free(sums);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for errors of sources");
    }
    for (size_t c = 0; c < m; c++) {
        derivative(l, c / INVERSE_PARAMETERS, c % INVERSE_PARAMETERS, columns + c * n);
    }
    double count = dosi_inverse_independent(l); // makes look->left, too
    double noise = dosi_inverse_dot(l->left, l->left, n) / count;
    put_errors(l, noise, columns, sums, a, sd);
    free(columns);
    free(a);
    free(sums);
    return DOSI_OK;
}
