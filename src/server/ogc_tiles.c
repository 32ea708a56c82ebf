// OGC API Tiles: vector tiles of a collection.

#include "server/ogc_features.h"

#include <stdio.h>
#include <string.h>

static const char matrix_set_uri[] =
    "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
static const char tile_type[] = "application/vnd.mapbox-vector-tile";

/// Writes a link to base_url + a formatted path.
static void put_path_link(dosi_json *json,
                          const dosi_http_request *request,
                          const char *path,
                          const char *rel,
                          const char *type) {
    char href[DOSI_HREF_BYTES];
    (void)snprintf(href, sizeof href, "%s/ogc%s", dosi_http_base_url(request), path);
    dosi_server_put_link(json, href, rel, type, NULL);
}

/// Writes the members that a tileset has in the list and alone.
static void put_tileset(dosi_json *json,
                        const dosi_http_request *request,
                        const dosi_collection *collection) {
    char path[DOSI_REFERENCE_BYTES + 80];
    dosi_json_member_string(json, "title", collection->id);
    dosi_json_member_string(json, "dataType", "vector");
    dosi_json_member_string(json, "crs", "http://www.opengis.net/def/crs/EPSG/0/3857");
    dosi_json_member_string(json, "tileMatrixSetURI", matrix_set_uri);
    dosi_json_key(json, "links");
    dosi_json_begin_array(json);
    (void)snprintf(path, sizeof path, "/collections/%s/tiles/WebMercatorQuad", collection->id);
    put_path_link(json, request, path, "self", "application/json");
    put_path_link(json, request, "/tileMatrixSets/WebMercatorQuad",
                  "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "application/json");
    dosi_json_begin_object(json);
    char href[DOSI_HREF_BYTES];
    (void)snprintf(href, sizeof href, "%s/ogc%s/{tileMatrix}/{tileRow}/{tileCol}",
                   dosi_http_base_url(request), path);
    dosi_json_member_string(json, "href", href);
    dosi_json_member_string(json, "rel", "item");
    dosi_json_member_string(json, "type", tile_type);
    dosi_json_member_bool(json, "templated", true);
    dosi_json_end_object(json);
    dosi_json_end_array(json);
}

static dosi_status tilesets(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_collection collection;
    dosi_json json;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    DOSI_TRY(dosi_collection_open(context, request, "tile", false, &collection, err));
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "tilesets");
    dosi_json_begin_array(&json);
    dosi_json_begin_object(&json);
    put_tileset(&json, request, &collection);
    dosi_json_end_object(&json);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    dosi_collection_close(context, &collection);
    return DOSI_OK;
}

static dosi_status tileset(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_collection collection;
    dosi_json json;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    DOSI_TRY(dosi_collection_open(context, request, "tile", false, &collection, err));
    const double *extent = collection.version.extent;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    put_tileset(&json, request, &collection);
    if (!isnan(extent[0])) {
        dosi_json_key(&json, "boundingBox");
        dosi_json_begin_object(&json);
        for (size_t i = 0; i < 2; i++) {
            dosi_json_key(&json, i ? "upperRight" : "lowerLeft");
            dosi_json_begin_array(&json);
            dosi_json_real(&json, extent[2 * i]);
            dosi_json_real(&json, extent[2 * i + 1]);
            dosi_json_end_array(&json);
        }
        dosi_json_member_string(&json, "crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84");
        dosi_json_end_object(&json);
    }
    dosi_json_key(&json, "layers");
    dosi_json_begin_array(&json);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", collection.id);
    dosi_json_member_string(&json, "dataType", "vector");
    dosi_json_member_int(&json, "featureLimit", DOSI_TILE_FEATURES);
    dosi_json_end_object(&json);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    dosi_collection_close(context, &collection);
    return DOSI_OK;
}

/// A number of a tile's address.
static bool parse_place(const dosi_http_request *request,
                        const char *name,
                        int64_t below,
                        uint32_t *out) {
    const char *text = dosi_http_path(request, name);
    int64_t value = 0;
    size_t length = strcspn(text, "."); // "5.mvt" is taken too
    if (dosi_parse_int(text, length, &value) != DOSI_OK || value < 0 || value >= below) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static dosi_status tile(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_collection collection;
    dosi_tile place = {0};
    uint32_t zoom = 0;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    bool is_tile = parse_place(request, "z", DOSI_TILE_ZOOM_MAX + 1, &zoom) &&
                   parse_place(request, "y", INT64_C(1) << zoom, &place.y) &&
                   parse_place(request, "x", INT64_C(1) << zoom, &place.x);
    if (!is_tile) return dosi_fail(err, DOSI_NOT_FOUND, "there is no such tile");
    place.zoom = zoom;
    DOSI_TRY(dosi_collection_open(context, request, "tile", true, &collection, err));
    reply->content_type = tile_type;
    dosi_status status = DOSI_OK;
    if (!dosi_collection_is_fresh(request, &collection, "t1", reply)) {
        uint64_t n_left_out = 0;
        status = dosi_features_put_tile(&reply->body, collection.features, place, collection.id,
                                        &n_left_out, err);
        if (n_left_out > 0) {
            dosi_text_printf(&reply->headers, "Dosi-Features-Left-Out: %llu\n",
                             (unsigned long long)n_left_out);
        }
        if (status == DOSI_OK && reply->body.length == 0) reply->code = 204;
    }
    dosi_collection_close(context, &collection);
    return status;
}

static dosi_status matrix_sets(void *context,
                               dosi_http_request *request,
                               dosi_http_reply *reply,
                               dosi_error *err) {
    static const char *const names[] = {"f"};
    (void)context;
    dosi_json json;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "tileMatrixSets");
    dosi_json_begin_array(&json);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", "WebMercatorQuad");
    dosi_json_member_string(&json, "uri", matrix_set_uri);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    put_path_link(&json, request, "/tileMatrixSets/WebMercatorQuad",
                  "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "application/json");
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// Half the side of the Web Mercator world, metres.
#define HALF_WORLD_M 20037508.342789244

/// Writes one zoom level.
static void put_matrix(dosi_json *json, unsigned zoom) {
    char id[8];
    double n = (double)(UINT64_C(1) << zoom);
    double cell_m = 2 * HALF_WORLD_M / 256 / n;
    (void)snprintf(id, sizeof id, "%u", zoom);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "id", id);
    dosi_json_member_real(json, "scaleDenominator", cell_m / 0.00028);
    dosi_json_member_real(json, "cellSize", cell_m);
    dosi_json_key(json, "pointOfOrigin");
    dosi_json_begin_array(json);
    dosi_json_real(json, -HALF_WORLD_M);
    dosi_json_real(json, HALF_WORLD_M);
    dosi_json_end_array(json);
    dosi_json_member_int(json, "tileWidth", 256);
    dosi_json_member_int(json, "tileHeight", 256);
    dosi_json_member_real(json, "matrixWidth", n);
    dosi_json_member_real(json, "matrixHeight", n);
    dosi_json_end_object(json);
}

static dosi_status matrix_set(void *context,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    static const char *const names[] = {"f"};
    (void)context;
    dosi_json json;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    if (strcmp(dosi_http_path(request, "set"), "WebMercatorQuad") != 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the only tile matrix set is WebMercatorQuad");
    }
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", "WebMercatorQuad");
    dosi_json_member_string(&json, "uri", matrix_set_uri);
    dosi_json_member_string(&json, "title", "Google Maps Compatible for the World");
    dosi_json_member_string(&json, "crs", "http://www.opengis.net/def/crs/EPSG/0/3857");
    dosi_json_member_string(&json, "wellKnownScaleSet",
                            "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible");
    dosi_json_key(&json, "tileMatrices");
    dosi_json_begin_array(&json);
    for (unsigned zoom = 0; zoom <= DOSI_TILE_ZOOM_MAX; zoom++) put_matrix(&json, zoom);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static const char *const classes[] = {
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
};

static const dosi_http_route routes[] = {
    {"GET", "/ogc/collections/{id}/tiles", tilesets, "Tile sets of a collection", "f:string",
     false},
    {"GET", "/ogc/collections/{id}/tiles/WebMercatorQuad", tileset, "A tile set", "f:string",
     false},
    {"GET", "/ogc/collections/{id}/tiles/WebMercatorQuad/{z}/{y}/{x}", tile, "A vector tile",
     "f:string", false},
    {"GET", "/ogc/tileMatrixSets", matrix_sets, "Tile matrix sets", "f:string", false},
    {"GET", "/ogc/tileMatrixSets/{set}", matrix_set, "A tile matrix set", "f:string", false},
};

const dosi_route_group dosi_routes_ogc_tiles = {
    .tag = "tiles",
    .about = "Vector tiles of collections",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
    .conformance = classes,
    .n_conformance = sizeof classes / sizeof classes[0],
};
