// Reading the audit log: checking its chain from the first record on, and showing its end.

#include "govern/audit.h"
#include "govern/audit_line.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_EVERY = 4096, BLOCK_BYTES = 1 << 16, FILE_BUFFER_BYTES = 1 << 20 };

/// The check under way.
typedef struct check {
    dosi_audit_head head; ///< Where the log ended when the check began.
    unsigned char hash[DOSI_AUDIT_HASH_BYTES];
    uint64_t segment, line;
    dosi_audit_report *report;
    const dosi_run *run;
    dosi_audit_memory *memory;
    bool trusts_known;
    char *buffer;
    size_t capacity;
} check;

/// Notes the first fault.
static void find(check *c, uint64_t number, const char *format, uint64_t a, uint64_t b) {
    dosi_audit_report *report = c->report;
    report->is_whole = false;
    report->first_bad = number;
    report->line = c->line;
    (void)snprintf(report->file, sizeof report->file, "audit/%08llu.jsonl",
                   (unsigned long long)c->segment);
    // The formats are the literals below, each with at most two numbers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(report->finding, sizeof report->finding, format, (unsigned long long)a,
                   (unsigned long long)b);
#pragma GCC diagnostic pop
}

/// Keeps the time of a good record.
static void keep_time(check *c, const char *line, size_t n_bytes) {
    static const char key[] = "\"utc\":\"";
    const char *at = memmem(line, n_bytes < 64 ? n_bytes : 64, key, sizeof key - 1);
    if (!at) return;
    at += sizeof key - 1;
    const char *end = memchr(at, '"', (size_t)(line + n_bytes - at));
    size_t length = end ? (size_t)(end - at) : 0;
    if (length >= sizeof c->report->until_utc) return;
    memcpy(c->report->until_utc, at, length);
    c->report->until_utc[length] = '\0';
}

/// Checks one line; false at the first fault.
static bool check_line(check *c, const char *bytes, size_t n_bytes) {
    uint64_t expected = c->report->n_records + 1;
    dosi_audit_line line;
    if (expected > c->head.n_records) {
        find(c, expected, "record %llu was inserted: the log ends with record %llu", expected,
             c->head.n_records);
    } else if (!dosi_audit_line_read(bytes, n_bytes, &line)) {
        find(c, expected, "record %llu was changed: line %llu is not a record", expected,
             c->line);
    } else if (!line.is_unchanged) {
        find(c, expected, "record %llu was changed: its hash does not fit (line %llu)",
             expected, c->line);
    } else if (line.number > expected) {
        find(c, expected, "record %llu was removed or moved: record %llu stands in its place",
             expected, line.number);
    } else if (line.number < expected) {
        find(c, line.number, "a record was inserted: record %llu is there again before %llu",
             line.number, expected);
    } else if (memcmp(line.previous, c->hash, sizeof c->hash) != 0) {
        uint64_t replaced = expected > 1 ? expected - 1 : 1;
        find(c, replaced, "record %llu was replaced: record %llu follows another one", replaced,
             expected);
    } else {
        memcpy(c->hash, line.hash, sizeof c->hash);
        c->report->n_records++;
        return true;
    }
    return false;
}

/// Checks the lines of one file, up to `limit` bytes.
static dosi_status check_file(check *c, FILE *file, uint64_t limit, dosi_error *err) {
    uint64_t n_read = 0;
    c->line = 0;
    while (c->report->is_whole && n_read < limit) {
        ssize_t n = getline(&c->buffer, &c->capacity, file);
        if (n < 0) break;
        n_read += (uint64_t)n;
        c->line++;
        size_t length = (size_t)n;
        if (c->buffer[length - 1] == '\n') length--;
        if (check_line(c, c->buffer, length) && c->report->n_records % POLL_EVERY == 0) {
            keep_time(c, c->buffer, length);
            DOSI_TRY(dosi_run_check(c->run, err));
            dosi_run_report(c->run, (double)c->report->n_records / (double)c->head.n_records,
                            "checking the audit log");
        } else if (c->report->is_whole && c->report->n_records == c->head.n_records) {
            keep_time(c, c->buffer, length);
        }
    }
    if (ferror(file)) return dosi_fail(err, DOSI_IO, "audit log: %s", strerror(errno));
    return DOSI_OK;
}

/// What the end of the log tells: nothing missing, and the last hash as sealed.
static void check_end(check *c) {
    const dosi_audit_report *report = c->report;
    if (report->n_records < c->head.n_records) {
        find(c, report->n_records + 1, "record %llu and what followed, to %llu, was removed",
             report->n_records + 1, c->head.n_records);
    } else if (report->n_records > 0 && memcmp(c->hash, c->head.hash, sizeof c->hash) != 0) {
        find(c, report->n_records,
             "record %llu was replaced: the sealed head knows another record %llu",
             report->n_records, report->n_records);
    }
}

/// Checks one file, or takes what is known of it, and remembers it.
static dosi_status check_segment(check *c, FILE *file, dosi_error *err) {
    dosi_audit_report *report = c->report;
    bool is_last = c->segment == c->head.segment;
    dosi_audit_known mark = {.segment = c->segment, .n_before = report->n_records};
    memcpy(mark.hash_before, c->hash, sizeof mark.hash_before);
    bool is_marked = dosi_audit_known_mark(fileno(file), &mark) &&
                     (!is_last || mark.n_bytes == c->head.n_bytes);
    if (is_marked && c->trusts_known && dosi_audit_known_recall(c->memory, &mark)) {
        report->n_records = mark.n_after;
        memcpy(c->hash, mark.hash_after, sizeof c->hash);
        memcpy(report->until_utc, mark.until_utc, sizeof report->until_utc);
        return DOSI_OK;
    }
    DOSI_TRY(check_file(c, file, is_last ? c->head.n_bytes : UINT64_MAX, err));
    dosi_audit_known after = {0};
    if (!report->is_whole || !is_marked || !dosi_audit_known_mark(fileno(file), &after) ||
        !dosi_audit_known_same(&mark, &after)) {
        return DOSI_OK;
    }
    mark.n_after = report->n_records;
    memcpy(mark.hash_after, c->hash, sizeof mark.hash_after);
    memcpy(mark.until_utc, report->until_utc, sizeof mark.until_utc);
    dosi_audit_known_keep(c->memory, &mark);
    return DOSI_OK;
}

static dosi_status check_segments(check *c, const char *folder, dosi_error *err) {
    for (c->segment = 1; c->segment <= c->head.segment && c->report->is_whole; c->segment++) {
        char path[DOSI_AUDIT_PATH_BYTES];
        DOSI_TRY(dosi_audit_segment_path(folder, c->segment, path, err));
        FILE *file = fopen(path, "rbe");
        // A file that is gone shows as missing records in the next one, or at the end.
        if (!file && errno == ENOENT) continue;
        if (!file) return dosi_fail(err, DOSI_IO, "%s: %s", path, strerror(errno));
        (void)setvbuf(file, NULL, _IOFBF, FILE_BUFFER_BYTES);
        dosi_status status = check_segment(c, file, err);
        (void)fclose(file);
        DOSI_TRY(status);
    }
    if (c->report->is_whole) {
        c->segment = c->head.segment;
        check_end(c);
    }
    return DOSI_OK;
}

dosi_status dosi_audit_verify(dosi_audit *audit,
                              bool trusts_known,
                              const dosi_run *run,
                              dosi_audit_report *out,
                              dosi_error *err) {
    assert(audit && out);
    dosi_audit_report report = {.is_whole = true};
    check c = {.report = &report,
               .run = run,
               .memory = dosi_audit_memory_of(audit),
               .trusts_known = trusts_known};
    dosi_status status = dosi_audit_snapshot(audit, &c.head, err);
    if (status == DOSI_CONFLICT) {
        report.is_whole = false;
        (void)snprintf(report.file, sizeof report.file, "audit/head");
        (void)snprintf(report.finding, sizeof report.finding,
                       "the head was changed: its seal is wrong");
        *out = report;
        return DOSI_OK;
    }
    DOSI_TRY(status);
    report.n_expected = c.head.n_records;
    status = check_segments(&c, dosi_audit_folder(audit), err);
    free(c.buffer);
    DOSI_TRY(status);
    (void)sodium_bin2hex(report.head_hash, sizeof report.head_hash, c.hash, sizeof c.hash);
    *out = report;
    return DOSI_OK;
}

// --- the end of the log --------------------------------------------------------------------

/// Appends the last `length` bytes of a file of `size` bytes, without the line cut at the
/// start; says how many lines end in them.
static size_t read_end(FILE *file, off_t size, off_t length, dosi_text *out) {
    char *bytes = malloc((size_t)length + 1);
    if (!bytes) {
        out->status = DOSI_NO_MEMORY;
        return 0;
    }
    (void)fseeko(file, size - length, SEEK_SET);
    size_t n = fread(bytes, 1, (size_t)length, file);
    size_t n_lines = 0;
    for (size_t i = 0; i < n; i++) n_lines += bytes[i] == '\n';
    const char *cut = length < size ? memchr(bytes, '\n', n) : NULL;
    size_t first = cut ? (size_t)(cut - bytes) + 1 : 0;
    dosi_text_append(out, bytes + first, n - first);
    free(bytes);
    return n_lines;
}

/// Reads the end of a file: at least `limit` lines, or all of it.
static dosi_status read_tail(FILE *file, size_t limit, dosi_text *out, dosi_error *err) {
    if (fseeko(file, 0, SEEK_END) != 0) return dosi_fail(err, DOSI_IO, "audit log: seek");
    off_t size = ftello(file);
    off_t length = BLOCK_BYTES < size ? BLOCK_BYTES : size;
    for (;;) {
        dosi_text_clear(out);
        size_t n_lines = read_end(file, size, length, out);
        if (n_lines > limit || length == size || out->status != DOSI_OK) break;
        length = length < size / 4 ? length * 4 : size;
    }
    return dosi_text_status(out, err);
}

/// Appends the lines of `tail`, last first; says how many.
static size_t put_backwards(dosi_text *out,
                            const dosi_text *tail,
                            size_t limit,
                            bool is_first) {
    size_t n_lines = 0;
    size_t end = tail->length;
    while (end > 0 && n_lines < limit) {
        size_t stop = tail->data[end - 1] == '\n' ? end - 1 : end;
        size_t start = stop;
        while (start > 0 && tail->data[start - 1] != '\n') start--;
        dosi_audit_line line;
        if (dosi_audit_line_read(tail->data + start, stop - start, &line)) {
            if (n_lines || !is_first) dosi_text_puts(out, ",\n");
            dosi_text_append(out, tail->data + start, stop - start);
            n_lines++;
        }
        end = start;
    }
    return n_lines;
}

dosi_status dosi_audit_put_latest(dosi_audit *audit,
                                  size_t limit,
                                  dosi_text *out,
                                  dosi_error *err) {
    assert(audit && out);
    dosi_audit_head head;
    DOSI_TRY(dosi_audit_snapshot(audit, &head, err));
    dosi_text tail = {0};
    size_t n_lines = 0;
    dosi_text_putc(out, '[');
    dosi_status status = DOSI_OK;
    for (uint64_t s = head.segment; s > 0 && n_lines < limit && status == DOSI_OK; s--) {
        char path[DOSI_AUDIT_PATH_BYTES];
        status = dosi_audit_segment_path(dosi_audit_folder(audit), s, path, err);
        FILE *file = status == DOSI_OK ? fopen(path, "rbe") : NULL;
        if (!file) continue;
        status = read_tail(file, limit - n_lines, &tail, err);
        (void)fclose(file);
        if (status == DOSI_OK) n_lines += put_backwards(out, &tail, limit - n_lines, !n_lines);
    }
    dosi_text_putc(out, ']');
    dosi_text_destroy(&tail);
    DOSI_TRY(status);
    return dosi_text_status(out, err);
}
