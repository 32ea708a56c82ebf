// Parquet in and out. What SQL types cannot say of a column (unit, meanings) is a JSON object
// in the file's key-value metadata under "dosi".

#include "dosi/json.h"
#include "sql/database.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

// --- out ---------------------------------------------------------------------------------

static bool is_described(const dosi_column *column) {
    return column->unit || column->meaning_ko || column->meaning_en ||
           column->type == DOSI_TYPE_GEOMETRY;
}

/// Appends {"columns":{"pm25":{"unit":"ug/m3","meaning":{"ko":"...","en":"..."}}}}.
static void put_notes(dosi_text *out, const dosi_table *table) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "columns");
    dosi_json_begin_object(&json);
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        if (!is_described(column)) continue;
        dosi_json_key(&json, column->name);
        dosi_json_begin_object(&json);
        // A geometry column without a single geometry is plain bytes to GeoParquet.
        if (column->type == DOSI_TYPE_GEOMETRY) {
            dosi_json_member_string(&json, "type", dosi_type_name(column->type));
        }
        if (column->unit) dosi_json_member_string(&json, "unit", column->unit);
        dosi_json_key(&json, "meaning");
        dosi_json_begin_object(&json);
        if (column->meaning_ko) dosi_json_member_string(&json, "ko", column->meaning_ko);
        if (column->meaning_en) dosi_json_member_string(&json, "en", column->meaning_en);
        dosi_json_end_object(&json);
        dosi_json_end_object(&json);
    }
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
}

dosi_status dosi_parquet_write(const dosi_table *table, const char *path, dosi_error *err) {
    assert(table && path);
    dosi_sql *sql = NULL;
    dosi_text notes = {0};
    dosi_text after = {0};
    put_notes(&notes, table);
    dosi_text_puts(&after, ") TO ");
    dosi_sql_put_string(&after, path);
    dosi_text_puts(&after, " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, "
                           "KV_METADATA {dosi: ");
    dosi_sql_put_string(&after, dosi_text_string(&notes));
    dosi_text_puts(&after, "})");
    dosi_status status = dosi_text_status(&notes, err);
    if (status == DOSI_OK) status = dosi_text_status(&after, err);
    if (status == DOSI_OK) status = dosi_sql_borrow(true, &sql, err);
    if (status == DOSI_OK) {
        status = dosi_sql_execute_on(sql, "COPY (", table, after.data, err);
    }
    dosi_sql_give_back(true, status == DOSI_OK, sql);
    dosi_text_destroy(&after);
    dosi_text_destroy(&notes);
    return status;
}

// --- in ----------------------------------------------------------------------------------

/// Whether a column has no value at all.
static bool is_all_missing(const dosi_table *table, const dosi_column *column) {
    for (size_t i = 0; i < table->n_rows; i++) {
        if (!dosi_column_is_missing(column, i)) return false;
    }
    return true;
}

/// Gives a column the type, unit and meanings that its note holds.
static dosi_status take_note(dosi_table *table, size_t i_column, const json_t *note) {
    dosi_column *column = &table->columns[i_column];
    const char *type = json_string_value(json_object_get(note, "type"));
    if (type && strcmp(type, "geometry") == 0 && column->type == DOSI_TYPE_TEXT &&
        is_all_missing(table, column)) {
        column->type = DOSI_TYPE_GEOMETRY;
        column->srid = 4326;
    }
    const json_t *meaning = json_object_get(note, "meaning");
    return dosi_table_describe(table, i_column,
                               json_string_value(json_object_get(note, "unit")),
                               json_string_value(json_object_get(meaning, "ko")),
                               json_string_value(json_object_get(meaning, "en")));
}

/// Reads the notes of the file into the columns of `out`; a file without is fine.
static dosi_status read_notes(dosi_sql *sql,
                              const char *path,
                              dosi_table *out,
                              dosi_error *err) {
    dosi_text text = {0};
    dosi_table found = {0};
    json_t *notes = NULL;
    dosi_text_puts(&text, "SELECT decode(value) FROM parquet_kv_metadata(");
    dosi_sql_put_string(&text, path);
    dosi_text_puts(&text, ") WHERE key = 'dosi'::BLOB");
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) status = dosi_sql_query(sql, text.data, NULL, NULL, &found, err);
    if (status == DOSI_OK && found.n_rows > 0) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(&found.columns[0], 0, &n_bytes);
        notes = json_loadb(bytes ? bytes : "", n_bytes, 0, NULL);
    }
    const json_t *columns = json_object_get(notes, "columns");
    for (size_t c = 0; c < out->n_columns && columns && status == DOSI_OK; c++) {
        status = take_note(out, c, json_object_get(columns, out->columns[c].name));
        if (status != DOSI_OK) (void)dosi_fail(err, status, "%s: no memory", path);
    }
    json_decref(notes);
    dosi_table_destroy(&found);
    dosi_text_destroy(&text);
    return status;
}

static void put_query(dosi_text *out,
                      const char *path,
                      const char *const *columns,
                      size_t n_columns,
                      const char *where) {
    dosi_text_puts(out, "SELECT ");
    if (n_columns == 0) dosi_text_putc(out, '*');
    for (size_t c = 0; c < n_columns; c++) {
        if (c > 0) dosi_text_puts(out, ", ");
        dosi_sql_put_name(out, columns[c]);
    }
    dosi_text_puts(out, " FROM read_parquet(");
    dosi_sql_put_string(out, path);
    dosi_text_putc(out, ')');
    if (where) dosi_text_printf(out, " WHERE %s", where);
}

/// Says of a failure which file it was about, and that the file is at fault when it is.
static dosi_status fail_file(dosi_error *err,
                             dosi_status status,
                             const char *path,
                             const dosi_error *cause) {
    if (status == DOSI_IO && strstr(cause->message, "No files found")) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s: no such file", path);
    }
    if (status == DOSI_IO || status == DOSI_DOMAIN) status = DOSI_PARSE;
    return dosi_fail(err, status, "%s: %.380s", path, cause->message);
}

dosi_status dosi_parquet_read(const char *path,
                              const char *const *columns,
                              size_t n_columns,
                              const char *where,
                              dosi_table *out,
                              dosi_error *err) {
    assert(path && (columns || n_columns == 0) && out);
    dosi_sql *sql = NULL;
    dosi_text query = {0};
    dosi_error cause = {{0}};
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return dosi_fail(err, DOSI_IO, "%s: not a file", path);
    }
    put_query(&query, path, columns, n_columns, where);
    dosi_status status = dosi_text_status(&query, err);
    if (status == DOSI_OK) status = dosi_sql_borrow(false, &sql, err);
    if (status == DOSI_OK) {
        status = dosi_sql_query(sql, query.data, NULL, NULL, out, &cause);
        if (status == DOSI_OK) status = read_notes(sql, path, out, &cause);
        if (status != DOSI_OK) status = fail_file(err, status, path, &cause);
    }
    if (status != DOSI_OK) dosi_table_destroy(out);
    dosi_sql_give_back(false, status == DOSI_OK, sql);
    dosi_text_destroy(&query);
    return status;
}
