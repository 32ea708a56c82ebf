// Quality control with a network: a local event raises several pollutants, a broken instrument
// stands alone.

#include "air/qc_network.h"

#include <math.h>

/// Share of `other`'s excess that this pollutant's usually is, by least squares through zero;
/// clipped so that single hours do not decide.
static double share_of(const double *own,
                       const float *other,
                       const uint32_t *flags,
                       const uint32_t *other_flags,
                       size_t n_hours) {
    double up = 0, down = 20; // a prior of no relation
    for (size_t h = 0; h < n_hours; h++) {
        double x = (double)other[h], y = own[h];
        if (isnan(x) || isnan(y) || flags[h] || other_flags[h]) continue;
        x = fmin(fmax(x, -30), 30);
        y = fmin(fmax(y, -30), 30);
        up += x * y;
        down += x * x;
    }
    return up / down;
}

/// Median of the first n of at most 5 values.
static double middle_of(double *values, size_t n) {
    return n == 0 ? 0 : qc_median(values, n);
}

/// The second farthest from 0 of n >= 2 values, of those on one side: the farther side's.
static double second_of(const double *values, size_t n) {
    double up[2] = {0, 0}, down[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double *side = values[i] > 0 ? up : down, far = fabs(values[i]);
        if (far > side[0]) {
            side[1] = side[0];
            side[0] = far;
        } else if (far > side[1]) {
            side[1] = far;
        }
    }
    return fmax(up[1], down[1]);
}

/// One station: what the others say, hour by hour, off the excess and onto the expectation.
static void add_station(int pollutant,
                        uint32_t *const *flags,
                        float *const *excess,
                        size_t station,
                        qc_expectation *e) {
    size_t n_hours = e->n_hours, at = station * n_hours;
    double share[DOSI_AIR_COUNT] = {0};
    for (int q = 0; q < DOSI_AIR_COUNT; q++) {
        if (q == pollutant || !excess[q]) continue;
        share[q] = share_of(e->excess + at, excess[q] + at, flags[pollutant] + at,
                            flags[q] + at, n_hours);
    }
    for (size_t h = 0; h < n_hours; h++) {
        double said[DOSI_AIR_COUNT], seen[DOSI_AIR_COUNT];
        size_t n = 0;
        for (int q = 0; q < DOSI_AIR_COUNT; q++) {
            if (q == pollutant || !excess[q] || isnan(excess[q][at + h])) continue;
            double x = (double)excess[q][at + h];
            seen[n] = q == DOSI_AIR_O3 ? -x : x; // fresh NO takes ozone away
            said[n++] = share[q] * x;
        }
        e->second[at + h] = n < 3 ? 0 : (float)second_of(seen, n);
        e->event[at + h] = n < 3 ? 0 : (float)middle_of(seen, n);
        double event = n < 2 ? 0 : middle_of(said, n);
        e->excess[at + h] -= event;
        e->expected[at + h] += event * e->sigma[h] * e->factor[station];
    }
}

void qc_expectation_add_events(dosi_pollutant pollutant,
                               uint32_t *const *flags,
                               float *const *excess,
                               int n_threads,
                               qc_expectation *e) {
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        add_station((int)pollutant, flags, excess, s, e);
    }
}
