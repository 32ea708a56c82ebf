/// @file alerts.h
/// The alert monitor as the server runs it: a process that looks and delivers, and events.
#ifndef DOSI_SERVER_ALERTS_H
#define DOSI_SERVER_ALERTS_H

#include "govern/gate.h"

#include <sys/types.h>

struct dosi_server;

/// Where the server stands with the monitor. All zero: nothing yet.
typedef struct dosi_server_alerts {
    int64_t look_us; ///< Monotonic time of the last question whether something is due.
    int64_t stamp;   ///< Of the state that was last read; 0: never.
    int64_t told;    ///< Number of the last event that was told.
    bool is_begun;   ///< What was there at the start is not told.
    pid_t pid;       ///< The process that looks and delivers; 0: none.
} dosi_server_alerts;

/// Starts the monitor's process (`dosi alerts run`) when something is due, asked every 3 s, one
/// at a time; publishes `alert` events that are new to those who may see the dataset.
DOSI_CHECKED dosi_status dosi_server_alerts_tend(dosi_server_alerts *alerts,
                                                 struct dosi_server *server,
                                                 dosi_error *err);

/// Asks the process to end, and waits for it.
void dosi_server_alerts_stop(dosi_server_alerts *alerts);

#endif // DOSI_SERVER_ALERTS_H
