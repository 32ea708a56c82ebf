// Goal: variograms and kriging of the meuse data agree with gstat 2.1-0 (Debian r-cran-gstat),
// whose printed results are in ../shared/reference/air/gstat/meuse_ref.out.

#include "dosi/num.h"
#include "dosi/spatial.h"
#include "test.h"

enum { N_SITES = 155, N_CELLS = 3103 };

static double site_x[N_SITES], site_y[N_SITES], log_zinc[N_SITES];
static double cell_x[N_CELLS], cell_y[N_CELLS];
static double prediction[N_CELLS], variance[N_CELLS];

/// Reads column `i_column` (from 0) of every data row; how many rows there were.
static size_t read_columns(const char *name, const int *columns, double *const *out, size_t n) {
    const char *path = test_shared(name);
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (!file) return 0;
    char line[1024];
    size_t n_rows = 0;
    assert_non_null(fgets(line, sizeof line, file));
    while (n_rows < n && fgets(line, sizeof line, file)) {
        int i_column = 0;
        for (char *at = line; at; i_column++) {
            for (int k = 0; columns[k] >= 0; k++) {
                if (columns[k] == i_column) out[k][n_rows] = strtod(at, NULL);
            }
            at = strchr(at, ',');
            if (at) at++;
        }
        n_rows++;
    }
    (void)fclose(file);
    return n_rows;
}

static bool load(void) {
    const int site_columns[] = {0, 1, 5, -1};
    double *const site_out[] = {site_x, site_y, log_zinc};
    size_t n = read_columns("reference/air/gstat/meuse.csv", site_columns, site_out, N_SITES);
    if (n == 0) return false;
    assert_int_equal(n, N_SITES);
    const int cell_columns[] = {0, 1, -1};
    double *const cell_out[] = {cell_x, cell_y};
    n = read_columns("reference/air/gstat/meuse_grid.csv", cell_columns, cell_out, N_CELLS);
    assert_int_equal(n, N_CELLS);
    for (size_t i = 0; i < N_SITES; i++) log_zinc[i] = log(log_zinc[i]);
    return true;
}

static const dosi_sites sites = {N_SITES, site_x, site_y};
static const dosi_sites cells = {N_CELLS, cell_x, cell_y};
static const dosi_variogram gstat_fit = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                         .nugget = 0.0506624268192,
                                         .psill = 0.5906078022101,
                                         .range_m = 897.020909797};

static double sum_of(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

static void sample_variogram_equals_gstat(void **state) {
    (void)state;
    if (!load()) return;
    static const double gstat[15][3] = {
        {57, 79.2924374558, 0.123447934906},    {299, 163.9736655589, 0.216218485297},
        {419, 267.3648276703, 0.302785875595},  {457, 372.7354223908, 0.412144760382},
        {547, 478.4766950471, 0.463412786178},  {533, 585.3405810954, 0.564693270655},
        {574, 693.1452555425, 0.568968263208},  {564, 796.1836488513, 0.618676858688},
        {589, 903.1464983003, 0.647147887486},  {543, 1011.2917733909, 0.691570488112},
        {500, 1117.8623455182, 0.703398350536}, {477, 1221.3280987660, 0.603877036499},
        {452, 1329.1640650698, 0.651715776235}, {457, 1437.2562032833, 0.566531778306},
        {415, 1543.2024819997, 0.574822734068},
    };
    dosi_error err;
    dosi_variogram_bin bins[15];
    CHECK_OK(dosi_variogram_sample(&sites, log_zinc, 1, NULL, bins, &err), err);
    for (size_t b = 0; b < 15; b++) {
        CHECK_NEAR(bins[b].n_pairs, gstat[b][0], 0);
        CHECK_NEAR(bins[b].distance_m, gstat[b][1], 1e-10 * 1000); // printed to 10 decimals
        CHECK_NEAR(bins[b].gamma, gstat[b][2], 1e-11 * gstat[b][2] + 5e-13);
    }
}

static void fits_are_at_least_as_good_as_gstat(void **state) {
    (void)state;
    if (!load()) return;
    static const struct {
        dosi_variogram_kind kind;
        double kappa, error, nugget, psill, range_m;
    } fits[] = {
        {DOSI_VARIOGRAM_SPHERICAL, 0, 9.01119439893e-06, 0.0506624268, 0.5906078022,
         897.020909797},
        {DOSI_VARIOGRAM_EXPONENTIAL, 0, 1.62832753721e-05, 0, 0.71865258039, 449.758002536},
        {DOSI_VARIOGRAM_MATERN, 0.3, 5.3876953343e-05, 0, 1.04494140995, 1740.23758705},
        {DOSI_VARIOGRAM_MATERN, 0.5, 1.62832753718e-05, 0, 0.718652599131, 449.758025131},
        {DOSI_VARIOGRAM_MATERN, 1.5, 1.09812381712e-05, 0.0950634253, 0.5673506590,
         201.192657297},
    };
    dosi_error err;
    dosi_variogram_bin bins[15];
    CHECK_OK(dosi_variogram_sample(&sites, log_zinc, 1, NULL, bins, &err), err);
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        dosi_variogram model = {.kind = fits[i].kind, .kappa = fits[i].kappa};
        double error = 0;
        CHECK_OK(dosi_variogram_fit(bins, 15, DOSI_VARIOGRAM_PAIRS_H2, &model, &error, &err),
                 err);
        CHECK_NEAR(fmax(error, fits[i].error), fits[i].error, 1e-6 * fits[i].error);
        // Where the optimum is flat (kappa 0.3), the better error comes at another range.
        double tolerance = fits[i].kappa == 0.3 ? 2e-3 : 1e-4;
        CHECK_NEAR(model.nugget, fits[i].nugget, tolerance * fits[i].psill);
        CHECK_NEAR(model.psill, fits[i].psill, tolerance * fits[i].psill);
        CHECK_NEAR(model.range_m, fits[i].range_m, tolerance * fits[i].range_m);
    }
}

static void global_kriging_equals_gstat(void **state) {
    (void)state;
    if (!load()) return;
    static const struct {
        size_t cell;
        double prediction, variance;
    } gstat[] = {
        {1, 6.49962408413, 0.319808388557},    {100, 6.48931258850, 0.126606691881},
        {500, 6.45944394898, 0.135375445541},  {1000, 5.56739265541, 0.163991043789},
        {1500, 4.95847774197, 0.191498064197}, {2000, 6.61763597100, 0.162609686357},
        {2500, 5.31132109160, 0.207088774405}, {3103, 6.42416093578, 0.236779950472},
    };
    dosi_error err;
    const dosi_krige problem = {
        .model = &gstat_fit, .sites = &sites, .values = log_zinc, .n_maps = 1, .n_nearest = 0};
    CHECK_OK(dosi_krige_predict(&problem, &cells, NULL, prediction, variance, &err), err);
    for (size_t i = 0; i < sizeof gstat / sizeof gstat[0]; i++) {
        size_t c = gstat[i].cell - 1;
        CHECK_NEAR(prediction[c], gstat[i].prediction, 1e-9 * gstat[i].prediction);
        CHECK_NEAR(variance[c], gstat[i].variance, 1e-9 * gstat[i].variance);
    }
    CHECK_NEAR(sum_of(prediction, N_CELLS), 17709.5307264, 1e-9 * 17709.5);
    CHECK_NEAR(sum_of(variance, N_CELLS), 575.084987695, 1e-9 * 575);
}

static void local_kriging_equals_gstat(void **state) {
    (void)state;
    if (!load()) return;
    dosi_error err;
    const dosi_krige problem = {
        .model = &gstat_fit, .sites = &sites, .values = log_zinc, .n_maps = 1, .n_nearest = 20};
    CHECK_OK(dosi_krige_predict(&problem, &cells, NULL, prediction, variance, &err), err);
    CHECK_NEAR(prediction[0], 6.54692213405, 1e-9 * 6.5);
    CHECK_NEAR(variance[0], 0.344661991758, 1e-9 * 0.34);
    CHECK_NEAR(sum_of(prediction, N_CELLS), 17651.8805567, 1e-9 * 17651);
    CHECK_NEAR(sum_of(variance, N_CELLS), 586.453744972, 1e-9 * 586);
}

static void leave_one_out_equals_gstat(void **state) {
    (void)state;
    if (!load()) return;
    dosi_error err;
    const dosi_krige problem = {
        .model = &gstat_fit, .sites = &sites, .values = log_zinc, .n_maps = 1, .n_nearest = 0};
    CHECK_OK(dosi_krige_leave_one_out(&problem, NULL, prediction, variance, &err), err);
    dosi_krige_score score = dosi_krige_score_of(log_zinc, prediction, variance, N_SITES);
    assert_int_equal(score.n, N_SITES);
    CHECK_NEAR(score.me, -2.07358610293e-05, 1e-12);
    CHECK_NEAR(score.mae, 0.292151532018, 1e-9);
    CHECK_NEAR(score.rmse, 0.391803506866, 1e-9);
    CHECK_NEAR(score.msdr, 0.81854558084, 1e-9);
    CHECK_NEAR(score.correlation, 0.839347776371, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_variogram_equals_gstat),
        cmocka_unit_test(fits_are_at_least_as_good_as_gstat),
        cmocka_unit_test(global_kriging_equals_gstat),
        cmocka_unit_test(local_kriging_equals_gstat),
        cmocka_unit_test(leave_one_out_equals_gstat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
