// /api/v1/datasets/{org}/{name}/lineage: where a version came from, as nodes and edges.
//
// A dataset version is a node; what made it (a step, a query, a load) is a node before it; what
// that took in are nodes before that: versions, followed further, or raw files.

#include "server/api.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NODES = 400, MAX_DEPTH = 24, ID_BYTES = 400 };

typedef struct edge {
    size_t from, to;
} edge;

/// A graph in the making. Ids say what a node is, so that one thing is one node.
typedef struct graph {
    dosi_server *server;
    const dosi_caller *caller;
    size_t n_nodes, n_edges;
    char *ids[MAX_NODES];
    json_t *nodes; ///< Array of objects, in the order of ids.
    edge edges[MAX_NODES * 4];
} graph;

/// Index of the node called `id`, added when it is new; SIZE_MAX when the graph is full.
static size_t find_or_add(
    graph *g, const char *id, const char *kind, const char *label, bool *is_new) {
    *is_new = false;
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (strcmp(g->ids[i], id) == 0) return i;
    }
    if (g->n_nodes == MAX_NODES) return SIZE_MAX;
    char *copy = dosi_string_copy(id);
    json_t *node = json_pack("{s:s, s:s, s:s}", "id", id, "kind", kind, "label", label);
    if (!copy || !node || json_array_append_new(g->nodes, node) != 0) {
        free(copy);
        return SIZE_MAX;
    }
    g->ids[g->n_nodes] = copy;
    *is_new = true;
    return g->n_nodes++;
}

static void add_edge(graph *g, size_t from, size_t to) {
    if (from == SIZE_MAX || to == SIZE_MAX) return;
    for (size_t i = 0; i < g->n_edges; i++) {
        if (g->edges[i].from == from && g->edges[i].to == to) return;
    }
    if (g->n_edges < (size_t)MAX_NODES * 4) g->edges[g->n_edges++] = (edge){from, to};
}

static json_t *node_of(graph *g, size_t i) {
    return json_array_get(g->nodes, i);
}

static size_t follow_version(graph *g, const char *reference, unsigned depth);

/// A raw file that went in, from {"file" or "name", "hash"}.
static size_t add_file(graph *g, const json_t *input) {
    const char *name = json_string_value(json_object_get(input, "file"));
    if (!name) name = json_string_value(json_object_get(input, "name"));
    const char *hash = json_string_value(json_object_get(input, "hash"));
    char id[ID_BYTES];
    bool is_new = false;
    (void)snprintf(id, sizeof id, "file:%s:%.64s", name ? name : "?", hash ? hash : "");
    size_t i = find_or_add(g, id, "file", name ? name : "?", &is_new);
    if (is_new && hash) {
        (void)json_object_set_new(node_of(g, i), "detail", json_pack("{s:s}", "hash", hash));
    }
    return i;
}

/// Adds what a lineage names as its inputs or files, with edges to the node `maker`.
static void add_inputs(
    graph *g, const json_t *lineage, const char *member, size_t maker, unsigned depth) {
    const json_t *inputs = json_object_get(lineage, member);
    size_t i = 0;
    json_t *input = NULL;
    json_array_foreach(inputs, i, input) {
        const char *reference = json_is_string(input)
                                    ? json_string_value(input)
                                    : json_string_value(json_object_get(input, "reference"));
        bool is_version = reference && strchr(reference, '/') && strchr(reference, '@');
        add_edge(g, is_version ? follow_version(g, reference, depth + 1) : add_file(g, input),
                 maker);
    }
}

/// The node of what made a version: a study's step, a query, a load.
static void add_maker(graph *g, const char *lineage_json, size_t made, unsigned depth) {
    json_t *lineage = lineage_json ? json_loads(lineage_json, 0, NULL) : NULL;
    if (!json_is_object(lineage)) {
        json_decref(lineage);
        return;
    }
    const char *kind = json_string_value(json_object_get(lineage, "kind"));
    const char *method = json_string_value(json_object_get(lineage, "method"));
    const char *recipe = json_string_value(json_object_get(lineage, "recipe"));
    const char *label = method ? method : recipe ? recipe : kind ? kind : "?";
    char id[ID_BYTES];
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%zu", made);
    (void)snprintf(id, sizeof id, "step:%s:%s", label, hash);
    bool is_new = false;
    size_t maker = find_or_add(g, id, "step", label, &is_new);
    if (is_new) {
        if (method) (void)json_object_set_new(node_of(g, maker), "method", json_string(method));
        json_t *detail = json_deep_copy(lineage);
        (void)json_object_del(detail, "inputs");
        (void)json_object_set_new(node_of(g, maker), "detail", detail);
    }
    add_edge(g, maker, made);
    if (maker != SIZE_MAX) {
        add_inputs(g, lineage, "inputs", maker, depth);
        add_inputs(g, lineage, "files", maker, depth);
    }
    json_decref(lineage);
}

/// The node of a version, with all that it came from. One that the caller may not see is named,
/// and followed no further.
static size_t follow_version(graph *g, const char *reference, unsigned depth) {
    char id[ID_BYTES];
    bool is_new = false;
    dosi_version version = {0};
    bool is_seen =
        dosi_gate_find(g->server->gate, g->caller, reference, &version, NULL) == DOSI_OK;
    if (is_seen) {
        (void)snprintf(id, sizeof id, "%s/%s@%lld", version.organisation, version.name,
                       (long long)version.number);
    } else {
        (void)snprintf(id, sizeof id, "%s", reference);
    }
    size_t i = find_or_add(g, id, "dataset", id, &is_new);
    if (is_new && is_seen) {
        (void)json_object_set_new(node_of(g, i), "reference", json_string(id));
        (void)json_object_set_new(node_of(g, i), "detail",
                                  json_pack("{s:s, s:I, s:b}", "hash", version.hash, "rows",
                                            (json_int_t)version.n_rows, "simulated",
                                            version.is_simulated ? 1 : 0));
        if (depth < MAX_DEPTH) add_maker(g, version.lineage_json, i, depth);
    }
    dosi_version_clear(&version);
    return i;
}

static void put_graph(graph *g, dosi_text *out) {
    char *nodes = json_dumps(g->nodes, JSON_COMPACT);
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_api_member_raw(&json, "nodes", nodes);
    dosi_json_key(&json, "edges");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < g->n_edges; i++) {
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "from", g->ids[g->edges[i].from]);
        dosi_json_member_string(&json, "to", g->ids[g->edges[i].to]);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
    free(nodes);
}

static dosi_status lineage(void *context,
                           dosi_http_request *request,
                           dosi_http_reply *reply,
                           dosi_error *err) {
    dosi_server *server = context;
    dosi_caller caller;
    char reference[DOSI_REFERENCE_BYTES];
    dosi_version version = {0};
    DOSI_TRY(dosi_server_caller(server, request, "api", &caller, err));
    DOSI_TRY(dosi_api_reference(request, reference, err));
    DOSI_TRY(dosi_gate_find(server->gate, &caller, reference, &version, err));
    dosi_version_clear(&version);
    graph *g = calloc(1, sizeof *g);
    if (!g) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the lineage");
    g->server = server;
    g->caller = &caller;
    g->nodes = json_array();
    (void)follow_version(g, reference, 0);
    put_graph(g, &reply->body);
    for (size_t i = 0; i < g->n_nodes; i++) free(g->ids[i]);
    json_decref(g->nodes);
    free(g);
    return DOSI_OK;
}

static const dosi_http_route routes[] = {
    {.method = "GET",
     .pattern = "/api/v1/datasets/{org}/{name}/lineage",
     .handle = lineage,
     .summary = "Where a version came from, back to the raw files",
     .parameters = "version:integer"},
};

extern const dosi_route_group dosi_routes_api_lineage;
const dosi_route_group dosi_routes_api_lineage = {
    .tag = "lineage",
    .about = "Where data came from.",
    .routes = routes,
    .n_routes = sizeof routes / sizeof routes[0],
};
