// Goal: air.calibrate brings the sample city's cheap sensors nearer to the truth, beside a
// station and blind.

#include "dosi/calibrate.h"
#include "dosi/method.h"
#include "sample/sample.h"
#include "test.h"

/// RMSE over all sensors of a column against the truth at them, where both are there.
static double rmse_of(const dosi_table *out, const char *column, const dosi_table *truth) {
    const double *value = out->columns[dosi_table_find(out, column)].data.real;
    const double *is = truth->columns[dosi_table_find(truth, "pm25_ugm3")].data.real;
    const double *calibrated = out->columns[dosi_table_find(out, "calibrated")].data.real;
    double sum = 0, n = 0;
    assert_int_equal(out->n_rows, truth->n_rows);
    for (size_t i = 0; i < out->n_rows; i++) {
        if (isnan(value[i]) || isnan(calibrated[i])) continue;
        sum += (value[i] - is[i]) * (value[i] - is[i]);
        n += 1;
    }
    assert_true(n > 1000);
    return sqrt(sum / n);
}

static void calibrate(const dosi_table *tables, const char *mode, double least_gain) {
    dosi_error err = {""};
    dosi_table checked[2] = {0}, out[2] = {0};
    dosi_value values[16];
    const dosi_method *qc = dosi_method_find("air.qc"), *m = dosi_method_find("air.calibrate");
    const dosi_table *qc_in[] = {&tables[DOSI_SAMPLE_AIR], &tables[DOSI_SAMPLE_STATIONS]};
    CHECK_OK(dosi_method_set(qc, NULL, 0, values, &err), err);
    const dosi_method_call qc_call = {
        .method = qc, .inputs = qc_in, .values = values, .outputs = checked};
    CHECK_OK(dosi_method_run(&qc_call, &err), err);
    const dosi_table *in[] = {&tables[DOSI_SAMPLE_SDOT], &checked[0],
                              &tables[DOSI_SAMPLE_SDOT_STATIONS]};
    const dosi_setting settings[] = {{"mode", mode}};
    CHECK_OK(dosi_method_set(m, settings, 1, values, &err), err);
    const dosi_method_call call = {.method = m, .inputs = in, .values = values, .outputs = out};
    CHECK_OK(dosi_method_run(&call, &err), err);
    double before = rmse_of(&out[0], "raw", &tables[DOSI_SAMPLE_SDOT_TRUTH]);
    double after = rmse_of(&out[0], "calibrated", &tables[DOSI_SAMPLE_SDOT_TRUTH]);
    printf("%s: RMSE of PM2.5 %.2f -> %.2f ug/m3\n", mode, before, after);
    assert_true(after < least_gain * before);
    for (int i = 0; i < 2; i++) {
        dosi_table_destroy(&checked[i]);
        dosi_table_destroy(&out[i]);
    }
}

static void cheap_sensors_come_nearer_to_the_truth(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    dosi_sample_options options = {.scale = "small", .seed = 3, .n_hours = 744};
    CHECK_OK(dosi_sample_make(&options, NULL, tables, &err), err);
    calibrate(tables, "beside", 0.4);
    calibrate(tables, "network", 0.7);
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&tables[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_sensors_come_nearer_to_the_truth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
