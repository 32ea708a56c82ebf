// air.scale: emissions corrected by readings: by how much each group of modelled sources is to
// be multiplied so that models and stations agree, with what was thought before.

#include "dosi/inverse.h"
#include "method/columns.h"
#include "method/road_words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBSERVATIONS, CONTRIBUTIONS, MORE, N_SOURCES_IN = 2 };
enum { GROUPS, STATIONS, SUMMARY };
enum { LEAST_READINGS = 24, MOST_NUMBERS = 100000000 };

static const dosi_method_column observation_columns[] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "측정소", "Station"),
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("*",
                  REAL,
                  NULL,
                  true,
                  "`value`의 열과 <값>_flag",
                  "The column that `value` names, and <value>_flag"),
};
static const dosi_method_column contribution_columns[] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "측정소", "Station"),
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("group", TEXT, NULL, false, "배출원 묶음", "Group of sources"),
    METHOD_COLUMN("*", REAL, "ug/m3", true, "`modelled`의 열", "The column `modelled` names"),
};
static const dosi_method_table inputs[] = {
    METHOD_TABLE(
        "observations", false, "시간별 측정값", "Hourly readings", observation_columns),
    METHOD_TABLE(
        "contributions",
        false,
        "모형이 셈한 시간별 기여",
        "What each group adds in each hour, as air.road tells with contributions=hours",
        contribution_columns),
    METHOD_TABLE("more",
                 true,
                 "다른 모형의 기여 (굴뚝 등)",
                 "The same of another model, such as stacks",
                 contribution_columns),
};
static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "co_ppm", "측정값 열", "Column of the readings"),
    METHOD_TEXT("modelled",
                "co_ugm3",
                "기여 열",
                "Column of the contributions, ug/m3, of the same substance"),
    METHOD_REAL("prior_sd",
                NULL,
                "0.5",
                0.001,
                100,
                "배출량의 상대 표준오차 짐작",
                "How uncertain the emissions are thought to be: relative standard error"),
    METHOD_REAL("reject",
                NULL,
                "1023",
                0,
                1023,
                "결측으로 볼 품질 플래그 비트",
                "Quality flag bits that count as missing"),
};
static const dosi_method_column group_columns[] = {
    METHOD_COLUMN("group", TEXT, NULL, false, "배출원 묶음", "Group of sources"),
    METHOD_COLUMN(
        "factor", REAL, "1", false, "배출량에 곱할 값", "What to multiply emissions by"),
    METHOD_COLUMN("factor_sd", REAL, "1", false, "그 표준오차", "Its standard error"),
    METHOD_COLUMN(
        "lower", REAL, "1", false, "95% 구간 아래 끝", "Lower end of its 95 % interval"),
    METHOD_COLUMN("upper", REAL, "1", false, "95% 구간 위 끝", "Upper end"),
    METHOD_COLUMN("averaging",
                  REAL,
                  "1",
                  false,
                  "평균커널 대각: 측정이 정한 몫 (1), 짐작이 정한 몫 (0)",
                  "Diagonal of the averaging kernel: 1 readings decide, 0 the prior does"),
    METHOD_COLUMN("mean_ugm3",
                  REAL,
                  "ug/m3",
                  false,
                  "고치기 전 평균 기여",
                  "Mean contribution over the readings, before"),
};
static const dosi_method_column station_columns[] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "측정소", "Station"),
    METHOD_COLUMN("group", TEXT, NULL, false, "묶음 (rest: 나머지)", "Group; rest: all else"),
    METHOD_COLUMN("before_ugm3", REAL, "ug/m3", false, "고치기 전", "Mean as modelled"),
    METHOD_COLUMN("after_ugm3", REAL, "ug/m3", false, "고친 뒤", "Mean as corrected"),
    METHOD_COLUMN("share", REAL, "1", false, "측정소 평균의 몫", "Share of the station's mean"),
};
static const dosi_method_column summary_columns[] = {
    METHOD_COLUMN("n_readings", INT, NULL, false, "쓴 측정값", "Readings used"),
    METHOD_COLUMN("n_groups", INT, NULL, false, "묶음 수", "Groups"),
    METHOD_COLUMN("noise_ugm3",
                  REAL,
                  "ug/m3",
                  false,
                  "모형이 남긴 표준편차",
                  "Standard deviation about the model"),
    METHOD_COLUMN("freedom",
                  REAL,
                  NULL,
                  false,
                  "측정이 정하는 자유도",
                  "Degrees of freedom that readings decide"),
};
static const dosi_method_table outputs[] = {
    METHOD_TABLE(
        "groups", false, "묶음별 배출 배수", "What each group is off by", group_columns),
    METHOD_TABLE(
        "stations", false, "측정소별 기여", "Contributions at stations", station_columns),
    METHOD_TABLE("summary", false, "요약", "Summary", summary_columns),
};

/// A reading, or the key that looks for one.
typedef struct reading {
    const char *station;
    size_t n_bytes;
    int64_t time;
    double value; ///< ug/m3
    size_t row;   ///< Of the observations.
} reading;

/// A run on its way. Readings stand in the order of station and time.
typedef struct work {
    const dosi_method_call *call;
    double ug_per_unit;
    const dosi_column *station_name; ///< Of the observations.
    reading *readings;               ///< (n)
    size_t n;
    method_keys keys[N_SOURCES_IN]; ///< Groups of either table of contributions.
    size_t n_groups;
    int64_t *times; ///< (n_times) that contributions speak of, ascending.
    size_t n_times;
    double *columns;          ///< (n_groups x n)
    double *value;            ///< (n)
    uint32_t *time, *station; ///< (n)
    size_t *first;            ///< (n_stations + 1) first reading of each station.
    size_t n_stations;
    dosi_inverse_known *known; ///< (n_groups)
    double noise_sd;
} work;

static void close_work(work *w) {
    free(w->readings);
    for (size_t i = 0; i < N_SOURCES_IN; i++) method_keys_clear(&w->keys[i]);
    free(w->times);
    free(w->columns);
    free(w->value);
    free(w->time);
    free(w->station);
    free(w->first);
    free(w->known);
}

// --- reading -------------------------------------------------------------------------------

static int compare_stations(const reading *x, const reading *y) {
    size_t n = x->n_bytes < y->n_bytes ? x->n_bytes : y->n_bytes;
    int order = memcmp(x->station, y->station, n);
    return order ? order : (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes);
}

static int compare_keys(const void *a, const void *b) {
    const reading *x = a, *y = b;
    int order = compare_stations(x, y);
    return order ? order : (x->time > y->time) - (x->time < y->time);
}

static int compare_readings(const void *a, const void *b) {
    const reading *x = a, *y = b;
    int order = compare_keys(a, b);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int compare_times(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/// Columns of one table of contributions; `group` NULL: there is no such table.
typedef struct contributions {
    const dosi_column *station, *time, *group, *value;
    size_t n_rows;
} contributions;

static dosi_status find_contributions(const work *w,
                                      size_t i,
                                      contributions *out,
                                      dosi_error *err) {
    const dosi_table *table = w->call->inputs[CONTRIBUTIONS + i];
    memset(out, 0, sizeof *out);
    if (!table) return DOSI_OK;
    const char *name = dosi_call_value(w->call, "modelled")->text;
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &out->station, err));
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &out->time, err));
    DOSI_TRY(dosi_table_get(table, "group", DOSI_TYPE_TEXT, &out->group, err));
    DOSI_TRY(dosi_table_get_number(table, name, &out->value, err));
    out->n_rows = table->n_rows;
    return DOSI_OK;
}

/// Groups of both tables, and the times they speak of.
static dosi_status read_groups(work *w, const contributions *c, dosi_error *err) {
    size_t n_rows = c[0].n_rows + c[1].n_rows, n = 0;
    w->times = malloc((n_rows + 1) * sizeof *w->times);
    if (!w->times) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for contributions");
    for (size_t i = 0; i < N_SOURCES_IN; i++) {
        if (!c[i].group) continue;
        DOSI_TRY(method_keys_find(&c[i].group, 1, c[i].n_rows, &w->keys[i], err));
        w->n_groups += w->keys[i].n;
        for (size_t r = 0; r < c[i].n_rows; r++) {
            int64_t time = c[i].time->data.integer[r];
            if (time != DOSI_TIME_MISSING) w->times[n++] = time;
        }
    }
    qsort(w->times, n, sizeof *w->times, compare_times);
    for (size_t i = 0; i < n; i++) {
        if (w->n_times == 0 || w->times[w->n_times - 1] != w->times[i]) {
            w->times[w->n_times++] = w->times[i];
        }
    }
    if (w->n_groups > 0 && w->n_groups <= DOSI_INVERSE_KNOWN_MAX) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT, "contributions: 1 to %d groups, not %zu",
                     DOSI_INVERSE_KNOWN_MAX, w->n_groups);
}

static size_t find_time(const work *w, int64_t time) {
    const int64_t *at = bsearch(&time, w->times, w->n_times, sizeof time, compare_times);
    return at ? (size_t)(at - w->times) : SIZE_MAX;
}

/// Readings of hours that contributions speak of, each station and hour once.
static dosi_status read_readings(work *w, dosi_error *err) {
    const dosi_table *table = w->call->inputs[OBSERVATIONS];
    const dosi_column *time = NULL;
    method_values values;
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &w->station_name, err));
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(method_values_find(table, dosi_call_value(w->call, "value")->text,
                                (int64_t)dosi_call_value(w->call, "reject")->real, &values,
                                err));
    w->readings = malloc((table->n_rows + 1) * sizeof *w->readings);
    if (!w->readings) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    size_t n = 0;
    for (size_t r = 0; r < table->n_rows; r++) {
        reading one = {.time = time->data.integer[r], .row = r};
        one.value = method_value(&values, r) * w->ug_per_unit;
        one.station = dosi_column_bytes(w->station_name, r, &one.n_bytes);
        bool is_used = one.station && isfinite(one.value) && find_time(w, one.time) != SIZE_MAX;
        if (is_used) w->readings[n++] = one;
    }
    qsort(w->readings, n, sizeof *w->readings, compare_readings);
    for (size_t i = 0; i < n; i++) {
        bool is_new = w->n == 0 || compare_keys(&w->readings[w->n - 1], &w->readings[i]) != 0;
        if (is_new) w->readings[w->n++] = w->readings[i];
    }
    return DOSI_OK;
}

/// Leaves out readings of stations that no contribution speaks of.
static dosi_status keep_modelled(work *w, const contributions *c, dosi_error *err) {
    bool *is_modelled = calloc(w->n + 1, sizeof *is_modelled);
    if (!is_modelled) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    for (size_t i = 0; i < N_SOURCES_IN; i++) {
        for (size_t r = 0; r < c[i].n_rows; r++) {
            reading key = {.time = c[i].time->data.integer[r]};
            key.station = dosi_column_bytes(c[i].station, r, &key.n_bytes);
            if (!key.station) continue;
            const reading *at = bsearch(&key, w->readings, w->n, sizeof key, compare_keys);
            if (at) is_modelled[at - w->readings] = true;
        }
    }
    size_t n = 0;
    for (size_t i = 0, end = 0; i < w->n; i = end) {
        bool has_any = false;
        for (; end < w->n && compare_stations(&w->readings[i], &w->readings[end]) == 0; end++) {
            has_any = has_any || is_modelled[end];
        }
        for (size_t k = i; k < end && has_any; k++) w->readings[n++] = w->readings[k];
    }
    free(is_modelled);
    w->n = n;
    if (n >= LEAST_READINGS) return DOSI_OK;
    return dosi_fail(err, DOSI_NOT_FOUND,
                     "only %zu readings of %.40s are of a station and hour that contributions "
                     "speak of; %d are needed",
                     n, dosi_call_value(w->call, "value")->text, LEAST_READINGS);
}

/// Numbers of stations and times of the readings, and each group's column.
static dosi_status fill_columns(work *w, const contributions *c, dosi_error *err) {
    if (w->n_groups * w->n > MOST_NUMBERS) {
        return dosi_fail(err, DOSI_LIMIT, "%zu groups at %zu readings: more than %d numbers",
                         w->n_groups, w->n, MOST_NUMBERS);
    }
    w->columns = calloc(w->n_groups * w->n + 1, sizeof *w->columns);
    w->value = malloc((w->n + 1) * sizeof *w->value);
    w->time = malloc((w->n + 1) * sizeof *w->time);
    w->station = malloc((w->n + 1) * sizeof *w->station);
    w->first = malloc((w->n + 1) * sizeof *w->first);
    w->known = calloc(w->n_groups + 1, sizeof *w->known);
    if (!w->columns || !w->value || !w->time || !w->station || !w->first || !w->known) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu groups", w->n_groups);
    }
    for (size_t i = 0; i < w->n; i++) {
        bool is_first = i == 0 || compare_stations(&w->readings[i - 1], &w->readings[i]) != 0;
        if (is_first) w->first[w->n_stations++] = i;
        w->value[i] = w->readings[i].value;
        w->time[i] = (uint32_t)find_time(w, w->readings[i].time);
        w->station[i] = (uint32_t)(w->n_stations - 1);
    }
    w->first[w->n_stations] = w->n;
    size_t first_group = 0;
    for (size_t i = 0; i < N_SOURCES_IN; first_group += w->keys[i++].n) {
        for (size_t r = 0; r < c[i].n_rows; r++) {
            reading key = {.time = c[i].time->data.integer[r]};
            double value = dosi_column_real(c[i].value, r);
            uint32_t group = w->keys[i].of_row[r];
            key.station = dosi_column_bytes(c[i].station, r, &key.n_bytes);
            if (!key.station || !isfinite(value) || group == UINT32_MAX) continue;
            const reading *at = bsearch(&key, w->readings, w->n, sizeof key, compare_keys);
            if (!at) continue;
            w->columns[(first_group + group) * w->n + (size_t)(at - w->readings)] += value;
        }
    }
    return DOSI_OK;
}

static dosi_status read_all(work *w, dosi_error *err) {
    contributions c[N_SOURCES_IN];
    DOSI_TRY(
        method_ugm3_per_unit(dosi_call_value(w->call, "value")->text, &w->ug_per_unit, err));
    for (size_t i = 0; i < N_SOURCES_IN; i++) DOSI_TRY(find_contributions(w, i, &c[i], err));
    DOSI_TRY(read_groups(w, c, err));
    DOSI_TRY(read_readings(w, err));
    DOSI_TRY(keep_modelled(w, c, err));
    return fill_columns(w, c, err);
}

// --- weighing ------------------------------------------------------------------------------

static dosi_status weigh(work *w, dosi_error *err) {
    dosi_inverse_problem problem = {.n = w->n,
                                    .y = w->value,
                                    .time = w->time,
                                    .sensor = w->station,
                                    .n_times = w->n_times,
                                    .n_sensors = w->n_stations};
    for (size_t g = 0; g < w->n_groups; g++) {
        w->known[g] =
            (dosi_inverse_known){.column = w->columns + g * w->n,
                                 .prior = 1,
                                 .prior_sd = dosi_call_value(w->call, "prior_sd")->real};
    }
    return dosi_inverse_strengths(&problem, w->known, w->n_groups, w->call->run, &w->noise_sd,
                                  err);
}

// --- outputs -------------------------------------------------------------------------------

/// Copies the name of group `g`.
static dosi_status put_name(
    const work *w, size_t g, dosi_table *out, size_t i_column, size_t row, dosi_error *err) {
    size_t i = g < w->keys[0].n ? 0 : 1;
    const dosi_column *group = NULL;
    DOSI_TRY(dosi_table_get(w->call->inputs[CONTRIBUTIONS + i], "group", DOSI_TYPE_TEXT, &group,
                            err));
    size_t from = w->keys[i].first_row[g - (i ? w->keys[0].n : 0)];
    return method_copy_cell(group, from, out, i_column, row);
}

static double sum_of(const double *v, size_t first, size_t end) {
    double sum = 0;
    for (size_t i = first; i < end; i++) sum += v[i];
    return sum;
}

static dosi_status put_groups(const work *w, dosi_error *err) {
    dosi_table *out = &w->call->outputs[GROUPS];
    DOSI_TRY(method_open_output(w->call, GROUPS, w->n_groups, err));
    for (size_t g = 0; g < w->n_groups; g++) {
        const dosi_inverse_known *k = &w->known[g];
        const double numbers[] = {k->strength,
                                  k->sd,
                                  fmax(0, k->strength - 1.96 * k->sd),
                                  k->strength + 1.96 * k->sd,
                                  k->averaging,
                                  sum_of(w->columns + g * w->n, 0, w->n) / (double)w->n};
        DOSI_TRY(put_name(w, g, out, 0, g, err));
        for (size_t i = 0; i < METHOD_N(numbers); i++) {
            out->columns[1 + i].data.real[g] = numbers[i];
        }
    }
    return DOSI_OK;
}

/// The rows of one station: each group, and the rest.
static dosi_status put_station(const work *w, size_t s, dosi_error *err) {
    dosi_table *out = &w->call->outputs[STATIONS];
    size_t first = w->first[s], end = w->first[s + 1], at = out->n_rows;
    double n = (double)(end - first), whole = sum_of(w->value, first, end) / n, rest = whole;
    DOSI_TRY(dosi_table_add_rows(out, w->n_groups + 1, err));
    for (size_t g = 0; g <= w->n_groups; g++) {
        double before = (double)NAN, after = rest;
        if (g < w->n_groups) {
            before = sum_of(w->columns + g * w->n, first, end) / n;
            after = before * w->known[g].strength;
            rest -= after;
            DOSI_TRY(put_name(w, g, out, 1, at + g, err));
        } else {
            DOSI_TRY(dosi_table_set_text(out, 1, at + g, "rest"));
        }
        DOSI_TRY(method_copy_cell(w->station_name, w->readings[first].row, out, 0, at + g));
        out->columns[3].data.real[at + g] = after;
        out->columns[4].data.real[at + g] = whole > 0 ? after / whole : (double)NAN;
        out->columns[2].data.real[at + g] = before;
    }
    return DOSI_OK;
}

static dosi_status put_all(const work *w, dosi_error *err) {
    double freedom = 0;
    for (size_t g = 0; g < w->n_groups; g++) freedom += w->known[g].averaging;
    DOSI_TRY(put_groups(w, err));
    DOSI_TRY(method_open_output(w->call, STATIONS, 0, err));
    for (size_t s = 0; s < w->n_stations; s++) DOSI_TRY(put_station(w, s, err));
    DOSI_TRY(method_open_output(w->call, SUMMARY, 1, err));
    dosi_column *summary = w->call->outputs[SUMMARY].columns;
    summary[0].data.integer[0] = (int64_t)w->n;
    summary[1].data.integer[0] = (int64_t)w->n_groups;
    summary[2].data.real[0] = w->noise_sd;
    summary[3].data.real[0] = freedom;
    dosi_text_printf(
        w->call->report,
        "%zu groups from %zu readings of %zu stations at %zu hours; readings decide "
        "%.3g degrees of freedom\n",
        w->n_groups, w->n, w->n_stations, w->n_times, freedom);
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w;
    memset(&w, 0, sizeof w);
    w.call = call;
    dosi_status status = read_all(&w, err);
    if (status == DOSI_OK) status = weigh(&w, err);
    if (status == DOSI_OK) status = put_all(&w, err);
    close_work(&w);
    return status;
}

const dosi_method dosi_method_air_scale = {
    .id = "air.scale",
    .version = 1,
    .title = {"측정값으로 배출량 고치기", "Emissions corrected by readings"},
    .about =
        {"모형이 셈한 시간별 기여(도로 등급이나 구간, 굴뚝 묶음)를 측정값과 견주어, 묶음마다 "
         "배출량을 몇 배로 하면 맞는지 0보다 작지 않게 구합니다. 도시 전체가 함께 오르내리는 "
         "몫과 측정소마다의 치우침은 뺍니다. 짐작(배수 1)과 그 불확도를 함께 쓰고, 측정이 "
         "얼마나 "
         "정하는지를 평균커널로 알립니다. 시간에 따라 천천히 변하는 오차도 셈에 넣습니다.",
         "Compares what models say each group of sources adds in each hour (classes of roads "
         "or "
         "links, stacks) with readings: by how much each group's emissions are to be "
         "multiplied, "
         "never below 0. What the whole city has in common in an hour, and what is each "
         "station's own, is taken out. What was thought before (1, and how surely) counts, and "
         "the averaging kernel tells how much the readings decide. Errors that change slowly "
         "are "
         "reckoned with."},
    .citation = "C. Rodgers (2000), Inverse Methods for Atmospheric Sounding; M. S. Bartlett "
                "(1946), J. R. Stat. Soc. Suppl. 8, 27-41",
    .inputs = inputs,
    .n_inputs = METHOD_N(inputs),
    .parameters = parameters,
    .n_parameters = METHOD_N(parameters),
    .outputs = outputs,
    .n_outputs = METHOD_N(outputs),
    .run = run,
};
