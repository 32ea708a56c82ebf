/// @file time.h
/// Civil time: microseconds since 1970-01-01 00:00 on the lab's wall clock.
///
/// A city's measurements are written on its wall clock, and its days, weekdays and rush hours
/// are civil. Dosi therefore stores civil time without a zone; the lab's offset from UTC
/// (+09:00 for Korea, which has no daylight saving) is applied where a UTC instant is needed:
/// in HTTP replies, in feeds, and in the catalogue's own records, which are UTC.
/// An hourly value is stamped with the END of its hour: "2020-02-01 24:00" is
/// 2020-02-02T00:00.
#ifndef DOSI_TIME_H
#define DOSI_TIME_H

#include "dosi/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Civil time, us since 1970-01-01 00:00 civil. DOSI_TIME_MISSING when there is none.
typedef int64_t dosi_time;

#define DOSI_TIME_MISSING INT64_MIN
#define DOSI_SECOND_US    INT64_C(1000000)
#define DOSI_HOUR_US      (INT64_C(3600) * DOSI_SECOND_US)
#define DOSI_DAY_US       (INT64_C(24) * DOSI_HOUR_US)

/// Broken-down civil time, proleptic Gregorian.
typedef struct dosi_civil {
    int year;        ///< 1..9999
    int month;       ///< 1..12
    int day;         ///< 1..31
    int hour;        ///< 0..23; dosi_time_from_civil() also takes 24 with zero minutes.
    int minute;      ///< 0..59
    int second;      ///< 0..59
    int microsecond; ///< 0..999999
} dosi_civil;

/// Days since 1970-01-01 of a date. Precondition: a real date (see dosi_civil_is_valid()).
DOSI_API int64_t dosi_days_from_civil(int year, int month, int day);

/// Days in a month, 28..31; 0 for a month outside 1..12.
DOSI_API int dosi_days_in_month(int year, int month);

/// The time of `civil`. Hour 24 with zero minutes is midnight of the next day.
/// @return DOSI_OK; DOSI_DOMAIN when a field is out of range (year 1..9999).
DOSI_API DOSI_CHECKED dosi_status dosi_time_from_civil(const dosi_civil *civil,
                                                       dosi_time *out,
                                                       dosi_error *err);

/// The fields of `time`.
DOSI_API dosi_civil dosi_time_to_civil(dosi_time time);

/// Weekday, 0 Monday .. 6 Sunday.
DOSI_API int dosi_time_weekday(dosi_time time);

/// Parses an ISO 8601 civil time: YYYY-MM-DD, optionally [T ]HH:MM[:SS[.ffffff]]. A zone
/// suffix (Z, +hh:mm, +hhmm) is turned into civil time by `zone_s`, the lab's offset.
/// @return DOSI_OK; DOSI_PARSE; DOSI_DOMAIN. `*out` untouched on failure.
DOSI_API DOSI_CHECKED dosi_status dosi_time_parse_iso(
    const char *bytes, size_t n_bytes, int zone_s, dosi_time *out, dosi_error *err);

enum { DOSI_TIME_TEXT_BYTES = 40 };

/// Writes "YYYY-MM-DDTHH:MM:SS" (".ffffff" only when there are microseconds) and the zone:
/// none when `zone_s` is INT32_MIN, "Z" when 0, else "+hh:mm".
/// @param out  (DOSI_TIME_TEXT_BYTES) NUL-terminated. "" for a missing time.
DOSI_API void dosi_time_format(dosi_time time, int zone_s, char *out);

/// Now, UTC, us since 1970.
DOSI_API int64_t dosi_time_now_utc_us(void);

/// A clock that never jumps, us, for measuring durations.
DOSI_API int64_t dosi_time_monotonic_us(void);

#ifdef __cplusplus
}
#endif

#endif // DOSI_TIME_H
