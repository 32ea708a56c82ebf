/// @file yaml.h
/// YAML as a tree whose every node knows its place, for files that people write and we check.
///
/// Read strictly: UTF-8, one document, plain scalars, lists and maps; no anchors, aliases,
/// merge keys or tags (so nothing can grow by reference), no repeated keys, and limits on
/// size, depth and count. libyaml does the lexing.
#ifndef DOSI_STUDY_YAML_H
#define DOSI_STUDY_YAML_H

#include "dosi/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DOSI_YAML_BYTES = 256 * 1024, ///< Longest file.
    DOSI_YAML_DEPTH = 12,         ///< Deepest nesting.
    DOSI_YAML_NODES = 20000       ///< Most nodes.
};

typedef enum dosi_yaml_kind {
    DOSI_YAML_SCALAR,
    DOSI_YAML_LIST,
    DOSI_YAML_MAP,
} dosi_yaml_kind;

/// A node. Members of a map have a key.
typedef struct dosi_yaml_node {
    dosi_yaml_kind kind;
    unsigned line, column; ///< From 1.
    const char *text;      ///< SCALAR: its text; "" for an empty one.
    bool is_quoted;        ///< SCALAR: written in quotes (so "" and "null" are texts).
    const char *key;       ///< Of a map's member; else NULL.
    unsigned key_line, key_column;
    struct dosi_yaml_node *first; ///< LIST, MAP: members in the file's order.
    struct dosi_yaml_node *next;  ///< The next member of the same list or map.
    size_t n_members;
} dosi_yaml_node;

/// A file read. Give back with dosi_yaml_clear().
typedef struct dosi_yaml {
    const char *name; ///< What messages call the file.
    dosi_arena arena; ///< Holds the nodes, and whatever the reader of the tree puts there.
    dosi_yaml_node *root;
} dosi_yaml;

/// Reads `bytes`. `name` is copied. On failure there is nothing to clear.
/// @return DOSI_OK; DOSI_PARSE "name:line:column: what"; DOSI_LIMIT; DOSI_NO_MEMORY.
DOSI_CHECKED dosi_status dosi_yaml_parse(
    const char *name, const char *bytes, size_t n_bytes, dosi_yaml *out, dosi_error *err);

/// Frees a tree.
void dosi_yaml_clear(dosi_yaml *yaml);

/// Fails with DOSI_PARSE and "name:line:column: ..." of `node`'s value.
dosi_status dosi_yaml_fail(const dosi_yaml *yaml,
                           const dosi_yaml_node *node,
                           dosi_error *err,
                           const char *format,
                           ...) DOSI_PRINTF(4, 5);

/// As dosi_yaml_fail(), at the node's key (or the node when it has none).
dosi_status dosi_yaml_fail_key(const dosi_yaml *yaml,
                               const dosi_yaml_node *node,
                               dosi_error *err,
                               const char *format,
                               ...) DOSI_PRINTF(4, 5);

/// The member of a map called `key`, or NULL.
const dosi_yaml_node *dosi_yaml_find(const dosi_yaml_node *map, const char *key);

/// That `map` is a map whose keys are all among `keys` ("id title about": words separated by
/// spaces); those that end in '!' must be there. `what` is what the message calls the map.
DOSI_CHECKED dosi_status dosi_yaml_check_map(const dosi_yaml *yaml,
                                             const dosi_yaml_node *map,
                                             const char *what,
                                             const char *keys,
                                             dosi_error *err);

/// The text of a map's member, which must be a scalar that is not empty; `*out` is untouched
/// when there is no such member.
DOSI_CHECKED dosi_status dosi_yaml_get_text(const dosi_yaml *yaml,
                                            const dosi_yaml_node *map,
                                            const char *key,
                                            const char **out,
                                            dosi_error *err);

/// A map's member that is "true" or "false"; `*out` is untouched when there is none.
DOSI_CHECKED dosi_status dosi_yaml_get_bool(const dosi_yaml *yaml,
                                            const dosi_yaml_node *map,
                                            const char *key,
                                            bool *out,
                                            dosi_error *err);

#endif // DOSI_STUDY_YAML_H
