/// @file db.h
/// SQLite statements in one call, for govern/'s own tables.
#ifndef DOSI_GOVERN_DB_H
#define DOSI_GOVERN_DB_H

#include "dosi/status.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/// Prepares a statement and binds its parameters by `types`: 'i' int64_t, 't' const char *
/// (NULL allowed), 'h' const unsigned char * of 32 bytes. Finalise it with sqlite3_finalize().
DOSI_CHECKED dosi_status dosi_db_start(
    sqlite3 *db, sqlite3_stmt **out, dosi_error *err, const char *sql, const char *types, ...);

/// Moves to the next row; `*has_row` false at the end.
DOSI_CHECKED dosi_status dosi_db_step(sqlite3_stmt *statement, bool *has_row, dosi_error *err);

/// Runs a statement to its end.
DOSI_CHECKED dosi_status
dosi_db_run(sqlite3 *db, dosi_error *err, const char *sql, const char *types, ...);

/// Copies a text cell into `out` of `size` bytes, cut to fit; "" when NULL.
void dosi_db_text(sqlite3_stmt *statement, int i_column, char *out, size_t size);

#endif // DOSI_GOVERN_DB_H
