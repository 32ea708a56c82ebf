/// @file krige_lanes.h
/// Eight small kriging systems side by side: lane l of every vector belongs to system l.
///
/// Lanes never mix, so that a system's bits do not depend on its neighbours, nor on whether the
/// processor does four or two of them at a time.
#ifndef DOSI_SPATIAL_KRIGE_LANES_H
#define DOSI_SPATIAL_KRIGE_LANES_H

#include <stdbool.h>
#include <stddef.h>

enum { KRIGE_LANES = 8 };

/// Systems of `k` sites each. All arrays are aligned to 64 bytes; entry (i, lane) of a vector
/// is [i * KRIGE_LANES + lane].
typedef struct krige_lanes {
    size_t k;
    double *l; ///< (k (k + 1) / 2 x lanes) covariances by rows of the lower triangle; factored.
    double *inverse; ///< (k x lanes) 1 / diagonal of the factor.
    double *u;       ///< (k x lanes) L^-1 1
    double *s;       ///< (lanes) u'u
    double *w;       ///< (k x lanes) covariances with the targets, then their weights.
} krige_lanes;

/// Factors the covariances in `l` and sets the rest.
/// @return Bit per lane: its matrix is not positive definite.
unsigned krige_lanes_factor(const krige_lanes *lanes);

/// Turns covariances `w` of one target a lane into ordinary kriging weights.
/// @param variance  (lanes) out: kriging variances without the sill: add it.
void krige_lanes_solve(const krige_lanes *lanes, double *variance);

#endif // DOSI_SPATIAL_KRIGE_LANES_H
