// Goal: indices of other countries follow their published tables and examples, by date; data
// capture, ambient standards and alerts follow their rules.

#include "dosi/alert.h"
#include "dosi/capture.h"
#include "dosi/index.h"
#include "dosi/standard.h"
#include "test.h"

static dosi_time day(int year, int month, int d) {
    return dosi_days_from_civil(year, month, d) * DOSI_DAY_US;
}

static double sub(const char *id, dosi_measure measure, double concentration) {
    const dosi_index_version *version = dosi_index_version_find(id);
    assert_non_null(version);
    return dosi_index_sub(version, measure, concentration);
}

static void the_epa_s_own_examples_come_out(void **state) {
    (void)state;
    // EPA-454/B-24-002 and EPA-454/B-18-007, chapter IV: ozone 0.07853333 ppm over 8 hours is
    // cut to 0.078: 126; PM2.5 of 35.9 ug/m3: 102; CO of 8.4 ppm: 90.
    static const char *const ids[] = {"us-2016-01", "us-2024-05"};
    for (int i = 0; i < 2; i++) {
        CHECK_NEAR(sub(ids[i], DOSI_MEASURE_O3_8H, 0.07853333), 126, 0);
        CHECK_NEAR(sub(ids[i], DOSI_MEASURE_PM25_24H, 35.9), 102, 0);
        CHECK_NEAR(sub(ids[i], DOSI_MEASURE_CO_8H, 8.4), 90, 0);
    }
    double c[DOSI_MEASURE_COUNT];
    for (int m = 0; m < DOSI_MEASURE_COUNT; m++) c[m] = NAN;
    c[DOSI_MEASURE_O3_8H] = 0.078;
    c[DOSI_MEASURE_PM25_24H] = 35.9;
    c[DOSI_MEASURE_CO_8H] = 8.4;
    dosi_index index = dosi_index_of(dosi_index_version_find("us-2024-05"), c);
    CHECK_NEAR(index.value, 126, 0);
    assert_int_equal(index.responsible, DOSI_MEASURE_O3_8H);
    assert_int_equal(index.level, 3);
}

static void ends_of_the_american_table_have_its_indices(void **state) {
    (void)state;
    static const struct {
        const char *id;
        dosi_measure measure;
        double end[7], start[7]; // of each level; 0: not defined
    } rows[] = {
        {"us-2024-05",
         DOSI_MEASURE_PM25_24H,
         {9.0, 35.4, 55.4, 125.4, 225.4, 325.4},
         {0, 9.1, 35.5, 55.5, 125.5, 225.5}},
        {"us-2016-01",
         DOSI_MEASURE_PM25_24H,
         {12.0, 35.4, 55.4, 150.4, 250.4, 350.4, 500.4},
         {0, 12.1, 35.5, 55.5, 150.5, 250.5, 350.5}},
        {"us-2024-05",
         DOSI_MEASURE_PM10_24H,
         {54, 154, 254, 354, 424, 604},
         {0, 55, 155, 255, 355, 425}},
        {"us-2024-05",
         DOSI_MEASURE_O3_8H,
         {.054, .070, .085, .105, .200},
         {0, .055, .071, .086, .106}},
        {"us-2024-05",
         DOSI_MEASURE_NO2_1H,
         {.053, .100, .360, .649, 1.249, 2.049},
         {0, .054, .101, .361, .650, 1.250}},
        {"us-2024-05", DOSI_MEASURE_SO2_1H, {.035, .075, .185, .304}, {0, .036, .076, .186}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const dosi_index_version *version = dosi_index_version_find(rows[r].id);
        for (size_t i = 0; i < version->n_levels && rows[r].end[i] > 0; i++) {
            double low = i == 0 ? 0 : version->index_high[i - 1] + 1;
            CHECK_NEAR(sub(rows[r].id, rows[r].measure, rows[r].end[i]), version->index_high[i],
                       0);
            CHECK_NEAR(sub(rows[r].id, rows[r].measure, rows[r].start[i]), low, 0);
        }
    }
    CHECK_NEAR(sub("us-2024-05", DOSI_MEASURE_PM25_24H, 9.09), 50, 0); // cut, not rounded
    assert_true(isnan(sub("us-2024-05", DOSI_MEASURE_SO2_1H, 0.4)));   // the day's mean says it
    assert_true(isnan(sub("us-2024-05", DOSI_MEASURE_SO2_24H, 0.3)));
    assert_true(isnan(sub("us-2024-05", DOSI_MEASURE_O3_1H, 0.1)));
    CHECK_NEAR(sub("us-2024-05", DOSI_MEASURE_O3_1H, 0.125), 101, 0);
    CHECK_NEAR(sub("us-2024-05", DOSI_MEASURE_PM25_24H, 900), 500, 0);
    assert_true(isnan(sub("us-2024-05", DOSI_MEASURE_PM25_24H, -1)));
}

/// Steps of a row from its lowest value to a tenth above its highest, in the table's step: the
/// index never falls, never leaves out the first value of a level, and is the same everywhere
/// within a step.
static void check_row(const dosi_index_version *v, dosi_measure measure) {
    const dosi_index_row *row = &v->rows[measure];
    double step = row->step > 0 ? row->step : 0.5, top = 0, last = -1;
    for (size_t i = 0; i < v->n_levels; i++) top = fmax(top, row->high[i]);
    size_t n = (size_t)(1.1 * top / step);
    for (size_t k = 0; k <= n; k++) {
        double here = dosi_index_sub(v, measure, (double)k * step / row->factor);
        if (isnan(here)) {
            // Below where the row begins, or above where another row goes on.
            bool is_outside =
                (double)k * step < row->low - 1e-9 || last >= 0 || isnan(row->high[0]);
            assert_true(is_outside);
            continue;
        }
        assert_true(here >= last && here >= (v->index_high[0] == 0 ? 1 : 0));
        assert_true(here <= (v->index_high[0] == 0 ? (double)v->n_levels : 500));
        if (row->step > 0) {
            double within = ((double)k + 0.98) * step / row->factor; // cut, not rounded
            CHECK_NEAR(dosi_index_sub(v, measure, within), here, 0);
        }
        last = here;
    }
    assert_true(last > 0);
}

static void an_index_never_falls_over_its_whole_range(void **state) {
    (void)state;
    size_t n = 0, n_rows = 0;
    const dosi_index_version *versions = dosi_index_versions(&n);
    for (size_t i = 0; i < n; i++) {
        for (int m = 0; m < DOSI_MEASURE_COUNT; m++) {
            if (versions[i].rows[m].factor == 0) continue;
            check_row(&versions[i], (dosi_measure)m);
            n_rows++;
        }
        if (i == 0 || strcmp(versions[i].index, versions[i - 1].index) != 0) continue;
        assert_true(versions[i].from > versions[i - 1].from);
    }
    assert_int_equal(n_rows, 2 * 8 + 3 * 5);
}

static void tables_change_on_their_day(void **state) {
    (void)state;
    const dosi_index_version *before = dosi_index_version_at("us", day(2024, 5, 6) - 1);
    const dosi_index_version *after = dosi_index_version_at("us", day(2024, 5, 6));
    CHECK_NEAR(dosi_index_sub(before, DOSI_MEASURE_PM25_24H, 10), 42, 0);
    CHECK_NEAR(dosi_index_sub(after, DOSI_MEASURE_PM25_24H, 10), 53, 0);
    assert_string_equal(dosi_index_version_at("eu", day(2018, 1, 1))->id, "eu-2017-11");
    assert_string_equal(dosi_index_version_at("eu", day(2022, 1, 1))->id, "eu-2021");
    assert_string_equal(dosi_index_version_at("eu", day(2025, 6, 1))->id, "eu-2024");
    assert_null(dosi_index_version_at("moon", 0));
    // 0.05 ppm of NO2 are 95.6 ug/m3.
    CHECK_NEAR(sub("eu-2017-11", DOSI_MEASURE_NO2_1H, 0.05), 2, 0);
    CHECK_NEAR(sub("eu-2021", DOSI_MEASURE_NO2_1H, 0.05), 3, 0);
    CHECK_NEAR(sub("eu-2024", DOSI_MEASURE_NO2_1H, 0.05), 4, 0);
    CHECK_NEAR(sub("eu-2024", DOSI_MEASURE_PM25_1H, 5), 1, 0);
    CHECK_NEAR(sub("eu-2024", DOSI_MEASURE_PM25_1H, 5.1), 2, 0);
    CHECK_NEAR(sub("eu-2024", DOSI_MEASURE_PM25_1H, 141), 6, 0);
    assert_true(isnan(sub("eu-2024", DOSI_MEASURE_PM25_24H, 20))); // hourly since 2024
}

static void nowcast_weighs_by_how_much_the_air_changes(void **state) {
    (void)state;
    double hours[12];
    for (int i = 0; i < 12; i++) hours[i] = 40;
    CHECK_NEAR(dosi_index_nowcast(hours), 40, 1e-12);
    static const double rising[12] = {13, 16, 10, 21, 74, 64, 53, 82, 90, 75, 80, 50};
    double sum = 0, weight = 0; // w = 10/90 -> 0.5
    for (int age = 0; age < 12; age++) {
        sum += pow(0.5, age) * rising[11 - age];
        weight += pow(0.5, age);
    }
    CHECK_NEAR(dosi_index_nowcast(rising), sum / weight, 1e-12);
    CHECK_NEAR(dosi_index_nowcast(rising), 64.26, 0.01);
    for (int i = 0; i < 12; i++) hours[i] = i < 6 ? 20 : 30; // w = 2/3
    hours[9] = NAN;
    assert_true(!isnan(dosi_index_nowcast(hours)));
    hours[10] = NAN;
    assert_true(isnan(dosi_index_nowcast(hours))); // one of the latest three
}

static void capture_counts_what_is_there(void **state) {
    (void)state;
    assert_int_equal(dosi_capture_least(12, 0.75), 9);
    assert_int_equal(dosi_capture_least(24, 0.75), 18);
    assert_int_equal(dosi_capture_least(8, 0.75), 6);
    assert_int_equal(dosi_capture_least(10, 0.1), 1); // 0.1 x 10 is not a hair above 1
    assert_int_equal(dosi_capture_least(5, 0.001), 1);
    double v[8] = {1, 2, 3, 4, 5, 6, NAN, NAN}, out[8];
    CHECK_NEAR(dosi_capture_mean(v, 8, 0.75), 3.5, 1e-12);
    v[0] = NAN;
    assert_true(isnan(dosi_capture_mean(v, 8, 0.75)));
    dosi_capture_running_mean(v, 8, 3, 0.75, out); // all 3 of 3
    assert_true(isnan(out[1]) && isnan(out[2]) && isnan(out[6]));
    CHECK_NEAR(out[3], 3, 1e-12);
    double many[1000];
    for (int i = 0; i < 1000; i++) many[i] = 1000 - i;
    CHECK_NEAR(dosi_capture_percentile(many, 1000, 99.9, 1), 999, 0);
    CHECK_NEAR(dosi_capture_percentile(many, 1000, 100, 1), 1000, 0);
}

static const dosi_standard *standard_of(dosi_pollutant p,
                                        dosi_standard_span span,
                                        bool newest) {
    size_t n = 0;
    const dosi_standard *all = dosi_standards(&n), *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (all[i].pollutant == p && all[i].span == span && (!found || newest)) found = &all[i];
    }
    assert_non_null(found);
    return found;
}

static void a_year_is_judged_or_said_to_be_too_thin(void **state) {
    (void)state;
    enum { N = 8760 };
    double *hours = malloc(3 * N * sizeof *hours);
    assert_non_null(hours);
    for (int h = 0; h < N; h++) hours[h] = h < 24 * 4 ? 60 : 10; // four days above 35
    const dosi_standard *pm = standard_of(DOSI_AIR_PM25, DOSI_STANDARD_24H, true);
    CHECK_NEAR(pm->limit, 35, 0);
    dosi_standard_result r = dosi_standard_compare(pm, hours, N, 0.75, hours + N);
    // 99 % of 365 days: the 362nd; three days may exceed, four may not.
    assert_true(r.is_enough && !r.is_met && r.n_above == 4 && r.n_valid == 365);
    CHECK_NEAR(r.value, 60, 1e-12);
    for (int h = 0; h < 24; h++) hours[h] = 10;
    r = dosi_standard_compare(pm, hours, N, 0.75, hours + N);
    assert_true(r.is_enough && r.is_met && r.n_above == 3);
    const dosi_standard *year = standard_of(DOSI_AIR_PM25, DOSI_STANDARD_YEAR, true);
    r = dosi_standard_compare(year, hours, N, 0.75, hours + N);
    assert_true(r.is_met);
    CHECK_NEAR(r.value, (72.0 * 60 + (N - 72.0) * 10) / N, 1e-9);
    for (int h = 4000; h < 4000 + N / 4 + 2; h++) hours[h] = NAN; // more than a quarter is gone
    r = dosi_standard_compare(year, hours, N, 0.75, hours + N);
    assert_true(!r.is_enough && !r.is_met && isnan(r.value));
    // 8 h of ozone run hour by hour: 8 equal hours make one mean at the limit, which is met.
    for (int h = 0; h < N; h++) hours[h] = 0.06;
    r = dosi_standard_compare(standard_of(DOSI_AIR_O3, DOSI_STANDARD_8H, true), hours, N, 0.75,
                              hours + N);
    assert_true(r.is_met && r.n_above == 0 && r.n_valid == N - 5); // from the 6th hour on
    free(hours);
}

/// Steps a rule through values; the levels as digits.
static void step_all(const dosi_alert_rule *rule, const double *v, size_t n, char *out) {
    dosi_alert_state state = {0};
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)('0' + (int)dosi_alert_step(rule, &state, v[i]));
    }
    out[n] = '\0';
}

static void particles_need_two_hours_and_ozone_one(void **state) {
    (void)state;
    char levels[32];
    const dosi_alert_rule *pm25 = dosi_alert_rule_at(DOSI_AIR_PM25, day(2020, 1, 1));
    const double a[] = {75, 74.9, 75, 80, 36, 35, 34.9, 75, NAN, 75, 75};
    step_all(pm25, a, 11, levels);
    assert_string_equal(levels, "00011100001"); // a missing hour ends the count
    const double b[] = {160, 160, 100, 75, 74, 34, 200, 200, 20};
    step_all(pm25, b, 9, levels);
    assert_string_equal(levels, "022210020"); // warning at once, lowered, released
    const double c[] = {80, 80, NAN, NAN, 80, 20};
    step_all(pm25, c, 6, levels);
    assert_string_equal(levels, "011110"); // a missing hour changes no level
    const dosi_alert_rule *o3 = dosi_alert_rule_at(DOSI_AIR_O3, day(2020, 1, 1));
    const double d[] = {0.119, 0.12, 0.3, 0.5, 0.499, 0.299, 0.1199, 0.6};
    step_all(o3, d, 8, levels);
    assert_string_equal(levels, "01232103");
    const dosi_alert_rule *pm10 = dosi_alert_rule_at(DOSI_AIR_PM10, day(2020, 1, 1));
    const double e[] = {150, 150, 300, 300, 149, 100, 99};
    step_all(pm10, e, 7, levels);
    assert_string_equal(levels, "0112110");
}

static void rules_change_on_their_day(void **state) {
    (void)state;
    assert_null(dosi_alert_rule_at(DOSI_AIR_PM25, day(2014, 12, 31)));
    assert_null(dosi_alert_rule_at(DOSI_AIR_NO2, day(2020, 1, 1)));
    CHECK_NEAR(dosi_alert_rule_at(DOSI_AIR_PM25, day(2018, 7, 1) - 1)->issue[1], 90, 0);
    CHECK_NEAR(dosi_alert_rule_at(DOSI_AIR_PM25, day(2018, 7, 1))->issue[1], 75, 0);
}

static void a_zone_is_its_mean_or_its_highest_station(void **state) {
    (void)state;
    const dosi_alert_rule *pm10 = dosi_alert_rule_at(DOSI_AIR_PM10, INT64_MAX);
    const dosi_alert_rule *o3 = dosi_alert_rule_at(DOSI_AIR_O3, INT64_MAX);
    const double v[] = {100, 200, NAN, NAN, NAN};
    CHECK_NEAR(dosi_alert_zone_value(pm10, v, 4, 0.5), 150, 1e-12);
    assert_true(isnan(dosi_alert_zone_value(pm10, v, 5, 0.5)));
    CHECK_NEAR(dosi_alert_zone_value(o3, v, 5, 0.5), 200, 0);
    assert_true(isnan(dosi_alert_zone_value(o3, v + 2, 3, 0.5)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_epa_s_own_examples_come_out),
        cmocka_unit_test(ends_of_the_american_table_have_its_indices),
        cmocka_unit_test(an_index_never_falls_over_its_whole_range),
        cmocka_unit_test(tables_change_on_their_day),
        cmocka_unit_test(nowcast_weighs_by_how_much_the_air_changes),
        cmocka_unit_test(capture_counts_what_is_there),
        cmocka_unit_test(a_year_is_judged_or_said_to_be_too_thin),
        cmocka_unit_test(particles_need_two_hours_and_ozone_one),
        cmocka_unit_test(rules_change_on_their_day),
        cmocka_unit_test(a_zone_is_its_mean_or_its_highest_station),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
