// Doing to data what was decided: find, list, read, write, describe, export; each recorded.

#include "govern/gate_state.h"

#include "sql/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *dosi_gate_outcome(dosi_status status) {
    if (status == DOSI_OK) return "ok";
    if (status == DOSI_NOT_FOUND) return "not found";
    if (status == DOSI_DENIED || status == DOSI_UNAUTHENTICATED) return "denied";
    return "failed";
}

static const char *const action_names[] = {"see", "read", "write", "describe", "manage"};

/// Records that something was refused or went wrong; gives `status` back, or the log's fault.
static dosi_status note_failure(dosi_gate *gate,
                                const dosi_caller *caller,
                                dosi_action action,
                                const char *reference,
                                dosi_status status) {
    const dosi_audit_entry entry = {.account = caller->name,
                                    .account_id = caller->account_id,
                                    .channel = caller->channel,
                                    .action = action_names[action],
                                    .object = reference,
                                    .outcome = dosi_gate_outcome(status)};
    dosi_status noted = dosi_audit_append(gate->audit, &entry, NULL);
    return noted == DOSI_OK ? status : noted;
}

dosi_status dosi_gate_admit(dosi_gate *gate,
                            const dosi_caller *caller,
                            dosi_action action,
                            const char *reference,
                            dosi_kept_version **out,
                            dosi_error *err) {
    assert(gate && caller && reference && out);
    dosi_kept_version *kept = NULL;
    dosi_status status = dosi_gate_borrow_version(gate, reference, &kept, err);
    if (status == DOSI_OK) {
        status = dosi_gate_decide(gate, caller, action, &kept->version, err);
    }
    if (status == DOSI_OK) {
        *out = kept;
        return DOSI_OK;
    }
    dosi_gate_return_version(kept);
    // What is not there and what may not be known must look the same.
    if (status == DOSI_NOT_FOUND) {
        (void)dosi_fail(err, status, "no dataset \"%s\"", reference);
    }
    if (action == DOSI_ACTION_SEE) return status;
    return note_failure(gate, caller, action, reference, status);
}

dosi_status dosi_gate_find(dosi_gate *gate,
                           const dosi_caller *caller,
                           const char *reference,
                           dosi_version *out,
                           dosi_error *err) {
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_SEE, reference, &kept, err));
    dosi_status status = dosi_version_copy(&kept->version, out, err);
    dosi_gate_return_version(kept);
    return status;
}

/// Hands on what the caller may see.
typedef struct filter {
    dosi_gate *gate;
    const dosi_caller *caller;
    dosi_status (*visit)(void *context, const dosi_version *version, dosi_error *err);
    void *context;
} filter;

static dosi_status visit_seen(void *context, const dosi_version *version, dosi_error *err) {
    const filter *f = context;
    if (dosi_gate_decide(f->gate, f->caller, DOSI_ACTION_SEE, version, NULL) != DOSI_OK) {
        return DOSI_OK;
    }
    return f->visit(f->context, version, err);
}

dosi_status dosi_gate_each(dosi_gate *gate,
                           const dosi_caller *caller,
                           dosi_status (*visit)(void *context,
                                                const dosi_version *version,
                                                dosi_error *err),
                           void *context,
                           dosi_error *err) {
    assert(gate && caller && visit);
    filter f = {gate, caller, visit, context};
    return dosi_lake_each(gate->lake, visit_seen, &f, err);
}

dosi_status dosi_gate_each_version(dosi_gate *gate,
                                   const dosi_caller *caller,
                                   const char *reference,
                                   dosi_status (*visit)(void *context,
                                                        const dosi_version *version,
                                                        dosi_error *err),
                                   void *context,
                                   dosi_error *err) {
    assert(gate && caller && reference && visit);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_SEE, reference, &kept, err));
    dosi_gate_return_version(kept);
    filter f = {gate, caller, visit, context};
    return dosi_lake_each_version(gate->lake, reference, visit_seen, &f, err);
}

dosi_status dosi_gate_lend_file(dosi_gate *gate,
                                const dosi_caller *caller,
                                const char *reference,
                                dosi_version *found,
                                dosi_error *err) {
    assert(gate && caller && reference && found);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_READ, reference, &kept, err));
    dosi_status status = dosi_gate_note(gate, caller, "read", &kept->version, "file", err);
    if (status == DOSI_OK) status = dosi_version_copy(&kept->version, found, err);
    dosi_gate_return_version(kept);
    return status;
}

// NOLINTNEXTLINE(readability-function-size): what to read, of what, into what: eight things
dosi_status dosi_gate_read(dosi_gate *gate,
                           const dosi_caller *caller,
                           const char *reference,
                           const char *const *columns,
                           size_t n_columns,
                           dosi_table *out,
                           dosi_version *found,
                           dosi_error *err) {
    assert(gate && caller && reference && out);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_READ, reference, &kept, err));
    const dosi_version *version = &kept->version;
    dosi_status status = dosi_gate_note(gate, caller, "read", version, NULL, err);
    if (status == DOSI_OK) {
        status = dosi_parquet_read(version->path, columns, n_columns, NULL, out, err);
    }
    if (status == DOSI_OK && found) {
        status = dosi_version_copy(version, found, err);
        if (status != DOSI_OK) dosi_table_destroy(out);
    }
    dosi_gate_return_version(kept);
    return status;
}

dosi_status dosi_gate_use(dosi_gate *gate,
                          const dosi_caller *caller,
                          const char *reference,
                          dosi_error *err) {
    assert(gate && caller && reference);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_READ, reference, &kept, err));
    dosi_status status = dosi_gate_note(gate, caller, "read", &kept->version, NULL, err);
    dosi_gate_return_version(kept);
    return status;
}

// --- write ---------------------------------------------------------------------------------

/// What the dataset of a new version is, or will be, for the decision.
static dosi_status foresee(dosi_gate *gate,
                           const dosi_caller *caller,
                           const dosi_new_version *new_version,
                           dosi_version *out,
                           dosi_error *err) {
    int64_t number = 0;
    dosi_version version = {.owner_id = caller->account_id};
    DOSI_TRY(dosi_reference_parse(new_version->reference, version.organisation, version.name,
                                  &number, err));
    if (number != 0) {
        return dosi_fail(err, DOSI_INVALID, "\"%s\": versions are numbered by the lake",
                         new_version->reference);
    }
    dosi_kept_version *kept = NULL;
    dosi_status status = dosi_gate_borrow_version(gate, new_version->reference, &kept, err);
    if (status == DOSI_OK) {
        version.owner_id = kept->version.owner_id;
        memcpy(version.visibility, kept->version.visibility, sizeof version.visibility);
        dosi_gate_return_version(kept);
    } else if (status == DOSI_NOT_FOUND) {
        // New: whoever may write for the organisation knows what they write.
        (void)snprintf(version.visibility, sizeof version.visibility, "%s", "organisation");
    } else {
        return status;
    }
    *out = version;
    return DOSI_OK;
}

/// Whether the metadata makes a dataset visible to more people than its organisation.
static bool publishes(const dosi_metadata *metadata, const dosi_version *now) {
    return metadata && metadata->visibility && strcmp(metadata->visibility, "public") == 0 &&
           strcmp(now->visibility, "public") != 0;
}

/// May the caller write this? Publishing is a steward's.
static dosi_status decide_write(dosi_gate *gate,
                                const dosi_caller *caller,
                                const dosi_new_version *new_version,
                                dosi_error *err) {
    dosi_version foreseen = {0};
    DOSI_TRY(foresee(gate, caller, new_version, &foreseen, err));
    DOSI_TRY(dosi_gate_decide(gate, caller, DOSI_ACTION_WRITE, &foreseen, err));
    if (publishes(new_version->metadata, &foreseen)) {
        return dosi_gate_decide(gate, caller, DOSI_ACTION_DESCRIBE, &foreseen, err);
    }
    return DOSI_OK;
}

dosi_status dosi_gate_write(dosi_gate *gate,
                            const dosi_caller *caller,
                            const dosi_new_version *new_version,
                            dosi_version *out,
                            bool *is_new,
                            dosi_error *err) {
    assert(gate && caller && new_version && new_version->reference && out && is_new);
    dosi_status status = decide_write(gate, caller, new_version, err);
    if (status != DOSI_OK) {
        return note_failure(gate, caller, DOSI_ACTION_WRITE, new_version->reference, status);
    }
    dosi_new_version owned = *new_version;
    owned.owner_id = caller->account_id;
    // The record comes first: no write without one. What fails after it is recorded too.
    const dosi_audit_entry entry = {
        .action = "write", .object = new_version->reference, .outcome = "ok"};
    DOSI_TRY(dosi_gate_note_durably(gate, caller, &entry, err));
    status = dosi_lake_write(gate->lake, &owned, out, is_new, err);
    if (status != DOSI_OK) {
        return note_failure(gate, caller, DOSI_ACTION_WRITE, new_version->reference, status);
    }
    return DOSI_OK;
}

dosi_status dosi_gate_describe(dosi_gate *gate,
                               const dosi_caller *caller,
                               const char *reference,
                               const dosi_metadata *metadata,
                               dosi_error *err) {
    assert(gate && caller && reference && metadata);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_DESCRIBE, reference, &kept, err));
    char detail[64] = "";
    if (metadata->visibility) {
        (void)snprintf(detail, sizeof detail, "visibility %s -> %s", kept->version.visibility,
                       metadata->visibility);
    }
    dosi_gate_return_version(kept);
    const dosi_audit_entry entry = {
        .action = "describe", .object = reference, .outcome = "ok", .detail = detail};
    DOSI_TRY(dosi_gate_note_durably(gate, caller, &entry, err));
    dosi_status status = dosi_lake_describe(gate->lake, reference, metadata, err);
    if (status == DOSI_OK) return DOSI_OK;
    return note_failure(gate, caller, DOSI_ACTION_DESCRIBE, reference, status);
}

// --- export --------------------------------------------------------------------------------

/// Copies a file's bytes inside the kernel.
static dosi_status copy_bytes(int from, int to, const char *path, dosi_error *err) {
    static const size_t at_once = (size_t)1 << 30;
    ssize_t n;
    do {
        n = copy_file_range(from, NULL, to, NULL, at_once, 0);
    } while (n > 0);
    if (n == 0) return DOSI_OK;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
        return dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
    }
    char buffer[1 << 16];
    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        if (write(to, buffer, (size_t)n) != n) n = -1;
        if (n < 0) break;
    }
    return n == 0 ? DOSI_OK : dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
}

static dosi_status copy_file(const char *from, const char *path, dosi_error *err) {
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) return dosi_fail(err, DOSI_IO, "%s: %s", from, strerror(errno));
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    dosi_status status = DOSI_OK;
    if (out < 0) {
        status = dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
    } else {
        status = copy_bytes(in, out, path, err);
        if (close(out) != 0 && status == DOSI_OK) {
            status = dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
        }
        if (status != DOSI_OK) (void)unlink(path);
    }
    (void)close(in);
    return status;
}

dosi_status dosi_gate_export(dosi_gate *gate,
                             const dosi_caller *caller,
                             const char *reference,
                             const char *path,
                             dosi_error *err) {
    assert(gate && caller && reference && path);
    dosi_kept_version *kept = NULL;
    DOSI_TRY(dosi_gate_admit(gate, caller, DOSI_ACTION_READ, reference, &kept, err));
    dosi_status status = dosi_gate_note(gate, caller, "export", &kept->version, NULL, err);
    if (status == DOSI_OK) status = copy_file(kept->version.path, path, err);
    dosi_gate_return_version(kept);
    return status;
}
