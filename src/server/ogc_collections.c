// OGC API Features: the collections, their schemas.

#include "server/crs.h"
#include "server/ogc_features.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool dosi_version_is_collection(const dosi_version *version) {
    return !isnan(version->extent[0]) || version->n_rows <= DOSI_COLLECTION_ROWS;
}

dosi_status dosi_collection_open(dosi_server *server,
                                 const dosi_http_request *request,
                                 const char *channel,
                                 bool reads_features,
                                 dosi_collection *out,
                                 dosi_error *err) {
    dosi_caller caller;
    dosi_collection found = {.features = NULL};
    char reference[DOSI_REFERENCE_BYTES];
    const char *id = dosi_http_path(request, "id");
    DOSI_TRY(dosi_server_caller(server, request, channel, &caller, err));
    DOSI_TRY(dosi_server_reference(id, reference, err));
    DOSI_TRY(dosi_gate_find(server->gate, &caller, reference, &found.version, err));
    dosi_status status = DOSI_OK;
    if (!dosi_version_is_collection(&found.version)) {
        status = dosi_fail(err, DOSI_NOT_FOUND,
                           "%s has too many rows without geometry to be a collection; use SQL",
                           reference);
    }
    (void)snprintf(found.id, sizeof found.id, "%s", id);
    found.is_public = strcmp(found.version.visibility, "public") == 0;
    if (status == DOSI_OK && reads_features) {
        // By number, so that version and features are the same even while it changes.
        size_t length = strlen(reference);
        (void)snprintf(reference + length, sizeof reference - length, "@%lld",
                       (long long)found.version.number);
        status = dosi_gate_features(server->gate, &caller, reference, &found.features, err);
    }
    if (status != DOSI_OK) {
        dosi_version_clear(&found.version);
        return status;
    }
    *out = found;
    return DOSI_OK;
}

void dosi_collection_close(dosi_server *server, dosi_collection *collection) {
    dosi_gate_release_features(server->gate, collection->features);
    dosi_version_clear(&collection->version);
    collection->features = NULL;
}

bool dosi_collection_is_fresh(const dosi_http_request *request,
                              const dosi_collection *collection,
                              const char *salt,
                              dosi_http_reply *reply) {
    (void)snprintf(reply->etag, sizeof reply->etag, "%.20s%s%.20s", collection->version.hash,
                   salt[0] ? "-" : "", salt);
    dosi_text_puts(&reply->headers, collection->is_public
                                        ? "Cache-Control: public, no-cache\n"
                                        : "Cache-Control: private, no-cache\n");
    return dosi_http_is_fresh(request, reply->etag);
}

/// Whether the client would rather read Korean.
static bool wants_korean(const dosi_http_request *request) {
    const char *accepted = dosi_http_header(request, "Accept-Language");
    return accepted && strncmp(accepted, "ko", 2) == 0;
}

/// A member's text in the wanted language, else the other; NULL when there is none.
static const char *words_of(const json_t *object, const char *key, bool is_korean) {
    const json_t *words = json_object_get(object, key);
    const char *ko = json_string_value(json_object_get(words, "ko"));
    const char *en = json_string_value(json_object_get(words, "en"));
    if (is_korean) return ko ? ko : en;
    return en ? en : ko;
}

/// Writes a link to the collection (or what is below it).
static void put_link(dosi_json *json,
                     const char *base_url,
                     const char *id,
                     const char *below,
                     const char *rel,
                     const char *type) {
    char href[DOSI_HREF_BYTES];
    (void)snprintf(href, sizeof href, "%s/ogc/collections/%s%s", base_url, id, below);
    dosi_server_put_link(json, href, rel, type, NULL);
}

/// Writes the spatial and temporal extent.
static void put_extent(dosi_json *json,
                       const dosi_server *server,
                       const dosi_version *version) {
    bool has_time = version->time_first != DOSI_TIME_MISSING;
    bool has_place = !isnan(version->extent[0]);
    if (!has_time && !has_place) return;
    dosi_json_key(json, "extent");
    dosi_json_begin_object(json);
    if (has_place) {
        dosi_json_key(json, "spatial");
        dosi_json_begin_object(json);
        dosi_json_key(json, "bbox");
        dosi_json_begin_array(json);
        dosi_json_begin_array(json);
        for (size_t i = 0; i < 4; i++) dosi_json_real(json, version->extent[i]);
        dosi_json_end_array(json);
        dosi_json_end_array(json);
        dosi_json_member_string(json, "crs", dosi_server_crs_at(DOSI_SERVER_CRS_LONLAT)->uri);
        dosi_json_end_object(json);
    }
    if (has_time) {
        char text[DOSI_TIME_TEXT_BYTES];
        int zone_s = dosi_gate_zone_s(server->gate);
        dosi_json_key(json, "temporal");
        dosi_json_begin_object(json);
        dosi_json_key(json, "interval");
        dosi_json_begin_array(json);
        dosi_json_begin_array(json);
        dosi_time_format(version->time_first, zone_s, text);
        dosi_json_string(json, text);
        dosi_time_format(version->time_last, zone_s, text);
        dosi_json_string(json, text);
        dosi_json_end_array(json);
        dosi_json_end_array(json);
        dosi_json_end_object(json);
    }
    dosi_json_end_object(json);
}

/// Writes the links of a collection.
static void put_links(dosi_json *json, const char *base_url, const char *id, bool has_place) {
    dosi_json_key(json, "links");
    dosi_json_begin_array(json);
    put_link(json, base_url, id, "", "self", "application/json");
    put_link(json, base_url, id, "/items", "items", "application/geo+json");
    put_link(json, base_url, id, "/queryables",
             "http://www.opengis.net/def/rel/ogc/1.0/queryables", "application/schema+json");
    put_link(json, base_url, id, "/schema", "describedby", "application/schema+json");
    if (has_place) {
        put_link(json, base_url, id, "/tiles",
                 "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", "application/json");
    }
    dosi_json_end_array(json);
}

/// Writes one collection.
static void put_collection(dosi_json *json,
                           const dosi_server *server,
                           const dosi_http_request *request,
                           const dosi_version *version) {
    char id[DOSI_REFERENCE_BYTES];
    bool has_place = !isnan(version->extent[0]);
    (void)snprintf(id, sizeof id, "%s.%s", version->organisation, version->name);
    json_t *metadata =
        json_loads(version->metadata_json ? version->metadata_json : "{}", 0, NULL);
    const char *title = words_of(metadata, "title", wants_korean(request));
    const char *description = words_of(metadata, "description", wants_korean(request));
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "id", id);
    dosi_json_member_string(json, "title", title ? title : id);
    if (description) dosi_json_member_string(json, "description", description);
    dosi_json_member_bool(json, "simulated", version->is_simulated);
    dosi_json_member_string(json, "itemType", "feature");
    put_extent(json, server, version);
    dosi_json_key(json, "crs");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < DOSI_SERVER_CRS_COUNT; i++)
        dosi_json_string(json, dosi_server_crs_at(i)->uri);
    dosi_json_end_array(json);
    dosi_json_member_string(json, "storageCrs",
                            dosi_server_crs_at(DOSI_SERVER_CRS_LONLAT)->uri);
    put_links(json, dosi_http_base_url(request), id, has_place);
    dosi_json_end_object(json);
    json_decref(metadata);
}

/// What the list of collections is written with.
typedef struct listing {
    dosi_json *json;
    dosi_server *server;
    const dosi_http_request *request;
} listing;

static dosi_status put_listed(void *context, const dosi_version *version, dosi_error *err) {
    (void)err;
    const listing *list = context;
    if (dosi_version_is_collection(version)) {
        put_collection(list->json, list->server, list->request, version);
    }
    return DOSI_OK;
}

static dosi_status collections(void *context,
                               dosi_http_request *request,
                               dosi_http_reply *reply,
                               dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_server *server = context;
    dosi_caller caller;
    dosi_json json;
    char href[DOSI_HREF_BYTES];
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    DOSI_TRY(dosi_server_caller(server, request, "features", &caller, err));
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    (void)snprintf(href, sizeof href, "%s/ogc/collections", dosi_http_base_url(request));
    dosi_server_put_link(&json, href, "self", "application/json", NULL);
    dosi_json_end_array(&json);
    dosi_json_key(&json, "crs");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < DOSI_SERVER_CRS_COUNT; i++)
        dosi_json_string(&json, dosi_server_crs_at(i)->uri);
    dosi_json_end_array(&json);
    dosi_json_key(&json, "collections");
    dosi_json_begin_array(&json);
    listing list = {&json, server, request};
    DOSI_TRY(dosi_gate_each(server->gate, &caller, put_listed, &list, err));
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status collection(void *context,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_server *server = context;
    dosi_collection found;
    dosi_json json;
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    DOSI_TRY(dosi_collection_open(server, request, "features", false, &found, err));
    dosi_json_init(&json, &reply->body);
    put_collection(&json, server, request, &found.version);
    dosi_collection_close(server, &found);
    return DOSI_OK;
}

/// The JSON Schema of a property, from an entry of columns_json.
static void put_property(dosi_json *json, const json_t *column, bool is_korean) {
    const char *type = json_string_value(json_object_get(column, "type"));
    const char *unit = json_string_value(json_object_get(column, "unit"));
    const char *meaning = words_of(column, "meaning", is_korean);
    static const struct {
        const char *type, *schema, *format;
    } types[] = {{"boolean", "boolean", NULL},    {"integer", "integer", NULL},
                 {"real", "number", NULL},        {"text", "string", NULL},
                 {"time", "string", "date-time"}, {"date", "string", "date"}};
    dosi_json_begin_object(json);
    for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) != 0) continue;
        dosi_json_member_string(json, "type", types[i].schema);
        if (types[i].format) dosi_json_member_string(json, "format", types[i].format);
    }
    if (type && strcmp(type, "geometry") == 0) {
        dosi_json_member_string(json, "format", "geometry-any");
        dosi_json_member_string(json, "x-ogc-role", "primary-geometry");
    }
    if (meaning) dosi_json_member_string(json, "title", meaning);
    if (unit) dosi_json_member_string(json, "x-ogc-unit", unit);
    dosi_json_end_object(json);
}

/// The JSON Schema of a collection: of its features, or of what can be asked for.
static dosi_status put_schema(dosi_server *server,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              const char *below,
                              dosi_error *err) {
    static const char *const names[] = {"f"};
    dosi_collection found;
    dosi_json json;
    char href[DOSI_HREF_BYTES];
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    DOSI_TRY(dosi_collection_open(server, request, "features", false, &found, err));
    reply->content_type = "application/schema+json";
    (void)snprintf(href, sizeof href, "%s/ogc/collections/%s/%s", dosi_http_base_url(request),
                   found.id, below);
    json_t *columns =
        json_loads(found.version.columns_json ? found.version.columns_json : "[]", 0, NULL);
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    dosi_json_member_string(&json, "$id", href);
    dosi_json_member_string(&json, "type", "object");
    dosi_json_member_string(&json, "title", found.id);
    dosi_json_key(&json, "properties");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *column = json_array_get(columns, i);
        const char *name = json_string_value(json_object_get(column, "name"));
        if (!name) continue;
        dosi_json_key(&json, name);
        put_property(&json, column, wants_korean(request));
    }
    dosi_json_end_object(&json);
    dosi_json_member_bool(&json, "additionalProperties", false);
    dosi_json_end_object(&json);
    json_decref(columns);
    dosi_collection_close(server, &found);
    return DOSI_OK;
}

static dosi_status queryables(void *context,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    return put_schema(context, request, reply, "queryables", err);
}

static dosi_status schema(void *context,
                          dosi_http_request *request,
                          dosi_http_reply *reply,
                          dosi_error *err) {
    return put_schema(context, request, reply, "schema", err);
}

static void put_landing_links(dosi_json *json, const char *base_url) {
    dosi_server_put_own_link(json, base_url, "/ogc/collections", "data", "application/json",
                             "Collections of features");
    dosi_server_put_own_link(json, base_url, "/ogc/collections",
                             "http://www.opengis.net/def/rel/ogc/1.0/data", "application/json",
                             NULL);
}

static const char *const classes[] = {
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
};

static const dosi_http_route routes[] = {
    {"GET", "/ogc/collections", collections, "Collections that you may see", "f:string", false},
    {"GET", "/ogc/collections/{id}", collection, "One collection", "f:string", false},
    {"GET", "/ogc/collections/{id}/queryables", queryables, "Properties to ask by", "f:string",
     false},
    {"GET", "/ogc/collections/{id}/schema", schema, "Properties of its features", "f:string",
     false},
};

const dosi_route_group dosi_routes_ogc_collections = {
    .tag = "collections",
    .about = "Datasets as collections of features",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
    .conformance = classes,
    .n_conformance = sizeof classes / sizeof classes[0],
    .put_links = put_landing_links,
};
