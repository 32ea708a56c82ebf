// Goal: means of areas and of groups have the variance that dense linear algebra and simulated
// fields give them; the scale of a time, the memory of errors and people above a limit are what
// was put into simulated data.

#include "dosi/exposure.h"
#include "dosi/num.h"
#include "dosi/random.h"
#include "dosi/simulate.h"
#include "test.h"

enum { N_SITES = 9, N_TIMES = 24, N_TARGETS = 45, N_AREAS = 6, N_GROUPS = 8, N_PATTERNS = 5 };

static double site_x[N_SITES], site_y[N_SITES], values[N_TIMES * N_SITES];
static double target_x[N_TARGETS], target_y[N_TARGETS];
static const dosi_sites sites = {N_SITES, site_x, site_y};
static const dosi_sites targets = {N_TARGETS, target_x, target_y};
static const dosi_variogram wide = {
    .kind = DOSI_VARIOGRAM_SPHERICAL, .nugget = 1, .psill = 6, .range_m = 9000};
static const dosi_variogram model = {.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                     .nugget = 2,
                                     .psill = 20,
                                     .range_m = 4000,
                                     .nested = &wide};

/// Areas share targets; area 4 has none.
static const size_t area_start[N_AREAS + 1] = {0, 1, 9, 20, 31, 31, 45};
static uint32_t area_target[N_TARGETS];
static double area_weight[N_TARGETS];
static const dosi_year_areas areas = {N_AREAS, area_start, area_target, area_weight};

/// Each area, some, all.
static const size_t group_start[N_GROUPS + 1] = {0, 1, 2, 3, 4, 5, 6, 9, 15};
static const uint32_t group_area[] = {0, 1, 2, 3, 4, 5, 1, 3, 4, 0, 1, 2, 3, 4, 5};
static const dosi_exposure_groups groups = {N_GROUPS, group_start, group_area};

static uint32_t pattern_of[N_TIMES];
static double weight[N_PATTERNS * N_AREAS], away[N_PATTERNS * N_AREAS], home[N_PATTERNS];

/// Places, values with gaps, people.
static void make(void) {
    dosi_random random = dosi_random_init(test_seed(), 12);
    for (size_t i = 0; i < N_SITES; i++) {
        site_x[i] = 10000 * dosi_random_uniform(&random);
        site_y[i] = 10000 * dosi_random_uniform(&random);
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        target_x[k] = 10000 * dosi_random_uniform(&random);
        target_y[k] = 10000 * dosi_random_uniform(&random);
        area_target[k] = (uint32_t)(k % 40); // some are in two areas
        area_weight[k] = 0.2 + dosi_random_uniform(&random);
    }
    for (size_t t = 0; t < N_TIMES; t++) {
        uint32_t n_gone = dosi_random_below(&random, 5);
        pattern_of[t] = (uint32_t)(t % N_PATTERNS);
        for (size_t i = 0; i < N_SITES; i++) {
            values[t * N_SITES + i] = 30 + 6 * dosi_random_normal(&random);
        }
        for (uint32_t k = 0; k < n_gone; k++) {
            values[t * N_SITES + dosi_random_below(&random, N_SITES)] = NAN;
        }
    }
    for (size_t i = 0; i < N_SITES; i++) values[8 * N_SITES + i] = NAN; // no map
    for (size_t k = 0; k < N_PATTERNS * (size_t)N_AREAS; k++) {
        weight[k] = floor(1000 * dosi_random_uniform(&random));
        away[k] = floor(1000 * dosi_random_uniform(&random));
        home[k / N_AREAS] = 0.2 + 0.15 * (double)(k / N_AREAS);
    }
    weight[2] = NAN;
    weight[3] = 0;
}

static dosi_year *create_year(const dosi_variogram *of, size_t n_times) {
    const dosi_year_data data = {of, &sites, values, n_times, 2, NULL};
    dosi_year *year = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_year_create(&data, NULL, &year, &err), err);
    return year;
}

static dosi_exposure *create(const dosi_year *year) {
    dosi_exposure *exposure = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_create(year, &targets, &areas, NULL, &exposure, &err), err);
    return exposure;
}

// --- dense linear algebra ------------------------------------------------------------------

/// Solves A x = b by elimination with pivots; A and b are overwritten.
static void solve(double *a, double *b, size_t n) {
    for (size_t c = 0; c < n; c++) {
        size_t best = c;
        for (size_t r = c; r < n; r++) {
            if (fabs(a[r * n + c]) > fabs(a[best * n + c])) best = r;
        }
        for (size_t k = 0; k < n; k++) {
            double swapped = a[c * n + k];
            a[c * n + k] = a[best * n + k];
            a[best * n + k] = swapped;
        }
        double swapped = b[c];
        b[c] = b[best];
        b[best] = swapped;
        for (size_t r = 0; r < n; r++) {
            if (r == c) continue;
            double f = a[r * n + c] / a[c * n + c];
            for (size_t k = c; k < n; k++) a[r * n + k] -= f * a[c * n + k];
            b[r] -= f * b[c];
        }
    }
    for (size_t c = 0; c < n; c++) b[c] /= a[c * n + c];
}

static double covariance(double dx, double dy, bool has_nugget) {
    double sill = 29 - (has_nugget ? 0 : 3), apart = hypot(dx, dy);
    return apart > 0 ? 29 - dosi_variogram_value(&model, apart) : sill;
}

/// Prediction and variance of a linear function `q` of the targets at time `t`, by one kriging
/// system per target and the full covariance of their errors.
static void krige_dense(size_t t, const double *q, double *mean, double *variance) {
    static double weights[N_TARGETS][N_SITES], c[N_TARGETS][N_SITES];
    size_t at[N_SITES], n = 0;
    *mean = *variance = 0;
    for (size_t i = 0; i < N_SITES; i++) {
        if (!isnan(values[t * N_SITES + i])) at[n++] = i;
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        double a[(N_SITES + 1) * (N_SITES + 1)], b[N_SITES + 1];
        for (size_t i = 0; i <= n; i++) {
            for (size_t j = 0; j <= n; j++) {
                bool is_edge = i == n || j == n;
                a[i * (n + 1) + j] = is_edge ? (i == j ? 0 : 1)
                                             : covariance(site_x[at[i]] - site_x[at[j]],
                                                          site_y[at[i]] - site_y[at[j]], true);
            }
            b[i] = i == n ? 1
                          : covariance(target_x[k] - site_x[at[i]], target_y[k] - site_y[at[i]],
                                       true);
            if (i < n) c[k][i] = b[i];
        }
        solve(a, b, n + 1);
        for (size_t i = 0; i < n; i++) {
            weights[k][i] = b[i];
            *mean += q[k] * b[i] * values[t * N_SITES + at[i]];
        }
    }
    for (size_t k = 0; k < N_TARGETS; k++) {
        for (size_t l = 0; l < N_TARGETS; l++) {
            double e = covariance(target_x[k] - target_x[l], target_y[k] - target_y[l], false);
            for (size_t i = 0; i < n; i++) {
                e -= weights[k][i] * c[l][i] + weights[l][i] * c[k][i];
                for (size_t j = 0; j < n; j++) {
                    e += weights[k][i] * weights[l][j] *
                         covariance(site_x[at[i]] - site_x[at[j]],
                                    site_y[at[i]] - site_y[at[j]], true);
                }
            }
            *variance += q[k] * q[l] * e;
        }
    }
}

/// Adds `share` of area `a` to a linear function of the targets.
static void add_area(size_t a, double share, double *q) {
    double total = 0;
    for (size_t k = area_start[a]; k < area_start[a + 1]; k++) total += area_weight[k];
    for (size_t k = area_start[a]; k < area_start[a + 1]; k++) {
        q[area_target[k]] += share * area_weight[k] / total;
    }
}

/// Adds areas weighted by people; false without people.
static bool add_areas(
    const double *people, const uint32_t *list, size_t n, double share, double *q) {
    double total = 0;
    for (size_t k = 0; k < n; k++) {
        if (people[list[k]] > 0 && list[k] != 4) total += people[list[k]];
    }
    if (!(total > 0)) return false;
    for (size_t k = 0; k < n; k++) {
        if (people[list[k]] > 0 && list[k] != 4) {
            add_area(list[k], share * people[list[k]] / total, q);
        }
    }
    return true;
}

static void check_groups(bool moves) {
    make();
    dosi_year *year = create_year(&model, N_TIMES);
    dosi_exposure *exposure = create(year);
    double mean[N_TIMES * N_GROUPS], variance[N_TIMES * N_GROUPS],
        counted[N_PATTERNS * N_GROUPS];
    const dosi_exposure_people people = {N_PATTERNS, pattern_of, weight, moves ? home : NULL,
                                         moves ? away : NULL};
    const dosi_exposure_result result = {mean, variance, counted};
    static const uint32_t everywhere[] = {0, 1, 2, 3, 4, 5};
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_find_groups(exposure, &people, &groups, NULL, &result, &err), err);
    for (size_t t = 0; t < N_TIMES; t++) {
        size_t p = pattern_of[t] * (size_t)N_AREAS;
        double stays = moves ? home[pattern_of[t]] : 1;
        for (size_t g = 0; g < N_GROUPS; g++) {
            double q[N_TARGETS] = {0}, expected[2];
            size_t start = group_start[g], k = t * N_GROUPS + g;
            bool is_there =
                add_areas(weight + p, group_area + start, group_start[g + 1] - start, stays, q);
            if (!is_there || t == 8) {
                assert_true(isnan(mean[k]) && isnan(variance[k]));
                continue;
            }
            if (moves) assert_true(add_areas(away + p, everywhere, N_AREAS, 1 - stays, q));
            krige_dense(t, q, &expected[0], &expected[1]);
            CHECK_NEAR(mean[k] / expected[0], 1, 1e-9);
            CHECK_NEAR(variance[k] / expected[1], 1, 1e-9);
        }
    }
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
}

static void groups_have_the_variance_of_dense_algebra(void **state) {
    (void)state;
    check_groups(false);
}

static void people_who_move_have_the_variance_of_dense_algebra(void **state) {
    (void)state;
    check_groups(true);
}

static void an_area_alone_is_what_the_year_says(void **state) {
    (void)state;
    make();
    dosi_year *year = create_year(&model, N_TIMES);
    dosi_exposure *exposure = create(year);
    double mean[N_TIMES * N_AREAS], variance[N_TIMES * N_AREAS];
    double *const out[2] = {mean, variance};
    dosi_error err = {""};
    CHECK_OK(dosi_year_find_areas(year, &targets, &areas, NULL, out, &err), err);
    size_t full = SIZE_MAX;
    for (size_t t = 0; t < N_TIMES; t++) {
        bool is_full = true;
        for (size_t i = 0; i < N_SITES; i++) {
            is_full = is_full && !isnan(values[t * N_SITES + i]);
        }
        if (is_full) full = t;
    }
    assert_true(full != SIZE_MAX);
    for (size_t a = 0; a < N_AREAS; a++) {
        if (a == 4) {
            assert_true(isnan(dosi_exposure_covariance(exposure, 4, 4)));
            assert_true(isnan(dosi_exposure_covariance(exposure, 0, 4)));
            continue;
        }
        CHECK_NEAR(dosi_exposure_covariance(exposure, a, a) / variance[full * N_AREAS + a], 1,
                   1e-10);
    }
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
}

// --- simulated fields ----------------------------------------------------------------------

/// Fields at sites (first) and targets, simulated with all others as neighbours; no nugget.
static const dosi_variogram smooth = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .psill = 20, .range_m = 4000};
enum { N_BOTH = N_SITES + N_TARGETS };

static double *simulate_fields(size_t n_fields) {
    double x[N_BOTH], y[N_BOTH];
    for (size_t i = 0; i < N_BOTH; i++) {
        x[i] = i < N_SITES ? site_x[i] : target_x[i - N_SITES];
        y[i] = i < N_SITES ? site_y[i] : target_y[i - N_SITES];
    }
    const dosi_sites none = {0, x, y}, both = {N_BOTH, x, y};
    const dosi_simulation problem = {.model = &smooth,
                                     .sites = &none,
                                     .values = x,
                                     .mean = 50,
                                     .n_nearest = N_BOTH,
                                     .n_realisations = n_fields,
                                     .seed = test_seed() + 5};
    double *fields = malloc(n_fields * N_BOTH * sizeof *fields);
    dosi_error err = {""};
    CHECK_OK(dosi_simulate(&problem, &both, NULL, fields, &err), err);
    return fields;
}

/// Mean of an area in a field.
static double true_area(const double *field, size_t a) {
    double q[N_TARGETS] = {0}, sum = 0;
    add_area(a, 1, q);
    for (size_t k = 0; k < N_TARGETS; k++) sum += q[k] * field[N_SITES + k];
    return sum;
}

static void simulated_fields_have_these_errors(void **state) {
    (void)state;
    enum { N_FIELDS = 3000 };
    make();
    double *fields = simulate_fields(N_FIELDS), sums[3] = {0}, cells = 0;
    double *data = malloc((size_t)N_FIELDS * N_SITES * sizeof *data);
    double *mean = malloc(2 * (size_t)N_FIELDS * N_GROUPS * sizeof *mean);
    uint32_t *patterns = calloc(N_FIELDS, sizeof *patterns);
    for (size_t k = 0; k < (size_t)N_FIELDS * N_SITES; k++) {
        data[k] = fields[k / N_SITES * N_BOTH + k % N_SITES];
    }
    const dosi_year_data year_data = {&smooth, &sites, data, N_FIELDS, 2, NULL};
    dosi_year *year = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_year_create(&year_data, NULL, &year, &err), err);
    dosi_exposure *exposure = create(year);
    const dosi_exposure_people people = {1, patterns, weight + N_AREAS, NULL, NULL};
    const dosi_exposure_result result = {mean, mean + (size_t)N_FIELDS * N_GROUPS, NULL};
    CHECK_OK(dosi_exposure_find_groups(exposure, &people, &groups, NULL, &result, &err), err);
    const size_t city = N_GROUPS - 1;
    double total = 0;
    for (size_t a = 0; a < N_AREAS; a++) total += a == 4 ? 0 : weight[N_AREAS + a];
    for (size_t f = 0; f < N_FIELDS; f++) {
        double truth = 0, own;
        for (size_t a = 0; a < N_AREAS; a++) {
            if (a != 4)
                truth += weight[N_AREAS + a] / total * true_area(fields + f * N_BOTH, a);
        }
        own = truth - mean[f * N_GROUPS + city];
        sums[0] += own * own / result.variance[f * N_GROUPS + city] / N_FIELDS;
        own = true_area(fields + f * N_BOTH, 2) - mean[f * N_GROUPS + 2];
        sums[1] += own * own / result.variance[f * N_GROUPS + 2] / N_FIELDS;
    }
    for (size_t a = 0; a < N_AREAS; a++) { // as if areas were independent
        if (a == 4) continue;
        double share = weight[N_AREAS + a] / total;
        cells += share * share * dosi_exposure_covariance(exposure, a, a);
    }
    double sd = sqrt(2.0 / N_FIELDS);
    CHECK_NEAR(sums[0], 1, 4 * sd);
    CHECK_NEAR(sums[1], 1, 4 * sd);
    assert_true(fabs(cells / result.variance[city] - 1) > 10 * sd); // it matters
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
    free(fields);
    free(data);
    free(mean);
    free(patterns);
}

/// Values of `n` times, rough by `scale`, lasting with `memory`: each time mixes a lasting
/// field, one that decays, and a new one.
static double *simulate_times(size_t n,
                              const double *scale,
                              const dosi_exposure_memory *memory) {
    double *fields = simulate_fields(n + 1), *out = malloc(n * N_BOTH * sizeof *out);
    double fresh = sqrt(1 - memory->lasting - memory->slow), slow[N_BOTH] = {0};
    double decay = exp(-1 / memory->time);
    for (size_t t = 0; t < n; t++) {
        const double *now = fields + t * N_BOTH, *lasting = fields + n * N_BOTH;
        // The field at another time, turned about, stands for an independent one.
        const double *next = fields + (t * 7919 + 13) % n * N_BOTH;
        for (size_t i = 0; i < N_BOTH; i++) {
            double step = now[i] - 50;
            slow[i] = t == 0 ? step : decay * slow[i] + sqrt(1 - decay * decay) * step;
            double value = sqrt(memory->lasting) * (lasting[i] - 50) +
                           sqrt(memory->slow) * slow[i] + fresh * (next[i] - 50);
            out[t * N_BOTH + i] = 50 + (scale ? sqrt(scale[t]) : 1) * value;
        }
    }
    free(fields);
    return out;
}

static dosi_year *create_long(const double *fields, size_t n) {
    double *data = malloc(n * N_SITES * sizeof *data);
    for (size_t k = 0; k < n * N_SITES; k++) {
        data[k] = fields[k / N_SITES * N_BOTH + k % N_SITES];
    }
    const dosi_year_data year_data = {&smooth, &sites, data, n, 2, NULL};
    dosi_year *year = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_year_create(&year_data, NULL, &year, &err), err);
    free(data);
    return year;
}

static void the_scale_of_every_time_is_found(void **state) {
    (void)state;
    enum { N_LONG = 2000 };
    static double truth[N_LONG], scale[N_LONG], freedom[N_LONG];
    const dosi_exposure_memory none = {0, 0, 1};
    dosi_random random = dosi_random_init(test_seed(), 9);
    make();
    for (size_t t = 0; t < N_LONG; t++) { // 12 / chi-squared of 12, times 2
        double chi = 0;
        for (size_t i = 0; i < 12; i++) {
            double z = dosi_random_normal(&random);
            chi += z * z;
        }
        truth[t] = 2 * 12 / chi;
    }
    double *fields = simulate_times(N_LONG, truth, &none);
    dosi_year *year = create_long(fields, N_LONG);
    dosi_exposure_scales scales = {.scale = scale, .freedom = freedom};
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_find_scales(year, &scales, &err), err);
    CHECK_NEAR(scales.prior, 2, 0.2);
    assert_true(scales.prior_freedom > 7 && scales.prior_freedom < 25);
    CHECK_NEAR(freedom[7], scales.prior_freedom + N_SITES - 1, 1e-9);
    double ratio = 0, square[2] = {0};
    for (size_t t = 0; t < N_LONG; t++) {
        ratio += truth[t] / scale[t] / N_LONG;
        square[0] += (truth[t] - scale[t]) * (truth[t] - scale[t]) / N_LONG;
        square[1] += (truth[t] - 2.4) * (truth[t] - 2.4) / N_LONG; // one scale for all
    }
    CHECK_NEAR(ratio, 1, 0.08);
    dosi_krige_score scaled, plain;
    CHECK_OK(dosi_exposure_score(year, &scales, NULL, &scaled, &err), err);
    CHECK_OK(dosi_exposure_score(year, NULL, NULL, &plain, &err), err);
    CHECK_NEAR(scaled.coverage_95, 0.95, 0.01);
    CHECK_NEAR(scaled.msdr, 1, 0.06);
    assert_true(plain.coverage_95 < 0.87 && plain.msdr > 2); // errors twice what the model says
    CHECK_NEAR(scaled.rmse, plain.rmse, 1e-12);
    assert_true(square[0] < 0.75 * square[1]);
    dosi_year_destroy(year);
    free(fields);
}

static void times_that_are_alike_have_one_scale(void **state) {
    (void)state;
    enum { N_LONG = 1500 };
    static double scale[N_LONG], freedom[N_LONG];
    const dosi_exposure_memory none = {0, 0, 1};
    make();
    double *fields = simulate_times(N_LONG, NULL, &none);
    dosi_year *year = create_long(fields, N_LONG);
    dosi_exposure_scales scales = {.scale = scale, .freedom = freedom};
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_find_scales(year, &scales, &err), err);
    CHECK_NEAR(scales.prior, 1, 0.1);
    assert_true(scales.prior_freedom > 60);
    dosi_year_destroy(year);
    free(fields);
}

static void errors_remember_as_they_were_made_to(void **state) {
    (void)state;
    enum { N_LONG = 3000 };
    const dosi_exposure_memory truth = {0, 0.6, 8};
    dosi_exposure_memory found;
    dosi_error err = {""};
    make();
    double *fields = simulate_times(N_LONG, NULL, &truth);
    dosi_year *year = create_long(fields, N_LONG);
    CHECK_OK(dosi_exposure_find_memory(year, NULL, NULL, &found, &err), err);
    CHECK_NEAR(found.lasting, 0, 0.05);
    CHECK_NEAR(found.slow, 0.6, 0.08);
    CHECK_NEAR(found.time, 8, 2);
    dosi_year_destroy(year);
    free(fields);
}

static void means_over_periods_have_the_variance_of_all_pairs(void **state) {
    (void)state;
    enum { N_LONG = 60, N_OF = 2 };
    const dosi_exposure_memory memory = {0.1, 0.5, 6};
    double mean[N_LONG * N_OF], sd[N_LONG * N_OF], out[2][3 * N_OF];
    uint32_t period_of[N_LONG];
    double *const result[2] = {out[0], out[1]};
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (size_t k = 0; k < N_LONG * (size_t)N_OF; k++) {
        mean[k] = 10 + dosi_random_normal(&random);
        sd[k] = 1 + dosi_random_uniform(&random);
        if (k % 11 == 3) mean[k] = NAN;
        period_of[k / N_OF] = k / N_OF % 7 == 0 ? UINT32_MAX : (uint32_t)(k / N_OF % 2);
    }
    const dosi_year_periods periods = {3, period_of}; // they take turns; the last is empty
    const dosi_exposure_series series = {N_LONG, N_OF, mean, sd};
    dosi_error err = {""};
    CHECK_OK(dosi_exposure_find_periods(&memory, &periods, &series, result, &err), err);
    for (size_t p = 0; p < 2; p++) {
        for (size_t g = 0; g < N_OF; g++) {
            double n = 0, sum = 0, all = 0;
            for (size_t t = 0; t < N_LONG; t++) {
                if (period_of[t] != p || isnan(mean[t * N_OF + g])) continue;
                n += 1;
                sum += mean[t * N_OF + g];
                for (size_t u = 0; u < N_LONG; u++) {
                    if (period_of[u] != p || isnan(mean[u * N_OF + g])) continue;
                    double lag = fabs((double)t - (double)u);
                    double rho = t == u ? 1 : 0.1 + 0.5 * exp(-lag / 6);
                    all += sd[t * N_OF + g] * sd[u * N_OF + g] * rho;
                }
            }
            CHECK_NEAR(out[0][p * N_OF + g], sum / n, 1e-12);
            CHECK_NEAR(out[1][p * N_OF + g], all / (n * n), 1e-12);
        }
    }
    assert_true(isnan(out[0][2 * N_OF]) && isnan(out[1][2 * N_OF + 1]));
}

// --- people above --------------------------------------------------------------------------

/// Shares of all groups at all times on `n_threads` threads.
static void find_above(const dosi_exposure *exposure,
                       dosi_exposure_limit limit,
                       int n_threads,
                       double *out) {
    const dosi_exposure_people people = {N_PATTERNS, pattern_of, weight, NULL, NULL};
    const size_t n = (size_t)N_TIMES * N_GROUPS;
    const dosi_exposure_above above = {out, out + n, out + 2 * n, out + 3 * n};
    const dosi_run run = {.n_threads = n_threads};
    dosi_error err = {""};
    limit.people = &people;
    limit.groups = &groups;
    dosi_status expected = limit.n_draws < 40 ? DOSI_DOMAIN : DOSI_OK;
    CHECK_STATUS(dosi_exposure_find_above(exposure, &limit, &run, &above, &err), expected);
}

static void people_above_are_expected_and_drawn_alike(void **state) {
    (void)state;
    enum { N = N_TIMES * N_GROUPS };
    static double one[4 * N], seven[4 * N], scale[N_TIMES], freedom[N_TIMES];
    make();
    for (size_t t = 0; t < N_TIMES; t++) {
        scale[t] = 0.5 + (double)t / N_TIMES;
        freedom[t] = 8;
    }
    dosi_year *year = create_year(&model, N_TIMES);
    dosi_exposure *exposure = create(year);
    const dosi_exposure_limit limit = {NULL, NULL, 30, scale, freedom, 4000, 3};
    find_above(exposure, limit, 1, one);
    find_above(exposure, limit, 7, seven);
    assert_memory_equal(one, seven, sizeof one);
    for (size_t t = 0; t < N_TIMES; t++) {
        for (size_t g = 0; g < N_GROUPS; g++) {
            size_t k = t * N_GROUPS + g;
            double p = one[k], sd = one[N + k];
            if (isnan(p)) {
                assert_true(t == 8 || g == 4 || g == 2 || g == 3);
                continue;
            }
            assert_true(p >= 0 && p <= 1 && one[2 * N + k] <= one[3 * N + k]);
            // One area: a coin, so that the draws' spread is known from what is expected.
            if (g < N_AREAS) CHECK_NEAR(sd, sqrt(p * (1 - p)), 0.02);
        }
    }
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
}

static void far_from_the_limit_nobody_or_everybody_is_above(void **state) {
    (void)state;
    enum { N = N_TIMES * N_GROUPS };
    static double out[4 * N];
    static const double limits[2] = {-1000, 1000};
    make();
    dosi_year *year = create_year(&model, N_TIMES);
    dosi_exposure *exposure = create(year);
    for (size_t i = 0; i < 2; i++) {
        const dosi_exposure_limit limit = {NULL, NULL, limits[i], NULL, NULL, 40, 3};
        find_above(exposure, limit, 2, out);
        for (size_t k = 0; k < N; k++) {
            if (isnan(out[k])) continue;
            CHECK_NEAR(out[k], i == 0 ? 1 : 0, 1e-12);
            CHECK_NEAR(out[N + k], 0, 0);
            CHECK_NEAR(out[2 * N + k], i == 0 ? 1 : 0, 0);
        }
    }
    const dosi_exposure_limit few = {.n_draws = 3};
    find_above(exposure, few, 1, out); // refused
    dosi_exposure_destroy(exposure);
    dosi_year_destroy(year);
}

static void students_distribution_is_the_tables(void **state) {
    (void)state;
    // R 4.2: qt(), pt().
    CHECK_NEAR(dosi_student_quantile(10, 0.975), 2.22813885198627393, 1e-12);
    CHECK_NEAR(dosi_student_quantile(3, 0.025), -3.18244630528370909, 1e-12);
    CHECK_NEAR(dosi_student_quantile(30, 0.975), 2.04227245630123777, 1e-12);
    CHECK_NEAR(dosi_student_quantile(1, 0.75), 1, 1e-12);
    CHECK_NEAR(dosi_student_quantile(1e9, 0.975), 1.959963984540054, 1e-6);
    CHECK_NEAR(dosi_student_cdf(5, 1.5), 0.90304815987876341, 1e-12);
    CHECK_NEAR(dosi_student_cdf(2, 0), 0.5, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_have_the_variance_of_dense_algebra),
        cmocka_unit_test(people_who_move_have_the_variance_of_dense_algebra),
        cmocka_unit_test(an_area_alone_is_what_the_year_says),
        cmocka_unit_test(simulated_fields_have_these_errors),
        cmocka_unit_test(the_scale_of_every_time_is_found),
        cmocka_unit_test(times_that_are_alike_have_one_scale),
        cmocka_unit_test(errors_remember_as_they_were_made_to),
        cmocka_unit_test(means_over_periods_have_the_variance_of_all_pairs),
        cmocka_unit_test(people_above_are_expected_and_drawn_alike),
        cmocka_unit_test(far_from_the_limit_nobody_or_everybody_is_above),
        cmocka_unit_test(students_distribution_is_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
