/// @file hash.h
/// Content hashes: BLAKE2b-256 by libsodium, written as 64 hexadecimal digits.
#ifndef DOSI_BASE_HASH_H
#define DOSI_BASE_HASH_H

#include "dosi/status.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

enum { DOSI_HASH_BYTES = 32, DOSI_HASH_TEXT_BYTES = 65 };

/// A hash in the making.
typedef struct dosi_hash {
    crypto_generichash_state state;
} dosi_hash;

/// Starts a hash. Calls sodium_init() as needed.
void dosi_hash_init(dosi_hash *hash);

/// Takes in `n_bytes`.
void dosi_hash_add(dosi_hash *hash, const void *bytes, size_t n_bytes);

/// Takes in a string with its length, so that ("a","bc") and ("ab","c") differ.
void dosi_hash_add_string(dosi_hash *hash, const char *string);

/// Ends the hash.
/// @param out  (DOSI_HASH_TEXT_BYTES) lowercase hexadecimal, NUL-terminated.
void dosi_hash_end(dosi_hash *hash, char *out);

/// Hash of one piece of memory, as dosi_hash_end() gives it.
void dosi_hash_bytes(const void *bytes, size_t n_bytes, char *out);

/// Hash of a file's content. DOSI_IO names the file.
DOSI_CHECKED dosi_status dosi_hash_file(const char *path, char *out, dosi_error *err);

#endif // DOSI_BASE_HASH_H
