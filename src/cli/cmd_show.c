// dosi show: what is known of a dataset: metadata, columns, profile, and where it came from.

#include "cli/lab.h"
#include "table/write.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 16, MOST_LINES = 2000, PREFIX_BYTES = 4 * DEEPEST + 8, SHORT_HASH = 12 };

// --- metadata ------------------------------------------------------------------------------

static void put_field(dosi_text *out, const char *name, const char *value) {
    if (value && value[0]) dosi_text_printf(out, "%-12s %s\n", name, value);
}

static void put_words(dosi_text *out, const char *name, const json_t *words) {
    const char *ko = json_string_value(json_object_get(words, "ko"));
    const char *en = json_string_value(json_object_get(words, "en"));
    if (ko && en) {
        dosi_text_printf(out, "%-12s %s / %s\n", name, ko, en);
    } else {
        put_field(out, name, ko ? ko : en);
    }
}

static void put_metadata(dosi_text *out, const dosi_version *version) {
    static const char *const plain[] = {"licence", "publisher", "contact", "frequency"};
    json_t *metadata =
        version->metadata_json ? json_loads(version->metadata_json, 0, NULL) : NULL;
    put_words(out, "title", json_object_get(metadata, "title"));
    put_words(out, "description", json_object_get(metadata, "description"));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        put_field(out, plain[i], json_string_value(json_object_get(metadata, plain[i])));
    }
    put_field(out, "visibility", version->visibility);
    if (version->is_simulated) put_field(out, "origin", "simulated: made by a model");
    json_decref(metadata);
}

static void put_facts(dosi_text *out, const dosi_version *version) {
    char first[DOSI_TIME_TEXT_BYTES];
    char last[DOSI_TIME_TEXT_BYTES];
    dosi_text_printf(out, "%s/%s@%lld", version->organisation, version->name,
                     (long long)version->number);
    if (version->number != version->latest) {
        dosi_text_printf(out, " (latest: %lld)", (long long)version->latest);
    }
    dosi_text_putc(out, '\n');
    put_metadata(out, version);
    dosi_text_printf(out, "%-12s %lld, %lld bytes\n", "rows", (long long)version->n_rows,
                     (long long)version->n_bytes);
    if (version->time_first != DOSI_TIME_MISSING) {
        dosi_time_format(version->time_first, INT32_MIN, first);
        dosi_time_format(version->time_last, INT32_MIN, last);
        dosi_text_printf(out, "%-12s %s to %s\n", "time", first, last);
    }
    if (!isnan(version->extent[0])) {
        dosi_text_printf(out, "%-12s %.4f %.4f to %.4f %.4f\n", "extent", version->extent[0],
                         version->extent[1], version->extent[2], version->extent[3]);
    }
    put_field(out, "hash", version->hash);
}

// --- columns -------------------------------------------------------------------------------

/// A profile's value as a person reads it.
static void put_value(dosi_text *out, const json_t *value) {
    if (json_is_string(value)) dosi_text_puts(out, json_string_value(value));
    if (json_is_integer(value)) dosi_text_put_int(out, json_integer_value(value));
    if (json_is_real(value)) dosi_text_printf(out, "%.6g", json_real_value(value));
    if (json_is_boolean(value)) dosi_text_puts(out, json_is_true(value) ? "true" : "false");
}

static dosi_status set_value(dosi_table *table, size_t c, size_t row, const json_t *value) {
    dosi_text text = {0};
    put_value(&text, value);
    dosi_status status = DOSI_OK;
    if (text.length) status = dosi_table_set_text(table, c, row, dosi_text_string(&text));
    dosi_text_destroy(&text);
    return status;
}

enum { NAME, TYPE, UNIT, MISSING, DISTINCT, LEAST, MOST, MEAN, MEANING, N_SHOWN };

static dosi_status fill_row(dosi_table *table,
                            size_t row,
                            const json_t *column,
                            const json_t *profile) {
    static const char *const plain[] = {"name", "type", "unit"};
    static const char *const profiled[] = {"min", "max", "mean"};
    for (size_t c = NAME; c <= UNIT; c++) {
        DOSI_TRY(set_value(table, c, row, json_object_get(column, plain[c])));
    }
    for (size_t c = LEAST; c <= MEAN; c++) {
        DOSI_TRY(set_value(table, c, row, json_object_get(profile, profiled[c - LEAST])));
    }
    const json_t *meaning = json_object_get(column, "meaning");
    const json_t *words = json_object_get(meaning, "ko");
    if (!json_is_string(words)) words = json_object_get(meaning, "en");
    DOSI_TRY(set_value(table, MEANING, row, words));
    const json_t *missing = json_object_get(profile, "missing");
    const json_t *distinct = json_object_get(profile, "distinct");
    if (json_is_integer(missing)) {
        table->columns[MISSING].data.integer[row] = json_integer_value(missing);
    }
    if (json_is_integer(distinct)) {
        table->columns[DISTINCT].data.integer[row] = json_integer_value(distinct);
    }
    return DOSI_OK;
}

static dosi_status fill_columns(dosi_table *table,
                                const json_t *columns,
                                const json_t *profiles,
                                dosi_error *err) {
    static const char *const names[N_SHOWN] = {"column", "type", "unit", "missing", "distinct",
                                               "min",    "max",  "mean", "meaning"};
    for (size_t c = 0; c < N_SHOWN; c++) {
        bool is_count = c == MISSING || c == DISTINCT;
        DOSI_TRY(dosi_table_add_column(table, names[c],
                                       is_count ? DOSI_TYPE_INT : DOSI_TYPE_TEXT, NULL, err));
    }
    DOSI_TRY(dosi_table_add_rows(table, json_array_size(columns), err));
    for (size_t row = 0; row < table->n_rows; row++) {
        DOSI_TRY(
            fill_row(table, row, json_array_get(columns, row), json_array_get(profiles, row)));
    }
    return DOSI_OK;
}

static dosi_status put_columns(dosi_text *out, const dosi_version *version, dosi_error *err) {
    json_t *columns = version->columns_json ? json_loads(version->columns_json, 0, NULL) : NULL;
    json_t *profile = version->profile_json ? json_loads(version->profile_json, 0, NULL) : NULL;
    dosi_table table = {0};
    dosi_status status =
        fill_columns(&table, columns, json_object_get(profile, "columns"), err);
    if (status == DOSI_OK) {
        const dosi_table_style style = {.max_cell_width = 36};
        dosi_text_puts(out, "\n");
        dosi_table_put_text(out, &table, &style);
    }
    dosi_table_destroy(&table);
    json_decref(columns);
    json_decref(profile);
    return status;
}

// --- lineage -------------------------------------------------------------------------------

/// The tree in the making.
typedef struct tree {
    dosi_text *out;
    const dosi_cli_lab *lab;
    size_t n_lines;
} tree;

/// Text before a line: what branches of the levels above go on.
typedef struct branch {
    char prefix[PREFIX_BYTES];
    unsigned depth;
} branch;

/// The prefix of what hangs below an item.
static branch below(const branch *above, bool is_last) {
    branch b = {.depth = above->depth + 1};
    (void)snprintf(b.prefix, sizeof b.prefix, "%.*s%s", (int)sizeof b.prefix - 4, above->prefix,
                   is_last ? "   " : "|  ");
    return b;
}

static void put_start(tree *t, const branch *at, bool is_last) {
    dosi_text_printf(t->out, "%s%s", at->prefix, is_last ? "`- " : "|- ");
    t->n_lines++;
}

static void put_maker(tree *t, const char *lineage_json, const branch *at);

/// One thing that went in: a version, followed further, or a raw file.
static void put_input(tree *t, const json_t *input, const branch *at, bool is_last) {
    const char *reference = json_is_string(input)
                                ? json_string_value(input)
                                : json_string_value(json_object_get(input, "reference"));
    put_start(t, at, is_last);
    if (reference && strchr(reference, '/') && strchr(reference, '@')) {
        dosi_text_printf(t->out, "%s", reference);
        dosi_version version = {0};
        if (dosi_gate_find(t->lab->gate, &t->lab->caller, reference, &version, NULL) ==
            DOSI_OK) {
            dosi_text_printf(t->out, " (%lld rows)\n", (long long)version.n_rows);
            branch next = below(at, is_last);
            put_maker(t, version.lineage_json, &next);
        } else {
            dosi_text_puts(t->out, "\n");
        }
        dosi_version_clear(&version);
        return;
    }
    const char *file = json_string_value(json_object_get(input, "file"));
    if (!file) file = json_string_value(json_object_get(input, "name"));
    if (!file) file = reference ? reference : "?";
    const char *hash = json_string_value(json_object_get(input, "hash"));
    dosi_text_printf(t->out, "file %s", file);
    if (hash) dosi_text_printf(t->out, " (%.*s)", SHORT_HASH, hash);
    dosi_text_puts(t->out, "\n");
}

static void put_parameters(dosi_text *out, const json_t *parameters) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)parameters, name, value) {
        dosi_text_printf(out, " %s=", name);
        put_value(out, value);
    }
}

/// What made a version: the line of the step, then everything that went in.
static void put_maker(tree *t, const char *lineage_json, const branch *at) {
    json_t *lineage = lineage_json ? json_loads(lineage_json, 0, NULL) : NULL;
    if (!json_is_object(lineage) || at->depth >= DEEPEST || t->n_lines >= MOST_LINES) {
        json_decref(lineage);
        return;
    }
    const char *method = json_string_value(json_object_get(lineage, "method"));
    const char *recipe = json_string_value(json_object_get(lineage, "recipe"));
    const char *kind = json_string_value(json_object_get(lineage, "kind"));
    put_start(t, at, true);
    dosi_text_printf(t->out, "%s", kind ? kind : "made");
    if (method) dosi_text_printf(t->out, " %s", method);
    if (recipe) dosi_text_printf(t->out, " recipe %s", recipe);
    put_parameters(t->out, json_object_get(lineage, "parameters"));
    dosi_text_puts(t->out, "\n");
    branch next = below(at, true);
    json_t *all = json_array();
    (void)json_array_extend(all, json_object_get(lineage, "inputs"));
    (void)json_array_extend(all, json_object_get(lineage, "files"));
    size_t n = json_array_size(all);
    for (size_t i = 0; i < n && t->n_lines < MOST_LINES; i++) {
        put_input(t, json_array_get(all, i), &next, i + 1 == n);
    }
    json_decref(all);
    json_decref(lineage);
}

static void put_lineage(dosi_text *out, const dosi_cli_lab *lab, const dosi_version *version) {
    if (!version->lineage_json) return;
    tree t = {.out = out, .lab = lab};
    branch root = {.depth = 0};
    dosi_text_printf(out, "\nlineage\n%s/%s@%lld\n", version->organisation, version->name,
                     (long long)version->number);
    put_maker(&t, version->lineage_json, &root);
}

/// Everything as JSON.
static void put_json(dosi_text *out, const dosi_version *version) {
    dosi_text_printf(out, "{\"reference\":\"%s/%s@%lld\",\"hash\":\"%s\",\"rows\":%lld",
                     version->organisation, version->name, (long long)version->number,
                     version->hash, (long long)version->n_rows);
    const struct {
        const char *name, *value;
    } parts[] = {{"metadata", version->metadata_json},
                 {"columns", version->columns_json},
                 {"profile", version->profile_json},
                 {"lineage", version->lineage_json}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        dosi_text_printf(out, ",\"%s\":%s", parts[i].name,
                         parts[i].value ? parts[i].value : "null");
    }
    dosi_text_puts(out, "}\n");
}

dosi_status dosi_cmd_show(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    dosi_version version = {0};
    dosi_text text = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    bool is_json = dosi_cli_flag(&argc, argv, "json");
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && argc != 2) {
        status = dosi_fail(err, DOSI_INVALID, "usage: dosi show org/name[@N] [--json]");
    }
    if (status == DOSI_OK) {
        status = dosi_gate_find(lab.gate, &lab.caller, argv[1], &version, err);
    }
    if (status == DOSI_OK && is_json) {
        put_json(&text, &version);
    } else if (status == DOSI_OK) {
        put_facts(&text, &version);
        status = put_columns(&text, &version, err);
        if (status == DOSI_OK) put_lineage(&text, &lab, &version);
    }
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    dosi_version_clear(&version);
    dosi_cli_lab_close(&lab);
    return status;
}
