/// @file build.h
/// What the two halves of writing an index share. Only files of feature/ include this.
#ifndef DOSI_FEATURE_BUILD_H
#define DOSI_FEATURE_BUILD_H

#include "feature/store.h"

#include <stdio.h>

/// The output; a failure sticks.
typedef struct dosi_store_writer {
    FILE *file;
    uint64_t at; ///< Bytes written.
    dosi_status status;
} dosi_store_writer;

/// Appends bytes.
void dosi_writer_put(dosi_store_writer *writer, const void *bytes, size_t n_bytes);

/// Pads to a multiple of 8 and says where the next section starts.
uint64_t dosi_writer_section(dosi_store_writer *writer);

/// An index in the making.
typedef struct dosi_store_build {
    const dosi_table *table;
    const dosi_column *geometry; ///< NULL: none.
    double *boxes;               ///< (n_rows x 4) by row; NaN first: none.
    uint32_t *rows;              ///< (n_rows) row of each position.
    uint32_t *positions;         ///< (n_rows) position of each row.
    uint64_t *starts;            ///< (n_rows + 1) scratch.
    dosi_store_header head;
} dosi_store_build;

/// Writes the properties: values, order, words; and their list.
DOSI_CHECKED dosi_status dosi_build_put_columns(dosi_store_build *build,
                                                dosi_store_writer *writer,
                                                dosi_error *err);

/// Writes a TIME with the zone, or a DATE.
/// @param out  (DOSI_TIME_TEXT_BYTES)
void dosi_feature_format_time(dosi_type type, int64_t value, int zone_s, char *out);

#endif // DOSI_FEATURE_BUILD_H
