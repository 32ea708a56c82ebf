/// @file layer_file.h
/// How the layers of a study are kept in the lab: layers/<organisation>.<study>.json, one
/// object a layer. "public" is what people are shown; the rest says where the values are. Only
/// the layer files and the run include this.
#ifndef DOSI_STUDY_LAYER_FILE_H
#define DOSI_STUDY_LAYER_FILE_H

#include "dosi/geo.h"
#include "govern/gate.h"

#include <jansson.h>
#include <stdatomic.h>

typedef enum layer_kind {
    LAYER_GRID,
    LAYER_POINTS,
    LAYER_AREAS,
} layer_kind;

/// A layer as read from its file.
typedef struct layer_info {
    char *id;
    char *public_json; ///< The object of the API.
    char *organisation;
    char *reference; ///< "org/name@N"
    char *hash;      ///< Of that version.
    char *value;     ///< Column.
    char *time;      ///< Column, or NULL.
    char *key;       ///< Column, or NULL: a grid.
    char *unit;      ///< Or NULL.
    char *geometry;  ///< "org/name@N" with the shapes, or NULL.
    char *geometry_key, *geometry_label;
    layer_kind kind;
    int decimals; ///< Of values shown.
    dosi_grid grid;
    dosi_time *times; ///< (n_times) ascending.
    size_t n_times;
} layer_info;

/// All layers of a lab at one moment; shared by reference count.
typedef struct layer_set {
    atomic_int n_users;
    layer_info *layers;
    size_t n_layers;
    char stamp[65]; ///< Hash of the files' names, sizes and times.
} layer_set;

/// The folder of layer files. @param out (DOSI_PATH_BYTES)
DOSI_CHECKED dosi_status dosi_layer_folder(const char *lab, char *out, dosi_error *err);

/// A hash that changes when any layer file does. @param out (65)
DOSI_CHECKED dosi_status dosi_layer_stamp(const char *lab, char *out, dosi_error *err);

/// Reads all layer files; those that are damaged are passed over.
DOSI_CHECKED dosi_status dosi_layer_set_read(const char *lab, layer_set **out, dosi_error *err);

/// Gives a set back; accepts NULL.
void dosi_layer_set_release(layer_set *set);

#endif // DOSI_STUDY_LAYER_FILE_H
