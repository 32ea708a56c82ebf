/// @file points.h
/// Points out of two columns of coordinates.
#ifndef DOSI_SOURCE_POINTS_H
#define DOSI_SOURCE_POINTS_H

#include "source/source.h"

/// What a column is when points are made.
typedef enum dosi_point_role {
    DOSI_POINT_NONE,
    DOSI_POINT_LONGITUDE,
    DOSI_POINT_LATITUDE,
} dosi_point_role;

/// What the name of a column says: "lon", "경도" ... "lat", "위도"; NONE for others.
dosi_point_role dosi_point_role_of(const char *name);

/// Adds a column "geometry" (points) made of the columns that options->x_column and y_column
/// name (in options->crs when given, else degrees), or else of those named longitude and
/// latitude (or x and y, where all values lie in Korea). Says so in the decisions. Does nothing
/// when there are no such columns, or a geometry is there already. A row without coordinates
/// has no geometry.
/// @return DOSI_OK; DOSI_NOT_FOUND (a column named by options); DOSI_INVALID (not numbers, or
///         an unknown CRS).
DOSI_CHECKED dosi_status dosi_points_make(const dosi_source_options *options,
                                          dosi_source_result *result,
                                          dosi_error *err);

#endif // DOSI_SOURCE_POINTS_H
