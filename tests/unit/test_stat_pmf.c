// Goal: factorisation finds what small problems were made of, to the last digits; it never
// leaves the non-negative numbers; and its results depend on the seed alone.

#include "dosi/pmf.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 60, M = 9, K = 3 };

/// A made-up set: true factors, uncertainties, values with errors of that size times `noise`.
typedef struct made {
    double g[N * K], f[K * M], x[N * M], u[N * M];
} made;

static void make(made *s, double noise, uint64_t stream) {
    dosi_random random = dosi_random_init(test_seed(), stream);
    for (size_t i = 0; i < N * K; i++) {
        double v = dosi_random_uniform(&random);
        s->g[i] = v < 0.3 ? 0 : -log(1 - v);
    }
    for (size_t j = 0; j < K * M; j++) {
        double v = dosi_random_uniform(&random);
        s->f[j] = v < 0.3 ? 0 : exp(3 * v);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < M; j++) {
            double sum = 0;
            for (size_t p = 0; p < K; p++) sum += s->g[i * K + p] * s->f[p * M + j];
            s->u[i * M + j] = 0.05 * sum + 0.1 + 0.02 * (double)j;
            s->x[i * M + j] = sum + noise * s->u[i * M + j] * dosi_random_normal(&random);
        }
    }
}

static dosi_pmf_problem problem_of(const made *s, double alpha) {
    return (dosi_pmf_problem){N, M, K, s->x, s->u, alpha};
}

/// Half of Q's slope along every entry, against the conditions of a minimum with bounds.
static double worst_slope(const made *s, const dosi_pmf_solution *sol) {
    double r[N * M], worst = 0;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < M; j++) {
            double away = s->x[i * M + j], u = s->u[i * M + j];
            for (size_t p = 0; p < K; p++) away -= sol->g[i * K + p] * sol->f[p * M + j];
            r[i * M + j] = away / (u * u);
        }
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t p = 0; p < K; p++) {
            double slope = 0, size = 0;
            for (size_t j = 0; j < M; j++) {
                slope -= r[i * M + j] * sol->f[p * M + j];
                size += fabs(r[i * M + j] * sol->f[p * M + j]);
            }
            double bad = sol->g[i * K + p] > 0 ? fabs(slope) : fmax(0, -slope);
            worst = fmax(worst, bad / (size + 1e-300));
        }
    }
    for (size_t j = 0; j < M; j++) {
        for (size_t p = 0; p < K; p++) {
            double slope = 0, size = 0;
            for (size_t i = 0; i < N; i++) {
                slope -= r[i * M + j] * sol->g[i * K + p];
                size += fabs(r[i * M + j] * sol->g[i * K + p]);
            }
            double bad = sol->f[p * M + j] > 0 ? fabs(slope) : fmax(0, -slope);
            worst = fmax(worst, bad / (size + 1e-300));
        }
    }
    return worst;
}

static void exact_products_are_taken_apart(void **state) {
    (void)state;
    made s;
    make(&s, 0, 1);
    dosi_error err = {""};
    dosi_pmf_solution solution = {0};
    const dosi_pmf_problem problem = problem_of(&s, 0);
    const dosi_pmf_options options = {.n_starts = 20};
    CHECK_OK(dosi_pmf_solve(&problem, &options, NULL, &solution, &err), err);
    assert_true(solution.q < 1e-6);
    for (size_t i = 0; i < N * M; i++) {
        double sum = 0;
        for (size_t p = 0; p < K; p++) {
            sum += solution.g[i / M * K + p] * solution.f[p * M + i % M];
        }
        CHECK_NEAR(sum, s.x[i], 1e-3 * s.u[i]);
    }
    dosi_pmf_solution_destroy(&solution);
}

static void the_best_solution_is_a_minimum(void **state) {
    (void)state;
    for (uint64_t stream = 2; stream < 6; stream++) {
        made s;
        make(&s, 1, stream);
        dosi_error err = {""};
        dosi_pmf_solution solution = {0};
        const dosi_pmf_problem problem = problem_of(&s, 0);
        const dosi_pmf_options options = {.n_starts = 12, .seed = stream};
        CHECK_OK(dosi_pmf_solve(&problem, &options, NULL, &solution, &err), err);
        assert_true(worst_slope(&s, &solution) < 1e-6);
        assert_true(solution.kkt < 1e-9);
        CHECK_NEAR(solution.q_expected, N * M - K * (N + M), 0);
        double mean = 0;
        for (size_t i = 0; i < N; i++) mean += solution.g[i * K] / N;
        CHECK_NEAR(mean, 1, 1e-12);
        size_t n = 0;
        for (size_t o = 0; o < solution.n_optima; o++) n += solution.optima[o].n_starts;
        assert_int_equal(n, 12);
        assert_true(solution.optima[0].q == solution.starts[solution.optima[0].start].q);
        CHECK_NEAR(solution.q, solution.optima[0].q, 1e-9 * solution.q);
        for (size_t i = 0; i < N * K; i++) assert_true(solution.g[i] >= 0);
        for (size_t j = 0; j < K * M; j++) assert_true(solution.f[j] >= 0);
        dosi_pmf_solution_destroy(&solution);
    }
}

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    made s;
    make(&s, 1, 7);
    dosi_error err = {""};
    dosi_pmf_solution one = {0}, more = {0};
    const dosi_pmf_problem problem = problem_of(&s, 4);
    const dosi_pmf_options options = {.n_starts = 8, .seed = 3};
    CHECK_OK(dosi_pmf_solve(&problem, &options, &(dosi_run){.n_threads = 1}, &one, &err), err);
    for (int threads = 2; threads <= 7; threads += 5) {
        const dosi_run run = {.n_threads = threads};
        CHECK_OK(dosi_pmf_solve(&problem, &options, &run, &more, &err), err);
        assert_memory_equal(one.g, more.g, N * K * sizeof *one.g);
        assert_memory_equal(one.f, more.f, K * M * sizeof *one.f);
        for (size_t t = 0; t < 8; t++) assert_true(one.starts[t].q == more.starts[t].q);
        dosi_pmf_solution_destroy(&more);
    }
    dosi_pmf_solution_destroy(&one);
}

static void a_missing_value_counts_nothing(void **state) {
    (void)state;
    made s;
    make(&s, 0, 8);
    for (size_t i = 0; i < N; i += 4) s.x[i * M + i % M] = NAN;
    s.x[13] = 1e6;
    s.u[13] = 0; // no uncertainty: not known
    dosi_error err = {""};
    dosi_pmf_solution solution = {0};
    const dosi_pmf_problem problem = problem_of(&s, 0);
    CHECK_OK(dosi_pmf_solve(&problem, NULL, NULL, &solution, &err), err);
    assert_true(solution.q < 1e-6);
    CHECK_NEAR(solution.q_expected, N * M - 16 - K * (N + M), 0);
    dosi_pmf_solution_destroy(&solution);
}

static void robust_mode_shrugs_off_a_gross_error(void **state) {
    (void)state;
    made s;
    make(&s, 0.5, 9);
    dosi_error err = {""};
    dosi_pmf_solution clean = {0}, plain = {0}, robust = {0};
    dosi_pmf_problem problem = problem_of(&s, 4);
    const dosi_pmf_options options = {.n_starts = 10};
    CHECK_OK(dosi_pmf_solve(&problem, &options, NULL, &clean, &err), err);
    for (size_t t = 0; t < 4; t++) { // rows and species that no factor can serve at once
        size_t at = (10 + 13 * t) * M + 2 * t;
        s.x[at] += 40 * s.u[at];
    }
    CHECK_OK(dosi_pmf_solve(&problem, &options, NULL, &robust, &err), err);
    problem.alpha = 0;
    CHECK_OK(dosi_pmf_solve(&problem, &options, NULL, &plain, &err), err);
    assert_true(robust.q_robust < robust.q);
    assert_true(plain.q < robust.q);
    assert_true(plain.q_robust == plain.q);
    double away_plain = 0, away_robust = 0;
    for (size_t i = 0; i < N * M; i++) {
        double was = 0, p_now = 0, r_now = 0;
        for (size_t p = 0; p < K; p++) {
            size_t g = i / M * K + p, f = p * M + i % M;
            was += clean.g[g] * clean.f[f];
            p_now += plain.g[g] * plain.f[f];
            r_now += robust.g[g] * robust.f[f];
        }
        away_plain += fabs(was - p_now) / s.u[i];
        away_robust += fabs(was - r_now) / s.u[i];
    }
    assert_true(away_robust < 0.8 * away_plain);
    dosi_pmf_solution_destroy(&clean);
    dosi_pmf_solution_destroy(&plain);
    dosi_pmf_solution_destroy(&robust);
}

static void what_cannot_be_factorised_is_refused(void **state) {
    (void)state;
    made s;
    make(&s, 0, 10);
    dosi_error err = {""};
    dosi_pmf_solution solution = {0};
    dosi_pmf_problem problem = problem_of(&s, 0);
    problem.n_factors = 0;
    CHECK_STATUS(dosi_pmf_solve(&problem, NULL, NULL, &solution, &err), DOSI_DOMAIN);
    problem.n_factors = DOSI_PMF_MAX_FACTORS + 1;
    CHECK_STATUS(dosi_pmf_solve(&problem, NULL, NULL, &solution, &err), DOSI_DOMAIN);
    problem.n_factors = 2;
    problem.n_rows = 1;
    CHECK_STATUS(dosi_pmf_solve(&problem, NULL, NULL, &solution, &err), DOSI_DOMAIN);
    problem.n_rows = N;
    for (size_t i = 0; i < N * M; i++) s.u[i] = 0;
    CHECK_STATUS(dosi_pmf_solve(&problem, NULL, NULL, &solution, &err), DOSI_DOMAIN);
    atomic_bool stop = true;
    make(&s, 0, 10);
    const dosi_run run = {.cancel = &stop};
    CHECK_STATUS(dosi_pmf_solve(&problem, NULL, &run, &solution, &err), DOSI_CANCELLED);
    assert_null(solution.g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_products_are_taken_apart),
        cmocka_unit_test(the_best_solution_is_a_minimum),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(a_missing_value_counts_nothing),
        cmocka_unit_test(robust_mode_shrugs_off_a_gross_error),
        cmocka_unit_test(what_cannot_be_factorised_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
