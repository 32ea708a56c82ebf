/// @file aermod_row.h
/// Rows of AERMOD's result files (POSTFILE, PLOTFILE) and Fortran's numbers in them.
#ifndef DOSI_SOURCE_AERMOD_ROW_H
#define DOSI_SOURCE_AERMOD_ROW_H

#include "source/aermod_deck.h"

/// A row: a place, its values, and the hour they end with.
typedef struct dosi_aermod_values {
    double x, y;
    double value[AERMOD_OUTPUTS]; ///< In the order of the columns; NaN: too large for its.
    bool is_exponential;          ///< Of six digits and an exponent (FILEFORM EXP).
    int64_t stamp;                ///< yymmddhh, or how many hours; 0: none is told.
} dosi_aermod_values;

/// Reads a number as Fortran writes it: an exponent of three digits may stand without its
/// letter ("0.282465-103"); stars, where it had no room, are NaN.
/// @return Whether all `n` bytes are a number.
bool dosi_aermod_number(const char *text, size_t n, double *out);

/// Reads a line of `n` bytes: x, y, `n_values` values, three heights, average and group, and
/// a number or rank.
/// @return false: it is not a row (a header, say); `*out` is left as it was.
bool dosi_aermod_values_read(const char *line,
                             size_t n,
                             size_t n_values,
                             dosi_aermod_values *out);

#endif // DOSI_SOURCE_AERMOD_ROW_H
