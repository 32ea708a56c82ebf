// Request bodies and pieces of replies of /api/v1.

#include "server/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

dosi_status dosi_api_body(const dosi_http_request *request, json_t **out, dosi_error *err) {
    size_t n_bytes = 0;
    const char *bytes = dosi_http_body(request, &n_bytes);
    json_error_t problem;
    json_t *body = json_loadb(bytes ? bytes : "", n_bytes, JSON_REJECT_DUPLICATES, &problem);
    if (!body) {
        return dosi_fail(err, DOSI_PARSE, "the body is not JSON: line %d, column %d: %s",
                         problem.line, problem.column, problem.text);
    }
    if (!json_is_object(body)) {
        json_decref(body);
        return dosi_fail(err, DOSI_PARSE, "the body is not a JSON object");
    }
    *out = body;
    return DOSI_OK;
}

dosi_status dosi_api_string(const json_t *body,
                            const char *name,
                            const char **out,
                            dosi_error *err) {
    const char *value = json_string_value(json_object_get(body, name));
    if (!value) return dosi_fail(err, DOSI_INVALID, "the body needs a text \"%s\"", name);
    *out = value;
    return DOSI_OK;
}

dosi_status dosi_api_query_int(const dosi_http_request *request,
                               const char *name,
                               int64_t min,
                               int64_t max,
                               int64_t *value,
                               dosi_error *err) {
    const char *text = dosi_http_query(request, name);
    if (!text) return DOSI_OK;
    int64_t number = 0;
    if (dosi_parse_int(text, strlen(text), &number) != DOSI_OK || number < min ||
        number > max) {
        return dosi_fail(err, DOSI_INVALID,
                         "%s=%.40s: not a whole number from %" PRId64 " to %" PRId64, name,
                         text, min, max);
    }
    *value = number;
    return DOSI_OK;
}

dosi_status dosi_api_reference(const dosi_http_request *request, char *out, dosi_error *err) {
    const char *organisation = dosi_http_path(request, "org");
    const char *name = dosi_http_path(request, "name");
    int64_t number = 0;
    DOSI_TRY(dosi_api_query_int(request, "version", 1, INT64_C(1) << 40, &number, err));
    char at[32] = "";
    if (number > 0) (void)snprintf(at, sizeof at, "@%" PRId64, number);
    int n = snprintf(out, DOSI_REFERENCE_BYTES, "%s/%s%s", organisation, name, at);
    if (n < 0 || n >= DOSI_REFERENCE_BYTES) {
        return dosi_fail(err, DOSI_NOT_FOUND, "there is no such dataset");
    }
    return DOSI_OK;
}

void dosi_api_member_raw(dosi_json *json, const char *key, const char *text) {
    dosi_json_key(json, key);
    if (text) {
        dosi_json_raw(json, text, strlen(text));
    } else {
        dosi_json_null(json);
    }
}

void dosi_api_member_time(dosi_json *json,
                          const dosi_server *server,
                          const char *key,
                          int64_t utc_us) {
    dosi_json_key(json, key);
    if (utc_us) {
        dosi_server_put_time(json, server, utc_us);
    } else {
        dosi_json_null(json);
    }
}

/// Writes [first, last] of a civil time range, or null.
static void put_time_range(dosi_json *json, const dosi_server *server, const dosi_version *v) {
    dosi_json_key(json, "time");
    if (v->time_first == DOSI_TIME_MISSING) {
        dosi_json_null(json);
        return;
    }
    char text[DOSI_TIME_TEXT_BYTES];
    int zone_s = dosi_gate_zone_s(server->gate);
    dosi_json_begin_array(json);
    dosi_time_format(v->time_first, zone_s, text);
    dosi_json_string(json, text);
    dosi_time_format(v->time_last, zone_s, text);
    dosi_json_string(json, text);
    dosi_json_end_array(json);
}

static void put_extent(dosi_json *json, const dosi_version *v) {
    dosi_json_key(json, "extent");
    if (isnan(v->extent[0])) {
        dosi_json_null(json);
        return;
    }
    dosi_json_begin_array(json);
    for (int i = 0; i < 4; i++) dosi_json_real(json, v->extent[i]);
    dosi_json_end_array(json);
}

/// Writes members of metadata_json under their own names.
static void put_metadata(dosi_json *json, const char *metadata_json) {
    static const char *const names[] = {"title",     "description", "licence",
                                        "publisher", "contact",     "frequency"};
    json_t *metadata = metadata_json ? json_loads(metadata_json, 0, NULL) : NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *member = json_object_get(metadata, names[i]);
        char *text = member ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        dosi_api_member_raw(json, names[i], text);
        free(text);
    }
    json_decref(metadata);
}

void dosi_api_put_dataset(dosi_json *json, const dosi_server *server, const dosi_version *v) {
    char reference[DOSI_REFERENCE_BYTES];
    (void)snprintf(reference, sizeof reference, "%s/%s", v->organisation, v->name);
    dosi_json_member_string(json, "reference", reference);
    dosi_json_member_string(json, "organisation", v->organisation);
    dosi_json_member_int(json, "version", v->number);
    dosi_json_member_int(json, "rows", v->n_rows);
    dosi_json_member_int(json, "bytes", v->n_bytes);
    dosi_api_member_time(json, server, "created", v->created_utc_us);
    dosi_json_member_string(json, "visibility", v->visibility);
    dosi_json_member_bool(json, "simulated", v->is_simulated);
    dosi_json_member_bool(json, "has_geometry", !isnan(v->extent[0]));
    put_metadata(json, v->metadata_json);
    put_time_range(json, server, v);
    put_extent(json, v);
}

dosi_status dosi_api_done(dosi_http_reply *reply) {
    reply->code = 204;
    return DOSI_OK;
}
