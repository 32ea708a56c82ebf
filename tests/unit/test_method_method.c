// Goal: descriptors are whole and their settings checked; the air and geo methods carry tables
// into the models and back, with what was left out said in the report.

#include "dosi/air.h"
#include "dosi/geo.h"
#include "dosi/method.h"
#include "dosi/quality.h"
#include "test.h"

#include <jansson.h>

enum { STATIONS = 8, HOURS = 24 };

static void every_descriptor_is_whole(void **state) {
    (void)state;
    size_t n = 0;
    const dosi_method *const *methods = dosi_methods(&n);
    assert_true(n >= 5);
    for (size_t i = 0; i < n; i++) {
        const dosi_method *m = methods[i];
        if (i) assert_true(strcmp(methods[i - 1]->id, m->id) < 0);
        assert_ptr_equal(dosi_method_find(m->id), m);
        assert_true(m->version >= 1 && m->run && m->citation && *m->citation);
        assert_true(m->title.ko && m->title.en && m->about.ko && m->about.en);
        for (size_t p = 0; p < m->n_parameters; p++) {
            assert_true(m->parameters[p].title.ko && m->parameters[p].title.en);
            assert_true((m->parameters[p].kind == DOSI_PARAMETER_CHOICE) ==
                        (m->parameters[p].choices != NULL));
        }
        dosi_text text = {0};
        dosi_method_put_json(&text, m);
        json_t *json = json_loads(dosi_text_string(&text), 0, NULL);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "id")), m->id);
        assert_int_equal(json_array_size(json_object_get(json, "parameters")), m->n_parameters);
        assert_int_equal(json_array_size(json_object_get(json, "outputs")), m->n_outputs);
        json_decref(json);
        dosi_text_destroy(&text);
    }
    assert_null(dosi_method_find("geo.kridge"));
}

static void defaults_of_every_method_are_allowed(void **state) {
    (void)state;
    size_t n = 0;
    const dosi_method *const *methods = dosi_methods(&n);
    for (size_t i = 0; i < n; i++) {
        dosi_setting settings[64];
        dosi_value values[64];
        size_t n_settings = 0;
        for (size_t p = 0; p < methods[i]->n_parameters; p++) {
            if (methods[i]->parameters[p].default_value) continue;
            settings[n_settings++] = (dosi_setting){methods[i]->parameters[p].name, "x"};
        }
        dosi_error err = {""};
        CHECK_OK(dosi_method_set(methods[i], settings, n_settings, values, &err), err);
    }
}

static void settings_are_checked_by_kind_and_range(void **state) {
    (void)state;
    const dosi_method *krige = dosi_method_find("geo.krige");
    static const struct {
        const char *name, *value, *message;
    } bad[] = {
        {"nmax", "0", "in 1..1023"},        {"nmax", "ten", "a whole number"},
        {"cell_m", "1e9", "in 1..100000"},  {"fit", "yes", "true or false"},
        {"search", "globa", "auto|global"}, {"search", "auto|global", "auto|global"},
        {"n_max", "3", "no parameter"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const dosi_setting settings[] = {{"value", "z"}, {bad[i].name, bad[i].value}};
        dosi_value values[64] = {{.integer = -7}};
        dosi_error err = {""};
        CHECK_STATUS(dosi_method_set(krige, settings, 2, values, &err), DOSI_INVALID);
        if (!strstr(err.message, bad[i].message)) fail_msg("%s", err.message);
        assert_int_equal(values[0].integer, -7); // untouched on failure
    }
    dosi_error err = {""};
    dosi_value values[64];
    CHECK_STATUS(dosi_method_set(krige, NULL, 0, values, &err), DOSI_INVALID);
    assert_non_null(strstr(err.message, "value must be given"));
}

/// Hourly readings of stations on a line, the plane 10 + x/1000 + hour, all pollutants.
static void make_observations(dosi_table *table) {
    dosi_error err = {""};
    CHECK_OK(dosi_table_add_column(table, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "x", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "y", DOSI_TYPE_REAL, NULL, &err), err);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        const char *name = dosi_pollutant_column((dosi_pollutant)p);
        CHECK_OK(dosi_table_add_column(table, name, DOSI_TYPE_REAL, NULL, &err), err);
    }
    CHECK_OK(dosi_table_add_rows(table, (size_t)STATIONS * HOURS, &err), err);
    for (size_t row = 0; row < table->n_rows; row++) {
        size_t s = row % STATIONS, h = row / STATIONS; // hour by hour, as feeds give them
        char name[8];
        (void)snprintf(name, sizeof name, "s%zu", s);
        CHECK_OK(dosi_table_set_text(table, 0, row, name), err);
        table->columns[1].data.integer[row] =
            dosi_days_from_civil(2020, 2, 1) * DOSI_DAY_US + (int64_t)(h + 1) * DOSI_HOUR_US;
        table->columns[2].data.real[row] = 200000 + 1000 * (double)s;
        table->columns[3].data.real[row] = 550000 + 700 * (double)(s * 3 % STATIONS);
        for (int p = 0; p < DOSI_AIR_COUNT; p++) {
            bool is_gas = p < DOSI_AIR_PM10;
            double level = 10 + (double)s + (double)(h % 5);
            table->columns[4 + p].data.real[row] = is_gas ? level / 1000 : level;
        }
    }
}

/// Runs a method with settings; outputs and report are the caller's.
static dosi_status run(const char *id,
                       const dosi_table *const *inputs,
                       const dosi_setting *settings,
                       size_t n_settings,
                       dosi_table *outputs,
                       dosi_text *report) {
    const dosi_method *method = dosi_method_find(id);
    dosi_value values[64];
    dosi_error err = {""};
    CHECK_OK(dosi_method_set(method, settings, n_settings, values, &err), err);
    const dosi_method_call call = {method, inputs, values, outputs, report, NULL};
    dosi_status status = dosi_method_run(&call, &err);
    if (status != DOSI_OK) dosi_text_puts(report, err.message);
    return status;
}

/// The cell of a named numeric column.
static double cell(const dosi_table *table, const char *name, size_t row) {
    size_t found = dosi_table_find(table, name);
    if (found == SIZE_MAX) fail_msg("no column %s", name);
    return dosi_column_real(&table->columns[found], row);
}

static void the_index_counts_hours_by_station(void **state) {
    (void)state;
    dosi_table observations = {0}, out[1] = {{0}};
    dosi_text report = {0};
    make_observations(&observations);
    const dosi_table *inputs[] = {&observations};
    assert_int_equal(run("air.cai", inputs, NULL, 0, out, &report), DOSI_OK);
    assert_int_equal(out[0].n_rows, STATIONS * HOURS);
    for (size_t row = 0; row < out[0].n_rows; row++) {
        // Sorted by station: nine of twelve hours are needed, so the first eight have none.
        bool has_index = row % HOURS >= 8;
        assert_true(dosi_column_is_missing(&out[0].columns[2], row) != has_index);
    }
    // Station 0, hour 12: hourly 10..14 in cycles of five from hour 1 on; nothing above 30.
    double last_12 = (10 + 11 + 12 + 13 + 14) * 2 + 10 + 11, last_4 = 13 + 14 + 10 + 11;
    CHECK_NEAR(cell(&out[0], "pm25_24h_ugm3", 11), (last_12 / 12 + last_4 / 4) / 2, 1e-12);
    dosi_table_destroy(&out[0]);
    dosi_table_destroy(&observations);
    dosi_text_destroy(&report);
}

static void flags_travel_and_are_heeded(void **state) {
    (void)state;
    dosi_table observations = {0}, qc[2] = {{0}, {0}}, out[1] = {{0}};
    dosi_text report = {0};
    make_observations(&observations);
    size_t fault = 20 * STATIONS + 3; // station 3, hour 21
    observations.columns[4 + DOSI_AIR_PM25].data.real[fault] = 4000;
    const dosi_table *inputs[] = {&observations, NULL};
    assert_int_equal(run("air.qc", inputs, NULL, 0, qc, &report), DOSI_OK);
    size_t row = 3 * HOURS + 20;                         // rows come out by station and time
    CHECK_NEAR(cell(&qc[0], "pm25_ugm3", row), 4000, 0); // never changed
    int64_t flag = (int64_t)cell(&qc[0], "pm25_ugm3_flag", row);
    assert_true(flag & DOSI_QC_RANGE && flag & DOSI_QC_SPIKE && flag & DOSI_QC_NEIGHBOUR);
    size_t n_flagged = 0;
    for (size_t i = 0; i < qc[0].n_rows; i++)
        n_flagged += cell(&qc[0], "pm25_ugm3_flag", i) > 0;
    assert_int_equal(n_flagged, 1);
    assert_non_null(strstr(dosi_text_string(&report), "pm25_ugm3: 1 of"));
    const dosi_table *next[] = {&qc[0]};
    assert_int_equal(run("air.cai", next, NULL, 0, out, &report), DOSI_OK);
    assert_true(cell(&out[0], "pm25_24h_ugm3", row) < 30);
    dosi_table_destroy(&out[0]);
    const dosi_setting heedless[] = {{"reject", "0"}};
    assert_int_equal(run("air.cai", next, heedless, 1, out, &report), DOSI_OK);
    assert_true(cell(&out[0], "pm25_24h_ugm3", row) > 300);
    dosi_table_destroy(&out[0]);
    dosi_table_destroy(&qc[0]);
    dosi_table_destroy(&qc[1]);
    dosi_table_destroy(&observations);
    dosi_text_destroy(&report);
}

/// Two square areas side by side, 4 km wide, as WKB in EPSG:5186 with 1000 and 3000 people.
static void make_areas(dosi_table *table) {
    dosi_error err = {""};
    CHECK_OK(dosi_table_add_column(table, "dong", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "population", DOSI_TYPE_INT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "geometry", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(table, 2, &err), err);
    table->columns[2].srid = DOSI_SRID_KOREA;
    for (size_t i = 0; i < 2; i++) {
        double west = 200000 + 4000 * (double)i, south = 550000;
        const double x[] = {west, west + 4000, west + 4000, west, west};
        const double y[] = {south, south, south + 4000, south + 4000, south};
        const size_t end = 5;
        dosi_text wkb = {0};
        dosi_wkb_put_polygon(&wkb, x, y, &end, 1);
        CHECK_OK(dosi_table_set_bytes(table, 2, i, wkb.data, wkb.length), err);
        CHECK_OK(dosi_table_set_text(table, 0, i, i ? "b" : "a"), err);
        table->columns[1].data.integer[i] = i ? 3000 : 1000;
        dosi_text_destroy(&wkb);
    }
}

static const dosi_setting krige_settings[] = {
    {"value", "pm25_ugm3,o3_ppm"},
    {"by", "time"},
    {"cell_m", "500"},
    {"fit", "false"},
    {"psill", "4"},
    {"range_m", "3000"},
    {"layout", "wide"},
};

static void maps_and_means_add_up(void **state) {
    (void)state;
    dosi_table observations = {0}, areas = {0}, map[4] = {{0}}, zonal[2] = {{0}, {0}};
    dosi_text report = {0};
    make_observations(&observations);
    make_areas(&areas);
    const dosi_table *inputs[] = {&observations, NULL, &areas, NULL, NULL};
    assert_int_equal(run("geo.krige", inputs, krige_settings, 7, map, &report), DOSI_OK);
    enum { CELLS = 16 * 8 };
    assert_int_equal(map[0].n_rows, HOURS * CELLS);
    CHECK_NEAR(cell(&map[1], "n_columns", 0) * cell(&map[1], "n_rows", 0), CELLS, 0);
    CHECK_NEAR(cell(&map[1], "x0", 0), 200000, 0);
    CHECK_NEAR(cell(&map[0], "x", 17), 200750, 0); // row 1, column 1
    CHECK_NEAR(cell(&map[0], "y", 17), 550750, 0);
    assert_int_equal(map[2].n_rows, 2 * HOURS * STATIONS);
    assert_int_equal(map[3].n_rows, 2);
    assert_true(cell(&map[3], "loo_rmse", 0) > 0);
    const dosi_setting settings[] = {
        {"value", "pm25_ugm3"}, {"by", "time"}, {"threshold", "pm25_ugm3=14.5"}};
    const dosi_table *next[] = {&map[0], &map[1], &areas, NULL};
    assert_int_equal(run("geo.zonal", next, settings, 3, zonal, &report), DOSI_OK);
    assert_int_equal(zonal[0].n_rows, 2 * HOURS);
    for (size_t h = 0; h < HOURS; h++) {
        double mean[2] = {0, 0}, above[2] = {0, 0};
        for (size_t c = 0; c < CELLS; c++) { // every cell is whole and in one area
            double value = cell(&map[0], "pm25_ugm3", h * CELLS + c);
            mean[c % 16 / 8] += value / (CELLS / 2.0);
            above[c % 16 / 8] += (value > 14.5) / (CELLS / 2.0);
        }
        for (size_t a = 0; a < 2; a++) {
            CHECK_NEAR(cell(&zonal[0], "pm25_ugm3", 2 * h + a), mean[a], 1e-9);
            CHECK_NEAR(cell(&zonal[0], "pm25_ugm3_share_above", 2 * h + a), above[a], 1e-9);
            CHECK_NEAR(cell(&zonal[0], "coverage", 2 * h + a), 1, 1e-9);
        }
        CHECK_NEAR(cell(&zonal[0], "pm25_ugm3_people_above", 2 * h + 1), 3000 * above[1], 1e-6);
        CHECK_NEAR(cell(&zonal[1], "population", h), 4000, 0);
        CHECK_NEAR(cell(&zonal[1], "pm25_ugm3", h), (mean[0] + 3 * mean[1]) / 4, 1e-9);
        CHECK_NEAR(cell(&zonal[1], "pm25_ugm3_people_above", h),
                   1000 * above[0] + 3000 * above[1], 1e-6);
    }
    for (size_t i = 0; i < 4; i++) dosi_table_destroy(&map[i]);
    for (size_t i = 0; i < 2; i++) dosi_table_destroy(&zonal[i]);
    dosi_table_destroy(&observations);
    dosi_table_destroy(&areas);
    dosi_text_destroy(&report);
}

static void long_and_wide_hold_the_same(void **state) {
    (void)state;
    dosi_table observations = {0}, wide[4] = {{0}}, tall[4] = {{0}};
    dosi_text report = {0};
    make_observations(&observations);
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    dosi_setting settings[7];
    memcpy(settings, krige_settings, sizeof settings);
    assert_int_equal(run("geo.krige", inputs, settings, 7, wide, &report), DOSI_OK);
    settings[6].value = "long";
    assert_int_equal(run("geo.krige", inputs, settings, 7, tall, &report), DOSI_OK);
    size_t n = wide[0].n_rows;
    assert_int_equal(tall[0].n_rows, 2 * n);
    for (size_t row = 0; row < n; row++) {
        CHECK_NEAR(cell(&tall[0], "value", row), cell(&wide[0], "pm25_ugm3", row), 0);
        CHECK_NEAR(cell(&tall[0], "variance", n + row), cell(&wide[0], "o3_ppm_variance", row),
                   0);
    }
    for (size_t i = 0; i < 4; i++) {
        dosi_table_destroy(&wide[i]);
        dosi_table_destroy(&tall[i]);
    }
    dosi_table_destroy(&observations);
    dosi_text_destroy(&report);
}

static void a_pollutant_without_values_is_not_mapped_but_said(void **state) {
    (void)state;
    dosi_table observations = {0}, map[4] = {{0}};
    dosi_text report = {0};
    make_observations(&observations);
    for (size_t row = 0; row < observations.n_rows; row++) {
        observations.columns[4 + DOSI_AIR_O3].data.real[row] = NAN;
    }
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    const dosi_setting settings[] = {{"value", "o3_ppm,pm25_ugm3"}, {"by", "time"}};
    assert_int_equal(run("geo.krige", inputs, settings, 2, map, &report), DOSI_OK);
    assert_non_null(strstr(dosi_text_string(&report), "o3_ppm: not mapped"));
    assert_true(isnan(cell(&map[0], "o3_ppm", 0)));
    assert_true(!isnan(cell(&map[0], "pm25_ugm3", 0)));
    for (size_t i = 0; i < 4; i++) dosi_table_destroy(&map[i]);
    dosi_table_destroy(&observations);
    dosi_text_destroy(&report);
}

static void what_is_wrong_with_an_input_is_named(void **state) {
    (void)state;
    dosi_table observations = {0}, out[4] = {{0}};
    dosi_text report = {0};
    make_observations(&observations);
    dosi_table_drop_column(&observations, 1); // time
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    assert_int_equal(run("air.cai", inputs, NULL, 0, out, &report), DOSI_INVALID);
    assert_non_null(strstr(dosi_text_string(&report), "no column \"time\""));
    dosi_table_drop_column(&observations, 1); // x
    const dosi_setting settings[] = {{"value", "pm25_ugm3"}};
    assert_int_equal(run("geo.krige", inputs, settings, 1, out, &report), DOSI_NOT_FOUND);
    assert_non_null(strstr(dosi_text_string(&report), "no places"));
    for (size_t i = 0; i < 4; i++) assert_int_equal(out[i].n_columns, 0);
    dosi_table_destroy(&observations);
    dosi_text_destroy(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_descriptor_is_whole),
        cmocka_unit_test(defaults_of_every_method_are_allowed),
        cmocka_unit_test(settings_are_checked_by_kind_and_range),
        cmocka_unit_test(the_index_counts_hours_by_station),
        cmocka_unit_test(flags_travel_and_are_heeded),
        cmocka_unit_test(maps_and_means_add_up),
        cmocka_unit_test(long_and_wide_hold_the_same),
        cmocka_unit_test(a_pollutant_without_values_is_not_mapped_but_said),
        cmocka_unit_test(what_is_wrong_with_an_input_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
