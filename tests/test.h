/// @file test.h
/// cmocka with the few shorthands our tests share.
#ifndef DOSI_TEST_H
#define DOSI_TEST_H

#include "dosi/status.h"

// cmocka.h needs these four before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Fails unless `expr` is DOSI_OK; shows the message in `err`.
#define CHECK_OK(expr, err)                                                               \
    do {                                                                                  \
        dosi_status check_status = (expr);                                                \
        if (check_status != DOSI_OK) {                                                    \
            fail_msg("%s: %s: %s", #expr, dosi_status_text(check_status), (err).message); \
        }                                                                                 \
    } while (0)

/// Fails unless `expr` is exactly `expected`.
#define CHECK_STATUS(expr, expected) assert_int_equal((expr), (expected))

/// Fails unless |actual - expected| <= tolerance.
#define CHECK_NEAR(actual, expected, tolerance)                                               \
    do {                                                                                      \
        double near_actual = (actual), near_expected = (expected);                            \
        if (!(fabs(near_actual - near_expected) <= (tolerance))) {                            \
            fail_msg("%s = %.17g, expected %.17g +- %g", #actual, near_actual, near_expected, \
                     (double)(tolerance));                                                    \
        }                                                                                     \
    } while (0)

/// The seed of property tests; DOSI_TEST_SEED replays a failing run.
static inline uint64_t test_seed(void) {
    const char *text = getenv("DOSI_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : 1;
}

/// Path of `name` in ../shared, or NULL (said aloud) where it is absent.
static inline const char *test_shared(const char *name) {
    static char path[1024];
    (void)snprintf(path, sizeof path, "../shared/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        (void)printf("SKIPPED: needs %s, which is absent\n", path);
        return NULL;
    }
    (void)fclose(file);
    return path;
}

#endif // DOSI_TEST_H
