/// @file forecast.h
/// Forecasts of the hourly series of a network some hours ahead, with intervals and an honest
/// back-test.
///
/// All stations are forecast at one common hour of issue. The difference from the last value is
/// learnt by a ridge regression for each horizon, of all stations together, from the station's
/// past, the network's, hour and weekday, and drivers where there are any; shrinking it all the
/// way leaves persistence. Time is gone through once: models, sizes of errors and what to trust
/// are made of what was known at each hour, in the back-test as in the forecast. Intervals are
/// conformal (J. Lei and others, 2018, J. Am. Stat. Assoc. 113, 1094), scaled by what errors
/// depend on, and their aim follows their coverage (I. Gibbs and E. Candes, 2021, NeurIPS 34).
/// docs/methods/air-forecast.md tells more, with what was measured.
#ifndef DOSI_FORECAST_H
#define DOSI_FORECAST_H

#include "dosi/run.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DOSI_FORECAST_HORIZONS_MAX = 168,
    DOSI_FORECAST_HOURS_MIN = 120,
    DOSI_FORECAST_DRIVERS_MAX = 8
};

/// Hourly values of stations; borrowed. Forecasts are issued at the last hour.
typedef struct dosi_forecast_panel {
    size_t n_hours, n_stations;
    int64_t first_hour;   ///< Civil hours since 1970 of the first hour, >= 0.
    const double *value;  ///< (n_stations x n_hours) NaN: missing.
    size_t n_own;         ///< Drivers that each station has, such as other pollutants.
    const double *own;    ///< (n_own x n_stations x n_hours) NaN: missing.
    size_t n_common;      ///< Drivers that all share, such as the weather.
    size_t n_ahead;       ///< Hours beyond the last that `common` reaches; 0: none.
    const double *common; ///< (n_common x (n_hours + n_ahead)) NaN: missing.
} dosi_forecast_panel;

/// How to forecast. Zero fields mean the default.
typedef struct dosi_forecast_options {
    size_t n_horizons; ///< +1 to so many hours; 0: 48.
    double coverage;   ///< Of the intervals, in (0, 1); 0: 0.9.
    double test_share; ///< Last part to back-test on, in (0, 0.5]; 0: 0.2.
} dosi_forecast_options;

/// A forecast for one hour, in units of the series; NaN where a station has had no reading for
/// 24 hours, or fewer than 24 in all. `value` is as likely too high as too low.
typedef struct dosi_forecast_hour {
    double value, lower, upper;
} dosi_forecast_hour;

/// How one horizon did on hours that neither model nor interval had seen. NaN where n is 0.
typedef struct dosi_forecast_score {
    size_t n;
    double mae, rmse;
    double bias;                              ///< Mean of forecast less reading.
    double mae_persistence, rmse_persistence; ///< Of the last value kept.
    double mae_yesterday;   ///< Of the last value known of the same hour of the day.
    double mae_climatology; ///< Of the mean of that hour of the day until then.
    double coverage;        ///< Share of readings inside their interval.
    double width;           ///< Mean width of the intervals.
    double crps;            ///< Continuous ranked probability score, from 19 quantiles.
} dosi_forecast_score;

/// With n_ahead >= 3 the common drivers' means over the hours +1 to 3, 4 to 6, 7 to 12, 13 to
/// 24, 25 to 36 and 37 to 48, as far as n_ahead reaches, help at every hour. Before the last
/// hour they are what `common` holds: observations there stand in for the forecasts of then
/// (perfect prognosis), so that models learn what weather does, and the back-test is that of a
/// weather forecast without error.
///
/// Forecasts all stations from the last hour. The back-test issues forecasts at every hour of
/// the last part, each made of what was known then. Bytes do not depend on the number of
/// threads. Readings without negative values before the test are modelled as their square
/// roots, and forecasts are rounded to the step that readings have (1, 0.1, 0.001...), if they
/// have one.
/// @param options  NULL: all default.
/// @param out      (n_stations x n_horizons) hours +1, +2, ... after the last.
/// @param scores   ((n_stations + 1) x n_horizons) out; the last row is of all stations.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than DOSI_FORECAST_HOURS_MIN hours before the test, an
///         option out of range, or no station with readings enough; DOSI_NO_MEMORY;
///         DOSI_CANCELLED. `out` and `scores` are undefined on failure.
/// Cost: 25 stations x 8,760 hours x 48 horizons: 5 s of one core. Memory: about 100 B a
/// station and hour, and 8 B more for each own driver.
DOSI_API DOSI_CHECKED dosi_status dosi_forecast(const dosi_forecast_panel *panel,
                                                const dosi_forecast_options *options,
                                                const dosi_run *run,
                                                dosi_forecast_hour *out,
                                                dosi_forecast_score *scores,
                                                dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_FORECAST_H
