// A run stores what the map needs to know of its outputs: versions, columns, times, grids.

#include "base/hash.h"
#include "dosi/json.h"
#include "sql/sql.h"
#include "study/layer_file.h"
#include "study/running.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"grid", "points", "areas"};

/// What is found out of a layer's data.
typedef struct found {
    dosi_time *times; ///< (n_times) ascending, each once.
    size_t n_times;
    bool has_grid;
    dosi_grid grid;
    double corners[4][2]; ///< Longitude, latitude: nw, ne, se, sw.
    double extent[4];
    char unit[64]; ///< "" none.
    double largest;
} found;

// --- times -------------------------------------------------------------------------------

static int by_time(const void *a, const void *b) {
    const dosi_time *x = a;
    const dosi_time *y = b;
    return (*x > *y) - (*x < *y);
}

/// The distinct times of a column. Rows that follow each other mostly share theirs.
static dosi_status distinct_times(const dosi_column *column,
                                  size_t n_rows,
                                  found *out,
                                  dosi_error *err) {
    size_t n_runs = 0;
    for (size_t i = 0; i < n_rows; i++) {
        n_runs += i == 0 || column->data.integer[i] != column->data.integer[i - 1];
    }
    dosi_time *times = malloc((n_runs + 1) * sizeof *times);
    if (!times) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        dosi_time time = column->data.integer[i];
        if (i > 0 && time == column->data.integer[i - 1]) continue;
        if (time != DOSI_TIME_MISSING) times[n++] = time;
    }
    qsort(times, n, sizeof *times, by_time);
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (n_kept == 0 || times[i] != times[n_kept - 1]) times[n_kept++] = times[i];
    }
    out->times = times;
    out->n_times = n_kept;
    return DOSI_OK;
}

// --- grids -------------------------------------------------------------------------------

static dosi_status cell_of(const dosi_table *table,
                           const char *name,
                           double *out,
                           dosi_error *err) {
    size_t i = dosi_table_find(table, name);
    *out = i == SIZE_MAX ? (double)NAN : dosi_column_real(&table->columns[i], 0);
    if (isfinite(*out)) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "the grid has no \"%s\"", name);
}

static dosi_status take_grid(const dosi_table *table, found *out, dosi_error *err) {
    if (table->n_rows != 1) {
        return dosi_fail(err, DOSI_INVALID, "the grid has %zu rows, not one", table->n_rows);
    }
    double n_columns = 0.0;
    double n_rows = 0.0;
    double srid = 0.0;
    DOSI_TRY(cell_of(table, "x0", &out->grid.x0, err));
    DOSI_TRY(cell_of(table, "y0", &out->grid.y0, err));
    DOSI_TRY(cell_of(table, "cell_m", &out->grid.cell_m, err));
    DOSI_TRY(cell_of(table, "n_columns", &n_columns, err));
    DOSI_TRY(cell_of(table, "n_rows", &n_rows, err));
    DOSI_TRY(cell_of(table, "srid", &srid, err));
    if (!(n_columns >= 1 && n_rows >= 1 && n_columns * n_rows <= 1e8)) {
        return dosi_fail(err, DOSI_DOMAIN, "a grid of %g x %g cells", n_columns, n_rows);
    }
    out->grid.n_columns = (size_t)n_columns;
    out->grid.n_rows = (size_t)n_rows;
    out->grid.srid = (int)srid;
    out->has_grid = true;
    return DOSI_OK;
}

static dosi_status find_corners(found *out, dosi_error *err) {
    const dosi_grid *grid = &out->grid;
    double width = grid->cell_m * (double)grid->n_columns;
    double height = grid->cell_m * (double)grid->n_rows;
    double x[4] = {grid->x0, grid->x0 + width, grid->x0 + width, grid->x0};
    double y[4] = {grid->y0 + height, grid->y0 + height, grid->y0, grid->y0};
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(grid->srid, DOSI_SRID_LONLAT, &projection, err));
    (void)dosi_projection_apply(projection, x, y, 4, false);
    dosi_projection_destroy(projection);
    double *extent = out->extent;
    extent[0] = extent[1] = INFINITY;
    extent[2] = extent[3] = -INFINITY;
    for (size_t i = 0; i < 4; i++) {
        out->corners[i][0] = x[i];
        out->corners[i][1] = y[i];
        extent[0] = fmin(extent[0], x[i]);
        extent[1] = fmin(extent[1], y[i]);
        extent[2] = fmax(extent[2], x[i]);
        extent[3] = fmax(extent[3], y[i]);
    }
    return DOSI_OK;
}

static dosi_status read_grid(study_running *r,
                             const study_layer *layer,
                             found *out,
                             dosi_error *err) {
    const run_step *step = &r->steps[layer->i_grid_step];
    const dosi_method *method = r->study->steps[layer->i_grid_step].method;
    dosi_table table = {0};
    DOSI_TRY(dosi_cache_read(r->folder, step->key, method->outputs[layer->i_grid_output].name,
                             step->record.hash[layer->i_grid_output], &table, err));
    dosi_status status = take_grid(&table, out, err);
    if (status == DOSI_OK) status = find_corners(out, err);
    dosi_table_destroy(&table);
    return status;
}

// --- the output's columns ----------------------------------------------------------------

static dosi_status check_columns(const study_layer *layer,
                                 const dosi_table *table,
                                 dosi_error *err) {
    const dosi_column *column = NULL;
    if (layer->time) DOSI_TRY(dosi_table_get(table, layer->time, DOSI_TYPE_TIME, &column, err));
    const char *place = layer->kind == STUDY_LAYER_GRID ? "cell" : layer->key;
    size_t i = dosi_table_find(table, place);
    dosi_type type = layer->kind == STUDY_LAYER_GRID ? DOSI_TYPE_INT : DOSI_TYPE_TEXT;
    if (i != SIZE_MAX && table->columns[i].type == type) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "the output has no %s column \"%s\"",
                     dosi_type_name(type), place);
}

static void note_values(const dosi_table *table, const char *name, found *out) {
    const dosi_column *column = &table->columns[dosi_table_find(table, name)];
    (void)snprintf(out->unit, sizeof out->unit, "%s", column->unit ? column->unit : "");
    for (size_t i = 0; i < table->n_rows; i++) {
        out->largest = fmax(out->largest, fabs(dosi_column_real(column, i)));
    }
}

static dosi_status look_at_output(study_running *r,
                                  const study_layer *layer,
                                  found *out,
                                  dosi_error *err) {
    const study_output *output = &r->study->outputs[layer->i_output];
    const dosi_method *method = r->study->steps[output->i_step].method;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_cache_path(r->folder, r->steps[output->i_step].key,
                             method->outputs[output->i_output].name, path, err));
    const char *columns[3] = {
        layer->value, layer->kind == STUDY_LAYER_GRID ? "cell" : layer->key, layer->time};
    dosi_table table = {0};
    DOSI_TRY(dosi_parquet_read(path, columns, layer->time ? 3 : 2, NULL, &table, err));
    dosi_status status = check_columns(layer, &table, err);
    if (status == DOSI_OK) note_values(&table, layer->value, out);
    if (status == DOSI_OK && layer->time) {
        status = distinct_times(&table.columns[2], table.n_rows, out, err);
    }
    dosi_table_destroy(&table);
    return status;
}

/// The extent of the shapes' dataset.
static dosi_status look_at_shapes(study_running *r,
                                  const study_layer *layer,
                                  found *out,
                                  dosi_error *err) {
    const run_input *input = &r->inputs[layer->i_geometry];
    dosi_version version = {0};
    DOSI_TRY(dosi_gate_find(r->gate, r->caller, input->reference, &version, err));
    memcpy(out->extent, version.extent, sizeof out->extent);
    dosi_version_clear(&version);
    return DOSI_OK;
}

// --- writing -----------------------------------------------------------------------------

static void put_words(dosi_json *json, const char *key, const dosi_words *words) {
    dosi_json_key(json, key);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "ko", words->ko);
    dosi_json_member_string(json, "en", words->en);
    dosi_json_end_object(json);
}

/// The step between times where it is always the same, in whole seconds; else 0.
static int64_t regular_step_s(const found *f) {
    if (f->n_times < 3) return 0;
    int64_t step_us = f->times[1] - f->times[0];
    for (size_t i = 2; i < f->n_times; i++) {
        if (f->times[i] - f->times[i - 1] != step_us) return 0;
    }
    return step_us % DOSI_SECOND_US == 0 ? step_us / DOSI_SECOND_US : 0;
}

/// Times for people's programs: each, or where they are regular the first, step and count.
static void put_times(dosi_json *json, const study_running *r, const found *f, bool is_text) {
    dosi_json_key(json, "times");
    if (!f->times) {
        dosi_json_null(json);
        return;
    }
    int64_t step_s = is_text ? regular_step_s(f) : 0;
    if (step_s > 0) {
        char first[DOSI_TIME_TEXT_BYTES];
        dosi_time_format(f->times[0], dosi_gate_zone_s(r->gate), first);
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "first", first);
        dosi_json_member_int(json, "step_s", step_s);
        dosi_json_member_int(json, "count", (int64_t)f->n_times);
        dosi_json_end_object(json);
        return;
    }
    dosi_json_begin_array(json);
    for (size_t i = 0; i < f->n_times; i++) {
        char text[DOSI_TIME_TEXT_BYTES];
        if (is_text) {
            dosi_time_format(f->times[i], dosi_gate_zone_s(r->gate), text);
            dosi_json_string(json, text);
        } else {
            dosi_json_int(json, f->times[i]);
        }
    }
    dosi_json_end_array(json);
}

static void put_legend(dosi_json *json, const study_layer *layer) {
    dosi_json_key(json, "legend");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < layer->n_classes; i++) {
        dosi_json_begin_object(json);
        dosi_json_member_real(json, "max", layer->legend[i].max);
        dosi_json_member_string(json, "colour", layer->legend[i].colour);
        put_words(json, "label", &layer->legend[i].label);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

/// "org.name" of "org/name@N".
static void put_collection(dosi_json *json, const char *reference) {
    char text[DOSI_REFERENCE_BYTES];
    (void)snprintf(text, sizeof text, "%s", reference);
    char *slash = strchr(text, '/');
    char *at = strchr(text, '@');
    if (slash) *slash = '.';
    if (at) *at = '\0';
    dosi_json_member_string(json, "collection", text);
}

static void put_geometry(dosi_json *json, const study_running *r, const study_layer *layer) {
    dosi_json_key(json, "geometry");
    if (layer->kind == STUDY_LAYER_GRID) {
        dosi_json_null(json);
        return;
    }
    dosi_json_begin_object(json);
    put_collection(json, r->inputs[layer->i_geometry].reference);
    dosi_json_member_string(json, "key", layer->geometry_key);
    dosi_json_member_string(json, "label", layer->geometry_label);
    dosi_json_end_object(json);
}

static void put_grid(dosi_json *json, const found *f) {
    dosi_json_key(json, "grid");
    if (!f->has_grid) {
        dosi_json_null(json);
        return;
    }
    dosi_json_begin_object(json);
    dosi_json_member_int(json, "columns", (int64_t)f->grid.n_columns);
    dosi_json_member_int(json, "rows", (int64_t)f->grid.n_rows);
    dosi_json_member_real(json, "x0", f->grid.x0);
    dosi_json_member_real(json, "y0", f->grid.y0);
    dosi_json_member_real(json, "cell_m", f->grid.cell_m);
    dosi_json_member_int(json, "srid", f->grid.srid);
    dosi_json_key(json, "corners");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < 4; i++) {
        dosi_json_begin_array(json);
        dosi_json_real(json, f->corners[i][0]);
        dosi_json_real(json, f->corners[i][1]);
        dosi_json_end_array(json);
    }
    dosi_json_end_array(json);
    dosi_json_end_object(json);
}

static void put_layer_id(dosi_json *json,
                         const study_running *r,
                         const char *key,
                         const study_layer *layer) {
    char id[256];
    (void)snprintf(id, sizeof id, "%s.%s.%s", r->organisation,
                   r->study->outputs[layer->i_output].name, layer->id);
    dosi_json_member_string(json, key, id);
}

/// The object that people are shown.
static void put_public(dosi_json *json,
                       const study_running *r,
                       const study_layer *layer,
                       const found *f) {
    const study_output *output = &r->study->outputs[layer->i_output];
    char dataset[DOSI_REFERENCE_BYTES];
    (void)snprintf(dataset, sizeof dataset, "%s/%s", r->organisation, output->name);
    const char *at = strchr(r->outputs[layer->i_output].reference, '@');
    dosi_json_begin_object(json);
    put_layer_id(json, r, "id", layer);
    put_words(json, "title", &layer->title);
    dosi_json_member_string(json, "organisation", r->organisation);
    dosi_json_member_bool(json, "simulated", r->steps[output->i_step].is_simulated);
    dosi_json_member_string(json, "kind", kind_names[layer->kind]);
    dosi_json_member_string(json, "dataset", dataset);
    dosi_json_member_int(json, "version", at ? strtoll(at + 1, NULL, 10) : 0);
    dosi_json_member_string(json, "value", layer->value);
    dosi_json_member_string(json, "unit", layer->unit ? layer->unit : f->unit);
    put_times(json, r, f, true);
    put_legend(json, layer);
    put_geometry(json, r, layer);
    put_grid(json, f);
    dosi_json_key(json, "extent");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < 4; i++) dosi_json_real(json, f->extent[i]);
    dosi_json_end_array(json);
    const study_layer *other =
        layer->uncertainty ? dosi_plan_layer(r->study, layer->i_output, layer->uncertainty)
                           : NULL;
    if (other) {
        put_layer_id(json, r, "uncertainty", other);
    } else {
        dosi_json_member_string(json, "uncertainty", NULL);
    }
    dosi_json_member_string(json, "study", r->study->id);
    dosi_json_end_object(json);
}

/// How many decimals tell values of this size apart to about a thousandth.
static int64_t decimals_of(double largest) {
    if (!(largest > 0.0)) return 2;
    double decimals = 3.0 - floor(log10(largest));
    return decimals < 0.0 ? 0 : decimals > 9.0 ? 9 : (int64_t)decimals;
}

static void put_layer(dosi_json *json,
                      const study_running *r,
                      const study_layer *layer,
                      const found *f) {
    dosi_json_begin_object(json);
    put_layer_id(json, r, "id", layer);
    dosi_json_member_string(json, "kind", kind_names[layer->kind]);
    dosi_json_member_string(json, "organisation", r->organisation);
    dosi_json_member_string(json, "reference", r->outputs[layer->i_output].reference);
    dosi_json_member_string(json, "hash", r->outputs[layer->i_output].hash);
    dosi_json_member_string(json, "value", layer->value);
    dosi_json_member_string(json, "time", layer->time);
    dosi_json_member_string(json, "key", layer->key);
    dosi_json_member_string(json, "unit", layer->unit ? layer->unit : f->unit);
    dosi_json_member_int(json, "decimals", decimals_of(f->largest));
    if (layer->kind != STUDY_LAYER_GRID) {
        dosi_json_member_string(json, "geometry", r->inputs[layer->i_geometry].reference);
        dosi_json_member_string(json, "geometry_key", layer->geometry_key);
        dosi_json_member_string(json, "geometry_label", layer->geometry_label);
    }
    put_grid(json, f);
    put_times(json, r, f, false);
    dosi_json_key(json, "public");
    put_public(json, r, layer, f);
    dosi_json_end_object(json);
}

/// Whether everything that a layer shows was made in this run.
static bool is_made(const study_running *r, const study_layer *layer) {
    if (!r->outputs[layer->i_output].reference[0]) return false;
    if (layer->kind == STUDY_LAYER_GRID) return !r->steps[layer->i_grid_step].is_skipped;
    return r->inputs[layer->i_geometry].is_present;
}

static dosi_status add_layer(dosi_json *json,
                             study_running *r,
                             const study_layer *layer,
                             dosi_error *err) {
    found f = {.largest = 0.0};
    dosi_error why = {""};
    dosi_status status = look_at_output(r, layer, &f, &why);
    if (status == DOSI_OK) {
        status = layer->kind == STUDY_LAYER_GRID ? read_grid(r, layer, &f, &why)
                                                 : look_at_shapes(r, layer, &f, &why);
    }
    if (status == DOSI_OK) {
        put_layer(json, r, layer, &f);
    } else {
        status = dosi_fail(err, status, "layer %s: %.400s", layer->id, why.message);
    }
    free(f.times);
    return status;
}

/// A hash of everything that the file of layers would be made from.
static void stamp_of(const study_running *r, char *out) {
    dosi_hash hash;
    dosi_hash_init(&hash);
    dosi_hash_add_string(&hash, "dosi layers 1");
    dosi_hash_add_string(&hash, r->study->hash);
    for (size_t i = 0; i < r->study->n_outputs; i++) {
        dosi_hash_add_string(&hash, r->outputs[i].reference);
        dosi_hash_add_string(&hash, r->outputs[i].hash);
    }
    for (size_t i = 0; i < r->study->n_inputs; i++) {
        dosi_hash_add_string(&hash, r->inputs[i].reference);
    }
    dosi_hash_end(&hash, out);
}

static bool is_stored(const char *path, const char *stamp) {
    json_t *root = json_load_file(path, 0, NULL);
    const char *known = json_string_value(json_object_get(root, "stamp"));
    bool is_same = known && strcmp(known, stamp) == 0;
    json_decref(root);
    return is_same;
}

static dosi_status put_file(dosi_text *out,
                            study_running *r,
                            const char *stamp,
                            dosi_error *err) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "stamp", stamp);
    dosi_json_key(&json, "layers");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < r->study->n_layers; i++) {
        if (!is_made(r, &r->study->layers[i])) continue;
        DOSI_TRY(add_layer(&json, r, &r->study->layers[i], err));
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return dosi_text_status(out, err);
}

dosi_status dosi_running_store_layers(study_running *r, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    char name[160];
    char stamp[65];
    if (r->study->n_layers == 0) return DOSI_OK;
    dosi_run_report(r->run, 0.99, "layers of the map");
    (void)snprintf(name, sizeof name, "%s.%s.json", r->organisation, r->study->id);
    DOSI_TRY(dosi_layer_folder(r->folder, folder, err));
    DOSI_TRY(dosi_path_join(folder, name, path, err));
    stamp_of(r, stamp);
    if (is_stored(path, stamp)) return DOSI_OK;
    DOSI_TRY(dosi_folder_create(folder, err));
    dosi_text text = {0};
    dosi_status status = put_file(&text, r, stamp, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, 0600, err);
    }
    dosi_text_destroy(&text);
    return status;
}
