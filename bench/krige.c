// Bench: kriging of random stations onto 500 x 500 cells, local and global, points and blocks,
// on one thread. bench/krige_gstat.R runs gstat on the same stations and prints the ratios.
// Usage: bench_krige [STATIONS.csv (x,y,z)] [n_nearest (0: global)] [threads] [block_m (0:
// points)]; without a file, 1000 stations are made.

#include "dosi/random.h"
#include "dosi/spatial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIDE = 500, N_CELLS = SIDE * SIDE, CELL_M = 100, MAX_SITES = 10000 };

static double site_x[MAX_SITES], site_y[MAX_SITES], site_z[MAX_SITES];
static double cell_x[N_CELLS], cell_y[N_CELLS], prediction[N_CELLS], variance[N_CELLS];

/// Reads "x,y,z" rows after a header line; how many.
static size_t read_sites(const char *path) {
    char line[256];
    size_t n = 0;
    FILE *file = fopen(path, "rb");
    if (!file || !fgets(line, sizeof line, file)) exit(2);
    while (n < MAX_SITES && fgets(line, sizeof line, file)) {
        char *at = line;
        site_x[n] = strtod(at, &at);
        site_y[n] = strtod(at + 1, &at);
        site_z[n++] = strtod(at + 1, &at);
    }
    (void)fclose(file);
    return n;
}

/// Makes sites like those of a file.
static size_t make_sites(size_t n) {
    dosi_random random = dosi_random_init(1, 0);
    for (size_t i = 0; i < n; i++) {
        site_x[i] = SIDE * CELL_M * dosi_random_uniform(&random);
        site_y[i] = SIDE * CELL_M * dosi_random_uniform(&random);
        site_z[i] = 20 + 7 * dosi_random_normal(&random);
    }
    return n;
}

int main(int argc, char **argv) {
    size_t n = argc > 1 ? read_sites(argv[1]) : make_sites(1000);
    size_t n_nearest = argc > 2 ? strtoul(argv[2], NULL, 10) : 32;
    double block_m = argc > 4 ? strtod(argv[4], NULL) : 0;
    dosi_run run = {.n_threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1};
    for (size_t c = 0; c < N_CELLS; c++) {
        cell_x[c] = CELL_M * ((double)(c % SIDE) + 0.5);
        size_t row = c / SIDE;
        cell_y[c] = CELL_M * ((double)row + 0.5);
    }
    const dosi_variogram model = {
        .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 1, .psill = 50, .range_m = 8000};
    const dosi_sites sites = {n, site_x, site_y}, cells = {N_CELLS, cell_x, cell_y};
    const dosi_krige problem = {.model = &model,
                                .sites = &sites,
                                .values = site_z,
                                .n_maps = 1,
                                .n_nearest = n_nearest,
                                .block_m = {block_m, block_m}};
    double best_s = INFINITY;
    for (int repeat = 0; repeat < 3; repeat++) {
        dosi_error err = {""};
        clock_t start = clock();
        if (dosi_krige_predict(&problem, &cells, &run, prediction, variance, &err) != DOSI_OK) {
            (void)fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        best_s = fmin(best_s, (double)(clock() - start) / CLOCKS_PER_SEC);
    }
    double sums[2] = {0, 0};
    for (size_t c = 0; c < N_CELLS; c++) {
        sums[0] += prediction[c];
        sums[1] += variance[c];
    }
    (void)printf(
        "%zu sites, %zu nearest, block %g m, %d threads: %.3f s of CPU; sums %.15g %.15g\n", n,
        n_nearest, block_m, run.n_threads, best_s, sums[0], sums[1]);
    return 0;
}
