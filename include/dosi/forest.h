/// @file forest.h
/// Random forests for regression, and their exact marginals.
///
/// A forest learns a value from features by trees on bootstrap samples (L. Breiman, 2001, Mach.
/// Learn. 45, 5-32). Its marginal over some features is the mean of its prediction when those
/// features take, together, each of many rows' values: what met normalisation (S. Grange and
/// others, 2018, Atmos. Chem. Phys. 18, 6223) and partial dependence (J. Friedman, 2001) are
/// made of. Here it is taken over all rows exactly, instead of over some drawn at random.
/// Results depend on the seed, never on the number of threads.
#ifndef DOSI_FOREST_H
#define DOSI_FOREST_H

#include "dosi/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DOSI_FOREST_FEATURES_MAX = 64 };

/// Rows of features; borrowed. No value may be NaN or infinite.
typedef struct dosi_forest_rows {
    size_t n;
    const double *const *x; ///< (n_features) columns of n each.
} dosi_forest_rows;

/// How a forest grows. Zero fields mean the default.
typedef struct dosi_forest_options {
    size_t n_trees;  ///< 0: 300.
    size_t min_node; ///< Nodes of so many rows or fewer are not split; 0: 5.
    size_t n_tried;  ///< Features tried at each split; 0: the root of their number, rounded
                     ///< down, and one at least.
    uint64_t seed;
} dosi_forest_options;

/// A grown forest.
typedef struct dosi_forest dosi_forest;

/// How well a forest does on rows that each tree has not seen (out of bag).
typedef struct dosi_forest_score {
    size_t n;    ///< Rows that some tree has not seen.
    double rmse; ///< NaN when n is 0.
    double r2;   ///< 1 - squared error / variance.
} dosi_forest_score;

/// What a forest is to learn from; borrowed.
typedef struct dosi_forest_problem {
    dosi_forest_rows rows;
    size_t n_features; ///< 1..DOSI_FOREST_FEATURES_MAX
    const double *y;   ///< (rows.n) finite.
} dosi_forest_problem;

/// Grows a forest. Features are sorted into at most 256 classes of about equal numbers of
/// rows; a split lies between two classes, so that features of 256 values or fewer are split
/// exactly.
/// @param options  NULL: all default.
/// @param out      dosi_forest_destroy() it.
/// @param score    Out, may be NULL.
/// @return DOSI_OK; DOSI_DOMAIN: fewer than 2 rows, no feature or too many, or a value that is
///         not finite; DOSI_NO_MEMORY; DOSI_CANCELLED.
/// Cost: trees x rows x depth x n_tried; 16 B a node.
DOSI_API DOSI_CHECKED dosi_status dosi_forest_grow(const dosi_forest_problem *problem,
                                                   const dosi_forest_options *options,
                                                   const dosi_run *run,
                                                   dosi_forest **out,
                                                   dosi_forest_score *score,
                                                   dosi_error *err);

/// Frees; accepts NULL.
DOSI_API void dosi_forest_destroy(dosi_forest *forest);

/// Each feature's share of the squared error that splits took away, out of bag and in.
/// @param share  (n_features) out; sums to 1, or all 0 when there is no split.
DOSI_API void dosi_forest_importance(const dosi_forest *forest, double *share);

/// Predicts rows.
/// @param out  (rows->n)
/// @return DOSI_OK; DOSI_DOMAIN; DOSI_NO_MEMORY; DOSI_CANCELLED.
DOSI_API DOSI_CHECKED dosi_status dosi_forest_predict(const dosi_forest *forest,
                                                      const dosi_forest_rows *rows,
                                                      const dosi_run *run,
                                                      double *out,
                                                      dosi_error *err);

/// Which mean: for each row of `at`, over all rows of `over`, features with `is_fixed` taken
/// from `at`, all others together from `over`. Borrowed.
typedef struct dosi_forest_marginal_of {
    dosi_forest_rows at, over;
    const bool *is_fixed; ///< (n_features)
} dosi_forest_marginal_of;

/// Means of the forest over some features: exactly what predicting at.n x over.n rows and
/// averaging gives, but for rounding.
/// @param out  (at.n)
/// @return As dosi_forest_predict(); DOSI_DOMAIN also when `over` has no row.
/// Cost: per tree, distinct rows times the leaves that a row reaches when the other features
/// are free; some ten seconds for 300 trees and 60,000 rows each way.
DOSI_API DOSI_CHECKED dosi_status dosi_forest_marginal(const dosi_forest *forest,
                                                       const dosi_forest_marginal_of *of,
                                                       const dosi_run *run,
                                                       double *out,
                                                       dosi_error *err);

#ifdef __cplusplus
}
#endif

#endif // DOSI_FOREST_H
