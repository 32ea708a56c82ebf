// Request targets taken apart: percent escapes, segments, parameters.

#include "http/uri.h"

#include "dosi/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// The value of a hexadecimal digit, or -1.
static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// Decodes `n_bytes` of `raw` to `out` and ends it with NUL; returns the bytes written, or
/// SIZE_MAX when an escape is damaged, a byte is a control character, or it is not UTF-8.
static size_t decode(const char *raw, size_t n_bytes, bool plus_is_space, char *out) {
    size_t n_out = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        char byte = raw[i];
        if (byte == '%') {
            bool is_whole = i + 2 < n_bytes;
            int high = is_whole ? hex_value(raw[i + 1]) : -1;
            int low = is_whole ? hex_value(raw[i + 2]) : -1;
            if (high < 0 || low < 0) return SIZE_MAX;
            byte = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if ((unsigned char)byte < 0x20 || byte == 0x7F) return SIZE_MAX;
        out[n_out++] = byte;
    }
    out[n_out] = '\0';
    return dosi_utf8_is_valid(out, n_out) ? n_out : SIZE_MAX;
}

/// Where decoded strings go.
typedef struct writer {
    char *at;
} writer;

/// Adds the segment `raw`; `path` grows by "/" and it.
static dosi_status add_segment(
    dosi_uri *uri, const char *raw, size_t n_bytes, writer *out, dosi_error *err) {
    if (uri->n_segments == DOSI_URI_SEGMENTS) {
        return dosi_fail(err, DOSI_LIMIT, "the path has more than %d parts", DOSI_URI_SEGMENTS);
    }
    size_t n_out = decode(raw, n_bytes, false, out->at);
    if (n_out == SIZE_MAX || memchr(out->at, '/', n_out) || strcmp(out->at, ".") == 0 ||
        strcmp(out->at, "..") == 0) {
        return dosi_fail(err, DOSI_INVALID, "part %zu of the path is not valid",
                         uri->n_segments + 1);
    }
    uri->segments[uri->n_segments++] = out->at;
    out->at += n_out + 1;
    return DOSI_OK;
}

/// Splits and decodes the path, `n_bytes` of `raw`, which starts with a slash.
static dosi_status parse_path(
    dosi_uri *uri, const char *raw, size_t n_bytes, writer *out, dosi_error *err) {
    const char *end = raw + n_bytes;
    const char *at = raw + 1;
    while (at < end) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        DOSI_TRY(add_segment(uri, at, (size_t)(stop - at), out, err));
        at = stop + 1;
    }
    return DOSI_OK;
}

/// Writes the decoded path behind everything else.
static void join_path(dosi_uri *uri, writer *out, bool has_trailing_slash) {
    uri->path = out->at;
    for (size_t i = 0; i < uri->n_segments; i++) {
        size_t length = strlen(uri->segments[i]);
        *out->at++ = '/';
        uri->segment_starts[i] = (size_t)(out->at - uri->path);
        memcpy(out->at, uri->segments[i], length);
        out->at += length;
    }
    if (has_trailing_slash) *out->at++ = '/';
    *out->at++ = '\0';
}

/// Adds the parameter "name=value" or "name".
static dosi_status add_parameter(
    dosi_uri *uri, const char *raw, size_t n_bytes, writer *out, dosi_error *err) {
    if (uri->n_parameters == DOSI_URI_PARAMETERS) {
        return dosi_fail(err, DOSI_LIMIT, "more than %d query parameters", DOSI_URI_PARAMETERS);
    }
    const char *equals = memchr(raw, '=', n_bytes);
    size_t name_bytes = equals ? (size_t)(equals - raw) : n_bytes;
    dosi_uri_parameter *parameter = &uri->parameters[uri->n_parameters];
    parameter->name = out->at;
    size_t n_name = decode(raw, name_bytes, true, out->at);
    if (n_name == SIZE_MAX || n_name == 0) {
        return dosi_fail(err, DOSI_INVALID, "the name of query parameter %zu is not valid",
                         uri->n_parameters + 1);
    }
    out->at += n_name + 1;
    parameter->value = out->at;
    size_t n_value = equals ? decode(equals + 1, n_bytes - name_bytes - 1, true, out->at) : 0;
    if (n_value == SIZE_MAX) {
        return dosi_fail(err, DOSI_INVALID,
                         "the value of query parameter \"%.100s\" is not "
                         "valid percent-encoded UTF-8",
                         parameter->name);
    }
    out->at[n_value] = '\0';
    out->at += n_value + 1;
    uri->n_parameters++;
    return DOSI_OK;
}

/// Splits and decodes the query, without its question mark.
static dosi_status parse_query(dosi_uri *uri, const char *raw, writer *out, dosi_error *err) {
    while (*raw) {
        size_t n_bytes = strcspn(raw, "&");
        if (n_bytes > 0) DOSI_TRY(add_parameter(uri, raw, n_bytes, out, err));
        raw += n_bytes;
        if (*raw) raw++;
    }
    return DOSI_OK;
}

dosi_status dosi_uri_parse(const char *raw, dosi_uri *out, dosi_error *err) {
    assert(raw && out);
    size_t n_raw = strnlen(raw, DOSI_URI_BYTES + 1);
    if (n_raw > DOSI_URI_BYTES) {
        return dosi_fail(err, DOSI_LIMIT, "the address is longer than %d bytes",
                         DOSI_URI_BYTES);
    }
    if (raw[0] != '/') return dosi_fail(err, DOSI_INVALID, "the path must start with \"/\"");
    dosi_uri uri = {0};
    // Segments and parameters each decode to no more than their bytes plus a NUL or two; the
    // joined path repeats the segments.
    uri.memory = malloc(3 * n_raw + (size_t)2 * DOSI_URI_PARAMETERS + 16);
    if (!uri.memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for an address");
    writer out_at = {uri.memory};
    size_t n_path = strcspn(raw, "?#");
    dosi_status status = parse_path(&uri, raw, n_path, &out_at, err);
    if (status == DOSI_OK && raw[n_path] == '?') {
        status = parse_query(&uri, raw + n_path + 1, &out_at, err);
    }
    if (status != DOSI_OK) {
        free(uri.memory);
        return status;
    }
    join_path(&uri, &out_at, raw[n_path - 1] == '/');
    *out = uri;
    return DOSI_OK;
}

void dosi_uri_clear(dosi_uri *uri) {
    free(uri->memory);
    *uri = (dosi_uri){0};
}
