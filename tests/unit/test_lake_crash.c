// Goal: a writer killed at any moment leaves the old version or the new one, never half of
// one; writers at once never collide.
//
// Writers are children of a parent that never uses DuckDB or OpenMP itself, so that fork()
// copies no thread.

#include "base/hash.h"
#include "base/os_file.h"
#include "dosi/random.h"
#include "lake/lake.h"
#include "sql/sql.h"
#include "test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_KILLS = 200, N_VERSIONS = 50 };

static char folder[256];

static int make_lake(void **state) {
    (void)state;
    const char *temp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/dosi_crash_XXXXXX", temp ? temp : "/tmp");
    if (!mkdtemp(folder)) return -1;
    return dosi_lake_create(folder, NULL) == DOSI_OK ? 0 : -1;
}

static int remove_lake(void **state) {
    (void)state;
    return dosi_folder_remove(folder, NULL) == DOSI_OK ? 0 : -1;
}

static void pause_us(int64_t us) {
    struct timespec span = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&span, NULL);
}

/// Writes a version in which every value is `seed`. Never asserts: it runs in children too.
static dosi_status write_seed(dosi_lake *lake, const char *reference, int64_t seed) {
    dosi_table table = {0};
    dosi_version version = {0};
    bool is_new = false;
    dosi_status status = dosi_table_add_column(&table, "x", DOSI_TYPE_INT, NULL, NULL);
    if (status == DOSI_OK) status = dosi_table_add_rows(&table, 500, NULL);
    for (size_t i = 0; status == DOSI_OK && i < table.n_rows; i++) {
        table.columns[0].data.integer[i] = seed;
    }
    const dosi_new_version source = {.reference = reference, .table = &table};
    if (status == DOSI_OK) status = dosi_lake_write(lake, &source, &version, &is_new, NULL);
    dosi_version_clear(&version);
    dosi_table_destroy(&table);
    return status;
}

/// A child that writes one version of a/warm (always the same), so that everything is loaded,
/// says so through `ready`, and then writes versions of a/b until it is killed.
static pid_t start_writer(int64_t first_seed, int ready) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    dosi_lake *lake = NULL;
    if (dosi_lake_open(folder, &lake, NULL) != DOSI_OK) _exit(3);
    if (write_seed(lake, "a/warm", -1) != DOSI_OK) _exit(3);
    if (write(ready, "r", 1) != 1) _exit(4);
    for (int64_t seed = first_seed;; seed++) {
        if (write_seed(lake, "a/b", seed) != DOSI_OK) _exit(5);
    }
}

/// What check_version() has seen.
typedef struct check {
    int64_t n_versions;
    int64_t n_hashes; ///< Contents still to be looked at.
    int64_t next;     ///< The number that the next one must have, newest first.
} check;

static dosi_status check_version(void *context, const dosi_version *version, dosi_error *err) {
    check *self = context;
    char hash[DOSI_HASH_TEXT_BYTES];
    if (version->number != self->next) {
        return dosi_fail(err, DOSI_CONFLICT, "version %lld instead of %lld",
                         (long long)version->number, (long long)self->next);
    }
    bool is_whole = dosi_file_size(version->path) == version->n_bytes;
    if (is_whole && self->n_hashes-- > 0) {
        DOSI_TRY(dosi_hash_file(version->path, hash, err));
        is_whole = strcmp(hash, version->hash) == 0;
    }
    if (!is_whole || version->n_rows != 500) {
        return dosi_fail(err, DOSI_PARSE, "version %lld is not whole",
                         (long long)version->number);
    }
    self->next--;
    self->n_versions++;
    return DOSI_OK;
}

/// Opens the lake and checks every version of `reference`, the newest `n_hashes` by content.
/// @return How many there are.
static int64_t check_lake(const char *reference, int64_t n_hashes) {
    dosi_error err;
    dosi_lake *lake = NULL;
    dosi_version latest = {0};
    check seen = {.n_hashes = n_hashes};
    CHECK_OK(dosi_lake_open(folder, &lake, &err), err);
    if (dosi_lake_find(lake, reference, &latest, &err) == DOSI_OK) {
        seen.next = latest.number;
        CHECK_OK(dosi_lake_each_version(lake, reference, check_version, &seen, &err), err);
        assert_int_equal(seen.next, 0);
    }
    dosi_version_clear(&latest);
    dosi_lake_close(lake);
    return seen.n_versions;
}

/// Files in lake/ whose name begins with `start` and ends with `end`.
static int64_t count_files(const char *start, const char *end) {
    char path[512];
    int64_t n = 0;
    (void)snprintf(path, sizeof path, "%s/lake", folder);
    DIR *files = opendir(path);
    assert_non_null(files);
    for (const struct dirent *entry = readdir(files); entry; entry = readdir(files)) {
        size_t n_name = strlen(entry->d_name);
        n += strncmp(entry->d_name, start, strlen(start)) == 0 && n_name >= strlen(end) &&
             strcmp(entry->d_name + n_name - strlen(end), end) == 0;
    }
    (void)closedir(files);
    return n;
}

static void a_killed_writer_leaves_whole_versions_only(void **state) {
    (void)state;
    static const uint32_t longest_us = 30000;
    dosi_random random = dosi_random_init(test_seed(), 0);
    int64_t n_before = 0;
    int n_amid = 0;
    for (int i = 0; i < N_KILLS; i++) {
        int ready[2];
        int code = 0;
        char byte = 0;
        assert_int_equal(pipe(ready), 0);
        pid_t pid = start_writer((int64_t)i * 1000, ready[1]);
        assert_true(pid > 0);
        (void)close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        pause_us(dosi_random_below(&random, longest_us));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &code, 0), pid);
        if (!WIFSIGNALED(code)) fail_msg("the writer gave up with %d", WEXITSTATUS(code));
        if (count_files("new-", "") > 0) n_amid++;
        int64_t n = check_lake("a/b", i + 1 == N_KILLS ? INT64_MAX : 10);
        assert_true(n >= n_before);
        assert_int_equal(count_files("new-", ""), 0);
        assert_int_equal(count_files("", ".parquet"), n + 1); // and a/warm's
        n_before = n;
    }
    (void)printf("%d kills, %d amid a file, %lld versions\n", N_KILLS, n_amid,
                 (long long)n_before);
    assert_true(n_amid > 0); // otherwise the kills prove little
    assert_true(n_before > 0);
}

/// A child that writes N_VERSIONS versions of `reference` and goes.
static pid_t start_batch(const char *reference, int64_t first_seed) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    dosi_lake *lake = NULL;
    if (dosi_lake_open(folder, &lake, NULL) != DOSI_OK) _exit(3);
    for (int64_t i = 0; i < N_VERSIONS; i++) {
        if (write_seed(lake, reference, first_seed + i) != DOSI_OK) _exit(4);
    }
    dosi_lake_close(lake);
    _exit(0);
}

static void wait_for(pid_t pid) {
    int code = -1;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
}

static void two_writers_of_one_dataset_never_collide(void **state) {
    (void)state;
    pid_t first = start_batch("a/b", 0);
    pid_t second = start_batch("a/b", 1000000);
    (void)check_lake("a/b", INT64_MAX); // opening sweeps: not from under a writer
    wait_for(first);
    wait_for(second);
    assert_int_equal(check_lake("a/b", INT64_MAX), 2 * N_VERSIONS);
}

static void writers_of_two_datasets_do_not_mind_each_other(void **state) {
    (void)state;
    pid_t first = start_batch("a/first", 0);
    pid_t second = start_batch("a/second", 0); // the same files, too
    wait_for(first);
    wait_for(second);
    assert_int_equal(check_lake("a/first", INT64_MAX), N_VERSIONS);
    assert_int_equal(check_lake("a/second", INT64_MAX), N_VERSIONS);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_lake, remove_lake)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_writer_leaves_whole_versions_only),
        TEST(two_writers_of_one_dataset_never_collide),
        TEST(writers_of_two_datasets_do_not_mind_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
