// Goal: the faults that are put into the sample city's readings are found, and few healthy
// readings are flagged: F1 >= 0.9 over readings, false alarms <= 0.2 %.
//
// DOSI_FAULTS="city 1 2 3" measures that scale and those seeds instead, with a table per kind
// of fault; with DOSI_FAULTS_RUNS=1 also the runs of false alarms and misses.

#include "dosi/air.h"
#include "dosi/method.h"
#include "dosi/quality.h"
#include "dosi/text.h"
#include "sample/sample.h"
#include "test.h"

enum { KINDS = 6, HEALTHY = 5 };

static const char *const kind_names[KINDS] = {"flat_line", "spike", "drift",
                                              "offset",    "unit",  "healthy"};

/// Readings by what they are and whether they were flagged.
typedef struct tally {
    size_t n[DOSI_AIR_COUNT][KINDS], flagged[DOSI_AIR_COUNT][KINDS];
    size_t by_bit[DOSI_AIR_COUNT][8]; ///< False alarms by flag.
    uint64_t checksum;                ///< FNV-1a of all flags in order.
} tally;

static size_t code_of(const dosi_table *table, size_t row) {
    size_t n = 0;
    const char *code = dosi_column_bytes(&table->columns[0], row, &n);
    int64_t number = 0;
    assert_int_equal(dosi_parse_int(code, n, &number), DOSI_OK);
    return (size_t)(number - 900001);
}

static bool text_is(const dosi_table *table, size_t column, size_t row, const char *text) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(&table->columns[column], row, &n);
    return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

/// What each reading of one pollutant is. @param kind (stations x hours) out.
static void mark(const dosi_table *faults, int p, int64_t start, size_t n_hours, int *kind) {
    for (size_t f = 0; f < faults->n_rows; f++) {
        if (!text_is(faults, 1, f, dosi_pollutant_column((dosi_pollutant)p))) continue;
        int what = 0;
        while (!text_is(faults, 2, f, kind_names[what])) what++;
        size_t at = code_of(faults, f) * n_hours;
        int64_t first = (faults->columns[3].data.integer[f] - start) / DOSI_HOUR_US;
        int64_t last = (faults->columns[4].data.integer[f] - start) / DOSI_HOUR_US;
        for (int64_t h = first; h <= last; h++) kind[at + (size_t)h] = what;
    }
}

/// Prints the runs of false alarms and of missed readings of one pollutant.
static void print_runs(const double *value,
                       const int64_t *flag,
                       const int *kind,
                       size_t n,
                       size_t n_hours,
                       int p) {
    for (size_t i = 0; i < n;) {
        bool is_wrong = !isnan(value[i]) && (flag[i] != 0) != (kind[i] != HEALTHY);
        size_t end = i + 1;
        while (is_wrong && end < n && end % n_hours != 0 && kind[end] == kind[i] &&
               (isnan(value[end]) || (flag[end] != 0) == (flag[i] != 0))) {
            end++;
        }
        if (is_wrong) {
            printf("  %s station %zu hours %zu to %zu: %s, flags %d\n",
                   dosi_pollutant_name((dosi_pollutant)p), i / n_hours, i % n_hours,
                   (end - 1) % n_hours, kind_names[kind[i]], (int)flag[i]);
        }
        i = end;
    }
}

static void count_pollutant(
    const dosi_table *checked, const dosi_table *faults, int p, size_t n_hours, tally *t) {
    int64_t start = checked->columns[1].data.integer[0];
    const char *name = dosi_pollutant_column((dosi_pollutant)p);
    char flag_name[64];
    (void)snprintf(flag_name, sizeof flag_name, "%s_flag", name);
    const double *value = checked->columns[dosi_table_find(checked, name)].data.real;
    const int64_t *flag = checked->columns[dosi_table_find(checked, flag_name)].data.integer;
    int *kind = malloc((checked->n_rows + 1) * sizeof *kind);
    assert_non_null(kind);
    for (size_t i = 0; i < checked->n_rows; i++) kind[i] = HEALTHY;
    mark(faults, p, start, n_hours, kind);
    for (size_t i = 0; i < checked->n_rows; i++) {
        t->checksum = (t->checksum ^ (uint64_t)flag[i]) * UINT64_C(1099511628211);
        if (isnan(value[i])) continue;
        t->n[p][kind[i]]++;
        t->flagged[p][kind[i]] += flag[i] != 0;
        for (int b = 0; b < 8 && kind[i] == HEALTHY; b++) t->by_bit[p][b] += (flag[i] >> b) & 1;
    }
    if (getenv("DOSI_FAULTS_RUNS")) print_runs(value, flag, kind, checked->n_rows, n_hours, p);
    free(kind);
}

/// Makes a city, checks it, counts.
static void measure(const char *scale, uint64_t seed, tally *t) {
    dosi_error err = {""};
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0}, outputs[2] = {0};
    dosi_sample_options options = {.scale = scale, .seed = seed};
    CHECK_OK(dosi_sample_make(&options, NULL, tables, &err), err);
    const dosi_method *method = dosi_method_find("air.qc");
    dosi_value values[16];
    CHECK_OK(dosi_method_set(method, NULL, 0, values, &err), err);
    const dosi_table *in[] = {&tables[DOSI_SAMPLE_AIR], &tables[DOSI_SAMPLE_STATIONS]};
    dosi_method_call call = {
        .method = method, .inputs = in, .values = values, .outputs = outputs};
    CHECK_OK(dosi_method_run(&call, &err), err);
    size_t n_hours = outputs[0].n_rows / tables[DOSI_SAMPLE_STATIONS].n_rows;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        count_pollutant(&outputs[0], &tables[DOSI_SAMPLE_FAULTS], p, n_hours, t);
    }
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&tables[i]);
    for (int i = 0; i < 2; i++) dosi_table_destroy(&outputs[i]);
}

static void print_table(const tally *t) {
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        printf("%-5s", dosi_pollutant_name((dosi_pollutant)p));
        for (int k = 0; k < KINDS; k++) {
            printf("  %s %zu/%zu", kind_names[k], t->flagged[p][k], t->n[p][k]);
        }
        printf("  false by bit:");
        for (int b = 0; b < 8; b++) printf(" %zu", t->by_bit[p][b]);
        printf("\n");
    }
}

/// F1 over readings; @param false_share Out: flagged among the healthy.
static double f1_of(const tally *t, double *false_share) {
    double hit = 0, faulty = 0, alarm = 0, healthy = 0;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        for (int k = 0; k < HEALTHY; k++) {
            hit += (double)t->flagged[p][k];
            faulty += (double)t->n[p][k];
        }
        alarm += (double)t->flagged[p][HEALTHY];
        healthy += (double)t->n[p][HEALTHY];
    }
    *false_share = alarm / healthy;
    return 2 * hit / (faulty + hit + alarm);
}

/// Adds the counts of one city.
static void add(tally *to, const tally *t) {
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        for (int k = 0; k < KINDS; k++) {
            to->n[p][k] += t->n[p][k];
            to->flagged[p][k] += t->flagged[p][k];
        }
    }
}

/// Measures cities of a scale, prints each, and requires F1 of each and the share of false
/// alarms of all together: in a small city's week a single fault of 84 hours that is flagged a
/// third too long is 0.2 %.
static void check_scale(const char *scale, const uint64_t *seeds, size_t n_seeds) {
    tally all = {0};
    double false_share = 0;
    for (size_t i = 0; i < n_seeds; i++) {
        tally t = {0};
        measure(scale, seeds[i], &t);
        double f1 = f1_of(&t, &false_share);
        printf("%s, seed %llu: F1 %.4f, false alarms %.4f %%, flags %016llx\n", scale,
               (unsigned long long)seeds[i], f1, 100 * false_share,
               (unsigned long long)t.checksum);
        if (getenv("DOSI_FAULTS")) {
            print_table(&t);
        } else {
            assert_true(f1 >= 0.9);
        }
        add(&all, &t);
    }
    double f1 = f1_of(&all, &false_share);
    printf("%s, %zu cities: F1 %.4f, false alarms %.4f %%\n", scale, n_seeds, f1,
           100 * false_share);
    if (getenv("DOSI_FAULTS")) return;
    assert_true(f1 >= 0.9);
    assert_true(false_share <= 0.002);
}

static void faults_of_the_sample_city_are_found(void **state) {
    (void)state;
    static const uint64_t small[] = {1, 2, 3, 4, 5, 6}, city[] = {1, 2};
    const char *wanted = getenv("DOSI_FAULTS");
    if (!wanted) {
        check_scale("small", small, sizeof small / sizeof small[0]);
        check_scale("city", city, sizeof city / sizeof city[0]);
        return;
    }
    char scale[32] = "";
    uint64_t seeds[32];
    size_t n = 0, at = strcspn(wanted, " ");
    (void)snprintf(scale, sizeof scale, "%.*s", (int)at, wanted);
    for (const char *c = wanted + at; *c && n < 32;) {
        char *end = NULL;
        seeds[n++] = strtoull(c, &end, 10);
        c = end;
    }
    check_scale(scale, seeds, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults_of_the_sample_city_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
