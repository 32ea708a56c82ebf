// Sources of a table made into plumes: stacks, volumes, lines and areas.

#include "method/plume_sources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD_OF_WIDTH  (1 / 4.3)  ///< First spread of a volume of that width (EPA).
#define SPREAD_OF_HEIGHT (1 / 2.15) ///< ... and of a release near the ground.
#define ZERO_C_K         273.15
#define DEFAULT_WIDTH_M  10.0
#define LEAST_SPREAD_M   1.0

enum {
    HEIGHT,
    DIAMETER,
    GAS_MS,
    GAS_C,
    WIDTH,
    SIGMA_Y,
    SIGMA_Z,
    DIAMETER_UM,
    DENSITY_GCM3,
    FINE_SHARE,
    DEPOSITION_MS,
    NUMBERS
};

/// The table's columns.
typedef struct reader {
    const dosi_column *number[NUMBERS];
    const dosi_column *shape;
    const dosi_projection *projection; ///< NULL: already metric.
    double piece_m;
} reader;

/// A number of a row; `missing` where there is none.
static double number(const reader *r, int what, size_t row, double missing) {
    double value = r->number[what] ? dosi_column_real(r->number[what], row) : (double)NAN;
    return isfinite(value) ? value : missing;
}

/// Makes room for one more piece and `n` more corners.
static dosi_status grow(method_plume_sources *s, size_t n, dosi_error *err) {
    if (s->n == s->capacity) {
        size_t more = 2 * s->capacity + 64;
        method_plume_piece *pieces = realloc(s->pieces, more * sizeof *pieces);
        if (!pieces) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sources", more);
        s->pieces = pieces;
        s->capacity = more;
    }
    if (s->n_corners + n > s->corner_capacity) {
        size_t more = 2 * (s->corner_capacity + n);
        double *x = realloc(s->corner_x, more * sizeof *x);
        if (x) s->corner_x = x;
        double *y = realloc(s->corner_y, more * sizeof *y);
        if (y) s->corner_y = y;
        if (!x || !y) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu corners", more);
        s->corner_capacity = more;
    }
    return DOSI_OK;
}

static void widen(double *box, double x, double y) {
    box[0] = fmin(box[0], x);
    box[1] = fmin(box[1], y);
    box[2] = fmax(box[2], x);
    box[3] = fmax(box[3], y);
}

/// What every kind has. Sizes, densities and velocities that cannot be are none.
static method_plume_piece start(const reader *r, size_t row) {
    method_plume_piece p;
    memset(&p, 0, sizeof p);
    p.row = (uint32_t)row;
    p.particle_um = fmax(number(r, DIAMETER_UM, row, 0), 0);
    p.particle_gcm3 = number(r, DENSITY_GCM3, row, 1);
    if (!(p.particle_gcm3 > 0)) p.particle_gcm3 = 1;
    p.fine_share = number(r, FINE_SHARE, row, (double)NAN);
    p.deposition_ms = fmax(number(r, DEPOSITION_MS, row, 0), 0);
    p.source.height_m = number(r, HEIGHT, row, 0);
    p.source.emission = 1;
    p.source.is_flat = true;
    p.source.sigma_z_m = number(r, SIGMA_Z, row, p.source.height_m * SPREAD_OF_HEIGHT);
    p.box[0] = p.box[1] = INFINITY;
    p.box[2] = p.box[3] = -INFINITY;
    return p;
}

/// Adds a piece that is whole.
static void put(method_plume_sources *s, const method_plume_piece *piece) {
    s->pieces[s->n++] = *piece;
    s->n_depositing += piece->particle_um > 0 || piece->deposition_ms > 0;
    widen(s->box, piece->box[0], piece->box[1]);
    widen(s->box, piece->box[2], piece->box[3]);
}

/// A stack or a volume.
static dosi_status put_point(
    method_plume_sources *s, const reader *r, size_t row, const double *at, dosi_error *err) {
    if (!isfinite(at[0]) || !isfinite(at[1])) return DOSI_OK;
    DOSI_TRY(grow(s, 0, err));
    method_plume_piece p = start(r, row);
    dosi_plume_source *out = &p.source;
    double width = number(r, WIDTH, row, DEFAULT_WIDTH_M);
    out->x_m = at[0];
    out->y_m = at[1];
    widen(p.box, at[0], at[1]);
    out->diameter_m = number(r, DIAMETER, row, 0);
    out->exit_speed_ms = number(r, GAS_MS, row, 0);
    if (out->diameter_m > 0 && out->exit_speed_ms > 0) {
        out->kind = DOSI_PLUME_POINT;
        out->exit_temperature_k = p.gas_k = number(r, GAS_C, row, 20) + ZERO_C_K;
        s->n_stacks++;
    } else {
        out->kind = DOSI_PLUME_VOLUME;
        out->sigma_y_m = p.sigma_y0_m =
            fmax(number(r, SIGMA_Y, row, width * SPREAD_OF_WIDTH), LEAST_SPREAD_M);
        out->sigma_z_m = fmax(out->sigma_z_m, LEAST_SPREAD_M);
        s->n_volumes++;
    }
    put(s, &p);
    return DOSI_OK;
}

/// An area with `n` corners; `share` of its row's emission, negative for a hole.
static dosi_status put_area(method_plume_sources *s,
                            method_plume_piece *p,
                            const double *xy,
                            size_t n,
                            double share,
                            dosi_error *err) {
    double twice = 0, mx = 0, my = 0;
    if (n > DOSI_PLUME_VERTICES) {
        return dosi_fail(err, DOSI_UNSUPPORTED,
                         "sources: row %u: an area of %zu corners; at most %d, simplify it",
                         p->row + 1, n, DOSI_PLUME_VERTICES);
    }
    DOSI_TRY(grow(s, n, err));
    p->first_corner = s->n_corners;
    for (size_t i = 0; i < n; i++) {
        size_t k = (i + 1) % n;
        twice += (xy[2 * i] - xy[0]) * (xy[2 * k + 1] - xy[1]) -
                 (xy[2 * k] - xy[0]) * (xy[2 * i + 1] - xy[1]);
        mx += xy[2 * i] / (double)n;
        my += xy[2 * i + 1] / (double)n;
        widen(p->box, xy[2 * i], xy[2 * i + 1]);
        s->corner_x[s->n_corners] = xy[2 * i];
        s->corner_y[s->n_corners++] = xy[2 * i + 1];
    }
    double area = 0.5 * fabs(twice);
    if (!(area > 0)) return DOSI_OK;
    p->source.kind = DOSI_PLUME_AREA;
    p->source.n_corners = n;
    p->source.emission = share / area;
    p->source.x_m = mx;
    p->source.y_m = my;
    p->sigma_y0_m = sqrt(area) * SPREAD_OF_WIDTH;
    put(s, p);
    return DOSI_OK;
}

/// A shape on its way: its row, its extents, and the corners of the part at hand.
typedef struct outline {
    size_t row;
    double length_m, area_m2; ///< Of all its lines; of all its polygons.
    size_t n_points;          ///< How many points it is.
    size_t n;
    double *xy; ///< (n x 2)
} outline;

/// A straight run from a to b as strips.
static dosi_status put_strips(method_plume_sources *s,
                              const reader *r,
                              const outline *shape,
                              const double *a,
                              dosi_error *err) {
    double half = 0.5 * fmax(number(r, WIDTH, shape->row, DEFAULT_WIDTH_M), 1);
    double dx = a[2] - a[0], dy = a[3] - a[1], whole = hypot(dx, dy);
    if (!(whole > 0.01)) return DOSI_OK;
    size_t n_cuts = whole > r->piece_m ? (size_t)ceil(whole / r->piece_m) : 1;
    double ux = half * dx / whole, uy = half * dy / whole, n = (double)n_cuts;
    for (size_t k = 0; k < n_cuts; k++) {
        double from = (double)k / n, to = (double)(k + 1) / n;
        double x0 = a[0] + dx * from, y0 = a[1] + dy * from;
        double x1 = a[0] + dx * to, y1 = a[1] + dy * to;
        const double corner[8] = {x0 - uy, y0 + ux, x1 - uy, y1 + ux,
                                  x1 + uy, y1 - ux, x0 + uy, y0 - ux};
        method_plume_piece p = start(r, shape->row);
        DOSI_TRY(put_area(s, &p, corner, 4, whole / n / shape->length_m, err));
    }
    return DOSI_OK;
}

/// Corners of a part, projected; without repeats.
static size_t corners(const reader *r, const dosi_wkb_part *part, double *xy) {
    size_t n = 0;
    for (size_t i = 0; i < part->n_points; i++) {
        double x = 0, y = 0;
        dosi_wkb_point(part, i, &x, &y);
        if (r->projection) (void)dosi_projection_apply(r->projection, &x, &y, 1, false);
        if (!isfinite(x) || !isfinite(y)) continue;
        if (n > 0 && hypot(x - xy[2 * n - 2], y - xy[2 * n - 1]) < 0.01) continue;
        xy[2 * n] = x;
        xy[2 * n++ + 1] = y;
    }
    return n;
}

static double length_of(const double *xy, size_t n) {
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        sum += hypot(xy[2 * i + 2] - xy[2 * i], xy[2 * i + 3] - xy[2 * i + 1]);
    }
    return sum;
}

static double area_of(const double *xy, size_t n) {
    double twice = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = (i + 1) % n;
        twice += (xy[2 * i] - xy[0]) * (xy[2 * k + 1] - xy[1]) -
                 (xy[2 * k] - xy[0]) * (xy[2 * i + 1] - xy[1]);
    }
    return 0.5 * fabs(twice);
}

/// A ring without its last corner, which is the first again.
static size_t open_ring(const double *xy, size_t n) {
    bool is_closed = n > 1 && hypot(xy[0] - xy[2 * n - 2], xy[1] - xy[2 * n - 1]) < 0.01;
    return is_closed ? n - 1 : n;
}

/// Adds the part at hand, which is of a kind; the `i_ring`th ring of a polygon.
static dosi_status put_part(method_plume_sources *s,
                            const reader *r,
                            const outline *shape,
                            const dosi_wkb_part *part,
                            dosi_error *err) {
    size_t before = s->n;
    if (part->shape == DOSI_SHAPE_POINT && shape->n == 1) {
        DOSI_TRY(put_point(s, r, shape->row, shape->xy, err));
        if (s->n > before) s->pieces[before].source.emission = 1 / (double)shape->n_points;
    } else if (part->shape == DOSI_SHAPE_LINE && shape->length_m > 0) {
        for (size_t i = 0; i + 1 < shape->n; i++) {
            DOSI_TRY(put_strips(s, r, shape, shape->xy + 2 * i, err));
        }
        s->n_lines++;
    } else if (part->shape == DOSI_SHAPE_POLYGON && shape->area_m2 > 0) {
        size_t n = open_ring(shape->xy, shape->n);
        bool is_outer = part->i_ring == 0;
        if (n < 3) return DOSI_OK;
        method_plume_piece p = start(r, shape->row);
        double share = area_of(shape->xy, n) / shape->area_m2;
        s->n_areas += is_outer;
        return put_area(s, &p, shape->xy, n, is_outer ? share : -share, err);
    }
    return DOSI_OK;
}

/// Adds the part at hand to the shape's extents.
static void measure(outline *shape, const dosi_wkb_part *part) {
    shape->n_points += part->shape == DOSI_SHAPE_POINT && shape->n == 1;
    if (part->shape == DOSI_SHAPE_LINE) shape->length_m += length_of(shape->xy, shape->n);
    if (part->shape == DOSI_SHAPE_POLYGON) {
        double area = area_of(shape->xy, open_ring(shape->xy, shape->n));
        shape->area_m2 += part->i_ring == 0 ? area : -area;
    }
}

/// Adds a row's shape: measured first, so that its parts know their shares.
static dosi_status put_shape(method_plume_sources *s,
                             const reader *r,
                             size_t row,
                             dosi_error *err) {
    size_t n_bytes = 0, n_most = 0;
    const char *bytes = dosi_column_bytes(r->shape, row, &n_bytes);
    if (!bytes) return DOSI_OK;
    dosi_wkb_reader walk;
    dosi_wkb_part part;
    DOSI_TRY(dosi_wkb_open(&walk, bytes, n_bytes, err));
    while (dosi_wkb_next(&walk, &part))
        n_most = part.n_points > n_most ? part.n_points : n_most;
    outline shape = {.row = row, .xy = malloc((2 * n_most + 2) * sizeof *shape.xy)};
    if (!shape.xy) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a shape");
    dosi_status status = DOSI_OK;
    for (int pass = 0; pass < 2 && status == DOSI_OK; pass++) {
        status = dosi_wkb_open(&walk, bytes, n_bytes, err);
        while (status == DOSI_OK && dosi_wkb_next(&walk, &part)) {
            shape.n = corners(r, &part, shape.xy);
            if (pass == 0) {
                measure(&shape, &part);
            } else {
                status = put_part(s, r, &shape, &part, err);
            }
        }
    }
    free(shape.xy);
    return status;
}

/// Points from columns of coordinates.
static dosi_status read_points(method_plume_sources *s,
                               const reader *r,
                               const bool *take,
                               dosi_error *err) {
    size_t n = s->table->n_rows;
    double *x = malloc((2 * n + 2) * sizeof *x);
    if (!x) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sources", n);
    dosi_status status = method_places(s->table, "sources", x, x + n, err);
    for (size_t row = 0; row < n && status == DOSI_OK; row++) {
        size_t before = s->n;
        const double at[2] = {x[row], x[n + row]};
        if (take && !take[row]) continue;
        status = put_point(s, r, row, at, err);
        s->n_without += status == DOSI_OK && s->n == before;
    }
    free(x);
    return status;
}

static dosi_status read_shapes(method_plume_sources *s,
                               const reader *r,
                               const bool *take,
                               dosi_error *err) {
    for (size_t row = 0; row < s->table->n_rows; row++) {
        size_t before = s->n;
        if (take && !take[row]) continue;
        DOSI_TRY(put_shape(s, r, row, err));
        s->n_without += s->n == before;
    }
    return DOSI_OK;
}

dosi_status method_plume_sources_read(const dosi_table *table,
                                      const bool *take,
                                      double piece_m,
                                      method_plume_sources *out,
                                      dosi_error *err) {
    static const char *const names[NUMBERS] = {
        "height_m",  "diameter_m",  "gas_ms",       "gas_c",      "width_m",      "sigma_y_m",
        "sigma_z_m", "diameter_um", "density_gcm3", "fine_share", "deposition_ms"};
    reader r = {.piece_m = piece_m};
    memset(out, 0, sizeof *out);
    out->table = table;
    out->box[0] = out->box[1] = INFINITY;
    out->box[2] = out->box[3] = -INFINITY;
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t found = dosi_table_find(table, names[i]);
        if (found != SIZE_MAX) r.number[i] = &table->columns[found];
    }
    size_t shape = dosi_table_find(table, "geometry");
    if (shape == SIZE_MAX || table->columns[shape].type != DOSI_TYPE_GEOMETRY) {
        return read_points(out, &r, take, err);
    }
    r.shape = &table->columns[shape];
    dosi_projection *projection = NULL;
    if (r.shape->srid != DOSI_SRID_KOREA) {
        DOSI_TRY(dosi_projection_create(r.shape->srid, DOSI_SRID_KOREA, &projection, err));
    }
    r.projection = projection;
    dosi_status status = read_shapes(out, &r, take, err);
    dosi_projection_destroy(projection);
    return status;
}

void method_plume_sources_clear(method_plume_sources *sources) {
    free(sources->pieces);
    free(sources->corner_x);
    free(sources->corner_y);
    memset(sources, 0, sizeof *sources);
}
