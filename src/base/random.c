// xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.

#include "dosi/random.h"

#include <assert.h>
#include <math.h>

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

dosi_random dosi_random_init(uint64_t seed, uint64_t stream) {
    uint64_t mixed_stream = stream + 1;
    uint64_t state = seed ^ splitmix(&mixed_stream);
    dosi_random random;
    for (int i = 0; i < 4; i++) random.state[i] = splitmix(&state);
    return random;
}

uint64_t dosi_random_next(dosi_random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double dosi_random_uniform(dosi_random *random) {
    return (double)(dosi_random_next(random) >> 11) * 0x1p-53;
}

uint32_t dosi_random_below(dosi_random *random, uint32_t n) {
    assert(n > 0);
    return (uint32_t)(((dosi_random_next(random) >> 32) * n) >> 32);
}

double dosi_random_normal(dosi_random *random) {
    static const double two_pi = 6.283185307179586476925286766559;
    double u = 1.0 - dosi_random_uniform(random); // in (0, 1], so that log is finite
    double v = dosi_random_uniform(random);
    return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}
