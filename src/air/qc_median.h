/// @file qc_median.h
/// Inside quality control: medians, exact ones, of many values and of many hours at once.
#ifndef DOSI_AIR_QC_MEDIAN_H
#define DOSI_AIR_QC_MEDIAN_H

#include <stddef.h>

enum {
    QC_BLOCK = 64, ///< Hours that are worked on side by side.
    QC_ROWS = 8    ///< Most rows whose medians are taken side by side.
};

/// Median of n >= 1 values, none NaN, which may be reordered. Cost: O(n), about one pass: a
/// sample tells between which two values the median lies, and only what lies there is kept.
double qc_median(double *values, size_t n);

/// The same; afterwards the lower half comes first. Cost: O(n), a few passes.
double qc_median_split(double *values, size_t n);

/// Median of what is there (not NaN) among n <= QC_ROWS values, of each hour of a block: the
/// mean of the middle two where their number is even, 0 with fewer than `least` >= 1 of them.
/// @param rows  The values of the hours side by side; sorted afterwards.
void qc_median_rows(double (*rows)[QC_BLOCK], size_t n, size_t least, double *out);

/// Sorts n finite values within [low, high] upwards. @param room (n)
/// Cost: O(n) where they are spread out, O(n log n) at worst.
void qc_sort_within(double *values, size_t n, const double *interval, double *room);

/// The smaller of two numbers; `b` where one is NaN. In line, unlike fmin().
static inline double qc_low(double a, double b) {
    return a < b ? a : b;
}

/// The larger of two numbers; `b` where one is NaN.
static inline double qc_high(double a, double b) {
    return a > b ? a : b;
}

#endif // DOSI_AIR_QC_MEDIAN_H
