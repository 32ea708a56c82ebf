// Goal: civil time is right on every day from year 1 to 9999, and parses what files hold.

#include "dosi/time.h"
#include "test.h"

static void every_day_of_400_years_round_trips(void **state) {
    (void)state;
    int64_t day = dosi_days_from_civil(1800, 1, 1);
    for (int year = 1800; year < 2200; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int d = 1; d <= dosi_days_in_month(year, month); d++, day++) {
                dosi_civil civil = dosi_time_to_civil(day * DOSI_DAY_US);
                assert_true(civil.year == year && civil.month == month && civil.day == d);
                assert_true(dosi_days_from_civil(year, month, d) == day);
            }
        }
    }
}

static void the_first_and_the_last_time_are_written(void **state) {
    (void)state;
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(INT64_MIN + 1, INT32_MIN, text); // INT64_MIN is missing
    assert_string_equal(text, "-290308-12-21T19:59:05.224193");
    dosi_time_format(INT64_MAX, 32400, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775807+09:00");
}

static void hour_24_is_midnight_of_the_next_day(void **state) {
    (void)state;
    dosi_error err;
    dosi_time at_24;
    dosi_time at_0;
    CHECK_OK(dosi_time_from_civil(&(dosi_civil){2020, 2, 29, 24, 0, 0, 0}, &at_24, &err), err);
    CHECK_OK(dosi_time_parse_iso("2020-03-01T00:00", 16, 0, &at_0, &err), err);
    assert_true(at_24 == at_0);
    CHECK_STATUS(dosi_time_from_civil(&(dosi_civil){2020, 2, 29, 24, 1, 0, 0}, &at_24, NULL),
                 DOSI_DOMAIN);
    CHECK_STATUS(dosi_time_from_civil(&(dosi_civil){2021, 2, 29, 0, 0, 0, 0}, &at_24, NULL),
                 DOSI_DOMAIN);
    CHECK_STATUS(dosi_time_from_civil(&(dosi_civil){20202, 1, 1, 0, 0, 0, 0}, &at_24, NULL),
                 DOSI_DOMAIN);
}

static void zones_become_civil_time(void **state) {
    (void)state;
    dosi_error err;
    dosi_time time;
    char text[DOSI_TIME_TEXT_BYTES];
    CHECK_OK(dosi_time_parse_iso("2020-02-01T15:00:00Z", 20, 32400, &time, &err), err);
    dosi_time_format(time, 32400, text);
    assert_string_equal(text, "2020-02-02T00:00:00+09:00");
    CHECK_OK(dosi_time_parse_iso("1969-12-31T23:59:59.25+09:00", 28, 32400, &time, &err), err);
    dosi_time_format(time, INT32_MIN, text);
    assert_string_equal(text, "1969-12-31T23:59:59.250000");
    assert_int_equal(dosi_time_weekday(0), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_400_years_round_trips),
        cmocka_unit_test(the_first_and_the_last_time_are_written),
        cmocka_unit_test(hour_24_is_midnight_of_the_next_day),
        cmocka_unit_test(zones_become_civil_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
