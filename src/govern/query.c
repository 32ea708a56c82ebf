// A person's SQL: views for the datasets that it names and the person may read, a database that
// reaches those files and nothing else, one read-only statement.

#include "govern/gate_state.h"
#include "govern/names.h"
#include "sql/sql.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DATASETS = 64, LONGEST_SQL = 1 << 20, DEFAULT_ROWS = 1000000 };

static const size_t default_memory_bytes = (size_t)1 << 30;
static const int64_t default_timeout_us = 60 * DOSI_SECOND_US;

/// The datasets that a query names.
typedef struct touched {
    dosi_gate *gate;
    const dosi_caller *caller;
    size_t n_versions;
    struct {
        char name[DOSI_REFERENCE_BYTES]; ///< As the query writes it.
        dosi_kept_version *kept;
    } versions[MOST_DATASETS];
    char missing[DOSI_REFERENCE_BYTES]; ///< The first name that is no dataset; "": none.
} touched;

static bool is_known(const touched *t, const char *name) {
    for (size_t i = 0; i < t->n_versions; i++) {
        if (strcmp(t->versions[i].name, name) == 0) return true;
    }
    return false;
}

/// Takes in a quoted name, if it is a dataset's. A name that is none may be a column or alias.
static dosi_status take_name(void *context, const char *name, dosi_error *err) {
    touched *t = context;
    char organisation[DOSI_NAME_BYTES];
    char dataset[DOSI_NAME_BYTES];
    int64_t number;
    if (strlen(name) >= DOSI_REFERENCE_BYTES) return DOSI_OK;
    if (dosi_reference_parse(name, organisation, dataset, &number, NULL) != DOSI_OK) {
        return DOSI_OK;
    }
    if (is_known(t, name)) return DOSI_OK;
    if (t->n_versions == MOST_DATASETS) {
        return dosi_fail(err, DOSI_LIMIT, "a query can name %d datasets", MOST_DATASETS);
    }
    dosi_kept_version *kept = NULL;
    dosi_status status =
        dosi_gate_admit(t->gate, t->caller, DOSI_ACTION_READ, name, &kept, err);
    if (status == DOSI_NOT_FOUND) {
        if (!t->missing[0]) (void)snprintf(t->missing, sizeof t->missing, "%s", name);
        return DOSI_OK;
    }
    DOSI_TRY(status);
    (void)snprintf(t->versions[t->n_versions].name, DOSI_REFERENCE_BYTES, "%s", name);
    t->versions[t->n_versions++].kept = kept;
    return DOSI_OK;
}

/// Makes a view of each dataset, and its file the only reachable ones.
static dosi_status add_views(dosi_sql *sql, const touched *t, dosi_error *err) {
    dosi_text statement = {0};
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < t->n_versions && status == DOSI_OK; i++) {
        const char *path = t->versions[i].kept->version.path;
        dosi_text_clear(&statement);
        dosi_text_puts(&statement, "CREATE VIEW ");
        dosi_sql_put_name(&statement, t->versions[i].name);
        dosi_text_puts(&statement, " AS SELECT * FROM read_parquet(");
        dosi_sql_put_string(&statement, path);
        dosi_text_puts(&statement, ")");
        status = dosi_text_status(&statement, err);
        if (status == DOSI_OK) status = dosi_sql_allow(sql, path, err);
        if (status == DOSI_OK)
            status = dosi_sql_execute(sql, dosi_text_string(&statement), err);
    }
    dosi_text_destroy(&statement);
    return status;
}

/// One record for each dataset that will be read: no record, no data.
static dosi_status record_reads(const touched *t, dosi_error *err) {
    for (size_t i = 0; i < t->n_versions; i++) {
        DOSI_TRY(dosi_gate_note(t->gate, t->caller, "read", &t->versions[i].kept->version,
                                "by SQL", err));
    }
    return DOSI_OK;
}

/// The record of the query itself, with how it ended.
static dosi_status record_query(const touched *t,
                                const char *text,
                                dosi_status status,
                                dosi_error *err) {
    const dosi_audit_entry entry = {.account = t->caller->name,
                                    .account_id = t->caller->account_id,
                                    .channel = t->caller->channel,
                                    .action = "query",
                                    .outcome = dosi_gate_outcome(status),
                                    .detail = text};
    return dosi_audit_append(t->gate->audit, &entry, err);
}

static dosi_status run_query(const touched *t,
                             const char *text,
                             const dosi_query_limits *limits,
                             const dosi_run *run,
                             dosi_table *out,
                             dosi_error *err) {
    const dosi_sql_options options = {
        .memory_bytes = limits->memory_bytes ? limits->memory_bytes : default_memory_bytes,
        .n_threads = dosi_run_threads(run)};
    const dosi_sql_limits sql_limits = {
        .max_rows = limits->max_rows ? limits->max_rows : DEFAULT_ROWS,
        .timeout_us = limits->timeout_us ? limits->timeout_us : default_timeout_us,
        .is_read_only = true};
    dosi_sql *sql = NULL;
    DOSI_TRY(dosi_sql_open(&options, &sql, err));
    dosi_status status = add_views(sql, t, err);
    if (status == DOSI_OK) status = dosi_sql_lock(sql, NULL, err);
    if (status == DOSI_OK) status = dosi_sql_query(sql, text, &sql_limits, run, out, err);
    dosi_sql_close(sql);
    // DuckDB would list what else there is; a dataset that is not there is said plainly.
    if (status == DOSI_PARSE && t->missing[0] && err && strstr(err->message, t->missing)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no dataset \"%s\"", t->missing);
    }
    return status;
}

// NOLINTNEXTLINE(readability-function-size): seven parameters, as gate.h has them
dosi_status dosi_gate_query(dosi_gate *gate,
                            const dosi_caller *caller,
                            const char *sql,
                            const dosi_query_limits *limits,
                            const dosi_run *run,
                            dosi_table *out,
                            dosi_error *err) {
    assert(gate && caller && sql && out);
    static const dosi_query_limits defaults = {0};
    size_t n_bytes = strlen(sql);
    if (n_bytes > LONGEST_SQL) return dosi_fail(err, DOSI_LIMIT, "the query is too long");
    touched *t = calloc(1, sizeof *t);
    if (!t) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a query");
    t->gate = gate;
    t->caller = caller;
    dosi_error own;
    if (!err) err = &own; // Its words are looked at above.
    dosi_status status = dosi_sql_each_name(sql, n_bytes, take_name, t, err);
    if (status == DOSI_OK) status = record_reads(t, err);
    if (status == DOSI_OK) {
        status = run_query(t, sql, limits ? limits : &defaults, run, out, err);
    }
    dosi_status recorded = record_query(t, sql, status, status == DOSI_OK ? err : NULL);
    if (recorded != DOSI_OK && status == DOSI_OK) {
        status = recorded;
        dosi_table_destroy(out);
    }
    for (size_t i = 0; i < t->n_versions; i++) dosi_gate_return_version(t->versions[i].kept);
    free(t);
    return status;
}
