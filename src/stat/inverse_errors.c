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

/// Standard errors of all parameters, with what is left of each reading as its own error (H.
/// White, 1980): near a source errors are larger. `inflate`: readings per independent one.
dosi_status dosi_inverse_errors(inverse_look *l, double *sd, dosi_error *err) {
    size_t n = l->all.n;
    size_t m = INVERSE_PARAMETERS * l->s.k;
    double *columns = malloc((m * n + 1) * sizeof *columns);
    double *a = malloc((2 * m * m + 1) * sizeof *a);
    double scale[INVERSE_PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    double expected[INVERSE_PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    if (!columns || !a) {
        free(columns);
        free(a);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for errors of sources");
    }
    double inflate = (double)n / dosi_inverse_independent(l);
    for (size_t c = 0; c < m; c++) {
        derivative(l, c / INVERSE_PARAMETERS, c % INVERSE_PARAMETERS, columns + c * n);
    }
    const double *left = dosi_inverse_left(l);
    double noise = dosi_inverse_dot(left, left, n) / (double)n;
    for (size_t c = 0; c < m; c++) expected[c] = sqrt(inflate * noise) * sureness(l, c);
    bool is_fine = invert_products(columns, m, n, expected, a, scale);
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(l->run))
    for (size_t c = 0; c < m; c++) {
        const double *inverse = a + m * m + c * m;
        double sum = 0.0;
        for (size_t i = 0; is_fine && i < n; i++) {
            double pull = 0.0;
            for (size_t d = 0; d < m; d++) pull += inverse[d] * columns[d * n + i];
            sum += pull * pull * left[i] * left[i];
        }
        for (size_t d = 0; is_fine && d < m; d++) {
            double pull = inverse[d] * expected[d];
            sum += pull * pull * noise;
        }
        sd[c] = is_fine ? sqrt(inflate * sum) * scale[c] : (double)NAN;
    }
    free(columns);
    free(a);
    return DOSI_OK;
}
