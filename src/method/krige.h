/// @file krige.h
/// The work behind geo.krige and geo.variogram: settings, model, targets, tables.
#ifndef DOSI_METHOD_KRIGE_H
#define DOSI_METHOD_KRIGE_H

#include "dosi/geo.h"
#include "method/maps.h"

/// Indexes of geo.krige's inputs and outputs.
enum {
    KRIGE_OBSERVATIONS,
    KRIGE_STATIONS,
    KRIGE_AREA,
    KRIGE_TARGETS,
    KRIGE_COVARIATES,
    KRIGE_MAP = 0,
    KRIGE_GRID,
    KRIGE_LOO,
    KRIGE_MODELS
};

/// A call of geo.krige on its way.
typedef struct method_krige {
    const dosi_method_call *call;
    method_maps maps;
    bool has_grid;
    dosi_grid grid;
    size_t n_targets;
    int64_t *target_cell; ///< (n_targets) cell of the grid, or row of the targets.
    double *target_x, *target_y;
    size_t n_nearest; ///< 0: global.
    bool is_simple, is_block, is_indicator;
    method_names drift;     ///< Columns that explain the mean.
    double *site_drift;     ///< (n_sites x drift.n) NULL without drift.
    double *target_drift;   ///< (n_targets x drift.n)
    double *error_variance; ///< (n_sites) NULL: none.
    bool is_long, leaves_one_out;
    size_t first_value_column; ///< Of the map's table: the first variable (wide), or value.
    dosi_variogram model;      ///< Of the variable at hand.
    double fit_error;          ///< NaN: given.
    dosi_variogram nested[DOSI_VARIOGRAM_MAX_NESTED]; ///< What `model` points to.
} method_krige;

/// Reads settings, observations and targets.
DOSI_CHECKED dosi_status method_krige_open(method_krige *krige, dosi_error *err);

/// Columns and rows of the outputs, with everything in the map but the values.
DOSI_CHECKED dosi_status method_krige_open_outputs(method_krige *krige, dosi_error *err);

/// Model, maps and leave-one-out of one variable.
DOSI_CHECKED dosi_status method_krige_variable(method_krige *krige,
                                               size_t variable,
                                               dosi_error *err);

/// Frees what it holds.
void method_krige_close(method_krige *krige);

/// Drift and error variances of the sites, drift of the targets, values as indicators: what the
/// kind of kriging asks for. Needs maps and targets.
DOSI_CHECKED dosi_status method_krige_open_kind(method_krige *krige, dosi_error *err);

/// Model of a variable's values, fitted (to the residuals of the drift) or given.
DOSI_CHECKED dosi_status method_krige_find_model(method_krige *krige,
                                                 const double *values,
                                                 dosi_error *err);

/// Structures "kind:psill:range[:azimuth:ratio[:kappa]],..." chained behind `model`.
/// @param structures  (DOSI_VARIOGRAM_MAX_NESTED) must live as long as the model.
DOSI_CHECKED dosi_status method_model_nest(const char *text,
                                           dosi_variogram *structures,
                                           dosi_variogram *model,
                                           dosi_error *err);

/// The grid's one row into output `i_output`; no row for places.
DOSI_CHECKED dosi_status method_krige_put_grid(method_krige *krige,
                                               size_t i_output,
                                               dosi_error *err);

/// The targets of a call: cells of the area, of the box of the sites, or the given places.
DOSI_CHECKED dosi_status method_krige_find_targets(method_krige *krige, dosi_error *err);

#endif // DOSI_METHOD_KRIGE_H
