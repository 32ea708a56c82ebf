/// @file fuzz_source.h
/// Reads the fuzzer's bytes as a file of a given name, all in memory.
#ifndef DOSI_FUZZ_SOURCE_H
#define DOSI_FUZZ_SOURCE_H

#include "source/reader.h"

#include <assert.h>

/// Reads; whatever it says, what it gives must be whole.
static inline void fuzz_read(const char *name, const uint8_t *bytes, size_t n_bytes) {
    dosi_source_file file = {
        .name = name, .bytes = (const char *)bytes, .n_bytes = (int64_t)n_bytes};
    dosi_source_options options = {.zone_s = 32400};
    dosi_source_result result = {0};
    dosi_error err = {""};
    dosi_status status = dosi_source_read_file(&file, &options, NULL, &result, &err);
    assert(status == DOSI_OK || err.message[0]);
    for (size_t c = 0; status == DOSI_OK && c < result.table.n_columns; c++) {
        const dosi_column *column = &result.table.columns[c];
        for (size_t i = 0; i < result.table.n_rows; i++) {
            bool is_text = column->type == DOSI_TYPE_TEXT || column->type == DOSI_TYPE_GEOMETRY;
            size_t n = 0;
            if (is_text && !dosi_column_is_missing(column, i)) {
                (void)dosi_column_bytes(column, i, &n);
                assert(column->data.span[i].offset + n <= column->pool_bytes);
            }
        }
    }
    dosi_source_result_clear(&result);
}

#endif // DOSI_FUZZ_SOURCE_H
