// Nearest neighbours: a balanced k-d tree laid out in its own array, exact, ties by index.

#include "dosi/geo.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF_POINTS = 8, STACK = 96 };

/// The middle point of a range splits it along `axis`; the halves are ranges again.
struct dosi_nearest {
    size_t n;
    double *xy[2];   ///< (n) coordinates, in tree order.
    uint32_t *index; ///< (n) index that the caller knows the point by.
    uint8_t *axis;   ///< (n) of the range whose middle this is.
};

/// Points [begin, end) of the tree, and the least squared distance to any of them.
typedef struct range {
    size_t begin, end;
    double distance2;
} range;

void dosi_nearest_destroy(dosi_nearest *nearest) {
    if (!nearest) return;
    free(nearest->xy[0]);
    free(nearest->xy[1]);
    free(nearest->index);
    free(nearest->axis);
    free(nearest);
}

static void swap_points(dosi_nearest *tree, size_t i, size_t j) {
    for (size_t axis = 0; axis < 2; axis++) {
        double kept = tree->xy[axis][i];
        tree->xy[axis][i] = tree->xy[axis][j];
        tree->xy[axis][j] = kept;
    }
    uint32_t kept = tree->index[i];
    tree->index[i] = tree->index[j];
    tree->index[j] = kept;
}

/// Total order along an axis: by coordinate, then by index.
static bool is_before(const dosi_nearest *tree, size_t axis, size_t i, size_t j) {
    double a = tree->xy[axis][i], b = tree->xy[axis][j];
    return a < b || (a == b && tree->index[i] < tree->index[j]);
}

/// The axis along which a range is longest.
static uint8_t longest_axis(const dosi_nearest *tree, size_t begin, size_t end) {
    double length[2];
    for (size_t axis = 0; axis < 2; axis++) {
        const double *values = tree->xy[axis];
        double low = values[begin], high = values[begin];
        for (size_t i = begin + 1; i < end; i++) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
        length[axis] = high - low;
    }
    return length[1] > length[0];
}

/// Puts the point that belongs at `middle` there, smaller ones before it (quickselect).
static void select_middle(
    dosi_nearest *tree, size_t axis, size_t begin, size_t end, size_t middle) {
    while (end - begin > 1) {
        swap_points(tree, begin + (end - begin) / 2, end - 1);
        size_t boundary = begin;
        for (size_t i = begin; i + 1 < end; i++) {
            if (is_before(tree, axis, i, end - 1)) swap_points(tree, i, boundary++);
        }
        swap_points(tree, boundary, end - 1);
        if (boundary == middle) return;
        if (boundary > middle) {
            end = boundary;
        } else {
            begin = boundary + 1;
        }
    }
}

/// Arranges all points into the tree.
static void arrange(dosi_nearest *tree) {
    range stack[STACK] = {{.begin = 0, .end = tree->n}};
    size_t depth = 1;
    while (depth > 0) {
        range now = stack[--depth];
        if (now.end - now.begin <= LEAF_POINTS) continue;
        size_t middle = now.begin + (now.end - now.begin) / 2;
        uint8_t axis = longest_axis(tree, now.begin, now.end);
        select_middle(tree, axis, now.begin, now.end, middle);
        tree->axis[middle] = axis;
        stack[depth++] = (range){.begin = now.begin, .end = middle};
        stack[depth++] = (range){.begin = middle + 1, .end = now.end};
    }
}

dosi_status dosi_nearest_create(
    const double *x, const double *y, size_t n, dosi_nearest **out, dosi_error *err) {
    assert((x && y) || n == 0);
    assert(out);
    if (n >= UINT32_MAX) return dosi_fail(err, DOSI_LIMIT, "%zu points are too many", n);
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) continue;
        return dosi_fail(err, DOSI_DOMAIN, "point %zu is (%g, %g)", i, x[i], y[i]);
    }
    dosi_nearest *tree = calloc(1, sizeof *tree);
    if (!tree) return DOSI_NO_MEMORY;
    tree->n = n;
    tree->xy[0] = malloc((n + 1) * sizeof(double));
    tree->xy[1] = malloc((n + 1) * sizeof(double));
    tree->index = malloc((n + 1) * sizeof *tree->index);
    tree->axis = calloc(n + 1, sizeof *tree->axis);
    if (!tree->xy[0] || !tree->xy[1] || !tree->index || !tree->axis) {
        dosi_nearest_destroy(tree);
        return DOSI_NO_MEMORY;
    }
    if (n > 0) {
        memcpy(tree->xy[0], x, n * sizeof *x);
        memcpy(tree->xy[1], y, n * sizeof *y);
    }
    for (size_t i = 0; i < n; i++) tree->index[i] = (uint32_t)i;
    arrange(tree);
    *out = tree;
    return DOSI_OK;
}

// --- one place -----------------------------------------------------------------------------

/// The best points so far, nearest first.
typedef struct best {
    uint32_t *index;
    double *distance2;
    size_t n, k;
} best;

/// Squared distance past which a point is of no use.
static double worst(const best *found) {
    return found->n < found->k ? (double)INFINITY : found->distance2[found->n - 1];
}

/// Takes a point in where it belongs.
static void offer(best *found, uint32_t index, double distance2) {
    if (found->n == found->k) {
        double last = found->distance2[found->n - 1];
        if (distance2 > last) return;
        if (distance2 == last && index > found->index[found->n - 1]) return;
        found->n--;
    }
    size_t at = found->n++;
    while (at > 0) {
        double above = found->distance2[at - 1];
        if (above < distance2 || (above == distance2 && found->index[at - 1] < index)) break;
        found->distance2[at] = above;
        found->index[at] = found->index[at - 1];
        at--;
    }
    found->distance2[at] = distance2;
    found->index[at] = index;
}

static double distance2_to(const dosi_nearest *tree, size_t i, double x, double y) {
    double dx = tree->xy[0][i] - x, dy = tree->xy[1][i] - y;
    return dx * dx + dy * dy;
}

/// Opens a range at its middle: `near` is the half on the side of the place.
static void split(
    const dosi_nearest *tree, range now, const double *place, range *near, range *far) {
    size_t middle = now.begin + (now.end - now.begin) / 2;
    double away = place[tree->axis[middle]] - tree->xy[tree->axis[middle]][middle];
    range low = {now.begin, middle, now.distance2};
    range high = {middle + 1, now.end, now.distance2};
    *near = away < 0 ? low : high;
    *far = away < 0 ? high : low;
    far->distance2 = fmax(now.distance2, away * away);
}

/// Searches the whole tree, nearer halves first.
static void search(const dosi_nearest *tree, double x, double y, best *found) {
    const double place[2] = {x, y};
    range stack[STACK] = {{.begin = 0, .end = tree->n}};
    size_t depth = 1;
    while (depth > 0) {
        range now = stack[--depth];
        if (now.distance2 > worst(found)) continue;
        while (now.end - now.begin > LEAF_POINTS) {
            size_t middle = now.begin + (now.end - now.begin) / 2;
            offer(found, tree->index[middle], distance2_to(tree, middle, x, y));
            range near, far;
            split(tree, now, place, &near, &far);
            stack[depth++] = far;
            now = near;
        }
        for (size_t i = now.begin; i < now.end; i++) {
            offer(found, tree->index[i], distance2_to(tree, i, x, y));
        }
    }
}

size_t dosi_nearest_find(const dosi_nearest *nearest,
                         double x,
                         double y,
                         size_t k,
                         uint32_t *index,
                         double *distance2) {
    assert(nearest && isfinite(x) && isfinite(y) && index);
    assert(k >= 1 && k <= DOSI_NEAREST_MAX);
    double kept[DOSI_NEAREST_MAX];
    best found = {.index = index, .distance2 = distance2 ? distance2 : kept, .k = k};
    if (nearest->n > 0) search(nearest, x, y, &found);
    return found.n;
}

void dosi_nearest_within(const dosi_nearest *nearest,
                         double x,
                         double y,
                         double radius,
                         void (*visit)(void *context, uint32_t index, double distance2),
                         void *context) {
    assert(nearest && visit && isfinite(x) && isfinite(y));
    const double place[2] = {x, y};
    double limit = radius * radius;
    range stack[STACK] = {{.begin = 0, .end = nearest->n}};
    size_t depth = 1;
    while (depth > 0) {
        range now = stack[--depth];
        if (now.distance2 > limit) continue;
        bool is_leaf = now.end - now.begin <= LEAF_POINTS;
        size_t begin = now.begin, end = now.end;
        if (!is_leaf) {
            begin += (end - begin) / 2;
            end = begin + 1;
            range near, far;
            split(nearest, now, place, &near, &far);
            stack[depth++] = far;
            stack[depth++] = near;
        }
        for (size_t i = begin; i < end; i++) {
            double distance2 = distance2_to(nearest, i, x, y);
            if (distance2 <= limit) visit(context, nearest->index[i], distance2);
        }
    }
}

// --- many places ---------------------------------------------------------------------------
//
// Places that follow each other are near each other, so a chunk of them is answered together. A
// point among the k nearest of a place that lies `spread` from the chunk's centre is at most
// (distance of the centre's k-th nearest) + 2 spread from the centre: these few candidates are
// found once, and kept sorted from place to place by insertion, which is quick as little
// changes.

enum { CHUNK = 16, CANDIDATES = 1024 };

/// A point that may be among the nearest of a chunk's places.
typedef struct candidate {
    double distance2, x, y;
    uint32_t index;
} candidate;

typedef struct candidates {
    candidate list[CANDIDATES];
    size_t n;
    const dosi_nearest *tree;
    bool is_full;
} candidates;

/// Collects tree points [begin, end) within the limit.
static void collect(candidates *all, range now, const double *centre, double limit) {
    for (size_t i = now.begin; i < now.end; i++) {
        if (distance2_to(all->tree, i, centre[0], centre[1]) > limit) continue;
        if (all->n == CANDIDATES) {
            all->is_full = true;
            return;
        }
        all->list[all->n++] = (candidate){
            .x = all->tree->xy[0][i], .y = all->tree->xy[1][i], .index = all->tree->index[i]};
    }
}

/// Collects all tree points within `radius` of the centre; false when there are too many.
static bool find_candidates(candidates *all, const double *centre, double radius) {
    double limit = radius * radius;
    range stack[STACK] = {{.begin = 0, .end = all->tree->n}};
    size_t depth = 1;
    while (depth > 0 && !all->is_full) {
        range now = stack[--depth];
        if (now.distance2 > limit) continue;
        if (now.end - now.begin > LEAF_POINTS) {
            range near, far;
            split(all->tree, now, centre, &near, &far);
            stack[depth++] = far;
            stack[depth++] = near;
            now.begin += (now.end - now.begin) / 2;
            now.end = now.begin + 1;
        }
        collect(all, now, centre, limit);
    }
    return !all->is_full;
}

/// Sorts the candidates for one place, from the order of the place before.
static void sort_for(candidates *all, double x, double y) {
    candidate *list = all->list;
    for (size_t i = 0; i < all->n; i++) {
        double dx = list[i].x - x, dy = list[i].y - y;
        list[i].distance2 = dx * dx + dy * dy;
    }
    for (size_t i = 1; i < all->n; i++) {
        candidate moved = list[i];
        size_t at = i;
        for (; at > 0; at--) {
            const candidate *above = &list[at - 1];
            if (above->distance2 < moved.distance2) break;
            if (above->distance2 == moved.distance2 && above->index < moved.index) break;
            list[at] = *above;
        }
        list[at] = moved;
    }
}

/// How far from its centre a chunk's places lie, and how far its centre's k-th nearest is: the
/// radius that holds every candidate. Negative when points are too few for the bound.
static double candidate_radius(const dosi_nearest *tree,
                               const dosi_nearest_query *query,
                               size_t begin,
                               size_t end,
                               double *centre) {
    double spread2 = 0, distance2[DOSI_NEAREST_MAX];
    uint32_t index[DOSI_NEAREST_MAX];
    size_t middle = begin + (end - begin) / 2;
    centre[0] = query->x[middle];
    centre[1] = query->y[middle];
    for (size_t i = begin; i < end; i++) {
        double dx = query->x[i] - centre[0], dy = query->y[i] - centre[1];
        spread2 = fmax(spread2, dx * dx + dy * dy);
    }
    size_t n = dosi_nearest_find(tree, centre[0], centre[1], query->k, index, distance2);
    if (n < query->k) return -1;
    // A little more, for rounding: what is too far is sorted out later.
    return (sqrt(distance2[n - 1]) + 2 * sqrt(spread2)) * (1 + 1e-9);
}

/// Answers places [begin, end) one by one.
static void find_each(const dosi_nearest *nearest,
                      const dosi_nearest_query *query,
                      size_t begin,
                      size_t end,
                      uint32_t *index) {
    for (size_t i = begin; i < end; i++) {
        uint32_t *row = index + i * query->k;
        size_t n = dosi_nearest_find(nearest, query->x[i], query->y[i], query->k, row, NULL);
        for (; n < query->k; n++) row[n] = UINT32_MAX;
    }
}

/// Answers places [begin, end) together, when they are near enough to each other.
static void find_chunk(const dosi_nearest *nearest,
                       const dosi_nearest_query *query,
                       size_t begin,
                       size_t end,
                       uint32_t *index) {
    candidates all;
    double centre[2];
    all.list[0] = (candidate){0};
    all.n = 0;
    all.tree = nearest;
    all.is_full = false;
    double radius = candidate_radius(nearest, query, begin, end, centre);
    bool is_near = radius >= 0 && find_candidates(&all, centre, radius) && all.n >= query->k &&
                   all.n <= 8 * query->k;
    if (!is_near) {
        find_each(nearest, query, begin, end, index);
        return;
    }
    for (size_t i = begin; i < end; i++) {
        sort_for(&all, query->x[i], query->y[i]);
        for (size_t j = 0; j < query->k; j++) index[i * query->k + j] = all.list[j].index;
    }
}

dosi_status dosi_nearest_find_many(const dosi_nearest *nearest,
                                   const dosi_nearest_query *query,
                                   const dosi_run *run,
                                   uint32_t *index,
                                   dosi_error *err) {
    assert(nearest && query && index);
    size_t n_chunks = (query->n + CHUNK - 1) / CHUNK;
#pragma omp parallel for schedule(dynamic, 16) num_threads(dosi_run_threads(run))
    for (size_t i = 0; i < n_chunks; i++) {
        if (dosi_run_check(run, NULL) != DOSI_OK) continue;
        size_t end = (i + 1) * CHUNK < query->n ? (i + 1) * CHUNK : query->n;
        find_chunk(nearest, query, i * CHUNK, end, index);
    }
    return dosi_run_check(run, err);
}
