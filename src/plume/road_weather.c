// The hour of a road from the hour of a plume.

#include "dosi/plume.h"
#include "dosi/road.h"

#include <math.h>

bool dosi_road_weather_of(const dosi_plume_hour *hour, dosi_road_weather *out) {
    if (hour->state != DOSI_PLUME_STABLE && hour->state != DOSI_PLUME_UNSTABLE) return false;
    double sigma_v = dosi_plume_at(hour, DOSI_PLUME_SIGMA_V, hour->speed_height_m);
    *out = (dosi_road_weather){
        .speed_ms = hour->speed_ms,
        .speed_height_m = hour->speed_height_m,
        .direction_deg = hour->direction_deg,
        .friction_ms = hour->friction_ms,
        .obukhov_m = hour->obukhov_m,
        .mixing_m = hour->mixing_m,
        .roughness_m = hour->roughness_m,
        .sigma_v_ms = fmax(sigma_v, hour->limits.sigma_v_ms),
        .least_speed_ms = hour->limits.speed_ms,
        .is_stable = hour->state == DOSI_PLUME_STABLE,
    };
    return true;
}
