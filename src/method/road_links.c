// Links of road made into lines, and lists of links.

#include "method/road_links.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Columns of the links that shape a line.
typedef struct shapes {
    const dosi_column *geometry, *width, *heavy;
    const dosi_projection *projection; ///< NULL: already metric.
} shapes;

/// How the road of a row looks apart from its place.
static dosi_road_line kind_of(const shapes *s, size_t row) {
    double heavy = s->heavy ? dosi_column_real(s->heavy, row) : 0;
    double width = s->width ? dosi_column_real(s->width, row) : 0;
    // In steps of a twentieth, so that there are few kinds.
    heavy = heavy > 0 ? round(20 * fmin(heavy, 1)) / 20 : 0;
    double height = 1.7 * (1.53 * (1 - heavy) + 4.0 * heavy);
    return (dosi_road_line){.height_m = 0.5 * height,
                            .sigma_z0_m = height / 2.15,
                            .width_m = width > 0 ? width : 7};
}

/// Makes room for `n` more lines.
static dosi_status grow(method_road *road, size_t n, size_t *capacity, dosi_error *err) {
    if (road->n_lines + n <= *capacity) return DOSI_OK;
    size_t more = 2 * (*capacity + n);
    dosi_road_line *lines = realloc(road->lines, more * sizeof *lines);
    if (lines) road->lines = lines;
    uint32_t *rows = realloc(road->row, more * sizeof *rows);
    if (rows) road->row = rows;
    if (!lines || !rows) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu lines", more);
    *capacity = more;
    return DOSI_OK;
}

/// Adds the straight pieces of one run of coordinates.
static void add_pieces(method_road *road,
                       const shapes *s,
                       const dosi_wkb_part *part,
                       size_t row) {
    double x0 = NAN, y0 = NAN;
    for (size_t i = 0; i < part->n_points; i++) {
        double x = 0, y = 0;
        dosi_wkb_point(part, i, &x, &y);
        if (s->projection) (void)dosi_projection_apply(s->projection, &x, &y, 1, false);
        bool is_piece = isfinite(x0) && isfinite(x) && hypot(x - x0, y - y0) > 0.01;
        if (is_piece) {
            dosi_road_line line = kind_of(s, row);
            line.x0_m = x0;
            line.y0_m = y0;
            line.x1_m = x;
            line.y1_m = y;
            road->row[road->n_lines] = (uint32_t)row;
            road->lines[road->n_lines++] = line;
            road->box[0] = fmin(road->box[0], fmin(x, x0));
            road->box[1] = fmin(road->box[1], fmin(y, y0));
            road->box[2] = fmax(road->box[2], fmax(x, x0));
            road->box[3] = fmax(road->box[3], fmax(y, y0));
        }
        if (is_piece || !isfinite(x0)) {
            x0 = x;
            y0 = y;
        }
    }
}

/// Reads the lines of all rows.
static dosi_status read_lines(method_road *road, const shapes *s, dosi_error *err) {
    size_t capacity = 0;
    for (size_t row = 0; row < road->links->n_rows; row++) {
        size_t n_bytes = 0, before = road->n_lines;
        const char *bytes = dosi_column_bytes(s->geometry, row, &n_bytes);
        dosi_wkb_reader reader;
        dosi_wkb_part part;
        if (bytes) DOSI_TRY(dosi_wkb_open(&reader, bytes, n_bytes, err));
        while (bytes && dosi_wkb_next(&reader, &part)) {
            if (part.shape != DOSI_SHAPE_LINE) continue;
            DOSI_TRY(grow(road, part.n_points + 1, &capacity, err));
            add_pieces(road, s, &part, row);
        }
        road->n_without += road->n_lines == before;
    }
    if (road->n_lines > 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "links: none of %zu has a line", road->links->n_rows);
}

dosi_status method_road_read(const dosi_table *links, method_road *out, dosi_error *err) {
    shapes s = {.width = dosi_table_find_number(links, "width_m"),
                .heavy = dosi_table_find_number(links, "heavy_share")};
    *out = (method_road){.links = links, .box = {INFINITY, INFINITY, -INFINITY, -INFINITY}};
    DOSI_TRY(dosi_table_get(links, "link", DOSI_TYPE_TEXT, &out->link, err));
    DOSI_TRY(dosi_table_get(links, "geometry", DOSI_TYPE_GEOMETRY, &s.geometry, err));
    dosi_projection *projection = NULL;
    if (s.geometry->srid != DOSI_SRID_KOREA) {
        DOSI_TRY(dosi_projection_create(s.geometry->srid, DOSI_SRID_KOREA, &projection, err));
        s.projection = projection;
    }
    dosi_status status = read_lines(out, &s, err);
    dosi_projection_destroy(projection);
    return status;
}

void method_road_clear(method_road *road) {
    free(road->lines);
    free(road->row);
    *road = (method_road){0};
}
