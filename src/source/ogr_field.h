/// @file ogr_field.h
/// Attributes of OGR features as columns.
#ifndef DOSI_SOURCE_OGR_FIELD_H
#define DOSI_SOURCE_OGR_FIELD_H

#include "source/reader.h"

#include <iconv.h>
#include <ogr_api.h>

/// Why a feature cannot be a row.
typedef struct dosi_ogr_fault {
    const char *column; ///< NULL: the row as a whole.
    const char *value;  ///< Never NULL.
    const char *reason; ///< NULL: there is no fault.
} dosi_ogr_fault;

/// One attribute.
typedef struct dosi_ogr_field {
    int i_field;     ///< In the feature; -1: left out.
    size_t i_column; ///< In the table.
    OGRFieldType type;
} dosi_ogr_field;

/// The attributes of a layer.
typedef struct dosi_ogr_fields {
    dosi_ogr_field *field;
    size_t n;
    int zone_s;      ///< The lab's offset, for times with a zone.
    iconv_t convert; ///< From a .dbf's encoding to UTF-8; used when has_convert.
    bool has_convert;
    char value[201]; ///< The value at fault.
    dosi_text text;  ///< Scratch.
} dosi_ogr_fields;

/// Adds a column for every attribute, and finds the encoding of a shapefile's. Decisions are
/// appended to `out`.
DOSI_CHECKED dosi_status dosi_ogr_fields_find(OGRLayerH layer,
                                              const dosi_source_file *file,
                                              const dosi_source_options *options,
                                              dosi_source_result *out,
                                              dosi_ogr_fields *fields,
                                              dosi_error *err);

/// Stores a feature's attributes in row `row` (missing before).
/// @param fault  Out: `reason` is set when a value cannot be taken.
DOSI_CHECKED dosi_status dosi_ogr_store(dosi_ogr_fields *fields,
                                        OGRFeatureH feature,
                                        dosi_table *table,
                                        size_t row,
                                        dosi_ogr_fault *fault,
                                        dosi_error *err);

/// Frees what `fields` holds.
void dosi_ogr_fields_clear(dosi_ogr_fields *fields);

#endif // DOSI_SOURCE_OGR_FIELD_H
