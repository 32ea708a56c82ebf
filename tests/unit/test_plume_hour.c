// Goal: an hour's profiles go through what was measured, follow similarity theory elsewhere,
// and an hour that lacks something says so.

#include "dosi/plume.h"
#include "test.h"

/// A windy stable hour of 10 m wind only.
static dosi_plume_weather stable_hour(void) {
    return (dosi_plume_weather){.heat_flux_wm2 = -20,
                                .friction_ms = 0.3,
                                .convective_ms = NAN,
                                .lapse_above_km = NAN,
                                .convective_height_m = NAN,
                                .mechanical_height_m = 400,
                                .obukhov_m = 100,
                                .roughness_m = 0.1,
                                .speed_ms = 4,
                                .direction_deg = 270,
                                .speed_height_m = 20,
                                .temperature_k = 280,
                                .temperature_height_m = 2};
}

static dosi_plume_hour prepare(const dosi_plume_weather *weather) {
    dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_plume_hour hour;
    dosi_error err = {""};
    CHECK_OK(dosi_plume_hour_prepare(weather, &limits, &hour, &err), err);
    return hour;
}

static void heights_rise_from_the_ground_to_5_km(void **state) {
    (void)state;
    const double *z = dosi_plume_heights();
    assert_true(z[0] == 0 && z[DOSI_PLUME_LEVELS - 1] == 5000);
    for (size_t i = 1; i < DOSI_PLUME_LEVELS; i++) assert_true(z[i] > z[i - 1]);
}

static void stable_wind_follows_the_law_of_similarity(void **state) {
    (void)state;
    dosi_plume_weather weather = stable_hour();
    dosi_plume_hour hour = prepare(&weather);
    assert_int_equal(hour.state, DOSI_PLUME_STABLE);
    // u(z) = u*/k [ln(z/z0) + 17 (1 - e^(-0.29 z/L)) - 17 (1 - e^(-0.29 z0/L))], scaled to 4
    // m/s at 20 m. (Between its fixed heights a profile is straight: 20 m and 100 m are two of
    // them.)
    double u20 = 0.3 / 0.4 * (log(200) + 17 * (1 - exp(-0.058)) - 17 * (1 - exp(-0.00029)));
    double u100 = 0.3 / 0.4 * (log(1000) + 17 * (1 - exp(-0.29)) - 17 * (1 - exp(-0.00029)));
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SPEED, 20), 4, 1e-12);
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SPEED, 100), 4 * u100 / u20, 1e-9);
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SPEED, 3000),
               dosi_plume_at(&hour, DOSI_PLUME_SPEED, 400), 1e-9);
    CHECK_NEAR(dosi_plume_direction_at(&hour, 77), 270, 1e-12);
    // sigma_v^2 falls straight from 3.6 u*^2 = 0.324 to 0.25 at the mixing height.
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SIGMA_V, 200), sqrt((0.324 + 0.25) / 2), 1e-12);
    assert_true(dosi_plume_at(&hour, DOSI_PLUME_LAPSE, 4500) >= 0.002);
}

static void profiles_go_through_observations(void **state) {
    (void)state;
    const dosi_plume_level levels[] = {
        {20, 350, 3, 281, 10, 0.2},
        {40, 10, 5, 282, NAN, NAN},
        {100, 20, 7, 283, 5, 0.5},
    };
    dosi_plume_weather weather = stable_hour();
    weather.levels = levels;
    weather.n_levels = 3;
    dosi_plume_hour hour = prepare(&weather);
    for (size_t i = 0; i < 3; i++) {
        double z = levels[i].height_m;
        CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SPEED, z), levels[i].speed_ms, 1e-12);
        CHECK_NEAR(dosi_plume_direction_at(&hour, z), levels[i].direction_deg, 1e-9);
    }
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_SIGMA_W, 100), 0.5, 1e-12);
    double north = dosi_plume_direction_at(&hour, 30); // half way from 350 to 10
    assert_true(fabs(north - 360) < 1e-9 || fabs(north) < 1e-9);
    // Between the temperatures: (282 - 281) / 20 + 0.00977 at 30 m.
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_LAPSE, 30), 0.05 + 0.00977, 1e-9);
}

static void convective_hours_mix_to_the_inversion(void **state) {
    (void)state;
    dosi_plume_weather weather = stable_hour();
    weather.obukhov_m = -50;
    weather.convective_ms = 2;
    weather.convective_height_m = 1000;
    weather.mechanical_height_m = 600;
    weather.lapse_above_km = 0.01;
    dosi_plume_hour hour = prepare(&weather);
    assert_int_equal(hour.state, DOSI_PLUME_UNSTABLE);
    CHECK_NEAR(hour.mixing_m, 1000, 0);
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_LAPSE, 500), 0, 0);
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_LAPSE, 1200), 0.01, 0);
    CHECK_NEAR(dosi_plume_at(&hour, DOSI_PLUME_THETA, 900) - 280 - 0.00977 * 2, 0, 1e-9);
    assert_true(dosi_plume_at(&hour, DOSI_PLUME_SIGMA_W, 500) >
                dosi_plume_at(&hour, DOSI_PLUME_SIGMA_W, 2000));
}

static void what_is_missing_is_said(void **state) {
    (void)state;
    dosi_plume_weather weather = stable_hour();
    weather.speed_ms = 0;
    assert_int_equal(prepare(&weather).state, DOSI_PLUME_CALM);
    weather = stable_hour();
    weather.friction_ms = NAN;
    assert_int_equal(prepare(&weather).state, DOSI_PLUME_MISSING);
    weather = stable_hour();
    weather.obukhov_m = -50; // unstable without w* and its mixing height
    assert_int_equal(prepare(&weather).state, DOSI_PLUME_MISSING);
    const dosi_plume_level falling[] = {{50, 0, 1, 280, 5, 1}, {10, 0, 1, 280, 5, 1}};
    weather = stable_hour();
    weather.levels = falling;
    weather.n_levels = 2;
    dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_plume_hour hour;
    dosi_error err = {""};
    assert_int_equal(dosi_plume_hour_prepare(&weather, &limits, &hour, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "10 m does not rise above 50 m"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heights_rise_from_the_ground_to_5_km),
        cmocka_unit_test(stable_wind_follows_the_law_of_similarity),
        cmocka_unit_test(profiles_go_through_observations),
        cmocka_unit_test(convective_hours_mix_to_the_inversion),
        cmocka_unit_test(what_is_missing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
