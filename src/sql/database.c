// Opening, locking and closing a DuckDB database, and its errors in our words.

#include "sql/database.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dosi_status status_of(duckdb_error_type type) {
    switch (type) {
    case DUCKDB_ERROR_OUT_OF_MEMORY:
        return DOSI_LIMIT;
    case DUCKDB_ERROR_PERMISSION:
        return DOSI_DENIED;
    case DUCKDB_ERROR_IO:
        return DOSI_IO;
    case DUCKDB_ERROR_INTERRUPT:
        return DOSI_CANCELLED;
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
        return DOSI_DOMAIN;
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
        return DOSI_UNSUPPORTED;
    default:
        return DOSI_PARSE;
    }
}

dosi_status dosi_sql_fail(dosi_error *err,
                          duckdb_error_type type,
                          const char *what,
                          const char *message) {
    if (!message) message = "no reason given";
    return dosi_fail(err, status_of(type), "%s%s%s", what ? what : "", what ? ": " : "",
                     message);
}

dosi_status dosi_sql_run(dosi_sql *sql,
                         const char *statement,
                         duckdb_result *out,
                         dosi_error *err) {
    duckdb_result result;
    if (duckdb_query(sql->connection, statement, &result) == DuckDBError) {
        dosi_status status = dosi_sql_fail(err, duckdb_result_error_type(&result), NULL,
                                           duckdb_result_error(&result));
        duckdb_destroy_result(&result);
        return status;
    }
    *out = result;
    return DOSI_OK;
}

dosi_status dosi_sql_execute(dosi_sql *sql, const char *statement, dosi_error *err) {
    assert(sql && statement);
    duckdb_result result;
    DOSI_TRY(dosi_sql_run(sql, statement, &result, err));
    duckdb_destroy_result(&result);
    return DOSI_OK;
}

/// Sets one option before opening.
static dosi_status set_option(duckdb_config config,
                              const char *name,
                              const char *value,
                              dosi_error *err) {
    if (duckdb_set_config(config, name, value) == DuckDBSuccess) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "DuckDB has no option %s = %s", name, value);
}

static dosi_status set_options(duckdb_config config,
                               const dosi_sql_options *options,
                               dosi_error *err) {
    char memory[32];
    char threads[16];
    size_t bytes = options && options->memory_bytes ? options->memory_bytes : (size_t)1 << 30;
    const char *temp = options && options->temp_folder ? options->temp_folder : "";
    dosi_run run = {.n_threads = options ? options->n_threads : 0};
    (void)snprintf(memory, sizeof memory, "%zuB", bytes);
    (void)snprintf(threads, sizeof threads, "%d", dosi_run_threads(&run));
    DOSI_TRY(set_option(config, "memory_limit", memory, err));
    DOSI_TRY(set_option(config, "threads", threads, err));
    DOSI_TRY(set_option(config, "temp_directory", temp, err));
    DOSI_TRY(set_option(config, "autoinstall_known_extensions", "false", err));
    DOSI_TRY(set_option(config, "autoload_known_extensions", "false", err));
    DOSI_TRY(set_option(config, "allow_community_extensions", "false", err));
    return set_option(config, "allow_persistent_secrets", "false", err);
}

dosi_status dosi_sql_open(const dosi_sql_options *options, dosi_sql **out, dosi_error *err) {
    assert(out);
    duckdb_config config = NULL;
    char *reason = NULL;
    dosi_sql *sql = calloc(1, sizeof *sql);
    if (!sql) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a database");
    dosi_status status = DOSI_OK;
    if (duckdb_create_config(&config) != DuckDBSuccess) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for DuckDB's options");
    }
    if (status == DOSI_OK) status = set_options(config, options, err);
    if (status == DOSI_OK &&
        duckdb_open_ext(NULL, &sql->database, config, &reason) != DuckDBSuccess) {
        status = dosi_fail(err, DOSI_IO, "DuckDB does not open: %s", reason ? reason : "?");
    }
    if (status == DOSI_OK && duckdb_connect(sql->database, &sql->connection) != DuckDBSuccess) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "DuckDB does not connect");
    }
    // Instants in files of others become the city's wall clock.
    if (status == DOSI_OK) status = dosi_sql_execute(sql, "SET TimeZone = 'Asia/Seoul'", err);
    duckdb_free(reason);
    duckdb_destroy_config(&config);
    if (status != DOSI_OK) {
        dosi_sql_close(sql);
        return status;
    }
    *out = sql;
    return DOSI_OK;
}

void dosi_sql_close(dosi_sql *sql) {
    if (!sql) return;
    duckdb_disconnect(&sql->connection);
    duckdb_close(&sql->database);
    dosi_text_destroy(&sql->allowed);
    free(sql);
}

dosi_status dosi_sql_allow(dosi_sql *sql, const char *path, dosi_error *err) {
    assert(sql && path && !sql->is_locked);
    if (sql->allowed.length > 0) dosi_text_puts(&sql->allowed, ", ");
    dosi_sql_put_string(&sql->allowed, path);
    return dosi_text_status(&sql->allowed, err);
}

dosi_status dosi_sql_lock(dosi_sql *sql, const char *folder, dosi_error *err) {
    assert(sql);
    dosi_text text = {0};
    dosi_text_printf(&text, "SET allowed_paths = [%s];", dosi_text_string(&sql->allowed));
    if (folder) {
        dosi_text_puts(&text, "SET allowed_directories = [");
        dosi_sql_put_string(&text, folder);
        dosi_text_puts(&text, "];");
    }
    dosi_text_puts(&text, "SET enable_external_access = false;"
                          "SET lock_configuration = true;");
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) status = dosi_sql_execute(sql, text.data, err);
    dosi_text_destroy(&text);
    if (status == DOSI_OK) sql->is_locked = true;
    return status;
}

/// Appends `value` between quotes, doubling those inside.
static void put_quoted(dosi_text *out, const char *value, char quote) {
    dosi_text_putc(out, quote);
    for (; *value; value++) {
        if (*value == quote) dosi_text_putc(out, quote);
        dosi_text_putc(out, *value);
    }
    dosi_text_putc(out, quote);
}

void dosi_sql_put_name(dosi_text *out, const char *name) {
    put_quoted(out, name, '"');
}

void dosi_sql_put_string(dosi_text *out, const char *value) {
    put_quoted(out, value, '\'');
}
