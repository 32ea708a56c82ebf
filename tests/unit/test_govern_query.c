// Goal: SQL reads the datasets that the caller may read, and nothing else of the machine.

#include "govern_lab.h"

#include <unistd.h>

static dosi_caller nobody(void) {
    return dosi_caller_visitor("sql");
}

static dosi_status query_as(const dosi_caller *caller,
                            const char *sql,
                            dosi_table *out,
                            dosi_error *err) {
    return dosi_gate_query(lab.gate, caller, sql, NULL, NULL, out, err);
}

/// The first cell of the result as a number.
static double number_as(const dosi_caller *caller, const char *sql) {
    dosi_error err;
    dosi_table table = {0};
    CHECK_OK(query_as(caller, sql, &table, &err), err);
    assert_int_equal(table.n_rows, 1);
    double value = dosi_column_real(&table.columns[0], 0);
    dosi_table_destroy(&table);
    return value;
}

static void datasets_are_tables(void **state) {
    (void)state;
    dosi_caller visitor = nobody();
    assert_true(number_as(&visitor, "select count(*) from \"seoul/open\"") == 4);
    assert_true(number_as(&visitor, "select sum(value) from \"seoul/open@1\"") == 3);
    assert_true(number_as(&lab.local, "select count(*) from \"seoul/secret\" a, "
                                      "\"busan/secret\" b where a.id = b.id") == 6);
    assert_true(number_as(&visitor, "with t as (select * from \"seoul/open\") "
                                    "select max(id) as \"a/b\" from t") == 3);
    test_write("seoul/open", "public", 9);
    assert_true(number_as(&visitor, "select count(*) from \"seoul/open\"") == 9);
    assert_true(number_as(&visitor, "select count(*) from \"seoul/open@1\"") == 4);
}

static void what_is_invisible_is_not_there(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_caller visitor = nobody();
    static const char *const names[] = {"seoul/secret", "seoul/shared", "seoul/absent",
                                        "busan/secret@1"};
    for (size_t i = 0; i < 4; i++) {
        char sql[128];
        char message[128];
        (void)snprintf(sql, sizeof sql, "select * from \"%s\"", names[i]);
        (void)snprintf(message, sizeof message, "no dataset \"%s\"", names[i]);
        CHECK_STATUS(query_as(&visitor, sql, &table, &err), DOSI_NOT_FOUND);
        assert_string_equal(err.message, message);
        assert_int_equal(table.n_columns, 0);
    }
}

static void limits_hold(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_query_limits limits = {.max_rows = 3};
    const char *all = "select * from \"seoul/open\"";
    CHECK_STATUS(dosi_gate_query(lab.gate, &lab.local, all, &limits, NULL, &table, &err),
                 DOSI_LIMIT);
    limits = (dosi_query_limits){.timeout_us = 200000};
    CHECK_STATUS(dosi_gate_query(lab.gate, &lab.local,
                                 "select sum(sqrt(a.range * b.range)) from range(1000000) a, "
                                 "range(1000000) b",
                                 &limits, NULL, &table, &err),
                 DOSI_TIMEOUT);
    dosi_table_destroy(&table);
}

/// Queries that reach for something else. %s is the lab's folder; SECRET another's data file.
static const char *const hostile[] = {
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_csv('/etc/passwd', header = false)",
    "select * from read_csv_auto('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from \"/etc/passwd\"",
    "select * from glob('/etc/*')",
    "select * from glob('**')",
    "select * from glob('%s/lake/*')",
    "select * from read_parquet('%s/lake/*.parquet')",
    "select * from '%s/lake/*.parquet'",
    "select * from read_parquet(['%s/lake/*.parquet'])",
    "select * from parquet_scan('%s/lake/*.parquet')",
    "select * from parquet_metadata('%s/lake/*.parquet')",
    "select * from parquet_schema('SECRET')",
    "select * from parquet_file_metadata('SECRET')",
    "select * from parquet_kv_metadata('SECRET')",
    "select * from read_parquet('SECRET')",
    "select * from read_parquet('%s/lake/../lake/SECRETNAME')",
    "select * from read_parquet('file:SECRET')",
    "select * from read_parquet('file://SECRET')",
    "select * from read_blob('SECRET')",
    "select * from read_json('%s/lab.yaml')",
    "select * from read_text('%s/lab.yaml')",
    "select * from read_text('%s/secrets/audit.key')",
    "select * from read_text('%s/audit/00000001.jsonl')",
    "select * from read_ndjson('%s/audit/00000001.jsonl')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from sqlite_scan('%s/catalogue.sqlite', 'account')",
    "select * from read_parquet('https://example.org/x.parquet')",
    "select * from read_csv('https://example.org/x.csv')",
    "attach '%s/catalogue.sqlite' as c (type sqlite)",
    "attach ':memory:' as other",
    "attach '%s/new.duckdb' as other",
    "copy (select 1) to '%s/out.csv'",
    "copy (select * from \"seoul/open\") to '%s/out.parquet' (format parquet)",
    "export database '%s/out'",
    "import database '%s/out'",
    "install httpfs",
    "load httpfs",
    "load '%s/x.duckdb_extension'",
    "pragma enable_external_access",
    "set enable_external_access = true",
    "set allowed_paths = ['/etc/passwd']",
    "set allowed_directories = ['/']",
    "set lock_configuration = false",
    "set memory_limit = '100GB'",
    "set threads = 64",
    "reset memory_limit",
    "set file_search_path = '%s/lake'",
    "set home_directory = '/'",
    "create table t as select 1",
    "create temp table t as select 1",
    "create view v as select 1",
    "create or replace view \"seoul/open\" as select 1",
    "create macro m() as 1",
    "create secret s (type s3)",
    "drop view \"seoul/open\"",
    "insert into \"seoul/open\" values (1)",
    "delete from \"seoul/open\"",
    "update \"seoul/open\" set id = 1",
    "select 1; select 2",
    "select 1; copy (select 1) to '%s/out.csv'",
    "call pragma_version()",
    "checkpoint",
    "vacuum",
    "begin transaction",
    "use memory",
    "prepare p as select 1",
    "execute p",
    "explain analyze copy (select 1) to '%s/out.csv'",
    "select getenv('HOME')",
    "select * from query('select * from read_text(''/etc/passwd'')')",
    "select * from query_table('/etc/passwd')",
    "select * from query_table('SECRET')",
    "select * from st_read('/etc/passwd')",
    "select * from read_text((select '/etc/passwd'))",
    "from read_text('/proc/self/environ')",
    "from '/proc/self/maps'",
    "select * from duckdb_secrets()  where 1 = read_text('/etc/passwd')",
    "",
    ";",
    "select",
    "select * from \"seoul/open",
    "/* select 1",
};

/// Puts the lab's folder and the secret file's path into a query.
static void fill(char *out, size_t size, const char *query, const char *secret) {
    char step[2048];
    const char *at = strstr(query, "SECRET");
    bool is_name = at && strncmp(at, "SECRETNAME", 10) == 0;
    const char *base = strrchr(secret, '/') + 1;
    if (at) {
        (void)snprintf(step, sizeof step, "%.*s%s%s", (int)(at - query), query,
                       is_name ? base : secret, at + (is_name ? 10 : 6));
    } else {
        (void)snprintf(step, sizeof step, "%s", query);
    }
    const char *folder = strstr(step, "%s");
    if (folder) {
        (void)snprintf(out, size, "%.*s%s%s", (int)(folder - step), step, lab.folder,
                       folder + 2);
    } else {
        (void)snprintf(out, size, "%s", step);
    }
}

static void hostile_queries_are_refused(void **state) {
    (void)state;
    dosi_error err;
    dosi_version secret = {0};
    CHECK_OK(dosi_gate_find(lab.gate, &lab.local, "busan/secret", &secret, &err), err);
    dosi_caller visitor = nobody();
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        char sql[4096];
        dosi_table table = {0};
        fill(sql, sizeof sql, hostile[i], secret.path);
        if (query_as(&visitor, sql, &table, &err) == DOSI_OK) fail_msg("answered: %s", sql);
        assert_int_equal(table.n_rows, 0);
        dosi_table_destroy(&table);
    }
    char path[DOSI_PATH_BYTES];
    static const char *const made[] = {"out.csv", "out.parquet", "out", "new.duckdb"};
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(dosi_path_join(lab.folder, made[i], path, &err), err);
        assert_false(dosi_path_exists(path));
    }
    dosi_version_clear(&secret);
}

/// The same reaches, made inside a query that reads a dataset by right.
static void a_readable_dataset_opens_no_other_file(void **state) {
    (void)state;
    static const char *const reaches[] = {
        "select * from \"seoul/open\", read_parquet('SECRET')",
        "select * from \"seoul/open\", read_text('/etc/passwd')",
        "select * from \"seoul/open\" where id in (select id from read_parquet('SECRET'))",
        "select * from \"seoul/open\" union all select * from read_parquet('SECRET')",
        "select *, (select content from read_text('%s/lab.yaml')) from \"seoul/open\"",
        "select * from \"seoul/open\", glob('%s/lake/*')",
        "select * from \"seoul/open\", '%s/lake/*.parquet'",
        "select * from \"seoul/open\", read_parquet('%s/lake/*.parquet')",
        "select * from \"seoul/open\", read_parquet('%s/lake/SECRETNAME/../SECRETNAME')",
        "select * from \"seoul/open\", \"busan/secret\"",
    };
    dosi_error err;
    dosi_version secret = {0};
    CHECK_OK(dosi_gate_find(lab.gate, &lab.local, "busan/secret", &secret, &err), err);
    dosi_caller visitor = nobody();
    for (size_t i = 0; i < sizeof reaches / sizeof reaches[0]; i++) {
        char sql[4096];
        dosi_table table = {0};
        fill(sql, sizeof sql, reaches[i], secret.path);
        if (query_as(&visitor, sql, &table, &err) == DOSI_OK) fail_msg("answered: %s", sql);
        dosi_table_destroy(&table);
    }
    dosi_version_clear(&secret);
}

static void a_token_without_read_gets_no_rows(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_caller caller = nobody();
    caller.scopes = 1U << DOSI_ACTION_SEE;
    CHECK_STATUS(query_as(&caller, "select * from \"seoul/open\"", &table, &err), DOSI_DENIED);
    caller.scopes = 0;
    CHECK_STATUS(query_as(&caller, "select 1 from \"seoul/open\"", &table, &err), DOSI_DENIED);
    dosi_table_destroy(&table);
}

static void what_was_read_is_recorded(void **state) {
    (void)state;
    dosi_error err;
    dosi_text text = {0};
    (void)number_as(&lab.local,
                    "select count(*) from \"seoul/open@1\" a, \"seoul/secret@1\" b");
    CHECK_OK(dosi_gate_put_audit(lab.gate, &lab.local, 3, &text, &err), err);
    const char *records = dosi_text_string(&text);
    assert_non_null(strstr(records, "\"action\":\"read\",\"object\":\"seoul/open@1\""));
    assert_non_null(strstr(records, "\"action\":\"read\",\"object\":\"seoul/secret@1\""));
    assert_non_null(strstr(records, "\"action\":\"query\",\"object\":\"\",\"outcome\":\"ok\","
                                    "\"detail\":\"select count(*)"));
    dosi_text_destroy(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_invisible_is_not_there),
        cmocka_unit_test(datasets_are_tables),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(hostile_queries_are_refused),
        cmocka_unit_test(a_readable_dataset_opens_no_other_file),
        cmocka_unit_test(a_token_without_read_gets_no_rows),
        cmocka_unit_test(what_was_read_is_recorded),
    };
    return cmocka_run_group_tests(tests, test_lab_open, test_lab_close);
}
