/// @file state.h
/// Inside the monitor: the state file, and what the parts of a run share.
#ifndef DOSI_MONITOR_STATE_H
#define DOSI_MONITOR_STATE_H

#include "monitor/monitor.h"

enum { MONITOR_PATH_BYTES = 4096 };

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

/// Delivers what is due of the outbox.
void monitor_deliver(dosi_gate *gate, json_t *state, dosi_monitor_report *report);

#endif // DOSI_MONITOR_STATE_H
