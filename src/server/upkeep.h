/// @file upkeep.h
/// What the server does by the clock: feeds that are due run, and what is too old goes.
#ifndef DOSI_SERVER_UPKEEP_H
#define DOSI_SERVER_UPKEEP_H

#include "govern/gate.h"

#include <sys/types.h>

/// When what was done last. All zero: nothing yet.
typedef struct dosi_server_upkeep {
    int64_t feeds_us, trim_us; ///< Monotonic time of the last look.
    pid_t feeds_pid;           ///< The process that runs feeds; 0: none.
} dosi_server_upkeep;

/// Does what is due. Feeds run in a process of their own (`dosi source run --due`), one at a
/// time, looked for every 15 s; the lab is trimmed every hour.
DOSI_CHECKED dosi_status dosi_server_upkeep_tend(dosi_server_upkeep *upkeep,
                                                 dosi_gate *gate,
                                                 dosi_error *err);

/// Asks the feeds' process to end, and waits for it.
void dosi_server_upkeep_stop(dosi_server_upkeep *upkeep);

#endif // DOSI_SERVER_UPKEEP_H
