// Goal: the medians of quality control have the bits that sorting gives, whatever the values:
// ties, few, many, missing, tiny differences.

#include "air/qc_median.h"
#include "dosi/random.h"
#include "test.h"

enum { MOST = 9000, KINDS = 5 };

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// The median by sorting.
static double sorted_median(double *values, size_t n) {
    qsort(values, n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

static double draw(dosi_random *random, int kind, size_t i, size_t n) {
    double x = dosi_random_normal(random);
    switch (kind) {
    case 0:
        return x;
    case 1:
        return round(3 * x) + 0; // ties; no -0
    case 2:
        return exp(8 * x); // far apart
    case 3:
        return i < n / 2 ? 1 + 1e-16 * (double)i : 2; // two clouds, the median between
    default:
        return x * 1e-310; // the differences have no inverse
    }
}

static void medians_are_those_of_sorting(void **state) {
    (void)state;
    static double values[MOST], copy[MOST];
    static const size_t sizes[] = {1, 2, 7, 8, 9, 127, 128, 129, 511, 900, 4095, 4096, 8760};
    dosi_random random = dosi_random_init(test_seed(), 1);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        for (int kind = 0; kind < KINDS; kind++) {
            size_t n = sizes[k];
            for (size_t i = 0; i < n; i++) copy[i] = values[i] = draw(&random, kind, i, n);
            double wanted = sorted_median(copy, n);
            assert_true(qc_median(values, n) == wanted);
            // It lost nothing, and the other leaves the lower half first.
            assert_true(qc_median_split(values, n) == wanted);
            for (size_t i = 0; i < n / 2; i++) assert_true(values[i] <= wanted);
            assert_true(sorted_median(values, n) == wanted);
            assert_memory_equal(values, copy, n * sizeof *values);
        }
    }
}

static void medians_of_hours_side_by_side_leave_out_what_is_missing(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 2);
    for (size_t n = 1; n <= QC_ROWS; n++) {
        for (size_t least = 1; least <= 3; least++) {
            double rows[QC_ROWS][QC_BLOCK], wanted[QC_BLOCK], found[QC_BLOCK];
            for (size_t i = 0; i < QC_BLOCK; i++) {
                double held[QC_ROWS] = {0};
                size_t m = 0;
                for (size_t j = 0; j < n; j++) {
                    bool is_missing = dosi_random_uniform(&random) < 0.3;
                    rows[j][i] = is_missing ? (double)NAN : dosi_random_normal(&random);
                    if (!is_missing) held[m++] = rows[j][i];
                }
                wanted[i] = m < least ? 0 : sorted_median(held, m);
            }
            qc_median_rows(rows, n, least, found);
            for (size_t i = 0; i < QC_BLOCK; i++) assert_true(found[i] == wanted[i]);
        }
    }
}

static void sorting_within_an_interval_is_sorting(void **state) {
    (void)state;
    static double values[MOST], copy[MOST], room[MOST];
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (int kind = 0; kind < 3; kind++) {
        const double interval[] = {-0.95, kind == 2 ? -0.95 : 0.95};
        for (size_t i = 0; i < MOST; i++) {
            double x = 1.9 * dosi_random_uniform(&random) - 0.95;
            copy[i] = values[i] = kind == 0 ? x : kind == 1 ? 1e-4 * x : interval[0];
        }
        qsort(copy, MOST, sizeof *copy, compare);
        qc_sort_within(values, MOST, interval, room);
        assert_memory_equal(values, copy, sizeof copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_are_those_of_sorting),
        cmocka_unit_test(medians_of_hours_side_by_side_leave_out_what_is_missing),
        cmocka_unit_test(sorting_within_an_interval_is_sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
