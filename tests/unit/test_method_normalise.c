// Goal: where the weather makes the readings go up and down and nothing else changes, the
// normalised series is flat; where emissions are halved it falls by half; a withheld period is
// told what the weather alone would have given.

#include "dosi/method.h"
#include "dosi/random.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { HOURS = 1500, CHANGE = 41 * 24 };

/// Weather of hours, and readings 100 / wind, halved from hour `change` on.
static void make_tables(dosi_table *weather, dosi_table *observations, size_t change) {
    dosi_error err = {""};
    dosi_random random = dosi_random_init(3, 0);
    dosi_table_init(weather);
    dosi_table_init(observations);
    CHECK_OK(dosi_table_add_column(weather, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(weather, "wind", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(weather, HOURS, &err), err);
    CHECK_OK(dosi_table_add_column(observations, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(observations, "no2", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(observations, HOURS, &err), err);
    for (size_t i = 0; i < HOURS; i++) {
        // Weather is given in another order: times join it to the readings.
        size_t at = (i * 7) % HOURS;
        double wind = 1.0 + 5.0 * dosi_random_uniform(&random);
        dosi_time time = ((dosi_time)i + 1) * DOSI_HOUR_US;
        weather->columns[0].data.integer[at] = time;
        weather->columns[1].data.real[at] = wind;
        observations->columns[0].data.integer[i] = time;
        observations->columns[1].data.real[i] = 100.0 / wind * (i < change ? 1.0 : 0.5);
    }
}

static dosi_status normalise(const dosi_table *weather,
                             const dosi_table *observations,
                             const char *const *period,
                             dosi_table *out,
                             dosi_error *err) {
    const dosi_method *method = dosi_method_find("air.normalise");
    assert_non_null(method);
    const dosi_setting settings[] = {{"value", "no2"},
                                     {"weather", "wind"},
                                     {"trees", "40"},
                                     {"withhold_from", period[0]},
                                     {"withhold_to", period[1]}};
    const dosi_table *inputs[] = {observations, weather};
    dosi_value values[16];
    dosi_text report = {0};
    for (size_t k = 0; k < 4; k++) dosi_table_init(&out[k]);
    dosi_status status = dosi_method_set(method, settings, 5, values, err);
    const dosi_method_call call = {.method = method,
                                   .inputs = inputs,
                                   .values = values,
                                   .outputs = out,
                                   .report = &report};
    if (status == DOSI_OK) status = dosi_method_run(&call, err);
    dosi_text_destroy(&report);
    return status;
}

static double mean_of(const dosi_table *series, size_t column, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = from; i < to; i++) sum += series->columns[column].data.real[i];
    return sum / (double)(to - from);
}

static void destroy(dosi_table *tables, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_table_destroy(&tables[i]);
}

static void the_weather_is_taken_out(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table in[2];
    dosi_table out[4];
    const char *const none[] = {"", ""};
    make_tables(&in[0], &in[1], CHANGE);
    CHECK_OK(normalise(&in[0], &in[1], none, out, &err), err);
    assert_int_equal(out[0].n_rows, HOURS);
    double before = mean_of(&out[0], 4, 100, CHANGE - 100);
    double after = mean_of(&out[0], 4, CHANGE + 100, HOURS - 100);
    CHECK_NEAR(after / before, 0.5, 0.06);
    double spread = 0;
    for (size_t i = 100; i < CHANGE - 100; i++) {
        spread += pow(out[0].columns[4].data.real[i] / before - 1.0, 2);
    }
    assert_true(sqrt(spread / (CHANGE - 200)) < 0.08); // readings vary by half of their mean
    size_t n = out[1].n_rows;
    assert_int_equal(n, 5);
    assert_true(out[1].columns[2].data.real[4] > 0.5); // wind explains most
    assert_int_equal(out[2].n_rows, 5 * 25);
    destroy(out, 4);
    destroy(in, 2);
}

static void a_withheld_period_is_predicted_from_weather(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table in[2];
    dosi_table out[4];
    // Day 41 after the 1st of January is the 11th of February.
    const char *const period[] = {"1970-02-11", "1970-04-01"};
    make_tables(&in[0], &in[1], CHANGE);
    CHECK_OK(normalise(&in[0], &in[1], period, out, &err), err);
    double observed = out[3].columns[5].data.real[0];
    double predicted = out[3].columns[6].data.real[0];
    CHECK_NEAR(observed / predicted, 0.5, 0.05);
    assert_int_equal(out[0].columns[5].data.boolean[0], 0);
    assert_int_equal(out[0].columns[5].data.boolean[HOURS - 1], 1);
    destroy(out, 4);
    destroy(in, 2);
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table in[2];
    dosi_table out[4];
    const char *const none[] = {"", ""};
    const char *const half[] = {"1970-02-12", ""};
    make_tables(&in[0], &in[1], CHANGE);
    assert_int_equal(normalise(&in[0], &in[1], half, out, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "withhold_to"));
    for (size_t i = 0; i < HOURS; i++) in[0].columns[1].data.real[i] = (double)NAN;
    assert_int_equal(normalise(&in[0], &in[1], none, out, &err), DOSI_NOT_FOUND);
    CHECK_OK(dosi_table_rename(&in[0], 1, "gust", &err), err);
    assert_int_equal(normalise(&in[0], &in[1], none, out, &err), DOSI_NOT_FOUND);
    assert_non_null(strstr(err.message, "wind"));
    destroy(in, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weather_is_taken_out),
        cmocka_unit_test(a_withheld_period_is_predicted_from_weather),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
