/// @file server.h
/// The lab over HTTP: what `dosi serve` runs. Routes -> use cases; no domain logic.
#ifndef DOSI_SERVER_SERVER_H
#define DOSI_SERVER_SERVER_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stdint.h>

/// A running server of one lab.
typedef struct dosi_server dosi_server;

/// How to serve. Strings are copied.
typedef struct dosi_server_options {
    const char *lab_folder;
    const char *address;                     ///< NULL: 127.0.0.1
    uint16_t port;                           ///< 0: any free one.
    const char *certificate_path, *key_path; ///< Both given: TLS.
    const char *web_folder;                  ///< The web's build; NULL: none.
    double requests_per_second;              ///< Per client address; 0: no limit.
    int n_threads;                           ///< 0: one per core.
    bool trusts_proxy;                       ///< Believe X-Forwarded-* headers.
} dosi_server_options;

/// Opens the lab and starts serving; returns at once.
DOSI_CHECKED dosi_status dosi_server_start(const dosi_server_options *options,
                                           dosi_server **out,
                                           dosi_error *err);

/// What has to be done a few times a second while serving: jobs, events. From one thread.
DOSI_CHECKED dosi_status dosi_server_tend(dosi_server *server, dosi_error *err);

/// Finishes what was begun and stops; accepts NULL.
void dosi_server_stop(dosi_server *server);

/// The port in use.
uint16_t dosi_server_port(const dosi_server *server);

#endif // DOSI_SERVER_SERVER_H
