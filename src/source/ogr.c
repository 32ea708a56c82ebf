// Reader of vector formats by GDAL/OGR: GeoJSON, shapefile, GeoPackage and others.

#include "base/os_file.h"
#include "source/crs.h"
#include "source/ogr_field.h"
#include "source/reader.h"
#include "source/shapefile.h"

#include <assert.h>
#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <jansson.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// Drivers that only read the file they are given.
static const char *const drivers[] = {"GeoJSON", "GeoJSONSeq", "TopoJSON", "ESRI Shapefile",
                                      "GPKG",    "FlatGeobuf", "GML",      "LIBKML",
                                      "KML",     "GPX",        "DXF",      "MapInfo File",
                                      NULL};

static bool has_json_magic(const dosi_source_file *file) {
    static const char *const marks[] = {"\"FeatureCollection\"", "\"Topology\"", "\"Feature\""};
    size_t n = file->n_head < 4096 ? file->n_head : 4096;
    size_t at = 0;
    if (n >= 3 && memcmp(file->head, "\xef\xbb\xbf", 3) == 0) at = 3;
    while (at < n && strchr(" \t\r\n", file->head[at])) at++;
    if (at == n || file->head[at] != '{') return false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (memmem(file->head, n, marks[i], strlen(marks[i]))) return true;
    }
    return false;
}

static bool recognise(const dosi_source_file *file) {
    static const char *const extensions[] = {".shp", ".shx", ".dbf",     ".geojson", ".gpkg",
                                             ".fgb", ".gml", ".kml",     ".gpx",     ".dxf",
                                             ".tab", ".mif", ".topojson"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (dosi_source_has_extension(file->name, extensions[i])) return true;
    }
    if (file->n_head >= 16 && memcmp(file->head, "SQLite format 3", 16) == 0) return true;
    if (file->n_head >= 4 && memcmp(file->head, "\0\0\x27\x0a", 4) == 0) return true;
    return has_json_magic(file);
}

static void register_drivers(void) {
    OGRRegisterAll();
}

/// One file being read.
typedef struct reading {
    const dosi_source_file *file;
    const dosi_source_options *options;
    const dosi_run *run;
    dosi_source_result *out;
    OGRLayerH layer;
    dosi_source_crs crs;
    dosi_projection *projection; ///< NULL: coordinates are longitude and latitude already.
    dosi_ogr_fields fields;
    size_t i_geometry; ///< SIZE_MAX: the layer has none.
    size_t n_empty, n_repaired;
    char first_repair[256];
    dosi_text wkb, moved, mended; ///< Scratch.
} reading;

// --- the layer -----------------------------------------------------------------------------

/// Says what GDAL says, with the file's name.
static dosi_status gdal_failed(const reading *r, const char *what, dosi_error *err) {
    const char *message = CPLGetLastErrorMsg();
    return dosi_fail(err, DOSI_PARSE, "%s: %s%s%.300s", r->file->name, what,
                     message[0] ? ": " : "", message);
}

/// Lists the layers by name.
static void list_layers(GDALDatasetH dataset, dosi_text *list) {
    for (int i = 0; i < GDALDatasetGetLayerCount(dataset); i++) {
        dosi_text_printf(list, "%s%s", i ? ", " : "",
                         OGR_L_GetName(GDALDatasetGetLayer(dataset, i)));
    }
}

/// Chooses the layer: the one named by --sheet, else the only one.
static dosi_status choose_layer(reading *r, GDALDatasetH dataset, dosi_error *err) {
    int n = GDALDatasetGetLayerCount(dataset);
    if (n == 0) return dosi_fail(err, DOSI_PARSE, "%s: no layer in it", r->file->name);
    const char *wanted = r->options->sheet;
    r->layer =
        wanted ? GDALDatasetGetLayerByName(dataset, wanted) : GDALDatasetGetLayer(dataset, 0);
    if (r->layer && (wanted || n == 1)) return DOSI_OK;
    dosi_text list = {.limit_bytes = 300};
    list_layers(dataset, &list);
    dosi_status status = dosi_fail(
        err, wanted ? DOSI_NOT_FOUND : DOSI_INVALID, "%s: %s; choose a layer by --sheet: %s",
        r->file->name, wanted ? "no such layer" : "several layers", dosi_text_string(&list));
    dosi_text_destroy(&list);
    return status;
}

/// Finds the coordinate system: what --crs says, else what the file says.
static dosi_status find_crs(reading *r, dosi_error *err) {
    if (r->options->crs) {
        DOSI_TRY(dosi_source_crs_find(r->options->crs, &r->crs, err));
        dosi_text_printf(&r->out->decisions, "coordinates: %s (%s), as told\n",
                         r->crs.definition, r->crs.name);
    } else {
        OGRSpatialReferenceH system = OGR_L_GetSpatialRef(r->layer);
        char *wkt = NULL;
        if (!system || OSRExportToWkt(system, &wkt) != OGRERR_NONE) {
            return dosi_fail(err, DOSI_INVALID,
                             "%s: no coordinate system is told (no .prj?); give one, such as "
                             "--crs EPSG:5186",
                             r->file->name);
        }
        dosi_status status = dosi_source_crs_find(wkt, &r->crs, err);
        CPLFree(wkt);
        DOSI_TRY(status);
        if (r->crs.srid) {
            dosi_text_printf(&r->out->decisions, "coordinates: EPSG:%d (%s)\n", r->crs.srid,
                             r->crs.name);
        } else {
            dosi_text_printf(&r->out->decisions, "coordinates: %s (no EPSG code)\n",
                             r->crs.name);
        }
    }
    if (r->crs.is_lonlat) return DOSI_OK;
    return dosi_projection_create_text(r->crs.definition, "OGC:CRS84", &r->projection, err);
}

// --- shapes --------------------------------------------------------------------------------

/// Degrees by which shapes may lie outside the area a system is made for.
static const double margin = 3;

/// Whether a box of degrees is on Earth, and near where the system is used.
static const char *misplaced(const reading *r, const double *box) {
    const double *area = r->crs.area;
    if (!(box[0] >= -180 && box[2] <= 180 && box[1] >= -90 && box[3] <= 90)) {
        return r->crs.is_lonlat ? "not degrees of longitude and latitude (swapped, or metres: "
                                  "see --crs)"
                                : "outside the world (is the coordinate system right?)";
    }
    bool is_near = box[0] >= area[0] - margin && box[2] <= area[2] + margin &&
                   box[1] >= area[1] - margin && box[3] <= area[3] + margin;
    return is_near ? NULL : "far outside the area of its coordinate system (see --crs)";
}

/// Takes the feature's shape into r->wkb: flat, without curves.
static dosi_status take_wkb(reading *r, OGRGeometryH shape, const char **fault) {
    OGR_G_FlattenTo2D(shape);
    OGRGeometryH straight = OGR_G_GetLinearGeometry(shape, 0, NULL);
    size_t n_bytes = straight ? (size_t)OGR_G_WkbSize(straight) : 0;
    unsigned char *bytes = n_bytes ? malloc(n_bytes) : NULL;
    dosi_text_clear(&r->wkb);
    if (bytes && OGR_G_ExportToIsoWkb(straight, wkbNDR, bytes) == OGRERR_NONE) {
        dosi_text_append(&r->wkb, (const char *)bytes, n_bytes);
    } else {
        *fault = "a kind of shape that is not supported";
    }
    free(bytes);
    OGR_G_DestroyGeometry(straight);
    return dosi_text_status(&r->wkb, NULL);
}

/// Checks validity; mends what can be mended. `*best` is then the shape to keep.
static dosi_status mend(reading *r, size_t line, dosi_text **best, const char **fault) {
    static _Thread_local char reason[160];
    bool is_valid = true;
    dosi_error why = {""};
    dosi_text *shape = *best;
    dosi_status status =
        dosi_wkb_is_valid(shape->data, shape->length, &is_valid, reason, sizeof reason, &why);
    if (status == DOSI_OK && is_valid) return DOSI_OK;
    if (status != DOSI_OK) (void)snprintf(reason, sizeof reason, "%.150s", why.message);
    dosi_text_clear(&r->mended);
    if (status == DOSI_OK) {
        status = dosi_wkb_repair(shape->data, shape->length, &r->mended, &why);
    }
    if (status == DOSI_NO_MEMORY) return status;
    if (status != DOSI_OK) {
        *fault = reason;
        return DOSI_OK;
    }
    if (r->n_repaired++ == 0) {
        (void)snprintf(r->first_repair, sizeof r->first_repair, "row %zu: %.180s", line,
                       reason);
    }
    *best = &r->mended;
    return DOSI_OK;
}

/// Brings the shape in r->wkb to longitude and latitude and checks it.
/// @param fault  Out: why the row cannot be taken.
static dosi_status settle_shape(reading *r, size_t line, dosi_text **best, const char **fault) {
    double box[4];
    *best = &r->wkb;
    if (dosi_wkb_box(r->wkb.data, r->wkb.length, box, NULL) != DOSI_OK) {
        *fault = "a kind of shape that is not supported";
        return DOSI_OK;
    }
    dosi_wkb_reader reader;
    dosi_wkb_part part;
    DOSI_TRY(dosi_wkb_open(&reader, r->wkb.data, r->wkb.length, NULL));
    while (dosi_wkb_next(&reader, &part)) {
        for (size_t i = 0; i < part.n_points; i++) {
            double x = 0, y = 0;
            dosi_wkb_point(&part, i, &x, &y);
            if (!isfinite(x) || !isfinite(y)) {
                *fault = "a coordinate that is not a number";
                return DOSI_OK;
            }
        }
    }
    if (r->projection) {
        dosi_text_clear(&r->moved);
        dosi_status status =
            dosi_wkb_project(r->wkb.data, r->wkb.length, r->projection, &r->moved, NULL);
        if (status == DOSI_DOMAIN) {
            *fault = "coordinates that cannot be turned into longitude and latitude";
            return DOSI_OK;
        }
        DOSI_TRY(status);
        *best = &r->moved;
        DOSI_TRY(dosi_wkb_box(r->moved.data, r->moved.length, box, NULL));
    }
    *fault = isnan(box[0]) ? NULL : misplaced(r, box);
    return *fault ? DOSI_OK : mend(r, line, best, fault);
}

/// Writes the beginning of a shape for the reject table.
static void tell_shape(OGRGeometryH shape, char *out, size_t n_out) {
    char *text = NULL;
    out[0] = '\0';
    if (OGR_G_ExportToWkt(shape, &text) == OGRERR_NONE && text) {
        (void)snprintf(out, n_out, "%s", text);
    }
    CPLFree(text);
}

// --- features ------------------------------------------------------------------------------

static dosi_status reject_feature(reading *r,
                                  size_t line,
                                  const dosi_ogr_fault *fault,
                                  dosi_error *err) {
    dosi_reject reject = {.file = r->file->name,
                          .line = line,
                          .column = fault->column,
                          .value = fault->value,
                          .n_value = strlen(fault->value),
                          .reason = fault->reason};
    return dosi_reject_add(r->out, r->options, &reject, err);
}

/// Stores one feature as a row, or rejects it.
static dosi_status take_feature(reading *r, OGRFeatureH feature, size_t line, dosi_error *err) {
    OGRGeometryH shape = r->i_geometry == SIZE_MAX ? NULL : OGR_F_GetGeometryRef(feature);
    bool is_empty = !shape || OGR_G_IsEmpty(shape);
    dosi_text *best = NULL;
    dosi_ogr_fault fault = {.value = ""};
    char value[201];
    // GDAL calls a point empty whose coordinates are not numbers.
    if (shape && is_empty && wkbFlatten(OGR_G_GetGeometryType(shape)) == wkbPoint) {
        fault = (dosi_ogr_fault){"geometry", "POINT EMPTY", "a point without coordinates"};
        return reject_feature(r, line, &fault, err);
    }
    if (!is_empty) {
        tell_shape(shape, value, sizeof value);
        DOSI_TRY(take_wkb(r, shape, &fault.reason));
        if (!fault.reason) DOSI_TRY(settle_shape(r, line, &best, &fault.reason));
        if (fault.reason) {
            fault.column = "geometry";
            fault.value = value;
            return reject_feature(r, line, &fault, err);
        }
    }
    dosi_table *table = &r->out->table;
    size_t row = table->n_rows;
    DOSI_TRY(dosi_table_add_rows(table, 1, err));
    DOSI_TRY(dosi_ogr_store(&r->fields, feature, table, row, &fault, err));
    if (fault.reason) {
        table->n_rows--;
        return reject_feature(r, line, &fault, err);
    }
    if (is_empty) {
        r->n_empty += r->i_geometry != SIZE_MAX;
        return DOSI_OK;
    }
    return dosi_table_set_bytes(table, r->i_geometry, row, best->data, best->length);
}

/// Reads all features of the layer.
static dosi_status take_features(reading *r, dosi_error *err) {
    OGR_L_ResetReading(r->layer);
    CPLErrorReset();
    for (size_t line = 1;; line++) {
        if (line % 1024 == 0) DOSI_TRY(dosi_run_check(r->run, err));
        OGRFeatureH feature = OGR_L_GetNextFeature(r->layer);
        if (CPLGetLastErrorType() >= CE_Failure) {
            char where[64];
            (void)snprintf(where, sizeof where, "damaged at feature %zu", line);
            OGR_F_Destroy(feature);
            return gdal_failed(r, where, err);
        }
        if (!feature) return DOSI_OK;
        r->out->n_rows_seen++;
        dosi_status status = take_feature(r, feature, line, err);
        OGR_F_Destroy(feature);
        DOSI_TRY(status);
    }
}

/// Adds the geometry column, under a name that no field has.
static dosi_status add_geometry(reading *r, dosi_error *err) {
    r->i_geometry = SIZE_MAX;
    if (OGR_L_GetGeomType(r->layer) == wkbNone) return DOSI_OK;
    DOSI_TRY(find_crs(r, err));
    const char *name =
        dosi_table_find(&r->out->table, "geometry") == SIZE_MAX ? "geometry" : "geometry_shape";
    DOSI_TRY(
        dosi_table_add_column(&r->out->table, name, DOSI_TYPE_GEOMETRY, &r->i_geometry, err));
    r->out->table.columns[r->i_geometry].srid = DOSI_SRID_LONLAT;
    return DOSI_OK;
}

/// Says what became of the shapes.
static dosi_status tell_shapes(const reading *r, dosi_error *err) {
    dosi_text *decisions = &r->out->decisions;
    if (r->n_repaired > 0) {
        dosi_text_printf(decisions, "shapes mended: %zu; the first: %s\n", r->n_repaired,
                         r->first_repair);
    }
    if (r->n_empty > 0) dosi_text_printf(decisions, "rows without a shape: %zu\n", r->n_empty);
    const dosi_table *rejects = &r->out->rejects;
    if (r->out->table.n_rows > 0 || rejects->n_rows == 0) return DOSI_OK;
    size_t n_reason = 0, n_value = 0;
    const char *reason = dosi_column_bytes(&rejects->columns[4], 0, &n_reason);
    const char *value = dosi_column_bytes(&rejects->columns[3], 0, &n_value);
    return dosi_fail(err, DOSI_PARSE, "%s: none of %zu rows can be taken; row 1: %.*s: %.*s",
                     r->file->name, rejects->n_rows, (int)n_reason, reason ? reason : "",
                     (int)(n_value < 80 ? n_value : 80), value ? value : "");
}

static dosi_status read_dataset(reading *r, GDALDatasetH dataset, dosi_error *err) {
    DOSI_TRY(choose_layer(r, dataset, err));
    dosi_text_printf(&r->out->decisions, "layer: %s (%s)\n", OGR_L_GetName(r->layer),
                     GDALGetDriverShortName(GDALGetDatasetDriver(dataset)));
    r->fields.zone_s = r->options->zone_s;
    DOSI_TRY(dosi_ogr_fields_find(r->layer, r->file, r->options, r->out, &r->fields, err));
    DOSI_TRY(add_geometry(r, err));
    DOSI_TRY(take_features(r, err));
    return tell_shapes(r, err);
}

/// Says where a JSON file that GDAL refused stops being JSON; GDAL does not.
static dosi_status refused(const reading *r, dosi_error *err) {
    json_error_t place;
    json_t *whole = NULL;
    if (!has_json_magic(r->file) || r->file->n_bytes > DOSI_SOURCE_JSON_BYTES) {
        return gdal_failed(r, "cannot be read", err);
    }
    if (r->file->path) {
        whole = json_load_file(r->file->path, 0, &place);
    } else {
        whole = json_loadb(r->file->bytes, (size_t)r->file->n_bytes, 0, &place);
    }
    if (whole) {
        json_decref(whole);
        return gdal_failed(r, "cannot be read", err);
    }
    return dosi_fail(err, DOSI_PARSE, "%s: no JSON: line %d, column %d: %.160s", r->file->name,
                     place.line, place.column, place.text);
}

/// Opens the file (content in memory under a name of GDAL's own) and reads it.
static dosi_status open_and_read(reading *r, dosi_error *err) {
    static const char *const raw[] = {"ENCODING=", NULL};
    const char *path = r->file->path;
    char in_memory[512];
    if (!path) {
        (void)snprintf(in_memory, sizeof in_memory, "/vsimem/dosi-%p-%.200s", (void *)r,
                       r->file->name);
        VSILFILE *copy = VSIFileFromMemBuffer(in_memory, (GByte *)r->file->bytes,
                                              (vsi_l_offset)r->file->n_bytes, FALSE);
        if (!copy) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", r->file->name);
        (void)VSIFCloseL(copy);
        path = in_memory;
    }
    bool is_shapefile = dosi_source_has_extension(r->file->name, ".shp");
    GDALDatasetH dataset =
        GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR, drivers,
                   is_shapefile ? raw : NULL, NULL);
    dosi_status status = dataset ? read_dataset(r, dataset, err) : refused(r, err);
    if (dataset) GDALClose(dataset);
    if (!r->file->path) (void)VSIUnlink(in_memory);
    return status;
}

static dosi_status read_ogr(const dosi_source_file *file,
                            const dosi_source_options *options,
                            const dosi_run *run,
                            dosi_source_result *out,
                            dosi_error *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_drivers);
    if (file->path) DOSI_TRY(dosi_shapefile_check(file, err));
    reading r = {.file = file, .options = options, .run = run, .out = out};
    CPLPushErrorHandler(CPLQuietErrorHandler);
    CPLErrorReset();
    dosi_status status = open_and_read(&r, err);
    CPLPopErrorHandler();
    dosi_ogr_fields_clear(&r.fields);
    dosi_projection_destroy(r.projection);
    dosi_text_destroy(&r.wkb);
    dosi_text_destroy(&r.moved);
    dosi_text_destroy(&r.mended);
    return status;
}

const dosi_reader dosi_reader_ogr = {
    .name = "vector", .recognise = recognise, .read = read_ogr};
