// The decision: who may do what to which data. One pure function, in the order in which rules
// are added: who, what kind of right, which data; later agreements, purposes, rows, columns.

#include "govern/gate.h"

#include <assert.h>
#include <string.h>

static bool is_public(const dosi_version *version) {
    return strcmp(version->visibility, "public") == 0;
}

/// Whether the caller works for the dataset's organisation, in a role that counts there.
static bool is_of_organisation(const dosi_caller *caller, const dosi_version *version) {
    if (caller->role < DOSI_ROLE_MEMBER) return false;
    for (size_t i = 0; i < caller->n_organisations; i++) {
        if (strcmp(caller->organisations[i], version->organisation) == 0) return true;
    }
    return false;
}

/// Whether the caller may know the dataset. A visibility that is not known counts as private.
static bool may_know(const dosi_caller *caller, const dosi_version *version) {
    if (caller->role == DOSI_ROLE_ADMINISTRATOR || is_public(version)) return true;
    bool is_colleague = is_of_organisation(caller, version);
    if (strcmp(version->visibility, "organisation") == 0) return is_colleague;
    bool is_owner = caller->account_id != 0 && caller->account_id == version->owner_id &&
                    caller->role >= DOSI_ROLE_MEMBER;
    return is_owner || (is_colleague && caller->role == DOSI_ROLE_STEWARD);
}

/// Whether the role carries the right, for a dataset that the caller may know.
static bool has_right(const dosi_caller *caller,
                      dosi_action action,
                      const dosi_version *version) {
    if (caller->role == DOSI_ROLE_ADMINISTRATOR) return true;
    switch (action) {
    case DOSI_ACTION_SEE:
    case DOSI_ACTION_READ:
        // Here come agreements between organisations and their purposes: an agreement makes
        // another organisation's data known (may_know) and readable for what was agreed. Row
        // and column rules will be handed back from here for the readers to apply.
        return true;
    case DOSI_ACTION_WRITE:
        return is_of_organisation(caller, version);
    case DOSI_ACTION_DESCRIBE:
        return caller->role == DOSI_ROLE_STEWARD && is_of_organisation(caller, version);
    case DOSI_ACTION_MANAGE:
        return false;
    }
    return false;
}

static const char *verb(dosi_action action) {
    static const char *const verbs[] = {"see", "read", "write", "describe", "manage"};
    return verbs[action];
}

dosi_status dosi_gate_decide(dosi_gate *gate,
                             const dosi_caller *caller,
                             dosi_action action,
                             const dosi_version *version,
                             dosi_error *err) {
    assert(caller && version && action <= DOSI_ACTION_MANAGE);
    (void)gate; // Rules kept in the catalogue will need it.
    if (!may_know(caller, version)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no dataset \"%s/%s\"", version->organisation,
                         version->name);
    }
    bool is_signed_in = caller->account_id != 0;
    if (!has_right(caller, action, version)) {
        return dosi_fail(err, is_signed_in ? DOSI_DENIED : DOSI_UNAUTHENTICATED,
                         is_signed_in ? "%s may not %s \"%s/%s\""
                                      : "%s: sign in first to %s \"%s/%s\"",
                         is_signed_in ? caller->name : "a visitor", verb(action),
                         version->organisation, version->name);
    }
    if (!(caller->scopes & (1U << action))) {
        return dosi_fail(err, DOSI_DENIED, "this sign-in has no right to %s (scope \"%s\")",
                         verb(action), verb(action));
    }
    return DOSI_OK;
}
