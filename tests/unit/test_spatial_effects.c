// Goal: random effects beside a variogram give the means and variances of dense linear algebra,
// their sizes are found again in simulated data, and a spike is drawn in while nothing else is.

#include "dosi/exposure.h"
#include "dosi/num.h"
#include "dosi/random.h"
#include "test.h"

enum { N_SITES = 40, N_TIMES = 48, N_TARGETS = 30, N_AREAS = 3, N_EFFECTS = 2 };

static double site_x[N_SITES], site_y[N_SITES], values[N_TIMES * N_SITES];
static double target_x[N_TARGETS], target_y[N_TARGETS];
static double covariate[N_EFFECTS * N_SITES], target_covariate[N_EFFECTS * N_TARGETS];
static double own[N_SITES];
static const dosi_sites sites = {N_SITES, site_x, site_y};
static const dosi_sites targets = {N_TARGETS, target_x, target_y};
static const dosi_variogram model = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .psill = 4, .range_m = 3000};
static const double variance[N_EFFECTS] = {9, 25};
static const double own_variance = 2;
static const dosi_year_effects effects = {N_EFFECTS, variance, covariate, target_covariate,
                                          own};

static const size_t area_start[N_AREAS + 1] = {0, 10, 20, 30};
static uint32_t area_target[N_TARGETS];
static double area_weight[N_TARGETS];
static const dosi_year_areas areas = {N_AREAS, area_start, area_target, area_weight};

static double between(double dx, double dy) {
    return 4 * exp(-hypot(dx, dy) / 3000);
}

/// Covariance of sites i and k, all told.
static double of_sites(size_t i, size_t k) {
    double sum = between(site_x[i] - site_x[k], site_y[i] - site_y[k]) + (i == k ? own[i] : 0);
    for (size_t e = 0; e < N_EFFECTS; e++) {
        sum += variance[e] * covariate[e * N_SITES + i] * covariate[e * N_SITES + k];
    }
    return sum;
}

/// Places; a hill as one covariate; a quarter of the sites has an offset that no target has.
/// Every time is drawn with all of it.
static void make(void) {
    static double factor[N_SITES * N_SITES], z[N_SITES];
    dosi_random random = dosi_random_init(test_seed(), 4);
    for (size_t i = 0; i < N_SITES + N_TARGETS; i++) {
        bool is_site = i < N_SITES;
        size_t k = is_site ? i : i - N_SITES;
        double x = 10000 * dosi_random_uniform(&random),
               y = 10000 * dosi_random_uniform(&random);
        double hill = 2 * exp(-(pow(x - 5000, 2) + pow(y - 5000, 2)) / 1.8e7) - 0.7;
        (is_site ? site_x : target_x)[k] = x;
        (is_site ? site_y : target_y)[k] = y;
        (is_site ? covariate : target_covariate)[k] = hill;
    }
    for (size_t i = 0; i < N_SITES; i++) {
        covariate[N_SITES + i] = i % 4 == 0 ? 1 : 0;
        own[i] = i % 4 == 0 ? own_variance : 0;
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        area_target[k] = (uint32_t)k;
        area_weight[k] = 0.5 + dosi_random_uniform(&random);
    }
    for (size_t i = 0; i < N_SITES; i++) {
        for (size_t k = 0; k < N_SITES; k++) factor[i * N_SITES + k] = of_sites(i, k);
    }
    assert_int_equal(dosi_cholesky(factor, N_SITES), N_SITES);
    for (size_t t = 0; t < N_TIMES; t++) {
        for (size_t i = 0; i < N_SITES; i++) z[i] = dosi_random_normal(&random);
        for (size_t i = 0; i < N_SITES; i++) {
            double sum = 30 + 3 * sin((double)t);
            for (size_t k = 0; k <= i; k++) sum += factor[i * N_SITES + k] * z[k];
            values[t * N_SITES + i] = sum;
        }
    }
}

static dosi_year *create_year(const double *of) {
    const dosi_year_data data = {&model, &sites, of, N_TIMES, 3, &effects};
    dosi_year *year = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_year_create(&data, NULL, &year, &err), err);
    return year;
}

/// x of A x = b for a factored A.
static void solve(const double *factor, size_t n, const double *b, double *x) {
    for (size_t i = 0; i < n; i++) x[i] = b[i];
    dosi_cholesky_forward(factor, n, x);
    dosi_cholesky_backward(factor, n, x);
}

/// Prediction of everything at a time and its variance: simple kriging, and what the unknown
/// mean, found by generalised least squares, adds. `gone` is a site that is missing.
static void krige_dense(const double *row, size_t gone, const double *q, double *out) {
    static double factor[N_SITES * N_SITES], z[N_SITES], c[N_SITES], ones[N_SITES];
    static double by_c[N_SITES], by_one[N_SITES];
    size_t at[N_SITES], n = 0;
    double prior = 0;
    for (size_t i = 0; i < N_SITES; i++) {
        if (i != gone) at[n++] = i;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) factor[i * n + k] = of_sites(at[i], at[k]);
        z[i] = row[at[i]];
        ones[i] = 1;
        c[i] = 0;
        for (size_t k = 0; k < N_TARGETS; k++) {
            double sum = between(target_x[k] - site_x[at[i]], target_y[k] - site_y[at[i]]);
            for (size_t e = 0; e < N_EFFECTS; e++) {
                sum += variance[e] * target_covariate[e * N_TARGETS + k] *
                       covariate[e * N_SITES + at[i]];
            }
            c[i] += q[k] * sum;
        }
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        for (size_t l = 0; l < N_TARGETS; l++) {
            double sum = between(target_x[k] - target_x[l], target_y[k] - target_y[l]);
            for (size_t e = 0; e < N_EFFECTS; e++) {
                sum += variance[e] * target_covariate[e * N_TARGETS + k] *
                       target_covariate[e * N_TARGETS + l];
            }
            prior += q[k] * q[l] * sum;
        }
    }
    assert_int_equal(dosi_cholesky(factor, n), n);
    solve(factor, n, c, by_c);
    solve(factor, n, ones, by_one);
    double information = 0, mean = 0, shift = 1, known = 0;
    for (size_t i = 0; i < n; i++) {
        information += by_one[i];
        mean += by_one[i] * z[i];
        shift -= by_c[i];
        known += by_c[i] * c[i];
    }
    mean /= information;
    out[0] = mean;
    for (size_t i = 0; i < n; i++) out[0] += by_c[i] * (z[i] - mean);
    out[1] = prior - known + shift * shift / information;
}

static void effects_are_those_of_dense_algebra(void **state) {
    (void)state;
    make();
    values[3 * N_SITES + 4] = NAN;
    dosi_year *year = create_year(values);
    dosi_exposure *exposure = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_create(year, &targets, &areas, NULL, &exposure, &err), err);
    static const uint32_t pattern_of[N_TIMES] = {0}, members[] = {0, 1, 2, 0, 1, 2};
    static const size_t start[] = {0, 1, 2, 3, 6};
    const double weight[N_AREAS] = {100, 300, 50};
    const dosi_exposure_people people = {1, pattern_of, weight, NULL, NULL};
    const dosi_exposure_groups groups = {4, start, members};
    double mean[N_TIMES * 4], found[N_TIMES * 4];
    const dosi_exposure_result result = {mean, found, NULL};
    CHECK_OK(dosi_exposure_find_groups(exposure, &people, &groups, NULL, &result, &err), err);
    for (size_t g = 0; g < 4; g++) {
        double q[N_TARGETS] = {0}, expected[2];
        for (size_t k = 0; k < N_TARGETS; k++) {
            size_t a = k / 10;
            double total = 0;
            for (size_t l = 10 * a; l < 10 * a + 10; l++) total += area_weight[l];
            if (g == 3 || a == g)
                q[k] = area_weight[k] / total * (g == 3 ? weight[a] / 450 : 1);
        }
        for (size_t t = 2; t <= 3; t++) {
            krige_dense(values + t * N_SITES, t == 3 ? 4 : SIZE_MAX, q, expected);
            CHECK_NEAR(mean[t * 4 + g] / expected[0], 1, 1e-9);
            CHECK_NEAR(found[t * 4 + g] / expected[1], 1, 1e-9);
        }
    }
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
}

static void sizes_of_effects_are_found_again(void **state) {
    (void)state;
    make();
    values[7] = NAN;
    const dosi_year_fit fit = {
        &sites, values, N_TIMES, N_EFFECTS, covariate, covariate + N_SITES, false};
    dosi_variogram found = {
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 1, .psill = 1, .range_m = 1000};
    double sizes[N_EFFECTS + 1];
    dosi_error err = {""};
    CHECK_OK(dosi_year_fit_effects(&fit, NULL, &found, sizes, &err), err);
    // A variance seen in 48 times is known to a fifth (one standard deviation).
    CHECK_NEAR(log(sizes[0] / variance[0]), 0, 0.8);
    CHECK_NEAR(log(sizes[1] / variance[1]), 0, 0.8);
    CHECK_NEAR(log(sizes[2] / own_variance), 0, 0.6);
    CHECK_NEAR(log((found.psill + found.nugget) / 4), 0, 0.4);
    assert_true(found.nugget < 0.1 * found.psill && found.range_m > 1500);
    const dosi_year_fit given = {
        &sites, values, N_TIMES, N_EFFECTS, covariate, covariate + N_SITES, true};
    found = model;
    CHECK_OK(dosi_year_fit_effects(&given, NULL, &found, sizes, &err), err);
    assert_true(found.psill == 4 && found.range_m == 3000 && found.nugget == 0);
    CHECK_NEAR(log(sizes[0] / variance[0]), 0, 0.8);
    for (size_t k = 0; k < (size_t)N_TIMES * N_SITES; k++) values[k] = 5;
    assert_int_equal(dosi_year_fit_effects(&given, NULL, &found, sizes, &err), DOSI_DOMAIN);
}

static void effects_that_are_not_there_are_small(void **state) {
    (void)state;
    make();
    dosi_random random = dosi_random_init(test_seed(), 8);
    for (size_t k = 0; k < (size_t)N_TIMES * N_SITES; k++) {
        values[k] = 10 + dosi_random_normal(&random);
    }
    const dosi_year_fit fit = {
        &sites, values, N_TIMES, N_EFFECTS, covariate, covariate + N_SITES, false};
    dosi_variogram found = {
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 1, .psill = 1, .range_m = 1000};
    double sizes[N_EFFECTS + 1];
    dosi_error err = {""};
    CHECK_OK(dosi_year_fit_effects(&fit, NULL, &found, sizes, &err), err);
    assert_true(sizes[0] < 0.05 && sizes[1] < 0.1 && sizes[2] < 0.3);
    CHECK_NEAR(found.nugget + found.psill, 1, 0.1);
}

static void only_a_spike_is_drawn_in(void **state) {
    (void)state;
    static double copy[N_TIMES * N_SITES], scale[N_TIMES], freedom[N_TIMES];
    make();
    values[5 * N_SITES + 6] += 60;
    for (size_t k = 0; k < (size_t)N_TIMES * N_SITES; k++) copy[k] = values[k];
    dosi_year *year = create_year(values);
    dosi_exposure_scales scales = {.scale = scale, .freedom = freedom};
    size_t n_changed = 0;
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_find_scales(year, &scales, &err), err);
    CHECK_OK(dosi_exposure_draw_in(year, &scales, NULL, copy, &n_changed, &err), err);
    size_t n_other = 0; // by chance, one in twenty times
    for (size_t k = 0; k < (size_t)N_TIMES * N_SITES; k++) {
        n_other += copy[k] != values[k] && k != 5 * N_SITES + 6 ? 1 : 0;
    }
    assert_true(n_other <= 1 && n_changed == 1 + n_other);
    assert_true(copy[5 * N_SITES + 6] < values[5 * N_SITES + 6] - 30);
    assert_true(copy[5 * N_SITES + 6] > 20);
    dosi_year_destroy(year);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_are_those_of_dense_algebra),
        cmocka_unit_test(sizes_of_effects_are_found_again),
        cmocka_unit_test(effects_that_are_not_there_are_small),
        cmocka_unit_test(only_a_spike_is_drawn_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
