// Goal: request targets are taken apart as RFC 3986 says, and whatever is damaged is refused.

#include "http/route.h"
#include "http/uri.h"
#include "test.h"

static void paths_and_queries_come_out_whole(void **state) {
    (void)state;
    dosi_error err;
    dosi_uri uri = {0};
    CHECK_OK(dosi_uri_parse("/a%20b/%ED%95%9C/?x=1+2&y&x=%26&&z=a=b#no", &uri, &err), err);
    assert_int_equal(uri.n_segments, 2);
    assert_string_equal(uri.segments[0], "a b");
    assert_string_equal(uri.segments[1], "한");
    assert_string_equal(uri.path, "/a b/한/");
    assert_int_equal(uri.n_parameters, 4);
    assert_string_equal(uri.parameters[0].value, "1 2");
    assert_string_equal(uri.parameters[1].name, "y");
    assert_string_equal(uri.parameters[1].value, "");
    assert_string_equal(uri.parameters[2].value, "&");
    assert_string_equal(uri.parameters[3].value, "a=b#no");
    dosi_uri_clear(&uri);
}

static void damaged_targets_are_refused(void **state) {
    (void)state;
    static const char *const damaged[] = {
        "",        "a",         "*",        "http://x/", "/%",    "/%4",    "/%zz", "/a%2Fb",
        "/../etc", "/%2e%2e/x", "/./a",     "/a\x01",    "/%00",  "/\xff",  "/?%",  "/?a=%G0",
        "/?a=%00", "/?=1",      "/?a=\xC3", "/?%FF=1",   "/a/..", "/?a=%7F"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        dosi_uri uri = {0};
        if (dosi_uri_parse(damaged[i], &uri, NULL) == DOSI_OK) {
            fail_msg("accepted: %s", damaged[i]);
        }
        assert_null(uri.memory);
    }
}

static void too_much_of_anything_is_refused(void **state) {
    (void)state;
    static char target[3 * DOSI_URI_BYTES];
    dosi_uri uri = {0};
    memset(target, 'a', sizeof target - 1);
    target[0] = '/';
    CHECK_STATUS(dosi_uri_parse(target, &uri, NULL), DOSI_LIMIT);
    size_t n = 0;
    for (int i = 0; i <= DOSI_URI_SEGMENTS; i++) target[n++] = '/', target[n++] = 'x';
    target[n] = '\0';
    CHECK_STATUS(dosi_uri_parse(target, &uri, NULL), DOSI_LIMIT);
    n = 0;
    target[n++] = '/', target[n++] = '?';
    for (int i = 0; i <= DOSI_URI_PARAMETERS; i++) target[n++] = 'x', target[n++] = '&';
    target[n] = '\0';
    CHECK_STATUS(dosi_uri_parse(target, &uri, NULL), DOSI_LIMIT);
}

/// The value of the first name of `pattern` in `target`, or NULL when it does not fit.
static const char *fit(const char *pattern, const char *target) {
    static char value[64];
    dosi_uri uri = {0};
    dosi_route_match match;
    assert_int_equal(dosi_uri_parse(target, &uri, NULL), DOSI_OK);
    bool fits = dosi_route_fits(pattern, &uri, &match);
    (void)snprintf(value, sizeof value, "%s",
                   fits && match.n_names > 0 ? match.values[0] : "-");
    dosi_uri_clear(&uri);
    return fits ? value : NULL;
}

static void patterns_fit_what_they_say(void **state) {
    (void)state;
    assert_string_equal(fit("/", "/"), "-");
    assert_string_equal(fit("/ogc", "/ogc/"), "-");
    assert_null(fit("/ogc", "/ogcx"));
    assert_null(fit("/ogc", "/og"));
    assert_null(fit("/ogc", "/ogc/x"));
    assert_string_equal(fit("/c/{id}/items", "/c/a.b/items"), "a.b");
    assert_null(fit("/c/{id}/items", "/c//items"));
    assert_null(fit("/c/{id}", "/c"));
    assert_string_equal(fit("/f/{path*}", "/f/a/b%20c"), "a/b c");
    assert_string_equal(fit("/f/{path*}", "/f"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_queries_come_out_whole),
        cmocka_unit_test(damaged_targets_are_refused),
        cmocka_unit_test(too_much_of_anything_is_refused),
        cmocka_unit_test(patterns_fit_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
