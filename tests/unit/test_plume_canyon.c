// Goal: the street canyon gives what the published model gives, is symmetric to the last bit,
// and behaves where a street is calm, open or empty.

#include "dosi/canyon.h"
#include "dosi/random.h"
#include "test.h"

static const dosi_canyon street = {.axis_deg = 0,
                                   .width_m = 20,
                                   .left_m = 20,
                                   .right_m = 20,
                                   .ahead_m = 100,
                                   .behind_m = 100,
                                   .roof_share = 0.82};
static const dosi_canyon_traffic traffic = {1000, 50, 50, 50};

static void published_cases_are_met(void **state) {
    (void)state;
    // Height, wind, direction, both sides for 100 ug/(m s): OSPM as ported in NORTRIP, with the
    // street and traffic above. The last one is where its coarse mean over directions is
    // farthest from the settled one.
    static const double cases[][5] = {
        {40, 8, 90, 7.139281, 22.58367},  {40, 4, 80, 13.22987, 37.80398},
        {40, 1, 90, 29.59823, 75.91238},  {10, 8, 60, 4.243887, 11.89902},
        {10, 2, 80, 13.20522, 31.62986},  {20, 4, 60, 6.207733, 29.44814},
        {20, 8, 90, 5.205235, 18.64952},  {20, 4, 20, 20.34189, 33.72045},
        {20, 8, 180, 20.13065, 20.13065}, {10, 4, 30, 19.77987, 24.44994},
        {20, 2, 130, 9.140841, 40.89941},
    };
    size_t n = sizeof cases / sizeof cases[0];
    for (size_t i = 0; i < n; i++) {
        dosi_canyon s = street;
        s.left_m = s.right_m = cases[i][0];
        double sides[2], settled[2];
        const dosi_canyon_wind wind = {cases[i][1], cases[i][2]};
        dosi_canyon_sides_to(&s, &traffic, &wind, 0.01, sides);
        dosi_canyon_sides(&s, &traffic, wind.speed_ms, wind.from_deg, settled);
        for (size_t k = 0; k < 2; k++) {
            CHECK_NEAR(100 * sides[k] / cases[i][3 + k], 1, 0.001);
            CHECK_NEAR(100 * settled[k] / cases[i][3 + k], 1, i + 1 < n ? 0.008 : 0.025);
            double fine[2];
            dosi_canyon_sides_to(&s, &traffic, &wind, 1e-7, fine);
            CHECK_NEAR(settled[k] / fine[k], 1, 0.002);
        }
    }
}

static void a_higher_place_has_less_and_a_lower_building_opens_the_vortex(void **state) {
    (void)state;
    for (int from = 0; from < 180; from += 10) {
        double at[4][2];
        const double heights[] = {0, 2, 10, 25};
        for (int i = 0; i < 4; i++) {
            dosi_canyon s = street;
            s.place_m = heights[i];
            dosi_canyon_sides(&s, &traffic, 3, from, at[i]);
        }
        for (int k = 0; k < 2; k++) {
            assert_true(at[0][k] == at[1][k]);
            assert_true(at[2][k] <= at[1][k]);
            assert_true(at[3][k] < at[2][k]); // above the roofs no vortex turns
        }
    }
    double whole[2], opened[2];
    dosi_canyon s = street;
    dosi_canyon_sides(&s, &traffic, 3, 90, whole);
    s.left_m = 5; // across the street from where the wind comes
    dosi_canyon_sides(&s, &traffic, 3, 90, opened);
    assert_true(opened[0] < 0.9 * whole[0]);
}

static void mirrored_winds_swap_the_sides_to_the_last_bit(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 1);
    for (int i = 0; i < 2000; i++) {
        dosi_canyon s = street;
        s.left_m = s.right_m = 5 + 40 * dosi_random_uniform(&random);
        s.ahead_m = 200 * dosi_random_uniform(&random) + 1;
        double from = floor(360 * 64 * dosi_random_uniform(&random)) / 64;
        double wind = 8 * dosi_random_uniform(&random);
        double a[2], b[2], turned[2];
        dosi_canyon_sides(&s, &traffic, wind, from, a);
        dosi_canyon_sides(&s, &traffic, wind, 360 - from, b);
        assert_true(a[0] == b[1] && a[1] == b[0]);
        s.axis_deg = 45; // the same street and wind, both turned
        dosi_canyon_sides(&s, &traffic, wind, from + 45, turned);
        assert_true(a[0] == turned[0] && a[1] == turned[1]);
        // The same street seen from its other end.
        s.axis_deg = 180;
        s.behind_m = s.ahead_m;
        s.ahead_m = street.behind_m;
        dosi_canyon_sides(&s, &traffic, wind, from, b);
        CHECK_NEAR(b[1] / a[0], 1, 1e-12);
        CHECK_NEAR(b[0] / a[1], 1, 1e-12);
    }
}

static void sides_with_unequal_buildings_mirror_too(void **state) {
    (void)state;
    dosi_canyon s = street;
    s.left_m = 8;
    s.right_m = 30;
    dosi_canyon mirrored = street;
    mirrored.left_m = 30;
    mirrored.right_m = 8;
    for (int from = 0; from < 360; from += 15) {
        double a[2], b[2];
        dosi_canyon_sides(&s, &traffic, 3, from, a);
        dosi_canyon_sides(&mirrored, &traffic, 3, 360 - from, b);
        CHECK_NEAR(a[0], b[1], 1e-12);
        CHECK_NEAR(a[1], b[0], 1e-12);
    }
}

static void stronger_wind_dilutes_where_the_vortex_is_whole(void **state) {
    (void)state;
    for (int from = 0; from < 180; from += 10) {
        double before[2] = {INFINITY, INFINITY};
        for (int w = 5; w <= 20; w++) { // from where the vortex is whole
            double sides[2];
            dosi_canyon_sides(&street, &traffic, 0.5 * w, from, sides);
            assert_true(sides[0] > 0 && sides[0] < 1.05 * before[0]);
            assert_true(sides[1] > 0 && sides[1] < 1.05 * before[1]);
            memcpy(before, sides, sizeof before);
        }
    }
}

static void calm_open_and_empty_streets_have_finite_values(void **state) {
    (void)state;
    const dosi_canyon_traffic none = {0, 0, 0, 0};
    dosi_canyon open = street;
    open.left_m = open.right_m = 0;
    for (int from = 0; from < 360; from += 30) {
        double sides[2];
        dosi_canyon_sides(&street, &none, 0, from, sides);
        assert_true(isfinite(sides[0]) && isfinite(sides[1]) && sides[0] > 0);
        dosi_canyon_sides(&open, &traffic, 2, from, sides);
        assert_true(isfinite(sides[0]) && isfinite(sides[1]));
        assert_true(sides[0] >= 0 && sides[1] >= 0);
    }
}

static void a_series_is_its_hours_at_any_thread_count(void **state) {
    (void)state;
    enum { N = 300 };
    static double wind[N], from[N], light[N], heavy[N], kmh[N], left[2][N], right[2][N];
    dosi_random random = dosi_random_init(test_seed(), 2);
    for (size_t i = 0; i < N; i++) {
        wind[i] = i % 50 == 7 ? (double)NAN : 6 * dosi_random_uniform(&random);
        from[i] = 360 * dosi_random_uniform(&random);
        light[i] = 2000 * dosi_random_uniform(&random);
        heavy[i] = 100 * dosi_random_uniform(&random);
        kmh[i] = 40;
    }
    const dosi_canyon_hours hours = {N, wind, from, light, heavy, kmh, kmh};
    for (int t = 0; t < 2; t++) {
        dosi_error err = {""};
        dosi_run run = {.n_threads = t == 0 ? 1 : 7};
        CHECK_OK(dosi_canyon_series(&street, &hours, &run, left[t], right[t], &err), err);
    }
    assert_memory_equal(left[0], left[1], sizeof left[0]);
    assert_memory_equal(right[0], right[1], sizeof right[0]);
    assert_true(isnan(left[0][7]) && isfinite(left[0][8]));
    const dosi_canyon_traffic one = {light[8], heavy[8], 40, 40};
    double sides[2];
    dosi_canyon_sides(&street, &one, wind[8], from[8], sides);
    assert_true(sides[0] == left[0][8] && sides[1] == right[0][8]);
}

static void an_impossible_street_is_named(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_canyon s = street;
    s.width_m = 0;
    const dosi_canyon_hours hours = {0};
    CHECK_STATUS(dosi_canyon_series(&s, &hours, NULL, NULL, NULL, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "width_m"));
}

enum { YEAR = 4000 };

/// Hours of all winds and of traffic between night and rush.
typedef struct year {
    double wind[YEAR], from[YEAR], light[YEAR], heavy[YEAR], speed[YEAR];
    double left[YEAR], right[YEAR], exact_left[YEAR], exact_right[YEAR];
} year;

static void make_year(year *y) {
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t i = 0; i < YEAR; i++) {
        y->wind[i] = 9 * pow(dosi_random_uniform(&random), 2);
        y->from[i] = 360 * dosi_random_uniform(&random);
        y->light[i] = 60 + 2000 * dosi_random_uniform(&random);
        y->heavy[i] = 0.1 * y->light[i] * dosi_random_uniform(&random);
        y->speed[i] = 20 + 40 * dosi_random_uniform(&random);
    }
}

static void a_year_off_a_chart_is_the_year_of_its_hours(void **state) {
    (void)state;
    static year y;
    make_year(&y);
    y.wind[11] = (double)NAN;
    const dosi_canyon_hours hours = {YEAR, y.wind, y.from, y.light, y.heavy, y.speed, y.speed};
    dosi_error err = {""};
    for (int height = 8; height <= 40; height += 16) {
        dosi_canyon s = street;
        s.left_m = s.right_m = height;
        s.axis_deg = 31;
        CHECK_OK(dosi_canyon_year(&s, &hours, NULL, y.left, y.right, &err), err);
        CHECK_OK(dosi_canyon_series(&s, &hours, NULL, y.exact_left, y.exact_right, &err), err);
        assert_true(isnan(y.left[11]) && isnan(y.right[11]));
        double mean = 0;
        for (size_t i = 0; i < YEAR; i++) {
            if (i == 11) continue;
            double scale = fmax(y.exact_left[i], y.exact_right[i]);
            double apart =
                fmax(fabs(y.left[i] - y.exact_left[i]), fabs(y.right[i] - y.exact_right[i])) /
                scale;
            assert_true(apart < (y.wind[i] < 1 ? 0.03 : 0.01));
            mean += apart / YEAR;
        }
        assert_true(mean < 0.001);
        // Mirrored winds swap the sides to the last bit.
        for (size_t i = 0; i < YEAR; i++) y.from[i] = 62 - floor(y.from[i]);
        CHECK_OK(dosi_canyon_year(&s, &hours, NULL, y.left, y.right, &err), err);
        for (size_t i = 0; i < YEAR; i++) y.from[i] = 62 - y.from[i];
        CHECK_OK(dosi_canyon_year(&s, &hours, NULL, y.exact_left, y.exact_right, &err), err);
        for (size_t i = 0; i < YEAR; i++) {
            if (i == 11) continue;
            assert_true(y.left[i] == y.exact_right[i] && y.right[i] == y.exact_left[i]);
        }
    }
    // Streets with unequal sides have no chart.
    dosi_canyon uneven = street;
    uneven.left_m = 9;
    CHECK_OK(dosi_canyon_year(&uneven, &hours, NULL, y.left, y.right, &err), err);
    CHECK_OK(dosi_canyon_series(&uneven, &hours, NULL, y.exact_left, y.exact_right, &err), err);
    assert_true(y.left[5] == y.exact_left[5] && y.right[5] == y.exact_right[5]);
    uneven.width_m = 0;
    assert_int_equal(dosi_canyon_year(&uneven, &hours, NULL, y.left, y.right, &err),
                     DOSI_DOMAIN);
}

static void air_leaves_a_street_faster_in_wind_and_traffic(void **state) {
    (void)state;
    double calm = dosi_canyon_exchange(&street, &(dosi_canyon_traffic){0}, 0);
    CHECK_NEAR(calm, 0.1 * DOSI_CANYON_CALM_MS, 1e-12);
    assert_true(dosi_canyon_exchange(&street, &traffic, 0) > 5 * calm);
    CHECK_NEAR(dosi_canyon_exchange(&street, &(dosi_canyon_traffic){0}, 5), 0.1 * 0.82 * 5,
               1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_cases_are_met),
        cmocka_unit_test(a_higher_place_has_less_and_a_lower_building_opens_the_vortex),
        cmocka_unit_test(mirrored_winds_swap_the_sides_to_the_last_bit),
        cmocka_unit_test(sides_with_unequal_buildings_mirror_too),
        cmocka_unit_test(stronger_wind_dilutes_where_the_vortex_is_whole),
        cmocka_unit_test(calm_open_and_empty_streets_have_finite_values),
        cmocka_unit_test(a_series_is_its_hours_at_any_thread_count),
        cmocka_unit_test(an_impossible_street_is_named),
        cmocka_unit_test(a_year_off_a_chart_is_the_year_of_its_hours),
        cmocka_unit_test(air_leaves_a_street_faster_in_wind_and_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
