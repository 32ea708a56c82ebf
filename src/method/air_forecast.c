// air.forecast: the stations' next hours with intervals, and how such forecasts did so far.

#include "dosi/forecast.h"
#include "method/columns.h"
#include "method/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SPAN_MAX = 2000000, CELLS_MAX = 200000000, OUT_FORECAST = 0, OUT_BACKTEST = 1 };
enum { WEATHER_PLAIN = 5, WEATHER = 7, AHEAD_MAX = 48 };

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
     {"`value`가 가리키는 열과 <값>_flag", "The columns that `value` names, and <value>_flag"}},
};
static const dosi_method_column weather_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"temperature_c, humidity_pct, pressure_hpa, rain_mm, wind_speed_ms, wind_direction_deg "
      "가운데 있는 열",
      "Whichever there are of temperature_c, humidity_pct, pressure_hpa, rain_mm, "
      "wind_speed_ms, wind_direction_deg"}},
};
static const dosi_method_table inputs[] = {
    {"observations", {"시간별 측정값", "Hourly observations"}, false, observation_columns, 3},
    {"weather",
     {"시간별 기상 관측", "Hourly weather as it was observed"},
     true,
     weather_columns,
     2},
    {"outlook",
     {"시간별 기상 예보 (마지막 측정 시각 뒤)",
      "Weather forecast for the hours after the last reading; needs weather"},
     true,
     weather_columns,
     2},
};
static const dosi_method_parameter parameters[] = {
    {"value",
     DOSI_PARAMETER_TEXT,
     NULL,
     NULL,
     0,
     0,
     NULL,
     {"값 열 (쉼표로 여럿)", "Columns of values, separated by commas"}},
    {"with",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"예측을 돕는 다른 열 (쉼표로 여럿)", "Other columns that help, separated by commas"}},
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
static const dosi_method_column forecast_columns[] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "측정소", "Station"),
    METHOD_COLUMN("pollutant", TEXT, NULL, false, "값 열", "Column of the values"),
    METHOD_COLUMN("issued",
                  TIME,
                  NULL,
                  false,
                  "예측을 낸 시각",
                  "Time of the last readings that it knows"),
    METHOD_COLUMN("time", TIME, NULL, false, "예측한 시각", "Time that is forecast"),
    METHOD_COLUMN("horizon_h", INT, NULL, false, "몇 시간 뒤", "Hours ahead"),
    METHOD_COLUMN(
        "value", REAL, NULL, false, "예측값 (중앙값)", "Forecast: as likely below as above"),
    METHOD_COLUMN("lower", REAL, NULL, false, "구간의 아래", "Lower end of the interval"),
    METHOD_COLUMN("upper", REAL, NULL, false, "구간의 위", "Upper end of the interval"),
};
static const dosi_method_column backtest_columns[] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "측정소 (빈칸: 모두)", "Station; empty: all"),
    METHOD_COLUMN("pollutant", TEXT, NULL, false, "값 열", "Column of the values"),
    METHOD_COLUMN("horizon_h", INT, NULL, false, "몇 시간 뒤", "Hours ahead"),
    METHOD_COLUMN("n", INT, NULL, false, "시험한 시각 수", "Hours tested"),
    METHOD_COLUMN("mae", REAL, NULL, false, "평균 절대오차", "Mean absolute error"),
    METHOD_COLUMN("rmse", REAL, NULL, false, "평균 제곱근 오차", "Root mean square error"),
    METHOD_COLUMN(
        "bias", REAL, NULL, false, "평균 오차 (예측 - 측정)", "Mean of forecast less reading"),
    METHOD_COLUMN("mae_persistence",
                  REAL,
                  NULL,
                  false,
                  "마지막 값 유지의 오차",
                  "MAE of the last value kept"),
    METHOD_COLUMN("mae_yesterday",
                  REAL,
                  NULL,
                  false,
                  "전날 같은 시각 값의 오차",
                  "MAE of the day before"),
    METHOD_COLUMN("mae_climatology",
                  REAL,
                  NULL,
                  false,
                  "그 시 평균의 오차",
                  "MAE of the mean of that hour"),
    METHOD_COLUMN("rmse_persistence",
                  REAL,
                  NULL,
                  false,
                  "마지막 값 유지의 RMSE",
                  "RMSE of the last value kept"),
    METHOD_COLUMN("skill_persistence",
                  REAL,
                  NULL,
                  false,
                  "1 - 오차 / 마지막 값 유지",
                  "1 - MAE / persistence's"),
    METHOD_COLUMN("skill_yesterday",
                  REAL,
                  NULL,
                  false,
                  "1 - 오차 / 전날 같은 시각",
                  "1 - MAE / day before's"),
    METHOD_COLUMN("skill_climatology",
                  REAL,
                  NULL,
                  false,
                  "1 - 오차 / 그 시 평균",
                  "1 - MAE / climatology's"),
    METHOD_COLUMN("coverage",
                  REAL,
                  NULL,
                  false,
                  "구간에 든 비율",
                  "Share of readings inside the interval"),
    METHOD_COLUMN(
        "width", REAL, NULL, false, "구간의 평균 너비", "Mean width of the intervals"),
    METHOD_COLUMN("crps",
                  REAL,
                  NULL,
                  false,
                  "연속 순위 확률 점수",
                  "Continuous ranked probability score"),
};
static const dosi_method_table outputs[] = {
    {"forecast", {"예측", "Forecast"}, false, forecast_columns, METHOD_N(forecast_columns)},
    {"backtest",
     {"지난 예측의 성적", "How forecasts did so far"},
     false,
     backtest_columns,
     METHOD_N(backtest_columns)},
};

/// A run on its way.
typedef struct work {
    const dosi_method_call *call;
    const dosi_column *station, *time;
    method_keys keys;
    dosi_forecast_options options;
    const char *pollutant;
    int64_t first;  ///< Hour of the first reading of any station.
    size_t n_hours; ///< Hours from the first to the last.
    double *value;  ///< (stations x n_hours), then the drivers.
    size_t n_own;   ///< Drivers that stations have.
    size_t n_weather;
    size_t n_ahead;  ///< Hours beyond the last that the outlook reaches.
    double *weather; ///< (n_weather x (n_hours + n_ahead))
    dosi_forecast_hour *hours;
    dosi_forecast_score *scores;
} work;

static void clear_panel(work *w) {
    free(w->value);
    free(w->weather);
    free(w->hours);
    free(w->scores);
    w->weather = NULL;
    w->value = NULL;
    w->hours = NULL;
    w->scores = NULL;
}

/// The reading of a row and its hour; false when it is missing.
static bool take_reading(
    const work *w, const method_values *values, size_t row, int64_t *hour, double *value) {
    dosi_time time = w->time->data.integer[row];
    *value = method_value(values, row);
    if (time < 0 || !isfinite(*value) || w->keys.of_row[row] == UINT32_MAX) return false;
    *hour = time / DOSI_HOUR_US;
    return true;
}

/// From the first reading to the last.
static dosi_status find_hours(work *w, const method_values *values, dosi_error *err) {
    int64_t last = 0;
    int64_t hour = 0;
    double value = 0;
    w->first = INT64_MAX;
    for (size_t i = 0; i < w->call->inputs[0]->n_rows; i++) {
        if (!take_reading(w, values, i, &hour, &value)) continue;
        if (hour < w->first) w->first = hour;
        if (hour > last) last = hour;
    }
    w->n_hours = 0;
    if (w->first > last) return DOSI_OK;
    if (last - w->first >= SPAN_MAX) {
        return dosi_fail(err, DOSI_INVALID, "readings span more than %d hours", SPAN_MAX);
    }
    w->n_hours = (size_t)(last - w->first) + 1;
    if (w->n_hours * w->keys.n > CELLS_MAX) {
        return dosi_fail(err, DOSI_INVALID, "%zu stations and hours, at most %d",
                         w->n_hours * w->keys.n, CELLS_MAX);
    }
    return DOSI_OK;
}

/// Readings of a column into (stations x hours); twice the same hour: the later row counts.
static void fill_panel(const work *w, const method_values *values, double *out) {
    int64_t hour = 0;
    double value = 0;
    for (size_t i = 0; i < w->n_hours * w->keys.n; i++) out[i] = (double)NAN;
    for (size_t i = 0; values->value && i < w->call->inputs[0]->n_rows; i++) {
        if (!take_reading(w, values, i, &hour, &value)) continue;
        int64_t t = hour - w->first;
        if (t < 0 || t >= (int64_t)w->n_hours) continue;
        out[w->keys.of_row[i] * w->n_hours + (size_t)t] = value;
    }
}

/// The hours `from` to `until` of one column of a table of weather, means over its stations. A
/// wind direction is taken as `part` 1 or 2 of the wind's vector. False: there is none.
static bool fill_weather(work *w,
                         const dosi_table *table,
                         const char *name,
                         int part,
                         const size_t hours[2],
                         double *out) {
    const dosi_column *time = &table->columns[dosi_table_find(table, "time")];
    size_t i_column = dosi_table_find(table, name);
    size_t i_speed = dosi_table_find(table, "wind_speed_ms");
    if (i_column == SIZE_MAX || (part && i_speed == SIZE_MAX)) return false;
    double *n = w->weather + (size_t)WEATHER * (w->n_hours + w->n_ahead);
    for (size_t t = hours[0]; t < hours[1]; t++) n[t] = out[t] = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        int64_t t = time->data.integer[i] / DOSI_HOUR_US - w->first;
        double value = dosi_column_real(&table->columns[i_column], i);
        if (part) {
            double angle = value * acos(-1.0) / 180;
            double speed = dosi_column_real(&table->columns[i_speed], i);
            value = speed * (part == 1 ? sin(angle) : cos(angle));
        }
        if (t < (int64_t)hours[0] || t >= (int64_t)hours[1] || !isfinite(value)) continue;
        out[t] += value;
        n[t]++;
    }
    for (size_t t = hours[0]; t < hours[1]; t++) {
        out[t] = n[t] > 0 ? out[t] / n[t] : (double)NAN;
    }
    return true;
}

/// One column of the weather until the last hour, and of the outlook after it.
static void add_weather(work *w, const char *name, int part) {
    size_t n = w->n_hours + w->n_ahead;
    double *out = w->weather + w->n_weather * n;
    const size_t known[2] = {0, w->n_hours}, ahead[2] = {w->n_hours, n};
    for (size_t t = 0; t < n; t++) out[t] = (double)NAN;
    if (!fill_weather(w, w->call->inputs[1], name, part, known, out)) return;
    // Of a column that the outlook lacks nothing is known ahead: the last value stays.
    if (w->n_ahead) (void)fill_weather(w, w->call->inputs[2], name, part, ahead, out);
    w->n_weather++;
}

/// How many hours beyond the last reading the outlook reaches.
static dosi_status find_ahead(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[2];
    const dosi_column *time = NULL;
    w->n_ahead = 0;
    if (!table) return DOSI_OK;
    if (!w->call->inputs[1])
        return dosi_fail(err, DOSI_INVALID, "outlook: there is no weather");
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &time, err));
    int64_t last = w->first + (int64_t)w->n_hours - 1;
    for (size_t i = 0; i < table->n_rows; i++) {
        int64_t beyond = time->data.integer[i] / DOSI_HOUR_US - last;
        if (beyond > AHEAD_MAX) beyond = AHEAD_MAX;
        if (beyond > (int64_t)w->n_ahead) w->n_ahead = (size_t)beyond;
    }
    dosi_text_printf(w->call->report,
                     "%s: the outlook reaches %zu hours beyond the last reading; the back-test "
                     "takes observed weather for what was forecast\n",
                     w->pollutant, w->n_ahead);
    return DOSI_OK;
}

/// Whichever columns of the weather there are.
static dosi_status take_weather(work *w, dosi_error *err) {
    static const char *const plain[WEATHER_PLAIN] = {
        "temperature_c", "humidity_pct", "pressure_hpa", "rain_mm", "wind_speed_ms"};
    w->n_weather = 0;
    DOSI_TRY(find_ahead(w, err));
    if (!w->call->inputs[1]) return DOSI_OK;
    const dosi_column *time = NULL;
    DOSI_TRY(dosi_table_get(w->call->inputs[1], "time", DOSI_TYPE_TIME, &time, err));
    w->weather = malloc((WEATHER + 1) * (w->n_hours + w->n_ahead) * sizeof *w->weather);
    if (!w->weather) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for weather");
    for (size_t k = 0; k < WEATHER_PLAIN; k++) add_weather(w, plain[k], 0);
    add_weather(w, "wind_direction_deg", 1);
    add_weather(w, "wind_direction_deg", 2);
    return DOSI_OK;
}

/// The pollutant's readings and, behind them, those of the columns that help.
static dosi_status make_panel(work *w,
                              const method_values *values,
                              const method_names *with,
                              dosi_error *err) {
    size_t n_cells = w->n_hours * w->keys.n;
    w->value = malloc((1 + with->n) * n_cells * sizeof *w->value);
    w->hours = calloc(w->keys.n * w->options.n_horizons, sizeof *w->hours);
    w->scores = calloc((w->keys.n + 1) * w->options.n_horizons, sizeof *w->scores);
    if (!w->value || !w->hours || !w->scores) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for hours");
    }
    fill_panel(w, values, w->value);
    w->n_own = 0;
    for (size_t k = 0; k < with->n; k++) {
        method_values own;
        if (strcmp(with->names[k], w->pollutant) == 0) continue;
        DOSI_TRY(
            method_values_find(w->call->inputs[0], with->names[k], values->reject, &own, err));
        if (!own.value) {
            return dosi_fail(err, DOSI_NOT_FOUND, "the observations have no column \"%.60s\"",
                             with->names[k]);
        }
        fill_panel(w, &own, w->value + ++w->n_own * n_cells);
    }
    return take_weather(w, err);
}

/// Station (none where `key` is SIZE_MAX or there is no such column) and pollutant of a row.
static dosi_status put_names(const work *w, size_t key, dosi_table *out, size_t row) {
    DOSI_TRY(dosi_table_set_text(out, 1, row, w->pollutant));
    if (!w->station || key == SIZE_MAX) return dosi_table_set_text(out, 0, row, "");
    return method_copy_cell(w->station, w->keys.first_row[key], out, 0, row);
}

static dosi_status put_score(
    const work *w, size_t key, size_t horizon, const dosi_forecast_score *s, dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_BACKTEST];
    size_t row = out->n_rows;
    const double numbers[] = {s->mae,
                              s->rmse,
                              s->bias,
                              s->mae_persistence,
                              s->mae_yesterday,
                              s->mae_climatology,
                              s->rmse_persistence,
                              1 - s->mae / s->mae_persistence,
                              1 - s->mae / s->mae_yesterday,
                              1 - s->mae / s->mae_climatology,
                              s->coverage,
                              s->width,
                              s->crps};
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(put_names(w, key, out, row));
    out->columns[2].data.integer[row] = (int64_t)horizon;
    out->columns[3].data.integer[row] = (int64_t)s->n;
    for (size_t i = 0; i < METHOD_N(numbers); i++) {
        double number = isfinite(numbers[i]) ? numbers[i] : (double)NAN;
        out->columns[4 + i].data.real[row] = number;
    }
    return DOSI_OK;
}

static dosi_status put_hours(const work *w, size_t key, dosi_error *err) {
    dosi_table *out = &w->call->outputs[OUT_FORECAST];
    size_t n = w->options.n_horizons;
    size_t at = out->n_rows;
    int64_t last = w->first + (int64_t)w->n_hours - 1;
    DOSI_TRY(dosi_table_add_rows(out, n, err));
    for (size_t k = 0; k < n; k++) {
        const dosi_forecast_hour *hour = &w->hours[key * n + k];
        DOSI_TRY(put_names(w, key, out, at + k));
        out->columns[2].data.integer[at + k] = last * DOSI_HOUR_US;
        out->columns[3].data.integer[at + k] = (last + (int64_t)k + 1) * DOSI_HOUR_US;
        out->columns[4].data.integer[at + k] = (int64_t)k + 1;
        out->columns[5].data.real[at + k] = hour->value;
        out->columns[6].data.real[at + k] = hour->lower;
        out->columns[7].data.real[at + k] = hour->upper;
    }
    return DOSI_OK;
}

static dosi_status put_all(const work *w, dosi_error *err) {
    size_t n = w->options.n_horizons;
    size_t n_done = 0;
    for (size_t key = 0; key < w->keys.n; key++) {
        if (!isfinite(w->hours[key * n].value)) continue;
        n_done++;
        DOSI_TRY(put_hours(w, key, err));
        for (size_t k = 0; k < n; k++) {
            DOSI_TRY(put_score(w, key, k + 1, &w->scores[key * n + k], err));
        }
    }
    for (size_t k = 0; k < n; k++) {
        DOSI_TRY(put_score(w, SIZE_MAX, k + 1, &w->scores[w->keys.n * n + k], err));
    }
    dosi_text_printf(w->call->report, "%s: %zu stations, %zu left out: too few readings\n",
                     w->pollutant, n_done, w->keys.n - n_done);
    return DOSI_OK;
}

static dosi_status do_pollutant(work *w, const method_names *with, dosi_error *err) {
    method_values values;
    DOSI_TRY(method_values_find(w->call->inputs[0], w->pollutant,
                                dosi_call_value(w->call, "reject")->integer, &values, err));
    if (!values.value) {
        return dosi_fail(err, DOSI_NOT_FOUND, "the observations have no column \"%.60s\"",
                         w->pollutant);
    }
    DOSI_TRY(find_hours(w, &values, err));
    if (w->n_hours == 0) {
        dosi_text_printf(w->call->report, "%s: there is no reading\n", w->pollutant);
        return DOSI_OK;
    }
    DOSI_TRY(make_panel(w, &values, with, err));
    const dosi_forecast_panel panel = {.n_hours = w->n_hours,
                                       .n_stations = w->keys.n,
                                       .first_hour = w->first,
                                       .value = w->value,
                                       .n_own = w->n_own,
                                       .own = w->value + w->n_hours * w->keys.n,
                                       .n_common = w->n_weather,
                                       .n_ahead = w->n_weather ? w->n_ahead : 0,
                                       .common = w->weather};
    dosi_error why = {""};
    dosi_status status =
        dosi_forecast(&panel, &w->options, w->call->run, w->hours, w->scores, &why);
    if (status == DOSI_DOMAIN) {
        dosi_text_printf(w->call->report, "%s: no forecast, %s\n", w->pollutant, why.message);
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s", why.message);
    return put_all(w, err);
}

static dosi_status do_all(work *w, dosi_error *err) {
    const dosi_table *in = w->call->inputs[0];
    method_names names;
    method_names with;
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "value")->text, &names, err));
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "with")->text, &with, err));
    if (names.n == 0) return dosi_fail(err, DOSI_INVALID, "value names no column");
    if (with.n > DOSI_FORECAST_DRIVERS_MAX) {
        return dosi_fail(err, DOSI_INVALID, "with names %zu columns, at most %d", with.n,
                         DOSI_FORECAST_DRIVERS_MAX);
    }
    size_t i_station = dosi_table_find(in, "station");
    if (i_station != SIZE_MAX) w->station = &in->columns[i_station];
    DOSI_TRY(dosi_table_get(in, "time", DOSI_TYPE_TIME, &w->time, err));
    DOSI_TRY(method_keys_find(&w->station, w->station ? 1 : 0, in->n_rows, &w->keys, err));
    DOSI_TRY(method_open_output(w->call, OUT_FORECAST, 0, err));
    DOSI_TRY(method_open_output(w->call, OUT_BACKTEST, 0, err));
    for (size_t i = 0; i < names.n; i++) {
        w->pollutant = names.names[i];
        dosi_status status = do_pollutant(w, &with, err);
        clear_panel(w);
        w->pollutant = NULL;
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w;
    memset(&w, 0, sizeof w);
    w.call = call;
    w.options.n_horizons = (size_t)dosi_call_value(call, "horizons")->integer;
    w.options.coverage = dosi_call_value(call, "coverage")->real;
    w.options.test_share = dosi_call_value(call, "test_share")->real;
    dosi_status status = do_all(&w, err);
    method_keys_clear(&w.keys);
    return status;
}

const dosi_method dosi_method_air_forecast = {
    .id = "air.forecast",
    .version = 4,
    .title = {"앞으로의 농도 예측", "Forecast the next hours"},
    .about =
        {"모든 측정소의 마지막 측정 시각 뒤 농도를 구간과 함께 예측하고, 끝부분에서 그때 알던 "
         "것만으로 예측했을 때의 성적을 마지막 값 유지, 전날 같은 시각, 그 시 평균과 견줍니다.",
         "Forecasts all stations' concentrations after the last hour, with intervals, and "
         "says how forecasts did along the last part, made of what was known then, beside "
         "keeping the last value, the day before, and the mean of that hour."},
    .citation =
        "J. Lei et al. (2018), J. Am. Stat. Assoc. 113, 1094-1111; I. Gibbs, E. Candes (2021), "
        "NeurIPS 34, 1660-1672",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = 2,
    .run = run,
};
