/// @file job_file.h
/// A job's folder: how its files are named, read and written. Only the job files include this.
#ifndef DOSI_STUDY_JOB_FILE_H
#define DOSI_STUDY_JOB_FILE_H

#include "base/os_file.h"
#include "study/job.h"

#include <jansson.h>
#include <sys/types.h>

enum { JOB_SETTINGS_MAX = 256 };

/// job.json: what is asked for (never changed) and how far it is (changed under the lock).
typedef struct job_file {
    dosi_job job;
    char folder[DOSI_PATH_BYTES];
    char *path; ///< Of the study's file; NULL: a method.
    unsigned scopes;
    bool is_local; ///< Started by the person at the machine.
    size_t memory_bytes;
    int n_threads;
    json_t *settings; ///< {"name": "value"}
    pid_t pid;
    int64_t pid_start;        ///< Start of the process, clock ticks since boot.
    int64_t dismissed_utc_us; ///< When it was told to stop; 0: never.
} job_file;

/// Whether `id` looks like one: nothing else is ever put into a path.
bool dosi_job_id_is_valid(const char *id);

/// Folder of a job: LAB/jobs/ID. @param out (DOSI_PATH_BYTES)
DOSI_CHECKED dosi_status dosi_job_folder(const char *lab,
                                         const char *id,
                                         char *out,
                                         dosi_error *err);

/// Reads job.json of a folder, and while it runs progress.json. DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_job_file_read(const char *folder, job_file *out, dosi_error *err);

/// Frees what it holds.
void dosi_job_file_clear(job_file *file);

/// Writes job.json.
DOSI_CHECKED dosi_status dosi_job_file_write(const job_file *file, dosi_error *err);

/// Marks a job as one that is waiting or running (jobs/active/ID), or takes the mark away.
DOSI_CHECKED dosi_status dosi_job_mark(const char *lab,
                                       const char *id,
                                       bool is_active,
                                       dosi_error *err);

/// Takes the lock of the lab's jobs; `*fd` is to be closed. With `is_patient` false,
/// DOSI_BUSY when somebody holds it.
DOSI_CHECKED dosi_status dosi_jobs_lock(const char *lab,
                                        bool is_patient,
                                        int *fd,
                                        dosi_error *err);

/// Whether a job waits or runs.
bool dosi_jobs_are_active(const dosi_gate *gate);

/// Reads a JSON object from `name` in the job's folder; NULL: none (yet).
json_t *dosi_job_json(const char *folder, const char *name);

#endif // DOSI_STUDY_JOB_FILE_H
