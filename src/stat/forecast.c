// Forecasts of a network: one pass through time, in which every hour is forecast by what was
// known then, learnt from when its reading comes, and scored along the last part.

#include "dosi/forecast.h"
#include "stat/forecast_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// All that goes through time.
typedef struct pass {
    const dosi_forecast_panel *panel;
    dosi_forecast_options options;
    const dosi_run *run;
    forecast_net net;
    size_t n_features, n_chunks, lanes; ///< Chunks of rows kept; values of a feature in one.
    size_t next_fit;
    double *x;        ///< (n_chunks x features x lanes)
    double *gram;     ///< (features^2) of the rows whose targets all are past.
    double *snapshot; ///< (horizons x features^2) the same, for each horizon.
    double *work;     ///< (threads x features^2)
    double *rows;     ///< (lanes x features)
    forecast_lead *leads;
    size_t n_leads;
} pass;

/// The feature `j` = 0 of all stations in hour `t`.
static const double *rows_of(const pass *p, size_t t) {
    size_t chunk = t / FORECAST_CHUNK % p->n_chunks;
    return p->x + chunk * p->n_features * p->lanes + t % FORECAST_CHUNK * p->net.n_stations;
}

/// Adds n rows to the lower triangle of a sum of squares.
static void add_gram(double *gram, size_t p, const double *rows, size_t n) {
    for (size_t i = 0; i < p; i++) {
        double *to = gram + i * p;
        size_t r = 0;
        for (; r + 4 <= n; r += 4) {
            const double *a = rows + r * p;
            const double *b = a + p;
            const double *c = b + p;
            const double *d = c + p;
            double ai = a[i];
            double bi = b[i];
            double ci = c[i];
            double di = d[i];
            for (size_t j = 0; j <= i; j++) {
                to[j] += (ai * a[j] + bi * b[j]) + (ci * c[j] + di * d[j]);
            }
        }
        for (; r < n; r++) {
            const double *a = rows + r * p;
            for (size_t j = 0; j <= i; j++) to[j] += a[i] * a[j];
        }
    }
}

/// Adds the rows of hour `t` of all active stations.
static void add_hour(pass *p, size_t t, double *gram) {
    const double *x = rows_of(p, t);
    size_t n = 0;
    for (size_t s = 0; s < p->net.n_stations; s++) {
        if (!p->net.is_active[t * p->net.n_stations + s]) continue;
        double *row = p->rows + n++ * p->n_features;
        for (size_t j = 0; j < p->n_features; j++) row[j] = x[j * p->lanes + s];
    }
    add_gram(gram, p->n_features, p->rows, n);
}

/// New models for all horizons, of what is known before hour `now`.
static void fit_all(pass *p, size_t now) {
    size_t square = p->n_features * p->n_features;
    const double *before = p->gram;
    for (size_t k = p->n_leads; k-- > 0;) {
        double *gram = p->snapshot + k * square;
        memcpy(gram, before, square * sizeof *gram);
        // Horizon k + 1 knows the targets of rows up to now - 1 - (k + 1).
        if (k + 1 < p->n_leads && now >= k + 2) add_hour(p, now - k - 2, gram);
        before = gram;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(dosi_run_threads(p->run))
    for (size_t k = 0; k < p->n_leads; k++) {
        double *gram = p->snapshot + k * square;
        (void)forecast_fit(&p->leads[k], gram, p->work + k * square);
    }
}

/// Each model's shift from the last value, for the rows of a chunk.
static void take_shifts(const pass *p, size_t from, forecast_lead *lead) {
    const double *x = rows_of(p, from);
    memset(lead->shift, 0, FORECAST_RIDGES * p->lanes * sizeof *lead->shift);
    for (size_t r = 0; r < FORECAST_RIDGES; r++) {
        double *to = lead->shift + r * p->lanes;
        for (size_t j = 0; j < p->n_features; j++) {
            double beta = lead->beta[r * p->n_features + j];
            const double *feature = x + j * p->lanes;
            for (size_t i = 0; i < p->lanes; i++) to[i] += beta * feature[i];
        }
    }
}

/// A row whose reading did not come: taken out of the sum of squares again.
static void add_missing(const pass *p, const double *x, double *missing) {
    for (size_t i = 0; i < p->n_features; i++) {
        double xi = x[i * p->lanes];
        for (size_t j = 0; j <= i; j++) {
            missing[i * p->n_features + j] += xi * x[j * p->lanes];
        }
    }
}

/// The readings of hour `now` into the sums of a horizon's regression.
static void learn(const pass *p, size_t now, forecast_lead *lead) {
    if (now < lead->h) return;
    size_t n = p->net.n_stations;
    size_t at = now - lead->h;
    const double *x = rows_of(p, at);
    const double *z = p->net.z + now * n;
    const double *before = p->net.z + at * n;
    const double *reading = p->net.reading + now * n;
    for (size_t s = 0; s < n; s++) {
        if (!p->net.is_active[at * n + s]) continue;
        if (isfinite(reading[s])) continue;
        add_missing(p, x + s, lead->missing);
    }
    for (size_t j = 0; j < p->n_features; j++) {
        const double *feature = x + j * p->lanes;
        double sum = 0;
        for (size_t s = 0; s < n; s++) {
            double y = isfinite(reading[s]) ? z[s] - before[s] : 0;
            sum += feature[s] * y;
        }
        lead->xy[j] += sum;
    }
}

/// One chunk of hours for one horizon.
static void do_lead(
    const pass *p, size_t from, size_t n_hours, size_t score_from, forecast_lead *lead) {
    if (lead->has_model) take_shifts(p, from, lead);
    for (size_t i = 0; i < n_hours; i++) {
        forecast_verify(lead, &p->net, from + i, score_from, p->options.coverage);
        forecast_issue(lead, &p->net, from + i, i);
        learn(p, from + i, lead);
    }
}

/// From the first hour to the last.
static dosi_status go(pass *p, size_t score_from, dosi_error *err) {
    size_t n_hours = p->net.n_hours;
    size_t n_done = 0; // hours in the sum of squares
    for (size_t from = 0; from < n_hours; from += FORECAST_CHUNK) {
        DOSI_TRY(dosi_run_check(p->run, err));
        dosi_run_report(p->run, (double)from / (double)n_hours, "forecasting");
        for (; n_done + p->n_leads < from; n_done++) add_hour(p, n_done, p->gram);
        if (from >= p->next_fit) {
            fit_all(p, from);
            size_t pause = from / 25 / FORECAST_CHUNK * FORECAST_CHUNK;
            p->next_fit = from + (pause > FORECAST_CHUNK ? pause : FORECAST_CHUNK);
        }
        size_t n = n_hours - from < FORECAST_CHUNK ? n_hours - from : FORECAST_CHUNK;
        size_t chunk = from / FORECAST_CHUNK % p->n_chunks;
        forecast_rows(&p->net, from, n, p->x + chunk * p->n_features * p->lanes);
#pragma omp parallel for schedule(dynamic, 1) num_threads(dosi_run_threads(p->run))
        for (size_t k = 0; k < p->n_leads; k++) {
            do_lead(p, from, n, score_from, &p->leads[k]);
        }
    }
    return DOSI_OK;
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

/// Forecasts of the last hour, and all scores. False: there is no forecast.
static bool finish(const pass *p, dosi_forecast_hour *out, dosi_forecast_score *scores) {
    size_t n_stations = p->net.n_stations;
    dosi_forecast_score *all = scores + n_stations * p->n_leads;
    bool is_any = false;
    for (size_t s = 0; s < n_stations; s++) {
        for (size_t k = 0; k < p->n_leads; k++) {
            size_t at = s * p->n_leads + k;
            out[at] = forecast_issued(&p->leads[k], &p->net, p->net.n_hours - 1, s);
            is_any = is_any || isfinite(out[at].value);
            add_score(&all[k], &scores[at]);
            finish_score(&scores[at]);
        }
    }
    for (size_t k = 0; k < p->n_leads; k++) finish_score(&all[k]);
    return is_any;
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
    if (panel->n_own > DOSI_FORECAST_DRIVERS_MAX ||
        panel->n_common > DOSI_FORECAST_DRIVERS_MAX) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu and %zu drivers, at most %d each", panel->n_own,
                         panel->n_common, DOSI_FORECAST_DRIVERS_MAX);
    }
    size_t n = panel->n_hours;
    size_t n_before = n - (size_t)((double)n * o->test_share);
    if (n_before < DOSI_FORECAST_HOURS_MIN) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu hours before the test, %d are needed", n_before,
                         DOSI_FORECAST_HOURS_MIN);
    }
    if (panel->n_stations == 0) return dosi_fail(err, DOSI_DOMAIN, "there is no station");
    if (panel->first_hour < 0) return dosi_fail(err, DOSI_DOMAIN, "hours before 1970");
    return DOSI_OK;
}

static dosi_status allocate(pass *p, dosi_forecast_score *scores, dosi_error *err) {
    size_t n_stations = p->net.n_stations;
    size_t n_leads = p->options.n_horizons;
    p->n_features = forecast_n_features(&p->net);
    p->lanes = FORECAST_CHUNK * n_stations;
    p->n_chunks = (n_leads + 1) / FORECAST_CHUNK + 3;
    size_t square = p->n_features * p->n_features;
    p->x = calloc(p->n_chunks * p->n_features * p->lanes, sizeof *p->x);
    p->gram = calloc(square, sizeof *p->gram);
    p->snapshot = calloc(n_leads * square, sizeof *p->snapshot);
    p->work = calloc(n_leads * square, sizeof *p->work);
    p->rows = calloc(n_stations * p->n_features, sizeof *p->rows);
    p->leads = calloc(n_leads, sizeof *p->leads);
    if (!p->x || !p->gram || !p->snapshot || !p->work || !p->rows || !p->leads) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for forecasts of %zu stations",
                         n_stations);
    }
    for (size_t k = 0; k < n_leads; k++) {
        DOSI_TRY(forecast_lead_make(&p->net, k + 1, p->options.coverage, &p->leads[k], err));
        p->n_leads++;
        p->leads[k].scores = scores + k;
        p->leads[k].score_stride = n_leads;
    }
    return DOSI_OK;
}

dosi_status dosi_forecast(const dosi_forecast_panel *panel,
                          const dosi_forecast_options *options,
                          const dosi_run *run,
                          dosi_forecast_hour *out,
                          dosi_forecast_score *scores,
                          dosi_error *err) {
    pass p;
    memset(&p, 0, sizeof p);
    p.panel = panel;
    p.run = run;
    p.next_fit = FORECAST_FIRST_FIT;
    if (options) p.options = *options;
    if (p.options.n_horizons == 0) p.options.n_horizons = 48;
    if (p.options.coverage == 0) p.options.coverage = 0.9;
    if (p.options.test_share == 0) p.options.test_share = 0.2;
    DOSI_TRY(check(panel, &p.options, err));
    size_t n_before = panel->n_hours - (size_t)((double)panel->n_hours * p.options.test_share);
    memset(scores, 0, (panel->n_stations + 1) * p.options.n_horizons * sizeof *scores);
    dosi_status status = forecast_net_make(panel, n_before, &p.net, err);
    if (status == DOSI_OK) status = allocate(&p, scores, err);
    if (status == DOSI_OK) status = go(&p, n_before, err);
    if (status == DOSI_OK && !finish(&p, out, scores)) {
        status = dosi_fail(err, DOSI_DOMAIN, "no station has readings enough to learn from");
    }
    for (size_t k = 0; k < p.n_leads; k++) forecast_lead_clear(&p.leads[k]);
    free(p.leads);
    free(p.rows);
    free(p.work);
    free(p.snapshot);
    free(p.gram);
    free(p.x);
    forecast_net_clear(&p.net);
    return status;
}
