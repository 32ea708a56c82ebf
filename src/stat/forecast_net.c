// Forecasts: the network made ready (holes filled, transformed) and its rows of features.

#include "stat/forecast_work.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t lags[] = {1, 2, 3, 4, 6, 9, 12, 18, 23, 24, 25, 48};
static const size_t spans[] = {6, 12, 24, 72, 168, 720};
static const size_t ahead[] = {0, 3, 6, 12, 24, 36, 48}; // ends of the means
static const size_t network_lags[] = {1, 2, 3, 6, 12, 24};
enum {
    N_LAGS = sizeof lags / sizeof lags[0],
    N_SPANS = sizeof spans / sizeof spans[0],
    N_NETWORK = sizeof network_lags / sizeof network_lags[0],
    N_CYCLES = 12, ///< Of the day, the weekend and both.
    N_CURVED = 19, ///< Products.
    N_AHEAD = 6,
    N_DRIVER = 3, ///< A driver's value, its change in 3 hours, its excess over 24 hours.
    ACTIVE_H = 24,
};

double forecast_transform(const forecast_net *net, double value) {
    return net->is_root ? sqrt(fmax(value, 0)) : value;
}

double forecast_restore(const forecast_net *net, double z) {
    if (!net->is_root) return z;
    z = fmax(z, 0);
    return z * z;
}

double forecast_value(const forecast_net *net, double z) {
    double value = forecast_restore(net, z);
    if (net->step <= 0) return value;
    if (net->step >= 1) return rint(value / net->step) * net->step;
    double per_unit = rint(1 / net->step); // so that 0.003 is 0.003
    return rint(value * per_unit) / per_unit;
}

/// The step that nearly all readings before hour `n_before` are multiples of.
static double find_step(const forecast_net *net, size_t n_before) {
    static const double steps[] = {10, 5, 1, 0.5, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0001};
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
        size_t n = 0;
        size_t n_off = 0;
        for (size_t i = 0; i < n_before * net->n_stations; i++) {
            double times = net->reading[i] / steps[k];
            if (!isfinite(times)) continue;
            n++;
            n_off += fabs(times - rint(times)) > 1e-6;
        }
        if (n_off * 200 <= n) return steps[k];
    }
    return 0;
}

/// Hour `k` hours before `t`, or the first.
static size_t back(size_t t, size_t k) {
    return t > k ? t - k : 0;
}

/// Means and spread of the stations of one hour that are active.
static void take_network(forecast_net *net, size_t t) {
    size_t n_stations = net->n_stations;
    double sum = 0;
    double squares = 0;
    size_t n = 0;
    for (size_t s = 0; s < n_stations; s++) {
        size_t at = t * n_stations + s;
        if (!net->is_active[at]) continue;
        sum += net->z[at];
        n++;
    }
    net->mean[t] = n ? sum / (double)n : (t ? net->mean[t - 1] : 0);
    for (size_t s = 0; s < n_stations; s++) {
        size_t at = t * n_stations + s;
        double d = net->z[at] - net->mean[t];
        if (net->is_active[at]) squares += d * d;
    }
    net->spread[t] = n ? sqrt(squares / (double)n) : 0;
}

/// Mean change of the stations that have readings in this hour and the one before.
static double take_change(const forecast_net *net, size_t t) {
    size_t n_stations = net->n_stations;
    double sum = 0;
    size_t n = 0;
    for (size_t s = 0; t > 0 && s < n_stations; s++) {
        double now = net->reading[t * n_stations + s];
        double before = net->reading[(t - 1) * n_stations + s];
        if (!isfinite(now) || !isfinite(before)) continue;
        sum += forecast_transform(net, now) - forecast_transform(net, before);
        n++;
    }
    return n ? sum / (double)n : 0;
}

/// One station's hour, `change` after the one before where there is no reading.
static void fill_one(forecast_net *net, size_t t, size_t s, double change, bool is_new) {
    size_t n_stations = net->n_stations;
    size_t at = t * n_stations + s;
    net->last[at] = t ? net->last[at - n_stations] : (double)NAN;
    if (isfinite(net->reading[at])) {
        net->z[at] = forecast_transform(net, net->reading[at]);
        net->last[at] = net->reading[at];
    } else {
        double before = t ? net->z[at - n_stations] : 0;
        if (is_new && t) before = net->mean[t - 1];
        net->z[at] = before + change;
        if (net->is_root) net->z[at] = fmax(net->z[at], 0);
    }
    net->sum[at + n_stations] = net->sum[at] + net->z[at];
}

/// Fills holes hour by hour: a station without a reading moves as the others do.
static void fill(forecast_net *net, size_t *n_readings, size_t *last_hour) {
    for (size_t t = 0; t < net->n_hours; t++) {
        double change = take_change(net, t);
        for (size_t s = 0; s < net->n_stations; s++) {
            size_t at = t * net->n_stations + s;
            fill_one(net, t, s, change, n_readings[s] == 0);
            if (isfinite(net->reading[at])) {
                n_readings[s]++;
                last_hour[s] = t;
            }
            net->is_active[at] = n_readings[s] >= ACTIVE_H && t - last_hour[s] < ACTIVE_H;
        }
        take_network(net, t);
    }
}

/// Running means of the readings of each hour of the day.
static void take_usual(forecast_net *net) {
    size_t n_stations = net->n_stations;
    for (size_t s = 0; s < n_stations; s++) {
        double sum[24] = {0};
        size_t n[24] = {0};
        for (size_t t = 0; t < net->n_hours; t++) {
            double reading = net->reading[t * n_stations + s];
            if (isfinite(reading)) {
                sum[t % 24] += reading;
                n[t % 24]++;
            }
            double mean = n[t % 24] ? sum[t % 24] / (double)n[t % 24] : (double)NAN;
            net->usual[t * n_stations + s] = mean;
        }
    }
}

/// Drivers with the last value in their holes; own ones as signed roots, as they are skewed.
static void take_drivers(forecast_net *net) {
    const dosi_forecast_panel *panel = net->panel;
    size_t n_stations = net->n_stations;
    for (size_t k = 0; k < panel->n_own * n_stations; k++) {
        const double *from = panel->own + k * net->n_hours;
        double *to = net->own + k / n_stations * net->n_hours * n_stations + k % n_stations;
        double value = 0;
        for (size_t t = 0; t < net->n_hours; t++) {
            if (isfinite(from[t])) value = copysign(sqrt(fabs(from[t])), from[t]);
            to[t * n_stations] = value;
        }
    }
    for (size_t k = 0; k < panel->n_common; k++) {
        double value = 0;
        size_t n = net->n_hours + panel->n_ahead;
        for (size_t t = 0; t < n; t++) {
            size_t at = k * n + t;
            if (isfinite(panel->common[at])) value = panel->common[at];
            net->common[at] = value;
        }
    }
}

dosi_status forecast_net_make(const dosi_forecast_panel *panel,
                              size_t n_before,
                              forecast_net *out,
                              dosi_error *err) {
    size_t n_hours = panel->n_hours;
    size_t n_stations = panel->n_stations;
    size_t n = n_hours * n_stations;
    memset(out, 0, sizeof *out);
    out->panel = panel;
    out->n_hours = n_hours;
    out->n_stations = n_stations;
    out->reading = calloc(n, sizeof(double));
    out->z = malloc(n * sizeof(double));
    out->last = malloc(n * sizeof(double));
    out->usual = malloc(n * sizeof(double));
    out->sum = calloc(n + n_stations, sizeof(double));
    out->own = malloc((panel->n_own * n + 1) * sizeof(double));
    out->common = malloc((panel->n_common * (n_hours + panel->n_ahead) + 1) * sizeof(double));
    while (out->n_ahead < N_AHEAD && ahead[out->n_ahead + 1] <= panel->n_ahead) out->n_ahead++;
    out->mean = malloc(n_hours * sizeof(double));
    out->spread = malloc(n_hours * sizeof(double));
    out->is_active = malloc(n * sizeof(bool));
    size_t *counts = calloc(2 * n_stations, sizeof *counts);
    if (!out->reading || !out->z || !out->last || !out->usual || !out->sum || !out->own ||
        !out->common || !out->mean || !out->spread || !out->is_active || !counts) {
        free(counts);
        forecast_net_clear(out);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours of %zu stations",
                         n_hours, n_stations);
    }
    out->is_root = true;
    for (size_t s = 0; s < n_stations; s++) {
        for (size_t t = 0; t < n_hours; t++) {
            double value = panel->value[s * n_hours + t];
            out->reading[t * n_stations + s] = isfinite(value) ? value : (double)NAN;
            if (t < n_before && value < 0) out->is_root = false;
        }
    }
    out->step = find_step(out, n_before);
    fill(out, counts, counts + n_stations);
    take_usual(out);
    take_drivers(out);
    free(counts);
    if (forecast_take_neighbours(out)) return DOSI_OK;
    forecast_net_clear(out);
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for neighbours of %zu stations",
                     n_stations);
}

void forecast_net_clear(forecast_net *net) {
    free(net->reading);
    free(net->z);
    free(net->last);
    free(net->usual);
    free(net->sum);
    free(net->own);
    free(net->common);
    free(net->mean);
    free(net->spread);
    free(net->is_active);
    free(net->neighbour);
    memset(net, 0, sizeof *net);
}

size_t forecast_n_features(const forecast_net *net) {
    size_t n_network = net->n_stations > 1 ? N_NETWORK + 3 : 0;
    if (forecast_has_neighbours(net)) n_network += FORECAST_NEIGHBOUR;
    size_t n_own = net->panel->n_own * (net->n_stations > 1 ? N_DRIVER + 1 : N_DRIVER);
    size_t n_common = net->panel->n_common * (N_DRIVER + net->n_ahead);
    return N_LAGS + N_SPANS + n_network + n_own + n_common + N_CYCLES + N_CURVED + 2;
}

/// The rows of one hour on their way: the next feature's lane and the step to the one after.
typedef struct lane {
    const forecast_net *net;
    size_t t, step;
    double *at;
} lane;

/// The place of the next feature's values of all stations.
static double *next(lane *x) {
    double *at = x->at;
    x->at += x->step;
    return at;
}

static void put_same(lane *x, double value) {
    double *to = next(x);
    for (size_t s = 0; s < x->net->n_stations; s++) to[s] = value;
}

/// What the station itself did. Gives back the lanes of excess over a day and a month, and of
/// the changes in 3 and 24 hours.
static void put_station(lane *x, const double *kept[4]) {
    const forecast_net *net = x->net;
    size_t n = net->n_stations;
    const double *z = net->z + x->t * n;
    for (size_t k = 0; k < N_LAGS; k++) {
        const double *before = net->z + back(x->t, lags[k]) * n;
        double *to = next(x);
        if (lags[k] == 3) kept[2] = to;
        if (lags[k] == 24) kept[3] = to;
        for (size_t s = 0; s < n; s++) to[s] = z[s] - before[s];
    }
    for (size_t k = 0; k < N_SPANS; k++) {
        size_t from = x->t + 1 > spans[k] ? x->t + 1 - spans[k] : 0;
        const double *until = net->sum + (x->t + 1) * n;
        const double *before = net->sum + from * n;
        double *to = next(x);
        if (spans[k] == 24) kept[0] = to;
        if (spans[k] == 720) kept[1] = to;
        double share = 1 / (double)(x->t + 1 - from);
        for (size_t s = 0; s < n; s++) to[s] = z[s] - (until[s] - before[s]) * share;
    }
}

/// What the network did beside the station.
static void put_network(lane *x) {
    const forecast_net *net = x->net;
    size_t n = net->n_stations;
    if (n < 2) return;
    const double *z = net->z + x->t * n;
    size_t hour_before = back(x->t, 1);
    double *now = next(x);
    double *before = next(x);
    for (size_t s = 0; s < n; s++) {
        now[s] = net->mean[x->t] - z[s];
        before[s] = net->mean[hour_before] - net->z[hour_before * n + s];
    }
    for (size_t k = 0; k < N_NETWORK; k++) {
        put_same(x, net->mean[x->t] - net->mean[back(x->t, network_lags[k])]);
    }
    put_same(x, net->spread[x->t]);
    for (size_t k = 0; k < FORECAST_NEIGHBOUR && forecast_has_neighbours(net); k++) {
        memcpy(next(x), net->neighbour + (k * net->n_hours + x->t) * n, n * sizeof(double));
    }
}

/// What a driver that is known ahead will do: means of hours to come beside the one now.
static void put_ahead(lane *x, const double *common) {
    for (size_t k = 0; k < x->net->n_ahead; k++) {
        double mean = 0;
        for (size_t t = ahead[k] + 1; t <= ahead[k + 1]; t++) mean += common[x->t + t];
        put_same(x, mean / (double)(ahead[k + 1] - ahead[k]) - common[x->t]);
    }
}

/// Drivers of the station and of all.
static void put_drivers(lane *x) {
    const forecast_net *net = x->net;
    size_t n = net->n_stations;
    size_t from = x->t + 1 > 24 ? x->t + 1 - 24 : 0;
    double share = 1 / (double)(x->t + 1 - from);
    for (size_t k = 0; k < net->panel->n_own; k++) {
        const double *own = net->own + k * net->n_hours * n;
        const double *now = own + x->t * n;
        const double *before = own + back(x->t, 3) * n;
        double *value = next(x);
        double *change = next(x);
        double *excess = next(x);
        double sum = 0;
        for (size_t s = 0; s < n; s++) {
            double mean = 0;
            for (size_t t = from; t <= x->t; t++) mean += own[t * n + s];
            value[s] = now[s];
            change[s] = now[s] - before[s];
            excess[s] = now[s] - mean * share;
            sum += now[s];
        }
        if (n > 1) put_same(x, sum / (double)n);
    }
    for (size_t k = 0; k < net->panel->n_common; k++) {
        const double *common = net->common + k * (net->n_hours + net->panel->n_ahead);
        double mean = 0;
        for (size_t t = from; t <= x->t; t++) mean += common[t];
        put_same(x, common[x->t]);
        put_same(x, common[x->t] - common[back(x->t, 3)]);
        put_same(x, common[x->t] - mean * share);
        put_ahead(x, common);
    }
}

/// The hour of the day, the week, and products with what the station did.
static void put_cycles(lane *x, const double *kept[4]) {
    const forecast_net *net = x->net;
    size_t n = net->n_stations;
    const double *z = net->z + x->t * n;
    int64_t hour = net->panel->first_hour + (int64_t)x->t;
    double angle = 2 * acos(-1.0) * (double)(hour % 24) / 24;
    int64_t day = (hour / 24 + 3) % 7; // 0: Monday
    double wave[6];
    for (size_t k = 0; k < 3; k++) {
        wave[2 * k] = sin((double)(k + 1) * angle);
        wave[2 * k + 1] = cos((double)(k + 1) * angle);
    }
    for (size_t k = 0; k < 6; k++) put_same(x, wave[k]);
    put_same(x, day >= 5);
    put_same(x, day >= 5 ? wave[0] : 0);
    put_same(x, day >= 5 ? wave[1] : 0);
    put_same(x, day == 4);
    put_same(x, day == 4 ? wave[0] : 0);
    put_same(x, day == 6);
    const double *with[4] = {z, kept[0], kept[2], kept[3]};
    for (size_t k = 0; k < 4; k++) {
        for (size_t i = 0; i < 4; i++) {
            double *to = next(x);
            for (size_t s = 0; s < n; s++) to[s] = wave[k] * with[i][s];
        }
    }
    double *square = next(x);
    double *day_excess = next(x);
    double *change = next(x);
    double *level = next(x);
    for (size_t s = 0; s < n; s++) {
        square[s] = z[s] * z[s];
        day_excess[s] = z[s] * kept[0][s];
        change[s] = z[s] * kept[2][s];
        level[s] = z[s];
    }
    put_same(x, 1);
}

void forecast_rows(const forecast_net *net, size_t from, size_t n, double *x) {
    size_t n_stations = net->n_stations;
    size_t n_features = forecast_n_features(net);
    for (size_t i = 0; i < n; i++) {
        lane at = {.net = net,
                   .t = from + i,
                   .step = n_stations * FORECAST_CHUNK,
                   .at = x + i * n_stations};
        const double *kept[4] = {NULL};
        put_station(&at, kept);
        put_network(&at);
        put_drivers(&at);
        put_cycles(&at, kept);
        assert(at.at == x + i * n_stations + n_features * at.step);
        const bool *is_active = net->is_active + (from + i) * n_stations;
        for (size_t s = 0; s < n_stations; s++) {
            if (is_active[s]) continue;
            for (size_t k = 0; k < n_features; k++) x[k * at.step + i * n_stations + s] = 0;
        }
    }
}
