// Bench: sample space-time variogram, fits of all families, and local space-time kriging with
// 50 neighbours (every value left out with its station) of daily values. One thread.
// bench/spacetime_gstat.R runs gstat on the same values and prints its times.
// Usage: bench_spacetime FIELD.txt, made by bench/spacetime_gstat.R FIELD.csv.gz FIELD.txt:
// n_sites n_times, then x y of each site, then values by time (NA: missing).

#include "dosi/spacetime.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SITES = 1000, MAX_VALUES = 4000000, N_LAGS = 7, N_BINS = N_LAGS * 16 };

static double x[MAX_SITES], y[MAX_SITES], values[MAX_VALUES];
static double target_x[MAX_VALUES], target_y[MAX_VALUES], time_of[MAX_VALUES];
static double prediction[MAX_VALUES], variance[MAX_VALUES];
static uint32_t without[MAX_VALUES];

static double next_number(FILE *file) {
    char word[64];
    if (fscanf(file, "%63s", word) != 1) exit(2);
    return strcmp(word, "NA") == 0 ? (double)NAN : strtod(word, NULL);
}

static void stop(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static double seconds(clock_t since) {
    return (double)(clock() - since) / CLOCKS_PER_SEC;
}

/// Every value without its station.
static void krige(const dosi_st_field *field, const dosi_st_model *model, double stretch) {
    size_t n_sites = field->sites->n, n = n_sites * field->n_times;
    for (size_t k = 0; k < n; k++) {
        target_x[k] = x[k % n_sites];
        target_y[k] = y[k % n_sites];
        size_t t = k / n_sites;
        time_of[k] = (double)t;
        without[k] = (uint32_t)(k % n_sites);
    }
    const dosi_st_targets targets = {{n, target_x, target_y}, time_of, without};
    const dosi_st_krige problem = {model, field, 50, stretch};
    const dosi_run run = {.n_threads = 1};
    dosi_error err = {""};
    clock_t start = clock();
    stop(dosi_st_krige_predict(&problem, &targets, &run, prediction, variance, &err), &err);
    double spent = seconds(start);
    dosi_krige_score s = dosi_krige_score_of(values, prediction, variance, n);
    (void)printf("  kriging: %.1f us a point; RMSE %.3f, MAE %.3f, MSDR %.3f\n",
                 1e6 * spent / (double)n, s.rmse, s.mae, s.msdr);
}

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file) return 2;
    size_t n_sites = (size_t)next_number(file), n_times = (size_t)next_number(file);
    if (n_sites > MAX_SITES || n_times > MAX_VALUES / MAX_SITES) return 2;
    for (size_t i = 0; i < n_sites; i++) {
        x[i] = next_number(file);
        y[i] = next_number(file);
    }
    for (size_t k = 0; k < n_sites * n_times; k++) values[k] = next_number(file);
    (void)fclose(file);
    const dosi_sites sites = {n_sites, x, y};
    const dosi_st_field field = {&sites, values, n_times};
    const dosi_st_classes classes = {0, 15, N_LAGS};
    const dosi_run run = {.n_threads = 1};
    dosi_st_bin bins[N_BINS];
    dosi_error err = {""};
    double best = INFINITY;
    for (int repeat = 0; repeat < 5; repeat++) {
        clock_t start = clock();
        stop(dosi_st_variogram_sample(&field, &classes, &run, bins, &err), &err);
        best = fmin(best, seconds(start));
    }
    double stretch = dosi_st_anisotropy(bins, N_BINS);
    (void)printf("variogram: %.4f s of CPU; %.2f m a step\n", best, stretch);
    for (int k = 0; k < DOSI_ST_COUNT; k++) {
        bool is_sum = k == DOSI_ST_SUM_METRIC;
        dosi_variogram_kind joint =
            is_sum ? DOSI_VARIOGRAM_SPHERICAL : DOSI_VARIOGRAM_EXPONENTIAL;
        dosi_st_model model = {
            .kind = (dosi_st_kind)k,
            .space.kind = is_sum ? DOSI_VARIOGRAM_SPHERICAL : DOSI_VARIOGRAM_EXPONENTIAL,
            .time.kind = is_sum ? DOSI_VARIOGRAM_EXPONENTIAL : DOSI_VARIOGRAM_SPHERICAL,
            .joint.kind = joint};
        double error = NAN;
        clock_t start = clock();
        stop(dosi_st_variogram_fit(bins, N_BINS, stretch, &model, &error, &err), &err);
        (void)printf("%s: wMSE %.4f in %.3f s\n", dosi_st_kind_name(model.kind), error,
                     seconds(start));
        krige(&field, &model, stretch);
    }
    return 0;
}
