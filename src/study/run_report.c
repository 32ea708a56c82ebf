// What changed since the last run, and what this one did.

#include "dosi/json.h"
#include "study/running.h"

#include <string.h>

// --- the last run ------------------------------------------------------------------------

static dosi_status memory_path(const study_running *r, char *out, dosi_error *err) {
    char name[200];
    (void)snprintf(name, sizeof name, "jobs/last/%s.%s.json", r->organisation, r->study->id);
    return dosi_path_join(r->folder, name, out, err);
}

void dosi_running_recall(study_running *r) {
    char path[DOSI_PATH_BYTES];
    if (memory_path(r, path, NULL) == DOSI_OK) r->last = json_load_file(path, 0, NULL);
}

/// What an input is given: "org/name@N", or "step.output".
static void name_source(const study_running *r, const study_link *link, char *out, size_t n) {
    if (link->kind == STUDY_LINK_INPUT) {
        (void)snprintf(out, n, "%s", r->inputs[link->i].reference);
        return;
    }
    const study_step *from = &r->study->steps[link->i];
    (void)snprintf(out, n, "%s.%s", from->id, from->method->outputs[link->i_output].name);
}

static const char *source_hash(const study_running *r, const study_link *link) {
    return link->kind == STUDY_LINK_INPUT ? r->inputs[link->i].hash : r->steps[link->i].key;
}

static void put_memory(dosi_text *out, const study_running *r) {
    dosi_text value = {0};
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_key(&json, "steps");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < r->study->n_steps; i++) {
        const study_step *plan = &r->study->steps[i];
        if (r->steps[i].is_skipped) continue;
        dosi_json_key(&json, plan->id);
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "method", plan->method->id);
        dosi_json_member_int(&json, "version", plan->method->version);
        dosi_json_key(&json, "parameters");
        dosi_json_begin_object(&json);
        for (size_t k = 0; k < plan->method->n_parameters; k++) {
            dosi_text_clear(&value);
            dosi_value_put(&value, plan->method->parameters[k].kind, &r->steps[i].values[k]);
            dosi_json_member_string(&json, plan->method->parameters[k].name,
                                    dosi_text_string(&value));
        }
        dosi_json_end_object(&json);
        dosi_json_key(&json, "inputs");
        dosi_json_begin_object(&json);
        for (size_t k = 0; k < plan->method->n_inputs; k++) {
            char name[DOSI_REFERENCE_BYTES];
            if (!dosi_running_has(r, &plan->links[k])) continue;
            name_source(r, &plan->links[k], name, sizeof name);
            dosi_json_key(&json, plan->method->inputs[k].name);
            dosi_json_begin_object(&json);
            dosi_json_member_string(&json, "name", name);
            dosi_json_member_string(&json, "hash", source_hash(r, &plan->links[k]));
            dosi_json_end_object(&json);
        }
        dosi_json_end_object(&json);
        dosi_json_end_object(&json);
    }
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
    dosi_text_destroy(&value);
}

dosi_status dosi_running_remember(study_running *r, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    dosi_text text = {0};
    DOSI_TRY(dosi_path_join(r->folder, "jobs/last", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    DOSI_TRY(memory_path(r, path, err));
    put_memory(&text, r);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, 0600, err);
    }
    dosi_text_destroy(&text);
    return status;
}

// --- what changed ------------------------------------------------------------------------

static void separate(dosi_text *out) {
    if (out->length > 0) dosi_text_puts(out, "; ");
}

static void compare_parameters(study_running *r, size_t i, const json_t *last) {
    const dosi_method *method = r->study->steps[i].method;
    dosi_text *out = &r->steps[i].changed;
    dosi_text value = {0};
    const json_t *old = json_object_get(last, "parameters");
    for (size_t k = 0; k < method->n_parameters; k++) {
        const char *name = method->parameters[k].name;
        const char *before = json_string_value(json_object_get(old, name));
        dosi_text_clear(&value);
        dosi_value_put(&value, method->parameters[k].kind, &r->steps[i].values[k]);
        if (before && strcmp(before, dosi_text_string(&value)) == 0) continue;
        separate(out);
        dosi_text_printf(out, "parameter %s: %s -> %s", name, before ? before : "(none)",
                         dosi_text_string(&value));
    }
    dosi_text_destroy(&value);
}

static void compare_input(study_running *r, size_t i, size_t k, const json_t *last) {
    const study_step *plan = &r->study->steps[i];
    const study_link *link = &plan->links[k];
    dosi_text *out = &r->steps[i].changed;
    const char *input = plan->method->inputs[k].name;
    const json_t *old = json_object_get(json_object_get(last, "inputs"), input);
    const char *before = json_string_value(json_object_get(old, "name"));
    const char *hash = json_string_value(json_object_get(old, "hash"));
    char name[DOSI_REFERENCE_BYTES] = "(none)";
    bool is_present = dosi_running_has(r, link);
    if (!is_present && !before) return;
    if (is_present) name_source(r, link, name, sizeof name);
    if (before && strcmp(before, name) == 0) {
        if (hash && strcmp(hash, source_hash(r, link)) == 0) return;
        separate(out);
        dosi_text_printf(out, "input %s: %s changed", input, name);
        return;
    }
    separate(out);
    dosi_text_printf(out, "input %s: %s -> %s", input, before ? before : "(none)", name);
}

void dosi_running_compare(study_running *r, size_t i_step) {
    const study_step *plan = &r->study->steps[i_step];
    run_step *step = &r->steps[i_step];
    if (step->is_skipped) return;
    if (!r->last) {
        dosi_text_puts(&step->changed, "first run");
        return;
    }
    const json_t *last = json_object_get(json_object_get(r->last, "steps"), plan->id);
    const char *method = json_string_value(json_object_get(last, "method"));
    if (!method) {
        dosi_text_puts(&step->changed, "new step");
        return;
    }
    json_int_t version = json_integer_value(json_object_get(last, "version"));
    if (strcmp(method, plan->method->id) != 0 || version != plan->method->version) {
        dosi_text_printf(&step->changed, "method: %s version %lld -> %s version %d", method,
                         (long long)version, plan->method->id, plan->method->version);
    }
    compare_parameters(r, i_step, last);
    for (size_t k = 0; k < plan->method->n_inputs; k++) compare_input(r, i_step, k, last);
}

// --- the report --------------------------------------------------------------------------

static void put_outputs(dosi_json *json, const study_running *r, size_t i) {
    dosi_json_key(json, "outputs");
    dosi_json_begin_array(json);
    for (size_t k = 0; k < r->study->n_outputs; k++) {
        if (r->study->outputs[k].i_step != i || !r->outputs[k].reference[0]) continue;
        dosi_json_string(json, r->outputs[k].reference);
    }
    dosi_json_end_array(json);
}

static void put_step(dosi_json *json, const study_running *r, size_t i) {
    const study_step *plan = &r->study->steps[i];
    const run_step *step = &r->steps[i];
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "id", plan->id);
    dosi_json_member_string(json, "method", plan->method->id);
    dosi_json_member_bool(json, "computed", !step->is_known && !step->is_skipped);
    dosi_json_member_bool(json, "skipped", step->is_skipped);
    dosi_json_member_real(json, "seconds", step->seconds);
    dosi_json_member_string(json, "key", step->key);
    put_outputs(json, r, i);
    dosi_json_member_string(json, "changed", dosi_text_string(&step->changed));
    dosi_json_member_string(json, "report", step->record.report);
    dosi_json_end_object(json);
}

static void put_report_json(dosi_text *out, const study_running *r) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "study", r->study->id);
    dosi_json_member_string(&json, "organisation", r->organisation);
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < r->study->n_inputs; i++) {
        if (r->inputs[i].is_present) dosi_json_string(&json, r->inputs[i].reference);
    }
    dosi_json_end_array(&json);
    dosi_json_key(&json, "steps");
    dosi_json_begin_array(&json);
    for (size_t k = 0; k < r->study->n_steps; k++) put_step(&json, r, r->study->order[k]);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

/// Lines of `report`, each indented.
static void put_indented(dosi_text *out, const char *report) {
    for (const char *at = report; at && *at;) {
        const char *end = strchr(at, '\n');
        size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n > 0) dosi_text_printf(out, "      %.*s\n", (int)n, at);
        at = end ? end + 1 : at + n;
    }
}

static void put_step_text(dosi_text *out, const study_running *r, size_t i) {
    const study_step *plan = &r->study->steps[i];
    const run_step *step = &r->steps[i];
    const char *what = step->is_skipped ? "left out" : step->is_known ? "known" : "computed";
    dosi_text_printf(out, "  %-14s %-16s %-9s", plan->id, plan->method->id, what);
    if (!step->is_known && !step->is_skipped) dosi_text_printf(out, " %6.2f s", step->seconds);
    if (step->changed.length > 0) {
        dosi_text_printf(out, "  (%s)", dosi_text_string(&step->changed));
    }
    dosi_text_putc(out, '\n');
    for (size_t m = 0; m < r->study->n_outputs; m++) {
        if (r->study->outputs[m].i_step != i || !r->outputs[m].reference[0]) continue;
        dosi_text_printf(out, "      -> %s%s\n", r->outputs[m].reference,
                         r->outputs[m].is_new ? "" : " (as before)");
    }
    if (!step->is_known) put_indented(out, step->record.report);
}

static void put_report_text(dosi_text *out, const study_running *r) {
    for (size_t k = 0; k < r->study->n_steps; k++) put_step_text(out, r, r->study->order[k]);
    if (r->n_computed == 0) {
        dosi_text_puts(out, "  nothing to compute: every step was known\n");
    }
}

dosi_status dosi_running_report(const study_running *r,
                                dosi_study_report *report,
                                dosi_error *err) {
    report->n_steps = r->study->n_steps;
    report->n_computed = r->n_computed;
    put_report_text(&report->text, r);
    put_report_json(&report->json, r);
    DOSI_TRY(dosi_text_status(&report->text, err));
    return dosi_text_status(&report->json, err);
}
