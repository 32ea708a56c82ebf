/// @file pmf_lanes.h
/// The inner loops of factorisation on arrays padded to eight doubles and aligned to 64 bytes.
///
/// No loop sums across lanes, so the bits do not depend on how many lanes a processor does at
/// once. Pads must hold zeros and keep them.
#ifndef DOSI_STAT_PMF_LANES_H
#define DOSI_STAT_PMF_LANES_H

#include <stddef.h>

enum { PMF_LANES = 8, PMF_ALIGN = 64 };

/// `n` rounded up to whole lanes.
static inline size_t pmf_pad(size_t n) {
    return (n + PMF_LANES - 1) / PMF_LANES * PMF_LANES;
}

/// out[0, width) = sum over t < n of factors[t] * rows[t * width ...].
void pmf_combine(
    const double *factors, size_t n, const double *rows, size_t width, double *out);

/// s -= b' b for the tiles that meet the upper triangle.
/// @param s  (width x width); @param b  (n x width)
void pmf_take_gram(double *s, const double *b, size_t n, size_t width);

/// Upper factor U of A = U'U in place, over the first `n` of `stride` columns; the rest of the
/// upper triangle is overwritten, the lower is not read.
/// @return n, or the first row whose pivot is not positive.
size_t pmf_factor(double *a, size_t n, size_t stride);

/// Rows a = 0..n-1 of `c` (n x width) become L^-1 c.
/// @param l  (n x n) lower factor with *inverse* diagonal, row stride n.
void pmf_forward_rows(const double *l, size_t n, double *c, size_t width);

#endif // DOSI_STAT_PMF_LANES_H
