/// @file lake_private.h
/// What the files of lake/ share and nobody else sees.
#ifndef DOSI_LAKE_LAKE_PRIVATE_H
#define DOSI_LAKE_LAKE_PRIVATE_H

#include "base/os_file.h"
#include "lake/lake.h"

#include <pthread.h>
#include <stdatomic.h>

/// One thread's connection to the catalogue.
typedef struct lake_connection {
    struct lake_connection *next;
    dosi_lake *lake;
    sqlite3 *database;
    sqlite3_stmt *data_version; ///< PRAGMA data_version, prepared.
    int64_t seen_version;       ///< Its value when the clock was last read here.
    int64_t seen_changes;       ///< This connection's own changes by then.
} lake_connection;

struct dosi_lake {
    char folder[DOSI_PATH_BYTES];    ///< The lab.
    char files[DOSI_PATH_BYTES];     ///< The lab's lake/.
    char catalogue[DOSI_PATH_BYTES]; ///< The lab's catalogue.sqlite.
    pthread_key_t key;               ///< Of each thread's lake_connection.
    pthread_mutex_t mutex;           ///< Guards `connections`.
    lake_connection *connections;
    atomic_llong clock;
    atomic_uint n_written; ///< Numbers the files being written by this process.
};

/// What SQLite says went wrong last, as a status and a message that names the catalogue.
dosi_status dosi_lake_fail(const dosi_lake *lake, sqlite3 *database, dosi_error *err);

/// Runs statements without results.
DOSI_CHECKED dosi_status dosi_lake_exec(const dosi_lake *lake,
                                        sqlite3 *database,
                                        const char *sql,
                                        dosi_error *err);

/// Prepares one statement; finalize it after use.
DOSI_CHECKED dosi_status dosi_lake_prepare(const dosi_lake *lake,
                                           sqlite3 *database,
                                           const char *sql,
                                           sqlite3_stmt **out,
                                           dosi_error *err);

/// Makes the catalogue's tables, or brings older ones up to date, in one transaction.
DOSI_CHECKED dosi_status dosi_lake_migrate(const dosi_lake *lake,
                                           sqlite3 *database,
                                           dosi_error *err);

/// Takes the lock that a writer shares with other writers while it has a file that the
/// catalogue does not know yet. Freed by close(), also by a crash.
/// @param is_sweep  Take it alone and do not wait: DOSI_BUSY while anybody writes.
DOSI_CHECKED dosi_status dosi_lake_lock(const dosi_lake *lake,
                                        bool is_sweep,
                                        int *fd,
                                        dosi_error *err);

/// Removes the files in lake/ that no version names. Does nothing while anybody writes.
DOSI_CHECKED dosi_status dosi_lake_sweep(dosi_lake *lake, dosi_error *err);

/// Whether `metadata` (NULL allowed) has values that can be stored.
DOSI_CHECKED dosi_status dosi_metadata_check(const dosi_metadata *metadata, dosi_error *err);

/// Updates the metadata of dataset `id`; NULL metadata changes nothing.
DOSI_CHECKED dosi_status dosi_metadata_store(const dosi_lake *lake,
                                             sqlite3 *database,
                                             int64_t id,
                                             const dosi_metadata *metadata,
                                             dosi_error *err);

/// West, south, east, north of the first GEOMETRY column; NaN when there is none.
void dosi_table_extent(const dosi_table *table, double extent[4]);

/// First and last value of the first TIME column (else of the first DATE column, as midnight);
/// missing when there is none.
void dosi_table_time_range(const dosi_table *table, dosi_time *first, dosi_time *last);

#endif // DOSI_LAKE_LAKE_PRIVATE_H
