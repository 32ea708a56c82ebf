/// @file air.h
/// Air quality: the pollutants, and Korea's comprehensive index (CAI).
///
/// Concentrations are hourly means; gases in ppm, particles in ug/m3. Missing is NaN. Nothing
/// here allocates unless it says so.
#ifndef DOSI_AIR_H
#define DOSI_AIR_H

#include "dosi/status.h"
#include "dosi/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The six pollutants: enum name, column, short name, unit.
#define DOSI_AIR_TABLE(X)                 \
    X(SO2, "so2_ppm", "so2", "ppm")       \
    X(CO, "co_ppm", "co", "ppm")          \
    X(O3, "o3_ppm", "o3", "ppm")          \
    X(NO2, "no2_ppm", "no2", "ppm")       \
    X(PM10, "pm10_ugm3", "pm10", "ug/m3") \
    X(PM25, "pm25_ugm3", "pm25", "ug/m3")

// clang-format off
typedef enum dosi_pollutant {
#define X(name, column, text, unit) DOSI_AIR_##name,
    DOSI_AIR_TABLE(X)
#undef X
    DOSI_AIR_COUNT ///< Not a pollutant: how many there are.
} dosi_pollutant;
// clang-format on

/// "pm25_ugm3"...; the canonical column of a pollutant.
DOSI_API const char *dosi_pollutant_column(dosi_pollutant pollutant);

/// "pm25"...
DOSI_API const char *dosi_pollutant_name(dosi_pollutant pollutant);

/// The pollutant of a column or short name; DOSI_AIR_COUNT when there is none.
DOSI_API dosi_pollutant dosi_pollutant_from_name(const char *name);

/// Korea's ambient standard that hourly maps are compared with: 1 h for gases, 24 h for
/// particles (there is none for an hour).
/// Source: Enforcement Decree of the Framework Act on Environmental Policy, annex 1 (2018-03).
DOSI_API double dosi_pollutant_standard(dosi_pollutant pollutant);

// --- CAI ---------------------------------------------------------------------------------

enum { DOSI_CAI_GRADES = 4 };

/// One version of the index: breakpoints and rules that were in force from a date on.
typedef struct dosi_cai_table {
    const char *id;     ///< "2018-03"
    const char *source; ///< Where the numbers are published.
    dosi_time from;     ///< First civil time it applies to.
    /// (pollutant, grade) lowest and highest concentration of the grade.
    double low[DOSI_AIR_COUNT][DOSI_CAI_GRADES];
    double high[DOSI_AIR_COUNT][DOSI_CAI_GRADES];
    double index_low[DOSI_CAI_GRADES]; ///< 0, 51, 101, 251
    double index_high[DOSI_CAI_GRADES];
    double add_two, add_three; ///< Added when two, or three and more, pollutants are bad.
} dosi_cai_table;

/// The table in force at `time`; the earliest one for times before it.
DOSI_API const dosi_cai_table *dosi_cai_table_at(dosi_time time);

/// All tables, oldest first; `*n` of them.
DOSI_API const dosi_cai_table *dosi_cai_tables(size_t *n);

/// Sub-index of one concentration, not rounded, 0..500: linear within a grade, and between the
/// end of one grade and the start of the next (the published tables leave those gaps open).
/// Above the last breakpoint 500. NaN for a missing or negative concentration.
DOSI_API double dosi_cai_sub_index(const dosi_cai_table *table,
                                   dosi_pollutant pollutant,
                                   double concentration);

/// Why there is no index.
typedef enum dosi_cai_missing {
    DOSI_CAI_COMPLETE,
    DOSI_CAI_NO_REQUIRED, ///< PM10, PM2.5, O3 or NO2 is missing.
} dosi_cai_missing;

/// The index of one station and hour.
typedef struct dosi_cai {
    double sub_index[DOSI_AIR_COUNT]; ///< Not rounded; NaN where missing.
    int index; ///< Rounded half up, additions included, at most 500; -1 when there is none.
    int grade; ///< 1 good, 2 moderate, 3 unhealthy, 4 very unhealthy; 0: none.
    int n_bad; ///< Pollutants with a (rounded) sub-index above 100.
    dosi_pollutant responsible; ///< The highest sub-index; DOSI_AIR_COUNT: none.
    dosi_cai_missing missing;
} dosi_cai;

/// The index from the concentrations that it is defined on: hourly SO2, CO, O3, NO2, and the
/// predicted 24-hour means of PM10 and PM2.5 (dosi_cai_predict_24h()).
///
/// The highest sub-index, + 50 when two pollutants are bad (above 100), + 75 when three or
/// more. Without PM10, PM2.5, O3 or NO2 there is no index; SO2 and CO may be missing.
/// @param needs_all  False: an index of whatever there is (for checking published rows that
///                   lack the particles).
/// Source: Korea Ministry of Environment, CAI as published by AirKorea (airkorea.or.kr).
DOSI_API dosi_cai dosi_cai_of(const dosi_cai_table *table,
                              const double *concentration,
                              bool needs_all);

/// Predicted 24-hour mean of particles: C24E = (12 C12 + 12 C4) / 24, with C12 the mean of the
/// past 12 hours and C4 the mean of the past 4 hours, each hour C of which counts as C when
/// C < M, C / C12 < 0.9 or C / C12 > 1.7, and as 0.75 C otherwise; M = 70 (PM10), 30 (PM2.5).
/// @param hours  (12) hourly means, oldest first, the hour of the index last; NaN missing.
/// @param min_share  Share of the 12 and of the 4 hours that must be there, such as 0.75.
/// @return NaN when too few are there.
/// Source: AirKorea, CAI calculation (24-hour prediction moving average).
DOSI_API double dosi_cai_predict_24h(dosi_pollutant pollutant,
                                     const double *hours,
                                     double min_share);

#ifdef __cplusplus
}
#endif

#endif // DOSI_AIR_H
