// air.calendar: one value a day and station, with the day's wind: what a calendar plot shows.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("statistic",
                  "mean",
                  "mean|max|median|percentile|max_8h",
                  "하루의 통계 (max_8h: 8시간 이동평균의 최대)",
                  "Statistic of a day; max_8h: highest 8 h mean that ends on it"),
    METHOD_REAL("percentile", NULL, "90", 0, 100, "백분위", "Percentile"),
    METHOD_REAL("capture",
                NULL,
                "0.75",
                0,
                1,
                "하루에 필요한 자료 비율",
                "Share of values that a day (and an 8 h mean) needs"),
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

enum { OUT_DATE = 1, OUT_WEEKDAY, OUT_N, OUT_CAPTURE, OUT_VALUE, OUT_SPEED, OUT_FROM };

static const dosi_method_column day_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"date", DOSI_TYPE_DATE, NULL, false, {"날짜", "Date"}},
    {"weekday", DOSI_TYPE_INT, NULL, false, {"요일 (월=0)", "Weekday, 0 Monday"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"capture_pct", DOSI_TYPE_REAL, "%", false, {"자료 비율", "Data capture"}},
    {"value",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"하루의 값 (자료가 모자라면 비움)", "The day's value; missing where capture is too low"}},
    {"speed_ms", DOSI_TYPE_REAL, "m/s", false, {"평균 풍속 (벡터)", "Length of the mean wind"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"평균 풍향 (벡터)", "Direction of the mean wind"}},
};
static const dosi_method_table outputs[] = {
    {"days", {"날마다의 값", "Days"}, false, day_columns, 8},
};

/// One station's days.
typedef struct days {
    dosi_periods periods;
    size_t *count, *n_wind;
    double *value, *speed, *from; ///< (days)
    double *rolled;               ///< (rows)
} days;

static void free_days(days *d) {
    dosi_periods_clear(&d->periods);
    free(d->count);
    free(d->value);
    free(d->rolled);
}

/// Rolling 8 h means by time: rows need not be complete.
static void roll(const method_series *series,
                 const method_part *part,
                 double capture,
                 double *out) {
    size_t first = 0;
    for (size_t i = 0; i < part->n; i++) {
        double sum = 0, n = 0;
        while (part->time[i] - part->time[first] >= 8 * series->stamps.step_us) first++;
        for (size_t k = first; k <= i; k++) {
            if (isnan(part->value[k])) continue;
            sum += part->value[k];
            n += 1;
        }
        out[i] = n > 0 && n >= 8 * capture ? sum / n : (double)NAN;
    }
}

static dosi_status make_days(const method_series *series,
                             const method_part *part,
                             days *d,
                             dosi_error *err) {
    const dosi_method_call *call = series->call;
    const char *kind = dosi_call_value(call, "statistic")->text;
    double capture = dosi_call_value(call, "capture")->real;
    DOSI_TRY(dosi_periods_find(part->time, part->n, DOSI_PERIOD_DAY, &series->stamps,
                               &d->periods, err));
    size_t n = d->periods.n;
    d->count = calloc(2 * n + 1, sizeof *d->count);
    d->value = calloc(3 * n + 1, sizeof *d->value);
    d->rolled = calloc(part->n + 1, sizeof *d->rolled);
    if (!d->count || !d->value || !d->rolled) {
        return method_no_memory(err, "days");
    }
    d->n_wind = d->count + n;
    d->speed = d->value + n;
    d->from = d->speed + n;
    const dosi_groups groups = {part->n, n, d->periods.of_row};
    double *const vector[] = {d->speed, d->from};
    dosi_vector_mean(&groups, &part->winds, d->n_wind, vector);
    bool is_rolled = strcmp(kind, "max_8h") == 0;
    dosi_statistic statistic = {.kind = is_rolled ? DOSI_STATISTIC_MAX
                                                  : dosi_statistic_from_name(kind),
                                .percentile = dosi_call_value(call, "percentile")->real};
    if (is_rolled) {
        roll(series, part, capture, d->rolled);
        DOSI_TRY(dosi_group_statistic(&statistic, &groups, d->rolled, d->count, d->value, err));
        const dosi_statistic counted = {.kind = DOSI_STATISTIC_FREQUENCY};
        double *counts = calloc(n + 1, sizeof *counts);
        if (!counts) return method_no_memory(err, "days");
        dosi_status status =
            dosi_group_statistic(&counted, &groups, part->value, d->count, counts, err);
        free(counts);
        DOSI_TRY(status);
    } else {
        DOSI_TRY(
            dosi_group_statistic(&statistic, &groups, part->value, d->count, d->value, err));
    }
    dosi_periods_require(&d->periods, d->count, capture, d->value);
    return DOSI_OK;
}

static dosi_status put_days(const method_series *series,
                            size_t i_station,
                            const days *d,
                            dosi_error *err) {
    dosi_table *out = &series->call->outputs[0];
    size_t n_short = 0;
    for (size_t i = 0; i < d->periods.n; i++) {
        size_t row = 0;
        DOSI_TRY(method_series_add_row(series, i_station, out, &row, err));
        out->columns[OUT_DATE].data.integer[row] = d->periods.start[i] / DOSI_DAY_US;
        out->columns[OUT_WEEKDAY].data.integer[row] = dosi_time_weekday(d->periods.start[i]);
        out->columns[OUT_N].data.integer[row] = (int64_t)d->count[i];
        out->columns[OUT_CAPTURE].data.real[row] =
            100 * (double)d->count[i] / d->periods.expected[i];
        out->columns[OUT_VALUE].data.real[row] = d->value[i];
        out->columns[OUT_SPEED].data.real[row] = d->speed[i];
        out->columns[OUT_FROM].data.real[row] = d->from[i];
        n_short += isnan(d->value[i]) ? 1U : 0U;
    }
    if (series->call->report) {
        dosi_text_printf(series->call->report,
                         "station %zu: %zu days, %zu without a value (capture below %g)\n",
                         i_station + 1, d->periods.n, n_short,
                         dosi_call_value(series->call, "capture")->real);
    }
    return DOSI_OK;
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const with_unit[] = {"value", NULL};
    const dosi_method_call *call = series->call;
    DOSI_TRY(method_open_output(call, 0, 0, err));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[0], with_unit));
    for (size_t s = 0; s < series->n_stations; s++) {
        method_part part = method_series_part(series, s);
        days d = {.count = NULL};
        DOSI_TRY(dosi_run_check(call->run, err));
        dosi_status status = make_days(series, &part, &d, err);
        if (status == DOSI_OK) status = put_days(series, s, &d, err);
        free_days(&d);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, false, do_series, err);
}

const dosi_method dosi_method_air_calendar = {
    .id = "air.calendar",
    .version = 1,
    .title = {"달력 그림", "Calendar of days"},
    .about =
        {"측정소와 날마다 한 값(평균, 최대, 8시간 최대 등)과 그날의 바람을 냅니다. 자료 비율이 "
         "모자란 날은 비웁니다.",
         "One value a station and day (mean, maximum, highest 8 h mean and so on) with the "
         "day's mean wind: what a calendar shows. A day that lacks data capture has no "
         "value. A value stamped 24:00 belongs to the day that ends."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair, Environ. Modell. Softw. 27-28, "
                "52-61",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
