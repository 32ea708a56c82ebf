// dosi study: the ready studies, and running one as a job.

#include "base/os_file.h"
#include "cli/lab.h"
#include "dosi/time.h"
#include "study/job.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SETTINGS_MAX = 128 };

static atomic_bool is_interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    atomic_store(&is_interrupted, true);
}

/// The path of what was named: a file, or the id of a ready study.
static dosi_status find_study(const char *lab, const char *name, char *out, dosi_error *err) {
    bool is_path = strchr(name, '/') || strchr(name, '.');
    if (!is_path) return dosi_study_find(lab, name, out, err);
    if (!dosi_path_exists(name)) return dosi_fail(err, DOSI_NOT_FOUND, "no file %.300s", name);
    if (!realpath(name, out)) return dosi_fail(err, DOSI_IO, "cannot reach %.300s", name);
    return DOSI_OK;
}

// --- list and show -----------------------------------------------------------------------

static dosi_status print_study(void *context, const char *path, dosi_error *err) {
    (void)context;
    (void)err;
    dosi_study *study = NULL;
    dosi_error why = {""};
    if (dosi_study_load(path, &study, &why) != DOSI_OK) {
        (void)printf("  (damaged)        %s\n", why.message);
        return DOSI_OK;
    }
    (void)printf("  %-16s %s\n", dosi_study_id(study), path);
    dosi_study_destroy(study);
    return DOSI_OK;
}

static dosi_status list_studies(dosi_error *err) {
    char lab[DOSI_PATH_BYTES];
    bool has_lab = dosi_lab_find(".", lab, NULL) == DOSI_OK;
    return dosi_study_each(has_lab ? lab : NULL, print_study, NULL, err);
}

static dosi_status show_study(const char *name, dosi_error *err) {
    char lab[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    bool has_lab = dosi_lab_find(".", lab, NULL) == DOSI_OK;
    DOSI_TRY(find_study(has_lab ? lab : NULL, name, path, err));
    dosi_study *study = NULL;
    DOSI_TRY(dosi_study_load(path, &study, err));
    dosi_text text = {0};
    dosi_study_put_json(&text, study);
    dosi_text_putc(&text, '\n');
    dosi_status status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    dosi_study_destroy(study);
    return status;
}

// --- run ---------------------------------------------------------------------------------

/// Settings as given; names and values are borrowed from argv, and from `names` where "input."
/// had to be put before.
typedef struct run_settings {
    dosi_setting list[SETTINGS_MAX];
    char names[SETTINGS_MAX][96];
    size_t n;
} run_settings;

static dosi_status add_setting(run_settings *to,
                               const char *prefix,
                               char *text,
                               dosi_error *err) {
    char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        return dosi_fail(err, DOSI_INVALID, "\"%.60s\": write name=value", text);
    }
    if (to->n == SETTINGS_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "more than %d settings", SETTINGS_MAX);
    }
    (void)snprintf(to->names[to->n], sizeof to->names[0], "%s%.*s", prefix,
                   (int)(equals - text < 80 ? equals - text : 80), text);
    to->list[to->n] = (dosi_setting){to->names[to->n], equals + 1};
    to->n++;
    return DOSI_OK;
}

static dosi_status take_settings(int *argc, char **argv, run_settings *out, dosi_error *err) {
    const char *organisation = dosi_cli_option(argc, argv, "org");
    if (organisation) out->list[out->n++] = (dosi_setting){"org", organisation};
    const char *value = NULL;
    while ((value = dosi_cli_option(argc, argv, "input")) != NULL) {
        DOSI_TRY(add_setting(out, "input.", (char *)value, err));
    }
    while ((value = dosi_cli_option(argc, argv, "param")) != NULL) {
        DOSI_TRY(add_setting(out, "", (char *)value, err));
    }
    return DOSI_OK;
}

static bool is_over(const dosi_job *job) {
    return job->state != DOSI_JOB_ACCEPTED && job->state != DOSI_JOB_RUNNING;
}

/// Says how far the job is, on one line of a terminal or when there is something new.
static void show_progress(const dosi_job *job, char *shown, size_t n_shown) {
    char line[200];
    (void)snprintf(line, sizeof line, "%3.0f %% %.180s", 100.0 * job->progress, job->message);
    if (strcmp(line, shown) == 0) return;
    (void)snprintf(shown, n_shown, "%s", line);
    (void)fprintf(stderr, isatty(STDERR_FILENO) ? "\r\033[K  %s" : "  %s\n", line);
    (void)fflush(stderr);
}

/// Waits for a job; an interrupt stops it.
static dosi_status wait_for(dosi_cli_lab *lab,
                            bool is_watched,
                            dosi_job *job,
                            dosi_error *err) {
    char shown[200] = "";
    bool is_stopped = false;
    const struct timespec pause = {.tv_nsec = 50000000};
    while (!is_over(job)) {
        if (atomic_load(&is_interrupted) && !is_stopped) {
            is_stopped = true;
            DOSI_TRY(dosi_job_dismiss(lab->gate, &lab->caller, job->id, err));
        }
        if (is_watched) show_progress(job, shown, sizeof shown);
        (void)nanosleep(&pause, NULL);
        DOSI_TRY(dosi_jobs_tend(lab->gate, err));
        DOSI_TRY(dosi_job_find(lab->gate, &lab->caller, job->id, job, err));
    }
    if (is_watched && isatty(STDERR_FILENO)) (void)fprintf(stderr, "\r\033[K");
    return DOSI_OK;
}

static dosi_status print_report(const dosi_cli_lab *lab, const dosi_job *job, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    char name[DOSI_JOB_ID_BYTES + 32];
    (void)snprintf(name, sizeof name, "jobs/%s/report.txt", job->id);
    DOSI_TRY(dosi_path_join(dosi_gate_folder(lab->gate), name, path, err));
    dosi_text text = {0};
    dosi_status status = dosi_file_read(path, (size_t)16 << 20, &text, err);
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    return status;
}

static dosi_status finish(const dosi_cli_lab *lab, const dosi_job *job, dosi_error *err) {
    double seconds = (double)(job->finished_utc_us - job->started_utc_us) / 1e6;
    if (job->state == DOSI_JOB_DISMISSED) {
        return dosi_fail(err, DOSI_CANCELLED, "job %s was stopped", job->id);
    }
    if (job->state != DOSI_JOB_SUCCESSFUL) {
        return dosi_fail(err, DOSI_DOMAIN, "job %s: %.400s", job->id, job->message);
    }
    (void)printf("study %s: %s in %.1f s (job %s)\n", job->subject, job->message, seconds,
                 job->id);
    return print_report(lab, job, err);
}

static dosi_status run_study(int argc, char **argv, dosi_error *err) {
    run_settings *settings = calloc(1, sizeof *settings);
    if (!settings) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    bool is_watched = dosi_cli_flag(&argc, argv, "watch");
    int64_t n_threads = 0;
    int64_t memory_mb = 0;
    dosi_cli_lab lab = {0};
    dosi_job job = {.id = ""};
    char path[DOSI_PATH_BYTES];
    dosi_status status = dosi_cli_number(&argc, argv, "threads", 1024, &n_threads, err);
    if (status == DOSI_OK) {
        status = dosi_cli_number(&argc, argv, "memory", 1 << 20, &memory_mb, err);
    }
    if (status == DOSI_OK) status = take_settings(&argc, argv, settings, err);
    if (status == DOSI_OK) status = dosi_cli_lab_open(&argc, argv, "cli", &lab, err);
    if (status == DOSI_OK) status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && argc != 3) {
        status = dosi_fail(err, DOSI_INVALID, "study run takes one study");
    }
    if (status == DOSI_OK) {
        status = find_study(dosi_gate_folder(lab.gate), argv[2], path, err);
    }
    if (status == DOSI_OK) {
        dosi_job_request request = {.kind = "study",
                                    .subject = path,
                                    .settings = settings->list,
                                    .n_settings = settings->n,
                                    .memory_bytes = (size_t)memory_mb << 20,
                                    .n_threads = (int)n_threads};
        (void)signal(SIGINT, on_interrupt);
        (void)signal(SIGTERM, on_interrupt);
        status = dosi_job_start(lab.gate, &lab.caller, &request, &job, err);
    }
    if (status == DOSI_OK) status = wait_for(&lab, is_watched, &job, err);
    if (status == DOSI_OK) status = finish(&lab, &job, err);
    dosi_cli_lab_close(&lab);
    free(settings);
    return status;
}

dosi_status dosi_cmd_study(int argc, char **argv, dosi_error *err) {
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "list") == 0 && argc <= 2) return list_studies(err);
    if (strcmp(verb, "show") == 0 && argc == 3) return show_study(argv[2], err);
    if (strcmp(verb, "run") == 0) return run_study(argc, argv, err);
    return dosi_fail(err, DOSI_INVALID, "study list, study show STUDY, or study run STUDY");
}
