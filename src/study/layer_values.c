// Columns of a dataset become a plain array that frames and series are cut from.

#include "study/layer_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dosi_layer_values_release(layer_values *values) {
    if (!values || atomic_fetch_sub(&values->n_users, 1) > 1) return;
    for (size_t i = 0; i < values->n_places; i++) {
        if (values->keys) free(values->keys[i]);
        if (values->labels) free(values->labels[i]);
    }
    free((void *)values->keys);
    free((void *)values->labels);
    free(values->values);
    free(values);
}

static int compare_strings(const void *a, const void *b) {
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

size_t dosi_layer_values_find(const layer_values *values, const char *key) {
    size_t low = 0;
    size_t high = values->keys ? values->n_places : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, values->keys[middle]);
        if (order == 0) return middle;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return SIZE_MAX;
}

// --- keys --------------------------------------------------------------------------------

/// A row's text as a string of its own, in `buffer` (256 bytes); NULL when missing or too long.
static const char *row_text(const dosi_column *column, size_t row, char *buffer) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    if (!bytes || n >= 256) return NULL;
    memcpy(buffer, bytes, n);
    buffer[n] = '\0';
    return buffer;
}

/// Puts a key where it belongs among the sorted ones, unless it is there.
static dosi_status add_key(layer_values *v, const char *key, size_t *capacity) {
    if (dosi_layer_values_find(v, key) != SIZE_MAX) return DOSI_OK;
    if (v->n_places == *capacity) {
        size_t grown = *capacity ? *capacity * 2 : 256;
        char **keys = realloc((void *)v->keys, grown * sizeof *keys);
        if (!keys) return DOSI_NO_MEMORY;
        v->keys = keys;
        *capacity = grown;
    }
    char *copy = dosi_string_copy(key);
    if (!copy) return DOSI_NO_MEMORY;
    size_t at = v->n_places;
    while (at > 0 && compare_strings(&v->keys[at - 1], &copy) > 0) at--;
    memmove((void *)&v->keys[at + 1], (void *)&v->keys[at],
            (v->n_places - at) * sizeof v->keys[0]);
    v->keys[at] = copy;
    v->n_places++;
    return DOSI_OK;
}

static dosi_status find_keys(layer_values *v, const dosi_column *column, size_t n_rows) {
    size_t capacity = 0;
    char buffer[256];
    v->keys = calloc(1, sizeof *v->keys);
    if (!v->keys) return DOSI_NO_MEMORY;
    for (size_t i = 0; i < n_rows; i++) {
        const char *key = row_text(column, i, buffer);
        if (key) DOSI_TRY(add_key(v, key, &capacity));
    }
    v->labels = calloc(v->n_places + 1, sizeof *v->labels);
    return v->labels ? DOSI_OK : DOSI_NO_MEMORY;
}

/// Names of the keys, from the dataset of the shapes when the caller may read it.
static dosi_status find_labels(dosi_gate *gate,
                               const dosi_caller *caller,
                               const layer_info *layer,
                               layer_values *v,
                               dosi_error *err) {
    if (!layer->geometry || !layer->geometry_key || !layer->geometry_label) return DOSI_OK;
    const char *columns[] = {layer->geometry_key, layer->geometry_label};
    dosi_table table = {0};
    if (dosi_gate_read(gate, caller, layer->geometry, columns, 2, &table, NULL, NULL) !=
        DOSI_OK) {
        return DOSI_OK;
    }
    dosi_status status = DOSI_OK;
    char key[256];
    char label[256];
    bool is_text =
        table.columns[0].type == DOSI_TYPE_TEXT && table.columns[1].type == DOSI_TYPE_TEXT;
    for (size_t i = 0; is_text && i < table.n_rows && status == DOSI_OK; i++) {
        if (!row_text(&table.columns[0], i, key) || !row_text(&table.columns[1], i, label)) {
            continue;
        }
        size_t at = dosi_layer_values_find(v, key);
        if (at == SIZE_MAX || v->labels[at]) continue;
        v->labels[at] = dosi_string_copy(label);
        if (!v->labels[at]) status = dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    dosi_table_destroy(&table);
    return status;
}

// --- values ------------------------------------------------------------------------------

/// Index of a time among the layer's; starts to look where the last row was.
static size_t find_time(const layer_info *layer, dosi_time time, size_t last) {
    if (last < layer->n_times && layer->times[last] == time) return last;
    if (last + 1 < layer->n_times && layer->times[last + 1] == time) return last + 1;
    size_t low = 0;
    size_t high = layer->n_times;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (layer->times[middle] == time) return middle;
        if (layer->times[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SIZE_MAX;
}

/// The place of a row: its cell turned so that row 0 is in the north, or its key.
static size_t find_place(const layer_info *layer,
                         const layer_values *v,
                         const dosi_column *column,
                         size_t i) {
    if (layer->kind == LAYER_GRID) {
        int64_t cell = column->data.integer[i];
        if (cell < 0 || (uint64_t)cell >= v->n_places) return SIZE_MAX;
        size_t n = layer->grid.n_columns;
        size_t row = layer->grid.n_rows - 1 - (size_t)cell / n;
        return row * n + (size_t)cell % n;
    }
    char buffer[256];
    const char *key = row_text(column, i, buffer);
    return key ? dosi_layer_values_find(v, key) : SIZE_MAX;
}

static void fill(const layer_info *layer, const dosi_table *table, layer_values *v) {
    size_t at = 0;
    for (size_t i = 0; i < v->n_times * v->n_places; i++) v->values[i] = NAN;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (layer->time) at = find_time(layer, table->columns[2].data.integer[i], at);
        if (at == SIZE_MAX) {
            at = 0;
            continue;
        }
        size_t place = find_place(layer, v, &table->columns[1], i);
        if (place == SIZE_MAX) continue;
        v->values[at * v->n_places + place] = (float)dosi_column_real(&table->columns[0], i);
    }
}

static dosi_status check_types(const layer_info *layer,
                               const dosi_table *table,
                               dosi_error *err) {
    dosi_type place = layer->kind == LAYER_GRID ? DOSI_TYPE_INT : DOSI_TYPE_TEXT;
    bool is_fine = table->columns[1].type == place &&
                   (!layer->time || table->columns[2].type == DOSI_TYPE_TIME);
    if (is_fine) return DOSI_OK;
    return dosi_fail(err, DOSI_CONFLICT, "layer %.100s does not fit %.100s", layer->id,
                     layer->reference);
}

static dosi_status make_values(dosi_gate *gate,
                               const dosi_caller *caller,
                               const layer_info *layer,
                               const dosi_table *table,
                               layer_values *v,
                               dosi_error *err) {
    DOSI_TRY(check_types(layer, table, err));
    v->n_times = layer->time ? layer->n_times : 1;
    if (layer->kind == LAYER_GRID) {
        v->n_places = layer->grid.n_columns * layer->grid.n_rows;
    } else if (find_keys(v, &table->columns[1], table->n_rows) != DOSI_OK) {
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    } else {
        DOSI_TRY(find_labels(gate, caller, layer, v, err));
    }
    if (v->n_places > SIZE_MAX / sizeof(float) / (v->n_times + 1)) {
        return dosi_fail(err, DOSI_LIMIT, "layer %.100s is too large", layer->id);
    }
    v->n_bytes = v->n_times * v->n_places * sizeof(float);
    v->values = malloc(v->n_bytes + sizeof(float));
    if (!v->values) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %.100s", layer->id);
    fill(layer, table, v);
    return DOSI_OK;
}

dosi_status dosi_layer_values_read(dosi_gate *gate,
                                   const dosi_caller *caller,
                                   const layer_info *layer,
                                   layer_values **out,
                                   dosi_error *err) {
    const char *columns[] = {layer->value, layer->kind == LAYER_GRID ? "cell" : layer->key,
                             layer->time};
    dosi_table table = {0};
    DOSI_TRY(dosi_gate_read(gate, caller, layer->reference, columns, layer->time ? 3 : 2,
                            &table, NULL, err));
    layer_values *v = calloc(1, sizeof *v);
    if (!v) {
        dosi_table_destroy(&table);
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    atomic_init(&v->n_users, 1);
    dosi_status status = make_values(gate, caller, layer, &table, v, err);
    dosi_table_destroy(&table);
    if (status != DOSI_OK) {
        dosi_layer_values_release(v);
        return status;
    }
    *out = v;
    return DOSI_OK;
}
