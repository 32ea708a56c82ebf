/// @file road_emissions.h
/// Emissions of links by the hour, as air.road_emission gives them, joined to their links.
#ifndef DOSI_METHOD_ROAD_EMISSIONS_H
#define DOSI_METHOD_ROAD_EMISSIONS_H

#include "method/road_links.h"

#include <stdint.h>

/// Emissions of the links' rows, for one table. Zero-initialise.
typedef struct method_emissions {
    const dosi_table *table; ///< NULL: none.
    const dosi_column *time; ///< NULL: always the same.
    size_t n_values;
    const dosi_column *values[METHOD_NAMES_MAX];
    uint32_t *link_row; ///< (rows) row of the link; UINT32_MAX: none such.
    uint32_t *order;    ///< (rows) rows by time, those of a time as they stand.
} method_emissions;

/// Reads the columns that `values` names and finds the link of each row.
DOSI_CHECKED dosi_status method_emissions_read(const dosi_table *table,
                                               const method_names *values,
                                               const method_road *road,
                                               method_emissions *out,
                                               dosi_error *err);

/// Adds an hour's emissions to those of the links: value v of link row r to
/// of_row[r * stride + v].
void method_emissions_add(const method_emissions *emissions,
                          dosi_time time,
                          size_t stride,
                          double *of_row);

/// Frees what `emissions` holds.
void method_emissions_clear(method_emissions *emissions);

#endif // DOSI_METHOD_ROAD_EMISSIONS_H
