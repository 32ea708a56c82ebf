// air.cai: Korea's comprehensive air-quality index per station and hour.

#include "dosi/air.h"
#include "method/columns.h"

#include <stdlib.h>

static const dosi_method_column observation_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"so2_ppm", DOSI_TYPE_REAL, "ppm", true, {"아황산가스", "Sulphur dioxide"}},
    {"co_ppm", DOSI_TYPE_REAL, "ppm", true, {"일산화탄소", "Carbon monoxide"}},
    {"o3_ppm", DOSI_TYPE_REAL, "ppm", true, {"오존", "Ozone"}},
    {"no2_ppm", DOSI_TYPE_REAL, "ppm", true, {"이산화질소", "Nitrogen dioxide"}},
    {"pm10_ugm3", DOSI_TYPE_REAL, "ug/m3", true, {"미세먼지", "PM10"}},
    {"pm25_ugm3", DOSI_TYPE_REAL, "ug/m3", true, {"초미세먼지", "PM2.5"}},
    {"*",
     DOSI_TYPE_INT,
     NULL,
     true,
     {"품질 플래그 <열>_flag, 있으면 사용", "Quality flags <column>_flag, used where present"}},
};

static const dosi_method_table inputs[] = {
    {"observations",
     {"시간별 측정값", "Hourly observations"},
     false,
     observation_columns,
     sizeof observation_columns / sizeof observation_columns[0]},
};

static const dosi_method_parameter parameters[] = {
    {"capture",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.75",
     0.01,
     1,
     NULL,
     {"24시간 예측에 필요한 자료 비율", "Share of hours that the 24 h prediction needs"}},
    {"needs_all",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"PM10, PM2.5, O3, NO2가 모두 있을 때만 산출",
      "Only where PM10, PM2.5, O3 and NO2 are all there"}},
    {"reject",
     DOSI_PARAMETER_INT,
     NULL,
     "239",
     0,
     1023,
     NULL,
     {"결측으로 볼 품질 플래그 비트", "Quality flag bits that count as missing"}},
};

enum {
    OUT_STATION,
    OUT_TIME,
    OUT_CAI,
    OUT_GRADE,
    OUT_RESPONSIBLE,
    OUT_BAD,
    OUT_SUB, // six of them
    OUT_PM10_24H = OUT_SUB + DOSI_AIR_COUNT,
    OUT_PM25_24H,
    OUT_TABLE,
};

static const dosi_method_column index_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"cai",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"통합대기환경지수", "Comprehensive air-quality index"}},
    {"grade",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"등급: 1 좋음, 2 보통, 3 나쁨, 4 매우나쁨",
      "Grade: 1 good, 2 moderate, 3 unhealthy, 4 very unhealthy"}},
    {"responsible", DOSI_TYPE_TEXT, NULL, false, {"결정 오염물질", "Responsible pollutant"}},
    {"n_bad",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"나쁨 이상 오염물질 수", "Pollutants that are unhealthy or worse"}},
    {"so2_index", DOSI_TYPE_REAL, NULL, false, {"아황산가스 지수", "Sub-index of SO2"}},
    {"co_index", DOSI_TYPE_REAL, NULL, false, {"일산화탄소 지수", "Sub-index of CO"}},
    {"o3_index", DOSI_TYPE_REAL, NULL, false, {"오존 지수", "Sub-index of O3"}},
    {"no2_index", DOSI_TYPE_REAL, NULL, false, {"이산화질소 지수", "Sub-index of NO2"}},
    {"pm10_index", DOSI_TYPE_REAL, NULL, false, {"미세먼지 지수", "Sub-index of PM10"}},
    {"pm25_index", DOSI_TYPE_REAL, NULL, false, {"초미세먼지 지수", "Sub-index of PM2.5"}},
    {"pm10_24h_ugm3",
     DOSI_TYPE_REAL,
     "ug/m3",
     false,
     {"PM10 24시간 예측이동농도", "Predicted 24 h mean of PM10"}},
    {"pm25_24h_ugm3",
     DOSI_TYPE_REAL,
     "ug/m3",
     false,
     {"PM2.5 24시간 예측이동농도", "Predicted 24 h mean of PM2.5"}},
    {"table", DOSI_TYPE_TEXT, NULL, false, {"적용한 기준표", "Table of breakpoints used"}},
};

static const dosi_method_table outputs[] = {
    {"index",
     {"측정소·시간별 지수", "Index per station and hour"},
     false,
     index_columns,
     sizeof index_columns / sizeof index_columns[0]},
};

/// Observations in order of station and time.
typedef struct series {
    size_t n;
    size_t *rows;
    const dosi_column *station, *time;
    method_keys stations;
    method_values values[DOSI_AIR_COUNT];
    double capture;
    bool needs_all;
} series;

static int compare_rows(const void *a, const void *b, void *context) {
    const series *s = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    uint32_t si = s->stations.of_row[i], sj = s->stations.of_row[j];
    if (si != sj) return si < sj ? -1 : 1;
    int64_t ti = s->time->data.integer[i], tj = s->time->data.integer[j];
    if (ti != tj) return ti < tj ? -1 : 1;
    return i < j ? -1 : i > j;
}

/// The past 12 hours of a pollutant at position `at` of the order, oldest first.
static void past_hours(const series *s, int pollutant, size_t at, double *hours) {
    for (int h = 0; h < 12; h++) hours[h] = NAN;
    int64_t now = s->time->data.integer[s->rows[at]];
    uint32_t station = s->stations.of_row[s->rows[at]];
    for (size_t i = at + 1; i-- > 0;) {
        size_t row = s->rows[i];
        int64_t age = now - s->time->data.integer[row];
        if (s->stations.of_row[row] != station || age > 11 * DOSI_HOUR_US) break;
        if (age % DOSI_HOUR_US) continue;
        hours[11 - age / DOSI_HOUR_US] = method_value(&s->values[pollutant], row);
    }
}

/// One row of the output.
static dosi_status put_row(const series *s, size_t at, dosi_table *out) {
    size_t row = s->rows[at];
    double concentration[DOSI_AIR_COUNT];
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (p == DOSI_AIR_PM10 || p == DOSI_AIR_PM25) {
            double hours[12];
            past_hours(s, p, at, hours);
            concentration[p] = dosi_cai_predict_24h((dosi_pollutant)p, hours, s->capture);
        } else {
            concentration[p] = method_value(&s->values[p], row);
        }
    }
    const dosi_cai_table *table = dosi_cai_table_at(s->time->data.integer[row]);
    dosi_cai cai = dosi_cai_of(table, concentration, s->needs_all);
    DOSI_TRY(method_copy_cell(s->station, row, out, OUT_STATION, at));
    DOSI_TRY(method_copy_cell(s->time, row, out, OUT_TIME, at));
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        out->columns[OUT_SUB + p].data.real[at] = cai.sub_index[p];
    }
    out->columns[OUT_PM10_24H].data.real[at] = concentration[DOSI_AIR_PM10];
    out->columns[OUT_PM25_24H].data.real[at] = concentration[DOSI_AIR_PM25];
    DOSI_TRY(dosi_table_set_text(out, OUT_TABLE, at, table->id));
    out->columns[OUT_BAD].data.integer[at] = cai.n_bad;
    if (cai.index < 0) return DOSI_OK;
    out->columns[OUT_CAI].data.integer[at] = cai.index;
    out->columns[OUT_GRADE].data.integer[at] = cai.grade;
    return dosi_table_set_text(out, OUT_RESPONSIBLE, at, dosi_pollutant_name(cai.responsible));
}

/// Finds columns and sorts the rows. On failure the caller still clears `s`.
static dosi_status open_series(const dosi_method_call *call, series *s, dosi_error *err) {
    const dosi_table *table = call->inputs[0];
    int64_t reject = dosi_call_value(call, "reject")->integer;
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &s->station, err));
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &s->time, err));
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        const char *name = dosi_pollutant_column((dosi_pollutant)p);
        DOSI_TRY(method_values_find(table, name, reject, &s->values[p], err));
    }
    s->capture = dosi_call_value(call, "capture")->real;
    s->needs_all = dosi_call_value(call, "needs_all")->boolean;
    DOSI_TRY(method_keys_find(&s->station, 1, table->n_rows, &s->stations, err));
    s->rows = malloc((table->n_rows + 1) * sizeof *s->rows);
    if (!s->rows)
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", table->n_rows);
    for (size_t i = 0; i < table->n_rows; i++) {
        bool has_key = s->stations.of_row[i] != UINT32_MAX &&
                       s->time->data.integer[i] != DOSI_TIME_MISSING;
        if (has_key) s->rows[s->n++] = i;
    }
    qsort_r(s->rows, s->n, sizeof *s->rows, compare_rows, s);
    return DOSI_OK;
}

/// Removes later rows of the same station and time; how many there were.
static size_t drop_repeats(series *s) {
    size_t kept = 0, n = s->n;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0) {
            size_t last = s->rows[kept - 1], row = s->rows[i];
            if (s->stations.of_row[last] == s->stations.of_row[row] &&
                s->time->data.integer[last] == s->time->data.integer[row]) {
                continue;
            }
        }
        s->rows[kept++] = s->rows[i];
    }
    s->n = kept;
    return n - kept;
}

/// What was found, for people.
static void put_report(const dosi_method_call *call, const series *s, size_t n_repeats) {
    if (!call->report) return;
    const dosi_table *out = &call->outputs[0];
    size_t n_index = 0, n_bad = 0;
    for (size_t i = 0; i < out->n_rows; i++) {
        int64_t grade = out->columns[OUT_GRADE].data.integer[i];
        n_index += grade != DOSI_MISSING_INT;
        n_bad += grade != DOSI_MISSING_INT && grade >= 3;
    }
    dosi_text_printf(call->report,
                     "index for %zu of %zu station-hours of %zu stations; %zu unhealthy or "
                     "worse\n",
                     n_index, out->n_rows, s->stations.n, n_bad);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (s->values[p].value) continue;
        dosi_text_printf(call->report, "no column %s: counted as missing\n",
                         dosi_pollutant_column((dosi_pollutant)p));
    }
    if (n_repeats) {
        dosi_text_printf(call->report,
                         "%zu rows repeat a station and time; the first of each counts\n",
                         n_repeats);
    }
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    series s = {0};
    dosi_status status = open_series(call, &s, err);
    size_t n_repeats = 0;
    if (status == DOSI_OK) {
        n_repeats = drop_repeats(&s);
        status = method_open_output(call, 0, s.n, err);
    }
    for (size_t i = 0; i < s.n && status == DOSI_OK; i++) {
        if (i % 4096 == 0) status = dosi_run_check(call->run, err);
        if (status == DOSI_OK) status = put_row(&s, i, &call->outputs[0]);
    }
    if (status == DOSI_OK) put_report(call, &s, n_repeats);
    method_keys_clear(&s.stations);
    free(s.rows);
    return status;
}

const dosi_method dosi_method_air_cai = {
    .id = "air.cai",
    .version = 1,
    .title = {"통합대기환경지수 (CAI)", "Comprehensive air-quality index (CAI)"},
    .about =
        {"여섯 오염물질의 시간값에서 측정소·시간별 통합대기환경지수, 등급, 결정 오염물질을 "
         "구합니다. 미세먼지는 24시간 예측이동농도를 쓰고, 나쁨 이상이 둘이면 50, 셋 "
         "이상이면 75를 더합니다. PM10, PM2.5, O3, NO2 가운데 하나라도 없으면 지수는 "
         "없습니다.",
         "Korea's index, its grade and the responsible pollutant per station and hour from "
         "hourly readings of six pollutants. Particles enter by their predicted 24 h means; "
         "50 is added when two pollutants are unhealthy, 75 when three or more. Without "
         "PM10, PM2.5, O3 or NO2 there is no index. Rows are sorted by station and time; "
         "values whose flags (air.qc) match `reject` count as missing."},
    .citation = "Ministry of Environment of Korea, AirKorea (airkorea.or.kr): comprehensive "
                "air-quality index, breakpoints since 27 March 2018",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
