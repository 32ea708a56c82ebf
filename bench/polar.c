// Bench: wind kernels, polar bins and surfaces, clusters and Theil-Sen on openair's example
// data (65,533 hours), on one thread, beside what openair 2.13 was measured to take. Usage:
// bench_polar [openair_mydata.csv.gz]

#include "dosi/trend.h"
#include "source/source.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7, N_SPEEDS = 30, MAX_CELLS = 4096 };

static double *speed, *from_deg, *nox;
static dosi_winds winds;
static double grid[MAX_CELLS], cell_x[MAX_CELLS], cell_y[MAX_CELLS], mean[MAX_CELLS];
static size_t count[MAX_CELLS];
static uint32_t cluster[MAX_CELLS];

static void stop(const char *what, const dosi_error *err) {
    (void)fprintf(stderr, "%s: %s\n", what, err->message);
    exit(1);
}

static double *column(const dosi_table *table, const char *name) {
    size_t c = dosi_table_find(table, name);
    double *out = calloc(table->n_rows + 1, sizeof *out);
    if (c == SIZE_MAX || !out) exit(2);
    for (size_t i = 0; i < table->n_rows; i++) {
        out[i] = dosi_column_real(&table->columns[c], i);
    }
    return out;
}

static void run_nwr(void) {
    dosi_error err = {""};
    const dosi_polar_kernel kernel = {40, 0, 20.16, 10, 0.5, 4};
    if (dosi_polar_nwr(&kernel, &winds, nox, grid, &err) != DOSI_OK) stop("nwr", &err);
}

static void run_bins(void) {
    dosi_error err = {""};
    dosi_polar_bins bins = dosi_polar_bins_of(&winds, nox, N_SPEEDS, 10);
    uint32_t *cell = calloc(winds.n + 1, sizeof *cell);
    if (!cell) exit(2);
    dosi_polar_assign(&bins, &winds, cell);
    const dosi_groups groups = {winds.n, dosi_polar_n_cells(&bins), cell};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    if (dosi_group_statistic(&statistic, &groups, nox, count, mean, &err) != DOSI_OK) {
        stop("bins", &err);
    }
    free(cell);
}

static void run_plot(void) {
    enum { SIDE = 201 };
    static double x[SIDE * SIDE], y[SIDE * SIDE], out[SIDE * SIDE];
    dosi_error err = {""};
    dosi_surface *surface = NULL;
    run_bins();
    dosi_polar_bins bins = dosi_polar_bins_of(&winds, nox, N_SPEEDS, 10);
    size_t n_cells = dosi_polar_n_cells(&bins);
    for (size_t c = 0; c < n_cells; c++) {
        size_t sector = c / N_SPEEDS + 1;
        double s = bins.speed_max * ((double)(c % N_SPEEDS) + 0.5) / N_SPEEDS;
        cell_x[c] = s * sin((double)sector * M_PI / 18);
        cell_y[c] = s * cos((double)sector * M_PI / 18);
    }
    const dosi_surface_points points = {n_cells, cell_x, cell_y, mean, NULL};
    const dosi_surface_options options = {.is_positive = true};
    if (dosi_surface_fit(&points, &options, &surface, &err) != DOSI_OK) stop("fit", &err);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        size_t row = i / SIDE;
        x[i] = bins.speed_max * (2 * (double)(i % SIDE) / (SIDE - 1) - 1);
        y[i] = bins.speed_max * (2 * (double)row / (SIDE - 1) - 1);
    }
    const dosi_surface_targets where = {(size_t)SIDE * SIDE, x, y, 0.1 * bins.speed_max};
    const dosi_run run = {.n_threads = 1};
    dosi_surface_predict(surface, &where, &run, out);
    dosi_surface_destroy(surface);
}

static void run_cluster(void) {
    dosi_error err = {""};
    size_t n = 0;
    for (size_t c = 0; c < MAX_CELLS; c++) {
        if (isnan(mean[c]) || count[c] == 0) continue;
        cell_x[n] = cell_x[c];
        cell_y[n] = cell_y[c];
        grid[n++] = mean[c];
    }
    const double *const columns[] = {cell_x, cell_y, grid};
    const dosi_kmeans options = {6, 20, 1};
    if (dosi_cluster_rows(&options, columns, 3, n, cluster, &err) != DOSI_OK) {
        stop("clusters", &err);
    }
    run_plot(); // the places are used up
}

/// Theil-Sen on monthly means with 200 draws.
static void run_trend(void) {
    enum { MONTHS = 90, DRAWS = 200 };
    double x[MONTHS], y[MONTHS];
    dosi_error err = {""};
    dosi_trend trend;
    for (size_t m = 0; m < MONTHS; m++) {
        size_t first = m * winds.n / MONTHS, last = (m + 1) * winds.n / MONTHS, n = 0;
        y[m] = 0;
        for (size_t i = first; i < last; i++) {
            if (isnan(nox[i])) continue;
            y[m] += nox[i];
            n++;
        }
        x[m] = (double)m / 12;
        y[m] /= (double)n;
    }
    const dosi_run run = {.n_threads = 1};
    const dosi_bootstrap bootstrap = {DRAWS, 4, 0.95, 1, &run};
    if (dosi_trend_fit(x, y, MONTHS, &bootstrap, &trend, &err) != DOSI_OK) stop("trend", &err);
}

/// Best CPU time of several runs.
static void measure(const char *what, void (*work)(void), double openair_ms) {
    double best_ms = INFINITY;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        clock_t start = clock();
        work();
        best_ms = fmin(best_ms, 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC);
    }
    (void)printf("%-48s %9.3f ms", what, best_ms);
    if (openair_ms > 0) {
        (void)printf("   openair %8.0f ms   %7.1f x", openair_ms, openair_ms / best_ms);
    }
    (void)printf("\n");
}

int main(int argc, char **argv) {
    const char *path =
        argc > 1 ? argv[1] : "../shared/reference/air/openair/openair_mydata.csv.gz";
    dosi_error err = {""};
    dosi_source_options options = {.zone_s = 0};
    dosi_source_result result = {0};
    omp_set_num_threads(1);
    if (dosi_source_read(path, &options, NULL, &result, &err) != DOSI_OK) stop(path, &err);
    speed = column(&result.table, "ws");
    from_deg = column(&result.table, "wd");
    nox = column(&result.table, "nox");
    winds = (dosi_winds){result.table.n_rows, speed, from_deg};
    (void)printf("%zu hours, one thread; openair 2.13's user time as measured once on two "
                 "cores (it is not in Debian)\n",
                 winds.n);
    measure("NWR kernel, 40 x 36 points (openair: + surface)", run_nwr, 9560);
    measure("polar bins, mean", run_bins, 0);
    measure("polar plot: bins, surface, 201 x 201 cells", run_plot, 290);
    measure("the same with 6 clusters of its bins", run_cluster, 4230);
    measure("monthly means, Theil-Sen, 200 draws", run_trend, 880);
    free(speed);
    free(from_deg);
    free(nox);
    dosi_source_result_clear(&result);
    return 0;
}
