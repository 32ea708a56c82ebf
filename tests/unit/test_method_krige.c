// Goal: the kinds of geo.krige take what they need from where it is and give what they say;
// geo.variogram's directions and crosses; geo.simulate and geo.cokrige run on tables.

#include "dosi/method.h"
#include "test.h"

enum { SIDE = 6, SITES = SIDE * SIDE, HOURS = 3, CELLS = 40 };

/// A surface that height explains but for a little: value = 20 + height / 10 + ripple.
static double height_at(double x, double y) {
    return 50 + 0.02 * (x - 200000) + 30 * sin((y - 550000) / 700);
}
static double value_at(double x, double y, double h) {
    return 20 + height_at(x, y) / 10 + h + 0.3 * sin(x / 311) * cos(y / 277);
}

static void add_columns(dosi_table *table, const char *const *names, const dosi_type *types) {
    dosi_error err;
    size_t added = 0;
    for (size_t c = 0; names[c]; c++) {
        CHECK_OK(dosi_table_add_column(table, names[c], types[c], &added, &err), err);
    }
}

/// Hourly values at the sites: name, time, x, y, pm, noisy (pm with a little more), spread.
static void make_observations(dosi_table *table, double shift_m) {
    dosi_error err;
    static const char *const names[] = {"station", "time", "x",      "y",
                                        "pm",      "more", "spread", NULL};
    static const dosi_type types[] = {DOSI_TYPE_TEXT, DOSI_TYPE_TIME, DOSI_TYPE_REAL,
                                      DOSI_TYPE_REAL, DOSI_TYPE_REAL, DOSI_TYPE_REAL,
                                      DOSI_TYPE_REAL};
    add_columns(table, names, types);
    CHECK_OK(dosi_table_add_rows(table, (size_t)SITES * HOURS, &err), err);
    for (size_t row = 0; row < table->n_rows; row++) {
        size_t s = row % SITES, h = row / SITES;
        double x = 200000 + 410 * (double)(s % SIDE) + shift_m;
        size_t across = s / SIDE;
        double y = 550000 + 390 * (double)across + 13 * (double)(s % SIDE) + shift_m;
        char name[16];
        (void)snprintf(name, sizeof name, "s%zu", s);
        CHECK_OK(dosi_table_set_text(table, 0, row, name), err);
        table->columns[1].data.integer[row] = (int64_t)(h + 1) * 3600000000;
        table->columns[2].data.real[row] = x;
        table->columns[3].data.real[row] = y;
        table->columns[4].data.real[row] = value_at(x, y, (double)h);
        table->columns[5].data.real[row] = 2 * value_at(x, y, (double)h) + 5;
        table->columns[6].data.real[row] = s % 2 ? 4 : 0;
    }
}

/// Stations with their heights, the last of them unknown.
static void make_stations(dosi_table *table, const dosi_table *observations) {
    dosi_error err;
    static const char *const names[] = {"station", "x", "y", "height", NULL};
    static const dosi_type types[] = {DOSI_TYPE_TEXT, DOSI_TYPE_REAL, DOSI_TYPE_REAL,
                                      DOSI_TYPE_REAL};
    add_columns(table, names, types);
    CHECK_OK(dosi_table_add_rows(table, SITES, &err), err);
    for (size_t s = 0; s < SITES; s++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%zu", s);
        double x = observations->columns[2].data.real[s];
        double y = observations->columns[3].data.real[s];
        CHECK_OK(dosi_table_set_text(table, 0, s, name), err);
        table->columns[1].data.real[s] = x;
        table->columns[2].data.real[s] = y;
        table->columns[3].data.real[s] = s + 1 == SITES ? (double)NAN : height_at(x, y);
    }
}

/// A fine grid of heights.
static void make_heights(dosi_table *table) {
    dosi_error err;
    static const char *const names[] = {"x", "y", "height", NULL};
    static const dosi_type types[] = {DOSI_TYPE_REAL, DOSI_TYPE_REAL, DOSI_TYPE_REAL};
    add_columns(table, names, types);
    CHECK_OK(dosi_table_add_rows(table, (size_t)CELLS * CELLS, &err), err);
    for (size_t k = 0; k < table->n_rows; k++) {
        size_t across = k / CELLS;
        double x = 199500 + 80 * (double)(k % CELLS), y = 549500 + 80 * (double)across;
        table->columns[0].data.real[k] = x;
        table->columns[1].data.real[k] = y;
        table->columns[2].data.real[k] = height_at(x, y);
    }
}

/// Runs a method; the message or the report is the caller's.
static dosi_status run(const char *id,
                       const dosi_table *const *inputs,
                       const dosi_setting *settings,
                       dosi_table *outputs,
                       dosi_text *report) {
    const dosi_method *method = dosi_method_find(id);
    dosi_value values[64];
    dosi_error err = {""};
    size_t n = 0;
    while (settings[n].name) n++;
    CHECK_OK(dosi_method_set(method, settings, n, values, &err), err);
    const dosi_method_call call = {method, inputs, values, outputs, report, NULL};
    dosi_status status = dosi_method_run(&call, &err);
    if (status != DOSI_OK) dosi_text_puts(report, err.message);
    return status;
}

static double cell(const dosi_table *table, const char *name, size_t row) {
    size_t found = dosi_table_find(table, name);
    if (found == SIZE_MAX) fail_msg("no column %s", name);
    return dosi_column_real(&table->columns[found], row);
}

typedef struct world {
    dosi_table observations, stations, heights, second;
    dosi_text report;
} world;

static world make_world(void) {
    world w;
    memset(&w, 0, sizeof w);
    make_observations(&w.observations, 0);
    make_stations(&w.stations, &w.observations);
    make_heights(&w.heights);
    make_observations(&w.second, 170);
    return w;
}

static void clear_world(world *w, dosi_table *out, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_table_destroy(&out[i]);
    dosi_table_destroy(&w->observations);
    dosi_table_destroy(&w->stations);
    dosi_table_destroy(&w->heights);
    dosi_table_destroy(&w->second);
    dosi_text_destroy(&w->report);
}

static void clear_outputs(dosi_table *out, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_table_destroy(&out[i]);
    memset(out, 0, n * sizeof *out);
}

/// Root mean squared difference of a map from the truth.
static double map_error(const dosi_table *map, const char *column) {
    double square = 0;
    for (size_t k = 0; k < map->n_rows; k++) {
        double x = cell(map, "x", k), y = cell(map, "y", k);
        double h = (double)(map->columns[0].data.integer[k] / 3600000000 - 1);
        double e = cell(map, column, k) - value_at(x, y, h);
        square += e * e / (double)map->n_rows;
    }
    return sqrt(square);
}

static void a_drift_makes_the_map_better(void **state) {
    (void)state;
    world w = make_world();
    dosi_table out[4] = {{0}};
    const dosi_table *inputs[] = {&w.observations, &w.stations, NULL, NULL, &w.heights};
    const dosi_setting plain[] = {{"value", "pm"}, {"by", "time"}, {"cell_m", "200"}, {0}};
    assert_int_equal(run("geo.krige", inputs, plain, out, &w.report), DOSI_OK);
    double without = map_error(&out[0], "pm");
    clear_outputs(out, 4);
    const dosi_setting drift[] = {{"value", "pm"},       {"by", "time"},      {"cell_m", "200"},
                                  {"kind", "universal"}, {"drift", "height"}, {0}};
    assert_int_equal(run("geo.krige", inputs, drift, out, &w.report), DOSI_OK);
    assert_non_null(strstr(dosi_text_string(&w.report), "1 sites without a drift"));
    assert_true(map_error(&out[0], "pm") < 0.5 * without);
    double mean = cell(&out[3], "loo_n", 0);
    CHECK_NEAR(mean, (SITES - 1) * HOURS, 0);
    clear_outputs(out, 4);
    inputs[1] = NULL; // no stations: the sites, too, take what is nearest
    assert_int_equal(run("geo.krige", inputs, drift, out, &w.report), DOSI_OK);
    assert_true(map_error(&out[0], "pm") < 0.5 * without);
    clear_outputs(out, 4);
    inputs[4] = NULL;
    assert_int_equal(run("geo.krige", inputs, drift, out, &w.report), DOSI_NOT_FOUND);
    assert_non_null(strstr(dosi_text_string(&w.report), "have a column \"height\""));
    clear_world(&w, out, 4);
}

static void kinds_do_what_they_say(void **state) {
    (void)state;
    world w = make_world();
    dosi_table out[4] = {{0}}, other[4] = {{0}};
    const dosi_table *inputs[] = {&w.observations, NULL, NULL, NULL, NULL};
    dosi_setting settings[] = {{"value", "pm"},       {"by", "time"},      {"cell_m", "300"},
                               {"fit", "false"},      {"psill", "9"},      {"range_m", "1200"},
                               {"kind", "indicator"}, {"threshold", "27"}, {0}};
    assert_int_equal(run("geo.krige", inputs, settings, out, &w.report), DOSI_OK);
    double lowest = 1, highest = 0;
    for (size_t k = 0; k < out[0].n_rows; k++) {
        lowest = fmin(lowest, cell(&out[0], "pm", k));
        highest = fmax(highest, cell(&out[0], "pm", k));
    }
    assert_true(lowest >= 0 && lowest < 0.1 && highest > 0.9 && highest <= 1);
    clear_outputs(out, 4);
    settings[6].value = "block"; // a cell's mean is surer than its middle
    assert_int_equal(run("geo.krige", inputs, settings, out, &w.report), DOSI_OK);
    settings[6].value = "ordinary";
    assert_int_equal(run("geo.krige", inputs, settings, other, &w.report), DOSI_OK);
    double of_blocks = 0, of_points = 0;
    for (size_t k = 0; k < out[0].n_rows; k++) {
        of_blocks += cell(&out[0], "pm_variance", k);
        of_points += cell(&other[0], "pm_variance", k);
    }
    assert_true(of_blocks < 0.9 * of_points);
    clear_outputs(out, 4);
    clear_outputs(other, 4);
    settings[6].value = "simple";
    settings[7] = (dosi_setting){"mean", "1000"}; // pulls what is far from all sites
    assert_int_equal(run("geo.krige", inputs, settings, out, &w.report), DOSI_OK);
    assert_true(cell(&out[0], "pm", 0) > 40);
    clear_outputs(out, 4);
    settings[6].value = "ordinary";
    settings[7] = (dosi_setting){"drift", "height"};
    assert_int_equal(run("geo.krige", inputs, settings, out, &w.report), DOSI_INVALID);
    clear_world(&w, out, 4);
}

static void sensors_with_errors_are_smoothed(void **state) {
    (void)state;
    world w = make_world();
    dosi_table exact[4] = {{0}}, filtered[4] = {{0}};
    const dosi_table *inputs[] = {&w.observations, NULL, NULL, &w.observations, NULL};
    const dosi_setting settings[] = {{"value", "pm"},
                                     {"by", "time"},
                                     {"fit", "false"},
                                     {"psill", "9"},
                                     {"range_m", "900"},
                                     {"error_variance", "spread"},
                                     {0}};
    assert_int_equal(run("geo.krige", inputs, settings, filtered, &w.report), DOSI_OK);
    const dosi_setting plain[] = {{"value", "pm"}, {"by", "time"},     {"fit", "false"},
                                  {"psill", "9"},  {"range_m", "900"}, {0}};
    assert_int_equal(run("geo.krige", inputs, plain, exact, &w.report), DOSI_OK);
    for (size_t k = 0; k < SITES; k++) { // targets are the sites of the first hour
        double value = w.observations.columns[4].data.real[k];
        CHECK_NEAR(cell(&exact[0], "pm", k), value, 1e-9);
        double change = fabs(cell(&filtered[0], "pm", k) - value);
        if (k % 2 == 0) {
            CHECK_NEAR(change, 0, 1e-9);
        } else {
            assert_true(change > 1e-4);
        }
    }
    clear_outputs(exact, 4);
    clear_world(&w, filtered, 4);
}

static void variograms_by_direction_and_across(void **state) {
    (void)state;
    world w = make_world();
    dosi_table out[2] = {{0}};
    const dosi_table *inputs[] = {&w.observations, NULL};
    dosi_setting settings[] = {{"value", "pm,more"},
                               {"by", "time"},
                               {"cross", "true"},
                               {"model", "exponential"},
                               {0},
                               {0},
                               {0}};
    assert_int_equal(run("geo.variogram", inputs, settings, out, &w.report), DOSI_OK);
    size_t n_cross = 0;
    for (size_t k = 0; k < out[0].n_rows; k++) {
        size_t n = 0;
        const char *name = dosi_column_bytes(&out[0].columns[0], k, &n);
        n_cross += n == strlen("pm x more") && memcmp(name, "pm x more", n) == 0 ? 1 : 0;
        assert_true(isnan(cell(&out[0], "azimuth_deg", k)));
    }
    assert_true(n_cross * 3 == out[0].n_rows); // more is 2 pm + 5: gammas 1, 2 and 4 times
    for (size_t k = 0; k < n_cross; k++) {
        CHECK_NEAR(cell(&out[0], "gamma", n_cross + k), 2 * cell(&out[0], "gamma", k), 1e-9);
        CHECK_NEAR(cell(&out[0], "gamma", 2 * n_cross + k), 4 * cell(&out[0], "gamma", k),
                   1e-9);
    }
    assert_int_equal(out[1].n_rows, 2);
    clear_outputs(out, 2);
    settings[2] = (dosi_setting){"azimuths", "0, 90"};
    settings[4] = (dosi_setting){"weights", "pairs"};
    assert_int_equal(run("geo.variogram", inputs, settings, out, &w.report), DOSI_OK);
    size_t n_north = 0, n_east = 0;
    for (size_t k = 0; k < out[0].n_rows; k++) {
        n_north += cell(&out[0], "azimuth_deg", k) == 0 ? 1 : 0;
        n_east += cell(&out[0], "azimuth_deg", k) == 90 ? 1 : 0;
    }
    assert_true(n_north > 0 && n_east > 0 && n_north + n_east == out[0].n_rows);
    clear_outputs(out, 2);
    settings[2] = (dosi_setting){"threshold", "27"};
    settings[4] = (dosi_setting){"weights", "reml"};
    assert_int_equal(run("geo.variogram", inputs, settings, out, &w.report), DOSI_OK);
    for (size_t k = 0; k < out[0].n_rows; k++) assert_true(cell(&out[0], "gamma", k) <= 0.5);
    assert_non_null(strstr(dosi_text_string(&w.report), "log likelihood"));
    clear_outputs(out, 2);
    settings[2].value = "many";
    assert_int_equal(run("geo.variogram", inputs, settings, out, &w.report), DOSI_INVALID);
    clear_world(&w, out, 2);
}

static void simulated_maps_are_around_the_truth(void **state) {
    (void)state;
    world w = make_world();
    dosi_table out[4] = {{0}};
    const dosi_table *inputs[] = {&w.observations, NULL, NULL, NULL};
    const dosi_setting settings[] = {
        {"value", "pm"},     {"by", "time"},  {"cell_m", "400"},       {"n_fields", "60"},
        {"threshold", "26"}, {"log", "true"}, {"keep_fields", "true"}, {0}};
    assert_int_equal(run("geo.simulate", inputs, settings, out, &w.report), DOSI_OK);
    assert_true(out[0].n_rows > 0 && out[2].n_rows == 60 * out[0].n_rows);
    size_t n_inside = 0;
    for (size_t k = 0; k < out[0].n_rows; k++) {
        double low = cell(&out[0], "p05", k), high = cell(&out[0], "p95", k);
        double x = cell(&out[0], "x", k), y = cell(&out[0], "y", k);
        double h = (double)(out[0].columns[0].data.integer[k] / 3600000000 - 1);
        double truth = value_at(x, y, h), share = cell(&out[0], "exceeds", k);
        assert_true(low > 0 && low <= cell(&out[0], "p50", k));
        assert_true(cell(&out[0], "p50", k) <= high && share >= 0 && share <= 1);
        n_inside += truth >= low && truth <= high ? 1 : 0;
    }
    assert_true((double)n_inside > 0.75 * (double)out[0].n_rows);
    clear_world(&w, out, 4);
}

static void a_second_network_helps_and_its_bias_does_not_hurt(void **state) {
    (void)state;
    world w = make_world();
    dosi_table few = {0}, out[4] = {{0}};
    make_observations(&few, 0);
    for (size_t row = 0; row < few.n_rows; row++) { // every fourth site is a reference
        if (row % SITES % 4) few.columns[4].data.real[row] = NAN;
    }
    const dosi_table *inputs[] = {&few, NULL, NULL, &w.observations, &w.second, NULL};
    const dosi_setting settings[] = {{"value", "pm"}, {"second_value", "more"}, {"by", "time"},
                                     {"n_bins", "8"}, {"cutoff_m", "2200"},     {0}};
    assert_int_equal(run("geo.cokrige", inputs, settings, out, &w.report), DOSI_OK);
    double both = 0, alone = 0;
    for (size_t k = 0; k < out[2].n_rows; k++) {
        both += pow(cell(&out[2], "observed", k) - cell(&out[2], "predicted", k), 2);
        alone += pow(cell(&out[2], "observed", k) - cell(&out[2], "alone", k), 2);
    }
    assert_int_equal(out[2].n_rows, SITES / 4 * HOURS);
    assert_true(both < 0.5 * alone);
    assert_int_equal(out[3].n_rows, 3);
    assert_true(cell(&out[3], "psill", 1) > 0);
    assert_true(map_error(&out[0], "value") < 0.8);
    dosi_table_destroy(&few);
    clear_world(&w, out, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drift_makes_the_map_better),
        cmocka_unit_test(kinds_do_what_they_say),
        cmocka_unit_test(sensors_with_errors_are_smoothed),
        cmocka_unit_test(variograms_by_direction_and_across),
        cmocka_unit_test(simulated_maps_are_around_the_truth),
        cmocka_unit_test(a_second_network_helps_and_its_bias_does_not_hurt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
