// The layers of a lab, read from their files.

#include "study/layer_file.h"

#include "base/hash.h"
#include "base/os_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 1024, FILE_NAME_BYTES = 256 };

dosi_status dosi_layer_folder(const char *lab, char *out, dosi_error *err) {
    return dosi_path_join(lab, "layers", out, err);
}

// --- which files there are ---------------------------------------------------------------

/// Names of the layer files, sorted.
typedef struct file_list {
    size_t n;
    char name[FILES_MAX][FILE_NAME_BYTES];
} file_list;

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static void list_files(const char *folder, file_list *out) {
    DIR *dir = opendir(folder);
    out->n = 0;
    if (!dir) return;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        size_t n = strlen(entry->d_name);
        bool is_layer = n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
        if (!is_layer || entry->d_name[0] == '.' || out->n == FILES_MAX) continue;
        memcpy(out->name[out->n++], entry->d_name, n + 1);
    }
    (void)closedir(dir);
    qsort(out->name, out->n, sizeof out->name[0], by_name);
}

/// What tells one state of the files from another.
static void stamp_files(const char *folder, const file_list *files, char *out) {
    dosi_hash hash;
    dosi_hash_init(&hash);
    for (size_t i = 0; i < files->n; i++) {
        char path[DOSI_PATH_BYTES];
        struct stat info = {0};
        if (dosi_path_join(folder, files->name[i], path, NULL) != DOSI_OK) continue;
        if (stat(path, &info) != 0) continue;
        const int64_t facts[] = {(int64_t)info.st_ino, (int64_t)info.st_size,
                                 (int64_t)info.st_mtim.tv_sec, (int64_t)info.st_mtim.tv_nsec};
        dosi_hash_add_string(&hash, files->name[i]);
        dosi_hash_add(&hash, facts, sizeof facts);
    }
    dosi_hash_end(&hash, out);
}

dosi_status dosi_layer_stamp(const char *lab, char *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_layer_folder(lab, folder, err));
    file_list *files = malloc(sizeof *files);
    if (!files) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    list_files(folder, files);
    stamp_files(folder, files, out);
    free(files);
    return DOSI_OK;
}

// --- one layer ---------------------------------------------------------------------------

static void layer_clear(layer_info *layer) {
    char *strings[] = {layer->id,        layer->public_json,  layer->organisation,
                       layer->reference, layer->hash,         layer->value,
                       layer->time,      layer->key,          layer->unit,
                       layer->geometry,  layer->geometry_key, layer->geometry_label};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) free(strings[i]);
    free(layer->times);
}

static char *take_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? dosi_string_copy(text) : NULL;
}

static bool take_times(const json_t *object, layer_info *out) {
    const json_t *times = json_object_get(object, "times");
    size_t n = json_array_size(times);
    if (n == 0) return true;
    out->times = malloc(n * sizeof *out->times);
    if (!out->times) return false;
    for (size_t i = 0; i < n; i++) {
        out->times[i] = json_integer_value(json_array_get(times, i));
    }
    out->n_times = n;
    return true;
}

static bool take_grid(const json_t *object, dosi_grid *out) {
    const json_t *grid = json_object_get(object, "grid");
    if (!json_is_object(grid)) return false;
    out->x0 = json_number_value(json_object_get(grid, "x0"));
    out->y0 = json_number_value(json_object_get(grid, "y0"));
    out->cell_m = json_number_value(json_object_get(grid, "cell_m"));
    out->srid = (int)json_integer_value(json_object_get(grid, "srid"));
    json_int_t n_columns = json_integer_value(json_object_get(grid, "columns"));
    json_int_t n_rows = json_integer_value(json_object_get(grid, "rows"));
    if (n_columns < 1 || n_rows < 1 || n_columns > 100000 || n_rows > 100000) return false;
    out->n_columns = (size_t)n_columns;
    out->n_rows = (size_t)n_rows;
    return out->cell_m > 0.0;
}

static layer_kind take_kind(const json_t *object) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (kind && strcmp(kind, "grid") == 0) return LAYER_GRID;
    return kind && strcmp(kind, "areas") == 0 ? LAYER_AREAS : LAYER_POINTS;
}

/// Whether everything is there that a layer needs.
static bool take_layer(const json_t *object, layer_info *out) {
    out->id = take_text(object, "id");
    out->organisation = take_text(object, "organisation");
    out->reference = take_text(object, "reference");
    out->hash = take_text(object, "hash");
    out->value = take_text(object, "value");
    out->time = take_text(object, "time");
    out->key = take_text(object, "key");
    out->unit = take_text(object, "unit");
    out->geometry = take_text(object, "geometry");
    out->geometry_key = take_text(object, "geometry_key");
    out->geometry_label = take_text(object, "geometry_label");
    out->kind = take_kind(object);
    out->decimals = (int)json_integer_value(json_object_get(object, "decimals"));
    const json_t *shown = json_object_get(object, "public");
    if (shown) out->public_json = json_dumps(shown, JSON_COMPACT);
    bool has_place = out->kind == LAYER_GRID ? take_grid(object, &out->grid) : out->key != NULL;
    return has_place && out->id && out->organisation && out->reference && out->hash &&
           out->value && out->public_json && take_times(object, out);
}

// --- all of them -------------------------------------------------------------------------

static dosi_status add_layers(layer_set *set, const json_t *root, dosi_error *err) {
    const json_t *layers = json_object_get(root, "layers");
    size_t n = json_array_size(layers);
    if (n == 0) return DOSI_OK;
    layer_info *grown = realloc(set->layers, (set->n_layers + n) * sizeof *grown);
    if (!grown) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    set->layers = grown;
    for (size_t i = 0; i < n; i++) {
        layer_info layer = {.id = NULL};
        if (take_layer(json_array_get(layers, i), &layer)) {
            set->layers[set->n_layers++] = layer;
        } else {
            layer_clear(&layer);
        }
    }
    return DOSI_OK;
}

static dosi_status read_files(const char *folder,
                              const file_list *files,
                              layer_set *set,
                              dosi_error *err) {
    stamp_files(folder, files, set->stamp);
    for (size_t i = 0; i < files->n; i++) {
        char path[DOSI_PATH_BYTES];
        DOSI_TRY(dosi_path_join(folder, files->name[i], path, err));
        json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
        dosi_status status = root ? add_layers(set, root, err) : DOSI_OK;
        json_decref(root);
        DOSI_TRY(status);
    }
    return DOSI_OK;
}

dosi_status dosi_layer_set_read(const char *lab, layer_set **out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_layer_folder(lab, folder, err));
    file_list *files = malloc(sizeof *files);
    layer_set *set = calloc(1, sizeof *set);
    if (!files || !set) {
        free(files);
        free(set);
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    atomic_init(&set->n_users, 1);
    list_files(folder, files);
    dosi_status status = read_files(folder, files, set, err);
    free(files);
    if (status != DOSI_OK) {
        dosi_layer_set_release(set);
        return status;
    }
    *out = set;
    return DOSI_OK;
}

void dosi_layer_set_release(layer_set *set) {
    if (!set || atomic_fetch_sub(&set->n_users, 1) > 1) return;
    for (size_t i = 0; i < set->n_layers; i++) layer_clear(&set->layers[i]);
    free(set->layers);
    free(set);
}
