// Fuzz target: shapes as WKB: walking, measuring, validity, repair, moving.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/// Reads every point of a shape that dosi_wkb_open() took.
static size_t walk(dosi_wkb_reader reader) {
    dosi_wkb_part part;
    size_t n_points = 0;
    while (dosi_wkb_next(&reader, &part)) {
        for (size_t i = 0; i < part.n_points; i++) {
            double x = 0, y = 0;
            dosi_wkb_point(&part, i, &x, &y);
        }
        n_points += part.n_points;
    }
    return n_points;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    static dosi_projection *projection;
    dosi_wkb_reader reader;
    dosi_error err = {""};
    if (dosi_wkb_open(&reader, bytes, n_bytes, &err) != DOSI_OK) {
        assert(err.message[0]);
        return 0;
    }
    assert(walk(reader) * 16 <= n_bytes);
    if (!projection && dosi_projection_create(DOSI_SRID_LONLAT, DOSI_SRID_KOREA, &projection,
                                              NULL) != DOSI_OK) {
        return 0;
    }
    double box[4], x = 0, y = 0;
    bool is_valid = false;
    char reason[80];
    dosi_polygon polygon = {0};
    dosi_text moved = {0}, mended = {0};
    dosi_status status = dosi_wkb_box(bytes, n_bytes, box, &err);
    assert(status == DOSI_OK);
    (void)!dosi_wkb_centroid(bytes, n_bytes, &x, &y, &err);
    (void)!dosi_wkb_is_valid(bytes, n_bytes, &is_valid, reason, sizeof reason, &err);
    (void)!dosi_wkb_repair(bytes, n_bytes, &mended, &err);
    if (dosi_wkb_project(bytes, n_bytes, projection, &moved, &err) == DOSI_OK) {
        status = dosi_wkb_open(&reader, moved.data, moved.length, &err);
        assert(status == DOSI_OK);
    }
    if (dosi_polygon_load(bytes, n_bytes, NULL, &polygon, &err) == DOSI_OK) {
        const double *b = polygon.box;
        double far = fmax(fmax(fabs(b[0]), fabs(b[2])), fmax(fabs(b[1]), fabs(b[3])));
        bool is_measurable = polygon.n_rings == 1 && far < 1e100; // no square overflows
        double rounding = 1e-9 * far * far; // of rings that cross themselves
        assert(!is_measurable || dosi_polygon_area(&polygon) >= -rounding);
    }
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&moved);
    dosi_text_destroy(&mended);
    return 0;
}
