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
    return (dosi_road_links){weather, LINKS, lines, SPECIES, emission, 0};
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
    dosi_road_links none = {.weather = &stable, .n_species = 1};
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

static void what_roads_bring_has_the_age_of_its_way(void **state) {
    (void)state;
    // A long road across the wind: 200 m downwind at 4 m/s it is 50 s old.
    dosi_road_weather west = unstable;
    west.direction_deg = 270;
    west.speed_ms = 4;
    dosi_road_line road = {.x0_m = 0, .y0_m = -2000, .x1_m = 0, .y1_m = 2000, .sigma_z0_m = 1};
    double one = 1e-3, x[] = {200, 800}, y[] = {0, 10}, of[2], aged[2];
    dosi_road_places places = {2, x, y, 1.5};
    dosi_road_links links = {&west, 1, &road, 1, &one, 0};
    dosi_error err = {""};
    CHECK_OK(dosi_road_sum(&links, &places, of, NULL, &err), err);
    links.age_ms = 4;
    CHECK_OK(dosi_road_sum(&links, &places, aged, NULL, &err), err);
    CHECK_NEAR(aged[0] / of[0], 50, 1e-6);
    CHECK_NEAR(aged[1] / of[1], 200, 1e-6);
    // A city's cells have the ages of the exact sum, within a few hundredths of their mean.
    static double map[CELLS * SPECIES], map_age[CELLS * SPECIES], exact[CELLS * SPECIES];
    make_links();
    dosi_road_links all = links_of(&unstable);
    dosi_road_city plain = city;
    plain.n_samples = 0;
    CHECK_OK(dosi_road_city_sum(&all, &plain, map, NULL, NULL, &err), err);
    all.age_ms = 3;
    CHECK_OK(dosi_road_city_sum(&all, &plain, map_age, NULL, NULL, &err), err);
    static double cx[CELLS], cy[CELLS];
    for (size_t i = 0; i < CELLS; i++) dosi_grid_centre(&city.grid, i, &cx[i], &cy[i]);
    CHECK_OK(dosi_road_sum(&all, &(dosi_road_places){CELLS, cx, cy, 1.5}, exact, NULL, &err),
             err);
    double apart = 0, total = 0;
    for (size_t i = 0; i < CELLS; i++) {
        apart += fabs(map_age[i] - exact[i]);
        total += exact[i];
    }
    assert_true(apart < 0.05 * total);
}

static void links_can_be_left_out_at_places(void **state) {
    (void)state;
    enum { PLACES = 40 };
    static double x[PLACES], y[PLACES], got[SPECIES * PLACES];
    static double all[SPECIES * PLACES], without[SPECIES * PLACES];
    uint32_t first[PLACES], last[PLACES];
    dosi_error err = {""};
    make_links();
    for (size_t p = 0; p < PLACES; p++) {
        dosi_grid_centre(&city.grid, 7 * p, &x[p], &y[p]);
        first[p] = 5;
        last[p] = p % 2 ? 10 : 5; // the walls' too; nothing at even places
    }
    dosi_road_links links = links_of(&unstable);
    const dosi_road_places at = {PLACES, x, y, 1.5};
    const dosi_road_skip skip = {first, last};
    CHECK_OK(dosi_road_sum(&links, &at, all, NULL, &err), err);
    CHECK_OK(dosi_road_sum_without(&links, &at, &skip, got, NULL, &err), err);
    memset(emission + 5 * SPECIES, 0, 5 * SPECIES * sizeof *emission);
    CHECK_OK(dosi_road_sum(&links, &at, without, NULL, &err), err);
    for (size_t i = 0; i < SPECIES * PLACES; i++) {
        const double *want = i % PLACES % 2 ? without : all;
        CHECK_NEAR(got[i], want[i], 1e-12 * all[i]);
        assert_true(without[i] < all[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_city_is_the_exact_sum_within_one_percent),
        cmocka_unit_test(bits_do_not_depend_on_the_threads),
        cmocka_unit_test(a_city_without_roads_is_clean),
        cmocka_unit_test(a_road_far_away_is_refused_and_not_meshed),
        cmocka_unit_test(what_roads_bring_has_the_age_of_its_way),
        cmocka_unit_test(links_can_be_left_out_at_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
