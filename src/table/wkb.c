// One walk over WKB; what differs between GeoJSON and WKT is a handful of strings.

#include "table/wkb.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    KIND_POINT = 1,
    KIND_LINE,
    KIND_POLYGON,
    KIND_MULTI_POINT,
    KIND_MULTI_LINE,
    KIND_MULTI_POLYGON,
    KIND_COLLECTION,
    DEPTH_MAX = 8
};

static const char *const geojson_names[] = {
    "",           "Point",           "LineString",   "Polygon",
    "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};
static const char *const wkt_names[] = {
    "",           "POINT",           "LINESTRING",   "POLYGON",
    "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};

/// Where the walk is, and how it writes.
typedef struct walk {
    const unsigned char *at;
    const unsigned char *end;
    dosi_text *out;
    int decimals;
    bool is_geojson;
    bool is_swapped; ///< The part being read has the other byte order.
} walk;

/// What the head of a geometry says.
typedef struct head {
    uint32_t kind;
    unsigned n_dimensions; ///< 2..4
    bool has_z;
} head;

static bool take_u32(walk *w, uint32_t *out) {
    if (w->end - w->at < 4) return false;
    uint32_t value;
    memcpy(&value, w->at, sizeof value);
    w->at += 4;
    *out = w->is_swapped ? __builtin_bswap32(value) : value;
    return true;
}

static double take_real(walk *w) {
    uint64_t bits;
    memcpy(&bits, w->at, sizeof bits);
    w->at += 8;
    if (w->is_swapped) bits = __builtin_bswap64(bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool take_head(walk *w, head *out) {
    if (w->at == w->end) return false;
    unsigned char order = *w->at++;
    if (order > 1) return false;
    const uint16_t probe = 1;
    unsigned char is_little;
    memcpy(&is_little, &probe, 1);
    w->is_swapped = order != is_little;
    uint32_t code;
    if (!take_u32(w, &code)) return false;
    bool has_z = code & UINT32_C(0x80000000);
    bool has_m = code & UINT32_C(0x40000000);
    uint32_t srid;
    if ((code & UINT32_C(0x20000000)) && !take_u32(w, &srid)) return false;
    code &= UINT32_C(0x0fffffff);
    uint32_t iso = code / 1000;
    if (iso > 3) return false;
    has_z = has_z || iso == 1 || iso == 3;
    has_m = has_m || iso == 2 || iso == 3;
    *out = (head){code % 1000, 2U + has_z + has_m, has_z};
    return out->kind >= KIND_POINT && out->kind <= KIND_COLLECTION;
}

/// A number without an exponent's surprise: fixed decimals with trailing zeros cut, or exact.
static void put_number(walk *w, double value) {
    if (w->decimals < 0 || !(fabs(value) < 1e15)) {
        dosi_text_put_real(w->out, value);
        return;
    }
    char text[48];
    int n = snprintf(text, sizeof text, "%.*f", w->decimals, value);
    size_t length = n > 0 && (size_t)n < sizeof text ? (size_t)n : 0;
    if (w->decimals > 0) {
        while (length > 1 && text[length - 1] == '0') length--;
        if (length > 1 && text[length - 1] == '.') length--;
    }
    if (length == 2 && memcmp(text, "-0", 2) == 0) {
        dosi_text_putc(w->out, '0');
        return;
    }
    dosi_text_append(w->out, text, length);
}

/// One position; `is_boxed` puts GeoJSON brackets around it.
static bool put_position(walk *w, const head *h) {
    if ((size_t)(w->end - w->at) < (size_t)h->n_dimensions * 8) return false;
    double c[4] = {0};
    for (unsigned i = 0; i < h->n_dimensions; i++) c[i] = take_real(w);
    unsigned n_shown = h->has_z ? 3 : 2;
    for (unsigned i = 0; i < n_shown; i++) {
        if (w->is_geojson && !isfinite(c[i])) return false;
    }
    if (w->is_geojson) dosi_text_putc(w->out, '[');
    for (unsigned i = 0; i < n_shown; i++) {
        if (i) dosi_text_putc(w->out, w->is_geojson ? ',' : ' ');
        put_number(w, c[i]);
    }
    if (w->is_geojson) dosi_text_putc(w->out, ']');
    return true;
}

/// Opens a list of `n` items; WKT has a word for none.
static void open_list(walk *w, uint32_t n) {
    const char *wkt = n ? "(" : "EMPTY";
    dosi_text_puts(w->out, w->is_geojson ? "[" : wkt);
}

static void close_list(walk *w, uint32_t n) {
    const char *wkt = n ? ")" : "";
    dosi_text_puts(w->out, w->is_geojson ? "]" : wkt);
}

static void separate(walk *w, uint32_t i) {
    if (i) dosi_text_puts(w->out, w->is_geojson ? "," : ", ");
}

/// A list of positions.
static bool put_positions(walk *w, const head *h) {
    uint32_t n;
    if (!take_u32(w, &n) || n > (size_t)(w->end - w->at) / 16) return false;
    open_list(w, n);
    for (uint32_t i = 0; i < n; i++) {
        separate(w, i);
        if (!put_position(w, h)) return false;
    }
    close_list(w, n);
    return true;
}

/// A list of rings.
static bool put_rings(walk *w, const head *h) {
    uint32_t n;
    if (!take_u32(w, &n) || n > (size_t)(w->end - w->at) / 4) return false;
    open_list(w, n);
    for (uint32_t i = 0; i < n; i++) {
        separate(w, i);
        if (!put_positions(w, h)) return false;
    }
    close_list(w, n);
    return true;
}

/// A point's body. WKT brackets its one position; an empty point has NaN coordinates.
static bool put_point(walk *w, const head *h) {
    size_t n_bytes = (size_t)h->n_dimensions * 8;
    if ((size_t)(w->end - w->at) < n_bytes) return false;
    const unsigned char *start = w->at;
    bool is_empty = isnan(take_real(w));
    w->at = start;
    if (is_empty) {
        w->at += n_bytes;
        dosi_text_puts(w->out, w->is_geojson ? "[]" : "EMPTY");
        return true;
    }
    if (!w->is_geojson) dosi_text_putc(w->out, '(');
    if (!put_position(w, h)) return false;
    if (!w->is_geojson) dosi_text_putc(w->out, ')');
    return true;
}

/// The coordinates of a geometry without parts.
static bool put_simple(walk *w, const head *h) {
    if (h->kind == KIND_POINT) return put_point(w, h);
    return h->kind == KIND_LINE ? put_positions(w, h) : put_rings(w, h);
}

/// The parts of a multi-geometry: each has a head of its own, which must be of the right kind.
static bool put_multi(walk *w, const head *h) {
    uint32_t n;
    if (!take_u32(w, &n) || n > (size_t)(w->end - w->at) / 5) return false;
    open_list(w, n);
    for (uint32_t i = 0; i < n; i++) {
        separate(w, i);
        head part;
        if (!take_head(w, &part) || part.kind + 3 != h->kind) return false;
        if (!put_simple(w, &part)) return false;
    }
    close_list(w, n);
    return true;
}

static bool put_geometry(walk *w, unsigned depth);

/// The members of a collection.
static bool put_collection(walk *w, unsigned depth) {
    uint32_t n;
    if (!take_u32(w, &n) || n > (size_t)(w->end - w->at) / 5) return false;
    open_list(w, n);
    for (uint32_t i = 0; i < n; i++) {
        separate(w, i);
        if (!put_geometry(w, depth + 1)) return false;
    }
    close_list(w, n);
    return true;
}

/// A geometry of any kind; collections nest at most DEPTH_MAX deep.
static bool put_geometry(walk *w, unsigned depth) {
    head h;
    if (depth == DEPTH_MAX || !take_head(w, &h)) return false;
    if (w->is_geojson) {
        dosi_text_printf(w->out, "{\"type\":\"%s\",\"%s\":", geojson_names[h.kind],
                         h.kind == KIND_COLLECTION ? "geometries" : "coordinates");
    } else {
        dosi_text_printf(w->out, "%s %s", wkt_names[h.kind], h.has_z ? "Z " : "");
    }
    bool is_put = false;
    if (h.kind <= KIND_POLYGON) {
        is_put = put_simple(w, &h);
    } else if (h.kind < KIND_COLLECTION) {
        is_put = put_multi(w, &h);
    } else {
        is_put = put_collection(w, depth);
    }
    if (is_put && w->is_geojson) dosi_text_putc(w->out, '}');
    return is_put;
}

/// Walks the bytes; on failure takes back what was appended.
static dosi_status put(walk *w, dosi_error *err) {
    size_t length = w->out->length;
    const unsigned char *start = w->at;
    if (put_geometry(w, 0)) return DOSI_OK;
    if (w->out->data) {
        w->out->length = length;
        w->out->data[length] = '\0';
    }
    return dosi_fail(err, DOSI_PARSE, "no geometry that can be written: %zu of WKB, byte %zu",
                     (size_t)(w->end - start), (size_t)(w->at - start));
}

dosi_status dosi_wkb_put_geojson(
    dosi_text *out, const char *bytes, size_t n_bytes, int decimals, dosi_error *err) {
    assert(out && (bytes || n_bytes == 0));
    const unsigned char *start = (const unsigned char *)bytes;
    walk w = {start, n_bytes ? start + n_bytes : start, out, decimals, true, false};
    return put(&w, err);
}

dosi_status dosi_wkb_put_wkt(
    dosi_text *out, const char *bytes, size_t n_bytes, int decimals, dosi_error *err) {
    assert(out && (bytes || n_bytes == 0));
    const unsigned char *start = (const unsigned char *)bytes;
    walk w = {start, n_bytes ? start + n_bytes : start, out, decimals, false, false};
    return put(&w, err);
}
