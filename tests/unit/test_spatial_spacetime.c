// Goal: the space-time variogram counts every pair once, fits give back the model that the
// numbers came from, and kriging is exact, unbiased and the same for any neighbourhood that
// holds everything.

#include "dosi/random.h"
#include "dosi/spacetime.h"
#include "test.h"

enum { N_SITES = 12, N_TIMES = 20, N_BINS = 5, N_LAGS = 4, N_CELLS = N_LAGS * (N_BINS + 1) };

static double site_x[N_SITES], site_y[N_SITES], values[N_TIMES * N_SITES];
static const dosi_sites sites = {N_SITES, site_x, site_y};
static const dosi_st_field field = {&sites, values, N_TIMES};

/// Sites in a square of 10 km and values with gaps.
static void make_field(void) {
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t i = 0; i < N_SITES; i++) {
        site_x[i] = 10000 * dosi_random_uniform(&random);
        site_y[i] = 10000 * dosi_random_uniform(&random);
    }
    for (size_t k = 0; k < N_TIMES * N_SITES; k++) {
        bool is_missing = dosi_random_uniform(&random) < 0.2;
        values[k] = is_missing ? (double)NAN : 20 + 5 * dosi_random_normal(&random);
    }
}

static void every_pair_is_counted_once(void **state) {
    (void)state;
    make_field();
    const dosi_st_classes classes = {4000, N_BINS, N_LAGS};
    dosi_st_bin bins[N_CELLS];
    dosi_error err = {""};
    CHECK_OK(dosi_st_variogram_sample(&field, &classes, NULL, bins, &err), err);
    double n[N_CELLS] = {0}, square[N_CELLS] = {0};
    for (size_t a = 0; a < N_TIMES * N_SITES; a++) { // the definition, pair by pair
        for (size_t b = a + 1; b < N_TIMES * N_SITES; b++) {
            size_t i = a % N_SITES, j = b % N_SITES, lag = b / N_SITES - a / N_SITES;
            double h = hypot(site_x[i] - site_x[j], site_y[i] - site_y[j]);
            if (lag >= N_LAGS || h > 4000 || isnan(values[a] + values[b])) continue;
            size_t cell = lag * (N_BINS + 1) + (size_t)ceil(h / 800);
            n[cell] += 1;
            square[cell] += (values[a] - values[b]) * (values[a] - values[b]);
        }
    }
    for (size_t c = 0; c < N_CELLS; c++) {
        CHECK_NEAR(bins[c].n_pairs, n[c], 0);
        assert_true(bins[c].lag == (double)(c / (N_BINS + 1)));
        if (n[c] > 0) CHECK_NEAR(bins[c].gamma, square[c] / (2 * n[c]), 1e-12 * bins[c].gamma);
    }
}

static void a_variogram_has_the_same_bits_at_any_thread_count(void **state) {
    (void)state;
    make_field();
    const dosi_st_classes classes = {0, N_BINS, N_LAGS};
    dosi_st_bin one[N_CELLS], many[N_CELLS];
    dosi_error err = {""};
    const dosi_run alone = {.n_threads = 1}, seven = {.n_threads = 7};
    CHECK_OK(dosi_st_variogram_sample(&field, &classes, &alone, one, &err), err);
    CHECK_OK(dosi_st_variogram_sample(&field, &classes, &seven, many, &err), err);
    assert_memory_equal(one, many, sizeof one);
}

/// Bins with the exact semivariances of a model, as many pairs in each.
static size_t make_bins(const dosi_st_model *model, dosi_st_bin *bins) {
    size_t n = 0;
    for (int lag = 0; lag < 7; lag++) {
        for (int c = 0; c <= 15; c++) {
            if (lag == 0 && c == 0) continue;
            double h = 20000.0 * c;
            bins[n++] = (dosi_st_bin){.n_pairs = 1000,
                                      .lag = lag,
                                      .class_m = h,
                                      .distance_m = h,
                                      .mean_m = h,
                                      .gamma = dosi_st_model_value(model, h, lag)};
        }
    }
    return n;
}

#define EXPONENTIAL(nug, range)                                                  \
    {                                                                            \
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = (nug), .psill = 1 - (nug), \
        .range_m = (range)                                                       \
    }
#define SPHERICAL(nug, range)                                                  \
    {                                                                          \
        .kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = (nug), .psill = 1 - (nug), \
        .range_m = (range)                                                     \
    }

static const dosi_st_model models[] = {
    {.kind = DOSI_ST_SEPARABLE,
     .space = EXPONENTIAL(0.1, 90000),
     .time = SPHERICAL(0.05, 4),
     .sill_product = 120},
    {.kind = DOSI_ST_PRODUCT_SUM,
     .space = EXPONENTIAL(0.1, 90000),
     .time = SPHERICAL(0, 4),
     .sill_space = 10,
     .sill_time = 20,
     .sill_product = 70},
    {.kind = DOSI_ST_METRIC,
     .joint = EXPONENTIAL(0.2, 150000),
     .sill_joint = 100,
     .metres_per_step = 60000},
    {.kind = DOSI_ST_SUM_METRIC,
     .space = SPHERICAL(0, 60000),
     .time = EXPONENTIAL(0, 1.5),
     .joint = SPHERICAL(0.1, 400000),
     .sill_space = 15,
     .sill_time = 10,
     .sill_joint = 90,
     .metres_per_step = 90000},
};
enum { N_MODELS = sizeof models / sizeof models[0] };

static void a_fit_finds_the_model_that_made_the_bins(void **state) {
    (void)state;
    for (size_t k = 0; k < N_MODELS; k++) {
        dosi_st_bin bins[7 * 16];
        size_t n = make_bins(&models[k], bins);
        dosi_st_model fitted = {.kind = models[k].kind,
                                .space = {.kind = models[k].space.kind},
                                .time = {.kind = models[k].time.kind},
                                .joint = {.kind = models[k].joint.kind}};
        dosi_error err = {""};
        double error = NAN;
        CHECK_OK(dosi_st_variogram_fit(bins, n, 60000, &fitted, &error, &err), err);
        CHECK_OK(dosi_st_model_check(&fitted, &err), err);
        for (size_t b = 0; b < n; b++) {
            CHECK_NEAR(dosi_st_model_value(&fitted, bins[b].distance_m, bins[b].lag),
                       bins[b].gamma, 0.02);
        }
        assert_true(error < 1e-4);
    }
}

static void the_stretch_of_time_is_read_off_a_metric_plane(void **state) {
    (void)state;
    dosi_st_bin bins[8] = {{0}};
    for (size_t c = 0; c < 4; c++) { // gamma = 3 + h / 1000 at lag 0, 3 + 2 u at one site
        double h = 1000.0 * (double)(c + 1), u = (double)(c + 1);
        bins[c] = (dosi_st_bin){10, 0, h, h, h, 3 + h / 1000};
        bins[4 + c] = (dosi_st_bin){10, u, 0, 0, 0, 3 + 2 * u};
    }
    CHECK_NEAR(dosi_st_anisotropy(bins, 8), 2000, 1e-9);
    assert_true(isnan(dosi_st_anisotropy(bins, 4)));
}

/// All sites at all times as targets.
static dosi_st_targets all_targets(double *memory) {
    size_t n = N_SITES * (size_t)N_TIMES;
    for (size_t k = 0; k < n; k++) {
        memory[k] = site_x[k % N_SITES];
        memory[n + k] = site_y[k % N_SITES];
        memory[2 * n + k] = (double)(k / N_SITES);
    }
    return (dosi_st_targets){{n, memory, memory + n}, memory + 2 * n, NULL};
}

static double places[3 * N_SITES * N_TIMES];
static double prediction[N_SITES * N_TIMES], variance[N_SITES * N_TIMES];
static double other[N_SITES * N_TIMES], other_variance[N_SITES * N_TIMES];

static void kriging_is_exact_at_what_was_measured(void **state) {
    (void)state;
    make_field();
    dosi_st_targets targets = all_targets(places);
    dosi_error err = {""};
    for (size_t k = 0; k < N_MODELS; k++) {
        const dosi_st_krige problem = {&models[k], &field, 30, 50000};
        CHECK_OK(dosi_st_krige_predict(&problem, &targets, NULL, prediction, variance, &err),
                 err);
        for (size_t i = 0; i < N_SITES * N_TIMES; i++) {
            assert_true(isfinite(prediction[i]) && variance[i] >= 0);
            if (isnan(values[i])) continue;
            CHECK_NEAR(prediction[i], values[i], 1e-8);
            CHECK_NEAR(variance[i], 0, 1e-7);
        }
    }
}

static void all_values_and_the_nearest_of_all_agree(void **state) {
    (void)state;
    make_field();
    dosi_st_targets targets = all_targets(places);
    for (size_t i = 0; i < targets.places.n; i++) places[i] += 137;
    dosi_error err = {""};
    for (size_t k = 0; k < N_MODELS; k++) {
        const dosi_st_krige global = {&models[k], &field, 0, 50000};
        const dosi_st_krige local = {&models[k], &field, N_SITES * N_TIMES, 50000};
        const dosi_run seven = {.n_threads = 7};
        CHECK_OK(dosi_st_krige_predict(&global, &targets, NULL, prediction, variance, &err),
                 err);
        CHECK_OK(dosi_st_krige_predict(&local, &targets, &seven, other, other_variance, &err),
                 err);
        for (size_t i = 0; i < N_SITES * N_TIMES; i++) {
            CHECK_NEAR(other[i], prediction[i], 1e-9);
            CHECK_NEAR(other_variance[i], variance[i], 1e-9);
        }
    }
}

static void the_nearest_are_the_nearest_in_the_metric(void **state) {
    (void)state;
    // Sites 1 km apart on a line; one step counts as 1.5 km. From (0 m, step 2) the three
    // nearest are its own value, its neighbour's (1 km), and its own of step 1 (1.5 km, the
    // earlier of two).
    double x[3] = {0, 1000, 2000}, y[3] = {0, 0, 0};
    double v[5 * 3];
    for (size_t k = 0; k < 15; k++) v[k] = (double)(k * k);
    const dosi_sites line = {3, x, y};
    const dosi_st_field all = {&line, v, 5};
    double near[5 * 3];
    for (size_t k = 0; k < 15; k++) near[k] = NAN;
    near[2 * 3] = v[2 * 3];
    near[2 * 3 + 1] = v[2 * 3 + 1];
    near[1 * 3] = v[1 * 3];
    const dosi_st_field few = {&line, near, 5};
    const double time[1] = {2}, at[2] = {-50, 10};
    const dosi_st_targets target = {{1, at, at + 1}, time, NULL};
    const dosi_st_krige by_metric = {&models[2], &all, 3, 1500};
    const dosi_st_krige by_hand = {&models[2], &few, 0, 1500};
    double a = 0, b = 0;
    dosi_error err = {""};
    CHECK_OK(dosi_st_krige_predict(&by_metric, &target, NULL, &a, NULL, &err), err);
    CHECK_OK(dosi_st_krige_predict(&by_hand, &target, NULL, &b, NULL, &err), err);
    CHECK_NEAR(a, b, 1e-10);
}

static void a_constant_field_stays_what_it_is(void **state) {
    (void)state;
    make_field();
    for (size_t k = 0; k < N_TIMES * N_SITES; k++) {
        if (!isnan(values[k])) values[k] = 42;
    }
    dosi_st_targets targets = all_targets(places);
    for (size_t i = 0; i < targets.places.n; i++) {
        places[i] += 800;
        places[2 * targets.places.n + i] += 0.5; // between two steps
    }
    dosi_error err = {""};
    for (size_t k = 0; k < N_MODELS; k++) {
        const dosi_st_krige problem = {&models[k], &field, 15, 50000};
        CHECK_OK(dosi_st_krige_predict(&problem, &targets, NULL, prediction, NULL, &err), err);
        for (size_t i = 0; i < N_SITES * N_TIMES; i++) CHECK_NEAR(prediction[i], 42, 1e-9);
    }
}

static void a_site_that_is_left_out_is_not_used(void **state) {
    (void)state;
    make_field();
    dosi_st_targets targets = all_targets(places);
    static uint32_t without[N_SITES * N_TIMES];
    for (size_t i = 0; i < N_SITES * N_TIMES; i++) without[i] = (uint32_t)(i % N_SITES);
    targets.without = without;
    dosi_error err = {""};
    const dosi_st_krige problem = {&models[3], &field, 15, 50000};
    CHECK_OK(dosi_st_krige_predict(&problem, &targets, NULL, prediction, NULL, &err), err);
    for (size_t t = 0; t < N_TIMES; t++) values[t * N_SITES + 4] = 1e6; // site 4 goes mad
    CHECK_OK(dosi_st_krige_predict(&problem, &targets, NULL, other, NULL, &err), err);
    for (size_t t = 0; t < N_TIMES; t++) {
        assert_true(prediction[t * N_SITES + 4] == other[t * N_SITES + 4] ||
                    fabs(prediction[t * N_SITES + 4]) < 1000);
        assert_true(fabs(other[t * N_SITES + 4]) < 1000);
    }
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    make_field();
    dosi_st_targets targets = all_targets(places);
    dosi_error err = {""};
    dosi_st_model bad = models[0];
    bad.sill_joint = 3; // a separable model has none
    const dosi_st_krige wrong = {&bad, &field, 15, 50000};
    CHECK_STATUS(dosi_st_krige_predict(&wrong, &targets, NULL, prediction, NULL, &err),
                 DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "joint"));
    site_x[3] = site_x[5];
    site_y[3] = site_y[5];
    const dosi_st_krige same_place = {&models[0], &field, 15, 50000};
    CHECK_STATUS(dosi_st_krige_predict(&same_place, &targets, NULL, prediction, NULL, &err),
                 DOSI_DOMAIN);
    make_field();
    const dosi_st_krige no_metric = {&models[0], &field, 15, 0};
    CHECK_STATUS(dosi_st_krige_predict(&no_metric, &targets, NULL, prediction, NULL, &err),
                 DOSI_DOMAIN);
    dosi_st_bin bins[N_CELLS];
    const dosi_st_classes no_lags = {0, N_BINS, 0};
    CHECK_STATUS(dosi_st_variogram_sample(&field, &no_lags, NULL, bins, &err), DOSI_DOMAIN);
    dosi_st_model model = models[0];
    CHECK_STATUS(dosi_st_variogram_fit(bins, 5, 1000, &model, NULL, &err), DOSI_DOMAIN);
    assert_int_equal(dosi_st_kind_from_name("summetric"), DOSI_ST_SUM_METRIC);
    assert_int_equal(dosi_st_kind_from_name("?"), DOSI_ST_COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_counted_once),
        cmocka_unit_test(a_variogram_has_the_same_bits_at_any_thread_count),
        cmocka_unit_test(a_fit_finds_the_model_that_made_the_bins),
        cmocka_unit_test(the_stretch_of_time_is_read_off_a_metric_plane),
        cmocka_unit_test(kriging_is_exact_at_what_was_measured),
        cmocka_unit_test(all_values_and_the_nearest_of_all_agree),
        cmocka_unit_test(the_nearest_are_the_nearest_in_the_metric),
        cmocka_unit_test(a_constant_field_stays_what_it_is),
        cmocka_unit_test(a_site_that_is_left_out_is_not_used),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
