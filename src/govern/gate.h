/// @file gate.h
/// The gate: the one way to a lab's data. It knows who asks, decides, does, and records.
///
/// A lab is a folder: catalogue.sqlite, lake/, audit/, secrets/, jobs/, cache/, lab.yaml.
/// Everyone above this layer (command line, server, jobs, studies) holds a dosi_gate and a
/// dosi_caller; nobody else opens the lake or the catalogue.
#ifndef DOSI_GOVERN_GATE_H
#define DOSI_GOVERN_GATE_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "feature/feature.h"
#include "govern/audit.h"
#include "lake/lake.h"

/// An open lab. Safe for several threads; several processes may have it open.
typedef struct dosi_gate dosi_gate;

typedef enum dosi_role {
    DOSI_ROLE_VISITOR,       ///< Not signed in, or signed in without more: public data.
    DOSI_ROLE_MEMBER,        ///< Also their organisations' data; may add and run.
    DOSI_ROLE_STEWARD,       ///< Also describes and publishes their organisations' data.
    DOSI_ROLE_ADMINISTRATOR, ///< Everything, accounts included.
} dosi_role;

/// What a caller wants to do. Token scopes have the same names.
typedef enum dosi_action {
    DOSI_ACTION_SEE,      ///< Know that it exists; metadata, profile, lineage.
    DOSI_ACTION_READ,     ///< Rows, tiles, downloads, SQL.
    DOSI_ACTION_WRITE,    ///< New datasets and versions; run studies that write.
    DOSI_ACTION_DESCRIBE, ///< Metadata and visibility.
    DOSI_ACTION_MANAGE,   ///< Accounts, organisations, settings.
} dosi_action;

enum { DOSI_CALLER_ORGANISATIONS = 16 };

/// Who asks, and through what. Made by the functions below, never by hand.
typedef struct dosi_caller {
    int64_t account_id; ///< 0: a visitor who is not signed in.
    char name[DOSI_NAME_BYTES];
    dosi_role role;
    unsigned scopes; ///< Bits 1 << dosi_action that this session or token allows.
    size_t n_organisations;
    char organisations[DOSI_CALLER_ORGANISATIONS][DOSI_NAME_BYTES];
    char channel[16];          ///< "cli", "sql", "api", "tile", "job"...: written in the audit.
    bool must_change_password; ///< Until then a visitor's rights only.
} dosi_caller;

/// Makes a lab in `folder` with its first administrator "admin".
/// @param password  (>= 32 bytes) out: the one-time password, to be shown once.
DOSI_CHECKED dosi_status dosi_lab_create(const char *folder,
                                         const char *title,
                                         char *password,
                                         dosi_error *err);

/// Finds the lab that `start` is in: `start` or the nearest folder above it with a
/// catalogue.sqlite. @param out (DOSI_PATH_BYTES).
DOSI_CHECKED dosi_status dosi_lab_find(const char *start, char *out, dosi_error *err);

/// Opens the lab in `folder`.
DOSI_CHECKED dosi_status dosi_gate_open(const char *folder, dosi_gate **out, dosi_error *err);

/// Closes; accepts NULL.
void dosi_gate_close(dosi_gate *gate);

/// The lab's folder, borrowed until close.
const char *dosi_gate_folder(const dosi_gate *gate);

/// The lab's offset from UTC, seconds (32400 for Korea).
int dosi_gate_zone_s(const dosi_gate *gate);

/// The lab's title, borrowed until close.
const char *dosi_gate_title(const dosi_gate *gate);

/// See dosi_lake_clock(). Grows with changes of accounts and tokens too.
DOSI_CHECKED dosi_status dosi_gate_clock(dosi_gate *gate, int64_t *out, dosi_error *err);

// --- who ---------------------------------------------------------------------------------

/// A visitor who is not signed in.
dosi_caller dosi_caller_visitor(const char *channel);

/// The person at the lab's own machine: the account of token $DOSI_TOKEN when set, else the
/// administrator when the process owns the lab's folder (recorded as "local").
DOSI_CHECKED dosi_status dosi_caller_local(dosi_gate *gate,
                                           const char *channel,
                                           dosi_caller *out,
                                           dosi_error *err);

/// The account of an API token or session secret. DOSI_UNAUTHENTICATED: unknown, expired.
DOSI_CHECKED dosi_status dosi_caller_from_secret(dosi_gate *gate,
                                                 const char *secret,
                                                 const char *channel,
                                                 dosi_caller *out,
                                                 dosi_error *err);

/// An account by id, for a job that runs on its behalf.
DOSI_CHECKED dosi_status dosi_caller_from_account(dosi_gate *gate,
                                                  int64_t account_id,
                                                  const char *channel,
                                                  dosi_caller *out,
                                                  dosi_error *err);

// --- decide ------------------------------------------------------------------------------

/// THE decision: may `caller` do `action` to `version` (its dataset)? Every read and write
/// comes through here; agreements, purposes, row and column rules will be decided here.
/// @return DOSI_OK; DOSI_UNAUTHENTICATED (sign in first); DOSI_DENIED; DOSI_NOT_FOUND when the
///         caller may not even know that it exists.
DOSI_CHECKED dosi_status dosi_gate_decide(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          dosi_action action,
                                          const dosi_version *version,
                                          dosi_error *err);

// --- do ----------------------------------------------------------------------------------

/// Finds "org/name[@N]" that the caller may see.
DOSI_CHECKED dosi_status dosi_gate_find(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const char *reference,
                                        dosi_version *out,
                                        dosi_error *err);

/// Visits the latest version of every dataset that the caller may see.
DOSI_CHECKED dosi_status dosi_gate_each(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        dosi_status (*visit)(void *context,
                                                             const dosi_version *version,
                                                             dosi_error *err),
                                        void *context,
                                        dosi_error *err);

/// Visits the versions of "org/name" that the caller may see, newest first.
DOSI_CHECKED dosi_status dosi_gate_each_version(
    dosi_gate *gate,
    const dosi_caller *caller,
    const char *reference,
    dosi_status (*visit)(void *context, const dosi_version *version, dosi_error *err),
    void *context,
    dosi_error *err);

/// Reads a version (or some columns; n_columns 0: all) into `out`. Audited.
/// @param found  Out, may be NULL: which version it was; clear after use.
DOSI_CHECKED dosi_status dosi_gate_read(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const char *reference,
                                        const char *const *columns,
                                        size_t n_columns,
                                        dosi_table *out,
                                        dosi_version *found,
                                        dosi_error *err);

/// Decides that the caller may read a version and records the read, without reading: for who
/// keeps what was read in memory and hands it to many.
DOSI_CHECKED dosi_status dosi_gate_use(dosi_gate *gate,
                                       const dosi_caller *caller,
                                       const char *reference,
                                       dosi_error *err);

/// Limits of a person's SQL.
typedef struct dosi_query_limits {
    size_t memory_bytes; ///< 0: 1 GiB.
    size_t max_rows;     ///< 0: 1,000,000.
    int64_t timeout_us;  ///< 0: 60 s.
} dosi_query_limits;

/// Read-only SQL in which "org/name" and "org/name@N" are the tables the caller may read.
/// Nothing else of the machine is reachable. Audited, with the datasets it touched.
DOSI_CHECKED dosi_status dosi_gate_query(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const char *sql,
                                         const dosi_query_limits *limits,
                                         const dosi_run *run,
                                         dosi_table *out,
                                         dosi_error *err);

/// Writes a version (see dosi_lake_write(); owner_id is the caller's). Audited.
DOSI_CHECKED dosi_status dosi_gate_write(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         const dosi_new_version *new_version,
                                         dosi_version *out,
                                         bool *is_new,
                                         dosi_error *err);

/// Changes metadata. Audited.
DOSI_CHECKED dosi_status dosi_gate_describe(dosi_gate *gate,
                                            const dosi_caller *caller,
                                            const char *reference,
                                            const dosi_metadata *metadata,
                                            dosi_error *err);

/// The feature index of a version with a geometry column, for fast bbox, id and tile reads.
/// Made on first use (in cache/), mapped, and kept by the gate; borrowed until
/// dosi_gate_release_features(). The decision is made and the read audited on every call.
DOSI_CHECKED dosi_status dosi_gate_features(dosi_gate *gate,
                                            const dosi_caller *caller,
                                            const char *reference,
                                            const dosi_features **out,
                                            dosi_error *err);

/// Gives a feature index back. Accepts NULL.
void dosi_gate_release_features(dosi_gate *gate, const dosi_features *features);

/// Lends the Parquet file of a version for one download: decided and audited like a read. The
/// file never changes.
/// @param found  Out: the version, its `path` being the file; clear after use.
DOSI_CHECKED dosi_status dosi_gate_lend_file(dosi_gate *gate,
                                             const dosi_caller *caller,
                                             const char *reference,
                                             dosi_version *found,
                                             dosi_error *err);

/// Copies the Parquet file of a version to `path` (a download). Audited.
DOSI_CHECKED dosi_status dosi_gate_export(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          const char *reference,
                                          const char *path,
                                          dosi_error *err);

/// Writes an audit record of something that is not a data read (a sign-in, a job...).
DOSI_CHECKED dosi_status dosi_gate_record(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          const char *action,
                                          const char *object,
                                          const char *outcome,
                                          dosi_error *err);

/// Appends the latest audit records, newest first, as a JSON array. Administrators only.
DOSI_CHECKED dosi_status dosi_gate_put_audit(
    dosi_gate *gate, const dosi_caller *caller, size_t limit, dosi_text *out, dosi_error *err);

/// Checks the audit log, see dosi_audit_verify(). Administrators only.
DOSI_CHECKED dosi_status dosi_gate_verify_audit(dosi_gate *gate,
                                                const dosi_caller *caller,
                                                bool trusts_known,
                                                const dosi_run *run,
                                                dosi_audit_report *out,
                                                dosi_error *err);

#endif // DOSI_GOVERN_GATE_H
