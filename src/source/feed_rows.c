// Rows of a feed's replies become a table; air quality gets canonical columns.

#include "source/feed.h"
#include "source/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/// A measured value: what the APIs call it, and what we do.
typedef struct measure {
    const char *airkorea, *seoul;
    const char *name, *unit;
    const char *meaning_ko, *meaning_en;
} measure;

static const measure measures[] = {
    {"so2Value", "SO2", "so2_ppm", "ppm", "아황산가스", "sulphur dioxide"},
    {"coValue", "CO", "co_ppm", "ppm", "일산화탄소", "carbon monoxide"},
    {"o3Value", "O3", "o3_ppm", "ppm", "오존", "ozone"},
    {"no2Value", "NO2", "no2_ppm", "ppm", "이산화질소", "nitrogen dioxide"},
    {"pm10Value", "PM10", "pm10_ugm3", "ug/m3", "미세먼지", "PM10"},
    {"pm25Value", "PM25", "pm25_ugm3", "ug/m3", "초미세먼지", "PM2.5"},
};
enum { N_MEASURES = sizeof measures / sizeof *measures };

/// How a service names station, time and values.
typedef struct dialect {
    const char *station, *time;
    bool is_seoul;
} dialect;

/// Text of a member that is a string or a number; "" when it is neither.
static const char *text_of(const json_t *row, const char *name, char *out, size_t n_out) {
    const json_t *value = json_object_get(row, name);
    dosi_text number = {0};
    (void)snprintf(out, n_out, "%s", json_is_string(value) ? json_string_value(value) : "");
    if (json_is_number(value)) {
        dosi_text_put_real(&number, json_number_value(value));
        (void)snprintf(out, n_out, "%s", dosi_text_string(&number));
    }
    dosi_text_destroy(&number);
    return out;
}

/// Reads "2020-11-25 24:00", "202011251300" or "2020112513": its digits in order are the
/// fields.
static bool read_time(const char *text, dosi_time *out) {
    int digits[12], n = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9') continue;
        if (n == 12) return false;
        digits[n++] = *c - '0';
    }
    if (n != 10 && n != 12) return false;
    dosi_civil civil = {
        .year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3],
        .month = digits[4] * 10 + digits[5],
        .day = digits[6] * 10 + digits[7],
        .hour = digits[8] * 10 + digits[9],
        .minute = n == 12 ? digits[10] * 10 + digits[11] : 0,
    };
    return dosi_time_from_civil(&civil, out, NULL) == DOSI_OK;
}

/// A measured value; "-", "", null and "점검중" are missing, as the stations mean them.
static double read_value(const json_t *row, const char *name) {
    char text[64];
    double value = (double)NAN;
    (void)text_of(row, name, text, sizeof text);
    if (dosi_parse_real(text, strlen(text), &value) != DOSI_OK) return (double)NAN;
    return value;
}

/// Which names the rows use; false when they are no air quality.
static bool find_dialect(const json_t *row, dialect *out) {
    static const dialect known[] = {{"stationName", "dataTime", false},
                                    {"", "dataTime", false},
                                    {"MSRSTE_NM", "MSRDT", true},
                                    {"MSRSTN_NM", "MSRMT_DT", true}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool has_station = !known[i].station[0] || json_object_get(row, known[i].station);
        const char *value = known[i].is_seoul ? measures[5].seoul : measures[5].airkorea;
        if (has_station && json_object_get(row, known[i].time) && json_object_get(row, value)) {
            *out = known[i];
            return true;
        }
    }
    return false;
}

/// The station that was asked for, where rows do not repeat it ("stationName=종로구&...").
static void asked_station(const dosi_feed *feed, char *out, size_t n_out) {
    const char *at = feed->parameters ? strstr(feed->parameters, "stationName=") : NULL;
    out[0] = '\0';
    if (!at) return;
    at += strlen("stationName=");
    (void)snprintf(out, n_out, "%.*s", (int)strcspn(at, "&"), at);
}

/// Makes the canonical columns.
static dosi_status add_columns(dosi_table *table, dosi_error *err) {
    size_t at = 0;
    DOSI_TRY(dosi_table_add_column(table, "station", DOSI_TYPE_TEXT, &at, err));
    DOSI_TRY(dosi_table_describe(table, at, NULL, "측정소", "station"));
    DOSI_TRY(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, &at, err));
    DOSI_TRY(dosi_table_describe(table, at, NULL, "측정 시간의 끝", "end of the hour"));
    for (size_t i = 0; i < N_MEASURES; i++) {
        const measure *m = &measures[i];
        DOSI_TRY(dosi_table_add_column(table, m->name, DOSI_TYPE_REAL, &at, err));
        DOSI_TRY(dosi_table_describe(table, at, m->unit, m->meaning_ko, m->meaning_en));
    }
    return DOSI_OK;
}

static dosi_status add_row(dosi_table *table,
                           const json_t *row,
                           const dialect *names,
                           const char *asked,
                           dosi_feed_report *report,
                           dosi_error *err) {
    char station[256], time_text[64];
    dosi_time time = 0;
    (void)text_of(row, names->station, station, sizeof station);
    if (!station[0]) (void)snprintf(station, sizeof station, "%s", asked);
    if (!station[0] ||
        !read_time(text_of(row, names->time, time_text, sizeof time_text), &time)) {
        report->n_damaged++;
        return DOSI_OK;
    }
    size_t at = table->n_rows;
    DOSI_TRY(dosi_table_add_rows(table, 1, err));
    DOSI_TRY(dosi_table_set_text(table, 0, at, station));
    table->columns[1].data.integer[at] = time;
    for (size_t i = 0; i < N_MEASURES; i++) {
        const char *name = names->is_seoul ? measures[i].seoul : measures[i].airkorea;
        table->columns[2 + i].data.real[at] = read_value(row, name);
    }
    return DOSI_OK;
}

static dosi_status make_air(const dosi_feed *feed,
                            const json_t *rows,
                            const dialect *names,
                            dosi_table *out,
                            dosi_feed_report *report,
                            dosi_error *err) {
    char asked[256];
    size_t i = 0;
    const json_t *row = NULL;
    asked_station(feed, asked, sizeof asked);
    DOSI_TRY(add_columns(out, err));
    json_array_foreach(rows, i, row) {
        DOSI_TRY(add_row(out, row, names, asked, report, err));
    }
    return DOSI_OK;
}

/// Makes a table of any records, typed as those of a file are.
static dosi_status make_any(const json_t *rows, dosi_table *out, dosi_error *err) {
    char *text = json_dumps(rows, JSON_COMPACT);
    if (!text) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    dosi_source_result result = {0};
    dosi_source_file file = {
        .name = "reply.json", .bytes = text, .n_bytes = (int64_t)strlen(text)};
    dosi_status status = dosi_source_read_file(&file, NULL, NULL, &result, err);
    if (status == DOSI_OK) {
        *out = result.table;
        result.table = (dosi_table){0};
    }
    dosi_source_result_clear(&result);
    free(text);
    return status;
}

dosi_status dosi_feed_make_table(const dosi_feed *feed,
                                 const json_t *rows,
                                 dosi_table *out,
                                 dosi_feed_report *report,
                                 dosi_error *err) {
    assert(feed && rows && out && report);
    dosi_table made = {0};
    dialect names;
    dosi_status status = DOSI_OK;
    if (json_array_size(rows) > 0) {
        status = find_dialect(json_array_get(rows, 0), &names)
                     ? make_air(feed, rows, &names, &made, report, err)
                     : make_any(rows, &made, err);
    }
    if (status != DOSI_OK) {
        dosi_table_destroy(&made);
        return status;
    }
    report->n_rows = (int64_t)made.n_rows;
    dosi_table_destroy(out);
    *out = made;
    return DOSI_OK;
}
