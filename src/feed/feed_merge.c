// Joins new rows to a table by their key columns.

#include "feed/feed_store.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 8 };

/// Key columns of a table, by index.
typedef struct key_columns {
    size_t column[KEYS];
    size_t n;
} key_columns;

static dosi_status find_keys(const dosi_table *table,
                             const char *names,
                             key_columns *out,
                             dosi_error *err) {
    out->n = 0;
    for (const char *at = names; *at;) {
        char name[128];
        size_t length = strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, at);
        size_t found = dosi_table_find(table, name);
        if (found == SIZE_MAX) {
            return dosi_fail(err, DOSI_NOT_FOUND, "no column \"%s\" to tell rows apart by",
                             name);
        }
        if (out->n == KEYS) return dosi_fail(err, DOSI_LIMIT, "more than %d key columns", KEYS);
        out->column[out->n++] = found;
        at += length + (at[length] == ',');
    }
    if (out->n > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "no key columns");
}

static bool is_bytes(const dosi_column *column) {
    return column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY;
}

/// Whether two cells of one type hold the same.
static bool same_cell(const dosi_column *a, size_t i, const dosi_column *b, size_t j) {
    bool is_missing = dosi_column_is_missing(a, i);
    if (is_missing != dosi_column_is_missing(b, j)) return false;
    if (is_missing) return true;
    if (is_bytes(a)) {
        size_t n_a = 0, n_b = 0;
        const char *x = dosi_column_bytes(a, i, &n_a), *y = dosi_column_bytes(b, j, &n_b);
        return n_a == n_b && memcmp(x, y, n_a) == 0;
    }
    if (a->type == DOSI_TYPE_BOOL) return a->data.boolean[i] == b->data.boolean[j];
    if (a->type == DOSI_TYPE_REAL) return a->data.real[i] == b->data.real[j];
    return a->data.integer[i] == b->data.integer[j];
}

/// FNV-1a of a row's key cells.
static uint64_t hash_key(const dosi_table *table, const key_columns *keys, size_t row) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < keys->n; i++) {
        const dosi_column *column = &table->columns[keys->column[i]];
        size_t n_bytes = 8;
        const void *bytes = column->type == DOSI_TYPE_BOOL ? NULL : column->data.integer + row;
        if (is_bytes(column)) bytes = dosi_column_bytes(column, row, &n_bytes);
        const unsigned char *at = bytes;
        for (size_t j = 0; at && j < n_bytes; j++) {
            hash = (hash ^ at[j]) * UINT64_C(1099511628211);
        }
        hash = (hash ^ 0xff) * UINT64_C(1099511628211);
    }
    return hash ^ hash >> 29;
}

/// Rows of a table by key: open addressing, row + 1 in each slot.
typedef struct row_map {
    size_t *slot;
    size_t mask;
} row_map;

/// The row of `table` with the key that row `row` of `other` has, or SIZE_MAX.
static size_t look_up(const row_map *map,
                      const dosi_table *table,
                      const key_columns *keys,
                      const dosi_table *other,
                      const key_columns *other_keys,
                      size_t row) {
    size_t place = hash_key(other, other_keys, row) & map->mask;
    for (; map->slot[place]; place = (place + 1) & map->mask) {
        size_t found = map->slot[place] - 1;
        bool is_same = true;
        for (size_t i = 0; i < keys->n && is_same; i++) {
            is_same = same_cell(&table->columns[keys->column[i]], found,
                                &other->columns[other_keys->column[i]], row);
        }
        if (is_same) return found;
    }
    return SIZE_MAX;
}

/// Enters a row under its key.
static void enter(row_map *map, const dosi_table *table, const key_columns *keys, size_t row) {
    size_t place = hash_key(table, keys, row) & map->mask;
    while (map->slot[place]) place = (place + 1) & map->mask;
    map->slot[place] = row + 1;
}

/// Turns an integer column of `n_rows` into a real one.
static void widen(dosi_column *column, size_t n_rows) {
    for (size_t i = 0; i < n_rows; i++) {
        int64_t value = column->data.integer[i];
        column->data.real[i] = value == DOSI_MISSING_INT ? (double)NAN : (double)value;
    }
    column->type = DOSI_TYPE_REAL;
}

/// Makes both tables' columns of one name of one type, and adds those that are new.
static dosi_status agree(dosi_table *table, dosi_table *rows, dosi_error *err) {
    for (size_t i = 0; i < rows->n_columns; i++) {
        dosi_column *theirs = &rows->columns[i];
        size_t found = dosi_table_find(table, theirs->name);
        if (found == SIZE_MAX) {
            DOSI_TRY(dosi_table_add_column(table, theirs->name, theirs->type, &found, err));
            DOSI_TRY(dosi_table_describe(table, found, theirs->unit, theirs->meaning_ko,
                                         theirs->meaning_en));
            table->columns[found].srid = theirs->srid;
            continue;
        }
        dosi_column *ours = &table->columns[found];
        if (ours->type == theirs->type) continue;
        if (ours->type == DOSI_TYPE_INT && theirs->type == DOSI_TYPE_REAL) {
            widen(ours, table->n_rows);
        } else if (ours->type == DOSI_TYPE_REAL && theirs->type == DOSI_TYPE_INT) {
            widen(theirs, rows->n_rows);
        } else {
            return dosi_fail(err, DOSI_CONFLICT,
                             "column %s is %s in the dataset, %s in the feed", ours->name,
                             dosi_type_name(ours->type), dosi_type_name(theirs->type));
        }
    }
    return DOSI_OK;
}

static dosi_status copy_cell(
    dosi_table *table, size_t i_column, size_t row, const dosi_column *from, size_t from_row) {
    dosi_column *to = &table->columns[i_column];
    if (is_bytes(from)) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(from, from_row, &n_bytes);
        if (bytes) return dosi_table_set_bytes(table, i_column, row, bytes, n_bytes);
        to->data.span[row].length = DOSI_MISSING_SPAN;
    } else if (from->type == DOSI_TYPE_BOOL) {
        to->data.boolean[row] = from->data.boolean[from_row];
    } else if (from->type == DOSI_TYPE_REAL) {
        to->data.real[row] = from->data.real[from_row];
    } else {
        to->data.integer[row] = from->data.integer[from_row];
    }
    return DOSI_OK;
}

/// Writes row `from_row` of `rows` over row `row`. `*is_changed` when a cell was another.
static dosi_status copy_row(dosi_table *table,
                            size_t row,
                            const dosi_table *rows,
                            size_t from_row,
                            bool *is_changed,
                            dosi_error *err) {
    for (size_t i = 0; i < rows->n_columns; i++) {
        const dosi_column *from = &rows->columns[i];
        size_t found = dosi_table_find(table, from->name);
        if (same_cell(&table->columns[found], row, from, from_row)) continue;
        *is_changed = true;
        dosi_status status = copy_cell(table, found, row, from, from_row);
        if (status != DOSI_OK) return dosi_fail(err, status, "no memory for a row");
    }
    return DOSI_OK;
}

static dosi_status make_map(const dosi_table *table,
                            const key_columns *keys,
                            size_t n_more,
                            row_map *out,
                            dosi_error *err) {
    size_t room = 1024;
    while (room < 2 * (table->n_rows + n_more)) room *= 2;
    out->slot = calloc(room, sizeof *out->slot);
    out->mask = room - 1;
    if (!out->slot) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", room);
    for (size_t i = 0; i < table->n_rows; i++) enter(out, table, keys, i);
    return DOSI_OK;
}

dosi_status dosi_feed_merge(dosi_table *table,
                            dosi_table *rows,
                            const char *key_names,
                            size_t *n_new,
                            size_t *n_changed,
                            dosi_error *err) {
    assert(table && rows && key_names && n_new && n_changed);
    key_columns keys = {0}, row_keys = {0};
    row_map map = {0};
    *n_new = *n_changed = 0;
    DOSI_TRY(agree(table, rows, err));
    DOSI_TRY(find_keys(rows, key_names, &row_keys, err));
    DOSI_TRY(find_keys(table, key_names, &keys, err));
    DOSI_TRY(make_map(table, &keys, rows->n_rows, &map, err));
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < rows->n_rows && status == DOSI_OK; i++) {
        bool is_changed = false;
        size_t found = look_up(&map, table, &keys, rows, &row_keys, i);
        bool is_new = found == SIZE_MAX;
        if (is_new) {
            found = table->n_rows;
            status = dosi_table_add_rows(table, 1, err);
        }
        if (status == DOSI_OK) status = copy_row(table, found, rows, i, &is_changed, err);
        if (status == DOSI_OK && is_new) enter(&map, table, &keys, found);
        *n_new += is_new;
        *n_changed += !is_new && is_changed;
    }
    free(map.slot);
    return status;
}
