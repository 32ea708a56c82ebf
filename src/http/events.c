// Server-sent events: each open stream is a sleeping connection with a small buffer; whoever
// publishes wakes it. No thread per client.

#include "http/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_STREAMS = 512, MAX_PENDING_BYTES = 256 * 1024, BLOCK_BYTES = 4096 };

/// Takes a stream out of the list and frees it. MHD calls it when the connection ends.
static void destroy_stream(void *argument) {
    dosi_stream *stream = argument;
    dosi_http_server *server = stream->server;
    (void)pthread_mutex_lock(&server->stream_lock);
    if (stream->previous) {
        stream->previous->next = stream->next;
    } else {
        server->streams = stream->next;
    }
    if (stream->next) stream->next->previous = stream->previous;
    server->n_streams--;
    (void)pthread_mutex_unlock(&server->stream_lock);
    if (stream->release) stream->release(stream->user);
    dosi_text_destroy(&stream->pending);
    free(stream);
}

/// Gives MHD what is pending, or puts the connection to sleep.
static ssize_t read_stream(void *argument, uint64_t position, char *out, size_t max_bytes) {
    (void)position;
    dosi_stream *stream = argument;
    dosi_http_server *server = stream->server;
    ssize_t n_out = 0;
    (void)pthread_mutex_lock(&server->stream_lock);
    size_t n_left = stream->pending.length - stream->n_sent;
    if (n_left > 0) {
        size_t n_bytes = n_left < max_bytes ? n_left : max_bytes;
        memcpy(out, stream->pending.data + stream->n_sent, n_bytes);
        stream->n_sent += n_bytes;
        n_out = (ssize_t)n_bytes;
        if (stream->n_sent == stream->pending.length) {
            dosi_text_clear(&stream->pending);
            stream->n_sent = 0;
        }
    } else if (stream->is_ending) {
        n_out = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    (void)pthread_mutex_unlock(&server->stream_lock);
    return n_out;
}

/// Wakes a sleeping stream. The lock is held.
static void wake(dosi_stream *stream) {
    if (!stream->is_suspended) return;
    stream->is_suspended = false;
    MHD_resume_connection(stream->connection);
}

/// Adds bytes to a stream. One that does not keep up is cut off, so that it holds neither
/// memory nor a place: its client reconnects, and is told what it missed or asks for the state.
/// The lock is held.
static void feed(dosi_stream *stream, const char *bytes, size_t n_bytes) {
    if (stream->is_ending) return;
    if (stream->pending.length + n_bytes > MAX_PENDING_BYTES) {
        stream->is_ending = true;
        if (stream->fd >= 0) (void)shutdown(stream->fd, SHUT_RDWR);
    } else {
        dosi_text_append(&stream->pending, bytes, n_bytes);
    }
    wake(stream);
}

/// The number of the last event that a client got, as it says; -1: it says none.
static int64_t last_event(const dosi_http_request *request) {
    const char *text = dosi_http_header(request, "Last-Event-ID");
    int64_t id = -1;
    if (!text || dosi_parse_int(text, strlen(text), &id) != DOSI_OK || id < 0) return -1;
    return id;
}

enum MHD_Result dosi_stream_open(dosi_http_request *request) {
    dosi_http_server *server = request->server;
    dosi_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return dosi_reply_problem(request, 503, "out of memory", NULL);
    stream->server = server;
    stream->connection = request->connection;
    stream->after = last_event(request);
    stream->fd = request->client ? request->client->fd : -1;
    dosi_text_puts(&stream->pending, "retry: 3000\n\n");
    (void)pthread_mutex_lock(&server->stream_lock);
    bool has_room = server->n_streams < MAX_STREAMS && !atomic_load(&server->is_ending);
    if (has_room) {
        stream->user = request->user;
        stream->release = request->release;
        request->user = NULL;
        request->release = NULL;
        stream->next = server->streams;
        if (stream->next) stream->next->previous = stream;
        server->streams = stream;
        server->n_streams++;
    }
    (void)pthread_mutex_unlock(&server->stream_lock);
    if (!has_room) {
        dosi_text_destroy(&stream->pending);
        free(stream);
        return dosi_reply_problem(request, 503, "too many event streams are open",
                                  "Retry-After: 5\n");
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, destroy_stream);
    if (!response) {
        destroy_stream(stream);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", "text/event-stream");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
    dosi_client_enter(request->client, DOSI_CLIENT_STREAM);
    (void)atomic_fetch_sub(&server->n_active, 1);
    request->is_stream = true;
    return dosi_reply_queue(request, 200, response);
}

void dosi_http_put_event(dosi_text *out, int64_t id, const char *event, const char *data_json) {
    if (id > 0) dosi_text_printf(out, "id: %lld\n", (long long)id);
    dosi_text_printf(out, "event: %s\ndata: ", event);
    for (const char *at = data_json; *at; at++) {
        if (*at == '\n') {
            dosi_text_puts(out, "\ndata: ");
        } else if (*at != '\r') {
            dosi_text_putc(out, *at);
        }
    }
    dosi_text_puts(out, "\n\n");
}

void dosi_http_publish(dosi_http_server *server,
                       int64_t id,
                       const char *event,
                       const char *data_json,
                       bool (*may_see)(void *context, const void *user),
                       void *context) {
    dosi_text message = {0};
    dosi_http_put_event(&message, id, event, data_json);
    if (message.status == DOSI_OK) {
        (void)pthread_mutex_lock(&server->stream_lock);
        for (dosi_stream *stream = server->streams; stream; stream = stream->next) {
            if (id > 0 && !stream->is_greeted) continue; // its greeting will have it
            if (may_see && !may_see(context, stream->user)) continue;
            feed(stream, message.data, message.length);
        }
        (void)pthread_mutex_unlock(&server->stream_lock);
    }
    dosi_text_destroy(&message);
}

bool dosi_http_has_newcomers(dosi_http_server *server) {
    bool has = false;
    (void)pthread_mutex_lock(&server->stream_lock);
    for (const dosi_stream *s = server->streams; s && !has; s = s->next) has = !s->is_greeted;
    (void)pthread_mutex_unlock(&server->stream_lock);
    return has;
}

void dosi_http_greet(
    dosi_http_server *server,
    void (*greet)(void *context, const void *user, int64_t after, dosi_text *out),
    void *context) {
    dosi_text message = {0};
    (void)pthread_mutex_lock(&server->stream_lock);
    for (dosi_stream *stream = server->streams; stream; stream = stream->next) {
        if (stream->is_greeted) continue;
        dosi_text_clear(&message);
        greet(context, stream->user, stream->after, &message);
        stream->is_greeted = true;
        if (message.status == DOSI_OK && message.length > 0) {
            feed(stream, message.data, message.length);
        }
    }
    (void)pthread_mutex_unlock(&server->stream_lock);
    dosi_text_destroy(&message);
}

void dosi_stream_ping(dosi_http_server *server) {
    (void)pthread_mutex_lock(&server->stream_lock);
    for (dosi_stream *stream = server->streams; stream; stream = stream->next) {
        feed(stream, ":\n\n", 3);
    }
    (void)pthread_mutex_unlock(&server->stream_lock);
}

void dosi_stream_end_all(dosi_http_server *server) {
    (void)pthread_mutex_lock(&server->stream_lock);
    for (dosi_stream *stream = server->streams; stream; stream = stream->next) {
        stream->is_ending = true;
        wake(stream);
    }
    (void)pthread_mutex_unlock(&server->stream_lock);
}
