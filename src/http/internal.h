/// @file internal.h
/// What the files of http/ share: the server, its clients, requests and streams.
#ifndef DOSI_HTTP_INTERNAL_H
#define DOSI_HTTP_INTERNAL_H

#include "http/http.h"
#include "http/rate.h"
#include "http/route.h"
#include "http/uri.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/// What a connection is doing, for the deadlines.
typedef enum dosi_client_phase {
    DOSI_CLIENT_IDLE,     ///< Between requests (or sending a request line).
    DOSI_CLIENT_READING,  ///< Sending headers or body.
    DOSI_CLIENT_ANSWERED, ///< Being answered.
    DOSI_CLIENT_STREAM,   ///< Listening to events: no deadline.
} dosi_client_phase;

/// One connection, in the server's list while it is open.
typedef struct dosi_client {
    struct dosi_client *next, *previous;
    int fd;
    _Atomic int phase;
    _Atomic int64_t since_us;
} dosi_client;

/// An open event stream.
typedef struct dosi_stream {
    struct dosi_stream *next, *previous;
    dosi_http_server *server;
    struct MHD_Connection *connection;
    dosi_text pending; ///< Bytes not yet sent.
    size_t n_sent;     ///< Of `pending`.
    bool is_suspended, is_ending, is_greeted;
    int64_t after; ///< Last-Event-ID of its request; -1: none.
    int fd;        ///< Of the connection, which is open while the stream is in the list.
    void *user;
    void (*release)(void *user);
} dosi_stream;

/// How far a request has come.
typedef enum dosi_request_state {
    DOSI_REQUEST_NEW,
    DOSI_REQUEST_BODY,   ///< Its body is arriving.
    DOSI_REQUEST_QUEUED, ///< A slow thread has it; the connection is suspended.
    DOSI_REQUEST_DONE,   ///< The handler has run.
} dosi_request_state;

struct dosi_http_request {
    dosi_http_server *server;
    struct MHD_Connection *connection;
    dosi_client *client;
    char *raw_target; ///< As sent.
    const char *method;
    dosi_uri uri;
    dosi_request_state state;
    const dosi_http_route *route; ///< NULL: no route; a static file or an error.
    dosi_route_match match;
    dosi_text body;
    bool is_body_too_long;
    bool is_stream; ///< It became an event stream.
    bool is_packed; ///< reply.body is compressed already.
    dosi_http_reply reply;
    dosi_status status; ///< What the handler returned.
    dosi_error err;
    char base_url[320];
    char client_text[64];
    void *user;
    void (*release)(void *user);
    struct dosi_http_request *next; ///< In the queue of slow requests.
    int64_t queued_us;              ///< When it was queued.
};

/// The threads for slow routes and their queue.
typedef struct dosi_http_work {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    dosi_http_request *first, *last;
    size_t n_queued;
    size_t *n_running;  ///< (n_routes) of each route.
    size_t max_running; ///< Of one route, so that none takes all threads.
    bool is_ending;
    size_t n_threads;
    pthread_t threads[16];
} dosi_http_work;

struct dosi_static_cache;

struct dosi_http_server {
    struct MHD_Daemon *daemon;
    dosi_http_options options;
    char *static_folder; ///< Owned copy, or NULL.
    const dosi_http_route *routes;
    size_t n_routes;
    void *context;
    _Atomic uint16_t port; ///< A connection may be served before it is known for sure.
    dosi_rate *rate;
    dosi_http_work work;
    struct dosi_static_cache *files;
    pthread_mutex_t client_lock; ///< Guards `clients`.
    dosi_client *clients;
    pthread_mutex_t stream_lock; ///< Guards `streams` and what is in them.
    dosi_stream *streams;
    size_t n_streams;
    pthread_t keeper; ///< Deadlines, pings.
    bool has_keeper;
    atomic_bool is_ending;
    _Atomic int64_t n_active; ///< Requests being answered, streams not counted.
};

/// Runs the handler of `request` (any thread) and leaves reply, status and err in it.
void dosi_request_run(dosi_http_request *request);

/// Queues the answer of a request that has run (the connection's own thread).
enum MHD_Result dosi_reply_send(dosi_http_request *request);

/// Answers with a problem document at once, before any handler ran.
enum MHD_Result dosi_reply_problem(dosi_http_request *request,
                                   int code,
                                   const char *detail,
                                   const char *extra);

/// Answers with the static file that the target names, or index.html, or 404.
enum MHD_Result dosi_static_send(dosi_http_request *request);

/// The cache of compressed static files.
struct dosi_static_cache *dosi_static_cache_create(void);
/// Frees it; accepts NULL.
void dosi_static_cache_destroy(struct dosi_static_cache *cache);

/// Whether the client takes gzip.
bool dosi_reply_takes_gzip(const dosi_http_request *request);

/// Compresses; false when there is no memory or it does not get smaller.
bool dosi_reply_gzip(const char *bytes, size_t n_bytes, dosi_text *out);

/// Adds the headers that every answer has, and queues `response` (which it takes over).
enum MHD_Result dosi_reply_queue(dosi_http_request *request,
                                 int code,
                                 struct MHD_Response *response);

/// Turns the connection of `request` into an event stream.
enum MHD_Result dosi_stream_open(dosi_http_request *request);
/// Sends a comment line to every stream, so that dead ones are noticed.
void dosi_stream_ping(dosi_http_server *server);
/// Ends every stream.
void dosi_stream_end_all(dosi_http_server *server);

/// Starts the slow threads.
DOSI_CHECKED dosi_status dosi_work_start(dosi_http_server *server, dosi_error *err);
/// Gives `request` to them; false when the queue is full.
bool dosi_work_add(dosi_http_request *request);
/// Finishes the queue and stops them; what is added from then on is refused.
void dosi_work_stop(dosi_http_server *server);
/// Frees what is left, when no connection is.
void dosi_work_clear(dosi_http_server *server);

/// Starts the thread that keeps deadlines.
DOSI_CHECKED dosi_status dosi_keeper_start(dosi_http_server *server, dosi_error *err);
/// Stops it.
void dosi_keeper_stop(dosi_http_server *server);
/// Notes what a client does from now on; accepts NULL.
void dosi_client_enter(dosi_client *client, dosi_client_phase phase);
/// MHD's notice of connections opened and closed.
void dosi_client_notice(void *context,
                        struct MHD_Connection *connection,
                        void **socket_context,
                        enum MHD_ConnectionNotificationCode code);

#endif // DOSI_HTTP_INTERNAL_H
