/// @file secret.h
/// Secrets of sessions and tokens: 256 random bits, kept as a hash only.
#ifndef DOSI_GOVERN_SECRET_H
#define DOSI_GOVERN_SECRET_H

/// Makes a secret: `prefix` and 43 characters. @param out (DOSI_SECRET_BYTES).
void dosi_secret_make(const char *prefix, char *out);

/// What is kept of a secret. @param out (DOSI_SECRET_HASH_BYTES).
void dosi_secret_hash(const char *secret, unsigned char *out);

#endif // DOSI_GOVERN_SECRET_H
