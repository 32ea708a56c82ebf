// Goal: forecasts beat persistence where there is a daily cycle to learn, their intervals hold
// what they promise, and nothing after an hour changes what was forecast there.

#include "dosi/forecast.h"
#include "dosi/random.h"
#include "test.h"

enum { HOURS = 3600, AHEAD = 24 };

/// A daily cycle and an AR(1) on it, with some holes.
static void make_series(double *value) {
    dosi_random random = dosi_random_init(11, 0);
    double ar = 0;
    for (size_t t = 0; t < HOURS; t++) {
        ar = 0.8 * ar + 3 * dosi_random_normal(&random);
        value[t] = 50 + 15 * sin((double)t * 2 * acos(-1.0) / 24) + ar;
        if (t > 0 && t % 97 < 3) value[t] = (double)NAN;
    }
}

static void forecast(const double *value,
                     size_t n,
                     int threads,
                     dosi_forecast_hour *out,
                     dosi_forecast_score *scores) {
    dosi_error err = {""};
    const dosi_forecast_panel panel = {.n_hours = n, .n_stations = 1, .value = value};
    const dosi_forecast_options options = {.n_horizons = AHEAD};
    const dosi_run run = {.n_threads = threads};
    CHECK_OK(dosi_forecast(&panel, &options, &run, out, scores, &err), err);
}

static void it_beats_persistence_and_covers_what_it_promises(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    make_series(value);
    forecast(value, HOURS, 0, out, scores);
    assert_true(scores[11].n > 600);
    assert_true(scores[11].mae < 0.5 * scores[11].mae_persistence);
    assert_true(scores[0].mae < 0.95 * scores[0].mae_climatology);
    double coverage = 0;
    for (size_t k = 0; k < AHEAD; k++) {
        coverage += scores[k].coverage / AHEAD;
        assert_true(out[k].lower < out[k].value && out[k].value < out[k].upper);
    }
    CHECK_NEAR(coverage, 0.9, 0.03);
    assert_true(scores[0].width < scores[11].width);
}

static void bytes_do_not_depend_on_threads(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour first[AHEAD];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score first_scores[2 * AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    const int threads[] = {2, 7};
    make_series(value);
    forecast(value, 1200, 1, first, first_scores);
    for (size_t k = 0; k < 2; k++) {
        forecast(value, 1200, threads[k], out, scores);
        assert_memory_equal(first, out, sizeof out);
        assert_memory_equal(first_scores, scores, sizeof scores);
    }
}

static void later_values_change_nothing(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour before[AHEAD];
    dosi_forecast_hour after[AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    make_series(value);
    forecast(value, 1200, 0, before, scores);
    for (size_t t = 1200; t < HOURS; t++) value[t] = 1e6;
    forecast(value, 1200, 0, after, scores);
    assert_memory_equal(before, after, sizeof after);
    // A jump in the last hour of the test reaches the score by its own error alone: every
    // model and interval of the back-test was there before it.
    dosi_forecast_score jumped[2 * AHEAD];
    double old = value[1199];
    value[1199] = old + 1e4;
    forecast(value, 1200, 0, after, jumped);
    CHECK_NEAR(jumped[0].width, scores[0].width, 1e-9);
    CHECK_NEAR((jumped[0].mae - scores[0].mae) * (double)scores[0].n, 1e4, 50);
}

static void what_cannot_be_forecast_is_named(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour out[48];
    dosi_forecast_score scores[96];
    dosi_error err = {""};
    make_series(value);
    dosi_forecast_panel series = {.n_hours = 500, .n_stations = 1, .value = value};
    assert_int_equal(dosi_forecast(&series, NULL, NULL, out, scores, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "400 hours"));
    series.n_hours = HOURS;
    const dosi_forecast_options all = {.coverage = 1};
    assert_int_equal(dosi_forecast(&series, &all, NULL, out, scores, &err), DOSI_DOMAIN);
    for (size_t t = 1; t < HOURS; t++) value[t] = (double)NAN;
    assert_int_equal(dosi_forecast(&series, NULL, NULL, out, scores, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_persistence_and_covers_what_it_promises),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(later_values_change_nothing),
        cmocka_unit_test(what_cannot_be_forecast_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
