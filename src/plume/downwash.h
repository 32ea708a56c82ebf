/// @file downwash.h
/// A plume past a building, in one hour: PRIME (see downwash_block.h). The cavity catches a
/// part of the plume and gives it off again at the ground; the rest rises more slowly, follows
/// the bent streamlines and spreads in the wake's turbulence.
#ifndef DOSI_PLUME_DOWNWASH_H
#define DOSI_PLUME_DOWNWASH_H

#include "plume/deposit.h"
#include "plume/downwash_block.h"
#include "plume/release.h"

enum { PLUME_TABLE = 50 };

/// Something along the wind, between points; distances from the stack.
typedef struct plume_path {
    size_t n;
    bool has_return; ///< The distances do not only grow.
    double x[PLUME_TABLE];
    double value[2][PLUME_TABLE]; ///< Height; or sigma_z and sigma_y.
    double growth[PLUME_TABLE];   ///< Of the plume's radius, per m.
    double extra[2];              ///< Beyond: what is added to the air's own sigmas squared.
} plume_path;

/// Everything of a plume and a building that does not depend on the receptor.
typedef struct plume_downwash {
    const plume_release *release;
    plume_block block;
    double speed_ms, sigma_v_ms, sigma_w_ms, lapse; ///< Means of the air that makes the wake.
    double turbulence[2];                           ///< sigma_w, sigma_v over speed.
    double fading_m[2];      ///< Where the wake's turbulence has faded, from the upwind face.
    double weight_m;         ///< How far the wake counts.
    double entry_m;          ///< Where the plume comes into the wake, from the upwind face.
    double entry[2];         ///< Its sigma_z and sigma_y there.
    plume_path rise;         ///< Heights.
    plume_path wake, cavity; ///< Spread of what goes on, and of what the cavity gives off.
    double caught;           ///< Part of the plume that the cavity catches.
} plume_downwash;

/// A receptor as the wind sees it, from the stack.
typedef struct plume_spot {
    double along, across; ///< m
    double above;         ///< Over the stack's base.
    double flag;          ///< Over its own ground.
    double speed_ms;      ///< Of the air of the plain plume; counts for losses alone.
} plume_spot;

/// Prepares it. The release must be of a point.
/// @return Whether the building changes anything in this hour.
/// Cost: about 0.15 ms (bench/plume.c).
bool plume_downwash_init(const plume_release *release, plume_downwash *out);

/// The concentration of 1 g/s at a place, g/m3.
/// @param plain  The same without the building.
double plume_downwash_at(const plume_downwash *downwash, const plume_spot *at, double plain);

/// The same with what is deposited.
plume_flux plume_downwash_flux(const plume_downwash *downwash,
                               const plume_deposit *deposit,
                               const plume_spot *at,
                               plume_flux plain);

// ---- parts of it ----

/// The air's own sigma_z (0) or sigma_y (1) of a plume at a height.
double plume_downwash_ambient(const plume_downwash *d, int direction, double x, double height);

/// Value at a distance between points; before and behind, the first and the last.
double plume_path_at(const plume_path *path, int which, double x);

/// Sigma of the plume (`path` the wake's) or of what the cavity gives off.
/// @param height  Where the air's own turbulence is taken beyond the table.
double plume_downwash_sigma(
    const plume_downwash *d, const plume_path *path, int direction, double x, double height);

/// Fills the tables of spread from the wake's entry on.
/// @param path    Heights of the plume; NULL: `height` everywhere.
void plume_downwash_spread(plume_downwash *d, const plume_path *path, double height);

/// Follows the plume up, and fills `rise`, `entry`, `wake`, `cavity` and `caught`.
/// @return Whether it comes into the wake's turbulence.
bool plume_downwash_rise(plume_downwash *d);

#endif // DOSI_PLUME_DOWNWASH_H
