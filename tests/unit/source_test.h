/// @file source_test.h
/// Reading small files that a test writes, and looking at what came out.
#ifndef DOSI_SOURCE_TEST_H
#define DOSI_SOURCE_TEST_H

#include "test.h"

#include "source/reader.h"

#include <iconv.h>

/// Reads `n_bytes` as the file `name`; `out` is cleared first.
static inline dosi_status read_bytes(const char *name,
                                     const char *bytes,
                                     size_t n_bytes,
                                     const dosi_source_options *options,
                                     dosi_source_result *out,
                                     dosi_error *err) {
    char folder[] = "/tmp/dosi-source-XXXXXX";
    char path[256];
    if (!mkdtemp(folder)) return DOSI_IO;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n_bytes, file) != n_bytes || fclose(file) != 0)
        return DOSI_IO;
    dosi_source_result_clear(out);
    dosi_status status = dosi_source_read(path, options, NULL, out, err);
    (void)remove(path);
    (void)remove(folder);
    return status;
}

/// Reads a string as a CSV file and expects that it works.
static inline void read_text(const char *text,
                             const dosi_source_options *options,
                             dosi_source_result *out) {
    dosi_error err = {""};
    CHECK_OK(read_bytes("test.csv", text, strlen(text), options, out, &err), err);
}

/// `text` in another encoding; the caller frees.
static inline char *recode(const char *text, const char *encoding, size_t *n_bytes) {
    iconv_t converter = iconv_open(encoding, "UTF-8");
    assert_true((intptr_t)converter != -1);
    size_t capacity = strlen(text) * 4 + 16;
    char *bytes = calloc(1, capacity);
    assert_non_null(bytes);
    char *copy = strdup(text);
    char *in = copy;
    char *to = bytes;
    size_t n_in = strlen(text);
    size_t n_left = capacity;
    assert_int_equal(iconv(converter, &in, &n_in, &to, &n_left), 0);
    (void)iconv_close(converter);
    free(copy);
    *n_bytes = capacity - n_left;
    return bytes;
}

/// Fails unless the text cell is `expected` (NULL: missing).
static inline void check_text(const dosi_source_result *r,
                              const char *column,
                              size_t row,
                              const char *expected) {
    size_t c = dosi_table_find(&r->table, column);
    if (c == SIZE_MAX) fail_msg("no column %s; %s", column, dosi_text_string(&r->decisions));
    if (c >= r->table.n_columns || !r->table.columns) return;
    assert_int_equal(r->table.columns[c].type, DOSI_TYPE_TEXT);
    size_t n = 0;
    const char *bytes = dosi_column_bytes(&r->table.columns[c], row, &n);
    if (!expected) {
        assert_null(bytes);
        return;
    }
    if (!bytes || n != strlen(expected) || memcmp(bytes, expected, n) != 0) {
        fail_msg("%s[%zu] is \"%.*s\", expected \"%s\"", column, row, (int)n,
                 bytes ? bytes : "", expected);
    }
}

/// Fails unless the column has the type.
static inline const dosi_column *check_type(const dosi_source_result *r,
                                            const char *column,
                                            dosi_type type) {
    size_t c = dosi_table_find(&r->table, column);
    if (c == SIZE_MAX) fail_msg("no column %s; %s", column, dosi_text_string(&r->decisions));
    if (r->table.columns[c].type != type) {
        fail_msg("%s is %s, expected %s", column, dosi_type_name(r->table.columns[c].type),
                 dosi_type_name(type));
    }
    return &r->table.columns[c];
}

/// Fails unless the time cell reads `expected` ("2020-02-01T01:00:00").
static inline void check_time(const dosi_source_result *r,
                              const char *column,
                              size_t row,
                              const char *expected) {
    const dosi_column *c = check_type(r, column, DOSI_TYPE_TIME);
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(c->data.integer[row], INT32_MIN, text);
    assert_string_equal(text, expected);
}

/// Fails unless reject `i` is in that line and column, for that reason (a part of it).
static inline void check_reject(const dosi_source_result *r,
                                size_t i,
                                int64_t line,
                                const char *column,
                                const char *reason) {
    assert_true(i < r->rejects.n_rows);
    assert_int_equal(r->rejects.columns[1].data.integer[i], line);
    size_t n = 0;
    const char *bytes = dosi_column_bytes(&r->rejects.columns[2], i, &n);
    if (column) {
        assert_non_null(bytes);
        assert_int_equal(n, strlen(column));
        assert_memory_equal(bytes, column, n);
    } else {
        assert_null(bytes);
    }
    bytes = dosi_column_bytes(&r->rejects.columns[4], i, &n);
    if (!memmem(bytes, n, reason, strlen(reason))) {
        fail_msg("reason is \"%.*s\", expected \"%s\"", (int)n, bytes, reason);
    }
}

/// Fails unless the decisions hold the text.
static inline void check_said(const dosi_source_result *r, const char *text) {
    if (!strstr(dosi_text_string(&r->decisions), text)) {
        fail_msg("\"%s\" is not in:\n%s", text, dosi_text_string(&r->decisions));
    }
}

#endif // DOSI_SOURCE_TEST_H
