/// @file feed.h
/// Live feeds: the pages of an official API become one table.
///
/// Pure of labs: takes an address, a key and settings, gives rows. Where feeds and their keys
/// are kept, when they run, and how rows join a dataset is feed/'s work.
#ifndef DOSI_SOURCE_FEED_H
#define DOSI_SOURCE_FEED_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

#include <jansson.h>

enum {
    DOSI_FEED_REPLY_BYTES = 64 << 20, ///< Largest reply.
    DOSI_FEED_PAGES = 1000,           ///< Most pages of one fetch.
    DOSI_FEED_KEY_BYTES = 512,        ///< Longest API key, NUL included.
};

/// What to fetch.
typedef struct dosi_feed {
    const struct dosi_feed_kind *kind;
    const char *service;    ///< The API's name of what is wanted; NULL: the kind's own.
    const char *base_url;   ///< NULL: the official address.
    const char *key;        ///< The API key; never in messages.
    const char *parameters; ///< "sidoName=서울&ver=1.3"; NULL: the kind's own.
    size_t page_rows;       ///< 0: as many as the API allows.
    int64_t timeout_ms;     ///< Of one call; 0: 30,000.
    int64_t wait_ms;        ///< First wait before a retry; 0: 1,000. Doubles each time.
    int n_attempts;         ///< Of one call; 0: 5.
    int64_t calls_left;     ///< Calls allowed yet today; negative: no limit.
} dosi_feed;

/// What a fetch did.
typedef struct dosi_feed_report {
    int64_t n_calls, n_retries;
    int64_t n_rows, n_damaged; ///< Rows given; rows whose time or place cannot be read.
} dosi_feed_report;

/// A publisher's API.
typedef struct dosi_feed_kind {
    const char *name; ///< "airkorea"
    const char *title_ko, *title_en;
    const char *base_url, *service, *parameters;
    const char *publisher, *licence;
    int64_t daily_calls; ///< What a new key may do a day.
    size_t page_rows;    ///< Most rows of a page.
    /// Appends the address of page `page` (from 1).
    void (*put_url)(dosi_text *out, const dosi_feed *feed, size_t page);
    /// Reads a reply: appends its rows to `rows`, sets how many there are on all pages.
    /// @return DOSI_OK; DOSI_PARSE (no whole reply); else what the API's code means. A failure
    ///         that may pass sets `*may_pass`.
    dosi_status (*take_page)(const char *body,
                             size_t n_bytes,
                             json_t *rows,
                             size_t *n_total,
                             bool *may_pass,
                             dosi_error *err);
} dosi_feed_kind;

/// The kinds of feed; `*n_kinds` of them.
const dosi_feed_kind *const *dosi_feed_kinds(size_t *n_kinds);

/// The kind called `name`, or NULL.
const dosi_feed_kind *dosi_feed_kind_find(const char *name);

/// Fetches all pages into `out` (emptied first), retrying what may pass: waits double, with
/// jitter, and obey Retry-After. Air-quality services give canonical columns, others their own.
/// @return DOSI_OK (also when there are no rows); DOSI_UNAUTHENTICATED (the key); DOSI_BUSY
/// (the
///         day's calls are used up); DOSI_INVALID, DOSI_NOT_FOUND (the request); DOSI_IO,
///         DOSI_TIMEOUT (the network); DOSI_PARSE; DOSI_CANCELLED. Messages never hold the key.
DOSI_CHECKED dosi_status dosi_feed_fetch(const dosi_feed *feed,
                                         const dosi_run *run,
                                         dosi_table *out,
                                         dosi_feed_report *report,
                                         dosi_error *err);

// --- parts, for the kinds and their tests ------------------------------------------------

/// One reply.
typedef struct dosi_feed_reply {
    long http_status;
    int64_t retry_after_s; ///< 0: not told.
    dosi_text body;
} dosi_feed_reply;

/// Gets an address: http and https only, no redirects, limits on time and size.
/// @return DOSI_OK for any HTTP status; DOSI_TIMEOUT; DOSI_LIMIT; DOSI_IO.
DOSI_CHECKED dosi_status dosi_feed_get(const char *url,
                                       int64_t timeout_ms,
                                       dosi_feed_reply *out,
                                       dosi_error *err);

/// Appends `text` percent-encoded; what is encoded already ('%' in it) is left as it is.
void dosi_feed_put_encoded(dosi_text *out, const char *text);

/// Makes of a result code of data.go.kr or Seoul a status and words; the server's own `said` is
/// added. DOSI_OK for the codes that mean success, and for "no data" (`*is_empty`).
dosi_status dosi_feed_judge(
    const char *code, const char *said, bool *is_empty, bool *may_pass, dosi_error *err);

/// Makes a table of rows (JSON objects): canonical columns where the rows are air quality, else
/// as dosi_source_read_file() types them.
DOSI_CHECKED dosi_status dosi_feed_make_table(const dosi_feed *feed,
                                              const json_t *rows,
                                              dosi_table *out,
                                              dosi_feed_report *report,
                                              dosi_error *err);

#endif // DOSI_SOURCE_FEED_H
