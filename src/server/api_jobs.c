// /api/v1: jobs, and the stream of events.

#include "server/api.h"
#include "server/jobs.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void dosi_server_put_job(dosi_json *json, const dosi_server *server, const dosi_job *job) {
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "id", job->id);
    dosi_json_member_string(json, "kind", job->kind);
    dosi_json_member_string(json, "subject", job->subject);
    dosi_json_member_string(json, "state", dosi_job_state_name(job->state));
    dosi_json_member_real(json, "progress", job->progress);
    dosi_json_member_string(json, "message", job->message);
    dosi_api_member_time(json, server, "created", job->created_utc_us);
    dosi_api_member_time(json, server, "started", job->started_utc_us);
    dosi_api_member_time(json, server, "finished", job->finished_utc_us);
    dosi_json_end_object(json);
}

/// Where visited jobs are written.
typedef struct job_writer {
    const dosi_server *server;
    dosi_json *json;
    size_t n_left;
} job_writer;

static dosi_status put_listed(void *context, const dosi_job *job, dosi_error *err) {
    (void)err;
    job_writer *to = context;
    if (to->n_left == 0) return DOSI_OK;
    to->n_left--;
    dosi_server_put_job(to->json, to->server, job);
    return DOSI_OK;
}

static dosi_status list(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    job_writer to = {server, &json, 100};
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "jobs");
    dosi_json_begin_array(&json);
    if (caller.account_id > 0) {
        DOSI_TRY(dosi_job_each(server->gate, &caller, put_listed, &to, err));
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status show(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_job_find(server->gate, &caller, dosi_http_path(request, "id"), &job, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_server_put_job(&json, server, &job);
    return DOSI_OK;
}

static dosi_status log_text(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    reply->content_type = "text/plain; charset=utf-8";
    return dosi_job_log(server->gate, &caller, dosi_http_path(request, "id"),
                        (size_t)256 * 1024, &reply->body, err);
}

static dosi_status report(void *context,
                          dosi_http_request *request,
                          dosi_http_reply *reply,
                          dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    return dosi_job_report(server->gate, &caller, dosi_http_path(request, "id"), &reply->body,
                           err);
}

static dosi_status dismiss(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_job_dismiss(server->gate, &caller, dosi_http_path(request, "id"), err));
    return dosi_api_done(reply);
}

/// Opens an event stream; what it may see is its caller's matter.
static dosi_status events(void *context,
                          dosi_http_request *request,
                          dosi_http_reply *reply,
                          dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_caller *kept = malloc(sizeof *kept);
    if (!kept) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the stream");
    *kept = caller;
    dosi_http_set_user(request, kept, free);
    reply->is_event_stream = true;
    return DOSI_OK;
}

static const dosi_http_route routes[] = {
    {.method = "GET", .pattern = "/api/v1/jobs", .handle = list, .summary = "One's jobs"},
    {.method = "GET", .pattern = "/api/v1/jobs/{id}", .handle = show, .summary = "A job"},
    {.method = "GET",
     .pattern = "/api/v1/jobs/{id}/log",
     .handle = log_text,
     .summary = "The end of its log"},
    {.method = "GET",
     .pattern = "/api/v1/jobs/{id}/report",
     .handle = report,
     .summary = "What it computed, what it took from the cache, what changed"},
    {.method = "DELETE",
     .pattern = "/api/v1/jobs/{id}",
     .handle = dismiss,
     .summary = "Stop it, or remove it when it has ended"},
    {.method = "GET",
     .pattern = "/api/v1/events",
     .handle = events,
     .summary = "Server-sent events: job, version"},
};

extern const dosi_route_group dosi_routes_api_jobs;
const dosi_route_group dosi_routes_api_jobs = {
    .tag = "jobs",
    .about = "Runs of methods and studies.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
