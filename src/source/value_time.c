// Dates and times as people write them in cells, Korean ways included.

#include "source/value.h"

#include <string.h>

enum { FIRST_YEAR = 1900, LAST_YEAR = 2099, MAX_BYTES = 64 };

typedef struct cursor {
    const char *at, *end;
} cursor;

/// What was found of a date or time.
typedef struct found {
    dosi_civil civil;
    bool has_day;   ///< False: a month only.
    bool has_clock; ///< A time.
    bool has_zone;
    int zone_s;
} found;

static bool take(cursor *c, const char *text) {
    size_t length = strlen(text);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0) return false;
    c->at += length;
    return true;
}

static void take_spaces(cursor *c) {
    while (c->at < c->end && *c->at == ' ') c->at++;
}

/// Takes 1..`max` digits; how many.
static int take_number(cursor *c, int max, int *out) {
    int n = 0;
    int value = 0;
    for (; n < max && c->at < c->end && *c->at >= '0' && *c->at <= '9'; n++) {
        value = value * 10 + (*c->at++ - '0');
    }
    if (n) *out = value;
    return n;
}

/// Takes a separator between the parts of a date: the one in `*kept` when there is one already.
static bool take_separator(cursor *c, char *kept, const char *korean) {
    if (c->at == c->end) return false;
    char byte = *c->at;
    if ((byte == '-' || byte == '.' || byte == '/') && (*kept == '\0' || *kept == byte)) {
        *kept = byte;
        c->at++;
    } else if ((*kept == '\0' || *kept == 'k') && take(c, korean)) {
        *kept = 'k';
    } else {
        return false;
    }
    take_spaces(c);
    return true;
}

/// Takes "2020-02-01", "2020. 2. 1.", "2020년 2월 1일" or the month only. The numbers may be
/// out of range: `max_year_digits` 6 finds what was meant as a date but is none.
static bool take_date(cursor *c, int max_year_digits, found *out) {
    char separator = '\0';
    const char *start = c->at;
    if (take_number(c, max_year_digits, &out->civil.year) < 4) return false;
    take_spaces(c);
    if (!take_separator(c, &separator, "년")) return false;
    bool has_space = c->at > start && c->at[-1] == ' ';
    int n_month = take_number(c, 2, &out->civil.month);
    if (n_month == 0) return false;
    if (separator != 'k') take_spaces(c);
    cursor month_end = *c;
    if (!take_separator(c, &separator, "월") || take_number(c, 2, &out->civil.day) == 0) {
        // "2020.01" may as well be a number, "2020/01" a fraction.
        *c = month_end;
        if (separator == 'k') return take(c, "월");
        return n_month == 2 && (separator == '-' || (separator == '.' && has_space)) &&
               (take(c, ".") || true);
    }
    out->has_day = true;
    if (separator == 'k') return take(c, "일");
    if (separator == '.') (void)take(c, ".");
    return true;
}

/// Takes ":30:15.5" or "시 30분 15초" after the hour.
static bool take_minutes(cursor *c, dosi_civil *civil) {
    if (take(c, "시")) {
        take_spaces(c);
        if (take_number(c, 2, &civil->minute) == 0) return true;
        return take(c, "분");
    }
    if (!take(c, ":")) return true;
    if (take_number(c, 2, &civil->minute) != 2) return false;
    if (!take(c, ":")) return true;
    if (take_number(c, 2, &civil->second) != 2) return false;
    if (!take(c, ".")) return true;
    const char *start = c->at;
    int scale = 100000;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        civil->microsecond += (*c->at - '0') * scale;
        scale /= 10;
    }
    return c->at > start;
}

static bool take_zone(cursor *c, found *out) {
    if (c->at == c->end) return true;
    int sign = 1;
    int hours = 0;
    int minutes = 0;
    out->has_zone = true;
    if (take(c, "Z")) return true;
    if (take(c, "-")) {
        sign = -1;
    } else if (!take(c, "+")) {
        return false;
    }
    if (take_number(c, 2, &hours) != 2) return false;
    (void)take(c, ":");
    if (c->at < c->end && take_number(c, 2, &minutes) != 2) return false;
    out->zone_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes <= 59;
}

/// Takes " 13:00", "T13:00:00+09:00", " 오후 1:00", " 13시".
static bool take_clock(cursor *c, found *out) {
    const char *start = c->at;
    if (!take(c, "T")) take_spaces(c);
    if (c->at == start) return false;
    bool is_morning = take(c, "오전");
    bool is_evening = !is_morning && take(c, "오후");
    if (is_morning || is_evening) take_spaces(c);
    int *hour = &out->civil.hour;
    if (take_number(c, 2, hour) == 0 || !take_minutes(c, &out->civil)) return false;
    if ((is_morning || is_evening) && (*hour < 1 || *hour > 12)) return false;
    if (is_morning || is_evening) *hour = *hour % 12 + (is_evening ? 12 : 0);
    out->has_clock = true;
    return take_zone(c, out);
}

static bool take_all(const char *bytes, size_t n_bytes, int max_year_digits, found *out) {
    cursor c = {bytes, bytes + n_bytes};
    *out = (found){0};
    if (n_bytes == 0 || n_bytes > MAX_BYTES || *bytes < '0' || *bytes > '9') return false;
    if (!take_date(&c, max_year_digits, out)) return false;
    if (!out->has_day) out->civil.day = 1;
    if (c.at == c.end) return true;
    return out->has_day && take_clock(&c, out) && c.at == c.end;
}

/// Reads `n` digits at `digits`.
static int number_at(const char *digits, size_t n) {
    int value = 0;
    for (size_t i = 0; i < n; i++) value = value * 10 + (digits[i] - '0');
    return value;
}

/// Takes 20200201, 2020020124, 202002012400 or 20200201235959 apart.
static bool take_compact(const char *bytes, size_t n_bytes, found *out) {
    *out = (found){0};
    if (n_bytes != 8 && n_bytes != 10 && n_bytes != 12 && n_bytes != 14) return false;
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') return false;
    }
    out->civil.year = number_at(bytes, 4);
    out->civil.month = number_at(bytes + 4, 2);
    out->civil.day = number_at(bytes + 6, 2);
    out->has_day = true;
    out->has_clock = n_bytes > 8;
    if (n_bytes > 8) out->civil.hour = number_at(bytes + 8, 2);
    if (n_bytes > 10) out->civil.minute = number_at(bytes + 10, 2);
    if (n_bytes > 12) out->civil.second = number_at(bytes + 12, 2);
    return out->civil.year >= FIRST_YEAR && out->civil.year <= LAST_YEAR;
}

bool dosi_value_is_compact(const char *digits, size_t n_digits) {
    found f;
    dosi_time time = 0;
    return take_compact(digits, n_digits, &f) &&
           dosi_time_from_civil(&f.civil, &time, NULL) == DOSI_OK;
}

dosi_value_kind dosi_value_classify_date(const char *bytes, size_t n_bytes) {
    found f;
    dosi_time time = 0;
    if (!take_all(bytes, n_bytes, 6, &f)) return DOSI_VALUE_TEXT;
    // "1234-56" is a lot number rather than a month.
    bool is_year = f.civil.year >= FIRST_YEAR && f.civil.year <= LAST_YEAR;
    if (!f.has_day && (!is_year || f.civil.month > 12)) return DOSI_VALUE_TEXT;
    if (dosi_time_from_civil(&f.civil, &time, NULL) != DOSI_OK) return DOSI_VALUE_BAD_DATE;
    return f.has_clock ? DOSI_VALUE_TIME : DOSI_VALUE_DATE;
}

bool dosi_value_date(const char *bytes, size_t n_bytes, int64_t *out) {
    found f;
    dosi_time time = 0;
    if (!take_compact(bytes, n_bytes, &f) && !take_all(bytes, n_bytes, 4, &f)) return false;
    if (f.has_clock || dosi_time_from_civil(&f.civil, &time, NULL) != DOSI_OK) return false;
    *out = dosi_days_from_civil(f.civil.year, f.civil.month, f.civil.day);
    return true;
}

bool dosi_value_time(const char *bytes, size_t n_bytes, int zone_s, dosi_time *out) {
    found f;
    dosi_time time = 0;
    if (!take_compact(bytes, n_bytes, &f) && !take_all(bytes, n_bytes, 4, &f)) return false;
    if (dosi_time_from_civil(&f.civil, &time, NULL) != DOSI_OK) return false;
    int shift_s = f.has_zone ? zone_s - f.zone_s : 0;
    *out = time + (int64_t)shift_s * DOSI_SECOND_US;
    return true;
}
