// Goal: a network finds the offsets that were put in, predicts a hidden station from the
// others only, as kriging does, and its intervals hold on a made-up network.

#include "dosi/network.h"
#include "dosi/random.h"
#include "test.h"

enum { N_SITES = 10, N_PAST = 500, N_NOW = 200, N_TIMES = N_PAST + N_NOW };

static double site_x[N_SITES], site_y[N_SITES], values[N_TIMES * N_SITES];
static double prediction[N_NOW * N_SITES], variance[N_NOW * N_SITES], freedom[N_NOW * N_SITES];
static const dosi_network_prediction out = {prediction, variance, freedom};
static const dosi_sites sites = {N_SITES, site_x, site_y};

/// Levels of a city that wanders, with offsets of the stations and errors that grow with the
/// root of the level; a tenth is missing.
static void make_city(void) {
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (size_t i = 0; i < N_SITES; i++) {
        site_x[i] = 20000 * dosi_random_uniform(&random);
        site_y[i] = 20000 * dosi_random_uniform(&random);
    }
    double level = log(20);
    for (size_t t = 0; t < N_TIMES; t++) {
        level = log(20) + 0.7 * (level - log(20)) + 0.35 * dosi_random_normal(&random);
        double today = exp(0.3 * dosi_random_normal(&random)); // good days and bad days
        for (size_t i = 0; i < N_SITES; i++) {
            double offset = 0.3 * ((double)i - 4.5) / 4.5;
            double error = 0.35 * today * dosi_random_normal(&random);
            bool is_missing = dosi_random_uniform(&random) < 0.1;
            double value = exp(level) + sqrt(exp(level)) * (offset + error);
            values[t * N_SITES + i] = is_missing ? (double)NAN : value;
        }
    }
}

static dosi_network *learn(const dosi_network_options *options) {
    make_city();
    const dosi_st_field past = {&sites, values, N_PAST};
    dosi_network *network = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_network_learn(&past, options, NULL, &network, &err), err);
    return network;
}

static const double *const now = values + (size_t)N_PAST * N_SITES;
static const dosi_network_options quick = {.half_life = 90};

static void offsets_are_found(void **state) {
    (void)state;
    dosi_network *network = learn(&quick);
    for (size_t i = 0; i < N_SITES; i++) {
        double expected = 0.3 * ((double)i - 4.5) / 4.5 * sqrt(20);
        CHECK_NEAR(dosi_network_offset(network, i, 20), expected, 0.5);
    }
    dosi_network_destroy(network);
}

static void intervals_hold(void **state) {
    (void)state;
    dosi_network *network = learn(&quick);
    dosi_error err = {""};
    CHECK_OK(dosi_network_predict(network, now, N_NOW, NULL, &out, &err), err);
    assert_true(dosi_network_describe(network).n_calibration > 2000);
    dosi_krige_score score =
        dosi_krige_score_of(now, prediction, variance, (size_t)N_NOW * N_SITES);
    assert_true(score.n > 1700);
    assert_true(score.msdr > 0.85 && score.msdr < 1.15);
    assert_true(score.coverage_95 > 0.93 && score.coverage_95 < 0.97);
    double city = 0; // what the plain mean of the others would be wrong by
    for (size_t t = 0; t < N_NOW; t++) {
        double sum = 0, n = 0;
        for (size_t i = 0; i < N_SITES; i++) {
            if (isnan(now[t * N_SITES + i])) continue;
            sum += now[t * N_SITES + i];
            n += 1;
        }
        for (size_t i = 0; i < N_SITES; i++) {
            double value = now[t * N_SITES + i];
            if (!isnan(value)) city += pow(value - (sum - value) / (n - 1), 2);
        }
    }
    assert_true(score.rmse < sqrt(city / (double)score.n));
    for (size_t k = 0; k < N_NOW * N_SITES; k++) assert_true(freedom[k] > 2);
    dosi_network_destroy(network);
}

static void a_hidden_value_is_never_used(void **state) {
    (void)state;
    dosi_network *network = learn(&quick);
    dosi_error err = {""};
    double row[N_SITES], there[2][N_SITES], gone[2][N_SITES];
    const dosi_network_prediction a = {there[0], there[1], NULL}, b = {gone[0], gone[1], NULL};
    for (size_t i = 0; i < N_SITES; i++) row[i] = 20 + (double)(i * i % 7);
    for (size_t i = 0; i < N_SITES; i++) {
        double kept = row[i];
        CHECK_OK(dosi_network_predict(network, row, 1, NULL, &a, &err), err);
        row[i] = NAN; // closed form against a network without the station
        CHECK_OK(dosi_network_predict(network, row, 1, NULL, &b, &err), err);
        CHECK_NEAR(gone[0][i], there[0][i], 1e-9);
        row[i] = 5000;
        CHECK_OK(dosi_network_predict(network, row, 1, NULL, &b, &err), err);
        CHECK_NEAR(gone[0][i], there[0][i], 1e-7);
        CHECK_NEAR(gone[1][i], there[1][i], 1e-6 * there[1][i]);
        row[i] = kept;
    }
    dosi_network_destroy(network);
}

static void with_the_distance_model_alone_it_is_kriging(void **state) {
    (void)state;
    const dosi_network_options model_only = {.half_life = 90, .shrink = 1, .level_power = 1e-9};
    dosi_network *network = learn(&model_only);
    dosi_variogram distance = dosi_network_describe(network).distance;
    double row[N_SITES], z[N_SITES], loo[2][N_SITES], ours[2][N_SITES];
    const dosi_network_prediction pair = {ours[0], ours[1], NULL};
    for (size_t i = 0; i < N_SITES; i++) {
        row[i] = 20 + (double)(i * i % 7);
        z[i] = row[i] - dosi_network_offset(network, i, 20);
    }
    dosi_error err = {""};
    const dosi_krige problem = {.model = &distance, .sites = &sites, .values = z, .n_maps = 1};
    CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, loo[0], loo[1], &err), err);
    CHECK_OK(dosi_network_predict(network, row, 1, NULL, &pair, &err), err);
    for (size_t i = 0; i < N_SITES; i++) {
        CHECK_NEAR(ours[0][i], loo[0][i] + dosi_network_offset(network, i, 20), 1e-6);
    }
    dosi_network_destroy(network);
}

static void results_do_not_depend_on_threads(void **state) {
    (void)state;
    dosi_network *network = learn(&quick);
    static double other[2][N_NOW * N_SITES];
    const dosi_network_prediction pair = {other[0], other[1], NULL};
    const dosi_run one = {.n_threads = 1}, seven = {.n_threads = 7};
    dosi_error err = {""};
    CHECK_OK(dosi_network_predict(network, now, N_NOW, &one, &out, &err), err);
    CHECK_OK(dosi_network_predict(network, now, N_NOW, &seven, &pair, &err), err);
    assert_memory_equal(prediction, other[0], sizeof prediction);
    assert_memory_equal(variance, other[1], sizeof variance);
    dosi_network_destroy(network);
}

static void too_little_is_said_to_be_too_little(void **state) {
    (void)state;
    make_city();
    dosi_network *network = NULL;
    dosi_error err = {""};
    const dosi_sites three = {3, site_x, site_y};
    const dosi_st_field few = {&three, values, N_PAST};
    CHECK_STATUS(dosi_network_learn(&few, NULL, NULL, &network, &err), DOSI_DOMAIN);
    const dosi_st_field none = {&sites, values, 0};
    CHECK_STATUS(dosi_network_learn(&none, NULL, NULL, &network, &err), DOSI_DOMAIN);
    const dosi_network_options bad = {.shrink = 3};
    const dosi_st_field past = {&sites, values, N_PAST};
    CHECK_STATUS(dosi_network_learn(&past, &bad, NULL, &network, &err), DOSI_DOMAIN);
    assert_null(network);
    network = learn(NULL); // 500 steps hold one block of 180 after a half-life, not four
    double row[N_SITES];
    for (size_t i = 0; i < N_SITES; i++) row[i] = i < 3 ? 20 : (double)NAN;
    CHECK_OK(dosi_network_predict(network, row, 1, NULL, &out, &err), err);
    for (size_t i = 0; i < N_SITES; i++) assert_true(isnan(prediction[i]));
    dosi_network_destroy(network);
    dosi_network_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_found),
        cmocka_unit_test(intervals_hold),
        cmocka_unit_test(a_hidden_value_is_never_used),
        cmocka_unit_test(with_the_distance_model_alone_it_is_kriging),
        cmocka_unit_test(results_do_not_depend_on_threads),
        cmocka_unit_test(too_little_is_said_to_be_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
