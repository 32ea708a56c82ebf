// Which of the first rows are titles, names and units. A header is a row of words above columns
// of something else.

#include "source/header.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TITLES = 40, LOOK_ROWS = 60, NAME_BYTES = 256, WIDE = 6 };

/// What a cell is as far as headers are concerned.
typedef enum cell_group {
    GROUP_NONE,
    GROUP_NUMBER,
    GROUP_TIME,
    GROUP_WORD,
    N_GROUPS
} cell_group;

static cell_group group_of(const char *bytes, size_t n_bytes) {
    if (!bytes) return GROUP_NONE;
    switch (dosi_value_classify(bytes, n_bytes)) {
    case DOSI_VALUE_MISSING:
        return GROUP_NONE;
    case DOSI_VALUE_TEXT:
    case DOSI_VALUE_BOOL:
        return GROUP_WORD;
    case DOSI_VALUE_DATE:
    case DOSI_VALUE_TIME:
    case DOSI_VALUE_BAD_DATE:
        return GROUP_TIME;
    default:
        return GROUP_NUMBER;
    }
}

static cell_group group_at(const dosi_sample *sample, size_t row, size_t column) {
    size_t n_bytes = 0;
    const char *bytes = dosi_sample_cell_at(sample, row, column, &n_bytes);
    return group_of(bytes, n_bytes);
}

static size_t n_filled(const dosi_sample *sample, size_t row) {
    size_t n = 0;
    for (size_t c = 0; c < sample->rows[row].n_cells; c++) {
        size_t n_bytes = 0;
        n += dosi_sample_cell_at(sample, row, c, &n_bytes) && n_bytes > 0;
    }
    return n;
}

/// The number of cells that most rows have; the larger of two equally frequent ones.
static size_t usual_width(const dosi_sample *sample) {
    size_t best = 0;
    size_t best_count = 0;
    for (size_t i = 0; i < sample->n_rows; i++) {
        if (sample->rows[i].is_damaged) continue;
        size_t width = sample->rows[i].n_cells;
        size_t count = 0;
        for (size_t j = 0; j < sample->n_rows; j++) {
            count += !sample->rows[j].is_damaged && sample->rows[j].n_cells == width;
        }
        if (count > best_count || (count == best_count && width > best)) {
            best = width;
            best_count = count;
        }
    }
    return best;
}

/// Whether a row has the width of the table; further cells may be there when they are empty.
static bool has_width(const dosi_sample *sample, size_t row, size_t width) {
    if (sample->rows[row].n_cells < width) return false;
    for (size_t c = width; c < sample->rows[row].n_cells; c++) {
        size_t n_bytes = 0;
        if (dosi_sample_cell_at(sample, row, c, &n_bytes) && n_bytes) return false;
    }
    return true;
}

static bool is_title(const dosi_sample *sample, size_t row, size_t width) {
    if (sample->rows[row].is_damaged || !has_width(sample, row, width)) return true;
    size_t filled = n_filled(sample, row);
    // Much emptier than the row below: a form's head rather than names.
    if (row + 1 < sample->n_rows && filled * 3 <= n_filled(sample, row + 1)) return true;
    return filled == 0 || (width > 2 && filled == 1) || (width >= WIDE && filled <= 2);
}

static size_t count_titles(const dosi_sample *sample, size_t width) {
    size_t row = 0;
    while (row + 1 < sample->n_rows && row < MOST_TITLES && is_title(sample, row, width)) row++;
    // When nothing but "titles" comes, the file just looks odd: skip none.
    return row < MOST_TITLES && (row + 1 < sample->n_rows || !is_title(sample, row, width))
               ? row
               : 0;
}

/// What the rows from `first` on mostly hold in a column.
static cell_group group_below(const dosi_sample *sample, size_t first, size_t column) {
    size_t n[N_GROUPS] = {0};
    for (size_t r = first; r < sample->n_rows && r < first + LOOK_ROWS; r++) {
        if (!sample->rows[r].is_damaged) n[group_at(sample, r, column)]++;
    }
    if (n[GROUP_NUMBER] + n[GROUP_TIME] + n[GROUP_WORD] == 0) return GROUP_NONE;
    if (n[GROUP_NUMBER] >= n[GROUP_TIME] && n[GROUP_NUMBER] >= n[GROUP_WORD]) {
        return GROUP_NUMBER;
    }
    return n[GROUP_TIME] >= n[GROUP_WORD] ? GROUP_TIME : GROUP_WORD;
}

/// Whether the cell to the left or right has the next number: hours 1, 2, 3...
static bool is_counting(const dosi_sample *sample, size_t row, size_t column, int64_t value) {
    for (int step = -1; step <= 1; step += 2) {
        size_t n_bytes = 0;
        int64_t beside = 0;
        if (step < 0 && column == 0) continue;
        size_t place = step < 0 ? column - 1 : column + 1;
        const char *bytes = dosi_sample_cell_at(sample, row, place, &n_bytes);
        if (bytes && dosi_value_int(bytes, n_bytes, &beside) && beside == value + step)
            return true;
    }
    return false;
}

/// Whether a number or date can be the name of a column: a year, a month, one of a count.
static bool is_label(const dosi_sample *sample, size_t row, size_t column) {
    size_t n_bytes = 0;
    const char *bytes = dosi_sample_cell_at(sample, row, column, &n_bytes);
    int64_t year = 0;
    if (!bytes) return false;
    if (dosi_value_int(bytes, n_bytes, &year)) {
        return (year >= 1900 && year <= 2100) || is_counting(sample, row, column, year);
    }
    return dosi_value_classify(bytes, n_bytes) == DOSI_VALUE_DATE;
}

/// Whether the cell comes again further down (the row below may be a second header).
static bool repeats_below(const dosi_sample *sample, size_t row, size_t column) {
    size_t n_bytes = 0;
    const char *bytes = dosi_sample_cell_at(sample, row, column, &n_bytes);
    for (size_t r = row + 2; r < sample->n_rows && r < row + LOOK_ROWS; r++) {
        size_t n_below = 0;
        const char *below = dosi_sample_cell_at(sample, r, column, &n_below);
        if (below && n_below == n_bytes && memcmp(bytes, below, n_bytes) == 0) return true;
    }
    return false;
}

/// What speaks for a row being names, and what against.
typedef struct evidence {
    size_t n_for, n_against, n_empty;
} evidence;

static evidence weigh(const dosi_sample *sample, size_t row, size_t first_data, size_t width) {
    evidence e = {0, 0, 0};
    for (size_t c = 0; c < width; c++) {
        cell_group here = group_at(sample, row, c);
        cell_group below = group_below(sample, first_data, c);
        bool is_value_below = below == GROUP_NUMBER || below == GROUP_TIME;
        if (here == GROUP_NONE) {
            e.n_empty++;
        } else if (here == GROUP_WORD) {
            e.n_for += is_value_below;
            e.n_against += below == GROUP_WORD && repeats_below(sample, row, c);
        } else if (!(is_label(sample, row, c) && below == GROUP_NUMBER)) {
            e.n_against++;
        }
    }
    return e;
}

static bool is_header(const dosi_sample *sample, size_t row, size_t width) {
    evidence e = weigh(sample, row, row + 1, width);
    if (e.n_for || e.n_against) return e.n_for > e.n_against;
    return e.n_empty == 0;
}

/// Whether the row's cells leave names open: empty, or the same as the cell to the left.
static bool has_merged(const dosi_sample *sample, size_t row, size_t width) {
    for (size_t c = 1; c < width; c++) {
        size_t n_left = 0;
        size_t n_here = 0;
        const char *left = dosi_sample_cell_at(sample, row, c - 1, &n_left);
        const char *here = dosi_sample_cell_at(sample, row, c, &n_here);
        if (!here || n_here == 0) return true;
        if (left && n_left == n_here && memcmp(left, here, n_here) == 0) return true;
    }
    return false;
}

static bool is_second_header(const dosi_sample *sample, size_t row, size_t width) {
    if (row + 1 >= sample->n_rows || !has_width(sample, row, width)) return false;
    if (!has_merged(sample, row - 1, width)) return false;
    bool is_above_values = false;
    for (size_t c = 0; c < width; c++) {
        cell_group here = group_at(sample, row, c);
        if (here == GROUP_NUMBER || here == GROUP_TIME) return false;
        cell_group below = group_below(sample, row + 1, c);
        is_above_values |= here == GROUP_WORD && below == GROUP_NUMBER;
    }
    return is_above_values;
}

/// The unit in a cell: "ppm", "(ppm)", "[ppm]".
static const char *unit_in(const char *bytes, size_t n_bytes) {
    if (!bytes) return NULL;
    const char *unit = dosi_unit_find(bytes, n_bytes);
    if (unit || n_bytes < 3) return unit;
    bool is_bracketed = (bytes[0] == '(' && bytes[n_bytes - 1] == ')') ||
                        (bytes[0] == '[' && bytes[n_bytes - 1] == ']');
    return is_bracketed ? dosi_unit_find(bytes + 1, n_bytes - 2) : NULL;
}

static bool is_units_row(const dosi_sample *sample, size_t row, size_t width) {
    if (row >= sample->n_rows || !has_width(sample, row, width)) return false;
    size_t n_units = 0;
    for (size_t c = 0; c < width; c++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_sample_cell_at(sample, row, c, &n_bytes);
        if (!bytes || n_bytes == 0 || (n_bytes == 1 && *bytes == '-')) continue;
        if (n_bytes == strlen("단위") && memcmp(bytes, "단위", n_bytes) == 0) continue;
        if (!unit_in(bytes, n_bytes)) return false;
        n_units++;
    }
    return n_units > 0;
}

/// Cuts "(ppm)" off the end of a name; returns the unit, or NULL when there is none.
static const char *cut_unit(char *name) {
    size_t length = strlen(name);
    if (length < 4) return NULL;
    char close = name[length - 1];
    if (close != ')' && close != ']') return NULL;
    char *open = NULL;
    for (int depth = 0, i = (int)length - 1; i >= 0 && !open; i--) {
        depth += (name[i] == close) - (name[i] == (close == ')' ? '(' : '['));
        if (depth == 0) open = name + i;
    }
    if (!open || open == name) return NULL;
    const char *inside = open + 1;
    size_t n_inside = length - 1 - (size_t)(inside - name);
    dosi_value_trim(&inside, &n_inside);
    const char *unit = dosi_unit_find(inside, n_inside);
    if (!unit) return NULL;
    while (open > name && open[-1] == ' ') open--;
    *open = '\0';
    return unit;
}

/// Appends a cell to a name with white space collapsed, as far as it fits.
static void append_words(char *name, const char *bytes, size_t n_bytes) {
    size_t length = strlen(name);
    for (size_t i = 0; i < n_bytes; i++) {
        size_t n = dosi_utf8_length(bytes + i, n_bytes - i);
        if (n == 0) continue;
        if (length + n >= NAME_BYTES) break;
        bool is_space = (unsigned char)bytes[i] <= ' ';
        if (is_space && (length == 0 || name[length - 1] == ' ')) continue;
        memcpy(name + length, bytes + i, n);
        if (is_space) name[length] = ' ';
        length += n;
        i += n - 1;
    }
    name[length] = '\0';
}

/// The cell that names a column in a header row: its own, or under a merged one the nearest
/// filled cell to the left (not for the last header row).
static const char *naming_cell(
    const dosi_sample *sample, size_t row, size_t column, bool is_last, size_t *n_bytes) {
    const char *bytes = dosi_sample_cell_at(sample, row, column, n_bytes);
    while (!is_last && (!bytes || *n_bytes == 0) && column > 0) {
        bytes = dosi_sample_cell_at(sample, row, --column, n_bytes);
    }
    return bytes;
}

static void make_name(const dosi_sample *sample,
                      const dosi_layout *layout,
                      size_t column,
                      char *name) {
    const char *above = NULL;
    size_t n_above = 0;
    name[0] = '\0';
    for (size_t i = 0; i < layout->n_header_rows; i++) {
        size_t n_bytes = 0;
        bool is_last = i + 1 == layout->n_header_rows;
        const char *bytes =
            naming_cell(sample, layout->n_skipped + i, column, is_last, &n_bytes);
        if (!bytes || n_bytes == 0) continue;
        if (above && n_above == n_bytes && memcmp(above, bytes, n_bytes) == 0) continue;
        if (name[0]) append_words(name, " / ", 3);
        append_words(name, bytes, n_bytes);
        above = bytes;
        n_above = n_bytes;
    }
}

/// The column among the first `n` that has a name; SIZE_MAX: none.
static size_t find_name(const dosi_layout *layout, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(layout->names[i], name) == 0) return i;
    }
    return SIZE_MAX;
}

/// Gives column `c` its name, made unique.
/// @param next  (n_columns + 1) the least number that may be free behind the name of a column,
///              and behind that of columns without: 0: not yet asked for.
static dosi_status keep_name(
    dosi_layout *layout, size_t c, const char *name, size_t *next, dosi_text *said) {
    char unique[NAME_BYTES + 32];
    (void)snprintf(unique, sizeof unique, "%s", name);
    if (!name[0]) (void)snprintf(unique, sizeof unique, "column_%zu", c + 1);
    size_t first = find_name(layout, c, unique);
    size_t *number = &next[name[0] && first != SIZE_MAX ? first : layout->n_columns];
    if (*number < 2) *number = 2;
    for (bool is_taken = first != SIZE_MAX; is_taken; ++*number) {
        (void)snprintf(unique, sizeof unique, "%s_%zu", name[0] ? name : "column", *number);
        is_taken = find_name(layout, c, unique) != SIZE_MAX;
    }
    if (layout->n_header_rows && strcmp(unique, name) != 0) {
        dosi_text_printf(said, "name: column %zu \"%s\" -> %s (%s)\n", c + 1, name, unique,
                         name[0] ? "the name comes twice" : "no name in the header");
    }
    layout->names[c] = dosi_string_copy(unique);
    return layout->names[c] ? DOSI_OK : DOSI_NO_MEMORY;
}

static dosi_status name_each(const dosi_sample *sample,
                             dosi_layout *layout,
                             size_t *next,
                             dosi_text *said) {
    for (size_t c = 0; c < layout->n_columns; c++) {
        char name[NAME_BYTES + 8];
        make_name(sample, layout, c, name);
        const char *unit = cut_unit(name);
        if (unit) dosi_text_printf(said, "unit: %s in %s (from the header)\n", name, unit);
        if (layout->has_units_row) {
            size_t n_bytes = 0;
            const char *bytes = dosi_sample_cell_at(
                sample, layout->n_skipped + layout->n_header_rows, c, &n_bytes);
            const char *below = unit_in(bytes, n_bytes);
            if (below) unit = below;
        }
        if (unit && !(layout->units[c] = dosi_string_copy(unit))) return DOSI_NO_MEMORY;
        DOSI_TRY(keep_name(layout, c, name, next, said));
    }
    return DOSI_OK;
}

static dosi_status name_columns(const dosi_sample *sample,
                                dosi_layout *layout,
                                dosi_text *said) {
    layout->names = calloc(layout->n_columns, sizeof *layout->names);
    layout->units = calloc(layout->n_columns, sizeof *layout->units);
    size_t *next = calloc(layout->n_columns + 1, sizeof *next);
    bool is_whole = layout->names && layout->units && next;
    dosi_status status = is_whole ? name_each(sample, layout, next, said) : DOSI_NO_MEMORY;
    free(next);
    return status;
}

static size_t detect_header_rows(const dosi_sample *sample, size_t first, size_t width) {
    if (!is_header(sample, first, width)) return 0;
    size_t n = 1;
    while (n < DOSI_HEADER_ROWS && is_second_header(sample, first + n, width)) n++;
    return n;
}

static void say_layout(const dosi_sample *sample,
                       const dosi_layout *layout,
                       bool is_given,
                       dosi_text *said) {
    for (size_t r = 0; r < layout->n_skipped; r++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_sample_cell_at(sample, r, 0, &n_bytes);
        dosi_text_printf(said, "title: row %zu left out: \"%.*s\" (not a row of %zu cells)\n",
                         sample->rows[r].line, n_bytes > 80 ? 80 : (int)n_bytes,
                         bytes ? bytes : "", layout->n_columns);
    }
    dosi_text_printf(said, "header: %zu row%s (%s)\n", layout->n_header_rows,
                     layout->n_header_rows == 1 ? "" : "s",
                     is_given                    ? "as given"
                     : layout->n_header_rows > 1 ? "merged names, completed by the row below"
                     : layout->n_header_rows     ? "words above values"
                                                 : "the first row looks like the others");
    if (layout->has_units_row) dosi_text_puts(said, "units: a row of units below the names\n");
}

dosi_status dosi_layout_find(const dosi_sample *sample,
                             int header_rows,
                             bool has_names,
                             dosi_layout *out,
                             dosi_text *decisions,
                             dosi_error *err) {
    assert(sample && out && decisions);
    dosi_layout layout = {.n_columns = usual_width(sample)};
    if (layout.n_columns == 0) return dosi_fail(err, DOSI_PARSE, "no row of cells in it");
    if (layout.n_columns > DOSI_SOURCE_COLUMNS) {
        return dosi_fail(err, DOSI_LIMIT, "%zu columns, more than %d", layout.n_columns,
                         DOSI_SOURCE_COLUMNS);
    }
    if (has_names) {
        layout.n_header_rows = 1;
    } else {
        layout.n_skipped = count_titles(sample, layout.n_columns);
        size_t n_left = sample->n_rows - layout.n_skipped;
        layout.n_header_rows =
            header_rows == 0 ? detect_header_rows(sample, layout.n_skipped, layout.n_columns)
                             : (header_rows < 0 ? 0 : (size_t)header_rows);
        if (layout.n_header_rows > n_left) layout.n_header_rows = n_left;
        layout.has_units_row =
            header_rows == 0 && layout.n_header_rows &&
            is_units_row(sample, layout.n_skipped + layout.n_header_rows, layout.n_columns);
        say_layout(sample, &layout, header_rows != 0, decisions);
    }
    dosi_status status = name_columns(sample, &layout, decisions);
    if (status != DOSI_OK) {
        dosi_layout_clear(&layout);
        return dosi_fail(err, status, "no memory for the names of %zu columns",
                         layout.n_columns);
    }
    *out = layout;
    return DOSI_OK;
}

void dosi_layout_clear(dosi_layout *layout) {
    assert(layout);
    for (size_t i = 0; i < layout->n_columns; i++) {
        if (layout->names) free(layout->names[i]);
        if (layout->units) free(layout->units[i]);
    }
    free(layout->names);
    free(layout->units);
    *layout = (dosi_layout){0};
}
