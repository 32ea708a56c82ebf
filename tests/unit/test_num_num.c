// Goal: the shared arithmetic agrees with hand-worked values and with independent formulas.

#include "dosi/num.h"
#include "dosi/random.h"
#include "test.h"

static void sums_keep_what_rounding_loses(void **state) {
    (void)state;
    dosi_sum sum = {0};
    dosi_sum_add(&sum, 1);
    dosi_sum_add(&sum, 1e100);
    dosi_sum_add(&sum, 1);
    dosi_sum_add(&sum, -1e100);
    CHECK_NEAR(dosi_sum_value(&sum), 2, 0);
}

static void a_factor_times_its_transpose_is_the_matrix(void **state) {
    (void)state;
    enum { N = 37, SQUARE = N * N };
    dosi_random random = dosi_random_init(test_seed(), 0);
    static double b[SQUARE], a[SQUARE], l[SQUARE], inverse[SQUARE];
    for (size_t i = 0; i < SQUARE; i++) b[i] = dosi_random_normal(&random);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            a[i * N + j] = i == j ? 1 : 0;
            for (size_t k = 0; k < N; k++) a[i * N + j] += b[i * N + k] * b[j * N + k];
        }
    }
    memcpy(l, a, sizeof l);
    assert_int_equal(dosi_cholesky(l, N), N);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k <= j; k++) sum += l[i * N + k] * l[j * N + k];
            CHECK_NEAR(sum, a[i * N + j], 1e-12 * a[i * N + i]);
        }
    }
    dosi_cholesky_inverse(l, N, inverse);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t k = 0; k < N; k++) sum += a[i * N + k] * inverse[k * N + j];
            CHECK_NEAR(sum, i == j ? 1 : 0, 1e-9);
        }
    }
}

static void many_right_sides_are_solved_as_one_by_one(void **state) {
    (void)state;
    enum { N = 5, M = 7, SIZE = N * M };
    double l[N * N], many[SIZE], one[N];
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            l[i * N + j] = i == j ? 10 : 1 / (1 + (double)(i > j ? i - j : j - i));
        }
    }
    assert_int_equal(dosi_cholesky(l, N), N);
    for (size_t k = 0; k < SIZE; k++) many[k] = (double)(k % 11) - 5;
    double before[SIZE];
    memcpy(before, many, sizeof many);
    dosi_cholesky_forward_many(l, N, many, M);
    for (size_t c = 0; c < M; c++) {
        for (size_t i = 0; i < N; i++) one[i] = before[i * M + c];
        dosi_cholesky_forward(l, N, one);
        for (size_t i = 0; i < N; i++) CHECK_NEAR(many[i * M + c], one[i], 1e-15);
    }
}

static void a_matrix_that_is_not_positive_names_its_row(void **state) {
    (void)state;
    double a[9] = {4, 0, 0, 2, 1, 0, 0, 0, 5}; // row 1: 1 - (2/2)^2 = 0
    assert_int_equal(dosi_cholesky(a, 3), 1);
}

static void two_coefficients_are_never_negative(void **state) {
    (void)state;
    const double w[] = {1, 2, 1}, a[] = {1, 1, 1}, b[] = {1, 2, 3};
    double c[2];
    const double rising[] = {3, 5, 7}; // 1 + 2 b
    CHECK_NEAR(dosi_fit_two_nonnegative(w, rising, a, b, 3, c), 0, 1e-24);
    CHECK_NEAR(c[0], 1, 1e-12);
    CHECK_NEAR(c[1], 2, 1e-12);
    const double falling[] = {3, 2, 1}; // best slope is negative: the mean is left
    CHECK_NEAR(dosi_fit_two_nonnegative(w, falling, a, b, 3, c), 2, 1e-12);
    CHECK_NEAR(c[0], 2, 1e-12);
    assert_true(c[1] == 0);
}

static double quartic(void *context, double x) {
    (*(int *)context)++;
    return pow(x - 1.25, 4) + 3;
}

static void brent_finds_the_minimum(void **state) {
    (void)state;
    int n_calls = 0;
    double f_min = 0;
    const double interval[2] = {-10, 7};
    double x = dosi_minimise(quartic, &n_calls, interval, 1e-10, &f_min);
    CHECK_NEAR(x, 1.25, 1e-3); // a quartic is flat: f is at its minimum to rounding
    CHECK_NEAR(f_min, 3, 1e-12);
    assert_in_range(n_calls, 1, 202);
}

/// K_nu(x) = integral of exp(-x cosh t) cosh(nu t) over t > 0, by the trapezoid rule, which
/// converges geometrically for such integrands.
static double bessel_k_by_integral(double nu, double x) {
    const double h = 1.0 / 256;
    double sum = 0.5 * exp(-x);
    for (int i = 1; i < 256 * 12; i++) sum += exp(-x * cosh(i * h)) * cosh(nu * i * h);
    return sum * h;
}

static void bessel_k_equals_its_integral_and_tables(void **state) {
    (void)state;
    CHECK_NEAR(dosi_bessel_k(0, 1), 0.42102443824070833, 1e-15); // Abramowitz, Stegun 9.8
    CHECK_NEAR(dosi_bessel_k(1, 1), 0.60190723019723457, 1e-15);
    const double orders[] = {0, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.3, 3.7, 5};
    const double places[] = {0.05, 0.3, 1, 1.99, 2.0, 2.01, 3.5, 8, 30};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
            double expected = bessel_k_by_integral(orders[i], places[j]);
            CHECK_NEAR(dosi_bessel_k(orders[i], places[j]), expected, 2e-13 * expected);
        }
    }
}

static void normal_quantiles_are_the_inverse_of_erfc(void **state) {
    (void)state;
    CHECK_NEAR(dosi_normal_quantile(0.975), 1.959963984540054, 1e-14);
    for (int i = 0; i < 27; i++) {
        double p = 1e-12 + 0.0371 * i;
        double x = dosi_normal_quantile(p);
        CHECK_NEAR(0.5 * erfc(-x / sqrt(2)), p, 1e-13);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_keep_what_rounding_loses),
        cmocka_unit_test(a_factor_times_its_transpose_is_the_matrix),
        cmocka_unit_test(many_right_sides_are_solved_as_one_by_one),
        cmocka_unit_test(a_matrix_that_is_not_positive_names_its_row),
        cmocka_unit_test(two_coefficients_are_never_negative),
        cmocka_unit_test(brent_finds_the_minimum),
        cmocka_unit_test(bessel_k_equals_its_integral_and_tables),
        cmocka_unit_test(normal_quantiles_are_the_inverse_of_erfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
