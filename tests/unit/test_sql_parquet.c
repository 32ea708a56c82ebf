// Goal: a table comes back from Parquet as it went, always in the same bytes, and a damaged
// file is said to be one.

#include "base/hash.h"
#include "base/os_file.h"
#include "sql/sql.h"
#include "test.h"

#include <omp.h>
#include <unistd.h>

/// A point in WKB, little-endian.
static void point_wkb(double x, double y, char *out) {
    static const char head[5] = {1, 1, 0, 0, 0};
    memcpy(out, head, 5);
    memcpy(out + 5, &x, 8);
    memcpy(out + 13, &y, 8);
}

static const char *temp_path(const char *name) {
    static char path[256];
    const char *folder = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%s/dosi_parquet_%ld_%s", folder ? folder : "/tmp",
                   (long)getpid(), name);
    return path;
}

/// A table with a column of every type, where every third row is missing.
static void fill(dosi_table *table, size_t n_rows) {
    dosi_error err;
    for (int type = 0; type < DOSI_TYPE_COUNT; type++) {
        CHECK_OK(dosi_table_add_column(table, dosi_type_name((dosi_type)type), (dosi_type)type,
                                       NULL, &err),
                 err);
    }
    CHECK_OK(dosi_table_add_column(table, "이름 \"따옴표\"", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(table, n_rows, &err), err);
    CHECK_OK(dosi_table_describe(table, DOSI_TYPE_REAL, "ug/m3", "초미세먼지 '값'", "PM2.5"),
             err);
    for (size_t i = 0; i < n_rows; i++) {
        char text[64];
        char wkb[21];
        if (i % 3 == 2) continue;
        table->columns[DOSI_TYPE_BOOL].data.boolean[i] = i % 2 == 0;
        table->columns[DOSI_TYPE_INT].data.integer[i] = i ? (int64_t)i * -7 : INT64_MAX;
        table->columns[DOSI_TYPE_REAL].data.real[i] = i ? 1.0 / (double)i : -0.0;
        table->columns[DOSI_TYPE_TIME].data.integer[i] = (int64_t)i * DOSI_HOUR_US + 1;
        table->columns[DOSI_TYPE_DATE].data.integer[i] = (int64_t)i % 40000 - 1000;
        (void)snprintf(text, sizeof text, i % 2 ? "종로구 청계천로 %zu" : "%.0zu", i);
        CHECK_OK(dosi_table_set_text(table, DOSI_TYPE_TEXT, i, text), err);
        CHECK_OK(dosi_table_set_text(table, DOSI_TYPE_COUNT, i, "같은 글"), err);
        point_wkb(126.5 + (double)(i % 1000) / 1000, 37.5, wkb);
        CHECK_OK(dosi_table_set_bytes(table, DOSI_TYPE_GEOMETRY, i, wkb, sizeof wkb), err);
    }
}

static void check_same(const dosi_table *a, const dosi_table *b) {
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->n_columns, b->n_columns);
    for (size_t c = 0; c < a->n_columns; c++) {
        const dosi_column *x = &a->columns[c];
        const dosi_column *y = &b->columns[c];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->srid, y->srid);
        bool is_bytes = x->type == DOSI_TYPE_TEXT || x->type == DOSI_TYPE_GEOMETRY;
        assert_string_equal(x->unit ? x->unit : "-", y->unit ? y->unit : "-");
        assert_string_equal(x->meaning_ko ? x->meaning_ko : "-",
                            y->meaning_ko ? y->meaning_ko : "-");
        assert_string_equal(x->meaning_en ? x->meaning_en : "-",
                            y->meaning_en ? y->meaning_en : "-");
        for (size_t i = 0; i < a->n_rows; i++) {
            size_t n_x = 0;
            size_t n_y = 0;
            const char *bytes_x = is_bytes ? dosi_column_bytes(x, i, &n_x) : NULL;
            const char *bytes_y = is_bytes ? dosi_column_bytes(y, i, &n_y) : NULL;
            double u = dosi_column_real(x, i);
            double v = dosi_column_real(y, i);
            bool same = dosi_column_is_missing(x, i) == dosi_column_is_missing(y, i) &&
                        n_x == n_y && (!bytes_x || memcmp(bytes_x, bytes_y, n_x) == 0) &&
                        (u == v || (isnan(u) && isnan(v)));
            if (!same) fail_msg("column %s, row %zu differ", x->name, i);
        }
    }
}

static void every_type_comes_back_as_it_went(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table back = {0};
    const char *path = temp_path("round.parquet");
    fill(&table, 5000);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), err);
    check_same(&table, &back);
    assert_true(signbit(back.columns[DOSI_TYPE_REAL].data.real[0]));
    dosi_table_destroy(&table);
    dosi_table_destroy(&back);
    (void)unlink(path);
}

static void a_table_without_rows_keeps_its_columns(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table back = {0};
    const char *path = temp_path("empty.parquet");
    fill(&table, 0);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), err);
    check_same(&table, &back);
    dosi_table_destroy(&table);
    dosi_table_destroy(&back);
    (void)unlink(path);
}

static void bytes_do_not_depend_on_threads_or_repetition(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    char first[DOSI_HASH_TEXT_BYTES] = "";
    const char *path = temp_path("same.parquet");
    fill(&table, 300000); // three row groups
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        char hash[DOSI_HASH_TEXT_BYTES];
        omp_set_num_threads(n_threads);
        CHECK_OK(dosi_parquet_write(&table, path, &err), err);
        CHECK_OK(dosi_hash_file(path, hash, &err), err);
        if (n_threads > 1) assert_string_equal(hash, first);
        memcpy(first, hash, sizeof first);
    }
    omp_set_num_threads(2);
    dosi_table back = {0};
    CHECK_OK(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), err);
    check_same(&table, &back);
    dosi_table_destroy(&back);
    dosi_table_destroy(&table);
    (void)unlink(path);
}

static void a_column_without_values_keeps_its_type(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table back = {0};
    const char *path = temp_path("missing.parquet");
    fill(&table, 0);
    CHECK_OK(dosi_table_add_rows(&table, 3, &err), err);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), err);
    check_same(&table, &back);
    dosi_table_destroy(&table);
    dosi_table_destroy(&back);
    (void)unlink(path);
}

static void columns_and_rows_can_be_chosen(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table back = {0};
    const char *path = temp_path("some.parquet");
    fill(&table, 3000);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_parquet_read(path, (const char *const[]){"real", "integer"}, 2,
                               "integer BETWEEN -70 AND -1 AND boolean", &back, &err),
             err);
    assert_int_equal(back.n_columns, 2);
    assert_int_equal(back.n_rows, 3); // 4, 6 and 10; 2 and 8 are missing
    assert_string_equal(back.columns[0].unit, "ug/m3");
    assert_int_equal(back.columns[1].data.integer[2], -70);
    CHECK_STATUS(dosi_parquet_read(path, (const char *const[]){"reel"}, 1, NULL, &back, &err),
                 DOSI_PARSE);
    assert_non_null(strstr(err.message, "reel"));
    dosi_table_destroy(&table);
    dosi_table_destroy(&back);
    (void)unlink(path);
}

static void files_of_others_are_read(void **state) {
    (void)state;
    dosi_error err;
    dosi_sql *sql = NULL;
    dosi_table back = {0};
    dosi_text copy = {0};
    const char *path = temp_path("other.parquet");
    CHECK_OK(dosi_sql_open(NULL, &sql, &err), err);
    dosi_text_printf(&copy,
                     "COPY (SELECT 1.25::DECIMAL(9,3) AS d, 7::UTINYINT AS u, [1,2] AS l, "
                     "{a: '가'} AS s, 'POINT(127 37)'::GEOMETRY AS g, "
                     "TIMESTAMPTZ '2020-01-31 15:00:00Z' AS t) TO '%s' (FORMAT parquet, "
                     "COMPRESSION snappy)",
                     path);
    CHECK_OK(dosi_sql_execute(sql, dosi_text_string(&copy), &err), err);
    CHECK_OK(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), err);
    assert_true(dosi_column_real(&back.columns[0], 0) == 1.25);
    assert_true(dosi_column_real(&back.columns[1], 0) == 7);
    size_t n_bytes = 0;
    assert_memory_equal(dosi_column_bytes(&back.columns[2], 0, &n_bytes), "[1,2]", 5);
    assert_memory_equal(dosi_column_bytes(&back.columns[3], 0, &n_bytes), "{\"a\":\"가\"}", 11);
    assert_int_equal(back.columns[4].type, DOSI_TYPE_GEOMETRY);
    assert_int_equal(back.columns[4].srid, 4326);
    dosi_time expected = 0;
    CHECK_OK(dosi_time_parse_iso("2020-02-01", 10, 0, &expected, &err), err);
    assert_true(back.columns[5].data.integer[0] == expected);
    dosi_table_destroy(&back);
    dosi_text_destroy(&copy);
    dosi_sql_close(sql);
    (void)unlink(path);
}

static void damaged_files_are_named(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table back = {0};
    dosi_text bytes = {0};
    char path[256];
    (void)snprintf(path, sizeof path, "%s", temp_path("damaged.parquet"));
    fill(&table, 2000);
    CHECK_OK(dosi_parquet_write(&table, path, &err), err);
    CHECK_OK(dosi_file_read(path, 1 << 24, &bytes, &err), err);
    const size_t cuts[] = {0, 3, 100, bytes.length / 2, bytes.length - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        CHECK_OK(dosi_file_write_atomic(path, bytes.data, cuts[i], 0600, &err), err);
        CHECK_STATUS(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), DOSI_PARSE);
        assert_non_null(strstr(err.message, path));
    }
    for (size_t i = 4; i < bytes.length / 2; i++) bytes.data[i] = (char)(bytes.data[i] ^ 0x5a);
    CHECK_OK(dosi_file_write_atomic(path, bytes.data, bytes.length, 0600, &err), err);
    CHECK_STATUS(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(back.n_columns, 0);
    (void)unlink(path);
    CHECK_STATUS(dosi_parquet_read(path, NULL, 0, NULL, &back, &err), DOSI_NOT_FOUND);
    CHECK_STATUS(dosi_parquet_read("/tmp", NULL, 0, NULL, &back, &err), DOSI_IO);
    dosi_text_destroy(&bytes);
    dosi_table_destroy(&table);
}

static void what_cannot_be_stored_is_refused(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    const char *path = temp_path("refused.parquet");
    CHECK_STATUS(dosi_parquet_write(&table, path, &err), DOSI_INVALID);
    fill(&table, 10);
    CHECK_OK(dosi_table_set_bytes(&table, DOSI_TYPE_TEXT, 4, "\xff\xfe", 2), err);
    CHECK_STATUS(dosi_parquet_write(&table, path, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "row 5"));
    CHECK_OK(dosi_table_set_text(&table, DOSI_TYPE_TEXT, 4, "x"), err);
    CHECK_OK(dosi_table_set_bytes(&table, DOSI_TYPE_GEOMETRY, 1, "\x01\x09", 2), err);
    assert_true(dosi_parquet_write(&table, path, &err) != DOSI_OK);
    table.columns[DOSI_TYPE_GEOMETRY].srid = 5186;
    CHECK_STATUS(dosi_parquet_write(&table, path, &err), DOSI_UNSUPPORTED);
    assert_non_null(strstr(err.message, "5186"));
    dosi_table_destroy(&table);
    (void)unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_went),
        cmocka_unit_test(a_table_without_rows_keeps_its_columns),
        cmocka_unit_test(bytes_do_not_depend_on_threads_or_repetition),
        cmocka_unit_test(a_column_without_values_keeps_its_type),
        cmocka_unit_test(columns_and_rows_can_be_chosen),
        cmocka_unit_test(files_of_others_are_read),
        cmocka_unit_test(damaged_files_are_named),
        cmocka_unit_test(what_cannot_be_stored_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
