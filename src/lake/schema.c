// The catalogue's tables, and how an older catalogue becomes a newer one.

#include "lake/lake_private.h"

#include <stdio.h>

/// "Dosi" in the file's header, so that other programs' databases are not taken for ours.
enum { APPLICATION_ID = 0x446f7369 };

/// What each schema version added to the one before. Never change an entry: append.
static const char *const migrations[] = {
    // 1: datasets and their versions
    "CREATE TABLE dataset ("
    "  id INTEGER PRIMARY KEY,"
    "  organisation TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  owner_id INTEGER NOT NULL,"
    "  created_utc_us INTEGER NOT NULL,"
    "  visibility TEXT NOT NULL DEFAULT 'private'"
    "    CHECK (visibility IN ('public', 'organisation', 'private')),"
    "  is_simulated INTEGER NOT NULL DEFAULT 0,"
    "  title_ko TEXT, title_en TEXT, description_ko TEXT, description_en TEXT,"
    "  licence TEXT, publisher TEXT, contact TEXT, frequency TEXT,"
    "  UNIQUE (organisation, name)) STRICT;"
    "CREATE TABLE version ("
    "  dataset_id INTEGER NOT NULL REFERENCES dataset (id),"
    "  number INTEGER NOT NULL CHECK (number >= 1),"
    "  hash TEXT NOT NULL CHECK (length(hash) = 64),"
    "  n_rows INTEGER NOT NULL,"
    "  n_bytes INTEGER NOT NULL,"
    "  created_utc_us INTEGER NOT NULL,"
    "  west REAL, south REAL, east REAL, north REAL,"
    "  time_first INTEGER, time_last INTEGER,"
    "  columns_json TEXT NOT NULL,"
    "  profile_json TEXT,"
    "  lineage_json TEXT,"
    "  PRIMARY KEY (dataset_id, number)) STRICT;"
    "CREATE INDEX version_hash ON version (hash);",
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

/// The integer that a PRAGMA gives.
static dosi_status get_pragma(
    const dosi_lake *lake, sqlite3 *database, const char *sql, int *out, dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_lake_prepare(lake, database, sql, &statement, err));
    dosi_status status = DOSI_OK;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *out = sqlite3_column_int(statement, 0);
    } else {
        status = dosi_lake_fail(lake, database, err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/// Whether the file is a catalogue that this program can use, and of which schema version.
static dosi_status check_version(const dosi_lake *lake,
                                 sqlite3 *database,
                                 int *version,
                                 dosi_error *err) {
    int id = 0;
    DOSI_TRY(get_pragma(lake, database, "PRAGMA user_version", version, err));
    DOSI_TRY(get_pragma(lake, database, "PRAGMA application_id", &id, err));
    if (id != APPLICATION_ID && (id != 0 || *version != 0)) {
        return dosi_fail(err, DOSI_PARSE, "%s: a database of another program", lake->catalogue);
    }
    if (*version > SCHEMA_VERSION) {
        return dosi_fail(err, DOSI_UNSUPPORTED,
                         "%s: made by a newer dosi (schema %d; this one knows %d)",
                         lake->catalogue, *version, SCHEMA_VERSION);
    }
    return DOSI_OK;
}

/// Applies what is missing, inside a transaction.
static dosi_status apply(const dosi_lake *lake, sqlite3 *database, dosi_error *err) {
    int version = 0;
    char pragmas[96];
    DOSI_TRY(check_version(lake, database, &version, err)); // again: another process may have
    for (int i = version; i < SCHEMA_VERSION; i++) {
        DOSI_TRY(dosi_lake_exec(lake, database, migrations[i], err));
    }
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
                   SCHEMA_VERSION);
    return dosi_lake_exec(lake, database, pragmas, err);
}

dosi_status dosi_lake_migrate(const dosi_lake *lake, sqlite3 *database, dosi_error *err) {
    int version = 0;
    DOSI_TRY(check_version(lake, database, &version, err));
    if (version == SCHEMA_VERSION) return DOSI_OK;
    DOSI_TRY(dosi_lake_exec(lake, database, "BEGIN IMMEDIATE", err));
    dosi_status status = apply(lake, database, err);
    if (status == DOSI_OK) return dosi_lake_exec(lake, database, "COMMIT", err);
    (void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
