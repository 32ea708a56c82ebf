/// @file wkb.h
/// Well-known binary to the two forms people and browsers read: GeoJSON and WKT.
///
/// Reads ISO WKB and EWKB, either byte order, with Z and M (M is left out of GeoJSON).
/// Coordinates are written as they are: projecting is geo/'s work.
#ifndef DOSI_TABLE_WKB_H
#define DOSI_TABLE_WKB_H

#include "dosi/text.h"

/// How many decimals coordinates are written with; -1: the shortest form that reads back.
enum { DOSI_WKB_EXACT = -1 };

/// Appends the geometry as a GeoJSON geometry object.
/// @return DOSI_OK; DOSI_PARSE when the bytes are cut off or of a kind that GeoJSON lacks
///         (nothing is appended then).
DOSI_CHECKED dosi_status dosi_wkb_put_geojson(
    dosi_text *out, const char *bytes, size_t n_bytes, int decimals, dosi_error *err);

/// Appends the geometry as WKT, "POINT (127.02 37.5)". As above.
DOSI_CHECKED dosi_status dosi_wkb_put_wkt(
    dosi_text *out, const char *bytes, size_t n_bytes, int decimals, dosi_error *err);

#endif // DOSI_TABLE_WKB_H
