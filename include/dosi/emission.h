/// @file emission.h
/// What road traffic emits: hot exhaust by speed, vehicle and fuel, and wear of brakes, tyres
/// and the road.
///
/// Exhaust factors have the one form of the EMEP/EEA guidebook,
///     EF = (alpha V^2 + beta V + gamma + delta / V) / (epsilon V^2 + zeta V + eta) (1 -
///     reduction)
/// in g/km for a speed V in km/h; a lab gives its own or takes the defaults. docs/emission.md
/// says of every default where it is from and whether it could be checked.
///
/// Source: EMEP/EEA air pollutant emission inventory guidebook 2019, chapters 1.A.3.b.i-iv
/// (exhaust) and 1.A.3.b.vi-vii (wear).
#ifndef DOSI_EMISSION_H
#define DOSI_EMISSION_H

#include "dosi/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Kinds of vehicles; the first two are light.
typedef enum dosi_vehicle {
    DOSI_VEHICLE_CAR,
    DOSI_VEHICLE_VAN,   ///< Goods vehicles up to 3.5 t.
    DOSI_VEHICLE_TRUCK, ///< Heavier goods vehicles.
    DOSI_VEHICLE_BUS,
    DOSI_VEHICLES
} dosi_vehicle;

typedef enum dosi_fuel {
    DOSI_FUEL_PETROL,
    DOSI_FUEL_DIESEL,
    DOSI_FUEL_LPG,
    DOSI_FUEL_CNG,
    DOSI_FUEL_HYBRID,   ///< Petrol with an electric motor.
    DOSI_FUEL_ELECTRIC, ///< Hydrogen too: no exhaust.
    DOSI_FUELS
} dosi_fuel;

/// What is emitted.
typedef enum dosi_emission_species {
    DOSI_EMISSION_NOX, ///< As NO2.
    DOSI_EMISSION_NO2, ///< The part emitted as NO2.
    DOSI_EMISSION_CO,
    DOSI_EMISSION_VOC,        ///< Non-methane.
    DOSI_EMISSION_PM_EXHAUST, ///< All below 2.5 um.
    DOSI_EMISSION_PM10,       ///< Exhaust and wear.
    DOSI_EMISSION_PM25,       ///< Exhaust and wear.
    DOSI_EMISSIONS
} dosi_emission_species;

/// Exhaust of one vehicle over speed, g/km.
typedef struct dosi_emission_curve {
    double alpha, beta, gamma, delta, epsilon, zeta, eta;
    double reduction;        ///< 0..1
    double min_kmh, max_kmh; ///< Speeds are held to this range; 0 < min <= max.
} dosi_emission_curve;

/// All that is needed to turn traffic into emissions.
typedef struct dosi_emission_model {
    /// Exhaust of NOX, CO, VOC and PM_EXHAUST; NO2 is a part of NOx.
    dosi_emission_curve exhaust[DOSI_VEHICLES][DOSI_FUELS][DOSI_EMISSION_PM_EXHAUST + 1];
    double no2_part[DOSI_VEHICLES][DOSI_FUELS];   ///< Of NOx, 0..1
    double fuel_share[DOSI_VEHICLES][DOSI_FUELS]; ///< Sums to 1 over the fuels of a vehicle.
    double van_share;                             ///< Of light vehicles.
    double bus_share;                             ///< Of heavy vehicles.
    double scale[DOSI_VEHICLES];   ///< What-if: 1 as it is, 0 none of these on the road.
    double fuel_scale[DOSI_FUELS]; ///< The same of all that drive on a fuel.
    /// Dust stirred up again, times the mean of inventories; >= 0. 0 by default: it depends on
    /// the road's dirt more than on anything that is known here.
    double resuspension;
} dosi_emission_model;

/// Names as datasets have them: "car", "petrol", "nox".
DOSI_API const char *dosi_vehicle_name(dosi_vehicle vehicle);
/// The same of a fuel.
DOSI_API const char *dosi_fuel_name(dosi_fuel fuel);
/// The same of a species.
DOSI_API const char *dosi_emission_name(dosi_emission_species species);

/// Factors of a fleet of about 2015 (Euro 5; buses Euro IV) and Seoul's fuels of May 2020; vans
/// are 10 % of light vehicles and buses 40 % of heavy ones.
DOSI_API dosi_emission_model dosi_emission_default(void);

/// Checks shares and curves.
/// @return DOSI_OK; DOSI_DOMAIN naming what is wrong.
DOSI_API DOSI_CHECKED dosi_status dosi_emission_check(const dosi_emission_model *model,
                                                      dosi_error *err);

/// A curve at a speed, g/km, never negative.
DOSI_API double dosi_emission_exhaust(const dosi_emission_curve *curve, double speed_kmh);

/// Wear of brakes, tyres and road by one vehicle, g/km.
/// @param species  PM10 or PM25.
DOSI_API double dosi_emission_wear(dosi_vehicle vehicle,
                                   dosi_emission_species species,
                                   double speed_kmh);

/// A stretch of road in one hour.
typedef struct dosi_traffic {
    double flow_vph;    ///< Vehicles an hour, both ways, >= 0.
    double speed_kmh;   ///< > 0
    double heavy_share; ///< Trucks and buses, 0..1.
} dosi_traffic;

/// Emissions of traffic.
/// @param out  (DOSI_EMISSIONS) g/m/s.
DOSI_API void dosi_emission_of(const dosi_emission_model *model,
                               const dosi_traffic *traffic,
                               double *out);

#ifdef __cplusplus
}
#endif

#endif // DOSI_EMISSION_H
