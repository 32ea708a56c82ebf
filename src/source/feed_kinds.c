// The kinds of feed: how each API is asked, and how its replies are built.

#include "source/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/// Parses a reply as JSON; a cut one may pass.
static dosi_status parse_reply(
    const char *body, size_t n_bytes, json_t **out, bool *may_pass, dosi_error *err) {
    json_error_t place;
    *out = json_loadb(body, n_bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &place);
    if (*out) return DOSI_OK;
    *may_pass = true;
    return dosi_fail(err, DOSI_PARSE, "the reply is no whole JSON: %.120s at byte %d of %zu",
                     place.text, place.position, n_bytes);
}

/// Moves the objects of an array to `rows`.
static dosi_status take_rows(const json_t *found, json_t *rows, dosi_error *err) {
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(found, i, row) {
        if (json_is_object(row) && json_array_append(rows, row) != 0) {
            return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
        }
    }
    return DOSI_OK;
}

/// A member that is a number, or text of one.
static size_t count_of(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    int64_t n = json_integer_value(value);
    if (json_is_string(value)) {
        (void)!dosi_parse_int(json_string_value(value), json_string_length(value), &n);
    }
    return n > 0 ? (size_t)n : 0;
}

// --- data.go.kr ----------------------------------------------------------------------------

static const char *service_of(const dosi_feed *feed) {
    return feed->service ? feed->service : feed->kind->service;
}

static const char *base_of(const dosi_feed *feed) {
    return feed->base_url ? feed->base_url : feed->kind->base_url;
}

static const char *parameters_of(const dosi_feed *feed) {
    return feed->parameters ? feed->parameters : feed->kind->parameters;
}

static size_t page_rows_of(const dosi_feed *feed) {
    return feed->page_rows ? feed->page_rows : feed->kind->page_rows;
}

/// Appends "&name=value" pairs with their values encoded.
static void put_parameters(dosi_text *out, const char *parameters) {
    const char *at = parameters;
    while (at && *at) {
        size_t length = strcspn(at, "&");
        size_t name = strcspn(at, "=&");
        char value[512] = "";
        if (name < length && length - name - 1 < sizeof value) {
            memcpy(value, at + name + 1, length - name - 1);
        }
        dosi_text_putc(out, '&');
        dosi_text_append(out, at, name);
        dosi_text_putc(out, '=');
        dosi_feed_put_encoded(out, value);
        at += length + (at[length] == '&');
    }
}

static void put_airkorea_url(dosi_text *out, const dosi_feed *feed, size_t page) {
    dosi_text_printf(out, "%s/%s?serviceKey=", base_of(feed), service_of(feed));
    dosi_feed_put_encoded(out, feed->key);
    dosi_text_printf(out, "&returnType=json&numOfRows=%zu&pageNo=%zu", page_rows_of(feed),
                     page);
    put_parameters(out, parameters_of(feed));
}

/// The text between <name> and </name>; false when there is none.
static bool find_element(const dosi_text *body, const char *name, char *out, size_t n_out) {
    char open[64];
    (void)snprintf(open, sizeof open, "<%s>", name);
    const char *start = strstr(dosi_text_string(body), open);
    if (!start) return false;
    start += strlen(open);
    (void)snprintf(out, n_out, "%.*s", (int)strcspn(start, "<"), start);
    return true;
}

/// The gateway of data.go.kr answers its own faults as XML, whatever was asked for.
static dosi_status judge_xml(const char *body,
                             size_t n_bytes,
                             bool *may_pass,
                             dosi_error *err) {
    char code[16] = "", said[128] = "";
    bool is_empty = false;
    dosi_text copy = {0};
    dosi_text_append(&copy, body, n_bytes);
    bool has_code = find_element(&copy, "returnReasonCode", code, sizeof code) ||
                    find_element(&copy, "resultCode", code, sizeof code);
    if (!find_element(&copy, "returnAuthMsg", said, sizeof said)) {
        (void)find_element(&copy, "resultMsg", said, sizeof said);
    }
    dosi_text_destroy(&copy);
    if (has_code) return dosi_feed_judge(code, said, &is_empty, may_pass, err);
    *may_pass = true;
    return dosi_fail(err, DOSI_PARSE, "the reply is no JSON, but markup of %zu bytes", n_bytes);
}

static dosi_status take_airkorea_page(const char *body,
                                      size_t n_bytes,
                                      json_t *rows,
                                      size_t *n_total,
                                      bool *may_pass,
                                      dosi_error *err) {
    if (n_bytes > 0 && body[0] == '<') return judge_xml(body, n_bytes, may_pass, err);
    json_t *reply = NULL;
    DOSI_TRY(parse_reply(body, n_bytes, &reply, may_pass, err));
    const json_t *response = json_object_get(reply, "response");
    const json_t *header = json_object_get(response, "header");
    const json_t *content = json_object_get(response, "body");
    const json_t *items = json_object_get(content, "items");
    const char *code = json_string_value(json_object_get(header, "resultCode"));
    const char *said = json_string_value(json_object_get(header, "resultMsg"));
    bool is_empty = false;
    dosi_status status = code ? dosi_feed_judge(code, said, &is_empty, may_pass, err)
                              : dosi_fail(err, DOSI_PARSE, "the reply has no result code");
    if (status == DOSI_OK && !is_empty) {
        // Some services wrap the list once more: items.item.
        if (json_is_object(items)) items = json_object_get(items, "item");
        status = take_rows(items, rows, err);
        *n_total = count_of(content, "totalCount");
    }
    json_decref(reply);
    return status;
}

// --- data.seoul.go.kr ----------------------------------------------------------------------

static void put_seoul_url(dosi_text *out, const dosi_feed *feed, size_t page) {
    size_t n = page_rows_of(feed);
    dosi_text_printf(out, "%s/", base_of(feed));
    dosi_feed_put_encoded(out, feed->key);
    dosi_text_printf(out, "/json/%s/%zu/%zu", service_of(feed), (page - 1) * n + 1, page * n);
    const char *at = parameters_of(feed);
    // Further parameters are positions in the path: "2020/11" or "중구".
    while (at && *at) {
        char value[512];
        size_t length = strcspn(at, "/");
        (void)snprintf(value, sizeof value, "%.*s", (int)length, at);
        dosi_text_putc(out, '/');
        dosi_feed_put_encoded(out, value);
        at += length + (at[length] == '/');
    }
}

static dosi_status take_seoul_page(const char *body,
                                   size_t n_bytes,
                                   json_t *rows,
                                   size_t *n_total,
                                   bool *may_pass,
                                   dosi_error *err) {
    json_t *reply = NULL;
    DOSI_TRY(parse_reply(body, n_bytes, &reply, may_pass, err));
    // {"SERVICE": {list_total_count, RESULT, row}}, or on faults {"RESULT": {...}} alone.
    const json_t *content = reply;
    const json_t *result = json_object_get(reply, "RESULT");
    void *first = json_object_iter(reply);
    if (!result && first) {
        content = json_object_iter_value(first);
        result = json_object_get(content, "RESULT");
    }
    const char *code = json_string_value(json_object_get(result, "CODE"));
    const char *said = json_string_value(json_object_get(result, "MESSAGE"));
    bool is_empty = false;
    dosi_status status = code ? dosi_feed_judge(code, said, &is_empty, may_pass, err)
                              : dosi_fail(err, DOSI_PARSE, "the reply has no result code");
    if (status == DOSI_OK && !is_empty) {
        status = take_rows(json_object_get(content, "row"), rows, err);
        *n_total = count_of(content, "list_total_count");
    }
    json_decref(reply);
    return status;
}

// --- the list ------------------------------------------------------------------------------

static const dosi_feed_kind airkorea = {
    .name = "airkorea",
    .title_ko = "에어코리아 대기오염정보",
    .title_en = "AirKorea air quality",
    .base_url = "https://apis.data.go.kr/B552584/ArpltnInforInqireSvc",
    .service = "getCtprvnRltmMesureDnsty",
    .parameters = "sidoName=서울&ver=1.0",
    .publisher = "Korea Environment Corporation",
    .licence = "KOGL-1",
    .daily_calls = 500,
    .page_rows = 100,
    .put_url = put_airkorea_url,
    .take_page = take_airkorea_page,
};

static const dosi_feed_kind seoul = {
    .name = "seoul-open-data",
    .title_ko = "서울 열린데이터광장",
    .title_en = "Seoul Open Data",
    .base_url = "http://openapi.seoul.go.kr:8088",
    .service = "RealtimeCityAir",
    .parameters = "",
    .publisher = "Seoul Metropolitan Government",
    .licence = "KOGL-1",
    .daily_calls = 1000,
    .page_rows = 1000,
    .put_url = put_seoul_url,
    .take_page = take_seoul_page,
};

static const dosi_feed_kind *const kinds[] = {&airkorea, &seoul};

const dosi_feed_kind *const *dosi_feed_kinds(size_t *n_kinds) {
    assert(n_kinds);
    *n_kinds = sizeof kinds / sizeof *kinds;
    return kinds;
}

const dosi_feed_kind *dosi_feed_kind_find(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    }
    return NULL;
}
