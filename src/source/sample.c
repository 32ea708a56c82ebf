// The first rows of a file, kept for looking at.

#include "source/header.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_TEXT_BYTES = 16 << 20 };

void dosi_sample_clear(dosi_sample *sample) {
    assert(sample);
    dosi_text_destroy(&sample->text);
    free(sample->cells);
    *sample = (dosi_sample){0};
}

typedef struct taking {
    dosi_sample *sample;
    dosi_status status;
} taking;

static bool make_room(dosi_sample *sample, size_t n_cells) {
    size_t needed = sample->n_cells + n_cells;
    if (needed <= sample->capacity) return true;
    size_t capacity = sample->capacity * 2 > needed ? sample->capacity * 2 : needed;
    void *cells = realloc(sample->cells, capacity * sizeof *sample->cells);
    if (!cells) return false;
    sample->cells = cells;
    sample->capacity = capacity;
    return true;
}

static bool take_row(void *context, const dosi_row *row) {
    taking *t = context;
    dosi_sample *sample = t->sample;
    if (sample->n_rows == DOSI_SAMPLE_ROWS ||
        (sample->n_rows > 1 && sample->n_cells + row->n_cells > DOSI_SAMPLE_CELLS) ||
        sample->text.length > SAMPLE_TEXT_BYTES) {
        sample->is_whole = false;
        return false;
    }
    if (!make_room(sample, row->n_cells)) {
        t->status = DOSI_NO_MEMORY;
        return false;
    }
    struct dosi_sample_row *kept = &sample->rows[sample->n_rows++];
    kept->first = sample->n_cells;
    kept->n_cells = row->n_cells;
    kept->line = row->line;
    kept->is_damaged = row->fault != NULL;
    for (size_t i = 0; i < row->n_cells; i++) {
        const dosi_cell *cell = &row->cells[i];
        struct dosi_sample_cell *copy = &sample->cells[sample->n_cells++];
        copy->offset = sample->text.length;
        copy->n_bytes = cell->bytes ? cell->n_bytes : UINT32_MAX;
        copy->is_quoted = cell->is_quoted;
        if (cell->bytes) dosi_text_append(&sample->text, cell->bytes, cell->n_bytes);
    }
    return true;
}

dosi_status dosi_sample_take(const dosi_cells *cells, dosi_sample *out, dosi_error *err) {
    assert(cells && out);
    taking t = {.sample = out};
    out->is_whole = true;
    DOSI_TRY(cells->each(cells->source, take_row, &t, err));
    if (t.status == DOSI_OK) t.status = out->text.status;
    if (t.status == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, t.status, "no memory for the first rows");
}

const char *dosi_sample_cell_at(const dosi_sample *sample,
                                size_t row,
                                size_t column,
                                size_t *n_bytes) {
    assert(sample && row < sample->n_rows && n_bytes);
    *n_bytes = 0;
    if (column >= sample->rows[row].n_cells) return NULL;
    const struct dosi_sample_cell *cell = &sample->cells[sample->rows[row].first + column];
    if (cell->n_bytes == UINT32_MAX) return NULL;
    const char *bytes = cell->n_bytes ? sample->text.data + cell->offset : "";
    *n_bytes = cell->n_bytes;
    dosi_value_trim(&bytes, n_bytes);
    return bytes;
}
