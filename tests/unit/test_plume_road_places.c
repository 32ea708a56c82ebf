// Goal: at scattered places the sum with far links from a mesh is the exact sum within 1 % of
// the hour's greatest value, in every kind of weather, with links left out, at any number of
// threads; and it is chosen by counts alone.

#include "dosi/random.h"
#include "dosi/road.h"
#include "test.h"

#include <stdlib.h>

enum { LINKS = 240, SPECIES = 3, PLACES = 120, VALUES = SPECIES * PLACES };

static const dosi_road_weather hours[] = {
    {3, 10, 250, 0.35, -80, 900, 0.8, 0.75, 0.2828, false},
    {2, 10, 110, 0.2, -8, 1500, 0.8, 0.9, 0.2828, false},
    {6, 10, 315, 0.6, 1e5, 900, 0.8, 1.1, 0.2828, true},
    {5, 10, 200, 0.5, 400, 700, 0.8, 0.9, 0.2828, true},
    {1.5, 10, 30, 0.12, 25, 120, 0.8, 0.35, 0.2828, true},
    {0.3, 10, 100, 0.04, 5, 60, 0.8, 0.2, 0.2828, true},
    {0.4, 10, 17, 0.1, -5, 1200, 0.8, 0.5, 0.2828, false},
};
enum { HOURS = sizeof hours / sizeof hours[0] };

static dosi_road_line lines[LINKS];
static double emission[LINKS * SPECIES], x[PLACES], y[PLACES];
static uint32_t first[PLACES], last[PLACES];
static const dosi_road_skip own = {first, last};
static const dosi_road_places places = {PLACES, x, y, 1.5};

/// A network of 5 km of two kinds of link, one with a wall; places at kerbs, whose links are
/// left out, and anywhere.
static void make_city(void) {
    dosi_random random = dosi_random_init(test_seed(), 6);
    for (size_t i = 0; i < LINKS; i++) {
        double angle = 2 * M_PI * dosi_random_uniform(&random);
        double length = 30 + 300 * dosi_random_uniform(&random);
        double west = 200000 + 5000 * dosi_random_uniform(&random);
        double south = 450000 + 5000 * dosi_random_uniform(&random);
        lines[i] = (dosi_road_line){.x0_m = west,
                                    .y0_m = south,
                                    .x1_m = west + length * cos(angle),
                                    .y1_m = south + length * sin(angle),
                                    .height_m = i % 2 ? 1 : 0.8,
                                    .width_m = 5 + 20 * dosi_random_uniform(&random),
                                    .sigma_z0_m = i % 2 ? 2 : 1.7};
        for (size_t s = 0; s < SPECIES; s++) {
            emission[i * SPECIES + s] = 1e-4 * pow(dosi_random_uniform(&random), 3);
        }
    }
    lines[7].walls[0] = (dosi_road_wall){5, 12};
    for (size_t p = 0; p < PLACES; p++) {
        const dosi_road_line *line = &lines[p];
        bool is_kerb = p % 3 > 0;
        x[p] = is_kerb ? 0.5 * (line->x0_m + line->x1_m) + 6
                       : 200000 + 5000 * dosi_random_uniform(&random);
        y[p] = is_kerb ? 0.5 * (line->y0_m + line->y1_m) + 6
                       : 450000 + 5000 * dosi_random_uniform(&random);
        first[p] = (uint32_t)p;
        last[p] = (uint32_t)(is_kerb ? p + 1 : p);
    }
    first[0] = 200; // far from the place, and left out all the same
    last[0] = 240;
}

static void check_hour(const dosi_road_links *links, double bound) {
    static double exact[VALUES], quick[VALUES];
    dosi_error err = {""};
    CHECK_OK(dosi_road_sum_without(links, &places, &own, exact, NULL, &err), err);
    CHECK_OK(
        dosi_road_places_sum(links, &places, &(dosi_road_far){.skip = &own}, quick, NULL, &err),
        err);
    for (size_t s = 0; s < SPECIES; s++) {
        double greatest = 0, error = 0;
        for (size_t i = s * PLACES; i < (s + 1) * PLACES; i++) {
            greatest = fmax(greatest, exact[i]);
            error = fmax(error, fabs(quick[i] - exact[i]));
        }
        assert_true(greatest > 0 && error < bound * greatest);
    }
}

static void places_have_the_exact_sum_within_one_percent_in_any_weather(void **state) {
    (void)state;
    make_city();
    for (size_t h = 0; h < HOURS; h++) {
        dosi_road_links links = {&hours[h], LINKS, lines, SPECIES, emission, 0};
        check_hour(&links, 0.01);
        links.age_ms = fmax(hours[h].speed_ms, hours[h].least_speed_ms);
        check_hour(&links, 0.02);
    }
}

static void bits_do_not_depend_on_the_threads(void **state) {
    (void)state;
    static double one[VALUES], other[VALUES];
    dosi_error err = {""};
    make_city();
    const dosi_road_links links = {&hours[4], LINKS, lines, SPECIES, emission, 0};
    dosi_run run = {.n_threads = 1};
    const dosi_road_far far = {.skip = &own};
    CHECK_OK(dosi_road_places_sum(&links, &places, &far, one, &run, &err), err);
    for (run.n_threads = 2; run.n_threads <= 7; run.n_threads += 5) {
        CHECK_OK(dosi_road_places_sum(&links, &places, &far, other, &run, &err), err);
        assert_memory_equal(one, other, sizeof one);
    }
}

static void the_mesh_is_for_many_links_and_places_near_each_other(void **state) {
    (void)state;
    make_city();
    dosi_road_links links = {&hours[0], LINKS, lines, SPECIES, emission, 0};
    const dosi_road_far coarse = {.mesh_m = 200};
    assert_false(dosi_road_far_pays(&links, &places, NULL)); // about 43,000 nodes
    assert_true(dosi_road_far_pays(&links, &places, &coarse));
    lines[3].x1_m += 1e8;
    assert_false(dosi_road_far_pays(&links, &places, &coarse));
    links.n = 0;
    assert_false(dosi_road_far_pays(&links, &places, &coarse));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_have_the_exact_sum_within_one_percent_in_any_weather),
        cmocka_unit_test(bits_do_not_depend_on_the_threads),
        cmocka_unit_test(the_mesh_is_for_many_links_and_places_near_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
