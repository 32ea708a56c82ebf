// Slopes: Theil and Sen's with a block bootstrap, Mann and Kendall's test.

#include "dosi/trend.h"

#include "dosi/num.h"
#include "dosi/random.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_POINTS = 20000 };

/// The k-th smallest of n values, which are reordered so that none before it is larger (Wirth's
/// form of quickselect).
static double select_kth(double *v, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k;
    while (low < high) {
        double pivot = v[k];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            double swapped = v[i];
            v[i++] = v[j];
            v[j--] = swapped;
        }
        if (j < wanted) low = i;
        if (wanted < i) high = j;
    }
    return v[k];
}

/// Median of n > 0 values, which are reordered.
static double median_of(double *v, size_t n) {
    double upper = select_kth(v, n, n / 2);
    if (n % 2) return upper;
    double lower = v[0]; // the largest of the lower half
    for (size_t i = 1; i < n / 2; i++) lower = fmax(lower, v[i]);
    return (lower + upper) / 2;
}

/// Median of the slopes of all pairs at different x; NaN without any.
static double median_slope(const double *x, const double *y, size_t n, double *slopes) {
    size_t n_slopes = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            double dx = x[j] - x[i];
            if (fabs(dx) > 0) slopes[n_slopes++] = (y[j] - y[i]) / dx;
        }
    }
    return n_slopes ? median_of(slopes, n_slopes) : (double)NAN;
}

/// Points of a series.
typedef struct points {
    const double *x, *y;
    size_t n;
} points;

/// The slope of one draw of blocks; `own` (2 n + pairs) is room.
static double draw_slope(const points *p,
                         const dosi_bootstrap *bootstrap,
                         size_t i_draw,
                         double *own) {
    dosi_random random = dosi_random_init(bootstrap->seed, i_draw);
    for (size_t filled = 0; filled < p->n;) {
        size_t at = dosi_random_below(&random, (uint32_t)p->n);
        for (size_t b = 0; b < bootstrap->block_length && filled < p->n; b++, filled++) {
            own[filled] = p->x[at];
            own[p->n + filled] = p->y[at];
            at = at + 1 < p->n ? at + 1 : 0;
        }
    }
    return median_slope(own, own + p->n, p->n, own + 2 * p->n);
}

/// Slopes of all draws; NaN where a draw has one x only.
static dosi_status draw_slopes(const points *p,
                               const dosi_bootstrap *bootstrap,
                               double *drawn,
                               dosi_error *err) {
    atomic_bool is_failed = false;
#pragma omp parallel num_threads(dosi_run_threads(bootstrap->run))
    {
        double *own = malloc((2 * p->n + p->n * (p->n - 1) / 2 + 1) * sizeof *own);
        if (!own) atomic_store(&is_failed, true);
#pragma omp for schedule(dynamic, 1)
        for (size_t d = 0; d < bootstrap->n_draws; d++) {
            if (own) drawn[d] = draw_slope(p, bootstrap, d, own);
        }
        free(own);
    }
    if (!atomic_load(&is_failed)) return DOSI_OK;
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the slopes of %zu points", p->n);
}

/// Interval and chance from the draws.
static void put_interval(double *drawn, const dosi_bootstrap *bootstrap, dosi_trend *trend) {
    size_t below = 0, n = dosi_sort_present(drawn, bootstrap->n_draws);
    for (size_t d = 0; d < n; d++) below += drawn[d] < 0;
    trend->low = dosi_quantile_sorted(drawn, n, (1 - bootstrap->coverage) / 2);
    trend->high = dosi_quantile_sorted(drawn, n, (1 + bootstrap->coverage) / 2);
    double share = n ? (double)below / (double)n : (double)NAN;
    trend->p = 2 * fmin(share, 1 - share);
}

/// Fits whole points.
static dosi_status fit_points(const double *x,
                              const double *y,
                              size_t n,
                              const dosi_bootstrap *bootstrap,
                              dosi_trend *out,
                              dosi_error *err) {
    size_t n_pairs = n * (n - 1) / 2;
    dosi_trend trend = {.n = n, .low = NAN, .high = NAN, .p = NAN};
    double *work = malloc((n_pairs + n + bootstrap->n_draws + 1) * sizeof *work);
    if (!work) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu slopes", n_pairs);
    double *rest = work + n_pairs, *drawn = rest + n;
    dosi_status status = DOSI_OK;
    trend.slope = median_slope(x, y, n, work);
    if (isnan(trend.slope)) {
        status = dosi_fail(err, DOSI_DOMAIN, "all points are at one time: no trend");
    } else {
        for (size_t i = 0; i < n; i++) rest[i] = y[i] - trend.slope * x[i];
        trend.intercept = median_of(rest, n);
    }
    if (status == DOSI_OK && bootstrap->n_draws) {
        status = draw_slopes(&(points){x, y, n}, bootstrap, drawn, err);
        if (status == DOSI_OK) put_interval(drawn, bootstrap, &trend);
    }
    if (status == DOSI_OK) *out = trend;
    free(work);
    return status;
}

dosi_status dosi_trend_fit(const double *x,
                           const double *y,
                           size_t n,
                           const dosi_bootstrap *bootstrap,
                           dosi_trend *out,
                           dosi_error *err) {
    double *whole = malloc((2 * n + 1) * sizeof *whole);
    if (!whole) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu points", n);
    size_t n_whole = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) continue;
        whole[n_whole] = x[i];
        whole[n + n_whole++] = y[i];
    }
    dosi_status status = DOSI_OK;
    if (n_whole < 3) {
        status = dosi_fail(err, DOSI_DOMAIN, "%zu points are too few for a trend", n_whole);
    } else if (n_whole > MAX_POINTS) {
        status = dosi_fail(err, DOSI_LIMIT, "%zu points, more than %d: average first", n_whole,
                           MAX_POINTS);
    } else {
        status = fit_points(whole, whole + n, n_whole, bootstrap, out, err);
    }
    free(whole);
    return status;
}

dosi_status dosi_mann_kendall_test(const double *value,
                                   size_t n,
                                   dosi_mann_kendall *out,
                                   dosi_error *err) {
    double *v = malloc((n + 1) * sizeof *v);
    if (!v) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    dosi_mann_kendall t = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        if (!isnan(value[i])) v[t.n++] = value[i];
    }
    for (size_t i = 0; i < t.n; i++) {
        for (size_t j = i + 1; j < t.n; j++) {
            t.s += (double)(v[j] > v[i]) - (double)(v[j] < v[i]);
        }
    }
    double m = (double)t.n, pairs = m * (m - 1) / 2, tied = 0;
    double variance = m * (m - 1) * (2 * m + 5);
    size_t n_sorted = dosi_sort_present(v, t.n);
    for (size_t i = 0, same = 1; i < n_sorted; i++, same++) {
        if (i + 1 < n_sorted && !(v[i + 1] > v[i])) continue;
        double c = (double)same;
        variance -= c * (c - 1) * (2 * c + 5);
        tied += c * (c - 1) / 2;
        same = 0;
    }
    free(v);
    double sd = sqrt(variance / 18), step = t.s > 0 ? 1 : t.s < 0 ? -1 : 0;
    t.tau = pairs > tied ? t.s / sqrt((pairs - tied) * pairs) : (double)NAN;
    t.z = sd > 0 ? (t.s - step) / sd : (double)NAN;
    t.p = erfc(fabs(t.z) / sqrt(2));
    *out = t;
    return DOSI_OK;
}
