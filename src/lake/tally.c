// Counting different values: an open-addressing set that thins itself out when it is full.

#include "lake/tally.h"

#include <assert.h>
#include <stdlib.h>

uint64_t dosi_tally_mix(uint64_t bits) {
    bits += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

uint64_t dosi_tally_hash(const char *bytes, size_t n_bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n_bytes; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    }
    return dosi_tally_mix(hash);
}

static bool is_kept(uint64_t hash, unsigned level) {
    return (hash & ((UINT64_C(1) << level) - 1)) == 0;
}

/// The slot of `hash`, or the empty one where it belongs. High bits choose it: the low ones
/// are all zero in a thinned set.
static dosi_tally_entry *find_slot(dosi_tally_entry *slots, size_t n_slots, uint64_t hash) {
    size_t i = (size_t)(hash >> 32) & (n_slots - 1);
    while (slots[i].hash != 0 && slots[i].hash != hash) i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

/// Moves what is kept at the present level into `n_slots` new slots.
static dosi_status rebuild(dosi_tally *tally, size_t n_slots) {
    assert(n_slots > 0);
    dosi_tally_entry *slots = calloc(n_slots, sizeof *slots);
    if (!slots) return DOSI_NO_MEMORY;
    size_t n_used = 0;
    for (size_t i = 0; i < tally->n_slots; i++) {
        const dosi_tally_entry *entry = &tally->slots[i];
        if (entry->hash == 0 || !is_kept(entry->hash, tally->level)) continue;
        *find_slot(slots, n_slots, entry->hash) = *entry;
        n_used++;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->n_slots = n_slots;
    tally->n_used = n_used;
    return DOSI_OK;
}

/// Makes room for one more.
static dosi_status make_room(dosi_tally *tally) {
    static const size_t first_slots = 256;
    while (tally->n_used >= DOSI_TALLY_LIMIT) {
        tally->level++;
        DOSI_TRY(rebuild(tally, tally->n_slots));
    }
    if (tally->n_used * 2 < tally->n_slots) return DOSI_OK;
    return rebuild(tally, tally->n_slots ? tally->n_slots * 2 : first_slots);
}

dosi_status dosi_tally_add(dosi_tally *tally, uint64_t hash, size_t row) {
    assert(tally);
    if (!is_kept(hash, tally->level)) return DOSI_OK;
    if (hash == 0) hash = UINT64_C(1) << 63;
    if (tally->n_slots == 0) DOSI_TRY(make_room(tally));
    dosi_tally_entry *entry = find_slot(tally->slots, tally->n_slots, hash);
    if (entry->hash == 0) {
        DOSI_TRY(make_room(tally));
        if (!is_kept(hash, tally->level)) return DOSI_OK;
        entry = find_slot(tally->slots, tally->n_slots, hash);
        *entry = (dosi_tally_entry){.hash = hash, .row = row};
        tally->n_used++;
    }
    entry->count++;
    return DOSI_OK;
}

uint64_t dosi_tally_distinct(const dosi_tally *tally) {
    return (uint64_t)tally->n_used << tally->level;
}

/// Whether `a` comes before `b` among the most frequent.
static bool is_before(const dosi_tally_entry *a, const dosi_tally_entry *b) {
    return a->count > b->count || (a->count == b->count && a->row < b->row);
}

size_t dosi_tally_top(const dosi_tally *tally, size_t n_wanted, dosi_tally_entry *out) {
    size_t n = 0;
    for (size_t i = 0; i < tally->n_slots; i++) {
        const dosi_tally_entry *entry = &tally->slots[i];
        if (entry->hash == 0) continue;
        if (n == n_wanted && (n == 0 || !is_before(entry, &out[n - 1]))) continue;
        size_t at = n < n_wanted ? n++ : n - 1;
        for (; at > 0 && is_before(entry, &out[at - 1]); at--) out[at] = out[at - 1];
        out[at] = *entry;
    }
    return n;
}

void dosi_tally_clear(dosi_tally *tally) {
    free(tally->slots);
    *tally = (dosi_tally){0};
}
