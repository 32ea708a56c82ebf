// dosi token: secrets for programs, with scopes and an end.

#include "cli/lab.h"
#include "govern/account.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_DAYS = 90, MOST_DAYS = 366 };

static dosi_status create(const dosi_cli_lab *lab,
                          const char *label,
                          const char *scopes,
                          int64_t days,
                          dosi_error *err) {
    char secret[DOSI_SECRET_BYTES];
    char until[DOSI_TIME_TEXT_BYTES];
    dosi_token token;
    dosi_token wanted = {.expires_utc_us = dosi_time_now_utc_us() + days * DOSI_DAY_US};
    (void)snprintf(wanted.label, sizeof wanted.label, "%s", label);
    DOSI_TRY(dosi_scopes_parse(scopes ? scopes : "read", &wanted.scopes, err));
    DOSI_TRY(dosi_token_create(lab->gate, &lab->caller, &wanted, &token, secret, err));
    dosi_time_format(token.expires_utc_us / DOSI_SECOND_US * DOSI_SECOND_US, 0, until);
    (void)printf("token %lld until %s, shown once:\n%s\n", (long long)token.id, until, secret);
    return DOSI_OK;
}

static dosi_status print_token(void *context, const dosi_token *token, dosi_error *err) {
    (void)context;
    char until[DOSI_TIME_TEXT_BYTES];
    char used[DOSI_TIME_TEXT_BYTES] = "never";
    dosi_text scopes = {0};
    dosi_scopes_put(&scopes, token->scopes);
    dosi_time_format(token->expires_utc_us / DOSI_SECOND_US * DOSI_SECOND_US, 0, until);
    if (token->used_utc_us) {
        dosi_time_format(token->used_utc_us / DOSI_SECOND_US * DOSI_SECOND_US, 0, used);
    }
    (void)printf("%-6lld %-24s %-36s until %s, used %s\n", (long long)token->id, token->label,
                 dosi_text_string(&scopes), until, used);
    dosi_status status = dosi_text_status(&scopes, err);
    dosi_text_destroy(&scopes);
    return status;
}

static dosi_status revoke(const dosi_cli_lab *lab, const char *text, dosi_error *err) {
    int64_t id = 0;
    if (dosi_parse_int(text, strlen(text), &id) != DOSI_OK) {
        return dosi_fail(err, DOSI_INVALID, "\"%s\" is no token's number", text);
    }
    DOSI_TRY(dosi_token_revoke(lab->gate, &lab->caller, id, err));
    (void)printf("token %lld is revoked\n", (long long)id);
    return DOSI_OK;
}

dosi_status dosi_cmd_token(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    int64_t days = DEFAULT_DAYS;
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    const char *scopes = dosi_cli_option(&argc, argv, "scopes");
    dosi_status status = dosi_cli_number(&argc, argv, "days", MOST_DAYS, &days, err);
    if (status == DOSI_OK) status = dosi_cli_no_more_options(argc, argv, err);
    const char *verb = argc > 1 ? argv[1] : "";
    if (status != DOSI_OK) {
        // Said below.
    } else if (argc == 3 && strcmp(verb, "create") == 0) {
        status = create(&lab, argv[2], scopes, days, err);
    } else if (argc == 2 && strcmp(verb, "list") == 0) {
        status = dosi_token_each(lab.gate, &lab.caller, print_token, NULL, err);
    } else if (argc == 3 && strcmp(verb, "revoke") == 0) {
        status = revoke(&lab, argv[2], err);
    } else {
        status = dosi_fail(err, DOSI_INVALID,
                           "usage: dosi token create LABEL [--scopes see,read,...] [--days N] "
                           "| list | revoke NUMBER");
    }
    dosi_cli_lab_close(&lab);
    return status;
}
