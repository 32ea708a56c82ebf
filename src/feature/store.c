// The mapped file: opening with every section checked, reading with every offset checked.

#include "feature/store.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTE_MARK = 0x01020304 };

uint32_t dosi_store_n_levels(uint64_t n_located) {
    uint32_t n_levels = n_located ? 1 : 0;
    for (uint64_t n = n_located; n > DOSI_STORE_NODE; n = dosi_store_parents(n)) n_levels++;
    return n_levels;
}

/// Whether `count` items of `item_bytes` at `at` lie in the file, aligned.
static bool fits(const dosi_features *features,
                 uint64_t at,
                 uint64_t count,
                 uint64_t item_bytes) {
    return at % 8 == 0 && at <= features->n_bytes &&
           count <= (features->n_bytes - at) / item_bytes;
}

/// Whether a NUL-terminated string of at most 4 KiB starts at `at`.
static bool is_string(const dosi_features *features, uint64_t at) {
    if (at >= features->n_bytes) return false;
    size_t left = features->n_bytes - at;
    return memchr(features->bytes + at, 0, left < 4096 ? left : 4096) != NULL;
}

/// Whether a column's sections lie in the file.
static bool is_sound_column(const dosi_features *features, const dosi_store_column *column) {
    uint64_t n = features->head.n_features;
    bool is_text = column->type == DOSI_TYPE_TEXT;
    if (column->type >= DOSI_TYPE_GEOMETRY || column->n_present > n) return false;
    if (!is_string(features, column->at_name) || !is_string(features, column->at_unit)) {
        return false;
    }
    if (!fits(features, column->at_values, n, is_text ? 4 : 8)) return false;
    if (!fits(features, column->at_order, n, 4)) return false;
    return !is_text || (fits(features, column->at_word_starts, column->n_words + 1ULL, 8) &&
                        fits(features, column->at_words, column->word_bytes, 1));
}

/// Whether the tree's levels lie in the file; notes where.
static bool take_levels(dosi_features *features) {
    const dosi_store_header *head = &features->head;
    if (head->n_levels > DOSI_STORE_LEVELS ||
        head->n_levels != dosi_store_n_levels(head->n_located)) {
        return false;
    }
    uint64_t n = head->n_located;
    for (uint32_t i = 0; i < head->n_levels; i++) {
        if (!fits(features, head->at_levels[i], n, 4 * sizeof(double))) return false;
        features->levels[i] =
            (const double *)(const void *)(features->bytes + head->at_levels[i]);
        features->level_counts[i] = n;
        n = dosi_store_parents(n);
    }
    return true;
}

/// Whether all sections lie in the file; notes where.
static bool take_sections(dosi_features *features) {
    const dosi_store_header *head = &features->head;
    uint64_t n = head->n_features;
    if (n > DOSI_STORE_MAX_ROWS || head->n_located > n ||
        head->n_columns > DOSI_STORE_COLUMNS || !take_levels(features)) {
        return false;
    }
    if (!fits(features, head->at_ids, n, 4) || !fits(features, head->at_positions, n, 4) ||
        !fits(features, head->at_geometry_starts, n + 1, 8) ||
        !fits(features, head->at_geometry, head->geometry_bytes, 1) ||
        !fits(features, head->at_json_starts, n + 1, 8) ||
        !fits(features, head->at_json, head->json_bytes, 1) ||
        !fits(features, head->at_columns, head->n_columns, sizeof(dosi_store_column))) {
        return false;
    }
    const unsigned char *bytes = features->bytes;
    features->ids = (const uint32_t *)(const void *)(bytes + head->at_ids);
    features->positions = (const uint32_t *)(const void *)(bytes + head->at_positions);
    features->geometry_starts =
        (const uint64_t *)(const void *)(bytes + head->at_geometry_starts);
    features->json_starts = (const uint64_t *)(const void *)(bytes + head->at_json_starts);
    features->columns = (const dosi_store_column *)(const void *)(bytes + head->at_columns);
    for (uint32_t i = 0; i < head->n_columns; i++) {
        if (!is_sound_column(features, &features->columns[i])) return false;
    }
    return true;
}

/// Maps the file at `path`.
static dosi_status map_file(const char *path, dosi_features *features, dosi_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return dosi_fail(err, DOSI_NOT_FOUND, "no feature index at %s", path);
    struct stat facts;
    if (fstat(fd, &facts) != 0 || (size_t)facts.st_size < sizeof features->head) {
        (void)close(fd);
        return dosi_fail(err, DOSI_PARSE, "%s is not a feature index", path);
    }
    void *bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED) return dosi_fail(err, DOSI_NO_MEMORY, "cannot map %s", path);
    features->mapping = bytes;
    features->bytes = bytes;
    features->n_bytes = (size_t)facts.st_size;
    return DOSI_OK;
}

dosi_status dosi_features_open(const char *path, dosi_features **out, dosi_error *err) {
    assert(path && out);
    dosi_features *features = calloc(1, sizeof *features);
    if (!features) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_status status = map_file(path, features, err);
    if (status == DOSI_OK && features->bytes) {
        dosi_store_header *head = &features->head;
        memcpy(head, features->bytes, sizeof *head);
        if (memcmp(head->magic, DOSI_STORE_MAGIC, 8) != 0 ||
            head->version != DOSI_STORE_VERSION || head->byte_mark != BYTE_MARK ||
            head->n_bytes != features->n_bytes || !take_sections(features)) {
            status = dosi_fail(err, DOSI_PARSE, "%s is not a whole feature index", path);
        }
    }
    if (status != DOSI_OK) {
        dosi_features_close(features);
        return status;
    }
    *out = features;
    return DOSI_OK;
}

void dosi_features_close(dosi_features *features) {
    if (!features) return;
    if (features->mapping) (void)munmap(features->mapping, features->n_bytes);
    free(features);
}

uint64_t dosi_features_count(const dosi_features *features) {
    return features->head.n_features;
}

bool dosi_features_have_geometry(const dosi_features *features) {
    return features->head.has_geometry != 0;
}

void dosi_features_extent(const dosi_features *features, double box[4]) {
    memcpy(box, features->head.extent, sizeof features->head.extent);
}

size_t dosi_features_n_columns(const dosi_features *features) {
    return features->head.n_columns;
}

dosi_feature_column dosi_features_column(const dosi_features *features, size_t i) {
    assert(i < features->head.n_columns);
    const dosi_store_column *column = &features->columns[i];
    return (dosi_feature_column){
        .name = (const char *)features->bytes + column->at_name,
        .unit = (const char *)features->bytes + column->at_unit,
        .type = (dosi_type)column->type,
    };
}

size_t dosi_features_find_column(const dosi_features *features, const char *name) {
    for (size_t i = 0; i < features->head.n_columns; i++) {
        if (strcmp((const char *)features->bytes + features->columns[i].at_name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

uint64_t dosi_features_id(const dosi_features *features, uint32_t position) {
    assert(position < features->head.n_features);
    return features->ids[position] + UINT64_C(1);
}

bool dosi_features_find(const dosi_features *features, uint64_t id, uint32_t *position) {
    if (id == 0 || id > features->head.n_features) return false;
    uint32_t found = features->positions[id - 1];
    if (found >= features->head.n_features) return false;
    *position = found;
    return true;
}

/// Bytes [starts[i], starts[i + 1]) of a section; NULL when the offsets are damaged.
static const unsigned char *slice(const unsigned char *section,
                                  uint64_t section_bytes,
                                  const uint64_t *starts,
                                  uint64_t i,
                                  size_t *n_bytes) {
    uint64_t from = starts[i];
    uint64_t to = starts[i + 1];
    *n_bytes = 0;
    if (from > to || to > section_bytes) return NULL;
    *n_bytes = (size_t)(to - from);
    return section + from;
}

const unsigned char *dosi_store_geometry(const dosi_features *features,
                                         uint32_t position,
                                         size_t *n_bytes) {
    const unsigned char *bytes =
        slice(features->bytes + features->head.at_geometry, features->head.geometry_bytes,
              features->geometry_starts, position, n_bytes);
    return *n_bytes ? bytes : NULL;
}

const char *dosi_store_json(const dosi_features *features, uint32_t position, size_t *n_bytes) {
    return (const char *)slice(features->bytes + features->head.at_json,
                               features->head.json_bytes, features->json_starts, position,
                               n_bytes);
}

/// The values of a column when its type is one of two.
static const void *values_of(const dosi_features *features, size_t column, bool is_wanted) {
    return is_wanted ? features->bytes + features->columns[column].at_values : NULL;
}

const int64_t *dosi_store_integers(const dosi_features *features, size_t column) {
    uint32_t type = features->columns[column].type;
    return values_of(features, column, type != DOSI_TYPE_REAL && type != DOSI_TYPE_TEXT);
}

const double *dosi_store_reals(const dosi_features *features, size_t column) {
    return values_of(features, column, features->columns[column].type == DOSI_TYPE_REAL);
}

const uint32_t *dosi_store_codes(const dosi_features *features, size_t column) {
    return values_of(features, column, features->columns[column].type == DOSI_TYPE_TEXT);
}

const char *dosi_store_word(const dosi_features *features,
                            size_t column,
                            uint32_t code,
                            size_t *n_bytes) {
    const dosi_store_column *own = &features->columns[column];
    *n_bytes = 0;
    if (own->type != DOSI_TYPE_TEXT || code >= own->n_words) return "";
    const uint64_t *starts =
        (const uint64_t *)(const void *)(features->bytes + own->at_word_starts);
    const unsigned char *word =
        slice(features->bytes + own->at_words, own->word_bytes, starts, code, n_bytes);
    return word ? (const char *)word : "";
}

const uint32_t *dosi_store_order(const dosi_features *features, size_t column) {
    return (const uint32_t *)(const void *)(features->bytes +
                                            features->columns[column].at_order);
}
