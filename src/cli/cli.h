/// @file cli.h
/// What every command sees: its arguments, and where it prints.
#ifndef DOSI_CLI_CLI_H
#define DOSI_CLI_CLI_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stdio.h>

/// One command of the program: a row of commands.def.
typedef struct dosi_command {
    const char *name;
    const char *usage; ///< "FILE... --as org/name"
    const char *help;  ///< One line.
    /// argv[0] is the command's name. Prints to stdout; on failure returns and main prints.
    dosi_status (*run)(int argc, char **argv, dosi_error *err);
} dosi_command;

// Every command's function, dosi_cmd_<name>.
#define COMMAND(name, shown, usage, help) \
    dosi_status dosi_cmd_##name(int argc, char **argv, dosi_error *err);
#include "cli/commands.def"
#undef COMMAND

/// Takes options out of argv: "--name value" or "--name=value".
/// @return The value, or NULL when the option is absent. Each call takes one occurrence and
///         removes it; `*argc` shrinks.
const char *dosi_cli_option(int *argc, char **argv, const char *name);

/// Takes a flag "--name" out of argv; whether it was there.
bool dosi_cli_flag(int *argc, char **argv, const char *name);

/// DOSI_INVALID naming the first argument that still starts with "--".
DOSI_CHECKED dosi_status dosi_cli_no_more_options(int argc, char **argv, dosi_error *err);

#endif // DOSI_CLI_CLI_H
