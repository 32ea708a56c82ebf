// Projections by PROJ: one context per object, axes always x then y.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <proj.h>
#include <stdio.h>
#include <stdlib.h>

struct dosi_projection {
    PJ_CONTEXT *context;
    PJ *transformation;
};

void dosi_projection_destroy(dosi_projection *projection) {
    if (!projection) return;
    proj_destroy(projection->transformation);
    proj_context_destroy(projection->context);
    free(projection);
}

/// Opens PROJ's transformation in a fresh context, axes put in order.
static dosi_status open_transformation(dosi_projection *projection,
                                       const char *from,
                                       const char *to,
                                       dosi_error *err) {
    PJ_CONTEXT *context = projection->context;
    proj_log_level(context, PJ_LOG_NONE);
    (void)proj_context_set_enable_network(context, 0);
    PJ *plain = proj_create_crs_to_crs(context, from, to, NULL);
    if (!plain) {
        int code = proj_context_errno(context);
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "no way from coordinate system %.80s to %.80s: %s", from, to,
                         code ? proj_context_errno_string(context, code) : "unknown system");
    }
    projection->transformation = proj_normalize_for_visualization(context, plain);
    proj_destroy(plain);
    if (!projection->transformation) return DOSI_NO_MEMORY;
    return DOSI_OK;
}

dosi_status dosi_projection_create_text(const char *from,
                                        const char *to,
                                        dosi_projection **out,
                                        dosi_error *err) {
    assert(from && to && out);
    dosi_projection *projection = calloc(1, sizeof *projection);
    if (!projection) return DOSI_NO_MEMORY;
    dosi_status status = DOSI_NO_MEMORY;
    projection->context = proj_context_create();
    if (projection->context) status = open_transformation(projection, from, to, err);
    if (status != DOSI_OK) {
        dosi_projection_destroy(projection);
        return status;
    }
    *out = projection;
    return DOSI_OK;
}

dosi_status dosi_projection_create(int from_srid,
                                   int to_srid,
                                   dosi_projection **out,
                                   dosi_error *err) {
    char from[24], to[24];
    (void)snprintf(from, sizeof from, "EPSG:%d", from_srid);
    (void)snprintf(to, sizeof to, "EPSG:%d", to_srid);
    return dosi_projection_create_text(from, to, out, err);
}

size_t dosi_projection_apply(
    const dosi_projection *projection, double *x, double *y, size_t n, bool is_inverse) {
    assert(projection && (n == 0 || (x && y)));
    if (n == 0) return 0;
    (void)proj_trans_generic(projection->transformation, is_inverse ? PJ_INV : PJ_FWD, x,
                             sizeof *x, n, y, sizeof *y, n, NULL, 0, 0, NULL, 0, 0);
    size_t n_lost = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) continue;
        x[i] = y[i] = (double)NAN;
        n_lost++;
    }
    return n_lost;
}

double dosi_lonlat_distance_m(double lon1, double lat1, double lon2, double lat2) {
    static const double radius_m = 6371008.8, radians = 0.017453292519943295;
    double half_lat = sin((lat2 - lat1) * radians / 2);
    double half_lon = sin((lon2 - lon1) * radians / 2);
    double h =
        half_lat * half_lat + cos(lat1 * radians) * cos(lat2 * radians) * half_lon * half_lon;
    return 2 * radius_m * asin(sqrt(h < 1 ? h : 1));
}
