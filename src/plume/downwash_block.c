// A building as the wind sees it: its cavity, its wake, how the air bends and slows there.

#include "plume/downwash_block.h"
#include "plume/profile.h"

#include <math.h>

#define LEAST_SIDE_M 1e-5
#define MOST_ASPECT  8.0 ///< Longer buildings act as if they had no ends.
#define SKIN         0.99998
#define WAKE_GROWTH  1.2  ///< Of its height with the cube root of distance.
#define DEFICIT      0.70 ///< Of speed at the lee face, as a part of the wind's.
#define LEAST_RATIO  0.01

/// Sector of the building tables: 1 for a wind that blows to 10 degrees, ... 36 for 360.
static size_t sector_of(double direction_deg) {
    double to = direction_deg - 180;
    if (to < 0) to += 360;
    size_t sector = (size_t)(to * 0.1 + 0.4999);
    return sector == 0 ? DOSI_PLUME_SECTORS : sector;
}

bool plume_block_init(const dosi_plume_building *building,
                      double direction_deg,
                      plume_block *out) {
    size_t s = sector_of(direction_deg) - 1;
    double height = building->height_m[s], width = building->width_m[s];
    if (!(height > LEAST_SIDE_M && width > LEAST_SIDE_M)) return false;
    double less = fmin(height, width), more = fmin(fmax(height, width), MOST_ASPECT * less);
    double scale = pow(less, 2 * PLUME_THIRD) * pow(more, PLUME_THIRD);
    double length = building->length_m[s];
    // The cavity's length goes with the building's, but not for narrow ones (Fackrell, Snyder).
    double slender = width / height, deep = fmin(fmax(length / height, 0.3), 3);
    double power = slender < 1 ? fmax(0, 0.3 * (slender - 0.33) / 0.67) : 0.3;
    double cavity = 1.8 * width / (pow(deep, power) * (1 + 0.24 * slender));
    double tall = height / width;
    *out = (plume_block){.height_m = height,
                         .width_m = width,
                         .length_m = length,
                         .along_m = building->along_m[s],
                         .across_m = building->across_m[s],
                         .scale_m = scale,
                         .top_m = height + 0.22 * scale,
                         .end_m = length + cavity,
                         .is_reattached = 0.9 * scale < length,
                         .bend = tall >= 2 ? 0.3 * (0.25 * tall * tall) : 0.3};
    return true;
}

/// A quarter of an ellipse: 1 at its middle, 0 at its end.
static double arch(double part) {
    return sqrt(fmax(0, 1 - part * part));
}

void plume_block_cavity(const plume_block *b, double x, double *height, double *half_width) {
    *height = *half_width = 0;
    if (!(x >= 0 && x < b->end_m)) return;
    double scale = b->scale_m, half = 0.5 * scale;
    double widest = 0.5 * b->width_m + scale / 3;
    *half_width = x <= scale ? widest - (x - scale) * (x - scale) / (3 * scale)
                             : widest * arch((x - scale) / (b->end_m - scale));
    if (b->is_reattached) {
        double lee = b->length_m;
        *height = x <= lee ? b->height_m : b->height_m * arch((x - lee) / (b->end_m - lee));
    } else if (x <= half) {
        double part = (x - half) / half;
        *height = b->top_m + part * part * (b->height_m - b->top_m);
    } else {
        *height = b->top_m * arch((x - half) / (b->end_m - half));
    }
}

double plume_block_wake_height(const plume_block *b, double x) {
    if (!(x > 0)) return 0;
    double begin = b->height_m / (WAKE_GROWTH * b->scale_m);
    return WAKE_GROWTH * b->scale_m * cbrt(x / b->scale_m + begin * begin * begin);
}

double plume_block_wake_width(const plume_block *b, double x) {
    return x > 0 ? 0.5 * b->width_m + b->scale_m / 3 * cbrt(x / b->scale_m) : 0;
}

/// Whether a place is under the wake's top and between its sides, by cubes: it is asked often.
static bool is_in_wake(const plume_block *b, double x, double side, double z) {
    double far = x / b->scale_m, begin = b->height_m / (WAKE_GROWTH * b->scale_m);
    double up = z / (WAKE_GROWTH * b->scale_m);
    double out = 3 * (side - 0.5 * b->width_m) / b->scale_m;
    return up * up * up <= far + begin * begin * begin && out * out * out <= far;
}

plume_region plume_block_region(const plume_block *b, double x, double y, double z) {
    if (!(x > 0)) return PLUME_OUTSIDE;
    double side = fabs(y), height = 0, half_width = 0;
    if (x < SKIN * b->length_m && z < SKIN * b->height_m && side < SKIN * 0.5 * b->width_m) {
        return PLUME_INSIDE;
    }
    if (x < b->end_m && z <= b->top_m) {
        plume_block_cavity(b, x, &height, &half_width);
        if (z <= height && side <= half_width) return PLUME_CAVITY;
    }
    return is_in_wake(b, x, side, z) ? PLUME_WAKE : PLUME_OUTSIDE;
}

/// Slope in the middle plane.
static double middle_slope(const plume_block *b, double x, double z) {
    double scale = b->scale_m, height = b->height_m, rise = b->top_m - height;
    double over = (z - height + scale) / scale; // how it fades above the roof
    bool is_above = z > height;
    if (x < -scale) return 0;
    if (x < 0) { // up before the face, over a still corner
        double slope = 2 * rise * (x + scale) / (scale * scale);
        double still = 0.67 * (scale <= height ? height : 2 * height - scale);
        if (is_above) return slope / (over * over * over);
        return z <= still ? 0 : slope;
    }
    if (x <= 0.5 * scale) { // up over its edge
        double slope = -rise * 4 / scale * (2 * x / scale - 1);
        return is_above ? slope / (over * over * over) : slope;
    }
    double reach = b->end_m - 0.5 * scale, slope = 0; // down again
    if (x <= b->end_m) {
        slope = rise * (scale - 2 * x) / (reach * reach);
    } else {
        slope = -2 * rise / reach / ((x - (b->end_m - scale)) / scale);
    }
    if (is_above) return slope / over;
    return z <= 0 ? 0 : slope * pow(z / height, b->bend);
}

double plume_block_slope(const plume_block *b, double x, double y, double z) {
    double side = fabs(y) - 0.5 * b->width_m;
    if (side > b->scale_m / 3) return 0;
    double slope = middle_slope(b, x, z);
    return side <= 0 ? slope : slope * (1 - 3 * side / b->scale_m);
}

void plume_block_slowing(
    const plume_block *b, double x, double y, double z, double *ratio, double *gradient) {
    *ratio = 1;
    *gradient = 0;
    double cavity = 0, cavity_side = 0, side = fabs(y), wake = plume_block_wake_height(b, x);
    double deficit = DEFICIT, half = 0.5 * b->width_m;
    if (z >= wake) return;
    if (side > half) { // less and less towards the side
        double wake_side = plume_block_wake_width(b, x);
        if (side >= wake_side) return;
        double core = fmax(half, wake_side - b->scale_m / 3);
        if (side > core) deficit *= 1 - (side - core) / (wake_side - core);
    }
    plume_block_cavity(b, x, &cavity, &cavity_side);
    double behind = (fmax(0, x - b->length_m) + b->scale_m) / b->scale_m;
    double root = cbrt(behind);
    deficit /= root * root;
    if (x < b->length_m) deficit *= x / b->length_m;
    // Constant up to the cavity's top, then growing to the wind's own at the wake's.
    double least = fmax(0, 1 - 2 * wake * deficit / (wake + cavity));
    if (z > cavity) *gradient = (1 - least) / (wake - cavity);
    *ratio = fmax(LEAST_RATIO, least + *gradient * (z - cavity));
}
