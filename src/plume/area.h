/// @file area.h
/// Areas: the integral of points over a polygon.
#ifndef DOSI_PLUME_AREA_H
#define DOSI_PLUME_AREA_H

#include "plume/release.h"

/// Adds what an area brings. Corners are checked.
void plume_add_area(const plume_release *release,
                    const dosi_plume_receptors *receptors,
                    double *concentration);

#endif // DOSI_PLUME_AREA_H
