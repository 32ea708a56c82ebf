// Goal: the surface layer follows its own definitions, diffusion in it loses nothing and meets
// field data, and prepared hours are consistent and sane.

#include "dosi/met.h"
#include "test.h"

static void the_wind_profile_integrates_its_gradient(void **state) {
    (void)state;
    const double lengths[] = {-5, -50, -1000, INFINITY, 1000, 50, 10};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const dosi_surface_layer air = {0.3, lengths[i], 0.1};
        CHECK_NEAR(dosi_mo_wind(&air, 0.1), 0, 1e-12);
        for (int k = 0; k < 20; k++) {
            double z = 0.2 * pow(1.3, k), dz = 1e-4 * z, zeta = z / lengths[i];
            double phi = zeta >= 0 ? 1 + 5 * zeta : 1 / sqrt(sqrt(1 - 16 * zeta));
            double slope = (dosi_mo_wind(&air, z + dz) - dosi_mo_wind(&air, z - dz)) / (2 * dz);
            CHECK_NEAR(slope * 0.4 * z / 0.3 / phi, 1, 1e-6);
        }
    }
    CHECK_NEAR(dosi_mo_phi_h(0), 1, 0);
    CHECK_NEAR(dosi_mo_phi_h(-0.5), 1.0 / 3, 1e-12);
}

static void the_sun_stands_where_almanacs_have_it(void **state) {
    (void)state;
    const double rad = M_PI / 180;
    const int64_t minute = 60 * DOSI_SECOND_US;
    // Solstice and equinox, Seoul; local noon from the equation of time (-1.8 and -7.5 min).
    dosi_time june = dosi_days_from_civil(2025, 6, 21) * DOSI_DAY_US + (3 * 60 + 34) * minute;
    CHECK_NEAR(asin(dosi_sun_sine(37.57, 126.98, june)) / rad, 90 - 37.57 + 23.44, 0.03);
    dosi_time march = dosi_days_from_civil(2025, 3, 20) * DOSI_DAY_US + (3 * 60 + 39) * minute;
    CHECK_NEAR(asin(dosi_sun_sine(37.57, 126.98, march)) / rad, 90 - 37.57 - 0.1, 0.15);
    // Midnight sun at 70 degrees north, polar night in winter.
    CHECK_NEAR(asin(dosi_sun_sine(70, 0, june - 3 * 60 * minute - 34 * minute)) / rad, 3.4,
               0.2);
    dosi_time winter = dosi_days_from_civil(2025, 12, 21) * DOSI_DAY_US + 720 * minute;
    assert_true(dosi_sun_sine(70, 0, winter) < 0);
    // NREL's published example: 2003-10-17 19:30:30 UTC at 39.742476 N, 105.1786 W:
    // zenith 50.11.
    dosi_time nrel = dosi_days_from_civil(2003, 10, 17) * DOSI_DAY_US +
                     (19 * 3600 + 30 * 60 + 30) * DOSI_SECOND_US;
    CHECK_NEAR(90 - asin(dosi_sun_sine(39.742476, -105.1786, nrel)) / rad, 50.12, 0.02);
}

static void measured_arcs_are_met(void **state) {
    (void)state;
    // Project Prairie Grass, crosswind integrals over emission (s/m2) of near-neutral runs 20,
    // 21 and 57, with the friction velocities and lengths published for them.
    const struct {
        double friction, length, mixing, x, measured;
    } arcs[] = {{0.38, 172, 0, 50, 0.06253},     {0.38, 172, 0, 200, 0.01988},
                {0.38, 172, 0, 800, 0.00559},    {0.60, -62, 806, 100, 0.01917},
                {0.60, -62, 806, 400, 0.003815}, {0.46, -194, 1620, 100, 0.02272}};
    for (size_t i = 0; i < sizeof arcs / sizeof arcs[0]; i++) {
        dosi_error err = {""};
        const dosi_diffusion problem = {
            {arcs[i].friction, arcs[i].length, 0.008}, arcs[i].mixing, 0.46, 1.5};
        double got = 0;
        CHECK_OK(dosi_diffusion_solve(&problem, &arcs[i].x, 1, &got, NULL, &err), err);
        double ratio = got / arcs[i].measured;
        if (ratio < 1 / 1.5 || ratio > 1.5) fail_msg("%zu: %g times the measured", i, ratio);
    }
}

static void a_plume_that_fills_the_layer_is_the_box(void **state) {
    (void)state;
    dosi_error err = {""};
    const dosi_diffusion problem = {{0.4, -20, 0.1}, 100, 1, 1.5};
    const double x[] = {100, 1000, 30000};
    double c[3], drift[3];
    CHECK_OK(dosi_diffusion_solve(&problem, x, 3, c, drift, &err), err);
    // Far away the same concentration everywhere: emission over wind times depth.
    CHECK_NEAR(c[2] * drift[2] * (100 - 0.1), 1, 0.01);
    assert_true(c[0] > c[1] && c[1] > c[2] && drift[0] < drift[2]);
    double together[1];
    CHECK_OK(dosi_diffusion_solve(&problem, x + 1, 1, together, NULL, &err), err);
    CHECK_NEAR(together[0] / c[1], 1, 2e-3); // whatever stops on the way
    dosi_diffusion bad = problem;
    bad.source_m = 0.05;
    CHECK_STATUS(dosi_diffusion_solve(&bad, x, 3, c, drift, &err), DOSI_DOMAIN);
}

static const dosi_met_site seoul = {37.57, 126.97, 32400, 0.5, 0, 10, 0.15, 0.5, 0.005};

enum { DAY = 24 };

static void a_clear_day_has_its_course(void **state) {
    (void)state;
    double wind[DAY], temperature[DAY], cloud[DAY];
    dosi_met_hour hours[DAY];
    dosi_error err = {""};
    for (size_t i = 0; i < DAY; i++) {
        wind[i] = 3;
        temperature[i] = 25;
        cloud[i] = 0;
    }
    cloud[20] = NAN;
    const dosi_met_weather weather = {.n = DAY,
                                      .first = dosi_days_from_civil(2025, 6, 21) * DOSI_DAY_US +
                                               DOSI_HOUR_US,
                                      .wind_ms = wind,
                                      .temperature_c = temperature,
                                      .cloud = cloud};
    CHECK_OK(dosi_met_prepare(&seoul, &weather, hours, &err), err);
    for (size_t i = 0; i < DAY; i++) {
        const dosi_met_hour *h = &hours[i];
        if (i == 20) {
            assert_true(isnan(h->friction_ms) && h->stability == DOSI_STABILITY_COUNT);
            continue;
        }
        const dosi_surface_layer air = {h->friction_ms, h->mo_length_m, 0.5};
        if (h->mo_length_m < 0) CHECK_NEAR(dosi_mo_wind(&air, 10), 3, 1e-6);
        assert_true((h->heat_wm2 > 0) == (h->mo_length_m < 0));
        double density = 101300 / (287.04 * 298.15);
        double length =
            -density * 1004 * 298.15 * pow(h->friction_ms, 3) / (0.4 * 9.80665 * h->heat_wm2);
        CHECK_NEAR(h->mo_length_m / length, 1, 1e-6);
        assert_true(h->mixing_m > 50 && h->mixing_m < 4000);
    }
    assert_true(hours[2].mo_length_m > 0 && hours[12].mo_length_m < 0);
    assert_true(hours[12].radiation_wm2 > 850 && hours[12].radiation_wm2 < 1000);
    assert_true(hours[12].heat_wm2 > 100 && hours[12].heat_wm2 < 400);
    assert_true(hours[12].friction_ms > hours[2].friction_ms);
    assert_true(hours[15].convective_m > hours[9].convective_m &&
                hours[15].convective_m > 1000);
    assert_true(hours[12].convective_ms > 1 && hours[12].convective_ms < 3);
    assert_true(hours[2].convective_m == 0 && hours[2].stability >= DOSI_STABILITY_E);
    assert_true(hours[12].stability <= DOSI_STABILITY_B);
}

static void the_convective_height_follows_the_heat_put_in(void **state) {
    (void)state;
    // A constant heat flux makes z^2 grow by 2 (1 + 2 A) F t / lapse each hour.
    double wind[3] = {3, 3, 3}, temperature[3] = {20, 20, 20}, cloud[3] = {0, 0, 0};
    double radiation[3] = {600, 600, 600};
    dosi_met_hour hours[3];
    dosi_error err = {""};
    const dosi_met_weather weather = {.n = 3,
                                      .first = dosi_days_from_civil(2025, 6, 21) * DOSI_DAY_US +
                                               10 * DOSI_HOUR_US,
                                      .wind_ms = wind,
                                      .temperature_c = temperature,
                                      .cloud = cloud,
                                      .radiation_wm2 = radiation};
    CHECK_OK(dosi_met_prepare(&seoul, &weather, hours, &err), err);
    double flux = hours[0].heat_wm2 / (101300 / (287.04 * 293.15) * 1004);
    double squared = 2 * 1.4 * flux * 3600 / 0.005;
    CHECK_NEAR(hours[0].convective_m, sqrt(squared), 1e-6);
    CHECK_NEAR(hours[2].convective_m, sqrt(3 * squared), 1e-6);
    dosi_met_site bad = seoul;
    bad.roughness_m = 0;
    CHECK_STATUS(dosi_met_prepare(&bad, &weather, hours, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "roughness"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wind_profile_integrates_its_gradient),
        cmocka_unit_test(the_sun_stands_where_almanacs_have_it),
        cmocka_unit_test(measured_arcs_are_met),
        cmocka_unit_test(a_plume_that_fills_the_layer_is_the_box),
        cmocka_unit_test(a_clear_day_has_its_course),
        cmocka_unit_test(the_convective_height_follows_the_heat_put_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
