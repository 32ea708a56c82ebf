// geo.variogram: the sample variogram of observations, and models fitted to it.

#include "method/maps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_column observation_columns[] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`와 `by`, `group`이 가리키는 열, 위치(x·y, geometry, lon·lat) 또는 측정소",
      "The columns that `value`, `by` and `group` name; a place (x and y, a geometry, or lon "
      "and lat) or a station"}},
};
static const dosi_method_column place_columns[] = {
    {"*",
     DOSI_TYPE_GEOMETRY,
     NULL,
     true,
     {"`station` 열과 위치", "The `station` column and a place"}},
};
static const dosi_method_table inputs[] = {
    {"observations", {"측정값", "Observations"}, false, observation_columns, 1},
    {"stations", {"측정소 위치", "Places of the stations"}, true, place_columns, 1},
};

static const dosi_method_parameter parameters[] = {
    {"value",
     DOSI_PARAMETER_TEXT,
     NULL,
     NULL,
     0,
     0,
     NULL,
     {"값 열 (쉼표로 여러 개)", "Column or columns of values, separated by commas"}},
    {"by",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"지도를 나누는 열: 짝은 한 지도 안에서만",
      "Columns that make separate maps, such as time: pairs are of one map"}},
    {"group",
     DOSI_PARAMETER_BOOL,
     NULL,
     "false",
     0,
     0,
     NULL,
     {"지도마다 따로 (아니면 합침)", "One variogram a map, instead of one pooled over maps"}},
    {"station",
     DOSI_PARAMETER_TEXT,
     NULL,
     "station",
     0,
     0,
     NULL,
     {"측정소 열", "Column that names the station"}},
    {"cutoff_m",
     DOSI_PARAMETER_REAL,
     "m",
     "0",
     0,
     1e9,
     NULL,
     {"최대 거리 (0: 대각선/3)", "Longest distance; 0: a third of the diagonal"}},
    {"n_bins",
     DOSI_PARAMETER_INT,
     NULL,
     "15",
     3,
     1000,
     NULL,
     {"거리 구간 수", "Distance classes"}},
    {"log",
     DOSI_PARAMETER_BOOL,
     NULL,
     "false",
     0,
     0,
     NULL,
     {"자연로그 값으로", "Of the natural logarithms of the values"}},
    {"model",
     DOSI_PARAMETER_TEXT,
     NULL,
     "spherical,exponential,gaussian",
     0,
     0,
     NULL,
     {"맞출 모형 (쉼표로 여러 개)",
      "Models to fit: nugget, spherical, exponential, gaussian, matern, linear"}},
    {"weights",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "pairs_h2",
     0,
     0,
     "pairs_h2|pairs",
     {"맞춤 가중치: N/h^2 또는 N", "Weights of the fit: pairs / distance^2, or pairs"}},
    {"kappa",
     DOSI_PARAMETER_REAL,
     NULL,
     "1.5",
     0.05,
     20,
     NULL,
     {"마테른 매끄러움", "Smoothness of the Matern model"}},
    {"reject",
     DOSI_PARAMETER_INT,
     NULL,
     "239",
     0,
     1023,
     NULL,
     {"결측으로 볼 품질 플래그 비트", "Quality flag bits that count as missing"}},
};

static const dosi_method_column sample_columns[] = {
    {"*",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"`by`의 열 (group)", "The columns that `by` names, with `group`"}},
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"bin", DOSI_TYPE_INT, NULL, false, {"거리 구간", "Distance class, from 1"}},
    {"n_pairs", DOSI_TYPE_INT, NULL, false, {"짝 수", "Pairs"}},
    {"distance_m", DOSI_TYPE_REAL, "m", false, {"평균 거리", "Mean distance"}},
    {"gamma", DOSI_TYPE_REAL, NULL, false, {"반분산", "Semivariance"}},
};
static const dosi_method_column model_columns[] = {
    {"*",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"`by`의 열 (group)", "The columns that `by` names, with `group`"}},
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"model", DOSI_TYPE_TEXT, NULL, false, {"모형", "Model"}},
    {"nugget", DOSI_TYPE_REAL, NULL, false, {"너깃", "Nugget"}},
    {"psill", DOSI_TYPE_REAL, NULL, false, {"부분 문턱", "Partial sill"}},
    {"range_m", DOSI_TYPE_REAL, "m", false, {"상관거리", "Range"}},
    {"kappa",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"마테른 매끄러움", "Smoothness of the Matern model"}},
    {"error",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"가중 오차 제곱합", "Weighted sum of squared errors"}},
};
static const dosi_method_table outputs[] = {
    {"sample", {"표본 베리오그램", "Sample variogram"}, false, sample_columns, 6},
    {"models", {"맞춘 모형", "Fitted models"}, false, model_columns, 8},
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_maps maps;
    bool is_grouped;
    dosi_variogram_classes classes;
    dosi_variogram_bin *bins;
    method_names models;
} work;

/// Fills the grouping columns of row `row`; the first column after them.
static dosi_status put_group(const work *w, dosi_table *out, size_t row, size_t map) {
    for (size_t c = 0; w->is_grouped && c < w->maps.n_by; c++) {
        DOSI_TRY(method_copy_cell(w->maps.by[c], w->maps.map_row[map], out, c, row));
    }
    return DOSI_OK;
}

/// Fits one model and appends its row.
static dosi_status fit_model(const work *w, size_t v, size_t map, size_t m, dosi_error *err) {
    dosi_table *out = &w->call->outputs[1];
    dosi_variogram model = {
        .kind = dosi_variogram_kind_from_name(w->models.names[m]),
        .kappa = dosi_call_value(w->call, "kappa")->real,
    };
    double error = NAN;
    dosi_status status = dosi_variogram_fit(
        w->bins, w->classes.n_bins,
        dosi_variogram_weights_from_name(dosi_call_value(w->call, "weights")->text), &model,
        &error, err);
    if (status == DOSI_DOMAIN) return DOSI_OK; // too few pairs: no row
    if (status != DOSI_OK) return status;
    size_t row = out->n_rows, c = w->is_grouped ? w->maps.n_by : 0;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(put_group(w, out, row, map));
    DOSI_TRY(dosi_table_set_text(out, c, row, w->maps.variables.names[v]));
    DOSI_TRY(dosi_table_set_text(out, c + 1, row, w->models.names[m]));
    const double numbers[] = {model.nugget, model.psill, model.range_m, model.kappa, error};
    for (size_t i = 0; i < 5; i++) out->columns[c + 2 + i].data.real[row] = numbers[i];
    if (w->call->report && !w->is_grouped) {
        dosi_text_printf(w->call->report,
                         "%s: %s: nugget %.6g, psill %.6g, range %.6g m, error %.6g\n",
                         w->maps.variables.names[v], w->models.names[m], model.nugget,
                         model.psill, model.range_m, error);
    }
    return DOSI_OK;
}

/// Sample and models of one variable, over `n_maps` maps from `map` on.
static dosi_status do_variogram(
    const work *w, size_t v, size_t map, size_t n_maps, dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    const dosi_sites sites = method_maps_sites(&w->maps);
    const double *values = method_maps_values(&w->maps, v) + map * sites.n;
    DOSI_TRY(dosi_variogram_sample(&sites, values, n_maps, &w->classes, w->bins, err));
    size_t c = w->is_grouped ? w->maps.n_by : 0;
    for (size_t b = 0; b < w->classes.n_bins; b++) {
        if (!(w->bins[b].n_pairs > 0)) continue;
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        DOSI_TRY(put_group(w, out, row, map));
        DOSI_TRY(dosi_table_set_text(out, c, row, w->maps.variables.names[v]));
        out->columns[c + 1].data.integer[row] = (int64_t)b + 1;
        out->columns[c + 2].data.integer[row] = (int64_t)w->bins[b].n_pairs;
        out->columns[c + 3].data.real[row] = w->bins[b].distance_m;
        out->columns[c + 4].data.real[row] = w->bins[b].gamma;
    }
    for (size_t m = 0; m < w->models.n; m++) DOSI_TRY(fit_model(w, v, map, m, err));
    return DOSI_OK;
}

/// Columns of both outputs.
static dosi_status open_outputs(const work *w, dosi_error *err) {
    for (size_t o = 0; o < 2; o++) {
        for (size_t i = 0; w->is_grouped && i < w->maps.n_by; i++) {
            const dosi_column *by = w->maps.by[i];
            size_t added = 0;
            DOSI_TRY(
                dosi_table_add_column(&w->call->outputs[o], by->name, by->type, &added, err));
            DOSI_TRY(dosi_table_describe(&w->call->outputs[o], added, by->unit, by->meaning_ko,
                                         by->meaning_en));
        }
        DOSI_TRY(method_open_output(w->call, o, 0, err));
    }
    return DOSI_OK;
}

/// Settings, and the observations as maps.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    w->classes.cutoff_m = dosi_call_value(call, "cutoff_m")->real;
    w->classes.n_bins = (size_t)dosi_call_value(call, "n_bins")->integer;
    w->is_grouped = dosi_call_value(call, "group")->boolean;
    DOSI_TRY(method_names_split(dosi_call_value(call, "model")->text, &w->models, err));
    for (size_t m = 0; m < w->models.n; m++) {
        if (dosi_variogram_kind_from_name(w->models.names[m]) == DOSI_VARIOGRAM_COUNT) {
            return dosi_fail(err, DOSI_INVALID, "model: no model \"%s\"", w->models.names[m]);
        }
    }
    w->bins = calloc(w->classes.n_bins, sizeof *w->bins);
    if (!w->bins) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for distance classes");
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = 2,
    };
    DOSI_TRY(method_maps_read(call->inputs[0], call->inputs[1], &options, &w->maps, err));
    method_maps_put_report(&w->maps, call->report);
    if (!dosi_call_value(call, "log")->boolean) return DOSI_OK;
    size_t n = w->maps.variables.n * w->maps.n_maps * w->maps.n_sites;
    for (size_t k = 0; k < n; k++) {
        double value = w->maps.values[k];
        w->maps.values[k] = value > 0 ? log(value) : (double)NAN;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    dosi_status status = open_work(&w, err);
    if (status == DOSI_OK) status = open_outputs(&w, err);
    size_t n_groups = w.is_grouped ? w.maps.n_maps : 1;
    for (size_t v = 0; v < w.maps.variables.n && status == DOSI_OK; v++) {
        for (size_t g = 0; g < n_groups && status == DOSI_OK; g++) {
            status = dosi_run_check(call->run, err);
            size_t n_maps = w.is_grouped ? 1 : w.maps.n_maps;
            if (status == DOSI_OK) status = do_variogram(&w, v, g, n_maps, err);
        }
    }
    free(w.bins);
    method_maps_clear(&w.maps);
    return status;
}

const dosi_method dosi_method_geo_variogram = {
    .id = "geo.variogram",
    .version = 1,
    .title = {"베리오그램", "Variogram"},
    .about =
        {"측정값의 표본 베리오그램을 구하고 모형을 맞춥니다 (가중 최소제곱, 가중치 N/h^2). "
         "여러 시각은 합치거나 시각마다 따로 봅니다.",
         "The sample variogram of observations, and models fitted to it by weighted least "
         "squares (weights N/h^2). Pairs are always of one map (one hour); maps are pooled, "
         "or looked at one by one with `group`."},
    .citation = "Matheron (1962); Cressie (1985), Math. Geol. 17; conventions of gstat "
                "(Pebesma 2004, Comput. Geosci. 30)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
