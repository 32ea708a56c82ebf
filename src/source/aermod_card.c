// One line of an AERMOD input file cut into fields.

#include "source/aermod_card.h"

#include "dosi/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_BYTES = 64, MOST_REPEATS = 10000 };

static bool is_gap(char c, bool has_commas) {
    return c == ' ' || c == '\t' || c == '\r' || (has_commas && c == ',');
}

bool aermod_card_next(
    aermod_card *card, const char *text, size_t n, size_t *at, bool has_commas) {
    if (*at >= n) return false;
    const char *line = text + *at, *end = memchr(line, '\n', n - *at);
    if (!end) end = text + n;
    *at = (size_t)(end - text) + 1;
    card->number++;
    card->n_fields = 0;
    for (const char *c = line; c < end;) {
        if (is_gap(*c, has_commas)) {
            c++;
            continue;
        }
        bool is_quoted = *c == '"';
        const char *start = is_quoted ? c + 1 : c;
        c = start;
        while (c < end && (is_quoted ? *c != '"' : !is_gap(*c, has_commas))) c++;
        if (card->n_fields == 0) card->column = (size_t)(start - line);
        if (card->n_fields < AERMOD_FIELDS) {
            card->fields[card->n_fields++] = (aermod_field){start, (size_t)(c - start)};
        }
        if (is_quoted && c < end) c++;
    }
    return true;
}

bool aermod_field_is(const aermod_field *field, const char *word) {
    return field->n == strlen(word) && strncasecmp(field->at, word, field->n) == 0;
}

dosi_status aermod_card_fail(
    const aermod_card *card, dosi_status status, dosi_error *err, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return dosi_fail(err, status, "%.120s, line %zu: %s", card->name, card->number, text);
}

dosi_status aermod_card_name(
    const aermod_card *card, size_t field, char *out, size_t n, dosi_error *err) {
    if (field >= card->n_fields) {
        return aermod_card_fail(card, DOSI_PARSE, err, "field %zu is missing", field + 1);
    }
    const aermod_field *f = &card->fields[field];
    if (f->n >= n) {
        return aermod_card_fail(card, DOSI_LIMIT, err, "\"%.*s\" is longer than %zu letters",
                                (int)(f->n < 40 ? f->n : 40), f->at, n - 1);
    }
    for (size_t i = 0; i < f->n; i++) out[i] = (char)toupper((unsigned char)f->at[i]);
    out[f->n] = '\0';
    return DOSI_OK;
}

/// A number at `text`, Fortran's D exponent included.
static bool parse_real(const char *text, size_t n, double *out) {
    char number[NUMBER_BYTES];
    if (n == 0 || n >= sizeof number) return false;
    for (size_t i = 0; i < n; i++) {
        number[i] = text[i];
        if (text[i] == 'd' || text[i] == 'D') number[i] = 'e';
    }
    return dosi_parse_real(number, n, out) == DOSI_OK;
}

dosi_status aermod_card_real(const aermod_card *card,
                             size_t field,
                             double *out,
                             dosi_error *err) {
    size_t times = 1;
    double value = 0;
    DOSI_TRY(aermod_card_repeated(card, field, &value, &times, err));
    if (times != 1) {
        return aermod_card_fail(card, DOSI_PARSE, err, "field %zu repeats a single number",
                                field + 1);
    }
    *out = value;
    return DOSI_OK;
}

dosi_status aermod_card_int(const aermod_card *card,
                            size_t field,
                            int64_t *out,
                            dosi_error *err) {
    double value = 0;
    DOSI_TRY(aermod_card_real(card, field, &value, err));
    if (!(value >= -1e9 && value <= 1e9) || value != (double)(int64_t)value) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%g is not a whole number", value);
    }
    *out = (int64_t)value;
    return DOSI_OK;
}

dosi_status aermod_card_repeated(
    const aermod_card *card, size_t field, double *out, size_t *times, dosi_error *err) {
    if (field >= card->n_fields) {
        return aermod_card_fail(card, DOSI_PARSE, err, "number %zu is missing", field + 1);
    }
    const aermod_field *f = &card->fields[field];
    const char *star = memchr(f->at, '*', f->n);
    size_t before = star ? (size_t)(star - f->at) : 0, skip = star ? before + 1 : 0;
    double value = 0;
    int64_t n = 1;
    bool is_number = parse_real(f->at + skip, f->n - skip, &value);
    if (star) is_number &= dosi_parse_int(f->at, before, &n) == DOSI_OK;
    if (!is_number || n < 1 || n > MOST_REPEATS) {
        return aermod_card_fail(card, DOSI_PARSE, err, "\"%.*s\" is not a number",
                                (int)(f->n < 40 ? f->n : 40), f->at);
    }
    *out = value;
    *times = (size_t)n;
    return DOSI_OK;
}
