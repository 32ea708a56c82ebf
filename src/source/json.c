// The reader of JSON: documents with records in them, and NDJSON, a record a line.

#include "source/encoding.h"
#include "source/records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 16 << 20, FIRST_BYTES = 1 << 18, REASON_BYTES = 200 };

/// The first byte of the head that is no white space (nor byte order mark); NULL: none.
static const char *first_sign(const dosi_source_file *file) {
    size_t at = file->n_head >= 3 && memcmp(file->head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < file->n_head && strchr(" \t\r\n", file->head[at]) && file->head[at]) at++;
    return at < file->n_head ? file->head + at : NULL;
}

static bool recognise(const dosi_source_file *file) {
    static const char *const extensions[] = {".json", ".ndjson", ".jsonl"};
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (dosi_source_has_extension(file->name, extensions[i])) return true;
    }
    const char *first = first_sign(file);
    bool is_table = dosi_source_has_extension(file->name, ".csv") ||
                    dosi_source_has_extension(file->name, ".tsv");
    return first && !is_table && (*first == '{' || *first == '[');
}

/// Whether the first line is an object by itself and another follows.
static bool is_ndjson(const dosi_source_file *file) {
    if (dosi_source_has_extension(file->name, ".ndjson") ||
        dosi_source_has_extension(file->name, ".jsonl")) {
        return true;
    }
    const char *first = first_sign(file);
    if (!first || *first != '{') return false;
    size_t n_left = file->n_head - (size_t)(first - file->head);
    const char *end = memchr(first, '\n', n_left);
    if (!end) return false;
    const char *next = end;
    while (next < file->head + file->n_head && strchr(" \t\r\n", *next) && *next) next++;
    if (next == file->head + file->n_head || *next != '{') return false;
    json_t *line = json_loadb(first, (size_t)(end - first), JSON_ALLOW_NUL, NULL);
    bool is_record = json_is_object(line);
    json_decref(line);
    return is_record;
}

// --- a record a line ------------------------------------------------------------------------

/// Lines being read.
typedef struct lines {
    const dosi_source_file *file;
    dosi_encoding encoding;
    dosi_record_names names;
    dosi_record_row row;
    char reason[REASON_BYTES];
} lines;

/// What is done with each line; false stops.
typedef bool (*line_take)(lines *l, size_t number, const char *bytes, size_t n, void *context);

/// A buffer that lines are taken from.
typedef struct window {
    char *bytes;
    size_t start, end, capacity;
    bool is_last;
} window;

static dosi_status fill(
    window *w, dosi_decoder *decoder, const lines *l, size_t number, dosi_error *err) {
    memmove(w->bytes, w->bytes + w->start, w->end - w->start);
    w->end -= w->start;
    w->start = 0;
    if (w->end > w->capacity / 2) {
        if (w->capacity >= 2 * (size_t)LINE_BYTES) {
            return dosi_fail(err, DOSI_LIMIT, "%s: line %zu has more than %d MiB",
                             l->file->name, number, LINE_BYTES >> 20);
        }
        char *more = realloc(w->bytes, w->capacity * 2);
        if (!more) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", l->file->name);
        w->bytes = more;
        w->capacity *= 2;
    }
    size_t n = dosi_decoder_read(decoder, w->bytes + w->end, w->capacity - w->end);
    w->end += n;
    w->is_last = n == 0;
    return DOSI_OK;
}

static dosi_status walk_lines(lines *l,
                              window *w,
                              dosi_decoder *decoder,
                              line_take take,
                              void *context,
                              dosi_error *err) {
    size_t number = 1;
    for (;;) {
        const char *start = w->bytes + w->start;
        const char *end = memchr(start, '\n', w->end - w->start);
        if (!end && !w->is_last) {
            DOSI_TRY(fill(w, decoder, l, number, err));
            continue;
        }
        size_t n = end ? (size_t)(end - start) : w->end - w->start;
        if (!end && n == 0) return DOSI_OK;
        size_t n_plain = n;
        while (n_plain && strchr(" \t\r", start[n_plain - 1]) && start[n_plain - 1]) n_plain--;
        if (n_plain && !take(l, number, start, n_plain, context)) return DOSI_OK;
        if (!end) return DOSI_OK;
        w->start += n + 1;
        number++;
    }
}

static dosi_status each_line(lines *l, line_take take, void *context, dosi_error *err) {
    dosi_decoder *decoder = NULL;
    window w = {.capacity = FIRST_BYTES};
    DOSI_TRY(dosi_decoder_open(l->file, &l->encoding, &decoder, err));
    w.bytes = malloc(w.capacity);
    dosi_status status = w.bytes
                             ? walk_lines(l, &w, decoder, take, context, err)
                             : dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", l->file->name);
    free(w.bytes);
    dosi_decoder_close(decoder);
    return status;
}

/// Takes names from a line; damaged ones are left to the walk that stores.
static bool take_names(lines *l, size_t number, const char *bytes, size_t n, void *context) {
    (void)number;
    dosi_status *status = context;
    json_t *record = json_loadb(bytes, n, JSON_ALLOW_NUL, NULL);
    if (json_is_object(record)) *status = dosi_record_names_add(&l->names, record);
    json_decref(record);
    return *status == DOSI_OK;
}

/// Where rows go.
typedef struct target {
    dosi_row_visit visit;
    void *context;
} target;

static bool take_record(lines *l, size_t number, const char *bytes, size_t n, void *context) {
    const target *to = context;
    json_error_t why;
    json_t *record = json_loadb(bytes, n, JSON_ALLOW_NUL, &why);
    dosi_cell shown = {bytes, (uint32_t)(n < 400 ? n : 400), false};
    dosi_row row = {.line = number, .cells = l->row.cells, .n_cells = l->names.n};
    if (!record) {
        (void)snprintf(l->reason, sizeof l->reason, "no JSON: %.150s, column %d", why.text,
                       why.column);
        row.fault = l->reason;
    } else if (!json_is_object(record)) {
        row.fault = "no record of named values";
    } else if (dosi_record_row_fill(&l->row, &l->names, record) != DOSI_OK) {
        row.fault = "a value of more than 1 MiB";
    }
    if (row.fault) {
        row.cells = &shown;
        row.n_cells = 1;
    }
    bool goes_on = to->visit(to->context, &row);
    json_decref(record);
    return goes_on;
}

static dosi_status each_ndjson(void *source,
                               dosi_row_visit visit,
                               void *context,
                               dosi_error *err) {
    lines *l = source;
    target to = {visit, context};
    for (size_t i = 0; i < l->names.n; i++) {
        const char *name = l->names.names[i];
        l->row.cells[i] = (dosi_cell){name, (uint32_t)strlen(name), false};
    }
    dosi_row names = {.cells = l->row.cells, .n_cells = l->names.n};
    if (!visit(context, &names)) return DOSI_OK;
    return each_line(l, take_record, &to, err);
}

static dosi_status read_ndjson(const dosi_source_file *file,
                               const dosi_source_options *options,
                               const dosi_run *run,
                               dosi_source_result *out,
                               dosi_error *err) {
    lines l = {.file = file};
    DOSI_TRY(dosi_encoding_detect(file, options->encoding, &l.encoding, &out->decisions, err));
    dosi_text_puts(&out->decisions, "records: one a line (NDJSON)\n");
    dosi_status of_names = DOSI_OK;
    dosi_status status = each_line(&l, take_names, &of_names, err);
    if (status == DOSI_OK && of_names != DOSI_OK) {
        status = dosi_fail(err, of_names, "%s: %s", file->name,
                           of_names == DOSI_LIMIT ? "more than 10,000 names" : "no memory");
    }
    if (status == DOSI_OK && l.names.n == 0) {
        status = dosi_fail(err, DOSI_PARSE, "%s: not one line is a JSON object", file->name);
    }
    if (status == DOSI_OK && dosi_record_row_init(&l.row, l.names.n) != DOSI_OK) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    }
    if (status == DOSI_OK) {
        dosi_cells cells = {.source = &l, .each = each_ndjson, .has_names = true};
        status = dosi_cells_read(&cells, file, options, run, out, err);
    }
    dosi_record_names_clear(&l.names);
    dosi_record_row_clear(&l.row);
    return status;
}

// --- documents ------------------------------------------------------------------------------

static dosi_status read_json(const dosi_source_file *file,
                             const dosi_source_options *options,
                             const dosi_run *run,
                             dosi_source_result *out,
                             dosi_error *err) {
    if (is_ndjson(file)) return read_ndjson(file, options, run, out, err);
    dosi_text text = {0};
    json_t *root = NULL;
    dosi_status status = dosi_document_text(file, options, out, &text, err);
    if (status == DOSI_OK) {
        json_error_t why;
        root = json_loadb(dosi_text_string(&text), text.length, JSON_ALLOW_NUL, &why);
        if (!root) {
            status = dosi_fail(err, DOSI_PARSE, "%s: no JSON: line %d, column %d: %.200s",
                               file->name, why.line, why.column, why.text);
        }
    }
    dosi_text_destroy(&text);
    if (status == DOSI_OK) status = dosi_records_read(root, file, options, run, out, err);
    json_decref(root);
    return status;
}

const dosi_reader dosi_reader_json = {
    .name = "JSON",
    .recognise = recognise,
    .read = read_json,
};
