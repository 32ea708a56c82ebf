// Forecasts: one horizon as time goes on. It issues forecasts with intervals, and learns from
// the readings that come h hours later which model to trust and how large errors are.

#include "dosi/num.h"
#include "stat/forecast_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// What waits for a station's reading: forecasts (transformed), the sizes of its error.
enum {
    RING_RIDGE = 0,
    RING_FINAL = FORECAST_RIDGES,
    RING_SIZE,  ///< Of the error, the station's own factor included.
    RING_BASE,  ///< Without it.
    RING_ROUGH, ///< Mean hourly change in the last 6 hours.
    RING,
};
enum { LEVEL_LOWER = 19, LEVEL_UPPER = 20, BLOCKS_MIN = 6, DAYS_MAX = 100, ROWS_MIN = 24 };

static const double bins_end = 10;      // of scaled errors
static const double half_life_h = 1440; // of what is known of errors
static const double clear_gain = 2;     // standard errors

dosi_status forecast_lead_make(
    const forecast_net *net, size_t h, double coverage, forecast_lead *out, dosi_error *err) {
    size_t p = forecast_n_features(net);
    size_t n = net->n_stations;
    memset(out, 0, sizeof *out);
    out->h = h;
    out->n_stations = n;
    out->n_features = p;
    out->n_ring = h + 1;
    size_t n_shift = (size_t)FORECAST_RIDGES * FORECAST_CHUNK * n;
    size_t n_ring = out->n_ring * n * RING;
    out->missing = calloc(p * p, sizeof(double));
    out->xy = calloc(p, sizeof(double));
    out->beta = calloc(p * FORECAST_RIDGES, sizeof(double));
    out->shift = calloc(n_shift, sizeof(double));
    out->ring = malloc(n_ring * sizeof(double));
    out->level = calloc(out->n_ring * FORECAST_LEVELS, sizeof(double));
    out->station_size = calloc(n, sizeof(double));
    out->station_n = calloc(n, sizeof(double));
    if (!out->missing || !out->xy || !out->beta || !out->shift || !out->ring || !out->level ||
        !out->station_size || !out->station_n) {
        forecast_lead_clear(out);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for forecasts of %zu stations", n);
    }
    for (size_t i = 0; i < n_ring; i++) out->ring[i] = (double)NAN;
    // Until errors are known, they are taken as normal with a mean size of 1.
    // Errors h hours ahead share what happened with h others: the same hours tell less of them.
    double mass = (48 + 8 * (double)h) * (double)n;
    double width = 2 * bins_end / FORECAST_BINS;
    for (size_t i = 0; i < FORECAST_BINS; i++) {
        double u = ((double)i + 0.5) * width - bins_end;
        out->count[i] = mass * width * exp(-u * u / acos(-1.0)) / acos(-1.0);
    }
    out->miss[0] = out->miss[1] = (1 - coverage) / 2;
    return DOSI_OK;
}

void forecast_lead_clear(forecast_lead *lead) {
    free(lead->missing);
    free(lead->xy);
    free(lead->beta);
    free(lead->shift);
    free(lead->ring);
    free(lead->level);
    free(lead->station_size);
    free(lead->station_n);
    memset(lead, 0, sizeof *lead);
}

/// How many days of readings the shrinkage of the day's cycle should be worth: what days differ
/// by, over what hours of the day differ by.
static double wave_days(const forecast_lead *lead, double most) {
    double within = 0;
    double n = 0;
    double mean = 0;
    double squares = 0;
    size_t n_hours = 0;
    for (size_t i = 0; i < 24; i++) {
        if (lead->day_n[i] < 2) continue;
        double own = lead->day_sum[i] / lead->day_n[i];
        within += lead->day_squares[i] - own * lead->day_sum[i];
        n += lead->day_n[i] - 1;
        mean += own;
        squares += own * own;
        n_hours++;
    }
    if (n_hours < 24 || n <= 0) return most;
    within /= n;
    double between = squares / 24 - mean * mean / 576 - within / (n / 24 + 1);
    return between * most > 4 * within ? 4 * within / between : most;
}

/// How much more than usual a feature is shrunk. Products are many and alike.
static double pull_of(size_t i, size_t n_features, double waves) {
    size_t before_end = n_features - i;
    if (before_end <= FORECAST_WAVES_BACK &&
        before_end > FORECAST_WAVES_BACK - FORECAST_WAVES) {
        return waves;
    }
    bool is_product = before_end > 1 && before_end <= FORECAST_PRODUCTS_BACK;
    return is_product ? 4 : 1;
}

bool forecast_fit(forecast_lead *lead, const double *gram, double *work) {
    static const double times[FORECAST_RIDGES] = {1, 0.1, 10};
    size_t p = lead->n_features;
    double n = gram[p * p - 1] - lead->missing[p * p - 1];
    if (n < ROWS_MIN) return false;
    // The usual shrinkage is worth so many days of readings: a reading h hours ahead shares
    // what happened with h others, so that the same hours tell less of a far horizon.
    double days = fmin(10 * (double)lead->h, DAYS_MAX);
    double waves = wave_days(lead, days) / days;
    for (size_t r = 0; r < FORECAST_RIDGES; r++) {
        double *beta = lead->beta + r * p;
        double share = times[r] * days * 24 * (double)lead->n_stations / n;
        for (size_t i = 0; i < p; i++) {
            for (size_t j = 0; j <= i; j++) {
                work[i * p + j] = gram[i * p + j] - lead->missing[i * p + j];
            }
            double own = work[i * p + i];
            double pull = share * pull_of(i, p, waves);
            work[i * p + i] = own > 0 ? own * (1 + pull) : 1;
            beta[i] = own > 0 ? lead->xy[i] : 0;
        }
        if (dosi_cholesky(work, p) != p) return false;
        dosi_cholesky_forward(work, p, beta);
        dosi_cholesky_backward(work, p, beta);
    }
    lead->has_model = true;
    return true;
}

/// What the size of an error depends on.
static void take_size_row(const forecast_net *net,
                          size_t target,
                          const double *ring,
                          double *f) {
    double angle =
        2 * acos(-1.0) * (double)((net->panel->first_hour + (int64_t)target) % 24) / 24;
    f[0] = 1;
    f[1] = ring[RING_FINAL];
    f[2] = ring[RING_ROUGH];
    f[3] = sin(angle);
    f[4] = cos(angle);
}

/// Mean size of persistence's errors; a little more than a model's are before they are known.
static double kept_size(const forecast_lead *lead) {
    return lead->n_kept > 0 ? lead->kept / lead->n_kept : 0;
}

/// Ridge regression of the sizes of errors, towards their mean.
static void fit_size(forecast_lead *lead) {
    enum { Q = FORECAST_SCALE };
    double a[Q * Q];
    double prior = (72 + 12 * (double)lead->h) * (double)lead->n_stations;
    memcpy(a, lead->gram, sizeof a);
    memcpy(lead->slope, lead->right, sizeof lead->slope);
    a[0] += prior;
    lead->slope[0] += prior * kept_size(lead);
    for (size_t i = 1; i < Q; i++) a[i * Q + i] += prior * (a[i * Q + i] / a[0] + 1e-12);
    if (dosi_cholesky(a, Q) == Q) {
        dosi_cholesky_forward(a, Q, lead->slope);
        dosi_cholesky_backward(a, Q, lead->slope);
        return;
    }
    memset(lead->slope, 0, sizeof lead->slope);
    lead->slope[0] = kept_size(lead);
}

/// Quantiles of the scaled errors seen so far.
static void take_levels(const forecast_lead *lead, double *level) {
    double total = 0;
    double below = 0;
    double width = 2 * bins_end / FORECAST_BINS;
    double wanted[FORECAST_LEVELS];
    size_t order[FORECAST_LEVELS];
    for (size_t k = 0; k < LEVEL_LOWER; k++) wanted[k] = 0.05 * (double)(k + 1);
    wanted[LEVEL_LOWER] = lead->miss[0];
    wanted[LEVEL_UPPER] = 1 - lead->miss[1];
    for (size_t k = 0; k < FORECAST_LEVELS; k++) {
        size_t i = k;
        for (; i > 0 && wanted[order[i - 1]] > wanted[k]; i--) order[i] = order[i - 1];
        order[i] = k;
    }
    for (size_t i = 0; i < FORECAST_BINS; i++) total += lead->count[i];
    size_t k = 0;
    for (size_t i = 0; i < FORECAST_BINS && k < FORECAST_LEVELS; i++) {
        double here = lead->count[i];
        while (k < FORECAST_LEVELS && below + here >= wanted[order[k]] * total) {
            double share = here > 0 ? (wanted[order[k]] * total - below) / here : 0;
            level[order[k++]] = ((double)i + share) * width - bins_end;
        }
        below += here;
    }
    for (; k < FORECAST_LEVELS; k++) level[order[k]] = bins_end;
}

/// The forecast of a candidate, transformed.
static double candidate(const double *ring, size_t k, double kept, double usual) {
    if (k < FORECAST_RIDGES) return ring[RING_RIDGE + k];
    if (k == 3) return 0.5 * (ring[RING_RIDGE] + kept);
    if (k == 4) return kept;
    return 0.5 * (ring[RING_RIDGE] + usual);
}

/// The mean of the target's hour of the day that was known at hour `at`, transformed.
static double take_usual(const forecast_lead *lead,
                         const forecast_net *net,
                         size_t at,
                         size_t s) {
    size_t days = (lead->h + 23) / 24 * 24;
    if (at + lead->h < days) return net->z[at * net->n_stations + s];
    double usual = net->usual[(at + lead->h - days) * net->n_stations + s];
    return isfinite(usual) ? forecast_transform(net, usual) : net->z[at * net->n_stations + s];
}

void forecast_issue(forecast_lead *lead, const forecast_net *net, size_t now, size_t i) {
    size_t n = net->n_stations;
    size_t slot = now % lead->n_ring;
    if (i == 0) fit_size(lead);
    take_levels(lead, lead->level + slot * FORECAST_LEVELS);
    double mean =
        (lead->right[0] + 72 * (double)n * kept_size(lead)) / (lead->gram[0] + 72 * (double)n);
    for (size_t s = 0; s < n; s++) {
        double *ring = lead->ring + (slot * n + s) * RING;
        ring[RING_FINAL] = (double)NAN;
        if (!lead->has_model || !net->is_active[now * n + s]) continue;
        double z = net->z[now * n + s];
        for (size_t r = 0; r < FORECAST_RIDGES; r++) {
            double shift = lead->shift[(r * FORECAST_CHUNK + i) * n + s];
            ring[RING_RIDGE + r] = net->is_root ? fmax(z + shift, 0) : z + shift;
        }
        double rough = 0;
        for (size_t k = 0; k < 6 && k < now; k++) {
            rough += fabs(net->z[(now - k) * n + s] - net->z[(now - k - 1) * n + s]) / 6;
        }
        ring[RING_ROUGH] = rough;
        ring[RING_FINAL] = candidate(ring, lead->chosen, z, take_usual(lead, net, now, s));
        double f[FORECAST_SCALE];
        double size = 0;
        take_size_row(net, now + lead->h, ring, f);
        for (size_t k = 0; k < FORECAST_SCALE; k++) size += lead->slope[k] * f[k];
        size = fmax(fmin(fmax(size, 0.35 * mean), 2.5 * mean), 1e-9);
        double factor = (48 + lead->station_size[s]) / (48 + lead->station_n[s]);
        ring[RING_BASE] = size;
        ring[RING_SIZE] = size * factor;
    }
}

dosi_forecast_hour forecast_issued(const forecast_lead *lead,
                                   const forecast_net *net,
                                   size_t at,
                                   size_t station) {
    size_t slot = at % lead->n_ring;
    const double *ring = lead->ring + (slot * lead->n_stations + station) * RING;
    const double *level = lead->level + slot * FORECAST_LEVELS;
    double z = ring[RING_FINAL];
    dosi_forecast_hour out = {(double)NAN, (double)NAN, (double)NAN};
    if (!isfinite(z)) return out;
    double lower = forecast_restore(net, z + ring[RING_SIZE] * fmin(level[LEVEL_LOWER], 0));
    double upper = forecast_restore(net, z + ring[RING_SIZE] * fmax(level[LEVEL_UPPER], 0));
    out.value = forecast_value(net, z);
    out.lower = fmin(lower, out.value);
    out.upper = fmax(upper, out.value);
    return out;
}

/// Twice the mean loss of the quantiles 0.05, 0.1, ... 0.95.
static double take_crps(const forecast_net *net,
                        const double *ring,
                        const double *level,
                        double actual) {
    double sum = 0;
    for (size_t k = 0; k < LEVEL_LOWER; k++) {
        double q = forecast_restore(net, ring[RING_FINAL] + ring[RING_SIZE] * level[k]);
        double p = 0.05 * (double)(k + 1);
        sum += actual < q ? (1 - p) * (q - actual) : p * (actual - q);
    }
    return 2 * sum / LEVEL_LOWER;
}

/// One forecast and its reading into the station's sums.
static void score(
    const forecast_lead *lead, const forecast_net *net, size_t now, size_t s, bool is_inside) {
    size_t n = net->n_stations;
    size_t at = now - lead->h;
    size_t days = (lead->h + 23) / 24 * 24;
    if (now < days) return;
    double actual = net->reading[now * n + s];
    double usual = net->usual[(now - days) * n + s];
    if (!isfinite(usual)) return;
    size_t slot = at % lead->n_ring;
    dosi_forecast_hour hour = forecast_issued(lead, net, at, s);
    dosi_forecast_score *to = &lead->scores[s * lead->score_stride];
    double error = hour.value - actual;
    double kept = net->last[at * n + s] - actual;
    to->n++;
    to->mae += fabs(error);
    to->rmse += error * error;
    to->bias += error;
    to->mae_persistence += fabs(kept);
    to->rmse_persistence += kept * kept;
    to->mae_yesterday += fabs(net->last[(now - days) * n + s] - actual);
    to->mae_climatology += fabs(usual - actual);
    to->coverage += is_inside;
    to->width += hour.upper - hour.lower;
    to->crps += take_crps(net, lead->ring + (slot * n + s) * RING,
                          lead->level + slot * FORECAST_LEVELS, actual);
}

/// Every few days: is another candidate clearly better than the usual one, by the samples of
/// how they differed?
static void choose(forecast_lead *lead) {
    double best = 0;
    lead->n_blocks++;
    lead->chosen = 0;
    double n = (double)lead->n_blocks;
    for (size_t k = 1; k < FORECAST_CANDIDATES; k++) {
        double gain = (lead->difference[0] - lead->difference[k]) / FORECAST_BLOCK;
        lead->block_sum[k] += gain;
        lead->block_squares[k] += gain * gain;
        double mean = lead->block_sum[k] / n;
        double variance = (lead->block_squares[k] - n * mean * mean) / (n - 1);
        if (lead->n_blocks < BLOCKS_MIN || mean <= best) continue;
        if (mean < clear_gain * sqrt(fmax(variance, 0) / n)) continue;
        best = mean;
        lead->chosen = k;
    }
    memset(lead->difference, 0, sizeof lead->difference);
    lead->n_block_hours = 0;
}

/// Errors of one hour's forecasts into the sums of persistence.
static void take_kept(forecast_lead *lead, const forecast_net *net, size_t now) {
    size_t n = net->n_stations;
    const double *z = net->z + now * n;
    const double *before = net->z + (now - lead->h) * n;
    double sum = 0;
    double n_known = 0;
    for (size_t s = 0; s < n; s++) {
        bool is_known = isfinite(net->reading[now * n + s]);
        if (!is_known || !net->is_active[(now - lead->h) * n + s]) continue;
        lead->kept += fabs(z[s] - before[s]);
        lead->n_kept++;
        sum += z[s] - before[s];
        n_known++;
    }
    if (n_known == 0) return;
    lead->day_n[now % 24]++;
    lead->day_sum[now % 24] += sum / n_known;
    lead->day_squares[now % 24] += sum / n_known * (sum / n_known);
}

static void forget(forecast_lead *lead) {
    double share = exp2(-1 / half_life_h);
    for (size_t i = 0; i < (size_t)FORECAST_SCALE * FORECAST_SCALE; i++) lead->gram[i] *= share;
    for (size_t i = 0; i < FORECAST_SCALE; i++) lead->right[i] *= share;
    for (size_t i = 0; i < FORECAST_BINS; i++) lead->count[i] *= share;
    for (size_t s = 0; s < lead->n_stations; s++) {
        lead->station_size[s] *= share;
        lead->station_n[s] *= share;
    }
}

/// An error into what is known of their size and spread.
static void learn_size(forecast_lead *lead,
                       const forecast_net *net,
                       size_t now,
                       size_t s,
                       const double *ring,
                       double error) {
    double f[FORECAST_SCALE];
    take_size_row(net, now, ring, f);
    for (size_t i = 0; i < FORECAST_SCALE; i++) {
        for (size_t j = 0; j <= i; j++) lead->gram[i * FORECAST_SCALE + j] += f[i] * f[j];
        lead->right[i] += f[i] * fabs(error);
    }
    lead->station_size[s] += fmin(fabs(error) / ring[RING_BASE], bins_end);
    lead->station_n[s]++;
    double bin = (error / ring[RING_SIZE] + bins_end) * FORECAST_BINS / (2 * bins_end);
    lead->count[(size_t)fmin(fmax(bin, 0), FORECAST_BINS - 1)]++;
}

void forecast_verify(forecast_lead *lead,
                     const forecast_net *net,
                     size_t now,
                     size_t score_from,
                     double coverage) {
    if (now < lead->h) return;
    size_t n = net->n_stations;
    size_t at = now - lead->h;
    size_t slot = at % lead->n_ring;
    const double *level = lead->level + slot * FORECAST_LEVELS;
    double loss[FORECAST_CANDIDATES] = {0};
    double missed[2] = {0};
    double n_known = 0;
    take_kept(lead, net, now);
    for (size_t s = 0; s < n; s++) {
        const double *ring = lead->ring + (slot * n + s) * RING;
        double actual = net->reading[now * n + s];
        if (!isfinite(actual) || !isfinite(ring[RING_FINAL])) continue;
        if (n_known == 0) forget(lead);
        double usual = take_usual(lead, net, at, s);
        for (size_t k = 0; k < FORECAST_CANDIDATES; k++) {
            double z = candidate(ring, k, net->z[at * n + s], usual);
            loss[k] += fabs(forecast_value(net, z) - actual);
        }
        double error = forecast_transform(net, actual) - ring[RING_FINAL];
        bool is_below = error < ring[RING_SIZE] * fmin(level[LEVEL_LOWER], 0);
        bool is_above = error > ring[RING_SIZE] * fmax(level[LEVEL_UPPER], 0);
        learn_size(lead, net, now, s, ring, error);
        if (at >= score_from) score(lead, net, now, s, !is_below && !is_above);
        missed[0] += is_below;
        missed[1] += is_above;
        n_known++;
    }
    if (n_known == 0) return;
    double aim = (1 - coverage) / 2;
    double step = 0.05 / fmax((double)lead->h, 8);
    for (size_t k = 0; k < 2; k++) {
        double miss = lead->miss[k] + step * (aim - missed[k] / n_known);
        lead->miss[k] = fmin(fmax(miss, 0.2 * aim), fmin(2 * aim, 0.45));
    }
    for (size_t k = 0; k < FORECAST_CANDIDATES; k++) lead->difference[k] += loss[k] / n_known;
    if (++lead->n_block_hours == FORECAST_BLOCK) choose(lead);
}
