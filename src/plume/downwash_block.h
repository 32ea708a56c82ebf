/// @file downwash_block.h
/// A building as the wind sees it: its cavity, its wake, how the air bends and slows there.
///
/// Distances are metres from the middle of the upwind face: x along the wind, y across, z up.
/// Source: Schulman, Strimaitis and Scire (2000), J. Air Waste Manage. Assoc. 50, 378-390
/// (PRIME), with the constants of AERMOD 24142.
#ifndef DOSI_PLUME_DOWNWASH_BLOCK_H
#define DOSI_PLUME_DOWNWASH_BLOCK_H

#include "dosi/plume.h"

/// A building in one wind.
typedef struct plume_block {
    double height_m, width_m, length_m;
    double along_m, across_m; ///< Of the middle of the upwind face, from the stack.
    double scale_m;           ///< Length that everything goes with: of its lesser side, mostly.
    double top_m;             ///< Greatest height of the cavity.
    double end_m;             ///< Where the cavity behind it ends.
    bool is_reattached;       ///< The flow comes down on the roof again.
    double bend;              ///< Exponent of how the slope fades towards the ground.
} plume_block;

typedef enum plume_region {
    PLUME_INSIDE,  ///< In the building.
    PLUME_CAVITY,  ///< In the air that turns behind it.
    PLUME_WAKE,    ///< In the turbulent air beyond.
    PLUME_OUTSIDE, ///< Untouched.
} plume_region;

/// Takes what the wind of a direction sees.
/// @param direction_deg  Where the wind blows from.
/// @return Whether there is a building that way.
bool plume_block_init(const dosi_plume_building *building,
                      double direction_deg,
                      plume_block *out);

/// Where a place is.
plume_region plume_block_region(const plume_block *block, double x, double y, double z);

/// Height and half the width of the cavity at a distance; zeros where there is none.
void plume_block_cavity(const plume_block *block, double x, double *height, double *half_width);

/// Height of the wake at a distance, and half its width; 0 before the building.
double plume_block_wake_height(const plume_block *block, double x);
double plume_block_wake_width(const plume_block *block, double x);

/// Slope of the mean streamline, rising positive.
double plume_block_slope(const plume_block *block, double x, double y, double z);

/// Speed over that of the undisturbed wind, and how the ratio grows with height, per m.
void plume_block_slowing(
    const plume_block *block, double x, double y, double z, double *ratio, double *gradient);

#endif // DOSI_PLUME_DOWNWASH_BLOCK_H
