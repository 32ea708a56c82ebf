// Neighbourhood boundaries: Voronoi cells of the centres, cut by the outline, with edges made
// crooked the same way from both sides.

#include "sample/city.h"

#include <assert.h>
#include <geos_c.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CROOKED_LEVELS = 3, POINTS_PER_EDGE = 1 << CROOKED_LEVELS, MAX_RING = 4096 };

/// Rounds to a centimetre, so that both neighbours of an edge see the same end points.
static double rounded(double metres) {
    return floor(metres * 100.0 + 0.5) / 100.0;
}

static GEOSGeometry *make_polygon(GEOSContextHandle_t geos,
                                  const double *x,
                                  const double *y,
                                  size_t n) {
    GEOSCoordSequence *points = GEOSCoordSeq_create_r(geos, (unsigned)n + 1, 2);
    if (!points) return NULL;
    for (size_t i = 0; i <= n; i++) {
        (void)GEOSCoordSeq_setXY_r(geos, points, (unsigned)i, x[i % n], y[i % n]);
    }
    GEOSGeometry *ring = GEOSGeom_createLinearRing_r(geos, points);
    return ring ? GEOSGeom_createPolygon_r(geos, ring, NULL, 0) : NULL;
}

static GEOSGeometry *make_multipoint(GEOSContextHandle_t geos, const sample_points *points) {
    GEOSGeometry **parts = calloc(points->n, sizeof *parts);
    if (!parts) return NULL;
    for (size_t i = 0; i < points->n; i++) {
        parts[i] = GEOSGeom_createPointFromXY_r(geos, points->x[i], points->y[i]);
    }
    GEOSGeometry *all =
        GEOSGeom_createCollection_r(geos, GEOS_MULTIPOINT, parts, (unsigned)points->n);
    free(parts);
    return all;
}

/// Which centre lies in `cell`; -1 when none does.
static int centre_in(GEOSContextHandle_t geos,
                     const sample_city *city,
                     const GEOSGeometry *cell) {
    double west;
    double south;
    double east;
    double north;
    if (!GEOSGeom_getXMin_r(geos, cell, &west) || !GEOSGeom_getYMin_r(geos, cell, &south) ||
        !GEOSGeom_getXMax_r(geos, cell, &east) || !GEOSGeom_getYMax_r(geos, cell, &north)) {
        return -1;
    }
    for (size_t i = 0; i < city->dong.n; i++) {
        double x = city->dong.x[i];
        double y = city->dong.y[i];
        if (x < west || x > east || y < south || y > north) continue;
        GEOSGeometry *point = GEOSGeom_createPointFromXY_r(geos, x, y);
        bool is_inside = point && GEOSContains_r(geos, cell, point) == 1;
        GEOSGeom_destroy_r(geos, point);
        if (is_inside) return (int)i;
    }
    return -1;
}

/// The largest polygon of `shape` (itself, when it is one).
static const GEOSGeometry *largest_part(GEOSContextHandle_t geos, const GEOSGeometry *shape) {
    const GEOSGeometry *largest = NULL;
    double best = -1.0;
    int n_parts = GEOSGetNumGeometries_r(geos, shape);
    for (int i = 0; i < n_parts; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, shape, i);
        double area = 0.0;
        if (GEOSGeomTypeId_r(geos, part) != GEOS_POLYGON) continue;
        if (GEOSArea_r(geos, part, &area) && area > best) {
            best = area;
            largest = part;
        }
    }
    return largest;
}

/// A ring under construction.
typedef struct ring {
    size_t n;
    double x[MAX_RING], y[MAX_RING];
} ring;

static void ring_add(ring *out, double x, double y) {
    if (out->n >= MAX_RING) return;
    out->x[out->n] = x;
    out->y[out->n] = y;
    out->n++;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Displaces the midpoints of the edge (x[0], y[0]) .. (x[n], y[n]), n a power of two.
static void displace(dosi_random *random, double *x, double *y, size_t n) {
    for (size_t step = n; step > 1; step /= 2) {
        for (size_t i = 0; i < n; i += step) {
            double dx = x[i + step] - x[i];
            double dy = y[i + step] - y[i];
            double shift = 0.16 * (dosi_random_uniform(random) - 0.5);
            x[i + step / 2] = rounded(x[i] + 0.5 * dx - shift * dy);
            y[i + step / 2] = rounded(y[i] + 0.5 * dy + shift * dx);
        }
    }
}

/// Adds the crooked edge from a to b, without b. The same from b to a, turned round.
static void add_edge(uint64_t seed, ring *out, double ax, double ay, double bx, double by) {
    if (hypot(bx - ax, by - ay) < 250.0) {
        ring_add(out, ax, ay);
        return;
    }
    bool is_turned = bx < ax || (bx == ax && by < ay);
    double x[POINTS_PER_EDGE + 1];
    double y[POINTS_PER_EDGE + 1];
    x[0] = is_turned ? bx : ax;
    y[0] = is_turned ? by : ay;
    x[POINTS_PER_EDGE] = is_turned ? ax : bx;
    y[POINTS_PER_EDGE] = is_turned ? ay : by;
    uint64_t key = bits_of(x[0]) * 3 ^ bits_of(y[0]) * 5 ^ bits_of(x[POINTS_PER_EDGE]) * 7 ^
                   bits_of(y[POINTS_PER_EDGE]) * 11;
    dosi_random random = dosi_random_init(seed, STREAM_EDGES + key);
    displace(&random, x, y, POINTS_PER_EDGE);
    for (size_t k = 0; k < POINTS_PER_EDGE; k++) {
        size_t i = is_turned ? POINTS_PER_EDGE - k : k;
        ring_add(out, x[i], y[i]);
    }
}

/// The crooked ring of one polygon.
static dosi_status crook(GEOSContextHandle_t geos,
                         uint64_t seed,
                         const GEOSGeometry *polygon,
                         ring *out) {
    const GEOSGeometry *outer = GEOSGetExteriorRing_r(geos, polygon);
    const GEOSCoordSequence *points = outer ? GEOSGeom_getCoordSeq_r(geos, outer) : NULL;
    unsigned n_points = 0;
    if (!points || !GEOSCoordSeq_getSize_r(geos, points, &n_points)) return DOSI_NO_MEMORY;
    out->n = 0;
    double before_x = 0.0;
    double before_y = 0.0;
    for (unsigned i = 0; i < n_points; i++) {
        double x = 0.0;
        double y = 0.0;
        if (!GEOSCoordSeq_getXY_r(geos, points, i, &x, &y)) return DOSI_NO_MEMORY;
        x = rounded(x);
        y = rounded(y);
        bool is_new = i == 0 || x != before_x || y != before_y;
        if (i > 0 && is_new) add_edge(seed, out, before_x, before_y, x, y);
        before_x = x;
        before_y = y;
    }
    return out->n >= 3 && out->n < MAX_RING ? DOSI_OK : DOSI_LIMIT;
}

static double ring_area(const ring *r) {
    assert(r->n >= 3);
    double twice = 0.0;
    for (size_t i = 0, j = r->n - 1; i < r->n; j = i++) {
        twice += (r->x[j] - r->x[0]) * (r->y[i] - r->y[0]) -
                 (r->x[i] - r->x[0]) * (r->y[j] - r->y[0]);
    }
    return fabs(twice) / 2.0;
}

static dosi_status append_ring(sample_city *city,
                               const ring *r,
                               size_t dong,
                               size_t *capacity) {
    if (city->rings.n + r->n > *capacity) {
        size_t wanted = 2 * (city->rings.n + r->n);
        double *x = realloc(city->rings.x, wanted * sizeof *x);
        if (x) city->rings.x = x;
        double *y = realloc(city->rings.y, wanted * sizeof *y);
        if (y) city->rings.y = y;
        if (!x || !y) return DOSI_NO_MEMORY;
        *capacity = wanted;
    }
    memcpy(city->rings.x + city->rings.n, r->x, r->n * sizeof *r->x);
    memcpy(city->rings.y + city->rings.n, r->y, r->n * sizeof *r->y);
    city->ring_start[dong] = city->rings.n;
    city->rings.n += r->n;
    city->ring_start[dong + 1] = city->rings.n;
    city->dong_area_m2[dong] = ring_area(r);
    return DOSI_OK;
}

/// Cell by centre: the Voronoi polygons, in the order of the centres (entries borrowed).
static dosi_status match_cells(GEOSContextHandle_t geos,
                               const sample_city *city,
                               const GEOSGeometry *diagram,
                               const GEOSGeometry **cells,
                               dosi_error *err) {
    int n_cells = GEOSGetNumGeometries_r(geos, diagram);
    for (int c = 0; c < n_cells; c++) {
        const GEOSGeometry *cell = GEOSGetGeometryN_r(geos, diagram, c);
        int dong = centre_in(geos, city, cell);
        if (dong >= 0) cells[dong] = cell;
    }
    for (size_t i = 0; i < city->dong.n; i++) {
        if (!cells[i]) return dosi_fail(err, DOSI_IO, "neighbourhood %zu got no cell", i);
    }
    return DOSI_OK;
}

static dosi_status cut_cells(GEOSContextHandle_t geos,
                             sample_city *city,
                             const GEOSGeometry *outline,
                             const GEOSGeometry **cells,
                             dosi_error *err) {
    size_t capacity = 0;
    ring *r = calloc(1, sizeof *r);
    dosi_status status = r ? DOSI_OK : DOSI_NO_MEMORY;
    for (size_t i = 0; i < city->dong.n && status == DOSI_OK; i++) {
        GEOSGeometry *cut = GEOSIntersection_r(geos, cells[i], outline);
        const GEOSGeometry *part = cut ? largest_part(geos, cut) : NULL;
        status = part ? crook(geos, city->seed, part, r)
                      : dosi_fail(err, DOSI_IO, "neighbourhood %zu has no area", i);
        if (status == DOSI_OK) status = append_ring(city, r, i, &capacity);
        GEOSGeom_destroy_r(geos, cut);
    }
    free(r);
    return status;
}

dosi_status sample_draw_rings(sample_city *city, dosi_error *err) {
    assert(city);
    GEOSContextHandle_t geos = GEOS_init_r();
    if (!geos) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the city's boundaries");
    const GEOSGeometry **cells = calloc(city->dong.n, sizeof *cells);
    GEOSGeometry *outline =
        make_polygon(geos, city->outline.x, city->outline.y, city->outline.n);
    GEOSGeometry *centres = make_multipoint(geos, &city->dong);
    GEOSGeometry *room = outline ? GEOSBuffer_r(geos, outline, city->size.radius_m, 4) : NULL;
    GEOSGeometry *diagram =
        centres && room ? GEOSVoronoiDiagram_r(geos, centres, room, 0.0, 0) : NULL;
    dosi_status status = DOSI_NO_MEMORY;
    if (cells && diagram) {
        status = match_cells(geos, city, diagram, cells, err);
        if (status == DOSI_OK) status = cut_cells(geos, city, outline, cells, err);
    }
    GEOSGeom_destroy_r(geos, diagram);
    GEOSGeom_destroy_r(geos, room);
    GEOSGeom_destroy_r(geos, centres);
    GEOSGeom_destroy_r(geos, outline);
    free(cells);
    GEOS_finish_r(geos);
    return status;
}
