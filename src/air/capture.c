// Data capture: means and percentiles that say when too little is there.

#include "dosi/capture.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

size_t dosi_capture_least(size_t n, double share) {
    double least = ceil(share * (double)n - 1e-9);
    return least < 1 ? 1 : (size_t)least;
}

double dosi_capture_mean(const double *values, size_t n, double share) {
    assert(values || n == 0);
    double sum = 0;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        m++;
    }
    return m < dosi_capture_least(n, share) ? (double)NAN : sum / (double)m;
}

void dosi_capture_running_mean(
    const double *values, size_t n, size_t hours, double share, double *out) {
    assert(hours > 0 && (n == 0 || (values && out)));
    for (size_t i = 0; i < n; i++) {
        size_t first = i + 1 < hours ? 0 : i + 1 - hours, m = 0;
        double sum = 0;
        for (size_t k = first; k <= i; k++) {
            if (isnan(values[k])) continue;
            sum += values[k];
            m++;
        }
        out[i] = m < dosi_capture_least(hours, share) ? (double)NAN : sum / (double)m;
    }
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double dosi_capture_percentile(double *values, size_t n, double p, double share) {
    assert(p > 0 && p <= 100 && (values || n == 0));
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(values[i])) values[m++] = values[i];
    }
    if (m < dosi_capture_least(n, share)) return NAN;
    qsort(values, m, sizeof *values, compare_reals);
    double rank = ceil(p / 100 * (double)m - 1e-9);
    return values[rank < 1 ? 0 : (size_t)rank - 1];
}
