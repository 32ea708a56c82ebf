// Goal: emissions are the sum of flow times factor over the fleet, wear is what the guidebook
// prints, curves hold their speeds, and shares that are none are refused.

#include "dosi/emission.h"
#include "test.h"

static void a_curve_is_its_formula_within_its_speeds(void **state) {
    (void)state;
    // Diesel cars, Euro 4: 1.11 - 0.0202 V + 1.48e-4 V^2 g/km of NOx.
    dosi_emission_model model = dosi_emission_default();
    const dosi_emission_curve *nox =
        &model.exhaust[DOSI_VEHICLE_CAR][DOSI_FUEL_DIESEL][DOSI_EMISSION_NOX];
    CHECK_NEAR(dosi_emission_exhaust(nox, 50), 1.11 - 1.01 + 0.37, 1e-12);
    CHECK_NEAR(dosi_emission_exhaust(nox, 5), dosi_emission_exhaust(nox, 10), 1e-12);
    CHECK_NEAR(dosi_emission_exhaust(nox, 200), dosi_emission_exhaust(nox, 130), 1e-12);
    dosi_emission_curve whole = {1, 2, 3, 4, 5, 6, 7, 0.25, 1, 10};
    CHECK_NEAR(dosi_emission_exhaust(&whole, 2), (4 + 4 + 3 + 2) / (20.0 + 12 + 7) * 0.75,
               1e-12);
}

static void wear_is_what_the_guidebook_prints(void **state) {
    (void)state;
    // EMEP/EEA 2019: a car's tyres 6.4, brakes 7.35, road 7.5 mg/km of PM10, before speed.
    CHECK_NEAR(dosi_emission_wear(DOSI_VEHICLE_CAR, DOSI_EMISSION_PM10, 30),
               1e-3 * (6.4 * 1.39 + 7.35 * 1.67 + 7.5), 1e-12);
    CHECK_NEAR(dosi_emission_wear(DOSI_VEHICLE_TRUCK, DOSI_EMISSION_PM25, 100),
               1e-3 * (18.9 * 0.902 + 12.7 * 0.185 + 20.5), 1e-12);
    // The pieces of the corrections meet.
    for (int v = 0; v < DOSI_VEHICLES; v++) {
        double below = dosi_emission_wear((dosi_vehicle)v, DOSI_EMISSION_PM10, 39.999);
        double above = dosi_emission_wear((dosi_vehicle)v, DOSI_EMISSION_PM10, 40.001);
        CHECK_NEAR(above / below, 1, 1e-3);
    }
}

static void traffic_of_one_kind_is_flow_times_factor(void **state) {
    (void)state;
    dosi_emission_model model = dosi_emission_default();
    model.van_share = 0;
    memset(model.fuel_share[DOSI_VEHICLE_CAR], 0, sizeof model.fuel_share[DOSI_VEHICLE_CAR]);
    model.fuel_share[DOSI_VEHICLE_CAR][DOSI_FUEL_DIESEL] = 1;
    dosi_traffic traffic = {1800, 50, 0};
    double out[DOSI_EMISSIONS];
    dosi_emission_of(&model, &traffic, out);
    // 1800 cars an hour: one every two seconds; 0.47 g/km is 0.47e-3 g/m.
    CHECK_NEAR(out[DOSI_EMISSION_NOX], 0.5 * 0.47e-3, 1e-15);
    CHECK_NEAR(out[DOSI_EMISSION_NO2], 0.46 * 0.5 * 0.47e-3, 1e-15);
    double wear = dosi_emission_wear(DOSI_VEHICLE_CAR, DOSI_EMISSION_PM10, 50);
    CHECK_NEAR(out[DOSI_EMISSION_PM10], out[DOSI_EMISSION_PM_EXHAUST] + 0.5e-3 * wear, 1e-15);
}

static void vehicles_add_up_and_can_be_taken_away(void **state) {
    (void)state;
    dosi_emission_model model = dosi_emission_default();
    dosi_traffic traffic = {1200, 40, 0.1};
    double all[DOSI_EMISSIONS], sum[DOSI_EMISSIONS] = {0}, one[DOSI_EMISSIONS];
    dosi_error err = {""};
    CHECK_OK(dosi_emission_check(&model, &err), err);
    dosi_emission_of(&model, &traffic, all);
    for (int v = 0; v < DOSI_VEHICLES; v++) {
        for (int k = 0; k < DOSI_VEHICLES; k++) model.scale[k] = k == v;
        dosi_emission_of(&model, &traffic, one);
        for (int s = 0; s < DOSI_EMISSIONS; s++) sum[s] += one[s];
    }
    for (int s = 0; s < DOSI_EMISSIONS; s++) {
        assert_true(all[s] > 0);
        CHECK_NEAR(sum[s] / all[s], 1, 1e-12);
    }
    assert_true(all[DOSI_EMISSION_PM25] < all[DOSI_EMISSION_PM10]);
}

static void shares_that_are_none_are_refused(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_emission_model model = dosi_emission_default();
    model.fuel_share[DOSI_VEHICLE_BUS][DOSI_FUEL_CNG] += 0.1;
    assert_int_equal(dosi_emission_check(&model, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "bus"));
    model = dosi_emission_default();
    model.van_share = -0.1;
    assert_int_equal(dosi_emission_check(&model, &err), DOSI_DOMAIN);
    model = dosi_emission_default();
    model.exhaust[0][0][0].eta = 0;
    model.exhaust[0][0][0].zeta = 0;
    assert_int_equal(dosi_emission_check(&model, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_is_its_formula_within_its_speeds),
        cmocka_unit_test(wear_is_what_the_guidebook_prints),
        cmocka_unit_test(traffic_of_one_kind_is_flow_times_factor),
        cmocka_unit_test(vehicles_add_up_and_can_be_taken_away),
        cmocka_unit_test(shares_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
