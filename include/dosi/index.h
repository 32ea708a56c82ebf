/// @file index.h
/// Air-quality indices of other countries: the United States' AQI and the European AQI, as
/// tables with the date from which each was in force. Korea's CAI is in air.h.
///
/// Concentrations in the units of the columns (ppm, ug/m3); missing is NaN.
#ifndef DOSI_INDEX_H
#define DOSI_INDEX_H

#include "dosi/air.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What an index is made of: a pollutant and how it is averaged. Enum name, pollutant, name.
#define DOSI_MEASURE_TABLE(X)     \
    X(SO2_1H, SO2, "so2_1h")      \
    X(SO2_24H, SO2, "so2_24h")    \
    X(CO_8H, CO, "co_8h")         \
    X(O3_1H, O3, "o3_1h")         \
    X(O3_8H, O3, "o3_8h")         \
    X(NO2_1H, NO2, "no2_1h")      \
    X(PM10_1H, PM10, "pm10_1h")   \
    X(PM10_24H, PM10, "pm10_24h") \
    X(PM25_1H, PM25, "pm25_1h")   \
    X(PM25_24H, PM25, "pm25_24h")

// clang-format off
typedef enum dosi_measure {
#define X(name, pollutant, text) DOSI_MEASURE_##name,
    DOSI_MEASURE_TABLE(X)
#undef X
    DOSI_MEASURE_COUNT ///< Not a measure: how many there are.
} dosi_measure;
// clang-format on

/// The pollutant of a measure.
DOSI_API dosi_pollutant dosi_measure_pollutant(dosi_measure measure);

/// "o3_8h"...
DOSI_API const char *dosi_measure_name(dosi_measure measure);

enum { DOSI_INDEX_LEVELS = 7 };

/// Breakpoints of one measure.
typedef struct dosi_index_row {
    double factor; ///< From the column's unit to the table's (1000 for ppb of ppm).
    double step;   ///< Concentrations are cut down to it before anything; 0: not.
    /// (levels) highest concentration of each level, the table's unit; NaN: not defined there.
    double high[DOSI_INDEX_LEVELS];
    double low; ///< Below it the measure says nothing (ozone's hour in the US AQI); else 0.
} dosi_index_row;

/// One version of an index.
typedef struct dosi_index_version {
    const char *index;  ///< "us", "eu"
    const char *id;     ///< "us-2024-05"
    const char *source; ///< Where the numbers are published.
    dosi_time from;     ///< First civil time it applies to.
    size_t n_levels;
    /// (n_levels) ends of the levels on the index' scale; all 0: the index is the level.
    double index_high[DOSI_INDEX_LEVELS];
    dosi_index_row rows[DOSI_MEASURE_COUNT]; ///< factor 0: the measure is not used.
} dosi_index_version;

/// All versions, by index, oldest first; `*n` of them.
DOSI_API const dosi_index_version *dosi_index_versions(size_t *n);

/// The version of `index` ("us", "eu") in force at `time`, the earliest one for times before
/// it; NULL when there is no such index.
DOSI_API const dosi_index_version *dosi_index_version_at(const char *index, dosi_time time);

/// The version called `id`, or NULL.
DOSI_API const dosi_index_version *dosi_index_version_find(const char *id);

/// Sub-index of one concentration: whole numbers on the index' scale (rounded half up), or the
/// level 1.. where the index has no scale. NaN where missing, negative, or not defined.
/// Concentrations above the last breakpoint give its end.
DOSI_API double dosi_index_sub(const dosi_index_version *version,
                               dosi_measure measure,
                               double concentration);

/// The index of one station and hour.
typedef struct dosi_index {
    double sub_index[DOSI_MEASURE_COUNT];
    double value; ///< The highest sub-index; NaN: none.
    int level;    ///< 1..n_levels; 0: none.
    dosi_measure responsible;
} dosi_index;

/// The index of the concentrations that are there: the highest sub-index. In the US AQI, SO2 of
/// a day counts only from 305 ppb on, and ozone's hour only above its table's start.
/// @param concentration  (DOSI_MEASURE_COUNT)
DOSI_API dosi_index dosi_index_of(const dosi_index_version *version,
                                  const double *concentration);

/// NowCast of particles: the past 12 hours weighted by w^age, w = lowest / highest of them but
/// not below 0.5. Needs 2 of the latest 3 hours.
/// @param hours  (12) hourly means, oldest first; NaN missing.
/// Source: EPA-454/B-24-002, Technical Assistance Document for the Reporting of Daily Air
/// Quality (May 2024).
DOSI_API double dosi_index_nowcast(const double *hours);

#ifdef __cplusplus
}
#endif

#endif // DOSI_INDEX_H
