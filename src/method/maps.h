/// @file maps.h
/// Observations as maps: for each variable and each combination of the grouping columns, one
/// value at each site. What variograms and kriging start from.
#ifndef DOSI_METHOD_MAPS_H
#define DOSI_METHOD_MAPS_H

#include "method/columns.h"

/// How observations are read.
typedef struct method_maps_options {
    const char *value;   ///< "pm10_ugm3,pm25_ugm3"
    const char *by;      ///< "time"; "": one map.
    const char *station; ///< Column that joins observations with stations; may be absent.
    int64_t reject;      ///< Flag bits that count as missing.
    size_t min_sites;    ///< A map with fewer values counts as empty.
} method_maps_options;

/// Observations as maps; owns its arrays, borrows columns of the observations.
typedef struct method_maps {
    method_names variables;
    const dosi_column *variable_columns[METHOD_NAMES_MAX];
    size_t n_by;
    const dosi_column *by[METHOD_NAMES_MAX];
    const dosi_column *station; ///< NULL: none.
    size_t n_sites;
    double *x, *y;    ///< (n_sites) EPSG:5186, m; no two alike.
    size_t *site_row; ///< (n_sites) an observation row of the site.
    size_t n_maps;
    size_t *map_row; ///< (n_maps) an observation row of the map.
    double *values;  ///< (variables x n_maps x n_sites) NaN missing.
    size_t n_rows, n_no_place, n_repeats, n_rejected, n_thin;
} method_maps;

/// Reads observations, with places from the table itself or from `stations` (may be NULL).
/// Values of one variable, map and site are averaged; sites at one place are one site.
DOSI_CHECKED dosi_status method_maps_read(const dosi_table *observations,
                                          const dosi_table *stations,
                                          const method_maps_options *options,
                                          method_maps *out,
                                          dosi_error *err);

/// Frees what maps hold.
void method_maps_clear(method_maps *maps);

/// The sites, borrowed.
dosi_sites method_maps_sites(const method_maps *maps);

/// Values of a variable (n_maps x n_sites).
double *method_maps_values(const method_maps *maps, size_t variable);

/// Lines on what was read, for people.
void method_maps_put_report(const method_maps *maps, dosi_text *report);

#endif // DOSI_METHOD_MAPS_H
