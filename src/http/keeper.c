// Deadlines: who takes too long over a request is cut off, whether silent or dripping.

#include "dosi/time.h"
#include "http/internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { ANSWER_LIMIT_S = 900, PING_S = 15, TICK_MS = 250 };

void dosi_client_enter(dosi_client *client, dosi_client_phase phase) {
    if (!client) return;
    atomic_store(&client->since_us, dosi_time_monotonic_us());
    atomic_store(&client->phase, (int)phase);
}

/// Adds a client to the list.
static void add_client(dosi_http_server *server, dosi_client *client) {
    (void)pthread_mutex_lock(&server->client_lock);
    client->next = server->clients;
    if (client->next) client->next->previous = client;
    server->clients = client;
    (void)pthread_mutex_unlock(&server->client_lock);
}

/// Takes a client out of the list; after this its descriptor is not touched any more.
static void remove_client(dosi_http_server *server, dosi_client *client) {
    (void)pthread_mutex_lock(&server->client_lock);
    if (client->previous) {
        client->previous->next = client->next;
    } else {
        server->clients = client->next;
    }
    if (client->next) client->next->previous = client->previous;
    (void)pthread_mutex_unlock(&server->client_lock);
}

void dosi_client_notice(void *context,
                        struct MHD_Connection *connection,
                        void **socket_context,
                        enum MHD_ConnectionNotificationCode code) {
    dosi_http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        dosi_client *client = *socket_context;
        *socket_context = NULL;
        if (client) remove_client(server, client);
        free(client);
        return;
    }
    dosi_client *client = calloc(1, sizeof *client);
    *socket_context = client;
    if (!client) return;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    client->fd = info ? info->connect_fd : -1;
    dosi_client_enter(client, DOSI_CLIENT_IDLE);
    add_client(server, client);
}

/// Whether `client` has used up the time its phase allows.
static bool is_overdue(const dosi_http_server *server, dosi_client *client, int64_t now_us) {
    int64_t limit_s = 0;
    switch (atomic_load(&client->phase)) {
    case DOSI_CLIENT_IDLE: // MHD ends silent ones; this ends those that drip.
        limit_s = (int64_t)server->options.idle_timeout_s + server->options.read_timeout_s;
        break;
    case DOSI_CLIENT_READING:
        limit_s = server->options.read_timeout_s;
        break;
    case DOSI_CLIENT_ANSWERED:
        limit_s = ANSWER_LIMIT_S;
        break;
    default:
        return false;
    }
    return now_us - atomic_load(&client->since_us) > limit_s * DOSI_SECOND_US;
}

/// Shuts down the sockets of all who are overdue; MHD then sees them closed.
static void end_overdue(dosi_http_server *server) {
    int64_t now_us = dosi_time_monotonic_us();
    (void)pthread_mutex_lock(&server->client_lock);
    for (dosi_client *client = server->clients; client; client = client->next) {
        if (client->fd >= 0 && is_overdue(server, client, now_us)) {
            (void)shutdown(client->fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&server->client_lock);
}

static void *keeper_loop(void *argument) {
    dosi_http_server *server = argument;
    int64_t pinged_us = dosi_time_monotonic_us();
    while (!atomic_load(&server->is_ending)) {
        struct timespec tick = {.tv_sec = 0, .tv_nsec = TICK_MS * 1000000L};
        (void)nanosleep(&tick, NULL);
        end_overdue(server);
        int64_t now_us = dosi_time_monotonic_us();
        if (now_us - pinged_us > PING_S * DOSI_SECOND_US) {
            pinged_us = now_us;
            dosi_stream_ping(server);
        }
    }
    return NULL;
}

dosi_status dosi_keeper_start(dosi_http_server *server, dosi_error *err) {
    if (pthread_create(&server->keeper, NULL, keeper_loop, server) != 0) {
        return dosi_fail(err, DOSI_NO_MEMORY, "cannot start the thread that keeps deadlines");
    }
    server->has_keeper = true;
    return DOSI_OK;
}

void dosi_keeper_stop(dosi_http_server *server) {
    if (server->has_keeper) (void)pthread_join(server->keeper, NULL);
    server->has_keeper = false;
}
