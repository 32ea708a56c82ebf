/// @file quality.h
/// Quality control of hourly readings of a network: flags, never edits.
///
/// Checks that need one station only (range, rate, flat line, spike) are dosi_qc_series();
/// those that need the stations around it are dosi_qc_neighbours() (one hour) and
/// dosi_qc_network() (the whole period: drift, offset, units, and flat lines that only the
/// moving air around them gives away). Missing is NaN. docs/methods/air-qc.md gives the rules.
#ifndef DOSI_QUALITY_H
#define DOSI_QUALITY_H

#include "dosi/air.h"
#include "dosi/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Flags of a reading, as bits. A flagged reading is never changed nor removed.
enum {
    DOSI_QC_MISSING = 1,    ///< There is no reading.
    DOSI_QC_RANGE = 2,      ///< Outside what the instrument or the air can give.
    DOSI_QC_FLAT = 4,       ///< One of a run of equal readings that the air does not explain.
    DOSI_QC_SPIKE = 8,      ///< Jumps away from the hours around it and back.
    DOSI_QC_NEIGHBOUR = 16, ///< Far from what the stations around it say.
    DOSI_QC_RATE = 32,      ///< Changed more within an hour than the air does.
    DOSI_QC_UNIT = 64,      ///< In another unit (ppb for ppm), or PM10 and PM2.5 swapped.
    DOSI_QC_DRIFT = 128,    ///< Part of a drift or an offset against the network.
};

/// Thresholds for one pollutant; 0 hours or NaN switches a check off.
typedef struct dosi_qc_limits {
    double low, high;      ///< RANGE outside [low, high].
    size_t flat_hours;     ///< FLAT for runs of at least so many equal readings...
    double flat_above;     ///< ...of a value above this (low values are flat by resolution).
    double spike_step;     ///< SPIKE: differs by more than this from both hours around it, the
    double spike_ratio;    ///< same way, and by more than this many times their own difference.
    double neighbour_step; ///< NEIGHBOUR: differs from the median of the neighbours by more
    double neighbour_ratio; ///< than this, and by more than so many times their spread.
    double rate_step;       ///< RATE: changes by more than this from one hour to the next.
    double resolution;      ///< Step in which readings are published.
    double flat_floor;      ///< At and below it, air is flat by what instruments can resolve.
    double flat_score;      ///< FLAT: a run is so improbable (-ln of probability) for this air.
    double drift_step;      ///< DRIFT: mean distance from what the network says, at least; and
    double drift_score;     ///< the cumulative sum of standardised excess over the segment.
} dosi_qc_limits;

/// The default thresholds of a pollutant, for urban background and roadside stations in Korea;
/// docs/methods/air-qc.md says where each comes from.
DOSI_API dosi_qc_limits dosi_qc_limits_default(dosi_pollutant pollutant);

/// Flags RANGE, RATE, FLAT, SPIKE and MISSING of one station's hourly series without gaps in
/// time. Gaps of missing hours up to 3 long are looked across.
/// @param values  (n) one an hour; NaN missing.
/// @param flags   (n) in and out: bits are added.
/// Cost: O(n).
DOSI_API void dosi_qc_series(const dosi_qc_limits *limits,
                             const double *values,
                             size_t n,
                             uint32_t *flags);

/// Flags NEIGHBOUR of one hour: each station against the median of its neighbours that have a
/// reading without a flag in that hour (at least 3).
/// @param values      (n_stations) readings of the hour.
/// @param neighbours  (n_stations x k) indexes; UINT32_MAX: none.
/// @param flags       (n_stations) in and out.
DOSI_API void dosi_qc_neighbours(const dosi_qc_limits *limits,
                                 const double *values,
                                 size_t n_stations,
                                 const uint32_t *neighbours,
                                 size_t k,
                                 uint32_t *flags);

/// The readings of a network: the pollutants it measures, at the same stations and hours.
typedef struct dosi_qc_matrix {
    size_t n_stations, n_hours;
    /// (DOSI_AIR_COUNT) each (n_stations x n_hours), NaN missing; NULL: not measured.
    const double *const *values;
    const uint32_t *neighbours; ///< (n_stations x k) indexes, UINT32_MAX: none; NULL with k 0.
    size_t k;                   ///< At most 32.
} dosi_qc_matrix;

/// dosi_qc_neighbours() of every hour of a pollutant of a network.
/// @param flags  (n_stations x n_hours) in and out.
/// Same flags at any thread count. Cost: O(cells x k).
DOSI_API void dosi_qc_neighbours_all(const dosi_qc_limits *limits,
                                     const dosi_qc_matrix *matrix,
                                     dosi_pollutant pollutant,
                                     const dosi_run *run,
                                     uint32_t *flags);

/// Flags UNIT, FLAT, SPIKE and DRIFT of a network's readings against what is expected: the
/// network's median of the hour, put through the station's own robust line, what is left of it
/// at the neighbours, and what the station's other pollutants say of a local event (a plume
/// raises several; a broken instrument is alone). Needs 5 stations that report; with fewer
/// nothing is flagged. RATE, SPIKE and NEIGHBOUR are taken back where the expectation explains
/// them. DRIFT is a cumulative sum (CUSUM) of the standardised difference with exact segments
/// of largest sum, begun where a ramp or step fitted to the onset begins.
/// @param limits  (DOSI_AIR_COUNT)
/// @param flags  (DOSI_AIR_COUNT) each (n_stations x n_hours), in and out; what is flagged
///               already is left out of the expectation. NULL where not measured.
/// @param expected  (DOSI_AIR_COUNT) each NULL (not wanted) or (n_stations x n_hours) out: what
///                  is expected; NaN where nothing can be.
/// Cost: O(cells x (k + log)); memory about 8 doubles a cell of one pollutant.
/// Same bits at any thread count.
/// @return DOSI_OK; DOSI_NO_MEMORY; DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_qc_network(const dosi_qc_limits *limits,
                                                  const dosi_qc_matrix *matrix,
                                                  const dosi_run *run,
                                                  uint32_t *const *flags,
                                                  double *const *expected,
                                                  dosi_error *err);

/// Flags UNIT where PM2.5 is above PM10 for hours (it is part of it) or the two channels are
/// swapped: both where both fit the network better exchanged, else the one that is farther
/// from what the network says. Without an expectation (NULL) both are flagged.
/// @param values    (2) PM10 and PM2.5 of one station, each (n).
/// @param expected  (2) of dosi_qc_network(), each (n); NULL: not known.
/// @param flags     (2) each (n), in and out.
DOSI_API void dosi_qc_particles(const double *const *values,
                                const double *const *expected,
                                size_t n,
                                uint32_t *const *flags);

#ifdef __cplusplus
}
#endif

#endif // DOSI_QUALITY_H
