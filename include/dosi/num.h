/// @file num.h
/// The arithmetic that models share: careful sums, small linear algebra, one-dimensional
/// searches and special functions.
///
/// Matrices are dense and row-major. Nothing here allocates unless it says so, and nothing
/// depends on the number of threads.
#ifndef DOSI_NUM_H
#define DOSI_NUM_H

#include "dosi/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A running sum with Neumaier's correction: error of about one rounding whatever `n` is.
typedef struct dosi_sum {
    double value, correction;
} dosi_sum;

/// Adds one number.
DOSI_API void dosi_sum_add(dosi_sum *sum, double x);

/// The sum so far.
DOSI_API double dosi_sum_value(const dosi_sum *sum);

/// Cholesky factor of a symmetric positive definite matrix, in place: the lower triangle
/// becomes L with A = L L'. The upper triangle is neither read nor written.
/// @param a  (n x n) row-major.
/// @return n when it went well; else the first row whose pivot is not positive (the matrix is
///         not positive definite to working precision: pivot <= n * 1e-15 * diagonal).
/// Cost: n^3/3 operations. Rows before the failing one hold their final values.
DOSI_API size_t dosi_cholesky(double *a, size_t n);

/// Solves L y = b in place for one right side, with L as dosi_cholesky() leaves it.
DOSI_API void dosi_cholesky_forward(const double *l, size_t n, double *b);

/// Solves L' x = y in place.
DOSI_API void dosi_cholesky_backward(const double *l, size_t n, double *y);

/// Solves L Y = B in place for `n_right` right sides laid out as B (n x n_right), row-major.
/// Bits of a column do not depend on `n_right` nor on its place among the others.
DOSI_API void dosi_cholesky_forward_many(const double *l, size_t n, double *b, size_t n_right);

/// The inverse of A from its factor.
/// @param inverse  (n x n) out, whole and symmetric; may not overlap `l`.
DOSI_API void dosi_cholesky_inverse(const double *l, size_t n, double *inverse);

/// Weighted least squares of y on two columns with both coefficients >= 0:
/// min sum w (y - c0 a - c1 b)^2. Exact (all four active sets).
/// @param coefficients  (2) out.
/// @return The minimum.
DOSI_API double dosi_fit_two_nonnegative(const double *w,
                                         const double *y,
                                         const double *a,
                                         const double *b,
                                         size_t n,
                                         double *coefficients);

/// Minimum of a continuous function in [low, high] by Brent's method (golden section with
/// parabolic steps), to `tolerance` relative to x.
/// @param f_min  Out, may be NULL: the value there.
DOSI_API double dosi_minimise(double (*f)(void *context, double x),
                              void *context,
                              const double *interval,
                              double tolerance,
                              double *f_min);

/// Modified Bessel function of the second kind K_nu(x), for nu >= 0 and x > 0; relative error
/// below 1e-13 for nu <= 50. Underflows to 0 for large x.
/// Source: N. M. Temme (1975), J. Comput. Phys. 19, 324-337 (series, x <= 2) and Steed's
/// continued fraction (x > 2); recurrence upwards in nu.
DOSI_API double dosi_bessel_k(double nu, double x);

/// Quantile of the standard normal distribution, 0 < p < 1.
/// Source: P. J. Acklam's rational approximation with one step of Halley's method on erfc.
DOSI_API double dosi_normal_quantile(double p);

/// Probability of at most `t` under Student's t distribution, freedom > 0; absolute error below
/// 1e-12 (1e-7 from ten million degrees of freedom on, where it is the normal's).
/// Source: W. J. Lentz (1976), Appl. Opt. 15 (continued fraction of the incomplete beta).
DOSI_API double dosi_student_cdf(double freedom, double t);

/// Its quantile, 0 < p < 1, by bisection.
DOSI_API double dosi_student_quantile(double freedom, double p);

#ifdef __cplusplus
}
#endif

#endif // DOSI_NUM_H
