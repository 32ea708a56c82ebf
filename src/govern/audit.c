// Appending to the audit log. A mutex orders the threads, a file lock the processes; the head
// file says where the log ends, so that an append reads nothing else.

#include "govern/audit.h"

#include "base/os_file.h"
#include "govern/audit_head.h"
#include "govern/audit_known.h"
#include "govern/audit_line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_EVERY_MS = 100, MODE = 0600, LONGEST_TAIL = 1 << 20 };

static const uint64_t default_segment_bytes = UINT64_C(16) << 20;

struct dosi_audit {
    char folder[DOSI_PATH_BYTES];
    unsigned char key[DOSI_AUDIT_KEY_BYTES];
    uint64_t segment_bytes;
    int head_fd;
    pthread_mutex_t append_mutex; ///< Guards what follows, up to sync_mutex.
    dosi_text line;
    uint64_t segment;           ///< The file that segment_fd is; 0: none is open.
    pthread_mutex_t sync_mutex; ///< Guards closing segment_fd while it is being synced.
    int segment_fd;
    atomic_bool is_dirty; ///< Something was written and not synced.
    bool has_syncer;
    pthread_t syncer;
    pthread_mutex_t stop_mutex;
    pthread_cond_t stop_wake;
    bool is_stopping;
    dosi_audit_memory memory; ///< Of checks.
};

const char *dosi_audit_folder(const dosi_audit *audit) {
    return audit->folder;
}

dosi_audit_memory *dosi_audit_memory_of(dosi_audit *audit) {
    return &audit->memory;
}

static dosi_status fail_errno(dosi_error *err, const char *what) {
    return dosi_fail(err, DOSI_IO, "audit log: %s: %s", what, strerror(errno));
}

// --- on disk -------------------------------------------------------------------------------

/// Syncs the segment and the head.
static dosi_status sync_files(dosi_audit *audit, dosi_error *err) {
    (void)pthread_mutex_lock(&audit->sync_mutex);
    atomic_store(&audit->is_dirty, false);
    bool failed = (audit->segment_fd >= 0 && fdatasync(audit->segment_fd) != 0) ||
                  fdatasync(audit->head_fd) != 0;
    (void)pthread_mutex_unlock(&audit->sync_mutex);
    return failed ? fail_errno(err, "cannot be synced") : DOSI_OK;
}

/// Syncs every 100 ms while there is something to sync.
static void *run_syncer(void *context) {
    dosi_audit *audit = context;
    (void)pthread_mutex_lock(&audit->stop_mutex);
    while (!audit->is_stopping) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += SYNC_EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&audit->stop_wake, &audit->stop_mutex, &until);
        // A failed sync leaves the mark, so that the next durable append meets the fault.
        if (atomic_load(&audit->is_dirty) && sync_files(audit, NULL) != DOSI_OK) {
            atomic_store(&audit->is_dirty, true);
        }
    }
    (void)pthread_mutex_unlock(&audit->stop_mutex);
    return NULL;
}

static void stop_syncer(dosi_audit *audit) {
    if (!audit->has_syncer) return;
    (void)pthread_mutex_lock(&audit->stop_mutex);
    audit->is_stopping = true;
    (void)pthread_cond_signal(&audit->stop_wake);
    (void)pthread_mutex_unlock(&audit->stop_mutex);
    (void)pthread_join(audit->syncer, NULL);
    audit->has_syncer = false;
}

/// Makes segment_fd the file `segment`.
static dosi_status use_segment(dosi_audit *audit, uint64_t segment, dosi_error *err) {
    if (audit->segment == segment) return DOSI_OK;
    char path[DOSI_AUDIT_PATH_BYTES];
    DOSI_TRY(dosi_audit_segment_path(audit->folder, segment, path, err));
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, MODE);
    if (fd < 0) return fail_errno(err, path);
    (void)pthread_mutex_lock(&audit->sync_mutex);
    if (audit->segment_fd >= 0 && fdatasync(audit->segment_fd) != 0) {
        dosi_status status = fail_errno(err, "a full segment cannot be synced");
        (void)pthread_mutex_unlock(&audit->sync_mutex);
        (void)close(fd);
        return status;
    }
    if (audit->segment_fd >= 0) (void)close(audit->segment_fd);
    audit->segment_fd = fd;
    (void)pthread_mutex_unlock(&audit->sync_mutex);
    audit->segment = segment;
    return DOSI_OK;
}

// --- where the log ends --------------------------------------------------------------------

/// Takes whole, rightly chained lines in `bytes` into `head`; says how many bytes they are.
static size_t take_lines(dosi_audit_head *head, const char *bytes, size_t n_bytes) {
    size_t used = 0;
    const char *end;
    while ((end = memchr(bytes + used, '\n', n_bytes - used)) != NULL) {
        dosi_audit_line line;
        size_t length = (size_t)(end - bytes) - used;
        if (!dosi_audit_line_read(bytes + used, length, &line) || !line.is_unchanged) break;
        if (line.number != head->n_records + 1) break;
        if (memcmp(line.previous, head->hash, sizeof line.previous) != 0) break;
        head->n_records++;
        memcpy(head->hash, line.hash, sizeof head->hash);
        used += length + 1;
    }
    return used;
}

/// What a process wrote before it died, but did not enter in the head, is taken in; half a line
/// is cut off. Anything else stays for dosi_audit_verify() to find.
static dosi_status take_in_tail(dosi_audit *audit,
                                dosi_audit_head *head,
                                uint64_t file_bytes,
                                dosi_error *err) {
    size_t n_bytes = (size_t)(file_bytes - head->n_bytes);
    if (n_bytes > LONGEST_TAIL) {
        head->n_bytes = file_bytes;
        return DOSI_OK;
    }
    char *bytes = malloc(n_bytes);
    if (!bytes) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the audit log's tail");
    dosi_status status = DOSI_OK;
    if (pread(audit->segment_fd, bytes, n_bytes, (off_t)head->n_bytes) != (ssize_t)n_bytes) {
        status = fail_errno(err, "cannot be read");
        goto cleanup;
    }
    size_t used = take_lines(head, bytes, n_bytes);
    head->n_bytes += used;
    if (memchr(bytes + used, '\n', n_bytes - used)) {
        head->n_bytes = file_bytes;
    } else if (used < n_bytes && ftruncate(audit->segment_fd, (off_t)head->n_bytes) != 0) {
        status = fail_errno(err, "half a record cannot be removed");
    }
cleanup:
    free(bytes);
    return status;
}

/// Reads the head and makes its file the open one. Called with both locks held.
static dosi_status find_end(dosi_audit *audit, dosi_audit_head *out, dosi_error *err) {
    dosi_audit_head head = {.segment = 1};
    dosi_status status = dosi_audit_head_read(audit->head_fd, audit->key, &head, err);
    if (status != DOSI_OK && status != DOSI_NOT_FOUND) return status;
    DOSI_TRY(use_segment(audit, head.segment, err));
    struct stat info;
    if (fstat(audit->segment_fd, &info) != 0) return fail_errno(err, "stat");
    uint64_t file_bytes = (uint64_t)info.st_size;
    if (status == DOSI_NOT_FOUND && file_bytes > LONGEST_TAIL) {
        return dosi_fail(err, DOSI_CONFLICT, "audit log: there are records, but no audit/head");
    }
    if (file_bytes > head.n_bytes) DOSI_TRY(take_in_tail(audit, &head, file_bytes, err));
    // Shorter than it was: goes on from the last hash known, so that the gap shows.
    if (file_bytes < head.n_bytes) head.n_bytes = file_bytes;
    *out = head;
    return DOSI_OK;
}

/// Writes one record after `head`, and the new head. Called with both locks held.
static dosi_status write_record(dosi_audit *audit,
                                dosi_audit_head *head,
                                const dosi_audit_entry *entry,
                                dosi_error *err) {
    dosi_audit_head next = *head;
    if (next.n_bytes >= audit->segment_bytes) {
        DOSI_TRY(use_segment(audit, next.segment + 1, err));
        next.segment++;
        next.n_bytes = 0;
    }
    next.n_records++;
    dosi_audit_line_write(&audit->line, entry, next.n_records, head->hash, next.hash);
    DOSI_TRY(dosi_text_status(&audit->line, err));
    ssize_t n = write(audit->segment_fd, audit->line.data, audit->line.length);
    if (n != (ssize_t)audit->line.length) {
        dosi_status status = fail_errno(err, "cannot be written");
        if (n > 0) (void)!ftruncate(audit->segment_fd, (off_t)next.n_bytes);
        return status;
    }
    next.n_bytes += audit->line.length;
    DOSI_TRY(dosi_audit_head_write(audit->head_fd, audit->key, &next, err));
    *head = next;
    return DOSI_OK;
}

/// Locks against other threads and processes.
static dosi_status lock(dosi_audit *audit, dosi_error *err) {
    (void)pthread_mutex_lock(&audit->append_mutex);
    while (flock(audit->head_fd, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        (void)pthread_mutex_unlock(&audit->append_mutex);
        return fail_errno(err, "cannot be locked");
    }
    return DOSI_OK;
}

static void unlock(dosi_audit *audit) {
    (void)flock(audit->head_fd, LOCK_UN);
    (void)pthread_mutex_unlock(&audit->append_mutex);
}

static void start_syncer(dosi_audit *audit) {
    if (audit->has_syncer) return;
    audit->has_syncer = pthread_create(&audit->syncer, NULL, run_syncer, audit) == 0;
}

dosi_status dosi_audit_append(dosi_audit *audit,
                              const dosi_audit_entry *entry,
                              dosi_error *err) {
    assert(audit && entry);
    DOSI_TRY(lock(audit, err));
    dosi_audit_head head = {0};
    dosi_status status = find_end(audit, &head, err);
    if (status == DOSI_OK) status = write_record(audit, &head, entry, err);
    if (status == DOSI_OK) {
        atomic_store(&audit->is_dirty, true);
        start_syncer(audit);
    }
    bool has_syncer = audit->has_syncer;
    unlock(audit);
    if (status != DOSI_OK) return status;
    return entry->is_durable || !has_syncer ? sync_files(audit, err) : DOSI_OK;
}

dosi_status dosi_audit_snapshot(dosi_audit *audit, dosi_audit_head *out, dosi_error *err) {
    assert(audit && out);
    DOSI_TRY(lock(audit, err));
    dosi_audit_head head = {0};
    uint64_t n_known = 0;
    dosi_audit_head known;
    if (dosi_audit_head_read(audit->head_fd, audit->key, &known, NULL) == DOSI_OK) {
        n_known = known.n_records;
    }
    dosi_status status = find_end(audit, &head, err);
    if (status == DOSI_OK && head.n_records > n_known) {
        status = dosi_audit_head_write(audit->head_fd, audit->key, &head, err);
    }
    unlock(audit);
    if (status == DOSI_OK) *out = head;
    return status;
}

// --- open and close ------------------------------------------------------------------------

/// Reads the key, or makes one for a log that has no records yet.
static dosi_status load_key(dosi_audit *audit, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(audit->folder, "secrets", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    DOSI_TRY(dosi_path_join(folder, "audit.key", path, err));
    if (!dosi_path_exists(path)) {
        struct stat info;
        if (fstat(audit->head_fd, &info) == 0 && info.st_size > 0) {
            return dosi_fail(err, DOSI_CONFLICT, "audit log: %s is gone", path);
        }
        unsigned char key[DOSI_AUDIT_KEY_BYTES];
        randombytes_buf(key, sizeof key);
        DOSI_TRY(dosi_file_write_atomic(path, (const char *)key, sizeof key, MODE, err));
    }
    dosi_text bytes = {0};
    dosi_status status = dosi_file_read(path, DOSI_AUDIT_KEY_BYTES, &bytes, err);
    if (status == DOSI_OK && bytes.length != DOSI_AUDIT_KEY_BYTES) {
        status =
            dosi_fail(err, DOSI_CONFLICT, "%s is not a key: %zu bytes", path, bytes.length);
    }
    if (status == DOSI_OK) memcpy(audit->key, bytes.data, DOSI_AUDIT_KEY_BYTES);
    dosi_text_destroy(&bytes);
    return status;
}

static dosi_status open_head(dosi_audit *audit, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(audit->folder, "audit", folder, err));
    DOSI_TRY(dosi_folder_create(folder, err));
    DOSI_TRY(dosi_path_join(folder, "head", path, err));
    audit->head_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, MODE);
    if (audit->head_fd < 0) return fail_errno(err, path);
    // Two processes that open a new lab at once must make one key.
    if (flock(audit->head_fd, LOCK_EX) != 0) return fail_errno(err, path);
    dosi_status status = load_key(audit, err);
    (void)flock(audit->head_fd, LOCK_UN);
    return status;
}

dosi_status dosi_audit_open(const char *folder,
                            const dosi_audit_options *options,
                            dosi_audit **out,
                            dosi_error *err) {
    assert(folder && out);
    if (sodium_init() < 0) return dosi_fail(err, DOSI_IO, "libsodium does not start");
    size_t n_bytes = strlen(folder);
    dosi_audit *audit = calloc(1, sizeof *audit);
    if (!audit) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the audit log");
    audit->head_fd = audit->segment_fd = -1;
    audit->segment_bytes =
        options && options->segment_bytes ? options->segment_bytes : default_segment_bytes;
    (void)pthread_mutex_init(&audit->append_mutex, NULL);
    (void)pthread_mutex_init(&audit->sync_mutex, NULL);
    (void)pthread_mutex_init(&audit->stop_mutex, NULL);
    (void)pthread_mutex_init(&audit->memory.lock, NULL);
    (void)pthread_cond_init(&audit->stop_wake, NULL);
    dosi_status status = DOSI_OK;
    if (n_bytes >= sizeof audit->folder) {
        status = dosi_fail(err, DOSI_LIMIT, "path is too long: %s", folder);
    } else {
        memcpy(audit->folder, folder, n_bytes + 1);
        status = open_head(audit, err);
    }
    if (status != DOSI_OK) {
        dosi_audit_close(audit);
        return status;
    }
    *out = audit;
    return DOSI_OK;
}

void dosi_audit_close(dosi_audit *audit) {
    if (!audit) return;
    stop_syncer(audit);
    if (atomic_load(&audit->is_dirty)) (void)!sync_files(audit, NULL);
    if (audit->segment_fd >= 0) (void)close(audit->segment_fd);
    if (audit->head_fd >= 0) (void)close(audit->head_fd);
    (void)pthread_mutex_destroy(&audit->append_mutex);
    (void)pthread_mutex_destroy(&audit->sync_mutex);
    (void)pthread_mutex_destroy(&audit->stop_mutex);
    (void)pthread_mutex_destroy(&audit->memory.lock);
    (void)pthread_cond_destroy(&audit->stop_wake);
    free(audit->memory.known);
    dosi_text_destroy(&audit->line);
    sodium_memzero(audit->key, sizeof audit->key);
    free(audit);
}
