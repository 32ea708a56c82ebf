/// @file point.h
/// Plumes of points and volumes at many receptors, several at once.
#ifndef DOSI_PLUME_POINT_H
#define DOSI_PLUME_POINT_H

#include "plume/release.h"

enum { PLUME_CHUNK = 128, PLUME_LANES = 8 };

/// Receptors as the wind sees them. Filled up to whole lanes by copies of the last.
typedef struct plume_places {
    size_t n;
    bool is_hilly;
    double along[PLUME_CHUNK], across[PLUME_CHUNK]; ///< m from the source; `along` >= 1.
    double distance[PLUME_CHUNK];
    double above[PLUME_CHUNK], flag[PLUME_CHUNK]; ///< Over the source's base, and the ground.
    double z[PLUME_CHUNK], hill[PLUME_CHUNK];
} plume_places;

/// Concentrations of the plume with its narrow Gaussian, for 1 g/s in g/m3.
void plume_coherent(const plume_release *release, const plume_places *places, double *out);

/// A plume spread evenly over all directions.
typedef struct plume_evenly {
    double value[PLUME_CHUNK];    ///< Concentration for 1 g/s in g/m3.
    double fraction[PLUME_CHUNK]; ///< How much of the plume does so.
    double speed[PLUME_CHUNK];    ///< Of its air, m/s.
} plume_evenly;

/// The same spread evenly over all directions.
void plume_meander(const plume_release *release, const plume_places *places, plume_evenly *out);

enum { PLUME_REACH_BINS = 80 };

/// How far from its axis a plume with its narrow Gaussian is felt: a bound, found as needed for
/// bins of distance.
typedef struct plume_reach {
    const plume_release *release;
    double square[PLUME_REACH_BINS]; ///< Of distance across over distance along; 0: not yet.
} plume_reach;

void plume_reach_init(const plume_release *release, plume_reach *out);

/// Whether a receptor gets nothing of the narrow plume, for certain.
/// @param along_m  At least 1.
bool plume_reach_is_beyond(plume_reach *reach, double along_m, double across_m);

#endif // DOSI_PLUME_POINT_H
