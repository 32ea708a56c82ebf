/// @file store.h
/// The file of a feature index, and safe reads of it. Only files of feature/ include this.
///
/// A header, then sections, each at a multiple of 8 bytes, native byte order. Everything that
/// belongs to a feature is in order of position. Level 0 of the tree is the features' boxes;
/// box i of a level covers boxes 16 i .. 16 i + 16 of the level below.
#ifndef DOSI_FEATURE_STORE_H
#define DOSI_FEATURE_STORE_H

#include "feature/feature.h"

enum {
    DOSI_STORE_VERSION = 1,
    DOSI_STORE_NODE = 16,
    DOSI_STORE_LEVELS = 8,
    DOSI_STORE_COLUMNS = 4096
};

#define DOSI_STORE_MAGIC    "DOSIFEAT"
#define DOSI_STORE_NO_WORD  UINT32_MAX
#define DOSI_STORE_MAX_ROWS UINT64_C(20000000)

/// The first bytes of the file.
typedef struct dosi_store_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_mark; ///< 0x01020304 where the file was made.
    uint64_t n_bytes;   ///< Of the whole file.
    uint64_t n_features;
    uint64_t n_located; ///< Features with a geometry; they come first.
    uint32_t has_geometry;
    uint32_t shapes;
    int32_t zone_s;
    uint32_t n_columns;
    uint32_t n_levels;
    uint32_t reserved;
    double extent[4];
    uint64_t at_levels[DOSI_STORE_LEVELS]; ///< double[4] each.
    uint64_t at_ids;                       ///< uint32: row from 0, of each position.
    uint64_t at_positions;                 ///< uint32: position of each row.
    uint64_t at_geometry_starts;           ///< uint64[n_features + 1]
    uint64_t at_geometry, geometry_bytes;  ///< WKB
    uint64_t at_json_starts;               ///< uint64[n_features + 1]
    uint64_t at_json, json_bytes;          ///< {"name":value,...}
    uint64_t at_columns;                   ///< dosi_store_column[n_columns]
} dosi_store_header;

/// A property in the file.
typedef struct dosi_store_column {
    uint32_t type;
    uint32_t n_words;   ///< TEXT: how many different.
    uint64_t n_present; ///< Rows that are not missing.
    uint64_t at_name;   ///< NUL-terminated, as is the unit.
    uint64_t at_unit;
    uint64_t at_values;      ///< int64 (INT, TIME, DATE, BOOL), double, or uint32 word (TEXT).
    uint64_t at_order;       ///< uint32: positions by value, missing last.
    uint64_t at_word_starts; ///< TEXT: uint64[n_words + 1]
    uint64_t at_words, word_bytes; ///< TEXT, in order.
} dosi_store_column;

struct dosi_features {
    void *mapping;
    const unsigned char *bytes; ///< `mapping`.
    size_t n_bytes;
    dosi_store_header head;
    const dosi_store_column *columns;
    const uint32_t *ids, *positions;
    const uint64_t *geometry_starts, *json_starts;
    const double *levels[DOSI_STORE_LEVELS];
    uint64_t level_counts[DOSI_STORE_LEVELS];
};

/// How many boxes a level above one of `n` has.
static inline uint64_t dosi_store_parents(uint64_t n) {
    return (n + DOSI_STORE_NODE - 1) / DOSI_STORE_NODE;
}

/// How many levels a tree over `n` boxes has: up to the one with a single node's worth.
uint32_t dosi_store_n_levels(uint64_t n_located);

/// The geometry of a feature, WKB; NULL and 0 when it has none.
const unsigned char *dosi_store_geometry(const dosi_features *features,
                                         uint32_t position,
                                         size_t *n_bytes);

/// The properties of a feature as a JSON object.
const char *dosi_store_json(const dosi_features *features, uint32_t position, size_t *n_bytes);

/// The values of a column; what is not its type is NULL.
const int64_t *dosi_store_integers(const dosi_features *features, size_t column);
/// REAL.
const double *dosi_store_reals(const dosi_features *features, size_t column);
/// TEXT.
const uint32_t *dosi_store_codes(const dosi_features *features, size_t column);

/// A word of a TEXT column; "" and 0 when `code` is none.
const char *dosi_store_word(const dosi_features *features,
                            size_t column,
                            uint32_t code,
                            size_t *n_bytes);

/// The positions of a column's rows by value.
const uint32_t *dosi_store_order(const dosi_features *features, size_t column);

/// Whether the shape meets the box. With a projection, the box is in its target system.
bool dosi_shape_meets_box(const unsigned char *wkb,
                          size_t n_bytes,
                          const double box[4],
                          const dosi_projection *projection);

/// Calls `take` with runs of positions whose boxes meet one of `n_boxes` boxes; `is_inside`
/// says that all of them lie wholly inside one. Positions ascend.
void dosi_store_walk(const dosi_features *features,
                     const double (*boxes)[4],
                     size_t n_boxes,
                     void (*take)(void *context, uint32_t from, uint32_t to, bool is_inside),
                     void *context);

#endif // DOSI_FEATURE_STORE_H
