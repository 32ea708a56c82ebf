// What people are told of a dataset: checked, and stored.

#include "lake/lake_private.h"

#include <assert.h>
#include <string.h>

/// Codes of the EU's frequency vocabulary
/// (publications.europa.eu/resource/authority/frequency).
static const char *const frequencies[] = {
    "TRIENNIAL", "BIENNIAL",  "ANNUAL",       "ANNUAL_2",    "ANNUAL_3",    "BIMONTHLY",
    "MONTHLY",   "MONTHLY_2", "MONTHLY_3",    "BIWEEKLY",    "WEEKLY",      "WEEKLY_2",
    "WEEKLY_3",  "DAILY",     "DAILY_2",      "CONT",        "UPDATE_CONT", "IRREG",
    "UNKNOWN",   "OTHER",     "NEVER",        "QUARTERLY",   "HOURLY",      "BIHOURLY",
    "TRIHOURLY", "5MIN",      "10MIN",        "15MIN",       "30MIN",       "1MIN",
    "12HRS",     "DECENNIAL", "QUINQUENNIAL", "QUADRENNIAL", "AS_NEEDED",   "NOT_PLANNED",
};

static bool is_one_of(const char *value, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(value, list[i]) == 0) return true;
    }
    return false;
}

dosi_status dosi_metadata_check(const dosi_metadata *metadata, dosi_error *err) {
    static const char *const visibilities[] = {"public", "organisation", "private"};
    if (!metadata) return DOSI_OK;
    if (metadata->visibility && !is_one_of(metadata->visibility, visibilities, 3)) {
        return dosi_fail(err, DOSI_INVALID,
                         "visibility is public, organisation or private, not \"%.60s\"",
                         metadata->visibility);
    }
    if (metadata->frequency && !is_one_of(metadata->frequency, frequencies,
                                          sizeof frequencies / sizeof *frequencies)) {
        return dosi_fail(
            err, DOSI_INVALID,
            "frequency \"%.60s\" is none of the EU's codes (HOURLY, DAILY, WEEKLY, "
            "MONTHLY, QUARTERLY, ANNUAL, IRREG, NEVER, UNKNOWN...)",
            metadata->frequency);
    }
    return DOSI_OK;
}

dosi_status dosi_metadata_store(const dosi_lake *lake,
                                sqlite3 *database,
                                int64_t id,
                                const dosi_metadata *metadata,
                                dosi_error *err) {
    if (!metadata) return DOSI_OK;
    const char *const texts[] = {
        metadata->title_ko,       metadata->title_en,  metadata->description_ko,
        metadata->description_en, metadata->licence,   metadata->publisher,
        metadata->contact,        metadata->frequency, metadata->visibility,
    };
    enum { N_TEXTS = sizeof texts / sizeof *texts };
    sqlite3_stmt *statement = NULL;
    DOSI_TRY(dosi_lake_prepare(
        lake, database,
        "UPDATE dataset SET title_ko = coalesce(?1, title_ko),"
        " title_en = coalesce(?2, title_en), description_ko = coalesce(?3, description_ko),"
        " description_en = coalesce(?4, description_en), licence = coalesce(?5, licence),"
        " publisher = coalesce(?6, publisher), contact = coalesce(?7, contact),"
        " frequency = coalesce(?8, frequency), visibility = coalesce(?9, visibility),"
        " is_simulated = max(?10, is_simulated) WHERE id = ?11",
        &statement, err));
    for (int i = 0; i < N_TEXTS; i++) {
        (void)sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    }
    (void)sqlite3_bind_int(statement, N_TEXTS + 1, metadata->is_simulated);
    (void)sqlite3_bind_int64(statement, N_TEXTS + 2, id);
    dosi_status status =
        sqlite3_step(statement) == SQLITE_DONE ? DOSI_OK : dosi_lake_fail(lake, database, err);
    (void)sqlite3_finalize(statement);
    return status;
}

dosi_status dosi_lake_describe(dosi_lake *lake,
                               const char *reference,
                               const dosi_metadata *metadata,
                               dosi_error *err) {
    assert(lake && reference && metadata);
    dosi_version version = {0};
    sqlite3 *database = NULL;
    DOSI_TRY(dosi_metadata_check(metadata, err));
    DOSI_TRY(dosi_lake_find(lake, reference, &version, err));
    int64_t id = version.dataset_id;
    dosi_version_clear(&version);
    DOSI_TRY(dosi_lake_database(lake, &database, err));
    return dosi_metadata_store(lake, database, id, metadata, err);
}
