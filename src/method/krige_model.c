// The variogram of a map: fitted to classes, by likelihood, or given.

#include "method/krige.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Reads one structure "kind:psill:range[:azimuth:ratio[:kappa]]".
static dosi_status read_structure(const char *text, dosi_variogram *out, dosi_error *err) {
    enum { PSILL, RANGE, AZIMUTH, RATIO, KAPPA, N_NUMBERS };
    double numbers[N_NUMBERS] = {0, 0, 0, 1, 1.5};
    char kind[METHOD_NAME_BYTES] = "";
    size_t n_kind = strcspn(text, ":"), n = 0;
    if (n_kind < sizeof kind) memcpy(kind, text, n_kind);
    const char *at = text + n_kind;
    bool is_good = true;
    while (*at == ':' && n < N_NUMBERS && is_good) {
        char *end = NULL;
        numbers[n++] = strtod(at + 1, &end);
        is_good = end != at + 1;
        at = end;
    }
    *out = (dosi_variogram){.kind = dosi_variogram_kind_from_name(kind),
                            .psill = numbers[PSILL],
                            .range_m = numbers[RANGE],
                            .azimuth_deg = numbers[AZIMUTH],
                            .ratio = numbers[RATIO],
                            .kappa = numbers[KAPPA]};
    if (is_good && !*at && (n == 2 || n == 4 || n == 5) && out->kind < DOSI_VARIOGRAM_COUNT) {
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID,
                     "nested: \"%s\" is not kind:psill:range[:azimuth:ratio[:kappa]]", text);
}

dosi_status method_model_nest(const char *text,
                              dosi_variogram *structures,
                              dosi_variogram *model,
                              dosi_error *err) {
    method_names parts;
    DOSI_TRY(method_names_split(text, &parts, err));
    if (parts.n >= DOSI_VARIOGRAM_MAX_NESTED) {
        return dosi_fail(err, DOSI_INVALID, "nested: %zu structures, at most %d", parts.n,
                         DOSI_VARIOGRAM_MAX_NESTED - 1);
    }
    for (size_t i = 0; i < parts.n; i++) {
        DOSI_TRY(read_structure(parts.names[i], &structures[i], err));
        structures[i].nested = i + 1 < parts.n ? &structures[i + 1] : NULL;
    }
    model->nested = parts.n ? structures : NULL;
    return dosi_variogram_check(model, err);
}

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

/// Fits krige->model to values at the sites.
static dosi_status fit_model(method_krige *krige, const double *values, dosi_error *err) {
    const dosi_sites sites = method_maps_sites(&krige->maps);
    const dosi_reml data = {.sites = &sites,
                            .values = values,
                            .n_maps = krige->maps.n_maps,
                            .n_drift = krige->drift.n,
                            .drift = krige->site_drift};
    if (strcmp(dosi_call_value(krige->call, "weights")->text, "reml") == 0) {
        return dosi_variogram_fit_reml(&data, &krige->model, NULL, err);
    }
    return krige->drift.n ? fit_residuals(krige, &data, err) : fit_widely(krige, values, err);
}

/// The same with another range across the azimuth: in coordinates in which all ways are alike.
static dosi_status fit_stretched(method_krige *krige, const double *values, dosi_error *err) {
    method_maps *maps = &krige->maps;
    double angle = dosi_call_value(krige->call, "azimuth_deg")->real * M_PI / 180;
    double ratio = dosi_call_value(krige->call, "ratio")->real;
    double *x = maps->x, *y = maps->y;
    double *stretched = malloc((2 * maps->n_sites + 1) * sizeof *stretched);
    if (!stretched) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for sites");
    for (size_t i = 0; i < maps->n_sites; i++) {
        stretched[i] = x[i] * sin(angle) + y[i] * cos(angle);
        stretched[maps->n_sites + i] = (x[i] * cos(angle) - y[i] * sin(angle)) / ratio;
    }
    maps->x = stretched;
    maps->y = stretched + maps->n_sites;
    dosi_status status = fit_model(krige, values, err);
    maps->x = x;
    maps->y = y;
    free(stretched);
    krige->model.azimuth_deg = dosi_call_value(krige->call, "azimuth_deg")->real;
    krige->model.ratio = ratio;
    return status;
}

dosi_status method_krige_find_model(method_krige *krige,
                                    const double *values,
                                    dosi_error *err) {
    const dosi_method_call *call = krige->call;
    const char *nested = dosi_call_value(call, "nested")->text;
    bool fits = dosi_call_value(call, "fit")->boolean;
    krige->model = (dosi_variogram){
        .kind = dosi_variogram_kind_from_name(dosi_call_value(call, "model")->text),
        .nugget = dosi_call_value(call, "nugget")->real,
        .psill = dosi_call_value(call, "psill")->real,
        .range_m = dosi_call_value(call, "range_m")->real,
        .kappa = dosi_call_value(call, "kappa")->real,
    };
    krige->fit_error = NAN;
    if (fits && nested[0]) {
        return dosi_fail(err, DOSI_INVALID, "nested: one structure is fitted; use fit=false");
    }
    if (!fits) {
        krige->model.azimuth_deg = dosi_call_value(call, "azimuth_deg")->real;
        krige->model.ratio = dosi_call_value(call, "ratio")->real;
        return method_model_nest(nested, krige->nested, &krige->model, err);
    }
    bool is_alike = dosi_call_value(call, "ratio")->real >= 1;
    dosi_status status =
        is_alike ? fit_model(krige, values, err) : fit_stretched(krige, values, err);
    if (status == DOSI_OK && !(krige->model.nugget + krige->model.psill > 0)) {
        krige->model.psill = 1e-30; // all values alike: any variogram gives the same map
    }
    return status;
}
