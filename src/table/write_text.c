// A table for a terminal. Cells are spelled once, measured, then padded: width is counted in
// terminal columns, not bytes, so that Hangul lines up.

#include "table/write.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_CELL_WIDTH = 48 };

/// First and last code point of a range.
typedef struct range {
    uint32_t first, last;
} range;

/// East Asian Wide and Fullwidth, by block. Source: Unicode 15 EastAsianWidth.txt.
static const range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/// Combining marks, vowels and finals of decomposed Hangul, joiners.
static const range narrow_none[] = {
    {0x0300, 0x036f}, {0x1160, 0x11ff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
};

static bool is_in(uint32_t code, const range *ranges, size_t n_ranges) {
    for (size_t i = 0; i < n_ranges; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) return true;
    }
    return false;
}

/// The code point at `bytes` and how many bytes it takes; a bad byte counts as one.
static uint32_t decode(const char *bytes, size_t n_bytes, size_t *n_used) {
    const unsigned char *b = (const unsigned char *)bytes;
    size_t n = dosi_utf8_length(bytes, n_bytes);
    *n_used = n ? n : 1;
    if (n == 2) return (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
    if (n == 3) {
        return (uint32_t)(b[0] & 0x0f) << 12 | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    }
    if (n == 4) {
        return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3f) << 12 |
               (uint32_t)(b[2] & 0x3f) << 6 | (b[3] & 0x3f);
    }
    return b[0];
}

static size_t code_width(uint32_t code) {
    if (code < 0x300) return 1;
    if (is_in(code, narrow_none, sizeof narrow_none / sizeof narrow_none[0])) return 0;
    return is_in(code, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t dosi_text_width(const char *bytes, size_t n_bytes) {
    size_t width = 0;
    for (size_t i = 0; i < n_bytes;) {
        size_t n_used;
        width += code_width(decode(bytes + i, n_bytes - i, &n_used));
        i += n_used;
    }
    return width;
}

/// Appends at most `max_width` columns; control characters (which could steer the terminal) and
/// damaged bytes become spaces; what is cut ends in "...".
static void put_clean(dosi_text *out, const char *bytes, size_t n_bytes, size_t max_width) {
    bool is_cut = dosi_text_width(bytes, n_bytes) > max_width;
    size_t room = is_cut ? max_width - 3 : max_width;
    for (size_t i = 0; i < n_bytes;) {
        size_t n_used;
        uint32_t code = decode(bytes + i, n_bytes - i, &n_used);
        size_t width = code_width(code);
        if (width > room) break;
        room -= width;
        bool is_shown = code >= 0x20 && (code < 0x7f || code >= 0xa0) &&
                        dosi_utf8_length(bytes + i, n_bytes - i) > 0;
        if (is_shown) {
            dosi_text_append(out, bytes + i, n_used);
        } else {
            dosi_text_putc(out, ' ');
        }
        i += n_used;
    }
    if (is_cut) dosi_text_puts(out, "...");
}

/// The table being laid out.
typedef struct layout {
    const dosi_table *table;
    const dosi_table_style *style;
    size_t *widths; ///< (n_columns)
    size_t max_width;
    dosi_text cell; ///< Scratch: one cell, raw.
    dosi_text clean;
} layout;

static bool is_right(const dosi_column *column) {
    return column->type == DOSI_TYPE_INT || column->type == DOSI_TYPE_REAL;
}

/// Spells a cell into l->clean.
static void spell(layout *l, size_t c, size_t row) {
    dosi_text_clear(&l->cell);
    dosi_text_clear(&l->clean);
    dosi_cell_put_text(&l->cell, &l->table->columns[c], row, l->style);
    put_clean(&l->clean, dosi_text_string(&l->cell), l->cell.length, l->max_width);
}

static void spell_string(layout *l, const char *string) {
    dosi_text_clear(&l->clean);
    if (string) put_clean(&l->clean, string, strlen(string), l->max_width);
}

static size_t clean_width(const layout *l) {
    return dosi_text_width(dosi_text_string(&l->clean), l->clean.length);
}

static void put_spaces(dosi_text *out, size_t n) {
    for (size_t i = 0; i < n; i++) dosi_text_putc(out, ' ');
}

/// Appends l->clean padded to the column; no spaces at the end of a line.
static void put_padded(dosi_text *out, const layout *l, size_t c) {
    size_t width = clean_width(l);
    size_t pad = l->widths[c] > width ? l->widths[c] - width : 0;
    bool is_last = c + 1 == l->table->n_columns;
    if (is_right(&l->table->columns[c])) put_spaces(out, pad);
    dosi_text_puts(out, dosi_text_string(&l->clean));
    if (!is_right(&l->table->columns[c]) && !is_last) put_spaces(out, pad);
    dosi_text_puts(out, is_last ? "\n" : "  ");
}

static void widen(layout *l, size_t c) {
    size_t width = clean_width(l);
    if (width > l->widths[c]) l->widths[c] = width;
}

static void measure(layout *l, size_t first, size_t end) {
    for (size_t c = 0; c < l->table->n_columns; c++) {
        spell_string(l, l->table->columns[c].name);
        widen(l, c);
        spell_string(l, l->table->columns[c].unit);
        widen(l, c);
        for (size_t row = first; row < end; row++) {
            spell(l, c, row);
            widen(l, c);
        }
    }
}

static void put_head(dosi_text *out, layout *l) {
    bool has_units = false;
    for (size_t c = 0; c < l->table->n_columns; c++) {
        spell_string(l, l->table->columns[c].name);
        put_padded(out, l, c);
        has_units = has_units || l->table->columns[c].unit;
    }
    for (size_t c = 0; has_units && c < l->table->n_columns; c++) {
        spell_string(l, l->table->columns[c].unit);
        put_padded(out, l, c);
    }
    for (size_t c = 0; c < l->table->n_columns; c++) {
        for (size_t i = 0; i < l->widths[c]; i++) dosi_text_putc(out, '-');
        dosi_text_puts(out, c + 1 == l->table->n_columns ? "\n" : "  ");
    }
}

void dosi_table_put_text(dosi_text *out,
                         const dosi_table *table,
                         const dosi_table_style *style) {
    assert(out && table);
    static const dosi_table_style plain = {0};
    if (!style) style = &plain;
    if (table->n_columns == 0) return;
    layout l = {.table = table, .style = style, .max_width = style->max_cell_width};
    if (l.max_width == 0) l.max_width = DEFAULT_CELL_WIDTH;
    if (l.max_width < 4) l.max_width = 4;
    l.widths = calloc(table->n_columns, sizeof *l.widths);
    if (!l.widths) {
        if (out->status == DOSI_OK) out->status = DOSI_NO_MEMORY;
        return;
    }
    size_t first = style->first_row < table->n_rows ? style->first_row : table->n_rows;
    size_t n_left = table->n_rows - first;
    size_t end = first + (style->n_rows && style->n_rows < n_left ? style->n_rows : n_left);
    measure(&l, first, end);
    put_head(out, &l);
    for (size_t row = first; row < end; row++) {
        for (size_t c = 0; c < table->n_columns; c++) {
            spell(&l, c, row);
            put_padded(out, &l, c);
        }
    }
    free(l.widths);
    dosi_text_destroy(&l.cell);
    dosi_text_destroy(&l.clean);
}
