/// @file cache.h
/// What steps gave, kept by key: cache/steps/<key>/<output>.parquet and step.json.
///
/// A key is a hash of everything that decides the bytes: method and version, parameters, and
/// the hashes of what went in. A folder appears whole (it is renamed into place) or not at
/// all. All of it may be deleted at any time.
#ifndef DOSI_STUDY_CACHE_H
#define DOSI_STUDY_CACHE_H

#include "base/os_file.h"
#include "dosi/method.h"

enum { STUDY_OUTPUTS_OF_STEP_MAX = 32 };

/// What goes into one input of a method, as far as a key is concerned.
typedef struct step_source {
    bool is_present;
    const char *hash;   ///< A dataset version's content hash, or the key of a step...
    const char *output; ///< ...and which of its outputs; NULL: a dataset version.
} step_source;

/// What is known of a step's outputs.
typedef struct step_record {
    char program[32]; ///< Version of the program that computed it.
    double seconds;   ///< How long that took.
    char *report;     ///< What the method said, NUL-terminated; NULL: nothing.
    size_t n_outputs;
    char hash[STUDY_OUTPUTS_OF_STEP_MAX][65]; ///< Of the Parquet files; "": a table without
                                              ///< columns, which has none.
    int64_t n_rows[STUDY_OUTPUTS_OF_STEP_MAX];
} step_record;

/// Frees what a record holds.
void dosi_step_record_clear(step_record *record);

/// The key of a step.
/// @param values   (method->n_parameters)
/// @param sources  (method->n_inputs)
/// @param out      (65)
void dosi_step_key(const dosi_method *method,
                   const dosi_value *values,
                   const step_source *sources,
                   char *out);

/// Appends a parameter's value in its one written form: 32, 0.5, true, exponential.
void dosi_value_put(dosi_text *out, dosi_parameter_kind kind, const dosi_value *value);

/// The record of a key, when it and its files are there: `*is_known`.
DOSI_CHECKED dosi_status dosi_cache_find(const char *folder,
                                         const char *key,
                                         const dosi_method *method,
                                         step_record *out,
                                         bool *is_known,
                                         dosi_error *err);

/// Keeps the outputs of a step, whose program, seconds and report the caller has set in
/// `record`; fills in the rest.
DOSI_CHECKED dosi_status dosi_cache_store(const char *folder,
                                          const char *key,
                                          const dosi_method *method,
                                          const dosi_table *outputs,
                                          step_record *record,
                                          dosi_error *err);

/// Path of an output's file. @param out (DOSI_PATH_BYTES)
DOSI_CHECKED dosi_status dosi_cache_path(
    const char *folder, const char *key, const char *output, char *out, dosi_error *err);

/// Reads an output; a file that is not as it was written is removed with its step, and said.
DOSI_CHECKED dosi_status dosi_cache_read(const char *folder,
                                         const char *key,
                                         const char *output,
                                         const char *hash,
                                         dosi_table *out,
                                         dosi_error *err);

#endif // DOSI_STUDY_CACHE_H
