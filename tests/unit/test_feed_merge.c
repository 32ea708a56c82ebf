// Goal: new rows join a dataset by their keys: added when new, put over the old when another,
// left alone when the same.

#include "feed/feed_store.h"
#include "test.h"

/// A table of (station, time, value).
static dosi_table make(const char *const *stations,
                       const int64_t *hours,
                       const double *values,
                       size_t n) {
    dosi_error err = {""};
    dosi_table table = {0};
    CHECK_OK(dosi_table_add_column(&table, "station", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "time", DOSI_TYPE_TIME, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "value", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, n, &err), err);
    for (size_t i = 0; i < n; i++) {
        CHECK_OK(dosi_table_set_text(&table, 0, i, stations[i]), err);
        table.columns[1].data.integer[i] = hours[i] * DOSI_HOUR_US;
        table.columns[2].data.real[i] = values[i];
    }
    return table;
}

static void rows_are_added_changed_or_left(void **state) {
    (void)state;
    dosi_error err = {""};
    static const char *const old_names[] = {"a", "b", "a"};
    static const char *const new_names[] = {"a", "b", "c", "c"};
    dosi_table table =
        make(old_names, (const int64_t[]){1, 1, 2}, (const double[]){1, 2, NAN}, 3);
    dosi_table rows =
        make(new_names, (const int64_t[]){2, 1, 2, 2}, (const double[]){7, 2, 8, 9}, 4);
    size_t n_new = 0, n_changed = 0;
    CHECK_OK(dosi_feed_merge(&table, &rows, "station,time", &n_new, &n_changed, &err), err);
    // Row c comes twice in the reply: once new, then over itself.
    assert_int_equal(n_new, 1);
    assert_int_equal(n_changed, 2);
    assert_int_equal(table.n_rows, 4);
    CHECK_NEAR(table.columns[2].data.real[2], 7, 0);
    CHECK_NEAR(table.columns[2].data.real[3], 9, 0);
    dosi_table_destroy(&table);
    dosi_table_destroy(&rows);
}

static void an_empty_dataset_takes_all(void **state) {
    (void)state;
    dosi_error err = {""};
    static const char *const names[] = {"a", "b"};
    dosi_table table = {0};
    dosi_table rows = make(names, (const int64_t[]){1, 1}, (const double[]){1, 2}, 2);
    size_t n_new = 0, n_changed = 0;
    CHECK_OK(dosi_feed_merge(&table, &rows, "station,time", &n_new, &n_changed, &err), err);
    assert_int_equal(n_new, 2);
    CHECK_STATUS(dosi_feed_merge(&table, &rows, "dong", &n_new, &n_changed, &err),
                 DOSI_NOT_FOUND);
    dosi_table_destroy(&table);
    dosi_table_destroy(&rows);
}

static void whole_numbers_meet_real_ones(void **state) {
    (void)state;
    dosi_error err = {""};
    static const char *const names[] = {"a"};
    dosi_table table = make(names, (const int64_t[]){1}, (const double[]){1}, 1);
    dosi_table rows = make(names, (const int64_t[]){2}, (const double[]){2.5}, 1);
    table.columns[2].type = DOSI_TYPE_INT;
    table.columns[2].data.integer[0] = 3;
    size_t n_new = 0, n_changed = 0;
    CHECK_OK(dosi_feed_merge(&table, &rows, "station,time", &n_new, &n_changed, &err), err);
    CHECK_NEAR(table.columns[2].data.real[0], 3, 0);
    CHECK_NEAR(table.columns[2].data.real[1], 2.5, 0);
    rows.columns[2].type = DOSI_TYPE_DATE;
    CHECK_STATUS(dosi_feed_merge(&table, &rows, "station,time", &n_new, &n_changed, &err),
                 DOSI_CONFLICT);
    assert_non_null(strstr(err.message, "value"));
    dosi_table_destroy(&table);
    dosi_table_destroy(&rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_added_changed_or_left),
        cmocka_unit_test(an_empty_dataset_takes_all),
        cmocka_unit_test(whole_numbers_meet_real_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
