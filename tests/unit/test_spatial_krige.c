// Goal: kriging equals the textbook system solved directly, keeps its exact properties, and
// gives the same bytes at any thread count. Nothing here needs reference files.

#include "dosi/random.h"
#include "dosi/spatial.h"
#include "test.h"

enum { N = 14, M = 9, T = 6, VALUES = T * N, LAST = (T - 1) * M };

static double x[N], y[N], z[T * N], tx[M], ty[M];
static const dosi_sites sites = {N, x, y};
static const dosi_sites targets = {M, tx, ty};

static int setup(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 7);
    for (size_t i = 0; i < N; i++) {
        x[i] = 10000 * dosi_random_uniform(&random);
        y[i] = 8000 * dosi_random_uniform(&random);
    }
    for (size_t i = 0; i < M; i++) {
        tx[i] = 12000 * dosi_random_uniform(&random) - 1000;
        ty[i] = 10000 * dosi_random_uniform(&random) - 1000;
    }
    tx[0] = x[3]; // one target on a site
    ty[0] = y[3];
    for (size_t k = 0; k < VALUES; k++) z[k] = 20 + 5 * dosi_random_normal(&random);
    z[1 * N + 2] = NAN; // maps 1 and 4 lack the same site, map 2 two others
    z[4 * N + 2] = NAN;
    z[2 * N + 0] = z[2 * N + 13] = NAN;
    for (size_t k = VALUES - N; k < VALUES; k++) z[k] = NAN; // map 5 is empty
    return 0;
}

static const dosi_variogram models[] = {
    {.kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = 2, .psill = 20, .range_m = 6000},
    {.kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 0, .psill = 25, .range_m = 3000},
    {.kind = DOSI_VARIOGRAM_GAUSSIAN, .nugget = 1, .psill = 20, .range_m = 4000},
    {.kind = DOSI_VARIOGRAM_MATERN, .nugget = 0.5, .psill = 20, .range_m = 2500, .kappa = 0.8},
    {.kind = DOSI_VARIOGRAM_MATERN, .nugget = 0.5, .psill = 20, .range_m = 2500, .kappa = 2.5},
    {.kind = DOSI_VARIOGRAM_LINEAR, .nugget = 1, .psill = 3, .range_m = 1000},
    {.kind = DOSI_VARIOGRAM_NUGGET, .nugget = 4, .psill = 0, .range_m = 1},
};
enum { N_MODELS = sizeof models / sizeof models[0] };

/// Solves the n x n system in place by Gaussian elimination with pivoting.
static void eliminate(double *a, double *b, size_t n) {
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++) {
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k])) pivot = i;
        }
        for (size_t j = 0; j < n; j++) {
            double t = a[k * n + j];
            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = t;
        }
        double t = b[k];
        b[k] = b[pivot];
        b[pivot] = t;
        for (size_t i = k + 1; i < n; i++) {
            double f = a[i * n + k] / a[k * n + k];
            for (size_t j = k; j < n; j++) a[i * n + j] -= f * a[k * n + j];
            b[i] -= f * b[k];
        }
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++) b[i] -= a[i * n + j] * b[j];
        b[i] /= a[i * n + i];
    }
}

/// Ordinary kriging at (px, py) from the sites whose value is there and that are not `without`,
/// by the bordered system in semivariances; the variance is returned in *variance.
static double krige_directly(const dosi_variogram *model,
                             const double *values,
                             size_t without,
                             const double *place,
                             double *variance) {
    size_t who[N], n = 0;
    for (size_t i = 0; i < N; i++) {
        if (!isnan(values[i]) && i != without) who[n++] = i;
    }
    double a[(N + 1) * (N + 1)], b[N + 1], right[N + 1];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double h = hypot(x[who[i]] - x[who[j]], y[who[i]] - y[who[j]]);
            a[i * (n + 1) + j] = dosi_variogram_value(model, h);
        }
        a[i * (n + 1) + n] = a[n * (n + 1) + i] = 1;
        b[i] = dosi_variogram_value(model, hypot(x[who[i]] - place[0], y[who[i]] - place[1]));
    }
    a[n * (n + 1) + n] = 0;
    b[n] = 1;
    memcpy(right, b, sizeof b);
    eliminate(a, b, n + 1);
    double sum = 0;
    *variance = b[n];
    for (size_t i = 0; i < n; i++) {
        sum += b[i] * values[who[i]];
        *variance += b[i] * right[i];
    }
    return sum;
}

static void predictions_solve_the_bordered_system(void **state) {
    (void)state;
    dosi_error err;
    for (size_t m = 0; m < N_MODELS; m++) {
        double prediction[T * M], variance[T * M];
        const dosi_krige problem = {
            .model = &models[m], .sites = &sites, .values = z, .n_maps = T, .n_nearest = 0};
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
        for (size_t t = 0; t + 1 < T; t++) {
            for (size_t c = 0; c < M; c++) {
                double v = 0;
                const double place[2] = {tx[c], ty[c]};
                double p = krige_directly(&models[m], z + t * N, SIZE_MAX, place, &v);
                CHECK_NEAR(prediction[t * M + c], p, 1e-9 * 20);
                CHECK_NEAR(variance[t * M + c], v, 1e-9 * 30);
            }
        }
        for (size_t k = LAST; k < LAST + M; k++) assert_true(isnan(prediction[k]));
    }
}

static void a_site_keeps_its_value_and_has_no_variance(void **state) {
    (void)state;
    dosi_error err;
    for (size_t m = 0; m < N_MODELS; m++) {
        double prediction[N], variance[N];
        const dosi_krige problem = {
            .model = &models[m], .sites = &sites, .values = z, .n_maps = 1, .n_nearest = 0};
        CHECK_OK(dosi_krige_predict(&problem, &sites, NULL, prediction, variance, &err), err);
        for (size_t i = 0; i < N; i++) {
            CHECK_NEAR(prediction[i], z[i], 1e-8);
            CHECK_NEAR(variance[i], 0, 1e-8);
        }
    }
}

static void a_constant_field_stays_constant(void **state) {
    (void)state;
    dosi_error err;
    double constant[N], prediction[M];
    for (size_t i = 0; i < N; i++) constant[i] = 37.5; // true only when weights sum to one
    for (size_t nearest = 0; nearest <= 6; nearest += 3) {
        const dosi_krige problem = {.model = &models[0],
                                    .sites = &sites,
                                    .values = constant,
                                    .n_maps = 1,
                                    .n_nearest = nearest};
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, NULL, &err), err);
        for (size_t c = 0; c < M; c++) CHECK_NEAR(prediction[c], 37.5, 1e-11);
    }
}

static void local_with_all_sites_is_global(void **state) {
    (void)state;
    dosi_error err;
    double global[T * M], local[T * M], vg[T * M], vl[T * M];
    dosi_krige problem = {
        .model = &models[1], .sites = &sites, .values = z, .n_maps = T, .n_nearest = 0};
    CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, global, vg, &err), err);
    problem.n_nearest =
        N - 1; // map 0 has one site more than that: local; others: all they have
    CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, local, vl, &err), err);
    for (size_t k = M; k < LAST; k++) {
        if (k / M == 3) continue; // as map 0
        CHECK_NEAR(local[k], global[k], 1e-9);
        CHECK_NEAR(vl[k], vg[k], 1e-9);
    }
}

static void local_kriging_uses_the_nearest_sites(void **state) {
    (void)state;
    dosi_error err;
    enum { K = 4 };
    double prediction[M], variance[M];
    const dosi_krige problem = {
        .model = &models[0], .sites = &sites, .values = z, .n_maps = 1, .n_nearest = K};
    CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
    for (size_t c = 0; c < M; c++) {
        double values[N], v = 0;
        for (size_t i = 0; i < N; i++) {
            size_t n_nearer = 0;
            double d = hypot(x[i] - tx[c], y[i] - ty[c]);
            for (size_t j = 0; j < N; j++) n_nearer += hypot(x[j] - tx[c], y[j] - ty[c]) < d;
            values[i] = n_nearer < K ? z[i] : (double)NAN;
        }
        const double place[2] = {tx[c], ty[c]};
        CHECK_NEAR(prediction[c], krige_directly(&models[0], values, SIZE_MAX, place, &v),
                   1e-9);
        CHECK_NEAR(variance[c], v, 1e-9);
    }
}

static void leaving_one_out_equals_doing_without_it(void **state) {
    (void)state;
    dosi_error err;
    for (size_t m = 0; m < N_MODELS; m++) {
        double prediction[T * N], variance[T * N];
        const dosi_krige problem = {
            .model = &models[m], .sites = &sites, .values = z, .n_maps = T, .n_nearest = 0};
        CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, prediction, variance, &err), err);
        for (size_t k = 0; k < VALUES; k++) {
            if (isnan(z[k])) {
                assert_true(isnan(prediction[k]));
                continue;
            }
            double v = 0;
            const double place[2] = {x[k % N], y[k % N]};
            double p = krige_directly(&models[m], z + k / N * N, k % N, place, &v);
            CHECK_NEAR(prediction[k], p, 1e-8);
            CHECK_NEAR(variance[k], v, 1e-8);
        }
    }
}

static void local_leave_one_out_equals_removing_the_site(void **state) {
    (void)state;
    dosi_error err;
    double prediction[N], variance[N];
    const dosi_krige problem = {
        .model = &models[0], .sites = &sites, .values = z, .n_maps = 1, .n_nearest = 5};
    CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, prediction, variance, &err), err);
    for (size_t i = 0; i < N; i++) {
        double without[N], p = 0, v = 0;
        memcpy(without, z, sizeof without);
        without[i] = NAN;
        const dosi_krige rest = {.model = &models[0],
                                 .sites = &sites,
                                 .values = without,
                                 .n_maps = 1,
                                 .n_nearest = 5};
        const dosi_sites here = {1, &x[i], &y[i]};
        CHECK_OK(dosi_krige_predict(&rest, &here, NULL, &p, &v, &err), err);
        CHECK_NEAR(prediction[i], p, 1e-10);
        CHECK_NEAR(variance[i], v, 1e-10);
    }
}

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    enum { SIDE = 40, CELLS = SIDE * SIDE };
    static double gx[CELLS], gy[CELLS], first[2][T * CELLS], again[2][T * CELLS];
    for (size_t c = 0; c < CELLS; c++) {
        gx[c] = 250 * (double)(c % SIDE);
        size_t row = c / SIDE;
        gy[c] = 250 * (double)row;
    }
    const dosi_sites grid = {CELLS, gx, gy};
    dosi_error err;
    for (size_t nearest = 0; nearest <= 5; nearest += 5) {
        const dosi_krige problem = {.model = &models[1],
                                    .sites = &sites,
                                    .values = z,
                                    .n_maps = T,
                                    .n_nearest = nearest};
        const int threads[] = {1, 2, 7};
        for (size_t k = 0; k < 3; k++) {
            dosi_run run = {.n_threads = threads[k]};
            CHECK_OK(dosi_krige_predict(&problem, &grid, &run, again[0], again[1], &err), err);
            if (k == 0) memcpy(first, again, sizeof first);
            // Empty maps are NaN, whose bits are the same too.
            assert_memory_equal(first, again, sizeof first);
        }
    }
}

static void two_sites_at_one_place_are_named(void **state) {
    (void)state;
    const double px[] = {0, 100, 0}, py[] = {0, 0, 0}, values[] = {1, 2, 3};
    const dosi_sites twins = {3, px, py};
    double prediction = -1;
    dosi_error err;
    const dosi_krige problem = {
        .model = &models[0], .sites = &twins, .values = values, .n_maps = 1, .n_nearest = 0};
    const dosi_sites here = {1, &px[1], &py[1]};
    CHECK_STATUS(dosi_krige_predict(&problem, &here, NULL, &prediction, NULL, &err),
                 DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "sites 0 and 2 are both at"));
    assert_true(prediction == -1);
}

static void a_degenerate_covariance_says_what_helps(void **state) {
    (void)state;
    double px[10], py[10] = {0}, values[10] = {0}, prediction = 0;
    for (size_t i = 0; i < 10; i++) px[i] = (double)i;
    const dosi_variogram smooth = {
        .kind = DOSI_VARIOGRAM_GAUSSIAN, .nugget = 0, .psill = 1, .range_m = 1000};
    const dosi_sites close = {10, px, py};
    const dosi_krige problem = {
        .model = &smooth, .sites = &close, .values = values, .n_maps = 1, .n_nearest = 0};
    const dosi_sites here = {1, px, py};
    dosi_error err;
    CHECK_STATUS(dosi_krige_predict(&problem, &here, NULL, &prediction, NULL, &err),
                 DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "nugget > 0 helps"));
}

static void a_bad_model_is_refused(void **state) {
    (void)state;
    dosi_error err;
    const dosi_variogram negative = {
        .kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = -1, .psill = 1, .range_m = 100};
    const dosi_variogram no_range = {
        .kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = 0, .psill = 1, .range_m = 0};
    const dosi_variogram rough = {
        .kind = DOSI_VARIOGRAM_MATERN, .nugget = 0, .psill = 1, .range_m = 100};
    CHECK_STATUS(dosi_variogram_check(&negative, &err), DOSI_DOMAIN);
    CHECK_STATUS(dosi_variogram_check(&no_range, &err), DOSI_DOMAIN);
    CHECK_STATUS(dosi_variogram_check(&rough, &err), DOSI_DOMAIN);
}

static void a_sample_variogram_is_what_pencil_and_paper_give(void **state) {
    (void)state;
    // Four sites on a line at 0, 1, 2, 4 with values 1, 3, 2, 6; classes (0,1] (1,2] (2,3].
    const double px[] = {0, 1, 2, 4}, py[] = {0, 0, 0, 0}, values[] = {1, 3, 2, 6};
    const dosi_sites line = {4, px, py};
    const dosi_variogram_classes classes = {.cutoff_m = 3, .n_bins = 3};
    dosi_variogram_bin bins[3];
    dosi_error err;
    CHECK_OK(dosi_variogram_sample(&line, values, 1, &classes, bins, &err), err);
    CHECK_NEAR(bins[0].n_pairs, 2, 0); // 0-1: 4, 1-2: 1
    CHECK_NEAR(bins[0].gamma, (4.0 + 1) / 4, 1e-15);
    CHECK_NEAR(bins[1].n_pairs, 2, 0); // 0-2: 1, 2-4: 16
    CHECK_NEAR(bins[1].gamma, (1.0 + 16) / 4, 1e-15);
    CHECK_NEAR(bins[2].n_pairs, 1, 0); // 1-4: 9; 0-4 is beyond
    CHECK_NEAR(bins[2].gamma, 9.0 / 2, 1e-15);
    CHECK_NEAR(bins[2].distance_m, 3, 0);
}

static void pooling_maps_is_adding_their_pairs(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin pooled[15], single[15];
    double n[15] = {0}, square[15] = {0};
    CHECK_OK(dosi_variogram_sample(&sites, z, T, NULL, pooled, &err), err);
    for (size_t t = 0; t < T; t++) {
        CHECK_OK(dosi_variogram_sample(&sites, z + t * N, 1, NULL, single, &err), err);
        for (size_t b = 0; b < 15; b++) {
            n[b] += single[b].n_pairs;
            square[b] += single[b].n_pairs * single[b].gamma;
        }
    }
    for (size_t b = 0; b < 15; b++) {
        CHECK_NEAR(pooled[b].n_pairs, n[b], 0);
        if (n[b] > 0) CHECK_NEAR(pooled[b].gamma, square[b] / n[b], 1e-10);
    }
}

static void a_fit_recovers_the_model_behind_exact_classes(void **state) {
    (void)state;
    dosi_error err;
    for (size_t m = 0; m < N_MODELS; m++) {
        dosi_variogram_bin bins[15];
        for (size_t b = 0; b < 15; b++) {
            double h = 400 * (double)(b + 1);
            bins[b] =
                (dosi_variogram_bin){50 + (double)b, h, dosi_variogram_value(&models[m], h)};
        }
        for (int w = 0; w < DOSI_VARIOGRAM_WEIGHTS_COUNT; w++) {
            dosi_variogram model = {.kind = models[m].kind, .kappa = models[m].kappa};
            double error = 1;
            CHECK_OK(
                dosi_variogram_fit(bins, 15, (dosi_variogram_weights)w, &model, &error, &err),
                err);
            assert_true(error < 1e-10);
            for (size_t b = 0; b < 15; b++) {
                double gamma = dosi_variogram_value(&model, bins[b].distance_m);
                CHECK_NEAR(gamma, bins[b].gamma, 1e-5 * 25);
            }
        }
    }
}

static void scores_are_what_pencil_and_paper_give(void **state) {
    (void)state;
    const double observed[] = {1, 2, NAN, 4}, predicted[] = {2, 2, 3, 1},
                 variance[] = {1, 1, 1, 2};
    dosi_krige_score score = dosi_krige_score_of(observed, predicted, variance, 4);
    assert_int_equal(score.n, 3);
    CHECK_NEAR(score.me, (-1.0 + 0 + 3) / 3, 1e-15);
    CHECK_NEAR(score.mae, 4.0 / 3, 1e-15);
    CHECK_NEAR(score.rmse, sqrt(10.0 / 3), 1e-15);
    CHECK_NEAR(score.msdr, (1 + 0 + 4.5) / 3, 1e-15);
    CHECK_NEAR(score.coverage_95, 2.0 / 3, 1e-15); // 3 / sqrt(2) is beyond 1.96
    assert_true(isnan(dosi_krige_score_of(observed, predicted, variance, 0).rmse));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_solve_the_bordered_system),
        cmocka_unit_test(a_site_keeps_its_value_and_has_no_variance),
        cmocka_unit_test(a_constant_field_stays_constant),
        cmocka_unit_test(local_with_all_sites_is_global),
        cmocka_unit_test(local_kriging_uses_the_nearest_sites),
        cmocka_unit_test(leaving_one_out_equals_doing_without_it),
        cmocka_unit_test(local_leave_one_out_equals_removing_the_site),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(two_sites_at_one_place_are_named),
        cmocka_unit_test(a_degenerate_covariance_says_what_helps),
        cmocka_unit_test(a_bad_model_is_refused),
        cmocka_unit_test(a_sample_variogram_is_what_pencil_and_paper_give),
        cmocka_unit_test(pooling_maps_is_adding_their_pairs),
        cmocka_unit_test(a_fit_recovers_the_model_behind_exact_classes),
        cmocka_unit_test(scores_are_what_pencil_and_paper_give),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
