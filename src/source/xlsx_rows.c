// The cells of a sheet, row by row, as text.

#include "source/xlsx.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MERGED_ROWS = 50 };

/// A cell of the row at hand.
typedef struct sheet_cell {
    size_t offset;    ///< In the row's text.
    uint32_t n_bytes; ///< UINT32_MAX: no value.
} sheet_cell;

/// A walk over a sheet. The parser comes first, as in xlsx_book.c.
typedef struct walk {
    XML_Parser parser;
    dosi_xlsx_rows *rows;
    dosi_row_visit visit; ///< NULL: only looking.
    void *context;
    dosi_text text;     ///< Of the row.
    dosi_text value;    ///< Of the cell.
    sheet_cell *cells;  ///< (DOSI_SOURCE_COLUMNS) by column of the sheet.
    dosi_cell *given;   ///< (DOSI_SOURCE_COLUMNS)
    size_t n_cells;     ///< Columns up to the last with a value.
    size_t row, column; ///< From 1, from 0.
    char type;          ///< Of the cell: n, s (shared), t (text), b, e
    dosi_xlsx_style style;
    bool is_in_value, is_in_row;
    size_t first, last; ///< Columns with values, over all rows.
    dosi_status status;
    char message[200];
} walk;

static void stop(walk *w, dosi_status status, const char *message) {
    w->status = status;
    (void)snprintf(w->message, sizeof w->message, "row %zu: %s", w->row, message);
    (void)XML_StopParser(w->parser, XML_FALSE);
}

/// Column and row of "AB12"; false when it is none. Columns count from 0.
static bool read_reference(const char *reference, size_t *column, size_t *row) {
    size_t c = 0;
    const char *p = reference;
    for (; *p >= 'A' && *p <= 'Z' && p - reference < 4; p++)
        c = c * 26 + (size_t)(*p - 'A') + 1;
    if (c == 0) return false;
    char *end = NULL;
    unsigned long r = strtoul(p, &end, 10);
    if (end == p || r == 0) return false;
    *column = c - 1;
    *row = r;
    return true;
}

static void start_cell(walk *w, const char **attributes) {
    const char *reference = dosi_xml_attribute(attributes, "r");
    const char *type = dosi_xml_attribute(attributes, "t");
    const char *style = dosi_xml_attribute(attributes, "s");
    size_t row = 0;
    if (reference) (void)read_reference(reference, &w->column, &row);
    w->type = 'n';
    if (type && strcmp(type, "s") == 0) w->type = 's';
    if (type && (strcmp(type, "str") == 0 || strcmp(type, "inlineStr") == 0 ||
                 strcmp(type, "d") == 0)) {
        w->type = 't';
    }
    if (type && strcmp(type, "b") == 0) w->type = 'b';
    if (type && strcmp(type, "e") == 0) w->type = 'e';
    size_t index = style ? strtoul(style, NULL, 10) : 0;
    const dosi_xlsx *book = w->rows->book;
    w->style = index < book->n_styles ? book->styles[index] : DOSI_XLSX_PLAIN;
    dosi_text_clear(&w->value);
    if (w->column >= DOSI_SOURCE_COLUMNS) stop(w, DOSI_LIMIT, "more than 10,000 columns");
}

/// Appends the text of a shared string; false when there is none of that number.
static bool put_shared(walk *w) {
    const dosi_xlsx *book = w->rows->book;
    int64_t index = -1;
    if (dosi_parse_int(dosi_text_string(&w->value), w->value.length, &index) != DOSI_OK ||
        index < 0 || (size_t)index >= book->n_strings) {
        return false;
    }
    size_t start = index ? book->ends[index - 1] : 0;
    size_t end = book->ends[index];
    if (end > start) dosi_text_append(&w->text, book->strings.data + start, end - start);
    return true;
}

static void put_number(walk *w) {
    double value = 0;
    if (dosi_parse_real(dosi_text_string(&w->value), w->value.length, &value) == DOSI_OK) {
        dosi_xlsx_put_number(&w->text, value, w->style, w->rows->book->is_1904);
    } else {
        dosi_text_append(&w->text, dosi_text_string(&w->value), w->value.length);
    }
}

static void end_cell(walk *w) {
    size_t start = w->text.length;
    bool has_value = w->value.length > 0 && w->type != 'e';
    if (has_value && w->type == 's') {
        if (!put_shared(w)) stop(w, DOSI_PARSE, "a cell names a shared string that is absent");
    } else if (has_value && w->type == 'n') {
        put_number(w);
    } else if (has_value && w->type == 'b') {
        dosi_text_puts(&w->text, w->value.data[0] == '1' ? "TRUE" : "FALSE");
    } else if (has_value) {
        dosi_text_append(&w->text, w->value.data, w->value.length);
    }
    size_t n = w->text.length - start;
    if (n > DOSI_SOURCE_CELL_BYTES) stop(w, DOSI_LIMIT, "a cell of more than 1 MiB");
    if (n && n <= DOSI_SOURCE_CELL_BYTES && w->column < DOSI_SOURCE_COLUMNS) {
        while (w->n_cells <= w->column) w->cells[w->n_cells++] = (sheet_cell){0, UINT32_MAX};
        w->cells[w->column] = (sheet_cell){start, (uint32_t)n};
    }
    w->column++;
}

/// Gives the cells of a merged range the value of its first cell.
static void spread_merges(walk *w) {
    if (w->row > MERGED_ROWS) return;
    for (size_t i = 0; i < w->rows->n_merges; i++) {
        const struct dosi_xlsx_merge *merge = &w->rows->merges[i];
        if (merge->row != w->row || merge->first >= w->n_cells) continue;
        while (w->n_cells <= merge->last) w->cells[w->n_cells++] = (sheet_cell){0, UINT32_MAX};
        for (size_t c = merge->first + 1; c <= merge->last; c++) {
            w->cells[c] = w->cells[merge->first];
        }
    }
}

static void give_row(walk *w) {
    const dosi_xlsx_rows *rows = w->rows;
    spread_merges(w);
    for (size_t i = 0; i < rows->n_columns; i++) {
        size_t c = rows->first_column + i;
        bool has_value = c < w->n_cells && w->cells[c].n_bytes != UINT32_MAX;
        w->given[i] = (dosi_cell){0};
        if (!has_value) continue;
        w->given[i].bytes = w->text.data + w->cells[c].offset;
        w->given[i].n_bytes = w->cells[c].n_bytes;
    }
    dosi_row row = {.line = w->row, .cells = w->given, .n_cells = rows->n_columns};
    if (!w->visit(w->context, &row)) (void)XML_StopParser(w->parser, XML_FALSE);
}

static void end_row(walk *w) {
    w->is_in_row = false;
    if (w->text.status != DOSI_OK || w->value.status != DOSI_OK) {
        stop(w, DOSI_LIMIT, "too much text in a row");
        return;
    }
    if (w->n_cells == 0) return;
    if (w->visit) {
        give_row(w);
        return;
    }
    w->rows->n_rows++;
    size_t first = 0;
    while (w->cells[first].n_bytes == UINT32_MAX) first++;
    if (first < w->first) w->first = first;
    if (w->n_cells > w->last) w->last = w->n_cells;
}

static void add_merge(walk *w, const char *reference) {
    const char *colon = reference ? strchr(reference, ':') : NULL;
    struct dosi_xlsx_merge merge = {0, 0, 0};
    size_t last_row = 0;
    if (!colon || w->visit || w->rows->n_merges == DOSI_XLSX_MERGES) return;
    if (!read_reference(reference, &merge.first, &merge.row) ||
        !read_reference(colon + 1, &merge.last, &last_row)) {
        return;
    }
    bool is_across = merge.last > merge.first && merge.last < DOSI_SOURCE_COLUMNS;
    if (is_across && merge.row <= MERGED_ROWS) w->rows->merges[w->rows->n_merges++] = merge;
}

static void start_element(void *context, const char *name, const char **attributes) {
    walk *w = context;
    const char *local = dosi_xml_local(name);
    if (strcmp(local, "row") == 0) {
        const char *number = dosi_xml_attribute(attributes, "r");
        w->row = number ? strtoul(number, NULL, 10) : w->row + 1;
        w->column = 0;
        w->n_cells = 0;
        w->is_in_row = true;
        dosi_text_clear(&w->text);
    } else if (strcmp(local, "c") == 0 && w->is_in_row) {
        start_cell(w, attributes);
    } else if (strcmp(local, "v") == 0 || strcmp(local, "t") == 0) {
        w->is_in_value = w->is_in_row;
    } else if (strcmp(local, "mergeCell") == 0) {
        add_merge(w, dosi_xml_attribute(attributes, "ref"));
    }
}

static void end_element(void *context, const char *name) {
    walk *w = context;
    const char *local = dosi_xml_local(name);
    w->is_in_value = false;
    if (strcmp(local, "c") == 0 && w->is_in_row) end_cell(w);
    if (strcmp(local, "row") == 0 && w->is_in_row) end_row(w);
}

static void take_text(void *context, const char *bytes, int n_bytes) {
    walk *w = context;
    if (w->is_in_value) dosi_text_append(&w->value, bytes, (size_t)n_bytes);
}

static dosi_status run_walk(walk *w, dosi_error *err) {
    const dosi_xlsx_rows *rows = w->rows;
    dosi_text_init(&w->text, 64 << 20);
    dosi_text_init(&w->value, DOSI_SOURCE_CELL_BYTES + 16);
    w->cells = calloc(DOSI_SOURCE_COLUMNS + 1, sizeof *w->cells);
    w->given = calloc(DOSI_SOURCE_COLUMNS + 1, sizeof *w->given);
    w->parser = XML_ParserCreate(NULL);
    dosi_status status = DOSI_OK;
    if (!w->cells || !w->given || !w->parser) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", rows->book->file->name);
    } else {
        XML_SetUserData(w->parser, w);
        XML_SetElementHandler(w->parser, start_element, end_element);
        XML_SetCharacterDataHandler(w->parser, take_text);
        status = dosi_xlsx_parse(rows->book, rows->sheet->path, w->parser, false, err);
    }
    if (status == DOSI_OK && w->status != DOSI_OK) {
        status = dosi_fail(err, w->status, "%s: sheet %s: %s", rows->book->file->name,
                           rows->sheet->name, w->message);
    }
    if (w->parser) XML_ParserFree(w->parser);
    dosi_text_destroy(&w->text);
    dosi_text_destroy(&w->value);
    free(w->cells);
    free(w->given);
    return status;
}

dosi_status dosi_xlsx_look(dosi_xlsx_rows *rows, dosi_error *err) {
    assert(rows && rows->merges);
    walk w = {.rows = rows, .first = SIZE_MAX};
    rows->n_merges = 0;
    rows->n_rows = 0;
    DOSI_TRY(run_walk(&w, err));
    rows->first_column = w.last ? w.first : 0;
    rows->n_columns = w.last ? w.last - w.first : 0;
    return DOSI_OK;
}

dosi_status dosi_xlsx_each(void *source, dosi_row_visit visit, void *context, dosi_error *err) {
    assert(source && visit);
    walk w = {.rows = source, .visit = visit, .context = context};
    return run_walk(&w, err);
}
