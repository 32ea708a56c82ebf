/// @file names.h
/// Finds the quoted names in SQL text that may be datasets.
#ifndef DOSI_GOVERN_NAMES_H
#define DOSI_GOVERN_NAMES_H

#include "dosi/status.h"

#include <stddef.h>

/// Calls `visit` with the content of every double-quoted identifier that stands in SQL code
/// (not in strings, dollar-quoted strings or comments), "" undoubled, in order, repeats
/// included; stops when it fails. Identifiers longer than 255 bytes are passed over: no name
/// is that long. Text that ends inside a quote ends the search.
///
/// A name found too many or too few is no hole: each is decided upon before it can be read, and
/// what is not found is not there for the query.
DOSI_CHECKED dosi_status dosi_sql_each_name(const char *sql,
                                            size_t n_bytes,
                                            dosi_status (*visit)(void *context,
                                                                 const char *name,
                                                                 dosi_error *err),
                                            void *context,
                                            dosi_error *err);

#endif // DOSI_GOVERN_NAMES_H
