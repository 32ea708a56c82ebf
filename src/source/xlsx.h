/// @file xlsx.h
/// A workbook of Excel (Office Open XML): its sheets, shared strings and date styles, and the
/// cells of a sheet as text, streamed.
#ifndef DOSI_SOURCE_XLSX_H
#define DOSI_SOURCE_XLSX_H

#include "source/reader.h"

#include <expat.h>
#include <zip.h>

enum { DOSI_XLSX_SHEETS = 1000, DOSI_XLSX_NAME_BYTES = 256, DOSI_XLSX_MERGES = 4096 };

/// A sheet of the workbook.
typedef struct dosi_xlsx_sheet {
    char name[DOSI_XLSX_NAME_BYTES];
    char id[DOSI_XLSX_NAME_BYTES];   ///< Its relation.
    char path[DOSI_XLSX_NAME_BYTES]; ///< Inside the archive; "": unknown.
} dosi_xlsx_sheet;

/// How a style shows a number.
typedef enum dosi_xlsx_style {
    DOSI_XLSX_PLAIN,
    DOSI_XLSX_DATE,
    DOSI_XLSX_TIME
} dosi_xlsx_style;

/// An open workbook.
typedef struct dosi_xlsx {
    const dosi_source_file *file;
    zip_t *zip;
    dosi_xlsx_sheet *sheets;
    size_t n_sheets;
    dosi_text strings; ///< All shared strings, one behind the other.
    size_t *ends;      ///< (n_strings) where each ends in `strings`.
    size_t n_strings, string_capacity;
    dosi_xlsx_style *styles; ///< (n_styles) by cell style.
    size_t n_styles, style_capacity;
    bool is_1904; ///< Days count from 1904.
} dosi_xlsx;

/// Opens the workbook: sheets, strings and styles are read, cells are not. Clear after use.
/// @return DOSI_OK; DOSI_PARSE (no workbook, damaged XML); DOSI_LIMIT (a bomb); DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_xlsx_open(const dosi_source_file *file,
                                        dosi_xlsx *out,
                                        dosi_error *err);

/// Frees what it holds.
void dosi_xlsx_close(dosi_xlsx *book);

/// Parses a member of the archive with the given handlers.
/// @param is_optional  An absent member is no error.
DOSI_CHECKED dosi_status dosi_xlsx_parse(const dosi_xlsx *book,
                                         const char *path,
                                         XML_Parser parser,
                                         bool is_optional,
                                         dosi_error *err);

/// The value of an XML attribute, by local name; NULL when absent.
const char *dosi_xml_attribute(const char **attributes, const char *name);

/// The name behind a namespace prefix ("x:row" is "row").
const char *dosi_xml_local(const char *name);

/// Appends what a number looks like in a style: 45658 as a date is 2025-01-01.
void dosi_xlsx_put_number(dosi_text *out, double value, dosi_xlsx_style style, bool is_1904);

/// Rows of one sheet; a dosi_cells.each with a dosi_xlsx_rows as source.
typedef struct dosi_xlsx_rows {
    const dosi_xlsx *book;
    const dosi_xlsx_sheet *sheet;
    size_t first_column, n_columns; ///< The columns with values; 0: not looked at yet.
    size_t n_rows;                  ///< Rows with values.
    /// Cells merged across columns, whose value counts for all of them.
    struct dosi_xlsx_merge {
        size_t row, first, last;
    } * merges;
    size_t n_merges;
} dosi_xlsx_rows;

/// Walks the sheet once to find which columns have values, and which cells are merged.
DOSI_CHECKED dosi_status dosi_xlsx_look(dosi_xlsx_rows *rows, dosi_error *err);

/// Visits the rows that have values.
DOSI_CHECKED dosi_status dosi_xlsx_each(void *source,
                                        dosi_row_visit visit,
                                        void *context,
                                        dosi_error *err);

#endif // DOSI_SOURCE_XLSX_H
