// Versions kept in memory: a table of slots by reference, each valid for one reading of the
// catalogue's clock. Serving asks for the same few versions thousands of times a second.

#include "govern/gate_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static dosi_status copy_string(char **out, const char *from) {
    if (!from) return DOSI_OK;
    *out = dosi_string_copy(from);
    return *out ? DOSI_OK : DOSI_NO_MEMORY;
}

dosi_status dosi_version_copy(const dosi_version *from, dosi_version *out, dosi_error *err) {
    assert(from && out);
    dosi_version copy = *from;
    copy.path = copy.metadata_json = copy.columns_json = NULL;
    copy.profile_json = copy.lineage_json = NULL;
    dosi_status status = copy_string(&copy.path, from->path);
    if (status == DOSI_OK) status = copy_string(&copy.metadata_json, from->metadata_json);
    if (status == DOSI_OK) status = copy_string(&copy.columns_json, from->columns_json);
    if (status == DOSI_OK) status = copy_string(&copy.profile_json, from->profile_json);
    if (status == DOSI_OK) status = copy_string(&copy.lineage_json, from->lineage_json);
    if (status != DOSI_OK) {
        dosi_version_clear(&copy);
        return dosi_fail(err, status, "no memory for \"%s/%s\"", from->organisation,
                         from->name);
    }
    *out = copy;
    return DOSI_OK;
}

void dosi_gate_return_version(dosi_kept_version *kept) {
    if (!kept || atomic_fetch_sub(&kept->n_users, 1) != 1) return;
    dosi_version_clear(&kept->version);
    free(kept);
}

void dosi_gate_forget_versions(dosi_gate *gate) {
    (void)pthread_mutex_lock(&gate->versions_mutex);
    for (size_t i = 0; i < DOSI_GATE_VERSIONS; i++) {
        dosi_gate_return_version(gate->versions[i]);
        gate->versions[i] = NULL;
    }
    (void)pthread_mutex_unlock(&gate->versions_mutex);
}

/// FNV-1a, to choose a slot.
static size_t slot_of(const char *reference) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = reference; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    }
    return (size_t)(hash % DOSI_GATE_VERSIONS);
}

/// The kept version, if it is the right one and still true.
static dosi_kept_version *find_kept(dosi_gate *gate,
                                    size_t slot,
                                    const char *reference,
                                    int64_t clock) {
    (void)pthread_mutex_lock(&gate->versions_mutex);
    dosi_kept_version *kept = gate->versions[slot];
    if (kept && (kept->clock != clock || strcmp(kept->reference, reference) != 0)) kept = NULL;
    if (kept) (void)atomic_fetch_add(&kept->n_users, 1);
    (void)pthread_mutex_unlock(&gate->versions_mutex);
    return kept;
}

dosi_status dosi_gate_borrow_version(dosi_gate *gate,
                                     const char *reference,
                                     dosi_kept_version **out,
                                     dosi_error *err) {
    assert(gate && reference && out);
    if (strlen(reference) >= DOSI_REFERENCE_BYTES) {
        return dosi_fail(err, DOSI_INVALID, "the dataset's name is too long");
    }
    // The clock is read before the catalogue, so that what is kept is never older than it.
    int64_t clock = 0;
    DOSI_TRY(dosi_lake_clock(gate->lake, &clock, err));
    size_t slot = slot_of(reference);
    dosi_kept_version *kept = find_kept(gate, slot, reference, clock);
    if (kept) {
        *out = kept;
        return DOSI_OK;
    }
    kept = calloc(1, sizeof *kept);
    if (!kept) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for \"%s\"", reference);
    dosi_status status = dosi_lake_find(gate->lake, reference, &kept->version, err);
    if (status != DOSI_OK) {
        free(kept);
        return status;
    }
    atomic_store(&kept->n_users, 2); // The slot's and the caller's.
    kept->clock = clock;
    memcpy(kept->reference, reference, strlen(reference) + 1);
    (void)pthread_mutex_lock(&gate->versions_mutex);
    dosi_kept_version *before = gate->versions[slot];
    gate->versions[slot] = kept;
    (void)pthread_mutex_unlock(&gate->versions_mutex);
    dosi_gate_return_version(before);
    *out = kept;
    return DOSI_OK;
}
