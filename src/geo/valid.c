// Validity, repair and union of shapes by GEOS; a context of its own for every call.

#include "dosi/geo.h"

#include <assert.h>
#include <geos_c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Reads WKB into GEOS. The bytes are checked first: GEOS never sees a broken shape.
static dosi_status read_shape(GEOSContextHandle_t geos,
                              const void *bytes,
                              size_t n_bytes,
                              GEOSGeometry **out,
                              dosi_error *err) {
    dosi_wkb_reader checked;
    DOSI_TRY(dosi_wkb_open(&checked, bytes, n_bytes, err));
    GEOSWKBReader *reader = GEOSWKBReader_create_r(geos);
    if (!reader) return DOSI_NO_MEMORY;
    *out = GEOSWKBReader_read_r(geos, reader, bytes, n_bytes);
    GEOSWKBReader_destroy_r(geos, reader);
    if (*out) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE,
                     "geometry: rings that are not closed, or have fewer than four points");
}

/// Turns GEOS' "Self-intersection[127.01 37.5]" into "Self-intersection at 127.01 37.5".
static void tell_reason(const char *geos_reason, char *out, size_t n_out) {
    const char *bracket = strchr(geos_reason, '[');
    if (!bracket) {
        (void)snprintf(out, n_out, "%s", geos_reason);
        return;
    }
    (void)snprintf(out, n_out, "%.*s at %.*s", (int)(bracket - geos_reason), geos_reason,
                   (int)strcspn(bracket + 1, "]"), bracket + 1);
}

dosi_status dosi_wkb_is_valid(const void *bytes,
                              size_t n_bytes,
                              bool *is_valid,
                              char *reason,
                              size_t n_reason,
                              dosi_error *err) {
    assert(is_valid && (!reason || n_reason > 0));
    GEOSContextHandle_t geos = GEOS_init_r();
    if (!geos) return DOSI_NO_MEMORY;
    GEOSGeometry *shape = NULL;
    dosi_status status = read_shape(geos, bytes, n_bytes, &shape, err);
    if (status == DOSI_OK) {
        char answer = GEOSisValid_r(geos, shape);
        *is_valid = answer == 1;
        if (reason) reason[0] = '\0';
        if (answer != 1 && reason) {
            char *words = GEOSisValidReason_r(geos, shape);
            tell_reason(words ? words : "coordinates that are not numbers", reason, n_reason);
            GEOSFree_r(geos, words);
        }
    }
    GEOSGeom_destroy_r(geos, shape);
    GEOS_finish_r(geos);
    return status;
}

/// Keeps only the polygons of what MakeValid gave, as one polygon or multipolygon.
static GEOSGeometry *polygons_only(GEOSContextHandle_t geos, GEOSGeometry *made) {
    if (!made || GEOSGeomTypeId_r(geos, made) != GEOS_GEOMETRYCOLLECTION) return made;
    GEOSGeometry *kept = GEOSGeom_createEmptyCollection_r(geos, GEOS_MULTIPOLYGON);
    int n = GEOSGetNumGeometries_r(geos, made);
    for (int i = 0; kept && i < n; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, made, i);
        if (GEOSGeom_getDimensions_r(geos, part) != 2) continue;
        GEOSGeometry *joined = GEOSUnion_r(geos, kept, part);
        GEOSGeom_destroy_r(geos, kept);
        kept = joined;
    }
    GEOSGeom_destroy_r(geos, made);
    return kept;
}

/// Repairs `shape`; NULL when GEOS cannot, or when a polygon has no area left.
static GEOSGeometry *repair(GEOSContextHandle_t geos, const GEOSGeometry *shape) {
    bool has_area = GEOSGeom_getDimensions_r(geos, shape) == 2;
    GEOSGeometry *made = GEOSMakeValid_r(geos, shape);
    if (!has_area || !made) return made;
    made = polygons_only(geos, made);
    double area = 0;
    if (made && GEOSArea_r(geos, made, &area) && area > 0) return made;
    GEOSGeom_destroy_r(geos, made);
    return NULL;
}

/// Appends a GEOS shape as WKB.
static dosi_status put_shape(GEOSContextHandle_t geos,
                             const GEOSGeometry *shape,
                             dosi_text *out) {
    GEOSWKBWriter *writer = GEOSWKBWriter_create_r(geos);
    if (!writer) return DOSI_NO_MEMORY;
    GEOSWKBWriter_setByteOrder_r(geos, writer, GEOS_WKB_NDR);
    GEOSWKBWriter_setOutputDimension_r(geos, writer, 2);
    size_t n_bytes = 0;
    unsigned char *bytes = GEOSWKBWriter_write_r(geos, writer, shape, &n_bytes);
    if (bytes) dosi_text_append(out, (const char *)bytes, n_bytes);
    GEOSFree_r(geos, bytes);
    GEOSWKBWriter_destroy_r(geos, writer);
    return bytes ? dosi_text_status(out, NULL) : DOSI_NO_MEMORY;
}

dosi_status dosi_wkb_repair(const void *bytes,
                            size_t n_bytes,
                            dosi_text *out,
                            dosi_error *err) {
    assert(out);
    GEOSContextHandle_t geos = GEOS_init_r();
    if (!geos) return DOSI_NO_MEMORY;
    GEOSGeometry *shape = NULL, *made = NULL;
    dosi_status status = read_shape(geos, bytes, n_bytes, &shape, err);
    if (status == DOSI_OK) {
        made = repair(geos, shape);
        status = made ? put_shape(geos, made, out)
                      : dosi_fail(err, DOSI_DOMAIN, "no shape with an area can be made of it");
    }
    GEOSGeom_destroy_r(geos, made);
    GEOSGeom_destroy_r(geos, shape);
    GEOS_finish_r(geos);
    return status;
}

// --- union -------------------------------------------------------------------------------

/// A polygon without its holes that are smaller than `hole_area`; owned by the caller.
static GEOSGeometry *without_small_holes(GEOSContextHandle_t geos,
                                         const GEOSGeometry *polygon,
                                         double hole_area) {
    int n_holes = GEOSGetNumInteriorRings_r(geos, polygon);
    GEOSGeometry **kept = calloc((size_t)n_holes + 1, sizeof *kept);
    unsigned n_kept = 0;
    if (!kept) return NULL;
    for (int i = 0; i < n_holes; i++) {
        const GEOSGeometry *ring = GEOSGetInteriorRingN_r(geos, polygon, i);
        GEOSGeometry *hole =
            GEOSGeom_createPolygon_r(geos, GEOSGeom_clone_r(geos, ring), NULL, 0);
        double area = 0;
        bool is_kept = hole && GEOSArea_r(geos, hole, &area) && area >= hole_area;
        GEOSGeom_destroy_r(geos, hole);
        if (is_kept) kept[n_kept++] = GEOSGeom_clone_r(geos, ring);
    }
    const GEOSGeometry *outer = GEOSGetExteriorRing_r(geos, polygon);
    GEOSGeometry *out =
        GEOSGeom_createPolygon_r(geos, GEOSGeom_clone_r(geos, outer), kept, n_kept);
    free((void *)kept);
    return out;
}

/// The same of every polygon of a shape; takes the shape.
static GEOSGeometry *drop_small_holes(GEOSContextHandle_t geos,
                                      GEOSGeometry *shape,
                                      double hole_area) {
    if (!shape || hole_area <= 0) return shape;
    int n = GEOSGetNumGeometries_r(geos, shape);
    GEOSGeometry **parts = calloc((size_t)n + 1, sizeof *parts);
    unsigned n_parts = 0;
    for (int i = 0; i < n && parts; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, shape, i);
        if (GEOSGeomTypeId_r(geos, part) != GEOS_POLYGON) continue;
        GEOSGeometry *cleaned = without_small_holes(geos, part, hole_area);
        if (cleaned) parts[n_parts++] = cleaned;
    }
    GEOSGeometry *out = NULL;
    if (n_parts == 1) {
        out = parts[0];
    } else if (parts) {
        out = GEOSGeom_createCollection_r(geos, GEOS_MULTIPOLYGON, parts, n_parts);
    }
    GEOSGeom_destroy_r(geos, shape);
    free((void *)parts);
    return out;
}

dosi_status dosi_wkb_union(const dosi_bytes *shapes,
                           size_t n_shapes,
                           double hole_area,
                           dosi_text *out,
                           dosi_error *err) {
    assert((shapes || n_shapes == 0) && out);
    GEOSContextHandle_t geos = GEOS_init_r();
    if (!geos) return DOSI_NO_MEMORY;
    GEOSGeometry **parts = calloc(n_shapes + 1, sizeof *parts);
    unsigned n_parts = 0;
    dosi_status status = parts ? DOSI_OK : DOSI_NO_MEMORY;
    for (size_t i = 0; i < n_shapes && status == DOSI_OK; i++) {
        status = read_shape(geos, shapes[i].data, shapes[i].length, &parts[n_parts], err);
        if (status == DOSI_OK) n_parts++;
    }
    GEOSGeometry *all = NULL;
    if (status == DOSI_OK) {
        // The collection takes its parts, also when it fails.
        all = GEOSGeom_createCollection_r(geos, GEOS_GEOMETRYCOLLECTION, parts, n_parts);
        n_parts = 0;
        GEOSGeometry *joined = all ? GEOSUnaryUnion_r(geos, all) : NULL;
        GEOSGeometry *made = drop_small_holes(geos, joined, hole_area);
        status = made ? put_shape(geos, made, out)
                      : dosi_fail(err, DOSI_DOMAIN, "these shapes cannot be joined");
        GEOSGeom_destroy_r(geos, made);
    }
    for (unsigned i = 0; i < n_parts; i++) GEOSGeom_destroy_r(geos, parts[i]);
    GEOSGeom_destroy_r(geos, all);
    free((void *)parts);
    GEOS_finish_r(geos);
    return status;
}
