/// @file http.h
/// HTTP/1.1 on libmicrohttpd: routes, limits, content types, gzip, ETag, server-sent events.
/// Knows no city: handlers live in server/.
#ifndef DOSI_HTTP_HTTP_H
#define DOSI_HTTP_HTTP_H

#include "dosi/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dosi_http_server dosi_http_server;
typedef struct dosi_http_request dosi_http_request;

/// What a handler fills. Zero-initialised by the server; body freed by it.
typedef struct dosi_http_reply {
    int code;                 ///< 0 means 200.
    const char *content_type; ///< Static string; NULL: application/json.
    dosi_text body;
    char etag[80];        ///< Without quotes; "": none. The server answers 304 itself.
    char *file_path;      ///< Instead of a body: this file is sent (freed by the server).
    dosi_text headers;    ///< Further "Name: value\n" lines.
    bool is_event_stream; ///< Keep open; dosi_http_publish() feeds it.
} dosi_http_reply;

/// Answers a request. A failure becomes an RFC 9457 problem document with the status' code.
typedef dosi_status (*dosi_http_handler)(void *context,
                                         dosi_http_request *request,
                                         dosi_http_reply *reply,
                                         dosi_error *err);

/// One route. `pattern` has {names}: "/ogc/collections/{id}/items". The tail {path*} takes the
/// rest.
typedef struct dosi_http_route {
    const char *method;
    const char *pattern;
    dosi_http_handler handle;
    const char *summary; ///< For the OpenAPI document.
    /// For the OpenAPI document: "limit:integer bbox:string"; NULL: takes none.
    const char *parameters;
    /// Whether it may take long (SQL, analyses): it then runs on a thread of its own kind and
    /// does not hold up quick requests.
    bool is_slow;
} dosi_http_route;

/// How to serve.
typedef struct dosi_http_options {
    const char *address;                     ///< NULL: 127.0.0.1
    uint16_t port;                           ///< 0: any free one.
    const char *certificate_path, *key_path; ///< Both given: TLS.
    int n_threads;                           ///< 0: one per core.
    size_t max_body_bytes;                   ///< 0: 1 MiB.
    double requests_per_second;              ///< Per client address; 0: no limit.
    bool limits_loopback;                    ///< Whether the rate counts for this machine too.
    const char *static_folder;               ///< Files served for unmatched GET; NULL: none.
    int n_slow_threads;       ///< For slow routes, at most 16; 0: two a core, at least 8.
    unsigned max_connections; ///< 0: 2048.
    unsigned read_timeout_s;  ///< To send a whole request; 0: 30.
    unsigned idle_timeout_s;  ///< Silence on a connection; 0: 30.
    bool trusts_proxy;        ///< Believe X-Forwarded-For, -Proto and -Host.
} dosi_http_options;

/// Starts serving; returns at once. `routes` and `context` are borrowed until stop.
DOSI_CHECKED dosi_status dosi_http_start(const dosi_http_options *options,
                                         const dosi_http_route *routes,
                                         size_t n_routes,
                                         void *context,
                                         dosi_http_server **out,
                                         dosi_error *err);

/// Finishes running requests (at most 10 s), ends event streams and stops; accepts NULL.
void dosi_http_stop(dosi_http_server *server);

/// The port in use.
uint16_t dosi_http_port(const dosi_http_server *server);

/// Sends an event to every open event stream that `may_see` (NULL: all) accepts. `user` is what
/// the stream's handler left with dosi_http_set_user(). A stream that does not take what it is
/// sent is cut off at 256 KiB; its client comes back.
/// @param id  What a client that comes back names as the last that it got; 0: none. Events with
///        an id go only to streams that were greeted.
void dosi_http_publish(dosi_http_server *server,
                       int64_t id,
                       const char *event,
                       const char *data_json,
                       bool (*may_see)(void *context, const void *user),
                       void *context);

/// Appends one event as a stream carries it.
void dosi_http_put_event(dosi_text *out, int64_t id, const char *event, const char *data_json);

/// Whether streams were opened that have not been greeted.
bool dosi_http_has_newcomers(dosi_http_server *server);

/// Greets every stream that was opened since the last call: sends what `greet` appends, such as
/// the events after the one that its client got last (`after`, from Last-Event-ID; -1: it says
/// none). Call it from the thread that publishes events with ids, before it does.
void dosi_http_greet(
    dosi_http_server *server,
    void (*greet)(void *context, const void *user, int64_t after, dosi_text *out),
    void *context);

/// What to remember of a request's stream: `user` is given to may_see, then to `release`.
void dosi_http_set_user(dosi_http_request *request, void *user, void (*release)(void *user));

/// Value of a path {name}; never NULL (asserted to be in the pattern).
const char *dosi_http_path(const dosi_http_request *request, const char *name);
/// First value of a query parameter, decoded; NULL when absent.
const char *dosi_http_query(const dosi_http_request *request, const char *name);
/// The i-th query parameter in order; false past the end.
bool dosi_http_query_at(const dosi_http_request *request,
                        size_t i,
                        const char **name,
                        const char **value);
/// A request header; NULL when absent.
const char *dosi_http_header(const dosi_http_request *request, const char *name);
/// A cookie; NULL when absent.
const char *dosi_http_cookie(const dosi_http_request *request, const char *name);
/// The body and its length.
const char *dosi_http_body(const dosi_http_request *request, size_t *n_bytes);
/// Whether the client already has what `etag` (without quotes) names: a handler that is about
/// to make an expensive body sets reply->etag and returns at once when it is.
bool dosi_http_is_fresh(const dosi_http_request *request, const char *etag);
/// The client's address as text, for records and limits.
const char *dosi_http_client(const dosi_http_request *request);
/// "GET", "POST"...
const char *dosi_http_method(const dosi_http_request *request);
/// The path as asked for.
const char *dosi_http_url(const dosi_http_request *request);
/// "http://host:port" as the client sees it (Host header, checked), for links.
const char *dosi_http_base_url(const dosi_http_request *request);

#endif // DOSI_HTTP_HTTP_H
