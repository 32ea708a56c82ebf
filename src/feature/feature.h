/// @file feature.h
/// A read-only index of features in one mapped file: packed Hilbert R-tree, ids, geometry,
/// properties. Answers bbox, id and tile questions in microseconds, without the lake.
///
/// Pure: takes a table, a path, boxes; knows no lab and no caller. Functions take `const
/// dosi_features *` and are safe from any number of threads.
#ifndef DOSI_FEATURE_FEATURE_H
#define DOSI_FEATURE_FEATURE_H

#include "dosi/table.h"
#include "dosi/text.h"

/// An index mapped into memory.
typedef struct dosi_features dosi_features;

/// Writes the index of `table` to `path` (replaced atomically). The first GEOMETRY column is
/// the geometry; feature ids are row numbers from 1.
/// Cost: O(n log n); memory about the size of the file.
DOSI_CHECKED dosi_status dosi_features_build(const dosi_table *table,
                                             const char *path,
                                             dosi_error *err);

/// Maps an index. DOSI_PARSE when the file is not one (or is cut off).
DOSI_CHECKED dosi_status dosi_features_open(const char *path,
                                            dosi_features **out,
                                            dosi_error *err);

/// Unmaps; accepts NULL.
void dosi_features_close(dosi_features *features);

/// How many features there are.
uint64_t dosi_features_count(const dosi_features *features);

#endif // DOSI_FEATURE_FEATURE_H
