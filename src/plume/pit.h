/// @file pit.h
/// Open pits: what leaves a pit leaves it near its upwind end.
#ifndef DOSI_PLUME_PIT_H
#define DOSI_PLUME_PIT_H

#include "plume/release.h"

/// Adds what a pit brings to receptors outside it. The hour is stable or unstable.
void plume_add_pit(const dosi_plume_hour *hour,
                   const dosi_plume_source *source,
                   const dosi_plume_receptors *receptors,
                   const dosi_plume_fluxes *out);

#endif // DOSI_PLUME_PIT_H
