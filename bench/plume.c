// How fast plumes are computed: stacks (one beside a building), volumes and an area, and
// particles, over a grid, hour by hour, on one thread. Usage: bench_plume [receptors a side]

#include "dosi/plume.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SOURCES = 20, HOURS = 24, ROUNDS = 5, DEFAULT_SIDE = 50, MOST_SIDE = 1000 };

static double now_us(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

/// An hour of a day: stable by night, unstable by day.
static dosi_plume_weather weather_of(int hour) {
    bool is_day = hour >= 8 && hour < 18;
    double strong = sin((hour - 7) * 0.28);
    return (dosi_plume_weather){.heat_flux_wm2 = is_day ? 150 * strong : -10,
                                .friction_ms = is_day ? 0.35 : 0.12,
                                .convective_ms = is_day ? 0.3 + 1.4 * strong : (double)NAN,
                                .lapse_above_km = is_day ? 0.006 : (double)NAN,
                                .convective_height_m =
                                    is_day ? 200 + 80.0 * (hour - 7) : (double)NAN,
                                .mechanical_height_m = is_day ? 500 : 110,
                                .obukhov_m = is_day ? -40 : 30,
                                .roughness_m = 0.5,
                                .bowen = 1,
                                .albedo = 0.2,
                                .speed_ms = 2.5,
                                .direction_deg = 15.0 * hour + 1,
                                .speed_height_m = 10,
                                .temperature_k = 290,
                                .temperature_height_m = 2};
}

/// Runs one kind of source; prints the time of one source, receptor and hour: of each hour the
/// best of some rounds, for a machine has other work too.
static int run(const char *name,
               const dosi_plume_source *source,
               const dosi_plume_receptors *receptors,
               double *out) {
    dosi_error err = {""};
    dosi_plume_limits limits = dosi_plume_limits_default();
    double used = 0;
    int rounds = source->kind == DOSI_PLUME_AREA || source->particles ? 1 : ROUNDS;
    for (int h = 0; h < HOURS; h++) {
        dosi_plume_weather weather = weather_of(h);
        dosi_plume_hour hour;
        if (dosi_plume_hour_prepare(&weather, &limits, &hour, &err) != DOSI_OK) return 1;
        double best = (double)INFINITY;
        for (int round = 0; round < rounds; round++) {
            double start = now_us();
            for (int s = 0; s < SOURCES; s++) {
                dosi_plume_source moved = *source;
                moved.x_m = 437.0 * (s % 5);
                moved.y_m = 391.0 * floor(s / 5.0);
                if (dosi_plume_add(&hour, &moved, receptors, out, &err) != DOSI_OK) return 1;
            }
            best = fmin(best, now_us() - start);
        }
        used += best;
    }
    (void)printf("%-9s %.4f us a source, receptor and hour\n", name,
                 used / ((double)receptors->n * SOURCES * HOURS));
    return 0;
}

int main(int argc, char **argv) {
    size_t side = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_SIDE;
    if (side == 0 || side > MOST_SIDE) return 2;
    size_t n = side * side;
    double *x = calloc(3 * n, sizeof *x), *y = x + n, *out = y + n;
    if (!x) return 2;
    for (size_t i = 0; i < n; i++) {
        x[i] = -4000 + 8000.0 / (double)side * (double)(i % side);
        y[i] = -4000 + 8000.0 / (double)side * floor((double)i / (double)side);
    }
    const dosi_plume_receptors receptors = {.n = n, .x_m = x, .y_m = y};
    const double corner_x[] = {0, 0, 50, 50}, corner_y[] = {0, 50, 50, 0};
    dosi_plume_building building;
    for (int s = 0; s < DOSI_PLUME_SECTORS; s++) {
        building.height_m[s] = 30;
        building.width_m[s] = 50;
        building.length_m[s] = 40;
        building.along_m[s] = -30;
        building.across_m[s] = 10;
    }
    const dosi_plume_source sources[] = {{.kind = DOSI_PLUME_POINT,
                                          .height_m = 40,
                                          .emission = 1,
                                          .exit_temperature_k = 420,
                                          .exit_speed_ms = 12,
                                          .diameter_m = 2},
                                         {.kind = DOSI_PLUME_VOLUME,
                                          .height_m = 5,
                                          .emission = 1,
                                          .sigma_y_m = 5,
                                          .sigma_z_m = 3},
                                         {.kind = DOSI_PLUME_AREA,
                                          .height_m = 1,
                                          .emission = 1e-3,
                                          .corner_x_m = corner_x,
                                          .corner_y_m = corner_y,
                                          .n_corners = 4}};
    // Particles of three sizes: fewer places, for each is a plume of its own with its losses.
    const double um[] = {2.5, 10, 30}, share[] = {0.4, 0.4, 0.2}, gcm3[] = {2, 2, 2};
    const dosi_particles dust = {3, um, share, gcm3, false, 0};
    dosi_plume_source falling = sources[0], blown = sources[2];
    falling.particles = blown.particles = &dust;
    const dosi_plume_receptors few = {.n = (n + 24) / 25, .x_m = x, .y_m = y};
    dosi_plume_source beside = sources[0];
    beside.building = &building;
    int failed = run("point", &sources[0], &receptors, out);
    failed |= run("building", &beside, &receptors, out);
    failed |= run("volume", &sources[1], &receptors, out);
    failed |= run("area", &sources[2], &receptors, out);
    failed |= run("dust", &falling, &receptors, out);
    failed |= run("dust area", &blown, &few, out);
    free(x);
    return failed;
}
