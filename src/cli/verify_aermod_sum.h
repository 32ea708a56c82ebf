/// @file verify_aermod_sum.h
/// The tables of highest values at the end of an AERMOD run (SUMMFILE).
#ifndef DOSI_CLI_VERIFY_AERMOD_SUM_H
#define DOSI_CLI_VERIFY_AERMOD_SUM_H

#include "cli/verify_aermod.h"

enum { VERIFY_RANKS = 10 };

/// A group's highest values of one average.
typedef struct verify_highest {
    dosi_aermod_output output;
    dosi_aermod_result result;     ///< Group, average, and the highest rank asked for.
    double expected[VERIFY_RANKS]; ///< Of ranks from 1; NaN: not asked for.
} verify_highest;

/// Reads the tables of concentrations.
/// @param out  (n) Allocated; free() it. NULL when there is none.
DOSI_CHECKED dosi_status verify_highest_read(const char *text,
                                             verify_highest **out,
                                             size_t *n,
                                             dosi_error *err);

#endif // DOSI_CLI_VERIFY_AERMOD_SUM_H
