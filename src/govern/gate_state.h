/// @file gate_state.h
/// What an open gate holds. Only the files of govern/ include this.
#ifndef DOSI_GOVERN_GATE_STATE_H
#define DOSI_GOVERN_GATE_STATE_H

#include "base/os_file.h"
#include "govern/audit.h"
#include "govern/gate.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum {
    DOSI_SECRET_HASH_BYTES = 32,
    DOSI_GATE_VERSIONS = 512, ///< Slots of the cache of versions.
    DOSI_GATE_CALLERS = 256,  ///< Slots of the cache of callers.
    DOSI_GATE_FEATURES = 48,  ///< Feature indexes kept mapped.
    DOSI_GATE_HASHERS = 2,    ///< Passwords checked at once: each takes 64 MiB.
};

/// A version kept in memory, and how many use it.
typedef struct dosi_kept_version {
    atomic_int n_users; ///< The cache's slot counts as one.
    int64_t clock;
    char reference[DOSI_REFERENCE_BYTES];
    dosi_version version;
} dosi_kept_version;

/// Who a secret belongs to, as looked up at `clock`.
typedef struct dosi_kept_caller {
    bool is_used;
    unsigned char hash[DOSI_SECRET_HASH_BYTES];
    int64_t clock;
    int64_t checked_us; ///< Monotonic.
    dosi_caller caller;
} dosi_kept_caller;

/// A mapped feature index.
typedef struct dosi_kept_features {
    char hash[65];
    dosi_features *features;
    size_t n_users;
    int64_t used_us;
} dosi_kept_features;

struct dosi_gate {
    char folder[DOSI_PATH_BYTES];
    char title[256];
    int zone_s;
    dosi_lake *lake;
    dosi_audit *audit;
    pthread_mutex_t versions_mutex;
    dosi_kept_version *versions[DOSI_GATE_VERSIONS];
    pthread_mutex_t callers_mutex;
    dosi_kept_caller *callers; ///< (DOSI_GATE_CALLERS)
    pthread_mutex_t features_mutex;
    dosi_kept_features features[DOSI_GATE_FEATURES];
    sem_t hashers;
};

/// The version called `reference`, whoever asks: decide before using it. Give it back with
/// dosi_gate_return_version().
DOSI_CHECKED dosi_status dosi_gate_borrow_version(dosi_gate *gate,
                                                  const char *reference,
                                                  dosi_kept_version **out,
                                                  dosi_error *err);

/// Gives a borrowed version back; accepts NULL.
void dosi_gate_return_version(dosi_kept_version *kept);

/// Empties the cache of versions.
void dosi_gate_forget_versions(dosi_gate *gate);

/// Unmaps the feature indexes.
void dosi_gate_forget_features(dosi_gate *gate);

/// A deep copy of `from`. On failure `out` is empty.
DOSI_CHECKED dosi_status dosi_version_copy(const dosi_version *from,
                                           dosi_version *out,
                                           dosi_error *err);

/// The version that `caller` may do `action` to, borrowed; records the refusal, not the
/// success.
DOSI_CHECKED dosi_status dosi_gate_admit(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         dosi_action action,
                                         const char *reference,
                                         dosi_kept_version **out,
                                         dosi_error *err);

/// Records that `caller` did something to data. `detail` may be NULL.
DOSI_CHECKED dosi_status dosi_gate_note(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const char *action,
                                        const dosi_version *version,
                                        const char *detail,
                                        dosi_error *err);

/// How the audit calls an end: "ok", "not found", "denied", "failed".
const char *dosi_gate_outcome(dosi_status status);

/// Records anything, on disk at once.
DOSI_CHECKED dosi_status dosi_gate_note_durably(dosi_gate *gate,
                                                const dosi_caller *caller,
                                                const dosi_audit_entry *entry,
                                                dosi_error *err);

/// Makes the tables of accounts, sessions and tokens when they are absent.
DOSI_CHECKED dosi_status dosi_account_prepare(dosi_gate *gate, dosi_error *err);

/// Makes the first administrator. @param password (DOSI_PASSWORD_BYTES) out.
DOSI_CHECKED dosi_status dosi_account_create_first(dosi_gate *gate,
                                                   char *password,
                                                   dosi_error *err);

/// Fills a caller with what the account may do. DOSI_NOT_FOUND: none, or switched off.
DOSI_CHECKED dosi_status dosi_caller_load(dosi_gate *gate,
                                          int64_t account_id,
                                          const char *channel,
                                          dosi_caller *out,
                                          dosi_error *err);

/// DOSI_OK when `caller` may manage accounts and settings; else records the refusal.
DOSI_CHECKED dosi_status dosi_gate_admit_manager(dosi_gate *gate,
                                                 const dosi_caller *caller,
                                                 const char *action,
                                                 const char *object,
                                                 dosi_error *err);

#endif // DOSI_GOVERN_GATE_STATE_H
