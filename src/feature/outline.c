// Rings and segments clipped to a tile and put on its grid.

#include "feature/outline.h"

#include <math.h>
#include <stdlib.h>

void dosi_outline_destroy(dosi_outline *outline) {
    free(outline->xy);
    free(outline->scratch);
    free(outline->grid);
    *outline = (dosi_outline){0};
}

bool dosi_outline_reserve(dosi_outline *outline, size_t n) {
    // Clipping a ring by a line leaves at most 3/2 of its points (every second one outside, two
    // crossings for each); four lines, (3/2)^4 < 6.
    size_t capacity = 6 * n + 16;
    if (capacity <= outline->capacity) return true;
    dosi_outline_destroy(outline);
    outline->xy = malloc(2 * capacity * sizeof(double));
    outline->scratch = malloc(2 * capacity * sizeof(double));
    outline->grid = malloc(2 * capacity * sizeof(int32_t));
    outline->capacity = capacity;
    if (outline->xy && outline->scratch && outline->grid) return true;
    dosi_outline_destroy(outline);
    return false;
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

void dosi_outline_clip_ring(dosi_outline *outline, double low, double high) {
    double *own = outline->xy;
    double *other = outline->scratch;
    // Four passes: the last one writes where the first one read.
    size_t n = clip_side(own, outline->n, other, 0, low, -1);
    n = clip_side(other, n, own, 0, high, 1);
    n = clip_side(own, n, other, 1, low, -1);
    outline->n = clip_side(other, n, own, 1, high, 1);
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
