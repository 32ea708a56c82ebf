// OGC API - Processes, Part 1: methods as processes, executed at once or as jobs.
//
// A process' inputs are its method's input tables (dataset references "org/name[@N]", as text
// or
// {"href"}) and its parameters (literals). Execution makes a job in its own process; "sync"
// waits for it. Results are links to the outputs, or the outputs themselves as JSON when they
// are small.

#include "base/os_file.h"
#include "server/api.h"
#include "server/jobs.h"
#include "sql/sql.h"
#include "table/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SETTINGS = 64, NAME_SPACE = 80, INLINE_ROWS = 5000 };

static const int64_t sync_wait_us = 60 * DOSI_SECOND_US;

/// Writes a link to a path of this server that answers JSON.
static void put_href(dosi_json *json,
                     const dosi_http_request *request,
                     const char *path,
                     const char *rel,
                     const char *title) {
    dosi_server_put_own_link(json, dosi_http_base_url(request), path, rel, "application/json",
                             title);
}

/// Members that lists and descriptions of processes share.
static void put_summary(dosi_json *json, const dosi_method *method, const char *language) {
    bool is_korean = strcmp(language, "ko") == 0;
    char version[16];
    (void)snprintf(version, sizeof version, "%d", method->version);
    dosi_json_member_string(json, "id", method->id);
    dosi_json_member_string(json, "title", is_korean ? method->title.ko : method->title.en);
    dosi_json_member_string(json, "description",
                            is_korean ? method->about.ko : method->about.en);
    dosi_json_member_string(json, "version", version);
    dosi_json_key(json, "jobControlOptions");
    dosi_json_begin_array(json);
    dosi_json_string(json, "sync-execute");
    dosi_json_string(json, "async-execute");
    dosi_json_string(json, "dismiss");
    dosi_json_end_array(json);
    dosi_json_key(json, "outputTransmission");
    dosi_json_begin_array(json);
    dosi_json_string(json, "value");
    dosi_json_string(json, "reference");
    dosi_json_end_array(json);
}

/// "ko" when the client prefers it.
static const char *language_of(const dosi_http_request *request) {
    const char *wanted = dosi_http_header(request, "Accept-Language");
    return wanted && strncmp(wanted, "ko", 2) == 0 ? "ko" : "en";
}

static dosi_status list(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    (void)context;
    int64_t limit = 1000;
    DOSI_TRY(dosi_api_query_int(request, "limit", 1, 10000, &limit, err));
    size_t n_methods = 0;
    const dosi_method *const *methods = dosi_methods(&n_methods);
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "processes");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < n_methods && (int64_t)i < limit; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "/ogc/processes/%s", methods[i]->id);
        dosi_json_begin_object(&json);
        put_summary(&json, methods[i], language_of(request));
        dosi_json_key(&json, "links");
        dosi_json_begin_array(&json);
        put_href(&json, request, path, "self", NULL);
        dosi_json_end_array(&json);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    put_href(&json, request, "/ogc/processes", "self", NULL);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static void put_input_table(dosi_json *json, const dosi_method_table *table, bool is_korean) {
    dosi_json_key(json, table->name);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "title", is_korean ? table->title.ko : table->title.en);
    dosi_json_member_int(json, "minOccurs", table->is_optional ? 0 : 1);
    dosi_json_member_int(json, "maxOccurs", 1);
    dosi_json_key(json, "schema");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "type", "string");
    dosi_json_member_string(json, "description", "a dataset, org/name or org/name@N");
    dosi_json_end_object(json);
    dosi_json_end_object(json);
}

static const char *schema_type(dosi_parameter_kind kind) {
    switch (kind) {
    case DOSI_PARAMETER_INT:
        return "integer";
    case DOSI_PARAMETER_REAL:
        return "number";
    case DOSI_PARAMETER_BOOL:
        return "boolean";
    default:
        return "string";
    }
}

/// Writes "a|b|c" as an enum.
static void put_choices(dosi_json *json, const char *choices) {
    dosi_json_key(json, "enum");
    dosi_json_begin_array(json);
    while (*choices) {
        size_t length = strcspn(choices, "|");
        dosi_json_bytes(json, choices, length);
        choices += length + (choices[length] == '|');
    }
    dosi_json_end_array(json);
}

static void put_parameter(dosi_json *json, const dosi_method_parameter *p, bool is_korean) {
    dosi_json_key(json, p->name);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "title", is_korean ? p->title.ko : p->title.en);
    dosi_json_member_int(json, "minOccurs", p->default_value ? 0 : 1);
    dosi_json_member_int(json, "maxOccurs", 1);
    dosi_json_key(json, "schema");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "type", schema_type(p->kind));
    if (p->default_value) dosi_json_member_string(json, "x-default", p->default_value);
    if (p->unit) dosi_json_member_string(json, "x-unit", p->unit);
    if (p->min < p->max) {
        dosi_json_member_real(json, "minimum", p->min);
        dosi_json_member_real(json, "maximum", p->max);
    }
    if (p->kind == DOSI_PARAMETER_CHOICE) put_choices(json, p->choices);
    dosi_json_end_object(json);
    dosi_json_end_object(json);
}

static void put_outputs(dosi_json *json, const dosi_method *method, bool is_korean) {
    dosi_json_key(json, "outputs");
    dosi_json_begin_object(json);
    for (size_t i = 0; i < method->n_outputs; i++) {
        const dosi_method_table *table = &method->outputs[i];
        dosi_json_key(json, table->name);
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "title", is_korean ? table->title.ko : table->title.en);
        dosi_json_key(json, "schema");
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "type", "array");
        dosi_json_end_object(json);
        dosi_json_end_object(json);
    }
    dosi_json_end_object(json);
}

static dosi_status find_method(const dosi_http_request *request,
                               const dosi_method **out,
                               dosi_error *err) {
    const char *id = dosi_http_path(request, "id");
    *out = dosi_method_find(id);
    return *out ? DOSI_OK : dosi_fail(err, DOSI_NOT_FOUND, "there is no process \"%.80s\"", id);
}

static dosi_status describe(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    (void)context;
    const dosi_method *method = NULL;
    DOSI_TRY(find_method(request, &method, err));
    const char *language = language_of(request);
    bool is_korean = strcmp(language, "ko") == 0;
    char path[256];
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    put_summary(&json, method, language);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < method->n_inputs; i++) {
        put_input_table(&json, &method->inputs[i], is_korean);
    }
    for (size_t i = 0; i < method->n_parameters; i++) {
        put_parameter(&json, &method->parameters[i], is_korean);
    }
    dosi_json_end_object(&json);
    put_outputs(&json, method, is_korean);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    (void)snprintf(path, sizeof path, "/ogc/processes/%s", method->id);
    put_href(&json, request, path, "self", NULL);
    (void)snprintf(path, sizeof path, "/ogc/processes/%s/execution", method->id);
    put_href(&json, request, path, "http://www.opengis.net/def/rel/ogc/1.0/execute", "execute");
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// Settings of a job in the making, with the memory of their texts.
typedef struct settings {
    size_t n;
    dosi_setting items[MAX_SETTINGS];
    char names[MAX_SETTINGS][NAME_SPACE];
    char *values[MAX_SETTINGS];
} settings;

static void free_settings(settings *s) {
    for (size_t i = 0; i < s->n; i++) free(s->values[i]);
    free(s);
}

static bool is_table_input(const dosi_method *method, const char *name) {
    for (size_t i = 0; i < method->n_inputs; i++) {
        if (strcmp(method->inputs[i].name, name) == 0) return true;
    }
    return false;
}

static bool is_parameter(const dosi_method *method, const char *name) {
    for (size_t i = 0; i < method->n_parameters; i++) {
        if (strcmp(method->parameters[i].name, name) == 0) return true;
    }
    return false;
}

/// The text of an input value: a string, {"href"}, a number or a boolean.
static char *value_text(json_t *value) {
    if (json_is_object(value)) value = json_object_get(value, "href");
    if (json_is_string(value)) return dosi_string_copy(json_string_value(value));
    if (json_is_boolean(value)) return dosi_string_copy(json_is_true(value) ? "true" : "false");
    if (json_is_number(value))
        return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    return NULL;
}

static dosi_status read_inputs(const dosi_method *method,
                               json_t *body,
                               settings *out,
                               dosi_error *err) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(body, "inputs"), name, value) {
        bool is_table = is_table_input(method, name);
        if (!is_table && !is_parameter(method, name)) {
            return dosi_fail(err, DOSI_INVALID, "process %s has no input \"%.80s\"", method->id,
                             name);
        }
        if (out->n == MAX_SETTINGS || strlen(name) > NAME_SPACE - 8) {
            return dosi_fail(err, DOSI_LIMIT, "too many inputs");
        }
        size_t i = out->n;
        out->values[i] = value_text(value);
        if (!out->values[i]) {
            return dosi_fail(err, DOSI_INVALID,
                             "input \"%s\": a text, number, boolean or {href}", name);
        }
        (void)snprintf(out->names[i], NAME_SPACE, "%s%s", is_table ? "input." : "", name);
        out->items[i] = (dosi_setting){out->names[i], out->values[i]};
        out->n++;
    }
    return DOSI_OK;
}

/// Writes a job as OGC statusInfo, as a value.
static void put_status(dosi_json *json,
                       const dosi_server *server,
                       const dosi_http_request *request,
                       const dosi_job *job) {
    char path[128];
    (void)snprintf(path, sizeof path, "/ogc/jobs/%s", job->id);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "type", "process");
    dosi_json_member_string(json, "jobID", job->id);
    dosi_json_member_string(json, "processID", job->subject);
    dosi_json_member_string(json, "status", dosi_job_state_name(job->state));
    dosi_json_member_string(json, "message", job->message);
    dosi_json_member_int(json, "progress", (int64_t)(100.0 * job->progress + 0.5));
    dosi_api_member_time(json, server, "created", job->created_utc_us);
    if (job->started_utc_us) dosi_api_member_time(json, server, "started", job->started_utc_us);
    if (job->finished_utc_us) {
        dosi_api_member_time(json, server, "finished", job->finished_utc_us);
    }
    dosi_json_key(json, "links");
    dosi_json_begin_array(json);
    put_href(json, request, path, "self", NULL);
    if (job->state == DOSI_JOB_SUCCESSFUL) {
        (void)snprintf(path, sizeof path, "/ogc/jobs/%s/results", job->id);
        put_href(json, request, path, "http://www.opengis.net/def/rel/ogc/1.0/results",
                 "results");
    }
    dosi_json_end_array(json);
    dosi_json_end_object(json);
}

/// Writes one output: its rows when they are few, else a link to the file.
static dosi_status put_output(const dosi_server *server,
                              const char *href,
                              const char *name,
                              const char *path,
                              dosi_text *out,
                              dosi_error *err) {
    dosi_table table = {0};
    DOSI_TRY(dosi_parquet_read(path, NULL, 0, NULL, &table, err));
    if (table.n_rows <= INLINE_ROWS) {
        dosi_table_style style = {.has_zone = true, .zone_s = dosi_gate_zone_s(server->gate)};
        dosi_table_put_json(out, &table, &style);
    } else {
        dosi_json json;
        dosi_json_init(&json, out);
        dosi_server_put_link(&json, href, "item", "application/vnd.apache.parquet", name);
    }
    dosi_table_destroy(&table);
    return DOSI_OK;
}

/// Writes {output: rows or link, ...}.
static dosi_status put_results(dosi_server *server,
                               const dosi_caller *caller,
                               const dosi_http_request *request,
                               const dosi_job *job,
                               dosi_text *out,
                               dosi_error *err) {
    const dosi_method *method = dosi_method_find(job->subject);
    if (!method) return dosi_fail(err, DOSI_NOT_FOUND, "job %s has no results here", job->id);
    dosi_text_putc(out, '{');
    for (size_t i = 0; i < method->n_outputs; i++) {
        char path[DOSI_PATH_BYTES];
        char href[1024];
        const char *name = method->outputs[i].name;
        (void)snprintf(href, sizeof href, "%s/ogc/jobs/%s/results/%s",
                       dosi_http_base_url(request), job->id, name);
        DOSI_TRY(dosi_job_output(server->gate, caller, job->id, name, path, err));
        dosi_text_printf(out, "%s\"%s\":", i ? "," : "", name);
        DOSI_TRY(put_output(server, href, name, path, out, err));
    }
    dosi_text_putc(out, '}');
    return DOSI_OK;
}

/// Waits until a job has ended, at most sync_wait_us; the watcher starts and reaps it.
static dosi_status wait_for(dosi_server *server,
                            const dosi_caller *caller,
                            dosi_job *job,
                            dosi_error *err) {
    int64_t until = dosi_time_monotonic_us() + sync_wait_us;
    while (job->state == DOSI_JOB_ACCEPTED || job->state == DOSI_JOB_RUNNING) {
        if (dosi_time_monotonic_us() > until) return DOSI_OK;
        (void)usleep(20000);
        DOSI_TRY(dosi_job_find(server->gate, caller, job->id, job, err));
    }
    return DOSI_OK;
}

/// Answers 201 with the job's status and where it is.
static dosi_status accept_job(const dosi_server *server,
                              const dosi_http_request *request,
                              const dosi_job *job,
                              dosi_http_reply *reply) {
    dosi_json json;
    reply->code = 201;
    dosi_text_printf(&reply->headers,
                     "Location: %s/ogc/jobs/%s\nPreference-Applied: respond-async\n",
                     dosi_http_base_url(request), job->id);
    dosi_json_init(&json, &reply->body);
    put_status(&json, server, request, job);
    return DOSI_OK;
}

static dosi_status start_job(dosi_server *server,
                             const dosi_caller *caller,
                             const dosi_http_request *request,
                             dosi_job *job,
                             dosi_error *err) {
    const dosi_method *method = NULL;
    json_t *body = NULL;
    DOSI_TRY(find_method(request, &method, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    settings *s = calloc(1, sizeof *s);
    dosi_status status = s ? read_inputs(method, body, s, err) : DOSI_NO_MEMORY;
    json_decref(body);
    if (status == DOSI_OK) {
        dosi_job_request wanted = {
            .kind = "method", .subject = method->id, .settings = s->items, .n_settings = s->n};
        status = dosi_job_start(server->gate, caller, &wanted, job, err);
    }
    if (s) free_settings(s);
    return status;
}

static dosi_status execute(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(start_job(server, &caller, request, &job, err));
    const char *prefer = dosi_http_header(request, "Prefer");
    if (prefer && strstr(prefer, "respond-async")) {
        return accept_job(server, request, &job, reply);
    }
    DOSI_TRY(wait_for(server, &caller, &job, err));
    if (job.state == DOSI_JOB_FAILED) {
        return dosi_fail(err, DOSI_DOMAIN, "%.400s", job.message);
    }
    if (job.state != DOSI_JOB_SUCCESSFUL) return accept_job(server, request, &job, reply);
    return put_results(server, &caller, request, &job, &reply->body, err);
}

/// Finds the job of the path {id}.
static dosi_status find_job(dosi_server *server,
                            const dosi_http_request *request,
                            dosi_caller *caller,
                            dosi_job *job,
                            dosi_error *err) {
    DOSI_TRY(dosi_server_caller(server, request, "api", caller, err));
    return dosi_job_find(server->gate, caller, dosi_http_path(request, "id"), job, err);
}

static dosi_status job_status(void *context,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    DOSI_TRY(find_job(server, request, &caller, &job, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    put_status(&json, server, request, &job);
    return DOSI_OK;
}

/// Where visited jobs are written.
typedef struct status_writer {
    const dosi_server *server;
    const dosi_http_request *request;
    dosi_json *json;
} status_writer;

static dosi_status put_listed(void *context, const dosi_job *job, dosi_error *err) {
    (void)err;
    const status_writer *to = context;
    if (strcmp(job->kind, "method") == 0) put_status(to->json, to->server, to->request, job);
    return DOSI_OK;
}

static dosi_status list_jobs(void *context,
                             dosi_http_request *request,
                             dosi_http_reply *reply,
                             dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    status_writer to = {server, request, &json};
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "jobs");
    dosi_json_begin_array(&json);
    if (caller.account_id > 0) {
        DOSI_TRY(dosi_job_each(server->gate, &caller, put_listed, &to, err));
    }
    dosi_json_end_array(&json);
    dosi_json_key(&json, "links");
    dosi_json_begin_array(&json);
    put_href(&json, request, "/ogc/jobs", "self", NULL);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// DOSI_OK when a job's results are there; else what the standard asks for.
static dosi_status check_ended(const dosi_job *job, dosi_error *err) {
    if (job->state == DOSI_JOB_SUCCESSFUL) return DOSI_OK;
    if (job->state == DOSI_JOB_FAILED)
        return dosi_fail(err, DOSI_DOMAIN, "%.400s", job->message);
    return dosi_fail(err, DOSI_NOT_FOUND, "job %s has no results: it is %s", job->id,
                     dosi_job_state_name(job->state));
}

static dosi_status results(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    DOSI_TRY(find_job(server, request, &caller, &job, err));
    DOSI_TRY(check_ended(&job, err));
    return put_results(server, &caller, request, &job, &reply->body, err);
}

static dosi_status one_result(void *context,
                              dosi_http_request *request,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(find_job(server, request, &caller, &job, err));
    DOSI_TRY(check_ended(&job, err));
    DOSI_TRY(dosi_job_output(server->gate, &caller, job.id, dosi_http_path(request, "output"),
                             path, err));
    reply->file_path = dosi_string_copy(path);
    reply->content_type = "application/vnd.apache.parquet";
    return reply->file_path ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory");
}

static dosi_status dismiss(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    DOSI_TRY(find_job(server, request, &caller, &job, err));
    DOSI_TRY(dosi_job_dismiss(server->gate, &caller, job.id, err));
    job.state = DOSI_JOB_DISMISSED;
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    put_status(&json, server, request, &job);
    return DOSI_OK;
}

static void put_links(dosi_json *json, const char *base_url) {
    dosi_server_put_own_link(json, base_url, "/ogc/processes",
                             "http://www.opengis.net/def/rel/ogc/1.0/processes",
                             "application/json", "Methods");
    dosi_server_put_own_link(json, base_url, "/ogc/jobs",
                             "http://www.opengis.net/def/rel/ogc/1.0/job-list",
                             "application/json", "Jobs");
}

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/ogc/processes",
     .handle = list,
     .summary = "Methods",
     .parameters = "limit:integer"},
    {.method = "GET",
     .pattern = "/ogc/processes/{id}",
     .handle = describe,
     .summary = "A method's inputs, parameters and outputs"},
    {.method = "POST",
     .pattern = "/ogc/processes/{id}/execution",
     .handle = execute,
     .summary = "Run a method with {inputs}; Prefer: respond-async makes a job",
     .is_slow = true},
    {.method = "GET", .pattern = "/ogc/jobs", .handle = list_jobs, .summary = "One's jobs"},
    {.method = "GET",
     .pattern = "/ogc/jobs/{id}",
     .handle = job_status,
     .summary = "The state of a job"},
    {.method = "GET",
     .pattern = "/ogc/jobs/{id}/results",
     .handle = results,
     .summary = "The outputs of a job",
     .is_slow = true},
    {.method = "GET",
     .pattern = "/ogc/jobs/{id}/results/{output}",
     .handle = one_result,
     .summary = "One output as Parquet"},
    {.method = "DELETE",
     .pattern = "/ogc/jobs/{id}",
     .handle = dismiss,
     .summary = "Stop a job, or remove one that has ended"},
};

static const char *const conformance[] = {
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/job-list",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss",
};

extern const dosi_route_group dosi_routes_ogc_processes;
const dosi_route_group dosi_routes_ogc_processes = {
    .tag = "processes",
    .about = "OGC API - Processes: methods, run at once or as jobs.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
    .conformance = conformance,
    .n_conformance = sizeof conformance / sizeof conformance[0],
    .put_links = put_links,
};
