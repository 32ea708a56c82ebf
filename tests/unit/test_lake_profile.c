// Goal: a profile says of each column what one would find by hand.

#include "lake/profile.h"

#include "lake/tally.h"
#include "test.h"

#include <jansson.h>
#include <omp.h>

/// The profile of `table`, owned by the caller.
static json_t *profile_of(const dosi_table *table) {
    dosi_error err;
    dosi_text text = {0};
    CHECK_OK(dosi_profile_put(&text, table, &err), err);
    json_t *profile = json_loads(dosi_text_string(&text), 0, NULL);
    assert_non_null(profile);
    dosi_text_destroy(&text);
    return profile;
}

static const json_t *column_of(const json_t *profile, size_t i) {
    return json_array_get(json_object_get(profile, "columns"), i);
}

static double number_of(const json_t *column, const char *key) {
    return json_number_value(json_object_get(column, key));
}

static void numbers_have_range_mean_and_histogram(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    CHECK_OK(dosi_table_add_column(&table, "x", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, 103, &err), err);
    for (size_t i = 0; i <= 100; i++) table.columns[0].data.real[i] = (double)i;
    table.columns[0].data.real[101] = (double)INFINITY; // no range, but a value
    json_t *profile = profile_of(&table);
    const json_t *x = column_of(profile, 0);
    assert_true(number_of(x, "missing") == 1);
    assert_true(number_of(x, "distinct") == 102);
    assert_true(number_of(x, "min") == 0);
    assert_true(number_of(x, "max") == 100);
    assert_true(number_of(x, "mean") == 50);
    assert_true(json_is_null(json_object_get(x, "top")));
    const json_t *histogram = json_object_get(x, "histogram");
    const json_t *edges = json_object_get(histogram, "edges");
    const json_t *counts = json_object_get(histogram, "counts");
    assert_int_equal(json_array_size(edges), 21);
    assert_int_equal(json_array_size(counts), 20);
    CHECK_NEAR(json_number_value(json_array_get(edges, 20)), 100, 0);
    CHECK_NEAR(json_number_value(json_array_get(edges, 7)), 35, 1e-12);
    json_int_t sum = 0;
    for (size_t i = 0; i < 20; i++) sum += json_integer_value(json_array_get(counts, i));
    assert_int_equal(sum, 101);
    assert_int_equal(json_integer_value(json_array_get(counts, 19)), 6); // 95..100
    json_decref(profile);
    dosi_table_destroy(&table);
}

static void texts_have_their_most_frequent_values(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    static const char *const values[] = {"나", "가", "가", "", "나", "다", NULL};
    CHECK_OK(dosi_table_add_column(&table, "name", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, 7, &err), err);
    for (size_t i = 0; i < 7; i++) {
        if (values[i]) CHECK_OK(dosi_table_set_text(&table, 0, i, values[i]), err);
    }
    json_t *profile = profile_of(&table);
    const json_t *name = column_of(profile, 0);
    const json_t *top = json_object_get(name, "top");
    assert_true(number_of(name, "missing") == 1);
    assert_true(number_of(name, "distinct") == 4);
    assert_int_equal(json_array_size(top), 4);
    assert_string_equal(json_string_value(json_object_get(json_array_get(top, 0), "value")),
                        "나"); // as often as 가, but seen first
    assert_true(number_of(json_array_get(top, 1), "count") == 2);
    assert_true(number_of(json_array_get(top, 2), "count") == 1);
    assert_true(json_is_null(json_object_get(name, "histogram")));
    assert_true(json_is_null(json_object_get(name, "min")));
    json_decref(profile);
    dosi_table_destroy(&table);
}

static void times_and_dates_are_written_as_such(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    CHECK_OK(dosi_table_add_column(&table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "day", DOSI_TYPE_DATE, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "place", DOSI_TYPE_GEOMETRY, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "none", DOSI_TYPE_INT, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, 2, &err), err);
    table.columns[0].data.integer[0] = DOSI_HOUR_US;
    table.columns[0].data.integer[1] = DOSI_DAY_US;
    table.columns[1].data.integer[0] = 31;
    table.columns[1].data.integer[1] = 31;
    json_t *profile = profile_of(&table);
    const json_t *time = column_of(profile, 0);
    const json_t *day = column_of(profile, 1);
    assert_string_equal(json_string_value(json_object_get(time, "min")), "1970-01-01T01:00:00");
    assert_string_equal(json_string_value(json_object_get(time, "max")), "1970-01-02T00:00:00");
    assert_true(json_is_null(json_object_get(time, "mean")));
    assert_string_equal(json_string_value(json_object_get(day, "min")), "1970-02-01");
    const json_t *histogram = json_object_get(day, "histogram");
    assert_int_equal(json_array_size(json_object_get(histogram, "counts")), 1);
    assert_true(json_is_null(json_object_get(column_of(profile, 2), "distinct")));
    assert_true(number_of(column_of(profile, 3), "missing") == 2);
    assert_true(number_of(column_of(profile, 3), "distinct") == 0);
    assert_true(json_is_null(json_object_get(column_of(profile, 3), "max")));
    json_decref(profile);
    dosi_table_destroy(&table);
}

static void the_same_at_any_thread_count(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_text texts[3] = {{0}};
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t c = 0; c < 5; c++) {
        CHECK_OK(dosi_table_add_column(&table, names[c], DOSI_TYPE_REAL, NULL, &err), err);
    }
    CHECK_OK(dosi_table_add_rows(&table, 2000, &err), err);
    for (size_t c = 0; c < 5; c++) {
        for (size_t i = 0; i < 2000; i++) {
            table.columns[c].data.real[i] = sin((double)(i * (c + 1))) * 1e6;
        }
    }
    static const int threads[] = {1, 2, 7};
    for (size_t k = 0; k < 3; k++) {
        omp_set_num_threads(threads[k]);
        CHECK_OK(dosi_profile_put(&texts[k], &table, &err), err);
        assert_string_equal(dosi_text_string(&texts[k]), dosi_text_string(&texts[0]));
    }
    for (size_t k = 0; k < 3; k++) dosi_text_destroy(&texts[k]);
    dosi_table_destroy(&table);
}

static void many_different_values_are_estimated_well(void **state) {
    (void)state;
    dosi_tally tally = {0};
    const uint64_t n = 3000000;
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(dosi_tally_add(&tally, dosi_tally_mix(i), i), DOSI_OK);
        if (i % 3 == 0) (void)!dosi_tally_add(&tally, dosi_tally_mix(i), i);
        if (i + 1 == DOSI_TALLY_LIMIT) assert_int_equal(dosi_tally_distinct(&tally), i + 1);
    }
    assert_true(tally.n_used <= DOSI_TALLY_LIMIT);
    CHECK_NEAR((double)dosi_tally_distinct(&tally) / (double)n, 1, 0.005);
    dosi_tally_clear(&tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_range_mean_and_histogram),
        cmocka_unit_test(texts_have_their_most_frequent_values),
        cmocka_unit_test(times_and_dates_are_written_as_such),
        cmocka_unit_test(the_same_at_any_thread_count),
        cmocka_unit_test(many_different_values_are_estimated_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
