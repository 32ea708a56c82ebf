// Slow routes: a few threads of their own, a bounded queue, the connection asleep meanwhile.

#include "http/internal.h"

#include <unistd.h>

enum { MAX_QUEUED = 256 };

static void *work_loop(void *argument) {
    dosi_http_server *server = argument;
    dosi_http_work *work = &server->work;
    for (;;) {
        (void)pthread_mutex_lock(&work->lock);
        while (!work->first && !work->is_ending) {
            (void)pthread_cond_wait(&work->has_work, &work->lock);
        }
        dosi_http_request *request = work->first;
        if (request) {
            work->first = request->next;
            if (!work->first) work->last = NULL;
            work->n_queued--;
        }
        (void)pthread_mutex_unlock(&work->lock);
        if (!request) return NULL;
        struct MHD_Connection *connection = request->connection;
        dosi_request_run(request);
        request->state = DOSI_REQUEST_DONE;
        MHD_resume_connection(connection);
    }
}

dosi_status dosi_work_start(dosi_http_server *server, dosi_error *err) {
    dosi_http_work *work = &server->work;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n_threads = server->options.n_slow_threads > 0
                           ? (size_t)server->options.n_slow_threads
                           : (size_t)(n_cores < 2 ? 2 : n_cores);
    size_t most = sizeof work->threads / sizeof work->threads[0];
    if (n_threads > most) n_threads = most;
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
    (void)pthread_cond_destroy(&work->has_work);
    (void)pthread_mutex_destroy(&work->lock);
}
