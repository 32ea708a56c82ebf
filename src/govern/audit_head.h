/// @file audit_head.h
/// The head of the audit log: how far it goes, sealed. Only the audit files include this.
#ifndef DOSI_GOVERN_AUDIT_HEAD_H
#define DOSI_GOVERN_AUDIT_HEAD_H

#include "dosi/status.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DOSI_AUDIT_HASH_BYTES = 32,
    DOSI_AUDIT_KEY_BYTES = 32,
};

/// How far the log goes. Zero-initialised: nothing was written yet.
typedef struct dosi_audit_head {
    uint64_t n_records;
    uint64_t segment;                          ///< Number of the file in use, from 1.
    uint64_t n_bytes;                          ///< Bytes of that file.
    unsigned char hash[DOSI_AUDIT_HASH_BYTES]; ///< Of the last record; zero before the first.
} dosi_audit_head;

/// Reads the newer of the file's two slots whose seal is right.
/// @return DOSI_OK; DOSI_NOT_FOUND when the file is empty; DOSI_CONFLICT when no seal is right.
DOSI_CHECKED dosi_status dosi_audit_head_read(int fd,
                                              const unsigned char *key,
                                              dosi_audit_head *out,
                                              dosi_error *err);

/// Writes the slot that does not hold the head before this one.
DOSI_CHECKED dosi_status dosi_audit_head_write(int fd,
                                               const unsigned char *key,
                                               const dosi_audit_head *head,
                                               dosi_error *err);

#endif // DOSI_GOVERN_AUDIT_HEAD_H
