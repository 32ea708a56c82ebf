// Goal: air.index, air.standard and air.alerts carry tables into the rules and back, name the
// table they used, and say what was left out.

#include "dosi/method.h"
#include "dosi/text.h"
#include "dosi/time.h"
#include "test.h"

enum { MAX_VALUES = 16 };

/// Adds a row of hourly PM2.5, PM10 and ozone.
static void add_row(dosi_table *t, const char *station, int64_t time, const double *v) {
    dosi_error err = {""};
    size_t row = t->n_rows;
    CHECK_OK(dosi_table_add_rows(t, 1, &err), err);
    CHECK_OK(dosi_table_set_text(t, 0, row, station), err);
    t->columns[1].data.integer[row] = time;
    for (size_t c = 0; c < 3; c++) t->columns[2 + c].data.real[row] = v[c];
}

static void make_table(dosi_table *t) {
    static const char *const names[] = {"pm25_ugm3", "pm10_ugm3", "o3_ppm"};
    dosi_error err = {""};
    dosi_table_init(t);
    CHECK_OK(dosi_table_add_column(t, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(t, "time", DOSI_TYPE_TIME, NULL, &err), err);
    for (size_t c = 0; c < 3; c++) {
        CHECK_OK(dosi_table_add_column(t, names[c], DOSI_TYPE_REAL, NULL, &err), err);
    }
}

/// Runs a method with "name=value" settings.
static void run_method(const char *id,
                       const dosi_table *const *in,
                       const dosi_setting *settings,
                       size_t n,
                       dosi_table *out,
                       dosi_text *report) {
    dosi_error err = {""};
    const dosi_method *method = dosi_method_find(id);
    dosi_value values[MAX_VALUES];
    assert_non_null(method);
    CHECK_OK(dosi_method_set(method, settings, n, values, &err), err);
    dosi_method_call call = {
        .method = method, .inputs = in, .values = values, .outputs = out, .report = report};
    CHECK_OK(dosi_method_run(&call, &err), err);
}

static int64_t day(int year, int month, int d) {
    return dosi_days_from_civil(year, month, d) * DOSI_DAY_US;
}

static bool text_is(const dosi_table *t, const char *column, size_t row, const char *text) {
    size_t n = 0, i = dosi_table_find(t, column);
    assert_true(i != SIZE_MAX);
    const char *bytes = dosi_column_bytes(&t->columns[i], row, &n);
    return bytes ? n == strlen(text) && memcmp(bytes, text, n) == 0 : text[0] == '\0';
}

static int64_t int_at(const dosi_table *t, const char *column, size_t row) {
    return t->columns[dosi_table_find(t, column)].data.integer[row];
}

static void an_index_names_the_table_of_the_day(void **state) {
    (void)state;
    dosi_table t, out = {0};
    dosi_text report = {0};
    make_table(&t);
    int64_t start = day(2024, 5, 5);
    for (int h = 1; h <= 48; h++) {
        add_row(&t, "a", start + h * DOSI_HOUR_US, (const double[]){10, 20, 0.03});
    }
    const dosi_table *in[] = {&t};
    const dosi_setting us[] = {{"index", "us"}};
    run_method("air.index", in, us, 1, &out, &report);
    assert_int_equal(out.n_rows, 48);
    assert_int_equal(int_at(&out, "index", 20), 42);
    assert_int_equal(int_at(&out, "index", 47), 53);
    assert_true(text_is(&out, "table", 20, "us-2016-01"));
    assert_true(text_is(&out, "table", 47, "us-2024-05"));
    assert_true(text_is(&out, "responsible", 47, "pm25_24h"));
    assert_int_equal(int_at(&out, "index", 0), DOSI_MISSING_INT); // nothing has its hours yet
    assert_non_null(strstr(dosi_text_string(&report), "the table changes within the series"));
    dosi_table_destroy(&out);
    dosi_text_clear(&report);
    const dosi_setting fixed[] = {{"index", "us"}, {"version", "us-2024-05"}};
    run_method("air.index", in, fixed, 2, &out, &report);
    assert_int_equal(int_at(&out, "index", 20), 53);
    assert_null(strstr(dosi_text_string(&report), "the table changes"));
    dosi_table_destroy(&out);
    const dosi_setting eu[] = {{"index", "eu"}};
    run_method("air.index", in, eu, 1, &out, NULL);
    assert_int_equal(int_at(&out, "index", 30), 2); // PM10 20 and ozone 59.9: fair
    dosi_table_destroy(&out);
    dosi_text_destroy(&report);
    dosi_table_destroy(&t);
}

static void a_table_of_another_index_is_refused(void **state) {
    (void)state;
    dosi_table t, out = {0};
    dosi_error err = {""};
    make_table(&t);
    add_row(&t, "a", day(2020, 1, 1), (const double[]){10, 20, 0.03});
    const dosi_table *in[] = {&t};
    const dosi_method *method = dosi_method_find("air.index");
    const dosi_setting wrong[] = {{"index", "eu"}, {"version", "us-2024-05"}};
    dosi_value values[MAX_VALUES];
    CHECK_OK(dosi_method_set(method, wrong, 2, values, &err), err);
    dosi_method_call call = {.method = method, .inputs = in, .values = values, .outputs = &out};
    CHECK_STATUS(dosi_method_run(&call, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "us-2024-05"));
    dosi_table_destroy(&t);
}

static void a_month_is_not_enough_for_a_year(void **state) {
    (void)state;
    dosi_table t, out = {0};
    make_table(&t);
    for (int h = 1; h <= 24 * 300; h++) {
        add_row(&t, "a", day(2021, 1, 1) + h * DOSI_HOUR_US,
                (const double[]){20, 40, h <= 24 * 31 ? 0.05 : (double)NAN});
    }
    const dosi_table *in[] = {&t};
    run_method("air.standard", in, NULL, 0, &out, NULL);
    assert_int_equal(out.n_rows, 6); // PM10 and PM2.5: 24 h, year; ozone: 1 h, 8 h
    for (size_t row = 0; row < out.n_rows; row++) {
        const char *expected =
            text_is(&out, "pollutant", row, "o3_ppm") ? "not enough data"
            : text_is(&out, "pollutant", row, "pm25_ugm3") && text_is(&out, "span", row, "year")
                ? "not met"
                : "met";
        assert_true(text_is(&out, "result", row, expected));
        assert_int_equal(int_at(&out, "year", row), 2021);
    }
    dosi_table_destroy(&out);
    dosi_table_destroy(&t);
}

static void alerts_have_a_history_by_zone(void **state) {
    (void)state;
    dosi_table t, zones, out = {0};
    dosi_error err = {""};
    make_table(&t);
    dosi_table_init(&zones);
    CHECK_OK(dosi_table_add_column(&zones, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&zones, "district", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&zones, 3, &err), err);
    static const char *const names[] = {"a", "b", "c"}, *const zone[] = {"south", "south",
                                                                         "east"};
    static const double pm25[][3] = {{50, 90, 20},   {100, 60, 20}, {160, 180, 20},
                                     {160, 160, 20}, {60, 60, 20},  {30, 30, 20},
                                     {20, 20, 20},   {80, 80, 20},  {80, 80, 20}};
    int64_t start = day(2023, 4, 1);
    for (size_t s = 0; s < 3; s++) {
        CHECK_OK(dosi_table_set_text(&zones, 0, s, names[s]), err);
        CHECK_OK(dosi_table_set_text(&zones, 1, s, zone[s]), err);
        for (int h = 0; h < 9; h++) {
            double o3 = s == 2 && (h == 3 || h == 4) ? 0.13 : 0.05;
            add_row(&t, names[s], start + (h + 1) * DOSI_HOUR_US,
                    (const double[]){pm25[h][s], 60, o3});
        }
    }
    const dosi_table *in[] = {&t, &zones, NULL};
    const dosi_setting by[] = {{"zone", "district"}};
    run_method("air.alerts", in, by, 1, &out, NULL);
    // Ozone in the east by one station; in the south PM2.5: advisory at the second hour of 75
    // and more, warning, lowered, released, and one that stands.
    assert_int_equal(out.n_rows, 5);
    static const struct {
        const char *zone, *level, *ended_by;
        int issued, released;
        double peak;
    } expected[] = {{"east", "advisory", "released", 4, 6, 0.13},
                    {"south", "advisory", "raised", 3, 4, 170},
                    {"south", "warning", "lowered", 4, 5, 160},
                    {"south", "advisory", "released", 5, 6, 60},
                    {"south", "advisory", "", 9, 0, 80}};
    for (size_t i = 0; i < 5; i++) {
        assert_true(text_is(&out, "zone", i, expected[i].zone));
        assert_true(text_is(&out, "level", i, expected[i].level));
        assert_true(text_is(&out, "ended_by", i, expected[i].ended_by));
        assert_int_equal(int_at(&out, "issued", i), start + expected[i].issued * DOSI_HOUR_US);
        int64_t released = expected[i].released ? start + expected[i].released * DOSI_HOUR_US
                                                : DOSI_MISSING_INT;
        assert_int_equal(int_at(&out, "released", i), released);
        double peak = out.columns[dosi_table_find(&out, "peak")].data.real[i];
        CHECK_NEAR(peak, expected[i].peak, 1e-9);
    }
    dosi_table_destroy(&out);
    dosi_table_destroy(&zones);
    dosi_table_destroy(&t);
}

/// Runs air.alerts on one station's PM2.5, the first value at the end of 20:00 of 30 April; a
/// negative value has no row, NaN a row without a value.
static void run_episode(const double *pm25, size_t n, dosi_table *out) {
    dosi_table t;
    make_table(&t);
    for (size_t h = 0; h < n; h++) {
        if (pm25[h] < 0) continue;
        add_row(&t, "a", day(2023, 4, 30) + (20 + (int64_t)h) * DOSI_HOUR_US,
                (const double[]){pm25[h], 60, 0.05});
    }
    const dosi_table *in[] = {&t, NULL, NULL};
    run_method("air.alerts", in, NULL, 0, out, NULL);
    dosi_table_destroy(&t);
}

static void an_alert_goes_over_midnight_and_the_end_of_a_month(void **state) {
    (void)state;
    dosi_table out = {0};
    // 23:00 and 24:00 of 30 April: issued at midnight, warning from 02:00, released at 05:00.
    static const double pm25[] = {20, 20, 20, 80, 80, 160, 160, 76, 74, 34};
    run_episode(pm25, 10, &out);
    static const struct {
        const char *level, *ended_by;
        int issued, released;
    } expected[] = {{"advisory", "raised", 0, 2},
                    {"warning", "lowered", 2, 4},
                    {"advisory", "released", 4, 5}};
    assert_int_equal(out.n_rows, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(text_is(&out, "level", i, expected[i].level));
        assert_true(text_is(&out, "ended_by", i, expected[i].ended_by));
        assert_int_equal(int_at(&out, "issued", i),
                         day(2023, 5, 1) + expected[i].issued * DOSI_HOUR_US);
        assert_int_equal(int_at(&out, "released", i),
                         day(2023, 5, 1) + expected[i].released * DOSI_HOUR_US);
        assert_int_equal(int_at(&out, "hours", i), expected[i].released - expected[i].issued);
    }
    dosi_table_destroy(&out);
}

static void hours_without_data_neither_raise_nor_clear(void **state) {
    (void)state;
    dosi_table out = {0};
    // An hour above, an outage, an hour above: not two in a row. Then an advisory at 01:00 that
    // an outage of five hours (no rows, or rows without values) leaves standing, and that only
    // a value below 35 ends.
    static const double pm25[] = {80, -1, 80,          (double)NAN, 80, 80, -1,
                                  -1, -1, (double)NAN, (double)NAN, 36, 34};
    run_episode(pm25, sizeof pm25 / sizeof *pm25, &out);
    assert_int_equal(out.n_rows, 1);
    assert_int_equal(int_at(&out, "issued", 0), day(2023, 5, 1) + 1 * DOSI_HOUR_US);
    assert_int_equal(int_at(&out, "released", 0), day(2023, 5, 1) + 8 * DOSI_HOUR_US);
    assert_true(text_is(&out, "ended_by", 0, "released"));
    dosi_table_destroy(&out);
    // An outage at the end: it still stands.
    static const double cut[] = {80, 80, (double)NAN, (double)NAN};
    run_episode(cut, 4, &out);
    assert_int_equal(out.n_rows, 1);
    assert_int_equal(int_at(&out, "released", 0), DOSI_MISSING_INT);
    dosi_table_destroy(&out);
}

/// An alert of PM2.5 that stood: row of the third input.
static void add_standing(dosi_table *t, const char *level, int64_t issued, double peak) {
    static const char *const names[] = {"zone", "pollutant", "level", "issued", "peak"};
    static const dosi_type types[] = {DOSI_TYPE_TEXT, DOSI_TYPE_TEXT, DOSI_TYPE_TEXT,
                                      DOSI_TYPE_TIME, DOSI_TYPE_REAL};
    dosi_error err = {""};
    for (size_t c = 0; c < 5 && t->n_columns < 5; c++) {
        CHECK_OK(dosi_table_add_column(t, names[c], types[c], NULL, &err), err);
    }
    CHECK_OK(dosi_table_add_rows(t, 1, &err), err);
    CHECK_OK(dosi_table_set_text(t, 0, t->n_rows - 1, "all"), err);
    CHECK_OK(dosi_table_set_text(t, 1, t->n_rows - 1, "pm25_ugm3"), err);
    CHECK_OK(dosi_table_set_text(t, 2, t->n_rows - 1, level), err);
    t->columns[3].data.integer[t->n_rows - 1] = issued;
    t->columns[4].data.real[t->n_rows - 1] = peak;
}

static void an_alert_whose_beginning_is_cut_off_goes_on(void **state) {
    (void)state;
    dosi_table t, out = {0}, stood = {0};
    int64_t start = day(2023, 4, 1);
    // Not high enough to issue anything, nor low enough to release: 60, then 30.
    make_table(&t);
    for (int h = 0; h < 3; h++) {
        add_row(&t, "a", start + h * DOSI_HOUR_US, (const double[]){h < 2 ? 60 : 30, 60, 0.05});
    }
    const dosi_table *in[] = {&t, NULL, &stood};
    add_standing(&stood, "advisory", start - 9 * DOSI_HOUR_US, 95);
    add_standing(&stood, "warning", start - 6 * DOSI_HOUR_US, 170);
    run_method("air.alerts", in, NULL, 0, &out, NULL);
    // The newest of them: the warning is lowered at 60, and the advisory released at 30.
    assert_int_equal(out.n_rows, 2);
    assert_true(text_is(&out, "level", 0, "warning"));
    assert_true(text_is(&out, "ended_by", 0, "lowered"));
    assert_int_equal(int_at(&out, "issued", 0), start - 6 * DOSI_HOUR_US);
    assert_int_equal(int_at(&out, "released", 0), start);
    CHECK_NEAR(out.columns[dosi_table_find(&out, "peak")].data.real[0], 170, 0);
    assert_true(text_is(&out, "ended_by", 1, "released"));
    assert_int_equal(int_at(&out, "released", 1), start + 2 * DOSI_HOUR_US);
    dosi_table_destroy(&out);
    // One that is issued after the first hour is what the hours themselves must show.
    dosi_table_destroy(&stood);
    add_standing(&stood, "advisory", start + DOSI_HOUR_US, 95);
    run_method("air.alerts", in, NULL, 0, &out, NULL);
    assert_int_equal(out.n_rows, 0);
    dosi_table_destroy(&out);
    dosi_table_destroy(&stood);
    dosi_table_destroy(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_names_the_table_of_the_day),
        cmocka_unit_test(a_table_of_another_index_is_refused),
        cmocka_unit_test(a_month_is_not_enough_for_a_year),
        cmocka_unit_test(alerts_have_a_history_by_zone),
        cmocka_unit_test(an_alert_goes_over_midnight_and_the_end_of_a_month),
        cmocka_unit_test(hours_without_data_neither_raise_nor_clear),
        cmocka_unit_test(an_alert_whose_beginning_is_cut_off_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
