// air.diurnal: how a pollutant varies by hour, weekday and month, with intervals.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("statistic", "mean", "mean|median|percentile", "통계", "Statistic"),
    METHOD_REAL("percentile", NULL, "90", 0, 100, "백분위", "Percentile"),
    METHOD_INT("n_draws",
               "200",
               0,
               10000,
               "블록 붓스트랩 횟수 (0: 구간 없음)",
               "Draws of the block bootstrap; 0: no interval"),
    METHOD_INT("block",
               "24",
               1,
               100000,
               "붓스트랩 블록 길이 (행)",
               "Rows that stay together in a draw"),
    METHOD_INT("seed", "1", 0, 1000000000, "난수 씨", "Seed"),
    METHOD_SERIES_PARAMETERS,
};

enum {
    OUT_BY = 1,
    OUT_HOUR,
    OUT_WEEKDAY,
    OUT_MONTH,
    OUT_N,
    OUT_VALUE,
    OUT_LOW,
    OUT_HIGH,
    N_KINDS = 5,
    MAX_GROUPS = 288
};

/// What is varied: which of hour, weekday and month.
static const struct {
    const char *name;
    bool has_hour, has_weekday, has_month;
} kinds[N_KINDS] = {{"hour", true, false, false},
                    {"weekday", false, true, false},
                    {"month", false, false, true},
                    {"hour_weekday", true, true, false},
                    {"hour_month", true, false, true}};

static const dosi_method_column variation_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"by",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"나눈 기준: hour, weekday, month, hour_weekday, hour_month",
      "What it is by: hour, weekday, month, hour_weekday, hour_month"}},
    {"hour",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"시각 (그 시간이 시작하는 시)", "Hour, 0 to 23, as it begins"}},
    {"weekday", DOSI_TYPE_INT, NULL, false, {"요일 (월=0)", "Weekday, 0 Monday"}},
    {"month", DOSI_TYPE_INT, NULL, false, {"달", "Month, 1 to 12"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"통계값", "The statistic"}},
    {"low", DOSI_TYPE_REAL, NULL, false, {"95 % 구간 아래", "Lower end of the 95 % interval"}},
    {"high", DOSI_TYPE_REAL, NULL, false, {"95 % 구간 위", "Upper end of the 95 % interval"}},
};
static const dosi_method_table outputs[] = {
    {"variation", {"시각·요일·달별 변동", "Variation"}, false, variation_columns, 9},
};

/// Number of groups of a kind.
static size_t n_groups_of(size_t kind) {
    size_t n = kinds[kind].has_hour ? 24 : 1;
    return n * (kinds[kind].has_weekday ? 7 : 1) * (kinds[kind].has_month ? 12 : 1);
}

/// Group of a moment: the hour varies fastest.
static uint32_t group_of(size_t kind, dosi_time moment) {
    dosi_civil civil = dosi_time_to_civil(moment);
    uint32_t group = 0;
    if (kinds[kind].has_month) group = (uint32_t)civil.month - 1;
    if (kinds[kind].has_weekday) group = (uint32_t)dosi_time_weekday(moment);
    if (kinds[kind].has_hour) group = group * 24 + (uint32_t)civil.hour;
    return group;
}

/// Results of one kind.
typedef struct results {
    size_t count[MAX_GROUPS];
    double value[MAX_GROUPS], low[MAX_GROUPS], high[MAX_GROUPS];
} results;

static dosi_status put_kind(const method_series *series,
                            size_t i_station,
                            size_t kind,
                            const results *r,
                            dosi_error *err) {
    dosi_table *out = &series->call->outputs[0];
    size_t n = n_groups_of(kind);
    for (size_t g = 0; g < n; g++) {
        size_t row = 0, slow = kinds[kind].has_hour ? g / 24 : g;
        if (r->count[g] == 0) continue;
        DOSI_TRY(method_series_add_row(series, i_station, out, &row, err));
        dosi_column *c = out->columns;
        DOSI_TRY(dosi_table_set_text(out, OUT_BY, row, kinds[kind].name));
        if (kinds[kind].has_hour) c[OUT_HOUR].data.integer[row] = (int64_t)(g % 24);
        if (kinds[kind].has_weekday) c[OUT_WEEKDAY].data.integer[row] = (int64_t)slow;
        if (kinds[kind].has_month) c[OUT_MONTH].data.integer[row] = (int64_t)slow + 1;
        c[OUT_N].data.integer[row] = (int64_t)r->count[g];
        c[OUT_VALUE].data.real[row] = r->value[g];
        c[OUT_LOW].data.real[row] = r->low[g];
        c[OUT_HIGH].data.real[row] = r->high[g];
    }
    return DOSI_OK;
}

/// One station, one kind.
static dosi_status do_kind(const method_series *series,
                           const method_part *part,
                           size_t kind,
                           uint32_t *group,
                           dosi_error *err) {
    const dosi_method_call *call = series->call;
    results r = {{0}, {0}, {0}, {0}};
    const dosi_statistic statistic = {
        .kind = dosi_statistic_from_name(dosi_call_value(call, "statistic")->text),
        .percentile = dosi_call_value(call, "percentile")->real};
    const dosi_bootstrap bootstrap = {(size_t)dosi_call_value(call, "n_draws")->integer,
                                      (size_t)dosi_call_value(call, "block")->integer, 0.95,
                                      (uint64_t)dosi_call_value(call, "seed")->integer,
                                      call->run};
    for (size_t i = 0; i < part->n; i++) {
        group[i] = group_of(kind, method_series_inside(series, part->time[i]));
    }
    const dosi_groups groups = {part->n, n_groups_of(kind), group};
    double *const bounds[] = {r.low, r.high};
    for (size_t g = 0; g < MAX_GROUPS; g++) r.low[g] = r.high[g] = NAN;
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, part->value, r.count, r.value, err));
    if (bootstrap.n_draws) {
        DOSI_TRY(
            dosi_group_bootstrap(&statistic, &groups, part->value, &bootstrap, bounds, err));
    }
    return put_kind(series, part->i_station, kind, &r, err);
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const with_unit[] = {"value", "low", "high", NULL};
    const dosi_method_call *call = series->call;
    uint32_t *group = calloc(series->n + 1, sizeof *group);
    if (!group) return method_no_memory(err, "groups");
    dosi_status status = method_open_output(call, 0, 0, err);
    if (status == DOSI_OK) {
        status = method_series_set_unit(series, &call->outputs[0], with_unit);
    }
    bool is_daily = series->stamps.step_us == DOSI_DAY_US;
    for (size_t s = 0; s < series->n_stations && status == DOSI_OK; s++) {
        method_part part = method_series_part(series, s);
        dosi_run_report(call->run, (double)s / (double)series->n_stations, "variation");
        for (size_t kind = 0; kind < N_KINDS && status == DOSI_OK; kind++) {
            if (is_daily && kinds[kind].has_hour) continue; // a day has no hours
            status = dosi_run_check(call->run, err);
            if (status == DOSI_OK) status = do_kind(series, &part, kind, group, err);
        }
    }
    free(group);
    return status;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, false, do_series, err);
}

const dosi_method dosi_method_air_diurnal = {
    .id = "air.diurnal",
    .version = 1,
    .title = {"시각·요일·달별 변동", "Variation by hour, weekday and month"},
    .about =
        {"시각, 요일, 달, 시각x요일, 시각x달별 평균(또는 중앙값, 백분위)과 블록 붓스트랩 "
         "95 % 구간을 구합니다. 하루를 한 묶음으로 뽑아 이어지는 시간의 닮음을 셈에 넣습니다.",
         "Mean (or median, percentile) by hour, weekday, month, hour and weekday, hour and "
         "month, with 95 % intervals by block bootstrap: whole days are drawn, so that the "
         "likeness of neighbouring hours counts. An hour is named by its beginning: the "
         "value stamped 08:00 (end) is of hour 7."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair, Environ. Modell. Softw. 27-28, "
                "52-61; H. R. Kuensch (1989), Ann. Stat. 17, 1217-1241",
    .inputs = method_winds_inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
