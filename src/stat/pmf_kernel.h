// Included by pmf_lanes.c once a kind of processor: KERNEL(name) names, KERNEL_TARGET compiles.

/// Sums of `vectors` (1..4) eights at a time.
KERNEL_TARGET static void KERNEL(combine)(
    const double *factors, size_t n, const double *rows, size_t width, double *out) {
    size_t at = 0;
    for (; at + (size_t)4 * PMF_LANES <= width; at += (size_t)4 * PMF_LANES) {
        eight s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (size_t t = 0; t < n; t++) {
            const eight *row = (const eight *)(rows + t * width + at);
            const double factor = factors[t];
            s0 += factor * row[0];
            s1 += factor * row[1];
            s2 += factor * row[2];
            s3 += factor * row[3];
        }
        eight *to = (eight *)(out + at);
        to[0] = s0;
        to[1] = s1;
        to[2] = s2;
        to[3] = s3;
    }
    for (; at < width; at += PMF_LANES) {
        eight s0 = {0};
        for (size_t t = 0; t < n; t++)
            s0 += factors[t] * *(const eight *)(rows + t * width + at);
        *(eight *)(out + at) = s0;
    }
}

/// Four rows by sixteen columns of s from (i, j) on.
KERNEL_TARGET static void KERNEL(take_tile_16)(
    double *s, const double *b, size_t n, size_t width, size_t i, size_t j) {
    eight a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
    for (size_t t = 0; t < n; t++) {
        const double *row = b + t * width, *left = row + i;
        const eight right_a = *(const eight *)(row + j);
        const eight right_b = *(const eight *)(row + j + PMF_LANES);
        a0 += left[0] * right_a;
        b0 += left[0] * right_b;
        a1 += left[1] * right_a;
        b1 += left[1] * right_b;
        a2 += left[2] * right_a;
        b2 += left[2] * right_b;
        a3 += left[3] * right_a;
        b3 += left[3] * right_b;
    }
    double *to = s + i * width + j;
    *(eight *)to -= a0;
    *(eight *)(to + PMF_LANES) -= b0;
    *(eight *)(to + width) -= a1;
    *(eight *)(to + width + PMF_LANES) -= b1;
    *(eight *)(to + 2 * width) -= a2;
    *(eight *)(to + 2 * width + PMF_LANES) -= b2;
    *(eight *)(to + 3 * width) -= a3;
    *(eight *)(to + 3 * width + PMF_LANES) -= b3;
}

/// Four rows by eight columns of s from (i, j) on.
KERNEL_TARGET static void KERNEL(take_tile_8)(
    double *s, const double *b, size_t n, size_t width, size_t i, size_t j) {
    eight a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
    for (size_t t = 0; t < n; t++) {
        const double *row = b + t * width, *left = row + i;
        const eight right = *(const eight *)(row + j);
        a0 += left[0] * right;
        a1 += left[1] * right;
        a2 += left[2] * right;
        a3 += left[3] * right;
    }
    double *to = s + i * width + j;
    *(eight *)to -= a0;
    *(eight *)(to + width) -= a1;
    *(eight *)(to + 2 * width) -= a2;
    *(eight *)(to + 3 * width) -= a3;
}

KERNEL_TARGET static void KERNEL(take_gram)(double *s,
                                            const double *b,
                                            size_t n,
                                            size_t width) {
    for (size_t i = 0; i < width; i += 4) {
        size_t j = i / PMF_LANES * PMF_LANES;
        for (; j + (size_t)2 * PMF_LANES <= width; j += (size_t)2 * PMF_LANES) {
            KERNEL(take_tile_16)(s, b, n, width, i, j);
        }
        if (j < width) KERNEL(take_tile_8)(s, b, n, width, i, j);
    }
}

KERNEL_TARGET static size_t KERNEL(factor)(double *a, size_t n, size_t stride) {
    const size_t end = pmf_pad(n);
    for (size_t j = 0; j < n; j++) {
        double *row = a + j * stride;
        const double pivot = row[j];
        if (!(pivot > 0)) return j;
        const double inverse = 1 / sqrt(pivot);
        for (size_t c = j / PMF_LANES * PMF_LANES; c < end; c += PMF_LANES) {
            *(eight *)(row + c) *= inverse;
        }
        for (size_t i = j + 1; i < n; i++) {
            const double factor = row[i];
            if (factor == 0) continue;
            double *to = a + i * stride;
            for (size_t c = i / PMF_LANES * PMF_LANES; c < end; c += PMF_LANES) {
                *(eight *)(to + c) -= factor * *(const eight *)(row + c);
            }
        }
    }
    return n;
}

KERNEL_TARGET static void KERNEL(forward_rows)(const double *l,
                                               size_t n,
                                               double *c,
                                               size_t width) {
    for (size_t at = 0; at < width; at += PMF_LANES) {
        for (size_t a = 0; a < n; a++) {
            eight value = *(const eight *)(c + a * width + at);
            for (size_t b = 0; b < a; b++) {
                value -= l[a * n + b] * *(const eight *)(c + b * width + at);
            }
            *(eight *)(c + a * width + at) = value * l[a * n + a];
        }
    }
}
