/// @file audit_known.h
/// What a check of the audit log's files found, remembered while the log is open: a file that
/// has not changed since is not read again. Only the audit files include this.
#ifndef DOSI_GOVERN_AUDIT_KNOWN_H
#define DOSI_GOVERN_AUDIT_KNOWN_H

#include "govern/audit_head.h"

#include <pthread.h>
#include <stddef.h>

/// One file, as it was before and after its good check. The time of the last change of its
/// inode (ctime) tells a change that put size and modification time back.
typedef struct dosi_audit_known {
    uint64_t segment;
    uint64_t device, inode, n_bytes;
    int64_t modified_ns, changed_ns;
    uint64_t n_before, n_after;                       ///< Good records, from the log's first.
    unsigned char hash_before[DOSI_AUDIT_HASH_BYTES]; ///< Of the record before its first.
    unsigned char hash_after[DOSI_AUDIT_HASH_BYTES];
    char until_utc[40];
    int64_t checked_us; ///< Monotonic time of the check.
} dosi_audit_known;

/// All that is remembered of a log; the lock guards the rest.
typedef struct dosi_audit_memory {
    pthread_mutex_t lock;
    size_t n;
    dosi_audit_known *known;
} dosi_audit_memory;

/// The file's identity, size and times; false when it cannot be told.
bool dosi_audit_known_mark(int fd, dosi_audit_known *out);

/// Whether two marks are of one file, unchanged.
bool dosi_audit_known_same(const dosi_audit_known *a, const dosi_audit_known *b);

/// Completes `file` (marked, with segment and what goes before it) by what was found; false
/// when nothing is known, the file was changed, what goes before it is not what it was, or the
/// check was an hour ago.
bool dosi_audit_known_recall(dosi_audit_memory *memory, dosi_audit_known *file);

/// Remembers a file that was found good, unless it was changed in the last seconds: a change in
/// the same tick of the clock would not show. Without memory nothing is remembered.
void dosi_audit_known_keep(dosi_audit_memory *memory, const dosi_audit_known *file);

#endif // DOSI_GOVERN_AUDIT_KNOWN_H
