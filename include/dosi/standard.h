/// @file standard.h
/// Comparison of a station's hours with Korea's ambient standards.
#ifndef DOSI_STANDARD_H
#define DOSI_STANDARD_H

#include "dosi/air.h"
#include "dosi/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Over what a standard is averaged.
typedef enum dosi_standard_span {
    DOSI_STANDARD_1H,
    DOSI_STANDARD_8H,
    DOSI_STANDARD_24H,
    DOSI_STANDARD_YEAR,
} dosi_standard_span;

/// One standard. It is met when the percentile of a year's 1 h, 8 h or 24 h means (100: their
/// mean over the year, span YEAR) is not above `limit`.
typedef struct dosi_standard {
    dosi_pollutant pollutant;
    dosi_standard_span span;
    double limit;
    double percentile; ///< 99.9 of hours, 99 of 8 h and 24 h means; 0: the mean.
    dosi_time from;    ///< In force from this civil time on.
    const char *id;    ///< "kr-2018-03"
} dosi_standard;

/// All standards; `*n` of them. Source: Enforcement Decree of the Framework Act on
/// Environmental Policy, annex 1.
DOSI_API const dosi_standard *dosi_standards(size_t *n);

/// "1h", "8h", "24h", "year".
DOSI_API const char *dosi_standard_span_name(dosi_standard_span span);

/// How a year compares.
typedef struct dosi_standard_result {
    double value;      ///< The percentile or mean that is compared; NaN: not enough data.
    size_t n_valid;    ///< Means there are (hours, 8 h, days; of YEAR: hours).
    size_t n_possible; ///< Means there could be.
    size_t n_above;    ///< Means above the limit.
    bool is_enough;    ///< Whether the data suffice for a verdict.
    bool is_met;       ///< Only when is_enough.
} dosi_standard_result;

/// Compares one year of hours, first hour ending at 01:00 of 1 January.
/// 8 h means run hour by hour; 24 h means are of civil days (hours 1 to 24). Each mean, and the
/// year, needs `share` of its parts.
/// @param hours  (n_hours) 8760 or 8784, NaN missing.
/// @param room   (2 x n_hours) scratch.
DOSI_API dosi_standard_result dosi_standard_compare(const dosi_standard *standard,
                                                    const double *hours,
                                                    size_t n_hours,
                                                    double share,
                                                    double *room);

#ifdef __cplusplus
}
#endif

#endif // DOSI_STANDARD_H
