// Bench: stacks of the sample city found back from its stations' readings by air.inverse: CPU
// time, how many are found (300 m, 30 % of the strength), and how many of them have their true
// strength within the interval that is said.
// Usage: bench_inverse [scale] [first seed] [last seed] [threads] (small 1 11 1)

#include "dosi/geo.h"
#include "dosi/method.h"
#include "sample/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 256 };

static const double near_m = 300.0, near_share = 0.3, z_95 = 1.959964, z_90 = 1.644854;

/// Sources with their places in metres.
typedef struct points {
    size_t n;
    double x[MOST], y[MOST], gs[MOST], sd[MOST];
} points;

/// What is counted.
typedef struct tally {
    size_t n_true, n_found, n_near, n_listed, in_90, in_95, in_95_of_found;
    double cpu_s, miss2;
} tally;

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

static const double *reals(const dosi_table *table, const char *name) {
    size_t i = dosi_table_find(table, name);
    if (i != SIZE_MAX) return table->columns[i].data.real;
    (void)fprintf(stderr, "no column %s\n", name);
    exit(1);
}

/// Points of a table; rows whose `kind` is not "stack", where there is one, are left out.
static void read_points(const dosi_table *table, const char *strength, points *out) {
    dosi_error err = {""};
    dosi_projection *to_metres = NULL;
    size_t i_kind = dosi_table_find(table, "kind");
    const dosi_column *place = &table->columns[dosi_table_find(table, "geometry")];
    const double *gs = reals(table, strength);
    const double *upper = i_kind == SIZE_MAX ? reals(table, "upper_gs") : gs;
    stop(dosi_projection_create(DOSI_SRID_LONLAT, DOSI_SRID_KOREA, &to_metres, &err), &err);
    out->n = 0;
    for (size_t i = 0; i < table->n_rows && out->n < MOST; i++) {
        size_t n = 0;
        const char *kind =
            i_kind == SIZE_MAX ? NULL : dosi_column_bytes(&table->columns[i_kind], i, &n);
        if (kind && (n != 5 || memcmp(kind, "stack", 5) != 0)) continue;
        const char *wkb = dosi_column_bytes(place, i, &n);
        double xy[2];
        if (!wkb || n < 21) continue;
        memcpy(xy, wkb + 5, sizeof xy); // a point: byte order, kind, x, y
        (void)dosi_projection_apply(to_metres, &xy[0], &xy[1], 1, false);
        out->x[out->n] = xy[0];
        out->y[out->n] = xy[1];
        out->gs[out->n] = gs[i];
        out->sd[out->n++] = (upper[i] - gs[i]) / 1.96;
    }
    dosi_projection_destroy(to_metres);
}

static void run_method(const char *id,
                       const dosi_table *const *inputs,
                       const dosi_setting *settings,
                       size_t n_settings,
                       const dosi_run *run,
                       dosi_table *outputs) {
    dosi_error err = {""};
    dosi_value values[32];
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
    dosi_text_destroy(&report);
}

/// Compares what is true with what was found.
static void count(const points *truth, const points *found, uint64_t seed, tally *t) {
    t->n_true += truth->n;
    t->n_listed += found->n;
    for (size_t i = 0; i < truth->n; i++) {
        size_t best = SIZE_MAX;
        double apart = INFINITY;
        for (size_t j = 0; j < found->n; j++) {
            double d = hypot(found->x[j] - truth->x[i], found->y[j] - truth->y[i]);
            double off = fabs(found->gs[j] / truth->gs[i] - 1);
            // Of several within reach the one whose strength is nearest counts.
            bool is_better =
                d <= near_m ? apart > near_m || off < fabs(found->gs[best] / truth->gs[i] - 1)
                            : d < apart;
            if (!is_better) continue;
            best = j;
            apart = d;
        }
        if (best == SIZE_MAX) continue;
        double ratio = found->gs[best] / truth->gs[i];
        double z = (found->gs[best] - truth->gs[i]) / found->sd[best];
        bool is_near = apart <= near_m, is_found = is_near && fabs(ratio - 1) <= near_share;
        (void)printf("  %llu: %6.2f g/s, %5.0f m off, %.2f times, %+.2f sd of %.2f%s\n",
                     (unsigned long long)seed, truth->gs[i], apart, ratio, z, found->sd[best],
                     is_found ? "" : "  MISSED");
        t->n_found += is_found;
        t->n_near += is_near;
        t->in_90 += is_near && fabs(z) <= z_90;
        t->in_95 += is_near && fabs(z) <= z_95;
        t->in_95_of_found += is_found && fabs(z) <= z_95;
        t->miss2 += is_near ? z * z : 0;
    }
}

static void do_seed(const char *scale, uint64_t seed, const dosi_run *run, tally *t) {
    dosi_error err = {""};
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0}, checked[2] = {0}, outputs[3] = {0};
    const dosi_sample_options options = {.scale = scale, .seed = seed};
    static points truth, found;
    stop(dosi_sample_make(&options, NULL, tables, &err), &err);
    const dosi_table *air[] = {&tables[DOSI_SAMPLE_AIR], &tables[DOSI_SAMPLE_STATIONS]};
    run_method("air.qc", air, NULL, 0, NULL, checked);
    const dosi_table *all[] = {&checked[0], &tables[DOSI_SAMPLE_STATIONS],
                               &tables[DOSI_SAMPLE_WEATHER], NULL};
    const dosi_setting value = {"value", "so2_ppm"};
    double start = cpu_now();
    run_method("air.inverse", all, &value, 1, run, outputs);
    double cpu_s = cpu_now() - start;
    t->cpu_s += cpu_s;
    read_points(&tables[DOSI_SAMPLE_SOURCES], "so2_gs", &truth);
    read_points(&outputs[0], "strength_gs", &found);
    (void)printf("%s %llu: %zu stacks, %zu sources listed, %.1f s CPU, noise %.7g\n", scale,
                 (unsigned long long)seed, truth.n, found.n, cpu_s,
                 reals(&outputs[2], "noise")[0]);
    count(&truth, &found, seed, t);
    (void)fflush(stdout);
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&tables[i]);
    for (int i = 0; i < 2; i++) dosi_table_destroy(&checked[i]);
    for (int i = 0; i < 3; i++) dosi_table_destroy(&outputs[i]);
}

int main(int argc, char **argv) {
    const char *scale = argc > 1 ? argv[1] : "small";
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    uint64_t last = argc > 3 ? strtoull(argv[3], NULL, 10) : argc > 2 ? first : 11;
    const dosi_run run = {.n_threads = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 1};
    tally t = {0};
    for (uint64_t seed = first; seed <= last; seed++) do_seed(scale, seed, &run, &t);
    double near = t.n_near > 0 ? (double)t.n_near : (double)NAN;
    (void)printf("found %zu of %zu, %zu listed; %.1f s CPU\n", t.n_found, t.n_true, t.n_listed,
                 t.cpu_s);
    (void)printf("within 300 m: %zu; strength within the 90 %% interval: %zu (%.0f %%), 95 %%: "
                 "%zu (%.0f %%), 95 %% of the found: %zu; rms of misses %.2f sd\n",
                 t.n_near, t.in_90, 100.0 * (double)t.in_90 / near, t.in_95,
                 100.0 * (double)t.in_95 / near, t.in_95_of_found, sqrt(t.miss2 / near));
    return 0;
}
