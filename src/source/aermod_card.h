/// @file aermod_card.h
/// One line of an AERMOD input file cut into fields.
#ifndef DOSI_SOURCE_AERMOD_CARD_H
#define DOSI_SOURCE_AERMOD_CARD_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AERMOD_FIELDS = 256 };

/// A piece of the line; not NUL-terminated.
typedef struct aermod_field {
    const char *at;
    size_t n;
} aermod_field;

/// A line. `name` and `number` are for messages.
typedef struct aermod_card {
    const char *name;
    size_t number;
    size_t column; ///< Where the first field starts, from 0.
    size_t n_fields;
    aermod_field fields[AERMOD_FIELDS];
} aermod_card;

/// Takes the next line of `text` from `*at` on (and moves it), numbering it. Fields end at
/// blanks and commas (when `has_commas`); "quotes" keep blanks.
/// @return false at the end of the text.
bool aermod_card_next(
    aermod_card *card, const char *text, size_t n, size_t *at, bool has_commas);

/// Whether a field is a word, whatever its case.
bool aermod_field_is(const aermod_field *field, const char *word);

/// Copies a field, in capitals, into `out` (n bytes, NUL included).
/// @return DOSI_OK; DOSI_LIMIT naming file, line and field when it does not fit.
DOSI_CHECKED dosi_status
aermod_card_name(const aermod_card *card, size_t field, char *out, size_t n, dosi_error *err);

/// A field as a number; Fortran's 1.0D0 too.
/// @return DOSI_OK; DOSI_PARSE naming file, line and field (also when there is none).
DOSI_CHECKED dosi_status aermod_card_real(const aermod_card *card,
                                          size_t field,
                                          double *out,
                                          dosi_error *err);

/// A field as a whole number.
DOSI_CHECKED dosi_status aermod_card_int(const aermod_card *card,
                                         size_t field,
                                         int64_t *out,
                                         dosi_error *err);

/// A field as a number that may stand for several equal ones: "36*50."
DOSI_CHECKED dosi_status aermod_card_repeated(
    const aermod_card *card, size_t field, double *out, size_t *times, dosi_error *err);

/// Fails with the file, the line and a message.
dosi_status aermod_card_fail(const aermod_card *card,
                             dosi_status status,
                             dosi_error *err,
                             const char *format,
                             ...) DOSI_PRINTF(4, 5);

#endif // DOSI_SOURCE_AERMOD_CARD_H
