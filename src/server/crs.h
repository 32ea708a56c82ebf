/// @file crs.h
/// The coordinate systems that features can be asked for in.
#ifndef DOSI_SERVER_CRS_H
#define DOSI_SERVER_CRS_H

#include "dosi/geo.h"

#include <pthread.h>

enum {
    DOSI_SERVER_CRS_LONLAT = 0, ///< OGC:CRS84, what everything is kept in.
    DOSI_SERVER_CRS_COUNT = 5,
    DOSI_SERVER_CRS_SPARE = 8 ///< Transformations kept ready of each.
};

/// One system.
typedef struct dosi_server_crs {
    const char *uri;
    int srid;
    bool is_y_first; ///< Its authority writes north before east.
    int decimals;    ///< About a millimetre.
} dosi_server_crs;

/// System `i` (< DOSI_SERVER_CRS_COUNT).
const dosi_server_crs *dosi_server_crs_at(size_t i);

/// The system with this URI, or DOSI_SERVER_CRS_COUNT.
size_t dosi_server_crs_find(const char *uri);

/// Transformations, each used by one thread at a time. Zero-initialise the array and
/// initialise the lock.
typedef struct dosi_server_crs_pool {
    pthread_mutex_t lock;
    dosi_projection *spare[DOSI_SERVER_CRS_COUNT][DOSI_SERVER_CRS_SPARE];
} dosi_server_crs_pool;

/// A transformation from longitude and latitude to system `i`; NULL for DOSI_SERVER_CRS_LONLAT
/// and EPSG:4326, whose numbers are the same. Give it back.
DOSI_CHECKED dosi_status dosi_server_crs_take(dosi_server_crs_pool *pool,
                                              size_t i,
                                              dosi_projection **out,
                                              dosi_error *err);

/// Gives a transformation back; accepts NULL.
void dosi_server_crs_give(dosi_server_crs_pool *pool, size_t i, dosi_projection *projection);

/// Frees all.
void dosi_server_crs_clear(dosi_server_crs_pool *pool);

#endif // DOSI_SERVER_CRS_H
