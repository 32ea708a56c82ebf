/// @file gauss.h
/// The Gaussian plume with stability classes: curves of spread, plume rise, and concentration.
///
/// For where nothing better than a class is known, and as the plain model beside
/// dosi/plume.h. Distances and heights in metres; a concentration is per unit of emission,
/// s/m3. Every function is pure; NaN comes out where NaN goes in.
#ifndef DOSI_GAUSS_H
#define DOSI_GAUSS_H

#include "dosi/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Pasquill's stability classes, from very unstable to stable.
typedef enum dosi_stability {
    DOSI_STABILITY_A,
    DOSI_STABILITY_B,
    DOSI_STABILITY_C,
    DOSI_STABILITY_D,
    DOSI_STABILITY_E,
    DOSI_STABILITY_F,
    DOSI_STABILITY_COUNT ///< Not a class: how many there are.
} dosi_stability;

/// Which curves of spread.
typedef enum dosi_sigma_curves {
    DOSI_SIGMA_BRIGGS_RURAL, ///< Briggs (1973), open country.
    DOSI_SIGMA_BRIGGS_URBAN, ///< Briggs (1973) after St. Louis; ISC3's urban curves.
    DOSI_SIGMA_ISC3_RURAL,   ///< Pasquill-Gifford as fitted in ISC3 (EPA-454/B-95-003b, 1.1.5).
} dosi_sigma_curves;

/// Horizontal spread at a distance downwind, m; 0 at distances <= 0.
DOSI_API double dosi_sigma_y(dosi_sigma_curves curves, dosi_stability stability, double x_m);

/// Vertical spread, m; ISC3's is at most 5000 m.
DOSI_API double dosi_sigma_z(dosi_sigma_curves curves, dosi_stability stability, double x_m);

/// The class of an hour from wind at 10 m, global radiation and cloud (0..1).
/// By day (radiation above 10 W/m2) the solar radiation rows of EPA-454/R-99-005, table 6-7; by
/// night Pasquill's (1961) columns for cloud below and above one half.
DOSI_API dosi_stability dosi_stability_of_hour(double wind_ms,
                                               double radiation_wm2,
                                               double cloud);

/// Exponent p of the wind profile u(z) = u10 (z / 10 m)^p over a city.
/// Source: ISC3 user's guide, default urban exponents.
DOSI_API double dosi_wind_exponent_urban(dosi_stability stability);

/// Monin-Obukhov length that stands for a class over ground of roughness `z0_m`; infinite for
/// D. Source: TNO Yellow Book (CPR 14E, 1997), table 4.4: L = a z0^b.
DOSI_API double dosi_mo_length_of_class(dosi_stability stability, double z0_m);

/// Rise of a buoyant plume after Briggs: where it ends, and how far it has risen there.
/// Momentum is left out. Stable classes take a potential temperature gradient of 0.020 (E) or
/// 0.035 K/m (F) at 288.15 K.
/// @param buoyancy_m4s3  g w r^2 (Ts - Ta) / Ts, >= 0.
/// @param wind_ms  At the stack's top, > 0.
/// @param distance_m  Out, may be NULL: where the rise ends.
/// @return Final rise, m.
/// Source: ISC3 user's guide, EPA-454/B-95-003b, 1.1.4.
DOSI_API double dosi_plume_rise(dosi_stability stability,
                                double buoyancy_m4s3,
                                double wind_ms,
                                double *distance_m);

/// g w r^2 (Ts - Ta) / Ts, m4/s3; 0 when the gas is not warmer than the air.
DOSI_API double dosi_buoyancy_flux(double gas_ms,
                                   double diameter_m,
                                   double gas_k,
                                   double air_k);

/// What a plume goes through.
typedef struct dosi_gauss_air {
    dosi_sigma_curves curves;
    dosi_stability stability;
    double wind_ms;  ///< > 0.
    double mixing_m; ///< The lid; 0: none.
} dosi_gauss_air;

/// A puff of emission on its way: height, and the spread it had from the start.
typedef struct dosi_gauss_release {
    double height_m;   ///< With the rise.
    double sigma_y0_m; ///< >= 0
    double sigma_z0_m; ///< >= 0
} dosi_gauss_release;

/// Concentration of a point source over ground that reflects, and under a lid (images once
/// each way; well mixed when the plume has filled the layer), s/m3.
/// @param along_m, across_m  Place of the receptor from the source, with the wind.
/// @param z_m  Height of the receptor.
/// Upwind there is nothing. Cost: about 60 ns.
DOSI_API double dosi_gauss_point(const dosi_gauss_air *air,
                                 const dosi_gauss_release *release,
                                 double along_m,
                                 double across_m,
                                 double z_m);

#ifdef __cplusplus
}
#endif

#endif // DOSI_GAUSS_H
