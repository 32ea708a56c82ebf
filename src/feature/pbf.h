/// @file pbf.h
/// The little of Protocol Buffers that vector tiles need. Only files of feature/ include this.
#ifndef DOSI_FEATURE_PBF_H
#define DOSI_FEATURE_PBF_H

#include "dosi/text.h"

#include <string.h>

enum { DOSI_PBF_VARINT = 0, DOSI_PBF_FIXED64 = 1, DOSI_PBF_BYTES = 2 };

/// Appends a varint. Tiles are made of them: where there is room, they are written in place.
static inline void dosi_pbf_put_varint(dosi_text *out, uint64_t value) {
    char held[12];
    bool has_room = out->status == DOSI_OK && out->limit_bytes == 0 &&
                    out->length + sizeof held < out->capacity;
    char *bytes = has_room ? out->data + out->length : held;
    size_t n_bytes = 0;
    while (value >= 0x80) {
        bytes[n_bytes++] = (char)(unsigned char)((value & 0x7F) | 0x80);
        value >>= 7;
    }
    bytes[n_bytes++] = (char)value;
    if (!has_room) {
        dosi_text_append(out, bytes, n_bytes);
        return;
    }
    bytes[n_bytes] = '\0';
    out->length += n_bytes;
}

/// A signed number as an unsigned one, small ones small.
static inline uint64_t dosi_pbf_zigzag(int64_t value) {
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

/// Appends the tag of a field.
static inline void dosi_pbf_put_tag(dosi_text *out, unsigned field, unsigned kind) {
    dosi_pbf_put_varint(out, (uint64_t)field << 3 | kind);
}

/// Appends a field that holds bytes.
static inline void dosi_pbf_put_bytes(dosi_text *out,
                                      unsigned field,
                                      const char *bytes,
                                      size_t n_bytes) {
    dosi_pbf_put_tag(out, field, DOSI_PBF_BYTES);
    dosi_pbf_put_varint(out, n_bytes);
    dosi_text_append(out, bytes, n_bytes);
}

/// Appends a field that holds a number.
static inline void dosi_pbf_put_number(dosi_text *out, unsigned field, uint64_t value) {
    dosi_pbf_put_tag(out, field, DOSI_PBF_VARINT);
    dosi_pbf_put_varint(out, value);
}

/// Appends a field that holds a double.
static inline void dosi_pbf_put_real(dosi_text *out, unsigned field, double value) {
    char bytes[sizeof value];
    memcpy(bytes, &value, sizeof value); // little endian, as every machine Dosi runs on
    dosi_pbf_put_tag(out, field, DOSI_PBF_FIXED64);
    dosi_text_append(out, bytes, sizeof bytes);
}

#endif // DOSI_FEATURE_PBF_H
