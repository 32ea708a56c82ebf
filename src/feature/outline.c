// Rings and segments clipped to a tile and put on its grid.

#include "feature/outline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dosi_outline_destroy(dosi_outline *outline) {
    free(outline->xy);
    free(outline->scratch);
    free(outline->grid);
    *outline = (dosi_outline){0};
}

bool dosi_outline_reserve(dosi_outline *outline, size_t n) {
    // Clipping a ring by a line adds at most one point for each that it removes, plus one.
    size_t capacity = 2 * n + 16;
    if (capacity <= outline->capacity) return true;
    dosi_outline grown = {.xy = malloc(2 * capacity * sizeof(double)),
                          .scratch = malloc(2 * capacity * sizeof(double)),
                          .grid = malloc(2 * capacity * sizeof(int32_t)),
                          .capacity = capacity};
    if (!grown.xy || !grown.scratch || !grown.grid) {
        dosi_outline_destroy(&grown);
        return false;
    }
    dosi_outline_destroy(outline);
    *outline = grown;
    return true;
}

/// Keeps the part of a ring on one side of a line: sign * (coordinate - bound) <= 0.
static size_t clip_side(
    const double *from, size_t n, double *to, int axis, double bound, double sign) {
    size_t n_out = 0;
    for (size_t i = 0; i < n; i++) {
        const double *a = from + 2 * (i ? i - 1 : n - 1);
        const double *b = from + 2 * i;
        double da = sign * (a[axis] - bound);
        double db = sign * (b[axis] - bound);
        if ((da < 0 && db > 0) || (da > 0 && db < 0)) {
            double t = da / (da - db);
            to[2 * n_out + (size_t)axis] = bound;
            to[2 * n_out + (size_t)(1 - axis)] = a[1 - axis] + t * (b[1 - axis] - a[1 - axis]);
            n_out++;
        }
        if (db <= 0) {
            to[2 * n_out] = b[0];
            to[2 * n_out + 1] = b[1];
            n_out++;
        }
    }
    return n_out;
}

/// Makes sure that a pass, which may double the points, has room; n is 0 when there is none.
static bool make_room(dosi_outline *outline) {
    if (outline->n <= outline->capacity / 2) return true;
    dosi_outline held = *outline;
    *outline = (dosi_outline){0};
    bool has_room = dosi_outline_reserve(outline, 2 * held.n);
    if (has_room) {
        memcpy(outline->xy, held.xy, 2 * held.n * sizeof *held.xy);
        outline->n = held.n;
    }
    dosi_outline_destroy(&held);
    return has_room;
}

void dosi_outline_clip_ring(dosi_outline *outline, double low, double high) {
    static const int axes[] = {0, 0, 1, 1};
    static const double signs[] = {-1, 1, -1, 1};
    for (size_t i = 0; i < 4 && outline->n > 0; i++) {
        if (!make_room(outline)) return;
        outline->n = clip_side(outline->xy, outline->n, outline->scratch, axes[i],
                               signs[i] < 0 ? low : high, signs[i]);
        double *swap = outline->xy;
        outline->xy = outline->scratch;
        outline->scratch = swap;
    }
}

/// Twice the area of the turn a, b, c.
static int64_t turn(const int32_t *a, const int32_t *b, const int32_t *c) {
    return ((int64_t)b[0] - a[0]) * ((int64_t)c[1] - a[1]) -
           ((int64_t)b[1] - a[1]) * ((int64_t)c[0] - a[0]);
}

/// Whether b lies on the way from a to c.
static bool is_between(const int32_t *a, const int32_t *b, const int32_t *c) {
    if (turn(a, b, c) != 0) return false;
    int64_t back = ((int64_t)b[0] - a[0]) * ((int64_t)c[0] - b[0]) +
                   ((int64_t)b[1] - a[1]) * ((int64_t)c[1] - b[1]);
    return back >= 0;
}

/// Adds a point to a thinned ring of `n`; returns the new length.
static size_t add_point(int32_t *grid, size_t n, int32_t x, int32_t y) {
    if (n > 0 && grid[2 * n - 2] == x && grid[2 * n - 1] == y) return n;
    int32_t point[2] = {x, y};
    while (n >= 2 && is_between(grid + 2 * n - 4, grid + 2 * n - 2, point)) n--;
    grid[2 * n] = x;
    grid[2 * n + 1] = y;
    return n + 1;
}

/// Reverses the points of a ring.
static void reverse(int32_t *grid, size_t n) {
    for (size_t i = 0, k = n - 1; i < k; i++, k--) {
        for (size_t c = 0; c < 2; c++) {
            int32_t swap = grid[2 * i + c];
            grid[2 * i + c] = grid[2 * k + c];
            grid[2 * k + c] = swap;
        }
    }
}

size_t dosi_outline_ring(dosi_outline *outline, bool is_hole) {
    int32_t *grid = outline->grid;
    size_t n = 0;
    for (size_t i = 0; i < outline->n; i++) {
        n = add_point(grid, n, (int32_t)lround(outline->xy[2 * i]),
                      (int32_t)lround(outline->xy[2 * i + 1]));
    }
    while (n > 1 && grid[0] == grid[2 * n - 2] && grid[1] == grid[2 * n - 1]) n--;
    while (n > 2 && is_between(grid + 2 * n - 4, grid + 2 * n - 2, grid)) n--;
    if (n < 3) return 0;
    int64_t area = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t *a = grid + 2 * i;
        const int32_t *b = grid + 2 * ((i + 1) % n);
        area += (int64_t)a[0] * b[1] - (int64_t)b[0] * a[1];
    }
    if (area == 0) return 0;
    if ((area > 0) == is_hole) reverse(grid, n);
    return n;
}

/// Shortens [t0, t1] to where d t <= q.
static bool shorten(double d, double q, double *t0, double *t1) {
    if (d == 0) return q >= 0;
    double t = q / d;
    if (d < 0) {
        if (t > *t0) *t0 = t;
    } else if (t < *t1) {
        *t1 = t;
    }
    return *t0 <= *t1;
}

bool dosi_outline_clip_segment(double a[2], double b[2], double low, double high) {
    double t0 = 0;
    double t1 = 1;
    double d[2] = {b[0] - a[0], b[1] - a[1]};
    for (size_t c = 0; c < 2; c++) {
        if (!shorten(-d[c], a[c] - low, &t0, &t1)) return false;
        if (!shorten(d[c], high - a[c], &t0, &t1)) return false;
    }
    for (size_t c = 0; c < 2; c++) {
        double start = a[c];
        if (t1 < 1) b[c] = start + t1 * d[c];
        if (t0 > 0) a[c] = start + t0 * d[c];
    }
    return true;
}
