/// @file run.h
/// How long work is watched and stopped: one `dosi_run` is handed down through every layer.
#ifndef DOSI_RUN_H
#define DOSI_RUN_H

#include "dosi/status.h"

#include <stdatomic.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What long work needs from whoever started it. All fields may be zero; NULL run is legal.
typedef struct dosi_run {
    int n_threads;             ///< OpenMP threads to use; 0: omp_get_max_threads().
    const atomic_bool *cancel; ///< Set from outside to stop; NULL: never stopped.
    /// Called from time to time, from one thread at a time. `fraction` in 0..1, `what` short.
    void (*progress)(void *context, double fraction, const char *what);
    void *context;
} dosi_run;

/// Threads that `run` (NULL allowed) asks for, at least 1.
DOSI_API int dosi_run_threads(const dosi_run *run);

/// DOSI_CANCELLED when `run` was told to stop, else DOSI_OK. Cheap: poll it in outer loops.
DOSI_API DOSI_CHECKED dosi_status dosi_run_check(const dosi_run *run, dosi_error *err);

/// Reports progress, when anyone listens.
DOSI_API void dosi_run_report(const dosi_run *run, double fraction, const char *what);

#ifdef __cplusplus
}
#endif

#endif // DOSI_RUN_H
