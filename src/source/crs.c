// Names coordinate systems, Korea's by their parameters.

#include "source/crs.h"

#include <assert.h>
#include <cpl_conv.h>
#include <cpl_error.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/// A Korean transverse Mercator. Parameters: EPSG registry 10.
typedef struct korean {
    int srid;
    bool is_bessel; ///< Bessel 1841, Korean 1985 datum; else GRS 80, Korea 2000.
    double lon_0, k, x_0, y_0;
} korean;

/// 10.405 seconds, by which the modified belts of 1985 lie further east.
static const double shift = 10.405 / 3600;

/// Finds the Korean system with these parameters; 0 when there is none.
static int find_korean(const korean *wanted) {
    static const korean known[] = {
        {2097, true, 127, 1, 200000, 500000},   {2096, true, 129, 1, 200000, 500000},
        {2098, true, 125, 1, 200000, 500000},   {5178, true, 127.5, 0.9996, 1e6, 2e6},
        {5179, false, 127.5, 0.9996, 1e6, 2e6}, {5180, false, 125, 1, 200000, 500000},
        {5181, false, 127, 1, 200000, 500000},  {5182, false, 127, 1, 200000, 550000},
        {5183, false, 129, 1, 200000, 500000},  {5184, false, 131, 1, 200000, 500000},
        {5185, false, 125, 1, 200000, 600000},  {5186, false, 127, 1, 200000, 600000},
        {5187, false, 129, 1, 200000, 600000},  {5188, false, 131, 1, 200000, 600000},
    };
    static const korean modified[] = {
        {5174, true, 127, 1, 200000, 500000}, {5175, true, 127, 1, 200000, 550000},
        {5173, true, 125, 1, 200000, 500000}, {5176, true, 129, 1, 200000, 500000},
        {5177, true, 131, 1, 200000, 500000},
    };
    const korean *const lists[] = {known, modified};
    const size_t lengths[] = {sizeof known / sizeof *known, sizeof modified / sizeof *modified};
    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < lengths[list]; i++) {
            const korean *one = &lists[list][i];
            double lon_0 = one->lon_0 + (list == 1 ? shift : 0);
            if (one->is_bessel == wanted->is_bessel && fabs(lon_0 - wanted->lon_0) < 2e-5 &&
                fabs(one->k - wanted->k) < 1e-9 && fabs(one->x_0 - wanted->x_0) < 0.5 &&
                fabs(one->y_0 - wanted->y_0) < 0.5) {
                return one->srid;
            }
        }
    }
    return 0;
}

/// The Korean system that `system` is by its parameters, or 0.
static int match_korean(OGRSpatialReferenceH system) {
    const char *projection = OSRGetAttrValue(system, "PROJECTION", 0);
    if (!projection || strcmp(projection, "Transverse_Mercator") != 0) return 0;
    OGRErr failed = OGRERR_NONE;
    double axis_m = OSRGetSemiMajor(system, &failed);
    bool is_bessel = fabs(axis_m - 6377397.155) < 0.5;
    bool is_grs80 = fabs(axis_m - 6378137.0) < 0.5;
    double lat_0 = OSRGetNormProjParm(system, "latitude_of_origin", 0, NULL);
    double unit_m = OSRGetLinearUnits(system, NULL);
    if ((!is_bessel && !is_grs80) || fabs(lat_0 - 38) > 1e-6 || fabs(unit_m - 1) > 1e-9)
        return 0;
    korean wanted = {.is_bessel = is_bessel,
                     .lon_0 = OSRGetNormProjParm(system, "central_meridian", 0, NULL),
                     .k = OSRGetNormProjParm(system, "scale_factor", 1, NULL),
                     .x_0 = OSRGetNormProjParm(system, "false_easting", 0, NULL),
                     .y_0 = OSRGetNormProjParm(system, "false_northing", 0, NULL)};
    return find_korean(&wanted);
}

/// Degrees on WGS 84, which need no transformation.
static bool is_wgs84(OGRSpatialReferenceH system) {
    const char *datum = OSRGetAttrValue(system, "DATUM", 0);
    return OSRIsGeographic(system) && datum &&
           (strcmp(datum, "WGS_1984") == 0 || strcmp(datum, "D_WGS_1984") == 0) &&
           fabs(OSRGetAngularUnits(system, NULL) - 0.017453292519943295) < 1e-12;
}

/// The EPSG code that the definition itself gives, or that PROJ is sure of; else 0.
static int code_of(OGRSpatialReferenceH system) {
    const char *authority = OSRGetAuthorityName(system, NULL);
    const char *code = OSRGetAuthorityCode(system, NULL);
    int64_t number = 0;
    if (authority && code && strcmp(authority, "EPSG") == 0 &&
        dosi_parse_int(code, strlen(code), &number) == DOSI_OK) {
        return (int)number;
    }
    int n_found = 0, *confidence = NULL, found = 0;
    OGRSpatialReferenceH *matches = OSRFindMatches(system, NULL, &n_found, &confidence);
    if (matches && n_found > 0 && confidence[0] >= 90) {
        code = OSRGetAuthorityCode(matches[0], NULL);
        authority = OSRGetAuthorityName(matches[0], NULL);
        if (authority && code && strcmp(authority, "EPSG") == 0 &&
            dosi_parse_int(code, strlen(code), &number) == DOSI_OK) {
            found = (int)number;
        }
    }
    OSRFreeSRSArray(matches);
    CPLFree(confidence);
    return found;
}

/// Where the system is used; the whole world when that is not told.
static void find_area(OGRSpatialReferenceH system, double *area) {
    double world[4] = {-180, -90, 180, 90};
    if (!OSRGetAreaOfUse(system, &area[0], &area[1], &area[2], &area[3], NULL)) {
        memcpy(area, world, sizeof world);
    }
}

/// Fills `out` from a system that GDAL has read.
static dosi_status describe(OGRSpatialReferenceH system,
                            dosi_source_crs *out,
                            dosi_error *err) {
    dosi_source_crs found = {.is_lonlat = is_wgs84(system)};
    found.srid = match_korean(system);
    if (found.srid == 0 && found.is_lonlat) found.srid = DOSI_SRID_LONLAT;
    if (found.srid == 0) found.srid = code_of(system);
    const char *name = OSRGetName(system);
    dosi_status status = DOSI_OK;
    if (found.srid != 0) {
        OGRSpatialReferenceH known = OSRNewSpatialReference(NULL);
        if (OSRImportFromEPSG(known, found.srid) == OGRERR_NONE) {
            find_area(known, found.area);
            (void)snprintf(found.name, sizeof found.name, "%.150s", OSRGetName(known));
        }
        OSRDestroySpatialReference(known);
        (void)snprintf(found.definition, sizeof found.definition, "EPSG:%d", found.srid);
    } else {
        static const char *const wkt2[] = {"FORMAT=WKT2_2018", NULL};
        char *text = NULL;
        find_area(system, found.area);
        (void)snprintf(found.name, sizeof found.name, "%.150s", name ? name : "without a name");
        bool is_whole = OSRExportToWktEx(system, &text, wkt2) == OGRERR_NONE && text &&
                        strlen(text) < sizeof found.definition;
        if (is_whole) memcpy(found.definition, text, strlen(text) + 1);
        if (!is_whole) {
            status = dosi_fail(err, DOSI_PARSE,
                               "the coordinate system \"%.150s\" cannot be used", found.name);
        }
        CPLFree(text);
    }
    if (status == DOSI_OK) *out = found;
    return status;
}

/// Reads a definition by its form. GDAL's own "any input" would also open files and addresses.
static OGRErr import(OGRSpatialReferenceH system, const char *definition) {
    if (strchr(definition, '[')) {
        char *text = (char *)definition; // Only read.
        return OSRImportFromWkt(system, &text);
    }
    if (definition[0] == '+') return OSRImportFromProj4(system, definition);
    if (strncasecmp(definition, "OGC:", 4) == 0 || strncasecmp(definition, "ESRI:", 5) == 0 ||
        strncasecmp(definition, "urn:", 4) == 0) {
        return OSRSetFromUserInput(system, definition);
    }
    const char *digits = strncasecmp(definition, "EPSG:", 5) == 0 ? definition + 5 : definition;
    int64_t code = 0;
    if (dosi_parse_int(digits, strlen(digits), &code) != DOSI_OK || code < 1 || code > 999999) {
        return OGRERR_UNSUPPORTED_SRS;
    }
    return OSRImportFromEPSG(system, (int)code);
}

dosi_status dosi_source_crs_find(const char *definition,
                                 dosi_source_crs *out,
                                 dosi_error *err) {
    assert(definition && out);
    OGRSpatialReferenceH system = OSRNewSpatialReference(NULL);
    if (!system) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    OSRSetAxisMappingStrategy(system, OAMS_TRADITIONAL_GIS_ORDER);
    CPLPushErrorHandler(CPLQuietErrorHandler);
    OGRErr failed = import(system, definition);
    dosi_status status =
        failed == OGRERR_NONE
            ? describe(system, out, err)
            : dosi_fail(err, DOSI_PARSE,
                        "no coordinate system is called \"%.80s\"; write it like EPSG:5186",
                        definition);
    CPLPopErrorHandler();
    OSRDestroySpatialReference(system);
    return status;
}
