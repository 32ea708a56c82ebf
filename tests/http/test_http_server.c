// Goal: the server answers proper requests properly, and improper ones with a proper refusal,
// whatever is thrown at its socket.

#include "client.h"
#include "dosi/json.h"
#include "dosi/time.h"
#include "http/http.h"
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

static dosi_status say_hello(void *context,
                             dosi_http_request *request,
                             dosi_http_reply *reply,
                             dosi_error *err) {
    (void)context;
    (void)err;
    const char *name = dosi_http_query(request, "name");
    dosi_text_printf(&reply->body, "{\"hello\":\"%s\",\"base\":\"%s\"}", name ? name : "",
                     dosi_http_base_url(request));
    (void)snprintf(reply->etag, sizeof reply->etag, "v1");
    return DOSI_OK;
}

static dosi_status echo(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    (void)context;
    (void)err;
    size_t n_bytes = 0;
    const char *body = dosi_http_body(request, &n_bytes);
    reply->content_type = "text/plain";
    dosi_text_append(&reply->body, body, n_bytes);
    return DOSI_OK;
}

static dosi_status refuse(void *context,
                          dosi_http_request *request,
                          dosi_http_reply *reply,
                          dosi_error *err) {
    (void)context;
    (void)reply;
    bool is_inner = strcmp(dosi_http_path(request, "kind"), "inner") == 0;
    return is_inner ? dosi_fail(err, DOSI_IO, "secret path")
                    : dosi_fail(err, DOSI_DENIED, "not \"yours\"");
}

static dosi_status long_text(void *context,
                             dosi_http_request *request,
                             dosi_http_reply *reply,
                             dosi_error *err) {
    (void)context;
    (void)err;
    (void)request;
    reply->content_type = "text/plain";
    for (int i = 0; i < 20000; i++) dosi_text_puts(&reply->body, "abcdefgh ");
    return DOSI_OK;
}

static dosi_status take_time(void *context,
                             dosi_http_request *request,
                             dosi_http_reply *reply,
                             dosi_error *err) {
    (void)context;
    (void)request;
    (void)err;
    (void)usleep(300000);
    dosi_text_puts(&reply->body, "\"slow\"");
    return DOSI_OK;
}

static dosi_status listen_events(void *context,
                                 dosi_http_request *request,
                                 dosi_http_reply *reply,
                                 dosi_error *err) {
    (void)context;
    (void)err;
    dosi_http_set_user(request, dosi_string_copy(dosi_http_query(request, "as")), free);
    reply->is_event_stream = true;
    return DOSI_OK;
}

static const dosi_http_route routes[] = {
    {"GET", "/api/hello", say_hello, "says hello", NULL, false},
    {"POST", "/api/echo", echo, "sends the body back", NULL, false},
    {"GET", "/api/fail/{kind}", refuse, "fails", NULL, false},
    {"GET", "/api/long", long_text, "much text", NULL, false},
    {"GET", "/api/slow", take_time, "takes its time", NULL, true},
    {"GET", "/api/events", listen_events, "events", NULL, false},
};

static char folder[] = "/tmp/dosi-http-XXXXXX";

static void write_file(const char *name, const char *content) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(content, file);
    (void)fclose(file);
}

static dosi_http_server *start(dosi_http_options options) {
    dosi_error err;
    dosi_http_server *server = NULL;
    options.static_folder = folder;
    options.n_threads = 2;
    CHECK_OK(dosi_http_start(&options, routes, sizeof routes / sizeof routes[0], NULL, &server,
                             &err),
             err);
    return server;
}

static int start_shared(void **state) {
    static char long_js[4096];
    char path[256];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/assets", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("index.html", "<!doctype html>page");
    write_file("plain.txt", "plain");
    write_file(".hidden", "secret");
    memset(long_js, ';', sizeof long_js - 1);
    write_file("assets/index-Bx3kQ9z1.js", long_js);
    *state = start((dosi_http_options){.max_body_bytes = 1000, .read_timeout_s = 1});
    return 0;
}

static int stop_shared(void **state) {
    char command[300];
    dosi_http_stop(*state);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/// Sends "`line`\r\nHost: x\r\n`more`Connection: close\r\n\r\n" and checks code and content.
static void expect(
    void **state, const char *line, const char *more, int code, const char *part) {
    static char request[70000];
    (void)snprintf(request, sizeof request,
                   "%s HTTP/1.1\r\nHost: x.org:81\r\n%sConnection: close\r\n\r\n", line, more);
    char *answer = client_ask(dosi_http_port(*state), request);
    if (client_code(answer) != code || (part && !strstr(answer, part))) {
        fail_msg("%s: expected %d with %s, got: %.600s", line, code, part ? part : "-", answer);
    }
    free(answer);
}

static void proper_requests_are_answered(void **state) {
    expect(state, "GET /api/hello?name=%ED%95%9C", "", 200, "{\"hello\":\"한\"");
    expect(state, "GET /api/hello", "", 200, "\"base\":\"http://x.org:81\"");
    expect(state, "GET /api/hello/", "", 200, "ETag: \"v1\"");
    expect(state, "GET /api/hello", "If-None-Match: W/\"v0\", \"v1\"\r\n", 304, "ETag");
    expect(state, "GET /api/hello", "If-None-Match: \"v2\"\r\n", 200, "nosniff");
    expect(state, "HEAD /api/hello", "", 200, "Content-Length: 37");
    expect(state, "OPTIONS /api/hello", "", 204, "Allow: GET, HEAD, OPTIONS");
    expect(state, "GET /api/slow", "", 200, "\"slow\"");
}

static void long_text_is_compressed_for_those_who_take_it(void **state) {
    expect(state, "GET /api/long", "Accept-Encoding: gzip\r\n", 200, "Content-Encoding: gzip");
    expect(state, "GET /api/long", "Accept-Encoding: gzip;q=0\r\n", 200,
           "Content-Length: 180000");
    expect(state, "GET /api/long", "", 200, "Vary: Accept-Encoding");
    expect(state, "GET /api/hello", "Accept-Encoding: gzip\r\n", 200, "{\"hello\"");
}

static void failures_become_problem_documents(void **state) {
    expect(state, "GET /api/fail/denied", "", 403, "\"detail\":\"not \\\"yours\\\"\"");
    expect(state, "GET /api/fail/denied", "", 403, "application/problem+json");
    expect(state, "GET /api/fail/inner", "", 500, "its log says why");
    expect(state, "GET /api/nothing", "", 404, "problem+json");
    expect(state, "DELETE /api/hello", "", 405, "Allow: GET, HEAD, OPTIONS");
    expect(state, "BREW /api/hello", "", 501, "problem+json");
}

static void static_files_are_safe(void **state) {
    expect(state, "GET /", "", 200, "<!doctype html>page");
    expect(state, "GET /studies/air-now", "", 200, "<!doctype html>page");
    expect(state, "GET /plain.txt", "", 200, "\r\n\r\nplain");
    expect(state, "GET /missing.js", "", 404, "problem+json");
    expect(state, "GET /.hidden", "", 404, NULL);
    expect(state, "GET /../../etc/passwd", "", 400, NULL);
    expect(state, "GET /%2e%2e/%2e%2e/etc/passwd", "", 400, NULL);
    expect(state, "GET /..%2f..%2fetc/passwd", "", 400, NULL);
    expect(state, "GET /assets/index-Bx3kQ9z1.js", "Accept-Encoding: gzip\r\n", 200,
           "immutable");
    expect(state, "GET /assets/index-Bx3kQ9z1.js", "Accept-Encoding: gzip\r\n", 200,
           "Content-Encoding: gzip");
    expect(state, "POST /plain.txt", "", 405, NULL);
}

static void bad_requests_are_refused(void **state) {
    static char line[20000];
    static char header[66000];
    expect(state, "GET /api/hello?name=%zz", "", 400, "problem+json");
    expect(state, "GET /api/hello?name=%00", "", 400, "problem+json");
    (void)snprintf(line, sizeof line, "GET /%0*d", 12000, 1);
    expect(state, line, "", 414, NULL);
    (void)snprintf(header, sizeof header, "X-Long: %0*d\r\n", 60000, 1);
    expect(state, "GET /api/hello", header, 431, NULL);
    expect(state, "POST /api/echo", "Content-Length: 1001\r\n", 413, "problem+json");
    expect(state, "POST /api/echo", "Content-Length: -5\r\n", 400, NULL);
    expect(state, "POST /api/echo", "Transfer-Encoding: identity\r\n", 501, NULL);
    char *answer = client_ask(dosi_http_port(*state), "nonsense\r\n\r\n");
    assert_int_not_equal(client_code(answer), 200);
    free(answer);
}

static void bodies_arrive_in_pieces(void **state) {
    int fd = client_connect(dosi_http_port(*state));
    const char *pieces[] = {"POST /api/echo HTTP/1.1\r\nHo", "st: x\r\nConnection: close\r\n",
                            "Content-Length: 10\r\n\r\n01", "23456", "789"};
    for (size_t i = 0; i < 5; i++) {
        client_send(fd, pieces[i], strlen(pieces[i]));
        (void)usleep(20 * 1000);
    }
    char *answer = client_read_all(fd);
    (void)close(fd);
    assert_non_null(strstr(answer, "\r\n\r\n0123456789"));
    free(answer);
    answer = client_ask(dosi_http_port(*state),
                        "POST /api/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_non_null(strstr(answer, "\r\n\r\nabcde"));
    free(answer);
}

static void chunked_bodies_have_the_limit_too(void **state) {
    static char request[4096];
    size_t n = (size_t)snprintf(request, sizeof request,
                                "POST /api/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n600\r\n");
    memset(request + n, 'x', 0x600);
    (void)snprintf(request + n + 0x600, 20, "\r\n0\r\n\r\n");
    char *answer = client_ask(dosi_http_port(*state), request);
    assert_int_equal(client_code(answer), 413);
    free(answer);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    char *answer =
        client_ask(dosi_http_port(*state),
                   "GET /api/hello?name=one HTTP/1.1\r\nHost: x\r\n\r\n"
                   "GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n"
                   "GET /api/hello?name=two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const char *one = strstr(answer, "\"one\"");
    const char *slow = strstr(answer, "\"slow\"");
    const char *two = strstr(answer, "\"two\"");
    assert_true(one && slow && two && one < slow && slow < two);
    free(answer);
}

static void dripping_clients_are_cut_off(void **state) {
    int64_t start_us = dosi_time_monotonic_us();
    int fd = client_connect(dosi_http_port(*state));
    client_send(fd, "GET /api/hello HTTP/1.1\r\nHost: x\r\nX-A: ", 39);
    for (int i = 0; i < 60; i++) {
        if (send(fd, "a", 1, MSG_NOSIGNAL) < 0) break;
        (void)usleep(100 * 1000);
    }
    char *answer = client_read_all(fd);
    (void)close(fd);
    assert_int_not_equal(client_code(answer), 200);
    assert_true(dosi_time_monotonic_us() - start_us < 5 * DOSI_SECOND_US);
    free(answer);
}

static void slow_routes_do_not_hold_up_quick_ones(void **state) {
    enum { N_SLOW = 6 };
    int fds[N_SLOW];
    const char *slow = "GET /api/slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (int i = 0; i < N_SLOW; i++) {
        fds[i] = client_connect(dosi_http_port(*state));
        client_send(fds[i], slow, strlen(slow));
    }
    (void)usleep(50 * 1000);
    int64_t start_us = dosi_time_monotonic_us();
    for (int i = 0; i < 4; i++) expect(state, "GET /api/hello", "", 200, NULL);
    bool is_quick = dosi_time_monotonic_us() - start_us < 250000;
    for (int i = 0; i < N_SLOW; i++) {
        char *answer = client_read_all(fds[i]);
        (void)close(fds[i]);
        assert_int_equal(client_code(answer), 200);
        free(answer);
    }
    assert_true(is_quick);
}

static bool is_for_kim(void *context, const void *user) {
    (void)context;
    return strcmp(user, "kim") == 0;
}

static void events_reach_those_who_may_see_them(void **state) {
    enum { N_STREAMS = 40 };
    int fds[N_STREAMS];
    dosi_http_server *server = start((dosi_http_options){.requests_per_second = 0});
    (void)state;
    for (int i = 0; i < N_STREAMS; i++) {
        char request[128];
        (void)snprintf(request, sizeof request,
                       "GET /api/events?as=%s HTTP/1.1\r\nHost: x\r\n\r\n",
                       i % 2 ? "kim" : "lee");
        fds[i] = client_connect(dosi_http_port(server));
        client_send(fds[i], request, strlen(request));
        char head[4096];
        size_t n_head = 0;
        do {
            ssize_t n_read = recv(fds[i], head + n_head, sizeof head - 1 - n_head, 0);
            assert_true(n_read > 0);
            n_head += (size_t)n_read;
            head[n_head] = '\0';
        } while (!strstr(head, "retry: 3000"));
        assert_non_null(strstr(head, "text/event-stream"));
    }
    (void)close(fds[0]);
    for (int i = 0; i < 100; i++) {
        dosi_http_publish(server, 0, "job", "{\"id\":\"all\"}", NULL, NULL);
    }
    dosi_http_publish(server, 0, "job", "{\"id\":\"own\",\n\"x\":1}", is_for_kim, NULL);
    dosi_http_stop(server);
    for (int i = 1; i < N_STREAMS; i++) {
        char *answer = client_read_all(fds[i]);
        (void)close(fds[i]);
        int n_events = 0;
        for (const char *at = answer; (at = strstr(at, "event: job")) != NULL; at++) n_events++;
        assert_int_equal(n_events, i % 2 ? 101 : 100);
        assert_true((strstr(answer, "data: {\"id\":\"own\",\ndata: \"x\":1}") != NULL) ==
                    (i % 2 == 1));
        free(answer);
    }
}

static void greet_by_name(void *context, const void *user, int64_t after, dosi_text *out) {
    (void)context;
    dosi_text_printf(out, "id: 7\ndata: %s after %lld\n\n", (const char *)user,
                     (long long)after);
}

/// Reads until the stream has said `text` for the `n`-th time since the call.
static void wait_for(int fd, const char *text, int n) {
    char *all = calloc(1, 1 << 20);
    size_t n_all = 0;
    assert_non_null(all);
    for (;;) {
        int n_found = 0;
        for (const char *at = all; (at = strstr(at, text)) != NULL; at++) n_found++;
        if (n_found >= n) break;
        ssize_t n_read = recv(fd, all + n_all, (1 << 20) - 1 - n_all, 0);
        assert_true(n_read > 0);
        n_all += (size_t)n_read;
    }
    free(all);
}

static int open_stream(uint16_t port, const char *as, const char *headers) {
    char request[256];
    int fd = client_connect(port);
    (void)snprintf(request, sizeof request,
                   "GET /api/events?as=%s HTTP/1.1\r\nHost: x\r\n%s\r\n", as, headers);
    client_send(fd, request, strlen(request));
    wait_for(fd, "retry: 3000", 1);
    return fd;
}

static void who_comes_back_says_what_it_got_last(void **state) {
    (void)state;
    dosi_http_server *server = start((dosi_http_options){.requests_per_second = 0});
    uint16_t port = dosi_http_port(server);
    assert_false(dosi_http_has_newcomers(server));
    int first = open_stream(port, "kim", "");
    int second = open_stream(port, "lee", "Last-Event-ID: 5\r\n");
    int third = open_stream(port, "ahn", "Last-Event-ID: 5x\r\n");
    assert_true(dosi_http_has_newcomers(server));
    // What has a number waits for the greeting, which may have it already.
    dosi_http_publish(server, 6, "alert", "\"early\"", NULL, NULL);
    dosi_http_greet(server, greet_by_name, NULL);
    assert_false(dosi_http_has_newcomers(server));
    dosi_http_greet(server, greet_by_name, NULL); // nobody is greeted twice
    dosi_http_publish(server, 8, "alert", "\"late\"", NULL, NULL);
    dosi_http_stop(server);
    const int fds[] = {first, second, third};
    static const char *const greeted[] = {"data: kim after -1\n", "data: lee after 5\n",
                                          "data: ahn after -1\n"};
    for (int i = 0; i < 3; i++) {
        char *answer = client_read_all(fds[i]);
        (void)close(fds[i]);
        const char *at = strstr(answer, greeted[i]);
        assert_non_null(at);
        assert_null(strstr(at + strlen(greeted[i]), "after"));
        assert_null(strstr(answer, "early"));
        assert_non_null(strstr(at, "id: 8\nevent: alert\ndata: \"late\"\n\n"));
        free(answer);
    }
}

static void a_stream_that_is_not_read_holds_nobody_up(void **state) {
    enum { N_EVENTS = 1200, EVENT_BYTES = 10000 };
    (void)state;
    dosi_http_server *server = start((dosi_http_options){.requests_per_second = 0});
    uint16_t port = dosi_http_port(server);
    int slow = open_stream(port, "kim", "");
    int quick = open_stream(port, "lee", "");
    char *data = malloc(EVENT_BYTES + 1);
    assert_non_null(data);
    memset(data, 'x', EVENT_BYTES);
    data[0] = data[EVENT_BYTES - 1] = '"';
    data[EVENT_BYTES] = '\0';
    for (int i = 0; i < N_EVENTS; i++) {
        dosi_http_publish(server, 0, "job", data, NULL, NULL);
        wait_for(quick, "\n\n", 1);
    }
    char *answer = client_ask(port, "GET /api/hello HTTP/1.1\r\nHost: x\r\n"
                                    "Connection: close\r\n\r\n");
    assert_int_equal(client_code(answer), 200);
    free(answer);
    // The slow one was cut off: it ends, short of what was sent, while the server goes on.
    size_t n_bytes = 0;
    ssize_t n_read = 0;
    char *block = malloc(1 << 16);
    assert_non_null(block);
    while ((n_read = recv(slow, block, 1 << 16, 0)) > 0) n_bytes += (size_t)n_read;
    assert_true(n_bytes < (size_t)N_EVENTS * EVENT_BYTES);
    dosi_http_publish(server, 0, "job", "\"still there\"", NULL, NULL);
    wait_for(quick, "still there", 1);
    free(block);
    free(data);
    (void)close(slow);
    (void)close(quick);
    dosi_http_stop(server);
}

static void too_many_requests_are_refused(void **state) {
    (void)state;
    dosi_http_server *server =
        start((dosi_http_options){.requests_per_second = 1, .limits_loopback = true});
    int n_refused = 0;
    for (int i = 0; i < 30; i++) {
        char *answer =
            client_ask(dosi_http_port(server), "GET /api/hello HTTP/1.1\r\nHost: x\r\n"
                                               "Connection: close\r\n\r\n");
        n_refused += client_code(answer) == 429;
        free(answer);
    }
    assert_in_range(n_refused, 15, 20);
    dosi_http_stop(server);
}

static void stopping_finishes_what_was_begun(void **state) {
    (void)state;
    dosi_http_server *server = start((dosi_http_options){.max_body_bytes = 10});
    int fd = client_connect(dosi_http_port(server));
    const char *slow = "GET /api/slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client_send(fd, slow, strlen(slow));
    (void)usleep(100 * 1000);
    dosi_http_stop(server);
    char *answer = client_read_all(fd);
    (void)close(fd);
    assert_int_equal(client_code(answer), 200);
    free(answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proper_requests_are_answered),
        cmocka_unit_test(long_text_is_compressed_for_those_who_take_it),
        cmocka_unit_test(failures_become_problem_documents),
        cmocka_unit_test(static_files_are_safe),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(bodies_arrive_in_pieces),
        cmocka_unit_test(chunked_bodies_have_the_limit_too),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(dripping_clients_are_cut_off),
        cmocka_unit_test(slow_routes_do_not_hold_up_quick_ones),
        cmocka_unit_test(events_reach_those_who_may_see_them),
        cmocka_unit_test(who_comes_back_says_what_it_got_last),
        cmocka_unit_test(a_stream_that_is_not_read_holds_nobody_up),
        cmocka_unit_test(too_many_requests_are_refused),
        cmocka_unit_test(stopping_finishes_what_was_begun),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
