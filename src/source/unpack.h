/// @file unpack.h
/// A compressed file as a stream of bytes: gzip, bzip2, xz, or none, told by its first bytes.
#ifndef DOSI_SOURCE_UNPACK_H
#define DOSI_SOURCE_UNPACK_H

#include "source/reader.h"

typedef enum dosi_packing {
    DOSI_PACKING_NONE,
    DOSI_PACKING_GZIP,
    DOSI_PACKING_BZIP2,
    DOSI_PACKING_XZ,
} dosi_packing;

/// Which compression a file's first bytes show.
dosi_packing dosi_packing_find(const char *head, size_t n_head);

/// "gzip", "bzip2", "xz", "none".
const char *dosi_packing_name(dosi_packing packing);

/// A stream being unpacked. Not for two threads at once.
typedef struct dosi_unpack dosi_unpack;

/// Starts to unpack `file`. Close with dosi_unpack_close().
DOSI_CHECKED dosi_status dosi_unpack_open(const dosi_source_file *file,
                                          dosi_unpack **out,
                                          dosi_error *err);

/// Closes; accepts NULL.
void dosi_unpack_close(dosi_unpack *unpack);

/// Reads exactly `n` bytes.
/// @return DOSI_OK; DOSI_PARSE: the file is cut off or damaged, and after which byte;
///         DOSI_LIMIT: more than DOSI_SOURCE_BYTES, or unpacks to a size that no honest file
///         has (DOSI_SOURCE_ZIP_RATIO).
DOSI_CHECKED dosi_status dosi_unpack_read(dosi_unpack *unpack,
                                          void *out,
                                          size_t n,
                                          dosi_error *err);

/// Reads what is ready, at most `n` bytes; `*n_got` is 0 at the end only. Fails as
/// dosi_unpack_read() does, so that a cut-off file is not taken for a short one.
DOSI_CHECKED dosi_status
dosi_unpack_some(dosi_unpack *unpack, void *out, size_t n, size_t *n_got, dosi_error *err);

/// Bytes given so far.
int64_t dosi_unpack_count(const dosi_unpack *unpack);

#endif // DOSI_SOURCE_UNPACK_H
