/// @file verify_openair.h
/// Observations with wind as openair's example data has them, for the checkers of its results.
#ifndef DOSI_CLI_VERIFY_OPENAIR_H
#define DOSI_CLI_VERIFY_OPENAIR_H

#include "cli/verify.h"

/// The observations of a folder, and the part that is looked at. Zero-initialise.
typedef struct verify_openair_data {
    const dosi_verify_file *file; ///< NULL: the folder has none.
    dosi_table table;
    size_t n;
    double *speed, *from_deg, *value; ///< (n) of the column and year taken.
    double *day;                      ///< (n) days since 1970.
    double *memory;
} verify_openair_data;

/// Finds and reads the observations; `file` stays NULL where there are none.
DOSI_CHECKED dosi_status verify_openair_find(dosi_verify *verify,
                                             verify_openair_data *data,
                                             dosi_error *err);

/// Takes wind and one column of a year (0: all). The arrays of the last call are gone.
DOSI_CHECKED dosi_status verify_openair_take(verify_openair_data *data,
                                             const char *name,
                                             int year,
                                             dosi_error *err);

/// Frees everything.
void verify_openair_clear(verify_openair_data *data);

#endif // DOSI_CLI_VERIFY_OPENAIR_H
