// Feeds as files in the lab: feeds/NAME.json.

#include "feed/feed_store.h"

#include "base/os_file.h"
#include "dosi/json.h"
#include "feed/keep.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRY_BYTES = 16384, FEEDS = 1000 };

static dosi_status check_name(const char *name, dosi_error *err) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);
    if (length > 0 && length < DOSI_FEED_NAME_BYTES && strchr(first, name[0]) &&
        strspn(name, rest) == length) {
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "a source is named [a-z0-9][a-z0-9_-]*, not \"%.80s\"",
                     name);
}

/// The path of a feed's file; its folder is made.
static dosi_status entry_path(dosi_gate *gate, const char *name, char *out, dosi_error *err) {
    char folder[DOSI_PATH_BYTES], file[DOSI_FEED_NAME_BYTES + 8];
    DOSI_TRY(check_name(name, err));
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "feeds", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    (void)snprintf(file, sizeof file, "%s.json", name);
    return dosi_path_join(folder, file, out, err);
}

/// Stewards and administrators keep feeds.
static dosi_status may_keep(const dosi_caller *caller, dosi_error *err) {
    if (caller->role >= DOSI_ROLE_STEWARD) return DOSI_OK;
    return dosi_fail(err, DOSI_DENIED, "only stewards and administrators keep sources");
}

static dosi_status check_entry(const dosi_feed_entry *entry, dosi_error *err) {
    char organisation[DOSI_NAME_BYTES], name[DOSI_NAME_BYTES];
    int64_t number = 0;
    DOSI_TRY(check_name(entry->name, err));
    DOSI_TRY(dosi_reference_parse(entry->reference, organisation, name, &number, err));
    if (!dosi_feed_kind_find(entry->kind)) {
        return dosi_fail(err, DOSI_INVALID,
                         "no kind of source \"%s\"; there are airkorea and "
                         "seoul-open-data",
                         entry->kind);
    }
    bool is_http = !entry->base_url[0] || strncmp(entry->base_url, "http://", 7) == 0 ||
                   strncmp(entry->base_url, "https://", 8) == 0;
    if (!is_http) {
        return dosi_fail(err, DOSI_INVALID, "the address must be http or https: %.100s",
                         entry->base_url);
    }
    if (entry->every_s >= 60 && entry->every_s <= INT64_C(366) * 86400) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID,
                     "a source runs every minute at most, every year at least");
}

static void put_entry(dosi_text *out, const dosi_feed_entry *entry) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "name", entry->name);
    dosi_json_member_string(&json, "kind", entry->kind);
    dosi_json_member_string(&json, "service", entry->service);
    dosi_json_member_string(&json, "base_url", entry->base_url);
    dosi_json_member_string(&json, "parameters", entry->parameters);
    dosi_json_member_string(&json, "dataset", entry->reference);
    dosi_json_member_string(&json, "key_columns", entry->key_columns);
    dosi_json_member_int(&json, "every_s", entry->every_s);
    dosi_json_member_int(&json, "daily_calls", entry->daily_calls);
    dosi_json_member_int(&json, "account", entry->account_id);
    dosi_json_member_int(&json, "next_utc_us", entry->next_utc_us);
    dosi_json_member_int(&json, "last_utc_us", entry->last_utc_us);
    dosi_json_member_int(&json, "failures", entry->n_failures);
    dosi_json_member_int(&json, "call_day", entry->call_day);
    dosi_json_member_int(&json, "calls", entry->n_calls);
    dosi_json_member_string(&json, "message", entry->message);
    dosi_json_end_object(&json);
}

static void take_text(const json_t *object, const char *name, char *out, size_t n_out) {
    const char *text = json_string_value(json_object_get(object, name));
    (void)snprintf(out, n_out, "%s", text ? text : "");
}

static void take_entry(const json_t *object, dosi_feed_entry *out) {
    const struct {
        const char *name;
        int64_t *to;
    } numbers[] = {{"every_s", &out->every_s},         {"daily_calls", &out->daily_calls},
                   {"account", &out->account_id},      {"next_utc_us", &out->next_utc_us},
                   {"last_utc_us", &out->last_utc_us}, {"failures", &out->n_failures},
                   {"call_day", &out->call_day},       {"calls", &out->n_calls}};
    take_text(object, "name", out->name, sizeof out->name);
    take_text(object, "kind", out->kind, sizeof out->kind);
    take_text(object, "service", out->service, sizeof out->service);
    take_text(object, "base_url", out->base_url, sizeof out->base_url);
    take_text(object, "parameters", out->parameters, sizeof out->parameters);
    take_text(object, "dataset", out->reference, sizeof out->reference);
    take_text(object, "key_columns", out->key_columns, sizeof out->key_columns);
    take_text(object, "message", out->message, sizeof out->message);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i].to = json_integer_value(json_object_get(object, numbers[i].name));
    }
}

dosi_status dosi_feed_keep(dosi_gate *gate, const dosi_feed_entry *entry, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    dosi_text text = {0};
    DOSI_TRY(entry_path(gate, entry->name, path, err));
    put_entry(&text, entry);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, 0600, err);
    }
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_feed_save(dosi_gate *gate,
                           const dosi_caller *caller,
                           const dosi_feed_entry *entry,
                           const char *key,
                           dosi_error *err) {
    assert(gate && caller && entry);
    dosi_status status = may_keep(caller, err);
    if (status == DOSI_OK) status = check_entry(entry, err);
    if (status == DOSI_OK && key) status = dosi_feed_seal_key(gate, entry->name, key, err);
    if (status == DOSI_OK) status = dosi_feed_keep(gate, entry, err);
    dosi_status noted =
        dosi_gate_record(gate, caller, "source.add", entry->name,
                         status == DOSI_OK ? "ok" : "denied", status == DOSI_OK ? err : NULL);
    return status == DOSI_OK ? noted : status;
}

dosi_status dosi_feed_load(dosi_gate *gate,
                           const char *name,
                           dosi_feed_entry *out,
                           dosi_error *err) {
    assert(gate && name && out);
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(entry_path(gate, name, path, err));
    if (!dosi_path_exists(path)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no source \"%s\"", name);
    }
    dosi_text text = {0};
    dosi_status status = dosi_file_read(path, ENTRY_BYTES, &text, err);
    json_t *object = NULL;
    if (status == DOSI_OK) {
        object = json_loadb(dosi_text_string(&text), text.length, 0, NULL);
        if (!object) status = dosi_fail(err, DOSI_PARSE, "feeds/%s.json is damaged", name);
    }
    if (status == DOSI_OK) {
        dosi_feed_entry entry = {0};
        take_entry(object, &entry);
        *out = entry;
    }
    json_decref(object);
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_feed_remove(dosi_gate *gate,
                             const dosi_caller *caller,
                             const char *name,
                             dosi_error *err) {
    assert(gate && caller && name);
    char path[DOSI_PATH_BYTES], sealed[DOSI_PATH_BYTES], file[DOSI_FEED_NAME_BYTES + 32];
    dosi_feed_entry entry;
    DOSI_TRY(may_keep(caller, err));
    DOSI_TRY(dosi_feed_load(gate, name, &entry, err));
    DOSI_TRY(entry_path(gate, name, path, err));
    (void)snprintf(file, sizeof file, "secrets/feed-%s.sealed", name);
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), file, sealed, err));
    (void)unlink(sealed);
    if (unlink(path) != 0) return dosi_fail(err, DOSI_IO, "%s cannot be removed", path);
    return dosi_gate_record(gate, caller, "source.remove", name, "ok", err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

/// The names of all feeds, sorted. @param names (FEEDS)
static size_t list_names(const char *folder, char (*names)[DOSI_FEED_NAME_BYTES]) {
    size_t n = 0;
    DIR *listing = opendir(folder);
    const struct dirent *item = NULL;
    while (listing && n < FEEDS && (item = readdir(listing)) != NULL) {
        size_t length = strlen(item->d_name);
        if (length < 6 || strcmp(item->d_name + length - 5, ".json") != 0) continue;
        if (length - 5 >= DOSI_FEED_NAME_BYTES) continue;
        (void)snprintf(names[n++], DOSI_FEED_NAME_BYTES, "%.*s", (int)(length - 5),
                       item->d_name);
    }
    if (listing) (void)closedir(listing);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

dosi_status dosi_feed_each(dosi_gate *gate,
                           dosi_status (*visit)(void *context,
                                                const dosi_feed_entry *entry,
                                                dosi_error *err),
                           void *context,
                           dosi_error *err) {
    assert(gate && visit);
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "feeds", folder, err));
    char(*names)[DOSI_FEED_NAME_BYTES] = calloc(FEEDS, sizeof *names);
    if (!names) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    size_t n = list_names(folder, names);
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < n && status == DOSI_OK; i++) {
        dosi_feed_entry entry;
        status = dosi_feed_load(gate, names[i], &entry, err);
        if (status == DOSI_OK) status = visit(context, &entry, err);
    }
    free(names);
    return status;
}
