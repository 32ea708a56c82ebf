/// @file os_file.h
/// Files and folders, the POSIX way: whole-file reads with a limit, writes that are whole or
/// not at all.
#ifndef DOSI_BASE_OS_FILE_H
#define DOSI_BASE_OS_FILE_H

#include "dosi/text.h"

#include <stdbool.h>

enum { DOSI_PATH_BYTES = 4096 };

/// Joins `folder` and `name` with a slash.
/// @param out  (DOSI_PATH_BYTES). DOSI_LIMIT when it does not fit.
DOSI_CHECKED dosi_status dosi_path_join(const char *folder,
                                        const char *name,
                                        char *out,
                                        dosi_error *err);

/// Whether anything is at `path`.
bool dosi_path_exists(const char *path);

/// Whether `path` is a folder.
bool dosi_path_is_folder(const char *path);

/// Bytes of the file, or -1.
int64_t dosi_file_size(const char *path);

/// Makes a folder and those above it; no error when it is there. New ones get mode 0700.
DOSI_CHECKED dosi_status dosi_folder_create(const char *path, dosi_error *err);

/// Removes a folder and all in it. Never follows links.
DOSI_CHECKED dosi_status dosi_folder_remove(const char *path, dosi_error *err);

/// Appends a file's bytes to `out`. DOSI_LIMIT when it has more than `limit_bytes`.
DOSI_CHECKED dosi_status dosi_file_read(const char *path,
                                        size_t limit_bytes,
                                        dosi_text *out,
                                        dosi_error *err);

/// Replaces `path` by these bytes: written beside it, synced, renamed, folder synced. After a
/// crash the old or the new content is there.
/// @param mode  Permissions, such as 0600.
DOSI_CHECKED dosi_status dosi_file_write_atomic(
    const char *path, const char *bytes, size_t n_bytes, unsigned mode, dosi_error *err);

/// Syncs a file (or folder) that other code has written.
DOSI_CHECKED dosi_status dosi_file_sync(const char *path, dosi_error *err);

/// Renames `from` to `to` and syncs the folder of `to`.
DOSI_CHECKED dosi_status dosi_file_rename(const char *from, const char *to, dosi_error *err);

#endif // DOSI_BASE_OS_FILE_H
