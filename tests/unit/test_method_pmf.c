// Goal: air.pmf takes tables to sources and back, says in words whether the answer is unique,
// and names what is wrong with what it is given.

#include "dosi/method.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 80, M = 6, K = 2 };

static const char *const names[M] = {"lead", "zinc", "oc", "ec", "sulphate", "mass"};
static const double truth[K][M] = {{4, 3, 0, 0.5, 0, 10}, {0, 0.5, 5, 2, 4, 20}};

/// Concentrations and uncertainties of two sources; every 9th lead is missing (-999).
static void make(dosi_table *x, dosi_table *u) {
    dosi_random random = dosi_random_init(test_seed(), 1);
    dosi_error err = {""};
    CHECK_OK(dosi_table_add_column(x, "time", DOSI_TYPE_TIME, NULL, &err), err);
    for (size_t j = 0; j < M; j++) {
        CHECK_OK(dosi_table_add_column(x, names[j], DOSI_TYPE_REAL, NULL, &err), err);
        CHECK_OK(dosi_table_add_column(u, names[j], DOSI_TYPE_REAL, NULL, &err), err);
    }
    CHECK_OK(dosi_table_add_rows(x, N, &err), err);
    CHECK_OK(dosi_table_add_rows(u, N, &err), err);
    for (size_t i = 0; i < N; i++) {
        double g[K];
        x->columns[0].data.integer[i] = (int64_t)i * DOSI_HOUR_US;
        // now and then one source is silent: that is what makes the answer unique
        for (size_t p = 0; p < K; p++) {
            double v = dosi_random_uniform(&random);
            g[p] = v < 0.2 ? 0 : -log(1 - v);
        }
        for (size_t j = 0; j < M; j++) {
            double value = g[0] * truth[0][j] + g[1] * truth[1][j], error = 0.04 * value + 0.05;
            u->columns[j].data.real[i] = error;
            value += error * dosi_random_normal(&random);
            x->columns[j + 1].data.real[i] = j == 0 && i % 9 == 0 ? -999 : value;
        }
    }
}

/// A run's outputs and report.
typedef struct result {
    dosi_table outputs[8];
    dosi_text report;
    dosi_error err;
} result;

static dosi_status run(const dosi_table *x,
                       const dosi_table *u,
                       const dosi_table *limits,
                       const dosi_setting *settings,
                       size_t n,
                       result *out) {
    const dosi_method *method = dosi_method_find("air.pmf");
    const dosi_table *const inputs[] = {x, u, limits};
    dosi_value values[64];
    assert_non_null(method);
    memset(out, 0, sizeof *out);
    DOSI_TRY(dosi_method_set(method, settings, n, values, &out->err));
    const dosi_method_call call = {method, inputs, values, out->outputs, &out->report, NULL};
    return dosi_method_run(&call, &out->err);
}

static void clear(result *r) {
    for (size_t o = 0; o < 8; o++) dosi_table_destroy(&r->outputs[o]);
    dosi_text_destroy(&r->report);
}

static double cell(const dosi_table *table, const char *column, size_t row) {
    size_t c = dosi_table_find(table, column);
    assert_true(c != SIZE_MAX && row < table->n_rows);
    return dosi_column_real(&table->columns[c], row);
}

static void sources_come_back(void **state) {
    (void)state;
    dosi_table x = {0}, u = {0};
    result r;
    make(&x, &u);
    const dosi_setting settings[] = {{"factors", "2"}, {"total", "mass"},   {"starts", "20"},
                                     {"weak", "mass"}, {"bootstrap", "20"}, {"factors_to", "3"},
                                     {"bs_disp", "oc"}};
    CHECK_OK(run(&x, &u, NULL, settings, 7, &r), r.err);
    assert_int_equal(r.outputs[0].n_rows, K * M);
    assert_int_equal(r.outputs[1].n_rows, N * K);
    assert_int_equal(r.outputs[2].n_rows, M);
    assert_int_equal(r.outputs[6].n_rows, 2 * 20);
    assert_int_equal(r.outputs[7].n_rows, 2);
    size_t lead = cell(&r.outputs[0], "profile", 0) > cell(&r.outputs[0], "profile", M) ? 0 : 1;
    for (size_t p = 0; p < K; p++) {
        size_t source = p == lead ? 0 : 1;
        for (size_t j = 0; j < M; j++) {
            double share = cell(&r.outputs[0], "share_of_profile", p * M + j);
            CHECK_NEAR(share, truth[source][j] / truth[source][5], 0.04);
        }
    }
    double mass = 0, seen = 0; // contributions add up to the total
    for (size_t at = 0; at < N * K; at++) mass += cell(&r.outputs[1], "mass", at);
    for (size_t i = 0; i < N; i++) seen += x.columns[M].data.real[i];
    CHECK_NEAR(mass / seen, 1, 0.05);
    const char *words = dosi_text_string(&r.report);
    assert_non_null(strstr(words, "ONE SOLUTION"));
    assert_non_null(strstr(words, "every factor came back"));
    assert_non_null(strstr(words, "9 values missing"));
    for (size_t row = 0; row < r.outputs[3].n_rows; row++) {
        assert_true(!(cell(&r.outputs[3], "low", row) > cell(&r.outputs[3], "high", row)));
    }
    clear(&r);
    dosi_table_destroy(&x);
    dosi_table_destroy(&u);
}

static void constraints_are_read_and_kept(void **state) {
    (void)state;
    dosi_table x = {0}, u = {0};
    result r;
    make(&x, &u);
    dosi_setting settings[] = {{"factors", "2"},
                               {"bootstrap", "0"},
                               {"displacement", "false"},
                               {"starts", "10"},
                               {"constraints", "1:zinc <= 0; 2:oc/ec -> 2.5 ;1: oc >= 0.05"}};
    CHECK_OK(run(&x, &u, NULL, settings, 5, &r), r.err);
    CHECK_NEAR(cell(&r.outputs[0], "profile", 1), 0, 0);
    assert_true(cell(&r.outputs[0], "share_of_profile", 2) >= 0.0499);
    assert_non_null(strstr(dosi_text_string(&r.report), "constraints or rotation cost"));
    assert_int_equal(r.outputs[3].n_rows, 0);
    clear(&r);
    static const char *const wrong[] = {"1:tin <= 0",  "zinc <= 0",    "1:zinc < 0",
                                        "0:zinc <= 0", "1:oc/ec <= 2", "1:zinc <= lots"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        settings[4].value = wrong[i];
        CHECK_STATUS(run(&x, &u, NULL, settings, 5, &r), DOSI_INVALID);
        assert_non_null(strstr(r.err.message, "constraints"));
        clear(&r);
    }
    settings[4].value = "9:zinc <= 0";
    CHECK_STATUS(run(&x, &u, NULL, settings, 5, &r), DOSI_DOMAIN);
    clear(&r);
    dosi_table_destroy(&x);
    dosi_table_destroy(&u);
}

static void uncertainties_can_be_made_from_limits(void **state) {
    (void)state;
    dosi_table x = {0}, u = {0}, limits = {0};
    result r;
    make(&x, &u);
    CHECK_OK(dosi_table_add_column(&limits, "species", DOSI_TYPE_TEXT, NULL, &r.err), r.err);
    CHECK_OK(dosi_table_add_column(&limits, "detection_limit", DOSI_TYPE_REAL, NULL, &r.err),
             r.err);
    CHECK_OK(dosi_table_add_column(&limits, "error_fraction", DOSI_TYPE_REAL, NULL, &r.err),
             r.err);
    CHECK_OK(dosi_table_add_rows(&limits, M, &r.err), r.err);
    for (size_t j = 0; j < M; j++) {
        CHECK_OK(dosi_table_set_text(&limits, 0, j, names[j]), r.err);
        limits.columns[1].data.real[j] = 0.1;
        limits.columns[2].data.real[j] = 0.05;
    }
    const dosi_setting settings[] = {
        {"factors", "2"}, {"bootstrap", "0"}, {"displacement", "false"}, {"starts", "5"}};
    CHECK_OK(run(&x, NULL, &limits, settings, 4, &r), r.err);
    assert_non_null(strstr(dosi_text_string(&r.report), "NOT JUDGED"));
    clear(&r);
    CHECK_STATUS(run(&x, NULL, NULL, settings, 4, &r), DOSI_INVALID);
    clear(&r);
    const dosi_setting wrong[] = {{"factors", "2"}, {"weak", "tin"}};
    CHECK_STATUS(run(&x, &u, NULL, wrong, 2, &r), DOSI_INVALID);
    assert_non_null(strstr(r.err.message, "tin"));
    clear(&r);
    dosi_table_destroy(&x);
    dosi_table_destroy(&u);
    dosi_table_destroy(&limits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_come_back),
        cmocka_unit_test(constraints_are_read_and_kept),
        cmocka_unit_test(uncertainties_can_be_made_from_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
