// What route handlers share.

#include "server/context.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { HREF_BYTES = 1024 };

#define GROUP(name) extern const dosi_route_group dosi_routes_##name;
#include "server/routes.def"
#undef GROUP

static const dosi_route_group *const groups[] = {
#define GROUP(name) &dosi_routes_##name,
#include "server/routes.def"
#undef GROUP
};

const dosi_route_group *const *dosi_server_groups(size_t *n_groups) {
    *n_groups = sizeof groups / sizeof groups[0];
    return groups;
}

/// Whether a request only reads.
static bool is_read(const dosi_http_request *request) {
    const char *method = dosi_http_method(request);
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

dosi_status dosi_server_caller(dosi_server *server,
                               const dosi_http_request *request,
                               const char *channel,
                               dosi_caller *out,
                               dosi_error *err) {
    const char *given = dosi_http_header(request, "Authorization");
    if (given) {
        if (strncmp(given, "Bearer ", 7) != 0) {
            return dosi_fail(err, DOSI_UNAUTHENTICATED,
                             "only bearer tokens are taken in the Authorization header");
        }
        return dosi_caller_from_secret(server->gate, given + 7, channel, out, err);
    }
    const char *session = dosi_http_cookie(request, "dosi_session");
    if (!session || session[0] == '\0') {
        *out = dosi_caller_visitor(channel);
        return DOSI_OK;
    }
    const char *mark = dosi_http_header(request, "X-Dosi");
    if (!is_read(request) && (!mark || strcmp(mark, "1") != 0)) {
        return dosi_fail(err, DOSI_DENIED, "a change by cookie needs the header X-Dosi: 1");
    }
    dosi_status status = dosi_caller_from_secret(server->gate, session, channel, out, err);
    if (status == DOSI_UNAUTHENTICATED && is_read(request)) {
        *out = dosi_caller_visitor(channel); // an ended session reads what everybody may
        return DOSI_OK;
    }
    return status;
}

dosi_status dosi_server_reference(const char *collection, char *out, dosi_error *err) {
    size_t length = strlen(collection);
    const char *dot = strchr(collection, '.');
    bool is_plain = strspn(collection, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == length;
    if (!dot || !is_plain || strchr(dot + 1, '.') || length + 1 > DOSI_REFERENCE_BYTES) {
        return dosi_fail(err, DOSI_NOT_FOUND, "there is no collection \"%.100s\"", collection);
    }
    memcpy(out, collection, length + 1);
    out[dot - collection] = '/';
    return DOSI_OK;
}

dosi_status dosi_server_check_query(const dosi_http_request *request,
                                    const char *const *names,
                                    size_t n_names,
                                    dosi_error *err) {
    const char *name = NULL;
    const char *value = NULL;
    for (size_t i = 0; dosi_http_query_at(request, i, &name, &value); i++) {
        bool is_known = false;
        for (size_t k = 0; k < n_names && !is_known; k++) {
            is_known = strcmp(names[k], name) == 0;
        }
        if (!is_known) {
            return dosi_fail(err, DOSI_INVALID, "this address has no parameter \"%.100s\"",
                             name);
        }
    }
    return DOSI_OK;
}

void dosi_server_put_link(
    dosi_json *json, const char *href, const char *rel, const char *type, const char *title) {
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "href", href);
    dosi_json_member_string(json, "rel", rel);
    if (type) dosi_json_member_string(json, "type", type);
    if (title) dosi_json_member_string(json, "title", title);
    dosi_json_end_object(json);
}

void dosi_server_put_own_link(dosi_json *json,
                              const char *base_url,
                              const char *path,
                              const char *rel,
                              const char *type,
                              const char *title) {
    char href[HREF_BYTES];
    (void)snprintf(href, sizeof href, "%s%s", base_url, path);
    dosi_server_put_link(json, href, rel, type, title);
}

void dosi_server_put_time(dosi_json *json, const dosi_server *server, int64_t utc_us) {
    char text[DOSI_TIME_TEXT_BYTES];
    int zone_s = dosi_gate_zone_s(server->gate);
    dosi_time_format(utc_us + zone_s * DOSI_SECOND_US, zone_s, text);
    dosi_json_string(json, text);
}
