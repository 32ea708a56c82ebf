/// @file encoding.h
/// Which encoding a text file is in, and reading it as UTF-8.
#ifndef DOSI_SOURCE_ENCODING_H
#define DOSI_SOURCE_ENCODING_H

#include "source/reader.h"

/// An encoding as decided.
typedef struct dosi_encoding {
    char name[32]; ///< "utf-8", "cp949"...: what iconv is told.
    size_t n_bom;  ///< Bytes of the byte order mark at the file's start.
    bool is_utf8;  ///< Needs no conversion.
    bool is_valid; ///< Every byte of the file was seen to be right (UTF-8 only).
} dosi_encoding;

/// Decides the encoding from a byte order mark, from all bytes being UTF-8, from where zero
/// bytes lie (UTF-16), from how bytes above 127 pair up as Hangul (CP949, which holds EUC-KR).
/// @param wanted  The encoding a person names, or NULL.
/// @return DOSI_OK; DOSI_UNSUPPORTED (binary, or no encoding fits); DOSI_INVALID (unknown
/// name).
DOSI_CHECKED dosi_status dosi_encoding_detect(const dosi_source_file *file,
                                              const char *wanted,
                                              dosi_encoding *out,
                                              dosi_text *decisions,
                                              dosi_error *err);

/// A file being read as UTF-8.
typedef struct dosi_decoder dosi_decoder;

/// Opens the file; give back with dosi_decoder_close().
DOSI_CHECKED dosi_status dosi_decoder_open(const dosi_source_file *file,
                                           const dosi_encoding *encoding,
                                           dosi_decoder **out,
                                           dosi_error *err);

/// Closes; accepts NULL.
void dosi_decoder_close(dosi_decoder *decoder);

/// Reads up to `capacity` (>= 16) bytes of UTF-8; 0 at the end. Bytes that are not in the
/// encoding become U+FFFD.
size_t dosi_decoder_read(dosi_decoder *decoder, char *out, size_t capacity);

/// Bytes so far that were not in the encoding.
uint64_t dosi_decoder_n_bad(const dosi_decoder *decoder);

#endif // DOSI_SOURCE_ENCODING_H
