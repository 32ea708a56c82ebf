/// @file covariance_kernel.h
/// The loops of covariance.c, included once for each instruction set: KERNEL(name) names its
/// functions, KERNEL_TARGET says what they may use. No header of its own.

// NOLINTBEGIN(misc-definitions-in-headers): the including file makes a set for each.

/// Distances over range of pairs.
KERNEL_TARGET static inline void KERNEL(distances)(
    const covariance_structure *s, const double *dx, const double *dy, double *r, size_t n) {
    double scale = s->scale;
    if (!s->is_turned) {
        for (size_t i = 0; i < n; i++) r[i] = scale * sqrt(dx[i] * dx[i] + dy[i] * dy[i]);
        return;
    }
    double a0 = s->along[0], a1 = s->along[1], c0 = s->across[0], c1 = s->across[1];
    for (size_t i = 0; i < n; i++) {
        double along = dx[i] * a0 + dy[i] * a1, across = dx[i] * c0 + dy[i] * c1;
        r[i] = scale * sqrt(along * along + across * across);
    }
}

/// Adds psill (1 - g(r)) of a Matern structure.
KERNEL_TARGET static inline void KERNEL(add_matern)(const covariance_structure *s,
                                                    const double *restrict r,
                                                    double *restrict out,
                                                    size_t n) {
    double psill = s->psill;
    if (s->kappa == 1.5) {
        for (size_t i = 0; i < n; i++) out[i] += psill * ((1 + r[i]) * exp_quick(-r[i]));
    } else if (s->kappa == 2.5) {
        for (size_t i = 0; i < n; i++) {
            out[i] += psill * ((1 + r[i] + r[i] * r[i] / 3) * exp_quick(-r[i]));
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            out[i] += psill * (r[i] > 0 ? covariance_matern(s->kappa, r[i]) : 1);
        }
    }
}

/// Adds psill (1 - g(r)) of one structure.
KERNEL_TARGET static inline void KERNEL(add)(const covariance_structure *s,
                                             const double *restrict r,
                                             double *restrict out,
                                             size_t n) {
    double psill = s->psill;
    switch (s->kind) {
    case DOSI_VARIOGRAM_EXPONENTIAL:
        for (size_t i = 0; i < n; i++) out[i] += psill * exp_quick(-r[i]);
        return;
    case DOSI_VARIOGRAM_GAUSSIAN:
        for (size_t i = 0; i < n; i++) out[i] += psill * exp_quick(-r[i] * r[i]);
        return;
    case DOSI_VARIOGRAM_SPHERICAL:
        for (size_t i = 0; i < n; i++) {
            double q = r[i] < 1 ? r[i] : 1;
            out[i] += psill * (1 - q * (1.5 - 0.5 * q * q));
        }
        return;
    case DOSI_VARIOGRAM_LINEAR:
        for (size_t i = 0; i < n; i++) out[i] += psill * (1 - r[i]);
        return;
    default:
        break;
    }
    KERNEL(add_matern)(s, r, out, n);
}

KERNEL_TARGET static void KERNEL(fill)(const covariance_field *field,
                                       const double *restrict dx,
                                       const double *restrict dy,
                                       double *restrict out,
                                       size_t n) {
    double r[COVARIANCE_BATCH];
    for (size_t first = 0; first < n; first += COVARIANCE_BATCH) {
        size_t m = n - first < COVARIANCE_BATCH ? n - first : COVARIANCE_BATCH;
        const double *x = dx + first, *y = dy + first;
        double *c = out + first;
        for (size_t i = 0; i < m; i++) c[i] = field->far;
        for (size_t k = 0; k < field->n; k++) {
            KERNEL(distances)(&field->structures[k], x, y, r, m);
            KERNEL(add)(&field->structures[k], r, c, m);
        }
        double sill = field->sill;
        for (size_t i = 0; i < m; i++) c[i] = (x[i] == 0) & (y[i] == 0) ? sill : c[i];
    }
}

// NOLINTEND(misc-definitions-in-headers)
