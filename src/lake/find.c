// Versions as the catalogue knows them.

#include "dosi/json.h"
#include "lake/lake_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What every reader of versions selects; the order is that of `column_index`.
#define SELECT_VERSION                                                                     \
    "SELECT d.organisation, d.name, d.id, d.owner_id, d.visibility, d.is_simulated,"       \
    " d.title_ko, d.title_en, d.description_ko, d.description_en, d.licence, d.publisher," \
    " d.contact, d.frequency, v.number, v.hash, v.n_rows, v.n_bytes, v.created_utc_us,"    \
    " v.west, v.south, v.east, v.north, v.time_first, v.time_last, v.columns_json,"        \
    " v.profile_json, v.lineage_json,"                                                     \
    " (SELECT max(number) FROM version WHERE dataset_id = d.id)"                           \
    " FROM dataset d JOIN version v ON v.dataset_id = d.id "

enum column_index {
    ORGANISATION,
    NAME,
    DATASET_ID,
    OWNER_ID,
    VISIBILITY,
    IS_SIMULATED,
    TITLE_KO,
    TITLE_EN,
    DESCRIPTION_KO,
    DESCRIPTION_EN,
    LICENCE,
    PUBLISHER,
    CONTACT,
    FREQUENCY,
    NUMBER,
    HASH,
    N_ROWS,
    N_BYTES,
    CREATED,
    WEST,
    TIME_FIRST = WEST + 4,
    TIME_LAST,
    COLUMNS,
    PROFILE,
    LINEAGE,
    LATEST,
};

void dosi_version_clear(dosi_version *version) {
    if (!version) return;
    free(version->path);
    free(version->metadata_json);
    free(version->columns_json);
    free(version->profile_json);
    free(version->lineage_json);
    *version = (dosi_version){0};
}

static const char *text_at(sqlite3_stmt *row, int i) {
    return (const char *)sqlite3_column_text(row, i);
}

/// A copy of a text that may be NULL.
static dosi_status copy_text(const char *text, char **out) {
    if (!text) return DOSI_OK;
    *out = dosi_string_copy(text);
    return *out ? DOSI_OK : DOSI_NO_MEMORY;
}

static void put_words(dosi_json *json, const char *key, const char *ko, const char *en) {
    dosi_json_key(json, key);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "ko", ko);
    dosi_json_member_string(json, "en", en);
    dosi_json_end_object(json);
}

/// The dataset's metadata as JSON, owned by the caller; NULL when there is no memory.
static char *make_metadata(sqlite3_stmt *row) {
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    put_words(&json, "title", text_at(row, TITLE_KO), text_at(row, TITLE_EN));
    put_words(&json, "description", text_at(row, DESCRIPTION_KO), text_at(row, DESCRIPTION_EN));
    dosi_json_member_string(&json, "licence", text_at(row, LICENCE));
    dosi_json_member_string(&json, "publisher", text_at(row, PUBLISHER));
    dosi_json_member_string(&json, "contact", text_at(row, CONTACT));
    dosi_json_member_string(&json, "frequency", text_at(row, FREQUENCY));
    dosi_json_member_string(&json, "visibility", text_at(row, VISIBILITY));
    dosi_json_member_bool(&json, "simulated", sqlite3_column_int(row, IS_SIMULATED) != 0);
    dosi_json_end_object(&json);
    if (dosi_text_status(&text, NULL) == DOSI_OK) return text.data;
    dosi_text_destroy(&text);
    return NULL;
}

static void take_numbers(sqlite3_stmt *row, dosi_version *out) {
    out->dataset_id = sqlite3_column_int64(row, DATASET_ID);
    out->owner_id = sqlite3_column_int64(row, OWNER_ID);
    out->is_simulated = sqlite3_column_int(row, IS_SIMULATED) != 0;
    out->number = sqlite3_column_int64(row, NUMBER);
    out->latest = sqlite3_column_int64(row, LATEST);
    out->n_rows = sqlite3_column_int64(row, N_ROWS);
    out->n_bytes = sqlite3_column_int64(row, N_BYTES);
    out->created_utc_us = sqlite3_column_int64(row, CREATED);
    for (int i = 0; i < 4; i++) {
        bool is_null = sqlite3_column_type(row, WEST + i) == SQLITE_NULL;
        out->extent[i] = is_null ? (double)NAN : sqlite3_column_double(row, WEST + i);
    }
    bool has_time = sqlite3_column_type(row, TIME_FIRST) != SQLITE_NULL;
    out->time_first = has_time ? sqlite3_column_int64(row, TIME_FIRST) : DOSI_TIME_MISSING;
    out->time_last = has_time ? sqlite3_column_int64(row, TIME_LAST) : DOSI_TIME_MISSING;
}

/// Fills `out` from a row; on failure it is cleared.
static dosi_status take_row(const dosi_lake *lake,
                            sqlite3_stmt *row,
                            dosi_version *out,
                            dosi_error *err) {
    char path[DOSI_PATH_BYTES];
    char file[96];
    dosi_version version = {0};
    (void)snprintf(version.organisation, sizeof version.organisation, "%s",
                   text_at(row, ORGANISATION));
    (void)snprintf(version.name, sizeof version.name, "%s", text_at(row, NAME));
    (void)snprintf(version.hash, sizeof version.hash, "%s", text_at(row, HASH));
    (void)snprintf(version.visibility, sizeof version.visibility, "%s",
                   text_at(row, VISIBILITY));
    (void)snprintf(file, sizeof file, "%s.parquet", version.hash);
    DOSI_TRY(dosi_path_join(lake->files, file, path, err));
    take_numbers(row, &version);
    version.metadata_json = make_metadata(row);
    dosi_status status = version.metadata_json ? DOSI_OK : DOSI_NO_MEMORY;
    if (status == DOSI_OK) status = copy_text(path, &version.path);
    if (status == DOSI_OK) status = copy_text(text_at(row, COLUMNS), &version.columns_json);
    if (status == DOSI_OK) status = copy_text(text_at(row, PROFILE), &version.profile_json);
    if (status == DOSI_OK) status = copy_text(text_at(row, LINEAGE), &version.lineage_json);
    if (status != DOSI_OK) {
        dosi_version_clear(&version);
        return dosi_fail(err, status, "no memory for a version");
    }
    *out = version;
    return DOSI_OK;
}

typedef dosi_status (*visit_version)(void *context,
                                     const dosi_version *version,
                                     dosi_error *err);

/// Calls `visit` for each row of a statement, which is finalized.
static dosi_status visit_rows(dosi_lake *lake,
                              sqlite3 *database,
                              sqlite3_stmt *rows,
                              visit_version visit,
                              void *context,
                              dosi_error *err) {
    dosi_status status = DOSI_OK;
    int code = SQLITE_ROW;
    while (status == DOSI_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        dosi_version version = {0};
        status = take_row(lake, rows, &version, err);
        if (status == DOSI_OK) status = visit(context, &version, err);
        dosi_version_clear(&version);
    }
    if (status == DOSI_OK && code != SQLITE_DONE) status = dosi_lake_fail(lake, database, err);
    (void)sqlite3_finalize(rows);
    return status;
}

/// Says that a dataset or its version does not exist.
static dosi_status fail_missing(dosi_lake *lake,
                                sqlite3 *database,
                                const char *organisation,
                                const char *name,
                                int64_t number,
                                dosi_error *err) {
    sqlite3_stmt *statement = NULL;
    int64_t latest = 0;
    DOSI_TRY(dosi_lake_prepare(lake, database,
                               "SELECT max(number) FROM version v JOIN dataset d ON d.id = "
                               "v.dataset_id WHERE d.organisation = ? AND d.name = ?",
                               &statement, err));
    (void)sqlite3_bind_text(statement, 1, organisation, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) latest = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    if (latest > 0) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s/%s has no version %lld; its latest is %lld",
                         organisation, name, (long long)number, (long long)latest);
    }
    return dosi_fail(err, DOSI_NOT_FOUND, "there is no dataset %s/%s", organisation, name);
}

dosi_status dosi_lake_find(dosi_lake *lake,
                           const char *reference,
                           dosi_version *out,
                           dosi_error *err) {
    assert(lake && reference && out);
    char organisation[DOSI_NAME_BYTES];
    char name[DOSI_NAME_BYTES];
    int64_t number = 0;
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;
    DOSI_TRY(dosi_reference_parse(reference, organisation, name, &number, err));
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    DOSI_TRY(dosi_lake_prepare(lake, database,
                               SELECT_VERSION "WHERE d.organisation = ? AND d.name = ? "
                                              "AND (v.number = ?3 OR ?3 = 0) "
                                              "ORDER BY v.number DESC LIMIT 1",
                               &row, err));
    (void)sqlite3_bind_text(row, 1, organisation, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(row, 2, name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(row, 3, number);
    int code = sqlite3_step(row);
    dosi_status status = code == SQLITE_ROW ? take_row(lake, row, out, err)
                         : code != SQLITE_DONE
                             ? dosi_lake_fail(lake, database, err)
                             : fail_missing(lake, database, organisation, name, number, err);
    (void)sqlite3_finalize(row);
    return status;
}

dosi_status dosi_lake_each(dosi_lake *lake,
                           dosi_status (*visit)(void *context,
                                                const dosi_version *version,
                                                dosi_error *err),
                           void *context,
                           dosi_error *err) {
    assert(lake && visit);
    sqlite3 *database = NULL;
    sqlite3_stmt *rows = NULL;
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    DOSI_TRY(dosi_lake_prepare(lake, database,
                               SELECT_VERSION
                               "WHERE v.number = (SELECT max(number) FROM version "
                               "WHERE dataset_id = d.id) ORDER BY d.organisation, d.name",
                               &rows, err));
    return visit_rows(lake, database, rows, visit, context, err);
}

dosi_status dosi_lake_each_version(dosi_lake *lake,
                                   const char *reference,
                                   dosi_status (*visit)(void *context,
                                                        const dosi_version *version,
                                                        dosi_error *err),
                                   void *context,
                                   dosi_error *err) {
    assert(lake && reference && visit);
    dosi_version latest = {0};
    sqlite3 *database = NULL;
    sqlite3_stmt *rows = NULL;
    DOSI_TRY(dosi_lake_find(lake, reference, &latest, err));
    int64_t id = latest.dataset_id;
    dosi_version_clear(&latest);
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    DOSI_TRY(dosi_lake_prepare(
        lake, database, SELECT_VERSION "WHERE d.id = ? ORDER BY v.number DESC", &rows, err));
    (void)sqlite3_bind_int64(rows, 1, id);
    return visit_rows(lake, database, rows, visit, context, err);
}
