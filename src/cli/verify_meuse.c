// Checker: gstat's meuse data. References: gstat 2.1-0 (Debian r-cran-gstat), printed by
// variogram(), fit.variogram(), krige() and krige.cv() on log(zinc) ~ 1.

#include "cli/verify_meuse.h"
#include "dosi/num.h"
#include "dosi/spatial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_SITES = MEUSE_SITES, N_CELLS = MEUSE_CELLS, N_BINS = 15 };

static const double gstat_bins[N_BINS][3] = {
    {57, 79.2924374558, 0.123447934906},    {299, 163.9736655589, 0.216218485297},
    {419, 267.3648276703, 0.302785875595},  {457, 372.7354223908, 0.412144760382},
    {547, 478.4766950471, 0.463412786178},  {533, 585.3405810954, 0.564693270655},
    {574, 693.1452555425, 0.568968263208},  {564, 796.1836488513, 0.618676858688},
    {589, 903.1464983003, 0.647147887486},  {543, 1011.2917733909, 0.691570488112},
    {500, 1117.8623455182, 0.703398350536}, {477, 1221.3280987660, 0.603877036499},
    {452, 1329.1640650698, 0.651715776235}, {457, 1437.2562032833, 0.566531778306},
    {415, 1543.2024819997, 0.574822734068},
};

static const struct {
    dosi_variogram_kind kind;
    double kappa, error;
} gstat_fits[] = {
    {DOSI_VARIOGRAM_SPHERICAL, 0, 9.01119439893e-06},
    {DOSI_VARIOGRAM_EXPONENTIAL, 0, 1.62832753721e-05},
    {DOSI_VARIOGRAM_MATERN, 0.3, 5.3876953343e-05},
    {DOSI_VARIOGRAM_MATERN, 0.5, 1.62832753718e-05},
    {DOSI_VARIOGRAM_MATERN, 1.5, 1.09812381712e-05},
};

static const dosi_variogram gstat_model = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                           .nugget = 0.0506624268192,
                                           .psill = 0.5906078022101,
                                           .range_m = 897.020909797};

/// gstat prints cells (from 1) of the global predictions.
static const double gstat_cells[][3] = {
    {1, 6.49962408413, 0.319808388557},    {100, 6.48931258850, 0.126606691881},
    {500, 6.45944394898, 0.135375445541},  {1000, 5.56739265541, 0.163991043789},
    {1500, 4.95847774197, 0.191498064197}, {2000, 6.61763597100, 0.162609686357},
    {2500, 5.31132109160, 0.207088774405}, {3103, 6.42416093578, 0.236779950472},
};

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "x,y,cadmium,copper,lead,zinc,") > 0;
}

/// Three columns of a table as arrays in one piece of memory; NULL when one is not there.
static double *take_columns(const dosi_table *table, const char *const *names, size_t n_names) {
    double *out = malloc((table->n_rows * n_names + 1) * sizeof *out);
    for (size_t c = 0; c < n_names && out; c++) {
        size_t found = dosi_table_find(table, names[c]);
        if (found == SIZE_MAX) {
            free(out);
            return NULL;
        }
        for (size_t i = 0; i < table->n_rows; i++) {
            out[c * table->n_rows + i] = dosi_column_real(&table->columns[found], i);
        }
    }
    return out;
}

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *what,
                double expected,
                double got,
                double tolerance) {
    const dosi_verify_case item = {what, expected, got, tolerance, DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
}

/// Sample variogram and fits.
static dosi_status check_variogram(dosi_verify *verify,
                                   const dosi_verify_file *file,
                                   const dosi_sites *sites,
                                   const double *z,
                                   dosi_error *err) {
    dosi_variogram_bin bins[N_BINS];
    char what[80];
    DOSI_TRY(dosi_variogram_sample(sites, z, 1, NULL, bins, err));
    for (size_t b = 0; b < N_BINS; b++) {
        (void)snprintf(what, sizeof what, "variogram class %zu: pairs", b + 1);
        add(verify, file, what, gstat_bins[b][0], bins[b].n_pairs, 0);
        (void)snprintf(what, sizeof what, "variogram class %zu: distance", b + 1);
        add(verify, file, what, gstat_bins[b][1], bins[b].distance_m, 1e-11);
        (void)snprintf(what, sizeof what, "variogram class %zu: gamma", b + 1);
        add(verify, file, what, gstat_bins[b][2], bins[b].gamma, 1e-11);
    }
    for (size_t i = 0; i < sizeof gstat_fits / sizeof gstat_fits[0]; i++) {
        dosi_variogram model = {.kind = gstat_fits[i].kind, .kappa = gstat_fits[i].kappa};
        double error = NAN;
        DOSI_TRY(
            dosi_variogram_fit(bins, N_BINS, DOSI_VARIOGRAM_PAIRS_H2, &model, &error, err));
        (void)snprintf(what, sizeof what, "fit %s%s%.2g: SSErr",
                       dosi_variogram_kind_name(model.kind),
                       model.kind == DOSI_VARIOGRAM_MATERN ? " kappa " : " ", model.kappa);
        const dosi_verify_case item = {what, gstat_fits[i].error, error, 1e-6,
                                       DOSI_VERIFY_AT_MOST};
        dosi_verify_add(verify, file, &item);
    }
    return DOSI_OK;
}

static dosi_status check_leave_one_out(dosi_verify *verify,
                                       const dosi_verify_file *file,
                                       const dosi_krige *problem,
                                       dosi_error *err) {
    double prediction[N_SITES], variance[N_SITES];
    DOSI_TRY(dosi_krige_leave_one_out(problem, verify->run, prediction, variance, err));
    dosi_krige_score s = dosi_krige_score_of(problem->values, prediction, variance, N_SITES);
    const dosi_verify_case me = {"leave-one-out: ME", -2.07358610293e-05, s.me, 1e-11,
                                 DOSI_VERIFY_ABSOLUTE};
    dosi_verify_add(verify, file, &me);
    add(verify, file, "leave-one-out: MAE", 0.292151532018, s.mae, 1e-9);
    add(verify, file, "leave-one-out: RMSE", 0.391803506866, s.rmse, 1e-9);
    add(verify, file, "leave-one-out: MSDR", 0.81854558084, s.msdr, 1e-9);
    add(verify, file, "leave-one-out: correlation", 0.839347776371, s.correlation, 1e-9);
    return DOSI_OK;
}

/// Sum of n values.
static double total(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

/// Global and local predictions on the grid.
static dosi_status check_grid(dosi_verify *verify,
                              const dosi_verify_file *file,
                              dosi_krige *problem,
                              const dosi_sites *cells,
                              dosi_error *err) {
    char what[80];
    double *prediction = malloc((size_t)2 * N_CELLS * sizeof *prediction);
    if (!prediction) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the grid");
    double *variance = prediction + N_CELLS;
    dosi_status status =
        dosi_krige_predict(problem, cells, verify->run, prediction, variance, err);
    if (status == DOSI_OK) {
        for (size_t i = 0; i < sizeof gstat_cells / sizeof gstat_cells[0]; i++) {
            size_t cell = (size_t)gstat_cells[i][0] - 1;
            (void)snprintf(what, sizeof what, "ordinary kriging, cell %zu", cell + 1);
            add(verify, file, what, gstat_cells[i][1], prediction[cell], 1e-9);
            (void)snprintf(what, sizeof what, "variance, cell %zu", cell + 1);
            add(verify, file, what, gstat_cells[i][2], variance[cell], 1e-9);
        }
        add(verify, file, "sum of predictions", 17709.5307264, total(prediction, N_CELLS),
            1e-9);
        add(verify, file, "sum of variances", 575.084987695, total(variance, N_CELLS), 1e-9);
        problem->n_nearest = 20;
        status = dosi_krige_predict(problem, cells, verify->run, prediction, variance, err);
    }
    if (status == DOSI_OK) {
        add(verify, file, "20 nearest: sum of predictions", 17651.8805567,
            total(prediction, N_CELLS), 1e-9);
        add(verify, file, "20 nearest: sum of variances", 586.453744972,
            total(variance, N_CELLS), 1e-9);
    }
    free(prediction);
    return status;
}

/// Reads places; the last two columns only of the sites.
static dosi_status read_places(const dosi_verify *verify,
                               const dosi_verify_file *file,
                               size_t n_columns,
                               meuse_places *out,
                               dosi_error *err) {
    static const char *const names[] = {"x", "y", "dist", "ffreq", "zinc", "cadmium"};
    dosi_table table = {0};
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    size_t n = table.n_rows;
    double *columns = take_columns(&table, names, n_columns);
    dosi_table_destroy(&table);
    if (!columns) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the places");
    *out = (meuse_places){.n = n,
                          .x = columns,
                          .y = columns + n,
                          .dist = columns + 2 * n,
                          .flood = columns + 3 * n};
    if (n_columns == 6) {
        out->zinc = columns + 4 * n;
        out->cadmium = columns + 5 * n;
    }
    return DOSI_OK;
}

/// Finds and checks the grid beside the sites; then whatever needs both.
static dosi_status check_companion(dosi_verify *verify,
                                   const dosi_verify_file *file,
                                   const meuse_places *from,
                                   dosi_krige *problem,
                                   dosi_error *err) {
    for (size_t f = 0; f < verify->n_files; f++) {
        dosi_verify_file *other = &verify->files[f];
        if (!dosi_verify_has_columns(other, "x,y,part.a,part.b,dist,")) continue;
        other->is_used = true;
        meuse_places to = {0};
        DOSI_TRY(read_places(verify, other, 4, &to, err));
        dosi_status status = DOSI_OK;
        if (to.n == N_CELLS) {
            const dosi_sites cells = meuse_sites(&to);
            status = check_grid(verify, other, problem, &cells, err);
            if (status == DOSI_OK) status = verify_meuse_kriging(verify, other, from, &to, err);
            if (status == DOSI_OK) status = verify_meuse_cokrige(verify, other, from, &to, err);
        } else {
            dosi_verify_note(verify, other, "%zu cells, not gstat's %d", to.n, N_CELLS);
        }
        free(to.x);
        return status;
    }
    dosi_verify_note(verify, file, "no meuse grid in the folder: predictions on it");
    return verify_meuse_kriging(verify, file, from, NULL, err);
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    meuse_places from = {0};
    DOSI_TRY(read_places(verify, file, 6, &from, err));
    size_t n = from.n;
    if (n != N_SITES || total(from.zinc, n) != 72806) {
        dosi_verify_note(verify, file, "not the meuse data that the reference is of");
        free(from.x);
        return DOSI_OK;
    }
    double log_zinc[N_SITES];
    for (size_t i = 0; i < n; i++) log_zinc[i] = log(from.zinc[i]);
    const dosi_sites sites = meuse_sites(&from);
    dosi_krige problem = {
        .model = &gstat_model, .sites = &sites, .values = log_zinc, .n_maps = 1};
    dosi_status status = check_variogram(verify, file, &sites, log_zinc, err);
    if (status == DOSI_OK) status = verify_meuse_variograms(verify, file, &from, err);
    if (status == DOSI_OK) status = check_leave_one_out(verify, file, &problem, err);
    if (status == DOSI_OK) status = check_companion(verify, file, &from, &problem, err);
    free(from.x);
    return status;
}

const dosi_checker dosi_checker_meuse = {
    .subject = "air", .kind = "gstat's meuse data", .recognises = recognises, .check = check};
