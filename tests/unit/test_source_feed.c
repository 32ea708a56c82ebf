// Goal: feeds give all rows of all pages, pass over faults that pass, stop at those that do not
// with the API's meaning in words, and never tell the key. A local server plays the APIs.

#include "feed_api.h"
#include "source/feed.h"
#include "test.h"

typedef struct fixture {
    feed_api api;
    struct MHD_Daemon *daemon;
    char seoul[64], airkorea[64];
    dosi_table table;
    dosi_feed_report report;
    dosi_error err;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    unsigned port = 0;
    f->api.hour = 13;
    f->daemon = feed_api_start(&f->api, &port);
    (void)snprintf(f->seoul, sizeof f->seoul, "http://127.0.0.1:%u", port);
    (void)snprintf(f->airkorea, sizeof f->airkorea, "http://127.0.0.1:%u/airkorea", port);
    *state = f;
    return f->daemon ? 0 : -1;
}

static int tear_down(void **state) {
    fixture *f = *state;
    MHD_stop_daemon(f->daemon);
    dosi_table_destroy(&f->table);
    free(f);
    return 0;
}

/// A feed of the local server.
static dosi_feed feed_of(fixture *f, const char *kind, const char *service) {
    dosi_feed feed = {.kind = dosi_feed_kind_find(kind),
                      .service = service,
                      .base_url = strcmp(kind, "airkorea") == 0 ? f->airkorea : f->seoul,
                      .key = FEED_API_KEY,
                      .wait_ms = 10,
                      .timeout_ms = 1000,
                      .n_attempts = 3,
                      .calls_left = -1};
    return feed;
}

static dosi_status fetch(fixture *f, const dosi_feed *feed) {
    return dosi_feed_fetch(feed, NULL, &f->table, &f->report, &f->err);
}

/// Whether the last message tells anything of the key.
static bool tells_key(const fixture *f) {
    return strstr(f->err.message, "f1xture") != NULL;
}

static void all_pages_of_both_apis_are_joined(void **state) {
    fixture *f = *state;
    static const char *const kinds[] = {"airkorea", "seoul-open-data"};
    for (size_t i = 0; i < 2; i++) {
        dosi_feed feed = feed_of(f, kinds[i], NULL);
        feed.page_rows = 10;
        CHECK_OK(fetch(f, &feed), f->err);
        assert_int_equal(f->table.n_rows, FEED_API_STATIONS);
        assert_int_equal(f->report.n_calls, 3);
        const dosi_column *time = NULL, *pm10 = NULL, *pm25 = NULL;
        CHECK_OK(dosi_table_get(&f->table, "time", DOSI_TYPE_TIME, &time, &f->err), f->err);
        CHECK_OK(dosi_table_get(&f->table, "pm10_ugm3", DOSI_TYPE_REAL, &pm10, &f->err),
                 f->err);
        CHECK_OK(dosi_table_get(&f->table, "pm25_ugm3", DOSI_TYPE_REAL, &pm25, &f->err),
                 f->err);
        dosi_time expected = 0;
        CHECK_OK(dosi_time_parse_iso("2024-01-05T13:00", 16, 0, &expected, &f->err), f->err);
        assert_int_equal(time->data.integer[24], expected);
        CHECK_NEAR(pm10->data.real[24], 45, 0);
        CHECK_NEAR(pm25->data.real[1], 9, 0);
        assert_true(dosi_column_is_missing(pm25, 2));
    }
}

static void hour_24_is_the_next_days_midnight(void **state) {
    fixture *f = *state;
    f->api.hour = 24;
    dosi_feed feed = feed_of(f, "airkorea", NULL);
    CHECK_OK(fetch(f, &feed), f->err);
    dosi_time expected = 0;
    CHECK_OK(dosi_time_parse_iso("2024-01-06", 10, 0, &expected, &f->err), f->err);
    assert_int_equal(f->table.columns[1].data.integer[0], expected);
}

static void faults_that_pass_are_passed_over(void **state) {
    fixture *f = *state;
    static const struct {
        const char *service;
        int n_retries;
    } cases[] = {{"DownTwice", 2}, {"CutOnce", 1}, {"ErrorOnce", 1}, {"Busy", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_store(&f->api.n_calls, 0);
        dosi_feed feed = feed_of(f, "seoul-open-data", cases[i].service);
        CHECK_OK(fetch(f, &feed), f->err);
        assert_int_equal(f->table.n_rows, FEED_API_STATIONS);
        assert_int_equal(f->report.n_retries, cases[i].n_retries);
    }
}

static void the_server_may_ask_for_a_wait(void **state) {
    fixture *f = *state;
    dosi_feed feed = feed_of(f, "seoul-open-data", "Busy");
    int64_t start = dosi_time_monotonic_us();
    CHECK_OK(fetch(f, &feed), f->err);
    assert_true(dosi_time_monotonic_us() - start >= 1000000);
}

static void faults_that_stay_are_told_in_words(void **state) {
    fixture *f = *state;
    static const struct {
        const char *kind, *service, *words;
        dosi_status status;
    } cases[] = {
        {"seoul-open-data", "Down", "HTTP 502", DOSI_IO},
        {"seoul-open-data", "Slow", "in time", DOSI_TIMEOUT},
        {"seoul-open-data", "Redirect", "HTTP 302", DOSI_DENIED},
        {"seoul-open-data", "Nothing", "ERROR-310: there is no such service", DOSI_NOT_FOUND},
        {"airkorea", "Limited", "22: the calls of the day are used up", DOSI_BUSY},
        {"airkorea", "Down", "HTTP 502", DOSI_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dosi_feed feed = feed_of(f, cases[i].kind, cases[i].service);
        CHECK_STATUS(fetch(f, &feed), cases[i].status);
        assert_non_null(strstr(f->err.message, cases[i].words));
        assert_false(tells_key(f));
    }
}

static void a_wrong_key_is_not_tried_again_nor_told(void **state) {
    fixture *f = *state;
    static const char *const kinds[] = {"airkorea", "seoul-open-data"};
    for (size_t i = 0; i < 2; i++) {
        dosi_feed feed = feed_of(f, kinds[i], NULL);
        feed.key = "f1xture-wrong";
        atomic_store(&f->api.n_calls, 0);
        CHECK_STATUS(fetch(f, &feed), DOSI_UNAUTHENTICATED);
        assert_int_equal(f->api.n_calls, 1);
        assert_false(tells_key(f));
    }
}

static void no_data_is_no_failure(void **state) {
    fixture *f = *state;
    dosi_feed feed = feed_of(f, "seoul-open-data", "Empty");
    CHECK_OK(fetch(f, &feed), f->err);
    assert_int_equal(f->table.n_rows, 0);
}

static void the_days_calls_are_kept(void **state) {
    fixture *f = *state;
    dosi_feed feed = feed_of(f, "airkorea", NULL);
    feed.page_rows = 10;
    feed.calls_left = 2;
    CHECK_STATUS(fetch(f, &feed), DOSI_BUSY);
    assert_int_equal(f->api.n_calls, 2);
}

static void other_addresses_than_http_are_refused(void **state) {
    fixture *f = *state;
    static const char *const urls[] = {"file:///etc", "ftp://127.0.0.1",
                                       "gopher://127.0.0.1:1"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        dosi_feed feed = feed_of(f, "seoul-open-data", NULL);
        feed.base_url = urls[i];
        CHECK_STATUS(fetch(f, &feed), DOSI_INVALID);
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(all_pages_of_both_apis_are_joined),
        CASE(hour_24_is_the_next_days_midnight),
        CASE(faults_that_pass_are_passed_over),
        CASE(the_server_may_ask_for_a_wait),
        CASE(faults_that_stay_are_told_in_words),
        CASE(a_wrong_key_is_not_tried_again_nor_told),
        CASE(no_data_is_no_failure),
        CASE(the_days_calls_are_kept),
        CASE(other_addresses_than_http_are_refused),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
