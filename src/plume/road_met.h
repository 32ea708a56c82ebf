/// @file road_met.h
/// Near-ground meteorology and spread of R-LINE: functions of one distance.
#ifndef DOSI_PLUME_ROAD_MET_H
#define DOSI_PLUME_ROAD_MET_H

#include "dosi/road.h"

/// Which flow: undisturbed, behind a downwind wall, behind an upwind wall.
typedef enum road_flow { ROAD_OPEN, ROAD_BEHIND, ROAD_LEE, ROAD_FLOWS } road_flow;

enum { ROAD_LEVELS = 100 };

/// Surface layer of one flow.
typedef struct road_layer {
    double friction_ms, obukhov_m, roughness_m, displacement_m;
    double psi_ground; ///< Stability function at z0.
    /// Wind at heights that grow geometrically from the displaced ground to the top of the
    /// boundary layer; straight between them and above.
    double bottom_m, log_bottom, log_step;
    double height_m[ROAD_LEVELS], speed_ms[ROAD_LEVELS];
} road_layer;

/// An hour, with the flows that its walls make.
typedef struct road_met {
    bool is_stable;
    double least_ms; ///< Least wind.
    double adjust;   ///< Measured over theoretical wind at the reference height.
    double sigma_v_ms;
    double friction_ms, obukhov_m; ///< Undisturbed; the length positive.
    double mixing_m;
    road_layer layers[ROAD_FLOWS];
} road_met;

/// A source as the spread sees it.
typedef struct road_source {
    road_flow flow;
    double height_m; ///< Effective height of the emissions.
    double shift_m;  ///< Lift of the mean plume height above a wall.
    double first_m2; ///< Square of what adds to the vertical spread.
} road_source;

/// Spread at one distance.
typedef struct road_spread {
    double speed_ms; ///< Wind at the mean plume height.
    double sigma_z_m;
    double grown_m; ///< Vertical spread without the first.
    int steps; ///< Of the iteration; 0: the wind is the least. Where it changes, all jumps.
} road_spread;

/// @param upwind_wall_m, downwind_wall_m  Heights of the walls; 0: none.
road_met road_met_make(const dosi_road_weather *weather,
                       double downwind_wall_m,
                       double upwind_wall_m);

/// Wind at a height.
double road_met_wind(const road_met *met, road_flow flow, double height_m);

/// Spread and wind at a distance >= 0; they depend on each other and are iterated.
road_spread road_met_spread(const road_met *met, const road_source *source, double distance_m);

/// Square of the horizontal spread, without the road's width.
double road_met_sigma_y2(const road_met *met, double grown_m);

/// Part of the emission that meanders, for the wind at its mean plume height.
double road_met_meander(const road_met *met, double speed_ms);

/// Vertical distribution (1/m) of a plume between the ground and the mixing height.
double road_met_vertical(const road_met *met,
                         double sigma_z_m,
                         double source_m,
                         double receptor_m);

#endif // DOSI_PLUME_ROAD_MET_H
