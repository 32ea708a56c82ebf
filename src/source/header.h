/// @file header.h
/// Where a sheet of rows begins: titles, header rows, units, names of the columns.
#ifndef DOSI_SOURCE_HEADER_H
#define DOSI_SOURCE_HEADER_H

#include "source/reader.h"
#include "source/typing.h"

enum { DOSI_SAMPLE_ROWS = 512, DOSI_SAMPLE_CELLS = 400000, DOSI_HEADER_ROWS = 3 };

/// The first rows of a file, kept.
typedef struct dosi_sample {
    dosi_text text;
    struct dosi_sample_cell {
        size_t offset;
        uint32_t n_bytes; ///< UINT32_MAX: missing.
        bool is_quoted;
    } * cells;
    size_t n_cells, capacity;
    struct dosi_sample_row {
        size_t first, n_cells, line;
        bool is_damaged;
    } rows[DOSI_SAMPLE_ROWS];
    size_t n_rows;
    bool is_whole; ///< The file has no more rows than these.
} dosi_sample;

/// What the rows of a file are.
typedef struct dosi_layout {
    size_t n_skipped;     ///< Title rows before the header.
    size_t n_header_rows; ///< Rows of names (units row not counted).
    bool has_units_row;
    size_t n_columns;
    char **names; ///< (n_columns) unique, not empty.
    char **units; ///< (n_columns) or NULL each.
} dosi_layout;

/// Frees what a sample holds.
void dosi_sample_clear(dosi_sample *sample);

/// Walks the cells until the sample is full.
DOSI_CHECKED dosi_status dosi_sample_take(const dosi_cells *cells,
                                          dosi_sample *out,
                                          dosi_error *err);

/// Bytes of a cell of the sample; NULL when it is missing or the row has no such cell.
const char *dosi_sample_cell_at(const dosi_sample *sample,
                                size_t row,
                                size_t column,
                                size_t *n_bytes);

/// Finds the layout, and says why in `decisions`.
/// @param header_rows  As in dosi_source_options: 0 detect, -1 none.
DOSI_CHECKED dosi_status dosi_layout_find(const dosi_sample *sample,
                                          int header_rows,
                                          bool has_names,
                                          dosi_layout *out,
                                          dosi_text *decisions,
                                          dosi_error *err);

/// Frees what a layout holds.
void dosi_layout_clear(dosi_layout *layout);

/// The unit that text such as "ppm", "㎍/㎥" or "°C" names, as Dosi writes it ("ppm", "ug/m3",
/// "Cel"); NULL when it is none.
const char *dosi_unit_find(const char *bytes, size_t n_bytes);

#endif // DOSI_SOURCE_HEADER_H
