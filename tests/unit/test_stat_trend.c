// Goal: periods, averages, filters, seasons, trends and change points are right by hand, find
// what was put in, and give R's numbers where those are written down.

#include "dosi/random.h"
#include "dosi/trend.h"
#include "test.h"

static dosi_time at(int year, int month, int day, int hour) {
    return dosi_days_from_civil(year, month, day) * DOSI_DAY_US + hour * DOSI_HOUR_US;
}

static void periods_begin_where_people_say(void **state) {
    (void)state;
    const dosi_time t = at(2024, 2, 29, 13) + 5;
    assert_int_equal(dosi_period_start(DOSI_PERIOD_HOUR, t), at(2024, 2, 29, 13));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_DAY, t), at(2024, 2, 29, 0));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_WEEK, t), at(2024, 2, 26, 0)); // a Monday
    assert_int_equal(dosi_period_start(DOSI_PERIOD_MONTH, t), at(2024, 2, 1, 0));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_SEASON, t), at(2023, 12, 1, 0));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_YEAR, t), at(2024, 1, 1, 0));
    assert_int_equal(dosi_period_next(DOSI_PERIOD_SEASON, t), at(2024, 3, 1, 0));
    assert_int_equal(dosi_period_next(DOSI_PERIOD_MONTH, at(2024, 12, 5, 0)),
                     at(2025, 1, 1, 0));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_SEASON, at(2024, 12, 31, 0)),
                     at(2024, 12, 1, 0));
    assert_int_equal(dosi_period_start(DOSI_PERIOD_DAY, -1), -DOSI_DAY_US);
    for (int p = 0; p < DOSI_PERIOD_COUNT; p++) {
        dosi_period period = (dosi_period)p;
        dosi_time next = dosi_period_next(period, t);
        assert_true(next > t);
        assert_int_equal(dosi_period_start(period, next), next);
        assert_int_equal(dosi_period_start(period, next - 1), dosi_period_start(period, t));
    }
    assert_int_equal(dosi_period_from_name("season"), DOSI_PERIOD_SEASON);
    assert_int_equal(dosi_period_from_name("decade"), DOSI_PERIOD_COUNT);
}

static void midnight_belongs_to_the_day_that_ends(void **state) {
    (void)state;
    const dosi_time time[] = {at(2020, 1, 1, 1), at(2020, 1, 2, 0), at(2020, 1, 4, 24),
                              DOSI_TIME_MISSING};
    dosi_stamps stamps = {DOSI_HOUR_US, false};
    dosi_periods periods = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_periods_find(time, 4, DOSI_PERIOD_DAY, &stamps, &periods, &err), err);
    assert_int_equal(periods.n, 4); // the third day is empty, but there
    assert_int_equal(periods.of_row[0], 0);
    assert_int_equal(periods.of_row[1], 0);
    assert_int_equal(periods.of_row[2], 3);
    assert_true(periods.of_row[3] == UINT32_MAX);
    CHECK_NEAR(periods.expected[0], 24, 0);
    const size_t count[] = {18, 17, 24, 0};
    double value[] = {1, 2, 3, 4};
    dosi_periods_require(&periods, count, 0.75, value);
    assert_true(!isnan(value[0]) && isnan(value[1]) && !isnan(value[2]) && isnan(value[3]));
    dosi_periods_clear(&periods);
    stamps.is_beginning = true;
    CHECK_OK(dosi_periods_find(time, 4, DOSI_PERIOD_DAY, &stamps, &periods, &err), err);
    assert_int_equal(periods.n, 5);
    assert_int_equal(periods.of_row[1], 1);
    dosi_periods_clear(&periods);
    CHECK_OK(dosi_periods_find(NULL, 0, DOSI_PERIOD_DAY, &stamps, &periods, &err), err);
    assert_int_equal(periods.n, 0);
    dosi_periods_clear(&periods);
}

static void directions_are_averaged_as_vectors(void **state) {
    (void)state;
    const double speed[] = {2, 2, 3, NAN, 1, 1}, from[] = {350, 10, 90, 90, 90, 270};
    const uint32_t group[] = {0, 0, 1, 1, 2, 2};
    const dosi_groups groups = {6, 4, group};
    const dosi_winds winds = {6, speed, from};
    size_t count[4];
    double mean_speed[4], mean_from[4];
    double *const vector[] = {mean_speed, mean_from};
    dosi_vector_mean(&groups, &winds, count, vector);
    CHECK_NEAR(fmod(mean_from[0] + 1, 360), 1, 1e-9);
    CHECK_NEAR(mean_speed[0], 2 * cos(10 * M_PI / 180), 1e-12);
    CHECK_NEAR(mean_from[1], 90, 1e-9);
    assert_int_equal(count[1], 1);
    CHECK_NEAR(mean_speed[2], 0, 1e-12); // they cancel
    assert_true(isnan(mean_from[3]) && count[3] == 0);
}

static void rolling_means_need_their_share(void **state) {
    (void)state;
    const double v[] = {1, NAN, 3, 4, 5, NAN, NAN, 8};
    double out[8];
    dosi_rolling_mean(v, 8, 4, 0.75, DOSI_ALIGN_RIGHT, out);
    assert_true(isnan(out[0]) && isnan(out[2]));
    CHECK_NEAR(out[3], 8.0 / 3, 1e-15);
    CHECK_NEAR(out[4], 4, 1e-15);
    CHECK_NEAR(out[5], 4, 1e-15);
    assert_true(isnan(out[6]) && isnan(out[7]));
    dosi_rolling_mean(v, 8, 3, 1, DOSI_ALIGN_CENTRE, out);
    assert_true(isnan(out[2]) && isnan(out[7]));
    CHECK_NEAR(out[3], 4, 1e-15);
    dosi_rolling_mean(v, 8, 2, 1, DOSI_ALIGN_LEFT, out);
    CHECK_NEAR(out[2], 3.5, 1e-15);
    assert_true(isnan(out[7]));
}

static void a_year_is_described_with_its_capture(void **state) {
    (void)state;
    double v[72];
    for (size_t i = 0; i < 72; i++) v[i] = 10;
    for (size_t i = 24; i < 32; i++) v[i] = 70;  // eight hours of the second day
    for (size_t i = 48; i < 60; i++) v[i] = NAN; // half of the third
    const dosi_span_rules rules = {0.75, 50, 60, 25};
    dosi_span_statistics s;
    dosi_error err = {""};
    CHECK_OK(dosi_span_describe(v, 72, &rules, &s, &err), err);
    assert_int_equal(s.n, 60);
    CHECK_NEAR(s.capture, 60.0 / 72, 1e-15);
    CHECK_NEAR(s.mean, (52 * 10 + 8 * 70) / 60.0, 1e-12);
    CHECK_NEAR(s.median, 10, 0);
    CHECK_NEAR(s.max_daily, 30, 1e-12);
    CHECK_NEAR(s.max_8h, 70, 1e-12);
    CHECK_NEAR(s.max_24h, 30, 1e-12);
    assert_int_equal(s.n_hours_above, 8);
    assert_int_equal(s.n_days_8h_above, 1);
    assert_int_equal(s.n_days_above, 1);
    CHECK_OK(dosi_span_describe(NULL, 0, &rules, &s, &err), err);
    assert_true(s.n == 0 && isnan(s.mean) && isnan(s.max_8h));
}

static void filters_keep_what_is_slow(void **state) {
    (void)state;
    enum { N = 400 };
    static double v[N], kz[N], kza[N];
    dosi_error err = {""};
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t i = 0; i < N; i++) v[i] = (i < 200 ? 10 : 20) + dosi_random_normal(&random);
    v[50] = NAN;
    const dosi_kza options = {41, 3, 5};
    CHECK_OK(dosi_kz_filter(v, N, 41, 3, kz, &err), err);
    CHECK_OK(dosi_kza_filter(v, N, &options, kza, &err), err);
    CHECK_NEAR(kz[100], 10, 0.5);
    CHECK_NEAR(kza[100], 10, 0.5);
    assert_true(!isnan(kz[50]));
    assert_true(kz[195] > 12 && kz[205] < 18);   // smeared over the break
    assert_true(kza[190] < 12 && kza[210] > 18); // sharp
    CHECK_OK(dosi_kz_filter(v, N, 1, 1, kz, &err), err);
    for (size_t i = 0; i < N; i++) assert_true(!isnan(kz[i]) == !isnan(v[i]));
    CHECK_NEAR(kz[7], v[7], 0);
}

static void gaps_are_filled_by_lines(void **state) {
    (void)state;
    double v[] = {NAN, 1, NAN, NAN, 4, NAN};
    dosi_fill_gaps(v, 6);
    assert_true(isnan(v[0]) && isnan(v[5]));
    CHECK_NEAR(v[2], 2, 1e-15);
    CHECK_NEAR(v[3], 3, 1e-15);
}

/// R 4.2: v <- 100 + 0.5 * (1:60) + 10 * sin(2 * pi * (1:60) / 12) + ((1:60) * 37) %% 11;
/// stl(ts(v, frequency = 12), s.window = 11, s.degree = 1).
static void stl_gives_rs_numbers(void **state) {
    (void)state;
    enum { N = 60 };
    double v[N], season[N], trend[N];
    for (int i = 1; i <= N; i++) {
        v[i - 1] = 100 + 0.5 * i + 10 * sin(2 * M_PI * i / 12) + (i * 37) % 11;
    }
    const dosi_stl options = {12, 11, false, false};
    dosi_error err = {""};
    CHECK_OK(dosi_stl_decompose(v, N, &options, season, trend, &err), err);
    static const double expected[][3] = {{1, 4.250673911054, 105.5933532388},
                                         {7, -1.9836365815309, 108.51518663516},
                                         {30, 0.65138420987142, 120.00657539567},
                                         {60, 1.4335031098441, 135.92933275253}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        size_t row = (size_t)expected[i][0] - 1;
        CHECK_NEAR(season[row], expected[i][1], 1e-10);
        CHECK_NEAR(trend[row], expected[i][2], 1e-10);
    }
    CHECK_STATUS(dosi_stl_decompose(v, 23, &options, season, trend, &err), DOSI_DOMAIN);
}

static void robust_stl_shrugs_off_a_wild_value(void **state) {
    (void)state;
    enum { N = 96 };
    double v[N], season[N], trend[N];
    dosi_error err = {""};
    for (int i = 0; i < N; i++) v[i] = 50 + 0.1 * i + 5 * cos(2 * M_PI * i / 12);
    v[40] += 500;
    const dosi_stl options = {12, 35, false, true};
    CHECK_OK(dosi_stl_decompose(v, N, &options, season, trend, &err), err);
    for (int i = 0; i < N; i++) {
        CHECK_NEAR(season[i], 5 * cos(2 * M_PI * i / 12), 0.2);
        CHECK_NEAR(trend[i], 50 + 0.1 * i, 0.2);
    }
}

static void the_slope_is_the_median_of_slopes(void **state) {
    (void)state;
    const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {1, 3, 5, NAN, 100, 11};
    const dosi_bootstrap none = {0, 1, 0.95, 1, NULL};
    dosi_trend trend;
    dosi_error err = {""};
    CHECK_OK(dosi_trend_fit(x, y, 6, &none, &trend, &err), err);
    CHECK_NEAR(trend.slope, 2, 1e-15); // 2 2 2 2 2 2, and four with the wild value
    CHECK_NEAR(trend.intercept, 1, 1e-15);
    assert_int_equal(trend.n, 5);
    assert_true(isnan(trend.low) && isnan(trend.p));
    const double same[] = {1, 1, 1};
    CHECK_STATUS(dosi_trend_fit(same, y, 3, &none, &trend, &err), DOSI_DOMAIN);
    CHECK_STATUS(dosi_trend_fit(x, y, 2, &none, &trend, &err), DOSI_DOMAIN);
}

static void median_slopes_equal_sorting(void **state) {
    (void)state;
    enum { N = 23 };
    dosi_random random = dosi_random_init(test_seed(), 9);
    const dosi_bootstrap none = {0, 1, 0.95, 1, NULL};
    for (int round = 0; round < 200; round++) {
        double x[N], y[N], slopes[N * N];
        size_t n = 3 + dosi_random_below(&random, N - 3), n_slopes = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (double)i;
            y[i] = (double)dosi_random_below(&random, round % 2 ? 4 : 1000); // many ties
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t j = i + 1; j < n; j++) {
                slopes[n_slopes++] = (y[j] - y[i]) / (x[j] - x[i]);
            }
        }
        size_t sorted = dosi_sort_present(slopes, n_slopes);
        dosi_trend trend;
        dosi_error err = {""};
        CHECK_OK(dosi_trend_fit(x, y, n, &none, &trend, &err), err);
        CHECK_NEAR(trend.slope, dosi_quantile_sorted(slopes, sorted, 0.5), 1e-12);
    }
}

static void trend_intervals_hold_the_truth_and_do_not_depend_on_threads(void **state) {
    (void)state;
    enum { N = 96 };
    double x[N], y[N];
    size_t n_held = 0;
    dosi_random random = dosi_random_init(test_seed(), 8);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = (double)i / 12;
            y[i] = 30 - 0.8 * x[i] + 3 * dosi_random_normal(&random);
        }
        const dosi_run one = {.n_threads = 1}, seven = {.n_threads = 7};
        dosi_bootstrap bootstrap = {100, 4, 0.95, round, &one};
        dosi_trend trend, again;
        dosi_error err = {""};
        CHECK_OK(dosi_trend_fit(x, y, N, &bootstrap, &trend, &err), err);
        bootstrap.run = &seven;
        CHECK_OK(dosi_trend_fit(x, y, N, &bootstrap, &again, &err), err);
        assert_memory_equal(&trend.low, &again.low, sizeof trend.low);
        if (trend.low <= -0.8 && -0.8 <= trend.high) n_held++;
    }
    assert_true(n_held >= 15);
}

static void mann_kendall_by_hand(void **state) {
    (void)state;
    const double v[] = {1, 2, NAN, 2, 4, 3};
    dosi_mann_kendall t;
    dosi_error err = {""};
    CHECK_OK(dosi_mann_kendall_test(v, 6, &t, &err), err);
    assert_int_equal(t.n, 5);
    CHECK_NEAR(t.s, 7, 0); // 8 up, 1 down, 1 tied
    CHECK_NEAR(t.tau, 7 / sqrt(9.0 * 10), 1e-15);
    double variance = (5 * 4 * 15 - 2 * 1 * 9) / 18.0;
    CHECK_NEAR(t.z, 6 / sqrt(variance), 1e-15);
    CHECK_NEAR(t.p, erfc(t.z / sqrt(2)), 1e-15);
}

static void changes_of_the_mean_are_found_where_they_are(void **state) {
    (void)state;
    enum { N = 600 };
    static double v[N];
    size_t found[N], n_found = 0;
    dosi_random random = dosi_random_init(test_seed(), 10);
    for (size_t i = 0; i < N; i++) {
        v[i] = (i < 200 ? 0 : i < 350 ? 4 : 1) + dosi_random_normal(&random);
    }
    v[10] = NAN;
    dosi_changes options = {3, 10, false};
    dosi_error err = {""};
    CHECK_OK(dosi_changes_find(v, N, &options, found, &n_found, &err), err);
    assert_int_equal(n_found, 2);
    assert_true(found[0] >= 197 && found[0] <= 203);
    assert_true(found[1] >= 346 && found[1] <= 354);
    double wander = 0;
    for (size_t i = 0; i < N; i++) v[i] = wander = 0.8 * wander + dosi_random_normal(&random);
    CHECK_OK(dosi_changes_find(v, N, &options, found, &n_found, &err), err);
    size_t n_plain = n_found;
    options.is_slow = true;
    CHECK_OK(dosi_changes_find(v, N, &options, found, &n_found, &err), err);
    assert_true(n_found <= 1 && n_plain > 3); // a slow series has no steps
    for (size_t i = 0; i < N; i++) v[i] = 5;
    CHECK_OK(dosi_changes_find(v, N, &options, found, &n_found, &err), err);
    assert_int_equal(n_found, 0);
}

/// Least cost by trying everything: pruning must not change it.
static double least_cost(const double *v, size_t n, size_t min_length, double penalty) {
    double best[64] = {-penalty};
    for (size_t to = 1; to <= n; to++) {
        best[to] = INFINITY;
        for (size_t from = 0; from + min_length <= to; from++) {
            double mean = 0, cost = 0;
            for (size_t i = from; i < to; i++) mean += v[i] / (double)(to - from);
            for (size_t i = from; i < to; i++) cost += (v[i] - mean) * (v[i] - mean);
            best[to] = fmin(best[to], best[from] + cost + penalty);
        }
    }
    return best[n];
}

static void pruned_partitions_are_the_best_ones(void **state) {
    (void)state;
    enum { N = 40 };
    dosi_random random = dosi_random_init(test_seed(), 11);
    for (int round = 0; round < 100; round++) {
        double v[N], d[N], cost = 0;
        size_t found[N], n_found = 0, from = 0;
        for (size_t i = 0; i < N; i++) {
            v[i] = 3 * floor((double)i / 9) * (round % 3) + dosi_random_normal(&random);
        }
        for (size_t i = 0; i + 1 < N; i++) d[i] = fabs(v[i + 1] - v[i]);
        double sd = 1.482602218505602 *
                    dosi_quantile_sorted(d, dosi_sort_present(d, N - 1), 0.5) / sqrt(2);
        const dosi_changes options = {1.5, 1 + (size_t)(round % 5), false};
        dosi_error err = {""};
        CHECK_OK(dosi_changes_find(v, N, &options, found, &n_found, &err), err);
        double penalty = 1.5 * log(N) * sd * sd;
        for (size_t c = 0; c <= n_found; c++) {
            size_t to = c < n_found ? found[c] : N;
            double mean = 0;
            assert_true(to >= from + options.min_length);
            for (size_t i = from; i < to; i++) mean += v[i] / (double)(to - from);
            for (size_t i = from; i < to; i++) cost += (v[i] - mean) * (v[i] - mean);
            from = to;
        }
        cost += penalty * (double)n_found;
        CHECK_NEAR(cost, least_cost(v, N, options.min_length, penalty), 1e-8);
    }
}

static void scores_of_a_model_by_hand(void **state) {
    (void)state;
    const double m[] = {1, 4, NAN, 9, 2}, o[] = {2, 2, 5, 3, 5};
    dosi_model_score s = dosi_model_compare(m, o, 5);
    assert_int_equal(s.n, 4);
    CHECK_NEAR(s.fac2, 0.5, 0);
    CHECK_NEAR(s.mb, 1, 1e-15);
    CHECK_NEAR(s.mge, 3, 1e-15);
    CHECK_NEAR(s.nmb, 4.0 / 12, 1e-15);
    CHECK_NEAR(s.rmse, sqrt((1 + 4 + 36 + 9) / 4.0), 1e-15);
    CHECK_NEAR(s.coe, 1 - 12.0 / 4, 1e-15);
    CHECK_NEAR(s.ioa, 8.0 / 12 - 1, 1e-15);
    assert_true(isnan(dosi_model_compare(m + 2, o + 2, 1).mb));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_begin_where_people_say),
        cmocka_unit_test(midnight_belongs_to_the_day_that_ends),
        cmocka_unit_test(directions_are_averaged_as_vectors),
        cmocka_unit_test(rolling_means_need_their_share),
        cmocka_unit_test(a_year_is_described_with_its_capture),
        cmocka_unit_test(filters_keep_what_is_slow),
        cmocka_unit_test(gaps_are_filled_by_lines),
        cmocka_unit_test(stl_gives_rs_numbers),
        cmocka_unit_test(robust_stl_shrugs_off_a_wild_value),
        cmocka_unit_test(the_slope_is_the_median_of_slopes),
        cmocka_unit_test(median_slopes_equal_sorting),
        cmocka_unit_test(trend_intervals_hold_the_truth_and_do_not_depend_on_threads),
        cmocka_unit_test(mann_kendall_by_hand),
        cmocka_unit_test(changes_of_the_mean_are_found_where_they_are),
        cmocka_unit_test(pruned_partitions_are_the_best_ones),
        cmocka_unit_test(scores_of_a_model_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
