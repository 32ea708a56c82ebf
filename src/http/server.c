// The server: libmicrohttpd's callbacks, and starting and stopping.

#include "base/os_file.h"
#include "dosi/time.h"
#include "http/internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_BODY_BYTES = 1024 * 1024,
    DEFAULT_CONNECTIONS = 2048,
    DEFAULT_TIMEOUT_S = 30,
    HEADER_BYTES = 32 * 1024,
    MAX_THREADS = 64,
    STOP_WAIT_S = 10
};

// --- one request -------------------------------------------------------------------------

/// The client as text: its address, or what a trusted proxy says (its own addition, the last).
static void set_client_text(dosi_http_request *request) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *bytes = NULL;
    if (address && address->sa_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (address && address->sa_family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    }
    if (bytes) {
        (void)inet_ntop(address->sa_family, bytes, request->client_text,
                        sizeof request->client_text);
    }
    if (!request->server->options.trusts_proxy) return;
    const char *forwarded = dosi_http_header(request, "X-Forwarded-For");
    if (!forwarded) return;
    const char *comma = strrchr(forwarded, ',');
    const char *last = comma ? comma + 1 : forwarded;
    last += strspn(last, " ");
    (void)snprintf(request->client_text, sizeof request->client_text, "%s", last);
}

/// Whether `host` is a host name or address with an optional port, and nothing else.
static bool is_host(const char *host) {
    size_t length = strlen(host);
    return length > 0 && length < 256 &&
           strspn(host,
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]") ==
               length;
}

/// The address that links start with.
static void set_base_url(dosi_http_request *request) {
    const dosi_http_server *server = request->server;
    const char *scheme = server->options.certificate_path ? "https" : "http";
    const char *host = dosi_http_header(request, "Host");
    if (server->options.trusts_proxy) {
        const char *given_scheme = dosi_http_header(request, "X-Forwarded-Proto");
        const char *given_host = dosi_http_header(request, "X-Forwarded-Host");
        if (given_scheme && strcmp(given_scheme, "https") == 0) scheme = "https";
        if (given_host && is_host(given_host)) host = given_host;
    }
    if (host && is_host(host)) {
        (void)snprintf(request->base_url, sizeof request->base_url, "%s://%s", scheme, host);
    } else {
        (void)snprintf(request->base_url, sizeof request->base_url, "%s://127.0.0.1:%u", scheme,
                       (unsigned)atomic_load(&server->port));
    }
}

/// MHD's first word of a request: its target, before anything else is known.
static void *request_begins(void *context,
                            const char *target,
                            struct MHD_Connection *connection) {
    dosi_http_server *server = context;
    dosi_http_request *request = calloc(1, sizeof *request);
    if (!request) return NULL;
    (void)atomic_fetch_add(&server->n_active, 1);
    request->server = server;
    request->connection = connection;
    request->raw_target = dosi_string_copy(target);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->client = info ? info->socket_context : NULL;
    dosi_client_enter(request->client, DOSI_CLIENT_READING);
    return request;
}

/// MHD's last word of a request.
static void request_ends(void *context,
                         struct MHD_Connection *connection,
                         void **request_context,
                         enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    dosi_http_server *server = context;
    dosi_http_request *request = *request_context;
    *request_context = NULL;
    if (!request) return;
    dosi_client_enter(request->client, DOSI_CLIENT_IDLE);
    if (request->release) request->release(request->user);
    dosi_uri_clear(&request->uri);
    dosi_text_destroy(&request->body);
    dosi_text_destroy(&request->reply.body);
    dosi_text_destroy(&request->reply.headers);
    free(request->reply.file_path);
    free(request->raw_target);
    if (!request->is_stream) (void)atomic_fetch_sub(&server->n_active, 1);
    free(request);
}

/// Finds the route. HEAD is a GET whose body MHD leaves out.
static void find_route(dosi_http_request *request) {
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    for (size_t i = 0; i < request->server->n_routes; i++) {
        const dosi_http_route *route = &request->server->routes[i];
        if (strcmp(route->method, method) == 0 &&
            dosi_route_fits(route->pattern, &request->uri, &request->match)) {
            request->route = route;
            return;
        }
    }
}

/// The methods that the target has, as an Allow header line; "" when it has none.
static void put_allowed(const dosi_http_request *request, dosi_text *out) {
    dosi_route_match match;
    bool has_get = false;
    for (size_t i = 0; i < request->server->n_routes; i++) {
        const dosi_http_route *route = &request->server->routes[i];
        if (!dosi_route_fits(route->pattern, &request->uri, &match)) continue;
        dosi_text_printf(out, "%s%s", out->length ? ", " : "Allow: ", route->method);
        if (strcmp(route->method, "GET") == 0) has_get = true;
    }
    if (has_get) dosi_text_puts(out, ", HEAD");
    if (out->length) dosi_text_puts(out, ", OPTIONS\n");
}

/// Answers a request that has no route: OPTIONS, a static file, 405 or 404.
static enum MHD_Result send_unrouted(dosi_http_request *request) {
    const dosi_http_server *server = request->server;
    dosi_text allow = {0};
    put_allowed(request, &allow);
    enum MHD_Result result = MHD_NO;
    bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (allow.length && strcmp(request->method, "OPTIONS") == 0) {
        request->reply.code = 204;
        dosi_text_puts(&request->reply.headers, allow.data);
        result = dosi_reply_send(request);
    } else if (allow.length) {
        result = dosi_reply_problem(request, 405, "this address does not take that method",
                                    allow.data);
    } else if (dosi_route_owns(server->routes, server->n_routes, &request->uri)) {
        result = dosi_reply_problem(request, 404, "there is nothing at this address", NULL);
    } else if (is_read) {
        result = dosi_static_send(request);
    } else {
        result = dosi_reply_problem(request, 405, "this address only takes GET",
                                    "Allow: GET, HEAD\n");
    }
    dosi_text_destroy(&allow);
    return result;
}

/// Whether the client used up its share.
static bool is_over_rate(const dosi_http_request *request) {
    const dosi_http_server *server = request->server;
    if (!server->rate) return false;
    bool is_loopback = strncmp(request->client_text, "127.", 4) == 0 ||
                       strcmp(request->client_text, "::1") == 0;
    if (is_loopback && !server->options.limits_loopback) return false;
    return !dosi_rate_take(server->rate, request->client_text, dosi_time_monotonic_us());
}

/// First look: target, limits, route. A request that is refused here is answered at once.
static enum MHD_Result start_request(dosi_http_request *request, const char *method) {
    static const char *const methods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                          "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i]) == 0) request->method = methods[i];
    }
    set_client_text(request);
    set_base_url(request);
    if (!request->method) {
        request->method = "";
        return dosi_reply_problem(request, 501, "this method is not known here", NULL);
    }
    if (is_over_rate(request)) {
        return dosi_reply_problem(request, 429, "too many requests from this address", NULL);
    }
    const char *target = request->raw_target ? request->raw_target : "";
    dosi_status status = dosi_uri_parse(target, &request->uri, &request->err);
    if (status != DOSI_OK) {
        int code = status == DOSI_LIMIT ? 414 : dosi_status_http(status);
        return dosi_reply_problem(request, code, request->err.message, NULL);
    }
    find_route(request);
    const char *coding = dosi_http_header(request, "Transfer-Encoding");
    if (coding && strcasecmp(coding, "chunked") != 0) {
        // MHD would wait for the end of the connection.
        return dosi_reply_problem(request, 501, "the only transfer coding is chunked", NULL);
    }
    const char *length = dosi_http_header(request, "Content-Length");
    int64_t n_bytes = 0;
    if (length && dosi_parse_int(length, strlen(length), &n_bytes) == DOSI_OK && n_bytes > 0 &&
        (uint64_t)n_bytes > request->server->options.max_body_bytes) {
        return dosi_reply_problem(request, 413, "the body is longer than this server takes",
                                  NULL);
    }
    request->state = DOSI_REQUEST_BODY;
    return MHD_YES;
}

/// The body has arrived: answer, now or by a slow thread.
static enum MHD_Result finish_request(dosi_http_request *request) {
    if (request->is_body_too_long) {
        return dosi_reply_problem(request, 413, "the body is longer than this server takes",
                                  NULL);
    }
    dosi_client_enter(request->client, DOSI_CLIENT_ANSWERED);
    if (!request->route) return send_unrouted(request);
    if (request->route->is_slow) {
        if (dosi_work_add(request)) return MHD_YES;
        return dosi_reply_problem(request, 503, "too much is going on; try again",
                                  "Retry-After: 2\n");
    }
    dosi_request_run(request);
    request->state = DOSI_REQUEST_DONE;
    return dosi_reply_send(request);
}

/// Takes a piece of the body. Past the limit it is read and dropped, for a while, so that the
/// client gets to hear why.
static enum MHD_Result take_body(dosi_http_request *request,
                                 const char *bytes,
                                 size_t *n_bytes) {
    size_t limit = request->server->options.max_body_bytes;
    request->is_body_too_long |= request->body.length + *n_bytes > limit;
    if (request->is_body_too_long) {
        request->body.length += *n_bytes; // counts only; nothing more is kept
        if (request->body.length > 8 * limit) return MHD_NO;
    } else {
        dosi_text_append(&request->body, bytes, *n_bytes);
        if (request->body.status != DOSI_OK) return MHD_NO;
    }
    *n_bytes = 0;
    return MHD_YES;
}

/// MHD's call: once when the headers are there, for each piece of body, once at its end, and
/// once when a slow thread is done. The parameters are MHD's.
// NOLINTNEXTLINE(readability-function-size)
static enum MHD_Result request_goes_on(void *context,
                                       struct MHD_Connection *connection,
                                       const char *url,
                                       const char *method,
                                       const char *version,
                                       const char *upload,
                                       size_t *upload_bytes,
                                       void **request_context) {
    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    dosi_http_request *request = *request_context;
    if (!request) return MHD_NO;
    switch (request->state) {
    case DOSI_REQUEST_NEW:
        return start_request(request, method);
    case DOSI_REQUEST_BODY:
        if (*upload_bytes > 0) return take_body(request, upload, upload_bytes);
        return finish_request(request);
    case DOSI_REQUEST_DONE:
        return dosi_reply_send(request);
    default:
        return MHD_YES;
    }
}

// --- starting and stopping ---------------------------------------------------------------

/// MHD's own complaints: connections that ended early are no news.
static void ignore_log(void *context, const char *format, va_list arguments) {
    (void)context;
    (void)format;
    (void)arguments;
}

/// Fills `out` with the address to listen at.
static dosi_status parse_address(const dosi_http_options *options,
                                 struct sockaddr_storage *out,
                                 dosi_error *err) {
    const char *text = options->address ? options->address : "127.0.0.1";
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options->port);
        return DOSI_OK;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options->port);
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "\"%s\" is not an address to listen at", text);
}

/// How many threads answer quick requests. More than cores, so that one that reads the disk
/// does not hold up all who share it.
static unsigned thread_count(const dosi_http_options *options) {
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    long n_threads = options->n_threads > 0 ? options->n_threads : n_cores;
    if (n_threads < 2) n_threads = 2;
    return n_threads > MAX_THREADS ? MAX_THREADS : (unsigned)n_threads;
}

/// Which TLS is spoken.
static char tls_priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/// Starts MHD. `certificate` and `key` are empty without TLS.
static dosi_status start_daemon(dosi_http_server *server,
                                dosi_text *certificate,
                                dosi_text *key,
                                dosi_error *err) {
    struct sockaddr_storage address;
    DOSI_TRY(parse_address(&server->options, &address, err));
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG;
    if (address.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    if (certificate->length > 0) flags |= MHD_USE_TLS;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate->data},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, key->data},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, tls_priorities},
                                   {MHD_OPTION_END, 0, NULL}};
    if (certificate->length == 0) tls[0] = tls[3];
    // Before the first connection, which may be there before MHD_start_daemon() returns.
    atomic_store(&server->port, server->options.port);
    server->daemon = MHD_start_daemon(
        flags, server->options.port, NULL, NULL, request_goes_on, server,
        MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_THREAD_POOL_SIZE, thread_count(&server->options),
        MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, server->options.idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_URI_LOG_CALLBACK, request_begins, server, MHD_OPTION_NOTIFY_COMPLETED,
        request_ends, server, MHD_OPTION_NOTIFY_CONNECTION, dosi_client_notice, server,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!server->daemon) {
        return dosi_fail(err, DOSI_IO, "cannot listen at %s port %u",
                         server->options.address ? server->options.address : "127.0.0.1",
                         (unsigned)server->options.port);
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info) atomic_store(&server->port, info->port);
    return DOSI_OK;
}

/// Fills in what was left zero.
static void set_defaults(dosi_http_options *options) {
    if (options->max_body_bytes == 0) options->max_body_bytes = DEFAULT_BODY_BYTES;
    if (options->max_connections == 0) options->max_connections = DEFAULT_CONNECTIONS;
    if (options->read_timeout_s == 0) options->read_timeout_s = DEFAULT_TIMEOUT_S;
    if (options->idle_timeout_s == 0) options->idle_timeout_s = DEFAULT_TIMEOUT_S;
}

/// Starts everything of `server`; what was started is there to be stopped on failure.
static dosi_status start_all(dosi_http_server *server, dosi_error *err) {
    const dosi_http_options *options = &server->options;
    if (options->static_folder) {
        server->static_folder = dosi_string_copy(options->static_folder);
        if (!server->static_folder) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    server->files = dosi_static_cache_create();
    if (!server->files) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    if (options->requests_per_second > 0) {
        DOSI_TRY(dosi_rate_create(options->requests_per_second, &server->rate, err));
    }
    DOSI_TRY(dosi_work_start(server, err));
    dosi_text certificate = {0};
    dosi_text key = {0};
    dosi_status status = DOSI_OK;
    if (options->certificate_path && options->key_path) {
        status = dosi_file_read(options->certificate_path, 1 << 20, &certificate, err);
        if (status == DOSI_OK) status = dosi_file_read(options->key_path, 1 << 20, &key, err);
    }
    if (status == DOSI_OK) {
        status = start_daemon(server, &certificate, &key, err);
    }
    if (key.data) explicit_bzero(key.data, key.length);
    dosi_text_destroy(&certificate);
    dosi_text_destroy(&key);
    if (status != DOSI_OK) return status;
    return dosi_keeper_start(server, err);
}

dosi_status dosi_http_start(const dosi_http_options *options,
                            const dosi_http_route *routes,
                            size_t n_routes,
                            void *context,
                            dosi_http_server **out,
                            dosi_error *err) {
    assert(options && (routes || n_routes == 0) && out);
    if (!options->certificate_path != !options->key_path) {
        return dosi_fail(err, DOSI_INVALID, "TLS needs both a certificate and a key");
    }
    dosi_http_server *server = calloc(1, sizeof *server);
    if (!server) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    server->options = *options;
    set_defaults(&server->options);
    server->routes = routes;
    server->n_routes = n_routes;
    server->context = context;
    (void)pthread_mutex_init(&server->client_lock, NULL);
    (void)pthread_mutex_init(&server->stream_lock, NULL);
    (void)pthread_mutex_init(&server->work.lock, NULL);
    (void)pthread_cond_init(&server->work.has_work, NULL);
    dosi_status status = start_all(server, err);
    if (status != DOSI_OK) {
        dosi_http_stop(server);
        return status;
    }
    *out = server;
    return DOSI_OK;
}

/// Waits until requests and streams have ended, or STOP_WAIT_S.
static void wait_for_end(dosi_http_server *server) {
    int64_t deadline_us = dosi_time_monotonic_us() + STOP_WAIT_S * DOSI_SECOND_US;
    for (;;) {
        (void)pthread_mutex_lock(&server->stream_lock);
        size_t n_streams = server->n_streams;
        (void)pthread_mutex_unlock(&server->stream_lock);
        if (n_streams == 0 && atomic_load(&server->n_active) == 0) return;
        if (dosi_time_monotonic_us() > deadline_us) return;
        struct timespec tick = {.tv_sec = 0, .tv_nsec = 10 * 1000000L};
        (void)nanosleep(&tick, NULL);
    }
}

void dosi_http_stop(dosi_http_server *server) {
    if (!server) return;
    atomic_store(&server->is_ending, true);
    if (server->daemon) {
        MHD_socket listening = MHD_quiesce_daemon(server->daemon);
        if (listening != MHD_INVALID_SOCKET) (void)close(listening);
        dosi_stream_end_all(server);
        wait_for_end(server);
    }
    dosi_work_stop(server);
    dosi_keeper_stop(server);
    if (server->daemon) MHD_stop_daemon(server->daemon);
    dosi_work_clear(server);
    dosi_static_cache_destroy(server->files);
    dosi_rate_destroy(server->rate);
    (void)pthread_mutex_destroy(&server->client_lock);
    (void)pthread_mutex_destroy(&server->stream_lock);
    free(server->static_folder);
    free(server);
}

uint16_t dosi_http_port(const dosi_http_server *server) {
    return atomic_load(&server->port);
}
