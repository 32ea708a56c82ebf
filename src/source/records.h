/// @file records.h
/// Records inside a document (a tree of JSON, or XML made into one): where they are, and as
/// rows of cells.
#ifndef DOSI_SOURCE_RECORDS_H
#define DOSI_SOURCE_RECORDS_H

#include "source/reader.h"

#include <jansson.h>

/// Columns found in records, in the order they first appear.
typedef struct dosi_record_names {
    json_t *index; ///< Name -> place (an object).
    char **names;
    size_t n, capacity;
} dosi_record_names;

/// Frees what it holds.
void dosi_record_names_clear(dosi_record_names *names);

/// Adds the names of a record's fields; those of objects inside are "outer.inner".
/// @return DOSI_OK; DOSI_LIMIT past 10,000 names; DOSI_NO_MEMORY.
dosi_status dosi_record_names_add(dosi_record_names *names, json_t *record);

/// A row under construction: cells by name.
typedef struct dosi_record_row {
    dosi_text text;   ///< Bytes of the cells.
    dosi_cell *cells; ///< (names->n)
    size_t *offsets;  ///< (names->n) into `text`.
} dosi_record_row;

/// Makes room for rows of `n` cells.
DOSI_CHECKED dosi_status dosi_record_row_init(dosi_record_row *row, size_t n);

/// Frees what it holds.
void dosi_record_row_clear(dosi_record_row *row);

/// Fills the cells from a record: strings and numbers as text, null as missing, arrays as JSON.
dosi_status dosi_record_row_fill(dosi_record_row *row,
                                 const dosi_record_names *names,
                                 json_t *record);

/// Reads the records of a document: an array of them; the rows of an envelope of data.go.kr or
/// data.seoul.go.kr, whose error codes become failures with their official meaning; else the
/// longest array of objects inside; else the document itself as one record.
DOSI_CHECKED dosi_status dosi_records_read(json_t *document,
                                           const dosi_source_file *file,
                                           const dosi_source_options *options,
                                           const dosi_run *run,
                                           dosi_source_result *out,
                                           dosi_error *err);

/// Reads a whole file as UTF-8, whatever its encoding, up to DOSI_SOURCE_JSON_BYTES.
DOSI_CHECKED dosi_status dosi_document_text(const dosi_source_file *file,
                                            const dosi_source_options *options,
                                            dosi_source_result *out,
                                            dosi_text *text,
                                            dosi_error *err);

#endif // DOSI_SOURCE_RECORDS_H
