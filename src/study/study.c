// Studies as files: loading, ${...}, and how one is shown as JSON.

#include "base/hash.h"
#include "base/os_file.h"
#include "dosi/json.h"
#include "study/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- methods -----------------------------------------------------------------------------

static const dosi_method *(*find_method)(const char *id) = dosi_method_find;

const dosi_method *dosi_study_method(const char *id) {
    return find_method(id);
}

void dosi_study_use_methods(const dosi_method *(*find)(const char *id)) {
    find_method = find ? find : dosi_method_find;
}

// --- loading -----------------------------------------------------------------------------

dosi_status dosi_plan_alloc(dosi_study *study, size_t count, size_t item_bytes, void **out) {
    return dosi_arena_alloc(&study->yaml.arena, count, item_bytes, out);
}

dosi_status dosi_study_parse(
    const char *name, const char *bytes, size_t n_bytes, dosi_study **out, dosi_error *err) {
    dosi_study *study = calloc(1, sizeof *study);
    if (!study) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_status status = dosi_yaml_parse(name, bytes, n_bytes, &study->yaml, err);
    if (status != DOSI_OK) {
        free(study);
        return status;
    }
    dosi_hash_bytes(bytes, n_bytes, study->hash);
    status = dosi_plan_read(study, err);
    if (status == DOSI_OK) status = dosi_plan_check(study, err);
    if (status != DOSI_OK) {
        dosi_study_destroy(study);
        return status;
    }
    *out = study;
    return DOSI_OK;
}

dosi_status dosi_study_load(const char *path, dosi_study **out, dosi_error *err) {
    dosi_text text = {0};
    dosi_status status = dosi_file_read(path, DOSI_YAML_BYTES, &text, err);
    if (status == DOSI_OK) {
        const char *slash = strrchr(path, '/');
        status = dosi_study_parse(slash ? slash + 1 : path, dosi_text_string(&text),
                                  text.length, out, err);
    }
    dosi_text_destroy(&text);
    return status;
}

void dosi_study_destroy(dosi_study *study) {
    if (!study) return;
    dosi_yaml_clear(&study->yaml);
    free(study);
}

const char *dosi_study_id(const dosi_study *study) {
    return study->id;
}

const char *dosi_study_organisation(const dosi_study *study) {
    return study->organisation;
}

// --- ${...} ------------------------------------------------------------------------------

void dosi_plan_default_values(const dosi_study *study, study_values *out) {
    *out = (study_values){.organisation = study->organisation};
    for (size_t i = 0; i < study->n_parameters; i++) {
        out->parameters[i] = study->parameters[i].default_value;
    }
}

/// The value of the `n` bytes at `name`; NULL when there is none.
static const char *look_up(const dosi_study *study,
                           const study_values *values,
                           const char *name,
                           size_t n,
                           bool *used) {
    if (n == 3 && memcmp(name, "org", 3) == 0) return values->organisation;
    for (size_t i = 0; i < study->n_parameters; i++) {
        const char *known = study->parameters[i].name;
        if (strlen(known) != n || memcmp(known, name, n) != 0) continue;
        if (used) used[i] = true;
        return values->parameters[i];
    }
    return NULL;
}

dosi_status dosi_plan_expand(const dosi_study *study,
                             const study_values *values,
                             const char *text,
                             char *out,
                             bool *used,
                             dosi_error *err) {
    size_t n = 0;
    for (const char *at = text; *at;) {
        const char *piece = at;
        size_t length = 1;
        if (at[0] == '$' && at[1] == '{') {
            const char *end = strchr(at, '}');
            if (!end) return dosi_fail(err, DOSI_PARSE, "\"${\" without \"}\"");
            size_t n_name = (size_t)(end - at - 2);
            piece = look_up(study, values, at + 2, n_name, used);
            if (!piece) {
                return dosi_fail(err, DOSI_NOT_FOUND, "there is no parameter \"%.*s\"",
                                 (int)(n_name < 60 ? n_name : 60), at + 2);
            }
            length = strlen(piece);
            at = end;
        }
        if (n + length >= STUDY_TEXT_BYTES) {
            return dosi_fail(err, DOSI_LIMIT, "the text is longer than %d bytes",
                             STUDY_TEXT_BYTES - 1);
        }
        memcpy(out + n, piece, length);
        n += length;
        at++;
    }
    out[n] = '\0';
    return DOSI_OK;
}

// --- JSON --------------------------------------------------------------------------------

static void put_words(dosi_json *json, const char *key, const dosi_words *words) {
    dosi_json_key(json, key);
    if (!words->ko && !words->en) {
        dosi_json_null(json);
        return;
    }
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "ko", words->ko);
    dosi_json_member_string(json, "en", words->en);
    dosi_json_end_object(json);
}

static void put_inputs(dosi_json *json, const dosi_study *study) {
    dosi_json_key(json, "inputs");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < study->n_inputs; i++) {
        const study_input *input = &study->inputs[i];
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", input->name);
        dosi_json_member_string(json, "dataset", input->dataset);
        dosi_json_member_bool(json, "optional", input->is_optional);
        put_words(json, "title", &input->title);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

static void put_parameters(dosi_json *json, const dosi_study *study) {
    dosi_json_key(json, "parameters");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < study->n_parameters; i++) {
        const study_parameter *parameter = &study->parameters[i];
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", parameter->name);
        dosi_json_member_string(json, "default", parameter->default_value);
        dosi_json_member_string(json, "unit", parameter->unit);
        put_words(json, "title", &parameter->title);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

/// "observations" or "qc.flagged": what a link is connected to.
static void put_link(dosi_json *json, const dosi_study *study, const study_link *link) {
    char text[200];
    if (link->kind == STUDY_LINK_INPUT) {
        dosi_json_string(json, study->inputs[link->i].name);
        return;
    }
    const study_step *from = &study->steps[link->i];
    (void)snprintf(text, sizeof text, "%.64s.%.64s", from->id,
                   from->method->outputs[link->i_output].name);
    dosi_json_string(json, text);
}

static void put_steps(dosi_json *json, const dosi_study *study) {
    dosi_json_key(json, "steps");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < study->n_steps; i++) {
        const study_step *step = &study->steps[i];
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "id", step->id);
        dosi_json_member_string(json, "method", step->method->id);
        put_words(json, "title", &step->method->title);
        dosi_json_key(json, "inputs");
        dosi_json_begin_object(json);
        for (size_t k = 0; k < step->method->n_inputs; k++) {
            if (step->links[k].kind == STUDY_LINK_NONE) continue;
            dosi_json_key(json, step->method->inputs[k].name);
            put_link(json, study, &step->links[k]);
        }
        dosi_json_end_object(json);
        dosi_json_key(json, "parameters");
        dosi_json_begin_object(json);
        for (size_t k = 0; k < step->n_settings; k++) {
            dosi_json_member_string(json, step->settings[k].name, step->settings[k].value);
        }
        dosi_json_end_object(json);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

static void put_outputs(dosi_json *json, const dosi_study *study) {
    dosi_json_key(json, "outputs");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < study->n_outputs; i++) {
        const study_output *output = &study->outputs[i];
        study_link link = {STUDY_LINK_STEP, output->i_step, output->i_output, NULL};
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", output->name);
        dosi_json_key(json, "from");
        put_link(json, study, &link);
        dosi_json_member_string(json, "visibility", output->visibility);
        put_words(json, "title", &output->title);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

static void put_layers(dosi_json *json, const dosi_study *study) {
    dosi_json_key(json, "layers");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < study->n_layers; i++) {
        const study_layer *layer = &study->layers[i];
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "id", layer->id);
        dosi_json_member_string(json, "output", study->outputs[layer->i_output].name);
        dosi_json_member_string(json, "value", layer->value);
        put_words(json, "title", &layer->title);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

void dosi_study_put_json(dosi_text *out, const dosi_study *study) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "id", study->id);
    put_words(&json, "title", &study->title);
    put_words(&json, "about", &study->about);
    dosi_json_member_string(&json, "organisation", study->organisation);
    put_inputs(&json, study);
    put_parameters(&json, study);
    put_steps(&json, study);
    put_outputs(&json, study);
    put_layers(&json, study);
    dosi_json_end_object(&json);
}
