/// @file network.h
/// What learning and predicting share.
#ifndef DOSI_SPATIAL_NETWORK_H
#define DOSI_SPATIAL_NETWORK_H

#include "dosi/network.h"

struct dosi_network {
    size_t n; ///< Sites.
    double half_life, level_power;
    double level_floor; ///< Lower levels count as this.
    double *offset;     ///< (n) b
    double *covariance; ///< (n x n) a constant minus the semivariances.
    dosi_network_summary summary;
};

/// How a prediction came about, before the scale of the time is known.
typedef struct network_residual {
    double prediction;
    double variance; ///< Kriging variance x f^2.
    double square; ///< Sum of squared errors / kriging variances of the others, by each other.
    double n_others; ///< How many of these are independent.
    double error;    ///< value - prediction; NaN: no value.
} network_residual;

/// dosi_network_predict() without the scale.
/// @param residuals  (n_times x n) out, `variance` NaN where there is no prediction.
DOSI_CHECKED dosi_status dosi_network_residuals(const dosi_network *network,
                                                const double *values,
                                                size_t n_times,
                                                const dosi_run *run,
                                                network_residual *residuals,
                                                dosi_error *err);

#endif // DOSI_SPATIAL_NETWORK_H
