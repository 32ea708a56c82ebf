// Answers: headers, gzip, 304, problem documents.

#include "dosi/json.h"
#include "http/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>

/// The empty body.
static char nothing[1];

enum { GZIP_MIN_BYTES = 1024, GZIP_LEVEL = 2, LINE_BYTES = 2048 };

/// What every answer carries. The policy lets MapLibre work (workers and images from blobs,
/// style attributes) and nothing from other sites.
static const struct {
    const char *name, *value;
} common_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), microphone=(), payment=()"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Content-Security-Policy",
     "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
     "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
     "worker-src 'self' blob:; child-src blob:; object-src 'none'; base-uri 'self'; "
     "form-action 'self'; frame-ancestors 'none'"},
};

bool dosi_reply_takes_gzip(const dosi_http_request *request) {
    const char *accepted = dosi_http_header(request, "Accept-Encoding");
    const char *at = accepted ? strstr(accepted, "gzip") : NULL;
    if (!at) return false;
    at += 4;
    while (*at == ' ' || *at == ';') at++;
    if (strncmp(at, "q=0", 3) != 0) return true;
    at += 3;
    return at[0] == '.' && strspn(at + 1, "0") < strspn(at + 1, "0123456789");
}

bool dosi_reply_gzip(const char *bytes, size_t n_bytes, dosi_text *out) {
    if (n_bytes > UINT32_MAX / 2) return false;
    z_stream stream = {0};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t room = deflateBound(&stream, n_bytes);
    char *packed = malloc(room + 1);
    stream.next_in = (const Bytef *)bytes;
    stream.avail_in = (uInt)n_bytes;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)room;
    bool is_done = packed && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    size_t n_packed = stream.total_out;
    (void)deflateEnd(&stream);
    if (!is_done || n_packed >= n_bytes) {
        free(packed);
        return false;
    }
    packed[n_packed] = '\0';
    dosi_text_destroy(out);
    *out = (dosi_text){.data = packed, .length = n_packed, .capacity = room + 1};
    return true;
}

/// Whether bodies of this type are worth compressing.
static bool is_compressible(const char *type) {
    return strncmp(type, "text/", 5) == 0 || strstr(type, "json") || strstr(type, "xml") ||
           strstr(type, "javascript") || strstr(type, "mapbox-vector-tile") ||
           strstr(type, "wasm");
}

enum MHD_Result dosi_reply_queue(dosi_http_request *request,
                                 int code,
                                 struct MHD_Response *response) {
    for (size_t i = 0; i < sizeof common_headers / sizeof common_headers[0]; i++) {
        (void)MHD_add_response_header(response, common_headers[i].name,
                                      common_headers[i].value);
    }
    if (request->server->options.certificate_path) {
        (void)MHD_add_response_header(response, "Strict-Transport-Security",
                                      "max-age=31536000");
    }
    if (!MHD_get_response_header(response, "Cache-Control")) {
        (void)MHD_add_response_header(response, "Cache-Control",
                                      code < 400 ? "no-cache" : "no-store");
    }
    enum MHD_Result result = MHD_queue_response(request->connection, (unsigned)code, response);
    MHD_destroy_response(response);
    return result;
}

/// Adds the header "Name: value" of `n_bytes`; one with a control character is left out.
static void add_line(struct MHD_Response *response, const char *text, size_t n_bytes) {
    char line[LINE_BYTES];
    if (n_bytes == 0 || n_bytes >= sizeof line) return;
    memcpy(line, text, n_bytes);
    line[n_bytes] = '\0';
    char *colon = strchr(line, ':');
    if (!colon || strchr(line, '\r')) return;
    *colon = '\0';
    (void)MHD_add_response_header(response, line, colon + 1 + strspn(colon + 1, " "));
}

/// Adds "Name: value\n" lines to a response.
static void add_lines(struct MHD_Response *response, const char *lines) {
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        add_line(response, lines, length);
        lines += length;
        if (*lines) lines++;
    }
}

enum MHD_Result dosi_reply_problem(dosi_http_request *request,
                                   int code,
                                   const char *detail,
                                   const char *extra) {
    const char *title = MHD_get_reason_phrase_for((unsigned)code);
    dosi_text body = {0};
    dosi_json json;
    dosi_json_init(&json, &body);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "type", "about:blank");
    dosi_json_member_string(&json, "title", title ? title : "Error");
    dosi_json_member_int(&json, "status", code);
    dosi_json_member_string(&json, "detail", detail);
    dosi_json_end_object(&json);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.length, body.data ? body.data : nothing, MHD_RESPMEM_MUST_COPY);
    dosi_text_destroy(&body);
    if (!response) return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/problem+json");
    if (code == 401) (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (code == 429) (void)MHD_add_response_header(response, "Retry-After", "1");
    if (extra) add_lines(response, extra);
    return dosi_reply_queue(request, code, response);
}

/// The problem document of a handler that failed. What went wrong inside stays inside.
static enum MHD_Result send_failure(dosi_http_request *request) {
    int code = dosi_status_http(request->status);
    const char *detail =
        request->err.message[0] ? request->err.message : dosi_status_text(request->status);
    if (code == 500) {
        (void)fprintf(stderr, "dosi: %s %s: %s\n", request->method, dosi_http_url(request),
                      detail);
        detail = "the server could not do this; its log says why";
    }
    return dosi_reply_problem(request, code, detail, dosi_text_string(&request->reply.headers));
}

/// A response that sends the file at `path`; NULL when it cannot be read.
static struct MHD_Response *file_response(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return NULL;
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        (void)close(fd);
        return NULL;
    }
    struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)facts.st_size, fd);
    if (!response) (void)close(fd);
    return response;
}

/// A response that owns the bytes of `body`, which is then empty.
static struct MHD_Response *body_response(dosi_text *body) {
    if (body->length == 0) {
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(body->length, body->data, free);
    if (response) *body = (dosi_text){0};
    return response;
}

/// Makes the response of a handler that succeeded, compressed when that is worth it.
static struct MHD_Response *make_response(dosi_http_request *request, const char *type) {
    dosi_http_reply *reply = &request->reply;
    if (reply->file_path) {
        struct MHD_Response *response = file_response(reply->file_path);
        if (response && is_compressible(type)) {
            (void)MHD_add_response_header(response, "Vary", "Accept-Encoding");
        }
        return response;
    }
    bool may_pack =
        request->is_packed || (reply->body.length >= GZIP_MIN_BYTES && is_compressible(type));
    bool is_packed = request->is_packed;
    if (!is_packed && may_pack && dosi_reply_takes_gzip(request)) {
        is_packed = dosi_reply_gzip(reply->body.data, reply->body.length, &reply->body);
    }
    struct MHD_Response *response = body_response(&reply->body);
    if (response && is_packed) {
        (void)MHD_add_response_header(response, "Content-Encoding", "gzip");
    }
    if (response && may_pack)
        (void)MHD_add_response_header(response, "Vary", "Accept-Encoding");
    return response;
}

enum MHD_Result dosi_reply_send(dosi_http_request *request) {
    dosi_http_reply *reply = &request->reply;
    if (request->status != DOSI_OK) return send_failure(request);
    if (reply->is_event_stream) return dosi_stream_open(request);
    int code = reply->code ? reply->code : 200;
    const char *type = reply->content_type ? reply->content_type : "application/json";
    bool is_fresh = code == 200 && dosi_http_is_fresh(request, reply->etag);
    if (is_fresh) {
        code = 304;
        dosi_text_clear(&reply->body);
        free(reply->file_path);
        reply->file_path = NULL;
    }
    struct MHD_Response *response = make_response(request, type);
    if (!response) return dosi_reply_problem(request, 503, "the answer cannot be sent", NULL);
    if (code != 204 && code != 304) {
        (void)MHD_add_response_header(response, "Content-Type", type);
    }
    if (reply->etag[0]) {
        char etag[sizeof reply->etag + 8];
        const char *encoding = MHD_get_response_header(response, "Content-Encoding");
        (void)snprintf(etag, sizeof etag, "%s\"%s\"", encoding ? "W/" : "", reply->etag);
        (void)MHD_add_response_header(response, "ETag", etag);
    }
    add_lines(response, dosi_text_string(&reply->headers));
    return dosi_reply_queue(request, code, response);
}
