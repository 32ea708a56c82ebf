/// @file reader.h
/// How a file becomes a table: the readers (one a family of formats, listed in readers.def),
/// and the two ways they deliver: a ready table, or rows of text cells that are typed here.
///
/// To add a format: write `dosi_reader_<name>` in its own file and add one line to readers.def.
/// A reader may change what it is given only through `out`; it starts with an empty result.
#ifndef DOSI_SOURCE_READER_H
#define DOSI_SOURCE_READER_H

#include "source/source.h"

#include <stdio.h>

enum {
    DOSI_HEAD_BYTES = 65536,            ///< Of a file's beginning that recognisers see.
    DOSI_SOURCE_COLUMNS = 10000,        ///< Most columns.
    DOSI_SOURCE_CELL_BYTES = 1048576,   ///< Most bytes in a cell.
    DOSI_SOURCE_JSON_BYTES = 268435456, ///< Largest JSON or XML document held in memory.
    DOSI_SOURCE_ZIP_RATIO = 200,        ///< Largest unpacked : packed, beyond 16 MiB.
};
#define DOSI_SOURCE_BYTES (INT64_C(4) << 30) ///< Largest file, unpacked.

/// A file to be read: on disk, or (a feed's reply, a test) in memory.
typedef struct dosi_source_file {
    const char *path;  ///< NULL: in memory.
    const char *name;  ///< For people and extensions: "2018.csv", "all.zip/2018.csv".
    const char *bytes; ///< The whole content when in memory, else NULL.
    int64_t n_bytes;
    const char *head; ///< First bytes, at most DOSI_HEAD_BYTES.
    size_t n_head;
} dosi_source_file;

/// A family of formats.
typedef struct dosi_reader {
    const char *name; ///< "delimited", "xlsx"...: said in the decisions.
    /// Whether this reader should read the file. Looks at head and name only (may open the
    /// file when the head leaves doubt). Readers are asked in the order of readers.def.
    bool (*recognise)(const dosi_source_file *file);
    /// Reads the file into `out` (empty before).
    dosi_status (*read)(const dosi_source_file *file,
                        const dosi_source_options *options,
                        const dosi_run *run,
                        dosi_source_result *out,
                        dosi_error *err);
} dosi_reader;

/// Recognises and reads: dosi_source_read() for a file that is open already (a zip member, a
/// feed's reply). Applies no recipe. `head` may be NULL: it is filled from the content.
DOSI_CHECKED dosi_status dosi_source_read_file(const dosi_source_file *file,
                                               const dosi_source_options *options,
                                               const dosi_run *run,
                                               dosi_source_result *out,
                                               dosi_error *err);

/// Opens the content for reading from its start; fclose() it. NULL when it cannot be opened.
FILE *dosi_source_open(const dosi_source_file *file);

/// Whether `name` ends in `extension` (".csv"), ASCII letters of either case.
bool dosi_source_has_extension(const char *name, const char *extension);

// --- rows of text cells -------------------------------------------------------------------

/// One cell, UTF-8, borrowed for the visit.
typedef struct dosi_cell {
    const char *bytes; ///< NULL: missing for certain (JSON null, an empty sheet cell).
    uint32_t n_bytes;
    bool is_quoted; ///< Was written in quotes: text, or "" on purpose.
} dosi_cell;

/// One row.
typedef struct dosi_row {
    size_t line; ///< Physical line (or sheet row, or record number) from 1: what rejects name.
    const dosi_cell *cells;
    size_t n_cells;
    const char *fault; ///< Not NULL: the row is damaged, and why; its cells may be partial.
} dosi_row;

/// Takes one row; false stops the walk (which then returns DOSI_OK).
typedef bool (*dosi_row_visit)(void *context, const dosi_row *row);

/// Rows that can be walked several times: once to look, once to type, once to store. So the
/// text of a file is never held whole.
typedef struct dosi_cells {
    void *source;
    /// Visits every row from the first. Fails only when the file as a whole is no table.
    dosi_status (*each)(void *source, dosi_row_visit visit, void *context, dosi_error *err);
    bool has_names; ///< The first row is the column names, for certain (records).
} dosi_cells;

/// Finds titles, header rows and units, decides every column's type over all rows, and stores
/// the rows in out->table; rows that do not fit go to out->rejects. Decisions are appended.
DOSI_CHECKED dosi_status dosi_cells_read(const dosi_cells *cells,
                                         const dosi_source_file *file,
                                         const dosi_source_options *options,
                                         const dosi_run *run,
                                         dosi_source_result *out,
                                         dosi_error *err);

// --- rejects ------------------------------------------------------------------------------

/// A value (or row) that could not be taken.
typedef struct dosi_reject {
    const char *file;
    size_t line;
    const char *column; ///< NULL: the row as a whole.
    const char *value;
    size_t n_value; ///< At most 200 bytes of it are kept.
    const char *reason;
} dosi_reject;

/// Adds to out->rejects. DOSI_PARSE when there are more than options->max_rejects.
DOSI_CHECKED dosi_status dosi_reject_add(dosi_source_result *out,
                                         const dosi_source_options *options,
                                         const dosi_reject *reject,
                                         dosi_error *err);

#endif // DOSI_SOURCE_READER_H
