// Attributes of OGR features: types, encodings, dates.

#include "source/ogr_field.h"

#include "source/shapefile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void dosi_ogr_fields_clear(dosi_ogr_fields *fields) {
    assert(fields);
    free(fields->field);
    if (fields->has_convert) (void)iconv_close(fields->convert);
    dosi_text_destroy(&fields->text);
    *fields = (dosi_ogr_fields){0};
}

// --- text ----------------------------------------------------------------------------------

/// Converts to UTF-8 in fields->text. False when the bytes are not in the encoding.
static bool convert(dosi_ogr_fields *fields, const char *bytes, size_t n_bytes) {
    dosi_text_clear(&fields->text);
    if (!fields->has_convert) {
        dosi_text_append(&fields->text, bytes, n_bytes);
        return dosi_utf8_is_valid(bytes, n_bytes);
    }
    char piece[256];
    char *from = (char *)bytes; // iconv() only reads it.
    (void)iconv(fields->convert, NULL, NULL, NULL, NULL);
    while (n_bytes > 0) {
        char *to = piece;
        size_t room = sizeof piece, before = n_bytes;
        (void)iconv(fields->convert, &from, &n_bytes, &to, &room);
        dosi_text_append(&fields->text, piece, sizeof piece - room);
        if (n_bytes == before) return false;
    }
    return true;
}

/// Whether all text of the layer's features is valid UTF-8 (looks at up to 10,000 of them).
static bool all_utf8(OGRLayerH layer) {
    bool is_valid = true;
    OGR_L_ResetReading(layer);
    for (int i = 0; i < 10000 && is_valid; i++) {
        OGRFeatureH feature = OGR_L_GetNextFeature(layer);
        if (!feature) break;
        for (int j = 0; j < OGR_F_GetFieldCount(feature) && is_valid; j++) {
            if (OGR_Fld_GetType(OGR_F_GetFieldDefnRef(feature, j)) != OFTString) continue;
            const char *text = OGR_F_GetFieldAsString(feature, j);
            is_valid = dosi_utf8_is_valid(text, strlen(text));
        }
        OGR_F_Destroy(feature);
    }
    OGR_L_ResetReading(layer);
    return is_valid;
}

/// Decides in what encoding a shapefile's table is.
static dosi_status find_encoding(OGRLayerH layer,
                                 const dosi_source_file *file,
                                 const dosi_source_options *options,
                                 dosi_source_result *out,
                                 dosi_ogr_fields *fields,
                                 dosi_error *err) {
    char said[40] = "";
    const char *why = "told by .cpg or .dbf";
    dosi_shapefile_encoding(file, said, sizeof said);
    if (options->encoding) {
        (void)snprintf(said, sizeof said, "%.30s", options->encoding);
        why = "as told";
    } else if (all_utf8(layer)) {
        (void)snprintf(said, sizeof said, "UTF-8");
        why = "all text is valid UTF-8";
    } else if (!said[0] || strcasecmp(said, "UTF-8") == 0) {
        (void)snprintf(said, sizeof said, "CP949");
        why = "not valid as UTF-8; guessed";
    }
    dosi_text_printf(&out->decisions, "encoding: %s (%s)\n", said, why);
    if (strcasecmp(said, "UTF-8") == 0) return DOSI_OK;
    fields->convert = iconv_open("UTF-8", said);
    fields->has_convert = (intptr_t)fields->convert != -1;
    if (fields->has_convert) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "%s: no encoding is called \"%s\"", file->name, said);
}

// --- columns -------------------------------------------------------------------------------

/// The type of column for a field; DOSI_TYPE_COUNT: left out.
static dosi_type column_type(OGRFieldDefnH field) {
    OGRFieldSubType subtype = OGR_Fld_GetSubType(field);
    switch (OGR_Fld_GetType(field)) {
    case OFTInteger:
    case OFTInteger64:
        return subtype == OFSTBoolean ? DOSI_TYPE_BOOL : DOSI_TYPE_INT;
    case OFTReal:
        return DOSI_TYPE_REAL;
    case OFTDate:
        return DOSI_TYPE_DATE;
    case OFTDateTime:
        return DOSI_TYPE_TIME;
    case OFTBinary:
        return DOSI_TYPE_COUNT;
    default:
        return DOSI_TYPE_TEXT;
    }
}

/// Adds the column of field `i`.
static dosi_status add_column(OGRFieldDefnH definition,
                              int i,
                              dosi_source_result *out,
                              dosi_ogr_fields *fields,
                              dosi_error *err) {
    const char *raw = OGR_Fld_GetNameRef(definition);
    dosi_ogr_field *field = &fields->field[fields->n++];
    dosi_type type = column_type(definition);
    *field = (dosi_ogr_field){.i_field = -1, .type = OGR_Fld_GetType(definition)};
    char name[256];
    bool is_text = convert(fields, raw, strlen(raw));
    (void)snprintf(name, sizeof name, "%.200s", is_text ? dosi_text_string(&fields->text) : "");
    if (!name[0] || dosi_table_find(&out->table, name) != SIZE_MAX) {
        (void)snprintf(name, sizeof name, "%.200s_%d", is_text ? raw : "column", i + 1);
    }
    if (type == DOSI_TYPE_COUNT) {
        dosi_text_printf(&out->decisions, "column left out: %s (binary)\n", name);
        return DOSI_OK;
    }
    field->i_field = i;
    return dosi_table_add_column(&out->table, name, type, &field->i_column, err);
}

dosi_status dosi_ogr_fields_find(OGRLayerH layer,
                                 const dosi_source_file *file,
                                 const dosi_source_options *options,
                                 dosi_source_result *out,
                                 dosi_ogr_fields *fields,
                                 dosi_error *err) {
    assert(layer && file && options && out && fields);
    OGRFeatureDefnH definition = OGR_L_GetLayerDefn(layer);
    int n = OGR_FD_GetFieldCount(definition);
    if (n > DOSI_SOURCE_COLUMNS - 1) {
        return dosi_fail(err, DOSI_LIMIT, "%s: %d columns, more than %d", file->name, n,
                         DOSI_SOURCE_COLUMNS - 1);
    }
    bool is_dbf = dosi_source_has_extension(file->name, ".shp") ||
                  dosi_source_has_extension(file->name, ".dbf");
    if (is_dbf) DOSI_TRY(find_encoding(layer, file, options, out, fields, err));
    fields->field = calloc((size_t)n + 1, sizeof *fields->field);
    if (!fields->field) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    for (int i = 0; i < n; i++) {
        DOSI_TRY(add_column(OGR_FD_GetFieldDefn(definition, i), i, out, fields, err));
    }
    return DOSI_OK;
}

// --- values --------------------------------------------------------------------------------

/// Reads a date or time; missing when it is not a real one.
static dosi_time read_time(const dosi_ogr_fields *fields, OGRFeatureH feature, int i) {
    int zone = 0;
    float second = 0;
    dosi_civil civil = {0};
    if (!OGR_F_GetFieldAsDateTimeEx(feature, i, &civil.year, &civil.month, &civil.day,
                                    &civil.hour, &civil.minute, &second, &zone)) {
        return DOSI_TIME_MISSING;
    }
    civil.second = (int)second;
    civil.microsecond = (int)lrint(((double)second - civil.second) * 1000) * 1000;
    if (civil.microsecond > 999999) civil.microsecond = 999000;
    dosi_time time = DOSI_TIME_MISSING;
    if (dosi_time_from_civil(&civil, &time, NULL) != DOSI_OK) return DOSI_TIME_MISSING;
    // 100 is UTC, each step from it a quarter of an hour; 0 and 1 mean wall clock.
    if (zone > 1) time += (fields->zone_s - (int64_t)(zone - 100) * 900) * DOSI_SECOND_US;
    return time;
}

static dosi_status store_text(dosi_ogr_fields *fields,
                              OGRFeatureH feature,
                              const dosi_ogr_field *field,
                              dosi_table *table,
                              size_t row,
                              const char **reason) {
    const char *bytes = OGR_F_GetFieldAsString(feature, field->i_field);
    size_t n_bytes = strlen(bytes);
    if (n_bytes > DOSI_SOURCE_CELL_BYTES) {
        *reason = "more than 1 MiB in a cell";
        return DOSI_OK;
    }
    if (!convert(fields, bytes, n_bytes)) {
        *reason = "not text in the file's encoding";
        return DOSI_OK;
    }
    DOSI_TRY(dosi_text_status(&fields->text, NULL));
    return dosi_table_set_bytes(table, field->i_column, row, dosi_text_string(&fields->text),
                                fields->text.length);
}

/// Stores one attribute that is not null.
static dosi_status store_value(dosi_ogr_fields *fields,
                               OGRFeatureH feature,
                               const dosi_ogr_field *field,
                               dosi_table *table,
                               size_t row,
                               const char **reason) {
    dosi_column *column = &table->columns[field->i_column];
    dosi_time time = 0;
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        column->data.boolean[row] = OGR_F_GetFieldAsInteger(feature, field->i_field) != 0;
        return DOSI_OK;
    case DOSI_TYPE_INT:
        column->data.integer[row] = OGR_F_GetFieldAsInteger64(feature, field->i_field);
        return DOSI_OK;
    case DOSI_TYPE_REAL:
        column->data.real[row] = OGR_F_GetFieldAsDouble(feature, field->i_field);
        return DOSI_OK;
    case DOSI_TYPE_DATE:
    case DOSI_TYPE_TIME:
        time = read_time(fields, feature, field->i_field);
        if (time == DOSI_TIME_MISSING) *reason = "no real date or time";
        column->data.integer[row] =
            time != DOSI_TIME_MISSING && column->type == DOSI_TYPE_DATE
                ? (time - (time % DOSI_DAY_US + DOSI_DAY_US) % DOSI_DAY_US) / DOSI_DAY_US
                : time;
        return DOSI_OK;
    default:
        return store_text(fields, feature, field, table, row, reason);
    }
}

dosi_status dosi_ogr_store(dosi_ogr_fields *fields,
                           OGRFeatureH feature,
                           dosi_table *table,
                           size_t row,
                           dosi_ogr_fault *fault,
                           dosi_error *err) {
    assert(fields && feature && table && row < table->n_rows && fault);
    for (size_t i = 0; i < fields->n; i++) {
        const dosi_ogr_field *field = &fields->field[i];
        if (field->i_field < 0 || !OGR_F_IsFieldSetAndNotNull(feature, field->i_field))
            continue;
        dosi_status status = store_value(fields, feature, field, table, row, &fault->reason);
        if (status != DOSI_OK) return dosi_fail(err, status, "row %zu: no memory", row + 1);
        if (!fault->reason) continue;
        const char *text = OGR_F_GetFieldAsString(feature, field->i_field);
        (void)snprintf(fields->value, sizeof fields->value, "%s", text);
        fault->column = table->columns[field->i_column].name;
        fault->value = fields->value;
        return DOSI_OK;
    }
    return DOSI_OK;
}
