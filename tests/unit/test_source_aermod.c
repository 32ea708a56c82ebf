// Goal: AERMOD's runs and weather files are read as EPA's users write them, and what is wrong
// with one is said with file and line.

#include "source/aermod_deck.h"
#include "test.h"

/// A run around the given lines.
static dosi_status read_deck(const char *sources,
                             const char *receptors,
                             dosi_aermod_deck *out,
                             dosi_error *err) {
    static char text[4096];
    (void)snprintf(text, sizeof text,
                   "** a comment\nCO STARTING\n   MODELOPT CONC FLAT\nCO FINISHED\n"
                   "SO STARTING\n%sSO FINISHED\nRE STARTING\n%sRE FINISHED\n"
                   "ME STARTING\n   SURFFILE \"a b.sfc\"\nME FINISHED\n",
                   sources, receptors);
    const dosi_aermod_text deck = {"test.inp", text, strlen(text)};
    return dosi_aermod_deck_read(&deck, NULL, out, err);
}

static const char *const one_source =
    "   LOCATION S1 POINT 10. 20. 5.\n   SRCPARAM S1 1.5D1 30. 400. 10. 2.\n";
static const char *const one_receptor = "   DISCCART 1. 2.\n";

static void receptors_come_in_the_deck_s_order(void **state) {
    (void)state;
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(read_deck(one_source,
                       "   GRIDCART C STA\n                 XYINC 0. 3 10. 100. 2 20.\n"
                       "   GRIDCART C END\n"
                       "RE GRIDPOLR P STA\n                 ORIG S1\n"
                       "                 DIST 100. 200.\n                 GDIR 4 90 90\n"
                       "RE GRIDPOLR P END\n"
                       "   DISCPOLR S1 50. 0.\n   EVALCART 7. 8. 0. 0. 0. ARC1\n",
                       &deck, &err),
             err);
    assert_int_equal(deck.n_receptors, 6 + 8 + 2);
    const dosi_aermod_receptor *r = deck.receptors;
    CHECK_NEAR(r[1].x, 10, 0);
    CHECK_NEAR(r[3].y, 120, 0);
    CHECK_NEAR(r[6].x, 110, 1e-9); // 100 m east of the stack
    CHECK_NEAR(r[7].x, 210, 1e-9);
    CHECK_NEAR(r[8].y, -80, 1e-9); // then south
    CHECK_NEAR(r[14].y, 70, 1e-9);
    CHECK_NEAR(r[15].x, 7, 0);
    assert_string_equal(deck.surface_path, "a b.sfc");
    dosi_aermod_deck_clear(&deck);
}

static void sources_keep_their_numbers(void **state) {
    (void)state;
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(read_deck("   LOCATION S1 POINT 10. 20. 5.\n   location s2 volume 1 2\n"
                       "   LOCATION R RLINEXT 0. -50. 1. 0. 50. 2. 0.\n"
                       "   SRCPARAM S1 1.5D1 30. 400. 10. 2.\n   SRCPARAM S2 1 2 3 4\n"
                       "   SRCPARAM R 1. 0. 3.6 2.\n   RBARRIER R 6. 10. 3. -10.\n"
                       "   BUILDHGT S1 36*50.\n   BUILDWID S1 1. 2. 34*3.\n"
                       "   EMISFACT S1-S2 HROFDY 12*0.5 12*2.\n"
                       "   SRCGROUP ALL\n   SRCGROUP G S2 R\n",
                       one_receptor, &deck, &err),
             err);
    assert_int_equal(deck.n_sources, 3);
    CHECK_NEAR(deck.sources[0].parameter[0], 15, 0);
    assert_int_equal(deck.sources[1].kind, AERMOD_VOLUME);
    CHECK_NEAR(deck.sources[2].z2, 2, 0);
    assert_int_equal(deck.sources[2].n_barrier, 2);
    assert_int_equal(deck.n_buildings, 1);
    CHECK_NEAR(deck.buildings[0].width_m[35], 3, 0);
    assert_true(dosi_aermod_in_group(&deck.groups[0], 0));
    assert_false(dosi_aermod_in_group(&deck.groups[1], 0));
    assert_true(dosi_aermod_in_group(&deck.groups[1], 2));
    dosi_aermod_hour noon = {.time =
                                 12 * DOSI_HOUR_US}; // hour 12 is the last of the first half
    CHECK_NEAR(dosi_aermod_factor(&deck, &deck.sources[1], &noon), 0.5, 0);
    noon.time += DOSI_HOUR_US;
    CHECK_NEAR(dosi_aermod_factor(&deck, &deck.sources[1], &noon), 2, 0);
    dosi_aermod_deck_clear(&deck);
}

/// Gives one file of hourly emissions.
static dosi_status give_hourly(void *context,
                               const char *name,
                               dosi_text *out,
                               dosi_error *err) {
    const char *text = context;
    if (strcmp(name, "Hourly.dat") != 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the included file %s is not there", name);
    }
    dosi_text_init(out, 10000);
    dosi_text_append(out, text, strlen(text));
    return dosi_text_status(out, err);
}

static void buoyant_lines_and_hourly_emissions_are_read(void **state) {
    (void)state;
    const char *text =
        "SO STARTING\n   LOCATION B1 BUOYLINE 0. 0. 600. 0. 0.\n"
        "   LOCATION B2 BUOYLINE 0. 100. 600. 100. 0.\n   LOCATION S1 POINT 1. 2.\n"
        "   SRCPARAM B1 100. 20.\n   SRCPARAM B2 100. 20.\n   SRCPARAM S1 1 2 3 4 5\n"
        "   BLPINPUT ROW 600. 20. 100. 2. 37.5 300.\n   BLPINPUT R2 500. 20. 100. 2. 37. 200.\n"
        "   BLPGROUP ROW B1\n   BLPGROUP R2 B2\n   HOUREMIS Hourly.dat B1 S1\n"
        "   HOUREMIS Hourly.dat B2\nSO FINISHED\nRE STARTING\n   DISCCART 1. 2.\n"
        "RE FINISHED\nME STARTING\n   SURFFILE a.sfc\n   STARTEND 88 03 01 88 03 01\n"
        "ME FINISHED\n";
    char hourly[] = "SO HOUREMIS 88 3 1 1 B1 10. 250.\nSO HOUREMIS 88 3 1 1 S1 7. 400. 12.\n"
                    "SO HOUREMIS 88 3 1 2 B1 20. 260.\n   HOUREMIS 88 3 1 2 S1\n";
    const dosi_aermod_text whole = {"test.inp", text, strlen(text)};
    const dosi_aermod_files files = {give_hourly, hourly};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_deck_read(&whole, &files, &deck, &err), err);
    assert_int_equal(deck.n_rows, 2);
    CHECK_NEAR(deck.rows[1].buoyancy, 200, 0);
    assert_int_equal(deck.sources[0].row, 1);
    assert_int_equal(deck.sources[1].row, 2);
    assert_int_equal(deck.sources[2].row, 0);
    assert_int_equal(deck.n_emissions, 4);
    assert_true(deck.sources[1].has_hourly && !dosi_aermod_hourly(&deck, 1, 88030101));
    const dosi_aermod_emission *e = dosi_aermod_hourly(&deck, 0, 88030102);
    assert_non_null(e);
    CHECK_NEAR(e->value[0], 20, 0);
    CHECK_NEAR(e->value[1], 260, 0);
    e = dosi_aermod_hourly(&deck, 2, 88030101);
    assert_true(e && e->n == 3);
    CHECK_NEAR(e->value[2], 12, 0);
    e = dosi_aermod_hourly(&deck, 2, 88030102);
    assert_true(e && e->n == 0);
    dosi_aermod_hour hour = {.time = dosi_days_from_civil(1988, 3, 2) * DOSI_DAY_US};
    assert_true(dosi_aermod_uses_hour(&deck, &hour)); // hour 24 of the first
    hour.time += DOSI_HOUR_US;
    assert_false(dosi_aermod_uses_hour(&deck, &hour));
    dosi_aermod_deck_clear(&deck);
}

/// Gives "hour.dat" and "2hour.dat", an hour each.
static dosi_status give_two(void *context, const char *name, dosi_text *out, dosi_error *err) {
    const char *text = strcmp(name, "hour.dat") == 0 ? "HOUREMIS 88 3 1 1 S1 7. 400. 12.\n"
                                                     : "HOUREMIS 88 3 1 1 S2 8. 400. 12.\n";
    (void)context;
    dosi_text_append(out, text, strlen(text));
    return dosi_text_status(out, err);
}

static void a_file_whose_name_ends_another_is_read_too(void **state) {
    (void)state;
    const char *text =
        "SO STARTING\n   LOCATION S1 POINT 1. 2.\n   LOCATION S2 POINT 1. 2.\n"
        "   SRCPARAM S1 1 2 3 4 5\n   SRCPARAM S2 1 2 3 4 5\n"
        "   HOUREMIS 2hour.dat S2\n   HOUREMIS hour.dat S1\n   HOUREMIS 2hour.dat S2\n"
        "RE STARTING\n   DISCCART 1. 2.\nME STARTING\n   SURFFILE a.sfc\n";
    const dosi_aermod_text whole = {"test.inp", text, strlen(text)};
    const dosi_aermod_files files = {give_two, NULL};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_deck_read(&whole, &files, &deck, &err), err);
    assert_int_equal(deck.n_emissions, 2);
    assert_true(dosi_aermod_hourly(&deck, 0, 88030101) &&
                dosi_aermod_hourly(&deck, 1, 88030101));
    dosi_aermod_deck_clear(&deck);
}

static void days_are_chosen_by_number_or_by_month(void **state) {
    (void)state;
    const char *text = "so starting\n   location s1 point 1. 2.\n   srcparam s1 1 2 3 4 5\n"
                       "   srcgroup all\n   frobnicate s1 3\nre starting\n   disccart 1. 2.\n"
                       "me starting\n   surffile a.sfc\n   dayrange 61-63 3/30-4/2 12/24\n";
    const dosi_aermod_text whole = {"test.inp", text, strlen(text)};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_deck_read(&whole, NULL, &deck, &err), err);
    assert_string_equal(deck.unknown, "FROBNICATE");
    assert_string_equal(deck.unsupported, "");
    static const struct {
        int month, day;
        bool is_used;
    } days[] = {{2, 29, false}, {3, 1, true},   {3, 3, true},   {3, 4, false},
                {3, 29, false}, {3, 30, true},  {3, 31, true},  {4, 2, true},
                {4, 3, false},  {12, 24, true}, {12, 25, false}};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        // The last hour of a day of a leap year ends with the day.
        int64_t day = dosi_days_from_civil(1988, days[i].month, days[i].day);
        dosi_aermod_hour hour = {.time = (day + 1) * DOSI_DAY_US};
        assert_int_equal(dosi_aermod_uses_hour(&deck, &hour), days[i].is_used);
    }
    dosi_aermod_deck_clear(&deck);
    const char *bad = "so starting\n   location s1 point 1. 2.\nme starting\n   dayrange 9-3\n";
    const dosi_aermod_text wrong = {"test.inp", bad, strlen(bad)};
    assert_int_equal(dosi_aermod_deck_read(&wrong, NULL, &deck, &err), DOSI_PARSE);
    assert_string_equal(err.message, "test.inp, line 4: \"9-3\" are no days");
}

static void background_and_conversion_are_read(void **state) {
    (void)state;
    const char *text =
        "CO STARTING\n   MODELOPT CONC OLM\n   POLLUTID NO2\n   NO2STACK 0.1\n"
        "   NO2EQUIL 0.8\n   OZONEVAL 40. PPB\n"
        "SO STARTING\n   LOCATION S1 POINT 1. 2.\n   LOCATION S2 POINT 1. 2.\n"
        "   SRCPARAM S1 1 2 3 4 5\n   SRCPARAM S2 1 2 3 4 5\n   NO2RATIO S2 0.25\n"
        "   BACKGRND HOURLY Hourly.dat\n   BACKUNIT PPB\n   OLMGROUP ALL\n"
        "   SRCGROUP ALL\n   SRCGROUP ONE S1\n   SRCGROUP B BACKGROUND\n"
        "   SRCGROUP TWO S2 BACKGROUND\nRE STARTING\n   DISCCART 1. 2.\n"
        "ME STARTING\n   SURFFILE a.sfc\n";
    char hourly[] = "88 03 01 01 005.000\n88 03 01 02 -99.\n";
    const dosi_aermod_text whole = {"test.inp", text, strlen(text)};
    const dosi_aermod_files files = {give_hourly, hourly};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_deck_read(&whole, &files, &deck, &err), err);
    assert_string_equal(deck.unsupported, "");
    assert_int_equal(deck.no2, AERMOD_NO2_OLM);
    dosi_aermod_hour any = {.stamp = 88030101};
    CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_OZONE, &any), 78.4, 1e-9);
    assert_false(dosi_aermod_has_ambient(&deck, AERMOD_NOX));
    CHECK_NEAR(deck.no2_most, 0.8, 0);
    CHECK_NEAR(deck.sources[0].no2_share, 0.1, 0);
    CHECK_NEAR(deck.sources[1].no2_share, 0.25, 0);
    assert_true(deck.n_olm == 1 && deck.sources[0].olm == 1 && deck.sources[1].olm == 1);
    const bool has_background[] = {true, false, true, true};
    for (int g = 0; g < 4; g++) {
        assert_int_equal(deck.groups[g].has_background, has_background[g]);
    }
    assert_false(dosi_aermod_in_group(&deck.groups[2], 0));
    assert_true(dosi_aermod_in_group(&deck.groups[3], 1));
    dosi_aermod_hour hour = {.stamp = 88030101};
    CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_BACKGROUND, &hour), 9.40026,
               1e-5); // 5 / 0.5319
    hour.stamp++;
    assert_true(isnan(dosi_aermod_ambient_at(&deck, AERMOD_BACKGROUND, &hour)));
    dosi_aermod_deck_clear(&deck);
}

static void faults_are_named_with_their_line(void **state) {
    (void)state;
    static const struct {
        const char *sources, *receptors, *message;
    } cases[] = {
        {"   SRCPARAM S1 1. 2. 3. 4. 5.\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: no LOCATION of source S1 before"},
        {"   LOCATION S1 PIPE 1. 2.\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: source type \"PIPE\" is unknown"},
        {"   LOCATION S1 POINT 1. x\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: \"x\" is not a number"},
        {"   LOCATION S1 POINT 1. 2.\n", "   DISCCART 1. 2.\n",
         "test.inp: source S1 has no SRCPARAM"},
        {"   BLPINPUT 1. 2. 3. 4. 5.\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: BLPINPUT with 5 fields, not 6 or 7"},
        {"   BLPGROUP A B\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: no BLPINPUT of A before"},
        {"   LOCATION S1 POINT 1. 2.\n   SRCGROUP ALL\n   LOCATION S2 POINT 1. 2.\n",
         "   DISCCART 1. 2.\n", "test.inp, line 8: LOCATION behind SRCGROUP"},
        {"   BACKUNIT PPB\n", "   DISCCART 1. 2.\n",
         "test.inp, line 6: BACKUNIT of  is unknown"},
        {"", "   DISCCART 1. 2.\n", "test.inp: no sources"},
        {"   LOCATION S1 POINT 1. 2.\n   SRCPARAM S1 1 2 3 4 5\n", "",
         "test.inp: no receptors"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dosi_aermod_deck deck = {0};
        dosi_error err = {""};
        assert_int_equal(read_deck(cases[i].sources, cases[i].receptors, &deck, &err),
                         DOSI_PARSE);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void weather_is_read_with_its_profile(void **state) {
    (void)state;
    const char *surface = "  41.300N   74.000W   UA_ID: 1  SF_ID: 1  VERSION: 24142\n"
                          "88  2 29  60 24   -2.7  0.062 -9.000 -9.000 -999.   37.      7.9  "
                          "0.7500   1.50   1.00    0.80  317.5   10.0  273.8   10.0     0  "
                          "-9.00   999.  1003.     4 NAD-OS  NoSubs\n";
    const char *profile = "88  2 29 24    10.0 0   317.5     0.80     0.64    48.70     0.11\n"
                          "88  2 29 24    50.0 1   323.3     2.00     1.84    14.70    99.00\n";
    const dosi_aermod_text sfc = {"a.sfc", surface, strlen(surface)};
    const dosi_aermod_text pfl = {"a.pfl", profile, strlen(profile)};
    dosi_aermod_met met = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_aermod_met_read(&sfc, &pfl, &met, &err), err);
    assert_int_equal(met.n_hours, 1);
    assert_int_equal(met.hours[0].stamp, 88022924);
    assert_true(met.hours[0].time == dosi_days_from_civil(1988, 3, 1) * DOSI_DAY_US);
    CHECK_NEAR(met.latitude_deg, 41.3, 0);
    CHECK_NEAR(met.longitude_deg, -74, 0);
    const dosi_plume_weather *w = &met.hours[0].weather;
    CHECK_NEAR(w->friction_ms, 0.062, 0);
    assert_true(isnan(w->convective_ms) && isnan(w->convective_height_m));
    assert_int_equal(w->n_levels, 2);
    CHECK_NEAR(w->levels[0].temperature_k, 273.8, 1e-9);
    assert_true(isnan(w->levels[1].sigma_w_ms));
    dosi_aermod_met_clear(&met);
    const dosi_aermod_text cut = {"a.pfl", profile, 20};
    assert_int_equal(dosi_aermod_met_read(&sfc, &cut, &met, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "a.pfl, line 1"));
}

/// EPA's own decks, where they are at hand.
static void epa_s_runs_are_read(void **state) {
    (void)state;
    static const struct {
        const char *path;
        size_t n_sources, n_receptors, n_groups, n_results;
    } cases[] = {
        {"reference/air/aermod/aertest.inp", 1, 144, 1, 3},
        {"reference/air/aermod/allsrcs.inp", 15, 332, 13, 14},
        {"reference/air/aermod/bench_point.inp", 50, 900, 1, 1},
        {"reference/air/aermod/Test1_Base_cart_3cond_SNC.inp", 1, 169, 1, 1},
        {"reference/air/aermod/Test3_Base_cart_3cond_SNC_bar.inp", 1, 169, 1, 1},
    };
    static char text[200000];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = test_shared(cases[i].path);
        FILE *file = path ? fopen(path, "rb") : NULL;
        if (!file) skip();
        size_t n = fread(text, 1, sizeof text, file);
        (void)fclose(file);
        dosi_aermod_deck deck = {0};
        dosi_error err = {""};
        const dosi_aermod_text whole = {path, text, n};
        CHECK_OK(dosi_aermod_deck_read(&whole, NULL, &deck, &err), err);
        assert_int_equal(deck.n_sources, cases[i].n_sources);
        assert_int_equal(deck.n_receptors, cases[i].n_receptors);
        assert_int_equal(deck.n_groups, cases[i].n_groups);
        assert_int_equal(deck.n_results, cases[i].n_results);
        dosi_aermod_deck_clear(&deck);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receptors_come_in_the_deck_s_order),
        cmocka_unit_test(sources_keep_their_numbers),
        cmocka_unit_test(buoyant_lines_and_hourly_emissions_are_read),
        cmocka_unit_test(a_file_whose_name_ends_another_is_read_too),
        cmocka_unit_test(days_are_chosen_by_number_or_by_month),
        cmocka_unit_test(background_and_conversion_are_read),
        cmocka_unit_test(faults_are_named_with_their_line),
        cmocka_unit_test(weather_is_read_with_its_profile),
        cmocka_unit_test(epa_s_runs_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
