// Fuzz target: the parameters of /items, parsed and then asked.

#include "fuzz_feature.h"
#include "http/uri.h"
#include "server/items_query.h"

#include <string.h>

enum { PAGE = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static dosi_features *features;

static void close_features(void) {
    dosi_features_close(features);
}

/// Opens the index once.
static void open_features(void) {
    static char path[] = "/tmp/dosi-fuzz-XXXXXX";
    if (features) return;
    fuzz_build_features(path);
    if (dosi_features_open(path, &features, NULL) != DOSI_OK) abort();
    (void)unlink(path);
    (void)atexit(close_features);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    open_features();
    char *target = malloc(n_bytes + 3);
    if (!target) return 0;
    target[0] = '/';
    target[1] = '?';
    if (n_bytes) memcpy(target + 2, data, n_bytes);
    target[n_bytes + 2] = '\0';
    dosi_uri uri = {0};
    dosi_items_query query;
    if (dosi_uri_parse(target, &uri, NULL) == DOSI_OK) {
        if (dosi_items_parse(uri.parameters, uri.n_parameters, features, 32400, &query, NULL) ==
            DOSI_OK) {
            uint32_t page[PAGE];
            uint32_t n = 0;
            uint64_t n_matched = 0;
            if (query.query.limit > PAGE) query.query.limit = PAGE;
            if (dosi_features_query(features, &query.query, page, &n, &n_matched, NULL) !=
                    DOSI_OK ||
                n > n_matched || n_matched > 40) {
                abort();
            }
        }
        dosi_uri_clear(&uri);
    }
    free(target);
    return 0;
}
