// Kernel-weighted statistics over wind speed and direction.

#include "dosi/polar.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 1024, TABLE_SLOTS = 4096 };

static const char *const pair_names[] = {
#define X(name, text) text,
    DOSI_PAIR_TABLE(X)
#undef X
};

const char *dosi_pair_name(dosi_pair_kind kind) {
    return kind < DOSI_PAIR_COUNT ? pair_names[kind] : "unknown";
}

dosi_pair_kind dosi_pair_from_name(const char *name) {
    int kind = 0;
    while (kind < DOSI_PAIR_COUNT && strcmp(pair_names[kind], name) != 0) kind++;
    return (dosi_pair_kind)kind;
}

/// exp(-(x0 + k step)^2 / (2 sd^2)) for k = 0..n-1, given the k nearest to 0, with two
/// exponentials: outwards from `nearest` each factor is the last one times a constant below 1.
/// Relative error about n^2 roundings; fades to 0 without slow subnormals.
static void fill_gauss(
    double x0, double step, double sd, size_t nearest, double *out, size_t n) {
    const double tiny = 1e-290;
    double z = (x0 + (double)nearest * step) / sd, h = step / sd;
    double centre = exp(-0.5 * z * z), shrink = exp(-h * h);
    double up = exp(-h * (z + 0.5 * h)), down = exp(h * (z - 0.5 * h));
    double g = centre, factor = up;
    out[nearest] = centre < tiny ? 0 : centre;
    for (size_t k = nearest + 1; k < n; k++) {
        g *= factor;
        factor *= shrink;
        if (g < tiny) g = 0;
        out[k] = g;
    }
    g = centre;
    factor = down;
    for (size_t k = nearest; k-- > 0;) {
        g *= factor;
        factor *= shrink;
        if (g < tiny) g = 0;
        out[k] = g;
    }
}

/// Weights in speed of one row at all grid speeds.
static void speed_weights(const dosi_polar_kernel *kernel, double speed, double *out) {
    double step = (kernel->speed_max - kernel->speed_min) / (double)(kernel->n_speeds - 1);
    double at = step > 0 ? (speed - kernel->speed_min) / step : 0;
    double last = (double)(kernel->n_speeds - 1);
    size_t nearest = (size_t)fmin(fmax(at + 0.5, 0), last);
    fill_gauss(kernel->speed_min - speed, step, kernel->speed_sd, nearest, out,
               kernel->n_speeds);
}

/// Shortest way between two directions.
static double angle_between(double a_deg, double b_deg) {
    double d = fabs(a_deg - b_deg);
    return d > 180 ? 360 - d : d;
}

/// Rows gathered by direction: for each direction that occurs, sums over its rows of
/// speed weight x column.
typedef struct batch {
    const dosi_polar_kernel *kernel;
    size_t n_sums, n_sectors, n_from;
    size_t width; ///< n_sums * n_speeds
    double from_deg[BATCH_MAX];
    uint32_t slot[TABLE_SLOTS]; ///< 1 + index into from_deg; 0: empty.
    double *gathered;           ///< (BATCH_MAX x width)
    double *sums;               ///< (n_sectors x width), at last transposed to the caller's.
} batch;

/// Spreads what was gathered over all sectors, and empties the batch.
static void flush(batch *b) {
    for (size_t s = 0; s < b->n_sectors; s++) {
        double *restrict to = b->sums + s * b->width;
        double centre = (double)(s + 1) * b->kernel->sector_deg;
        for (size_t f = 0; f < b->n_from; f++) {
            double z = angle_between(centre, b->from_deg[f]) / b->kernel->from_sd_deg;
            double weight = exp(-0.5 * z * z);
            if (weight < 1e-290) continue;
            const double *restrict from = b->gathered + f * b->width;
            for (size_t k = 0; k < b->width; k++) to[k] += weight * from[k];
        }
    }
    memset(b->slot, 0, sizeof b->slot);
    memset(b->gathered, 0, b->n_from * b->width * sizeof *b->gathered);
    b->n_from = 0;
}

/// Where rows of a direction gather.
static double *find_from(batch *b, double from_deg) {
    uint64_t bits = 0;
    memcpy(&bits, &from_deg, sizeof bits);
    size_t slot = (size_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 52);
    while (b->slot[slot]) {
        uint32_t found = b->slot[slot] - 1;
        if (!(b->from_deg[found] < from_deg) && !(b->from_deg[found] > from_deg)) {
            return b->gathered + found * b->width;
        }
        slot = (slot + 1) % TABLE_SLOTS;
    }
    if (b->n_from == BATCH_MAX) {
        flush(b);
        return find_from(b, from_deg);
    }
    b->from_deg[b->n_from] = from_deg;
    b->slot[slot] = (uint32_t)++b->n_from;
    return b->gathered + (b->n_from - 1) * b->width;
}

/// Adds one row.
static void gather(
    batch *b, double speed, double from_deg, const double *row, double *weights) {
    size_t n_speeds = b->kernel->n_speeds;
    double *restrict to = find_from(b, from_deg);
    speed_weights(b->kernel, speed, weights);
    for (size_t k = 0; k < n_speeds; k++) to[k] += weights[k];
    for (size_t c = 1; c < b->n_sums; c++) {
        double *restrict column = to + c * n_speeds;
        double x = row[c - 1];
        for (size_t k = 0; k < n_speeds; k++) column[k] += weights[k] * x;
    }
}

/// One row's columns; whether all are there.
static bool take_row(const dosi_winds *winds,
                     const double *const *columns,
                     size_t n_columns,
                     size_t i,
                     double *row) {
    bool is_whole =
        winds->speed[i] >= 0 && winds->from_deg[i] >= 0 && winds->from_deg[i] <= 360;
    for (size_t c = 0; c < n_columns; c++) {
        row[c] = columns[c][i];
        is_whole = is_whole && !isnan(row[c]);
    }
    return is_whole;
}

size_t dosi_polar_kernel_points(const dosi_polar_kernel *kernel) {
    return kernel->n_speeds * (size_t)lround(360 / kernel->sector_deg);
}

dosi_status dosi_polar_kernel_sums(const dosi_polar_kernel *kernel,
                                   const dosi_winds *winds,
                                   const double *const *columns,
                                   size_t n_columns,
                                   double *sums,
                                   dosi_error *err) {
    assert(n_columns < DOSI_POLAR_COLUMNS_MAX && kernel->n_speeds >= 2);
    assert(kernel->speed_sd > 0 && kernel->from_sd_deg > 0);
    double row[DOSI_POLAR_COLUMNS_MAX];
    size_t n_sectors = (size_t)lround(360 / kernel->sector_deg);
    size_t n_sums = n_columns + 1, width = n_sums * kernel->n_speeds;
    batch *b = calloc(1, sizeof *b);
    double *memory = calloc((BATCH_MAX + n_sectors) * width + kernel->n_speeds, sizeof *memory);
    if (!b || !memory) {
        free(b);
        free(memory);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu kernels", n_sectors * width);
    }
    b->kernel = kernel;
    b->n_sums = n_sums;
    b->n_sectors = n_sectors;
    b->width = width;
    b->gathered = memory;
    b->sums = memory + BATCH_MAX * width;
    double *weights = b->sums + n_sectors * width;
    for (size_t i = 0; i < winds->n; i++) {
        if (!take_row(winds, columns, n_columns, i, row)) continue;
        double from_deg = winds->from_deg[i] > 0 ? winds->from_deg[i] : 360;
        gather(b, winds->speed[i], from_deg, row, weights);
    }
    flush(b);
    for (size_t s = 0; s < n_sectors; s++) {
        for (size_t c = 0; c < n_sums; c++) {
            memcpy(sums + (c * n_sectors + s) * kernel->n_speeds,
                   b->sums + s * width + c * kernel->n_speeds, kernel->n_speeds * sizeof *sums);
        }
    }
    free(memory);
    free(b);
    return DOSI_OK;
}

dosi_status dosi_polar_nwr(const dosi_polar_kernel *kernel,
                           const dosi_winds *winds,
                           const double *value,
                           double *out,
                           dosi_error *err) {
    size_t n = dosi_polar_kernel_points(kernel);
    double *sums = calloc(2 * n, sizeof *sums);
    if (!sums) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu kernels", n);
    dosi_status status = dosi_polar_kernel_sums(kernel, winds, &value, 1, sums, err);
    for (size_t i = 0; i < n && status == DOSI_OK; i++) {
        out[i] = sums[i] > 0 ? sums[n + i] / sums[i] : (double)NAN;
    }
    free(sums);
    return status;
}
