// Civil time arithmetic (proleptic Gregorian) and its ISO 8601 texts.

#include "dosi/time.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/// Days by Howard Hinnant's algorithm: years start in March, eras have 400 years.
int64_t dosi_days_from_civil(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, dosi_civil *out) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    out->day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    out->month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    out->year = (int)(year_of_era + era * 400 + (out->month <= 2));
}

int dosi_days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12) return 0;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool is_clock(const dosi_civil *c) {
    if (c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59) return false;
    if (c->microsecond < 0 || c->microsecond > 999999) return false;
    if (c->hour == 24) return c->minute == 0 && c->second == 0 && c->microsecond == 0;
    return c->hour >= 0 && c->hour <= 23;
}

dosi_status dosi_time_from_civil(const dosi_civil *civil, dosi_time *out, dosi_error *err) {
    assert(civil && out);
    bool is_date = civil->year >= 1 && civil->year <= 9999 && civil->day >= 1 &&
                   civil->day <= dosi_days_in_month(civil->year, civil->month);
    if (!is_date || !is_clock(civil)) {
        return dosi_fail(err, DOSI_DOMAIN, "no such time: %04d-%02d-%02d %02d:%02d:%02d",
                         civil->year, civil->month, civil->day, civil->hour, civil->minute,
                         civil->second);
    }
    int64_t seconds = civil->hour * 3600 + civil->minute * 60 + civil->second;
    *out = dosi_days_from_civil(civil->year, civil->month, civil->day) * DOSI_DAY_US +
           seconds * DOSI_SECOND_US + civil->microsecond;
    return DOSI_OK;
}

/// Division that rounds down, for times before 1970.
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

dosi_civil dosi_time_to_civil(dosi_time time) {
    dosi_civil civil = {0};
    int64_t days = floor_div(time, DOSI_DAY_US), rest_us = time % DOSI_DAY_US;
    if (rest_us < 0) rest_us += DOSI_DAY_US; // days x a day may be beyond the first time
    civil_from_days(days, &civil);
    civil.hour = (int)(rest_us / DOSI_HOUR_US);
    civil.minute = (int)(rest_us / (60 * DOSI_SECOND_US) % 60);
    civil.second = (int)(rest_us / DOSI_SECOND_US % 60);
    civil.microsecond = (int)(rest_us % DOSI_SECOND_US);
    return civil;
}

int dosi_time_weekday(dosi_time time) {
    int64_t days = floor_div(time, DOSI_DAY_US);
    return (int)(((days + 3) % 7 + 7) % 7);
}

typedef struct cursor {
    const char *at, *end;
} cursor;

/// Reads exactly `n_digits` digits.
static bool take_digits(cursor *c, int n_digits, int *out) {
    if (c->end - c->at < n_digits) return false;
    int value = 0;
    for (int i = 0; i < n_digits; i++) {
        if (c->at[i] < '0' || c->at[i] > '9') return false;
        value = value * 10 + (c->at[i] - '0');
    }
    c->at += n_digits;
    *out = value;
    return true;
}

static bool take(cursor *c, char byte) {
    if (c->at == c->end || *c->at != byte) return false;
    c->at++;
    return true;
}

static bool take_fraction(cursor *c, int *microsecond) {
    int scale = 100000;
    int value = 0;
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        value += (*c->at - '0') * scale;
        scale /= 10;
    }
    *microsecond = value;
    return c->at > start;
}

static bool take_clock(cursor *c, dosi_civil *civil) {
    if (!take_digits(c, 2, &civil->hour) || !take(c, ':') ||
        !take_digits(c, 2, &civil->minute)) {
        return false;
    }
    if (!take(c, ':')) return true;
    if (!take_digits(c, 2, &civil->second)) return false;
    return !take(c, '.') || take_fraction(c, &civil->microsecond);
}

/// Reads Z or +hh[:]mm; `*zone_s` stays as it is when there is none.
static bool take_zone(cursor *c, int *zone_s) {
    if (c->at == c->end) return true;
    if (take(c, 'Z')) {
        *zone_s = 0;
        return true;
    }
    int sign = take(c, '-') ? -1 : 1;
    if (sign == 1 && !take(c, '+')) return false;
    int hours = 0;
    int minutes = 0;
    if (!take_digits(c, 2, &hours)) return false;
    (void)take(c, ':');
    if (c->at < c->end && !take_digits(c, 2, &minutes)) return false;
    *zone_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes <= 59;
}

dosi_status dosi_time_parse_iso(
    const char *bytes, size_t n_bytes, int zone_s, dosi_time *out, dosi_error *err) {
    assert((bytes || n_bytes == 0) && out);
    cursor c = {bytes, bytes + n_bytes};
    dosi_civil civil = {0};
    int given_zone_s = zone_s;
    bool is_ok = take_digits(&c, 4, &civil.year) && take(&c, '-') &&
                 take_digits(&c, 2, &civil.month) && take(&c, '-') &&
                 take_digits(&c, 2, &civil.day);
    if (is_ok && (take(&c, 'T') || take(&c, ' '))) {
        is_ok = take_clock(&c, &civil) && take_zone(&c, &given_zone_s);
    }
    if (!is_ok || c.at != c.end) {
        int shown = n_bytes > 40 ? 40 : (int)n_bytes;
        return dosi_fail(err, DOSI_PARSE, "not an ISO 8601 time: \"%.*s\"", shown, bytes);
    }
    dosi_time time = 0;
    DOSI_TRY(dosi_time_from_civil(&civil, &time, err));
    *out = time + (int64_t)(zone_s - given_zone_s) * DOSI_SECOND_US;
    return DOSI_OK;
}

/// Writes the last two digits of a number.
static void put_two(char *out, int value) {
    out[0] = (char)('0' + value / 10 % 10);
    out[1] = (char)('0' + value % 10);
}

/// Writes date and time of day.
/// @return Bytes written.
static size_t put_civil(char *out, const dosi_civil *c) {
    if (c->year < 0 || c->year > 9999) {
        int n = snprintf(out, DOSI_TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", c->year,
                         c->month, c->day, c->hour, c->minute, c->second);
        return n > 0 && n < 30 ? (size_t)n : 0;
    }
    memcpy(out, "0000-00-00T00:00:00", 20);
    put_two(out, c->year / 100);
    put_two(out + 2, c->year);
    put_two(out + 5, c->month);
    put_two(out + 8, c->day);
    put_two(out + 11, c->hour);
    put_two(out + 14, c->minute);
    put_two(out + 17, c->second);
    return 19;
}

void dosi_time_format(dosi_time time, int zone_s, char *out) {
    assert(out);
    out[0] = '\0';
    if (time == DOSI_TIME_MISSING) return;
    dosi_civil c = dosi_time_to_civil(time);
    size_t used = put_civil(out, &c);
    if (c.microsecond) {
        int n = snprintf(out + used, DOSI_TIME_TEXT_BYTES - used, ".%06d", c.microsecond);
        used += n > 0 ? (size_t)n : 0;
    }
    if (zone_s == INT32_MIN) return;
    if (zone_s == 0) {
        (void)snprintf(out + used, DOSI_TIME_TEXT_BYTES - used, "Z");
        return;
    }
    int minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;
    (void)snprintf(out + used, DOSI_TIME_TEXT_BYTES - used, "%c%02d:%02d",
                   zone_s < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}

static int64_t clock_us(clockid_t id) {
    struct timespec now;
    if (clock_gettime(id, &now) != 0) return 0;
    return (int64_t)now.tv_sec * DOSI_SECOND_US + now.tv_nsec / 1000;
}

int64_t dosi_time_now_utc_us(void) {
    return clock_us(CLOCK_REALTIME);
}
int64_t dosi_time_monotonic_us(void) {
    return clock_us(CLOCK_MONOTONIC);
}
