// Files of the audit log that were found good, and by what they are known again.

#include "govern/audit_known.h"

#include "dosi/time.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const int64_t longest_us = INT64_C(3600) * DOSI_SECOND_US;
static const int64_t settle_ns = INT64_C(2000000000);

static int64_t ns_of(struct timespec time) {
    return (int64_t)time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

bool dosi_audit_known_mark(int fd, dosi_audit_known *out) {
    struct stat info;
    if (fstat(fd, &info) != 0) return false;
    out->device = (uint64_t)info.st_dev;
    out->inode = (uint64_t)info.st_ino;
    out->n_bytes = (uint64_t)info.st_size;
    out->modified_ns = ns_of(info.st_mtim);
    out->changed_ns = ns_of(info.st_ctim);
    return true;
}

bool dosi_audit_known_same(const dosi_audit_known *a, const dosi_audit_known *b) {
    return a->device == b->device && a->inode == b->inode && a->n_bytes == b->n_bytes &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

/// The entry of a segment; NULL: none. The lock is held.
static dosi_audit_known *find(const dosi_audit_memory *memory, uint64_t segment) {
    for (size_t i = 0; i < memory->n; i++) {
        if (memory->known[i].segment == segment) return &memory->known[i];
    }
    return NULL;
}

bool dosi_audit_known_recall(dosi_audit_memory *memory, dosi_audit_known *file) {
    (void)pthread_mutex_lock(&memory->lock);
    const dosi_audit_known *known = find(memory, file->segment);
    bool is_known =
        known && dosi_audit_known_same(known, file) && known->n_before == file->n_before &&
        memcmp(known->hash_before, file->hash_before, sizeof file->hash_before) == 0 &&
        dosi_time_monotonic_us() - known->checked_us < longest_us;
    if (is_known) *file = *known;
    (void)pthread_mutex_unlock(&memory->lock);
    return is_known;
}

void dosi_audit_known_keep(dosi_audit_memory *memory, const dosi_audit_known *file) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (file->changed_ns > ns_of(now) - settle_ns) return;
    (void)pthread_mutex_lock(&memory->lock);
    dosi_audit_known *entry = find(memory, file->segment);
    if (!entry) {
        dosi_audit_known *more = realloc(memory->known, (memory->n + 1) * sizeof *more);
        if (more) {
            memory->known = more;
            entry = &more[memory->n++];
        }
    }
    if (entry) {
        *entry = *file;
        entry->checked_us = dosi_time_monotonic_us();
    }
    (void)pthread_mutex_unlock(&memory->lock);
}
