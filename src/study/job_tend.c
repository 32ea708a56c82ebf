// Jobs as processes: started, watched, stopped, and what became of them written down.

#include "base/os_process.h"
#include "dosi/time.h"
#include "study/job_file.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNING_MAX = 2, ACTIVE_MAX = 4096, LAST_LINE_BYTES = 200 };

static const int64_t patience_us = 5 * DOSI_SECOND_US;

// --- starting ----------------------------------------------------------------------------

static dosi_status start_job(const char *lab, job_file *file, dosi_error *err) {
    char state = '\0';
    dosi_error why = {""};
    file->job.started_utc_us = dosi_time_now_utc_us();
    char log[DOSI_PATH_BYTES];
    const char *arguments[] = {"job-run", file->folder, NULL};
    dosi_status status = dosi_path_join(file->folder, "log.txt", log, &why);
    if (status == DOSI_OK) status = dosi_process_start_self(arguments, log, &file->pid, &why);
    if (status == DOSI_OK) {
        file->job.state = DOSI_JOB_RUNNING;
        file->pid_start = dosi_process_birth(file->pid, &state);
        return dosi_job_file_write(file, err);
    }
    file->job.state = DOSI_JOB_FAILED;
    file->job.finished_utc_us = file->job.started_utc_us;
    (void)snprintf(file->job.message, sizeof file->job.message, "%s", why.message);
    DOSI_TRY(dosi_job_file_write(file, err));
    return dosi_job_mark(lab, file->job.id, false, err);
}

// --- ending ------------------------------------------------------------------------------

/// The last line of the log that says something.
static void last_line(const char *folder, char *out) {
    char path[DOSI_PATH_BYTES];
    char tail[2048];
    out[0] = '\0';
    if (dosi_path_join(folder, "log.txt", path, NULL) != DOSI_OK) return;
    FILE *file = fopen(path, "re");
    if (!file) return;
    if (fseek(file, -(long)(sizeof tail - 1), SEEK_END) != 0) rewind(file);
    size_t n = fread(tail, 1, sizeof tail - 1, file);
    (void)fclose(file);
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == ' ')) n--;
    tail[n] = '\0';
    const char *line = strrchr(tail, '\n');
    (void)snprintf(out, LAST_LINE_BYTES, "%.199s", line ? line + 1 : tail);
}

static void say_end(job_file *file, bool is_known, int code) {
    char line[LAST_LINE_BYTES];
    char *message = file->job.message;
    size_t n = sizeof file->job.message;
    last_line(file->folder, line);
    if (!is_known) {
        (void)snprintf(message, n, "the process ended without a result; last line: %s", line);
    } else if (WIFSIGNALED(code)) {
        (void)snprintf(message, n, "the process was ended by signal %d (%s); last line: %s",
                       WTERMSIG(code), strsignal(WTERMSIG(code)), line);
    } else {
        (void)snprintf(message, n,
                       "the process ended with code %d and no result; last line: %s",
                       WEXITSTATUS(code), line);
    }
}

/// Writes down how a job ended. `is_known`: `code` is what waitpid() gave.
static dosi_status end_job(
    const char *lab, job_file *file, bool is_known, int code, dosi_error *err) {
    json_t *result = dosi_job_json(file->folder, "result.json");
    const char *state = json_string_value(json_object_get(result, "state"));
    const char *message = json_string_value(json_object_get(result, "message"));
    file->job.state = DOSI_JOB_FAILED;
    if (state && strcmp(state, "successful") == 0) {
        file->job.state = DOSI_JOB_SUCCESSFUL;
        file->job.progress = 1.0;
    }
    if (message) {
        (void)snprintf(file->job.message, sizeof file->job.message, "%s", message);
    } else {
        say_end(file, is_known, code);
    }
    json_decref(result);
    if (file->dismissed_utc_us != 0 && file->job.state != DOSI_JOB_SUCCESSFUL) {
        file->job.state = DOSI_JOB_DISMISSED;
        (void)snprintf(file->job.message, sizeof file->job.message, "stopped on request");
    }
    file->job.finished_utc_us = dosi_time_now_utc_us();
    DOSI_TRY(dosi_job_file_write(file, err));
    return dosi_job_mark(lab, file->job.id, false, err);
}

/// Whether the process has ended: `*is_known` when its exit code is ours to know.
static bool has_ended(const job_file *file, bool *is_known, int *code) {
    *is_known = false;
    pid_t found = waitpid(file->pid, code, WNOHANG);
    if (found == file->pid) {
        *is_known = true;
        return true;
    }
    if (found == 0) return false;
    // Not our child: another process started it, or we are a later server.
    char state = '\0';
    int64_t start = dosi_process_birth(file->pid, &state);
    if (start < 0 || start != file->pid_start) return true;
    if (state != 'Z') return false;
    json_t *result = dosi_job_json(file->folder, "result.json");
    bool is_done = result != NULL;
    json_decref(result);
    return is_done;
}

static dosi_status watch_job(const char *lab,
                             job_file *file,
                             bool *is_running,
                             dosi_error *err) {
    bool is_known = false;
    int code = 0;
    *is_running = false;
    if (has_ended(file, &is_known, &code)) return end_job(lab, file, is_known, code, err);
    *is_running = true;
    bool is_late = file->dismissed_utc_us != 0 &&
                   dosi_time_now_utc_us() - file->dismissed_utc_us > patience_us;
    if (is_late) (void)kill(-file->pid, SIGKILL);
    return DOSI_OK;
}

// --- all of them -------------------------------------------------------------------------

/// Ids of the jobs that wait or run, oldest first.
typedef struct active_list {
    size_t n;
    char id[ACTIVE_MAX][DOSI_JOB_ID_BYTES];
} active_list;

static int by_id(const void *a, const void *b) {
    return strcmp(a, b);
}

static dosi_status list_active(const char *lab, active_list *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(lab, "jobs/active", folder, err));
    DIR *dir = opendir(folder);
    out->n = 0;
    if (!dir) return DOSI_OK;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (!dosi_job_id_is_valid(entry->d_name) || out->n == ACTIVE_MAX) continue;
        (void)snprintf(out->id[out->n++], DOSI_JOB_ID_BYTES, "%.39s", entry->d_name);
    }
    (void)closedir(dir);
    qsort(out->id, out->n, sizeof out->id[0], by_id);
    return DOSI_OK;
}

/// Looks at one job: the first time round at those that run, then (`may_start`) at those that
/// wait.
static dosi_status tend_job(
    const char *lab, const char *id, bool may_start, size_t *n_running, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    job_file file = {.pid = 0};
    DOSI_TRY(dosi_job_folder(lab, id, folder, err));
    if (dosi_job_file_read(folder, &file, NULL) != DOSI_OK) {
        return dosi_job_mark(lab, id, false, err);
    }
    dosi_status status = DOSI_OK;
    bool is_running = false;
    if (file.job.state == DOSI_JOB_RUNNING) {
        if (!may_start) status = watch_job(lab, &file, &is_running, err);
    } else if (file.job.state != DOSI_JOB_ACCEPTED) {
        status = dosi_job_mark(lab, id, false, err);
    } else if (may_start) {
        status = start_job(lab, &file, err);
        is_running = file.job.state == DOSI_JOB_RUNNING;
    }
    if (is_running) (*n_running)++;
    dosi_job_file_clear(&file);
    return status;
}

static dosi_status tend_all(const char *lab, active_list *active, dosi_error *err) {
    size_t n_running = 0;
    DOSI_TRY(list_active(lab, active, err));
    for (size_t i = 0; i < active->n; i++) {
        DOSI_TRY(tend_job(lab, active->id[i], false, &n_running, err));
    }
    for (size_t i = 0; i < active->n && n_running < RUNNING_MAX; i++) {
        DOSI_TRY(tend_job(lab, active->id[i], true, &n_running, err));
    }
    return DOSI_OK;
}

dosi_status dosi_jobs_tend(dosi_gate *gate, dosi_error *err) {
    const char *lab = dosi_gate_folder(gate);
    int lock = -1;
    dosi_status status = dosi_jobs_lock(lab, false, &lock, err);
    if (status == DOSI_BUSY) return DOSI_OK;
    DOSI_TRY(status);
    active_list *active = malloc(sizeof *active);
    status =
        active ? tend_all(lab, active, err) : dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    free(active);
    (void)close(lock);
    return status;
}

/// When a folder of the lab last changed; 0: it is not there.
static int64_t changed_us(const dosi_gate *gate, const char *folder) {
    char path[DOSI_PATH_BYTES];
    struct stat info;
    if (dosi_path_join(dosi_gate_folder(gate), folder, path, NULL) != DOSI_OK) return 0;
    if (stat(path, &info) != 0) return 0;
    return (int64_t)info.st_mtim.tv_sec * DOSI_SECOND_US + info.st_mtim.tv_nsec / 1000;
}

bool dosi_jobs_are_active(const dosi_gate *gate) {
    char path[DOSI_PATH_BYTES];
    if (dosi_path_join(dosi_gate_folder(gate), "jobs/active", path, NULL) != DOSI_OK) {
        return true;
    }
    DIR *dir = opendir(path);
    bool is_found = false;
    const struct dirent *entry = NULL;
    while (dir && !is_found && (entry = readdir(dir)) != NULL) {
        is_found = dosi_job_id_is_valid(entry->d_name);
    }
    if (dir) (void)closedir(dir);
    return is_found;
}

bool dosi_jobs_are_quiet(const dosi_gate *gate, int64_t *stamp) {
    int64_t jobs_us = changed_us(gate, "jobs");
    int64_t active_us = changed_us(gate, "jobs/active");
    int64_t now = jobs_us > active_us ? jobs_us : active_us;
    // Progress of a job that runs leaves no sign in the folders. A change within the resolution
    // of their times may not show either: what is young is not quiet.
    bool is_young = dosi_time_now_utc_us() - now < DOSI_SECOND_US;
    bool is_quiet = *stamp == now + 1 && !is_young && !dosi_jobs_are_active(gate);
    *stamp = now + 1;
    return is_quiet;
}
