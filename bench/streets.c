// Bench: air.street on the sample city: its streets between buildings, both kerbs, and its
// stations, for some days from 3 March 2025. CPU seconds, and sums that tell whether results
// are the same.
// Usage: bench_streets [scale] [days] [threads] (small 3 1)

#include "dosi/method.h"
#include "sample/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void stop(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(1);
}

static double cpu_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double sum_of(const dosi_table *table, const char *name) {
    size_t i = dosi_table_find(table, name);
    double sum = 0.0;
    for (size_t r = 0; i != SIZE_MAX && r < table->n_rows; r++) {
        double value = dosi_column_real(&table->columns[i], r);
        if (isfinite(value)) sum += value;
    }
    return sum;
}

static void run_method(const char *id,
                       const dosi_table *const *inputs,
                       const dosi_setting *settings,
                       size_t n_settings,
                       const dosi_run *run,
                       dosi_table *outputs) {
    dosi_error err = {""};
    dosi_value values[64];
    dosi_text report = {0};
    const dosi_method *method = dosi_method_find(id);
    stop(dosi_method_set(method, settings, n_settings, values, &err), &err);
    const dosi_method_call call = {.method = method,
                                   .inputs = inputs,
                                   .values = values,
                                   .outputs = outputs,
                                   .report = &report,
                                   .run = run};
    stop(dosi_method_run(&call, &err), &err);
    (void)printf("%s", dosi_text_string(&report));
    dosi_text_destroy(&report);
}

int main(int argc, char **argv) {
    const dosi_sample_options options = {.scale = argc > 1 ? argv[1] : "small", .seed = 1};
    long days = argc > 2 ? strtol(argv[2], NULL, 10) : 3;
    const dosi_run run = {.n_threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1};
    dosi_error err = {""};
    dosi_table city[DOSI_SAMPLE_PART_COUNT] = {0}, emissions[4] = {0}, out[2] = {0};
    stop(dosi_sample_make(&options, NULL, city, &err), &err);
    const dosi_table *links = &city[DOSI_SAMPLE_ROADS], *flow = &city[DOSI_SAMPLE_TRAFFIC];
    const dosi_table *traffic[] = {links, flow, NULL, NULL};
    char to[32];
    (void)snprintf(to, sizeof to, "2025-03-%02ldT23:00", 2 + days);
    const dosi_setting hours[] = {{"from", "2025-03-03T00:00"}, {"to", to}};
    run_method("air.road_emission", traffic, NULL, 0, &run, emissions);
    const dosi_table *all[] = {links,
                               flow,
                               &emissions[0],
                               NULL,
                               &city[DOSI_SAMPLE_WEATHER],
                               &city[DOSI_SAMPLE_STATIONS],
                               &city[DOSI_SAMPLE_AIR]};
    double start = cpu_now();
    run_method("air.street", all, hours, 2, &run, out);
    double cpu_s = cpu_now() - start;
    (void)printf("%zu streets, %ld days: %.2f s CPU; sums %.12g %.12g %.12g %.12g\n",
                 out[1].n_rows, days, cpu_s, sum_of(&out[0], "nox_ugm3"),
                 sum_of(&out[0], "no2_ppm"), sum_of(&out[1], "street_nox_ugm3"),
                 sum_of(&out[1], "no2_ppm"));
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&city[i]);
    for (int i = 0; i < 4; i++) dosi_table_destroy(&emissions[i]);
    for (int i = 0; i < 2; i++) dosi_table_destroy(&out[i]);
    return 0;
}
