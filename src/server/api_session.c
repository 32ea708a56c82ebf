// /api/v1: who is signed in, signing in and out, passwords, tokens, the audit log.

#include "govern/account.h"
#include "govern/audit.h"
#include "server/api.h"

#include <stdio.h>
#include <string.h>

static void put_user(dosi_json *json, const dosi_caller *caller) {
    dosi_json_begin_object(json);
    dosi_json_member_int(json, "id", caller->account_id);
    dosi_json_member_string(json, "name", caller->name);
    dosi_json_member_string(json, "role", dosi_role_name(caller->role));
    dosi_json_key(json, "organisations");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < caller->n_organisations; i++) {
        dosi_json_string(json, caller->organisations[i]);
    }
    dosi_json_end_array(json);
    dosi_json_end_object(json);
}

/// "+09:00".
static void format_zone(int zone_s, char *out, size_t n_out) {
    int minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;
    (void)snprintf(out, n_out, "%c%02d:%02d", zone_s < 0 ? '-' : '+', minutes / 60 % 100,
                   minutes % 60);
}

static dosi_status me(void *context,
                      dosi_http_request *request,
                      dosi_http_reply *reply,
                      dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    char zone[16];
    format_zone(dosi_gate_zone_s(server->gate), zone, sizeof zone);
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "user");
    if (caller.account_id > 0) {
        put_user(&json, &caller);
        dosi_json_member_bool(&json, "must_change_password", caller.must_change_password);
    } else {
        dosi_json_null(&json);
    }
    dosi_json_key(&json, "lab");
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "title", dosi_gate_title(server->gate));
    dosi_json_member_string(&json, "zone", zone);
    dosi_json_member_string(&json, "version", DOSI_VERSION);
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// Sets the session's cookie; an empty secret takes it away.
static void put_cookie(dosi_http_reply *reply,
                       const dosi_http_request *request,
                       const char *secret) {
    bool is_tls = strncmp(dosi_http_base_url(request), "https:", 6) == 0;
    dosi_text_printf(&reply->headers,
                     "Set-Cookie: dosi_session=%s; Path=/; HttpOnly; SameSite=Strict%s%s\n",
                     secret, is_tls ? "; Secure" : "", secret[0] ? "" : "; Max-Age=0");
}

static dosi_status sign_in(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    json_t *body = NULL;
    const char *name = NULL;
    const char *password = NULL;
    char secret[DOSI_SECRET_BYTES] = "";
    dosi_caller caller;
    DOSI_TRY(dosi_api_body(request, &body, err));
    dosi_status status = dosi_api_string(body, "name", &name, err);
    if (status == DOSI_OK) status = dosi_api_string(body, "password", &password, err);
    if (status == DOSI_OK) {
        status = dosi_account_sign_in(server->gate, name, password, dosi_http_client(request),
                                      secret, err);
    }
    json_decref(body);
    DOSI_TRY(status);
    DOSI_TRY(dosi_caller_from_secret(server->gate, secret, "api", &caller, err));
    put_cookie(reply, request, secret);
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "user");
    put_user(&json, &caller);
    dosi_json_member_bool(&json, "must_change_password", caller.must_change_password);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status sign_out(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    dosi_server *server = context;
    const char *secret = dosi_http_cookie(request, "dosi_session");
    if (secret && secret[0]) DOSI_TRY(dosi_account_sign_out(server->gate, secret, err));
    put_cookie(reply, request, "");
    return dosi_api_done(reply);
}

static dosi_status change_password(void *context,
                                   dosi_http_request *request,
                                   dosi_http_reply *reply,
                                   dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    json_t *body = NULL;
    const char *old_password = NULL;
    const char *new_password = NULL;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    dosi_status status = dosi_api_string(body, "old", &old_password, err);
    if (status == DOSI_OK) status = dosi_api_string(body, "new", &new_password, err);
    if (status == DOSI_OK) {
        status = dosi_account_change_password(server->gate, &caller, old_password, new_password,
                                              dosi_http_cookie(request, "dosi_session"), err);
    }
    json_decref(body);
    DOSI_TRY(status);
    return dosi_api_done(reply);
}

/// Where visited tokens are written.
typedef struct token_writer {
    const dosi_server *server;
    dosi_json *json;
} token_writer;

static dosi_status put_token(void *context, const dosi_token *token, dosi_error *err) {
    (void)err;
    const token_writer *to = context;
    dosi_json *json = to->json;
    dosi_json_begin_object(json);
    dosi_json_member_int(json, "id", token->id);
    dosi_json_member_string(json, "label", token->label);
    dosi_json_key(json, "scopes");
    dosi_json_begin_array(json);
    for (unsigned action = 0; action <= DOSI_ACTION_MANAGE; action++) {
        if (token->scopes >> action & 1u) {
            dosi_json_string(json, dosi_action_name((dosi_action)action));
        }
    }
    dosi_json_end_array(json);
    dosi_api_member_time(json, to->server, "created", token->created_utc_us);
    dosi_api_member_time(json, to->server, "expires", token->expires_utc_us);
    dosi_api_member_time(json, to->server, "last_used", token->used_utc_us);
    dosi_json_end_object(json);
    return DOSI_OK;
}

static dosi_status list_tokens(void *context,
                               dosi_http_request *request,
                               dosi_http_reply *reply,
                               dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    token_writer to = {server, &json};
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "tokens");
    dosi_json_begin_array(&json);
    DOSI_TRY(dosi_token_each(server->gate, &caller, put_token, &to, err));
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// Reads {label, scopes, days} into a wished-for token.
static dosi_status read_wish(const json_t *body, dosi_token *wanted, dosi_error *err) {
    const char *label = NULL;
    DOSI_TRY(dosi_api_string(body, "label", &label, err));
    if (strlen(label) >= sizeof wanted->label) {
        return dosi_fail(err, DOSI_INVALID, "the label is longer than %zu bytes",
                         sizeof wanted->label - 1);
    }
    (void)snprintf(wanted->label, sizeof wanted->label, "%s", label);
    const json_t *days = json_object_get(body, "days");
    json_int_t n_days = days ? json_integer_value(days) : 30;
    if (n_days < 1 || n_days > 366) {
        return dosi_fail(err, DOSI_INVALID, "days: a whole number from 1 to 366");
    }
    wanted->expires_utc_us = dosi_time_now_utc_us() + n_days * DOSI_DAY_US;
    size_t i = 0;
    json_t *scope = NULL;
    json_array_foreach(json_object_get(body, "scopes"), i, scope) {
        unsigned bits = 0;
        const char *name = json_string_value(scope);
        DOSI_TRY(dosi_scopes_parse(name ? name : "", &bits, err));
        wanted->scopes |= bits;
    }
    return DOSI_OK;
}

static dosi_status create_token(void *context,
                                dosi_http_request *request,
                                dosi_http_reply *reply,
                                dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    json_t *body = NULL;
    dosi_token wanted = {0};
    dosi_token made = {0};
    char secret[DOSI_SECRET_BYTES];
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    dosi_status status = read_wish(body, &wanted, err);
    json_decref(body);
    DOSI_TRY(status);
    DOSI_TRY(dosi_token_create(server->gate, &caller, &wanted, &made, secret, err));
    reply->code = 201;
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    dosi_json_begin_object(&json);
    dosi_json_member_int(&json, "id", made.id);
    dosi_json_member_string(&json, "token", secret);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status revoke_token(void *context,
                                dosi_http_request *request,
                                dosi_http_reply *reply,
                                dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    int64_t id = 0;
    const char *text = dosi_http_path(request, "id");
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    if (dosi_parse_int(text, strlen(text), &id) != DOSI_OK) {
        return dosi_fail(err, DOSI_NOT_FOUND, "there is no token \"%.40s\"", text);
    }
    DOSI_TRY(dosi_token_revoke(server->gate, &caller, id, err));
    return dosi_api_done(reply);
}

static dosi_status audit(void *context,
                         dosi_http_request *request,
                         dosi_http_reply *reply,
                         dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    int64_t limit = 100;
    dosi_audit_report report;
    dosi_text records = {0};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_query_int(request, "limit", 1, 1000, &limit, err));
    DOSI_TRY(dosi_gate_verify_audit(server->gate, &caller, true, NULL, &report, err));
    dosi_status status =
        dosi_gate_put_audit(server->gate, &caller, (size_t)limit, &records, err);
    if (status == DOSI_OK) {
        dosi_json json;
        dosi_json_init(&json, &reply->body);
        dosi_json_begin_object(&json);
        dosi_json_member_bool(&json, "verified", report.is_whole);
        dosi_json_member_int(&json, "count", (int64_t)report.n_records);
        dosi_json_member_string(&json, "finding", report.finding);
        dosi_api_member_raw(&json, "records", dosi_text_string(&records));
        dosi_json_end_object(&json);
    }
    dosi_text_destroy(&records);
    return status;
}

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/api/v1/me",
     .handle = me,
     .summary = "Who asks, and which lab"},
    {.method = "POST",
     .pattern = "/api/v1/session",
     .handle = sign_in,
     .summary = "Sign in with {name, password}",
     .is_slow = true},
    {.method = "DELETE",
     .pattern = "/api/v1/session",
     .handle = sign_out,
     .summary = "Sign out"},
    {.method = "POST",
     .pattern = "/api/v1/password",
     .handle = change_password,
     .summary = "Change one's password with {old, new}",
     .is_slow = true},
    {.method = "GET",
     .pattern = "/api/v1/tokens",
     .handle = list_tokens,
     .summary = "One's API tokens"},
    {.method = "POST",
     .pattern = "/api/v1/tokens",
     .handle = create_token,
     .summary = "A new token with {label, scopes, days}; its secret is shown once"},
    {.method = "DELETE",
     .pattern = "/api/v1/tokens/{id}",
     .handle = revoke_token,
     .summary = "End a token"},
    {.method = "GET",
     .pattern = "/api/v1/audit",
     .handle = audit,
     .summary = "The latest audit records, and whether the log is whole",
     .parameters = "limit:integer",
     .is_slow = true},
};

extern const dosi_route_group dosi_routes_api_session;
const dosi_route_group dosi_routes_api_session = {
    .tag = "account",
    .about = "Signing in, passwords and tokens.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
