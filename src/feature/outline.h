/// @file outline.h
/// Shapes on a tile's grid: clipped, rounded, thinned, wound. Only files of feature/ include
/// this.
#ifndef DOSI_FEATURE_OUTLINE_H
#define DOSI_FEATURE_OUTLINE_H

#include "dosi/text.h"

#include <stdbool.h>
#include <stdint.h>

/// Points in tile units. Zero-initialise; free both.
typedef struct dosi_outline {
    double *xy; ///< (2 x capacity) x, y, x, y...
    double *scratch;
    int32_t *grid; ///< (2 x capacity) rounded.
    size_t n, capacity;
} dosi_outline;

/// Frees what an outline holds.
void dosi_outline_destroy(dosi_outline *outline);

/// Makes room for `n` points and what clipping may add; what was held is lost. False when there
/// is no memory.
bool dosi_outline_reserve(dosi_outline *outline, size_t n);

/// Clips the ring in outline->xy (closed or not) to [low, high] both ways; n is 0 when nothing
/// is left.
void dosi_outline_clip_ring(dosi_outline *outline, double low, double high);

/// Rounds the ring to the grid, drops points that repeat or lie on a line, and turns it: outer
/// rings clockwise as seen (y to the south), holes the other way.
/// @return Points in outline->grid, open; 0 when no area is left.
size_t dosi_outline_ring(dosi_outline *outline, bool is_hole);

/// Shortens the segment a-b to what lies in [low, high]; false when nothing does.
bool dosi_outline_clip_segment(double a[2], double b[2], double low, double high);

#endif // DOSI_FEATURE_OUTLINE_H
