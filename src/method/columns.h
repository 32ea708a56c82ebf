/// @file columns.h
/// What methods share: keys made of columns, values with flags, places, outputs as described.
#ifndef DOSI_METHOD_COLUMNS_H
#define DOSI_METHOD_COLUMNS_H

#include "dosi/geo.h"
#include "dosi/method.h"
#include "dosi/spatial.h"

enum { METHOD_NAME_BYTES = 64, METHOD_NAMES_MAX = 16 };

/// Takes the next word of a list "a, b, c" off its front; false at its end. Spaces around words
/// are left out, and words of nothing.
/// @param list  In and out. @param word  Out: (n_bytes) in the list, not terminated.
bool method_list_next(const char **list, const char **word, size_t *n_bytes);

/// Whether the text cell of a row is in such a list.
bool method_list_has(const char *list, const dosi_column *column, size_t row);

/// Words in such a list.
size_t method_list_count(const char *list);

/// A list of names "a,b,c", split.
typedef struct method_names {
    size_t n;
    char names[METHOD_NAMES_MAX][METHOD_NAME_BYTES];
} method_names;

/// Splits `text` at commas; spaces around names are dropped, empty names too.
/// @return DOSI_OK; DOSI_INVALID: too many, too long, or twice the same.
DOSI_CHECKED dosi_status method_names_split(const char *text,
                                            method_names *out,
                                            dosi_error *err);

/// Reads a time of a parameter, ISO, in Korea's zone where it names none; "": `beyond`.
DOSI_CHECKED dosi_status method_time_read(const char *text,
                                          dosi_time beyond,
                                          dosi_time *out,
                                          dosi_error *err);

/// Whether a row is of the station of the table's first row; true where there are no stations.
bool method_is_first_station(const dosi_table *table, size_t row);

/// Distinct combinations of the values of some columns, in ascending order.
typedef struct method_keys {
    size_t n;
    uint32_t *of_row;  ///< (rows) key of each row; UINT32_MAX where a column is missing.
    size_t *first_row; ///< (n) first row that has the key.
} method_keys;

/// Finds the keys of `n_columns` columns (1 key for all rows when there are none). Reals
/// compare as numbers, texts bytewise.
DOSI_CHECKED dosi_status method_keys_find(const dosi_column *const *columns,
                                          size_t n_columns,
                                          size_t n_rows,
                                          method_keys *out,
                                          dosi_error *err);

/// Numbers keys anew, in their order, without those that no row of `is_used` (n_rows) has.
DOSI_CHECKED dosi_status method_keys_keep(method_keys *keys,
                                          const bool *is_used,
                                          size_t n_rows,
                                          dosi_error *err);

/// Frees what keys hold.
void method_keys_clear(method_keys *keys);

/// A column of numbers with the flags that quality control gave them.
typedef struct method_values {
    const dosi_column *value; ///< NULL: there is no such column, all is missing.
    const dosi_column *flag;  ///< "<name>_flag", or NULL.
    int64_t reject;           ///< Flag bits that make a value count as missing.
} method_values;

/// The column `name` of a table (any numeric type) and its flags.
/// @return DOSI_OK also when there is no such column; DOSI_INVALID when it is not numeric.
DOSI_CHECKED dosi_status method_values_find(const dosi_table *table,
                                            const char *name,
                                            int64_t reject,
                                            method_values *out,
                                            dosi_error *err);

/// The value of a row; NaN when missing or rejected.
double method_value(const method_values *values, size_t row);

/// ug/m3 of one unit of the column `name`: 1 for names that end in _ugm3, 1000 M / 24.45 (25
/// degrees, 1 atm) for the gases so2_ppm, co_ppm, o3_ppm and no2_ppm.
/// @return DOSI_OK; DOSI_INVALID: another name.
DOSI_CHECKED dosi_status method_ugm3_per_unit(const char *name, double *out, dosi_error *err);

/// Places of all rows in metres of EPSG:5186, from columns x and y (already metric), a point
/// geometry (projected from its srid; other shapes by centroid), or lon and lat.
/// @param x, y  (table->n_rows) out, NaN where missing.
/// @return DOSI_OK; DOSI_NOT_FOUND when the table has none of these, naming `what`.
DOSI_CHECKED dosi_status
method_places(const dosi_table *table, const char *what, double *x, double *y, dosi_error *err);

/// Whether method_places() would find columns to read.
bool method_has_places(const dosi_table *table);

/// The polygons of column "geometry" in EPSG:5186, one a row (empty where missing).
/// @param out  (table->n_rows) give back with method_polygons_free().
/// @param box  (4) in and out: widened to hold them all.
DOSI_CHECKED dosi_status method_polygons_load(const dosi_table *table,
                                              dosi_polygon **out,
                                              double *box,
                                              dosi_error *err);

/// Frees n polygons and the array; accepts NULL with n 0.
void method_polygons_free(dosi_polygon *polygons, size_t n);

/// Adds all columns of output `i_output` but "*" and optional ones, with units and meanings,
/// and `n_rows` rows.
DOSI_CHECKED dosi_status method_open_output(const dosi_method_call *call,
                                            size_t i_output,
                                            size_t n_rows,
                                            dosi_error *err);

/// Adds one described column to a table.
DOSI_CHECKED dosi_status method_add_column(dosi_table *table,
                                           const char *name,
                                           dosi_type type,
                                           const dosi_method_column *like,
                                           dosi_error *err);

/// Copies the cell `row` of `from` into cell `i` of a column of the same type.
DOSI_CHECKED dosi_status method_copy_cell(
    const dosi_column *from, size_t row, dosi_table *out, size_t i_column, size_t i);

#endif // DOSI_METHOD_COLUMNS_H
