// Cholesky factor and solves, written so that the inner loops run along rows.

#include "dosi/num.h"

#include <assert.h>
#include <math.h>

/// Dot product in four fixed lanes: quick, and always the same bits.
static double dot(const double *a, const double *b, size_t n) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++) s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

size_t dosi_cholesky(double *a, size_t n) {
    assert(a || n == 0);
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (size_t j = 0; j < i; j++) {
            row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j];
        }
        double pivot = row[i] - dot(row, row, i);
        if (!(pivot > (double)n * 1e-15 * row[i])) return i;
        row[i] = sqrt(pivot);
    }
    return n;
}

void dosi_cholesky_forward(const double *l, size_t n, double *b) {
    for (size_t i = 0; i < n; i++) b[i] = (b[i] - dot(l + i * n, b, i)) / l[i * n + i];
}

void dosi_cholesky_backward(const double *l, size_t n, double *y) {
    for (size_t i = n; i-- > 0;) {
        y[i] /= l[i * n + i];
        for (size_t j = 0; j < i; j++) y[j] -= l[i * n + j] * y[i];
    }
}

void dosi_cholesky_forward_many(const double *l, size_t n, double *b, size_t n_right) {
    for (size_t i = 0; i < n; i++) {
        double *row = b + i * n_right;
        for (size_t j = 0; j < i; j++) {
            double factor = l[i * n + j];
            const double *above = b + j * n_right;
            for (size_t k = 0; k < n_right; k++) row[k] -= factor * above[k];
        }
        double scale = 1 / l[i * n + i];
        for (size_t k = 0; k < n_right; k++) row[k] *= scale;
    }
}

void dosi_cholesky_inverse(const double *l, size_t n, double *inverse) {
    for (size_t column = 0; column < n; column++) {
        double *x = inverse + column * n; // by symmetry, columns may be filled as rows
        for (size_t i = 0; i < n; i++) x[i] = i == column ? 1 : 0;
        dosi_cholesky_forward(l, n, x);
        dosi_cholesky_backward(l, n, x);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            double mean = 0.5 * (inverse[i * n + j] + inverse[j * n + i]);
            inverse[i * n + j] = mean;
            inverse[j * n + i] = mean;
        }
    }
}
