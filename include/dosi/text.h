/// @file text.h
/// A growing piece of UTF-8 text, and the few things done to text everywhere.
///
/// Appending never returns a status: a text that ran out of memory (or past its limit) is
/// marked failed, ignores what follows, and says so in dosi_text_status(). Writers therefore
/// check once, at their end.
#ifndef DOSI_TEXT_H
#define DOSI_TEXT_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Growing text. Zero-initialise ({0}) or dosi_text_init() before use.
typedef struct dosi_text {
    char *data;         ///< NUL-terminated when length > 0; NULL while nothing was appended.
    size_t length;      ///< Bytes, without the NUL.
    size_t capacity;    ///< Bytes held.
    size_t limit_bytes; ///< Longest allowed; 0 means no limit.
    dosi_status status; ///< DOSI_OK, DOSI_NO_MEMORY or DOSI_LIMIT; sticky.
} dosi_text;

/// Prepares an empty text that will hold at most `limit_bytes` (0: no limit).
DOSI_API void dosi_text_init(dosi_text *text, size_t limit_bytes);

/// Frees what `text` holds; it is then empty and usable. Accepts an empty text.
DOSI_API void dosi_text_destroy(dosi_text *text);

/// Empties `text`, keeping its memory and limit, and forgets a failure.
DOSI_API void dosi_text_clear(dosi_text *text);

/// Appends `n_bytes` of `bytes`. Cost: amortised O(n_bytes).
DOSI_API void dosi_text_append(dosi_text *text, const char *bytes, size_t n_bytes);

/// Appends a NUL-terminated string.
DOSI_API void dosi_text_puts(dosi_text *text, const char *string);

/// Appends one byte.
DOSI_API void dosi_text_putc(dosi_text *text, char byte);

/// Appends formatted text.
DOSI_API void dosi_text_printf(dosi_text *text, const char *format, ...) DOSI_PRINTF(2, 3);

/// Appends the shortest decimal form that reads back as `value`; "nan", "inf", "-inf" else.
DOSI_API void dosi_text_put_real(dosi_text *text, double value);

/// Appends a decimal integer.
DOSI_API void dosi_text_put_int(dosi_text *text, int64_t value);

/// Appends `n_bytes` of UTF-8 as a JSON string, quotes included. Bytes that are not valid
/// UTF-8 become U+FFFD.
DOSI_API void dosi_text_put_json(dosi_text *text, const char *bytes, size_t n_bytes);

/// The content as a C string, never NULL.
DOSI_API const char *dosi_text_string(const dosi_text *text);

/// DOSI_OK, or why the text is incomplete.
DOSI_API DOSI_CHECKED dosi_status dosi_text_status(const dosi_text *text, dosi_error *err);

/// Bytes of the valid UTF-8 character at `bytes` (1..4), or 0 when it is not valid UTF-8
/// (overlong forms, surrogates and values past U+10FFFF included) or cut off at `n_bytes`.
DOSI_API size_t dosi_utf8_length(const char *bytes, size_t n_bytes);

/// Whether all of `bytes` is valid UTF-8.
DOSI_API bool dosi_utf8_is_valid(const char *bytes, size_t n_bytes);

/// A heap copy of `string`, owned by the caller (free()); NULL when there is no memory.
DOSI_API char *dosi_string_copy(const char *string);

/// Parses a whole decimal integer (optional sign, nothing else).
/// @return DOSI_OK; DOSI_PARSE; DOSI_DOMAIN when it does not fit. `*out` untouched on failure.
DOSI_API DOSI_CHECKED dosi_status dosi_parse_int(const char *bytes,
                                                 size_t n_bytes,
                                                 int64_t *out);

/// Parses a whole decimal number as strtod does in the C locale; no hexadecimal, inf or nan.
/// @return DOSI_OK; DOSI_PARSE; DOSI_DOMAIN when it overflows. `*out` untouched on failure.
DOSI_API DOSI_CHECKED dosi_status dosi_parse_real(const char *bytes,
                                                  size_t n_bytes,
                                                  double *out);

#ifdef __cplusplus
}
#endif

#endif // DOSI_TEXT_H
