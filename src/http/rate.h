/// @file rate.h
/// How many requests a client address may make: one token bucket each, in a fixed table.
#ifndef DOSI_HTTP_RATE_H
#define DOSI_HTTP_RATE_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dosi_rate dosi_rate;

/// Buckets that fill at `per_second` and hold twice that (at least 10). Safe for threads.
DOSI_CHECKED dosi_status dosi_rate_create(double per_second, dosi_rate **out, dosi_error *err);

/// Frees; accepts NULL.
void dosi_rate_destroy(dosi_rate *rate);

/// Whether the client called `key` may make a request at `now_us` (a monotonic clock).
bool dosi_rate_take(dosi_rate *rate, const char *key, int64_t now_us);

#endif // DOSI_HTTP_RATE_H
