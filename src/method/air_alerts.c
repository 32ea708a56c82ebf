// air.alerts: when Korea's advisories and warnings would have been issued and released.

#include "dosi/alert.h"
#include "method/air_columns.h"
#include "method/station_hours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_column observation_columns[] = {METHOD_AIR_COLUMNS};

static const dosi_method_column station_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"*", DOSI_TYPE_TEXT, NULL, true, {"권역 열 (zone 매개변수)", "The zone's column"}},
};

static const dosi_method_column standing_columns[] = {
    {"zone", DOSI_TYPE_TEXT, NULL, false, {"권역", "Zone"}},
    {"pollutant", DOSI_TYPE_TEXT, NULL, false, {"항목", "Pollutant, as its column is named"}},
    {"level", DOSI_TYPE_TEXT, NULL, false, {"단계", "Level"}},
    {"issued", DOSI_TYPE_TIME, NULL, false, {"발령", "Issued at the end of this hour"}},
    {"peak", DOSI_TYPE_REAL, NULL, true, {"최고 농도", "Highest value so far"}},
    {"peak_time", DOSI_TYPE_TIME, NULL, true, {"최고 시각", "Hour of the highest value"}},
};

static const dosi_method_table inputs[] = {
    {"observations",
     {"시간별 측정값", "Hourly observations"},
     false,
     observation_columns,
     sizeof observation_columns / sizeof observation_columns[0]},
    {"stations", {"측정소와 권역", "Stations with their zones"}, true, station_columns, 2},
    {"standing",
     {"측정값이 시작될 때 발령 중이던 경보", "Alerts that stood when the observations begin"},
     true,
     standing_columns,
     sizeof standing_columns / sizeof standing_columns[0]},
};

static const dosi_method_parameter parameters[] = {
    {"zone",
     DOSI_PARAMETER_TEXT,
     NULL,
     "zone",
     0,
     0,
     NULL,
     {"측정소 표의 권역 열; 없으면 도시 전체를 한 권역으로",
      "Column of the stations that holds the zone; without it the city is one zone"}},
    {"share",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.5",
     0.01,
     1,
     NULL,
     {"권역 평균에 필요한 측정소 비율", "Share of a zone's stations that its mean needs"}},
    METHOD_AIR_REJECT,
};

enum {
    OUT_ZONE,
    OUT_POLLUTANT,
    OUT_LEVEL,
    OUT_ISSUED,
    OUT_RELEASED,
    OUT_ENDED_BY,
    OUT_PEAK,
    OUT_PEAK_TIME,
    OUT_HOURS,
    OUT_RULE
};

static const dosi_method_column alert_columns[] = {
    {"zone", DOSI_TYPE_TEXT, NULL, false, {"권역", "Zone"}},
    {"pollutant", DOSI_TYPE_TEXT, NULL, false, {"항목", "Pollutant, as its column is named"}},
    {"level",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"단계: advisory 주의보, warning 경보, grave-warning 중대경보",
      "Level: advisory, warning, grave-warning"}},
    {"issued", DOSI_TYPE_TIME, NULL, false, {"발령", "Issued at the end of this hour"}},
    {"released",
     DOSI_TYPE_TIME,
     NULL,
     false,
     {"해제; 없으면 발령 중", "Ended; missing: stands"}},
    {"ended_by",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"released 해제, raised 상향, lowered 하향", "released, raised, lowered"}},
    {"peak", DOSI_TYPE_REAL, NULL, false, {"최고 농도", "Highest value of the zone"}},
    {"peak_time", DOSI_TYPE_TIME, NULL, false, {"최고 시각", "Hour of the highest value"}},
    {"hours", DOSI_TYPE_INT, "h", false, {"지속 시간", "Hours it stood"}},
    {"rule", DOSI_TYPE_TEXT, NULL, false, {"적용한 기준", "Version of the rule"}},
};

static const dosi_method_table outputs[] = {
    {"alerts",
     {"경보 이력", "History of alerts"},
     false,
     alert_columns,
     sizeof alert_columns / sizeof alert_columns[0]},
};

/// A run.
typedef struct work {
    const dosi_method_call *call;
    method_hours hours;
    size_t n_zones;
    char **zones;      ///< (n_zones) names, sorted.
    uint32_t *zone_of; ///< (stations) UINT32_MAX: in no zone.
    double share;
    double *series; ///< (stations x hours) of the pollutant at hand.
    double *held;   ///< (stations)
} work;

/// A zone and pollutant on the way through the hours, and the alert that stands.
typedef struct standing {
    size_t zone;
    dosi_alert_state state;
    dosi_alert_level level;
    const dosi_alert_rule *rule;
    int64_t issued, peak_time;
    double peak;
} standing;

static dosi_status put_alert(
    const work *w, const standing *alert, int64_t end, const char *ended_by, dosi_error *err) {
    dosi_table *out = &w->call->outputs[0];
    size_t row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(dosi_table_set_text(out, OUT_ZONE, row, w->zones[alert->zone]));
    DOSI_TRY(dosi_table_set_text(out, OUT_POLLUTANT, row,
                                 dosi_pollutant_column(alert->rule->pollutant)));
    DOSI_TRY(dosi_table_set_text(out, OUT_LEVEL, row, dosi_alert_level_name(alert->level)));
    DOSI_TRY(dosi_table_set_text(out, OUT_RULE, row, alert->rule->id));
    out->columns[OUT_ISSUED].data.integer[row] = alert->issued;
    out->columns[OUT_PEAK].data.real[row] = alert->peak;
    out->columns[OUT_PEAK_TIME].data.integer[row] = alert->peak_time;
    out->columns[OUT_HOURS].data.integer[row] = (end - alert->issued) / DOSI_HOUR_US;
    if (!ended_by) return DOSI_OK;
    out->columns[OUT_RELEASED].data.integer[row] = end;
    return dosi_table_set_text(out, OUT_ENDED_BY, row, ended_by);
}

/// The zone's value in an hour.
static double zone_value(const work *w, const dosi_alert_rule *rule, size_t zone, size_t hour) {
    size_t n = 0;
    for (size_t s = 0; s < w->hours.stations.n; s++) {
        if (w->zone_of[s] == zone) w->held[n++] = w->series[s * w->hours.n_hours + hour];
    }
    return dosi_alert_zone_value(rule, w->held, n, w->share);
}

/// Takes one hour: ends the alert that stands and begins the next where the level changes.
static dosi_status take_hour(
    const work *w, const dosi_alert_rule *rule, size_t hour, standing *alert, dosi_error *err) {
    int64_t now = method_hours_time(&w->hours, hour);
    double value = zone_value(w, rule, alert->zone, hour);
    dosi_alert_level before = alert->level;
    dosi_alert_level level = dosi_alert_step(rule, &alert->state, value);
    if (level != before && before != DOSI_ALERT_NONE) {
        const char *ended_by = level == DOSI_ALERT_NONE ? "released"
                               : level > before         ? "raised"
                                                        : "lowered";
        DOSI_TRY(put_alert(w, alert, now, ended_by, err));
    }
    if (level != before) {
        alert->level = level;
        alert->rule = rule;
        alert->issued = now;
        alert->peak = -INFINITY;
    }
    if (level != DOSI_ALERT_NONE && value > alert->peak) {
        alert->peak = value;
        alert->peak_time = now;
    }
    return DOSI_OK;
}

/// Whether a cell is this text.
static bool is_text(const dosi_table *t, const char *column, size_t row, const char *text) {
    size_t n = 0;
    const char *found = dosi_column_bytes(&t->columns[dosi_table_find(t, column)], row, &n);
    return found && n == strlen(text) && memcmp(found, text, n) == 0;
}

static dosi_alert_level level_of(const dosi_table *t, size_t row) {
    for (int i = DOSI_ALERT_ADVISORY; i < DOSI_ALERT_LEVELS; i++) {
        if (is_text(t, "level", row, dosi_alert_level_name((dosi_alert_level)i))) {
            return (dosi_alert_level)i;
        }
    }
    return DOSI_ALERT_NONE;
}

/// Takes over the newest alert of the zone and pollutant that stood when the hours begin. One
/// of the first hour itself counts only where a single hour could not have issued it.
static void take_standing(const work *w, int pollutant, standing *alert) {
    const dosi_table *t = w->call->inputs[2];
    int64_t first = method_hours_time(&w->hours, 0);
    for (size_t row = 0; t && row < t->n_rows; row++) {
        int64_t issued = t->columns[dosi_table_find(t, "issued")].data.integer[row];
        const dosi_alert_rule *rule = dosi_alert_rule_at((dosi_pollutant)pollutant, issued);
        if (issued == DOSI_TIME_MISSING || !rule || issued > first ||
            (issued == first && rule->hours < 2) || (alert->rule && issued <= alert->issued) ||
            !is_text(t, "zone", row, w->zones[alert->zone]) ||
            !is_text(t, "pollutant", row, dosi_pollutant_column((dosi_pollutant)pollutant))) {
            continue;
        }
        size_t peak = dosi_table_find(t, "peak"), at = dosi_table_find(t, "peak_time");
        alert->level = alert->state.level = level_of(t, row);
        alert->rule = rule;
        alert->issued = alert->peak_time = issued;
        alert->peak = -INFINITY;
        if (peak == SIZE_MAX || isnan(t->columns[peak].data.real[row])) continue;
        alert->peak = t->columns[peak].data.real[row];
        if (at != SIZE_MAX) alert->peak_time = t->columns[at].data.integer[row];
    }
}

/// One zone and pollutant over all hours.
static dosi_status run_zone(const work *w, size_t zone, int pollutant, dosi_error *err) {
    standing alert = {.zone = zone};
    size_t n = w->hours.n_hours;
    if (n > 0) take_standing(w, pollutant, &alert);
    for (size_t h = 0; h < n; h++) {
        const dosi_alert_rule *rule =
            dosi_alert_rule_at((dosi_pollutant)pollutant, method_hours_time(&w->hours, h));
        if (rule) DOSI_TRY(take_hour(w, rule, h, &alert, err));
    }
    if (alert.level == DOSI_ALERT_NONE) return DOSI_OK;
    return put_alert(w, &alert, method_hours_time(&w->hours, n - 1), NULL, err);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/// The zone's name of a station, allocated; NULL: none, or no memory (`*status`).
static char *zone_name(const work *w,
                       const dosi_column *name,
                       const dosi_column *zone,
                       size_t station,
                       dosi_status *status) {
    size_t n = 0, m = 0;
    const char *wanted =
        dosi_column_bytes(w->hours.station, w->hours.stations.first_row[station], &n);
    for (size_t row = 0; row < w->call->inputs[1]->n_rows; row++) {
        const char *found = dosi_column_bytes(name, row, &m);
        if (!found || m != n || memcmp(found, wanted, n) != 0) continue;
        const char *bytes = dosi_column_bytes(zone, row, &m);
        char *copy = bytes ? strndup(bytes, m) : NULL;
        if (bytes && !copy) *status = DOSI_NO_MEMORY;
        return copy;
    }
    return NULL;
}

/// Sorts the zones' names, drops repeats, and numbers the stations' zones by them.
/// @param names  (stations) taken over.
static void number_zones(work *w, char **names) {
    size_t n = w->hours.stations.n;
    for (size_t s = 0; s < n; s++) {
        if (names[s]) w->zones[w->n_zones++] = names[s];
    }
    qsort(w->zones, w->n_zones, sizeof *w->zones, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < w->n_zones; i++) {
        if (kept == 0 || strcmp(w->zones[kept - 1], w->zones[i]) != 0) {
            w->zones[kept++] = w->zones[i];
        }
    }
    w->n_zones = kept;
    for (size_t s = 0; s < n; s++) {
        w->zone_of[s] = UINT32_MAX;
        for (size_t z = 0; z < kept && names[s]; z++) {
            if (strcmp(names[s], w->zones[z]) == 0) w->zone_of[s] = (uint32_t)z;
        }
    }
}

/// Zones from the stations' column. @param names (stations) out, each allocated or NULL.
static dosi_status name_zones(work *w, char **names, dosi_error *err) {
    const char *column = dosi_call_value(w->call, "zone")->text;
    const dosi_table *stations = w->call->inputs[1];
    const dosi_column *name = NULL, *zone = NULL;
    dosi_status status = DOSI_OK;
    bool has_zones = stations && dosi_table_find(stations, column) != SIZE_MAX;
    if (has_zones) {
        DOSI_TRY(dosi_table_get(stations, "station", DOSI_TYPE_TEXT, &name, err));
        DOSI_TRY(dosi_table_get(stations, column, DOSI_TYPE_TEXT, &zone, err));
    } else if (w->call->report) {
        dosi_text_puts(w->call->report, "no zones: the city is one zone, \"all\"\n");
    }
    for (size_t s = 0; s < w->hours.stations.n && status == DOSI_OK; s++) {
        names[s] = has_zones ? zone_name(w, name, zone, s, &status) : strdup("all");
        if (!has_zones && !names[s]) status = DOSI_NO_MEMORY;
    }
    if (status != DOSI_OK) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for zones");
    number_zones(w, names);
    return DOSI_OK;
}

static dosi_status run_pollutants(work *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    int64_t reject = dosi_call_value(call, "reject")->integer;
    for (int p = 0; p < DOSI_AIR_COUNT; p++) {
        method_values values;
        DOSI_TRY(dosi_run_check(call->run, err));
        DOSI_TRY(method_values_find(call->inputs[0], dosi_pollutant_column((dosi_pollutant)p),
                                    reject, &values, err));
        if (!values.value || !dosi_alert_rule_at((dosi_pollutant)p, INT64_MAX)) continue;
        for (size_t s = 0; s < w->hours.stations.n; s++) {
            method_hours_fill(&w->hours, &values, s, w->series + s * w->hours.n_hours);
        }
        for (size_t z = 0; z < w->n_zones; z++) DOSI_TRY(run_zone(w, z, p, err));
    }
    return DOSI_OK;
}

static dosi_status run_all(work *w, char **names, dosi_error *err) {
    DOSI_TRY(name_zones(w, names, err));
    DOSI_TRY(method_open_output(w->call, 0, 0, err));
    DOSI_TRY(run_pollutants(w, err));
    if (w->call->report) {
        dosi_text_printf(w->call->report, "%zu alerts in %zu zones\n",
                         w->call->outputs[0].n_rows, w->n_zones);
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    work w = {.call = call, .share = dosi_call_value(call, "share")->real};
    dosi_status status = method_hours_open(call->inputs[0], 0, &w.hours, err);
    size_t n = status == DOSI_OK ? w.hours.stations.n : 0;
    char **names = calloc(n + 1, sizeof *names);
    w.zones = calloc(n + 1, sizeof *w.zones);
    w.zone_of = calloc(n + 1, sizeof *w.zone_of);
    w.held = calloc(n + 1, sizeof *w.held);
    w.series = calloc(n * w.hours.n_hours + 1, sizeof *w.series);
    if (!names || !w.zones || !w.zone_of || !w.held || !w.series) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu stations", n);
    } else if (status == DOSI_OK) {
        status = run_all(&w, names, err);
    }
    for (size_t s = 0; s < n && names; s++) free(names[s]);
    free((void *)names);
    free((void *)w.zones);
    free(w.zone_of);
    free(w.held);
    free(w.series);
    method_hours_clear(&w.hours);
    return status;
}

const dosi_method dosi_method_air_alerts = {
    .id = "air.alerts",
    .version = 1,
    .title = {"대기오염 경보 이력", "Air-pollution alerts"},
    .about =
        {"미세먼지, 초미세먼지, 오존의 주의보와 경보(오존은 중대경보)를 권역별로 판정합니다. "
         "미세먼지는 권역 평균이 2시간 이상 기준을 넘을 때, 오존은 권역의 한 측정소라도 넘을 "
         "때 "
         "발령하고, 해제 기준 아래로 내려가면 한 단계 낮추거나 해제합니다. 결측 시간은 단계를 "
         "바꾸지 않으며 지속 시간을 끊습니다.",
         "Korea's advisories and warnings of PM10, PM2.5 and ozone by zone: particles when the "
         "zone's mean stays at or above the threshold for 2 hours, ozone when any station of "
         "the "
         "zone reaches it; lowered or released below the release threshold. A missing hour "
         "changes no level and ends the count of hours. Authorities also weigh the weather: "
         "this "
         "is what the thresholds alone give."},
    .citation =
        "Enforcement Rule of the Clean Air Conservation Act (Korea), article 14 and annex 7",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
