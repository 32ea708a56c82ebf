// Goal: text that grows, escapes and parses as documented, and stays failed once it failed.

#include "dosi/json.h"
#include "dosi/random.h"
#include "dosi/text.h"
#include "test.h"

static void real_numbers_read_back_as_themselves(void **state) {
    (void)state;
    const double values[] = {0.1, 1e-300, 123456789.125, -2.5e17, 3, 1.0 / 3.0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        dosi_text text = {0};
        dosi_text_put_real(&text, values[i]);
        double back = 0;
        CHECK_STATUS(dosi_parse_real(text.data, text.length, &back), DOSI_OK);
        assert_true(back == values[i]);
        dosi_text_destroy(&text);
    }
}

/// The shortest form of 15 to 17 digits, by the C library.
static void plain_form(double value, char out[32]) {
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(out, 32, "%.*g", precision, value);
        if (strtod(out, NULL) == value) return;
    }
}

static void real_numbers_are_written_as_the_c_library_writes_them(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 3);
    dosi_text text = {0};
    for (int i = 0; i < 200000; i++) {
        // Readings of few decimals, and numbers of all digits and sizes.
        double power = pow(10, floor(22 * dosi_random_uniform(&random)) - 6);
        double value = (dosi_random_uniform(&random) - 0.5) * power;
        double scale = pow(10, floor(18 * dosi_random_uniform(&random)));
        if (i % 3) value = round(value * scale) / scale;
        if (value == floor(value)) continue; // whole numbers have no exponent
        char expected[32];
        plain_form(value, expected);
        dosi_text_clear(&text);
        dosi_text_put_real(&text, value);
        assert_string_equal(dosi_text_string(&text), expected);
    }
    const int64_t whole[] = {0, 7, -10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof expected, "%lld", (long long)whole[i]);
        dosi_text_clear(&text);
        dosi_text_put_int(&text, whole[i]);
        assert_string_equal(dosi_text_string(&text), expected);
    }
    dosi_text_destroy(&text);
}

static void a_limit_makes_text_fail_for_good(void **state) {
    (void)state;
    dosi_text text;
    dosi_text_init(&text, 4);
    dosi_text_puts(&text, "abcd");
    dosi_text_puts(&text, "e");
    dosi_text_clear(&text);
    dosi_text_puts(&text, "abcde");
    CHECK_STATUS(dosi_text_status(&text, NULL), DOSI_LIMIT);
    dosi_text_destroy(&text);
}

static void json_escapes_controls_and_repairs_bad_utf8(void **state) {
    (void)state;
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "a\"b", "도시\n\x01");
    dosi_json_key(&json, "bad");
    dosi_json_bytes(&json, "\xff", 1);
    dosi_json_member_real(&json, "nan", NAN);
    dosi_json_end_object(&json);
    assert_string_equal(
        dosi_text_string(&text),
        "{\"a\\\"b\":\"도시\\n\\u0001\",\"bad\":\"\xEF\xBF\xBD\",\"nan\":null}");
    dosi_text_destroy(&text);
}

static void numbers_that_are_not_are_refused(void **state) {
    (void)state;
    double real = 7;
    int64_t integer = 7;
    const char *const bad[] = {"", "-", "1e", "0x10", "nan", "inf", "1 ", " 1", "1.2.3", "."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(dosi_parse_real(bad[i], strlen(bad[i]), &real), DOSI_PARSE);
        CHECK_STATUS(dosi_parse_int(bad[i], strlen(bad[i]), &integer), DOSI_PARSE);
    }
    CHECK_STATUS(dosi_parse_int("9223372036854775808", 19, &integer), DOSI_DOMAIN);
    assert_true(real == 7 && integer == 7);
}

static void utf8_refuses_overlong_and_surrogates(void **state) {
    (void)state;
    assert_true(dosi_utf8_is_valid("서울 25개 구", strlen("서울 25개 구")));
    assert_false(dosi_utf8_is_valid("\xC0\x80", 2));
    assert_false(dosi_utf8_is_valid("\xED\xA0\x80", 3));
    assert_false(dosi_utf8_is_valid("\xF5\x80\x80\x80", 4));
    assert_false(dosi_utf8_is_valid("\xEA\xB0", 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_numbers_read_back_as_themselves),
        cmocka_unit_test(real_numbers_are_written_as_the_c_library_writes_them),
        cmocka_unit_test(a_limit_makes_text_fail_for_good),
        cmocka_unit_test(json_escapes_controls_and_repairs_bad_utf8),
        cmocka_unit_test(numbers_that_are_not_are_refused),
        cmocka_unit_test(utf8_refuses_overlong_and_surrogates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
