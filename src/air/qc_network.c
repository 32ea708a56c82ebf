// Quality control with a network: what the other stations make expected at each of them.
//
// Robust throughout: medians over stations, a line per station by Tukey's biweight begun at
// "reads as the network does", so that a station that is off for half of the time is not
// believed; what is left at the neighbours is added in part.

#include "air/qc_network.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_STATIONS = 4,
    MIN_NEIGHBOURS = 3,
    BLOCK_HOURS = 32,
    MAX_NEIGHBOURS = 32,
    LINE_ROWS = 5,
    FIT_HOURS = 1500,
    CLOUD_HOURS = 24
};

static const double mad_to_sd = 1.4826; // of a normal sample

// The prior "reads as the network does" counts as so many hours.
static const double prior_hours = 20;

dosi_status qc_expectation_create(const dosi_qc_matrix *matrix,
                                  qc_expectation *out,
                                  dosi_error *err) {
    size_t n = matrix->n_stations, h = matrix->n_hours;
    qc_expectation e = {.n_stations = n, .n_hours = h};
    e.common = malloc((4 * h + 1) * sizeof *e.common);
    e.factor = malloc((2 * n + 1) * sizeof *e.factor);
    e.expected = malloc((n * h + 1) * sizeof *e.expected);
    e.excess = malloc((n * h + 1) * sizeof *e.excess);
    e.used = malloc((n * h + 1) * sizeof *e.used);
    e.room = malloc((n * h + 1) * sizeof *e.room);
    if (!e.common || !e.factor || !e.expected || !e.excess || !e.used || !e.room) {
        qc_expectation_destroy(&e);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu readings", n * h);
    }
    e.spread = e.common + h;
    e.sigma = e.common + 2 * h;
    e.scale = e.common + 3 * h;
    e.rho = e.factor + n;
    *out = e;
    return DOSI_OK;
}

void qc_expectation_destroy(qc_expectation *e) {
    free(e->common);
    free(e->factor);
    free(e->expected);
    free(e->excess);
    free(e->used);
    free(e->room);
    memset(e, 0, sizeof *e);
}

/// Median over stations and 1.4826 x median distance from it, of each hour of a block.
/// @param values  (stations x hours); NaN does not count.
/// @param around_zero  The middle is 0 instead of the median.
typedef struct hour_job {
    const double *values;
    size_t n_stations, n_hours;
    bool around_zero;
    double *middle; ///< (hours) or NULL.
    double *spread; ///< (hours)
} hour_job;

static void one_hour(const hour_job *job, size_t hour, double *held, size_t n) {
    double middle = NAN, spread = NAN;
    if (n >= MIN_STATIONS) {
        middle = job->around_zero ? 0 : qc_median(held, n);
        for (size_t i = 0; i < n; i++) held[i] = fabs(held[i] - middle);
        spread = mad_to_sd * qc_median(held, n);
    }
    if (job->middle) job->middle[hour] = middle;
    job->spread[hour] = spread;
}

/// All hours; `held` has BLOCK_HOURS x n_stations values of room.
static void over_stations(const hour_job *job, size_t first, double *held) {
    size_t n_hours = job->n_hours, n[BLOCK_HOURS] = {0};
    size_t width = n_hours - first < BLOCK_HOURS ? n_hours - first : BLOCK_HOURS;
    for (size_t s = 0; s < job->n_stations; s++) {
        const double *row = job->values + s * n_hours + first;
        for (size_t b = 0; b < width; b++) {
            double value = row[b];
            held[b * job->n_stations + n[b]] = value; // overwritten by the next where missing
            n[b] += isnan(value) ? 0 : 1;
        }
    }
    for (size_t b = 0; b < width; b++) {
        one_hour(job, first + b, held + b * job->n_stations, n[b]);
    }
}

static dosi_status over_hours(const hour_job *job, const dosi_run *run, dosi_error *err) {
    int n_threads = dosi_run_threads(run); // NOLINT(*DeadStores): used by the pragma
    bool is_short = false;
#pragma omp parallel num_threads(n_threads)
    {
        double *held = malloc((BLOCK_HOURS * job->n_stations + 1) * sizeof *held);
        if (!held) {
#pragma omp atomic write
            is_short = true;
        }
#pragma omp for schedule(static)
        for (size_t first = 0; first < job->n_hours; first += BLOCK_HOURS) {
            if (held) over_stations(job, first, held);
        }
        free(held);
    }
    if (is_short) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for an hour's stations");
    return DOSI_OK;
}

/// Tukey's biweight of a distance in units of its cut.
static double biweight(double distance) {
    double rest = 1 - distance * distance;
    return rest > 0 ? rest * rest : 0;
}

/// A line y = a + b m.
typedef struct line {
    double a, b;
} line;

/// The hours of a station that have all that a line needs, side by side.
typedef struct line_hours {
    double *y, *m, *spread; ///< (n) reading, network, spread.
    double *distance;       ///< (n) from the line, in units of the spread.
    double *held;           ///< (n) room.
    size_t n;
    double prior_scale; ///< One hour's worth.
} line_hours;

/// Takes every `step`th hour. @param room (LINE_ROWS x (n_hours + 1))
static line_hours take_hours(const qc_expectation *e,
                             const double *used,
                             size_t step,
                             double *room) {
    size_t n = 0, width = e->n_hours + 1;
    line_hours of = {.y = room,
                     .m = room + width,
                     .spread = room + 2 * width,
                     .distance = room + 3 * width,
                     .held = room + 4 * width};
    for (size_t h = 0; h < e->n_hours; h += step) {
        of.y[n] = used[h];
        of.m[n] = e->common[h];
        of.spread[n] = e->spread[h];
        n += isnan(used[h]) || isnan(e->common[h]) ? 0 : 1;
    }
    of.n = n;
    for (size_t i = 0; i < n; i++) of.prior_scale += 1 / (of.spread[i] * of.spread[i]);
    if (n > 0) of.prior_scale *= 1 / (double)n;
    return of;
}

/// Where the biweight cuts, from the distances of the better half: these are worked out.
static double cut_of(line_hours *of, line from) {
    size_t n = 0;
    for (size_t i = 0; i < of->n; i++) {
        of->distance[i] = (of->y[i] - from.a - from.b * of->m[i]) / of->spread[i];
    }
    for (size_t i = 0; i < of->n; i++) {
        of->held[n] = fabs(of->distance[i]);
        n += isnan(of->distance[i]) ? 0 : 1;
    }
    double cut = n ? 4.685 * mad_to_sd * qc_median(of->held, n) : 0;
    return qc_low(qc_high(cut, 1.5), 7);
}

/// One step of reweighted least squares from a line, held near "reads as the network does" by
/// a prior worth a few hours.
static line refit(line_hours *of, line from) {
    double w = 0, wm = 0, wy = 0, wmm = 0, wmy = 0, cut = cut_of(of, from);
    double *weights = of->held;
    if (of->n == 0) return (line){0, 1};
    for (size_t i = 0; i < of->n; i++) {
        weights[i] = biweight(of->distance[i] / cut) / (of->spread[i] * of->spread[i]);
    }
    for (size_t i = 0; i < of->n; i++) {
        double weight = weights[i], m = of->m[i], y = of->y[i];
        w += weight;
        wm += weight * m;
        wy += weight * y;
        wmm += weight * m * m;
        wmy += weight * m * y;
    }
    double level = w > 0 ? wm / w : 0;
    double pa = prior_hours * of->prior_scale, pb = pa * (level * level);
    // normal equations of the weighted hours and the prior a = 0, b = 1
    double saa = w + pa, sab = wm, sbb = wmm + pb, ya = wy, yb = wmy + pb;
    double determinant = saa * sbb - sab * sab;
    if (!(determinant > 1e-12 * saa * sbb)) return from;
    return (line){(ya * sbb - yb * sab) / determinant, (yb * saa - ya * sab) / determinant};
}

/// The station's line. What is cut off follows from the distances of the better half, so that
/// a second cloud of points, such as an offset makes, does not pull.
/// @param room (LINE_ROWS x (n_hours + 1))
static line fit_line(const qc_expectation *e, const double *used, double *room) {
    line fitted = {0, 1};
    // The way there by some of the hours of a long series, the end by all.
    size_t some = e->n_hours / FIT_HOURS + 1;
    while (some % 2 == 0 || some % 3 == 0) some++; // not the same hours of every day
    line_hours of = take_hours(e, used, some, room);
    for (size_t i = 0; i < 10; i++) {
        if (i == 8 && some > 1) of = take_hours(e, used, 1, room);
        fitted = refit(&of, fitted);
        fitted.b = fmin(fmax(fitted.b, 0), 4);
    }
    return fitted;
}

/// Median of those of n values that are there; 0 with too few.
static double median_of_present(const double *const *left, size_t n, size_t hour) {
    double held[MAX_NEIGHBOURS];
    size_t m = 0;
    for (size_t j = 0; j < n; j++) {
        if (!isnan(left[j][hour])) held[m++] = left[j][hour];
    }
    return m < MIN_NEIGHBOURS ? 0 : qc_median(held, m);
}

/// Median of what is left at the neighbours of a station in each hour; 0 with too few of them.
static void around(const dosi_qc_matrix *matrix,
                   const double *left,
                   size_t station,
                   double *out) {
    const double *of[MAX_NEIGHBOURS];
    double rows[QC_ROWS][QC_BLOCK];
    size_t n = 0, n_hours = matrix->n_hours, h = 0;
    for (size_t j = 0; j < matrix->k; j++) {
        uint32_t other = matrix->neighbours[station * matrix->k + j];
        if (other != UINT32_MAX) of[n++] = left + other * n_hours;
    }
    for (; n >= MIN_NEIGHBOURS && n <= QC_ROWS && h + QC_BLOCK <= n_hours; h += QC_BLOCK) {
        for (size_t j = 0; j < n; j++) memcpy(rows[j], of[j] + h, sizeof rows[j]);
        qc_median_rows(rows, n, MIN_NEIGHBOURS, out + h);
    }
    for (; h < n_hours; h++) out[h] = median_of_present(of, n, h);
}

/// The share of the neighbours' rest that a station usually has, from `share`: one step of
/// reweighted least squares.
static double refit_share(const qc_expectation *e,
                          const double *own,
                          const double *rest,
                          double share) {
    double up = 0, down = 0, ups[QC_BLOCK], downs[QC_BLOCK];
    for (size_t first = 0; first < e->n_hours; first += QC_BLOCK) {
        size_t n = e->n_hours - first < QC_BLOCK ? e->n_hours - first : QC_BLOCK;
        const double *x = rest + first, *y = own + first, *scale = e->scale + first;
        for (size_t i = 0; i < n; i++) {
            double weight = biweight((y[i] - share * x[i]) * scale[i] / 4.685);
            double a = weight * x[i] * y[i] * scale[i] * scale[i];
            double b = weight * x[i] * x[i] * scale[i] * scale[i];
            ups[i] = isnan(y[i]) ? 0 : a;
            downs[i] = isnan(y[i]) ? 0 : b;
        }
        for (size_t i = 0; i < n; i++) {
            up += ups[i];
            down += downs[i];
        }
    }
    return down > 0 ? fmin(fmax(up / (down + 2), 0), 1) : 0;
}

/// Adds to a station's expectation the share of the neighbours' rest that it usually has.
static void add_neighbours(const dosi_qc_matrix *matrix,
                           const double *left,
                           size_t station,
                           qc_expectation *e) {
    size_t n_hours = e->n_hours;
    double *expected = e->expected + station * n_hours;
    double *rest = e->excess + station * n_hours; // room that is free as yet
    const double *own = left + station * n_hours;
    around(matrix, left, station, rest);
    double share = 0.5;
    for (int i = 0; i < 4; i++) share = refit_share(e, own, rest, share);
    for (size_t h = 0; h < n_hours; h++) expected[h] += share * rest[h];
}

/// Median absolute value of a station's `excess`, in standard deviations.
static double typical_excess(const double *used, const double *excess, size_t n, double *held) {
    size_t m = 0;
    for (size_t h = 0; h < n; h++) {
        held[m] = fabs(excess[h]);
        m += isnan(used[h]) || isnan(excess[h]) ? 0 : 1;
    }
    return m == 0 ? (double)NAN : mad_to_sd * qc_median(held, m);
}

/// Middle and standard deviation of a station's `excess`.
typedef struct cloud {
    double middle, deviation;
} cloud;

/// Whether two fifths of the values may lie so close together, near zero, that the station is
/// moved. A count in bins answers no where sorting would: then nothing needs sorting.
static bool may_be_dense(const double *values, size_t n, double typical) {
    // A window that counts is narrower than 2 x 0.85 x 0.5244 x typical = 0.892 typical, so at
    // most 30 bins wide and one more touched, within 0.5 + 0.446 typical of zero.
    enum { BINS = 68, WINDOW = 32 };
    const double bin = typical / 32;
    size_t counts[BINS] = {0}, inside = 0, most_inside = 0;
    for (size_t i = 0; i < n; i++) {
        double place = values[i] / bin + 0.5 * BINS;
        if (place >= 0 && place < BINS) counts[(size_t)place]++;
    }
    for (size_t b = 0; b < BINS; b++) {
        inside += counts[b];
        if (b >= WINDOW) inside -= counts[b - WINDOW];
        if (inside > most_inside) most_inside = inside;
    }
    return most_inside > 2 * n / 5; // that many and one more make the window
}

/// The densest two fifths of a station's `excess` whose middle is at most half of `typical` off
/// zero; of a normal sample the deviation is the standard deviation. With too few hours:
/// `typical` around zero. @param held (2 hours) room.
static cloud densest_cloud(
    const double *used, const double *excess, size_t n, double typical, double *held) {
    const double normal_width = 0.5244; // of two fifths of a normal sample, on each side
    cloud found = {0, typical};
    size_t m = 0;
    for (size_t h = 0; h < n; h++) {
        held[m] = excess[h];
        m += isnan(used[h]) || isnan(excess[h]) ? 0 : 1;
    }
    if (m < CLOUD_HOURS || !may_be_dense(held, m, typical)) return found;
    // A window that counts lies within 0.5 + 0.446 typical of zero: the others need no order.
    const double interval[] = {-0.95 * typical, 0.95 * typical};
    size_t part = 2 * m / 5, n_near = 0;
    for (size_t i = 0; i < m; i++) {
        held[n_near] = held[i];
        n_near += fabs(held[i]) <= interval[1] ? 1 : 0;
    }
    qc_sort_within(held, n_near, interval, held + n);
    double least = INFINITY;
    for (size_t i = 0; i + part < n_near; i++) {
        double middle = 0.5 * (held[i] + held[i + part]);
        double width = 0.5 * (held[i + part] - held[i]);
        if (fabs(middle) > 0.5 * typical || !(width < least)) continue;
        least = width;
        found = (cloud){middle, width / normal_width};
    }
    return found;
}

/// Moves a station whose hours lie in two clouds, as an offset for about half of the time makes
/// them, so that the healthy one, the nearer to zero, is at zero; the typical excess then.
/// @param held (2 hours) room.
static double centre_station(qc_expectation *e,
                             const double *used,
                             size_t station,
                             double *held) {
    size_t n = e->n_hours, at = station * n;
    double typical = typical_excess(used + at, e->excess + at, n, held);
    if (!(typical > 0)) return typical;
    cloud found = densest_cloud(used + at, e->excess + at, n, typical, held);
    if (!(found.deviation < 0.85 * typical)) return typical;
    for (size_t h = 0; h < n; h++) {
        e->excess[at + h] -= found.middle;
        e->expected[at + h] += found.middle * e->sigma[h];
    }
    return typical_excess(used + at, e->excess + at, n, held);
}

/// Correlation of clipped neighbours in time.
static double lag_one(const double *used, const double *excess, size_t n) {
    double up = 0, down = 0, before = 0;
    for (size_t h = 0; h < n; h++) {
        bool is_there = !isnan(used[h]) && !isnan(excess[h]);
        double now = is_there ? qc_low(qc_high(excess[h], -3), 3) : 0;
        up += now * before; // 0 where one is missing
        down += now * now;
        before = now;
    }
    return down > 0 ? fmin(fmax(up / down, 0), 0.95) : 0;
}

/// One station: readings less expectation in standard deviations, its scale and correlation.
/// @param held (2 hours) room.
static void measure_station(const double *values,
                            size_t station,
                            double *held,
                            qc_expectation *e) {
    size_t n_hours = e->n_hours, at = station * n_hours;
    for (size_t h = 0; h < n_hours; h++) {
        e->excess[at + h] = (values[at + h] - e->expected[at + h]) / e->sigma[h];
    }
    e->factor[station] = centre_station(e, e->used, station, held);
    e->rho[station] = lag_one(e->used + at, e->excess + at, n_hours);
}

/// Holds each station's scale and correlation near those of the network.
/// @param held  (stations)
static void hold_scales(qc_expectation *e, double *held) {
    size_t m = 0;
    for (size_t s = 0; s < e->n_stations; s++) {
        if (!isnan(e->factor[s])) held[m++] = e->factor[s];
    }
    double factor = m ? qc_median(held, m) : 1;
    m = 0;
    for (size_t s = 0; s < e->n_stations; s++) {
        if (!isnan(e->factor[s])) held[m++] = e->rho[s];
    }
    double rho = m ? qc_median(held, m) : 0;
    for (size_t s = 0; s < e->n_stations; s++) {
        if (isnan(e->factor[s])) e->factor[s] = factor;
        e->factor[s] = fmin(fmax(e->factor[s], 0.6 * factor), 2 * factor);
        e->rho[s] = fmin(e->rho[s], rho + 0.05);
    }
}

/// Standard deviations of the hours: the network's rest, smoothed, not finer than rounding.
static void smooth_sigma(const dosi_qc_limits *limits, qc_expectation *e, double *held) {
    size_t n_hours = e->n_hours;
    memcpy(held, e->sigma, n_hours * sizeof *held);
    double floor2 = 0.09 * limits->resolution * limits->resolution; // rounding: step / sqrt(12)
    for (size_t h = 0; h < n_hours; h++) {
        double sum = 0, weight = 0;
        for (size_t k = h < 2 ? 0 : h - 2; k <= h + 2 && k < n_hours; k++) {
            if (isnan(held[k])) continue;
            sum += held[k] * held[k];
            weight += 1;
        }
        e->sigma[h] = weight > 0 ? sqrt(sum / weight + floor2) : (double)NAN;
    }
    size_t n = 0;
    for (size_t h = 0; h < n_hours; h++) {
        if (!isnan(e->sigma[h])) held[n++] = e->sigma[h];
    }
    double middle = n ? qc_median_split(held, n) : 1; // the lower half comes first
    e->calm = n > 2 ? qc_median(held, n / 2) : middle;
}

/// What a fit works on.
typedef struct fit_job {
    const qc_fit *what;
    int n_threads;
    double *held; ///< (threads x room_size) room.
    size_t room_size;
} fit_job;

/// The room of this thread.
static double *own_room(const fit_job *job) {
    return job->held + (size_t)omp_get_thread_num() * job->room_size;
}

/// The readings that count; NaN others.
static void take_used(const fit_job *job, qc_expectation *e) {
    const double *values = job->what->matrix->values[job->what->pollutant];
    const uint32_t *flags = job->what->flags;
#pragma omp parallel for schedule(static) num_threads(job->n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        for (size_t i = s * e->n_hours; i < (s + 1) * e->n_hours; i++) {
            bool is_used = !(flags[i] & ~(uint32_t)DOSI_QC_NEIGHBOUR);
            e->used[i] = is_used ? values[i] : (double)NAN;
        }
    }
}

/// The lines of all stations: expectation, and what is left of the readings, in `room`.
static void fit_lines(const fit_job *job, qc_expectation *e) {
    size_t n_hours = e->n_hours;
#pragma omp parallel for schedule(static) num_threads(job->n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        const double *used = e->used + s * n_hours;
        line fitted = fit_line(e, used, own_room(job));
        for (size_t h = 0; h < n_hours; h++) {
            size_t cell = s * n_hours + h;
            e->expected[cell] = fitted.a + fitted.b * e->common[h];
            e->room[cell] = used[h] - e->expected[cell];
        }
    }
    const dosi_qc_matrix *matrix = job->what->matrix;
    // What is left after the neighbours goes to `excess`: others still look at `room`.
#pragma omp parallel for schedule(static) num_threads(job->n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        if (matrix->k > 0) add_neighbours(matrix, e->room, s, e);
        for (size_t i = s * n_hours; i < (s + 1) * n_hours; i++) {
            e->excess[i] = e->used[i] - e->expected[i];
        }
    }
}

/// Everything after the memory is there.
static dosi_status fit_all(const fit_job *job, qc_expectation *e, dosi_error *err) {
    size_t n = e->n_stations, n_hours = e->n_hours;
    const double *values = job->what->matrix->values[job->what->pollutant];
    double step = job->what->limits->resolution;
    take_used(job, e);
    hour_job hours = {e->used, n, n_hours, false, e->common, e->spread};
    DOSI_TRY(over_hours(&hours, job->what->run, err));
    for (size_t h = 0; h < n_hours; h++) {
        e->spread[h] = sqrt(e->spread[h] * e->spread[h] + 0.25 * step * step);
        e->scale[h] = 1 / e->spread[h];
    }
    fit_lines(job, e);
    hour_job rest = {e->excess, n, n_hours, true, NULL, e->sigma};
    DOSI_TRY(over_hours(&rest, job->what->run, err));
    smooth_sigma(job->what->limits, e, job->held);
#pragma omp parallel for schedule(static) num_threads(job->n_threads)
    for (size_t s = 0; s < n; s++) measure_station(values, s, own_room(job), e);
    hold_scales(e, e->room);
#pragma omp parallel for schedule(static) num_threads(job->n_threads)
    for (size_t s = 0; s < n; s++) {
        double *x = e->excess + s * n_hours;
        for (size_t h = 0; h < n_hours; h++) x[h] /= e->factor[s];
    }
    return DOSI_OK;
}

dosi_status qc_expectation_fit(const qc_fit *what, qc_expectation *out, dosi_error *err) {
    fit_job job = {.what = what,
                   .n_threads = dosi_run_threads(what->run),
                   .room_size = LINE_ROWS * (what->matrix->n_hours + 1)};
    job.held = malloc((size_t)job.n_threads * job.room_size * sizeof *job.held);
    if (!job.held) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", what->matrix->n_hours);
    }
    dosi_status status = fit_all(&job, out, err);
    free(job.held);
    return status;
}
