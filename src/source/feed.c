// Fetches all pages of a feed, with retries that wait longer each time.

#include "source/feed.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ATTEMPTS = 5, FIRST_WAIT_MS = 1000, MOST_WAIT_MS = 300000, SLICE_MS = 100 };

/// Replaces every `key` in a message by "***".
static void blank(char *message, const char *key) {
    size_t length = strlen(key);
    if (length < 4) return; // "sample"-like words are no secrets; "" would never end.
    for (char *at = strstr(message, key); at; at = strstr(at, key)) {
        size_t rest = strlen(at + length) + 1;
        memmove(at + 3, at + length, rest);
        for (size_t i = 0; i < 3; i++) at[i] = '*';
        at += 3;
    }
}

/// Blanks the key in `err`, as it is and as it stands in addresses.
static void blank_key(dosi_error *err, const char *key) {
    if (!err) return;
    dosi_text encoded = {0};
    dosi_feed_put_encoded(&encoded, key);
    blank(err->message, key);
    blank(err->message, dosi_text_string(&encoded));
    dosi_text_destroy(&encoded);
}

/// Waits, in slices so that a stop is heard.
static dosi_status wait_ms(int64_t ms, const dosi_run *run, dosi_error *err) {
    while (ms > 0) {
        int64_t slice = ms < SLICE_MS ? ms : SLICE_MS;
        struct timespec time = {.tv_nsec = (long)slice * 1000000};
        DOSI_TRY(dosi_run_check(run, err));
        (void)nanosleep(&time, NULL);
        ms -= slice;
    }
    return dosi_run_check(run, err);
}

/// How long to wait before attempt `attempt` (from 1): doubling, half of it by chance, so that
/// many labs do not come back at once; what the server asks for is the least.
static int64_t next_wait_ms(const dosi_feed *feed, int attempt, int64_t retry_after_s) {
    int64_t wait = feed->wait_ms > 0 ? feed->wait_ms : FIRST_WAIT_MS;
    for (int i = 1; i < attempt && wait < MOST_WAIT_MS; i++) wait *= 2;
    wait = wait / 2 + (int64_t)randombytes_uniform((uint32_t)(wait / 2 + 1));
    if (retry_after_s > MOST_WAIT_MS / 1000) return -1;
    if (wait < retry_after_s * 1000) wait = retry_after_s * 1000;
    return wait < MOST_WAIT_MS ? wait : MOST_WAIT_MS;
}

/// Judges an HTTP status.
static dosi_status judge_http(long status, bool *may_pass, dosi_error *err) {
    *may_pass = status == 429 || status >= 500;
    if (status >= 200 && status < 300) return DOSI_OK;
    if (status == 401 || status == 403) {
        return dosi_fail(err, DOSI_UNAUTHENTICATED,
                         "the server answers HTTP %ld: is the key right?", status);
    }
    if (status >= 300 && status < 400) {
        return dosi_fail(err, DOSI_DENIED,
                         "the server sends us elsewhere (HTTP %ld), where we do not go",
                         status);
    }
    return dosi_fail(err, status == 404 ? DOSI_NOT_FOUND : DOSI_IO,
                     "the server answers HTTP %ld", status);
}

/// A page being fetched.
typedef struct feed_page {
    const char *url;
    json_t *rows;
    size_t n_total;
} feed_page;

/// One call.
static dosi_status call_once(const dosi_feed *feed,
                             feed_page *page,
                             dosi_feed_reply *reply,
                             bool *may_pass,
                             dosi_error *err) {
    dosi_status status = dosi_feed_get(page->url, feed->timeout_ms, reply, err);
    *may_pass = status == DOSI_IO || status == DOSI_TIMEOUT;
    if (status != DOSI_OK) return status;
    size_t before = json_array_size(page->rows);
    bool body_may_pass = false;
    dosi_error said = {""};
    dosi_status http = judge_http(reply->http_status, may_pass, err);
    status = feed->kind->take_page(dosi_text_string(&reply->body), reply->body.length,
                                   page->rows, &page->n_total, &body_may_pass, &said);
    while (status != DOSI_OK && json_array_size(page->rows) > before) {
        (void)json_array_remove(page->rows, json_array_size(page->rows) - 1);
    }
    // A gateway may answer a fault as HTTP 4xx or 5xx with its own code in the body, which
    // says more.
    if (http != DOSI_OK && (status == DOSI_OK || status == DOSI_PARSE)) return http;
    *may_pass = body_may_pass;
    return status == DOSI_OK ? status : dosi_fail(err, status, "%s", said.message);
}

/// Calls until it succeeds, or fails in a way that will not pass.
static dosi_status call(const dosi_feed *feed,
                        feed_page *page,
                        const dosi_run *run,
                        dosi_feed_report *report,
                        dosi_error *err) {
    int n_attempts = feed->n_attempts > 0 ? feed->n_attempts : ATTEMPTS;
    dosi_feed_reply reply = {0};
    dosi_status status = DOSI_OK;
    for (int attempt = 1;; attempt++) {
        if (feed->calls_left >= 0 && report->n_calls >= feed->calls_left) {
            status = dosi_fail(err, DOSI_BUSY, "the calls allowed for the day are used up");
            break;
        }
        bool may_pass = false;
        report->n_calls++;
        status = call_once(feed, page, &reply, &may_pass, err);
        if (status == DOSI_OK || !may_pass || attempt >= n_attempts) break;
        int64_t wait = next_wait_ms(feed, attempt, reply.retry_after_s);
        if (wait < 0) break;
        dosi_status waited = wait_ms(wait, run, err);
        if (waited != DOSI_OK) {
            status = waited;
            break;
        }
        report->n_retries++;
    }
    dosi_text_destroy(&reply.body);
    return status;
}

/// Fetches page after page until all rows are there.
static dosi_status fetch_pages(const dosi_feed *feed,
                               const dosi_run *run,
                               json_t *rows,
                               dosi_feed_report *report,
                               dosi_error *err) {
    size_t per_page = feed->page_rows ? feed->page_rows : feed->kind->page_rows;
    for (size_t i = 1; i <= DOSI_FEED_PAGES; i++) {
        dosi_text url = {.limit_bytes = 8192};
        feed->kind->put_url(&url, feed, i);
        feed_page page = {.url = dosi_text_string(&url), .rows = rows};
        size_t before = json_array_size(rows);
        dosi_status status = dosi_text_status(&url, err);
        if (status == DOSI_OK) status = call(feed, &page, run, report, err);
        if (url.data) sodium_memzero(url.data, url.length);
        dosi_text_destroy(&url);
        DOSI_TRY(status);
        size_t got = json_array_size(rows) - before;
        if (got == 0 || json_array_size(rows) >= page.n_total || got < per_page) return DOSI_OK;
        dosi_run_report(run, (double)json_array_size(rows) / (double)page.n_total, "fetching");
    }
    return dosi_fail(err, DOSI_LIMIT, "more than %d pages", DOSI_FEED_PAGES);
}

dosi_status dosi_feed_fetch(const dosi_feed *feed,
                            const dosi_run *run,
                            dosi_table *out,
                            dosi_feed_report *report,
                            dosi_error *err) {
    assert(feed && feed->kind && feed->key && out && report);
    if (sodium_init() < 0) return dosi_fail(err, DOSI_IO, "no source of random numbers");
    *report = (dosi_feed_report){0};
    json_t *rows = json_array();
    if (!rows) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    dosi_status status = fetch_pages(feed, run, rows, report, err);
    if (status == DOSI_OK) status = dosi_feed_make_table(feed, rows, out, report, err);
    if (status != DOSI_OK) blank_key(err, feed->key);
    json_decref(rows);
    return status;
}
