/// @file fuzz_feature.h
/// A small feature index for fuzz targets.
#ifndef DOSI_FUZZ_FEATURE_H
#define DOSI_FUZZ_FEATURE_H

#include "feature/feature.h"

#include <stdlib.h>
#include <unistd.h>

/// Writes an index of 40 features with a property of every kind to `path`, a mkstemp()
/// template.
static inline void fuzz_build_features(char *path) {
    static const char *const names[] = {"shape", "word", "count", "size",
                                        "when",  "day",  "is_on"};
    static const dosi_type types[] = {DOSI_TYPE_GEOMETRY, DOSI_TYPE_TEXT, DOSI_TYPE_INT,
                                      DOSI_TYPE_REAL,     DOSI_TYPE_TIME, DOSI_TYPE_DATE,
                                      DOSI_TYPE_BOOL};
    dosi_table table = {0};
    int fd = mkstemp(path);
    if (fd < 0) abort();
    (void)close(fd);
    for (size_t i = 0; i < 7; i++) {
        if (dosi_table_add_column(&table, names[i], types[i], NULL, NULL) != DOSI_OK) abort();
    }
    if (dosi_table_add_rows(&table, 40, NULL) != DOSI_OK) abort();
    for (size_t row = 0; row < 40; row += 1 + row % 3) {
        double at = (double)row / 100;
        double x[] = {127 + at, 127.1 + at, 127.1 + at, 127 + at};
        double y[] = {37 + at, 37 + at, 37.1 + at, 37 + at};
        dosi_text wkb = {0};
        dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){4}, 1);
        if (dosi_table_set_bytes(&table, 0, row, wkb.data, wkb.length) != DOSI_OK) abort();
        dosi_text_destroy(&wkb);
        if (dosi_table_set_text(&table, 1, row, row % 2 ? "odd" : "even") != DOSI_OK) abort();
        table.columns[2].data.integer[row] = (int64_t)row;
        table.columns[3].data.real[row] = at;
        table.columns[4].data.integer[row] = (int64_t)row * DOSI_HOUR_US;
        table.columns[5].data.integer[row] = (int64_t)row;
        table.columns[6].data.boolean[row] = row % 2;
    }
    if (dosi_features_build(&table, 32400, path, NULL) != DOSI_OK) abort();
    dosi_table_destroy(&table);
}

#endif // DOSI_FUZZ_FEATURE_H
