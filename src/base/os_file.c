// Files by POSIX calls. What must survive a crash is synced before it is named.

#include "base/os_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dosi_status fail_errno(dosi_error *err, const char *path) {
    return dosi_fail(err, errno == ENOENT ? DOSI_NOT_FOUND : DOSI_IO, "%s: %s", path,
                     strerror(errno));
}

dosi_status dosi_path_join(const char *folder, const char *name, char *out, dosi_error *err) {
    int n = snprintf(out, DOSI_PATH_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= DOSI_PATH_BYTES) return dosi_fail(err, DOSI_LIMIT, "path is too long");
    return DOSI_OK;
}

bool dosi_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool dosi_path_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int64_t dosi_file_size(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

dosi_status dosi_folder_create(const char *path, dosi_error *err) {
    char part[DOSI_PATH_BYTES];
    size_t n_bytes = strlen(path);
    if (n_bytes >= sizeof part) return dosi_fail(err, DOSI_LIMIT, "path is too long");
    memcpy(part, path, n_bytes + 1);
    for (size_t i = 1; i <= n_bytes; i++) {
        if (part[i] != '/' && part[i] != '\0') continue;
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) return fail_errno(err, part);
        part[i] = kept;
    }
    if (!dosi_path_is_folder(path)) return dosi_fail(err, DOSI_IO, "%s: not a folder", path);
    return DOSI_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

dosi_status dosi_folder_remove(const char *path, dosi_error *err) {
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) return fail_errno(err, path);
    return DOSI_OK;
}

dosi_status dosi_file_read(const char *path,
                           size_t limit_bytes,
                           dosi_text *out,
                           dosi_error *err) {
    assert(path && out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, path);
    char buffer[1 << 16];
    size_t n_read = 0;
    ssize_t n = 0;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        n_read += (size_t)n;
        if (n_read > limit_bytes) break;
        dosi_text_append(out, buffer, (size_t)n);
    }
    dosi_status status = n < 0 ? fail_errno(err, path) : DOSI_OK;
    (void)close(fd);
    DOSI_TRY(status);
    if (n_read > limit_bytes) {
        return dosi_fail(err, DOSI_LIMIT, "%s: more than %zu bytes", path, limit_bytes);
    }
    return dosi_text_status(out, err);
}

dosi_status dosi_file_sync(const char *path, dosi_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, path);
    dosi_status status = fsync(fd) == 0 ? DOSI_OK : fail_errno(err, path);
    (void)close(fd);
    return status;
}

/// Syncs the folder that `path` is in.
static dosi_status sync_parent(const char *path, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t n_bytes = slash ? (size_t)(slash - path) : 0;
    if (n_bytes >= sizeof folder) return dosi_fail(err, DOSI_LIMIT, "path is too long");
    memcpy(folder, path, n_bytes);
    folder[n_bytes] = '\0';
    return dosi_file_sync(!slash ? "." : n_bytes ? folder : "/", err);
}

dosi_status dosi_file_rename(const char *from, const char *to, dosi_error *err) {
    if (rename(from, to) != 0) return fail_errno(err, to);
    return sync_parent(to, err);
}

static dosi_status write_all(int fd, const char *bytes, size_t n_bytes) {
    while (n_bytes > 0) {
        ssize_t n = write(fd, bytes, n_bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return DOSI_IO;
        bytes += n;
        n_bytes -= (size_t)n;
    }
    return fsync(fd) == 0 ? DOSI_OK : DOSI_IO;
}

dosi_status dosi_file_write_atomic(
    const char *path, const char *bytes, size_t n_bytes, unsigned mode, dosi_error *err) {
    char beside[DOSI_PATH_BYTES];
    int n = snprintf(beside, sizeof beside, "%s.tmp%ld", path, (long)getpid());
    if (n < 0 || n >= DOSI_PATH_BYTES) return dosi_fail(err, DOSI_LIMIT, "path is too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) return fail_errno(err, beside);
    dosi_status status = write_all(fd, bytes, n_bytes);
    if (status != DOSI_OK) status = fail_errno(err, beside);
    (void)close(fd);
    if (status == DOSI_OK) status = dosi_file_rename(beside, path, err);
    if (status != DOSI_OK) (void)unlink(beside);
    return status;
}
