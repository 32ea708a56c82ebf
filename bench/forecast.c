// Bench: forecasts of a network and their back-test beside persistence, on files of hourly
// readings. Usage: bench_forecast VALUE FILE... [--own A,B] [--weather FILE...]
// [--threads N] [--share S] [--stations A,B] [--all] [--from YYYYMMDDHH] [--hours N] [--ahead
// N]
// --ahead: the weather of so many hours to come is known, as it was observed.
// A file has a row a station and hour (columns station, station_id or loc; time or mdate as
// yyyymmddhh or a time), or a row an hour and a column a station: then VALUE begins with "_"
// and is what those columns end with. Weather files are those of the KMA's ASOS.

#include "dosi/forecast.h"
#include "dosi/time.h"
#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATIONS = 1000, FILES = 32, OWN = 8, WEATHER = 6, HORIZONS = 48 };

typedef struct arguments {
    const char *value, *own[OWN], *files[FILES], *weather[FILES], *only;
    size_t n_own, n_files, n_weather;
    int n_threads;
    double share;
    bool is_all;
    size_t n_ahead, n_hours; ///< 0: all hours.
    int64_t from;
} arguments;

/// One reading of one column, before the panel's size is known.
typedef struct reading {
    int64_t hour;
    size_t station;
    double values[OWN + 1];
} reading;

static char names[STATIONS][64];
static size_t n_stations, n_readings, n_room;
static reading *readings;

static double now_s(clockid_t clock) {
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *must(void *memory) {
    if (!memory) exit(7);
    return memory;
}

static void check(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s\n", err->message);
    exit(2);
}

static const dosi_column *find(const dosi_table *table, const char *const *any) {
    for (; *any; any++) {
        size_t i = dosi_table_find(table, *any);
        if (i != SIZE_MAX) return &table->columns[i];
    }
    return NULL;
}

static size_t station_of(const char *name) {
    for (size_t i = 0; i < n_stations; i++) {
        if (strcmp(names[i], name) == 0) return i;
    }
    if (n_stations == STATIONS) exit(2);
    (void)snprintf(names[n_stations], sizeof names[0], "%s", name);
    return n_stations++;
}

/// Hours since 1970 of a number yyyymmddhh.
static int64_t hour_of_number(int64_t n) {
    struct tm day = {.tm_year = (int)(n / 1000000) - 1900,
                     .tm_mon = (int)(n / 10000 % 100) - 1,
                     .tm_mday = (int)(n / 100 % 100)};
    return (int64_t)timegm(&day) / 3600 + n % 100;
}

/// Hours since 1970 of a time, or of a number yyyymmddhh.
static int64_t hour_of(const dosi_column *column, size_t row) {
    if (column->type == DOSI_TYPE_TIME) return column->data.integer[row] / DOSI_HOUR_US;
    return hour_of_number((int64_t)dosi_column_real(column, row));
}

static reading *add_reading(int64_t hour, size_t station) {
    if (n_readings == n_room) {
        n_room = n_room ? 2 * n_room : 65536;
        readings = must(realloc(readings, n_room * sizeof *readings));
    }
    reading *r = &readings[n_readings++];
    r->hour = hour;
    r->station = station;
    for (size_t k = 0; k <= OWN; k++) r->values[k] = (double)NAN;
    return r;
}

static double clean(double value) {
    return value < 0 ? (double)NAN : value;
}

static void read_wide(const arguments *a, const dosi_table *table, const dosi_column *time) {
    size_t n_end = strlen(a->value);
    for (size_t c = 0; c < table->n_columns; c++) {
        const char *name = table->columns[c].name;
        size_t n = strlen(name);
        if (n < n_end || strcmp(name + n - n_end, a->value) != 0) continue;
        size_t station = station_of(name);
        for (size_t i = 0; i < table->n_rows; i++) {
            add_reading(hour_of(time, i), station)->values[0] =
                clean(dosi_column_real(&table->columns[c], i));
        }
    }
}

static void read_long(const arguments *a, const dosi_table *table, const dosi_column *time) {
    static const char *const any[] = {"station", "station_id", "loc", NULL};
    const dosi_column *columns[OWN + 1];
    const dosi_column *station = find(table, any);
    for (size_t k = 0; k <= a->n_own; k++) {
        const char *const name[] = {k ? a->own[k - 1] : a->value, NULL};
        columns[k] = find(table, name);
        if (!columns[k]) exit(2);
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        char name[64] = "";
        if (station && station->type == DOSI_TYPE_TEXT) {
            size_t n_bytes = 0;
            const char *text = dosi_column_bytes(station, i, &n_bytes);
            (void)snprintf(name, sizeof name, "%.*s", (int)n_bytes, text);
        } else if (station) {
            (void)snprintf(name, sizeof name, "%.0f", dosi_column_real(station, i));
        }
        if (a->only && !strstr(a->only, name)) continue;
        reading *r = add_reading(hour_of(time, i), station_of(name));
        for (size_t k = 0; k <= a->n_own; k++) {
            r->values[k] = clean(dosi_column_real(columns[k], i));
        }
    }
}

static void read_file(const arguments *a, const char *path) {
    static const char *const any[] = {"time", "mdate", "date", NULL};
    dosi_error err = {""};
    dosi_source_options options = {.zone_s = 0};
    dosi_source_result result = {0};
    check(dosi_source_read(path, &options, NULL, &result, &err), &err);
    const dosi_column *time = find(&result.table, any);
    if (!time) exit(2);
    if (a->value[0] == '_') {
        read_wide(a, &result.table, time);
    } else {
        read_long(a, &result.table, time);
    }
    dosi_source_result_clear(&result);
}

/// Temperature, wind as a vector and a speed, humidity and pressure of the panel's hours.
static void read_weather(const char *path, int64_t first, size_t n_hours, double *out) {
    static const char *const wanted[] = {"temperature_c", "wind_speed_ms", "wind_direction_deg",
                                         "humidity_pct", "pressure_hpa"};
    const dosi_column *columns[5];
    dosi_error err = {""};
    dosi_source_options options = {.recipe = "kma-asos"};
    dosi_source_result result = {0};
    check(dosi_source_read(path, &options, NULL, &result, &err), &err);
    const char *const name[] = {"time", NULL};
    const dosi_column *time = find(&result.table, name);
    for (size_t k = 0; k < 5; k++) {
        const char *const any[] = {wanted[k], NULL};
        columns[k] = find(&result.table, any);
        if (!columns[k] || !time) exit(2);
    }
    for (size_t i = 0; i < result.table.n_rows; i++) {
        int64_t t = hour_of(time, i) - first;
        if (t < 0 || t >= (int64_t)n_hours) continue;
        double speed = dosi_column_real(columns[1], i);
        double angle = dosi_column_real(columns[2], i) * acos(-1.0) / 180;
        const double values[WEATHER] = {dosi_column_real(columns[0], i),
                                        speed,
                                        speed * sin(angle),
                                        speed * cos(angle),
                                        dosi_column_real(columns[3], i),
                                        dosi_column_real(columns[4], i)};
        for (size_t k = 0; k < WEATHER; k++) out[k * n_hours + (size_t)t] = values[k];
    }
    dosi_source_result_clear(&result);
}

static void split(char *list, const char **out, size_t *n) {
    char *at = list;
    while (at && *n < OWN) {
        out[(*n)++] = at;
        at = strchr(at, ',');
        if (at) *at++ = '\0';
    }
}

/// An option that says which hours; false: another one.
static bool take_span(arguments *a, const char *name, const char *text) {
    if (strcmp(name, "--ahead") == 0) {
        a->n_ahead = (size_t)strtol(text, NULL, 10);
    } else if (strcmp(name, "--hours") == 0) {
        a->n_hours = (size_t)strtol(text, NULL, 10);
    } else if (strcmp(name, "--from") == 0) {
        a->from = hour_of_number(strtoll(text, NULL, 10));
    } else {
        return false;
    }
    return true;
}

static arguments parse(int argc, char **argv) {
    arguments a = {.n_threads = 1};
    const char **list = a.files;
    size_t *n = &a.n_files;
    for (int i = 1; i < argc; i++) {
        bool has_next = i + 1 < argc;
        if (strcmp(argv[i], "--own") == 0 && has_next) {
            split(argv[++i], a.own, &a.n_own);
        } else if (strcmp(argv[i], "--weather") == 0) {
            list = a.weather;
            n = &a.n_weather;
        } else if (strcmp(argv[i], "--threads") == 0 && has_next) {
            a.n_threads = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--share") == 0 && has_next) {
            a.share = strtod(argv[++i], NULL);
        } else if (strcmp(argv[i], "--stations") == 0 && has_next) {
            a.only = argv[++i];
        } else if (has_next && take_span(&a, argv[i], argv[i + 1])) {
            i++;
        } else if (strcmp(argv[i], "--all") == 0) {
            a.is_all = true;
        } else if (!a.value) {
            a.value = argv[i];
        } else if (*n < FILES) {
            list[(*n)++] = argv[i];
        }
    }
    if (!a.value || a.n_files == 0) {
        (void)fprintf(stderr, "usage: bench_forecast VALUE FILE... [--weather FILE...]\n");
        exit(2);
    }
    return a;
}

static void print_scores(const dosi_forecast_score *scores, bool is_all) {
    static const size_t shown[] = {1, 3, 6, 12, 24, 36, 48};
    size_t n = is_all ? HORIZONS : sizeof shown / sizeof *shown;
    (void)printf("   h       n    mae  /pers /yest /clim  rmse/pers  bias  cover  width   crps "
                 "crps/pers mae\n");
    for (size_t i = 0; i < n; i++) {
        size_t h = is_all ? i + 1 : shown[i];
        const dosi_forecast_score *s = &scores[h - 1];
        (void)printf("%4zu %7zu %6.3g  %.3f %.3f %.3f  %.3f  %7.2g  %.3f %6.3g %6.3g %.3f\n", h,
                     s->n, s->mae, s->mae / s->mae_persistence, s->mae / s->mae_yesterday,
                     s->mae / s->mae_climatology, s->rmse / s->rmse_persistence, s->bias,
                     s->coverage, s->width, s->crps, s->crps / s->mae_persistence);
    }
}

/// Readings of the hours from `first` on, own columns behind the values.
static void fill_values(int64_t first, size_t n_hours, size_t n_own, double *value) {
    size_t n = n_hours * n_stations;
    for (size_t i = 0; i < n_readings; i++) {
        int64_t t = readings[i].hour - first;
        if (t < 0 || t >= (int64_t)n_hours) continue;
        size_t at = readings[i].station * n_hours + (size_t)t;
        for (size_t k = 0; k <= n_own; k++) value[k * n + at] = readings[i].values[k];
    }
}

int main(int argc, char **argv) {
    arguments a = parse(argc, argv);
    for (size_t i = 0; i < a.n_files; i++) read_file(&a, a.files[i]);
    int64_t first = INT64_MAX;
    int64_t last = 0;
    for (size_t i = 0; i < n_readings; i++) {
        if (readings[i].hour < first) first = readings[i].hour;
        if (readings[i].hour > last) last = readings[i].hour;
    }
    if (n_readings == 0) return 2;
    if (a.from > first) first = a.from;
    if (last < first) return 2;
    size_t n_hours = (size_t)(last - first) + 1;
    if (a.n_hours && a.n_hours < n_hours) n_hours = a.n_hours;
    size_t n_known = n_hours + a.n_ahead; // of the weather
    size_t n = n_hours * n_stations;
    double *value = must(malloc((a.n_own + 1) * n * sizeof *value));
    double *weather = must(malloc(WEATHER * n_known * sizeof *weather));
    for (size_t i = 0; i < (a.n_own + 1) * n; i++) value[i] = (double)NAN;
    for (size_t i = 0; i < WEATHER * n_known; i++) weather[i] = (double)NAN;
    fill_values(first, n_hours, a.n_own, value);
    for (size_t i = 0; i < a.n_weather; i++)
        read_weather(a.weather[i], first, n_known, weather);
    const dosi_forecast_panel panel = {.n_hours = n_hours,
                                       .n_stations = n_stations,
                                       .first_hour = first,
                                       .value = value,
                                       .n_own = a.n_own,
                                       .own = value + n,
                                       .n_common = a.n_weather ? WEATHER : 0,
                                       .n_ahead = a.n_weather ? a.n_ahead : 0,
                                       .common = weather};
    const dosi_forecast_options options = {.n_horizons = HORIZONS, .test_share = a.share};
    const dosi_run run = {.n_threads = a.n_threads};
    dosi_error err = {""};
    dosi_forecast_hour *out = must(calloc(n_stations * HORIZONS, sizeof *out));
    dosi_forecast_score *scores = must(calloc((n_stations + 1) * HORIZONS, sizeof *scores));
    double wall = now_s(CLOCK_MONOTONIC);
    double cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    check(dosi_forecast(&panel, &options, &run, out, scores, &err), &err);
    (void)printf("%s: %zu stations, %zu hours; %.2f s wall, %.2f s cpu\n", a.value, n_stations,
                 n_hours, now_s(CLOCK_MONOTONIC) - wall, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    print_scores(scores + n_stations * HORIZONS, a.is_all);
    free(scores);
    free(out);
    free(weather);
    free(value);
    free(readings);
    return 0;
}
