// One HTTP call of a feed, by libcurl, within limits.

#include "source/feed.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

static void start_curl(void) {
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/// Takes a piece of the reply; refusing one ends the call.
static size_t take_piece(char *bytes, size_t size, size_t n, void *context) {
    dosi_text *body = context;
    dosi_text_append(body, bytes, size * n);
    return body->status == DOSI_OK ? size * n : 0;
}

/// Sets what every call obeys. False when libcurl refuses.
static bool set_limits(CURL *curl, int64_t timeout_ms) {
    long time_ms = (long)(timeout_ms > 0 ? timeout_ms : 30000);
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, time_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                            time_ms < 10000 ? time_ms : 10000L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)DOSI_FEED_REPLY_BYTES) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "dosi/" DOSI_VERSION) == CURLE_OK;
}

/// What a failed call means. libcurl's words name the host at most, never the path.
static dosi_status call_failed(CURLcode code, const dosi_text *body, dosi_error *err) {
    if (body->status == DOSI_LIMIT || code == CURLE_FILESIZE_EXCEEDED) {
        return dosi_fail(err, DOSI_LIMIT, "the reply is larger than %d bytes",
                         DOSI_FEED_REPLY_BYTES);
    }
    if (body->status == DOSI_NO_MEMORY || code == CURLE_OUT_OF_MEMORY) return DOSI_NO_MEMORY;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return dosi_fail(err, DOSI_TIMEOUT, "no whole reply in time");
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
        return dosi_fail(err, DOSI_INVALID, "the address is no http or https address");
    }
    return dosi_fail(err, DOSI_IO, "%s", curl_easy_strerror(code));
}

dosi_status dosi_feed_get(const char *url,
                          int64_t timeout_ms,
                          dosi_feed_reply *out,
                          dosi_error *err) {
    assert(url && out);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_curl);
    CURL *curl = curl_easy_init();
    if (!curl) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    dosi_text_clear(&out->body);
    out->body.limit_bytes = DOSI_FEED_REPLY_BYTES;
    CURLcode code = CURLE_FAILED_INIT;
    if (set_limits(curl, timeout_ms) &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out->body) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK) {
        code = curl_easy_perform(curl);
    }
    curl_off_t retry_after_s = 0;
    out->http_status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->http_status);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
    out->retry_after_s = (int64_t)retry_after_s;
    curl_easy_cleanup(curl);
    return code == CURLE_OK ? DOSI_OK : call_failed(code, &out->body, err);
}

void dosi_feed_put_encoded(dosi_text *out, const char *text) {
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    bool is_encoded = strchr(text, '%') != NULL;
    for (const char *c = text; *c; c++) {
        if (is_encoded || strchr(plain, *c)) {
            dosi_text_putc(out, *c);
        } else {
            dosi_text_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}
