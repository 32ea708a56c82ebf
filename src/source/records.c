// Finding the records of a document, and flattening them.

#include "source/records.h"

#include "source/encoding.h"
#include "source/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8, NAME_BYTES = 240, READ_BYTES = 1 << 20, ROW_TEXT_BYTES = 64 << 20 };

// --- names ----------------------------------------------------------------------------------

void dosi_record_names_clear(dosi_record_names *names) {
    assert(names);
    json_decref(names->index);
    for (size_t i = 0; i < names->n; i++) free(names->names[i]);
    free(names->names);
    *names = (dosi_record_names){0};
}

static dosi_status add_name(dosi_record_names *names, const char *name) {
    if (!names->index && !(names->index = json_object())) return DOSI_NO_MEMORY;
    if (json_object_get(names->index, name)) return DOSI_OK;
    if (names->n == DOSI_SOURCE_COLUMNS) return DOSI_LIMIT;
    if (names->n == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 32;
        char **more = realloc(names->names, capacity * sizeof *more);
        if (!more) return DOSI_NO_MEMORY;
        names->names = more;
        names->capacity = capacity;
    }
    char *copy = dosi_string_copy(name);
    if (!copy) return DOSI_NO_MEMORY;
    names->names[names->n] = copy;
    json_t *place = json_integer((json_int_t)names->n++);
    return json_object_set_new(names->index, name, place) == 0 ? DOSI_OK : DOSI_NO_MEMORY;
}

/// What is done with each field of a record.
typedef struct visitor {
    dosi_status (*take)(void *context, const char *name, const json_t *value);
    void *context;
} visitor;

/// Visits the fields, those of objects inside as "outer.inner". Small recursion: DEPTH.
static dosi_status each_field(json_t *object,
                              const char *prefix,
                              int depth,
                              const visitor *visit) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(value) && depth < DEPTH) {
            DOSI_TRY(each_field(value, name, depth + 1, visit));
        } else {
            DOSI_TRY(visit->take(visit->context, name, value));
        }
    }
    return DOSI_OK;
}

static dosi_status take_name(void *context, const char *name, const json_t *value) {
    (void)value;
    return add_name(context, name);
}

dosi_status dosi_record_names_add(dosi_record_names *names, json_t *record) {
    visitor visit = {take_name, names};
    return each_field(record, "", 0, &visit);
}

// --- rows -----------------------------------------------------------------------------------

dosi_status dosi_record_row_init(dosi_record_row *row, size_t n) {
    *row = (dosi_record_row){0};
    dosi_text_init(&row->text, ROW_TEXT_BYTES);
    row->cells = calloc(n ? n : 1, sizeof *row->cells);
    row->offsets = calloc(n ? n : 1, sizeof *row->offsets);
    if (row->cells && row->offsets) return DOSI_OK;
    dosi_record_row_clear(row);
    return DOSI_NO_MEMORY;
}

void dosi_record_row_clear(dosi_record_row *row) {
    assert(row);
    dosi_text_destroy(&row->text);
    free(row->cells);
    free(row->offsets);
    *row = (dosi_record_row){0};
}

static dosi_status put_value(dosi_text *out, const json_t *value) {
    if (json_is_string(value)) {
        dosi_text_append(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        dosi_text_put_int(out, json_integer_value(value));
    } else if (json_is_real(value)) {
        dosi_text_put_real(out, json_real_value(value));
    } else if (json_is_boolean(value)) {
        dosi_text_puts(out, json_is_true(value) ? "true" : "false");
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (!text) return DOSI_NO_MEMORY;
        dosi_text_puts(out, text);
        free(text);
    }
    return out->status;
}

/// Where a row is being filled.
typedef struct filling {
    dosi_record_row *row;
    const dosi_record_names *names;
} filling;

static dosi_status take_cell(void *context, const char *name, const json_t *value) {
    const filling *f = context;
    const json_t *place = json_object_get(f->names->index, name);
    if (!place || json_is_null(value)) return DOSI_OK;
    size_t i = (size_t)json_integer_value(place);
    f->row->offsets[i] = f->row->text.length;
    DOSI_TRY(put_value(&f->row->text, value));
    size_t n_bytes = f->row->text.length - f->row->offsets[i];
    if (n_bytes > DOSI_SOURCE_CELL_BYTES) return DOSI_LIMIT;
    f->row->cells[i] = (dosi_cell){"", (uint32_t)n_bytes, false};
    return DOSI_OK;
}

dosi_status dosi_record_row_fill(dosi_record_row *row,
                                 const dosi_record_names *names,
                                 json_t *record) {
    filling f = {row, names};
    visitor visit = {take_cell, &f};
    dosi_text_clear(&row->text);
    memset(row->cells, 0, names->n * sizeof *row->cells);
    DOSI_TRY(each_field(record, "", 0, &visit));
    // Only now the text stays where it is.
    for (size_t i = 0; i < names->n; i++) {
        if (row->cells[i].n_bytes) row->cells[i].bytes = row->text.data + row->offsets[i];
    }
    return DOSI_OK;
}

// --- finding --------------------------------------------------------------------------------

/// The text of a member; "" when it is none.
static const char *string_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/// The result code of an envelope, and what the server says; NULL when there is none.
static const char *result_code(json_t *document, const char **said) {
    const json_t *header = json_object_get(json_object_get(document, "response"), "header");
    const json_t *common =
        json_object_get(json_object_get(document, "OpenAPI_ServiceResponse"), "cmmMsgHeader");
    const json_t *result = json_object_get(document, "RESULT");
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(document, key, member) {
        if (!result && json_is_object(member)) result = json_object_get(member, "RESULT");
    }
    if (json_is_object(header)) {
        *said = string_of(header, "resultMsg");
        return json_string_value(json_object_get(header, "resultCode"));
    }
    if (json_is_object(common)) {
        *said = string_of(common, "returnAuthMsg");
        return json_string_value(json_object_get(common, "returnReasonCode"));
    }
    if (!json_is_object(result)) return NULL;
    *said = string_of(result, "MESSAGE");
    const char *code = json_string_value(json_object_get(result, "CODE"));
    return code ? code : json_string_value(json_object_get(result, "code"));
}

/// The longest array of objects found so far.
typedef struct found {
    json_t *array;
    size_t n;
    char where[NAME_BYTES];
} found;

/// Looks for arrays of objects, outer ones before inner ones. Small recursion: DEPTH.
static void find_array(json_t *value, const char *where, int depth, found *best) {
    if (json_is_array(value)) {
        size_t n = json_array_size(value);
        if (n > best->n && json_is_object(json_array_get(value, 0))) {
            best->array = value;
            best->n = n;
            (void)snprintf(best->where, sizeof best->where, "%s", where);
        }
        return;
    }
    if (!json_is_object(value) || depth == DEPTH) return;
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(value, key, member) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "%s%s%s", where, *where ? "." : "", key);
        find_array(member, name, depth + 1, best);
    }
}

/// Records to be walked: an array of objects or arrays, or one object.
typedef struct document {
    json_t *records;
    bool is_single;
    dosi_record_names names;
    dosi_record_row row;
    dosi_status status;
} document;

static json_t *record_at(const document *d, size_t i) {
    return d->is_single ? d->records : json_array_get(d->records, i);
}

static size_t n_records(const document *d) {
    return d->is_single ? 1 : json_array_size(d->records);
}

/// Visits the row of names.
static bool visit_names(const document *d, dosi_row_visit visit, void *context) {
    for (size_t i = 0; i < d->names.n; i++) {
        const char *name = d->names.names[i];
        d->row.cells[i] = (dosi_cell){name, (uint32_t)strlen(name), false};
    }
    dosi_row row = {.line = 0, .cells = d->row.cells, .n_cells = d->names.n};
    return visit(context, &row);
}

static dosi_status each_record(void *source,
                               dosi_row_visit visit,
                               void *context,
                               dosi_error *err) {
    document *d = source;
    if (!visit_names(d, visit, context)) return DOSI_OK;
    size_t n = n_records(d);
    for (size_t i = 0; i < n; i++) {
        json_t *record = record_at(d, i);
        dosi_row row = {.line = i + 1, .cells = d->row.cells, .n_cells = d->names.n};
        if (!json_is_object(record)) {
            row.n_cells = 0;
            row.fault = "no record of named values";
        } else {
            dosi_status status = dosi_record_row_fill(&d->row, &d->names, record);
            if (status == DOSI_LIMIT) row.fault = "a value of more than 1 MiB";
            if (status == DOSI_NO_MEMORY)
                return dosi_fail(err, status, "no memory for a record");
            if (row.fault) row.n_cells = 0;
        }
        if (!visit(context, &row)) return DOSI_OK;
    }
    return DOSI_OK;
}

static dosi_status find_names(document *d, const char *name, dosi_error *err) {
    size_t n = n_records(d);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_object(record_at(d, i))) continue;
        dosi_status status = dosi_record_names_add(&d->names, record_at(d, i));
        if (status == DOSI_OK) continue;
        return dosi_fail(err, status, "%s: record %zu: %s", name, i + 1,
                         status == DOSI_LIMIT ? "more than 10,000 names" : "no memory");
    }
    if (d->names.n) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE, "%s: no records of named values in it", name);
}

/// The row of an envelope that holds just one, not in an array.
static dosi_status find_only_row(
    json_t *root, const dosi_source_file *file, document *d, dosi_text *said, dosi_error *err) {
    json_t *body = json_object_get(json_object_get(root, "response"), "body");
    json_t *row = json_object_get(json_object_get(body, "items"), "item");
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(root, key, member) {
        if (!row) row = json_object_get(member, "row");
    }
    if (!json_is_object(row)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s: an envelope without rows", file->name);
    }
    d->records = row;
    d->is_single = true;
    dosi_text_puts(said, "records: the one row of the envelope\n");
    return DOSI_OK;
}

/// Decides what the records are.
static dosi_status find_records(
    json_t *root, const dosi_source_file *file, document *d, dosi_text *said, dosi_error *err) {
    const char *message = "";
    const char *code = json_is_object(root) ? result_code(root, &message) : NULL;
    if (code) {
        bool is_empty = false;
        bool may_pass = false;
        dosi_error why = {""};
        dosi_status status = dosi_feed_judge(code, message, &is_empty, &may_pass, &why);
        if (status != DOSI_OK) return dosi_fail(err, status, "%s: %s", file->name, why.message);
        if (is_empty) {
            return dosi_fail(err, DOSI_NOT_FOUND, "%s: the API answers %s: no data (%.120s)",
                             file->name, code, message);
        }
        dosi_text_printf(said, "envelope: result %s (%s)\n", code, message);
    }
    found best = {0};
    find_array(root, "", 0, &best);
    d->records = best.array;
    if (!best.array && code) return find_only_row(root, file, d, said, err);
    if (best.array) {
        dosi_text_printf(said, "records: %zu at %s\n", best.n,
                         *best.where ? best.where : "the top");
        return DOSI_OK;
    }
    if (!json_is_object(root)) {
        return dosi_fail(err, DOSI_PARSE, "%s: no records of named values in it", file->name);
    }
    d->records = root;
    d->is_single = true;
    dosi_text_puts(said, "records: the document is one\n");
    return DOSI_OK;
}

dosi_status dosi_records_read(json_t *root,
                              const dosi_source_file *file,
                              const dosi_source_options *options,
                              const dosi_run *run,
                              dosi_source_result *out,
                              dosi_error *err) {
    assert(root && file && options && out);
    document d = {0};
    dosi_status status = find_records(root, file, &d, &out->decisions, err);
    if (status == DOSI_OK) status = find_names(&d, file->name, err);
    if (status == DOSI_OK && dosi_record_row_init(&d.row, d.names.n) != DOSI_OK) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    }
    if (status == DOSI_OK) {
        dosi_cells cells = {.source = &d, .each = each_record, .has_names = true};
        status = dosi_cells_read(&cells, file, options, run, out, err);
    }
    dosi_record_names_clear(&d.names);
    dosi_record_row_clear(&d.row);
    return status;
}

dosi_status dosi_document_text(const dosi_source_file *file,
                               const dosi_source_options *options,
                               dosi_source_result *out,
                               dosi_text *text,
                               dosi_error *err) {
    if (file->n_bytes > DOSI_SOURCE_JSON_BYTES) {
        return dosi_fail(
            err, DOSI_LIMIT,
            "%s: %lld bytes in one document, more than 256 MiB; as NDJSON, a record "
            "a line, it can have any size",
            file->name, (long long)file->n_bytes);
    }
    dosi_encoding encoding;
    dosi_decoder *decoder = NULL;
    DOSI_TRY(dosi_encoding_detect(file, options->encoding, &encoding, &out->decisions, err));
    DOSI_TRY(dosi_decoder_open(file, &encoding, &decoder, err));
    char *chunk = malloc(READ_BYTES);
    size_t n = 0;
    while (chunk && (n = dosi_decoder_read(decoder, chunk, READ_BYTES)) > 0) {
        dosi_text_append(text, chunk, n);
    }
    dosi_decoder_close(decoder);
    bool has_memory = chunk != NULL;
    free(chunk);
    if (!has_memory) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    return dosi_text_status(text, err);
}
