/// @file forecast.h
/// Forecasts of an hourly series some hours ahead, with intervals and an honest back-test.
///
/// Each horizon has a ridge regression of its own on what is known when the forecast is issued:
/// the last values, their means, the same of the network, and hour and weekday of the target.
/// Intervals are split-conformal (H. Papadopoulos and others, 2002; J. Lei and others, 2018, J.
/// Am. Stat. Assoc. 113, 1094): errors on hours after the training give the half-width.
#ifndef DOSI_FORECAST_H
#define DOSI_FORECAST_H

#include "dosi/run.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_FORECAST_HORIZONS_MAX = 168, DOSI_FORECAST_HOURS_MIN = 480 };

/// Hourly values without holes in time; borrowed. The last one is where a forecast is issued.
/// A missing value is taken as the network's of that hour, else as the value before it; such
/// hours are neither learnt as targets nor scored.
typedef struct dosi_forecast_series {
    size_t n;
    int64_t first_hour;    ///< Civil hours since 1970 of the first value, >= 0.
    const double *value;   ///< (n) NaN: missing; the first may not be.
    const double *network; ///< (n) mean of the stations; NaN: missing; NULL: none.
} dosi_forecast_series;

/// How to forecast. Zero fields mean the default.
typedef struct dosi_forecast_options {
    size_t n_horizons; ///< +1 to so many hours; 0: 48.
    double coverage;   ///< Of the intervals, in (0, 1); 0: 0.9.
    double test_share; ///< Last part to back-test on, in (0, 0.5]; 0: 0.2.
} dosi_forecast_options;

/// A forecast for one hour, in units of the series.
typedef struct dosi_forecast_hour {
    double value, lower, upper;
} dosi_forecast_hour;

/// How one horizon did on hours that neither model nor interval had seen. NaN where n is 0.
typedef struct dosi_forecast_score {
    size_t n;
    double mae, mae_persistence;
    double mae_climatology; ///< Of the mean of that hour of the day until then.
    double coverage;        ///< Share of readings inside their interval.
    double width;           ///< Mean width of the intervals.
} dosi_forecast_score;

/// Forecasts a series from its last hour. The back-test refits eight times along the last part,
/// each time on what was known then. Series without negative values before the test are
/// modelled as their square roots. Bytes do not depend on the number of threads.
/// @param options  NULL: all default.
/// @param out      (n_horizons) hours +1, +2, ... after the last.
/// @param scores   (n_horizons) out.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than DOSI_FORECAST_HOURS_MIN hours before the test, an
///         option out of range, no first value, or too few readings; DOSI_NO_MEMORY;
///         DOSI_CANCELLED. `out` and `scores` are undefined on failure.
/// Cost: about 9 x horizons x n x 600 operations.
DOSI_API DOSI_CHECKED dosi_status dosi_forecast(const dosi_forecast_series *series,
                                                const dosi_forecast_options *options,
                                                const dosi_run *run,
                                                dosi_forecast_hour *out,
                                                dosi_forecast_score *scores,
                                                dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_FORECAST_H
