// Goal: of a lab's cache and jobs goes what was used longest ago and is beyond the limits, and
// nothing else: not what is young, not datasets, and nothing at all while a job is active.

#include "base/os_file.h"
#include "dosi/time.h"
#include "study/job.h"
#include "study/trim.h"
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct lab {
    char folder[64];
    dosi_gate *gate;
} lab;

static int set_up(void **state) {
    lab *l = calloc(1, sizeof *l);
    assert_non_null(l);
    char password[64];
    dosi_error err = {""};
    (void)snprintf(l->folder, sizeof l->folder, "/tmp/dosi-trim-XXXXXX");
    assert_non_null(mkdtemp(l->folder));
    CHECK_OK(dosi_lab_create(l->folder, "test", password, &err), err);
    CHECK_OK(dosi_gate_open(l->folder, &l->gate, &err), err);
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

static const char *path_of(const lab *l, const char *name) {
    static char path[DOSI_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", l->folder, name);
    return path;
}

/// Writes `n_bytes` into a file last used `age_s` ago; its folder gets that time too.
static void put(const lab *l, const char *folder, const char *name, size_t n_bytes, int age_s) {
    char path[DOSI_PATH_BYTES];
    dosi_error err = {""};
    char *bytes = calloc(n_bytes + 1, 1);
    (void)snprintf(path, sizeof path, "%s/%s", l->folder, folder);
    CHECK_OK(dosi_folder_create(path, &err), err);
    (void)snprintf(path, sizeof path, "%s/%s/%s", l->folder, folder, name);
    CHECK_OK(dosi_file_write_atomic(path, bytes, n_bytes, 0600, &err), err);
    struct timespec then[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    then[1].tv_sec = (time_t)(dosi_time_now_utc_us() / DOSI_SECOND_US) - age_s;
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    (void)snprintf(path, sizeof path, "%s/%s", l->folder, folder);
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    free(bytes);
}

#define STEP_A "cache/steps/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define STEP_B "cache/steps/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void the_oldest_of_the_cache_goes_first(void **state) {
    lab *l = *state;
    dosi_error err = {""};
    put(l, STEP_A, "map.parquet", 3000, 9000);
    put(l, STEP_B, "map.parquet", 3000, 8000);
    put(l, "cache", "feed.features", 3000, 7000);
    put(l, "cache", "note.txt", 9000, 9000);
    dosi_trim limits = dosi_trim_default();
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_true(dosi_path_exists(path_of(l, STEP_A)));
    limits.cache_bytes = 7000;
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_false(dosi_path_exists(path_of(l, STEP_A)));
    assert_true(dosi_path_exists(path_of(l, STEP_B)));
    assert_true(dosi_path_exists(path_of(l, "cache/feed.features")));
    limits.cache_bytes = 0;
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_false(dosi_path_exists(path_of(l, STEP_B)));
    assert_false(dosi_path_exists(path_of(l, "cache/feed.features")));
    assert_true(dosi_path_exists(path_of(l, "cache/note.txt")));
}

static void what_was_just_used_stays(void **state) {
    lab *l = *state;
    dosi_error err = {""};
    put(l, STEP_A, "map.parquet", 3000, 10);
    dosi_trim limits = dosi_trim_default();
    limits.cache_bytes = 0;
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_true(dosi_path_exists(path_of(l, STEP_A)));
}

static void old_jobs_and_too_many_go(void **state) {
    lab *l = *state;
    dosi_error err = {""};
    put(l, "jobs/20250101-aaaa", "job.json", 10, 91 * 86400);
    put(l, "jobs/20260101-bbbb", "job.json", 10, 3 * 86400);
    put(l, "jobs/20260101-cccc", "job.json", 10, 2 * 86400);
    put(l, "jobs/last", "a.json", 10, 99 * 86400);
    dosi_trim limits = dosi_trim_default();
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_false(dosi_path_exists(path_of(l, "jobs/20250101-aaaa")));
    assert_true(dosi_path_exists(path_of(l, "jobs/20260101-bbbb")));
    limits.n_jobs = 1;
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_false(dosi_path_exists(path_of(l, "jobs/20260101-bbbb")));
    assert_true(dosi_path_exists(path_of(l, "jobs/20260101-cccc")));
    assert_true(dosi_path_exists(path_of(l, "jobs/last/a.json")));
}

static void nothing_goes_while_a_job_is_active(void **state) {
    lab *l = *state;
    dosi_error err = {""};
    put(l, STEP_A, "map.parquet", 3000, 9000);
    put(l, "jobs/active", "20260101-dddd", 1, 10);
    dosi_trim limits = dosi_trim_default();
    limits.cache_bytes = 0;
    CHECK_OK(dosi_lab_trim(l->gate, &limits, &err), err);
    assert_true(dosi_path_exists(path_of(l, STEP_A)));
}

static void jobs_are_quiet_until_a_folder_changes(void **state) {
    lab *l = *state;
    int64_t stamp = 0;
    put(l, "jobs/20260101-bbbb", "job.json", 10, 3 * 86400);
    put(l, "jobs", "x", 1, 5000);
    assert_false(dosi_jobs_are_quiet(l->gate, &stamp));
    assert_true(dosi_jobs_are_quiet(l->gate, &stamp));
    put(l, "jobs", "x", 1, 4000);
    assert_false(dosi_jobs_are_quiet(l->gate, &stamp));
    assert_true(dosi_jobs_are_quiet(l->gate, &stamp));
    put(l, "jobs/active", "20260101-dddd", 1, 9000);
    put(l, "jobs", "x", 1, 4000);
    assert_false(dosi_jobs_are_quiet(l->gate, &stamp));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_of_the_cache_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_just_used_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_jobs_and_too_many_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_goes_while_a_job_is_active, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_are_quiet_until_a_folder_changes, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
