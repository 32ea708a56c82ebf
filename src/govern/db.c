// SQLite statements in one call.

#include "govern/db.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { HASH_BYTES = 32 };

static dosi_status fail_db(sqlite3 *db, dosi_error *err) {
    int code = sqlite3_errcode(db) & 0xff; // Without the extension.
    dosi_status status = DOSI_IO;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) status = DOSI_TIMEOUT;
    if (code == SQLITE_CONSTRAINT) status = DOSI_CONFLICT;
    return dosi_fail(err, status, "catalogue: %s", sqlite3_errmsg(db));
}

static dosi_status start(sqlite3 *db,
                         sqlite3_stmt **out,
                         dosi_error *err,
                         const char *sql,
                         const char *types,
                         va_list arguments) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return fail_db(db, err);
    int code = SQLITE_OK;
    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        if (types[i] == 'i') {
            code = sqlite3_bind_int64(statement, i + 1, va_arg(arguments, int64_t));
        } else if (types[i] == 't') {
            code = sqlite3_bind_text(statement, i + 1, va_arg(arguments, const char *), -1,
                                     SQLITE_TRANSIENT);
        } else {
            assert(types[i] == 'h');
            code = sqlite3_bind_blob(statement, i + 1, va_arg(arguments, const unsigned char *),
                                     HASH_BYTES, SQLITE_TRANSIENT);
        }
    }
    if (code != SQLITE_OK) {
        dosi_status status = fail_db(db, err);
        (void)sqlite3_finalize(statement);
        return status;
    }
    *out = statement;
    return DOSI_OK;
}

dosi_status dosi_db_start(
    sqlite3 *db, sqlite3_stmt **out, dosi_error *err, const char *sql, const char *types, ...) {
    assert(db && out && sql && types);
    va_list arguments;
    va_start(arguments, types);
    dosi_status status = start(db, out, err, sql, types, arguments);
    va_end(arguments);
    return status;
}

dosi_status dosi_db_step(sqlite3_stmt *statement, bool *has_row, dosi_error *err) {
    assert(statement && has_row);
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail_db(sqlite3_db_handle(statement), err);
    }
    *has_row = code == SQLITE_ROW;
    return DOSI_OK;
}

dosi_status dosi_db_run(sqlite3 *db, dosi_error *err, const char *sql, const char *types, ...) {
    assert(db && sql && types);
    va_list arguments;
    va_start(arguments, types);
    sqlite3_stmt *statement = NULL;
    dosi_status status = start(db, &statement, err, sql, types, arguments);
    va_end(arguments);
    bool has_row = true;
    while (status == DOSI_OK && has_row) status = dosi_db_step(statement, &has_row, err);
    (void)sqlite3_finalize(statement);
    return status;
}

void dosi_db_text(sqlite3_stmt *statement, int i_column, char *out, size_t size) {
    assert(statement && out && size);
    const unsigned char *text = sqlite3_column_text(statement, i_column);
    (void)snprintf(out, size, "%s", text ? (const char *)text : "");
}
