// Goal: cells of Excel workbooks come out as they are shown: dates by their style, shared and
// inline strings, merged headers; damage and bombs are refused. Method: workbooks written here
// with libzip, cells hand-worked.

#include "source_test.h"

#include <unistd.h>
#include <zip.h>

typedef struct member {
    const char *path;
    const char *content;
} member;

static const member book = {
    "xl/workbook.xml",
    "<workbook><sheets><sheet name=\"표1\" sheetId=\"1\" r:id=\"rId1\"/>"
    "<sheet name=\"빈 표\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>"};
static const member relations = {
    "xl/_rels/workbook.xml.rels",
    "<Relationships><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/>"
    "<Relationship Id=\"rId2\" Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>"};
static const member styles = {
    "xl/styles.xml",
    "<styleSheet><numFmts><numFmt numFmtId=\"176\" formatCode=\"yyyy&quot;년&quot;\\ m;@\"/>"
    "</numFmts><cellStyleXfs><xf numFmtId=\"22\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>"
    "<xf numFmtId=\"176\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"};
static const member strings = {
    "xl/sharedStrings.xml",
    "<sst><si><t>날짜</t></si><si><t>시각</t></si><si><r><t>값</t></r><r><t> (ppm)</t></r>"
    "<rPh><t>x</t></rPh></si><si><t>중구</t></si></sst>"};
static const member empty_sheet = {"xl/worksheets/sheet2.xml",
                                   "<worksheet><sheetData/></worksheet>"};

/// Writes a workbook of these members and sheet 1, and reads it.
static dosi_status read_book(const char *sheet,
                             const char *name,
                             const dosi_source_options *options,
                             dosi_source_result *out,
                             dosi_error *err) {
    char path[] = "/tmp/dosi-book-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    zip_t *zip = zip_open(path, ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    member first = {"xl/worksheets/sheet1.xml", sheet};
    const member all[] = {book, relations, styles, strings, empty_sheet, first};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        zip_source_t *source =
            zip_source_buffer(zip, all[i].content, strlen(all[i].content), 0);
        assert_true(zip_file_add(zip, all[i].path, source, 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    assert_true(file && bytes);
    size_t n = fread(bytes, 1, 1 << 20, file);
    assert_int_equal(fclose(file), 0);
    (void)remove(path);
    dosi_status status = read_bytes(name, bytes, n, options, out, err);
    free(bytes);
    return status;
}

static void cells_come_out_as_they_are_shown(void **state) {
    (void)state;
    static const char sheet[] =
        "<worksheet><sheetData><row r=\"2\"><c r=\"B2\" t=\"s\"><v>0</v></c><c r=\"C2\" "
        "t=\"s\"><v>1"
        "</v></c><c r=\"D2\" t=\"s\"><v>2</v></c><c r=\"E2\" "
        "t=\"inlineStr\"><is><t>이름</t></is></c>"
        "</row><row r=\"3\"><c r=\"B3\" s=\"1\"><v>45658</v></c><c r=\"C3\" "
        "s=\"2\"><v>45658.5</v></c>"
        "<c r=\"D3\"><v>8.9999999999999993E-3</v></c><c r=\"E3\" t=\"s\"><v>3</v></c></row>"
        "<row r=\"4\"><c r=\"B4\" s=\"1\"><v>60</v></c><c r=\"D4\" t=\"e\"><v>#N/A</v></c>"
        "<c r=\"E4\" t=\"str\"><f>A1</f><v>종로구</v></c></row></sheetData></worksheet>";
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_OK(read_book(sheet, "a.xlsx", NULL, &r, &err), err);
    check_said(&r, "sheet: 표1");
    assert_int_equal(r.table.n_rows, 2);
    const dosi_column *day = check_type(&r, "날짜", DOSI_TYPE_DATE);
    assert_int_equal(day->data.integer[0], dosi_days_from_civil(2025, 1, 1));
    check_time(&r, "시각", 0, "2025-01-01T12:00:00");
    const dosi_column *value = check_type(&r, "값", DOSI_TYPE_REAL);
    assert_string_equal(value->unit, "ppm");
    CHECK_NEAR(value->data.real[0], 0.009, 0.0);
    assert_true(dosi_column_is_missing(value, 1));
    check_text(&r, "이름", 0, "중구");
    check_text(&r, "이름", 1, "종로구");
    dosi_source_options options = {.sheet = "빈 표"};
    CHECK_STATUS(read_book(sheet, "a.xlsx", &options, &r, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "is empty"));
    options.sheet = "없음";
    CHECK_STATUS(read_book(sheet, "a.xlsx", &options, &r, &err), DOSI_NOT_FOUND);
    dosi_source_result_clear(&r);
}

static void merged_headers_name_all_their_columns(void **state) {
    (void)state;
    static const char sheet[] =
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>구</v></c><c r=\"B1\" "
        "t=\"str\"><v>"
        "2020</v></c><c r=\"D1\" t=\"str\"><v>2021</v></c></row><row r=\"2\"><c r=\"A2\" "
        "t=\"str\"><v>구"
        "</v></c><c r=\"B2\" t=\"str\"><v>남</v></c><c r=\"C2\" t=\"str\"><v>여</v></c><c "
        "r=\"D2\" "
        "t=\"str\"><v>남</v></c><c r=\"E2\" t=\"str\"><v>여</v></c></row><row r=\"3\"><c "
        "r=\"A3\" "
        "t=\"s\"><v>3</v></c><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c><c><v>4</v></c></row>"
        "<row r=\"4\"><c "
        "t=\"str\"><v>종로구</v></c><c><v>5</v></c><c><v>6</v></c><c><v>7</v></c><c><v>"
        "8</v></c></row></sheetData><mergeCells><mergeCell ref=\"B1:C1\"/><mergeCell "
        "ref=\"D1:E1\"/></mergeCells></worksheet>";
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_OK(read_book(sheet, "a.xlsx", NULL, &r, &err), err);
    check_said(&r, "header: 2 rows");
    assert_int_equal(check_type(&r, "2020 / 여", DOSI_TYPE_INT)->data.integer[1], 6);
    assert_int_equal(check_type(&r, "2021 / 남", DOSI_TYPE_INT)->data.integer[0], 3);
    dosi_source_result_clear(&r);
}

static void damage_and_bombs_are_refused(void **state) {
    (void)state;
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_STATUS(read_book("<worksheet><sheetData><row><c><v>1</v>", "a.xlsx", NULL, &r, &err),
                 DOSI_PARSE);
    assert_non_null(strstr(err.message, "sheet1.xml, line 1"));
    CHECK_STATUS(
        read_book("<worksheet><sheetData><row><c t=\"s\"><v>99</v></c></row></sheetData>"
                  "</worksheet>",
                  "a.xlsx", NULL, &r, &err),
        DOSI_PARSE);
    CHECK_STATUS(read_bytes("a.xlsx", "PK\3\4 no archive", 15, NULL, &r, &err), DOSI_PARSE);
    dosi_text bomb = {0};
    dosi_text_puts(&bomb, "<worksheet><sheetData>");
    for (int i = 0; i < 2000000; i++) dosi_text_puts(&bomb, "<row></row>     ");
    dosi_text_puts(&bomb, "</sheetData></worksheet>");
    CHECK_STATUS(read_book(bomb.data, "a.xlsx", NULL, &r, &err), DOSI_LIMIT);
    assert_non_null(strstr(err.message, "times its size"));
    dosi_text_destroy(&bomb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_come_out_as_they_are_shown),
        cmocka_unit_test(merged_headers_name_all_their_columns),
        cmocka_unit_test(damage_and_bombs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
