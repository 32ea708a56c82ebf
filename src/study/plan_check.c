// How the parts of a study hang together: links, order, use, and what the methods accept.

#include "study/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t find_output(const dosi_method *method, const char *name) {
    for (size_t i = 0; i < method->n_outputs; i++) {
        if (strcmp(method->outputs[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

static size_t find_input(const dosi_study *study, const char *name) {
    for (size_t i = 0; i < study->n_inputs; i++) {
        if (strcmp(study->inputs[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

/// The step called by the first `n` bytes of `name`.
static size_t find_step(const dosi_study *study, const char *name, size_t n) {
    for (size_t i = 0; i < study->n_steps; i++) {
        const char *id = study->steps[i].id;
        if (strlen(id) == n && memcmp(id, name, n) == 0) return i;
    }
    return SIZE_MAX;
}

static void list_outputs(const dosi_method *method, char *out, size_t n_out) {
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < method->n_outputs && n + 80 < n_out; i++) {
        n += (size_t)snprintf(out + n, n_out - n, "%s%.60s", i ? ", " : "",
                              method->outputs[i].name);
    }
}

dosi_status dosi_plan_resolve(dosi_study *study,
                              const dosi_yaml_node *node,
                              study_link *out,
                              dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    if (node->kind != DOSI_YAML_SCALAR || node->text[0] == '\0') {
        return dosi_yaml_fail_key(yaml, node, err,
                                  "must name an input of the study or step.output");
    }
    const char *dot = strchr(node->text, '.');
    if (!dot) {
        size_t i = find_input(study, node->text);
        if (i == SIZE_MAX) {
            return dosi_yaml_fail(yaml, node, err,
                                  "the study has no input \"%.60s\" (a step's output is "
                                  "written step.output)",
                                  node->text);
        }
        study->inputs[i].is_used = true;
        *out = (study_link){.kind = STUDY_LINK_INPUT, .i = i, .node = node};
        return DOSI_OK;
    }
    size_t i = find_step(study, node->text, (size_t)(dot - node->text));
    if (i == SIZE_MAX) {
        return dosi_yaml_fail(yaml, node, err, "there is no step \"%.*s\"",
                              (int)(dot - node->text < 60 ? dot - node->text : 60), node->text);
    }
    size_t i_output = find_output(study->steps[i].method, dot + 1);
    if (i_output == SIZE_MAX) {
        char list[200];
        list_outputs(study->steps[i].method, list, sizeof list);
        return dosi_yaml_fail(yaml, node, err, "%s has no output \"%.60s\"; it has %s",
                              study->steps[i].method->id, dot + 1, list);
    }
    study->steps[i].is_used = true;
    *out = (study_link){.kind = STUDY_LINK_STEP, .i = i, .i_output = i_output, .node = node};
    return DOSI_OK;
}

// --- links of steps ----------------------------------------------------------------------

static size_t find_method_input(const dosi_method *method, const char *name) {
    for (size_t i = 0; i < method->n_inputs; i++) {
        if (strcmp(method->inputs[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

static dosi_status link_step(dosi_study *study, study_step *step, dosi_error *err) {
    void *memory = NULL;
    DOSI_TRY(dosi_plan_alloc(study, step->method->n_inputs + 1, sizeof *step->links, &memory));
    step->links = memory;
    const dosi_yaml_node *node = step->inputs_node ? step->inputs_node->first : NULL;
    for (; node; node = node->next) {
        size_t i = find_method_input(step->method, node->key);
        if (i == SIZE_MAX) {
            return dosi_yaml_fail_key(&study->yaml, node, err, "%s has no input \"%.60s\"",
                                      step->method->id, node->key);
        }
        DOSI_TRY(dosi_plan_resolve(study, node, &step->links[i], err));
    }
    for (size_t i = 0; i < step->method->n_inputs; i++) {
        const dosi_method_table *input = &step->method->inputs[i];
        if (input->is_optional || step->links[i].kind != STUDY_LINK_NONE) continue;
        return dosi_yaml_fail(&study->yaml, step->node, err,
                              "step \"%s\" lacks input \"%s\" of %s", step->id, input->name,
                              step->method->id);
    }
    return DOSI_OK;
}

/// Puts a step after all it needs; marks 1 while on the way, 2 when placed.
static dosi_status place_step(dosi_study *study, size_t i, size_t *n_placed, dosi_error *err) {
    study_step *step = &study->steps[i];
    if (step->mark == 2) return DOSI_OK;
    step->mark = 1;
    for (size_t k = 0; k < step->method->n_inputs; k++) {
        const study_link *link = &step->links[k];
        if (link->kind != STUDY_LINK_STEP) continue;
        if (study->steps[link->i].mark == 1) {
            return dosi_yaml_fail(&study->yaml, link->node, err,
                                  "steps go in a circle: \"%s\" needs \"%s\", which needs it",
                                  step->id, study->steps[link->i].id);
        }
        DOSI_TRY(place_step(study, link->i, n_placed, err));
    }
    step->mark = 2;
    study->order[(*n_placed)++] = i;
    return DOSI_OK;
}

// --- parameters --------------------------------------------------------------------------

static const dosi_method_parameter *find_parameter(const dosi_method *method,
                                                   const char *name) {
    for (size_t i = 0; i < method->n_parameters; i++) {
        if (strcmp(method->parameters[i].name, name) == 0) return &method->parameters[i];
    }
    return NULL;
}

/// The node of the setting that a message is about; the step's when it is about none.
static const dosi_yaml_node *blame(const study_step *step, const char *message) {
    for (size_t i = 0; i < step->n_settings; i++) {
        if (strstr(message, step->settings[i].name)) return step->setting_nodes[i];
    }
    return step->node;
}

/// That the method takes the step's settings when the study's parameters have their defaults.
static dosi_status try_settings(const dosi_study *study,
                                const study_step *step,
                                const dosi_setting *settings,
                                dosi_error *err) {
    dosi_value *values = calloc(step->method->n_parameters + 1, sizeof *values);
    if (!values) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_error why = {""};
    dosi_status status =
        dosi_method_set(step->method, settings, step->n_settings, values, &why);
    free(values);
    if (status == DOSI_OK) return DOSI_OK;
    return dosi_yaml_fail(&study->yaml, blame(step, why.message), err, "step \"%s\": %.300s",
                          step->id, why.message);
}

static dosi_status expand_setting(dosi_study *study,
                                  const study_values *defaults,
                                  const dosi_yaml_node *node,
                                  const char **out,
                                  dosi_error *err) {
    char text[STUDY_TEXT_BYTES];
    bool used[STUDY_PARAMETERS_MAX] = {false};
    dosi_error why = {""};
    if (dosi_plan_expand(study, defaults, node->text, text, used, &why) != DOSI_OK) {
        return dosi_yaml_fail(&study->yaml, node, err, "%.300s", why.message);
    }
    for (size_t i = 0; i < study->n_parameters; i++) study->parameters[i].is_used |= used[i];
    void *memory = NULL;
    DOSI_TRY(dosi_plan_alloc(study, strlen(text) + 1, 1, &memory));
    memcpy(memory, text, strlen(text) + 1);
    *out = memory;
    return DOSI_OK;
}

static dosi_status check_settings(dosi_study *study, study_step *step, dosi_error *err) {
    study_values defaults;
    dosi_plan_default_values(study, &defaults);
    dosi_setting settings[STUDY_PARAMETERS_MAX];
    for (size_t i = 0; i < step->n_settings; i++) {
        settings[i].name = step->settings[i].name;
        if (!find_parameter(step->method, settings[i].name)) {
            return dosi_yaml_fail_key(&study->yaml, step->setting_nodes[i], err,
                                      "%s has no parameter \"%.60s\"", step->method->id,
                                      settings[i].name);
        }
        DOSI_TRY(
            expand_setting(study, &defaults, step->setting_nodes[i], &settings[i].value, err));
    }
    return try_settings(study, step, settings, err);
}

static dosi_status check_when(dosi_study *study, const study_step *step, dosi_error *err) {
    if (!step->when) return DOSI_OK;
    study_values defaults;
    dosi_plan_default_values(study, &defaults);
    const dosi_yaml_node *node = dosi_yaml_find(step->node, "when");
    const char *value = NULL;
    DOSI_TRY(expand_setting(study, &defaults, node, &value, err));
    assert(value);
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) return DOSI_OK;
    return dosi_yaml_fail(&study->yaml, node, err,
                          "\"when\" must come to true or false, not \"%.60s\"", value);
}

static dosi_status check_inputs(dosi_study *study, dosi_error *err) {
    study_values defaults;
    dosi_plan_default_values(study, &defaults);
    for (size_t i = 0; i < study->n_inputs; i++) {
        const study_input *input = &study->inputs[i];
        const dosi_yaml_node *node = dosi_yaml_find(input->node, "dataset");
        if (!node) node = input->node;
        const char *value = NULL;
        DOSI_TRY(expand_setting(study, &defaults, node, &value, err));
        char organisation[DOSI_NAME_BYTES];
        char name[DOSI_NAME_BYTES];
        int64_t number = 0;
        dosi_error why = {""};
        if (dosi_reference_parse(value, organisation, name, &number, &why) == DOSI_OK) continue;
        return dosi_yaml_fail(&study->yaml, node, err, "input \"%s\": %.200s", input->name,
                              why.message);
    }
    return DOSI_OK;
}

// --- outputs, layers, use ----------------------------------------------------------------

static dosi_status check_output(dosi_study *study, study_output *output, dosi_error *err) {
    const dosi_yaml_node *from = dosi_yaml_find(output->node, "from");
    study_link link = {0};
    DOSI_TRY(dosi_plan_resolve(study, from, &link, err));
    if (link.kind != STUDY_LINK_STEP) {
        return dosi_yaml_fail(&study->yaml, from, err,
                              "an output comes from a step (step.output)");
    }
    output->i_step = link.i;
    output->i_output = link.i_output;
    return DOSI_OK;
}

static dosi_status check_grid(dosi_study *study,
                              study_layer *layer,
                              const dosi_yaml_node *node,
                              dosi_error *err) {
    study_link link = {0};
    DOSI_TRY(dosi_plan_resolve(study, node, &link, err));
    if (link.kind != STUDY_LINK_STEP) {
        return dosi_yaml_fail(&study->yaml, node, err,
                              "a grid comes from a step (step.output)");
    }
    layer->i_grid_step = link.i;
    layer->i_grid_output = link.i_output;
    return DOSI_OK;
}

static dosi_status check_layer(dosi_study *study, study_layer *layer, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    const dosi_yaml_node *node = dosi_yaml_find(layer->node, "output");
    layer->i_output = SIZE_MAX;
    for (size_t i = 0; i < study->n_outputs && node->text; i++) {
        if (strcmp(study->outputs[i].name, node->text) == 0) layer->i_output = i;
    }
    if (layer->i_output == SIZE_MAX) {
        return dosi_yaml_fail(yaml, node, err, "the study has no output \"%.60s\"",
                              node->text ? node->text : "");
    }
    const dosi_yaml_node *grid = dosi_yaml_find(layer->node, "grid");
    if (grid) DOSI_TRY(check_grid(study, layer, grid, err));
    const dosi_yaml_node *geometry = dosi_yaml_find(layer->node, "geometry");
    if (geometry) {
        study_link link = {0};
        const dosi_yaml_node *input = dosi_yaml_find(geometry, "input");
        DOSI_TRY(dosi_plan_resolve(study, input, &link, err));
        if (link.kind != STUDY_LINK_INPUT) {
            return dosi_yaml_fail(yaml, input, err, "the shapes come from an input");
        }
        layer->i_geometry = link.i;
    }
    return DOSI_OK;
}

const study_layer *dosi_plan_layer(const dosi_study *study, size_t i_output, const char *id) {
    for (size_t i = 0; i < study->n_layers; i++) {
        const study_layer *layer = &study->layers[i];
        if (layer->i_output == i_output && strcmp(layer->id, id) == 0) return layer;
    }
    return NULL;
}

/// Ids are unique within an output; the uncertainty is another layer of it.
static dosi_status check_names(const dosi_study *study,
                               const study_layer *layer,
                               dosi_error *err) {
    const dosi_yaml_node *id = dosi_yaml_find(layer->node, "id");
    if (dosi_plan_layer(study, layer->i_output, layer->id) != layer) {
        return dosi_yaml_fail(&study->yaml, id, err,
                              "two layers of one output are called \"%s\"", layer->id);
    }
    if (!layer->uncertainty || dosi_plan_layer(study, layer->i_output, layer->uncertainty)) {
        return DOSI_OK;
    }
    return dosi_yaml_fail(&study->yaml, dosi_yaml_find(layer->node, "uncertainty"), err,
                          "the output has no layer \"%.60s\"", layer->uncertainty);
}

/// What is declared and never used is an error: most often it is a slip.
static dosi_status check_use(const dosi_study *study, dosi_error *err) {
    for (size_t i = 0; i < study->n_parameters; i++) {
        const study_parameter *parameter = &study->parameters[i];
        if (parameter->is_used) continue;
        return dosi_yaml_fail_key(&study->yaml, parameter->node, err,
                                  "parameter \"%s\" is not used", parameter->name);
    }
    for (size_t i = 0; i < study->n_inputs; i++) {
        if (study->inputs[i].is_used) continue;
        return dosi_yaml_fail_key(&study->yaml, study->inputs[i].node, err,
                                  "input \"%s\" is not used", study->inputs[i].name);
    }
    for (size_t i = 0; i < study->n_steps; i++) {
        if (study->steps[i].is_used) continue;
        return dosi_yaml_fail(&study->yaml, study->steps[i].node, err,
                              "no output of step \"%s\" is used", study->steps[i].id);
    }
    return DOSI_OK;
}

dosi_status dosi_plan_check(dosi_study *study, dosi_error *err) {
    for (size_t i = 0; i < study->n_steps; i++) {
        DOSI_TRY(link_step(study, &study->steps[i], err));
    }
    size_t n_placed = 0;
    for (size_t i = 0; i < study->n_steps; i++) {
        DOSI_TRY(place_step(study, i, &n_placed, err));
    }
    DOSI_TRY(check_inputs(study, err));
    for (size_t i = 0; i < study->n_steps; i++) {
        DOSI_TRY(check_settings(study, &study->steps[i], err));
        DOSI_TRY(check_when(study, &study->steps[i], err));
    }
    for (size_t i = 0; i < study->n_outputs; i++) {
        DOSI_TRY(check_output(study, &study->outputs[i], err));
    }
    for (size_t i = 0; i < study->n_layers; i++) {
        DOSI_TRY(check_layer(study, &study->layers[i], err));
    }
    for (size_t i = 0; i < study->n_layers; i++) {
        DOSI_TRY(check_names(study, &study->layers[i], err));
    }
    return check_use(study, err);
}
