// A strict YAML reader: libyaml's events become a tree with the place of every node.

#include "study/yaml.h"

#include "dosi/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static void *heap_alloc(void *context, size_t size_bytes) {
    (void)context;
    return malloc(size_bytes);
}

static void heap_free(void *context, void *memory) {
    (void)context;
    free(memory);
}

static const dosi_allocator heap = {heap_alloc, heap_free, NULL};

// --- messages ----------------------------------------------------------------------------

static dosi_status fail_at(const dosi_yaml *yaml,
                           unsigned line,
                           unsigned column,
                           dosi_error *err,
                           const char *format,
                           va_list arguments) DOSI_PRINTF(5, 0);

static dosi_status fail_at(const dosi_yaml *yaml,
                           unsigned line,
                           unsigned column,
                           dosi_error *err,
                           const char *format,
                           va_list arguments) {
    char what[400];
    (void)vsnprintf(what, sizeof what, format, arguments);
    return dosi_fail(err, DOSI_PARSE, "%.80s:%u:%u: %s", yaml->name, line, column, what);
}

dosi_status dosi_yaml_fail(const dosi_yaml *yaml,
                           const dosi_yaml_node *node,
                           dosi_error *err,
                           const char *format,
                           ...) {
    va_list arguments;
    va_start(arguments, format);
    dosi_status status = fail_at(yaml, node->line, node->column, err, format, arguments);
    va_end(arguments);
    return status;
}

dosi_status dosi_yaml_fail_key(const dosi_yaml *yaml,
                               const dosi_yaml_node *node,
                               dosi_error *err,
                               const char *format,
                               ...) {
    unsigned line = node->key ? node->key_line : node->line;
    unsigned column = node->key ? node->key_column : node->column;
    va_list arguments;
    va_start(arguments, format);
    dosi_status status = fail_at(yaml, line, column, err, format, arguments);
    va_end(arguments);
    return status;
}

// --- from events to a tree ---------------------------------------------------------------

/// A tree in the making.
typedef struct builder {
    dosi_yaml *yaml;
    yaml_parser_t parser;
    size_t n_nodes;
    size_t depth;
    dosi_yaml_node *open[DOSI_YAML_DEPTH]; ///< Lists and maps not yet closed.
    dosi_yaml_node *last[DOSI_YAML_DEPTH]; ///< Their last member so far.
    const char *key[DOSI_YAML_DEPTH];      ///< A map's key that waits for its value.
    yaml_mark_t key_mark[DOSI_YAML_DEPTH];
    bool is_done;
} builder;

static dosi_status fail_mark(
    const builder *b, yaml_mark_t mark, dosi_status status, dosi_error *err, const char *what) {
    return dosi_fail(err, status, "%.80s:%zu:%zu: %s", b->yaml->name, mark.line + 1,
                     mark.column + 1, what);
}

static dosi_status copy_text(dosi_yaml *yaml, const char *text, size_t n, const char **out) {
    void *memory = NULL;
    DOSI_TRY(dosi_arena_alloc(&yaml->arena, n + 1, 1, &memory));
    memcpy(memory, text, n);
    *out = memory;
    return DOSI_OK;
}

static dosi_status check_key(builder *b, const yaml_event_t *event, dosi_error *err) {
    const char *text = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    if (n == 0) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err, "a key without a name");
    }
    if (strcmp(text, "<<") == 0) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err,
                         "merge keys (<<) are not read here");
    }
    const dosi_yaml_node *map = b->open[b->depth - 1];
    const dosi_yaml_node *before = dosi_yaml_find(map, text);
    if (!before) return DOSI_OK;
    char what[160];
    (void)snprintf(what, sizeof what, "\"%.60s\" is there twice (first in line %u)", text,
                   before->key_line);
    return fail_mark(b, event->start_mark, DOSI_PARSE, err, what);
}

/// Puts a new node where it belongs.
static dosi_status add_node(builder *b,
                            dosi_yaml_kind kind,
                            const yaml_event_t *event,
                            dosi_yaml_node **out,
                            dosi_error *err) {
    if (++b->n_nodes > DOSI_YAML_NODES) {
        return fail_mark(b, event->start_mark, DOSI_LIMIT, err, "more than 20000 entries");
    }
    void *memory = NULL;
    DOSI_TRY(dosi_arena_alloc(&b->yaml->arena, 1, sizeof(dosi_yaml_node), &memory));
    dosi_yaml_node *node = memory;
    node->kind = kind;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (b->depth == 0) {
        b->yaml->root = node;
    } else {
        size_t at = b->depth - 1;
        node->key = b->key[at];
        if (node->key) {
            node->key_line = (unsigned)b->key_mark[at].line + 1;
            node->key_column = (unsigned)b->key_mark[at].column + 1;
        }
        b->key[at] = NULL;
        if (b->last[at]) {
            b->last[at]->next = node;
        } else {
            b->open[at]->first = node;
        }
        b->last[at] = node;
        b->open[at]->n_members++;
    }
    *out = node;
    return DOSI_OK;
}

/// Whether the next event of an open map is a key.
static bool wants_key(const builder *b) {
    return b->depth > 0 && b->open[b->depth - 1]->kind == DOSI_YAML_MAP &&
           !b->key[b->depth - 1];
}

static dosi_status take_scalar(builder *b, const yaml_event_t *event, dosi_error *err) {
    const char *text = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    if (event->data.scalar.anchor || event->data.scalar.tag) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err,
                         "anchors (&) and tags (!) are not read here");
    }
    if (memchr(text, 0, n)) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err, "a NUL in a text");
    }
    if (wants_key(b)) {
        DOSI_TRY(check_key(b, event, err));
        b->key_mark[b->depth - 1] = event->start_mark;
        return copy_text(b->yaml, text, n, &b->key[b->depth - 1]);
    }
    dosi_yaml_node *node = NULL;
    DOSI_TRY(add_node(b, DOSI_YAML_SCALAR, event, &node, err));
    assert(node);
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return copy_text(b->yaml, text, n, &node->text);
}

static dosi_status open_node(builder *b,
                             dosi_yaml_kind kind,
                             const yaml_event_t *event,
                             dosi_error *err) {
    bool is_marked = kind == DOSI_YAML_MAP
                         ? event->data.mapping_start.anchor || event->data.mapping_start.tag
                         : event->data.sequence_start.anchor || event->data.sequence_start.tag;
    if (is_marked) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err,
                         "anchors (&) and tags (!) are not read here");
    }
    if (wants_key(b)) {
        return fail_mark(b, event->start_mark, DOSI_PARSE, err, "a key must be a plain word");
    }
    if (b->depth == DOSI_YAML_DEPTH) {
        return fail_mark(b, event->start_mark, DOSI_LIMIT, err, "nested deeper than 12 levels");
    }
    dosi_yaml_node *node = NULL;
    DOSI_TRY(add_node(b, kind, event, &node, err));
    b->open[b->depth] = node;
    b->last[b->depth] = NULL;
    b->key[b->depth] = NULL;
    b->depth++;
    return DOSI_OK;
}

static dosi_status take_event(builder *b, const yaml_event_t *event, dosi_error *err) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event, err);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, DOSI_YAML_MAP, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, DOSI_YAML_LIST, event, err);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return DOSI_OK;
    case YAML_ALIAS_EVENT:
        return fail_mark(b, event->start_mark, DOSI_PARSE, err,
                         "aliases (*) are not read here");
    case YAML_DOCUMENT_START_EVENT:
        if (!b->yaml->root) return DOSI_OK;
        return fail_mark(b, event->start_mark, DOSI_PARSE, err, "a second document");
    case YAML_STREAM_END_EVENT:
        b->is_done = true;
        return DOSI_OK;
    default:
        return DOSI_OK;
    }
}

static dosi_status fail_syntax(const builder *b, dosi_error *err) {
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR) return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    const char *what = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR) {
        return dosi_fail(err, DOSI_PARSE, "%.80s: byte %zu: %s", b->yaml->name,
                         p->problem_offset, what);
    }
    char text[256];
    (void)snprintf(text, sizeof text, "%.120s%s%.120s", what, p->context ? ", " : "",
                   p->context ? p->context : "");
    return fail_mark(b, p->problem_mark, DOSI_PARSE, err, text);
}

static dosi_status build(builder *b, dosi_error *err) {
    while (!b->is_done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return fail_syntax(b, err);
        dosi_status status = take_event(b, &event, err);
        yaml_event_delete(&event);
        DOSI_TRY(status);
    }
    if (!b->yaml->root) return dosi_fail(err, DOSI_PARSE, "%.80s: is empty", b->yaml->name);
    return DOSI_OK;
}

dosi_status dosi_yaml_parse(
    const char *name, const char *bytes, size_t n_bytes, dosi_yaml *out, dosi_error *err) {
    if (n_bytes > DOSI_YAML_BYTES) {
        return dosi_fail(err, DOSI_LIMIT, "%.80s: %zu bytes; at most %d are read", name,
                         n_bytes, DOSI_YAML_BYTES);
    }
    dosi_yaml yaml = {.name = ""};
    dosi_arena_init(&yaml.arena, &heap, (size_t)32 * 1024 * 1024);
    builder b = {.yaml = &yaml};
    if (!yaml_parser_initialize(&b.parser)) {
        return dosi_fail(err, DOSI_NO_MEMORY, "out of memory");
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, n_bytes);
    dosi_status status = copy_text(&yaml, name, strlen(name), &yaml.name);
    if (status == DOSI_OK) status = build(&b, err);
    yaml_parser_delete(&b.parser);
    if (status != DOSI_OK) {
        dosi_yaml_clear(&yaml);
        return status;
    }
    *out = yaml;
    return DOSI_OK;
}

void dosi_yaml_clear(dosi_yaml *yaml) {
    if (yaml->arena.allocator) dosi_arena_clear(&yaml->arena);
    yaml->root = NULL;
}

// --- reading a tree ----------------------------------------------------------------------

const dosi_yaml_node *dosi_yaml_find(const dosi_yaml_node *map, const char *key) {
    for (const dosi_yaml_node *node = map->first; node; node = node->next) {
        if (node->key && strcmp(node->key, key) == 0) return node;
    }
    return NULL;
}

/// The next word of `keys` ("id! title"), without its '!'; false at the end.
static bool next_key(const char **keys, char *out, size_t n_out, bool *is_needed) {
    const char *at = *keys + strspn(*keys, " ");
    size_t n = strcspn(at, " ");
    if (n == 0) return false;
    *keys = at + n;
    *is_needed = at[n - 1] == '!';
    if (*is_needed) n--;
    if (n >= n_out) n = n_out - 1;
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

static bool is_key_among(const char *keys, const char *key) {
    char word[64];
    bool is_needed = false;
    while (next_key(&keys, word, sizeof word, &is_needed)) {
        if (strcmp(word, key) == 0) return true;
    }
    return false;
}

static dosi_status fail_unknown(const dosi_yaml *yaml,
                                const dosi_yaml_node *node,
                                const char *what,
                                const char *keys,
                                dosi_error *err) {
    char list[256] = "";
    char word[64];
    size_t n = 0;
    bool is_needed = false;
    while (next_key(&keys, word, sizeof word, &is_needed) && n < sizeof list - 80) {
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", word);
    }
    return dosi_yaml_fail_key(yaml, node, err, "unknown key \"%.60s\" of %s; known: %s",
                              node->key, what, list);
}

dosi_status dosi_yaml_check_map(const dosi_yaml *yaml,
                                const dosi_yaml_node *map,
                                const char *what,
                                const char *keys,
                                dosi_error *err) {
    if (map->kind != DOSI_YAML_MAP) {
        return dosi_yaml_fail(yaml, map, err, "%s must be a map (key: value)", what);
    }
    for (const dosi_yaml_node *node = map->first; node; node = node->next) {
        if (!is_key_among(keys, node->key)) return fail_unknown(yaml, node, what, keys, err);
    }
    const char *rest = keys;
    char word[64];
    bool is_needed = false;
    while (next_key(&rest, word, sizeof word, &is_needed)) {
        if (is_needed && !dosi_yaml_find(map, word)) {
            return dosi_yaml_fail(yaml, map, err, "%s lacks \"%s\"", what, word);
        }
    }
    return DOSI_OK;
}

dosi_status dosi_yaml_get_text(const dosi_yaml *yaml,
                               const dosi_yaml_node *map,
                               const char *key,
                               const char **out,
                               dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(map, key);
    if (!node) return DOSI_OK;
    if (node->kind != DOSI_YAML_SCALAR) {
        return dosi_yaml_fail(yaml, node, err, "\"%s\" must be a text", key);
    }
    if (node->text[0] == '\0') {
        return dosi_yaml_fail_key(yaml, node, err, "\"%s\" is empty", key);
    }
    *out = node->text;
    return DOSI_OK;
}

dosi_status dosi_yaml_get_bool(const dosi_yaml *yaml,
                               const dosi_yaml_node *map,
                               const char *key,
                               bool *out,
                               dosi_error *err) {
    const dosi_yaml_node *node = dosi_yaml_find(map, key);
    if (!node) return DOSI_OK;
    bool is_true = node->kind == DOSI_YAML_SCALAR && strcmp(node->text, "true") == 0;
    bool is_false = node->kind == DOSI_YAML_SCALAR && strcmp(node->text, "false") == 0;
    if (!is_true && !is_false) {
        return dosi_yaml_fail(yaml, node, err, "\"%s\" must be true or false", key);
    }
    *out = is_true;
    return DOSI_OK;
}
