// Goal: every form of a table is exactly what its readers expect: RFC 4180, JSON, GeoJSON, and
// terminal columns that line up under Hangul.

#include "table/wkb.h"
#include "table/write.h"
#include "test.h"

/// WKB of POINT (127.5 37.25), little endian.
static const char point[] = "\x01\x01\x00\x00\x00"
                            "\x00\x00\x00\x00\x00\xe0\x5f\x40"
                            "\x00\x00\x00\x00\x00\xa0\x42\x40";

/// Two rows: one full, one missing everything but an empty name.
static void make_table(dosi_table *table) {
    dosi_error err;
    *table = (dosi_table){0};
    static const struct {
        const char *name;
        dosi_type type;
    } columns[] = {
        {"이름", DOSI_TYPE_TEXT},        {"pm25", DOSI_TYPE_REAL}, {"n", DOSI_TYPE_INT},
        {"ok", DOSI_TYPE_BOOL},          {"time", DOSI_TYPE_TIME}, {"day", DOSI_TYPE_DATE},
        {"geometry", DOSI_TYPE_GEOMETRY}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        CHECK_OK(dosi_table_add_column(table, columns[i].name, columns[i].type, NULL, &err),
                 err);
    }
    CHECK_OK(dosi_table_add_rows(table, 2, &err), err);
    CHECK_OK(dosi_table_describe(table, 1, "ug/m3", NULL, NULL), err);
    CHECK_OK(dosi_table_set_text(table, 0, 0, "종로, \"1가\""), err);
    CHECK_OK(dosi_table_set_text(table, 0, 1, ""), err);
    table->columns[1].data.real[0] = 12.5;
    table->columns[2].data.integer[0] = -3;
    table->columns[3].data.boolean[0] = 1;
    table->columns[4].data.integer[0] = 18293 * DOSI_DAY_US + DOSI_HOUR_US;
    table->columns[5].data.integer[0] = 18293;
    CHECK_OK(dosi_table_set_bytes(table, 6, 0, point, sizeof point - 1), err);
}

static void csv_quotes_as_rfc_4180(void **state) {
    (void)state;
    dosi_table table;
    make_table(&table);
    dosi_text out = {0};
    dosi_table_put_csv(&out, &table, NULL);
    assert_string_equal(dosi_text_string(&out),
                        "이름,pm25,n,ok,time,day,geometry\r\n"
                        "\"종로, \"\"1가\"\"\",12.5,-3,true,2020-02-01T01:00:00,2020-02-01,"
                        "POINT (127.5 37.25)\r\n"
                        "\"\",,,,,,\r\n");
    dosi_text_destroy(&out);
    dosi_table_destroy(&table);
}

static void json_has_null_for_missing_and_the_zone(void **state) {
    (void)state;
    dosi_table table;
    make_table(&table);
    dosi_text out = {0};
    dosi_table_style style = {.has_zone = true, .zone_s = 32400};
    dosi_table_put_ndjson(&out, &table, &style);
    assert_string_equal(
        dosi_text_string(&out),
        "{\"이름\":\"종로, \\\"1가\\\"\",\"pm25\":12.5,\"n\":-3,\"ok\":true,"
        "\"time\":\"2020-02-01T01:00:00+09:00\",\"day\":\"2020-02-01\","
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[127.5,37.25]}}\n"
        "{\"이름\":\"\",\"pm25\":null,\"n\":null,\"ok\":null,\"time\":null,\"day\":null,"
        "\"geometry\":null}\n");
    dosi_text_clear(&out);
    style.first_row = 1;
    dosi_table_put_json_rows(&out, &table, &style);
    assert_string_equal(dosi_text_string(&out), "[[\"\",null,null,null,null,null,null]]");
    dosi_text_clear(&out);
    style = (dosi_table_style){.n_rows = 1, .first_row = 5};
    dosi_table_put_json(&out, &table, &style);
    assert_string_equal(dosi_text_string(&out), "[]");
    dosi_text_destroy(&out);
    dosi_table_destroy(&table);
}

static void geojson_needs_longitude_and_latitude(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table;
    make_table(&table);
    dosi_text out = {0};
    const dosi_table_style one = {.n_rows = 1};
    CHECK_OK(dosi_table_put_geojson(&out, &table, &one, &err), err);
    assert_string_equal(
        dosi_text_string(&out),
        "{\"type\":\"FeatureCollection\",\"features\":[\n"
        "{\"type\":\"Feature\",\"id\":1,\"geometry\":{\"type\":\"Point\",\"coordinates\":"
        "[127.5,37.25]},\"properties\":{\"이름\":\"종로, \\\"1가\\\"\",\"pm25\":12.5,\"n\":-3,"
        "\"ok\":true,\"time\":\"2020-02-01T01:00:00\",\"day\":\"2020-02-01\"}}]}\n");
    table.columns[6].srid = 5186;
    CHECK_STATUS(dosi_table_put_geojson(&out, &table, NULL, &err), DOSI_INVALID);
    dosi_table_drop_column(&table, 6);
    CHECK_STATUS(dosi_table_put_geojson(&out, &table, NULL, &err), DOSI_INVALID);
    dosi_text_destroy(&out);
    dosi_table_destroy(&table);
}

static void text_lines_up_under_hangul(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    CHECK_OK(dosi_table_add_column(&table, "구", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "pm25", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "note", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_describe(&table, 1, "ug/m3", NULL, NULL), err);
    CHECK_OK(dosi_table_add_rows(&table, 2, &err), err);
    CHECK_OK(dosi_table_set_text(&table, 0, 0, "종로구"), err);
    CHECK_OK(dosi_table_set_text(&table, 0, 1, "ab"), err);
    CHECK_OK(dosi_table_set_text(&table, 2, 0, "\x1b[31mred"), err);
    CHECK_OK(dosi_table_set_text(&table, 2, 1, "가나다라마바사"), err);
    table.columns[1].data.real[0] = 7;
    table.columns[1].data.real[1] = 123.25;
    dosi_text out = {0};
    const dosi_table_style style = {.max_cell_width = 10};
    dosi_table_put_text(&out, &table, &style);
    assert_string_equal(dosi_text_string(&out), "구        pm25  note\n"
                                                "         ug/m3  \n"
                                                "------  ------  ---------\n"
                                                "종로구       7   [31mred\n"
                                                "ab      123.25  가나다...\n");
    assert_int_equal(dosi_text_width("종로a\xff", 8), 6);
    dosi_text_destroy(&out);
    dosi_table_destroy(&table);
}

static void every_kind_of_wkb_is_written(void **state) {
    (void)state;
    dosi_error err;
    dosi_text out = {0};
    // Big endian LINESTRING Z (1 2 3, 4 5 6), EWKB flags with a srid.
    static const char line[] = "\x00\xa0\x00\x00\x02\x00\x00\x10\xe6\x00\x00\x00\x02"
                               "\x3f\xf0\0\0\0\0\0\0\x40\x00\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0"
                               "\x40\x10\0\0\0\0\0\0\x40\x14\0\0\0\0\0\0\x40\x18\0\0\0\0\0\0";
    CHECK_OK(dosi_wkb_put_wkt(&out, line, sizeof line - 1, 3, &err), err);
    assert_string_equal(dosi_text_string(&out), "LINESTRING Z (1 2 3, 4 5 6)");
    dosi_text_clear(&out);
    // MULTIPOINT of the one point.
    char multi[9 + sizeof point - 1] = "\x01\x04\x00\x00\x00\x01\x00\x00\x00";
    memcpy(multi + 9, point, sizeof point - 1);
    CHECK_OK(dosi_wkb_put_geojson(&out, multi, sizeof multi, 1, &err), err);
    assert_string_equal(dosi_text_string(&out),
                        "{\"type\":\"MultiPoint\",\"coordinates\":[[127.5,37.2]]}");
    dosi_text_clear(&out);
    // Cut anywhere, it is refused and nothing is left behind.
    for (size_t n = 0; n < sizeof multi; n++) {
        CHECK_STATUS(dosi_wkb_put_geojson(&out, multi, n, 1, &err), DOSI_PARSE);
        assert_int_equal(out.length, 0);
    }
    multi[5] = '\xff'; // More parts than bytes.
    CHECK_STATUS(dosi_wkb_put_wkt(&out, multi, sizeof multi, 1, &err), DOSI_PARSE);
    dosi_text_destroy(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_quotes_as_rfc_4180),
        cmocka_unit_test(json_has_null_for_missing_and_the_zone),
        cmocka_unit_test(geojson_needs_longitude_and_latitude),
        cmocka_unit_test(text_lines_up_under_hangul),
        cmocka_unit_test(every_kind_of_wkb_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
