// Starting and stopping the lab's server.

#include "server/server.h"

#include "server/context.h"
#include "server/jobs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY_BYTES = 16 * 1024 * 1024 };

/// Puts the routes of all groups into one list.
static dosi_status gather_routes(dosi_server *server, dosi_error *err) {
    size_t n_groups = 0;
    const dosi_route_group *const *groups = dosi_server_groups(&n_groups);
    for (size_t i = 0; i < n_groups; i++) server->n_routes += groups[i]->n_routes;
    assert(server->n_routes > 0);
    server->routes = calloc(server->n_routes, sizeof server->routes[0]);
    if (!server->routes) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    size_t at = 0;
    for (size_t i = 0; i < n_groups; i++) {
        memcpy(server->routes + at, groups[i]->routes,
               groups[i]->n_routes * sizeof server->routes[0]);
        at += groups[i]->n_routes;
    }
    return DOSI_OK;
}

dosi_status dosi_server_start(const dosi_server_options *options,
                              dosi_server **out,
                              dosi_error *err) {
    assert(options && options->lab_folder && out);
    dosi_server *server = calloc(1, sizeof *server);
    if (!server) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    (void)pthread_mutex_init(&server->crs.lock, NULL);
    dosi_status status = gather_routes(server, err);
    if (status == DOSI_OK) status = dosi_gate_open(options->lab_folder, &server->gate, err);
    if (status == DOSI_OK) status = dosi_layers_open(server->gate, 0, &server->layers, err);
    if (status == DOSI_OK) {
        server->watch = dosi_server_watch_create();
        if (!server->watch) status = dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    if (status == DOSI_OK) {
        dosi_http_options http = {
            .address = options->address,
            .port = options->port,
            .certificate_path = options->certificate_path,
            .key_path = options->key_path,
            .n_threads = options->n_threads,
            .max_body_bytes = MAX_BODY_BYTES,
            .requests_per_second = options->requests_per_second,
            .static_folder = options->web_folder,
            .trusts_proxy = options->trusts_proxy,
        };
        status = dosi_http_start(&http, server->routes, server->n_routes, server, &server->http,
                                 err);
    }
    if (status != DOSI_OK) {
        dosi_server_stop(server);
        return status;
    }
    *out = server;
    return DOSI_OK;
}

dosi_status dosi_server_tend(dosi_server *server, dosi_error *err) {
    DOSI_TRY(dosi_server_upkeep_tend(&server->upkeep, server->gate, err));
    DOSI_TRY(dosi_server_alerts_tend(&server->alerts, server, err));
    return dosi_server_watch_tend(server->watch, server, err);
}

void dosi_server_stop(dosi_server *server) {
    if (!server) return;
    dosi_http_stop(server->http);
    dosi_server_upkeep_stop(&server->upkeep);
    dosi_server_alerts_stop(&server->alerts);
    dosi_server_watch_destroy(server->watch);
    dosi_layers_close(server->layers);
    dosi_gate_close(server->gate);
    dosi_server_crs_clear(&server->crs);
    (void)pthread_mutex_destroy(&server->crs.lock);
    free(server->routes);
    free(server);
}

uint16_t dosi_server_port(const dosi_server *server) {
    return dosi_http_port(server->http);
}
