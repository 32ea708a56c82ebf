/// @file plume.h
/// Dispersion from stacks, volumes, areas and open pits: a steady Gaussian plume with
/// Monin-Obukhov meteorology, as EPA's AERMOD (version 24142) defines it.
///
/// An hour's weather is first turned into profiles of wind, turbulence and temperature
/// (dosi_plume_hour_prepare()); then every source adds what it brings to every receptor
/// (dosi_plume_add()). Nothing here knows a pollutant, a file or a clock.
///
/// Coordinates are metres in any plane with x to the east and y to the north. Emissions in g/s
/// (points, volumes) or g/s/m2 (areas) give concentrations in ug/m3. Wind directions are where
/// the wind blows from, degrees clockwise from north.
///
/// Source: AERMOD Model Formulation and Evaluation, EPA-454/R-24-010 (2024); Cimorelli et al.
/// (2005), J. Appl. Meteorol. 44, 682-693. Numbers are checked against the hourly results that
/// EPA publishes with its test cases (tests/unit/test_plume_add.c, `dosi verify air`).
#ifndef DOSI_PLUME_H
#define DOSI_PLUME_H

#include "dosi/deposition.h"
#include "dosi/run.h"
#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DOSI_PLUME_LEVELS = 87,   ///< Heights of the profiles, 0 to 5000 m.
    DOSI_PLUME_OBSERVED = 50, ///< Most levels of an observed profile.
    DOSI_PLUME_SECTORS = 36,  ///< Wind sectors of building dimensions, 10 degrees each.
    DOSI_PLUME_VERTICES = 64, ///< Most corners of an area.
};

/// What was measured at one height; NaN: not measured.
typedef struct dosi_plume_level {
    double height_m;
    double direction_deg;
    double speed_ms;
    double temperature_k;
    double sigma_theta_deg; ///< Standard deviation of the direction.
    double sigma_w_ms;      ///< Standard deviation of the vertical wind.
} dosi_plume_level;

/// One hour at the ground, as AERMET and the like prepare it; NaN: missing.
typedef struct dosi_plume_weather {
    double heat_flux_wm2;       ///< Sensible heat flux, upward positive.
    double friction_ms;         ///< u*
    double convective_ms;       ///< w*; needed when the Obukhov length is negative.
    double lapse_above_km;      ///< Potential temperature gradient above the mixed layer, K/m.
    double convective_height_m; ///< Convective mixing height; needed as w* is.
    double mechanical_height_m; ///< Mechanical mixing height.
    double obukhov_m;           ///< Monin-Obukhov length; positive: stable.
    double roughness_m;         ///< z0
    double bowen;               ///< Bowen ratio
    double albedo;
    double speed_ms, direction_deg, speed_height_m; ///< Reference wind; speed 0: calm.
    double temperature_k, temperature_height_m;     ///< Reference temperature.
    double cloud_tenths;
    bool is_friction_adjusted;      ///< u* by AERMET's ADJ_U* for weak winds.
    bool is_bulk_richardson;        ///< ... with the bulk Richardson number.
    const dosi_plume_level *levels; ///< (n_levels) upward; may be none.
    size_t n_levels;                ///< At most DOSI_PLUME_OBSERVED.
    const dosi_moisture *moisture;  ///< For deposition; NULL: dosi_moisture_usual().
} dosi_plume_weather;

/// Limits of weak winds, and where the ground is. dosi_plume_limits_default() gives EPA's.
typedef struct dosi_plume_limits {
    double sigma_v_ms, sigma_w_ms, speed_ms; ///< Smallest values used: 0.2, 0.02, 0.2828.
    double meander_max, meander_min;         ///< Bounds of the meandering part: 1, 0.
    double meander_h;                        ///< Its time scale: 24.
    double base_m;                           ///< Height of the profile's base above the sea.
} dosi_plume_limits;

typedef enum dosi_plume_state {
    DOSI_PLUME_MISSING, ///< Something needed is missing: no concentrations.
    DOSI_PLUME_CALM,    ///< No wind: no concentrations.
    DOSI_PLUME_STABLE,
    DOSI_PLUME_UNSTABLE,
} dosi_plume_state;

/// What the profiles hold, one after the other in `value`.
typedef enum dosi_plume_quantity {
    DOSI_PLUME_SPEED,       ///< m/s
    DOSI_PLUME_SIGMA_V,     ///< m/s
    DOSI_PLUME_SIGMA_W,     ///< m/s
    DOSI_PLUME_LAPSE,       ///< Potential temperature gradient, K/m
    DOSI_PLUME_THETA,       ///< Potential temperature, K
    DOSI_PLUME_DENSITY,     ///< kg/m3
    DOSI_PLUME_DIRECTION,   ///< degrees
    DOSI_PLUME_DISSIPATION, ///< Of turbulence, m2/s3; over cities the country's.
    DOSI_PLUME_QUANTITIES = 8,
} dosi_plume_quantity;

/// An hour ready for dispersion: plain data, no pointers.
typedef struct dosi_plume_hour {
    dosi_plume_state state;
    bool is_urban; ///< Night (or early morning) over a city: see dosi_plume_hour_urban().
    dosi_plume_limits limits;
    double mixing_m;            ///< The greater mixing height, 1..4000.
    double mechanical_height_m; ///< 1..4000
    double convective_height_m;
    double friction_ms, convective_ms, obukhov_m, roughness_m, lapse_above_km;
    double speed_ms, speed_height_m, direction_deg;
    double temperature_k, temperature_height_m;
    double heat_flux_wm2, bowen, albedo, cloud_tenths; ///< As observed.
    dosi_moisture moisture;
    double speed_mean_ms, sigma_w_mean_ms; ///< Means from the ground to `mixing_m`.
    double theta_at_mixing_k;
    /// (levels x quantities) at dosi_plume_heights().
    double value[DOSI_PLUME_LEVELS][DOSI_PLUME_QUANTITIES];
    double slope[DOSI_PLUME_LEVELS][DOSI_PLUME_QUANTITIES];    ///< To the next level, per m.
    double integral[DOSI_PLUME_LEVELS][DOSI_PLUME_QUANTITIES]; ///< From the ground.
    /// Not less than sigma_v over the wind's speed in any layer that reaches up to a level.
    double wander[DOSI_PLUME_LEVELS];
} dosi_plume_hour;

/// EPA's limits.
DOSI_API dosi_plume_limits dosi_plume_limits_default(void);

/// The DOSI_PLUME_LEVELS heights of the profiles in metres, rising from 0.
DOSI_API const double *dosi_plume_heights(void);

/// Makes an hour's profiles of what was measured: observed values are interpolated along the
/// shape of similarity theory, and extrapolated by it.
/// A missing or calm hour gives that state and nothing else.
/// @return DOSI_OK; DOSI_DOMAIN: too many levels, or levels that do not rise.
DOSI_API DOSI_CHECKED dosi_status dosi_plume_hour_prepare(const dosi_plume_weather *weather,
                                                          const dosi_plume_limits *limits,
                                                          dosi_plume_hour *out,
                                                          dosi_error *err);

/// The same hour over a city: by night its heat keeps a mixed layer that grows with the
/// population. Where the city makes no difference (by day), `*out` is `*hour`.
/// @param population   Inhabitants, > 0.
/// @param roughness_m  The city's; 1 is EPA's default.
DOSI_API void dosi_plume_hour_urban(const dosi_plume_hour *hour,
                                    double population,
                                    double roughness_m,
                                    dosi_plume_hour *out);

/// A quantity at a height by linear interpolation; `height_m` >= 0.
DOSI_API double dosi_plume_at(const dosi_plume_hour *hour,
                              dosi_plume_quantity quantity,
                              double height_m);

/// The wind direction at a height, (0, 360].
DOSI_API double dosi_plume_direction_at(const dosi_plume_hour *hour, double height_m);

typedef enum dosi_plume_kind {
    DOSI_PLUME_POINT,
    DOSI_PLUME_POINT_CAPPED,     ///< A rain cap: nothing goes up by its own speed.
    DOSI_PLUME_POINT_HORIZONTAL, ///< Blows sideways.
    DOSI_PLUME_VOLUME,
    DOSI_PLUME_AREA, ///< A polygon.
    DOSI_PLUME_PIT,  ///< An open pit: a rectangle that is deep.
} dosi_plume_kind;

/// Building dimensions as seen by the wind of each sector (10, 20, ... 360 degrees, where the
/// wind blows to), and where the middle of its upwind face is from the stack.
typedef struct dosi_plume_building {
    double height_m[DOSI_PLUME_SECTORS], width_m[DOSI_PLUME_SECTORS];
    double length_m[DOSI_PLUME_SECTORS];
    double along_m[DOSI_PLUME_SECTORS], across_m[DOSI_PLUME_SECTORS];
} dosi_plume_building;

/// A source. Fields that its kind does not use may be anything.
typedef struct dosi_plume_source {
    dosi_plume_kind kind;
    double x_m, y_m, base_m;   ///< Of areas, x and y count for nothing.
    double height_m;           ///< Of release above `base_m`.
    double emission;           ///< g/s; of areas and pits g/s/m2.
    double exit_temperature_k; ///< Points: of the gas; negative: so much above the air.
    double exit_speed_ms, diameter_m;
    bool is_without_stack_tip;   ///< No downwash behind the stack itself.
    double sigma_y_m, sigma_z_m; ///< Volumes: initial spread; areas: sigma_z only.
    bool is_flat;                ///< The plume follows the terrain: heights count for nothing.
    double decay_per_s;          ///< Exponential loss; 0: none.
    const double *corner_x_m, *corner_y_m; ///< (n_corners) areas; not closed.
    size_t n_corners;
    /// Pits: (x, y) is one corner; the width goes east of it and the length north, turned
    /// clockwise by the angle. `height_m` is above the pit's floor, less than its depth.
    double pit_width_m, pit_length_m, pit_angle_deg, pit_depth_m;
    const dosi_plume_building *building; ///< Points; NULL: none. Height 0: none that way.
    const dosi_particles *particles;     ///< What is emitted are particles; NULL: a gas.
    const dosi_gas *gas;                 ///< That is taken up; NULL: not.
    /// The plume keeps all that dry or wet deposition takes: no depletion.
    bool is_kept_dry, is_kept_wet;
} dosi_plume_source;

/// Where concentrations are wanted. The arrays after y may be NULL: zeros.
typedef struct dosi_plume_receptors {
    size_t n;
    const double *x_m, *y_m; ///< (n)
    const double *z_m;       ///< (n) Height of the ground, as of the sources' `base_m`.
    const double *hill_m;    ///< (n) Height scale of the hill around; NULL: as `z_m`.
    const double *flag_m;    ///< (n) Height above the ground.
} dosi_plume_receptors;

/// Results of a source at receptors; each may be NULL: not wanted.
typedef struct dosi_plume_fluxes {
    double *concentration; ///< (n) ug/m3
    double *dry, *wet;     ///< (n) Deposited in the hour, g/m2.
    double *total;         ///< (n) Both. (Of areas an integral of its own, to a hundredth.)
} dosi_plume_fluxes;

/// Adds what `source` brings in an hour to `concentration`, in ug/m3. A calm or missing hour
/// brings nothing.
/// @param concentration  (n) in and out.
/// Receptors inside a pit get nothing of it.
/// @return DOSI_OK; DOSI_DOMAIN when a field that the kind needs is not what it says;
///         DOSI_UNSUPPORTED: an area with more than DOSI_PLUME_VERTICES corners.
/// Beside a building a point's plume is PRIME's: Schulman, Strimaitis and Scire (2000),
/// J. Air Waste Manage. Assoc. 50, 378-390.
/// Cost: about 0.11 us a receptor of a point or volume, of an area 3 us (bench/plume.c). One
/// thread; the same bits wherever the receptors stand in the list.
DOSI_API DOSI_CHECKED dosi_status dosi_plume_add(const dosi_plume_hour *hour,
                                                 const dosi_plume_source *source,
                                                 const dosi_plume_receptors *receptors,
                                                 double *concentration,
                                                 dosi_error *err);

/// The same with what is deposited. Sources without particles and gas deposit nothing.
/// @param fluxes  Every array that is there is added to.
/// Cost: for each class of particles and receptor about 5 us of a point, of an area 200 us.
DOSI_API DOSI_CHECKED dosi_status dosi_plume_add_fluxes(const dosi_plume_hour *hour,
                                                        const dosi_plume_source *source,
                                                        const dosi_plume_receptors *receptors,
                                                        const dosi_plume_fluxes *fluxes,
                                                        dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_PLUME_H
