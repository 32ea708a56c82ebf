// Goal: polar bins, group statistics and wind kernels are what their definitions say, by hand
// and against direct sums.

#include "dosi/polar.h"
#include "dosi/random.h"
#include "test.h"

enum { N = 500 };

/// Observations of a seed: speeds in tenths up to 12, directions in tens or continuous.
typedef struct sample {
    double speed[N], from_deg[N], value[N], other[N];
    dosi_winds winds;
} sample;

static void make_sample(sample *s, uint64_t seed, bool is_coarse) {
    dosi_random random = dosi_random_init(seed, 0);
    for (size_t i = 0; i < N; i++) {
        s->speed[i] = round(120 * dosi_random_uniform(&random)) / 10;
        s->from_deg[i] = 360 * dosi_random_uniform(&random);
        if (is_coarse) s->from_deg[i] = 10 * round(s->from_deg[i] / 10);
        s->value[i] = exp(dosi_random_normal(&random));
        s->other[i] = 2 * s->value[i] + 0.1 * dosi_random_normal(&random);
        if (i % 17 == 0) s->value[i] = NAN;
        if (i % 29 == 0) s->from_deg[i] = NAN;
    }
    s->winds = (dosi_winds){N, s->speed, s->from_deg};
}

static void directions_fall_into_openairs_sectors(void **state) {
    (void)state;
    static const double cases[][2] = {{0, 35},   {5, 35},   {5.1, 0},    {10, 0},  {15, 0},
                                      {15.5, 1}, {355, 34}, {355.5, 35}, {360, 35}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dosi_polar_sector(cases[i][0], 10), (int)cases[i][1]);
    }
    assert_true(dosi_polar_sector(NAN, 10) == UINT32_MAX);
    assert_true(dosi_polar_sector(361, 10) == UINT32_MAX);
    assert_true(dosi_polar_sector(-1, 10) == UINT32_MAX);
    const double tens[] = {10, NAN, 350, 0}, fives[] = {10, 15};
    CHECK_NEAR(dosi_polar_natural_sector(tens, 4), 10, 0);
    CHECK_NEAR(dosi_polar_natural_sector(fives, 2), 5, 0);
}

static void a_speed_on_a_border_falls_below_it(void **state) {
    (void)state;
    const double speed[] = {0, 0.43, 0.44, 0.86, 12.9, 13, NAN},
                 from[] = {10, 10, 10, 10, 10, 10, 10};
    const dosi_winds winds = {7, speed, from};
    const dosi_polar_bins bins = {30, 12.9, 10};
    uint32_t cell[7];
    dosi_polar_assign(&bins, &winds, cell);
    static const uint32_t expected[] = {0, 0, 1, 1, 29, UINT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < 7; i++) assert_int_equal(cell[i], expected[i]);
}

static void every_statistic_of_a_group_is_right(void **state) {
    (void)state;
    const uint32_t group[] = {0, 0, 2, 0, 0, UINT32_MAX, 2, 0};
    const double value[] = {4, 1, 7, 2, 8, 99, NAN, 5};
    const dosi_groups groups = {8, 3, group};
    static const double expected[DOSI_STATISTIC_COUNT] = {
        [DOSI_STATISTIC_MEAN] = 4,
        [DOSI_STATISTIC_MEDIAN] = 4,
        [DOSI_STATISTIC_MAX] = 8,
        [DOSI_STATISTIC_STDEV] = 2.7386127875258306, // sqrt(30 / 4)
        [DOSI_STATISTIC_FREQUENCY] = 5,
        [DOSI_STATISTIC_WEIGHTED_MEAN] = 20.0 / 6,
        [DOSI_STATISTIC_CPF] = 0.4,          // 8 and 5 are above 4
        [DOSI_STATISTIC_CPF_INTERVAL] = 0.2, // 5 is in (4, 5]
        [DOSI_STATISTIC_PERCENTILE] = 5,
    };
    for (int k = 0; k < DOSI_STATISTIC_COUNT; k++) {
        dosi_statistic statistic = {(dosi_statistic_kind)k, 4, 5, 75, 0};
        size_t count[3];
        double out[3];
        dosi_error err = {""};
        CHECK_OK(dosi_group_statistic(&statistic, &groups, value, count, out, &err), err);
        CHECK_NEAR(out[0], expected[k], 1e-15);
        assert_true(isnan(out[1]));
        assert_int_equal(count[0] + count[1] + count[2], 6);
        assert_true(isnan(out[2]) == (k == DOSI_STATISTIC_STDEV));
        statistic.min_count = 2;
        CHECK_OK(dosi_group_statistic(&statistic, &groups, value, count, out, &err), err);
        assert_true(isnan(out[2]) && !isnan(out[0]));
        assert_int_equal(dosi_statistic_from_name(dosi_statistic_name(statistic.kind)), k);
    }
    assert_int_equal(dosi_statistic_from_name("mode"), DOSI_STATISTIC_COUNT);
}

/// The kernel's weight written down directly.
static double direct_weight(
    const dosi_polar_kernel *k, double u, double d, double s, double f) {
    double a = fabs(d - f);
    a = a > 180 ? 360 - a : a;
    return exp(-0.5 * (u - s) * (u - s) / k->speed_sd / k->speed_sd) *
           exp(-0.5 * a * a / k->from_sd_deg / k->from_sd_deg);
}

static void kernel_means_equal_direct_sums(void **state) {
    (void)state;
    static sample s;
    dosi_error err = {""};
    for (int coarse = 0; coarse < 2; coarse++) {
        make_sample(&s, test_seed() + (uint64_t)coarse, coarse);
        const dosi_polar_kernel kernel = {17, 0.3, 11, 20, 0.7, 9};
        double out[17 * 18];
        CHECK_OK(dosi_polar_nwr(&kernel, &s.winds, s.value, out, &err), err);
        for (size_t p = 0; p < sizeof out / sizeof out[0]; p++) {
            double speed = 0.3 + (double)(p % 17) * 10.7 / 16, sum[2] = {0, 0};
            size_t sector = p / 17;
            double from = 20 * (double)(sector + 1);
            for (size_t i = 0; i < N; i++) {
                if (isnan(s.value[i]) || isnan(s.from_deg[i])) continue;
                double w = direct_weight(&kernel, speed, from, s.speed[i], s.from_deg[i]);
                sum[0] += w;
                sum[1] += w * s.value[i];
            }
            CHECK_NEAR(out[p], sum[1] / sum[0], 1e-11 * (sum[1] / sum[0]));
        }
    }
}

static void many_directions_gather_in_batches(void **state) {
    (void)state;
    enum { MANY = 2500 }; // more different directions than one batch holds
    static double speed[MANY], from[MANY], value[MANY], half[2][24];
    dosi_random random = dosi_random_init(test_seed(), 1);
    for (size_t i = 0; i < MANY; i++) {
        speed[i] = 5 * dosi_random_uniform(&random);
        from[i] = 360 * dosi_random_uniform(&random);
        value[i] = dosi_random_uniform(&random);
    }
    const dosi_polar_kernel kernel = {3, 0, 4, 45, 1, 15};
    const dosi_winds winds = {MANY, speed, from};
    const double *columns[] = {value};
    double sums[48];
    dosi_error err = {""};
    CHECK_OK(dosi_polar_kernel_sums(&kernel, &winds, columns, 1, sums, &err), err);
    for (size_t p = 0; p < 24; p++) {
        size_t sector = p / 3;
        for (size_t i = 0; i < MANY; i++) {
            double w = direct_weight(&kernel, 2 * (double)(p % 3), 45 * (double)(sector + 1),
                                     speed[i], from[i]);
            half[0][p] += w;
            half[1][p] += w * value[i];
        }
        CHECK_NEAR(sums[p], half[0][p], 1e-11 * half[0][p]);
        CHECK_NEAR(sums[24 + p], half[1][p], 1e-11 * half[1][p]);
    }
}

static void slopes_of_a_pair_find_the_line(void **state) {
    (void)state;
    static sample s;
    make_sample(&s, test_seed(), false);
    const dosi_polar_kernel kernel = {5, 1, 11, 30, 2, 20};
    dosi_error err = {""};
    for (int k = 0; k < DOSI_PAIR_COUNT; k++) {
        const dosi_pair pair = {(dosi_pair_kind)k, s.value, s.other, 0.05, 0.1, 1};
        double out[60], again[60];
        const dosi_run one = {.n_threads = 1}, seven = {.n_threads = 7};
        CHECK_OK(dosi_polar_pair(&kernel, &s.winds, &pair, &one, out, &err), err);
        CHECK_OK(dosi_polar_pair(&kernel, &s.winds, &pair, &seven, again, &err), err);
        assert_memory_equal(out, again, sizeof out);
        for (size_t p = 0; p < 60; p++) {
            CHECK_NEAR(out[p], k == DOSI_PAIR_CORRELATION ? 1 : 2, 0.12);
        }
        assert_int_equal(dosi_pair_from_name(dosi_pair_name(pair.kind)), k);
    }
}

static void a_robust_slope_ignores_wild_values(void **state) {
    (void)state;
    static sample s;
    make_sample(&s, test_seed(), false);
    for (size_t i = 0; i < N; i += 11) s.other[i] = 500 * (i % 2 ? 1 : -1);
    const dosi_polar_kernel kernel = {2, 3, 9, 90, 5, 90};
    dosi_pair pair = {DOSI_PAIR_ROBUST_SLOPE, s.value, s.other, 1, 1, 1};
    double robust[8], plain[8], off = 0;
    dosi_error err = {""};
    CHECK_OK(dosi_polar_pair(&kernel, &s.winds, &pair, NULL, robust, &err), err);
    pair.kind = DOSI_PAIR_SLOPE;
    CHECK_OK(dosi_polar_pair(&kernel, &s.winds, &pair, NULL, plain, &err), err);
    for (size_t p = 0; p < 8; p++) {
        CHECK_NEAR(robust[p], 2, 0.1);
        off = fmax(off, fabs(plain[p] - 2));
    }
    assert_true(off > 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_fall_into_openairs_sectors),
        cmocka_unit_test(a_speed_on_a_border_falls_below_it),
        cmocka_unit_test(every_statistic_of_a_group_is_right),
        cmocka_unit_test(kernel_means_equal_direct_sums),
        cmocka_unit_test(many_directions_gather_in_batches),
        cmocka_unit_test(slopes_of_a_pair_find_the_line),
        cmocka_unit_test(a_robust_slope_ignores_wild_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
