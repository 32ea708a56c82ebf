/// @file running.h
/// A run of a study on its way. Only the run_*.c files include this.
#ifndef DOSI_STUDY_RUNNING_H
#define DOSI_STUDY_RUNNING_H

#include "study/cache.h"
#include "study/plan.h"

#include <jansson.h>

/// An input dataset, as found.
typedef struct run_input {
    bool is_present;
    char reference[DOSI_REFERENCE_BYTES]; ///< "org/name@N"
    char hash[65];
    char visibility[16];
    bool is_simulated;
    dosi_table table;
    bool is_loaded;
} run_input;

/// A step: what it will be given, and what is known of its result.
typedef struct run_step {
    dosi_setting settings[STUDY_PARAMETERS_MAX * 2];
    char *texts[STUDY_PARAMETERS_MAX]; ///< Expanded values, owned.
    size_t n_settings, n_texts;
    dosi_value *values; ///< (n_parameters) owned.
    char key[65];
    bool is_skipped;   ///< By `when`, or because an input is not there.
    bool is_known;     ///< From the cache.
    bool is_simulated; ///< Anything that went in is.
    char visibility[16];
    step_record record;
    dosi_table *outputs; ///< (n_outputs) owned; NULL: not in memory.
    dosi_text changed;   ///< What changed since the last run; empty: nothing.
    double seconds;      ///< Of this run.
} run_step;

/// An output, as published.
typedef struct run_output {
    char reference[DOSI_REFERENCE_BYTES]; ///< "org/name@N"; "": not made.
    char hash[65];
    bool is_new;
} run_output;

typedef struct study_running {
    dosi_gate *gate;
    const dosi_caller *caller;
    const char *folder; ///< The lab's.
    const dosi_study *study;
    const dosi_run *run;
    char organisation[DOSI_NAME_BYTES];
    study_values values;
    run_input inputs[STUDY_INPUTS_MAX];
    run_step steps[STUDY_STEPS_MAX];
    run_output outputs[STUDY_OUTPUTS_MAX];
    json_t *last; ///< What the last run wrote down; NULL: this is the first.
    size_t n_to_compute, n_computed;
} study_running;

/// Reads the settings of a run, finds the inputs (deciding that they may be read), and works
/// out every step's parameters, key, and whether it is known.
DOSI_CHECKED dosi_status dosi_running_open(study_running *r,
                                           const dosi_setting *settings,
                                           size_t n_settings,
                                           dosi_error *err);

/// The input of a step's method, in the descriptor's order, as a table in memory: reads it
/// through the gate or from the cache when it is not there yet. NULL: absent.
DOSI_CHECKED dosi_status dosi_running_table(study_running *r,
                                            const study_link *link,
                                            const dosi_table **out,
                                            dosi_error *err);

/// Whether anything that a link names is there.
bool dosi_running_has(const study_running *r, const study_link *link);

/// Writes the outputs of a step as dataset versions, unless the latest ones are from its key.
DOSI_CHECKED dosi_status dosi_running_publish(study_running *r, size_t i_step, dosi_error *err);

/// Stores the layers of the study.
DOSI_CHECKED dosi_status dosi_running_store_layers(study_running *r, dosi_error *err);

/// Reads what the last run of this study in this organisation wrote down.
void dosi_running_recall(study_running *r);

/// Works out what changed in a step since the last run.
void dosi_running_compare(study_running *r, size_t i_step);

/// Writes down what this run was given.
DOSI_CHECKED dosi_status dosi_running_remember(study_running *r, dosi_error *err);

/// Fills the report.
DOSI_CHECKED dosi_status dosi_running_report(const study_running *r,
                                             dosi_study_report *report,
                                             dosi_error *err);

#endif // DOSI_STUDY_RUNNING_H
