/// @file aermod_met.h
/// The two weather files of AERMOD: hourly surface values (.SFC) and profiles (.PFL).
#ifndef DOSI_SOURCE_AERMOD_MET_H
#define DOSI_SOURCE_AERMOD_MET_H

#include "dosi/plume.h"
#include "dosi/time.h"

/// One hour as the files have it.
typedef struct dosi_aermod_hour {
    dosi_time time;             ///< End of the hour.
    int64_t stamp;              ///< yymmddhh, hours 1 to 24, as result files write it.
    dosi_plume_weather weather; ///< Its levels point into the whole's; no moisture.
    dosi_moisture moisture;     ///< Its soil is not told of: as a run begins.
} dosi_aermod_hour;

/// All hours. Zero-initialise; dosi_aermod_met_clear() after.
typedef struct dosi_aermod_met {
    size_t n_hours;
    dosi_aermod_hour *hours;
    dosi_plume_level *levels;
    size_t n_levels;
    double latitude_deg;  ///< NaN when the header does not tell.
    double longitude_deg; ///< East positive.
} dosi_aermod_met;

/// A text in memory and what to call it in messages.
typedef struct dosi_aermod_text {
    const char *name;
    const char *bytes;
    size_t n_bytes;
} dosi_aermod_text;

/// Reads both files; the codes for missing values become NaN, Celsius becomes kelvin.
/// @param profile  May be NULL: no levels.
/// @return DOSI_OK; DOSI_PARSE naming file and line; DOSI_LIMIT past 1,000,000 hours.
DOSI_CHECKED dosi_status dosi_aermod_met_read(const dosi_aermod_text *surface,
                                              const dosi_aermod_text *profile,
                                              dosi_aermod_met *out,
                                              dosi_error *err);

/// Frees what `met` holds.
void dosi_aermod_met_clear(dosi_aermod_met *met);

#endif // DOSI_SOURCE_AERMOD_MET_H
