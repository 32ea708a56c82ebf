/// @file trim.h
/// What a lab may forget: old finished jobs, and what is kept only to be quick.
#ifndef DOSI_STUDY_TRIM_H
#define DOSI_STUDY_TRIM_H

#include "govern/gate.h"

/// How much is kept. Datasets, layers and the audit log are never touched.
typedef struct dosi_trim {
    int64_t cache_bytes;  ///< Most bytes of cache/; what was used longest ago goes first...
    int64_t cache_min_us; ///< ...unless it was used this recently.
    int64_t job_max_us;   ///< Finished jobs older than this go...
    int64_t n_jobs;       ///< ...and those beyond the newest so many.
} dosi_trim;

/// What `dosi serve` keeps: 20 GB of cache/, jobs of 90 days, 1,000 of them.
DOSI_API dosi_trim dosi_trim_default(void);

/// Removes what is beyond the limits; does nothing while jobs wait or run, which may be reading
/// what is kept. What cannot be removed is left.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_LIMIT (a path too long). Cost: one look at each file.
DOSI_CHECKED dosi_status dosi_lab_trim(dosi_gate *gate,
                                       const dosi_trim *limits,
                                       dosi_error *err);

#endif // DOSI_STUDY_TRIM_H
