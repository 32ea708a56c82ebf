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

static dosi_status forecast(const dosi_table *in,
                            const char *value,
                            dosi_table *out,
                            dosi_error *err) {
    const dosi_method *method = dosi_method_find("air.forecast");
    assert_non_null(method);
    const dosi_setting settings[] = {{"value", value}, {"horizons", "6"}};
    dosi_value values[16];
    dosi_text report = {0};
    for (size_t k = 0; k < 2; k++) dosi_table_init(&out[k]);
    dosi_status status = dosi_method_set(method, settings, 2, values, err);
    const dosi_method_call call = {
        .method = method, .inputs = &in, .values = values, .outputs = out, .report = &report};
    if (status == DOSI_OK) status = dosi_method_run(&call, err);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_station_has_its_hours_and_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
