// The reader of XML replies of official APIs: the tree becomes JSON, its records are found
// there. Elements that repeat become arrays; attributes are left out.

#include "source/records.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 64, CHUNK_BYTES = 1 << 20 };

/// A document being built.
typedef struct build {
    XML_Parser parser;
    json_t *root;         ///< Once the document is closed.
    json_t *stack[DEPTH]; ///< Objects of the open elements.
    dosi_text text;       ///< Of the innermost open element.
    int depth;
    dosi_status status;
} build;

static void stop(build *b, dosi_status status) {
    b->status = status;
    (void)XML_StopParser(b->parser, XML_FALSE);
}

static void refuse_doctype(
    void *context, const char *name, const char *a, const char *c, int d) {
    (void)name;
    (void)a;
    (void)c;
    (void)d;
    stop(context, DOSI_UNSUPPORTED);
}

static void start_element(void *context, const char *name, const char **attributes) {
    build *b = context;
    (void)name;
    (void)attributes;
    if (b->depth == DEPTH) {
        stop(b, DOSI_LIMIT);
        return;
    }
    b->stack[b->depth++] = json_object();
    dosi_text_clear(&b->text);
}

/// Adds a value to an object; a name that is there already becomes an array.
static int add_member(json_t *object, const char *name, json_t *value) {
    json_t *old = json_object_get(object, name);
    if (!old) return json_object_set_new(object, name, value);
    if (json_is_array(old)) return json_array_append_new(old, value);
    json_t *both = json_array();
    if (json_array_append(both, old) != 0 || json_array_append_new(both, value) != 0) {
        json_decref(both);
        return -1;
    }
    return json_object_set_new(object, name, both);
}

static void end_element(void *context, const char *name) {
    build *b = context;
    const char *colon = strrchr(name, ':');
    json_t *value = b->stack[--b->depth];
    if (json_object_size(value) == 0) {
        json_decref(value);
        const char *bytes = dosi_text_string(&b->text);
        value = b->text.length ? json_stringn(bytes, b->text.length) : json_null();
    }
    dosi_text_clear(&b->text);
    if (b->depth == 0) {
        // The root's name counts: a service's, or "response".
        b->root = json_object();
        if (add_member(b->root, colon ? colon + 1 : name, value) != 0) {
            stop(b, DOSI_NO_MEMORY);
        }
        return;
    }
    if (add_member(b->stack[b->depth - 1], colon ? colon + 1 : name, value) != 0) {
        stop(b, DOSI_NO_MEMORY);
    }
}

static void take_text(void *context, const char *bytes, int n_bytes) {
    build *b = context;
    dosi_text_append(&b->text, bytes, (size_t)n_bytes);
}

static bool recognise(const dosi_source_file *file) {
    if (dosi_source_has_extension(file->name, ".xml")) return true;
    size_t at = file->n_head >= 3 && memcmp(file->head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    return file->n_head >= at + 5 && memcmp(file->head + at, "<?xml", 5) == 0;
}

static dosi_status parse(build *b,
                         const dosi_source_file *file,
                         const dosi_text *text,
                         dosi_error *err) {
    // The text is UTF-8 by now, whatever its declaration says.
    b->parser = XML_ParserCreate("UTF-8");
    if (!b->parser) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    XML_SetUserData(b->parser, b);
    XML_SetElementHandler(b->parser, start_element, end_element);
    XML_SetCharacterDataHandler(b->parser, take_text);
    XML_SetStartDoctypeDeclHandler(b->parser, refuse_doctype);
    enum XML_Status status = XML_STATUS_OK;
    for (size_t at = 0; at <= text->length && status == XML_STATUS_OK; at += CHUNK_BYTES) {
        size_t n = text->length - at < CHUNK_BYTES ? text->length - at : CHUNK_BYTES;
        bool is_last = at + n == text->length;
        status = XML_Parse(b->parser, dosi_text_string(text) + at, (int)n, is_last);
        if (is_last) break;
    }
    if (b->status != DOSI_OK) {
        return dosi_fail(err, b->status, "%s: XML with a document type, too deep or too large",
                         file->name);
    }
    if (status == XML_STATUS_OK) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE, "%s: no XML: line %lu: %s", file->name,
                     XML_GetCurrentLineNumber(b->parser),
                     XML_ErrorString(XML_GetErrorCode(b->parser)));
}

static dosi_status read_xml(const dosi_source_file *file,
                            const dosi_source_options *options,
                            const dosi_run *run,
                            dosi_source_result *out,
                            dosi_error *err) {
    build b = {0};
    dosi_text text = {0};
    dosi_status status = dosi_document_text(file, options, out, &text, err);
    if (status == DOSI_OK) status = parse(&b, file, &text, err);
    if (b.parser) XML_ParserFree(b.parser);
    if (status == DOSI_OK) status = dosi_records_read(b.root, file, options, run, out, err);
    json_decref(b.root);
    for (int i = 0; i < b.depth; i++) json_decref(b.stack[i]);
    dosi_text_destroy(&b.text);
    dosi_text_destroy(&text);
    return status;
}

const dosi_reader dosi_reader_xml = {
    .name = "XML",
    .recognise = recognise,
    .read = read_xml,
};
