// Walks over WKB without allocating: little and big endian, ISO and EWKB.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/// Fails at the reader's place.
static dosi_status broken(const dosi_wkb_reader *reader, const char *what, dosi_error *err) {
    return dosi_fail(err, DOSI_PARSE, "geometry: %s at byte %zu of %zu", what, reader->at,
                     reader->n_bytes);
}

static size_t bytes_left(const dosi_wkb_reader *reader) {
    return reader->n_bytes - reader->at;
}

static uint32_t word_at(const unsigned char *bytes, bool is_big_endian) {
    uint32_t word = 0;
    for (size_t i = 0; i < 4; i++) {
        size_t from = is_big_endian ? i : 3 - i;
        word = word << 8 | bytes[from];
    }
    return word;
}

static double real_at(const unsigned char *bytes, bool is_big_endian) {
    double value = 0;
    if (!is_big_endian) {
        memcpy(&value, bytes, sizeof value);
        return value;
    }
    unsigned char turned[8];
    for (size_t i = 0; i < 8; i++) turned[i] = bytes[7 - i];
    memcpy(&value, turned, sizeof value);
    return value;
}

/// Reads a count of things that take at least `item_bytes` each.
static dosi_status read_count(dosi_wkb_reader *reader,
                              bool is_big_endian,
                              size_t item_bytes,
                              uint32_t *out,
                              dosi_error *err) {
    if (bytes_left(reader) < 4) return broken(reader, "cut off", err);
    uint32_t count = word_at(reader->bytes + reader->at, is_big_endian);
    if (count > (bytes_left(reader) - 4) / item_bytes) {
        return broken(reader, "a count larger than what follows", err);
    }
    reader->at += 4;
    *out = count;
    return DOSI_OK;
}

/// Reads byte order and kind of one shape into reader->part.
static dosi_status read_head(dosi_wkb_reader *reader, dosi_shape *shape, dosi_error *err) {
    if (bytes_left(reader) < 5) return broken(reader, "cut off", err);
    const unsigned char *bytes = reader->bytes + reader->at;
    if (bytes[0] > 1) return broken(reader, "no byte order mark", err);
    bool is_big_endian = bytes[0] == 0;
    uint32_t code = word_at(bytes + 1, is_big_endian);
    uint32_t iso = (code & 0x0fffffffu) / 1000, kind = (code & 0x0fffffffu) % 1000;
    if (iso > 3 || kind < DOSI_SHAPE_POINT || kind > DOSI_SHAPE_COLLECTION) {
        return broken(reader, "a kind of shape that is not supported", err);
    }
    bool has_z = (code & 0x80000000u) || iso == 1 || iso == 3;
    bool has_m = (code & 0x40000000u) || iso == 2 || iso == 3;
    size_t head_bytes = (code & 0x20000000u) ? 9 : 5;
    if (bytes_left(reader) < head_bytes) return broken(reader, "cut off", err);
    reader->part.is_big_endian = is_big_endian;
    reader->part.stride_bytes = 16u + (has_z ? 8u : 0u) + (has_m ? 8u : 0u);
    *shape = (dosi_shape)kind;
    reader->at += head_bytes;
    return DOSI_OK;
}

/// Makes the next `n_points` coordinates the current part.
static void take_points(dosi_wkb_reader *reader, uint32_t n_points, dosi_wkb_part *out) {
    reader->part.n_points = n_points;
    reader->part.bytes = reader->bytes + reader->at;
    reader->at += (size_t)n_points * reader->part.stride_bytes;
    *out = reader->part;
}

/// Reads one counted run of coordinates.
static dosi_status read_run(dosi_wkb_reader *reader, dosi_wkb_part *out, dosi_error *err) {
    uint32_t n_points = 0;
    DOSI_TRY(read_count(reader, reader->part.is_big_endian, reader->part.stride_bytes,
                        &n_points, err));
    take_points(reader, n_points, out);
    return DOSI_OK;
}

/// Reads the one coordinate of a point; (NaN, NaN) is how WKB writes an empty point.
static dosi_status read_point(dosi_wkb_reader *reader, dosi_wkb_part *out, dosi_error *err) {
    if (bytes_left(reader) < reader->part.stride_bytes) return broken(reader, "cut off", err);
    take_points(reader, 1, out);
    double x = 0, y = 0;
    dosi_wkb_point(out, 0, &x, &y);
    if (isnan(x) && isnan(y)) out->n_points = 0;
    return DOSI_OK;
}

/// Whether a shape of this kind may stand in a holder of that kind.
static bool may_hold(dosi_shape holder, dosi_shape shape) {
    switch (holder) {
    case DOSI_SHAPE_MULTIPOINT:
        return shape == DOSI_SHAPE_POINT;
    case DOSI_SHAPE_MULTILINE:
        return shape == DOSI_SHAPE_LINE;
    case DOSI_SHAPE_MULTIPOLYGON:
        return shape == DOSI_SHAPE_POLYGON;
    default:
        return true;
    }
}

/// Starts the next shape. `*has_part` when it gave a part at once (points and lines).
static dosi_status open_shape(dosi_wkb_reader *reader,
                              dosi_wkb_part *out,
                              bool *has_part,
                              dosi_error *err) {
    dosi_shape shape = DOSI_SHAPE_POINT, holder = reader->holder[reader->depth - 1];
    DOSI_TRY(read_head(reader, &shape, err));
    if (!may_hold(holder, shape)) return broken(reader, "a member of the wrong kind", err);
    reader->left[reader->depth - 1]--;
    if (reader->n_bytes == reader->at && shape != DOSI_SHAPE_POINT) {
        return broken(reader, "cut off", err);
    }
    if (shape >= DOSI_SHAPE_MULTIPOINT) {
        if (reader->depth == DOSI_WKB_DEPTH) return broken(reader, "nested too deeply", err);
        uint32_t count = 0;
        DOSI_TRY(read_count(reader, reader->part.is_big_endian, 9, &count, err));
        reader->left[reader->depth] = count;
        reader->holder[reader->depth] = shape;
        reader->depth++;
        return DOSI_OK;
    }
    reader->part.shape = shape;
    reader->part.i_shape = reader->n_shapes++;
    reader->part.i_ring = 0;
    if (shape == DOSI_SHAPE_POLYGON) {
        return read_count(reader, reader->part.is_big_endian, 4, &reader->rings_left, err);
    }
    *has_part = true;
    return shape == DOSI_SHAPE_POINT ? read_point(reader, out, err)
                                     : read_run(reader, out, err);
}

/// One step of the walk; `*has_part` false at the end.
static dosi_status step(dosi_wkb_reader *reader,
                        dosi_wkb_part *out,
                        bool *has_part,
                        dosi_error *err) {
    *has_part = false;
    while (!*has_part) {
        if (reader->rings_left > 0) {
            DOSI_TRY(read_run(reader, out, err));
            reader->rings_left--;
            reader->part.i_ring++;
            *has_part = true;
            return DOSI_OK;
        }
        while (reader->depth > 0 && reader->left[reader->depth - 1] == 0) reader->depth--;
        if (reader->depth == 0) return DOSI_OK;
        DOSI_TRY(open_shape(reader, out, has_part, err));
    }
    return DOSI_OK;
}

/// A reader at the start of `bytes`.
static dosi_wkb_reader at_start(const void *bytes, size_t n_bytes) {
    dosi_wkb_reader reader = {.bytes = bytes, .n_bytes = n_bytes, .depth = 1};
    reader.left[0] = 1;
    reader.holder[0] = DOSI_SHAPE_COLLECTION;
    return reader;
}

dosi_status dosi_wkb_open(dosi_wkb_reader *reader,
                          const void *bytes,
                          size_t n_bytes,
                          dosi_error *err) {
    assert(reader && (bytes || n_bytes == 0));
    dosi_wkb_reader walk = at_start(bytes, n_bytes);
    dosi_wkb_part part;
    dosi_shape whole = DOSI_SHAPE_POINT;
    DOSI_TRY(read_head(&walk, &whole, err));
    walk = at_start(bytes, n_bytes);
    bool has_part = true;
    while (has_part) DOSI_TRY(step(&walk, &part, &has_part, err));
    if (walk.at != n_bytes) return broken(&walk, "bytes after its end", err);
    *reader = at_start(bytes, n_bytes);
    reader->shape = whole;
    return DOSI_OK;
}

bool dosi_wkb_next(dosi_wkb_reader *reader, dosi_wkb_part *out) {
    assert(reader && out);
    bool has_part = false;
    dosi_status status = step(reader, out, &has_part, NULL);
    assert(status == DOSI_OK && "dosi_wkb_open() has checked it");
    return status == DOSI_OK && has_part;
}

void dosi_wkb_point(const dosi_wkb_part *part, size_t i, double *x, double *y) {
    assert(part && i < part->n_points && x && y);
    const unsigned char *bytes = part->bytes + i * part->stride_bytes;
    *x = real_at(bytes, part->is_big_endian);
    *y = real_at(bytes + 8, part->is_big_endian);
}
