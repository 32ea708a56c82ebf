/// @file os_process.h
/// This program started once more, as a process that outlives a crash of its child and is
/// outlived by it.
#ifndef DOSI_BASE_OS_PROCESS_H
#define DOSI_BASE_OS_PROCESS_H

#include "dosi/status.h"

#include <stdint.h>
#include <sys/types.h>

/// Starts this program with `arguments` (NULL-terminated, without the program's name) in a
/// process group of its own: no standard input, output and errors appended to `log_path`, no
/// other open file, usual signals, and not the DOSI_TOKEN of whoever started it.
/// @param pid  Out. The caller collects it with waitpid().
/// @return DOSI_OK; DOSI_IO: it cannot be started.
DOSI_CHECKED dosi_status dosi_process_start_self(const char *const *arguments,
                                                 const char *log_path,
                                                 pid_t *pid,
                                                 dosi_error *err);

/// Start of process `pid` in clock ticks since boot; -1: there is none. `*state` is its letter
/// ('Z': ended, not yet collected). With the pid it names a process for good.
int64_t dosi_process_birth(pid_t pid, char *state);

#endif // DOSI_BASE_OS_PROCESS_H
