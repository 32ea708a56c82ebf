// Token buckets by client address. The table is fixed: when it is crowded, the bucket that
// was idle longest gives way, which only ever errs in the client's favour.

#include "http/rate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { N_BUCKETS = 4096, PROBES = 8, KEY_BYTES = 64 };

typedef struct bucket {
    char key[KEY_BYTES]; ///< "": free.
    double tokens;
    int64_t at_us;
} bucket;

struct dosi_rate {
    pthread_mutex_t lock;
    double per_second, most;
    bucket buckets[N_BUCKETS];
};

dosi_status dosi_rate_create(double per_second, dosi_rate **out, dosi_error *err) {
    assert(per_second > 0 && out);
    dosi_rate *rate = calloc(1, sizeof *rate);
    if (!rate) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for rate limits");
    (void)pthread_mutex_init(&rate->lock, NULL);
    rate->per_second = per_second;
    rate->most = per_second * 2 < 10 ? 10 : per_second * 2;
    *out = rate;
    return DOSI_OK;
}

void dosi_rate_destroy(dosi_rate *rate) {
    if (!rate) return;
    (void)pthread_mutex_destroy(&rate->lock);
    free(rate);
}

/// FNV-1a.
static uint64_t hash_key(const char *key) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return hash;
}

/// The bucket of `key`, made when there is none.
static bucket *find_bucket(dosi_rate *rate, const char *key, int64_t now_us) {
    uint64_t start = hash_key(key);
    bucket *oldest = NULL;
    for (uint64_t i = 0; i < PROBES; i++) {
        bucket *candidate = &rate->buckets[(start + i) % N_BUCKETS];
        if (strncmp(candidate->key, key, KEY_BYTES - 1) == 0) return candidate;
        if (candidate->key[0] == '\0') {
            oldest = candidate;
            break;
        }
        if (!oldest || candidate->at_us < oldest->at_us) oldest = candidate;
    }
    size_t length = strnlen(key, KEY_BYTES - 1);
    memcpy(oldest->key, key, length);
    oldest->key[length] = '\0';
    oldest->tokens = rate->most;
    oldest->at_us = now_us;
    return oldest;
}

bool dosi_rate_take(dosi_rate *rate, const char *key, int64_t now_us) {
    assert(rate && key);
    if (key[0] == '\0') return true;
    (void)pthread_mutex_lock(&rate->lock);
    bucket *own = find_bucket(rate, key, now_us);
    own->tokens += (double)(now_us - own->at_us) * 1e-6 * rate->per_second;
    if (own->tokens > rate->most) own->tokens = rate->most;
    own->at_us = now_us;
    bool may = own->tokens >= 1;
    if (may) own->tokens -= 1;
    (void)pthread_mutex_unlock(&rate->lock);
    return may;
}
