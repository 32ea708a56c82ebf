// Rows of AERMOD's result files, and Fortran's numbers in them.

#include "source/aermod_row.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { MOST_DIGITS = 40, HEIGHTS = 3, WORDS = 2 };

/// Where an exponent without its letter starts in a number; 0: nowhere.
static size_t bare_exponent(const char *text, size_t n) {
    size_t at = n;
    while (at > 1 && isdigit((unsigned char)text[at - 1])) at--;
    bool is_sign = at > 1 && at < n && (text[at - 1] == '-' || text[at - 1] == '+');
    bool is_bare = is_sign && (isdigit((unsigned char)text[at - 2]) || text[at - 2] == '.');
    return is_bare ? at - 1 : 0;
}

bool dosi_aermod_number(const char *text, size_t n, double *out) {
    char number[MOST_DIGITS + 2];
    if (n == 0 || n > MOST_DIGITS) return false;
    if (text[0] == '*') {
        for (size_t i = 1; i < n; i++) {
            if (text[i] != '*') return false;
        }
        *out = NAN;
        return true;
    }
    size_t exponent = bare_exponent(text, n), kept = exponent ? exponent : n;
    memcpy(number, text, kept);
    for (size_t i = 0; i < kept; i++) {
        if (number[i] == 'D' || number[i] == 'd') number[i] = 'e';
    }
    if (exponent) {
        number[kept] = 'e';
        memcpy(number + kept + 1, text + kept, n - kept);
        n++;
    }
    return dosi_parse_real(number, n, out) == DOSI_OK;
}

static bool has_exponent(const char *text, size_t n) {
    return memchr(text, 'E', n) || bare_exponent(text, n) > 0;
}

/// The next field of a line; its length, 0 at the end.
static size_t next_field(const char *line, size_t n, size_t *at) {
    while (*at < n && isspace((unsigned char)line[*at])) ++*at;
    size_t end = *at;
    while (end < n && !isspace((unsigned char)line[end])) end++;
    return end - *at;
}

bool dosi_aermod_values_read(const char *line,
                             size_t n,
                             size_t n_values,
                             dosi_aermod_values *out) {
    dosi_aermod_values row = {0};
    double numbers[2 + AERMOD_OUTPUTS + HEIGHTS];
    size_t at = 0, n_numbers = 2 + n_values + HEIGHTS;
    if (n > 0 && line[0] == '*') return false;
    if (n_values == 0 || n_values > AERMOD_OUTPUTS) return false;
    for (size_t i = 0; i < n_numbers; i++) {
        size_t length = next_field(line, n, &at);
        if (!dosi_aermod_number(line + at, length, &numbers[i])) return false;
        row.is_exponential |= has_exponent(line + at, length);
        at += length;
    }
    for (size_t i = 0; i < WORDS; i++) {
        size_t length = next_field(line, n, &at);
        if (length == 0) return false;
        at += length;
    }
    size_t length = next_field(line, n, &at);
    int64_t stamp = 0;
    if (length && dosi_parse_int(line + at, length, &stamp) == DOSI_OK) row.stamp = stamp;
    row.x = numbers[0];
    row.y = numbers[1];
    memcpy(row.value, numbers + 2, n_values * sizeof *row.value);
    *out = row;
    return true;
}
