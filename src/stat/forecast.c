// Forecasts: one ridge regression a horizon, conformal intervals, rolling back-test.

#include "dosi/forecast.h"
#include "dosi/num.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS = 8,
    WARM_UP = 72,
    CALIBRATION_MAX = 1440,
    FEATURES = 25,
    ROWS_MIN = 60,
    LEVELS = 10
};

static const size_t own_lags[] = {0, 1, 2, 3, 4, 5, 6, 12, 24};
static const size_t network_lags[] = {0, 1, 2, 3, 6, 24};
static const size_t spans[] = {6, 24, 72};

/// One station: its readings from its first on, and the mean of all.
typedef struct one_series {
    size_t n;
    int64_t first_hour;
    const double *value, *network; ///< (n); network NULL: none.
} one_series;

/// A series made ready: filled, transformed and scaled.
typedef struct ready {
    const one_series *series;
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
    double half_width;     ///< Of the interval, scaled.
    double spread[LEVELS]; ///< Quantiles 0, 0.1, ... 0.9 of absolute errors, scaled.
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
    for (size_t i = 0; i < LEVELS; i++) m->spread[i] = errors[i * n / LEVELS];
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

/// Twice the mean loss of the quantiles 0.05, 0.1, ... 0.95.
static double take_crps(const ready *r, const model *m, double z, double actual) {
    double sum = 0;
    for (int i = 1; i <= 19; i++) {
        double half = i == 10 ? 0 : m->spread[abs(i - 10)];
        double q = restore(r, i < 10 ? z - half : z + half);
        double level = 0.05 * i;
        sum += actual < q ? (1 - level) * (q - actual) : level * (actual - q);
    }
    return 2 * sum / 19;
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
        double error = restore(r, z) - actual;
        double kept = r->filled[t] - actual;
        s->mae += fabs(error);
        s->rmse += error * error;
        s->bias += error;
        s->mae_persistence += fabs(kept);
        s->rmse_persistence += kept * kept;
        s->mae_yesterday += fabs(r->filled[t + h - (h + 23) / 24 * 24] - actual);
        s->mae_climatology += fabs(usual - actual);
        s->coverage += actual >= lower && actual <= upper;
        s->width += upper - lower;
        s->crps += take_crps(r, m, z, actual);
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
    if (!learn(r, h, n, &m)) return false;
    double z = predict(r, &m, n - 1, h);
    out->value = restore(r, z);
    out->lower = restore(r, z - m.half_width);
    out->upper = restore(r, z + m.half_width);
    return true;
}

/// Fills holes, chooses the transform and scales, by what was known before hour `end` alone.
static void prepare(ready *r, size_t end) {
    const one_series *s = r->series;
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

/// All horizons of one series; DOSI_DOMAIN: it cannot be forecast. Scores are sums.
static dosi_status do_series(const one_series *series,
                             const dosi_forecast_options *options,
                             const dosi_run *run,
                             dosi_forecast_hour *out,
                             dosi_forecast_score *scores) {
    size_t n = series->n;
    size_t n_before = n - (size_t)((double)n * options->test_share);
    if (n_before < DOSI_FORECAST_HOURS_MIN) return DOSI_DOMAIN;
    ready r;
    memset(&r, 0, sizeof r);
    r.series = series;
    r.options = *options;
    r.n_features = series->network ? FEATURES : FEATURES - 6;
    double *memory = malloc((4 * n + 1) * sizeof *memory);
    if (!memory) return DOSI_NO_MEMORY;
    r.z = memory;
    r.network = memory + n;
    r.filled = memory + 2 * n;
    r.sum = memory + 3 * n;
    prepare(&r, n_before - n_before / 3);
    bool is_done = true;
#pragma omp parallel for schedule(dynamic, 1) num_threads(dosi_run_threads(run)) \
    reduction(&& : is_done)
    for (size_t k = 0; k < options->n_horizons; k++) {
        if (run && run->cancel && atomic_load(run->cancel)) continue;
        is_done = do_horizon(&r, k + 1, &out[k], &scores[k]) && is_done;
    }
    free(memory);
    return is_done ? DOSI_OK : DOSI_DOMAIN;
}

static void add_score(dosi_forecast_score *to, const dosi_forecast_score *s) {
    to->n += s->n;
    to->mae += s->mae;
    to->rmse += s->rmse;
    to->bias += s->bias;
    to->mae_persistence += s->mae_persistence;
    to->rmse_persistence += s->rmse_persistence;
    to->mae_yesterday += s->mae_yesterday;
    to->mae_climatology += s->mae_climatology;
    to->coverage += s->coverage;
    to->width += s->width;
    to->crps += s->crps;
}

/// Sums become means.
static void finish_score(dosi_forecast_score *s) {
    double n = s->n ? (double)s->n : (double)NAN;
    s->mae /= n;
    s->rmse = sqrt(s->rmse / n);
    s->bias /= n;
    s->mae_persistence /= n;
    s->rmse_persistence = sqrt(s->rmse_persistence / n);
    s->mae_yesterday /= n;
    s->mae_climatology /= n;
    s->coverage /= n;
    s->width /= n;
    s->crps /= n;
}

static void take_network(const dosi_forecast_panel *panel, double *network) {
    for (size_t t = 0; t < panel->n_hours; t++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < panel->n_stations; i++) {
            double value = panel->value[i * panel->n_hours + t];
            if (!isfinite(value)) continue;
            sum += value;
            n++;
        }
        network[t] = n ? sum / (double)n : (double)NAN;
    }
}

static dosi_status check(const dosi_forecast_panel *panel,
                         const dosi_forecast_options *o,
                         dosi_error *err) {
    if (o->n_horizons > DOSI_FORECAST_HORIZONS_MAX) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu horizons, at most %d", o->n_horizons,
                         DOSI_FORECAST_HORIZONS_MAX);
    }
    if (!(o->coverage > 0 && o->coverage < 1)) {
        return dosi_fail(err, DOSI_DOMAIN, "coverage %g is not in (0, 1)", o->coverage);
    }
    if (!(o->test_share > 0 && o->test_share <= 0.5)) {
        return dosi_fail(err, DOSI_DOMAIN, "test share %g is not in (0, 0.5]", o->test_share);
    }
    size_t n = panel->n_hours;
    size_t n_before = n - (size_t)((double)n * o->test_share);
    if (n_before < DOSI_FORECAST_HOURS_MIN) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu hours before the test, %d are needed", n_before,
                         DOSI_FORECAST_HOURS_MIN);
    }
    if (panel->first_hour < 0) return dosi_fail(err, DOSI_DOMAIN, "hours before 1970");
    return DOSI_OK;
}

/// One station of a panel, from its first reading on.
static dosi_status do_station(const dosi_forecast_panel *panel,
                              size_t station,
                              const double *network,
                              const dosi_forecast_options *options,
                              const dosi_run *run,
                              dosi_forecast_hour *out,
                              dosi_forecast_score *scores) {
    const double *value = panel->value + station * panel->n_hours;
    size_t from = 0;
    while (from < panel->n_hours && !isfinite(value[from])) from++;
    const one_series series = {.n = panel->n_hours - from,
                               .first_hour = panel->first_hour + (int64_t)from,
                               .value = value + from,
                               .network = panel->n_stations > 1 ? network + from : NULL};
    dosi_status status = do_series(&series, options, run, out, scores);
    if (status == DOSI_OK) return status;
    memset(scores, 0, options->n_horizons * sizeof *scores);
    for (size_t k = 0; k < options->n_horizons; k++) {
        out[k] = (dosi_forecast_hour){(double)NAN, (double)NAN, (double)NAN};
    }
    return status;
}

dosi_status dosi_forecast(const dosi_forecast_panel *panel,
                          const dosi_forecast_options *options,
                          const dosi_run *run,
                          dosi_forecast_hour *out,
                          dosi_forecast_score *scores,
                          dosi_error *err) {
    dosi_forecast_options o = {0};
    if (options) o = *options;
    if (o.n_horizons == 0) o.n_horizons = 48;
    if (o.coverage == 0) o.coverage = 0.9;
    if (o.test_share == 0) o.test_share = 0.2;
    DOSI_TRY(check(panel, &o, err));
    double *network = malloc(panel->n_hours * sizeof *network);
    if (!network) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a series");
    take_network(panel, network);
    dosi_forecast_score *all = scores + panel->n_stations * o.n_horizons;
    memset(all, 0, o.n_horizons * sizeof *all);
    size_t n_done = 0;
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < panel->n_stations && status != DOSI_NO_MEMORY; i++) {
        dosi_forecast_score *own = scores + i * o.n_horizons;
        status = do_station(panel, i, network, &o, run, out + i * o.n_horizons, own);
        n_done += status == DOSI_OK;
        for (size_t k = 0; k < o.n_horizons; k++) {
            add_score(&all[k], &own[k]);
            finish_score(&own[k]);
        }
    }
    for (size_t k = 0; k < o.n_horizons; k++) finish_score(&all[k]);
    free(network);
    if (status == DOSI_NO_MEMORY) return dosi_fail(err, status, "no memory for a series");
    DOSI_TRY(dosi_run_check(run, err));
    return n_done ? DOSI_OK : dosi_fail(err, DOSI_DOMAIN, "too few readings to learn from");
}
