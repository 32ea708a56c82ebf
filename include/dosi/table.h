/// @file table.h
/// A table in memory: named, typed columns of equal length, each one plain array.
///
/// It is what sources make of files, what methods take and give, and what the lake stores.
/// Missing is NaN in real columns, DOSI_MISSING_INT in integer, time and date columns,
/// DOSI_MISSING_BOOL in boolean columns, and a span of length DOSI_MISSING_SPAN in text and
/// geometry columns. Geometry is WKB; its coordinates are longitude and latitude (OGC:CRS84)
/// unless the column's `srid` says otherwise.
#ifndef DOSI_TABLE_H
#define DOSI_TABLE_H

#include "dosi/status.h"
#include "dosi/time.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Kinds of column: enum name, name in files and replies.
#define DOSI_TYPE_TABLE(X) \
    X(BOOL, "boolean")     \
    X(INT, "integer")      \
    X(REAL, "real")        \
    X(TEXT, "text")        \
    X(TIME, "time")        \
    X(DATE, "date")        \
    X(GEOMETRY, "geometry")

// clang-format off
typedef enum dosi_type {
#define X(name, text) DOSI_TYPE_##name,
    DOSI_TYPE_TABLE(X)
#undef X
    DOSI_TYPE_COUNT ///< Not a type: how many there are.
} dosi_type;
// clang-format on

#define DOSI_MISSING_INT  INT64_MIN
#define DOSI_MISSING_BOOL UINT8_C(2)
#define DOSI_MISSING_SPAN UINT32_MAX

/// Bytes [offset, offset + length) of the column's pool. Rows may share bytes.
typedef struct dosi_span {
    uint64_t offset;
    uint32_t length; ///< DOSI_MISSING_SPAN: missing.
} dosi_span;

/// One column. Strings are owned by the table; NULL where not known.
typedef struct dosi_column {
    char *name; ///< UTF-8, unique in the table.
    dosi_type type;
    char *unit;       ///< UCUM-like text: "ug/m3", "ppm", "m/s"; NULL: none.
    char *meaning_ko; ///< What the column holds, for people.
    char *meaning_en;
    int srid; ///< EPSG code of a geometry column; 4326 means longitude, latitude.
    union {
        uint8_t *boolean; ///< BOOL (n_rows): 0, 1 or DOSI_MISSING_BOOL.
        int64_t *integer; ///< INT, TIME (us civil), DATE (days since 1970) (n_rows).
        double *real;     ///< REAL (n_rows).
        dosi_span *span;  ///< TEXT, GEOMETRY (n_rows).
        void *any;
    } data;
    char *pool;        ///< Bytes of TEXT and GEOMETRY.
    size_t pool_bytes; ///< Bytes used in `pool`.
    size_t pool_capacity;
} dosi_column;

/// A table. Zero-initialise or dosi_table_init() before use; dosi_table_destroy() after.
typedef struct dosi_table {
    size_t n_rows;
    size_t n_columns;
    dosi_column *columns;
    size_t row_capacity; ///< Rows every column has room for.
    size_t column_capacity;
} dosi_table;

/// "integer", "text"...; never NULL.
DOSI_API const char *dosi_type_name(dosi_type type);

/// The type of a name as dosi_type_name() gives it; DOSI_TYPE_COUNT when there is none.
DOSI_API dosi_type dosi_type_from_name(const char *name);

/// An empty table; allocates nothing.
DOSI_API void dosi_table_init(dosi_table *table);

/// Frees everything; the table is then empty and usable. Accepts NULL.
DOSI_API void dosi_table_destroy(dosi_table *table);

/// Adds a column of `n_rows` missing values.
/// @param i_column  Out, may be NULL: its index.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CONFLICT when the name is taken.
DOSI_API DOSI_CHECKED dosi_status dosi_table_add_column(
    dosi_table *table, const char *name, dosi_type type, size_t *i_column, dosi_error *err);

/// Sets unit and meanings of a column; NULL leaves a field as it is. Copies the strings.
DOSI_API DOSI_CHECKED dosi_status dosi_table_describe(dosi_table *table,
                                                      size_t i_column,
                                                      const char *unit,
                                                      const char *meaning_ko,
                                                      const char *meaning_en);

/// Adds `n_rows` rows of missing values at the end. Amortised O(n_rows x n_columns).
DOSI_API DOSI_CHECKED dosi_status dosi_table_add_rows(dosi_table *table,
                                                      size_t n_rows,
                                                      dosi_error *err);

/// Makes room for `n_rows` rows in all, so that later dosi_table_add_rows() do not move data.
DOSI_API DOSI_CHECKED dosi_status dosi_table_reserve(dosi_table *table,
                                                     size_t n_rows,
                                                     dosi_error *err);

/// Stores bytes in a TEXT or GEOMETRY cell (copied into the pool). When the bytes equal those
/// of the row above, they are shared with it.
DOSI_API DOSI_CHECKED dosi_status dosi_table_set_bytes(
    dosi_table *table, size_t i_column, size_t row, const char *bytes, size_t n_bytes);

/// Stores a NUL-terminated string in a TEXT cell.
DOSI_API DOSI_CHECKED dosi_status dosi_table_set_text(dosi_table *table,
                                                      size_t i_column,
                                                      size_t row,
                                                      const char *string);

/// Index of the column called `name`, or SIZE_MAX.
DOSI_API size_t dosi_table_find(const dosi_table *table, const char *name);

/// The column called `name` with the given type.
/// @return DOSI_OK; DOSI_NOT_FOUND (the message lists what there is); DOSI_INVALID (type).
DOSI_API DOSI_CHECKED dosi_status dosi_table_get(const dosi_table *table,
                                                 const char *name,
                                                 dosi_type type,
                                                 const dosi_column **out,
                                                 dosi_error *err);

/// The column called `name` where it is of numbers, real or integer; NULL: there is none.
DOSI_API const dosi_column *dosi_table_find_number(const dosi_table *table, const char *name);

/// The column of numbers called `name`: real or, as methods take them for that, integer. Read
/// it with dosi_column_real().
/// @return DOSI_OK; DOSI_NOT_FOUND (the message lists what there is); DOSI_INVALID (no
/// numbers).
DOSI_API DOSI_CHECKED dosi_status dosi_table_get_number(const dosi_table *table,
                                                        const char *name,
                                                        const dosi_column **out,
                                                        dosi_error *err);

/// Whether the cell is missing.
DOSI_API bool dosi_column_is_missing(const dosi_column *column, size_t row);

/// The bytes of a TEXT or GEOMETRY cell, borrowed until the column changes; NULL and 0 when
/// missing. Not NUL-terminated.
DOSI_API const char *dosi_column_bytes(const dosi_column *column, size_t row, size_t *n_bytes);

/// The cell as a number: REAL, INT, BOOL (0/1), TIME and DATE (their integer); NaN when missing
/// or not numeric.
DOSI_API double dosi_column_real(const dosi_column *column, size_t row);

/// Copies the cells of `rows` (indexes into `from`) into a new table `out` (emptied first).
DOSI_API DOSI_CHECKED dosi_status dosi_table_take(const dosi_table *from,
                                                  const size_t *rows,
                                                  size_t n_rows,
                                                  dosi_table *out,
                                                  dosi_error *err);

/// Removes a column; the ones after it move down.
DOSI_API void dosi_table_drop_column(dosi_table *table, size_t i_column);

/// Renames a column. DOSI_CONFLICT when the name is taken.
DOSI_API DOSI_CHECKED dosi_status dosi_table_rename(dosi_table *table,
                                                    size_t i_column,
                                                    const char *name,
                                                    dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_TABLE_H
