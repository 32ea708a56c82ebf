// Goal: maps of a year are what kriging every time on its own gives, whatever is missing, and
// their means, counts, quantiles and areas are those of these maps.

#include "dosi/random.h"
#include "dosi/year.h"
#include "test.h"

enum { N_SITES = 9, N_TIMES = 40, N_TARGETS = 45, N_ALL = N_TIMES * N_TARGETS };

static double site_x[N_SITES], site_y[N_SITES], values[N_TIMES * N_SITES];
static double target_x[N_TARGETS], target_y[N_TARGETS];
static double prediction[N_ALL], variance[N_ALL]; // by kriging each time
static const dosi_sites sites = {N_SITES, site_x, site_y};
static const dosi_sites targets = {N_TARGETS, target_x, target_y};
static const dosi_variogram model = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 2, .psill = 20, .range_m = 4000};

/// Sites, targets (the first at a site), and times with up to six of nine values missing; time
/// 7 has one value, time 8 none.
static void make(void) {
    dosi_random random = dosi_random_init(test_seed(), 11);
    for (size_t i = 0; i < N_SITES; i++) {
        site_x[i] = 10000 * dosi_random_uniform(&random);
        site_y[i] = 10000 * dosi_random_uniform(&random);
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        target_x[k] = k ? 10000 * dosi_random_uniform(&random) : site_x[3];
        target_y[k] = k ? 10000 * dosi_random_uniform(&random) : site_y[3];
    }
    for (size_t t = 0; t < N_TIMES; t++) {
        uint32_t n_gone = dosi_random_below(&random, 7);
        for (size_t i = 0; i < N_SITES; i++) {
            values[t * N_SITES + i] = 30 + 6 * dosi_random_normal(&random);
        }
        for (uint32_t k = 0; k < n_gone; k++) {
            values[t * N_SITES + dosi_random_below(&random, N_SITES)] = NAN;
        }
        for (size_t i = 0; i < N_SITES; i++) {
            if (t == 8 || (t == 7 && i != 4)) values[t * N_SITES + i] = NAN;
        }
    }
    const dosi_krige problem = {
        .model = &model, .sites = &sites, .values = values, .n_maps = N_TIMES};
    dosi_error err = {""};
    CHECK_OK(dosi_krige_predict(&problem, &targets, NULL, prediction, variance, &err), err);
}

static dosi_year *create(size_t min_sites) {
    make();
    const dosi_year_data data = {&model, &sites, values, N_TIMES, min_sites, NULL};
    dosi_year *year = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_year_create(&data, NULL, &year, &err), err);
    return year;
}

static void check_alike(double a, double b, double tolerance) {
    if (isnan(b)) {
        assert_true(isnan(a));
    } else {
        CHECK_NEAR(a, b, tolerance);
    }
}

static void every_map_is_the_one_that_kriging_draws(void **state) {
    (void)state;
    dosi_year *year = create(1);
    assert_int_equal(dosi_year_n_maps(year), N_TIMES - 1);
    double map[N_TARGETS], spread[N_TARGETS];
    double *const out[2] = {map, spread};
    dosi_error err = {""};
    for (size_t t = 0; t < N_TIMES; t++) {
        CHECK_OK(dosi_year_map(year, t, &targets, NULL, out, &err), err);
        for (size_t k = 0; k < N_TARGETS; k++) {
            check_alike(map[k], prediction[t * N_TARGETS + k], 1e-9);
            check_alike(spread[k], variance[t * N_TARGETS + k], 1e-9);
        }
    }
    dosi_year_destroy(year);
}

static void means_are_means_of_the_maps(void **state) {
    (void)state;
    dosi_year *year = create(2); // leaves out times 7 and 8
    uint32_t period_of[N_TIMES];
    for (size_t t = 0; t < N_TIMES; t++) {
        period_of[t] = t < 5 ? UINT32_MAX : (uint32_t)(t / 20);
    }
    const dosi_year_periods periods = {3, period_of};
    double mean[3 * N_TARGETS], spread[3 * N_TARGETS];
    double *const out[2] = {mean, spread};
    dosi_error err = {""};
    CHECK_OK(dosi_year_means(year, &targets, &periods, NULL, out, &err), err);
    for (size_t p = 0; p < 3; p++) {
        for (size_t k = 0; k < N_TARGETS; k++) {
            double sums[3] = {0, 0, 0};
            for (size_t t = 5; t < N_TIMES; t++) {
                if (t / 20 != p || t == 7 || t == 8) continue;
                sums[0] += prediction[t * N_TARGETS + k];
                sums[1] += variance[t * N_TARGETS + k];
                sums[2] += 1;
            }
            check_alike(mean[p * N_TARGETS + k], sums[0] / sums[2], 1e-9); // period 2: NaN
            check_alike(spread[p * N_TARGETS + k], sums[1] / sums[2], 1e-9);
        }
    }
    dosi_year_destroy(year);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void counts_and_quantiles_are_those_of_the_maps(void **state) {
    (void)state;
    dosi_year *year = create(1);
    static const double fractions[] = {0, 0.1, 0.5, 0.77, 0.98, 1};
    double above[N_TARGETS], quantile[N_TARGETS], largest[N_TARGETS];
    dosi_error err = {""};
    for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++) {
        const dosi_year_extremes extremes = {31, fractions[f], above, quantile, largest};
        CHECK_OK(dosi_year_find_extremes(year, &targets, NULL, &extremes, &err), err);
        for (size_t k = 0; k < N_TARGETS; k++) {
            double series[N_TIMES], count = 0;
            size_t n = 0;
            for (size_t t = 0; t < N_TIMES; t++) {
                double value = prediction[t * N_TARGETS + k];
                if (isnan(value)) continue;
                series[n++] = value;
                count += value > 31 ? 1 : 0;
            }
            qsort(series, n, sizeof *series, compare);
            double at = fractions[f] * (double)(n - 1), share = at - floor(at);
            double low = series[(size_t)floor(at)], next = series[(size_t)ceil(at)];
            CHECK_NEAR(above[k], count, 0);
            CHECK_NEAR(quantile[k], low + share * (next - low), 1e-9);
            CHECK_NEAR(largest[k], series[n - 1], 1e-9);
        }
    }
    const dosi_year_extremes bad = {31, 2, above, NULL, NULL};
    CHECK_STATUS(dosi_year_find_extremes(year, &targets, NULL, &bad, &err), DOSI_DOMAIN);
    dosi_year_destroy(year);
}

static void leaving_out_is_krigings(void **state) {
    (void)state;
    dosi_year *year = create(1);
    const dosi_krige problem = {
        .model = &model, .sites = &sites, .values = values, .n_maps = N_TIMES};
    double loo[2][N_TIMES * N_SITES];
    dosi_error err = {""};
    CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, loo[0], loo[1], &err), err);
    dosi_krige_score score =
        dosi_krige_score_of(values, loo[0], loo[1], (size_t)N_TIMES * N_SITES);
    dosi_year_trust trust;
    CHECK_OK(dosi_year_leave_one_out(year, NULL, &trust, &err), err);
    assert_int_equal(trust.hours.n, score.n);
    CHECK_NEAR(trust.hours.rmse, score.rmse, 1e-10);
    CHECK_NEAR(trust.hours.msdr, score.msdr, 1e-10);
    assert_int_equal(trust.means.n, N_SITES);
    assert_true(trust.persistence > 0 && trust.persistence < 0.3); // independent errors
    dosi_year_destroy(year);
}

/// Three areas: one target, many, none.
static const size_t area_start[] = {0, 1, 9, 9};
static const uint32_t area_target[] = {5, 1, 2, 3, 4, 6, 7, 8, 9};
static const double area_weight[] = {3, 1, 1, 2, 0.5, 1, 1, 1, 4};
static const dosi_year_areas areas = {3, area_start, area_target, area_weight};

static void areas_are_means_of_their_targets(void **state) {
    (void)state;
    dosi_year *year = create(1);
    double mean[3 * N_TIMES], spread[3 * N_TIMES];
    double *const out[2] = {mean, spread};
    dosi_error err = {""};
    CHECK_OK(dosi_year_find_areas(year, &targets, &areas, NULL, out, &err), err);
    for (size_t t = 0; t < N_TIMES; t++) {
        const double *map = prediction + t * N_TARGETS;
        check_alike(mean[3 * t], map[5], 1e-9);
        check_alike(spread[3 * t], variance[t * N_TARGETS + 5] - 2, 1e-9); // no nugget
        double sum = 0, total = 0, point = 0;
        for (size_t k = 1; k < 9; k++) {
            sum += area_weight[k] * map[area_target[k]];
            point += area_weight[k] * variance[t * N_TARGETS + area_target[k]];
            total += area_weight[k];
        }
        check_alike(mean[3 * t + 1], sum / total, 1e-9);
        if (t != 8) assert_true(spread[3 * t + 1] < point / total && spread[3 * t + 1] > 0);
        assert_true(isnan(mean[3 * t + 2]) && isnan(spread[3 * t + 2]));
    }
    dosi_year_destroy(year);
}

static void an_areas_variance_is_that_of_the_network_that_is_there(void **state) {
    (void)state;
    dosi_year *year = create(1);
    double mean[3 * N_TIMES], spread[3 * N_TIMES], few_mean[3], few_spread[3];
    double *const out[2] = {mean, spread}, *const few_out[2] = {few_mean, few_spread};
    dosi_error err = {""};
    const dosi_run seven = {.n_threads = 7};
    CHECK_OK(dosi_year_find_areas(year, &targets, &areas, &seven, out, &err), err);
    for (size_t t = 0; t < N_TIMES; t++) {
        double x[N_SITES], y[N_SITES], z[N_SITES];
        size_t n = 0;
        for (size_t i = 0; i < N_SITES; i++) {
            if (isnan(values[t * N_SITES + i])) continue;
            x[n] = site_x[i];
            y[n] = site_y[i];
            z[n++] = values[t * N_SITES + i];
        }
        if (n == 0) continue;
        const dosi_sites present = {n, x, y};
        const dosi_year_data data = {&model, &present, z, 1, 1, NULL};
        dosi_year *small = NULL;
        CHECK_OK(dosi_year_create(&data, NULL, &small, &err), err);
        CHECK_OK(dosi_year_find_areas(small, &targets, &areas, NULL, few_out, &err), err);
        for (size_t a = 0; a < 2; a++) {
            CHECK_NEAR(mean[3 * t + a], few_mean[a], 1e-9);
            CHECK_NEAR(spread[3 * t + a], few_spread[a], 1e-9);
        }
        dosi_year_destroy(small);
    }
    dosi_year_destroy(year);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    make();
    dosi_error err = {""};
    dosi_year *year = NULL;
    const dosi_variogram linear = {
        .kind = DOSI_VARIOGRAM_LINEAR, .nugget = 1, .psill = 1, .range_m = 1000};
    const dosi_year_data no_sill = {&linear, &sites, values, N_TIMES, 1, NULL};
    CHECK_STATUS(dosi_year_create(&no_sill, NULL, &year, &err), DOSI_DOMAIN);
    site_x[1] = site_x[2];
    site_y[1] = site_y[2];
    const dosi_year_data twice = {&model, &sites, values, N_TIMES, 1, NULL};
    CHECK_STATUS(dosi_year_create(&twice, NULL, &year, &err), DOSI_DOMAIN);
    assert_null(year);
    dosi_year_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_is_the_one_that_kriging_draws),
        cmocka_unit_test(means_are_means_of_the_maps),
        cmocka_unit_test(counts_and_quantiles_are_those_of_the_maps),
        cmocka_unit_test(leaving_out_is_krigings),
        cmocka_unit_test(areas_are_means_of_their_targets),
        cmocka_unit_test(an_areas_variance_is_that_of_the_network_that_is_there),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
