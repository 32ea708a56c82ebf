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
    const four *row = (const four *)(const void *)lanes->l;
    const four *inverse = (const four *)(const void *)lanes->inverse;
    for (size_t i = 0; i < lanes->k; i++) {
        four sum[2];
        KERNEL(dot)(row, b, i, sum);
        b[2 * i] = (b[2 * i] - sum[0]) * inverse[2 * i];
        b[2 * i + 1] = (b[2 * i + 1] - sum[1]) * inverse[2 * i + 1];
        row += 2 * (i + 1);
    }
}

KERNEL_TARGET static unsigned KERNEL(factor)(const krige_lanes *lanes) {
    four *l = (four *)(void *)lanes->l;
    four *inverse = (four *)(void *)lanes->inverse;
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
        const double *diagonal = (const double *)(const void *)&row[2 * i];
        const double *taken = (const double *)(const void *)sum;
        for (size_t lane = 0; lane < KRIGE_LANES; lane++) {
            double pivot = diagonal[lane] - taken[lane];
            bool is_fine = pivot > (double)lanes->k * 1e-15 * diagonal[lane];
            if (!is_fine) failed |= 1U << lane;
            lanes->inverse[i * KRIGE_LANES + lane] = is_fine ? 1 / sqrt(pivot) : 1;
        }
        row += 2 * (i + 1);
    }
    four *u = (four *)(void *)lanes->u;
    for (size_t i = 0; i < 2 * lanes->k; i++) u[i] = (four){1, 1, 1, 1};
    KERNEL(forward)(lanes, u);
    KERNEL(dot)(u, u, lanes->k, (four *)(void *)lanes->s);
    return failed;
}

KERNEL_TARGET static void KERNEL(solve)(const krige_lanes *lanes, double *variance) {
    four *w = (four *)(void *)lanes->w;
    const four *u = (const four *)(const void *)lanes->u;
    const four *s = (const four *)(const void *)lanes->s;
    const four *inverse = (const four *)(const void *)lanes->inverse;
    const four *l = (const four *)(const void *)lanes->l;
    four yy[2], uy[2];
    KERNEL(forward)(lanes, w);
    KERNEL(dot)(w, w, lanes->k, yy);
    KERNEL(dot)(u, w, lanes->k, uy);
    four *out = (four *)(void *)variance;
    four mean[2]; // Lagrange multiplier of the weights' sum
    for (size_t h = 0; h < 2; h++) {
        four rest = 1 - uy[h];
        mean[h] = rest / s[h];
        out[h] = rest * mean[h] - yy[h];
    }
    for (size_t i = 0; i < 2 * lanes->k; i += 2) {
        w[i] += mean[0] * u[i];
        w[i + 1] += mean[1] * u[i + 1];
    }
    const four *row = l + lanes->k * (lanes->k + 1);
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

// NOLINTEND(misc-definitions-in-headers)
