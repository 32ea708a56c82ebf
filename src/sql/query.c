// One query: checked, watched while it runs, and taken into a table.

#include "sql/database.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// --- the watcher -------------------------------------------------------------------------

/// Interrupts a connection when its time is up or its run is cancelled.
typedef struct watch {
    duckdb_connection connection;
    const dosi_run *run;
    int64_t deadline_us; ///< 0: none.
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_running;
    bool is_done;       ///< Set by the query's thread.
    dosi_status reason; ///< DOSI_OK, DOSI_TIMEOUT or DOSI_CANCELLED.
} watch;

static void *watch_loop(void *context) {
    static const long tick_ns = 5L * 1000 * 1000;
    watch *self = context;
    (void)pthread_mutex_lock(&self->mutex);
    while (!self->is_done) {
        if (dosi_run_check(self->run, NULL) != DOSI_OK) {
            self->reason = DOSI_CANCELLED;
        } else if (self->deadline_us && dosi_time_monotonic_us() > self->deadline_us) {
            self->reason = DOSI_TIMEOUT;
        }
        // Again and again: an interrupt that comes before the query has begun is forgotten.
        if (self->reason != DOSI_OK) duckdb_interrupt(self->connection);
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += tick_ns;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        (void)pthread_cond_timedwait(&self->wake, &self->mutex, &until);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/// Starts watching, when there is anything to watch for.
static dosi_status watch_start(watch *self,
                               duckdb_connection connection,
                               const dosi_run *run,
                               int64_t timeout_us,
                               dosi_error *err) {
    *self = (watch){.connection = connection, .run = run};
    if (timeout_us <= 0 && !(run && run->cancel)) return DOSI_OK;
    if (timeout_us > 0) self->deadline_us = dosi_time_monotonic_us() + timeout_us;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_create(&self->thread, NULL, watch_loop, self) != 0) {
        (void)pthread_cond_destroy(&self->wake);
        (void)pthread_mutex_destroy(&self->mutex);
        return dosi_fail(err, DOSI_NO_MEMORY, "no thread to watch the query");
    }
    self->is_running = true;
    return DOSI_OK;
}

/// Stops watching. Why the query was interrupted, or DOSI_OK.
static dosi_status watch_stop(watch *self) {
    if (!self->is_running) return DOSI_OK;
    (void)pthread_mutex_lock(&self->mutex);
    self->is_done = true;
    (void)pthread_cond_signal(&self->wake);
    (void)pthread_mutex_unlock(&self->mutex);
    (void)pthread_join(self->thread, NULL);
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->mutex);
    return self->reason;
}

// --- preparing ---------------------------------------------------------------------------

static dosi_status fail_prepare(duckdb_prepared_statement statement, dosi_error *err) {
    const char *message = duckdb_prepare_error(statement);
    // The C API gives no error type here; only a refusal needs to be told from the rest.
    bool is_denied = message && strstr(message, "Permission Error");
    bool is_io = message && strstr(message, "IO Error");
    duckdb_error_type type = is_denied ? DUCKDB_ERROR_PERMISSION
                             : is_io   ? DUCKDB_ERROR_IO
                                       : DUCKDB_ERROR_BINDER;
    return dosi_sql_fail(err, type, NULL, message);
}

/// Prepares the only statement of `query`.
static dosi_status prepare(dosi_sql *sql,
                           const char *query,
                           bool is_read_only,
                           duckdb_prepared_statement *out,
                           dosi_error *err) {
    duckdb_extracted_statements statements = NULL;
    duckdb_prepared_statement statement = NULL;
    dosi_status status = DOSI_OK;
    idx_t n = duckdb_extract_statements(sql->connection, query, &statements);
    if (n == 0) {
        const char *message = duckdb_extract_statements_error(statements);
        status = dosi_sql_fail(err, DUCKDB_ERROR_PARSER, NULL,
                               message ? message : "there is no statement in the query");
    } else if (n > 1) {
        status = dosi_fail(err, is_read_only ? DOSI_DENIED : DOSI_INVALID,
                           "%llu statements in one query; give one", (unsigned long long)n);
    } else if (duckdb_prepare_extracted_statement(sql->connection, statements, 0, &statement) !=
               DuckDBSuccess) {
        status = fail_prepare(statement, err);
    } else if (is_read_only &&
               duckdb_prepared_statement_type(statement) != DUCKDB_STATEMENT_TYPE_SELECT) {
        status = dosi_fail(err, DOSI_DENIED, "only SELECT is allowed here: %.200s", query);
    } else if (duckdb_nparams(statement) > 0) {
        status =
            dosi_fail(err, DOSI_INVALID, "the query has parameters (? or $1) but no values");
    }
    duckdb_destroy_extracted(&statements);
    if (status != DOSI_OK) {
        duckdb_destroy_prepare(&statement);
        return status;
    }
    *out = statement;
    return DOSI_OK;
}

/// Adds a column called `name`, or name_1, name_2... when it is taken.
static dosi_status add_column(dosi_table *table,
                              const char *name,
                              dosi_type type,
                              dosi_error *err) {
    dosi_text text = {0};
    dosi_text_puts(&text, name);
    for (int i = 1; dosi_table_find(table, dosi_text_string(&text)) != SIZE_MAX; i++) {
        dosi_text_clear(&text);
        dosi_text_printf(&text, "%s_%d", name, i);
    }
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        size_t i_column = 0;
        status = dosi_table_add_column(table, dosi_text_string(&text), type, &i_column, err);
        if (status == DOSI_OK && type == DOSI_TYPE_GEOMETRY) {
            table->columns[i_column].srid = 4326;
        }
    }
    dosi_text_destroy(&text);
    return status;
}

/// Makes the columns of `out` for a statement, and in `wrapped` the query with the casts that
/// its types need (empty when none does).
static dosi_status plan_columns(duckdb_prepared_statement statement,
                                const char *query,
                                dosi_table *out,
                                dosi_text *wrapped,
                                dosi_error *err) {
    idx_t n_columns = duckdb_prepared_statement_column_count(statement);
    dosi_text names = {0};
    bool has_cast = false;
    dosi_status status = DOSI_OK;
    dosi_text_puts(wrapped, "SELECT ");
    for (idx_t c = 0; c < n_columns && status == DOSI_OK; c++) {
        const char *cast = NULL;
        char name[32];
        (void)snprintf(name, sizeof name, "c%llu", (unsigned long long)c);
        dosi_type type =
            dosi_sql_column_type(duckdb_prepared_statement_column_type(statement, c), &cast);
        const char *column = duckdb_prepared_statement_column_name(statement, c);
        void *owned = NULL; // the C API gives what must be freed as const
        memcpy(&owned, &column, sizeof owned);
        status = add_column(out, column ? column : name, type, err);
        duckdb_free(owned);
        has_cast = has_cast || cast;
        const char *hole = cast ? strstr(cast, "%s") : NULL;
        dosi_text_printf(wrapped, "%s%.*s%s%s", c ? ", " : "", hole ? (int)(hole - cast) : 0,
                         cast ? cast : "", name, hole ? hole + 2 : "");
        dosi_text_printf(&names, "%s%s", c ? ", " : "", name);
    }
    dosi_text_puts(wrapped, " FROM query(");
    dosi_sql_put_string(wrapped, query);
    dosi_text_printf(wrapped, ") AS q(%s)", dosi_text_string(&names));
    if (status == DOSI_OK) status = dosi_text_status(&names, err);
    if (status == DOSI_OK) status = dosi_text_status(wrapped, err);
    if (!has_cast) dosi_text_clear(wrapped);
    dosi_text_destroy(&names);
    return status;
}

// --- running -----------------------------------------------------------------------------

static dosi_status take_rows(duckdb_result *result,
                             size_t max_rows,
                             dosi_table *out,
                             dosi_error *err) {
    dosi_status status = DOSI_OK;
    duckdb_data_chunk chunk = NULL;
    while (status == DOSI_OK && (chunk = duckdb_fetch_chunk(*result)) != NULL) {
        idx_t n_rows = duckdb_data_chunk_get_size(chunk);
        if (n_rows == 0) { // how a stream may end
            duckdb_destroy_data_chunk(&chunk);
            break;
        }
        if (max_rows && out->n_rows + n_rows > max_rows) {
            status = dosi_fail(err, DOSI_LIMIT, "more than %zu rows; add a LIMIT or a WHERE",
                               max_rows);
        } else {
            status = dosi_sql_take_chunk(chunk, out, err);
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    DOSI_TRY(status);
    const char *message = duckdb_result_error(result);
    if (!message || !*message) return DOSI_OK;
    return dosi_sql_fail(err, duckdb_result_error_type(result), NULL, message);
}

/// Runs a prepared statement as a stream, so that a row limit stops it early.
static dosi_status run_statement(duckdb_prepared_statement statement,
                                 size_t max_rows,
                                 dosi_table *out,
                                 dosi_error *err) {
    duckdb_pending_result pending = NULL;
    if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess) {
        dosi_status status =
            dosi_sql_fail(err, DUCKDB_ERROR_EXECUTOR, NULL, duckdb_pending_error(pending));
        duckdb_destroy_pending(&pending);
        return status;
    }
    duckdb_result result;
    dosi_status status = DOSI_OK;
    if (duckdb_execute_pending(pending, &result) != DuckDBSuccess) {
        status = dosi_sql_fail(err, duckdb_result_error_type(&result), NULL,
                               duckdb_result_error(&result));
    } else {
        status = take_rows(&result, max_rows, out, err);
    }
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    return status;
}

/// Runs `statement` under the watcher.
static dosi_status run_watched(dosi_sql *sql,
                               duckdb_prepared_statement statement,
                               const dosi_sql_limits *limits,
                               const dosi_run *run,
                               dosi_table *out,
                               dosi_error *err) {
    watch watcher;
    DOSI_TRY(watch_start(&watcher, sql->connection, run, limits->timeout_us, err));
    dosi_status status = run_statement(statement, limits->max_rows, out, err);
    dosi_status reason = watch_stop(&watcher);
    if (status == DOSI_OK || reason == DOSI_OK) return status;
    if (reason == DOSI_CANCELLED) return dosi_fail(err, reason, "the query was cancelled");
    return dosi_fail(err, reason, "the query took longer than %g s",
                     (double)limits->timeout_us / 1e6);
}

dosi_status dosi_sql_query(dosi_sql *sql,
                           const char *query,
                           const dosi_sql_limits *limits,
                           const dosi_run *run,
                           dosi_table *out,
                           dosi_error *err) {
    assert(sql && query && out);
    static const dosi_sql_limits no_limits = {0};
    if (!limits) limits = &no_limits;
    dosi_table_destroy(out);
    dosi_text wrapped = {0};
    duckdb_prepared_statement statement = NULL;
    dosi_status status = prepare(sql, query, limits->is_read_only, &statement, err);
    if (status != DOSI_OK) goto cleanup;
    status = plan_columns(statement, query, out, &wrapped, err);
    if (status == DOSI_OK && wrapped.length > 0) {
        duckdb_destroy_prepare(&statement);
        status = prepare(sql, wrapped.data, true, &statement, err);
    }
    if (status == DOSI_OK) status = run_watched(sql, statement, limits, run, out, err);

cleanup:
    duckdb_destroy_prepare(&statement);
    dosi_text_destroy(&wrapped);
    if (status != DOSI_OK) dosi_table_destroy(out);
    return status;
}
