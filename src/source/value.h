/// @file value.h
/// What a piece of text in a cell is: missing, a number, a date, a time, or text.
#ifndef DOSI_SOURCE_VALUE_H
#define DOSI_SOURCE_VALUE_H

#include "dosi/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a cell looks like. A kind may fit several types: DAY8 is an integer as well as a date.
typedef enum dosi_value_kind {
    DOSI_VALUE_MISSING,  ///< "", "-", "NA", "null"...
    DOSI_VALUE_TEXT,     ///< None of the others.
    DOSI_VALUE_BOOL,     ///< true, FALSE...
    DOSI_VALUE_INT,      ///< 12, -3, 1,234
    DOSI_VALUE_CODE,     ///< Digits with leading zeros, or too many for an integer.
    DOSI_VALUE_REAL,     ///< 1.5, .2, 1e3, 12.5%
    DOSI_VALUE_DAY8,     ///< 20200201, a real date of 1900..2099
    DOSI_VALUE_HOUR10,   ///< 2020020124, YYYYMMDDHH with hours 00..24; also 12 and 14 digits
    DOSI_VALUE_DATE,     ///< 2020-02-01, 2020.2.1, 2020/02/01, 2020년 2월 1일, 2020. 01
    DOSI_VALUE_TIME,     ///< 2020-02-01 24:00, ISO 8601, 2020년 2월 1일 13시
    DOSI_VALUE_BAD_DATE, ///< Written as a date, but there is no such day: 2020-02-30
    DOSI_VALUE_KINDS
} dosi_value_kind;

/// Takes white space (ASCII, U+00A0, U+3000) from both ends.
void dosi_value_trim(const char **bytes, size_t *n_bytes);

/// Whether trimmed text stands for "no value".
bool dosi_value_is_missing(const char *bytes, size_t n_bytes);

/// Whether trimmed text is a way of writing "not a number": NaN, inf.
bool dosi_value_is_nan(const char *bytes, size_t n_bytes);

/// What the trimmed text is.
dosi_value_kind dosi_value_classify(const char *bytes, size_t n_bytes);

/// The following read trimmed text; false (and `*out` untouched) when it is not of the type.
/// Integers may have thousands separators; leading zeros are refused (codes are text).
bool dosi_value_int(const char *bytes, size_t n_bytes, int64_t *out);
/// Any number; thousands separators and a percent sign are taken away.
bool dosi_value_real(const char *bytes, size_t n_bytes, double *out);
/// true/false in any case.
bool dosi_value_bool(const char *bytes, size_t n_bytes, uint8_t *out);
/// Days since 1970 of any way to write a date.
bool dosi_value_date(const char *bytes, size_t n_bytes, int64_t *out);
/// Time of any way to write a time or date; a zone in the text is turned by `zone_s`.
bool dosi_value_time(const char *bytes, size_t n_bytes, int zone_s, dosi_time *out);

/// DATE, TIME, BAD_DATE or TEXT: for text that is no number.
dosi_value_kind dosi_value_classify_date(const char *bytes, size_t n_bytes);

/// Whether `n_digits` digits are a compact date (8) or time (10, 12, 14) of 1900..2099.
bool dosi_value_is_compact(const char *digits, size_t n_digits);

#endif // DOSI_SOURCE_VALUE_H
