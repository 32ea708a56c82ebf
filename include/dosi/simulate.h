/// @file simulate.h
/// Sequential Gaussian simulation: many equally likely fields that honour the data and the
/// variogram, where kriging gives their mean and variance only.
#ifndef DOSI_SIMULATE_H
#define DOSI_SIMULATE_H

#include "dosi/variogram.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_SIMULATE_MAX_NEAREST = 200 };

/// What is simulated; everything is borrowed.
typedef struct dosi_simulation {
    const dosi_variogram *model; ///< Bounded: no linear structure.
    const dosi_sites *sites;     ///< No two at the same place; may be none.
    const double *values;        ///< (sites->n) NaN: not present.
    double mean;                 ///< Known mean; NaN: that of generalised least squares.
    size_t n_nearest;            ///< 1..DOSI_SIMULATE_MAX_NEAREST data and earlier targets.
    size_t n_realisations;
    uint64_t seed;
} dosi_simulation;

/// Simulates all targets. One random path serves all realisations, so that neighbours and
/// weights are found once and in parallel.
/// @param out  (n_realisations x targets->n) row-major.
/// @return DOSI_OK; DOSI_DOMAIN: a model, site or target outside its domain, no value and no
///         mean, or sites too close for the model; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// A target at a site has its value. Same bits at any thread count. With all data and targets
/// as neighbours mean and variance are exactly those of simple kriging.
/// Cost: targets x (n_nearest^3/3 + n_nearest n_realisations).
/// Source: C. V. Deutsch, A. G. Journel (1998), GSLIB, V.2.3; J. J. Gomez-Hernandez,
/// A. G. Journel (1993).
DOSI_API DOSI_CHECKED dosi_status dosi_simulate(const dosi_simulation *problem,
                                                const dosi_sites *targets,
                                                const dosi_run *run,
                                                double *out,
                                                dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_SIMULATE_H
