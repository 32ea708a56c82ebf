/// @file random.h
/// Random numbers that are the same everywhere, for a seed, at any thread count.
///
/// Use one stream per thing (a station, a row block), never one shared by threads. Not for
/// secrets: those come from libsodium.
#ifndef DOSI_RANDOM_H
#define DOSI_RANDOM_H

#include "dosi/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// xoshiro256** state.
typedef struct dosi_random {
    uint64_t state[4];
} dosi_random;

/// The generator of (seed, stream); different streams of one seed are independent.
DOSI_API dosi_random dosi_random_init(uint64_t seed, uint64_t stream);

/// Uniform 64 bits.
DOSI_API uint64_t dosi_random_next(dosi_random *random);

/// Uniform in [0, 1), 53 bits.
DOSI_API double dosi_random_uniform(dosi_random *random);

/// Uniform integer in [0, n), n > 0, without bias worth mentioning (n < 2^32).
DOSI_API uint32_t dosi_random_below(dosi_random *random, uint32_t n);

/// Standard normal (Box-Muller, one value a call).
DOSI_API double dosi_random_normal(dosi_random *random);

#ifdef __cplusplus
}
#endif

#endif // DOSI_RANDOM_H
