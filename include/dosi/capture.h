/// @file capture.h
/// Data capture: how much must be there before a mean or a percentile counts.
///
/// Everything that averages readings of air asks here, so that "75 % of the hours" means the
/// same everywhere: at least ceil(share x n) valid values out of the n that there could be.
/// Missing is NaN. Nothing allocates.
#ifndef DOSI_CAPTURE_H
#define DOSI_CAPTURE_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The share that Korea's and the United States' rules ask of hours, days and years.
#define DOSI_CAPTURE_USUAL 0.75

/// Fewest valid values out of n; at least 1.
DOSI_API size_t dosi_capture_least(size_t n, double share);

/// Mean of what is there; NaN when fewer than the share are valid. @param values  (n)
DOSI_API double dosi_capture_mean(const double *values, size_t n, double share);

/// Running means over the past `hours` values, the one at hand included; hours before the
/// first count as missing. @param out  (n); NaN where too few are there. Cost: O(n x hours),
/// no drift of sums.
DOSI_API void dosi_capture_running_mean(
    const double *values, size_t n, size_t hours, double share, double *out);

/// The p-th percentile (0..100) by rank k = ceil(p/100 x n_valid), as ambient standards are
/// judged: the value that (100 - p) % of the valid values may exceed.
/// @param values  (n) in; reordered. NaN out when fewer than the share are valid.
DOSI_API double dosi_capture_percentile(double *values, size_t n, double p, double share);

#ifdef __cplusplus
}
#endif

#endif // DOSI_CAPTURE_H
