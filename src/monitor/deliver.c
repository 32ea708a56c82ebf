// Tells webhooks: a signed POST each, tried again with longer and longer pauses.

#include "monitor/state.h"

#include "base/os_file.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_TRIES = 12,
    MAX_A_RUN = 100,
    TIMEOUT_MS = 10000,
    REPLY_BYTES = 65536,
    MAX_FAILED = 32
};

static const int64_t longest_pause_s = INT64_C(6) * 3600;

/// A message on its way.
typedef struct message {
    char url[DOSI_WATCH_URL_BYTES];
    char secret[DOSI_HOOK_SECRET_BYTES];
    const char *body;
    int64_t event_id;
} message;

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
static void sign(const message *m, int64_t now_s, char *out, size_t n_out) {
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

static struct curl_slist *headers_of(const message *m) {
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

/// Posts a message. @param why  What went wrong, "" when nothing did.
static bool post(const message *m, char *why, size_t n_why) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_curl);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_of(m);
    size_t left = REPLY_BYTES;
    CURLcode code = CURLE_FAILED_INIT;
    long http = 0;
    if (curl && headers &&
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "dosi/" DOSI_VERSION) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, m->body) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_piece) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &left) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_URL, m->url) == CURLE_OK) {
        code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    bool is_taken = http >= 200 && http < 300;
    why[0] = '\0';
    if (is_taken) return true;
    if (http > 0) {
        (void)snprintf(why, n_why, "HTTP status %ld", http);
    } else {
        (void)snprintf(why, n_why, "%s", curl_easy_strerror(code));
    }
    return false;
}

/// Finds a webhook by name.
typedef struct hook_search {
    const char *name;
    bool is_found;
    dosi_hook hook;
} hook_search;

static dosi_status match_hook(void *context, const dosi_hook *hook, dosi_error *err) {
    hook_search *search = context;
    (void)err;
    if (strcmp(hook->name, search->name) == 0) {
        search->is_found = true;
        search->hook = *hook;
    }
    return DOSI_OK;
}

/// The address and secret of a message's webhook; false when it is gone.
static bool open_hook(dosi_gate *gate, const char *name, message *out) {
    hook_search search = {.name = name};
    char path[MONITOR_PATH_BYTES];
    dosi_text text = {0};
    if (dosi_hook_each(gate, match_hook, &search, NULL) != DOSI_OK || !search.is_found ||
        monitor_secret_path(gate, name, path, NULL) != DOSI_OK ||
        dosi_file_read(path, DOSI_HOOK_SECRET_BYTES, &text, NULL) != DOSI_OK) {
        dosi_text_destroy(&text);
        return false;
    }
    (void)snprintf(out->url, sizeof out->url, "%s", search.hook.url);
    (void)snprintf(out->secret, sizeof out->secret, "%s", dosi_text_string(&text));
    sodium_memzero(text.data, text.length);
    dosi_text_destroy(&text);
    return true;
}

/// The body: the event with its times as people write them.
static char *body_of(dosi_gate *gate, const json_t *event) {
    static const char *const times[][2] = {
        {"issued_us", "issued"}, {"released_us", "released"}, {"peak_us", "peak_time"}};
    json_t *alert = json_deep_copy(json_object_get(event, "alert"));
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_object_get(alert, times[i][0]);
        char text[DOSI_TIME_TEXT_BYTES];
        dosi_time_format(json_integer_value(value), dosi_gate_zone_s(gate), text);
        (void)json_object_set_new(alert, times[i][1],
                                  json_is_integer(value) ? json_string(text) : json_null());
        (void)json_object_del(alert, times[i][0]);
    }
    json_t *whole = json_pack("{s:O, s:O, s:s, s:o}", "id", json_object_get(event, "id"),
                              "change", json_object_get(event, "change"), "lab",
                              dosi_gate_title(gate), "alert", alert);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(whole);
    return text;
}

/// What is known of a webhook's deliveries, for people.
static void note(json_t *state, const char *hook, const char *outcome) {
    json_t *entry = json_pack("{s:s, s:I}", "message", outcome, "at_utc_us",
                              (json_int_t)dosi_time_now_utc_us());
    (void)json_object_set_new(json_object_get(state, "hooks"), hook, entry);
}

/// When to try again after so many failures: from 30 s on, doubled, with a random part.
static int64_t pause_s(int64_t tries) {
    int64_t pause = 30;
    for (int64_t i = 1; i < tries && pause < longest_pause_s; i++) pause *= 2;
    if (pause > longest_pause_s) pause = longest_pause_s;
    return pause + (int64_t)randombytes_uniform((uint32_t)pause / 4);
}

/// Webhooks that failed in this run: their other messages wait, so that one that is down does
/// not hold up the others.
typedef struct failed_hooks {
    size_t n;
    char names[MAX_FAILED][DOSI_WATCH_NAME_BYTES];
} failed_hooks;

static bool has_failed(const failed_hooks *failed, const char *hook) {
    for (size_t i = 0; i < failed->n; i++) {
        if (strcmp(failed->names[i], hook) == 0) return true;
    }
    return false;
}

/// One message. True when it leaves the outbox.
static bool deliver_one(dosi_gate *gate,
                        json_t *state,
                        json_t *item,
                        failed_hooks *failed,
                        dosi_monitor_report *report) {
    const char *hook = json_string_value(json_object_get(item, "hook"));
    const json_t *event = json_object_get(item, "event");
    message m = {.event_id = json_integer_value(json_object_get(event, "id"))};
    if (hook && has_failed(failed, hook)) {
        (void)json_object_set_new(
            item, "due_us", json_integer(dosi_time_now_utc_us() + pause_s(1) * DOSI_SECOND_US));
        return false;
    }
    if (!hook || !open_hook(gate, hook, &m)) return true;
    char *body = body_of(gate, event), why[256];
    m.body = body;
    bool is_taken = body && post(&m, why, sizeof why);
    free(body);
    sodium_memzero(m.secret, sizeof m.secret);
    if (is_taken) {
        report->n_delivered++;
        note(state, hook, "delivered");
        return true;
    }
    int64_t tries = json_integer_value(json_object_get(item, "tries")) + 1;
    report->n_failed++;
    note(state, hook, body ? why : "no memory");
    if (failed->n < MAX_FAILED) {
        (void)snprintf(failed->names[failed->n++], DOSI_WATCH_NAME_BYTES, "%s", hook);
    }
    if (tries >= MAX_TRIES) return true;
    (void)json_object_set_new(item, "tries", json_integer(tries));
    (void)json_object_set_new(
        item, "due_us", json_integer(dosi_time_now_utc_us() + pause_s(tries) * DOSI_SECOND_US));
    return false;
}

void monitor_deliver(dosi_gate *gate, json_t *state, dosi_monitor_report *report) {
    json_t *outbox = json_object_get(state, "outbox");
    int64_t now = dosi_time_now_utc_us();
    if (sodium_init() < 0) return;
    failed_hooks failed = {0};
    int n_tried = 0;
    for (size_t i = 0; i < json_array_size(outbox) && n_tried < MAX_A_RUN;) {
        json_t *item = json_array_get(outbox, i);
        if (json_integer_value(json_object_get(item, "due_us")) > now) {
            i++;
            continue;
        }
        n_tried++;
        if (deliver_one(gate, state, item, &failed, report)) {
            (void)json_array_remove(outbox, i);
        } else {
            i++;
        }
    }
}
