// API keys of feeds, sealed.

#include "base/os_file.h"
#include "feed/feed_store.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    BOX_BYTES =
        crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + (int)DOSI_FEED_KEY_BYTES
};

/// The path of a file in the lab's secrets.
static dosi_status secret_path(dosi_gate *gate, const char *file, char *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "secrets", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    return dosi_path_join(folder, file, out, err);
}

/// The lab's own key for feeds, made on first use.
static dosi_status lab_key(dosi_gate *gate, unsigned char *out, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    dosi_text bytes = {0};
    if (sodium_init() < 0) return dosi_fail(err, DOSI_IO, "no source of random numbers");
    DOSI_TRY(secret_path(gate, "feeds.key", path, err));
    if (!dosi_path_exists(path)) {
        crypto_secretbox_keygen(out);
        return dosi_file_write_atomic(path, (const char *)out, crypto_secretbox_KEYBYTES, 0600,
                                      err);
    }
    dosi_status status = dosi_file_read(path, crypto_secretbox_KEYBYTES, &bytes, err);
    if (status == DOSI_OK && bytes.length != crypto_secretbox_KEYBYTES) {
        status =
            dosi_fail(err, DOSI_PARSE, "secrets/feeds.key is damaged: %zu bytes", bytes.length);
    }
    if (status == DOSI_OK) memcpy(out, bytes.data, crypto_secretbox_KEYBYTES);
    if (bytes.data) sodium_memzero(bytes.data, bytes.length);
    dosi_text_destroy(&bytes);
    return status;
}

static dosi_status sealed_path(dosi_gate *gate, const char *name, char *out, dosi_error *err) {
    char file[DOSI_FEED_NAME_BYTES + 16];
    (void)snprintf(file, sizeof file, "feed-%s.sealed", name);
    return secret_path(gate, file, out, err);
}

dosi_status dosi_feed_seal_key(dosi_gate *gate,
                               const char *name,
                               const char *key,
                               dosi_error *err) {
    assert(gate && name && key);
    size_t length = strlen(key);
    if (length == 0 || length >= DOSI_FEED_KEY_BYTES) {
        return dosi_fail(err, DOSI_INVALID, "an API key has 1 to %d bytes, not %zu",
                         DOSI_FEED_KEY_BYTES - 1, length);
    }
    unsigned char master[crypto_secretbox_KEYBYTES], box[BOX_BYTES];
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(sealed_path(gate, name, path, err));
    DOSI_TRY(lab_key(gate, master, err));
    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)key,
                                length, box, master);
    sodium_memzero(master, sizeof master);
    return dosi_file_write_atomic(
        path, (const char *)box,
        crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + length, 0600, err);
}

dosi_status dosi_feed_open_key(dosi_gate *gate, const char *name, char *out, dosi_error *err) {
    assert(gate && name && out);
    unsigned char master[crypto_secretbox_KEYBYTES];
    char path[DOSI_PATH_BYTES];
    dosi_text box = {0};
    DOSI_TRY(sealed_path(gate, name, path, err));
    DOSI_TRY(lab_key(gate, master, err));
    dosi_status status = dosi_file_read(path, BOX_BYTES, &box, err);
    const size_t extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (status == DOSI_OK) {
        const unsigned char *bytes = (const unsigned char *)box.data;
        bool is_open = box.length > extra && box.length - extra < DOSI_FEED_KEY_BYTES &&
                       crypto_secretbox_open_easy(
                           (unsigned char *)out, bytes + crypto_secretbox_NONCEBYTES,
                           box.length - crypto_secretbox_NONCEBYTES, bytes, master) == 0;
        if (is_open) {
            out[box.length - extra] = '\0';
        } else {
            status = dosi_fail(err, DOSI_PARSE,
                               "the sealed key of %s cannot be opened; give it again", name);
        }
    }
    sodium_memzero(master, sizeof master);
    dosi_text_destroy(&box);
    return status;
}
