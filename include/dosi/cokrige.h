/// @file cokrige.h
/// Co-kriging: a variable from its own sites and from those of others that go with it, such as
/// a few reference stations beside many cheap sensors. The variables' variograms and
/// cross-variograms are a linear model of coregionalisation.
#ifndef DOSI_COKRIGE_H
#define DOSI_COKRIGE_H

#include "dosi/variogram.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_LMC_MAX_VARIABLES = 4 };

/// Variogram of variables a and b: nugget[a][b] + psill[a][b] g(h / range). Both matrices are
/// symmetric and have no negative eigenvalue.
typedef struct dosi_lmc {
    size_t n_variables; ///< 1..DOSI_LMC_MAX_VARIABLES
    dosi_variogram_kind kind;
    double range_m, kappa;
    double nugget[DOSI_LMC_MAX_VARIABLES][DOSI_LMC_MAX_VARIABLES];
    double psill[DOSI_LMC_MAX_VARIABLES][DOSI_LMC_MAX_VARIABLES];
} dosi_lmc;

/// What a model of coregionalisation is fitted to: for each pair of variables a >= b, at
/// a (a + 1) / 2 + b, a sample of `n_bins` classes.
typedef struct dosi_lmc_sample {
    size_t n_bins;
    const dosi_variogram_bin *bins[DOSI_LMC_MAX_VARIABLES * (DOSI_LMC_MAX_VARIABLES + 1) / 2];
    double range_m; ///< > 0: keep this range; 0: search it.
} dosi_lmc_sample;

/// Fits a model of coregionalisation: weighted least squares over all pairs of variables, each
/// pair scaled by its variables' sample variances, under matrices without negative eigenvalues.
/// @param model  In: n_variables, kind, kappa; out: the rest.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 3 filled classes of a pair, or a linear or nugget
///         model.
/// Source: M. Goulard, M. Voltz (1992), Math. Geol. 24, 269-286.
DOSI_API DOSI_CHECKED dosi_status dosi_lmc_fit(const dosi_lmc_sample *sample,
                                               dosi_variogram_weights weights,
                                               dosi_lmc *model,
                                               dosi_error *err);

/// A co-kriging problem; everything is borrowed. The mean of each variable is unknown and its
/// own.
typedef struct dosi_cokrige {
    const dosi_lmc *model;
    const dosi_sites *sites; ///< Of all variables; no two of one variable at one place.
    const uint8_t *variable; ///< (sites->n) which variable a site's values are of.
    const double *values;    ///< (n_maps x sites->n) row-major; NaN: not present.
    size_t n_maps;
    const double *error_variance; ///< (sites->n) as for dosi_krige; NULL: none.
    size_t n_nearest; ///< Use so many nearest present sites of each variable; 0: all.
} dosi_cokrige;

/// Predicts variable 0 of every map at every target, from all values of all variables.
/// @param prediction, variance  As for dosi_krige_predict(); NaN where variable 0 has no value.
/// @return As dosi_krige_predict(); DOSI_DOMAIN also for a variable that the model lacks.
/// Cost: as dosi_krige_predict(); with n_nearest of V variables (V n_nearest)^3 / 3 a target
/// and
///       set of neighbours, and sites log(sites) a target.
/// Source: D. E. Myers (1982), Math. Geol. 14, 249-257.
DOSI_API DOSI_CHECKED dosi_status dosi_cokrige_predict(const dosi_cokrige *problem,
                                                       const dosi_sites *targets,
                                                       const dosi_run *run,
                                                       double *prediction,
                                                       double *variance,
                                                       dosi_error *err);

/// Every value of every variable predicted from all the others, in closed form.
/// @param prediction, variance  (n_maps x sites->n) out.
DOSI_API DOSI_CHECKED dosi_status dosi_cokrige_leave_one_out(const dosi_cokrige *problem,
                                                             const dosi_run *run,
                                                             double *prediction,
                                                             double *variance,
                                                             dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_COKRIGE_H
