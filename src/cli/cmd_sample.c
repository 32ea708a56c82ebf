// dosi sample: makes the sample city and writes it into the lab.

#include "base/os_file.h"
#include "cli/cli.h"
#include "dosi/json.h"
#include "govern/gate.h"
#include "sample/sample.h"

#include <inttypes.h>
#include <string.h>

dosi_status dosi_cmd_sample(int argc, char **argv, dosi_error *err);

static void show_progress(void *context, double fraction, const char *what) {
    (void)context;
    (void)fprintf(stderr, "  %3.0f %% %s\n", 100.0 * fraction, what);
}

/// {"kind":"sample","method":"sample","program":...,"seed":...,"parameters":{...},"inputs":[]}
static void put_lineage(dosi_text *out, const dosi_sample_options *options) {
    dosi_json json;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "kind", "sample");
    dosi_json_member_string(&json, "method", "sample");
    dosi_json_member_string(&json, "program", DOSI_VERSION);
    dosi_json_member_int(&json, "seed", (int64_t)options->seed);
    dosi_json_key(&json, "parameters");
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "scale", options->scale);
    dosi_json_end_object(&json);
    dosi_json_key(&json, "inputs");
    dosi_json_begin_array(&json);
    dosi_json_end_array(&json);
    dosi_json_end_object(&json);
}

/// Where the parts go and what they are said to come from.
typedef struct destination {
    dosi_gate *gate;
    dosi_caller caller;
    const char *organisation;
    dosi_text lineage;
} destination;

static dosi_status write_part(destination *to,
                              dosi_sample_part part,
                              const dosi_table *table,
                              dosi_error *err) {
    const dosi_sample_words *words = dosi_sample_describe(part);
    char reference[DOSI_REFERENCE_BYTES];
    (void)snprintf(reference, sizeof reference, "%s/%s", to->organisation, words->name);
    // A dataset that is there already keeps the visibility that people gave it.
    dosi_version before = {0};
    bool is_there = dosi_gate_find(to->gate, &to->caller, reference, &before, NULL) == DOSI_OK;
    dosi_version_clear(&before);
    dosi_metadata metadata = {.title_ko = words->title_ko,
                              .title_en = words->title_en,
                              .description_ko = words->about_ko,
                              .description_en = words->about_en,
                              .licence = "CC0-1.0",
                              .publisher = "Dosi sample city",
                              .frequency = words->frequency,
                              .visibility = is_there ? NULL : "public",
                              .is_simulated = true};
    dosi_new_version new_version = {.reference = reference,
                                    .table = table,
                                    .metadata = &metadata,
                                    .lineage_json = dosi_text_string(&to->lineage)};
    dosi_version version = {0};
    bool is_new = false;
    DOSI_TRY(dosi_gate_write(to->gate, &to->caller, &new_version, &version, &is_new, err));
    (void)printf("%-28s %10zu rows  version %" PRId64 "%s\n", reference, table->n_rows,
                 version.number, is_new ? "" : " (as before)");
    dosi_version_clear(&version);
    return DOSI_OK;
}

static dosi_status make_and_write(destination *to,
                                  const dosi_sample_options *options,
                                  dosi_error *err) {
    dosi_table tables[DOSI_SAMPLE_PART_COUNT] = {0};
    dosi_run run = {.progress = show_progress};
    dosi_status status = dosi_sample_make(options, &run, tables, err);
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT && status == DOSI_OK; i++) {
        status = write_part(to, (dosi_sample_part)i, &tables[i], err);
    }
    for (int i = 0; i < DOSI_SAMPLE_PART_COUNT; i++) dosi_table_destroy(&tables[i]);
    return status;
}

static dosi_status parse_number(const char *text,
                                const char *name,
                                int64_t *out,
                                dosi_error *err) {
    if (!text) return DOSI_OK;
    if (dosi_parse_int(text, strlen(text), out) != DOSI_OK || *out < 0) {
        return dosi_fail(err, DOSI_INVALID, "--%s %s: not a whole number from 0 up", name,
                         text);
    }
    return DOSI_OK;
}

dosi_status dosi_cmd_sample(int argc, char **argv, dosi_error *err) {
    int64_t seed = 1;
    int64_t n_hours = 0;
    const char *scale = dosi_cli_option(&argc, argv, "scale");
    const char *organisation = dosi_cli_option(&argc, argv, "org");
    DOSI_TRY(parse_number(dosi_cli_option(&argc, argv, "seed"), "seed", &seed, err));
    DOSI_TRY(parse_number(dosi_cli_option(&argc, argv, "hours"), "hours", &n_hours, err));
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (n_hours > 20000) return dosi_fail(err, DOSI_INVALID, "--hours: at most 20000");
    dosi_sample_options options = {
        .scale = scale ? scale : "city", .seed = (uint64_t)seed, .n_hours = (int)n_hours};
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_lab_find(".", folder, err));
    destination to = {.organisation = organisation ? organisation : "sample"};
    DOSI_TRY(dosi_gate_open(folder, &to.gate, err));
    dosi_status status = dosi_caller_local(to.gate, "cli", &to.caller, err);
    put_lineage(&to.lineage, &options);
    if (status == DOSI_OK) status = make_and_write(&to, &options, err);
    dosi_text_destroy(&to.lineage);
    dosi_gate_close(to.gate);
    return status;
}
