/// @file verify_meuse.h
/// What the checkers of gstat's meuse data share.
#ifndef DOSI_CLI_VERIFY_MEUSE_H
#define DOSI_CLI_VERIFY_MEUSE_H

#include "cli/verify.h"
#include "dosi/krige.h"

enum { MEUSE_SITES = 155, MEUSE_CELLS = 3103 };

/// Places with the covariates of gstat's examples; columns in one piece of memory.
typedef struct meuse_places {
    size_t n;
    double *x, *y, *dist, *flood;
    double *zinc, *cadmium; ///< Of the sites only; else NULL.
} meuse_places;

/// Places as sites.
static inline dosi_sites meuse_sites(const meuse_places *places) {
    return (dosi_sites){places->n, places->x, places->y};
}

/// All kinds of kriging, and leaving one out, against gstat.
/// @param cells  NULL: there is no grid.
DOSI_CHECKED dosi_status verify_meuse_kriging(dosi_verify *verify,
                                              const dosi_verify_file *file,
                                              const meuse_places *sites,
                                              const meuse_places *cells,
                                              dosi_error *err);

/// Directions, indicators, residuals, two variables, nested fits, likelihoods.
DOSI_CHECKED dosi_status verify_meuse_variograms(dosi_verify *verify,
                                                 const dosi_verify_file *file,
                                                 const meuse_places *from,
                                                 dosi_error *err);

/// Two variables together.
DOSI_CHECKED dosi_status verify_meuse_cokrige(dosi_verify *verify,
                                              const dosi_verify_file *file,
                                              const meuse_places *from,
                                              const meuse_places *to,
                                              dosi_error *err);

#endif // DOSI_CLI_VERIFY_MEUSE_H
