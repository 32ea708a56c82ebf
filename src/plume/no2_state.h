/// @file no2_state.h
/// A plume at a distance: where its centre is, how wide, in which air.
#ifndef DOSI_PLUME_NO2_STATE_H
#define DOSI_PLUME_NO2_STATE_H

#include "plume/release.h"

#include "dosi/no2.h"

/// A receptor as the plume's air needs it.
typedef struct no2_spot {
    double above, flag;     ///< Over the source's base; over its own ground.
    const double *z, *hill; ///< Of the ground; NULL: flat.
    double first_w;         ///< sigma_w that draughts are first found with; 0: at the release.
} no2_spot;

/// A plume at a distance.
typedef struct no2_state {
    double height_m, speed_ms, sigma_v_ms, sigma_w_ms, dissipation;
    double sigma_y, sigma_z; ///< Of the whole plume (means of the draughts).
    double start_y, start_z; ///< Without the air's turbulence.
    double buoyant;          ///< By the plume's own heat alone.
    double level_part;       ///< Part that goes around the hill.
    double direct, indirect; ///< Convective air: what comes straight, and by way of the lid.
    double speed3_ms, sigma_v3_ms, sigma_w3_ms, dissipation3; ///< Of the penetrated part.
    double buoyant3;
    double vertical, vertical3; ///< Integrals across, for 1 g/s.
    double sigma_y3;
} no2_state;

/// The plume at `x_m` > 0.
void no2_state_at(const plume_release *release,
                  const no2_spot *spot,
                  double x_m,
                  no2_state *out);

/// Part of a plume that goes all ways, at a place so far away.
double no2_meander(const plume_release *release, double distance_m, const no2_state *state);

/// A source's middle, its size (1 m2 for points) and its width across the wind.
typedef struct no2_shape {
    double x, y, area_m2, width_m;
} no2_shape;

no2_shape no2_shape_of(const dosi_plume_source *source, double sine, double cosine);

/// A receptor of a list.
no2_spot no2_spot_of(const plume_release *release, const dosi_plume_receptors *all, size_t i);

#endif // DOSI_PLUME_NO2_STATE_H
