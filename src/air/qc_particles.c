// PM2.5 is part of PM10: where it is above it, one of the two channels is off, or they are
// swapped.

#include "dosi/quality.h"

#include <assert.h>
#include <math.h>

enum { MIN_HOURS = 4 };

/// Whether PM2.5 is above PM10 by more than two instruments may disagree.
static bool is_above(double pm10, double pm25) {
    return pm25 > pm10 + fmax(5, 0.25 * pm10);
}

/// The two channels of a station and what is expected of them (or NULL).
typedef struct channels {
    const double *pm10, *pm25, *expected10, *expected25;
} channels;

/// What hours of impossible readings are.
typedef struct verdict {
    double as_is10, as_is25, swapped; ///< Sums of relative distances from the expectation.
    size_t n_hours, n_expected;
    size_t n_known[2]; ///< Hours in which a channel has been found faulty already.
} verdict;

static bool is_missing(const channels *c, size_t h) {
    return isnan(c->pm10[h]) || isnan(c->pm25[h]);
}

/// Adds one hour.
static void weigh(verdict *v, const channels *c, size_t h) {
    v->n_hours++;
    if (!c->expected10 || !c->expected25) return;
    double expected10 = c->expected10[h], expected25 = c->expected25[h];
    double scale10 = 5 + 0.2 * fabs(expected10), scale25 = 4 + 0.2 * fabs(expected25);
    if (isnan(expected10) || isnan(expected25)) return;
    v->as_is10 += fabs(c->pm10[h] - expected10) / scale10;
    v->as_is25 += fabs(c->pm25[h] - expected25) / scale25;
    v->swapped +=
        fabs(c->pm25[h] - expected10) / scale10 + fabs(c->pm10[h] - expected25) / scale25;
    v->n_expected++;
}

/// Whether a channel has been found faulty in most of the hours, and the other has not: then it
/// explains them.
static bool is_explained(const verdict *v, int channel) {
    return 2 * v->n_known[channel] > v->n_hours && 2 * v->n_known[1 - channel] <= v->n_hours;
}

/// The end of the hours from `first` on in which PM2.5 is above PM10, and what they are.
static size_t weigh_hours(
    const channels *c, uint32_t *const *flags, size_t first, size_t n, verdict *out) {
    const uint32_t faulty =
        DOSI_QC_RANGE | DOSI_QC_FLAT | DOSI_QC_SPIKE | DOSI_QC_UNIT | DOSI_QC_DRIFT;
    verdict v = {0};
    size_t end = first;
    for (; end < n; end++) {
        if (is_missing(c, end)) continue;
        if (!is_above(c->pm10[end], c->pm25[end])) break;
        weigh(&v, c, end);
        for (int i = 0; i < 2; i++) v.n_known[i] += (flags[i][end] & faulty) != 0;
    }
    *out = v;
    return end;
}

void dosi_qc_particles(const double *const *values,
                       const double *const *expected,
                       size_t n,
                       uint32_t *const *flags) {
    assert(values && flags && (n == 0 || (values[0] && values[1] && flags[0] && flags[1])));
    const channels c = {values[0], values[1], expected ? expected[0] : NULL,
                        expected ? expected[1] : NULL};
    for (size_t first = 0; first < n;) {
        verdict v;
        size_t end = weigh_hours(&c, flags, first, n, &v);
        bool is_both = v.n_expected == 0 || v.swapped < 0.5 * (v.as_is10 + v.as_is25);
        bool is_off[2] = {is_both || v.as_is10 > v.as_is25, is_both || v.as_is25 >= v.as_is10};
        if (is_explained(&v, 0)) is_off[1] = false;
        if (is_explained(&v, 1)) is_off[0] = false;
        for (size_t h = first; h < end && v.n_hours >= MIN_HOURS; h++) {
            if (is_missing(&c, h)) continue;
            if (is_off[0]) flags[0][h] |= DOSI_QC_UNIT;
            if (is_off[1]) flags[1][h] |= DOSI_QC_UNIT;
        }
        first = end + 1;
    }
}
