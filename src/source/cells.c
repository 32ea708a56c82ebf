// From rows of text cells to a typed table, in two or three walks over the rows: look at the
// first, store all with the types they suggest, and, only where that did not fit, count what
// every column holds and store again. The text of the file is never held.

#include "source/header.h"
#include "source/points.h"
#include "source/reader.h"
#include "source/typing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 4096 };

/// One reading of rows into a table.
typedef struct reading {
    const dosi_cells *cells;
    const dosi_source_file *file;
    const dosi_source_options *options;
    const dosi_run *run;
    dosi_source_result *out;
    dosi_error *err;
    dosi_layout layout;
    dosi_typing *typing;        ///< (n_columns)
    size_t longitude, latitude; ///< Columns of coordinates in degrees, or SIZE_MAX.
    size_t n_first;             ///< Rows before the data.
    size_t i_row;               ///< Rows visited.
    size_t n_stored;
    size_t n_seen;     ///< Rows of data, damaged ones included.
    uint64_t n_misfit; ///< Cells that did not fit their column.
    uint64_t n_blank;  ///< Rows of empty cells.
    uint64_t n_long;   ///< Rows with further, empty cells.
    dosi_status status;
} reading;

static bool stop(reading *r, dosi_status status) {
    r->status = status;
    return false;
}

static void start_walk(reading *r) {
    r->i_row = 0;
    r->n_stored = 0;
    r->n_seen = 0;
    r->n_misfit = 0;
    r->n_long = 0;
    r->n_blank = 0;
    r->status = DOSI_OK;
}

/// Whether there is nothing in any cell.
static bool is_blank(const dosi_row *row) {
    if (row->fault) return false;
    for (size_t i = 0; i < row->n_cells; i++) {
        if (row->cells[i].bytes && (row->cells[i].n_bytes || row->cells[i].is_quoted)) {
            return false;
        }
    }
    return true;
}

/// Whether the row has as many cells as there are columns; more are fine when empty.
static bool has_right_width(reading *r, const dosi_row *row) {
    size_t n_columns = r->layout.n_columns;
    if (row->n_cells < n_columns) return false;
    for (size_t i = n_columns; i < row->n_cells; i++) {
        if (row->cells[i].bytes && row->cells[i].n_bytes) return false;
    }
    r->n_long += row->n_cells > n_columns;
    return true;
}

static bool is_data(reading *r, const dosi_row *row) {
    if (r->i_row++ < r->n_first) return false;
    if (!is_blank(row)) return true;
    r->n_blank += row->n_cells > 1;
    return false;
}

// --- counting -------------------------------------------------------------------------------

static void count_cell(dosi_typing *typing, const dosi_cell *cell) {
    const char *bytes = cell->bytes;
    size_t n_bytes = cell->n_bytes;
    if (!bytes) {
        typing->n[DOSI_VALUE_MISSING]++;
        return;
    }
    dosi_value_trim(&bytes, &n_bytes);
    typing->n[dosi_value_classify(bytes, n_bytes)]++;
}

static bool count_row(void *context, const dosi_row *row) {
    reading *r = context;
    if (!is_data(r, row) || row->fault || !has_right_width(r, row)) return true;
    if (r->i_row % ROWS_AT_ONCE == 0 && dosi_run_check(r->run, r->err) != DOSI_OK) {
        return stop(r, DOSI_CANCELLED);
    }
    for (size_t c = 0; c < r->layout.n_columns; c++) count_cell(&r->typing[c], &row->cells[c]);
    return true;
}

static void decide_types(reading *r) {
    for (size_t c = 0; c < r->layout.n_columns; c++) dosi_typing_decide(&r->typing[c]);
}

static dosi_status count_all(reading *r) {
    assert(r->typing);
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        memset(r->typing[c].n, 0, sizeof r->typing[c].n);
    }
    start_walk(r);
    DOSI_TRY(r->cells->each(r->cells->source, count_row, r, r->err));
    DOSI_TRY(r->status);
    decide_types(r);
    return DOSI_OK;
}

static void count_sample(reading *r, const dosi_sample *sample) {
    for (size_t i = r->n_first; i < sample->n_rows; i++) {
        const struct dosi_sample_row *row = &sample->rows[i];
        if (row->is_damaged || row->n_cells < r->layout.n_columns) continue;
        for (size_t c = 0; c < r->layout.n_columns; c++) {
            const struct dosi_sample_cell *cell = &sample->cells[row->first + c];
            bool is_missing = cell->n_bytes == UINT32_MAX;
            dosi_cell copy = {
                .bytes =
                    is_missing ? NULL : (cell->n_bytes ? sample->text.data + cell->offset : ""),
                .n_bytes = is_missing ? 0 : cell->n_bytes,
            };
            count_cell(&r->typing[c], &copy);
        }
    }
    decide_types(r);
}

// --- storing --------------------------------------------------------------------------------

static dosi_status reject(reading *r, const dosi_row *row, size_t column, const char *reason) {
    dosi_reject it = {.file = r->file->name, .line = row->line, .reason = reason};
    if (column != SIZE_MAX) {
        it.column = r->layout.names[column];
        it.value = row->cells[column].bytes;
        it.n_value = row->cells[column].n_bytes;
    } else if (row->n_cells) {
        it.value = row->cells[0].bytes;
        it.n_value = row->cells[0].n_bytes;
    }
    return dosi_reject_add(r->out, r->options, &it, r->err);
}

static dosi_status reject_width(reading *r, const dosi_row *row) {
    char reason[80];
    (void)snprintf(reason, sizeof reason, "%zu fields where the table has %zu", row->n_cells,
                   r->layout.n_columns);
    return reject(r, row, SIZE_MAX, reason);
}

/// Makes the cells of the row that was begun missing again, for the next one to use.
static void undo_row(reading *r, size_t n_columns) {
    dosi_table *table = &r->out->table;
    for (size_t c = 0; c < n_columns; c++) {
        dosi_column *column = &table->columns[c];
        if (column->type == DOSI_TYPE_BOOL) {
            column->data.boolean[r->n_stored] = DOSI_MISSING_BOOL;
        } else if (column->type == DOSI_TYPE_TEXT) {
            column->data.span[r->n_stored] = (dosi_span){0, DOSI_MISSING_SPAN};
        } else if (column->type == DOSI_TYPE_REAL) {
            column->data.real[r->n_stored] = NAN;
        } else {
            column->data.integer[r->n_stored] = DOSI_MISSING_INT;
        }
    }
}

/// The largest degrees of a column of coordinates; 0 for other columns.
static double degrees_limit(const reading *r, size_t column) {
    if (column == r->longitude) return 180.0;
    return column == r->latitude ? 90.0 : 0.0;
}

/// Whether the stored coordinate is on the globe.
static bool is_on_globe(const reading *r, size_t column) {
    double limit = degrees_limit(r, column);
    if (limit == 0.0) return true;
    double value = dosi_column_real(&r->out->table.columns[column], r->n_stored);
    return isnan(value) || fabs(value) <= limit;
}

/// Why a cell was not taken.
static const char *why_not(const reading *r, size_t column) {
    if (column == r->longitude) return "no longitude of -180 to 180 degrees";
    if (column == r->latitude) return "no latitude of -90 to 90 degrees";
    return dosi_typing_reason(r->typing[column].type);
}

/// Stores one cell; false when it does not fit (or, with a status, for good).
static bool store_cell(reading *r, const dosi_cell *cell, size_t column) {
    const char *bytes = cell->bytes;
    size_t n_bytes = cell->n_bytes;
    if (!bytes) return true;
    dosi_value_trim(&bytes, &n_bytes);
    if (dosi_value_is_missing(bytes, n_bytes)) {
        return degrees_limit(r, column) == 0.0 || !dosi_value_is_nan(bytes, n_bytes);
    }
    if (cell->is_quoted && r->typing[column].type == DOSI_TYPE_TEXT) {
        bytes = cell->bytes;
        n_bytes = cell->n_bytes;
    }
    dosi_typing_place place = {&r->out->table, column, r->n_stored, r->options->zone_s};
    if (dosi_typing_store(&place, bytes, n_bytes)) return is_on_globe(r, column);
    if (r->typing[column].type == DOSI_TYPE_TEXT) r->status = DOSI_NO_MEMORY;
    return false;
}

static bool store_row(void *context, const dosi_row *row) {
    reading *r = context;
    if (!is_data(r, row)) return true;
    if (r->n_seen++ % ROWS_AT_ONCE == 0 && dosi_run_check(r->run, r->err) != DOSI_OK) {
        return stop(r, DOSI_CANCELLED);
    }
    if (row->fault) {
        r->status = reject(r, row, SIZE_MAX, row->fault);
        return r->status == DOSI_OK;
    }
    if (!has_right_width(r, row)) {
        r->status = reject_width(r, row);
        return r->status == DOSI_OK;
    }
    if (r->n_stored == r->out->table.n_rows) {
        r->status = dosi_table_add_rows(&r->out->table, ROWS_AT_ONCE, r->err);
        if (r->status != DOSI_OK) return false;
    }
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        if (store_cell(r, &row->cells[c], c)) continue;
        if (r->status == DOSI_OK) {
            r->status = reject(r, row, c, why_not(r, c));
        }
        r->n_misfit++;
        undo_row(r, c + 1);
        return r->status == DOSI_OK;
    }
    r->n_stored++;
    return true;
}

static dosi_status make_columns(reading *r) {
    dosi_table *table = &r->out->table;
    dosi_table_destroy(table);
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        DOSI_TRY(
            dosi_table_add_column(table, r->layout.names[c], r->typing[c].type, NULL, r->err));
        DOSI_TRY(dosi_table_describe(table, c, r->layout.units[c], NULL, NULL));
    }
    return DOSI_OK;
}

static dosi_status store_all(reading *r, size_t n_rejects_before) {
    DOSI_TRY(make_columns(r));
    if (r->out->rejects.n_rows > n_rejects_before) r->out->rejects.n_rows = n_rejects_before;
    start_walk(r);
    DOSI_TRY(r->cells->each(r->cells->source, store_row, r, r->err));
    if (r->status != DOSI_OK) return r->status;
    if (r->out->table.n_rows > r->n_stored) r->out->table.n_rows = r->n_stored;
    return DOSI_OK;
}

// --- all of it ------------------------------------------------------------------------------

/// Finds the two columns of coordinates in degrees, when there are both.
static void find_coordinates(reading *r) {
    const dosi_source_options *o = r->options;
    size_t x = SIZE_MAX;
    size_t y = SIZE_MAX;
    for (size_t c = r->layout.n_columns; c-- > 0;) {
        const char *name = r->layout.names[c];
        dosi_point_role role = dosi_point_role_of(name);
        bool is_x = o->x_column ? strcmp(name, o->x_column) == 0 : role == DOSI_POINT_LONGITUDE;
        bool is_y = o->y_column ? strcmp(name, o->y_column) == 0 : role == DOSI_POINT_LATITUDE;
        if (is_x) x = c;
        if (is_y) y = c;
    }
    bool has_both = x != SIZE_MAX && y != SIZE_MAX && !o->crs;
    r->longitude = has_both ? x : SIZE_MAX;
    r->latitude = has_both ? y : SIZE_MAX;
}

static dosi_status start_typing(reading *r) {
    r->typing = calloc(r->layout.n_columns, sizeof *r->typing);
    if (!r->typing) return dosi_fail(r->err, DOSI_NO_MEMORY, "no memory for the columns");
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        dosi_type given = DOSI_TYPE_COUNT;
        DOSI_TRY(dosi_types_find(r->options->types, r->layout.names[c], &given, r->err));
        r->typing[c].is_forced = given != DOSI_TYPE_COUNT;
        if (r->typing[c].is_forced) r->typing[c].type = given;
        r->typing[c].hints_at_time = dosi_name_hints_at_time(r->layout.names[c]);
    }
    return DOSI_OK;
}

static bool any_doubt(const reading *r) {
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        if (dosi_typing_is_doubtful(&r->typing[c])) return true;
    }
    return false;
}

/// Whether counting all rows gave other types than the table was made with.
static bool types_changed(const reading *r) {
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        if (r->out->table.columns[c].type != r->typing[c].type) return true;
    }
    return false;
}

static dosi_status read_rows(reading *r, const dosi_sample *sample) {
    size_t n_rejects = r->out->rejects.n_rows;
    count_sample(r, sample);
    bool is_counted = sample->is_whole;
    if (!is_counted && any_doubt(r)) {
        DOSI_TRY(count_all(r));
        is_counted = true;
    }
    // Rejects of a first try with wrong types must not end the load.
    dosi_source_options lenient = *r->options;
    const dosi_source_options *given = r->options;
    if (!is_counted) lenient.max_rejects = 0;
    r->options = &lenient;
    dosi_status status = store_all(r, n_rejects);
    r->options = given;
    DOSI_TRY(status);
    if (r->n_misfit == 0 || is_counted) return DOSI_OK;
    DOSI_TRY(count_all(r));
    if (!types_changed(r) && given->max_rejects == 0) {
        start_walk(r);
        return DOSI_OK;
    }
    return store_all(r, n_rejects);
}

/// Counts missing cells and values of the stored columns, where only a sample was counted.
static void say_types(reading *r) {
    const dosi_table *table = &r->out->table;
    for (size_t c = 0; c < r->layout.n_columns; c++) {
        dosi_typing *typing = &r->typing[c];
        uint64_t n_missing = 0;
        for (size_t i = 0; i < table->n_rows; i++) {
            n_missing += dosi_column_is_missing(&table->columns[c], i);
        }
        dosi_typing said = *typing;
        bool is_day8 = typing->n[DOSI_VALUE_DAY8] > 0;
        bool is_hour10 = typing->n[DOSI_VALUE_HOUR10] > 0;
        memset(said.n, 0, sizeof said.n);
        said.n[DOSI_VALUE_MISSING] = n_missing;
        dosi_value_kind kind = is_hour10                    ? DOSI_VALUE_HOUR10
                               : is_day8                    ? DOSI_VALUE_DAY8
                               : typing->n[DOSI_VALUE_CODE] ? DOSI_VALUE_CODE
                                                            : DOSI_VALUE_TEXT;
        said.n[kind] = table->n_rows - n_missing;
        dosi_text_printf(&r->out->decisions, "type: %s is ", r->layout.names[c]);
        dosi_typing_put(&r->out->decisions, &said);
        dosi_text_putc(&r->out->decisions, '\n');
    }
    if (r->n_long) {
        dosi_text_printf(&r->out->decisions,
                         "width: %llu rows have further, empty cells, which are left out\n",
                         (unsigned long long)r->n_long);
    }
    if (r->n_blank) {
        dosi_text_printf(&r->out->decisions, "blank: %llu rows without any value left out\n",
                         (unsigned long long)r->n_blank);
    }
}

dosi_status dosi_cells_read(const dosi_cells *cells,
                            const dosi_source_file *file,
                            const dosi_source_options *options,
                            const dosi_run *run,
                            dosi_source_result *out,
                            dosi_error *err) {
    assert(cells && file && options && out);
    reading r = {.cells = cells, .file = file, .options = options, .run = run};
    r.out = out;
    r.err = err;
    dosi_sample *sample = calloc(1, sizeof *sample);
    if (!sample) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    dosi_status status = dosi_sample_take(cells, sample, err);
    if (status == DOSI_OK) {
        status = dosi_layout_find(sample, options->header_rows, cells->has_names, &r.layout,
                                  &out->decisions, err);
    }
    r.n_first = r.layout.n_skipped + r.layout.n_header_rows + r.layout.has_units_row;
    if (status == DOSI_OK) status = start_typing(&r);
    if (status == DOSI_OK) find_coordinates(&r);
    if (status == DOSI_OK) status = read_rows(&r, sample);
    if (status == DOSI_OK) {
        out->n_rows_seen = out->table.n_rows + out->rejects.n_rows;
        say_types(&r);
    }
    dosi_sample_clear(sample);
    free(sample);
    free(r.typing);
    dosi_layout_clear(&r.layout);
    return status;
}
