/// @file krige_kernel.h
/// The arithmetic of krige_lanes.c, included once for each instruction set: KERNEL(name) names
/// its functions, KERNEL_TARGET says what they may use. No header of its own.

// NOLINTBEGIN(misc-definitions-in-headers): the including file makes two sets of them.

/// Sum of a[i] b[i] over n pairs of vectors, even and odd ones apart.
KERNEL_TARGET static inline void KERNEL(dot)(const four *a,
                                             const four *b,
                                             size_t n,
                                             four *sum) {
    four even0 = {0}, even1 = {0}, odd0 = {0}, odd1 = {0};
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        even0 += a[2 * i] * b[2 * i];
        even1 += a[2 * i + 1] * b[2 * i + 1];
        odd0 += a[2 * i + 2] * b[2 * i + 2];
        odd1 += a[2 * i + 3] * b[2 * i + 3];
    }
    if (i < n) {
        even0 += a[2 * i] * b[2 * i];
        even1 += a[2 * i + 1] * b[2 * i + 1];
    }
    sum[0] = even0 + odd0;
    sum[1] = even1 + odd1;
}

/// Solves L y = b in place.
KERNEL_TARGET static inline void KERNEL(forward)(const krige_lanes *lanes, four *b) {
    const four *row = vectors(lanes->l);
    const four *inverse = vectors(lanes->inverse);
    for (size_t i = 0; i < lanes->k; i++) {
        four sum[2];
        KERNEL(dot)(row, b, i, sum);
        b[2 * i] = (b[2 * i] - sum[0]) * inverse[2 * i];
        b[2 * i + 1] = (b[2 * i + 1] - sum[1]) * inverse[2 * i + 1];
        row += 2 * (i + 1);
    }
}

/// Replaces a pivot (left in `inverse`) by the inverse of its root.
/// @param diagonal  What it was before anything was taken from it.
/// @return Bit per lane: it is not above the working precision of `n` terms.
static inline unsigned KERNEL(pivot)(double *inverse, const double *diagonal, size_t n) {
    unsigned failed = 0;
    for (size_t lane = 0; lane < KRIGE_LANES; lane++) {
        double pivot = inverse[lane];
        bool is_fine = pivot > (double)n * 1e-15 * diagonal[lane];
        if (!is_fine) failed |= 1U << lane;
        inverse[lane] = is_fine ? 1 / sqrt(pivot) : 1;
    }
    return failed;
}

/// Factors the covariances.
KERNEL_TARGET static inline unsigned KERNEL(factor_covariances)(const krige_lanes *lanes) {
    four *l = vectors(lanes->l), *inverse = vectors(lanes->inverse);
    unsigned failed = 0;
    four *row = l;
    for (size_t i = 0; i < lanes->k; i++) {
        const four *above = l;
        four sum[2];
        for (size_t j = 0; j < i; j++) {
            KERNEL(dot)(row, above, j, sum);
            row[2 * j] = (row[2 * j] - sum[0]) * inverse[2 * j];
            row[2 * j + 1] = (row[2 * j + 1] - sum[1]) * inverse[2 * j + 1];
            above += 2 * (j + 1);
        }
        KERNEL(dot)(row, row, i, sum);
        inverse[2 * i] = row[2 * i] - sum[0];
        inverse[2 * i + 1] = row[2 * i + 1] - sum[1];
        failed |= KERNEL(pivot)(lanes->inverse + i * KRIGE_LANES,
                                (const double *)(const void *)&row[2 * i], lanes->k);
        row += 2 * (i + 1);
    }
    return failed;
}

KERNEL_TARGET static krige_lanes_faults KERNEL(factor)(const krige_lanes *lanes) {
    krige_lanes_faults faults = {KERNEL(factor_covariances)(lanes), 0};
    four *u = vectors(lanes->u), *row = vectors(lanes->s);
    for (size_t a = 0; a < lanes->p; a++) {
        four *ua = u + 2 * a * lanes->k;
        KERNEL(forward)(lanes, ua);
        const four *above = vectors(lanes->s);
        for (size_t b = 0; b <= a; b++) {
            four sum[2], product[2];
            KERNEL(dot)(ua, u + 2 * b * lanes->k, lanes->k, product);
            KERNEL(dot)(row, above, b, sum);
            row[2 * b] = product[0] - sum[0];
            row[2 * b + 1] = product[1] - sum[1];
            if (b == a) {
                faults.undecided |=
                    KERNEL(pivot)((double *)(void *)&row[2 * b],
                                  (const double *)(const void *)product, lanes->k);
            } else {
                row[2 * b] *= above[2 * b];
                row[2 * b + 1] *= above[2 * b + 1];
            }
            above += 2 * (b + 1);
        }
        row += 2 * (a + 1);
    }
    return faults;
}

/// Solves S x = b in place, with the factor of the drift.
KERNEL_TARGET static inline void KERNEL(solve_drift)(const krige_lanes *lanes, four *b) {
    const four *row = vectors(lanes->s);
    for (size_t i = 0; i < lanes->p; i++) {
        four sum[2];
        KERNEL(dot)(row, b, i, sum);
        b[2 * i] = (b[2 * i] - sum[0]) * row[2 * i];
        b[2 * i + 1] = (b[2 * i + 1] - sum[1]) * row[2 * i + 1];
        row += 2 * (i + 1);
    }
    for (size_t i = lanes->p; i-- > 0;) {
        row -= 2 * (i + 1);
        b[2 * i] *= row[2 * i];
        b[2 * i + 1] *= row[2 * i + 1];
        for (size_t j = 0; j < i; j++) {
            b[2 * j] -= row[2 * j] * b[2 * i];
            b[2 * j + 1] -= row[2 * j + 1] * b[2 * i + 1];
        }
    }
}

/// Solves L' x = y in place.
KERNEL_TARGET static inline void KERNEL(backward)(const krige_lanes *lanes, four *w) {
    const four *inverse = vectors(lanes->inverse);
    const four *row = vectors(lanes->l) + lanes->k * (lanes->k + 1);
    for (size_t i = lanes->k; i-- > 0;) {
        row -= 2 * (i + 1);
        w[2 * i] *= inverse[2 * i];
        w[2 * i + 1] *= inverse[2 * i + 1];
        for (size_t j = 0; j < i; j++) {
            w[2 * j] -= row[2 * j] * w[2 * i];
            w[2 * j + 1] -= row[2 * j + 1] * w[2 * i + 1];
        }
    }
}

KERNEL_TARGET static void KERNEL(solve)(const krige_lanes *lanes, double *variance) {
    four *w = vectors(lanes->w), *rest = vectors(lanes->rest), *out = vectors(variance);
    const four *u = vectors(lanes->u);
    size_t k = lanes->k, p = lanes->p;
    four yy[2], gained[2], before[2 * KRIGE_LANES_MAX_DRIFT];
    KERNEL(forward)(lanes, w);
    KERNEL(dot)(w, w, k, yy);
    for (size_t q = 0; q < p; q++) {
        four uy[2];
        KERNEL(dot)(u + 2 * q * k, w, k, uy);
        before[2 * q] = rest[2 * q] -= uy[0];
        before[2 * q + 1] = rest[2 * q + 1] -= uy[1];
    }
    KERNEL(solve_drift)(lanes, rest); // Lagrange multipliers
    KERNEL(dot)(before, rest, p, gained);
    out[0] = gained[0] - yy[0];
    out[1] = gained[1] - yy[1];
    for (size_t q = 0; q < p; q++) {
        const four *uq = u + 2 * q * k;
        for (size_t i = 0; i < 2 * k; i += 2) {
            w[i] += rest[2 * q] * uq[i];
            w[i + 1] += rest[2 * q + 1] * uq[i + 1];
        }
    }
    KERNEL(backward)(lanes, w);
}

// NOLINTEND(misc-definitions-in-headers)
