// Tells webhooks: the messages of each in order, tried again with longer and longer pauses, and
// given up in the open.

#include "monitor/state.h"

#include "base/os_file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TRIES = 12, MAX_A_RUN = 100, MAX_WAITING = 1000, MAX_UNDELIVERED = 20 };

static const int64_t longest_pause_s = INT64_C(6) * 3600;
static const int64_t longest_wait_us = INT64_C(24) * DOSI_HOUR_US;

/// A run over the outbox.
typedef struct delivery {
    dosi_gate *gate;
    json_t *state;
    dosi_monitor_report *report;
    int n_tried;
    bool is_changed; ///< Not yet saved.
} delivery;

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/// Finds a webhook by name.
typedef struct hook_search {
    const char *name;
    bool is_found;
    dosi_hook hook;
} hook_search;

static dosi_status match_hook(void *context, const dosi_hook *hook, dosi_error *err) {
    hook_search *search = context;
    (void)err;
    if (strcmp(hook->name, search->name) == 0) {
        search->is_found = true;
        search->hook = *hook;
    }
    return DOSI_OK;
}

/// The address and secret of a message's webhook. DOSI_NOT_FOUND: it was removed, though
/// another may have its name by now, or it is of another watch, which could not be known while
/// its file was damaged; anything else is a fault that may pass, and `why` of the message.
static dosi_status open_hook(dosi_gate *gate,
                             const char *name,
                             const json_t *event,
                             monitor_message *out) {
    int64_t at_utc_us = json_integer_value(json_object_get(event, "at_utc_us"));
    const char *watch = text_of(json_object_get(event, "alert"), "watch");
    hook_search search = {.name = name};
    char path[MONITOR_PATH_BYTES];
    dosi_text text = {0};
    dosi_error err = {""};
    dosi_status listed = dosi_hook_each(gate, match_hook, &search, &err);
    if (listed != DOSI_OK && !search.is_found) return listed;
    if (!search.is_found || at_utc_us < search.hook.since_utc_us) return DOSI_NOT_FOUND;
    if (search.hook.is_damaged) {
        (void)snprintf(out->why, sizeof out->why, "alerts/hooks/%s.json is damaged", name);
        return DOSI_PARSE;
    }
    if (search.hook.watch[0] && strcmp(search.hook.watch, watch) != 0) return DOSI_NOT_FOUND;
    DOSI_TRY(monitor_secret_path(gate, name, path, &err));
    dosi_status status = dosi_file_read(path, DOSI_HOOK_SECRET_BYTES, &text, &err);
    if (status == DOSI_OK) {
        (void)snprintf(out->url, sizeof out->url, "%s", search.hook.url);
        (void)snprintf(out->secret, sizeof out->secret, "%s", dosi_text_string(&text));
        sodium_memzero(text.data, text.length);
    }
    dosi_text_destroy(&text);
    return status;
}

/// The body: the event with its times as people write them.
static char *body_of(dosi_gate *gate, const json_t *event) {
    static const char *const times[][2] = {
        {"issued_us", "issued"}, {"released_us", "released"}, {"peak_us", "peak_time"}};
    json_t *alert = json_deep_copy(json_object_get(event, "alert"));
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_object_get(alert, times[i][0]);
        char text[DOSI_TIME_TEXT_BYTES];
        dosi_time_format(json_integer_value(value), dosi_gate_zone_s(gate), text);
        (void)json_object_set_new(alert, times[i][1],
                                  json_is_integer(value) ? json_string(text) : json_null());
        (void)json_object_del(alert, times[i][0]);
    }
    json_t *whole = json_pack("{s:O, s:O, s:s, s:o}", "id", json_object_get(event, "id"),
                              "change", json_object_get(event, "change"), "lab",
                              dosi_gate_title(gate), "alert", alert);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(whole);
    return text;
}

/// What is known of a webhook's deliveries, for people.
static void note(json_t *state, const char *hook, const char *outcome) {
    json_t *entry = json_pack("{s:s, s:I}", "message", outcome, "at_utc_us",
                              (json_int_t)dosi_time_now_utc_us());
    (void)json_object_set_new(json_object_get(state, "hooks"), hook, entry);
}

/// When to try again after so many failures: from 30 s on, doubled, with a random part.
static int64_t pause_s(int64_t tries) {
    int64_t pause = 30;
    for (int64_t i = 1; i < tries && pause < longest_pause_s; i++) pause *= 2;
    if (pause > longest_pause_s) pause = longest_pause_s;
    return pause + (int64_t)randombytes_uniform((uint32_t)pause / 4);
}

static void leave_outbox(const delivery *d, const json_t *item) {
    json_t *outbox = json_object_get(d->state, "outbox");
    for (size_t i = 0; i < json_array_size(outbox); i++) {
        if (json_array_get(outbox, i) != item) continue;
        (void)json_array_remove(outbox, i);
        return;
    }
}

/// Notes at the alert itself that a webhook was never told.
static void note_undelivered(const delivery *d, const json_t *item, const char *why) {
    const json_t *event = json_object_get(item, "event");
    json_t *id = json_object_get(json_object_get(event, "alert"), "id");
    const json_t *alerts = json_object_get(d->state, "alerts");
    for (size_t i = json_array_size(alerts); i-- > 0;) {
        json_t *alert = json_array_get(alerts, i);
        if (!json_equal(json_object_get(alert, "id"), id)) continue;
        json_t *list = json_object_get(alert, "undelivered");
        if (!list) {
            list = json_array();
            (void)json_object_set_new(alert, "undelivered", list);
        }
        if (json_array_size(list) >= MAX_UNDELIVERED) return;
        json_t *entry = json_pack("{s:s, s:s, s:s, s:I}", "webhook", text_of(item, "hook"),
                                  "change", text_of(event, "change"), "why", why, "at_utc_us",
                                  (json_int_t)dosi_time_now_utc_us());
        (void)json_array_append_new(list, entry);
        return;
    }
}

/// Gives a message up: the webhook's last word, the alert and the audit say so.
static void give_up(delivery *d, json_t *item, const char *why) {
    char text[320], object[DOSI_WATCH_NAME_BYTES + 320];
    const char *hook = text_of(item, "hook");
    long long event = json_integer_value(json_object_get(json_object_get(item, "event"), "id"));
    long long tries = json_integer_value(json_object_get(item, "tries"));
    dosi_caller monitor = {.channel = "alerts"};
    dosi_error err = {""};
    (void)snprintf(text, sizeof text, "given up after %lld tries: %s", tries, why);
    (void)snprintf(object, sizeof object, "%s event %lld: %s", hook, event, text);
    note(d->state, hook, text);
    note_undelivered(d, item, why);
    if (dosi_gate_record(d->gate, &monitor, "alerts.deliver", object, "failed", &err) !=
        DOSI_OK) {
        (void)fprintf(stderr, "dosi alerts: %s; %s\n", object, err.message);
    }
    leave_outbox(d, item);
}

/// Takes over what became of a message, at once on disk: a process that ends now repeats only
/// what was on its way.
static void settle(void *context, monitor_message *m) {
    delivery *d = context;
    json_t *item = m->item;
    const char *hook = text_of(item, "hook");
    int64_t now = dosi_time_now_utc_us();
    dosi_error err = {""};
    sodium_memzero(m->secret, sizeof m->secret);
    if (m->is_taken) {
        d->report->n_delivered++;
        note(d->state, hook, "delivered");
        leave_outbox(d, item);
    } else {
        const json_t *event = json_object_get(item, "event");
        int64_t tries = json_integer_value(json_object_get(item, "tries")) + 1;
        int64_t age_us = now - json_integer_value(json_object_get(event, "at_utc_us"));
        int64_t due_us = now + pause_s(tries) * DOSI_SECOND_US;
        d->report->n_failed++;
        (void)json_object_set_new(item, "tries", json_integer(tries));
        (void)json_object_set_new(item, "due_us", json_integer(due_us));
        note(d->state, hook, m->why);
        if (tries >= MAX_TRIES || age_us > longest_wait_us) give_up(d, item, m->why);
    }
    free(m->body);
    m->body = NULL;
    json_decref(m->item);
    m->item = NULL;
    // A state that cannot be written now is written after the next message, or at the end.
    d->is_changed = monitor_save(d->gate, d->state, &err) != DOSI_OK;
}

/// Makes a message of an item of the outbox; false when its webhook is gone.
static bool make_message(delivery *d, json_t *item, monitor_message *out) {
    const json_t *event = json_object_get(item, "event");
    memset(out, 0, sizeof *out);
    out->event_id = json_integer_value(json_object_get(event, "id"));
    dosi_status status = open_hook(d->gate, text_of(item, "hook"), event, out);
    if (status == DOSI_NOT_FOUND) {
        leave_outbox(d, item);
        d->is_changed = true;
        return false;
    }
    out->item = json_incref(item);
    if (status == DOSI_OK) out->body = body_of(d->gate, event);
    return true;
}

size_t monitor_due(const json_t *state, json_t **items, size_t most) {
    json_t *outbox = json_object_get(state, "outbox");
    json_t *seen = json_object();
    int64_t now = dosi_time_now_utc_us();
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(outbox) && n < most; i++) {
        json_t *item = json_array_get(outbox, i);
        const char *hook = text_of(item, "hook");
        if (json_object_get(seen, hook)) continue; // waits for the one before it
        (void)json_object_set_new(seen, hook, json_true());
        if (json_integer_value(json_object_get(item, "due_us")) <= now) items[n++] = item;
    }
    json_decref(seen);
    return n;
}

/// The messages that are next in turn, one a webhook; false when none is left.
static bool deliver_round(delivery *d) {
    json_t *items[MONITOR_AT_ONCE];
    monitor_message messages[MONITOR_AT_ONCE];
    size_t n_due = monitor_due(d->state, items, MONITOR_AT_ONCE), n = 0;
    for (size_t i = 0; i < n_due; i++) {
        if (!make_message(d, items[i], &messages[n])) continue;
        d->n_tried++;
        if (messages[n].body) {
            n++;
        } else {
            if (!messages[n].why[0]) {
                (void)snprintf(messages[n].why, sizeof messages[n].why, "it cannot be read");
            }
            settle(d, &messages[n]);
        }
    }
    monitor_post(messages, n, settle, d);
    return n_due > 0 && d->n_tried < MAX_A_RUN;
}

/// Marks an item of the outbox whose webhook is there.
static dosi_status mark_known(void *context, const dosi_hook *hook, dosi_error *err) {
    const json_t *state = context;
    const json_t *outbox = json_object_get(state, "outbox");
    (void)err;
    for (size_t i = 0; i < json_array_size(outbox); i++) {
        json_t *item = json_array_get(outbox, i);
        const json_t *at = json_object_get(json_object_get(item, "event"), "at_utc_us");
        if (strcmp(text_of(item, "hook"), hook->name) == 0 &&
            json_integer_value(at) >= hook->since_utc_us) {
            (void)json_object_set_new(item, "is_known", json_true());
        }
    }
    return DOSI_OK;
}

/// Drops the messages of webhooks that were removed: they would hold up those of another that
/// has the name now.
static void drop_gone(delivery *d) {
    json_t *outbox = json_object_get(d->state, "outbox");
    dosi_error err = {""};
    bool are_known = dosi_hook_each(d->gate, mark_known, d->state, &err) == DOSI_OK;
    for (size_t i = 0; i < json_array_size(outbox);) {
        json_t *item = json_array_get(outbox, i);
        bool is_known = json_is_true(json_object_get(item, "is_known"));
        (void)json_object_del(item, "is_known");
        if (is_known || !are_known) {
            i++;
        } else {
            (void)json_array_remove(outbox, i);
            d->is_changed = true;
        }
    }
}

dosi_status monitor_deliver(dosi_gate *gate,
                            json_t *state,
                            dosi_monitor_report *report,
                            dosi_error *err) {
    delivery d = {.gate = gate, .state = state, .report = report};
    json_t *outbox = json_object_get(state, "outbox");
    if (sodium_init() < 0) return dosi_fail(err, DOSI_IO, "libsodium does not start");
    drop_gone(&d);
    while (json_array_size(outbox) > MAX_WAITING) {
        d.is_changed = true;
        report->n_failed++;
        give_up(&d, json_array_get(outbox, 0), "too many messages wait");
    }
    while (deliver_round(&d)) continue;
    return d.is_changed ? monitor_save(gate, state, err) : DOSI_OK;
}
