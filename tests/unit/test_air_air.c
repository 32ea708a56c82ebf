// Goal: the index has every published breakpoint and rule, and quality control finds the faults
// that are put in and nothing else.

#include "dosi/quality.h"
#include "dosi/random.h"
#include "test.h"

static const dosi_cai_table *now(void) {
    return dosi_cai_table_at(INT64_C(1580515200000000));
}

enum { ENDS = 2 * DOSI_CAI_GRADES };

static void every_breakpoint_has_its_index(void **state) {
    (void)state;
    // Published table: pollutant, ends of the four grades.
    static const double ends[DOSI_AIR_COUNT][ENDS] = {
        [DOSI_AIR_SO2] = {0, .020, .021, .050, .051, .150, .151, 1},
        [DOSI_AIR_CO] = {0, 2, 2.01, 9, 9.01, 15, 15.01, 50},
        [DOSI_AIR_O3] = {0, .030, .031, .090, .091, .150, .151, .6},
        [DOSI_AIR_NO2] = {0, .030, .031, .060, .061, .200, .201, 2},
        [DOSI_AIR_PM10] = {0, 30, 31, 80, 81, 150, 151, 600},
        [DOSI_AIR_PM25] = {0, 15, 16, 35, 36, 75, 76, 500},
    };
    static const double index[ENDS] = {0, 50, 51, 100, 101, 250, 251, 500};
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        for (size_t e = 0; e < ENDS; e++) {
            CHECK_NEAR(dosi_cai_sub_index(now(), (dosi_pollutant)p, ends[p][e]), index[e],
                       1e-9);
        }
        double last = -1;
        for (int i = 0; i <= 4000; i++) { // never falls, gaps between grades included
            double c = ends[p][7] * i / 4000;
            double sub = dosi_cai_sub_index(now(), (dosi_pollutant)p, c);
            assert_true(sub >= last);
            last = sub;
        }
        CHECK_NEAR(dosi_cai_sub_index(now(), (dosi_pollutant)p, 2 * ends[p][7]), 500, 0);
        assert_true(isnan(dosi_cai_sub_index(now(), (dosi_pollutant)p, -0.001)));
        assert_true(isnan(dosi_cai_sub_index(now(), (dosi_pollutant)p, NAN)));
    }
}

static void tables_change_on_their_day(void **state) {
    (void)state;
    int64_t day = dosi_days_from_civil(2018, 3, 27) * DOSI_DAY_US;
    CHECK_NEAR(dosi_cai_sub_index(dosi_cai_table_at(day), DOSI_AIR_PM25, 35), 100, 1e-9);
    CHECK_NEAR(dosi_cai_sub_index(dosi_cai_table_at(day - 1), DOSI_AIR_PM25, 50), 100, 1e-9);
    size_t n = 0;
    const dosi_cai_table *tables = dosi_cai_tables(&n);
    for (size_t i = 1; i < n; i++) assert_true(tables[i].from > tables[i - 1].from);
}

static void bad_pollutants_together_count_more(void **state) {
    (void)state;
    double c[DOSI_AIR_COUNT] = {0.002, 0.4, 0.02, 0.02, 20, 10}; // all good
    dosi_cai cai = dosi_cai_of(now(), c, true);
    assert_int_equal(cai.grade, 1);
    assert_int_equal(cai.n_bad, 0);
    c[DOSI_AIR_PM25] = 36; // one bad: 101
    cai = dosi_cai_of(now(), c, true);
    assert_int_equal(cai.index, 101);
    assert_int_equal(cai.responsible, DOSI_AIR_PM25);
    c[DOSI_AIR_PM10] = 81; // two: 101 + 50
    cai = dosi_cai_of(now(), c, true);
    assert_int_equal(cai.index, 151);
    assert_int_equal(cai.n_bad, 2);
    c[DOSI_AIR_NO2] = 0.061; // three: 101 + 75
    assert_int_equal(dosi_cai_of(now(), c, true).index, 176);
    c[DOSI_AIR_PM25] = c[DOSI_AIR_PM10] = 600; // never above 500
    assert_int_equal(dosi_cai_of(now(), c, true).index, 500);
}

static void halves_round_up(void **state) {
    (void)state;
    double c[DOSI_AIR_COUNT] = {NAN, NAN, 0, 0, 0.3, 0};
    // PM10 0.3 -> 0.5 -> 1
    assert_int_equal(dosi_cai_of(now(), c, true).index, 1);
}

static void what_is_needed_must_be_there(void **state) {
    (void)state;
    const double all[DOSI_AIR_COUNT] = {0.002, 0.4, 0.02, 0.02, 20, 10};
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        double c[DOSI_AIR_COUNT];
        memcpy(c, all, sizeof c);
        c[p] = NAN;
        bool may_be_missing = p == DOSI_AIR_SO2 || p == DOSI_AIR_CO;
        dosi_cai cai = dosi_cai_of(now(), c, true);
        assert_true((cai.index >= 0) == may_be_missing);
        assert_true((cai.grade > 0) == may_be_missing);
        assert_true(dosi_cai_of(now(), c, false).index >= 0);
    }
}

static void predicted_day_means_follow_the_rule(void **state) {
    (void)state;
    double hours[12];
    for (size_t i = 0; i < 12; i++) hours[i] = 20; // below 30: nothing is adjusted
    CHECK_NEAR(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75), 20, 1e-12);
    for (size_t i = 0; i < 12; i++) hours[i] = 80; // all four count as 60
    CHECK_NEAR(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75), (80 + 60) / 2.0, 1e-12);
    CHECK_NEAR(dosi_cai_predict_24h(DOSI_AIR_PM10, hours, 0.75), (80 + 60) / 2.0, 1e-12);
    // Rising fast: C12 = (8 x 20 + 4 x 100) / 12 = 46.67, 100 / 46.67 > 1.7: kept.
    for (size_t i = 0; i < 8; i++) hours[i] = 20;
    for (size_t i = 8; i < 12; i++) hours[i] = 100;
    CHECK_NEAR(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75), (560.0 / 12 + 100) / 2, 1e-12);
    // Falling: 40 / C12 < 0.9 is kept although above 30.
    for (size_t i = 0; i < 8; i++) hours[i] = 100;
    for (size_t i = 8; i < 12; i++) hours[i] = 40;
    CHECK_NEAR(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75), (80.0 + 40) / 2, 1e-12);
    for (size_t i = 0; i < 3; i++) hours[i] = NAN; // nine hours are three quarters
    assert_true(!isnan(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75)));
    hours[3] = NAN;
    assert_true(isnan(dosi_cai_predict_24h(DOSI_AIR_PM25, hours, 0.75)));
}

enum { HOURS = 240 };

/// A day's rhythm with a little noise, in whole ug/m3 as stations report it.
static void make_series(double *values, uint64_t stream) {
    dosi_random random = dosi_random_init(test_seed(), stream);
    for (size_t i = 0; i < HOURS; i++) {
        double wave = 25 + 10 * sin((double)i * 2 * M_PI / 24);
        values[i] = round(wave + 3 * dosi_random_normal(&random));
    }
}

static void faults_that_are_put_in_are_found(void **state) {
    (void)state;
    double values[HOURS];
    uint32_t flags[HOURS] = {0};
    dosi_qc_limits limits = dosi_qc_limits_default(DOSI_AIR_PM25);
    make_series(values, 1);
    dosi_qc_series(&limits, values, HOURS, flags);
    for (size_t i = 0; i < HOURS; i++) assert_int_equal(flags[i], 0);
    values[30] = NAN;
    values[50] = -4;
    values[60] = 1500;
    values[100] = values[99] + 150; // one hour up and back
    for (size_t i = 150; i < 165; i++) values[i] = 31;
    dosi_qc_series(&limits, values, HOURS, flags);
    for (size_t i = 0; i < HOURS; i++) {
        uint32_t expected = i == 30 ? DOSI_QC_MISSING : 0;
        if (i == 50 || i == 60) expected = DOSI_QC_RANGE;
        if (i == 60 || i == 100) expected |= DOSI_QC_SPIKE;
        if (i >= 150 && i < 165) expected = DOSI_QC_FLAT;
        // Noise may lengthen the flat run by equal neighbours.
        if ((i == 149 || i == 165) && values[i] == 31) continue;
        assert_int_equal(flags[i], expected);
    }
}

static void an_episode_is_not_a_fault(void **state) {
    (void)state;
    double values[24];
    uint32_t flags[24] = {0};
    for (size_t i = 0; i < 24; i++) {
        values[i] = 20 + 130 * exp(-pow(((double)i - 12) / 3, 2)); // rises and falls in hours
    }
    dosi_qc_limits limits = dosi_qc_limits_default(DOSI_AIR_PM25);
    dosi_qc_series(&limits, values, 24, flags);
    for (size_t i = 0; i < 24; i++) assert_int_equal(flags[i], 0);
}

static void a_station_unlike_its_neighbours_is_flagged(void **state) {
    (void)state;
    double values[6] = {20, 22, 25, 140, 21, NAN};
    uint32_t neighbours[6 * 4], flags[6] = {0};
    for (uint32_t i = 0; i < 6; i++) {
        for (uint32_t j = 0, other = 0; j < 4; other++) {
            if (other != i) neighbours[i * 4 + j++] = other;
        }
    }
    dosi_qc_limits limits = dosi_qc_limits_default(DOSI_AIR_PM25);
    dosi_qc_neighbours(&limits, values, 6, neighbours, 4, flags);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(flags[i], i == 3 ? DOSI_QC_NEIGHBOUR : 0);
    }
    for (size_t i = 0; i < 6; i++) values[i] = 140 + (double)i; // all high: an episode
    memset(flags, 0, sizeof flags);
    dosi_qc_neighbours(&limits, values, 6, neighbours, 4, flags);
    for (size_t i = 0; i < 6; i++) assert_int_equal(flags[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_breakpoint_has_its_index),
        cmocka_unit_test(tables_change_on_their_day),
        cmocka_unit_test(bad_pollutants_together_count_more),
        cmocka_unit_test(halves_round_up),
        cmocka_unit_test(what_is_needed_must_be_there),
        cmocka_unit_test(predicted_day_means_follow_the_rule),
        cmocka_unit_test(faults_that_are_put_in_are_found),
        cmocka_unit_test(an_episode_is_not_a_fault),
        cmocka_unit_test(a_station_unlike_its_neighbours_is_flagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
