// Goal: directional, cross and indicator variograms are what pencil and paper give; nested fits
// find the model that made the classes; the likelihood is the textbook's, at its maximum.

#include "dosi/random.h"
#include "dosi/variogram.h"
#include "test.h"

/// A square with its middle: north-south and east-west pairs, and diagonals.
static const double x[] = {0, 2, 0, 2, 1}, y[] = {0, 0, 2, 2, 1};
static const double first[] = {1, 2, 4, 8, 16}, second[] = {3, 1, 4, 1, NAN};
static const dosi_sites square = {5, x, y};

static void a_direction_takes_its_pairs_only(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin bins[1];
    dosi_variogram_classes classes = {
        .cutoff_m = 2, .n_bins = 1, .azimuth_deg = 0, .tolerance_deg = 10};
    CHECK_OK(dosi_variogram_sample(&square, first, 1, &classes, bins, &err), err);
    CHECK_NEAR(bins[0].n_pairs, 2, 0); // 1-4 and 2-8, northwards
    CHECK_NEAR(bins[0].gamma, (9.0 + 36) / 4, 1e-14);
    classes.azimuth_deg = 270;
    CHECK_OK(dosi_variogram_sample(&square, first, 1, &classes, bins, &err), err);
    CHECK_NEAR(bins[0].n_pairs, 2, 0); // 1-2 and 4-8, westwards as eastwards
    CHECK_NEAR(bins[0].gamma, (1.0 + 16) / 4, 1e-14);
    classes.azimuth_deg = 35;
    CHECK_OK(dosi_variogram_sample(&square, first, 1, &classes, bins, &err), err);
    CHECK_NEAR(bins[0].n_pairs, 2, 0); // 1-16 and 8-16 are just at 45 = 35 + 10 degrees
    CHECK_NEAR(bins[0].gamma, (225.0 + 64) / 4, 1e-13);
    classes.tolerance_deg = 91;
    CHECK_STATUS(dosi_variogram_sample(&square, first, 1, &classes, bins, &err), DOSI_DOMAIN);
}

static void a_cross_variogram_takes_what_both_have(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin bins[1];
    const double *const both[2] = {first, second};
    const dosi_variogram_classes classes = {.cutoff_m = 2, .n_bins = 1};
    CHECK_OK(dosi_variogram_sample_cross(&square, both, 1, &classes, bins, &err), err);
    CHECK_NEAR(bins[0].n_pairs, 4, 0); // the sides; the middle has no second value
    // (1-2)(3-1) + (1-4)(3-4) + (2-8)(1-1) + (4-8)(4-1)
    CHECK_NEAR(bins[0].gamma, (-2.0 + 3 + 0 - 12) / 8, 1e-14);
}

static void indicators_keep_what_is_missing(void **state) {
    (void)state;
    double out[5];
    dosi_indicator(second, 5, 3, out);
    const double expected[] = {1, 1, 0, 1};
    for (size_t i = 0; i < 4; i++) CHECK_NEAR(out[i], expected[i], 0);
    assert_true(isnan(out[4]));
}

static void a_nested_fit_finds_its_model(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin bins[20];
    const dosi_variogram far = {.kind = DOSI_VARIOGRAM_SPHERICAL, .psill = 3, .range_m = 9000};
    const dosi_variogram truth = {.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                  .nugget = 0.5,
                                  .psill = 2,
                                  .range_m = 400,
                                  .nested = &far};
    for (size_t b = 0; b < 20; b++) {
        bins[b] = (dosi_variogram_bin){.n_pairs = 100, .distance_m = 300 + 600 * (double)b};
        bins[b].gamma = dosi_variogram_value(&truth, bins[b].distance_m);
    }
    dosi_variogram second_part = {.kind = DOSI_VARIOGRAM_SPHERICAL};
    dosi_variogram model = {.kind = DOSI_VARIOGRAM_EXPONENTIAL, .nested = &second_part};
    double error = NAN;
    CHECK_OK(dosi_variogram_fit(bins, 20, DOSI_VARIOGRAM_PAIRS, &model, &error, &err), err);
    CHECK_NEAR(error, 0, 1e-8);
    CHECK_NEAR(model.nugget + model.psill + second_part.psill, 5.5, 1e-3);
    CHECK_NEAR(second_part.range_m, 9000, 20);
    for (size_t b = 0; b < 20; b++) {
        CHECK_NEAR(dosi_variogram_value(&model, bins[b].distance_m), bins[b].gamma, 1e-4);
    }
}

enum { N = 30 };

static double px[N], py[N], pz[N], pf[N];

static void make_field(void) {
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (size_t i = 0; i < N; i++) {
        px[i] = 5000 * dosi_random_uniform(&random);
        py[i] = 5000 * dosi_random_uniform(&random);
        pf[i] = dosi_random_uniform(&random);
        pz[i] = 10 + 4 * pf[i] + sin(px[i] / 900) + cos(py[i] / 700) +
                0.3 * dosi_random_normal(&random);
    }
}

/// The restricted likelihood by the bordered determinant: with V the covariances and F the
/// drift, det [V F; F' 0] = +-|V| |F'V^-1 F|, and z'Pz from solving with the same matrix.
static double likelihood_directly(const dosi_variogram *model, size_t n_drift) {
    size_t p = 1 + n_drift, m = N + p;
    static double a[(N + 2) * (N + 2)], b[N + 2];
    double center = 0, most = 0, log_det = 0, rest = 0;
    for (size_t i = 0; i < N; i++) center += pf[i] / N;
    for (size_t i = 0; i < N; i++) most = fmax(most, fabs(pf[i] - center));
    memset(a, 0, sizeof a);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            a[i * m + j] = model->nugget + model->psill -
                           dosi_variogram_between(model, px[i] - px[j], py[i] - py[j]);
        }
        a[i * m + N] = a[N * m + i] = 1;
        if (n_drift) a[i * m + N + 1] = a[(N + 1) * m + i] = (pf[i] - center) / most;
        b[i] = pz[i];
    }
    for (size_t q = 0; q < p; q++) b[N + q] = 0;
    for (size_t k = 0; k < m; k++) { // V is positive definite: its pivots come first
        log_det += log(fabs(a[k * m + k]));
        for (size_t i = k + 1; i < m; i++) {
            double f = a[i * m + k] / a[k * m + k];
            for (size_t j = k; j < m; j++) a[i * m + j] -= f * a[k * m + j];
            b[i] -= f * b[k];
        }
    }
    for (size_t i = m; i-- > 0;) {
        for (size_t j = i + 1; j < m; j++) b[i] -= a[i * m + j] * b[j];
        b[i] /= a[i * m + i];
    }
    for (size_t i = 0; i < N; i++) rest += b[i] * pz[i];
    return -0.5 * ((double)(N - p) * log(2 * M_PI) + log_det + rest);
}

static void the_likelihood_is_the_textbooks_at_its_maximum(void **state) {
    (void)state;
    dosi_error err;
    make_field();
    const dosi_sites sites = {N, px, py};
    for (size_t n_drift = 0; n_drift <= 1; n_drift++) {
        const dosi_reml data = {
            .sites = &sites, .values = pz, .n_maps = 1, .n_drift = n_drift, .drift = pf};
        dosi_variogram model = {.kind = DOSI_VARIOGRAM_GAUSSIAN};
        double likelihood = NAN;
        CHECK_OK(dosi_variogram_fit_reml(&data, &model, &likelihood, &err), err);
        CHECK_NEAR(likelihood, likelihood_directly(&model, n_drift), 1e-6);
        for (size_t k = 0; k < 6; k++) {
            dosi_variogram other = model;
            double factor = k % 2 ? 1.05 : 0.95;
            if (k / 2 == 0) other.nugget *= factor;
            if (k / 2 == 1) other.psill *= factor;
            if (k / 2 == 2) other.range_m *= factor;
            assert_true(likelihood_directly(&other, n_drift) < likelihood + 1e-6);
        }
    }
}

static void two_like_maps_have_twice_the_likelihood_but_one_model(void **state) {
    (void)state;
    dosi_error err;
    make_field();
    double twice[2 * N], likelihood[2];
    memcpy(twice, pz, sizeof pz);
    memcpy(twice + N, pz, sizeof pz);
    const dosi_sites sites = {N, px, py};
    dosi_variogram models[2] = {{.kind = DOSI_VARIOGRAM_EXPONENTIAL},
                                {.kind = DOSI_VARIOGRAM_EXPONENTIAL}};
    for (size_t k = 0; k < 2; k++) {
        const dosi_reml data = {
            .sites = &sites, .values = twice, .n_maps = k + 1, .range_m = 1500};
        CHECK_OK(dosi_variogram_fit_reml(&data, &models[k], &likelihood[k], &err), err);
    }
    CHECK_NEAR(likelihood[1], 2 * likelihood[0], 1e-6);
    CHECK_NEAR(models[1].psill, models[0].psill, 1e-3 * models[0].psill);
}

static void residuals_are_those_of_a_line(void **state) {
    (void)state;
    dosi_error err;
    // y = 1 + 2 f through (0,1) (1,3) (2,5), with 3 added to the middle: the line moves up
    // by 1.
    const double lx[] = {0, 1, 2, 3}, ly[] = {0, 0, 0, 0}, f[] = {0, 1, 2, 7};
    const double values[] = {1, 6, 5, NAN};
    const dosi_sites line = {4, lx, ly};
    const dosi_reml data = {
        .sites = &line, .values = values, .n_maps = 1, .n_drift = 1, .drift = f};
    double out[4];
    CHECK_OK(dosi_drift_residuals(&data, out, &err), err);
    CHECK_NEAR(out[0], -1, 1e-12);
    CHECK_NEAR(out[1], 2, 1e-12);
    CHECK_NEAR(out[2], -1, 1e-12);
    assert_true(isnan(out[3]));
}

static void too_little_is_refused(void **state) {
    (void)state;
    dosi_error err;
    const dosi_sites two = {2, x, y};
    dosi_reml data = {.sites = &two, .values = first, .n_maps = 1};
    dosi_variogram model = {.kind = DOSI_VARIOGRAM_SPHERICAL};
    CHECK_STATUS(dosi_variogram_fit_reml(&data, &model, NULL, &err), DOSI_DOMAIN);
    const double alike[] = {4, 4, 4, 4, 4};
    data = (dosi_reml){.sites = &square, .values = alike, .n_maps = 1};
    CHECK_STATUS(dosi_variogram_fit_reml(&data, &model, NULL, &err), DOSI_DOMAIN);
    model.kind = DOSI_VARIOGRAM_LINEAR;
    CHECK_STATUS(dosi_variogram_fit_reml(&data, &model, NULL, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_direction_takes_its_pairs_only),
        cmocka_unit_test(a_cross_variogram_takes_what_both_have),
        cmocka_unit_test(indicators_keep_what_is_missing),
        cmocka_unit_test(a_nested_fit_finds_its_model),
        cmocka_unit_test(the_likelihood_is_the_textbooks_at_its_maximum),
        cmocka_unit_test(two_like_maps_have_twice_the_likelihood_but_one_model),
        cmocka_unit_test(residuals_are_those_of_a_line),
        cmocka_unit_test(too_little_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
