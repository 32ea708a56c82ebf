// Calibration of low-cost sensors.

#include "dosi/calibrate.h"

#include "air/qc_network.h"
#include "dosi/num.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MAX_TERMS = 4, ROUNDS = 12, MIN_STATIONS = 4 };

static const double least_spread = 1e-9, most_kappa = 2;

dosi_calibration dosi_calibration_barkjohn(void) {
    return (dosi_calibration){.form = DOSI_CALIBRATION_HUMIDITY,
                              .slope = 0.524,
                              .intercept = 5.75,
                              .humidity = -0.0862,
                              .rh_low = 0,
                              .rh_high = 100};
}

dosi_calibration dosi_calibration_nilson(void) {
    return (dosi_calibration){.form = DOSI_CALIBRATION_KOHLER,
                              .slope = 1,
                              .kappa = 0.24,
                              .rh_low = 30,
                              .rh_high = 70};
}

/// How much larger particles weigh for the sensor in humid air.
static double growth(double kappa, double humidity) {
    return humidity > 0 ? 1 + kappa / (100 / humidity - 1) : 1;
}

static double clipped(double value, double low, double high) {
    return isnan(value) ? value : fmin(fmax(value, low), high);
}

double dosi_calibration_apply(const dosi_calibration *c,
                              double raw,
                              double humidity,
                              double days) {
    assert(c);
    double rh = clipped(humidity, c->rh_low, c->rh_high);
    double line = (c->slope + c->slope_per_day * days) * raw + c->intercept;
    switch (c->form) {
    case DOSI_CALIBRATION_LINEAR:
        break;
    case DOSI_CALIBRATION_HUMIDITY:
        return line + c->humidity * rh;
    case DOSI_CALIBRATION_KOHLER:
        return isnan(rh) ? rh : line / growth(c->kappa, rh);
    }
    return line;
}

/// A linear fit in the making.
typedef struct fit {
    dosi_calibration_form form;
    const dosi_calibration_data *data;
    double kappa;
    const double *weight; ///< (n)
    size_t n_terms;
    double coefficient[MAX_TERMS];
} fit;

/// The terms of hour i. False when something is missing.
static bool terms_of(const fit *f, size_t i, double *terms) {
    const dosi_calibration_data *d = f->data;
    double raw = d->raw[i], rh = 0;
    if (f->form != DOSI_CALIBRATION_LINEAR) rh = clipped(d->humidity[i], 0, 95);
    double scale = f->form == DOSI_CALIBRATION_KOHLER ? 1 / growth(f->kappa, rh) : 1;
    size_t n = 0;
    terms[n++] = raw * scale;
    terms[n++] = scale;
    if (f->form == DOSI_CALIBRATION_HUMIDITY) terms[n++] = rh;
    if (d->days) terms[n++] = raw * scale * d->days[i];
    return !isnan(raw) && !isnan(rh) && !isnan(d->reference[i]);
}

/// Solves the weighted least squares; the sum of squares, or infinity when there is none.
static double solve(fit *f) {
    double a[MAX_TERMS * MAX_TERMS] = {0}, b[MAX_TERMS] = {0}, terms[MAX_TERMS] = {0}, yy = 0;
    size_t p = f->n_terms;
    for (size_t i = 0; i < f->data->n; i++) {
        if (f->weight[i] == 0 || !terms_of(f, i, terms)) continue;
        double y = f->data->reference[i];
        for (size_t j = 0; j < p; j++) {
            for (size_t k = 0; k <= j; k++) a[j * p + k] += f->weight[i] * terms[j] * terms[k];
            b[j] += f->weight[i] * terms[j] * y;
        }
        yy += f->weight[i] * y * y;
    }
    memcpy(f->coefficient, b, sizeof b);
    if (dosi_cholesky(a, p) != p) return INFINITY;
    dosi_cholesky_forward(a, p, f->coefficient);
    dosi_cholesky_backward(a, p, f->coefficient);
    for (size_t j = 0; j < p; j++) yy -= f->coefficient[j] * b[j];
    return yy;
}

static double sum_at_kappa(void *context, double kappa) {
    fit *f = context;
    f->kappa = kappa;
    return solve(f);
}

/// The best fit for the weights at hand.
static double solve_all(fit *f) {
    if (f->form == DOSI_CALIBRATION_KOHLER) {
        const double interval[] = {0, most_kappa};
        f->kappa = dosi_minimise(sum_at_kappa, f, interval, 1e-6, NULL);
    }
    return solve(f);
}

/// What the fit leaves of hour i; NaN where something is missing.
static double rest_of(const fit *f, size_t i) {
    double terms[MAX_TERMS] = {0}, sum = 0;
    if (!terms_of(f, i, terms)) return NAN;
    for (size_t j = 0; j < f->n_terms; j++) sum += f->coefficient[j] * terms[j];
    return f->data->reference[i] - sum;
}

/// Weights of Tukey's biweight from what is left; the scale is its median distance from 0.
static void reweight(const fit *f, double *weight) {
    size_t n = 0;
    for (size_t i = 0; i < f->data->n; i++) {
        double rest = fabs(rest_of(f, i));
        if (!isnan(rest)) weight[n++] = rest;
    }
    double cut = 4.685 * fmax(1.4826 * qc_median(weight, n), least_spread);
    for (size_t i = 0; i < f->data->n; i++) {
        double u = rest_of(f, i) / cut;
        weight[i] = fabs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
    }
}

static dosi_calibration calibration_of(const fit *f, size_t n) {
    dosi_calibration c = {.form = f->form,
                          .slope = f->coefficient[0],
                          .intercept = f->coefficient[1],
                          .kappa = f->form == DOSI_CALIBRATION_KOHLER ? f->kappa : 0,
                          .rh_low = 0,
                          .rh_high = f->form == DOSI_CALIBRATION_LINEAR ? 100 : 95,
                          .n = n};
    size_t next = 2;
    if (f->form == DOSI_CALIBRATION_HUMIDITY) c.humidity = f->coefficient[next++];
    if (f->data->days) c.slope_per_day = f->coefficient[next];
    return c;
}

dosi_status dosi_calibration_fit(const dosi_calibration_data *data,
                                 double *room,
                                 dosi_calibration *out,
                                 dosi_error *err) {
    assert(data && room && out && data->raw && data->reference);
    assert(data->form == DOSI_CALIBRATION_LINEAR || data->humidity);
    fit f = {.form = data->form, .data = data, .weight = room};
    double terms[MAX_TERMS];
    size_t n = 0;
    f.n_terms =
        2U + (data->form == DOSI_CALIBRATION_HUMIDITY ? 1U : 0U) + (data->days ? 1U : 0U);
    for (size_t i = 0; i < data->n; i++) {
        bool is_whole = terms_of(&f, i, terms);
        n += is_whole ? 1 : 0;
        room[i] = is_whole ? 1 : 0;
    }
    if (n < data->least || n < f.n_terms) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "%zu hours have all that the calibration needs, of %zu", n,
                         data->least);
    }
    double left = solve_all(&f);
    for (int round = 0; data->is_robust && round < ROUNDS && !isinf(left); round++) {
        reweight(&f, room);
        left = solve_all(&f);
    }
    if (isinf(left)) {
        return dosi_fail(err, DOSI_DOMAIN, "the readings of %zu hours do not vary", n);
    }
    *out = calibration_of(&f, n);
    return DOSI_OK;
}

dosi_calibration_score dosi_calibration_judge(const double *calibrated,
                                              const double *reference,
                                              size_t n) {
    assert(n == 0 || (calibrated && reference));
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, squares = 0;
    dosi_calibration_score score = {
        .slope = NAN, .intercept = NAN, .r2 = NAN, .bias = NAN, .rmse = NAN, .nrmse = NAN};
    for (size_t i = 0; i < n; i++) {
        double x = reference[i], y = calibrated[i]; // the sensor on the reference
        if (isnan(x) || isnan(y)) continue;
        score.n++;
        double dx = x - sx, dy = y - sy; // running means keep the digits
        sx += dx / (double)score.n;
        sy += dy / (double)score.n;
        sxx += dx * (x - sx);
        syy += dy * (y - sy);
        sxy += dx * (y - sy);
        squares += (y - x) * (y - x);
    }
    if (score.n < 2) return score;
    score.slope = sxy / sxx;
    score.intercept = sy - score.slope * sx;
    score.r2 = sxy * sxy / (sxx * syy);
    score.bias = sy - sx;
    score.rmse = sqrt(squares / (double)score.n);
    score.nrmse = score.rmse / sx;
    score.meets_targets = score.r2 >= 0.7 && fabs(score.slope - 1) <= 0.35 &&
                          fabs(score.intercept) <= 5 && (score.rmse <= 7 || score.nrmse <= 0.3);
    return score;
}

size_t dosi_calibration_mixed_field(const double *values,
                                    size_t n_stations,
                                    size_t n_hours,
                                    double most,
                                    double *field,
                                    double *room) {
    assert(n_hours == 0 || (values && field && room));
    size_t n_mixed = 0;
    for (size_t h = 0; h < n_hours; h++) {
        size_t n = 0;
        field[h] = NAN;
        for (size_t s = 0; s < n_stations; s++) {
            double value = values[s * n_hours + h];
            if (!isnan(value)) room[n++] = value;
        }
        if (n < MIN_STATIONS) continue;
        double middle = qc_median(room, n);
        for (size_t i = 0; i < n; i++) room[i] = fabs(room[i] - middle);
        if (1.4826 * qc_median(room, n) > most * middle) continue;
        field[h] = middle;
        n_mixed++;
    }
    return n_mixed;
}
