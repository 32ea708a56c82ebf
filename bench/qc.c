// Bench: quality control of a synthetic network with all checks: readings of six pollutants
// that share a city's course, with noise, gaps, and faults in a hundredth of the stations.
// Usage: bench_qc [stations] [hours] [threads] (900, 8760, 1)

#include "dosi/quality.h"
#include "dosi/random.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { K = 6 };

static const double level[DOSI_AIR_COUNT] = {0.004, 0.5, 0.03, 0.02, 45, 24};

static double now_s(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *must(void *memory) {
    if (!memory) exit(7);
    return memory;
}

/// The city's course of a pollutant: days, and weather that lasts.
static void make_course(dosi_random *random, double *course, size_t n_hours) {
    double weather = 0;
    for (size_t h = 0; h < n_hours; h++) {
        weather = 0.97 * weather + 0.12 * dosi_random_normal(random);
        course[h] = exp(weather + 0.3 * sin((double)(h % 24) * 0.2618));
    }
}

/// One station's readings, rounded as they are published.
static void make_station(
    dosi_random *random, int p, const double *course, size_t n_hours, double *values) {
    double step = dosi_qc_limits_default((dosi_pollutant)p).resolution;
    double gain = exp(0.2 * dosi_random_normal(random)), local = 0;
    bool is_faulty = dosi_random_uniform(random) < 0.01;
    for (size_t h = 0; h < n_hours; h++) {
        local = 0.8 * local + 0.1 * dosi_random_normal(random);
        double value = level[p] * gain * course[h] * exp(local);
        if (is_faulty && h % 2000 < 200) value += 2 * level[p];
        if (dosi_random_uniform(random) < 0.0002) value *= 12;
        values[h] = fmax(round(value / step) * step, step);
        if (dosi_random_uniform(random) < 0.03) values[h] = NAN;
    }
}

int main(int argc, char **argv) {
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 900;
    size_t n_hours = argc > 2 ? strtoul(argv[2], NULL, 10) : 8760;
    const dosi_run run = {.n_threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1};
    double *values[DOSI_AIR_COUNT], *expected[DOSI_AIR_COUNT] = {NULL};
    uint32_t *flags[DOSI_AIR_COUNT], *links = must(malloc((n * K + 1) * sizeof *links));
    double *course = must(malloc((n_hours + 1) * sizeof *course));
    dosi_qc_limits limits[DOSI_AIR_COUNT];
    dosi_random random = dosi_random_init(7, 0);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        values[p] = must(malloc((n * n_hours + 1) * sizeof **values));
        flags[p] = must(calloc(n * n_hours + 1, sizeof **flags));
        limits[p] = dosi_qc_limits_default((dosi_pollutant)p);
        make_course(&random, course, n_hours);
        for (size_t s = 0; s < n; s++) {
            make_station(&random, p, course, n_hours, values[p] + s * n_hours);
        }
    }
    for (int p = DOSI_AIR_PM10; p <= DOSI_AIR_PM25; p++) {
        expected[p] = must(malloc((n * n_hours + 1) * sizeof **expected));
    }
    for (size_t i = 0; i < n * K; i++) links[i] = (uint32_t)((i / K + i % K * 7 + 1) % n);
    const dosi_qc_matrix matrix = {n, n_hours, (const double *const *)values, links, K};
    double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    dosi_error err = {""};
    int n_threads = dosi_run_threads(&run); // NOLINT(*DeadStores): used by the pragma
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
#pragma omp parallel for schedule(static) num_threads(n_threads)
        for (size_t s = 0; s < n; s++) {
            dosi_qc_series(&limits[p], values[p] + s * n_hours, n_hours,
                           flags[p] + s * n_hours);
        }
        dosi_qc_neighbours_all(&limits[p], &matrix, (dosi_pollutant)p, &run, flags[p]);
    }
    if (dosi_qc_network(limits, &matrix, &run, flags, expected, &err) != DOSI_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    wall = now_s(CLOCK_MONOTONIC) - wall;
    cpu = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    size_t n_flagged = 0;
    uint64_t sum = 0;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        for (size_t i = 0; i < n * n_hours; i++) {
            n_flagged += flags[p][i] > DOSI_QC_MISSING;
            sum = (sum ^ flags[p][i]) * UINT64_C(1099511628211); // FNV-1a
        }
    }
    (void)printf("%zu stations x %zu hours x 6, %d threads: %.2f s, %.2f s CPU; "
                 "%zu flagged, checksum %016llx\n",
                 n, n_hours, dosi_run_threads(&run), wall, cpu, n_flagged,
                 (unsigned long long)sum);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        free(values[p]);
        free(flags[p]);
        free(expected[p]);
    }
    free(links);
    free(course);
    return 0;
}
