// Posts signed messages to webhooks, several at the same time.

#include "monitor/state.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 10000, REPLY_BYTES = 65536, POLL_MS = 1000 };

/// A message on its way.
typedef struct flight {
    monitor_message *message;
    CURL *curl;
    struct curl_slist *headers;
    size_t left; ///< Bytes of the reply that are still taken.
} flight;

static void start_curl(void) {
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/// Takes a piece of the reply and forgets it; too much ends the call.
static size_t drop_piece(char *bytes, size_t size, size_t n, void *context) {
    size_t *left = context;
    (void)bytes;
    if (size * n > *left) return 0;
    *left -= size * n;
    return size * n;
}

/// "sha256=" and the HMAC of "<seconds>.<body>" in hexadecimal digits.
static void sign(const monitor_message *m, int64_t now_s, char *out, size_t n_out) {
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hex[2 * crypto_auth_hmacsha256_BYTES + 1], stamp[32];
    crypto_auth_hmacsha256_state state;
    int length = snprintf(stamp, sizeof stamp, "%lld.", (long long)now_s);
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)m->secret,
                                      strlen(m->secret));
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp,
                                        (unsigned long long)length);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)m->body,
                                        strlen(m->body));
    (void)crypto_auth_hmacsha256_final(&state, mac);
    (void)sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    (void)snprintf(out, n_out, "sha256=%s", hex);
}

static struct curl_slist *headers_of(const monitor_message *m) {
    char line[256], signature[128];
    int64_t now_s = dosi_time_now_utc_us() / DOSI_SECOND_US;
    sign(m, now_s, signature, sizeof signature);
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    (void)snprintf(line, sizeof line, "X-Dosi-Event: %lld", (long long)m->event_id);
    list = curl_slist_append(list, line);
    (void)snprintf(line, sizeof line, "X-Dosi-Timestamp: %lld", (long long)now_s);
    list = curl_slist_append(list, line);
    (void)snprintf(line, sizeof line, "X-Dosi-Signature: %s", signature);
    return curl_slist_append(list, line);
}

/// Whether a message could be made ready to be sent.
static bool prepare(flight *f) {
    const monitor_message *m = f->message;
    f->curl = curl_easy_init();
    f->headers = headers_of(m);
    f->left = REPLY_BYTES;
    CURL *curl = f->curl;
    return curl && f->headers &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "dosi/" DOSI_VERSION) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, f->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, m->body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_piece) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, &f->left) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PRIVATE, f) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, m->url) == CURLE_OK;
}

/// What became of a message. A receiver that says 2xx has taken it, whatever follows.
static void judge(const flight *f, CURLcode code) {
    monitor_message *m = f->message;
    long http = 0;
    (void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &http);
    m->is_taken = http >= 200 && http < 300;
    if (m->is_taken) {
        m->why[0] = '\0';
    } else if (http > 0) {
        (void)snprintf(m->why, sizeof m->why, "HTTP status %ld", http);
    } else {
        (void)snprintf(m->why, sizeof m->why, "%s", curl_easy_strerror(code));
    }
}

/// Takes what has ended out of `multi`, and tells.
static void collect(CURLM *multi, void (*done)(void *, monitor_message *), void *context) {
    CURLMsg *note = NULL;
    int n_left = 0;
    while ((note = curl_multi_info_read(multi, &n_left)) != NULL) {
        if (note->msg != CURLMSG_DONE) continue;
        CURLcode code = note->data.result;
        CURL *curl = note->easy_handle;
        char *at = NULL;
        (void)curl_easy_getinfo(curl, CURLINFO_PRIVATE, &at);
        flight *f = (flight *)(void *)at;
        judge(f, code);
        (void)curl_multi_remove_handle(multi, curl);
        curl_easy_cleanup(curl);
        f->curl = NULL;
        done(context, f->message);
    }
}

void monitor_post(monitor_message *messages,
                  size_t n,
                  void (*done)(void *context, monitor_message *message),
                  void *context) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_curl);
    flight flights[MONITOR_AT_ONCE] = {{0}};
    CURLM *multi = curl_multi_init();
    int n_running = 0;
    for (size_t i = 0; i < n; i++) {
        flights[i].message = &messages[i];
        (void)snprintf(messages[i].why, sizeof messages[i].why, "no memory");
        bool flies = multi && prepare(&flights[i]) &&
                     curl_multi_add_handle(multi, flights[i].curl) == CURLM_OK;
        if (flies) continue;
        curl_easy_cleanup(flights[i].curl);
        flights[i].curl = NULL;
        done(context, &messages[i]);
    }
    do {
        if (!multi || curl_multi_perform(multi, &n_running) != CURLM_OK) break;
        collect(multi, done, context);
        if (n_running > 0) (void)curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
    } while (n_running > 0);
    for (size_t i = 0; i < n; i++) {
        if (flights[i].curl) { // only when curl itself failed
            (void)curl_multi_remove_handle(multi, flights[i].curl);
            curl_easy_cleanup(flights[i].curl);
            done(context, &messages[i]);
        }
        curl_slist_free_all(flights[i].headers);
    }
    (void)curl_multi_cleanup(multi);
}
