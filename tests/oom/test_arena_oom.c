// Goal: every allocation a scenario makes may fail without a leak or a wrong status, and the
// scenario stays inside its allocation budget.

#include "test.h"
#include "test_alloc.h"

static dosi_status fill_three_blocks(const dosi_allocator *allocator) {
    dosi_arena arena;
    dosi_arena_init(&arena, allocator, 1 << 20);
    dosi_status status = DOSI_OK;
    for (int i = 0; i < 3 && status == DOSI_OK; i++) {
        void *memory;
        status = dosi_arena_alloc(&arena, 60000, 1, &memory);
    }
    dosi_arena_clear(&arena);
    return status;
}

static void arena_survives_each_failed_allocation(void **state) {
    (void)state;
    assert_int_equal(test_alloc_exhaust(fill_three_blocks), 3);
}

static void arena_refuses_to_pass_its_limit(void **unused) {
    (void)unused;
    test_alloc state = {.n_allowed = -1};
    dosi_allocator allocator = {test_alloc_get, test_alloc_put, &state};
    dosi_arena arena;
    dosi_arena_init(&arena, &allocator, 1000);
    void *memory;
    CHECK_STATUS(dosi_arena_alloc(&arena, 1001, 1, &memory), DOSI_LIMIT);
    CHECK_STATUS(dosi_arena_alloc(&arena, SIZE_MAX / 2, 8, &memory), DOSI_LIMIT);
    CHECK_STATUS(dosi_arena_alloc(&arena, 125, 8, &memory), DOSI_OK);
    dosi_arena_clear(&arena);
    assert_int_equal(state.n_held, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_survives_each_failed_allocation),
        cmocka_unit_test(arena_refuses_to_pass_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
