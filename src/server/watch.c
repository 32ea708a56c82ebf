// What changed since the last look: jobs and versions, told to open event streams.

#include "server/jobs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_JOBS = 256, MAX_DATASETS = 4096 };

/// A job as it was last told.
typedef struct told_job {
    char id[DOSI_JOB_ID_BYTES];
    dosi_job_state state;
    double progress;
} told_job;

/// A dataset's latest version as it was last told.
typedef struct told_version {
    int64_t dataset_id, number;
} told_version;

struct dosi_server_watch {
    int64_t clock;      ///< Of the catalogue at the last look; -1: never looked.
    int64_t jobs_stamp; ///< See dosi_jobs_are_quiet().
    size_t n_jobs;
    told_job jobs[MAX_JOBS];
    size_t n_versions;
    told_version versions[MAX_DATASETS];
};

dosi_server_watch *dosi_server_watch_create(void) {
    dosi_server_watch *watch = calloc(1, sizeof *watch);
    if (watch) watch->clock = -1;
    return watch;
}

void dosi_server_watch_destroy(dosi_server_watch *watch) {
    free(watch);
}

/// One look: what is compared, and whether anybody is told.
typedef struct look {
    dosi_server_watch *watch;
    dosi_server *server;
    dosi_caller all; ///< Sees everything.
    bool is_first;
    told_job jobs[MAX_JOBS];
    size_t n_jobs;
} look;

/// Whether a stream's caller owns the job (or is an administrator).
static bool may_see_job(void *context, const void *user) {
    const dosi_job *job = context;
    const dosi_caller *caller = user;
    return caller &&
           (caller->account_id == job->account_id || caller->role == DOSI_ROLE_ADMINISTRATOR);
}

static void tell_job(look *l, const dosi_job *job) {
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "job");
    dosi_server_put_job(&json, l->server, job);
    dosi_json_end_object(&json);
    dosi_job copy = *job;
    if (dosi_text_status(&text, NULL) == DOSI_OK) {
        dosi_http_publish(l->server->http, 0, "job", text.data, may_see_job, &copy);
    }
    dosi_text_destroy(&text);
}

static dosi_status look_at_job(void *context, const dosi_job *job, dosi_error *err) {
    (void)err;
    look *l = context;
    if (l->n_jobs == MAX_JOBS) return DOSI_OK;
    const told_job *before = NULL;
    for (size_t i = 0; i < l->watch->n_jobs && !before; i++) {
        if (strcmp(l->watch->jobs[i].id, job->id) == 0) before = &l->watch->jobs[i];
    }
    bool is_same = before && before->state == job->state && before->progress == job->progress;
    if (!is_same && !l->is_first) tell_job(l, job);
    told_job *now = &l->jobs[l->n_jobs++];
    (void)snprintf(now->id, sizeof now->id, "%s", job->id);
    now->state = job->state;
    now->progress = job->progress;
    return DOSI_OK;
}

/// A version and the gate that decides who may know of it.
typedef struct version_event {
    dosi_gate *gate;
    const dosi_version *version;
} version_event;

static bool may_see_version(void *context, const void *user) {
    const version_event *event = context;
    return user && dosi_gate_decide(event->gate, user, DOSI_ACTION_SEE, event->version, NULL) ==
                       DOSI_OK;
}

static void tell_version(look *l, const dosi_version *version) {
    dosi_text text = {0};
    dosi_json json;
    char reference[DOSI_REFERENCE_BYTES];
    (void)snprintf(reference, sizeof reference, "%s/%s", version->organisation, version->name);
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "reference", reference);
    dosi_json_member_int(&json, "version", version->number);
    dosi_json_end_object(&json);
    version_event event = {l->server->gate, version};
    if (dosi_text_status(&text, NULL) == DOSI_OK) {
        dosi_http_publish(l->server->http, 0, "version", text.data, may_see_version, &event);
    }
    dosi_text_destroy(&text);
}

static dosi_status look_at_version(void *context,
                                   const dosi_version *version,
                                   dosi_error *err) {
    (void)err;
    look *l = context;
    dosi_server_watch *watch = l->watch;
    told_version *told = NULL;
    for (size_t i = 0; i < watch->n_versions && !told; i++) {
        if (watch->versions[i].dataset_id == version->dataset_id) told = &watch->versions[i];
    }
    if (told && told->number == version->number) return DOSI_OK;
    if (!told && watch->n_versions < MAX_DATASETS) told = &watch->versions[watch->n_versions++];
    if (told) *told = (told_version){version->dataset_id, version->number};
    if (!l->is_first) tell_version(l, version);
    return DOSI_OK;
}

dosi_status dosi_server_watch_tend(dosi_server_watch *watch,
                                   dosi_server *server,
                                   dosi_error *err) {
    assert(watch && server);
    DOSI_TRY(dosi_jobs_tend(server->gate, err));
    look *l = calloc(1, sizeof *l);
    if (!l) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to look at jobs");
    l->watch = watch;
    l->server = server;
    l->is_first = watch->clock == -1;
    int64_t clock = 0;
    dosi_status status = dosi_caller_local(server->gate, "server", &l->all, err);
    if (status == DOSI_OK && !dosi_jobs_are_quiet(server->gate, &watch->jobs_stamp)) {
        status = dosi_job_each(server->gate, &l->all, look_at_job, l, err);
        if (status == DOSI_OK) {
            memcpy(watch->jobs, l->jobs, l->n_jobs * sizeof *l->jobs);
            watch->n_jobs = l->n_jobs;
        }
    }
    if (status == DOSI_OK) status = dosi_gate_clock(server->gate, &clock, err);
    if (status == DOSI_OK && clock != watch->clock) {
        status = dosi_gate_each(server->gate, &l->all, look_at_version, l, err);
        if (status == DOSI_OK) watch->clock = clock;
    }
    free(l);
    return status;
}
