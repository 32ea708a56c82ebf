// Goal: surfaces, clusters and bootstrap intervals find what was put into the data, refuse what
// cannot be, and do not depend on threads.

#include "dosi/polar.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 400 };

static double px[N], py[N], pz[N];

/// Scattered points in 0..10 with a function and noise.
static dosi_surface_points scatter(double (*f)(double x, double y), double noise) {
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (size_t i = 0; i < N; i++) {
        px[i] = 10 * dosi_random_uniform(&random);
        py[i] = 10 * dosi_random_uniform(&random);
        pz[i] = f(px[i], py[i]) + noise * dosi_random_normal(&random);
    }
    return (dosi_surface_points){N, px, py, pz, NULL};
}

static double plane(double x, double y) {
    return 3 + 2 * x - y;
}

static double hill(double x, double y) {
    return 5 + 20 * exp(-0.15 * ((x - 6) * (x - 6) + (y - 4) * (y - 4)));
}

/// Root mean square distance of a fitted surface from a function, inside the points.
static double distance_from(const dosi_surface_points *points,
                            bool is_positive,
                            double (*f)(double, double)) {
    double x[81], y[81], out[81], sum = 0;
    const dosi_surface_options options = {.is_positive = is_positive};
    dosi_surface *surface = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_surface_fit(points, &options, &surface, &err), err);
    for (size_t i = 0; i < 81; i++) {
        size_t row = i / 9;
        x[i] = 1 + (double)(i % 9);
        y[i] = 1 + (double)row;
    }
    const dosi_surface_targets targets = {81, x, y, 5};
    dosi_surface_predict(surface, &targets, NULL, out);
    dosi_surface_destroy(surface);
    for (size_t i = 0; i < 81; i++) sum += (out[i] - f(x[i], y[i])) * (out[i] - f(x[i], y[i]));
    return sqrt(sum / 81);
}

static void a_plane_is_fitted_exactly(void **state) {
    (void)state;
    const dosi_surface_points points = scatter(plane, 0);
    assert_true(distance_from(&points, false, plane) < 1e-7);
}

static void a_hill_is_found_under_noise(void **state) {
    (void)state;
    const dosi_surface_points points = scatter(hill, 1);
    double off = distance_from(&points, false, hill);
    assert_true(off < 0.5); // half of the noise
    double off_root = distance_from(&points, true, hill);
    assert_true(off_root < 0.7);
    const dosi_surface_points clean = scatter(hill, 0);
    assert_true(distance_from(&clean, false, hill) < 0.1);
}

static void a_surface_ends_at_its_reach(void **state) {
    (void)state;
    dosi_surface_points points = scatter(hill, 1);
    static double weight[N];
    for (size_t i = 0; i < N; i++) weight[i] = 1;
    weight[0] = 0;
    px[0] = 40;                         // no point at all
    px[1] = 30, py[1] = 5, pz[1] = NAN; // a point without a value
    points.weight = weight;
    const dosi_surface_options options = {.rank = 30};
    dosi_surface *surface = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_surface_fit(&points, &options, &surface, &err), err);
    const double x[] = {5, 12.5, 30.5, 40}, y[] = {5, 5, 5, py[0]};
    double out[4], again[4];
    const dosi_surface_targets targets = {4, x, y, 1};
    const dosi_run one = {.n_threads = 1}, seven = {.n_threads = 7};
    dosi_surface_predict(surface, &targets, &one, out);
    dosi_surface_predict(surface, &targets, &seven, again);
    assert_memory_equal(out, again, sizeof out);
    assert_true(!isnan(out[0]) && isnan(out[1]) && !isnan(out[2]) && isnan(out[3]));
    assert_true(dosi_surface_freedom(surface) > 3 && dosi_surface_freedom(surface) <= 30);
    dosi_surface_destroy(surface);
}

static void no_surface_of_a_line_or_of_roots_of_negatives(void **state) {
    (void)state;
    dosi_surface_points points = scatter(plane, 0);
    const dosi_surface_options plain = {0}, positive = {.is_positive = true};
    dosi_surface *surface = NULL;
    dosi_error err = {""};
    pz[7] = -1;
    CHECK_STATUS(dosi_surface_fit(&points, &positive, &surface, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "below 0"));
    for (size_t i = 0; i < N; i++) py[i] = 2 * px[i];
    CHECK_STATUS(dosi_surface_fit(&points, &plain, &surface, &err), DOSI_DOMAIN);
    points.n = 5;
    CHECK_STATUS(dosi_surface_fit(&points, &plain, &surface, &err), DOSI_DOMAIN);
    assert_null(surface);
}

static void three_heaps_become_three_clusters(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 4);
    static double height[N];
    uint32_t cluster[N];
    static const double centre[3][3] = {{0, 0, 50}, {8, 0, 10}, {0, 8, 30}};
    for (size_t i = 0; i < N; i++) {
        px[i] = centre[i % 3][0] + 0.5 * dosi_random_normal(&random);
        py[i] = centre[i % 3][1] + 0.5 * dosi_random_normal(&random);
        height[i] = centre[i % 3][2] + dosi_random_normal(&random);
    }
    const double *const columns[] = {px, py, height};
    const dosi_kmeans options = {3, 10, test_seed()};
    dosi_error err = {""};
    CHECK_OK(dosi_cluster_rows(&options, columns, 3, N, cluster, &err), err);
    static const uint32_t by_height[3] = {0, 2, 1};
    for (size_t i = 0; i < N; i++) assert_int_equal(cluster[i], by_height[i % 3]);
    for (size_t i = 0; i < N; i++) px[i] = py[i] = height[i] = (double)(i % 2);
    CHECK_STATUS(dosi_cluster_rows(&options, columns, 3, N, cluster, &err), DOSI_DOMAIN);
    CHECK_STATUS(dosi_cluster_rows(&options, columns, 3, 2, cluster, &err), DOSI_DOMAIN);
}

static void bootstrap_intervals_are_as_wide_as_theory_says(void **state) {
    (void)state;
    enum { LONG = 4000, GROUPS = 4 };
    static double value[LONG];
    static uint32_t group[LONG];
    dosi_random random = dosi_random_init(test_seed(), 5);
    for (size_t i = 0; i < LONG; i++) {
        value[i] = 10 + 3 * dosi_random_normal(&random);
        group[i] = (uint32_t)(i % GROUPS);
    }
    const dosi_groups groups = {LONG, GROUPS + 1, group}; // the last one is empty
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    const dosi_run one = {.n_threads = 1}, seven = {.n_threads = 7};
    dosi_bootstrap bootstrap = {400, 1, 0.95, test_seed(), &one};
    double low[GROUPS + 1], high[GROUPS + 1], low7[GROUPS + 1], high7[GROUPS + 1];
    double *const bounds[] = {low, high};
    double *const bounds7[] = {low7, high7};
    dosi_error err = {""};
    CHECK_OK(dosi_group_bootstrap(&statistic, &groups, value, &bootstrap, bounds, &err), err);
    bootstrap.run = &seven;
    CHECK_OK(dosi_group_bootstrap(&statistic, &groups, value, &bootstrap, bounds7, &err), err);
    assert_memory_equal(low, low7, sizeof low);
    assert_memory_equal(high, high7, sizeof high);
    for (size_t g = 0; g < GROUPS; g++) {
        double theory = 2 * 1.96 * 3 / sqrt(LONG / GROUPS);
        CHECK_NEAR(high[g] - low[g], theory, 0.25 * theory);
    }
    assert_true(isnan(low[GROUPS]) && isnan(high[GROUPS]));
}

static void blocks_widen_intervals_of_slow_series(void **state) {
    (void)state;
    enum { LONG = 3000 };
    static double value[LONG];
    static uint32_t group[LONG];
    dosi_random random = dosi_random_init(test_seed(), 6);
    for (size_t i = 1; i < LONG; i++) {
        value[i] = 0.95 * value[i - 1] + dosi_random_normal(&random);
    }
    const dosi_groups groups = {LONG, 1, group};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    double width[2];
    for (size_t b = 0; b < 2; b++) {
        const dosi_bootstrap bootstrap = {200, b ? 100 : 1, 0.95, 1, NULL};
        double low = 0, high = 0;
        double *const bounds[] = {&low, &high};
        dosi_error err = {""};
        CHECK_OK(dosi_group_bootstrap(&statistic, &groups, value, &bootstrap, bounds, &err),
                 err);
        width[b] = high - low;
    }
    assert_true(width[1] > 2.5 * width[0]); // theory: sqrt(1.95 / 0.05) = 6 for long blocks
}

static void steps_of_ten_degrees_favour_some_sectors(void **state) {
    (void)state;
    double factor[36], sum = 0;
    dosi_polar_step_bias(10, 30, factor);
    for (size_t s = 0; s < 12; s++) CHECK_NEAR(factor[s], 1, 1e-15);
    dosi_polar_step_bias(10, 22.5, factor);
    for (size_t s = 0; s < 16; s++) {
        assert_true(fabs(factor[s] - 2.0 * 16 / 36) < 1e-12 ||
                    fabs(factor[s] - 3.0 * 16 / 36) < 1e-12);
        sum += factor[s];
    }
    CHECK_NEAR(sum, 16, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plane_is_fitted_exactly),
        cmocka_unit_test(a_hill_is_found_under_noise),
        cmocka_unit_test(a_surface_ends_at_its_reach),
        cmocka_unit_test(no_surface_of_a_line_or_of_roots_of_negatives),
        cmocka_unit_test(three_heaps_become_three_clusters),
        cmocka_unit_test(bootstrap_intervals_are_as_wide_as_theory_says),
        cmocka_unit_test(blocks_widen_intervals_of_slow_series),
        cmocka_unit_test(steps_of_ten_degrees_favour_some_sectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
