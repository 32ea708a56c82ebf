// Looks at watched datasets: which alerts are new, over, or never were.

#include "monitor/state.h"

#include "dosi/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 16, KEY_BYTES = 512 };

/// One watch that is looked at.
typedef struct look {
    dosi_gate *gate;
    json_t *state;
    const dosi_run *run;
    dosi_monitor_report *report;
    const dosi_watch *watch;
    bool is_first;           ///< The watch was never looked at.
    int64_t last_us;         ///< Last hour that was looked at before.
    int64_t version;         ///< Of the dataset.
    const dosi_table *table; ///< What air.alerts gave.
} look;

static int64_t integer_of(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/// The text of a cell, in `out`.
static void cell_text(
    const dosi_table *t, const char *column, size_t row, char *out, size_t n) {
    size_t bytes = 0, i = dosi_table_find(t, column);
    const char *found = dosi_column_bytes(&t->columns[i], row, &bytes);
    (void)snprintf(out, n, "%.*s", found ? (int)bytes : 0, found ? found : "");
}

static int64_t cell_time(const dosi_table *t, const char *column, size_t row) {
    return t->columns[dosi_table_find(t, column)].data.integer[row];
}

/// Puts a message for every webhook that wants it into the outbox; for one whose file is
/// damaged as well: it may be mended before they are given up.
static dosi_status queue_for(void *context, const dosi_hook *hook, dosi_error *err) {
    const struct queueing {
        look *l;
        json_t *event;
    } *q = context;
    (void)err;
    q->l->report->n_errors += hook->is_damaged ? 1 : 0;
    if (hook->watch[0] && strcmp(hook->watch, q->l->watch->name) != 0) return DOSI_OK;
    json_t *message =
        json_pack("{s:s, s:I, s:i, s:O}", "hook", hook->name, "due_us",
                  (json_int_t)dosi_time_now_utc_us(), "tries", 0, "event", q->event);
    (void)json_array_append_new(json_object_get(q->l->state, "outbox"), message);
    return DOSI_OK;
}

/// Tells of a change: an event for the server's streams and messages for the webhooks.
static void tell(look *l, json_t *alert, const char *change) {
    int64_t id = integer_of(l->state, "next");
    (void)json_object_set_new(l->state, "next", json_integer(id + 1));
    json_t *copy = json_deep_copy(alert);
    json_t *event = json_pack("{s:I, s:s, s:I, s:o}", "id", (json_int_t)id, "change", change,
                              "at_utc_us", (json_int_t)dosi_time_now_utc_us(), "alert", copy);
    struct {
        look *l;
        json_t *event;
    } queueing = {l, event};
    dosi_error err = {""};
    (void)json_array_append(json_object_get(l->state, "events"), event);
    if (dosi_hook_each(l->gate, queue_for, &queueing, &err) != DOSI_OK) l->report->n_errors++;
    json_decref(event);
    l->report->n_events++;
}

/// The alert of the state with the same watch, zone, pollutant, level and hour of issue.
static json_t *find_alert(const look *l, const json_t *wanted) {
    static const char *const texts[] = {"watch", "zone", "pollutant", "level"};
    json_t *alerts = json_object_get(l->state, "alerts");
    for (size_t i = json_array_size(alerts); i-- > 0;) {
        json_t *alert = json_array_get(alerts, i);
        bool is_same = integer_of(alert, "issued_us") == integer_of(wanted, "issued_us");
        for (size_t k = 0; k < 4 && is_same; k++) {
            is_same = strcmp(text_of(alert, texts[k]), text_of(wanted, texts[k])) == 0;
        }
        if (is_same) return alert;
    }
    return NULL;
}

/// A row of the history as the state has it.
static json_t *alert_of_row(const look *l, size_t row) {
    char zone[KEY_BYTES], pollutant[64], level[64], ended_by[64], rule[64];
    const dosi_table *t = l->table;
    cell_text(t, "zone", row, zone, sizeof zone);
    cell_text(t, "pollutant", row, pollutant, sizeof pollutant);
    cell_text(t, "level", row, level, sizeof level);
    cell_text(t, "ended_by", row, ended_by, sizeof ended_by);
    cell_text(t, "rule", row, rule, sizeof rule);
    int64_t released = cell_time(t, "released", row);
    json_t *alert =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:I}", "watch",
                  l->watch->name, "dataset", l->watch->reference, "zone", zone, "pollutant",
                  pollutant, "level", level, "ended_by", ended_by, "rule", rule, "issued_us",
                  (json_int_t)cell_time(t, "issued", row), "peak_us",
                  (json_int_t)cell_time(t, "peak_time", row), "peak",
                  t->columns[dosi_table_find(t, "peak")].data.real[row], "version",
                  (json_int_t)l->version);
    (void)json_object_set_new(alert, "released_us",
                              released == DOSI_MISSING_INT ? json_null()
                                                           : json_integer(released));
    return alert;
}

/// Takes one row of the history over: new, over now, or known.
static void take_row(look *l, size_t row) {
    json_t *now = alert_of_row(l, row);
    json_t *known = now ? find_alert(l, now) : NULL;
    bool stands = json_is_null(json_object_get(now, "released_us"));
    if (!known && !stands &&
        integer_of(now, "issued_us") <= integer_of(l->state, "forgotten_us")) {
        json_decref(now); // over, and too old to be kept
        return;
    }
    if (!known) {
        // What began and ended before the watch, or is a correction of the past, is kept but
        // not told.
        bool is_news = stands || (!l->is_first && integer_of(now, "issued_us") > l->last_us);
        int64_t id = integer_of(l->state, "next");
        (void)json_object_set_new(l->state, "next", json_integer(id + 1));
        (void)json_object_set_new(now, "id", json_integer(id));
        (void)json_array_append(json_object_get(l->state, "alerts"), now);
        if (is_news) tell(l, now, "issued");
        if (is_news && !stands) tell(l, now, text_of(now, "ended_by"));
    } else {
        bool stood = json_is_null(json_object_get(known, "released_us"));
        (void)json_object_update(known, now);
        if (stood && !stands) tell(l, known, text_of(now, "ended_by"));
    }
    json_decref(now);
}

/// Whether a row of the history is this alert.
static bool is_in_table(const look *l, const json_t *alert) {
    for (size_t row = 0; row < l->table->n_rows; row++) {
        char zone[KEY_BYTES], pollutant[64], level[64];
        if (cell_time(l->table, "issued", row) != integer_of(alert, "issued_us")) continue;
        cell_text(l->table, "zone", row, zone, sizeof zone);
        cell_text(l->table, "pollutant", row, pollutant, sizeof pollutant);
        cell_text(l->table, "level", row, level, sizeof level);
        if (strcmp(zone, text_of(alert, "zone")) == 0 &&
            strcmp(pollutant, text_of(alert, "pollutant")) == 0 &&
            strcmp(level, text_of(alert, "level")) == 0) {
            return true;
        }
    }
    return false;
}

/// Ends alerts that stand but that corrected data no longer give.
static void withdraw(look *l, int64_t last_us) {
    json_t *alerts = json_object_get(l->state, "alerts");
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        json_t *alert = json_array_get(alerts, i);
        if (strcmp(text_of(alert, "watch"), l->watch->name) != 0 ||
            !json_is_null(json_object_get(alert, "released_us")) || is_in_table(l, alert)) {
            continue;
        }
        (void)json_object_set_new(alert, "released_us", json_integer(last_us));
        (void)json_object_set_new(alert, "ended_by", json_string("withdrawn"));
        tell(l, alert, "withdrawn");
    }
}

static int64_t last_hour(const dosi_table *t) {
    size_t i = dosi_table_find(t, "time");
    int64_t last = 0;
    for (size_t row = 0; i != SIZE_MAX && row < t->n_rows; row++) {
        int64_t time = t->columns[i].data.integer[row];
        if (time != DOSI_TIME_MISSING && time > last) last = time;
    }
    return last;
}

static int64_t first_hour(const dosi_table *t) {
    size_t i = dosi_table_find(t, "time");
    int64_t first = INT64_MAX;
    for (size_t row = 0; i != SIZE_MAX && row < t->n_rows; row++) {
        int64_t time = t->columns[i].data.integer[row];
        if (time != DOSI_TIME_MISSING && time < first) first = time;
    }
    return first;
}

/// Adds a known alert to the table of those that stood when the data begin.
static dosi_status add_standing(const json_t *alert, dosi_table *out, dosi_error *err) {
    static const char *const texts[] = {"zone", "pollutant", "level"};
    static const char *const times[] = {"issued_us", "peak_us"};
    size_t row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    for (size_t i = 0; i < 3; i++) {
        DOSI_TRY(dosi_table_set_text(out, i, row, text_of(alert, texts[i])));
    }
    for (size_t i = 0; i < 2; i++) {
        out->columns[3 + i].data.integer[row] = integer_of(alert, times[i]);
    }
    out->columns[5].data.real[row] = json_number_value(json_object_get(alert, "peak"));
    return DOSI_OK;
}

/// The known alerts of the watch that stood when the data begin: a dataset that keeps only its
/// last days no longer shows why they were issued.
static dosi_status list_standing(const look *l,
                                 int64_t first_us,
                                 dosi_table *out,
                                 dosi_error *err) {
    static const char *const names[] = {"zone",   "pollutant", "level",
                                        "issued", "peak_time", "peak"};
    static const dosi_type types[] = {DOSI_TYPE_TEXT, DOSI_TYPE_TEXT, DOSI_TYPE_TEXT,
                                      DOSI_TYPE_TIME, DOSI_TYPE_TIME, DOSI_TYPE_REAL};
    const json_t *alerts = json_object_get(l->state, "alerts");
    for (size_t i = 0; i < 6; i++) {
        DOSI_TRY(dosi_table_add_column(out, names[i], types[i], NULL, err));
    }
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *alert = json_array_get(alerts, i);
        const json_t *released = json_object_get(alert, "released_us");
        if (strcmp(text_of(alert, "watch"), l->watch->name) != 0 ||
            strcmp(text_of(alert, "dataset"), l->watch->reference) != 0 ||
            strcmp(text_of(alert, "ended_by"), "withdrawn") == 0 ||
            integer_of(alert, "issued_us") > first_us ||
            (json_is_integer(released) && json_integer_value(released) < first_us)) {
            continue;
        }
        DOSI_TRY(add_standing(alert, out, err));
    }
    return DOSI_OK;
}

/// Runs air.alerts on what was read.
static dosi_status alerts_of(const look *l,
                             const dosi_table *observations,
                             const dosi_table *stations,
                             dosi_table *out,
                             dosi_error *err) {
    dosi_table standing = {0};
    const dosi_method *method = dosi_method_find("air.alerts");
    const dosi_setting zone = {"zone", l->watch->zone};
    const dosi_table *const inputs[] = {observations, stations, &standing};
    dosi_value values[MAX_VALUES];
    if (stations && dosi_table_find(stations, l->watch->zone) == SIZE_MAX) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s has no column \"%s\" any more",
                         l->watch->stations, l->watch->zone);
    }
    DOSI_TRY(dosi_method_set(method, &zone, l->watch->zone[0] ? 1 : 0, values, err));
    const dosi_method_call call = {
        .method = method, .inputs = inputs, .values = values, .outputs = out, .run = l->run};
    dosi_status status = list_standing(l, first_hour(observations), &standing, err);
    if (status == DOSI_OK) status = dosi_method_run(&call, err);
    dosi_table_destroy(&standing);
    return status;
}

/// Reads the dataset and takes its history over.
static dosi_status look_at(look *l, dosi_error *err) {
    dosi_caller caller;
    dosi_table observations = {0}, stations = {0}, history = {0};
    bool has_stations = l->watch->stations[0] != '\0';
    DOSI_TRY(dosi_caller_from_account(l->gate, l->watch->account_id, "alerts", &caller, err));
    dosi_status status = dosi_gate_read(l->gate, &caller, l->watch->reference, NULL, 0,
                                        &observations, NULL, err);
    if (status == DOSI_OK && has_stations) {
        status =
            dosi_gate_read(l->gate, &caller, l->watch->stations, NULL, 0, &stations, NULL, err);
    }
    if (status == DOSI_OK) {
        status = alerts_of(l, &observations, has_stations ? &stations : NULL, &history, err);
    }
    if (status == DOSI_OK) {
        int64_t last_us = last_hour(&observations);
        l->table = &history;
        for (size_t row = 0; row < history.n_rows; row++) take_row(l, row);
        withdraw(l, last_us);
        l->last_us = last_us;
        l->table = NULL;
    }
    dosi_table_destroy(&observations);
    dosi_table_destroy(&stations);
    dosi_table_destroy(&history);
    return status;
}

/// The newest version of a watch's dataset; 0 when it cannot be found.
static int64_t newest_version(dosi_gate *gate, const dosi_watch *watch) {
    dosi_caller caller;
    dosi_version version = {0};
    int64_t number = 0;
    if (dosi_caller_from_account(gate, watch->account_id, "alerts", &caller, NULL) == DOSI_OK &&
        dosi_gate_find(gate, &caller, watch->reference, &version, NULL) == DOSI_OK) {
        number = version.number;
    }
    dosi_version_clear(&version);
    return number;
}

/// A run over all watches.
typedef struct look_all {
    dosi_gate *gate;
    json_t *state;
    const dosi_run *run;
    dosi_monitor_report *report;
    bool is_due; ///< Only asked whether there is something to do.
    bool only_asks;
} look_all;

static dosi_status look_at_watch(void *context, const dosi_watch *watch, dosi_error *err) {
    look_all *all = context;
    (void)err;
    if (watch->is_damaged) {
        if (all->report) all->report->n_errors++;
        return DOSI_OK;
    }
    json_t *looked = json_object_get(all->state, "looked");
    const json_t *before = json_object_get(looked, watch->name);
    int64_t newest = newest_version(all->gate, watch);
    bool is_known = before && strcmp(text_of(before, "dataset"), watch->reference) == 0;
    if (newest == 0 || (is_known && integer_of(before, "version") >= newest)) return DOSI_OK;
    // Looks that failed have seen nothing: what is over before the first that does is no news.
    bool is_first = !is_known || integer_of(before, "last_us") == 0;
    all->is_due = true;
    if (all->only_asks) return DOSI_OK;
    look l = {.gate = all->gate,
              .state = all->state,
              .run = all->run,
              .report = all->report,
              .watch = watch,
              .is_first = is_first,
              .last_us = is_first ? 0 : integer_of(before, "last_us"),
              .version = newest};
    dosi_error why = {""};
    dosi_status status = look_at(&l, &why);
    all->report->n_looked++;
    all->report->n_errors += status != DOSI_OK ? 1 : 0;
    // A version that cannot be read is not tried again and again: the next one will be.
    json_t *entry = json_pack("{s:s, s:I, s:I, s:I, s:s}", "dataset", watch->reference,
                              "version", (json_int_t)newest, "last_us", (json_int_t)l.last_us,
                              "at_utc_us", (json_int_t)dosi_time_now_utc_us(), "message",
                              status == DOSI_OK ? "" : why.message);
    (void)json_object_set_new(looked, watch->name, entry);
    return DOSI_OK;
}

void monitor_look(dosi_gate *gate,
                  json_t *state,
                  const dosi_run *run,
                  dosi_monitor_report *report) {
    look_all all = {.gate = gate, .state = state, .run = run, .report = report};
    dosi_error err = {""};
    if (dosi_watch_each(gate, look_at_watch, &all, &err) != DOSI_OK) report->n_errors++;
}

dosi_status dosi_monitor_is_due(dosi_gate *gate, bool *out, dosi_error *err) {
    json_t *state = NULL;
    DOSI_TRY(dosi_monitor_state(gate, &state, err));
    look_all all = {.gate = gate, .state = state, .only_asks = true};
    dosi_status status = dosi_watch_each(gate, look_at_watch, &all, err);
    json_t *message = NULL;
    if (monitor_due(state, &message, 1) > 0) all.is_due = true;
    json_decref(state);
    *out = all.is_due;
    return status;
}
