// A table of ours as a table function of DuckDB: read in place, in order, by one thread.

#include "sql/database.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/// Where a scan has come to.
typedef struct scan_place {
    const dosi_table *table;
    size_t row;
} scan_place;

static duckdb_type duckdb_type_of(dosi_type type) {
    switch (type) {
    case DOSI_TYPE_BOOL:
        return DUCKDB_TYPE_BOOLEAN;
    case DOSI_TYPE_INT:
        return DUCKDB_TYPE_BIGINT;
    case DOSI_TYPE_REAL:
        return DUCKDB_TYPE_DOUBLE;
    case DOSI_TYPE_TEXT:
        return DUCKDB_TYPE_VARCHAR;
    case DOSI_TYPE_TIME:
        return DUCKDB_TYPE_TIMESTAMP;
    case DOSI_TYPE_DATE:
        return DUCKDB_TYPE_DATE;
    case DOSI_TYPE_GEOMETRY:
    case DOSI_TYPE_COUNT:
        break;
    }
    return DUCKDB_TYPE_BLOB;
}

static void scan_bind(duckdb_bind_info info) {
    dosi_sql *sql = duckdb_bind_get_extra_info(info);
    const dosi_table *table = sql->scanned;
    if (!table) {
        duckdb_bind_set_error(info, "dosi_scan() is not for use in queries");
        return;
    }
    for (size_t c = 0; c < table->n_columns; c++) {
        duckdb_logical_type type =
            duckdb_create_logical_type(duckdb_type_of(table->columns[c].type));
        duckdb_bind_add_result_column(info, table->columns[c].name, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_bind_set_cardinality(info, table->n_rows, true);
    duckdb_bind_set_bind_data(info, sql, NULL);
}

static void scan_init(duckdb_init_info info) {
    scan_place *place = calloc(1, sizeof *place);
    if (!place) {
        duckdb_init_set_error(info, "no memory for a scan");
        return;
    }
    const dosi_sql *sql = duckdb_init_get_bind_data(info);
    place->table = sql->scanned;
    duckdb_init_set_max_threads(info, 1);
    duckdb_init_set_init_data(info, place, free);
}

/// Says where text is not UTF-8.
static void fail_text(duckdb_function_info info, const dosi_column *column, size_t row) {
    char message[200];
    (void)snprintf(message, sizeof message, "column \"%.80s\", row %zu: not valid UTF-8",
                   column->name, row + 1);
    duckdb_function_set_error(info, message);
}

static bool put_bytes(duckdb_function_info info,
                      duckdb_vector vector,
                      uint64_t *mask,
                      const dosi_column *column,
                      const scan_place *place,
                      size_t n_rows) {
    for (size_t i = 0; i < n_rows; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(column, place->row + i, &n_bytes);
        if (!bytes) {
            duckdb_validity_set_row_invalid(mask, i);
            continue;
        }
        if (column->type == DOSI_TYPE_TEXT && !dosi_utf8_is_valid(bytes, n_bytes)) {
            fail_text(info, column, place->row + i);
            return false;
        }
        duckdb_vector_assign_string_element_len(vector, i, bytes, n_bytes);
    }
    return true;
}

static void put_integers(
    void *data, uint64_t *mask, dosi_type type, const int64_t *values, size_t n_rows) {
    for (size_t i = 0; i < n_rows; i++) {
        if (values[i] == DOSI_MISSING_INT) {
            duckdb_validity_set_row_invalid(mask, i);
        } else if (type == DOSI_TYPE_DATE) {
            ((int32_t *)data)[i] = (int32_t)values[i];
        } else {
            ((int64_t *)data)[i] = values[i];
        }
    }
}

static bool put_column(duckdb_function_info info,
                       duckdb_vector vector,
                       const dosi_column *column,
                       const scan_place *place,
                       size_t n_rows) {
    duckdb_vector_ensure_validity_writable(vector);
    uint64_t *mask = duckdb_vector_get_validity(vector);
    void *data = duckdb_vector_get_data(vector);
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        for (size_t i = 0; i < n_rows; i++) {
            uint8_t value = column->data.boolean[place->row + i];
            if (value == DOSI_MISSING_BOOL) duckdb_validity_set_row_invalid(mask, i);
            ((uint8_t *)data)[i] = value == 1;
        }
        return true;
    case DOSI_TYPE_REAL:
        for (size_t i = 0; i < n_rows; i++) {
            double value = column->data.real[place->row + i];
            if (isnan(value)) duckdb_validity_set_row_invalid(mask, i);
            ((double *)data)[i] = value;
        }
        return true;
    case DOSI_TYPE_INT:
    case DOSI_TYPE_TIME:
    case DOSI_TYPE_DATE:
        put_integers(data, mask, column->type, column->data.integer + place->row, n_rows);
        return true;
    default:
        return put_bytes(info, vector, mask, column, place, n_rows);
    }
}

static void scan_next(duckdb_function_info info, duckdb_data_chunk output) {
    scan_place *place = duckdb_function_get_init_data(info);
    const dosi_table *table = place->table;
    size_t n_rows = table->n_rows - place->row;
    if (n_rows > duckdb_vector_size()) n_rows = duckdb_vector_size();
    for (size_t c = 0; c < table->n_columns && n_rows > 0; c++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, c);
        if (!put_column(info, vector, &table->columns[c], place, n_rows)) return;
    }
    place->row += n_rows;
    duckdb_data_chunk_set_size(output, n_rows);
}

/// Makes dosi_scan() known to the database, once.
static dosi_status register_scan(dosi_sql *sql, dosi_error *err) {
    if (sql->has_scan) return DOSI_OK;
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "dosi_scan");
    duckdb_table_function_set_extra_info(function, sql, NULL);
    duckdb_table_function_set_bind(function, scan_bind);
    duckdb_table_function_set_init(function, scan_init);
    duckdb_table_function_set_function(function, scan_next);
    duckdb_state state = duckdb_register_table_function(sql->connection, function);
    duckdb_destroy_table_function(&function);
    if (state != DuckDBSuccess) return dosi_fail(err, DOSI_IO, "DuckDB takes no function");
    sql->has_scan = true;
    return DOSI_OK;
}

/// Appends the SELECT that reads `table` with its types (WKB made GEOMETRY).
static dosi_status put_select(dosi_text *out, const dosi_table *table, dosi_error *err) {
    if (table->n_columns == 0) {
        return dosi_fail(err, DOSI_INVALID, "a table without columns cannot be stored");
    }
    dosi_text_puts(out, "SELECT ");
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        bool is_geometry = column->type == DOSI_TYPE_GEOMETRY;
        if (is_geometry && column->srid != 0 && column->srid != 4326) {
            return dosi_fail(err, DOSI_UNSUPPORTED,
                             "column \"%s\" is in EPSG:%d; geometry is stored as longitude "
                             "and latitude (EPSG:4326)",
                             column->name, column->srid);
        }
        if (c > 0) dosi_text_puts(out, ", ");
        if (is_geometry) dosi_text_puts(out, "ST_GeomFromWKB(");
        dosi_sql_put_name(out, column->name);
        if (is_geometry) {
            dosi_text_puts(out, ") AS ");
            dosi_sql_put_name(out, column->name);
        }
    }
    dosi_text_puts(out, " FROM dosi_scan()");
    return dosi_text_status(out, err);
}

dosi_status dosi_sql_execute_on(dosi_sql *sql,
                                const char *before,
                                const dosi_table *table,
                                const char *after,
                                dosi_error *err) {
    assert(sql && before && table && after);
    dosi_text text = {0};
    dosi_text_puts(&text, before);
    dosi_status status = put_select(&text, table, err);
    dosi_text_puts(&text, after);
    if (status == DOSI_OK) status = dosi_text_status(&text, err);
    if (status == DOSI_OK) status = register_scan(sql, err);
    if (status == DOSI_OK) {
        sql->scanned = table;
        status = dosi_sql_execute(sql, text.data, err);
        sql->scanned = NULL;
    }
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_sql_add_table(dosi_sql *sql,
                               const char *name,
                               const dosi_table *table,
                               dosi_error *err) {
    dosi_text before = {0};
    dosi_text_puts(&before, "CREATE OR REPLACE TABLE ");
    dosi_sql_put_name(&before, name);
    dosi_text_puts(&before, " AS ");
    dosi_status status = dosi_text_status(&before, err);
    if (status == DOSI_OK) status = dosi_sql_execute_on(sql, before.data, table, "", err);
    dosi_text_destroy(&before);
    return status;
}
