// Columns that grow together: one capacity for all rows, a byte pool per text column.

#include "dosi/table.h"

#include "dosi/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 64, FIRST_COLUMNS = 16, FIRST_POOL_BYTES = 256 };

static const char *const type_names[] = {
#define X(name, text) text,
    DOSI_TYPE_TABLE(X)
#undef X
};

const char *dosi_type_name(dosi_type type) {
    assert(type < DOSI_TYPE_COUNT);
    return type_names[type];
}

dosi_type dosi_type_from_name(const char *name) {
    for (int i = 0; i < DOSI_TYPE_COUNT; i++) {
        if (strcmp(name, type_names[i]) == 0) return (dosi_type)i;
    }
    return DOSI_TYPE_COUNT;
}

static size_t cell_bytes(dosi_type type) {
    if (type == DOSI_TYPE_BOOL) return sizeof(uint8_t);
    if (type == DOSI_TYPE_TEXT || type == DOSI_TYPE_GEOMETRY) return sizeof(dosi_span);
    return sizeof(int64_t);
}

/// Makes rows [first, first + n_rows) missing.
static void fill_missing(dosi_column *column, size_t first, size_t n_rows) {
    for (size_t i = first; i < first + n_rows; i++) {
        switch (column->type) {
        case DOSI_TYPE_BOOL:
            column->data.boolean[i] = DOSI_MISSING_BOOL;
            break;
        case DOSI_TYPE_REAL:
            column->data.real[i] = NAN;
            break;
        case DOSI_TYPE_TEXT:
        case DOSI_TYPE_GEOMETRY:
            column->data.span[i] = (dosi_span){0, DOSI_MISSING_SPAN};
            break;
        default:
            column->data.integer[i] = DOSI_MISSING_INT;
            break;
        }
    }
}

void dosi_table_init(dosi_table *table) {
    assert(table);
    *table = (dosi_table){0};
}

static void destroy_column(dosi_column *column) {
    free(column->name);
    free(column->unit);
    free(column->meaning_ko);
    free(column->meaning_en);
    free(column->data.any);
    free(column->pool);
}

void dosi_table_destroy(dosi_table *table) {
    if (!table) return;
    for (size_t i = 0; i < table->n_columns; i++) destroy_column(&table->columns[i]);
    free(table->columns);
    memset(table, 0, sizeof *table);
}

static dosi_status grow_columns(dosi_table *table) {
    if (table->n_columns < table->column_capacity) return DOSI_OK;
    size_t capacity = table->column_capacity ? table->column_capacity * 2 : FIRST_COLUMNS;
    dosi_column *columns = realloc(table->columns, capacity * sizeof *columns);
    if (!columns) return DOSI_NO_MEMORY;
    table->columns = columns;
    table->column_capacity = capacity;
    return DOSI_OK;
}

dosi_status dosi_table_add_column(
    dosi_table *table, const char *name, dosi_type type, size_t *i_column, dosi_error *err) {
    assert(table && name && type < DOSI_TYPE_COUNT);
    if (dosi_table_find(table, name) != SIZE_MAX) {
        return dosi_fail(err, DOSI_CONFLICT, "there is a column \"%s\" already", name);
    }
    dosi_column column = {.type = type, .srid = type == DOSI_TYPE_GEOMETRY ? 4326 : 0};
    size_t n_cells = table->row_capacity ? table->row_capacity : 1;
    column.name = dosi_string_copy(name);
    column.data.any = malloc(n_cells * cell_bytes(type));
    if (!column.name || !column.data.any || grow_columns(table) != DOSI_OK) {
        destroy_column(&column);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for column \"%s\"", name);
    }
    fill_missing(&column, 0, table->n_rows);
    table->columns[table->n_columns] = column;
    if (i_column) *i_column = table->n_columns;
    table->n_columns++;
    return DOSI_OK;
}

static dosi_status replace_string(char **place, const char *string) {
    if (!string) return DOSI_OK;
    char *copy = dosi_string_copy(string);
    if (!copy) return DOSI_NO_MEMORY;
    free(*place);
    *place = copy;
    return DOSI_OK;
}

dosi_status dosi_table_describe(dosi_table *table,
                                size_t i_column,
                                const char *unit,
                                const char *meaning_ko,
                                const char *meaning_en) {
    assert(table && i_column < table->n_columns);
    dosi_column *column = &table->columns[i_column];
    DOSI_TRY(replace_string(&column->unit, unit));
    DOSI_TRY(replace_string(&column->meaning_ko, meaning_ko));
    return replace_string(&column->meaning_en, meaning_en);
}

dosi_status dosi_table_reserve(dosi_table *table, size_t n_rows, dosi_error *err) {
    assert(table);
    if (n_rows <= table->row_capacity) return DOSI_OK;
    if (n_rows > SIZE_MAX / 64) return dosi_fail(err, DOSI_LIMIT, "%zu rows", n_rows);
    for (size_t i = 0; i < table->n_columns; i++) {
        dosi_column *column = &table->columns[i];
        void *cells = realloc(column->data.any, n_rows * cell_bytes(column->type));
        if (!cells) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
        column->data.any = cells;
    }
    table->row_capacity = n_rows;
    return DOSI_OK;
}

dosi_status dosi_table_add_rows(dosi_table *table, size_t n_rows, dosi_error *err) {
    assert(table);
    if (n_rows > SIZE_MAX / 64 - table->n_rows) {
        return dosi_fail(err, DOSI_LIMIT, "%zu more rows", n_rows);
    }
    size_t needed = table->n_rows + n_rows;
    if (needed > table->row_capacity) {
        size_t doubled = table->row_capacity ? table->row_capacity * 2 : FIRST_ROWS;
        DOSI_TRY(dosi_table_reserve(table, needed > doubled ? needed : doubled, err));
    }
    for (size_t i = 0; i < table->n_columns; i++) {
        fill_missing(&table->columns[i], table->n_rows, n_rows);
    }
    table->n_rows = needed;
    return DOSI_OK;
}

static dosi_status grow_pool(dosi_column *column, size_t n_bytes) {
    size_t needed = column->pool_bytes + n_bytes;
    if (needed <= column->pool_capacity) return DOSI_OK;
    size_t capacity = column->pool_capacity ? column->pool_capacity * 2 : FIRST_POOL_BYTES;
    if (capacity < needed) capacity = needed;
    char *pool = realloc(column->pool, capacity);
    if (!pool) return DOSI_NO_MEMORY;
    column->pool = pool;
    column->pool_capacity = capacity;
    return DOSI_OK;
}

dosi_status dosi_table_set_bytes(
    dosi_table *table, size_t i_column, size_t row, const char *bytes, size_t n_bytes) {
    assert(table && i_column < table->n_columns && row < table->n_rows);
    dosi_column *column = &table->columns[i_column];
    assert(column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY);
    if (n_bytes >= DOSI_MISSING_SPAN) return DOSI_LIMIT;
    dosi_span *span = column->data.span;
    if (row > 0 && span[row - 1].length == n_bytes &&
        (n_bytes == 0 || memcmp(column->pool + span[row - 1].offset, bytes, n_bytes) == 0)) {
        span[row] = span[row - 1];
        return DOSI_OK;
    }
    DOSI_TRY(grow_pool(column, n_bytes));
    if (n_bytes) memcpy(column->pool + column->pool_bytes, bytes, n_bytes);
    span[row] = (dosi_span){column->pool_bytes, (uint32_t)n_bytes};
    column->pool_bytes += n_bytes;
    return DOSI_OK;
}

dosi_status dosi_table_set_text(dosi_table *table,
                                size_t i_column,
                                size_t row,
                                const char *string) {
    return dosi_table_set_bytes(table, i_column, row, string, strlen(string));
}

size_t dosi_table_find(const dosi_table *table, const char *name) {
    assert(table && name);
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

/// "a, b, c", as far as it fits.
static void list_names(const dosi_table *table, dosi_text *out) {
    for (size_t i = 0; i < table->n_columns; i++) {
        if (i) dosi_text_puts(out, ", ");
        dosi_text_puts(out, table->columns[i].name);
    }
}

dosi_status dosi_table_get(const dosi_table *table,
                           const char *name,
                           dosi_type type,
                           const dosi_column **out,
                           dosi_error *err) {
    assert(table && name && out);
    size_t i = dosi_table_find(table, name);
    if (i == SIZE_MAX) {
        dosi_text names = {0};
        list_names(table, &names);
        dosi_status status = dosi_fail(err, DOSI_NOT_FOUND, "no column \"%s\" among: %s", name,
                                       dosi_text_string(&names));
        dosi_text_destroy(&names);
        return status;
    }
    if (table->columns[i].type != type) {
        return dosi_fail(err, DOSI_INVALID, "column \"%s\" is %s, not %s", name,
                         dosi_type_name(table->columns[i].type), dosi_type_name(type));
    }
    *out = &table->columns[i];
    return DOSI_OK;
}

const dosi_column *dosi_table_find_number(const dosi_table *table, const char *name) {
    size_t i = dosi_table_find(table, name);
    if (i == SIZE_MAX) return NULL;
    const dosi_column *column = &table->columns[i];
    return column->type == DOSI_TYPE_REAL || column->type == DOSI_TYPE_INT ? column : NULL;
}

dosi_status dosi_table_get_number(const dosi_table *table,
                                  const char *name,
                                  const dosi_column **out,
                                  dosi_error *err) {
    const dosi_column *found = dosi_table_find_number(table, name);
    if (!found) return dosi_table_get(table, name, DOSI_TYPE_REAL, out, err); // fails: says why
    *out = found;
    return DOSI_OK;
}

bool dosi_column_is_missing(const dosi_column *column, size_t row) {
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        return column->data.boolean[row] == DOSI_MISSING_BOOL;
    case DOSI_TYPE_REAL:
        return isnan(column->data.real[row]);
    case DOSI_TYPE_TEXT:
    case DOSI_TYPE_GEOMETRY:
        return column->data.span[row].length == DOSI_MISSING_SPAN;
    default:
        return column->data.integer[row] == DOSI_MISSING_INT;
    }
}

const char *dosi_column_bytes(const dosi_column *column, size_t row, size_t *n_bytes) {
    assert(column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY);
    dosi_span span = column->data.span[row];
    bool is_missing = span.length == DOSI_MISSING_SPAN;
    if (n_bytes) *n_bytes = is_missing ? 0 : span.length;
    if (is_missing) return NULL;
    return column->pool ? column->pool + span.offset : "";
}

double dosi_column_real(const dosi_column *column, size_t row) {
    if (dosi_column_is_missing(column, row)) return NAN;
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        return column->data.boolean[row];
    case DOSI_TYPE_REAL:
        return column->data.real[row];
    case DOSI_TYPE_TEXT:
    case DOSI_TYPE_GEOMETRY:
        return NAN;
    default:
        return (double)column->data.integer[row];
    }
}

static dosi_status copy_cell(
    const dosi_column *from, size_t row, dosi_table *out, size_t i_column, size_t i) {
    dosi_column *to = &out->columns[i_column];
    if (from->type == DOSI_TYPE_BOOL) {
        to->data.boolean[i] = from->data.boolean[row];
    } else if (from->type == DOSI_TYPE_TEXT || from->type == DOSI_TYPE_GEOMETRY) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(from, row, &n_bytes);
        if (bytes) return dosi_table_set_bytes(out, i_column, i, bytes, n_bytes);
    } else {
        to->data.integer[i] = from->data.integer[row];
    }
    return DOSI_OK;
}

static dosi_status copy_shape(const dosi_table *from, dosi_table *out, dosi_error *err) {
    for (size_t c = 0; c < from->n_columns; c++) {
        const dosi_column *column = &from->columns[c];
        DOSI_TRY(dosi_table_add_column(out, column->name, column->type, NULL, err));
        DOSI_TRY(
            dosi_table_describe(out, c, column->unit, column->meaning_ko, column->meaning_en));
        out->columns[c].srid = column->srid;
    }
    return DOSI_OK;
}

dosi_status dosi_table_take(const dosi_table *from,
                            const size_t *rows,
                            size_t n_rows,
                            dosi_table *out,
                            dosi_error *err) {
    assert(from && out && from != out && (rows || n_rows == 0));
    dosi_table_destroy(out);
    DOSI_TRY(copy_shape(from, out, err));
    DOSI_TRY(dosi_table_add_rows(out, n_rows, err));
    for (size_t c = 0; c < from->n_columns; c++) {
        for (size_t i = 0; i < n_rows; i++) {
            assert(rows[i] < from->n_rows);
            DOSI_TRY(copy_cell(&from->columns[c], rows[i], out, c, i));
        }
    }
    return DOSI_OK;
}

void dosi_table_drop_column(dosi_table *table, size_t i_column) {
    assert(table && i_column < table->n_columns);
    destroy_column(&table->columns[i_column]);
    size_t n_after = table->n_columns - i_column - 1;
    memmove(&table->columns[i_column], &table->columns[i_column + 1],
            n_after * sizeof *table->columns);
    table->n_columns--;
}

dosi_status dosi_table_rename(dosi_table *table,
                              size_t i_column,
                              const char *name,
                              dosi_error *err) {
    assert(table && i_column < table->n_columns && name);
    size_t found = dosi_table_find(table, name);
    if (found == i_column) return DOSI_OK;
    if (found != SIZE_MAX) {
        return dosi_fail(err, DOSI_CONFLICT, "there is a column \"%s\" already", name);
    }
    return replace_string(&table->columns[i_column].name, name);
}
