// The reader of delimited text: which delimiter, then rows of cells to be typed.

#include "source/csv.h"
#include "source/header.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { N_CANDIDATES = 4, MOST_WIDTHS = 64, LOOK_ROWS = 500 };

typedef struct candidate {
    char delimiter;
    const char *name;
    size_t widths[LOOK_ROWS];
    size_t n_rows;
    size_t width;   ///< The most frequent number of fields, at least 2 counted first.
    size_t n_width; ///< Rows of that width.
} candidate;

static bool note_width(void *context, const dosi_row *row) {
    candidate *c = context;
    bool is_blank = row->n_cells == 1 && row->cells[0].n_bytes == 0;
    if (!is_blank) c->widths[c->n_rows++] = row->fault ? 0 : row->n_cells;
    return c->n_rows < LOOK_ROWS;
}

static void find_usual(candidate *c) {
    for (size_t i = 0; i < c->n_rows; i++) {
        size_t n = 0;
        for (size_t j = 0; j < c->n_rows; j++) n += c->widths[j] == c->widths[i];
        bool is_better = n > c->n_width || (n == c->n_width && c->widths[i] > c->width);
        if (c->widths[i] > 1 && is_better) {
            c->width = c->widths[i];
            c->n_width = n;
        }
    }
}

/// Whether `a` divides the lines better than `b`: more even rows, then more fields.
static bool is_better(const candidate *a, const candidate *b) {
    if (a->width < 2) return false;
    if (b->width < 2) return true;
    // Rows of the usual width, by rows in all: cross-multiplied.
    size_t left = a->n_width * b->n_rows;
    size_t right = b->n_width * a->n_rows;
    if (left * 10 >= right * 9 && right * 10 >= left * 9) return a->width > b->width;
    return left > right;
}

static dosi_status detect_delimiter(dosi_csv *csv, dosi_text *said, dosi_error *err) {
    static const char delimiters[N_CANDIDATES] = {',', '\t', ';', '|'};
    static const char *const names[N_CANDIDATES] = {"comma", "tab", "semicolon", "pipe"};
    candidate *all = calloc(N_CANDIDATES, sizeof *all);
    if (!all) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", csv->file->name);
    dosi_status status = DOSI_OK;
    const candidate *best = &all[0];
    for (size_t i = 0; i < N_CANDIDATES && status == DOSI_OK; i++) {
        all[i].delimiter = delimiters[i];
        csv->delimiter = delimiters[i];
        all[i].name = names[i];
        status = dosi_csv_each(csv, note_width, &all[i], err);
        find_usual(&all[i]);
        if (is_better(&all[i], best)) best = &all[i];
    }
    csv->delimiter = '\0';
    if (best->width > 1) csv->delimiter = best->delimiter;
    if (status == DOSI_OK && csv->delimiter) {
        csv->n_expected = best->width;
        dosi_text_printf(said, "delimiter: %s (%zu fields in %zu of the first %zu rows)\n",
                         best->name, best->width, best->n_width, best->n_rows);
    } else if (status == DOSI_OK) {
        dosi_text_puts(said, "delimiter: none (no comma, tab, semicolon or pipe divides the "
                             "rows): one column\n");
    }
    free(all);
    return status;
}

static dosi_status take_delimiter(dosi_csv *csv, const char *given, dosi_error *err) {
    if (strcmp(given, "tab") == 0 || strcmp(given, "\\t") == 0) {
        csv->delimiter = '\t';
    } else if (strlen(given) == 1 && !strchr("\"\n\r", given[0])) {
        csv->delimiter = given[0];
    } else {
        return dosi_fail(err, DOSI_INVALID, "delimiter \"%s\": one character, or tab", given);
    }
    return DOSI_OK;
}

static bool recognise(const dosi_source_file *file) {
    // What has another format's signature was taken before; zero bytes mean binary (or UTF-16,
    // which is told apart when reading).
    static const char *const extensions[] = {".csv", ".tsv", ".txt", ".tab", ".dat", ".psv"};
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (dosi_source_has_extension(file->name, extensions[i])) return true;
    }
    bool is_utf16 = file->n_head >= 2 && (memcmp(file->head, "\xFF\xFE", 2) == 0 ||
                                          memcmp(file->head, "\xFE\xFF", 2) == 0);
    if (is_utf16) return true;
    if (memchr(file->head, '\0', file->n_head)) return false;
    return memchr(file->head, ',', file->n_head) || memchr(file->head, '\t', file->n_head) ||
           memchr(file->head, ';', file->n_head) || memchr(file->head, '|', file->n_head);
}

static dosi_status read_delimited(const dosi_source_file *file,
                                  const dosi_source_options *options,
                                  const dosi_run *run,
                                  dosi_source_result *out,
                                  dosi_error *err) {
    dosi_csv csv = {.file = file};
    DOSI_TRY(
        dosi_encoding_detect(file, options->encoding, &csv.encoding, &out->decisions, err));
    if (options->delimiter) {
        DOSI_TRY(take_delimiter(&csv, options->delimiter, err));
        dosi_text_printf(&out->decisions, "delimiter: %s (as given)\n", options->delimiter);
    } else {
        DOSI_TRY(detect_delimiter(&csv, &out->decisions, err));
    }
    dosi_cells cells = {.source = &csv, .each = dosi_csv_each};
    return dosi_cells_read(&cells, file, options, run, out, err);
}

const dosi_reader dosi_reader_delimited = {
    .name = "delimited text",
    .recognise = recognise,
    .read = read_delimited,
};
