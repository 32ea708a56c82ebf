// Goal: Seoul's 25 district stations, PM2.5 by day: each day of 2022 predicted without the
// station's own value, learnt from 2018-2021 alone (through the method, as its users run it).
// Plain ordinary kriging reaches RMSE 2.663, MSDR 0.468, coverage 98.3 % there.

#include "dosi/method.h"
#include "source/source.h"
#include "test.h"

static const char *const years[] = {"2018", "2019", "2020", "2021", "2022"};

/// Daily values of five years with the station column named as the stations' file names it.
static bool read_inputs(dosi_table *observations, dosi_table *stations) {
    char name[96];
    dosi_error err = {""};
    dosi_source_result all = {0}, one = {0};
    const dosi_source_options daily = {.recipe = "seoul-air-daily"}, plain = {0};
    for (size_t y = 0; y < 5; y++) {
        (void)snprintf(name, sizeof name, "data/air/seoul-daily-all-stations/%s.csv", years[y]);
        const char *path = test_shared(name);
        if (!path) return false;
        CHECK_OK(dosi_source_read(path, &daily, NULL, y ? &one : &all, &err), err);
        if (y) CHECK_OK(dosi_source_append(&all, &one, years[y], &err), err);
        dosi_source_result_clear(&one);
    }
    const char *path = test_shared("data/converted/seoul_25_gu_stations.csv");
    if (!path) return false;
    CHECK_OK(dosi_source_read(path, &plain, NULL, &one, &err), err);
    *observations = all.table;
    *stations = one.table;
    memset(&all.table, 0, sizeof all.table);
    memset(&one.table, 0, sizeof one.table);
    dosi_source_result_clear(&all);
    dosi_source_result_clear(&one);
    CHECK_OK(dosi_table_rename(stations, dosi_table_find(stations, "gu_ko"), "station", &err),
             err);
    return true;
}

static double summary_at(const dosi_table *summary, const char *name) {
    return summary->columns[dosi_table_find(summary, name)].data.real[summary->n_rows - 1];
}

static void intervals_of_2022_hold_with_what_2021_knew(void **state) {
    (void)state;
    dosi_table observations = {0}, stations = {0}, outputs[2] = {{0}, {0}};
    if (!read_inputs(&observations, &stations)) {
        dosi_table_destroy(&observations);
        skip();
    }
    const dosi_method *method = dosi_method_find("air.network");
    assert_non_null(method);
    const dosi_setting settings[] = {
        {"value", "pm25_ugm3"}, {"by", "date"}, {"from", "2022-01-01"}};
    dosi_value values[16];
    dosi_error err = {""};
    CHECK_OK(dosi_method_set(method, settings, 3, values, &err), err);
    const dosi_table *const inputs[] = {&observations, &stations};
    const dosi_method_call call = {
        .method = method, .inputs = inputs, .values = values, .outputs = outputs};
    CHECK_OK(dosi_method_run(&call, &err), err);
    const dosi_table *summary = &outputs[1];
    assert_int_equal(summary->n_rows, 26);
    size_t n = dosi_table_find(summary, "n");
    assert_int_equal(summary->columns[n].data.integer[25], 9092);
    double rmse = summary_at(summary, "rmse"), msdr = summary_at(summary, "msdr"),
           coverage = summary_at(summary, "coverage_95");
    (void)printf("RMSE %.4f MSDR %.4f coverage %.4f\n", rmse, msdr, coverage);
    assert_true(rmse <= 2.25); // the issue asks for 2.50; 2.197 was reached
    assert_true(msdr >= 0.9 && msdr <= 1.1);
    assert_true(coverage >= 0.94 && coverage <= 0.96);
    for (size_t i = 0; i < 2; i++) dosi_table_destroy(&outputs[i]);
    dosi_table_destroy(&observations);
    dosi_table_destroy(&stations);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_of_2022_hold_with_what_2021_knew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
