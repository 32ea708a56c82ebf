// Goal: nested and anisotropic models of geo.krige are gstat's; geo.simulate's normal scores
// keep the data's distribution; geo.krige_st fills gaps from before and after.

#include "dosi/method.h"
#include "dosi/random.h"
#include "test.h"

/// Runs a method; false with a message when it fails.
static bool run(const char *id,
                const dosi_table *const *inputs,
                const dosi_setting *settings,
                dosi_table *outputs,
                dosi_error *err) {
    const dosi_method *method = dosi_method_find(id);
    dosi_value values[64];
    dosi_text report = {0};
    size_t n = 0;
    while (settings[n].name) n++;
    assert_non_null(method);
    CHECK_OK(dosi_method_set(method, settings, n, values, err), *err);
    const dosi_method_call call = {method, inputs, values, outputs, &report, NULL};
    dosi_status status = dosi_method_run(&call, err);
    dosi_text_destroy(&report);
    return status == DOSI_OK;
}

static double cell(const dosi_table *table, const char *name, size_t row) {
    size_t found = dosi_table_find(table, name);
    if (found == SIZE_MAX) fail_msg("no column %s", name);
    return dosi_column_real(&table->columns[found], row);
}

static void clear(dosi_table *tables, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_table_destroy(&tables[i]);
    memset(tables, 0, n * sizeof *tables);
}

/// A table of places and, with a name, values.
static dosi_table make_places(
    const double *x, const double *y, const char *name, const double *z, size_t n) {
    dosi_table table = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_table_add_column(&table, "x", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "y", DOSI_TYPE_REAL, NULL, &err), err);
    if (z) CHECK_OK(dosi_table_add_column(&table, name, DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, n, &err), err);
    for (size_t i = 0; i < n; i++) {
        table.columns[0].data.real[i] = 200000 + x[i];
        table.columns[1].data.real[i] = 550000 + y[i];
        if (z) table.columns[2].data.real[i] = z[i];
    }
    return table;
}

enum { N_SITES = 8, N_TARGETS = 4 };
static const double site_x[N_SITES] = {0, 410, 900, 1500, 300, 1200, 700, 1800};
static const double site_y[N_SITES] = {0, 700, 150, 400, 1300, 1500, 1000, 1700};
static const double site_z[N_SITES] = {21.5, 23, 19.75, 25.25, 22, 27.5, 24, 20.5};

static void check_krige(const dosi_setting *settings,
                        const double *value,
                        const double *spread) {
    static const double x[N_TARGETS] = {500, 1000, 1700, 100};
    static const double y[N_TARGETS] = {500, 900, 1000, 1600};
    dosi_table observations = make_places(site_x, site_y, "z", site_z, N_SITES);
    dosi_table targets = make_places(x, y, NULL, NULL, N_TARGETS), out[4] = {{0}};
    const dosi_table *inputs[] = {&observations, NULL, NULL, &targets, NULL};
    dosi_error err = {""};
    if (!run("geo.krige", inputs, settings, out, &err)) fail_msg("%s", err.message);
    assert_int_equal(out[0].n_rows, N_TARGETS);
    for (size_t i = 0; i < N_TARGETS; i++) {
        CHECK_NEAR(cell(&out[0], "z", i) / value[i], 1, 1e-12);
        CHECK_NEAR(cell(&out[0], "z_variance", i) / spread[i], 1, 1e-12);
    }
    clear(out, 4);
    dosi_table_destroy(&observations);
    dosi_table_destroy(&targets);
}

static void nested_and_anisotropic_models_are_gstats(void **state) {
    (void)state;
    // gstat 2.1-0: krige(z ~ 1, d, t, vgm(6, "Sph", 2500, anis = c(30, 0.5),
    // add.to = vgm(3, "Exp", 400, 1.5)))
    static const double value[] = {22.488249406180749, 23.801047808503331, 23.204365396022173,
                                   22.169733268183119};
    static const double spread[] = {5.7443454487940855, 6.6623303783380470, 7.9566575788185947,
                                    9.0578921672752326};
    const dosi_setting both[] = {{"value", "z"},
                                 {"fit", "false"},
                                 {"model", "spherical"},
                                 {"nugget", "1.5"},
                                 {"psill", "6"},
                                 {"range_m", "2500"},
                                 {"azimuth_deg", "30"},
                                 {"ratio", "0.5"},
                                 {"nested", "exponential:3:400"},
                                 {0}};
    check_krige(both, value, spread);
    // ... and the other way about, the turned structure as the nested one.
    const dosi_setting turned[] = {{"value", "z"},
                                   {"fit", "false"},
                                   {"nugget", "1.5"},
                                   {"model", "exponential"},
                                   {"psill", "3"},
                                   {"range_m", "400"},
                                   {"nested", "spherical:6:2500:30:0.5"},
                                   {0}};
    check_krige(turned, value, spread);
    // krige(z ~ 1, d, t, vgm(6, "Exp", 900, 0.5, anis = c(120, 0.4)), nmax = 4)
    static const double near_value[] = {21.835607962969497, 24.655956699171323,
                                        25.141943943699587, 23.539808505749797};
    static const double near_spread[] = {3.5183558640110135, 3.7194764350606144,
                                         5.7884085632878195, 5.0278058856841392};
    const dosi_setting local[] = {{"value", "z"},         {"fit", "false"},
                                  {"psill", "6"},         {"nugget", "0.5"},
                                  {"range_m", "900"},     {"ratio", "0.4"},
                                  {"azimuth_deg", "120"}, {"search", "local"},
                                  {"nmax", "4"},          {0}};
    check_krige(local, near_value, near_spread);
}

static void what_is_no_structure_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"exponential:3",
                                      "exponential:3:400:30",
                                      "cubic:3:400",
                                      "exponential:3:400:30:0.5:1:2",
                                      "exponential:3:x",
                                      "exponential:3:-400",
                                      "exponential:3:400:30:2x",
                                      "exponential:-1:400"};
    dosi_table observations = make_places(site_x, site_y, "z", site_z, N_SITES), out[4] = {{0}};
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    dosi_error err = {""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const dosi_setting settings[] = {
            {"value", "z"}, {"fit", "false"}, {"nested", bad[i]}, {"cell_m", "500"}, {0}};
        // A number outside its domain makes a variable that is not mapped.
        bool is_done = run("geo.krige", inputs, settings, out, &err);
        if (is_done) assert_true(out[3].n_rows == 0);
        clear(out, 4);
    }
    const dosi_setting fitted[] = {{"value", "z"}, {"nested", "exponential:3:400"}, {0}};
    assert_false(run("geo.krige", inputs, fitted, out, &err));
    assert_non_null(strstr(err.message, "fit=false"));
    dosi_table_destroy(&observations);
}

static void a_ratio_stretches_the_fit(void **state) {
    (void)state;
    enum { N = 150 };
    double x[N], y[N], wide[N], z[N];
    dosi_random random = dosi_random_init(test_seed(), 21);
    for (size_t i = 0; i < N; i++) {
        x[i] = 5000 * dosi_random_uniform(&random);
        y[i] = 5000 * dosi_random_uniform(&random);
        wide[i] = 2 * x[i];
        z[i] = 20 + sin(x[i] / 500) + cos(y[i] / 1000) + 0.2 * dosi_random_normal(&random);
    }
    dosi_table narrow = make_places(x, y, "z", z, N), broad = make_places(wide, y, "z", z, N);
    const dosi_setting settings[] = {
        {"value", "z"},     {"ratio", "0.5"},           {"cutoff_m", "3000"},
        {"cell_m", "1000"}, {"leave_one_out", "false"}, {0}};
    const dosi_setting plain[] = {{"value", "z"},
                                  {"cutoff_m", "3000"},
                                  {"cell_m", "1000"},
                                  {"leave_one_out", "false"},
                                  {0}};
    dosi_table a[4] = {{0}}, b[4] = {{0}};
    const dosi_table *in_a[] = {&narrow, NULL, NULL, NULL, NULL};
    const dosi_table *in_b[] = {&broad, NULL, NULL, NULL, NULL};
    dosi_error err = {""};
    if (!run("geo.krige", in_a, settings, a, &err)) fail_msg("%s", err.message);
    if (!run("geo.krige", in_b, plain, b, &err)) fail_msg("%s", err.message);
    static const char *const same[] = {"nugget", "psill", "range_m", "error"};
    for (size_t i = 0; i < 4; i++) {
        double one = cell(&a[3], same[i], 0), other = cell(&b[3], same[i], 0);
        CHECK_NEAR(one, other, 1e-6 * fabs(other) + 1e-9);
    }
    CHECK_NEAR(cell(&a[3], "ratio", 0), 0.5, 0);
    clear(a, 4);
    clear(b, 4);
    dosi_table_destroy(&narrow);
    dosi_table_destroy(&broad);
}

static void normal_scores_keep_the_distribution(void **state) {
    (void)state;
    enum { N = 120 };
    double x[N], y[N], z[N], most = 0;
    dosi_random random = dosi_random_init(test_seed(), 22);
    for (size_t i = 0; i < N; i++) {
        x[i] = 4000 * dosi_random_uniform(&random);
        y[i] = 4000 * dosi_random_uniform(&random);
        z[i] = exp(1.5 * sin(x[i] / 600) + 0.7 * cos(y[i] / 700)); // a long tail
        if (i % 10 == 0) z[i] = 0.5;                               // and ties
        most = fmax(most, z[i]);
    }
    dosi_table observations = make_places(x, y, "z", z, N), out[4] = {{0}};
    const dosi_table *inputs[] = {&observations, NULL, NULL, &observations};
    const dosi_setting settings[] = {
        {"value", "z"}, {"normal_score", "true"}, {"n_fields", "10"}, {"cell_m", "400"}, {0}};
    dosi_error err = {""};
    if (!run("geo.simulate", inputs, settings, out, &err)) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) { // at the sites their values come back
        CHECK_NEAR(cell(&out[0], "mean", i), z[i], 1e-9 * most);
        CHECK_NEAR(cell(&out[0], "sd", i), 0, 1e-9 * most);
    }
    clear(out, 4);
    inputs[3] = NULL;
    if (!run("geo.simulate", inputs, settings, out, &err)) fail_msg("%s", err.message);
    double least = INFINITY, share = 0;
    for (size_t i = 0; i < N; i++) least = fmin(least, z[i]);
    for (size_t k = 0; k < out[0].n_rows; k++) {
        double low = cell(&out[0], "p05", k), high = cell(&out[0], "p95", k);
        assert_true(low >= least && high <= most);
        share += cell(&out[0], "p50", k) < 1 ? 1.0 / (double)out[0].n_rows : 0;
    }
    double below = 0;
    for (size_t i = 0; i < N; i++) below += z[i] < 1 ? 1.0 / N : 0;
    CHECK_NEAR(share, below, 0.2);
    const dosi_setting both[] = {
        {"value", "z"}, {"normal_score", "true"}, {"log", "true"}, {0}};
    clear(out, 4);
    assert_false(run("geo.simulate", inputs, both, out, &err));
    dosi_table_destroy(&observations);
}

// --- space and time ------------------------------------------------------------------------

enum { SITES = 12, HOURS = 40, GAP_SITE = 5, GAP_HOUR = 20 };

static double field_at(double x, double y, double hour) {
    return 30 + 4 * sin((x + 300 * hour) / 1500) + 3 * cos((y - 200 * hour) / 1200);
}

/// Readings of every hour, but for a gap of one site from hour 18 to 22.
static dosi_table make_hours(void) {
    dosi_table table = {0};
    dosi_error err = {""};
    CHECK_OK(dosi_table_add_column(&table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "x", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "y", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "pm", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, (size_t)SITES * HOURS, &err), err);
    for (size_t k = 0; k < table.n_rows; k++) {
        size_t site = k % SITES, hour = k / SITES;
        double x = 200000 + 1300 * (double)(site % 4) + 90 * (double)(site * site % 7);
        size_t across = site / 4;
        double y = 550000 + 1500 * (double)across + 70 * (double)(site * 5 % 11);
        bool is_gap = site == GAP_SITE && hour >= 18 && hour <= 22;
        table.columns[0].data.integer[k] = (int64_t)(hour + 1) * DOSI_HOUR_US;
        table.columns[1].data.real[k] = x;
        table.columns[2].data.real[k] = y;
        table.columns[3].data.real[k] = is_gap ? (double)NAN : field_at(x, y, (double)hour);
    }
    return table;
}

static void gaps_are_filled_from_before_and_after(void **state) {
    (void)state;
    dosi_table observations = make_hours(), out[5] = {{0}}, spatial[4] = {{0}};
    double x = observations.columns[1].data.real[GAP_SITE] - 200000;
    double y = observations.columns[2].data.real[GAP_SITE] - 550000;
    dosi_table target = make_places(&x, &y, NULL, NULL, 1);
    const dosi_table *inputs[] = {&observations, NULL, NULL, &target, NULL};
    const dosi_setting settings[] = {{"value", "pm"},
                                     {"cutoff_m", "4000"},
                                     {"n_bins", "6"},
                                     {"n_lags", "5"},
                                     {"space", "gaussian"},
                                     {"nmax", "30"},
                                     {0}};
    const dosi_setting only[] = {{"value", "pm"}, {"by", "time"}, {"cutoff_m", "4000"}, {0}};
    dosi_error err = {""};
    if (!run("geo.krige_st", inputs, settings, out, &err)) fail_msg("%s", err.message);
    if (!run("geo.krige", inputs, only, spatial, &err)) fail_msg("%s", err.message);
    assert_int_equal(out[0].n_rows, HOURS);
    double square = 0, alone = 0;
    for (size_t hour = 18; hour <= 22; hour++) {
        double truth = field_at(x + 200000, y + 550000, (double)hour);
        square += pow(cell(&out[0], "value", hour) - truth, 2);
        alone += pow(cell(&spatial[0], "pm", hour) - truth, 2);
        assert_true(cell(&out[0], "variance", hour) > 0);
    }
    assert_true(square < 0.5 * alone);
    // Where there is a value, it is that value.
    CHECK_NEAR(cell(&out[0], "value", 5), field_at(x + 200000, y + 550000, 5), 1e-6);
    assert_int_equal(out[2].n_rows, SITES * HOURS - 5);
    CHECK_NEAR(cell(&out[4], "loo_n", 0), SITES * HOURS - 5, 0);
    assert_true(cell(&out[4], "loo_rmse", 0) < 3 && cell(&out[4], "loo_correlation", 0) > 0.7);
    assert_int_equal(out[4].n_rows, 4);
    assert_true(out[3].n_rows > 10 && out[3].n_rows <= 5 * 7);
    clear(out, 5);
    clear(spatial, 4);
    dosi_table_destroy(&target);
    dosi_table_destroy(&observations);
}

static void times_between_are_predicted_and_odd_ones_refused(void **state) {
    (void)state;
    dosi_table observations = make_hours(), out[5] = {{0}};
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    dosi_setting settings[] = {{"value", "pm"},
                               {"cutoff_m", "4000"},
                               {"model", "metric"},
                               {"times", "1970-01-01T03:30,1970-01-01T04:00"},
                               {"leave_one_out", "false"},
                               {"cell_m", "1000"},
                               {0}};
    dosi_error err = {""};
    if (!run("geo.krige_st", inputs, settings, out, &err)) fail_msg("%s", err.message);
    size_t n = out[0].n_rows / 2;
    assert_true(n > 10 && out[1].n_rows == 1 && out[2].n_rows == 0);
    double square = 0;
    for (size_t k = 0; k < 2 * n; k++) {
        double truth = field_at(cell(&out[0], "x", k), cell(&out[0], "y", k), k < n ? 2.5 : 3);
        square += pow(cell(&out[0], "value", k) - truth, 2) / (double)(2 * n);
    }
    assert_true(sqrt(square) < 2.5);
    clear(out, 5);
    settings[3] = (dosi_setting){"times", "noon"};
    assert_false(run("geo.krige_st", inputs, settings, out, &err));
    settings[3] = (dosi_setting){"step_h", "0.7"};
    assert_false(run("geo.krige_st", inputs, settings, out, &err));
    assert_non_null(strstr(err.message, "step_h"));
    settings[3] = (dosi_setting){"by", "x"};
    assert_false(run("geo.krige_st", inputs, settings, out, &err));
    dosi_table_destroy(&observations);
}

/// What a run told of a model, as the parameter `given` takes it.
static void tell_model(const dosi_table *models, char *text, size_t n) {
    (void)snprintf(
        text, n,
        "space:%.17g:%.17g:%.17g, time:%.17g:%.17g:%.17g, joint:%.17g:%.17g:%.17g:%.17g",
        cell(models, "sill", 0), cell(models, "nugget_share", 0), cell(models, "range", 0),
        cell(models, "sill", 1), cell(models, "nugget_share", 1), cell(models, "range", 1),
        cell(models, "sill", 3), cell(models, "nugget_share", 3), cell(models, "range", 3),
        cell(models, "metres_per_step", 3));
}

static void a_model_that_is_given_maps_as_the_fit_that_told_it(void **state) {
    (void)state;
    dosi_table observations = make_hours(), out[5] = {{0}}, again[5] = {{0}};
    const dosi_table *inputs[] = {&observations, NULL, NULL, NULL, NULL};
    char text[512] = "";
    dosi_setting settings[] = {{"value", "pm"},
                               {"cutoff_m", "4000"},
                               {"space", "gaussian"},
                               {"times", "1970-01-01T03:30"},
                               {"cell_m", "1000"},
                               {"given", ""},
                               {0}};
    dosi_error err = {""};
    if (!run("geo.krige_st", inputs, settings, out, &err)) fail_msg("%s", err.message);
    tell_model(&out[4], text, sizeof text);
    settings[5].value = text;
    if (!run("geo.krige_st", inputs, settings, again, &err)) fail_msg("%s", err.message);
    assert_int_equal(out[0].n_rows, again[0].n_rows);
    for (size_t k = 0; k < out[0].n_rows; k++) {
        CHECK_NEAR(cell(&again[0], "value", k), cell(&out[0], "value", k), 1e-9);
        CHECK_NEAR(cell(&again[0], "variance", k), cell(&out[0], "variance", k), 1e-9);
    }
    assert_true(isfinite(cell(&out[4], "error", 0)) && isnan(cell(&again[4], "error", 0)));
    // Four times all sills: the same map, four times the variance.
    clear(again, 5);
    settings[5].value = "space:8:0:900, joint:4:0.1:2500:300";
    if (!run("geo.krige_st", inputs, settings, again, &err)) fail_msg("%s", err.message);
    double value = cell(&again[0], "value", 3), variance = cell(&again[0], "variance", 3);
    clear(again, 5);
    settings[5].value = "space:32:0:900, joint:16:0.1:2500:300";
    if (!run("geo.krige_st", inputs, settings, again, &err)) fail_msg("%s", err.message);
    CHECK_NEAR(cell(&again[0], "value", 3), value, 1e-9);
    CHECK_NEAR(cell(&again[0], "variance", 3), 4 * variance, 1e-9);
    clear(again, 5);
    static const char *const wrong[] = {"space:8:0",        "space:8:0:900:1", "depth:8:0:900",
                                        "space:eight:0:90", "product:3",       "space:-1:0:900",
                                        "space:8:2:900",    "space:0:0:900"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        settings[5].value = wrong[i];
        if (run("geo.krige_st", inputs, settings, again, &err)) fail_msg("%s", wrong[i]);
    }
    clear(out, 5);
    dosi_table_destroy(&observations);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_is_given_maps_as_the_fit_that_told_it),
        cmocka_unit_test(nested_and_anisotropic_models_are_gstats),
        cmocka_unit_test(what_is_no_structure_is_refused),
        cmocka_unit_test(a_ratio_stretches_the_fit),
        cmocka_unit_test(normal_scores_keep_the_distribution),
        cmocka_unit_test(gaps_are_filled_from_before_and_after),
        cmocka_unit_test(times_between_are_predicted_and_odd_ones_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
