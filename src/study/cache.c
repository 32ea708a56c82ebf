// Step results by key, in folders that appear whole.

#include "study/cache.h"

#include "base/hash.h"
#include "dosi/json.h"
#include "sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void dosi_step_record_clear(step_record *record) {
    free(record->report);
    *record = (step_record){.program = ""};
}

// --- keys --------------------------------------------------------------------------------

void dosi_value_put(dosi_text *out, dosi_parameter_kind kind, const dosi_value *value) {
    switch (kind) {
    case DOSI_PARAMETER_INT:
        dosi_text_put_int(out, value->integer);
        break;
    case DOSI_PARAMETER_REAL:
        dosi_text_put_real(out, value->real);
        break;
    case DOSI_PARAMETER_BOOL:
        dosi_text_puts(out, value->boolean ? "true" : "false");
        break;
    case DOSI_PARAMETER_TEXT:
    case DOSI_PARAMETER_CHOICE:
        dosi_text_puts(out, value->text ? value->text : "");
        break;
    }
}

void dosi_step_key(const dosi_method *method,
                   const dosi_value *values,
                   const step_source *sources,
                   char *out) {
    dosi_hash hash;
    dosi_text text = {0};
    dosi_hash_init(&hash);
    dosi_hash_add_string(&hash, "dosi step 1");
    dosi_hash_add_string(&hash, method->id);
    dosi_text_put_int(&text, method->version);
    dosi_hash_add_string(&hash, dosi_text_string(&text));
    for (size_t i = 0; i < method->n_parameters; i++) {
        dosi_text_clear(&text);
        dosi_value_put(&text, method->parameters[i].kind, &values[i]);
        dosi_hash_add_string(&hash, method->parameters[i].name);
        dosi_hash_add_string(&hash, dosi_text_string(&text));
    }
    for (size_t i = 0; i < method->n_inputs; i++) {
        const step_source *source = &sources[i];
        dosi_hash_add_string(&hash, method->inputs[i].name);
        dosi_hash_add_string(&hash, source->is_present ? source->hash : "");
        dosi_hash_add_string(&hash, source->is_present && source->output ? source->output : "");
    }
    dosi_text_destroy(&text);
    dosi_hash_end(&hash, out);
}

// --- paths -------------------------------------------------------------------------------

static dosi_status step_folder(const char *folder,
                               const char *key,
                               char *out,
                               dosi_error *err) {
    char steps[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(folder, "cache/steps", steps, err));
    return dosi_path_join(steps, key, out, err);
}

static dosi_status output_file(const char *step,
                               const char *output,
                               char *out,
                               dosi_error *err) {
    char name[128];
    (void)snprintf(name, sizeof name, "%.100s.parquet", output);
    return dosi_path_join(step, name, out, err);
}

dosi_status dosi_cache_path(
    const char *folder, const char *key, const char *output, char *out, dosi_error *err) {
    char step[DOSI_PATH_BYTES];
    DOSI_TRY(step_folder(folder, key, step, err));
    return output_file(step, output, out, err);
}

// --- step.json ---------------------------------------------------------------------------

static void copy_string(char *out, size_t n_out, const json_t *value) {
    const char *text = json_string_value(value);
    (void)snprintf(out, n_out, "%s", text ? text : "");
}

/// Takes the record out of JSON; false when it does not fit the method or a file is not there.
static bool take_record(const json_t *root,
                        const char *step,
                        const dosi_method *method,
                        step_record *out) {
    const json_t *outputs = json_object_get(root, "outputs");
    if (json_object_size(outputs) != method->n_outputs) return false;
    copy_string(out->program, sizeof out->program, json_object_get(root, "program"));
    out->seconds = json_number_value(json_object_get(root, "seconds"));
    out->n_outputs = method->n_outputs;
    for (size_t i = 0; i < method->n_outputs; i++) {
        const json_t *output = json_object_get(outputs, method->outputs[i].name);
        char path[DOSI_PATH_BYTES];
        if (!output) return false;
        copy_string(out->hash[i], sizeof out->hash[i], json_object_get(output, "hash"));
        out->n_rows[i] = json_integer_value(json_object_get(output, "rows"));
        if (output_file(step, method->outputs[i].name, path, NULL) != DOSI_OK) return false;
        if (dosi_file_size(path) != json_integer_value(json_object_get(output, "bytes"))) {
            return false;
        }
    }
    const char *report = json_string_value(json_object_get(root, "report"));
    if (report) out->report = dosi_string_copy(report);
    return true;
}

dosi_status dosi_cache_find(const char *folder,
                            const char *key,
                            const dosi_method *method,
                            step_record *out,
                            bool *is_known,
                            dosi_error *err) {
    char step[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    *is_known = false;
    if (method->n_outputs > STUDY_OUTPUTS_OF_STEP_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "%s has more than %d outputs", method->id,
                         STUDY_OUTPUTS_OF_STEP_MAX);
    }
    DOSI_TRY(step_folder(folder, key, step, err));
    DOSI_TRY(dosi_path_join(step, "step.json", path, err));
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    if (!root) return DOSI_OK;
    step_record record = {.program = ""};
    *is_known = take_record(root, step, method, &record);
    json_decref(root);
    if (*is_known) {
        (void)utimensat(AT_FDCWD, step, NULL, 0); // used now: trimming takes the oldest
        *out = record;
    } else {
        dosi_step_record_clear(&record);
    }
    return DOSI_OK;
}

static void put_record(dosi_text *out,
                       const dosi_method *method,
                       const step_record *record,
                       const int64_t *n_bytes) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "method", method->id);
    dosi_json_member_int(&json, "version", method->version);
    dosi_json_member_string(&json, "program", record->program);
    dosi_json_member_real(&json, "seconds", record->seconds);
    dosi_json_member_string(&json, "report", record->report);
    dosi_json_key(&json, "outputs");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < method->n_outputs; i++) {
        dosi_json_key(&json, method->outputs[i].name);
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "hash", record->hash[i]);
        dosi_json_member_int(&json, "rows", record->n_rows[i]);
        dosi_json_member_int(&json, "bytes", n_bytes[i]);
        dosi_json_end_object(&json);
    }
    dosi_json_end_object(&json);
    dosi_json_end_object(&json);
}

// --- storing -----------------------------------------------------------------------------

static dosi_status write_outputs(const char *draft,
                                 const dosi_method *method,
                                 const dosi_table *outputs,
                                 step_record *record,
                                 dosi_error *err) {
    int64_t n_bytes[STUDY_OUTPUTS_OF_STEP_MAX];
    char path[DOSI_PATH_BYTES];
    record->n_outputs = method->n_outputs;
    for (size_t i = 0; i < method->n_outputs; i++) {
        n_bytes[i] = -1;
        if (outputs[i].n_columns == 0) continue; // No table, no file.
        DOSI_TRY(output_file(draft, method->outputs[i].name, path, err));
        DOSI_TRY(dosi_parquet_write(&outputs[i], path, err));
        DOSI_TRY(dosi_hash_file(path, record->hash[i], err));
        record->n_rows[i] = (int64_t)outputs[i].n_rows;
        n_bytes[i] = dosi_file_size(path);
    }
    dosi_text text = {0};
    put_record(&text, method, record, n_bytes);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) status = dosi_path_join(draft, "step.json", path, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, 0600, err);
    }
    dosi_text_destroy(&text);
    return status;
}

/// Renames the draft into place; where another run was faster, its result stays.
static dosi_status put_in_place(const char *draft, const char *step, dosi_error *err) {
    if (rename(draft, step) == 0) return DOSI_OK;
    if (errno != EEXIST && errno != ENOTEMPTY) {
        return dosi_fail(err, DOSI_IO, "cannot keep a step's result in %.300s", step);
    }
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(step, "step.json", path, err));
    if (dosi_path_exists(path)) return dosi_folder_remove(draft, err);
    DOSI_TRY(dosi_folder_remove(step, err));
    if (rename(draft, step) == 0) return DOSI_OK;
    return dosi_fail(err, DOSI_IO, "cannot keep a step's result in %.300s", step);
}

dosi_status dosi_cache_store(const char *folder,
                             const char *key,
                             const dosi_method *method,
                             const dosi_table *outputs,
                             step_record *record,
                             dosi_error *err) {
    static atomic_uint n_drafts;
    char name[64];
    char draft[DOSI_PATH_BYTES];
    char step[DOSI_PATH_BYTES];
    (void)snprintf(name, sizeof name, "draft-%ld-%u", (long)getpid(),
                   atomic_fetch_add(&n_drafts, 1));
    DOSI_TRY(step_folder(folder, name, draft, err));
    DOSI_TRY(step_folder(folder, key, step, err));
    DOSI_TRY(dosi_folder_create(draft, err));
    dosi_status status = write_outputs(draft, method, outputs, record, err);
    if (status == DOSI_OK) {
        // A step that was found damaged or incomplete makes room.
        step_record old = {.program = ""};
        bool is_known = false;
        status = dosi_cache_find(folder, key, method, &old, &is_known, err);
        dosi_step_record_clear(&old);
        if (status == DOSI_OK && !is_known && dosi_path_exists(step)) {
            status = dosi_folder_remove(step, err);
        }
    }
    if (status == DOSI_OK) status = put_in_place(draft, step, err);
    if (status != DOSI_OK) {
        dosi_error ignored;
        if (dosi_folder_remove(draft, &ignored) != DOSI_OK) return status;
    }
    return status;
}

dosi_status dosi_cache_read(const char *folder,
                            const char *key,
                            const char *output,
                            const char *hash,
                            dosi_table *out,
                            dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    char found[65];
    if (!hash[0]) {
        dosi_table_destroy(out);
        return DOSI_OK;
    }
    DOSI_TRY(dosi_cache_path(folder, key, output, path, err));
    DOSI_TRY(dosi_hash_file(path, found, err));
    if (strcmp(found, hash) == 0) return dosi_parquet_read(path, NULL, 0, NULL, out, err);
    char step[DOSI_PATH_BYTES];
    DOSI_TRY(step_folder(folder, key, step, err));
    DOSI_TRY(dosi_folder_remove(step, err));
    return dosi_fail(err, DOSI_CONFLICT,
                     "the kept result %.200s was damaged; it is removed, run again", path);
}
