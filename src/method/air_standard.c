// air.standard: comparison of each station and year with Korea's ambient standards.

#include "dosi/standard.h"
#include "method/air_columns.h"
#include "method/station_hours.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_YEAR_HOURS = 8784 };

static const dosi_method_column observation_columns[] = {METHOD_AIR_COLUMNS};

static const dosi_method_table inputs[] = {
    {"observations",
     {"시간별 측정값", "Hourly observations"},
     false,
     observation_columns,
     sizeof observation_columns / sizeof observation_columns[0]},
};

static const dosi_method_parameter parameters[] = {METHOD_AIR_CAPTURE, METHOD_AIR_REJECT};

enum {
    OUT_STATION,
    OUT_YEAR,
    OUT_POLLUTANT,
    OUT_SPAN,
    OUT_RULE,
    OUT_LIMIT,
    OUT_VALUE,
    OUT_ABOVE,
    OUT_VALID,
    OUT_POSSIBLE,
    OUT_RESULT,
    OUT_TABLE
};

static const dosi_method_column result_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"year", DOSI_TYPE_INT, NULL, false, {"연도", "Year"}},
    {"pollutant", DOSI_TYPE_TEXT, NULL, false, {"항목", "Pollutant, as its column is named"}},
    {"span", DOSI_TYPE_TEXT, NULL, false, {"평균시간", "Averaging: 1h, 8h, 24h, year"}},
    {"rule", DOSI_TYPE_TEXT, NULL, false, {"판정 규칙", "What is compared"}},
    {"limit", DOSI_TYPE_REAL, NULL, false, {"환경기준", "Standard"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"비교한 값", "Value compared"}},
    {"n_above", DOSI_TYPE_INT, NULL, false, {"기준을 넘은 횟수", "Means above the standard"}},
    {"n_valid", DOSI_TYPE_INT, NULL, false, {"유효한 평균 수", "Means there are"}},
    {"n_possible", DOSI_TYPE_INT, NULL, false, {"가능한 평균 수", "Means there could be"}},
    {"result",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"met 달성, not met 미달성, not enough data 자료 부족", "met, not met, not enough data"}},
    {"table", DOSI_TYPE_TEXT, NULL, false, {"적용한 기준", "Version of the standard"}},
};

static const dosi_method_table outputs[] = {
    {"standards",
     {"측정소·연도별 환경기준 비교", "Standards per station and year"},
     false,
     result_columns,
     sizeof result_columns / sizeof result_columns[0]},
};

/// A run.
typedef struct work {
    const dosi_method_call *call;
    method_hours hours;
    double capture;
    double *series, *year, *room; ///< (hours), (hours of a year), (twice that)
} work;

/// The year's hours out of a series: those that end from 01:00 of 1 January to 24:00 of 31
/// December. @return How many the year has.
static size_t cut_year(const work *w, int64_t year, double *out) {
    int64_t start = dosi_days_from_civil((int)year, 1, 1) * DOSI_DAY_US;
    int64_t end = dosi_days_from_civil((int)year + 1, 1, 1) * DOSI_DAY_US;
    size_t n = (size_t)((end - start) / DOSI_HOUR_US);
    for (size_t h = 0; h < n; h++) {
        int64_t t = start + (int64_t)(h + 1) * DOSI_HOUR_US;
        int64_t at = (t - w->hours.first_us) / DOSI_HOUR_US;
        bool is_there = t >= w->hours.first_us && at < (int64_t)w->hours.n_hours;
        out[h] = is_there ? w->series[at] : (double)NAN;
    }
    return n;
}

/// "99th percentile of 8 h means <= limit" ...
static void put_rule(const dosi_standard *standard, char *out, size_t n_out) {
    if (standard->percentile > 0) {
        (void)snprintf(out, n_out, "percentile %g of %s means", standard->percentile,
                       dosi_standard_span_name(standard->span));
    } else {
        (void)snprintf(out, n_out, "mean of the year");
    }
}

static dosi_status put_result(const work *w,
                              size_t station,
                              int64_t year,
                              const dosi_standard *standard,
                              const dosi_standard_result *result,
                              dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    size_t row = out->n_rows;
    char rule[64];
    put_rule(standard, rule, sizeof rule);
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(method_copy_cell(w->hours.station, w->hours.stations.first_row[station], out,
                              OUT_STATION, row));
    out->columns[OUT_YEAR].data.integer[row] = year;
    DOSI_TRY(dosi_table_set_text(out, OUT_POLLUTANT, row,
                                 dosi_pollutant_column(standard->pollutant)));
    DOSI_TRY(dosi_table_set_text(out, OUT_SPAN, row, dosi_standard_span_name(standard->span)));
    DOSI_TRY(dosi_table_set_text(out, OUT_RULE, row, rule));
    out->columns[OUT_LIMIT].data.real[row] = standard->limit;
    out->columns[OUT_VALUE].data.real[row] = result->value;
    out->columns[OUT_ABOVE].data.integer[row] = (int64_t)result->n_above;
    out->columns[OUT_VALID].data.integer[row] = (int64_t)result->n_valid;
    out->columns[OUT_POSSIBLE].data.integer[row] = (int64_t)result->n_possible;
    const char *verdict = !result->is_enough ? "not enough data"
                          : result->is_met   ? "met"
                                             : "not met";
    DOSI_TRY(dosi_table_set_text(out, OUT_RESULT, row, verdict));
    return dosi_table_set_text(out, OUT_TABLE, row, standard->id);
}

/// Whether a later standard for the same thing is in force by the end of the year.
static bool is_superseded(const dosi_standard *standards, size_t n, size_t i, int64_t end) {
    for (size_t k = i + 1; k < n; k++) {
        if (standards[k].pollutant == standards[i].pollutant &&
            standards[k].span == standards[i].span && standards[k].from < end) {
            return true;
        }
    }
    return false;
}

/// All standards of one station, pollutant and year. The standard of a year is the one in force
/// at its end.
static dosi_status compare_year(
    const work *w, size_t station, int pollutant, int64_t year, dosi_error *err) {
    size_t n = 0, n_hours = cut_year(w, year, w->year);
    int64_t end = dosi_days_from_civil((int)year + 1, 1, 1) * DOSI_DAY_US;
    const dosi_standard *standards = dosi_standards(&n);
    for (size_t i = 0; i < n; i++) {
        if ((int)standards[i].pollutant != pollutant || standards[i].from >= end) continue;
        if (is_superseded(standards, n, i, end)) continue;
        dosi_standard_result result =
            dosi_standard_compare(&standards[i], w->year, n_hours, w->capture, w->room);
        DOSI_TRY(put_result(w, station, year, &standards[i], &result, err));
    }
    return DOSI_OK;
}

/// All pollutants and years of one station.
static dosi_status run_station(const work *w, size_t station, dosi_error *err) {
    const dosi_method_call *call = w->call;
    int64_t reject = dosi_call_value(call, "reject")->integer;
    int first = dosi_time_to_civil(w->hours.first_us - 1).year;
    int last = dosi_time_to_civil(method_hours_time(&w->hours, w->hours.n_hours - 1) - 1).year;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        method_values values;
        const char *column = dosi_pollutant_column((dosi_pollutant)p);
        DOSI_TRY(method_values_find(call->inputs[0], column, reject, &values, err));
        if (!values.value) continue;
        method_hours_fill(&w->hours, &values, station, w->series);
        for (int year = first; year <= last; year++) {
            DOSI_TRY(compare_year(w, station, p, year, err));
        }
    }
    return DOSI_OK;
}

static dosi_status run_all(work *w, dosi_error *err) {
    size_t n = w->hours.n_hours;
    if (n == 0) return DOSI_OK;
    w->series = malloc((n + 3 * (size_t)MAX_YEAR_HOURS) * sizeof *w->series);
    if (!w->series) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", n);
    w->year = w->series + n;
    w->room = w->year + MAX_YEAR_HOURS;
    for (size_t s = 0; s < w->hours.stations.n; s++) {
        DOSI_TRY(dosi_run_check(w->call->run, err));
        DOSI_TRY(run_station(w, s, err));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call, .capture = dosi_call_value(call, "capture")->real};
    dosi_status status = method_hours_open(call->inputs[0], 0, &w.hours, err);
    if (status == DOSI_OK) status = method_open_output(call, 0, 0, err);
    if (status == DOSI_OK) status = run_all(&w, err);
    if (status == DOSI_OK && call->report) {
        dosi_text_printf(call->report,
                         "%zu comparisons; 8 h, 24 h means and the year each need %.0f %% of "
                         "their values\n",
                         call->outputs[0].n_rows, 100 * w.capture);
    }
    free(w.series);
    method_hours_clear(&w.hours);
    return status;
}

const dosi_method dosi_method_air_standard = {
    .id = "air.standard",
    .version = 1,
    .title = {"환경기준 비교", "Comparison with ambient standards"},
    .about =
        {"측정소와 연도별로 1시간, 8시간, 24시간, 연평균을 대기환경기준과 비교합니다. 1시간은 "
         "99.9백분위, 8시간과 24시간은 99백분위로 판정하며, 유효자료가 모자라면 '자료 "
         "부족'으로 남깁니다.",
         "Compares 1 h, 8 h, 24 h and yearly means of each station and year with Korea's "
         "ambient standards: the 99.9th percentile of hours, the 99th of 8 h and 24 h means. "
         "Where too little was measured, the result is 'not enough data'."},
    .citation = "Enforcement Decree of the Framework Act on Environmental Policy, annex 1 (in "
                "force on 27 March 2018)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
