// Goal: projections agree with published coordinates, grid overlaps add up exactly, and the
// nearest neighbours are the ones that looking at every point finds.

#include "dosi/geo.h"
#include "dosi/random.h"
#include "test.h"

static void a_projection_goes_there_and_back(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_projection *projection = NULL;
    CHECK_OK(dosi_projection_create(DOSI_SRID_LONLAT, DOSI_SRID_KOREA, &projection, &err), err);
    // The origin of EPSG:5186 is 127 E, 38 N, and has (200000, 600000) by definition.
    double x[] = {127, 126.978, NAN}, y[] = {38, 37.5665, 3};
    assert_int_equal(dosi_projection_apply(projection, x, y, 3, false), 1);
    CHECK_NEAR(x[0], 200000, 1e-6);
    CHECK_NEAR(y[0], 600000, 1e-6);
    assert_true(isnan(x[2]));
    assert_int_equal(dosi_projection_apply(projection, x, y, 2, true), 0);
    CHECK_NEAR(x[1], 126.978, 1e-9);
    CHECK_NEAR(y[1], 37.5665, 1e-9);
    dosi_projection_destroy(projection);
    CHECK_STATUS(dosi_projection_create(4326, 999999, &projection, &err), DOSI_NOT_FOUND);
    assert_non_null(strstr(err.message, "999999"));
}

/// A star with random radii, which is valid and not convex.
static void make_star(dosi_random *random, double cx, double cy, dosi_text *wkb) {
    enum { POINTS = 23 };
    double x[POINTS + 1], y[POINTS + 1];
    for (size_t i = 0; i < POINTS; i++) {
        double angle = 6.283185307179586 * (double)i / POINTS;
        double radius = 3 + 20 * dosi_random_uniform(random);
        x[i] = cx + radius * cos(angle);
        y[i] = cy + radius * sin(angle);
    }
    x[POINTS] = x[0];
    y[POINTS] = y[0];
    size_t end = POINTS + 1;
    dosi_wkb_put_polygon(wkb, x, y, &end, 1);
}

/// Overlaps one random star with a grid that holds it.
static void check_star(dosi_random *random) {
    dosi_error err = {""};
    dosi_text wkb = {0};
    make_star(random, 100 + 7 * dosi_random_uniform(random), 90, &wkb);
    dosi_polygon polygon;
    CHECK_OK(dosi_polygon_load(wkb.data, wkb.length, NULL, &polygon, &err), err);
    dosi_grid grid = {.x0 = 50, .y0 = 50, .cell_m = 1.7, .n_columns = 70, .n_rows = 60};
    dosi_overlap overlap;
    CHECK_OK(dosi_grid_overlap(&grid, &polygon, 1, NULL, &overlap, &err), err);
    double sum = 0;
    for (size_t i = 0; i < overlap.start[1]; i++) {
        assert_true(i == 0 || overlap.cell[i] > overlap.cell[i - 1]);
        assert_true(overlap.area_m2[i] <= 1.7 * 1.7);
        sum += overlap.area_m2[i];
    }
    CHECK_NEAR(sum, dosi_polygon_area(&polygon), 1e-9);
    dosi_overlap_clear(&overlap);
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&wkb);
}

static void overlaps_of_a_polygon_add_up_to_its_area(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 1);
    for (size_t turn = 0; turn < 50; turn++) check_star(&random);
}

/// The share of a fine raster of points in a unit cell that is inside.
static double count_inside(const dosi_polygon *polygon, size_t column, size_t row) {
    int inside = 0;
    for (int i = 0; i < 100; i++) {
        for (int j = 0; j < 100; j++) {
            inside += dosi_polygon_contains(polygon, (double)column + (i + 0.5) / 100,
                                            (double)row + (j + 0.5) / 100);
        }
    }
    return inside / 10000.0;
}

static void what_lies_outside_the_grid_is_left_out(void **state) {
    (void)state;
    dosi_error err = {""};
    static const double x[] = {-5, 3.5, 9, -5}, y[] = {-5, -5, 20, -5};
    static const size_t ends[] = {4};
    dosi_text wkb = {0};
    dosi_wkb_put_polygon(&wkb, x, y, ends, 1);
    dosi_polygon polygon;
    CHECK_OK(dosi_polygon_load(wkb.data, wkb.length, NULL, &polygon, &err), err);
    dosi_grid grid = {.cell_m = 1, .n_columns = 4, .n_rows = 5};
    dosi_overlap overlap;
    CHECK_OK(dosi_grid_overlap(&grid, &polygon, 1, NULL, &overlap, &err), err);
    double area[20] = {0};
    for (size_t i = 0; i < overlap.start[1]; i++) area[overlap.cell[i]] = overlap.area_m2[i];
    // Counting a fine raster of points is the independent answer.
    for (size_t cell = 0; cell < 20; cell++) {
        CHECK_NEAR(area[cell], count_inside(&polygon, cell % 4, cell / 4), 0.004);
    }
    dosi_overlap_clear(&overlap);
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&wkb);
}

enum { POINTS = 700, K = 33 };

/// Looks at every point: the answer to be matched.
static void look_at_all(const double *px, const double *py, double x, double y, uint32_t *out) {
    bool taken[POINTS] = {false};
    for (size_t rank = 0; rank < K; rank++) {
        size_t best = POINTS;
        double least = INFINITY;
        for (size_t i = 0; i < POINTS; i++) {
            double dx = px[i] - x, dy = py[i] - y, distance2 = dx * dx + dy * dy;
            if (!taken[i] && distance2 < least) {
                least = distance2;
                best = i;
            }
        }
        taken[best] = true;
        out[rank] = (uint32_t)best;
    }
}

static void neighbours_are_those_that_looking_at_all_finds(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_random random = dosi_random_init(test_seed(), 2);
    static double px[POINTS], py[POINTS], qx[500], qy[500];
    // Whole numbers make many ties and many points on top of each other.
    for (size_t i = 0; i < POINTS; i++) {
        px[i] = dosi_random_below(&random, 20);
        py[i] = dosi_random_below(&random, 20);
    }
    for (size_t i = 0; i < 500; i++) {
        size_t row = i / 25, column = i % 25;
        qx[i] = (double)column - 2;
        qy[i] = (double)row + (i % 2 ? 0.5 : 0);
    }
    dosi_nearest *nearest = NULL;
    CHECK_OK(dosi_nearest_create(px, py, POINTS, &nearest, &err), err);
    static uint32_t many[500 * K];
    dosi_nearest_query query = {.x = qx, .y = qy, .n = 500, .k = K};
    CHECK_OK(dosi_nearest_find_many(nearest, &query, NULL, many, &err), err);
    for (size_t i = 0; i < 500; i++) {
        uint32_t expected[K], found[K];
        look_at_all(px, py, qx[i], qy[i], expected);
        assert_int_equal(dosi_nearest_find(nearest, qx[i], qy[i], K, found, NULL), K);
        assert_memory_equal(found, expected, sizeof expected);
        assert_memory_equal(many + i * K, expected, sizeof expected);
    }
    dosi_nearest_destroy(nearest);
}

static void fewer_points_than_asked_are_all_given(void **state) {
    (void)state;
    dosi_error err = {""};
    static const double x[] = {0, 3, 1}, y[] = {0, 0, 0};
    dosi_nearest *nearest = NULL;
    CHECK_OK(dosi_nearest_create(x, y, 3, &nearest, &err), err);
    uint32_t found[8];
    double distance2[8];
    assert_int_equal(dosi_nearest_find(nearest, 0.9, 0, 8, found, distance2), 3);
    assert_int_equal(found[0], 2);
    assert_int_equal(found[2], 1);
    CHECK_NEAR(distance2[2], 2.1 * 2.1, 1e-12);
    dosi_nearest_destroy(nearest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_projection_goes_there_and_back),
        cmocka_unit_test(overlaps_of_a_polygon_add_up_to_its_area),
        cmocka_unit_test(what_lies_outside_the_grid_is_left_out),
        cmocka_unit_test(neighbours_are_those_that_looking_at_all_finds),
        cmocka_unit_test(fewer_points_than_asked_are_all_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
