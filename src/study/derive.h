/// @file derive.h
/// A dataset made from others by SQL, with its lineage.
#ifndef DOSI_STUDY_DERIVE_H
#define DOSI_STUDY_DERIVE_H

#include "govern/gate.h"

/// What to derive.
typedef struct dosi_derivation {
    const char *sql;               ///< One SELECT over "org/name" and "org/name@N".
    const char *reference;         ///< "org/name" of the result.
    const dosi_metadata *metadata; ///< Of the result; may be NULL.
    dosi_query_limits limits;
} dosi_derivation;

/// Runs the SELECT as `caller` and writes its rows as a version. Columns keep unit and meaning
/// of the column of that name in what was read. The result is at most as visible as the
/// strictest of its inputs, and simulated when any of them is.
/// @param out  Clear after use.
DOSI_CHECKED dosi_status dosi_derive(dosi_gate *gate,
                                     const dosi_caller *caller,
                                     const dosi_derivation *derivation,
                                     const dosi_run *run,
                                     dosi_version *out,
                                     bool *is_new,
                                     dosi_error *err);

#endif // DOSI_STUDY_DERIVE_H
