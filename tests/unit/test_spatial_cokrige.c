// Goal: co-kriging equals the bordered system of both variables, one variable alone is ordinary
// kriging, and fitted coregionalisations are valid and find the model that made the samples.

#include "dosi/cokrige.h"
#include "dosi/krige.h"
#include "dosi/random.h"
#include "test.h"

enum { N_FIRST = 9, N = 24, M = 6, SIZE = N + 2 };

static double x[N], y[N], z[2 * N], errors[N], tx[M], ty[M];
static uint8_t variable[N];
static const dosi_sites sites = {N, x, y}, targets = {M, tx, ty};
static const dosi_lmc model = {.n_variables = 2,
                               .kind = DOSI_VARIOGRAM_EXPONENTIAL,
                               .range_m = 3000,
                               .nugget = {{0.2, 0.1}, {0.1, 0.9}},
                               .psill = {{4, 5}, {5, 9}}};

static int setup(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 21);
    for (size_t i = 0; i < N; i++) {
        x[i] = 8000 * dosi_random_uniform(&random);
        y[i] = 8000 * dosi_random_uniform(&random);
        variable[i] = i < N_FIRST ? 0 : 1;
        errors[i] = i < N_FIRST ? 0 : 0.5 * dosi_random_uniform(&random);
        z[i] = (i < N_FIRST ? 20 : 35) + 3 * dosi_random_normal(&random);
        z[N + i] = z[i];
    }
    x[N - 1] = x[0]; // both variables at one place
    y[N - 1] = y[0];
    z[N + 2] = z[N + 12] = NAN; // the second map lacks one of each
    for (size_t c = 0; c < M; c++) {
        tx[c] = 8000 * dosi_random_uniform(&random);
        ty[c] = 8000 * dosi_random_uniform(&random);
    }
    return 0;
}

static double covariance(size_t a, size_t b, double dx, double dy) {
    double h = hypot(dx, dy);
    return h == 0 ? model.nugget[a][b] + model.psill[a][b] : model.psill[a][b] * exp(-h / 3000);
}

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

static size_t n_nearest = N; ///< Values of a variable that are used.

/// Whether datum `i` is among the nearest of its variable.
static bool is_near(const double *values, size_t without, size_t i, const double *place) {
    size_t nearer = 0;
    double own = hypot(x[i] - place[0], y[i] - place[1]);
    for (size_t j = 0; j < N; j++) {
        if (j == without || isnan(values[j]) || variable[j] != variable[i]) continue;
        nearer += hypot(x[j] - place[0], y[j] - place[1]) < own ? 1 : 0;
    }
    return nearer < n_nearest;
}

/// Variable `of` at (px, py) from a map's values without datum `without`.
static double solve_directly(
    const double *values, size_t without, size_t of, const double *place, double *variance) {
    size_t who[N], n = 0;
    for (size_t i = 0; i < N; i++) {
        if (i == without || isnan(values[i])) continue;
        if (is_near(values, without, i, place)) who[n++] = i;
    }
    size_t m = n + 2;
    double a[SIZE * SIZE] = {0}, b[SIZE] = {0}, right[SIZE];
    for (size_t i = 0; i < n; i++) {
        size_t s = who[i];
        for (size_t j = 0; j < n; j++) {
            size_t t = who[j];
            a[i * m + j] = covariance(variable[s], variable[t], x[s] - x[t], y[s] - y[t]);
        }
        a[i * m + i] += errors[s];
        a[i * m + n + variable[s]] = a[(n + variable[s]) * m + i] = 1;
        b[i] = covariance(variable[s], of, x[s] - place[0], y[s] - place[1]);
    }
    b[n + of] = 1;
    memcpy(right, b, sizeof b);
    eliminate(a, b, m);
    double sum = 0;
    *variance = covariance(of, of, 0, 0);
    for (size_t i = 0; i < n; i++) sum += b[i] * values[who[i]];
    for (size_t i = 0; i < m; i++) *variance -= b[i] * right[i];
    return sum;
}

static dosi_cokrige make_problem(void) {
    return (dosi_cokrige){.model = &model,
                          .sites = &sites,
                          .variable = variable,
                          .values = z,
                          .n_maps = 2,
                          .error_variance = errors};
}

static void check_predictions(size_t nearest) {
    dosi_error err;
    double prediction[2 * M], variance[2 * M];
    dosi_cokrige problem = make_problem();
    problem.n_nearest = nearest;
    n_nearest = nearest ? nearest : N;
    CHECK_OK(dosi_cokrige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
    for (size_t k = 0; k < 2; k++) {
        for (size_t c = 0; c < M; c++) {
            const double place[2] = {tx[c], ty[c]};
            double v = 0, p = solve_directly(z + k * N, SIZE_MAX, 0, place, &v);
            CHECK_NEAR(prediction[k * M + c], p, 1e-8);
            CHECK_NEAR(variance[k * M + c], v, 1e-8);
        }
    }
}

static void predictions_solve_the_bordered_system(void **state) {
    (void)state;
    check_predictions(0);
}

static void near_predictions_solve_the_system_of_the_nearest(void **state) {
    (void)state;
    check_predictions(4);
    check_predictions(N); // all of them
}

static void check_left_out(size_t nearest) {
    dosi_error err;
    double prediction[2 * N], variance[2 * N];
    dosi_cokrige problem = make_problem();
    problem.n_nearest = nearest;
    n_nearest = nearest ? nearest : N;
    CHECK_OK(dosi_cokrige_leave_one_out(&problem, NULL, prediction, variance, &err), err);
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < N; i++) {
            size_t at = k * N + i;
            if (isnan(z[at])) {
                assert_true(isnan(prediction[at]));
                continue;
            }
            const double place[2] = {x[i], y[i]};
            double v = 0, p = solve_directly(z + k * N, i, variable[i], place, &v);
            CHECK_NEAR(prediction[at], p, 1e-7);
            CHECK_NEAR(variance[at], v + errors[i], 1e-7);
        }
    }
}

static void leaving_one_out_is_doing_without(void **state) {
    (void)state;
    check_left_out(0);
    check_left_out(5);
}

static void the_nearest_give_what_gstat_gives(void **state) {
    (void)state;
    static const double px[] = {0,    410,  900, 1500, 300, 1200, 120, 600,
                                1010, 1390, 210, 1650, 750, 1800, 450};
    static const double py[] = {0,   700, 150,  400,  1300, 1500, 90,  610,
                                320, 520, 1150, 1240, 1020, 1700, 1540};
    static const double pz[] = {21.5,  23, 19.75, 25.25, 22,   27.5, 30.5, 33,
                                28.25, 36, 31.5,  39,    34.5, 29,   32};
    static const uint8_t of[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const double at_x[] = {500, 1000, 1700, 100}, at_y[] = {500, 900, 1000, 1600};
    // gstat 2.1-0: predict() of gstat(nmax = 3) with these models, and with all values.
    static const double expected[2][8] = {
        {22.287274605654282, 25.174964321031567, 26.321770985033641, 22.960683222734456,
         1.4895435074004331, 2.3617869649805079, 2.6695050664800011, 2.5833820370852756},
        {22.464125904260239, 24.846811334775300, 26.342744259016655, 22.535849519048575,
         1.4119798729264126, 2.1012585367728365, 2.3767034887766378, 2.4587627290776037},
    };
    dosi_lmc short_model = model;
    short_model.range_m = 900;
    const dosi_sites places = {15, px, py}, there = {4, at_x, at_y};
    dosi_cokrige problem = {
        .model = &short_model, .sites = &places, .variable = of, .values = pz, .n_maps = 1};
    dosi_error err;
    for (size_t k = 0; k < 2; k++) {
        double got[8];
        problem.n_nearest = k == 0 ? 3 : 0;
        CHECK_OK(dosi_cokrige_predict(&problem, &there, NULL, got, got + 4, &err), err);
        for (size_t i = 0; i < 8; i++) CHECK_NEAR(got[i] / expected[k][i], 1, 1e-12);
    }
}

static void without_the_second_variable_it_is_ordinary_kriging(void **state) {
    (void)state;
    dosi_error err;
    double values[N], expected[2 * M], got[2 * M];
    for (size_t i = 0; i < N; i++) values[i] = i < N_FIRST ? z[i] : (double)NAN;
    dosi_cokrige problem = make_problem();
    problem.values = values;
    problem.n_maps = 1;
    CHECK_OK(dosi_cokrige_predict(&problem, &targets, NULL, got, got + M, &err), err);
    const dosi_variogram alone = {.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                  .nugget = model.nugget[0][0],
                                  .psill = model.psill[0][0],
                                  .range_m = model.range_m};
    const dosi_sites first = {N_FIRST, x, y};
    const dosi_krige single = {.model = &alone, .sites = &first, .values = z, .n_maps = 1};
    CHECK_OK(dosi_krige_predict(&single, &targets, NULL, expected, expected + M, &err), err);
    for (size_t k = 0; k < 2 * M; k++) CHECK_NEAR(got[k], expected[k], 1e-10);
    for (size_t i = 0; i < N_FIRST; i++) values[i] = NAN; // and without the first, nothing
    values[N - 1] = 1;
    CHECK_OK(dosi_cokrige_predict(&problem, &targets, NULL, got, NULL, &err), err);
    for (size_t c = 0; c < M; c++) assert_true(isnan(got[c]));
}

/// Samples as the model would have them.
static void make_sample(dosi_variogram_bin (*bins)[12]) {
    for (size_t pair = 0; pair < 3; pair++) {
        size_t a = pair == 0 ? 0 : 1, b = pair == 2 ? 1 : 0;
        for (size_t k = 0; k < 12; k++) {
            double h = 200 + 700 * (double)k;
            bins[pair][k] = (dosi_variogram_bin){.n_pairs = 50, .distance_m = h};
            bins[pair][k].gamma = model.nugget[a][b] + model.psill[a][b] * (1 - exp(-h / 3000));
        }
    }
}

static void a_fit_finds_its_model(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin bins[3][12];
    make_sample(bins);
    const dosi_lmc_sample sample = {.n_bins = 12, .bins = {bins[0], bins[1], bins[2]}};
    dosi_lmc fitted = {.n_variables = 2, .kind = DOSI_VARIOGRAM_EXPONENTIAL};
    CHECK_OK(dosi_lmc_fit(&sample, DOSI_VARIOGRAM_PAIRS, &fitted, &err), err);
    CHECK_NEAR(fitted.range_m, 3000, 1);
    for (size_t a = 0; a < 2; a++) {
        for (size_t b = 0; b < 2; b++) {
            CHECK_NEAR(fitted.nugget[a][b], model.nugget[a][b], 1e-3);
            CHECK_NEAR(fitted.psill[a][b], model.psill[a][b], 1e-3);
        }
    }
}

static void a_fit_is_valid_where_the_sample_is_not(void **state) {
    (void)state;
    dosi_error err;
    dosi_variogram_bin bins[3][12];
    make_sample(bins);
    for (size_t k = 0; k < 12; k++) bins[1][k].gamma *= 3; // |cross| > sqrt of the product
    const dosi_lmc_sample sample = {.n_bins = 12, .bins = {bins[0], bins[1], bins[2]}};
    dosi_lmc fitted = {.n_variables = 2, .kind = DOSI_VARIOGRAM_EXPONENTIAL};
    CHECK_OK(dosi_lmc_fit(&sample, DOSI_VARIOGRAM_PAIRS, &fitted, &err), err);
    for (size_t which = 0; which < 2; which++) {
        double(*m)[DOSI_LMC_MAX_VARIABLES] = which ? fitted.psill : fitted.nugget;
        assert_true(m[0][0] >= 0 && m[1][1] >= 0);
        assert_true(m[0][0] * m[1][1] - m[0][1] * m[0][1] > -1e-9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_solve_the_bordered_system),
        cmocka_unit_test(near_predictions_solve_the_system_of_the_nearest),
        cmocka_unit_test(the_nearest_give_what_gstat_gives),
        cmocka_unit_test(leaving_one_out_is_doing_without),
        cmocka_unit_test(without_the_second_variable_it_is_ordinary_kriging),
        cmocka_unit_test(a_fit_finds_its_model),
        cmocka_unit_test(a_fit_is_valid_where_the_sample_is_not),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
