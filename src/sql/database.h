/// @file database.h
/// What the files of sql/ share and nobody else sees.
#ifndef DOSI_SQL_DATABASE_H
#define DOSI_SQL_DATABASE_H

#include "dosi/text.h"
#include "sql/sql.h"

#include <duckdb.h>
#include <stdbool.h>
#include <stdint.h>

/// Type id of the core GEOMETRY type, which the C header does not name yet.
enum { SQL_TYPE_GEOMETRY = 40 };

struct dosi_sql {
    duckdb_database database;
    duckdb_connection connection;
    dosi_text allowed; ///< 'path', 'path': what dosi_sql_lock() leaves readable.
    bool is_locked;
    bool has_scan;             ///< Whether dosi_scan() is registered.
    const dosi_table *scanned; ///< What dosi_scan() reads now; NULL: it refuses.
};

/// Turns DuckDB's complaint into a status and a message. `what` (may be NULL) is put before it.
dosi_status dosi_sql_fail(dosi_error *err,
                          duckdb_error_type type,
                          const char *what,
                          const char *message);

/// Runs `statement`; gives its materialised result, to be destroyed by the caller on success.
DOSI_CHECKED dosi_status dosi_sql_run(dosi_sql *sql,
                                      const char *statement,
                                      duckdb_result *out,
                                      dosi_error *err);

/// Takes an idle database for Parquet reads and writes of ours, or opens one; any thread may.
/// @param is_ordered  One that works on one thread, for bytes that never differ.
DOSI_CHECKED dosi_status dosi_sql_borrow(bool is_ordered, dosi_sql **out, dosi_error *err);

/// Gives it back (NULL accepted); one that failed (`is_good` false) is closed instead of kept.
void dosi_sql_give_back(bool is_ordered, bool is_good, dosi_sql *sql);

/// Runs `before` SELECT ... `after`, where the SELECT reads `table` in place (not copied).
DOSI_CHECKED dosi_status dosi_sql_execute_on(dosi_sql *sql,
                                             const char *before,
                                             const dosi_table *table,
                                             const char *after,
                                             dosi_error *err);

/// Appends a chunk's rows to `table`, whose columns fit the chunk's types as
/// dosi_sql_column_type() says.
DOSI_CHECKED dosi_status dosi_sql_take_chunk(duckdb_data_chunk chunk,
                                             dosi_table *table,
                                             dosi_error *err);

/// The column type that values of a DuckDB type are read into.
/// @param cast  Out: NULL when they are read as they are; else the SQL by which they must be
///              cast first, with %s where the column's name goes.
dosi_type dosi_sql_column_type(duckdb_type type, const char **cast);

#endif // DOSI_SQL_DATABASE_H
