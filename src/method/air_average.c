// air.average: averages over periods with data capture; winds as vectors.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value",
                "pm25_ugm3",
                "값 열 (쉼표로 여러 개)",
                "Column or columns of values, separated by commas"),
    METHOD_CHOICE("period", "day", "hour|day|week|month|season|year", "기간", "Period"),
    METHOD_CHOICE(
        "statistic", "mean", "mean|median|max|stdev|frequency|percentile", "통계", "Statistic"),
    METHOD_REAL("percentile", NULL, "90", 0, 100, "백분위", "Percentile"),
    METHOD_REAL("capture",
                NULL,
                "0.75",
                0,
                1,
                "기간에 필요한 자료 비율",
                "Share of values that a period needs"),
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

enum { OUT_TIME = 1, OUT_POLLUTANT, OUT_N, OUT_CAPTURE, OUT_VALUE, OUT_SPEED, OUT_FROM };

static const dosi_method_column average_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"기간의 시작", "Start of the period"}},
    {"pollutant", DOSI_TYPE_TEXT, NULL, false, {"값 열", "Column of the values"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"capture_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"자료 비율 (기간 전체 기준)", "Data capture of the full period"}},
    {"value",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"통계값 (자료가 모자라면 비움)", "The statistic; missing where capture is too low"}},
    {"speed_ms",
     DOSI_TYPE_REAL,
     "m/s",
     false,
     {"평균 바람의 세기 (벡터)", "Length of the mean wind"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"평균 풍향 (벡터)", "Direction of the mean wind"}},
};
static const dosi_method_table outputs[] = {
    {"averages", {"기간별 값", "Averages"}, false, average_columns, 8},
};

/// One station's periods.
typedef struct averages {
    dosi_periods periods;
    size_t *count, *n_wind;
    double *value, *speed, *from;
} averages;

static void free_averages(averages *a) {
    dosi_periods_clear(&a->periods);
    free(a->count);
    free(a->value);
}

static dosi_status make_averages(const method_series *series,
                                 const method_part *part,
                                 averages *a,
                                 dosi_error *err) {
    const dosi_method_call *call = series->call;
    DOSI_TRY(dosi_periods_find(part->time, part->n,
                               dosi_period_from_name(dosi_call_value(call, "period")->text),
                               &series->stamps, &a->periods, err));
    size_t n = a->periods.n;
    double capture = dosi_call_value(call, "capture")->real;
    a->count = calloc(2 * n + 1, sizeof *a->count);
    a->value = calloc(3 * n + 1, sizeof *a->value);
    if (!a->count || !a->value) return method_no_memory(err, "averages");
    a->n_wind = a->count + n;
    a->speed = a->value + n;
    a->from = a->speed + n;
    const dosi_groups groups = {part->n, n, a->periods.of_row};
    const dosi_statistic statistic = {
        .kind = dosi_statistic_from_name(dosi_call_value(call, "statistic")->text),
        .percentile = dosi_call_value(call, "percentile")->real};
    double *const vector[] = {a->speed, a->from};
    dosi_vector_mean(&groups, &part->winds, a->n_wind, vector);
    dosi_periods_require(&a->periods, a->n_wind, capture, a->speed);
    dosi_periods_require(&a->periods, a->n_wind, capture, a->from);
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, part->value, a->count, a->value, err));
    if (statistic.kind != DOSI_STATISTIC_FREQUENCY) {
        dosi_periods_require(&a->periods, a->count, capture, a->value);
    }
    return DOSI_OK;
}

static dosi_status put_averages(const method_series *series,
                                size_t i_station,
                                const averages *a,
                                dosi_error *err) {
    dosi_table *out = &series->call->outputs[0];
    size_t n_short = 0;
    for (size_t i = 0; i < a->periods.n; i++) {
        size_t row = 0;
        DOSI_TRY(method_series_add_row(series, i_station, out, &row, err));
        DOSI_TRY(dosi_table_set_text(out, OUT_POLLUTANT, row, series->name));
        dosi_column *c = out->columns;
        c[OUT_TIME].data.integer[row] = a->periods.start[i];
        c[OUT_N].data.integer[row] = (int64_t)a->count[i];
        c[OUT_CAPTURE].data.real[row] = 100 * (double)a->count[i] / a->periods.expected[i];
        c[OUT_VALUE].data.real[row] = a->value[i];
        c[OUT_SPEED].data.real[row] = a->speed[i];
        c[OUT_FROM].data.real[row] = a->from[i];
        n_short += isnan(a->value[i]) ? 1U : 0U;
    }
    if (series->call->report && n_short) {
        dosi_text_printf(series->call->report,
                         "%s, station %zu: %zu of %zu periods without a value (capture below "
                         "%g)\n",
                         series->name, i_station + 1, n_short, a->periods.n,
                         dosi_call_value(series->call, "capture")->real);
    }
    return DOSI_OK;
}

/// One column of values.
static dosi_status do_series(const method_series *series, dosi_error *err) {
    for (size_t s = 0; s < series->n_stations; s++) {
        method_part part = method_series_part(series, s);
        averages a = {.count = NULL};
        DOSI_TRY(dosi_run_check(series->call->run, err));
        dosi_status status = make_averages(series, &part, &a, err);
        if (status == DOSI_OK) status = put_averages(series, s, &a, err);
        free_averages(&a);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    method_names names;
    DOSI_TRY(method_names_split(dosi_call_value(call, "value")->text, &names, err));
    DOSI_TRY(method_open_output(call, 0, 0, err));
    for (size_t i = 0; i < names.n; i++) {
        DOSI_TRY(method_series_run(call, names.names[i], false, do_series, err));
    }
    return DOSI_OK;
}

const dosi_method dosi_method_air_average = {
    .id = "air.average",
    .version = 1,
    .title = {"기간 평균", "Averages over periods"},
    .about =
        {"측정소마다 시간, 날, 주, 달, 계절, 해의 통계를 자료 비율과 함께 냅니다. 자료 비율이 "
         "모자란 기간은 비우되 행은 남기고, 바람은 세기로 가중한 벡터로 평균합니다.",
         "Statistics of hours, days, weeks, months, seasons or years by station, each with "
         "its data capture: a period that lacks it keeps its row without a value. Winds "
         "are averaged as vectors weighted by speed (350 and 10 degrees make 0). Weeks "
         "begin on Monday, winter in December; a value stamped 24:00 belongs to the day "
         "that ends; the capture of the first and last period is of the full period."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair (timeAverage), Environ. Modell. "
                "Softw. 27-28, 52-61",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
