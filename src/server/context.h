/// @file context.h
/// What route handlers share: the server, who asks, and how a group of routes is declared.
///
/// To add routes: one file that defines `const dosi_route_group dosi_routes_<name>`, and one
/// line in routes.def. Their handlers get the dosi_server as `context`.
#ifndef DOSI_SERVER_CONTEXT_H
#define DOSI_SERVER_CONTEXT_H

#include "dosi/json.h"
#include "govern/gate.h"
#include "http/http.h"
#include "server/alerts.h"
#include "server/crs.h"
#include "server/server.h"
#include "server/upkeep.h"
#include "study/layer.h"

/// A group of routes and what the landing pages and the OpenAPI document say of it.
typedef struct dosi_route_group {
    const char *tag;   ///< "features"
    const char *about; ///< One sentence.
    const dosi_http_route *routes;
    size_t n_routes;
    const char *const *conformance; ///< Classes of OGC standards that it fulfils; or NULL.
    size_t n_conformance;
    /// Adds its links to the /ogc landing page, as objects of the open array; or NULL.
    void (*put_links)(dosi_json *json, const char *base_url);
} dosi_route_group;

struct dosi_server {
    dosi_gate *gate;
    dosi_layers *layers;
    struct dosi_server_watch *watch; ///< See jobs.h.
    dosi_http_server *http;
    dosi_http_route *routes; ///< All groups', in order.
    size_t n_routes;
    dosi_server_crs_pool crs;
    dosi_server_alerts alerts;
    dosi_server_upkeep upkeep; ///< Of the thread that calls dosi_server_tend().
};

/// The groups of routes.def, in order.
const dosi_route_group *const *dosi_server_groups(size_t *n_groups);

/// Who asks: the bearer token, else the session cookie, else a visitor. A request that
/// changes something by cookie must carry the header `X-Dosi: 1`, which other sites cannot
/// send.
/// @param channel  Written in the audit: "api", "tile", "features"...
/// @return DOSI_OK; DOSI_UNAUTHENTICATED: the token is not known, or expired; DOSI_DENIED.
DOSI_CHECKED dosi_status dosi_server_caller(dosi_server *server,
                                            const dosi_http_request *request,
                                            const char *channel,
                                            dosi_caller *out,
                                            dosi_error *err);

/// The dataset reference "org/name" of a collection id "org.name".
/// @param out  (DOSI_REFERENCE_BYTES). DOSI_NOT_FOUND when it is no collection id.
DOSI_CHECKED dosi_status dosi_server_reference(const char *collection,
                                               char *out,
                                               dosi_error *err);

/// DOSI_INVALID naming the first query parameter that is not one of `names`.
DOSI_CHECKED dosi_status dosi_server_check_query(const dosi_http_request *request,
                                                 const char *const *names,
                                                 size_t n_names,
                                                 dosi_error *err);

/// Writes a link, as dosi_server_put_link() does, to a path of this server.
void dosi_server_put_own_link(dosi_json *json,
                              const char *base_url,
                              const char *path,
                              const char *rel,
                              const char *type,
                              const char *title);

/// Writes a link object {href, rel, type, title}; NULL type or title: left out.
void dosi_server_put_link(
    dosi_json *json, const char *href, const char *rel, const char *type, const char *title);

/// Writes the time of `utc_us` as RFC 3339 in the lab's zone.
void dosi_server_put_time(dosi_json *json, const dosi_server *server, int64_t utc_us);

/// Appends the OpenAPI 3.0 document of all groups.
void dosi_server_put_openapi(dosi_text *out, const dosi_server *server, const char *base_url);

#endif // DOSI_SERVER_CONTEXT_H
