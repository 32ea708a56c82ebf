// Bench: met normalisation by a forest's exact marginals, on a file of hourly readings with
// wind (columns date, ws, wd and a value). Usage: bench_forest FILE [column] [trees] [threads]
// rmweather (ranger, 300 trees, 300 draws of rows; one thread) took 36 s to train and 1,606 s
// to normalise on openair's mydata, nox; its test error was 54.55 (80 % of rows trained on).

#include "dosi/forest.h"
#include "dosi/random.h"
#include "dosi/time.h"
#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEATURES = 6 };

static double *x[FEATURES], *y;
static size_t n;

static double now_s(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *must(void *memory) {
    if (!memory) exit(7);
    return memory;
}

static void check(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(2);
}

static const dosi_column *find(const dosi_table *table, const char *name) {
    size_t i = dosi_table_find(table, name);
    if (i != SIZE_MAX) return &table->columns[i];
    (void)fprintf(stderr, "no column %s\n", name);
    exit(2);
}

/// rmweather's features: date, day of the year, weekday, hour, wind speed and direction.
static void read_rows(const char *path, const char *value) {
    dosi_error err = {""};
    dosi_source_options options = {.zone_s = 0};
    dosi_source_result result = {0};
    check(dosi_source_read(path, &options, NULL, &result, &err), &err);
    const dosi_table *table = &result.table;
    const dosi_column *date = find(table, "date");
    const dosi_column *columns[] = {find(table, "ws"), find(table, "wd"), find(table, value)};
    for (size_t f = 0; f < FEATURES; f++) x[f] = must(malloc(table->n_rows * sizeof **x));
    y = must(malloc(table->n_rows * sizeof *y));
    for (size_t i = 0; i < table->n_rows; i++) {
        double ws = dosi_column_real(columns[0], i);
        double wd = dosi_column_real(columns[1], i);
        double v = dosi_column_real(columns[2], i);
        dosi_time time = date->data.integer[i];
        if (isnan(ws + wd + v) || time == DOSI_TIME_MISSING) continue;
        int64_t day = time / DOSI_DAY_US;
        double year = floor(((double)day + 0.5) / 365.25);
        x[0][n] = (double)time / 1e6;
        x[1][n] = (double)day - floor(year * 365.25);
        x[2][n] = (double)((day + 3) % 7);
        x[3][n] = (double)(time / DOSI_HOUR_US % 24);
        x[4][n] = ws;
        x[5][n] = wd;
        y[n++] = v;
    }
    dosi_source_result_clear(&result);
}

/// Error on a fifth of the rows, kept out of training.
static void test_error(size_t n_trees, const dosi_run *run) {
    dosi_random random = dosi_random_init(1, 0);
    double *part[2][FEATURES], *value[2], *predicted;
    size_t n_part[2] = {0, 0};
    for (size_t p = 0; p < 2; p++) {
        for (size_t f = 0; f < FEATURES; f++) part[p][f] = must(malloc(n * sizeof(double)));
        value[p] = must(malloc(n * sizeof(double)));
    }
    for (size_t i = 0; i < n; i++) {
        size_t p = dosi_random_uniform(&random) < 0.2;
        for (size_t f = 0; f < FEATURES; f++) part[p][f][n_part[p]] = x[f][i];
        value[p][n_part[p]++] = y[i];
    }
    predicted = must(malloc(n_part[1] * sizeof *predicted));
    const dosi_forest_problem train = {
        {n_part[0], (const double *const *)part[0]}, FEATURES, value[0]};
    const dosi_forest_rows test = {n_part[1], (const double *const *)part[1]};
    const dosi_forest_options options = {.n_trees = n_trees, .seed = 1};
    dosi_error err = {""};
    dosi_forest *forest = NULL;
    check(dosi_forest_grow(&train, &options, run, &forest, NULL, &err), &err);
    check(dosi_forest_predict(forest, &test, run, predicted, &err), &err);
    double sum = 0;
    for (size_t i = 0; i < n_part[1]; i++) sum += pow(predicted[i] - value[1][i], 2);
    (void)printf("test error on %zu rows kept out: RMSE %.2f (rmweather 54.55)\n", n_part[1],
                 sqrt(sum / (double)n_part[1]));
    dosi_forest_destroy(forest);
    free(predicted);
    for (size_t p = 0; p < 2; p++) {
        for (size_t f = 0; f < FEATURES; f++) free(part[p][f]);
        free(value[p]);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    size_t n_trees = argc > 3 ? strtoul(argv[3], NULL, 10) : 300;
    const dosi_run run = {.n_threads = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0};
    read_rows(argv[1], argc > 2 ? argv[2] : "nox");
    (void)printf("%zu rows, %zu trees, %d threads\n", n, n_trees, dosi_run_threads(&run));
    test_error(n_trees, &run);
    const dosi_forest_rows rows = {n, (const double *const *)x};
    const dosi_forest_problem problem = {rows, FEATURES, y};
    const dosi_forest_options options = {.n_trees = n_trees, .seed = 1};
    dosi_error err = {""};
    dosi_forest *forest = NULL;
    dosi_forest_score score;
    double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    check(dosi_forest_grow(&problem, &options, &run, &forest, &score, &err), &err);
    (void)printf("grow: %.2f s, %.2f s CPU; out of bag RMSE %.2f, r2 %.3f\n",
                 now_s(CLOCK_MONOTONIC) - wall, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                 score.rmse, score.r2);
    const bool is_fixed[FEATURES] = {true, true, true, true, false, false};
    const dosi_forest_marginal_of of = {rows, rows, is_fixed};
    double *out = must(malloc(n * sizeof *out));
    wall = now_s(CLOCK_MONOTONIC);
    cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    check(dosi_forest_marginal(forest, &of, &run, out, &err), &err);
    (void)printf("normalise, exactly: %.2f s, %.2f s CPU; first %.6f, last %.6f\n",
                 now_s(CLOCK_MONOTONIC) - wall, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, out[0],
                 out[n - 1]);
    dosi_forest_destroy(forest);
    free(out);
    return 0;
}
