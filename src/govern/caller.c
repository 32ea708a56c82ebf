// Who asks: visitors, the person at the machine, and whoever holds a secret. A secret's caller
// is kept in memory until the catalogue's clock moves, so that an end takes effect at once.

#include "govern/account.h"
#include "govern/db.h"
#include "govern/gate_state.h"
#include "govern/secret.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned all_scopes = (1U << (DOSI_ACTION_MANAGE + 1)) - 1;
static const unsigned visitor_scopes = 1U << DOSI_ACTION_SEE | 1U << DOSI_ACTION_READ;
static const int64_t minute_us = 60 * DOSI_SECOND_US;
static const int64_t kept_us = DOSI_SECOND_US;
static const int64_t session_idle_us = 12 * DOSI_HOUR_US;

static void set_channel(dosi_caller *caller, const char *channel) {
    (void)snprintf(caller->channel, sizeof caller->channel, "%s", channel);
}

dosi_caller dosi_caller_visitor(const char *channel) {
    assert(channel);
    dosi_caller caller = {.role = DOSI_ROLE_VISITOR, .scopes = visitor_scopes};
    set_channel(&caller, channel);
    return caller;
}

dosi_status dosi_caller_load(dosi_gate *gate,
                             int64_t account_id,
                             const char *channel,
                             dosi_caller *out,
                             dosi_error *err) {
    dosi_account account;
    DOSI_TRY(dosi_account_find(gate, account_id, &account, err));
    if (account.is_off) {
        return dosi_fail(err, DOSI_NOT_FOUND, "account \"%s\" is switched off", account.name);
    }
    dosi_caller caller = {.account_id = account.id, .role = account.role, .scopes = all_scopes};
    memcpy(caller.name, account.name, sizeof caller.name);
    caller.n_organisations = account.n_organisations;
    memcpy(caller.organisations, account.organisations, sizeof caller.organisations);
    caller.must_change_password = account.must_change_password;
    set_channel(&caller, channel);
    *out = caller;
    return DOSI_OK;
}

dosi_status dosi_caller_from_account(dosi_gate *gate,
                                     int64_t account_id,
                                     const char *channel,
                                     dosi_caller *out,
                                     dosi_error *err) {
    assert(gate && channel && out);
    DOSI_TRY(dosi_caller_load(gate, account_id, channel, out, err));
    out->must_change_password = false; // Which concerns signing in only.
    return DOSI_OK;
}

/// Leaves a session by one-time password a visitor's rights, until there is a new password.
/// Tokens were not made with that password: they are not touched.
static void restrict_session(dosi_caller *caller, bool is_session) {
    if (!is_session) caller->must_change_password = false;
    if (!caller->must_change_password) return;
    caller->role = DOSI_ROLE_VISITOR;
    caller->scopes = visitor_scopes;
    caller->n_organisations = 0;
}

// --- by secret -----------------------------------------------------------------------------

/// What the catalogue knows of a secret.
typedef struct grant {
    int64_t account_id;
    unsigned scopes;
    int64_t used_utc_us;
    bool is_session;
} grant;

/// Looks a secret's hash up among sessions or tokens that are still valid.
static dosi_status find_grant(
    sqlite3 *db, bool is_session, const unsigned char *hash, grant *out, dosi_error *err) {
    static const char session_sql[] =
        "SELECT account_id, 31, used_utc_us FROM session "
        "WHERE hash = ?1 AND expires_utc_us > ?2 AND used_utc_us > ?2 - ?3";
    static const char token_sql[] = "SELECT account_id, scopes, used_utc_us FROM token "
                                    "WHERE hash = ?1 AND expires_utc_us > ?2 AND ?3 = ?3";
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err, is_session ? session_sql : token_sql, "hii",
                           hash, dosi_time_now_utc_us(), session_idle_us));
    bool has_row = false;
    dosi_status status = dosi_db_step(statement, &has_row, err);
    if (status == DOSI_OK && has_row) {
        *out = (grant){.account_id = sqlite3_column_int64(statement, 0),
                       .scopes = (unsigned)sqlite3_column_int(statement, 1),
                       .used_utc_us = sqlite3_column_int64(statement, 2),
                       .is_session = is_session};
    } else if (status == DOSI_OK) {
        status = dosi_fail(err, DOSI_UNAUTHENTICATED,
                           "this sign-in is not known, or has ended: sign in again");
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/// Notes that a secret was used, once a minute.
static dosi_status touch(sqlite3 *db,
                         const grant *granted,
                         const unsigned char *hash,
                         dosi_error *err) {
    int64_t now = dosi_time_now_utc_us();
    if (now - granted->used_utc_us < minute_us) return DOSI_OK;
    return dosi_db_run(db, err,
                       granted->is_session
                           ? "UPDATE session SET used_utc_us = ?1 WHERE hash = ?2"
                           : "UPDATE token SET used_utc_us = ?1 WHERE hash = ?2",
                       "ih", now, hash);
}

static bool find_kept(dosi_gate *gate,
                      const unsigned char *hash,
                      int64_t clock,
                      dosi_caller *out) {
    dosi_kept_caller *kept = &gate->callers[hash[0] % DOSI_GATE_CALLERS];
    (void)pthread_mutex_lock(&gate->callers_mutex);
    bool is_found = kept->is_used && kept->clock == clock &&
                    dosi_time_monotonic_us() - kept->checked_us < kept_us &&
                    memcmp(kept->hash, hash, sizeof kept->hash) == 0;
    if (is_found) *out = kept->caller;
    (void)pthread_mutex_unlock(&gate->callers_mutex);
    return is_found;
}

static void keep(dosi_gate *gate,
                 const unsigned char *hash,
                 int64_t clock,
                 const dosi_caller *caller) {
    dosi_kept_caller *kept = &gate->callers[hash[0] % DOSI_GATE_CALLERS];
    (void)pthread_mutex_lock(&gate->callers_mutex);
    memcpy(kept->hash, hash, sizeof kept->hash);
    kept->is_used = true;
    kept->clock = clock;
    kept->checked_us = dosi_time_monotonic_us();
    kept->caller = *caller;
    (void)pthread_mutex_unlock(&gate->callers_mutex);
}

dosi_status dosi_caller_from_secret(dosi_gate *gate,
                                    const char *secret,
                                    const char *channel,
                                    dosi_caller *out,
                                    dosi_error *err) {
    assert(gate && secret && channel && out);
    bool is_session = strncmp(secret, "dosi_s_", 7) == 0;
    if (!is_session && strncmp(secret, "dosi_t_", 7) != 0) {
        return dosi_fail(err, DOSI_UNAUTHENTICATED, "this is no session and no token");
    }
    unsigned char hash[DOSI_SECRET_HASH_BYTES];
    dosi_secret_hash(secret, hash);
    int64_t clock = 0;
    DOSI_TRY(dosi_lake_clock(gate->lake, &clock, err));
    dosi_caller caller = {0};
    if (!find_kept(gate, hash, clock, &caller)) {
        sqlite3 *db = NULL;
        grant granted = {0};
        DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
        DOSI_TRY(find_grant(db, is_session, hash, &granted, err));
        dosi_status status = dosi_caller_load(gate, granted.account_id, channel, &caller, err);
        if (status == DOSI_NOT_FOUND) status = DOSI_UNAUTHENTICATED;
        DOSI_TRY(status);
        restrict_session(&caller, is_session);
        caller.scopes &= granted.scopes;
        DOSI_TRY(touch(db, &granted, hash, err));
        keep(gate, hash, clock, &caller);
    }
    set_channel(&caller, channel);
    *out = caller;
    return DOSI_OK;
}

// --- at the machine ------------------------------------------------------------------------

/// The first administrator, whose name in the audit is "local".
static dosi_status load_local(dosi_gate *gate,
                              const char *channel,
                              dosi_caller *out,
                              dosi_error *err) {
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT min(id) FROM account WHERE role = ?1 AND is_off = 0", "i",
                           (int64_t)DOSI_ROLE_ADMINISTRATOR));
    bool has_row = false;
    dosi_status status = dosi_db_step(statement, &has_row, err);
    int64_t id = has_row ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    DOSI_TRY(status);
    dosi_caller caller = {.account_id = id, .role = DOSI_ROLE_ADMINISTRATOR};
    caller.scopes = all_scopes;
    (void)snprintf(caller.name, sizeof caller.name, "local");
    set_channel(&caller, channel);
    *out = caller;
    return DOSI_OK;
}

dosi_status dosi_caller_local(dosi_gate *gate,
                              const char *channel,
                              dosi_caller *out,
                              dosi_error *err) {
    assert(gate && channel && out);
    const char *token = getenv("DOSI_TOKEN");
    if (token && token[0]) return dosi_caller_from_secret(gate, token, channel, out, err);
    struct stat info;
    if (stat(gate->folder, &info) != 0) {
        return dosi_fail(err, DOSI_IO, "%s cannot be looked at", gate->folder);
    }
    if (geteuid() != 0 && geteuid() != info.st_uid) {
        return dosi_fail(err, DOSI_UNAUTHENTICATED,
                         "this lab belongs to somebody else: set DOSI_TOKEN to your token");
    }
    return load_local(gate, channel, out, err);
}
