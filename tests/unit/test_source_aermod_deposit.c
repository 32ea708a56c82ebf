// Goal: what an AERMOD run says of particles, gases and units is read, its faults are named;
// and rows of its results are numbers however Fortran wrote them.

#include "source/aermod_deck.h"
#include "source/aermod_row.h"
#include "test.h"

/// A run around lines of the CO and SO pathways.
static dosi_status read_deck(const char *control,
                             const char *sources,
                             dosi_aermod_deck *out,
                             dosi_error *err) {
    static char text[4096];
    (void)snprintf(text, sizeof text,
                   "CO STARTING\n%sCO FINISHED\nSO STARTING\n"
                   "   LOCATION A1 POINT 0. 0. 0.\n   LOCATION A2 POINT 9. 0. 0.\n"
                   "   SRCPARAM A1 1 10 300 5 1\n   SRCPARAM A2 1 10 300 5 1\n%s"
                   "SO FINISHED\nRE STARTING\n   DISCCART 1. 2.\nRE FINISHED\n"
                   "ME STARTING\n   SURFFILE a.sfc\nME FINISHED\n",
                   control, sources);
    const dosi_aermod_text deck = {"test.inp", text, strlen(text)};
    return dosi_aermod_deck_read(&deck, NULL, out, err);
}

static void particles_belong_to_their_sources(void **state) {
    (void)state;
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(read_deck("   MODELOPT WDEP DDEP CONC NODRYDPLT\n",
                       "   PARTDIAM A1-A2 2. 10.\n   PARTDIAM A1 30.\n   MASSFRAX A1 .3 .4 .3\n"
                       "   MASSFRAX A2 2*0.5\n   PARTDENS A1 3*2.65\n   PARTDENS A2 1. 2.\n",
                       &deck, &err),
             err);
    assert_int_equal(deck.n_particles, 2);
    const dosi_aermod_particles *one = &deck.particles[deck.sources[0].particles - 1];
    const dosi_aermod_particles *two = &deck.particles[deck.sources[1].particles - 1];
    assert_int_equal(one->n[0], 3);
    CHECK_NEAR(one->diameter_um[2], 30, 0);
    CHECK_NEAR(one->density_gcm3[2], 2.65, 0);
    CHECK_NEAR(two->fraction[1], 0.5, 0);
    CHECK_NEAR(two->density_gcm3[1], 2, 0);
    assert_int_equal(deck.n_outputs, 3);
    assert_true(deck.has_output[AERMOD_WDEP] && !deck.has_output[AERMOD_DEPOS]);
    assert_true(deck.is_kept_dry && !deck.is_kept_wet);
    assert_int_equal(strlen(deck.unsupported), 0);
    dosi_aermod_deck_clear(&deck);
}

static void ranges_take_names_between_their_ends(void **state) {
    (void)state;
    static const struct {
        const char *range;
        bool has_a1, has_a2;
    } cases[] = {{"A1-A2", true, true},      {"A2-A3", false, true},
                 {"A-Z9999999", true, true}, {"A-Z", false, false},
                 {"B1-Z9", false, false},    {"A1-Z1", true, false},
                 {"AA1-Z9", false, false},   {"A1-A99999999999999999", true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dosi_aermod_deck deck = {0};
        dosi_error err = {""};
        char lines[128];
        (void)snprintf(lines, sizeof lines, "   SRCGROUP G %s\n", cases[i].range);
        CHECK_OK(read_deck("", lines, &deck, &err), err);
        assert_int_equal(dosi_aermod_in_group(&deck.groups[0], 0), cases[i].has_a1);
        assert_int_equal(dosi_aermod_in_group(&deck.groups[0], 1), cases[i].has_a2);
        dosi_aermod_deck_clear(&deck);
    }
}

static void gases_and_units_are_read(void **state) {
    (void)state;
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(read_deck("   MODELOPT DDEP DFAULT FLAT NOSTD\n   GDSEASON 2*4 3*5 3*1 2*2 3 4\n"
                       "   GDLANUSE 30*4 6*7\n   GASDEPDF 0.1 0.6 0.3 NO2\n",
                       "   GASDEPOS A1 0.08962 1.04E-5 2.51E4 557.\n   METHOD_2 A2 0.4 1.5\n"
                       "   DEPOUNIT 3.6E6 GRAMS/SEC MILLIGRAMS/M**2\n",
                       &deck, &err),
             err);
    assert_true(deck.sources[0].has_gas && !deck.sources[1].has_gas);
    CHECK_NEAR(deck.sources[0].gas.diffusivity_air_m2s, 8.962e-6, 1e-18);
    CHECK_NEAR(deck.sources[0].gas.diffusivity_water_m2s, 1.04e-9, 1e-20);
    CHECK_NEAR(deck.sources[0].gas.cuticle_sm, 2.51e6, 1e-6);
    CHECK_NEAR(deck.sources[0].gas.henry_pam3mol, 557, 0);
    const dosi_aermod_particles *p = &deck.particles[deck.sources[1].particles - 1];
    assert_true(p->is_method_2);
    CHECK_NEAR(p->fraction[0], 0.4, 0);
    CHECK_NEAR(p->diameter_um[0], 1.5, 0);
    assert_int_equal(deck.season[0], 4);
    assert_int_equal(deck.season[11], 4);
    assert_int_equal(deck.season[10], 3);
    assert_int_equal(deck.land_use[29], 4);
    assert_int_equal(deck.land_use[30], 7);
    CHECK_NEAR(deck.gas_reactivity, 0.1, 0);
    CHECK_NEAR(deck.leaves[1], 0.3, 0);
    CHECK_NEAR(deck.deposition_unit, 1000, 1e-9);
    CHECK_NEAR(deck.concentration_unit, 1, 0);
    assert_true(deck.is_elevated && !deck.is_flat); // DFAULT overrides
    assert_false(deck.is_without_stack_tip);
    dosi_aermod_deck_clear(&deck);
}

static void faults_are_named(void **state) {
    (void)state;
    static const struct {
        const char *control, *sources, *says;
    } cases[] = {
        {"", "   PARTDIAM A1 2. 10.\n   MASSFRAX A1 1.\n   PARTDENS A1 2*1.\n",
         "A1 has 2 diameters, 1 fractions and 2 densities"},
        {"", "   PARTDIAM A1 2. 10.\n   MASSFRAX A1 .5 .4\n   PARTDENS A1 2*1.\n",
         "A1 are 0.9 together"},
        {"", "   PARTDIAM A1 65*2.\n", "more than 64 sizes of A1"},
        {"", "   PARTDIAM A1 0.\n", "PARTDIAM 0 of A1"},
        {"", "   MASSFRAX A1 1.2\n", "MASSFRAX 1.2 of A1"},
        {"", "   PARTDIAM A3 1.\n", "no LOCATION of source A3"},
        {"", "   METHOD_2 A1 1.5 2.\n", "1.5 fine"},
        {"", "   GASDEPOS A1 1. 1. 1.\n", "line"},
        {"", "   GASDEPOS A1 1. 1. 1. 0.\n", "GASDEPOS 0 of A1"},
        {"   GDSEASON 11*1\n", "", "11 numbers, not 12"},
        {"   GDSEASON 12*6\n", "", "6 among 12 of 1..5"},
        {"   GDLANUSE 37*1\n", "", "37 times 1 among 36"},
        {"   GASDEPVD 0\n", "", "GASDEPVD 0"},
        {"", "   DEPOUNIT -1. A B\n", "a factor of -1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dosi_aermod_deck deck = {0};
        dosi_error err = {""};
        assert_int_not_equal(read_deck(cases[i].control, cases[i].sources, &deck, &err),
                             DOSI_OK);
        assert_non_null(strstr(err.message, "test.inp"));
        if (strcmp(cases[i].says, "line") != 0) {
            assert_non_null(strstr(err.message, cases[i].says));
        }
        assert_int_equal(deck.n_sources, 0);
    }
}

static bool read_row(const char *line, size_t n_values, dosi_aermod_values *out) {
    return dosi_aermod_values_read(line, strlen(line), n_values, out);
}

static void rows_have_their_columns(void **state) {
    (void)state;
    dosi_aermod_values row = {0};
    assert_true(read_row("  -50.00000    -150.00000     487.72309       0.13153     0.00     "
                         "0.00     0.00    1-HR  ALL       96022811          \r",
                         2, &row));
    CHECK_NEAR(row.x, -50, 0);
    CHECK_NEAR(row.value[1], 0.13153, 0);
    assert_int_equal(row.stamp, 96022811);
    assert_false(row.is_exponential);
    assert_true(read_row("1 2 0.97-310 0 0 0 1-HR ALL 96022811", 1, &row));
    assert_true(row.is_exponential);
    // The highest hours have a rank; what had no room is stars.
    assert_true(read_row("1 2 ************* 0 0 0 1-HR ALL 1ST 96022814", 1, &row));
    assert_true(isnan(row.value[0]));
    assert_int_equal(row.stamp, 0);
    // Headers, rows of fewer columns, and words are none.
    const dosi_aermod_values before = row;
    assert_false(read_row("* AERMOD (26135 ): 1 2 3 0 0 0 1-HR ALL", 1, &row));
    assert_false(read_row("1 2 3 0 0 0 1-HR ALL 96022811", 2, &row));
    assert_false(read_row("1 2 3 0 0 0 1-HR", 1, &row));
    assert_false(read_row("", 1, &row));
    assert_false(read_row("1 2 3 0 0 0 1-HR ALL", 5, &row));
    assert_memory_equal(&before, &row, sizeof row);
}

static void numbers_are_read_as_fortran_writes_them(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0.282465-103", 0.282465e-103},
                {"-0.5+101", -0.5e101},
                {"0.1E+02", 10},
                {"1.5D-3", 0.0015},
                {"-12.5", -12.5},
                {"7", 7},
                {"0.97-310", 0.97e-310},
                {"0.971887-190", 0.971887e-190}};
    static const char *const bad[] = {
        "",    "-",   "1-HR", "0.28E5-103", "ALL",
        "1ST", "*1*", "+-1",  "0.1+999",    "00000000000000000000000000000000000000000001"};
    double value = 3;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(dosi_aermod_number(good[i].text, strlen(good[i].text), &value));
        CHECK_NEAR(value / good[i].value, 1, 1e-15);
    }
    value = 3;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(dosi_aermod_number(bad[i], strlen(bad[i]), &value));
        CHECK_NEAR(value, 3, 0);
    }
}

static void weather_has_its_water(void **state) {
    (void)state;
    static const char text[] =
        " 29.967N 95.350W UA_ID: 3937\n"
        "96 2 28 59 11 28.2 0.4 0.672 0.009 390. 732. -204.6 0.15 0.7 0.26 3.6 29. 6.1 284.8 "
        "2. "
        "11 0.80 85. 1016. 10 NAD-SFC NoSubs\n"
        "96 2 28 59 12 28.2 0.4 0.672 0.009 390. 732. -204.6 0.15 0.7 0.26 3.6 29. 6.1 284.8 "
        "2. "
        "0 -9.00 999. 99999. 99\n"
        "96 2 28 59 13 28.2 0.4 0.672 0.009 390. 732. -204.6 0.15 0.7 0.26 3.6 29. 6.1 284.8 "
        "2.\n";
    const dosi_aermod_text surface = {"a.sfc", text, sizeof text - 1};
    dosi_aermod_met met = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_met_read(&surface, NULL, &met, &err), err);
    const dosi_moisture *wet = &met.hours[0].moisture;
    assert_int_equal(wet->precipitation_code, 11);
    CHECK_NEAR(wet->precipitation_mm, 0.8, 0);
    CHECK_NEAR(wet->humidity_percent, 85, 0);
    CHECK_NEAR(wet->pressure_hpa, 1016, 0);
    assert_int_equal(wet->hour_of_day, 11);
    assert_true(isnan(met.hours[1].moisture.precipitation_mm));
    assert_true(isnan(met.hours[1].moisture.pressure_hpa));
    assert_true(isnan(met.hours[2].moisture.precipitation_mm));
    CHECK_NEAR(met.hours[2].moisture.humidity_percent, 50, 0);
    dosi_aermod_met_clear(&met);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(particles_belong_to_their_sources),
        cmocka_unit_test(ranges_take_names_between_their_ends),
        cmocka_unit_test(gases_and_units_are_read),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(rows_have_their_columns),
        cmocka_unit_test(numbers_are_read_as_fortran_writes_them),
        cmocka_unit_test(weather_has_its_water),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
