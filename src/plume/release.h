/// @file release.h
/// A source in an hour: everything about its plume that does not depend on the receptor.
#ifndef DOSI_PLUME_RELEASE_H
#define DOSI_PLUME_RELEASE_H

#include "plume/profile.h"

/// One source in one hour.
typedef struct plume_release {
    const dosi_plume_hour *hour;
    const dosi_plume_source *source;
    bool is_stable;      ///< Stable air.
    bool is_like_stable; ///< Stable, or released above the mixed layer: one Gaussian plume.
    bool has_rise;       ///< Points.
    double height_m;     ///< Of release.
    double top_m;        ///< The same, less stack-tip downwash.
    double speed_ms, sigma_v_ms, sigma_w_ms; ///< At the height of release.
    double lapse, theta;
    double gas_k;                       ///< Temperature of the gas: of points.
    double direction_deg, sine, cosine; ///< Of the wind that carries the plume.
    double buoyancy, momentum;          ///< m4/s3, m4/s2
    double brunt, brunt_rise;           ///< 1/s: at release, and 0.7 of it.
    double mixing_m;
    double final_x_m, final_rise_m;   ///< Where the rise ends, and how much it is.
    double settle_x_m, settle_rise_m; ///< Where the centre leaves the plume's own rise.
    double mixed_x_m;                 ///< Where the plume fills the mixed layer.
    double penetrated;                ///< Part of the plume that goes through the inversion.
    double penetrated_height_m, penetrated_rise_m;
    double sigma_y_m, sigma_z_m; ///< At the source.
    double decay_per_s;
    double settling_ms; ///< Of the particles whose plume it is; 0: of none.
} plume_release;

/// Prepares a release. The hour must be stable or unstable.
void plume_release_init(const dosi_plume_hour *hour,
                        const dosi_plume_source *source,
                        plume_release *out);

/// Rise of a plume in neutral or convective air at a distance, m.
double plume_rise_convective(const plume_release *release, double speed_ms, double x_m);

#endif // DOSI_PLUME_RELEASE_H
