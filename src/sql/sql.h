/// @file sql.h
/// DuckDB behind one door: SQL over files and tables, and Parquet in and out.
///
/// The only module that includes duckdb.h. It knows files and tables, not labs: which file a
/// name stands for, and who may read it, is decided above (lake/, govern/).
#ifndef DOSI_SQL_SQL_H
#define DOSI_SQL_SQL_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

/// A private in-memory database. Not for two threads at once; make one per thread or request.
typedef struct dosi_sql dosi_sql;

/// Limits of a database.
typedef struct dosi_sql_options {
    size_t memory_bytes;     ///< Most memory DuckDB may hold; 0: 1 GiB.
    int n_threads;           ///< 0: as OpenMP would use.
    const char *temp_folder; ///< Where it may spill; NULL: nowhere.
} dosi_sql_options;

/// Opens a database that can read local files. Instants with a zone become the city's wall
/// clock (Asia/Seoul). Give it back with dosi_sql_close().
DOSI_CHECKED dosi_status dosi_sql_open(const dosi_sql_options *options,
                                       dosi_sql **out,
                                       dosi_error *err);

/// Closes; accepts NULL.
void dosi_sql_close(dosi_sql *sql);

/// Runs a statement whose result does not matter (trusted text only).
DOSI_CHECKED dosi_status dosi_sql_execute(dosi_sql *sql,
                                          const char *statement,
                                          dosi_error *err);

/// Before the lock: this one file (the path exactly as queries and views will name it) stays
/// readable after it.
DOSI_CHECKED dosi_status dosi_sql_allow(dosi_sql *sql, const char *path, dosi_error *err);

/// From here on: no files but those allowed before and those under `folder` (NULL: none), no
/// settings, no extensions. Give a folder only when everything in it may be read: for a
/// person's SQL allow the files one by one.
DOSI_CHECKED dosi_status dosi_sql_lock(dosi_sql *sql, const char *folder, dosi_error *err);

/// Limits of one query.
typedef struct dosi_sql_limits {
    size_t max_rows;    ///< 0: no limit. One row more is DOSI_LIMIT.
    int64_t timeout_us; ///< 0: no limit. DOSI_TIMEOUT past it.
    bool is_read_only;  ///< Only one SELECT-like statement; anything else is DOSI_DENIED.
} dosi_sql_limits;

/// Runs a query into `out` (emptied first). Decimals and huge integers become REAL; lists and
/// structs become TEXT as JSON; TIMESTAMP becomes TIME; GEOMETRY stays (WKB); other types
/// become the TEXT that DuckDB writes, and bytes that are no UTF-8 hexadecimal TEXT. A second
/// column of one name is called name_1.
/// @return DOSI_OK; DOSI_PARSE with DuckDB's message; DOSI_LIMIT; DOSI_TIMEOUT; DOSI_DENIED;
///         DOSI_CANCELLED.
DOSI_CHECKED dosi_status dosi_sql_query(dosi_sql *sql,
                                        const char *query,
                                        const dosi_sql_limits *limits,
                                        const dosi_run *run,
                                        dosi_table *out,
                                        dosi_error *err);

/// The names of tables that a SELECT reads, as it writes them ("org/name@2"), each once, in
/// order: the column "name" of `out` (emptied first). Names of its own WITH parts are among
/// them. Nothing is run, so the names need not exist.
/// @return DOSI_OK; DOSI_PARSE with DuckDB's message; DOSI_DENIED: not one SELECT.
DOSI_CHECKED dosi_status dosi_sql_table_names(dosi_sql *sql,
                                              const char *query,
                                              dosi_table *out,
                                              dosi_error *err);

/// Makes `table` known to SQL as `name` (copied).
DOSI_CHECKED dosi_status dosi_sql_add_table(dosi_sql *sql,
                                            const char *name,
                                            const dosi_table *table,
                                            dosi_error *err);

/// Appends `name` as a quoted SQL identifier.
void dosi_sql_put_name(dosi_text *out, const char *name);

/// Appends `value` as a quoted SQL string.
void dosi_sql_put_string(dosi_text *out, const char *value);

/// Writes a table as one (Geo)Parquet file (zstd). Same table, same bytes. Units and meanings
/// of columns travel in the file's key-value metadata. Not synced.
DOSI_CHECKED dosi_status dosi_parquet_write(const dosi_table *table,
                                            const char *path,
                                            dosi_error *err);

/// Reads a Parquet file, also one that others wrote.
/// @param columns  Names wanted, in order; n_columns 0: all.
/// @param where    SQL condition on the file's columns (trusted text), or NULL.
DOSI_CHECKED dosi_status dosi_parquet_read(const char *path,
                                           const char *const *columns,
                                           size_t n_columns,
                                           const char *where,
                                           dosi_table *out,
                                           dosi_error *err);

#endif // DOSI_SQL_SQL_H
