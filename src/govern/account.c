// Accounts and organisations: their tables, and what administrators do to them.

#include "govern/account.h"
#include "govern/db.h"
#include "govern/gate_state.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char *const role_names[] = {"visitor", "member", "steward", "administrator"};
static const char *const scope_names[] = {"see", "read", "write", "describe", "manage"};
enum {
    N_ROLES = sizeof role_names / sizeof role_names[0],
    N_SCOPES = sizeof scope_names / sizeof scope_names[0]
};

static const char tables_sql[] =
    "CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " password TEXT NOT NULL, role INTEGER NOT NULL, must_change INTEGER NOT NULL DEFAULT 0,"
    " is_off INTEGER NOT NULL DEFAULT 0, created_utc_us INTEGER NOT NULL,"
    " signed_in_utc_us INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS organisation (name TEXT PRIMARY KEY,"
    " created_utc_us INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS membership ("
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " organisation TEXT NOT NULL REFERENCES organisation (name) ON DELETE CASCADE,"
    " PRIMARY KEY (account_id, organisation)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS session (hash BLOB PRIMARY KEY,"
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " created_utc_us INTEGER NOT NULL, used_utc_us INTEGER NOT NULL,"
    " expires_utc_us INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS token (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " label TEXT NOT NULL, scopes INTEGER NOT NULL, created_utc_us INTEGER NOT NULL,"
    " expires_utc_us INTEGER NOT NULL, used_utc_us INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS throttle (subject TEXT PRIMARY KEY,"
    " failures INTEGER NOT NULL, failed_utc_us INTEGER NOT NULL) WITHOUT ROWID;";

const char *dosi_role_name(dosi_role role) {
    assert((size_t)role < N_ROLES);
    return role_names[role];
}

dosi_status dosi_role_from_name(const char *name, dosi_role *out, dosi_error *err) {
    assert(name && out);
    for (int i = 0; i < N_ROLES; i++) {
        if (strcmp(name, role_names[i]) != 0) continue;
        *out = (dosi_role)i;
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID,
                     "role \"%s\" is none of visitor, member, steward, administrator", name);
}

const char *dosi_action_name(dosi_action action) {
    assert((size_t)action < N_SCOPES);
    return scope_names[action];
}

/// The bit of one scope; 0 when it is none.
static unsigned scope_bit(const char *name, size_t n_bytes) {
    for (unsigned i = 0; i < N_SCOPES; i++) {
        if (strlen(scope_names[i]) == n_bytes && memcmp(name, scope_names[i], n_bytes) == 0) {
            return 1U << i;
        }
    }
    return n_bytes == 3 && memcmp(name, "all", 3) == 0 ? (1U << N_SCOPES) - 1 : 0;
}

dosi_status dosi_scopes_parse(const char *names, unsigned *out, dosi_error *err) {
    assert(names && out);
    unsigned scopes = 0;
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, ", ");
        unsigned bit = scope_bit(at, length);
        if (length && !bit) {
            return dosi_fail(
                err, DOSI_INVALID,
                "scope \"%.*s\" is none of see, read, write, describe, manage, all",
                (int)(length < 40 ? length : 40), at);
        }
        scopes |= bit;
        at += length + (at[length] != '\0');
    }
    if (!scopes) return dosi_fail(err, DOSI_INVALID, "no scope is given");
    *out = scopes | 1U << DOSI_ACTION_SEE; // Whoever may do anything may know of it.
    return DOSI_OK;
}

void dosi_scopes_put(dosi_text *out, unsigned scopes) {
    bool is_first = true;
    for (unsigned i = 0; i < N_SCOPES; i++) {
        if (!(scopes & (1U << i))) continue;
        if (!is_first) dosi_text_putc(out, ',');
        dosi_text_puts(out, scope_names[i]);
        is_first = false;
    }
}

dosi_status dosi_account_prepare(dosi_gate *gate, dosi_error *err) {
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT 1 FROM sqlite_schema WHERE name = 'throttle'", ""));
    bool is_there = false;
    dosi_status status = dosi_db_step(statement, &is_there, err);
    (void)sqlite3_finalize(statement);
    if (status != DOSI_OK || is_there) return status;
    if (sqlite3_exec(db, tables_sql, NULL, NULL, NULL) != SQLITE_OK) {
        return dosi_fail(err, DOSI_IO, "catalogue: %s", sqlite3_errmsg(db));
    }
    return DOSI_OK;
}

// --- passwords -----------------------------------------------------------------------------

/// A password to be read aloud and typed: four groups without look-alike characters, 99 bits.
static void make_password(char *out) {
    static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
    size_t n = 0;
    for (int i = 0; i < 20; i++) {
        if (i && i % 5 == 0) out[n++] = '-';
        out[n++] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
    }
    out[n] = '\0';
    assert(n < DOSI_PASSWORD_BYTES);
}

static dosi_status hash_password(const char *password, char *out, dosi_error *err) {
    if (crypto_pwhash_str(out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to hash a password");
    }
    return DOSI_OK;
}

/// Account names are names of the catalogue, so that they can stand in paths and logs.
static dosi_status check_name(const char *name, dosi_error *err) {
    size_t n_bytes = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.@");
    if (n_bytes == 0 || name[n_bytes] != '\0' || n_bytes >= DOSI_NAME_BYTES ||
        !strchr("abcdefghijklmnopqrstuvwxyz0123456789", name[0]) ||
        strcmp(name, "local") == 0) {
        return dosi_fail(err, DOSI_INVALID,
                         "\"%.64s\" is no account name: a-z, 0-9, - _ . @, at most %d", name,
                         DOSI_NAME_BYTES - 1);
    }
    return DOSI_OK;
}

static dosi_status insert_account(
    dosi_gate *gate, const char *name, dosi_role role, char *password, dosi_error *err) {
    sqlite3 *db = NULL;
    char hash[crypto_pwhash_STRBYTES];
    char made[DOSI_PASSWORD_BYTES];
    make_password(made);
    DOSI_TRY(hash_password(made, hash, err));
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    dosi_status status =
        dosi_db_run(db, err,
                    "INSERT INTO account (name, password, role, must_change, created_utc_us)"
                    " VALUES (?1, ?2, ?3, 1, ?4)",
                    "ttii", name, hash, (int64_t)role, dosi_time_now_utc_us());
    if (status == DOSI_CONFLICT) {
        return dosi_fail(err, status, "there is an account \"%s\" already", name);
    }
    DOSI_TRY(status);
    memcpy(password, made, sizeof made);
    sodium_memzero(made, sizeof made);
    return DOSI_OK;
}

dosi_status dosi_account_create_first(dosi_gate *gate, char *password, dosi_error *err) {
    DOSI_TRY(insert_account(gate, "admin", DOSI_ROLE_ADMINISTRATOR, password, err));
    dosi_caller local;
    DOSI_TRY(dosi_caller_local(gate, "cli", &local, err));
    return dosi_gate_record(gate, &local, "lab-create", "admin", "ok", err);
}

// --- reading -------------------------------------------------------------------------------

static const char account_columns[] = "SELECT id, name, role, must_change, is_off, "
                                      "created_utc_us, signed_in_utc_us FROM account ";

static void read_account(sqlite3_stmt *statement, dosi_account *out) {
    *out = (dosi_account){.id = sqlite3_column_int64(statement, 0),
                          .role = (dosi_role)sqlite3_column_int(statement, 2),
                          .must_change_password = sqlite3_column_int(statement, 3) != 0,
                          .is_off = sqlite3_column_int(statement, 4) != 0,
                          .created_utc_us = sqlite3_column_int64(statement, 5),
                          .signed_in_utc_us = sqlite3_column_int64(statement, 6)};
    dosi_db_text(statement, 1, out->name, sizeof out->name);
    // A role that this program does not know gives no rights.
    if ((size_t)out->role >= N_ROLES) out->role = DOSI_ROLE_VISITOR;
}

static dosi_status read_memberships(sqlite3 *db, dosi_account *account, dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT organisation FROM membership WHERE account_id = ?1 "
                           "ORDER BY organisation",
                           "i", account->id));
    bool has_row = true;
    dosi_status status = DOSI_OK;
    while (account->n_organisations < DOSI_CALLER_ORGANISATIONS) {
        status = dosi_db_step(statement, &has_row, err);
        if (status != DOSI_OK || !has_row) break;
        dosi_db_text(statement, 0, account->organisations[account->n_organisations++],
                     DOSI_NAME_BYTES);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

dosi_status dosi_account_find(dosi_gate *gate,
                              int64_t account_id,
                              dosi_account *out,
                              dosi_error *err) {
    assert(gate && out);
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    char sql[256];
    (void)snprintf(sql, sizeof sql, "%s WHERE id = ?1", account_columns);
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err, sql, "i", account_id));
    bool has_row = false;
    dosi_account account = {0};
    dosi_status status = dosi_db_step(statement, &has_row, err);
    if (status == DOSI_OK && has_row) read_account(statement, &account);
    if (status == DOSI_OK && !has_row) {
        status = dosi_fail(err, DOSI_NOT_FOUND, "no account %lld", (long long)account_id);
    }
    (void)sqlite3_finalize(statement);
    DOSI_TRY(status);
    DOSI_TRY(read_memberships(db, &account, err));
    *out = account;
    return DOSI_OK;
}

dosi_status dosi_account_each(dosi_gate *gate,
                              const dosi_caller *caller,
                              dosi_status (*visit)(void *context,
                                                   const dosi_account *account,
                                                   dosi_error *err),
                              void *context,
                              dosi_error *err) {
    assert(gate && caller && visit);
    DOSI_TRY(dosi_gate_admit_manager(gate, caller, "account-list", "", err));
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    char sql[256];
    (void)snprintf(sql, sizeof sql, "%s ORDER BY name", account_columns);
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err, sql, ""));
    dosi_status status = DOSI_OK;
    for (bool has_row = true; status == DOSI_OK;) {
        status = dosi_db_step(statement, &has_row, err);
        if (status != DOSI_OK || !has_row) break;
        dosi_account account;
        read_account(statement, &account);
        status = read_memberships(db, &account, err);
        if (status == DOSI_OK) status = visit(context, &account, err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

// --- changing ------------------------------------------------------------------------------

/// The id of the account that an administrator names; the attempt is recorded durably first.
static dosi_status begin_change(dosi_gate *gate,
                                const dosi_caller *caller,
                                const dosi_audit_entry *entry,
                                sqlite3 **db,
                                int64_t *account_id,
                                dosi_error *err) {
    DOSI_TRY(dosi_gate_admit_manager(gate, caller, entry->action, entry->object, err));
    DOSI_TRY(dosi_lake_database(gate->lake, db, err));
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(*db, &statement, err, "SELECT id FROM account WHERE name = ?1", "t",
                           entry->object));
    bool has_row = false;
    dosi_status status = dosi_db_step(statement, &has_row, err);
    if (has_row) *account_id = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    DOSI_TRY(status);
    if (!has_row) return dosi_fail(err, DOSI_NOT_FOUND, "no account \"%s\"", entry->object);
    return dosi_gate_note_durably(gate, caller, entry, err);
}

dosi_status dosi_account_create(dosi_gate *gate,
                                const dosi_caller *caller,
                                const char *name,
                                dosi_role role,
                                char *password,
                                dosi_error *err) {
    assert(gate && caller && name && password);
    DOSI_TRY(dosi_gate_admit_manager(gate, caller, "account-create", name, err));
    DOSI_TRY(check_name(name, err));
    const dosi_audit_entry entry = {.action = "account-create",
                                    .object = name,
                                    .outcome = "ok",
                                    .detail = dosi_role_name(role)};
    DOSI_TRY(dosi_gate_note_durably(gate, caller, &entry, err));
    return insert_account(gate, name, role, password, err);
}

/// DOSI_CONFLICT when the account is the only administrator who is switched on.
static dosi_status keep_an_administrator(sqlite3 *db, int64_t account_id, dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT 1 FROM account WHERE role = ?1 AND is_off = 0 AND id <> ?2",
                           "ii", (int64_t)DOSI_ROLE_ADMINISTRATOR, account_id));
    bool has_other = false;
    dosi_status status = dosi_db_step(statement, &has_other, err);
    (void)sqlite3_finalize(statement);
    DOSI_TRY(status);
    if (has_other) return DOSI_OK;
    return dosi_fail(err, DOSI_CONFLICT, "this is the last administrator");
}

dosi_status dosi_account_set_role(dosi_gate *gate,
                                  const dosi_caller *caller,
                                  const char *name,
                                  dosi_role role,
                                  dosi_error *err) {
    assert(gate && caller && name);
    sqlite3 *db = NULL;
    int64_t id = 0;
    const dosi_audit_entry entry = {.action = "account-role",
                                    .object = name,
                                    .outcome = "ok",
                                    .detail = dosi_role_name(role)};
    DOSI_TRY(begin_change(gate, caller, &entry, &db, &id, err));
    if (role != DOSI_ROLE_ADMINISTRATOR) DOSI_TRY(keep_an_administrator(db, id, err));
    return dosi_db_run(db, err, "UPDATE account SET role = ?1 WHERE id = ?2", "ii",
                       (int64_t)role, id);
}

dosi_status dosi_account_switch(
    dosi_gate *gate, const dosi_caller *caller, const char *name, bool is_on, dosi_error *err) {
    assert(gate && caller && name);
    sqlite3 *db = NULL;
    int64_t id = 0;
    const dosi_audit_entry entry = {.action = "account-switch",
                                    .object = name,
                                    .outcome = "ok",
                                    .detail = is_on ? "on" : "off"};
    DOSI_TRY(begin_change(gate, caller, &entry, &db, &id, err));
    if (!is_on) {
        DOSI_TRY(keep_an_administrator(db, id, err));
        DOSI_TRY(dosi_db_run(db, err, "DELETE FROM session WHERE account_id = ?1", "i", id));
    }
    return dosi_db_run(db, err, "UPDATE account SET is_off = ?1 WHERE id = ?2", "ii",
                       (int64_t)!is_on, id);
}

dosi_status dosi_account_join(dosi_gate *gate,
                              const dosi_caller *caller,
                              const char *name,
                              const char *organisation,
                              bool is_member,
                              dosi_error *err) {
    assert(gate && caller && name && organisation);
    char reference[DOSI_REFERENCE_BYTES];
    char parsed[DOSI_NAME_BYTES];
    char rest[DOSI_NAME_BYTES];
    int64_t number;
    (void)snprintf(reference, sizeof reference, "%.100s/x", organisation);
    DOSI_TRY(dosi_reference_parse(reference, parsed, rest, &number, err));
    sqlite3 *db = NULL;
    int64_t id = 0;
    const dosi_audit_entry entry = {.action = is_member ? "account-join" : "account-leave",
                                    .object = name,
                                    .outcome = "ok",
                                    .detail = parsed};
    DOSI_TRY(begin_change(gate, caller, &entry, &db, &id, err));
    if (!is_member) {
        return dosi_db_run(db, err,
                           "DELETE FROM membership WHERE account_id = ?1 AND organisation = ?2",
                           "it", id, parsed);
    }
    DOSI_TRY(dosi_db_run(db, err, "INSERT OR IGNORE INTO organisation VALUES (?1, ?2)", "ti",
                         parsed, dosi_time_now_utc_us()));
    return dosi_db_run(db, err, "INSERT OR IGNORE INTO membership VALUES (?1, ?2)", "it", id,
                       parsed);
}

dosi_status dosi_account_reset_password(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const char *name,
                                        char *password,
                                        dosi_error *err) {
    assert(gate && caller && name && password);
    sqlite3 *db = NULL;
    int64_t id = 0;
    const dosi_audit_entry entry = {
        .action = "account-reset-password", .object = name, .outcome = "ok"};
    DOSI_TRY(begin_change(gate, caller, &entry, &db, &id, err));
    char hash[crypto_pwhash_STRBYTES];
    char made[DOSI_PASSWORD_BYTES];
    make_password(made);
    DOSI_TRY(hash_password(made, hash, err));
    DOSI_TRY(dosi_db_run(db, err,
                         "UPDATE account SET password = ?1, must_change = 1 WHERE id = ?2",
                         "ti", hash, id));
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM session WHERE account_id = ?1", "i", id));
    memcpy(password, made, sizeof made);
    sodium_memzero(made, sizeof made);
    return DOSI_OK;
}
