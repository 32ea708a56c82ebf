// Patterns such as "/ogc/collections/{id}/items" fitted to request targets.

#include "http/route.h"

#include <assert.h>
#include <string.h>

/// Notes that the {name} of `n_bytes` stands for `value`.
static void add_value(dosi_route_match *match,
                      const char *name,
                      size_t n_bytes,
                      const char *value) {
    assert(match->n_names < DOSI_ROUTE_NAMES && n_bytes < sizeof match->names[0]);
    memcpy(match->names[match->n_names], name, n_bytes);
    match->names[match->n_names][n_bytes] = '\0';
    match->values[match->n_names++] = value;
}

bool dosi_route_fits(const char *pattern, const dosi_uri *uri, dosi_route_match *match) {
    assert(pattern && uri && match);
    match->n_names = 0;
    size_t i = 0;
    for (const char *at = pattern; *at;) {
        at++; // the slash
        size_t n_bytes = strcspn(at, "/");
        if (n_bytes == 0) break;
        if (at[0] == '{' && at[n_bytes - 2] == '*') {
            const char *rest = i < uri->n_segments ? uri->path + uri->segment_starts[i] : "";
            add_value(match, at + 1, n_bytes - 3, rest);
            return true;
        }
        if (i == uri->n_segments) return false;
        const char *segment = uri->segments[i++];
        if (at[0] == '{') {
            if (segment[0] == '\0') return false;
            add_value(match, at + 1, n_bytes - 2, segment);
        } else if (strncmp(segment, at, n_bytes) != 0 || segment[n_bytes] != '\0') {
            return false;
        }
        at += n_bytes;
    }
    return i == uri->n_segments;
}

bool dosi_route_owns(const dosi_http_route *routes, size_t n_routes, const dosi_uri *uri) {
    if (uri->n_segments == 0) return false;
    size_t length = strlen(uri->segments[0]);
    for (size_t i = 0; i < n_routes; i++) {
        const char *first = routes[i].pattern + 1;
        if (length > 0 && strcspn(first, "/") == length &&
            strncmp(first, uri->segments[0], length) == 0) {
            return true;
        }
    }
    return false;
}
