// Before a run: its settings, its inputs, and the key of every step.

#include "study/running.h"
#include "study/visibility.h"

#include <stdlib.h>
#include <string.h>

// --- settings ----------------------------------------------------------------------------

static size_t find_parameter(const dosi_study *study, const char *name) {
    for (size_t i = 0; i < study->n_parameters; i++) {
        if (strcmp(study->parameters[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

static size_t find_input(const dosi_study *study, const char *name) {
    for (size_t i = 0; i < study->n_inputs; i++) {
        if (strcmp(study->inputs[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

/// Step of "step.parameter" whose method has the parameter, or SIZE_MAX.
static size_t find_step_parameter(const dosi_study *study, const char *name) {
    const char *dot = strchr(name, '.');
    if (!dot) return SIZE_MAX;
    for (size_t i = 0; i < study->n_steps; i++) {
        const study_step *step = &study->steps[i];
        if (strlen(step->id) != (size_t)(dot - name)) continue;
        if (memcmp(step->id, name, (size_t)(dot - name)) != 0) continue;
        for (size_t k = 0; k < step->method->n_parameters; k++) {
            if (strcmp(step->method->parameters[k].name, dot + 1) == 0) return i;
        }
    }
    return SIZE_MAX;
}

/// Replaces a setting of the same name, or adds one.
static void put_setting(run_step *step, const char *name, const char *value) {
    for (size_t i = 0; i < step->n_settings; i++) {
        if (strcmp(step->settings[i].name, name) != 0) continue;
        step->settings[i].value = value;
        return;
    }
    step->settings[step->n_settings++] = (dosi_setting){name, value};
}

/// Values of the study's own parameters and its organisation.
static dosi_status take_values(study_running *r,
                               const dosi_setting *settings,
                               size_t n,
                               dosi_error *err) {
    dosi_plan_default_values(r->study, &r->values);
    for (size_t i = 0; i < n; i++) {
        const char *name = settings[i].name;
        size_t at = find_parameter(r->study, name);
        if (strcmp(name, "org") == 0) {
            r->values.organisation = settings[i].value;
        } else if (at != SIZE_MAX) {
            r->values.parameters[at] = settings[i].value;
        } else if (strncmp(name, "input.", 6) == 0) {
            if (find_input(r->study, name + 6) != SIZE_MAX) continue;
            return dosi_fail(err, DOSI_INVALID, "study %s has no input \"%.60s\"", r->study->id,
                             name + 6);
        } else if (find_step_parameter(r->study, name) == SIZE_MAX) {
            return dosi_fail(err, DOSI_INVALID,
                             "study %s has no parameter \"%.60s\" (its own, or step.parameter)",
                             r->study->id, name);
        }
    }
    char organisation[DOSI_NAME_BYTES];
    char reference[DOSI_REFERENCE_BYTES];
    char dataset[DOSI_NAME_BYTES];
    int64_t number = 0;
    (void)snprintf(reference, sizeof reference, "%.100s/x", r->values.organisation);
    DOSI_TRY(dosi_reference_parse(reference, organisation, dataset, &number, err));
    memcpy(r->organisation, organisation, sizeof organisation);
    r->values.organisation = r->organisation;
    return DOSI_OK;
}

// --- inputs ------------------------------------------------------------------------------

static const char *find_setting(const dosi_setting *settings,
                                size_t n,
                                const char *prefix,
                                const char *name) {
    size_t n_prefix = strlen(prefix);
    const char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        bool is_it = strncmp(settings[i].name, prefix, n_prefix) == 0 &&
                     strcmp(settings[i].name + n_prefix, name) == 0;
        if (is_it) found = settings[i].value;
    }
    return found;
}

/// Finds an input's version and decides that the caller may read it.
static dosi_status find_version(study_running *r,
                                size_t i,
                                const char *reference,
                                dosi_error *err) {
    run_input *input = &r->inputs[i];
    dosi_version version = {0};
    dosi_error why = {""};
    dosi_status status = dosi_gate_find(r->gate, r->caller, reference, &version, &why);
    if (status == DOSI_OK) {
        status = dosi_gate_decide(r->gate, r->caller, DOSI_ACTION_READ, &version, &why);
    }
    if (status == DOSI_NOT_FOUND && r->study->inputs[i].is_optional) return DOSI_OK;
    if (status != DOSI_OK) {
        dosi_version_clear(&version);
        return dosi_fail(err, status, "input %s: %.300s", r->study->inputs[i].name,
                         why.message);
    }
    input->is_present = true;
    (void)snprintf(input->reference, sizeof input->reference, "%s/%s@%lld",
                   version.organisation, version.name, (long long)version.number);
    memcpy(input->hash, version.hash, sizeof input->hash);
    memcpy(input->visibility, version.visibility, sizeof input->visibility);
    input->is_simulated = version.is_simulated;
    dosi_version_clear(&version);
    return DOSI_OK;
}

static dosi_status find_inputs(study_running *r,
                               const dosi_setting *settings,
                               size_t n,
                               dosi_error *err) {
    char reference[STUDY_TEXT_BYTES];
    for (size_t i = 0; i < r->study->n_inputs; i++) {
        const study_input *input = &r->study->inputs[i];
        const char *chosen = find_setting(settings, n, "input.", input->name);
        DOSI_TRY(dosi_plan_expand(r->study, &r->values, chosen ? chosen : input->dataset,
                                  reference, NULL, err));
        DOSI_TRY(find_version(r, i, reference, err));
    }
    return DOSI_OK;
}

// --- steps -------------------------------------------------------------------------------

static dosi_status expand_text(
    study_running *r, run_step *step, const char *text, const char **out, dosi_error *err) {
    char value[STUDY_TEXT_BYTES];
    DOSI_TRY(dosi_plan_expand(r->study, &r->values, text, value, NULL, err));
    char *copy = dosi_string_copy(value);
    if (!copy) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    step->texts[step->n_texts++] = copy;
    *out = copy;
    return DOSI_OK;
}

static dosi_status set_step(study_running *r,
                            size_t i,
                            const dosi_setting *settings,
                            size_t n_settings,
                            dosi_error *err) {
    const study_step *plan = &r->study->steps[i];
    run_step *step = &r->steps[i];
    for (size_t k = 0; k < plan->n_settings; k++) {
        const char *value = NULL;
        DOSI_TRY(expand_text(r, step, plan->settings[k].value, &value, err));
        put_setting(step, plan->settings[k].name, value);
    }
    for (size_t k = 0; k < n_settings; k++) {
        if (find_parameter(r->study, settings[k].name) != SIZE_MAX) continue;
        if (find_step_parameter(r->study, settings[k].name) != i) continue;
        put_setting(step, strchr(settings[k].name, '.') + 1, settings[k].value);
    }
    step->values = calloc(plan->method->n_parameters + 1, sizeof *step->values);
    if (!step->values) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    dosi_error why = {""};
    dosi_status status =
        dosi_method_set(plan->method, step->settings, step->n_settings, step->values, &why);
    if (status == DOSI_OK) return DOSI_OK;
    return dosi_fail(err, status, "step %s: %.400s", plan->id, why.message);
}

bool dosi_running_has(const study_running *r, const study_link *link) {
    if (link->kind == STUDY_LINK_INPUT) return r->inputs[link->i].is_present;
    if (link->kind == STUDY_LINK_STEP) return !r->steps[link->i].is_skipped;
    return false;
}

/// Whether the step is to be left out: `when` is false, or something it needs is not there.
static dosi_status decide_skip(study_running *r, size_t i, dosi_error *err) {
    const study_step *plan = &r->study->steps[i];
    run_step *step = &r->steps[i];
    if (plan->when) {
        char value[STUDY_TEXT_BYTES];
        DOSI_TRY(dosi_plan_expand(r->study, &r->values, plan->when, value, NULL, err));
        bool is_false = strcmp(value, "false") == 0;
        if (!is_false && strcmp(value, "true") != 0) {
            return dosi_fail(err, DOSI_INVALID,
                             "step %s: \"when\" must come to true or false, not \"%.60s\"",
                             plan->id, value);
        }
        step->is_skipped = is_false;
    }
    for (size_t k = 0; k < plan->method->n_inputs; k++) {
        bool is_needed = !plan->method->inputs[k].is_optional;
        if (is_needed && !dosi_running_has(r, &plan->links[k])) step->is_skipped = true;
    }
    return DOSI_OK;
}

/// Whether anything is made of the step: an output, the grid of a layer, or a step that runs.
static bool is_wanted(const study_running *r, size_t i) {
    const dosi_study *study = r->study;
    for (size_t o = 0; o < study->n_outputs; o++) {
        if (study->outputs[o].i_step == i) return true;
    }
    for (size_t l = 0; l < study->n_layers; l++) {
        const study_layer *layer = &study->layers[l];
        if (layer->kind == STUDY_LAYER_GRID && layer->i_grid_step == i) return true;
    }
    for (size_t s = 0; s < study->n_steps; s++) {
        const study_step *step = &study->steps[s];
        for (size_t k = 0; k < step->method->n_inputs && !r->steps[s].is_skipped; k++) {
            const study_link *link = &step->links[k];
            if (link->kind == STUDY_LINK_STEP && link->i == i) return true;
        }
    }
    return false;
}

/// What is simulated or not for everyone makes what comes of it so too.
static void inherit(run_step *step, const char *visibility, bool is_simulated) {
    step->is_simulated |= is_simulated;
    bool is_stricter =
        dosi_visibility_strictness(visibility) > dosi_visibility_strictness(step->visibility);
    if (is_stricter) {
        (void)snprintf(step->visibility, sizeof step->visibility, "%s", visibility);
    }
}

static dosi_status key_step(study_running *r, size_t i, dosi_error *err) {
    const study_step *plan = &r->study->steps[i];
    run_step *step = &r->steps[i];
    (void)snprintf(step->visibility, sizeof step->visibility, "public");
    step_source *sources = calloc(plan->method->n_inputs + 1, sizeof *sources);
    if (!sources) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    for (size_t k = 0; k < plan->method->n_inputs; k++) {
        const study_link *link = &plan->links[k];
        if (!dosi_running_has(r, link)) continue;
        if (link->kind == STUDY_LINK_INPUT) {
            const run_input *input = &r->inputs[link->i];
            sources[k] = (step_source){true, input->hash, NULL};
            inherit(step, input->visibility, input->is_simulated);
        } else {
            const run_step *from = &r->steps[link->i];
            const dosi_method *method = r->study->steps[link->i].method;
            sources[k] = (step_source){true, from->key, method->outputs[link->i_output].name};
            inherit(step, from->visibility, from->is_simulated);
        }
    }
    dosi_step_key(plan->method, step->values, sources, step->key);
    free(sources);
    return dosi_cache_find(r->folder, step->key, plan->method, &step->record, &step->is_known,
                           err);
}

dosi_status dosi_running_open(study_running *r,
                              const dosi_setting *settings,
                              size_t n_settings,
                              dosi_error *err) {
    DOSI_TRY(take_values(r, settings, n_settings, err));
    DOSI_TRY(find_inputs(r, settings, n_settings, err));
    for (size_t k = 0; k < r->study->n_steps; k++) {
        size_t i = r->study->order[k];
        DOSI_TRY(set_step(r, i, settings, n_settings, err));
        DOSI_TRY(decide_skip(r, i, err));
    }
    for (size_t k = r->study->n_steps; k-- > 0;) {
        size_t i = r->study->order[k];
        if (!is_wanted(r, i)) r->steps[i].is_skipped = true;
    }
    for (size_t k = 0; k < r->study->n_steps; k++) {
        size_t i = r->study->order[k];
        if (r->steps[i].is_skipped) continue;
        DOSI_TRY(key_step(r, i, err));
        if (!r->steps[i].is_known) r->n_to_compute++;
    }
    dosi_running_recall(r);
    for (size_t i = 0; i < r->study->n_steps; i++) dosi_running_compare(r, i);
    return DOSI_OK;
}
