// Watches and webhooks as files of the lab.

#include "monitor/state.h"

#include "base/os_file.h"

#include <assert.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRY_BYTES = 16384, MAX_ENTRIES = 200 };

static dosi_status check_name(const char *name, dosi_error *err) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);
    if (length > 0 && length < DOSI_WATCH_NAME_BYTES && strchr(first, name[0]) &&
        strspn(name, rest) == length) {
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "a name is [a-z0-9][a-z0-9_-]*, not \"%.80s\"", name);
}

/// The file of an entry in alerts/watches or alerts/hooks, whose folder is made.
static dosi_status entry_path(
    dosi_gate *gate, const char *kind, const char *name, char *out, dosi_error *err) {
    char folder[MONITOR_PATH_BYTES], file[DOSI_WATCH_NAME_BYTES + 8];
    DOSI_TRY(check_name(name, err));
    DOSI_TRY(monitor_path(gate, kind, folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    (void)snprintf(file, sizeof file, "%s.json", name);
    return dosi_path_join(folder, file, out, err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

/// The names of all entries of a kind, sorted. @param names (MAX_ENTRIES)
static size_t list_names(dosi_gate *gate,
                         const char *kind,
                         char (*names)[DOSI_WATCH_NAME_BYTES]) {
    char folder[MONITOR_PATH_BYTES];
    size_t n = 0;
    if (monitor_path(gate, kind, folder, NULL) != DOSI_OK) return 0;
    DIR *listing = opendir(folder);
    const struct dirent *item = NULL;
    while (listing && n < MAX_ENTRIES && (item = readdir(listing)) != NULL) {
        size_t length = strlen(item->d_name);
        if (length < 6 || strcmp(item->d_name + length - 5, ".json") != 0) continue;
        if (length - 5 >= DOSI_WATCH_NAME_BYTES) continue;
        (void)snprintf(names[n++], DOSI_WATCH_NAME_BYTES, "%.*s", (int)(length - 5),
                       item->d_name);
    }
    if (listing) (void)closedir(listing);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

/// Whether an entry is there already, or there is room for one more.
static dosi_status check_room(dosi_gate *gate,
                              const char *kind,
                              const char *path,
                              dosi_error *err) {
    char names[MAX_ENTRIES][DOSI_WATCH_NAME_BYTES];
    if (dosi_path_exists(path) || list_names(gate, kind, names) < MAX_ENTRIES) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT, "there are %d %s already", MAX_ENTRIES, kind);
}

/// Writes an entry; `object` is taken over.
static dosi_status save_entry(
    dosi_gate *gate, const char *kind, const char *name, json_t *object, dosi_error *err) {
    char path[MONITOR_PATH_BYTES];
    dosi_status status = entry_path(gate, kind, name, path, err);
    if (status == DOSI_OK) status = check_room(gate, kind, path, err);
    char *text = object ? json_dumps(object, JSON_SORT_KEYS) : NULL;
    if (status == DOSI_OK && text) {
        status = dosi_file_write_atomic(path, text, strlen(text), 0600, err);
    } else if (status == DOSI_OK) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %s", name);
    }
    free(text);
    json_decref(object);
    return status;
}

static dosi_status load_entry(
    dosi_gate *gate, const char *kind, const char *name, json_t **out, dosi_error *err) {
    char path[MONITOR_PATH_BYTES];
    dosi_text text = {0};
    DOSI_TRY(entry_path(gate, kind, name, path, err));
    if (!dosi_path_exists(path)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no \"%s\" in alerts/%s", name, kind);
    }
    dosi_status status = dosi_file_read(path, ENTRY_BYTES, &text, err);
    json_t *object = NULL;
    if (status == DOSI_OK) {
        object = json_loadb(dosi_text_string(&text), text.length, 0, NULL);
        if (!json_is_object(object)) {
            status = dosi_fail(err, DOSI_PARSE, "alerts/%s/%s.json is damaged", kind, name);
        }
    }
    dosi_text_destroy(&text);
    if (status != DOSI_OK) {
        json_decref(object);
        return status;
    }
    *out = object;
    return DOSI_OK;
}

static void take_text(const json_t *object, const char *name, char *out, size_t n_out) {
    const char *text = json_string_value(json_object_get(object, name));
    (void)snprintf(out, n_out, "%s", text ? text : "");
}

// --- watches -----------------------------------------------------------------------------

/// Whether the datasets are there, may be read, and have the columns.
static dosi_status check_watch(dosi_gate *gate,
                               const dosi_caller *caller,
                               const dosi_watch *watch,
                               dosi_error *err) {
    static const char *const needed[] = {"station", "time"};
    dosi_table table = {0};
    if (caller->role < DOSI_ROLE_STEWARD) {
        return dosi_fail(err, DOSI_DENIED, "only stewards and administrators keep watches");
    }
    DOSI_TRY(check_name(watch->name, err));
    dosi_status status =
        dosi_gate_read(gate, caller, watch->reference, needed, 2, &table, NULL, err);
    dosi_table_destroy(&table);
    if (status != DOSI_OK || !watch->stations[0]) return status;
    const char *zones[] = {"station", watch->zone};
    status = dosi_gate_read(gate, caller, watch->stations, zones, 2, &table, NULL, err);
    dosi_table_destroy(&table);
    return status;
}

dosi_status dosi_watch_save(dosi_gate *gate,
                            const dosi_caller *caller,
                            const dosi_watch *watch,
                            dosi_error *err) {
    assert(gate && caller && watch);
    dosi_status status = check_watch(gate, caller, watch, err);
    if (status == DOSI_OK) {
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I}", "name", watch->name, "dataset",
                                   watch->reference, "stations", watch->stations, "zone",
                                   watch->zone, "account", (json_int_t)watch->account_id);
        status = save_entry(gate, "watches", watch->name, object, err);
    }
    dosi_status noted =
        dosi_gate_record(gate, caller, "alerts.watch", watch->name,
                         status == DOSI_OK ? "ok" : "denied", status == DOSI_OK ? err : NULL);
    return status == DOSI_OK ? noted : status;
}

dosi_status dosi_watch_remove(dosi_gate *gate,
                              const dosi_caller *caller,
                              const char *name,
                              dosi_error *err) {
    assert(gate && caller && name);
    char path[MONITOR_PATH_BYTES];
    if (caller->role < DOSI_ROLE_STEWARD) {
        return dosi_fail(err, DOSI_DENIED, "only stewards and administrators keep watches");
    }
    DOSI_TRY(entry_path(gate, "watches", name, path, err));
    if (unlink(path) != 0) return dosi_fail(err, DOSI_NOT_FOUND, "no watch \"%s\"", name);
    return dosi_gate_record(gate, caller, "alerts.unwatch", name, "ok", err);
}

dosi_status dosi_watch_each(dosi_gate *gate,
                            dosi_status (*visit)(void *context,
                                                 const dosi_watch *watch,
                                                 dosi_error *err),
                            void *context,
                            dosi_error *err) {
    char names[MAX_ENTRIES][DOSI_WATCH_NAME_BYTES];
    size_t n = list_names(gate, "watches", names);
    for (size_t i = 0; i < n; i++) {
        json_t *object = NULL;
        dosi_watch watch = {0};
        dosi_status status = load_entry(gate, "watches", names[i], &object, NULL);
        if (status == DOSI_NOT_FOUND) continue; // removed meanwhile
        (void)snprintf(watch.name, sizeof watch.name, "%s", names[i]);
        take_text(object, "dataset", watch.reference, sizeof watch.reference);
        watch.is_damaged = !watch.reference[0];
        take_text(object, "stations", watch.stations, sizeof watch.stations);
        take_text(object, "zone", watch.zone, sizeof watch.zone);
        watch.account_id = json_integer_value(json_object_get(object, "account"));
        json_decref(object);
        DOSI_TRY(visit(context, &watch, err));
    }
    return DOSI_OK;
}

// --- webhooks ----------------------------------------------------------------------------

static dosi_status check_hook(const dosi_caller *caller,
                              const dosi_hook *hook,
                              dosi_error *err) {
    if (caller->role < DOSI_ROLE_ADMINISTRATOR) {
        return dosi_fail(err, DOSI_DENIED, "only administrators set webhooks");
    }
    DOSI_TRY(check_name(hook->name, err));
    if (hook->watch[0]) DOSI_TRY(check_name(hook->watch, err));
    bool is_http =
        strncmp(hook->url, "http://", 7) == 0 || strncmp(hook->url, "https://", 8) == 0;
    if (is_http) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "the address must be http or https: %.100s", hook->url);
}

/// Makes and keeps the secret that signs a webhook's messages.
static dosi_status make_secret(dosi_gate *gate, const char *name, char *out, dosi_error *err) {
    unsigned char bytes[32];
    char path[MONITOR_PATH_BYTES];
    if (sodium_init() < 0) return dosi_fail(err, DOSI_IO, "no source of random numbers");
    DOSI_TRY(monitor_secret_path(gate, name, path, err));
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2hex(out, DOSI_HOOK_SECRET_BYTES, bytes, sizeof bytes);
    return dosi_file_write_atomic(path, out, strlen(out), 0600, err);
}

/// When a webhook was first set: now, when there is none of that name.
static int64_t first_set(dosi_gate *gate, const char *name) {
    json_t *before = NULL;
    int64_t since = 0;
    if (load_entry(gate, "hooks", name, &before, NULL) == DOSI_OK) {
        since = json_integer_value(json_object_get(before, "since_utc_us"));
        json_decref(before);
        return since;
    }
    return dosi_time_now_utc_us();
}

dosi_status dosi_hook_save(dosi_gate *gate,
                           const dosi_caller *caller,
                           const dosi_hook *hook,
                           char *secret,
                           dosi_error *err) {
    assert(gate && caller && hook && secret);
    dosi_status status = check_hook(caller, hook, err);
    if (status == DOSI_OK) status = make_secret(gate, hook->name, secret, err);
    if (status == DOSI_OK) {
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", hook->name, "url", hook->url,
                      "watch", hook->watch, "account", (json_int_t)hook->account_id,
                      "since_utc_us", (json_int_t)first_set(gate, hook->name));
        status = save_entry(gate, "hooks", hook->name, object, err);
    }
    dosi_status noted =
        dosi_gate_record(gate, caller, "alerts.hook", hook->name,
                         status == DOSI_OK ? "ok" : "denied", status == DOSI_OK ? err : NULL);
    return status == DOSI_OK ? noted : status;
}

dosi_status dosi_hook_remove(dosi_gate *gate,
                             const dosi_caller *caller,
                             const char *name,
                             dosi_error *err) {
    assert(gate && caller && name);
    char path[MONITOR_PATH_BYTES], secret[MONITOR_PATH_BYTES];
    if (caller->role < DOSI_ROLE_ADMINISTRATOR) {
        return dosi_fail(err, DOSI_DENIED, "only administrators set webhooks");
    }
    DOSI_TRY(entry_path(gate, "hooks", name, path, err));
    DOSI_TRY(monitor_secret_path(gate, name, secret, err));
    if (unlink(path) != 0) return dosi_fail(err, DOSI_NOT_FOUND, "no webhook \"%s\"", name);
    (void)unlink(secret); // messages of a webhook that is gone are dropped when they are due
    return dosi_gate_record(gate, caller, "alerts.unhook", name, "ok", err);
}

dosi_status dosi_hook_each(dosi_gate *gate,
                           dosi_status (*visit)(void *context,
                                                const dosi_hook *hook,
                                                dosi_error *err),
                           void *context,
                           dosi_error *err) {
    char names[MAX_ENTRIES][DOSI_WATCH_NAME_BYTES];
    size_t n = list_names(gate, "hooks", names);
    for (size_t i = 0; i < n; i++) {
        json_t *object = NULL;
        dosi_hook hook = {0};
        dosi_status status = load_entry(gate, "hooks", names[i], &object, NULL);
        if (status == DOSI_NOT_FOUND) continue; // removed meanwhile
        (void)snprintf(hook.name, sizeof hook.name, "%s", names[i]);
        take_text(object, "url", hook.url, sizeof hook.url);
        hook.is_damaged = !hook.url[0];
        take_text(object, "watch", hook.watch, sizeof hook.watch);
        hook.account_id = json_integer_value(json_object_get(object, "account"));
        hook.since_utc_us = json_integer_value(json_object_get(object, "since_utc_us"));
        json_decref(object);
        DOSI_TRY(visit(context, &hook, err));
    }
    return DOSI_OK;
}
