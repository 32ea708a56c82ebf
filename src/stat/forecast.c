// Forecasts: one ridge regression a horizon, conformal intervals, rolling back-test.

#include "dosi/forecast.h"
#include "dosi/num.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 8, WARM_UP = 72, CALIBRATION_MAX = 1440, FEATURES = 25, ROWS_MIN = 60 };

static const size_t own_lags[] = {0, 1, 2, 3, 4, 5, 6, 12, 24};
static const size_t network_lags[] = {0, 1, 2, 3, 6, 24};
static const size_t spans[] = {6, 24, 72};

/// A series made ready: filled, transformed and scaled.
typedef struct ready {
    const dosi_forecast_series *series;
    dosi_forecast_options options;
    bool is_root;
    double mean, sd;
    size_t n_features;
    double *z, *network; ///< (n) scaled.
    double *sum;         ///< (n + 1) of z.
    double *filled;      ///< (n) in units of the series.
    double day[24][4], week[7][2];
} ready;

/// The model of one horizon as known at some hour.
typedef struct model {
    double beta[FEATURES];
    double half_width; ///< Of the interval, scaled.
    double by_hour[24];
} model;

static double transform(const ready *r, double value) {
    double y = r->is_root ? sqrt(fmax(value, 0)) : value;
    return (y - r->mean) / r->sd;
}

static double restore(const ready *r, double z) {
    double y = z * r->sd + r->mean;
    if (!r->is_root) return y;
    y = fmax(y, 0);
    return y * y;
}

/// Features of a forecast issued at hour `t` for `h` hours later.
static void take_row(const ready *r, size_t t, size_t h, double *x) {
    size_t k = 0;
    x[k++] = 1;
    int64_t hour = r->series->first_hour + (int64_t)(t + h);
    const double *day = r->day[hour % 24];
    for (size_t i = 0; i < 4; i++) x[k++] = day[i];
    const double *week = r->week[hour / 24 % 7];
    for (size_t i = 0; i < 2; i++) x[k++] = week[i];
    for (size_t i = 0; i < sizeof own_lags / sizeof *own_lags; i++) {
        x[k++] = r->z[t - own_lags[i]];
    }
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        x[k++] = (r->sum[t + 1] - r->sum[t + 1 - spans[i]]) / (double)spans[i];
    }
    if (!r->series->network) return;
    for (size_t i = 0; i < sizeof network_lags / sizeof *network_lags; i++) {
        x[k++] = r->network[t - network_lags[i]];
    }
}

static double predict(const ready *r, const model *m, size_t t, size_t h) {
    double x[FEATURES];
    double z = 0;
    take_row(r, t, h, x);
    for (size_t i = 0; i < r->n_features; i++) z += m->beta[i] * x[i];
    return z;
}

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/// Ridge regression on origins whose target lies before `end`; false: too few.
static bool fit(const ready *r, size_t h, size_t end, model *m) {
    double gram[FEATURES * FEATURES] = {0};
    double x[FEATURES];
    size_t p = r->n_features;
    size_t n = 0;
    memset(m->beta, 0, sizeof m->beta);
    for (size_t t = WARM_UP; t + h < end; t++) {
        if (!isfinite(r->series->value[t + h])) continue;
        take_row(r, t, h, x);
        for (size_t i = 0; i < p; i++) {
            for (size_t j = 0; j <= i; j++) gram[i * p + j] += x[i] * x[j];
            m->beta[i] += x[i] * r->z[t + h];
        }
        n++;
    }
    if (n < ROWS_MIN) return false;
    for (size_t i = 0; i < p; i++) gram[i * p + i] += 1e-3 * (double)n + 1e-9;
    if (dosi_cholesky(gram, p) != p) return false;
    dosi_cholesky_forward(gram, p, m->beta);
    dosi_cholesky_backward(gram, p, m->beta);
    return true;
}

/// Half-width from the errors on targets in [from, end); false: too few.
static bool calibrate(const ready *r, size_t h, const size_t block[2], model *m) {
    double errors[CALIBRATION_MAX];
    size_t n = 0;
    size_t first = block[0] > WARM_UP ? block[0] : WARM_UP;
    for (size_t t = first; t + h < block[1]; t++) {
        if (!isfinite(r->series->value[t + h])) continue;
        errors[n++] = fabs(predict(r, m, t, h) - r->z[t + h]);
    }
    if (n < ROWS_MIN) return false;
    qsort(errors, n, sizeof *errors, by_size);
    size_t rank = (size_t)ceil((double)(n + 1) * r->options.coverage);
    m->half_width = errors[(rank < n ? rank : n) - 1];
    return true;
}

/// All that can be known before hour `end`.
static bool learn(const ready *r, size_t h, size_t end, model *m) {
    double sum[24] = {0};
    size_t n[24] = {0};
    size_t width = end / 3 < CALIBRATION_MAX ? end / 3 : CALIBRATION_MAX;
    for (size_t t = 0; t < end; t++) {
        int64_t hour = (r->series->first_hour + (int64_t)t) % 24;
        if (!isfinite(r->series->value[t])) continue;
        sum[hour] += r->series->value[t];
        n[hour]++;
    }
    for (size_t i = 0; i < 24; i++) m->by_hour[i] = n[i] ? sum[i] / (double)n[i] : (double)NAN;
    const size_t block[2] = {end - width, end};
    return fit(r, h, end - width, m) && calibrate(r, h, block, m);
}

/// Adds the hours of one block to a score.
static void score_block(
    const ready *r, const model *m, size_t h, const size_t block[2], dosi_forecast_score *s) {
    for (size_t t = block[0]; t < block[1] && t + h < r->series->n; t++) {
        double actual = r->series->value[t + h];
        double usual = m->by_hour[(r->series->first_hour + (int64_t)(t + h)) % 24];
        if (!isfinite(actual) || !isfinite(usual)) continue;
        double z = predict(r, m, t, h);
        double lower = restore(r, z - m->half_width);
        double upper = restore(r, z + m->half_width);
        s->n++;
        s->mae += fabs(restore(r, z) - actual);
        s->mae_persistence += fabs(r->filled[t] - actual);
        s->mae_climatology += fabs(usual - actual);
        s->coverage += actual >= lower && actual <= upper;
        s->width += upper - lower;
    }
}

/// One horizon: its back-test, and its forecast from the last hour.
static bool do_horizon(const ready *r,
                       size_t h,
                       dosi_forecast_hour *out,
                       dosi_forecast_score *score) {
    size_t n = r->series->n;
    size_t n_test = (size_t)((double)n * r->options.test_share);
    model m;
    memset(score, 0, sizeof *score);
    for (size_t k = 0; k < BLOCKS; k++) {
        const size_t block[2] = {n - n_test + k * n_test / BLOCKS,
                                 n - n_test + (k + 1) * n_test / BLOCKS};
        if (!learn(r, h, block[0], &m)) return false;
        score_block(r, &m, h, block, score);
    }
    double count = score->n ? (double)score->n : (double)NAN;
    score->mae /= count;
    score->mae_persistence /= count;
    score->mae_climatology /= count;
    score->coverage /= count;
    score->width /= count;
    if (!learn(r, h, n, &m)) return false;
    double z = predict(r, &m, n - 1, h);
    out->value = restore(r, z);
    out->lower = restore(r, z - m.half_width);
    out->upper = restore(r, z + m.half_width);
    return true;
}

/// Fills holes, chooses the transform and scales, by what was known before hour `end` alone.
static void prepare(ready *r, size_t end) {
    const dosi_forecast_series *s = r->series;
    const double turn = 2 * acos(-1.0);
    r->is_root = true;
    for (size_t t = 0; t < s->n; t++) {
        r->filled[t] = s->value[t];
        if (t < end && s->value[t] < 0) r->is_root = false;
        if (isfinite(s->value[t])) continue;
        bool has_network = s->network && isfinite(s->network[t]);
        r->filled[t] = has_network ? s->network[t] : r->filled[t - 1];
    }
    r->mean = 0;
    r->sd = 1;
    double sum = 0;
    double squares = 0;
    for (size_t t = 0; t < end; t++) sum += transform(r, r->filled[t]);
    double mean = sum / (double)end;
    for (size_t t = 0; t < end; t++) {
        double d = transform(r, r->filled[t]) - mean;
        squares += d * d;
    }
    r->mean = mean;
    r->sd = squares > 0 ? sqrt(squares / (double)end) : 1;
    r->sum[0] = 0;
    for (size_t t = 0; t < s->n; t++) {
        r->z[t] = transform(r, r->filled[t]);
        bool has_network = s->network && isfinite(s->network[t]);
        r->network[t] = has_network ? transform(r, s->network[t]) : r->z[t];
        r->sum[t + 1] = r->sum[t] + r->z[t];
    }
    for (int i = 0; i < 24; i++) {
        r->day[i][0] = sin(turn * i / 24);
        r->day[i][1] = cos(turn * i / 24);
        r->day[i][2] = sin(turn * i / 12);
        r->day[i][3] = cos(turn * i / 12);
    }
    for (int i = 0; i < 7; i++) {
        r->week[i][0] = sin(turn * i / 7);
        r->week[i][1] = cos(turn * i / 7);
    }
}

static dosi_status check(const ready *r, size_t n_before, dosi_error *err) {
    const dosi_forecast_options *o = &r->options;
    if (o->n_horizons > DOSI_FORECAST_HORIZONS_MAX) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu horizons, at most %d", o->n_horizons,
                         DOSI_FORECAST_HORIZONS_MAX);
    }
    if (!(o->coverage > 0 && o->coverage < 1)) {
        return dosi_fail(err, DOSI_DOMAIN, "coverage %g is not in (0, 1)", o->coverage);
    }
    if (n_before < DOSI_FORECAST_HOURS_MIN) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu hours before the test, %d are needed", n_before,
                         DOSI_FORECAST_HOURS_MIN);
    }
    if (!isfinite(r->series->value[0]) || r->series->first_hour < 0) {
        return dosi_fail(err, DOSI_DOMAIN, "the series has no first value");
    }
    return DOSI_OK;
}

dosi_status dosi_forecast(const dosi_forecast_series *series,
                          const dosi_forecast_options *options,
                          const dosi_run *run,
                          dosi_forecast_hour *out,
                          dosi_forecast_score *scores,
                          dosi_error *err) {
    ready r;
    memset(&r, 0, sizeof r);
    r.series = series;
    if (options) r.options = *options;
    if (r.options.n_horizons == 0) r.options.n_horizons = 48;
    if (r.options.coverage == 0) r.options.coverage = 0.9;
    if (r.options.test_share == 0) r.options.test_share = 0.2;
    if (!(r.options.test_share > 0 && r.options.test_share <= 0.5)) {
        return dosi_fail(err, DOSI_DOMAIN, "test share %g is not in (0, 0.5]",
                         r.options.test_share);
    }
    size_t n = series->n;
    size_t n_before = n - (size_t)((double)n * r.options.test_share);
    DOSI_TRY(check(&r, n_before, err));
    r.n_features = series->network ? FEATURES : FEATURES - 6;
    double *memory = malloc((4 * n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a series");
    r.z = memory;
    r.network = memory + n;
    r.filled = memory + 2 * n;
    r.sum = memory + 3 * n;
    prepare(&r, n_before - n_before / 3);
    bool is_done = true;
#pragma omp parallel for schedule(dynamic, 1) num_threads(dosi_run_threads(run)) \
    reduction(&& : is_done)
    for (size_t k = 0; k < r.options.n_horizons; k++) {
        if (run && run->cancel && atomic_load(run->cancel)) continue;
        is_done = do_horizon(&r, k + 1, &out[k], &scores[k]) && is_done;
    }
    free(memory);
    DOSI_TRY(dosi_run_check(run, err));
    return is_done ? DOSI_OK : dosi_fail(err, DOSI_DOMAIN, "too few readings to learn from");
}
