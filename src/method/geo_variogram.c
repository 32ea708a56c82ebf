// geo.variogram: the sample variogram of observations, and models fitted to it.

#include "method/geo_words.h"
#include "method/maps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_table inputs[] = {
    {"observations", {"측정값", "Observations"}, false, geo_observation_columns, 1},
    {"stations", {"측정소 위치", "Places of the stations"}, true, geo_place_columns, 1},
};

static const dosi_method_parameter parameters[] = {
    GEO_VALUE,
    GEO_BY,
    METHOD_BOOL("group",
                "false",
                "지도마다 따로 (아니면 합침)",
                "One variogram a map, instead of one pooled over maps"),
    METHOD_BOOL("cross",
                "false",
                "두 변수의 교차 베리오그램도",
                "Cross-variograms of every two variables, too"),
    GEO_STATION,
    GEO_CUTOFF,
    GEO_BINS,
    METHOD_TEXT(
        "azimuths",
        "",
        "방향 (북에서 시계방향 도, 쉼표로 여러 개; 비우면 전체)",
        "Directions, degrees clockwise from north, separated by commas; empty: all ways"),
    METHOD_REAL("tolerance_deg",
                "deg",
                "22.5",
                0.1,
                90,
                "방향의 허용 각도",
                "Pairs within so much of a direction"),
    METHOD_BOOL("log", "false", "자연로그 값으로", "Of the natural logarithms of the values"),
    METHOD_TEXT("threshold",
                "",
                "지시 변수의 기준값 (비우면 값 그대로)",
                "Of indicators of exceeding this value; empty: of the values"),
    METHOD_TEXT("model",
                "spherical,exponential,gaussian",
                "맞출 모형 (쉼표로 여러 개)",
                "Models to fit: nugget, spherical, exponential, gaussian, matern, linear"),
    GEO_WEIGHTS,
    GEO_KAPPA,
    GEO_REJECT,
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
    {"azimuth_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"방향 (전체이면 없음)", "Direction; missing: all ways"}},
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
     {"가중 오차 제곱합 (reml: 로그 우도)",
      "Weighted sum of squared errors; reml: log likelihood"}},
    {"azimuth_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"방향 (전체이면 없음)", "Direction; missing: all ways"}},
};
static const dosi_method_table outputs[] = {
    {"sample", {"표본 베리오그램", "Sample variogram"}, false, sample_columns, 7},
    {"models", {"맞춘 모형", "Fitted models"}, false, model_columns, 9},
};

enum { MAX_AZIMUTHS = METHOD_NAMES_MAX };

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    method_maps maps;
    bool is_grouped, is_reml;
    dosi_variogram_classes classes;
    dosi_variogram_bin *bins;
    method_names models;
    size_t n_azimuths; ///< 0: all ways.
    double azimuths[MAX_AZIMUTHS];
} work;

/// What one variogram is of.
typedef struct subject {
    size_t first, second; ///< Variables; alike but for a cross-variogram.
    size_t map, n_maps;
    double azimuth_deg; ///< NaN: all ways.
    char name[2 * METHOD_NAME_BYTES + 4];
} subject;

/// Values of a subject's variable.
static const double *values_of(const work *w, const subject *of, size_t variable) {
    return method_maps_values(&w->maps, variable) + of->map * w->maps.n_sites;
}

/// Fills the grouping columns of row `row`; the first column after them.
static dosi_status put_group(const work *w, dosi_table *out, size_t row, size_t map) {
    for (size_t c = 0; w->is_grouped && c < w->maps.n_by; c++) {
        DOSI_TRY(method_copy_cell(w->maps.by[c], w->maps.map_row[map], out, c, row));
    }
    return DOSI_OK;
}

/// Fits one model, by likelihood or to the classes; `error` is what each minimises or says.
static dosi_status fit_model(
    const work *w, const subject *of, dosi_variogram *model, double *error, dosi_error *err) {
    if (w->is_reml) {
        const dosi_sites sites = method_maps_sites(&w->maps);
        const dosi_reml data = {
            .sites = &sites, .values = values_of(w, of, of->first), .n_maps = of->n_maps};
        return dosi_variogram_fit_reml(&data, model, error, err);
    }
    return dosi_variogram_fit(
        w->bins, w->classes.n_bins,
        dosi_variogram_weights_from_name(dosi_call_value(w->call, "weights")->text), model,
        error, err);
}

/// Fits one model and appends its row.
static dosi_status put_model(const work *w, const subject *of, size_t m, dosi_error *err) {
    dosi_table *out = &w->call->outputs[1];
    dosi_variogram model = {
        .kind = dosi_variogram_kind_from_name(w->models.names[m]),
        .kappa = dosi_call_value(w->call, "kappa")->real,
    };
    double error = NAN;
    dosi_status status = fit_model(w, of, &model, &error, err);
    if (status == DOSI_DOMAIN) return DOSI_OK; // too few pairs: no row
    if (status != DOSI_OK) return status;
    size_t row = out->n_rows, c = w->is_grouped ? w->maps.n_by : 0;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(put_group(w, out, row, of->map));
    DOSI_TRY(dosi_table_set_text(out, c, row, of->name));
    DOSI_TRY(dosi_table_set_text(out, c + 1, row, w->models.names[m]));
    const double numbers[] = {model.nugget, model.psill, model.range_m,
                              model.kappa,  error,       of->azimuth_deg};
    for (size_t i = 0; i < 6; i++) out->columns[c + 2 + i].data.real[row] = numbers[i];
    if (w->call->report && !w->is_grouped) {
        dosi_text_printf(w->call->report,
                         "%s: %s: nugget %.6g, psill %.6g, range %.6g m, %s %.6g\n", of->name,
                         w->models.names[m], model.nugget, model.psill, model.range_m,
                         w->is_reml ? "log likelihood" : "error", error);
    }
    return DOSI_OK;
}

/// Sample and models of one subject. Models are fitted to a variable's own variograms only.
static dosi_status do_variogram(const work *w, const subject *of, dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    const dosi_sites sites = method_maps_sites(&w->maps);
    const double *const both[2] = {values_of(w, of, of->first), values_of(w, of, of->second)};
    dosi_variogram_classes classes = w->classes;
    if (!isnan(of->azimuth_deg)) {
        classes.azimuth_deg = of->azimuth_deg;
        classes.tolerance_deg = dosi_call_value(w->call, "tolerance_deg")->real;
    }
    DOSI_TRY(dosi_variogram_sample_cross(&sites, both, of->n_maps, &classes, w->bins, err));
    size_t c = w->is_grouped ? w->maps.n_by : 0;
    for (size_t b = 0; b < w->classes.n_bins; b++) {
        if (!(w->bins[b].n_pairs > 0)) continue;
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        DOSI_TRY(put_group(w, out, row, of->map));
        DOSI_TRY(dosi_table_set_text(out, c, row, of->name));
        out->columns[c + 1].data.integer[row] = (int64_t)b + 1;
        out->columns[c + 2].data.integer[row] = (int64_t)w->bins[b].n_pairs;
        out->columns[c + 3].data.real[row] = w->bins[b].distance_m;
        out->columns[c + 4].data.real[row] = w->bins[b].gamma;
        out->columns[c + 5].data.real[row] = of->azimuth_deg;
    }
    bool has_models = of->first == of->second && !(w->is_reml && !isnan(of->azimuth_deg));
    for (size_t m = 0; m < w->models.n && has_models; m++) {
        DOSI_TRY(put_model(w, of, m, err));
    }
    return DOSI_OK;
}

/// All directions of one pair of variables.
static dosi_status do_pair(const work *w, subject *of, dosi_error *err) {
    const char *first = w->maps.variables.names[of->first];
    const char *second = w->maps.variables.names[of->second];
    bool is_cross = of->first != of->second;
    (void)snprintf(of->name, sizeof of->name, is_cross ? "%s x %s" : "%s", first, second);
    of->azimuth_deg = NAN;
    if (w->n_azimuths == 0) return do_variogram(w, of, err);
    for (size_t a = 0; a < w->n_azimuths; a++) {
        of->azimuth_deg = w->azimuths[a];
        DOSI_TRY(do_variogram(w, of, err));
    }
    return DOSI_OK;
}

/// All pairs of variables of one group of maps.
static dosi_status do_group(const work *w, size_t group, dosi_error *err) {
    bool has_crosses = dosi_call_value(w->call, "cross")->boolean;
    subject of = {.map = w->is_grouped ? group : 0,
                  .n_maps = w->is_grouped ? 1 : w->maps.n_maps};
    for (of.first = 0; of.first < w->maps.variables.n; of.first++) {
        size_t end = has_crosses ? w->maps.variables.n : of.first + 1;
        for (of.second = of.first; of.second < end; of.second++) {
            DOSI_TRY(dosi_run_check(w->call->run, err));
            DOSI_TRY(do_pair(w, &of, err));
        }
    }
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

/// A number that a text parameter holds.
static dosi_status read_number(const char *name,
                               const char *text,
                               double *out,
                               dosi_error *err) {
    char *end = NULL;
    *out = strtod(text, &end);
    if (end != text && *end == 0 && isfinite(*out)) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "%s: \"%s\" is no number", name, text);
}

/// Values as logarithms, as indicators.
static dosi_status change_values(work *w, dosi_error *err) {
    const char *threshold = dosi_call_value(w->call, "threshold")->text;
    size_t n = w->maps.variables.n * w->maps.n_maps * w->maps.n_sites;
    double *values = w->maps.values, limit = 0;
    if (threshold[0]) {
        DOSI_TRY(read_number("threshold", threshold, &limit, err));
        dosi_indicator(values, n, limit, values);
        for (size_t k = 0; k < n; k++) values[k] = 1 - values[k];
    } else if (dosi_call_value(w->call, "log")->boolean) {
        for (size_t k = 0; k < n; k++) values[k] = values[k] > 0 ? log(values[k]) : (double)NAN;
    }
    return DOSI_OK;
}

/// The directions asked for.
static dosi_status read_azimuths(work *w, dosi_error *err) {
    method_names texts;
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "azimuths")->text, &texts, err));
    for (; w->n_azimuths < texts.n; w->n_azimuths++) {
        DOSI_TRY(read_number("azimuths", texts.names[w->n_azimuths],
                             &w->azimuths[w->n_azimuths], err));
    }
    return DOSI_OK;
}

/// Settings, and the observations as maps.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    w->classes.cutoff_m = dosi_call_value(call, "cutoff_m")->real;
    w->classes.n_bins = (size_t)dosi_call_value(call, "n_bins")->integer;
    w->is_grouped = dosi_call_value(call, "group")->boolean;
    w->is_reml = strcmp(dosi_call_value(call, "weights")->text, "reml") == 0;
    DOSI_TRY(read_azimuths(w, err));
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
    return change_values(w, err);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    dosi_status status = open_work(&w, err);
    if (status == DOSI_OK) status = open_outputs(&w, err);
    size_t n_groups = w.is_grouped ? w.maps.n_maps : 1;
    for (size_t g = 0; g < n_groups && status == DOSI_OK; g++) status = do_group(&w, g, err);
    free(w.bins);
    method_maps_clear(&w.maps);
    return status;
}

const dosi_method dosi_method_geo_variogram = {
    .id = "geo.variogram",
    .version = 2,
    .title = {"베리오그램", "Variogram"},
    .about =
        {"측정값의 표본 베리오그램을 구하고 모형을 맞춥니다 (가중 최소제곱, 가중치 N/h^2). "
         "여러 시각은 합치거나 시각마다 따로 봅니다. 방향별, 두 변수의 교차, 기준값 초과의 "
         "지시 "
         "베리오그램도 구하고, 제한최대우도로 맞출 수도 있습니다.",
         "The sample variogram of observations, and models fitted to it by weighted least "
         "squares (weights N/h^2). Pairs are always of one map (one hour); maps are pooled, "
         "or looked at one by one with `group`. Also by direction, of two variables together, "
         "and of indicators of exceeding a value; fits by restricted maximum likelihood, too."},
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
