/// @file monitor.h
/// The running monitor of air-pollution alerts: datasets that are watched, what stands, and who
/// is told.
///
/// Watches and webhooks are files of the lab (alerts/watches, alerts/hooks); alerts/state.json
/// holds the history, what was looked at, and what is still to be delivered, always written
/// whole, so that a restart neither repeats nor forgets an alert. Looking and delivering is
/// the work of a process of its own (`dosi alerts run`), which the server starts when there is
/// something to do.
#ifndef DOSI_MONITOR_MONITOR_H
#define DOSI_MONITOR_MONITOR_H

#include "govern/gate.h"

#include <jansson.h>

enum { DOSI_WATCH_NAME_BYTES = 64, DOSI_WATCH_URL_BYTES = 512, DOSI_HOOK_SECRET_BYTES = 65 };

/// A dataset of hourly observations that is watched.
typedef struct dosi_watch {
    char name[DOSI_WATCH_NAME_BYTES];     ///< [a-z0-9][a-z0-9_-]*
    char reference[DOSI_REFERENCE_BYTES]; ///< "org/name": station, time and pollutants.
    char stations[DOSI_REFERENCE_BYTES];  ///< "org/name" with the zones; "": one zone.
    char zone[DOSI_WATCH_NAME_BYTES];     ///< Column of `stations`.
    int64_t account_id;                   ///< On whose behalf it reads.
    bool is_damaged;                      ///< Its file cannot be read: only the name is known.
} dosi_watch;

/// An address that is told of alerts.
typedef struct dosi_hook {
    char name[DOSI_WATCH_NAME_BYTES];
    char url[DOSI_WATCH_URL_BYTES];    ///< http or https
    char watch[DOSI_WATCH_NAME_BYTES]; ///< Of one watch only; "": of all.
    int64_t account_id;                ///< Who set it.
    int64_t since_utc_us;              ///< When it was first set: it is told of nothing before.
    bool is_damaged;                   ///< Its file cannot be read: only the name is known.
} dosi_hook;

/// Keeps a watch. Stewards and administrators may, who may read the datasets. Audited.
/// @return DOSI_OK; DOSI_DENIED; DOSI_INVALID (a name, no such column); DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_watch_save(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const dosi_watch *watch,
                                         dosi_error *err);

/// Removes a watch; its history stays. Audited.
DOSI_CHECKED dosi_status dosi_watch_remove(dosi_gate *gate,
                                           const dosi_caller *caller,
                                           const char *name,
                                           dosi_error *err);

/// Visits all watches by name, those whose file is damaged as well.
DOSI_CHECKED dosi_status dosi_watch_each(dosi_gate *gate,
                                         dosi_status (*visit)(void *context,
                                                              const dosi_watch *watch,
                                                              dosi_error *err),
                                         void *context,
                                         dosi_error *err);

/// Keeps a webhook. Administrators only. Audited.
/// @param secret  (DOSI_HOOK_SECRET_BYTES) out: what signs its messages, to be shown once.
DOSI_CHECKED dosi_status dosi_hook_save(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const dosi_hook *hook,
                                        char *secret,
                                        dosi_error *err);

/// Removes a webhook, its secret, and what was still to be delivered to it. Audited.
DOSI_CHECKED dosi_status dosi_hook_remove(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          const char *name,
                                          dosi_error *err);

/// Visits all webhooks by name, those whose file is damaged as well.
DOSI_CHECKED dosi_status dosi_hook_each(dosi_gate *gate,
                                        dosi_status (*visit)(void *context,
                                                             const dosi_hook *hook,
                                                             dosi_error *err),
                                        void *context,
                                        dosi_error *err);

/// The state, a copy: {"next", "alerts": [...], "events": [...], "outbox": [...],
/// "looked": {watch: {...}}, "hooks": {name: {...}}, "forgotten": last event that is kept no
/// more}. See docs/api.md for an alert's members.
/// @param out  Out; json_decref() it.
DOSI_CHECKED dosi_status dosi_monitor_state(dosi_gate *gate, json_t **out, dosi_error *err);

/// Modification time of the state in ns, to know cheaply that nothing is new; 0: none yet.
int64_t dosi_monitor_stamp(dosi_gate *gate);

/// Whether there is something to do: a watched dataset has a version that was not looked at,
/// or a message is due.
DOSI_CHECKED dosi_status dosi_monitor_is_due(dosi_gate *gate, bool *out, dosi_error *err);

/// What a run did.
typedef struct dosi_monitor_report {
    size_t n_looked;    ///< Watches whose dataset was looked at.
    size_t n_events;    ///< Alerts issued, ended or withdrawn.
    size_t n_delivered; ///< Messages.
    size_t n_failed;    ///< Messages that will be tried again, or were given up.
    size_t n_errors;    ///< Watches that could not be looked at; `looked` tells why. And what
                        ///< is damaged: a watch, or a webhook that should have been told.
} dosi_monitor_report;

/// Looks at every watch with a new version, then delivers what is due. One at a time: does
/// nothing while another process is at it.
DOSI_CHECKED dosi_status dosi_monitor_run(dosi_gate *gate,
                                          const dosi_run *run,
                                          dosi_monitor_report *out,
                                          dosi_error *err);

#endif // DOSI_MONITOR_MONITOR_H
