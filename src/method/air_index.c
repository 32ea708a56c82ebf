// air.index: air-quality indices (CAI, US AQI, European AQI) with tables versioned by date.

#include "dosi/capture.h"
#include "dosi/index.h"
#include "method/air_columns.h"
#include "method/station_hours.h"

#include <stdlib.h>
#include <string.h>

enum { BEFORE = 24, N_USED = 16 };

static const dosi_method_column observation_columns[] = {METHOD_AIR_COLUMNS};

static const dosi_method_table inputs[] = {
    {"observations",
     {"시간별 측정값", "Hourly observations"},
     false,
     observation_columns,
     sizeof observation_columns / sizeof observation_columns[0]},
};

static const dosi_method_parameter parameters[] = {
    {"index",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "cai",
     0,
     0,
     "cai|us|eu",
     {"지수: cai 통합대기환경지수, us 미국 AQI, eu 유럽 AQI",
      "Index: cai (Korea), us (AQI of the EPA), eu (European AQI)"}},
    {"version",
     DOSI_PARAMETER_TEXT,
     NULL,
     "auto",
     0,
     0,
     NULL,
     {"기준표: auto(그 날짜에 시행된 표) 또는 이름 (예: us-2024-05)",
      "Table: auto (in force on the day) or its name, such as us-2024-05, for the whole "
      "series"}},
    {"particles",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "nowcast",
     0,
     0,
     "nowcast|mean",
     {"미국 지수의 미세먼지: NowCast 또는 24시간 평균",
      "Particles of the US AQI: NowCast, or the mean of the past 24 hours"}},
    METHOD_AIR_CAPTURE,
    METHOD_AIR_REJECT,
};

enum { OUT_STATION, OUT_TIME, OUT_INDEX, OUT_LEVEL, OUT_RESPONSIBLE, OUT_TABLE, OUT_SUB };

static const dosi_method_column index_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"index",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"지수 (유럽은 등급)", "Index (European: the level)"}},
    {"level", DOSI_TYPE_INT, NULL, false, {"등급, 1이 가장 좋음", "Level, 1 is best"}},
    {"responsible",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"결정 항목 (오염물질과 평균시간)", "What decides: pollutant and averaging"}},
    {"table", DOSI_TYPE_TEXT, NULL, false, {"적용한 기준표", "Table of breakpoints used"}},
    {"so2_index", DOSI_TYPE_REAL, NULL, false, {"아황산가스 지수", "Sub-index of SO2"}},
    {"co_index", DOSI_TYPE_REAL, NULL, false, {"일산화탄소 지수", "Sub-index of CO"}},
    {"o3_index", DOSI_TYPE_REAL, NULL, false, {"오존 지수", "Sub-index of O3"}},
    {"no2_index", DOSI_TYPE_REAL, NULL, false, {"이산화질소 지수", "Sub-index of NO2"}},
    {"pm10_index", DOSI_TYPE_REAL, NULL, false, {"미세먼지 지수", "Sub-index of PM10"}},
    {"pm25_index", DOSI_TYPE_REAL, NULL, false, {"초미세먼지 지수", "Sub-index of PM2.5"}},
};

static const dosi_method_table outputs[] = {
    {"index",
     {"측정소·시간별 지수", "Index per station and hour"},
     false,
     index_columns,
     sizeof index_columns / sizeof index_columns[0]},
};

/// Which tables were used, and for how many hours.
typedef struct used_tables {
    const char *id[N_USED];
    size_t n[N_USED];
} used_tables;

/// A run.
typedef struct work {
    const dosi_method_call *call;
    method_hours hours;
    method_values values[DOSI_AIR_COUNT];
    const char *index, *version; ///< version NULL: by date.
    bool uses_nowcast;
    double capture;
    double *series;                    ///< (pollutants x hours)
    double *means[DOSI_MEASURE_COUNT]; ///< (hours) of each measure, within `series`.
    double predicted[2];               ///< PM10 and PM2.5 of the CAI, of the hour at hand.
    used_tables used;
} work;

/// An hour's result, whatever the index.
typedef struct outcome {
    int64_t index, level; ///< DOSI_MISSING_INT: none.
    const char *responsible, *table;
    double sub[DOSI_AIR_COUNT];
} outcome;

/// Means of one station that tables ask for.
static void fill_means(work *w, size_t station) {
    size_t n = w->hours.n_hours;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        method_hours_fill(&w->hours, &w->values[p], station, w->series + (size_t)p * n);
    }
    const struct {
        dosi_measure measure;
        size_t hours;
    } running[] = {{DOSI_MEASURE_SO2_24H, 24},
                   {DOSI_MEASURE_CO_8H, 8},
                   {DOSI_MEASURE_O3_8H, 8},
                   {DOSI_MEASURE_PM10_24H, 24},
                   {DOSI_MEASURE_PM25_24H, 24}};
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        dosi_measure m = running[i].measure;
        const double *from = w->series + (size_t)dosi_measure_pollutant(m) * n;
        dosi_capture_running_mean(from, n, running[i].hours, w->capture, w->means[m]);
    }
    bool is_us = strcmp(w->index, "us") == 0;
    for (int k = 0; k < 2 && is_us && w->uses_nowcast; k++) {
        dosi_measure m = k == 0 ? DOSI_MEASURE_PM10_24H : DOSI_MEASURE_PM25_24H;
        const double *from = w->series + (size_t)dosi_measure_pollutant(m) * n;
        for (size_t h = 0; h < n; h++) {
            w->means[m][h] = h < 11 ? (double)NAN : dosi_index_nowcast(from + h - 11);
        }
    }
}

/// Korea's index of an hour.
static outcome cai_of_hour(const work *w, size_t hour) {
    size_t n = w->hours.n_hours;
    outcome out = {.index = DOSI_MISSING_INT, .level = DOSI_MISSING_INT};
    double c[DOSI_AIR_COUNT];
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        const double *from = w->series + (size_t)p * n;
        bool is_particle = p == DOSI_AIR_PM10 || p == DOSI_AIR_PM25;
        c[p] = !is_particle ? from[hour]
               : hour < 11
                   ? (double)NAN
                   : dosi_cai_predict_24h((dosi_pollutant)p, from + hour - 11, w->capture);
    }
    const dosi_cai_table *table = dosi_cai_table_at(method_hours_time(&w->hours, hour));
    size_t n_tables = 0;
    const dosi_cai_table *tables = dosi_cai_tables(&n_tables);
    for (size_t i = 0; i < n_tables && w->version; i++) {
        if (strcmp(tables[i].id, w->version) == 0) table = &tables[i];
    }
    dosi_cai cai = dosi_cai_of(table, c, true);
    out.table = table->id;
    memcpy(out.sub, cai.sub_index, sizeof out.sub);
    if (cai.index < 0) return out;
    out.index = cai.index;
    out.level = cai.grade;
    out.responsible = dosi_pollutant_name(cai.responsible);
    return out;
}

/// Another country's index of an hour.
static outcome other_of_hour(const work *w, size_t hour) {
    outcome out = {.index = DOSI_MISSING_INT, .level = DOSI_MISSING_INT};
    const dosi_index_version *version =
        w->version ? dosi_index_version_find(w->version)
                   : dosi_index_version_at(w->index, method_hours_time(&w->hours, hour));
    double c[DOSI_MEASURE_COUNT];
    for (int m = 0; m < DOSI_MEASURE_COUNT; m++) c[m] = w->means[m][hour];
    dosi_index index = dosi_index_of(version, c);
    out.table = version->id;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) out.sub[p] = NAN;
    for (int m = 0; m < DOSI_MEASURE_COUNT; m++) {
        double *sub = &out.sub[dosi_measure_pollutant((dosi_measure)m)];
        *sub = fmax(*sub, index.sub_index[m]);
    }
    if (isnan(index.value)) return out;
    out.index = (int64_t)index.value;
    out.level = index.level;
    out.responsible = dosi_measure_name(index.responsible);
    return out;
}

static void count_table(used_tables *used, const char *id) {
    for (size_t i = 0; i < N_USED; i++) {
        if (used->id[i] && strcmp(used->id[i], id) != 0) continue;
        used->id[i] = id;
        used->n[i]++;
        return;
    }
}

/// One row of the output.
static dosi_status put_row(work *w, size_t from, size_t hour, size_t row) {
    dosi_table *out = &w->call->outputs[0];
    outcome result =
        strcmp(w->index, "cai") == 0 ? cai_of_hour(w, hour) : other_of_hour(w, hour);
    DOSI_TRY(method_copy_cell(w->hours.station, from, out, OUT_STATION, row));
    DOSI_TRY(method_copy_cell(w->hours.time, from, out, OUT_TIME, row));
    DOSI_TRY(dosi_table_set_text(out, OUT_TABLE, row, result.table));
    out->columns[OUT_INDEX].data.integer[row] = result.index;
    out->columns[OUT_LEVEL].data.integer[row] = result.level;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        out->columns[OUT_SUB + p].data.real[row] = result.sub[p];
    }
    count_table(&w->used, result.table);
    if (!result.responsible) return DOSI_OK;
    return dosi_table_set_text(out, OUT_RESPONSIBLE, row, result.responsible);
}

/// Reads the settings and refuses a version of another index.
static dosi_status read_settings(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    w->index = dosi_call_value(call, "index")->text;
    w->version = dosi_call_value(call, "version")->text;
    w->capture = dosi_call_value(call, "capture")->real;
    w->uses_nowcast = strcmp(dosi_call_value(call, "particles")->text, "nowcast") == 0;
    if (strcmp(w->version, "auto") == 0) {
        w->version = NULL;
        return DOSI_OK;
    }
    const dosi_index_version *found = dosi_index_version_find(w->version);
    bool is_known = found && strcmp(found->index, w->index) == 0;
    size_t n = 0;
    const dosi_cai_table *tables = dosi_cai_tables(&n);
    for (size_t i = 0; i < n && strcmp(w->index, "cai") == 0; i++) {
        is_known = is_known || strcmp(tables[i].id, w->version) == 0;
    }
    if (is_known) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "version: \"%.60s\" is no table of the index %s",
                     w->version, w->index);
}

/// Room for one station.
static dosi_status open_means(work *w, dosi_error *err) {
    size_t n = w->hours.n_hours;
    w->series = malloc(((DOSI_AIR_COUNT + DOSI_MEASURE_COUNT) * n + 1) * sizeof *w->series);
    if (!w->series) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu hours", n);
    for (int m = 0; m < DOSI_MEASURE_COUNT; m++) {
        w->means[m] = w->series + ((size_t)DOSI_AIR_COUNT + (size_t)m) * n;
    }
    const dosi_measure hourly[] = {DOSI_MEASURE_SO2_1H, DOSI_MEASURE_O3_1H, DOSI_MEASURE_NO2_1H,
                                   DOSI_MEASURE_PM10_1H, DOSI_MEASURE_PM25_1H};
    for (size_t i = 0; i < sizeof hourly / sizeof hourly[0]; i++) {
        w->means[hourly[i]] = w->series + (size_t)dosi_measure_pollutant(hourly[i]) * n;
    }
    return DOSI_OK;
}

static dosi_status run_stations(work *w, dosi_error *err) {
    size_t row = 0;
    DOSI_TRY(open_means(w, err));
    DOSI_TRY(method_open_output(w->call, 0, method_hours_count(&w->hours), err));
    for (size_t s = 0; s < w->hours.stations.n; s++) {
        DOSI_TRY(dosi_run_check(w->call->run, err));
        fill_means(w, s);
        for (size_t h = 0; h < w->hours.n_hours; h++) {
            size_t from = w->hours.row[s * w->hours.n_hours + h];
            if (from != SIZE_MAX) DOSI_TRY(put_row(w, from, h, row++));
        }
    }
    return DOSI_OK;
}

/// Says which tables were used: a series whose table changes shows a step that is not the
/// air's.
static void put_report(const work *w) {
    dosi_text *report = w->call->report;
    if (!report) return;
    for (size_t i = 0; i < N_USED && w->used.id[i]; i++) {
        dosi_text_printf(report, "table %s: %zu station-hours\n", w->used.id[i], w->used.n[i]);
    }
    if (w->used.id[1]) {
        dosi_text_puts(report, "the table changes within the series: values before and after "
                               "are not of one scale; set version to compare them\n");
    }
    if (w->hours.n_repeats) {
        dosi_text_printf(report,
                         "%zu rows repeat a station and time; the first of each counts\n",
                         w->hours.n_repeats);
    }
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call};
    int64_t reject = dosi_call_value(call, "reject")->integer;
    DOSI_TRY(read_settings(&w, err));
    dosi_status status = method_hours_open(call->inputs[0], BEFORE, &w.hours, err);
    for (int p = 0; p < DOSI_AIR_COUNT && status == DOSI_OK; p++) {
        status = method_values_find(call->inputs[0], dosi_pollutant_column((dosi_pollutant)p),
                                    reject, &w.values[p], err);
    }
    if (status == DOSI_OK) status = run_stations(&w, err);
    if (status == DOSI_OK) put_report(&w);
    free(w.series);
    method_hours_clear(&w.hours);
    return status;
}

const dosi_method dosi_method_air_index = {
    .id = "air.index",
    .version = 1,
    .title = {"대기질 지수", "Air-quality indices"},
    .about =
        {"측정소와 시간별로 통합대기환경지수(CAI), 미국 AQI(2024년 5월 6일 전후), 유럽 "
         "AQI(2017, "
         "2021, 2024)를 냅니다. 기준표는 그 날짜에 시행된 것을 쓰고 행마다 이름을 적습니다. "
         "미국 "
         "지수는 농도를 규정대로 버림한 뒤 셈하며 미세먼지는 NowCast를 씁니다.",
         "Korea's CAI, the US AQI (before and after 6 May 2024) and the European AQI (2017, "
         "2021, "
         "2024) per station and hour. The table in force on the day is used and named in each "
         "row; where it changes within a series, the report says so. The US AQI cuts "
         "concentrations as its rule says and takes particles by NowCast; its ozone is the "
         "mean "
         "of the past 8 hours and the hour. The European index is a level: boundaries belong "
         "to "
         "the better one, gases are converted at 20 degrees."},
    .citation =
        "AirKorea (CAI); EPA-454/B-24-002 and 40 CFR 58 Appendix G (US AQI); EEA, European "
        "Air Quality Index, and ETC HE Report 2024/17",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
