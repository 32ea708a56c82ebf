// Quality control of one station's hours, and of one hour's stations. Flags, never edits.

#include "dosi/quality.h"

#include "air/qc_network.h"

#include <assert.h>
#include <math.h>

enum { MAX_NEIGHBOURS = 32, MIN_NEIGHBOURS = 3, MAX_GAP = 3, BLOCK_HOURS = 64 };

// Ranges: the measuring ranges of Korea's monitoring network (gases); the highest Asian dust
// hours with room above, and nothing below 1, the lowest reading that the network publishes
// (particles). Flat lines: longer than any run of equal hours that 40 stations of Seoul had in
// February 2020 above that level. Steps are several times the hour-to-hour changes seen there.
// See docs/methods/air-qc.md.
static const dosi_qc_limits defaults[DOSI_AIR_COUNT] = {
    [DOSI_AIR_SO2] = {0, 1, 24, 0.006, 0.04, 4, 0.1, 8, 0.06, 0.001, 0.001, 22, 0.003, 25},
    [DOSI_AIR_CO] = {0, 50, 36, 0.4, 1.5, 4, 2.5, 8, 3, 0.1, 0.3, 20, 0.4, 25},
    [DOSI_AIR_O3] = {0, 0.6, 10, 0.008, 0.05, 4, 0.05, 8, 0.1, 0.001, 0.007, 12, 0.012, 25},
    [DOSI_AIR_NO2] = {0, 2, 10, 0.003, 0.05, 4, 0.08, 8, 0.1, 0.001, 0.002, 12, 0.012, 25},
    [DOSI_AIR_PM10] = {1, 3000, 8, 6, 100, 4, 150, 8, 400, 1, 5, 12, 20, 25},
    [DOSI_AIR_PM25] = {1, 1000, 8, 4, 60, 4, 60, 8, 200, 1, 3, 12, 12, 25},
};

dosi_qc_limits dosi_qc_limits_default(dosi_pollutant pollutant) {
    assert(pollutant < DOSI_AIR_COUNT);
    return defaults[pollutant];
}

/// The last reading of the run of equal readings that begins at `first`, at most MAX_GAP
/// missing hours apart. @param count  Out: readings in it.
static size_t run_end(const double *values, size_t n, size_t first, size_t *count) {
    size_t last = first;
    *count = 1;
    for (size_t k = first + 1; k < n && k <= last + MAX_GAP + 1; k++) {
        if (isnan(values[k])) continue;
        if (values[k] != values[first]) break;
        last = k;
        (*count)++;
    }
    return last;
}

/// Flags runs of at least limits->flat_hours equal readings.
static void flag_flat(const dosi_qc_limits *limits,
                      const double *values,
                      size_t n,
                      uint32_t *flags) {
    if (limits->flat_hours < 2) return;
    for (size_t first = 0; first < n;) {
        size_t count = 0, last = run_end(values, n, first, &count);
        bool is_flat = count >= limits->flat_hours && values[first] > limits->flat_above;
        for (size_t i = first; is_flat && i <= last; i++) {
            if (!isnan(values[i])) flags[i] |= DOSI_QC_FLAT;
        }
        first = last + 1;
    }
}

/// Whether the middle of three hours stands out from both others.
static bool is_spike(const dosi_qc_limits *limits, double before, double here, double after) {
    double up = here - before, down = here - after;
    if (!(up * down > 0)) return false; // on the way from one to the other
    double step = fmin(fabs(up), fabs(down));
    return step > limits->spike_step && step > limits->spike_ratio * fabs(after - before);
}

/// Flags readings that stand out from the readings before and after, at most MAX_GAP missing
/// hours away.
static void flag_spikes(const dosi_qc_limits *limits,
                        const double *values,
                        size_t n,
                        uint32_t *flags) {
    size_t before = SIZE_MAX, here = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i])) continue;
        bool is_near =
            before != SIZE_MAX && here - before <= MAX_GAP + 1 && i - here <= MAX_GAP + 1;
        if (is_near && is_spike(limits, values[before], values[here], values[i])) {
            flags[here] |= DOSI_QC_SPIKE;
        }
        before = here;
        here = i;
    }
}

/// Flags changes from one hour to the next that are too large, at the reading after them;
/// spikes are flagged as such.
static void flag_rate(const dosi_qc_limits *limits,
                      const double *values,
                      size_t n,
                      uint32_t *flags) {
    const uint32_t explained = DOSI_QC_SPIKE | DOSI_QC_RANGE;
    if (!(limits->rate_step > 0)) return;
    for (size_t i = 1; i < n; i++) {
        if ((flags[i] | flags[i - 1]) & explained) continue;
        if (fabs(values[i] - values[i - 1]) > limits->rate_step) flags[i] |= DOSI_QC_RATE;
    }
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
    flag_spikes(limits, values, n, flags);
    flag_rate(limits, values, n, flags);
}

/// Whether `value` is far from its neighbours' median, in steps and in their own spread.
static bool is_far(const dosi_qc_limits *limits, double value, double *around, size_t n) {
    double low = around[0], high = around[0];
    for (size_t i = 1; i < n; i++) {
        low = around[i] < low ? around[i] : low;
        high = around[i] > high ? around[i] : high;
    }
    // The median lies between: nearly always this answers.
    double farthest = fmax(value - low, high - value);
    if (farthest <= limits->neighbour_step) return false;
    double middle = qc_median(around, n), distance = fabs(value - middle);
    if (!(distance > limits->neighbour_step)) return false;
    for (size_t i = 0; i < n; i++) around[i] = fabs(around[i] - middle);
    double spread = 1.4826 * qc_median(around, n); // standard deviation of a normal sample
    return distance > limits->neighbour_ratio * spread;
}

/// One reading against the neighbours that have one without a flag in its hour.
/// What this very check flags does not count, so that the order does not matter.
static bool is_unlike(const dosi_qc_limits *limits,
                      const dosi_qc_matrix *matrix,
                      const double *values,
                      size_t cell,
                      const uint32_t *flags) {
    double around[MAX_NEIGHBOURS];
    size_t n = 0, n_hours = matrix->n_hours, hour = cell % n_hours;
    const uint32_t *links = matrix->neighbours + cell / n_hours * matrix->k;
    for (size_t j = 0; j < matrix->k; j++) {
        if (links[j] == UINT32_MAX) continue;
        size_t other = links[j] * n_hours + hour;
        if (isnan(values[other]) || flags[other] & ~(uint32_t)DOSI_QC_NEIGHBOUR) continue;
        around[n++] = values[other];
    }
    return n >= MIN_NEIGHBOURS && is_far(limits, values[cell], around, n);
}

/// The hours of a block, station by station: the readings of a station's hours lie together.
static void compare_block(const dosi_qc_limits *limits,
                          const dosi_qc_matrix *matrix,
                          const double *values,
                          size_t first,
                          uint32_t *flags) {
    size_t n_hours = matrix->n_hours;
    size_t last = n_hours - first < BLOCK_HOURS ? n_hours : first + BLOCK_HOURS;
    for (size_t i = 0; i < matrix->n_stations; i++) {
        for (size_t cell = i * n_hours + first; cell < i * n_hours + last; cell++) {
            if (isnan(values[cell])) continue;
            if (is_unlike(limits, matrix, values, cell, flags))
                flags[cell] |= DOSI_QC_NEIGHBOUR;
        }
    }
}

void dosi_qc_neighbours(const dosi_qc_limits *limits,
                        const double *values,
                        size_t n_stations,
                        const uint32_t *neighbours,
                        size_t k,
                        uint32_t *flags) {
    assert(limits && k <= MAX_NEIGHBOURS && (n_stations == 0 || (values && flags)));
    const dosi_qc_matrix hour = {n_stations, 1, NULL, neighbours, k};
    compare_block(limits, &hour, values, 0, flags);
}

void dosi_qc_neighbours_all(const dosi_qc_limits *limits,
                            const dosi_qc_matrix *matrix,
                            dosi_pollutant pollutant,
                            const dosi_run *run,
                            uint32_t *flags) {
    assert(limits && matrix && flags && matrix->k <= MAX_NEIGHBOURS);
    const double *values = matrix->values[pollutant];
    int n_threads = dosi_run_threads(run); // NOLINT(*DeadStores): used by the pragma
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t first = 0; first < matrix->n_hours; first += BLOCK_HOURS) {
        compare_block(limits, matrix, values, first, flags);
    }
}
