// Datasets made from others by SQL: the query is their method.

#include "study/derive.h"

#include "dosi/json.h"
#include "sql/sql.h"
#include "study/visibility.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS_MAX = 64 };

/// What a query reads.
typedef struct inputs {
    size_t n;
    dosi_version versions[INPUTS_MAX];
} inputs;

static void inputs_clear(inputs *in) {
    for (size_t i = 0; i < in->n; i++) dosi_version_clear(&in->versions[i]);
}

/// Finds the datasets among the names that a query reads (parts of its own WITH are others).
static dosi_status find_inputs(dosi_gate *gate,
                               const dosi_caller *caller,
                               const dosi_table *names,
                               inputs *out,
                               dosi_error *err) {
    for (size_t i = 0; i < names->n_rows; i++) {
        char reference[DOSI_REFERENCE_BYTES];
        char organisation[DOSI_NAME_BYTES];
        char name[DOSI_NAME_BYTES];
        int64_t number = 0;
        size_t n = 0;
        const char *bytes = dosi_column_bytes(&names->columns[0], i, &n);
        if (!bytes || n >= sizeof reference) continue;
        memcpy(reference, bytes, n);
        reference[n] = '\0';
        if (dosi_reference_parse(reference, organisation, name, &number, NULL) != DOSI_OK) {
            continue;
        }
        if (out->n == INPUTS_MAX) {
            return dosi_fail(err, DOSI_LIMIT, "the query reads more than %d datasets",
                             INPUTS_MAX);
        }
        DOSI_TRY(dosi_gate_find(gate, caller, reference, &out->versions[out->n], err));
        out->n++;
    }
    return DOSI_OK;
}

static dosi_status list_inputs(
    dosi_gate *gate, const dosi_caller *caller, const char *sql, inputs *out, dosi_error *err) {
    dosi_sql *database = NULL;
    dosi_table names = {0};
    DOSI_TRY(dosi_sql_open(NULL, &database, err));
    dosi_status status = dosi_sql_table_names(database, sql, &names, err);
    if (status == DOSI_OK) status = find_inputs(gate, caller, &names, out, err);
    dosi_table_destroy(&names);
    dosi_sql_close(database);
    return status;
}

/// Gives a column unit and meaning of the same column in an input.
static dosi_status describe_column(dosi_table *table, size_t i, const json_t *columns) {
    size_t k = 0;
    json_t *column = NULL;
    json_array_foreach(columns, k, column) {
        const char *name = json_string_value(json_object_get(column, "name"));
        const char *type = json_string_value(json_object_get(column, "type"));
        if (!name || !type || strcmp(name, table->columns[i].name) != 0) continue;
        if (strcmp(type, dosi_type_name(table->columns[i].type)) != 0) continue;
        const json_t *meaning = json_object_get(column, "meaning");
        return dosi_table_describe(table, i, json_string_value(json_object_get(column, "unit")),
                                   json_string_value(json_object_get(meaning, "ko")),
                                   json_string_value(json_object_get(meaning, "en")));
    }
    return DOSI_OK;
}

static dosi_status describe_columns(dosi_table *table, const inputs *in, dosi_error *err) {
    dosi_status status = DOSI_OK;
    for (size_t v = 0; v < in->n && status == DOSI_OK; v++) {
        const char *text = in->versions[v].columns_json;
        json_t *columns = text ? json_loads(text, 0, NULL) : NULL;
        for (size_t i = 0; i < table->n_columns && status == DOSI_OK; i++) {
            if (!table->columns[i].unit && !table->columns[i].meaning_en) {
                status = describe_column(table, i, columns);
            }
        }
        json_decref(columns);
    }
    return status == DOSI_OK ? DOSI_OK : dosi_fail(err, status, "out of memory");
}

static void put_lineage(dosi_text *out, const char *sql, const inputs *in) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "sql");
    dosi_json_member_string(&json, "method", "sql");
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    dosi_json_key(&json, "parameters");
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "sql", sql);
    dosi_json_end_object(&json);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < in->n; i++) {
        const dosi_version *version = &in->versions[i];
        char reference[DOSI_REFERENCE_BYTES];
        (void)snprintf(reference, sizeof reference, "%s/%s@%lld", version->organisation,
                       version->name, (long long)version->number);
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "reference", reference);
        dosi_json_member_string(&json, "hash", version->hash);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

// NOLINTNEXTLINE(readability-function-size): what was asked for, what came of it, and out
static dosi_status write_result(dosi_gate *gate,
                                const dosi_caller *caller,
                                const dosi_derivation *derivation,
                                const dosi_table *table,
                                const inputs *in,
                                dosi_version *out,
                                bool *is_new,
                                dosi_error *err) {
    dosi_metadata metadata = derivation->metadata ? *derivation->metadata : (dosi_metadata){0};
    dosi_version old = {0};
    bool is_there = dosi_gate_find(gate, caller, derivation->reference, &old, NULL) == DOSI_OK;
    if (!metadata.visibility) metadata.visibility = is_there ? old.visibility : "organisation";
    for (size_t i = 0; i < in->n; i++) {
        metadata.is_simulated |= in->versions[i].is_simulated;
        metadata.visibility =
            dosi_visibility_stricter(metadata.visibility, in->versions[i].visibility);
    }
    dosi_text lineage = {0};
    put_lineage(&lineage, derivation->sql, in);
    dosi_new_version new_version = {.reference = derivation->reference,
                                    .table = table,
                                    .metadata = &metadata,
                                    .lineage_json = dosi_text_string(&lineage)};
    dosi_status status = dosi_text_status(&lineage, err);
    if (status == DOSI_OK) {
        status = dosi_gate_write(gate, caller, &new_version, out, is_new, err);
    }
    dosi_text_destroy(&lineage);
    dosi_version_clear(&old);
    return status;
}

// NOLINTNEXTLINE(readability-function-size): as the other doors of the gate
dosi_status dosi_derive(dosi_gate *gate,
                        const dosi_caller *caller,
                        const dosi_derivation *derivation,
                        const dosi_run *run,
                        dosi_version *out,
                        bool *is_new,
                        dosi_error *err) {
    dosi_table table = {0};
    inputs *in = calloc(1, sizeof *in);
    if (!in) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_status status = list_inputs(gate, caller, derivation->sql, in, err);
    if (status == DOSI_OK) {
        status = dosi_gate_query(gate, caller, derivation->sql, &derivation->limits, run,
                                 &table, err);
    }
    if (status == DOSI_OK) status = describe_columns(&table, in, err);
    if (status == DOSI_OK) {
        status = write_result(gate, caller, derivation, &table, in, out, is_new, err);
    }
    dosi_table_destroy(&table);
    inputs_clear(in);
    free(in);
    return status;
}
