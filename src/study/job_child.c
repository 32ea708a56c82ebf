// The body of a job's process: it runs what the folder asks for, says how far it is, and
// leaves a result. Whatever becomes of it, who started it goes on.

#include "dosi/json.h"
#include "dosi/time.h"
#include "sql/sql.h"
#include "study/job_file.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIGNAL_STACK_BYTES = 64 * 1024 };

/// What the process shares between the work, the keeper that looks after it, and signals.
static struct {
    atomic_bool cancel;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_over;
    double fraction;
    char what[256];
    char stage[64]; ///< What the log was told last.
    bool is_changed;
    const char *folder;
    size_t memory_bytes;
} child = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

// --- signals -----------------------------------------------------------------------------

static void on_stop(int signal_number) {
    (void)signal_number;
    atomic_store(&child.cancel, true);
}

/// Says in the log which signal it was, and lets it do its work.
static void on_crash(int signal_number) {
    static const char message[] = "crashed: ";
    const char *name = sigabbrev_np(signal_number);
    char line[40] = "signal";
    size_t n = 6;
    if (name) {
        for (n = 0; name[n] && n < sizeof line - 2; n++) line[n] = name[n];
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(126);
    if (write(STDERR_FILENO, line, n) < 0) _exit(126);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void catch_signals(void) {
    static char stack_memory[SIGNAL_STACK_BYTES];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
    (void)sigaltstack(&stack, NULL);
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        (void)sigaction(fatal[i], &crash, NULL);
    }
}

// --- files for those who watch -----------------------------------------------------------

static void write_text(const char *name, const dosi_text *text) {
    char path[DOSI_PATH_BYTES];
    dosi_error err = {""};
    dosi_status status = dosi_text_status(text, &err);
    if (status == DOSI_OK) status = dosi_path_join(child.folder, name, path, &err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, dosi_text_string(text), text->length, 0600, &err);
    }
    if (status != DOSI_OK) (void)fprintf(stderr, "cannot write %s: %s\n", name, err.message);
}

static void write_progress(double fraction, const char *what) {
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_real(&json, "progress", fraction);
    dosi_json_member_string(&json, "message", what);
    dosi_json_end_object(&json);
    write_text("progress.json", &text);
    dosi_text_destroy(&text);
}

static void write_result(const char *state, const char *message) {
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "state", state);
    dosi_json_member_string(&json, "message", message);
    dosi_json_end_object(&json);
    write_text("result.json", &text);
    dosi_text_destroy(&text);
}

static void log_line(const char *format, ...) DOSI_PRINTF(1, 2);

static void log_line(const char *format, ...) {
    char when[DOSI_TIME_TEXT_BYTES];
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    dosi_time_format(dosi_time_now_utc_us() / DOSI_SECOND_US * DOSI_SECOND_US, 0, when);
    (void)fprintf(stderr, "%s %s\n", when, line);
    (void)fflush(stderr);
}

/// Progress of the work. A new stage ("step: ...") is a line in the log.
static void take_progress(void *context, double fraction, const char *what) {
    (void)context;
    char stage[sizeof child.stage];
    (void)snprintf(stage, sizeof stage, "%.*s", (int)strcspn(what, ":"), what);
    (void)pthread_mutex_lock(&child.mutex);
    if (isfinite(fraction))
        child.fraction = fraction < 0.0 ? 0.0 : fraction > 1.0 ? 1.0 : fraction;
    (void)snprintf(child.what, sizeof child.what, "%s", what);
    bool is_new_stage = strcmp(stage, child.stage) != 0;
    memcpy(child.stage, stage, sizeof stage);
    child.is_changed = true;
    double shown = child.fraction;
    (void)pthread_mutex_unlock(&child.mutex);
    if (is_new_stage) log_line("%3.0f %% %s", 100.0 * shown, what);
}

// --- the keeper --------------------------------------------------------------------------

/// Bytes of memory that the process holds.
static size_t resident_bytes(void) {
    long total = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    int n = fscanf(file, "%ld %ld", &total, &resident); // NOLINT(cert-err34-c): kernel's own
    (void)fclose(file);
    return n == 2 ? (size_t)resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void end_for_memory(void) {
    char message[160];
    (void)snprintf(message, sizeof message, "stopped: it took more than its %zu MiB of memory",
                   child.memory_bytes >> 20);
    log_line("%s", message);
    write_result("failed", message);
    _exit(dosi_status_exit_code(DOSI_NO_MEMORY));
}

/// Writes progress a few times a second, and ends a process that takes too much memory.
static void *keep(void *context) {
    (void)context;
    (void)pthread_mutex_lock(&child.mutex);
    while (!child.is_over) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000L;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        (void)pthread_cond_timedwait(&child.wake, &child.mutex, &until);
        double fraction = child.fraction;
        char what[sizeof child.what];
        memcpy(what, child.what, sizeof what);
        bool is_changed = child.is_changed;
        child.is_changed = false;
        (void)pthread_mutex_unlock(&child.mutex);
        if (is_changed) write_progress(fraction, what);
        if (resident_bytes() > child.memory_bytes) end_for_memory();
        (void)pthread_mutex_lock(&child.mutex);
    }
    (void)pthread_mutex_unlock(&child.mutex);
    return NULL;
}

/// The kernel's limit on what the process may allocate. Not with sanitizers, whose shadow
/// memory is larger than any limit: there the keeper alone watches.
static void limit_memory(size_t memory_bytes) {
    struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rlimit limit = {memory_bytes, memory_bytes};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) log_line("the memory limit cannot be set");
#else
    (void)memory_bytes;
#endif
}

// --- the work ----------------------------------------------------------------------------

static dosi_status open_lab(const job_file *file,
                            dosi_gate **gate,
                            dosi_caller *caller,
                            dosi_error *err) {
    char lab[DOSI_PATH_BYTES];
    (void)snprintf(lab, sizeof lab, "%.4095s", file->folder);
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(lab, '/');
        if (!slash || slash == lab) {
            return dosi_fail(err, DOSI_INVALID, "%.300s is not a job of a lab", file->folder);
        }
        *slash = '\0';
    }
    DOSI_TRY(dosi_gate_open(lab, gate, err));
    DOSI_TRY(file->is_local
                 ? dosi_caller_local(*gate, "job", caller, err)
                 : dosi_caller_from_account(*gate, file->job.account_id, "job", caller, err));
    caller->scopes &= file->scopes;
    return DOSI_OK;
}

/// Settings as an array; strings are borrowed from the file. Free the array.
static dosi_setting *take_settings(const job_file *file, size_t *n) {
    const char *name = NULL;
    json_t *value = NULL;
    *n = 0;
    dosi_setting *out = calloc(json_object_size(file->settings) + 1, sizeof *out);
    if (!out) return NULL;
    json_object_foreach(file->settings, name, value) {
        out[(*n)++] = (dosi_setting){name, json_string_value(value)};
    }
    return out;
}

/// What a job works with.
typedef struct work {
    const job_file *file;
    dosi_gate *gate;
    dosi_caller caller;
    dosi_run run;
    dosi_setting *settings;
    size_t n_settings;
    char message[256]; ///< What it comes to, for people.
} work;

static dosi_status run_study(work *w, dosi_error *err) {
    dosi_study *study = NULL;
    dosi_study_report report = {0};
    DOSI_TRY(dosi_study_load(w->file->path ? w->file->path : "", &study, err));
    dosi_status status = dosi_study_run(w->gate, &w->caller, study, w->settings, w->n_settings,
                                        &w->run, &report, err);
    dosi_study_destroy(study);
    if (status == DOSI_OK) {
        write_text("report.json", &report.json);
        write_text("report.txt", &report.text);
        (void)fprintf(stderr, "%s", dosi_text_string(&report.text));
        (void)snprintf(w->message, sizeof w->message, "computed %zu of %zu steps",
                       report.n_computed, report.n_steps);
    }
    dosi_study_report_clear(&report);
    return status;
}

/// The inputs and outputs of a method that runs on its own.
typedef struct bench {
    const dosi_method *method;
    dosi_table *inputs;
    const dosi_table **given;
    dosi_table *outputs;
    dosi_value *values;
    dosi_setting *parameters;
    size_t n_parameters;
    dosi_text report;
} bench;

static dosi_status make_bench(bench *b, size_t n_settings, dosi_error *err) {
    b->inputs = calloc(b->method->n_inputs + 1, sizeof *b->inputs);
    b->given = calloc(b->method->n_inputs + 1, sizeof *b->given);
    b->outputs = calloc(b->method->n_outputs + 1, sizeof *b->outputs);
    b->values = calloc(b->method->n_parameters + 1, sizeof *b->values);
    b->parameters = calloc(n_settings + 1, sizeof *b->parameters);
    bool has_all = b->inputs && b->given && b->outputs && b->values && b->parameters;
    return has_all ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
}

static void clear_bench(bench *b) {
    for (size_t i = 0; b->inputs && i < b->method->n_inputs; i++) {
        dosi_table_destroy(&b->inputs[i]);
    }
    for (size_t i = 0; b->outputs && i < b->method->n_outputs; i++) {
        dosi_table_destroy(&b->outputs[i]);
    }
    free(b->inputs);
    free((void *)b->given);
    free(b->outputs);
    free(b->values);
    free(b->parameters);
    dosi_text_destroy(&b->report);
}

/// Reads the named dataset into the method's input.
static dosi_status read_input(
    work *w, bench *b, const char *name, const char *reference, dosi_error *err) {
    for (size_t i = 0; i < b->method->n_inputs; i++) {
        if (strcmp(b->method->inputs[i].name, name) != 0) continue;
        DOSI_TRY(
            dosi_gate_read(w->gate, &w->caller, reference, NULL, 0, &b->inputs[i], NULL, err));
        b->given[i] = &b->inputs[i];
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "%s has no input \"%.60s\"", b->method->id, name);
}

static dosi_status keep_outputs(const work *w, const bench *b, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(w->file->folder, "outputs", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    for (size_t i = 0; i < b->method->n_outputs; i++) {
        char name[128];
        char path[DOSI_PATH_BYTES];
        if (b->outputs[i].n_columns == 0) continue;
        (void)snprintf(name, sizeof name, "%.100s.parquet", b->method->outputs[i].name);
        DOSI_TRY(dosi_path_join(folder, name, path, err));
        DOSI_TRY(dosi_parquet_write(&b->outputs[i], path, err));
    }
    return DOSI_OK;
}

static dosi_status run_bench(work *w, bench *b, dosi_error *err) {
    for (size_t i = 0; i < w->n_settings; i++) {
        const dosi_setting *setting = &w->settings[i];
        if (strncmp(setting->name, "input.", 6) == 0) {
            DOSI_TRY(read_input(w, b, setting->name + 6, setting->value, err));
        } else {
            b->parameters[b->n_parameters++] = *setting;
        }
    }
    DOSI_TRY(dosi_method_set(b->method, b->parameters, b->n_parameters, b->values, err));
    dosi_method_call call = {.method = b->method,
                             .inputs = b->given,
                             .values = b->values,
                             .outputs = b->outputs,
                             .report = &b->report,
                             .run = &w->run};
    DOSI_TRY(dosi_method_run(&call, err));
    (void)fprintf(stderr, "%s", dosi_text_string(&b->report));
    return keep_outputs(w, b, err);
}

static dosi_status run_method(work *w, dosi_error *err) {
    bench b = {.method = dosi_study_method(w->file->job.subject)};
    if (!b.method) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no method \"%.60s\"", w->file->job.subject);
    }
    dosi_status status = make_bench(&b, w->n_settings, err);
    if (status == DOSI_OK) status = run_bench(w, &b, err);
    clear_bench(&b);
    if (status == DOSI_OK) (void)snprintf(w->message, sizeof w->message, "done");
    return status;
}

static dosi_status do_work(work *w, dosi_error *err) {
    DOSI_TRY(open_lab(w->file, &w->gate, &w->caller, err));
    w->settings = take_settings(w->file, &w->n_settings);
    if (!w->settings) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    bool is_study = strcmp(w->file->job.kind, "study") == 0;
    return is_study ? run_study(w, err) : run_method(w, err);
}

static int finish(dosi_status status, const work *w, const dosi_error *err) {
    if (status == DOSI_OK) {
        log_line("done: %s", w->message);
        write_result("successful", w->message);
        return 0;
    }
    const char *message = err->message[0] ? err->message : dosi_status_text(status);
    log_line("%s: %s", status == DOSI_CANCELLED ? "stopped" : "failed", message);
    write_result("failed", message);
    return dosi_status_exit_code(status);
}

int dosi_job_child(const char *folder) {
    dosi_error err = {""};
    job_file file = {.pid = 0};
    catch_signals();
    (void)unsetenv("DOSI_TOKEN");
    dosi_status status = dosi_job_file_read(folder, &file, &err);
    if (status != DOSI_OK) {
        (void)fprintf(stderr, "dosi: %s\n", err.message);
        return dosi_status_exit_code(status);
    }
    child.folder = folder;
    child.memory_bytes = file.memory_bytes;
    limit_memory(file.memory_bytes);
    log_line("job %s: %s %s", file.job.id, file.job.kind, file.job.subject);
    pthread_t keeper;
    bool has_keeper = pthread_create(&keeper, NULL, keep, NULL) == 0;
    work w = {.file = &file,
              .run = {.n_threads = file.n_threads,
                      .cancel = &child.cancel,
                      .progress = take_progress}};
    status = do_work(&w, &err);
    dosi_gate_close(w.gate);
    free(w.settings);
    (void)pthread_mutex_lock(&child.mutex);
    child.is_over = true;
    (void)pthread_cond_signal(&child.wake);
    (void)pthread_mutex_unlock(&child.mutex);
    if (has_keeper) (void)pthread_join(keeper, NULL);
    int code = finish(status, &w, &err);
    dosi_job_file_clear(&file);
    return code;
}
