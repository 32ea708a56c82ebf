// OGC API Common: landing page, conformance, the OpenAPI document.

#include "server/context.h"

static dosi_status landing(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    (void)context;
    static const char *const names[] = {"f"};
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    const char *base_url = dosi_http_base_url(request);
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "title", "Dosi");
    dosi_json_member_string(&json, "description",
                            "The open data and methods of an urban data science lab");
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    dosi_server_put_own_link(&json, base_url, "/ogc/", "self", "application/json", NULL);
    dosi_server_put_own_link(&json, base_url, "/ogc/api", "service-desc",
                             "application/vnd.oai.openapi+json;version=3.0", NULL);
    dosi_server_put_own_link(&json, base_url, "/", "service-doc", "text/html", NULL);
    dosi_server_put_own_link(&json, base_url, "/ogc/conformance", "conformance",
                             "application/json", NULL);
    dosi_server_put_own_link(&json, base_url, "/ogc/conformance",
                             "http://www.opengis.net/def/rel/ogc/1.0/conformance",
                             "application/json", NULL);
    size_t n_groups = 0;
    const dosi_route_group *const *groups = dosi_server_groups(&n_groups);
    for (size_t i = 0; i < n_groups; i++) {
        if (groups[i]->put_links) groups[i]->put_links(&json, base_url);
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status conformance(void *context,
                               dosi_http_request *request,
                               dosi_http_reply *reply,
                               dosi_error *err) {
    (void)context;
    static const char *const names[] = {"f"};
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "conformsTo");
    dosi_json_begin_array(&json);
    size_t n_groups = 0;
    const dosi_route_group *const *groups = dosi_server_groups(&n_groups);
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t k = 0; k < groups[i]->n_conformance; k++) {
            dosi_json_string(&json, groups[i]->conformance[k]);
        }
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status openapi(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    static const char *const names[] = {"f"};
    DOSI_TRY(dosi_server_check_query(request, names, 1, err));
    reply->content_type = "application/vnd.oai.openapi+json;version=3.0";
    dosi_server_put_openapi(&reply->body, context, dosi_http_base_url(request));
    return DOSI_OK;
}

static const char *const classes[] = {
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
};

static const dosi_http_route routes[] = {
    {"GET", "/ogc", landing, "Landing page", "f:string", false},
    {"GET", "/ogc/conformance", conformance, "Standards that are kept", "f:string", false},
    {"GET", "/ogc/api", openapi, "This document", "f:string", false},
};

const dosi_route_group dosi_routes_ogc_common = {
    .tag = "common",
    .about = "Where to begin",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
    .conformance = classes,
    .n_conformance = sizeof classes / sizeof classes[0],
};
