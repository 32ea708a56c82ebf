// dosi run: one method on files or datasets, with its lineage beside the results.

#include "base/hash.h"
#include "base/os_file.h"
#include "cli/lab.h"
#include "dosi/json.h"
#include "dosi/method.h"
#include "source/source.h"
#include "sql/sql.h"
#include "table/write.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TABLES = 16, MAX_SETTINGS = 64, NAME_BYTES = 64 };

/// One "NAME=VALUE" of the command line, split.
typedef struct assignment {
    char name[NAME_BYTES];
    const char *value;
} assignment;

/// Everything that a run holds.
typedef struct run_state {
    const dosi_method *method;
    const char *folder;
    bool as_parquet, as_csv;
    assignment sources[MAX_TABLES]; ///< --source NAME=RECIPE
    size_t n_sources;
    const char *input_from[MAX_TABLES];                ///< File or dataset; NULL: not given.
    char input_name[MAX_TABLES][DOSI_REFERENCE_BYTES]; ///< "org/name@N" of a dataset, else "".
    dosi_cli_lab lab;                                  ///< Open when an input is a dataset.
    dosi_table input[MAX_TABLES];
    char input_hash[MAX_TABLES][DOSI_HASH_TEXT_BYTES];
    const dosi_table *inputs[MAX_TABLES]; ///< As the method gets them.
    assignment params[MAX_SETTINGS];
    dosi_setting settings[MAX_SETTINGS];
    size_t n_settings;
    dosi_value values[MAX_SETTINGS];
    dosi_table outputs[MAX_TABLES];
    dosi_text report;
    dosi_run run;
} run_state;

/// Splits "NAME=VALUE".
static dosi_status split_assignment(const char *text, assignment *out, dosi_error *err) {
    size_t length = strcspn(text, "=");
    if (text[length] != '=' || length == 0 || length >= NAME_BYTES) {
        return dosi_fail(err, DOSI_INVALID, "\"%.80s\" is not NAME=VALUE", text);
    }
    memcpy(out->name, text, length);
    out->name[length] = '\0';
    out->value = text + length + 1;
    return DOSI_OK;
}

/// Takes every --input; each name must be one of the method's.
static dosi_status take_inputs(run_state *state, int *argc, char **argv, dosi_error *err) {
    const dosi_method *method = state->method;
    for (const char *text; (text = dosi_cli_option(argc, argv, "input"));) {
        assignment given = {.value = NULL};
        DOSI_TRY(split_assignment(text, &given, err));
        size_t i = 0;
        while (i < method->n_inputs && strcmp(method->inputs[i].name, given.name) != 0) i++;
        if (i == method->n_inputs) {
            return dosi_fail(err, DOSI_INVALID,
                             "%s has no input \"%s\"; `dosi methods show %s`", method->id,
                             given.name, method->id);
        }
        state->input_from[i] = given.value;
    }
    return DOSI_OK;
}

/// Opens the lab when an input is no file: then it is a dataset.
static dosi_status open_lab(run_state *state, int *argc, char **argv, dosi_error *err) {
    bool is_needed = false;
    for (size_t i = 0; i < state->method->n_inputs; i++) {
        is_needed |= state->input_from[i] && !dosi_path_exists(state->input_from[i]);
    }
    if (!is_needed) {
        (void)dosi_cli_option(argc, argv, "lab");
        return DOSI_OK;
    }
    dosi_error why = {""};
    if (dosi_cli_lab_open(argc, argv, "cli", &state->lab, &why) == DOSI_OK) return DOSI_OK;
    size_t i = 0;
    while (!state->input_from[i] || dosi_path_exists(state->input_from[i])) i++;
    return dosi_fail(err, DOSI_NOT_FOUND, "input %s: no file \"%s\", and no dataset either: %s",
                     state->method->inputs[i].name, state->input_from[i], why.message);
}

static dosi_status take_options(run_state *state, int *argc, char **argv, dosi_error *err) {
    DOSI_TRY(take_inputs(state, argc, argv, err));
    for (const char *text; (text = dosi_cli_option(argc, argv, "source"));) {
        if (state->n_sources == MAX_TABLES)
            return dosi_fail(err, DOSI_LIMIT, "too many --source");
        DOSI_TRY(split_assignment(text, &state->sources[state->n_sources++], err));
    }
    for (const char *text; (text = dosi_cli_option(argc, argv, "param"));) {
        size_t i = state->n_settings;
        if (i == MAX_SETTINGS) return dosi_fail(err, DOSI_LIMIT, "too many --param");
        DOSI_TRY(split_assignment(text, &state->params[i], err));
        state->settings[i] = (dosi_setting){state->params[i].name, state->params[i].value};
        state->n_settings++;
    }
    state->folder = dosi_cli_option(argc, argv, "out");
    const char *format = dosi_cli_option(argc, argv, "format");
    state->as_parquet =
        !format || strcmp(format, "parquet") == 0 || strcmp(format, "both") == 0;
    state->as_csv = !format || strcmp(format, "csv") == 0 || strcmp(format, "both") == 0;
    if (!state->as_parquet && !state->as_csv) {
        return dosi_fail(err, DOSI_INVALID, "--format is %s, not parquet, csv or both", format);
    }
    const char *threads = dosi_cli_option(argc, argv, "threads");
    int64_t n_threads = 0;
    if (threads && (dosi_parse_int(threads, strlen(threads), &n_threads) != DOSI_OK ||
                    n_threads < 1 || n_threads > 1024)) {
        return dosi_fail(err, DOSI_INVALID, "--threads is %s, not 1..1024", threads);
    }
    state->run.n_threads = (int)n_threads;
    if (!state->folder) return dosi_fail(err, DOSI_INVALID, "--out FOLDER is missing");
    DOSI_TRY(open_lab(state, argc, argv, err));
    return dosi_cli_no_more_options(*argc, argv, err);
}

/// Reads a file as a source does; what was decided goes to stderr.
static dosi_status read_file(run_state *state, size_t i, dosi_error *err) {
    const char *path = state->input_from[i];
    dosi_source_options options = {.zone_s = 32400};
    for (size_t k = 0; k < state->n_sources; k++) {
        if (strcmp(state->sources[k].name, state->method->inputs[i].name) == 0) {
            options.recipe = state->sources[k].value;
        }
    }
    dosi_source_result result = {0};
    DOSI_TRY(dosi_source_read(path, &options, &state->run, &result, err));
    (void)fprintf(stderr, "%s: %zu rows", path, result.table.n_rows);
    if (result.rejects.n_rows) {
        (void)fprintf(stderr, ", %zu rejected (`dosi add` lists them)", result.rejects.n_rows);
    }
    (void)fputc('\n', stderr);
    state->input[i] = result.table;
    dosi_table_init(&result.table);
    dosi_source_result_clear(&result);
    return dosi_hash_file(path, state->input_hash[i], err);
}

/// Reads a dataset through the gate, which decides and records.
static dosi_status read_dataset(run_state *state, size_t i, dosi_error *err) {
    dosi_version version = {0};
    DOSI_TRY(dosi_gate_read(state->lab.gate, &state->lab.caller, state->input_from[i], NULL, 0,
                            &state->input[i], &version, err));
    (void)snprintf(state->input_name[i], DOSI_REFERENCE_BYTES, "%s/%s@%lld",
                   version.organisation, version.name, (long long)version.number);
    (void)snprintf(state->input_hash[i], DOSI_HASH_TEXT_BYTES, "%s", version.hash);
    (void)fprintf(stderr, "%s: %zu rows\n", state->input_name[i], state->input[i].n_rows);
    dosi_version_clear(&version);
    return DOSI_OK;
}

static dosi_status read_inputs(run_state *state, dosi_error *err) {
    for (size_t i = 0; i < state->method->n_inputs; i++) {
        const char *from = state->input_from[i];
        if (!from) continue;
        if (dosi_path_exists(from)) {
            DOSI_TRY(read_file(state, i, err));
        } else {
            DOSI_TRY(read_dataset(state, i, err));
        }
        state->inputs[i] = &state->input[i];
    }
    return DOSI_OK;
}

/// Writes one output in the formats asked for.
static dosi_status write_output(const run_state *state, size_t i, dosi_error *err) {
    const char *name = state->method->outputs[i].name;
    char file[NAME_BYTES + 16], path[DOSI_PATH_BYTES];
    if (state->as_parquet) {
        (void)snprintf(file, sizeof file, "%s.parquet", name);
        DOSI_TRY(dosi_path_join(state->folder, file, path, err));
        DOSI_TRY(dosi_parquet_write(&state->outputs[i], path, err));
    }
    if (!state->as_csv) return DOSI_OK;
    (void)snprintf(file, sizeof file, "%s.csv", name);
    DOSI_TRY(dosi_path_join(state->folder, file, path, err));
    dosi_text text = {0};
    dosi_table_put_csv(&text, &state->outputs[i], NULL);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, dosi_text_string(&text), text.length, 0644, err);
    }
    dosi_text_destroy(&text);
    return status;
}

/// The inputs part of run.json.
static void put_inputs(const run_state *state, dosi_json *json) {
    dosi_json_key(json, "inputs");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < state->method->n_inputs; i++) {
        if (!state->input_from[i]) continue;
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "name", state->method->inputs[i].name);
        const char *dataset = state->input_name[i];
        dosi_json_member_string(json, "from", *dataset ? dataset : state->input_from[i]);
        dosi_json_member_string(json, "hash", state->input_hash[i]);
        dosi_json_member_int(json, "rows", (int64_t)state->input[i].n_rows);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

/// Parameters as they were used, defaults included.
static void put_parameters(const run_state *state, dosi_json *json) {
    dosi_json_key(json, "parameters");
    dosi_json_begin_object(json);
    for (size_t i = 0; i < state->method->n_parameters; i++) {
        dosi_json_member_string(json, state->method->parameters[i].name, state->values[i].text);
    }
    dosi_json_end_object(json);
}

/// Lineage: method, version, parameters, inputs and outputs. No clock, so that the same run
/// gives the same bytes.
static dosi_status write_lineage(const run_state *state, dosi_error *err) {
    dosi_text text = {0};
    dosi_json json;
    dosi_json_init(&json, &text);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "method");
    dosi_json_member_string(&json, "method", state->method->id);
    dosi_json_member_int(&json, "version", state->method->version);
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    put_parameters(state, &json);
    put_inputs(state, &json);
    dosi_json_key(&json, "outputs");
    dosi_json_begin_array(&json);
    for (size_t i = 0; i < state->method->n_outputs; i++) {
        dosi_json_begin_object(&json);
        dosi_json_member_string(&json, "name", state->method->outputs[i].name);
        dosi_json_member_int(&json, "rows", (int64_t)state->outputs[i].n_rows);
        dosi_json_end_object(&json);
    }
    dosi_json_end_array(&json);
    dosi_json_member_string(&json, "report", dosi_text_string(&state->report));
    dosi_json_end_object(&json);
    dosi_text_putc(&text, '\n');
    char path[DOSI_PATH_BYTES];
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) status = dosi_path_join(state->folder, "run.json", path, err);
    if (status == DOSI_OK) {
        status = dosi_file_write_atomic(path, dosi_text_string(&text), text.length, 0644, err);
    }
    dosi_text_destroy(&text);
    return status;
}

/// A line that says how far it is, on a terminal.
static void show_progress(void *context, double fraction, const char *what) {
    (void)context;
    (void)fprintf(stderr, "\r%3.0f %% %s\033[K", 100 * fraction, what);
    if (fraction >= 1) (void)fprintf(stderr, "\r\033[K");
}

static dosi_status do_run(run_state *state, dosi_error *err) {
    const dosi_method *method = state->method;
    DOSI_TRY(dosi_method_set(method, state->settings, state->n_settings, state->values, err));
    DOSI_TRY(read_inputs(state, err));
    const dosi_method_call call = {
        .method = method,
        .inputs = state->inputs,
        .values = state->values,
        .outputs = state->outputs,
        .report = &state->report,
        .run = &state->run,
    };
    DOSI_TRY(dosi_method_run(&call, err));
    DOSI_TRY(dosi_folder_create(state->folder, err));
    for (size_t i = 0; i < method->n_outputs; i++) DOSI_TRY(write_output(state, i, err));
    DOSI_TRY(write_lineage(state, err));
    (void)fputs(dosi_text_string(&state->report), stdout);
    for (size_t i = 0; i < method->n_outputs; i++) {
        (void)printf("%s/%s: %zu rows\n", state->folder, method->outputs[i].name,
                     state->outputs[i].n_rows);
    }
    return DOSI_OK;
}

dosi_status dosi_cmd_run(int argc, char **argv, dosi_error *err);

dosi_status dosi_cmd_run(int argc, char **argv, dosi_error *err) {
    if (argc < 2) {
        return dosi_fail(
            err, DOSI_INVALID,
            "usage: dosi run ID --input NAME=FILE_OR_DATASET --param NAME=VALUE --out FOLDER");
    }
    const dosi_method *method = dosi_method_find(argv[1]);
    if (!method) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no method \"%s\"; `dosi methods` lists them",
                         argv[1]);
    }
    if (method->n_inputs > MAX_TABLES || method->n_outputs > MAX_TABLES ||
        method->n_parameters > MAX_SETTINGS) {
        return dosi_fail(err, DOSI_LIMIT, "%s has too many inputs or parameters", method->id);
    }
    run_state *state = calloc(1, sizeof *state);
    if (!state) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to run %s", method->id);
    state->method = method;
    if (isatty(STDERR_FILENO)) state->run.progress = show_progress;
    dosi_status status = take_options(state, &argc, argv, err);
    if (status == DOSI_OK && argc > 2) {
        status = dosi_fail(err, DOSI_INVALID, "\"%s\" is not expected", argv[2]);
    }
    if (status == DOSI_OK) status = do_run(state, err);
    for (size_t i = 0; i < MAX_TABLES; i++) {
        dosi_table_destroy(&state->input[i]);
        dosi_table_destroy(&state->outputs[i]);
    }
    dosi_text_destroy(&state->report);
    dosi_cli_lab_close(&state->lab);
    free(state);
    return status;
}
