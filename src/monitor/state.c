// The monitor's state: one file, always written whole.

#include "monitor/state.h"

#include "base/os_file.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_BYTES = 64 << 20, MAX_ALERTS = 5000, MAX_EVENTS = 500 };

dosi_status monitor_path(dosi_gate *gate, const char *file, char *out, dosi_error *err) {
    char folder[MONITOR_PATH_BYTES];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "alerts", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    return dosi_path_join(folder, file, out, err);
}

dosi_status monitor_secret_path(dosi_gate *gate, const char *hook, char *out, dosi_error *err) {
    char folder[MONITOR_PATH_BYTES], file[DOSI_WATCH_NAME_BYTES + 16];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "secrets", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    (void)snprintf(file, sizeof file, "webhook-%s.key", hook);
    return dosi_path_join(folder, file, out, err);
}

int monitor_lock(dosi_gate *gate) {
    char path[MONITOR_PATH_BYTES];
    if (monitor_path(gate, "lock", path, NULL) != DOSI_OK) return -1;
    int handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (handle >= 0 && flock(handle, LOCK_EX | LOCK_NB) != 0) {
        (void)close(handle);
        return -1;
    }
    return handle;
}

int64_t dosi_monitor_stamp(dosi_gate *gate) {
    char path[MONITOR_PATH_BYTES];
    struct stat found;
    if (dosi_path_join(dosi_gate_folder(gate), "alerts/state.json", path, NULL) != DOSI_OK ||
        stat(path, &found) != 0) {
        return 0;
    }
    return (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
}

static const size_t state_format = JSON_SORT_KEYS;

/// Adds the members that a state has.
static bool complete(json_t *state) {
    static const char *const lists[] = {"alerts", "events", "outbox"};
    static const char *const objects[] = {"looked", "hooks"};
    bool is_whole = true;
    for (size_t i = 0; i < 3; i++) {
        if (json_is_array(json_object_get(state, lists[i]))) continue;
        is_whole = json_object_set_new(state, lists[i], json_array()) == 0 && is_whole;
    }
    for (size_t i = 0; i < 2; i++) {
        if (json_is_object(json_object_get(state, objects[i]))) continue;
        is_whole = json_object_set_new(state, objects[i], json_object()) == 0 && is_whole;
    }
    if (!json_is_integer(json_object_get(state, "next"))) {
        is_whole = json_object_set_new(state, "next", json_integer(1)) == 0 && is_whole;
    }
    return is_whole;
}

dosi_status dosi_monitor_state(dosi_gate *gate, json_t **out, dosi_error *err) {
    assert(gate && out);
    char path[MONITOR_PATH_BYTES];
    dosi_text text = {0};
    DOSI_TRY(monitor_path(gate, "state.json", path, err));
    json_t *state = NULL;
    if (dosi_path_exists(path)) {
        dosi_status status = dosi_file_read(path, STATE_BYTES, &text, err);
        if (status == DOSI_OK) {
            state = json_loadb(dosi_text_string(&text), text.length, 0, NULL);
            if (!json_is_object(state)) {
                status = dosi_fail(err, DOSI_PARSE, "alerts/state.json is damaged");
            }
        }
        dosi_text_destroy(&text);
        if (status != DOSI_OK) {
            json_decref(state);
            return status;
        }
    } else {
        state = json_object();
    }
    if (!state || !complete(state)) {
        json_decref(state);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the alerts");
    }
    *out = state;
    return DOSI_OK;
}

/// Drops the oldest events, and says in "forgotten" which was the last of them.
static void forget_events(json_t *state) {
    json_t *events = json_object_get(state, "events");
    while (json_array_size(events) > MAX_EVENTS) {
        json_t *id = json_object_get(json_array_get(events, 0), "id");
        (void)json_object_set(state, "forgotten", id);
        (void)json_array_remove(events, 0);
    }
}

static int64_t issued_of(const json_t *alert) {
    return json_integer_value(json_object_get(alert, "issued_us"));
}

static int by_issue(const void *a, const void *b) {
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int64_t i = issued_of(x), j = issued_of(y);
    if (i == j) {
        i = json_integer_value(json_object_get(x, "id"));
        j = json_integer_value(json_object_get(y, "id"));
    }
    return i < j ? -1 : i > j;
}

/// Puts the alerts in the order of their issue, and drops the oldest of too many; those that
/// stand stay. "forgotten_us" says when the last of them was issued: they are not taken over
/// again.
static bool tidy_alerts(json_t *state) {
    json_t *alerts = json_object_get(state, "alerts"), *kept = json_array();
    size_t n = json_array_size(alerts), n_over = n > MAX_ALERTS ? n - MAX_ALERTS : 0;
    json_t **order = malloc((n + 1) * sizeof *order);
    bool is_whole = kept && order;
    int64_t forgotten_us = json_integer_value(json_object_get(state, "forgotten_us"));
    for (size_t i = 0; i < n && is_whole; i++) order[i] = json_array_get(alerts, i);
    if (is_whole) qsort(order, n, sizeof *order, by_issue);
    for (size_t i = 0; i < n && is_whole; i++) {
        bool stands = json_is_null(json_object_get(order[i], "released_us"));
        if (n_over > 0 && !stands) {
            n_over--;
            if (issued_of(order[i]) > forgotten_us) forgotten_us = issued_of(order[i]);
        } else {
            is_whole = json_array_append(kept, order[i]) == 0;
        }
    }
    free(order);
    if (is_whole && forgotten_us > 0) {
        json_t *until = json_integer(forgotten_us);
        is_whole = json_object_set_new(state, "forgotten_us", until) == 0;
    }
    if (is_whole) return json_object_set_new(state, "alerts", kept) == 0;
    json_decref(kept);
    return false;
}

dosi_status monitor_save(dosi_gate *gate, json_t *state, dosi_error *err) {
    char path[MONITOR_PATH_BYTES];
    DOSI_TRY(monitor_path(gate, "state.json", path, err));
    forget_events(state);
    char *text = tidy_alerts(state) ? json_dumps(state, state_format) : NULL;
    if (!text) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the alerts");
    dosi_status status = dosi_file_write_atomic(path, text, strlen(text), 0600, err);
    free(text);
    return status;
}

dosi_status dosi_monitor_run(dosi_gate *gate,
                             const dosi_run *run,
                             dosi_monitor_report *out,
                             dosi_error *err) {
    assert(gate && out);
    dosi_monitor_report report = {0};
    int lock = monitor_lock(gate);
    *out = report;
    if (lock < 0) return DOSI_OK;
    json_t *state = NULL;
    dosi_status status = dosi_monitor_state(gate, &state, err);
    if (status == DOSI_OK) {
        monitor_look(gate, state, run, &report);
        // Known before anybody is told: a crash while delivering repeats no alert.
        if (report.n_looked > 0) status = monitor_save(gate, state, err);
    }
    if (status == DOSI_OK) {
        status = monitor_deliver(gate, state, &report, err);
    }
    json_decref(state);
    (void)close(lock);
    *out = report;
    return status;
}
