/// @file crs.h
/// Which coordinate system a file is in, Korea's named right even when the file gives no code.
#ifndef DOSI_SOURCE_CRS_H
#define DOSI_SOURCE_CRS_H

#include "dosi/geo.h"

enum { DOSI_SOURCE_CRS_BYTES = 8192 };

/// A coordinate system that was found.
typedef struct dosi_source_crs {
    int srid;                               ///< EPSG code; 0: none known.
    char name[160];                         ///< "Korea 2000 / Central Belt".
    char definition[DOSI_SOURCE_CRS_BYTES]; ///< What PROJ makes it from: "EPSG:5181", or WKT.
    double area[4]; ///< West, south, east, north where it is used, degrees.
    bool is_lonlat; ///< Degrees of WGS 84 already.
} dosi_source_crs;

/// Finds the system of a definition: "EPSG:5174", WKT (ESRI's too), a PROJ string.
/// Korean systems are known by their parameters: the belts of Bessel 1841 (2096..2098,
/// 5173..5178) and of GRS 80 (5179..5188).
/// @return DOSI_OK; DOSI_PARSE when it is no coordinate system.
DOSI_CHECKED dosi_status dosi_source_crs_find(const char *definition,
                                              dosi_source_crs *out,
                                              dosi_error *err);

#endif // DOSI_SOURCE_CRS_H
