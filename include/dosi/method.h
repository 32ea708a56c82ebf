/// @file method.h
/// Methods: models made usable, each described once.
///
/// A descriptor says what goes in, what can be set, and what comes out, in Korean and English
/// with units. The command line, OGC API Processes, the web form, studies, lessons and the
/// reference manual are made from it. A method sees tables and numbers only: no file, no lab.
#ifndef DOSI_METHOD_H
#define DOSI_METHOD_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Text in both languages of the interface.
typedef struct dosi_words {
    const char *ko;
    const char *en;
} dosi_words;

/// A column that an input must or may have, or that an output has.
typedef struct dosi_method_column {
    const char *name; ///< "time"; "*" stands for further columns named by a parameter.
    dosi_type type;
    const char *unit; ///< NULL: none.
    bool is_optional;
    dosi_words meaning;
} dosi_method_column;

/// A table that goes in or comes out.
typedef struct dosi_method_table {
    const char *name; ///< "observations"
    dosi_words title;
    bool is_optional; ///< Inputs only.
    const dosi_method_column *columns;
    size_t n_columns;
} dosi_method_table;

typedef enum dosi_parameter_kind {
    DOSI_PARAMETER_INT,
    DOSI_PARAMETER_REAL,
    DOSI_PARAMETER_BOOL, ///< "true" or "false"
    DOSI_PARAMETER_TEXT,
    DOSI_PARAMETER_CHOICE, ///< one of `choices`
} dosi_parameter_kind;

/// Something that can be set.
typedef struct dosi_method_parameter {
    const char *name; ///< "nmax"
    dosi_parameter_kind kind;
    const char *unit;          ///< NULL: none.
    const char *default_value; ///< As text; NULL: must be given.
    double min, max;           ///< INT and REAL, both ends allowed. Equal: no range.
    const char *choices;       ///< CHOICE: words separated by '|'.
    dosi_words title;
} dosi_method_parameter;

/// A parameter's value; which field counts is the parameter's kind (CHOICE and TEXT: text).
typedef struct dosi_value {
    int64_t integer;
    double real;
    bool boolean;
    const char *text;
} dosi_value;

struct dosi_method;

/// One run of a method: checked inputs, checked values, empty outputs to fill.
typedef struct dosi_method_call {
    const struct dosi_method *method;
    const dosi_table *const
        *inputs;              ///< (n_inputs) in descriptor order; NULL: optional, absent.
    const dosi_value *values; ///< (n_parameters) in descriptor order.
    dosi_table *outputs;      ///< (n_outputs) in descriptor order, initialised.
    dosi_text *report;        ///< Lines for people: what was found, decided, left out.
    const dosi_run *run;
} dosi_method_call;

/// A method.
typedef struct dosi_method {
    const char *id; ///< "geo.krige"
    int version;    ///< Raised whenever the same inputs would give other bytes: part of cache
                    ///< keys.
    dosi_words title;
    dosi_words about; ///< A paragraph: what it does, when to use it, what to look out for.
    const char *citation;
    const dosi_method_table *inputs;
    size_t n_inputs;
    const dosi_method_parameter *parameters;
    size_t n_parameters;
    const dosi_method_table *outputs;
    size_t n_outputs;
    /// Fills the outputs. Same inputs and values give the same bytes at any thread count.
    dosi_status (*run)(const dosi_method_call *call, dosi_error *err);
} dosi_method;

/// The methods, by id; `*n_methods` of them.
DOSI_API const dosi_method *const *dosi_methods(size_t *n_methods);

/// The method called `id`, or NULL.
DOSI_API const dosi_method *dosi_method_find(const char *id);

/// A named value as a person writes it.
typedef struct dosi_setting {
    const char *name;
    const char *value;
} dosi_setting;

/// Checks settings against the descriptor and fills `values` (n_parameters) with them and the
/// defaults. The message names parameter, value and range. `text` values are borrowed from
/// `settings` and the descriptor.
DOSI_API DOSI_CHECKED dosi_status dosi_method_set(const dosi_method *method,
                                                  const dosi_setting *settings,
                                                  size_t n_settings,
                                                  dosi_value *values,
                                                  dosi_error *err);

/// Checks that `inputs` have the columns and types that the descriptor asks for, then runs.
/// On failure the outputs are empty.
DOSI_API DOSI_CHECKED dosi_status dosi_method_run(const dosi_method_call *call,
                                                  dosi_error *err);

/// Index of a parameter by name (asserted to exist), for use in `run` functions.
DOSI_API size_t dosi_method_parameter_index(const dosi_method *method, const char *name);

/// The value of a parameter by name (asserted to exist), for use in `run` functions.
DOSI_API const dosi_value *dosi_call_value(const dosi_method_call *call, const char *name);

/// Writes the descriptor as JSON (what /api and the web form read).
DOSI_API void dosi_method_put_json(dosi_text *out, const dosi_method *method);

#ifdef __cplusplus
}
#endif

#endif // DOSI_METHOD_H
