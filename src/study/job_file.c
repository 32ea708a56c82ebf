// The files of a job's folder.

#include "study/job_file.h"

#include "dosi/json.h"
#include "dosi/time.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const state_names[] = {"accepted", "running", "successful", "failed",
                                          "dismissed"};

const char *dosi_job_state_name(dosi_job_state state) {
    return state_names[state];
}

static dosi_job_state state_from_name(const char *name) {
    for (size_t i = 0; name && i < sizeof state_names / sizeof state_names[0]; i++) {
        if (strcmp(state_names[i], name) == 0) return (dosi_job_state)i;
    }
    return DOSI_JOB_FAILED;
}

bool dosi_job_id_is_valid(const char *id) {
    size_t n = strlen(id);
    if (n < 8 || n >= DOSI_JOB_ID_BYTES) return false;
    for (size_t i = 0; i < n; i++) {
        bool is_fine =
            (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'z') || id[i] == '-';
        if (!is_fine) return false;
    }
    return true;
}

dosi_status dosi_job_folder(const char *lab, const char *id, char *out, dosi_error *err) {
    char jobs[DOSI_PATH_BYTES];
    if (!dosi_job_id_is_valid(id)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no job \"%.60s\"", id);
    }
    DOSI_TRY(dosi_path_join(lab, "jobs", jobs, err));
    return dosi_path_join(jobs, id, out, err);
}

json_t *dosi_job_json(const char *folder, const char *name) {
    char path[DOSI_PATH_BYTES];
    if (dosi_path_join(folder, name, path, NULL) != DOSI_OK) return NULL;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root)) return root;
    json_decref(root);
    return NULL;
}

// --- reading -----------------------------------------------------------------------------

static void take_text(const json_t *root, const char *key, char *out, size_t n_out) {
    const char *text = json_string_value(json_object_get(root, key));
    if (text) (void)snprintf(out, n_out, "%s", text);
}

static int64_t take_int(const json_t *root, const char *key) {
    return json_integer_value(json_object_get(root, key));
}

/// What the child says of itself while it runs.
static void take_progress(job_file *file) {
    json_t *root = dosi_job_json(file->folder, "progress.json");
    double fraction = json_number_value(json_object_get(root, "progress"));
    if (fraction >= 0.0 && fraction <= 1.0) file->job.progress = fraction;
    take_text(root, "message", file->job.message, sizeof file->job.message);
    json_decref(root);
}

dosi_status dosi_job_file_read(const char *folder, job_file *out, dosi_error *err) {
    json_t *root = dosi_job_json(folder, "job.json");
    if (!root) {
        const char *slash = strrchr(folder, '/');
        return dosi_fail(err, DOSI_NOT_FOUND, "no job \"%.60s\"", slash ? slash + 1 : folder);
    }
    job_file file = {.pid = (pid_t)take_int(root, "pid")};
    dosi_job *job = &file.job;
    (void)snprintf(file.folder, sizeof file.folder, "%s", folder);
    take_text(root, "id", job->id, sizeof job->id);
    take_text(root, "kind", job->kind, sizeof job->kind);
    take_text(root, "subject", job->subject, sizeof job->subject);
    take_text(root, "message", job->message, sizeof job->message);
    job->state = state_from_name(json_string_value(json_object_get(root, "state")));
    job->account_id = take_int(root, "account_id");
    job->created_utc_us = take_int(root, "created");
    job->started_utc_us = take_int(root, "started");
    job->finished_utc_us = take_int(root, "finished");
    job->progress = json_number_value(json_object_get(root, "progress"));
    const char *path = json_string_value(json_object_get(root, "path"));
    if (path) file.path = dosi_string_copy(path);
    file.scopes = (unsigned)take_int(root, "scopes");
    file.is_local = json_is_true(json_object_get(root, "local"));
    file.memory_bytes = (size_t)take_int(root, "memory_bytes");
    file.n_threads = (int)take_int(root, "threads");
    file.pid_start = take_int(root, "pid_start");
    file.dismissed_utc_us = take_int(root, "dismissed_at");
    file.settings = json_incref(json_object_get(root, "settings"));
    json_decref(root);
    if (job->state == DOSI_JOB_RUNNING) take_progress(&file);
    *out = file;
    return DOSI_OK;
}

void dosi_job_file_clear(job_file *file) {
    free(file->path);
    json_decref(file->settings);
    *file = (job_file){.pid = 0};
}

// --- writing -----------------------------------------------------------------------------

static void put_settings(dosi_json *json, const json_t *settings) {
    const char *key = NULL;
    json_t *value = NULL;
    dosi_json_key(json, "settings");
    dosi_json_begin_object(json);
    // NOLINTNEXTLINE(bugprone-assignment-in-if-condition): the macro's own
    json_object_foreach((json_t *)settings, key, value) {
        dosi_json_member_string(json, key, json_string_value(value));
    }
    dosi_json_end_object(json);
}

dosi_status dosi_job_file_write(const job_file *file, dosi_error *err) {
    const dosi_job *job = &file->job;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(file->folder, "job.json", path, err));
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", job->id);
    dosi_json_member_string(&json, "kind", job->kind);
    dosi_json_member_string(&json, "subject", job->subject);
    dosi_json_member_string(&json, "path", file->path);
    dosi_json_member_int(&json, "account_id", job->account_id);
    dosi_json_member_int(&json, "scopes", file->scopes);
    dosi_json_member_bool(&json, "local", file->is_local);
    dosi_json_member_int(&json, "memory_bytes", (int64_t)file->memory_bytes);
    dosi_json_member_int(&json, "threads", file->n_threads);
    put_settings(&json, file->settings);
    dosi_json_member_string(&json, "state", dosi_job_state_name(job->state));
    dosi_json_member_real(&json, "progress", job->progress);
    dosi_json_member_string(&json, "message", job->message);
    dosi_json_member_int(&json, "created", job->created_utc_us);
    dosi_json_member_int(&json, "started", job->started_utc_us);
    dosi_json_member_int(&json, "finished", job->finished_utc_us);
    dosi_json_member_int(&json, "pid", file->pid);
    dosi_json_member_int(&json, "pid_start", file->pid_start);
    dosi_json_member_int(&json, "dismissed_at", file->dismissed_utc_us);
    dosi_json_end_object(&json);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, 0600, err);
    }
    dosi_text_destroy(&text);
    return status;
}

// --- marks, lock, processes --------------------------------------------------------------

dosi_status dosi_job_mark(const char *lab, const char *id, bool is_active, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(lab, "jobs/active", folder, err));
    DOSI_TRY(dosi_path_join(folder, id, path, err));
    if (!is_active) {
        if (unlink(path) == 0 || errno == ENOENT) return DOSI_OK;
        return dosi_fail(err, DOSI_IO, "cannot remove %.300s: %s", path, strerror(errno));
    }
    DOSI_TRY(dosi_folder_create(folder, err));
    return dosi_file_write_atomic(path, "", 0, 0600, err);
}

dosi_status dosi_jobs_lock(const char *lab, bool is_patient, int *fd, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(lab, "jobs", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    DOSI_TRY(dosi_path_join(folder, "lock", path, err));
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return dosi_fail(err, DOSI_IO, "cannot open %.300s: %s", path, strerror(errno));
    }
    while (flock(lock, is_patient ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        (void)close(lock);
        return dosi_fail(err, DOSI_BUSY, "another process tends the jobs");
    }
    *fd = lock;
    return DOSI_OK;
}
