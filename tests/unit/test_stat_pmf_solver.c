// Goal: whatever small problem it is given, the solver never raises Q from one step to the
// next, never leaves its bounds, never makes a number that is none, and its exact parts are
// exact. DOSI_TEST_SEED gives other problems.

#include "dosi/random.h"
#include "stat/pmf_core.h"
#include "stat/pmf_lanes.h"
#include "test.h"

enum { MAX_N = 24, MAX_M = 9, PROBLEMS = 300 };

/// A random problem, among them awkward ones: missing values, silent species, equal rows,
/// values below 0, sizes over twelve orders of magnitude, more factors than species.
typedef struct made {
    size_t n, m, k;
    double x[MAX_N * MAX_M], u[MAX_N * MAX_M];
} made;

static void make(made *s, uint64_t stream) {
    dosi_random random = dosi_random_init(test_seed(), stream);
    uint32_t kind = dosi_random_below(&random, 8);
    s->n = 2 + dosi_random_below(&random, MAX_N - 1);
    s->m = 2 + dosi_random_below(&random, MAX_M - 1);
    s->k = 1 + dosi_random_below(&random, kind == 0 ? 12 : 4);
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < s->m; j++) {
            size_t at = i * s->m + j;
            double size = kind == 1 ? pow(10, 12.0 * (double)j / MAX_M - 6) : 1;
            s->x[at] = size * (-log(1 - dosi_random_uniform(&random)));
            s->u[at] = size * (0.05 + 0.3 * dosi_random_uniform(&random));
            if (kind == 2 && dosi_random_below(&random, 3) == 0) s->x[at] = NAN;
            if (kind == 3 && j == 0) s->x[at] = 0;
            if (kind == 4 && i > 0) s->x[at] = s->x[j];
            if (kind == 5) s->x[at] -= size;
            if (kind == 6 && dosi_random_below(&random, 10) == 0) s->x[at] *= 1e4;
            if (kind == 7 && i < 3) s->u[at] = 0;
        }
    }
    s->u[s->n * s->m - 1] = s->x[s->n * s->m - 1] = 1; // at least one value
}

static void start(pmf_work *work, uint64_t stream) {
    dosi_random random = dosi_random_init(test_seed(), stream);
    const pmf_data *d = work->data;
    for (size_t j = 0; j < d->m; j++) {
        for (size_t p = 0; p < d->k; p++) {
            work->f.values[j * d->kp + p] = dosi_random_uniform(&random);
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        for (size_t p = 0; p < d->k; p++) work->g.values[i * d->kp + p] = 1;
    }
}

/// That all factors are numbers, not negative, and pads untouched.
static void check_factors(const pmf_work *work, const double *low, const double *high) {
    const pmf_data *d = work->data;
    for (size_t at = 0; at < d->n * d->kp; at++) {
        assert_true(isfinite(work->g.values[at]) && work->g.values[at] >= 0);
        if (at % d->kp >= d->k) assert_true(work->g.values[at] == 0);
    }
    for (size_t at = 0; at < d->m * d->kp; at++) {
        double f = work->f.values[at];
        assert_true(isfinite(f) && f >= 0);
        if (at % d->kp >= d->k) assert_true(f == 0);
        if (low && at % d->kp < d->k) assert_true(f >= low[at] && f <= high[at]);
    }
}

static void q_never_rises(void **state) {
    (void)state;
    for (uint64_t t = 0; t < PROBLEMS; t++) {
        made s;
        pmf_data data;
        pmf_work work;
        dosi_error err = {""};
        make(&s, t);
        const dosi_pmf_problem problem = {s.n, s.m, s.k, s.x, s.u, 0};
        CHECK_OK(pmf_data_create(&problem, &data, &err), err);
        CHECK_OK(pmf_work_create(&data, false, &work, &err), err);
        start(&work, t);
        double last = pmf_solve_g(&work);
        for (int step = 0; step < 12; step++) {
            if (step < 4) {
                pmf_alternate(&work, 1, 0);
            } else {
                (void)pmf_newton(&work, 1, 1e-14);
            }
            double slack = 1e-11 * last + 1e-12 * data.sum_wxx;
            if (!(work.phi <= last + slack)) {
                fail_msg("problem %d step %d: %.17g after %.17g", (int)t, step, work.phi, last);
            }
            last = work.phi;
            check_factors(&work, NULL, NULL);
        }
        pmf_work_destroy(&work);
        pmf_data_destroy(&data);
    }
}

static void bounds_hold_at_every_step(void **state) {
    (void)state;
    for (uint64_t t = 0; t < PROBLEMS; t += 3) {
        made s;
        pmf_data data;
        pmf_work work;
        double low[MAX_M * 16], high[MAX_M * 16];
        dosi_error err = {""};
        dosi_random random = dosi_random_init(test_seed(), 1000 + t);
        make(&s, t);
        const dosi_pmf_problem problem = {s.n, s.m, s.k, s.x, s.u, 0};
        CHECK_OK(pmf_data_create(&problem, &data, &err), err);
        CHECK_OK(pmf_work_create(&data, false, &work, &err), err);
        for (size_t at = 0; at < data.m * data.kp; at++) {
            low[at] =
                dosi_random_below(&random, 3) == 0 ? 0.3 * dosi_random_uniform(&random) : 0;
            high[at] = low[at] + (dosi_random_below(&random, 3) == 0 ? 0 : 1);
        }
        start(&work, t);
        for (size_t at = 0; at < data.m * data.kp; at++) {
            if (at % data.kp >= data.k) continue;
            work.f.values[at] = fmin(fmax(work.f.values[at], low[at]), high[at]);
        }
        const pmf_hold hold = {low, high, NULL, 0};
        work.hold = &hold;
        double last = INFINITY;
        for (int step = 0; step < 6; step++) {
            (void)pmf_newton(&work, 1, 1e-14);
            assert_true(!(work.phi > last * (1 + 1e-11) + 1e-12 * data.sum_wxx));
            last = work.phi;
            check_factors(&work, low, high);
        }
        pmf_work_destroy(&work);
        pmf_data_destroy(&data);
    }
}

/// Least of 1/2 z'Az - b'z over z >= 0 by trying every support.
static double least_by_support(const double *full, const double *b, size_t k) {
    double least = 0;
    for (unsigned support = 1; support < 1U << k; support++) {
        double a[6 * 7], z[6];
        size_t set[6], n = 0;
        for (size_t p = 0; p < k; p++) {
            if (support >> p & 1U) set[n++] = p;
        }
        for (size_t r = 0; r < n; r++) {
            for (size_t c = 0; c < n; c++) a[r * 7 + c] = full[set[r] * k + set[c]];
            a[r * 7 + n] = b[set[r]];
        }
        for (size_t p = 0; p < n; p++) {
            for (size_t r = p + 1; r < n; r++) {
                double factor = a[r * 7 + p] / a[p * 7 + p];
                for (size_t c = p; c <= n; c++) a[r * 7 + c] -= factor * a[p * 7 + c];
            }
        }
        bool is_positive = true;
        double value = 0;
        for (size_t r = n; r-- > 0;) {
            z[r] = a[r * 7 + n];
            for (size_t c = r + 1; c < n; c++) z[r] -= a[r * 7 + c] * z[c];
            z[r] /= a[r * 7 + r];
            is_positive = is_positive && z[r] >= 0;
            value -= 0.5 * b[set[r]] * z[r];
        }
        if (is_positive) least = fmin(least, value);
    }
    return least;
}

static void small_nonnegative_problems_are_exact(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 77);
    for (int t = 0; t < 2000; t++) {
        size_t k = 1 + dosi_random_below(&random, 6), rows = k + dosi_random_below(&random, 3);
        double c[8 * 6] = {0}, y[8] = {0}, full[36] = {0}, packed[21] = {0}, b[6], z[6] = {0};
        for (size_t i = 0; i < rows * k; i++) c[i] = dosi_random_normal(&random) + 0.5;
        for (size_t i = 0; i < rows; i++) y[i] = dosi_random_normal(&random);
        for (size_t p = 0, at = 0; p < k; p++) {
            b[p] = 0;
            for (size_t i = 0; i < rows; i++) b[p] += c[i * k + p] * y[i];
            for (size_t q = 0; q < k; q++) {
                full[p * k + q] = 0;
                for (size_t i = 0; i < rows; i++)
                    full[p * k + q] += c[i * k + p] * c[i * k + q];
                if (q >= p) packed[at++] = full[p * k + q];
            }
            z[p] = dosi_random_below(&random, 2); // any support to begin with
        }
        pmf_nnls(packed, b, k, z);
        double value = 0;
        for (size_t p = 0; p < k; p++) {
            assert_true(z[p] >= 0);
            for (size_t q = 0; q < k; q++) value += 0.5 * z[p] * full[p * k + q] * z[q];
            value -= b[p] * z[p];
        }
        double least = least_by_support(full, b, k);
        // (the supports are eliminated without pivoting, so theirs may be the worse number)
        assert_true(value <= least + 1e-9 * (1 + fabs(least)));
        CHECK_NEAR(value, least, 1e-4 * (1 + fabs(least)));
    }
}

static void singular_problems_end(void **state) {
    (void)state;
    const double a[] = {1, 1, 0, 1, 0, 0}, b[] = {2, 2, 0}; // twins and nothing
    double z[] = {1, 1, 1};
    pmf_nnls(a, b, 3, z);
    CHECK_NEAR(z[0] + z[1], 2, 1e-12);
    assert_true(z[0] >= 0 && z[1] >= 0 && z[2] == 0);
}

static void kernels_are_right(void **state) {
    (void)state;
    enum { ROWS = 11, WIDTH = 40 };
    static _Alignas(64) double b[ROWS * WIDTH], s[WIDTH * WIDTH], was[WIDTH * WIDTH],
        out[WIDTH];
    dosi_random random = dosi_random_init(test_seed(), 5);
    double factors[ROWS];
    for (size_t i = 0; i < ROWS * WIDTH; i++) b[i] = dosi_random_normal(&random);
    for (size_t i = 0; i < ROWS; i++) factors[i] = dosi_random_normal(&random);
    for (size_t i = 0; i < WIDTH; i++) {
        for (size_t j = 0; j < WIDTH; j++)
            was[i * WIDTH + j] = s[i * WIDTH + j] = i == j ? 90 : 0;
    }
    pmf_combine(factors, ROWS, b, WIDTH, out);
    pmf_take_gram(s, b, ROWS, WIDTH);
    for (size_t j = 0; j < WIDTH; j++) {
        double sum = 0;
        for (size_t t = 0; t < ROWS; t++) sum += factors[t] * b[t * WIDTH + j];
        CHECK_NEAR(out[j], sum, 1e-12);
        for (size_t i = 0; i <= j; i++) {
            double gram = was[i * WIDTH + j];
            for (size_t t = 0; t < ROWS; t++) gram -= b[t * WIDTH + i] * b[t * WIDTH + j];
            CHECK_NEAR(s[i * WIDTH + j], gram, 1e-11);
            was[i * WIDTH + j] = gram;
        }
    }
    const size_t n = 37;
    assert_int_equal(pmf_factor(s, n, WIDTH), n);
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i <= j; i++) {
            double sum = 0;
            for (size_t t = 0; t <= i; t++) sum += s[t * WIDTH + i] * s[t * WIDTH + j];
            CHECK_NEAR(sum, was[i * WIDTH + j], 1e-10);
        }
    }
    was[5 * WIDTH + 5] = -1;
    assert_int_equal(pmf_factor(was, n, WIDTH), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_never_rises),
        cmocka_unit_test(bounds_hold_at_every_step),
        cmocka_unit_test(small_nonnegative_problems_are_exact),
        cmocka_unit_test(singular_problems_end),
        cmocka_unit_test(kernels_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
