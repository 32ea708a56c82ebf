// Goal: the decision is right for every kind of caller, visibility and action. What is expected
// is written out below by hand, one letter a case, not derived from the code.

#include "govern/gate.h"
#include "test.h"

/// o: allowed; d: denied; u: sign in first; n: not found. See, read, write, describe, manage.
typedef struct expected {
    const char *who;
    dosi_role role;
    bool is_signed_in, is_owner, is_colleague;
    const char *public_data, *organisation_data, *private_data;
} expected;

static const expected matrix[] = {
    {"nobody", DOSI_ROLE_VISITOR, false, false, false, "oouuu", "nnnnn", "nnnnn"},
    {"visitor", DOSI_ROLE_VISITOR, true, false, false, "ooddd", "nnnnn", "nnnnn"},
    {"visitor of the organisation", DOSI_ROLE_VISITOR, true, false, true, "ooddd", "nnnnn",
     "nnnnn"},
    {"visitor who once made it", DOSI_ROLE_VISITOR, true, true, true, "ooddd", "nnnnn",
     "nnnnn"},
    {"member elsewhere", DOSI_ROLE_MEMBER, true, false, false, "ooddd", "nnnnn", "nnnnn"},
    {"member", DOSI_ROLE_MEMBER, true, false, true, "ooodd", "ooodd", "nnnnn"},
    {"owner", DOSI_ROLE_MEMBER, true, true, true, "ooodd", "ooodd", "ooodd"},
    {"owner who left", DOSI_ROLE_MEMBER, true, true, false, "ooddd", "nnnnn", "ooddd"},
    {"steward elsewhere", DOSI_ROLE_STEWARD, true, false, false, "ooddd", "nnnnn", "nnnnn"},
    {"steward", DOSI_ROLE_STEWARD, true, false, true, "ooood", "ooood", "ooood"},
    {"administrator", DOSI_ROLE_ADMINISTRATOR, true, false, false, "ooooo", "ooooo", "ooooo"},
};
enum { N_CASES = sizeof matrix / sizeof matrix[0], N_ACTIONS = 5, ALL = 31 };

static dosi_caller make_caller(const expected *e) {
    dosi_caller caller = dosi_caller_visitor("test");
    caller.role = e->role;
    if (e->is_signed_in) {
        caller.account_id = e->is_owner ? 7 : 8;
        caller.scopes = ALL;
        (void)snprintf(caller.name, sizeof caller.name, "kim");
    } else {
        caller.scopes = ALL;
    }
    (void)snprintf(caller.organisations[0], DOSI_NAME_BYTES, "seoul-other");
    (void)snprintf(caller.organisations[1], DOSI_NAME_BYTES, "%s",
                   e->is_colleague ? "seoul" : "busan");
    caller.n_organisations = 2;
    return caller;
}

static dosi_version make_version(const char *visibility) {
    dosi_version version = {.owner_id = 7, .number = 1};
    (void)snprintf(version.organisation, sizeof version.organisation, "seoul");
    (void)snprintf(version.name, sizeof version.name, "dong");
    (void)snprintf(version.visibility, sizeof version.visibility, "%s", visibility);
    return version;
}

static char letter(dosi_status status) {
    switch (status) {
    case DOSI_OK:
        return 'o';
    case DOSI_DENIED:
        return 'd';
    case DOSI_UNAUTHENTICATED:
        return 'u';
    case DOSI_NOT_FOUND:
        return 'n';
    default:
        return '?';
    }
}

static void check_row(const expected *e, const char *visibility, const char *letters) {
    dosi_caller caller = make_caller(e);
    dosi_version version = make_version(visibility);
    for (int action = 0; action < N_ACTIONS; action++) {
        dosi_error err = {""};
        dosi_status status =
            dosi_gate_decide(NULL, &caller, (dosi_action)action, &version, &err);
        if (letter(status) != letters[action]) {
            fail_msg("%s, %s data, action %d: %c, expected %c (%s)", e->who, visibility, action,
                     letter(status), letters[action], err.message);
        }
    }
}

static void every_role_visibility_and_action_is_as_written(void **state) {
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        check_row(&matrix[i], "public", matrix[i].public_data);
        check_row(&matrix[i], "organisation", matrix[i].organisation_data);
        check_row(&matrix[i], "private", matrix[i].private_data);
        // What is not known counts as private, never as public.
        check_row(&matrix[i], "", matrix[i].private_data);
        check_row(&matrix[i], "Public", matrix[i].private_data);
    }
}

static void a_scope_takes_away_and_never_gives(void **state) {
    (void)state;
    static const char *const visibilities[] = {"public", "organisation", "private"};
    for (size_t i = 0; i < N_CASES; i++) {
        for (size_t v = 0; v < 3; v++) {
            dosi_caller caller = make_caller(&matrix[i]);
            dosi_version version = make_version(visibilities[v]);
            for (unsigned scopes = 0; scopes <= ALL; scopes++) {
                for (unsigned action = 0; action < N_ACTIONS; action++) {
                    caller.scopes = ALL;
                    dosi_status full =
                        dosi_gate_decide(NULL, &caller, (dosi_action)action, &version, NULL);
                    caller.scopes = scopes;
                    dosi_status cut =
                        dosi_gate_decide(NULL, &caller, (dosi_action)action, &version, NULL);
                    bool has_scope = scopes >> action & 1;
                    assert_int_equal(cut, full == DOSI_OK && !has_scope ? DOSI_DENIED : full);
                }
            }
        }
    }
}

static void unknown_and_invisible_read_the_same(void **state) {
    (void)state;
    dosi_error err;
    dosi_caller nobody = dosi_caller_visitor("test");
    dosi_version version = make_version("private");
    CHECK_STATUS(dosi_gate_decide(NULL, &nobody, DOSI_ACTION_READ, &version, &err),
                 DOSI_NOT_FOUND);
    assert_string_equal(err.message, "no dataset \"seoul/dong\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_visibility_and_action_is_as_written),
        cmocka_unit_test(a_scope_takes_away_and_never_gives),
        cmocka_unit_test(unknown_and_invisible_read_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
