// Goal: signing in is slow to guess, ends when it should, and one-time passwords open only the
// way to a new one.

#include "govern_lab.h"

#include <sqlite3.h>

/// Runs SQL on the catalogue from outside, as the passing of time would have it.
static void change_catalogue(const char *sql) {
    char path[DOSI_PATH_BYTES];
    sqlite3 *db = NULL;
    dosi_error err;
    CHECK_OK(dosi_path_join(lab.folder, "catalogue.sqlite", path, &err), err);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static dosi_status sign_in(const char *name, const char *password, char *secret) {
    return dosi_account_sign_in(lab.gate, name, password, "10.0.0.1", secret, NULL);
}

static void the_one_time_password_opens_only_the_way_to_a_new_one(void **state) {
    (void)state;
    dosi_error err;
    char secret[DOSI_SECRET_BYTES];
    dosi_caller admin;
    dosi_token token = {.label = "t", .scopes = 1};
    CHECK_STATUS(sign_in("admin", lab.admin_password, secret), DOSI_OK);
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "api", &admin, &err), err);
    assert_true(admin.must_change_password);
    assert_int_equal(admin.role, DOSI_ROLE_VISITOR);
    char password[DOSI_PASSWORD_BYTES];
    CHECK_STATUS(
        dosi_account_create(lab.gate, &admin, "eve", DOSI_ROLE_ADMINISTRATOR, password, &err),
        DOSI_DENIED);
    token.expires_utc_us = dosi_time_now_utc_us() + DOSI_DAY_US;
    char token_secret[DOSI_SECRET_BYTES];
    CHECK_STATUS(dosi_token_create(lab.gate, &admin, &token, &token, token_secret, &err),
                 DOSI_DENIED);
    CHECK_STATUS(
        dosi_account_change_password(lab.gate, &admin, "wrong", "a-new-password", secret, &err),
        DOSI_DENIED);
    CHECK_STATUS(dosi_account_change_password(lab.gate, &admin, lab.admin_password, "short",
                                              secret, &err),
                 DOSI_INVALID);
    CHECK_STATUS(dosi_account_change_password(lab.gate, &admin, lab.admin_password,
                                              lab.admin_password, secret, &err),
                 DOSI_INVALID);
    CHECK_OK(dosi_account_change_password(lab.gate, &admin, lab.admin_password,
                                          "a-new-password", secret, &err),
             err);
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "api", &admin, &err), err);
    assert_false(admin.must_change_password);
    assert_int_equal(admin.role, DOSI_ROLE_ADMINISTRATOR);
    CHECK_STATUS(sign_in("admin", lab.admin_password, secret), DOSI_UNAUTHENTICATED);
    CHECK_STATUS(sign_in("admin", "a-new-password", secret), DOSI_OK);
}

static void guesses_are_slowed_down_and_recorded(void **state) {
    (void)state;
    dosi_error err;
    char secret[DOSI_SECRET_BYTES];
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(sign_in("mina", "guess", secret), DOSI_UNAUTHENTICATED);
    }
    // Now even the right password has to wait.
    CHECK_STATUS(sign_in("mina", "password-of-mina", secret), DOSI_BUSY);
    // Others from elsewhere do not.
    test_add_account("stella", DOSI_ROLE_STEWARD, "seoul");
    CHECK_STATUS(sign_in("stella", "password-of-stella", secret), DOSI_OK);
    change_catalogue("UPDATE throttle SET failed_utc_us = failed_utc_us - 2000000");
    CHECK_STATUS(sign_in("mina", "password-of-mina", secret), DOSI_OK);
    CHECK_STATUS(sign_in("mina", "guess", secret), DOSI_UNAUTHENTICATED);
    // An address that guesses many names has to wait too.
    change_catalogue("UPDATE throttle SET failures = 30 WHERE subject LIKE 'address%'");
    CHECK_STATUS(sign_in("stella", "password-of-stella", secret), DOSI_BUSY);
    CHECK_OK(dosi_account_sign_in(lab.gate, "stella", "password-of-stella", "10.0.0.2", secret,
                                  &err),
             err);
    dosi_text text = {0};
    CHECK_OK(dosi_gate_put_audit(lab.gate, &lab.local, 3, &text, &err), err);
    assert_non_null(strstr(dosi_text_string(&text),
                           "\"action\":\"sign-in\",\"object\":\"mina\",\"outcome\":\"denied\","
                           "\"detail\":\"10.0.0.1\""));
    dosi_text_destroy(&text);
}

static void an_unknown_name_fails_as_a_wrong_password_does(void **state) {
    (void)state;
    dosi_error wrong;
    dosi_error unknown;
    char secret[DOSI_SECRET_BYTES] = "untouched";
    CHECK_STATUS(dosi_account_sign_in(lab.gate, "admin", "guess", NULL, secret, &wrong),
                 DOSI_UNAUTHENTICATED);
    CHECK_STATUS(dosi_account_sign_in(lab.gate, "nobody", "guess", NULL, secret, &unknown),
                 DOSI_UNAUTHENTICATED);
    assert_string_equal(wrong.message, unknown.message);
    assert_string_equal(secret, "untouched");
    char longest[2000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK_STATUS(sign_in("admin", longest, secret), DOSI_UNAUTHENTICATED);
    CHECK_STATUS(sign_in(longest, "x", secret), DOSI_UNAUTHENTICATED);
}

static void sessions_end_idle_late_or_signed_out(void **state) {
    (void)state;
    dosi_error err;
    char secret[DOSI_SECRET_BYTES];
    dosi_caller mina;
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    static const char *const passing[] = {
        // Unused for a little less than 12 hours: still good.
        "UPDATE session SET used_utc_us = used_utc_us - 43100000000",
        "UPDATE session SET used_utc_us = used_utc_us - 43300000000",
        "UPDATE session SET expires_utc_us = expires_utc_us - 604900000000",
    };
    for (int i = 0; i < 3; i++) {
        (void)test_sign_in("mina", secret);
        change_catalogue(passing[i]);
        CHECK_STATUS(dosi_caller_from_secret(lab.gate, secret, "api", &mina, &err),
                     i == 0 ? DOSI_OK : DOSI_UNAUTHENTICATED);
    }
    (void)test_sign_in("mina", secret);
    CHECK_OK(dosi_account_sign_out(lab.gate, secret, &err), err);
    CHECK_STATUS(dosi_caller_from_secret(lab.gate, secret, "api", &mina, &err),
                 DOSI_UNAUTHENTICATED);
    CHECK_OK(dosi_account_sign_out(lab.gate, secret, &err), err);
}

static void tokens_end_and_are_kept_as_hashes_only(void **state) {
    (void)state;
    dosi_error err;
    char session[DOSI_SECRET_BYTES];
    char secret[DOSI_SECRET_BYTES];
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    dosi_caller mina = test_sign_in("mina", session);
    dosi_token token = {.label = "s", .scopes = 3};
    token.expires_utc_us = dosi_time_now_utc_us() + DOSI_DAY_US;
    CHECK_OK(dosi_token_create(lab.gate, &mina, &token, &token, secret, &err), err);
    (void)setenv("DOSI_TOKEN", secret, 1);
    dosi_caller here;
    CHECK_OK(dosi_caller_local(lab.gate, "cli", &here, &err), err);
    assert_string_equal(here.name, "mina");
    (void)unsetenv("DOSI_TOKEN");
    change_catalogue("UPDATE token SET expires_utc_us = 1");
    CHECK_STATUS(dosi_caller_from_secret(lab.gate, secret, "api", &mina, &err),
                 DOSI_UNAUTHENTICATED);
    // Neither secrets nor passwords stand anywhere in the lab's files.
    static const char *const files[] = {"catalogue.sqlite", "catalogue.sqlite-wal",
                                        "audit/00000001.jsonl"};
    for (size_t i = 0; i < 3; i++) {
        char path[DOSI_PATH_BYTES];
        dosi_text bytes = {0};
        CHECK_OK(dosi_path_join(lab.folder, files[i], path, &err), err);
        if (!dosi_path_exists(path)) continue;
        CHECK_OK(dosi_file_read(path, 64 << 20, &bytes, &err), err);
        assert_null(memmem(bytes.data, bytes.length, secret, strlen(secret)));
        assert_null(memmem(bytes.data, bytes.length, session, strlen(session)));
        assert_null(memmem(bytes.data, bytes.length, "password-of-mina", 16));
        assert_null(memmem(bytes.data, bytes.length, lab.admin_password, 20));
        dosi_text_destroy(&bytes);
    }
}

static void forged_secrets_open_nothing(void **state) {
    (void)state;
    static const char *const forged[] = {"",
                                         "dosi_s_",
                                         "dosi_t_",
                                         "dosi_s_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "' OR 1=1 --",
                                         "admin"};
    dosi_caller caller;
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        CHECK_STATUS(dosi_caller_from_secret(lab.gate, forged[i], "api", &caller, NULL),
                     DOSI_UNAUTHENTICATED);
    }
}

static void account_and_organisation_names_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "Mina", "a b", "-a", "../x", "local", "a\"b", "'; DROP TABLE account; --", "한글"};
    char password[DOSI_PASSWORD_BYTES];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(
            dosi_account_create(lab.gate, &lab.local, bad[i], DOSI_ROLE_MEMBER, password, NULL),
            DOSI_INVALID);
    }
    CHECK_STATUS(
        dosi_account_create(lab.gate, &lab.local, "admin", DOSI_ROLE_MEMBER, password, NULL),
        DOSI_CONFLICT);
    CHECK_STATUS(dosi_account_join(lab.gate, &lab.local, "nobody", "seoul", true, NULL),
                 DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_account_join(lab.gate, &lab.local, "admin", "Bad Org", true, NULL),
                 DOSI_INVALID);
}

static void a_reset_password_ends_sessions(void **state) {
    (void)state;
    dosi_error err;
    char session[DOSI_SECRET_BYTES];
    char once[DOSI_PASSWORD_BYTES];
    test_add_account("mina", DOSI_ROLE_MEMBER, "seoul");
    dosi_caller mina = test_sign_in("mina", session);
    CHECK_STATUS(dosi_account_reset_password(lab.gate, &mina, "admin", once, &err),
                 DOSI_DENIED);
    CHECK_OK(dosi_account_reset_password(lab.gate, &lab.local, "mina", once, &err), err);
    CHECK_STATUS(dosi_caller_from_secret(lab.gate, session, "api", &mina, &err),
                 DOSI_UNAUTHENTICATED);
    CHECK_STATUS(sign_in("mina", once, session), DOSI_OK);
}

int main(void) {
#define ONE(test) cmocka_unit_test_setup_teardown(test, test_lab_open, test_lab_close)
    const struct CMUnitTest tests[] = {
        ONE(the_one_time_password_opens_only_the_way_to_a_new_one),
        ONE(guesses_are_slowed_down_and_recorded),
        ONE(an_unknown_name_fails_as_a_wrong_password_does),
        ONE(sessions_end_idle_late_or_signed_out),
        ONE(tokens_end_and_are_kept_as_hashes_only),
        ONE(forged_secrets_open_nothing),
        ONE(account_and_organisation_names_are_checked),
        ONE(a_reset_password_ends_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
