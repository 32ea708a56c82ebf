// Mapbox Vector Tiles (specification 2.1) of one layer.

#include "feature/build.h"
#include "feature/outline.h"
#include "feature/pbf.h"
#include "feature/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOVE_TO = 1, LINE_TO = 2, CLOSE_PATH = 7 };
enum { LAYER_NAME = 1, LAYER_FEATURE = 2, LAYER_KEY = 3, LAYER_VALUE = 4, LAYER_EXTENT = 5 };
enum { LAYER_VERSION = 15, FEATURE_ID = 1, FEATURE_TAGS = 2, FEATURE_TYPE = 3 };
enum { FEATURE_GEOMETRY = 4, TILE_LAYER = 3 };
enum { VALUE_STRING = 1, VALUE_DOUBLE = 3, VALUE_INT = 4, VALUE_SINT = 6, VALUE_BOOL = 7 };

/// A property's value that a tile already holds.
typedef struct known_value {
    uint64_t bits;
    uint32_t column; ///< From 1; 0: free.
    uint32_t index;
} known_value;

/// A tile in the making.
typedef struct tile_writer {
    const dosi_features *features;
    double scale, origin[2]; ///< Tile units = world (0..1) x scale - origin.
    dosi_text layer, feature, geometry, tags, values;
    dosi_outline outline;
    int32_t cursor[2];
    known_value *known; ///< (n_slots, a power of two)
    size_t n_slots, n_known;
    bool is_starved; ///< No memory.
} tile_writer;

void dosi_tile_box(dosi_tile tile, double box[4]) {
    double n = (double)(UINT64_C(1) << tile.zoom);
    double margin = (double)DOSI_TILE_BUFFER / DOSI_TILE_EXTENT;
    double edges[2] = {tile.y + 1 + margin, tile.y - margin};
    box[0] = (tile.x - margin) / n * 360 - 180;
    box[2] = (tile.x + 1 + margin) / n * 360 - 180;
    for (size_t i = 0; i < 2; i++) {
        box[1 + 2 * i] = atan(sinh(M_PI * (1 - 2 * edges[i] / n))) * 180 / M_PI;
    }
}

/// Longitude and latitude in tile units.
static void to_tile(const tile_writer *writer, double *x, double *y) {
    double latitude = fmax(-85.06, fmin(85.06, *y)) * (M_PI / 180);
    double sine = sin(latitude);
    double south = 0.5 - log((1 + sine) / (1 - sine)) / (4 * M_PI);
    *x = (*x / 360 + 0.5) * writer->scale - writer->origin[0];
    *y = south * writer->scale - writer->origin[1];
}

// --- geometry ----------------------------------------------------------------------------

/// Appends a drawing command.
static void put_command(tile_writer *writer, unsigned command, size_t count) {
    dosi_pbf_put_varint(&writer->geometry, (uint64_t)count << 3 | command);
}

/// Appends a point, relative to the one before.
static void put_point(tile_writer *writer, int32_t x, int32_t y) {
    dosi_pbf_put_varint(&writer->geometry, dosi_pbf_zigzag((int64_t)x - writer->cursor[0]));
    dosi_pbf_put_varint(&writer->geometry, dosi_pbf_zigzag((int64_t)y - writer->cursor[1]));
    writer->cursor[0] = x;
    writer->cursor[1] = y;
}

/// Appends `n` points of outline.grid as a path.
static void put_path(tile_writer *writer, size_t n, bool is_closed) {
    const int32_t *grid = writer->outline.grid;
    put_command(writer, MOVE_TO, 1);
    put_point(writer, grid[0], grid[1]);
    put_command(writer, LINE_TO, n - 1);
    for (size_t i = 1; i < n; i++) put_point(writer, grid[2 * i], grid[2 * i + 1]);
    if (is_closed) put_command(writer, CLOSE_PATH, 1);
}

/// Loads the points of a part into the outline, in tile units.
static bool load_part(tile_writer *writer, const dosi_wkb_part *part) {
    if (!dosi_outline_reserve(&writer->outline, part->n_points)) {
        writer->is_starved = true;
        return false;
    }
    double *xy = writer->outline.xy;
    for (uint32_t i = 0; i < part->n_points; i++) {
        dosi_wkb_point(part, i, &xy[2 * (size_t)i], &xy[2 * (size_t)i + 1]);
        to_tile(writer, &xy[2 * (size_t)i], &xy[2 * (size_t)i + 1]);
        if (!isfinite(xy[2 * (size_t)i]) || !isfinite(xy[2 * (size_t)i + 1])) return false;
    }
    writer->outline.n = part->n_points;
    return part->n_points > 0;
}

/// A ring; false when nothing of it is left.
static bool put_ring(tile_writer *writer, bool is_hole) {
    dosi_outline *outline = &writer->outline;
    double low = -DOSI_TILE_BUFFER;
    double high = DOSI_TILE_EXTENT + DOSI_TILE_BUFFER;
    bool is_inside = true;
    for (size_t i = 0; i < 2 * outline->n; i++) {
        is_inside = is_inside && outline->xy[i] >= low && outline->xy[i] <= high;
    }
    if (!is_inside) dosi_outline_clip_ring(outline, low, high);
    size_t n = dosi_outline_ring(outline, is_hole);
    if (n == 0) return false;
    put_path(writer, n, true);
    return true;
}

/// Ends a run of line points.
static void end_run(tile_writer *writer, size_t *n) {
    if (*n >= 2) put_path(writer, *n, false);
    *n = 0;
}

/// Adds a point to a run of line points, unless it repeats.
static void extend_run(tile_writer *writer, size_t *n, const double *point) {
    int32_t *grid = writer->outline.grid;
    int32_t x = (int32_t)lround(point[0]);
    int32_t y = (int32_t)lround(point[1]);
    if (*n > 0 && grid[2 * *n - 2] == x && grid[2 * *n - 1] == y) return;
    grid[2 * *n] = x;
    grid[2 * *n + 1] = y;
    ++*n;
}

/// A line: the runs of it that lie in the tile.
static void put_line(tile_writer *writer) {
    const dosi_outline *outline = &writer->outline;
    size_t n = 0;
    for (size_t i = 1; i < outline->n; i++) {
        double a[2] = {outline->xy[2 * i - 2], outline->xy[2 * i - 1]};
        double b[2] = {outline->xy[2 * i], outline->xy[2 * i + 1]};
        bool is_in = dosi_outline_clip_segment(a, b, -DOSI_TILE_BUFFER,
                                               DOSI_TILE_EXTENT + DOSI_TILE_BUFFER);
        if (!is_in) {
            end_run(writer, &n);
            continue;
        }
        bool starts_clipped = a[0] != outline->xy[2 * i - 2] || a[1] != outline->xy[2 * i - 1];
        if (starts_clipped) end_run(writer, &n);
        extend_run(writer, &n, a);
        extend_run(writer, &n, b);
        if (b[0] != outline->xy[2 * i] || b[1] != outline->xy[2 * i + 1]) end_run(writer, &n);
    }
    end_run(writer, &n);
}

/// All points of a shape as one command; `points` counts what outline.grid held.
static void add_tile_point(tile_writer *writer, dosi_text *points, size_t *n_points) {
    const double *xy = writer->outline.xy;
    for (size_t c = 0; c < 2; c++) {
        if (xy[c] < -DOSI_TILE_BUFFER || xy[c] > DOSI_TILE_EXTENT + DOSI_TILE_BUFFER) return;
    }
    int32_t x = (int32_t)lround(xy[0]);
    int32_t y = (int32_t)lround(xy[1]);
    dosi_pbf_put_varint(points, dosi_pbf_zigzag((int64_t)x - writer->cursor[0]));
    dosi_pbf_put_varint(points, dosi_pbf_zigzag((int64_t)y - writer->cursor[1]));
    writer->cursor[0] = x;
    writer->cursor[1] = y;
    ++*n_points;
}

/// Draws a shape into writer->geometry. Of a collection, the parts like its first one.
/// @return The type of geometry (1 point, 2 line, 3 polygon); 0: nothing is left.
static unsigned draw(tile_writer *writer, const unsigned char *wkb, size_t n_bytes) {
    dosi_wkb_reader reader;
    dosi_wkb_part part;
    dosi_text points = {0};
    size_t n_points = 0;
    bool has_outer = false;
    unsigned type = 0;
    writer->cursor[0] = writer->cursor[1] = 0;
    dosi_text_clear(&writer->geometry);
    if (!wkb || dosi_wkb_open(&reader, wkb, n_bytes, NULL) != DOSI_OK) return 0;
    while (dosi_wkb_next(&reader, &part)) {
        if (type == 0) type = (unsigned)part.shape;
        if ((unsigned)part.shape != type || !load_part(writer, &part)) continue;
        if (part.shape == DOSI_SHAPE_POINT) add_tile_point(writer, &points, &n_points);
        if (part.shape == DOSI_SHAPE_LINE) put_line(writer);
        if (part.shape == DOSI_SHAPE_POLYGON && part.i_ring == 0) {
            has_outer = put_ring(writer, false);
        } else if (part.shape == DOSI_SHAPE_POLYGON && has_outer) {
            (void)put_ring(writer, true);
        }
    }
    if (n_points) {
        put_command(writer, MOVE_TO, n_points);
        dosi_text_append(&writer->geometry, points.data, points.length);
    }
    dosi_text_destroy(&points);
    return writer->geometry.length ? type : 0;
}

// --- properties --------------------------------------------------------------------------

/// The slot of a value: where it is, or where it belongs.
static known_value *find_value(const tile_writer *writer, uint32_t column, uint64_t bits) {
    uint64_t hash = (bits + column) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)(hash >> 32) & (writer->n_slots - 1);
    while (writer->known[slot].column &&
           (writer->known[slot].bits != bits || writer->known[slot].column != column)) {
        slot = (slot + 1) & (writer->n_slots - 1);
    }
    return &writer->known[slot];
}

/// Doubles the table of known values.
static bool grow_known(tile_writer *writer) {
    size_t n_old = writer->n_slots;
    known_value *old = writer->known;
    writer->n_slots = n_old ? 2 * n_old : 1024;
    writer->known = calloc(writer->n_slots, sizeof *writer->known);
    if (!writer->known) {
        writer->known = old;
        writer->n_slots = n_old;
        writer->is_starved = true;
        return false;
    }
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].column) *find_value(writer, old[i].column, old[i].bits) = old[i];
    }
    free(old);
    return true;
}

/// Writes a value of column `c` with these bits to `out`.
static void encode_value(const tile_writer *writer, size_t c, uint64_t bits, dosi_text *out) {
    dosi_type type = (dosi_type)writer->features->columns[c].type;
    int64_t integer = (int64_t)bits;
    char text[DOSI_TIME_TEXT_BYTES];
    size_t n_bytes = 0;
    double real = 0;
    switch (type) {
    case DOSI_TYPE_TEXT: {
        const char *word = dosi_store_word(writer->features, c, (uint32_t)bits, &n_bytes);
        dosi_pbf_put_bytes(out, VALUE_STRING, word, n_bytes);
        break;
    }
    case DOSI_TYPE_REAL:
        memcpy(&real, &bits, sizeof real);
        dosi_pbf_put_real(out, VALUE_DOUBLE, real);
        break;
    case DOSI_TYPE_BOOL:
        dosi_pbf_put_number(out, VALUE_BOOL, integer == 1);
        break;
    case DOSI_TYPE_INT:
        if (integer < 0) {
            dosi_pbf_put_number(out, VALUE_SINT, dosi_pbf_zigzag(integer));
        } else {
            dosi_pbf_put_number(out, VALUE_INT, bits);
        }
        break;
    default:
        dosi_feature_format_time(type, integer, writer->features->head.zone_s, text);
        dosi_pbf_put_bytes(out, VALUE_STRING, text, strlen(text));
        break;
    }
}

/// The bits of a property's value; false when it is missing.
static bool value_bits(const dosi_features *features,
                       size_t c,
                       uint32_t position,
                       uint64_t *bits) {
    const uint32_t *codes = dosi_store_codes(features, c);
    const double *reals = dosi_store_reals(features, c);
    if (codes) {
        *bits = codes[position];
        return codes[position] != DOSI_STORE_NO_WORD;
    }
    if (reals) {
        memcpy(bits, &reals[position], sizeof *bits);
        return isfinite(reals[position]);
    }
    int64_t value = dosi_store_integers(features, c)[position];
    *bits = (uint64_t)value;
    return value != DOSI_MISSING_INT;
}

/// Writes the tags of a feature to writer->tags; new values to writer->values.
static void put_tags(tile_writer *writer, uint32_t position) {
    dosi_text_clear(&writer->tags);
    for (size_t c = 0; c < writer->features->head.n_columns; c++) {
        uint64_t bits = 0;
        if (!value_bits(writer->features, c, position, &bits)) continue;
        if (2 * writer->n_known >= writer->n_slots && !grow_known(writer)) return;
        known_value *known = find_value(writer, (uint32_t)c + 1, bits);
        if (known->column == 0) {
            *known = (known_value){bits, (uint32_t)c + 1, (uint32_t)writer->n_known++};
            dosi_text value = {0};
            encode_value(writer, c, bits, &value);
            dosi_pbf_put_bytes(&writer->values, LAYER_VALUE, dosi_text_string(&value),
                               value.length);
            dosi_text_destroy(&value);
        }
        dosi_pbf_put_varint(&writer->tags, c);
        dosi_pbf_put_varint(&writer->tags, known->index);
    }
}

// --- the tile ----------------------------------------------------------------------------

/// Writes one feature, if anything of it is left on the tile.
static void put_feature(tile_writer *writer, uint32_t position) {
    size_t n_bytes = 0;
    const unsigned char *wkb = dosi_store_geometry(writer->features, position, &n_bytes);
    unsigned type = draw(writer, wkb, n_bytes);
    if (type == 0) return;
    put_tags(writer, position);
    dosi_text_clear(&writer->feature);
    dosi_pbf_put_number(&writer->feature, FEATURE_ID,
                        dosi_features_id(writer->features, position));
    if (writer->tags.length) {
        dosi_pbf_put_bytes(&writer->feature, FEATURE_TAGS, writer->tags.data,
                           writer->tags.length);
    }
    dosi_pbf_put_number(&writer->feature, FEATURE_TYPE, type);
    dosi_pbf_put_bytes(&writer->feature, FEATURE_GEOMETRY, writer->geometry.data,
                       writer->geometry.length);
    dosi_pbf_put_bytes(&writer->layer, LAYER_FEATURE, writer->feature.data,
                       writer->feature.length);
}

/// Candidates of a tile: counted first, then every one or an even share of them drawn.
typedef struct tile_visit {
    tile_writer *writer;
    uint64_t n_total, n_seen;
    bool is_counting;
} tile_visit;

static void visit_run(void *context, uint32_t from, uint32_t to, bool is_inside) {
    (void)is_inside;
    tile_visit *visit = context;
    if (visit->is_counting) {
        visit->n_total += to - from;
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        uint64_t before = visit->n_seen++;
        bool is_kept = visit->n_total <= DOSI_TILE_FEATURES ||
                       before * DOSI_TILE_FEATURES / visit->n_total !=
                           visit->n_seen * DOSI_TILE_FEATURES / visit->n_total;
        if (is_kept) put_feature(visit->writer, i);
    }
}

/// Puts keys, values and the rest behind the features.
static void finish_layer(tile_writer *writer) {
    for (size_t c = 0; c < writer->features->head.n_columns; c++) {
        dosi_feature_column column = dosi_features_column(writer->features, c);
        dosi_pbf_put_bytes(&writer->layer, LAYER_KEY, column.name, strlen(column.name));
    }
    if (writer->values.length) {
        dosi_text_append(&writer->layer, writer->values.data, writer->values.length);
    }
    dosi_pbf_put_number(&writer->layer, LAYER_EXTENT, DOSI_TILE_EXTENT);
    dosi_pbf_put_number(&writer->layer, LAYER_VERSION, 2);
}

/// Frees what a writer holds.
static void destroy_writer(tile_writer *writer) {
    dosi_text_destroy(&writer->layer);
    dosi_text_destroy(&writer->feature);
    dosi_text_destroy(&writer->geometry);
    dosi_text_destroy(&writer->tags);
    dosi_text_destroy(&writer->values);
    dosi_outline_destroy(&writer->outline);
    free(writer->known);
}

dosi_status dosi_features_put_tile(dosi_text *out,
                                   const dosi_features *features,
                                   dosi_tile tile,
                                   const char *layer,
                                   uint64_t *n_left_out,
                                   dosi_error *err) {
    assert(out && features && layer && tile.zoom <= DOSI_TILE_ZOOM_MAX);
    assert(tile.x >> tile.zoom == 0 && tile.y >> tile.zoom == 0);
    tile_writer writer = {.features = features};
    writer.scale = (double)(UINT64_C(1) << tile.zoom) * DOSI_TILE_EXTENT;
    writer.origin[0] = (double)tile.x * DOSI_TILE_EXTENT;
    writer.origin[1] = (double)tile.y * DOSI_TILE_EXTENT;
    double box[1][4];
    dosi_tile_box(tile, box[0]);
    dosi_pbf_put_bytes(&writer.layer, LAYER_NAME, layer, strlen(layer));
    size_t head_bytes = writer.layer.length;
    tile_visit visit = {.writer = &writer, .is_counting = true};
    dosi_store_walk(features, (const double(*)[4])box, 1, visit_run, &visit);
    visit.is_counting = false;
    dosi_store_walk(features, (const double(*)[4])box, 1, visit_run, &visit);
    if (n_left_out) {
        *n_left_out =
            visit.n_total > DOSI_TILE_FEATURES ? visit.n_total - DOSI_TILE_FEATURES : 0;
    }
    if (writer.layer.length > head_bytes) {
        finish_layer(&writer);
        dosi_pbf_put_bytes(out, TILE_LAYER, writer.layer.data, writer.layer.length);
    }
    dosi_status status = dosi_text_status(&writer.layer, err);
    if (status == DOSI_OK) status = dosi_text_status(out, err);
    if (status == DOSI_OK && writer.is_starved) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a tile");
    }
    destroy_writer(&writer);
    return status;
}
