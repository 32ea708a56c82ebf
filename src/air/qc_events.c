// Quality control with a network: a local event raises several pollutants, a broken instrument
// stands alone.

#include "air/qc_network.h"

#include <math.h>

/// What one station's other pollutants say.
typedef struct witness {
    size_t n; ///< Others that are measured.
    const float *excess[DOSI_AIR_COUNT];
    double sign[DOSI_AIR_COUNT];  ///< -1: ozone, which fresh NO takes away.
    double share[DOSI_AIR_COUNT]; ///< Of its excess that this pollutant's usually is.
} witness;

/// Share of another's excess that this pollutant's usually is, by least squares through zero;
/// clipped so that single hours do not decide.
static double share_of(const double *own,
                       const float *other,
                       const uint32_t *flags,
                       const uint32_t *other_flags,
                       size_t n_hours) {
    double up = 0, down = 20; // a prior of no relation
    double ups[QC_BLOCK], downs[QC_BLOCK];
    for (size_t first = 0; first < n_hours; first += QC_BLOCK) {
        size_t n = n_hours - first < QC_BLOCK ? n_hours - first : QC_BLOCK;
        for (size_t i = 0; i < n; i++) {
            double x = (double)other[first + i], y = own[first + i];
            bool is_off = (flags[first + i] | other_flags[first + i]) != 0;
            bool is_out = is_off | isnan(x) | isnan(y);
            x = is_out ? 0 : qc_low(qc_high(x, -30), 30);
            y = is_out ? 0 : qc_low(qc_high(y, -30), 30);
            ups[i] = x * y;
            downs[i] = x * x;
        }
        for (size_t i = 0; i < n; i++) {
            up += ups[i];
            down += downs[i];
        }
    }
    return up / down;
}

/// The second farthest from 0 of those on one side, the farther side's, hour by hour.
static void second_of(double (*seen)[QC_BLOCK], size_t n, double *out) {
    double up[2][QC_BLOCK] = {{0}}, down[2][QC_BLOCK] = {{0}};
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < QC_BLOCK; i++) {
            double x = seen[j][i], above = qc_high(x, 0), below = qc_high(-x, 0); // NaN: 0
            up[1][i] = qc_high(up[1][i], qc_low(up[0][i], above));
            up[0][i] = qc_high(up[0][i], above);
            down[1][i] = qc_high(down[1][i], qc_low(down[0][i], below));
            down[0][i] = qc_high(down[0][i], below);
        }
    }
    for (size_t i = 0; i < QC_BLOCK; i++) out[i] = qc_high(up[1][i], down[1][i]);
}

/// A block of hours: what the others say, off the excess and onto the expectation.
static void add_block(
    const witness *w, size_t first, size_t n, size_t station, qc_expectation *e) {
    double seen[DOSI_AIR_COUNT][QC_BLOCK], said[DOSI_AIR_COUNT][QC_BLOCK];
    double count[QC_BLOCK] = {0}, second[QC_BLOCK], event[QC_BLOCK], share[QC_BLOCK];
    size_t at = station * e->n_hours + first;
    for (size_t q = 0; q < w->n; q++) {
        for (size_t i = 0; i < QC_BLOCK; i++) {
            double x = i < n ? (double)w->excess[q][first + i] : (double)NAN;
            seen[q][i] = w->sign[q] * x;
            said[q][i] = w->share[q] * x;
            count[i] += isnan(x) ? 0 : 1;
        }
    }
    second_of(seen, w->n, second);
    qc_median_rows(seen, w->n, 3, event);
    qc_median_rows(said, w->n, 2, share);
    for (size_t i = 0; i < n; i++) {
        e->second[at + i] = count[i] < 3 ? 0 : (float)second[i];
        e->event[at + i] = (float)event[i];
        e->excess[at + i] -= share[i];
        e->expected[at + i] += share[i] * e->sigma[first + i] * e->factor[station];
    }
}

/// One station.
static void add_station(int pollutant,
                        uint32_t *const *flags,
                        float *const *excess,
                        size_t station,
                        qc_expectation *e) {
    size_t n_hours = e->n_hours, at = station * n_hours;
    witness w = {0};
    for (int q = 0; q < DOSI_AIR_COUNT; q++) {
        if (q == pollutant || !excess[q]) continue;
        w.excess[w.n] = excess[q] + at;
        w.sign[w.n] = q == DOSI_AIR_O3 ? -1 : 1;
        w.share[w.n++] = share_of(e->excess + at, excess[q] + at, flags[pollutant] + at,
                                  flags[q] + at, n_hours);
    }
    for (size_t first = 0; first < n_hours; first += QC_BLOCK) {
        size_t n = n_hours - first < QC_BLOCK ? n_hours - first : QC_BLOCK;
        add_block(&w, first, n, station, e);
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
