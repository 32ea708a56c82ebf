/// @file uri.h
/// Request targets: "/a/b%20c?x=1&y=" -> decoded segments and parameters, with limits.
#ifndef DOSI_HTTP_URI_H
#define DOSI_HTTP_URI_H

#include "dosi/status.h"

#include <stddef.h>

enum {
    DOSI_URI_BYTES = 8192,   ///< Longest request target.
    DOSI_URI_SEGMENTS = 16,  ///< Most path segments.
    DOSI_URI_PARAMETERS = 64 ///< Most query parameters.
};

/// One query parameter, decoded, NUL-terminated UTF-8.
typedef struct dosi_uri_parameter {
    const char *name;
    const char *value; ///< "" when there is none.
} dosi_uri_parameter;

/// A request target, taken apart. Zero-initialise; dosi_uri_clear() after.
typedef struct dosi_uri {
    char *memory;                             ///< Holds every string below.
    char *path;                               ///< Decoded, with its slashes.
    size_t n_segments;                        ///< A trailing slash makes no segment.
    const char *segments[DOSI_URI_SEGMENTS];  ///< Decoded.
    size_t segment_starts[DOSI_URI_SEGMENTS]; ///< Where each starts in `path`.
    size_t n_parameters;
    dosi_uri_parameter parameters[DOSI_URI_PARAMETERS]; ///< In order; names may repeat.
} dosi_uri;

/// Takes `raw` apart. Segments "." and "..", encoded slashes, NUL bytes, damaged percent
/// escapes and invalid UTF-8 are refused.
/// @return DOSI_OK; DOSI_INVALID; DOSI_LIMIT; DOSI_NO_MEMORY. `*out` is empty on failure.
DOSI_CHECKED dosi_status dosi_uri_parse(const char *raw, dosi_uri *out, dosi_error *err);

/// Frees what a target holds; it is then empty.
void dosi_uri_clear(dosi_uri *uri);

#endif // DOSI_HTTP_URI_H
