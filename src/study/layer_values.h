/// @file layer_values.h
/// The values of one layer in memory: a plain array (times x places). Only layer.c includes it.
#ifndef DOSI_STUDY_LAYER_VALUES_H
#define DOSI_STUDY_LAYER_VALUES_H

#include "study/layer_file.h"

/// Values of a layer; shared by reference count.
typedef struct layer_values {
    atomic_int n_users;
    size_t n_times;  ///< 1 for a layer that is not in time.
    size_t n_places; ///< Cells of the grid (row 0 north), or keys.
    float *values;   ///< (n_times x n_places) NaN: missing.
    char **keys;     ///< (n_places) ascending; NULL: a grid.
    char **labels;   ///< (n_places) names for people, NULL where there is none; NULL: a grid.
    size_t n_bytes;
} layer_values;

/// Reads the values of a layer through the gate.
DOSI_CHECKED dosi_status dosi_layer_values_read(dosi_gate *gate,
                                                const dosi_caller *caller,
                                                const layer_info *layer,
                                                layer_values **out,
                                                dosi_error *err);

/// Gives values back; accepts NULL.
void dosi_layer_values_release(layer_values *values);

/// The place of a key; SIZE_MAX: there is none.
size_t dosi_layer_values_find(const layer_values *values, const char *key);

#endif // DOSI_STUDY_LAYER_VALUES_H
