// air.trend: how a pollutant changes over the years: slope with interval, season, break points.

#include "method/winds.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("average", "month", "month|season|year", "평균 기간", "Averaging period"),
    METHOD_CHOICE("season",
                  "stl",
                  "stl|means|none",
                  "계절을 빼는 방법: STL, 달별 평균, 빼지 않음",
                  "How the season is taken out: STL, means of each month, not at all"),
    METHOD_REAL("capture",
                NULL,
                "0.75",
                0,
                1,
                "평균에 필요한 자료 비율",
                "Share of values that an average needs"),
    METHOD_INT("n_draws",
               "1000",
               0,
               100000,
               "블록 붓스트랩 횟수 (0: 구간 없음)",
               "Draws of the block bootstrap; 0: no interval"),
    METHOD_INT("block",
               "4",
               1,
               1000,
               "붓스트랩 블록 길이 (평균 기간)",
               "Averages that stay together in a draw"),
    METHOD_REAL("penalty",
                NULL,
                "3",
                0.1,
                1000,
                "변화점 벌점 (잡음 분산 x log n)",
                "Penalty of a change point, in noise variances times log n"),
    METHOD_INT("min_length",
               "6",
               1,
               1000,
               "변화점 사이 최소 기간",
               "Averages between change points, at least"),
    METHOD_INT("kz_width", "13", 1, 1001, "KZ 필터 폭 (홀수)", "Width of the KZ filter, odd"),
    METHOD_INT("kz_rounds", "3", 1, 20, "KZ 필터 반복", "Rounds of the KZ filter"),
    METHOD_INT("seed", "1", 0, 1000000000, "난수 씨", "Seed"),
    METHOD_SERIES_PARAMETERS,
};

static const dosi_method_column trend_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"쓴 평균 수", "Averages used"}},
    {"n_missing",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"자료가 모자란 기간 수", "Periods with too few values"}},
    {"slope", DOSI_TYPE_REAL, NULL, false, {"해마다의 변화", "Change a year"}},
    {"slope_low",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"95 % 구간 아래", "Lower end of the 95 % interval"}},
    {"slope_high",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"95 % 구간 위", "Upper end of the 95 % interval"}},
    {"slope_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"해마다의 변화율 (첫 값의 직선값 기준)", "Change a year over the line's first value"}},
    {"p",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"붓스트랩 유의확률", "Chance without a trend, bootstrap"}},
    {"tau", DOSI_TYPE_REAL, NULL, false, {"켄달 타우", "Kendall's tau"}},
    {"mk_p",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"만-켄달 유의확률", "Chance by Mann and Kendall's test"}},
    {"n_changes", DOSI_TYPE_INT, NULL, false, {"변화점 수", "Change points"}},
};
static const dosi_method_column series_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"기간의 시작", "Start of the period"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"capture_pct", DOSI_TYPE_REAL, "%", false, {"자료 비율", "Data capture"}},
    {"value",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"평균 (자료가 모자라면 비움)", "Mean; missing where capture is too low"}},
    {"adjusted", DOSI_TYPE_REAL, NULL, false, {"계절을 뺀 값", "With the season taken out"}},
    {"fitted", DOSI_TYPE_REAL, NULL, false, {"추세선", "The trend's line"}},
    {"smooth", DOSI_TYPE_REAL, NULL, false, {"KZ 필터", "KZ filter"}},
    {"level", DOSI_TYPE_REAL, NULL, false, {"변화점 사이 평균", "Mean between change points"}},
    {"is_change", DOSI_TYPE_BOOL, NULL, false, {"변화점", "A change point"}},
};
static const dosi_method_table outputs[] = {
    {"trend", {"추세", "Trends"}, false, trend_columns, 11},
    {"series", {"기간별 값", "Averages"}, false, series_columns, 10},
};

/// One station's averages.
typedef struct work {
    const method_series *series;
    method_part part;
    dosi_periods periods;
    size_t cycle; ///< Periods a year.
    size_t *count, *changes, n_changes, n_missing;
    double *value, *adjusted, *smooth, *level, *x, *room, *room2;
    dosi_trend trend;
    bool has_trend;
    dosi_mann_kendall test;
} work;

static void free_work(work *w) {
    dosi_periods_clear(&w->periods);
    free(w->count);
    free(w->value);
}

/// Averages with capture.
static dosi_status make_averages(work *w, dosi_error *err) {
    const dosi_method_call *call = w->series->call;
    dosi_period period = dosi_period_from_name(dosi_call_value(call, "average")->text);
    w->cycle = period == DOSI_PERIOD_MONTH ? 12 : period == DOSI_PERIOD_SEASON ? 4 : 1;
    DOSI_TRY(dosi_periods_find(w->part.time, w->part.n, period, &w->series->stamps, &w->periods,
                               err));
    size_t n = w->periods.n;
    w->count = calloc(2 * n + 1, sizeof *w->count);
    w->value = calloc(7 * n + 1, sizeof *w->value);
    if (!w->count || !w->value) return method_no_memory(err, "averages");
    w->changes = w->count + n;
    double **arrays[] = {&w->adjusted, &w->smooth, &w->level, &w->x, &w->room, &w->room2};
    for (size_t a = 0; a < 6; a++) *arrays[a] = w->value + (a + 1) * n;
    const dosi_groups groups = {w->part.n, n, w->periods.of_row};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, w->part.value, w->count, w->value, err));
    dosi_periods_require(&w->periods, w->count, dosi_call_value(call, "capture")->real,
                         w->value);
    for (size_t i = 0; i < n; i++) {
        int64_t since = w->periods.start[i] - w->periods.start[0];
        w->x[i] = (double)since / (double)DOSI_DAY_US / 365.25;
        w->n_missing += isnan(w->value[i]) ? 1U : 0U;
    }
    return DOSI_OK;
}

/// Takes out each phase's mean distance from a moving mean of a year; these sum to zero.
static void remove_means(const work *w) {
    size_t n = w->periods.n;
    double phase_sum[12] = {0}, phase_n[12] = {0}, shift = 0;
    assert(w->cycle >= 2 && w->cycle <= 12);
    memcpy(w->room, w->value, n * sizeof *w->room);
    dosi_fill_gaps(w->room, n);
    dosi_rolling_mean(w->room, n, w->cycle + 1, 0, DOSI_ALIGN_CENTRE, w->room2);
    for (size_t i = 0; i < n; i++) {
        if (isnan(w->value[i]) || isnan(w->room2[i])) continue;
        phase_sum[i % w->cycle] += w->value[i] - w->room2[i];
        phase_n[i % w->cycle] += 1;
    }
    for (size_t p = 0; p < w->cycle; p++) {
        phase_sum[p] = phase_n[p] > 0 ? phase_sum[p] / phase_n[p] : 0;
        shift += phase_sum[p] / (double)w->cycle;
    }
    for (size_t i = 0; i < n; i++) {
        w->adjusted[i] = w->value[i] - (phase_sum[i % w->cycle] - shift);
    }
}

/// The values without their season, as the parameter says; the report says when it cannot be.
static dosi_status remove_season(work *w, dosi_error *err) {
    size_t n = w->periods.n, first = 0, last = n;
    const char *how = dosi_call_value(w->series->call, "season")->text;
    memcpy(w->adjusted, w->value, n * sizeof *w->adjusted);
    if (strcmp(how, "none") == 0 || w->cycle == 1) return DOSI_OK;
    while (first < n && isnan(w->value[first])) first++;
    while (last > first && isnan(w->value[last - 1])) last--;
    bool is_long = last - first >= 2 * w->cycle;
    if (!is_long) {
        if (w->series->call->report) {
            dosi_text_printf(w->series->call->report,
                             "station %zu: less than two years: the season stays in\n",
                             w->part.i_station + 1);
        }
        return DOSI_OK;
    }
    if (strcmp(how, "means") == 0) {
        remove_means(w);
        return DOSI_OK;
    }
    memcpy(w->room, w->value, n * sizeof *w->room);
    dosi_fill_gaps(w->room, n);
    const dosi_stl stl = {w->cycle, 35, true, true};
    DOSI_TRY(dosi_stl_decompose(w->room + first, last - first, &stl, w->room2 + first,
                                w->smooth + first, err));
    for (size_t i = first; i < last; i++) w->adjusted[i] = w->value[i] - w->room2[i];
    return DOSI_OK;
}

/// Means between change points.
static void fill_levels(const work *w) {
    size_t from = 0;
    for (size_t c = 0; c <= w->n_changes; c++) {
        size_t to = c < w->n_changes ? w->changes[c] : w->periods.n;
        double sum = 0, n = 0;
        for (size_t i = from; i < to; i++) {
            if (isnan(w->adjusted[i])) continue;
            sum += w->adjusted[i];
            n += 1;
        }
        for (size_t i = from; i < to; i++) w->level[i] = n > 0 ? sum / n : (double)NAN;
        from = to;
    }
}

/// Trend, test, filter and change points.
static dosi_status analyse(work *w, dosi_error *err) {
    const dosi_method_call *call = w->series->call;
    size_t n = w->periods.n;
    const dosi_bootstrap bootstrap = {(size_t)dosi_call_value(call, "n_draws")->integer,
                                      (size_t)dosi_call_value(call, "block")->integer, 0.95,
                                      (uint64_t)dosi_call_value(call, "seed")->integer,
                                      call->run};
    dosi_error why = {""};
    dosi_status status = dosi_trend_fit(w->x, w->adjusted, n, &bootstrap, &w->trend, &why);
    w->has_trend = status == DOSI_OK;
    if (status == DOSI_DOMAIN && call->report) {
        dosi_text_printf(call->report, "station %zu: no trend: %s\n", w->part.i_station + 1,
                         why.message);
    } else if (status != DOSI_OK && status != DOSI_DOMAIN) {
        return dosi_fail(err, status, "%s", why.message);
    }
    DOSI_TRY(dosi_mann_kendall_test(w->adjusted, n, &w->test, err));
    DOSI_TRY(
        dosi_kz_filter(w->adjusted, n, (size_t)dosi_call_value(call, "kz_width")->integer | 1U,
                       (size_t)dosi_call_value(call, "kz_rounds")->integer, w->smooth, err));
    const dosi_changes changes = {dosi_call_value(call, "penalty")->real,
                                  (size_t)dosi_call_value(call, "min_length")->integer, true};
    DOSI_TRY(dosi_changes_find(w->adjusted, n, &changes, w->changes, &w->n_changes, err));
    fill_levels(w);
    return DOSI_OK;
}

static dosi_status put_trend(const work *w, dosi_error *err) {
    dosi_table *out = &w->series->call->outputs[0];
    size_t row = 0;
    DOSI_TRY(method_series_add_row(w->series, w->part.i_station, out, &row, err));
    dosi_column *c = out->columns;
    c[1].data.integer[row] = (int64_t)(w->periods.n - w->n_missing);
    c[2].data.integer[row] = (int64_t)w->n_missing;
    if (w->has_trend) {
        c[3].data.real[row] = w->trend.slope;
        c[4].data.real[row] = w->trend.low;
        c[5].data.real[row] = w->trend.high;
        c[6].data.real[row] = 100 * w->trend.slope / w->trend.intercept;
        c[7].data.real[row] = w->trend.p;
    }
    c[8].data.real[row] = w->test.tau;
    c[9].data.real[row] = w->test.p;
    c[10].data.integer[row] = (int64_t)w->n_changes;
    return DOSI_OK;
}

static dosi_status put_series(const work *w, dosi_error *err) {
    dosi_table *out = &w->series->call->outputs[1];
    size_t next = 0;
    for (size_t i = 0; i < w->periods.n; i++) {
        size_t row = 0;
        bool is_change = next < w->n_changes && w->changes[next] == i;
        next += is_change;
        DOSI_TRY(method_series_add_row(w->series, w->part.i_station, out, &row, err));
        dosi_column *c = out->columns;
        c[1].data.integer[row] = w->periods.start[i];
        c[2].data.integer[row] = (int64_t)w->count[i];
        c[3].data.real[row] = 100 * (double)w->count[i] / w->periods.expected[i];
        c[4].data.real[row] = w->value[i];
        c[5].data.real[row] = w->adjusted[i];
        c[6].data.real[row] =
            w->has_trend ? w->trend.intercept + w->trend.slope * w->x[i] : (double)NAN;
        c[7].data.real[row] = w->smooth[i];
        c[8].data.real[row] = w->level[i];
        c[9].data.boolean[row] = is_change;
    }
    return DOSI_OK;
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const trend_unit[] = {"slope", "slope_low", "slope_high", NULL};
    static const char *const series_unit[] = {"value",  "adjusted", "fitted",
                                              "smooth", "level",    NULL};
    const dosi_method_call *call = series->call;
    DOSI_TRY(method_open_output(call, 0, 0, err));
    DOSI_TRY(method_open_output(call, 1, 0, err));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[0], trend_unit));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[1], series_unit));
    for (size_t s = 0; s < series->n_stations; s++) {
        work w = {.series = series, .part = method_series_part(series, s)};
        DOSI_TRY(dosi_run_check(call->run, err));
        dosi_status status = make_averages(&w, err);
        if (status == DOSI_OK) status = remove_season(&w, err);
        if (status == DOSI_OK) status = analyse(&w, err);
        if (status == DOSI_OK) status = put_trend(&w, err);
        if (status == DOSI_OK) status = put_series(&w, err);
        free_work(&w);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, false, do_series, err);
}

const dosi_method dosi_method_air_trend = {
    .id = "air.trend",
    .version = 1,
    .title = {"장기 추세", "Trend over the years"},
    .about =
        {"기간 평균에서 계절을 빼고 테일-센 기울기와 블록 붓스트랩 구간, 만-켄달 검정, KZ "
         "필터, "
         "변화점을 구합니다. 자료 비율이 모자란 기간은 쓰지 않고 몇이나 되는지 알립니다.",
         "From averages with the season taken out: Theil and Sen's slope with a moving-block "
         "bootstrap interval, Mann and Kendall's test, a Kolmogorov-Zurbenko filter, and "
         "change "
         "points of the level (exact, noise widened for slow series). Periods that lack data "
         "capture are not used and counted. A year is 365.25 days; the intercept is the median "
         "of y - slope x. Gaps are bridged by lines only while the season is found. The "
         "weather is "
         "still in: see air.normalise."},
    .citation = "P. K. Sen (1968), J. Am. Stat. Assoc. 63, 1379-1389; R. B. Cleveland et al. "
                "(1990), J. Official Stat. 6, 3-73; R. Killick et al. (2012), J. Am. Stat. "
                "Assoc. 107, 1590-1598",
    .inputs = method_winds_inputs,
    .n_inputs = 1,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
