// Exact means of a forest over some of its features.
//
// For each tree, rows of `over` go down: a split by a free feature parts them, a split by a
// fixed one lets all of them go both ways. Their share at a leaf is the leaf's weight. Then
// rows of `at` go down with the roles changed, and gather weight x value at each leaf they
// reach. Rows that are alike in what matters go as one.

#include "stat/forest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/// Going down depth first, one node waits at each level.
enum { STACK_SPACE = FOREST_DEPTH_MAX + 2 };

/// Rows at a node, on their way down.
typedef struct work {
    uint32_t node;
    uint32_t begin, end;
} work;

/// What the two passes over one tree share. Arrays are scratch of one thread.
typedef struct pass {
    const forest_tree *tree;
    const bool *is_fixed;
    double *held;       ///< (nodes) weight x value of the leaves below, where no split below
                        ///< is by a fixed feature.
    uint8_t *has_fixed; ///< (nodes) whether a split below is by a fixed feature.
    uint32_t *index;    ///< Rows.
} pass;

/// Rows that differ in some features, each standing for all that are like it.
typedef struct distinct {
    forest_codes codes;
    uint32_t *of_row; ///< (rows) which one each row is.
    double *share;    ///< (codes.n) share of the rows.
} distinct;

/// A question on its way.
typedef struct question {
    const dosi_forest *forest;
    const bool *is_fixed;
    distinct at, over;
    const dosi_run *run;
} question;

/// Puts rows in order by one feature after the other: counting sort.
static void sort_rows(const forest_codes *all,
                      const bool *matters,
                      size_t n_features,
                      uint32_t *order,
                      uint32_t *scratch) {
    for (size_t i = 0; i < all->n; i++) order[i] = (uint32_t)i;
    for (size_t f = 0; f < n_features; f++) {
        uint32_t start[FOREST_CLASSES + 1] = {0};
        if (!matters[f]) continue;
        for (size_t i = 0; i < all->n; i++) start[all->code[f][i] + 1]++;
        for (size_t c = 0; c < FOREST_CLASSES; c++) start[c + 1] += start[c];
        for (size_t i = 0; i < all->n; i++) {
            scratch[start[all->code[f][order[i]]]++] = order[i];
        }
        memcpy(order, scratch, all->n * sizeof *order);
    }
}

static bool are_alike(
    const forest_codes *all, const bool *matters, size_t n_features, uint32_t a, uint32_t b) {
    for (size_t f = 0; f < n_features; f++) {
        if (matters[f] && all->code[f][a] != all->code[f][b]) return false;
    }
    return true;
}

static void distinct_clear(distinct *d) {
    dosi_forest_codes_clear(&d->codes);
    free(d->of_row);
    free(d->share);
}

/// Space for as many distinct rows as there are rows.
static bool distinct_make(size_t n_rows, size_t n_features, distinct *out) {
    memset(out, 0, sizeof *out);
    out->of_row = calloc(n_rows, sizeof *out->of_row);
    out->share = calloc(n_rows, sizeof *out->share);
    bool has_memory = out->of_row && out->share;
    for (size_t f = 0; f < n_features; f++) {
        out->codes.code[f] = malloc(n_rows);
        has_memory = has_memory && out->codes.code[f];
    }
    return has_memory;
}

/// Finds the rows that differ in features that matter. Clear `out` after use, also on failure.
static dosi_status find_distinct(const forest_codes *all,
                                 const bool *matters,
                                 size_t n_features,
                                 distinct *out,
                                 dosi_error *err) {
    uint32_t *order = malloc(2 * all->n * sizeof *order);
    if (!distinct_make(all->n, n_features, out) || !order) {
        free(order);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for means of a forest");
    }
    sort_rows(all, matters, n_features, order, order + all->n);
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        bool is_new = i == 0 || !are_alike(all, matters, n_features, order[i], order[i - 1]);
        for (size_t f = 0; is_new && f < n_features; f++) {
            out->codes.code[f][n] = all->code[f][order[i]];
        }
        if (is_new) n++;
        out->of_row[order[i]] = (uint32_t)(n - 1);
        out->share[n - 1] += 1.0 / (double)all->n;
    }
    out->codes.n = n;
    free(order);
    return DOSI_OK;
}

/// Moves rows that go left to the front; where the others begin.
static uint32_t partition(const forest_node *node,
                          const forest_codes *codes,
                          uint32_t *index,
                          uint32_t begin,
                          uint32_t end) {
    const uint8_t *code = codes->code[node->feature];
    while (begin < end) {
        uint32_t row = index[begin];
        if (code[row] <= node->split) {
            begin++;
        } else {
            index[begin] = index[--end];
            index[end] = row;
        }
    }
    return begin;
}

/// Both children of a node, with the rows that go there.
static size_t push_children(const pass *p,
                            const forest_codes *codes,
                            bool is_parting,
                            const work *at,
                            work *stack,
                            size_t n_stack) {
    const forest_node *node = &p->tree->nodes[at->node];
    work left = {node->left, at->begin, at->end};
    work right = {node->left + 1, at->begin, at->end};
    if (is_parting) {
        left.end = right.begin = partition(node, codes, p->index, at->begin, at->end);
    }
    assert(n_stack + 2 <= STACK_SPACE);
    stack[n_stack++] = right;
    stack[n_stack++] = left;
    return n_stack;
}

static void number_rows(uint32_t *index, size_t n) {
    for (size_t i = 0; i < n; i++) index[i] = (uint32_t)i;
}

/// Rows of `over` go down; leaves get their share.
static void weigh_leaves(const pass *p, const distinct *over) {
    work stack[STACK_SPACE];
    size_t n_stack = 0;
    number_rows(p->index, over->codes.n);
    memset(p->held, 0, p->tree->n_nodes * sizeof *p->held);
    stack[n_stack++] = (work){0, 0, (uint32_t)over->codes.n};
    while (n_stack > 0) {
        work at = stack[--n_stack];
        const forest_node *node = &p->tree->nodes[at.node];
        if (at.begin == at.end) continue;
        if (node->left) {
            n_stack = push_children(p, &over->codes, !p->is_fixed[node->feature], &at, stack,
                                    n_stack);
        } else {
            double share = 0.0;
            for (uint32_t k = at.begin; k < at.end; k++) share += over->share[p->index[k]];
            p->held[at.node] = node->value * share;
        }
    }
}

/// Adds up what subtrees hold that no fixed feature splits. Children come after their parents.
static void gather_held(const pass *p) {
    for (size_t i = p->tree->n_nodes; i-- > 0;) {
        const forest_node *node = &p->tree->nodes[i];
        p->has_fixed[i] = 0;
        if (!node->left) continue;
        uint32_t left = node->left;
        p->has_fixed[i] =
            (uint8_t)(p->is_fixed[node->feature] | p->has_fixed[left] | p->has_fixed[left + 1]);
        p->held[i] = p->held[left] + p->held[left + 1];
    }
}

/// Rows of `at` go down and take what they reach.
static void take_means(const pass *p, const forest_codes *at_codes, double *out) {
    work stack[STACK_SPACE];
    size_t n_stack = 0;
    number_rows(p->index, at_codes->n);
    stack[n_stack++] = (work){0, 0, (uint32_t)at_codes->n};
    while (n_stack > 0) {
        work at = stack[--n_stack];
        const forest_node *node = &p->tree->nodes[at.node];
        if (at.begin == at.end) continue;
        if (p->has_fixed[at.node]) {
            bool is_parting = p->is_fixed[node->feature];
            n_stack = push_children(p, at_codes, is_parting, &at, stack, n_stack);
            continue;
        }
        double held = p->held[at.node];
        if (held == 0.0) continue;
        for (uint32_t k = at.begin; k < at.end; k++) out[p->index[k]] += held;
    }
}

/// Scratch of one thread. Free what is not NULL.
static bool make_pass(const dosi_forest *forest, size_t n_rows, pass *out) {
    size_t n_nodes = 1;
    for (size_t t = 0; t < forest->n_trees; t++) {
        if (forest->trees[t].n_nodes > n_nodes) n_nodes = forest->trees[t].n_nodes;
    }
    out->held = malloc(n_nodes * sizeof *out->held);
    out->has_fixed = malloc(n_nodes);
    out->index = malloc(n_rows * sizeof *out->index);
    return out->held && out->has_fixed && out->index;
}

static void clear_pass(pass *p) {
    free(p->held);
    free(p->has_fixed);
    free(p->index);
}

/// A batch of trees from `first` on, each into its own part of `means`.
static bool run_batch(const question *q, size_t first, size_t n_trees, double *means) {
    bool has_memory = true;
    size_t n_at = q->at.codes.n;
    size_t n_most = n_at > q->over.codes.n ? n_at : q->over.codes.n;
#pragma omp parallel num_threads(dosi_run_threads(q->run)) reduction(&& : has_memory)
    {
        pass p = {.is_fixed = q->is_fixed};
        has_memory = make_pass(q->forest, n_most, &p);
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < n_trees; k++) {
            if (!has_memory) continue;
            double *mean = means + k * n_at;
            p.tree = &q->forest->trees[first + k];
            memset(mean, 0, n_at * sizeof *mean);
            weigh_leaves(&p, &q->over);
            gather_held(&p);
            take_means(&p, &q->at.codes, mean);
        }
        clear_pass(&p);
    }
    return has_memory;
}

/// Adds up all trees in their order. @param means (FOREST_BATCH x distinct rows) scratch
static dosi_status add_trees(const question *q, double *means, double *sum, dosi_error *err) {
    size_t n_at = q->at.codes.n;
    size_t n_all = q->forest->n_trees;
    for (size_t first = 0; first < n_all;) {
        size_t n_trees = n_all - first < FOREST_BATCH ? n_all - first : FOREST_BATCH;
        if (!run_batch(q, first, n_trees, means)) {
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory for means of a forest");
        }
        for (size_t k = 0; k < n_trees; k++) {
            for (size_t i = 0; i < n_at; i++) sum[i] += means[k * n_at + i];
        }
        first += n_trees;
        dosi_run_report(q->run, (double)first / (double)n_all, "averaging");
        DOSI_TRY(dosi_run_check(q->run, err));
    }
    return DOSI_OK;
}

/// Means of the distinct rows, spread to the `n_rows` that they stand for.
static dosi_status average(const question *q, size_t n_rows, double *out, dosi_error *err) {
    size_t n_at = q->at.codes.n;
    double *means = malloc(FOREST_BATCH * n_at * sizeof *means);
    double *sum = calloc(n_at, sizeof *sum);
    dosi_status status =
        means && sum ? add_trees(q, means, sum, err)
                     : dosi_fail(err, DOSI_NO_MEMORY, "no memory for means of a forest");
    if (status == DOSI_OK) {
        assert(sum && q->at.of_row);
        for (size_t i = 0; i < n_rows; i++) {
            out[i] = sum[q->at.of_row[i]] / (double)q->forest->n_trees;
        }
    }
    free(means);
    free(sum);
    return status;
}

/// Rows in classes, those that differ where it `matters`.
static dosi_status take_distinct(const dosi_forest *forest,
                                 const dosi_forest_rows *rows,
                                 const bool *matters,
                                 distinct *out,
                                 dosi_error *err) {
    forest_codes codes = {.n = 0};
    dosi_status status = dosi_forest_encode(forest, rows, &codes, err);
    if (status == DOSI_OK) {
        status = find_distinct(&codes, matters, forest->n_features, out, err);
    }
    dosi_forest_codes_clear(&codes);
    return status;
}

dosi_status dosi_forest_marginal(const dosi_forest *forest,
                                 const dosi_forest_marginal_of *of,
                                 const dosi_run *run,
                                 double *out,
                                 dosi_error *err) {
    assert(forest && of && of->is_fixed && (out || of->at.n == 0));
    if (of->over.n == 0) return dosi_fail(err, DOSI_DOMAIN, "no rows to average over");
    if (of->at.n == 0) return DOSI_OK;
    bool is_free[DOSI_FOREST_FEATURES_MAX];
    question q = {.forest = forest, .is_fixed = of->is_fixed, .run = run};
    for (size_t f = 0; f < forest->n_features; f++) is_free[f] = !of->is_fixed[f];
    dosi_status status = take_distinct(forest, &of->at, of->is_fixed, &q.at, err);
    if (status == DOSI_OK) status = take_distinct(forest, &of->over, is_free, &q.over, err);
    if (status == DOSI_OK) status = average(&q, of->at.n, out, err);
    distinct_clear(&q.at);
    distinct_clear(&q.over);
    return status;
}
