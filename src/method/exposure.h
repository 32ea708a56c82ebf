/// @file exposure.h
/// The work behind air.exposure: areas on a grid, people, groups, periods, tables.
#ifndef DOSI_METHOD_EXPOSURE_H
#define DOSI_METHOD_EXPOSURE_H

#include "dosi/exposure.h"
#include "method/maps.h"

/// Indexes of inputs and outputs.
enum {
    EXPOSURE_OBSERVATIONS,
    EXPOSURE_STATIONS,
    EXPOSURE_AREAS,
    EXPOSURE_PEOPLE,
    EXPOSURE_GIVEN,
    EXPOSURE_ZONAL = 0,
    EXPOSURE_GROUPS,
    EXPOSURE_TOTAL,
    EXPOSURE_LEVELS,
    EXPOSURE_PERIODS,
    EXPOSURE_MODELS,
    EXPOSURE_OUTPUTS
};

/// A call on its way. Groups are all areas, then the groups of areas, then all together.
typedef struct method_exposure {
    const dosi_method_call *call;
    method_maps maps;
    const dosi_column *key;        ///< Of the areas.
    const dosi_column *group;      ///< Of the areas; NULL: none.
    const dosi_column *population; ///< Of the areas; NULL: areas count by their size.
    method_keys group_keys;
    size_t n_areas, n_groups;
    // The areas' cells.
    size_t *start;    ///< (n_areas + 1)
    uint32_t *target; ///< Cell of each entry.
    double *weight;   ///< Its area, m2.
    size_t n_cells;
    double *x, *y;    ///< (n_cells)
    double *coverage; ///< (n_areas) share of the area that has cells.
    // People.
    size_t n_patterns;
    uint32_t *pattern_of; ///< (n_maps)
    double *people;       ///< (n_patterns x n_areas) present.
    double *residents;    ///< (n_patterns x n_areas) living there, the same in each pattern.
    double *home;         ///< (n_patterns) NULL: residents are not followed.
    double *away;         ///< (n_patterns x n_areas)
    double *counted;      ///< (n_patterns x n_groups) people of the groups.
    // Effects: the crowd, then the offset of kinds of stations.
    size_t n_effects;
    bool has_crowd, has_offset;
    double *covariate;        ///< (n_effects x sites)
    double *target_covariate; ///< (n_effects x n_cells)
    double *is_offset;        ///< (sites) 1: of such a kind.
    // Groups.
    size_t *group_start;  ///< (n_groups + 1)
    uint32_t *group_area; ///< (group_start[n_groups])
    // Periods: the whole, then days or months.
    size_t n_periods;
    uint32_t *period_of;    ///< (n_maps) 1.. of days or months; UINT32_MAX: none.
    dosi_time *period_from; ///< (n_periods + 1) end of its first hour.
    dosi_time *period_to;   ///< (n_periods + 1) end of its last hour.
} method_exposure;

/// One variable's results.
typedef struct exposure_variable {
    size_t v;
    const char *name;
    dosi_sites sites;  ///< Borrowed of the maps.
    size_t n_drawn_in; ///< Values that cannot be.
    dosi_variogram model;
    dosi_variogram nested[DOSI_VARIOGRAM_MAX_NESTED]; ///< What it points to.
    dosi_variogram micro;      ///< The nugget as a structure, when it is taken so.
    dosi_year_effects effects; ///< n = 0: none.
    double variances[2];       ///< Of the effects' coefficients.
    double *own;               ///< (sites) NULL: none.
    double crowd_sd, offset_sd, offset_own_sd; ///< NaN: no such effect.
    double threshold;                          ///< NaN: none.
    double infiltration[2];         ///< Factor and its standard deviation; NaN: not asked.
    double *scale, *freedom;        ///< (n_maps) NULL scale: 1, normal.
    double *width;                  ///< (n_maps) of half a 95 % interval over its sd.
    double *mean, *sd;              ///< (n_maps x n_groups) with the time's scale.
    double *variance;               ///< (n_maps x n_groups) scratch.
    double *resident, *resident_sd; ///< (n_maps x n_groups) NULL: not asked.
    dosi_exposure_above above;      ///< (n_maps x n_groups) NULLs: no threshold.
    dosi_exposure_scales scales;
    dosi_exposure_memory memory;
    dosi_krige_score plain, scaled;
} exposure_variable;

/// Areas of the call on a grid.
DOSI_CHECKED dosi_status exposure_read_areas(method_exposure *w, dosi_error *err);

/// Who is where at each map, groups of areas, and periods.
DOSI_CHECKED dosi_status exposure_read_people(method_exposure *w, dosi_error *err);
DOSI_CHECKED dosi_status exposure_find_groups(method_exposure *w, dosi_error *err);
DOSI_CHECKED dosi_status exposure_find_periods(method_exposure *w, dosi_error *err);

/// A cell of text; "" when missing, too long or without a column.
void exposure_copy_text(const dosi_column *column, size_t row, char *out, size_t n_bytes);

/// Threshold and infiltration of a variable.
DOSI_CHECKED dosi_status exposure_read_limits(const method_exposure *w,
                                              exposure_variable *v,
                                              dosi_error *err);

/// The variogram, given or pooled over all maps, and the effects beside it.
DOSI_CHECKED dosi_status exposure_find_model(const method_exposure *w,
                                             exposure_variable *v,
                                             dosi_error *err);

/// Covariates of the effects; needs areas and stations.
DOSI_CHECKED dosi_status exposure_open_effects(method_exposure *w, dosi_error *err);

/// Fits the variances of the effects of a variable, and the variogram unless it was given.
DOSI_CHECKED dosi_status exposure_fit_effects(const method_exposure *w,
                                              bool is_model_given,
                                              exposure_variable *v,
                                              dosi_error *err);

/// Time of a map.
dosi_time exposure_time(const method_exposure *w, size_t map);

/// Rows and labels of the outputs that have a row for each map.
DOSI_CHECKED dosi_status exposure_open_outputs(const method_exposure *w, dosi_error *err);

/// Columns of a variable's values in those outputs.
DOSI_CHECKED dosi_status exposure_put_values(const method_exposure *w,
                                             const exposure_variable *v,
                                             dosi_error *err);

/// Rows of the levels of a pollutant's index over everybody.
DOSI_CHECKED dosi_status exposure_put_levels(const method_exposure *w,
                                             const exposure_variable *v,
                                             const dosi_exposure *exposure,
                                             dosi_error *err);

/// Rows of periods, and of the model.
DOSI_CHECKED dosi_status exposure_put_periods(const method_exposure *w,
                                              const exposure_variable *v,
                                              dosi_error *err);
DOSI_CHECKED dosi_status exposure_put_model(const method_exposure *w,
                                            const exposure_variable *v,
                                            dosi_error *err);

#endif // DOSI_METHOD_EXPOSURE_H
