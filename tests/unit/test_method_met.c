// Goal: air.met takes the sample city's and KMA's columns alike, station by station, and holds
// a missing cloud for some hours only.

#include "dosi/met.h"
#include "dosi/method.h"
#include "test.h"

enum { N = 48 };

/// Two days of weather, in the columns of the sample city or of KMA's ASOS, last row first.
static void make_weather(dosi_table *table, bool is_asos, const char *station) {
    dosi_error err = {""};
    const char *const reals[] = {"wind_speed_ms", "temperature_c",
                                 is_asos ? "cloud_tenths" : "cloud",
                                 is_asos ? "radiation_mjm2" : "radiation_wm2"};
    CHECK_OK(dosi_table_add_column(table, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    for (size_t c = 0; c < 4; c++) {
        CHECK_OK(dosi_table_add_column(table, reals[c], DOSI_TYPE_REAL, NULL, &err), err);
    }
    CHECK_OK(dosi_table_add_rows(table, N, &err), err);
    for (size_t row = 0; row < N; row++) {
        size_t h = N - 1 - row;
        double sun = fmax(0, sin(M_PI * ((double)(h % 24) - 5) / 14));
        assert_int_equal(dosi_table_set_text(table, 0, row, station), DOSI_OK);
        table->columns[1].data.integer[row] =
            dosi_days_from_civil(2025, 6, 1) * DOSI_DAY_US + (int64_t)(h + 1) * DOSI_HOUR_US;
        table->columns[2].data.real[row] = 2 + (double)(h % 5);
        table->columns[3].data.real[row] = 18 + 6 * sun;
        table->columns[4].data.real[row] = (is_asos ? 10 : 1) * 0.3;
        table->columns[5].data.real[row] = 800 * sun * (is_asos ? 0.0036 : 1);
    }
}

static dosi_status run(const dosi_table *weather, dosi_table *out, dosi_text *report) {
    const dosi_method *method = dosi_method_find("air.met");
    dosi_error err = {""};
    dosi_value values[16];
    assert_non_null(method);
    CHECK_OK(dosi_method_set(method, NULL, 0, values, &err), err);
    const dosi_table *inputs[] = {weather};
    const dosi_method_call call = {method, inputs, values, out, report, NULL};
    return dosi_method_run(&call, &err);
}

static void both_kinds_of_columns_give_the_same_hours(void **state) {
    (void)state;
    dosi_table weather[2] = {0}, out[2] = {0};
    for (int i = 0; i < 2; i++) {
        make_weather(&weather[i], i == 1, "108");
        assert_int_equal(run(&weather[i], &out[i], NULL), DOSI_OK);
        assert_int_equal(out[i].n_rows, N);
    }
    size_t length = dosi_table_find(&out[0], "mo_length_m");
    size_t stability = dosi_table_find(&out[0], "stability");
    size_t mixing = dosi_table_find(&out[0], "mixing_height_m");
    for (size_t row = 0; row < N; row++) {
        double a = out[0].columns[length].data.real[row];
        CHECK_NEAR(out[1].columns[length].data.real[row] / a, 1, 1e-9);
        bool is_noon = row % 24 == 12, is_night = row % 24 == 1;
        if (is_noon) assert_true(a < 0 && out[0].columns[mixing].data.real[row] > 500);
        if (is_night) assert_true(a > 0);
        size_t n = 0;
        const char *class = dosi_column_bytes(&out[0].columns[stability], row, &n);
        assert_true(n == 1 && class[0] >= 'A' && class[0] <= 'F');
        if (row) { // in order, though the input was not
            assert_true(out[0].columns[1].data.integer[row] >
                        out[0].columns[1].data.integer[row - 1]);
        }
    }
    for (int i = 0; i < 2; i++) {
        dosi_table_destroy(&weather[i]);
        dosi_table_destroy(&out[i]);
    }
}

static void a_missing_cloud_is_held_for_some_hours(void **state) {
    (void)state;
    dosi_table weather = {0}, out = {0};
    dosi_text report = {0};
    make_weather(&weather, false, "108");
    for (size_t h = 10; h < 30; h++) weather.columns[4].data.real[N - 1 - h] = NAN;
    assert_int_equal(run(&weather, &out, &report), DOSI_OK);
    size_t friction = dosi_table_find(&out, "friction_velocity_ms");
    for (size_t h = 0; h < N; h++) {
        bool is_missing = isnan(out.columns[friction].data.real[h]);
        assert_true(is_missing == (h >= 16 && h < 30));
    }
    assert_non_null(strstr(dosi_text_string(&report), "cloud of 6 hours"));
    dosi_table_destroy(&weather);
    dosi_table_destroy(&out);
    dosi_text_destroy(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_of_columns_give_the_same_hours),
        cmocka_unit_test(a_missing_cloud_is_held_for_some_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
