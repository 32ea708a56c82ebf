/// @file study.h
/// Studies: YAML files of steps, run through the gate, cached by content.
///
/// A step's key is the hash of method id and version, its parameters, and the hashes of what
/// goes in. A key that is known is not computed again: its output versions are used as they
/// are.
#ifndef DOSI_STUDY_STUDY_H
#define DOSI_STUDY_STUDY_H

#include "dosi/method.h"
#include "govern/gate.h"

/// A study file, read and checked.
typedef struct dosi_study dosi_study;

/// Reads a study file. The message names file, line and what is wrong.
DOSI_CHECKED dosi_status dosi_study_load(const char *path, dosi_study **out, dosi_error *err);

/// Frees; accepts NULL.
void dosi_study_destroy(dosi_study *study);

/// Appends the study as JSON: id, titles, inputs, parameters, steps, layers.
void dosi_study_put_json(dosi_text *out, const dosi_study *study);

/// What a run did.
typedef struct dosi_study_report {
    size_t n_steps;
    size_t n_computed; ///< The rest came from the cache.
    dosi_text text;    ///< Lines for people; also JSON of each step in `json`.
    dosi_text json;
} dosi_study_report;

/// Frees what a report holds.
void dosi_study_report_clear(dosi_study_report *report);

/// Runs a study as `caller`: reads its inputs, computes what is not known, writes its outputs
/// and layers. `settings` overrides inputs ("input.observations" = "seoul/air"), parameters
/// ("pm25.nmax" = "16" or a study parameter) and output organisation ("org" = "seoul").
DOSI_CHECKED dosi_status dosi_study_run(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const dosi_study *study,
                                        const dosi_setting *settings,
                                        size_t n_settings,
                                        const dosi_run *run,
                                        dosi_study_report *report,
                                        dosi_error *err);

#endif // DOSI_STUDY_STUDY_H
