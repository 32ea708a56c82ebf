// geo.cokrige: maps of a few good stations with the help of a second, denser network.

#include "dosi/cokrige.h"
#include "method/geo_words.h"
#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Inputs 0 to 3 are geo.krige's.
enum { SECOND_OBSERVATIONS = 4, SECOND_STATIONS };
enum { MAP, GRID, LOO, MODELS };

static const dosi_method_table inputs[] = {
    GEO_INPUTS,
    {"second",
     {"둘째 관측망의 측정값", "Observations of the second network"},
     false,
     geo_observation_columns,
     1},
    {"second_stations",
     {"둘째 관측망의 위치", "Places of the second network"},
     true,
     geo_place_columns,
     1},
};

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", NULL, "값 열", "Column of values"),
    METHOD_TEXT("second_value",
                "",
                "둘째 관측망의 값 열 (비우면 같은 이름)",
                "Column of the second network's values; empty: of the same name"),
    GEO_BY,
    GEO_STATION,
    GEO_CELL,
    METHOD_CHOICE("model",
                  "exponential",
                  "spherical|exponential|gaussian|matern",
                  "베리오그램 모형",
                  "Variogram model"),
    METHOD_CHOICE("weights",
                  "pairs",
                  "pairs_h2|pairs",
                  "맞춤 가중치: N/h^2 또는 N",
                  "Weights of the fit: pairs / distance^2, or pairs"),
    GEO_KAPPA,
    GEO_CUTOFF,
    GEO_BINS,
    METHOD_REAL(
        "pair_m",
        "m",
        "1000",
        0,
        1e6,
        "두 관측망을 짝짓는 최대 거리",
        "How they vary together is told from sites of the first network with one of the "
        "second no farther than this"),
    METHOD_TEXT("error_variance",
                "0",
                "첫째 관측망의 오차 분산: 수 또는 열",
                "Variance of the first network's own errors, beside the nugget: a number, or a "
                "column of its observations or stations"),
    METHOD_TEXT("second_error_variance",
                "0",
                "둘째 관측망의 오차 분산: 수 또는 열",
                "Variance of the second network's own errors, likewise"),
    METHOD_CHOICE("search",
                  "auto",
                  "auto|global|local",
                  "이웃: auto는 두 관측망 합쳐 400개까지 전체",
                  "Neighbourhood; auto: global up to 400 sites of both networks"),
    METHOD_INT("nmax",
               "24",
               1,
               1000,
               "국지 크리깅에서 관측망마다 쓸 이웃 수",
               "Nearest sites of each network, when local"),
    METHOD_INT("min_sites",
               "3",
               1,
               1000,
               "지도에 필요한 최소 지점 수",
               "Sites of the first network that a map needs"),
    METHOD_BOOL("non_negative", "false", "음의 예측을 0으로", "Predictions below 0 become 0"),
    GEO_REJECT,
};

static const dosi_method_column map_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"cell",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"격자 번호", "Cell: row x n_columns + column, row 0 south; or the target's row"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"예측값", "Prediction"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"분산", "Variance"}},
};
static const dosi_method_column loo_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"observed", DOSI_TYPE_REAL, NULL, false, {"측정값", "Observed"}},
    {"predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"두 관측망의 나머지로 예측", "Predicted from the rest of both networks"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"분산", "Variance"}},
    {"alone",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"첫째 관측망만으로 예측", "Predicted from the rest of the first network alone"}},
};
static const dosi_method_column model_columns[] = {
    {"first", DOSI_TYPE_INT, NULL, false, {"관측망 (1, 2)", "Network, 1 or 2"}},
    {"second", DOSI_TYPE_INT, NULL, false, {"관측망 (1, 2)", "Network, 1 or 2"}},
    {"nugget", DOSI_TYPE_REAL, NULL, false, {"너깃", "Nugget"}},
    {"psill", DOSI_TYPE_REAL, NULL, false, {"부분 문턱", "Partial sill"}},
    {"range_m", DOSI_TYPE_REAL, "m", false, {"상관거리", "Range"}},
};
static const dosi_method_table outputs[] = {
    {"map", {"지도: 예측과 분산", "Maps: predictions and variances"}, false, map_columns, 6},
    GEO_GRID_OUTPUT,
    {"loo", {"교차검증", "Leave-one-out of the first network"}, false, loo_columns, 7},
    {"models", {"공동지역화 모형", "Model of coregionalisation"}, false, model_columns, 5},
};

/// A run on its way: data of both networks one after the other.
typedef struct work {
    method_krige krige; ///< First network, targets.
    method_maps second;
    size_t n_first, n;     ///< Sites of the first network, of both.
    double *x, *y;         ///< (n)
    double *error;         ///< (n)
    uint8_t *variable;     ///< (n)
    double *values;        ///< (n_maps x n)
    double *second_values; ///< (n_maps x n - n_first) in the order of the first's maps.
    double *prediction, *variance, *alone; ///< (n_maps x the more of targets and sites)
    dosi_lmc model;
} work;

/// Order of two cells of columns of the same type.
static int compare_cells(const dosi_column *a, size_t i, const dosi_column *b, size_t j) {
    if (a->type == DOSI_TYPE_TEXT) {
        size_t n_a = 0, n_b = 0;
        const char *p = dosi_column_bytes(a, i, &n_a), *q = dosi_column_bytes(b, j, &n_b);
        if (!p || !q) return p ? 1 : q ? -1 : 0;
        int order = memcmp(p, q, n_a < n_b ? n_a : n_b);
        return order ? order : n_a < n_b ? -1 : n_a > n_b;
    }
    double p = dosi_column_real(a, i), q = dosi_column_real(b, j);
    return p < q ? -1 : p > q;
}

/// Order of map `i` of the first and map `j` of the second network.
static int compare_maps(const work *w, size_t i, size_t j) {
    const method_maps *a = &w->krige.maps, *b = &w->second;
    for (size_t c = 0; c < a->n_by; c++) {
        int order = compare_cells(a->by[c], a->map_row[i], b->by[c], b->map_row[j]);
        if (order) return order;
    }
    return 0;
}

/// The grouping columns of both networks must be alike.
static dosi_status check_groups(const work *w, dosi_error *err) {
    for (size_t c = 0; c < w->krige.maps.n_by; c++) {
        const dosi_column *a = w->krige.maps.by[c], *b = w->second.by[c];
        if (a->type == b->type) continue;
        return dosi_fail(err, DOSI_INVALID,
                         "by: \"%s\" is of another type in the second network", a->name);
    }
    return DOSI_OK;
}

/// Reads both networks and finds the targets.
static dosi_status read_networks(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const char *second_value = dosi_call_value(call, "second_value")->text;
    method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(method_maps_read(call->inputs[KRIGE_OBSERVATIONS], call->inputs[KRIGE_STATIONS],
                              &options, &w->krige.maps, err));
    if (second_value[0]) options.value = second_value;
    options.min_sites = 1;
    DOSI_TRY(method_maps_read(call->inputs[SECOND_OBSERVATIONS], call->inputs[SECOND_STATIONS],
                              &options, &w->second, err));
    if (w->krige.maps.variables.n != 1 || w->second.variables.n != 1) {
        return dosi_fail(err, DOSI_INVALID, "value: co-kriging takes one column a network");
    }
    DOSI_TRY(check_groups(w, err));
    DOSI_TRY(method_krige_find_targets(&w->krige, err));
    method_maps_put_report(&w->krige.maps, call->report);
    method_maps_put_report(&w->second, call->report);
    return DOSI_OK;
}

/// Lays out the data of both.
static dosi_status allocate(work *w, dosi_error *err) {
    size_t n_maps = w->krige.maps.n_maps, n_targets = w->krige.n_targets;
    w->n_first = w->krige.maps.n_sites;
    w->n = w->n_first + w->second.n_sites;
    size_t most = w->n > n_targets ? w->n : n_targets;
    w->x = calloc(3 * w->n + 1, sizeof *w->x);
    w->variable = calloc(w->n + 1, sizeof *w->variable);
    w->values = calloc(n_maps * (2 * w->n) + 1, sizeof *w->values);
    w->prediction = calloc(3 * n_maps * most + 1, sizeof *w->prediction);
    if (!w->x || !w->variable || !w->values || !w->prediction) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu maps of %zu sites", n_maps,
                         w->n);
    }
    w->y = w->x + w->n;
    w->error = w->y + w->n;
    w->second_values = w->values + n_maps * w->n;
    w->variance = w->prediction + n_maps * most;
    w->alone = w->variance + n_maps * most;
    return DOSI_OK;
}

/// Row of the stations that a row of the observations names; SIZE_MAX: none.
static size_t find_station(const dosi_table *stations,
                           const dosi_column *station,
                           size_t row_of_site) {
    size_t n_want = 0, n_have = 0;
    const char *want = dosi_column_bytes(station, row_of_site, &n_want);
    size_t c = dosi_table_find(stations, station->name);
    if (!want || c == SIZE_MAX || stations->columns[c].type != DOSI_TYPE_TEXT) return SIZE_MAX;
    for (size_t row = 0; row < stations->n_rows; row++) {
        const char *have = dosi_column_bytes(&stations->columns[c], row, &n_have);
        if (have && n_have == n_want && memcmp(have, want, n_want) == 0) return row;
    }
    return SIZE_MAX;
}

/// Error variances of one network's sites: a number, or a column; none where it is missing.
static dosi_status fill_errors(const work *w,
                               const char *parameter,
                               const method_maps *maps,
                               const dosi_table *const *tables,
                               double *out,
                               dosi_error *err) {
    const char *text = dosi_call_value(w->krige.call, parameter)->text;
    char *end = NULL;
    double number = strtod(text, &end);
    bool is_number = !text[0] || (end != text && *end == 0);
    method_values own = {.value = NULL}, of_station = {.value = NULL};
    if (!is_number) {
        DOSI_TRY(method_values_find(tables[0], text, 0, &own, err));
        if (tables[1]) DOSI_TRY(method_values_find(tables[1], text, 0, &of_station, err));
    }
    if (!is_number && !own.value && !(of_station.value && maps->station)) {
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "%s: \"%s\" is neither a number nor a column of its network",
                         parameter, text);
    }
    for (size_t i = 0; i < maps->n_sites; i++) {
        double value = is_number ? number : (double)NAN;
        if (own.value) value = method_value(&own, maps->site_row[i]);
        if (!is_number && !own.value) {
            size_t row = find_station(tables[1], maps->station, maps->site_row[i]);
            if (row != SIZE_MAX) value = method_value(&of_station, row);
        }
        if (value < 0 || isinf(value)) {
            return dosi_fail(err, DOSI_DOMAIN, "%s: %g is no variance", parameter, value);
        }
        out[i] = isnan(value) ? 0 : value;
    }
    return DOSI_OK;
}

/// Error variances of both.
static dosi_status find_errors(const work *w, dosi_error *err) {
    const dosi_table *const *in = w->krige.call->inputs;
    const dosi_table *const first[2] = {in[KRIGE_OBSERVATIONS], in[KRIGE_STATIONS]};
    const dosi_table *const second[2] = {in[SECOND_OBSERVATIONS], in[SECOND_STATIONS]};
    DOSI_TRY(fill_errors(w, "error_variance", &w->krige.maps, first, w->error, err));
    return fill_errors(w, "second_error_variance", &w->second, second, w->error + w->n_first,
                       err);
}

/// Nearest sites of each network to use; 0: all.
static size_t choose_search(const work *w) {
    enum { AUTO_GLOBAL_SITES = 400 };
    const char *search = dosi_call_value(w->krige.call, "search")->text;
    bool is_local = strcmp(search, "local") == 0 ||
                    (strcmp(search, "auto") == 0 && w->n > AUTO_GLOBAL_SITES);
    return is_local ? (size_t)dosi_call_value(w->krige.call, "nmax")->integer : 0;
}

/// Puts both networks side by side, map by map.
static void join_networks(work *w) {
    const method_maps *first = &w->krige.maps, *second = &w->second;
    const double *z1 = method_maps_values(first, 0), *z2 = method_maps_values(second, 0);
    size_t n_second = second->n_sites, at = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool is_first = i < w->n_first;
        size_t site = is_first ? i : i - w->n_first;
        w->x[i] = is_first ? first->x[site] : second->x[site];
        w->y[i] = is_first ? first->y[site] : second->y[site];
        w->variable[i] = is_first ? 0 : 1;
    }
    for (size_t t = 0; t < first->n_maps; t++) { // both are in ascending order
        while (at < second->n_maps && compare_maps(w, t, at) > 0) at++;
        bool is_found = at < second->n_maps && compare_maps(w, t, at) == 0;
        double *row = w->values + t * w->n, *of_second = w->second_values + t * n_second;
        memcpy(row, z1 + t * w->n_first, w->n_first * sizeof *row);
        for (size_t i = 0; i < n_second; i++) {
            of_second[i] = is_found ? z2[at * n_second + i] : (double)NAN;
            row[w->n_first + i] = of_second[i];
        }
    }
}

/// What the second network has nearest to each site of the first, within `pair_m`, map by map.
static dosi_status pair_networks(const work *w, double *out, dosi_error *err) {
    const method_maps *first = &w->krige.maps, *second = &w->second;
    double reach = dosi_call_value(w->krige.call, "pair_m")->real;
    size_t n_pairs = 0, n_first = w->n_first, n_second = second->n_sites;
    dosi_nearest *nearest = NULL;
    DOSI_TRY(dosi_nearest_create(second->x, second->y, n_second, &nearest, err));
    for (size_t i = 0; i < n_first; i++) {
        uint32_t site = 0;
        double distance2 = INFINITY;
        size_t n = dosi_nearest_find(nearest, first->x[i], first->y[i], 1, &site, &distance2);
        bool is_near = n == 1 && distance2 <= reach * reach;
        n_pairs += is_near ? 1 : 0;
        for (size_t t = 0; t < first->n_maps; t++) {
            out[t * n_first + i] =
                is_near ? w->second_values[t * n_second + site] : (double)NAN;
        }
    }
    dosi_nearest_destroy(nearest);
    if (n_pairs >= 2) return DOSI_OK;
    return dosi_fail(
        err, DOSI_DOMAIN,
        "second: %zu sites of the first network have one of the second within %g m "
        "(pair_m); telling how they vary together needs more",
        n_pairs, reach);
}

/// Samples of both networks and of one with the other.
static dosi_status sample_networks(const work *w,
                                   const dosi_variogram_classes *classes,
                                   dosi_variogram_bin *bins,
                                   dosi_error *err) {
    const dosi_sites first = method_maps_sites(&w->krige.maps);
    const dosi_sites second = method_maps_sites(&w->second);
    const double *values = method_maps_values(&w->krige.maps, 0);
    size_t n_maps = w->krige.maps.n_maps, n_bins = classes->n_bins;
    double *paired = w->alone; // not used yet
    DOSI_TRY(pair_networks(w, paired, err));
    const double *const both[2] = {values, paired};
    DOSI_TRY(dosi_variogram_sample(&first, values, n_maps, classes, bins, err));
    DOSI_TRY(dosi_variogram_sample_cross(&first, both, n_maps, classes, bins + n_bins, err));
    return dosi_variogram_sample(&second, w->second_values, n_maps, classes, bins + 2 * n_bins,
                                 err);
}

/// Fits the model of coregionalisation.
static dosi_status fit_model(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const dosi_variogram_classes classes = {
        .cutoff_m = dosi_call_value(call, "cutoff_m")->real,
        .n_bins = (size_t)dosi_call_value(call, "n_bins")->integer,
    };
    dosi_variogram_bin *bins = calloc(3 * classes.n_bins, sizeof *bins);
    if (!bins) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for distance classes");
    w->model = (dosi_lmc){
        .n_variables = 2,
        .kind = dosi_variogram_kind_from_name(dosi_call_value(call, "model")->text),
        .kappa = dosi_call_value(call, "kappa")->real,
    };
    const dosi_lmc_sample sample = {
        .n_bins = classes.n_bins,
        .bins = {bins, bins + classes.n_bins, bins + 2 * classes.n_bins},
    };
    dosi_status status = sample_networks(w, &classes, bins, err);
    if (status == DOSI_OK) {
        status = dosi_lmc_fit(
            &sample, dosi_variogram_weights_from_name(dosi_call_value(call, "weights")->text),
            &w->model, err);
    }
    free(bins);
    return status;
}

/// The model's three rows.
static dosi_status put_model(const work *w, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[MODELS];
    DOSI_TRY(method_open_output(w->krige.call, MODELS, 3, err));
    for (size_t row = 0; row < 3; row++) {
        size_t a = row == 2 ? 1 : 0, b = row == 0 ? 0 : 1;
        out->columns[0].data.integer[row] = (int64_t)a + 1;
        out->columns[1].data.integer[row] = (int64_t)b + 1;
        out->columns[2].data.real[row] = w->model.nugget[a][b];
        out->columns[3].data.real[row] = w->model.psill[a][b];
        out->columns[4].data.real[row] = w->model.range_m;
    }
    if (!w->krige.call->report) return DOSI_OK;
    double both = w->model.psill[0][1];
    double apart = sqrt(w->model.psill[0][0] * w->model.psill[1][1]);
    dosi_text_printf(w->krige.call->report,
                     "range %.0f m; correlation of the networks' fields %.3f\n",
                     w->model.range_m, apart > 0 ? both / apart : (double)NAN);
    return DOSI_OK;
}

/// Adds the grouping columns to an output.
static dosi_status add_groups(const work *w, size_t i_output, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[i_output];
    for (size_t i = 0; i < w->krige.maps.n_by; i++) {
        const dosi_column *by = w->krige.maps.by[i];
        size_t added = 0;
        DOSI_TRY(dosi_table_add_column(out, by->name, by->type, &added, err));
        DOSI_TRY(dosi_table_describe(out, added, by->unit, by->meaning_ko, by->meaning_en));
    }
    return DOSI_OK;
}

/// Fills the grouping columns of a row.
static dosi_status put_groups(const work *w, dosi_table *out, size_t row, size_t map) {
    const method_maps *maps = &w->krige.maps;
    for (size_t c = 0; c < maps->n_by; c++) {
        DOSI_TRY(method_copy_cell(maps->by[c], maps->map_row[map], out, c, row));
    }
    return DOSI_OK;
}

/// The maps.
static dosi_status put_maps(work *w, const dosi_cokrige *problem, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    dosi_table *out = &call->outputs[MAP];
    size_t n = w->krige.n_targets, n_all = n * problem->n_maps, c = w->krige.maps.n_by;
    const dosi_sites targets = {n, w->krige.target_x, w->krige.target_y};
    bool has_floor = dosi_call_value(call, "non_negative")->boolean;
    DOSI_TRY(
        dosi_cokrige_predict(problem, &targets, call->run, w->prediction, w->variance, err));
    DOSI_TRY(add_groups(w, MAP, err));
    DOSI_TRY(method_open_output(call, MAP, n_all, err));
    for (size_t row = 0; row < n_all; row++) {
        double value = w->prediction[row];
        DOSI_TRY(put_groups(w, out, row, row / n));
        out->columns[c].data.integer[row] = w->krige.target_cell[row % n];
        out->columns[c + 1].data.real[row] = targets.x[row % n];
        out->columns[c + 2].data.real[row] = targets.y[row % n];
        out->columns[c + 3].data.real[row] = has_floor && value < 0 ? 0 : value;
        out->columns[c + 4].data.real[row] = w->variance[row];
    }
    return DOSI_OK;
}

/// The first network's values from itself alone, with its own part of the model.
static dosi_status leave_alone(const work *w, const dosi_cokrige *problem, dosi_error *err) {
    const dosi_sites first = method_maps_sites(&w->krige.maps);
    const dosi_variogram model = {.kind = w->model.kind,
                                  .nugget = w->model.nugget[0][0],
                                  .psill = w->model.psill[0][0],
                                  .range_m = w->model.range_m,
                                  .kappa = w->model.kappa};
    const dosi_krige single = {.model = &model,
                               .sites = &first,
                               .values = method_maps_values(&w->krige.maps, 0),
                               .n_maps = problem->n_maps,
                               .error_variance = w->error};
    return dosi_krige_leave_one_out(&single, w->krige.call->run, w->alone, w->variance, err);
}

/// Leave-one-out of the first network, with the second and alone.
static dosi_status put_left_out(work *w, const dosi_cokrige *problem, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    dosi_table *out = &call->outputs[LOO];
    size_t n_first = w->n_first, c = w->krige.maps.n_by, n_all = problem->n_maps * n_first;
    const double *observed = method_maps_values(&w->krige.maps, 0);
    DOSI_TRY(leave_alone(w, problem, err)); // before its scratch holds the variances
    DOSI_TRY(dosi_cokrige_leave_one_out(problem, call->run, w->prediction, w->variance, err));
    DOSI_TRY(add_groups(w, LOO, err));
    DOSI_TRY(method_open_output(call, LOO, 0, err));
    for (size_t k = 0; k < n_all; k++) { // the first network's columns, side by side
        w->prediction[k] = w->prediction[k / n_first * w->n + k % n_first];
        w->variance[k] = w->variance[k / n_first * w->n + k % n_first];
        if (isnan(observed[k])) continue;
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        DOSI_TRY(put_groups(w, out, row, k / n_first));
        const double numbers[] = {w->x[k % n_first], w->y[k % n_first], observed[k],
                                  w->prediction[k],  w->variance[k],    w->alone[k]};
        for (size_t i = 0; i < 6; i++) out->columns[c + i].data.real[row] = numbers[i];
    }
    if (!call->report) return DOSI_OK;
    dosi_krige_score both = dosi_krige_score_of(observed, w->prediction, w->variance, n_all);
    dosi_krige_score alone = dosi_krige_score_of(observed, w->alone, w->variance, n_all);
    dosi_text_printf(call->report,
                     "leave-one-out of %zu values: RMSE %.4g with both networks (MSDR %.3f), "
                     "%.4g with the first alone\n",
                     both.n, both.rmse, both.msdr, alone.rmse);
    return DOSI_OK;
}

/// Everything but giving back.
static dosi_status do_work(work *w, dosi_error *err) {
    DOSI_TRY(read_networks(w, err));
    DOSI_TRY(allocate(w, err));
    join_networks(w);
    DOSI_TRY(find_errors(w, err));
    DOSI_TRY(fit_model(w, err));
    const dosi_sites sites = {w->n, w->x, w->y};
    const dosi_cokrige problem = {.model = &w->model,
                                  .sites = &sites,
                                  .variable = w->variable,
                                  .values = w->values,
                                  .n_maps = w->krige.maps.n_maps,
                                  .error_variance = w->error,
                                  .n_nearest = choose_search(w)};
    DOSI_TRY(put_maps(w, &problem, err));
    DOSI_TRY(method_krige_put_grid(&w->krige, GRID, err));
    DOSI_TRY(put_left_out(w, &problem, err));
    return put_model(w, err);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.krige.call = call};
    dosi_status status = do_work(&w, err);
    free(w.x);
    free(w.variable);
    free(w.values);
    free(w.prediction);
    method_maps_clear(&w.second);
    method_krige_close(&w.krige);
    return status;
}

const dosi_method dosi_method_geo_cokrige = {
    .id = "geo.cokrige",
    .version = 2,
    .title = {"공동 크리깅", "Co-kriging"},
    .about =
        {"적은 기준 측정소의 지도를 촘촘한 둘째 관측망(값싼 센서)의 도움으로 그립니다. 두 "
         "관측망의 "
         "평균은 저마다 다를 수 있고, 함께 변하는 만큼만 돕습니다(공동지역화 선형모형). 첫째 "
         "관측망만으로 했을 때와 비교한 교차검증을 함께 냅니다.",
         "Maps a few good stations with the help of a second, denser network, such as cheap "
         "sensors. Each network has a mean of its own, so that a constant bias does no harm, "
         "and "
         "the second helps only as far as it varies with the first (a linear model of "
         "coregionalisation, fitted to both variograms and to the covariance of one network "
         "with "
         "the other, pooled over maps). Leave-one-out tells how much it helps."},
    .citation = "Myers (1982), Math. Geol. 14; Goulard, Voltz (1992), Math. Geol. 24",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
