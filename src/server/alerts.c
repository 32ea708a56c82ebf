// The alert monitor as the server runs it.

#include "server/alerts.h"

#include "base/os_file.h"
#include "base/os_process.h"
#include "monitor/monitor.h"
#include "server/api.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { MOST_GREETING_BYTES = 128 * 1024 };

static const int64_t look_every_us = 3 * DOSI_SECOND_US;

/// Starts a process that looks at what is due and delivers.
static dosi_status start_process(dosi_server_alerts *alerts, dosi_gate *gate, dosi_error *err) {
    char log[DOSI_PATH_BYTES];
    const char *arguments[] = {"alerts", "run", "--lab", dosi_gate_folder(gate), NULL};
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "alerts/log.txt", log, err));
    if (dosi_file_size(log) > 1 << 20) {
        DOSI_TRY(dosi_file_write_atomic(log, "", 0, 0600, err)); // enough is enough
    }
    return dosi_process_start_self(arguments, log, &alerts->pid, err);
}

static dosi_status tend_process(dosi_server_alerts *alerts, dosi_gate *gate, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    bool is_due = false;
    if (alerts->pid > 0) {
        if (waitpid(alerts->pid, NULL, WNOHANG) == 0) return DOSI_OK;
        alerts->pid = 0;
    }
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "alerts", folder, err));
    if (!dosi_path_exists(folder)) return DOSI_OK;
    DOSI_TRY(dosi_monitor_is_due(gate, &is_due, err));
    return is_due ? start_process(alerts, gate, err) : DOSI_OK;
}

/// An event's dataset, and the gate that decides who may know of it.
typedef struct alert_event {
    dosi_gate *gate;
    const char *reference;
} alert_event;

static bool may_see(void *context, const void *user) {
    const alert_event *event = context;
    dosi_version version = {0};
    bool may =
        user && dosi_gate_find(event->gate, user, event->reference, &version, NULL) == DOSI_OK;
    dosi_version_clear(&version);
    return may;
}

/// One event of the state as its data; false when it cannot be written.
static bool put_event_data(const dosi_server *server, const json_t *event, dosi_text *out) {
    const json_t *alert = json_object_get(event, "alert");
    const char *change = json_string_value(json_object_get(event, "change"));
    dosi_json json;
    if (!change || !json_is_object(alert)) return false;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_int(&json, "id", json_integer_value(json_object_get(event, "id")));
    dosi_json_member_string(&json, "change", change);
    dosi_json_key(&json, "alert");
    dosi_api_put_alert(&json, server, alert);
    dosi_json_end_object(&json);
    return dosi_text_status(out, NULL) == DOSI_OK;
}

static const char *dataset_of(const json_t *event) {
    const json_t *alert = json_object_get(event, "alert");
    const char *reference = json_string_value(json_object_get(alert, "dataset"));
    return reference ? reference : "";
}

/// Publishes one event of the state.
static void publish(dosi_server *server, const json_t *event) {
    int64_t id = json_integer_value(json_object_get(event, "id"));
    alert_event context = {server->gate, dataset_of(event)};
    dosi_text text = {0};
    if (put_event_data(server, event, &text)) {
        dosi_http_publish(server->http, id, "alert", text.data, may_see, &context);
    }
    dosi_text_destroy(&text);
}

/// What new streams are told: the state, and how far the others have been told.
typedef struct greeting {
    dosi_server *server;
    const json_t *state; ///< NULL: there is none.
    int64_t told;
} greeting;

/// The events that a client missed while it was away, or where it is.
static void greet(void *context, const void *user, int64_t after, dosi_text *out) {
    const greeting *g = context;
    const json_t *events = json_object_get(g->state, "events");
    int64_t forgotten = json_integer_value(json_object_get(g->state, "forgotten"));
    if (after >= 0 && after < forgotten) {
        dosi_http_put_event(out, 0, "missed", "{}"); // longer away than events are kept
    }
    for (size_t i = 0; after >= 0 && i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        int64_t id = json_integer_value(json_object_get(event, "id"));
        alert_event seen = {g->server->gate, dataset_of(event)};
        dosi_text text = {0};
        if (id > after && id <= g->told && may_see(&seen, user) &&
            put_event_data(g->server, event, &text)) {
            dosi_http_put_event(out, id, "alert", text.data);
        }
        dosi_text_destroy(&text);
    }
    if (out->length > MOST_GREETING_BYTES) {
        dosi_text_clear(out); // a stream takes no more at once: it looks for itself
        dosi_http_put_event(out, 0, "missed", "{}");
    }
    dosi_text_printf(out, "id: %lld\n\n", (long long)g->told); // no event: only where it is
}

static dosi_status greet_newcomers(const dosi_server_alerts *alerts,
                                   dosi_server *server,
                                   dosi_error *err) {
    if (!dosi_http_has_newcomers(server->http)) return DOSI_OK;
    json_t *state = NULL;
    if (alerts->stamp > 0) DOSI_TRY(dosi_monitor_state(server->gate, &state, err));
    greeting g = {server, state, alerts->told};
    dosi_http_greet(server->http, greet, &g);
    json_decref(state);
    return DOSI_OK;
}

/// Tells what is new in the state since it was last read.
static dosi_status tell(dosi_server_alerts *alerts, dosi_server *server, dosi_error *err) {
    int64_t stamp = dosi_monitor_stamp(server->gate), last = alerts->told;
    if (stamp == alerts->stamp && alerts->is_begun) return DOSI_OK;
    json_t *state = NULL;
    if (stamp > 0) {
        DOSI_TRY(dosi_monitor_state(server->gate, &state, err));
        const json_t *events = json_object_get(state, "events");
        for (size_t i = 0; i < json_array_size(events); i++) {
            const json_t *event = json_array_get(events, i);
            int64_t id = json_integer_value(json_object_get(event, "id"));
            if (id <= alerts->told) continue;
            if (alerts->is_begun) publish(server, event);
            if (id > last) last = id;
        }
        json_decref(state);
    }
    alerts->told = last;
    alerts->stamp = stamp;
    alerts->is_begun = true;
    return DOSI_OK;
}

dosi_status dosi_server_alerts_tend(dosi_server_alerts *alerts,
                                    dosi_server *server,
                                    dosi_error *err) {
    assert(alerts && server);
    // In this order a stream gets each event once: what was told before it came is in its
    // greeting, what is told after is sent to it like to all.
    if (alerts->is_begun) DOSI_TRY(greet_newcomers(alerts, server, err));
    DOSI_TRY(tell(alerts, server, err));
    int64_t now = dosi_time_monotonic_us();
    if (alerts->look_us != 0 && now - alerts->look_us < look_every_us) return DOSI_OK;
    alerts->look_us = now;
    return tend_process(alerts, server->gate, err);
}

void dosi_server_alerts_stop(dosi_server_alerts *alerts) {
    if (alerts->pid <= 0) return;
    (void)kill(-alerts->pid, SIGTERM);
    (void)waitpid(alerts->pid, NULL, 0);
    alerts->pid = 0;
}
