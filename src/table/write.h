/// @file write.h
/// A table as people, browsers and spreadsheets read it: aligned text, CSV, JSON, GeoJSON.
#ifndef DOSI_TABLE_WRITE_H
#define DOSI_TABLE_WRITE_H

#include "dosi/table.h"
#include "dosi/text.h"

/// How to write. NULL where one is asked for: all zero.
typedef struct dosi_table_style {
    bool has_zone;         ///< Times end in the zone `zone_s`; else they are civil, bare.
    int zone_s;            ///< The lab's offset from UTC, seconds.
    size_t first_row;      ///< Start here.
    size_t n_rows;         ///< Write at most so many; 0: all.
    int decimals;          ///< Of coordinates in GeoJSON and WKT; 0: exact.
    size_t max_cell_width; ///< Aligned text: longer cells are cut; 0: 48.
} dosi_table_style;

/// Appends RFC 4180 CSV: a header line, "\r\n" after each line, quotes only where needed, but
/// always around an empty text, so that it differs from missing. Times and dates are ISO 8601;
/// geometry is WKT (empty when damaged).
void dosi_table_put_csv(dosi_text *out, const dosi_table *table, const dosi_table_style *style);

/// Appends a JSON array of one object per row. Missing is null; geometry is GeoJSON.
void dosi_table_put_json(dosi_text *out,
                         const dosi_table *table,
                         const dosi_table_style *style);

/// Appends one JSON object a line.
void dosi_table_put_ndjson(dosi_text *out,
                           const dosi_table *table,
                           const dosi_table_style *style);

/// Appends a JSON array of arrays: the rows without names.
void dosi_table_put_json_rows(dosi_text *out,
                              const dosi_table *table,
                              const dosi_table_style *style);

/// Appends a GeoJSON FeatureCollection. The first geometry column is the geometry, the rest are
/// properties; the id is the row number from 1.
/// @return DOSI_OK; DOSI_INVALID when the table has no geometry, or one that is not in
///         longitude and latitude.
DOSI_CHECKED dosi_status dosi_table_put_geojson(dosi_text *out,
                                                const dosi_table *table,
                                                const dosi_table_style *style,
                                                dosi_error *err);

/// Appends lines aligned for a terminal: names, units where there are any, a rule, the rows.
/// Numbers are right-aligned; Hangul and other wide characters count two.
void dosi_table_put_text(dosi_text *out,
                         const dosi_table *table,
                         const dosi_table_style *style);

/// Appends one cell as JSON.
void dosi_cell_put_json(dosi_text *out,
                        const dosi_column *column,
                        size_t row,
                        const dosi_table_style *style);

/// Appends one cell as people read it; nothing when it is missing.
void dosi_cell_put_text(dosi_text *out,
                        const dosi_column *column,
                        size_t row,
                        const dosi_table_style *style);

/// Terminal columns that UTF-8 text takes: 2 for East Asian wide characters, 0 for combining
/// ones.
size_t dosi_text_width(const char *bytes, size_t n_bytes);

#endif // DOSI_TABLE_WRITE_H
