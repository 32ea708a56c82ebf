/// @file json.h
/// A streaming JSON writer onto a dosi_text. It places commas and quotes; the caller keeps
/// begin and end balanced (asserted). For reading JSON, use jansson.
#ifndef DOSI_JSON_H
#define DOSI_JSON_H

#include "dosi/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_JSON_DEPTH = 64 };

/// Writer state; `out` is borrowed until the last call.
typedef struct dosi_json {
    dosi_text *out;
    unsigned depth;
    bool has_item[DOSI_JSON_DEPTH]; ///< Whether a comma is due at each open level.
    bool after_key;
} dosi_json;

/// Prepares a writer that appends to `out`.
DOSI_API void dosi_json_init(dosi_json *json, dosi_text *out);
/// Opens an object, as a value.
DOSI_API void dosi_json_begin_object(dosi_json *json);
/// Closes the innermost object.
DOSI_API void dosi_json_end_object(dosi_json *json);
/// Opens an array, as a value.
DOSI_API void dosi_json_begin_array(dosi_json *json);
/// Closes the innermost array.
DOSI_API void dosi_json_end_array(dosi_json *json);
/// Writes the name of the next member.
DOSI_API void dosi_json_key(dosi_json *json, const char *key);
/// A string value; NULL writes null.
DOSI_API void dosi_json_string(dosi_json *json, const char *value);
/// A string value of `n_bytes`.
DOSI_API void dosi_json_bytes(dosi_json *json, const char *value, size_t n_bytes);
/// A number; NaN and infinities write null.
DOSI_API void dosi_json_real(dosi_json *json, double value);
/// An integer.
DOSI_API void dosi_json_int(dosi_json *json, int64_t value);
/// true or false.
DOSI_API void dosi_json_bool(dosi_json *json, bool value);
/// null.
DOSI_API void dosi_json_null(dosi_json *json);
/// A value that is already JSON, written as it is.
DOSI_API void dosi_json_raw(dosi_json *json, const char *value, size_t n_bytes);
/// key, then string value.
DOSI_API void dosi_json_member_string(dosi_json *json, const char *key, const char *value);
/// key, then number.
DOSI_API void dosi_json_member_real(dosi_json *json, const char *key, double value);
/// key, then integer.
DOSI_API void dosi_json_member_int(dosi_json *json, const char *key, int64_t value);
/// key, then boolean.
DOSI_API void dosi_json_member_bool(dosi_json *json, const char *key, bool value);

#ifdef __cplusplus
}
#endif

#endif // DOSI_JSON_H
