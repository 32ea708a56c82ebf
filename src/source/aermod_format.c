// Fortran's formats, as far as files of hourly values have them.

#include "source/aermod_format.h"

#include "dosi/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { MOST_WIDTH = 40, MOST_LINE = 4096 };

/// A whole number at `*at` of the format, or `otherwise`.
static size_t count_at(const aermod_field *text, size_t *at, size_t otherwise) {
    size_t value = 0, start = *at;
    while (*at < text->n && isdigit((unsigned char)text->at[*at]) && value < MOST_LINE) {
        value = 10 * value + (size_t)(text->at[(*at)++] - '0');
    }
    return *at > start ? value : otherwise;
}

/// Adds `times` columns of a descriptor "I3" or "F9.3" whose letter is at `*at`.
static bool take_numbers(
    const aermod_field *text, size_t *at, size_t times, size_t *column, aermod_format *out) {
    ++*at;
    size_t width = count_at(text, at, 0), decimals = 0;
    if (*at < text->n && text->at[*at] == '.') {
        ++*at;
        decimals = count_at(text, at, 0);
    }
    if (width == 0 || width > MOST_WIDTH || decimals > width) return false;
    for (size_t i = 0; i < times; i++) {
        if (out->n == AERMOD_COLUMNS) return false;
        out->column[out->n].at = *column;
        out->column[out->n].width = width;
        out->column[out->n++].decimals = (int)decimals;
        *column += width;
    }
    return true;
}

bool aermod_format_read(const aermod_field *text, aermod_format *out) {
    memset(out, 0, sizeof *out);
    size_t column = 0;
    for (size_t at = 0; at < text->n;) {
        char c = (char)toupper((unsigned char)text->at[at]);
        if (c == '(' || c == ')' || c == ',' || c == ' ') {
            at++;
            continue;
        }
        size_t times = count_at(text, &at, 1);
        if (at == text->n || times > MOST_LINE) return false;
        c = (char)toupper((unsigned char)text->at[at]);
        if (c == 'X') {
            column += times;
            at++;
        } else if (!strchr("IFEGD", c) || !take_numbers(text, &at, times, &column, out)) {
            return false;
        }
        if (column > MOST_LINE) return false;
    }
    return out->n > 0;
}

bool aermod_format_real(
    const aermod_format *format, size_t column, const char *line, size_t n, double *out) {
    char number[MOST_WIDTH + 1];
    size_t length = 0;
    bool has_point = false;
    if (column >= format->n) return false;
    size_t at = format->column[column].at, end = at + format->column[column].width;
    for (; at < end && at < n; at++) {
        char c = line[at];
        if (isspace((unsigned char)c)) continue;
        if (c == 'd' || c == 'D') c = 'e';
        has_point |= c == '.';
        number[length++] = c;
    }
    *out = 0;
    if (length == 0) return true;
    if (dosi_parse_real(number, length, out) != DOSI_OK) return false;
    if (!has_point) *out *= pow(10, -format->column[column].decimals);
    return true;
}
