/// @file job.h
/// Jobs: a method or study run in its own process, with progress, cancel, memory limit and log.
///
/// A job is a folder `jobs/<id>/` in the lab: job.json (what, who, state), progress.json and
/// result.json (written atomically by the child), log.txt, report.json, and for a method its
/// outputs. The child is `dosi job-run FOLDER`, in a process group of its own, and outlives
/// who started it; a crash of it is a failed job. Several processes may watch the same jobs.
#ifndef DOSI_STUDY_JOB_H
#define DOSI_STUDY_JOB_H

#include "study/study.h"

enum { DOSI_JOB_ID_BYTES = 40 };

typedef enum dosi_job_state {
    DOSI_JOB_ACCEPTED,
    DOSI_JOB_RUNNING,
    DOSI_JOB_SUCCESSFUL,
    DOSI_JOB_FAILED,
    DOSI_JOB_DISMISSED,
} dosi_job_state;

/// What a person sees of a job.
typedef struct dosi_job {
    char id[DOSI_JOB_ID_BYTES];
    char kind[16];     ///< "method" or "study".
    char subject[128]; ///< Method id, or study id.
    int64_t account_id;
    dosi_job_state state;
    double progress;   ///< 0..1
    char message[512]; ///< What it does now, or why it failed.
    int64_t created_utc_us, started_utc_us, finished_utc_us;
} dosi_job;

/// What to run.
typedef struct dosi_job_request {
    const char *kind;    ///< "method" or "study".
    const char *subject; ///< Method id, or the path of a study file.
    /// "input.NAME" = dataset reference, others are parameters; see dosi_study_run().
    const dosi_setting *settings;
    size_t n_settings;
    size_t memory_bytes; ///< 0: 4 GiB.
    int n_threads;       ///< 0: as many as there are cores.
} dosi_job_request;

/// Starts a job for `caller` (a member at least), or queues it when two are running.
DOSI_CHECKED dosi_status dosi_job_start(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const dosi_job_request *request,
                                        dosi_job *out,
                                        dosi_error *err);

/// The state of a job of this caller (an administrator sees all).
DOSI_CHECKED dosi_status dosi_job_find(
    dosi_gate *gate, const dosi_caller *caller, const char *id, dosi_job *out, dosi_error *err);

/// Visits the caller's jobs, newest first.
DOSI_CHECKED dosi_status dosi_job_each(dosi_gate *gate,
                                       const dosi_caller *caller,
                                       dosi_status (*visit)(void *context,
                                                            const dosi_job *job,
                                                            dosi_error *err),
                                       void *context,
                                       dosi_error *err);

/// Stops a running job (SIGTERM, then SIGKILL), or removes a finished one.
DOSI_CHECKED dosi_status dosi_job_dismiss(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          const char *id,
                                          dosi_error *err);

/// Appends the job's log, at most the last `limit_bytes`.
DOSI_CHECKED dosi_status dosi_job_log(dosi_gate *gate,
                                      const dosi_caller *caller,
                                      const char *id,
                                      size_t limit_bytes,
                                      dosi_text *out,
                                      dosi_error *err);

/// Appends the report of a finished study job as JSON: {"steps":[{"id","method","computed",
/// "seconds","outputs":[...],"changed"}]}. DOSI_NOT_FOUND while there is none.
DOSI_CHECKED dosi_status dosi_job_report(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const char *id,
                                         dosi_text *out,
                                         dosi_error *err);

/// Path of output `name` of a finished method job (Parquet). @param out (DOSI_PATH_BYTES).
DOSI_CHECKED dosi_status dosi_job_output(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const char *id,
                                         const char *name,
                                         char *out,
                                         dosi_error *err);

/// Starts queued jobs, reaps ended children, marks crashed ones failed. The server calls it a
/// few times a second; `dosi study run` waits with it.
DOSI_CHECKED dosi_status dosi_jobs_tend(dosi_gate *gate, dosi_error *err);

/// Whether no job has come, gone or changed since the last call with this `stamp` (0: never
/// called). Cost: two looks at folders.
bool dosi_jobs_are_quiet(const dosi_gate *gate, int64_t *stamp);

/// The body of the child process: runs what `folder` asks for. Returns the exit code.
int dosi_job_child(const char *folder);

/// The state's name as OGC API Processes writes it: "accepted", "running", "successful"...
const char *dosi_job_state_name(dosi_job_state state);

#endif // DOSI_STUDY_JOB_H
