// Tokens: secrets that a person gives to a program, with scopes and an end.

#include "govern/account.h"
#include "govern/db.h"
#include "govern/gate_state.h"
#include "govern/secret.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_DAYS = 366, RANDOM_BYTES = 32, LONGEST_SECRET = 256 };

void dosi_secret_make(const char *prefix, char *out) {
    unsigned char bytes[RANDOM_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    size_t n = (size_t)snprintf(out, DOSI_SECRET_BYTES, "%s", prefix);
    (void)sodium_bin2base64(out + n, DOSI_SECRET_BYTES - n, bytes, sizeof bytes,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

void dosi_secret_hash(const char *secret, unsigned char *out) {
    (void)crypto_generichash(out, DOSI_SECRET_HASH_BYTES, (const unsigned char *)secret,
                             strnlen(secret, LONGEST_SECRET), NULL, 0);
}

dosi_status dosi_token_create(dosi_gate *gate,
                              const dosi_caller *caller,
                              const dosi_token *wanted,
                              dosi_token *out,
                              char *secret,
                              dosi_error *err) {
    assert(gate && caller && wanted && out && secret);
    if (caller->account_id == 0) return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in first");
    if (caller->must_change_password) {
        return dosi_fail(err, DOSI_DENIED, "change the one-time password first");
    }
    if (wanted->scopes & ~caller->scopes) {
        return dosi_fail(err, DOSI_DENIED, "a token cannot do more than its maker's sign-in");
    }
    int64_t now = dosi_time_now_utc_us();
    int64_t life_us = wanted->expires_utc_us - now;
    if (life_us <= 0 || life_us > LONGEST_DAYS * DOSI_DAY_US) {
        return dosi_fail(err, DOSI_DOMAIN, "a token lives 1 to %d days", LONGEST_DAYS);
    }
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    char made[DOSI_SECRET_BYTES];
    unsigned char hash[DOSI_SECRET_HASH_BYTES];
    dosi_secret_make("dosi_t_", made);
    dosi_secret_hash(made, hash);
    DOSI_TRY(dosi_gate_record(gate, caller, "token-create", wanted->label, "ok", err));
    DOSI_TRY(dosi_db_run(db, err,
                         "INSERT INTO token (hash, account_id, label, scopes, created_utc_us,"
                         " expires_utc_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                         "hitiii", hash, caller->account_id, wanted->label,
                         (int64_t)wanted->scopes, now, wanted->expires_utc_us));
    *out = *wanted;
    out->id = sqlite3_last_insert_rowid(db);
    out->account_id = caller->account_id;
    out->created_utc_us = now;
    out->used_utc_us = 0;
    memcpy(secret, made, sizeof made);
    return DOSI_OK;
}

dosi_status dosi_token_each(dosi_gate *gate,
                            const dosi_caller *caller,
                            dosi_status (*visit)(void *context,
                                                 const dosi_token *token,
                                                 dosi_error *err),
                            void *context,
                            dosi_error *err) {
    assert(gate && caller && visit);
    if (caller->account_id == 0) return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in first");
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_db_start(db, &statement, err,
                           "SELECT id, label, scopes, created_utc_us, expires_utc_us,"
                           " used_utc_us FROM token WHERE account_id = ?1 ORDER BY id DESC",
                           "i", caller->account_id));
    dosi_status status = DOSI_OK;
    for (bool has_row = true; status == DOSI_OK;) {
        status = dosi_db_step(statement, &has_row, err);
        if (status != DOSI_OK || !has_row) break;
        dosi_token token = {.id = sqlite3_column_int64(statement, 0),
                            .account_id = caller->account_id,
                            .scopes = (unsigned)sqlite3_column_int(statement, 2),
                            .created_utc_us = sqlite3_column_int64(statement, 3),
                            .expires_utc_us = sqlite3_column_int64(statement, 4),
                            .used_utc_us = sqlite3_column_int64(statement, 5)};
        dosi_db_text(statement, 1, token.label, sizeof token.label);
        status = visit(context, &token, err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

dosi_status dosi_token_revoke(dosi_gate *gate,
                              const dosi_caller *caller,
                              int64_t token_id,
                              dosi_error *err) {
    assert(gate && caller);
    if (caller->account_id == 0) return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in first");
    bool is_manager = caller->role == DOSI_ROLE_ADMINISTRATOR &&
                      (caller->scopes & (1U << DOSI_ACTION_MANAGE));
    sqlite3 *db = NULL;
    DOSI_TRY(dosi_lake_database(gate->lake, &db, err));
    DOSI_TRY(dosi_db_run(db, err, "DELETE FROM token WHERE id = ?1 AND (account_id = ?2 OR ?3)",
                         "iii", token_id, caller->account_id, (int64_t)is_manager));
    bool is_gone = sqlite3_changes(db) > 0;
    char object[32];
    (void)snprintf(object, sizeof object, "%lld", (long long)token_id);
    DOSI_TRY(dosi_gate_record(gate, caller, "token-revoke", object,
                              is_gone ? "ok" : "not found", err));
    return is_gone ? DOSI_OK : dosi_fail(err, DOSI_NOT_FOUND, "no token %s", object);
}
