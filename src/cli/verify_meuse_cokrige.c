// Checker's part: co-kriging of gstat's meuse data, log(zinc) with log(cadmium). References:
// gstat 2.1-0 (Debian r-cran-gstat):
//   both <- gstat(gstat(NULL, "lz", log(zinc) ~ 1, m), "lc", log(cadmium) ~ 1, m)
//   lmc <- fit.lmc(variogram(both), both, vgm(1, "Sph", 900, 1)); predict(lmc, g)
// and with the first 50 zinc values only: gstat(NULL, "lz", log(zinc) ~ 1, m[1:50, ], ...).

#include "cli/verify_meuse.h"
#include "dosi/cokrige.h"
#include "dosi/num.h"

#include <math.h>
#include <stdlib.h>

enum { N_BINS = 15, N_DATA = 2 * MEUSE_SITES };

/// Data of both variables one after the other.
typedef struct cokrige_data {
    double x[N_DATA], y[N_DATA], values[N_DATA];
    uint8_t variable[N_DATA];
    double prediction[MEUSE_CELLS], variance[MEUSE_CELLS];
} cokrige_data;

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *what,
                double expected,
                double got) {
    const dosi_verify_case item = {what, expected, got, 1e-9, DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
}

static double total(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

/// gstat's fit.lmc() with a range of 900 m.
static dosi_status check_fit(dosi_verify *verify,
                             const dosi_verify_file *file,
                             const meuse_places *from,
                             const cokrige_data *data,
                             dosi_lmc *model,
                             dosi_error *err) {
    dosi_variogram_bin bins[3][N_BINS];
    const dosi_sites sites = meuse_sites(from);
    const double *zinc = data->values, *cadmium = data->values + MEUSE_SITES;
    const double *const pairs[3][2] = {{zinc, zinc}, {cadmium, zinc}, {cadmium, cadmium}};
    dosi_lmc_sample sample = {.n_bins = N_BINS, .range_m = 900};
    for (size_t k = 0; k < 3; k++) {
        DOSI_TRY(dosi_variogram_sample_cross(&sites, pairs[k], 1, NULL, bins[k], err));
        sample.bins[k] = bins[k];
    }
    *model = (dosi_lmc){.n_variables = 2, .kind = DOSI_VARIOGRAM_SPHERICAL};
    DOSI_TRY(dosi_lmc_fit(&sample, DOSI_VARIOGRAM_PAIRS_H2, model, err));
    add(verify, file, "coregionalisation: nugget of zinc", 0.0510693689197,
        model->nugget[0][0]);
    add(verify, file, "coregionalisation: nugget of both", 0.117976531983, model->nugget[0][1]);
    add(verify, file, "coregionalisation: nugget of cadmium", 0.497776930462,
        model->nugget[1][1]);
    add(verify, file, "coregionalisation: sill of zinc", 0.591013208774, model->psill[0][0]);
    add(verify, file, "coregionalisation: sill of both", 0.813352421986, model->psill[0][1]);
    add(verify, file, "coregionalisation: sill of cadmium", 1.23787020096, model->psill[1][1]);
    return DOSI_OK;
}

dosi_status verify_meuse_cokrige(dosi_verify *verify,
                                 const dosi_verify_file *file,
                                 const meuse_places *from,
                                 const meuse_places *to,
                                 dosi_error *err) {
    cokrige_data *data = calloc(1, sizeof *data);
    if (!data) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for co-kriging");
    for (size_t i = 0; i < N_DATA; i++) {
        size_t site = i % MEUSE_SITES;
        data->x[i] = from->x[site];
        data->y[i] = from->y[site];
        data->variable[i] = i < MEUSE_SITES ? 0 : 1;
        data->values[i] = log(i < MEUSE_SITES ? from->zinc[site] : from->cadmium[site]);
    }
    const dosi_sites sites = {N_DATA, data->x, data->y}, cells = meuse_sites(to);
    dosi_lmc model;
    dosi_status status = check_fit(verify, file, from, data, &model, err);
    const dosi_cokrige problem = {.model = &model,
                                  .sites = &sites,
                                  .variable = data->variable,
                                  .values = data->values,
                                  .n_maps = 1};
    if (status == DOSI_OK) {
        status = dosi_cokrige_predict(&problem, &cells, verify->run, data->prediction,
                                      data->variance, err);
    }
    if (status == DOSI_OK) {
        add(verify, file, "co-kriging: cell 1", 6.4744658282, data->prediction[0]);
        add(verify, file, "co-kriging: variance 1", 0.317992216766, data->variance[0]);
        add(verify, file, "co-kriging: predictions", 17728.1915229,
            total(data->prediction, cells.n));
        add(verify, file, "co-kriging: variances", 570.080405523,
            total(data->variance, cells.n));
        for (size_t i = 50; i < MEUSE_SITES; i++) data->values[i] = NAN;
        status = dosi_cokrige_predict(&problem, &cells, verify->run, data->prediction,
                                      data->variance, err);
    }
    if (status == DOSI_OK) {
        add(verify, file, "50 zinc values: cell 1", 6.4343058225, data->prediction[0]);
        add(verify, file, "50 zinc values: variance 1", 0.318776985079, data->variance[0]);
        add(verify, file, "50 zinc values: predictions", 17216.6773365,
            total(data->prediction, cells.n));
        add(verify, file, "50 zinc values: variances", 781.414749346,
            total(data->variance, cells.n));
    }
    free(data);
    return status;
}
