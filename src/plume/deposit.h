/// @file deposit.h
/// A source's deposition in one hour: how fast its particles or gas settle, stick and are
/// washed out; and what its plume brings and leaves at a place. See dosi/deposition.h.
#ifndef DOSI_PLUME_DEPOSIT_H
#define DOSI_PLUME_DEPOSIT_H

#include "plume/release.h"

#define PLUME_GAUSS     0.28867513459481288 ///< Half the distance of Gauss' two points.
#define PLUME_MOST_LOST 50.0                ///< Exponents of losses are cut here.

/// One class of particles, or a gas.
typedef struct plume_class {
    double share;       ///< Of what is emitted.
    double settling_ms; ///< By weight: bends the plume down.
    double velocity_ms; ///< Of dry deposition.
    double scavenged_s; ///< Rate at which precipitation takes it from the plume, 1/s ...
    double washed_s;    ///< ... and brings it to the ground.
} plume_class;

/// A source's deposition in an hour.
typedef struct plume_deposit {
    const plume_release *release;
    size_t n;
    plume_class classes[DOSI_PARTICLE_CLASSES];
    double level_m; ///< Height at which the concentration that is deposited is taken.
    bool loses_dry, loses_wet; ///< What is deposited is taken from the plume.
} plume_deposit;

/// What a plume of 1 g/s brings: g/m3; g/m2/s.
typedef struct plume_flux {
    double concentration, dry, wet;
} plume_flux;

/// A place as the wind sees it.
typedef struct plume_where {
    double x;               ///< Distance that the plume has gone, >= 1 m.
    double above, flag;     ///< Over the source's base, and the ground.
    const double *z, *hill; ///< Of the ground there; NULL: flat.
} plume_where;

/// Sets the rates of a source. The release counts for where it is and which way it goes.
void plume_deposit_init(const plume_release *release, plume_deposit *out);

/// Share of what was emitted that is left at a distance, of one class.
/// @param sigma_w  Areas: the effective one of the last distance looked at; or NULL.
double plume_deposit_left(const plume_deposit *d,
                          const plume_class *of,
                          const plume_where *at,
                          double *sigma_w);

/// Flux of a point's or volume's plume with its narrow Gaussian at `across_m`.
plume_flux plume_deposit_narrow(const plume_deposit *d, const plume_where *at, double across_m);

/// Flux of the same spread evenly over all directions.
plume_flux plume_deposit_even(const plume_deposit *d, const plume_where *at);

// ---- parts of it ----

/// The air near the ground, as far as deposition is concerned.
typedef struct plume_near_ground {
    double resistance_sm; ///< Aerodynamic, from a metre above the roughness length down.
    double viscosity_m2s; ///< Kinematic, of air.
    double vapour_kpa;    ///< At saturation.
    double deficit_kpa;   ///< What is lacking to that.
    double dry_g_kg;      ///< Specific humidity that is lacking.
    double flow_to_deg;   ///< Where the plume goes.
    double column_m;      ///< Depth through which precipitation falls within the plume.
} plume_near_ground;

/// Height and sigma_z of a plume far away.
void plume_column(const plume_release *release, double x, double *top_m, double *sigma_m);

/// Precipitation as drops.
typedef struct plume_drops {
    double fall_ms, radius_cm;
} plume_drops;

plume_drops plume_drops_of(double precipitation_mm);

/// Sets velocity and washout of a gas.
void plume_deposit_gas(const plume_release *release,
                       const plume_near_ground *ground,
                       plume_class *out);

#endif // DOSI_PLUME_DEPOSIT_H
