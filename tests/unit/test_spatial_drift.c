// Goal: kriging with a drift, a known mean, errors of the data, nested and turned models solves
// the bordered system of equations, globally and locally; leaving one out equals doing without.
// Nothing here needs reference files.

#include "dosi/krige.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 18, M = 7, P = 2, SIZE = N + P + 1 };

static double x[N], y[N], z[N], errors[N], drift[N * P], tx[M], ty[M], target_drift[M * P];
static const dosi_sites sites = {N, x, y}, targets = {M, tx, ty};

static const dosi_variogram outer = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                     .psill = 9,
                                     .range_m = 7000,
                                     .azimuth_deg = 60,
                                     .ratio = 0.5};
static const dosi_variogram model = {.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                     .nugget = 0.5,
                                     .psill = 12,
                                     .range_m = 2500,
                                     .azimuth_deg = 150,
                                     .ratio = 0.3,
                                     .nested = &outer};

static int setup(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 11);
    for (size_t i = 0; i < N; i++) {
        x[i] = 9000 * dosi_random_uniform(&random);
        y[i] = 9000 * dosi_random_uniform(&random);
        z[i] = 30 + 4 * dosi_random_normal(&random);
        errors[i] = i % 3 == 0 ? 0 : 6 * dosi_random_uniform(&random);
        drift[i * P] = 100 + 40 * dosi_random_uniform(&random);
        drift[i * P + 1] = dosi_random_normal(&random);
    }
    for (size_t c = 0; c < M; c++) {
        tx[c] = 10000 * dosi_random_uniform(&random);
        ty[c] = 10000 * dosi_random_uniform(&random);
        target_drift[c * P] = 100 + 40 * dosi_random_uniform(&random);
        target_drift[c * P + 1] = dosi_random_normal(&random);
    }
    return 0;
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

/// Covariance of two places by the definitions in dosi/variogram.h, written anew.
static double covariance(double dx, double dy) {
    double value = 0;
    if (dx == 0 && dy == 0) return 21.5;
    for (const dosi_variogram *s = &model; s; s = s->nested) {
        double angle = s->azimuth_deg * M_PI / 180;
        double along = dx * sin(angle) + dy * cos(angle);
        double across = (dx * cos(angle) - dy * sin(angle)) / s->ratio;
        double r = sqrt(along * along + across * across) / s->range_m;
        if (s->kind == DOSI_VARIOGRAM_EXPONENTIAL) value += s->psill * exp(-r);
        if (s->kind == DOSI_VARIOGRAM_SPHERICAL && r < 1) {
            value += s->psill * (1 - 1.5 * r + 0.5 * r * r * r);
        }
    }
    return value;
}

/// Prediction at (px, py) from the sites `who[0..n)` by the bordered system of covariances.
/// `f` is the drift there (with `problem->n_drift` columns); the variance is put out.
static double solve_directly(const dosi_krige *problem,
                             const size_t *who,
                             size_t n,
                             const double *place,
                             const double *f,
                             double *variance) {
    bool is_known = problem->mean_kind == DOSI_KRIGE_MEAN_KNOWN;
    size_t p = is_known ? 0 : 1 + problem->n_drift, m = n + p;
    double a[SIZE * SIZE] = {0}, b[SIZE] = {0}, right[SIZE];
    for (size_t i = 0; i < n; i++) {
        size_t s = who[i];
        for (size_t j = 0; j < n; j++) {
            a[i * m + j] = covariance(x[s] - x[who[j]], y[s] - y[who[j]]);
        }
        if (problem->error_variance) a[i * m + i] += problem->error_variance[s];
        for (size_t q = 0; q < p; q++) {
            double column = q == 0 ? 1 : problem->drift[s * problem->n_drift + q - 1];
            a[i * m + n + q] = a[(n + q) * m + i] = column;
        }
        b[i] = covariance(x[s] - place[0], y[s] - place[1]);
    }
    for (size_t q = 0; q < p; q++) b[n + q] = q == 0 ? 1 : f[q - 1];
    memcpy(right, b, sizeof b);
    eliminate(a, b, m);
    double known = is_known ? problem->mean : 0, sum = known;
    *variance = covariance(0, 0);
    for (size_t i = 0; i < n; i++) sum += b[i] * (z[who[i]] - known);
    for (size_t i = 0; i < m; i++) *variance -= b[i] * right[i];
    return sum;
}

/// The k sites nearest to a place, without site `without`.
static size_t find_nearest(const double *place, size_t k, size_t without, size_t *who) {
    size_t n = 0;
    bool is_taken[N] = {false};
    while (n < k) {
        size_t best = SIZE_MAX;
        double least = INFINITY;
        for (size_t i = 0; i < N; i++) {
            double h = hypot(x[i] - place[0], y[i] - place[1]);
            if (is_taken[i] || i == without || h >= least) continue;
            best = i;
            least = h;
        }
        if (best == SIZE_MAX) break;
        is_taken[best] = true;
        who[n++] = best;
    }
    return n;
}

enum { N_KINDS = 5 };

/// Ordinary, simple, universal; exact data and data with errors.
static dosi_krige make_problem(size_t kind, size_t n_nearest) {
    dosi_krige problem = {.model = &model,
                          .sites = &sites,
                          .values = z,
                          .n_maps = 1,
                          .n_nearest = n_nearest,
                          .drift = drift,
                          .target_drift = target_drift};
    if (kind == 1 || kind == 4) problem.n_drift = P;
    if (kind == 2) {
        problem.mean_kind = DOSI_KRIGE_MEAN_KNOWN;
        problem.mean = 29;
    }
    if (kind >= 3) problem.error_variance = errors;
    return problem;
}

static void predictions_solve_the_bordered_system(void **state) {
    (void)state;
    dosi_error err;
    for (size_t k = 0; k < 2 * N_KINDS; k++) {
        size_t n_nearest = k < N_KINDS ? 0 : 9;
        const dosi_krige problem = make_problem(k % N_KINDS, n_nearest);
        double prediction[M], variance[M];
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
        for (size_t c = 0; c < M; c++) {
            const double place[2] = {tx[c], ty[c]};
            size_t who[N];
            size_t n = find_nearest(place, n_nearest ? n_nearest : N, SIZE_MAX, who);
            double v = 0;
            double p = solve_directly(&problem, who, n, place, target_drift + c * P, &v);
            CHECK_NEAR(prediction[c], p, 1e-9 * 30);
            CHECK_NEAR(variance[c], v, 1e-9 * 30);
        }
    }
}

static void leaving_one_out_is_doing_without(void **state) {
    (void)state;
    dosi_error err;
    for (size_t k = 0; k < 2 * N_KINDS; k++) {
        size_t n_nearest = k < N_KINDS ? 0 : 9;
        const dosi_krige problem = make_problem(k % N_KINDS, n_nearest);
        double prediction[N], variance[N];
        CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, prediction, variance, &err), err);
        for (size_t i = 0; i < N; i++) {
            const double place[2] = {x[i], y[i]};
            size_t who[N];
            size_t n = find_nearest(place, n_nearest ? n_nearest : N - 1, i, who);
            double v = 0;
            double p = solve_directly(&problem, who, n, place, drift + i * P, &v);
            if (problem.error_variance) v += errors[i];
            CHECK_NEAR(prediction[i], p, 1e-8 * 30);
            CHECK_NEAR(variance[i], v, 1e-8 * 30);
        }
    }
}

static void a_drift_is_reproduced(void **state) {
    (void)state;
    dosi_error err;
    double values[N], prediction[M];
    for (size_t i = 0; i < N; i++) values[i] = 3 + 0.2 * drift[i * P] - 5 * drift[i * P + 1];
    dosi_krige problem = make_problem(4, 0);
    problem.values = values;
    CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, NULL, &err), err);
    for (size_t c = 0; c < M; c++) {
        double truth = 3 + 0.2 * target_drift[c * P] - 5 * target_drift[c * P + 1];
        CHECK_NEAR(prediction[c], truth, 1e-9 * 100);
    }
}

static void blocks_shrink_to_points_and_have_less_variance(void **state) {
    (void)state;
    dosi_error err;
    static const dosi_variogram smooth = {
        .kind = DOSI_VARIOGRAM_GAUSSIAN, .nugget = 0, .psill = 10, .range_m = 900};
    for (size_t k = 0; k < 4; k++) {
        dosi_krige problem = make_problem(k % 2, k < 2 ? 0 : 9);
        problem.model = &smooth;
        double point[2 * M], small[2 * M], large[2 * M];
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, point, point + M, &err), err);
        problem.block_m[0] = problem.block_m[1] = 1e-3;
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, small, small + M, &err), err);
        problem.block_m[0] = problem.block_m[1] = 500;
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, large, large + M, &err), err);
        for (size_t c = 0; c < M; c++) {
            CHECK_NEAR(small[c], point[c], 1e-4);
            CHECK_NEAR(small[M + c], point[M + c], 1e-4);
            assert_true(large[M + c] < point[M + c] + 1e-9);
        }
    }
}

static void a_drift_that_is_not_told_gives_nothing(void **state) {
    (void)state;
    dosi_error err;
    double constant[N * P], prediction[M], variance[M];
    for (size_t k = 0; k < N; k++) {
        constant[k * P] = 7; // the same as the constant term
        constant[k * P + 1] = drift[k * P + 1];
    }
    for (size_t n_nearest = 0; n_nearest <= 9; n_nearest += 9) {
        dosi_krige problem = make_problem(1, n_nearest);
        problem.drift = constant;
        CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
        for (size_t c = 0; c < M; c++) {
            assert_true(isnan(prediction[c]));
            assert_true(isnan(variance[c]));
        }
    }
}

static void a_target_without_its_drift_is_missing(void **state) {
    (void)state;
    dosi_error err;
    for (size_t n_nearest = 0; n_nearest <= 9; n_nearest += 9) {
        const dosi_krige problem = make_problem(1, n_nearest);
        double prediction[M], variance[M], kept = target_drift[2 * P];
        target_drift[2 * P] = NAN;
        dosi_status status =
            dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err);
        target_drift[2 * P] = kept;
        CHECK_OK(status, err);
        for (size_t c = 0; c < M; c++) assert_int_equal(isnan(prediction[c]) != 0, c == 2);
        for (size_t c = 0; c < M; c++) assert_int_equal(isnan(variance[c]) != 0, c == 2);
    }
}

static void errors_of_the_data_are_filtered(void **state) {
    (void)state;
    dosi_error err;
    double prediction[N], variance[N];
    const dosi_krige problem = make_problem(3, 0);
    CHECK_OK(dosi_krige_predict(&problem, &sites, NULL, prediction, variance, &err), err);
    for (size_t i = 0; i < N; i++) {
        if (errors[i] == 0) {
            CHECK_NEAR(prediction[i], z[i], 1e-8);
            CHECK_NEAR(variance[i], 0, 1e-8);
        } else {
            assert_true(variance[i] > 0 && variance[i] < errors[i]);
        }
    }
}

static void bytes_are_the_same_at_any_thread_count(void **state) {
    (void)state;
    enum { MANY = 1000 };
    static double mx[MANY], my[MANY], md[MANY * P], one[2 * MANY], other[2 * MANY];
    dosi_error err;
    for (size_t c = 0; c < MANY; c++) {
        mx[c] = (double)(c % 40) * 250;
        my[c] = (double)(c / 40) * 400;
        md[c * P] = mx[c];
        md[c * P + 1] = sin(my[c]);
    }
    const dosi_sites many = {MANY, mx, my};
    for (size_t n_nearest = 0; n_nearest <= 9; n_nearest += 9) {
        dosi_krige problem = make_problem(4, n_nearest);
        problem.target_drift = md;
        problem.block_m[0] = problem.block_m[1] = 100;
        for (int n_threads = 1; n_threads <= 7; n_threads += 3) {
            dosi_run run = {.n_threads = n_threads};
            double *out = n_threads == 1 ? one : other;
            CHECK_OK(dosi_krige_predict(&problem, &many, &run, out, out + MANY, &err), err);
            if (n_threads > 1) assert_memory_equal(one, other, sizeof one);
        }
    }
}

static void what_is_outside_its_domain_is_refused(void **state) {
    (void)state;
    dosi_error err;
    double out[M], bad[N * P];
    dosi_krige problem = make_problem(1, 0);
    memcpy(bad, drift, sizeof drift);
    bad[5] = NAN;
    problem.drift = bad;
    CHECK_STATUS(dosi_krige_predict(&problem, &targets, NULL, out, NULL, &err), DOSI_DOMAIN);
    problem = make_problem(2, 0);
    problem.n_drift = 1;
    CHECK_STATUS(dosi_krige_predict(&problem, &targets, NULL, out, NULL, &err), DOSI_DOMAIN);
    problem = make_problem(3, 0);
    memcpy(bad, errors, sizeof errors);
    bad[1] = -1;
    problem.error_variance = bad;
    CHECK_STATUS(dosi_krige_predict(&problem, &targets, NULL, out, NULL, &err), DOSI_DOMAIN);
    problem = make_problem(0, 0);
    problem.block_m[1] = -5;
    CHECK_STATUS(dosi_krige_predict(&problem, &targets, NULL, out, NULL, &err), DOSI_DOMAIN);
    dosi_variogram wide = model;
    wide.ratio = 2;
    problem = make_problem(0, 0);
    problem.model = &wide;
    CHECK_STATUS(dosi_krige_predict(&problem, &targets, NULL, out, NULL, &err), DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_solve_the_bordered_system),
        cmocka_unit_test(leaving_one_out_is_doing_without),
        cmocka_unit_test(a_drift_is_reproduced),
        cmocka_unit_test(blocks_shrink_to_points_and_have_less_variance),
        cmocka_unit_test(a_drift_that_is_not_told_gives_nothing),
        cmocka_unit_test(a_target_without_its_drift_is_missing),
        cmocka_unit_test(errors_of_the_data_are_filtered),
        cmocka_unit_test(bytes_are_the_same_at_any_thread_count),
        cmocka_unit_test(what_is_outside_its_domain_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
