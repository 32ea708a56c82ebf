/// @file scenario.h
/// What-if: some sources left out, others at a multiple of their emission. Shared by the
/// methods that compute what sources add, so that all of them read a change the same way.
#ifndef DOSI_METHOD_SCENARIO_H
#define DOSI_METHOD_SCENARIO_H

#include "method/columns.h"

enum { METHOD_SCENARIO_MAX = 256 };

/// A change of emissions; zero: none.
typedef struct method_scenario {
    size_t n;
    struct {
        const char *name; ///< (n_bytes) borrowed: a source, or a group of them.
        size_t n_bytes;
        double factor;
    } change[METHOD_SCENARIO_MAX];
} method_scenario;

/// Reads a change as people write it.
/// @param without  "a, b": left out.
/// @param scale    "c=0.5, d=2": times so much. The name * stands for all.
/// @return DOSI_OK; DOSI_INVALID: what is no name=factor, or a factor outside 0..1000;
///         DOSI_LIMIT: too many.
DOSI_CHECKED dosi_status method_scenario_read(const char *without,
                                              const char *scale,
                                              method_scenario *out,
                                              dosi_error *err);

/// What the emissions of a row are multiplied by: the product of all changes that name its
/// source or its group (NULL: no groups).
double method_scenario_factor(const method_scenario *scenario,
                              const dosi_column *source,
                              const dosi_column *group,
                              size_t row);

/// Whether every name stands somewhere: a change that changes nothing is a slip of the pen.
/// @return DOSI_OK; DOSI_NOT_FOUND naming what no row has.
DOSI_CHECKED dosi_status method_scenario_check(const method_scenario *scenario,
                                               const dosi_column *source,
                                               const dosi_column *group,
                                               size_t n_rows,
                                               dosi_error *err);

#endif // DOSI_METHOD_SCENARIO_H
