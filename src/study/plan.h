/// @file plan.h
/// A study as it was read and checked: what the files of study/ share and nobody else sees.
#ifndef DOSI_STUDY_PLAN_H
#define DOSI_STUDY_PLAN_H

#include "study/study.h"
#include "study/yaml.h"

enum {
    STUDY_STEPS_MAX = 64,
    STUDY_OUTPUTS_MAX = 64,
    STUDY_LAYERS_MAX = 64,
    STUDY_INPUTS_MAX = 64,
    STUDY_PARAMETERS_MAX = 64,
    STUDY_LEGEND_MAX = 16,
    STUDY_TEXT_BYTES = 4096, ///< Longest text after ${...} was replaced.
};

/// "${name}" in step parameters stands for its value.
typedef struct study_parameter {
    const char *name;
    const char *default_value;
    const char *unit; ///< NULL: none.
    dosi_words title;
    const dosi_yaml_node *node;
    bool is_used;
} study_parameter;

/// A dataset that goes in.
typedef struct study_input {
    const char *name;
    const char *dataset; ///< Reference, may hold ${org} and parameters.
    bool is_optional;    ///< The study runs without it too.
    dosi_words title;
    const dosi_yaml_node *node;
    bool is_used;
} study_input;

typedef enum study_link_kind {
    STUDY_LINK_NONE, ///< An optional input of the method that is left open.
    STUDY_LINK_INPUT,
    STUDY_LINK_STEP,
} study_link_kind;

/// What a method's input is connected to.
typedef struct study_link {
    study_link_kind kind;
    size_t i; ///< Which input of the study, or which step.
    size_t i_output;
    const dosi_yaml_node *node;
} study_link;

typedef struct study_step {
    const char *id;
    const dosi_method *method;
    study_link *links;      ///< (method->n_inputs) in the descriptor's order.
    dosi_setting *settings; ///< (n_settings) values still with ${...}.
    size_t n_settings;
    const dosi_yaml_node **setting_nodes; ///< (n_settings)
    const char *when;                     ///< Text that must become "true"; NULL: always.
    const dosi_yaml_node *node;
    const dosi_yaml_node *inputs_node; ///< May be NULL.
    bool is_used;
    int mark; ///< Of the search for cycles.
} study_step;

typedef struct study_output {
    const char *name; ///< Dataset name in the organisation.
    size_t i_step, i_output;
    dosi_words title, description;
    const char *licence, *visibility, *frequency;
    const dosi_yaml_node *node;
} study_output;

/// One class of a legend: values up to `max` (NaN: the rest).
typedef struct study_class {
    double max;
    const char *colour;
    dosi_words label;
} study_class;

typedef enum study_layer_kind {
    STUDY_LAYER_GRID,
    STUDY_LAYER_POINTS,
    STUDY_LAYER_AREAS,
} study_layer_kind;

typedef struct study_layer {
    const char *id;
    study_layer_kind kind;
    dosi_words title;
    size_t i_output;   ///< Which output of the study it shows.
    const char *value; ///< Column.
    const char *time;  ///< Column; NULL: not in time.
    const char *key;   ///< POINTS, AREAS: column that joins with the geometry's.
    const char *unit;  ///< NULL: as the column says.
    size_t i_geometry; ///< POINTS, AREAS: input with the shapes.
    const char *geometry_key, *geometry_label;
    size_t i_grid_step, i_grid_output; ///< GRID: the table that says where the cells are.
    const char *uncertainty;           ///< Id of another layer; NULL: none.
    study_class legend[STUDY_LEGEND_MAX];
    size_t n_classes;
    const dosi_yaml_node *node;
} study_layer;

struct dosi_study {
    dosi_yaml yaml; ///< Holds every string.
    char hash[65];  ///< Of the file's bytes.
    const char *id;
    dosi_words title, about;
    const char *organisation; ///< Where it writes unless told otherwise.
    study_parameter parameters[STUDY_PARAMETERS_MAX];
    size_t n_parameters;
    study_input inputs[STUDY_INPUTS_MAX];
    size_t n_inputs;
    study_step steps[STUDY_STEPS_MAX];
    size_t n_steps;
    size_t order[STUDY_STEPS_MAX]; ///< Steps so that each comes after what it needs.
    study_output outputs[STUDY_OUTPUTS_MAX];
    size_t n_outputs;
    study_layer layers[STUDY_LAYERS_MAX];
    size_t n_layers;
};

/// Reads the tree into the study's fields, without looking at how they hang together.
DOSI_CHECKED dosi_status dosi_plan_read(dosi_study *study, dosi_error *err);

/// Connects inputs, steps, outputs and layers, and checks that all is known, used, acyclic,
/// and accepted by the methods.
DOSI_CHECKED dosi_status dosi_plan_check(dosi_study *study, dosi_error *err);

/// A table that a link or a layer names: "input" or "step.output".
DOSI_CHECKED dosi_status dosi_plan_resolve(dosi_study *study,
                                           const dosi_yaml_node *node,
                                           study_link *out,
                                           dosi_error *err);

/// The layer of an output called `id`, or NULL.
const study_layer *dosi_plan_layer(const dosi_study *study, size_t i_output, const char *id);

/// Memory that lives as long as the study.
DOSI_CHECKED dosi_status dosi_plan_alloc(dosi_study *study,
                                         size_t count,
                                         size_t item_bytes,
                                         void **out);

/// Values of ${...}: organisation and parameters, as a run sets them.
typedef struct study_values {
    const char *organisation;
    const char *parameters[STUDY_PARAMETERS_MAX];
} study_values;

/// The values that hold when a run sets nothing.
void dosi_plan_default_values(const dosi_study *study, study_values *out);

/// Replaces ${org} and ${parameter} in `text`.
/// @param out  (STUDY_TEXT_BYTES)
/// @param used  (n_parameters) in and out, may be NULL: set where one was used.
/// @return DOSI_OK; DOSI_NOT_FOUND naming what is not known; DOSI_PARSE: an unclosed ${;
///         DOSI_LIMIT.
DOSI_CHECKED dosi_status dosi_plan_expand(const dosi_study *study,
                                          const study_values *values,
                                          const char *text,
                                          char *out,
                                          bool *used,
                                          dosi_error *err);

#endif // DOSI_STUDY_PLAN_H
