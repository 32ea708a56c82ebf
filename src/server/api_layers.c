// /api/v1/layers: what the map shows.

#include "server/api.h"
#include "study/layer.h"

#include <stdio.h>
#include <string.h>

static dosi_status list(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    return dosi_layers_put_json(server->layers, &caller, &reply->body, err);
}

/// What may be kept by the one who asked, and must be asked for again.
static void set_cache(dosi_http_reply *reply, const char *etag) {
    (void)snprintf(reply->etag, sizeof reply->etag, "%s", etag);
    dosi_text_puts(&reply->headers, "Cache-Control: private, max-age=0, must-revalidate\n");
}

static dosi_status frame(void *context,
                         dosi_http_request *request,
                         dosi_http_reply *reply,
                         dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char etag[DOSI_ETAG_BYTES] = "";
    static const char *const names[] = {"time", "v"};
    DOSI_TRY(dosi_server_check_query(request, names, 2, err));
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_layer_query query = {.id = dosi_http_path(request, "id"),
                              .time = dosi_http_query(request, "time")};
    DOSI_TRY(dosi_layer_put_frame(server->layers, &caller, &query, &reply->body, etag, err));
    set_cache(reply, etag);
    return DOSI_OK;
}

/// Reads a coordinate of the query; NaN when absent.
static dosi_status read_coordinate(const dosi_http_request *request,
                                   const char *name,
                                   double limit,
                                   double *out,
                                   dosi_error *err) {
    const char *text = dosi_http_query(request, name);
    *out = NAN;
    if (!text) return DOSI_OK;
    double value = 0.0;
    if (dosi_parse_real(text, strlen(text), &value) != DOSI_OK || fabs(value) > limit) {
        return dosi_fail(err, DOSI_INVALID, "%s=%.40s: not a number up to %g", name, text,
                         limit);
    }
    *out = value;
    return DOSI_OK;
}

static dosi_status series(void *context,
                          dosi_http_request *request,
                          dosi_http_reply *reply,
                          dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char etag[DOSI_ETAG_BYTES] = "";
    static const char *const names[] = {"key", "lon", "lat", "v"};
    DOSI_TRY(dosi_server_check_query(request, names, 4, err));
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_layer_query query = {.id = dosi_http_path(request, "id"),
                              .key = dosi_http_query(request, "key")};
    DOSI_TRY(read_coordinate(request, "lon", 180.0, &query.lon, err));
    DOSI_TRY(read_coordinate(request, "lat", 90.0, &query.lat, err));
    if (!query.key && (isnan(query.lon) || isnan(query.lat))) {
        return dosi_fail(err, DOSI_INVALID, "a series needs a key, or lon and lat");
    }
    DOSI_TRY(dosi_layer_put_series(server->layers, &caller, &query, &reply->body, etag, err));
    set_cache(reply, etag);
    return DOSI_OK;
}

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/api/v1/layers",
     .handle = list,
     .summary = "Layers of the map"},
    {.method = "GET",
     .pattern = "/api/v1/layers/{id}/frame",
     .handle = frame,
     .summary = "Values of a layer at one time",
     .parameters = "time:string v:string",
     .is_slow = true},
    {.method = "GET",
     .pattern = "/api/v1/layers/{id}/series",
     .handle = series,
     .summary = "Values of one place over all times",
     .parameters = "key:string lon:number lat:number v:string",
     .is_slow = true},
};

extern const dosi_route_group dosi_routes_api_layers;
const dosi_route_group dosi_routes_api_layers = {
    .tag = "layers",
    .about = "What the map shows: frames and series.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
