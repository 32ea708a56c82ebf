/// @file layer.h
/// Layers: what the map shows of a study's outputs, one frame a time, one series a place.
///
/// A run of a study stores its layers in the lab (layers/<organisation>.<study>.json): which
/// version, which columns, which times, which grid, which legend. Values are read through the
/// gate, decided and audited each time, and kept in memory by version hash and column, so that
/// a slider plays smoothly.
#ifndef DOSI_STUDY_LAYER_H
#define DOSI_STUDY_LAYER_H

#include "dosi/text.h"
#include "govern/gate.h"

enum { DOSI_LAYER_ID_BYTES = 200, DOSI_ETAG_BYTES = 65 };

/// The layers of one open lab, with the values kept in memory. Safe for several threads.
typedef struct dosi_layers dosi_layers;

/// Opens the layers of `gate` (borrowed until dosi_layers_close()).
/// @param limit_bytes  Most memory for values; 0: 512 MiB.
DOSI_CHECKED dosi_status dosi_layers_open(dosi_gate *gate,
                                          size_t limit_bytes,
                                          dosi_layers **out,
                                          dosi_error *err);

/// Frees; accepts NULL.
void dosi_layers_close(dosi_layers *layers);

/// Appends {"layers":[...],"base":{...}} with the layers whose dataset the caller may read, as
/// docs/api.md describes them.
DOSI_CHECKED dosi_status dosi_layers_put_json(dosi_layers *layers,
                                              const dosi_caller *caller,
                                              dosi_text *out,
                                              dosi_error *err);

/// A question to one layer.
typedef struct dosi_layer_query {
    const char *id;   ///< "sample.air-map.pm25"
    const char *time; ///< Frame: ISO 8601, with or without zone; NULL: the last there is.
    const char *key;  ///< Series of points and areas: which one.
    double lon, lat;  ///< Series of a grid: where.
} dosi_layer_query;

/// Appends one frame as JSON: grid {"time","values":[row 0 in the north]}; else
/// {"time","keys":[...],"values":[...]}.
/// @param etag  (DOSI_ETAG_BYTES) out: changes when the frame could.
/// @return DOSI_OK; DOSI_NOT_FOUND (layer, or a time it does not have); DOSI_PARSE (the time);
///         what the gate decides. Cost: a few ms once the column is in memory.
DOSI_CHECKED dosi_status dosi_layer_put_frame(dosi_layers *layers,
                                              const dosi_caller *caller,
                                              const dosi_layer_query *query,
                                              dosi_text *out,
                                              char *etag,
                                              dosi_error *err);

/// Appends the values of one place over all times:
/// {"times":[...],"values":[...],"unit","label","key"}.
/// @return As above; DOSI_NOT_FOUND also for a key, or a place outside the grid.
DOSI_CHECKED dosi_status dosi_layer_put_series(dosi_layers *layers,
                                               const dosi_caller *caller,
                                               const dosi_layer_query *query,
                                               dosi_text *out,
                                               char *etag,
                                               dosi_error *err);

#endif // DOSI_STUDY_LAYER_H
