/// @file route.h
/// Which route a request belongs to.
#ifndef DOSI_HTTP_ROUTE_H
#define DOSI_HTTP_ROUTE_H

#include "http/http.h"
#include "http/uri.h"

enum { DOSI_ROUTE_NAMES = 8 };

/// The {names} of a pattern and what stands there. Values point into the request's target.
typedef struct dosi_route_match {
    size_t n_names;
    char names[DOSI_ROUTE_NAMES][24];
    const char *values[DOSI_ROUTE_NAMES];
} dosi_route_match;

/// Whether `pattern` fits `uri`; fills `match` when it does. A trailing slash does not matter.
bool dosi_route_fits(const char *pattern, const dosi_uri *uri, dosi_route_match *match);

/// Whether some pattern starts with the same first segment as `uri` ("/api", "/ogc").
bool dosi_route_owns(const dosi_http_route *routes, size_t n_routes, const dosi_uri *uri);

#endif // DOSI_HTTP_ROUTE_H
