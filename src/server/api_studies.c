// /api/v1: studies, methods, and starting runs.

#include "base/os_file.h"
#include "server/api.h"
#include "server/jobs.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_RUN_SETTINGS = 128 };

/// A study's latest job, looked for by id.
typedef struct job_search {
    const char *study;
    bool is_found;
    dosi_job job;
} job_search;

static dosi_status match_job(void *context, const dosi_job *job, dosi_error *err) {
    (void)err;
    job_search *search = context;
    bool is_it = strcmp(job->kind, "study") == 0 && strcmp(job->subject, search->study) == 0;
    if (is_it && !search->is_found) { // newest first
        search->is_found = true;
        search->job = *job;
    }
    return DOSI_OK;
}

/// Writes a study with the caller's last job of it, as a value.
static void put_study(dosi_json *json,
                      dosi_server *server,
                      const dosi_caller *caller,
                      const dosi_study *study) {
    dosi_text text = {0};
    dosi_study_put_json(&text, study);
    job_search search = {.study = dosi_study_id(study)};
    if (caller->account_id > 0) {
        (void)!dosi_job_each(server->gate, caller, match_job, &search, NULL);
    }
    // The study's object, left open for one more member.
    size_t n_bytes = text.length > 0 ? text.length - 1 : 0;
    dosi_text whole = {0};
    dosi_text_append(&whole, dosi_text_string(&text), n_bytes);
    dosi_text_puts(&whole, ",\"last_job\":");
    if (search.is_found) {
        dosi_json inner;
        dosi_json_init(&inner, &whole);
        dosi_server_put_job(&inner, server, &search.job);
    } else {
        dosi_text_puts(&whole, "null");
    }
    dosi_text_putc(&whole, '}');
    dosi_json_raw(json, dosi_text_string(&whole), whole.length);
    dosi_text_destroy(&whole);
    dosi_text_destroy(&text);
}

/// A list of studies in the making.
typedef struct list_writer {
    dosi_server *server;
    const dosi_caller *caller;
    dosi_json *json;
} list_writer;

static dosi_status put_listed(void *context, const char *path, dosi_error *err) {
    (void)err;
    const list_writer *to = context;
    dosi_study *study = NULL;
    // A study file that cannot be read hides itself, not the others; `dosi study show` says
    // why.
    if (dosi_study_load(path, &study, NULL) != DOSI_OK) return DOSI_OK;
    put_study(to->json, to->server, to->caller, study);
    dosi_study_destroy(study);
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
    list_writer to = {server, &caller, &json};
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "studies");
    dosi_json_begin_array(&json);
    DOSI_TRY(dosi_study_each(dosi_gate_folder(server->gate), put_listed, &to, err));
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// The path of the study {id}: a plain name, never a path.
static dosi_status find_study(const dosi_server *server,
                              const dosi_http_request *request,
                              char *path,
                              dosi_error *err) {
    const char *id = dosi_http_path(request, "id");
    bool is_name = id[0] && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(id);
    if (!is_name) return dosi_fail(err, DOSI_NOT_FOUND, "there is no study \"%.80s\"", id);
    return dosi_study_find(dosi_gate_folder(server->gate), id, path, err);
}

static dosi_status show(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_study *study = NULL;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(find_study(server, request, path, err));
    DOSI_TRY(dosi_study_load(path, &study, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    put_study(&json, server, &caller, study);
    dosi_study_destroy(study);
    return DOSI_OK;
}

/// Reads {"settings": {name: text or number}} into settings with texts of their own.
static dosi_status read_settings(
    json_t *body, dosi_setting *settings, char **values, size_t *n, dosi_error *err) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(body, "settings"), name, value) {
        if (*n == MAX_RUN_SETTINGS) {
            return dosi_fail(err, DOSI_LIMIT, "more than %d settings", MAX_RUN_SETTINGS);
        }
        values[*n] = json_is_string(value) ? dosi_string_copy(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY);
        if (!values[*n]) return dosi_fail(err, DOSI_INVALID, "setting \"%.80s\"", name);
        settings[*n] = (dosi_setting){name, values[*n]};
        (*n)++;
    }
    return DOSI_OK;
}

static dosi_status start_run(dosi_server *server,
                             const dosi_caller *caller,
                             const char *path,
                             json_t *body,
                             dosi_job *job,
                             dosi_error *err) {
    dosi_setting settings[MAX_RUN_SETTINGS];
    char *values[MAX_RUN_SETTINGS] = {0};
    size_t n = 0;
    dosi_status status = read_settings(body, settings, values, &n, err);
    if (status == DOSI_OK) {
        dosi_job_request wanted = {
            .kind = "study", .subject = path, .settings = settings, .n_settings = n};
        status = dosi_job_start(server->gate, caller, &wanted, job, err);
    }
    for (size_t i = 0; i < n; i++) free(values[i]);
    return status;
}

static dosi_status run(void *context,
                       dosi_http_request *request,
                       dosi_http_reply *reply,
                       dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    dosi_job job;
    json_t *body = NULL;
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(find_study(server, request, path, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    dosi_status status = start_run(server, &caller, path, body, &job, err);
    json_decref(body);
    DOSI_TRY(status);
    reply->code = 202;
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "job");
    dosi_server_put_job(&json, server, &job);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status methods(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    (void)context;
    (void)request;
    (void)err;
    size_t n_methods = 0;
    const dosi_method *const *all = dosi_methods(&n_methods);
    dosi_text_puts(&reply->body, "{\"methods\":[");
    for (size_t i = 0; i < n_methods; i++) {
        if (i) dosi_text_putc(&reply->body, ',');
        dosi_method_put_json(&reply->body, all[i]);
    }
    dosi_text_puts(&reply->body, "]}");
    return DOSI_OK;
}

static const dosi_http_route routes[] = {
    {.method = "GET", .pattern = "/api/v1/studies", .handle = list, .summary = "Ready studies"},
    {.method = "GET", .pattern = "/api/v1/studies/{id}", .handle = show, .summary = "A study"},
    {.method = "POST",
     .pattern = "/api/v1/studies/{id}/runs",
     .handle = run,
     .summary = "Start a run with {settings}"},
    {.method = "GET",
     .pattern = "/api/v1/methods",
     .handle = methods,
     .summary = "Methods, as their descriptors say"},
};

extern const dosi_route_group dosi_routes_api_studies;
const dosi_route_group dosi_routes_api_studies = {
    .tag = "studies",
    .about = "Studies and methods.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
