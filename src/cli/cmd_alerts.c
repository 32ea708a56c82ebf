// dosi alerts: datasets that are watched for air-pollution alerts, and who is told.

#include "cli/lab.h"
#include "monitor/monitor.h"

#include <sodium.h>
#include <string.h>

dosi_status dosi_cmd_alerts(int argc, char **argv, dosi_error *err);

static void take_text(int *argc, char **argv, const char *name, char *out, size_t n_out) {
    const char *value = dosi_cli_option(argc, argv, name);
    (void)snprintf(out, n_out, "%s", value ? value : "");
}

static dosi_status watch(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    dosi_watch watch = {.account_id = lab->caller.account_id};
    take_text(&argc, argv, "dataset", watch.reference, sizeof watch.reference);
    take_text(&argc, argv, "stations", watch.stations, sizeof watch.stations);
    take_text(&argc, argv, "zone", watch.zone, sizeof watch.zone);
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc != 3 || !watch.reference[0] || (watch.stations[0] && !watch.zone[0])) {
        return dosi_fail(
            err, DOSI_INVALID,
            "usage: dosi alerts watch NAME --dataset org/name [--stations org/name "
            "--zone COLUMN]");
    }
    (void)snprintf(watch.name, sizeof watch.name, "%s", argv[2]);
    DOSI_TRY(dosi_watch_save(lab->gate, &lab->caller, &watch, err));
    (void)printf("watch %s: %s%s%s; a running server looks at it, or `dosi alerts run`\n",
                 watch.name, watch.reference, watch.stations[0] ? " by " : "", watch.zone);
    return DOSI_OK;
}

static dosi_status hook(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    dosi_hook hook = {.account_id = lab->caller.account_id};
    char secret[DOSI_HOOK_SECRET_BYTES];
    take_text(&argc, argv, "url", hook.url, sizeof hook.url);
    take_text(&argc, argv, "watch", hook.watch, sizeof hook.watch);
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc != 3 || !hook.url[0]) {
        return dosi_fail(err, DOSI_INVALID,
                         "usage: dosi alerts hook NAME --url URL [--watch NAME]");
    }
    (void)snprintf(hook.name, sizeof hook.name, "%s", argv[2]);
    DOSI_TRY(dosi_hook_save(lab->gate, &lab->caller, &hook, secret, err));
    (void)printf("webhook %s: %s\nsecret, shown once: %s\n", hook.name, hook.url, secret);
    sodium_memzero(secret, sizeof secret);
    return DOSI_OK;
}

static dosi_status show_watch(void *context, const dosi_watch *watch, dosi_error *err) {
    (void)context;
    (void)err;
    (void)printf("watch   %-20s %s%s%s\n", watch->name,
                 watch->is_damaged ? "its file in alerts/watches is damaged: set it again"
                                   : watch->reference,
                 watch->stations[0] ? " by " : "", watch->zone);
    return DOSI_OK;
}

static dosi_status show_hook(void *context, const dosi_hook *hook, dosi_error *err) {
    const json_t *hooks = context;
    (void)err;
    if (hook->is_damaged) {
        (void)printf("webhook %-20s its file in alerts/hooks is damaged: set it again\n",
                     hook->name);
        return DOSI_OK;
    }
    const char *last =
        json_string_value(json_object_get(json_object_get(hooks, hook->name), "message"));
    (void)printf("webhook %-20s %s%s%s%s%s\n", hook->name, hook->url,
                 hook->watch[0] ? " of " : "", hook->watch, last ? "; last: " : "",
                 last ? last : "");
    return DOSI_OK;
}

static void show_alert(const dosi_gate *gate, const json_t *alert) {
    static const char *const times[] = {"issued_us", "released_us"};
    char text[2][DOSI_TIME_TEXT_BYTES];
    for (int i = 0; i < 2; i++) {
        const json_t *value = json_object_get(alert, times[i]);
        (void)snprintf(text[i], sizeof text[i], "stands");
        if (json_is_integer(value)) {
            dosi_time_format(json_integer_value(value), dosi_gate_zone_s(gate), text[i]);
        }
    }
    (void)printf("%-12s %-12s %-10s %-14s %s  %s  peak %g\n",
                 json_string_value(json_object_get(alert, "watch")),
                 json_string_value(json_object_get(alert, "zone")),
                 json_string_value(json_object_get(alert, "pollutant")),
                 json_string_value(json_object_get(alert, "level")), text[0], text[1],
                 json_number_value(json_object_get(alert, "peak")));
    const json_t *undelivered = json_object_get(alert, "undelivered");
    for (size_t i = 0; i < json_array_size(undelivered); i++) {
        const json_t *one = json_array_get(undelivered, i);
        (void)printf("             not told: %s of \"%s\": %s\n",
                     json_string_value(json_object_get(one, "webhook")),
                     json_string_value(json_object_get(one, "change")),
                     json_string_value(json_object_get(one, "why")));
    }
}

static dosi_status list(dosi_cli_lab *lab, bool only_standing, dosi_error *err) {
    json_t *state = NULL;
    DOSI_TRY(dosi_monitor_state(lab->gate, &state, err));
    dosi_status status = dosi_watch_each(lab->gate, show_watch, NULL, err);
    if (status == DOSI_OK) {
        status = dosi_hook_each(lab->gate, show_hook, json_object_get(state, "hooks"), err);
    }
    const json_t *alerts = json_object_get(state, "alerts");
    for (size_t i = 0; i < json_array_size(alerts) && status == DOSI_OK; i++) {
        const json_t *alert = json_array_get(alerts, i);
        bool stands = json_is_null(json_object_get(alert, "released_us"));
        if (stands || !only_standing) show_alert(lab->gate, alert);
    }
    json_decref(state);
    return status;
}

/// Names the watches and webhooks that are damaged, which count among the errors of a run.
static dosi_status name_damaged_watch(void *context, const dosi_watch *watch, dosi_error *err) {
    return watch->is_damaged ? show_watch(context, watch, err) : DOSI_OK;
}

static dosi_status name_damaged_hook(void *context, const dosi_hook *hook, dosi_error *err) {
    return hook->is_damaged ? show_hook(context, hook, err) : DOSI_OK;
}

static dosi_status run_now(dosi_cli_lab *lab, dosi_error *err) {
    dosi_monitor_report report;
    DOSI_TRY(dosi_monitor_run(lab->gate, NULL, &report, err));
    (void)printf("%zu watches looked at, %zu changes, %zu messages delivered, %zu not, %zu "
                 "errors\n",
                 report.n_looked, report.n_events, report.n_delivered, report.n_failed,
                 report.n_errors);
    DOSI_TRY(dosi_watch_each(lab->gate, name_damaged_watch, NULL, err));
    return dosi_hook_each(lab->gate, name_damaged_hook, NULL, err);
}

static dosi_status do_verb(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "watch") == 0) return watch(lab, argc, argv, err);
    if (strcmp(verb, "hook") == 0) return hook(lab, argc, argv, err);
    bool only_standing = dosi_cli_flag(&argc, argv, "active");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (strcmp(verb, "list") == 0) return list(lab, only_standing, err);
    if (strcmp(verb, "run") == 0 && argc == 2) return run_now(lab, err);
    if (strcmp(verb, "unwatch") == 0 && argc == 3) {
        return dosi_watch_remove(lab->gate, &lab->caller, argv[2], err);
    }
    if (strcmp(verb, "unhook") == 0 && argc == 3) {
        return dosi_hook_remove(lab->gate, &lab->caller, argv[2], err);
    }
    return dosi_fail(
        err, DOSI_INVALID,
        "usage: dosi alerts watch NAME... | hook NAME... | list | run | unwatch NAME "
        "| unhook NAME");
}

dosi_status dosi_cmd_alerts(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    dosi_status status = dosi_cli_lab_open(&argc, argv, "alerts", &lab, err);
    if (status == DOSI_OK) status = do_verb(&lab, argc, argv, err);
    dosi_cli_lab_close(&lab);
    return status;
}
