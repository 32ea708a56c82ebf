/// @file audit.h
/// The audit log: who did what to which data, in files that only grow.
///
/// Records are JSON lines in audit/00000001.jsonl and so on, chained: each holds the hash of
/// the one before and its own, BLAKE2b-256 over the line up to (not including) `,"hash"`.
/// audit/head says how many there are and the last hash, sealed with the key in
/// secrets/audit.key, so that records cut off at the end are missed too. Changing, inserting,
/// moving or removing a record is found by dosi_audit_verify(), which names the first one.
///
/// Threads and processes append to one log. A record that cannot be written fails the work it
/// stands for: no record, no data. All are on disk within about 100 ms; those marked durable
/// before the append returns.
#ifndef DOSI_GOVERN_AUDIT_H
#define DOSI_GOVERN_AUDIT_H

#include "dosi/run.h"
#include "dosi/text.h"

#include <stdbool.h>
#include <stdint.h>

/// An open log. Safe for several threads; several processes may have it open.
typedef struct dosi_audit dosi_audit;

/// What a record says. Strings are borrowed for the call; NULL is written as "".
typedef struct dosi_audit_entry {
    const char *account; ///< Name; "" for a visitor.
    int64_t account_id;
    const char *channel; ///< "cli", "sql", "api", "tile", "job"...
    const char *action;  ///< "read", "write", "sign-in"...
    const char *object;  ///< "org/name@3", an account, a job...
    const char *outcome; ///< "ok", "denied", "failed"...
    const char *detail;  ///< Anything more, for people.
    bool is_durable;     ///< On disk before the call returns: sign-ins and writes.
} dosi_audit_entry;

/// How a log is kept. Zero: the defaults.
typedef struct dosi_audit_options {
    uint64_t segment_bytes; ///< A file is followed by the next past this; 0: 16 MiB.
} dosi_audit_options;

/// Opens the log of the lab in `folder`, making audit/ and the key when they are absent.
/// @return DOSI_OK; DOSI_IO; DOSI_CONFLICT when there are records but no head or no key: the
///         log is then not continued.
DOSI_CHECKED dosi_status dosi_audit_open(const char *folder,
                                         const dosi_audit_options *options,
                                         dosi_audit **out,
                                         dosi_error *err);

/// Puts everything on disk and closes; accepts NULL.
void dosi_audit_close(dosi_audit *audit);

/// Appends one record. Cost: about ten microseconds; a disk's sync when durable.
DOSI_CHECKED dosi_status dosi_audit_append(dosi_audit *audit,
                                           const dosi_audit_entry *entry,
                                           dosi_error *err);

/// What a check of the log found.
typedef struct dosi_audit_report {
    uint64_t n_records;  ///< Good records from the first on.
    uint64_t n_expected; ///< How many the head says there are.
    bool is_whole;       ///< Nothing was changed, inserted, moved or removed.
    uint64_t first_bad;  ///< Number of the first record that is not as it was; 0: none.
    char file[48];       ///< The file it is (or should be) in.
    uint64_t line;       ///< The line there, from 1.
    char finding[256];   ///< In words: "record 7 was changed".
    char head_hash[65];  ///< Hash of the last good record: note it elsewhere to be surer.
    char until_utc[40];  ///< Time of the last good record, ISO 8601, "" when there is none.
} dosi_audit_report;

/// Checks every record that was there when the call began. Appending goes on meanwhile.
/// @param trusts_known  Files that this open log found good within the hour and that have not
///        changed since (inode, size, mtime, ctime, chain before them) are not read again.
/// @return DOSI_OK also when the log is not whole (see `out`); DOSI_IO; DOSI_CANCELLED.
/// Cost: linear, about a second for a million records; with `trusts_known` the last file.
DOSI_CHECKED dosi_status dosi_audit_verify(dosi_audit *audit,
                                           bool trusts_known,
                                           const dosi_run *run,
                                           dosi_audit_report *out,
                                           dosi_error *err);

/// Appends the last `limit` records to `out`, newest first, as a JSON array of objects.
DOSI_CHECKED dosi_status dosi_audit_put_latest(dosi_audit *audit,
                                               size_t limit,
                                               dosi_text *out,
                                               dosi_error *err);

#endif // DOSI_GOVERN_AUDIT_H
