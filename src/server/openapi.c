// The OpenAPI 3.0 document, made from the routes.

#include "server/context.h"

#include <string.h>

enum { NAME_BYTES = 64 };

/// A parameter of an operation.
static void put_parameter(dosi_json *json,
                          const char *name,
                          const char *where,
                          const char *type) {
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "name", name);
    dosi_json_member_string(json, "in", where);
    dosi_json_member_bool(json, "required", strcmp(where, "path") == 0);
    dosi_json_key(json, "schema");
    dosi_json_begin_object(json);
    if (strcmp(name, "bbox") == 0) {
        dosi_json_member_string(json, "type", "array");
        dosi_json_key(json, "items");
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "type", "number");
        dosi_json_end_object(json);
        dosi_json_member_int(json, "minItems", 4);
        dosi_json_member_int(json, "maxItems", 6);
    } else {
        dosi_json_member_string(json, "type", type);
    }
    if (strcmp(name, "limit") == 0) {
        dosi_json_member_int(json, "minimum", 1);
        dosi_json_member_int(json, "maximum", 10000);
        dosi_json_member_int(json, "default", 10);
    }
    dosi_json_end_object(json);
    if (strcmp(where, "query") == 0) {
        dosi_json_member_string(json, "style", "form");
        dosi_json_member_bool(json, "explode", false);
    }
    dosi_json_end_object(json);
}

/// The {names} of a pattern.
static void put_path_parameters(dosi_json *json, const char *pattern) {
    char name[NAME_BYTES];
    for (const char *at = pattern; (at = strchr(at, '{')) != NULL;) {
        size_t length = strcspn(++at, "*}");
        if (length >= sizeof name) continue;
        memcpy(name, at, length);
        name[length] = '\0';
        put_parameter(json, name, "path", "string");
    }
}

/// The words "name:type" of `text`.
static void put_query_parameters(dosi_json *json, const char *text) {
    char word[NAME_BYTES];
    while (text && *text) {
        size_t length = strcspn(text, " ");
        if (length > 0 && length < sizeof word) {
            memcpy(word, text, length);
            word[length] = '\0';
            char *colon = strchr(word, ':');
            if (colon) *colon = '\0';
            put_parameter(json, word, "query", colon ? colon + 1 : "string");
        }
        text += length;
        text += strspn(text, " ");
    }
}

/// One operation.
static void put_operation(dosi_json *json, const dosi_route_group *group, size_t i) {
    const dosi_http_route *route = &group->routes[i];
    char method[8] = "";
    for (size_t k = 0; route->method[k] && k + 1 < sizeof method; k++) {
        method[k] = (char)(route->method[k] | 0x20);
    }
    dosi_json_key(json, method);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "summary", route->summary);
    dosi_json_key(json, "tags");
    dosi_json_begin_array(json);
    dosi_json_string(json, group->tag);
    dosi_json_end_array(json);
    dosi_json_key(json, "operationId");
    dosi_text id = {0};
    dosi_text_printf(&id, "%s.%s.%zu", method, group->tag, i);
    dosi_json_string(json, dosi_text_string(&id));
    dosi_text_destroy(&id);
    dosi_json_key(json, "parameters");
    dosi_json_begin_array(json);
    put_path_parameters(json, route->pattern);
    put_query_parameters(json, route->parameters);
    dosi_json_end_array(json);
    dosi_json_key(json, "responses");
    static const char responses[] =
        "{\"200\":{\"description\":\"The answer\"},"
        "\"default\":{\"description\":\"A problem (RFC 9457)\",\"content\":"
        "{\"application/problem+json\":{\"schema\":{\"type\":\"object\"}}}}}";
    dosi_json_raw(json, responses, sizeof responses - 1);
    dosi_json_end_object(json);
}

/// Whether an earlier route of the group has the pattern of route `i`.
static bool is_repeated(const dosi_route_group *group, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (strcmp(group->routes[k].pattern, group->routes[i].pattern) == 0) return true;
    }
    return false;
}

/// The paths of a group; a pattern's methods stand together.
static void put_paths(dosi_json *json, const dosi_route_group *group) {
    for (size_t i = 0; i < group->n_routes; i++) {
        if (is_repeated(group, i)) continue;
        dosi_json_key(json, group->routes[i].pattern);
        dosi_json_begin_object(json);
        for (size_t k = i; k < group->n_routes; k++) {
            if (strcmp(group->routes[k].pattern, group->routes[i].pattern) == 0) {
                put_operation(json, group, k);
            }
        }
        dosi_json_end_object(json);
    }
}

void dosi_server_put_openapi(dosi_text *out, const dosi_server *server, const char *base_url) {
    (void)server;
    size_t n_groups = 0;
    const dosi_route_group *const *groups = dosi_server_groups(&n_groups);
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "openapi", "3.0.3");
    dosi_json_key(&json, "info");
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "title", "Dosi");
    dosi_json_member_string(&json, "version", DOSI_VERSION);
    dosi_json_end_object(&json);
    dosi_json_key(&json, "servers");
    dosi_json_begin_array(&json);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "url", base_url);
    dosi_json_end_object(&json);
    dosi_json_end_array(&json);
    dosi_json_key(&json, "tags");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < n_groups; i++) {
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "name", groups[i]->tag);
        dosi_json_member_string(&json, "description", groups[i]->about);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_key(&json, "paths");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < n_groups; i++) put_paths(&json, groups[i]);
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
}
