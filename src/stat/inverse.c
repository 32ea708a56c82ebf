// Readings without the effects of times and sensors, and small non-negative least squares.
//
// What times have in common is a mean of each; what sensors have of their own then solves a
// small system with a row for each sensor, or two where their own sources follow a course.

#include "stat/inverse.h"

#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NNLS_STEPS = 2000, MOST_FACTOR = 1500, ITERATIONS = 60 };

static const double ridge = 1e-10; // of the diagonal: what all sensors share is the times'

// --- effects -----------------------------------------------------------------------------

/// The effect `c` of a reading's sensor.
static double own_effect(const inverse_rows *rows, const double *c, size_t i) {
    uint32_t s = rows->sensor[i];
    if (!rows->course) return c[s];
    return c[s] + rows->course[rows->time[i]] * c[rows->n_sensors + s];
}

/// Adds `value` of reading `i` to the sums of its sensor.
static void add_own(const inverse_rows *rows, size_t i, double value, double *sums) {
    uint32_t s = rows->sensor[i];
    sums[s] += value;
    if (rows->course) sums[rows->n_sensors + s] += value * rows->course[rows->time[i]];
}

/// What effects of sensors leave of themselves once times are taken out, summed over sensors.
/// @param mean  (n_times) scratch.
static void apply(const inverse_rows *rows, const double *c, double *mean, double *out) {
    memset(mean, 0, rows->n_times * sizeof *mean);
    memset(out, 0, rows->n_effects * sizeof *out);
    for (size_t i = 0; i < rows->n; i++) mean[rows->time[i]] += own_effect(rows, c, i);
    for (size_t t = 0; t < rows->n_times; t++) mean[t] *= rows->per_time[t];
    for (size_t i = 0; i < rows->n; i++) {
        add_own(rows, i, own_effect(rows, c, i) - mean[rows->time[i]], out);
    }
    for (size_t e = 0; e < rows->n_effects; e++) out[e] += ridge * rows->diagonal[e] * c[e];
}

/// Effects of sensors by conjugate gradients. @param u in: sums; out: effects.
/// @param scratch  (n_times + 4 n_effects)
static void iterate(const inverse_rows *rows, double *u, double *scratch) {
    size_t n = rows->n_effects;
    double *c = scratch, *step = c + n, *applied = step + n, *scaled = applied + n;
    double *mean = scaled + n;
    memset(c, 0, n * sizeof *c);
    for (size_t e = 0; e < n; e++) step[e] = scaled[e] = u[e] / rows->diagonal[e];
    double size = dosi_inverse_dot(u, scaled, n);
    double first = size;
    for (int k = 0; k < ITERATIONS && size > 1e-24 * first; k++) {
        apply(rows, step, mean, applied);
        double along = dosi_inverse_dot(step, applied, n);
        if (!(along > 0)) break;
        for (size_t e = 0; e < n; e++) {
            c[e] += size / along * step[e];
            u[e] -= size / along * applied[e];
            scaled[e] = u[e] / rows->diagonal[e];
        }
        double next = dosi_inverse_dot(u, scaled, n);
        for (size_t e = 0; e < n; e++) step[e] = scaled[e] + next / size * step[e];
        size = next;
    }
    memcpy(u, c, n * sizeof *u);
}

/// From sums over sensors to effects of sensors.
static void solve(const inverse_rows *rows, double *u, double *scratch) {
    if (!rows->factor) {
        iterate(rows, u, scratch);
        return;
    }
    dosi_cholesky_forward(rows->factor, rows->n_effects, u);
    dosi_cholesky_backward(rows->factor, rows->n_effects, u);
}

/// Takes the shared columns out of one that is without effects.
static void take_shared(const inverse_rows *rows, double *v) {
    size_t n = rows->n_shared;
    double sums[DOSI_INVERSE_SHARED_MAX] = {0};
    for (size_t i = 0; i < rows->n; i++) {
        for (size_t k = 0; k < n; k++) sums[k] += v[i] * rows->shared[i * n + k];
    }
    for (size_t i = 0; i < rows->n; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < n; k++) sum += sums[k] * rows->shared[i * n + k];
        v[i] -= sum;
    }
}

void dosi_inverse_take_effects(const inverse_rows *rows, double *v, double *scratch) {
    size_t n_times = rows->n_times;
    double *mean = scratch, *u = mean + n_times, *more = u + rows->n_effects;
    memset(mean, 0, n_times * sizeof *mean);
    memset(u, 0, rows->n_effects * sizeof *u);
    for (size_t i = 0; i < rows->n; i++) mean[rows->time[i]] += v[i];
    for (size_t t = 0; t < n_times; t++) mean[t] *= rows->per_time[t];
    for (size_t i = 0; i < rows->n; i++) {
        v[i] -= mean[rows->time[i]];
        add_own(rows, i, v[i], u);
    }
    solve(rows, u, more);
    memset(mean, 0, n_times * sizeof *mean);
    for (size_t i = 0; i < rows->n; i++) {
        double effect = own_effect(rows, u, i);
        v[i] -= effect;
        mean[rows->time[i]] += effect;
    }
    for (size_t t = 0; t < n_times; t++) mean[t] *= rows->per_time[t];
    for (size_t i = 0; i < rows->n; i++) v[i] += mean[rows->time[i]];
    take_shared(rows, v);
}

double dosi_inverse_square(const inverse_rows *rows,
                           const inverse_sparse *column,
                           double *scratch) {
    size_t n_times = rows->n_times, n_effects = rows->n_effects;
    double *mean = scratch, *u = mean + n_times, *c = u + n_effects, *more = c + n_effects;
    double sum = 0.0, shared[DOSI_INVERSE_SHARED_MAX] = {0};
    size_t n_shared = rows->n_shared;
    memset(mean, 0, n_times * sizeof *mean);
    memset(u, 0, n_effects * sizeof *u);
    for (size_t k = 0; k < column->n; k++) {
        double value = column->value[k];
        const double *row = rows->shared + column->at[k] * n_shared;
        sum += value * value;
#pragma omp simd
        for (size_t e = 0; e < n_shared; e++) shared[e] += value * row[e];
        mean[rows->time[column->at[k]]] += value;
        add_own(rows, column->at[k], value, u);
    }
    for (size_t t = 0; t < n_times; t++) {
        sum -= mean[t] * mean[t] * rows->per_time[t];
        mean[t] *= rows->per_time[t];
    }
    for (size_t i = 0; i < rows->n; i++) add_own(rows, i, -mean[rows->time[i]], u);
    memcpy(c, u, n_effects * sizeof *c);
    solve(rows, c, more);
    sum -= dosi_inverse_dot(shared, shared, n_shared);
    return fmax(0.0, sum - dosi_inverse_dot(u, c, n_effects));
}

// --- readings ----------------------------------------------------------------------------

/// Takes the rows, and gives the times that have any a number. @param number (n_times)
static dosi_status take_rows(inverse_rows *out,
                             size_t stride,
                             uint32_t *number,
                             dosi_error *err) {
    const dosi_inverse_problem *p = out->problem;
    for (size_t i = 0; i < p->n; i++) {
        bool is_known =
            p->time[i] < p->n_times && p->sensor[i] < p->n_sensors && isfinite(p->y[i]);
        if (!is_known) {
            return dosi_fail(err, DOSI_DOMAIN, "reading %zu has no value, time or sensor", i);
        }
        if (p->time[i] % stride != 0) continue;
        out->row[out->n++] = (uint32_t)i;
        number[p->time[i]] = 1;
    }
    for (size_t t = 0; t < p->n_times; t++) {
        if (!number[t]) continue;
        if (p->course) out->course[out->n_times] = p->course[t];
        number[t] = (uint32_t)out->n_times++;
    }
    uint32_t *sensor = out->time + p->n + 1;
    for (size_t i = 0; i < out->n; i++) {
        out->time[i] = number[p->time[out->row[i]]];
        sensor[i] = p->sensor[out->row[i]];
        out->per_time[out->time[i]] += 1.0;
    }
    out->sensor = sensor;
    for (size_t t = 0; t < out->n_times; t++) out->per_time[t] = 1.0 / out->per_time[t];
    return DOSI_OK;
}

/// Products of the effects of the sensors that have readings at one time, less what times take.
/// @param at  (n) rows of the time.
static void add_time(
    const inverse_rows *rows, size_t t, const uint32_t *at, size_t n, double *products) {
    size_t n_effects = rows->n_effects, n_sensors = rows->n_sensors;
    double course = rows->course ? rows->course[t] : 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            size_t a = rows->sensor[at[i]], b = rows->sensor[at[j]];
            double value = (i == j ? 1.0 : 0.0) - rows->per_time[t];
            products[a * n_effects + b] += value;
            if (!rows->course) continue;
            products[(n_sensors + a) * n_effects + b] += value * course;
            products[(n_sensors + a) * n_effects + n_sensors + b] += value * course * course;
        }
    }
}

/// Fills the products; only their lower triangle is right.
static dosi_status sum_products(const inverse_rows *rows, double *products, dosi_error *err) {
    size_t *first = calloc(rows->n_times + 2, sizeof *first);
    uint32_t *at = calloc(rows->n + 1, sizeof *at);
    if (!first || !at) {
        free(first);
        free(at);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    for (size_t i = 0; i < rows->n; i++) first[rows->time[i] + 2]++;
    for (size_t t = 0; t < rows->n_times; t++) first[t + 2] += first[t + 1];
    for (size_t i = 0; i < rows->n; i++) at[first[rows->time[i] + 1]++] = (uint32_t)i;
    for (size_t t = 0; t < rows->n_times; t++) {
        add_time(rows, t, at + first[t], first[t + 1] - first[t], products);
    }
    free(first);
    free(at);
    return DOSI_OK;
}

/// The diagonal of the products, by itself.
static void sum_diagonal(inverse_rows *rows) {
    memset(rows->diagonal, 0, rows->n_effects * sizeof *rows->diagonal);
    for (size_t i = 0; i < rows->n; i++) {
        double course = rows->course ? rows->course[rows->time[i]] : 0.0;
        rows->diagonal[rows->sensor[i]] += 1.0;
        if (rows->course) rows->diagonal[rows->n_sensors + rows->sensor[i]] += course * course;
    }
    for (size_t e = 0; e < rows->n_effects; e++) {
        if (!(rows->diagonal[e] > 0)) rows->diagonal[e] = 1.0; // nothing to be found
    }
}

static dosi_status make_factor(inverse_rows *rows, dosi_error *err) {
    size_t n = rows->n_effects;
    sum_diagonal(rows);
    if (n > MOST_FACTOR) return DOSI_OK;
    rows->factor = calloc(n * n + 1, sizeof *rows->factor);
    if (!rows->factor) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sensors", n);
    DOSI_TRY(sum_products(rows, rows->factor, err));
    for (size_t e = 0; e < n; e++) {
        double *diagonal = &rows->factor[e * n + e];
        *diagonal += *diagonal > 0 ? 1e-9 * rows->diagonal[e] : 1.0;
    }
    if (dosi_cholesky(rows->factor, n) == n) return DOSI_OK;
    free(rows->factor); // sensors that cannot be told apart: by iteration
    rows->factor = NULL;
    return DOSI_OK;
}

/// Takes the shared columns, without effects and at right angles to each other; those that
/// say nothing new become zero.
static dosi_status take_columns(inverse_rows *rows, dosi_error *err) {
    const dosi_inverse_problem *p = rows->problem;
    size_t n = p->n_shared;
    if (n == 0) return DOSI_OK;
    rows->shared = calloc(rows->n * n + 1, sizeof *rows->shared);
    double *v = malloc((rows->n + rows->n_scratch + 1) * sizeof *v);
    if (!rows->shared || !v) {
        free(v);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for shared columns");
    }
    rows->n_shared = n;
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < rows->n; i++) v[i] = p->shared[k * p->n + rows->row[i]];
        double before = dosi_inverse_dot(v, v, rows->n);
        dosi_inverse_take_effects(rows, v, v + rows->n);
        take_shared(rows, v); // again, for what rounding left
        double size = dosi_inverse_dot(v, v, rows->n);
        double scale = size > 1e-9 * before ? 1.0 / sqrt(size) : 0.0;
        for (size_t i = 0; i < rows->n; i++) rows->shared[i * n + k] = scale * v[i];
    }
    free(v);
    return DOSI_OK;
}

dosi_status dosi_inverse_rows_take(const dosi_inverse_problem *problem,
                                   size_t stride,
                                   inverse_rows *out,
                                   dosi_error *err) {
    memset(out, 0, sizeof *out);
    out->problem = problem;
    out->n_sensors = problem->n_sensors;
    out->n_effects = (problem->course ? 2 : 1) * problem->n_sensors;
    out->row = calloc(problem->n + 1, sizeof *out->row);
    out->time = calloc(2 * (problem->n + 1), sizeof *out->time); // and the sensors
    out->per_time = calloc(problem->n_times + 1, sizeof *out->per_time);
    out->diagonal = malloc((out->n_effects + 1) * sizeof *out->diagonal);
    out->course = problem->course ? malloc((problem->n_times + 1) * sizeof(double)) : NULL;
    uint32_t *number = calloc(problem->n_times + 1, sizeof *number);
    bool has_memory = out->row && out->time && out->per_time && out->diagonal && number &&
                      (out->course || !problem->course);
    if (!has_memory) {
        free(number);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    dosi_status status = take_rows(out, stride, number, err);
    if (status == DOSI_OK) status = make_factor(out, err);
    free(number);
    out->n_scratch = 2 * out->n_times + 6 * out->n_effects + problem->n_sensors;
    if (status == DOSI_OK) status = take_columns(out, err);
    return status;
}

void dosi_inverse_rows_clear(inverse_rows *rows) {
    free(rows->row);
    free(rows->time);
    free(rows->per_time);
    free(rows->course);
    free(rows->diagonal);
    free(rows->factor);
    free(rows->shared);
    memset(rows, 0, sizeof *rows);
}

void dosi_inverse_column(const inverse_rows *rows,
                         const dosi_place *place,
                         double *scratch,
                         double *out) {
    rows->problem->forward(rows->problem->context, place, rows->row, rows->n, out);
    dosi_inverse_take_effects(rows, out, scratch);
}

// --- sums --------------------------------------------------------------------------------

double dosi_inverse_correlation(const inverse_rows *rows, const double *v, double *last) {
    double squares = 0.0;
    double products = 0.0;
    for (size_t s = 0; s < rows->n_sensors; s++) last[s] = (double)NAN;
    for (size_t i = 0; i < rows->n; i++) {
        uint32_t s = rows->sensor[i];
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
