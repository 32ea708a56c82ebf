// Drift and offset: segments in which a station stays on one side of what its network says.

#include "air/qc_network.h"

#include <math.h>
#include <stdlib.h>

enum { MIN_HOURS = 24, ONSET_HOURS = 36 };

// A reading counts for a segment by what it is above the allowance, at most this far.
static const double allowance = 1.5, most = 6;

static const double most_uneven = 0.35;

// A segment in which the station's other pollutants are up by so many standard deviations on
// average is a plume.
static const double most_event = 1.0;

/// A segment of hours.
typedef struct segment {
    size_t first, last; ///< Hours.
    size_t n;           ///< Readings in it.
    double score;
} segment;

/// What one station brings to the search.
typedef struct search {
    const double *values, *expected, *excess;
    const uint32_t *flags;
    size_t n_hours;
    double sign; ///< Which side is looked at.
    double drift_step, threshold;
    double chance;      ///< What the gain of a start varies by: chi-squared, 1 degree, 95 %.
    const float *event; ///< (hours) what the other pollutants say; NULL: nothing.
    double event_sign;  ///< What they say of this side: 1, or -1 for less of it (ozone: more).
    double *held;       ///< (hours) room.
} search;

static inline bool is_seen(const search *s, size_t h) {
    const uint32_t off = DOSI_QC_RANGE | DOSI_QC_SPIKE | DOSI_QC_UNIT;
    bool is_event = s->event && fabs((double)s->event[h]) > QC_EVENT;
    return !isnan(s->excess[h]) && !(s->flags[h] & off) && !is_event;
}

/// Sum of squares that a model of the onset takes away: 0 before `start`, then a step or a
/// ramp.
static double explained(const search *s, size_t start, size_t end, bool is_ramp) {
    double up = 0, down = 0;
    for (size_t h = start; h <= end; h++) {
        if (!is_seen(s, h)) continue;
        double shape = is_ramp ? (double)(h - start + 1) : 1;
        up += shape * s->sign * s->excess[h];
        down += shape * shape;
    }
    return up > 0 ? up * up / down : 0;
}

/// Where a segment begins: the start of the ramp or step that explains its onset best.
static size_t onset(const search *s, const segment *found, size_t earliest) {
    size_t from = found->first > earliest + ONSET_HOURS ? found->first - ONSET_HOURS : earliest;
    size_t end = found->first;
    while (end < found->last && end < found->first + ONSET_HOURS) {
        if (is_seen(s, end) && s->sign * s->excess[end] > 12 && end > found->first + 6) break;
        end++;
    }
    size_t best = found->first;
    double gain[2 * ONSET_HOURS + 1] = {0}, most_explained = 0;
    for (size_t start = from; start <= end; start++) {
        double step = explained(s, start, end, false), ramp = explained(s, start, end, true);
        gain[start - from] = fmax(step, ramp);
        if (gain[start - from] > most_explained) {
            most_explained = gain[start - from];
            best = start;
        }
    }
    // The latest start that explains the onset as well, within what chance makes of it.
    for (size_t start = best + 1; start <= found->first; start++) {
        if (gain[start - from] > most_explained - s->chance) best = start;
    }
    return best;
}

/// How far the readings of [first, last] are from a step, or from a ramp from `first` on: the
/// median distance in units of the median height. An instrument that is off is off evenly; a
/// plume comes and goes with the wind. @param held (hours) room.
static double unevenness(const search *s, size_t first, size_t last, double *held) {
    size_t n = 0;
    for (size_t h = first; h <= last; h++) {
        if (is_seen(s, h)) held[n++] = s->sign * (s->values[h] - s->expected[h]);
    }
    if (n == 0) return INFINITY;
    double height = qc_median(held, n);
    for (size_t i = 0; i < n; i++) held[i] = fabs(held[i] - height);
    double from_step = qc_median(held, n);
    n = 0;
    for (size_t h = first; h <= last; h++) {
        if (!is_seen(s, h)) continue;
        held[n++] = s->sign * (s->values[h] - s->expected[h]) / (double)(h - first + 1);
    }
    double slope = qc_median(held, n);
    n = 0;
    for (size_t h = first; h <= last; h++) {
        if (!is_seen(s, h)) continue;
        held[n++] =
            fabs(s->sign * (s->values[h] - s->expected[h]) - slope * (double)(h - first + 1));
    }
    double from_ramp = qc_median(held, n);
    return height > 0 ? fmin(from_step, from_ramp) / height : (double)INFINITY;
}

/// Whether the station's other pollutants were up as well: a plume, no fault.
static bool is_plume(const search *s, size_t first, size_t last) {
    double sum = 0, n = 0;
    for (size_t h = first; h <= last && s->event; h++) {
        if (isnan(s->excess[h])) continue;
        sum += s->event_sign * (double)s->event[h];
        n += 1;
    }
    return n > 0 && sum > most_event * n;
}

/// Where a segment ends: where the sum of what is above half of its typical height is largest.
/// Behind it the air may stay above the allowance for a while.
static size_t ending(const search *s, size_t first, size_t last) {
    size_t n = 0, end = last;
    for (size_t h = first; h <= last; h++) {
        if (is_seen(s, h)) s->held[n++] = s->sign * s->excess[h];
    }
    if (n == 0) return last;
    double height = qc_median(s->held, n), sum = 0, highest = 0;
    for (size_t h = first; h <= last; h++) {
        if (!is_seen(s, h)) continue;
        double excess = qc_low(qc_high(s->sign * s->excess[h], -height), 2 * height);
        sum += excess - 0.5 * height;
        if (sum >= highest) {
            highest = sum;
            end = h;
        }
    }
    return end;
}

/// Whether a segment is long, far and even enough.
static bool is_drift(const search *s, size_t first, size_t last) {
    double sum = 0, expected = 0;
    size_t n = 0, n_zero = 0;
    for (size_t h = first; h <= last; h++) {
        if (!is_seen(s, h)) continue;
        sum += s->sign * (s->values[h] - s->expected[h]);
        expected += s->expected[h];
        n_zero += s->values[h] <= 0;
        n++;
    }
    // Below: readings end at zero, so that less is far where little is expected.
    double least = s->sign > 0 ? s->drift_step * (double)n
                               : fmin(s->drift_step * (double)n, 0.6 * expected);
    if (n < MIN_HOURS || !(sum > least) || is_plume(s, first, last)) return false;
    // Held at zero it cannot be even: the expectation moves, the reading does not.
    return 2 * n_zero > n || unevenness(s, first, last, s->held) < most_uneven;
}

/// The next segment of largest sum from hour `from` on; false when there is none. A segment
/// ends at its peak when the sum has fallen by the threshold from there.
static bool next_segment(const search *s, size_t from, segment *out) {
    double sum = 0;
    size_t first = from, n = 0;
    segment best = {.score = 0};
    for (size_t h = from; h < s->n_hours; h++) {
        if (!is_seen(s, h)) continue;
        if (sum <= 0) {
            if (best.score >= s->threshold) break;
            best.score = sum = 0;
            first = h;
            n = 0;
        }
        double excess = qc_low(qc_high(s->sign * s->excess[h], -most), most);
        sum += excess - allowance;
        n++;
        if (sum > best.score) best = (segment){first, h, n, sum};
        if (sum < best.score - s->threshold && best.score >= s->threshold) break;
    }
    *out = best;
    return best.score >= s->threshold;
}

/// Flags the segments of one side.
static void flag_side(const search *s, uint32_t *flags) {
    size_t from = 0;
    segment found;
    while (from < s->n_hours && next_segment(s, from, &found)) {
        size_t first = onset(s, &found, from);
        found.last = ending(s, first, found.last);
        if (is_drift(s, first, found.last)) {
            for (size_t h = first; h <= found.last; h++) {
                if (!isnan(s->values[h])) flags[h] |= DOSI_QC_DRIFT;
            }
        }
        from = found.last + 1;
    }
}

void qc_flag_drift(const dosi_qc_limits *limits,
                   const double *values,
                   const qc_expectation *e,
                   size_t station,
                   double *held,
                   uint32_t *flags) {
    if (!(limits->drift_score > 0)) return;
    double rho = e->rho[station];
    search s = {.values = values,
                .expected = e->expected + station * e->n_hours,
                .excess = e->excess + station * e->n_hours,
                .flags = flags,
                .n_hours = e->n_hours,
                .event = e->event ? e->event + station * e->n_hours : NULL,
                .held = held,
                .drift_step = limits->drift_step,
                .chance = 3.84 * (1 + rho) / (1 - rho),
                .threshold = limits->drift_score * sqrt((1 + rho) / (1 - rho))};
    s.sign = 1;
    s.event_sign = e->event_sign;
    flag_side(&s, flags);
    s.sign = -1;
    s.event_sign = -s.event_sign;
    flag_side(&s, flags);
}
