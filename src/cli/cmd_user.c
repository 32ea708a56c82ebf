// dosi user: the lab's accounts.

#include "cli/lab.h"
#include "govern/account.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: dosi user add NAME [--role ROLE] [--organisation ORG] | list | role NAME ROLE | "
    "join NAME ORG | leave NAME ORG | reset-password NAME | off NAME | on NAME";

static dosi_status add(const dosi_cli_lab *lab,
                       const char *name,
                       const char *role_name,
                       const char *organisation,
                       dosi_error *err) {
    char password[DOSI_PASSWORD_BYTES];
    dosi_role role = DOSI_ROLE_MEMBER;
    if (role_name) DOSI_TRY(dosi_role_from_name(role_name, &role, err));
    DOSI_TRY(dosi_account_create(lab->gate, &lab->caller, name, role, password, err));
    if (organisation) {
        DOSI_TRY(dosi_account_join(lab->gate, &lab->caller, name, organisation, true, err));
    }
    (void)printf("%s, %s\none-time password, to be changed at the first sign-in: %s\n", name,
                 dosi_role_name(role), password);
    return DOSI_OK;
}

static dosi_status print_account(void *context, const dosi_account *account, dosi_error *err) {
    (void)context;
    (void)err;
    char signed_in[DOSI_TIME_TEXT_BYTES] = "never";
    if (account->signed_in_utc_us) {
        dosi_time_format(account->signed_in_utc_us / DOSI_SECOND_US * DOSI_SECOND_US, 0,
                         signed_in);
    }
    (void)printf("%-20s %-14s %-4s last sign-in %-20s ", account->name,
                 dosi_role_name(account->role), account->is_off ? "off" : "", signed_in);
    for (size_t i = 0; i < account->n_organisations; i++) {
        (void)printf("%s%s", i ? "," : "", account->organisations[i]);
    }
    (void)printf("\n");
    return DOSI_OK;
}

static dosi_status reset(const dosi_cli_lab *lab, const char *name, dosi_error *err) {
    char password[DOSI_PASSWORD_BYTES];
    DOSI_TRY(dosi_account_reset_password(lab->gate, &lab->caller, name, password, err));
    (void)printf("%s\none-time password, to be changed at the first sign-in: %s\n", name,
                 password);
    return DOSI_OK;
}

/// What takes a name and nothing else.
static dosi_status act_on_name(const dosi_cli_lab *lab,
                               const char *verb,
                               const char *name,
                               dosi_error *err) {
    if (strcmp(verb, "reset-password") == 0) return reset(lab, name, err);
    bool is_on = strcmp(verb, "on") == 0;
    if (!is_on && strcmp(verb, "off") != 0) return dosi_fail(err, DOSI_INVALID, "%s", usage);
    DOSI_TRY(dosi_account_switch(lab->gate, &lab->caller, name, is_on, err));
    (void)printf("%s is %s\n", name, verb);
    return DOSI_OK;
}

/// What takes a name and a word.
static dosi_status act_on_pair(const dosi_cli_lab *lab, char **argv, dosi_error *err) {
    const char *verb = argv[1];
    const char *name = argv[2];
    const char *word = argv[3];
    if (strcmp(verb, "role") == 0) {
        dosi_role role;
        DOSI_TRY(dosi_role_from_name(word, &role, err));
        DOSI_TRY(dosi_account_set_role(lab->gate, &lab->caller, name, role, err));
        (void)printf("%s is %s\n", name, word);
        return DOSI_OK;
    }
    bool is_join = strcmp(verb, "join") == 0;
    if (!is_join && strcmp(verb, "leave") != 0) {
        return dosi_fail(err, DOSI_INVALID, "%s", usage);
    }
    DOSI_TRY(dosi_account_join(lab->gate, &lab->caller, name, word, is_join, err));
    (void)printf("%s %s %s\n", name, is_join ? "joined" : "left", word);
    return DOSI_OK;
}

dosi_status dosi_cmd_user(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    const char *role = dosi_cli_option(&argc, argv, "role");
    const char *organisation = dosi_cli_option(&argc, argv, "organisation");
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    const char *verb = argc > 1 ? argv[1] : "";
    if (status != DOSI_OK) {
        // Said below.
    } else if (argc == 2 && strcmp(verb, "list") == 0) {
        status = dosi_account_each(lab.gate, &lab.caller, print_account, NULL, err);
    } else if (argc == 3 && strcmp(verb, "add") == 0) {
        status = add(&lab, argv[2], role, organisation, err);
    } else if (argc == 3) {
        status = act_on_name(&lab, verb, argv[2], err);
    } else if (argc == 4) {
        status = act_on_pair(&lab, argv, err);
    } else {
        status = dosi_fail(err, DOSI_INVALID, "%s", usage);
    }
    dosi_cli_lab_close(&lab);
    return status;
}
