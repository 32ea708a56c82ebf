// Layers as the server asks for them: the list, a frame, a series; values kept in memory.

#include "study/layer.h"

#include "base/hash.h"
#include "dosi/json.h"
#include "study/layer_values.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 128 };

static const size_t limit_default = (size_t)512 << 20;

/// Values kept under the id and version of their layer.
typedef struct kept {
    char name[DOSI_LAYER_ID_BYTES + 72];
    layer_values *values;
    int64_t used_us;
} kept;

struct dosi_layers {
    dosi_gate *gate;
    size_t limit_bytes;
    pthread_mutex_t mutex;
    pthread_mutex_t reading; ///< One column is read at a time: whoever waits finds it kept.
    layer_set *set;          ///< NULL: not read yet.
    kept kept[KEPT_MAX];
    size_t n_kept, kept_bytes;
};

dosi_status dosi_layers_open(dosi_gate *gate,
                             size_t limit_bytes,
                             dosi_layers **out,
                             dosi_error *err) {
    dosi_layers *layers = calloc(1, sizeof *layers);
    if (!layers) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    layers->gate = gate;
    layers->limit_bytes = limit_bytes ? limit_bytes : limit_default;
    (void)pthread_mutex_init(&layers->mutex, NULL);
    (void)pthread_mutex_init(&layers->reading, NULL);
    *out = layers;
    return DOSI_OK;
}

void dosi_layers_close(dosi_layers *layers) {
    if (!layers) return;
    for (size_t i = 0; i < layers->n_kept; i++) {
        dosi_layer_values_release(layers->kept[i].values);
    }
    dosi_layer_set_release(layers->set);
    (void)pthread_mutex_destroy(&layers->mutex);
    (void)pthread_mutex_destroy(&layers->reading);
    free(layers);
}

/// The layers as they are now; to be released.
static dosi_status borrow_set(dosi_layers *layers, layer_set **out, dosi_error *err) {
    char stamp[65];
    const char *lab = dosi_gate_folder(layers->gate);
    DOSI_TRY(dosi_layer_stamp(lab, stamp, err));
    dosi_status status = DOSI_OK;
    (void)pthread_mutex_lock(&layers->mutex);
    if (!layers->set || strcmp(layers->set->stamp, stamp) != 0) {
        layer_set *fresh = NULL;
        status = dosi_layer_set_read(lab, &fresh, err);
        if (status == DOSI_OK) {
            dosi_layer_set_release(layers->set);
            layers->set = fresh;
        }
    }
    if (status == DOSI_OK) {
        atomic_fetch_add(&layers->set->n_users, 1);
        *out = layers->set;
    }
    (void)pthread_mutex_unlock(&layers->mutex);
    return status;
}

// --- values kept -------------------------------------------------------------------------

static void name_of(const layer_info *layer, char *out, size_t n_out) {
    (void)snprintf(out, n_out, "%.199s@%.64s", layer->id, layer->hash);
}

/// The kept values of a name, with one more user; NULL: not kept. Under the mutex.
static layer_values *find_kept(dosi_layers *layers, const char *name) {
    for (size_t i = 0; i < layers->n_kept; i++) {
        if (strcmp(layers->kept[i].name, name) != 0) continue;
        layers->kept[i].used_us = dosi_time_monotonic_us();
        atomic_fetch_add(&layers->kept[i].values->n_users, 1);
        return layers->kept[i].values;
    }
    return NULL;
}

static void drop_oldest(dosi_layers *layers) {
    size_t oldest = 0;
    for (size_t i = 1; i < layers->n_kept; i++) {
        if (layers->kept[i].used_us < layers->kept[oldest].used_us) oldest = i;
    }
    layers->kept_bytes -= layers->kept[oldest].values->n_bytes;
    dosi_layer_values_release(layers->kept[oldest].values);
    layers->kept[oldest] = layers->kept[--layers->n_kept];
}

/// Keeps values, for which older ones make room. Under the mutex.
static void keep(dosi_layers *layers, const char *name, layer_values *values) {
    if (values->n_bytes > layers->limit_bytes) return;
    while (layers->n_kept == KEPT_MAX ||
           (layers->n_kept > 0 && layers->kept_bytes + values->n_bytes > layers->limit_bytes)) {
        drop_oldest(layers);
    }
    kept *slot = &layers->kept[layers->n_kept++];
    (void)snprintf(slot->name, sizeof slot->name, "%s", name);
    slot->values = values;
    slot->used_us = dosi_time_monotonic_us();
    atomic_fetch_add(&values->n_users, 1);
    layers->kept_bytes += values->n_bytes;
}

/// The values of a layer that the caller may read, to be released. Decided and recorded also
/// when they are in memory.
static dosi_status borrow_values(dosi_layers *layers,
                                 const dosi_caller *caller,
                                 const layer_info *layer,
                                 layer_values **out,
                                 dosi_error *err) {
    char name[sizeof layers->kept[0].name];
    name_of(layer, name, sizeof name);
    DOSI_TRY(dosi_gate_use(layers->gate, caller, layer->reference, err));
    (void)pthread_mutex_lock(&layers->mutex);
    *out = find_kept(layers, name);
    (void)pthread_mutex_unlock(&layers->mutex);
    if (*out) return DOSI_OK;

    (void)pthread_mutex_lock(&layers->reading);
    (void)pthread_mutex_lock(&layers->mutex);
    *out = find_kept(layers, name);
    (void)pthread_mutex_unlock(&layers->mutex);
    dosi_status status = DOSI_OK;
    if (!*out) {
        status = dosi_layer_values_read(layers->gate, caller, layer, out, err);
        if (status == DOSI_OK) {
            (void)pthread_mutex_lock(&layers->mutex);
            keep(layers, name, *out);
            (void)pthread_mutex_unlock(&layers->mutex);
        }
    }
    (void)pthread_mutex_unlock(&layers->reading);
    return status;
}

// --- the list ----------------------------------------------------------------------------

static bool may_read(dosi_layers *layers, const dosi_caller *caller, const char *reference) {
    dosi_version version = {0};
    dosi_status status = dosi_gate_find(layers->gate, caller, reference, &version, NULL);
    if (status == DOSI_OK) {
        status = dosi_gate_decide(layers->gate, caller, DOSI_ACTION_READ, &version, NULL);
    }
    dosi_version_clear(&version);
    return status == DOSI_OK;
}

/// "org.name" when there is such a dataset with shapes, else null; gives its extent.
static void put_base_part(dosi_json *json,
                          dosi_layers *layers,
                          const dosi_caller *caller,
                          const char *organisation,
                          const char *name,
                          double *extent) {
    char text[DOSI_REFERENCE_BYTES];
    dosi_version version = {0};
    (void)snprintf(text, sizeof text, "%.70s/%s", organisation, name);
    bool is_there = dosi_gate_find(layers->gate, caller, text, &version, NULL) == DOSI_OK &&
                    isfinite(version.extent[0]);
    if (is_there && isnan(extent[0])) memcpy(extent, version.extent, sizeof version.extent);
    dosi_version_clear(&version);
    (void)snprintf(text, sizeof text, "%.70s.%s", organisation, name);
    dosi_json_member_string(json, name, is_there ? text : NULL);
}

static void put_base(dosi_json *json,
                     dosi_layers *layers,
                     const dosi_caller *caller,
                     const char *organisation) {
    double extent[4] = {NAN, NAN, NAN, NAN};
    dosi_json_key(json, organisation);
    dosi_json_begin_object(json);
    put_base_part(json, layers, caller, organisation, "districts", extent);
    put_base_part(json, layers, caller, organisation, "dong", extent);
    put_base_part(json, layers, caller, organisation, "river", extent);
    dosi_json_key(json, "extent");
    if (isnan(extent[0])) {
        dosi_json_null(json);
    } else {
        dosi_json_begin_array(json);
        for (size_t i = 0; i < 4; i++) dosi_json_real(json, extent[i]);
        dosi_json_end_array(json);
    }
    dosi_json_end_object(json);
}

static void put_list(dosi_json *json,
                     dosi_layers *layers,
                     const dosi_caller *caller,
                     const layer_set *set,
                     bool *is_shown) {
    const char *last = "";
    bool is_readable = false;
    dosi_json_key(json, "layers");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < set->n_layers; i++) {
        const layer_info *layer = &set->layers[i];
        if (strcmp(last, layer->reference) != 0) {
            is_readable = may_read(layers, caller, layer->reference);
        }
        last = layer->reference;
        is_shown[i] = is_readable;
        if (is_readable) dosi_json_raw(json, layer->public_json, strlen(layer->public_json));
    }
    dosi_json_end_array(json);
}

dosi_status dosi_layers_put_json(dosi_layers *layers,
                                 const dosi_caller *caller,
                                 dosi_text *out,
                                 dosi_error *err) {
    layer_set *set = NULL;
    DOSI_TRY(borrow_set(layers, &set, err));
    bool *is_shown = calloc(set->n_layers + 1, sizeof *is_shown);
    if (!is_shown) {
        dosi_layer_set_release(set);
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    put_list(&json, layers, caller, set, is_shown);
    dosi_json_key(&json, "base");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < set->n_layers; i++) {
        bool is_new = is_shown[i];
        for (size_t k = 0; k < i && is_new; k++) {
            is_new = !is_shown[k] ||
                     strcmp(set->layers[k].organisation, set->layers[i].organisation) != 0;
        }
        if (is_new) put_base(&json, layers, caller, set->layers[i].organisation);
    }
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
    free(is_shown);
    dosi_layer_set_release(set);
    return dosi_text_status(out, err);
}

// --- frames and series -------------------------------------------------------------------

/// A question on its way: the layer, and its values.
typedef struct asked {
    layer_set *set;
    const layer_info *layer;
    layer_values *values;
} asked;

static void asked_close(asked *a) {
    dosi_layer_values_release(a->values);
    dosi_layer_set_release(a->set);
}

static dosi_status asked_open(dosi_layers *layers,
                              const dosi_caller *caller,
                              const dosi_layer_query *query,
                              asked *out,
                              dosi_error *err) {
    asked a = {.set = NULL};
    if (!query->id) return dosi_fail(err, DOSI_INVALID, "which layer?");
    DOSI_TRY(borrow_set(layers, &a.set, err));
    for (size_t i = 0; i < a.set->n_layers; i++) {
        if (strcmp(a.set->layers[i].id, query->id) == 0) a.layer = &a.set->layers[i];
    }
    dosi_status status = DOSI_NOT_FOUND;
    if (a.layer) status = borrow_values(layers, caller, a.layer, &a.values, err);
    if (status == DOSI_OK) {
        *out = a;
        return DOSI_OK;
    }
    asked_close(&a);
    if (status != DOSI_NOT_FOUND) return status;
    return dosi_fail(err, status, "no layer \"%.199s\"", query->id);
}

static void put_value(dosi_text *out, const layer_info *layer, float value) {
    if (isfinite(value)) {
        dosi_text_printf(out, "%.*f", layer->decimals, (double)value);
    } else {
        dosi_text_puts(out, "null");
    }
}

static void put_time(dosi_text *out, dosi_time time, int zone_s) {
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(time, zone_s, text);
    dosi_text_put_json(out, text, strlen(text));
}

/// What changes when the version, the caller's question or the way of writing does.
static void make_etag(const asked *a, const char *kind, size_t at, char *out) {
    char text[400];
    (void)snprintf(text, sizeof text, "2 %.199s %s %s %zu", a->layer->id, a->layer->hash, kind,
                   at);
    dosi_hash_bytes(text, strlen(text), out);
    out[32] = '\0';
}

static dosi_status find_frame(
    const asked *a, const dosi_layer_query *query, int zone_s, size_t *out, dosi_error *err) {
    const layer_info *layer = a->layer;
    *out = 0;
    if (!layer->time) return DOSI_OK;
    if (layer->n_times == 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "layer %.199s has no times", layer->id);
    }
    *out = layer->n_times - 1;
    if (!query->time) return DOSI_OK;
    // In a query, "+" may have become a space.
    char text[64];
    (void)snprintf(text, sizeof text, "%.63s", query->time);
    char *space = strchr(text, 'T') ? strrchr(text, ' ') : NULL;
    if (space) *space = '+';
    dosi_time time = 0;
    DOSI_TRY(dosi_time_parse_iso(text, strlen(text), zone_s, &time, err));
    for (size_t i = 0; i < layer->n_times; i++) {
        if (layer->times[i] != time) continue;
        *out = i;
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_NOT_FOUND, "layer %.199s has nothing at %s", layer->id, text);
}

static void put_frame(dosi_text *out, const asked *a, size_t at, int zone_s) {
    const layer_values *v = a->values;
    dosi_text_puts(out, "{\"time\":");
    if (a->layer->time) {
        put_time(out, a->layer->times[at], zone_s);
    } else {
        dosi_text_puts(out, "null");
    }
    if (v->keys) {
        dosi_text_puts(out, ",\"keys\":[");
        for (size_t i = 0; i < v->n_places; i++) {
            if (i > 0) dosi_text_putc(out, ',');
            dosi_text_put_json(out, v->keys[i], strlen(v->keys[i]));
        }
        dosi_text_putc(out, ']');
    }
    dosi_text_puts(out, ",\"values\":[");
    for (size_t i = 0; i < v->n_places; i++) {
        if (i > 0) dosi_text_putc(out, ',');
        put_value(out, a->layer, v->values[at * v->n_places + i]);
    }
    dosi_text_puts(out, "]}");
}

dosi_status dosi_layer_put_frame(dosi_layers *layers,
                                 const dosi_caller *caller,
                                 const dosi_layer_query *query,
                                 dosi_text *out,
                                 char *etag,
                                 dosi_error *err) {
    asked a = {.set = NULL};
    size_t at = 0;
    int zone_s = dosi_gate_zone_s(layers->gate);
    DOSI_TRY(asked_open(layers, caller, query, &a, err));
    assert(a.layer && a.values);
    dosi_status status = find_frame(&a, query, zone_s, &at, err);
    if (status == DOSI_OK) {
        put_frame(out, &a, at, zone_s);
        make_etag(&a, "frame", at, etag);
        status = dosi_text_status(out, err);
    }
    asked_close(&a);
    return status;
}

/// The place that a series is asked of: a key, or the cell under a point.
static dosi_status find_place(const asked *a,
                              const dosi_layer_query *query,
                              size_t *out,
                              dosi_error *err) {
    const layer_info *layer = a->layer;
    if (layer->kind != LAYER_GRID) {
        *out = query->key ? dosi_layer_values_find(a->values, query->key) : SIZE_MAX;
        if (*out != SIZE_MAX) return DOSI_OK;
        return dosi_fail(err, DOSI_NOT_FOUND, "layer %.199s has no key \"%.60s\"", layer->id,
                         query->key ? query->key : "");
    }
    double x = query->lon;
    double y = query->lat;
    size_t cell = 0;
    dosi_projection *projection = NULL;
    DOSI_TRY(dosi_projection_create(DOSI_SRID_LONLAT, layer->grid.srid, &projection, err));
    (void)dosi_projection_apply(projection, &x, &y, 1, false);
    dosi_projection_destroy(projection);
    bool is_inside = isfinite(x) && isfinite(y) && dosi_grid_find(&layer->grid, x, y, &cell);
    if (!is_inside) {
        return dosi_fail(err, DOSI_NOT_FOUND, "layer %.199s does not reach %g, %g", layer->id,
                         query->lon, query->lat);
    }
    size_t n = layer->grid.n_columns;
    *out = (layer->grid.n_rows - 1 - cell / n) * n + cell % n;
    return DOSI_OK;
}

static void put_series(dosi_text *out, const asked *a, size_t place, int zone_s) {
    const layer_values *v = a->values;
    const layer_info *layer = a->layer;
    dosi_text_puts(out, "{\"times\":[");
    for (size_t i = 0; layer->time && i < v->n_times; i++) {
        if (i > 0) dosi_text_putc(out, ',');
        put_time(out, layer->times[i], zone_s);
    }
    dosi_text_puts(out, "],\"values\":[");
    for (size_t i = 0; i < v->n_times; i++) {
        if (i > 0) dosi_text_putc(out, ',');
        put_value(out, layer, v->values[i * v->n_places + place]);
    }
    const char *key = v->keys ? v->keys[place] : NULL;
    const char *label = v->labels ? v->labels[place] : NULL;
    dosi_json json;
    dosi_text tail = {0};
    dosi_json_init(&json, &tail);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "unit", layer->unit);
    dosi_json_member_string(&json, "label", label ? label : key);
    dosi_json_member_string(&json, "key", key);
    dosi_json_end_object(&json);
    dosi_text_puts(out, "],");
    dosi_text_puts(out, dosi_text_string(&tail) + 1);
    dosi_text_destroy(&tail);
}

dosi_status dosi_layer_put_series(dosi_layers *layers,
                                  const dosi_caller *caller,
                                  const dosi_layer_query *query,
                                  dosi_text *out,
                                  char *etag,
                                  dosi_error *err) {
    asked a = {.set = NULL};
    size_t place = 0;
    DOSI_TRY(asked_open(layers, caller, query, &a, err));
    assert(a.layer && a.values);
    dosi_status status = find_place(&a, query, &place, err);
    if (status == DOSI_OK) {
        put_series(out, &a, place, dosi_gate_zone_s(layers->gate));
        make_etag(&a, "series", place, etag);
        status = dosi_text_status(out, err);
    }
    asked_close(&a);
    return status;
}
