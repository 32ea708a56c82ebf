// The variogram of a map: fitted to classes, by likelihood, or given.

#include "method/krige.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Longest distance that the sites' box allows.
static double across(const method_maps *maps) {
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < maps->n_sites; i++) {
        box[0] = fmin(box[0], maps->x[i]);
        box[1] = fmin(box[1], maps->y[i]);
        box[2] = fmax(box[2], maps->x[i]);
        box[3] = fmax(box[3], maps->y[i]);
    }
    return maps->n_sites ? hypot(box[2] - box[0], box[3] - box[1]) : 0;
}

/// Fits krige->model to the pooled sample variogram up to `cutoff_m` (0: the usual third).
static dosi_status fit_classes(method_krige *krige,
                               const double *values,
                               double cutoff_m,
                               dosi_error *err) {
    const dosi_method_call *call = krige->call;
    const dosi_variogram_classes classes = {
        .cutoff_m = cutoff_m,
        .n_bins = (size_t)dosi_call_value(call, "n_bins")->integer,
    };
    const dosi_sites sites = method_maps_sites(&krige->maps);
    dosi_variogram_bin *bins = calloc(classes.n_bins, sizeof *bins);
    if (!bins) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for distance classes");
    dosi_status status =
        dosi_variogram_sample(&sites, values, krige->maps.n_maps, &classes, bins, err);
    if (status == DOSI_OK) {
        dosi_variogram_weights weights =
            dosi_variogram_weights_from_name(dosi_call_value(call, "weights")->text);
        status = dosi_variogram_fit(bins, classes.n_bins, weights, &krige->model,
                                    &krige->fit_error, err);
    }
    free(bins);
    return status;
}

/// The same, looking at all distances where there are few sites.
static dosi_status fit_widely(method_krige *krige, const double *values, dosi_error *err) {
    double cutoff_m = dosi_call_value(krige->call, "cutoff_m")->real;
    dosi_status status = fit_classes(krige, values, cutoff_m, err);
    if (status != DOSI_DOMAIN) return status;
    return fit_classes(krige, values, across(&krige->maps), err);
}

/// Fits to what the drift leaves.
static dosi_status fit_residuals(method_krige *krige, const dosi_reml *data, dosi_error *err) {
    size_t n_cells = data->n_maps * data->sites->n;
    double *residuals = malloc((n_cells + 1) * sizeof *residuals);
    if (!residuals) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for residuals");
    dosi_status status = dosi_drift_residuals(data, residuals, err);
    if (status == DOSI_OK) status = fit_widely(krige, residuals, err);
    free(residuals);
    return status;
}

dosi_status method_krige_find_model(method_krige *krige,
                                    const double *values,
                                    dosi_error *err) {
    const dosi_method_call *call = krige->call;
    krige->model = (dosi_variogram){
        .kind = dosi_variogram_kind_from_name(dosi_call_value(call, "model")->text),
        .nugget = dosi_call_value(call, "nugget")->real,
        .psill = dosi_call_value(call, "psill")->real,
        .range_m = dosi_call_value(call, "range_m")->real,
        .kappa = dosi_call_value(call, "kappa")->real,
    };
    krige->fit_error = NAN;
    if (!dosi_call_value(call, "fit")->boolean) return DOSI_OK;
    const dosi_sites sites = method_maps_sites(&krige->maps);
    const dosi_reml data = {.sites = &sites,
                            .values = values,
                            .n_maps = krige->maps.n_maps,
                            .n_drift = krige->drift.n,
                            .drift = krige->site_drift};
    dosi_status status = DOSI_OK;
    if (strcmp(dosi_call_value(call, "weights")->text, "reml") == 0) {
        status = dosi_variogram_fit_reml(&data, &krige->model, NULL, err);
    } else if (krige->drift.n) {
        status = fit_residuals(krige, &data, err);
    } else {
        status = fit_widely(krige, values, err);
    }
    if (status == DOSI_OK && !(krige->model.nugget + krige->model.psill > 0)) {
        krige->model.psill = 1e-30; // all values alike: any variogram gives the same map
    }
    return status;
}
