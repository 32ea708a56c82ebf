// Flat lines against the air: how probable is it that a healthy instrument gives the same
// reading hour after hour, when the stations around say that the air moved?

#include "air/qc_network.h"

#include <math.h>

enum { MIN_HOURS = 6 };

static const double root_half = 0.70710678118654752440;

/// What is known of the noise of a station.
typedef struct noise {
    double same;   ///< Probability that a reading repeats while the air stands still.
    double factor; ///< Of the station, on the standard deviations of the hours.
} noise;

/// -ln of the probability that a healthy instrument gives `value` in hour `h`, when it is
/// `bias` off the expectation: by its noise alone, and by how far the expectation has moved
/// from it. At most ln 5: now and then the air of a place stands still while that around it
/// moves, and no few hours shall decide.
static double surprise(
    const noise *of, const qc_expectation *e, double resolution, double distance, size_t h) {
    double beyond = fmax(fabs(distance) - 0.5 * resolution, 0);
    double moved = erfc(beyond / (e->sigma[h] * of->factor) * root_half);
    return -log(fmax(of->same * moved, 0.2));
}

/// The noise of a station: a quarter of the hours are calmer than what counts.
static noise noise_of(const dosi_qc_limits *limits, const qc_expectation *e, size_t station) {
    double sd = e->calm * e->factor[station];
    return (noise){erf(0.5 * limits->resolution / sd * root_half), e->factor[station]};
}

/// How improbable hours [first, last] of equal readings are, given the best constant bias.
static double score_run(const dosi_qc_limits *limits,
                        const double *values,
                        const qc_expectation *e,
                        size_t station,
                        size_t first,
                        size_t last) {
    const double *expected = e->expected + station * e->n_hours;
    const noise of = noise_of(limits, e, station);
    double sum = 0, n = 0, score = 0;
    for (size_t h = first; h <= last; h++) {
        if (isnan(values[h]) || isnan(expected[h])) continue;
        sum += values[h] - expected[h];
        n += 1;
    }
    for (size_t h = first; h <= last && n > 0; h++) {
        if (isnan(values[h]) || isnan(expected[h])) continue;
        double distance = expected[h] + sum / n - values[h];
        score += surprise(&of, e, limits->resolution, distance, h);
    }
    return score;
}

/// The last hour of the run of equal readings that begins at `first`, across missing hours.
static size_t run_end(const double *values, size_t n, size_t first) {
    size_t last = first;
    for (size_t next = first + 1; next < n; next++) {
        if (isnan(values[next])) continue;
        if (values[next] != values[first]) break;
        last = next;
    }
    return last;
}

void qc_flag_flat_runs(const dosi_qc_limits *limits,
                       const double *values,
                       const qc_expectation *e,
                       size_t station,
                       uint32_t *flags) {
    size_t n = e->n_hours;
    if (!(limits->flat_score > 0)) return;
    for (size_t first = 0, last = 0; first < n; first = last + 1) {
        last = first;
        if (isnan(values[first])) continue;
        last = run_end(values, n, first);
        // Zero is no floor of the air: it is what an instrument below it gives.
        bool is_air = values[first] > 0 && values[first] <= limits->flat_floor;
        if (last - first < MIN_HOURS || is_air) continue;
        double score = score_run(limits, values, e, station, first, last);
        for (size_t h = first; h <= last && score > limits->flat_score; h++) {
            if (!isnan(values[h])) flags[h] |= DOSI_QC_FLAT;
        }
    }
}
