/// @file krige.h
/// What global and local kriging share: the problem with its maps grouped by which sites are
/// present.
#ifndef DOSI_SPATIAL_KRIGE_H
#define DOSI_SPATIAL_KRIGE_H

#include "dosi/spatial.h"

#include <stdint.h>

/// Maps in which the same sites are present.
typedef struct krige_pattern {
    size_t n_present;
    const uint32_t *present; ///< (n_present) site indexes, ascending.
    size_t n_maps;
    const size_t *maps; ///< (n_maps) ascending.
} krige_pattern;

/// All patterns of a problem; owns what they point to.
typedef struct krige_patterns {
    size_t n;
    krige_pattern *items;
    uint32_t *present;
    size_t *maps;
} krige_patterns;

/// A problem on its way: what was asked for, and what holds for all of it.
typedef struct krige_work {
    const dosi_krige *problem;
    const dosi_sites *targets; ///< NULL when leaving one out.
    double sill;               ///< Covariance at distance 0.
    const dosi_run *run;
    double *prediction; ///< (n_maps x targets or sites)
    double *variance;   ///< The same, or NULL.
} krige_work;

/// Covariances between (x, y) and every place of `at`.
/// @param out  (at->n)
void dosi_krige_covariances(
    const krige_work *work, double x, double y, const dosi_sites *at, double *out);

/// Fails because the covariances of `pattern` are not positive definite, naming the likely
/// reason.
dosi_status dosi_krige_fail_factor(const krige_work *work, dosi_error *err);

/// Predicts the maps of patterns `which[0..n_which)` from all their present sites.
DOSI_CHECKED dosi_status dosi_krige_global(const krige_work *work,
                                           const krige_patterns *patterns,
                                           const size_t *which,
                                           size_t n_which,
                                           dosi_error *err);

/// Predicts the maps of one pattern from the nearest sites of each target.
DOSI_CHECKED dosi_status dosi_krige_local(const krige_work *work,
                                          const krige_pattern *pattern,
                                          dosi_error *err);

/// Leaves each site of a pattern out, in closed form.
DOSI_CHECKED dosi_status dosi_krige_leave_global(const krige_work *work,
                                                 const krige_pattern *pattern,
                                                 dosi_error *err);

#endif // DOSI_SPATIAL_KRIGE_H
