// What the server does by the clock.

#include "server/upkeep.h"

#include "base/os_file.h"
#include "base/os_process.h"
#include "feed/feed_store.h"
#include "study/trim.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t feeds_every_us = 15 * DOSI_SECOND_US;
static const int64_t trim_every_us = DOSI_HOUR_US;

static dosi_status find_due(void *context, const dosi_feed_entry *entry, dosi_error *err) {
    bool *is_due = context;
    (void)err;
    if (entry->next_utc_us <= dosi_time_now_utc_us()) *is_due = true;
    return DOSI_OK;
}

/// Starts a process that runs the feeds that are due.
static dosi_status start_feeds(dosi_server_upkeep *upkeep, dosi_gate *gate, dosi_error *err) {
    char log[DOSI_PATH_BYTES];
    const char *arguments[] = {"source", "run", "--due", "--lab", dosi_gate_folder(gate), NULL};
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), "feeds/log.txt", log, err));
    (void)unlink(log); // what each feed did last stands in its own file
    return dosi_process_start_self(arguments, log, &upkeep->feeds_pid, err);
}

static dosi_status tend_feeds(dosi_server_upkeep *upkeep, dosi_gate *gate, dosi_error *err) {
    if (upkeep->feeds_pid > 0) {
        if (waitpid(upkeep->feeds_pid, NULL, WNOHANG) == 0) return DOSI_OK;
        upkeep->feeds_pid = 0;
    }
    bool is_due = false;
    DOSI_TRY(dosi_feed_each(gate, find_due, &is_due, err));
    return is_due ? start_feeds(upkeep, gate, err) : DOSI_OK;
}

dosi_status dosi_server_upkeep_tend(dosi_server_upkeep *upkeep,
                                    dosi_gate *gate,
                                    dosi_error *err) {
    assert(upkeep && gate);
    int64_t now = dosi_time_monotonic_us();
    if (upkeep->feeds_us == 0 || now - upkeep->feeds_us >= feeds_every_us) {
        upkeep->feeds_us = now;
        DOSI_TRY(tend_feeds(upkeep, gate, err));
    }
    if (upkeep->trim_us == 0 || now - upkeep->trim_us >= trim_every_us) {
        dosi_trim limits = dosi_trim_default();
        upkeep->trim_us = now;
        DOSI_TRY(dosi_lab_trim(gate, &limits, err));
    }
    return DOSI_OK;
}

void dosi_server_upkeep_stop(dosi_server_upkeep *upkeep) {
    if (upkeep->feeds_pid <= 0) return;
    (void)kill(-upkeep->feeds_pid, SIGTERM);
    (void)waitpid(upkeep->feeds_pid, NULL, 0);
    upkeep->feeds_pid = 0;
}
