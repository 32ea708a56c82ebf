// The list of methods (methods.def) and what every method needs: settings and checks.

#include "dosi/method.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define METHOD(name) extern const dosi_method dosi_method_##name;
#include "method/methods.def"
#undef METHOD

static const dosi_method *const methods[] = {
#define METHOD(name) &dosi_method_##name,
#include "method/methods.def"
#undef METHOD
    NULL,
};

const dosi_method *const *dosi_methods(size_t *n_methods) {
    *n_methods = sizeof methods / sizeof methods[0] - 1;
    return methods;
}

const dosi_method *dosi_method_find(const char *id) {
    assert(id);
    for (size_t i = 0; methods[i]; i++) {
        if (strcmp(methods[i]->id, id) == 0) return methods[i];
    }
    return NULL;
}

/// Whether `text` is one of the words of `choices` ("a|b|c").
static bool is_choice(const char *choices, const char *text) {
    size_t length = strlen(text);
    for (const char *at = choices; at; at = strchr(at, '|')) {
        if (*at == '|') at++;
        size_t word = strcspn(at, "|");
        if (word == length && strncmp(at, text, length) == 0) return true;
    }
    return false;
}

/// Whether a number is allowed by the parameter's range.
static bool is_in_range(const dosi_method_parameter *parameter, double value) {
    if (parameter->min == parameter->max) return true;
    return value >= parameter->min && value <= parameter->max;
}

/// "a number in 1..10": what a parameter takes, for messages.
static void put_expected(dosi_text *out, const dosi_method_parameter *parameter) {
    static const char *const kinds[] = {"a whole number", "a number", "true or false", "text",
                                        "one of "};
    dosi_text_puts(out, kinds[parameter->kind]);
    if (parameter->kind == DOSI_PARAMETER_CHOICE) dosi_text_puts(out, parameter->choices);
    bool is_number =
        parameter->kind == DOSI_PARAMETER_INT || parameter->kind == DOSI_PARAMETER_REAL;
    if (is_number && parameter->min != parameter->max) {
        dosi_text_puts(out, " in ");
        dosi_text_put_real(out, parameter->min);
        dosi_text_puts(out, "..");
        dosi_text_put_real(out, parameter->max);
    }
}

static dosi_status fail_value(const dosi_method *method,
                              const dosi_method_parameter *parameter,
                              const char *text,
                              dosi_error *err) {
    dosi_text expected = {0};
    put_expected(&expected, parameter);
    dosi_status status =
        dosi_fail(err, DOSI_INVALID, "%s: parameter %s is \"%.60s\", not %s", method->id,
                  parameter->name, text, dosi_text_string(&expected));
    dosi_text_destroy(&expected);
    return status;
}

/// Reads `text` as the parameter's kind; false when it is no such value.
static bool read_value(const dosi_method_parameter *parameter,
                       const char *text,
                       dosi_value *value) {
    *value = (dosi_value){.text = text};
    switch (parameter->kind) {
    case DOSI_PARAMETER_INT:
        if (dosi_parse_int(text, strlen(text), &value->integer) != DOSI_OK) return false;
        value->real = (double)value->integer;
        return is_in_range(parameter, value->real);
    case DOSI_PARAMETER_REAL:
        if (dosi_parse_real(text, strlen(text), &value->real) != DOSI_OK) return false;
        return is_in_range(parameter, value->real);
    case DOSI_PARAMETER_BOOL:
        value->boolean = strcmp(text, "true") == 0;
        return value->boolean || strcmp(text, "false") == 0;
    case DOSI_PARAMETER_CHOICE:
        return is_choice(parameter->choices, text);
    case DOSI_PARAMETER_TEXT:
    default:
        return true;
    }
}

/// Fails when a setting names no parameter, listing those there are.
static dosi_status check_names(const dosi_method *method,
                               const dosi_setting *settings,
                               size_t n_settings,
                               dosi_error *err) {
    for (size_t i = 0; i < n_settings; i++) {
        bool is_known = false;
        for (size_t p = 0; p < method->n_parameters && !is_known; p++) {
            is_known = strcmp(settings[i].name, method->parameters[p].name) == 0;
        }
        if (is_known) continue;
        dosi_text names = {0};
        for (size_t p = 0; p < method->n_parameters; p++) {
            if (p) dosi_text_puts(&names, ", ");
            dosi_text_puts(&names, method->parameters[p].name);
        }
        dosi_status status =
            dosi_fail(err, DOSI_INVALID, "%s has no parameter \"%s\" among: %s", method->id,
                      settings[i].name, dosi_text_string(&names));
        dosi_text_destroy(&names);
        return status;
    }
    return DOSI_OK;
}

dosi_status dosi_method_set(const dosi_method *method,
                            const dosi_setting *settings,
                            size_t n_settings,
                            dosi_value *values,
                            dosi_error *err) {
    assert(method && (settings || n_settings == 0) && (values || method->n_parameters == 0));
    DOSI_TRY(check_names(method, settings, n_settings, err));
    dosi_value *checked = calloc(method->n_parameters + 1, sizeof *checked);
    if (!checked) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for parameters");
    dosi_status status = DOSI_OK;
    for (size_t p = 0; p < method->n_parameters && status == DOSI_OK; p++) {
        const dosi_method_parameter *parameter = &method->parameters[p];
        const char *text = parameter->default_value;
        for (size_t i = 0; i < n_settings; i++) {
            if (strcmp(settings[i].name, parameter->name) == 0) text = settings[i].value;
        }
        if (!text) {
            status = dosi_fail(err, DOSI_INVALID, "%s: parameter %s must be given", method->id,
                               parameter->name);
        } else if (!read_value(parameter, text, &checked[p])) {
            status = fail_value(method, parameter, text, err);
        }
    }
    if (status == DOSI_OK && method->n_parameters) {
        memcpy(values, checked, method->n_parameters * sizeof *values);
    }
    free(checked);
    return status;
}

/// Whether a column of type `have` may stand for one of type `want`: integers are numbers.
static bool is_type_fine(dosi_type want, dosi_type have) {
    return want == have || (want == DOSI_TYPE_REAL && have == DOSI_TYPE_INT);
}

/// Checks one input's columns against the descriptor.
static dosi_status check_input(const dosi_method *method,
                               const dosi_method_table *want,
                               const dosi_table *table,
                               dosi_error *err) {
    if (!table) {
        if (want->is_optional) return DOSI_OK;
        return dosi_fail(err, DOSI_INVALID, "%s: input \"%s\" is missing", method->id,
                         want->name);
    }
    for (size_t c = 0; c < want->n_columns; c++) {
        const dosi_method_column *column = &want->columns[c];
        if (strcmp(column->name, "*") == 0) continue;
        size_t found = dosi_table_find(table, column->name);
        if (found == SIZE_MAX) {
            if (column->is_optional) continue;
            return dosi_fail(err, DOSI_INVALID, "%s: input \"%s\" has no column \"%s\" (%s)",
                             method->id, want->name, column->name,
                             dosi_type_name(column->type));
        }
        dosi_type have = table->columns[found].type;
        if (is_type_fine(column->type, have)) continue;
        return dosi_fail(err, DOSI_INVALID, "%s: input \"%s\": column \"%s\" is %s, not %s",
                         method->id, want->name, column->name, dosi_type_name(have),
                         dosi_type_name(column->type));
    }
    return DOSI_OK;
}

dosi_status dosi_method_run(const dosi_method_call *call, dosi_error *err) {
    assert(call && call->method && call->inputs && call->outputs);
    const dosi_method *method = call->method;
    for (size_t i = 0; i < method->n_inputs; i++) {
        DOSI_TRY(check_input(method, &method->inputs[i], call->inputs[i], err));
    }
    dosi_status status = method->run(call, err);
    if (status == DOSI_OK && call->report) status = dosi_text_status(call->report, err);
    if (status != DOSI_OK) {
        for (size_t i = 0; i < method->n_outputs; i++) dosi_table_destroy(&call->outputs[i]);
    }
    return status;
}

size_t dosi_method_parameter_index(const dosi_method *method, const char *name) {
    size_t i = 0;
    while (i < method->n_parameters && strcmp(method->parameters[i].name, name) != 0) i++;
    assert(i < method->n_parameters);
    return i;
}

const dosi_value *dosi_call_value(const dosi_method_call *call, const char *name) {
    return &call->values[dosi_method_parameter_index(call->method, name)];
}
