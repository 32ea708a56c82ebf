// OGC API Features: items of a collection, and one by id.

#include "server/items_query.h"
#include "server/ogc_features.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Appends `text` percent-encoded for a query.
static void put_encoded(dosi_text *out, const char *text) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                        (byte >= 'A' && byte <= 'Z') || strchr("-._~:,/", (char)byte);
        if (is_plain) {
            dosi_text_putc(out, (char)byte);
        } else {
            dosi_text_printf(out, "%%%02X", byte);
        }
    }
}

/// Writes a link to this page or another one, with every parameter kept but `offset`.
static void put_page_link(dosi_json *json,
                          const dosi_http_request *request,
                          const char *rel,
                          uint64_t offset) {
    dosi_text href = {0};
    const char *name = NULL;
    const char *value = NULL;
    const char *mark = "?";
    dosi_text_printf(&href, "%s/ogc/collections/%s/items", dosi_http_base_url(request),
                     dosi_http_path(request, "id"));
    for (size_t i = 0; dosi_http_query_at(request, i, &name, &value); i++) {
        if (strcmp(name, "offset") == 0) continue;
        dosi_text_puts(&href, mark);
        put_encoded(&href, name);
        dosi_text_putc(&href, '=');
        put_encoded(&href, value);
        mark = "&";
    }
    if (offset > 0) dosi_text_printf(&href, "%soffset=%llu", mark, (unsigned long long)offset);
    dosi_server_put_link(json, dosi_text_string(&href), rel, "application/geo+json", NULL);
    dosi_text_destroy(&href);
}

/// Says in which system the coordinates are.
static void put_crs_header(dosi_http_reply *reply, size_t crs) {
    dosi_text_printf(&reply->headers, "Content-Crs: <%s>\n", dosi_server_crs_at(crs)->uri);
}

/// A page being written.
typedef struct items_page {
    const dosi_http_request *request;
    const dosi_collection *collection;
    const dosi_items_query *query;
    const uint32_t *positions;
    uint32_t n;
    uint64_t n_matched;
    const dosi_projection *projection;
} items_page;

/// Writes a page of features.
static void put_page(dosi_text *out, const items_page *page) {
    dosi_json json;
    char now[DOSI_TIME_TEXT_BYTES];
    const dosi_feature_query *query = &page->query->query;
    const dosi_server_crs *crs = dosi_server_crs_at(page->query->crs);
    dosi_feature_format format = {page->projection, crs->is_y_first, crs->decimals};
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "type", "FeatureCollection");
    int64_t now_us = dosi_time_now_utc_us();
    dosi_time_format(now_us - now_us % DOSI_SECOND_US, 0, now);
    dosi_json_member_string(&json, "timeStamp", now);
    dosi_json_member_int(&json, "numberMatched", (int64_t)page->n_matched);
    dosi_json_member_int(&json, "numberReturned", page->n);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    put_page_link(&json, page->request, "self", query->offset);
    bool has_more = page->n > 0 && query->offset + page->n < page->n_matched;
    if (has_more) put_page_link(&json, page->request, "next", query->offset + page->n);
    if (query->offset > 0) {
        uint64_t before = query->offset > query->limit ? query->offset - query->limit : 0;
        put_page_link(&json, page->request, "prev", before);
    }
    dosi_json_end_array(&json);
    dosi_json_key(&json, "features");
    dosi_json_begin_array(&json);
    for (uint32_t i = 0; i < page->n; i++) {
        dosi_json_begin_object(&json);
        dosi_features_put_json(out, page->collection->features, page->positions[i], &format);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

/// Collects the parameters of a request.
static size_t gather(const dosi_http_request *request, dosi_uri_parameter *out) {
    size_t n = 0;
    while (n < DOSI_URI_PARAMETERS &&
           dosi_http_query_at(request, n, &out[n].name, &out[n].value)) {
        n++;
    }
    return n;
}

/// Finds and writes the page that `query` asks for.
static dosi_status answer_items(dosi_server *server,
                                const dosi_http_request *request,
                                const dosi_collection *collection,
                                dosi_items_query *query,
                                dosi_http_reply *reply,
                                dosi_error *err) {
    dosi_projection *box_projection = NULL;
    dosi_projection *projection = NULL;
    items_page page = {.request = request, .collection = collection, .query = query};
    uint32_t *positions = calloc(query->query.limit, sizeof *positions);
    if (!positions) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    page.positions = positions;
    dosi_status status = DOSI_OK;
    if (query->query.n_boxes > 0) {
        status = dosi_server_crs_take(&server->crs, query->box_crs, &box_projection, err);
        query->query.projection = box_projection;
    }
    if (status == DOSI_OK)
        status = dosi_server_crs_take(&server->crs, query->crs, &projection, err);
    if (status == DOSI_OK) {
        status = dosi_features_query(collection->features, &query->query, positions, &page.n,
                                     &page.n_matched, err);
    }
    if (status == DOSI_OK) {
        page.projection = projection;
        put_page(&reply->body, &page);
        put_crs_header(reply, query->crs);
    }
    dosi_server_crs_give(&server->crs, query->box_crs, box_projection);
    dosi_server_crs_give(&server->crs, query->crs, projection);
    free(positions);
    return status;
}

static dosi_status items(void *context,
                         dosi_http_request *request,
                         dosi_http_reply *reply,
                         dosi_error *err) {
    dosi_server *server = context;
    dosi_collection collection;
    dosi_items_query query;
    dosi_uri_parameter parameters[DOSI_URI_PARAMETERS];
    reply->content_type = "application/geo+json";
    DOSI_TRY(dosi_collection_open(server, request, "features", true, &collection, err));
    dosi_status status =
        dosi_items_parse(parameters, gather(request, parameters), collection.features,
                         dosi_gate_zone_s(server->gate), &query, err);
    if (status == DOSI_OK && !dosi_collection_is_fresh(request, &collection, "", reply)) {
        status = answer_items(server, request, &collection, &query, reply, err);
    }
    dosi_collection_close(server, &collection);
    return status;
}

/// Writes one feature.
static dosi_status answer_item(dosi_server *server,
                               const dosi_http_request *request,
                               const dosi_collection *collection,
                               size_t i_crs,
                               dosi_http_reply *reply,
                               dosi_error *err) {
    const char *text = dosi_http_path(request, "fid");
    int64_t id = 0;
    uint32_t position = 0;
    dosi_projection *projection = NULL;
    if (dosi_parse_int(text, strlen(text), &id) != DOSI_OK || id < 1 ||
        !dosi_features_find(collection->features, (uint64_t)id, &position)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s has no feature \"%.40s\"", collection->id,
                         text);
    }
    if (dosi_collection_is_fresh(request, collection, "", reply)) return DOSI_OK;
    DOSI_TRY(dosi_server_crs_take(&server->crs, i_crs, &projection, err));
    const dosi_server_crs *crs = dosi_server_crs_at(i_crs);
    dosi_feature_format format = {projection, crs->is_y_first, crs->decimals};
    dosi_text_putc(&reply->body, '{');
    dosi_features_put_json(&reply->body, collection->features, position, &format);
    dosi_text_puts(&reply->body, ",\"links\":");
    dosi_json json;
    char href[DOSI_HREF_BYTES];
    const char *base_url = dosi_http_base_url(request);
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_array(&json);
    (void)snprintf(href, sizeof href, "%s/ogc/collections/%s/items/%lld", base_url,
                   collection->id, (long long)id);
    dosi_server_put_link(&json, href, "self", "application/geo+json", NULL);
    (void)snprintf(href, sizeof href, "%s/ogc/collections/%s", base_url, collection->id);
    dosi_server_put_link(&json, href, "collection", "application/json", NULL);
    dosi_json_end_array(&json);
    dosi_text_putc(&reply->body, '}');
    put_crs_header(reply, i_crs);
    dosi_server_crs_give(&server->crs, i_crs, projection);
    return DOSI_OK;
}

static dosi_status item(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    static const char *const names[] = {"f", "crs"};
    dosi_server *server = context;
    dosi_collection collection;
    const char *crs = dosi_http_query(request, "crs");
    size_t i_crs = crs ? dosi_server_crs_find(crs) : DOSI_SERVER_CRS_LONLAT;
    DOSI_TRY(dosi_server_check_query(request, names, 2, err));
    if (i_crs == DOSI_SERVER_CRS_COUNT) {
        return dosi_fail(err, DOSI_INVALID, "\"%.100s\" is no coordinate system of it", crs);
    }
    reply->content_type = "application/geo+json";
    DOSI_TRY(dosi_collection_open(server, request, "features", true, &collection, err));
    dosi_status status = answer_item(server, request, &collection, i_crs, reply, err);
    dosi_collection_close(server, &collection);
    return status;
}

static const char *const classes[] = {
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
};

static const dosi_http_route routes[] = {
    {"GET", "/ogc/collections/{id}/items", items, "Features, page by page",
     "limit:integer offset:integer bbox:string bbox-crs:string crs:string datetime:string "
     "sortby:string f:string",
     false},
    {"GET", "/ogc/collections/{id}/items/{fid}", item, "One feature", "crs:string f:string",
     false},
};

const dosi_route_group dosi_routes_ogc_items = {
    .tag = "features",
    .about = "Features as GeoJSON; every property of a collection is a parameter too",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
    .conformance = classes,
    .n_conformance = sizeof classes / sizeof classes[0],
};
