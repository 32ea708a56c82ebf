// Slow routes: a few threads of their own, a bounded queue, the connection asleep meanwhile.
// No route gets more than a quarter of the threads, so that long SQL does not hold up the rest.

#include "dosi/time.h"
#include "http/internal.h"

#include <stdlib.h>
#include <unistd.h>

enum { MAX_QUEUED = 256, MAX_WAIT_S = 20 };

/// How many of its route's requests run now.
static size_t *running(dosi_http_server *server, const dosi_http_request *request) {
    return &server->work.n_running[request->route - server->routes];
}

/// Takes the first request whose route has a thread to spare out of the queue; NULL when there
/// is none. The lock is held.
static dosi_http_request *take_next(dosi_http_server *server) {
    dosi_http_work *work = &server->work;
    dosi_http_request *before = NULL;
    dosi_http_request *request = work->first;
    while (request && *running(server, request) >= work->max_running) {
        before = request;
        request = request->next;
    }
    if (!request) return NULL;
    if (before) {
        before->next = request->next;
    } else {
        work->first = request->next;
    }
    if (work->last == request) work->last = before;
    work->n_queued--;
    ++*running(server, request);
    return request;
}

/// Runs a request, unless it waited so long that nobody waits for it any more.
static void run_one(dosi_http_server *server, dosi_http_request *request) {
    struct MHD_Connection *connection = request->connection;
    size_t *n_running = running(server, request);
    if (dosi_time_monotonic_us() - request->queued_us > MAX_WAIT_S * DOSI_SECOND_US) {
        request->status =
            dosi_fail(&request->err, DOSI_TIMEOUT, "too much is going on; try again later");
    } else {
        dosi_request_run(request);
    }
    request->state = DOSI_REQUEST_DONE;
    MHD_resume_connection(connection); // the request is not ours from here on
    (void)pthread_mutex_lock(&server->work.lock);
    --*n_running;
    (void)pthread_cond_broadcast(&server->work.has_work);
    (void)pthread_mutex_unlock(&server->work.lock);
}

static void *work_loop(void *argument) {
    dosi_http_server *server = argument;
    dosi_http_work *work = &server->work;
    for (;;) {
        (void)pthread_mutex_lock(&work->lock);
        dosi_http_request *request = take_next(server);
        while (!request && !(work->is_ending && !work->first)) {
            (void)pthread_cond_wait(&work->has_work, &work->lock);
            request = take_next(server);
        }
        (void)pthread_mutex_unlock(&work->lock);
        if (!request) return NULL;
        run_one(server, request);
    }
}

dosi_status dosi_work_start(dosi_http_server *server, dosi_error *err) {
    dosi_http_work *work = &server->work;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n_threads = server->options.n_slow_threads > 0
                           ? (size_t)server->options.n_slow_threads
                           : (size_t)(n_cores < 4 ? 8 : 2 * n_cores);
    size_t most = sizeof work->threads / sizeof work->threads[0];
    if (n_threads > most) n_threads = most;
    work->max_running = (n_threads + 3) / 4;
    work->n_running = calloc(server->n_routes + 1, sizeof *work->n_running);
    if (!work->n_running) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    for (; work->n_threads < n_threads; work->n_threads++) {
        if (pthread_create(&work->threads[work->n_threads], NULL, work_loop, server) != 0) {
            return dosi_fail(err, DOSI_NO_MEMORY, "cannot start thread %zu for slow requests",
                             work->n_threads + 1);
        }
    }
    return DOSI_OK;
}

bool dosi_work_add(dosi_http_request *request) {
    dosi_http_work *work = &request->server->work;
    (void)pthread_mutex_lock(&work->lock);
    bool has_room = work->n_queued < MAX_QUEUED && !work->is_ending;
    if (has_room) {
        request->state = DOSI_REQUEST_QUEUED;
        // Suspended under the lock: the thread that takes it may resume it at once.
        MHD_suspend_connection(request->connection);
        request->next = NULL;
        request->queued_us = dosi_time_monotonic_us();
        if (work->last) {
            work->last->next = request;
        } else {
            work->first = request;
        }
        work->last = request;
        work->n_queued++;
        (void)pthread_cond_signal(&work->has_work);
    }
    (void)pthread_mutex_unlock(&work->lock);
    return has_room;
}

void dosi_work_stop(dosi_http_server *server) {
    dosi_http_work *work = &server->work;
    (void)pthread_mutex_lock(&work->lock);
    work->is_ending = true;
    (void)pthread_cond_broadcast(&work->has_work);
    (void)pthread_mutex_unlock(&work->lock);
    for (size_t i = 0; i < work->n_threads; i++) (void)pthread_join(work->threads[i], NULL);
    work->n_threads = 0;
}

void dosi_work_clear(dosi_http_server *server) {
    dosi_http_work *work = &server->work;
    free(work->n_running);
    (void)pthread_cond_destroy(&work->has_work);
    (void)pthread_mutex_destroy(&work->lock);
}
