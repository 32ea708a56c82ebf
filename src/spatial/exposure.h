/// @file exposure.h
/// What the parts of exposure share: areas with their weights and the covariances of errors.
#ifndef DOSI_SPATIAL_EXPOSURE_H
#define DOSI_SPATIAL_EXPOSURE_H

#include "dosi/exposure.h"
#include "spatial/year.h"

struct dosi_exposure {
    const dosi_year *year;
    size_t n;           ///< Areas.
    double *covariance; ///< (areas x sites) mean covariances with the sites; 0 without targets.
    double *weight;     ///< (areas x sites) the whole network's; 0 without targets.
    double *error;      ///< (areas x areas) covariances of errors; NaN without targets.
};

/// Whether area `a` has targets.
static inline bool exposure_has(const dosi_exposure *exposure, size_t a) {
    double own = exposure->error[a * exposure->n + a];
    return own == own;
}

/// Mean of an area, or of what has its covariances with the sites, at map `m`.
double exposure_mean(const dosi_year *year, size_t m, const double *covariance);

#endif // DOSI_SPATIAL_EXPOSURE_H
