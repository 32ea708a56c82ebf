// Fuzz target: files that are no feature index, or a damaged one: opened, asked, drawn.
// An input that starts with "P" is a list of (place, place, byte) put into a whole file.

#include "fuzz_feature.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 16, MAX_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static char whole_path[] = "/tmp/dosi-fuzz-XXXXXX";
static char path[] = "/tmp/dosi-fuzz-XXXXXX";
static unsigned char whole[MAX_BYTES];
static size_t n_whole;

static void remove_files(void) {
    (void)unlink(whole_path);
    (void)unlink(path);
}

/// Makes the whole file once.
static void prepare(void) {
    if (n_whole) return;
    fuzz_build_features(whole_path);
    int fd = mkstemp(path);
    FILE *file = fopen(whole_path, "rb");
    if (fd < 0 || !file) abort();
    (void)close(fd);
    n_whole = fread(whole, 1, sizeof whole, file);
    (void)fclose(file);
    (void)atexit(remove_files);
}

/// Asks an open index a few things.
static void ask(const dosi_features *features) {
    uint32_t page[PAGE];
    uint32_t n = 0;
    uint64_t n_matched = 0;
    dosi_text text = {.limit_bytes = 1 << 20};
    dosi_feature_sort sort = {.column = 0};
    dosi_feature_query query = {.n_boxes = 1, .boxes = {{127, 37, 127.2, 37.2}}, .limit = PAGE};
    if (dosi_features_n_columns(features) > 0) {
        query.sorts = &sort;
        query.n_sorts = 1;
    }
    if (dosi_features_query(features, &query, page, &n, &n_matched, NULL) != DOSI_OK) n = 0;
    for (uint32_t i = 0; i < n; i++) {
        dosi_features_put_json(&text, features, page[i], &(dosi_feature_format){.decimals = 8});
    }
    dosi_text_clear(&text);
    if (dosi_features_put_tile(&text, features, (dosi_tile){8, 218, 99}, "x", NULL, NULL) !=
        DOSI_OK) {
        dosi_text_clear(&text);
    }
    dosi_text_destroy(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    static unsigned char bytes[MAX_BYTES];
    prepare();
    size_t n = n_bytes < sizeof bytes ? n_bytes : sizeof bytes;
    if (n) memcpy(bytes, data, n);
    if (n_bytes > 0 && data[0] == 'P') {
        memcpy(bytes, whole, n_whole);
        n = n_whole;
        for (size_t i = 1; i + 2 < n_bytes; i += 3) {
            size_t at = (size_t)(data[i] | data[i + 1] << 8) % n_whole;
            bytes[at] = data[i + 2];
        }
    }
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n, file) != n) abort();
    (void)fclose(file);
    dosi_features *features = NULL;
    if (dosi_features_open(path, &features, NULL) == DOSI_OK) {
        ask(features);
        dosi_features_close(features);
    }
    return 0;
}
