// k-means of rows.

#include "dosi/polar.h"
#include "dosi/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 200 };

/// One clustering on its way. Rows are (n x d), scaled.
typedef struct clustering {
    size_t n, d, k;
    double *rows;
    double *centres;   ///< (k x d)
    double *sums;      ///< (k x d)
    size_t *sizes;     ///< (k)
    double *distance;  ///< (n) squared, to the nearest centre.
    uint32_t *cluster; ///< (n)
} clustering;

static double squared_distance(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t c = 0; c < d; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/// Chooses first centres, each with a chance that grows with its squared distance from those
/// before it. False: all rows are centres already.
static bool seed_centres(clustering *w, dosi_random *random) {
    for (size_t i = 0; i < w->n; i++) w->distance[i] = INFINITY;
    size_t chosen = dosi_random_below(random, (uint32_t)w->n);
    for (size_t c = 0; c < w->k; c++) {
        memcpy(w->centres + c * w->d, w->rows + chosen * w->d, w->d * sizeof *w->rows);
        double total = 0;
        for (size_t i = 0; i < w->n; i++) {
            double r = squared_distance(w->rows + i * w->d, w->centres + c * w->d, w->d);
            w->distance[i] = fmin(w->distance[i], r);
            total += w->distance[i];
        }
        if (c + 1 == w->k) break;
        if (!(total > 0)) return false;
        double mark = total * dosi_random_uniform(random);
        chosen = 0;
        while (chosen + 1 < w->n && mark >= w->distance[chosen]) {
            mark -= w->distance[chosen++];
        }
    }
    return true;
}

/// Puts every row to its nearest centre (the lower one of equals); how many moved.
static size_t assign_rows(clustering *w) {
    size_t n_moved = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t best = 0;
        double least = INFINITY;
        for (size_t c = 0; c < w->k; c++) {
            double r = squared_distance(w->rows + i * w->d, w->centres + c * w->d, w->d);
            if (r < least) {
                least = r;
                best = (uint32_t)c;
            }
        }
        n_moved += w->cluster[i] != best;
        w->cluster[i] = best;
        w->distance[i] = least;
    }
    return n_moved;
}

/// Moves centres to the means of their rows; an empty one to the row farthest from its own.
static void move_centres(clustering *w) {
    memset(w->sums, 0, w->k * w->d * sizeof *w->sums);
    memset(w->sizes, 0, w->k * sizeof *w->sizes);
    size_t farthest = 0;
    for (size_t i = 0; i < w->n; i++) {
        size_t to = w->cluster[i];
        w->sizes[to]++;
        for (size_t c = 0; c < w->d; c++) w->sums[to * w->d + c] += w->rows[i * w->d + c];
        if (w->distance[i] > w->distance[farthest]) farthest = i;
    }
    for (size_t k = 0; k < w->k; k++) {
        const double *row = w->rows + farthest * w->d;
        for (size_t c = 0; c < w->d; c++) {
            w->centres[k * w->d + c] =
                w->sizes[k] ? w->sums[k * w->d + c] / (double)w->sizes[k] : row[c];
        }
        if (w->sizes[k] == 0) w->distance[farthest] = 0; // another empty one goes elsewhere
    }
}

/// One start: the sum of squared distances it ends with; infinite when it cannot start.
static double one_start(clustering *w, dosi_random *random) {
    if (!seed_centres(w, random)) return INFINITY;
    for (size_t i = 0; i < w->n; i++) w->cluster[i] = UINT32_MAX;
    for (int round = 0; round < MAX_ROUNDS && assign_rows(w) > 0; round++) move_centres(w);
    double total = 0;
    for (size_t i = 0; i < w->n; i++) total += w->distance[i];
    return total;
}

/// Columns as rows of unit standard deviation.
static void scale_rows(clustering *w, const double *const *columns) {
    for (size_t c = 0; c < w->d; c++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < w->n; i++) mean += columns[c][i] / (double)w->n;
        for (size_t i = 0; i < w->n; i++) {
            squares += (columns[c][i] - mean) * (columns[c][i] - mean);
        }
        double sd = sqrt(squares / (double)w->n);
        for (size_t i = 0; i < w->n; i++) {
            w->rows[i * w->d + c] = sd > 0 ? (columns[c][i] - mean) / sd : 0;
        }
    }
}

/// Numbers clusters by falling mean of the last column.
static void number_clusters(clustering *w, uint32_t *cluster) {
    memset(w->sums, 0, w->k * w->d * sizeof *w->sums);
    memset(w->sizes, 0, w->k * sizeof *w->sizes);
    for (size_t i = 0; i < w->n; i++) {
        w->sums[cluster[i]] += w->rows[i * w->d + w->d - 1];
        w->sizes[cluster[i]]++;
    }
    for (size_t k = 0; k < w->k; k++) {
        w->sums[k] = w->sizes[k] ? w->sums[k] / (double)w->sizes[k] : (double)-INFINITY;
    }
    for (size_t k = 0; k < w->k; k++) { // rank of k: how many are higher, or equal and before
        size_t rank = 0;
        for (size_t other = 0; other < w->k; other++) {
            rank +=
                w->sums[other] > w->sums[k] || (!(w->sums[other] < w->sums[k]) && other < k);
        }
        w->sizes[k] = rank;
    }
    for (size_t i = 0; i < w->n; i++) cluster[i] = (uint32_t)w->sizes[cluster[i]];
}

dosi_status dosi_cluster_rows(const dosi_kmeans *options,
                              const double *const *columns,
                              size_t n_columns,
                              size_t n,
                              uint32_t *cluster,
                              dosi_error *err) {
    assert(options->k > 0 && n_columns > 0 && n < UINT32_MAX);
    if (n < options->k) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu rows for %zu clusters", n, options->k);
    }
    size_t d = n_columns, k = options->k;
    clustering w = {.n = n, .d = d, .k = k};
    double *memory = calloc(n * d + 2 * k * d + n, sizeof *memory);
    w.sizes = calloc(k, sizeof *w.sizes);
    w.cluster = calloc(n, sizeof *w.cluster);
    double best = INFINITY;
    dosi_status status = DOSI_OK;
    if (!memory || !w.sizes || !w.cluster) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n);
        goto cleanup;
    }
    w.rows = memory;
    w.centres = w.rows + n * d;
    w.sums = w.centres + k * d;
    w.distance = w.sums + k * d;
    scale_rows(&w, columns);
    for (size_t start = 0; start < options->n_starts; start++) {
        dosi_random random = dosi_random_init(options->seed, start);
        double total = one_start(&w, &random);
        if (!(total < best)) continue;
        best = total;
        memcpy(cluster, w.cluster, n * sizeof *cluster);
    }
    if (isinf(best)) {
        status = dosi_fail(err, DOSI_DOMAIN, "fewer different rows than %zu clusters", k);
    } else {
        number_clusters(&w, cluster);
    }
cleanup:
    free(memory);
    free(w.sizes);
    free(w.cluster);
    return status;
}
