// Medians for quality control. All are exact: the same bits as by sorting.

#include "air/qc_median.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEW = 8,
    SOME = 128,
    MOST_KEPT = 2048,
    CHUNK = 64,
    BINS = 512,
    FULL_BIN = 48,
    NARROW_BINS = 128
};

/// Brings what is below the pivot of [low, high] before what is above it; the end of the first
/// part (Hoare).
static size_t split(double *values, size_t low, size_t high) {
    double a = values[low], b = values[low + (high - low) / 2], c = values[high];
    double pivot = qc_high(qc_low(a, b), qc_low(qc_high(a, b), c)); // the middle of three
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

static void sort_few(double *values, size_t n) {
    for (size_t i = 1; i < n; i++) {
        double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
}

/// Brings the value of a rank to its place, what is below it before it (quickselect).
static double select_rank(double *values, size_t n, size_t rank) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t end = split(values, low, high);
        if (rank <= end) {
            high = end;
        } else {
            low = end + 1;
        }
    }
    return values[rank];
}

/// The values of rank `rank` and, where `is_pair`, of the one below, on average.
static double middle_at(double *values, size_t n, size_t rank, int is_pair) {
    double middle = select_rank(values, n, rank);
    if (!is_pair) return middle;
    double below = values[0];
    for (size_t i = 1; i < rank; i++) below = qc_high(below, values[i]);
    return 0.5 * (below + middle);
}

double qc_median_split(double *values, size_t n) {
    assert(n > 0);
    if (n > FEW) return middle_at(values, n, n / 2, n % 2 == 0);
    sort_few(values, n);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/// Between which two values the median is likely to lie, by a sample.
static void bracket(const double *values, size_t n, double *low, double *high) {
    double sample[256];
    size_t m = n < 512 ? 32 : n < 4096 ? 64 : 256, margin = n < 512 ? 6 : n < 4096 ? 8 : 18;
    size_t at = n / 2;
    for (size_t i = 0; i < m; i++) {
        at = (at * 1103515245 + 12345 + i) & 0x7fffffff; // places in no step with the day
        sample[i] = values[at % n];
    }
    *high = select_rank(sample, m, m / 2 + margin);
    *low = select_rank(sample, m / 2 + margin, m / 2 - margin);
}

/// Keeps those of n values within [low, high] that share a bin with the values of two ranks
/// next to each other, or lie between; how many. The ranks count from the kept ones afterwards.
static size_t narrow(double *values, size_t n, double low, double high, size_t rank[2]) {
    uint32_t count[NARROW_BINS] = {0};
    double scale = NARROW_BINS / (high - low);
    if (!isnormal(scale)) return n;
    for (size_t i = 0; i < n; i++) {
        count[(size_t)qc_low((values[i] - low) * scale, NARROW_BINS - 1)]++;
    }
    size_t bin[2] = {0}, sum = 0, below = 0, n_kept = 0;
    for (size_t b = 0, k = 0; k < 2; b++) {
        sum += count[b];
        for (; k < 2 && rank[k] < sum; k++) {
            bin[k] = b;
            if (k == 0) below = sum - count[b];
        }
    }
    double first = (double)bin[0], end = (double)bin[1] + 1;
    for (size_t i = 0; i < n; i++) {
        double value = values[i], place = qc_low((value - low) * scale, NARROW_BINS - 1);
        values[n_kept] = value;
        n_kept += (size_t)(place >= first) & (size_t)(place < end);
    }
    rank[0] -= below;
    rank[1] -= below;
    return n_kept;
}

double qc_median(double *values, size_t n) {
    assert(n > 0);
    if (n < SOME) return qc_median_split(values, n);
    double kept[MOST_KEPT], low = 0, high = 0;
    size_t n_kept = 0, n_below = 0, i = 0, rank[2] = {n % 2 ? n / 2 : n / 2 - 1, n / 2};
    bracket(values, n, &low, &high);
    while (i < n && n_kept + CHUNK <= MOST_KEPT) {
        for (size_t end = n - i < CHUNK ? n : i + CHUNK; i < end; i++) {
            double value = values[i];
            kept[n_kept] = value;
            n_kept += (size_t)(value >= low) & (size_t)(value <= high);
            n_below += value < low;
        }
    }
    bool is_inside = i == n && rank[0] >= n_below && rank[1] < n_below + n_kept;
    if (!is_inside) return qc_median_split(values, n);
    if (low == high) return low;
    rank[0] -= n_below;
    rank[1] -= n_below;
    n_kept = narrow(kept, n_kept, low, high, rank);
    return middle_at(kept, n_kept, rank[1], n % 2 == 0);
}

/// Body of a kernel, to be compiled for several processors.
#define KERNEL static inline __attribute__((always_inline)) void

/// Brings the smaller of two of an hour's values up.
KERNEL pair(double *v, int a, int b) {
    double x = v[a], y = v[b];
    v[a] = x < y ? x : y;
    v[b] = x < y ? y : x;
}

/// The values of an hour, what is missing last; `count` of them are there.
#define TAKE(n)                                 \
    double v[n], count = 0, middle = 0;         \
    for (int j = 0; j < (n); j++) {             \
        double x = rows[j][i];                  \
        count += isnan(x) ? 0 : 1;              \
        v[j] = isnan(x) ? (double)INFINITY : x; \
    }

/// The median where it is of m values.
#define PICK(m) middle = count == (m) ? 0.5 * (v[((m)-1) / 2] + v[(m) / 2]) : middle

KERNEL rows_of_5(double (*rows)[QC_BLOCK], double least, double *out) {
    for (size_t i = 0; i < QC_BLOCK; i++) {
        TAKE(5)
        pair(v, 0, 3);
        pair(v, 1, 4);
        pair(v, 0, 2);
        pair(v, 1, 3);
        pair(v, 0, 1);
        pair(v, 2, 4);
        pair(v, 1, 2);
        pair(v, 3, 4);
        pair(v, 2, 3);
        PICK(1);
        PICK(2);
        PICK(3);
        PICK(4);
        PICK(5);
        out[i] = count < least ? 0 : middle;
    }
}

KERNEL rows_of_6(double (*rows)[QC_BLOCK], double least, double *out) {
    for (size_t i = 0; i < QC_BLOCK; i++) {
        TAKE(6)
        pair(v, 0, 5);
        pair(v, 1, 3);
        pair(v, 2, 4);
        pair(v, 1, 2);
        pair(v, 3, 4);
        pair(v, 0, 3);
        pair(v, 2, 5);
        pair(v, 0, 1);
        pair(v, 2, 3);
        pair(v, 4, 5);
        pair(v, 1, 2);
        pair(v, 3, 4);
        PICK(1);
        PICK(2);
        PICK(3);
        PICK(4);
        PICK(5);
        PICK(6);
        out[i] = count < least ? 0 : middle;
    }
}

/// Brings what is missing last; how many values of each hour are there.
KERNEL count_rows(double (*rows)[QC_BLOCK], size_t n, double *count) {
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < QC_BLOCK; i++) {
            double x = rows[j][i];
            count[i] += isnan(x) ? 0 : 1;
            rows[j][i] = isnan(x) ? (double)INFINITY : x;
        }
    }
}

/// Brings the smaller values of two rows up.
KERNEL order_rows(double *restrict a, double *restrict b) {
    for (size_t i = 0; i < QC_BLOCK; i++) {
        double x = a[i], y = b[i];
        a[i] = x < y ? x : y;
        b[i] = x < y ? y : x;
    }
}

/// Any number of rows; they are sorted where they lie.
KERNEL rows_of_any(double (*rows)[QC_BLOCK], size_t n, size_t least, double *out) {
    double count[QC_BLOCK] = {0};
    count_rows(rows, n, count);
    for (size_t end = n; end > 1; end--) {
        for (size_t j = 1; j < end; j++) order_rows(rows[j - 1], rows[j]);
    }
    memset(out, 0, QC_BLOCK * sizeof *out);
    for (size_t m = least; m <= n; m++) {
        const double *a = rows[(m - 1) / 2], *b = rows[m / 2];
        double wanted = (double)m;
        for (size_t i = 0; i < QC_BLOCK; i++) {
            out[i] = count[i] == wanted ? 0.5 * (a[i] + b[i]) : out[i];
        }
    }
}

KERNEL rows_of(double (*rows)[QC_BLOCK], size_t n, size_t least, double *out) {
    if (n == 6) {
        rows_of_6(rows, (double)least, out);
    } else if (n == 5) {
        rows_of_5(rows, (double)least, out);
    } else {
        rows_of_any(rows, n, least, out);
    }
}

#if defined(__x86_64__) && defined(__GNUC__)

__attribute__((target("avx2"))) static void rows_avx2(double (*rows)[QC_BLOCK],
                                                      size_t n,
                                                      size_t least,
                                                      double *out) {
    rows_of(rows, n, least, out);
}

__attribute__((target("avx512f,avx512dq,avx512vl,prefer-vector-width=512"))) static void
rows_avx512(double (*rows)[QC_BLOCK], size_t n, size_t least, double *out) {
    rows_of(rows, n, least, out);
}

#endif

void qc_median_rows(double (*rows)[QC_BLOCK], size_t n, size_t least, double *out) {
    assert(n <= QC_ROWS && least > 0);
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        rows_avx512(rows, n, least, out);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        rows_avx2(rows, n, least, out);
        return;
    }
#endif
    rows_of(rows, n, least, out);
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void qc_sort_within(double *values, size_t n, const double *interval, double *room) {
    size_t start[BINS + 1] = {0}, most_full = 0;
    double scale = BINS / (interval[1] - interval[0]);
    if (!isnormal(scale)) {
        qsort(values, n, sizeof *values, compare_reals);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t bin = (size_t)qc_low((values[i] - interval[0]) * scale, BINS - 1);
        start[bin + 1]++;
    }
    for (size_t b = 1; b <= BINS; b++) {
        most_full = start[b] > most_full ? start[b] : most_full;
        start[b] += start[b - 1];
    }
    if (most_full > FULL_BIN) {
        qsort(values, n, sizeof *values, compare_reals);
        return;
    }
    memcpy(room, values, n * sizeof *room);
    for (size_t i = 0; i < n; i++) {
        size_t bin = (size_t)qc_low((room[i] - interval[0]) * scale, BINS - 1);
        values[start[bin]++] = room[i];
    }
    sort_few(values, n); // each is at most a bin away from its place
}
