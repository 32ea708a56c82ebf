// Goal: delimited text is read as it was meant, whatever its encoding, delimiter, quoting,
// header and ways to write values; what is damaged is named by line and column, and costs only
// its own row. Method: small files with hand-worked tables.

#include "source_test.h"

static void korean_in_cp949_utf16_and_utf8_reads_the_same(void **state) {
    (void)state;
    static const char text[] = "측정일시,측정소명,미세먼지농도(㎍/㎥)\n"
                               "20180101,강남구,34\n20180102,종로구,\n";
    static const char *const encodings[] = {"UTF-8", "CP949", "UTF-16", "UTF-16LE", "UTF-16BE"};
    static const char *const said[] = {"utf-8", "cp949", "utf-16le (byte order mark)",
                                       "utf-16le (no byte", "utf-16be (no byte"};
    dosi_source_result r = {0};
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        size_t n = 0;
        char *bytes = recode(text, encodings[i], &n);
        dosi_error err = {""};
        CHECK_OK(read_bytes("air.csv", bytes, n, NULL, &r, &err), err);
        free(bytes);
        check_said(&r, said[i]);
        assert_int_equal(r.table.n_rows, 2);
        check_text(&r, "측정소명", 1, "종로구");
        const dosi_column *day = check_type(&r, "측정일시", DOSI_TYPE_DATE);
        assert_int_equal(day->data.integer[0], dosi_days_from_civil(2018, 1, 1));
        const dosi_column *pm = check_type(&r, "미세먼지농도", DOSI_TYPE_INT);
        assert_string_equal(pm->unit, "ug/m3");
        assert_int_equal(pm->data.integer[0], 34);
        assert_true(dosi_column_is_missing(pm, 1));
        assert_int_equal(r.n_rows_seen, 2);
    }
    dosi_source_result_clear(&r);
}

static void delimiters_are_found_and_can_be_given(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("a\tb\n1,5\t2\n3,5\t4\n", NULL, &r);
    check_said(&r, "delimiter: tab");
    assert_int_equal(r.table.n_columns, 2);
    read_text("a;b;c\n1;2;3\n4;5;6\n", NULL, &r);
    check_said(&r, "delimiter: semicolon");
    read_text("a|b\n1|2\n", NULL, &r);
    check_said(&r, "delimiter: pipe");
    dosi_source_options options = {.delimiter = "-"};
    read_text("a-b\n1-2\n", &options, &r);
    assert_int_equal(check_type(&r, "b", DOSI_TYPE_INT)->data.integer[0], 2);
    dosi_source_result_clear(&r);
}

static void a_name_that_comes_again_gets_a_number(void **state) {
    (void)state;
    enum { SAME = 3000 };
    dosi_source_result r = {0};
    read_text("c,c_3,c,c,column_6,,c\n1,2,3,4,5,6,7\n", NULL, &r);
    static const char *const names[] = {"c",        "c_3",      "c_2", "c_4",
                                        "column_6", "column_2", "c_5"};
    assert_int_equal(r.table.n_columns, 7);
    for (size_t i = 0; i < 7; i++) assert_string_equal(r.table.columns[i].name, names[i]);
    dosi_text many = {0}; // what took the cube of their number took hours
    for (int row = 0; row < 2; row++) {
        for (int i = 0; i < SAME; i++) dosi_text_puts(&many, row ? "1," : "c,");
        dosi_text_puts(&many, row ? "1\n" : "c\n");
    }
    read_text(dosi_text_string(&many), NULL, &r);
    assert_string_equal(r.table.columns[SAME].name, "c_3001");
    dosi_text_destroy(&many);
    dosi_source_result_clear(&r);
}

static void quotes_follow_rfc_4180(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("name,n\r\n\"a, \"\"b\"\"\",1\r\n\"two\r\nlines\",2\r\nplain \"x\",3\r\n", NULL,
              &r);
    assert_int_equal(r.table.n_rows, 3);
    assert_int_equal(r.rejects.n_rows, 0);
    check_text(&r, "name", 0, "a, \"b\"");
    check_text(&r, "name", 1, "two\r\nlines");
    check_text(&r, "name", 2, "plain \"x\"");
    dosi_source_result_clear(&r);
}

static void an_open_quote_costs_one_row_and_names_its_line(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("name,n\na,1\n\"b,2\nc,3\nd,4\n", NULL, &r);
    assert_int_equal(r.table.n_rows, 3);
    assert_int_equal(r.rejects.n_rows, 1);
    check_reject(&r, 0, 3, NULL, "the quote that opens field 1 in line 3 is not closed");
    check_text(&r, "name", 1, "c");
    // Closed by the quote of a later row: the rows between are not lost.
    read_text("name,n\na,1\n\"b,2\nc,3\n\"d\",4\n", NULL, &r);
    assert_int_equal(r.table.n_rows, 3);
    check_reject(&r, 0, 3, NULL, "goes on after its closing quote");
    read_text("name,n\na,1\n\"b,2\nc,3\nd\",4\ne,5\nf,6\n", NULL, &r);
    check_text(&r, "name", 1, "b,2\nc,3\nd");
    dosi_source_result_clear(&r);
}

static void rows_of_other_width_are_rejects(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,\n\n13,14,15\n", NULL, &r);
    assert_int_equal(r.table.n_rows, 3);
    assert_int_equal(r.rejects.n_rows, 2);
    check_reject(&r, 0, 3, NULL, "2 fields where the table has 3");
    check_reject(&r, 1, 4, NULL, "4 fields where the table has 3");
    assert_int_equal(r.n_rows_seen, 5);
    dosi_source_result_clear(&r);
}

static void values_are_typed_by_all_rows(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("i,r,b,code,big,pct,none\n1,1.5,true,007,\"1,234\",12.5%,\n"
              "-2,2,FALSE,012,\"1,234,567\",7%,NA\n,.5,,100,-,null,-\n",
              NULL, &r);
    assert_int_equal(check_type(&r, "i", DOSI_TYPE_INT)->data.integer[1], -2);
    CHECK_NEAR(check_type(&r, "r", DOSI_TYPE_REAL)->data.real[2], 0.5, 0.0);
    assert_int_equal(check_type(&r, "b", DOSI_TYPE_BOOL)->data.boolean[1], 0);
    check_text(&r, "code", 0, "007");
    assert_int_equal(check_type(&r, "big", DOSI_TYPE_INT)->data.integer[1], 1234567);
    CHECK_NEAR(check_type(&r, "pct", DOSI_TYPE_REAL)->data.real[0], 12.5, 0.0);
    check_text(&r, "none", 1, NULL);
    dosi_source_result_clear(&r);
}

/// `n` rows "k,v" with `bad` in row `at` (from 1).
static char *rows_with(size_t n, size_t at, const char *bad) {
    dosi_text text = {0};
    dosi_text_puts(&text, "k,v\n");
    for (size_t i = 1; i <= n; i++) {
        dosi_text_printf(&text, "x%zu,%zu\n", i, i);
        if (i == at) {
            text.length -= strlen(strrchr(text.data, ',')) - 1;
            dosi_text_printf(&text, "%s\n", bad);
        }
    }
    assert_int_equal(text.status, DOSI_OK);
    return text.data;
}

static void few_misfits_among_many_are_rejects_else_the_column_is_text(void **state) {
    (void)state;
    dosi_source_result r = {0};
    // Far behind the sample that types are guessed from.
    char *text = rows_with(3000, 2500, "broken");
    read_text(text, NULL, &r);
    free(text);
    check_type(&r, "v", DOSI_TYPE_INT);
    assert_int_equal(r.table.n_rows, 2999);
    check_reject(&r, 0, 2501, "v", "not an integer");
    text = rows_with(3000, 2500, "2.5");
    read_text(text, NULL, &r);
    free(text);
    check_type(&r, "v", DOSI_TYPE_REAL);
    assert_int_equal(r.table.n_rows, 3000);
    text = rows_with(3000, 2500, "0042");
    read_text(text, NULL, &r);
    free(text);
    check_type(&r, "v", DOSI_TYPE_TEXT);
    text = rows_with(15, 5, "broken");
    read_text(text, NULL, &r);
    free(text);
    check_type(&r, "v", DOSI_TYPE_TEXT);
    dosi_source_options options = {.types = "v:integer"};
    text = rows_with(15, 5, "broken");
    read_text(text, &options, &r);
    free(text);
    check_reject(&r, 0, 6, "v", "not an integer");
    dosi_source_result_clear(&r);
}

static void times_are_read_in_every_way_they_are_written(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("t,u,v,w\n2020-02-01 24:00,2020020124,2020년 2월 1일 13시,2022-01-01 0:00\n"
              "2020-02-29T23:30:15Z,2020020101,2020년 2월 1일 오후 1:30,2022.1.2 3:05\n",
              NULL, &r);
    check_time(&r, "t", 0, "2020-02-02T00:00:00");
    check_time(&r, "t", 1, "2020-02-29T23:30:15");
    check_time(&r, "v", 0, "2020-02-01T13:00:00");
    check_time(&r, "v", 1, "2020-02-01T13:30:00");
    check_time(&r, "w", 0, "2022-01-01T00:00:00");
    check_time(&r, "w", 1, "2022-01-02T03:05:00");
    // Two numbers alone are no proof of hours; a name that says so is.
    check_type(&r, "u", DOSI_TYPE_INT);
    dosi_source_options options = {.zone_s = 32400};
    read_text("일시,t\n2020020124,2020-02-29T23:30:15Z\n2020020101,2020-03-01\n", &options, &r);
    check_time(&r, "일시", 0, "2020-02-02T00:00:00");
    check_time(&r, "t", 0, "2020-03-01T08:30:15");
    check_time(&r, "t", 1, "2020-03-01T00:00:00");
    dosi_source_result_clear(&r);
}

static void dates_are_read_in_every_way_they_are_written(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("a,b,c,d,e\n2020-02-01,2020.2.1,2020/02/01,2020년 2월 1일,2020. 01\n"
              "2020-12-31,2020. 12. 31.,2020/12/31,2020년 12월 31일,2020. 12\n",
              NULL, &r);
    static const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        const dosi_column *c = check_type(&r, names[i], DOSI_TYPE_DATE);
        assert_int_equal(c->data.integer[0], dosi_days_from_civil(2020, 2, 1));
        assert_int_equal(c->data.integer[1], dosi_days_from_civil(2020, 12, 31));
    }
    assert_int_equal(check_type(&r, "e", DOSI_TYPE_DATE)->data.integer[1],
                     dosi_days_from_civil(2020, 12, 1));
    dosi_source_result_clear(&r);
}

static void a_date_that_does_not_exist_is_named(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("day,v\n2020-01-01,1\n20202-01-02,2\n2020-02-30,3\n2020-01-04,4\n2020-01-05,5\n",
              NULL, &r);
    check_type(&r, "day", DOSI_TYPE_DATE);
    assert_int_equal(r.table.n_rows, 3);
    check_reject(&r, 0, 3, "day", "no such date");
    check_reject(&r, 1, 4, "day", "no such date");
    dosi_source_result_clear(&r);
}

static void titles_second_headers_and_units_are_understood(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("서울시 등록인구\n\n자치구,2020. 01,2020. 01,2020. 02,2020. 02\n"
              "자치구,세대 (세대),합계 (명),세대 (세대),합계 (명)\n"
              "종로구,73925,162106,74028,162201\n중구,62000,135000,62100,135100\n",
              NULL, &r);
    assert_int_equal(r.table.n_rows, 2);
    check_said(&r, "header: 2 rows");
    assert_string_equal(check_type(&r, "2020. 02 / 합계", DOSI_TYPE_INT)->unit, "{person}");
    check_text(&r, "자치구", 1, "중구");
    read_text("station,pm10,temp\n,㎍/㎥,(°C)\nA,1,2.5\nB,2,3.5\n", NULL, &r);
    assert_string_equal(check_type(&r, "pm10", DOSI_TYPE_INT)->unit, "ug/m3");
    assert_string_equal(check_type(&r, "temp", DOSI_TYPE_REAL)->unit, "Cel");
    dosi_source_result_clear(&r);
}

static void a_file_without_header_gets_names(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("202201,100,서울역\n202201,101,시청\n202202,102,시청\n", NULL, &r);
    assert_int_equal(r.table.n_rows, 3);
    check_text(&r, "column_3", 0, "서울역");
    dosi_source_options options = {.header_rows = -1};
    read_text("a,b\nc,d\n", &options, &r);
    assert_int_equal(r.table.n_rows, 2);
    read_text("a,a,,b\n1,2,3,4\n", NULL, &r);
    check_type(&r, "a_2", DOSI_TYPE_INT);
    check_type(&r, "column_3", DOSI_TYPE_INT);
    dosi_source_result_clear(&r);
}

static void bytes_outside_the_encoding_cost_their_row(void **state) {
    (void)state;
    dosi_text text = {0};
    dosi_text_puts(&text, "역,n\n");
    for (int i = 0; i < 40; i++) dosi_text_printf(&text, "서울역,%d\n", i);
    dosi_text_append(&text, "서\xEC\xFF울,40\n", strlen("서\xEC\xFF울,40\n"));
    dosi_source_result r = {0};
    read_text(text.data, NULL, &r);
    dosi_text_destroy(&text);
    assert_int_equal(r.table.n_rows, 40);
    check_reject(&r, 0, 42, NULL, "bytes that are not utf-8");
    dosi_source_result_clear(&r);
}

static void binary_empty_and_overwide_files_are_refused_with_a_reason(void **state) {
    (void)state;
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_STATUS(read_bytes("x.csv", "ab\0\1\0\2cd", 8, NULL, &r, &err), DOSI_UNSUPPORTED);
    assert_non_null(strstr(err.message, "zero byte at offset 2"));
    CHECK_STATUS(read_bytes("x.csv", "", 0, NULL, &r, &err), DOSI_PARSE);
    dosi_text wide = {0};
    for (int i = 0; i < 1000000; i++) dosi_text_puts(&wide, "a,");
    CHECK_STATUS(read_bytes("x.csv", wide.data, wide.length, NULL, &r, &err), DOSI_LIMIT);
    assert_non_null(strstr(err.message, "line 1: more than 10000 fields"));
    dosi_text_destroy(&wide);
}

static void coordinates_become_points_and_impossible_ones_rejects(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_text("name,lat,lon\na,37.5,127\nb,NaN,127\nc,95,127\nd,,\n", NULL, &r);
    assert_int_equal(r.table.n_rows, 2);
    check_reject(&r, 0, 3, "lat", "no latitude");
    check_reject(&r, 1, 4, "lat", "no latitude");
    const dosi_column *g = check_type(&r, "geometry", DOSI_TYPE_GEOMETRY);
    assert_false(dosi_column_is_missing(g, 0));
    assert_true(dosi_column_is_missing(g, 1));
    dosi_source_options options = {.x_column = "e", .y_column = "n", .crs = "EPSG:5186"};
    read_text("e,n\n200000,600000\n", &options, &r);
    size_t n = 0;
    double xy[2];
    const char *wkb = dosi_column_bytes(check_type(&r, "geometry", DOSI_TYPE_GEOMETRY), 0, &n);
    memcpy(xy, wkb + 5, sizeof xy);
    CHECK_NEAR(xy[0], 127.0, 1e-9);
    CHECK_NEAR(xy[1], 38.0, 1e-9);
    dosi_source_result_clear(&r);
}

static void files_append_by_name_and_types_widen(void **state) {
    (void)state;
    dosi_source_result a = {0};
    dosi_source_result b = {0};
    dosi_error err = {""};
    read_text("x,y,z\n1,2020-01-01,\n2,2020-01-02,\n", NULL, &a);
    read_text("z,y,x\n5,2020-01-03 01:00,1.5\n", NULL, &b);
    CHECK_OK(dosi_source_append(&a, &b, "b.csv", &err), err);
    assert_int_equal(a.table.n_rows, 3);
    CHECK_NEAR(check_type(&a, "x", DOSI_TYPE_REAL)->data.real[2], 1.5, 0.0);
    CHECK_NEAR(check_type(&a, "x", DOSI_TYPE_REAL)->data.real[0], 1.0, 0.0);
    check_time(&a, "y", 0, "2020-01-01T00:00:00");
    assert_int_equal(check_type(&a, "z", DOSI_TYPE_INT)->data.integer[2], 5);
    assert_true(dosi_column_is_missing(check_type(&a, "z", DOSI_TYPE_INT), 0));
    read_text("z,y,w\n5,2020-01-03 01:00,1.5\n", NULL, &b);
    CHECK_STATUS(dosi_source_append(&a, &b, "b.csv", &err), DOSI_CONFLICT);
    assert_non_null(strstr(err.message, "no column \"x\""));
    dosi_source_result_clear(&a);
    dosi_source_result_clear(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(korean_in_cp949_utf16_and_utf8_reads_the_same),
        cmocka_unit_test(delimiters_are_found_and_can_be_given),
        cmocka_unit_test(a_name_that_comes_again_gets_a_number),
        cmocka_unit_test(quotes_follow_rfc_4180),
        cmocka_unit_test(an_open_quote_costs_one_row_and_names_its_line),
        cmocka_unit_test(rows_of_other_width_are_rejects),
        cmocka_unit_test(values_are_typed_by_all_rows),
        cmocka_unit_test(few_misfits_among_many_are_rejects_else_the_column_is_text),
        cmocka_unit_test(times_are_read_in_every_way_they_are_written),
        cmocka_unit_test(dates_are_read_in_every_way_they_are_written),
        cmocka_unit_test(a_date_that_does_not_exist_is_named),
        cmocka_unit_test(titles_second_headers_and_units_are_understood),
        cmocka_unit_test(a_file_without_header_gets_names),
        cmocka_unit_test(bytes_outside_the_encoding_cost_their_row),
        cmocka_unit_test(binary_empty_and_overwide_files_are_refused_with_a_reason),
        cmocka_unit_test(coordinates_become_points_and_impossible_ones_rejects),
        cmocka_unit_test(files_append_by_name_and_types_widen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
