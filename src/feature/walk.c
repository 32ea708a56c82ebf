// Walking down the tree of boxes.

#include "feature/store.h"

#include <assert.h>

/// A walk under way.
typedef struct tree_walk {
    const dosi_features *features;
    const double (*boxes)[4];
    size_t n_boxes;
    void (*take)(void *context, uint32_t from, uint32_t to, bool is_inside);
    void *context;
} tree_walk;

/// Whether two boxes have a point in common.
static bool meets(const double *a, const double *b) {
    return a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
}

/// Whether `inner` lies in `outer`.
static bool is_in(const double *inner, const double *outer) {
    return inner[0] >= outer[0] && inner[2] <= outer[2] && inner[1] >= outer[1] &&
           inner[3] <= outer[3];
}

/// Visits box `i` of `level` and what is below it. The depth is that of the tree, at most
/// DOSI_STORE_LEVELS.
// NOLINTNEXTLINE(misc-no-recursion)
static void visit(const tree_walk *walk, uint32_t level, uint64_t i) {
    const double *box = walk->features->levels[level] + 4 * i;
    bool is_met = false;
    bool is_inside = false;
    for (size_t k = 0; k < walk->n_boxes; k++) {
        is_met |= meets(box, walk->boxes[k]);
        is_inside |= is_in(box, walk->boxes[k]);
    }
    if (!is_met) return;
    uint64_t from = i << (4 * level);
    uint64_t to = (i + 1) << (4 * level);
    if (to > walk->features->head.n_located) to = walk->features->head.n_located;
    if (is_inside || level == 0) {
        walk->take(walk->context, (uint32_t)from, (uint32_t)to, is_inside);
        return;
    }
    uint64_t end = (i + 1) * DOSI_STORE_NODE;
    if (end > walk->features->level_counts[level - 1]) {
        end = walk->features->level_counts[level - 1];
    }
    for (uint64_t child = i * DOSI_STORE_NODE; child < end; child++) {
        visit(walk, level - 1, child);
    }
}

void dosi_store_walk(const dosi_features *features,
                     const double (*boxes)[4],
                     size_t n_boxes,
                     void (*take)(void *context, uint32_t from, uint32_t to, bool is_inside),
                     void *context) {
    static_assert(DOSI_STORE_NODE == 16, "levels are shifts by 4 bits");
    if (features->head.n_levels == 0) return;
    tree_walk walk = {features, boxes, n_boxes, take, context};
    uint32_t top = features->head.n_levels - 1;
    for (uint64_t i = 0; i < features->level_counts[top]; i++) visit(&walk, top, i);
}
