/// @file profile.h
/// The profile of a table: what is in each column, for people and for checks.
///
/// {"columns":[{"name","type","missing","distinct","min","max","mean",
///              "histogram":{"edges":[...],"counts":[...]}|null,
///              "top":[{"value","count"},...]|null}]}
/// - distinct is exact up to 2^20 values, an estimate within about 0.5 % above; null for
///   geometry.
/// - min, max, mean: of the finite values; null when there are none. Times and dates are ISO
///   8601 text (civil); mean is for integers and reals only.
/// - histogram: at most 20 bins of equal width between min and max; edges are one more than
///   counts, and text for times and dates. Null for other types.
/// - top: the ten most frequent values of text, boolean and integer columns, the first seen
///   first among equals; null for other types, and where too many values are distinct to count.
#ifndef DOSI_LAKE_PROFILE_H
#define DOSI_LAKE_PROFILE_H

#include "dosi/table.h"
#include "dosi/text.h"

/// Appends the profile of `table`. The same table gives the same text at any thread count.
/// Cost: O(rows x columns); up to 50 MB a column while it is made.
DOSI_CHECKED dosi_status dosi_profile_put(dosi_text *out,
                                          const dosi_table *table,
                                          dosi_error *err);

#endif // DOSI_LAKE_PROFILE_H
