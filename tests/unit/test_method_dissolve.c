// Goal: areas of one key become one area with outer borders only, numbers are added up, slivers
// are filled and real holes stay; what is missing stays missing.

#include "dosi/geo.h"
#include "dosi/method.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { AREAS = 5 };

/// A rectangle as WKB.
static void put_rectangle(
    dosi_table *table, size_t row, double x0, double y0, double x1, double y1) {
    dosi_text wkb = {0};
    const double x[] = {x0, x1, x1, x0, x0};
    const double y[] = {y0, y0, y1, y1, y0};
    const size_t ends[] = {5};
    dosi_wkb_put_polygon(&wkb, x, y, ends, 1);
    assert_int_equal(dosi_table_set_bytes(table, 2, row, wkb.data, wkb.length), DOSI_OK);
    dosi_text_destroy(&wkb);
}

/// Two districts: A of three areas with a sliver of 1 m between two, B of one; one without a
/// key.
static void make_areas(dosi_table *table) {
    static const char *const districts[AREAS] = {"A", "A", "B", "A", NULL};
    static const double people[AREAS] = {10, 20, 5, NAN, 7};
    dosi_error err;
    dosi_table_init(table);
    CHECK_OK(dosi_table_add_column(table, "district", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "population", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(table, "geometry", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(table, AREAS, &err), err);
    table->columns[2].srid = DOSI_SRID_KOREA;
    for (size_t i = 0; i < AREAS; i++) {
        if (districts[i]) CHECK_OK(dosi_table_set_text(table, 0, i, districts[i]), err);
        table->columns[1].data.real[i] = people[i];
    }
    put_rectangle(table, 0, 0, 0, 100, 100);
    put_rectangle(table, 1, 100, 0, 200, 100);
    put_rectangle(table, 2, 1000, 0, 1100, 100);
    put_rectangle(table, 3, 0, 100, 200, 200);
    put_rectangle(table, 4, 5000, 0, 5100, 100);
}

static double area_of(const dosi_table *table, size_t row) {
    dosi_polygon polygon = {0};
    dosi_error err;
    size_t n_bytes = 0;
    const char *bytes = dosi_column_bytes(&table->columns[1], row, &n_bytes);
    assert_non_null(bytes);
    CHECK_OK(dosi_polygon_load(bytes, n_bytes, NULL, &polygon, &err), err);
    double area = dosi_polygon_area(&polygon);
    dosi_polygon_clear(&polygon);
    return area;
}

static dosi_status dissolve(const dosi_table *areas,
                            const char *sum,
                            dosi_table *out,
                            dosi_error *err) {
    const dosi_method *method = dosi_method_find("geo.dissolve");
    assert_non_null(method);
    const dosi_setting settings[] = {{"by", "district"}, {"label", "district"}, {"sum", sum}};
    dosi_value values[8];
    dosi_text report = {0};
    dosi_table_init(out);
    dosi_status status = dosi_method_set(method, settings, 3, values, err);
    const dosi_method_call call = {.method = method,
                                   .inputs = &areas,
                                   .values = values,
                                   .outputs = out,
                                   .report = &report};
    if (status == DOSI_OK) status = dosi_method_run(&call, err);
    dosi_text_destroy(&report);
    return status;
}

static void areas_of_one_key_become_one(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table areas;
    dosi_table out;
    make_areas(&areas);
    CHECK_OK(dissolve(&areas, "population", &out, &err), err);
    assert_int_equal(out.n_rows, 2);
    CHECK_NEAR(area_of(&out, 0), 40000.0, 1e-6);
    CHECK_NEAR(area_of(&out, 1), 10000.0, 1e-6);
    size_t sum = dosi_table_find(&out, "population");
    CHECK_NEAR(out.columns[sum].data.real[0], 30.0, 0);
    CHECK_NEAR(out.columns[sum].data.real[1], 5.0, 0);
    assert_int_equal(out.columns[0].data.integer[0], 3);
    dosi_table_destroy(&out);
    dosi_table_destroy(&areas);
}

static void slivers_are_filled_and_real_holes_stay(void **state) {
    (void)state;
    dosi_error err = {""};
    // A ring of four rectangles around a hole of 30 x 30.
    static const double ring[4][4] = {
        {0, 0, 100, 35}, {0, 65, 100, 100}, {0, 35, 35, 65}, {65, 35, 100, 65}};
    dosi_bytes shapes[4];
    dosi_text wkb[4] = {{0}};
    for (size_t i = 0; i < 4; i++) {
        const double x[] = {ring[i][0], ring[i][2], ring[i][2], ring[i][0], ring[i][0]};
        const double y[] = {ring[i][1], ring[i][1], ring[i][3], ring[i][3], ring[i][1]};
        const size_t ends[] = {5};
        dosi_wkb_put_polygon(&wkb[i], x, y, ends, 1);
        shapes[i] = (dosi_bytes){wkb[i].data, wkb[i].length};
    }
    const double limits[] = {0, 899, 901};
    const double areas[] = {9100, 9100, 10000};
    for (size_t i = 0; i < 3; i++) {
        dosi_text joined = {0};
        dosi_polygon polygon = {0};
        CHECK_OK(dosi_wkb_union(shapes, 4, limits[i], &joined, &err), err);
        CHECK_OK(dosi_polygon_load(joined.data, joined.length, NULL, &polygon, &err), err);
        CHECK_NEAR(dosi_polygon_area(&polygon), areas[i], 1e-9);
        dosi_polygon_clear(&polygon);
        dosi_text_destroy(&joined);
    }
    for (size_t i = 0; i < 4; i++) dosi_text_destroy(&wkb[i]);
}

static void a_column_that_is_not_there_is_named(void **state) {
    (void)state;
    dosi_error err = {""};
    dosi_table areas;
    dosi_table out;
    make_areas(&areas);
    assert_int_equal(dissolve(&areas, "people", &out, &err), DOSI_NOT_FOUND);
    assert_non_null(strstr(err.message, "people"));
    assert_int_equal(dissolve(&areas, "district", &out, &err), DOSI_INVALID);
    dosi_table_destroy(&out);
    dosi_table_destroy(&areas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_of_one_key_become_one),
        cmocka_unit_test(slivers_are_filled_and_real_holes_stay),
        cmocka_unit_test(a_column_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
