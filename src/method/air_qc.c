// air.qc: flags on hourly readings; nothing is changed nor removed.

#include "dosi/geo.h"
#include "dosi/quality.h"
#include "method/columns.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NEIGHBOURS = 16, MAX_CELLS = 1 << 28, N_CHECKS = 8 };

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
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"다른 열은 그대로 남음", "Other columns are kept as they are"}},
};
static const dosi_method_column station_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"*",
     DOSI_TYPE_GEOMETRY,
     NULL,
     true,
     {"위치(x·y, geometry, lon·lat)", "A place (x and y, a geometry, or lon and lat)"}},
};
static const dosi_method_table inputs[] = {
    {"observations",
     {"시간별 측정값", "Hourly observations"},
     false,
     observation_columns,
     sizeof observation_columns / sizeof observation_columns[0]},
    {"stations",
     {"측정소 위치 (이웃 검사)", "Places of the stations, for the neighbour check"},
     true,
     station_columns,
     2},
};

static const dosi_method_parameter parameters[] = {
    {"checks",
     DOSI_PARAMETER_TEXT,
     NULL,
     "range,rate,flat,spike,neighbour,unit,drift",
     0,
     0,
     NULL,
     {"할 검사", "Checks to make"}},
    {"neighbours",
     DOSI_PARAMETER_INT,
     NULL,
     "6",
     3,
     MAX_NEIGHBOURS,
     NULL,
     {"비교할 이웃 수", "Nearest stations to compare with"}},
    {"radius_m",
     DOSI_PARAMETER_REAL,
     "m",
     "10000",
     100,
     1e6,
     NULL,
     {"이웃 최대 거리", "Farthest neighbour"}},
    {"limits",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"기준 바꾸기: 열.기준=값, 쉼표로 구분 (예: pm25_ugm3.high=500)",
      "Thresholds other than the defaults: column.limit=value, separated by commas; limits are "
      "low, high, rate_step, flat_hours, flat_above, flat_floor, flat_score, spike_step, "
      "spike_ratio, "
      "neighbour_step, neighbour_ratio, drift_step, drift_score, resolution"}},
};

static const dosi_method_column checked_columns[] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"입력의 모든 열", "All columns of the observations, rows by station and time"}},
    {"<column>_flag",
     DOSI_TYPE_INT,
     NULL,
     true,
     {"플래그 비트: 1 결측, 2 범위, 4 고정값, 8 튐, 16 이웃과 다름, 32 급변, 64 단위·채널, "
      "128 드리프트",
      "Flag bits: 1 missing, 2 range, 4 flat line, 8 spike, 16 unlike its neighbours, 32 rate "
      "of change, 64 unit or channel, 128 drift or offset"}},
};
static const dosi_method_column summary_columns[] = {
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"check", DOSI_TYPE_TEXT, NULL, false, {"검사", "Check"}},
    {"n_flagged", DOSI_TYPE_INT, NULL, false, {"플래그 수", "Readings flagged"}},
    {"n_readings", DOSI_TYPE_INT, NULL, false, {"측정값 수", "Rows"}},
    {"share", DOSI_TYPE_REAL, NULL, false, {"비율", "Share"}},
};
static const dosi_method_table outputs[] = {
    {"observations",
     {"플래그가 붙은 측정값", "Observations with flags"},
     false,
     checked_columns,
     2},
    {"summary",
     {"검사별 요약", "Summary per variable and check"},
     false,
     summary_columns,
     sizeof summary_columns / sizeof summary_columns[0]},
};

static const struct {
    const char *name;
    uint32_t flag;
} checks[N_CHECKS] = {
    {"missing", DOSI_QC_MISSING}, {"range", DOSI_QC_RANGE},         {"flat", DOSI_QC_FLAT},
    {"spike", DOSI_QC_SPIKE},     {"neighbour", DOSI_QC_NEIGHBOUR}, {"rate", DOSI_QC_RATE},
    {"unit", DOSI_QC_UNIT},       {"drift", DOSI_QC_DRIFT},
};

/// Readings as a matrix station x hour.
typedef struct readings {
    method_keys stations;
    size_t n_hours;
    int64_t first_us;
    size_t *cell; ///< (rows) place in the matrix; SIZE_MAX: none (no station, not on the hour).
    double *values[DOSI_AIR_COUNT];   ///< (stations x hours) of a pollutant, or NULL.
    double *expected[DOSI_AIR_COUNT]; ///< What the network says, of PM10 and PM2.5.
    uint32_t *flags[DOSI_AIR_COUNT];
    uint32_t *neighbours; ///< (stations x k) or NULL.
    size_t k;
    uint32_t wanted; ///< Flags of the checks asked for.
    dosi_qc_limits limits[DOSI_AIR_COUNT];
} readings;

/// The threshold called `name`; NULL when there is none.
static double *limit_field(dosi_qc_limits *limits, const char *name) {
    const struct {
        const char *name;
        double *field;
    } fields[] = {{"low", &limits->low},
                  {"high", &limits->high},
                  {"rate_step", &limits->rate_step},
                  {"flat_above", &limits->flat_above},
                  {"flat_floor", &limits->flat_floor},
                  {"flat_score", &limits->flat_score},
                  {"spike_step", &limits->spike_step},
                  {"spike_ratio", &limits->spike_ratio},
                  {"neighbour_step", &limits->neighbour_step},
                  {"neighbour_ratio", &limits->neighbour_ratio},
                  {"drift_step", &limits->drift_step},
                  {"drift_score", &limits->drift_score},
                  {"resolution", &limits->resolution}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0) return fields[i].field;
    }
    return NULL;
}

/// Applies one "pm25_ugm3.high=500".
static dosi_status change_limit(readings *r, const char *text, dosi_error *err) {
    char name[METHOD_NAME_BYTES];
    size_t dot = strcspn(text, "."), equals = strcspn(text, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)dot, text);
    dosi_pollutant pollutant = dosi_pollutant_from_name(name);
    double value = 0;
    bool is_whole =
        text[dot] == '.' && text[equals] == '=' && dot < equals && pollutant < DOSI_AIR_COUNT &&
        dosi_parse_real(text + equals + 1, strlen(text + equals + 1), &value) == DOSI_OK;
    if (!is_whole) {
        return dosi_fail(err, DOSI_INVALID, "limits: \"%s\" is not column.limit=number", text);
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), text + dot + 1);
    if (strcmp(name, "flat_hours") == 0 && value >= 0 && value < 1e6) {
        r->limits[pollutant].flat_hours = (size_t)value;
        return DOSI_OK;
    }
    double *field = limit_field(&r->limits[pollutant], name);
    if (!field) return dosi_fail(err, DOSI_INVALID, "limits: no limit \"%s\"", name);
    *field = value;
    return DOSI_OK;
}

/// Thresholds and checks from the parameters.
static dosi_status read_settings(const dosi_method_call *call, readings *r, dosi_error *err) {
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        r->limits[p] = dosi_qc_limits_default((dosi_pollutant)p);
    }
    method_names names;
    DOSI_TRY(method_names_split(dosi_call_value(call, "limits")->text, &names, err));
    for (size_t i = 0; i < names.n; i++) DOSI_TRY(change_limit(r, names.names[i], err));
    DOSI_TRY(method_names_split(dosi_call_value(call, "checks")->text, &names, err));
    r->wanted = DOSI_QC_MISSING;
    for (size_t i = 0; i < names.n; i++) {
        size_t c = 0;
        while (c < N_CHECKS && strcmp(names.names[i], checks[c].name) != 0) c++;
        if (c == N_CHECKS) {
            return dosi_fail(
                err, DOSI_INVALID,
                "checks: no check \"%s\" among range, rate, flat, spike, neighbour, "
                "unit, drift",
                names.names[i]);
        }
        r->wanted |= checks[c].flag;
    }
    return DOSI_OK;
}

/// Places of the stations in key order, from the stations input or the observations.
static dosi_status station_places(const dosi_method_call *call,
                                  const readings *r,
                                  const dosi_column *station,
                                  double *const *places,
                                  dosi_error *err) {
    const dosi_table *from = call->inputs[1] ? call->inputs[1] : call->inputs[0];
    const dosi_column *name = NULL;
    DOSI_TRY(dosi_table_get(from, "station", DOSI_TYPE_TEXT, &name, err));
    double *memory = malloc((2 * from->n_rows + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for places");
    double *x = memory, *y = memory + from->n_rows;
    dosi_status status = method_places(from, "stations", x, y, err);
    for (size_t i = 0; i < r->stations.n && status == DOSI_OK && name; i++) {
        size_t n = 0, m = 0;
        const char *wanted = dosi_column_bytes(station, r->stations.first_row[i], &n);
        places[0][i] = places[1][i] = NAN;
        for (size_t row = 0; row < from->n_rows; row++) {
            const char *found = dosi_column_bytes(name, row, &m);
            if (!found || !wanted || n != m || memcmp(found, wanted, n) != 0) continue;
            places[0][i] = x[row];
            places[1][i] = y[row];
            break;
        }
    }
    free(memory);
    return status;
}

/// The nearest k other stations of each, within the radius.
static dosi_status link_neighbours(readings *r,
                                   double *const *places,
                                   double radius_m,
                                   dosi_error *err) {
    size_t n = r->stations.n, n_placed = 0;
    double *x = malloc((2 * n + 1) * sizeof *x);
    uint32_t *who = malloc((n + 1) * sizeof *who);
    dosi_nearest *nearest = NULL;
    if (!x || !who) {
        free(x);
        free(who);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for neighbours");
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(places[0][i]) || !isfinite(places[1][i])) continue;
        x[n_placed] = places[0][i];
        x[n + n_placed] = places[1][i];
        who[n_placed++] = (uint32_t)i;
    }
    dosi_status status = dosi_nearest_create(x, x + n, n_placed, &nearest, err);
    for (size_t j = 0; j < n_placed && status == DOSI_OK; j++) {
        uint32_t found[MAX_NEIGHBOURS + 1];
        double distance2[MAX_NEIGHBOURS + 1];
        size_t m = dosi_nearest_find(nearest, x[j], x[n + j], r->k + 1, found, distance2);
        size_t kept = 0;
        for (size_t i = 0; i < m && kept < r->k; i++) {
            if (found[i] == j || distance2[i] > radius_m * radius_m) continue;
            r->neighbours[who[j] * r->k + kept++] = who[found[i]];
        }
    }
    dosi_nearest_destroy(nearest);
    free(who);
    free(x);
    return status;
}

/// Neighbours, when the check is wanted and there are places.
static dosi_status find_neighbours(const dosi_method_call *call,
                                   readings *r,
                                   const dosi_column *station,
                                   dosi_error *err) {
    const dosi_table *from = call->inputs[1] ? call->inputs[1] : call->inputs[0];
    if (!method_has_places(from)) {
        if (call->report) {
            dosi_text_puts(call->report,
                           "no places of stations: neighbours are not compared\n");
        }
        return DOSI_OK;
    }
    r->k = (size_t)dosi_call_value(call, "neighbours")->integer;
    size_t n = r->stations.n;
    r->neighbours = malloc((n * r->k + 1) * sizeof *r->neighbours);
    double *memory = calloc(2 * n + 1, sizeof *memory);
    if (!r->neighbours || !memory) {
        free(memory);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for neighbours");
    }
    for (size_t i = 0; i < n * r->k; i++) r->neighbours[i] = UINT32_MAX;
    double *const places[2] = {memory, memory + n};
    dosi_status status = station_places(call, r, station, places, err);
    double radius_m = dosi_call_value(call, "radius_m")->real;
    if (status == DOSI_OK) status = link_neighbours(r, places, radius_m, err);
    free(memory);
    return status;
}

/// Lays the rows out in the matrix station x hour.
static dosi_status place_rows(readings *r,
                              const dosi_column *time,
                              size_t n_rows,
                              dosi_error *err) {
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < n_rows; i++) {
        int64_t t = time->data.integer[i];
        if (t == DOSI_TIME_MISSING || t % DOSI_HOUR_US) continue;
        if (t < first) first = t;
        if (t > last) last = t;
    }
    r->first_us = first;
    r->n_hours = last >= first ? (size_t)((last - first) / DOSI_HOUR_US) + 1 : 0;
    if (r->n_hours && r->stations.n > MAX_CELLS / r->n_hours) {
        return dosi_fail(err, DOSI_LIMIT, "%zu stations over %zu hours", r->stations.n,
                         r->n_hours);
    }
    r->cell = malloc((n_rows + 1) * sizeof *r->cell);
    if (!r->cell) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        int64_t t = time->data.integer[i];
        bool has_cell = r->stations.of_row[i] != UINT32_MAX && t != DOSI_TIME_MISSING &&
                        t % DOSI_HOUR_US == 0;
        r->cell[i] =
            has_cell ? r->stations.of_row[i] * r->n_hours + (size_t)((t - first) / DOSI_HOUR_US)
                     : SIZE_MAX;
    }
    return DOSI_OK;
}

/// The matrix of one pollutant. On failure what was taken is freed with the readings.
static dosi_status lay_out(
    readings *r, int pollutant, const dosi_column *column, size_t n_rows, dosi_error *err) {
    size_t n_cells = r->stations.n * r->n_hours;
    bool is_particle = pollutant == DOSI_AIR_PM10 || pollutant == DOSI_AIR_PM25;
    double *values = r->values[pollutant] = calloc(n_cells + 1, sizeof *values);
    uint32_t *flags = r->flags[pollutant] = calloc(n_cells + 1, sizeof *flags);
    if (is_particle) r->expected[pollutant] = malloc((n_cells + 1) * sizeof *values);
    if (!values || !flags || (is_particle && !r->expected[pollutant])) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu readings", n_cells);
    }
    for (size_t k = 0; k < n_cells; k++) values[k] = NAN;
    for (size_t i = 0; i < n_rows; i++) {
        if (r->cell[i] != SIZE_MAX) values[r->cell[i]] = dosi_column_real(column, i);
    }
    return DOSI_OK;
}

/// The checks of one pollutant that need one station, or one hour of its neighbours.
static void flag_series(const readings *r, int pollutant, const dosi_run *run) {
    size_t n_stations = r->stations.n, n_hours = r->n_hours;
    uint32_t *flags = r->flags[pollutant];
    int n_threads = dosi_run_threads(run); // NOLINT(*DeadStores): used by the pragma
#pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t s = 0; s < n_stations; s++) {
        dosi_qc_series(&r->limits[pollutant], r->values[pollutant] + s * n_hours, n_hours,
                       flags + s * n_hours);
    }
    for (size_t k = 0; k < n_stations * n_hours; k++) flags[k] &= r->wanted;
    if (!r->neighbours || !(r->wanted & DOSI_QC_NEIGHBOUR)) return;
    const dosi_qc_matrix matrix = {n_stations, n_hours, (const double *const *)r->values,
                                   r->neighbours, r->k};
    dosi_qc_neighbours_all(&r->limits[pollutant], &matrix, (dosi_pollutant)pollutant, run,
                           flags);
}

/// The checks that need the whole network.
static dosi_status flag_network(readings *r, const dosi_run *run, dosi_error *err) {
    const dosi_qc_matrix matrix = {r->stations.n, r->n_hours, (const double *const *)r->values,
                                   r->neighbours, r->neighbours ? r->k : 0};
    DOSI_TRY(dosi_qc_network(r->limits, &matrix, run, r->flags, r->expected, err));
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        for (size_t k = 0; k < matrix.n_stations * matrix.n_hours && r->flags[p]; k++) {
            r->flags[p][k] &= r->wanted;
        }
    }
    return DOSI_OK;
}

/// Compares the two channels of particles, where both are there.
static void flag_particles(readings *r) {
    size_t n_hours = r->n_hours;
    if (!(r->wanted & DOSI_QC_UNIT) || !r->flags[DOSI_AIR_PM10] || !r->flags[DOSI_AIR_PM25]) {
        return;
    }
    for (size_t s = 0; s < r->stations.n; s++) {
        size_t at = s * n_hours;
        const double *values[] = {r->values[DOSI_AIR_PM10] + at, r->values[DOSI_AIR_PM25] + at};
        const double *expected[] = {r->expected[DOSI_AIR_PM10] + at,
                                    r->expected[DOSI_AIR_PM25] + at};
        uint32_t *flags[] = {r->flags[DOSI_AIR_PM10] + at, r->flags[DOSI_AIR_PM25] + at};
        dosi_qc_particles(values, expected, n_hours, flags);
    }
}

/// The flag column of one pollutant, and its rows of the summary.
static dosi_status put_flags(const dosi_method_call *call,
                             const readings *r,
                             int pollutant,
                             const size_t *order,
                             dosi_error *err) {
    const char *column = dosi_pollutant_column((dosi_pollutant)pollutant);
    const uint32_t *found = r->flags[pollutant];
    dosi_table *out = &call->outputs[0], *summary = &call->outputs[1];
    char name[METHOD_NAME_BYTES + 8];
    (void)snprintf(name, sizeof name, "%s_flag", column);
    size_t added = dosi_table_find(out, name);
    if (added != SIZE_MAX) dosi_table_drop_column(out, added); // flags of an earlier check
    const dosi_method_column *like = &checked_columns[1];
    DOSI_TRY(method_add_column(out, name, like->type, like, err));
    int64_t *flags = out->columns[dosi_table_find(out, name)].data.integer;
    size_t count[N_CHECKS] = {0};
    for (size_t i = 0; i < out->n_rows; i++) {
        size_t cell = r->cell[order[i]];
        flags[i] = cell == SIZE_MAX ? DOSI_MISSING_INT : (int64_t)found[cell];
        for (size_t c = 0; c < N_CHECKS && cell != SIZE_MAX; c++) {
            count[c] += (found[cell] & checks[c].flag) ? 1 : 0;
        }
    }
    for (size_t c = 0; c < N_CHECKS; c++) {
        if (!(r->wanted & checks[c].flag)) continue;
        size_t row = summary->n_rows;
        DOSI_TRY(dosi_table_add_rows(summary, 1, err));
        DOSI_TRY(dosi_table_set_text(summary, 0, row, column));
        DOSI_TRY(dosi_table_set_text(summary, 1, row, checks[c].name));
        summary->columns[2].data.integer[row] = (int64_t)count[c];
        summary->columns[3].data.integer[row] = (int64_t)out->n_rows;
        summary->columns[4].data.real[row] =
            out->n_rows ? (double)count[c] / (double)out->n_rows : 0;
        if (call->report && count[c]) {
            dosi_text_printf(call->report, "%s: %zu of %zu flagged: %s\n", column, count[c],
                             out->n_rows, checks[c].name);
        }
    }
    return DOSI_OK;
}

/// Rows in order of station and time, later repeats after earlier ones.
typedef struct row_order {
    const readings *r;
    const dosi_column *time;
} row_order;

static int compare_rows(const void *a, const void *b, void *context) {
    const row_order *o = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    uint32_t si = o->r->stations.of_row[i], sj = o->r->stations.of_row[j];
    if (si != sj) return si < sj ? -1 : 1;
    int64_t ti = o->time->data.integer[i], tj = o->time->data.integer[j];
    if (ti != tj) return ti < tj ? -1 : 1;
    return i < j ? -1 : i > j;
}

/// Everything after the stations are known.
static dosi_status check_all(const dosi_method_call *call,
                             readings *r,
                             size_t *order,
                             dosi_error *err) {
    const dosi_table *table = call->inputs[0];
    const dosi_column *station = NULL, *time = NULL;
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &station, err));
    DOSI_TRY(dosi_table_get(table, "time", DOSI_TYPE_TIME, &time, err));
    DOSI_TRY(place_rows(r, time, table->n_rows, err));
    DOSI_TRY(find_neighbours(call, r, station, err));
    row_order context = {r, time};
    for (size_t i = 0; i < table->n_rows; i++) order[i] = i;
    qsort_r(order, table->n_rows, sizeof *order, compare_rows, &context);
    DOSI_TRY(dosi_table_take(table, order, table->n_rows, &call->outputs[0], err));
    DOSI_TRY(method_open_output(call, 1, 0, err));
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        size_t found = dosi_table_find(table, dosi_pollutant_column((dosi_pollutant)p));
        if (found == SIZE_MAX) continue;
        DOSI_TRY(dosi_run_check(call->run, err));
        const dosi_column *column = &table->columns[found];
        DOSI_TRY(lay_out(r, p, column, table->n_rows, err));
        flag_series(r, p, call->run);
    }
    DOSI_TRY(flag_network(r, call->run, err));
    flag_particles(r);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        if (r->flags[p]) DOSI_TRY(put_flags(call, r, p, order, err));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    const dosi_table *table = call->inputs[0];
    readings r = {0};
    const dosi_column *station = NULL;
    DOSI_TRY(read_settings(call, &r, err));
    DOSI_TRY(dosi_table_get(table, "station", DOSI_TYPE_TEXT, &station, err));
    DOSI_TRY(method_keys_find(&station, 1, table->n_rows, &r.stations, err));
    size_t *order = malloc((table->n_rows + 1) * sizeof *order);
    dosi_status status = order ? check_all(call, &r, order, err)
                               : dosi_fail(err, DOSI_NO_MEMORY, "no memory for the order");
    free(order);
    free(r.cell);
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        free(r.values[p]);
        free(r.expected[p]);
        free(r.flags[p]);
    }
    free(r.neighbours);
    method_keys_clear(&r.stations);
    return status;
}

const dosi_method dosi_method_air_qc = {
    .id = "air.qc",
    .version = 3,
    .title = {"대기 측정값 품질관리", "Quality control of air readings"},
    .about =
        {"시간별 측정값을 범위, 급변, 고정값, 튐, 이웃 측정소와의 차이, 단위와 채널, "
         "드리프트로 "
         "검사해 플래그를 붙입니다. 값은 바꾸거나 지우지 않으며, 다음 분석이 플래그를 보고 "
         "골라 "
         "씁니다.",
         "Checks hourly readings for range, rate of change, flat lines, spikes, disagreement "
         "with "
         "the stations around them, wrong units or swapped channels, and drift or offset "
         "against "
         "the network, and adds a flag column for each pollutant. Values are never changed nor "
         "removed: methods that follow leave flagged values out (`reject`). The default "
         "thresholds are wide, so that a true episode passes."},
    .citation = "QARTOD, Manual for real-time quality control (range, rate, flat line, spike); "
                "E. S. Page (1954), Biometrika 41, 100-115 (cumulative sums); neighbour check "
                "against the median in units of 1.4826 MAD",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
