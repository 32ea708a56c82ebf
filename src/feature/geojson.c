// One feature as GeoJSON: coordinates in fixed decimals, properties as they were encoded.

#include "feature/store.h"

#include <assert.h>
#include <string.h>

enum { CHUNK = 128, NUMBER_BYTES = 40 };

/// How far the writing of a geometry has come.
typedef struct json_pen {
    dosi_text *out;
    const dosi_feature_format *format;
    double scale; ///< 10^decimals
} json_pen;

/// Appends a number with at most `decimals` decimals, without trailing zeros.
static char *put_number(const json_pen *pen, char *at, double value) {
    if (!(value > -1e10 && value < 1e10)) value = 0;
    double scaled = value * pen->scale;
    int64_t whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    uint64_t rest = whole < 0 ? (uint64_t)-whole : (uint64_t)whole;
    char digits[NUMBER_BYTES];
    int n_digits = 0;
    int n_decimals = pen->format->decimals;
    while (n_decimals > 0 && rest % 10 == 0) {
        rest /= 10;
        n_decimals--;
    }
    if (whole < 0) *at++ = '-';
    do {
        digits[n_digits++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 || n_digits <= n_decimals);
    while (n_digits > 0) {
        if (n_digits == n_decimals) *at++ = '.';
        *at++ = digits[--n_digits];
    }
    return at;
}

/// Appends "[x,y]".
static void put_position(const json_pen *pen, double x, double y) {
    char text[2 * NUMBER_BYTES];
    char *at = text;
    *at++ = '[';
    at = put_number(pen, at, pen->format->is_y_first ? y : x);
    *at++ = ',';
    at = put_number(pen, at, pen->format->is_y_first ? x : y);
    *at++ = ']';
    dosi_text_append(pen->out, text, (size_t)(at - text));
}

/// Appends the positions of a part, separated by commas.
static void put_positions(const json_pen *pen, const dosi_wkb_part *part) {
    double x[CHUNK];
    double y[CHUNK];
    for (uint32_t from = 0; from < part->n_points; from += CHUNK) {
        uint32_t n = part->n_points - from < CHUNK ? part->n_points - from : CHUNK;
        for (uint32_t i = 0; i < n; i++) dosi_wkb_point(part, from + i, &x[i], &y[i]);
        if (pen->format->projection) {
            (void)dosi_projection_apply(pen->format->projection, x, y, n, false);
        }
        for (uint32_t i = 0; i < n; i++) {
            if (from + i > 0) dosi_text_putc(pen->out, ',');
            put_position(pen, x[i], y[i]);
        }
    }
}

/// "Point", "Polygon"...
static const char *shape_name(dosi_shape shape) {
    static const char *const names[] = {
        "",           "Point",           "LineString",   "Polygon",
        "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};
    return names[shape];
}

/// Opens and closes what stands around parts of simple shapes: polygons have rings.
static void open_simple(const json_pen *pen, dosi_shape shape) {
    if (shape != DOSI_SHAPE_POINT) dosi_text_putc(pen->out, '[');
}
static void close_simple(const json_pen *pen, dosi_shape shape) {
    if (shape != DOSI_SHAPE_POINT) dosi_text_putc(pen->out, ']');
}

/// Appends one part: a bare position, or an array of them.
static void put_part(const json_pen *pen, const dosi_wkb_part *part) {
    if (part->shape == DOSI_SHAPE_POINT) {
        if (part->n_points == 0) dosi_text_puts(pen->out, "[]");
        put_positions(pen, part);
        return;
    }
    if (part->shape == DOSI_SHAPE_POLYGON && part->i_ring > 0) dosi_text_putc(pen->out, ',');
    if (part->shape == DOSI_SHAPE_POLYGON) dosi_text_putc(pen->out, '[');
    put_positions(pen, part);
    if (part->shape == DOSI_SHAPE_POLYGON) dosi_text_putc(pen->out, ']');
}

/// Appends the simple shapes of a reader, each as `{"type":...}` when in a collection.
static void put_shapes(const json_pen *pen, dosi_wkb_reader *reader) {
    bool is_collection = reader->shape == DOSI_SHAPE_COLLECTION;
    dosi_wkb_part part;
    dosi_shape open = DOSI_SHAPE_POINT;
    uint32_t i_shape = UINT32_MAX;
    while (dosi_wkb_next(reader, &part)) {
        if (part.i_shape != i_shape) {
            if (i_shape != UINT32_MAX) {
                close_simple(pen, open);
                dosi_text_puts(pen->out, is_collection ? "}," : ",");
            }
            if (is_collection) {
                dosi_text_printf(pen->out,
                                 "{\"type\":\"%s\",\"coordinates\":", shape_name(part.shape));
            }
            open_simple(pen, part.shape);
            open = part.shape;
            i_shape = part.i_shape;
        }
        put_part(pen, &part);
    }
    if (i_shape == UINT32_MAX) return;
    close_simple(pen, open);
    if (is_collection) dosi_text_putc(pen->out, '}');
}

/// Appends a geometry object, or null.
static void put_geometry(const json_pen *pen, const unsigned char *wkb, size_t n_bytes) {
    dosi_wkb_reader reader;
    if (!wkb || dosi_wkb_open(&reader, wkb, n_bytes, NULL) != DOSI_OK) {
        dosi_text_puts(pen->out, "null");
        return;
    }
    dosi_shape shape = reader.shape;
    dosi_text_printf(pen->out, "{\"type\":\"%s\",\"%s\":", shape_name(shape),
                     shape == DOSI_SHAPE_COLLECTION ? "geometries" : "coordinates");
    if (shape >= DOSI_SHAPE_MULTIPOINT) dosi_text_putc(pen->out, '[');
    size_t before = pen->out->length;
    put_shapes(pen, &reader);
    if (shape >= DOSI_SHAPE_MULTIPOINT) {
        dosi_text_putc(pen->out, ']');
    } else if (pen->out->length == before) {
        dosi_text_puts(pen->out, "[]");
    }
    dosi_text_putc(pen->out, '}');
}

void dosi_features_put_json(dosi_text *out,
                            const dosi_features *features,
                            uint32_t position,
                            const dosi_feature_format *format) {
    assert(out && features && format && format->decimals >= 0 && format->decimals <= 9);
    json_pen pen = {.out = out, .format = format, .scale = 1};
    for (int i = 0; i < format->decimals; i++) pen.scale *= 10;
    dosi_text_puts(out, "\"type\":\"Feature\",\"id\":");
    dosi_text_put_int(out, (int64_t)dosi_features_id(features, position));
    size_t n_bytes = 0;
    const unsigned char *wkb = dosi_store_geometry(features, position, &n_bytes);
    dosi_text_puts(out, ",\"geometry\":");
    put_geometry(&pen, wkb, n_bytes);
    dosi_text_puts(out, ",\"properties\":");
    const char *json = dosi_store_json(features, position, &n_bytes);
    if (n_bytes) {
        dosi_text_append(out, json, n_bytes);
    } else {
        dosi_text_puts(out, "{}");
    }
}
