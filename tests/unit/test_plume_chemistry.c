// Goal: NO, NO2 and ozone keep NOx and oxidant, meet closed forms, and go from no reaction to
// the photostationary state as air stays longer.

#include "dosi/chemistry.h"
#include "dosi/random.h"
#include "test.h"

static void rates_are_the_published_ones(void **state) {
    (void)state;
    // 1.7e-14 cm3/s at 298 K, 2.46e10 molecules a ppb: 4.2e-4 1/(ppb s).
    CHECK_NEAR(dosi_rate_no_o3(298.15), 4.25e-4, 0.05e-4);
    assert_true(dosi_rate_no_o3(273) < dosi_rate_no_o3(298));
    CHECK_NEAR(dosi_photolysis_no2(800), 0.8e-3 * exp(-0.0125) + 5.92e-3, 1e-12);
    assert_true(dosi_photolysis_no2(0) == 0 && dosi_photolysis_no2(-1) == 0);
}

static void the_photostationary_state_balances(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 1);
    for (int i = 0; i < 2000; i++) {
        const dosi_nox mixed = {200 * dosi_random_uniform(&random),
                                80 * dosi_random_uniform(&random),
                                90 * dosi_random_uniform(&random)};
        double k = 4e-4, j = 9e-3 * dosi_random_uniform(&random);
        dosi_nox got = dosi_nox_photostationary(&mixed, k, j);
        CHECK_NEAR(got.no + got.no2, mixed.no + mixed.no2, 1e-9);
        CHECK_NEAR(got.no2 + got.o3, mixed.no2 + mixed.o3, 1e-9);
        assert_true(got.no >= 0 && got.no2 >= 0 && got.o3 >= 0);
        CHECK_NEAR(k * got.no * got.o3, j * got.no2, 1e-9);
    }
    // At night all of the scarcer of NO and ozone is gone.
    const dosi_nox night = {30, 10, 50};
    dosi_nox got = dosi_nox_photostationary(&night, 4e-4, 0);
    CHECK_NEAR(got.no, 0, 1e-9);
    CHECK_NEAR(got.no2, 40, 1e-9);
    CHECK_NEAR(got.o3, 20, 1e-9);
}

static void a_street_lies_between_mixing_and_balance(void **state) {
    (void)state;
    const dosi_nox background = {3, 15, 35};
    double k = 4e-4, j = 5e-3, before = 0;
    dosi_nox at_once = dosi_nox_in_street(&background, 60, 0.1, 1e-6, k, j);
    CHECK_NEAR(at_once.no2, 15 + 6, 1e-3);
    CHECK_NEAR(at_once.o3, 35, 1e-3);
    for (int i = 0; i < 20; i++) {
        double residence = pow(2, i);
        dosi_nox got = dosi_nox_in_street(&background, 60, 0.1, residence, k, j);
        CHECK_NEAR(got.no + got.no2, 3 + 15 + 60, 1e-9);
        assert_true(got.no2 > before); // NO meets ozone for longer
        before = got.no2;
        double fresh = 15 + 6;
        CHECK_NEAR(k * got.no * got.o3 - j * got.no2, (got.no2 - fresh) / residence, 1e-9);
    }
    const dosi_nox mixed = {3 + 54, 15 + 6, 35};
    dosi_nox end = dosi_nox_photostationary(&mixed, k, j);
    dosi_nox ever = dosi_nox_in_street(&background, 60, 0.1, INFINITY, k, j);
    CHECK_NEAR(end.no2, ever.no2, 1e-9);
    CHECK_NEAR(before, end.no2, 5e-3);
    CHECK_NEAR(dosi_street_residence(20, 0.4), 50, 0);
}

/// The rate of NO2 by the two reactions.
static double rate_of(const dosi_nox *of, double k, double j) {
    return k * of->no * of->o3 - j * of->no2;
}

static void air_ages_from_what_is_mixed_to_its_balance(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 2);
    for (int i = 0; i < 500; i++) {
        const dosi_nox mixed = {200 * dosi_random_uniform(&random),
                                80 * dosi_random_uniform(&random),
                                90 * dosi_random_uniform(&random)};
        double k = 4e-4, j = i % 5 ? 9e-3 * dosi_random_uniform(&random) : 0;
        double age = pow(10, 4 * dosi_random_uniform(&random) - 1);
        dosi_nox fresh = dosi_nox_aged(&mixed, 0, k, j);
        CHECK_NEAR(fresh.no2, mixed.no2, 1e-9);
        dosi_nox got = dosi_nox_aged(&mixed, age, k, j);
        CHECK_NEAR(got.no + got.no2, mixed.no + mixed.no2, 1e-9);
        CHECK_NEAR(got.no2 + got.o3, mixed.no2 + mixed.o3, 1e-9);
        assert_true(got.no >= 0 && got.no2 >= 0 && got.o3 >= 0);
        // In two steps as in one, and by the rate.
        dosi_nox half = dosi_nox_aged(&mixed, 0.3 * age, k, j);
        CHECK_NEAR(dosi_nox_aged(&half, 0.7 * age, k, j).no2, got.no2, 1e-6);
        double step = 1e-3, rate = rate_of(&got, k, j);
        double next = dosi_nox_aged(&mixed, age + step, k, j).no2;
        double last = dosi_nox_aged(&mixed, age - step, k, j).no2;
        CHECK_NEAR((next - last) / (2 * step), rate, 1e-4 * fabs(rate) + 1e-8);
        dosi_nox end = dosi_nox_photostationary(&mixed, k, j);
        CHECK_NEAR(dosi_nox_aged(&mixed, INFINITY, k, j).no2, end.no2, 1e-6);
    }
    // As much NO as ozone in the dark: 1 / NO grows by k a second.
    const dosi_nox even = {50, 0, 50};
    CHECK_NEAR(dosi_nox_aged(&even, 100, 4e-4, 0).no, 1 / (1.0 / 50 + 4e-4 * 100), 1e-4);
}

static void screening_ratios_follow_their_rules(void **state) {
    (void)state;
    CHECK_NEAR(dosi_no2_ozone_limited(100, 0.1, 40), 10 + 40, 1e-12);
    CHECK_NEAR(dosi_no2_ozone_limited(30, 0.1, 40), 30, 1e-12);
    // EPA's polynomial at 300: 1.2441 - 0.82149 - 0.504558 + 0.932985 - 0.4725945 + 0.10399185
    // - 0.00854607 = 0.47388828.
    CHECK_NEAR(dosi_no2_ambient_ratio(300, 0.2, 0.9) / 300, 0.47388828, 1e-8);
    CHECK_NEAR(dosi_no2_ambient_ratio(20, 0.5, 0.9), 18, 1e-12);
    CHECK_NEAR(dosi_no2_ambient_ratio(900, 0.5, 0.9), 450, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_the_published_ones),
        cmocka_unit_test(the_photostationary_state_balances),
        cmocka_unit_test(a_street_lies_between_mixing_and_balance),
        cmocka_unit_test(air_ages_from_what_is_mixed_to_its_balance),
        cmocka_unit_test(screening_ratios_follow_their_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
