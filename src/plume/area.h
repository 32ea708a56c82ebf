/// @file area.h
/// Areas: the integral of points over a polygon.
#ifndef DOSI_PLUME_AREA_H
#define DOSI_PLUME_AREA_H

#include "plume/deposit.h"

/// Adds what an area brings. Corners are checked.
/// @param deposit  NULL: nothing is deposited.
void plume_add_area(const plume_release *release,
                    const plume_deposit *deposit,
                    const dosi_plume_receptors *receptors,
                    const dosi_plume_fluxes *out);

#endif // DOSI_PLUME_AREA_H
