/// @file forest.h
/// How a forest lies in memory; for the forest's own files.
#ifndef DOSI_STAT_FOREST_H
#define DOSI_STAT_FOREST_H

#include "dosi/forest.h"

enum { FOREST_CLASSES = 256, FOREST_BATCH = 16, FOREST_DEPTH_MAX = 1000 };

/// A node: rows whose class of `feature` is at most `split` go to node `left`, others to the
/// next one. A leaf has `left` 0.
typedef struct forest_node {
    double value; ///< Leaf: mean of its rows.
    uint32_t left;
    uint8_t feature;
    uint8_t split;
} forest_node;

/// A tree; node 0 is its root, children come after their parent.
typedef struct forest_tree {
    forest_node *nodes;
    size_t n_nodes, n_space;
} forest_tree;

struct dosi_forest {
    size_t n_features, n_trees;
    size_t n_edges[DOSI_FOREST_FEATURES_MAX];
    double *edges[DOSI_FOREST_FEATURES_MAX]; ///< (n_edges) ascending upper ends of classes.
    double gain[DOSI_FOREST_FEATURES_MAX];   ///< Squared error taken away by its splits.
    forest_tree *trees;                      ///< (n_trees)
};

/// Classes of rows, one column a feature.
typedef struct forest_codes {
    size_t n;
    uint8_t *code[DOSI_FOREST_FEATURES_MAX]; ///< (n) each
} forest_codes;

/// Finds the classes of the features from rows.
DOSI_CHECKED dosi_status dosi_forest_classify(dosi_forest *forest,
                                              const dosi_forest_rows *rows,
                                              dosi_error *err);

/// Puts rows into classes. Clear `out` after use, also on failure.
DOSI_CHECKED dosi_status dosi_forest_encode(const dosi_forest *forest,
                                            const dosi_forest_rows *rows,
                                            forest_codes *out,
                                            dosi_error *err);

void dosi_forest_codes_clear(forest_codes *codes);

/// The leaf of row `i`.
static inline double dosi_forest_leaf(const forest_tree *tree,
                                      const forest_codes *codes,
                                      size_t i) {
    const forest_node *node = tree->nodes;
    while (node->left) {
        node = tree->nodes + node->left + (codes->code[node->feature][i] > node->split);
    }
    return node->value;
}

/// What growing one tree needs. Scratch is the caller's.
typedef struct forest_growth {
    const forest_codes *codes;
    const double *y;
    size_t n_features, min_node, n_tried;
    uint32_t *index;  ///< (n) scratch: rows of the bootstrap sample.
    uint8_t *is_seen; ///< (n) out: whether the sample has the row.
    double *gain;     ///< (n_features) out: added to.
} forest_growth;

/// Grows a tree on a bootstrap sample drawn from stream `stream` of `seed`.
/// @return DOSI_OK; DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_forest_grow_tree(const forest_growth *growth,
                                               uint64_t seed,
                                               uint64_t stream,
                                               forest_tree *out);

#endif // DOSI_STAT_FOREST_H
