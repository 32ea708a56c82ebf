// The reader of Excel workbooks: which sheet, then its rows to be typed.

#include "source/xlsx.h"

#include <stdlib.h>
#include <string.h>

static bool recognise(const dosi_source_file *file) {
    bool is_zip = file->n_head >= 4 && memcmp(file->head, "PK\3\4", 4) == 0;
    bool is_named = dosi_source_has_extension(file->name, ".xlsx") ||
                    dosi_source_has_extension(file->name, ".xlsm");
    if (is_named) return true;
    return is_zip && memmem(file->head, file->n_head, "xl/workbook.xml", 15) != NULL;
}

/// Walks sheet `i`; false when it has no rows (or cannot be read, with the status).
static bool has_rows(dosi_xlsx_rows *rows, size_t i, dosi_status *status, dosi_error *err) {
    rows->sheet = &rows->book->sheets[i];
    if (!rows->sheet->path[0]) return false;
    *status = dosi_xlsx_look(rows, err);
    return *status == DOSI_OK && rows->n_columns > 0;
}

static dosi_status find_named(dosi_xlsx_rows *rows, const char *wanted, dosi_error *err) {
    int64_t number = 0;
    if (dosi_parse_int(wanted, strlen(wanted), &number) != DOSI_OK) number = 0;
    for (size_t i = 0; i < rows->book->n_sheets; i++) {
        bool is_it =
            strcmp(rows->book->sheets[i].name, wanted) == 0 || (int64_t)i + 1 == number;
        if (!is_it) continue;
        dosi_status status = DOSI_OK;
        if (has_rows(rows, i, &status, err)) return DOSI_OK;
        if (status != DOSI_OK) return status;
        return dosi_fail(err, DOSI_PARSE, "%s: sheet \"%s\" is empty", rows->book->file->name,
                         wanted);
    }
    return dosi_fail(err, DOSI_NOT_FOUND, "%s: no sheet \"%s\"", rows->book->file->name,
                     wanted);
}

static dosi_status find_first(dosi_xlsx_rows *rows, dosi_text *said, dosi_error *err) {
    const dosi_xlsx *book = rows->book;
    for (size_t i = 0; i < book->n_sheets; i++) {
        dosi_status status = DOSI_OK;
        if (has_rows(rows, i, &status, err)) {
            dosi_text_printf(said, "sheet: %s (the first with values, %zu rows; of",
                             rows->sheet->name, rows->n_rows);
            for (size_t k = 0; k < book->n_sheets; k++) {
                dosi_text_printf(said, "%s %s", k ? "," : "", book->sheets[k].name);
            }
            dosi_text_puts(said, ")\n");
            return DOSI_OK;
        }
        if (status != DOSI_OK) return status;
    }
    return dosi_fail(err, DOSI_PARSE, "%s: no sheet has any value", book->file->name);
}

static dosi_status read_xlsx(const dosi_source_file *file,
                             const dosi_source_options *options,
                             const dosi_run *run,
                             dosi_source_result *out,
                             dosi_error *err) {
    dosi_xlsx book = {0};
    DOSI_TRY(dosi_xlsx_open(file, &book, err));
    dosi_xlsx_rows rows = {.book = &book};
    rows.merges = calloc(DOSI_XLSX_MERGES, sizeof *rows.merges);
    dosi_status status =
        rows.merges ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    if (status == DOSI_OK && options->sheet) {
        status = find_named(&rows, options->sheet, err);
        if (status == DOSI_OK) {
            dosi_text_printf(&out->decisions, "sheet: %s (as given)\n", rows.sheet->name);
        }
    } else if (status == DOSI_OK) {
        status = find_first(&rows, &out->decisions, err);
    }
    if (status == DOSI_OK) {
        dosi_cells cells = {.source = &rows, .each = dosi_xlsx_each};
        status = dosi_cells_read(&cells, file, options, run, out, err);
    }
    free(rows.merges);
    dosi_xlsx_close(&book);
    return status;
}

const dosi_reader dosi_reader_xlsx = {
    .name = "workbook (XLSX)",
    .recognise = recognise,
    .read = read_xlsx,
};
