// Goal: emissions are the sum of flow times factor over the fleet, wear is what the guidebook
// prints, curves hold their speeds, and shares that are none are refused.

#include "dosi/emission.h"
#include "test.h"

static void a_curve_is_its_formula_within_its_speeds(void **state) {
    (void)state;
    dosi_emission_model model = dosi_emission_default();
    const dosi_emission_curve *nox =
        &model.exhaust[DOSI_VEHICLE_CAR][DOSI_FUEL_DIESEL][DOSI_EMISSION_NOX];
    CHECK_NEAR(dosi_emission_exhaust(nox, 5), dosi_emission_exhaust(nox, 10), 1e-12);
    CHECK_NEAR(dosi_emission_exhaust(nox, 200), dosi_emission_exhaust(nox, 130), 1e-12);
    dosi_emission_curve whole = {1, 2, 3, 4, 5, 6, 7, 0.25, 1, 10};
    CHECK_NEAR(dosi_emission_exhaust(&whole, 2), (4 + 4 + 3 + 2) / (20.0 + 12 + 7) * 0.75,
               1e-12);
}

/// A default curve at a speed.
static double factor_of(dosi_vehicle vehicle,
                        dosi_fuel fuel,
                        dosi_emission_species species,
                        double speed_kmh) {
    dosi_emission_model model = dosi_emission_default();
    return dosi_emission_exhaust(&model.exhaust[vehicle][fuel][species], speed_kmh);
}

static void exhaust_is_what_the_guidebook_prints(void **state) {
    (void)state;
    // EMEP/EEA 2019, 1.A.3.b.i-iv, appendix 4: its column of factors at 120 km/h, to the last
    // printed digit. Petrol, medium, Euro 5; diesel, medium, Euro 5.
    const dosi_vehicle car = DOSI_VEHICLE_CAR;
    CHECK_NEAR(factor_of(car, DOSI_FUEL_PETROL, DOSI_EMISSION_CO, 120), 0.9602, 5e-5);
    CHECK_NEAR(factor_of(car, DOSI_FUEL_PETROL, DOSI_EMISSION_NOX, 120), 0.0110, 5e-5);
    CHECK_NEAR(factor_of(car, DOSI_FUEL_PETROL, DOSI_EMISSION_VOC, 120), 0.0111, 5e-5);
    CHECK_NEAR(factor_of(car, DOSI_FUEL_PETROL, DOSI_EMISSION_PM_EXHAUST, 120), 0.0025, 5e-5);
    double diesel = factor_of(car, DOSI_FUEL_DIESEL, DOSI_EMISSION_NOX, 120);
    CHECK_NEAR(diesel, 0.7232, 5e-5);
    // The same curve less 17.6, 37.1 and 69.4 % is what it prints for the steps of Euro 6; the
    // percentages are rounded.
    CHECK_NEAR(diesel * (1 - 0.176), 0.5957, 4e-4);
    CHECK_NEAR(diesel * (1 - 0.371), 0.4551, 4e-4);
    CHECK_NEAR(diesel * (1 - 0.694), 0.2210, 4e-4);
    // Trucks crawl at more than twice the NOx of 40 km/h.
    double slow = factor_of(DOSI_VEHICLE_TRUCK, DOSI_FUEL_DIESEL, DOSI_EMISSION_NOX, 20);
    double brisk = factor_of(DOSI_VEHICLE_TRUCK, DOSI_FUEL_DIESEL, DOSI_EMISSION_NOX, 40);
    CHECK_NEAR(slow, 5.79, 0.01);
    CHECK_NEAR(brisk, 2.70, 0.01);
    // Nothing is negative or without a value from 5 to 130 km/h.
    for (int v = 5; v <= 130; v++) {
        double nox = factor_of(DOSI_VEHICLE_VAN, DOSI_FUEL_DIESEL, DOSI_EMISSION_NOX, v);
        assert_true(nox > 0.5 && nox < 5);
    }
}

static void dust_can_be_stirred_up_again(void **state) {
    (void)state;
    dosi_emission_model model = dosi_emission_default();
    dosi_traffic traffic = {3600, 40, 0.1};
    double without[DOSI_EMISSIONS], with[DOSI_EMISSIONS];
    dosi_emission_of(&model, &traffic, without);
    model.resuspension = 1;
    dosi_emission_of(&model, &traffic, with);
    // One vehicle a second: 40 and 12 mg/km are 40 and 12 ug/m/s.
    CHECK_NEAR(with[DOSI_EMISSION_PM10] - without[DOSI_EMISSION_PM10], 40e-6, 1e-12);
    CHECK_NEAR(with[DOSI_EMISSION_PM25] - without[DOSI_EMISSION_PM25], 12e-6, 1e-12);
    assert_true(with[DOSI_EMISSION_NOX] == without[DOSI_EMISSION_NOX]);
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
    // 1800 cars an hour: one every two seconds; a g/km is 1e-3 g/m.
    double g_km = factor_of(DOSI_VEHICLE_CAR, DOSI_FUEL_DIESEL, DOSI_EMISSION_NOX, 50);
    CHECK_NEAR(out[DOSI_EMISSION_NOX], 0.5e-3 * g_km, 1e-15);
    CHECK_NEAR(out[DOSI_EMISSION_NO2], 0.33 * 0.5e-3 * g_km, 1e-15);
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
    model.exhaust[0][0][0].epsilon = 0;
    assert_int_equal(dosi_emission_check(&model, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exhaust_is_what_the_guidebook_prints),
        cmocka_unit_test(dust_can_be_stirred_up_again),
        cmocka_unit_test(a_curve_is_its_formula_within_its_speeds),
        cmocka_unit_test(wear_is_what_the_guidebook_prints),
        cmocka_unit_test(traffic_of_one_kind_is_flow_times_factor),
        cmocka_unit_test(vehicles_add_up_and_can_be_taken_away),
        cmocka_unit_test(shares_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
