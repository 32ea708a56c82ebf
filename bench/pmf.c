// Bench: positive matrix factorisation from random starts, beside the algorithm of its peers
// (LS-NMF, multiplicative updates as in Lee & Seung 2001 with weights), on one set.
// Usage: bench_pmf CONCENTRATIONS UNCERTAINTIES K [starts] [threads] [peer's starts]
// Rows with a missing value are dropped. Prints seconds and how many starts came to the best Q.

#include "dosi/pmf.h"
#include "dosi/random.h"
#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t n_rows, n_species;
static double *x, *u;

static double now_s(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *must(void *memory) {
    if (!memory) exit(7);
    return memory;
}

static void read_table(const char *path, dosi_source_result *out) {
    dosi_error err = {""};
    dosi_source_options options = {.zone_s = 32400};
    if (dosi_source_read(path, &options, NULL, out, &err) != DOSI_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit(2);
    }
}

static void read_set(const char *x_path, const char *u_path) {
    dosi_source_result a = {0}, b = {0};
    read_table(x_path, &a);
    read_table(u_path, &b);
    n_species = a.table.n_columns - 1;
    x = must(calloc(a.table.n_rows * n_species, sizeof *x));
    u = must(calloc(a.table.n_rows * n_species, sizeof *u));
    for (size_t i = 0; i < a.table.n_rows && i < b.table.n_rows; i++) {
        bool is_whole = true;
        for (size_t j = 0; j < n_species; j++) {
            double value = dosi_column_real(&a.table.columns[j + 1], i);
            double error = dosi_column_real(&b.table.columns[j + 1], i);
            is_whole = is_whole && value > -98 && error > 0;
            x[n_rows * n_species + j] = value;
            u[n_rows * n_species + j] = error;
        }
        n_rows += is_whole;
    }
    dosi_source_result_clear(&a);
    dosi_source_result_clear(&b);
}

/// One multiplicative update of `side` (n x k) given `other` (m x k); cells at [i rs + j cs].
static void update(
    double *side, size_t n, const double *other, size_t m, size_t k, const size_t *strides) {
    for (size_t i = 0; i < n; i++) {
        double up[DOSI_PMF_MAX_FACTORS] = {0}, down[DOSI_PMF_MAX_FACTORS] = {0};
        for (size_t j = 0; j < m; j++) {
            size_t cell = i * strides[0] + j * strides[1];
            double w = 1 / (u[cell] * u[cell]), fit = 0;
            for (size_t p = 0; p < k; p++) fit += side[i * k + p] * other[j * k + p];
            for (size_t p = 0; p < k; p++) {
                up[p] += w * fmax(x[cell], 0) * other[j * k + p];
                down[p] += w * fit * other[j * k + p];
            }
        }
        for (size_t p = 0; p < k; p++) side[i * k + p] *= up[p] / fmax(down[p], 1e-300);
    }
}

static double q_of(const double *g, const double *f, size_t k) {
    double q = 0;
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_species; j++) {
            double away = x[i * n_species + j];
            for (size_t p = 0; p < k; p++) away -= g[i * k + p] * f[j * k + p];
            away /= u[i * n_species + j];
            q += away * away;
        }
    }
    return q;
}

/// LS-NMF from one start, to a relative change of Q below 1e-7 in ten updates.
static double run_peer(size_t k, uint64_t start, size_t *n_updates) {
    double *g = must(calloc(n_rows * k, sizeof *g));
    double *f = must(calloc(n_species * k, sizeof *f));
    dosi_random random = dosi_random_init(1, start);
    for (size_t i = 0; i < n_rows * k; i++) g[i] = 0.01 + dosi_random_uniform(&random);
    for (size_t j = 0; j < n_species * k; j++) f[j] = 0.01 + dosi_random_uniform(&random);
    const size_t by_row[] = {n_species, 1}, by_species[] = {1, n_species};
    double last = INFINITY, q = 0;
    for (*n_updates = 0; *n_updates < 100000; last = q) {
        for (int t = 0; t < 10; t++) {
            update(f, n_species, g, n_rows, k, by_species);
            update(g, n_rows, f, n_species, k, by_row);
        }
        *n_updates += 10;
        q = q_of(g, f, k);
        if (last - q < 1e-7 * q) break;
    }
    free(g);
    free(f);
    return q;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        (void)fprintf(stderr, "usage: bench_pmf CON UNC K [starts] [threads] [peer starts]\n");
        return 2;
    }
    read_set(argv[1], argv[2]);
    size_t k = strtoul(argv[3], NULL, 10);
    const dosi_pmf_options options = {.n_starts = argc > 4 ? strtoul(argv[4], NULL, 10) : 100,
                                      .seed = 1};
    const dosi_run run = {.n_threads = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 0};
    size_t n_peer = argc > 6 ? strtoul(argv[6], NULL, 10) : 3;
    const dosi_pmf_problem problem = {n_rows, n_species, k, x, u, 0};
    dosi_pmf_solution s = {0};
    dosi_error err = {""};
    double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (dosi_pmf_solve(&problem, &options, &run, &s, &err) != DOSI_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    wall = now_s(CLOCK_MONOTONIC) - wall;
    cpu = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    (void)printf("dosi: %zu x %zu, k=%zu, %zu starts: %.2f s elapsed, %.2f s CPU, %.3f s a "
                 "start; Q %.4f; within 1e-3 %zu, 1e-5 %zu, 5e-7 %zu; %zu optima\n",
                 n_rows, n_species, k, s.n_starts, wall, cpu, cpu / (double)s.n_starts, s.q,
                 dosi_pmf_count_near(&s, 1e-3), dosi_pmf_count_near(&s, 1e-5),
                 dosi_pmf_count_near(&s, 5e-7), s.n_optima);
    double peer = 0;
    for (size_t t = 0; t < n_peer; t++) {
        size_t n_updates = 0;
        double begin = now_s(CLOCK_PROCESS_CPUTIME_ID), q = run_peer(k, t, &n_updates);
        double seconds = now_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
        peer += seconds;
        (void)printf("LS-NMF: start %zu: %.2f s CPU, %zu updates, Q %.4f (%.2e above)\n", t,
                     seconds, n_updates, q, q / s.q - 1);
    }
    if (n_peer > 0) {
        (void)printf("ratio LS-NMF / dosi, CPU a start: %.1f\n",
                     peer / (double)n_peer / (cpu / (double)s.n_starts));
    }
    dosi_pmf_solution_destroy(&s);
    free(x);
    free(u);
    return 0;
}
