// Making, finding, opening and closing a lab, and writing its audit records.

#include "govern/gate_state.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { SETTINGS_LONGEST = 64 << 10, FILE_MODE = 0600, KOREA_S = 32400 };

// --- lab.yaml ------------------------------------------------------------------------------

/// "+09:00" in seconds; false when it is no offset.
static bool parse_zone(const char *text, int *out) {
    int hours;
    int minutes;
    char sign;
    char rest;
    if (sscanf(text, "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3) return false;
    if ((sign != '+' && sign != '-') || hours > 14 || minutes > 59) return false;
    int seconds = hours * 3600 + minutes * 60;
    *out = sign == '-' ? -seconds : seconds;
    return true;
}

/// Takes one setting in; what is not known is left to later versions.
static dosi_status take_setting(dosi_gate *gate,
                                const char *key,
                                const char *value,
                                dosi_error *err) {
    if (strcmp(key, "title") == 0) {
        (void)snprintf(gate->title, sizeof gate->title, "%s", value);
    } else if (strcmp(key, "zone") == 0 && !parse_zone(value, &gate->zone_s)) {
        return dosi_fail(err, DOSI_PARSE, "lab.yaml: zone \"%s\" is not like +09:00", value);
    }
    return DOSI_OK;
}

/// Reads the scalars of the top level.
static dosi_status parse_settings(dosi_gate *gate, yaml_parser_t *parser, dosi_error *err) {
    char key[64] = "";
    int depth = 0;
    bool is_done = false;
    dosi_status status = DOSI_OK;
    while (!is_done && status == DOSI_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return dosi_fail(err, DOSI_PARSE, "lab.yaml: line %zu: %s",
                             parser->problem_mark.line + 1, parser->problem);
        }
        const char *scalar =
            event.type == YAML_SCALAR_EVENT ? (const char *)event.data.scalar.value : NULL;
        is_done = event.type == YAML_STREAM_END_EVENT;
        depth +=
            event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT;
        depth -= event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        if (depth > 1 || !scalar) {
            key[0] = '\0';
        } else if (key[0]) {
            status = take_setting(gate, key, scalar, err);
            key[0] = '\0';
        } else {
            (void)snprintf(key, sizeof key, "%s", scalar);
        }
        yaml_event_delete(&event);
    }
    return status;
}

static dosi_status load_settings(dosi_gate *gate, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    gate->zone_s = KOREA_S;
    DOSI_TRY(dosi_path_join(gate->folder, "lab.yaml", path, err));
    dosi_text text = {0};
    dosi_status status = dosi_file_read(path, SETTINGS_LONGEST, &text, err);
    if (status == DOSI_NOT_FOUND) return DOSI_OK;
    yaml_parser_t parser;
    if (status == DOSI_OK && !yaml_parser_initialize(&parser)) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for lab.yaml");
    } else if (status == DOSI_OK) {
        const char *string = dosi_text_string(&text);
        yaml_parser_set_input_string(&parser, (const unsigned char *)string, text.length);
        status = parse_settings(gate, &parser, err);
        yaml_parser_delete(&parser);
    }
    dosi_text_destroy(&text);
    return status;
}

/// Writes lab.yaml; the title is quoted as JSON, which YAML reads.
static dosi_status save_settings(const char *folder, const char *title, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(folder, "lab.yaml", path, err));
    dosi_text text = {0};
    dosi_text_puts(&text, "# Settings of this lab.\ntitle: ");
    dosi_text_put_json(&text, title, strlen(title));
    dosi_text_puts(&text, "\nzone: \"+09:00\"  # offset of the wall clock from UTC\n");
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, text.data, text.length, FILE_MODE, err);
    }
    dosi_text_destroy(&text);
    return status;
}

// --- make and find -------------------------------------------------------------------------

static dosi_status make_folders(const char *folder, dosi_error *err) {
    static const char *const names[] = {"secrets", "jobs", "cache"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[DOSI_PATH_BYTES];
        DOSI_TRY(dosi_path_join(folder, names[i], path, err));
        DOSI_TRY(dosi_folder_create(path, err));
    }
    return DOSI_OK;
}

dosi_status dosi_lab_create(const char *folder,
                            const char *title,
                            char *password,
                            dosi_error *err) {
    assert(folder && title && password);
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(folder, "catalogue.sqlite", path, err));
    if (dosi_path_exists(path)) {
        return dosi_fail(err, DOSI_CONFLICT, "%s: there is a lab already", folder);
    }
    DOSI_TRY(dosi_folder_create(folder, err));
    DOSI_TRY(dosi_lake_create(folder, err));
    DOSI_TRY(make_folders(folder, err));
    DOSI_TRY(save_settings(folder, title, err));
    dosi_gate *gate = NULL;
    DOSI_TRY(dosi_gate_open(folder, &gate, err));
    dosi_status status = dosi_account_create_first(gate, password, err);
    dosi_gate_close(gate);
    return status;
}

dosi_status dosi_lab_find(const char *start, char *out, dosi_error *err) {
    assert(start && out);
    char folder[PATH_MAX];
    if (!realpath(start, folder)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s: there is no such folder", start);
    }
    for (;;) {
        char path[DOSI_PATH_BYTES];
        DOSI_TRY(dosi_path_join(folder, "catalogue.sqlite", path, err));
        if (dosi_path_exists(path)) {
            (void)snprintf(out, DOSI_PATH_BYTES, "%s", folder);
            return DOSI_OK;
        }
        char *slash = strrchr(folder, '/');
        if (!slash || slash == folder) break;
        *slash = '\0';
    }
    return dosi_fail(err, DOSI_NOT_FOUND,
                     "%s is in no lab: make one with `dosi init DIR`, or go into one", start);
}

// --- open and close ------------------------------------------------------------------------

static dosi_status open_parts(dosi_gate *gate, dosi_error *err) {
    DOSI_TRY(load_settings(gate, err));
    DOSI_TRY(dosi_lake_open(gate->folder, &gate->lake, err));
    DOSI_TRY(dosi_audit_open(gate->folder, NULL, &gate->audit, err));
    return dosi_account_prepare(gate, err);
}

dosi_status dosi_gate_open(const char *folder, dosi_gate **out, dosi_error *err) {
    assert(folder && out);
    if (strlen(folder) >= DOSI_PATH_BYTES) {
        return dosi_fail(err, DOSI_LIMIT, "the lab's path is too long");
    }
    dosi_gate *gate = calloc(1, sizeof *gate);
    dosi_kept_caller *callers = calloc(DOSI_GATE_CALLERS, sizeof *callers);
    if (!gate || !callers) {
        free(gate);
        free(callers);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the gate");
    }
    gate->callers = callers;
    (void)snprintf(gate->folder, sizeof gate->folder, "%s", folder);
    (void)pthread_mutex_init(&gate->versions_mutex, NULL);
    (void)pthread_mutex_init(&gate->callers_mutex, NULL);
    (void)pthread_mutex_init(&gate->features_mutex, NULL);
    (void)sem_init(&gate->hashers, 0, DOSI_GATE_HASHERS);
    dosi_status status = open_parts(gate, err);
    if (status != DOSI_OK) {
        dosi_gate_close(gate);
        return status;
    }
    *out = gate;
    return DOSI_OK;
}

void dosi_gate_close(dosi_gate *gate) {
    if (!gate) return;
    dosi_gate_forget_versions(gate);
    dosi_gate_forget_features(gate);
    dosi_audit_close(gate->audit);
    dosi_lake_close(gate->lake);
    (void)pthread_mutex_destroy(&gate->versions_mutex);
    (void)pthread_mutex_destroy(&gate->callers_mutex);
    (void)pthread_mutex_destroy(&gate->features_mutex);
    (void)sem_destroy(&gate->hashers);
    free(gate->callers);
    free(gate);
}

const char *dosi_gate_folder(const dosi_gate *gate) {
    return gate->folder;
}

const char *dosi_gate_title(const dosi_gate *gate) {
    return gate->title;
}

int dosi_gate_zone_s(const dosi_gate *gate) {
    return gate->zone_s;
}

dosi_status dosi_gate_clock(dosi_gate *gate, int64_t *out, dosi_error *err) {
    return dosi_lake_clock(gate->lake, out, err);
}

// --- audit ---------------------------------------------------------------------------------

dosi_status dosi_gate_note_durably(dosi_gate *gate,
                                   const dosi_caller *caller,
                                   const dosi_audit_entry *entry,
                                   dosi_error *err) {
    dosi_audit_entry full = *entry;
    full.account = caller->name;
    full.account_id = caller->account_id;
    full.channel = caller->channel;
    full.is_durable = true;
    return dosi_audit_append(gate->audit, &full, err);
}

dosi_status dosi_gate_note(dosi_gate *gate,
                           const dosi_caller *caller,
                           const char *action,
                           const dosi_version *version,
                           const char *detail,
                           dosi_error *err) {
    char object[DOSI_REFERENCE_BYTES];
    (void)snprintf(object, sizeof object, "%s/%s@%lld", version->organisation, version->name,
                   (long long)version->number);
    const dosi_audit_entry entry = {.account = caller->name,
                                    .account_id = caller->account_id,
                                    .channel = caller->channel,
                                    .action = action,
                                    .object = object,
                                    .outcome = "ok",
                                    .detail = detail};
    return dosi_audit_append(gate->audit, &entry, err);
}

dosi_status dosi_gate_record(dosi_gate *gate,
                             const dosi_caller *caller,
                             const char *action,
                             const char *object,
                             const char *outcome,
                             dosi_error *err) {
    assert(gate && caller && action && object && outcome);
    const dosi_audit_entry entry = {.action = action, .object = object, .outcome = outcome};
    return dosi_gate_note_durably(gate, caller, &entry, err);
}

dosi_status dosi_gate_admit_manager(dosi_gate *gate,
                                    const dosi_caller *caller,
                                    const char *action,
                                    const char *object,
                                    dosi_error *err) {
    if (caller->role == DOSI_ROLE_ADMINISTRATOR &&
        (caller->scopes & (1U << DOSI_ACTION_MANAGE))) {
        return DOSI_OK;
    }
    const dosi_audit_entry entry = {.action = action, .object = object, .outcome = "denied"};
    DOSI_TRY(dosi_gate_note_durably(gate, caller, &entry, err));
    if (caller->account_id == 0) {
        return dosi_fail(err, DOSI_UNAUTHENTICATED, "sign in as an administrator first");
    }
    return dosi_fail(err, DOSI_DENIED, "only an administrator may do this");
}

dosi_status dosi_gate_put_audit(
    dosi_gate *gate, const dosi_caller *caller, size_t limit, dosi_text *out, dosi_error *err) {
    assert(gate && caller && out);
    DOSI_TRY(dosi_gate_admit_manager(gate, caller, "audit-list", "", err));
    return dosi_audit_put_latest(gate->audit, limit, out, err);
}

dosi_status dosi_gate_verify_audit(dosi_gate *gate,
                                   const dosi_caller *caller,
                                   bool trusts_known,
                                   const dosi_run *run,
                                   dosi_audit_report *out,
                                   dosi_error *err) {
    assert(gate && caller && out);
    DOSI_TRY(dosi_gate_admit_manager(gate, caller, "audit-verify", "", err));
    return dosi_audit_verify(gate->audit, trusts_known, run, out, err);
}
