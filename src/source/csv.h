/// @file csv.h
/// Rows of delimited text (RFC 4180, quotes doubled, line breaks in quotes) as they stream by.
#ifndef DOSI_SOURCE_CSV_H
#define DOSI_SOURCE_CSV_H

#include "source/encoding.h"
#include "source/reader.h"

/// How a file is delimited.
typedef struct dosi_csv {
    const dosi_source_file *file;
    dosi_encoding encoding;
    char delimiter;    ///< '\0': one column.
    size_t n_expected; ///< Fields of a usual row; 0: not known. Finds quotes that swallow rows.
} dosi_csv;

/// Walks all rows; a dosi_cells.each with a dosi_csv as source. A row that is damaged (a quote
/// that is not closed within 1 MiB, text after a closing quote, a cell of more than 1 MiB,
/// bytes that are not in the encoding) is visited with its fault, and reading goes on with the
/// next line. Memory: the longest row, at most 16 MiB.
/// @return DOSI_OK; DOSI_LIMIT (a row of more than 16 MiB, or 10,000 columns, is said with its
///         line); DOSI_PARSE (nothing but open quotes); DOSI_IO; DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_csv_each(void *source,
                                       dosi_row_visit visit,
                                       void *context,
                                       dosi_error *err);

#endif // DOSI_SOURCE_CSV_H
