// One tree: a bootstrap sample split again and again where the squared error falls most.

#include "dosi/random.h"
#include "stat/forest.h"

#include <stdlib.h>
#include <string.h>

/// Rows of a node that is still to be split.
typedef struct work {
    uint32_t node, depth;
    uint32_t begin, end; ///< Of growth->index.
} work;

/// Counts and sums of y by class, and which classes occur.
typedef struct histogram {
    uint32_t count[FOREST_CLASSES];
    double sum[FOREST_CLASSES];
    uint64_t occurs[FOREST_CLASSES / 64];
} histogram;

/// The best split found so far.
typedef struct best_split {
    double gain; ///< Squared error taken away.
    uint8_t feature, split;
    bool is_found;
} best_split;

static void fill_histogram(const forest_growth *g,
                           size_t feature,
                           const work *node,
                           histogram *h) {
    const uint8_t *code = g->codes->code[feature];
    for (uint32_t k = node->begin; k < node->end; k++) {
        uint32_t row = g->index[k];
        uint8_t c = code[row];
        h->occurs[c / 64] |= UINT64_C(1) << (c % 64);
        h->count[c]++;
        h->sum[c] += g->y[row];
    }
}

/// Tries every split between classes that occur, and empties the histogram.
static void scan_histogram(
    histogram *h, size_t feature, uint32_t n, double total, best_split *best) {
    uint32_t n_left = 0;
    double left = 0.0;
    double whole = total * total / n;
    for (size_t word = 0; word < FOREST_CLASSES / 64; word++) {
        uint64_t bits = h->occurs[word];
        h->occurs[word] = 0;
        while (bits) {
            unsigned c = (unsigned)(word * 64) + (unsigned)__builtin_ctzll(bits);
            bits &= bits - 1;
            n_left += h->count[c];
            left += h->sum[c];
            h->count[c] = 0;
            h->sum[c] = 0.0;
            if (n_left == n) return;
            double right = total - left;
            double gain = left * left / n_left + right * right / (n - n_left) - whole;
            if (gain <= best->gain) continue;
            *best = (best_split){gain, (uint8_t)feature, (uint8_t)c, true};
        }
    }
}

/// The best split over some features drawn at random; further ones are drawn while none of
/// them splits.
static best_split find_split(
    const forest_growth *g, const work *node, double total, dosi_random *random, histogram *h) {
    uint8_t order[DOSI_FOREST_FEATURES_MAX];
    uint32_t n = node->end - node->begin;
    // Below this a gain is rounding.
    double least = 1e-12 * (1.0 + total * total / n);
    best_split best = {.gain = least};
    for (size_t k = 0; k < g->n_features; k++) order[k] = (uint8_t)k;
    for (size_t k = 0; k < g->n_features; k++) {
        if (k >= g->n_tried && best.is_found) break;
        size_t other = k + dosi_random_below(random, (uint32_t)(g->n_features - k));
        uint8_t feature = order[other];
        order[other] = order[k];
        order[k] = feature;
        fill_histogram(g, feature, node, h);
        scan_histogram(h, feature, n, total, &best);
    }
    return best;
}

/// Moves rows that go left to the front; where the others begin.
static uint32_t partition(const forest_growth *g, const work *node, const best_split *split) {
    const uint8_t *code = g->codes->code[split->feature];
    uint32_t left = node->begin;
    uint32_t right = node->end;
    while (left < right) {
        uint32_t row = g->index[left];
        if (code[row] <= split->split) {
            left++;
        } else {
            g->index[left] = g->index[--right];
            g->index[right] = row;
        }
    }
    return left;
}

/// Two nodes more at the end of the tree.
static dosi_status add_children(forest_tree *tree, uint32_t parent) {
    if (tree->n_nodes + 2 > tree->n_space) {
        size_t n_space = tree->n_space ? 2 * tree->n_space : 64;
        forest_node *nodes = realloc(tree->nodes, n_space * sizeof *nodes);
        if (!nodes) return DOSI_NO_MEMORY;
        tree->nodes = nodes;
        tree->n_space = n_space;
    }
    tree->nodes[parent].left = (uint32_t)tree->n_nodes;
    memset(tree->nodes + tree->n_nodes, 0, 2 * sizeof *tree->nodes);
    tree->n_nodes += 2;
    return DOSI_OK;
}

static void draw_sample(const forest_growth *g, dosi_random *random) {
    uint32_t n = (uint32_t)g->codes->n;
    memset(g->is_seen, 0, n);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = dosi_random_below(random, n);
        g->index[k] = row;
        g->is_seen[row] = 1;
    }
}

/// A tree that is growing.
typedef struct growing_tree {
    const forest_growth *growth;
    forest_tree tree;
    dosi_random random;
    histogram histogram;
    work stack[2 * 64];
    size_t n_stack;
} growing_tree;

/// Splits the node, or makes it a leaf; its children go onto the stack.
static dosi_status grow_node(growing_tree *t, const work *node) {
    const forest_growth *g = t->growth;
    forest_tree *tree = &t->tree;
    uint32_t n = node->end - node->begin;
    double total = 0.0;
    for (uint32_t k = node->begin; k < node->end; k++) total += g->y[g->index[k]];
    tree->nodes[node->node].value = total / n;
    if (n <= g->min_node || node->depth == FOREST_DEPTH_MAX) return DOSI_OK;
    best_split best = find_split(g, node, total, &t->random, &t->histogram);
    if (!best.is_found) return DOSI_OK;
    dosi_status status = add_children(tree, node->node);
    if (status != DOSI_OK) return status;
    uint32_t middle = partition(g, node, &best);
    uint32_t left = tree->nodes[node->node].left;
    tree->nodes[node->node].feature = best.feature;
    tree->nodes[node->node].split = best.split;
    g->gain[best.feature] += best.gain;
    // The larger part waits, so that the stack stays as deep as the logarithm of the rows.
    bool is_left_larger = middle - node->begin > node->end - middle;
    work first = {left, node->depth + 1, node->begin, middle};
    work second = {left + 1, node->depth + 1, middle, node->end};
    t->stack[t->n_stack++] = is_left_larger ? first : second;
    t->stack[t->n_stack++] = is_left_larger ? second : first;
    return DOSI_OK;
}

dosi_status dosi_forest_grow_tree(const forest_growth *growth,
                                  uint64_t seed,
                                  uint64_t stream,
                                  forest_tree *out) {
    growing_tree t;
    memset(&t, 0, sizeof t);
    t.growth = growth;
    t.random = dosi_random_init(seed, stream);
    t.tree =
        (forest_tree){.nodes = calloc(64, sizeof *out->nodes), .n_nodes = 1, .n_space = 64};
    if (!t.tree.nodes) return DOSI_NO_MEMORY;
    draw_sample(growth, &t.random);
    t.stack[t.n_stack++] = (work){0, 0, 0, (uint32_t)growth->codes->n};
    dosi_status status = DOSI_OK;
    while (t.n_stack > 0 && status == DOSI_OK) {
        work node = t.stack[--t.n_stack];
        status = grow_node(&t, &node);
    }
    if (status != DOSI_OK) {
        free(t.tree.nodes);
        return status;
    }
    forest_node *nodes = realloc(t.tree.nodes, t.tree.n_nodes * sizeof *nodes);
    if (nodes) t.tree.nodes = nodes;
    *out = t.tree;
    return DOSI_OK;
}
