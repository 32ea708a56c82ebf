// Outputs become dataset versions with their lineage, unless the latest ones are these.

#include "dosi/json.h"
#include "study/running.h"
#include "study/visibility.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// --- lineage -----------------------------------------------------------------------------

static void put_parameters(dosi_json *json, const study_running *r, size_t i) {
    const dosi_method *method = r->study->steps[i].method;
    dosi_text value = {0};
    dosi_json_key(json, "parameters");
    dosi_json_begin_object(json);
    for (size_t k = 0; k < method->n_parameters; k++) {
        dosi_text_clear(&value);
        dosi_value_put(&value, method->parameters[k].kind, &r->steps[i].values[k]);
        dosi_json_member_string(json, method->parameters[k].name, dosi_text_string(&value));
    }
    dosi_json_end_object(json);
    dosi_text_destroy(&value);
}

/// The published output that is this one of a step; NULL when it has no name in the lake.
static const run_output *find_published(const study_running *r, size_t i, size_t i_output) {
    for (size_t k = 0; k < r->study->n_outputs; k++) {
        const study_output *output = &r->study->outputs[k];
        if (output->i_step != i || output->i_output != i_output) continue;
        if (r->outputs[k].reference[0]) return &r->outputs[k];
    }
    return NULL;
}

static void put_step(dosi_json *json, const study_running *r, size_t i);

/// One input: the version it was, or the step it came from, down to versions.
static void put_input(dosi_json *json, const study_running *r, const study_link *link) {
    if (link->kind == STUDY_LINK_INPUT) {
        dosi_json_member_string(json, "reference", r->inputs[link->i].reference);
        dosi_json_member_string(json, "hash", r->inputs[link->i].hash);
        return;
    }
    const run_output *published = find_published(r, link->i, link->i_output);
    if (published) {
        dosi_json_member_string(json, "reference", published->reference);
        dosi_json_member_string(json, "hash", published->hash);
        return;
    }
    dosi_json_member_string(json, "output",
                            r->study->steps[link->i].method->outputs[link->i_output].name);
    dosi_json_key(json, "from");
    dosi_json_begin_object(json);
    put_step(json, r, link->i);
    dosi_json_end_object(json);
}

/// The members that tell how a step was made, its inputs included.
static void put_step(dosi_json *json, const study_running *r, size_t i) {
    const study_step *plan = &r->study->steps[i];
    dosi_json_member_string(json, "step", plan->id);
    dosi_json_member_string(json, "method", plan->method->id);
    dosi_json_member_int(json, "method_version", plan->method->version);
    dosi_json_member_string(json, "program", r->steps[i].record.program);
    dosi_json_member_string(json, "key", r->steps[i].key);
    put_parameters(json, r, i);
    dosi_json_key(json, "inputs");
    dosi_json_begin_array(json);
    for (size_t k = 0; k < plan->method->n_inputs; k++) {
        if (!dosi_running_has(r, &plan->links[k])) continue;
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", plan->method->inputs[k].name);
        put_input(json, r, &plan->links[k]);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

static void put_lineage(dosi_text *out, const study_running *r, const study_output *output) {
    const dosi_method *method = r->study->steps[output->i_step].method;
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "study");
    dosi_json_member_string(&json, "study", r->study->id);
    dosi_json_member_string(&json, "output", method->outputs[output->i_output].name);
    put_step(&json, r, output->i_step);
    dosi_json_end_object(&json);
}

// --- what is there already ---------------------------------------------------------------

/// Whether a version was made from this key and output.
static bool is_made_from(const dosi_version *version, const char *key, const char *output) {
    json_t *root = version->lineage_json ? json_loads(version->lineage_json, 0, NULL) : NULL;
    const char *found_key = json_string_value(json_object_get(root, "key"));
    const char *found_output = json_string_value(json_object_get(root, "output"));
    bool is_same = found_key && found_output && strcmp(found_key, key) == 0 &&
                   strcmp(found_output, output) == 0;
    json_decref(root);
    return is_same;
}

static void note_output(run_output *to, const dosi_version *version, bool is_new) {
    (void)snprintf(to->reference, sizeof to->reference, "%s/%s@%lld", version->organisation,
                   version->name, (long long)version->number);
    memcpy(to->hash, version->hash, sizeof to->hash);
    to->is_new = is_new;
}

/// Finds the dataset of an output, when there is one: `*is_there`, and whether its latest
/// version is this result already.
static dosi_status look(study_running *r,
                        size_t i,
                        const char *reference,
                        bool *is_there,
                        bool *is_same,
                        dosi_error *err) {
    const study_output *output = &r->study->outputs[i];
    const run_step *step = &r->steps[output->i_step];
    const char *name = r->study->steps[output->i_step].method->outputs[output->i_output].name;
    dosi_version version = {0};
    dosi_error why = {""};
    *is_there = *is_same = false;
    dosi_status status = dosi_gate_find(r->gate, r->caller, reference, &version, &why);
    if (status == DOSI_NOT_FOUND) return DOSI_OK;
    if (status == DOSI_OK) {
        *is_there = true;
        status = dosi_gate_decide(r->gate, r->caller, DOSI_ACTION_WRITE, &version, &why);
    }
    if (status != DOSI_OK) {
        dosi_version_clear(&version);
        return dosi_fail(err, status, "output %s: %.300s", reference, why.message);
    }
    *is_same = is_made_from(&version, step->key, name);
    if (*is_same) note_output(&r->outputs[i], &version, false);
    dosi_version_clear(&version);
    return DOSI_OK;
}

// --- writing -----------------------------------------------------------------------------

/// A name of its own for the kept file: the lake moves it in, the cache keeps its own.
static dosi_status link_file(study_running *r, size_t i, char *out, dosi_error *err) {
    const study_output *output = &r->study->outputs[i];
    const char *name = r->study->steps[output->i_step].method->outputs[output->i_output].name;
    char path[DOSI_PATH_BYTES];
    char file[96];
    DOSI_TRY(dosi_cache_path(r->folder, r->steps[output->i_step].key, name, path, err));
    (void)snprintf(file, sizeof file, "cache/steps/out-%ld-%zu.parquet", (long)getpid(), i);
    DOSI_TRY(dosi_path_join(r->folder, file, out, err));
    (void)unlink(out);
    if (link(path, out) == 0) return DOSI_OK;
    return dosi_fail(err, DOSI_IO, "output %s: cannot link %.200s: %s", output->name, path,
                     strerror(errno));
}

static dosi_status write_output(
    study_running *r, size_t i, const char *reference, bool is_there, dosi_error *err) {
    const study_output *output = &r->study->outputs[i];
    const run_step *step = &r->steps[output->i_step];
    // What people have said of a dataset stays theirs: only a new one is described.
    dosi_metadata metadata = {.is_simulated = step->is_simulated};
    bool is_strict = dosi_visibility_strictness(step->visibility) >
                     dosi_visibility_strictness(output->visibility);
    if (!is_there) {
        metadata.title_ko = output->title.ko;
        metadata.title_en = output->title.en;
        metadata.description_ko = output->description.ko;
        metadata.description_en = output->description.en;
        metadata.licence = output->licence;
        metadata.frequency = output->frequency;
        metadata.visibility = is_strict ? step->visibility : output->visibility;
    } else if (is_strict) {
        metadata.visibility = step->visibility;
    }
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(link_file(r, i, path, err));
    dosi_text lineage = {0};
    put_lineage(&lineage, r, output);
    dosi_new_version new_version = {
        .reference = reference,
        .table = step->outputs && step->outputs[output->i_output].n_columns > 0
                     ? &step->outputs[output->i_output]
                     : NULL,
        .parquet_path = path,
        .metadata = &metadata,
        .lineage_json = dosi_text_string(&lineage)};
    dosi_version version = {0};
    bool is_new = false;
    dosi_status status = dosi_text_status(&lineage, err);
    if (status == DOSI_OK) {
        status = dosi_gate_write(r->gate, r->caller, &new_version, &version, &is_new, err);
    }
    if (status == DOSI_OK) note_output(&r->outputs[i], &version, is_new);
    dosi_version_clear(&version);
    dosi_text_destroy(&lineage);
    (void)unlink(path);
    return status;
}

static dosi_status publish_output(study_running *r, size_t i, dosi_error *err) {
    const study_output *output = &r->study->outputs[i];
    char reference[DOSI_REFERENCE_BYTES];
    bool is_there = false;
    bool is_same = false;
    (void)snprintf(reference, sizeof reference, "%s/%s", r->organisation, output->name);
    if (!r->steps[output->i_step].record.hash[output->i_output][0]) {
        return dosi_fail(err, DOSI_INVALID,
                         "output %s: step %s gave no such table with these settings", reference,
                         r->study->steps[output->i_step].id);
    }
    DOSI_TRY(look(r, i, reference, &is_there, &is_same, err));
    return is_same ? DOSI_OK : write_output(r, i, reference, is_there, err);
}

dosi_status dosi_running_publish(study_running *r, size_t i_step, dosi_error *err) {
    for (size_t i = 0; i < r->study->n_outputs; i++) {
        if (r->study->outputs[i].i_step == i_step) DOSI_TRY(publish_output(r, i, err));
    }
    return DOSI_OK;
}
