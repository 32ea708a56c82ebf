/// @file audit_line.h
/// One record of the audit log as a line of text. Only the audit files include this.
#ifndef DOSI_GOVERN_AUDIT_LINE_H
#define DOSI_GOVERN_AUDIT_LINE_H

#include "govern/audit.h"
#include "govern/audit_head.h"
#include "govern/audit_known.h"

/// Replaces `out` by the record's line (newline included) and says its hash.
/// @param previous  (DOSI_AUDIT_HASH_BYTES) hash of the record before.
/// @param hash      (DOSI_AUDIT_HASH_BYTES) out.
void dosi_audit_line_write(dosi_text *out,
                           const dosi_audit_entry *entry,
                           uint64_t number,
                           const unsigned char *previous,
                           unsigned char *hash);

/// A line taken apart.
typedef struct dosi_audit_line {
    uint64_t number;
    unsigned char previous[DOSI_AUDIT_HASH_BYTES]; ///< As the line says.
    unsigned char hash[DOSI_AUDIT_HASH_BYTES];     ///< As the line says.
    bool is_unchanged;                             ///< That hash is the hash of the line.
} dosi_audit_line;

/// Takes a line (without newline) apart and computes its hash; false when it is no record.
bool dosi_audit_line_read(const char *line, size_t n_bytes, dosi_audit_line *out);

enum { DOSI_AUDIT_PATH_BYTES = 4096 };

/// Path of a segment: FOLDER/audit/00000001.jsonl. `out` has DOSI_AUDIT_PATH_BYTES.
DOSI_CHECKED dosi_status dosi_audit_segment_path(const char *folder,
                                                 uint64_t segment,
                                                 char *out,
                                                 dosi_error *err);

/// The lab's folder of an open log.
const char *dosi_audit_folder(const dosi_audit *audit);

/// What checks of an open log remember.
dosi_audit_memory *dosi_audit_memory_of(dosi_audit *audit);

/// The head as it is now, after taking in what a crashed process wrote but did not seal.
DOSI_CHECKED dosi_status dosi_audit_snapshot(dosi_audit *audit,
                                             dosi_audit_head *out,
                                             dosi_error *err);

#endif // DOSI_GOVERN_AUDIT_LINE_H
