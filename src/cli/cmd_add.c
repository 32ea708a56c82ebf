// dosi add: files become a dataset, with what was decided, what was rejected, and where it all
// came from. dosi sources: the recipes for files that publishers are known to give.

#include "base/os_file.h"
#include "cli/cli.h"
#include "dosi/json.h"
#include "govern/gate.h"
#include "source/recipe.h"
#include "source/source.h"
#include "source/typing.h"
#include "table/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

dosi_status dosi_cmd_add(int argc, char **argv, dosi_error *err);
dosi_status dosi_cmd_sources(int argc, char **argv, dosi_error *err);

enum { SHOWN_REJECTS = 10, KOREA_S = 9 * 3600 };

/// What the command was told, and what it has read so far.
typedef struct addition {
    int n_files;
    char **files;
    const char *reference;
    const char *rejects_path;
    bool is_dry, is_quiet;
    dosi_source_options options;
    dosi_metadata metadata;
    dosi_source_result all;
    dosi_text inputs;    ///< JSON objects, separated by commas.
    dosi_text decisions; ///< Of the last file, to be said once when the next has the same.
    dosi_text said;      ///< JSON strings, separated by commas: every decision.
} addition;

static void clear(addition *a) {
    dosi_source_result_clear(&a->all);
    dosi_text_destroy(&a->inputs);
    dosi_text_destroy(&a->decisions);
    dosi_text_destroy(&a->said);
}

static dosi_status take_number(
    int *argc, char **argv, const char *name, int64_t *out, dosi_error *err) {
    const char *text = dosi_cli_option(argc, argv, name);
    if (!text) return DOSI_OK;
    if (dosi_parse_int(text, strlen(text), out) == DOSI_OK && *out >= -1) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "--%s %s: not a whole number", name, text);
}

static dosi_status take_reading(int *argc, char **argv, addition *a, dosi_error *err) {
    dosi_source_options *o = &a->options;
    int64_t header_rows = 0;
    int64_t max_rejects = 0;
    o->recipe = dosi_cli_option(argc, argv, "source");
    o->encoding = dosi_cli_option(argc, argv, "encoding");
    o->delimiter = dosi_cli_option(argc, argv, "delimiter");
    o->sheet = dosi_cli_option(argc, argv, "sheet");
    o->crs = dosi_cli_option(argc, argv, "crs");
    o->types = dosi_cli_option(argc, argv, "types");
    o->x_column = dosi_cli_option(argc, argv, "x");
    o->y_column = dosi_cli_option(argc, argv, "y");
    o->with = dosi_cli_option(argc, argv, "with");
    o->keep = dosi_cli_option(argc, argv, "keep");
    o->member = dosi_cli_option(argc, argv, "member");
    DOSI_TRY(take_number(argc, argv, "header-rows", &header_rows, err));
    DOSI_TRY(take_number(argc, argv, "max-rejects", &max_rejects, err));
    if (header_rows > 3) return dosi_fail(err, DOSI_INVALID, "--header-rows: at most 3");
    // 0 is "detect" for the reader, and "none" for people.
    bool is_given = dosi_cli_flag(argc, argv, "no-header");
    o->header_rows = is_given ? -1 : (int)header_rows;
    o->max_rejects = max_rejects > 0 ? (size_t)max_rejects : 0;
    return DOSI_OK;
}

static dosi_status take_arguments(int argc, char **argv, addition *a, dosi_error *err) {
    a->reference = dosi_cli_option(&argc, argv, "as");
    a->rejects_path = dosi_cli_option(&argc, argv, "rejects");
    a->is_dry = dosi_cli_flag(&argc, argv, "dry-run");
    a->is_quiet = dosi_cli_flag(&argc, argv, "quiet");
    DOSI_TRY(take_reading(&argc, argv, a, err));
    dosi_metadata *m = &a->metadata;
    m->title_ko = dosi_cli_option(&argc, argv, "title-ko");
    m->title_en = dosi_cli_option(&argc, argv, "title");
    m->description_en = dosi_cli_option(&argc, argv, "description");
    m->description_ko = dosi_cli_option(&argc, argv, "description-ko");
    m->licence = dosi_cli_option(&argc, argv, "licence");
    m->publisher = dosi_cli_option(&argc, argv, "publisher");
    m->contact = dosi_cli_option(&argc, argv, "contact");
    m->frequency = dosi_cli_option(&argc, argv, "frequency");
    m->visibility = dosi_cli_option(&argc, argv, "visibility");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc < 2) return dosi_fail(err, DOSI_INVALID, "which file? `dosi help add`");
    if (!a->reference && !a->is_dry) {
        return dosi_fail(err, DOSI_INVALID, "--as org/name is needed (or --dry-run)");
    }
    a->n_files = argc - 1;
    a->files = argv + 1;
    return DOSI_OK;
}

/// Keeps a file's decisions for the lineage, and prints those that the file before it did not
/// have word for word.
static void say(addition *a, const char *name, const dosi_source_result *result) {
    const char *text = dosi_text_string(&result->decisions);
    if (a->said.length) dosi_text_putc(&a->said, ',');
    dosi_text_puts(&a->said, "{\"file\":");
    dosi_text_put_json(&a->said, name, strlen(name));
    dosi_text_puts(&a->said, ",\"decisions\":[");
    bool is_first = true;
    if (!a->is_quiet) (void)printf("%s\n", name);
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        if (!is_first) dosi_text_putc(&a->said, ',');
        is_first = false;
        dosi_text_put_json(&a->said, line, n);
        char wanted[512];
        (void)snprintf(wanted, sizeof wanted, "%.*s\n", (int)(n < 500 ? n : 500), line);
        bool is_known = strstr(dosi_text_string(&a->decisions), wanted) != NULL;
        if (!a->is_quiet && !is_known) (void)printf("  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
    dosi_text_puts(&a->said, "]}");
    dosi_text_clear(&a->decisions);
    dosi_text_puts(&a->decisions, text);
}

static void put_input(addition *a, const char *name, const dosi_source_result *result) {
    dosi_json json;
    if (a->inputs.length) dosi_text_putc(&a->inputs, ',');
    dosi_json_init(&json, &a->inputs);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "file");
    dosi_json_member_string(&json, "name", name);
    dosi_json_member_string(&json, "hash", result->source_hash);
    dosi_json_member_int(&json, "rows", (int64_t)result->table.n_rows);
    dosi_json_member_int(&json, "rejected", (int64_t)result->rejects.n_rows);
    dosi_json_end_object(&json);
}

static dosi_status read_one(addition *a, const char *path, bool is_first, dosi_error *err) {
    dosi_source_result result = {0};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    DOSI_TRY(dosi_source_read(path, &a->options, NULL, &result, err));
    say(a, name, &result);
    put_input(a, name, &result);
    dosi_status status = DOSI_OK;
    if (is_first) {
        a->all = result;
        return DOSI_OK;
    }
    status = dosi_source_append(&a->all, &result, name, err);
    dosi_source_result_clear(&result);
    return status;
}

static dosi_status write_rejects(const addition *a, dosi_error *err) {
    if (!a->rejects_path) return DOSI_OK;
    dosi_text csv = {0};
    dosi_table_put_csv(&csv, &a->all.rejects, NULL);
    dosi_status status = dosi_text_status(&csv, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(a->rejects_path, dosi_text_string(&csv), csv.length,
                                        0644, err);
    }
    dosi_text_destroy(&csv);
    return status;
}

static void show_summary(const addition *a) {
    dosi_text text = {0};
    dosi_text_put_count(&text, a->all.table.n_rows);
    dosi_text_puts(&text, " rows, ");
    dosi_text_put_count(&text, a->all.rejects.n_rows);
    dosi_text_puts(&text, " rejected\n");
    if (a->all.rejects.n_rows) {
        dosi_table_style style = {.n_rows = SHOWN_REJECTS};
        dosi_table_put_text(&text, &a->all.rejects, &style);
        size_t n_more =
            a->all.rejects.n_rows > SHOWN_REJECTS ? a->all.rejects.n_rows - SHOWN_REJECTS : 0;
        if (n_more) dosi_text_printf(&text, "and %zu more\n", n_more);
    }
    (void)fputs(dosi_text_string(&text), stdout);
    dosi_text_destroy(&text);
}

/// {"kind":"file","method":recipe,"program","parameters":{...},"inputs":[...],"decisions":[...]}
static void put_lineage(dosi_text *out, const addition *a) {
    const dosi_source_options *o = &a->options;
    const char *const names[] = {"source", "encoding", "delimiter", "sheet",  "crs",
                                 "types",  "x",        "y",         "member", "keep"};
    const char *const values[] = {o->recipe, o->encoding, o->delimiter, o->sheet,  o->crs,
                                  o->types,  o->x_column, o->y_column,  o->member, o->keep};
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "file");
    dosi_json_member_string(&json, "method", o->recipe ? o->recipe : "add");
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    dosi_json_key(&json, "parameters");
    dosi_json_begin_object(&json);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (values[i]) dosi_json_member_string(&json, names[i], values[i]);
    }
    if (o->header_rows) dosi_json_member_int(&json, "header_rows", o->header_rows);
    dosi_json_end_object(&json);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_array(&json);
    dosi_json_raw(&json, dosi_text_string(&a->inputs), a->inputs.length);
    dosi_json_end_array(&json);
    dosi_json_member_int(&json, "rejected", (int64_t)a->all.rejects.n_rows);
    dosi_json_key(&json, "decisions");
    dosi_json_begin_array(&json);
    dosi_json_raw(&json, dosi_text_string(&a->said), a->said.length);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

/// Where the versions go.
typedef struct destination {
    dosi_gate *gate; ///< NULL: nowhere, a dry run outside a lab.
    dosi_caller caller;
    const char *lineage;
} destination;

/// Opens the lab around us. A dry run needs none.
static dosi_status open_lab(const addition *a, destination *to, dosi_error *err) {
    char folder[DOSI_PATH_BYTES];
    dosi_status status = dosi_lab_find(".", folder, err);
    if (status != DOSI_OK) return a->is_dry ? DOSI_OK : status;
    DOSI_TRY(dosi_gate_open(folder, &to->gate, err));
    return a->is_dry ? DOSI_OK : dosi_caller_local(to->gate, "cli", &to->caller, err);
}

static dosi_status write_version(destination *to,
                                 const char *reference,
                                 const dosi_table *table,
                                 const dosi_metadata *metadata,
                                 dosi_error *err) {
    dosi_new_version new_version = {.reference = reference,
                                    .table = table,
                                    .metadata = metadata,
                                    .lineage_json = to->lineage};
    dosi_version version = {0};
    bool is_new = false;
    DOSI_TRY(dosi_gate_write(to->gate, &to->caller, &new_version, &version, &is_new, err));
    (void)printf("%s@%" PRId64 "%s\n", reference, version.number,
                 is_new ? "" : " (nothing new: that version has the same content)");
    dosi_version_clear(&version);
    return DOSI_OK;
}

static dosi_status write_all(destination *to, const addition *a, dosi_error *err) {
    dosi_metadata metadata = a->metadata;
    const dosi_recipe *recipe = a->options.recipe ? dosi_recipe_find(a->options.recipe) : NULL;
    if (recipe) {
        if (!metadata.title_ko) metadata.title_ko = recipe->title_ko;
        if (!metadata.title_en) metadata.title_en = recipe->title_en;
        if (!metadata.description_en) metadata.description_en = recipe->about;
        if (!metadata.publisher) metadata.publisher = recipe->publisher;
        if (!metadata.frequency) metadata.frequency = recipe->frequency;
    }
    DOSI_TRY(write_version(to, a->reference, &a->all.table, &metadata, err));
    if (a->all.rejects.n_rows == 0) return DOSI_OK;
    char reference[DOSI_REFERENCE_BYTES];
    (void)snprintf(reference, sizeof reference, "%s-rejects", a->reference);
    dosi_metadata of_rejects = {.title_ko = "거부된 행", .title_en = "Rejected rows"};
    of_rejects.visibility = a->metadata.visibility;
    return write_version(to, reference, &a->all.rejects, &of_rejects, err);
}

static dosi_status store(destination *to, const addition *a, dosi_error *err) {
    dosi_text lineage = {0};
    put_lineage(&lineage, a);
    dosi_status status = dosi_text_status(&lineage, err);
    to->lineage = dosi_text_string(&lineage);
    if (status == DOSI_OK) status = write_all(to, a, err);
    dosi_text_destroy(&lineage);
    return status;
}

dosi_status dosi_cmd_add(int argc, char **argv, dosi_error *err) {
    addition a = {0};
    destination to = {0};
    DOSI_TRY(take_arguments(argc, argv, &a, err));
    dosi_status status = open_lab(&a, &to, err);
    a.options.zone_s = to.gate ? dosi_gate_zone_s(to.gate) : KOREA_S;
    for (int i = 0; i < a.n_files && status == DOSI_OK; i++) {
        status = read_one(&a, a.files[i], i == 0, err);
    }
    if (status == DOSI_OK) {
        show_summary(&a);
        status = write_rejects(&a, err);
    }
    if (status == DOSI_OK && a.all.table.n_rows == 0 && a.all.rejects.n_rows > 0) {
        status = dosi_fail(err, DOSI_PARSE, "%s: not one of %zu rows could be taken",
                           a.files[0], a.all.rejects.n_rows);
    }
    if (status == DOSI_OK && !a.is_dry) status = store(&to, &a, err);
    dosi_gate_close(to.gate);
    clear(&a);
    return status;
}

dosi_status dosi_cmd_sources(int argc, char **argv, dosi_error *err) {
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    size_t n = 0;
    const dosi_recipe *const *recipes = dosi_recipes(&n);
    for (size_t i = 0; i < n; i++) {
        (void)printf("%s\n    %s / %s\n    %s\n", recipes[i]->name, recipes[i]->title_en,
                     recipes[i]->title_ko, recipes[i]->about);
    }
    return DOSI_OK;
}
