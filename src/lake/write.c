// Writing a version: beside the lake, synced, renamed to its hash, then catalogued.

#include "base/hash.h"
#include "dosi/json.h"
#include "lake/lake_private.h"
#include "lake/profile.h"
#include "sql/sql.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// What is found out about a version before it is catalogued.
typedef struct draft {
    const dosi_new_version *source;
    const dosi_table *table;
    dosi_table read; ///< The table, when only a file was given.
    char organisation[DOSI_NAME_BYTES];
    char name[DOSI_NAME_BYTES];
    char path[DOSI_PATH_BYTES]; ///< Of the file, until it is renamed.
    char hash[DOSI_HASH_TEXT_BYTES];
    int64_t n_bytes;
    double extent[4];
    dosi_time time_first, time_last;
    dosi_text columns_json;
    dosi_text profile_json;
} draft;

static void draft_clear(draft *self) {
    dosi_table_destroy(&self->read);
    dosi_text_destroy(&self->columns_json);
    dosi_text_destroy(&self->profile_json);
}

static void put_columns(dosi_text *out, const dosi_table *table) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_array(&json);
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "name", column->name);
        dosi_json_member_string(&json, "type", dosi_type_name(column->type));
        dosi_json_member_string(&json, "unit", column->unit);
        dosi_json_key(&json, "meaning");
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "ko", column->meaning_ko);
        dosi_json_member_string(&json, "en", column->meaning_en);
        dosi_json_end_object(&json);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
}

/// Makes the file when only a table was given, reads it when only a file was; hashes it.
static dosi_status draft_file(dosi_lake *lake, draft *self, dosi_error *err) {
    const dosi_new_version *source = self->source;
    if (!source->parquet_path) {
        char file[64];
        (void)snprintf(file, sizeof file, "new-%ld-%u.parquet", (long)getpid(),
                       atomic_fetch_add(&lake->n_written, 1));
        DOSI_TRY(dosi_path_join(lake->files, file, self->path, err));
        self->table = source->table;
        DOSI_TRY(dosi_parquet_write(self->table, self->path, err));
    } else {
        if (strlen(source->parquet_path) >= sizeof self->path) {
            return dosi_fail(err, DOSI_LIMIT, "the path of the Parquet file is too long");
        }
        memcpy(self->path, source->parquet_path, strlen(source->parquet_path) + 1);
        self->table = source->table ? source->table : &self->read;
        if (!source->table) {
            DOSI_TRY(dosi_parquet_read(self->path, NULL, 0, NULL, &self->read, err));
        }
    }
    DOSI_TRY(dosi_file_sync(self->path, err));
    self->n_bytes = dosi_file_size(self->path);
    return dosi_hash_file(self->path, self->hash, err);
}

/// Works out what the catalogue says of the content.
static dosi_status draft_describe(draft *self, dosi_error *err) {
    dosi_table_extent(self->table, self->extent);
    dosi_table_time_range(self->table, &self->time_first, &self->time_last);
    put_columns(&self->columns_json, self->table);
    DOSI_TRY(dosi_text_status(&self->columns_json, err));
    return dosi_profile_put(&self->profile_json, self->table, err);
}

// --- the catalogue -----------------------------------------------------------------------

/// Steps a statement that gives no rows, and finalizes it.
static dosi_status finish(const dosi_lake *lake,
                          sqlite3 *database,
                          sqlite3_stmt *statement,
                          dosi_error *err) {
    dosi_status status =
        sqlite3_step(statement) == SQLITE_DONE ? DOSI_OK : dosi_lake_fail(lake, database, err);
    (void)sqlite3_finalize(statement);
    return status;
}

/// What the catalogue has of the draft's dataset.
typedef struct standing {
    int64_t id;     ///< 0: there is no such dataset.
    int64_t latest; ///< 0: it has no version.
    bool is_same;   ///< The latest version is the draft already.
} standing;

static dosi_status get_standing(const dosi_lake *lake,
                                sqlite3 *database,
                                const draft *self,
                                standing *out,
                                dosi_error *err) {
    sqlite3_stmt *row = NULL;
    DOSI_TRY(dosi_lake_prepare(
        lake, database,
        "SELECT d.id, v.number, v.hash = ?3 AND v.lineage_json IS ?4 FROM dataset d "
        "LEFT JOIN version v ON v.dataset_id = d.id WHERE d.organisation = ?1 AND d.name = ?2 "
        "ORDER BY v.number DESC LIMIT 1",
        &row, err));
    (void)sqlite3_bind_text(row, 1, self->organisation, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(row, 2, self->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(row, 3, self->hash, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(row, 4, self->source->lineage_json, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    dosi_status status = DOSI_OK;
    if (code == SQLITE_ROW) {
        out->id = sqlite3_column_int64(row, 0);
        out->latest = sqlite3_column_int64(row, 1);
        out->is_same = sqlite3_column_int(row, 2) == 1;
    } else if (code != SQLITE_DONE) {
        status = dosi_lake_fail(lake, database, err);
    }
    (void)sqlite3_finalize(row);
    return status;
}

static dosi_status insert_dataset(
    const dosi_lake *lake, sqlite3 *database, const draft *self, int64_t *id, dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_lake_prepare(lake, database,
                               "INSERT INTO dataset (organisation, name, owner_id, "
                               "created_utc_us) VALUES (?, ?, ?, ?)",
                               &statement, err));
    (void)sqlite3_bind_text(statement, 1, self->organisation, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, self->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, self->source->owner_id);
    (void)sqlite3_bind_int64(statement, 4, dosi_time_now_utc_us());
    DOSI_TRY(finish(lake, database, statement, err));
    *id = sqlite3_last_insert_rowid(database);
    return DOSI_OK;
}

static dosi_status insert_version(const dosi_lake *lake,
                                  sqlite3 *database,
                                  const draft *self,
                                  int64_t id,
                                  int64_t number,
                                  dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_lake_prepare(
        lake, database,
        "INSERT INTO version (dataset_id, number, hash, n_rows, n_bytes, created_utc_us, west, "
        "south, east, north, time_first, time_last, columns_json, profile_json, lineage_json) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &statement, err));
    (void)sqlite3_bind_int64(statement, 1, id);
    (void)sqlite3_bind_int64(statement, 2, number);
    (void)sqlite3_bind_text(statement, 3, self->hash, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 4, (int64_t)self->table->n_rows);
    (void)sqlite3_bind_int64(statement, 5, self->n_bytes);
    (void)sqlite3_bind_int64(statement, 6, dosi_time_now_utc_us());
    for (int i = 0; i < 4; i++) (void)sqlite3_bind_double(statement, 7 + i, self->extent[i]);
    if (self->time_first != DOSI_TIME_MISSING) {
        (void)sqlite3_bind_int64(statement, 11, self->time_first);
        (void)sqlite3_bind_int64(statement, 12, self->time_last);
    }
    (void)sqlite3_bind_text(statement, 13, self->columns_json.data, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 14, self->profile_json.data, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 15, self->source->lineage_json, -1, SQLITE_STATIC);
    return finish(lake, database, statement, err);
}

/// The body of the transaction: a new version, unless it is there by now.
static dosi_status enter(dosi_lake *lake,
                         sqlite3 *database,
                         const draft *self,
                         int64_t *number,
                         bool *is_new,
                         dosi_error *err) {
    standing now = {0};
    DOSI_TRY(get_standing(lake, database, self, &now, err));
    if (now.id == 0) DOSI_TRY(insert_dataset(lake, database, self, &now.id, err));
    DOSI_TRY(dosi_metadata_store(lake, database, now.id, self->source->metadata, err));
    *is_new = !now.is_same;
    *number = now.is_same ? now.latest : now.latest + 1;
    return now.is_same ? DOSI_OK : insert_version(lake, database, self, now.id, *number, err);
}

/// Enters the draft in the catalogue: all of it or nothing.
static dosi_status catalogue(
    dosi_lake *lake, const draft *self, int64_t *number, bool *is_new, dosi_error *err) {
    sqlite3 *database = NULL;
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    DOSI_TRY(dosi_lake_exec(lake, database, "BEGIN IMMEDIATE", err));
    dosi_status status = enter(lake, database, self, number, is_new, err);
    if (status == DOSI_OK) status = dosi_lake_exec(lake, database, "COMMIT", err);
    if (status != DOSI_OK) (void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/// Writes the draft's file and enters it, under the writers' lock.
static dosi_status write_draft(
    dosi_lake *lake, draft *self, int64_t *number, bool *is_new, dosi_error *err) {
    char target[DOSI_PATH_BYTES];
    char file[96];
    DOSI_TRY(draft_file(lake, self, err));
    DOSI_TRY(draft_describe(self, err));
    (void)snprintf(file, sizeof file, "%s.parquet", self->hash);
    DOSI_TRY(dosi_path_join(lake->files, file, target, err));
    DOSI_TRY(dosi_file_rename(self->path, target, err));
    return catalogue(lake, self, number, is_new, err);
}

dosi_status dosi_lake_write(dosi_lake *lake,
                            const dosi_new_version *new_version,
                            dosi_version *out,
                            bool *is_new,
                            dosi_error *err) {
    assert(lake && new_version && out && is_new);
    assert(new_version->table || new_version->parquet_path);
    draft self = {.source = new_version};
    int64_t number = 0;
    int lock = -1;
    DOSI_TRY(dosi_reference_parse(new_version->reference, self.organisation, self.name, &number,
                                  err));
    if (number != 0) {
        return dosi_fail(err, DOSI_INVALID,
                         "\"%s\": the number of a new version is not yours to choose",
                         new_version->reference);
    }
    DOSI_TRY(dosi_metadata_check(new_version->metadata, err));
    DOSI_TRY(dosi_lake_lock(lake, false, &lock, err));
    dosi_status status = write_draft(lake, &self, &number, is_new, err);
    // Nobody else names this file; a file of the caller's stays with the caller.
    bool is_own = !new_version->parquet_path;
    if (status != DOSI_OK && is_own && self.path[0]) (void)unlink(self.path);
    (void)close(lock);
    if (status == DOSI_OK) {
        char reference[DOSI_REFERENCE_BYTES];
        (void)snprintf(reference, sizeof reference, "%s/%s@%lld", self.organisation, self.name,
                       (long long)number);
        status = dosi_lake_find(lake, reference, out, err);
    }
    draft_clear(&self);
    return status;
}
