// Which tables a query reads, found in its syntax tree without running it.

#include "sql/database.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

/// Adds `name` to column 0 unless it is there.
static dosi_status add_name(dosi_table *out, const char *name, dosi_error *err) {
    size_t n_name = strlen(name);
    for (size_t i = 0; i < out->n_rows; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(&out->columns[0], i, &n_bytes);
        if (n_bytes == n_name && memcmp(bytes, name, n_bytes) == 0) return DOSI_OK;
    }
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    return dosi_table_set_text(out, 0, out->n_rows - 1, name);
}

/// Walks the tree; `depth` levels are left.
static dosi_status walk(json_t *node, int depth, dosi_table *out, dosi_error *err) {
    if (depth == 0) return dosi_fail(err, DOSI_LIMIT, "the query is nested too deeply");
    if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++) {
            DOSI_TRY(walk(json_array_get(node, i), depth - 1, out, err));
        }
        return DOSI_OK;
    }
    if (!json_is_object(node)) return DOSI_OK;
    const char *type = json_string_value(json_object_get(node, "type"));
    const char *name = json_string_value(json_object_get(node, "table_name"));
    if (type && name && strcmp(type, "BASE_TABLE") == 0) DOSI_TRY(add_name(out, name, err));
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach(node, key, child) {
        DOSI_TRY(walk(child, depth - 1, out, err));
    }
    return DOSI_OK;
}

/// Reads the tree that json_serialize_sql() gives.
static dosi_status read_tree(const char *text,
                             size_t n_bytes,
                             dosi_table *out,
                             dosi_error *err) {
    static const int max_depth = 1000;
    json_t *tree = json_loadb(text, n_bytes, JSON_DECODE_INT_AS_REAL, NULL);
    if (!tree) return dosi_fail(err, DOSI_LIMIT, "the query is too large to be looked through");
    dosi_status status = DOSI_OK;
    if (json_is_true(json_object_get(tree, "error"))) {
        const char *kind = json_string_value(json_object_get(tree, "error_type"));
        const char *message = json_string_value(json_object_get(tree, "error_message"));
        bool is_other = kind && strcmp(kind, "not implemented") == 0;
        status = dosi_fail(err, is_other ? DOSI_DENIED : DOSI_PARSE, "%s",
                           is_other  ? "only SELECT is allowed here"
                           : message ? message
                                     : "?");
    } else if (json_array_size(json_object_get(tree, "statements")) != 1) {
        status = dosi_fail(err, DOSI_DENIED, "%zu statements in one query; give one",
                           json_array_size(json_object_get(tree, "statements")));
    } else {
        status = walk(tree, max_depth, out, err);
    }
    json_decref(tree);
    return status;
}

dosi_status dosi_sql_table_names(dosi_sql *sql,
                                 const char *query,
                                 dosi_table *out,
                                 dosi_error *err) {
    assert(sql && query && out);
    dosi_text text = {0};
    dosi_table tree = {0};
    dosi_table_destroy(out);
    dosi_text_puts(&text, "SELECT json_serialize_sql(");
    dosi_sql_put_string(&text, query);
    dosi_text_puts(&text, ") AS tree");
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_sql_query(sql, text.data, NULL, NULL, &tree, err);
    }
    if (status == DOSI_OK) {
        status = dosi_table_add_column(out, "name", DOSI_TYPE_TEXT, NULL, err);
    }
    if (status == DOSI_OK) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(&tree.columns[0], 0, &n_bytes);
        status = read_tree(bytes ? bytes : "", n_bytes, out, err);
    }
    if (status != DOSI_OK) dosi_table_destroy(out);
    dosi_table_destroy(&tree);
    dosi_text_destroy(&text);
    return status;
}
