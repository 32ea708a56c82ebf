// Any bytes at all are read as SQL: names are found inside the text, never outside it, each
// NUL-terminated and short enough.

#include "govern/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/// What was given, to check a name against.
typedef struct given {
    size_t n_bytes, n_names;
} given;

static dosi_status check_name(void *context, const char *name, dosi_error *err) {
    given *g = context;
    (void)err;
    if (strlen(name) > 255 || strlen(name) + 2 > g->n_bytes) abort();
    if (++g->n_names > g->n_bytes / 2) abort();
    return DOSI_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    given g = {n_bytes, 0};
    if (dosi_sql_each_name((const char *)data, n_bytes, check_name, &g, NULL) != DOSI_OK) {
        abort();
    }
    return 0;
}
