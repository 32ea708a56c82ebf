// Options and flags taken out of argv.

#include "cli/cli.h"

#include <string.h>

/// Removes `n` arguments at `at`.
static void take_out(int *argc, char **argv, int at, int n) {
    for (int i = at; i + n < *argc; i++) argv[i] = argv[i + n];
    *argc -= n;
    argv[*argc] = NULL;
}

const char *dosi_cli_option(int *argc, char **argv, const char *name) {
    size_t length = strlen(name);
    for (int i = 1; i < *argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || strncmp(argv[i] + 2, name, length) != 0) continue;
        const char *rest = argv[i] + 2 + length;
        if (*rest == '=') {
            take_out(argc, argv, i, 1);
            return rest + 1;
        }
        if (*rest == '\0' && i + 1 < *argc) {
            const char *value = argv[i + 1];
            take_out(argc, argv, i, 2);
            return value;
        }
    }
    return NULL;
}

bool dosi_cli_flag(int *argc, char **argv, const char *name) {
    for (int i = 1; i < *argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0) {
            take_out(argc, argv, i, 1);
            return true;
        }
    }
    return false;
}

dosi_status dosi_cli_no_more_options(int argc, char **argv, dosi_error *err) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            return dosi_fail(err, DOSI_INVALID, "unknown option, or no value for it: %s",
                             argv[i]);
        }
    }
    return DOSI_OK;
}
