// Opening a lake: one catalogue connection for each thread, the clock, and the sweep.

#include "lake/lake_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 10000 };

dosi_status dosi_lake_fail(const dosi_lake *lake, sqlite3 *database, dosi_error *err) {
    int code = database ? sqlite3_errcode(database) : SQLITE_NOMEM;
    const char *message = database ? sqlite3_errmsg(database) : "out of memory";
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return dosi_fail(err, DOSI_BUSY,
                         "%s: in use for too long by another "
                         "process",
                         lake->catalogue);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return dosi_fail(err, DOSI_PARSE,
                         "%s: the catalogue is damaged (%s); "
                         "restore it from a backup",
                         lake->catalogue, message);
    case SQLITE_NOMEM:
        return dosi_fail(err, DOSI_NO_MEMORY, "%s: %s", lake->catalogue, message);
    case SQLITE_CONSTRAINT:
        return dosi_fail(err, DOSI_CONFLICT, "%s: %s", lake->catalogue, message);
    default:
        return dosi_fail(err, DOSI_IO, "%s: %s", lake->catalogue, message);
    }
}

dosi_status dosi_lake_exec(const dosi_lake *lake,
                           sqlite3 *database,
                           const char *sql,
                           dosi_error *err) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK) return DOSI_OK;
    return dosi_lake_fail(lake, database, err);
}

dosi_status dosi_lake_prepare(const dosi_lake *lake,
                              sqlite3 *database,
                              const char *sql,
                              sqlite3_stmt **out,
                              dosi_error *err) {
    if (sqlite3_prepare_v2(database, sql, -1, out, NULL) == SQLITE_OK) return DOSI_OK;
    return dosi_lake_fail(lake, database, err);
}

// --- connections -------------------------------------------------------------------------

static void connection_destroy(lake_connection *connection) {
    (void)sqlite3_finalize(connection->data_version);
    (void)sqlite3_close_v2(connection->database);
    free(connection);
}

/// When a thread ends: its connection goes with it.
static void connection_release(void *context) {
    lake_connection *connection = context;
    dosi_lake *lake = connection->lake;
    (void)pthread_mutex_lock(&lake->mutex);
    for (lake_connection **at = &lake->connections; *at; at = &(*at)->next) {
        if (*at != connection) continue;
        *at = connection->next;
        break;
    }
    (void)pthread_mutex_unlock(&lake->mutex);
    connection_destroy(connection);
}

/// Opens the catalogue; `connection` is to be destroyed whatever comes of it.
static dosi_status connection_open(dosi_lake *lake,
                                   lake_connection *connection,
                                   dosi_error *err) {
    static const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(lake->catalogue, &connection->database, flags, NULL) != SQLITE_OK) {
        return dosi_lake_fail(lake, connection->database, err);
    }
    sqlite3 *database = connection->database;
    (void)sqlite3_extended_result_codes(database, 1);
    (void)sqlite3_busy_timeout(database, BUSY_TIMEOUT_MS);
    DOSI_TRY(dosi_lake_exec(lake, database,
                            "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;",
                            err));
    return dosi_lake_prepare(lake, database, "PRAGMA data_version", &connection->data_version,
                             err);
}

/// The calling thread's connection, opened on first use.
static dosi_status get_connection(dosi_lake *lake, lake_connection **out, dosi_error *err) {
    lake_connection *connection = pthread_getspecific(lake->key);
    if (!connection) {
        connection = calloc(1, sizeof *connection);
        if (!connection) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a connection");
        connection->lake = lake;
        connection->seen_version = -1;
        dosi_status status = connection_open(lake, connection, err);
        if (status == DOSI_OK && pthread_setspecific(lake->key, connection) != 0) {
            status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a connection");
        }
        if (status != DOSI_OK) {
            connection_destroy(connection);
            return status;
        }
        (void)pthread_mutex_lock(&lake->mutex);
        connection->next = lake->connections;
        lake->connections = connection;
        (void)pthread_mutex_unlock(&lake->mutex);
    }
    *out = connection;
    return DOSI_OK;
}

dosi_status dosi_lake_database(dosi_lake *lake, sqlite3 **out, dosi_error *err) {
    assert(lake && out);
    lake_connection *connection = NULL;
    DOSI_TRY(get_connection(lake, &connection, err));
    assert(connection);
    *out = connection->database;
    return DOSI_OK;
}

dosi_status dosi_lake_clock(dosi_lake *lake, int64_t *out, dosi_error *err) {
    assert(lake && out);
    lake_connection *connection = NULL;
    DOSI_TRY(get_connection(lake, &connection, err));
    assert(connection);
    if (sqlite3_step(connection->data_version) != SQLITE_ROW) {
        dosi_status status = dosi_lake_fail(lake, connection->database, err);
        (void)sqlite3_reset(connection->data_version);
        return status;
    }
    int64_t version = sqlite3_column_int64(connection->data_version, 0);
    (void)sqlite3_reset(connection->data_version);
    // data_version tells of others' commits; our own count once they are committed.
    int64_t changes = sqlite3_get_autocommit(connection->database)
                          ? (int64_t)sqlite3_total_changes64(connection->database)
                          : connection->seen_changes;
    if (version != connection->seen_version || changes != connection->seen_changes) {
        connection->seen_version = version;
        connection->seen_changes = changes;
        (void)atomic_fetch_add(&lake->clock, 1);
    }
    *out = atomic_load(&lake->clock);
    return DOSI_OK;
}

// --- create, open, close -----------------------------------------------------------------

/// Fills in the paths of the lab in `folder`.
static dosi_status set_paths(dosi_lake *lake, const char *folder, dosi_error *err) {
    if (strlen(folder) >= sizeof lake->folder) {
        return dosi_fail(err, DOSI_LIMIT, "the lab's path is too long");
    }
    memcpy(lake->folder, folder, strlen(folder) + 1);
    DOSI_TRY(dosi_path_join(folder, "lake", lake->files, err));
    return dosi_path_join(folder, "catalogue.sqlite", lake->catalogue, err);
}

dosi_status dosi_lake_create(const char *folder, dosi_error *err) {
    assert(folder);
    dosi_lake *lake = calloc(1, sizeof *lake);
    if (!lake) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a lake");
    sqlite3 *database = NULL;
    dosi_status status = set_paths(lake, folder, err);
    if (status == DOSI_OK && dosi_path_exists(lake->catalogue)) {
        status = dosi_fail(err, DOSI_CONFLICT, "%s: there is a lab already", folder);
    }
    if (status == DOSI_OK) status = dosi_folder_create(lake->files, err);
    if (status == DOSI_OK) {
        static const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        if (sqlite3_open_v2(lake->catalogue, &database, flags, NULL) != SQLITE_OK) {
            status = dosi_lake_fail(lake, database, err);
        }
    }
    if (status == DOSI_OK)
        status = dosi_lake_exec(lake, database, "PRAGMA journal_mode = WAL", err);
    if (status == DOSI_OK) status = dosi_lake_migrate(lake, database, err);
    (void)sqlite3_close_v2(database);
    free(lake);
    return status;
}

/// Brings an opened lake up to date and cleans up.
static dosi_status start(dosi_lake *lake, dosi_error *err) {
    sqlite3 *database = NULL;
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    DOSI_TRY(dosi_lake_migrate(lake, database, err));
    if (!dosi_path_is_folder(lake->files)) {
        return dosi_fail(err, DOSI_IO, "%s: the folder of data files is missing", lake->files);
    }
    return dosi_lake_sweep(lake, err);
}

dosi_status dosi_lake_open(const char *folder, dosi_lake **out, dosi_error *err) {
    assert(folder && out);
    dosi_lake *lake = calloc(1, sizeof *lake);
    if (!lake) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a lake");
    dosi_status status = set_paths(lake, folder, err);
    if (status == DOSI_OK && !dosi_path_exists(lake->catalogue)) {
        status = dosi_fail(err, DOSI_NOT_FOUND,
                           "%s: there is no lab here (no catalogue.sqlite)", folder);
    }
    if (status == DOSI_OK && pthread_key_create(&lake->key, connection_release) != 0) {
        status = dosi_fail(err, DOSI_LIMIT, "too many lakes are open");
    }
    if (status != DOSI_OK) {
        free(lake);
        return status;
    }
    (void)pthread_mutex_init(&lake->mutex, NULL);
    status = start(lake, err);
    if (status != DOSI_OK) {
        dosi_lake_close(lake);
        return status;
    }
    *out = lake;
    return DOSI_OK;
}

void dosi_lake_close(dosi_lake *lake) {
    if (!lake) return;
    (void)pthread_key_delete(lake->key);
    while (lake->connections) {
        lake_connection *connection = lake->connections;
        lake->connections = connection->next;
        connection_destroy(connection);
    }
    (void)pthread_mutex_destroy(&lake->mutex);
    free(lake);
}

// --- the sweep ---------------------------------------------------------------------------

dosi_status dosi_lake_lock(const dosi_lake *lake, bool is_sweep, int *fd, dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(lake->files, "writers.lock", path, err));
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (opened < 0) return dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
    int result = 0;
    do {
        result = flock(opened, is_sweep ? LOCK_EX | LOCK_NB : LOCK_SH);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        dosi_status status = errno == EWOULDBLOCK ? DOSI_BUSY : DOSI_IO;
        status = dosi_fail(err, status, "%s: %s", path, strerror(errno));
        (void)close(opened);
        return status;
    }
    *fd = opened;
    return DOSI_OK;
}

/// Whether `name` is a data file (or one in the making) that no version names.
static dosi_status is_orphan(const dosi_lake *lake,
                             sqlite3 *database,
                             sqlite3_stmt *find,
                             const char *name,
                             bool *out,
                             dosi_error *err) {
    const char *dot = strstr(name, ".parquet");
    *out = false;
    if (!dot || dot[8] != '\0') return DOSI_OK;
    (void)sqlite3_bind_text(find, 1, name, (int)(dot - name), SQLITE_STATIC);
    int code = sqlite3_step(find);
    *out = code == SQLITE_DONE;
    dosi_status status = code == SQLITE_DONE || code == SQLITE_ROW
                             ? DOSI_OK
                             : dosi_lake_fail(lake, database, err);
    (void)sqlite3_reset(find);
    return status;
}

/// Looks through lake/ while nobody writes.
static dosi_status sweep_files(dosi_lake *lake, sqlite3 *database, dosi_error *err) {
    DIR *folder = opendir(lake->files);
    if (!folder) return dosi_fail(err, DOSI_IO, "%s: %s", lake->files, strerror(errno));
    sqlite3_stmt *find = NULL;
    dosi_status status = dosi_lake_prepare(
        lake, database, "SELECT 1 FROM version WHERE hash = ? LIMIT 1", &find, err);
    const struct dirent *entry = NULL;
    while (status == DOSI_OK && (entry = readdir(folder)) != NULL) {
        bool orphan = false;
        status = is_orphan(lake, database, find, entry->d_name, &orphan, err);
        if (status == DOSI_OK && orphan) (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    (void)sqlite3_finalize(find);
    (void)closedir(folder);
    return status;
}

dosi_status dosi_lake_sweep(dosi_lake *lake, dosi_error *err) {
    sqlite3 *database = NULL;
    int lock = -1;
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    dosi_status status = dosi_lake_lock(lake, true, &lock, err);
    if (status == DOSI_BUSY) return DOSI_OK; // somebody writes: the next open will do
    DOSI_TRY(status);
    status = sweep_files(lake, database, err);
    (void)close(lock);
    return status;
}
