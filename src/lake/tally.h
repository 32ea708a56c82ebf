/// @file tally.h
/// How many different values there are, and which are the most frequent, in bounded memory.
#ifndef DOSI_LAKE_TALLY_H
#define DOSI_LAKE_TALLY_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOSI_TALLY_LIMIT = 1 << 20 };

/// One value: its 64-bit hash, the row where it was first seen, how often it was seen.
typedef struct dosi_tally_entry {
    uint64_t hash; ///< 0: an empty slot (a hash of 0 is counted as 2^63).
    uint64_t row;
    uint64_t count;
} dosi_tally_entry;

/// A set of values. While at most DOSI_TALLY_LIMIT are different it holds all of them; past
/// that only those whose hash has `level` zero bits at its low end (Wegman's adaptive
/// sampling), from which the number of all is estimated.
typedef struct dosi_tally {
    dosi_tally_entry *slots;
    size_t n_slots; ///< A power of two.
    size_t n_used;
    unsigned level;
} dosi_tally;

/// A well-mixed hash of 64 bits (splitmix64's finish).
uint64_t dosi_tally_mix(uint64_t bits);

/// A well-mixed hash of bytes (FNV-1a, finished by dosi_tally_mix()).
uint64_t dosi_tally_hash(const char *bytes, size_t n_bytes);

/// Counts one value. DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_tally_add(dosi_tally *tally, uint64_t hash, size_t row);

/// How many different values were counted: exact while `level` is 0.
uint64_t dosi_tally_distinct(const dosi_tally *tally);

/// The most frequent values, the first seen first among equals.
/// @param out  (n_wanted). @return How many there are. Meaningful while `level` is 0.
size_t dosi_tally_top(const dosi_tally *tally, size_t n_wanted, dosi_tally_entry *out);

/// Frees what a tally holds.
void dosi_tally_clear(dosi_tally *tally);

#endif // DOSI_LAKE_TALLY_H
