// Bench: one hour of 20,000 links on 60,500 cells of 100 m, and one link at a time.
// Prints CPU and wall seconds, the error against the exact sum on a sample of cells, and the
// microseconds of one link, place and hour. (AERMOD 24142 by gfortran -O2 took 4.23 us for the
// latter on such a machine, which makes about 5,100 s of the former.)
// Usage: bench_city_roads [threads] [samples] [near_m] [mesh_m]

#include "dosi/random.h"
#include "dosi/road.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINKS = 20000, COLUMNS = 275, ROWS = 220, PLACES = 900, BENCH_LINKS = 50, HOURS = 24 };
#define CELL_M 100.0

static dosi_road_line lines[LINKS];
static double emission[LINKS], out[COLUMNS * ROWS], place_x[PLACES], place_y[PLACES];

static double seconds(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// Links of 50 to 250 m; mostly along two directions, some busy.
static void make_links(void) {
    dosi_random random = dosi_random_init(1, 0);
    for (size_t i = 0; i < LINKS; i++) {
        double x = COLUMNS * CELL_M * dosi_random_uniform(&random);
        double y = ROWS * CELL_M * dosi_random_uniform(&random);
        double turn = dosi_random_uniform(&random);
        double angle = 0.3 + (turn < 0.4 ? 0 : turn < 0.8 ? M_PI / 2 : 40 * turn);
        double length = 50 + 200 * dosi_random_uniform(&random);
        lines[i] = (dosi_road_line){.x0_m = x,
                                    .y0_m = y,
                                    .x1_m = x + length * cos(angle),
                                    .y1_m = y + length * sin(angle),
                                    .height_m = 1,
                                    .width_m = 6 + 20 * dosi_random_uniform(&random),
                                    .sigma_z0_m = 2};
        double busy = dosi_random_uniform(&random);
        emission[i] = 1e-5 + 1e-3 * busy * busy * busy * busy;
    }
}

static const dosi_road_weather hours[] = {
    {3, 10, 250, 0.35, -80, 900, 0.8, 0.75, 0.2828, false},
    {1.5, 10, 30, 0.12, 25, 120, 0.8, 0.35, 0.2828, true},
    {5, 10, 315, 0.6, 400, 700, 0.8, 1.1, 0.2828, true},
};

static void bench_city(const dosi_road_city *city, const dosi_run *run) {
    for (size_t h = 0; h < sizeof hours / sizeof hours[0]; h++) {
        dosi_road_links links = {&hours[h], LINKS, lines, 1, emission, 0};
        dosi_error err = {""};
        dosi_road_city_report report;
        dosi_road_city plain = *city;
        plain.n_samples = 0;
        double best_cpu = INFINITY, best_wall = INFINITY;
        for (int i = 0; i < 3; i++) {
            double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
            if (dosi_road_city_sum(&links, &plain, out, &report, run, &err)) {
                (void)fprintf(stderr, "%s\n", err.message);
                exit(1);
            }
            best_cpu = fmin(best_cpu, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
            best_wall = fmin(best_wall, seconds(CLOCK_MONOTONIC) - wall);
        }
        if (dosi_road_city_sum(&links, city, out, &report, run, &err)) exit(1);
        printf("city, hour %zu (%s): %.2f s of CPU, %.2f s of wall; %zu near pairs, mesh %zu x "
               "%zu; error on %zu cells %.3f %% of the greatest (mean %.4f %%)\n",
               h, hours[h].is_stable ? "stable" : "unstable", best_cpu, best_wall,
               report.n_near, report.mesh_columns, report.mesh_rows, city->n_samples,
               100 * report.error, 100 * report.mean_error);
    }
}

static void bench_kernel(void) {
    for (size_t i = 0; i < PLACES; i++) {
        size_t row = i / 30, column = i % 30;
        place_x[i] = 50 + 272.41 * (double)column;
        place_y[i] = 50 + 272.41 * (double)row;
    }
    dosi_road_places places = {PLACES, place_x, place_y, 0};
    dosi_road_kernel *kernel = NULL;
    if (dosi_road_kernel_create(&kernel, NULL)) exit(1);
    double best = INFINITY;
    for (int round = 0; round < 3; round++) {
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (int h = 0; h < HOURS; h++) {
            dosi_road_weather weather = hours[h % 3];
            weather.direction_deg = 15.0 * h;
            if (dosi_road_kernel_set(kernel, &weather, &lines[0], 0, NULL)) exit(1);
            for (int i = 0; i < BENCH_LINKS; i++) {
                dosi_road_line line = lines[i];
                line.x0_m *= 0.3;
                line.x1_m = line.x0_m + 120;
                line.y0_m *= 0.4;
                line.y1_m = line.y0_m + 160;
                dosi_road_add(kernel, &line, 1, &places, out);
            }
        }
        best = fmin(best, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    }
    printf("kernel: %.3f us a link, place and hour (one thread, tables included)\n",
           1e6 * best / HOURS / BENCH_LINKS / PLACES);
    dosi_road_kernel_destroy(kernel);
}

int main(int argc, char **argv) {
    make_links();
    dosi_run run = {.n_threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2};
    dosi_road_city city = {
        .grid = {.cell_m = CELL_M, .n_columns = COLUMNS, .n_rows = ROWS, .srid = 5186},
        .n_samples = argc > 2 ? (size_t)strtol(argv[2], NULL, 10) : 256,
        .near_m = argc > 3 ? strtod(argv[3], NULL) : 0,
        .mesh_m = argc > 4 ? strtod(argv[4], NULL) : 0};
    bench_kernel();
    bench_city(&city, &run);
    return 0;
}
