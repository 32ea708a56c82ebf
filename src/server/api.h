/// @file api.h
/// What the /api/v1 handlers share: request bodies, and pieces of replies.
#ifndef DOSI_SERVER_API_H
#define DOSI_SERVER_API_H

#include "server/context.h"

#include <jansson.h>

/// Reads the request's body, which must be one JSON object. json_decref() it.
/// @return DOSI_OK; DOSI_PARSE with line and column.
DOSI_CHECKED dosi_status dosi_api_body(const dosi_http_request *request,
                                       json_t **out,
                                       dosi_error *err);

/// A string member of a body. DOSI_INVALID when it is absent or no string.
DOSI_CHECKED dosi_status dosi_api_string(const json_t *body,
                                         const char *name,
                                         const char **out,
                                         dosi_error *err);

/// A whole number in the query, `fallback` when absent. DOSI_INVALID outside min..max.
DOSI_CHECKED dosi_status dosi_api_query_int(const dosi_http_request *request,
                                            const char *name,
                                            int64_t min,
                                            int64_t max,
                                            int64_t *value,
                                            dosi_error *err);

/// "org/name" of the path's {org} and {name}, with "@N" when the query has version=N.
/// @param out  (DOSI_REFERENCE_BYTES)
DOSI_CHECKED dosi_status dosi_api_reference(const dosi_http_request *request,
                                            char *out,
                                            dosi_error *err);

/// Writes a member that is JSON text already; null when `text` is NULL.
void dosi_api_member_raw(dosi_json *json, const char *key, const char *text);

/// Writes a member with a UTC time in the lab's zone; null for 0.
void dosi_api_member_time(dosi_json *json,
                          const dosi_server *server,
                          const char *key,
                          int64_t utc_us);

/// Writes the members of a dataset that lists and pages share, into an open object.
void dosi_api_put_dataset(dosi_json *json,
                          const dosi_server *server,
                          const dosi_version *version);

/// Writes an alert of the monitor's state, as a value (see docs/api.md).
void dosi_api_put_alert(dosi_json *json, const dosi_server *server, const json_t *alert);

/// 204, no body.
dosi_status dosi_api_done(dosi_http_reply *reply);

#endif // DOSI_SERVER_API_H
