// Goal: the curves of spread, plume rise and concentration are the published ones.

#include "dosi/gauss.h"
#include "test.h"

static void published_curves_are_met(void **state) {
    (void)state;
    // aefarrell/GasDispersion.jl's tests of ISC3's curves.
    const struct {
        dosi_stability stability;
        double x, z;
    } isc3[] = {{DOSI_STABILITY_A, 125, 17.6538512508938},
                {DOSI_STABILITY_D, 500, 18.29689264165363},
                {DOSI_STABILITY_D, 2000, 50.15135417398994},
                {DOSI_STABILITY_F, 1500, 18.030377292486545},
                {DOSI_STABILITY_F, 45000, 76.93568233551231}};
    for (size_t i = 0; i < sizeof isc3 / sizeof isc3[0]; i++) {
        double got = dosi_sigma_z(DOSI_SIGMA_ISC3_RURAL, isc3[i].stability, isc3[i].x);
        CHECK_NEAR(got / isc3[i].z, 1, 1e-8);
    }
    CHECK_NEAR(dosi_sigma_y(DOSI_SIGMA_BRIGGS_URBAN, DOSI_STABILITY_A, 1.2), .38390787316433456,
               1e-8);
    CHECK_NEAR(dosi_sigma_z(DOSI_SIGMA_BRIGGS_URBAN, DOSI_STABILITY_A, 1.2), .2881727481910807,
               1e-8);
    CHECK_NEAR(dosi_sigma_y(DOSI_SIGMA_BRIGGS_RURAL, DOSI_STABILITY_F, 500),
               .04 * 500 / sqrt(1.05), 1e-12);
    CHECK_NEAR(dosi_sigma_z(DOSI_SIGMA_BRIGGS_RURAL, DOSI_STABILITY_F, 500), 8 / 1.15, 1e-12);
    assert_true(dosi_sigma_y(DOSI_SIGMA_ISC3_RURAL, DOSI_STABILITY_C, -5) == 0);
}

static void every_curve_grows_with_distance_and_falls_with_stability(void **state) {
    (void)state;
    for (int curves = 0; curves < 3; curves++) {
        dosi_sigma_curves k = (dosi_sigma_curves)curves;
        for (int s = 0; s < DOSI_STABILITY_COUNT; s++) {
            dosi_stability c = (dosi_stability)s;
            double y = 0, z = 0;
            for (int i = 0; i < 21; i++) {
                double x = 10 * pow(1.5, i);
                assert_true(dosi_sigma_y(k, c, x) > y && dosi_sigma_z(k, c, x) >= z);
                y = dosi_sigma_y(k, c, x);
                z = dosi_sigma_z(k, c, x);
                if (s > 0) assert_true(dosi_sigma_y(k, (dosi_stability)(s - 1), x) >= y);
            }
        }
    }
}

static void plumes_rise_as_briggs_has_it(void **state) {
    (void)state;
    const struct {
        dosi_stability stability;
        double end, rise;
    } cases[] = {{DOSI_STABILITY_B, 565.0050541, 100.7136516},
                 {DOSI_STABILITY_E, 317.6067732, 68.5972282},
                 {DOSI_STABILITY_F, 240.0881533, 56.9238004}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double end = 0;
        double rise = dosi_plume_rise(cases[i].stability, 50, 4, &end);
        CHECK_NEAR(end / cases[i].end, 1, 1e-8);
        CHECK_NEAR(rise / cases[i].rise, 1, 1e-8);
    }
    // g v d^2 (Ts - Ta) / (4 Ts)
    CHECK_NEAR(dosi_buoyancy_flux(10, 2, 400, 300), 9.80616 * 2.5, 1e-9);
    assert_true(dosi_buoyancy_flux(10, 2, 290, 300) == 0);
}

static void classes_have_their_obukhov_length(void **state) {
    (void)state;
    const double expected[] = {-11.60975, -26.81848, -129.91506, INFINITY, 129.91506, 26.81848};
    for (int s = 0; s < DOSI_STABILITY_COUNT; s++) {
        double got = dosi_mo_length_of_class((dosi_stability)s, 1.2);
        if (s == DOSI_STABILITY_D)
            assert_true(isinf(got));
        else
            CHECK_NEAR(got, expected[s], 5e-6);
    }
}

static void hours_have_their_class(void **state) {
    (void)state;
    assert_int_equal(dosi_stability_of_hour(1, 950, 0), DOSI_STABILITY_A);
    assert_int_equal(dosi_stability_of_hour(2.5, 700, 0), DOSI_STABILITY_B);
    assert_int_equal(dosi_stability_of_hour(4, 300, 0.5), DOSI_STABILITY_C);
    assert_int_equal(dosi_stability_of_hour(6.5, 950, 0), DOSI_STABILITY_C);
    assert_int_equal(dosi_stability_of_hour(1, 100, 1), DOSI_STABILITY_D);
    assert_int_equal(dosi_stability_of_hour(1, 0, 0.2), DOSI_STABILITY_F);
    assert_int_equal(dosi_stability_of_hour(4, 0, 0.2), DOSI_STABILITY_E);
    assert_int_equal(dosi_stability_of_hour(4, 0, 0.8), DOSI_STABILITY_D);
    assert_int_equal(dosi_stability_of_hour(8, 0, 0), DOSI_STABILITY_D);
}

/// Flux through a plane across the wind, by summing: what is emitted, downwind.
static double flux(const dosi_gauss_air *air, const dosi_gauss_release *release, double x) {
    double sum = 0;
    double top = air->mixing_m > 0 ? air->mixing_m : 3000;
    double dz = top / 1500, dy = 10;
    for (int i = -300; i <= 300; i++) {
        for (int j = 0; j < 1500; j++) {
            double y = dy * i, z = dz * (j + 0.5);
            sum += dosi_gauss_point(air, release, x, y, z) * air->wind_ms * dy * dz;
        }
    }
    return sum;
}

static void nothing_is_lost_under_a_lid_or_without_one(void **state) {
    (void)state;
    const dosi_gauss_release release = {40, 5, 5};
    dosi_gauss_air air = {DOSI_SIGMA_BRIGGS_URBAN, DOSI_STABILITY_D, 3, 0};
    CHECK_NEAR(flux(&air, &release, 1000), 1, 2e-3);
    air.mixing_m = 200;
    CHECK_NEAR(flux(&air, &release, 1000), 1, 2e-3);
    air.stability = DOSI_STABILITY_C;
    CHECK_NEAR(flux(&air, &release, 1900), 1, 2e-2); // filled
    assert_true(dosi_gauss_point(&air, &release, -1, 0, 0) == 0);
}

static void a_ground_release_follows_the_closed_form(void **state) {
    (void)state;
    const dosi_gauss_air air = {DOSI_SIGMA_BRIGGS_RURAL, DOSI_STABILITY_F, 2, 0};
    const dosi_gauss_release release = {0, 0, 0};
    double y = .04 * 500 / sqrt(1.05), z = 8 / 1.15;
    CHECK_NEAR(dosi_gauss_point(&air, &release, 500, 0, 0) * (M_PI * 2 * y * z), 1, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_curves_are_met),
        cmocka_unit_test(every_curve_grows_with_distance_and_falls_with_stability),
        cmocka_unit_test(plumes_rise_as_briggs_has_it),
        cmocka_unit_test(classes_have_their_obukhov_length),
        cmocka_unit_test(hours_have_their_class),
        cmocka_unit_test(nothing_is_lost_under_a_lid_or_without_one),
        cmocka_unit_test(a_ground_release_follows_the_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
