/// @file lab.h
/// The lab that a command works in, and who gives it.
#ifndef DOSI_CLI_LAB_H
#define DOSI_CLI_LAB_H

#include "cli/cli.h"
#include "govern/gate.h"

/// An open lab and its caller. Zero-initialise; dosi_cli_lab_close() after.
typedef struct dosi_cli_lab {
    dosi_gate *gate;
    dosi_caller caller;
} dosi_cli_lab;

/// Opens the lab of --lab DIR, or the one that the working folder is in, as the person at the
/// machine (see dosi_caller_local()).
/// @param channel  What is written in the audit: "cli", "sql"...
DOSI_CHECKED dosi_status dosi_cli_lab_open(
    int *argc, char **argv, const char *channel, dosi_cli_lab *out, dosi_error *err);

/// Closes; accepts an empty one.
void dosi_cli_lab_close(dosi_cli_lab *lab);

/// Takes "--name N" as a whole number of 0..most; `*value` stays when the option is absent.
DOSI_CHECKED dosi_status dosi_cli_number(
    int *argc, char **argv, const char *name, int64_t most, int64_t *value, dosi_error *err);

/// Writes `text` to a file, whole or not at all, or to standard output when `path` is NULL.
DOSI_CHECKED dosi_status dosi_cli_put(const dosi_text *text, const char *path, dosi_error *err);

#endif // DOSI_CLI_LAB_H
