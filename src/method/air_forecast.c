// air.forecast: a station's next hours with intervals, and how such forecasts did so far.

#include "dosi/forecast.h"
#include "method/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SPAN_MAX = 2000000, OUT_FORECAST = 0, OUT_BACKTEST = 1, N_SCORES = 5 };

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
static const dosi_method_table inputs[] = {
    {"observations", {"시간별 측정값", "Hourly observations"}, false, observation_columns, 3},
};
static const dosi_method_parameter parameters[] = {
    {"value", DOSI_PARAMETER_TEXT, NULL, NULL, 0, 0, NULL, {"값 열", "Column of values"}},
    {"horizons",
     DOSI_PARAMETER_INT,
     NULL,
     "48",
     1,
     168,
     NULL,
     {"몇 시간 뒤까지", "Hours ahead"}},
    {"coverage",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.9",
     0.5,
     0.99,
     NULL,
     {"구간이 담을 비율", "Share of readings that intervals are to hold"}},
    {"test_share",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.2",
     0.02,
     0.5,
     NULL,
     {"시험할 끝부분의 비율", "Share of the hours, at the end, to test on"}},
    {"reject",
     DOSI_PARAMETER_INT,
     NULL,
     "1023",
     0,
     1023,
     NULL,
     {"결측으로 볼 품질 플래그 비트", "Quality flag bits that count as missing"}},
};
#define REAL(name, ko, en)                   \
    {                                        \
        name, DOSI_TYPE_REAL, NULL, false, { \
            ko, en                           \
        }                                    \
    }
static const dosi_method_column forecast_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"예측한 시각", "Time that is forecast"}},
    {"horizon_h", DOSI_TYPE_INT, NULL, false, {"몇 시간 뒤", "Hours ahead"}},
    REAL("value", "예측값", "Forecast"),
    REAL("lower", "구간의 아래", "Lower end of the interval"),
    REAL("upper", "구간의 위", "Upper end of the interval"),
};
static const dosi_method_column backtest_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소 (빈칸: 모두)", "Station; empty: all"}},
    {"horizon_h", DOSI_TYPE_INT, NULL, false, {"몇 시간 뒤", "Hours ahead"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"시험한 시각 수", "Hours tested"}},
    REAL("mae", "평균 절대오차", "Mean absolute error"),
    REAL("mae_persistence", "마지막 값을 그대로 둔 오차", "The same, of the last value kept"),
    REAL("mae_climatology", "그 시의 평균을 쓴 오차", "The same, of the mean of that hour"),
    REAL("coverage", "구간에 든 비율", "Share of readings inside the interval"),
    REAL("width", "구간의 평균 너비", "Mean width of the intervals"),
};
static const dosi_method_table outputs[] = {
    {"forecast", {"예측", "Forecast"}, false, forecast_columns, 6},
    {"backtest", {"지난 예측의 성적", "How forecasts did so far"}, false, backtest_columns, 8},
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    const dosi_column *station, *time;
    method_values values;
    method_keys keys;
    int64_t first; ///< Hour of the first reading of any station.
    size_t span;   ///< Hours from the first to the last.
    double *network, *value;
    uint32_t *count;
    dosi_forecast_hour *hours;
    dosi_forecast_score *scores;
    double (*all)[N_SCORES]; ///< Sums over stations, weighted by hours.
    size_t *n_all, n_done;
} work;

/// The reading of a row and its hour; false when it is missing.
static bool take_reading(const work *w, size_t row, int64_t *hour, double *value) {
    dosi_time time = w->time->data.integer[row];
    *value = method_value(&w->values, row);
    if (time < 0 || !isfinite(*value)) return false;
    *hour = time / DOSI_HOUR_US;
    return true;
}

static dosi_status make_network(work *w, dosi_error *err) {
    size_t n_rows = w->call->inputs[0]->n_rows;
    size_t n_horizons = (size_t)dosi_call_value(w->call, "horizons")->integer;
    int64_t last = 0;
    int64_t hour = 0;
    double value = 0;
    w->first = INT64_MAX;
    for (size_t i = 0; i < n_rows; i++) {
        if (!take_reading(w, i, &hour, &value)) continue;
        if (hour < w->first) w->first = hour;
        if (hour > last) last = hour;
    }
    if (w->first > last) return dosi_fail(err, DOSI_NOT_FOUND, "there is no reading");
    if (last - w->first >= SPAN_MAX) {
        return dosi_fail(err, DOSI_INVALID, "readings span more than %d hours", SPAN_MAX);
    }
    w->span = (size_t)(last - w->first) + 1;
    w->network = calloc(w->span, sizeof *w->network);
    w->value = calloc(w->span, sizeof *w->value);
    w->count = calloc(w->span, sizeof *w->count);
    w->hours = calloc(n_horizons, sizeof *w->hours);
    w->scores = calloc(n_horizons, sizeof *w->scores);
    w->all = calloc(n_horizons, sizeof *w->all);
    w->n_all = calloc(n_horizons, sizeof *w->n_all);
    if (!w->network || !w->value || !w->count || !w->hours || !w->scores || !w->all ||
        !w->n_all) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for hours");
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (!take_reading(w, i, &hour, &value)) continue;
        w->network[hour - w->first] += value;
        w->count[hour - w->first]++;
    }
    for (size_t t = 0; t < w->span; t++) {
        w->network[t] = w->count[t] ? w->network[t] / w->count[t] : (double)NAN;
    }
    return DOSI_OK;
}

static dosi_status put_station(const work *w, size_t key, dosi_table *out, size_t row) {
    if (!w->station || key == SIZE_MAX) return dosi_table_set_text(out, 0, row, "");
    return method_copy_cell(w->station, w->keys.first_row[key], out, 0, row);
}

static dosi_status put_scores(work *w, size_t key, size_t n, dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_BACKTEST];
    size_t at = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, n, err));
    for (size_t k = 0; k < n; k++) {
        const dosi_forecast_score *s = &w->scores[k];
        const double numbers[N_SCORES] = {s->mae, s->mae_persistence, s->mae_climatology,
                                          s->coverage, s->width};
        size_t count = key == SIZE_MAX ? w->n_all[k] : s->n;
        DOSI_TRY(put_station(w, key, out, at + k));
        out->columns[1].data.integer[at + k] = (int64_t)k + 1;
        out->columns[2].data.integer[at + k] = (int64_t)count;
        for (size_t i = 0; i < N_SCORES; i++) {
            double mean = count ? w->all[k][i] / (double)count : (double)NAN;
            out->columns[3 + i].data.real[at + k] = key == SIZE_MAX ? mean : numbers[i];
            if (key != SIZE_MAX && s->n) w->all[k][i] += numbers[i] * (double)s->n;
        }
        if (key != SIZE_MAX) w->n_all[k] += s->n;
    }
    return DOSI_OK;
}

static dosi_status put_hours(work *w, size_t key, int64_t last, size_t n, dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_FORECAST];
    size_t at = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, n, err));
    for (size_t k = 0; k < n; k++) {
        DOSI_TRY(put_station(w, key, out, at + k));
        out->columns[1].data.integer[at + k] = (last + (int64_t)k + 1) * DOSI_HOUR_US;
        out->columns[2].data.integer[at + k] = (int64_t)k + 1;
        out->columns[3].data.real[at + k] = w->hours[k].value;
        out->columns[4].data.real[at + k] = w->hours[k].lower;
        out->columns[5].data.real[at + k] = w->hours[k].upper;
    }
    return DOSI_OK;
}

static dosi_status do_station(work *w, size_t key, dosi_error *err) {
    const dosi_method_call *call = w->call;
    size_t from = w->span;
    size_t to = 0;
    int64_t hour = 0;
    double value = 0;
    for (size_t t = 0; t < w->span; t++) w->value[t] = (double)NAN;
    for (size_t i = 0; i < call->inputs[0]->n_rows; i++) {
        if (w->keys.of_row[i] != key || !take_reading(w, i, &hour, &value)) continue;
        size_t t = (size_t)(hour - w->first);
        w->value[t] = value;
        if (t < from) from = t;
        if (t >= to) to = t + 1;
    }
    if (from >= to) return DOSI_OK;
    const dosi_forecast_series series = {.n = to - from,
                                         .first_hour = w->first + (int64_t)from,
                                         .value = w->value + from,
                                         .network = w->keys.n > 1 ? w->network + from : NULL};
    const dosi_forecast_options options = {
        .n_horizons = (size_t)dosi_call_value(call, "horizons")->integer,
        .coverage = dosi_call_value(call, "coverage")->real,
        .test_share = dosi_call_value(call, "test_share")->real};
    dosi_error why = {""};
    dosi_status status = dosi_forecast(&series, &options, call->run, w->hours, w->scores, &why);
    if (status == DOSI_DOMAIN) {
        dosi_text_printf(call->report, "station in row %zu: left out, %s\n",
                         w->keys.first_row[key] + 1, why.message);
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s", why.message);
    w->n_done++;
    DOSI_TRY(put_hours(w, key, w->first + (int64_t)to - 1, options.n_horizons, err));
    return put_scores(w, key, options.n_horizons, err);
}

static dosi_status do_all(work *w, dosi_error *err) {
    const dosi_table *in = w->call->inputs[0];
    const char *value = dosi_call_value(w->call, "value")->text;
    size_t i_station = dosi_table_find(in, "station");
    if (i_station != SIZE_MAX) w->station = &in->columns[i_station];
    DOSI_TRY(dosi_table_get(in, "time", DOSI_TYPE_TIME, &w->time, err));
    DOSI_TRY(method_values_find(in, value, dosi_call_value(w->call, "reject")->integer,
                                &w->values, err));
    if (!w->values.value) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the observations have no column \"%.60s\"",
                         value);
    }
    DOSI_TRY(make_network(w, err));
    DOSI_TRY(method_keys_find(&w->station, w->station ? 1 : 0, in->n_rows, &w->keys, err));
    DOSI_TRY(method_open_output(w->call, OUT_FORECAST, 0, err));
    DOSI_TRY(method_open_output(w->call, OUT_BACKTEST, 0, err));
    for (size_t key = 0; key < w->keys.n; key++) DOSI_TRY(do_station(w, key, err));
    if (w->n_done == 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no station has readings enough to learn from");
    }
    dosi_text_printf(w->call->report, "%zu stations\n", w->n_done);
    return put_scores(w, SIZE_MAX, (size_t)dosi_call_value(w->call, "horizons")->integer, err);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w;
    memset(&w, 0, sizeof w);
    w.call = call;
    dosi_status status = do_all(&w, err);
    method_keys_clear(&w.keys);
    free(w.network);
    free(w.value);
    free(w.count);
    free(w.hours);
    free(w.scores);
    free(w.all);
    free(w.n_all);
    return status;
}

const dosi_method dosi_method_air_forecast = {
    .id = "air.forecast",
    .version = 1,
    .title = {"앞으로의 농도 예측", "Forecast the next hours"},
    .about = {"측정소마다 마지막 측정값 뒤의 농도를 구간과 함께 예측하고, 끝부분에서 그때 알던 "
              "것만으로 예측했을 때의 성적을 마지막 값 유지와 견줍니다.",
              "Forecasts each station's concentration after its last reading, with intervals, "
              "and says how forecasts did along the last part, made of what was known then, "
              "beside keeping the last value."},
    .citation = "J. Lei et al. (2018), J. Am. Stat. Assoc. 113, 1094-1111",
    .inputs = inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 2,
    .run = run,
};
