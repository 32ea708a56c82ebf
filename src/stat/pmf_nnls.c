// Exact non-negative least squares of a handful of unknowns from its normal equations.

#include "stat/pmf_core.h"

#include <math.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS, MAX_SWEEPS = 30 };

/// Element (p, q), p <= q, of the upper triangle by rows.
static size_t pair_at(size_t p, size_t q, size_t k) {
    return p * k - p * (p + 1) / 2 + q;
}

/// Solves A z = b on the `n` unknowns of `set`; unknowns whose pivot vanishes get 0.
static void solve_on(
    const double *a, const double *b, size_t k, const unsigned char *set, size_t n, double *z) {
    double l[MAX_K][MAX_K], y[MAX_K];
    for (size_t r = 0; r < n; r++) {
        double top = b[set[r]];
        for (size_t c = 0; c < r; c++) {
            double sum = a[pair_at(set[c], set[r], k)];
            for (size_t t = 0; t < c; t++) sum -= l[r][t] * l[c][t];
            l[r][c] = sum * l[c][c]; // diagonals hold inverses
            top -= l[r][c] * y[c];
        }
        double diagonal = a[pair_at(set[r], set[r], k)], pivot = diagonal;
        for (size_t t = 0; t < r; t++) pivot -= l[r][t] * l[r][t];
        l[r][r] = pivot > 1e-12 * diagonal ? 1 / sqrt(pivot) : 0;
        y[r] = top * l[r][r];
    }
    for (size_t r = n; r-- > 0;) {
        for (size_t t = r + 1; t < n; t++) y[r] -= l[t][r] * z[set[t]];
        z[set[r]] = y[r] * l[r][r];
    }
}

/// Slope of 1/2 z'Az - b'z along unknown q, and the size of what cancels in it.
static double slope_at(
    const double *a, const double *b, size_t k, const double *z, size_t q, double *size) {
    double sum = -b[q], sizes = fabs(b[q]);
    for (size_t p = 0; p < k; p++) {
        double term = a[p < q ? pair_at(p, q, k) : pair_at(q, p, k)] * z[p];
        sum += term;
        sizes += fabs(term);
    }
    *size = sizes;
    return sum;
}

/// Unknowns that break the conditions of the minimum: in the set and not positive, or out of it
/// with phi falling inwards. How many.
static size_t find_wrong(const double *a,
                         const double *b,
                         size_t k,
                         const double *z,
                         const bool *is_in,
                         bool *is_wrong) {
    size_t n = 0;
    for (size_t p = 0; p < k; p++) {
        double size = 0;
        is_wrong[p] = is_in[p] ? !(z[p] > 0) : slope_at(a, b, k, z, p, &size) < -1e-13 * size;
        n += is_wrong[p];
    }
    return n;
}

/// Exchanges the wrong unknowns: all of them, or the last alone.
static void exchange(const bool *is_wrong, size_t k, bool is_all, bool *is_in) {
    for (size_t p = k; p-- > 0;) {
        if (!is_wrong[p]) continue;
        is_in[p] = !is_in[p];
        if (!is_all) return;
    }
}

/// 1/2 z'Az - b'z.
static double value_of(const double *a, const double *b, size_t k, const double *z) {
    double sum = 0;
    for (size_t p = 0, at = 0; p < k; p++) {
        double row = 0.5 * a[at++] * z[p];
        for (size_t q = p + 1; q < k; q++) row += a[at++] * z[q];
        sum += z[p] * (row - b[p]);
    }
    return sum;
}

/// Lowers the value one unknown at a time: what is left where A is singular to rounding.
static void descend_one_by_one(const double *a, const double *b, size_t k, double *z) {
    for (size_t sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        for (size_t p = 0; p < k; p++) {
            double size = 0, bend = a[pair_at(p, p, k)];
            if (bend > 0) z[p] = fmax(0, z[p] - slope_at(a, b, k, z, p, &size) / bend);
        }
    }
}

// Block pivoting (Kim & Park 2011, SIAM J. Sci. Comput. 33); when blocks stop helping, one
// exchange at a time, which must end.
static bool pivot_blocks(const double *a, const double *b, size_t k, double *z) {
    unsigned char set[MAX_K] = {0};
    bool is_in[MAX_K], is_wrong[MAX_K];
    size_t fewest = k + 1, patience = 3;
    for (size_t p = 0; p < k; p++) is_in[p] = z[p] > 0;
    for (size_t round = 0; round < 20 * k + 20; round++) {
        size_t n = 0;
        for (size_t p = 0; p < k; p++) {
            if (is_in[p]) set[n++] = (unsigned char)p;
        }
        memset(z, 0, k * sizeof *z);
        solve_on(a, b, k, set, n, z);
        size_t n_wrong = find_wrong(a, b, k, z, is_in, is_wrong);
        if (n_wrong == 0) return true;
        if (n_wrong < fewest) {
            fewest = n_wrong;
            patience = 3;
        } else if (patience > 0) {
            patience--;
        }
        exchange(is_wrong, k, patience > 0, is_in);
    }
    return false;
}

void pmf_nnls(const double *a, const double *b, size_t k, double *z) {
    double before[MAX_K];
    memcpy(before, z, k * sizeof *z);
    double value = value_of(a, b, k, before);
    if (pivot_blocks(a, b, k, z) && value_of(a, b, k, z) <= value + 1e-13 * fabs(value)) return;
    memcpy(z, before, k * sizeof *z);
    descend_one_by_one(a, b, k, z);
}
