// BLAKE2b-256 over memory and files.

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void dosi_hash_init(dosi_hash *hash) {
    assert(hash);
    int is_ready = sodium_init();
    assert(is_ready >= 0);
    (void)is_ready;
    (void)crypto_generichash_init(&hash->state, NULL, 0, DOSI_HASH_BYTES);
}

void dosi_hash_add(dosi_hash *hash, const void *bytes, size_t n_bytes) {
    if (n_bytes) (void)crypto_generichash_update(&hash->state, bytes, n_bytes);
}

void dosi_hash_add_string(dosi_hash *hash, const char *string) {
    uint64_t n_bytes = strlen(string);
    dosi_hash_add(hash, &n_bytes, sizeof n_bytes);
    dosi_hash_add(hash, string, n_bytes);
}

void dosi_hash_end(dosi_hash *hash, char *out) {
    unsigned char bytes[DOSI_HASH_BYTES];
    (void)crypto_generichash_final(&hash->state, bytes, sizeof bytes);
    (void)sodium_bin2hex(out, DOSI_HASH_TEXT_BYTES, bytes, sizeof bytes);
}

void dosi_hash_bytes(const void *bytes, size_t n_bytes, char *out) {
    dosi_hash hash;
    dosi_hash_init(&hash);
    dosi_hash_add(&hash, bytes, n_bytes);
    dosi_hash_end(&hash, out);
}

dosi_status dosi_hash_file(const char *path, char *out, dosi_error *err) {
    static const size_t buffer_bytes = 1 << 16;
    FILE *file = fopen(path, "rb");
    if (!file) return dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
    dosi_hash hash;
    dosi_hash_init(&hash);
    unsigned char buffer[1 << 16];
    size_t n_bytes;
    while ((n_bytes = fread(buffer, 1, buffer_bytes, file)) > 0) {
        dosi_hash_add(&hash, buffer, n_bytes);
    }
    int failed = ferror(file);
    (void)fclose(file);
    if (failed) return dosi_fail(err, DOSI_IO, "%s: cannot be read", path);
    dosi_hash_end(&hash, out);
    return DOSI_OK;
}
