// A run of a study: what is not known is computed, kept, and published.

#include "study/running.h"

#include <stdlib.h>
#include <string.h>

// --- tables in memory --------------------------------------------------------------------

static dosi_status load_input(study_running *r, size_t i, dosi_error *err) {
    run_input *input = &r->inputs[i];
    if (input->is_loaded) return DOSI_OK;
    DOSI_TRY(dosi_gate_read(r->gate, r->caller, input->reference, NULL, 0, &input->table, NULL,
                            err));
    input->is_loaded = true;
    return DOSI_OK;
}

static void drop_outputs(study_running *r, size_t i) {
    run_step *step = &r->steps[i];
    for (size_t k = 0; step->outputs && k < r->study->steps[i].method->n_outputs; k++) {
        dosi_table_destroy(&step->outputs[k]);
    }
    free(step->outputs);
    step->outputs = NULL;
}

static dosi_status make_outputs(study_running *r, size_t i, dosi_error *err) {
    const dosi_method *method = r->study->steps[i].method;
    r->steps[i].outputs = calloc(method->n_outputs + 1, sizeof(dosi_table));
    if (!r->steps[i].outputs) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    return DOSI_OK;
}

dosi_status dosi_running_table(study_running *r,
                               const study_link *link,
                               const dosi_table **out,
                               dosi_error *err) {
    *out = NULL;
    if (!dosi_running_has(r, link)) return DOSI_OK;
    if (link->kind == STUDY_LINK_INPUT) {
        DOSI_TRY(load_input(r, link->i, err));
        *out = &r->inputs[link->i].table;
        return DOSI_OK;
    }
    run_step *from = &r->steps[link->i];
    const dosi_method *method = r->study->steps[link->i].method;
    if (!from->outputs) DOSI_TRY(make_outputs(r, link->i, err));
    dosi_table *table = &from->outputs[link->i_output];
    if (from->is_known && table->n_columns == 0) {
        DOSI_TRY(dosi_cache_read(r->folder, from->key, method->outputs[link->i_output].name,
                                 from->record.hash[link->i_output], table, err));
    }
    *out = table;
    return DOSI_OK;
}

/// Whether a step that is still to be computed wants what step `i` gave.
static bool is_wanted(const study_running *r, size_t i, size_t at) {
    for (size_t k = at; k < r->study->n_steps; k++) {
        size_t later = r->study->order[k];
        const study_step *plan = &r->study->steps[later];
        if (r->steps[later].is_known || r->steps[later].is_skipped) continue;
        for (size_t m = 0; m < plan->method->n_inputs; m++) {
            const study_link *link = &plan->links[m];
            if (link->kind == STUDY_LINK_STEP && link->i == i) return true;
        }
    }
    return false;
}

// --- one step ----------------------------------------------------------------------------

/// Progress of one step as part of the whole.
typedef struct part {
    const study_running *r;
    const char *id;
    const dosi_run *outer;
} part;

static void report_part(void *context, double fraction, const char *what) {
    const part *p = context;
    char text[256];
    (void)snprintf(text, sizeof text, "%s: %.180s", p->id, what);
    double n = (double)(p->r->n_to_compute ? p->r->n_to_compute : 1);
    dosi_run_report(p->outer, ((double)p->r->n_computed + fraction) / n, text);
}

static dosi_status run_method(study_running *r, size_t i, dosi_error *err) {
    const study_step *plan = &r->study->steps[i];
    run_step *step = &r->steps[i];
    part p = {r, plan->id, r->run};
    dosi_run run = {.n_threads = r->run ? r->run->n_threads : 0,
                    .cancel = r->run ? r->run->cancel : NULL,
                    .progress = report_part,
                    .context = &p};
    dosi_text report = {0};
    const dosi_table **inputs = calloc(plan->method->n_inputs + 1, sizeof *inputs);
    dosi_status status =
        inputs ? make_outputs(r, i, err) : dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    for (size_t k = 0; k < plan->method->n_inputs && status == DOSI_OK; k++) {
        status = dosi_running_table(r, &plan->links[k], &inputs[k], err);
    }
    if (status == DOSI_OK) {
        dosi_method_call call = {.method = plan->method,
                                 .inputs = inputs,
                                 .values = step->values,
                                 .outputs = step->outputs,
                                 .report = &report,
                                 .run = &run};
        status = dosi_method_run(&call, err);
    }
    if (status == DOSI_OK && report.length > 0) {
        step->record.report = dosi_string_copy(dosi_text_string(&report));
    }
    dosi_text_destroy(&report);
    free(inputs);
    return status;
}

static dosi_status compute_step(study_running *r, size_t i, dosi_error *err) {
    const study_step *plan = &r->study->steps[i];
    run_step *step = &r->steps[i];
    part p = {r, plan->id, r->run};
    int64_t start_us = dosi_time_monotonic_us();
    report_part(&p, 0.0, plan->method->title.en);
    DOSI_TRY(dosi_run_check(r->run, err));
    DOSI_TRY(run_method(r, i, err));
    DOSI_TRY(dosi_run_check(r->run, err));
    step->record.seconds = (double)(dosi_time_monotonic_us() - start_us) / 1e6;
    (void)snprintf(step->record.program, sizeof step->record.program, "%s", DOSI_VERSION);
    report_part(&p, 0.95, "keeping the result");
    DOSI_TRY(dosi_cache_store(r->folder, step->key, plan->method, step->outputs, &step->record,
                              err));
    step->seconds = (double)(dosi_time_monotonic_us() - start_us) / 1e6;
    return DOSI_OK;
}

static dosi_status take_step(study_running *r, size_t at, dosi_error *err) {
    size_t i = r->study->order[at];
    run_step *step = &r->steps[i];
    if (step->is_skipped) return DOSI_OK;
    if (!step->is_known) {
        dosi_error why = {""};
        dosi_status status = compute_step(r, i, &why);
        if (status != DOSI_OK) {
            return dosi_fail(err, status, "step %s: %.400s", r->study->steps[i].id,
                             why.message[0] ? why.message : dosi_status_text(status));
        }
    }
    DOSI_TRY(dosi_running_publish(r, i, err));
    if (!step->is_known) r->n_computed++;
    for (size_t k = 0; k <= at; k++) {
        if (!is_wanted(r, r->study->order[k], at + 1)) drop_outputs(r, r->study->order[k]);
    }
    return DOSI_OK;
}

// --- the run -----------------------------------------------------------------------------

static void running_destroy(study_running *r) {
    for (size_t i = 0; i < r->study->n_inputs; i++) dosi_table_destroy(&r->inputs[i].table);
    for (size_t i = 0; i < r->study->n_steps; i++) {
        run_step *step = &r->steps[i];
        drop_outputs(r, i);
        for (size_t k = 0; k < step->n_texts; k++) free(step->texts[k]);
        free(step->values);
        dosi_step_record_clear(&step->record);
        dosi_text_destroy(&step->changed);
    }
    json_decref(r->last);
    free(r);
}

static dosi_status run_all(study_running *r, dosi_study_report *report, dosi_error *err) {
    for (size_t at = 0; at < r->study->n_steps; at++) DOSI_TRY(take_step(r, at, err));
    DOSI_TRY(dosi_running_store_layers(r, err));
    DOSI_TRY(dosi_running_remember(r, err));
    DOSI_TRY(dosi_running_report(r, report, err));
    dosi_run_report(r->run, 1.0, "done");
    return DOSI_OK;
}

// NOLINTNEXTLINE(readability-function-size): who, what, how, watched by whom, into what
dosi_status dosi_study_run(dosi_gate *gate,
                           const dosi_caller *caller,
                           const dosi_study *study,
                           const dosi_setting *settings,
                           size_t n_settings,
                           const dosi_run *run,
                           dosi_study_report *report,
                           dosi_error *err) {
    study_running *r = calloc(1, sizeof *r);
    if (!r) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    r->gate = gate;
    r->caller = caller;
    r->folder = dosi_gate_folder(gate);
    r->study = study;
    r->run = run;
    dosi_status status = dosi_running_open(r, settings, n_settings, err);
    if (status == DOSI_OK) status = run_all(r, report, err);
    running_destroy(r);
    return status;
}

void dosi_study_report_clear(dosi_study_report *report) {
    dosi_text_destroy(&report->text);
    dosi_text_destroy(&report->json);
    *report = (dosi_study_report){0};
}
