// Goal: ozone, NOx and background of an AERMOD run are what the deck says for a wind and an
// hour: values, values that vary, files with and without columns, and what stands in for what
// is missing.

#include "source/aermod_deck.h"
#include "source/aermod_format.h"
#include "test.h"

static const char *const tail =
    "SO STARTING\n   LOCATION S1 POINT 1. 2.\n   LOCATION S2 POINT 1. 2.\n"
    "   SRCPARAM S1 1 2 3 4 5\n   SRCPARAM S2 1 2 3 4 5\n%s"
    "RE STARTING\n   DISCCART 1. 2.\nME STARTING\n   SURFFILE a.sfc\n";

/// Two files.
static dosi_status give(void *context, const char *name, dosi_text *out, dosi_error *err) {
    (void)context;
    static const char free_file[] =
        "99 1 1 1 30.\n99 1 1 2 -99.\n99 1 1 3 899.\n99 1 1 4 950.\n";
    static const char columns[] = "99  1  1  1   30.000\n99  1  1  2  -99.000\n"
                                  "99  1  1  3    20000\n";
    const char *text = strcmp(name, "free.dat") == 0 ? free_file : columns;
    if (strstr(name, "absent")) return dosi_fail(err, DOSI_NOT_FOUND, "%s is not there", name);
    dosi_text_init(out, 10000);
    dosi_text_append(out, text, strlen(text));
    return dosi_text_status(out, err);
}

static dosi_status read_deck(const char *control,
                             const char *sources,
                             dosi_aermod_deck *out,
                             dosi_error *err) {
    static char text[4096];
    int n = snprintf(text, sizeof text, "CO STARTING\n   POLLUTID NO2\n%s", control);
    (void)snprintf(text + n, sizeof text - (size_t)n, tail, sources);
    const dosi_aermod_text deck = {"test.inp", text, strlen(text)};
    const dosi_aermod_files files = {give, NULL};
    return dosi_aermod_deck_read(&deck, &files, out, err);
}

static dosi_aermod_hour hour_of(int hour, double from_deg) {
    return (dosi_aermod_hour){.stamp = 99010100 + hour,
                              .time = dosi_days_from_civil(1999, 1, 1) * DOSI_DAY_US +
                                      hour * DOSI_HOUR_US,
                              .weather = {.direction_deg = from_deg, .obukhov_m = -10}};
}

static void columns_are_those_of_the_format(void **state) {
    (void)state;
    aermod_format format;
    const char text[] = "(i2,3i3, 2x,f9.3)";
    assert_true(aermod_format_read(&(aermod_field){text, strlen(text)}, &format));
    assert_int_equal(format.n, 5);
    assert_int_equal(format.column[4].at, 13);
    const char line[] = "99 12 31 24  012345678";
    double value = 0;
    assert_true(aermod_format_real(&format, 2, line, strlen(line), &value));
    CHECK_NEAR(value, 31, 0);
    assert_true(aermod_format_real(&format, 4, line, strlen(line), &value));
    CHECK_NEAR(value, 12345.678, 1e-9); // no point: three decimals
    assert_true(aermod_format_real(&format, 4, line, 12, &value));
    CHECK_NEAR(value, 0, 0); // a short line: blanks
    assert_false(aermod_format_real(&format, 5, line, strlen(line), &value));
    static const char *const others[] = {"", "(a10)", "(f)", "(i99)", "(t5,i2)", "(99999x,i2)"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(
            aermod_format_read(&(aermod_field){others[i], strlen(others[i])}, &format));
    }
}

static void ozone_of_a_file_falls_back_on_what_varies_then_on_one_value(void **state) {
    (void)state;
    static const struct {
        const char *control;
        double expected[4]; // hours 1 to 4, ug/m3
    } cases[] = {
        {"   OZONEFIL free.dat PPB\n", {58.8, NAN, 1762.04, NAN}},
        {"   OZONEFIL free.dat PPB\n   OZONEVAL 40.\n", {58.8, 78.4, 1762.04, 78.4}},
        {"   OZONEFIL free.dat\n   OZONEVAL 50. UG/M3\n", {30, 50, 899, 50}},
        {"   OZONEFIL c.dat PPB (i2,3i3,f9.3)\n   OZONEVAL 40. PPB\n",
         {58.8, 78.4, 39.2, 78.4}},
        {"   OZONEVAL 0.04 PPM\n   O3VALUES HROFDY 10 20 30 21*40\n", {19.6, 39.2, 58.8, 78.4}},
        {"   OZONUNIT UG/M3\n   O3VALUES SEASON 7 8 9 6\n", {7, 7, 7, 7}},
        {"   O3VALUES ANNUAL 10\n", {19.6, 19.6, 19.6, 19.6}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dosi_aermod_deck deck = {0};
        dosi_error err = {""};
        CHECK_OK(read_deck(cases[i].control, "", &deck, &err), err);
        assert_string_equal(deck.unsupported, "");
        for (int h = 1; h <= 4; h++) {
            dosi_aermod_hour hour = hour_of(h, 200);
            const dosi_aermod_met met = {.n_hours = 1, .hours = &hour};
            double got = dosi_aermod_ozone_at(&deck, &met, 0);
            if (isnan(cases[i].expected[h - 1])) {
                assert_true(isnan(got));
            } else {
                CHECK_NEAR(got, cases[i].expected[h - 1], 1e-9);
            }
        }
        dosi_aermod_deck_clear(&deck);
    }
}

static void stable_air_keeps_ozone_of_the_day_before(void **state) {
    (void)state;
    dosi_aermod_hour hours[3] = {hour_of(1, 200), hour_of(2, 200), hour_of(3, 200)};
    const dosi_aermod_met met = {.n_hours = 3, .hours = hours};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    // 30 ppb, missing, 20 ppb: hour 3 would be 39.2 ug/m3.
    CHECK_OK(read_deck("   OZONEFIL c.dat PPB (i2,3i3,f9.3)\n", "", &deck, &err), err);
    static const double lengths[] = {-20, 10, 50, 150, 249.9, 300};
    static const double expected[] = {39.2, 58.8, 58.8, 39.2, 39.2, 39.2};
    for (size_t i = 0; i < 6; i++) {
        hours[2].weather.obukhov_m = lengths[i];
        CHECK_NEAR(dosi_aermod_ozone_at(&deck, &met, 2), expected[i], 1e-9);
    }
    hours[2].weather.obukhov_m = 90; // 58.8 (250 - 90) / 200
    CHECK_NEAR(dosi_aermod_ozone_at(&deck, &met, 2), 47.04, 1e-9);
    hours[0].time -= 23 * DOSI_HOUR_US; // too long ago
    CHECK_NEAR(dosi_aermod_ozone_at(&deck, &met, 2), 39.2, 1e-9);
    dosi_aermod_deck_clear(&deck);
    CHECK_OK(read_deck("   NOMINO3\n   OZONEFIL c.dat PPB (i2,3i3,f9.3)\n", "", &deck, &err),
             err);
    hours[0].time += 23 * DOSI_HOUR_US;
    CHECK_NEAR(dosi_aermod_ozone_at(&deck, &met, 2), 39.2, 1e-9);
    dosi_aermod_deck_clear(&deck);
}

static void sectors_are_where_the_air_goes_to(void **state) {
    (void)state;
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    CHECK_OK(read_deck("   O3SECTOR 30 120 300\n   OZONEVAL SECT1 1. UG/M3\n"
                       "   OZONEVAL SECT2 2. UG/M3\n   OZONEVAL SECT3 3. UG/M3\n"
                       "   NOXVALUE 53.19 PPB\n",
                       "   BGSECTOR 0 180\n   BACKUNIT PPB\n   BACKGRND SECT1 HOURLY free.dat\n"
                       "   BACKGRND SECT1 ANNUAL 5.319\n   BACKGRND SECT2 HROFDY 24*10.638\n",
                       &deck, &err),
             err);
    assert_string_equal(deck.unsupported, "");
    // Wind from, sector of the air that goes the other way.
    static const double from[] = {210, 299.9, 300, 120, 119.9, 180, 209.9, 360};
    static const double expected[] = {1, 1, 2, 3, 2, 3, 3, 2};
    for (size_t i = 0; i < 8; i++) {
        dosi_aermod_hour hour = hour_of(1, from[i]);
        CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_OZONE, &hour), expected[i], 0);
        CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_NOX, &hour), 100, 1e-9);
    }
    dosi_aermod_hour hour = hour_of(1, 200);
    CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_BACKGROUND, &hour), 30 / 0.5319, 1e-9);
    hour = hour_of(2, 200); // missing: what stands in for it
    CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_BACKGROUND, &hour), 10, 1e-9);
    hour = hour_of(2, 90);
    CHECK_NEAR(dosi_aermod_ambient_at(&deck, AERMOD_BACKGROUND, &hour), 20, 1e-9);
    dosi_aermod_deck_clear(&deck);
}

static void what_is_wrong_or_not_there_is_said(void **state) {
    (void)state;
    static const struct {
        const char *control, *sources, *message;
    } faults[] = {
        {"   O3SECTOR 30\n", "", "test.inp, line 3: 1 sectors, not 2 to 6"},
        {"   O3SECTOR 30 20\n", "", "test.inp, line 3: sectors that do not rise"},
        {"   O3SECTOR 30 60\n   OZONEVAL SECT3 1\n", "",
         "test.inp, line 4: no such sector: SECT3"},
        {"   OZONEVAL -1\n", "", "test.inp, line 3: less than nothing"},
        {"   OZONEVAL 1 BAR\n", "", "test.inp, line 3: OZONEVAL of this unit is unknown"},
        {"   MODELOPT CONC PVMRM PSDCREDIT\n", "   PSDGROUP OTHER S1\n",
         "test.inp, line 9: PSDGROUP of another kind, or alone"},
    };
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_int_equal(read_deck(faults[i].control, faults[i].sources, &deck, &err),
                         DOSI_PARSE);
        assert_string_equal(err.message, faults[i].message);
    }
    CHECK_OK(read_deck("   MODELOPT CONC OLM\n   NO2STACK 0.1\n   OZONEFIL absent.dat\n", "",
                       &deck, &err),
             err);
    assert_string_equal(deck.unsupported, "OZONEFIL");
    dosi_aermod_deck_clear(&deck);
    CHECK_OK(read_deck("   MODELOPT CONC OLM\n   NO2STACK 0.1\n", "", &deck, &err), err);
    assert_string_equal(deck.unsupported, "no OZONEVAL");
    dosi_aermod_deck_clear(&deck);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_the_format),
        cmocka_unit_test(ozone_of_a_file_falls_back_on_what_varies_then_on_one_value),
        cmocka_unit_test(stable_air_keeps_ozone_of_the_day_before),
        cmocka_unit_test(sectors_are_where_the_air_goes_to),
        cmocka_unit_test(what_is_wrong_or_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
