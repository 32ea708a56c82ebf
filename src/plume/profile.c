// Profiles on the fixed heights: finding the level, interpolation, means of layers.

#include "plume/profile.h"

#include <math.h>

/// Runs of equal steps that make up the heights: first height, step, how many.
static const struct {
    double first, step;
    size_t n;
} runs[] = {{0, 0.5, 2}, {1, 1, 1},    {2, 2, 1},     {4, 4, 1},      {8, 6, 2},
            {20, 10, 9}, {120, 20, 5}, {250, 50, 36}, {2100, 100, 30}};
enum { N_RUNS = sizeof runs / sizeof runs[0] };

static double heights[DOSI_PLUME_LEVELS];
static uint8_t level_index[PLUME_INDEX_STEPS + 1];

/// Fills the two tables before main(), so that no caller has to.
__attribute__((constructor)) static void fill_tables(void) {
    size_t n = 0;
    for (size_t r = 0; r < N_RUNS; r++) {
        for (size_t i = 0; i < runs[r].n; i++) {
            heights[n++] = runs[r].first + (double)i * runs[r].step;
        }
    }
    uint8_t level = 0;
    for (size_t i = 0; i <= PLUME_INDEX_STEPS; i++) {
        while (level < DOSI_PLUME_LEVELS - 2 && heights[level + 1] <= 0.5 * (double)i) level++;
        level_index[i] = level;
    }
}

const double *dosi_plume_heights(void) {
    return heights;
}

const uint8_t *plume_level_index(void) {
    return level_index;
}

size_t plume_level_below(double height_m) {
    double step = fmin(fmax(2 * height_m, 0), PLUME_INDEX_STEPS);
    return level_index[(size_t)step];
}

/// sigma_v and the wind's speed of a level, never below their limits.
static double sigma_v_of(const dosi_plume_hour *hour, size_t level) {
    return fmax(hour->value[level][DOSI_PLUME_SIGMA_V], hour->limits.sigma_v_ms);
}
static double speed_of(const dosi_plume_hour *hour, size_t level) {
    return hour->value[level][DOSI_PLUME_SPEED];
}

/// Bounds the ratio of the means of sigma_v and speed over layers. Where the ratio falls with
/// height, no layer below a level has more than the one from the lowest height that means are
/// taken from (level 1); what a layer has above the level is bounded by the levels there.
static void set_wander(dosi_plume_hour *hour) {
    double ratio[DOSI_PLUME_LEVELS], most = 0;
    size_t n = DOSI_PLUME_LEVELS;
    for (size_t i = 1; i < n; i++) {
        double speed = speed_of(hour, i);
        ratio[i] = speed > 0 ? sigma_v_of(hour, i) / speed : (double)INFINITY;
    }
    for (size_t i = n - 1; i >= 1; i--) hour->wander[i] = most = fmax(most, ratio[i]);
    hour->wander[0] = most;
    double across = 0, along = 0;
    bool is_falling = true;
    for (size_t i = 1; i < n; i++) {
        if (i > 1) {
            double step = heights[i] - heights[i - 1];
            across += step * (sigma_v_of(hour, i) + sigma_v_of(hour, i - 1));
            along += step * (speed_of(hour, i) + speed_of(hour, i - 1));
            is_falling = is_falling && ratio[i] <= ratio[i - 1];
        }
        double below = is_falling && along > 0 ? across / along : most;
        hour->wander[i] = fmax(hour->wander[i], below);
    }
}

void plume_profile_finish(dosi_plume_hour *hour) {
    set_wander(hour);
    for (size_t q = 0; q < DOSI_PLUME_QUANTITIES; q++) {
        hour->integral[0][q] = 0;
        for (size_t i = 0; i + 1 < DOSI_PLUME_LEVELS; i++) {
            double step = heights[i + 1] - heights[i];
            hour->slope[i][q] = (hour->value[i + 1][q] - hour->value[i][q]) / step;
            hour->integral[i + 1][q] =
                hour->integral[i][q] + step * 0.5 * (hour->value[i][q] + hour->value[i + 1][q]);
        }
        hour->slope[DOSI_PLUME_LEVELS - 1][q] = 0;
    }
}

double dosi_plume_at(const dosi_plume_hour *hour,
                     dosi_plume_quantity quantity,
                     double height_m) {
    size_t i = plume_level_below(height_m);
    return hour->value[i][quantity] + (height_m - heights[i]) * hour->slope[i][quantity];
}

double dosi_plume_direction_at(const dosi_plume_hour *hour, double height_m) {
    size_t i = plume_level_below(height_m);
    double below = hour->value[i][DOSI_PLUME_DIRECTION];
    double above = hour->value[i + 1][DOSI_PLUME_DIRECTION];
    if (above - below < -180) above += 360;
    if (above - below > 180) above -= 360;
    double part = (height_m - heights[i]) / (heights[i + 1] - heights[i]);
    double direction = below + part * (above - below);
    if (direction > 360) direction -= 360;
    if (direction <= 0) direction += 360;
    return direction;
}

/// Integral of a quantity from the ground to a height.
static double integral_to(const dosi_plume_hour *hour, dosi_plume_quantity q, double height_m) {
    size_t i = plume_level_below(height_m);
    double step = height_m - heights[i];
    return hour->integral[i][q] + step * (hour->value[i][q] + 0.5 * step * hour->slope[i][q]);
}

double plume_mean(const dosi_plume_hour *hour,
                  dosi_plume_quantity quantity,
                  double bottom_m,
                  double top_m) {
    bottom_m = fmax(bottom_m, 0.5);
    top_m = fmax(top_m, 0.51);
    double depth = top_m - bottom_m;
    if (depth < 1e-3) return dosi_plume_at(hour, quantity, 0.5 * (bottom_m + top_m));
    return (integral_to(hour, quantity, top_m) - integral_to(hour, quantity, bottom_m)) / depth;
}
