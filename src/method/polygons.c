// Polygons of a table, projected and loaded.

#include "method/columns.h"

#include <math.h>
#include <stdlib.h>

/// Widens `box` by another one.
static void widen(double *box, const double *by) {
    box[0] = fmin(box[0], by[0]);
    box[1] = fmin(box[1], by[1]);
    box[2] = fmax(box[2], by[2]);
    box[3] = fmax(box[3], by[3]);
}

dosi_status method_polygons_load(const dosi_table *table,
                                 dosi_polygon **out,
                                 double *box,
                                 dosi_error *err) {
    const dosi_column *shape = NULL;
    DOSI_TRY(dosi_table_get(table, "geometry", DOSI_TYPE_GEOMETRY, &shape, err));
    dosi_projection *projection = NULL;
    if (shape->srid != DOSI_SRID_KOREA) {
        DOSI_TRY(dosi_projection_create(shape->srid, DOSI_SRID_KOREA, &projection, err));
    }
    dosi_polygon *polygons = calloc(table->n_rows + 1, sizeof *polygons);
    dosi_status status =
        polygons ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for polygons");
    for (size_t i = 0; i < table->n_rows && polygons && status == DOSI_OK; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(shape, i, &n_bytes);
        if (!bytes) continue;
        status = dosi_polygon_load(bytes, n_bytes, projection, &polygons[i], err);
        if (status == DOSI_OK && polygons[i].n_points) widen(box, polygons[i].box);
    }
    dosi_projection_destroy(projection);
    if (status != DOSI_OK) {
        method_polygons_free(polygons, polygons ? table->n_rows : 0);
        return status;
    }
    *out = polygons;
    return DOSI_OK;
}

void method_polygons_free(dosi_polygon *polygons, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_polygon_clear(&polygons[i]);
    free(polygons);
}
