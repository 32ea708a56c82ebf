// Coordinate systems by URI, and a pool of transformations.

#include "server/crs.h"

#include <assert.h>
#include <string.h>

static const dosi_server_crs systems[DOSI_SERVER_CRS_COUNT] = {
    {"http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326, false, 8},
    {"http://www.opengis.net/def/crs/EPSG/0/4326", 4326, true, 8},
    {"http://www.opengis.net/def/crs/EPSG/0/5186", 5186, true, 3},
    {"http://www.opengis.net/def/crs/EPSG/0/5179", 5179, true, 3},
    {"http://www.opengis.net/def/crs/EPSG/0/3857", 3857, false, 3},
};

const dosi_server_crs *dosi_server_crs_at(size_t i) {
    assert(i < DOSI_SERVER_CRS_COUNT);
    return &systems[i];
}

size_t dosi_server_crs_find(const char *uri) {
    size_t i = 0;
    while (i < DOSI_SERVER_CRS_COUNT && strcmp(systems[i].uri, uri) != 0) i++;
    return i;
}

dosi_status dosi_server_crs_take(dosi_server_crs_pool *pool,
                                 size_t i,
                                 dosi_projection **out,
                                 dosi_error *err) {
    assert(pool && i < DOSI_SERVER_CRS_COUNT && out);
    dosi_projection *found = NULL;
    if (systems[i].srid == DOSI_SRID_LONLAT) {
        *out = NULL;
        return DOSI_OK;
    }
    (void)pthread_mutex_lock(&pool->lock);
    for (size_t k = 0; k < DOSI_SERVER_CRS_SPARE && !found; k++) {
        found = pool->spare[i][k];
        pool->spare[i][k] = NULL;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (!found) {
        DOSI_TRY(dosi_projection_create(DOSI_SRID_LONLAT, systems[i].srid, &found, err));
    }
    *out = found;
    return DOSI_OK;
}

void dosi_server_crs_give(dosi_server_crs_pool *pool, size_t i, dosi_projection *projection) {
    if (!projection) return;
    (void)pthread_mutex_lock(&pool->lock);
    for (size_t k = 0; k < DOSI_SERVER_CRS_SPARE && projection; k++) {
        if (pool->spare[i][k]) continue;
        pool->spare[i][k] = projection;
        projection = NULL;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    dosi_projection_destroy(projection);
}

void dosi_server_crs_clear(dosi_server_crs_pool *pool) {
    for (size_t i = 0; i < DOSI_SERVER_CRS_COUNT; i++) {
        for (size_t k = 0; k < DOSI_SERVER_CRS_SPARE; k++) {
            dosi_projection_destroy(pool->spare[i][k]);
            pool->spare[i][k] = NULL;
        }
    }
}
