// From DuckDB's chunks to our columns.

#include "sql/database.h"

#include <assert.h>
#include <math.h>
#include <string.h>

dosi_type dosi_sql_column_type(duckdb_type type, const char **cast) {
    *cast = NULL;
    switch ((int)type) {
    case DUCKDB_TYPE_BOOLEAN:
        return DOSI_TYPE_BOOL;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
        return DOSI_TYPE_INT;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return DOSI_TYPE_REAL;
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_DECIMAL:
        *cast = "%s::DOUBLE";
        return DOSI_TYPE_REAL;
    case DUCKDB_TYPE_DATE:
        return DOSI_TYPE_DATE;
    case DUCKDB_TYPE_TIMESTAMP:
        return DOSI_TYPE_TIME;
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        *cast = "%s::TIMESTAMP";
        return DOSI_TYPE_TIME;
    case SQL_TYPE_GEOMETRY:
        *cast = "ST_AsWKB(%s)";
        return DOSI_TYPE_GEOMETRY;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_SQLNULL:
    case DUCKDB_TYPE_BLOB:
        return DOSI_TYPE_TEXT;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
        *cast = "to_json(%s)::VARCHAR";
        return DOSI_TYPE_TEXT;
    default:
        *cast = "%s::VARCHAR";
        return DOSI_TYPE_TEXT;
    }
}

/// Whether row `i` has a value; `mask` NULL means that all have.
static bool is_valid(uint64_t *mask, idx_t i) {
    return !mask || duckdb_validity_row_is_valid(mask, i);
}

/// Copies numbers of C type `type` into `to`, leaving missing cells as they are.
#define TAKE(to, c_type, type)                                            \
    for (idx_t i = 0; i < n_rows; i++) {                                  \
        if (is_valid(mask, i)) (to)[i] = (c_type)((const type *)data)[i]; \
    }                                                                     \
    return DOSI_OK

static dosi_status take_unsigned_64(
    const uint64_t *data, uint64_t *mask, idx_t n_rows, int64_t *to, dosi_error *err) {
    for (idx_t i = 0; i < n_rows; i++) {
        if (!is_valid(mask, i)) continue;
        if (data[i] > INT64_MAX) {
            return dosi_fail(err, DOSI_DOMAIN,
                             "%llu is larger than an integer can be; cast it to DOUBLE",
                             (unsigned long long)data[i]);
        }
        to[i] = (int64_t)data[i];
    }
    return DOSI_OK;
}

static dosi_status take_numbers(duckdb_type type,
                                duckdb_vector vector,
                                idx_t n_rows,
                                dosi_column *column,
                                size_t first,
                                dosi_error *err) {
    const void *data = duckdb_vector_get_data(vector);
    uint64_t *mask = duckdb_vector_get_validity(vector);
    int64_t *integer = column->data.integer + first;
    switch ((int)type) {
    case DUCKDB_TYPE_BOOLEAN:
        TAKE(column->data.boolean + first, uint8_t, uint8_t);
    case DUCKDB_TYPE_TINYINT:
        TAKE(integer, int64_t, int8_t);
    case DUCKDB_TYPE_SMALLINT:
        TAKE(integer, int64_t, int16_t);
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
        TAKE(integer, int64_t, int32_t);
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP:
        TAKE(integer, int64_t, int64_t);
    case DUCKDB_TYPE_UTINYINT:
        TAKE(integer, int64_t, uint8_t);
    case DUCKDB_TYPE_USMALLINT:
        TAKE(integer, int64_t, uint16_t);
    case DUCKDB_TYPE_UINTEGER:
        TAKE(integer, int64_t, uint32_t);
    case DUCKDB_TYPE_UBIGINT:
        return take_unsigned_64(data, mask, n_rows, integer, err);
    case DUCKDB_TYPE_FLOAT:
        TAKE(column->data.real + first, double, float);
    case DUCKDB_TYPE_DOUBLE:
        TAKE(column->data.real + first, double, double);
    default:
        return DOSI_OK; // a column of NULL only
    }
}

/// Stores bytes that are no text as hexadecimal digits.
static dosi_status set_hexadecimal(
    dosi_table *table, size_t i_column, size_t row, const char *bytes, size_t n_bytes) {
    dosi_text text = {0};
    for (size_t i = 0; i < n_bytes; i++) {
        dosi_text_printf(&text, "%02x", (unsigned)(unsigned char)bytes[i]);
    }
    dosi_status status = dosi_text_status(&text, NULL);
    if (status == DOSI_OK) {
        status = dosi_table_set_bytes(table, i_column, row, text.data, text.length);
    }
    dosi_text_destroy(&text);
    return status;
}

static dosi_status take_bytes(
    duckdb_vector vector, idx_t n_rows, dosi_table *table, size_t i_column, size_t first) {
    duckdb_string_t *data = duckdb_vector_get_data(vector);
    uint64_t *mask = duckdb_vector_get_validity(vector);
    bool is_text = table->columns[i_column].type == DOSI_TYPE_TEXT;
    for (idx_t i = 0; i < n_rows; i++) {
        if (!is_valid(mask, i)) continue;
        const char *bytes = duckdb_string_t_data(&data[i]);
        size_t n_bytes = duckdb_string_t_length(data[i]);
        if (is_text && !dosi_utf8_is_valid(bytes, n_bytes)) {
            DOSI_TRY(set_hexadecimal(table, i_column, first + i, bytes, n_bytes));
        } else {
            DOSI_TRY(dosi_table_set_bytes(table, i_column, first + i, bytes, n_bytes));
        }
    }
    return DOSI_OK;
}

dosi_status dosi_sql_take_chunk(duckdb_data_chunk chunk, dosi_table *table, dosi_error *err) {
    idx_t n_rows = duckdb_data_chunk_get_size(chunk);
    size_t first = table->n_rows;
    assert(duckdb_data_chunk_get_column_count(chunk) == table->n_columns);
    DOSI_TRY(dosi_table_add_rows(table, n_rows, err));
    for (size_t c = 0; c < table->n_columns; c++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, c);
        duckdb_logical_type logical = duckdb_vector_get_column_type(vector);
        duckdb_type type = duckdb_get_type_id(logical);
        duckdb_destroy_logical_type(&logical);
        dosi_status status =
            type == DUCKDB_TYPE_VARCHAR || type == DUCKDB_TYPE_BLOB
                ? take_bytes(vector, n_rows, table, c, first)
                : take_numbers(type, vector, n_rows, &table->columns[c], first, err);
        if (status == DOSI_NO_MEMORY) return dosi_fail(err, status, "no memory for the rows");
        DOSI_TRY(status);
    }
    return DOSI_OK;
}
