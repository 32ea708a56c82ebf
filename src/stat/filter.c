// Rolling means, filters and what describes a span of hours; how one series follows another.

#include "dosi/trend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HOURS_OF_A_DAY = 24 };

/// Mean of value[first..last], both within 0..n; NaN when fewer than `need` are there. Summed
/// afresh: a running sum would carry rounding from one end to the other.
static double mean_of(const double *value, size_t first, size_t last, double need) {
    double sum = 0;
    size_t n = 0;
    for (size_t i = first; i <= last; i++) {
        if (isnan(value[i])) continue;
        sum += value[i];
        n++;
    }
    return n > 0 && (double)n >= need ? sum / (double)n : (double)NAN;
}

void dosi_rolling_mean(const double *value,
                       size_t n,
                       size_t width,
                       double capture,
                       dosi_align align,
                       double *out) {
    assert(width > 0 && out != value);
    size_t before = align == DOSI_ALIGN_RIGHT    ? width - 1
                    : align == DOSI_ALIGN_CENTRE ? width / 2
                                                 : 0;
    for (size_t i = 0; i < n; i++) {
        size_t first = i > before ? i - before : 0, last = i + (width - 1 - before);
        out[i] = mean_of(value, first, last < n ? last : n - 1, capture * (double)width);
    }
}

/// Highest of the values that are there; NaN without any.
static double highest(const double *value, size_t n) {
    double most = NAN;
    for (size_t i = 0; i < n; i++) most = fmax(most, value[i]);
    return most;
}

/// Days on which some value is above the limit.
static size_t days_above(const double *value, size_t n, size_t a_day, double limit) {
    size_t n_days = 0;
    for (size_t day = 0; day < n; day += a_day) {
        size_t rest = n - day < a_day ? n - day : a_day;
        n_days += highest(value + day, rest) > limit;
    }
    return n_days;
}

dosi_status dosi_span_describe(const double *value,
                               size_t n,
                               const dosi_span_rules *rules,
                               dosi_span_statistics *out,
                               dosi_error *err) {
    double *work = malloc((n + 1) * sizeof *work);
    if (!work) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    dosi_span_statistics s = {.n = 0};
    for (size_t i = 0; i < n; i++) s.n_hours_above += value[i] > rules->limit_1h;
    size_t n_days = 0;
    for (size_t day = 0; day < n; day += HOURS_OF_A_DAY) {
        size_t last = day + HOURS_OF_A_DAY <= n ? day + HOURS_OF_A_DAY - 1 : n - 1;
        work[n_days++] = mean_of(value, day, last, rules->capture * HOURS_OF_A_DAY);
    }
    s.max_daily = highest(work, n_days);
    s.n_days_above = days_above(work, n_days, 1, rules->limit_24h);
    dosi_rolling_mean(value, n, 8, rules->capture, DOSI_ALIGN_RIGHT, work);
    s.max_8h = highest(work, n);
    s.n_days_8h_above = days_above(work, n, HOURS_OF_A_DAY, rules->limit_8h);
    dosi_rolling_mean(value, n, HOURS_OF_A_DAY, rules->capture, DOSI_ALIGN_RIGHT, work);
    s.max_24h = highest(work, n);
    if (n) memcpy(work, value, n * sizeof *work);
    s.n = dosi_sort_present(work, n);
    double sum = 0;
    for (size_t i = 0; i < s.n; i++) sum += work[i];
    s.capture = n ? (double)s.n / (double)n : 0;
    s.mean = s.n ? sum / (double)s.n : (double)NAN;
    s.min = dosi_quantile_sorted(work, s.n, 0);
    s.median = dosi_quantile_sorted(work, s.n, 0.5);
    s.p95 = dosi_quantile_sorted(work, s.n, 0.95);
    s.p99 = dosi_quantile_sorted(work, s.n, 0.99);
    s.max = dosi_quantile_sorted(work, s.n, 1);
    free(work);
    *out = s;
    return DOSI_OK;
}

dosi_status dosi_kz_filter(const double *value,
                           size_t n,
                           size_t width,
                           size_t n_rounds,
                           double *out,
                           dosi_error *err) {
    assert(width % 2 == 1);
    double *work = malloc((n + 1) * sizeof *work);
    if (!work) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    if (out != value && n) memcpy(out, value, n * sizeof *out);
    for (size_t round = 0; round < n_rounds; round++) {
        dosi_rolling_mean(out, n, width, 0, DOSI_ALIGN_CENTRE, work);
        if (n) memcpy(out, work, n * sizeof *out);
    }
    free(work);
    return DOSI_OK;
}

/// How far a window reaches when the change there is `change`, of at most `most`.
static size_t reach_of(size_t half, size_t half_min, double change, double most) {
    if (!(most > 0) || isnan(change)) return half;
    size_t reach = (size_t)((1 - change / most) * (double)half);
    return reach < half_min ? half_min : reach;
}

/// Mean of what is there within `behind` and `ahead` of value i.
static double mean_around(
    const double *value, size_t n, size_t i, size_t behind, size_t ahead) {
    size_t last = i + ahead < n ? i + ahead : n - 1;
    return mean_of(value, i > behind ? i - behind : 0, last, 0);
}

/// How much a smooth series changes over each window; the largest of these.
static double changes_over(const double *smooth, size_t n, size_t half, double *change) {
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t before = i > half ? i - half : 0, after = i + half < n ? i + half : n - 1;
        change[i] = fabs(smooth[after] - smooth[before]);
        most = fmax(most, change[i]);
    }
    return most;
}

dosi_status dosi_kza_filter(
    const double *value, size_t n, const dosi_kza *options, double *out, dosi_error *err) {
    assert(options->width % 2 == 1 && options->min_width % 2 == 1);
    size_t half = options->width / 2, half_min = options->min_width / 2;
    double *memory = calloc(3 * n + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    double *smooth = memory, *change = memory + n, *work = change + n;
    dosi_status status =
        dosi_kz_filter(value, n, options->width, options->n_rounds, smooth, err);
    if (status != DOSI_OK) {
        free(memory);
        return status;
    }
    double most = changes_over(smooth, n, half, change);
    if (out != value && n) memcpy(out, value, n * sizeof *out);
    for (size_t round = 0; round < options->n_rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            double growth = i + 1 < n ? change[i + 1] - change[i] : 0;
            size_t narrow = reach_of(half, half_min, change[i], most);
            work[i] =
                mean_around(out, n, i, growth < 0 ? narrow : half, growth > 0 ? narrow : half);
        }
        if (n) memcpy(out, work, n * sizeof *out);
    }
    free(memory);
    return DOSI_OK;
}

void dosi_fill_gaps(double *value, size_t n) {
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i])) continue;
        for (size_t k = last + 1; last != SIZE_MAX && k < i; k++) {
            double part = (double)(k - last) / (double)(i - last);
            value[k] = value[last] + part * (value[i] - value[last]);
        }
        last = i;
    }
}

dosi_model_score dosi_model_compare(const double *modelled, const double *observed, size_t n) {
    dosi_model_score s = {0};
    double sum_m = 0, sum_o = 0, gross = 0, squares = 0, near_two = 0, spread = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(modelled[i]) || isnan(observed[i])) continue;
        double ratio = modelled[i] / observed[i], d = modelled[i] - observed[i];
        s.n++;
        sum_m += modelled[i];
        sum_o += observed[i];
        gross += fabs(d);
        squares += d * d;
        near_two += ratio >= 0.5 && ratio <= 2;
    }
    double count = (double)s.n, mean_m = sum_m / count, mean_o = sum_o / count;
    double mm = 0, mo = 0, oo = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(modelled[i]) || isnan(observed[i])) continue;
        double a = modelled[i] - mean_m, b = observed[i] - mean_o;
        spread += fabs(b);
        mm += a * a;
        mo += a * b;
        oo += b * b;
    }
    s.fac2 = near_two / count;
    s.mb = (sum_m - sum_o) / count;
    s.mge = gross / count;
    s.nmb = (sum_m - sum_o) / sum_o;
    s.nmge = gross / sum_o;
    s.rmse = sqrt(squares / count);
    s.r = mo / sqrt(mm * oo);
    s.coe = 1 - gross / spread;
    s.ioa = gross <= 2 * spread ? 1 - gross / (2 * spread) : 2 * spread / gross - 1;
    return s;
}
