/// @file station_hours.h
/// Hourly observations laid out as a matrix station x hour, for methods that look over time.
#ifndef DOSI_METHOD_STATION_HOURS_H
#define DOSI_METHOD_STATION_HOURS_H

#include "method/columns.h"

/// Where the rows of a table are in the matrix.
typedef struct method_hours {
    const dosi_table *table;
    const dosi_column *station, *time;
    method_keys stations;
    size_t n_hours;
    int64_t first_us; ///< End of the first hour.
    size_t *row;      ///< (stations x hours) row of the table; SIZE_MAX: none.
    size_t n_repeats; ///< Rows that repeat a station and hour; the first counts.
    size_t n_off;     ///< Rows without station or time, or not on the hour.
} method_hours;

/// Lays out the rows of a table with columns `station` and `time`. On failure the caller still
/// clears.
/// @param before  Hours without rows to keep in front, for running means.
DOSI_CHECKED dosi_status method_hours_open(const dosi_table *table,
                                           size_t before,
                                           method_hours *out,
                                           dosi_error *err);

/// Frees what it holds.
void method_hours_clear(method_hours *hours);

/// The values of one station; NaN where missing or rejected. @param out (n_hours)
void method_hours_fill(const method_hours *hours,
                       const method_values *values,
                       size_t station,
                       double *out);

/// Rows that the output of a method has when it has one for each station and hour observed.
size_t method_hours_count(const method_hours *hours);

/// End of an hour.
int64_t method_hours_time(const method_hours *hours, size_t hour);

#endif // DOSI_METHOD_STATION_HOURS_H
