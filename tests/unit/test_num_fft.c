// Goal: the transform of a plane is its definition, and comes back; sizes have small factors.

#include "dosi/fft.h"
#include "dosi/random.h"
#include "test.h"

enum { ROWS = 6, COLUMNS = 10 };

static void fill(float *plane) {
    dosi_random random = dosi_random_init(test_seed(), 0);
    for (size_t i = 0; i < 2 * ROWS * COLUMNS; i++) {
        plane[i] = (float)(dosi_random_uniform(&random) - 0.5);
    }
}

static void a_transform_is_its_definition(void **state) {
    (void)state;
    float plane[2 * ROWS * COLUMNS], was[2 * ROWS * COLUMNS];
    fill(plane);
    memcpy(was, plane, sizeof plane);
    dosi_error err = {""};
    CHECK_OK(dosi_fft_plane(plane, ROWS, COLUMNS, false, NULL, &err), err);
    for (size_t k = 0; k < ROWS * COLUMNS; k++) {
        double re = 0, im = 0;
        for (size_t i = 0; i < ROWS * COLUMNS; i++) {
            double turn = (double)((k / COLUMNS) * (i / COLUMNS)) / ROWS +
                          (double)((k % COLUMNS) * (i % COLUMNS)) / COLUMNS;
            double c = cos(2 * M_PI * turn), s = -sin(2 * M_PI * turn);
            re += (double)was[2 * i] * c - (double)was[2 * i + 1] * s;
            im += (double)was[2 * i] * s + (double)was[2 * i + 1] * c;
        }
        CHECK_NEAR((double)plane[2 * k], re, 1e-5);
        CHECK_NEAR((double)plane[2 * k + 1], im, 1e-5);
    }
}

static void the_inverse_comes_back_with_the_same_bits_at_any_threads(void **state) {
    (void)state;
    float first[2 * ROWS * COLUMNS];
    for (int n_threads = 1; n_threads <= 7; n_threads += 3) {
        float plane[2 * ROWS * COLUMNS], was[2 * ROWS * COLUMNS];
        fill(plane);
        memcpy(was, plane, sizeof plane);
        dosi_run run = {.n_threads = n_threads};
        dosi_error err = {""};
        CHECK_OK(dosi_fft_plane(plane, ROWS, COLUMNS, false, &run, &err), err);
        CHECK_OK(dosi_fft_plane(plane, ROWS, COLUMNS, true, &run, &err), err);
        for (size_t i = 0; i < 2 * ROWS * COLUMNS; i++) {
            CHECK_NEAR((double)plane[i] / (ROWS * COLUMNS), (double)was[i], 1e-6);
        }
        if (n_threads == 1) memcpy(first, plane, sizeof plane);
        assert_memory_equal(first, plane, sizeof plane);
    }
}

static void sizes_have_no_factor_above_five(void **state) {
    (void)state;
    assert_int_equal(dosi_fft_size(1), 1);
    assert_int_equal(dosi_fft_size(7), 8);
    assert_int_equal(dosi_fft_size(121), 125);
    assert_int_equal(dosi_fft_size(1080), 1080);
    assert_int_equal(dosi_fft_size(1081), 1125);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transform_is_its_definition),
        cmocka_unit_test(the_inverse_comes_back_with_the_same_bits_at_any_threads),
        cmocka_unit_test(sizes_have_no_factor_above_five),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
