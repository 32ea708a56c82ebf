/// @file feature.h
/// A read-only index of features in one mapped file: packed Hilbert R-tree, ids, geometry,
/// properties. Answers bbox, id, filter and tile questions in microseconds, without the lake.
///
/// Pure: takes a table, a path, boxes; knows no lab and no caller. Functions take `const
/// dosi_features *` and are safe from any number of threads. A damaged file gives wrong
/// answers at worst, never a read outside it.
///
/// A *position* is where a feature stands in the file (0..count, by place along a Hilbert
/// curve, those without geometry last); its *id* is its row in the table, from 1.
#ifndef DOSI_FEATURE_FEATURE_H
#define DOSI_FEATURE_FEATURE_H

#include "dosi/geo.h"
#include "dosi/table.h"
#include "dosi/text.h"

/// An index mapped into memory.
typedef struct dosi_features dosi_features;

/// Writes the index of `table` to `path` (replaced atomically). The first GEOMETRY column, if
/// there is one, is the geometry (longitude, latitude); others are left out.
/// @param zone_s  The lab's offset from UTC: times are written with it.
/// @return DOSI_OK; DOSI_LIMIT past 20 million rows; DOSI_PARSE (WKB); DOSI_IO; DOSI_NO_MEMORY.
/// Cost: O(columns x n log n); memory about 40 bytes a row beside the table.
DOSI_CHECKED dosi_status dosi_features_build(const dosi_table *table,
                                             int zone_s,
                                             const char *path,
                                             dosi_error *err);

/// Maps an index. DOSI_PARSE when the file is not one (or is cut off).
DOSI_CHECKED dosi_status dosi_features_open(const char *path,
                                            dosi_features **out,
                                            dosi_error *err);

/// Unmaps; accepts NULL.
void dosi_features_close(dosi_features *features);

/// How many features there are.
uint64_t dosi_features_count(const dosi_features *features);

/// Whether the features have a geometry at all (a column; single ones may lack it).
bool dosi_features_have_geometry(const dosi_features *features);

/// Bounding box of all: west, south, east, north; NaN when nothing has a geometry.
void dosi_features_extent(const dosi_features *features, double box[4]);

/// A property.
typedef struct dosi_feature_column {
    const char *name; ///< NUL-terminated, borrowed.
    const char *unit; ///< "": none.
    dosi_type type;
} dosi_feature_column;

/// How many properties features have.
size_t dosi_features_n_columns(const dosi_features *features);

/// Property `i`.
dosi_feature_column dosi_features_column(const dosi_features *features, size_t i);

/// Index of the property called `name`, or SIZE_MAX.
size_t dosi_features_find_column(const dosi_features *features, const char *name);

/// The id of the feature at `position` (< count).
uint64_t dosi_features_id(const dosi_features *features, uint32_t position);

/// The position of feature `id`; false when there is none.
bool dosi_features_find(const dosi_features *features, uint64_t id, uint32_t *position);

// --- questions ---------------------------------------------------------------------------

/// What a property must be: equal to a text, or within a range (both ends included).
typedef struct dosi_feature_filter {
    size_t column;
    const char *text; ///< TEXT
    size_t n_text;
    int64_t low, high;          ///< INT, TIME, DATE, BOOL
    double real_low, real_high; ///< REAL
} dosi_feature_filter;

/// What to order by; missing values come last, equal ones by position.
typedef struct dosi_feature_sort {
    size_t column;
    bool is_descending;
} dosi_feature_sort;

enum { DOSI_FEATURE_SORTS = 8, DOSI_FEATURE_FILTERS = 64 };

/// Which features, in which order. All zero (but `limit`): all, by id.
typedef struct dosi_feature_query {
    /// Only features whose geometry meets one of these (west, south, east, north). Two: a box
    /// across the antimeridian.
    double boxes[2][4];
    size_t n_boxes;
    /// When not NULL: boxes[0] is in this projection's target system instead.
    const dosi_projection *projection;
    const dosi_feature_filter *filters; ///< All must hold.
    size_t n_filters;
    const dosi_feature_sort *sorts;
    size_t n_sorts;
    uint64_t offset;
    uint32_t limit;
} dosi_feature_query;

/// Finds one page of features, and how many match in all. The same query always gives the same
/// order, so that pages neither repeat nor leave out.
/// @param positions  (query->limit) out.
/// @param n  Out: how many are in `positions`.
/// @param n_matched  Out: exactly how many features match.
/// Cost: without filters and order, a box costs O(features on its border); an exact property
/// costs O(log n + its matches).
DOSI_CHECKED dosi_status dosi_features_query(const dosi_features *features,
                                             const dosi_feature_query *query,
                                             uint32_t *positions,
                                             uint32_t *n,
                                             uint64_t *n_matched,
                                             dosi_error *err);

/// How a feature's coordinates are written.
typedef struct dosi_feature_format {
    const dosi_projection *projection; ///< From longitude, latitude; NULL: as they are.
    bool is_y_first;                   ///< EPSG:4326 and the like.
    int decimals;                      ///< 0..9; 8 for degrees and 3 for metres are good.
} dosi_feature_format;

/// Appends the members of a GeoJSON feature without its braces: "type", "id", "geometry",
/// "properties".
void dosi_features_put_json(dosi_text *out,
                            const dosi_features *features,
                            uint32_t position,
                            const dosi_feature_format *format);

// --- vector tiles ------------------------------------------------------------------------

enum {
    DOSI_TILE_ZOOM_MAX = 22,
    DOSI_TILE_EXTENT = 4096,
    DOSI_TILE_BUFFER = 64,     ///< Around the tile, in units of its extent.
    DOSI_TILE_FEATURES = 20000 ///< Most features of a tile.
};

/// Which tile of WebMercatorQuad: x to the east, y to the south.
typedef struct dosi_tile {
    unsigned zoom; ///< 0..DOSI_TILE_ZOOM_MAX
    uint32_t x, y; ///< < 1 << zoom
} dosi_tile;

/// The tile's box in longitude and latitude, with its buffer.
void dosi_tile_box(dosi_tile tile, double box[4]);

/// Appends the Mapbox Vector Tile (version 2) of one layer; nothing when it has no features.
/// When more than DOSI_TILE_FEATURES meet the tile, that many are kept, spread evenly.
/// @param n_left_out  Out, may be NULL: how many were not kept.
DOSI_CHECKED dosi_status dosi_features_put_tile(dosi_text *out,
                                                const dosi_features *features,
                                                dosi_tile tile,
                                                const char *layer,
                                                uint64_t *n_left_out,
                                                dosi_error *err);

#endif // DOSI_FEATURE_FEATURE_H
