// Tables written for people and programs. Every form is made of cells; a cell has two
// spellings, text and JSON.

#include "table/write.h"

#include "table/wkb.h"

#include <assert.h>
#include <string.h>

static const dosi_table_style plain = {0};

/// Rows [*first, *end) that `style` asks for.
static void rows_of(const dosi_table *table,
                    const dosi_table_style *style,
                    size_t *first,
                    size_t *end) {
    *first = style->first_row < table->n_rows ? style->first_row : table->n_rows;
    size_t n_left = table->n_rows - *first;
    *end = *first + (style->n_rows && style->n_rows < n_left ? style->n_rows : n_left);
}

static int coordinate_decimals(const dosi_table_style *style) {
    return style->decimals > 0 ? style->decimals : DOSI_WKB_EXACT;
}

static void put_time(dosi_text *out, int64_t time, const dosi_table_style *style) {
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(time, style->has_zone ? style->zone_s : INT32_MIN, text);
    dosi_text_puts(out, text);
}

static void put_date(dosi_text *out, int64_t days) {
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(days * DOSI_DAY_US, INT32_MIN, text);
    dosi_text_append(out, text, strcspn(text, "T"));
}

void dosi_cell_put_text(dosi_text *out,
                        const dosi_column *column,
                        size_t row,
                        const dosi_table_style *style) {
    assert(out && column);
    if (!style) style = &plain;
    if (dosi_column_is_missing(column, row)) return;
    size_t n_bytes;
    const char *bytes;
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        dosi_text_puts(out, column->data.boolean[row] ? "true" : "false");
        break;
    case DOSI_TYPE_INT:
        dosi_text_put_int(out, column->data.integer[row]);
        break;
    case DOSI_TYPE_REAL:
        dosi_text_put_real(out, column->data.real[row]);
        break;
    case DOSI_TYPE_TIME:
        put_time(out, column->data.integer[row], style);
        break;
    case DOSI_TYPE_DATE:
        put_date(out, column->data.integer[row]);
        break;
    case DOSI_TYPE_GEOMETRY:
        bytes = dosi_column_bytes(column, row, &n_bytes);
        (void)!dosi_wkb_put_wkt(out, bytes, n_bytes, coordinate_decimals(style), NULL);
        break;
    default:
        bytes = dosi_column_bytes(column, row, &n_bytes);
        dosi_text_append(out, bytes, n_bytes);
        break;
    }
}

void dosi_cell_put_json(dosi_text *out,
                        const dosi_column *column,
                        size_t row,
                        const dosi_table_style *style) {
    assert(out && column);
    if (!style) style = &plain;
    size_t n_bytes;
    const char *bytes;
    if (dosi_column_is_missing(column, row)) {
        dosi_text_puts(out, "null");
        return;
    }
    switch (column->type) {
    case DOSI_TYPE_TEXT:
        bytes = dosi_column_bytes(column, row, &n_bytes);
        dosi_text_put_json(out, bytes, n_bytes);
        break;
    case DOSI_TYPE_GEOMETRY:
        bytes = dosi_column_bytes(column, row, &n_bytes);
        if (dosi_wkb_put_geojson(out, bytes, n_bytes, coordinate_decimals(style), NULL) !=
            DOSI_OK) {
            dosi_text_puts(out, "null");
        }
        break;
    case DOSI_TYPE_TIME:
    case DOSI_TYPE_DATE:
        dosi_text_putc(out, '"');
        dosi_cell_put_text(out, column, row, style);
        dosi_text_putc(out, '"');
        break;
    case DOSI_TYPE_REAL:
        if (isfinite(column->data.real[row])) {
            dosi_text_put_real(out, column->data.real[row]);
        } else {
            dosi_text_puts(out, "null");
        }
        break;
    default:
        dosi_cell_put_text(out, column, row, style);
        break;
    }
}

// --- CSV -----------------------------------------------------------------------------------

static void put_csv_field(dosi_text *out, const char *bytes, size_t n_bytes) {
    bool is_bare = n_bytes > 0 && bytes[0] != ' ' && bytes[n_bytes - 1] != ' ';
    for (size_t i = 0; is_bare && i < n_bytes; i++) is_bare = !strchr("\",\r\n", bytes[i]);
    if (is_bare) {
        dosi_text_append(out, bytes, n_bytes);
        return;
    }
    dosi_text_putc(out, '"');
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] == '"') dosi_text_putc(out, '"');
        dosi_text_putc(out, bytes[i]);
    }
    dosi_text_putc(out, '"');
}

static void put_csv_cell(dosi_text *out,
                         const dosi_column *column,
                         size_t row,
                         const dosi_table_style *style,
                         dosi_text *scratch) {
    if (dosi_column_is_missing(column, row)) return;
    if (column->type == DOSI_TYPE_TEXT) {
        size_t n_bytes;
        const char *bytes = dosi_column_bytes(column, row, &n_bytes);
        put_csv_field(out, bytes, n_bytes);
    } else if (column->type == DOSI_TYPE_GEOMETRY) {
        dosi_text_clear(scratch);
        dosi_cell_put_text(scratch, column, row, style);
        if (scratch->length) put_csv_field(out, scratch->data, scratch->length);
    } else {
        dosi_cell_put_text(out, column, row, style);
    }
}

void dosi_table_put_csv(dosi_text *out,
                        const dosi_table *table,
                        const dosi_table_style *style) {
    assert(out && table);
    if (!style) style = &plain;
    dosi_text scratch = {0};
    for (size_t c = 0; c < table->n_columns; c++) {
        if (c) dosi_text_putc(out, ',');
        put_csv_field(out, table->columns[c].name, strlen(table->columns[c].name));
    }
    dosi_text_puts(out, "\r\n");
    size_t row;
    size_t end;
    rows_of(table, style, &row, &end);
    for (; row < end; row++) {
        for (size_t c = 0; c < table->n_columns; c++) {
            if (c) dosi_text_putc(out, ',');
            put_csv_cell(out, &table->columns[c], row, style, &scratch);
        }
        dosi_text_puts(out, "\r\n");
    }
    if (scratch.status != DOSI_OK && out->status == DOSI_OK) out->status = scratch.status;
    dosi_text_destroy(&scratch);
}

// --- JSON ----------------------------------------------------------------------------------

/// The members of a row, `skipped` (SIZE_MAX: none) left out, without braces.
static void put_members(dosi_text *out,
                        const dosi_table *table,
                        size_t row,
                        size_t skipped,
                        const dosi_table_style *style) {
    bool is_first = true;
    for (size_t c = 0; c < table->n_columns; c++) {
        if (c == skipped) continue;
        if (!is_first) dosi_text_putc(out, ',');
        is_first = false;
        dosi_text_put_json(out, table->columns[c].name, strlen(table->columns[c].name));
        dosi_text_putc(out, ':');
        dosi_cell_put_json(out, &table->columns[c], row, style);
    }
}

void dosi_table_put_json(dosi_text *out,
                         const dosi_table *table,
                         const dosi_table_style *style) {
    assert(out && table);
    if (!style) style = &plain;
    size_t first;
    size_t end;
    rows_of(table, style, &first, &end);
    dosi_text_putc(out, '[');
    for (size_t row = first; row < end; row++) {
        dosi_text_puts(out, row > first ? ",\n{" : "{");
        put_members(out, table, row, SIZE_MAX, style);
        dosi_text_putc(out, '}');
    }
    dosi_text_putc(out, ']');
}

void dosi_table_put_ndjson(dosi_text *out,
                           const dosi_table *table,
                           const dosi_table_style *style) {
    assert(out && table);
    if (!style) style = &plain;
    size_t row;
    size_t end;
    rows_of(table, style, &row, &end);
    for (; row < end; row++) {
        dosi_text_putc(out, '{');
        put_members(out, table, row, SIZE_MAX, style);
        dosi_text_puts(out, "}\n");
    }
}

void dosi_table_put_json_rows(dosi_text *out,
                              const dosi_table *table,
                              const dosi_table_style *style) {
    assert(out && table);
    if (!style) style = &plain;
    size_t first;
    size_t end;
    rows_of(table, style, &first, &end);
    dosi_text_putc(out, '[');
    for (size_t row = first; row < end; row++) {
        dosi_text_puts(out, row > first ? ",[" : "[");
        for (size_t c = 0; c < table->n_columns; c++) {
            if (c) dosi_text_putc(out, ',');
            dosi_cell_put_json(out, &table->columns[c], row, style);
        }
        dosi_text_putc(out, ']');
    }
    dosi_text_putc(out, ']');
}

dosi_status dosi_table_put_geojson(dosi_text *out,
                                   const dosi_table *table,
                                   const dosi_table_style *style,
                                   dosi_error *err) {
    assert(out && table);
    if (!style) style = &plain;
    size_t g = 0;
    while (g < table->n_columns && table->columns[g].type != DOSI_TYPE_GEOMETRY) g++;
    if (g == table->n_columns) {
        return dosi_fail(err, DOSI_INVALID, "GeoJSON needs a geometry column, there is none");
    }
    const dosi_column *geometry = &table->columns[g];
    if (geometry->srid != 4326 && geometry->srid != 0) {
        return dosi_fail(err, DOSI_INVALID,
                         "GeoJSON is in longitude and latitude, \"%s\" is in EPSG:%d",
                         geometry->name, geometry->srid);
    }
    size_t first;
    size_t end;
    rows_of(table, style, &first, &end);
    dosi_text_puts(out, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (size_t row = first; row < end; row++) {
        dosi_text_puts(out, row > first ? ",\n" : "\n");
        dosi_text_printf(out, "{\"type\":\"Feature\",\"id\":%zu,\"geometry\":", row + 1);
        dosi_cell_put_json(out, geometry, row, style);
        dosi_text_puts(out, ",\"properties\":{");
        put_members(out, table, row, g, style);
        dosi_text_puts(out, "}}");
    }
    dosi_text_puts(out, "]}\n");
    return DOSI_OK;
}
