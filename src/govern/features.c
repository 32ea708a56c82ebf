// Feature indexes: made on first use in cache/, mapped, shared, and given up when others are
// needed more. A file's name is the content's hash, so that it never goes stale.

#include "govern/gate_state.h"
#include "sql/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/// Raised whenever the index's format changes: old files are then not found.
enum { FORMAT = 1 };

static dosi_status cache_path(
    const dosi_gate *gate, const char *hash, const char *ending, char *out, dosi_error *err) {
    int n = snprintf(out, DOSI_PATH_BYTES, "%s/cache/%s-%d%+d.%s", gate->folder, hash, FORMAT,
                     gate->zone_s, ending);
    if (n < 0 || n >= DOSI_PATH_BYTES) return dosi_fail(err, DOSI_LIMIT, "path is too long");
    return DOSI_OK;
}

static dosi_status build(const dosi_version *version,
                         int zone_s,
                         const char *path,
                         dosi_error *err) {
    dosi_table table = {0};
    dosi_status status = dosi_parquet_read(version->path, NULL, 0, NULL, &table, err);
    if (status == DOSI_OK) status = dosi_features_build(&table, zone_s, path, err);
    dosi_table_destroy(&table);
    return status;
}

/// Opens the index, making it when it is not there. One process or thread makes it, others
/// wait.
static dosi_status make_and_open(dosi_gate *gate,
                                 const dosi_version *version,
                                 dosi_features **out,
                                 dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    char lock_path[DOSI_PATH_BYTES];
    DOSI_TRY(cache_path(gate, version->hash, "features", path, err));
    if (dosi_path_exists(path) && dosi_features_open(path, out, NULL) == DOSI_OK) {
        (void)utimensat(AT_FDCWD, path, NULL, 0); // used now: trimming takes the oldest
        return DOSI_OK;
    }
    DOSI_TRY(cache_path(gate, version->hash, "lock", lock_path, err));
    int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return dosi_fail(err, DOSI_IO, "%s: %s", lock_path, strerror(errno));
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    dosi_status status = DOSI_OK;
    // Made meanwhile by another, or there but damaged: then made again.
    if (!dosi_path_exists(path) || dosi_features_open(path, out, NULL) != DOSI_OK) {
        status = build(version, gate->zone_s, path, err);
        if (status == DOSI_OK) status = dosi_features_open(path, out, err);
    }
    (void)close(fd);
    return status;
}

/// The kept index of this hash, one user more; NULL when it is not kept. Under the mutex.
static const dosi_features *use_kept(dosi_gate *gate, const char *hash) {
    for (size_t i = 0; i < DOSI_GATE_FEATURES; i++) {
        dosi_kept_features *kept = &gate->features[i];
        if (!kept->features || strcmp(kept->hash, hash) != 0) continue;
        kept->n_users++;
        kept->used_us = dosi_time_monotonic_us();
        return kept->features;
    }
    return NULL;
}

/// A free place, or the one unused for longest; NULL when all are in use. Under the mutex.
static dosi_kept_features *find_place(dosi_gate *gate) {
    dosi_kept_features *best = NULL;
    for (size_t i = 0; i < DOSI_GATE_FEATURES; i++) {
        dosi_kept_features *kept = &gate->features[i];
        if (!kept->features) return kept;
        if (kept->n_users == 0 && (!best || kept->used_us < best->used_us)) best = kept;
    }
    return best;
}

static dosi_status keep(dosi_gate *gate,
                        const char *hash,
                        dosi_features *opened,
                        const dosi_features **out,
                        dosi_error *err) {
    dosi_status status = DOSI_OK;
    dosi_features *unwanted = NULL;
    (void)pthread_mutex_lock(&gate->features_mutex);
    const dosi_features *kept = use_kept(gate, hash);
    dosi_kept_features *place = kept ? NULL : find_place(gate);
    if (kept || !place) {
        unwanted = opened;
    } else {
        unwanted = place->features;
        *place = (dosi_kept_features){.features = opened, .n_users = 1};
        (void)snprintf(place->hash, sizeof place->hash, "%s", hash);
        place->used_us = dosi_time_monotonic_us();
        kept = opened;
    }
    (void)pthread_mutex_unlock(&gate->features_mutex);
    dosi_features_close(unwanted);
    if (!kept) status = dosi_fail(err, DOSI_BUSY, "too many datasets are being served at once");
    if (status == DOSI_OK) *out = kept;
    return status;
}

dosi_status dosi_gate_features(dosi_gate *gate,
                               const dosi_caller *caller,
                               const char *reference,
                               const dosi_features **out,
                               dosi_error *err) {
    assert(gate && caller && reference && out);
    dosi_kept_version *version = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_READ, reference, &version, err));
    const dosi_features *found = NULL;
    dosi_status status = dosi_gate_note(gate, caller, "read", &version->version, NULL, err);
    if (status == DOSI_OK) {
        (void)pthread_mutex_lock(&gate->features_mutex);
        found = use_kept(gate, version->version.hash);
        (void)pthread_mutex_unlock(&gate->features_mutex);
    }
    if (status == DOSI_OK && !found) {
        dosi_features *opened = NULL;
        status = make_and_open(gate, &version->version, &opened, err);
        if (status == DOSI_OK) status = keep(gate, version->version.hash, opened, &found, err);
    }
    dosi_gate_return_version(version);
    if (status == DOSI_OK) *out = found;
    return status;
}

void dosi_gate_release_features(dosi_gate *gate, const dosi_features *features) {
    assert(gate);
    if (!features) return;
    (void)pthread_mutex_lock(&gate->features_mutex);
    for (size_t i = 0; i < DOSI_GATE_FEATURES; i++) {
        if (gate->features[i].features != features) continue;
        assert(gate->features[i].n_users > 0);
        gate->features[i].n_users--;
        break;
    }
    (void)pthread_mutex_unlock(&gate->features_mutex);
}

void dosi_gate_forget_features(dosi_gate *gate) {
    for (size_t i = 0; i < DOSI_GATE_FEATURES; i++) {
        dosi_features_close(gate->features[i].features);
        gate->features[i] = (dosi_kept_features){0};
    }
}
