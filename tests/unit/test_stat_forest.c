// Goal: a forest learns what there is to learn and no more, its marginals are the means that
// predicting every pair of rows gives, and its bytes do not depend on the number of threads.

#include "dosi/forest.h"
#include "dosi/random.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { ROWS = 400, FEATURES = 4 };

typedef struct sample {
    double column[FEATURES][ROWS], y[ROWS];
    const double *x[FEATURES];
    dosi_forest_rows rows;
} sample;

/// y = 3 [x0 > 0.5] + 2 x1 + x0 x2, x3 says nothing.
static double truth(const sample *s, size_t i) {
    return 3.0 * (s->column[0][i] > 0.5) + 2.0 * s->column[1][i] +
           s->column[0][i] * s->column[2][i];
}

static void make_sample(sample *s, uint64_t seed, double noise) {
    dosi_random random = dosi_random_init(seed, 0);
    for (size_t f = 0; f < FEATURES; f++) {
        for (size_t i = 0; i < ROWS; i++) s->column[f][i] = dosi_random_uniform(&random);
        s->x[f] = s->column[f];
    }
    for (size_t i = 0; i < ROWS; i++) {
        s->column[1][i] = floor(s->column[1][i] * 5); // few values, split exactly
        s->y[i] = truth(s, i) + noise * dosi_random_normal(&random);
    }
    s->rows = (dosi_forest_rows){ROWS, s->x};
}

static dosi_forest *grow(const sample *s,
                         size_t n_trees,
                         int threads,
                         dosi_forest_score *score) {
    dosi_error err = {""};
    dosi_forest *forest = NULL;
    const dosi_forest_options options = {.n_trees = n_trees, .seed = 5, .n_tried = 2};
    const dosi_run run = {.n_threads = threads};
    const dosi_forest_problem problem = {s->rows, FEATURES, s->y};
    CHECK_OK(dosi_forest_grow(&problem, &options, &run, &forest, score, &err), err);
    return forest;
}

static void it_learns_what_there_is(void **state) {
    (void)state;
    static sample train;
    static sample test;
    static double predicted[ROWS];
    dosi_error err = {""};
    dosi_forest_score score;
    make_sample(&train, 1, 0.1);
    make_sample(&test, 2, 0.0);
    dosi_forest *forest = grow(&train, 100, 0, &score);
    CHECK_OK(dosi_forest_predict(forest, &test.rows, NULL, predicted, &err), err);
    double errors = 0;
    for (size_t i = 0; i < ROWS; i++) errors += pow(predicted[i] - truth(&test, i), 2);
    double rmse = sqrt(errors / ROWS);
    assert_true(rmse < 0.6);                    // the spread of y is about 3.3
    assert_true(fabs(score.rmse - rmse) < 0.2); // out of bag tells it without other rows
    assert_int_equal(score.n, ROWS);
    double share[FEATURES];
    dosi_forest_importance(forest, share);
    assert_true(share[1] > share[2] && share[0] > share[2] && share[3] < 0.05);
    CHECK_NEAR(share[0] + share[1] + share[2] + share[3], 1.0, 1e-12);
    dosi_forest_destroy(forest);
}

static void marginals_are_means_over_all_pairs(void **state) {
    (void)state;
    static sample s;
    static sample other;
    static double mean[ROWS];
    static double predicted[ROWS];
    dosi_error err = {""};
    make_sample(&s, 3, 0.3);
    make_sample(&other, 4, 0.0);
    dosi_forest *forest = grow(&s, 20, 0, NULL);
    for (unsigned mask = 0; mask < 16; mask++) {
        bool is_fixed[FEATURES];
        for (size_t f = 0; f < FEATURES; f++) is_fixed[f] = mask >> f & 1;
        const dosi_forest_marginal_of of = {s.rows, other.rows, is_fixed};
        CHECK_OK(dosi_forest_marginal(forest, &of, NULL, mean, &err), err);
        for (size_t i = 0; i < ROWS; i += 97) {
            // The same by hand: the other rows with the fixed features of row i.
            static sample mixed;
            mixed = other;
            for (size_t f = 0; f < FEATURES; f++) {
                mixed.x[f] = mixed.column[f];
                for (size_t k = 0; is_fixed[f] && k < ROWS; k++) {
                    mixed.column[f][k] = s.column[f][i];
                }
            }
            mixed.rows = (dosi_forest_rows){ROWS, mixed.x};
            CHECK_OK(dosi_forest_predict(forest, &mixed.rows, NULL, predicted, &err), err);
            double sum = 0;
            for (size_t k = 0; k < ROWS; k++) sum += predicted[k];
            CHECK_NEAR(mean[i], sum / ROWS, 1e-12 * (1 + fabs(sum / ROWS)));
        }
    }
    dosi_forest_destroy(forest);
}

static void bytes_do_not_depend_on_threads(void **state) {
    (void)state;
    static sample s;
    static double first[ROWS];
    static double mean[ROWS];
    dosi_error err = {""};
    const bool is_fixed[FEATURES] = {true, true, false, false};
    make_sample(&s, 6, 0.3);
    const dosi_forest_marginal_of of = {s.rows, s.rows, is_fixed};
    for (int threads = 1; threads <= 7; threads += 3) {
        dosi_forest *forest = grow(&s, 37, threads, NULL);
        const dosi_run run = {.n_threads = threads};
        CHECK_OK(dosi_forest_marginal(forest, &of, &run, mean, &err), err);
        if (threads == 1) memcpy(first, mean, sizeof first);
        assert_memory_equal(first, mean, sizeof first);
        dosi_forest_destroy(forest);
    }
}

static void what_cannot_be_learnt_from_is_named(void **state) {
    (void)state;
    static sample s;
    dosi_error err = {""};
    dosi_forest *forest = NULL;
    make_sample(&s, 6, 0.3);
    s.column[2][7] = (double)NAN;
    dosi_forest_problem problem = {s.rows, FEATURES, s.y};
    assert_int_equal(dosi_forest_grow(&problem, NULL, NULL, &forest, NULL, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "row 7"));
    problem.rows.n = 1;
    assert_int_equal(dosi_forest_grow(&problem, NULL, NULL, &forest, NULL, &err), DOSI_DOMAIN);
    assert_null(forest);
}

static void a_constant_is_a_single_leaf(void **state) {
    (void)state;
    static sample s;
    static double predicted[ROWS];
    dosi_error err = {""};
    dosi_forest_score score;
    make_sample(&s, 8, 0.0);
    for (size_t i = 0; i < ROWS; i++) s.y[i] = 4.25;
    dosi_forest *forest = grow(&s, 10, 0, &score);
    CHECK_OK(dosi_forest_predict(forest, &s.rows, NULL, predicted, &err), err);
    for (size_t i = 0; i < ROWS; i++) CHECK_NEAR(predicted[i], 4.25, 0);
    assert_true(isnan(score.r2));
    dosi_forest_destroy(forest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_what_there_is),
        cmocka_unit_test(marginals_are_means_over_all_pairs),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(what_cannot_be_learnt_from_is_named),
        cmocka_unit_test(a_constant_is_a_single_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
