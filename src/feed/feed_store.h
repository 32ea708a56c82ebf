/// @file feed_store.h
/// The feeds of a lab: kept in feeds/NAME.json, their API keys sealed in secrets/, run when
/// due, their rows joined to a dataset through the gate.
#ifndef DOSI_FEED_FEED_STORE_H
#define DOSI_FEED_FEED_STORE_H

#include "govern/gate.h"
#include "source/feed.h"

enum { DOSI_FEED_NAME_BYTES = 64, DOSI_FEED_TEXT_BYTES = 512 };

/// A feed of the lab and how it stands. Texts that are "" stand for the kind's own.
typedef struct dosi_feed_entry {
    char name[DOSI_FEED_NAME_BYTES]; ///< [a-z0-9][a-z0-9_-]*
    char kind[32];
    char service[128];
    char base_url[DOSI_FEED_TEXT_BYTES];
    char parameters[DOSI_FEED_TEXT_BYTES];
    char reference[DOSI_REFERENCE_BYTES]; ///< "org/name" that rows go to.
    char key_columns[256];                ///< "station,time": what tells rows apart.
    int64_t every_s;                      ///< Seconds between runs.
    int64_t daily_calls;                  ///< Calls allowed a day; 0: no limit.
    int64_t account_id;                   ///< On whose behalf it runs.
    int64_t next_utc_us, last_utc_us;     ///< When it is due; when it last ran (0: never).
    int64_t n_failures;                   ///< In a row.
    int64_t call_day, n_calls;            ///< Calls made on that day (since 1970, the lab's).
    char message[DOSI_FEED_TEXT_BYTES];   ///< What the last run did.
} dosi_feed_entry;

/// Keeps a feed; `key` (NULL: unchanged) is sealed with the lab's own secret. Audited. Stewards
/// and administrators may.
/// @return DOSI_OK; DOSI_DENIED; DOSI_INVALID (name, kind, reference, schedule); DOSI_IO.
DOSI_CHECKED dosi_status dosi_feed_save(dosi_gate *gate,
                                        const dosi_caller *caller,
                                        const dosi_feed_entry *entry,
                                        const char *key,
                                        dosi_error *err);

/// Finds a feed by name. DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_feed_load(dosi_gate *gate,
                                        const char *name,
                                        dosi_feed_entry *out,
                                        dosi_error *err);

/// Removes a feed and its key; its dataset stays. Audited.
DOSI_CHECKED dosi_status dosi_feed_remove(dosi_gate *gate,
                                          const dosi_caller *caller,
                                          const char *name,
                                          dosi_error *err);

/// Visits all feeds by name.
DOSI_CHECKED dosi_status dosi_feed_each(dosi_gate *gate,
                                        dosi_status (*visit)(void *context,
                                                             const dosi_feed_entry *entry,
                                                             dosi_error *err),
                                        void *context,
                                        dosi_error *err);

/// What a run did.
typedef struct dosi_feed_outcome {
    dosi_feed_report report;
    size_t n_new, n_changed; ///< Rows.
    int64_t version;         ///< The version written; 0: nothing new.
} dosi_feed_outcome;

/// Fetches a feed now and joins its rows to the dataset; sets when it is due again. What failed
/// is kept in the feed's message too. Only one run of a feed at a time.
/// @param caller  Who runs it and writes the rows; NULL: the account that added the feed.
/// @return DOSI_OK; DOSI_CONFLICT (it runs already; a column changed its type); what
///         dosi_feed_fetch() and the gate return.
DOSI_CHECKED dosi_status dosi_feed_run(dosi_gate *gate,
                                       const dosi_caller *caller,
                                       const char *name,
                                       const dosi_run *run,
                                       dosi_feed_outcome *out,
                                       dosi_error *err);

/// Joins `rows` to `table`: a row whose key columns are there replaces that row, others are
/// added at the end. Columns that are new are added; whole numbers become real where they meet.
/// @param key_columns  "a,b".
/// @return DOSI_OK; DOSI_NOT_FOUND (a key column is absent); DOSI_CONFLICT naming a column
/// whose
///         types do not go together.
DOSI_CHECKED dosi_status dosi_feed_merge(dosi_table *table,
                                         dosi_table *rows,
                                         const char *key_columns,
                                         size_t *n_new,
                                         size_t *n_changed,
                                         dosi_error *err);

// --- keys, for the store alone -------------------------------------------------------------

/// Seals `key` into secrets/feed-NAME.sealed (XSalsa20-Poly1305 by libsodium, under a key that
/// is made once in secrets/feeds.key; both readable by the lab's owner alone).
DOSI_CHECKED dosi_status dosi_feed_seal_key(dosi_gate *gate,
                                            const char *name,
                                            const char *key,
                                            dosi_error *err);

/// Opens the key of a feed. Wipe it after use. @param out (DOSI_FEED_KEY_BYTES).
DOSI_CHECKED dosi_status dosi_feed_open_key(dosi_gate *gate,
                                            const char *name,
                                            char *out,
                                            dosi_error *err);

#endif // DOSI_FEED_FEED_STORE_H
