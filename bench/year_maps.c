// Bench: a year of hourly maps of six pollutants for a city of 60,500 cells of 100 m from 50
// stations with random gaps: means of months and of the year with variances, hours above a
// threshold, 98th percentiles and maxima of every cell, 424 areas at every hour with variances.
// Usage: bench_year_maps [threads] [hours] [missing share]

#include "dosi/random.h"
#include "dosi/time.h"
#include "dosi/year.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    SITES = 50,
    COLUMNS = 275,
    ROWS = 220,
    CELLS = COLUMNS * ROWS,
    AREAS = 424,
    VARIABLES = 6
};

static double site_x[SITES], site_y[SITES], cell_x[CELLS], cell_y[CELLS];
static double mean[13 * CELLS], variance[13 * CELLS], above[CELLS], high[CELLS], largest[CELLS];
static size_t start[AREAS + 1];
static uint32_t target[CELLS];
static double weight[CELLS];

static void stop(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static void make_places(dosi_random *random) {
    for (size_t i = 0; i < SITES; i++) {
        site_x[i] = 100.0 * COLUMNS * dosi_random_uniform(random);
        site_y[i] = 100.0 * ROWS * dosi_random_uniform(random);
    }
    for (size_t c = 0; c < CELLS; c++) {
        size_t row = c / COLUMNS;
        cell_x[c] = 100 * ((double)(c % COLUMNS) + 0.5);
        cell_y[c] = 100 * ((double)row + 0.5);
        target[c] = (uint32_t)c;
        weight[c] = 1;
    }
    for (size_t a = 0; a <= AREAS; a++) start[a] = a * CELLS / AREAS;
}

/// Hours that wander, with gaps.
static void make_values(dosi_random *random, double *values, size_t n, double missing) {
    double level = 20;
    for (size_t t = 0; t < n; t++) {
        level = 20 + 0.95 * (level - 20) + 2 * dosi_random_normal(random);
        for (size_t i = 0; i < SITES; i++) {
            bool is_gone = dosi_random_uniform(random) < missing;
            values[t * SITES + i] =
                is_gone ? (double)NAN : level + 5 * dosi_random_normal(random);
        }
    }
}

static double lap(const char *what, int64_t *since) {
    int64_t now = dosi_time_monotonic_us();
    double seconds = (double)(now - *since) / 1e6;
    *since = now;
    (void)printf("  %-24s %7.2f s\n", what, seconds);
    return seconds;
}

int main(int argc, char **argv) {
    dosi_run run = {.n_threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2};
    size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 8760;
    double missing = argc > 3 ? strtod(argv[3], NULL) : 0.05;
    dosi_random random = dosi_random_init(1, 0);
    double *values = malloc(n * SITES * sizeof *values);
    double *areas = malloc(2 * n * AREAS * sizeof *areas);
    uint32_t *month_of = malloc(n * sizeof *month_of), *year_of = calloc(n, sizeof *year_of);
    if (!values || !areas || !month_of || !year_of) exit(1);
    make_places(&random);
    for (size_t t = 0; t < n; t++) month_of[t] = (uint32_t)(t * 12 / n);
    const dosi_variogram model = {
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 2, .psill = 23, .range_m = 8000};
    const dosi_sites sites = {SITES, site_x, site_y}, cells = {CELLS, cell_x, cell_y};
    const dosi_year_areas dong = {AREAS, start, target, weight};
    double *const monthly[2] = {mean, variance};
    double *const annual[2] = {mean + (size_t)12 * CELLS, variance + (size_t)12 * CELLS};
    double *const hourly[2] = {areas, areas + n * AREAS};
    const dosi_year_periods months = {12, month_of}, whole = {1, year_of};
    const dosi_year_extremes extremes = {35, 0.98, above, high, largest};
    int64_t begin = dosi_time_monotonic_us(), since = begin;
    clock_t cpu = clock();
    for (int v = 0; v < VARIABLES; v++) {
        make_values(&random, values, n, missing);
        since = dosi_time_monotonic_us();
        const dosi_year_data data = {&model, &sites, values, n, 3, NULL};
        dosi_year *year = NULL;
        dosi_year_trust trust;
        dosi_error err = {""};
        (void)printf("variable %d\n", v + 1);
        stop(dosi_year_create(&data, &run, &year, &err), &err);
        stop(dosi_year_leave_one_out(year, &run, &trust, &err), &err);
        lap("solve, leave one out", &since);
        stop(dosi_year_means(year, &cells, &months, &run, monthly, &err), &err);
        stop(dosi_year_means(year, &cells, &whole, &run, annual, &err), &err);
        lap("means and variances", &since);
        stop(dosi_year_find_extremes(year, &cells, &run, &extremes, &err), &err);
        lap("counts and quantiles", &since);
        stop(dosi_year_find_areas(year, &cells, &dong, &run, hourly, &err), &err);
        lap("areas, every hour", &since);
        (void)printf("  mean %.4f, 98th percentile %.4f, area %.4f, variance %.4f\n",
                     annual[0][777], high[777], areas[AREAS + 7], areas[(n + 1) * AREAS + 7]);
        dosi_year_destroy(year);
    }
    double seconds = (double)(dosi_time_monotonic_us() - begin) / 1e6;
    (void)printf("%d variables x %zu hours x %d cells, %d threads: %.1f s, %.1f s of CPU\n",
                 VARIABLES, n, CELLS, run.n_threads, seconds,
                 (double)(clock() - cpu) / CLOCKS_PER_SEC);
    free(values);
    free(areas);
    free(month_of);
    free(year_of);
    return 0;
}
