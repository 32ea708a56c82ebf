// Rows of further files behind those of the first: one version of several files.

#include "source/source.h"

#include <assert.h>
#include <string.h>

/// The type that holds the values of both, or DOSI_TYPE_COUNT. A column without any value was
/// read as text and takes the other's type.
static dosi_type common_type(dosi_type a, bool a_is_empty, dosi_type b, bool b_is_empty) {
    if (a == b || b_is_empty) return a;
    if (a_is_empty) return b;
    bool are_numbers = (a == DOSI_TYPE_INT || a == DOSI_TYPE_REAL) &&
                       (b == DOSI_TYPE_INT || b == DOSI_TYPE_REAL);
    if (are_numbers) return DOSI_TYPE_REAL;
    bool are_times = (a == DOSI_TYPE_DATE || a == DOSI_TYPE_TIME) &&
                     (b == DOSI_TYPE_DATE || b == DOSI_TYPE_TIME);
    return are_times ? DOSI_TYPE_TIME : DOSI_TYPE_COUNT;
}

static bool is_empty(const dosi_table *table, size_t column) {
    for (size_t i = 0; i < table->n_rows; i++) {
        if (!dosi_column_is_missing(&table->columns[column], i)) return false;
    }
    return true;
}

/// Makes the column of another type that can hold its values (see common_type()).
static dosi_status convert(dosi_table *table, size_t c, dosi_type type, dosi_error *err) {
    dosi_column *column = &table->columns[c];
    if (column->type == type) return DOSI_OK;
    bool was_empty = is_empty(table, c);
    dosi_table fresh = {0};
    dosi_status status = dosi_table_add_rows(&fresh, table->n_rows, err);
    if (status == DOSI_OK) status = dosi_table_reserve(&fresh, table->row_capacity, err);
    if (status == DOSI_OK)
        status = dosi_table_add_column(&fresh, column->name, type, NULL, err);
    if (status != DOSI_OK) {
        dosi_table_destroy(&fresh);
        return status;
    }
    for (size_t i = 0; i < table->n_rows && !was_empty; i++) {
        if (dosi_column_is_missing(column, i)) continue;
        if (type == DOSI_TYPE_REAL) {
            fresh.columns[0].data.real[i] = dosi_column_real(column, i);
        } else {
            fresh.columns[0].data.integer[i] = column->data.integer[i] * DOSI_DAY_US;
        }
    }
    // The two swap their cells; the old ones go with `fresh`.
    void *cells = column->data.any;
    column->data.any = fresh.columns[0].data.any;
    fresh.columns[0].data.any = cells;
    column->type = type;
    column->srid = fresh.columns[0].srid;
    dosi_table_destroy(&fresh);
    return DOSI_OK;
}

static dosi_status copy_cell(
    const dosi_column *from, size_t row, dosi_table *to, size_t c, size_t i) {
    dosi_column *column = &to->columns[c];
    if (from->type == DOSI_TYPE_TEXT || from->type == DOSI_TYPE_GEOMETRY) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(from, row, &n_bytes);
        return bytes ? dosi_table_set_bytes(to, c, i, bytes, n_bytes) : DOSI_OK;
    }
    if (from->type == DOSI_TYPE_BOOL) {
        column->data.boolean[i] = from->data.boolean[row];
    } else {
        column->data.integer[i] = from->data.integer[row];
    }
    return DOSI_OK;
}

/// Finds each column of `to` in `from`, and makes both of one type.
static dosi_status agree(dosi_table *to, dosi_table *from, const char *name, dosi_error *err) {
    if (from->n_columns != to->n_columns) {
        return dosi_fail(err, DOSI_CONFLICT, "%s has %zu columns, the files before it %zu",
                         name, from->n_columns, to->n_columns);
    }
    for (size_t c = 0; c < to->n_columns; c++) {
        size_t f = dosi_table_find(from, to->columns[c].name);
        if (f == SIZE_MAX) {
            return dosi_fail(err, DOSI_CONFLICT,
                             "%s has no column \"%s\", which the files before it have", name,
                             to->columns[c].name);
        }
        dosi_type a = to->columns[c].type;
        dosi_type b = from->columns[f].type;
        dosi_type both = a == b ? a : common_type(a, is_empty(to, c), b, is_empty(from, f));
        if (both == DOSI_TYPE_COUNT) {
            return dosi_fail(err, DOSI_CONFLICT,
                             "column \"%s\" is %s in %s and %s in the files before it",
                             to->columns[c].name, dosi_type_name(b), name, dosi_type_name(a));
        }
        DOSI_TRY(convert(to, c, both, err));
        DOSI_TRY(convert(from, f, both, err));
    }
    return DOSI_OK;
}

static dosi_status append(dosi_table *to, const dosi_table *from, dosi_error *err) {
    size_t first = to->n_rows;
    DOSI_TRY(dosi_table_add_rows(to, from->n_rows, err));
    for (size_t c = 0; c < to->n_columns; c++) {
        const dosi_column *column = &from->columns[dosi_table_find(from, to->columns[c].name)];
        for (size_t i = 0; i < from->n_rows; i++) {
            if (copy_cell(column, i, to, c, first + i) == DOSI_OK) continue;
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu more rows", from->n_rows);
        }
    }
    return DOSI_OK;
}

dosi_status dosi_source_append(dosi_source_result *to,
                               dosi_source_result *from,
                               const char *name,
                               dosi_error *err) {
    assert(to && from && to != from && name);
    DOSI_TRY(agree(&to->table, &from->table, name, err));
    DOSI_TRY(append(&to->table, &from->table, err));
    if (from->rejects.n_rows) DOSI_TRY(append(&to->rejects, &from->rejects, err));
    to->n_rows_seen += from->n_rows_seen;
    return DOSI_OK;
}
