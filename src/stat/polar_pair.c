// Correlation and slopes of two values around each point of wind speed and direction.

#include "dosi/polar.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_ROUNDS = 50, N_MOMENTS = 5 };

static const double huber_k = 1.345, mad_to_sd = 1.482602218505602;

/// Weighted moments of a cloud of points.
typedef struct cloud {
    double weight, x, y, xx, xy, yy; ///< Sum of weights; means; central moments.
} cloud;

/// A statistic that moments suffice for.
static double of_moments(const dosi_pair *pair, const cloud *c) {
    if (!(c->xx > 0)) return NAN;
    if (pair->kind == DOSI_PAIR_CORRELATION) {
        return c->yy > 0 ? c->xy / sqrt(c->xx * c->yy) : (double)NAN;
    }
    if (pair->kind == DOSI_PAIR_SLOPE) return c->xy / c->xx;
    // York with one error for all x and one for all y: the Deming line.
    double ratio = (pair->y_error / pair->x_error) * (pair->y_error / pair->x_error);
    double d = c->yy - ratio * c->xx;
    double root = sqrt(d * d + 4 * ratio * c->xy * c->xy);
    if (!(fabs(c->xy) > 0)) return d < 0 ? 0 : (double)NAN;
    // The two forms are equal; each is taken where it does not cancel.
    return d >= 0 ? (d + root) / (2 * c->xy) : 2 * ratio * c->xy / (root - d);
}

/// Mean of the values that have a partner.
static void means_of(const dosi_winds *winds, const dosi_pair *pair, double *mean) {
    double sum[2] = {0, 0};
    size_t n = 0;
    for (size_t i = 0; i < winds->n; i++) {
        if (isnan(pair->x[i]) || isnan(pair->y[i])) continue;
        sum[0] += pair->x[i];
        sum[1] += pair->y[i];
        n++;
    }
    for (size_t k = 0; k < 2; k++) mean[k] = n ? sum[k] / (double)n : 0;
}

static dosi_status by_moments(const dosi_polar_kernel *kernel,
                              const dosi_winds *winds,
                              const dosi_pair *pair,
                              double *out,
                              dosi_error *err) {
    size_t n = winds->n, points = dosi_polar_kernel_points(kernel);
    double *memory = malloc((N_MOMENTS * n + (N_MOMENTS + 1) * points + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu pairs", n);
    double mean[2];
    means_of(winds, pair, mean);
    const double *columns[N_MOMENTS];
    for (size_t c = 0; c < N_MOMENTS; c++) columns[c] = memory + c * n;
    for (size_t i = 0; i < n; i++) { // about the mean: sums of squares do not cancel
        double x = pair->x[i] - mean[0], y = pair->y[i] - mean[1];
        const double row[N_MOMENTS] = {x, y, x * x, x * y, y * y};
        for (size_t c = 0; c < N_MOMENTS; c++) memory[c * n + i] = row[c];
    }
    double *s = memory + N_MOMENTS * n;
    dosi_status status = dosi_polar_kernel_sums(kernel, winds, columns, N_MOMENTS, s, err);
    for (size_t p = 0; p < points && status == DOSI_OK; p++) {
        cloud c = {.weight = s[p]};
        out[p] = NAN;
        if (!(c.weight > 0) || c.weight < pair->min_weight) continue;
        c.x = s[points + p] / c.weight;
        c.y = s[2 * points + p] / c.weight;
        c.xx = s[3 * points + p] / c.weight - c.x * c.x;
        c.xy = s[4 * points + p] / c.weight - c.x * c.y;
        c.yy = s[5 * points + p] / c.weight - c.y * c.y;
        out[p] = of_moments(pair, &c);
    }
    free(memory);
    return status;
}

/// Rows near a grid point, and room to order their residuals.
typedef struct near {
    size_t n;
    double *x, *y, *w;
    double *residual; ///< (2 n) |residual| and weight, interleaved, to be sorted.
} near;

static int compare_first(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// Median of |y - a - b x| by weight, as a standard deviation.
static double spread_of(near *rows, double a, double b) {
    double total = 0, passed = 0;
    for (size_t i = 0; i < rows->n; i++) {
        rows->residual[2 * i] = fabs(rows->y[i] - a - b * rows->x[i]);
        rows->residual[2 * i + 1] = rows->w[i];
        total += rows->w[i];
    }
    qsort(rows->residual, rows->n, 2 * sizeof *rows->residual, compare_first);
    for (size_t i = 0; i < rows->n; i++) {
        passed += rows->residual[2 * i + 1];
        if (passed >= 0.5 * total) return mad_to_sd * rows->residual[2 * i];
    }
    return 0;
}

/// Least squares with Huber's weights for a spread (infinite: none).
static bool fit_line(const near *rows, double spread, double *a, double *b) {
    cloud c = {0};
    for (int pass = 0; pass < 2; pass++) { // means, then moments about them
        for (size_t i = 0; i < rows->n; i++) {
            double r = isinf(spread) ? 0 : fabs(rows->y[i] - *a - *b * rows->x[i]);
            double limit = huber_k * spread;
            double w = rows->w[i] * (r > limit ? limit / r : 1);
            if (pass == 0) {
                c.weight += w;
                c.x += w * rows->x[i];
                c.y += w * rows->y[i];
            } else {
                c.xx += w * (rows->x[i] - c.x) * (rows->x[i] - c.x);
                c.xy += w * (rows->x[i] - c.x) * (rows->y[i] - c.y);
            }
        }
        if (pass == 0 && !(c.weight > 0)) return false;
        if (pass == 0) c.x /= c.weight, c.y /= c.weight;
    }
    if (!(c.xx > 0)) return false;
    *b = c.xy / c.xx;
    *a = c.y - *b * c.x;
    return true;
}

/// Huber's slope of the rows near a point.
static double robust_slope(near *rows) {
    double a = 0, b = 0;
    if (rows->n < 3 || !fit_line(rows, INFINITY, &a, &b)) return NAN;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        double spread = spread_of(rows, a, b), before = b;
        if (!(spread > 0)) break; // most points on a line: that line
        if (!fit_line(rows, spread, &a, &b)) return NAN;
        if (fabs(b - before) <= 1e-10 * fabs(b)) break;
    }
    return b;
}

/// Rows whose kernel weight at point `p` is above 1e-3; their total weight.
static double gather_near(const dosi_polar_kernel *kernel,
                          const dosi_winds *winds,
                          const dosi_pair *pair,
                          size_t p,
                          near *rows) {
    size_t k = p % kernel->n_speeds, sector = p / kernel->n_speeds;
    double centre = (double)(sector + 1) * kernel->sector_deg, total = 0;
    double step = (kernel->speed_max - kernel->speed_min) / (double)(kernel->n_speeds - 1);
    double speed = kernel->speed_min + (double)k * step;
    const double z_most = 2 * 6.907755278982137; // weight 1e-3
    rows->n = 0;
    for (size_t i = 0; i < winds->n; i++) {
        double zs = (winds->speed[i] - speed) / kernel->speed_sd;
        if (!(zs * zs < z_most)) continue;
        double d = fabs(winds->from_deg[i] - centre);
        double za = (d > 180 ? 360 - d : d) / kernel->from_sd_deg;
        double z = zs * zs + za * za;
        if (!(z < z_most) || isnan(pair->x[i]) || isnan(pair->y[i])) continue;
        rows->x[rows->n] = pair->x[i];
        rows->y[rows->n] = pair->y[i];
        rows->w[rows->n] = exp(-0.5 * z);
        total += rows->w[rows->n++];
    }
    return total;
}

static dosi_status by_rows(const dosi_polar_kernel *kernel,
                           const dosi_winds *winds,
                           const dosi_pair *pair,
                           const dosi_run *run,
                           double *out,
                           dosi_error *err) {
    size_t points = dosi_polar_kernel_points(kernel);
    int n_threads = dosi_run_threads(run);
    double *memory = malloc(((size_t)n_threads * 5 * winds->n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu pairs", winds->n);
    atomic_bool is_stopped = false;
#pragma omp parallel for schedule(dynamic, 8) num_threads(n_threads)
    for (size_t p = 0; p < points; p++) {
        if (atomic_load(&is_stopped)) continue;
        if (dosi_run_check(run, NULL) != DOSI_OK) atomic_store(&is_stopped, true);
        double *own = memory + (size_t)omp_get_thread_num() * 5 * winds->n;
        near rows = {0, own, own + winds->n, own + 2 * winds->n, own + 3 * winds->n};
        double total = gather_near(kernel, winds, pair, p, &rows);
        out[p] = total >= pair->min_weight ? robust_slope(&rows) : (double)NAN;
    }
    free(memory);
    return dosi_run_check(run, err);
}

dosi_status dosi_polar_pair(const dosi_polar_kernel *kernel,
                            const dosi_winds *winds,
                            const dosi_pair *pair,
                            const dosi_run *run,
                            double *out,
                            dosi_error *err) {
    if (pair->kind == DOSI_PAIR_ROBUST_SLOPE) {
        return by_rows(kernel, winds, pair, run, out, err);
    }
    return by_moments(kernel, winds, pair, out, err);
}
