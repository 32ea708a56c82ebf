/// @file road_streets.h
/// Links that are streets between buildings, and who stands in them.
#ifndef DOSI_METHOD_ROAD_STREETS_H
#define DOSI_METHOD_ROAD_STREETS_H

#include "dosi/canyon.h"
#include "method/road_links.h"

/// A place at the foot of a street's buildings, or in the open.
typedef struct method_kerb {
    double x_m, y_m;
    size_t street; ///< Among the streets; SIZE_MAX: in the open.
    bool is_left;  ///< Of somebody who looks along the link.
    dosi_canyon canyon;
} method_kerb;

/// Streets of a city. Zero-initialise.
typedef struct method_streets {
    size_t n;
    size_t *row;                   ///< (n) row of the link
    size_t *first_line, *n_lines;  ///< (n) its pieces among the road's lines
    dosi_canyon_traffic *traffic;  ///< (n) of this hour: method_streets_set_hour()
    const dosi_column *road_class; ///< NULL: none.
    const dosi_column *flow, *speed, *heavy, *left, *right, *width;
} method_streets;

/// Finds the links with buildings: canyon_height_m on both sides, or left_height_m and
/// right_height_m where there are such columns.
DOSI_CHECKED dosi_status method_streets_read(const method_road *road,
                                             method_streets *out,
                                             dosi_error *err);

/// Frees what `streets` holds.
void method_streets_clear(method_streets *streets);

/// The two kerbs in the middle of a street.
/// @param end_m  A street counts no farther than this to either side.
/// @param kerbs  (2) out: left, right.
void method_street_kerbs(const method_streets *streets,
                         const method_road *road,
                         size_t street,
                         double end_m,
                         method_kerb *kerbs);

/// Where a place stands: in the street whose buildings are around it, or in the open.
method_kerb method_street_find(
    const method_streets *streets, const method_road *road, double x, double y, double end_m);

/// Takes the traffic of an hour: the links' mean flow, times the factor of its class where a
/// table has one for that hour (NULL: always the mean).
DOSI_CHECKED dosi_status method_streets_set_hour(method_streets *streets,
                                                 const dosi_table *traffic,
                                                 dosi_time time,
                                                 dosi_error *err);

#endif // DOSI_METHOD_ROAD_STREETS_H
