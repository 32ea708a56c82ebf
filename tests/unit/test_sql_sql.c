// Goal: SQL gives what DuckDB holds in our types, within its limits, and reads nothing it may
// not.

#include "base/os_file.h"
#include "sql/sql.h"
#include "test.h"

#include <stdatomic.h>
#include <unistd.h>

static dosi_sql *open_sql(void) {
    dosi_error err;
    dosi_sql *sql = NULL;
    CHECK_OK(dosi_sql_open(&(dosi_sql_options){.n_threads = 2}, &sql, &err), err);
    return sql;
}

/// A file name of this process in the temporary folder.
static const char *temp_path(const char *name) {
    static char path[256];
    const char *folder = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%s/dosi_sql_%ld_%s", folder ? folder : "/tmp",
                   (long)getpid(), name);
    return path;
}

static void check_text(const dosi_table *table, size_t column, const char *expected) {
    size_t n_bytes = 0;
    const char *bytes = dosi_column_bytes(&table->columns[column], 0, &n_bytes);
    if (!bytes || n_bytes != strlen(expected) || memcmp(bytes, expected, n_bytes) != 0) {
        fail_msg("\"%.*s\" instead of \"%s\"", (int)n_bytes, bytes ? bytes : "", expected);
    }
}

static void every_type_of_duckdb_becomes_one_of_ours(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        dosi_type type;
        double number; ///< of number types
        const char *text;
    } cases[] = {
        {"true", DOSI_TYPE_BOOL, 1, NULL},
        {"(-7)::TINYINT", DOSI_TYPE_INT, -7, NULL},
        {"40000::USMALLINT", DOSI_TYPE_INT, 40000, NULL},
        {"4000000000::UINTEGER", DOSI_TYPE_INT, 4e9, NULL},
        {"9::UBIGINT", DOSI_TYPE_INT, 9, NULL},
        {"170141183460469231731687303715884105727::HUGEINT", DOSI_TYPE_REAL, 0x1p127, NULL},
        {"12.25::DECIMAL(8,3)", DOSI_TYPE_REAL, 12.25, NULL},
        {"1.5::FLOAT", DOSI_TYPE_REAL, 1.5, NULL},
        {"sum(x) FROM (VALUES (1), (2)) v(x)", DOSI_TYPE_REAL, 3, NULL},
        {"DATE '1970-01-03'", DOSI_TYPE_DATE, 2, NULL},
        {"TIMESTAMP '1970-01-01 00:00:01.5'", DOSI_TYPE_TIME, 1500000, NULL},
        {"TIMESTAMP_NS '1970-01-01 00:00:01'", DOSI_TYPE_TIME, 1000000, NULL},
        {"TIMESTAMPTZ '1970-01-01 00:00:00Z'", DOSI_TYPE_TIME, 9 * 3600e6, NULL},
        {"'미세먼지'", DOSI_TYPE_TEXT, 0, "미세먼지"},
        {"[1, NULL, 3]", DOSI_TYPE_TEXT, 0, "[1,null,3]"},
        {"{name: '강남', \"n\": [1.5]}", DOSI_TYPE_TEXT, 0, "{\"name\":\"강남\",\"n\":[1.5]}"},
        {"MAP {'a': 1}", DOSI_TYPE_TEXT, 0, "{\"a\":1}"},
        {"'x'::ENUM('x', 'y')", DOSI_TYPE_TEXT, 0, "x"},
        {"TIME '12:30:00'", DOSI_TYPE_TEXT, 0, "12:30:00"},
        {"INTERVAL 3 DAYS", DOSI_TYPE_TEXT, 0, "3 days"},
        {"'\\xFF\\x00'::BLOB", DOSI_TYPE_TEXT, 0, "ff00"},
        {"'abc'::BLOB", DOSI_TYPE_TEXT, 0, "abc"},
        {"'{\"a\":1}'::JSON", DOSI_TYPE_TEXT, 0, "{\"a\":1}"},
        {"uuid '00000000-0000-0000-0000-000000000001'", DOSI_TYPE_TEXT, 0,
         "00000000-0000-0000-0000-000000000001"},
    };
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char query[200];
        (void)snprintf(query, sizeof query, "SELECT %s; -- a comment", cases[i].expression);
        CHECK_OK(dosi_sql_query(sql, query, NULL, NULL, &table, &err), err);
        assert_int_equal(table.n_rows, 1);
        if (table.columns[0].type != cases[i].type) fail_msg("type of %s", query);
        if (cases[i].text) {
            check_text(&table, 0, cases[i].text);
        } else if (dosi_column_real(&table.columns[0], 0) != cases[i].number) {
            fail_msg("value of %s", query);
        }
    }
    dosi_table_destroy(&table);
    dosi_sql_close(sql);
}

static void missing_and_repeated_names_are_kept_apart(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    CHECK_OK(dosi_sql_query(sql,
                            "SELECT NULL AS a, NULL::INT AS a, NULL::DOUBLE AS a, "
                            "NULL::GEOMETRY AS g, NULL::DECIMAL(4,2) AS d, NULL::BOOLEAN AS b",
                            NULL, NULL, &table, &err),
             err);
    assert_int_equal(table.n_columns, 6);
    assert_string_equal(table.columns[1].name, "a_1");
    assert_string_equal(table.columns[2].name, "a_2");
    for (size_t c = 0; c < table.n_columns; c++) {
        assert_true(dosi_column_is_missing(&table.columns[c], 0));
    }
    assert_int_equal(table.columns[3].type, DOSI_TYPE_GEOMETRY);
    CHECK_STATUS(
        dosi_sql_query(sql, "SELECT 18446744073709551615::UBIGINT", NULL, NULL, &table, &err),
        DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "18446744073709551615"));
    assert_int_equal(table.n_columns, 0);
    dosi_sql_close(sql);
}

static void limits_of_rows_time_and_patience_hold(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    const char *endless = "SELECT sum(a.range * b.range % 7) FROM range(10000000) a, "
                          "range(10000000) b";
    CHECK_OK(dosi_sql_query(sql, "FROM range(5000)", &(dosi_sql_limits){.max_rows = 5000}, NULL,
                            &table, &err),
             err);
    assert_int_equal(table.n_rows, 5000);
    assert_int_equal(table.columns[0].data.integer[4999], 4999);
    CHECK_STATUS(dosi_sql_query(sql, "FROM range(5001)", &(dosi_sql_limits){.max_rows = 5000},
                                NULL, &table, &err),
                 DOSI_LIMIT);
    CHECK_STATUS(dosi_sql_query(sql, endless, &(dosi_sql_limits){.timeout_us = 50000}, NULL,
                                &table, &err),
                 DOSI_TIMEOUT);
    assert_non_null(strstr(err.message, "0.05 s"));
    atomic_bool cancel = true;
    dosi_run run = {.cancel = &cancel};
    CHECK_STATUS(dosi_sql_query(sql, endless, NULL, &run, &table, &err), DOSI_CANCELLED);
    CHECK_OK(dosi_sql_query(sql, "SELECT 1", NULL, NULL, &table, &err), err);
    dosi_table_destroy(&table);
    dosi_sql_close(sql);
}

static void memory_limit_is_kept(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = NULL;
    dosi_table table = {0};
    const dosi_sql_options options = {.memory_bytes = 20 << 20, .n_threads = 1};
    CHECK_OK(dosi_sql_open(&options, &sql, &err), err);
    CHECK_STATUS(dosi_sql_query(sql,
                                "SELECT count(*) FROM (SELECT range, hash(range) AS h "
                                "FROM range(20000000) GROUP BY ALL)",
                                NULL, NULL, &table, &err),
                 DOSI_LIMIT);
    dosi_sql_close(sql);
}

static void only_one_select_passes_as_read_only(void **state) {
    (void)state;
    static const char *const refused[] = {
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1; DROP TABLE t",
        "SET threads = 1",
        "COPY (SELECT 1) TO 'x.csv'",
        "ATTACH 'x.db'",
        "INSTALL spatial",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "EXPORT DATABASE '/tmp/x'",
        "DELETE FROM t",
    };
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    const dosi_sql_limits limits = {.is_read_only = true};
    CHECK_OK(dosi_sql_execute(sql, "CREATE TABLE t AS SELECT 42 AS x", &err), err);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (dosi_sql_query(sql, refused[i], &limits, NULL, &table, &err) != DOSI_DENIED) {
            fail_msg("%s: %s", refused[i], err.message);
        }
    }
    CHECK_OK(
        dosi_sql_query(sql, "WITH a AS (FROM t) SELECT x FROM a", &limits, NULL, &table, &err),
        err);
    assert_int_equal(table.columns[0].data.integer[0], 42);
    CHECK_STATUS(dosi_sql_query(sql, "SELEC 1", &limits, NULL, &table, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "SELEC"));
    CHECK_STATUS(dosi_sql_query(sql, "  ", &limits, NULL, &table, &err), DOSI_PARSE);
    CHECK_STATUS(dosi_sql_query(sql, "SELECT ?", &limits, NULL, &table, &err), DOSI_INVALID);
    dosi_sql_close(sql);
}

static void a_locked_database_reads_only_what_was_allowed(void **state) {
    (void)state;
    static const char *const refused[] = {
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM read_parquet('/tmp/*.parquet')",
        "SELECT * FROM read_blob('../../../etc/passwd')",
        "SELECT * FROM dosi_scan()",
    };
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    char path[300];
    char query[400];
    (void)snprintf(path, sizeof path, "%s", temp_path("allowed.parquet"));
    CHECK_OK(dosi_sql_query(sql, "SELECT 3 AS x", NULL, NULL, &table, &err), err);
    CHECK_OK(dosi_sql_add_table(sql, "t", &table, &err), err);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    (void)snprintf(query, sizeof query, "CREATE VIEW \"a/b@1\" AS FROM read_parquet('%s')",
                   path);
    CHECK_OK(dosi_sql_execute(sql, query, &err), err);
    CHECK_OK(dosi_sql_allow(sql, path, &err), err);
    CHECK_OK(dosi_sql_lock(sql, NULL, &err), err);
    CHECK_OK(
        dosi_sql_query(sql, "SELECT v.x + t.x FROM \"a/b@1\" v, t", NULL, NULL, &table, &err),
        err);
    assert_int_equal(table.columns[0].data.integer[0], 6);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const dosi_sql_limits limits = {.is_read_only = true};
        dosi_status status = dosi_sql_query(sql, refused[i], &limits, NULL, &table, &err);
        if (status != DOSI_DENIED && status != DOSI_PARSE) {
            fail_msg("%s: %s", refused[i], dosi_status_text(status));
        }
    }
    CHECK_STATUS(dosi_sql_query(sql, refused[0], NULL, NULL, &table, &err), DOSI_DENIED);
    assert_true(dosi_sql_execute(sql, "SET enable_external_access = true", &err) != DOSI_OK);
    assert_true(dosi_sql_execute(sql, "SET threads = 1", &err) != DOSI_OK);
    assert_true(dosi_sql_execute(sql, "LOAD spatial", &err) != DOSI_OK);
    assert_true(dosi_sql_execute(sql, "COPY t TO '/tmp/dosi_x.csv'", &err) != DOSI_OK);
    dosi_sql_close(sql);
    (void)unlink(path);
}

static void a_folder_can_be_left_open(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    char folder[300];
    char path[400];
    char query[500];
    (void)snprintf(folder, sizeof folder, "%s", temp_path("folder"));
    (void)snprintf(path, sizeof path, "%s/a.parquet", folder);
    CHECK_OK(dosi_folder_create(folder, &err), err);
    CHECK_OK(dosi_sql_query(sql, "SELECT 3 AS x", NULL, NULL, &table, &err), err);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_sql_lock(sql, folder, &err), err);
    (void)snprintf(query, sizeof query, "FROM '%s'", path);
    CHECK_OK(dosi_sql_query(sql, query, NULL, NULL, &table, &err), err);
    (void)snprintf(query, sizeof query, "FROM read_text('%s/../../etc/passwd')", folder);
    CHECK_STATUS(dosi_sql_query(sql, query, NULL, NULL, &table, &err), DOSI_DENIED);
    dosi_sql_close(sql);
    CHECK_OK(dosi_folder_remove(folder, &err), err);
}

static void names_of_tables_are_found_without_running(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table names = {0};
    dosi_text joined = {0};
    CHECK_OK(dosi_sql_table_names(sql,
                                  "WITH w AS (SELECT * FROM \"a/b@3\") SELECT * FROM w JOIN "
                                  "\"c/d\" USING (k) WHERE z IN (SELECT y FROM \"e/f\" UNION "
                                  "FROM \"c/d\") ORDER BY (SELECT 1 FROM 'it''s.parquet'); --",
                                  &names, &err),
             err);
    for (size_t i = 0; i < names.n_rows; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(&names.columns[0], i, &n_bytes);
        dosi_text_printf(&joined, "[%.*s]", (int)n_bytes, bytes);
    }
    assert_non_null(strstr(dosi_text_string(&joined), "[a/b@3]"));
    assert_non_null(strstr(dosi_text_string(&joined), "[c/d]"));
    assert_non_null(strstr(dosi_text_string(&joined), "[e/f]"));
    assert_non_null(strstr(dosi_text_string(&joined), "[it's.parquet]"));
    assert_int_equal(names.n_rows, 5); // and w
    CHECK_STATUS(dosi_sql_table_names(sql, "SELECT FROM FROM", &names, &err), DOSI_PARSE);
    CHECK_STATUS(dosi_sql_table_names(sql, "DROP TABLE t", &names, &err), DOSI_DENIED);
    CHECK_STATUS(dosi_sql_table_names(sql, "SELECT 1; SELECT 2", &names, &err), DOSI_DENIED);
    dosi_text_destroy(&joined);
    dosi_sql_close(sql);
}

static void quoting_keeps_hostile_names_harmless(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = open_sql();
    dosi_table table = {0};
    const char *name = "x\" AS SELECT 1; DROP TABLE y; --'";
    dosi_text query = {0};
    CHECK_OK(dosi_sql_query(sql, "SELECT 5 AS \"a\"\"b'c\"", NULL, NULL, &table, &err), err);
    CHECK_OK(dosi_sql_add_table(sql, name, &table, &err), err);
    dosi_text_puts(&query, "SELECT \"a\"\"b'c\", ");
    dosi_sql_put_string(&query, name);
    dosi_text_puts(&query, " FROM ");
    dosi_sql_put_name(&query, name);
    CHECK_OK(dosi_sql_query(sql, dosi_text_string(&query), NULL, NULL, &table, &err), err);
    assert_int_equal(table.columns[0].data.integer[0], 5);
    check_text(&table, 1, name);
    dosi_table_destroy(&table);
    dosi_text_destroy(&query);
    dosi_sql_close(sql);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_duckdb_becomes_one_of_ours),
        cmocka_unit_test(missing_and_repeated_names_are_kept_apart),
        cmocka_unit_test(limits_of_rows_time_and_patience_hold),
        cmocka_unit_test(memory_limit_is_kept),
        cmocka_unit_test(only_one_select_passes_as_read_only),
        cmocka_unit_test(a_locked_database_reads_only_what_was_allowed),
        cmocka_unit_test(a_folder_can_be_left_open),
        cmocka_unit_test(names_of_tables_are_found_without_running),
        cmocka_unit_test(quoting_keeps_hostile_names_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
