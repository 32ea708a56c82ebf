// Keys, flagged values, places and outputs: the way between tables and arrays.

#include "method/columns.h"

#include "dosi/air.h"
#include "dosi/geo.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool method_list_next(const char **list, const char **word, size_t *n_bytes) {
    while (**list == ' ' || **list == ',') (*list)++;
    if (!**list) return false;
    *word = *list;
    while (**list && **list != ',') (*list)++;
    *n_bytes = (size_t)(*list - *word);
    while (*n_bytes > 0 && (*word)[*n_bytes - 1] == ' ') (*n_bytes)--;
    return true;
}

bool method_list_has(const char *list, const dosi_column *column, size_t row) {
    const char *word = NULL;
    size_t n_bytes = 0, n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n_bytes);
    while (bytes && method_list_next(&list, &word, &n)) {
        if (n == n_bytes && memcmp(word, bytes, n) == 0) return true;
    }
    return false;
}

size_t method_list_count(const char *list) {
    const char *word = NULL;
    size_t n = 0, n_words = 0;
    while (method_list_next(&list, &word, &n)) n_words++;
    return n_words;
}

dosi_status method_names_split(const char *text, method_names *out, dosi_error *err) {
    const char *word = NULL;
    size_t n = 0;
    *out = (method_names){0};
    while (method_list_next(&text, &word, &n)) {
        if (out->n == METHOD_NAMES_MAX || n >= METHOD_NAME_BYTES) {
            return dosi_fail(err, DOSI_INVALID, "\"%.60s\": at most %d names of %d bytes", word,
                             METHOD_NAMES_MAX, METHOD_NAME_BYTES - 1);
        }
        memcpy(out->names[out->n], word, n);
        for (size_t i = 0; i < out->n; i++) {
            if (strcmp(out->names[i], out->names[out->n]) == 0) {
                return dosi_fail(err, DOSI_INVALID, "\"%s\" is named twice", out->names[i]);
            }
        }
        out->n++;
    }
    return DOSI_OK;
}

dosi_status method_time_read(const char *text,
                             dosi_time beyond,
                             dosi_time *out,
                             dosi_error *err) {
    enum { KOREA_S = 32400 };
    *out = beyond;
    return text[0] ? dosi_time_parse_iso(text, strlen(text), KOREA_S, out, err) : DOSI_OK;
}

bool method_is_first_station(const dosi_table *table, size_t row) {
    size_t i = dosi_table_find(table, "station"), n = 0, n0 = 0;
    if (i == SIZE_MAX || table->columns[i].type != DOSI_TYPE_TEXT) return true;
    const char *first = dosi_column_bytes(&table->columns[i], 0, &n0);
    const char *bytes = dosi_column_bytes(&table->columns[i], row, &n);
    return first && bytes && n == n0 && memcmp(first, bytes, n) == 0;
}

/// Order of two present cells of a column.
static int compare_cells(const dosi_column *column, size_t a, size_t b) {
    if (column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY) {
        size_t na = 0, nb = 0;
        const char *ta = dosi_column_bytes(column, a, &na);
        const char *tb = dosi_column_bytes(column, b, &nb);
        if (ta == tb && na == nb) return 0;
        int order = memcmp(ta, tb, na < nb ? na : nb);
        return order ? order : (na < nb ? -1 : na > nb);
    }
    if (column->type == DOSI_TYPE_REAL) {
        double va = column->data.real[a], vb = column->data.real[b];
        return va < vb ? -1 : va > vb;
    }
    if (column->type == DOSI_TYPE_BOOL) {
        return (int)column->data.boolean[a] - (int)column->data.boolean[b];
    }
    int64_t va = column->data.integer[a], vb = column->data.integer[b];
    return va < vb ? -1 : va > vb;
}

/// Columns that make up a key.
typedef struct key_columns {
    const dosi_column *const *columns;
    size_t n;
} key_columns;

static int compare_keys(const key_columns *key, size_t a, size_t b) {
    for (size_t c = 0; c < key->n; c++) {
        int order = compare_cells(key->columns[c], a, b);
        if (order) return order;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b, void *context) {
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int order = compare_keys(context, i, j);
    return order ? order : (i < j ? -1 : i > j);
}

/// Whether the rows are in order of their keys already, as results of methods are.
static bool is_in_order(const key_columns *key, const size_t *rows, size_t n) {
    for (size_t i = 1; i < n; i++) {
        if (compare_keys(key, rows[i - 1], rows[i]) > 0) return false;
    }
    return true;
}

/// Rows in which no key column is missing.
static size_t rows_with_key(const key_columns *key, size_t n_rows, size_t *rows) {
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        bool is_whole = true;
        for (size_t c = 0; c < key->n && is_whole; c++) {
            is_whole = !dosi_column_is_missing(key->columns[c], i);
        }
        if (is_whole) rows[n++] = i;
    }
    return n;
}

dosi_status method_keys_find(const dosi_column *const *columns,
                             size_t n_columns,
                             size_t n_rows,
                             method_keys *out,
                             dosi_error *err) {
    *out = (method_keys){0};
    if (n_rows >= UINT32_MAX) return dosi_fail(err, DOSI_LIMIT, "%zu rows", n_rows);
    size_t *rows = malloc((n_rows + 1) * sizeof *rows);
    out->of_row = malloc((n_rows + 1) * sizeof *out->of_row);
    out->first_row = malloc((n_rows + 1) * sizeof *out->first_row);
    if (!rows || !out->of_row || !out->first_row) {
        free(rows);
        method_keys_clear(out);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
    }
    key_columns key = {columns, n_columns};
    for (size_t i = 0; i < n_rows; i++) out->of_row[i] = UINT32_MAX;
    size_t n = rows_with_key(&key, n_rows, rows);
    if (!is_in_order(&key, rows, n)) qsort_r(rows, n, sizeof *rows, compare_rows, &key);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare_keys(&key, rows[i - 1], rows[i]) != 0) {
            out->first_row[out->n++] = rows[i];
        }
        out->of_row[rows[i]] = (uint32_t)(out->n - 1);
    }
    free(rows);
    return DOSI_OK;
}

dosi_status method_keys_keep(method_keys *keys,
                             const bool *is_used,
                             size_t n_rows,
                             dosi_error *err) {
    uint32_t *new_of = calloc(keys->n + 1, sizeof *new_of), n = 0;
    if (!new_of) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu keys", keys->n);
    for (size_t row = 0; row < n_rows; row++) {
        if (is_used[row] && keys->of_row[row] != UINT32_MAX) new_of[keys->of_row[row]] = 1;
    }
    for (size_t k = 0; k < keys->n; k++) {
        bool is_kept = new_of[k] != 0;
        new_of[k] = is_kept ? n : UINT32_MAX;
        if (is_kept) keys->first_row[n++] = keys->first_row[k];
    }
    for (size_t row = 0; row < n_rows; row++) {
        if (keys->of_row[row] != UINT32_MAX) keys->of_row[row] = new_of[keys->of_row[row]];
    }
    keys->n = n;
    free(new_of);
    return DOSI_OK;
}

void method_keys_clear(method_keys *keys) {
    free(keys->of_row);
    free(keys->first_row);
    *keys = (method_keys){0};
}

dosi_status method_values_find(const dosi_table *table,
                               const char *name,
                               int64_t reject,
                               method_values *out,
                               dosi_error *err) {
    *out = (method_values){.reject = reject};
    size_t found = dosi_table_find(table, name);
    if (found == SIZE_MAX) return DOSI_OK;
    dosi_type type = table->columns[found].type;
    if (type != DOSI_TYPE_REAL && type != DOSI_TYPE_INT && type != DOSI_TYPE_BOOL) {
        return dosi_fail(err, DOSI_INVALID, "column \"%s\" is %s, not a number", name,
                         dosi_type_name(type));
    }
    out->value = &table->columns[found];
    char flag[METHOD_NAME_BYTES + 8];
    (void)snprintf(flag, sizeof flag, "%s_flag", name);
    found = dosi_table_find(table, flag);
    if (found != SIZE_MAX && table->columns[found].type == DOSI_TYPE_INT) {
        out->flag = &table->columns[found];
    }
    return DOSI_OK;
}

double method_value(const method_values *values, size_t row) {
    if (!values->value) return NAN;
    if (values->flag && !dosi_column_is_missing(values->flag, row) &&
        (values->flag->data.integer[row] & values->reject)) {
        return NAN;
    }
    return dosi_column_real(values->value, row);
}

/// The first geometry column, or NULL.
static const dosi_column *find_geometry(const dosi_table *table) {
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->columns[c].type == DOSI_TYPE_GEOMETRY) return &table->columns[c];
    }
    return NULL;
}

bool method_has_places(const dosi_table *table) {
    return (dosi_table_find_number(table, "x") && dosi_table_find_number(table, "y")) ||
           find_geometry(table) ||
           (dosi_table_find_number(table, "lon") && dosi_table_find_number(table, "lat"));
}

/// Projects n places in place from `srid` to EPSG:5186.
static dosi_status project(int srid, double *x, double *y, size_t n, dosi_error *err) {
    if (srid == DOSI_SRID_KOREA) return DOSI_OK;
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(srid, DOSI_SRID_KOREA, &projection, err));
    (void)dosi_projection_apply(projection, x, y, n, false); // unplaceable points become NaN
    dosi_projection_destroy(projection);
    return DOSI_OK;
}

dosi_status method_ugm3_per_unit(const char *name, double *out, dosi_error *err) {
    static const double molar_mass[DOSI_AIR_COUNT] = {[DOSI_AIR_SO2] = 64.07,
                                                      [DOSI_AIR_CO] = 28.01,
                                                      [DOSI_AIR_O3] = 48.00,
                                                      [DOSI_AIR_NO2] = 46.01};
    size_t n = strlen(name);
    dosi_pollutant pollutant = dosi_pollutant_from_name(name);
    bool is_mass = n > 5 && strcmp(name + n - 5, "_ugm3") == 0;
    if (!is_mass && (pollutant == DOSI_AIR_COUNT || !(molar_mass[pollutant] > 0))) {
        return dosi_fail(err, DOSI_INVALID,
                         "\"%.60s\" is none of so2_ppm, co_ppm, o3_ppm, no2_ppm, and does not "
                         "end in _ugm3",
                         name);
    }
    *out = is_mass ? 1.0 : 1000.0 * molar_mass[pollutant] / 24.45;
    return DOSI_OK;
}

dosi_status method_places(
    const dosi_table *table, const char *what, double *x, double *y, dosi_error *err) {
    const dosi_column *cx = dosi_table_find_number(table, "x"),
                      *cy = dosi_table_find_number(table, "y");
    const dosi_column *shape = find_geometry(table);
    int srid = DOSI_SRID_KOREA;
    if (!(cx && cy) && !shape) {
        cx = dosi_table_find_number(table, "lon");
        cy = dosi_table_find_number(table, "lat");
        srid = DOSI_SRID_LONLAT;
    }
    if (cx && cy) {
        for (size_t i = 0; i < table->n_rows; i++) {
            x[i] = dosi_column_real(cx, i);
            y[i] = dosi_column_real(cy, i);
        }
        return project(srid, x, y, table->n_rows, err);
    }
    if (!shape) {
        return dosi_fail(
            err, DOSI_NOT_FOUND,
            "%s: no places: needs columns x and y (metres, EPSG:5186), a geometry, "
            "or lon and lat",
            what);
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(shape, i, &n_bytes);
        x[i] = y[i] = NAN;
        if (bytes) DOSI_TRY(dosi_wkb_centroid(bytes, n_bytes, &x[i], &y[i], err));
    }
    return project(shape->srid, x, y, table->n_rows, err);
}

dosi_status method_add_column(dosi_table *table,
                              const char *name,
                              dosi_type type,
                              const dosi_method_column *like,
                              dosi_error *err) {
    size_t i_column = 0;
    DOSI_TRY(dosi_table_add_column(table, name, type, &i_column, err));
    return dosi_table_describe(table, i_column, like->unit, like->meaning.ko, like->meaning.en);
}

dosi_status method_open_output(const dosi_method_call *call,
                               size_t i_output,
                               size_t n_rows,
                               dosi_error *err) {
    assert(i_output < call->method->n_outputs);
    const dosi_method_table *table = &call->method->outputs[i_output];
    dosi_table *out = &call->outputs[i_output];
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_method_column *column = &table->columns[c];
        if (column->is_optional || strcmp(column->name, "*") == 0) continue;
        DOSI_TRY(method_add_column(out, column->name, column->type, column, err));
    }
    return dosi_table_add_rows(out, n_rows, err);
}

dosi_status method_copy_cell(
    const dosi_column *from, size_t row, dosi_table *out, size_t i_column, size_t i) {
    dosi_column *to = &out->columns[i_column];
    assert(to->type == from->type);
    if (from->type == DOSI_TYPE_BOOL) {
        to->data.boolean[i] = from->data.boolean[row];
        return DOSI_OK;
    }
    if (from->type == DOSI_TYPE_TEXT || from->type == DOSI_TYPE_GEOMETRY) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(from, row, &n_bytes);
        return bytes ? dosi_table_set_bytes(out, i_column, i, bytes, n_bytes) : DOSI_OK;
    }
    to->data.integer[i] = from->data.integer[row];
    return DOSI_OK;
}
