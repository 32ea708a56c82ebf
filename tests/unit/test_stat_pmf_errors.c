// Goal: constraints hold and cost what they may, rotations go where Q lets them, displacement
// ends are where Q has risen by the level, resampling finds what is uncertain, and diagnosis
// counts right.

#include "dosi/pmf.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 40, M = 6, K = 2, L = DOSI_PMF_LEVELS };

typedef struct made {
    double g[N * K], f[K * M], x[N * M], u[N * M];
} made;

/// A set whose factors share species, and now and then one is silent, which sets them apart.
static void make(made *s, uint64_t stream) {
    dosi_random random = dosi_random_init(test_seed(), stream);
    static const double f[K * M] = {5, 3, 1, 0.5, 2, 1, 0.2, 1, 4, 2, 1, 3};
    memcpy(s->f, f, sizeof f);
    for (size_t i = 0; i < N * K; i++) {
        double v = dosi_random_uniform(&random);
        s->g[i] = i / K % 4 == i % K ? 0 : 0.3 - log(1 - v);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < M; j++) {
            double sum = 0;
            for (size_t p = 0; p < K; p++) sum += s->g[i * K + p] * s->f[p * M + j];
            s->u[i * M + j] = 0.05 * sum + 0.2;
            s->x[i * M + j] = sum + s->u[i * M + j] * dosi_random_normal(&random);
        }
    }
}

static void solve(const made *s,
                  double alpha,
                  dosi_pmf_problem *problem,
                  dosi_pmf_solution *base) {
    dosi_error err = {""};
    *problem = (dosi_pmf_problem){N, M, K, s->x, s->u, alpha};
    const dosi_pmf_options options = {.n_starts = 10};
    CHECK_OK(dosi_pmf_solve(problem, &options, NULL, base, &err), err);
}

/// Least Q with entry (p, j) x mean contribution held at h, by descent of one variable at a
/// time: a stiff spring, its rest moved until it holds, keeps the sum quadratic in each.
static double least_q_at(
    const made *s, const dosi_pmf_solution *base, size_t p, size_t j, double h) {
    double g[N * K], f[K * M], q = 0, rest = h;
    const double stiff = 1e4 / (h * h + 0.01);
    memcpy(g, base->g, sizeof g);
    memcpy(f, base->f, sizeof f);
    for (int sweep = 1; sweep <= 12000; sweep++) {
        if (sweep % 1500 == 0) {
            double mean = 0;
            for (size_t i = 0; i < N; i++) mean += g[i * K + p] / N;
            rest += h - f[p * M + j] * mean;
        }
        for (size_t v = 0; v < N * K + K * M; v++) {
            bool is_g = v < N * K;
            size_t a = is_g ? v % K : (v - N * K) / M;
            double *x = is_g ? &g[v] : &f[v - N * K], slope = 0, bend = 0, mean = 0;
            for (size_t i = 0; i < N; i++) mean += g[i * K + p] / N;
            for (size_t c = 0; c < (is_g ? M : N); c++) {
                size_t i = is_g ? v / K : c, t = is_g ? c : (v - N * K) % M;
                double away = s->x[i * M + t], u = s->u[i * M + t];
                for (size_t b = 0; b < K; b++) away -= g[i * K + b] * f[b * M + t];
                double d = is_g ? f[a * M + t] : g[i * K + a];
                slope -= away * d / (u * u);
                bend += d * d / (u * u);
            }
            double now = f[p * M + j] * mean, dh = 0;
            if (is_g && a == p) dh = f[p * M + j] / N;
            if (!is_g && v - N * K == p * M + j) dh = mean;
            slope += stiff * (now - rest) * dh;
            bend += stiff * dh * dh;
            if (bend > 0) *x = fmax(0, *x - slope / bend);
        }
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t t = 0; t < M; t++) {
            double away = s->x[i * M + t];
            for (size_t b = 0; b < K; b++) away -= g[i * K + b] * f[b * M + t];
            q += away * away / (s->u[i * M + t] * s->u[i * M + t]);
        }
    }
    return q;
}

static void displacement_ends_are_where_q_has_risen(void **state) {
    (void)state;
    made s;
    make(&s, 1);
    dosi_error err = {""};
    dosi_pmf_problem problem;
    dosi_pmf_solution base = {0};
    dosi_pmf_ranges ranges = {0};
    solve(&s, 0, &problem, &base);
    CHECK_OK(dosi_pmf_displace(&problem, &base, NULL, NULL, &ranges, &err), err);
    CHECK_NEAR(ranges.deepest, 0, 1e-6 * base.q);
    CHECK_NEAR(ranges.levels[3], 32, 0);
    for (size_t at = 0; at < K * M; at++) {
        for (size_t l = 0; l < L; l++) {
            size_t here = l * K * M + at;
            assert_true(ranges.low[here] <= base.f[at] && base.f[at] <= ranges.high[here]);
            if (l == 0) continue;
            assert_true(ranges.low[here] <= ranges.low[here - K * M]);
            assert_true(ranges.high[here] >= ranges.high[here - K * M]);
        }
    }
    const size_t level = 1, p = 0, j = 2; // rise 8
    for (int is_up = 0; is_up < 2; is_up++) {
        double h = (is_up ? ranges.high : ranges.low)[(level * K + p) * M + j];
        if (!(h > 0)) continue;
        CHECK_NEAR(least_q_at(&s, &base, p, j, h) - base.q, 8, 0.3);
    }
    dosi_pmf_ranges_destroy(&ranges);
    dosi_pmf_solution_destroy(&base);
}

/// The factor that is made of species 0 and 1 most.
static size_t first_of(const dosi_pmf_solution *s) {
    return s->f[0] + s->f[1] > s->f[M] + s->f[M + 1] ? 0 : 1;
}

static void constraints_hold(void **state) {
    (void)state;
    made s;
    make(&s, 2);
    dosi_error err = {""};
    dosi_pmf_problem problem;
    dosi_pmf_solution base = {0}, held = {0};
    solve(&s, 0, &problem, &base);
    const size_t first = first_of(&base), second = 1 - first;
    const dosi_pmf_constraint items[] = {
        {first, 3, DOSI_PMF_AT_MOST, 0, 0},
        {second, 0, DOSI_PMF_AT_LEAST, 0.2, 0},
        {first, 1, DOSI_PMF_RATIO, 0.5, 0},
    };
    dosi_pmf_constraints constraints = {items, 3, SIZE_MAX, 100};
    CHECK_OK(dosi_pmf_constrain(&problem, &base, &constraints, NULL, &held, &err), err);
    double sum = 0;
    for (size_t j = 0; j < M; j++) sum += held.f[second * M + j];
    CHECK_NEAR(held.f[first * M + 3], 0, 0);
    assert_true(held.f[second * M] / sum >= 0.2 - 1e-4);
    CHECK_NEAR(held.f[first * M + 1] / held.f[first * M], 0.5, 1e-2);
    assert_true(held.q >= base.q - 1e-6);
    dosi_pmf_solution_destroy(&held);
    // A pull stops where Q has risen by what it may.
    const dosi_pmf_constraint pull = {first, 0, DOSI_PMF_TOWARDS, 1, 0};
    constraints = (dosi_pmf_constraints){&pull, 1, SIZE_MAX, 0.01};
    CHECK_OK(dosi_pmf_constrain(&problem, &base, &constraints, NULL, &held, &err), err);
    assert_true(held.q > base.q * 1.005 && held.q < base.q * 1.0101);
    double before = 0, after = 0;
    for (size_t j = 0; j < M; j++) {
        before += base.f[first * M + j] / base.f[first * M];
        after += held.f[first * M + j] / held.f[first * M];
    }
    assert_true(after < before); // its share has grown
    dosi_pmf_solution_destroy(&held);
    const dosi_pmf_constraint wrong = {5, 0, DOSI_PMF_AT_MOST, 0, 0};
    constraints = (dosi_pmf_constraints){&wrong, 1, SIZE_MAX, 0};
    CHECK_STATUS(dosi_pmf_constrain(&problem, &base, &constraints, NULL, &held, &err),
                 DOSI_DOMAIN);
    dosi_pmf_solution_destroy(&base);
}

/// Sum over profiles of the sum over species of the smaller share: how alike they are.
static double overlap(const dosi_pmf_solution *s) {
    double sums[K] = {0}, both = 0;
    for (size_t at = 0; at < K * M; at++) sums[at / M] += s->f[at];
    for (size_t j = 0; j < M; j++) both += fmin(s->f[j] / sums[0], s->f[M + j] / sums[1]);
    return both;
}

static void rotations_set_profiles_apart_or_together(void **state) {
    (void)state;
    made s;
    make(&s, 3);
    dosi_error err = {""};
    dosi_pmf_problem problem;
    dosi_pmf_solution base = {0}, apart = {0}, together = {0};
    solve(&s, 0, &problem, &base);
    CHECK_OK(dosi_pmf_rotate(&problem, &base, 0.3, NULL, &apart, &err), err);
    CHECK_OK(dosi_pmf_rotate(&problem, &base, -0.3, NULL, &together, &err), err);
    assert_true(overlap(&apart) < overlap(&base));
    assert_true(overlap(&together) > overlap(&base));
    assert_true(apart.q >= base.q - 1e-6 && apart.q < base.q * 1.0101);
    assert_true(together.q >= base.q - 1e-6 && together.q < base.q * 1.0101);
    dosi_pmf_solution_destroy(&base);
    dosi_pmf_solution_destroy(&apart);
    dosi_pmf_solution_destroy(&together);
}

static void resamples_keep_their_factors_and_bits(void **state) {
    (void)state;
    made s;
    make(&s, 4);
    dosi_error err = {""};
    dosi_pmf_problem problem;
    dosi_pmf_solution base = {0};
    dosi_pmf_bootstrap one = {0}, two = {0};
    solve(&s, 4, &problem, &base);
    const dosi_pmf_error_options options = {.n_resamples = 30, .block = 4, .seed = 5};
    const dosi_run run = {.n_threads = 1}, more = {.n_threads = 3};
    CHECK_OK(dosi_pmf_bootstrap_run(&problem, &base, &options, &run, &one, &err), err);
    CHECK_OK(dosi_pmf_bootstrap_run(&problem, &base, &options, &more, &two, &err), err);
    assert_memory_equal(one.quantiles, two.quantiles,
                        DOSI_PMF_QUANTILES * K * M * sizeof *one.quantiles);
    for (size_t p = 0; p < K; p++) {
        size_t n = 0;
        for (size_t q = 0; q <= K; q++) n += one.mapped[p * (K + 1) + q];
        assert_int_equal(n, 30);
        assert_true(one.mapped[p * (K + 1) + p] >= 28);
        for (size_t j = 0; j < M; j++) {
            const double *at = one.quantiles + p * M + j;
            for (size_t q = 1; q < DOSI_PMF_QUANTILES; q++) {
                assert_true(at[q * K * M] >= at[(q - 1) * K * M]);
            }
            assert_true(base.f[p * M + j] == 0 || at[(size_t)4 * K * M] > at[0]);
        }
    }
    dosi_pmf_bootstrap_destroy(&one);
    dosi_pmf_bootstrap_destroy(&two);
    dosi_pmf_solution_destroy(&base);
}

static void displaced_resamples_are_wider(void **state) {
    (void)state;
    made s;
    make(&s, 5);
    dosi_error err = {""};
    dosi_pmf_problem problem;
    dosi_pmf_solution base = {0};
    dosi_pmf_ranges plain = {0}, both = {0};
    solve(&s, 0, &problem, &base);
    const bool is_displaced[M] = {true, false, true};
    const dosi_pmf_error_options options = {
        .n_resamples = 12, .levels = {0.5, 1, 2, 4}, .is_displaced = is_displaced};
    CHECK_OK(dosi_pmf_displace(&problem, &base, &options, NULL, &plain, &err), err);
    CHECK_OK(dosi_pmf_bootstrap_displace(&problem, &base, &options, NULL, &both, &err), err);
    assert_true(both.n_used >= 8 && both.n_used <= 12);
    assert_true(isnan(both.low[1]) && isnan(plain.low[1]));
    double narrow = 0, wide = 0;
    for (size_t p = 0; p < K; p++) {
        for (size_t j = 0; j < 3; j += 2) {
            narrow += plain.high[p * M + j] - plain.low[p * M + j];
            wide += both.high[p * M + j] - both.low[p * M + j];
        }
    }
    assert_true(wide > narrow);
    const dosi_pmf_error_options falling = {.levels = {4, 2, 1, 0.5}};
    CHECK_STATUS(dosi_pmf_displace(&problem, &base, &falling, NULL, &plain, &err), DOSI_DOMAIN);
    dosi_pmf_ranges_destroy(&plain);
    dosi_pmf_ranges_destroy(&both);
    dosi_pmf_solution_destroy(&base);
}

static void uncertainties_follow_the_rules(void **state) {
    (void)state;
    CHECK_NEAR(dosi_pmf_uncertainty(0.5, 1, 0.1), 5.0 / 6, 1e-15);
    CHECK_NEAR(dosi_pmf_uncertainty(1, 1, 0.1), 5.0 / 6, 1e-15); // up to the limit
    CHECK_NEAR(dosi_pmf_uncertainty(30, 8, 0.1), 5, 1e-14);      // 3-4-5
    assert_true(isnan(dosi_pmf_uncertainty(NAN, 1, 0.1)));
    const dosi_pmf_category categories[] = {DOSI_PMF_STRONG, DOSI_PMF_WEAK, DOSI_PMF_BAD};
    const double x[] = {40, 2, 3, 10, 2, NAN, NAN, 2, 3};
    double u[] = {3, 1, 1, 1, 1, 1, 1, 1, 1};
    const dosi_pmf_rules rules = {categories, 0, 0.1, true};
    assert_int_equal(dosi_pmf_prepare(3, 3, &rules, x, u), 1);
    CHECK_NEAR(u[0], 5, 1e-14);
    CHECK_NEAR(u[1], 3 * hypot(1, 0.2), 1e-14);
    assert_true(isnan(u[2]) && isnan(u[5]));
    CHECK_NEAR(u[3], hypot(1, 1), 1e-14); // a bad species missing does not drop the row
    assert_true(isnan(u[6]) && isnan(u[7]));
}

static void diagnosis_counts_right(void **state) {
    (void)state;
    const double x[] = {3, 10, 6, 20, 9, NAN}, u[] = {1, 2, 4, 2, 1, 2};
    const dosi_pmf_problem problem = {3, 2, 1, x, u, 0};
    double g[] = {1, 2, 3}, f[] = {3, 8};
    const dosi_pmf_solution solution = {
        .n_rows = 3, .n_species = 2, .n_factors = 1, .g = g, .f = f, .q_expected = 0};
    dosi_pmf_fit fits[2];
    double explained[2];
    dosi_pmf_diagnose(&problem, &solution, fits, explained);
    assert_int_equal(fits[0].n, 3);
    assert_int_equal(fits[1].n, 2);
    CHECK_NEAR(fits[0].q, 0, 1e-20);
    CHECK_NEAR(fits[0].r2, 1, 1e-12);
    CHECK_NEAR(fits[0].slope, 1, 1e-12);
    CHECK_NEAR(fits[0].signal_to_noise, (2 + 0.5 + 8) / 3, 1e-12);
    CHECK_NEAR(explained[0], 1, 1e-12);
    CHECK_NEAR(fits[1].q, 1 + 4, 1e-12); // residuals 2 / 2 and 4 / 2
    CHECK_NEAR(fits[1].bias, 1.5, 1e-12);
    CHECK_NEAR(fits[1].slope, 0.8, 1e-12);
    CHECK_NEAR(explained[1], 24.0 / 30, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(displacement_ends_are_where_q_has_risen),
        cmocka_unit_test(constraints_hold),
        cmocka_unit_test(rotations_set_profiles_apart_or_together),
        cmocka_unit_test(resamples_keep_their_factors_and_bits),
        cmocka_unit_test(displaced_resamples_are_wider),
        cmocka_unit_test(uncertainties_follow_the_rules),
        cmocka_unit_test(diagnosis_counts_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
