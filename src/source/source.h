/// @file source.h
/// Sources: files as cities publish them -> tables, with what was decided and what was
/// rejected.
#ifndef DOSI_SOURCE_SOURCE_H
#define DOSI_SOURCE_SOURCE_H

#include "dosi/run.h"
#include "dosi/table.h"
#include "dosi/text.h"

/// How to read, where a person wants it other than detected. Zero or NULL: detect.
typedef struct dosi_source_options {
    const char *recipe;              ///< "airkorea-hourly"...; NULL: none.
    const char *encoding;            ///< "utf-8", "cp949", "utf-16le"...
    const char *delimiter;           ///< One character, or "tab".
    int header_rows;                 ///< 0: detect; -1: none.
    const char *sheet;               ///< XLSX sheet or layer name.
    const char *crs;                 ///< "EPSG:5174": of the file's coordinates.
    const char *types;               ///< "code:text,price:real": overrides by column.
    const char *x_column, *y_column; ///< Make points of these two columns.
    const char *member;              ///< Which file inside a zip.
    const char *with;                ///< A second file that the recipe joins (seoul-dong).
    const char *keep;   ///< "column=value" or "column=start*": rows kept, others left out.
    int zone_s;         ///< The lab's offset, for times with a zone.
    size_t max_rejects; ///< Stop with DOSI_PARSE past this many; 0: no limit.
} dosi_source_options;

/// What reading a file gives. Zero-initialise; dosi_source_result_clear() after.
typedef struct dosi_source_result {
    dosi_table table;
    dosi_table rejects;  ///< file, row, column, value, reason; n_rows 0 when all is well.
    dosi_text decisions; ///< Lines "encoding: cp949 (no BOM, invalid as UTF-8, 2,311 Hangul)".
    char *source_hash;   ///< Hash of the raw file.
    size_t n_rows_seen;  ///< Data rows of the file: table.n_rows + rejected rows.
} dosi_source_result;

/// Frees what a result holds.
void dosi_source_result_clear(dosi_source_result *result);

/// Recognises and reads one file. A damaged row goes to `rejects`; only a file that is no table
/// at all fails, and says where.
/// Limits: DOSI_LIMIT past 4 GiB of file (unpacked), 10,000 columns, 1 MiB in a cell.
DOSI_CHECKED dosi_status dosi_source_read(const char *path,
                                          const dosi_source_options *options,
                                          const dosi_run *run,
                                          dosi_source_result *out,
                                          dosi_error *err);

/// Puts the rows and rejects of `from` behind those of `to`, by column name. Integers widen to
/// reals, dates to times, and a column without values takes the other's type; `from` may be
/// changed so. Decisions and hashes are left to the caller.
/// @param name  Of from's file, for the message.
/// @return DOSI_OK; DOSI_CONFLICT names the column that differs; DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_source_append(dosi_source_result *to,
                                            dosi_source_result *from,
                                            const char *name,
                                            dosi_error *err);

#endif // DOSI_SOURCE_SOURCE_H
