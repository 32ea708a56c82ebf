// Goal: simulated fields honour data and variogram; their mean and variance are those of simple
// kriging; the bytes do not depend on threads, only on the seed.

#include "dosi/krige.h"
#include "dosi/random.h"
#include "dosi/simulate.h"
#include "test.h"

enum { N = 10, SIDE = 12, M = SIDE * SIDE, R = 4000 };

static double x[N], y[N], z[N], tx[M], ty[M], fields[R * M];
static const dosi_sites sites = {N, x, y}, targets = {M, tx, ty};
static const dosi_variogram model = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 0.5, .psill = 4, .range_m = 900};

static int setup(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 31);
    for (size_t i = 0; i < N; i++) {
        x[i] = 3000 * dosi_random_uniform(&random);
        y[i] = 3000 * dosi_random_uniform(&random);
        z[i] = 12 + 2 * dosi_random_normal(&random);
    }
    for (size_t c = 0; c < M; c++) {
        tx[c] = 250 * (double)(c % SIDE) + 100;
        size_t row = c / SIDE;
        ty[c] = 250 * (double)row + 100;
    }
    x[4] = tx[40]; // one target on a site
    y[4] = ty[40];
    return 0;
}

static dosi_simulation make_problem(size_t n_nearest, size_t n_realisations) {
    return (dosi_simulation){.model = &model,
                             .sites = &sites,
                             .values = z,
                             .mean = 12,
                             .n_nearest = n_nearest,
                             .n_realisations = n_realisations,
                             .seed = 5};
}

static void mean_and_variance_are_those_of_simple_kriging(void **state) {
    (void)state;
    dosi_error err;
    double prediction[M], variance[M];
    const dosi_simulation problem = make_problem(N + M, R);
    CHECK_OK(dosi_simulate(&problem, &targets, NULL, fields, &err), err);
    const dosi_krige simple = {.model = &model,
                               .sites = &sites,
                               .values = z,
                               .n_maps = 1,
                               .mean_kind = DOSI_KRIGE_MEAN_KNOWN,
                               .mean = 12};
    CHECK_OK(dosi_krige_predict(&simple, &targets, NULL, prediction, variance, &err), err);
    for (size_t c = 0; c < M; c++) {
        double mean = 0, square = 0;
        for (size_t r = 0; r < R; r++) mean += fields[r * M + c] / R;
        for (size_t r = 0; r < R; r++) {
            double e = fields[r * M + c] - prediction[c];
            square += e * e / R;
        }
        // Six standard errors; at the site there is no variance at all.
        CHECK_NEAR(mean, prediction[c], 6 * sqrt(variance[c] / R) + 1e-9);
        CHECK_NEAR(square, variance[c], 6 * variance[c] * sqrt(2.0 / R) + 1e-9);
    }
    CHECK_NEAR(fields[40], z[4], 1e-9);
}

static void fields_have_the_variogram(void **state) {
    (void)state;
    dosi_error err;
    const dosi_sites none = {0, x, y};
    dosi_simulation problem = make_problem(24, R);
    problem.sites = &none;
    CHECK_OK(dosi_simulate(&problem, &targets, NULL, fields, &err), err);
    dosi_variogram_bin bins[3];
    const dosi_variogram_classes classes = {.cutoff_m = 750, .n_bins = 3};
    CHECK_OK(dosi_variogram_sample(&targets, fields, 500, &classes, bins, &err), err);
    for (size_t b = 0; b < 3; b++) {
        double truth = dosi_variogram_value(&model, bins[b].distance_m);
        CHECK_NEAR(bins[b].gamma, truth, 0.06 * truth);
    }
}

static void bytes_depend_on_the_seed_not_on_threads(void **state) {
    (void)state;
    dosi_error err;
    enum { FEW = 9 };
    static double one[FEW * M], other[FEW * M];
    dosi_simulation problem = make_problem(12, FEW);
    for (int n_threads = 1; n_threads <= 7; n_threads += 3) {
        const dosi_run run = {.n_threads = n_threads};
        double *out = n_threads == 1 ? one : other;
        CHECK_OK(dosi_simulate(&problem, &targets, &run, out, &err), err);
        if (n_threads > 1) assert_memory_equal(one, other, sizeof one);
    }
    problem.seed = 6;
    CHECK_OK(dosi_simulate(&problem, &targets, NULL, other, &err), err);
    assert_memory_not_equal(one, other, sizeof one);
    problem.seed = 5; // fewer fields are the first of many
    problem.n_realisations = 2;
    CHECK_OK(dosi_simulate(&problem, &targets, NULL, other, &err), err);
    assert_memory_equal(one, other, 2 * M * sizeof *one);
}

static void targets_at_one_place_are_alike(void **state) {
    (void)state;
    dosi_error err;
    double px[] = {500, 500, 900, 500}, py[] = {500, 500, 100, 500}, out[3 * 4];
    const dosi_sites twins = {4, px, py};
    const dosi_simulation problem = make_problem(10, 3);
    CHECK_OK(dosi_simulate(&problem, &twins, NULL, out, &err), err);
    for (size_t r = 0; r < 3; r++) {
        CHECK_NEAR(out[r * 4], out[r * 4 + 1], 1e-9);
        CHECK_NEAR(out[r * 4], out[r * 4 + 3], 1e-9);
    }
}

static void the_mean_may_be_left_to_the_data(void **state) {
    (void)state;
    dosi_error err;
    double far_x = 1e7, far_y = 1e7, mean = 0, kriged = 0;
    const dosi_sites far = {1, &far_x, &far_y};
    dosi_simulation problem = make_problem(8, R);
    problem.mean = NAN;
    CHECK_OK(dosi_simulate(&problem, &far, NULL, fields, &err), err);
    for (size_t r = 0; r < R; r++) mean += fields[r] / R;
    const dosi_krige ordinary = {.model = &model, .sites = &sites, .values = z, .n_maps = 1};
    CHECK_OK(dosi_krige_predict(&ordinary, &far, NULL, &kriged, NULL, &err), err);
    CHECK_NEAR(mean, kriged, 6 * sqrt(4.5 / R));
}

static void what_is_outside_its_domain_is_refused(void **state) {
    (void)state;
    dosi_error err;
    const dosi_variogram linear = {.kind = DOSI_VARIOGRAM_LINEAR, .psill = 1, .range_m = 1000};
    dosi_simulation problem = make_problem(8, 1);
    problem.model = &linear;
    CHECK_STATUS(dosi_simulate(&problem, &targets, NULL, fields, &err), DOSI_DOMAIN);
    problem = make_problem(0, 1);
    CHECK_STATUS(dosi_simulate(&problem, &targets, NULL, fields, &err), DOSI_DOMAIN);
    problem = make_problem(8, 1);
    const dosi_sites none = {0, x, y};
    problem.sites = &none;
    problem.mean = NAN;
    CHECK_STATUS(dosi_simulate(&problem, &targets, NULL, fields, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_variance_are_those_of_simple_kriging),
        cmocka_unit_test(fields_have_the_variogram),
        cmocka_unit_test(bytes_depend_on_the_seed_not_on_threads),
        cmocka_unit_test(targets_at_one_place_are_alike),
        cmocka_unit_test(the_mean_may_be_left_to_the_data),
        cmocka_unit_test(what_is_outside_its_domain_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
