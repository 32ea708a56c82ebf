// Checker: kriging of random stations onto 500 x 500 cells of 100 m. References: checksums on
// which gstat 2.1-0, PyKrige and a third program agree to 13 digits; exponential model, partial
// sill 50, range 8 km, nugget 1.

#include "cli/verify.h"
#include "dosi/num.h"
#include "dosi/spatial.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE = 500, N_CELLS = SIDE * SIDE, CELL_M = 100 };

static const dosi_variogram model = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .nugget = 1, .psill = 50, .range_m = 8000};

/// A run with its reference. `n_nearest` 0: global.
typedef struct reference {
    size_t n_sites;
    double sum_of_values; ///< Tells whether these are the stations that the sums are of.
    size_t n_nearest;
    double prediction, variance;
    double block_m; ///< 0: points.
} reference;

static const reference references[] = {
    {1000, 19914.2925071, 32, 4966334.84496798, 1764271.85218431, 0},
    {1000, 19914.2925071, 32, 4966334.82912257, 1435673.52405563, 100},
    {1000, 19914.2925071, 50, 4966531.37779848, 1763611.39095186, 0},
    {500, 9791.75312178, 0, 4991164.45334962, 2277496.61866432, 0},
    {1000, 19914.2925071, 0, 4966638.18058158, 1763190.03872868, 0},
};
enum { N_REFERENCES = sizeof references / sizeof references[0] };

/// Leave-one-out: as above, with the RMSE that gstat's krige.cv() prints.
static const struct {
    size_t n_sites, n_nearest;
    double rmse;
} left_out[] = {{1000, 32, 1.149141823}, {500, 0, 1.157526386}};

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "x,y,z") == 3;
}

/// Centres of the cells: x in the first half, y in the second.
static double *make_cells(void) {
    double *xy = malloc((size_t)2 * N_CELLS * sizeof *xy);
    for (size_t c = 0; c < N_CELLS && xy; c++) {
        xy[c] = CELL_M * ((double)(c % SIDE) + 0.5);
        size_t row = c / SIDE;
        xy[N_CELLS + c] = CELL_M * ((double)row + 0.5);
    }
    return xy;
}

static double total(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

/// One reference run.
static dosi_status check_sums(dosi_verify *verify,
                              const dosi_verify_file *file,
                              const dosi_krige *problem,
                              const reference *expected,
                              dosi_error *err) {
    char search[32], what[80];
    double *cells = make_cells();
    double *prediction = malloc((size_t)2 * N_CELLS * sizeof *prediction);
    dosi_status status = cells && prediction
                             ? DOSI_OK
                             : dosi_fail(err, DOSI_NO_MEMORY, "no memory for the cells");
    if (status == DOSI_OK) {
        const dosi_sites targets = {N_CELLS, cells, cells + N_CELLS};
        status = dosi_krige_predict(problem, &targets, verify->run, prediction,
                                    prediction + N_CELLS, err);
    }
    if (status == DOSI_OK) {
        (void)snprintf(search, sizeof search, "%zu nearest%s", problem->n_nearest,
                       problem->block_m[0] > 0 ? ", blocks" : "");
        (void)snprintf(what, sizeof what, "%s: sum of predictions",
                       problem->n_nearest ? search : "global");
        const dosi_verify_case sum = {what, expected->prediction, total(prediction, N_CELLS),
                                      1e-10, DOSI_VERIFY_RELATIVE};
        dosi_verify_add(verify, file, &sum);
        (void)snprintf(what, sizeof what, "%s: sum of variances",
                       problem->n_nearest ? search : "global");
        const dosi_verify_case spread = {what, expected->variance,
                                         total(prediction + N_CELLS, N_CELLS), 1e-10,
                                         DOSI_VERIFY_RELATIVE};
        dosi_verify_add(verify, file, &spread);
    }
    free(prediction);
    free(cells);
    return status;
}

static dosi_status check_left_out(dosi_verify *verify,
                                  const dosi_verify_file *file,
                                  const dosi_krige *problem,
                                  double expected,
                                  dosi_error *err) {
    size_t n = problem->sites->n;
    double *prediction = malloc(2 * n * sizeof *prediction);
    if (!prediction) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu sites", n);
    dosi_status status =
        dosi_krige_leave_one_out(problem, verify->run, prediction, prediction + n, err);
    if (status == DOSI_OK) {
        char what[80];
        (void)snprintf(what, sizeof what, "leave-one-out, %zu nearest (0: global): RMSE",
                       problem->n_nearest);
        dosi_krige_score score =
            dosi_krige_score_of(problem->values, prediction, prediction + n, n);
        const dosi_verify_case item = {what, expected, score.rmse, 1e-9, DOSI_VERIFY_RELATIVE};
        dosi_verify_add(verify, file, &item);
    }
    free(prediction);
    return status;
}

/// All references of these stations; notes when there are none.
static dosi_status check_stations(dosi_verify *verify,
                                  const dosi_verify_file *file,
                                  const dosi_sites *sites,
                                  const double *z,
                                  dosi_error *err) {
    bool is_known = false;
    for (size_t i = 0; i < N_REFERENCES; i++) {
        const reference *r = &references[i];
        if (r->n_sites != sites->n) continue;
        if (fabs(total(z, sites->n) - r->sum_of_values) > 1e-6) continue;
        const dosi_krige problem = {.model = &model,
                                    .sites = sites,
                                    .values = z,
                                    .n_maps = 1,
                                    .n_nearest = r->n_nearest,
                                    .block_m = {r->block_m, r->block_m}};
        is_known = true;
        DOSI_TRY(check_sums(verify, file, &problem, r, err));
    }
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0] && is_known; i++) {
        if (left_out[i].n_sites != sites->n) continue;
        const dosi_krige problem = {.model = &model,
                                    .sites = sites,
                                    .values = z,
                                    .n_maps = 1,
                                    .n_nearest = left_out[i].n_nearest};
        DOSI_TRY(check_left_out(verify, file, &problem, left_out[i].rmse, err));
    }
    if (!is_known) {
        dosi_verify_note(verify, file, "%zu stations that no reference is known for", sites->n);
    }
    return DOSI_OK;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    static const char *const names[] = {"x", "y", "z"};
    dosi_table table = {0};
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    size_t n = table.n_rows;
    double *xyz = malloc((3 * n + 1) * sizeof *xyz);
    dosi_status status =
        xyz ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu stations", n);
    for (size_t c = 0; c < 3 && xyz && status == DOSI_OK; c++) {
        const dosi_column *column = NULL;
        status = dosi_table_get(&table, names[c], DOSI_TYPE_REAL, &column, err);
        for (size_t i = 0; i < n && status == DOSI_OK; i++) {
            xyz[c * n + i] = column->data.real[i];
        }
    }
    dosi_table_destroy(&table);
    if (status == DOSI_OK && xyz) {
        const dosi_sites sites = {n, xyz, xyz + n};
        status = check_stations(verify, file, &sites, xyz + 2 * n, err);
    }
    free(xyz);
    return status;
}

const dosi_checker dosi_checker_kriging_bench = {
    .subject = "air", .kind = "kriging checksums", .recognises = recognises, .check = check};
