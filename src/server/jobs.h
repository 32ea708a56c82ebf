/// @file jobs.h
/// Jobs as the server shows them, and the events it sends of them.
#ifndef DOSI_SERVER_JOBS_H
#define DOSI_SERVER_JOBS_H

#include "server/context.h"
#include "study/job.h"

/// Writes a job as /api/v1 shows it, as a value.
void dosi_server_put_job(dosi_json *json, const dosi_server *server, const dosi_job *job);

/// What was last told of jobs and versions: what differs is an event.
typedef struct dosi_server_watch dosi_server_watch;

/// Starts watching from now on. Give it back with dosi_server_watch_destroy().
dosi_server_watch *dosi_server_watch_create(void);

/// Frees; accepts NULL.
void dosi_server_watch_destroy(dosi_server_watch *watch);

/// Starts queued jobs, and publishes `job` events for jobs that changed and `version` events
/// for versions that are new, to those who may see them. Cheap when nothing changed.
DOSI_CHECKED dosi_status dosi_server_watch_tend(dosi_server_watch *watch,
                                                dosi_server *server,
                                                dosi_error *err);

#endif // DOSI_SERVER_JOBS_H
