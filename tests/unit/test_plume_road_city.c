// Goal: a city's roads on a grid are the exact sum within the promised error, whatever roads
// there are, and the same to the last bit at any number of threads.

#include "dosi/random.h"
#include "dosi/road.h"
#include "test.h"

#include <stdlib.h>

enum { LINKS = 120, SPECIES = 3, COLUMNS = 26, ROWS = 22, CELLS = COLUMNS * ROWS };

static const dosi_road_weather unstable = {3,   10,  250,  0.35,   -80,
                                           900, 0.8, 0.75, 0.2828, false};
static const dosi_road_weather stable = {1.5, 10, 30, 0.12, 25, 120, 0.8, 0.35, 0.2828, true};
static const dosi_road_city city = {
    .grid = {.x0 = 200000, .y0 = 450000, .cell_m = 100, .n_columns = COLUMNS, .n_rows = ROWS},
    .receptor_m = 1.5,
    .n_samples = CELLS};

static dosi_road_line lines[LINKS];
static double emission[LINKS * SPECIES];

static dosi_road_links links_of(const dosi_road_weather *weather) {
    return (dosi_road_links){weather, LINKS, lines, SPECIES, emission};
}

/// Links in and around the grid; two kinds, one with a wall, one in a cutting.
static void make_links(void) {
    dosi_random random = dosi_random_init(test_seed(), 5);
    for (size_t i = 0; i < LINKS; i++) {
        double x = 200000 + 100 * (-6 + (COLUMNS + 12) * dosi_random_uniform(&random));
        double y = 450000 + 100 * (-6 + (ROWS + 12) * dosi_random_uniform(&random));
        double angle = 2 * M_PI * dosi_random_uniform(&random);
        double length = 30 + 300 * dosi_random_uniform(&random);
        lines[i] = (dosi_road_line){.x0_m = x,
                                    .y0_m = y,
                                    .x1_m = x + length * cos(angle),
                                    .y1_m = y + length * sin(angle),
                                    .height_m = i % 2 ? 1 : 0.6,
                                    .width_m = 5 + 20 * dosi_random_uniform(&random),
                                    .sigma_z0_m = i % 2 ? 2 : 1.5};
        for (size_t s = 0; s < SPECIES; s++) {
            emission[i * SPECIES + s] = 1e-4 * pow(dosi_random_uniform(&random), 3);
        }
    }
    lines[7].walls[0] = (dosi_road_wall){5, 12};
    lines[8].depth_m = 5;
    lines[8].top_m = 40;
    lines[8].bottom_m = 24;
}

static void run_city(const dosi_road_weather *weather,
                     int n_threads,
                     double *out,
                     double *error) {
    dosi_run run = {.n_threads = n_threads};
    dosi_road_city_report report;
    dosi_error err = {""};
    dosi_road_links links = links_of(weather);
    CHECK_OK(dosi_road_city_sum(&links, &city, out, &report, &run, &err), err);
    assert_true(report.n_near > LINKS && report.mesh_rows >= 4 * ROWS);
    *error = report.error;
}

static void a_city_is_the_exact_sum_within_one_percent(void **state) {
    (void)state;
    static double x[CELLS], y[CELLS], quick[SPECIES * CELLS], exact[SPECIES * CELLS];
    const dosi_road_weather *hours[2] = {&unstable, &stable};
    make_links();
    for (size_t i = 0; i < CELLS; i++) dosi_grid_centre(&city.grid, i, &x[i], &y[i]);
    for (size_t h = 0; h < 2; h++) {
        double reported = 0, worst = 0;
        dosi_error err = {""};
        run_city(hours[h], 2, quick, &reported);
        dosi_road_links links = links_of(hours[h]);
        dosi_road_places places = {CELLS, x, y, 1.5};
        CHECK_OK(dosi_road_sum(&links, &places, exact, NULL, &err), err);
        for (size_t s = 0; s < SPECIES; s++) {
            double greatest = 0, error = 0;
            for (size_t i = s * CELLS; i < (s + 1) * CELLS; i++) {
                greatest = fmax(greatest, exact[i]);
                error = fmax(error, fabs(quick[i] - exact[i]));
            }
            worst = fmax(worst, error / greatest);
        }
        assert_true(worst < 0.01);
        CHECK_NEAR(reported, worst, 1e-3);
    }
}

static void bits_do_not_depend_on_the_threads(void **state) {
    (void)state;
    static double first[SPECIES * CELLS], other[SPECIES * CELLS];
    double error = 0;
    make_links();
    run_city(&stable, 1, first, &error);
    for (int n_threads = 2; n_threads <= 7; n_threads += 5) {
        run_city(&stable, n_threads, other, &error);
        assert_memory_equal(first, other, sizeof first);
    }
}

static void a_city_without_roads_is_clean(void **state) {
    (void)state;
    static double out[CELLS];
    memset(out, 1, sizeof out);
    dosi_road_links none = {&stable, 0, NULL, 1, NULL};
    dosi_error err = {""};
    CHECK_OK(dosi_road_city_sum(&none, &city, out, NULL, NULL, &err), err);
    for (size_t i = 0; i < CELLS; i++) assert_true(out[i] == 0);
}

static void a_road_far_away_is_refused_and_not_meshed(void **state) {
    (void)state;
    static double out[SPECIES * CELLS];
    make_links();
    lines[3].x1_m += 1e8;
    dosi_error err = {""};
    dosi_road_links links = links_of(&stable);
    assert_int_equal(dosi_road_city_sum(&links, &city, out, NULL, NULL, &err), DOSI_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_city_is_the_exact_sum_within_one_percent),
        cmocka_unit_test(bits_do_not_depend_on_the_threads),
        cmocka_unit_test(a_city_without_roads_is_clean),
        cmocka_unit_test(a_road_far_away_is_refused_and_not_meshed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
