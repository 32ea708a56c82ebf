// Readings without the effects of times and sensors, and small non-negative least squares.

#include "stat/inverse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 6, NNLS_STEPS = 2000 };

dosi_status dosi_inverse_rows_take(const dosi_inverse_problem *problem,
                                   size_t stride,
                                   inverse_rows *out,
                                   dosi_error *err) {
    memset(out, 0, sizeof *out);
    out->problem = problem;
    out->row = malloc((problem->n + 1) * sizeof *out->row);
    out->per_time = calloc(problem->n_times + 1, sizeof *out->per_time);
    out->per_sensor = calloc(problem->n_sensors + 1, sizeof *out->per_sensor);
    if (!out->row || !out->per_time || !out->per_sensor) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    for (size_t i = 0; i < problem->n; i++) {
        bool is_known = problem->time[i] < problem->n_times &&
                        problem->sensor[i] < problem->n_sensors && isfinite(problem->y[i]);
        if (!is_known) {
            return dosi_fail(err, DOSI_DOMAIN, "reading %zu has no value, time or sensor", i);
        }
        if (problem->time[i] % stride != 0) continue;
        out->row[out->n++] = (uint32_t)i;
        out->per_time[problem->time[i]] += 1.0;
        out->per_sensor[problem->sensor[i]] += 1.0;
    }
    for (size_t t = 0; t < problem->n_times; t++) {
        if (out->per_time[t] > 0) out->per_time[t] = 1.0 / out->per_time[t];
    }
    for (size_t s = 0; s < problem->n_sensors; s++) {
        if (out->per_sensor[s] > 0) out->per_sensor[s] = 1.0 / out->per_sensor[s];
    }
    return DOSI_OK;
}

void dosi_inverse_rows_clear(inverse_rows *rows) {
    free(rows->row);
    free(rows->per_time);
    free(rows->per_sensor);
    memset(rows, 0, sizeof *rows);
}

/// Subtracts means of groups.
static void subtract_means(const inverse_rows *rows,
                           const uint32_t *group,
                           const double *per_group,
                           size_t n_groups,
                           double *v,
                           double *mean) {
    memset(mean, 0, n_groups * sizeof *mean);
    for (size_t i = 0; i < rows->n; i++) mean[group[rows->row[i]]] += v[i];
    for (size_t k = 0; k < n_groups; k++) mean[k] *= per_group[k];
    for (size_t i = 0; i < rows->n; i++) v[i] -= mean[group[rows->row[i]]];
}

void dosi_inverse_take_effects(const inverse_rows *rows, double *v, double *scratch) {
    const dosi_inverse_problem *p = rows->problem;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        subtract_means(rows, p->sensor, rows->per_sensor, p->n_sensors, v, scratch);
        subtract_means(rows, p->time, rows->per_time, p->n_times, v, scratch);
    }
}

void dosi_inverse_column(const inverse_rows *rows,
                         const dosi_place *place,
                         double *scratch,
                         double *out) {
    rows->problem->forward(rows->problem->context, place, rows->row, rows->n, out);
    dosi_inverse_take_effects(rows, out, scratch);
}

double dosi_inverse_correlation(const inverse_rows *rows, const double *v, double *last) {
    const dosi_inverse_problem *p = rows->problem;
    double squares = 0.0;
    double products = 0.0;
    for (size_t s = 0; s < p->n_sensors; s++) last[s] = (double)NAN;
    for (size_t i = 0; i < rows->n; i++) {
        uint32_t s = p->sensor[rows->row[i]];
        squares += v[i] * v[i];
        if (isfinite(last[s])) products += v[i] * last[s];
        last[s] = v[i];
    }
    return squares > 0 ? fmin(fmax(products / squares, 0.0), 0.98) : 0.0;
}

double dosi_inverse_dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

void dosi_inverse_nnls(const double *a, const double *b, size_t n, double *q) {
    for (int step = 0; step < NNLS_STEPS; step++) {
        double moved = 0.0;
        double size = 0.0;
        for (size_t j = 0; j < n; j++) {
            double gradient = b[j];
            for (size_t k = 0; k < n; k++) gradient -= a[j * n + k] * q[k];
            double before = q[j];
            if (a[j * n + j] > 0) q[j] = fmax(0.0, before + gradient / a[j * n + j]);
            moved = fmax(moved, fabs(q[j] - before));
            size = fmax(size, q[j]);
        }
        if (moved <= 1e-10 * size) return;
    }
}
