// Goal: nobody changes, inserts, moves or removes an audit record unseen, from however many
// threads it was written, and what a crash leaves behind is no false alarm.

#include "base/os_file.h"
#include "govern/audit.h"
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_RECORDS = 10, N_THREADS = 4, N_EACH = 500 };

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/dosi-audit-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return dosi_folder_remove(folder, NULL) == DOSI_OK ? 0 : -1;
}

static dosi_audit *open_log(uint64_t segment_bytes) {
    dosi_error err;
    dosi_audit *audit = NULL;
    const dosi_audit_options options = {.segment_bytes = segment_bytes};
    CHECK_OK(dosi_audit_open(folder, &options, &audit, &err), err);
    return audit;
}

static void append(dosi_audit *audit, int i) {
    dosi_error err;
    char object[32];
    (void)snprintf(object, sizeof object, "sample/dong@%d", i);
    const dosi_audit_entry entry = {.account = "김민\"\n",
                                    .account_id = 3,
                                    .channel = "cli",
                                    .action = "read",
                                    .object = object,
                                    .outcome = "ok"};
    CHECK_OK(dosi_audit_append(audit, &entry, &err), err);
}

static void write_log(uint64_t segment_bytes) {
    dosi_audit *audit = open_log(segment_bytes);
    for (int i = 1; i <= N_RECORDS; i++) append(audit, i);
    dosi_audit_close(audit);
}

static dosi_audit_report verify(void) {
    dosi_error err;
    dosi_audit_report report;
    dosi_audit *audit = open_log(0);
    CHECK_OK(dosi_audit_verify(audit, false, NULL, &report, &err), err);
    dosi_audit_close(audit);
    return report;
}

/// The lines of the first file, changed by hand between read_lines() and write_lines().
static char *lines[N_RECORDS + 2];
static size_t n_lines;

static char *log_path(void) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/audit/00000001.jsonl", folder);
    return path;
}

static void read_lines(void) {
    FILE *file = fopen(log_path(), "r");
    assert_non_null(file);
    n_lines = 0;
    for (;;) {
        char *line = NULL;
        size_t capacity = 0;
        if (n_lines == N_RECORDS || getline(&line, &capacity, file) < 0) {
            free(line);
            break;
        }
        lines[n_lines++] = line;
    }
    (void)fclose(file);
    assert_int_equal(n_lines, N_RECORDS);
}

static void write_lines(void) {
    FILE *file = fopen(log_path(), "w");
    assert_non_null(file);
    for (size_t i = 0; i < n_lines; i++) {
        (void)fputs(lines[i], file);
        free(lines[i]);
    }
    assert_int_equal(fclose(file), 0);
}

static void check_found(uint64_t record) {
    dosi_audit_report report = verify();
    assert_false(report.is_whole);
    if (report.first_bad != record) {
        fail_msg("found %llu, expected %llu: %s", (unsigned long long)report.first_bad,
                 (unsigned long long)record, report.finding);
    }
    assert_non_null(strstr(report.finding, "record"));
}

static void an_untouched_log_is_whole(void **state) {
    (void)state;
    assert_true(verify().is_whole); // Also when there is nothing yet.
    write_log(0);
    dosi_audit_report report = verify();
    assert_true(report.is_whole);
    assert_int_equal(report.n_records, N_RECORDS);
    assert_int_equal(report.first_bad, 0);
    assert_int_equal(strlen(report.until_utc) > 18, 1);
    write_log(0); // Another process goes on.
    assert_int_equal(verify().n_records, 2 * N_RECORDS);
}

static void a_changed_record_is_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    char *at = strstr(lines[6], "dong@7");
    assert_non_null(at);
    at[5] = '8';
    write_lines();
    check_found(7);
}

static void a_changed_number_or_previous_hash_is_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    lines[3][strlen("{\"seq\":")] = '9';
    write_lines();
    check_found(4);
    read_lines();
    lines[3][strlen("{\"seq\":")] = '4';
    char *at = strstr(lines[1], "\"previous\":\"");
    at[12] = at[12] == 'a' ? 'b' : 'a';
    write_lines();
    check_found(2);
}

static void a_removed_record_is_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    free(lines[4]);
    memmove(&lines[4], &lines[5], (n_lines - 5) * sizeof lines[0]);
    n_lines--;
    write_lines();
    check_found(5);
}

static void swapped_records_are_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    char *kept = lines[2];
    lines[2] = lines[3];
    lines[3] = kept;
    write_lines();
    check_found(3);
}

static void an_inserted_copy_is_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    memmove(&lines[6], &lines[5], (n_lines - 5) * sizeof lines[0]);
    lines[5] = strdup(lines[2]);
    n_lines++;
    write_lines();
    check_found(3);
}

static void an_inserted_foreign_line_is_named(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    memmove(&lines[6], &lines[5], (n_lines - 5) * sizeof lines[0]);
    lines[5] = strdup("{\"seq\":6,\"utc\":\"2026\",\"account\":\"nobody\"}\n");
    n_lines++;
    write_lines();
    check_found(6);
}

static void records_cut_off_at_the_end_are_missed(void **state) {
    (void)state;
    write_log(0);
    read_lines();
    for (int i = 0; i < 3; i++) free(lines[--n_lines]);
    write_lines();
    check_found(8);
    // Writing on does not hide the gap.
    dosi_audit *audit = open_log(0);
    append(audit, 99);
    dosi_audit_close(audit);
    check_found(8);
}

static void an_emptied_or_removed_file_is_missed(void **state) {
    (void)state;
    write_log(0);
    assert_int_equal(truncate(log_path(), 0), 0);
    check_found(1);
    assert_int_equal(unlink(log_path()), 0);
    check_found(1);
}

static void a_record_replaced_with_its_hash_is_named(void **state) {
    (void)state;
    // The same log but for record 5, rightly hashed, in another lab: its line is put here.
    write_log(0);
    read_lines();
    char *kept[N_RECORDS];
    memcpy(kept, lines, sizeof kept);
    assert_int_equal(unlink(log_path()), 0);
    char head[128];
    (void)snprintf(head, sizeof head, "%s/audit/head", folder);
    char head_aside[128];
    (void)snprintf(head_aside, sizeof head_aside, "%s/head", folder);
    assert_int_equal(rename(head, head_aside), 0);
    write_log(0);
    read_lines();
    for (int i = 0; i < N_RECORDS; i++) {
        if (i == 9) continue;
        free(lines[i]);
        lines[i] = kept[i];
    }
    free(kept[9]);
    assert_int_equal(rename(head_aside, head), 0);
    write_lines();
    check_found(9); // Record 10 follows another record 9.
}

static void a_changed_head_is_found(void **state) {
    (void)state;
    write_log(0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit/head", folder);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    char zeros[1024] = "forged";
    (void)fwrite(zeros, 1, (size_t)dosi_file_size(path), file);
    (void)fclose(file);
    dosi_audit_report report = verify();
    assert_false(report.is_whole);
    assert_string_equal(report.file, "audit/head");
    // A log whose head cannot be trusted is not continued.
    dosi_audit *audit = open_log(0);
    const dosi_audit_entry entry = {.action = "read"};
    CHECK_STATUS(dosi_audit_append(audit, &entry, NULL), DOSI_CONFLICT);
    dosi_audit_close(audit);
}

static void a_log_of_many_files_is_one_chain(void **state) {
    (void)state;
    write_log(900); // Two or three records a file.
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit/00000003.jsonl", folder);
    assert_true(dosi_path_exists(path));
    dosi_audit_report report = verify();
    assert_true(report.is_whole);
    assert_int_equal(report.n_records, N_RECORDS);
    dosi_error err;
    dosi_text out = {0};
    dosi_audit *audit = open_log(900);
    CHECK_OK(dosi_audit_put_latest(audit, 7, &out, &err), err);
    const char *text = dosi_text_string(&out);
    assert_non_null(strstr(text, "dong@10"));
    assert_non_null(strstr(text, "dong@4\""));
    assert_null(strstr(text, "dong@3\""));
    assert_true(strstr(text, "dong@10") < strstr(text, "dong@4\""));
    dosi_text_destroy(&out);
    dosi_audit_close(audit);
    assert_int_equal(unlink(path), 0);
    report = verify();
    assert_false(report.is_whole);
    assert_non_null(strstr(report.finding, "removed"));
}

static void what_a_crash_left_is_taken_in(void **state) {
    (void)state;
    write_log(0);
    // The head of nine records beside a log of ten and a half: a process died in between.
    char head[128];
    (void)snprintf(head, sizeof head, "%s/audit/head", folder);
    dosi_error err;
    dosi_text kept = {0};
    CHECK_OK(dosi_file_read(head, 4096, &kept, &err), err);
    dosi_audit *audit = open_log(0);
    append(audit, 11);
    dosi_audit_close(audit);
    CHECK_OK(dosi_file_write_atomic(head, kept.data, kept.length, 0600, &err), err);
    dosi_text_destroy(&kept);
    FILE *file = fopen(log_path(), "a");
    (void)fputs("{\"seq\":12,\"utc\":\"20", file);
    (void)fclose(file);
    dosi_audit_report report = verify();
    assert_true(report.is_whole);
    assert_int_equal(report.n_records, 11);
    audit = open_log(0);
    append(audit, 12);
    dosi_audit_close(audit);
    report = verify();
    assert_true(report.is_whole);
    assert_int_equal(report.n_records, 12);
}

/// Writes one byte of a file anew, with its size kept and, if asked, its times put back.
static void change_byte(const char *path, off_t at, char byte, bool puts_times_back) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct stat before;
    assert_int_equal(fstat(fd, &before), 0);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    if (puts_times_back) assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static dosi_audit_report look(dosi_audit *audit, bool trusts_known) {
    dosi_error err;
    dosi_audit_report report;
    CHECK_OK(dosi_audit_verify(audit, trusts_known, NULL, &report, &err), err);
    return report;
}

static void a_changed_byte_of_a_file_once_found_good_is_still_found(void **state) {
    (void)state;
    write_log(900); // Two or three records a file.
    dosi_audit *audit = open_log(900);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit/00000002.jsonl", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 150, SEEK_SET), 0);
    char good = (char)fgetc(file);
    (void)fclose(file);
    (void)sleep(3); // What was changed a moment ago is not remembered.
    for (int round = 0; round < 2; round++) {
        bool puts_times_back = round == 1;
        assert_true(look(audit, true).is_whole);
        dosi_audit_report report = look(audit, true); // Known by now.
        assert_true(report.is_whole);
        assert_int_equal(report.n_records, N_RECORDS);
        assert_int_equal(strlen(report.until_utc) > 18, 1);
        assert_string_equal(report.head_hash, look(audit, false).head_hash);
        change_byte(path, 150, good == 'x' ? 'y' : 'x', puts_times_back);
        report = look(audit, true);
        assert_false(report.is_whole);
        assert_string_equal(report.file, "audit/00000002.jsonl");
        change_byte(path, 150, good, puts_times_back);
    }
    // Put back, and added to: whole again, one more.
    append(audit, 11);
    assert_int_equal(look(audit, true).n_records, N_RECORDS + 1);
    dosi_audit_close(audit);
}

static void a_known_file_that_is_gone_is_missed(void **state) {
    (void)state;
    write_log(900);
    dosi_audit *audit = open_log(900);
    (void)sleep(3);
    assert_true(look(audit, true).is_whole);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/audit/00000002.jsonl", folder);
    assert_int_equal(unlink(path), 0);
    assert_false(look(audit, true).is_whole);
    dosi_audit_close(audit);
}

static void *append_many(void *context) {
    for (int i = 0; i < N_EACH; i++) append(context, i);
    return NULL;
}

static void threads_and_processes_share_one_chain(void **state) {
    (void)state;
    pid_t children[2];
    for (int c = 0; c < 2; c++) {
        children[c] = fork();
        if (children[c] != 0) continue;
        dosi_audit *own = open_log(64 << 10);
        (void)append_many(own);
        dosi_audit_close(own);
        _exit(0);
    }
    dosi_audit *audit = open_log(64 << 10);
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, append_many, audit), 0);
    }
    for (int i = 0; i < N_THREADS; i++) (void)pthread_join(threads[i], NULL);
    for (int c = 0; c < 2; c++) {
        int code = -1;
        assert_int_equal(waitpid(children[c], &code, 0), children[c]);
        assert_int_equal(code, 0);
    }
    dosi_audit_close(audit);
    dosi_audit_report report = verify();
    assert_true(report.is_whole);
    assert_int_equal(report.n_records, (N_THREADS + 2) * N_EACH);
}

int main(void) {
#define ONE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        ONE(an_untouched_log_is_whole),
        ONE(a_changed_record_is_named),
        ONE(a_changed_number_or_previous_hash_is_named),
        ONE(a_removed_record_is_named),
        ONE(swapped_records_are_named),
        ONE(an_inserted_copy_is_named),
        ONE(an_inserted_foreign_line_is_named),
        ONE(records_cut_off_at_the_end_are_missed),
        ONE(an_emptied_or_removed_file_is_missed),
        ONE(a_record_replaced_with_its_hash_is_named),
        ONE(a_changed_head_is_found),
        ONE(a_log_of_many_files_is_one_chain),
        ONE(what_a_crash_left_is_taken_in),
        ONE(a_changed_byte_of_a_file_once_found_good_is_still_found),
        ONE(a_known_file_that_is_gone_is_missed),
        ONE(threads_and_processes_share_one_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
