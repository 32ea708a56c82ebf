/// @file lake.h
/// The lake: immutable dataset versions in Parquet files, and the catalogue that knows them.
///
/// Only govern/ may include this header (tools/layers.txt): who reads and who writes passes
/// the gate. A version is written beside the lake, synced, renamed to its content hash, and
/// only then entered in catalogue.sqlite, in one transaction. A crash leaves the old state or
/// the new, and at worst a file that the next dosi_lake_open() sweeps away.
#ifndef DOSI_LAKE_LAKE_H
#define DOSI_LAKE_LAKE_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

#include <sqlite3.h>

enum {
    DOSI_NAME_BYTES = 64,      ///< Longest organisation or dataset name, NUL included.
    DOSI_REFERENCE_BYTES = 160 ///< Longest "org/name@N", NUL included.
};

/// An open lake. Safe for use by several threads and processes at once.
typedef struct dosi_lake dosi_lake;

/// What people are told of a dataset. Strings may be NULL: unknown, or (in an update)
/// unchanged. Once simulated, a dataset stays so: an update cannot take it back.
typedef struct dosi_metadata {
    const char *title_ko, *title_en;
    const char *description_ko, *description_en;
    const char *licence;    ///< SPDX id, KOGL-1..4, or a URI.
    const char *publisher;  ///< Who is responsible for the data.
    const char *contact;    ///< Mail address or URI.
    const char *frequency;  ///< EU frequency code: HOURLY, DAILY, ANNUAL, IRREG, NEVER...
    const char *visibility; ///< "public", "organisation" or "private".
    bool is_simulated;      ///< Made by a model; said so wherever it is shown.
} dosi_metadata;

/// One version of a dataset, as the catalogue knows it. Give back with dosi_version_clear().
typedef struct dosi_version {
    char organisation[DOSI_NAME_BYTES];
    char name[DOSI_NAME_BYTES];
    int64_t dataset_id;
    int64_t number; ///< 1, 2, 3...
    int64_t latest; ///< Number of the dataset's latest version.
    char hash[65];  ///< Content hash of the file.
    int64_t n_rows;
    int64_t n_bytes;
    int64_t created_utc_us;
    int64_t owner_id;     ///< Account that made the dataset.
    double extent[4];     ///< West, south, east, north, degrees; NaN: no geometry.
    dosi_time time_first; ///< First and last value of the (first) time column, or missing.
    dosi_time time_last;
    char *path;          ///< The Parquet file.
    char *metadata_json; ///< {"title":{"ko","en"},"description":{"ko","en"},"licence",
                         ///< "publisher","contact","frequency","visibility","simulated"}; null
                         ///< where unknown.
    char *columns_json;  ///< [{"name","type","unit","meaning":{"ko","en"}}]
    char *profile_json;  ///< See profile.h.
    char *lineage_json;  ///< {"kind","method","program","parameters","inputs":[...],"seed"};
                         ///< NULL when none was given.
    char visibility[16];
    bool is_simulated;
} dosi_version;

/// Frees the strings of a version; it is then empty.
void dosi_version_clear(dosi_version *version);

/// Makes an empty lake in `folder` (which must hold none).
DOSI_CHECKED dosi_status dosi_lake_create(const char *folder, dosi_error *err);

/// Opens the lake in `folder` and sweeps what a crash left.
DOSI_CHECKED dosi_status dosi_lake_open(const char *folder, dosi_lake **out, dosi_error *err);

/// Closes; accepts NULL.
void dosi_lake_close(dosi_lake *lake);

/// The catalogue's database connection of the calling thread, for govern/'s own tables
/// (accounts, tokens...). Owned by the lake. WAL, foreign keys on, busy timeout 10 s.
DOSI_CHECKED dosi_status dosi_lake_database(dosi_lake *lake, sqlite3 **out, dosi_error *err);

/// Splits "org/name" or "org/name@N" (number 0 when there is none) and checks the names:
/// [a-z0-9][a-z0-9_-]*, at most 63 bytes.
DOSI_CHECKED dosi_status dosi_reference_parse(
    const char *reference, char *organisation, char *name, int64_t *number, dosi_error *err);

/// Finds a version; number 0 is the latest. DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_lake_find(dosi_lake *lake,
                                        const char *reference,
                                        dosi_version *out,
                                        dosi_error *err);

/// Calls `visit` for the latest version of every dataset, by name; stops when it fails.
DOSI_CHECKED dosi_status dosi_lake_each(dosi_lake *lake,
                                        dosi_status (*visit)(void *context,
                                                             const dosi_version *version,
                                                             dosi_error *err),
                                        void *context,
                                        dosi_error *err);

/// Calls `visit` for every version of a dataset ("org/name"), the newest first; stops when it
/// fails. DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_lake_each_version(
    dosi_lake *lake,
    const char *reference,
    dosi_status (*visit)(void *context, const dosi_version *version, dosi_error *err),
    void *context,
    dosi_error *err);

/// A version to be written.
typedef struct dosi_new_version {
    const char *reference;         ///< "org/name".
    const dosi_table *table;       ///< The content; or NULL, and
    const char *parquet_path;      ///< a finished Parquet file on the same disk, moved in. With
                                   ///< both, the file is the table's: it is not read again.
    const dosi_metadata *metadata; ///< For a new dataset, or to change; may be NULL.
    const char *lineage_json;      ///< Where it came from; may be NULL.
    int64_t owner_id;
} dosi_new_version;

/// Writes a version. When the latest version has the same content and lineage, no version is
/// written and that one is returned (`*is_new` false); `metadata` is taken over all the same.
/// Visibility of a new dataset is "private" unless said otherwise.
/// @param out  Also what a failure leaves cleared; clear it after use.
DOSI_CHECKED dosi_status dosi_lake_write(dosi_lake *lake,
                                         const dosi_new_version *new_version,
                                         dosi_version *out,
                                         bool *is_new,
                                         dosi_error *err);

/// Changes metadata of a dataset; NULL fields stay. DOSI_NOT_FOUND; DOSI_INVALID names a value
/// that is none (visibility, frequency).
DOSI_CHECKED dosi_status dosi_lake_describe(dosi_lake *lake,
                                            const char *reference,
                                            const dosi_metadata *metadata,
                                            dosi_error *err);

/// A number that grows with every change of the catalogue, by any process: what caches of
/// versions and permissions are keyed by. Cheap (microseconds).
DOSI_CHECKED dosi_status dosi_lake_clock(dosi_lake *lake, int64_t *out, dosi_error *err);

/// Appends the DCAT-AP 3 JSON-LD of one version's dataset: a document of its own, which may
/// also stand in a catalogue's list.
/// @param base_url  Where the server is reached, for identifiers and distributions.
DOSI_CHECKED dosi_status dosi_dcat_put_dataset(dosi_text *out,
                                               const dosi_version *version,
                                               const char *base_url,
                                               dosi_error *err);

/// Appends the start of a dcat:Catalog, up to its list of datasets. The caller then appends
/// dosi_dcat_put_dataset() documents separated by commas, and the end.
void dosi_dcat_begin_catalogue(dosi_text *out, const char *title, const char *base_url);

/// Appends the end of a catalogue.
void dosi_dcat_end_catalogue(dosi_text *out);

#endif // DOSI_LAKE_LAKE_H
