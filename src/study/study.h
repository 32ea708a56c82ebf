/// @file study.h
/// Studies: YAML files of steps, run through the gate, cached by content.
///
/// A step's key is the hash of method id and version, its parameters, and the hashes of what
/// goes in. A key that is known is not computed again: its outputs are taken from
/// cache/steps/<key>/. The file format is in docs/studies.md.
#ifndef DOSI_STUDY_STUDY_H
#define DOSI_STUDY_STUDY_H

#include "dosi/method.h"
#include "govern/gate.h"

/// A study file, read and checked.
typedef struct dosi_study dosi_study;

/// Reads a study file. The message names file, line, column and what is wrong.
DOSI_CHECKED dosi_status dosi_study_load(const char *path, dosi_study **out, dosi_error *err);

/// The same from memory; `name` is what messages call it.
DOSI_CHECKED dosi_status dosi_study_parse(
    const char *name, const char *bytes, size_t n_bytes, dosi_study **out, dosi_error *err);

/// Frees; accepts NULL.
void dosi_study_destroy(dosi_study *study);

/// The study's id, borrowed.
const char *dosi_study_id(const dosi_study *study);

/// The organisation that it writes to unless a run says otherwise, borrowed.
const char *dosi_study_organisation(const dosi_study *study);

/// Appends the study as a JSON object: id, title, about, organisation, inputs, parameters,
/// steps, outputs, layers.
void dosi_study_put_json(dosi_text *out, const dosi_study *study);

/// The path of a ready study: ID.yaml in the lab's folder studies/, in $DOSI_STUDIES, or beside
/// the program. DOSI_NOT_FOUND, also for what is no id (a path, say).
/// @param folder  The lab's; NULL: none.
/// @param out     (DOSI_PATH_BYTES)
DOSI_CHECKED dosi_status dosi_study_find(const char *folder,
                                         const char *id,
                                         char *out,
                                         dosi_error *err);

/// Visits the path of every ready study, by id; the first of a name wins. Files that cannot
/// be read are visited too: dosi_study_load() says why.
DOSI_CHECKED dosi_status dosi_study_each(const char *folder,
                                         dosi_status (*visit)(void *context,
                                                              const char *path,
                                                              dosi_error *err),
                                         void *context,
                                         dosi_error *err);

/// The method called `id`: in the registry, unless dosi_study_use_methods() said otherwise.
const dosi_method *dosi_study_method(const char *id);

/// From here on, methods are found by `find` (NULL: the registry). For programs that bring
/// their own methods, such as tests; call it before any thread uses studies.
void dosi_study_use_methods(const dosi_method *(*find)(const char *id));

/// What a run did.
typedef struct dosi_study_report {
    size_t n_steps;
    size_t n_computed; ///< The rest came from the cache.
    dosi_text text;    ///< Lines for people.
    dosi_text json;    ///< {"study","organisation","steps":[{"id","method","computed",
                       ///< "seconds","outputs":[...],"changed","report"}]}
} dosi_study_report;

/// Frees what a report holds.
void dosi_study_report_clear(dosi_study_report *report);

/// Runs a study as `caller`: reads its inputs, computes what is not known, writes its outputs
/// and layers. `settings` overrides inputs ("input.observations" = "seoul/air"), parameters
/// ("pm25.nmax" = "16" or a study parameter) and output organisation ("org" = "seoul").
/// @return DOSI_OK; DOSI_INVALID naming a setting that the study does not have; what methods
///         and the gate return, with the step named.
DOSI_CHECKED dosi_status dosi_study_run(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const dosi_study *study,
                                        const dosi_setting *settings,
                                        size_t n_settings,
                                        const dosi_run *run,
                                        dosi_study_report *report,
                                        dosi_error *err);

#endif // DOSI_STUDY_STUDY_H
