/// @file network.h
/// A fixed network that knows itself: what each station reads, predicted from the others, with
/// covariances, offsets and intervals learnt from the network's own past.
///
/// At time t station s reads  m_t + f_t b_s + f_t e_ts , where f_t = level^power, the level
/// being the mean of the stations used; b_s is the station's lasting offset, and e has
/// semivariances that are the past's (recent days count more), drawn towards a variogram of
/// distance by `shrink`. m_t is unknown and different at each time, as in ordinary kriging.
/// A day's errors are large or small at all stations together: the scale of the errors is
/// estimated from how well the stations in use predict each other, with an inverse gamma prior
/// learnt on the past, so that predictions have Student's t distribution.
#ifndef DOSI_NETWORK_H
#define DOSI_NETWORK_H

#include "dosi/spacetime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How a network learns; 0 stands for the default of each.
typedef struct dosi_network_options {
    double half_life;   ///< Steps after which the past counts half; 0: 180.
    double shrink;      ///< 0..1: share of the distance model in semivariances; 0: 0.5.
    double level_power; ///< 0..2: errors grow as level^power; 0: 0.5.
} dosi_network_options;

/// What was learnt.
typedef struct dosi_network_summary {
    dosi_variogram distance; ///< Exponential, of values divided by f_t, offsets removed.
    double shrink;           ///< As used: raised until the semivariances are valid.
    double freedom;          ///< Degrees of freedom of the prior of the errors' scale.
    double scale;            ///< Its centre: squared errors / kriging variances.
    size_t n_calibration;    ///< Values predicted in the past to learn these two; 0: they are
                             ///< 8 and 1, the past being shorter than two half-lives.
} dosi_network_summary;

/// A network that has learnt.
typedef struct dosi_network dosi_network;

/// Learns from a field whose last time is the present. The errors' scale is learnt by going
/// through the last four half-lives, each predicted from what was learnt before it.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 4 or more than 500 sites, an option outside its
///         range, a site that is not finite, or too few values; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: n_sites^2 n_times for each of five passes.
DOSI_API DOSI_CHECKED dosi_status dosi_network_learn(const dosi_st_field *history,
                                                     const dosi_network_options *options,
                                                     const dosi_run *run,
                                                     dosi_network **out,
                                                     dosi_error *err);

/// Frees it; accepts NULL.
DOSI_API void dosi_network_destroy(dosi_network *network);

/// What was learnt, in numbers.
DOSI_API dosi_network_summary dosi_network_describe(const dosi_network *network);

/// Lasting offset of site `i` from the network's mean, at level `level`.
DOSI_API double dosi_network_offset(const dosi_network *network, size_t i, double level);

/// Where predictions go: arrays (n_times x n_sites), borrowed.
typedef struct dosi_network_prediction {
    double *value;    ///< NaN where fewer than 3 others are present.
    double *variance; ///< NaN likewise.
    double *freedom; ///< May be NULL: degrees of freedom, > 2, of the t distribution, scaled to
                     ///< unit variance, of (observed - value) / sqrt(variance).
} dosi_network_prediction;

/// Every site at every time from the others present at that time: its own value at that time
/// is never used, so that this is leave-one-out where there is a value, and fills the gap where
/// there is none.
/// @param values  (n_times x n_sites) NaN missing.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CANCELLED. Same bits at any thread count.
/// Cost: n_sites^3 for each distinct set of present sites that follow each other, n_sites^2 for
/// each time.
/// Source: O. Dubrule (1983), Math. Geol. 15 (leave-one-out); shrinkage as O. Ledoit, M. Wolf
/// (2004), here towards a variogram.
DOSI_API DOSI_CHECKED dosi_status dosi_network_predict(const dosi_network *network,
                                                       const double *values,
                                                       size_t n_times,
                                                       const dosi_run *run,
                                                       const dosi_network_prediction *out,
                                                       dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_NETWORK_H
