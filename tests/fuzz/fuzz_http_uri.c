// Fuzz target: request targets and the patterns they are fitted to.

#include "http/route.h"
#include "http/uri.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    static const char *const patterns[] = {"/", "/ogc", "/c/{id}/items/{fid}", "/f/{path*}"};
    char *target = malloc(n_bytes + 1);
    if (!target) return 0;
    if (n_bytes) memcpy(target, data, n_bytes);
    target[n_bytes] = '\0';
    dosi_uri uri = {0};
    if (dosi_uri_parse(target, &uri, NULL) == DOSI_OK) {
        dosi_route_match match;
        for (size_t i = 0; i < uri.n_segments; i++) {
            assert(strcmp(uri.segments[i], "..") != 0 && !strchr(uri.segments[i], '/'));
        }
        for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
            (void)dosi_route_fits(patterns[i], &uri, &match);
        }
        dosi_uri_clear(&uri);
    }
    free(target);
    return 0;
}
