// air.normalise: a station's readings with the weather taken out, by a forest's exact
// marginals.

#include "dosi/forest.h"
#include "method/columns.h"
#include "method/words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_FEATURES = 4, PARTIAL_POINTS = 25, MIN_HOURS = 100 };

static const char *const time_features[TIME_FEATURES] = {"trend", "day_of_year", "weekday",
                                                         "hour"};

static const dosi_method_column observation_columns[] = {
    {"station",
     DOSI_TYPE_TEXT,
     NULL,
     true,
     {"측정소 (없으면 하나로 봄)", "Station; without it, all rows are one"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`가 가리키는 열과 <값>_flag", "The column that `value` names, and <value>_flag"}},
};
static const dosi_method_column weather_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`weather`가 가리키는 열", "The columns that `weather` names"}},
};
static const dosi_method_table inputs[] = {
    {"observations", {"시간별 측정값", "Hourly observations"}, false, observation_columns, 3},
    {"weather", {"같은 시각의 기상", "Weather of the same hours"}, false, weather_columns, 2},
};

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", NULL, "값 열", "Column of values"),
    METHOD_TEXT("station", "", "측정소 (비우면 모두)", "Station; empty: each of them"),
    METHOD_TEXT("weather",
                "wind_speed_ms,wind_direction_deg,temperature_c,humidity_pct,pressure_hpa",
                "설명에 쓸 기상 열 (쉼표로 여러 개)",
                "Columns of weather to explain with, separated by commas"),
    METHOD_TEXT("withhold_from",
                "",
                "빼고 배울 기간의 처음 (YYYY-MM-DD, 비우면 없음)",
                "First day of a period not to learn from, YYYY-MM-DD; empty: none"),
    METHOD_TEXT(
        "withhold_to",
        "",
        "빼고 배울 기간의 끝날",
        "Last day of that period: what is predicted for it is what the weather alone would "
        "have "
        "given"),
    METHOD_INT("trees", "300", 10, 5000, "나무 수", "Trees"),
    METHOD_INT("min_node",
               "5",
               1,
               1000,
               "더 나누지 않을 마디 크기",
               "Size of a node that is not split"),
    METHOD_INT("seed", "1", 0, 1000000000, "난수 씨앗", "Seed of the random numbers"),
    METHOD_INT("reject",
               "1023",
               0,
               1023,
               "결측으로 볼 품질 플래그 비트",
               "Quality flag bits that count as missing"),
};

static const dosi_method_column series_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각", "Time"}},
    {"observed", DOSI_TYPE_REAL, NULL, false, {"측정값", "Observed"}},
    {"predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"그 시각의 기상으로 예측한 값", "Predicted with the weather of the hour"}},
    {"normalised",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"모든 시각의 기상에 걸쳐 평균한 예측", "Mean prediction over the weather of all hours"}},
    {"withheld", DOSI_TYPE_BOOL, NULL, false, {"배우는 데 쓰지 않은 시각", "Not learnt from"}},
};
static const dosi_method_column importance_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"feature", DOSI_TYPE_TEXT, NULL, false, {"설명 변수", "Feature"}},
    {"share",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"줄인 제곱오차의 몫", "Share of the squared error taken away"}},
};
static const dosi_method_column partial_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"feature", DOSI_TYPE_TEXT, NULL, false, {"설명 변수", "Feature"}},
    {"x", DOSI_TYPE_REAL, NULL, false, {"변수의 값", "Value of the feature"}},
    {"mean",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"다른 모든 변수에 걸친 평균 예측", "Mean prediction over all other features"}},
};
static const dosi_method_column score_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"배운 시각 수", "Hours learnt from"}},
    {"rmse",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"보지 않은 시각의 RMSE", "RMSE of hours not seen (out of bag)"}},
    {"r2", DOSI_TYPE_REAL, NULL, false, {"설명한 분산의 몫", "Share of variance explained"}},
    {"observed_mean", DOSI_TYPE_REAL, NULL, false, {"측정 평균", "Mean observed"}},
    {"withheld_observed",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"뺀 기간의 측정 평균", "Mean observed where withheld"}},
    {"withheld_predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"뺀 기간의 예측 평균", "Mean predicted where withheld"}},
};
static const dosi_method_table outputs[] = {
    {"series",
     {"기상을 뺀 시계열", "Series with the weather taken out"},
     false,
     series_columns,
     6},
    {"importance",
     {"변수의 중요도", "Importance of the features"},
     false,
     importance_columns,
     3},
    {"partial", {"변수별 영향", "Effect of each feature"}, false, partial_columns, 4},
    {"scores", {"모형의 성적", "How well the forests do"}, false, score_columns, 7},
};

/// Rows of one station that have all features.
typedef struct hours {
    size_t n;
    size_t *row; ///< (n) of the observations.
    double *x[DOSI_FOREST_FEATURES_MAX];
    double *y;         ///< (n) NaN: no reading.
    bool *is_withheld; ///< (n)
    double *predicted, *normalised;
} hours;

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    const dosi_table *observations, *weather;
    const dosi_column *station, *time, *weather_time;
    method_values values;
    method_names names; ///< Of weather columns.
    const dosi_column *columns[METHOD_NAMES_MAX];
    size_t *order; ///< Rows of the weather by time.
    size_t n_features;
    dosi_time from, to; ///< Withheld: from <= time <= to, missing: none.
    hours hours;
} work;

static dosi_status take_period(const dosi_method_call *call, work *w, dosi_error *err) {
    const char *from = dosi_call_value(call, "withhold_from")->text;
    const char *to = dosi_call_value(call, "withhold_to")->text;
    w->from = w->to = DOSI_TIME_MISSING;
    if (!from[0] && !to[0]) return DOSI_OK;
    if (!from[0] || !to[0]) {
        return dosi_fail(err, DOSI_INVALID, "withhold_from and withhold_to belong together");
    }
    DOSI_TRY(dosi_time_parse_iso(from, strlen(from), 0, &w->from, err));
    DOSI_TRY(dosi_time_parse_iso(to, strlen(to), 0, &w->to, err));
    w->to += DOSI_DAY_US; // readings are stamped with the end of their hour
    if (w->from >= w->to) {
        return dosi_fail(err, DOSI_INVALID, "withhold_from %.20s lies after withhold_to %.20s",
                         from, to);
    }
    return DOSI_OK;
}

static int by_time(const void *a, const void *b, void *context) {
    const int64_t *times = context;
    int64_t left = times[*(const size_t *)a];
    int64_t right = times[*(const size_t *)b];
    return (left > right) - (left < right);
}

/// Puts the rows of the weather in the order of their times.
static dosi_status sort_weather(work *w, dosi_error *err) {
    size_t n = w->weather->n_rows;
    w->order = malloc((n + 1) * sizeof *w->order);
    if (!w->order) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for weather");
    for (size_t i = 0; i < n; i++) w->order[i] = i;
    qsort_r(w->order, n, sizeof *w->order, by_time, w->weather_time->data.integer);
    return DOSI_OK;
}

/// The row of the weather at a time; SIZE_MAX: there is none.
static size_t weather_at(const work *w, dosi_time time) {
    const int64_t *times = w->weather_time->data.integer;
    size_t low = 0;
    size_t high = w->weather->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times[w->order[middle]] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < w->weather->n_rows && times[w->order[low]] == time;
    return is_found ? w->order[low] : SIZE_MAX;
}

static dosi_status open_weather(const dosi_method_call *call, work *w, dosi_error *err) {
    DOSI_TRY(method_names_split(dosi_call_value(call, "weather")->text, &w->names, err));
    if (w->names.n == 0) return dosi_fail(err, DOSI_INVALID, "no column of weather is named");
    for (size_t k = 0; k < w->names.n; k++) {
        size_t i = dosi_table_find(w->weather, w->names.names[k]);
        if (i == SIZE_MAX) {
            return dosi_fail(err, DOSI_NOT_FOUND, "the weather has no column \"%.60s\"",
                             w->names.names[k]);
        }
        const dosi_column *column = &w->weather->columns[i];
        if (column->type != DOSI_TYPE_REAL && column->type != DOSI_TYPE_INT) {
            return dosi_fail(err, DOSI_INVALID, "column \"%.60s\" is not of numbers",
                             w->names.names[k]);
        }
        w->columns[k] = column;
    }
    w->n_features = TIME_FEATURES + w->names.n;
    DOSI_TRY(dosi_table_get(w->weather, "time", DOSI_TYPE_TIME, &w->weather_time, err));
    return sort_weather(w, err);
}

static dosi_status open_work(const dosi_method_call *call, work *w, dosi_error *err) {
    const char *value = dosi_call_value(call, "value")->text;
    w->call = call;
    w->observations = call->inputs[0];
    w->weather = call->inputs[1];
    size_t i_station = dosi_table_find(w->observations, "station");
    if (i_station != SIZE_MAX) w->station = &w->observations->columns[i_station];
    DOSI_TRY(dosi_table_get(w->observations, "time", DOSI_TYPE_TIME, &w->time, err));
    DOSI_TRY(method_values_find(w->observations, value,
                                dosi_call_value(call, "reject")->integer, &w->values, err));
    if (!w->values.value) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the observations have no column \"%.60s\"",
                         value);
    }
    DOSI_TRY(take_period(call, w, err));
    return open_weather(call, w, err);
}

// --- the hours of one station ------------------------------------------------------------

static void hours_clear(hours *h) {
    free(h->row);
    for (size_t f = 0; f < DOSI_FOREST_FEATURES_MAX; f++) free(h->x[f]);
    free(h->y);
    free(h->is_withheld);
    free(h->predicted);
    free(h->normalised);
    memset(h, 0, sizeof *h);
}

static dosi_status hours_make(size_t n, size_t n_features, hours *out, dosi_error *err) {
    memset(out, 0, sizeof *out);
    out->row = malloc((n + 1) * sizeof *out->row);
    out->y = malloc((n + 1) * sizeof *out->y);
    out->is_withheld = malloc((n + 1) * sizeof *out->is_withheld);
    out->predicted = malloc((n + 1) * sizeof *out->predicted);
    out->normalised = malloc((n + 1) * sizeof *out->normalised);
    bool has_memory =
        out->row && out->y && out->is_withheld && out->predicted && out->normalised;
    for (size_t f = 0; f < n_features; f++) {
        out->x[f] = malloc((n + 1) * sizeof *out->x[f]);
        has_memory = has_memory && out->x[f];
    }
    return has_memory ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for hours");
}

/// Features of one hour into place `at`; false when one is missing.
static bool take_features(work *w, dosi_time time, size_t at) {
    hours *h = &w->hours;
    size_t row = weather_at(w, time);
    if (row == SIZE_MAX) return false;
    // An hour belongs to the day that it lies in; it is stamped with its end.
    dosi_time inside = time - DOSI_HOUR_US / 2;
    dosi_civil civil = dosi_time_to_civil(inside);
    h->x[0][at] = (double)time / (double)DOSI_DAY_US;
    h->x[1][at] = (double)(dosi_days_from_civil(civil.year, civil.month, civil.day) -
                           dosi_days_from_civil(civil.year, 1, 1));
    h->x[2][at] = (double)dosi_time_weekday(inside);
    h->x[3][at] = (double)civil.hour;
    for (size_t k = 0; k < w->names.n; k++) {
        double value = dosi_column_real(w->columns[k], row);
        if (!isfinite(value)) return false;
        h->x[TIME_FEATURES + k][at] = value;
    }
    return true;
}

/// Gathers the hours of the rows whose key is `key`.
static void gather_hours(work *w, const method_keys *keys, size_t key) {
    hours *h = &w->hours;
    h->n = 0;
    for (size_t i = 0; i < w->observations->n_rows; i++) {
        dosi_time time = w->time->data.integer[i];
        if (keys->of_row[i] != key || time == DOSI_TIME_MISSING) continue;
        if (!take_features(w, time, h->n)) continue;
        h->row[h->n] = i;
        h->y[h->n] = method_value(&w->values, i);
        h->is_withheld[h->n] = w->from != DOSI_TIME_MISSING && time > w->from && time <= w->to;
        h->n++;
    }
}

/// The hours to learn from, as arrays of their own. Clear `out` after use.
static dosi_status take_training(const work *w, hours *out, dosi_error *err) {
    const hours *h = &w->hours;
    DOSI_TRY(hours_make(h->n, w->n_features, out, err));
    for (size_t i = 0; i < h->n; i++) {
        if (!isfinite(h->y[i]) || h->is_withheld[i]) continue;
        for (size_t f = 0; f < w->n_features; f++) out->x[f][out->n] = h->x[f][i];
        out->y[out->n++] = h->y[i];
    }
    return DOSI_OK;
}

// --- outputs -----------------------------------------------------------------------------

enum { OUT_SERIES, OUT_IMPORTANCE, OUT_PARTIAL, OUT_SCORES };

static dosi_status put_station(
    const work *w, const method_keys *keys, size_t key, dosi_table *out, size_t row) {
    if (!w->station) return dosi_table_set_text(out, 0, row, "");
    return method_copy_cell(w->station, keys->first_row[key], out, 0, row);
}

static const char *feature_name(const work *w, size_t f) {
    return f < TIME_FEATURES ? time_features[f] : w->names.names[f - TIME_FEATURES];
}

static dosi_status put_series(const work *w,
                              const method_keys *keys,
                              size_t key,
                              dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_SERIES];
    const hours *h = &w->hours;
    size_t at = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, h->n, err));
    for (size_t i = 0; i < h->n; i++) {
        DOSI_TRY(put_station(w, keys, key, out, at + i));
        out->columns[1].data.integer[at + i] = w->time->data.integer[h->row[i]];
        out->columns[2].data.real[at + i] = h->y[i];
        out->columns[3].data.real[at + i] = h->predicted[i];
        out->columns[4].data.real[at + i] = h->normalised[i];
        out->columns[5].data.boolean[at + i] = h->is_withheld[i];
    }
    return DOSI_OK;
}

static dosi_status put_importance(const work *w,
                                  const method_keys *keys,
                                  size_t key,
                                  const dosi_forest *forest,
                                  dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_IMPORTANCE];
    double share[DOSI_FOREST_FEATURES_MAX];
    size_t at = out->n_rows;
    dosi_forest_importance(forest, share);
    DOSI_TRY(dosi_table_add_rows(out, w->n_features, err));
    for (size_t f = 0; f < w->n_features; f++) {
        DOSI_TRY(put_station(w, keys, key, out, at + f));
        DOSI_TRY(dosi_table_set_text(out, 1, at + f, feature_name(w, f)));
        out->columns[2].data.real[at + f] = share[f];
    }
    return DOSI_OK;
}

/// Adds `value` to a mean of `n` so far.
static void add_to_mean(double *mean, size_t *n, double value) {
    if (!isfinite(value)) return;
    *mean = *n == 0 ? value : *mean + (value - *mean) / (double)(*n + 1);
    (*n)++;
}

static dosi_status put_scores(const work *w,
                              const method_keys *keys,
                              size_t key,
                              const dosi_forest_score *score,
                              dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_SCORES];
    const hours *h = &w->hours;
    double mean[3] = {(double)NAN, (double)NAN, (double)NAN};
    size_t n[3] = {0, 0, 0};
    for (size_t i = 0; i < h->n; i++) {
        add_to_mean(&mean[0], &n[0], h->y[i]);
        if (!h->is_withheld[i] || !isfinite(h->y[i])) continue;
        add_to_mean(&mean[1], &n[1], h->y[i]);
        add_to_mean(&mean[2], &n[2], h->predicted[i]);
    }
    size_t at = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(put_station(w, keys, key, out, at));
    out->columns[1].data.integer[at] = (int64_t)score->n;
    out->columns[2].data.real[at] = score->rmse;
    out->columns[3].data.real[at] = score->r2;
    for (size_t k = 0; k < 3; k++) out->columns[4 + k].data.real[at] = mean[k];
    return DOSI_OK;
}

// --- learning ----------------------------------------------------------------------------

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/// The effect of one feature: the mean prediction at points from its lowest to its highest
/// value, all other features over all hours learnt from.
static dosi_status put_partial(const work *w,
                               const method_keys *keys,
                               const size_t *key_and_feature,
                               const dosi_forest *forest,
                               const hours *training,
                               dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_PARTIAL];
    size_t feature = key_and_feature[1];
    double *sorted = malloc(training->n * sizeof *sorted);
    double *same = calloc(PARTIAL_POINTS, sizeof *same);
    double points[PARTIAL_POINTS];
    double mean[PARTIAL_POINTS];
    const double *columns[DOSI_FOREST_FEATURES_MAX];
    bool is_fixed[DOSI_FOREST_FEATURES_MAX] = {false};
    dosi_status status = sorted && same ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) {
        memcpy(sorted, training->x[feature], training->n * sizeof *sorted);
        qsort(sorted, training->n, sizeof *sorted, by_value);
        for (size_t k = 0; k < PARTIAL_POINTS; k++) {
            points[k] = sorted[k * (training->n - 1) / (PARTIAL_POINTS - 1)];
        }
        for (size_t f = 0; f < w->n_features; f++) columns[f] = f == feature ? points : same;
        is_fixed[feature] = true;
        const dosi_forest_marginal_of of = {
            .at = {PARTIAL_POINTS, columns},
            .over = {training->n, (const double *const *)training->x},
            .is_fixed = is_fixed};
        status = dosi_forest_marginal(forest, &of, w->call->run, mean, err);
    }
    size_t at = out->n_rows;
    if (status == DOSI_OK) status = dosi_table_add_rows(out, PARTIAL_POINTS, err);
    for (size_t k = 0; k < PARTIAL_POINTS && status == DOSI_OK; k++) {
        status = put_station(w, keys, key_and_feature[0], out, at + k);
        if (status != DOSI_OK) break;
        status = dosi_table_set_text(out, 1, at + k, feature_name(w, feature));
        out->columns[2].data.real[at + k] = points[k];
        out->columns[3].data.real[at + k] = mean[k];
    }
    free(sorted);
    free(same);
    return status;
}

/// Predicts all hours, and takes their means over the weather of the hours learnt from.
static dosi_status predict_hours(work *w,
                                 const dosi_forest *forest,
                                 const hours *training,
                                 dosi_error *err) {
    hours *h = &w->hours;
    bool is_fixed[DOSI_FOREST_FEATURES_MAX] = {false};
    for (size_t f = 0; f < TIME_FEATURES; f++) is_fixed[f] = true;
    const dosi_forest_rows rows = {h->n, (const double *const *)h->x};
    const dosi_forest_marginal_of of = {
        .at = rows,
        .over = {training->n, (const double *const *)training->x},
        .is_fixed = is_fixed};
    DOSI_TRY(dosi_forest_predict(forest, &rows, w->call->run, h->predicted, err));
    return dosi_forest_marginal(forest, &of, w->call->run, h->normalised, err);
}

static dosi_status learn(
    work *w, const method_keys *keys, size_t key, const hours *training, dosi_error *err) {
    const dosi_method_call *call = w->call;
    const dosi_forest_problem problem = {
        .rows = {training->n, (const double *const *)training->x},
        .n_features = w->n_features,
        .y = training->y};
    const dosi_forest_options options = {
        .n_trees = (size_t)dosi_call_value(call, "trees")->integer,
        .min_node = (size_t)dosi_call_value(call, "min_node")->integer,
        .seed = (uint64_t)dosi_call_value(call, "seed")->integer};
    dosi_forest *forest = NULL;
    dosi_forest_score score;
    DOSI_TRY(dosi_forest_grow(&problem, &options, call->run, &forest, &score, err));
    dosi_status status = predict_hours(w, forest, training, err);
    if (status == DOSI_OK) status = put_series(w, keys, key, err);
    if (status == DOSI_OK) status = put_importance(w, keys, key, forest, err);
    if (status == DOSI_OK) status = put_scores(w, keys, key, &score, err);
    for (size_t f = 0; f < w->n_features && status == DOSI_OK; f++) {
        const size_t key_and_feature[2] = {key, f};
        status = put_partial(w, keys, key_and_feature, forest, training, err);
    }
    dosi_forest_destroy(forest);
    return status;
}

/// Whether the station of a key is wanted.
static bool is_wanted(const work *w, const method_keys *keys, size_t key) {
    const char *wanted = dosi_call_value(w->call, "station")->text;
    size_t n_bytes = 0;
    if (!wanted[0] || !w->station) return true;
    const char *name = dosi_column_bytes(w->station, keys->first_row[key], &n_bytes);
    return name && strlen(wanted) == n_bytes && memcmp(wanted, name, n_bytes) == 0;
}

static dosi_status do_station(
    work *w, const method_keys *keys, size_t key, size_t *n_done, dosi_error *err) {
    hours training = {.n = 0};
    gather_hours(w, keys, key);
    dosi_status status = take_training(w, &training, err);
    if (status == DOSI_OK && training.n >= MIN_HOURS) {
        status = learn(w, keys, key, &training, err);
        (*n_done)++;
    } else if (status == DOSI_OK) {
        dosi_text_printf(w->call->report,
                         "station in row %zu: left out, %zu hours with value and weather "
                         "(%d are needed)\n",
                         keys->first_row[key] + 1, training.n, MIN_HOURS);
    }
    hours_clear(&training);
    return status;
}

static dosi_status do_all(work *w, dosi_error *err) {
    method_keys keys = {.n = 0};
    size_t n_done = 0;
    DOSI_TRY(
        method_keys_find(&w->station, w->station ? 1 : 0, w->observations->n_rows, &keys, err));
    dosi_status status = hours_make(w->observations->n_rows, w->n_features, &w->hours, err);
    for (size_t k = 0; k < 4 && status == DOSI_OK; k++) {
        status = method_open_output(w->call, k, 0, err);
    }
    for (size_t key = 0; key < keys.n && status == DOSI_OK; key++) {
        if (is_wanted(w, &keys, key)) status = do_station(w, &keys, key, &n_done, err);
    }
    method_keys_clear(&keys);
    if (status == DOSI_OK && n_done == 0) {
        status =
            dosi_fail(err, DOSI_NOT_FOUND,
                      "no station has %d hours with a value and all of the weather", MIN_HOURS);
    }
    if (status == DOSI_OK) {
        dosi_text_printf(w->call->report,
                         "%zu stations; normalised over the weather of all hours, exactly\n",
                         n_done);
    }
    return status;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w;
    memset(&w, 0, sizeof w);
    dosi_status status = open_work(call, &w, err);
    if (status == DOSI_OK) status = do_all(&w, err);
    hours_clear(&w.hours);
    free(w.order);
    return status;
}

const dosi_method dosi_method_air_normalise = {
    .id = "air.normalise",
    .version = 1,
    .title = {"기상 효과 빼기", "Take the weather out"},
    .about = {"시각과 기상으로 농도를 배운 숲(랜덤 포레스트)에서, 각 시각의 농도를 모든 시각의 "
              "기상에 걸쳐 평균합니다. 남는 것은 배출과 큰 흐름의 변화입니다. 평균은 추출하지 "
              "않고 정확히 냅니다. 기간을 빼고 배우면 그 기간에 기상만으로 나왔을 값과 "
              "비교할 수 있습니다(정책이나 사건의 효과).",
              "A random forest learns the concentration from time and weather; then the "
              "concentration of each hour is averaged over the weather of all hours. What "
              "remains are changes of emissions and of the larger scene. The mean is exact, "
              "not drawn. With a period withheld, readings can be compared with what the "
              "weather alone would have given there: the effect of a policy or an event."},
    .citation = "S. Grange et al. (2018), Atmos. Chem. Phys. 18, 6223-6239; L. Breiman (2001), "
                "Mach. Learn. 45, 5-32",
    .inputs = inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 4,
    .run = run,
};
