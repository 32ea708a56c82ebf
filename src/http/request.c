// What handlers ask of a request.

#include "http/internal.h"

#include <assert.h>
#include <string.h>

const char *dosi_http_path(const dosi_http_request *request, const char *name) {
    for (size_t i = 0; i < request->match.n_names; i++) {
        if (strcmp(request->match.names[i], name) == 0) return request->match.values[i];
    }
    assert(!"the pattern has no such name");
    return "";
}

const char *dosi_http_query(const dosi_http_request *request, const char *name) {
    for (size_t i = 0; i < request->uri.n_parameters; i++) {
        const dosi_uri_parameter *parameter = &request->uri.parameters[i];
        if (strcmp(parameter->name, name) == 0) return parameter->value;
    }
    return NULL;
}

bool dosi_http_query_at(const dosi_http_request *request,
                        size_t i,
                        const char **name,
                        const char **value) {
    if (i >= request->uri.n_parameters) return false;
    *name = request->uri.parameters[i].name;
    *value = request->uri.parameters[i].value;
    return true;
}

const char *dosi_http_header(const dosi_http_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *dosi_http_cookie(const dosi_http_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

const char *dosi_http_body(const dosi_http_request *request, size_t *n_bytes) {
    *n_bytes = request->body.length;
    return dosi_text_string(&request->body);
}

const char *dosi_http_method(const dosi_http_request *request) {
    return request->method;
}

const char *dosi_http_url(const dosi_http_request *request) {
    return request->uri.path ? request->uri.path : "";
}

const char *dosi_http_base_url(const dosi_http_request *request) {
    return request->base_url;
}

const char *dosi_http_client(const dosi_http_request *request) {
    return request->client_text;
}

void dosi_http_set_user(dosi_http_request *request, void *user, void (*release)(void *user)) {
    if (request->release) request->release(request->user);
    request->user = user;
    request->release = release;
}

bool dosi_http_is_fresh(const dosi_http_request *request, const char *etag) {
    const char *given = dosi_http_header(request, "If-None-Match");
    if (!given || etag[0] == '\0') return false;
    if (strcmp(given, "*") == 0) return true;
    size_t length = strlen(etag);
    for (const char *at = given; (at = strchr(at, '"')) != NULL;) {
        const char *end = strchr(at + 1, '"');
        if (!end) return false;
        if ((size_t)(end - at - 1) == length && strncmp(at + 1, etag, length) == 0) return true;
        at = end + 1;
    }
    return false;
}

void dosi_request_run(dosi_http_request *request) {
    request->status = request->route->handle(request->server->context, request, &request->reply,
                                             &request->err);
    if (request->status == DOSI_OK) {
        request->status = dosi_text_status(&request->reply.body, &request->err);
    }
}
