// The reader of delimited rows: one buffer that slides over the text, cells that point into it.

#include "source/csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BUFFER_BYTES = 1 << 18,
    ROW_BYTES = 16 << 20,
    RESCAN_BYTES = 256 << 20, ///< Looked at again after open quotes, in all.
    REASON_BYTES = 160,
};

/// What a byte is to the parser.
enum { PLAIN = 0, DELIMITER = 1, BREAK = 2 };

typedef struct parser {
    const dosi_csv *csv;
    dosi_decoder *decoder;
    char *buffer;
    size_t start, end, capacity; ///< Unread bytes are [start, end).
    bool is_last;                ///< Nothing comes after `end`.
    size_t line;                 ///< Physical line at `start`, from 1.
    size_t n_rows;
    size_t n_rescanned;
    uint64_t n_bad_seen; ///< Of the decoder.
    dosi_cell *cells;
    bool *has_doubled; ///< Whether the cell holds doubled quotes.
    char kinds[256];
    char reason[REASON_BYTES];
} parser;

/// How the attempt to take a row from the buffer ended.
typedef enum outcome {
    OUTCOME_ROW,
    OUTCOME_MORE,  ///< The row goes on past the buffer.
    OUTCOME_QUOTE, ///< A quote is not closed, or text follows the closing one.
    OUTCOME_WIDE,  ///< Too many cells, or a cell too long.
} outcome;

/// A row being taken.
typedef struct scan {
    const char *at; ///< Where the scan is.
    size_t n_cells;
    size_t n_breaks;    ///< Line breaks inside quotes so far.
    size_t quote_break; ///< n_breaks where the last quote opened.
    bool is_unclosed;   ///< The last quote has no closing one.
} scan;

static bool is_break(char byte) {
    return byte == '\n' || byte == '\r';
}

/// Finds the closing quote of a cell whose text starts at `at`. NULL: not in the buffer.
static const char *find_close(const parser *p, scan *s, const char *at, bool *has_doubled) {
    const char *end = p->buffer + p->end;
    const char *limit =
        end - at > DOSI_SOURCE_CELL_BYTES + 1 ? at + DOSI_SOURCE_CELL_BYTES + 1 : end;
    for (; at < limit; at++) {
        const char *quote = memchr(at, '"', (size_t)(limit - at));
        const char *stop = quote ? quote : limit;
        for (const char *b = at; (b = memchr(b, '\n', (size_t)(stop - b))); b++) s->n_breaks++;
        if (!quote) return NULL;
        // A quote at the buffer's end may be the first of two.
        if (quote + 1 == end && !p->is_last) return NULL;
        if (quote + 1 == end || quote[1] != '"') return quote;
        *has_doubled = true;
        at = quote + 1;
    }
    return NULL;
}

/// Takes a quoted cell; `s->at` is behind its opening quote.
static outcome take_quoted(parser *p, scan *s) {
    const char *end = p->buffer + p->end;
    const char *text = s->at;
    bool has_doubled = false;
    s->quote_break = s->n_breaks;
    const char *close = find_close(p, s, text, &has_doubled);
    if (!close) {
        bool is_far = end - text > DOSI_SOURCE_CELL_BYTES;
        s->is_unclosed = true;
        return is_far || p->is_last ? OUTCOME_QUOTE : OUTCOME_MORE;
    }
    p->cells[s->n_cells] = (dosi_cell){text, (uint32_t)(close - text), true};
    p->has_doubled[s->n_cells] = has_doubled;
    s->at = close + 1;
    while (s->at < end && *s->at == ' ' && p->csv->delimiter != ' ') s->at++;
    if (s->at == end) return p->is_last ? OUTCOME_ROW : OUTCOME_MORE;
    return p->kinds[(unsigned char)*s->at] == PLAIN ? OUTCOME_QUOTE : OUTCOME_ROW;
}

/// Takes a cell without quotes.
static outcome take_plain(parser *p, scan *s) {
    const char *end = p->buffer + p->end;
    const char *at = s->at;
    while (at < end && p->kinds[(unsigned char)*at] == PLAIN) at++;
    if (at == end && !p->is_last) return OUTCOME_MORE;
    size_t n_bytes = (size_t)(at - s->at);
    if (n_bytes > DOSI_SOURCE_CELL_BYTES) return OUTCOME_WIDE;
    p->cells[s->n_cells] = (dosi_cell){s->at, (uint32_t)n_bytes, false};
    p->has_doubled[s->n_cells] = false;
    s->at = at;
    return OUTCOME_ROW;
}

/// Takes a cell of either kind.
static outcome take_cell(parser *p, scan *s) {
    if (s->n_cells > DOSI_SOURCE_COLUMNS) return OUTCOME_WIDE;
    if (s->at == p->buffer + p->end || *s->at != '"') return take_plain(p, s);
    s->at++;
    return take_quoted(p, s);
}

/// Steps over a line break; false when its second half may be yet to come.
static bool take_break(const parser *p, scan *s) {
    const char *end = p->buffer + p->end;
    if (*s->at == '\r') {
        if (s->at + 1 == end && !p->is_last) return false;
        if (s->at + 1 < end && s->at[1] == '\n') s->at++;
    }
    s->at++;
    return true;
}

/// Takes a row from p->start on; on OUTCOME_ROW `s->at` is behind its line break.
static outcome take_row(parser *p, scan *s) {
    const char *end = p->buffer + p->end;
    for (;;) {
        outcome result = take_cell(p, s);
        if (result != OUTCOME_ROW) return result;
        s->n_cells++;
        if (s->at == end) return OUTCOME_ROW;
        if (p->kinds[(unsigned char)*s->at] != DELIMITER) break;
        s->at++;
        if (s->at == end && !p->is_last) return OUTCOME_MORE;
    }
    return take_break(p, s) ? OUTCOME_ROW : OUTCOME_MORE;
}

/// Reads more text behind what is unread.
static dosi_status fill(parser *p, dosi_error *err) {
    if (p->start) {
        memmove(p->buffer, p->buffer + p->start, p->end - p->start);
        p->end -= p->start;
        p->start = 0;
    }
    if (p->capacity - p->end < p->capacity / 2) {
        if (p->capacity >= 2 * (size_t)ROW_BYTES) {
            return dosi_fail(err, DOSI_LIMIT, "%s: line %zu: a row of more than %d MiB",
                             p->csv->file->name, p->line, ROW_BYTES >> 20);
        }
        char *buffer = realloc(p->buffer, p->capacity * 2);
        if (!buffer) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a row");
        p->buffer = buffer;
        p->capacity *= 2;
    }
    size_t n = dosi_decoder_read(p->decoder, p->buffer + p->end, p->capacity - p->end);
    p->end += n;
    p->is_last = n == 0;
    return DOSI_OK;
}

/// Turns doubled quotes into one, in place.
static void undouble(parser *p, size_t n_cells) {
    for (size_t i = 0; i < n_cells; i++) {
        if (!p->has_doubled[i]) continue;
        char *text = p->buffer + (p->cells[i].bytes - p->buffer);
        size_t n = 0;
        for (size_t k = 0; k < p->cells[i].n_bytes; k++) {
            text[n++] = text[k];
            if (text[k] == '"') k++;
        }
        p->cells[i].n_bytes = (uint32_t)n;
    }
}

/// Whether some cell has U+FFFD where bytes could not be decoded.
static bool has_replacement(const parser *p, size_t from, size_t to) {
    return memmem(p->buffer + from, to - from, "\xEF\xBF\xBD", 3) != NULL;
}

/// Moves behind the physical line at p->start.
static void skip_line(parser *p) {
    const char *at = p->buffer + p->start;
    const char *end = p->buffer + p->end;
    while (at < end && !is_break(*at)) at++;
    if (at + 1 < end && *at == '\r' && at[1] == '\n') at++;
    if (at < end) at++;
    p->start = (size_t)(at - p->buffer);
    p->line++;
}

/// Gives a damaged line to the visitor: its beginning as the only cell.
static bool visit_damaged(parser *p, size_t line, dosi_row_visit visit, void *context) {
    const char *at = p->buffer + p->start;
    size_t n = 0;
    while (p->start + n < p->end && !is_break(at[n]) && n < 400) n++;
    dosi_cell cell = {at, (uint32_t)n, false};
    dosi_row row = {.line = line, .cells = &cell, .n_cells = 1, .fault = p->reason};
    return visit(context, &row);
}

/// A quote went wrong: the line is a reject, and reading goes on behind it.
static dosi_status recover(
    parser *p, const scan *s, outcome why, dosi_row_visit visit, void *context) {
    size_t line = p->line;
    if (why == OUTCOME_WIDE) {
        (void)snprintf(p->reason, sizeof p->reason,
                       "more than %d fields, or one of over %d MiB", DOSI_SOURCE_COLUMNS,
                       DOSI_SOURCE_CELL_BYTES >> 20);
    } else {
        line += s->quote_break;
        (void)snprintf(p->reason, sizeof p->reason,
                       s->is_unclosed
                           ? "the quote that opens field %zu in line %zu is not closed"
                           : "field %zu in line %zu goes on after its closing quote",
                       s->n_cells + 1, line);
    }
    p->n_rescanned += (size_t)(s->at - (p->buffer + p->start));
    bool goes_on = visit_damaged(p, line, visit, context);
    skip_line(p);
    return goes_on ? DOSI_OK : DOSI_CANCELLED;
}

static dosi_status visit_row(parser *p, const scan *s, dosi_row_visit visit, void *context) {
    size_t next = (size_t)(s->at - p->buffer);
    bool is_swallowing = s->n_breaks && p->csv->n_expected && s->n_cells != p->csv->n_expected;
    if (is_swallowing) {
        (void)snprintf(
            p->reason, sizeof p->reason,
            "a quote that opens in line %zu runs over %zu lines and leaves %zu fields "
            "where %zu are usual",
            p->line, s->n_breaks + 1, s->n_cells, p->csv->n_expected);
        p->n_rescanned += next - p->start;
        bool goes_on = visit_damaged(p, p->line, visit, context);
        skip_line(p);
        return goes_on ? DOSI_OK : DOSI_CANCELLED;
    }
    dosi_row row = {.line = p->line, .cells = p->cells, .n_cells = s->n_cells};
    if (dosi_decoder_n_bad(p->decoder) && has_replacement(p, p->start, next)) {
        (void)snprintf(p->reason, sizeof p->reason, "bytes that are not %s",
                       p->csv->encoding.name);
        row.fault = p->reason;
    }
    undouble(p, s->n_cells);
    p->start = next;
    p->line += 1 + s->n_breaks;
    p->n_rows++;
    return visit(context, &row) ? DOSI_OK : DOSI_CANCELLED;
}

static dosi_status walk(parser *p, dosi_row_visit visit, void *context, dosi_error *err) {
    for (;;) {
        scan s = {.at = p->buffer + p->start};
        outcome result = OUTCOME_MORE;
        if (p->start < p->end) {
            result = take_row(p, &s);
        } else if (p->is_last) {
            return DOSI_OK;
        }
        dosi_status status = DOSI_OK;
        if (result == OUTCOME_MORE) {
            status = fill(p, err);
        } else if (result == OUTCOME_ROW) {
            status = visit_row(p, &s, visit, context);
        } else if (result == OUTCOME_WIDE && p->n_rows == 0) {
            return dosi_fail(err, DOSI_LIMIT,
                             "%s: line %zu: more than %d fields, or one of over "
                             "%d MiB",
                             p->csv->file->name, p->line, DOSI_SOURCE_COLUMNS,
                             DOSI_SOURCE_CELL_BYTES >> 20);
        } else {
            status = recover(p, &s, result, visit, context);
        }
        if (status == DOSI_CANCELLED) return DOSI_OK;
        if (status != DOSI_OK) return status;
        if (p->n_rescanned > RESCAN_BYTES) {
            return dosi_fail(err, DOSI_PARSE,
                             "%s: line %zu: too many quotes that are not closed",
                             p->csv->file->name, p->line);
        }
    }
}

dosi_status dosi_csv_each(void *source, dosi_row_visit visit, void *context, dosi_error *err) {
    assert(source && visit);
    const dosi_csv *csv = source;
    parser p = {.csv = csv, .line = 1, .capacity = FIRST_BUFFER_BYTES};
    if (csv->delimiter) p.kinds[(unsigned char)csv->delimiter] = DELIMITER;
    p.kinds['\n'] = BREAK;
    p.kinds['\r'] = BREAK;
    DOSI_TRY(dosi_decoder_open(csv->file, &csv->encoding, &p.decoder, err));
    p.buffer = malloc(p.capacity);
    p.cells = calloc(DOSI_SOURCE_COLUMNS + 2, sizeof *p.cells);
    p.has_doubled = calloc(DOSI_SOURCE_COLUMNS + 2, sizeof *p.has_doubled);
    dosi_status status = DOSI_OK;
    if (!p.buffer || !p.cells || !p.has_doubled) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", csv->file->name);
    } else {
        status = walk(&p, visit, context, err);
    }
    dosi_decoder_close(p.decoder);
    free(p.buffer);
    free(p.cells);
    free(p.has_doubled);
    return status;
}
