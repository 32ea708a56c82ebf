// Goal: calibrations are found again where they are known, published ones have their published
// coefficients, and scores are what they say.

#include "dosi/calibrate.h"
#include "dosi/random.h"
#include "test.h"

enum { HOURS = 2000, ROWS = 6 };

/// A sensor that sees (truth x growth + offset) x gain with a drift, every 50th hour far off.
static void make_sensor(double (*column)[HOURS], double kappa, double drift) {
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t h = 0; h < HOURS; h++) {
        double truth = 25 + 20 * sin((double)h / 40) + 3 * dosi_random_normal(&random);
        double rh = 55 + 35 * sin((double)h * 2 * M_PI / 24);
        double days = (double)h / 24, growth = 1 + kappa / (100 / rh - 1);
        truth = fmax(truth, 1);
        column[0][h] = (truth * growth - 2) * 1.4 / (1 + drift * days);
        column[0][h] += h % 50 == 7 ? 90 : 0.3 * dosi_random_normal(&random);
        column[1][h] = rh;
        column[2][h] = truth;
        column[3][h] = days;
    }
}

static void known_sensors_are_found_again(void **state) {
    (void)state;
    static double column[ROWS][HOURS];
    make_sensor(column, 0.3, 0.004);
    dosi_calibration_data data = {
        DOSI_CALIBRATION_KOHLER, true, 100, HOURS, column[0], column[1], column[2], column[3]};
    dosi_calibration c;
    dosi_error err = {""};
    CHECK_OK(dosi_calibration_fit(&data, column[5], &c, &err), err);
    CHECK_NEAR(c.kappa, 0.3, 0.01);
    CHECK_NEAR(c.slope, 1 / 1.4, 0.01);
    CHECK_NEAR(c.slope_per_day / c.slope, 0.004, 0.0004);
    CHECK_NEAR(c.intercept, 2, 0.2);
    for (size_t h = 0; h < HOURS; h++) {
        column[4][h] = dosi_calibration_apply(&c, column[0][h], column[1][h], column[3][h]);
        if (h % 50 == 7) column[4][h] = NAN;
    }
    dosi_calibration_score after = dosi_calibration_judge(column[4], column[2], HOURS);
    dosi_calibration_score before = dosi_calibration_judge(column[0], column[2], HOURS);
    assert_true(after.rmse < 0.5 && after.r2 > 0.999 && after.meets_targets);
    assert_true(before.rmse > 10 && !before.meets_targets);
    // Outliers pull a fit that is not robust; a line knows nothing of humidity.
    dosi_calibration plain, line;
    data.is_robust = false;
    CHECK_OK(dosi_calibration_fit(&data, column[5], &plain, &err), err);
    assert_true(fabs(plain.slope - 1 / 1.4) > 5 * fabs(c.slope - 1 / 1.4));
    data.is_robust = true;
    data.form = DOSI_CALIBRATION_LINEAR;
    CHECK_OK(dosi_calibration_fit(&data, column[5], &line, &err), err);
    for (size_t h = 0; h < HOURS; h++) {
        column[4][h] = dosi_calibration_apply(&line, column[0][h], column[1][h], column[3][h]);
        if (h % 50 == 7) column[4][h] = NAN;
    }
    assert_true(dosi_calibration_judge(column[4], column[2], HOURS).rmse > 4 * after.rmse);
}

static void published_corrections_have_their_coefficients(void **state) {
    (void)state;
    dosi_calibration b = dosi_calibration_barkjohn(), n = dosi_calibration_nilson();
    CHECK_NEAR(dosi_calibration_apply(&b, 50, 60, 0), 0.524 * 50 - 0.0862 * 60 + 5.75, 1e-12);
    CHECK_NEAR(dosi_calibration_apply(&n, 50, 50, 0), 50 / 1.24, 1e-12);
    CHECK_NEAR(dosi_calibration_apply(&n, 50, 95, 0), 50 / (1 + 0.24 / (100.0 / 70 - 1)),
               1e-12);
    CHECK_NEAR(dosi_calibration_apply(&n, 50, 10, 0), 50 / (1 + 0.24 / (100.0 / 30 - 1)),
               1e-12);
    assert_true(isnan(dosi_calibration_apply(&n, 50, NAN, 0)));
    assert_true(isnan(dosi_calibration_apply(&b, NAN, 50, 0)));
}

static void a_line_with_humidity_is_exact(void **state) {
    (void)state;
    static double raw[HOURS], rh[HOURS], reference[HOURS], room[HOURS];
    for (size_t h = 0; h < HOURS; h++) {
        raw[h] = 10 + (double)(h % 37);
        rh[h] = 30 + (double)(h % 53);
        reference[h] = h % 5 ? 0.6 * raw[h] - 0.05 * rh[h] + 4 : (double)NAN;
    }
    const dosi_calibration_data data = {
        DOSI_CALIBRATION_HUMIDITY, false, 3, HOURS, raw, rh, reference, NULL};
    dosi_calibration c;
    dosi_error err = {""};
    CHECK_OK(dosi_calibration_fit(&data, room, &c, &err), err);
    CHECK_NEAR(c.slope, 0.6, 1e-9);
    CHECK_NEAR(c.humidity, -0.05, 1e-9);
    CHECK_NEAR(c.intercept, 4, 1e-7);
    assert_int_equal(c.n, HOURS - HOURS / 5);
}

static void too_little_is_refused(void **state) {
    (void)state;
    double raw[4] = {1, 2, NAN, 4}, reference[4] = {1, NAN, 3, 4}, room[4];
    const dosi_calibration_data data = {
        DOSI_CALIBRATION_LINEAR, false, 3, 4, raw, NULL, reference, NULL};
    dosi_calibration c;
    dosi_error err = {""};
    CHECK_STATUS(dosi_calibration_fit(&data, room, &c, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "2 hours"));
    double same[4] = {5, 5, 5, 5};
    const dosi_calibration_data flat = {
        DOSI_CALIBRATION_LINEAR, false, 3, 4, same, NULL, same, NULL};
    CHECK_STATUS(dosi_calibration_fit(&flat, room, &c, &err), DOSI_DOMAIN);
}

static void well_mixed_hours_are_those_in_which_the_network_agrees(void **state) {
    (void)state;
    const double values[5 * 3] = {20, 10, 20, 21, 40, NAN, 19, 20, NAN, 20, 60, 20, 22, 5, 21};
    double field[3], room[5];
    assert_int_equal(dosi_calibration_mixed_field(values, 5, 3, 0.15, field, room), 1);
    CHECK_NEAR(field[0], 20, 0);
    assert_true(isnan(field[1]) && isnan(field[2])); // apart; too few
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sensors_are_found_again),
        cmocka_unit_test(published_corrections_have_their_coefficients),
        cmocka_unit_test(a_line_with_humidity_is_exact),
        cmocka_unit_test(too_little_is_refused),
        cmocka_unit_test(well_mixed_hours_are_those_in_which_the_network_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
