/// @file items_query.h
/// What the query parameters of /items mean.
#ifndef DOSI_SERVER_ITEMS_QUERY_H
#define DOSI_SERVER_ITEMS_QUERY_H

#include "feature/feature.h"
#include "http/uri.h"
#include "server/crs.h"

enum { DOSI_ITEMS_LIMIT = 10, DOSI_ITEMS_LIMIT_MAX = 10000 };

/// A checked query. `query` points into the rest: do not copy or move.
typedef struct dosi_items_query {
    dosi_feature_query query;
    dosi_feature_filter filters[DOSI_FEATURE_FILTERS];
    dosi_feature_sort sorts[DOSI_FEATURE_SORTS];
    size_t crs;     ///< Of the answer.
    size_t box_crs; ///< Of query.boxes, when it is not longitude and latitude.
} dosi_items_query;

/// Understands `n` parameters for features with these properties; texts stay borrowed. A
/// parameter that is neither known nor a property's name is refused, as the standard asks.
/// @param zone_s  The lab's offset, for times with a zone.
/// @return DOSI_OK; DOSI_INVALID naming parameter and value.
DOSI_CHECKED dosi_status dosi_items_parse(const dosi_uri_parameter *parameters,
                                          size_t n,
                                          const dosi_features *features,
                                          int zone_s,
                                          dosi_items_query *out,
                                          dosi_error *err);

/// The box of "a,b,c,d" or "a,b,z,c,d,z" in system `crs`, as x, y, x, y. Two boxes when it
/// crosses the antimeridian (longitude and latitude only).
DOSI_CHECKED dosi_status dosi_items_parse_box(
    const char *text, size_t crs, double boxes[2][4], size_t *n_boxes, dosi_error *err);

/// The interval of "T", "T/T", "../T", "T/..": both ends included, us civil; an open end is
/// INT64_MIN + 1 or INT64_MAX. A date is all of its day.
DOSI_CHECKED dosi_status dosi_items_parse_time(
    const char *text, int zone_s, int64_t *first, int64_t *last, dosi_error *err);

#endif // DOSI_SERVER_ITEMS_QUERY_H
