// air.exposure: limits and variograms of a variable, given or fitted.

#include "dosi/air.h"
#include "method/exposure.h"
#include "method/krige.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Columns of a given model.
static const char *const given_names[] = {"variable",    "model",   "nugget",
                                          "psill",       "range_m", "kappa",
                                          "azimuth_deg", "ratio",   "nested"};
enum { N_GIVEN = sizeof given_names / sizeof given_names[0] };

/// The number after "name=" in a list "a=1,b=2:0.5"; what follows a ':' into `second`.
static dosi_status read_list(const dosi_method_call *call,
                             const char *parameter,
                             const char *name,
                             double *first_and_second,
                             dosi_error *err) {
    method_names given;
    DOSI_TRY(method_names_split(dosi_call_value(call, parameter)->text, &given, err));
    for (size_t i = 0; i < given.n; i++) {
        const char *number = strchr(given.names[i], '=');
        char *end = NULL;
        double value = number ? strtod(number + 1, &end) : 0, second = 0;
        bool is_good = number && end != number + 1 && isfinite(value);
        if (is_good && *end == ':') second = strtod(end + 1, &end);
        if (!is_good || *end || !(second >= 0)) {
            return dosi_fail(err, DOSI_INVALID, "%s: \"%s\" is not column=number", parameter,
                             given.names[i]);
        }
        size_t n = (size_t)(number - given.names[i]);
        if (strlen(name) != n || memcmp(name, given.names[i], n) != 0) continue;
        first_and_second[0] = value;
        first_and_second[1] = second;
    }
    return DOSI_OK;
}

dosi_status exposure_read_limits(const method_exposure *w,
                                 exposure_variable *v,
                                 dosi_error *err) {
    double threshold[2] = {NAN, 0};
    v->infiltration[0] = v->infiltration[1] = NAN;
    DOSI_TRY(read_list(w->call, "infiltration", v->name, v->infiltration, err));
    if (strcmp(dosi_call_value(w->call, "threshold")->text, "standard") == 0) {
        dosi_pollutant pollutant = dosi_pollutant_from_name(v->name);
        if (pollutant < DOSI_AIR_COUNT) threshold[0] = dosi_pollutant_standard(pollutant);
    } else {
        DOSI_TRY(read_list(w->call, "threshold", v->name, threshold, err));
    }
    v->threshold = threshold[0];
    return DOSI_OK;
}

void exposure_copy_text(const dosi_column *column, size_t row, char *out, size_t n_bytes) {
    size_t n = 0;
    const char *text =
        column && column->type == DOSI_TYPE_TEXT ? dosi_column_bytes(column, row, &n) : NULL;
    if (!text || n >= n_bytes) n = 0;
    if (n) memcpy(out, text, n);
    out[n] = '\0';
}

/// The model that a table has for the variable; false: none.
static dosi_status find_given(const method_exposure *w,
                              exposure_variable *v,
                              bool *is_found,
                              dosi_error *err) {
    const dosi_table *given = w->call->inputs[EXPOSURE_GIVEN];
    const dosi_column *columns[N_GIVEN] = {NULL};
    *is_found = false;
    if (!given) return DOSI_OK;
    for (size_t i = 0; i < N_GIVEN; i++) {
        size_t c = dosi_table_find(given, given_names[i]);
        columns[i] = c == SIZE_MAX ? NULL : &given->columns[c];
    }
    for (size_t row = 0; row < given->n_rows; row++) {
        char texts[3][2 * METHOD_NAME_BYTES];
        for (size_t i = 0; i < 3; i++) {
            exposure_copy_text(columns[i < 2 ? i : 8], row, texts[i], sizeof texts[i]);
        }
        if (strcmp(texts[0], v->name) != 0) continue;
        double numbers[N_GIVEN];
        for (size_t i = 2; i < 8; i++) {
            numbers[i] = columns[i] ? dosi_column_real(columns[i], row) : (double)NAN;
        }
        v->model = (dosi_variogram){
            .kind = dosi_variogram_kind_from_name(texts[1]),
            .nugget = numbers[2],
            .psill = numbers[3],
            .range_m = numbers[4],
            .kappa = isnan(numbers[5]) ? 0 : numbers[5],
            .azimuth_deg = isnan(numbers[6]) ? 0 : numbers[6],
            .ratio = isnan(numbers[7]) ? 0 : numbers[7],
        };
        *is_found = true;
        return method_model_nest(texts[2], v->nested, &v->model, err);
    }
    return DOSI_OK;
}

dosi_status exposure_find_model(const method_exposure *w,
                                exposure_variable *v,
                                dosi_error *err) {
    enum { N_BINS = 15 };
    dosi_variogram_bin bins[N_BINS];
    const dosi_method_call *call = w->call;
    const dosi_sites sites = method_maps_sites(&w->maps);
    const dosi_variogram_classes classes = {.cutoff_m = dosi_call_value(call, "cutoff_m")->real,
                                            .n_bins = N_BINS};
    bool is_found = false;
    DOSI_TRY(find_given(w, v, &is_found, err));
    if (!is_found) {
        v->model = (dosi_variogram){
            .kind = dosi_variogram_kind_from_name(dosi_call_value(call, "model")->text),
            .kappa = dosi_call_value(call, "kappa")->real};
        DOSI_TRY(dosi_variogram_sample(&sites, method_maps_values(&w->maps, v->v),
                                       w->maps.n_maps, &classes, bins, err));
        DOSI_TRY(dosi_variogram_fit(
            bins, N_BINS,
            dosi_variogram_weights_from_name(dosi_call_value(call, "weights")->text), &v->model,
            NULL, err));
    }
    if (!(v->model.nugget + v->model.psill > 0)) {
        v->model.psill = 1e-30; // all values alike
    } else {
        DOSI_TRY(exposure_fit_effects(w, is_found, v, err));
    }
    double micro_m = dosi_call_value(call, "micro_m")->real;
    if (micro_m > 0 && v->model.nugget > 0) {
        v->micro = (dosi_variogram){.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                    .psill = v->model.nugget,
                                    .range_m = micro_m,
                                    .nested = v->model.nested};
        v->model.nugget = 0;
        v->model.nested = &v->micro;
    }
    return DOSI_OK;
}
