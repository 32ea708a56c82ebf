/// @file terrain.h
/// Hills in stable air: the part of a plume that goes around one rather than over it.
#ifndef DOSI_PLUME_TERRAIN_H
#define DOSI_PLUME_TERRAIN_H

#include "plume/release.h"

/// A receptor's hill, and the plume at its distance.
typedef struct plume_hill {
    double z_m, hill_m; ///< Of the receptor's ground, and the height scale of the hill.
    double plume_m, sigma_z_m, lid_m;
} plume_hill;

/// Weight of the plume that keeps its level: (1 + part below the dividing streamline) / 2.
double plume_level_part(const plume_release *release, const plume_hill *hill);

#endif // DOSI_PLUME_TERRAIN_H
