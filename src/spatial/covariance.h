/// @file covariance.h
/// Covariances of many pairs of places at once: what kriging spends its time on.
///
/// Same bits on every processor: AVX2 does more at a time, not otherwise.
#ifndef DOSI_SPATIAL_COVARIANCE_H
#define DOSI_SPATIAL_COVARIANCE_H

#include "dosi/variogram.h"

#include <stdbool.h>

enum { COVARIANCE_BATCH = 256 };

/// A structure made ready.
typedef struct covariance_structure {
    dosi_variogram_kind kind;
    double psill, kappa;
    double scale; ///< 1 / range
    bool is_turned;
    double along[2], across[2]; ///< dx, dy -> isotropic coordinates, when turned.
} covariance_structure;

/// A variogram made ready: covariance = far + sum psill (1 - g), and `sill` at distance 0.
typedef struct covariance_field {
    double sill, far;
    size_t n;
    covariance_structure structures[DOSI_VARIOGRAM_MAX_NESTED];
} covariance_field;

/// Makes a checked model ready. `sill`: the value at distance 0; for the
/// linear model any constant that is large enough.
void covariance_field_set(covariance_field *field, const dosi_variogram *model, double sill);

/// Covariances of pairs that are (dx, dy) apart. `out` overlaps neither.
void covariance_fill(
    const covariance_field *field, const double *dx, const double *dy, double *out, size_t n);

/// Correlation 2^(1-k)/Gamma(k) r^k K_k(r) of the Matern model, r > 0.
double covariance_matern(double kappa, double r);

#endif // DOSI_SPATIAL_COVARIANCE_H
