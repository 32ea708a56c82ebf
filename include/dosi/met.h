/// @file met.h
/// Meteorology for dispersion: similarity of the surface layer, and what an ordinary weather
/// station measures turned into friction velocity, Obukhov length and mixing heights.
///
/// Lengths in metres, speeds in m/s, temperatures in kelvin unless a name says otherwise,
/// fluxes in W/m2 (upwards positive). Missing is NaN.
#ifndef DOSI_MET_H
#define DOSI_MET_H

#include "dosi/gauss.h"
#include "dosi/run.h"
#include "dosi/time.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DOSI_VON_KARMAN 0.4

// --- similarity of the surface layer -------------------------------------------------------

/// Dimensionless gradient of temperature at z/L: 1 + 5 z/L, or (1 - 16 z/L)^(-1/2).
/// Source: A. J. Dyer (1974), Boundary-Layer Meteorol. 7, 363-372.
DOSI_API double dosi_mo_phi_h(double z_over_l);

/// Stability correction of the wind profile at z/L: -5 z/L, or Paulson's (1970) integral.
DOSI_API double dosi_mo_psi_m(double z_over_l);

/// The surface layer of an hour. `mo_length_m` may be infinite (neutral), never 0.
typedef struct dosi_surface_layer {
    double friction_ms; ///< u*, > 0.
    double mo_length_m; ///< L; < 0 unstable.
    double roughness_m; ///< z0, > 0.
} dosi_surface_layer;

/// Wind at height z >= z0: u*/k (ln(z/z0) - psi(z/L) + psi(z0/L)).
DOSI_API double dosi_mo_wind(const dosi_surface_layer *air, double z_m);

// --- what spreads near the ground ----------------------------------------------------------

/// A steady line source across the wind, at a height above ground that keeps nothing.
typedef struct dosi_diffusion {
    dosi_surface_layer air;
    double mixing_m;   ///< Lid, > source; at least 50 is taken.
    double source_m;   ///< > roughness.
    double receptor_m; ///< > roughness.
} dosi_diffusion;

/// Crosswind-integrated concentration downwind, by solving
///     u(z) dC/dx = d/dz (K(z) dC/dz),   K = k u* z / phi_h(z/L),
/// with Monin-Obukhov profiles of wind and exchange (no constant of its own).
/// @param x_m  (n) ascending, > 0.
/// @param integrated  (n) out: per unit of emission, s/m2.
/// @param drift_ms  (n) out, may be NULL: mean wind of the plume there.
/// @return DOSI_OK; DOSI_DOMAIN naming what is out of its domain.
/// Cost: about 1 ms to 1 km.
DOSI_API DOSI_CHECKED dosi_status dosi_diffusion_solve(const dosi_diffusion *problem,
                                                       const double *x_m,
                                                       size_t n,
                                                       double *integrated,
                                                       double *drift_ms,
                                                       dosi_error *err);

/// Horizontal spread of a plume near the ground from the wind direction's standard deviation:
/// sigma_theta x / (1 + 0.9 sqrt(t / 300 s)).
/// Source: R. R. Draxler (1976), Atmos. Environ. 10, 99-105, ground sources.
DOSI_API double dosi_sigma_y_draxler(double sigma_theta_rad, double x_m, double travel_s);

// --- from a weather station ----------------------------------------------------------------

/// Sine of the sun's height (negative at night) at a place and instant of UTC.
/// Error below 0.01 degree in height for 1950..2050.
/// Source: Astronomical Almanac's low-precision formulas (J. J. Michalsky 1988).
DOSI_API double dosi_sun_sine(double latitude_deg, double longitude_deg, dosi_time utc);

/// Global radiation from the sun's height and cloud (0..1), W/m2.
/// Source: A. A. M. Holtslag and A. P. van Ulden (1983), J. Clim. Appl. Meteorol. 22, 517-529.
DOSI_API double dosi_global_radiation(double sun_sine, double cloud);

/// Net radiation from global radiation, albedo, air temperature and cloud, W/m2. Same source.
DOSI_API double dosi_net_radiation(double global_wm2,
                                   double albedo,
                                   double air_k,
                                   double cloud);

/// Sensible heat flux by day from net radiation, W/m2: the Penman-Monteith form with a tenth of
/// the net radiation going into the ground. Same source.
/// @param moisture  alpha: 1 well watered, 0.5 dry grass, 0.3..0.5 a city.
DOSI_API double dosi_heat_flux(double net_wm2, double air_k, double moisture);

/// Where a station stands.
typedef struct dosi_met_site {
    double latitude_deg, longitude_deg;
    int zone_s;            ///< Civil time less UTC: 32400 in Korea.
    double roughness_m;    ///< Of the ground upwind, 0.001..5.
    double displacement_m; ///< Height from which the wind profile counts, >= 0.
    double anemometer_m;   ///< Above ground, > displacement + roughness.
    double albedo;         ///< 0..1
    double moisture;       ///< See dosi_heat_flux().
    double lapse_km;       ///< Potential temperature gradient above the mixed layer, K/m, > 0.
} dosi_met_site;

/// What it measured: hours without gaps, stamped with their ends.
typedef struct dosi_met_weather {
    size_t n;
    dosi_time first;             ///< Civil end of the first hour.
    const double *wind_ms;       ///< (n)
    const double *temperature_c; ///< (n)
    const double *cloud;         ///< (n) 0..1
    const double *radiation_wm2; ///< (n) global; NULL or NaN: from sun and cloud.
    const double *pressure_hpa;  ///< (n) NULL or NaN: 1013.
} dosi_met_weather;

/// One prepared hour. All NaN (and class COUNT) where wind, temperature or cloud is missing.
typedef struct dosi_met_hour {
    double sun_sine, radiation_wm2, net_wm2, heat_wm2;
    double friction_ms, mo_length_m;
    double convective_ms;              ///< w*; 0 when stable.
    double mechanical_m, convective_m; ///< Mixing heights; convective 0 when stable.
    double mixing_m;                   ///< The larger.
    dosi_stability stability;
} dosi_met_hour;

/// Prepares hours. By day u* and L come from wind and heat flux by iteration; at night from
/// cloud (theta* = 0.09 (1 - 0.5 N^2), A. Venkatram 1980) as AERMET does. The mechanical height
/// is 2300 u*^1.5, smoothed over hours; the convective one grows from sunrise with the heat put
/// in (D. J. Carson 1973; J. C. Weil and R. P. Brower 1983, A = 0.2).
/// Winds below 0.5 m/s are taken as 0.5.
/// @param hours  (n) out.
/// @return DOSI_OK; DOSI_DOMAIN naming what is wrong with the site.
DOSI_API DOSI_CHECKED dosi_status dosi_met_prepare(const dosi_met_site *site,
                                                   const dosi_met_weather *weather,
                                                   dosi_met_hour *hours,
                                                   dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_MET_H
