/// @file aermod_format.h
/// Fortran's formats of files with a number a column: "(i2,3i3,f9.3)".
#ifndef DOSI_SOURCE_AERMOD_FORMAT_H
#define DOSI_SOURCE_AERMOD_FORMAT_H

#include "source/aermod_card.h"

enum { AERMOD_COLUMNS = 16 };

/// Where numbers are in a line.
typedef struct aermod_format {
    size_t n;
    struct {
        size_t at, width;
        int decimals; ///< Of a number without a point.
    } column[AERMOD_COLUMNS];
} aermod_format;

/// Reads a format: I, F, E, G and D with repeats, X and / at the end.
/// @return false: it has something else.
bool aermod_format_read(const aermod_field *text, aermod_format *out);

/// A number of a line of `n` bytes; blanks are 0.
/// @return false: it is not a number.
bool aermod_format_real(
    const aermod_format *format, size_t column, const char *line, size_t n, double *out);

#endif // DOSI_SOURCE_AERMOD_FORMAT_H
