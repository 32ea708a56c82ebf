// Goal: shapes survive reading and writing, broken ones are refused, and measures are exact.

#include "dosi/geo.h"
#include "test.h"

static const double square_x[] = {0, 10, 10, 0, 0, 2, 2, 4, 4, 2};
static const double square_y[] = {0, 0, 10, 10, 0, 2, 4, 4, 2, 2};
static const size_t square_ends[] = {5, 10};

/// A 10 x 10 square with a 2 x 2 hole.
static dosi_text square(void) {
    dosi_text wkb = {0};
    dosi_wkb_put_polygon(&wkb, square_x, square_y, square_ends, 2);
    return wkb;
}

static void a_polygon_is_walked_ring_by_ring(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text wkb = square();
    dosi_wkb_reader reader;
    CHECK_OK(dosi_wkb_open(&reader, wkb.data, wkb.length, &err), err);
    dosi_wkb_part part;
    assert_true(dosi_wkb_next(&reader, &part));
    assert_int_equal(part.shape, DOSI_SHAPE_POLYGON);
    assert_int_equal(part.n_points, 5);
    double x = 0, y = 0;
    dosi_wkb_point(&part, 2, &x, &y);
    CHECK_NEAR(x, 10, 0);
    CHECK_NEAR(y, 10, 0);
    assert_true(dosi_wkb_next(&reader, &part));
    assert_int_equal(part.i_ring, 1);
    assert_false(dosi_wkb_next(&reader, &part));
    dosi_text_destroy(&wkb);
}

static void every_cut_of_a_shape_is_refused(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text wkb = {0};
    dosi_text one = square();
    dosi_wkb_put_multi(&wkb, DOSI_SHAPE_COLLECTION, 3);
    dosi_text_append(&wkb, one.data, one.length);
    dosi_wkb_put_point(&wkb, 1, 2);
    dosi_wkb_put_line(&wkb, square_x, square_y, 3);
    dosi_wkb_reader reader;
    CHECK_OK(dosi_wkb_open(&reader, wkb.data, wkb.length, &err), err);
    for (size_t n = 0; n < wkb.length; n++) {
        CHECK_STATUS(dosi_wkb_open(&reader, wkb.data, n, &err), DOSI_PARSE);
    }
    dosi_text_destroy(&one);
    dosi_text_destroy(&wkb);
}

static void a_count_larger_than_the_bytes_is_refused(void **state) {
    (void)state;
    static const unsigned char bytes[] = {1, 3, 0, 0, 0, 255, 255, 255, 255};
    dosi_error err = {""};
    dosi_wkb_reader reader;
    CHECK_STATUS(dosi_wkb_open(&reader, bytes, sizeof bytes, &err), DOSI_PARSE);
    assert_non_null(strstr(err.message, "byte 5"));
}

static void big_endian_and_z_and_ewkb_are_read(void **state) {
    (void)state;
    // EWKB, big endian, Z and SRID 4326: point (1, 2, 3).
    static const unsigned char bytes[] = {0, 0xa0, 0, 0,    1, 0, 0,    0x10, 0xe6, 0x3f, 0xf0,
                                          0, 0,    0, 0,    0, 0, 0x40, 0,    0,    0,    0,
                                          0, 0,    0, 0x40, 8, 0, 0,    0,    0,    0,    0};
    dosi_error err = {""};
    dosi_wkb_reader reader;
    CHECK_OK(dosi_wkb_open(&reader, bytes, sizeof bytes, &err), err);
    dosi_wkb_part part;
    assert_true(dosi_wkb_next(&reader, &part));
    double x = 0, y = 0;
    dosi_wkb_point(&part, 0, &x, &y);
    CHECK_NEAR(x, 1, 0);
    CHECK_NEAR(y, 2, 0);
}

static void a_projected_shape_keeps_its_structure(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text lonlat = {0}, metres = {0};
    static const double x[] = {127, 127.1, 127.1, 127}, y[] = {37.5, 37.5, 37.6, 37.5};
    static const size_t ends[] = {4};
    dosi_wkb_put_multi(&lonlat, DOSI_SHAPE_COLLECTION, 3);
    dosi_wkb_put_polygon(&lonlat, x, y, ends, 1);
    dosi_wkb_put_point(&lonlat, 127, 38);
    dosi_wkb_put_line(&lonlat, x, y, 3);
    dosi_projection *there = NULL;
    CHECK_OK(dosi_projection_create(DOSI_SRID_LONLAT, DOSI_SRID_KOREA, &there, &err), err);
    CHECK_OK(dosi_wkb_project(lonlat.data, lonlat.length, there, &metres, &err), err);
    assert_int_equal(metres.length, lonlat.length);
    dosi_wkb_reader reader;
    dosi_wkb_part part;
    CHECK_OK(dosi_wkb_open(&reader, metres.data, metres.length, &err), err);
    for (int i = 0; i < 2; i++) assert_true(dosi_wkb_next(&reader, &part));
    double east = 0, north = 0;
    dosi_wkb_point(&part, 0, &east, &north);
    CHECK_NEAR(east, 200000, 1e-6);
    CHECK_NEAR(north, 600000, 1e-6);
    dosi_projection_destroy(there);
    dosi_text_destroy(&lonlat);
    dosi_text_destroy(&metres);
}

static void area_and_centroid_leave_the_hole_out(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_text wkb = square();
    dosi_polygon polygon;
    CHECK_OK(dosi_polygon_load(wkb.data, wkb.length, NULL, &polygon, &err), err);
    CHECK_NEAR(dosi_polygon_area(&polygon), 96, 1e-12);
    double x = 0, y = 0;
    dosi_polygon_centroid(&polygon, &x, &y);
    CHECK_NEAR(x, (500.0 - 12) / 96, 1e-12);
    CHECK_NEAR(y, (500.0 - 12) / 96, 1e-12);
    assert_true(dosi_polygon_contains(&polygon, 1, 1));
    assert_false(dosi_polygon_contains(&polygon, 3, 3));
    assert_false(dosi_polygon_contains(&polygon, 11, 3));
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&wkb);
}

static void a_hole_in_nothing_is_nothing(void **state) {
    (void)state;
    dosi_error err = {""};
    static const double x[] = {2, 4, 4, 2, 2}, y[] = {2, 2, 4, 4, 2};
    static const size_t ends[] = {0, 5}; // the shell has no points
    dosi_text wkb = {0};
    dosi_wkb_put_polygon(&wkb, x, y, ends, 2);
    dosi_polygon polygon;
    CHECK_OK(dosi_polygon_load(wkb.data, wkb.length, NULL, &polygon, &err), err);
    CHECK_NEAR(dosi_polygon_area(&polygon), 0, 0);
    assert_false(dosi_polygon_contains(&polygon, 3, 3));
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&wkb);
}

static void a_point_on_a_shared_border_is_in_one_polygon(void **state) {
    (void)state;
    dosi_error err = {""};
    static const double left[] = {0, 5, 7, 0, 0}, right[] = {5, 10, 10, 7, 5};
    static const double left_y[] = {0, 0, 10, 10, 0}, right_y[] = {0, 0, 10, 10, 0};
    static const size_t ends[] = {5};
    dosi_text a = {0}, b = {0};
    dosi_wkb_put_polygon(&a, left, left_y, ends, 1);
    dosi_wkb_put_polygon(&b, right, right_y, ends, 1);
    dosi_polygon first, second;
    CHECK_OK(dosi_polygon_load(a.data, a.length, NULL, &first, &err), err);
    CHECK_OK(dosi_polygon_load(b.data, b.length, NULL, &second, &err), err);
    for (int i = 0; i < 27; i++) {
        double y = 0.37 * i;
        double x = 5 + y / 10 * 2;
        int n = dosi_polygon_contains(&first, x, y) + dosi_polygon_contains(&second, x, y);
        assert_int_equal(n, 1);
    }
    dosi_polygon_clear(&first);
    dosi_polygon_clear(&second);
    dosi_text_destroy(&a);
    dosi_text_destroy(&b);
}

static void a_bow_tie_is_named_and_repaired(void **state) {
    (void)state;
    dosi_error err = {""};
    static const double x[] = {0, 2, 0, 2, 0}, y[] = {0, 2, 2, 0, 0};
    static const size_t ends[] = {5};
    dosi_text wkb = {0}, fixed = {0};
    dosi_wkb_put_polygon(&wkb, x, y, ends, 1);
    bool is_valid = true;
    char reason[128];
    CHECK_OK(dosi_wkb_is_valid(wkb.data, wkb.length, &is_valid, reason, sizeof reason, &err),
             err);
    assert_false(is_valid);
    assert_string_equal(reason, "Self-intersection at 1 1");
    CHECK_OK(dosi_wkb_repair(wkb.data, wkb.length, &fixed, &err), err);
    dosi_polygon polygon;
    CHECK_OK(dosi_polygon_load(fixed.data, fixed.length, NULL, &polygon, &err), err);
    CHECK_NEAR(dosi_polygon_area(&polygon), 2, 1e-12);
    dosi_polygon_clear(&polygon);
    dosi_text_destroy(&fixed);
    dosi_text_destroy(&wkb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_polygon_is_walked_ring_by_ring),
        cmocka_unit_test(every_cut_of_a_shape_is_refused),
        cmocka_unit_test(a_count_larger_than_the_bytes_is_refused),
        cmocka_unit_test(big_endian_and_z_and_ewkb_are_read),
        cmocka_unit_test(a_projected_shape_keeps_its_structure),
        cmocka_unit_test(area_and_centroid_leave_the_hole_out),
        cmocka_unit_test(a_hole_in_nothing_is_nothing),
        cmocka_unit_test(a_point_on_a_shared_border_is_in_one_polygon),
        cmocka_unit_test(a_bow_tie_is_named_and_repaired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
