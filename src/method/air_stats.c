// air.stats: yearly statistics of hourly values as air-quality reports ask, with data capture.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value",
                "pm25_ugm3",
                "값 열 (쉼표로 여러 개)",
                "Column or columns of values, separated by commas"),
    METHOD_REAL("capture",
                NULL,
                "0.75",
                0,
                1,
                "일평균·이동평균과 연 통계에 필요한 자료 비율",
                "Share of values that daily and rolling means need, and a valid year"),
    METHOD_REAL("limit_1h",
                NULL,
                "0",
                0,
                1e9,
                "1시간 한도 (0: 세지 않음)",
                "Limit of hours; 0: not counted"),
    METHOD_REAL("limit_8h",
                NULL,
                "0",
                0,
                1e9,
                "8시간 한도 (0: 세지 않음)",
                "Limit of 8 h means; 0: not counted"),
    METHOD_REAL("limit_24h",
                NULL,
                "0",
                0,
                1e9,
                "24시간 한도 (0: 세지 않음)",
                "Limit of daily means; 0: not counted"),
    METHOD_SERIES_PARAMETERS,
};

enum {
    OUT_YEAR = 1,
    OUT_POLLUTANT,
    OUT_N,
    OUT_CAPTURE,
    OUT_VALID,
    OUT_REALS, // ten numbers from here, then three counts
    N_REALS = 10,
    OUT_COUNTS = OUT_REALS + N_REALS
};

static const dosi_method_column stats_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"year", DOSI_TYPE_INT, NULL, false, {"해", "Year"}},
    {"pollutant", DOSI_TYPE_TEXT, NULL, false, {"값 열", "Column of the values"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"capture_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"자료 비율 (한 해 기준)", "Data capture of the whole year"}},
    {"is_valid",
     DOSI_TYPE_BOOL,
     NULL,
     false,
     {"자료 비율이 찼는가", "Whether capture suffices"}},
    {"mean", DOSI_TYPE_REAL, NULL, false, {"평균", "Mean"}},
    {"min", DOSI_TYPE_REAL, NULL, false, {"최소", "Minimum"}},
    {"max", DOSI_TYPE_REAL, NULL, false, {"최대", "Maximum"}},
    {"median", DOSI_TYPE_REAL, NULL, false, {"중앙값", "Median"}},
    {"p95", DOSI_TYPE_REAL, NULL, false, {"95백분위", "95th percentile"}},
    {"p99", DOSI_TYPE_REAL, NULL, false, {"99백분위", "99th percentile"}},
    {"max_daily", DOSI_TYPE_REAL, NULL, false, {"일평균 최대", "Highest daily mean"}},
    {"max_8h", DOSI_TYPE_REAL, NULL, false, {"8시간 이동평균 최대", "Highest 8 h mean"}},
    {"max_24h", DOSI_TYPE_REAL, NULL, false, {"24시간 이동평균 최대", "Highest 24 h mean"}},
    {"share_above_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"1시간 한도를 넘은 비율", "Share of values above limit_1h"}},
    {"n_hours_above",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"1시간 한도를 넘은 시간", "Hours above limit_1h"}},
    {"n_days_8h_above",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"8시간 한도를 넘은 날", "Days with an 8 h mean above limit_8h"}},
    {"n_days_above",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"24시간 한도를 넘은 날", "Days with a mean above limit_24h"}},
};
static const dosi_method_table outputs[] = {
    {"statistics", {"해마다의 통계", "Statistics by year"}, false, stats_columns, 19},
};

static dosi_status put_row(const method_series *series,
                           size_t i_station,
                           int year,
                           const dosi_span_statistics *s,
                           dosi_error *err) {
    dosi_table *out = &series->call->outputs[0];
    double capture = dosi_call_value(series->call, "capture")->real;
    bool has_limit = dosi_call_value(series->call, "limit_1h")->real > 0;
    double share =
        has_limit && s->n ? 100 * (double)s->n_hours_above / (double)s->n : (double)NAN;
    const double reals[N_REALS] = {s->mean, s->min,       s->max,    s->median,  s->p95,
                                   s->p99,  s->max_daily, s->max_8h, s->max_24h, share};
    static const char *const limits[3] = {"limit_1h", "limit_8h", "limit_24h"};
    const size_t counts[3] = {s->n_hours_above, s->n_days_8h_above, s->n_days_above};
    size_t row = 0;
    DOSI_TRY(method_series_add_row(series, i_station, out, &row, err));
    DOSI_TRY(dosi_table_set_text(out, OUT_POLLUTANT, row, series->name));
    out->columns[OUT_YEAR].data.integer[row] = year;
    out->columns[OUT_N].data.integer[row] = (int64_t)s->n;
    out->columns[OUT_CAPTURE].data.real[row] = 100 * s->capture;
    out->columns[OUT_VALID].data.boolean[row] = s->capture >= capture;
    for (size_t c = 0; c < N_REALS; c++) out->columns[OUT_REALS + c].data.real[row] = reals[c];
    for (size_t c = 0; c < 3; c++) {
        if (!(dosi_call_value(series->call, limits[c])->real > 0)) continue;
        out->columns[OUT_COUNTS + c].data.integer[row] = (int64_t)counts[c];
    }
    return DOSI_OK;
}

/// A limit; NaN where the parameter is 0.
static double limit_of(const dosi_method_call *call, const char *name) {
    double limit = dosi_call_value(call, name)->real;
    return limit > 0 ? limit : (double)NAN;
}

/// One station: every year laid out hour by hour.
static dosi_status do_station(const method_series *series,
                              const method_part *part,
                              dosi_error *err) {
    enum { MOST_HOURS = 366 * 24 };
    const dosi_method_call *call = series->call;
    const dosi_span_rules rules = {dosi_call_value(call, "capture")->real,
                                   limit_of(call, "limit_1h"), limit_of(call, "limit_8h"),
                                   limit_of(call, "limit_24h")};
    double *hours = malloc(MOST_HOURS * sizeof *hours);
    if (!hours) return method_no_memory(err, "a year");
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < part->n && status == DOSI_OK;) {
        dosi_time moment = method_series_inside(series, part->time[i]);
        dosi_time start = dosi_period_start(DOSI_PERIOD_YEAR, moment);
        dosi_time end = dosi_period_next(DOSI_PERIOD_YEAR, moment);
        size_t n_hours = (size_t)((end - start) / DOSI_HOUR_US);
        for (size_t h = 0; h < n_hours; h++) hours[h] = NAN;
        for (; i < part->n; i++) {
            dosi_time at = method_series_inside(series, part->time[i]);
            if (at >= end) break;
            hours[(at - start) / DOSI_HOUR_US] = part->value[i];
        }
        dosi_span_statistics s;
        status = dosi_span_describe(hours, n_hours, &rules, &s, err);
        if (status == DOSI_OK) {
            status = put_row(series, part->i_station, dosi_time_to_civil(start).year, &s, err);
        }
    }
    free(hours);
    return status;
}

/// One column of values.
static dosi_status do_series(const method_series *series, dosi_error *err) {
    if (series->stamps.step_us != DOSI_HOUR_US) {
        return dosi_fail(err, DOSI_INVALID, "%s: yearly statistics need hourly values",
                         series->name);
    }
    for (size_t s = 0; s < series->n_stations; s++) {
        method_part part = method_series_part(series, s);
        DOSI_TRY(dosi_run_check(series->call->run, err));
        DOSI_TRY(do_station(series, &part, err));
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

const dosi_method dosi_method_air_stats = {
    .id = "air.stats",
    .version = 1,
    .title = {"연 통계", "Statistics of a year"},
    .about =
        {"측정소와 해마다 평균, 백분위, 일평균과 8·24시간 이동평균의 최대, 한도를 넘은 시간과 "
         "날을 셉니다. 일평균과 이동평균은 자료 비율이 차야 하고, 연 자료 비율은 한 해 전체 "
         "시간에 대한 것입니다. 환경기준의 판정은 air.standard입니다.",
         "By station and year: mean, percentiles, highest daily, 8 h and 24 h means, and "
         "how many hours and days are above limits. Daily and rolling means need their "
         "data capture; the year's capture is over all its hours, the record's gaps and "
         "ends included. For the judgement against standards see air.standard."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair (aqStats), Environ. Modell. Softw. "
                "27-28, 52-61",
    .inputs = method_winds_inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
