// Quality control of hourly readings: range, flat line, spike, neighbours. Flags, never edits.

#include "dosi/air.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_NEIGHBOURS = 32, MIN_NEIGHBOURS = 3 };

// Ranges: the measuring ranges of Korea's monitoring network (gases); the highest Asian dust
// hours with room above, and nothing below 1, the lowest reading that the network publishes
// (particles). Flat lines: longer than any run of equal hours that 40 stations of Seoul had in
// February 2020 above that level. Steps are several times the hour-to-hour changes seen there.
// See docs/methods/air-qc.md.
static const dosi_qc_limits defaults[DOSI_AIR_COUNT] = {
    [DOSI_AIR_SO2] = {0, 1, 24, 0.006, 0.03, 4, 0.04, 8},
    [DOSI_AIR_CO] = {0, 50, 36, 0.4, 1.5, 4, 2.5, 8},
    [DOSI_AIR_O3] = {0, 0.6, 10, 0.008, 0.05, 4, 0.05, 8},
    [DOSI_AIR_NO2] = {0, 2, 10, 0.003, 0.05, 4, 0.08, 8},
    [DOSI_AIR_PM10] = {1, 3000, 8, 6, 100, 4, 150, 8},
    [DOSI_AIR_PM25] = {1, 1000, 8, 4, 60, 4, 60, 8},
};

dosi_qc_limits dosi_qc_limits_default(dosi_pollutant pollutant) {
    assert(pollutant < DOSI_AIR_COUNT);
    return defaults[pollutant];
}

/// Flags runs of at least limits->flat_hours equal readings.
static void flag_flat(const dosi_qc_limits *limits,
                      const double *values,
                      size_t n,
                      uint32_t *flags) {
    if (limits->flat_hours < 2) return;
    for (size_t first = 0; first < n;) {
        size_t end = first + 1;
        while (end < n && values[end] == values[first]) end++;
        if (end - first >= limits->flat_hours && values[first] > limits->flat_above) {
            for (size_t i = first; i < end; i++) flags[i] |= DOSI_QC_FLAT;
        }
        first = end;
    }
}

/// Whether the middle of three hours stands out from both others.
static bool is_spike(const dosi_qc_limits *limits, double before, double here, double after) {
    double up = here - before, down = here - after;
    if (!(up * down > 0)) return false; // missing, or on the way from one to the other
    double step = fmin(fabs(up), fabs(down));
    return step > limits->spike_step && step > limits->spike_ratio * fabs(after - before);
}

void dosi_qc_series(const dosi_qc_limits *limits,
                    const double *values,
                    size_t n,
                    uint32_t *flags) {
    assert(limits && (n == 0 || (values && flags)));
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i])) {
            flags[i] |= DOSI_QC_MISSING;
        } else if (values[i] < limits->low || values[i] > limits->high) {
            flags[i] |= DOSI_QC_RANGE;
        }
    }
    flag_flat(limits, values, n, flags);
    for (size_t i = 1; i + 1 < n; i++) {
        if (is_spike(limits, values[i - 1], values[i], values[i + 1])) {
            flags[i] |= DOSI_QC_SPIKE;
        }
    }
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// Median of n >= 1 values, which are sorted on the way.
static double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, compare_reals);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/// Whether `value` is far from its neighbours' median, in steps and in their own spread.
static bool is_far(const dosi_qc_limits *limits, double value, double *around, size_t n) {
    double middle = median(around, n);
    for (size_t i = 0; i < n; i++) around[i] = fabs(around[i] - middle);
    double spread = 1.4826 * median(around, n); // standard deviation of a normal sample
    double distance = fabs(value - middle);
    return distance > limits->neighbour_step && distance > limits->neighbour_ratio * spread;
}

void dosi_qc_neighbours(const dosi_qc_limits *limits,
                        const double *values,
                        size_t n_stations,
                        const uint32_t *neighbours,
                        size_t k,
                        uint32_t *flags) {
    assert(limits && k <= MAX_NEIGHBOURS && (n_stations == 0 || (values && flags)));
    for (size_t i = 0; i < n_stations; i++) {
        double around[MAX_NEIGHBOURS];
        size_t n = 0;
        if (isnan(values[i])) continue;
        for (size_t j = 0; j < k; j++) {
            uint32_t other = neighbours[i * k + j];
            if (other == UINT32_MAX || isnan(values[other])) continue;
            // What this very check flags does not count, so that the order does not matter.
            if (flags[other] & ~(uint32_t)DOSI_QC_NEIGHBOUR) continue;
            around[n++] = values[other];
        }
        if (n < MIN_NEIGHBOURS) continue;
        if (is_far(limits, values[i], around, n)) flags[i] |= DOSI_QC_NEIGHBOUR;
    }
}
