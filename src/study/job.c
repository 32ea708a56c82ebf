// Jobs as people see them: started, looked at, stopped, removed; each its owner's.

#include "base/os_process.h"
#include "dosi/time.h"
#include "study/job_file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 10000 };

static const size_t memory_default = (size_t)4 << 30;

// --- starting ----------------------------------------------------------------------------

/// "20260301-093011-5f2a9c41": sorts by time.
static dosi_status make_id(char *out, dosi_error *err) {
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    if (sodium_init() < 0 || !gmtime_r(&now, &utc) ||
        strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc) == 0) {
        return dosi_fail(err, DOSI_IO, "cannot make an id for the job");
    }
    (void)snprintf(out, DOSI_JOB_ID_BYTES, "%.20s-%08x", stamp, randombytes_random());
    return DOSI_OK;
}

/// What the job will run, checked: so that a slip is told at once, not by a failed job.
static dosi_status check_subject(const dosi_job_request *request,
                                 job_file *file,
                                 dosi_error *err) {
    dosi_job *job = &file->job;
    if (strcmp(request->kind, "method") == 0) {
        const dosi_method *method = dosi_study_method(request->subject);
        if (!method)
            return dosi_fail(err, DOSI_NOT_FOUND, "no method \"%.60s\"", request->subject);
        (void)snprintf(job->subject, sizeof job->subject, "%s", method->id);
        return DOSI_OK;
    }
    if (strcmp(request->kind, "study") != 0) {
        return dosi_fail(err, DOSI_INVALID, "a job runs a method or a study, not a \"%.60s\"",
                         request->kind);
    }
    dosi_study *study = NULL;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_study_load(request->subject, &study, err));
    (void)snprintf(job->subject, sizeof job->subject, "%s", dosi_study_id(study));
    dosi_study_destroy(study);
    if (!realpath(request->subject, path)) {
        return dosi_fail(err, DOSI_IO, "cannot reach %.300s", request->subject);
    }
    file->path = dosi_string_copy(path);
    return file->path ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
}

static dosi_status take_settings(const dosi_job_request *request,
                                 job_file *file,
                                 dosi_error *err) {
    if (request->n_settings > JOB_SETTINGS_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "%zu settings; at most %d", request->n_settings,
                         JOB_SETTINGS_MAX);
    }
    file->settings = json_object();
    for (size_t i = 0; i < request->n_settings; i++) {
        const dosi_setting *setting = &request->settings[i];
        if (json_object_set_new(file->settings, setting->name, json_string(setting->value))) {
            return dosi_fail(err, DOSI_INVALID, "setting \"%.60s\" is not UTF-8 text",
                             setting->name);
        }
    }
    return DOSI_OK;
}

static dosi_status may_start(const dosi_caller *caller, dosi_error *err) {
    if (caller->account_id == 0) {
        return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in to start a job");
    }
    bool has_scope = caller->scopes & (1U << DOSI_ACTION_WRITE);
    if (caller->role >= DOSI_ROLE_MEMBER && has_scope) return DOSI_OK;
    return dosi_fail(err, DOSI_DENIED,
                     "only members may start jobs (with a token: scope write)");
}

/// Makes the job's folder; from the mark on, it is in the queue.
static dosi_status enqueue(dosi_gate *gate,
                           const dosi_caller *caller,
                           job_file *file,
                           dosi_error *err) {
    const char *lab = dosi_gate_folder(gate);
    DOSI_TRY(dosi_job_folder(lab, file->job.id, file->folder, err));
    DOSI_TRY(dosi_folder_create(file->folder, err));
    DOSI_TRY(dosi_job_file_write(file, err));
    DOSI_TRY(dosi_gate_record(gate, caller, "job-start", file->job.id, "ok", err));
    return dosi_job_mark(lab, file->job.id, true, err);
}

dosi_status dosi_job_start(dosi_gate *gate,
                           const dosi_caller *caller,
                           const dosi_job_request *request,
                           dosi_job *out,
                           dosi_error *err) {
    job_file file = {.scopes = caller->scopes, .memory_bytes = request->memory_bytes};
    DOSI_TRY(may_start(caller, err));
    file.n_threads = request->n_threads;
    file.is_local =
        caller->role == DOSI_ROLE_ADMINISTRATOR && strcmp(caller->name, "local") == 0;
    if (file.memory_bytes == 0) file.memory_bytes = memory_default;
    file.job.account_id = caller->account_id;
    file.job.created_utc_us = dosi_time_now_utc_us();
    file.job.state = DOSI_JOB_ACCEPTED;
    (void)snprintf(file.job.kind, sizeof file.job.kind, "%s", request->kind);
    (void)snprintf(file.job.message, sizeof file.job.message, "waiting");
    dosi_status status = make_id(file.job.id, err);
    if (status == DOSI_OK) status = check_subject(request, &file, err);
    if (status == DOSI_OK) status = take_settings(request, &file, err);
    if (status == DOSI_OK) status = enqueue(gate, caller, &file, err);
    if (status == DOSI_OK) status = dosi_jobs_tend(gate, err);
    if (status == DOSI_OK) status = dosi_job_find(gate, caller, file.job.id, out, err);
    dosi_job_file_clear(&file);
    return status;
}

// --- looking -----------------------------------------------------------------------------

static bool may_see(const dosi_caller *caller, const dosi_job *job) {
    if (caller->role == DOSI_ROLE_ADMINISTRATOR) return true;
    return caller->account_id != 0 && caller->account_id == job->account_id;
}

/// Reads a job of this caller; what is another's is not there.
static dosi_status open_job(dosi_gate *gate,
                            const dosi_caller *caller,
                            const char *id,
                            job_file *out,
                            dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_job_folder(dosi_gate_folder(gate), id, folder, err));
    DOSI_TRY(dosi_job_file_read(folder, out, err));
    if (may_see(caller, &out->job)) return DOSI_OK;
    dosi_job_file_clear(out);
    return dosi_fail(err, DOSI_NOT_FOUND, "no job \"%.60s\"", id);
}

dosi_status dosi_job_find(dosi_gate *gate,
                          const dosi_caller *caller,
                          const char *id,
                          dosi_job *out,
                          dosi_error *err) {
    job_file file = {.pid = 0};
    DOSI_TRY(open_job(gate, caller, id, &file, err));
    *out = file.job;
    dosi_job_file_clear(&file);
    return DOSI_OK;
}

/// Ids of all jobs.
typedef struct job_list {
    size_t n;
    char id[JOBS_MAX][DOSI_JOB_ID_BYTES];
} job_list;

static int newest_first(const void *a, const void *b) {
    return strcmp(b, a);
}

static dosi_status list_jobs(dosi_gate *gate, job_list *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "jobs", folder, err));
    DIR *dir = opendir(folder);
    out->n = 0;
    if (!dir) return DOSI_OK;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        bool is_job = dosi_job_id_is_valid(entry->d_name) && strchr(entry->d_name, '-');
        if (!is_job || out->n == JOBS_MAX) continue;
        (void)snprintf(out->id[out->n++], DOSI_JOB_ID_BYTES, "%.39s", entry->d_name);
    }
    (void)closedir(dir);
    qsort(out->id, out->n, sizeof out->id[0], newest_first);
    return DOSI_OK;
}

dosi_status dosi_job_each(dosi_gate *gate,
                          const dosi_caller *caller,
                          dosi_status (*visit)(void *context,
                                               const dosi_job *job,
                                               dosi_error *err),
                          void *context,
                          dosi_error *err) {
    job_list *list = calloc(1, sizeof *list);
    if (!list) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_status status = list_jobs(gate, list, err);
    for (size_t i = 0; i < list->n && status == DOSI_OK; i++) {
        dosi_job job;
        if (dosi_job_find(gate, caller, list->id[i], &job, NULL) != DOSI_OK) continue;
        status = visit(context, &job, err);
    }
    free(list);
    return status;
}

dosi_status dosi_job_log(dosi_gate *gate,
                         const dosi_caller *caller,
                         const char *id,
                         size_t limit_bytes,
                         dosi_text *out,
                         dosi_error *err) {
    job_file job = {.pid = 0};
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(open_job(gate, caller, id, &job, err));
    dosi_status status = dosi_path_join(job.folder, "log.txt", path, err);
    dosi_job_file_clear(&job);
    DOSI_TRY(status);
    FILE *file = fopen(path, "re");
    if (!file) return DOSI_OK;
    int64_t size = dosi_file_size(path);
    int64_t skipped = size > (int64_t)limit_bytes ? size - (int64_t)limit_bytes : 0;
    if (fseeko(file, (off_t)skipped, SEEK_SET) != 0) rewind(file);
    char block[8192];
    size_t left = limit_bytes;
    while (left > 0) {
        size_t n = fread(block, 1, left < sizeof block ? left : sizeof block, file);
        if (n == 0) break;
        dosi_text_append(out, block, n);
        left -= n;
    }
    (void)fclose(file);
    return dosi_text_status(out, err);
}

dosi_status dosi_job_report(dosi_gate *gate,
                            const dosi_caller *caller,
                            const char *id,
                            dosi_text *out,
                            dosi_error *err) {
    job_file job = {.pid = 0};
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(open_job(gate, caller, id, &job, err));
    dosi_status status = dosi_path_join(job.folder, "report.json", path, err);
    dosi_job_file_clear(&job);
    DOSI_TRY(status);
    if (!dosi_path_exists(path)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "job %s has no report (yet)", id);
    }
    return dosi_file_read(path, (size_t)16 << 20, out, err);
}

dosi_status dosi_job_output(dosi_gate *gate,
                            const dosi_caller *caller,
                            const char *id,
                            const char *name,
                            char *out,
                            dosi_error *err) {
    job_file file = {.pid = 0};
    DOSI_TRY(open_job(gate, caller, id, &file, err));
    const dosi_method *method = dosi_study_method(file.job.subject);
    dosi_status status = DOSI_NOT_FOUND;
    for (size_t i = 0; method && i < method->n_outputs && status != DOSI_OK; i++) {
        if (strcmp(method->outputs[i].name, name) != 0) continue;
        char rest[128];
        (void)snprintf(rest, sizeof rest, "outputs/%.100s.parquet", name);
        status = dosi_path_join(file.folder, rest, out, err);
        if (status == DOSI_OK && !dosi_path_exists(out)) status = DOSI_NOT_FOUND;
    }
    dosi_job_file_clear(&file);
    if (status != DOSI_NOT_FOUND) return status;
    return dosi_fail(err, status, "job %s has no output \"%.60s\" (yet)", id, name);
}

// --- stopping ----------------------------------------------------------------------------

static dosi_status stop_job(dosi_gate *gate, job_file *file, dosi_error *err) {
    const char *lab = dosi_gate_folder(gate);
    if (file->job.state == DOSI_JOB_ACCEPTED) {
        file->job.state = DOSI_JOB_DISMISSED;
        file->job.finished_utc_us = dosi_time_now_utc_us();
        (void)snprintf(file->job.message, sizeof file->job.message, "stopped on request");
        DOSI_TRY(dosi_job_file_write(file, err));
        return dosi_job_mark(lab, file->job.id, false, err);
    }
    if (file->job.state != DOSI_JOB_RUNNING) return dosi_folder_remove(file->folder, err);
    char state = '\0';
    bool is_it = file->pid > 1 && dosi_process_birth(file->pid, &state) == file->pid_start;
    if (file->dismissed_utc_us == 0) {
        file->dismissed_utc_us = dosi_time_now_utc_us();
        DOSI_TRY(dosi_job_file_write(file, err));
    }
    if (is_it) (void)kill(-file->pid, SIGTERM);
    return DOSI_OK;
}

dosi_status dosi_job_dismiss(dosi_gate *gate,
                             const dosi_caller *caller,
                             const char *id,
                             dosi_error *err) {
    job_file file = {.pid = 0};
    int lock = -1;
    DOSI_TRY(dosi_jobs_lock(dosi_gate_folder(gate), true, &lock, err));
    dosi_status status = open_job(gate, caller, id, &file, err);
    if (status == DOSI_OK) status = stop_job(gate, &file, err);
    (void)close(lock);
    if (status == DOSI_OK) status = dosi_gate_record(gate, caller, "job-stop", id, "ok", err);
    dosi_job_file_clear(&file);
    return status;
}
