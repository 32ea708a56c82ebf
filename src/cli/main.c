// The program: a table of commands, and the one place that prints failures.

#include "cli/cli.h"
#include "dosi/text.h"

#include <stdlib.h>
#include <string.h>

static const dosi_command commands[] = {
#define COMMAND(name, shown, usage, help) {shown, usage, help, dosi_cmd_##name},
#include "cli/commands.def"
#undef COMMAND
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const dosi_command *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

dosi_status dosi_cmd_help(int argc, char **argv, dosi_error *err) {
    if (argc > 1) {
        const dosi_command *command = find_command(argv[1]);
        if (!command) return dosi_fail(err, DOSI_NOT_FOUND, "no command \"%s\"", argv[1]);
        (void)printf("dosi %s %s\n    %s\n", command->name, command->usage, command->help);
        return DOSI_OK;
    }
    (void)printf("dosi: the software of an urban data science lab\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        (void)printf("  %-10s %s\n", commands[i].name, commands[i].help);
    }
    (void)printf("\n`dosi help COMMAND` says how to use one.\n");
    return DOSI_OK;
}

dosi_status dosi_cmd_version(int argc, char **argv, dosi_error *err) {
    (void)argc;
    (void)argv;
    (void)err;
    (void)printf("dosi %s\n", DOSI_VERSION);
    return DOSI_OK;
}

int main(int argc, char **argv) {
    dosi_error err = {""};
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--help") == 0) name = "help";
    if (strcmp(name, "--version") == 0) name = "version";
    const dosi_command *command = find_command(name);
    dosi_status status = DOSI_NOT_FOUND;
    if (command) {
        status = command->run(argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv, &err);
    } else {
        (void)dosi_fail(&err, status, "no command \"%s\"; `dosi help` lists them", name);
    }
    if (status == DOSI_OK) return 0;
    (void)fflush(stdout);
    (void)fprintf(stderr, "dosi: %s\n",
                  err.message[0] ? err.message : dosi_status_text(status));
    return dosi_status_exit_code(status);
}
