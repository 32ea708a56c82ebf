/// @file state.h
/// Inside the monitor: the state file, and what the parts of a run share.
#ifndef DOSI_MONITOR_STATE_H
#define DOSI_MONITOR_STATE_H

#include "monitor/monitor.h"

enum { MONITOR_PATH_BYTES = 4096, MONITOR_AT_ONCE = 16 };

/// A message to a webhook, and what became of it.
typedef struct monitor_message {
    char url[DOSI_WATCH_URL_BYTES];
    char secret[DOSI_HOOK_SECRET_BYTES];
    char *body;
    int64_t event_id;
    json_t *item; ///< Of the outbox.
    bool is_taken;
    char why[256]; ///< Why it was not.
} monitor_message;

/// The path of a file in the lab's alerts folder, which is made.
DOSI_CHECKED dosi_status monitor_path(dosi_gate *gate,
                                      const char *file,
                                      char *out,
                                      dosi_error *err);

/// The file of a webhook's secret.
DOSI_CHECKED dosi_status monitor_secret_path(dosi_gate *gate,
                                             const char *hook,
                                             char *out,
                                             dosi_error *err);

/// Takes the monitor's lock; -1 when another process has it. Closing the handle gives it back.
int monitor_lock(dosi_gate *gate);

/// Writes the state, whole or not at all. Old alerts and events that are over go.
DOSI_CHECKED dosi_status monitor_save(dosi_gate *gate, json_t *state, dosi_error *err);

/// Looks at the watches with new versions: alerts, events and outbox of the state.
void monitor_look(dosi_gate *gate,
                  json_t *state,
                  const dosi_run *run,
                  dosi_monitor_report *report);

/// Posts messages at the same time, each within 10 s; `done` is called for each as it ends.
/// @param n  At most MONITOR_AT_ONCE.
void monitor_post(monitor_message *messages,
                  size_t n,
                  void (*done)(void *context, monitor_message *message),
                  void *context);

/// The items of the outbox that are due: of each webhook only its oldest, so that one is told
/// in order. Borrowed. @return how many, at most `most`.
size_t monitor_due(const json_t *state, json_t **items, size_t most);

/// Delivers what is due of the outbox, and saves the state after every message.
DOSI_CHECKED dosi_status monitor_deliver(dosi_gate *gate,
                                         json_t *state,
                                         dosi_monitor_report *report,
                                         dosi_error *err);

#endif // DOSI_MONITOR_STATE_H
