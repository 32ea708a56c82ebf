// Goal: links with traffic become emissions, emissions become concentrations on a grid and at
// places that agree with each other, contributions add up, and closing a road shows where it
// matters.

#include "dosi/canyon.h"
#include "dosi/emission.h"
#include "dosi/geo.h"
#include "dosi/method.h"
#include "dosi/random.h"
#include "dosi/time.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

enum { LINKS = 3, HOURS = 3, PLACES = 2, PIECES = 40 };

static void add(dosi_table *table, const char *name, dosi_type type) {
    dosi_error err;
    CHECK_OK(dosi_table_add_column(table, name, type, NULL, &err), err);
}

/// Three links of 400 m: two of an arterial from west to east, one collector to the north.
static void make_links(dosi_table *table) {
    static const char *const names[LINKS] = {"L1", "L2", "L3"};
    static const char *const classes[LINKS] = {"arterial", "arterial", "collector"};
    static const double x[LINKS][2] = {{0, 400}, {400, 800}, {400, 400}};
    static const double y[LINKS][2] = {{0, 0}, {0, 0}, {0, 400}};
    dosi_error err;
    dosi_table_init(table);
    add(table, "link", DOSI_TYPE_TEXT);
    add(table, "road_class", DOSI_TYPE_TEXT);
    add(table, "flow_vph", DOSI_TYPE_REAL);
    add(table, "speed_kmh", DOSI_TYPE_REAL);
    add(table, "heavy_share", DOSI_TYPE_REAL);
    add(table, "width_m", DOSI_TYPE_REAL);
    add(table, "geometry", DOSI_TYPE_GEOMETRY);
    table->columns[6].srid = DOSI_SRID_KOREA;
    CHECK_OK(dosi_table_add_rows(table, LINKS, &err), err);
    for (size_t i = 0; i < LINKS; i++) {
        double px[2] = {200000 + x[i][0], 200000 + x[i][1]};
        double py[2] = {550000 + y[i][0], 550000 + y[i][1]};
        dosi_text wkb = {0};
        dosi_wkb_put_line(&wkb, px, py, 2);
        CHECK_OK(dosi_table_set_bytes(table, 6, i, wkb.data, wkb.length), err);
        dosi_text_destroy(&wkb);
        CHECK_OK(dosi_table_set_text(table, 0, i, names[i]), err);
        CHECK_OK(dosi_table_set_text(table, 1, i, classes[i]), err);
        table->columns[2].data.real[i] = i == 2 ? 400 : 1500;
        table->columns[3].data.real[i] = 40;
        table->columns[4].data.real[i] = 0.05;
        table->columns[5].data.real[i] = 20;
    }
}

/// A summer noon with wind from the south; the middle hour has no wind measured.
static void make_weather(dosi_table *table) {
    static const char *const names[] = {"wind_speed_ms", "wind_direction_deg", "temperature_c",
                                        "cloud"};
    dosi_error err;
    dosi_table_init(table);
    add(table, "time", DOSI_TYPE_TIME);
    for (size_t i = 0; i < 4; i++) add(table, names[i], DOSI_TYPE_REAL);
    CHECK_OK(dosi_table_add_rows(table, HOURS, &err), err);
    dosi_civil noon = {.year = 2020, .month = 7, .day = 1, .hour = 12};
    dosi_time time = 0;
    CHECK_OK(dosi_time_from_civil(&noon, &time, &err), err);
    for (size_t h = 0; h < HOURS; h++) {
        const double values[] = {h == 1 ? (double)NAN : 3, 180, 27, 0.3};
        table->columns[0].data.integer[h] = time + (int64_t)h * DOSI_HOUR_US;
        for (size_t i = 0; i < 4; i++) table->columns[1 + i].data.real[h] = values[i];
    }
}

/// One place 60 m north of the arterial, one 300 m south of it.
static void make_places(dosi_table *table) {
    dosi_error err;
    dosi_table_init(table);
    add(table, "station", DOSI_TYPE_TEXT);
    add(table, "x", DOSI_TYPE_REAL);
    add(table, "y", DOSI_TYPE_REAL);
    CHECK_OK(dosi_table_add_rows(table, PLACES, &err), err);
    CHECK_OK(dosi_table_set_text(table, 0, 0, "north"), err);
    CHECK_OK(dosi_table_set_text(table, 0, 1, "south"), err);
    table->columns[1].data.real[0] = table->columns[1].data.real[1] = 200250;
    table->columns[2].data.real[0] = 550060;
    table->columns[2].data.real[1] = 549700;
}

/// Runs a method; outputs are destroyed by the caller.
static dosi_status call(const char *id,
                        const dosi_table *const *inputs,
                        const dosi_setting *settings,
                        size_t n_settings,
                        dosi_table *outputs,
                        dosi_error *err) {
    const dosi_method *method = dosi_method_find(id);
    assert_non_null(method);
    dosi_value values[32];
    dosi_text report = {0};
    assert_true(method->n_parameters <= 32);
    for (size_t i = 0; i < method->n_outputs; i++) dosi_table_init(&outputs[i]);
    dosi_status status = dosi_method_set(method, settings, n_settings, values, err);
    if (status == DOSI_OK) {
        dosi_method_call one = {method, inputs, values, outputs, &report, NULL};
        status = dosi_method_run(&one, err);
    }
    dosi_text_destroy(&report);
    return status;
}

static void destroy(dosi_table *tables, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_table_destroy(&tables[i]);
}

static double cell(const dosi_table *table, const char *name, size_t row) {
    size_t i = dosi_table_find(table, name);
    assert_true(i != SIZE_MAX && row < table->n_rows);
    return dosi_column_real(&table->columns[i], row);
}

/// Makes a column of whole numbers an integer one, as a CSV file with no points gives it.
static void make_integer(dosi_table *table, const char *name) {
    dosi_column *column = &table->columns[dosi_table_find(table, name)];
    assert_int_equal(column->type, DOSI_TYPE_REAL);
    for (size_t i = 0; i < table->n_rows; i++) {
        column->data.integer[i] = (int64_t)column->data.real[i];
    }
    column->type = DOSI_TYPE_INT;
}

static void whole_numbers_are_numbers(void **state) {
    (void)state;
    dosi_table links, real[1], whole[1];
    dosi_error err = {""};
    make_links(&links);
    const dosi_table *inputs[] = {&links, NULL, NULL, NULL};
    CHECK_OK(call("air.road_emission", inputs, NULL, 0, real, &err), err);
    make_integer(&links, "flow_vph");
    make_integer(&links, "speed_kmh");
    CHECK_OK(call("air.road_emission", inputs, NULL, 0, whole, &err), err);
    assert_int_equal(whole->n_rows, real->n_rows);
    for (size_t i = 0; i < LINKS; i++) {
        CHECK_NEAR(cell(whole, "nox_gms", i), cell(real, "nox_gms", i), 0);
    }
    destroy(real, 1);
    destroy(whole, 1);
    dosi_table_destroy(&links);
}

static void emissions_are_the_models_and_links_can_be_closed(void **state) {
    (void)state;
    dosi_table links, out[1];
    dosi_error err = {""};
    make_links(&links);
    const dosi_table *inputs[] = {&links, NULL, NULL, NULL};
    dosi_setting settings[] = {{"changed", "L3, L1"}, {"change", "0.5"}};
    CHECK_OK(call("air.road_emission", inputs, settings, 2, out, &err), err);
    dosi_emission_model model = dosi_emission_default();
    double expected[DOSI_EMISSIONS];
    dosi_emission_of(&model, &(dosi_traffic){1500, 40, 0.05}, expected);
    assert_int_equal(out->n_rows, LINKS);
    CHECK_NEAR(cell(out, "nox_gms", 1) / expected[DOSI_EMISSION_NOX], 1, 1e-12);
    CHECK_NEAR(cell(out, "nox_gms", 0) / expected[DOSI_EMISSION_NOX], 0.5, 1e-12);
    CHECK_NEAR(cell(out, "pm10_gms", 1) / expected[DOSI_EMISSION_PM10], 1, 1e-12);
    destroy(out, 1);
    settings[0].value = "L9";
    assert_int_equal(call("air.road_emission", inputs, settings, 2, out, &err), DOSI_NOT_FOUND);
    destroy(out, 1);
    dosi_table_destroy(&links);
}

static void a_fleet_gives_the_fuels(void **state) {
    (void)state;
    dosi_table links, fleet, out[1];
    dosi_error err = {""};
    make_links(&links);
    dosi_table_init(&fleet);
    add(&fleet, "vehicle_class", DOSI_TYPE_TEXT);
    for (int f = 0; f < DOSI_FUELS; f++) {
        add(&fleet, dosi_fuel_name((dosi_fuel)f), DOSI_TYPE_INT);
    }
    CHECK_OK(dosi_table_add_rows(&fleet, 1, &err), err);
    CHECK_OK(dosi_table_set_text(&fleet, 0, 0, "승용차"), err);
    for (int f = 0; f < DOSI_FUELS; f++) fleet.columns[1 + f].data.integer[0] = 0;
    fleet.columns[1 + DOSI_FUEL_ELECTRIC].data.integer[0] = 1000;
    for (size_t i = 0; i < LINKS; i++) links.columns[4].data.real[i] = 0;
    const dosi_table *inputs[] = {&links, NULL, &fleet, NULL};
    dosi_setting settings[] = {{"van_share", "0"}};
    CHECK_OK(call("air.road_emission", inputs, settings, 1, out, &err), err);
    assert_true(cell(out, "nox_gms", 0) == 0);
    assert_true(cell(out, "pm10_gms", 0) > 0); // electric cars wear too
    destroy(out, 1);
    dosi_table_destroy(&fleet);
    dosi_table_destroy(&links);
}

static void roads_make_maps_receptors_and_contributions_that_agree(void **state) {
    (void)state;
    enum { MAP, GRID, RECEPTORS, CONTRIBUTIONS, RUN_HOURS, OUTPUTS };
    dosi_table links, weather, places, emissions[1], out[OUTPUTS];
    dosi_error err = {""};
    make_links(&links);
    make_weather(&weather);
    make_places(&places);
    const dosi_table *traffic[] = {&links, NULL, NULL, NULL};
    CHECK_OK(call("air.road_emission", traffic, NULL, 0, emissions, &err), err);
    const dosi_table *inputs[] = {&links, &emissions[0], NULL, &weather, &places, NULL};
    dosi_setting settings[] = {
        {"value", "nox_gms,pm10_gms"}, {"changed", "L1"}, {"samples", "64"}};
    CHECK_OK(call("air.road", inputs, settings, 3, out, &err), err);
    assert_int_equal(out[RUN_HOURS].n_rows, HOURS - 1); // one hour lacks its wind
    assert_int_equal(out[RECEPTORS].n_rows, PLACES * (HOURS - 1));
    assert_true(cell(&out[RUN_HOURS], "error_percent", 0) < 1);
    // Downwind of the arterial it is dirtier than upwind, and closing L1 helps there.
    double north = cell(&out[RECEPTORS], "nox_ugm3", 0);
    double south = cell(&out[RECEPTORS], "nox_ugm3", 1);
    assert_true(north > 5 * south && south > 0);
    assert_true(cell(&out[RECEPTORS], "nox_ugm3_change", 0) < -0.5 * north);
    // Contributions of the classes are the mean of the hours.
    double sum = 0, mean = 0;
    for (size_t r = 0; r < out[CONTRIBUTIONS].n_rows; r++) {
        size_t n = 0;
        const char *name = dosi_column_bytes(&out[CONTRIBUTIONS].columns[0], r, &n);
        if (n == 5 && memcmp(name, "north", 5) == 0)
            sum += cell(&out[CONTRIBUTIONS], "nox_ugm3", r);
    }
    for (size_t h = 0; h + 1 < HOURS; h++) {
        mean += cell(&out[RECEPTORS], "nox_ugm3", PLACES * h) / (HOURS - 1);
    }
    CHECK_NEAR(sum / mean, 1, 1e-9);
    // The map's greatest cell is near the road, and no cell gets dirtier by closing one.
    size_t greatest = 0;
    for (size_t c = 0; c < out[MAP].n_rows; c++) {
        assert_true(cell(&out[MAP], "nox_ugm3_change", c) < 1e-3);
        if (cell(&out[MAP], "nox_ugm3", c) > cell(&out[MAP], "nox_ugm3", greatest))
            greatest = c;
    }
    double columns = cell(&out[GRID], "n_columns", 0);
    assert_int_equal(out[MAP].n_rows, (size_t)(columns * cell(&out[GRID], "n_rows", 0)));
    assert_true(fabs(cell(&out[MAP], "y", greatest) - 550000) < 100);
    destroy(out, OUTPUTS);
    destroy(emissions, 1);
    dosi_table_destroy(&places);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&links);
}

/// Pieces of one road of 400 m, each with its own name and emission.
static void make_pieces(dosi_table *links, dosi_table *emissions) {
    dosi_error err;
    dosi_table_init(links);
    dosi_table_init(emissions);
    add(links, "link", DOSI_TYPE_TEXT);
    add(links, "geometry", DOSI_TYPE_GEOMETRY);
    links->columns[1].srid = DOSI_SRID_KOREA;
    add(emissions, "link", DOSI_TYPE_TEXT);
    add(emissions, "nox_gms", DOSI_TYPE_REAL);
    CHECK_OK(dosi_table_add_rows(links, PIECES, &err), err);
    CHECK_OK(dosi_table_add_rows(emissions, PIECES, &err), err);
    for (size_t i = 0; i < PIECES; i++) {
        const double east = 200000 + 10 * (double)i;
        const double x[2] = {east, east + 10}, y[2] = {550000, 550000};
        char name[8];
        dosi_text wkb = {0};
        (void)snprintf(name, sizeof name, "P%02zu", i);
        dosi_wkb_put_line(&wkb, x, y, 2);
        CHECK_OK(dosi_table_set_bytes(links, 1, i, wkb.data, wkb.length), err);
        dosi_text_destroy(&wkb);
        CHECK_OK(dosi_table_set_text(links, 0, i, name), err);
        CHECK_OK(dosi_table_set_text(emissions, 0, i, name), err);
        emissions->columns[1].data.real[i] = 1e-4 * (double)(1 + i % 3);
    }
}

/// Many groups are summed some at a time: each has what the road brings when all others are
/// left out.
static void every_piece_of_a_road_is_told_alone(void **state) {
    (void)state;
    enum { MAP, GRID, RECEPTORS, CONTRIBUTIONS, RUN_HOURS, OUTPUTS };
    dosi_table links, weather, places, emissions, out[OUTPUTS], alone[OUTPUTS];
    dosi_error err = {""};
    make_pieces(&links, &emissions);
    make_weather(&weather);
    make_places(&places);
    const dosi_table *inputs[] = {&links, &emissions, NULL, &weather, &places, NULL};
    dosi_setting settings[] = {{"group", "link"}, {"map", "none"}};
    CHECK_OK(call("air.road", inputs, settings, 2, out, &err), err);
    static const size_t tried[] = {0, 15, 16, 31, 32, PIECES - 1};
    for (size_t t = 0; t < sizeof tried / sizeof tried[0]; t++) {
        for (size_t i = 0; i < PIECES; i++) {
            emissions.columns[1].data.real[i] =
                i == tried[t] ? 1e-4 * (double)(1 + i % 3) : 0.0;
        }
        CHECK_OK(call("air.road", inputs, settings, 2, alone, &err), err);
        double mean = 0, told = 0;
        for (size_t h = 0; h + 1 < HOURS; h++) {
            mean += cell(&alone[RECEPTORS], "nox_ugm3", PLACES * h) / (HOURS - 1);
        }
        char name[8];
        (void)snprintf(name, sizeof name, "P%02zu", tried[t]);
        for (size_t r = 0; r < out[CONTRIBUTIONS].n_rows; r++) {
            size_t n = 0, m = 0;
            const dosi_column *columns = out[CONTRIBUTIONS].columns;
            const char *place = dosi_column_bytes(&columns[0], r, &n);
            const char *group = dosi_column_bytes(&columns[1], r, &m);
            bool is_it = n == 5 && memcmp(place, "north", 5) == 0 && m == 3 &&
                         memcmp(group, name, 3) == 0;
            if (is_it) told += cell(&out[CONTRIBUTIONS], "nox_ugm3", r);
        }
        assert_true(mean > 0);
        CHECK_NEAR(told / mean, 1, 1e-9);
        destroy(alone, OUTPUTS);
    }
    destroy(out, OUTPUTS);
    dosi_table_destroy(&places);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&emissions);
    dosi_table_destroy(&links);
}

/// NO2 and ozone of two stations; the second is the cleaner.
static void make_background(dosi_table *table, const dosi_table *weather) {
    dosi_error err;
    dosi_table_init(table);
    add(table, "station", DOSI_TYPE_TEXT);
    add(table, "time", DOSI_TYPE_TIME);
    add(table, "no2_ppm", DOSI_TYPE_REAL);
    add(table, "o3_ppm", DOSI_TYPE_REAL);
    CHECK_OK(dosi_table_add_rows(table, 2 * HOURS, &err), err);
    for (size_t r = 0; r < 2 * HOURS; r++) {
        CHECK_OK(dosi_table_set_text(table, 0, r, r % 2 ? "clean" : "dirty"), err);
        table->columns[1].data.integer[r] = weather->columns[0].data.integer[r / 2];
        table->columns[2].data.real[r] = r % 2 ? 0.010 : 0.040;
        table->columns[3].data.real[r] = r % 2 ? 0.045 : 0.020;
    }
}

static void nox_becomes_no2_at_the_cost_of_ozone(void **state) {
    (void)state;
    enum { MAP, GRID, RECEPTORS, CONTRIBUTIONS, RUN_HOURS, OUTPUTS };
    dosi_table links, weather, places, background, emissions[1], out[OUTPUTS];
    dosi_error err = {""};
    make_links(&links);
    make_weather(&weather);
    make_places(&places);
    make_background(&background, &weather);
    const dosi_table *traffic[] = {&links, NULL, NULL, NULL};
    CHECK_OK(call("air.road_emission", traffic, NULL, 0, emissions, &err), err);
    const dosi_table *inputs[] = {&links, &emissions[0], NULL, &weather, &places, &background};
    dosi_setting settings[] = {{"value", "nox_gms,no2_gms"}, {"changed", "L1,L2,L3"}};
    CHECK_OK(call("air.road", inputs, settings, 2, out, &err), err);
    const double ppm = 1e-3 * 24.45 / 46.0055;
    for (size_t t = 0; t < 2; t++) {
        const dosi_table *table = &out[t == 0 ? MAP : RECEPTORS];
        for (size_t r = 0; r < table->n_rows; r++) {
            double no2 = cell(table, "no2_ppm", r), o3 = cell(table, "o3_ppm", r);
            double primary = ppm * cell(table, "no2_ugm3", r);
            // Oxidant is that of the cleaner station and what was emitted as NO2.
            CHECK_NEAR(no2 + o3, 0.055 + primary, 1e-9);
            assert_true(no2 >= 0.010 - 1e-12 && o3 <= 0.045 + 1e-12);
            // Without roads there is the background again, to the last part.
            CHECK_NEAR(no2 + cell(table, "no2_ppm_change", r), 0.010, 1e-9);
        }
    }
    // Near the road more of the NO is still NO than farther off.
    double north = cell(&out[RECEPTORS], "nox_ugm3", 0) * ppm;
    double made = cell(&out[RECEPTORS], "no2_ppm", 0) - 0.010;
    assert_true(made > 0.1 * north && made < 0.9 * north);
    destroy(out, OUTPUTS);
    settings[0].value = "pm10_gms";
    assert_int_equal(call("air.road", inputs, settings, 2, out, &err), DOSI_INVALID);
    destroy(out, OUTPUTS);
    destroy(emissions, 1);
    dosi_table_destroy(&background);
    dosi_table_destroy(&places);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&links);
}

/// Buildings of 18 m along the arterial, none along the collector.
static void build_walls(dosi_table *links) {
    add(links, "canyon_height_m", DOSI_TYPE_REAL);
    for (size_t i = 0; i < LINKS; i++) {
        links->columns[7].data.real[i] = i < 2 ? 18 : (double)NAN;
    }
}

static void streets_between_buildings_have_two_sides(void **state) {
    (void)state;
    enum { RECEPTORS, STREETS, OUTPUTS };
    dosi_table links, weather, places, background, emissions[1], changed[1], out[OUTPUTS];
    dosi_error err = {""};
    make_links(&links);
    build_walls(&links);
    make_weather(&weather);
    make_places(&places);
    make_background(&background, &weather);
    places.columns[2].data.real[0] = 550009; // at the foot of the northern buildings
    places.columns[2].data.real[1] = 549991; // and of the southern
    const dosi_table *traffic[] = {&links, NULL, NULL, NULL};
    dosi_setting closed[] = {{"changed", "L1,L2,L3"}, {"change", "0"}};
    CHECK_OK(call("air.road_emission", traffic, NULL, 0, emissions, &err), err);
    CHECK_OK(call("air.road_emission", traffic, closed, 2, changed, &err), err);
    const dosi_table *inputs[] = {&links,   NULL,    &emissions[0], &changed[0],
                                  &weather, &places, &background};
    CHECK_OK(call("air.street", inputs, NULL, 0, out, &err), err);
    assert_int_equal(out[STREETS].n_rows, 2);
    assert_int_equal(out[RECEPTORS].n_rows, PLACES * (HOURS - 1));
    // The wind comes from the south, so that the vortex carries to the southern side.
    double north = cell(&out[RECEPTORS], "nox_ugm3", 0);
    double south = cell(&out[RECEPTORS], "nox_ugm3", 1);
    assert_true(south > 1.5 * north && north > 0);
    size_t n = 0;
    const char *side = dosi_column_bytes(&out[RECEPTORS].columns[3], 0, &n);
    assert_true(n == 4 && memcmp(side, "left", 4) == 0); // of one who looks east
    // The street's part is the canyon model's, with the hour's traffic.
    dosi_canyon street = {90, 20, 18, 18, 100, 100, 0.82, 0};
    dosi_canyon_traffic cars = {1500 * 0.95, 1500 * 0.05, 40, 40};
    double sides[2];
    dosi_canyon_sides(&street, &cars, 3, 180, sides);
    double nox = 1e6 * cell(emissions, "nox_gms", 0);
    CHECK_NEAR(cell(&out[RECEPTORS], "street_nox_ugm3", 0) / (nox * sides[0]), 1, 1e-9);
    CHECK_NEAR(cell(&out[RECEPTORS], "street_nox_ugm3", 1) / (nox * sides[1]), 1, 1e-9);
    const double ppm = 1e-3 * 24.45 / 46.0055;
    double part = cell(emissions, "no2_gms", 0) / cell(emissions, "nox_gms", 0);
    for (size_t r = 0; r < out[RECEPTORS].n_rows; r++) {
        const dosi_table *table = &out[RECEPTORS];
        double all = cell(table, "no_ppm", r) + cell(table, "no2_ppm", r);
        double no_before = all - ppm * cell(table, "nox_ugm3", r) - 0.010;
        assert_true(no_before > 0 && no_before < 0.01); // the background's
        double oxidant = cell(table, "no2_ppm", r) + cell(table, "o3_ppm", r);
        // All links have one share of heavy vehicles, so one part of NO2.
        CHECK_NEAR(oxidant, 0.055 + part * ppm * cell(table, "nox_ugm3", r), 1e-6);
        CHECK_NEAR(cell(table, "nox_ugm3_change", r), -cell(table, "nox_ugm3", r), 1e-9);
        CHECK_NEAR(cell(table, "no2_ppm", r) + cell(table, "no2_ppm_change", r), 0.010, 1e-9);
    }
    // The street's row is its dirtier side.
    assert_true(cell(&out[STREETS], "nox_ugm3", 0) > cell(&out[STREETS], "other_nox_ugm3", 0));
    destroy(out, OUTPUTS);
    destroy(emissions, 1);
    destroy(changed, 1);
    dosi_table_destroy(&background);
    dosi_table_destroy(&places);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&links);
}

enum { MANY = 300 };

/// A city of 4 km of streets of 60 to 160 m, all between buildings.
static void make_many(dosi_table *links, dosi_table *emissions) {
    dosi_error err;
    dosi_random random = dosi_random_init(test_seed(), 9);
    dosi_table_init(links);
    dosi_table_init(emissions);
    add(links, "link", DOSI_TYPE_TEXT);
    add(links, "geometry", DOSI_TYPE_GEOMETRY);
    links->columns[1].srid = DOSI_SRID_KOREA;
    static const char *const numbers[] = {"flow_vph", "speed_kmh", "heavy_share", "width_m",
                                          "canyon_height_m"};
    static const double values[] = {800, 30, 0.05, 20, 15};
    for (size_t c = 0; c < 5; c++) add(links, numbers[c], DOSI_TYPE_REAL);
    add(emissions, "link", DOSI_TYPE_TEXT);
    add(emissions, "nox_gms", DOSI_TYPE_REAL);
    CHECK_OK(dosi_table_add_rows(links, MANY, &err), err);
    CHECK_OK(dosi_table_add_rows(emissions, MANY, &err), err);
    for (size_t i = 0; i < MANY; i++) {
        double angle = 2 * M_PI * dosi_random_uniform(&random);
        double length = 60 + 100 * dosi_random_uniform(&random);
        double x[2] = {200000 + 4000 * dosi_random_uniform(&random)};
        double y[2] = {550000 + 4000 * dosi_random_uniform(&random)};
        x[1] = x[0] + length * cos(angle);
        y[1] = y[0] + length * sin(angle);
        char name[8];
        dosi_text wkb = {0};
        (void)snprintf(name, sizeof name, "M%03zu", i);
        dosi_wkb_put_line(&wkb, x, y, 2);
        CHECK_OK(dosi_table_set_bytes(links, 1, i, wkb.data, wkb.length), err);
        dosi_text_destroy(&wkb);
        CHECK_OK(dosi_table_set_text(links, 0, i, name), err);
        CHECK_OK(dosi_table_set_text(emissions, 0, i, name), err);
        for (size_t c = 0; c < 5; c++) links->columns[2 + c].data.real[i] = values[c];
        emissions->columns[1].data.real[i] = 1e-3 * pow(dosi_random_uniform(&random), 3);
    }
}

static void far_roads_from_a_mesh_change_little_at_kerbs(void **state) {
    (void)state;
    enum { RECEPTORS, STREETS, OUTPUTS };
    dosi_table links, emissions, weather, exact[OUTPUTS], quick[OUTPUTS];
    dosi_error err = {""};
    make_many(&links, &emissions);
    make_weather(&weather);
    const dosi_table *inputs[] = {&links, NULL, &emissions, NULL, &weather, NULL, NULL};
    const dosi_setting settings[] = {{"exact", "true"}};
    CHECK_OK(call("air.street", inputs, settings, 1, exact, &err), err);
    CHECK_OK(call("air.street", inputs, NULL, 0, quick, &err), err);
    double most = 0, apart = 0;
    assert_int_equal(exact[STREETS].n_rows, MANY);
    for (size_t r = 0; r < MANY; r++) {
        double others =
            cell(&exact[STREETS], "nox_ugm3", r) - cell(&exact[STREETS], "street_nox_ugm3", r);
        most = fmax(most, others);
        apart = fmax(apart, fabs(cell(&quick[STREETS], "nox_ugm3", r) -
                                 cell(&exact[STREETS], "nox_ugm3", r)));
        CHECK_NEAR(cell(&quick[STREETS], "street_nox_ugm3", r),
                   cell(&exact[STREETS], "street_nox_ugm3", r), 1e-12);
    }
    assert_true(apart > 0 && apart < 0.01 * most); // the mesh was used, and is good
    destroy(exact, OUTPUTS);
    destroy(quick, OUTPUTS);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&emissions);
    dosi_table_destroy(&links);
}

static void diesel_can_leave_the_roads(void **state) {
    (void)state;
    dosi_table links, now[1], after[1];
    dosi_error err = {""};
    make_links(&links);
    const dosi_table *inputs[] = {&links, NULL, NULL, NULL};
    dosi_setting settings[] = {{"scale_diesel", "0"}};
    CHECK_OK(call("air.road_emission", inputs, NULL, 0, now, &err), err);
    CHECK_OK(call("air.road_emission", inputs, settings, 1, after, &err), err);
    dosi_emission_model model = dosi_emission_default();
    double kept = 0;
    for (size_t f = 0; f < DOSI_FUELS; f++) {
        if (f != DOSI_FUEL_DIESEL) kept += model.fuel_share[DOSI_VEHICLE_CAR][f];
    }
    assert_true(kept > 0.5 && kept < 0.9);
    assert_true(cell(after, "nox_gms", 0) < 0.5 * cell(now, "nox_gms", 0));
    // Wear goes with the vehicles: some of it stays.
    double wear = cell(after, "pm10_gms", 0) - cell(after, "pm_exhaust_gms", 0);
    double before = cell(now, "pm10_gms", 0) - cell(now, "pm_exhaust_gms", 0);
    assert_true(wear > 0.4 * before && wear < 0.9 * before);
    destroy(now, 1);
    destroy(after, 1);
    dosi_table_destroy(&links);
}

static void roads_without_lines_or_weather_are_refused(void **state) {
    (void)state;
    enum { OUTPUTS = 5 };
    dosi_table links, weather, emissions[1], out[OUTPUTS];
    dosi_error err = {""};
    make_links(&links);
    make_weather(&weather);
    const dosi_table *traffic[] = {&links, NULL, NULL, NULL};
    CHECK_OK(call("air.road_emission", traffic, NULL, 0, emissions, &err), err);
    const dosi_table *inputs[] = {&links, &emissions[0], NULL, &weather, NULL, NULL};
    dosi_setting late[] = {{"from", "2021-01-01"}};
    assert_int_equal(call("air.road", inputs, late, 1, out, &err), DOSI_DOMAIN);
    destroy(out, OUTPUTS);
    dosi_setting absent[] = {{"value", "soot_gms"}};
    assert_int_equal(call("air.road", inputs, absent, 1, out, &err), DOSI_NOT_FOUND);
    destroy(out, OUTPUTS);
    for (size_t i = 0; i < LINKS; i++) links.columns[6].data.span[i].length = DOSI_MISSING_SPAN;
    assert_int_equal(call("air.road", inputs, NULL, 0, out, &err), DOSI_DOMAIN);
    destroy(out, OUTPUTS);
    destroy(emissions, 1);
    dosi_table_destroy(&weather);
    dosi_table_destroy(&links);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_numbers),
        cmocka_unit_test(emissions_are_the_models_and_links_can_be_closed),
        cmocka_unit_test(a_fleet_gives_the_fuels),
        cmocka_unit_test(roads_make_maps_receptors_and_contributions_that_agree),
        cmocka_unit_test(every_piece_of_a_road_is_told_alone),
        cmocka_unit_test(nox_becomes_no2_at_the_cost_of_ozone),
        cmocka_unit_test(streets_between_buildings_have_two_sides),
        cmocka_unit_test(far_roads_from_a_mesh_change_little_at_kerbs),
        cmocka_unit_test(diesel_can_leave_the_roads),
        cmocka_unit_test(roads_without_lines_or_weather_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
