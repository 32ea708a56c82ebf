// Whether a shape meets a box, exactly.

#include "feature/store.h"

#include <string.h>

enum { CHUNK = 128 };

/// What is known so far of one simple shape.
typedef struct shape_meeting {
    const double *box;
    const dosi_projection *projection;
    bool is_met;
    unsigned crossings; ///< Of a ray from the box's corner to the east.
} shape_meeting;

/// Shortens [t0, t1] to where p + t d <= q holds; false when nothing is left.
static bool clip(double d, double q, double *t0, double *t1) {
    if (d == 0) return q >= 0;
    double t = q / d;
    if (d < 0) {
        if (t > *t1) return false;
        if (t > *t0) *t0 = t;
    } else {
        if (t < *t0) return false;
        if (t < *t1) *t1 = t;
    }
    return true;
}

/// Whether the segment from a to b meets the box (Liang and Barsky).
static bool segment_meets(const double *a, const double *b, const double *box) {
    double t0 = 0;
    double t1 = 1;
    double dx = b[0] - a[0];
    double dy = b[1] - a[1];
    return clip(-dx, a[0] - box[0], &t0, &t1) && clip(dx, box[2] - a[0], &t0, &t1) &&
           clip(-dy, a[1] - box[1], &t0, &t1) && clip(dy, box[3] - a[1], &t0, &t1);
}

/// Whether the segment crosses the ray from the box's south-west corner to the east.
static bool crosses_ray(const double *a, const double *b, const double *box) {
    if ((a[1] > box[1]) == (b[1] > box[1])) return false;
    double x = a[0] + (box[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
    return x > box[0];
}

/// Takes in one part.
static void meet_part(shape_meeting *meeting, const dosi_wkb_part *part) {
    double x[CHUNK];
    double y[CHUNK];
    double last[2] = {0, 0};
    for (uint32_t from = 0; from < part->n_points && !meeting->is_met; from += CHUNK) {
        uint32_t n = part->n_points - from < CHUNK ? part->n_points - from : CHUNK;
        for (uint32_t i = 0; i < n; i++) dosi_wkb_point(part, from + i, &x[i], &y[i]);
        if (meeting->projection) {
            (void)dosi_projection_apply(meeting->projection, x, y, n, false);
        }
        for (uint32_t i = 0; i < n && !meeting->is_met; i++) {
            double point[2] = {x[i], y[i]};
            const double *before = from + i == 0 ? point : last;
            meeting->is_met = segment_meets(before, point, meeting->box);
            meeting->crossings += crosses_ray(before, point, meeting->box);
            last[0] = point[0];
            last[1] = point[1];
        }
    }
}

bool dosi_shape_meets_box(const unsigned char *wkb,
                          size_t n_bytes,
                          const double box[4],
                          const dosi_projection *projection) {
    dosi_wkb_reader reader;
    dosi_wkb_part part;
    if (dosi_wkb_open(&reader, wkb, n_bytes, NULL) != DOSI_OK) return false;
    shape_meeting meeting = {.box = box, .projection = projection};
    uint32_t i_shape = 0;
    while (!meeting.is_met && dosi_wkb_next(&reader, &part)) {
        if (part.i_shape != i_shape) {
            if (meeting.crossings % 2) return true;
            meeting.crossings = 0;
            i_shape = part.i_shape;
        }
        meet_part(&meeting, &part);
        if (part.shape != DOSI_SHAPE_POLYGON) meeting.crossings = 0;
    }
    return meeting.is_met || meeting.crossings % 2;
}
