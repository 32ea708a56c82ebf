// Goal: air.forecast gives each station's next hours and its back-test, and names what it
// cannot forecast.

#include "dosi/method.h"
#include "dosi/random.h"
#include "test.h"

enum { HOURS = 900, STATIONS = 2, AHEAD = 6 };

/// Two stations with a daily cycle each.
static void make_table(dosi_table *out) {
    dosi_error err = {""};
    dosi_random random = dosi_random_init(5, 0);
    dosi_table_init(out);
    CHECK_OK(dosi_table_add_column(out, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(out, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(out, "no2", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(out, (size_t)HOURS * STATIONS, &err), err);
    for (size_t i = 0; i < (size_t)HOURS * STATIONS; i++) {
        size_t hour = i / STATIONS;
        double cycle = sin((double)hour * 2 * acos(-1.0) / 24);
        CHECK_OK(dosi_table_set_text(out, 0, i, i % STATIONS ? "b" : "a"), err);
        out->columns[1].data.integer[i] = ((dosi_time)hour + 1) * DOSI_HOUR_US;
        out->columns[2].data.real[i] = 40 + 10 * cycle + dosi_random_normal(&random);
    }
}

static dosi_status run_on(const dosi_table *const in[2],
                          const dosi_setting *settings,
                          size_t n_settings,
                          dosi_table *out,
                          dosi_text *report,
                          dosi_error *err) {
    const dosi_method *method = dosi_method_find("air.forecast");
    assert_non_null(method);
    dosi_value values[16];
    for (size_t k = 0; k < 2; k++) dosi_table_init(&out[k]);
    dosi_status status = dosi_method_set(method, settings, n_settings, values, err);
    const dosi_method_call call = {
        .method = method, .inputs = in, .values = values, .outputs = out, .report = report};
    if (status == DOSI_OK) status = dosi_method_run(&call, err);
    return status;
}

static dosi_status forecast(const dosi_table *in,
                            const char *value,
                            dosi_table *out,
                            dosi_error *err) {
    const dosi_setting settings[] = {{"value", value}, {"horizons", "6"}};
    const dosi_table *const inputs[] = {in, NULL, NULL};
    dosi_text report = {0};
    dosi_status status = run_on(inputs, settings, 2, out, &report, err);
    dosi_text_destroy(&report);
    return status;
}

static void each_station_has_its_hours_and_scores(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table in;
    dosi_table out[2];
    make_table(&in);
    CHECK_OK(forecast(&in, "no2", out, &err), err);
    assert_int_equal(out[0].n_rows, STATIONS * AHEAD);
    assert_int_equal(out[1].n_rows, (STATIONS + 1) * AHEAD);
    for (size_t k = 0; k < AHEAD; k++) {
        double truth = 40 + 10 * sin((double)(HOURS + k) * 2 * acos(-1.0) / 24);
        assert_true(out[0].columns[3].data.integer[k] ==
                    (dosi_time)(HOURS + k + 1) * DOSI_HOUR_US);
        CHECK_NEAR(out[0].columns[5].data.real[k], truth, 2);
    }
    size_t all = (size_t)STATIONS * AHEAD + 5;
    const int64_t *n = out[1].columns[3].data.integer;
    assert_int_equal(n[all], n[5] + n[AHEAD + 5]);
    assert_true(out[1].columns[4].data.real[all] < 0.5 * out[1].columns[7].data.real[all]);
    for (size_t k = 0; k < 2; k++) dosi_table_destroy(&out[k]);
    assert_int_equal(forecast(&in, "o3", out, &err), DOSI_NOT_FOUND);
    for (size_t k = 0; k < 2; k++) dosi_table_destroy(&out[k]);
    dosi_table_destroy(&in);
}

/// Readings that the wind of the hour before moves, "gas" beside them, and the weather.
static void make_windy(dosi_table *air, dosi_table *weather) {
    dosi_error err = {""};
    dosi_random random = dosi_random_init(8, 0);
    dosi_table_init(air);
    dosi_table_init(weather);
    CHECK_OK(dosi_table_add_column(air, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(air, "no2", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(air, "gas", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(weather, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(weather, "wind_speed_ms", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(air, HOURS, &err), err);
    CHECK_OK(dosi_table_add_rows(weather, HOURS + 4, &err), err);
    double wind = 5;
    double moved = 0;
    for (size_t i = 0; i < HOURS + 4; i++) {
        moved = 0.9 * moved - 4 * (wind - 5);
        wind = 5 + dosi_random_normal(&random);
        weather->columns[0].data.integer[i] = ((dosi_time)i + 1) * DOSI_HOUR_US;
        weather->columns[1].data.real[i] = wind;
        if (i >= HOURS) continue; // the outlook
        air->columns[0].data.integer[i] = ((dosi_time)i + 1) * DOSI_HOUR_US;
        air->columns[1].data.real[i] = 200 + moved;
        air->columns[2].data.real[i] = 100 - wind * wind;
    }
}

static void weather_and_other_columns_help(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table air;
    dosi_table weather;
    dosi_table out[2];
    double mae[4];
    double far[4];
    make_windy(&air, &weather);
    for (size_t k = 0; k < 4; k++) {
        const dosi_setting settings[] = {
            {"value", "no2"}, {"horizons", "4"}, {"with", k == 2 ? "gas,no2" : ""}};
        const dosi_table *const inputs[] = {&air, k == 1 || k == 3 ? &weather : NULL,
                                            k == 3 ? &weather : NULL};
        dosi_text report = {0};
        CHECK_OK(run_on(inputs, settings, 3, out, &report, &err), err);
        mae[k] = out[1].columns[4].data.real[0];
        far[k] = out[1].columns[4].data.real[3];
        bool is_told = report.data && strstr(report.data, "outlook reaches 4 hours");
        assert_true((k == 3) == is_told);
        dosi_text_destroy(&report);
        for (size_t i = 0; i < 2; i++) dosi_table_destroy(&out[i]);
    }
    assert_true(mae[1] < 0.7 * mae[0]);
    assert_true(mae[2] < 0.8 * mae[0]);
    // The winds of the hours between are known, too.
    if (!(far[3] < 0.8 * far[1])) fail_msg("%g, %g without the outlook", far[3], far[1]);
    const dosi_table *const inputs[] = {&air, NULL, &weather};
    const dosi_setting settings[] = {{"value", "no2"}};
    dosi_text report = {0};
    assert_int_equal(run_on(inputs, settings, 1, out, &report, &err), DOSI_INVALID);
    dosi_text_destroy(&report);
    dosi_table_destroy(&air);
    dosi_table_destroy(&weather);
}

static void too_few_hours_give_no_forecast_and_say_so(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table in;
    dosi_table out[2];
    dosi_text report = {0};
    make_table(&in);
    for (size_t i = 200; i < in.n_rows; i++) in.columns[2].data.real[i] = (double)NAN;
    const dosi_setting settings[] = {{"value", "no2"}};
    const dosi_table *const inputs[] = {&in, NULL, NULL};
    CHECK_OK(run_on(inputs, settings, 1, out, &report, &err), err);
    assert_int_equal(out[0].n_rows, 0);
    assert_int_equal(out[1].n_rows, 0);
    assert_true(report.data && strstr(report.data, "80 hours before the test"));
    dosi_text_destroy(&report);
    for (size_t k = 0; k < 2; k++) dosi_table_destroy(&out[k]);
    dosi_table_destroy(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_station_has_its_hours_and_scores),
        cmocka_unit_test(weather_and_other_columns_help),
        cmocka_unit_test(too_few_hours_give_no_forecast_and_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
