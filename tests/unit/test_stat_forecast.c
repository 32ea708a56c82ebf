// Goal: forecasts come near the best there can be where that is known, tie with persistence
// where nothing better can be, cover what they promise, and nothing after an hour changes what
// was forecast there.

#include "dosi/forecast.h"
#include "dosi/random.h"
#include "test.h"

enum { HOURS = 2880, AHEAD = 24, STATIONS = 3 };

static const double turn = 6.283185307179586;

/// A daily cycle and an AR(1) on it, with some holes.
static void make_series(double *value, size_t n, uint64_t seed) {
    dosi_random random = dosi_random_init(seed, 0);
    double ar = 0;
    for (size_t t = 0; t < n; t++) {
        ar = 0.8 * ar + 3 * dosi_random_normal(&random);
        value[t] = 50 + 15 * sin((double)t * turn / 24) + ar;
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

/// Mean absolute error of the best forecast there is of make_series(), h hours ahead.
static double best_error(size_t h) {
    double variance = 9 * (1 - pow(0.64, (double)h)) / (1 - 0.64);
    return sqrt(variance * 4 / turn);
}

static void it_comes_near_the_best_there_is(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    const size_t horizons[] = {1, 6, 12, 24};
    make_series(value, HOURS, 11);
    forecast(value, HOURS, 0, out, scores);
    for (size_t k = 0; k < 4; k++) {
        const dosi_forecast_score *s = &scores[horizons[k] - 1];
        assert_true(s->n > 500);
        assert_true(s->mae < 1.08 * best_error(horizons[k]));
        assert_true(s->mae > 0.9 * best_error(horizons[k]));
        assert_true(s->crps < s->mae);
        assert_true(s->rmse > s->mae);
    }
    // What is to be beaten: 12 hours later the cycle is at its other side; a day later it is
    // where it was.
    assert_true(scores[11].mae < 0.3 * scores[11].mae_persistence);
    assert_true(scores[23].mae < 0.8 * scores[23].mae_yesterday);
    CHECK_NEAR(scores[23].mae_yesterday, scores[23].mae_persistence, 0.3);
    assert_true(scores[0].mae < 0.7 * scores[0].mae_climatology);
    assert_memory_equal(&scores[3], &scores[AHEAD + 3], sizeof *scores);
}

static void intervals_cover_what_they_promise(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    make_series(value, HOURS, 12);
    forecast(value, HOURS, 0, out, scores);
    double coverage = 0;
    for (size_t k = 0; k < AHEAD; k++) {
        coverage += scores[k].coverage / AHEAD;
        CHECK_NEAR(scores[k].coverage, 0.9, 0.05);
        assert_true(out[k].lower < out[k].value && out[k].value < out[k].upper);
        // A normal error's 90 % are 2 x 1.645 standard deviations wide.
        double best = best_error(k + 1) * sqrt(turn / 4) * 3.29;
        CHECK_NEAR(scores[k].width, best, 0.15 * best);
    }
    CHECK_NEAR(coverage, 0.9, 0.03);
}

/// Worst ratio to persistence, over horizons, of independent random walks.
static double walk_ratio(size_t n_hours) {
    enum { WALKS = 5, H = 24 };
    static double value[WALKS * 1000];
    static dosi_forecast_hour out[WALKS * H];
    static dosi_forecast_score scores[(WALKS + 1) * H];
    dosi_error err = {""};
    dosi_random random = dosi_random_init(3, 0);
    for (size_t s = 0; s < WALKS; s++) {
        double walk = 500;
        for (size_t t = 0; t < n_hours; t++) {
            walk += dosi_random_normal(&random);
            value[s * n_hours + t] = walk;
        }
    }
    const dosi_forecast_panel panel = {.n_hours = n_hours, .n_stations = WALKS, .value = value};
    const dosi_forecast_options options = {.n_horizons = H};
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, scores, &err), err);
    double worst = 0;
    for (size_t k = 0; k < H; k++) {
        const dosi_forecast_score *all = &scores[WALKS * H + k];
        assert_true(all->mae > 0.9 * all->mae_persistence);
        worst = fmax(worst, all->mae / all->mae_persistence);
    }
    return worst;
}

static void random_walks_tie_with_persistence(void **state) {
    (void)state;
    assert_true(walk_ratio(1000) < 1.01);
}

static void short_walks_are_hardly_worse_than_persistence(void **state) {
    (void)state;
    assert_true(walk_ratio(400) < 1.02);
}

/// The first station leads, the second follows it two hours later, the third says nothing.
static void make_network(double *value, double *driver, size_t n) {
    dosi_random random = dosi_random_init(21, 0);
    double ar = 0;
    for (size_t t = 0; t < n; t++) {
        driver[t] = dosi_random_normal(&random);
        ar = 0.95 * ar + 4 * (t > 0 ? driver[t - 1] : 0);
        value[t] = 60 + ar;
        value[n + t] = t > 1 ? value[t - 2] : 60;
        value[2 * n + t] = t % 50 == 0 ? 60 : (double)NAN;
    }
}

static void neighbours_and_drivers_help(void **state) {
    (void)state;
    enum { N = 1000, H = 3 };
    static double value[STATIONS * N];
    static double driver[N];
    dosi_error err = {""};
    dosi_forecast_hour out[STATIONS * H];
    dosi_forecast_score alone[(STATIONS + 1) * H];
    dosi_forecast_score driven[(STATIONS + 1) * H];
    make_network(value, driver, N);
    const dosi_forecast_options options = {.n_horizons = H};
    dosi_forecast_panel panel = {.n_hours = N, .n_stations = STATIONS, .value = value};
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, alone, &err), err);
    // One hour ahead, the station that follows is known from the one that leads.
    assert_true(alone[H].mae < 0.85 * alone[H].mae_persistence);
    assert_true(alone[0].mae > 0.95 * alone[0].mae_persistence);
    // A station with a reading in 50 hours is left out, and its score is empty.
    assert_true(isnan(out[2 * H].value));
    assert_int_equal(alone[2 * H].n, 0);
    assert_int_equal(alone[3 * H].n, alone[0].n + alone[H].n);
    panel.n_common = 1;
    panel.common = driver;
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, driven, &err), err);
    assert_true(driven[0].mae < 0.6 * alone[0].mae);
    static double own[STATIONS * N];
    for (size_t i = 0; i < (size_t)STATIONS * N; i++) own[i] = driver[i % N];
    panel.n_common = 0;
    panel.n_own = 1;
    panel.own = own;
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, driven, &err), err);
    assert_true(driven[0].mae < 0.8 * alone[0].mae);
}

enum { CHAIN = 10, CHAIN_HOURS = 1200 };

/// What each station of a chain sees the next sees an hour later; `is_chain` false: it does
/// not.
static void make_chain(bool is_chain, double *value) {
    dosi_random random = dosi_random_init(21, 0);
    static double wave[CHAIN_HOURS + CHAIN];
    for (size_t t = 0; t < CHAIN_HOURS + CHAIN; t++) wave[t] = dosi_random_normal(&random);
    for (size_t t = 0; t < CHAIN_HOURS; t++) {
        for (size_t s = 0; s < CHAIN; s++) {
            double seen = is_chain ? wave[t + CHAIN - s] : dosi_random_normal(&random);
            value[s * CHAIN_HOURS + t] = 60 + 8 * seen + dosi_random_normal(&random);
        }
    }
}

static void forecast_chain(const double *value, dosi_forecast_score *scores) {
    enum { H = 3 };
    dosi_error err = {""};
    dosi_forecast_hour out[CHAIN * H];
    const dosi_forecast_options options = {.n_horizons = H};
    const dosi_forecast_panel panel = {
        .n_hours = CHAIN_HOURS, .n_stations = CHAIN, .value = value};
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, scores, &err), err);
}

static void who_runs_ahead_of_whom_is_learnt(void **state) {
    (void)state;
    enum { H = 3 };
    static double value[CHAIN * CHAIN_HOURS];
    dosi_forecast_score chain[(CHAIN + 1) * H];
    dosi_forecast_score jumped[(CHAIN + 1) * H];
    dosi_forecast_score alone[(CHAIN + 1) * H];
    make_chain(true, value);
    forecast_chain(value, chain);
    make_chain(false, value);
    forecast_chain(value, alone);
    // Without a chain the mean is the best there is: 1 / sqrt 2 of persistence's error.
    const size_t all = (size_t)CHAIN * H;
    CHECK_NEAR(alone[all].mae / alone[all].mae_persistence, sqrt(0.5), 0.04);
    assert_true(chain[all].mae < 0.6 * alone[all].mae);
    assert_true(chain[5 * H].mae < 0.45 * alone[5 * H].mae);
    CHECK_NEAR(chain[all].coverage, 0.9, 0.04);
    // The last hour changes no forecast of it.
    make_chain(true, value);
    value[5 * CHAIN_HOURS + CHAIN_HOURS - 1] += 1e4;
    forecast_chain(value, jumped);
    CHECK_NEAR(jumped[all].width, chain[all].width, 1e-9);
    CHECK_NEAR((jumped[all].mae - chain[all].mae) * (double)chain[all].n, 1e4, 50);
}

/// A series that follows a driver, which is known so many hours ahead.
static void forecast_driven(size_t n_ahead, dosi_forecast_score *scores) {
    enum { N = 1000, H = 6, REACH = 48 };
    static double value[N];
    static double weather[N + REACH];
    static double driver[N + REACH];
    dosi_error err = {""};
    dosi_forecast_hour out[H];
    dosi_random random = dosi_random_init(11, 0);
    for (size_t t = 0; t < N + REACH; t++) {
        weather[t] = (t ? 0.9 * weather[t - 1] : 0) + dosi_random_normal(&random);
        if (t < N) value[t] = 60 + 5 * weather[t] + dosi_random_normal(&random);
    }
    for (size_t t = 0; t < N + n_ahead; t++) driver[t] = weather[t];
    const dosi_forecast_options options = {.n_horizons = H};
    const dosi_forecast_panel panel = {.n_hours = N,
                                       .n_stations = 1,
                                       .value = value,
                                       .n_common = 1,
                                       .n_ahead = n_ahead,
                                       .common = driver};
    CHECK_OK(dosi_forecast(&panel, &options, NULL, out, scores, &err), err);
}

static void what_drivers_will_do_helps(void **state) {
    (void)state;
    dosi_forecast_score now[2 * 6];
    dosi_forecast_score soon[2 * 6];
    dosi_forecast_score ahead[2 * 6];
    forecast_driven(0, now);
    forecast_driven(2, soon);
    forecast_driven(6, ahead);
    // Two hours are too few for a mean: as without.
    for (size_t k = 0; k < 6; k++) assert_true(soon[k].mae == now[k].mae);
    assert_true(ahead[1].mae < 0.7 * now[1].mae);
    assert_true(ahead[4].mae < 0.7 * now[4].mae);
    assert_true(ahead[4].width < 0.8 * now[4].width);
}

static void a_constant_stays(void **state) {
    (void)state;
    static double value[300];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    for (size_t t = 0; t < 300; t++) value[t] = 7;
    forecast(value, 300, 0, out, scores);
    for (size_t k = 0; k < AHEAD; k++) {
        CHECK_NEAR(out[k].value, 7, 1e-9);
        CHECK_NEAR(out[k].upper - out[k].lower, 0, 1e-6);
        CHECK_NEAR(scores[k].mae, 0, 1e-9);
        CHECK_NEAR(scores[k].coverage, 1, 0);
    }
}

static void bytes_do_not_depend_on_threads(void **state) {
    (void)state;
    static double value[HOURS];
    dosi_forecast_hour first[AHEAD];
    dosi_forecast_hour out[AHEAD];
    dosi_forecast_score first_scores[2 * AHEAD];
    dosi_forecast_score scores[2 * AHEAD];
    const int threads[] = {2, 7};
    make_series(value, 600, 11);
    forecast(value, 600, 1, first, first_scores);
    for (size_t k = 0; k < 2; k++) {
        forecast(value, 600, threads[k], out, scores);
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
    make_series(value, HOURS, 11);
    forecast(value, 600, 0, before, scores);
    for (size_t t = 600; t < HOURS; t++) value[t] = 1e6;
    forecast(value, 600, 0, after, scores);
    assert_memory_equal(before, after, sizeof after);
    // A jump in the last hour of the test reaches the score by its own error alone: every
    // model and interval of the back-test was there before it.
    dosi_forecast_score jumped[2 * AHEAD];
    double old = value[599];
    value[599] = old + 1e4;
    forecast(value, 600, 0, after, jumped);
    CHECK_NEAR(jumped[0].width, scores[0].width, 1e-9);
    CHECK_NEAR((jumped[0].mae - scores[0].mae) * (double)scores[0].n, 1e4, 50);
}

static void what_cannot_be_forecast_is_named(void **state) {
    (void)state;
    static double value[400];
    dosi_forecast_hour out[48];
    dosi_forecast_score scores[96];
    dosi_error err = {""};
    make_series(value, 400, 11);
    dosi_forecast_panel panel = {.n_hours = 140, .n_stations = 1, .value = value};
    assert_int_equal(dosi_forecast(&panel, NULL, NULL, out, scores, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "112 hours"));
    panel.n_hours = 400;
    const dosi_forecast_options all = {.coverage = 1};
    assert_int_equal(dosi_forecast(&panel, &all, NULL, out, scores, &err), DOSI_DOMAIN);
    const dosi_forecast_options far = {.n_horizons = 169};
    assert_int_equal(dosi_forecast(&panel, &far, NULL, out, scores, &err), DOSI_DOMAIN);
    for (size_t t = 1; t < 400; t++) value[t] = (double)NAN;
    assert_int_equal(dosi_forecast(&panel, NULL, NULL, out, scores, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "no station"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_near_the_best_there_is),
        cmocka_unit_test(intervals_cover_what_they_promise),
        cmocka_unit_test(random_walks_tie_with_persistence),
        cmocka_unit_test(short_walks_are_hardly_worse_than_persistence),
        cmocka_unit_test(neighbours_and_drivers_help),
        cmocka_unit_test(who_runs_ahead_of_whom_is_learnt),
        cmocka_unit_test(what_drivers_will_do_helps),
        cmocka_unit_test(a_constant_stays),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(later_values_change_nothing),
        cmocka_unit_test(what_cannot_be_forecast_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
