// Polygons as arrays: loading from WKB, area, centroid, containment; boxes of any shape.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void dosi_polygon_clear(dosi_polygon *polygon) {
    assert(polygon);
    free(polygon->x);
    free(polygon->y);
    free(polygon->ring_end);
    *polygon = (dosi_polygon){0};
}

/// Twice the signed area of a closed ring; counterclockwise is positive.
static double ring_area2(const double *x, const double *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        sum += (x[i] - x[0]) * (y[i + 1] - y[0]) - (x[i + 1] - x[0]) * (y[i] - y[0]);
    }
    return sum;
}

static void reverse(double *values, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        double kept = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = kept;
    }
}

/// Allocates room for the polygon parts that `reader` will give.
static dosi_status make_room(dosi_wkb_reader reader, dosi_polygon *out) {
    size_t n_points = 0, n_rings = 0;
    dosi_wkb_part part;
    while (dosi_wkb_next(&reader, &part)) {
        if (part.shape != DOSI_SHAPE_POLYGON) continue;
        n_points += (size_t)part.n_points + 1;
        n_rings++;
    }
    out->x = malloc((n_points + 1) * sizeof *out->x);
    out->y = malloc((n_points + 1) * sizeof *out->y);
    out->ring_end = malloc((n_rings + 1) * sizeof *out->ring_end);
    return out->x && out->y && out->ring_end ? DOSI_OK : DOSI_NO_MEMORY;
}

/// Adds one ring: copied, projected, checked, closed, and turned.
static dosi_status add_ring(dosi_polygon *polygon,
                            const dosi_wkb_part *part,
                            const dosi_projection *projection,
                            dosi_error *err) {
    size_t n = part->n_points;
    if (n == 0) return DOSI_OK;
    double *x = polygon->x + polygon->n_points, *y = polygon->y + polygon->n_points;
    for (size_t i = 0; i < n; i++) dosi_wkb_point(part, i, &x[i], &y[i]);
    if (projection) (void)dosi_projection_apply(projection, x, y, n, false);
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) continue;
        double lost_x = 0, lost_y = 0;
        dosi_wkb_point(part, i, &lost_x, &lost_y);
        return dosi_fail(err, DOSI_DOMAIN,
                         "polygon: point %zu of ring %u (%g, %g) is not usable", i,
                         part->i_ring, lost_x, lost_y);
    }
    bool is_closed = x[0] == x[n - 1] && y[0] == y[n - 1];
    if (!is_closed) {
        x[n] = x[0];
        y[n] = y[0];
        n++;
    }
    bool is_hole = part->i_ring > 0;
    if ((ring_area2(x, y, n) < 0) != is_hole) {
        reverse(x, n);
        reverse(y, n);
    }
    polygon->n_points += n;
    polygon->ring_end[polygon->n_rings++] = polygon->n_points;
    return DOSI_OK;
}

/// Bounds of n points, NaN when there is none.
static void find_box(const double *x, const double *y, size_t n, double *box) {
    for (size_t i = 0; i < 4; i++) box[i] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        box[0] = fmin(box[0], x[i]);
        box[1] = fmin(box[1], y[i]);
        box[2] = fmax(box[2], x[i]);
        box[3] = fmax(box[3], y[i]);
    }
}

/// Loads all rings of the polygons that `reader` gives into `out`, which is empty.
static dosi_status load_rings(dosi_wkb_reader reader,
                              const dosi_projection *projection,
                              dosi_polygon *out,
                              dosi_error *err) {
    DOSI_TRY(make_room(reader, out));
    dosi_wkb_part part;
    bool has_shell = false; // what has none has no holes
    while (dosi_wkb_next(&reader, &part)) {
        if (part.shape != DOSI_SHAPE_POLYGON) continue;
        if (part.i_ring > 0 && !has_shell) continue;
        size_t before = out->n_rings;
        DOSI_TRY(add_ring(out, &part, projection, err));
        if (part.i_ring == 0) has_shell = out->n_rings > before;
    }
    find_box(out->x, out->y, out->n_points, out->box);
    return DOSI_OK; // NOLINT(clang-analyzer-unix.Malloc): `out` holds it, its owner clears
}

dosi_status dosi_polygon_load(const void *bytes,
                              size_t n_bytes,
                              const dosi_projection *projection,
                              dosi_polygon *out,
                              dosi_error *err) {
    assert(out);
    dosi_wkb_reader reader;
    DOSI_TRY(dosi_wkb_open(&reader, bytes, n_bytes, err));
    memset(out, 0, sizeof *out);
    dosi_status status = load_rings(reader, projection, out, err);
    if (status != DOSI_OK) dosi_polygon_clear(out);
    return status;
}

/// First point of ring `i`.
static size_t ring_start(const dosi_polygon *polygon, size_t i) {
    return i == 0 ? 0 : polygon->ring_end[i - 1];
}

double dosi_polygon_area(const dosi_polygon *polygon) {
    assert(polygon);
    double sum = 0;
    for (size_t i = 0; i < polygon->n_rings; i++) {
        size_t start = ring_start(polygon, i);
        sum += ring_area2(polygon->x + start, polygon->y + start, polygon->ring_end[i] - start);
    }
    return sum / 2;
}

void dosi_polygon_centroid(const dosi_polygon *polygon, double *x, double *y) {
    assert(polygon && x && y);
    double area = 0, moment_x = 0, moment_y = 0;
    double x0 = polygon->box[0], y0 = polygon->box[1];
    for (size_t i = 0; i < polygon->n_rings; i++) {
        for (size_t j = ring_start(polygon, i); j + 1 < polygon->ring_end[i]; j++) {
            double ax = polygon->x[j] - x0, ay = polygon->y[j] - y0;
            double bx = polygon->x[j + 1] - x0, by = polygon->y[j + 1] - y0;
            double cross = ax * by - bx * ay;
            area += cross;
            moment_x += (ax + bx) * cross;
            moment_y += (ay + by) * cross;
        }
    }
    *x = area > 0 ? x0 + moment_x / (3 * area) : (double)NAN;
    *y = area > 0 ? y0 + moment_y / (3 * area) : (double)NAN;
}

/// Whether the ray from (x, y) to the east crosses the edge. Computed from the lower end, so
/// that both neighbours of a shared edge see the same crossing.
static bool crosses(double ax, double ay, double bx, double by, double x, double y) {
    if ((ay <= y) == (by <= y)) return false;
    if (ay > by) {
        double kept_x = ax, kept_y = ay;
        ax = bx, ay = by;
        bx = kept_x, by = kept_y;
    }
    return x < ax + (y - ay) / (by - ay) * (bx - ax);
}

bool dosi_polygon_contains(const dosi_polygon *polygon, double x, double y) {
    assert(polygon);
    const double *box = polygon->box;
    if (!(x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3])) return false;
    bool is_inside = false;
    for (size_t i = 0; i < polygon->n_rings; i++) {
        for (size_t j = ring_start(polygon, i); j + 1 < polygon->ring_end[i]; j++) {
            is_inside ^= crosses(polygon->x[j], polygon->y[j], polygon->x[j + 1],
                                 polygon->y[j + 1], x, y);
        }
    }
    return is_inside;
}

// --- any shape -----------------------------------------------------------------------------

dosi_status dosi_wkb_box(const void *bytes, size_t n_bytes, double *box, dosi_error *err) {
    assert(box);
    dosi_wkb_reader reader;
    DOSI_TRY(dosi_wkb_open(&reader, bytes, n_bytes, err));
    for (size_t i = 0; i < 4; i++) box[i] = (double)NAN;
    dosi_wkb_part part;
    while (dosi_wkb_next(&reader, &part)) {
        for (size_t i = 0; i < part.n_points; i++) {
            double x = 0, y = 0;
            dosi_wkb_point(&part, i, &x, &y);
            box[0] = fmin(box[0], x);
            box[1] = fmin(box[1], y);
            box[2] = fmax(box[2], x);
            box[3] = fmax(box[3], y);
        }
    }
    return DOSI_OK;
}

/// Centre of the lines of a shape, weighted by length; false when there is no length.
static bool line_centre(dosi_wkb_reader reader, double *x, double *y) {
    double total = 0, sum_x = 0, sum_y = 0;
    dosi_wkb_part part;
    while (dosi_wkb_next(&reader, &part)) {
        for (size_t i = 0; i + 1 < part.n_points; i++) {
            double ax = 0, ay = 0, bx = 0, by = 0;
            dosi_wkb_point(&part, i, &ax, &ay);
            dosi_wkb_point(&part, i + 1, &bx, &by);
            double length = hypot(bx - ax, by - ay);
            total += length;
            sum_x += length * (ax + bx) / 2;
            sum_y += length * (ay + by) / 2;
        }
    }
    *x = sum_x / total;
    *y = sum_y / total;
    return total > 0;
}

/// Mean of the points of a shape; NaN when there is none.
static void point_centre(dosi_wkb_reader reader, double *x, double *y) {
    double n = 0, sum_x = 0, sum_y = 0;
    dosi_wkb_part part;
    while (dosi_wkb_next(&reader, &part)) {
        for (size_t i = 0; i < part.n_points; i++) {
            double at_x = 0, at_y = 0;
            dosi_wkb_point(&part, i, &at_x, &at_y);
            sum_x += at_x;
            sum_y += at_y;
            n += 1;
        }
    }
    *x = n > 0 ? sum_x / n : (double)NAN;
    *y = n > 0 ? sum_y / n : (double)NAN;
}

dosi_status dosi_wkb_centroid(
    const void *bytes, size_t n_bytes, double *x, double *y, dosi_error *err) {
    assert(x && y);
    dosi_polygon polygon = {0};
    DOSI_TRY(dosi_polygon_load(bytes, n_bytes, NULL, &polygon, err));
    dosi_polygon_centroid(&polygon, x, y);
    dosi_polygon_clear(&polygon);
    if (isfinite(*x)) return DOSI_OK;
    dosi_wkb_reader reader;
    DOSI_TRY(dosi_wkb_open(&reader, bytes, n_bytes, err));
    if (!line_centre(reader, x, y)) point_centre(reader, x, y);
    return DOSI_OK;
}
