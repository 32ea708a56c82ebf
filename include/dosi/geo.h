/// @file geo.h
/// Where things are: projections, shapes as WKB, regular grids, and who is nearest.
///
/// (As GeoJSON and WKT they are written by table/wkb.h.)
/// Coordinates are always x then y: longitude then latitude in degrees, or east then north in
/// metres. Shapes are WKB (OGC and ISO; EWKB is read too). Measures are planar: project first.
#ifndef DOSI_GEO_H
#define DOSI_GEO_H

#include "dosi/run.h"
#include "dosi/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DOSI_SRID_LONLAT = 4326, ///< Longitude, latitude (OGC:CRS84): what tables and lake hold.
    DOSI_SRID_KOREA = 5186,  ///< Korea 2000 / Central Belt 2010: metres, for all metric work.
    DOSI_NEAREST_MAX = 1024  ///< Most neighbours of one question.
};

// --- projections -------------------------------------------------------------------------

/// A transformation between two coordinate systems, with a PROJ context of its own. Not for
/// two threads at once: make one per thread.
typedef struct dosi_projection dosi_projection;

/// Makes the transformation from EPSG code `from_srid` to `to_srid`. Axis order is x, y on
/// both sides, whatever the authority says.
/// @return DOSI_OK; DOSI_NOT_FOUND when there is no such system; DOSI_NO_MEMORY.
/// Cost: milliseconds (PROJ reads its database).
DOSI_API DOSI_CHECKED dosi_status dosi_projection_create(int from_srid,
                                                         int to_srid,
                                                         dosi_projection **out,
                                                         dosi_error *err);

/// The same from any text that PROJ knows: "EPSG:5174", "+proj=tmerc ...", WKT.
DOSI_API DOSI_CHECKED dosi_status dosi_projection_create_text(const char *from,
                                                              const char *to,
                                                              dosi_projection **out,
                                                              dosi_error *err);

/// Frees; accepts NULL.
DOSI_API void dosi_projection_destroy(dosi_projection *projection);

/// Transforms `n` points in place. A point that cannot be transformed becomes (NaN, NaN).
/// @param is_inverse  From `to` back to `from`.
/// @return How many points became NaN.
DOSI_API size_t dosi_projection_apply(
    const dosi_projection *projection, double *x, double *y, size_t n, bool is_inverse);

/// Great-circle distance of two places in degrees, metres, on a sphere of 6,371,008.8 m.
DOSI_API double dosi_lonlat_distance_m(double lon1, double lat1, double lon2, double lat2);

// --- shapes: reading and writing WKB -----------------------------------------------------

typedef enum dosi_shape {
    DOSI_SHAPE_POINT = 1,
    DOSI_SHAPE_LINE = 2,
    DOSI_SHAPE_POLYGON = 3,
    DOSI_SHAPE_MULTIPOINT = 4,
    DOSI_SHAPE_MULTILINE = 5,
    DOSI_SHAPE_MULTIPOLYGON = 6,
    DOSI_SHAPE_COLLECTION = 7,
} dosi_shape;

enum { DOSI_WKB_DEPTH = 16 };

/// One run of coordinates of a shape: a point, a line, or one ring of a polygon.
typedef struct dosi_wkb_part {
    dosi_shape shape;  ///< POINT, LINE or POLYGON.
    uint32_t i_shape;  ///< Which simple shape of the whole this is (part of), from 0.
    uint32_t i_ring;   ///< POLYGON: ring of it; 0 is the outer one.
    uint32_t n_points; ///< 0 for an empty point.
    const unsigned char *bytes;
    uint32_t stride_bytes; ///< From point to point: 16, 24 or 32 (Z and M are passed over).
    bool is_big_endian;
} dosi_wkb_part;

/// Walks over the parts of one shape without allocating.
typedef struct dosi_wkb_reader {
    dosi_shape shape; ///< Of the whole.
    const unsigned char *bytes;
    size_t n_bytes, at;
    unsigned depth;
    uint32_t left[DOSI_WKB_DEPTH];     ///< Members still to come at each open level.
    dosi_shape holder[DOSI_WKB_DEPTH]; ///< What is open at each level.
    dosi_wkb_part part;                ///< Of the polygon being read.
    uint32_t rings_left;
    uint32_t n_shapes;
} dosi_wkb_reader;

/// Checks that `bytes` are one whole well-formed shape (counts, lengths, kinds, nesting of at
/// most DOSI_WKB_DEPTH) and prepares to walk over it; `bytes` are borrowed. Coordinates may
/// still be NaN or infinite.
/// @return DOSI_OK; DOSI_PARSE naming the byte. Cost: O(parts).
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_open(dosi_wkb_reader *reader,
                                                const void *bytes,
                                                size_t n_bytes,
                                                dosi_error *err);

/// The next part; false when there is none.
DOSI_API bool dosi_wkb_next(dosi_wkb_reader *reader, dosi_wkb_part *out);

/// Point `i` of a part.
DOSI_API void dosi_wkb_point(const dosi_wkb_part *part, size_t i, double *x, double *y);

/// Appends a point.
DOSI_API void dosi_wkb_put_point(dosi_text *out, double x, double y);

/// Appends a line of `n` points.
DOSI_API void dosi_wkb_put_line(dosi_text *out, const double *x, const double *y, size_t n);

/// Appends a polygon.
/// @param ring_end  (n_rings) index one past each ring's last point in x and y; rings are
///                  closed (first point repeated), the outer one first.
DOSI_API void dosi_wkb_put_polygon(
    dosi_text *out, const double *x, const double *y, const size_t *ring_end, size_t n_rings);

/// Appends the head of a MULTI... or COLLECTION of `n` shapes, to be appended after it.
DOSI_API void dosi_wkb_put_multi(dosi_text *out, dosi_shape shape, uint32_t n);

/// Appends the shape with its points transformed (little endian, Z and M left out).
/// @return DOSI_OK; DOSI_PARSE; DOSI_DOMAIN naming a point that cannot be transformed.
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_project(const void *bytes,
                                                   size_t n_bytes,
                                                   const dosi_projection *projection,
                                                   dosi_text *out,
                                                   dosi_error *err);

/// Bounding box: west, south, east, north; NaN for a shape without points.
/// @param box  (4)
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_box(const void *bytes,
                                               size_t n_bytes,
                                               double *box,
                                               dosi_error *err);

/// A place to stand for the shape: centroid of its area, else of its lines' points, else of
/// its points. NaN for a shape without points.
DOSI_API DOSI_CHECKED dosi_status
dosi_wkb_centroid(const void *bytes, size_t n_bytes, double *x, double *y, dosi_error *err);

/// Whether the shape is valid as OGC Simple Features say; if not, `reason` names what and
/// where: "Self-intersection at 127.01 37.5".
/// @param reason  (n_reason) out, "" when valid; may be NULL.
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_is_valid(const void *bytes,
                                                    size_t n_bytes,
                                                    bool *is_valid,
                                                    char *reason,
                                                    size_t n_reason,
                                                    dosi_error *err);

/// Appends a valid shape that covers the same place (GEOS MakeValid); polygons stay polygons.
/// @return DOSI_OK; DOSI_DOMAIN when nothing with an area is left; DOSI_PARSE.
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_repair(const void *bytes,
                                                  size_t n_bytes,
                                                  dosi_text *out,
                                                  dosi_error *err);

/// Borrowed bytes of one shape.
typedef struct dosi_bytes {
    const void *data;
    size_t length;
} dosi_bytes;

/// Appends the union of shapes (GEOS unary union): what the shapes share inside goes.
/// @param hole_area  Holes of a smaller area, in square units of the coordinates, are filled:
///                   slivers between outlines that were drawn apart. 0: none.
/// @return DOSI_OK; DOSI_PARSE (not WKB); DOSI_DOMAIN (they cannot be joined, or leave
///         nothing); DOSI_NO_MEMORY. Cost: n log n points.
DOSI_API DOSI_CHECKED dosi_status dosi_wkb_union(const dosi_bytes *shapes,
                                                 size_t n_shapes,
                                                 double hole_area,
                                                 dosi_text *out,
                                                 dosi_error *err);

// --- polygons as arrays ------------------------------------------------------------------

/// The polygons of one shape, rings laid end to end and turned: outer rings counterclockwise,
/// holes clockwise. Give back with dosi_polygon_clear().
typedef struct dosi_polygon {
    double *x; ///< (n_points)
    double *y;
    size_t n_points;
    size_t *ring_end; ///< (n_rings) one past each ring's last point; rings are closed.
    size_t n_rings;
    double box[4]; ///< West, south, east, north; NaN when empty.
} dosi_polygon;

/// Loads the polygons of a shape (points and lines are passed over). On failure `out` is empty.
/// @param projection  Applied forwards to every point; NULL: none.
/// @return DOSI_OK; DOSI_PARSE; DOSI_DOMAIN (a coordinate not finite); DOSI_NO_MEMORY.
DOSI_API DOSI_CHECKED dosi_status dosi_polygon_load(const void *bytes,
                                                    size_t n_bytes,
                                                    const dosi_projection *projection,
                                                    dosi_polygon *out,
                                                    dosi_error *err);

/// Frees what a polygon holds; it is then empty.
DOSI_API void dosi_polygon_clear(dosi_polygon *polygon);

/// Area, in the square of the coordinates' unit; holes count as nothing.
DOSI_API double dosi_polygon_area(const dosi_polygon *polygon);

/// Centroid of the area; NaN when there is no area.
DOSI_API void dosi_polygon_centroid(const dosi_polygon *polygon, double *x, double *y);

/// Whether a point is inside. Of polygons that share a border, a point on it is in one.
/// Cost: O(n_points).
DOSI_API bool dosi_polygon_contains(const dosi_polygon *polygon, double x, double y);

// --- grids -------------------------------------------------------------------------------

/// A regular grid of square cells. Cell (row, column) has index row * n_columns + column; row
/// 0 is the southernmost. (x0, y0) is the south-west corner of the whole.
typedef struct dosi_grid {
    double x0, y0;
    double cell_m;
    size_t n_columns, n_rows;
    int srid;
} dosi_grid;

/// The centre of a cell.
DOSI_API void dosi_grid_centre(const dosi_grid *grid, size_t cell, double *x, double *y);

/// The cell that holds a point; false when it is outside. West and south edges belong to a
/// cell.
DOSI_API bool dosi_grid_find(const dosi_grid *grid, double x, double y, size_t *cell);

/// The grid that covers a box: corners on multiples of `cell_m`, at most 2^31 cells.
/// @param box  West, south, east, north in the system `srid`.
/// @return DOSI_OK; DOSI_DOMAIN (empty box, cell not > 0); DOSI_LIMIT.
DOSI_API DOSI_CHECKED dosi_status
dosi_grid_cover(const double *box, double cell_m, int srid, dosi_grid *out, dosi_error *err);

/// How polygons and cells overlap: for polygon i, entries start[i]..start[i + 1].
typedef struct dosi_overlap {
    size_t n_polygons;
    size_t *start;   ///< (n_polygons + 1)
    size_t *cell;    ///< Cell indexes, ascending within a polygon.
    double *area_m2; ///< Area of the polygon inside the cell, > 0.
} dosi_overlap;

/// Exact areas of every polygon (valid, in the grid's system) in every cell. What lies outside
/// the grid is left out. Same result at any thread count.
/// Cost: O(cells of the polygons' boxes + edges crossed).
DOSI_API DOSI_CHECKED dosi_status dosi_grid_overlap(const dosi_grid *grid,
                                                    const dosi_polygon *polygons,
                                                    size_t n_polygons,
                                                    const dosi_run *run,
                                                    dosi_overlap *out,
                                                    dosi_error *err);

/// Frees what an overlap holds; it is then empty.
DOSI_API void dosi_overlap_clear(dosi_overlap *overlap);

// --- nearest neighbours ------------------------------------------------------------------

/// An index of points in the plane. Questions to it are safe from any number of threads.
typedef struct dosi_nearest dosi_nearest;

/// Indexes `n` points (copied; finite).
/// @return DOSI_OK; DOSI_DOMAIN naming a point that is not finite; DOSI_NO_MEMORY.
/// Cost: O(n log n).
DOSI_API DOSI_CHECKED dosi_status dosi_nearest_create(
    const double *x, const double *y, size_t n, dosi_nearest **out, dosi_error *err);

/// Frees; accepts NULL.
DOSI_API void dosi_nearest_destroy(dosi_nearest *nearest);

/// The `k` points nearest to (x, y), nearest first; of equally near ones the lower index
/// first. Exact. Precondition: 1 <= k <= DOSI_NEAREST_MAX, x and y finite.
/// @param index  (k) out: indexes of the points.
/// @param distance2  (k) out, may be NULL: squared distances.
/// @return How many: k, or all points when there are fewer.
DOSI_API size_t dosi_nearest_find(const dosi_nearest *nearest,
                                  double x,
                                  double y,
                                  size_t k,
                                  uint32_t *index,
                                  double *distance2);

/// Places whose neighbours are wanted.
typedef struct dosi_nearest_query {
    const double *x; ///< (n) finite
    const double *y;
    size_t n;
    size_t k; ///< 1..DOSI_NEAREST_MAX
} dosi_nearest_query;

/// dosi_nearest_find() for many places at once, in parallel; fastest when places that follow
/// each other are near each other, as the cells of a grid are. Same result at any thread count.
/// @param index  (n x k) out, row i for place i; what is beyond the number of points is
///               UINT32_MAX.
/// @return DOSI_OK; DOSI_CANCELLED; DOSI_NO_MEMORY.
DOSI_API DOSI_CHECKED dosi_status dosi_nearest_find_many(const dosi_nearest *nearest,
                                                         const dosi_nearest_query *query,
                                                         const dosi_run *run,
                                                         uint32_t *index,
                                                         dosi_error *err);

/// Calls `visit` with every point within `radius` of (x, y), in no particular but a fixed
/// order.
DOSI_API void dosi_nearest_within(const dosi_nearest *nearest,
                                  double x,
                                  double y,
                                  double radius,
                                  void (*visit)(void *context,
                                                uint32_t index,
                                                double distance2),
                                  void *context);

#ifdef __cplusplus
}
#endif

#endif // DOSI_GEO_H
