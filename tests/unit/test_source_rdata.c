// Goal: R's files give the table that R shows: every kind of column, NA, and encodings; damaged
// ones are refused. Streams are built here byte by byte, from R Internals' description.

#include "base/os_file.h"
#include "source/rvalue.h"
#include "test.h"

#include <zlib.h>

static void put_int(dosi_text *out, int32_t value) {
    uint32_t word = (uint32_t)value;
    for (int shift = 24; shift >= 0; shift -= 8) {
        dosi_text_putc(out, (char)(word >> shift & 0xff));
    }
}

static void put_real(dosi_text *out, double value) {
    uint64_t word = 0;
    memcpy(&word, &value, sizeof word);
    put_int(out, (int32_t)(word >> 32));
    put_int(out, (int32_t)(word & 0xffffffff));
}

/// A CHARSXP; `gp` are R's encoding bits. NULL: NA.
static void put_string(dosi_text *out, const char *text, int32_t gp) {
    put_int(out, 9 | gp << 12);
    put_int(out, text ? (int32_t)strlen(text) : -1);
    dosi_text_puts(out, text ? text : "");
}

static void put_symbol(dosi_text *out, const char *name) {
    put_int(out, 1);
    put_string(out, name, 64);
}

/// Opens one tagged cell of a pairlist.
static void put_pair(dosi_text *out, const char *tag) {
    put_int(out, 2 | 1 << 10);
    put_symbol(out, tag);
}

static void put_strings(dosi_text *out, const char *const *texts, int32_t n) {
    put_int(out, 16);
    put_int(out, n);
    for (int32_t i = 0; i < n; i++) put_string(out, texts[i], 8);
}

static void put_class(dosi_text *out, const char *class) {
    put_pair(out, "class");
    put_strings(out, &class, 1);
}

/// The head of a version 3 stream in XDR form.
static void put_head(dosi_text *out) {
    dosi_text_append(out, "X\n", 2);
    put_int(out, 3);
    put_int(out, 0x40200);
    put_int(out, 0x30500);
    put_int(out, 5);
    dosi_text_puts(out, "CP949");
}

enum { END = 254, ATTR = 1 << 9 };

static void put_columns(dosi_text *out) {
    static const char *const levels[] = {"roadside", "urban"};
    put_int(out, 13 | ATTR | 1 << 8); // A factor: urban, NA, roadside.
    put_int(out, 3);
    put_int(out, 2);
    put_int(out, DOSI_R_NA);
    put_int(out, 1);
    put_pair(out, "levels");
    put_strings(out, levels, 2);
    put_class(out, "factor");
    put_int(out, END);

    put_int(out, 14 | ATTR | 1 << 8); // Dates: 2020-02-01, NA, 1970-01-01.
    put_int(out, 3);
    put_real(out, 18293);
    put_real(out, NAN);
    put_real(out, 0);
    put_class(out, "Date");
    put_int(out, END);

    put_int(out, 14 | ATTR | 1 << 8); // Times, of Asia/Seoul.
    put_int(out, 3);
    put_real(out, 0);
    put_real(out, 0.5);
    put_real(out, NAN);
    put_class(out, "POSIXct");
    put_pair(out, "tzone");
    static const char *const seoul[] = {"Asia/Seoul"};
    put_strings(out, seoul, 1);
    put_int(out, END);

    put_int(out, 10); // Logicals.
    put_int(out, 3);
    put_int(out, 1);
    put_int(out, 0);
    put_int(out, DOSI_R_NA);

    put_int(out, 16); // Strings: CP949 "서울", Latin-1, NA.
    put_int(out, 3);
    put_string(out, "\xbc\xad\xbf\xef", 0);
    put_string(out, "caf\xe9", 4);
    put_string(out, NULL, 0);

    put_int(out, 238); // ALTREP: 5:7.
    put_int(out, 2);
    put_symbol(out, "compact_intseq");
    put_int(out, 2);
    put_symbol(out, "base");
    put_int(out, 2);
    put_int(out, 13);
    put_int(out, 1);
    put_int(out, 13);
    put_int(out, END);
    put_int(out, 14);
    put_int(out, 3);
    put_real(out, 3);
    put_real(out, 5);
    put_real(out, 1);
    put_int(out, END);
}

/// A deferred string column and a wrapped one, both dotted pairs in the file.
static void put_deferred(dosi_text *out) {
    put_int(out, 238); // as.character(c(1.5, NA, 1e6)), not made yet.
    put_int(out, 2);
    put_symbol(out, "deferred_string");
    put_int(out, END);
    put_int(out, 2);
    put_int(out, 14);
    put_int(out, 3);
    put_real(out, 1.5);
    put_real(out, NAN);
    put_real(out, 1e6);
    put_int(out, 13);
    put_int(out, 1);
    put_int(out, 0);
    put_int(out, END);

    put_int(out, 238);
    put_int(out, 2);
    put_symbol(out, "wrap_integer");
    put_int(out, END);
    put_int(out, 2);
    put_int(out, 13);
    put_int(out, 3);
    put_int(out, 7);
    put_int(out, 8);
    put_int(out, DOSI_R_NA);
    put_int(out, 13);
    put_int(out, 2);
    put_int(out, 0);
    put_int(out, 0);
    put_int(out, END);
}

/// A data frame of three rows and eight columns.
static dosi_text make_frame(void) {
    static const char *const names[] = {"kind",  "day",  "time", "open",
                                        "place", "rank", "code", "wrapped"};
    dosi_text out = {0};
    put_head(&out);
    put_int(&out, 19 | ATTR | 1 << 8);
    put_int(&out, 8);
    put_columns(&out);
    put_deferred(&out);
    put_pair(&out, "names");
    put_strings(&out, names, 8);
    put_class(&out, "data.frame");
    put_int(&out, END);
    return out;
}

static dosi_status read_bytes(const char *bytes,
                              size_t n,
                              dosi_source_result *out,
                              dosi_error *err) {
    dosi_source_file file = {.name = "t.rds", .bytes = bytes, .n_bytes = (int64_t)n};
    return dosi_source_read_file(&file, NULL, NULL, out, err);
}

static void check_text(const dosi_table *table, size_t column, size_t row, const char *text) {
    size_t n_bytes = 0;
    const char *bytes = dosi_column_bytes(&table->columns[column], row, &n_bytes);
    assert_non_null(bytes);
    assert_int_equal(n_bytes, strlen(text));
    assert_memory_equal(bytes, text, n_bytes);
}

static void every_kind_of_column_is_read(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text bytes = make_frame();
    dosi_source_result result = {0};
    CHECK_OK(read_bytes(bytes.data, bytes.length, &result, &err), err);
    const dosi_table *table = &result.table;
    assert_int_equal(table->n_rows, 3);
    assert_int_equal(table->n_columns, 8);
    check_text(table, 0, 0, "urban");
    assert_true(dosi_column_is_missing(&table->columns[0], 1));
    check_text(table, 0, 2, "roadside");
    assert_int_equal(table->columns[1].type, DOSI_TYPE_DATE);
    assert_int_equal(table->columns[1].data.integer[0], 18293);
    assert_true(dosi_column_is_missing(&table->columns[1], 1));
    assert_int_equal(table->columns[2].type, DOSI_TYPE_TIME);
    assert_int_equal(table->columns[2].data.integer[0], 9 * DOSI_HOUR_US);
    assert_int_equal(table->columns[2].data.integer[1], 9 * DOSI_HOUR_US + 500000);
    assert_int_equal(table->columns[3].data.boolean[1], 0);
    assert_int_equal(table->columns[3].data.boolean[2], DOSI_MISSING_BOOL);
    check_text(table, 4, 0, "서울");
    check_text(table, 4, 1, "café");
    assert_true(dosi_column_is_missing(&table->columns[4], 2));
    assert_int_equal(table->columns[5].data.integer[2], 7);
    check_text(table, 6, 0, "1.5");
    check_text(table, 6, 2, "1000000");
    assert_int_equal(table->columns[7].data.integer[1], 8);
    assert_true(dosi_column_is_missing(&table->columns[7], 2));
    dosi_source_result_clear(&result);
    dosi_text_destroy(&bytes);
}

static void every_cut_of_a_file_is_refused(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text bytes = make_frame();
    for (size_t n = 0; n < bytes.length; n++) {
        dosi_source_result result = {0};
        assert_int_not_equal(read_bytes(bytes.data, n, &result, &err), DOSI_OK);
        dosi_source_result_clear(&result);
    }
    dosi_text_destroy(&bytes);
}

static void a_length_that_nothing_backs_costs_no_memory(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text bytes = {0};
    put_head(&bytes);
    put_int(&bytes, 14);
    put_int(&bytes, 200000000);
    put_real(&bytes, 1);
    dosi_source_file file = {
        .name = "t.rds", .bytes = bytes.data, .n_bytes = (int64_t)bytes.length};
    dosi_rdocument document = {0};
    CHECK_STATUS(dosi_rdocument_read(&file, &document, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "cut off"));
    dosi_text_destroy(&bytes);
}

/// A sequence that R has not written out: its length, first value and step.
static dosi_status read_sequence(double n, double first, double step, dosi_error *err) {
    dosi_text bytes = {0};
    put_head(&bytes);
    put_int(&bytes, 238);
    put_int(&bytes, 2);
    put_symbol(&bytes, "compact_intseq");
    put_int(&bytes, 2);
    put_symbol(&bytes, "base");
    put_int(&bytes, 2);
    put_int(&bytes, 13);
    put_int(&bytes, 1);
    put_int(&bytes, 13);
    put_int(&bytes, END);
    put_int(&bytes, 14);
    put_int(&bytes, 3);
    put_real(&bytes, n);
    put_real(&bytes, first);
    put_real(&bytes, step);
    put_int(&bytes, END);
    dosi_source_file file = {
        .name = "t.rds", .bytes = bytes.data, .n_bytes = (int64_t)bytes.length};
    dosi_rdocument document = {0};
    dosi_status status = dosi_rdocument_read(&file, &document, err);
    if (status == DOSI_OK) dosi_rdocument_clear(&document);
    dosi_text_destroy(&bytes);
    return status;
}

static void a_sequence_is_of_integers_that_there_are(void **state) {
    (void)state;
    dosi_error err = {""};
    CHECK_OK(read_sequence(3, 5, 1, &err), err);
    CHECK_STATUS(read_sequence(3, NAN, 1, &err), DOSI_PARSE);
    CHECK_STATUS(read_sequence(3, 5, NAN, &err), DOSI_PARSE);
    CHECK_STATUS(read_sequence(3, 5, INFINITY, &err), DOSI_PARSE);
    CHECK_STATUS(read_sequence(3, 2147483646, 1, &err), DOSI_PARSE);
    CHECK_STATUS(read_sequence(NAN, 5, 1, &err), DOSI_PARSE);
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text bytes = {0};
    put_head(&bytes);
    for (int i = 0; i < 100000; i++) {
        put_int(&bytes, 19);
        put_int(&bytes, 1);
    }
    put_int(&bytes, END);
    dosi_source_result result = {0};
    CHECK_STATUS(read_bytes(bytes.data, bytes.length, &result, &err), DOSI_LIMIT);
    dosi_source_result_clear(&result);
    dosi_text_destroy(&bytes);
}

static void a_bomb_is_refused(void **state) {
    (void)state;
    dosi_error err = {""};
    char path[] = "/tmp/dosi-test-XXXXXX";
    assert_true(mkstemp(path) >= 0);
    gzFile out = gzopen(path, "wb9");
    dosi_text head = {0};
    put_head(&head);
    put_int(&head, 14);
    put_int(&head, 100000000);
    (void)gzwrite(out, head.data, (unsigned)head.length);
    static const char zeros[1 << 20];
    for (int i = 0; i < 100; i++) (void)gzwrite(out, zeros, sizeof zeros);
    (void)gzclose(out);
    dosi_source_file file = {.name = "t.rds", .path = path, .n_bytes = dosi_file_size(path)};
    dosi_rdocument document = {0};
    CHECK_STATUS(dosi_rdocument_read(&file, &document, &err), DOSI_LIMIT);
    assert_non_null(strstr(err.message, "bomb"));
    dosi_text_destroy(&head);
    (void)remove(path);
}

static void the_months_of_all_stations_are_read(void **state) {
    (void)state;
    const char *path =
        test_shared("data/air/airkorea-hourly-479stations-202002/KR_Feb_pm25.rds");
    if (!path) skip();
    dosi_error err = {""};
    dosi_source_result result = {0};
    CHECK_OK(dosi_source_read(path, NULL, NULL, &result, &err), err);
    assert_int_equal(result.table.n_rows, 318555);
    assert_int_equal(result.table.n_columns, 12);
    size_t time = dosi_table_find(&result.table, "time");
    size_t pm25 = dosi_table_find(&result.table, "PM25");
    assert_int_equal(result.table.columns[time].data.integer[0], 2020020101);
    assert_int_equal(result.table.columns[pm25].data.integer[0], 43);
    dosi_source_result_clear(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_column_is_read),
        cmocka_unit_test(every_cut_of_a_file_is_refused),
        cmocka_unit_test(a_length_that_nothing_backs_costs_no_memory),
        cmocka_unit_test(a_sequence_is_of_integers_that_there_are),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(the_months_of_all_stations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
