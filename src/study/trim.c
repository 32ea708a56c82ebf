// Old jobs and old results of steps go when there are too many.

#include "study/trim.h"

#include "base/os_file.h"
#include "dosi/time.h"
#include "study/job_file.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Something that may go.
typedef struct kept {
    char *path;
    int64_t n_bytes, used_us;
} kept;

typedef struct kept_list {
    kept *items;
    size_t n, n_space;
} kept_list;

dosi_trim dosi_trim_default(void) {
    return (dosi_trim){.cache_bytes = INT64_C(20) * 1000 * 1000 * 1000,
                       .cache_min_us = DOSI_HOUR_US,
                       .job_max_us = 90 * DOSI_DAY_US,
                       .n_jobs = 1000};
}

static void clear_list(kept_list *list) {
    for (size_t i = 0; i < list->n; i++) free(list->items[i].path);
    free(list->items);
}

static int64_t modified_us(const struct stat *info) {
    return (int64_t)info->st_mtim.tv_sec * DOSI_SECOND_US + info->st_mtim.tv_nsec / 1000;
}

/// Bytes of a folder's own files.
static int64_t folder_bytes(const char *path) {
    int64_t sum = 0;
    DIR *dir = opendir(path);
    const struct dirent *entry = NULL;
    while (dir && (entry = readdir(dir)) != NULL) {
        struct stat info;
        bool is_file = fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISREG(info.st_mode);
        if (is_file) sum += (int64_t)info.st_size;
    }
    if (dir) (void)closedir(dir);
    return sum;
}

static dosi_status add_item(kept_list *list, const char *path, dosi_error *err) {
    struct stat info;
    if (lstat(path, &info) != 0) return DOSI_OK;
    if (list->n == list->n_space) {
        size_t n_space = list->n_space ? 2 * list->n_space : 64;
        kept *items = realloc(list->items, n_space * sizeof *items);
        if (!items) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to trim the lab");
        list->items = items;
        list->n_space = n_space;
    }
    kept item = {.path = dosi_string_copy(path), .used_us = modified_us(&info)};
    if (!item.path) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to trim the lab");
    item.n_bytes = S_ISDIR(info.st_mode) ? folder_bytes(path) : (int64_t)info.st_size;
    list->items[list->n++] = item;
    return DOSI_OK;
}

/// What of a folder may go, by name.
typedef bool may_go_fn(const char *name);

static bool is_feature_index(const char *name) {
    size_t length = strlen(name);
    return length > 9 && strcmp(name + length - 9, ".features") == 0;
}

static bool is_step(const char *name) {
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static dosi_status gather(const dosi_gate *gate,
                          const char *folder,
                          may_go_fn *may_go,
                          kept_list *list,
                          dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    char item[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(dosi_gate_folder(gate), folder, path, err));
    DIR *dir = opendir(path);
    dosi_status status = DOSI_OK;
    const struct dirent *entry = NULL;
    while (dir && status == DOSI_OK && (entry = readdir(dir)) != NULL) {
        if (!may_go(entry->d_name)) continue;
        status = dosi_path_join(path, entry->d_name, item, err);
        if (status == DOSI_OK) status = add_item(list, item, err);
    }
    if (dir) (void)closedir(dir);
    return status;
}

static int by_use(const void *a, const void *b) {
    const kept *left = a;
    const kept *right = b;
    return (left->used_us > right->used_us) - (left->used_us < right->used_us);
}

/// Removes a file or folder; what cannot be removed stays for the next time.
static void remove_item(const kept *item) {
    dosi_error ignored = {""};
    if (unlink(item->path) == 0) return;
    (void)!dosi_folder_remove(item->path, &ignored);
}

static dosi_status trim_cache(const dosi_gate *gate, const dosi_trim *limits, dosi_error *err) {
    kept_list list = {0};
    dosi_status status = gather(gate, "cache", is_feature_index, &list, err);
    if (status == DOSI_OK) status = gather(gate, "cache/steps", is_step, &list, err);
    if (status == DOSI_OK && list.n > 0) {
        int64_t sum = 0;
        int64_t young_us = dosi_time_now_utc_us() - limits->cache_min_us;
        qsort(list.items, list.n, sizeof *list.items, by_use);
        for (size_t i = 0; i < list.n; i++) sum += list.items[i].n_bytes;
        for (size_t i = 0; i < list.n && sum > limits->cache_bytes; i++) {
            if (list.items[i].used_us > young_us) break;
            remove_item(&list.items[i]);
            sum -= list.items[i].n_bytes;
        }
    }
    clear_list(&list);
    return status;
}

static dosi_status trim_jobs(const dosi_gate *gate, const dosi_trim *limits, dosi_error *err) {
    kept_list list = {0};
    dosi_status status = gather(gate, "jobs", dosi_job_id_is_valid, &list, err);
    if (status == DOSI_OK && list.n > 0) {
        int64_t old_us = dosi_time_now_utc_us() - limits->job_max_us;
        size_t n_most = (size_t)limits->n_jobs;
        qsort(list.items, list.n, sizeof *list.items, by_use);
        for (size_t i = 0; i < list.n; i++) {
            bool is_beyond = list.n - i > n_most;
            if (is_beyond || list.items[i].used_us < old_us) remove_item(&list.items[i]);
        }
    }
    clear_list(&list);
    return status;
}

dosi_status dosi_lab_trim(dosi_gate *gate, const dosi_trim *limits, dosi_error *err) {
    assert(gate && limits);
    int lock = -1;
    dosi_status status = dosi_jobs_lock(dosi_gate_folder(gate), false, &lock, err);
    if (status == DOSI_BUSY) return DOSI_OK;
    DOSI_TRY(status);
    if (!dosi_jobs_are_active(gate)) {
        status = trim_cache(gate, limits, err);
        if (status == DOSI_OK) status = trim_jobs(gate, limits, err);
    }
    (void)close(lock);
    return status;
}
