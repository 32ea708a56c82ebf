/// @file krige_lanes.h
/// Eight small kriging systems side by side: lane l of every vector belongs to system l.
///
/// Lanes never mix, so that a system's bits do not depend on its neighbours, nor on whether the
/// processor does four or two of them at a time.
#ifndef DOSI_SPATIAL_KRIGE_LANES_H
#define DOSI_SPATIAL_KRIGE_LANES_H

#include <stdbool.h>
#include <stddef.h>

enum { KRIGE_LANES = 8, KRIGE_LANES_MAX_DRIFT = 16 };

/// Systems of `k` sites and `p` drift columns each. All arrays are aligned to 64 bytes; entry
/// (i, lane) of a vector is [i * KRIGE_LANES + lane].
typedef struct krige_lanes {
    size_t k, p;
    double *l; ///< (k (k + 1) / 2 x lanes) covariances by rows of the lower triangle; factored.
    double *inverse; ///< (k x lanes) 1 / diagonal of the factor.
    double *u;       ///< (p x k x lanes) drift U at the sites; L^-1 U once factored.
    double *s; ///< (p (p + 1) / 2 x lanes) factor of U'U by rows, 1 / diagonal on its diagonal.
    double *w; ///< (k x lanes) covariances with the targets, then their weights.
    double *rest; ///< (p x lanes) drift at the targets; used up.
} krige_lanes;

/// What a lane's matrices are not.
typedef struct krige_lanes_faults {
    unsigned indefinite; ///< Bit per lane: covariances not positive definite.
    unsigned undecided;  ///< Bit per lane: the sites do not tell the drift.
} krige_lanes_faults;

/// Factors the covariances in `l`, and the drift in `u` seen through them.
krige_lanes_faults krige_lanes_factor(const krige_lanes *lanes);

/// Turns covariances `w` and drift `rest` of one target a lane into kriging weights.
/// @param variance  (lanes) out: kriging variances less the target's own: add it.
void krige_lanes_solve(const krige_lanes *lanes, double *variance);

#endif // DOSI_SPATIAL_KRIGE_LANES_H
