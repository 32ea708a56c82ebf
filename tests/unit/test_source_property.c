// Goal: what is written as CSV in any dialect reads back the same. Method: random tables of
// every type, random delimiter, line ends, quoting, encoding and byte order mark, from a seed
// that DOSI_TEST_SEED replays.

#include "source_test.h"

#include "dosi/random.h"
#include "dosi/text.h"

enum { N_TABLES = 150, MOST_COLUMNS = 7, MOST_ROWS = 900 };

/// A way to write CSV.
typedef struct dialect {
    char delimiter;
    const char *line_end;
    unsigned quote_percent; ///< Of cells that need no quotes.
    const char *encoding;
    bool has_mark;
    bool ends_with_break;
} dialect;

static dialect any_dialect(dosi_random *random) {
    static const char *const encodings[] = {"UTF-8", "CP949", "UTF-16LE"};
    dialect d = {.delimiter = ",\t;|"[dosi_random_below(random, 4)],
                 .line_end = dosi_random_below(random, 2) ? "\n" : "\r\n",
                 .quote_percent = dosi_random_below(random, 3) * 40,
                 .encoding = encodings[dosi_random_below(random, 3)]};
    d.has_mark = dosi_random_below(random, 2) && strcmp(d.encoding, "CP949") != 0;
    d.ends_with_break = dosi_random_below(random, 4) != 0;
    return d;
}

/// Words with everything that needs care in CSV; never what reads as a number or as missing.
static void put_words(dosi_text *out, dosi_random *random) {
    static const char *const pieces[] = {"서울", "강남구", "a",  "x y", ",",      "\"",  "\n",
                                         ";",    "|",      "\t", "'",   "측정소", "\"\""};
    dosi_text_puts(out, "가");
    uint32_t n = dosi_random_below(random, 5);
    for (uint32_t i = 0; i < n; i++) dosi_text_puts(out, pieces[dosi_random_below(random, 13)]);
    dosi_text_puts(out, "z");
}

static void put_plain(dosi_text *out, dosi_type type, dosi_random *random) {
    int day = 1 + (int)dosi_random_below(random, 28);
    int month = 1 + (int)dosi_random_below(random, 12);
    if (type == DOSI_TYPE_INT) {
        dosi_text_put_int(out, (int64_t)dosi_random_below(random, 2000000) - 1000000);
    } else if (type == DOSI_TYPE_REAL) {
        dosi_text_put_real(out, dosi_random_normal(random) * 1e3 + 0.5);
    } else if (type == DOSI_TYPE_BOOL) {
        dosi_text_puts(out, dosi_random_below(random, 2) ? "true" : "false");
    } else if (type == DOSI_TYPE_DATE) {
        dosi_text_printf(out, "2020-%02d-%02d", month, day);
    } else if (type == DOSI_TYPE_TIME) {
        dosi_text_printf(out, "2020-%02d-%02dT%02u:30:00", month, day,
                         dosi_random_below(random, 24));
    } else {
        put_words(out, random);
    }
}

/// The cells of a table as text, row by row.
typedef struct cells {
    size_t n_rows, n_columns;
    dosi_type types[MOST_COLUMNS];
    dosi_text text[MOST_ROWS * MOST_COLUMNS]; ///< Empty: missing.
} cells;

static void make_cells(cells *all, dosi_random *random) {
    static const dosi_type types[] = {DOSI_TYPE_INT,  DOSI_TYPE_REAL, DOSI_TYPE_BOOL,
                                      DOSI_TYPE_DATE, DOSI_TYPE_TIME, DOSI_TYPE_TEXT};
    all->n_columns = 2 + dosi_random_below(random, MOST_COLUMNS - 1);
    all->n_rows = 30 + dosi_random_below(random, MOST_ROWS - 30);
    for (size_t c = 0; c < all->n_columns; c++) {
        all->types[c] = c == 0 ? DOSI_TYPE_TEXT : types[dosi_random_below(random, 6)];
    }
    for (size_t i = 0; i < all->n_rows * all->n_columns; i++) {
        dosi_text_clear(&all->text[i]);
        bool is_missing = i % all->n_columns && dosi_random_below(random, 10) == 0;
        if (!is_missing) put_plain(&all->text[i], all->types[i % all->n_columns], random);
    }
}

static void put_cell(dosi_text *out,
                     const dosi_text *cell,
                     const dialect *d,
                     dosi_random *random) {
    const char *bytes = dosi_text_string(cell);
    bool needs_quotes = strpbrk(bytes, ",;|\t\"\n") != NULL;
    if (!needs_quotes &&
        (!cell->length || dosi_random_below(random, 100) >= d->quote_percent)) {
        dosi_text_puts(out, bytes);
        return;
    }
    dosi_text_putc(out, '"');
    for (; *bytes; bytes++) {
        if (*bytes == '"') dosi_text_putc(out, '"');
        dosi_text_putc(out, *bytes);
    }
    dosi_text_putc(out, '"');
}

static void put_csv(dosi_text *out, const cells *all, const dialect *d, dosi_random *random) {
    if (d->has_mark) dosi_text_puts(out, "\xEF\xBB\xBF");
    for (size_t c = 0; c < all->n_columns; c++) {
        if (c) dosi_text_putc(out, d->delimiter);
        dosi_text_printf(out, "열 %zu", c);
    }
    dosi_text_puts(out, d->line_end);
    for (size_t i = 0; i < all->n_rows * all->n_columns; i++) {
        put_cell(out, &all->text[i], d, random);
        bool is_last = (i + 1) % all->n_columns == 0;
        if (!is_last) dosi_text_putc(out, d->delimiter);
        bool is_end = i + 1 == all->n_rows * all->n_columns;
        if (is_last && (!is_end || d->ends_with_break)) dosi_text_puts(out, d->line_end);
    }
}

/// Whether the cell of the table has the value that was written.
static bool is_same(const dosi_column *column, size_t row, const dosi_text *cell) {
    if (dosi_column_is_missing(column, row)) return cell->length == 0;
    const char *bytes = dosi_text_string(cell);
    if (column->type == DOSI_TYPE_TEXT) {
        size_t n = 0;
        const char *read = dosi_column_bytes(column, row, &n);
        return n == cell->length && memcmp(read, bytes, n) == 0;
    }
    if (column->type == DOSI_TYPE_REAL || column->type == DOSI_TYPE_INT) {
        return dosi_column_real(column, row) == strtod(bytes, NULL);
    }
    if (column->type == DOSI_TYPE_BOOL) return column->data.boolean[row] == (*bytes == 't');
    dosi_time time = 0;
    if (dosi_time_parse_iso(bytes, cell->length, 0, &time, NULL) != DOSI_OK) return false;
    int64_t read = column->data.integer[row];
    return read == (column->type == DOSI_TYPE_DATE ? time / DOSI_DAY_US : time);
}

static void check_round(uint64_t seed, uint64_t stream, cells *all) {
    dosi_random random = dosi_random_init(seed, stream);
    dialect d = any_dialect(&random);
    dosi_text csv = {0};
    make_cells(all, &random);
    put_csv(&csv, all, &d, &random);
    assert_int_equal(csv.status, DOSI_OK);
    size_t n = 0;
    char *bytes = recode(csv.data, d.encoding, &n);
    dosi_source_result r = {0};
    dosi_error err = {""};
    CHECK_OK(read_bytes("random.csv", bytes, n, NULL, &r, &err), err);
    if (r.table.n_rows != all->n_rows || r.rejects.n_rows) {
        fail_msg("seed %llu stream %llu: %zu rows of %zu, %zu rejected\n%s",
                 (unsigned long long)seed, (unsigned long long)stream, r.table.n_rows,
                 all->n_rows, r.rejects.n_rows, dosi_text_string(&r.decisions));
    }
    for (size_t i = 0; i < all->n_rows * all->n_columns; i++) {
        size_t c = i % all->n_columns;
        const dosi_column *column = &r.table.columns[c];
        assert_int_equal(column->type, all->types[c]);
        if (is_same(column, i / all->n_columns, &all->text[i])) continue;
        fail_msg("seed %llu stream %llu: row %zu column %zu wrote \"%s\"",
                 (unsigned long long)seed, (unsigned long long)stream, i / all->n_columns, c,
                 dosi_text_string(&all->text[i]));
    }
    free(bytes);
    dosi_text_destroy(&csv);
    dosi_source_result_clear(&r);
}

static void any_table_in_any_dialect_reads_back_the_same(void **state) {
    (void)state;
    cells *all = calloc(1, sizeof *all);
    assert_non_null(all);
    for (uint64_t i = 0; i < N_TABLES; i++) check_round(test_seed(), i, all);
    for (size_t i = 0; i < sizeof all->text / sizeof all->text[0]; i++) {
        dosi_text_destroy(&all->text[i]);
    }
    free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_table_in_any_dialect_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
