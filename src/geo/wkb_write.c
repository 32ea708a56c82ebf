// Writes WKB: little endian, x and y only.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_word(dosi_text *out, uint32_t word) {
    char bytes[4];
    for (size_t i = 0; i < 4; i++) bytes[i] = (char)(word >> (8 * i) & 0xff);
    dosi_text_append(out, bytes, sizeof bytes);
}

static void put_head(dosi_text *out, dosi_shape shape) {
    dosi_text_putc(out, 1);
    put_word(out, (uint32_t)shape);
}

static void put_xy(dosi_text *out, double x, double y) {
    double xy[2] = {x, y};
    char bytes[sizeof xy];
    memcpy(bytes, xy, sizeof xy);
    dosi_text_append(out, bytes, sizeof bytes);
}

static void put_points(dosi_text *out, const double *x, const double *y, size_t n) {
    put_word(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) put_xy(out, x[i], y[i]);
}

void dosi_wkb_put_point(dosi_text *out, double x, double y) {
    put_head(out, DOSI_SHAPE_POINT);
    put_xy(out, x, y);
}

void dosi_wkb_put_line(dosi_text *out, const double *x, const double *y, size_t n) {
    assert(n <= UINT32_MAX);
    put_head(out, DOSI_SHAPE_LINE);
    put_points(out, x, y, n);
}

void dosi_wkb_put_polygon(
    dosi_text *out, const double *x, const double *y, const size_t *ring_end, size_t n_rings) {
    assert(n_rings <= UINT32_MAX);
    put_head(out, DOSI_SHAPE_POLYGON);
    put_word(out, (uint32_t)n_rings);
    size_t start = 0;
    for (size_t i = 0; i < n_rings; i++) {
        put_points(out, x + start, y + start, ring_end[i] - start);
        start = ring_end[i];
    }
}

void dosi_wkb_put_multi(dosi_text *out, dosi_shape shape, uint32_t n) {
    assert(shape >= DOSI_SHAPE_MULTIPOINT && shape <= DOSI_SHAPE_COLLECTION);
    put_head(out, shape);
    put_word(out, n);
}

// --- projected copies ----------------------------------------------------------------------

/// Room for the coordinates of one part.
typedef struct scratch {
    double *x, *y;
    size_t capacity;
} scratch;

static dosi_status make_room(scratch *room, size_t n) {
    if (n <= room->capacity) return DOSI_OK;
    free(room->x);
    free(room->y);
    room->x = malloc(n * sizeof *room->x);
    room->y = malloc(n * sizeof *room->y);
    room->capacity = room->x && room->y ? n : 0;
    return room->capacity ? DOSI_OK : DOSI_NO_MEMORY;
}

/// Loads and transforms a part; false names the first point that was lost.
static dosi_status load_part(scratch *room,
                             const dosi_wkb_part *part,
                             const dosi_projection *projection,
                             dosi_error *err) {
    size_t n = part->n_points;
    if (n == 0) return DOSI_OK;
    DOSI_TRY(make_room(room, n));
    for (size_t i = 0; i < n; i++) dosi_wkb_point(part, i, &room->x[i], &room->y[i]);
    if (dosi_projection_apply(projection, room->x, room->y, n, false) == 0) return DOSI_OK;
    size_t lost = 0;
    while (isfinite(room->x[lost])) lost++;
    double x = 0, y = 0;
    dosi_wkb_point(part, lost, &x, &y);
    return dosi_fail(err, DOSI_DOMAIN, "the point (%.10g, %.10g) cannot be transformed", x, y);
}

/// Rings that follow in the same polygon, this one included.
static uint32_t count_rings(const dosi_wkb_reader *reader, const dosi_wkb_part *first) {
    dosi_wkb_reader ahead = *reader;
    dosi_wkb_part part;
    uint32_t n = 1;
    while (dosi_wkb_next(&ahead, &part) && part.i_shape == first->i_shape) n++;
    return n;
}

/// How many shapes of the whole have parts.
static uint32_t count_shapes(dosi_wkb_reader reader) {
    dosi_wkb_part part;
    uint32_t n = 0;
    while (dosi_wkb_next(&reader, &part)) n += part.i_ring == 0;
    return n;
}

/// Appends one loaded part, with the head of its shape when it opens one.
static void put_part(dosi_text *out,
                     const dosi_wkb_reader *reader,
                     const dosi_wkb_part *part,
                     const scratch *room) {
    if (part->i_ring == 0) put_head(out, part->shape);
    if (part->shape == DOSI_SHAPE_POINT) {
        bool is_empty = part->n_points == 0;
        put_xy(out, is_empty ? (double)NAN : room->x[0], is_empty ? (double)NAN : room->y[0]);
        return;
    }
    if (part->shape == DOSI_SHAPE_POLYGON && part->i_ring == 0) {
        put_word(out, count_rings(reader, part));
    }
    put_points(out, room->x, room->y, part->n_points);
}

dosi_status dosi_wkb_project(const void *bytes,
                             size_t n_bytes,
                             const dosi_projection *projection,
                             dosi_text *out,
                             dosi_error *err) {
    assert(projection && out);
    dosi_wkb_reader reader;
    DOSI_TRY(dosi_wkb_open(&reader, bytes, n_bytes, err));
    uint32_t n_shapes = count_shapes(reader);
    size_t start = out->length;
    if (reader.shape >= DOSI_SHAPE_MULTIPOINT) {
        dosi_wkb_put_multi(out, reader.shape, n_shapes);
    } else if (n_shapes == 0) {
        dosi_wkb_put_polygon(out, NULL, NULL, NULL, 0);
    }
    scratch room = {0};
    dosi_wkb_part part;
    dosi_status status = DOSI_OK;
    while (status == DOSI_OK && dosi_wkb_next(&reader, &part)) {
        status = load_part(&room, &part, projection, err);
        if (status == DOSI_OK) put_part(out, &reader, &part, &room);
    }
    free(room.x);
    free(room.y);
    if (status == DOSI_OK) return dosi_text_status(out, err);
    if (out->status == DOSI_OK && out->data) {
        out->length = start;
        out->data[start] = '\0';
    }
    return status;
}
