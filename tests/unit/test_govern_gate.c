// Goal: data passes the gate as decided, every pass leaves a record, and what ends, ends at
// once, also in another process.

#include "feature/feature.h"
#include "govern_lab.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static dosi_caller nobody(void) {
    return dosi_caller_visitor("test");
}

static dosi_status read_as(const dosi_caller *caller, const char *reference, size_t *n_rows) {
    dosi_table table = {0};
    dosi_status status =
        dosi_gate_read(lab.gate, caller, reference, NULL, 0, &table, NULL, NULL);
    if (status == DOSI_OK) *n_rows = table.n_rows;
    dosi_table_destroy(&table);
    return status;
}

static dosi_status count_one(void *context, const dosi_version *version, dosi_error *err) {
    (void)version;
    (void)err;
    ++*(size_t *)context;
    return DOSI_OK;
}

static size_t count_seen(const dosi_caller *caller) {
    dosi_error err;
    size_t n = 0;
    CHECK_OK(dosi_gate_each(lab.gate, caller, count_one, &n, &err), err);
    return n;
}

/// The latest audit records as text.
static const char *latest(size_t limit) {
    static dosi_text text;
    dosi_error err;
    dosi_text_destroy(&text);
    if (limit) CHECK_OK(dosi_gate_put_audit(lab.gate, &lab.local, limit, &text, &err), err);
    return dosi_text_string(&text);
}

static void check_audit_is_whole(void) {
    dosi_error err;
    dosi_audit_report report;
    CHECK_OK(dosi_gate_verify_audit(lab.gate, &lab.local, false, NULL, &report, &err), err);
    if (!report.is_whole) fail_msg("%s", report.finding);
}

static void a_lab_says_what_it_is(void **state) {
    (void)state;
    dosi_error err;
    assert_string_equal(dosi_gate_title(lab.gate), "시험 \"lab\"");
    assert_int_equal(dosi_gate_zone_s(lab.gate), 32400);
    char path[DOSI_PATH_BYTES];
    char found[DOSI_PATH_BYTES];
    CHECK_OK(dosi_path_join(lab.folder, "jobs", path, &err), err);
    CHECK_OK(dosi_lab_find(path, found, &err), err);
    assert_string_equal(found, lab.folder);
    CHECK_STATUS(dosi_lab_find("/tmp", found, &err), DOSI_NOT_FOUND);
    char password[DOSI_PASSWORD_BYTES];
    CHECK_STATUS(dosi_lab_create(lab.folder, "x", password, &err), DOSI_CONFLICT);
    struct stat info;
    CHECK_OK(dosi_path_join(lab.folder, "secrets", path, &err), err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void reads_are_decided_and_recorded(void **state) {
    (void)state;
    size_t n_rows = 0;
    dosi_caller visitor = nobody();
    CHECK_STATUS(read_as(&visitor, "seoul/open", &n_rows), DOSI_OK);
    assert_int_equal(n_rows, 4);
    assert_non_null(strstr(latest(1), "\"action\":\"read\",\"object\":\"seoul/open@1\","
                                      "\"outcome\":\"ok\""));
    CHECK_STATUS(read_as(&visitor, "seoul/secret", &n_rows), DOSI_NOT_FOUND);
    assert_non_null(strstr(latest(1), "\"object\":\"seoul/secret\",\"outcome\":\"not found\""));
    CHECK_STATUS(read_as(&lab.local, "busan/secret", &n_rows), DOSI_OK);
    assert_non_null(strstr(latest(1), "\"account\":\"local\""));
    assert_int_equal(count_seen(&visitor), 1);
    assert_int_equal(count_seen(&lab.local), 4);
    check_audit_is_whole();
}

static void unknown_and_invisible_give_the_same_words(void **state) {
    (void)state;
    dosi_error hidden;
    dosi_error absent;
    dosi_version version;
    dosi_caller visitor = nobody();
    CHECK_STATUS(dosi_gate_find(lab.gate, &visitor, "seoul/secret", &version, &hidden),
                 DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_gate_find(lab.gate, &visitor, "seoul/absent", &version, &absent),
                 DOSI_NOT_FOUND);
    assert_string_equal(hidden.message, "no dataset \"seoul/secret\"");
    assert_string_equal(absent.message, "no dataset \"seoul/absent\"");
    CHECK_STATUS(dosi_gate_find(lab.gate, &visitor, "seoul/secret@9", &version, &hidden),
                 DOSI_NOT_FOUND);
    assert_string_equal(hidden.message, "no dataset \"seoul/secret@9\"");
}

static dosi_status write_as(const dosi_caller *caller,
                            const char *reference,
                            const char *visibility) {
    dosi_table table;
    test_make_table(&table, 3);
    const dosi_metadata metadata = {.visibility = visibility};
    const dosi_new_version new_version = {
        .reference = reference, .table = &table, .metadata = &metadata};
    dosi_version version = {0};
    bool is_new;
    dosi_status status =
        dosi_gate_write(lab.gate, caller, &new_version, &version, &is_new, NULL);
    if (status == DOSI_OK) assert_int_equal(version.owner_id != 0, 1);
    dosi_version_clear(&version);
    dosi_table_destroy(&table);
    return status;
}

static void members_write_for_their_organisation_and_stewards_publish(void **state) {
    (void)state;
    char secret[DOSI_SECRET_BYTES];
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    test_add_account("stella", DOSI_ROLE_STEWARD, "seoul");
    dosi_caller member = test_sign_in("mina", secret);
    dosi_caller steward = test_sign_in("stella", secret);
    dosi_caller visitor = nobody();
    size_t n_rows;
    CHECK_STATUS(write_as(&visitor, "seoul/new", NULL), DOSI_NOT_FOUND);
    CHECK_STATUS(write_as(&member, "busan/new", NULL), DOSI_NOT_FOUND);
    CHECK_STATUS(write_as(&member, "seoul/new", "private"), DOSI_OK);
    CHECK_STATUS(read_as(&member, "seoul/new", &n_rows), DOSI_OK);
    CHECK_STATUS(read_as(&steward, "seoul/new", &n_rows), DOSI_OK);
    CHECK_STATUS(write_as(&member, "seoul/new", "public"), DOSI_DENIED);
    CHECK_STATUS(write_as(&member, "seoul/secret", NULL), DOSI_NOT_FOUND);
    CHECK_STATUS(write_as(&member, "seoul/open", NULL), DOSI_OK);
    CHECK_STATUS(write_as(&member, "seoul/new@7", NULL), DOSI_INVALID);
    const dosi_metadata publish = {.visibility = "public"};
    CHECK_STATUS(dosi_gate_describe(lab.gate, &member, "seoul/new", &publish, NULL),
                 DOSI_DENIED);
    CHECK_STATUS(dosi_gate_describe(lab.gate, &steward, "seoul/new", &publish, NULL), DOSI_OK);
    assert_non_null(strstr(latest(1), "visibility private -> public"));
    CHECK_STATUS(read_as(&visitor, "seoul/new", &n_rows), DOSI_OK);
    CHECK_STATUS(dosi_gate_describe(lab.gate, &visitor, "seoul/new", &publish, NULL),
                 DOSI_UNAUTHENTICATED);
    check_audit_is_whole();
}

static void a_token_has_scopes_an_end_and_ends_at_once(void **state) {
    (void)state;
    dosi_error err;
    char session[DOSI_SECRET_BYTES];
    char secret[DOSI_SECRET_BYTES];
    size_t n_rows;
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    dosi_caller mina = test_sign_in("mina", session);
    unsigned scopes;
    CHECK_OK(dosi_scopes_parse("read", &scopes, &err), err);
    dosi_token wanted = {.label = "script", .scopes = scopes};
    dosi_token token;
    wanted.expires_utc_us = dosi_time_now_utc_us() + 367 * DOSI_DAY_US;
    CHECK_STATUS(dosi_token_create(lab.gate, &mina, &wanted, &token, secret, &err),
                 DOSI_DOMAIN);
    wanted.expires_utc_us = dosi_time_now_utc_us() + DOSI_DAY_US;
    CHECK_OK(dosi_token_create(lab.gate, &mina, &wanted, &token, secret, &err), err);
    dosi_caller script;
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "api", &script, &err), err);
    assert_string_equal(script.name, "mina");
    CHECK_STATUS(read_as(&script, "seoul/shared", &n_rows), DOSI_OK);
    CHECK_STATUS(write_as(&script, "seoul/shared", NULL), DOSI_DENIED);
    // A token cannot make a stronger one.
    wanted.scopes = scopes | 1U << DOSI_ACTION_WRITE;
    char other[DOSI_SECRET_BYTES];
    CHECK_STATUS(dosi_token_create(lab.gate, &script, &wanted, &token, other, &err),
                 DOSI_DENIED);
    // Revoked by another process: this one's cache must not outlive it.
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "api", &script, &err), err);
    pid_t child = fork();
    if (child == 0) {
        dosi_gate *gate = NULL;
        dosi_caller admin;
        dosi_status status = dosi_gate_open(lab.folder, &gate, NULL);
        if (status == DOSI_OK) status = dosi_caller_local(gate, "cli", &admin, NULL);
        if (status == DOSI_OK) status = dosi_token_revoke(gate, &admin, token.id, NULL);
        dosi_gate_close(gate);
        _exit(status);
    }
    int code = -1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    CHECK_STATUS(dosi_caller_from_secret(lab.gate, secret, "api", &script, &err),
                 DOSI_UNAUTHENTICATED);
    CHECK_STATUS(dosi_token_revoke(lab.gate, &mina, token.id, &err), DOSI_NOT_FOUND);
    check_audit_is_whole();
}

static void an_account_switched_off_is_out_at_once(void **state) {
    (void)state;
    dosi_error err;
    char session[DOSI_SECRET_BYTES];
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    dosi_caller mina = test_sign_in("mina", session);
    CHECK_OK(dosi_account_join(lab.gate, &lab.local, "mina", "seoul", false, &err), err);
    CHECK_OK(dosi_caller_from_secret(lab.gate, session, "api", &mina, &err), err);
    size_t n_rows;
    CHECK_STATUS(read_as(&mina, "seoul/shared", &n_rows), DOSI_NOT_FOUND);
    CHECK_OK(dosi_account_switch(lab.gate, &lab.local, "mina", false, &err), err);
    CHECK_STATUS(dosi_caller_from_secret(lab.gate, session, "api", &mina, &err),
                 DOSI_UNAUTHENTICATED);
    CHECK_STATUS(dosi_caller_from_account(lab.gate, mina.account_id, "job", &mina, &err),
                 DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_account_set_role(lab.gate, &lab.local, "admin", DOSI_ROLE_MEMBER, &err),
                 DOSI_CONFLICT);
}

static void columns_versions_and_copies_are_handed_out(void **state) {
    (void)state;
    dosi_error err;
    dosi_caller visitor = nobody();
    test_write("seoul/open", "public", 9);
    const char *const columns[] = {"value"};
    dosi_table table = {0};
    dosi_version found = {0};
    CHECK_OK(
        dosi_gate_read(lab.gate, &visitor, "seoul/open@1", columns, 1, &table, &found, &err),
        err);
    assert_int_equal(table.n_columns, 1);
    assert_int_equal(table.n_rows, 4);
    assert_int_equal(found.number, 1);
    assert_int_equal(found.latest, 2);
    dosi_version_clear(&found);
    dosi_table_destroy(&table);
    char path[DOSI_PATH_BYTES];
    CHECK_OK(dosi_path_join(lab.folder, "copy.parquet", path, &err), err);
    CHECK_OK(dosi_gate_export(lab.gate, &visitor, "seoul/open", path, &err), err);
    assert_true(dosi_file_size(path) > 100);
    assert_non_null(strstr(latest(1), "\"action\":\"export\",\"object\":\"seoul/open@2\""));
    CHECK_STATUS(dosi_gate_export(lab.gate, &visitor, "seoul/secret", path, &err),
                 DOSI_NOT_FOUND);
}

static void *open_features(void *context) {
    const dosi_features **out = context;
    dosi_caller visitor = dosi_caller_visitor("tile");
    (void)!dosi_gate_features(lab.gate, &visitor, "seoul/open", out, NULL);
    return NULL;
}

static void feature_indexes_are_made_once_and_shared(void **state) {
    (void)state;
    dosi_error err;
    enum { N = 6 };
    pthread_t threads[N];
    const dosi_features *found[N] = {NULL};
    for (int i = 0; i < N; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_features, &found[i]), 0);
    }
    for (int i = 0; i < N; i++) (void)pthread_join(threads[i], NULL);
    assert_non_null(found[0]);
    for (int i = 0; i < N; i++) assert_ptr_equal(found[i], found[0]);
    assert_int_equal(dosi_features_count(found[0]), 4);
    for (int i = 0; i < N; i++) dosi_gate_release_features(lab.gate, found[i]);
    dosi_gate_release_features(lab.gate, NULL);
    assert_non_null(strstr(latest(1), "\"channel\":\"tile\",\"action\":\"read\""));
    dosi_caller visitor = nobody();
    const dosi_features *hidden = NULL;
    CHECK_STATUS(dosi_gate_features(lab.gate, &visitor, "seoul/secret", &hidden, &err),
                 DOSI_NOT_FOUND);
    assert_null(hidden);
}

static void no_record_no_data(void **state) {
    (void)state;
    char path[DOSI_PATH_BYTES];
    dosi_error err;
    CHECK_OK(dosi_path_join(lab.folder, "audit/head", path, &err), err);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    char zeros[512] = {0};
    (void)fwrite(zeros, 1, sizeof zeros, file);
    (void)fclose(file);
    size_t n_rows = 99;
    CHECK_STATUS(read_as(&lab.local, "seoul/open", &n_rows), DOSI_CONFLICT);
    assert_int_equal(n_rows, 99);
}

int main(void) {
#define ONE(test) cmocka_unit_test_setup_teardown(test, test_lab_open, test_lab_close)
    const struct CMUnitTest tests[] = {
        ONE(a_lab_says_what_it_is),
        ONE(reads_are_decided_and_recorded),
        ONE(unknown_and_invisible_give_the_same_words),
        ONE(members_write_for_their_organisation_and_stewards_publish),
        ONE(a_token_has_scopes_an_end_and_ends_at_once),
        ONE(an_account_switched_off_is_out_at_once),
        ONE(columns_versions_and_copies_are_handed_out),
        ONE(feature_indexes_are_made_once_and_shared),
        ONE(no_record_no_data),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)latest(0);
    return n_failed;
}
