// Goal: JSON records, NDJSON and the envelopes of the two official portals become tables, and
// their errors failures that say what the manual says. Method: small documents, hand-worked.

#include "source_test.h"

static void read_named(const char *name, const char *text, dosi_source_result *out) {
    dosi_error err = {""};
    CHECK_OK(read_bytes(name, text, strlen(text), NULL, out, &err), err);
}

static void expect(const char *name, const char *text, dosi_status status, const char *part) {
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_STATUS(read_bytes(name, text, strlen(text), NULL, &r, &err), status);
    if (!strstr(err.message, part)) fail_msg("\"%s\" lacks \"%s\"", err.message, part);
}

static void records_are_found_and_flattened(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_named(
        "a.json",
        "{\"meta\":{\"n\":2},\"data\":[{\"id\":\"007\",\"at\":{\"lon\":127.5,\"lat\":37},"
        "\"v\":1,\"tags\":[1,2]},{\"id\":\"008\",\"v\":2.5,\"ok\":true,\"at\":null}]}",
        &r);
    check_said(&r, "records: 2 at data");
    check_text(&r, "id", 1, "008");
    check_text(&r, "tags", 0, "[1,2]");
    CHECK_NEAR(check_type(&r, "at.lon", DOSI_TYPE_REAL)->data.real[0], 127.5, 0.0);
    CHECK_NEAR(check_type(&r, "v", DOSI_TYPE_REAL)->data.real[1], 2.5, 0.0);
    assert_int_equal(check_type(&r, "ok", DOSI_TYPE_BOOL)->data.boolean[1], 1);
    assert_true(dosi_column_is_missing(check_type(&r, "at.lon", DOSI_TYPE_REAL), 1));
    read_named("b.json", "[{\"a\":1},7,{\"a\":3}]", &r);
    assert_int_equal(r.table.n_rows, 2);
    check_reject(&r, 0, 2, NULL, "no record");
    dosi_source_result_clear(&r);
}

static void ndjson_lines_are_read_and_damaged_ones_rejected(void **state) {
    (void)state;
    dosi_source_result r = {0};
    read_named("a.json",
               "{\"t\":\"2020-01-01 24:00\",\"v\":1}\n{\"t\":\"2020-01-02 01:00\",\"w\":2}\n"
               "{\"t\":\n\n{\"t\":\"2020-01-02 02:00\"}",
               &r);
    check_said(&r, "NDJSON");
    assert_int_equal(r.table.n_rows, 3);
    check_time(&r, "t", 0, "2020-01-02T00:00:00");
    check_reject(&r, 0, 3, NULL, "no JSON");
    assert_int_equal(check_type(&r, "w", DOSI_TYPE_INT)->data.integer[1], 2);
    dosi_source_result_clear(&r);
}

static void envelopes_of_both_portals_are_opened(void **state) {
    (void)state;
    static const char *const seoul =
        "{\"RealtimeCityAir\":{\"list_total_count\":2,\"RESULT\":{\"CODE\":\"INFO-000\","
        "\"MESSAGE\":\"정상 "
        "처리되었습니다\"},\"row\":[{\"MSRSTE_NM\":\"중구\",\"PM10\":\"31\"},"
        "{\"MSRSTE_NM\":\"종로구\",\"PM10\":\"-\"}]}}";
    static const char *const portal =
        "{\"response\":{\"header\":{\"resultCode\":\"00\",\"resultMsg\":\"NORMAL_CODE\"},"
        "\"body\":"
        "{\"totalCount\":1,\"items\":[{\"stationName\":\"중구\",\"pm10Value\":\"31\"}]}}}";
    static const char *const xml =
        "<?xml version=\"1.0\" "
        "encoding=\"UTF-8\"?><response><header><resultCode>00</resultCode>"
        "<resultMsg>NORMAL</resultMsg></header><body><items><item><stationName>중구</"
        "stationName>"
        "<pm10Value>31</pm10Value></item></items></body></response>";
    dosi_source_result r = {0};
    read_named("a.json", seoul, &r);
    assert_int_equal(r.table.n_rows, 2);
    check_text(&r, "MSRSTE_NM", 1, "종로구");
    assert_int_equal(check_type(&r, "PM10", DOSI_TYPE_INT)->data.integer[0], 31);
    assert_true(dosi_column_is_missing(check_type(&r, "PM10", DOSI_TYPE_INT), 1));
    read_named("b.json", portal, &r);
    check_text(&r, "stationName", 0, "중구");
    read_named("c.xml", xml, &r);
    assert_int_equal(r.table.n_rows, 1);
    assert_int_equal(check_type(&r, "pm10Value", DOSI_TYPE_INT)->data.integer[0], 31);
    dosi_source_result_clear(&r);
}

static void error_codes_become_failures_with_their_meaning(void **state) {
    (void)state;
    expect("a.json",
           "{\"RESULT\":{\"CODE\":\"INFO-200\",\"MESSAGE\":\"해당하는 데이터가 없습니다\"}}",
           DOSI_NOT_FOUND, "no data");
    expect("a.json", "{\"RESULT\":{\"CODE\":\"INFO-100\",\"MESSAGE\":\"인증키\"}}",
           DOSI_UNAUTHENTICATED, "the key is not valid");
    expect("a.json",
           "{\"response\":{\"header\":{\"resultCode\":\"22\",\"resultMsg\":\"LIMITED\"}}}",
           DOSI_BUSY, "the calls of the day are used up");
    expect(
        "a.xml",
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>"
        "SERVICE_KEY_IS_NOT_REGISTERED_ERROR</returnAuthMsg><returnReasonCode>30"
        "</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>",
        DOSI_UNAUTHENTICATED, "the key is not registered");
}

static void damaged_documents_are_named_by_line(void **state) {
    (void)state;
    expect("a.json", "[{\"a\":1},\n{\"a\":NaN}]", DOSI_PARSE, "line 2");
    expect("a.json", "[{\"a\":1},\n{\"a\":2", DOSI_PARSE, "line 2");
    expect("a.json", "[1,2,3]", DOSI_PARSE, "no records");
    expect("a.xml", "<?xml version=\"1.0\"?><a><b></a>", DOSI_PARSE, "line 1");
    expect("a.xml", "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
           DOSI_UNSUPPORTED, "document type");
    expect("a.xml", "<?xml version=\"1.0\"?><a><b>1</b></a>junk", DOSI_PARSE, "line 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_and_flattened),
        cmocka_unit_test(ndjson_lines_are_read_and_damaged_ones_rejected),
        cmocka_unit_test(envelopes_of_both_portals_are_opened),
        cmocka_unit_test(error_codes_become_failures_with_their_meaning),
        cmocka_unit_test(damaged_documents_are_named_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
