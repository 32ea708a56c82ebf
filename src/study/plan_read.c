// A study file's tree becomes its fields: known keys, right kinds, good names, limits.

#include "study/plan.h"

#include "dosi/json.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

/// Keys of the file, and what a list of them may hold.
#define STUDY_KEYS \
    "id! title! about! organisation! parameters inputs! steps! outputs! legends layers"

/// [a-z0-9][a-z0-9_-]*, at most 63 bytes: what ids and dataset names look like.
static bool is_name(const char *text) {
    size_t n = strlen(text);
    if (n == 0 || n >= DOSI_NAME_BYTES || !isalnum((unsigned char)text[0])) return false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!is_fine) return false;
    }
    return true;
}

static dosi_status check_name(const dosi_yaml *yaml,
                              const dosi_yaml_node *node,
                              const char *text,
                              bool is_key,
                              dosi_error *err) {
    if (is_name(text)) return DOSI_OK;
    const char *rule = "is no name (a-z, 0-9, _ and -, at most 63)";
    return is_key ? dosi_yaml_fail_key(yaml, node, err, "\"%.64s\" %s", text, rule)
                  : dosi_yaml_fail(yaml, node, err, "\"%.64s\" %s", text, rule);
}

/// {ko: ..., en: ...}, both needed.
static dosi_status read_words(const dosi_yaml *yaml,
                              const dosi_yaml_node *map,
                              const char *key,
                              dosi_words *out,
                              dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(map, key);
    if (!node) return DOSI_OK;
    DOSI_TRY(dosi_yaml_check_map(yaml, node, key, "ko! en!", err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "ko", &out->ko, err));
    return dosi_yaml_get_text(yaml, node, "en", &out->en, err);
}

/// That `node` is a list or map (as `kind`) of at most `max` members.
static dosi_status check_members(const dosi_yaml *yaml,
                                 const dosi_yaml_node *node,
                                 dosi_yaml_kind kind,
                                 size_t max,
                                 dosi_error *err) {
    if (node->kind != kind) {
        return dosi_yaml_fail(yaml, node, err, "\"%s\" must be a %s", node->key,
                              kind == DOSI_YAML_MAP ? "map (name: value)" : "list (- ...)");
    }
    if (node->n_members > max) {
        return dosi_yaml_fail(yaml, node, err, "%zu \"%s\"; at most %zu", node->n_members,
                              node->key, max);
    }
    return DOSI_OK;
}

static dosi_status read_parameter(dosi_study *study,
                                  const dosi_yaml_node *node,
                                  dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_parameter *parameter = &study->parameters[study->n_parameters];
    *parameter = (study_parameter){.name = node->key, .node = node};
    DOSI_TRY(check_name(yaml, node, node->key, true, err));
    if (strcmp(node->key, "org") == 0) {
        return dosi_yaml_fail_key(yaml, node, err, "\"org\" is the organisation's name");
    }
    DOSI_TRY(dosi_yaml_check_map(yaml, node, "a parameter", "default! title! unit", err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "default", &parameter->default_value, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "unit", &parameter->unit, err));
    DOSI_TRY(read_words(yaml, node, "title", &parameter->title, err));
    study->n_parameters++;
    return DOSI_OK;
}

static dosi_status read_input(dosi_study *study, const dosi_yaml_node *node, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_input *input = &study->inputs[study->n_inputs];
    *input = (study_input){.name = node->key, .node = node};
    DOSI_TRY(check_name(yaml, node, node->key, true, err));
    if (node->kind == DOSI_YAML_SCALAR) {
        if (node->text[0] == '\0') {
            return dosi_yaml_fail_key(yaml, node, err, "input \"%s\" names no dataset",
                                      node->key);
        }
        input->dataset = node->text;
    } else {
        DOSI_TRY(dosi_yaml_check_map(yaml, node, "an input", "dataset! optional title", err));
        DOSI_TRY(dosi_yaml_get_text(yaml, node, "dataset", &input->dataset, err));
        DOSI_TRY(dosi_yaml_get_bool(yaml, node, "optional", &input->is_optional, err));
        DOSI_TRY(read_words(yaml, node, "title", &input->title, err));
    }
    study->n_inputs++;
    return DOSI_OK;
}

static dosi_status read_settings(dosi_study *study,
                                 study_step *step,
                                 const dosi_yaml_node *node,
                                 dosi_error *err) {
    DOSI_TRY(check_members(&study->yaml, node, DOSI_YAML_MAP, STUDY_PARAMETERS_MAX, err));
    void *memory = NULL;
    DOSI_TRY(dosi_plan_alloc(study, node->n_members + 1, sizeof *step->settings, &memory));
    step->settings = memory;
    DOSI_TRY(dosi_plan_alloc(study, node->n_members + 1, sizeof(void *), &memory));
    step->setting_nodes = memory;
    for (const dosi_yaml_node *at = node->first; at; at = at->next) {
        if (at->kind != DOSI_YAML_SCALAR) {
            return dosi_yaml_fail(&study->yaml, at, err,
                                  "parameter \"%.60s\" must be one value", at->key);
        }
        step->settings[step->n_settings] = (dosi_setting){at->key, at->text};
        step->setting_nodes[step->n_settings++] = at;
    }
    return DOSI_OK;
}

static dosi_status read_step(dosi_study *study, const dosi_yaml_node *node, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_step *step = &study->steps[study->n_steps];
    *step = (study_step){.node = node};
    DOSI_TRY(
        dosi_yaml_check_map(yaml, node, "a step", "id! method! inputs parameters when", err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "id", &step->id, err));
    assert(step->id); // is needed: checked above
    DOSI_TRY(check_name(yaml, dosi_yaml_find(node, "id"), step->id, false, err));
    for (size_t i = 0; i < study->n_steps; i++) {
        if (strcmp(study->steps[i].id, step->id) != 0) continue;
        return dosi_yaml_fail(yaml, dosi_yaml_find(node, "id"), err,
                              "two steps are called \"%s\"", step->id);
    }
    const char *method = NULL;
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "method", &method, err));
    step->method = dosi_study_method(method);
    if (!step->method) {
        return dosi_yaml_fail(yaml, dosi_yaml_find(node, "method"), err,
                              "there is no method \"%.60s\"; `dosi methods` lists them",
                              method);
    }
    step->inputs_node = dosi_yaml_find(node, "inputs");
    if (step->inputs_node) {
        DOSI_TRY(check_members(yaml, step->inputs_node, DOSI_YAML_MAP, STUDY_INPUTS_MAX, err));
    }
    const dosi_yaml_node *parameters = dosi_yaml_find(node, "parameters");
    if (parameters) DOSI_TRY(read_settings(study, step, parameters, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "when", &step->when, err));
    study->n_steps++;
    return DOSI_OK;
}

static dosi_status check_word(const dosi_yaml *yaml,
                              const dosi_yaml_node *map,
                              const char *key,
                              const char *words,
                              dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(map, key);
    if (!node) return DOSI_OK;
    const char *at = node->text ? strstr(words, node->text) : NULL;
    size_t n = node->text ? strlen(node->text) : 0;
    bool is_whole =
        at && n > 0 && (at == words || at[-1] == '|') && (at[n] == '\0' || at[n] == '|');
    if (is_whole) return DOSI_OK;
    return dosi_yaml_fail(yaml, node, err, "\"%s\" must be one of %s", key, words);
}

static dosi_status read_output(dosi_study *study, const dosi_yaml_node *node, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_output *output = &study->outputs[study->n_outputs];
    *output = (study_output){
        .name = node->key, .node = node, .licence = NULL, .visibility = "organisation"};
    DOSI_TRY(check_name(yaml, node, node->key, true, err));
    DOSI_TRY(dosi_yaml_check_map(yaml, node, "an output",
                                 "from! title! description licence visibility frequency", err));
    DOSI_TRY(read_words(yaml, node, "title", &output->title, err));
    DOSI_TRY(read_words(yaml, node, "description", &output->description, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "licence", &output->licence, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "frequency", &output->frequency, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "visibility", &output->visibility, err));
    DOSI_TRY(check_word(yaml, node, "visibility", "public|organisation|private", err));
    study->n_outputs++;
    return DOSI_OK;
}

// --- layers ------------------------------------------------------------------------------

static bool is_colour(const char *text) {
    if (text[0] != '#' || strlen(text) != 7) return false;
    for (size_t i = 1; i < 7; i++) {
        if (!isxdigit((unsigned char)text[i])) return false;
    }
    return true;
}

static dosi_status read_max(const dosi_yaml *yaml,
                            const dosi_yaml_node *map,
                            double *out,
                            dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(map, "max");
    *out = NAN;
    if (!node) return DOSI_OK;
    bool is_number = node->kind == DOSI_YAML_SCALAR &&
                     dosi_parse_real(node->text, strlen(node->text), out) == DOSI_OK;
    if (is_number) return DOSI_OK;
    return dosi_yaml_fail(yaml, node, err,
                          "\"max\" must be a number (leave it out in the last)");
}

static dosi_status read_class(const dosi_study *study,
                              study_layer *layer,
                              const dosi_yaml_node *node,
                              dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_class *class = &layer->legend[layer->n_classes];
    DOSI_TRY(
        dosi_yaml_check_map(yaml, node, "a class of the legend", "max colour! label!", err));
    DOSI_TRY(read_max(yaml, node, &class->max, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "colour", &class->colour, err));
    if (!is_colour(class->colour)) {
        return dosi_yaml_fail(yaml, dosi_yaml_find(node, "colour"), err,
                              "\"%.40s\" is no colour like \"#3b82f6\"", class->colour);
    }
    DOSI_TRY(read_words(yaml, node, "label", &class->label, err));
    bool is_last = node->next == NULL;
    if (isnan(class->max) != is_last) {
        return dosi_yaml_fail(yaml, node, err, "every class has a \"max\", but for the last");
    }
    if (layer->n_classes > 0 && !is_last &&
        !(class->max > layer->legend[layer->n_classes - 1].max)) {
        return dosi_yaml_fail(yaml, node, err, "\"max\" must grow from class to class");
    }
    layer->n_classes++;
    return DOSI_OK;
}

static dosi_status read_legend(const dosi_study *study,
                               study_layer *layer,
                               const dosi_yaml_node *node,
                               dosi_error *err) {
    if (node->kind == DOSI_YAML_SCALAR) {
        const dosi_yaml_node *legends = dosi_yaml_find(study->yaml.root, "legends");
        const dosi_yaml_node *named = legends && legends->kind == DOSI_YAML_MAP
                                          ? dosi_yaml_find(legends, node->text)
                                          : NULL;
        if (!named) {
            return dosi_yaml_fail(&study->yaml, node, err, "there is no legend \"%.60s\"",
                                  node->text);
        }
        node = named;
    }
    DOSI_TRY(check_members(&study->yaml, node, DOSI_YAML_LIST, STUDY_LEGEND_MAX, err));
    if (!node->first) return dosi_yaml_fail(&study->yaml, node, err, "the legend is empty");
    for (const dosi_yaml_node *at = node->first; at; at = at->next) {
        DOSI_TRY(read_class(study, layer, at, err));
    }
    return DOSI_OK;
}

/// That the legends are a map, and each is some layer's.
static dosi_status check_legends(const dosi_study *study, dosi_error *err) {
    const dosi_yaml_node *legends = dosi_yaml_find(study->yaml.root, "legends");
    const dosi_yaml_node *layers = dosi_yaml_find(study->yaml.root, "layers");
    if (!legends) return DOSI_OK;
    DOSI_TRY(check_members(&study->yaml, legends, DOSI_YAML_MAP, STUDY_LAYERS_MAX, err));
    for (const dosi_yaml_node *legend = legends->first; legend; legend = legend->next) {
        bool is_used = false;
        for (const dosi_yaml_node *at = layers ? layers->first : NULL; at; at = at->next) {
            const dosi_yaml_node *named = dosi_yaml_find(at, "legend");
            is_used |= named && named->text && strcmp(named->text, legend->key) == 0;
        }
        if (!is_used) {
            return dosi_yaml_fail_key(&study->yaml, legend, err, "legend \"%.60s\" is not used",
                                      legend->key);
        }
    }
    return DOSI_OK;
}

static dosi_status read_kind(const dosi_yaml *yaml,
                             const dosi_yaml_node *node,
                             study_layer *layer,
                             dosi_error *err) {
    const dosi_yaml_node *kind = dosi_yaml_find(node, "kind");
    DOSI_TRY(check_word(yaml, node, "kind", "grid|points|areas", err));
    layer->kind = kind->text[0] == 'g'   ? STUDY_LAYER_GRID
                  : kind->text[0] == 'p' ? STUDY_LAYER_POINTS
                                         : STUDY_LAYER_AREAS;
    bool is_grid = layer->kind == STUDY_LAYER_GRID;
    const char *needed[] = {is_grid ? "grid" : "geometry", is_grid ? "grid" : "key"};
    for (size_t i = 0; i < 2; i++) {
        if (dosi_yaml_find(node, needed[i])) continue;
        return dosi_yaml_fail(yaml, node, err, "a layer of kind %s lacks \"%s\"", kind->text,
                              needed[i]);
    }
    const char *barred[] = {is_grid ? "geometry" : "grid", is_grid ? "key" : "grid"};
    for (size_t i = 0; i < 2; i++) {
        const dosi_yaml_node *found = dosi_yaml_find(node, barred[i]);
        if (!found) continue;
        return dosi_yaml_fail_key(yaml, found, err, "a layer of kind %s has no \"%s\"",
                                  kind->text, barred[i]);
    }
    return DOSI_OK;
}

static dosi_status read_geometry(const dosi_yaml *yaml,
                                 const dosi_yaml_node *node,
                                 study_layer *layer,
                                 dosi_error *err) {
    const dosi_yaml_node *geometry = dosi_yaml_find(node, "geometry");
    if (!geometry) return DOSI_OK;
    DOSI_TRY(dosi_yaml_check_map(yaml, geometry, "geometry", "input! key! label!", err));
    DOSI_TRY(dosi_yaml_get_text(yaml, geometry, "key", &layer->geometry_key, err));
    return dosi_yaml_get_text(yaml, geometry, "label", &layer->geometry_label, err);
}

static dosi_status read_layer(dosi_study *study, const dosi_yaml_node *node, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    study_layer *layer = &study->layers[study->n_layers];
    *layer = (study_layer){.node = node};
    DOSI_TRY(dosi_yaml_check_map(yaml, node, "a layer",
                                 "id! kind! title! output! value! time key geometry grid unit "
                                 "legend! uncertainty",
                                 err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "id", &layer->id, err));
    DOSI_TRY(check_name(yaml, dosi_yaml_find(node, "id"), layer->id, false, err));
    DOSI_TRY(read_kind(yaml, node, layer, err));
    DOSI_TRY(read_words(yaml, node, "title", &layer->title, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "value", &layer->value, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "time", &layer->time, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "key", &layer->key, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "unit", &layer->unit, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, node, "uncertainty", &layer->uncertainty, err));
    DOSI_TRY(read_geometry(yaml, node, layer, err));
    DOSI_TRY(read_legend(study, layer, dosi_yaml_find(node, "legend"), err));
    study->n_layers++;
    return DOSI_OK;
}

// --- the whole file ----------------------------------------------------------------------

/// A part of the file that has members, and what reads one of them.
typedef struct section {
    const char *key;
    dosi_yaml_kind kind;
    size_t max;
    dosi_status (*read)(dosi_study *study, const dosi_yaml_node *node, dosi_error *err);
} section;

static const section sections[] = {
    {"parameters", DOSI_YAML_MAP, STUDY_PARAMETERS_MAX, read_parameter},
    {"inputs", DOSI_YAML_MAP, STUDY_INPUTS_MAX, read_input},
    {"steps", DOSI_YAML_LIST, STUDY_STEPS_MAX, read_step},
    {"outputs", DOSI_YAML_MAP, STUDY_OUTPUTS_MAX, read_output},
    {"layers", DOSI_YAML_LIST, STUDY_LAYERS_MAX, read_layer},
};

static dosi_status read_section(dosi_study *study, const section *part, dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(study->yaml.root, part->key);
    if (!node) return DOSI_OK;
    DOSI_TRY(check_members(&study->yaml, node, part->kind, part->max, err));
    for (const dosi_yaml_node *at = node->first; at; at = at->next) {
        DOSI_TRY(part->read(study, at, err));
    }
    return DOSI_OK;
}

dosi_status dosi_plan_read(dosi_study *study, dosi_error *err) {
    const dosi_yaml *yaml = &study->yaml;
    const dosi_yaml_node *root = yaml->root;
    DOSI_TRY(dosi_yaml_check_map(yaml, root, "a study", STUDY_KEYS, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, root, "id", &study->id, err));
    DOSI_TRY(check_name(yaml, dosi_yaml_find(root, "id"), study->id, false, err));
    DOSI_TRY(dosi_yaml_get_text(yaml, root, "organisation", &study->organisation, err));
    DOSI_TRY(check_name(yaml, dosi_yaml_find(root, "organisation"), study->organisation, false,
                        err));
    DOSI_TRY(read_words(yaml, root, "title", &study->title, err));
    DOSI_TRY(read_words(yaml, root, "about", &study->about, err));
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        DOSI_TRY(read_section(study, &sections[i], err));
    }
    DOSI_TRY(check_legends(study, err));
    if (study->n_steps == 0) {
        return dosi_yaml_fail(yaml, dosi_yaml_find(root, "steps"), err, "there are no steps");
    }
    if (study->n_outputs == 0) {
        return dosi_yaml_fail(yaml, dosi_yaml_find(root, "outputs"), err,
                              "there are no outputs");
    }
    return DOSI_OK;
}
