/// @file govern_lab.h
/// A lab in a temporary folder, with a few datasets and people, for tests of the gate.
#ifndef DOSI_TEST_GOVERN_LAB_H
#define DOSI_TEST_GOVERN_LAB_H

#include "base/os_file.h"
#include "govern/account.h"
#include "govern/gate.h"
#include "test.h"

/// The lab under test.
typedef struct test_lab {
    char folder[64];
    char admin_password[DOSI_PASSWORD_BYTES];
    dosi_gate *gate;
    dosi_caller local;
} test_lab;

static test_lab lab;

/// Makes a table of `n` rows: id integer, value real, name text, geometry point.
static inline void test_make_table(dosi_table *table, size_t n) {
    dosi_error err;
    *table = (dosi_table){0};
    CHECK_OK(dosi_table_add_column(table, "id", DOSI_TYPE_INT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "value", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "name", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "geometry", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(table, n, &err), err);
    for (size_t i = 0; i < n; i++) {
        unsigned char wkb[21] = {1, 1};
        double xy[2] = {126.9 + 0.001 * (double)i, 37.5};
        memcpy(wkb + 5, xy, sizeof xy);
        table->columns[0].data.integer[i] = (int64_t)i;
        table->columns[1].data.real[i] = 0.5 * (double)i;
        CHECK_OK(dosi_table_set_text(table, 2, i, i % 2 ? "중구" : "종로구"), err);
        CHECK_OK(dosi_table_set_bytes(table, 3, i, (const char *)wkb, sizeof wkb), err);
    }
}

/// Writes a dataset of `n` rows as the local administrator.
static inline void test_write(const char *reference, const char *visibility, size_t n) {
    dosi_error err;
    dosi_table table;
    test_make_table(&table, n);
    const dosi_metadata metadata = {.title_en = reference, .visibility = visibility};
    const dosi_new_version new_version = {
        .reference = reference, .table = &table, .metadata = &metadata};
    dosi_version version;
    bool is_new;
    CHECK_OK(dosi_gate_write(lab.gate, &lab.local, &new_version, &version, &is_new, &err), err);
    dosi_version_clear(&version);
    dosi_table_destroy(&table);
}

/// Makes the lab with seoul/open (public), seoul/shared (organisation), seoul/secret (private)
/// and busan/secret (private).
static inline int test_lab_open(void **state) {
    (void)state;
    dosi_error err = {""};
    (void)unsetenv("DOSI_TOKEN");
    (void)snprintf(lab.folder, sizeof lab.folder, "/tmp/dosi-lab-XXXXXX");
    if (!mkdtemp(lab.folder)) return -1;
    CHECK_OK(dosi_lab_create(lab.folder, "시험 \"lab\"", lab.admin_password, &err), err);
    CHECK_OK(dosi_gate_open(lab.folder, &lab.gate, &err), err);
    CHECK_OK(dosi_caller_local(lab.gate, "test", &lab.local, &err), err);
    test_write("seoul/open", "public", 4);
    test_write("seoul/shared", "organisation", 5);
    test_write("seoul/secret", "private", 6);
    test_write("busan/secret", "private", 7);
    return 0;
}

static inline int test_lab_close(void **state) {
    (void)state;
    dosi_gate_close(lab.gate);
    lab.gate = NULL;
    return dosi_folder_remove(lab.folder, NULL) == DOSI_OK ? 0 : -1;
}

/// An account whose password is already its own: "password-of-NAME".
static inline void test_add_account(const char *name,
                                    dosi_role role,
                                    const char *organisation) {
    dosi_error err;
    char once[DOSI_PASSWORD_BYTES];
    char password[96];
    char secret[DOSI_SECRET_BYTES];
    dosi_caller caller;
    (void)snprintf(password, sizeof password, "password-of-%s", name);
    CHECK_OK(dosi_account_create(lab.gate, &lab.local, name, role, once, &err), err);
    if (organisation) {
        CHECK_OK(dosi_account_join(lab.gate, &lab.local, name, organisation, true, &err), err);
    }
    CHECK_OK(dosi_account_sign_in(lab.gate, name, once, NULL, secret, &err), err);
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "test", &caller, &err), err);
    CHECK_OK(dosi_account_change_password(lab.gate, &caller, once, password, NULL, &err), err);
}

/// A signed-in caller of test_add_account().
static inline dosi_caller test_sign_in(const char *name, char *secret) {
    dosi_error err;
    char password[96];
    dosi_caller caller = {0};
    (void)snprintf(password, sizeof password, "password-of-%s", name);
    CHECK_OK(dosi_account_sign_in(lab.gate, name, password, "127.0.0.1", secret, &err), err);
    CHECK_OK(dosi_caller_from_secret(lab.gate, secret, "test", &caller, &err), err);
    return caller;
}

#endif // DOSI_TEST_GOVERN_LAB_H
