/// @file deposition.h
/// What leaves a plume on its way to the ground: particles that settle and stick, gases that
/// surfaces take up, and both washed out by rain and snow; and how much less the plume has for
/// it. For dosi_plume_add() and dosi_plume_add_fluxes() of dosi/plume.h.
///
/// Dry deposition is a velocity times the concentration a metre above the roughness length,
/// wet deposition a rate times all that is above a place. Plumes of settling particles bend
/// down; a plume has less to give by what it has lost since its source (source depletion).
///
/// Source: EPA's AERMOD (24142) deposition algorithms, 2009; M. L. Wesely, P. V. Doskey and
/// J. D. Shannon (2001), Deposition Parameterizations for the Industrial Source Complex (ISC3)
/// Model, ANL/ER/TR-01/003; W. G. N. Slinn (1984) and Seinfeld and Pandis (1998) for washout.
#ifndef DOSI_DEPOSITION_H
#define DOSI_DEPOSITION_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DOSI_PARTICLE_CLASSES = 64, ///< Most sizes of a source's particles.
    DOSI_LAND_SECTORS = 36,     ///< Sectors of land use, 10 degrees each.
    DOSI_LAND_USES = 9,
    DOSI_LAND_SEASONS = 5,
};

/// Particles of a source.
/// Method 1: classes of sizes, each with its settling. Method 2, where sizes are not well
/// known: one class, its mean diameter, and the share of the mass that is fine (below 2.5 um);
/// `fraction` and `density_gcm3` count for nothing then (1 and 1).
typedef struct dosi_particles {
    size_t n;                   ///< Classes, 1..DOSI_PARTICLE_CLASSES; method 2: 1.
    const double *diameter_um;  ///< (n) Mean of mass, > 0.
    const double *fraction;     ///< (n) Of the mass, together about 1.
    const double *density_gcm3; ///< (n) > 0
    bool is_method_2;
    double fine_share; ///< Method 2: 0..1.
} dosi_particles;

/// A gas that is taken up. With `velocity_ms` > 0 that is its deposition velocity, and nothing
/// else counts; there is no washout then.
typedef struct dosi_gas {
    double velocity_ms;
    double diffusivity_air_m2s;    ///< Molecular diffusivity in air, > 0.
    double diffusivity_water_m2s;  ///< And in water, > 0.
    double cuticle_sm;             ///< Resistance of a leaf's cuticle to lipids' uptake, s/m.
    double henry_pam3mol;          ///< Henry's law coefficient, Pa m3/mol, > 0.
    double reactivity;             ///< 0; 0.1: nitrogen oxides; 1: ozone, divalent mercury.
    const unsigned char *land_use; ///< (DOSI_LAND_SECTORS) by where the wind blows to: 1..9.
    unsigned char season; ///< 1 summer, 2 autumn, 3 late autumn, 4 winter with snow, 5 spring.
    double leaves[2];     ///< Relative leaf area in seasons 2 and 5; 0: 0.5 and 0.25.
} dosi_gas;

/// Land use: 1 city, 2 farmland, 3 rangeland, 4 forest, 5 suburban with grass, 6 suburban with
/// forest, 7 water, 8 barren, 9 wetland.

/// Water in the ground that plants can reach, from hour to hour.
typedef struct dosi_soil {
    double water_mm;
    double wetness;    ///< water / 200 mm, 0.01..1.
    double rain_mm[2]; ///< Of the last hour and the one before.
} dosi_soil;

/// Soil as a run begins: well watered.
DOSI_API dosi_soil dosi_soil_start(void);

/// The soil in the next hour: rain of the hour before in, evaporation out.
/// @param rain_mm        Of the hour that now comes; kept for the hours after. Negative or NaN:
///                       missing, nothing changes.
/// @param temperature_k  Of the hour.
DOSI_API void dosi_soil_step(dosi_soil *soil, double rain_mm, double temperature_k);

/// An hour's water in the air and in the ground.
typedef struct dosi_moisture {
    double precipitation_mm; ///< Rain, or snow melted, in the hour; 0, less or NaN: none.
    int precipitation_code;  ///< Above 18: frozen.
    double humidity_percent; ///< Relative; kept within 5..100.
    double pressure_hpa;     ///< Below 100: 1000.
    int hour_of_day;         ///< 1..24, for dew on the ground.
    dosi_soil soil;          ///< Before dosi_soil_step() of the next hour.
} dosi_moisture;

/// A dry hour at noon: no rain, 50 %, 1013 hPa, dosi_soil_start().
DOSI_API dosi_moisture dosi_moisture_usual(void);

/// Settling velocity of a particle in air, m/s: Stokes' law with Cunningham's slip.
/// Domain: diameter > 0 um, density > 0 g/cm3; lighter than air: 0.
DOSI_API double dosi_settling_ms(double diameter_um, double density_gcm3);

#ifdef __cplusplus
}
#endif

#endif // DOSI_DEPOSITION_H
