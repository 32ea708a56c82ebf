/// @file road_chemistry.h
/// NO, NO2 and ozone of the air that comes into a city, hour by hour, and what becomes of them
/// where roads add NOx.
#ifndef DOSI_METHOD_ROAD_CHEMISTRY_H
#define DOSI_METHOD_ROAD_CHEMISTRY_H

#include "dosi/chemistry.h"
#include "method/road_links.h"

/// ppb of a mass of NO2, at 25 degrees and 1013 hPa as networks report: ppb / (ug/m3).
#define METHOD_NO2_PPB_UGM3 (24.45 / 46.0055)

/// The air of each hour of the weather. Zero-initialise; method_air_clear() after.
typedef struct method_air {
    size_t n;
    dosi_nox *of;     ///< (n) ppb; NaN where not known.
    double *k_ppb_s;  ///< (n) rate of NO + O3
    double *j_s;      ///< (n) photolysis of NO2
    size_t n_unknown; ///< Hours without NO2 or ozone.
} method_air;

/// Reads no2_ppm and o3_ppm (and no_ppm where there is one) of the stations in a list; none in
/// it: of the station with the least NO2 in each hour. Several rows of an hour are averaged.
/// Without no_ppm NO is what the light makes of NO2 and ozone, so that clean air stays as it
/// is.
DOSI_CHECKED dosi_status method_air_read(const dosi_table *table,
                                         const char *stations,
                                         const method_road_weather *weather,
                                         method_air *out,
                                         dosi_error *err);

/// Frees what `air` holds.
void method_air_clear(method_air *air);

/// What roads add, as mass of NO2.
typedef struct method_added {
    double nox_ugm3; ///< >= 0
    double no2_ugm3; ///< Of it, emitted as NO2.
    double age_s;    ///< Mean time since it was emitted; may be infinite.
} method_added;

/// The air of hour `h` with what is added, ppb; NaN where the hour is not known.
dosi_nox method_air_with(const method_air *air, size_t h, const method_added *added);

#endif // DOSI_METHOD_ROAD_CHEMISTRY_H
