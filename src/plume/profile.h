/// @file profile.h
/// Profiles on the fixed heights: finding the level, interpolation, means of layers.
#ifndef DOSI_PLUME_PROFILE_H
#define DOSI_PLUME_PROFILE_H

#include "dosi/plume.h"

#include <stdint.h>

#define PLUME_GRAVITY   9.80616
#define PLUME_KARMAN    0.4
#define PLUME_ADIABATIC 0.00977 ///< Dry adiabatic lapse rate, K/m.
#define PLUME_THIRD     (1.0 / 3.0)
#define PLUME_SQRT_2    1.41421356237309504880
#define PLUME_SQRT_2PI  2.50662827463100050242
#define PLUME_SQRT_PI   1.77245385090551602730
#define PLUME_EXP_LEAST (-50.0) ///< exp() of less counts as 0.
#define PLUME_SIGMA_TOP 2.15    ///< Half the depth of a plume in sigmas.
#define PLUME_SIGMA_U   0.05    ///< Least sigma_v / speed.

enum { PLUME_INDEX_STEPS = 10000 };

/// Level below a height: [2 z] for z in metres (all heights are multiples of half a metre).
const uint8_t *plume_level_index(void);

/// Index of the level at or below `height_m` >= 0, at most the last but one.
size_t plume_level_below(double height_m);

/// Fills slopes and integrals from the values.
void plume_profile_finish(dosi_plume_hour *hour);

/// Fills the potential temperatures from their gradients and the thermometer.
void plume_integrate_theta(dosi_plume_hour *hour);

/// Mean of a quantity between two heights, as the effective values of a plume are taken: never
/// below half a metre, and the value halfway when they are nearly the same.
double plume_mean(const dosi_plume_hour *hour,
                  dosi_plume_quantity quantity,
                  double bottom_m,
                  double top_m);

#endif // DOSI_PLUME_PROFILE_H
