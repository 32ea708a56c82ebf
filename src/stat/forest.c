// Random forests: classes of features, growing in batches, predicting.

#include "stat/forest.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/// Upper ends of classes of sorted values: midway between neighbours, at most
/// FOREST_CLASSES - 1, about equal numbers of rows each where there are more values.
static size_t find_edges(const double *sorted, size_t n, double *edges) {
    size_t n_distinct = 1;
    for (size_t i = 1; i < n; i++) n_distinct += sorted[i] > sorted[i - 1];
    size_t n_edges = 0;
    double step = (double)n / FOREST_CLASSES;
    double due = step;
    for (size_t i = 1; i < n; i++) {
        if (sorted[i] == sorted[i - 1]) continue;
        bool is_due = n_distinct <= FOREST_CLASSES || (double)i >= due;
        if (!is_due || n_edges == FOREST_CLASSES - 1) continue;
        edges[n_edges++] = 0.5 * (sorted[i - 1] + sorted[i]);
        while (due <= (double)i) due += step;
    }
    return n_edges;
}

static dosi_status check_rows(const dosi_forest_rows *rows,
                              size_t n_features,
                              dosi_error *err) {
    for (size_t f = 0; f < n_features; f++) {
        for (size_t i = 0; i < rows->n; i++) {
            if (isfinite(rows->x[f][i])) continue;
            return dosi_fail(err, DOSI_DOMAIN, "feature %zu of row %zu is not a number", f, i);
        }
    }
    return DOSI_OK;
}

dosi_status dosi_forest_classify(dosi_forest *forest,
                                 const dosi_forest_rows *rows,
                                 dosi_error *err) {
    double *sorted = malloc(rows->n * sizeof *sorted);
    if (!sorted) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a forest");
    for (size_t f = 0; f < forest->n_features; f++) {
        double *edges = malloc(FOREST_CLASSES * sizeof *edges);
        if (!edges) {
            free(sorted);
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a forest");
        }
        memcpy(sorted, rows->x[f], rows->n * sizeof *sorted);
        qsort(sorted, rows->n, sizeof *sorted, by_value);
        forest->edges[f] = edges;
        forest->n_edges[f] = find_edges(sorted, rows->n, edges);
    }
    free(sorted);
    return DOSI_OK;
}

/// The class of a value: how many edges lie below it.
static uint8_t class_of(const double *edges, size_t n_edges, double value) {
    size_t low = 0;
    size_t high = n_edges;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (edges[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint8_t)low;
}

dosi_status dosi_forest_encode(const dosi_forest *forest,
                               const dosi_forest_rows *rows,
                               forest_codes *out,
                               dosi_error *err) {
    memset(out, 0, sizeof *out);
    out->n = rows->n;
    if (rows->n > UINT32_MAX / 2) return dosi_fail(err, DOSI_DOMAIN, "too many rows");
    DOSI_TRY(check_rows(rows, forest->n_features, err));
    for (size_t f = 0; f < forest->n_features; f++) {
        uint8_t *code = malloc(rows->n + 1);
        if (!code) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for classes of a forest");
        for (size_t i = 0; i < rows->n; i++) {
            code[i] = class_of(forest->edges[f], forest->n_edges[f], rows->x[f][i]);
        }
        out->code[f] = code;
    }
    return DOSI_OK;
}

void dosi_forest_codes_clear(forest_codes *codes) {
    for (size_t f = 0; f < DOSI_FOREST_FEATURES_MAX; f++) free(codes->code[f]);
    memset(codes, 0, sizeof *codes);
}

void dosi_forest_destroy(dosi_forest *forest) {
    if (!forest) return;
    for (size_t t = 0; forest->trees && t < forest->n_trees; t++) free(forest->trees[t].nodes);
    for (size_t f = 0; f < forest->n_features; f++) free(forest->edges[f]);
    free(forest->trees);
    free(forest);
}

// --- growing -----------------------------------------------------------------------------

/// Growing on its way: what is summed over trees, in their order.
typedef struct growing {
    dosi_forest *forest;
    const forest_codes *codes;
    const double *y;
    dosi_forest_options options;
    double *sum;      ///< (n) predictions of trees that have not seen the row...
    uint32_t *n_sums; ///< (n) ...and how many they are.
    double *unseen;   ///< (FOREST_BATCH x n) predictions of one batch; NaN: seen.
    double *gain;     ///< (FOREST_BATCH x features)
} growing;

/// Grows one tree and predicts the rows that it has not seen.
static dosi_status grow_one(const growing *g, size_t tree, size_t k, uint32_t *index) {
    size_t n = g->codes->n;
    assert(g->unseen && g->gain);
    uint8_t *is_seen = (uint8_t *)(index + n);
    double *unseen = g->unseen + k * n;
    const forest_growth growth = {.codes = g->codes,
                                  .y = g->y,
                                  .n_features = g->forest->n_features,
                                  .min_node = g->options.min_node,
                                  .n_tried = g->options.n_tried,
                                  .index = index,
                                  .is_seen = is_seen,
                                  .gain = g->gain + k * g->forest->n_features};
    forest_tree *out = &g->forest->trees[tree];
    dosi_status status = dosi_forest_grow_tree(&growth, g->options.seed, tree, out);
    if (status != DOSI_OK) return status;
    for (size_t i = 0; i < n; i++) {
        unseen[i] = is_seen[i] ? (double)NAN : dosi_forest_leaf(out, g->codes, i);
    }
    return DOSI_OK;
}

static bool grow_batch(const growing *g, size_t first, size_t n_trees, int n_threads) {
    bool has_memory = true;
    assert(g->gain);
    memset(g->gain, 0, FOREST_BATCH * g->forest->n_features * sizeof *g->gain);
#pragma omp parallel num_threads(n_threads) reduction(&& : has_memory)
    {
        uint32_t *index = malloc(g->codes->n * (sizeof *index + 1));
        has_memory = index != NULL;
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < n_trees; k++) {
            if (has_memory) has_memory = grow_one(g, first + k, k, index) == DOSI_OK;
        }
        free(index);
    }
    return has_memory;
}

static void add_batch(const growing *g, size_t n_trees) {
    size_t n = g->codes->n;
    size_t n_features = g->forest->n_features;
    for (size_t k = 0; k < n_trees; k++) {
        for (size_t f = 0; f < n_features; f++) {
            g->forest->gain[f] += g->gain[k * n_features + f];
        }
        for (size_t i = 0; i < n; i++) {
            double value = g->unseen[k * n + i];
            if (isnan(value)) continue;
            g->sum[i] += value;
            g->n_sums[i]++;
        }
    }
}

static dosi_status grow_all(const growing *g, const dosi_run *run, dosi_error *err) {
    dosi_forest *forest = g->forest;
    for (size_t first = 0; first < forest->n_trees;) {
        size_t left = forest->n_trees - first;
        size_t n_trees = left < FOREST_BATCH ? left : FOREST_BATCH;
        if (!grow_batch(g, first, n_trees, dosi_run_threads(run))) {
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory for trees");
        }
        add_batch(g, n_trees);
        first += n_trees;
        dosi_run_report(run, (double)first / (double)forest->n_trees, "growing trees");
        DOSI_TRY(dosi_run_check(run, err));
    }
    return DOSI_OK;
}

static dosi_forest_score score_of(const growing *g) {
    dosi_forest_score score = {0, (double)NAN, (double)NAN};
    double mean = 0.0;
    double squares = 0.0;
    double errors = 0.0;
    for (size_t i = 0; i < g->codes->n; i++) {
        if (g->n_sums[i] == 0) continue;
        double error = g->y[i] - g->sum[i] / g->n_sums[i];
        score.n++;
        errors += error * error;
        double step = g->y[i] - mean;
        mean += step / (double)score.n;
        squares += step * (g->y[i] - mean);
    }
    if (score.n == 0) return score;
    score.rmse = sqrt(errors / (double)score.n);
    if (squares > 0) score.r2 = 1.0 - errors / squares;
    return score;
}

static dosi_status grow_forest(growing *g,
                               const dosi_run *run,
                               dosi_forest_score *score,
                               dosi_error *err) {
    size_t n = g->codes->n;
    g->sum = calloc(n, sizeof *g->sum);
    g->n_sums = calloc(n, sizeof *g->n_sums);
    g->unseen = malloc(FOREST_BATCH * n * sizeof *g->unseen);
    g->gain = malloc(FOREST_BATCH * g->forest->n_features * sizeof *g->gain);
    dosi_status status = DOSI_OK;
    if (!g->sum || !g->n_sums || !g->unseen || !g->gain) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a forest");
    }
    if (status == DOSI_OK) status = grow_all(g, run, err);
    if (status == DOSI_OK && score) *score = score_of(g);
    free(g->sum);
    free(g->n_sums);
    free(g->unseen);
    free(g->gain);
    return status;
}

/// Options with defaults filled in.
static dosi_forest_options complete(const dosi_forest_options *options, size_t n_features) {
    dosi_forest_options out = options ? *options : (dosi_forest_options){.seed = 0};
    if (out.n_trees == 0) out.n_trees = 300;
    if (out.min_node == 0) out.min_node = 5;
    if (out.n_tried == 0) out.n_tried = (size_t)sqrt((double)n_features);
    return out;
}

static dosi_status check_problem(const dosi_forest_problem *problem, dosi_error *err) {
    size_t n = problem->rows.n;
    if (n < 2 || n > UINT32_MAX / 2) {
        return dosi_fail(err, DOSI_DOMAIN, "a forest needs 2 rows or more, not %zu", n);
    }
    if (problem->n_features == 0 || problem->n_features > DOSI_FOREST_FEATURES_MAX) {
        return dosi_fail(err, DOSI_DOMAIN, "a forest takes 1 to %d features, not %zu",
                         DOSI_FOREST_FEATURES_MAX, problem->n_features);
    }
    for (size_t i = 0; i < n; i++) {
        if (isfinite(problem->y[i])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "the value of row %zu is not a number", i);
    }
    return check_rows(&problem->rows, problem->n_features, err);
}

dosi_status dosi_forest_grow(const dosi_forest_problem *problem,
                             const dosi_forest_options *options,
                             const dosi_run *run,
                             dosi_forest **out,
                             dosi_forest_score *score,
                             dosi_error *err) {
    assert(problem && problem->y && out);
    DOSI_TRY(check_problem(problem, err));
    forest_codes codes = {.n = 0};
    dosi_forest *forest = calloc(1, sizeof *forest);
    if (!forest) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a forest");
    growing g = {.forest = forest, .codes = &codes, .y = problem->y};
    g.options = complete(options, problem->n_features);
    forest->n_features = problem->n_features;
    forest->n_trees = g.options.n_trees;
    forest->trees = calloc(forest->n_trees, sizeof *forest->trees);
    dosi_status status = forest->trees ? dosi_forest_classify(forest, &problem->rows, err)
                                       : dosi_fail(err, DOSI_NO_MEMORY, "no memory for trees");
    if (status == DOSI_OK) status = dosi_forest_encode(forest, &problem->rows, &codes, err);
    if (status == DOSI_OK) status = grow_forest(&g, run, score, err);
    dosi_forest_codes_clear(&codes);
    if (status != DOSI_OK) {
        dosi_forest_destroy(forest);
        return status;
    }
    *out = forest;
    return DOSI_OK;
}

void dosi_forest_importance(const dosi_forest *forest, double *share) {
    double sum = 0.0;
    for (size_t f = 0; f < forest->n_features; f++) sum += forest->gain[f];
    for (size_t f = 0; f < forest->n_features; f++) {
        share[f] = sum > 0 ? forest->gain[f] / sum : 0.0;
    }
}

dosi_status dosi_forest_predict(const dosi_forest *forest,
                                const dosi_forest_rows *rows,
                                const dosi_run *run,
                                double *out,
                                dosi_error *err) {
    assert(forest && rows && (out || rows->n == 0));
    forest_codes codes = {.n = 0};
    dosi_status status = dosi_run_check(run, err);
    if (status == DOSI_OK) status = dosi_forest_encode(forest, rows, &codes, err);
    if (status == DOSI_OK) {
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(run))
        for (size_t i = 0; i < codes.n; i++) {
            double sum = 0.0;
            for (size_t t = 0; t < forest->n_trees; t++) {
                sum += dosi_forest_leaf(&forest->trees[t], &codes, i);
            }
            out[i] = sum / (double)forest->n_trees;
        }
    }
    dosi_forest_codes_clear(&codes);
    return status;
}
