// Quality control with a network: what the other stations make expected at each of them.
//
// Robust throughout: medians over stations, a line per station by Tukey's biweight begun at
// "reads as the network does", so that a station that is off for half of the time is not
// believed; what is left at the neighbours is added in part.

#include "air/qc_network.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_STATIONS = 4,
    MIN_NEIGHBOURS = 3,
    BLOCK_HOURS = 8,
    MAX_NEIGHBOURS = 32,
    FEW = 8,
    BLOCK = 64,
    FIT_HOURS = 1500,
    CLOUD_HOURS = 24
};

static const double mad_to_sd = 1.4826; // of a normal sample

// The prior "reads as the network does" counts as so many hours.
static const double prior_hours = 20;

/// The middle of three.
static double middle_of(double a, double b, double c) {
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/// Brings what is below the pivot of [low, high] before what is above it; the end of the first
/// part (Hoare).
static size_t split(double *values, size_t low, size_t high) {
    double pivot = middle_of(values[low], values[low + (high - low) / 2], values[high]);
    size_t i = low, j = high;
    for (;;) {
        while (values[i] < pivot) i++;
        while (values[j] > pivot) j--;
        if (i >= j) return j;
        double swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
    }
}

/// Median of a few values, by sorting them.
static double median_of_few(double *values, size_t n) {
    for (size_t i = 1; i < n; i++) {
        double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

double qc_median(double *values, size_t n) {
    assert(n > 0);
    if (n <= FEW) return median_of_few(values, n);
    size_t low = 0, high = n - 1, middle = n / 2;
    while (low < high) { // quickselect
        size_t end = split(values, low, high);
        if (middle <= end) {
            high = end;
        } else {
            low = end + 1;
        }
    }
    if (n % 2) return values[middle];
    double below = values[0];
    for (size_t i = 1; i < middle; i++) below = fmax(below, values[i]);
    return 0.5 * (below + values[middle]);
}

dosi_status qc_expectation_create(const dosi_qc_matrix *matrix,
                                  qc_expectation *out,
                                  dosi_error *err) {
    size_t n = matrix->n_stations, h = matrix->n_hours;
    qc_expectation e = {.n_stations = n, .n_hours = h};
    e.common = malloc((3 * h + 1) * sizeof *e.common);
    e.factor = malloc((2 * n + 1) * sizeof *e.factor);
    e.expected = malloc((n * h + 1) * sizeof *e.expected);
    e.excess = malloc((n * h + 1) * sizeof *e.excess);
    if (!e.common || !e.factor || !e.expected || !e.excess) {
        qc_expectation_destroy(&e);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu readings", n * h);
    }
    e.spread = e.common + h;
    e.sigma = e.common + 2 * h;
    e.rho = e.factor + n;
    *out = e;
    return DOSI_OK;
}

void qc_expectation_destroy(qc_expectation *e) {
    free(e->common);
    free(e->factor);
    free(e->expected);
    free(e->excess);
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
            if (!isnan(value)) held[b * job->n_stations + n[b]++] = value;
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

/// One step of reweighted least squares from a line, held near "reads as the network does" by
/// a prior worth a few hours.
static line refit(
    const qc_expectation *e, const double *used, size_t step, line from, double cut) {
    double w = 0, wm = 0, wy = 0, wmm = 0, wmy = 0, prior_scale = 0;
    size_t n = 0;
    for (size_t h = 0; h < e->n_hours; h += step) {
        double m = e->common[h], y = used[h];
        if (isnan(y) || isnan(m)) continue;
        double distance = (y - from.a - from.b * m) / e->spread[h];
        double weight = biweight(distance / cut) / (e->spread[h] * e->spread[h]);
        w += weight;
        wm += weight * m;
        wy += weight * y;
        wmm += weight * m * m;
        wmy += weight * m * y;
        prior_scale += 1 / (e->spread[h] * e->spread[h]);
        n++;
    }
    if (n == 0) return (line){0, 1};
    prior_scale *= 1 / (double)n; // one hour's worth
    double level = w > 0 ? wm / w : 0;
    double pa = prior_hours * prior_scale, pb = pa * (level * level);
    // normal equations of the weighted hours and the prior a = 0, b = 1
    double saa = w + pa, sab = wm, sbb = wmm + pb, ya = wy, yb = wmy + pb;
    double determinant = saa * sbb - sab * sab;
    if (!(determinant > 1e-12 * saa * sbb)) return from;
    return (line){(ya * sbb - yb * sab) / determinant, (yb * saa - ya * sab) / determinant};
}

/// Median distance of the readings from a line, in units of the network's spread; 0: none.
static double typical_distance(
    const qc_expectation *e, const double *used, size_t step, line of, double *held) {
    size_t n = 0;
    for (size_t h = 0; h < e->n_hours; h += step) {
        double distance = fabs(used[h] - of.a - of.b * e->common[h]) / e->spread[h];
        if (!isnan(distance)) held[n++] = distance;
    }
    return n ? qc_median(held, n) : 0;
}

/// The station's line. What is cut off follows from the distances of the better half, so that
/// a second cloud of points, such as an offset makes, does not pull. @param held (n_hours)
static line fit_line(const qc_expectation *e, const double *used, double *held) {
    line fitted = {0, 1};
    // The way there by some of the hours of a long series, the end by all.
    size_t some = e->n_hours / FIT_HOURS + 1;
    while (some % 2 == 0 || some % 3 == 0) some++; // not the same hours of every day
    for (size_t i = 0; i < 10; i++) {
        size_t step = i < 8 ? some : 1;
        double cut = 4.685 * mad_to_sd * typical_distance(e, used, step, fitted, held);
        fitted = refit(e, used, step, fitted, fmin(fmax(cut, 1.5), 7));
        fitted.b = fmin(fmax(fitted.b, 0), 4);
    }
    return fitted;
}

/// Brings the smaller of two hours' values up, for a block of hours.
static void order(double *restrict a, double *restrict b) {
    for (size_t i = 0; i < BLOCK; i++) {
        double x = a[i], y = b[i];
        a[i] = x < y ? x : y;
        b[i] = x < y ? y : x;
    }
}

/// Median of n values of each hour of a block, hours of a row side by side; the rows are
/// sorted.
static void medians(double (*rows)[BLOCK], size_t n, double *out) {
    for (size_t end = n; end > 1; end--) {
        for (size_t j = 1; j < end; j++) order(rows[j - 1], rows[j]);
    }
    for (size_t i = 0; i < BLOCK; i++) {
        out[i] = n % 2 ? rows[n / 2][i] : 0.5 * (rows[n / 2 - 1][i] + rows[n / 2][i]);
    }
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
    double rows[MAX_NEIGHBOURS][BLOCK], found[BLOCK], sums[BLOCK];
    size_t n = 0, n_hours = matrix->n_hours, h = 0;
    for (size_t j = 0; j < matrix->k; j++) {
        uint32_t other = matrix->neighbours[station * matrix->k + j];
        if (other != UINT32_MAX) of[n++] = left + other * n_hours;
    }
    for (; n >= MIN_NEIGHBOURS && n <= FEW && h + BLOCK <= n_hours; h += BLOCK) {
        memset(sums, 0, sizeof sums);
        for (size_t j = 0; j < n; j++) {
            memcpy(rows[j], of[j] + h, sizeof rows[j]);
            for (size_t i = 0; i < BLOCK; i++) sums[i] += rows[j][i];
        }
        medians(rows, n, found);
        for (size_t i = 0; i < BLOCK; i++) {
            out[h + i] = isnan(sums[i]) ? median_of_present(of, n, h + i) : found[i];
        }
    }
    for (; h < n_hours; h++) out[h] = median_of_present(of, n, h);
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
    for (int i = 0; i < 4; i++) {
        double up = 0, down = 0;
        for (size_t h = 0; h < n_hours; h++) {
            if (isnan(own[h])) continue;
            double scale = 1 / e->spread[h];
            double weight = biweight((own[h] - share * rest[h]) * scale / 4.685);
            up += weight * rest[h] * own[h] * scale * scale;
            down += weight * rest[h] * rest[h] * scale * scale;
        }
        share = down > 0 ? fmin(fmax(up / (down + 2), 0), 1) : 0;
    }
    for (size_t h = 0; h < n_hours; h++) expected[h] += share * rest[h];
}

/// Median absolute value of a station's `excess`, in standard deviations.
static double typical_excess(const double *used, const double *excess, size_t n, double *held) {
    size_t m = 0;
    for (size_t h = 0; h < n; h++) {
        if (!isnan(used[h]) && !isnan(excess[h])) held[m++] = fabs(excess[h]);
    }
    return m == 0 ? (double)NAN : mad_to_sd * qc_median(held, m);
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
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
/// `typical` around zero. @param held (hours) room.
static cloud densest_cloud(
    const double *used, const double *excess, size_t n, double typical, double *held) {
    const double normal_width = 0.5244; // of two fifths of a normal sample, on each side
    cloud found = {0, typical};
    size_t m = 0;
    for (size_t h = 0; h < n; h++) {
        if (!isnan(used[h]) && !isnan(excess[h])) held[m++] = excess[h];
    }
    if (m < CLOUD_HOURS || !may_be_dense(held, m, typical)) return found;
    qsort(held, m, sizeof *held, compare_reals);
    size_t part = 2 * m / 5;
    double least = INFINITY;
    for (size_t i = 0; i + part < m; i++) {
        double middle = 0.5 * (held[i] + held[i + part]);
        double width = 0.5 * (held[i + part] - held[i]);
        if (fabs(middle) > 0.5 * typical || !(width < least)) continue;
        least = width;
        found = (cloud){middle, width / normal_width};
    }
    return found;
}

/// Moves a station whose hours lie in two clouds, as an offset for about half of the time makes
/// them, so that the healthy one, the nearer to zero, is at zero.
static void centre_station(qc_expectation *e,
                           const double *used,
                           size_t station,
                           double *held) {
    size_t n = e->n_hours, at = station * n;
    double typical = typical_excess(used + at, e->excess + at, n, held);
    if (!(typical > 0)) return;
    cloud found = densest_cloud(used + at, e->excess + at, n, typical, held);
    if (!(found.deviation < 0.85 * typical)) return;
    for (size_t h = 0; h < n; h++) {
        e->excess[at + h] -= found.middle;
        e->expected[at + h] += found.middle * e->sigma[h];
    }
}

/// Correlation of clipped neighbours in time.
static double lag_one(const double *used, const double *excess, size_t n) {
    double up = 0, down = 0, before = NAN;
    for (size_t h = 0; h < n; h++) {
        double now = isnan(used[h]) ? (double)NAN : fmin(fmax(excess[h], -3), 3);
        if (!isnan(now) && !isnan(before)) up += now * before;
        if (!isnan(now)) down += now * now;
        before = now;
    }
    return down > 0 ? fmin(fmax(up / down, 0), 0.95) : 0;
}

/// Each station's scale and correlation, held near those of the network.
/// @param room  (cells) @param held  (stations)
static void scale_stations(
    qc_expectation *e, const double *used, double *room, double *held, int n_threads) {
    size_t n = e->n_stations, n_hours = e->n_hours, m = 0;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < n; s++) {
        const double *u = used + s * n_hours, *x = e->excess + s * n_hours;
        double *own = room + s * n_hours;
        centre_station(e, used, s, own);
        e->factor[s] = typical_excess(u, x, n_hours, own);
        e->rho[s] = lag_one(u, x, n_hours);
    }
    for (size_t s = 0; s < n; s++) {
        if (!isnan(e->factor[s])) held[m++] = e->factor[s];
    }
    double factor = m ? qc_median(held, m) : 1;
    m = 0;
    for (size_t s = 0; s < n; s++) {
        if (!isnan(e->factor[s])) held[m++] = e->rho[s];
    }
    double rho = m ? qc_median(held, m) : 0;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < n; s++) {
        if (isnan(e->factor[s])) e->factor[s] = factor;
        e->factor[s] = fmin(fmax(e->factor[s], 0.6 * factor), 2 * factor);
        e->rho[s] = fmin(e->rho[s], rho + 0.05);
        double *x = e->excess + s * n_hours;
        for (size_t h = 0; h < n_hours; h++) x[h] /= e->factor[s];
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
    double middle = n ? qc_median(held, n) : 1; // reorders: the lower half comes first
    e->calm = n > 2 ? qc_median(held, n / 2) : middle;
}

/// What a fit works on.
typedef struct fit_job {
    const dosi_qc_limits *limits;
    const dosi_qc_matrix *matrix;
    const dosi_run *run;
    double *used; ///< (cells) readings that count, NaN others.
    double *rest; ///< (cells) room.
    double *held; ///< (hours + 2 stations) room.
} fit_job;

/// The lines of all stations: expectation, and what is left of the readings.
static void fit_lines(const fit_job *job, qc_expectation *e) {
    int n_threads = dosi_run_threads(job->run); // NOLINT(*DeadStores): used by the pragma
    size_t n_hours = e->n_hours;
    double *left = e->excess;
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        const double *used = job->used + s * n_hours;
        line fitted = fit_line(e, used, left + s * n_hours);
        for (size_t h = 0; h < n_hours; h++) {
            size_t cell = s * n_hours + h;
            e->expected[cell] = fitted.a + fitted.b * e->common[h];
            left[cell] = used[h] - e->expected[cell];
        }
    }
    if (job->matrix->k == 0) return;
    memcpy(job->rest, left, e->n_stations * n_hours * sizeof *left);
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < e->n_stations; s++) add_neighbours(job->matrix, job->rest, s, e);
}

/// Everything after the memory is there.
static dosi_status fit_all(const fit_job *job, qc_expectation *e, dosi_error *err) {
    size_t n = e->n_stations, n_hours = e->n_hours;
    double step = job->limits->resolution;
    hour_job hours = {job->used, n, n_hours, false, e->common, e->spread};
    DOSI_TRY(over_hours(&hours, job->run, err));
    for (size_t h = 0; h < n_hours; h++) {
        e->spread[h] = sqrt(e->spread[h] * e->spread[h] + 0.25 * step * step);
    }
    fit_lines(job, e);
    for (size_t i = 0; i < n * n_hours; i++) job->rest[i] = job->used[i] - e->expected[i];
    hour_job rest = {job->rest, n, n_hours, true, NULL, e->sigma};
    DOSI_TRY(over_hours(&rest, job->run, err));
    smooth_sigma(job->limits, e, job->held);
    return DOSI_OK;
}

/// Readings less expectation in standard deviations, and the stations' scales.
static void take_excess(const fit_job *job, const double *values, qc_expectation *e) {
    int n_threads = dosi_run_threads(job->run);
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < e->n_stations; s++) {
        for (size_t h = 0; h < e->n_hours; h++) {
            size_t cell = s * e->n_hours + h;
            e->excess[cell] = (values[cell] - e->expected[cell]) / e->sigma[h];
        }
    }
    scale_stations(e, job->used, job->rest, job->held, n_threads);
}

dosi_status qc_expectation_fit(const qc_fit *what, qc_expectation *out, dosi_error *err) {
    const dosi_qc_matrix *matrix = what->matrix;
    const double *values = matrix->values[what->pollutant];
    size_t n_cells = matrix->n_stations * matrix->n_hours;
    fit_job job = {.limits = what->limits, .matrix = matrix, .run = what->run};
    job.used = calloc(n_cells + 1, sizeof *job.used);
    job.rest = malloc((n_cells + 1) * sizeof *job.rest);
    job.held = malloc((matrix->n_hours + 2 * matrix->n_stations + 1) * sizeof *job.held);
    dosi_status status = DOSI_NO_MEMORY;
    if (job.used && job.rest && job.held) {
        for (size_t i = 0; i < n_cells; i++) {
            bool is_used = !(what->flags[i] & ~(uint32_t)DOSI_QC_NEIGHBOUR);
            job.used[i] = is_used ? values[i] : (double)NAN;
        }
        status = fit_all(&job, out, err);
        if (status == DOSI_OK) take_excess(&job, values, out);
    } else {
        (void)dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu readings", n_cells);
    }
    free(job.used);
    free(job.rest);
    free(job.held);
    return status;
}
