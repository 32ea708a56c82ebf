// geo.simulate: equally likely maps that honour observations and variogram, and what they say
// of each cell: mean, spread, quantiles, how often a value is exceeded.

#include "dosi/num.h"
#include "dosi/simulate.h"
#include "method/geo_words.h"
#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAP, GRID, FIELDS, MODELS };
enum { MAX_NUMBERS = 1 << 28 };

static const dosi_method_table inputs[] = {GEO_INPUTS};

static const dosi_method_parameter parameters[] = {
    GEO_VALUE,
    GEO_BY,
    GEO_STATION,
    GEO_CELL,
    METHOD_INT("n_fields", "100", 1, 10000, "만들 지도 수", "Equally likely maps to make"),
    METHOD_INT("seed", "1", 0, 1e15, "난수 씨앗", "Seed: the same seed gives the same maps"),
    METHOD_INT("nmax",
               "24",
               1,
               DOSI_SIMULATE_MAX_NEAREST,
               "이웃 수 (자료와 앞서 만든 칸)",
               "Neighbours: data and cells already simulated"),
    METHOD_TEXT("mean",
                "",
                "알려진 평균 (비우면 일반최소제곱 평균)",
                "Known mean; empty: the generalised-least-squares mean of the data"),
    METHOD_BOOL("log",
                "false",
                "로그 공간에서 (값이 0보다 커야 함)",
                "Simulate logarithms: for values above 0 with a long tail"),
    METHOD_BOOL(
        "normal_score",
        "false",
        "정규점수로 바꾸어 (분포가 자료를 따름)",
        "Simulate normal scores, so that values are distributed as the data are, within "
        "their range; the variogram is that of the scores"),
    METHOD_TEXT("threshold",
                "",
                "초과 확률의 기준값",
                "Value whose exceedance is counted; empty: none"),
    METHOD_BOOL("keep_fields", "false", "지도를 모두 내보냄", "Put out every map, too"),
    GEO_MODEL_PARAMETERS,
    METHOD_INT(
        "min_sites", "3", 1, 1000, "지도에 필요한 최소 지점 수", "Sites that a map needs"),
    GEO_REJECT,
};

static const dosi_method_column map_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"cell",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"격자 번호", "Cell: row x n_columns + column, row 0 south; or the target's row"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"mean", DOSI_TYPE_REAL, NULL, false, {"지도들의 평균", "Mean of the maps"}},
    {"sd", DOSI_TYPE_REAL, NULL, false, {"표준편차", "Standard deviation of the maps"}},
    {"p05", DOSI_TYPE_REAL, NULL, false, {"5% 분위수", "5 % quantile"}},
    {"p50", DOSI_TYPE_REAL, NULL, false, {"중앙값", "Median"}},
    {"p95", DOSI_TYPE_REAL, NULL, false, {"95% 분위수", "95 % quantile"}},
    {"exceeds",
     DOSI_TYPE_REAL,
     "1",
     false,
     {"기준값 초과 비율", "Share of the maps above `threshold`; missing without one"}},
};
static const dosi_method_column field_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"field", DOSI_TYPE_INT, NULL, false, {"지도 번호", "Map, from 1"}},
    {"cell", DOSI_TYPE_INT, NULL, false, {"격자 번호", "Cell, as in `map`"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"값", "Value"}},
};
static const dosi_method_column model_columns[] = {
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"model", DOSI_TYPE_TEXT, NULL, false, {"모형", "Variogram model"}},
    {"nugget", DOSI_TYPE_REAL, NULL, false, {"너깃", "Nugget"}},
    {"psill", DOSI_TYPE_REAL, NULL, false, {"부분 문턱", "Partial sill"}},
    {"range_m", DOSI_TYPE_REAL, "m", false, {"상관거리", "Range"}},
};
static const dosi_method_table outputs[] = {
    {"map", {"칸마다의 요약", "What the maps say of each cell"}, false, map_columns, 11},
    GEO_GRID_OUTPUT,
    {"fields", {"지도들", "The maps, with `keep_fields`"}, false, field_columns, 5},
    {"models", {"변수별 모형", "Model per variable"}, false, model_columns, 5},
};

/// A run on its way.
typedef struct work {
    method_krige krige; ///< Maps, targets, model.
    size_t n_fields;
    double *fields;         ///< (n_fields x targets) of the map at hand.
    double *sorted;         ///< (n_fields)
    double mean, threshold; ///< NaN: none.
    bool is_log, keeps_fields, has_scores;
    double *ranked, *scores; ///< (n_ranked) of the variable at hand, ascending.
    size_t n_ranked;
} work;

/// A number that a text parameter holds; NaN when it is empty.
static dosi_status read_number(const dosi_method_call *call,
                               const char *name,
                               double *out,
                               dosi_error *err) {
    const char *text = dosi_call_value(call, name)->text;
    char *end = NULL;
    *out = NAN;
    if (!text[0]) return DOSI_OK;
    *out = strtod(text, &end);
    if (end != text && *end == 0 && isfinite(*out)) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "%s: \"%s\" is no number", name, text);
}

/// Values become logarithms.
static dosi_status take_logs(const work *w, dosi_error *err) {
    const method_maps *maps = &w->krige.maps;
    size_t n = maps->variables.n * maps->n_maps * maps->n_sites;
    for (size_t k = 0; k < n; k++) {
        if (maps->values[k] <= 0) {
            return dosi_fail(err, DOSI_DOMAIN, "log: a value of %s is %g",
                             maps->variables.names[k / (maps->n_maps * maps->n_sites)],
                             maps->values[k]);
        }
        maps->values[k] = log(maps->values[k]);
    }
    return DOSI_OK;
}

static int compare_reals(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/// Value at `x` on the line through points (from, to), both ascending; ends are kept.
static double interpolate(const double *from, const double *to, size_t n, double x) {
    size_t low = 0, high = n - 1;
    if (!(x > from[0])) return to[0];
    if (x >= from[high]) return to[high];
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (from[middle] <= x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return to[low] + (x - from[low]) / (from[high] - from[low]) * (to[high] - to[low]);
}

/// Ranks the values of a variable over all maps; equal ones have the score of their middle.
/// The values become scores.
static dosi_status take_scores(work *w, size_t variable, dosi_error *err) {
    const method_maps *maps = &w->krige.maps;
    size_t n = maps->n_maps * maps->n_sites, n_distinct = 0;
    double *values = method_maps_values(maps, variable);
    free(w->ranked);
    w->n_ranked = 0;
    w->ranked = calloc(2 * n + 1, sizeof *w->ranked);
    if (!w->ranked) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu values", n);
    w->scores = w->ranked + n;
    for (size_t k = 0; k < n; k++) {
        if (!isnan(values[k])) w->ranked[w->n_ranked++] = values[k];
    }
    qsort(w->ranked, w->n_ranked, sizeof *w->ranked, compare_reals);
    for (size_t k = 0, end = 0; k < w->n_ranked; k = end) {
        for (end = k + 1; end < w->n_ranked && w->ranked[end] <= w->ranked[k];) end++;
        w->scores[n_distinct] =
            dosi_normal_quantile(0.5 * (double)(k + end) / (double)w->n_ranked);
        w->ranked[n_distinct++] = w->ranked[k];
    }
    w->n_ranked = n_distinct;
    for (size_t k = 0; k < n && n_distinct; k++) {
        if (isnan(values[k])) continue;
        values[k] = interpolate(w->ranked, w->scores, n_distinct, values[k]);
    }
    return DOSI_OK;
}

/// Settings, observations, targets, scratch.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(read_number(call, "mean", &w->mean, err));
    DOSI_TRY(read_number(call, "threshold", &w->threshold, err));
    w->n_fields = (size_t)dosi_call_value(call, "n_fields")->integer;
    w->is_log = dosi_call_value(call, "log")->boolean;
    w->has_scores = dosi_call_value(call, "normal_score")->boolean;
    w->keeps_fields = dosi_call_value(call, "keep_fields")->boolean;
    if (w->has_scores && (w->is_log || !isnan(w->mean))) {
        return dosi_fail(err, DOSI_INVALID, "normal_score: goes with neither log nor mean");
    }
    DOSI_TRY(method_maps_read(call->inputs[KRIGE_OBSERVATIONS], call->inputs[KRIGE_STATIONS],
                              &options, &w->krige.maps, err));
    DOSI_TRY(method_krige_find_targets(&w->krige, err));
    method_maps_put_report(&w->krige.maps, call->report);
    if (w->n_fields > MAX_NUMBERS / (w->krige.n_targets + 1)) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu cells", w->n_fields,
                         w->krige.n_targets);
    }
    w->fields = malloc((w->n_fields * w->krige.n_targets + 1) * sizeof *w->fields);
    w->sorted = malloc(w->n_fields * sizeof *w->sorted);
    if (!w->fields || !w->sorted) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for maps");
    if (!w->is_log) return DOSI_OK;
    if (!isnan(w->mean) && !(w->mean > 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "mean: %g has no logarithm", w->mean);
    }
    w->mean = log(w->mean);
    return take_logs(w, err);
}

/// Columns of the outputs.
static dosi_status open_outputs(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    static const size_t grouped[] = {MAP, FIELDS};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < w->krige.maps.n_by; i++) {
            const dosi_column *by = w->krige.maps.by[i];
            dosi_table *out = &call->outputs[grouped[k]];
            size_t added = 0;
            DOSI_TRY(dosi_table_add_column(out, by->name, by->type, &added, err));
            DOSI_TRY(dosi_table_describe(out, added, by->unit, by->meaning_ko, by->meaning_en));
        }
        DOSI_TRY(method_open_output(call, grouped[k], 0, err));
    }
    DOSI_TRY(method_krige_put_grid(&w->krige, GRID, err));
    return method_open_output(call, MODELS, 0, err);
}

/// Groups and variable of row `row`; the first column after them.
static dosi_status put_labels(const work *w,
                              dosi_table *out,
                              const size_t *variable_and_map,
                              size_t row) {
    const method_maps *maps = &w->krige.maps;
    for (size_t c = 0; c < maps->n_by; c++) {
        DOSI_TRY(
            method_copy_cell(maps->by[c], maps->map_row[variable_and_map[1]], out, c, row));
    }
    return dosi_table_set_text(out, maps->n_by, row,
                               maps->variables.names[variable_and_map[0]]);
}

/// Quantile of sorted values, between the two next to it.
static double quantile(const double *sorted, size_t n, double p) {
    double at = p * (double)(n - 1);
    size_t below = (size_t)at;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/// Mean, spread, quantiles and exceedance of target `i` into the six columns from `first` on.
static void put_summary(const work *w, size_t i, dosi_column *first, size_t row) {
    size_t n = w->n_fields, n_above = 0;
    double mean = 0, square = 0;
    for (size_t r = 0; r < n; r++) w->sorted[r] = w->fields[r * w->krige.n_targets + i];
    qsort(w->sorted, n, sizeof *w->sorted, compare_reals);
    for (size_t r = 0; r < n; r++) mean += w->sorted[r] / (double)n;
    for (size_t r = 0; r < n; r++) {
        square += (w->sorted[r] - mean) * (w->sorted[r] - mean);
        n_above += w->sorted[r] > w->threshold ? 1 : 0;
    }
    const double numbers[6] = {
        mean,
        n > 1 ? sqrt(square / (double)(n - 1)) : (double)NAN,
        quantile(w->sorted, n, 0.05),
        quantile(w->sorted, n, 0.5),
        quantile(w->sorted, n, 0.95),
        isnan(w->threshold) ? w->threshold : (double)n_above / (double)n,
    };
    for (size_t c = 0; c < 6; c++) first[c].data.real[row] = numbers[c];
}

/// Rows of the map at hand.
static dosi_status put_map(work *w, const size_t *variable_and_map, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[MAP];
    size_t n = w->krige.n_targets, row = out->n_rows, c = w->krige.maps.n_by + 1;
    DOSI_TRY(dosi_table_add_rows(out, n, err));
    for (size_t i = 0; i < n; i++, row++) {
        DOSI_TRY(put_labels(w, out, variable_and_map, row));
        out->columns[c].data.integer[row] = w->krige.target_cell[i];
        out->columns[c + 1].data.real[row] = w->krige.target_x[i];
        out->columns[c + 2].data.real[row] = w->krige.target_y[i];
        put_summary(w, i, &out->columns[c + 3], row);
    }
    return DOSI_OK;
}

/// Every field of the map at hand.
static dosi_status put_fields(work *w, const size_t *variable_and_map, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[FIELDS];
    size_t n = w->krige.n_targets, row = out->n_rows, c = w->krige.maps.n_by + 1;
    DOSI_TRY(dosi_table_add_rows(out, n * w->n_fields, err));
    for (size_t k = 0; k < n * w->n_fields; k++, row++) {
        DOSI_TRY(put_labels(w, out, variable_and_map, row));
        out->columns[c].data.integer[row] = (int64_t)(k / n) + 1;
        out->columns[c + 1].data.integer[row] = w->krige.target_cell[k % n];
        out->columns[c + 2].data.real[row] = w->fields[k];
    }
    return DOSI_OK;
}

/// Simulates one map of one variable.
static dosi_status do_map(work *w, const size_t *variable_and_map, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const dosi_sites sites = method_maps_sites(&w->krige.maps);
    const dosi_sites targets = {w->krige.n_targets, w->krige.target_x, w->krige.target_y};
    size_t variable = variable_and_map[0], map = variable_and_map[1], n_values = 0;
    const double *values = method_maps_values(&w->krige.maps, variable) + map * sites.n;
    for (size_t i = 0; i < sites.n; i++) n_values += isnan(values[i]) ? 0 : 1;
    if (n_values == 0) return DOSI_OK; // no map without values
    const dosi_simulation problem = {
        .model = &w->krige.model,
        .sites = &sites,
        .values = values,
        .mean = w->mean,
        .n_nearest = (size_t)dosi_call_value(call, "nmax")->integer,
        .n_realisations = w->n_fields,
        // Maps and variables have random numbers of their own.
        .seed = (uint64_t)dosi_call_value(call, "seed")->integer +
                UINT64_C(0x9e3779b97f4a7c15) * (map * METHOD_NAMES_MAX + variable),
    };
    DOSI_TRY(dosi_simulate(&problem, &targets, call->run, w->fields, err));
    for (size_t k = 0; w->is_log && k < w->n_fields * targets.n; k++) {
        w->fields[k] = exp(w->fields[k]);
    }
    for (size_t k = 0; w->has_scores && k < w->n_fields * targets.n; k++) {
        w->fields[k] = interpolate(w->scores, w->ranked, w->n_ranked, w->fields[k]);
    }
    DOSI_TRY(put_map(w, variable_and_map, err));
    return w->keeps_fields ? put_fields(w, variable_and_map, err) : DOSI_OK;
}

/// Model and maps of one variable.
static dosi_status do_variable(work *w, size_t variable, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const char *name = w->krige.maps.variables.names[variable];
    dosi_error why = {""};
    if (w->has_scores) DOSI_TRY(take_scores(w, variable, err));
    dosi_status status =
        method_krige_find_model(&w->krige, method_maps_values(&w->krige.maps, variable), &why);
    if (status == DOSI_DOMAIN) {
        if (call->report) {
            dosi_text_printf(call->report, "%s: not mapped: %s\n", name, why.message);
        }
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s: %s", name, why.message);
    const dosi_variogram *m = &w->krige.model;
    dosi_table *out = &call->outputs[MODELS];
    size_t row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(dosi_table_set_text(out, 0, row, name));
    DOSI_TRY(dosi_table_set_text(out, 1, row, dosi_variogram_kind_name(m->kind)));
    out->columns[2].data.real[row] = m->nugget;
    out->columns[3].data.real[row] = m->psill;
    out->columns[4].data.real[row] = m->range_m;
    if (call->report) {
        dosi_text_printf(call->report, "%s: nugget %.4g, psill %.4g, range %.0f m; %zu maps\n",
                         name, m->nugget, m->psill, m->range_m, w->n_fields);
    }
    for (size_t map = 0; map < w->krige.maps.n_maps; map++) {
        const size_t variable_and_map[2] = {variable, map};
        DOSI_TRY(do_map(w, variable_and_map, err));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.krige.call = call};
    dosi_status status = open_work(&w, err);
    if (status == DOSI_OK) status = open_outputs(&w, err);
    for (size_t v = 0; v < w.krige.maps.variables.n && status == DOSI_OK; v++) {
        status = do_variable(&w, v, err);
    }
    free(w.fields);
    free(w.sorted);
    free(w.ranked);
    method_krige_close(&w.krige);
    return status;
}

const dosi_method dosi_method_geo_simulate = {
    .id = "geo.simulate",
    .version = 2,
    .title = {"조건부 시뮬레이션", "Conditional simulation"},
    .about =
        {"측정값을 그대로 지키면서 베리오그램대로 변하는, 똑같이 그럴듯한 지도를 여러 장 "
         "만듭니다 "
         "(순차 가우스 시뮬레이션). 칸마다 평균·표준편차·분위수와 기준값을 넘는 비율을 냅니다. "
         "크리깅 지도는 매끄럽지만 이 지도들은 실제처럼 거칩니다.",
         "Makes many equally likely maps that honour the observations and vary as the "
         "variogram "
         "says (sequential Gaussian simulation), and tells for each cell their mean, standard "
         "deviation, quantiles, and how often a value is exceeded. A kriging map is smooth; "
         "these are as rough as the truth, so that areas above a limit and the like may be "
         "counted on them. The same seed gives the same maps."},
    .citation = "Deutsch, Journel (1998), GSLIB, 2nd edition; Gomez-Hernandez, Journel (1993)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
