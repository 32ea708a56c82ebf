// /api/v1/datasets: the catalogue, pages of rows, downloads, DCAT.

#include "server/api.h"
#include "table/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// What a list of datasets is narrowed down to, and where it is written.
typedef struct list_writer {
    const dosi_server *server;
    dosi_json *json;
    const char *text;         ///< In name, titles or descriptions; NULL: any.
    const char *organisation; ///< NULL: any.
} list_writer;

/// Whether `text` is in the dataset's reference or metadata, ASCII case aside.
static bool mentions(const dosi_version *version, const char *text) {
    return !text || text[0] == '\0' || strcasestr(version->name, text) ||
           strcasestr(version->organisation, text) ||
           (version->metadata_json && strcasestr(version->metadata_json, text));
}

static dosi_status put_listed(void *context, const dosi_version *version, dosi_error *err) {
    (void)err;
    const list_writer *to = context;
    bool is_theirs = !to->organisation || strcmp(to->organisation, version->organisation) == 0;
    if (!is_theirs || !mentions(version, to->text)) return DOSI_OK;
    dosi_json_begin_object(to->json);
    dosi_api_put_dataset(to->json, to->server, version);
    dosi_json_end_object(to->json);
    return DOSI_OK;
}

static dosi_status list(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    static const char *const names[] = {"q", "organisation"};
    dosi_caller caller;
    DOSI_TRY(dosi_server_check_query(request, names, 2, err));
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    dosi_json json;
    dosi_json_init(&json, &reply->body);
    list_writer to = {server, &json, dosi_http_query(request, "q"),
                      dosi_http_query(request, "organisation")};
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "datasets");
    dosi_json_begin_array(&json);
    DOSI_TRY(dosi_gate_each(server->gate, &caller, put_listed, &to, err));
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

/// Writes one row of a dataset's list of versions.
static dosi_status put_version(void *context, const dosi_version *version, dosi_error *err) {
    (void)err;
    const list_writer *to = context;
    dosi_json_begin_object(to->json);
    dosi_json_member_int(to->json, "number", version->number);
    dosi_api_member_time(to->json, to->server, "created", version->created_utc_us);
    dosi_json_member_int(to->json, "rows", version->n_rows);
    dosi_json_member_string(to->json, "hash", version->hash);
    dosi_json_end_object(to->json);
    return DOSI_OK;
}

/// Writes what the caller may do: {"describe":bool,"write":bool}.
static void put_may(dosi_json *json,
                    const dosi_server *server,
                    const dosi_caller *caller,
                    const dosi_version *version) {
    dosi_json_key(json, "may");
    dosi_json_begin_object(json);
    dosi_json_member_bool(
        json, "read",
        dosi_gate_decide(server->gate, caller, DOSI_ACTION_READ, version, NULL) == DOSI_OK);
    dosi_json_member_bool(
        json, "describe",
        dosi_gate_decide(server->gate, caller, DOSI_ACTION_DESCRIBE, version, NULL) == DOSI_OK);
    dosi_json_member_bool(
        json, "write",
        dosi_gate_decide(server->gate, caller, DOSI_ACTION_WRITE, version, NULL) == DOSI_OK);
    dosi_json_end_object(json);
}

static dosi_status put_page(const dosi_server *server,
                            const dosi_caller *caller,
                            const dosi_version *version,
                            dosi_text *out,
                            dosi_error *err) {
    char reference[DOSI_REFERENCE_BYTES];
    (void)snprintf(reference, sizeof reference, "%s/%s", version->organisation, version->name);
    dosi_json json;
    dosi_json_init(&json, out);
    list_writer to = {.server = server, .json = &json};
    dosi_json_begin_object(&json);
    dosi_api_put_dataset(&json, server, version);
    dosi_json_member_int(&json, "latest", version->latest);
    dosi_json_member_string(&json, "hash", version->hash);
    dosi_api_member_raw(&json, "columns", version->columns_json);
    dosi_api_member_raw(&json, "profile", version->profile_json);
    dosi_api_member_raw(&json, "lineage", version->lineage_json);
    dosi_json_key(&json, "versions");
    dosi_json_begin_array(&json);
    DOSI_TRY(dosi_gate_each_version(server->gate, caller, reference, put_version, &to, err));
    dosi_json_end_array(&json);
    put_may(&json, server, caller, version);
    dosi_json_end_object(&json);
    return DOSI_OK;
}

static dosi_status show(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char reference[DOSI_REFERENCE_BYTES];
    dosi_version version = {0};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    DOSI_TRY(dosi_gate_find(server->gate, &caller, reference, &version, err));
    dosi_status status = put_page(server, &caller, &version, &reply->body, err);
    dosi_version_clear(&version);
    return status;
}

/// Reads a member {ko, en} into two strings; untouched when absent.
static void read_words(const json_t *body, const char *name, const char **ko, const char **en) {
    const json_t *words = json_object_get(body, name);
    *ko = json_string_value(json_object_get(words, "ko"));
    *en = json_string_value(json_object_get(words, "en"));
}

static dosi_status describe(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    json_t *body = NULL;
    char reference[DOSI_REFERENCE_BYTES];
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    dosi_metadata metadata = {
        .licence = json_string_value(json_object_get(body, "licence")),
        .publisher = json_string_value(json_object_get(body, "publisher")),
        .contact = json_string_value(json_object_get(body, "contact")),
        .frequency = json_string_value(json_object_get(body, "frequency")),
        .visibility = json_string_value(json_object_get(body, "visibility")),
    };
    read_words(body, "title", &metadata.title_ko, &metadata.title_en);
    read_words(body, "description", &metadata.description_ko, &metadata.description_en);
    dosi_status status = dosi_gate_describe(server->gate, &caller, reference, &metadata, err);
    json_decref(body);
    DOSI_TRY(status);
    return show(context, request, reply, err);
}

/// Writes a page of rows: {columns, rows, total}.
static void put_rows(const dosi_server *server,
                     const dosi_table *table,
                     int64_t total,
                     dosi_text *out) {
    dosi_table_style style = {
        .has_zone = true, .zone_s = dosi_gate_zone_s(server->gate), .decimals = 6};
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "columns");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < table->n_columns; i++) {
        dosi_json_string(&json, table->columns[i].name);
    }
    dosi_json_end_array(&json);
    dosi_json_member_int(&json, "total", total);
    dosi_json_key(&json, "rows");
    dosi_text rows = {0};
    dosi_table_put_json_rows(&rows, table, &style);
    dosi_json_raw(&json, dosi_text_string(&rows), rows.length);
    dosi_text_destroy(&rows);
    dosi_json_end_object(&json);
}

static dosi_status rows(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char reference[DOSI_REFERENCE_BYTES];
    char sql[DOSI_REFERENCE_BYTES + 128];
    int64_t limit = 50;
    int64_t offset = 0;
    dosi_version version = {0};
    dosi_table table = {0};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    DOSI_TRY(dosi_api_query_int(request, "limit", 1, 10000, &limit, err));
    DOSI_TRY(dosi_api_query_int(request, "offset", 0, INT64_C(1) << 40, &offset, err));
    DOSI_TRY(dosi_gate_find(server->gate, &caller, reference, &version, err));
    int64_t total = version.n_rows;
    dosi_version_clear(&version);
    (void)snprintf(sql, sizeof sql, "select * from \"%s\" limit %lld offset %lld", reference,
                   (long long)limit, (long long)offset);
    dosi_status status = dosi_gate_query(server->gate, &caller, sql, NULL, NULL, &table, err);
    if (status == DOSI_OK) put_rows(server, &table, total, &reply->body);
    dosi_table_destroy(&table);
    return status;
}

/// Sends the Parquet file of a version.
static dosi_status download_parquet(dosi_server *server,
                                    const dosi_caller *caller,
                                    const char *reference,
                                    dosi_http_reply *reply,
                                    dosi_error *err) {
    dosi_version version = {0};
    DOSI_TRY(dosi_gate_lend_file(server->gate, caller, reference, &version, err));
    reply->file_path = dosi_string_copy(version.path);
    reply->content_type = "application/vnd.apache.parquet";
    (void)snprintf(reply->etag, sizeof reply->etag, "%s", version.hash);
    dosi_status status =
        reply->file_path ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_version_clear(&version);
    return status;
}

/// Writes a table in a text format.
static dosi_status put_format(const dosi_server *server,
                              const dosi_table *table,
                              const char *format,
                              dosi_http_reply *reply,
                              dosi_error *err) {
    dosi_table_style style = {.has_zone = true, .zone_s = dosi_gate_zone_s(server->gate)};
    if (strcmp(format, "csv") == 0) {
        reply->content_type = "text/csv; charset=utf-8";
        dosi_table_put_csv(&reply->body, table, NULL);
        return DOSI_OK;
    }
    if (strcmp(format, "json") == 0) {
        dosi_table_put_json(&reply->body, table, &style);
        return DOSI_OK;
    }
    if (strcmp(format, "geojson") == 0) {
        reply->content_type = "application/geo+json";
        return dosi_table_put_geojson(&reply->body, table, &style, err);
    }
    return dosi_fail(err, DOSI_INVALID, "format=%.40s: there are csv, json, geojson, parquet",
                     format);
}

static dosi_status download(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char reference[DOSI_REFERENCE_BYTES];
    dosi_table table = {0};
    const char *format = dosi_http_query(request, "format");
    if (!format) format = "csv";
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    dosi_text_printf(&reply->headers,
                     "Content-Disposition: attachment; filename=\"%s.%.12s\"\n",
                     dosi_http_path(request, "name"), format);
    if (strcmp(format, "parquet") == 0) {
        return download_parquet(server, &caller, reference, reply, err);
    }
    DOSI_TRY(dosi_gate_read(server->gate, &caller, reference, NULL, 0, &table, NULL, err));
    dosi_status status = put_format(server, &table, format, reply, err);
    dosi_table_destroy(&table);
    return status;
}

static dosi_status dcat(void *context,
                        dosi_http_request *request,
                        dosi_http_reply *reply,
                        dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char reference[DOSI_REFERENCE_BYTES];
    dosi_version version = {0};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    DOSI_TRY(dosi_gate_find(server->gate, &caller, reference, &version, err));
    reply->content_type = "application/ld+json";
    dosi_status status =
        dosi_dcat_put_dataset(&reply->body, &version, dosi_http_base_url(request), err);
    dosi_version_clear(&version);
    return status;
}

/// Where a whole catalogue is written.
typedef struct dcat_writer {
    dosi_text *out;
    const char *base_url;
    bool has_one;
} dcat_writer;

static dosi_status put_dcat(void *context, const dosi_version *version, dosi_error *err) {
    dcat_writer *to = context;
    if (to->has_one) dosi_text_putc(to->out, ',');
    to->has_one = true;
    return dosi_dcat_put_dataset(to->out, version, to->base_url, err);
}

static dosi_status dcat_all(void *context,
                            dosi_http_request *request,
                            dosi_http_reply *reply,
                            dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    reply->content_type = "application/ld+json";
    dcat_writer to = {&reply->body, dosi_http_base_url(request), false};
    dosi_dcat_begin_catalogue(&reply->body, dosi_gate_title(server->gate), to.base_url);
    DOSI_TRY(dosi_gate_each(server->gate, &caller, put_dcat, &to, err));
    dosi_dcat_end_catalogue(&reply->body);
    return DOSI_OK;
}

static dosi_status sql(void *context,
                       dosi_http_request *request,
                       dosi_http_reply *reply,
                       dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    json_t *body = NULL;
    const char *text = NULL;
    dosi_table table = {0};
    DOSI_TRY(dosi_server_caller(server, request, "sql", &caller, err));
    DOSI_TRY(dosi_api_body(request, &body, err));
    const char *format = json_string_value(json_object_get(body, "format"));
    bool is_csv = format && strcmp(format, "csv") == 0;
    json_int_t limit = json_integer_value(json_object_get(body, "limit"));
    dosi_query_limits limits = {.max_rows =
                                    limit > 0 && limit < 100000 ? (size_t)limit : 100000,
                                .timeout_us = 20 * DOSI_SECOND_US};
    dosi_status status = dosi_api_string(body, "sql", &text, err);
    if (status == DOSI_OK) {
        status = dosi_gate_query(server->gate, &caller, text, &limits, NULL, &table, err);
    }
    if (status == DOSI_OK && is_csv) status = put_format(server, &table, "csv", reply, err);
    if (status == DOSI_OK && !is_csv) {
        put_rows(server, &table, (int64_t)table.n_rows, &reply->body);
    }
    dosi_table_destroy(&table);
    json_decref(body);
    return status;
}

#define DATASET "/api/v1/datasets/{org}/{name}"

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/api/v1/datasets",
     .handle = list,
     .summary = "Datasets that one may see",
     .parameters = "q:string organisation:string"},
    {.method = "GET",
     .pattern = DATASET,
     .handle = show,
     .summary = "All that is known of a dataset",
     .parameters = "version:integer"},
    {.method = "PATCH",
     .pattern = DATASET,
     .handle = describe,
     .summary = "Change a dataset's metadata"},
    {.method = "GET",
     .pattern = DATASET "/rows",
     .handle = rows,
     .summary = "Some rows",
     .parameters = "limit:integer offset:integer version:integer",
     .is_slow = true},
    {.method = "GET",
     .pattern = DATASET "/download",
     .handle = download,
     .summary = "A whole version as CSV, JSON, GeoJSON or Parquet",
     .parameters = "format:string version:integer",
     .is_slow = true},
    {.method = "GET", .pattern = DATASET "/dcat", .handle = dcat, .summary = "DCAT-AP JSON-LD"},
    {.method = "GET",
     .pattern = "/api/v1/dcat",
     .handle = dcat_all,
     .summary = "The whole catalogue as DCAT-AP JSON-LD"},
    {.method = "POST",
     .pattern = "/api/v1/sql",
     .handle = sql,
     .summary = "Read-only SQL with {sql, format, limit}",
     .is_slow = true},
};

extern const dosi_route_group dosi_routes_api_datasets;
const dosi_route_group dosi_routes_api_datasets = {
    .tag = "datasets",
    .about = "The catalogue: metadata, rows, downloads, SQL.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
