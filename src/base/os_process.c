// This program started once more as a child process.

#include "base/os_process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { ARGUMENTS_MAX = 30 };

/// The environment without the token of whoever asked. Free the array only.
static char **child_environment(void) {
    size_t n = 0;
    while (environ[n]) n++;
    char **out = calloc(n + 1, sizeof *out);
    if (!out) return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "DOSI_TOKEN=", 11) != 0) out[kept++] = environ[i];
    }
    return out;
}

/// What the child begins with: files, group, signals. An errno, or 0.
static int set_up(posix_spawn_file_actions_t *files,
                  posix_spawnattr_t *attributes,
                  const char *log_path) {
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigfillset(&usual);
    int code = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (code == 0) {
        code = posix_spawn_file_actions_addopen(files, 1, log_path,
                                                O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    if (code == 0) code = posix_spawn_file_actions_adddup2(files, 1, 2);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(files, 3);
    if (code == 0) code = posix_spawnattr_setpgroup(attributes, 0);
    if (code == 0) code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0) code = posix_spawnattr_setsigdefault(attributes, &usual);
    if (code != 0) return code;
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/// posix_spawn() takes arguments that it does not change as `char *`: copies, in `out`.
static int copy_arguments(const char *const *arguments, char **out) {
    size_t n = 0;
    out[n++] = strdup("dosi");
    for (size_t i = 0; arguments[i]; i++) {
        assert(n < ARGUMENTS_MAX);
        out[n] = strdup(arguments[i]);
        if (!out[n++]) return ENOMEM;
    }
    return out[0] ? 0 : ENOMEM;
}

dosi_status dosi_process_start_self(const char *const *arguments,
                                    const char *log_path,
                                    pid_t *pid,
                                    dosi_error *err) {
    assert(arguments && log_path && pid);
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    char **environment = child_environment();
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    bool has_files = posix_spawn_file_actions_init(&files) == 0;
    bool has_attributes = posix_spawnattr_init(&attributes) == 0;
    int code = environment && has_files && has_attributes ? 0 : ENOMEM;
    if (code == 0) code = copy_arguments(arguments, argv);
    if (code == 0) code = set_up(&files, &attributes, log_path);
    if (code == 0) {
        code = posix_spawn(pid, "/proc/self/exe", &files, &attributes, argv, environment);
    }
    if (has_files) (void)posix_spawn_file_actions_destroy(&files);
    if (has_attributes) (void)posix_spawnattr_destroy(&attributes);
    for (size_t i = 0; i < ARGUMENTS_MAX; i++) free(argv[i]);
    free((void *)environment);
    if (code == 0) return DOSI_OK;
    return dosi_fail(err, DOSI_IO, "cannot start a process: %s", strerror(code));
}

int64_t dosi_process_birth(pid_t pid, char *state) {
    char path[64];
    char text[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    *state = '\0';
    FILE *file = fopen(path, "re");
    if (!file) return -1;
    size_t n = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[n] = '\0';
    // The name, in parentheses, may hold anything: fields are counted from its end.
    const char *at = strrchr(text, ')');
    if (!at || !at[1] || !at[2]) return -1;
    *state = at[2];
    for (int field = 2; field < 22 && at; field++) at = strchr(at + 1, ' ');
    return at ? strtoll(at + 1, NULL, 10) : -1;
}
