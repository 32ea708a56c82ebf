// Signing in and out: passwords checked slowly, sessions kept as hashes, guesses slowed down.

#include "govern/account.h"
#include "govern/db.h"
#include "govern/gate_state.h"
#include "govern/secret.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { FREE_FAILURES = 4, FREE_FAILURES_OF_ADDRESS = 20, LONGEST_DELAY_S = 900 };

static const int64_t session_us = 7 * DOSI_DAY_US;
static const int64_t forget_us = DOSI_HOUR_US;

// --- throttle ------------------------------------------------------------------------------

/// Seconds to wait after `failures`: none for the first few, then doubling.
static int64_t delay_s(int64_t failures, int64_t n_free) {
    int64_t past = failures - n_free;
    if (past < 0) return 0;
    int64_t delay = past < 10 ? INT64_C(1) << past : LONGEST_DELAY_S;
    return delay < LONGEST_DELAY_S ? delay : LONGEST_DELAY_S;
}

/// DOSI_BUSY while `subject` has to wait.
static dosi_status check_throttle(sqlite3 *db,
                                  const char *subject,
                                  int64_t n_free,
                                  dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT failures, failed_utc_us FROM throttle WHERE subject = ?1",
                           "t", subject));
    bool has_row = false;
    dosi_status status = dosi_db_step(statement, &has_row, err);
    int64_t left_us = 0;
    if (status == DOSI_OK && has_row) {
        int64_t wait_us = delay_s(sqlite3_column_int64(statement, 0), n_free) * DOSI_SECOND_US;
        left_us = sqlite3_column_int64(statement, 1) + wait_us - dosi_time_now_utc_us();
    }
    (void)sqlite3_finalize(statement);
    DOSI_TRY(status);
    if (left_us <= 0) return DOSI_OK;
    int64_t left_s = left_us / DOSI_SECOND_US + 1;
    return dosi_fail(err, DOSI_BUSY, "too many failed sign-ins: wait %lld seconds",
                     (long long)left_s);
}

static dosi_status count_failure(sqlite3 *db, const char *subject, dosi_error *err) {
    int64_t now = dosi_time_now_utc_us();
    return dosi_db_run(db, err,
                       "INSERT INTO throttle VALUES (?1, 1, ?2) ON CONFLICT (subject) DO UPDATE"
                       " SET failures = CASE WHEN failed_utc_us < ?3 THEN 1"
                       " ELSE failures + 1 END, failed_utc_us = ?2",
                       "tii", subject, now, now - forget_us);
}

/// The two things that are slowed down.
typedef struct subjects {
    char account[DOSI_NAME_BYTES + 16];
    char address[96];
} subjects;

static subjects name_subjects(const char *name, const char *address) {
    subjects s;
    (void)snprintf(s.account, sizeof s.account, "account %.63s", name);
    (void)snprintf(s.address, sizeof s.address, "address %.80s", address ? address : "");
    return s;
}

// --- passwords -----------------------------------------------------------------------------

/// Whether the password fits the stored hash. With no account (`stored` empty) it takes as long
/// and fits never.
static bool fits(dosi_gate *gate, const char *stored, const char *password) {
    size_t n_bytes = strnlen(password, DOSI_PASSWORD_LONGEST + 1);
    while (sem_wait(&gate->hashers) != 0 && errno == EINTR) {
    }
    bool is_right = false;
    if (stored[0] && n_bytes <= DOSI_PASSWORD_LONGEST) {
        is_right = crypto_pwhash_str_verify(stored, password, n_bytes) == 0;
    } else {
        char unused[crypto_pwhash_STRBYTES];
        (void)!crypto_pwhash_str(unused, "", 0, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE);
    }
    (void)sem_post(&gate->hashers);
    return is_right;
}

/// What is stored of an account; empty when there is none that may sign in.
typedef struct stored_account {
    int64_t id;
    char name[DOSI_NAME_BYTES];
    char password[crypto_pwhash_STRBYTES];
} stored_account;

static dosi_status load_stored(
    sqlite3 *db, const char *name, int64_t id, stored_account *out, dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT id, name, password FROM account"
                           " WHERE (name = ?1 OR id = ?2) AND is_off = 0",
                           "ti", name, id));
    bool has_row = false;
    dosi_status status = dosi_db_step(statement, &has_row, err);
    *out = (stored_account){0};
    if (status == DOSI_OK && has_row) {
        out->id = sqlite3_column_int64(statement, 0);
        dosi_db_text(statement, 1, out->name, sizeof out->name);
        dosi_db_text(statement, 2, out->password, sizeof out->password);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

// --- sessions ------------------------------------------------------------------------------

/// Records a sign-in that came to nothing and counts it.
static dosi_status refuse(dosi_gate *gate,
                          sqlite3 *db,
                          const dosi_caller *who,
                          const char *address,
                          dosi_error *err) {
    subjects s = name_subjects(who->name, address);
    DOSI_TRY(count_failure(db, s.account, err));
    if (address) DOSI_TRY(count_failure(db, s.address, err));
    const dosi_audit_entry entry = {
        .action = "sign-in", .object = who->name, .outcome = "denied", .detail = address};
    DOSI_TRY(dosi_gate_note_durably(gate, who, &entry, err));
    return dosi_fail(err, DOSI_UNAUTHENTICATED, "the name or the password is wrong");
}

static dosi_status insert_session(sqlite3 *db,
                                  int64_t account_id,
                                  char *secret,
                                  dosi_error *err) {
    unsigned char hash[DOSI_SECRET_HASH_BYTES];
    char made[DOSI_SECRET_BYTES];
    dosi_secret_make("dosi_s_", made);
    dosi_secret_hash(made, hash);
    int64_t now = dosi_time_now_utc_us();
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM session WHERE expires_utc_us < ?1", "i", now));
    DOSI_TRY(dosi_db_run(db, err, "INSERT INTO session VALUES (?1, ?2, ?3, ?3, ?4)", "hiii",
                         hash, account_id, now, now + session_us));
    memcpy(secret, made, sizeof made);
    return DOSI_OK;
}

dosi_status dosi_account_sign_in(dosi_gate *gate,
                                 const char *name,
                                 const char *password,
                                 const char *address,
                                 char *secret,
                                 dosi_error *err) {
    assert(gate && name && password && secret);
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    dosi_caller who = dosi_caller_visitor("sign-in");
    (void)snprintf(who.name, sizeof who.name, "%.63s", name);
    subjects s = name_subjects(who.name, address);
    dosi_status status = check_throttle(db, s.account, FREE_FAILURES, err);
    if (status == DOSI_OK && address) {
        status = check_throttle(db, s.address, FREE_FAILURES_OF_ADDRESS, err);
    }
    DOSI_TRY(status);
    stored_account stored;
    DOSI_TRY(load_stored(db, name, 0, &stored, err));
    if (!fits(gate, stored.password, password)) return refuse(gate, db, &who, address, err);
    who.account_id = stored.id;
    const dosi_audit_entry entry = {
        .action = "sign-in", .object = who.name, .outcome = "ok", .detail = address};
    DOSI_TRY(dosi_gate_note_durably(gate, &who, &entry, err));
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM throttle WHERE subject = ?1", "t", s.account));
    DOSI_TRY(dosi_db_run(db, err, "UPDATE account SET signed_in_utc_us = ?1 WHERE id = ?2",
                         "ii", dosi_time_now_utc_us(), stored.id));
    return insert_session(db, stored.id, secret, err);
}

dosi_status dosi_account_sign_out(dosi_gate *gate, const char *secret, dosi_error *err) {
    assert(gate && secret);
    dosi_caller caller;
    dosi_status status = dosi_caller_from_secret(gate, secret, "sign-in", &caller, err);
    if (status == DOSI_UNAUTHENTICATED) return DOSI_OK;
    DOSI_TRY(status);
    sqlite3 *db = NULL;
    unsigned char hash[DOSI_SECRET_HASH_BYTES];
    dosi_secret_hash(secret, hash);
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM session WHERE hash = ?1", "h", hash));
    return dosi_gate_record(gate, &caller, "sign-out", caller.name, "ok", err);
}

/// Whether a new password may be one. What length cannot tell is left to people.
static dosi_status check_new(const char *old_password, const char *password, dosi_error *err) {
    size_t n_bytes = strnlen(password, DOSI_PASSWORD_LONGEST + 1);
    if (n_bytes < DOSI_PASSWORD_SHORTEST || n_bytes > DOSI_PASSWORD_LONGEST) {
        return dosi_fail(err, DOSI_INVALID, "a password has %d to %d bytes",
                         DOSI_PASSWORD_SHORTEST, DOSI_PASSWORD_LONGEST);
    }
    if (strcmp(old_password, password) == 0) {
        return dosi_fail(err, DOSI_INVALID, "the new password is the old one");
    }
    return DOSI_OK;
}

dosi_status dosi_account_change_password(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const char *old_password,
                                         const char *new_password,
                                         const char *secret,
                                         dosi_error *err) {
    assert(gate && caller && old_password && new_password);
    if (caller->account_id == 0) return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in first");
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    stored_account stored;
    DOSI_TRY(load_stored(db, NULL, caller->account_id, &stored, err));
    subjects s = name_subjects(stored.name, NULL);
    DOSI_TRY(check_throttle(db, s.account, FREE_FAILURES, err));
    if (!fits(gate, stored.password, old_password)) {
        DOSI_TRY(count_failure(db, s.account, err));
        DOSI_TRY(dosi_gate_record(gate, caller, "password", stored.name, "denied", err));
        return dosi_fail(err, DOSI_DENIED, "the old password is wrong");
    }
    DOSI_TRY(check_new(old_password, new_password, err));
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(hash, new_password, strlen(new_password),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to hash a password");
    }
    unsigned char kept[DOSI_SECRET_HASH_BYTES] = {0};
    if (secret) dosi_secret_hash(secret, kept);
    DOSI_TRY(dosi_gate_record(gate, caller, "password", stored.name, "ok", err));
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM session WHERE account_id = ?1 AND hash <> ?2",
                         "ih", stored.id, kept));
    return dosi_db_run(db, err,
                       "UPDATE account SET password = ?1, must_change = 0 WHERE id = ?2", "ti",
                       hash, stored.id);
}
