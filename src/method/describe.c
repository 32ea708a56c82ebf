// Descriptors as JSON: what the API, the web form and the manual are made from.

#include "dosi/json.h"
#include "dosi/method.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"integer", "real", "boolean", "text", "choice"};

/// key: {"ko": ..., "en": ...}
static void put_words(dosi_json *json, const char *key, const dosi_words *words) {
    dosi_json_key(json, key);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "ko", words->ko);
    dosi_json_member_string(json, "en", words->en);
    dosi_json_end_object(json);
}

/// An array of tables with their columns.
static void put_tables(dosi_json *json,
                       const char *key,
                       const dosi_method_table *tables,
                       size_t n_tables) {
    dosi_json_key(json, key);
    dosi_json_begin_array(json);
    for (size_t i = 0; i < n_tables; i++) {
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", tables[i].name);
        put_words(json, "title", &tables[i].title);
        dosi_json_member_bool(json, "optional", tables[i].is_optional);
        dosi_json_key(json, "columns");
        dosi_json_begin_array(json);
        for (size_t c = 0; c < tables[i].n_columns; c++) {
            const dosi_method_column *column = &tables[i].columns[c];
            dosi_json_begin_object(json);
            dosi_json_member_string(json, "name", column->name);
            dosi_json_member_string(json, "type", dosi_type_name(column->type));
            dosi_json_member_string(json, "unit", column->unit);
            dosi_json_member_bool(json, "optional", column->is_optional);
            put_words(json, "meaning", &column->meaning);
            dosi_json_end_object(json);
        }
        dosi_json_end_array(json);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

/// A default as the kind it has, so that forms can be filled with it.
static void put_default(dosi_json *json, const dosi_method_parameter *parameter) {
    const char *text = parameter->default_value;
    dosi_json_key(json, "default");
    if (!text) {
        dosi_json_null(json);
    } else if (parameter->kind == DOSI_PARAMETER_INT ||
               parameter->kind == DOSI_PARAMETER_REAL ||
               parameter->kind == DOSI_PARAMETER_BOOL) {
        dosi_json_raw(json, text, strlen(text));
    } else {
        dosi_json_string(json, text);
    }
}

/// The words of "a|b|c" as an array.
static void put_choices(dosi_json *json, const char *choices) {
    dosi_json_key(json, "choices");
    dosi_json_begin_array(json);
    for (const char *at = choices; at && *at;) {
        size_t length = strcspn(at, "|");
        dosi_json_bytes(json, at, length);
        at += length + (at[length] == '|');
    }
    dosi_json_end_array(json);
}

static void put_parameters(dosi_json *json, const dosi_method *method) {
    dosi_json_key(json, "parameters");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < method->n_parameters; i++) {
        const dosi_method_parameter *parameter = &method->parameters[i];
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", parameter->name);
        dosi_json_member_string(json, "kind", kind_names[parameter->kind]);
        dosi_json_member_string(json, "unit", parameter->unit);
        put_default(json, parameter);
        dosi_json_member_bool(json, "required", parameter->default_value == NULL);
        if (parameter->min != parameter->max) {
            dosi_json_member_real(json, "min", parameter->min);
            dosi_json_member_real(json, "max", parameter->max);
        }
        if (parameter->kind == DOSI_PARAMETER_CHOICE) put_choices(json, parameter->choices);
        put_words(json, "title", &parameter->title);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

void dosi_method_put_json(dosi_text *out, const dosi_method *method) {
    assert(out && method);
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", method->id);
    dosi_json_member_int(&json, "version", method->version);
    put_words(&json, "title", &method->title);
    put_words(&json, "about", &method->about);
    dosi_json_member_string(&json, "citation", method->citation);
    put_tables(&json, "inputs", method->inputs, method->n_inputs);
    put_parameters(&json, method);
    put_tables(&json, "outputs", method->outputs, method->n_outputs);
    dosi_json_end_object(&json);
}
