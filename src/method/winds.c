// Observations as series by station and time, joined with the wind of the same hours.

#include "method/winds.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_column observation_columns[] = {
    {"station",
     DOSI_TYPE_TEXT,
     NULL,
     true,
     {"측정소 (없으면 하나로 봄)", "Station; without it, all rows are one"}},
    {"time",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"시각 (시간의 끝), 없으면 `date`", "Time, end of the hour; else column `date`"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`가 가리키는 열과 <값>_flag, 풍속·풍향이 있으면 그것을 씀, `time`이 없으면 `date`",
      "The columns that `value` names and <value>_flag; wind speed and direction where they "
      "are here; `date` where there is no `time`"}},
};
static const dosi_method_column weather_columns[] = {
    {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}},
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`speed`, `direction`이 가리키는 열, 관측소가 여럿이면 `station`",
      "The columns that `speed` and `direction` name; `station` where there are several"}},
};

const dosi_method_table method_winds_inputs[2] = {
    {"observations", {"측정값", "Observations"}, false, observation_columns, 3},
    {"weather",
     {"같은 시각의 바람", "Wind of the same hours, where observations have none"},
     true,
     weather_columns,
     2},
};

/// A row on its way into order.
typedef struct entry {
    size_t row;
    dosi_time time;
    uint32_t station;
} entry;

static int compare_entries(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->station != y->station) return x->station < y->station ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/// Times of rows, from column time, or date.
typedef struct clock_column {
    const dosi_column *column;
    bool is_date;
} clock_column;

static dosi_status find_clock(const dosi_table *table, clock_column *out, dosi_error *err) {
    size_t time = dosi_table_find(table, "time"), date = dosi_table_find(table, "date");
    size_t found = time != SIZE_MAX ? time : date;
    if (found == SIZE_MAX || (table->columns[found].type != DOSI_TYPE_TIME &&
                              table->columns[found].type != DOSI_TYPE_DATE)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no column \"time\" or \"date\" of times");
    }
    *out = (clock_column){&table->columns[found], table->columns[found].type == DOSI_TYPE_DATE};
    return DOSI_OK;
}

static dosi_time clock_at(const clock_column *clock, size_t row) {
    assert(clock->column);
    int64_t t = clock->column->data.integer[row];
    if (t == DOSI_MISSING_INT) return DOSI_TIME_MISSING;
    return clock->is_date ? t * DOSI_DAY_US : t;
}

/// A date parameter; `*out` stays where it is empty.
static dosi_status read_limit(const dosi_method_call *call,
                              const char *name,
                              dosi_time *out,
                              dosi_error *err) {
    const char *text = dosi_call_value(call, name)->text;
    if (!*text) return DOSI_OK;
    dosi_error why = {""};
    if (dosi_time_parse_iso(text, strlen(text), 0, out, &why) == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "%s \"%s\" is no date: %s", name, text, why.message);
}

/// Whether a text cell is `text`.
static bool is_text(const dosi_column *column, size_t row, const char *text) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    return bytes && n == strlen(text) && memcmp(bytes, text, n) == 0;
}

/// Rows that count, in order.
static dosi_status sort_rows(method_series *s,
                             const dosi_table *table,
                             entry *entries,
                             dosi_error *err) {
    clock_column clock = {0};
    method_keys keys = {0};
    dosi_time limits[2] = {INT64_MIN + 1, INT64_MAX};
    const char *station = dosi_call_value(s->call, "station")->text;
    DOSI_TRY(find_clock(table, &clock, err));
    DOSI_TRY(read_limit(s->call, "from", &limits[0], err));
    DOSI_TRY(read_limit(s->call, "to", &limits[1], err));
    DOSI_TRY(method_keys_find(&s->station, s->station ? 1 : 0, table->n_rows, &keys, err));
    for (size_t i = 0; i < table->n_rows; i++) {
        dosi_time time = clock_at(&clock, i);
        if (keys.of_row[i] == UINT32_MAX || time == DOSI_TIME_MISSING) {
            s->n_no_key++;
            continue;
        }
        if (time < limits[0] || time >= limits[1]) continue;
        if (*station && s->station && !is_text(s->station, i, station)) continue;
        entries[s->n++] = (entry){i, time, keys.of_row[i]};
    }
    method_keys_clear(&keys);
    if (s->n == 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no row of station \"%s\" in these times",
                         station);
    }
    qsort(entries, s->n, sizeof *entries, compare_entries);
    size_t kept = 1;
    for (size_t i = 1; i < s->n; i++) {
        bool is_repeat = entries[i].station == entries[kept - 1].station &&
                         entries[i].time == entries[kept - 1].time;
        if (!is_repeat) entries[kept++] = entries[i];
    }
    s->n_repeats = s->n - kept;
    s->n = kept;
    s->stamps.step_us = DOSI_HOUR_US;
    bool is_start = strcmp(dosi_call_value(s->call, "stamp")->text, "start") == 0;
    s->stamps.is_beginning = clock.is_date || is_start;
    if (clock.is_date) s->stamps.step_us = DOSI_DAY_US;
    return DOSI_OK;
}

/// Arrays of the sorted rows.
static dosi_status fill_rows(method_series *s,
                             const entry *entries,
                             const method_values *values,
                             dosi_error *err) {
    s->row = malloc((s->n + 1) * sizeof *s->row);
    s->time = malloc((s->n + 1) * sizeof *s->time);
    s->memory = malloc((3 * s->n + 1) * sizeof *s->memory);
    s->first = malloc((s->n + 1) * sizeof *s->first);
    if (!s->row || !s->time || !s->memory || !s->first) {
        return method_no_memory(err, "rows");
    }
    s->value = s->memory;
    s->speed = s->value + s->n;
    s->from_deg = s->speed + s->n;
    for (size_t i = 0; i < s->n; i++) {
        if (i == 0 || entries[i].station != entries[i - 1].station) {
            s->first[s->n_stations++] = i;
        }
        s->row[i] = entries[i].row;
        s->time[i] = entries[i].time;
        s->value[i] = method_value(values, entries[i].row);
        s->speed[i] = s->from_deg[i] = NAN;
        s->n_missing += isnan(s->value[i]) ? 1U : 0U;
    }
    s->first[s->n_stations] = s->n;
    return DOSI_OK;
}

/// Columns of wind in a table: as the parameters name them, else ws and wd. False: none.
static bool find_wind(const dosi_method_call *call,
                      const dosi_table *table,
                      const dosi_column **speed,
                      const dosi_column **from) {
    const char *const names[2] = {dosi_call_value(call, "speed")->text,
                                  dosi_call_value(call, "direction")->text};
    static const char *const others[2] = {"ws", "wd"};
    const dosi_column **out[2] = {speed, from};
    for (size_t c = 0; c < 2; c++) {
        size_t found = dosi_table_find(table, names[c]);
        if (found == SIZE_MAX) found = dosi_table_find(table, others[c]);
        if (found == SIZE_MAX) return false;
        *out[c] = &table->columns[found];
    }
    return true;
}

/// A row's wind, NaN where it is none: directions outside 0..360 and negative speeds.
static void take_wind(method_series *s, size_t i, const dosi_column *const *wind, size_t row) {
    double speed = dosi_column_real(wind[0], row), from = dosi_column_real(wind[1], row);
    s->speed[i] = speed >= 0 ? speed : (double)NAN;
    s->from_deg[i] = from >= 0 && from <= 360 ? from : (double)NAN;
}

/// A cell of names (text or whole numbers) as text; "" when missing.
static void cell_text(const dosi_column *column, size_t row, char *out, size_t n_out) {
    size_t n = 0;
    out[0] = '\0';
    if (column->type == DOSI_TYPE_TEXT) {
        const char *bytes = dosi_column_bytes(column, row, &n);
        if (bytes) (void)snprintf(out, n_out, "%.*s", (int)n, bytes);
    } else if (column->type == DOSI_TYPE_INT && column->data.integer[row] != DOSI_MISSING_INT) {
        (void)snprintf(out, n_out, "%lld", (long long)column->data.integer[row]);
    }
}

/// Which station's weather: the parameter's, else the first by name.
static dosi_status choose_weather(method_series *s,
                                  const dosi_column *station,
                                  const method_keys *keys,
                                  uint32_t *key,
                                  dosi_error *err) {
    const char *wanted = dosi_call_value(s->call, "weather_station")->text;
    *key = 0;
    for (size_t k = 0; k < keys->n && station; k++) {
        cell_text(station, keys->first_row[k], s->wind_station, sizeof s->wind_station);
        *key = (uint32_t)k;
        if (!*wanted || strcmp(s->wind_station, wanted) == 0) return DOSI_OK;
    }
    if (!station && !*wanted) return DOSI_OK;
    return dosi_fail(err, DOSI_NOT_FOUND, "no weather station \"%s\"", wanted);
}

/// Weather's rows of one key, by time.
static size_t sort_weather(const dosi_table *weather,
                           const method_keys *keys,
                           uint32_t key,
                           entry *entries) {
    size_t n = 0, found = dosi_table_find(weather, "time");
    if (found == SIZE_MAX || weather->n_rows == 0) return 0;
    assert(weather->columns && keys->of_row);
    const dosi_column *time = &weather->columns[found];
    for (size_t i = 0; i < weather->n_rows; i++) {
        if (keys->of_row[i] == key && time->data.integer[i] != DOSI_TIME_MISSING) {
            entries[n++] = (entry){i, time->data.integer[i], 0};
        }
    }
    qsort(entries, n, sizeof *entries, compare_entries);
    return n;
}

/// Takes the wind of the weather's rows, both in order of time.
static void take_winds(method_series *s,
                       const dosi_column *const *wind,
                       const entry *entries,
                       size_t n) {
    for (size_t station = 0; station < s->n_stations; station++) {
        size_t at = 0;
        for (size_t i = s->first[station]; i < s->first[station + 1]; i++) {
            while (at < n && entries[at].time < s->time[i]) at++;
            if (at < n && entries[at].time == s->time[i])
                take_wind(s, i, wind, entries[at].row);
        }
    }
}

/// Joins weather by time.
static dosi_status join_weather(method_series *s,
                                const dosi_table *weather,
                                const dosi_column *const *wind,
                                dosi_error *err) {
    size_t found = dosi_table_find(weather, "station");
    const dosi_column *station = found == SIZE_MAX ? NULL : &weather->columns[found];
    method_keys keys = {0};
    uint32_t key = 0;
    entry *entries = malloc((weather->n_rows + 1) * sizeof *entries);
    dosi_status status =
        entries ? method_keys_find(&station, station ? 1 : 0, weather->n_rows, &keys, err)
                : method_no_memory(err, "rows");
    if (status == DOSI_OK) status = choose_weather(s, station, &keys, &key, err);
    if (status == DOSI_OK)
        take_winds(s, wind, entries, sort_weather(weather, &keys, key, entries));
    method_keys_clear(&keys);
    free(entries);
    return status;
}

static dosi_status read_wind(method_series *s, bool needs_wind, dosi_error *err) {
    const dosi_method_call *call = s->call;
    const dosi_column *wind[2] = {NULL, NULL};
    s->has_wind = find_wind(call, call->inputs[0], &wind[0], &wind[1]);
    if (s->has_wind) {
        for (size_t i = 0; i < s->n; i++) take_wind(s, i, wind, s->row[i]);
        return DOSI_OK;
    }
    const dosi_table *weather = call->method->n_inputs > 1 ? call->inputs[1] : NULL;
    s->has_wind = weather && find_wind(call, weather, &wind[0], &wind[1]);
    if (s->has_wind) return join_weather(s, weather, wind, err);
    if (!needs_wind) return DOSI_OK;
    return dosi_fail(
        err, DOSI_NOT_FOUND, "no columns \"%s\" and \"%s\" (nor ws and wd) in observations%s",
        dosi_call_value(call, "speed")->text, dosi_call_value(call, "direction")->text,
        weather ? " or weather" : ", and no weather was given");
}

dosi_status method_series_read(const dosi_method_call *call,
                               const char *value_name,
                               bool needs_wind,
                               method_series *out,
                               dosi_error *err) {
    const dosi_table *table = call->inputs[0];
    method_series s = {.call = call, .name = value_name, .n_table = table->n_rows};
    method_values values = {0};
    DOSI_TRY(method_values_find(table, value_name, dosi_call_value(call, "reject")->integer,
                                &values, err));
    if (!values.value) {
        return dosi_fail(err, DOSI_NOT_FOUND, "observations have no column \"%s\"", value_name);
    }
    s.unit = values.value->unit;
    size_t station = dosi_table_find(table, "station");
    if (station != SIZE_MAX && table->columns[station].type == DOSI_TYPE_TEXT) {
        s.station = &table->columns[station];
    }
    entry *entries = malloc((table->n_rows + 1) * sizeof *entries);
    if (!entries) {
        return method_no_memory(err, "rows");
    }
    dosi_status status = sort_rows(&s, table, entries, err);
    if (status == DOSI_OK) status = fill_rows(&s, entries, &values, err);
    bool may_have_wind = false;
    for (size_t p = 0; p < call->method->n_parameters; p++) {
        if (strcmp(call->method->parameters[p].name, "speed") == 0) may_have_wind = true;
    }
    if (status == DOSI_OK && may_have_wind) status = read_wind(&s, needs_wind, err);
    free(entries);
    if (status != DOSI_OK) {
        method_series_clear(&s);
        return status;
    }
    *out = s;
    return DOSI_OK;
}

void method_series_clear(method_series *series) {
    free(series->row);
    free(series->time);
    free(series->memory);
    free(series->first);
    *series = (method_series){0};
}

method_part method_series_part(const method_series *series, size_t i_station) {
    assert(i_station < series->n_stations);
    size_t first = series->first[i_station];
    size_t n = series->first[i_station + 1] - first;
    return (method_part){n,
                         series->time + first,
                         series->value + first,
                         {n, series->speed + first, series->from_deg + first},
                         i_station};
}

void method_series_put_report(const method_series *s) {
    dosi_text *report = s->call->report;
    if (!report) return;
    dosi_text_printf(report,
                     "%s: %zu of %zu rows, %zu stations; %zu values missing or rejected\n",
                     s->name, s->n, s->n_table, s->n_stations, s->n_missing);
    if (s->n_no_key) {
        dosi_text_printf(report, "%zu rows without station or time are left out\n",
                         s->n_no_key);
    }
    if (s->n_repeats) {
        dosi_text_printf(report,
                         "%zu rows repeat a station and time; the first of each counts\n",
                         s->n_repeats);
    }
    if (!s->has_wind) return;
    size_t n_wind = 0;
    for (size_t i = 0; i < s->n; i++) {
        n_wind += isnan(s->speed[i]) || isnan(s->from_deg[i]) ? 0U : 1U;
    }
    dosi_text_printf(report, "wind at %zu of %zu rows", n_wind, s->n);
    if (*s->wind_station) {
        dosi_text_printf(report, ", of weather station %s", s->wind_station);
    }
    dosi_text_printf(report, "\n");
}

dosi_status method_series_run(const dosi_method_call *call,
                              const char *value_name,
                              bool needs_wind,
                              dosi_status (*do_series)(const method_series *series,
                                                       dosi_error *err),
                              dosi_error *err) {
    method_series series = {.call = call};
    DOSI_TRY(method_series_read(call, value_name, needs_wind, &series, err));
    method_series_put_report(&series);
    dosi_status status = do_series(&series, err);
    method_series_clear(&series);
    return status;
}

dosi_status method_series_add_row(const method_series *series,
                                  size_t i_station,
                                  dosi_table *out,
                                  size_t *row,
                                  dosi_error *err) {
    *row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    if (!series->station) return DOSI_OK;
    size_t from = series->row[series->first[i_station]];
    return method_copy_cell(series->station, from, out, 0, *row);
}

dosi_status method_series_set_unit(const method_series *series,
                                   dosi_table *out,
                                   const char *const *names) {
    for (; series->unit && *names; names++) {
        size_t found = dosi_table_find(out, *names);
        assert(found != SIZE_MAX);
        DOSI_TRY(dosi_table_describe(out, found, series->unit, NULL, NULL));
    }
    return DOSI_OK;
}

dosi_time method_series_inside(const method_series *series, dosi_time time) {
    return series->stamps.is_beginning ? time : time - 1;
}

/// Appends the cells of a surface that have a value.
static dosi_status put_cells(const method_series *series,
                             size_t i_station,
                             const dosi_surface_targets *targets,
                             const double *value,
                             dosi_table *out,
                             dosi_error *err) {
    for (size_t i = 0; i < targets->n; i++) {
        size_t row = 0;
        if (isnan(value[i])) continue;
        DOSI_TRY(method_series_add_row(series, i_station, out, &row, err));
        out->columns[1].data.real[row] = targets->x[i];
        out->columns[2].data.real[row] = targets->y[i];
        out->columns[3].data.real[row] = value[i];
    }
    return DOSI_OK;
}

/// Cells inside the circle and outside the hole; how many.
static size_t make_targets(const method_surface *surface, double *x, double *y) {
    size_t side = surface->side, n = 0;
    for (size_t i = 0; i < side * side; i++) {
        size_t row_of = i / side;
        double u = surface->extent * (2 * (double)(i % side) / (double)(side - 1) - 1);
        double v = surface->extent * (2 * (double)row_of / (double)(side - 1) - 1);
        double r = hypot(u, v);
        if (r > surface->extent * (1 + 1e-9) || r < surface->hole) continue;
        x[n] = u;
        y[n++] = v;
    }
    return n;
}

dosi_status method_series_put_surface(const method_series *series,
                                      size_t i_station,
                                      const method_surface *surface,
                                      dosi_table *out,
                                      dosi_error *err) {
    size_t most = surface->side * surface->side;
    dosi_surface_options options = {.is_positive = true};
    dosi_surface *fitted = NULL;
    dosi_error why = {""};
    if (surface->side < 2) return DOSI_OK;
    for (size_t i = 0; i < surface->points->n; i++) {
        if (surface->points->value[i] < 0) options.is_positive = false;
    }
    dosi_status status = dosi_surface_fit(surface->points, &options, &fitted, &why);
    if (status == DOSI_DOMAIN) {
        if (series->call->report) {
            dosi_text_printf(series->call->report, "station %zu: no surface: %s\n",
                             i_station + 1, why.message);
        }
        return DOSI_OK;
    }
    if (status != DOSI_OK) return dosi_fail(err, status, "%s", why.message);
    double *memory = calloc(3 * most + 1, sizeof *memory);
    if (!memory) {
        dosi_surface_destroy(fitted);
        return method_no_memory(err, "a surface");
    }
    dosi_surface_targets targets = {0, memory, memory + most, surface->reach};
    targets.n = make_targets(surface, memory, memory + most);
    dosi_surface_predict(fitted, &targets, series->call->run, memory + 2 * most);
    dosi_surface_destroy(fitted);
    status = put_cells(series, i_station, &targets, memory + 2 * most, out, err);
    free(memory);
    return status;
}
