// Numbers, truth values and missing values as people write them in cells.

#include "source/value.h"

#include "dosi/text.h"

#include <string.h>
#include <strings.h>

enum { MAX_DIGITS = 18, EXACT_POWER = 22, PLAIN_BYTES = 400 };

static bool is_space(unsigned char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/// Bytes of the white space that `bytes` starts with, 0 when there is none.
static size_t space_at(const char *bytes, size_t n_bytes) {
    if (n_bytes == 0) return 0;
    if (is_space((unsigned char)bytes[0])) return 1;
    if (n_bytes >= 2 && memcmp(bytes, "\xC2\xA0", 2) == 0) return 2;
    if (n_bytes >= 3 && memcmp(bytes, "\xE3\x80\x80", 3) == 0) return 3;
    return 0;
}

static size_t space_before(const char *bytes, size_t n_bytes) {
    if (n_bytes == 0) return 0;
    if (is_space((unsigned char)bytes[n_bytes - 1])) return 1;
    if (n_bytes >= 2 && memcmp(bytes + n_bytes - 2, "\xC2\xA0", 2) == 0) return 2;
    if (n_bytes >= 3 && memcmp(bytes + n_bytes - 3, "\xE3\x80\x80", 3) == 0) return 3;
    return 0;
}

/// Whether a byte can neither be white space nor part of some.
static bool is_solid(char byte) {
    return byte > ' ' && byte < 0x7F;
}

void dosi_value_trim(const char **bytes, size_t *n_bytes) {
    size_t n = 0;
    if (*n_bytes && is_solid(**bytes) && is_solid((*bytes)[*n_bytes - 1])) return;
    while ((n = space_at(*bytes, *n_bytes)) > 0) {
        *bytes += n;
        *n_bytes -= n;
    }
    while ((n = space_before(*bytes, *n_bytes)) > 0) *n_bytes -= n;
}

static bool is_word(const char *bytes, size_t n_bytes, const char *word) {
    return strlen(word) == n_bytes && memcmp(bytes, word, n_bytes) == 0;
}

bool dosi_value_is_missing(const char *bytes, size_t n_bytes) {
    if (n_bytes == 0) return true;
    if (n_bytes > 4) return false;
    static const char *const words[] = {"-",    "--",   "NA",  "N/A", "n/a",  "#N/A", "null",
                                        "NULL", "Null", "NaN", "nan", "None", "NAN"};
    unsigned char first = (unsigned char)bytes[0];
    if (first >= '0' && first <= '9') return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(bytes, n_bytes, words[i])) return true;
    }
    return false;
}

bool dosi_value_is_nan(const char *bytes, size_t n_bytes) {
    if (n_bytes > 0 && (bytes[0] == '-' || bytes[0] == '+')) {
        bytes++;
        n_bytes--;
    }
    return (n_bytes == 3 &&
            (strncasecmp(bytes, "nan", 3) == 0 || strncasecmp(bytes, "inf", 3) == 0)) ||
           (n_bytes == 8 && strncasecmp(bytes, "infinity", 8) == 0);
}

/// A number taken apart.
typedef struct number {
    uint64_t digits; ///< All digits as one integer, as long as n_digits <= MAX_DIGITS.
    size_t n_digits; ///< Significant digits, without leading zeros.
    size_t n_whole;  ///< Digits before the point, leading zeros included.
    int exponent;    ///< value = digits x 10^exponent
    bool is_negative;
    bool is_real; ///< Has a point, an exponent or a percent sign.
    bool has_leading_zero;
} number;

/// Takes digits without separators; how many.
static size_t take_plain_digits(const char **at, const char *end, number *out) {
    const char *p = *at;
    uint64_t digits = out->digits;
    if (out->n_digits == 0) {
        while (p < end && *p == '0') p++;
    }
    const char *significant = p;
    size_t room = MAX_DIGITS - (out->n_digits < MAX_DIGITS ? out->n_digits : MAX_DIGITS);
    for (; p < end && (unsigned char)(*p - '0') < 10; p++) {
        if ((size_t)(p - significant) < room) digits = digits * 10 + (uint64_t)(*p - '0');
    }
    out->digits = digits;
    out->n_digits += (size_t)(p - significant);
    size_t n = (size_t)(p - *at);
    *at = p;
    return n;
}

/// Takes digits, with commas between groups of three where there are any; how many.
static size_t take_digits(const char **at, const char *end, number *out) {
    size_t n = take_plain_digits(at, end, out);
    if (n == 0 || n > 3 || *at == end || **at != ',') return n;
    while (*at < end && **at == ',') {
        (*at)++;
        size_t n_group = take_plain_digits(at, end, out);
        if (n_group != 3) return 0;
        n += n_group;
    }
    return n;
}

static bool take_exponent(const char **at, const char *end, number *out) {
    const char *p = *at + 1;
    bool is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    int value = 0;
    const char *start = p;
    for (; p < end && *p >= '0' && *p <= '9' && p - start < 5; p++)
        value = value * 10 + (*p - '0');
    if (p == start) return false;
    out->exponent += is_negative ? -value : value;
    out->is_real = true;
    *at = p;
    return true;
}

/// Whether all of the text is a number; takes it apart.
static bool scan_number(const char *bytes, size_t n_bytes, number *out) {
    const char *p = bytes;
    const char *end = bytes + n_bytes;
    *out = (number){0};
    if (p < end && (*p == '-' || *p == '+')) out->is_negative = *p++ == '-';
    const char *whole = p;
    out->n_whole = take_digits(&p, end, out);
    if (p > whole && out->n_whole == 0) return false;
    out->has_leading_zero = out->n_whole > 1 && *whole == '0';
    size_t n_after = 0;
    if (p < end && *p == '.') {
        p++;
        n_after = take_plain_digits(&p, end, out);
        out->exponent = -(int)n_after;
        out->is_real = true;
    }
    if (out->n_whole + n_after == 0) return false;
    if (p < end && (*p == 'e' || *p == 'E') && !take_exponent(&p, end, out)) return false;
    if (p < end && *p == '%') {
        p++;
        out->is_real = true;
    }
    return p == end;
}

/// The value by strtod(), for what plain arithmetic would round twice.
static bool slow_real(const char *bytes, size_t n_bytes, double *out) {
    char plain[PLAIN_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] == ',' || bytes[i] == '%') continue;
        if (n == sizeof plain) return false;
        plain[n++] = bytes[i];
    }
    return dosi_parse_real(plain, n, out) == DOSI_OK;
}

bool dosi_value_real(const char *bytes, size_t n_bytes, double *out) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    number n;
    if (!scan_number(bytes, n_bytes, &n)) return false;
    // An integer below 2^53 and a power of ten up to 1e22 are both exact: one rounding.
    if (n.digits > (UINT64_C(1) << 53) || n.n_digits > MAX_DIGITS || n.exponent > EXACT_POWER ||
        n.exponent < -EXACT_POWER) {
        return slow_real(bytes, n_bytes, out);
    }
    double value = (double)n.digits;
    value = n.exponent < 0 ? value / powers[-n.exponent] : value * powers[n.exponent];
    *out = n.is_negative ? -value : value;
    return true;
}

bool dosi_value_int(const char *bytes, size_t n_bytes, int64_t *out) {
    number n;
    if (!scan_number(bytes, n_bytes, &n) || n.is_real || n.has_leading_zero) return false;
    if (n.n_digits > MAX_DIGITS) return false;
    *out = n.is_negative ? -(int64_t)n.digits : (int64_t)n.digits;
    return true;
}

bool dosi_value_bool(const char *bytes, size_t n_bytes, uint8_t *out) {
    bool is_true = n_bytes == 4 && strncasecmp(bytes, "true", 4) == 0;
    if (!is_true && !(n_bytes == 5 && strncasecmp(bytes, "false", 5) == 0)) return false;
    *out = is_true;
    return true;
}

dosi_value_kind dosi_value_classify(const char *bytes, size_t n_bytes) {
    if (dosi_value_is_missing(bytes, n_bytes)) return DOSI_VALUE_MISSING;
    number n;
    if (scan_number(bytes, n_bytes, &n)) {
        if (n.is_real) return DOSI_VALUE_REAL;
        if (n.has_leading_zero || n.n_digits > MAX_DIGITS) return DOSI_VALUE_CODE;
        bool is_compact = n_bytes == n.n_whole && dosi_value_is_compact(bytes, n_bytes);
        if (!is_compact) return DOSI_VALUE_INT;
        return n_bytes == 8 ? DOSI_VALUE_DAY8 : DOSI_VALUE_HOUR10;
    }
    uint8_t truth = 0;
    if (dosi_value_bool(bytes, n_bytes, &truth)) return DOSI_VALUE_BOOL;
    return dosi_value_classify_date(bytes, n_bytes);
}
