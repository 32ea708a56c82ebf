// /api/v1/alerts: the history of alerts, and what is watched.

#include "monitor/monitor.h"
#include "server/api.h"

#include <string.h>

enum { MOST = 1000 };

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/// A civil time as text in the lab's zone, or null.
static void member_civil(dosi_json *json,
                         const dosi_server *server,
                         const char *key,
                         const json_t *value) {
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_json_key(json, key);
    if (!json_is_integer(value)) {
        dosi_json_null(json);
        return;
    }
    dosi_time_format(json_integer_value(value), dosi_gate_zone_s(server->gate), text);
    dosi_json_string(json, text);
}

static void put_members(dosi_json *json, const dosi_server *server, const json_t *alert) {
    static const char *const texts[] = {"watch", "dataset",  "zone", "pollutant",
                                        "level", "ended_by", "rule"};
    dosi_json_member_int(json, "id", json_integer_value(json_object_get(alert, "id")));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dosi_json_member_string(json, texts[i], text_of(alert, texts[i]));
    }
    member_civil(json, server, "issued", json_object_get(alert, "issued_us"));
    member_civil(json, server, "released", json_object_get(alert, "released_us"));
    member_civil(json, server, "peak_time", json_object_get(alert, "peak_us"));
    dosi_json_member_real(json, "peak", json_number_value(json_object_get(alert, "peak")));
    dosi_json_member_int(json, "version",
                         json_integer_value(json_object_get(alert, "version")));
}

void dosi_api_put_alert(dosi_json *json, const dosi_server *server, const json_t *alert) {
    dosi_json_begin_object(json);
    put_members(json, server, alert);
    dosi_json_end_object(json);
}

/// What the list is asked for, and who asks.
typedef struct alert_list {
    dosi_server *server;
    const dosi_caller *caller;
    dosi_json *json;
    const json_t *state;
    bool only_standing;
    const char *watch, *zone, *pollutant; ///< NULL: any.
    int64_t limit;
} alert_list;

static bool may_see(const alert_list *l, const char *reference) {
    dosi_version version = {0};
    bool may = dosi_gate_find(l->server->gate, l->caller, reference, &version, NULL) == DOSI_OK;
    dosi_version_clear(&version);
    return may;
}

static bool is_wanted(const alert_list *l, const json_t *alert) {
    if (l->only_standing && !json_is_null(json_object_get(alert, "released_us"))) return false;
    if (l->watch && strcmp(l->watch, text_of(alert, "watch")) != 0) return false;
    if (l->zone && strcmp(l->zone, text_of(alert, "zone")) != 0) return false;
    if (l->pollutant && strcmp(l->pollutant, text_of(alert, "pollutant")) != 0) return false;
    return may_see(l, text_of(alert, "dataset"));
}

/// Whom an alert did not reach: webhooks, and why.
static void put_undelivered(const alert_list *l, const json_t *alert) {
    static const char *const texts[] = {"webhook", "change", "why"};
    const json_t *list = json_object_get(alert, "undelivered");
    dosi_json_key(l->json, "undelivered");
    dosi_json_begin_array(l->json);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        dosi_json_begin_object(l->json);
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            dosi_json_member_string(l->json, texts[k], text_of(one, texts[k]));
        }
        dosi_api_member_time(l->json, l->server, "given_up",
                             json_integer_value(json_object_get(one, "at_utc_us")));
        dosi_json_end_object(l->json);
    }
    dosi_json_end_array(l->json);
}

static bool is_administrator(const alert_list *l) {
    return l->caller->role == DOSI_ROLE_ADMINISTRATOR &&
           (l->caller->scopes & (1U << DOSI_ACTION_MANAGE)) != 0;
}

/// Newest first.
static void put_alerts(const alert_list *l) {
    const json_t *alerts = json_object_get(l->state, "alerts");
    int64_t n = 0;
    dosi_json_key(l->json, "alerts");
    dosi_json_begin_array(l->json);
    for (size_t i = json_array_size(alerts); i-- > 0 && n < l->limit;) {
        const json_t *alert = json_array_get(alerts, i);
        if (!is_wanted(l, alert)) continue;
        dosi_json_begin_object(l->json);
        put_members(l->json, l->server, alert);
        if (is_administrator(l)) put_undelivered(l, alert);
        dosi_json_end_object(l->json);
        n++;
    }
    dosi_json_end_array(l->json);
}

static dosi_status put_watch(void *context, const dosi_watch *watch, dosi_error *err) {
    const alert_list *l = context;
    (void)err;
    if (watch->is_damaged ? !is_administrator(l) : !may_see(l, watch->reference)) {
        return DOSI_OK;
    }
    const json_t *looked = json_object_get(json_object_get(l->state, "looked"), watch->name);
    dosi_json_begin_object(l->json);
    dosi_json_member_string(l->json, "name", watch->name);
    dosi_json_member_string(l->json, "dataset", watch->reference);
    dosi_json_member_string(l->json, "stations", watch->stations);
    dosi_json_member_string(l->json, "zone", watch->zone);
    dosi_json_member_int(l->json, "version",
                         json_integer_value(json_object_get(looked, "version")));
    dosi_api_member_time(l->json, l->server, "looked",
                         json_integer_value(json_object_get(looked, "at_utc_us")));
    member_civil(l->json, l->server, "until", json_object_get(looked, "last_us"));
    dosi_json_member_string(l->json, "message",
                            watch->is_damaged ? "its file is damaged: set it again"
                                              : text_of(looked, "message"));
    dosi_json_end_object(l->json);
    return DOSI_OK;
}

/// A webhook, how its last message went and how many wait.
static dosi_status put_hook(void *context, const dosi_hook *hook, dosi_error *err) {
    const alert_list *l = context;
    (void)err;
    const json_t *last = json_object_get(json_object_get(l->state, "hooks"), hook->name);
    const json_t *outbox = json_object_get(l->state, "outbox");
    int64_t n_waiting = 0;
    for (size_t i = 0; i < json_array_size(outbox); i++) {
        n_waiting += strcmp(text_of(json_array_get(outbox, i), "hook"), hook->name) == 0;
    }
    dosi_json_begin_object(l->json);
    dosi_json_member_string(l->json, "name", hook->name);
    dosi_json_member_string(l->json, "url", hook->url);
    dosi_json_member_string(l->json, "watch", hook->watch);
    dosi_json_member_string(l->json, "message",
                            hook->is_damaged ? "its file is damaged: set it again"
                                             : text_of(last, "message"));
    dosi_api_member_time(l->json, l->server, "at",
                         json_integer_value(json_object_get(last, "at_utc_us")));
    dosi_json_member_int(l->json, "waiting", n_waiting);
    dosi_json_end_object(l->json);
    return DOSI_OK;
}

/// Everything that is asked for.
static dosi_status put_all(alert_list *l, dosi_error *err) {
    dosi_json_begin_object(l->json);
    put_alerts(l);
    dosi_json_key(l->json, "watches");
    dosi_json_begin_array(l->json);
    DOSI_TRY(dosi_watch_each(l->server->gate, put_watch, l, err));
    dosi_json_end_array(l->json);
    if (is_administrator(l)) {
        dosi_json_key(l->json, "webhooks");
        dosi_json_begin_array(l->json);
        DOSI_TRY(dosi_hook_each(l->server->gate, put_hook, l, err));
        dosi_json_end_array(l->json);
    }
    dosi_json_end_object(l->json);
    return DOSI_OK;
}

static dosi_status list(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    const char *limit = dosi_http_query(request, "limit");
    const char *active = dosi_http_query(request, "active");
    alert_list l = {.server = server,
                    .caller = &caller,
                    .only_standing = active && strcmp(active, "true") == 0,
                    .watch = dosi_http_query(request, "watch"),
                    .zone = dosi_http_query(request, "zone"),
                    .pollutant = dosi_http_query(request, "pollutant"),
                    .limit = 100};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    if (limit && (dosi_parse_int(limit, strlen(limit), &l.limit) != DOSI_OK || l.limit < 1 ||
                  l.limit > MOST)) {
        return dosi_fail(err, DOSI_INVALID, "limit=%.40s: it is 1 to %d", limit, MOST);
    }
    json_t *state = NULL;
    dosi_json json;
    DOSI_TRY(dosi_monitor_state(server->gate, &state, err));
    l.state = state;
    l.json = &json;
    dosi_json_init(&json, &reply->body);
    dosi_status status = put_all(&l, err);
    json_decref(state);
    return status;
}

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/api/v1/alerts",
     .handle = list,
     .summary = "Air-pollution alerts, newest first, and the watches that find them",
     .parameters = "active:boolean watch:string zone:string pollutant:string limit:integer"},
};

extern const dosi_route_group dosi_routes_api_alerts;
const dosi_route_group dosi_routes_api_alerts = {
    .tag = "alerts",
    .about = "Advisories and warnings of watched datasets.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
