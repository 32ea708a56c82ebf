// Sends random requests to a server on this machine, made from its own table of routes: odd
// paths, parameters, headers, bodies, and bytes that are no HTTP at all. Whatever is sent, the
// server must not answer 500, hang or die.
//
// Usage: random_requests PORT SECONDS [SEED] ; a token in $DOSI_RANDOM_TOKEN is used in half
// of the requests. tests/http/random.sh runs it for a short while, bench/soak for long.

#include "client.h"
#include "dosi/random.h"
#include "dosi/text.h"
#include "dosi/time.h"
#include "server/context.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { N_THREADS = 4, MAX_REQUEST_BYTES = 256 * 1024 };

static const char *const values[] = {"sample.dong",
                                     "sample.stations",
                                     "sample.air-hourly",
                                     "sample.river",
                                     "sample",
                                     "dong",
                                     "air-now",
                                     "geo.krige",
                                     "air.cai",
                                     "admin",
                                     "0",
                                     "1",
                                     "7",
                                     "-1",
                                     "10",
                                     "2",
                                     "100000",
                                     "14",
                                     "9223372036854775807",
                                     "99999999999999999999",
                                     "1e308",
                                     "nan",
                                     "inf",
                                     "",
                                     " ",
                                     ".",
                                     "..",
                                     "%2e%2e",
                                     "%2F",
                                     "%00",
                                     "%FF",
                                     "%C3%28",
                                     "%ED%95%9C%EA%B8%80",
                                     "한글",
                                     "a'b\"c",
                                     "<script>",
                                     "null",
                                     "true",
                                     "false",
                                     "WebMercatorQuad",
                                     "json",
                                     "csv",
                                     "geojson",
                                     "parquet",
                                     "html",
                                     "126.9,37.4,127.1,37.6",
                                     "125,36,126,37",
                                     "180,-90,-180,90",
                                     "1,2,3",
                                     "1,2,3,4,5,6,7",
                                     "nan,nan,nan,nan",
                                     "1e400,0,1,1",
                                     "2020-01-01T00:00:00Z",
                                     "2020-01-01/..",
                                     "../2030-01-01",
                                     "../..",
                                     "2020-13-45",
                                     "/",
                                     "20202-01-01/1",
                                     "http://www.opengis.net/def/crs/EPSG/0/5186",
                                     "http://www.opengis.net/def/crs/EPSG/0/4326",
                                     "http://www.opengis.net/def/crs/EPSG/0/99999",
                                     "name",
                                     "-population,district",
                                     "+name",
                                     "------",
                                     ",,,,",
                                     "population",
                                     "station",
                                     "time",
                                     "2025-03-01T05:00:00+09:00",
                                     "sample.air-map.pm25",
                                     "x@1",
                                     "x@999999999999",
                                     "*",
                                     "~",
                                     "select%201",
                                     "${jndi:x}",
                                     "%s%s%n",
                                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

static const char *const names[] = {
    "limit",     "offset",  "bbox",     "bbox-crs",   "crs",  "datetime",     "sortby",
    "f",         "dong",    "district", "population", "name", "station",      "time",
    "pm25_ugm3", "version", "format",   "q",          "key",  "organisation", "lon",
    "lat",       "token",   "x[]",      "%00",        "한",   "filter",       "_",
    "geometry"};

static const char *const bodies[] = {
    "{}",
    "[]",
    "null",
    "{\"sql\":\"select 1\",\"format\":\"json\"}",
    "{\"sql\":\"select * from \\\"sample/dong\\\"\",\"format\":\"csv\",\"limit\":3}",
    "{\"sql\":\"select * from read_csv('/etc/passwd')\"}",
    "{\"sql\":\"drop table x\"}",
    "{\"sql\":5}",
    "{\"sql\":\"select \\u0000\"}",
    "{\"name\":\"admin\",\"password\":\"x\"}",
    "{\"name\":null,\"password\":[]}",
    "{\"old\":\"x\",\"new\":\"y\"}",
    "{\"label\":\"l\",\"scopes\":[\"see\"],\"days\":1}",
    "{\"label\":5,\"scopes\":\"x\"}",
    "{\"label\":\"l\",\"scopes\":[\"see\"],\"days\":-1e99}",
    "{\"settings\":{\"org\":\"../x\"}}",
    "{\"settings\":[1,2]}",
    "{\"inputs\":{}}",
    "{\"inputs\":{\"observations\":5}}",
    "{\"inputs\":{\"observations\":{\"type\":\"FeatureCollection\",\"features\":[]}}}",
    "{\"inputs\":{\"nmax\":-1}}",
    "{\"title\":{\"ko\":\"\",\"en\":7}}",
    "{\"visibility\":\"?\"}",
    "{\"a\":",
    "{\"a\":\"\xff\"}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "",
    "\xef\xbb\xbf{}",
    "{\"sql\":\"with recursive t as (select 1 union all from t) from t\"}"};

#define PICK(random, list) (list)[dosi_random_below(random, sizeof(list) / sizeof(list)[0])]

static const char *const methods[] = {"GET",    "GET",     "HEAD",  "POST", "PUT",
                                      "DELETE", "OPTIONS", "PATCH", "BREW"};

static const char *const headers[] = {"Accept-Encoding: gzip",
                                      "If-None-Match: *",
                                      "If-None-Match: \"",
                                      "Accept: text/html",
                                      "Prefer: respond-async",
                                      "Cookie: dosi_session=abc; x",
                                      "Cookie: =;;=",
                                      "X-Dosi: 1",
                                      "Content-Type: application/json",
                                      "Content-Type: text/plain",
                                      "Accept-Language: ko",
                                      "Authorization: Basic eA==",
                                      "Authorization: Bearer ",
                                      "Authorization: Bearer x",
                                      "Range: bytes=5-1",
                                      "Expect: 100-continue",
                                      "X-Forwarded-Host: evil\"<>",
                                      "Host: a b",
                                      "Host: [::1]:80",
                                      "Connection: keep-alive",
                                      "Transfer-Encoding: identity",
                                      "If-Modified-Since: never",
                                      "Last-Event-ID: 7"};

/// Shared by all threads.
static uint16_t port;
static int64_t deadline_us;
static const char *token;
static atomic_long n_by_class[6];
static atomic_long n_silent, n_faults;
static atomic_bool is_over;
static const dosi_http_route *routes[256];
static size_t n_routes;

/// A value: from the list, or random bytes.
static void put_value(dosi_text *out, dosi_random *random) {
    if (dosi_random_below(random, 12)) {
        const char *value = PICK(random, values);
        for (; *value; value++) {
            if (strchr(" \"<>", *value)) {
                dosi_text_printf(out, "%%%02X", (unsigned)(unsigned char)*value);
            } else {
                dosi_text_putc(out, *value);
            }
        }
        return;
    }
    for (uint32_t n = dosi_random_below(random, 40); n > 0; n--) {
        dosi_text_printf(out, "%%%02X", dosi_random_below(random, 256));
    }
}

/// A path from a pattern, with values for its {names}, sometimes more or fewer parts.
static void put_path(dosi_text *out, dosi_random *random, const char *pattern) {
    for (const char *at = pattern; *at; at++) {
        if (*at != '{') {
            if (dosi_random_below(random, 400)) dosi_text_putc(out, *at);
            continue;
        }
        bool is_collection = strncmp(at, "{id}", 4) == 0 && strstr(pattern, "collections");
        static const char *const known[] = {"sample.dong", "sample.stations",
                                            "sample.air-hourly", "sample.weather-hourly"};
        if (is_collection && dosi_random_below(random, 3)) {
            dosi_text_puts(out, PICK(random, known));
        } else if (strncmp(at, "{org}", 5) == 0 && dosi_random_below(random, 3)) {
            dosi_text_puts(out, "sample");
        } else if (dosi_random_below(random, 4) == 0) {
            dosi_text_put_int(out, (int64_t)dosi_random_below(random, 40));
        } else {
            put_value(out, random);
        }
        at += strcspn(at, "}");
        if (*at == '\0') break;
    }
    while (dosi_random_below(random, 20) == 0) {
        dosi_text_putc(out, '/');
        put_value(out, random);
    }
}

/// The name of a parameter of the route, or any.
static void put_name(dosi_text *out, dosi_random *random, const dosi_http_route *route) {
    size_t n_words = 0;
    for (const char *at = route->parameters; at && *at; at++) n_words += *at == ':';
    if (n_words == 0 || dosi_random_below(random, 4) == 0) {
        dosi_text_puts(out, PICK(random, names));
        return;
    }
    const char *at = route->parameters;
    for (uint32_t skip = dosi_random_below(random, (uint32_t)n_words); skip > 0; skip--) {
        const char *blank = strchr(at, ' ');
        if (blank) at = blank + 1;
    }
    dosi_text_append(out, at, strcspn(at, ": "));
}

/// A body with its headers.
static void put_body(dosi_text *out, dosi_random *random) {
    dosi_text body = {0};
    dosi_text_puts(&body, PICK(random, bodies));
    if (dosi_random_below(random, 10) == 0) {
        for (uint32_t n = dosi_random_below(random, 3000); n > 0; n--) {
            dosi_text_putc(&body, (char)(unsigned char)dosi_random_below(random, 256));
        }
    }
    for (uint32_t n = dosi_random_below(random, 3); n > 0 && body.length; n--) {
        body.data[dosi_random_below(random, (uint32_t)body.length)] =
            (char)(unsigned char)dosi_random_below(random, 256);
    }
    if (dosi_random_below(random, 6) == 0) {
        dosi_text_printf(out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body.length);
        if (body.length) dosi_text_append(out, body.data, body.length);
        dosi_text_puts(out, "\r\n0\r\n\r\n");
    } else {
        dosi_text_printf(out, "Content-Length: %zu\r\n\r\n", body.length);
        if (body.length) dosi_text_append(out, body.data, body.length);
    }
    dosi_text_destroy(&body);
}

/// What is known of a request's answer.
typedef enum expectation {
    EXPECT_ANSWER,
    EXPECT_STREAM,  ///< Of events: has no end.
    EXPECT_NOTHING, ///< It is no whole request: the server may wait for the rest.
} expectation;

/// One request, as bytes.
static expectation make_request(dosi_text *out, dosi_random *random) {
    bool is_damaged = false;
    const dosi_http_route *route = routes[dosi_random_below(random, (uint32_t)n_routes)];
    const char *method = dosi_random_below(random, 5) ? route->method : PICK(random, methods);
    dosi_text_clear(out);
    dosi_text_printf(out, "%s ", method);
    put_path(out, random, route->pattern);
    uint32_t n_parameters = dosi_random_below(random, 4);
    if (dosi_random_below(random, 100) == 0) n_parameters = 80;
    for (uint32_t i = 0; i < n_parameters; i++) {
        dosi_text_putc(out, i ? '&' : '?');
        put_name(out, random, route);
        dosi_text_putc(out, '=');
        put_value(out, random);
    }
    dosi_text_puts(out, " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    if (token && dosi_random_below(random, 2)) {
        dosi_text_printf(out, "Authorization: Bearer %s\r\n", token);
    }
    for (uint32_t n = dosi_random_below(random, 4); n > 0; n--) {
        dosi_text_printf(out, "%s\r\n", PICK(random, headers));
    }
    if (dosi_random_below(random, 200) == 0) {
        dosi_text_puts(out, "X-Long: ");
        is_damaged = true; // its refusal may be lost as the connection is closed
        for (uint32_t n = dosi_random_below(random, 60000); n > 0; n--)
            dosi_text_putc(out, 'x');
        dosi_text_puts(out, "\r\n");
    }
    bool has_body = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    if (has_body || dosi_random_below(random, 30) == 0) {
        put_body(out, random);
    } else {
        dosi_text_puts(out, "\r\n");
    }
    if (dosi_random_below(random, 25) == 0 && out->length) { // not even HTTP any more
        is_damaged = true;
        for (uint32_t n = 1 + dosi_random_below(random, 8); n > 0; n--) {
            out->data[dosi_random_below(random, (uint32_t)out->length)] =
                (char)(unsigned char)dosi_random_below(random, 256);
        }
    }
    if (dosi_random_below(random, 40) == 0) {
        out->length = dosi_random_below(random, (uint32_t)out->length);
        is_damaged = true;
    }
    if (is_damaged) return EXPECT_NOTHING;
    return strstr(route->pattern, "/events") ? EXPECT_STREAM : EXPECT_ANSWER;
}

/// Sets how long to wait for an answer.
static void set_wait(int fd, int64_t wait_us) {
    struct timeval wait = {.tv_sec = wait_us / DOSI_SECOND_US,
                           .tv_usec = wait_us % DOSI_SECOND_US};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

/// Judges an answer.
static void judge(const dosi_text *request, const char *answer, bool is_due) {
    int code = client_code(answer);
    (void)atomic_fetch_add(code >= 100 && code < 600 ? &n_by_class[code / 100] : &n_silent, 1);
    if (code != 500 && (code != 0 || !is_due)) return;
    (void)atomic_fetch_add(&n_faults, 1);
    (void)fprintf(stderr, "%s for:\n%.2000s\n---\n", code ? "500" : "no answer",
                  dosi_text_string(request));
}

/// Sends a request in one or two pieces; reads its answer, or only the start of a stream.
static void exchange(const dosi_text *request, expectation expected, dosi_random *random) {
    int fd = client_connect(port);
    if (fd < 0) {
        (void)fprintf(stderr, "cannot connect: the server is gone?\n");
        (void)atomic_fetch_add(&n_faults, 1);
        atomic_store(&is_over, true);
        return;
    }
    size_t n_first = dosi_random_below(random, 8) ? request->length : request->length / 2;
    client_send(fd, request->data, n_first);
    if (n_first < request->length) {
        client_send(fd, request->data + n_first, request->length - n_first);
    }
    if (dosi_random_below(random, 100) == 0) { // a client that goes away, or half away
        (void)shutdown(fd, dosi_random_below(random, 2) ? SHUT_WR : SHUT_RDWR);
        expected = EXPECT_NOTHING;
    }
    set_wait(fd, expected == EXPECT_ANSWER ? 60 * DOSI_SECOND_US : DOSI_SECOND_US / 4);
    if (expected == EXPECT_STREAM) {
        char start[512];
        (void)recv(fd, start, sizeof start, 0);
    } else {
        char *answer = client_read_all(fd);
        judge(request, answer, expected == EXPECT_ANSWER);
        free(answer);
    }
    (void)close(fd);
}

static void *send_many(void *argument) {
    dosi_random random = dosi_random_init(*(uint64_t *)argument, 3);
    dosi_text request = {.limit_bytes = MAX_REQUEST_BYTES};
    while (dosi_time_monotonic_us() < deadline_us && !atomic_load(&is_over)) {
        expectation expected = make_request(&request, &random);
        if (request.length) exchange(&request, expected, &random);
    }
    dosi_text_destroy(&request);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        (void)fprintf(stderr, "usage: random_requests PORT SECONDS [SEED]\n");
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    deadline_us =
        dosi_time_monotonic_us() + (int64_t)strtol(argv[2], NULL, 10) * DOSI_SECOND_US;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    token = getenv("DOSI_RANDOM_TOKEN");
    size_t n_groups = 0;
    const dosi_route_group *const *groups = dosi_server_groups(&n_groups);
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t k = 0; k < groups[i]->n_routes && n_routes < 256; k++) {
            routes[n_routes++] = &groups[i]->routes[k];
        }
    }
    pthread_t threads[N_THREADS];
    uint64_t seeds[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        seeds[i] = seed * 1000 + i;
        if (pthread_create(&threads[i], NULL, send_many, &seeds[i]) != 0) return 1;
    }
    for (size_t i = 0; i < N_THREADS; i++) (void)pthread_join(threads[i], NULL);
    (void)printf("%zu routes, seed %llu: 2xx %ld, 3xx %ld, 4xx %ld, 5xx %ld, no answer %ld\n",
                 n_routes, (unsigned long long)seed, atomic_load(&n_by_class[2]),
                 atomic_load(&n_by_class[3]), atomic_load(&n_by_class[4]),
                 atomic_load(&n_by_class[5]), atomic_load(&n_silent));
    return atomic_load(&n_faults) ? 1 : 0;
}
