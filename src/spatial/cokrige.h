/// @file cokrige.h
/// Co-kriging from the nearest values of each variable.
#ifndef DOSI_SPATIAL_COKRIGE_H
#define DOSI_SPATIAL_COKRIGE_H

#include "dosi/cokrige.h"
#include "spatial/krige.h"

/// What is asked: every map at targets (of variable 0), or every value left out.
typedef struct cokrige_local {
    const dosi_cokrige *problem; ///< Checked; n_nearest > 0.
    const krige_cross *cross;
    const dosi_sites *targets; ///< NULL: leave every value out.
    double *prediction, *variance;
} cokrige_local;

/// Predicts; outputs as the global ones.
DOSI_CHECKED dosi_status cokrige_do_local(const cokrige_local *work,
                                          const dosi_run *run,
                                          dosi_error *err);

#endif // DOSI_SPATIAL_COKRIGE_H
