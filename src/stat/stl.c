// Seasonal-trend decomposition by loess (Cleveland and others 1990), windows in values.

#include "dosi/trend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROBUST_ROUNDS = 15, PLAIN_CYCLES = 2 };

/// A loess smoother of evenly spaced values.
typedef struct loess {
    size_t width; ///< Values in a window.
    size_t jump;  ///< Fitted at every jump-th value, straight lines between.
    bool is_flat; ///< Fits a constant in each window, not a line.
} loess;

/// Values with the weights that robustness gives them.
typedef struct weighted {
    const double *y;
    const double *weight; ///< NULL: all 1.
    size_t n;
} weighted;

/// Weight of a value at distance r in a window of reach h.
static double tricube(double r, double h) {
    if (r > 0.999 * h) return 0;
    if (r <= 0.001 * h) return 1;
    double ratio = r / h;
    double rest = 1 - ratio * ratio * ratio;
    return rest * rest * rest;
}

/// The window's constant or line at `x` (counted from 0, may lie outside). NaN without any
/// weight.
static double fit_at(const weighted *data, const loess *by, double x, const size_t *window) {
    double reach = fmax(x - (double)window[0], (double)window[1] - x);
    size_t beyond = by->width > data->n ? (by->width - data->n) / 2 : 0;
    reach += (double)beyond;
    double total = 0, centre = 0, level = 0, spread = 0, slope = 0;
    for (size_t j = window[0]; j <= window[1]; j++) {
        double w = tricube(fabs((double)j - x), reach) * (data->weight ? data->weight[j] : 1);
        total += w;
        centre += w * (double)j;
        level += w * data->y[j];
    }
    if (!(total > 0)) return NAN;
    centre /= total;
    level /= total;
    if (by->is_flat) return level;
    for (size_t j = window[0]; j <= window[1]; j++) {
        double w = tricube(fabs((double)j - x), reach) * (data->weight ? data->weight[j] : 1);
        double d = (double)j - centre;
        spread += w / total * d * d;
        slope += w / total * d * data->y[j];
    }
    bool is_steady = sqrt(spread) > 0.001 * (double)(data->n - 1);
    return reach > 0 && is_steady ? level + (x - centre) * slope / spread : level;
}

/// First and last value of the window around value i.
static void window_of(size_t n, size_t width, size_t i, size_t *window) {
    size_t half = (width + 1) / 2;
    if (width >= n) {
        window[0] = 0;
        window[1] = n - 1;
        return;
    }
    size_t first = i + 1 > half ? i + 1 - half : 0;
    if (first + width > n) first = n - width;
    window[0] = first;
    window[1] = first + width - 1;
}

/// Smooths; out (n) is not data->y.
static void smooth(const weighted *data, const loess *smoother, double *out) {
    size_t n = data->n, window[2], last = 0;
    size_t jump = n > 1 && smoother->jump >= n ? n - 1 : smoother->jump;
    if (n < 2) {
        if (n) out[0] = data->y[0];
        return;
    }
    for (size_t i = 0; i < n; i = i + jump < n || i + 1 == n ? i + jump : n - 1) {
        window_of(n, smoother->width, i, window);
        double value = fit_at(data, smoother, (double)i, window);
        out[i] = isnan(value) ? data->y[i] : value;
        for (size_t k = last + 1; k < i; k++) {
            double part = (double)(k - last) / (double)(i - last);
            out[k] = out[last] + part * (out[i] - out[last]);
        }
        last = i;
    }
}

/// A decomposition on its way.
typedef struct stl {
    size_t n, period;
    const double *y;
    loess season, trend, low;
    const double *weight; ///< NULL in the first round.
    double *cycle;        ///< (n + 2 period) smoothed cycle-subseries.
    double *work[3];      ///< (n + 2 period) each
} stl;

/// Smooths each month's (say) values over the years, one step beyond both ends, of `detrended`.
static void smooth_cycles(stl *s, const double *detrended) {
    for (size_t phase = 0; phase < s->period; phase++) {
        size_t n = 0;
        double *y = s->work[1], *weight = y + s->n, *smoothed = s->work[2];
        for (size_t i = phase; i < s->n; i += s->period) {
            if (s->weight) weight[n] = s->weight[i];
            y[n++] = detrended[i];
        }
        const weighted data = {y, s->weight ? weight : NULL, n};
        smooth(&data, &s->season, smoothed + 1);
        size_t width = s->season.width < n ? s->season.width : n;
        const size_t head[2] = {0, width - 1}, tail[2] = {n - width, n - 1};
        smoothed[0] = fit_at(&data, &s->season, -1, head);
        smoothed[n + 1] = fit_at(&data, &s->season, (double)n, tail);
        if (isnan(smoothed[0])) smoothed[0] = smoothed[1];
        if (isnan(smoothed[n + 1])) smoothed[n + 1] = smoothed[n];
        for (size_t k = 0; k < n + 2; k++) s->cycle[k * s->period + phase] = smoothed[k];
    }
}

/// Means of `width` neighbours: n - width + 1 of them.
static void moving_mean(const double *x, size_t n, size_t width, double *out) {
    for (size_t i = 0; i + width <= n; i++) {
        double sum = 0;
        for (size_t k = 0; k < width; k++) sum += x[i + k];
        out[i] = sum / (double)width;
    }
}

/// One cycle: a better season from the trend, a better trend from the season.
static void improve(stl *s, double *season, double *trend) {
    size_t n = s->n, long_n = n + 2 * s->period;
    double *rest = s->work[0];
    for (size_t i = 0; i < n; i++) rest[i] = s->y[i] - trend[i];
    smooth_cycles(s, rest);
    moving_mean(s->cycle, long_n, s->period, s->work[0]);
    moving_mean(s->work[0], long_n - s->period + 1, s->period, s->work[1]);
    moving_mean(s->work[1], n + 2, 3, s->work[0]);
    const weighted low = {s->work[0], NULL, n};
    smooth(&low, &s->low, s->work[1]);
    for (size_t i = 0; i < n; i++) season[i] = s->cycle[s->period + i] - s->work[1][i];
    for (size_t i = 0; i < n; i++) rest[i] = s->y[i] - season[i];
    const weighted seasonless = {rest, s->weight, n};
    smooth(&seasonless, &s->trend, trend);
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// Weights of values by how far they are from season and trend.
static void weigh(const stl *s, const double *season, const double *trend, double *weight) {
    size_t n = s->n;
    double *sorted = s->work[0];
    for (size_t i = 0; i < n; i++) {
        weight[i] = sorted[i] = fabs(s->y[i] - season[i] - trend[i]);
    }
    qsort(sorted, n, sizeof *sorted, compare_reals);
    double limit = 6 * dosi_quantile_sorted(sorted, n, 0.5);
    for (size_t i = 0; i < n; i++) {
        double ratio = weight[i] / limit, kept = 1 - ratio * ratio;
        if (weight[i] <= 0.001 * limit) {
            weight[i] = 1;
        } else {
            weight[i] = weight[i] <= 0.999 * limit ? kept * kept : 0;
        }
    }
}

/// The smallest odd number not below x.
static size_t odd_above(double x) {
    size_t n = (size_t)ceil(x);
    return n + (n % 2 == 0);
}

static loess smoother_of(size_t width) {
    return (loess){width, (width + 9) / 10, false};
}

dosi_status dosi_stl_decompose(const double *value,
                               size_t n,
                               const dosi_stl *options,
                               double *season,
                               double *trend,
                               dosi_error *err) {
    size_t period = options->period;
    assert(period >= 2 && options->season_window >= 7 && options->season_window % 2 == 1);
    if (n < 2 * period) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu values are fewer than two cycles of %zu", n,
                         period);
    }
    size_t room = 2 * n + 2 * period + 2; // values of a phase and their weights
    double *memory = calloc(4 * room + n, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    double share = 1.5 / (double)options->season_window;
    stl s = {.n = n, .period = period, .y = value, .cycle = memory};
    s.season = smoother_of(options->season_window);
    s.season.is_flat = options->is_flat;
    s.trend = smoother_of(odd_above(1.5 * (double)period / (1 - share)));
    s.low = smoother_of(odd_above((double)period));
    for (size_t i = 0; i < 3; i++) s.work[i] = memory + (i + 1) * room;
    double *weight = memory + 4 * room;
    memset(trend, 0, n * sizeof *trend);
    int n_cycles = options->is_robust ? ROBUST_ROUNDS + 1 : PLAIN_CYCLES;
    for (int cycle = 0; cycle < n_cycles; cycle++) {
        improve(&s, season, trend);
        if (!options->is_robust || cycle + 1 == n_cycles) continue;
        weigh(&s, season, trend, weight);
        s.weight = weight;
    }
    free(memory);
    return DOSI_OK;
}
