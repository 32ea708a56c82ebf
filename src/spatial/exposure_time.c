// Errors over time: how rough each time is, how errors last, and means over periods.

#include "dosi/num.h"
#include "spatial/exposure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_TIMES = 8, MAX_LAGS = 256 };

/// How many values are drawn in by chance, on average over all times.
static const double drawn_by_chance = 0.05;

// --- scales --------------------------------------------------------------------------------

/// A time's squared errors z' B z and their degrees of freedom.
typedef struct roughness {
    double square, freedom;
} roughness;

/// All times, and the prior on its way.
typedef struct scale_work {
    const roughness *times;
    size_t n;
    double prior_freedom;
} scale_work;

/// Those of map `m`; negative freedom without values.
static roughness find_roughness(const dosi_year *year, size_t m) {
    const double *value = year->values + m * year->n, *dual = year->dual + m * year->n;
    roughness r = {0, -1};
    for (size_t i = 0; i < year->n; i++) {
        if (!isfinite(value[i])) continue;
        r.square += value[i] * dual[i];
        r.freedom += 1;
    }
    r.square = fmax(r.square, 0);
    return r;
}

/// Minus twice the log likelihood of the prior, up to a constant: square / scale is freedom
/// times F-distributed.
static double scale_loss(void *context, double log_scale) {
    const scale_work *w = context;
    double nu = w->prior_freedom, scale = exp(log_scale), sum = 0;
    for (size_t i = 0; i < w->n; i++) {
        double k = w->times[i].freedom;
        sum += k * log(nu * scale) + (k + nu) * log1p(w->times[i].square / (nu * scale)) +
               2 * (lgamma(nu / 2) - lgamma((k + nu) / 2));
    }
    return sum;
}

/// Where the best scale for a prior's freedom is looked for: around the times' mean.
static void scale_interval(const scale_work *w, double *out) {
    double mean = 0, count = 0;
    for (size_t i = 0; i < w->n; i++) {
        mean += w->times[i].square;
        count += w->times[i].freedom;
    }
    out[0] = log(fmax(mean / count, 1e-300)) - 7;
    out[1] = out[0] + 14;
}

static double freedom_loss(void *context, double log_freedom) {
    scale_work *w = context;
    double interval[2], loss = 0;
    w->prior_freedom = exp(log_freedom);
    scale_interval(w, interval);
    (void)dosi_minimise(scale_loss, w, interval, 1e-6, &loss);
    return loss;
}

/// Fits the prior to times with enough values.
static void fit_prior(scale_work *w, dosi_exposure_scales *out) {
    const double freedoms[2] = {log(3), log(1000)};
    double scales[2];
    out->prior_freedom = exp(dosi_minimise(freedom_loss, w, freedoms, 1e-4, NULL));
    w->prior_freedom = out->prior_freedom;
    scale_interval(w, scales);
    out->prior = exp(dosi_minimise(scale_loss, w, scales, 1e-8, NULL));
}

dosi_status dosi_exposure_find_scales(const dosi_year *year,
                                      dosi_exposure_scales *out,
                                      dosi_error *err) {
    assert(year && out && out->scale && out->freedom);
    roughness *times = calloc(2 * year->n_maps + 1, sizeof *times);
    if (!times) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", year->n_maps);
    roughness *enough = times + year->n_maps;
    size_t n_enough = 0;
    for (size_t m = 0; m < year->n_maps; m++) {
        times[m] = find_roughness(year, m);
        if (times[m].freedom >= 2) enough[n_enough++] = times[m];
    }
    scale_work w = {enough, n_enough, 0};
    dosi_status status = DOSI_OK;
    if (n_enough < 3) {
        status =
            dosi_fail(err, DOSI_DOMAIN, "scales: %zu times with 3 values, not 3", n_enough);
    } else {
        fit_prior(&w, out);
        for (size_t t = 0; t < year->n_times; t++) out->scale[t] = out->freedom[t] = NAN;
        for (size_t m = 0; m < year->n_maps; m++) {
            double nu = out->prior_freedom + times[m].freedom;
            out->freedom[year->time_of[m]] = nu;
            out->scale[year->time_of[m]] =
                (out->prior_freedom * out->prior + times[m].square) / (nu - 2);
        }
    }
    free(times);
    return status;
}

// --- score ---------------------------------------------------------------------------------

double dosi_exposure_half_width(double freedom) {
    assert(freedom > 2);
    return dosi_student_quantile(freedom, 0.975) * sqrt((freedom - 2) / freedom);
}

/// Scales the leave-one-out variances by what the others of a time say; how many values are
/// inside their intervals.
static size_t scale_left_out(const dosi_year *year,
                             const dosi_exposure_scales *scales,
                             double *const loo[2]) {
    size_t n_inside = 0;
    double width = 0, width_of = 0;
    for (size_t m = 0; m < year->n_maps; m++) {
        roughness r = find_roughness(year, m);
        double freedom = scales ? scales->prior_freedom + r.freedom - 1 : 1e9;
        if (freedom != width_of && freedom > 2) {
            width = dosi_exposure_half_width(freedom);
            width_of = freedom;
        }
        for (size_t k = m * year->n; k < (m + 1) * year->n; k++) {
            double error = year->values[k] - loo[0][k];
            if (isnan(error)) continue;
            double others = fmax(r.square - error * error / loo[1][k], 0);
            if (scales) {
                loo[1][k] *= (scales->prior_freedom * scales->prior + others) / (freedom - 2);
            }
            n_inside += fabs(error) <= width * sqrt(loo[1][k]) ? 1 : 0;
        }
    }
    return n_inside;
}

dosi_status dosi_exposure_score(const dosi_year *year,
                                const dosi_exposure_scales *scales,
                                const dosi_run *run,
                                dosi_krige_score *out,
                                dosi_error *err) {
    assert(year && out);
    size_t n = year->n * year->n_maps;
    double *memory = malloc((2 * n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to leave values out");
    double *const loo[2] = {memory, memory + n};
    dosi_status status = year_leave_out(year, run, loo, err);
    if (status == DOSI_OK) {
        size_t n_inside = scale_left_out(year, scales, loo);
        *out = dosi_krige_score_of(year->values, loo[0], loo[1], n);
        if (out->n) out->coverage_95 = (double)n_inside / (double)out->n;
    }
    free(memory);
    return status;
}

/// How far a value may be from what the others make of it, over its standard deviation.
static double find_reach(double freedom, double chance) {
    return dosi_student_quantile(freedom, 1 - chance / 2) * sqrt((freedom - 2) / freedom);
}

dosi_status dosi_exposure_draw_in(const dosi_year *year,
                                  const dosi_exposure_scales *scales,
                                  const dosi_run *run,
                                  double *values,
                                  size_t *n_changed,
                                  dosi_error *err) {
    assert(year && scales && values && n_changed);
    size_t n = year->n * year->n_maps, n_values = 0;
    double *memory = malloc((2 * n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to leave values out");
    double *const loo[2] = {memory, memory + n};
    dosi_status status = year_leave_out(year, run, loo, err);
    if (status == DOSI_OK) (void)scale_left_out(year, scales, loo);
    for (size_t k = 0; k < n; k++) n_values += isfinite(year->values[k]) ? 1 : 0;
    *n_changed = 0;
    for (size_t m = 0; m < year->n_maps && status == DOSI_OK; m++) {
        double reach = NAN;
        for (size_t k = m * year->n; k < (m + 1) * year->n; k++) {
            double error = year->values[k] - loo[0][k], sd = sqrt(loo[1][k]);
            if (isnan(error) || !(fabs(error) > 4 * sd)) continue; // a cheap first look
            double freedom = scales->freedom[year->time_of[m]] - 1;
            if (isnan(reach)) reach = find_reach(freedom, drawn_by_chance / (double)n_values);
            if (!(fabs(error) > reach * sd)) continue;
            values[year->time_of[m] * year->n + k % year->n] =
                loo[0][k] + copysign(reach * sd, error);
            *n_changed += 1;
        }
    }
    free(memory);
    return status;
}

// --- memory --------------------------------------------------------------------------------

/// The autocorrelation at some lags, and what a fit weighs them by.
typedef struct lags {
    size_t n;
    double lag[MAX_LAGS], correlation[MAX_LAGS], weight[MAX_LAGS];
    double decay[MAX_LAGS], one[MAX_LAGS];
    double coefficients[2];
} lags;

/// Mean product of standardised errors `lag` times apart; `*count` of them.
static double lag_product(const dosi_year *year,
                          const double *error,
                          size_t lag,
                          double *count) {
    size_t n = year->n;
    double sum = 0;
    assert(error);
    *count = 0;
    for (size_t t = lag; t < year->n_times; t++) {
        const double *late = error + t * n, *early = error + (t - lag) * n;
        for (size_t i = 0; i < n; i++) {
            if (isnan(late[i]) || isnan(early[i])) continue;
            sum += late[i] * early[i];
            *count += 1;
        }
    }
    return sum / *count;
}

/// Autocorrelation at every lag to 48, then ever fewer.
static void find_lags(const dosi_year *year, const double *error, lags *out) {
    double count = 0, square = lag_product(year, error, 0, &count);
    out->n = 0;
    for (size_t lag = 1; lag < year->n_times && out->n < MAX_LAGS;) {
        size_t step = lag < 48 ? 1 : lag / 16;
        double product = lag_product(year, error, lag, &count);
        if (count > 0) {
            out->lag[out->n] = (double)lag;
            out->one[out->n] = 1;
            out->correlation[out->n] = product / square;
            out->weight[out->n++] = count * (double)step;
        }
        lag += step;
    }
}

/// Error of the best weights for a decay time.
static double decay_loss(void *context, double log_time) {
    lags *l = context;
    for (size_t i = 0; i < l->n; i++) l->decay[i] = exp(-l->lag[i] / exp(log_time));
    return dosi_fit_two_nonnegative(l->weight, l->correlation, l->one, l->decay, l->n,
                                    l->coefficients);
}

/// The stations' errors at all times, each over its standard deviation.
static dosi_status standardise(const dosi_year *year,
                               const double *scale,
                               const dosi_run *run,
                               double *memory,
                               dosi_error *err) {
    size_t n_maps = year->n_maps * year->n, n_all = year->n_times * year->n;
    double *error = memory, *const loo[2] = {memory + n_all, memory + n_all + n_maps};
    DOSI_TRY(year_leave_out(year, run, loo, err));
    for (size_t k = 0; k < n_all; k++) error[k] = NAN;
    for (size_t k = 0; k < n_maps; k++) {
        size_t t = year->time_of[k / year->n], i = k % year->n;
        double variance = loo[1][k] * (scale ? scale[t] : 1);
        if (variance > 0)
            error[t * year->n + i] = (year->values[k] - loo[0][k]) / sqrt(variance);
    }
    return DOSI_OK;
}

dosi_status dosi_exposure_find_memory(const dosi_year *year,
                                      const double *scale,
                                      const dosi_run *run,
                                      dosi_exposure_memory *out,
                                      dosi_error *err) {
    assert(year && out);
    if (year->n_maps < MIN_TIMES) {
        return dosi_fail(err, DOSI_DOMAIN, "memory of errors: %zu times, not %d", year->n_maps,
                         MIN_TIMES);
    }
    size_t n = year->n * (year->n_times + 2 * year->n_maps);
    double *memory = malloc((n + 1) * sizeof *memory);
    lags *l = malloc(sizeof *l);
    if (!memory || !l) {
        free(memory);
        free(l);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the stations' errors");
    }
    dosi_status status = standardise(year, scale, run, memory, err);
    if (status == DOSI_OK) {
        find_lags(year, memory, l);
        if (l->n < 2 || !isfinite(l->correlation[0])) {
            status = dosi_fail(err, DOSI_DOMAIN, "memory of errors: no errors at two times");
        }
    }
    if (status == DOSI_OK) {
        const double interval[2] = {log(0.3), log(fmax((double)year->n_times / 4, 1))};
        double best = dosi_minimise(decay_loss, l, interval, 1e-6, NULL);
        (void)decay_loss(l, best);
        double sum = fmax(l->coefficients[0] + l->coefficients[1], 1);
        *out = (dosi_exposure_memory){l->coefficients[0] / sum, l->coefficients[1] / sum,
                                      exp(best)};
    }
    free(memory);
    free(l);
    return status;
}

// --- periods -------------------------------------------------------------------------------

/// Sums of one group over one period so far.
typedef struct period_sum {
    double n, mean, sd, square;
    double faded;  ///< Sum of earlier sd x decay to `last`, the last one in.
    double paired; ///< Sum over pairs of sd x sd x decay.
    size_t last;
} period_sum;

static void add_time(const dosi_exposure_memory *memory,
                     size_t t,
                     const double *mean_sd,
                     period_sum *sum) {
    double sd = mean_sd[1];
    if (sum->n > 0) sum->faded *= exp(-(double)(t - sum->last) / memory->time);
    sum->paired += sd * sum->faded;
    sum->faded += sd;
    sum->last = t;
    sum->n += 1;
    sum->mean += mean_sd[0];
    sum->sd += sd;
    sum->square += sd * sd;
}

dosi_status dosi_exposure_find_periods(const dosi_exposure_memory *memory,
                                       const dosi_year_periods *periods,
                                       const dosi_exposure_series *series,
                                       double *const mean_variance[2],
                                       dosi_error *err) {
    assert(memory && periods && series && mean_variance[0] && mean_variance[1]);
    size_t n = series->n, n_all = periods->n * n;
    period_sum *sums = calloc(n_all + 1, sizeof *sums);
    if (!sums) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu periods", periods->n);
    for (size_t t = 0; t < series->n_times; t++) {
        size_t p = periods->period_of[t];
        for (size_t g = 0; g < n && p != UINT32_MAX; g++) {
            const double both[2] = {series->mean[t * n + g], series->sd[t * n + g]};
            if (isnan(both[0]) || isnan(both[1])) continue;
            add_time(memory, t, both, &sums[p * n + g]);
        }
    }
    for (size_t k = 0; k < n_all; k++) {
        const period_sum *s = &sums[k];
        double all = s->square + memory->lasting * (s->sd * s->sd - s->square) +
                     2 * memory->slow * s->paired;
        mean_variance[0][k] = s->n > 0 ? s->mean / s->n : (double)NAN;
        mean_variance[1][k] = s->n > 0 ? all / (s->n * s->n) : (double)NAN;
    }
    free(sums);
    return DOSI_OK;
}
