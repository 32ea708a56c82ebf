// Goal: columns grow together, missing stays missing, and names are unique.

#include "dosi/table.h"
#include "test.h"

static void new_rows_are_missing_in_every_type(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    for (int type = 0; type < DOSI_TYPE_COUNT; type++) {
        CHECK_OK(dosi_table_add_column(&table, dosi_type_name((dosi_type)type), (dosi_type)type,
                                       NULL, &err),
                 err);
    }
    CHECK_OK(dosi_table_add_rows(&table, 200, &err), err);
    for (size_t c = 0; c < table.n_columns; c++) {
        for (size_t i = 0; i < table.n_rows; i++) {
            assert_true(dosi_column_is_missing(&table.columns[c], i));
        }
    }
    CHECK_STATUS(dosi_table_add_column(&table, "real", DOSI_TYPE_INT, NULL, NULL),
                 DOSI_CONFLICT);
    dosi_table_destroy(&table);
}

static void taken_rows_keep_values_and_order(void **state) {
    (void)state;
    dosi_error err;
    dosi_table table = {0};
    dosi_table taken = {0};
    CHECK_OK(dosi_table_add_column(&table, "name", DOSI_TYPE_TEXT, NULL, &err), err);
    CHECK_OK(dosi_table_add_column(&table, "value", DOSI_TYPE_REAL, NULL, &err), err);
    CHECK_OK(dosi_table_add_rows(&table, 3, &err), err);
    CHECK_OK(dosi_table_set_text(&table, 0, 0, "종로구"), err);
    CHECK_OK(dosi_table_set_text(&table, 0, 2, ""), err);
    table.columns[1].data.real[2] = 4.5;
    CHECK_OK(dosi_table_take(&table, (const size_t[]){2, 0, 1}, 3, &taken, &err), err);
    size_t n_bytes = 9;
    assert_non_null(dosi_column_bytes(&taken.columns[0], 0, &n_bytes));
    assert_int_equal(n_bytes, 0);
    assert_true(dosi_column_is_missing(&taken.columns[0], 2));
    assert_true(dosi_column_real(&taken.columns[1], 0) == 4.5);
    dosi_table_destroy(&table);
    dosi_table_destroy(&taken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rows_are_missing_in_every_type),
        cmocka_unit_test(taken_rows_keep_values_and_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
