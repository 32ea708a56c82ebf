// Goal: what is known is not computed again, one change recomputes what depends on it and
// nothing else, the bytes do not depend on threads, lineage is complete; and a job that waits,
// crashes, eats memory or does not listen ends as it should, without hurting who started it.

#include "base/os_file.h"
#include "study/derive.h"
#include "study/job.h"
#include "study_methods.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

/// A lab with numbers in it, made anew for each test.
typedef struct lab {
    char folder[64];
    dosi_gate *gate;
    dosi_caller caller;
} lab;

static void write_numbers(lab *l, const char *visibility, double first) {
    dosi_error err = {""};
    dosi_table table = {0};
    dosi_metadata metadata = {
        .title_en = "Raw", .visibility = visibility, .is_simulated = true};
    dosi_new_version version = {.reference = "lab/raw", .table = &table, .metadata = &metadata};
    dosi_version out = {0};
    bool is_new = false;
    CHECK_OK(make_numbers(&table, 1000, &err), err);
    for (size_t i = 0; i < 1000; i++) table.columns[0].data.real[i] = first + (double)i / 7.0;
    CHECK_OK(dosi_gate_write(l->gate, &l->caller, &version, &out, &is_new, &err), err);
    dosi_version_clear(&out);
    dosi_table_destroy(&table);
}

static int set_up(void **state) {
    lab *l = calloc(1, sizeof *l);
    assert_non_null(l);
    char password[64];
    dosi_error err = {""};
    (void)snprintf(l->folder, sizeof l->folder, "/tmp/dosi-study-XXXXXX");
    assert_non_null(mkdtemp(l->folder));
    (void)unsetenv("DOSI_TOKEN");
    CHECK_OK(dosi_lab_create(l->folder, "test", password, &err), err);
    CHECK_OK(dosi_gate_open(l->folder, &l->gate, &err), err);
    CHECK_OK(dosi_caller_local(l->gate, "cli", &l->caller, &err), err);
    write_numbers(l, "organisation", 1.0);
    *state = l;
    return 0;
}

static int tear_down(void **state) {
    lab *l = *state;
    dosi_error err = {""};
    dosi_gate_close(l->gate);
    CHECK_OK(dosi_folder_remove(l->folder, &err), err);
    free(l);
    return 0;
}

static const char chain[] =
    "id: chain\n"
    "title: {ko: 사슬, en: Chain}\n"
    "about: {ko: 사슬, en: Chain}\n"
    "organisation: lab\n"
    "parameters:\n"
    "  by: {default: \"3\", title: {ko: 배수, en: Factor}}\n"
    "inputs:\n"
    "  raw: ${org}/raw\n"
    "  more: {dataset: \"${org}/more\", optional: true}\n"
    "steps:\n"
    "  - {id: a, method: test.scale, inputs: {numbers: raw}}\n"
    "  - {id: b, method: test.scale, inputs: {numbers: a.scaled},"
    " parameters: {factor: \"${by}\"}}\n"
    "  - {id: c, method: test.scale, inputs: {numbers: raw, extra: more}}\n"
    "outputs:\n"
    "  b-out: {from: b.scaled, title: {ko: 비, en: B}, visibility: public}\n"
    "  c-out: {from: c.total, title: {ko: 씨, en: C}}\n";

/// Of which `b` may be left out, and then nothing needs `a`.
static const char branch[] =
    "id: branch\n"
    "title: {ko: 가지, en: Branch}\n"
    "about: {ko: 가지, en: Branch}\n"
    "organisation: lab\n"
    "parameters:\n"
    "  go: {default: \"false\", title: {ko: 갈까, en: Go}}\n"
    "inputs:\n"
    "  raw: ${org}/raw\n"
    "steps:\n"
    "  - {id: a, method: test.scale, inputs: {numbers: raw}}\n"
    "  - {id: b, method: test.scale, inputs: {numbers: a.scaled}, when: \"${go}\","
    " parameters: {factor: \"7\"}}\n"
    "  - {id: c, method: test.scale, inputs: {numbers: raw}, parameters: {factor: \"5\"}}\n"
    "outputs:\n"
    "  b-out: {from: b.scaled, title: {ko: 비, en: B}, visibility: public}\n"
    "  c-out: {from: c.total, title: {ko: 씨, en: C}}\n";

/// Runs a study; how many steps were computed. `json` gets the report when not NULL.
static size_t run_text(lab *l,
                       const char *text,
                       const dosi_setting *settings,
                       size_t n,
                       int n_threads,
                       dosi_text *json) {
    dosi_study *study = NULL;
    dosi_error err = {""};
    dosi_study_report report = {0};
    dosi_run run = {.n_threads = n_threads};
    CHECK_OK(dosi_study_parse("study.yaml", text, strlen(text), &study, &err), err);
    int before = atomic_load(&n_scale_runs);
    CHECK_OK(dosi_study_run(l->gate, &l->caller, study, settings, n, &run, &report, &err), err);
    size_t n_computed = report.n_computed;
    assert_int_equal(atomic_load(&n_scale_runs) - before, n_computed);
    if (json) dosi_text_puts(json, dosi_text_string(&report.json));
    dosi_study_report_clear(&report);
    dosi_study_destroy(study);
    return n_computed;
}

static size_t run_chain(
    lab *l, const dosi_setting *settings, size_t n, int n_threads, dosi_text *json) {
    return run_text(l, chain, settings, n, n_threads, json);
}

static void find_version(lab *l, const char *reference, dosi_version *out) {
    dosi_error err = {""};
    CHECK_OK(dosi_gate_find(l->gate, &l->caller, reference, out, &err), err);
}

static void a_second_run_computes_nothing(void **state) {
    lab *l = *state;
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 0);
    dosi_version version = {0};
    find_version(l, "lab/b-out", &version);
    assert_int_equal(version.number, 1);
    assert_int_equal(version.n_rows, 1000);
    dosi_version_clear(&version);
}

static void one_change_recomputes_what_depends_on_it(void **state) {
    lab *l = *state;
    dosi_text json = {0};
    const dosi_setting by = {"by", "4"};
    const dosi_setting of_step = {"c.factor", "5"};
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    assert_int_equal(run_chain(l, &by, 1, 2, &json), 1);
    assert_non_null(strstr(dosi_text_string(&json), "parameter factor: 3 -> 4"));
    dosi_text_clear(&json);
    assert_int_equal(run_chain(l, &of_step, 1, 2, NULL), 1);
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 0);
    write_numbers(l, "organisation", 2.0);
    assert_int_equal(run_chain(l, NULL, 0, 2, &json), 3);
    assert_non_null(strstr(dosi_text_string(&json), "lab/raw@1 -> lab/raw@2"));
    dosi_text_destroy(&json);
}

static void what_only_a_left_out_step_needs_is_left_out(void **state) {
    lab *l = *state;
    const dosi_setting go = {"go", "true"};
    assert_int_equal(run_text(l, branch, NULL, 0, 2, NULL), 1);
    assert_int_equal(run_text(l, branch, &go, 1, 2, NULL), 2);
}

static void bytes_do_not_depend_on_threads(void **state) {
    lab *l = *state;
    char first[65];
    dosi_version version = {0};
    dosi_error err = {""};
    assert_int_equal(run_chain(l, NULL, 0, 1, NULL), 3);
    find_version(l, "lab/b-out", &version);
    memcpy(first, version.hash, sizeof first);
    dosi_version_clear(&version);
    char cache[128];
    (void)snprintf(cache, sizeof cache, "%s/cache/steps", l->folder);
    CHECK_OK(dosi_folder_remove(cache, &err), err);
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    find_version(l, "lab/b-out", &version);
    assert_string_equal(version.hash, first);
    assert_int_equal(version.number, 1);
    dosi_version_clear(&version);
}

static void lineage_reaches_the_datasets_that_went_in(void **state) {
    lab *l = *state;
    dosi_version version = {0};
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    find_version(l, "lab/b-out", &version);
    json_t *root = json_loads(version.lineage_json, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "kind")), "study");
    assert_string_equal(json_string_value(json_object_get(root, "study")), "chain");
    assert_string_equal(json_string_value(json_object_get(root, "step")), "b");
    assert_string_equal(json_string_value(json_object_get(root, "method")), "test.scale");
    assert_int_equal(json_integer_value(json_object_get(root, "method_version")), 1);
    assert_string_equal(json_string_value(json_object_get(root, "program")), DOSI_VERSION);
    const json_t *parameters = json_object_get(root, "parameters");
    assert_string_equal(json_string_value(json_object_get(parameters, "factor")), "3");
    const json_t *input = json_array_get(json_object_get(root, "inputs"), 0);
    const json_t *from = json_object_get(input, "from");
    assert_string_equal(json_string_value(json_object_get(from, "step")), "a");
    const json_t *raw = json_array_get(json_object_get(from, "inputs"), 0);
    assert_string_equal(json_string_value(json_object_get(raw, "reference")), "lab/raw@1");
    assert_int_equal(strlen(json_string_value(json_object_get(raw, "hash"))), 64);
    json_decref(root);
    dosi_version_clear(&version);
}

static void a_result_is_as_private_and_as_simulated_as_what_went_in(void **state) {
    lab *l = *state;
    dosi_version version = {0};
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    find_version(l, "lab/b-out", &version); // says public, but lab/raw is the organisation's
    assert_string_equal(version.visibility, "organisation");
    assert_true(version.is_simulated);
    dosi_version_clear(&version);
}

static void settings_and_inputs_that_are_not_there_are_named(void **state) {
    lab *l = *state;
    dosi_study *study = NULL;
    dosi_error err = {""};
    dosi_study_report report = {0};
    CHECK_OK(dosi_study_parse("chain.yaml", chain, strlen(chain), &study, &err), err);
    const dosi_setting slips[] = {
        {"bye", "1"},     {"input.row", "lab/raw"},  {"d.factor", "1"},
        {"a.facto", "1"}, {"input.raw", "lab/none"}, {"by", "101"},
        {"org", "../etc"}};
    const char *const words[] = {"bye", "row", "d.factor", "a.facto", "lab/none", "101", "etc"};
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        dosi_status status =
            dosi_study_run(l->gate, &l->caller, study, &slips[i], 1, NULL, &report, &err);
        assert_int_not_equal(status, DOSI_OK);
        if (!strstr(err.message, words[i])) fail_msg("%s: %s", words[i], err.message);
    }
    dosi_caller visitor = dosi_caller_visitor("cli");
    assert_int_not_equal(dosi_study_run(l->gate, &visitor, study, NULL, 0, NULL, &report, &err),
                         DOSI_OK);
    dosi_study_report_clear(&report);
    dosi_study_destroy(study);
}

static void a_damaged_result_is_not_used(void **state) {
    lab *l = *state;
    char command[256];
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
    (void)snprintf(command, sizeof command,
                   "for f in %s/cache/steps/*/scaled.parquet; do printf x >> $f; done",
                   l->folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a test's own words
    assert_int_equal(run_chain(l, NULL, 0, 2, NULL), 3);
}

static void sql_derives_a_dataset_with_its_lineage(void **state) {
    lab *l = *state;
    dosi_version version = {0};
    bool is_new = false;
    dosi_error err = {""};
    const dosi_derivation derivation = {.sql = "SELECT x FROM \"lab/raw\" WHERE x < 10",
                                        .reference = "lab/small"};
    CHECK_OK(dosi_derive(l->gate, &l->caller, &derivation, NULL, &version, &is_new, &err), err);
    assert_true(is_new && version.is_simulated);
    assert_int_equal(version.n_rows, 63);
    assert_string_equal(version.visibility, "organisation");
    assert_non_null(strstr(version.lineage_json, "\"kind\":\"sql\""));
    assert_non_null(strstr(version.lineage_json, "\"reference\":\"lab/raw@1\""));
    dosi_version_clear(&version);
}

// --- jobs --------------------------------------------------------------------------------

static void start(lab *l, const char *method, size_t memory_bytes, dosi_job *job) {
    dosi_error err = {""};
    const dosi_setting input = {"input.numbers", "lab/raw"};
    const dosi_job_request request = {.kind = "method",
                                      .subject = method,
                                      .settings = &input,
                                      .n_settings = 1,
                                      .memory_bytes = memory_bytes};
    CHECK_OK(dosi_job_start(l->gate, &l->caller, &request, job, &err), err);
}

/// Tends until the job is in one of two states, for 40 s at most.
static void wait_for(lab *l, dosi_job *job, dosi_job_state a, dosi_job_state b) {
    const struct timespec pause = {.tv_nsec = 20000000};
    dosi_error err = {""};
    for (int i = 0; i < 2000; i++) {
        CHECK_OK(dosi_jobs_tend(l->gate, &err), err);
        CHECK_OK(dosi_job_find(l->gate, &l->caller, job->id, job, &err), err);
        if (job->state == a || job->state == b) return;
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("job is still %s: %s", dosi_job_state_name(job->state), job->message);
}

static void wait_for_end(lab *l, dosi_job *job) {
    const struct timespec pause = {.tv_nsec = 20000000};
    dosi_error err = {""};
    for (int i = 0; i < 2000 && job->finished_utc_us == 0; i++) {
        CHECK_OK(dosi_jobs_tend(l->gate, &err), err);
        CHECK_OK(dosi_job_find(l->gate, &l->caller, job->id, job, &err), err);
        (void)nanosleep(&pause, NULL);
    }
    assert_int_not_equal(job->finished_utc_us, 0);
}

static void a_method_job_runs_and_leaves_its_output(void **state) {
    lab *l = *state;
    dosi_job job = {.id = ""};
    char path[4096];
    dosi_error err = {""};
    start(l, "test.scale", 0, &job);
    wait_for_end(l, &job);
    if (job.state != DOSI_JOB_SUCCESSFUL) fail_msg("%s", job.message);
    CHECK_OK(dosi_job_output(l->gate, &l->caller, job.id, "scaled", path, &err), err);
    assert_true(dosi_file_size(path) > 0);
    CHECK_STATUS(dosi_job_output(l->gate, &l->caller, job.id, "../job.json", path, &err),
                 DOSI_NOT_FOUND);
    dosi_text log = {0};
    CHECK_OK(dosi_job_log(l->gate, &l->caller, job.id, 65536, &log, &err), err);
    assert_non_null(strstr(dosi_text_string(&log), "scaled 1000 numbers"));
    dosi_text_destroy(&log);
    dosi_caller visitor = dosi_caller_visitor("api");
    CHECK_STATUS(dosi_job_find(l->gate, &visitor, job.id, &job, &err), DOSI_NOT_FOUND);
    CHECK_OK(dosi_job_dismiss(l->gate, &l->caller, job.id, &err), err); // removes it
    CHECK_STATUS(dosi_job_find(l->gate, &l->caller, job.id, &job, &err), DOSI_NOT_FOUND);
}

static void a_crash_is_a_failed_job_that_names_the_signal(void **state) {
    lab *l = *state;
    dosi_job job = {.id = ""};
    start(l, "test.crash", 0, &job);
    wait_for_end(l, &job);
    assert_int_equal(job.state, DOSI_JOB_FAILED);
    assert_non_null(strstr(job.message, "signal 6"));
    assert_non_null(strstr(job.message, "crashed: ABRT"));
}

static void memory_has_a_limit(void **state) {
    lab *l = *state;
    dosi_job job = {.id = ""};
    start(l, "test.eat", (size_t)1 << 30, &job);
    wait_for_end(l, &job);
    assert_int_equal(job.state, DOSI_JOB_FAILED);
    assert_non_null(strstr(job.message, "memory"));
}

static void a_job_can_be_stopped_also_one_that_does_not_listen(void **state) {
    lab *l = *state;
    dosi_job polite = {.id = ""};
    dosi_job deaf = {.id = ""};
    dosi_error err = {""};
    start(l, "test.wait", 0, &polite);
    start(l, "test.deaf", 0, &deaf);
    wait_for(l, &polite, DOSI_JOB_RUNNING, DOSI_JOB_FAILED);
    CHECK_OK(dosi_job_dismiss(l->gate, &l->caller, polite.id, &err), err);
    CHECK_OK(dosi_job_dismiss(l->gate, &l->caller, deaf.id, &err), err);
    wait_for_end(l, &polite);
    assert_int_equal(polite.state, DOSI_JOB_DISMISSED);
    wait_for_end(l, &deaf);
    assert_int_equal(deaf.state, DOSI_JOB_DISMISSED);
}

static void two_run_at_once_and_the_third_waits(void **state) {
    lab *l = *state;
    dosi_job jobs[3] = {{.id = ""}};
    dosi_error err = {""};
    for (int i = 0; i < 3; i++) start(l, "test.wait", 0, &jobs[i]);
    for (int i = 0; i < 2; i++) wait_for(l, &jobs[i], DOSI_JOB_RUNNING, DOSI_JOB_RUNNING);
    CHECK_OK(dosi_jobs_tend(l->gate, &err), err);
    CHECK_OK(dosi_job_find(l->gate, &l->caller, jobs[2].id, &jobs[2], &err), err);
    assert_int_equal(jobs[2].state, DOSI_JOB_ACCEPTED);
    CHECK_OK(dosi_job_dismiss(l->gate, &l->caller, jobs[0].id, &err), err);
    wait_for_end(l, &jobs[0]);
    wait_for(l, &jobs[2], DOSI_JOB_RUNNING, DOSI_JOB_RUNNING);
    for (int i = 1; i < 3; i++) {
        CHECK_OK(dosi_job_dismiss(l->gate, &l->caller, jobs[i].id, &err), err);
        wait_for_end(l, &jobs[i]);
    }
}

static void a_job_that_was_killed_is_a_failed_job(void **state) {
    lab *l = *state;
    dosi_job job = {.id = ""};
    char path[256];
    start(l, "test.wait", 0, &job);
    wait_for(l, &job, DOSI_JOB_RUNNING, DOSI_JOB_RUNNING);
    (void)snprintf(path, sizeof path, "%s/jobs/%s/job.json", l->folder, job.id);
    json_t *root = json_load_file(path, 0, NULL);
    pid_t pid = (pid_t)json_integer_value(json_object_get(root, "pid"));
    json_decref(root);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    wait_for_end(l, &job);
    assert_int_equal(job.state, DOSI_JOB_FAILED);
    assert_non_null(strstr(job.message, "signal 9"));
}

static void visitors_start_no_jobs(void **state) {
    lab *l = *state;
    dosi_job job = {.id = ""};
    dosi_error err = {""};
    dosi_caller visitor = dosi_caller_visitor("api");
    const dosi_job_request request = {.kind = "method", .subject = "test.scale"};
    CHECK_STATUS(dosi_job_start(l->gate, &visitor, &request, &job, &err), DOSI_UNAUTHENTICATED);
    const dosi_job_request unknown = {.kind = "method", .subject = "test.none"};
    CHECK_STATUS(dosi_job_start(l->gate, &l->caller, &unknown, &job, &err), DOSI_NOT_FOUND);
}

int main(int argc, char **argv) {
    dosi_study_use_methods(find_test_method);
    // A job's process is this program again.
    if (argc == 3 && strcmp(argv[1], "job-run") == 0) return dosi_job_child(argv[2]);
#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_LAB(a_second_run_computes_nothing),
        IN_LAB(one_change_recomputes_what_depends_on_it),
        IN_LAB(what_only_a_left_out_step_needs_is_left_out),
        IN_LAB(bytes_do_not_depend_on_threads),
        IN_LAB(lineage_reaches_the_datasets_that_went_in),
        IN_LAB(a_result_is_as_private_and_as_simulated_as_what_went_in),
        IN_LAB(settings_and_inputs_that_are_not_there_are_named),
        IN_LAB(a_damaged_result_is_not_used),
        IN_LAB(sql_derives_a_dataset_with_its_lineage),
        IN_LAB(a_method_job_runs_and_leaves_its_output),
        IN_LAB(a_crash_is_a_failed_job_that_names_the_signal),
        IN_LAB(memory_has_a_limit),
        IN_LAB(a_job_can_be_stopped_also_one_that_does_not_listen),
        IN_LAB(two_run_at_once_and_the_third_waits),
        IN_LAB(a_job_that_was_killed_is_a_failed_job),
        IN_LAB(visitors_start_no_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
