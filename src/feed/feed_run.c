// Runs a feed: fetch, join, write through the gate, and when to run again.

#include "base/os_file.h"
#include "dosi/json.h"
#include "feed/feed_store.h"
#include "feed/keep.h"

#include <assert.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/// Takes the lock of a feed; the handle to close, or -1 when another run has it.
static int take_lock(dosi_gate *gate, const char *name) {
    char path[DOSI_PATH_BYTES], file[DOSI_FEED_NAME_BYTES + 16];
    (void)snprintf(file, sizeof file, "feeds/%s.lock", name);
    if (dosi_path_join(dosi_gate_folder(gate), file, path, NULL) != DOSI_OK) return -1;
    int handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (handle >= 0 && flock(handle, LOCK_EX | LOCK_NB) != 0) {
        (void)close(handle);
        return -1;
    }
    return handle;
}

/// The lab's day, since 1970.
static int64_t today(dosi_gate *gate) {
    return (dosi_time_now_utc_us() + dosi_gate_zone_s(gate) * DOSI_SECOND_US) / DOSI_DAY_US;
}

/// Sets when the feed is due again: after success on schedule; after a failure sooner, but
/// later each time; when the day's calls are used up, after midnight.
static void schedule(dosi_gate *gate, dosi_feed_entry *entry, dosi_status status) {
    int64_t now = dosi_time_now_utc_us(), wait_s = entry->every_s;
    entry->last_utc_us = now;
    if (status == DOSI_BUSY) {
        int64_t midnight =
            (today(gate) + 1) * DOSI_DAY_US - dosi_gate_zone_s(gate) * DOSI_SECOND_US;
        wait_s = (midnight - now) / DOSI_SECOND_US + 1 + (int64_t)randombytes_uniform(600);
    } else if (status != DOSI_OK) {
        int64_t doubled = 60;
        for (int64_t i = 0; i < entry->n_failures && doubled < entry->every_s; i++)
            doubled *= 2;
        if (doubled < wait_s)
            wait_s = doubled + (int64_t)randombytes_uniform((uint32_t)doubled / 2);
    }
    entry->n_failures = status == DOSI_OK ? 0 : entry->n_failures + 1;
    entry->next_utc_us = now + wait_s * DOSI_SECOND_US;
}

/// {"kind":"feed","method":...,"parameters":{...},"inputs":[...]}
static void put_lineage(dosi_text *out, const dosi_feed_entry *entry, const char *before) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "feed");
    dosi_json_member_string(&json, "method", entry->kind);
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    dosi_json_key(&json, "parameters");
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "service", entry->service);
    dosi_json_member_string(&json, "parameters", entry->parameters);
    dosi_json_end_object(&json);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_array(&json);
    if (before) {
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "kind", "dataset");
        dosi_json_member_string(&json, "reference", before);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

/// Writes the joined table as a new version.
static dosi_status write_version(dosi_gate *gate,
                                 const dosi_caller *caller,
                                 const dosi_feed_entry *entry,
                                 const dosi_table *table,
                                 int64_t *number,
                                 dosi_error *err) {
    const dosi_feed_kind *kind = dosi_feed_kind_find(entry->kind);
    char before[DOSI_REFERENCE_BYTES + 32];
    (void)snprintf(before, sizeof before, "%s@%lld", entry->reference, (long long)*number);
    const dosi_metadata metadata = {.title_ko = kind->title_ko,
                                    .title_en = kind->title_en,
                                    .publisher = kind->publisher,
                                    .licence = kind->licence,
                                    .frequency = entry->every_s <= 3600 ? "HOURLY" : "DAILY"};
    dosi_text lineage = {0};
    put_lineage(&lineage, entry, *number > 0 ? before : NULL);
    dosi_new_version new_version = {.reference = entry->reference,
                                    .table = table,
                                    .metadata = *number > 0 ? NULL : &metadata,
                                    .lineage_json = dosi_text_string(&lineage)};
    dosi_version version = {0};
    bool is_new = false;
    dosi_status status = dosi_text_status(&lineage, err);
    if (status == DOSI_OK) {
        status = dosi_gate_write(gate, caller, &new_version, &version, &is_new, err);
    }
    if (status == DOSI_OK) *number = version.number;
    dosi_version_clear(&version);
    dosi_text_destroy(&lineage);
    return status;
}

/// Joins fetched rows to the dataset.
static dosi_status join(dosi_gate *gate,
                        const dosi_caller *caller,
                        const dosi_feed_entry *entry,
                        dosi_table *rows,
                        dosi_feed_outcome *out,
                        dosi_error *err) {
    dosi_table table = {0};
    dosi_version found = {0};
    dosi_status status =
        dosi_gate_read(gate, caller, entry->reference, NULL, 0, &table, &found, err);
    int64_t number = status == DOSI_OK ? found.number : 0;
    dosi_version_clear(&found);
    if (status == DOSI_NOT_FOUND) status = DOSI_OK;
    const char *keys = entry->key_columns[0] ? entry->key_columns : "station,time";
    if (status == DOSI_OK) {
        status = dosi_feed_merge(&table, rows, keys, &out->n_new, &out->n_changed, err);
    }
    if (status == DOSI_OK && out->n_new + out->n_changed > 0) {
        status = write_version(gate, caller, entry, &table, &number, err);
        if (status == DOSI_OK) out->version = number;
    }
    dosi_table_destroy(&table);
    return status;
}

/// Fetches and joins. Counts the calls in the entry.
static dosi_status fetch_and_join(dosi_gate *gate,
                                  const dosi_caller *caller,
                                  dosi_feed_entry *entry,
                                  const dosi_run *run,
                                  dosi_feed_outcome *out,
                                  dosi_error *err) {
    char key[DOSI_FEED_KEY_BYTES];
    int64_t day = today(gate);
    if (entry->call_day != day) {
        entry->call_day = day;
        entry->n_calls = 0;
    }
    DOSI_TRY(dosi_feed_open_key(gate, entry->name, key, err));
    int64_t left = entry->daily_calls - entry->n_calls;
    const dosi_feed feed = {.kind = dosi_feed_kind_find(entry->kind),
                            .service = entry->service[0] ? entry->service : NULL,
                            .base_url = entry->base_url[0] ? entry->base_url : NULL,
                            .parameters = entry->parameters[0] ? entry->parameters : NULL,
                            .key = key,
                            .calls_left = entry->daily_calls == 0 ? -1
                                          : left > 0              ? left
                                                                  : 0};
    dosi_table rows = {0};
    dosi_status status = feed.kind
                             ? dosi_feed_fetch(&feed, run, &rows, &out->report, err)
                             : dosi_fail(err, DOSI_INVALID, "no kind \"%s\"", entry->kind);
    sodium_memzero(key, sizeof key);
    entry->n_calls += out->report.n_calls;
    if (status == DOSI_OK && rows.n_rows > 0)
        status = join(gate, caller, entry, &rows, out, err);
    dosi_table_destroy(&rows);
    return status;
}

dosi_status dosi_feed_run(dosi_gate *gate,
                          const dosi_caller *caller,
                          const char *name,
                          const dosi_run *run,
                          dosi_feed_outcome *out,
                          dosi_error *err) {
    assert(gate && name && out);
    dosi_feed_entry entry;
    dosi_error why = {""};
    *out = (dosi_feed_outcome){0};
    DOSI_TRY(dosi_feed_load(gate, name, &entry, err));
    dosi_caller owner;
    if (!caller) {
        DOSI_TRY(dosi_caller_from_account(gate, entry.account_id, "feed", &owner, err));
        caller = &owner;
    }
    int lock = take_lock(gate, name);
    if (lock < 0) return dosi_fail(err, DOSI_CONFLICT, "source %s runs already", name);
    dosi_status status = dosi_feed_load(gate, name, &entry, &why);
    if (status == DOSI_OK) status = fetch_and_join(gate, caller, &entry, run, out, &why);
    schedule(gate, &entry, status);
    if (status == DOSI_OK) {
        (void)snprintf(entry.message, sizeof entry.message, "%lld rows, %zu new, %zu changed",
                       (long long)out->report.n_rows, out->n_new, out->n_changed);
    } else {
        (void)snprintf(entry.message, sizeof entry.message, "%s", why.message);
        (void)dosi_fail(err, status, "%s: %.440s", name, why.message);
    }
    dosi_status kept = dosi_feed_keep(gate, &entry, status == DOSI_OK ? err : NULL);
    (void)close(lock);
    return status == DOSI_OK ? kept : status;
}
