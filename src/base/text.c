// Growing text with a sticky failure, UTF-8 checks, and number parsing that ignores locales.

#include "dosi/text.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64, NUMBER_BYTES = 64 };

void dosi_text_init(dosi_text *text, size_t limit_bytes) {
    assert(text);
    *text = (dosi_text){.limit_bytes = limit_bytes};
}

void dosi_text_destroy(dosi_text *text) {
    if (!text) return;
    free(text->data);
    *text = (dosi_text){.limit_bytes = text->limit_bytes};
}

void dosi_text_clear(dosi_text *text) {
    assert(text);
    text->length = 0;
    text->status = DOSI_OK;
    if (text->data) text->data[0] = '\0';
}

/// Makes room for `n_bytes` more and the NUL; marks the text failed when it cannot.
static bool reserve(dosi_text *text, size_t n_bytes) {
    if (text->status != DOSI_OK) return false;
    if (n_bytes > SIZE_MAX / 4 - text->length ||
        (text->limit_bytes && text->length + n_bytes > text->limit_bytes)) {
        text->status = DOSI_LIMIT;
        return false;
    }
    size_t needed = text->length + n_bytes + 1;
    if (needed <= text->capacity) return true;
    size_t capacity = text->capacity ? text->capacity * 2 : FIRST_CAPACITY;
    if (capacity < needed) capacity = needed;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->status = DOSI_NO_MEMORY;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void dosi_text_append(dosi_text *text, const char *bytes, size_t n_bytes) {
    assert(text && (bytes || n_bytes == 0));
    if (!reserve(text, n_bytes)) return;
    if (n_bytes) memcpy(text->data + text->length, bytes, n_bytes);
    text->length += n_bytes;
    text->data[text->length] = '\0';
}

void dosi_text_puts(dosi_text *text, const char *string) {
    dosi_text_append(text, string, strlen(string));
}

void dosi_text_putc(dosi_text *text, char byte) {
    dosi_text_append(text, &byte, 1);
}

void dosi_text_printf(dosi_text *text, const char *format, ...) {
    assert(text && format);
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n_bytes = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n_bytes >= 0 && reserve(text, (size_t)n_bytes)) {
        (void)vsnprintf(text->data + text->length, (size_t)n_bytes + 1, format, again);
        text->length += (size_t)n_bytes;
    }
    va_end(again);
}

/// Writes the decimal digits of `n` so that they end before `end`.
/// @return The first of them.
static char *write_digits(char *end, uint64_t n) {
    do {
        *--end = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    return end;
}

/// Writes a value of at most 15 digits that needs no exponent, as most readings are, so that it
/// ends before `end`. The fewest decimals that read back as the value: dividing whole numbers
/// below 2^53 by powers of ten up to 10^22 rounds as reading their quotient's digits does.
/// @return The first byte; NULL when the value is not like that.
static char *write_decimals(char *end, double value) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    double size = fabs(value);
    if (!(size >= 1e-4)) return NULL;
    for (size_t k = 1; k < sizeof powers / sizeof powers[0]; k++) {
        double scaled = size * powers[k];
        if (scaled >= 1e15) return NULL;
        uint64_t n = (uint64_t)(scaled + 0.5);
        if ((double)n / powers[k] != size) continue;
        char *at = end;
        for (size_t i = 0; i < k; i++, n /= 10) *--at = (char)('0' + n % 10);
        *--at = '.';
        at = write_digits(at, n);
        if (value < 0) *--at = '-';
        return at;
    }
    return NULL;
}

void dosi_text_put_real(dosi_text *text, double value) {
    char digits[NUMBER_BYTES];
    if (isnan(value)) {
        dosi_text_puts(text, "nan");
        return;
    }
    if (isinf(value)) {
        dosi_text_puts(text, value > 0 ? "inf" : "-inf");
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        dosi_text_put_int(text, (int64_t)value);
        return;
    }
    const char *short_form = write_decimals(digits + sizeof digits, value);
    if (short_form) {
        dosi_text_append(text, short_form, (size_t)(digits + sizeof digits - short_form));
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    dosi_text_puts(text, digits);
}

void dosi_text_put_int(dosi_text *text, int64_t value) {
    char digits[NUMBER_BYTES];
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *at = write_digits(digits + sizeof digits, size);
    if (value < 0) *--at = '-';
    dosi_text_append(text, at, (size_t)(digits + sizeof digits - at));
}

/// The two-character JSON escape of `byte`, or NULL when it has none.
static const char *short_escape(char byte) {
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

void dosi_text_put_json(dosi_text *text, const char *bytes, size_t n_bytes) {
    assert(text && (bytes || n_bytes == 0));
    dosi_text_putc(text, '"');
    for (size_t i = 0; i < n_bytes;) {
        size_t length = dosi_utf8_length(bytes + i, n_bytes - i);
        const char *escape = short_escape(bytes[i]);
        if (length == 0) {
            dosi_text_puts(text, "\xEF\xBF\xBD");
            length = 1;
        } else if (escape) {
            dosi_text_puts(text, escape);
        } else if ((unsigned char)bytes[i] < 0x20) {
            dosi_text_printf(text, "\\u%04x", (unsigned)(unsigned char)bytes[i]);
        } else {
            dosi_text_append(text, bytes + i, length);
        }
        i += length;
    }
    dosi_text_putc(text, '"');
}

const char *dosi_text_string(const dosi_text *text) {
    assert(text);
    return text->length ? text->data : "";
}

dosi_status dosi_text_status(const dosi_text *text, dosi_error *err) {
    assert(text);
    if (text->status == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, text->status, "text of %zu bytes cannot grow further", text->length);
}

size_t dosi_utf8_length(const char *bytes, size_t n_bytes) {
    if (n_bytes == 0) return 0;
    const unsigned char *u = (const unsigned char *)bytes;
    if (u[0] < 0x80) return 1;
    size_t length = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
    if (u[0] < 0xC2 || u[0] > 0xF4 || length > n_bytes) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xC0) != 0x80) return 0;
    }
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F) ||
        (u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F)) {
        return 0;
    }
    return length;
}

bool dosi_utf8_is_valid(const char *bytes, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes;) {
        size_t length = dosi_utf8_length(bytes + i, n_bytes - i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

char *dosi_string_copy(const char *string) {
    assert(string);
    size_t n_bytes = strlen(string) + 1;
    char *copy = malloc(n_bytes);
    return copy ? memcpy(copy, string, n_bytes) : NULL;
}

dosi_status dosi_parse_int(const char *bytes, size_t n_bytes, int64_t *out) {
    assert((bytes || n_bytes == 0) && out);
    size_t i = n_bytes > 0 && (bytes[0] == '-' || bytes[0] == '+');
    bool is_negative = i && bytes[0] == '-';
    if (i == n_bytes) return DOSI_PARSE;
    uint64_t value = 0;
    for (; i < n_bytes; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') return DOSI_PARSE;
        uint64_t digit = (uint64_t)(bytes[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return DOSI_DOMAIN;
        value = value * 10 + digit;
    }
    if (value > (uint64_t)INT64_MAX) return DOSI_DOMAIN;
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return DOSI_OK;
}

/// Index of the first byte at or after `i` that is not a digit.
static size_t skip_digits(const char *bytes, size_t n_bytes, size_t i) {
    while (i < n_bytes && bytes[i] >= '0' && bytes[i] <= '9') i++;
    return i;
}

/// Index after a sign at `i`, if there is one.
static size_t skip_sign(const char *bytes, size_t n_bytes, size_t i) {
    return i < n_bytes && (bytes[i] == '-' || bytes[i] == '+') ? i + 1 : i;
}

/// Whether `bytes` is [sign] digits [. digits] [e [sign] digits], with a digit in front of e.
static bool is_decimal(const char *bytes, size_t n_bytes) {
    size_t start = skip_sign(bytes, n_bytes, 0);
    size_t i = skip_digits(bytes, n_bytes, start);
    size_t n_digits = i - start;
    if (i < n_bytes && bytes[i] == '.') {
        start = i + 1;
        i = skip_digits(bytes, n_bytes, start);
        n_digits += i - start;
    }
    if (n_digits == 0) return false;
    if (i < n_bytes && (bytes[i] == 'e' || bytes[i] == 'E')) {
        start = skip_sign(bytes, n_bytes, i + 1);
        i = skip_digits(bytes, n_bytes, start);
        if (i == start) return false;
    }
    return i == n_bytes;
}

dosi_status dosi_parse_real(const char *bytes, size_t n_bytes, double *out) {
    assert((bytes || n_bytes == 0) && out);
    char copy[NUMBER_BYTES * 2];
    if (n_bytes >= sizeof copy || !is_decimal(bytes, n_bytes)) return DOSI_PARSE;
    memcpy(copy, bytes, n_bytes);
    copy[n_bytes] = '\0';
    double value = strtod(copy, NULL);
    if (!isfinite(value)) return DOSI_DOMAIN;
    *out = value;
    return DOSI_OK;
}
