// geo.krige_st: space-time kriging: maps of any time from the values around it in space and
// time.

#include "dosi/spacetime.h"
#include "method/geo_words.h"
#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAP, GRID, LOO, SAMPLE, MODELS };
enum { MAX_VALUES = 1 << 27, SCORES = 7 };

static const dosi_method_table inputs[] = {GEO_INPUTS};

#define KINDS "spherical|exponential|gaussian|matern"
static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", NULL, "값 열", "Column of values"),
    METHOD_TEXT("by", "time", "시각 열", "Column of times"),
    GEO_STATION,
    GEO_CELL,
    METHOD_REAL("step_h",
                "h",
                "0",
                0,
                1e6,
                "시간 간격 (0: 자료의 가장 짧은 간격)",
                "Time step; 0: the shortest gap between times"),
    METHOD_TEXT(
        "times",
        "",
        "예측할 시각 (쉼표로, 비우면 자료의 모든 시각)",
        "Times to predict, separated by commas, also between or after those of the data; "
        "empty: all of the data's"),
    METHOD_CHOICE("model",
                  "summetric",
                  "separable|productsum|metric|summetric",
                  "시공간 모형",
                  "Family of space-time models"),
    METHOD_CHOICE("space", "exponential", KINDS, "공간 모형", "Variogram over distance"),
    METHOD_CHOICE("lags", "exponential", KINDS, "시간 모형", "Variogram over time lags"),
    METHOD_CHOICE("joint", "exponential", KINDS, "결합 모형", "Variogram over both together"),
    GEO_KAPPA,
    METHOD_TEXT("given",
                "",
                "주어진 모형 (비우면 맞춤): space:문턱:너깃 몫:거리, time:문턱:너깃 몫:간격, "
                "product:문턱, joint:문턱:너깃 몫:거리:간격당 거리",
                "A model that is given, as models tells one; empty: fitted. Parts separated by "
                "commas: space:sill:nugget_share:range, time:sill:nugget_share:steps, "
                "product:sill, joint:sill:nugget_share:range:metres_per_step; a part not named "
                "has no sill"),
    METHOD_REAL(
        "metres_per_step",
        "m",
        "0",
        0,
        1e9,
        "한 간격과 맞먹는 거리 (0: 자료에서)",
        "Distance that differs as much as one step, for choosing neighbours and weighing "
        "the fit; 0: told from the data"),
    GEO_CUTOFF,
    GEO_BINS,
    METHOD_INT(
        "n_lags", "7", 2, 1000, "시간 지연 수", "Lags of the sample variogram, 0 included"),
    METHOD_INT("nmax", "50", 1, 1000, "이웃 값의 수", "Nearest values in space and time"),
    METHOD_INT(
        "min_sites", "1", 1, 1000, "시각에 필요한 최소 지점 수", "Sites that a time needs"),
    METHOD_BOOL("non_negative", "false", "음의 예측을 0으로", "Predictions below 0 become 0"),
    METHOD_BOOL("leave_one_out",
                "true",
                "교차검증 (측정소를 통째로 빼고)",
                "Predict every value from the other stations, too"),
    GEO_REJECT,
};

static const dosi_method_column map_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각", "Time"}},
    {"cell",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"격자 번호", "Cell: row x n_columns + column, row 0 south; or the target's row"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"예측값", "Prediction"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"크리깅 분산", "Kriging variance"}},
};
static const dosi_method_column loo_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각", "Time"}},
    {"site", DOSI_TYPE_INT, NULL, false, {"지점 번호", "Site, from 1"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"observed", DOSI_TYPE_REAL, NULL, false, {"측정값", "Observed"}},
    {"predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"다른 측정소로 예측한 값", "Predicted from the other sites, at all times"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"분산", "Kriging variance"}},
};
static const dosi_method_column sample_columns[] = {
    {"lag", DOSI_TYPE_REAL, NULL, false, {"시간 지연 (간격)", "Lag, steps"}},
    {"distance_m", DOSI_TYPE_REAL, "m", false, {"평균 거리", "Mean distance"}},
    {"n_pairs", DOSI_TYPE_REAL, NULL, false, {"짝 수", "Pairs"}},
    {"gamma", DOSI_TYPE_REAL, NULL, false, {"반분산", "Semivariance"}},
    {"fitted", DOSI_TYPE_REAL, NULL, false, {"모형의 반분산", "Semivariance of the model"}},
};
static const dosi_method_column model_columns[] = {
    {"part",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"부분: space, time, product, joint", "Part: space, time, product, joint"}},
    {"model", DOSI_TYPE_TEXT, NULL, false, {"모형", "Variogram model"}},
    {"sill", DOSI_TYPE_REAL, NULL, false, {"문턱", "Sill"}},
    {"nugget_share", DOSI_TYPE_REAL, NULL, false, {"너깃의 몫", "Share of it that is nugget"}},
    {"range",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"상관거리 (m, time은 간격)", "Range: m, of time in steps"}},
    {"metres_per_step",
     DOSI_TYPE_REAL,
     "m",
     false,
     {"한 간격과 맞먹는 거리 (joint)", "Distance equal to one step, of the joint part"}},
    {"error",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"맞춤 오차", "Weighted mean square error of the fit; of a given model none"}},
    {"loo_n", DOSI_TYPE_REAL, NULL, false, {"교차검증 값 수", "Values predicted"}},
    {"loo_me", DOSI_TYPE_REAL, NULL, false, {"평균 오차", "Mean error"}},
    {"loo_mae", DOSI_TYPE_REAL, NULL, false, {"평균 절대 오차", "Mean absolute error"}},
    {"loo_rmse",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"제곱평균제곱근 오차", "Root mean square error"}},
    {"loo_msdr",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"표준화 제곱 오차 평균", "Mean squared error / variance"}},
    {"loo_coverage_95",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"95% 구간 포함률", "Share inside the 95 % interval"}},
    {"loo_correlation", DOSI_TYPE_REAL, NULL, false, {"상관계수", "Correlation"}},
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE(
        "map", false, "지도: 예측과 분산", "Maps: predictions and variances", map_columns),
    GEO_GRID_OUTPUT,
    METHOD_TABLE("loo", false, "교차검증", "Every value from the other sites", loo_columns),
    METHOD_TABLE("sample",
                 false,
                 "시공간 표본 베리오그램",
                 "Sample space-time variogram",
                 sample_columns),
    METHOD_TABLE(
        "models", false, "맞춘 모형과 검증", "Fitted model and its check", model_columns),
};

/// A run on its way.
typedef struct work {
    method_krige krige; ///< Observations and targets.
    dosi_time first, step;
    size_t n_times;
    double *values; ///< (n_times x sites)
    dosi_st_field field;
    dosi_sites sites;
    size_t n_classes; ///< Filled bins and empty ones.
    dosi_st_bin *bins;
    double metres_per_step, fit_error;
    dosi_st_model model;
    dosi_krige_score score;
} work;

static dosi_time time_of(const work *w, size_t map) {
    return w->krige.maps.by[0]->data.integer[w->krige.maps.map_row[map]];
}

/// The step, and the values on an even axis of time.
static dosi_status lay_out(work *w, dosi_error *err) {
    const method_maps *maps = &w->krige.maps;
    double step_h = dosi_call_value(w->krige.call, "step_h")->real;
    if (maps->n_maps < 2) return dosi_fail(err, DOSI_DOMAIN, "by: there are not two times");
    w->step = (dosi_time)(step_h * (double)DOSI_HOUR_US);
    for (size_t m = 1; m < maps->n_maps && !(step_h > 0); m++) {
        dosi_time gap = time_of(w, m) - time_of(w, m - 1);
        if (m == 1 || gap < w->step) w->step = gap;
    }
    if (w->step <= 0) return dosi_fail(err, DOSI_DOMAIN, "step_h: %g h is too short", step_h);
    w->first = time_of(w, 0);
    dosi_time span = (time_of(w, maps->n_maps - 1) - w->first) / w->step;
    w->sites = method_maps_sites(maps);
    if (span >= MAX_VALUES || (size_t)span + 1 > MAX_VALUES / (w->sites.n + 1)) {
        return dosi_fail(err, DOSI_LIMIT, "step_h: more than %d values", MAX_VALUES);
    }
    w->n_times = (size_t)span + 1;
    w->values = malloc((w->n_times * w->sites.n + 1) * sizeof *w->values);
    if (!w->values)
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", w->n_times);
    for (size_t k = 0; k < w->n_times * w->sites.n; k++) w->values[k] = NAN;
    for (size_t m = 0; m < maps->n_maps; m++) {
        dosi_time since = time_of(w, m) - w->first;
        if (since % w->step != 0) {
            return dosi_fail(err, DOSI_DOMAIN,
                             "step_h: time %zu is not a whole number of %g h after the first",
                             m, (double)w->step / (double)DOSI_HOUR_US);
        }
        memcpy(w->values + (size_t)(since / w->step) * w->sites.n,
               method_maps_values(maps, 0) + m * w->sites.n, w->sites.n * sizeof *w->values);
    }
    w->field = (dosi_st_field){&w->sites, w->values, w->n_times};
    return DOSI_OK;
}

/// Observations, targets, even times.
static dosi_status open_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(method_maps_read(call->inputs[KRIGE_OBSERVATIONS], call->inputs[KRIGE_STATIONS],
                              &options, &w->krige.maps, err));
    method_maps_put_report(&w->krige.maps, call->report);
    if (w->krige.maps.variables.n != 1) {
        return dosi_fail(err, DOSI_INVALID, "value: space-time kriging takes one column");
    }
    if (w->krige.maps.n_by != 1 || w->krige.maps.by[0]->type != DOSI_TYPE_TIME) {
        return dosi_fail(err, DOSI_INVALID, "by: \"%s\" is not one column of times",
                         options.by);
    }
    DOSI_TRY(method_krige_find_targets(&w->krige, err));
    return lay_out(w, err);
}

// --- variogram -----------------------------------------------------------------------------

/// Reads one part "name:number:...:number" of a given model into its place, and goes on to
/// what follows it.
static dosi_status read_part(const char **text, dosi_st_model *model, dosi_error *err) {
    static const char *const names[] = {"space", "time", "product", "joint"};
    static const size_t lengths[] = {3, 3, 1, 4};
    double *const sills[] = {&model->sill_space, &model->sill_time, &model->sill_product,
                             &model->sill_joint};
    dosi_variogram *const parts[] = {&model->space, &model->time, NULL, &model->joint};
    double numbers[4] = {0};
    const char *start = *text + strspn(*text, " ");
    size_t n_name = strcspn(start, ":, "), part = 0, n = 0;
    while (part < 4 &&
           (strlen(names[part]) != n_name || memcmp(names[part], start, n_name) != 0)) {
        part++;
    }
    const char *at = start + n_name;
    while (*at == ':' && n < 4) {
        char *end = NULL;
        numbers[n] = strtod(at + 1, &end);
        if (end == at + 1) break;
        n++;
        at = end;
    }
    at += strspn(at, " ");
    if (part == 4 || (*at && *at != ',') || n != lengths[part]) {
        return dosi_fail(err, DOSI_INVALID,
                         "given: \"%.*s\" is not space:sill:nugget_share:range, "
                         "time:sill:nugget_share:steps, product:sill or "
                         "joint:sill:nugget_share:range:metres_per_step",
                         (int)(strcspn(start, ",") % 128), start);
    }
    *text = *at ? at + 1 : at;
    *sills[part] = numbers[0];
    if (n == 4) model->metres_per_step = numbers[3];
    if (!parts[part]) return DOSI_OK;
    parts[part]->nugget = numbers[1];
    parts[part]->psill = 1 - numbers[1];
    parts[part]->range_m = numbers[2];
    return DOSI_OK;
}

/// The model as it is given; parts not named get sill 0.
static dosi_status read_model(const char *text, dosi_st_model *model, dosi_error *err) {
    dosi_variogram *const parts[] = {&model->space, &model->time, &model->joint};
    for (size_t i = 0; i < 3; i++) {
        parts[i]->psill = 1;
        parts[i]->range_m = 1;
    }
    model->metres_per_step = 1;
    for (const char *at = text; *at;) DOSI_TRY(read_part(&at, model, err));
    if (!(model->sill_space + model->sill_time + model->sill_product + model->sill_joint > 0)) {
        return dosi_fail(err, DOSI_INVALID, "given: no part of \"%s\" has a sill", text);
    }
    return dosi_st_model_check(model, err);
}

/// Samples, and fits or takes what is given.
static dosi_status fit_model(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    const dosi_st_classes classes = {
        .cutoff_m = dosi_call_value(call, "cutoff_m")->real,
        .n_bins = (size_t)dosi_call_value(call, "n_bins")->integer,
        .n_lags = (size_t)dosi_call_value(call, "n_lags")->integer,
    };
    double kappa = dosi_call_value(call, "kappa")->real;
    w->n_classes = classes.n_lags * (classes.n_bins + 1);
    w->bins = calloc(w->n_classes, sizeof *w->bins);
    if (!w->bins) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for distance classes");
    DOSI_TRY(dosi_st_variogram_sample(&w->field, &classes, call->run, w->bins, err));
    w->metres_per_step = dosi_call_value(call, "metres_per_step")->real;
    if (!(w->metres_per_step > 0)) {
        w->metres_per_step = dosi_st_anisotropy(w->bins, w->n_classes);
    }
    if (!(w->metres_per_step > 0)) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "metres_per_step: the sample does not tell it; give one");
    }
    static const char *const kinds[] = {"space", "lags", "joint"};
    dosi_variogram *const parts[] = {&w->model.space, &w->model.time, &w->model.joint};
    w->model.kind = dosi_st_kind_from_name(dosi_call_value(call, "model")->text);
    for (size_t i = 0; i < 3; i++) {
        const char *kind = dosi_call_value(call, kinds[i])->text;
        *parts[i] =
            (dosi_variogram){.kind = dosi_variogram_kind_from_name(kind), .kappa = kappa};
    }
    const char *given = dosi_call_value(call, "given")->text;
    w->fit_error = NAN;
    if (given[0]) return read_model(given, &w->model, err);
    return dosi_st_variogram_fit(w->bins, w->n_classes, w->metres_per_step, &w->model,
                                 &w->fit_error, err);
}

static dosi_status put_sample(const work *w, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[SAMPLE];
    DOSI_TRY(method_open_output(w->krige.call, SAMPLE, 0, err));
    for (size_t b = 0; b < w->n_classes; b++) {
        const dosi_st_bin *bin = &w->bins[b];
        if (!(bin->n_pairs > 0)) continue;
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        const double numbers[] = {bin->lag, bin->distance_m, bin->n_pairs, bin->gamma,
                                  dosi_st_model_value(&w->model, bin->distance_m, bin->lag)};
        for (size_t i = 0; i < 5; i++) out->columns[i].data.real[row] = numbers[i];
    }
    return DOSI_OK;
}

// --- predictions ---------------------------------------------------------------------------

/// What is predicted: places with times, and where the results go.
typedef struct batch {
    size_t n;
    double *x, *y, *time, *value, *variance;
    uint32_t *without;
} batch;

static dosi_status batch_reserve(batch *b, size_t n, dosi_error *err) {
    *b = (batch){.n = n,
                 .x = calloc(5 * n + 1, sizeof *b->x),
                 .without = calloc(n + 1, sizeof *b->without)};
    if (!b->x || !b->without) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu predictions", n);
    }
    b->y = b->x + n;
    b->time = b->y + n;
    b->value = b->time + n;
    b->variance = b->value + n;
    return DOSI_OK;
}

static void batch_clear(batch *b) {
    free(b->x);
    free(b->without);
}

static dosi_status predict(const work *w, const batch *b, bool leaves_out, dosi_error *err) {
    const dosi_st_krige problem = {
        .model = &w->model,
        .field = &w->field,
        .n_nearest = (size_t)dosi_call_value(w->krige.call, "nmax")->integer,
        .metres_per_step = w->metres_per_step,
    };
    const dosi_st_targets targets = {.places = {b->n, b->x, b->y},
                                     .time = b->time,
                                     .without = leaves_out ? b->without : NULL};
    return dosi_st_krige_predict(&problem, &targets, w->krige.call->run, b->value, b->variance,
                                 err);
}

/// The times to predict.
static dosi_status read_times(const work *w, dosi_time *out, size_t *n, dosi_error *err) {
    method_names texts;
    DOSI_TRY(method_names_split(dosi_call_value(w->krige.call, "times")->text, &texts, err));
    *n = texts.n;
    for (size_t i = 0; i < texts.n; i++) {
        DOSI_TRY(dosi_time_parse_iso(texts.names[i], strlen(texts.names[i]), 0, &out[i], err));
    }
    if (texts.n) return DOSI_OK;
    for (size_t m = 0; m < w->krige.maps.n_maps; m++) out[m] = time_of(w, m);
    *n = w->krige.maps.n_maps;
    return DOSI_OK;
}

/// The maps of `n_times` times.
static dosi_status put_maps(
    const work *w, const dosi_time *times, size_t n_times, batch *b, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    dosi_table *out = &call->outputs[MAP];
    size_t n = w->krige.n_targets;
    bool has_floor = dosi_call_value(call, "non_negative")->boolean;
    if (n && n_times > MAX_VALUES / n) {
        return dosi_fail(err, DOSI_LIMIT, "%zu times of %zu cells", n_times, n);
    }
    DOSI_TRY(batch_reserve(b, n * n_times, err));
    assert(b->x && b->y && b->time);
    for (size_t k = 0; k < b->n; k++) {
        b->x[k] = w->krige.target_x[k % n];
        b->y[k] = w->krige.target_y[k % n];
        size_t t = k / n;
        b->time[k] = (double)(times[t] - w->first) / (double)w->step;
    }
    DOSI_TRY(predict(w, b, false, err));
    DOSI_TRY(method_open_output(call, MAP, b->n, err));
    for (size_t k = 0; k < b->n; k++) {
        out->columns[0].data.integer[k] = times[k / n];
        out->columns[1].data.integer[k] = w->krige.target_cell[k % n];
        out->columns[2].data.real[k] = b->x[k];
        out->columns[3].data.real[k] = b->y[k];
        out->columns[4].data.real[k] = has_floor && b->value[k] < 0 ? 0 : b->value[k];
        out->columns[5].data.real[k] = b->variance[k];
    }
    return DOSI_OK;
}

static dosi_status do_maps(const work *w, dosi_error *err) {
    size_t room = w->krige.maps.n_maps + METHOD_NAMES_MAX, n_times = 0;
    dosi_time *times = calloc(room, sizeof *times);
    if (!times) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", room);
    batch b = {0};
    dosi_status status = read_times(w, times, &n_times, err);
    if (status == DOSI_OK) status = put_maps(w, times, n_times, &b, err);
    batch_clear(&b);
    free(times);
    return status;
}

/// Every value from the other sites.
static dosi_status put_left_out(work *w, batch *b, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[LOO];
    size_t n_sites = w->sites.n, n = 0;
    for (size_t k = 0; k < w->n_times * n_sites; k++) n += isnan(w->values[k]) ? 0 : 1;
    DOSI_TRY(batch_reserve(b, n, err));
    assert(b->x && b->y && b->time);
    DOSI_TRY(method_open_output(w->krige.call, LOO, n, err));
    n = 0;
    for (size_t k = 0; k < w->n_times * n_sites; k++) {
        size_t site = k % n_sites;
        if (isnan(w->values[k])) continue;
        b->x[n] = w->sites.x[site];
        b->y[n] = w->sites.y[site];
        size_t t = k / n_sites;
        b->time[n] = (double)t;
        b->without[n] = (uint32_t)site;
        out->columns[0].data.integer[n] = w->first + (dosi_time)(k / n_sites) * w->step;
        out->columns[1].data.integer[n] = (int64_t)site + 1;
        out->columns[4].data.real[n++] = w->values[k];
    }
    DOSI_TRY(predict(w, b, true, err));
    for (size_t i = 0; i < n; i++) {
        out->columns[2].data.real[i] = b->x[i];
        out->columns[3].data.real[i] = b->y[i];
        out->columns[5].data.real[i] = b->value[i];
        out->columns[6].data.real[i] = b->variance[i];
    }
    w->score = dosi_krige_score_of(out->columns[4].data.real, b->value, b->variance, n);
    return DOSI_OK;
}

/// The parts of the model that have a sill.
static dosi_status put_model(const work *w, dosi_error *err) {
    dosi_table *out = &w->krige.call->outputs[MODELS];
    const dosi_st_model *m = &w->model;
    static const char *const names[] = {"space", "time", "product", "joint"};
    const double sills[] = {m->sill_space, m->sill_time, m->sill_product, m->sill_joint};
    const dosi_variogram *const parts[] = {&m->space, &m->time, NULL, &m->joint};
    const dosi_krige_score *s = &w->score;
    const double scores[SCORES] = {(double)s->n, s->me,          s->mae,        s->rmse,
                                   s->msdr,      s->coverage_95, s->correlation};
    DOSI_TRY(method_open_output(w->krige.call, MODELS, 4, err));
    for (size_t row = 0; row < 4; row++) {
        const dosi_variogram *v = parts[row];
        DOSI_TRY(dosi_table_set_text(out, 0, row, names[row]));
        if (v) DOSI_TRY(dosi_table_set_text(out, 1, row, dosi_variogram_kind_name(v->kind)));
        out->columns[2].data.real[row] = sills[row];
        if (v) out->columns[3].data.real[row] = v->nugget;
        if (v) out->columns[4].data.real[row] = v->range_m;
        if (row == 3) out->columns[5].data.real[row] = m->metres_per_step;
        out->columns[6].data.real[row] = w->fit_error;
        for (size_t i = 0; i < SCORES; i++) out->columns[7 + i].data.real[row] = scores[i];
    }
    if (!w->krige.call->report) return DOSI_OK;
    dosi_text_printf(
        w->krige.call->report,
        "%s: sills %.4g space, %.4g time, %.4g product, %.4g joint; one step is like %.0f m\n",
        dosi_st_kind_name(m->kind), sills[0], sills[1], sills[2], sills[3], w->metres_per_step);
    if (isfinite(w->fit_error)) {
        dosi_text_printf(w->krige.call->report, "error of the fit %.5g\n", w->fit_error);
    }
    if (s->n) {
        dosi_text_printf(
            w->krige.call->report,
            "%zu values from the other sites: RMSE %.4g, MSDR %.3f, 95 %% interval "
            "covers %.1f %%, r %.3f\n",
            s->n, s->rmse, s->msdr, 100 * s->coverage_95, s->correlation);
    }
    return DOSI_OK;
}

/// Everything but giving back.
static dosi_status do_work(work *w, dosi_error *err) {
    const dosi_method_call *call = w->krige.call;
    DOSI_TRY(open_work(w, err));
    DOSI_TRY(fit_model(w, err));
    DOSI_TRY(put_sample(w, err));
    DOSI_TRY(do_maps(w, err));
    DOSI_TRY(method_krige_put_grid(&w->krige, GRID, err));
    w->score = dosi_krige_score_of(NULL, NULL, NULL, 0);
    if (dosi_call_value(call, "leave_one_out")->boolean) {
        batch b = {0};
        dosi_status status = put_left_out(w, &b, err);
        batch_clear(&b);
        if (status != DOSI_OK) return status;
    } else {
        DOSI_TRY(method_open_output(call, LOO, 0, err));
    }
    return put_model(w, err);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.krige.call = call};
    dosi_status status = do_work(&w, err);
    free(w.values);
    free(w.bins);
    method_krige_close(&w.krige);
    return status;
}

const dosi_method dosi_method_geo_krige_st = {
    .id = "geo.krige_st",
    .version = 1,
    .title = {"시공간 크리깅", "Space-time kriging"},
    .about =
        {"앞뒤 시각의 값까지 써서 어느 시각의 지도든 그립니다. 시공간 표본 베리오그램에 "
         "분리형·곱합형·거리형·합거리형 모형을 맞추고, 공간과 시간에서 가까운 값들로 정규 "
         "크리깅을 합니다. 측정소를 통째로 빼고 예측하는 교차검증을 함께 냅니다.",
         "Maps of any time, from values around it in space and in time: gaps of stations and "
         "times between or after those of the data are filled with what came before and after. "
         "A separable, product-sum, metric or sum-metric model is fitted to the sample "
         "space-time variogram; ordinary kriging uses the nearest values in a metric of both. "
         "Every value is also predicted from the other stations at all times, which tells how "
         "far a map can be trusted where there is no station."},
    .citation = "Cressie, Wikle (2011), Statistics for Spatio-Temporal Data, 4.1; Graeler, "
                "Pebesma, Heuvelink (2016), R Journal 8(1)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
