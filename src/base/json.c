// The streaming JSON writer: commas by level, values by kind.

#include "dosi/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void dosi_json_init(dosi_json *json, dosi_text *out) {
    assert(json && out);
    *json = (dosi_json){.out = out};
}

/// Puts the comma that is due before a value or key.
static void separate(dosi_json *json) {
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth == 0) return;
    bool *has_item = &json->has_item[json->depth - 1];
    if (*has_item) dosi_text_putc(json->out, ',');
    *has_item = true;
}

static void open_level(dosi_json *json, char bracket) {
    assert(json->depth < DOSI_JSON_DEPTH);
    separate(json);
    dosi_text_putc(json->out, bracket);
    json->has_item[json->depth++] = false;
}

static void close_level(dosi_json *json, char bracket) {
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    dosi_text_putc(json->out, bracket);
}

void dosi_json_begin_object(dosi_json *json) {
    open_level(json, '{');
}
void dosi_json_end_object(dosi_json *json) {
    close_level(json, '}');
}
void dosi_json_begin_array(dosi_json *json) {
    open_level(json, '[');
}
void dosi_json_end_array(dosi_json *json) {
    close_level(json, ']');
}

void dosi_json_key(dosi_json *json, const char *key) {
    assert(!json->after_key && json->depth > 0);
    separate(json);
    dosi_text_put_json(json->out, key, strlen(key));
    dosi_text_putc(json->out, ':');
    json->after_key = true;
}

void dosi_json_bytes(dosi_json *json, const char *value, size_t n_bytes) {
    separate(json);
    dosi_text_put_json(json->out, value, n_bytes);
}

void dosi_json_string(dosi_json *json, const char *value) {
    if (value) {
        dosi_json_bytes(json, value, strlen(value));
    } else {
        dosi_json_null(json);
    }
}

void dosi_json_raw(dosi_json *json, const char *value, size_t n_bytes) {
    separate(json);
    dosi_text_append(json->out, value, n_bytes);
}

void dosi_json_null(dosi_json *json) {
    dosi_json_raw(json, "null", 4);
}

void dosi_json_bool(dosi_json *json, bool value) {
    dosi_json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void dosi_json_real(dosi_json *json, double value) {
    if (!isfinite(value)) {
        dosi_json_null(json);
        return;
    }
    separate(json);
    dosi_text_put_real(json->out, value);
}

void dosi_json_int(dosi_json *json, int64_t value) {
    separate(json);
    dosi_text_put_int(json->out, value);
}

void dosi_json_member_string(dosi_json *json, const char *key, const char *value) {
    dosi_json_key(json, key);
    dosi_json_string(json, value);
}

void dosi_json_member_real(dosi_json *json, const char *key, double value) {
    dosi_json_key(json, key);
    dosi_json_real(json, value);
}

void dosi_json_member_int(dosi_json *json, const char *key, int64_t value) {
    dosi_json_key(json, key);
    dosi_json_int(json, value);
}

void dosi_json_member_bool(dosi_json *json, const char *key, bool value) {
    dosi_json_key(json, key);
    dosi_json_bool(json, value);
}
