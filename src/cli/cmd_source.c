// dosi source: the live feeds of the lab: add, list, run, remove.

#include "base/os_file.h"
#include "cli/lab.h"
#include "feed/feed_store.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

dosi_status dosi_cmd_source(int argc, char **argv, dosi_error *err);

/// Parses "15m", "1h", "1d" or seconds.
static dosi_status parse_every(const char *text, int64_t *out, dosi_error *err) {
    static const char units[] = "smhd";
    static const int64_t seconds[] = {1, 60, 3600, 86400};
    size_t length = strlen(text);
    const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;
    int64_t number = 0;
    if (dosi_parse_int(text, length - (unit ? 1 : 0), &number) == DOSI_OK && number > 0 &&
        number < 1000000000) {
        *out = number * (unit ? seconds[unit - units] : 1);
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "--every %s: write it like 15m, 1h or 1d", text);
}

/// Reads the key from a file, or from standard input; never from the command line, where others
/// could see it.
static dosi_status read_key(const char *path, bool from_stdin, char *out, dosi_error *err) {
    if (!path && !from_stdin) {
        return dosi_fail(err, DOSI_INVALID,
                         "the API key is needed: --key-file FILE or --key-stdin");
    }
    FILE *stream = path ? fopen(path, "re") : stdin;
    if (!stream) return dosi_fail(err, DOSI_NOT_FOUND, "%s: no such file", path);
    char *line = fgets(out, DOSI_FEED_KEY_BYTES, stream);
    if (path) (void)fclose(stream);
    if (line) out[strcspn(out, " \t\r\n")] = '\0';
    if (line && out[0]) return DOSI_OK;
    return dosi_fail(err, DOSI_INVALID, "no API key in %s", path ? path : "standard input");
}

static void take_text(int *argc, char **argv, const char *name, char *out, size_t n_out) {
    const char *value = dosi_cli_option(argc, argv, name);
    (void)snprintf(out, n_out, "%s", value ? value : "");
}

static dosi_status add(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    dosi_feed_entry entry = {.every_s = 3600, .account_id = lab->caller.account_id};
    char key[DOSI_FEED_KEY_BYTES];
    take_text(&argc, argv, "kind", entry.kind, sizeof entry.kind);
    take_text(&argc, argv, "service", entry.service, sizeof entry.service);
    take_text(&argc, argv, "base-url", entry.base_url, sizeof entry.base_url);
    take_text(&argc, argv, "parameters", entry.parameters, sizeof entry.parameters);
    take_text(&argc, argv, "as", entry.reference, sizeof entry.reference);
    take_text(&argc, argv, "key-columns", entry.key_columns, sizeof entry.key_columns);
    const dosi_feed_kind *kind = dosi_feed_kind_find(entry.kind);
    entry.daily_calls = kind ? kind->daily_calls : 0;
    DOSI_TRY(dosi_cli_number(&argc, argv, "daily-limit", 1000000, &entry.daily_calls, err));
    const char *every = dosi_cli_option(&argc, argv, "every");
    const char *key_file = dosi_cli_option(&argc, argv, "key-file");
    bool from_stdin = dosi_cli_flag(&argc, argv, "key-stdin");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc != 3)
        return dosi_fail(err, DOSI_INVALID, "usage: dosi source add NAME --kind KIND...");
    (void)snprintf(entry.name, sizeof entry.name, "%s", argv[2]);
    if (every) DOSI_TRY(parse_every(every, &entry.every_s, err));
    DOSI_TRY(read_key(key_file, from_stdin, key, err));
    entry.next_utc_us = dosi_time_now_utc_us();
    dosi_status status = dosi_feed_save(lab->gate, &lab->caller, &entry, key, err);
    sodium_memzero(key, sizeof key);
    if (status == DOSI_OK) {
        (void)printf("source %s: %s every %lld s into %s; `dosi source run %s` tries it\n",
                     entry.name, entry.kind, (long long)entry.every_s, entry.reference,
                     entry.name);
    }
    return status;
}

static dosi_status show(void *context, const dosi_feed_entry *entry, dosi_error *err) {
    const dosi_gate *gate = context;
    int zone_s = dosi_gate_zone_s(gate);
    char due[DOSI_TIME_TEXT_BYTES];
    (void)err;
    dosi_time_format(entry->next_utc_us / DOSI_SECOND_US * DOSI_SECOND_US +
                         zone_s * DOSI_SECOND_US,
                     zone_s, due);
    (void)printf("%-20s %-16s %-28s every %lld s, due %s\n", entry->name, entry->kind,
                 entry->reference, (long long)entry->every_s, due);
    if (entry->message[0]) {
        (void)printf("    last: %s%s (%lld calls that day)\n",
                     entry->n_failures ? "failed: " : "", entry->message,
                     (long long)entry->n_calls);
    }
    return DOSI_OK;
}

/// Runs a source as `caller`; NULL: as the account that added it.
static dosi_status run_one(dosi_cli_lab *lab,
                           const dosi_caller *caller,
                           const char *name,
                           dosi_error *err) {
    dosi_feed_outcome outcome;
    DOSI_TRY(dosi_feed_run(lab->gate, caller, name, NULL, &outcome, err));
    (void)printf("%s: %lld rows in %lld calls, %zu new, %zu changed", name,
                 (long long)outcome.report.n_rows, (long long)outcome.report.n_calls,
                 outcome.n_new, outcome.n_changed);
    if (outcome.report.n_damaged) {
        (void)printf(", %lld without station or time", (long long)outcome.report.n_damaged);
    }
    if (outcome.version) (void)printf(", version %lld", (long long)outcome.version);
    (void)printf("\n");
    return DOSI_OK;
}

/// What `run --due` does with each feed; a failure of one does not stop the others.
typedef struct due_run {
    dosi_cli_lab *lab;
    size_t n_failed;
    dosi_status status;
    dosi_error err;
} due_run;

static dosi_status run_if_due(void *context, const dosi_feed_entry *entry, dosi_error *err) {
    due_run *due = context;
    (void)err;
    if (entry->next_utc_us > dosi_time_now_utc_us()) return DOSI_OK;
    dosi_error why = {""};
    dosi_status status = run_one(due->lab, NULL, entry->name, &why);
    if (status == DOSI_OK) return DOSI_OK;
    (void)fprintf(stderr, "%s\n", why.message);
    due->n_failed++;
    due->status = status;
    due->err = why;
    return DOSI_OK;
}

/// Runs what is due, each as the account that added it.
static dosi_status run_due(dosi_cli_lab *lab, dosi_error *err) {
    due_run due = {.lab = lab};
    if (lab->caller.role < DOSI_ROLE_STEWARD) {
        return dosi_fail(err, DOSI_DENIED, "only stewards and administrators run all sources");
    }
    DOSI_TRY(dosi_feed_each(lab->gate, run_if_due, &due, err));
    if (due.n_failed == 0) return DOSI_OK;
    return dosi_fail(err, due.status, "%zu sources failed; the last: %.400s", due.n_failed,
                     due.err.message);
}

static dosi_status do_verb(dosi_cli_lab *lab, int argc, char **argv, dosi_error *err) {
    const char *verb = argc > 1 ? argv[1] : "list";
    if (strcmp(verb, "add") == 0) return add(lab, argc, argv, err);
    bool is_due = dosi_cli_flag(&argc, argv, "due");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (strcmp(verb, "list") == 0) return dosi_feed_each(lab->gate, show, lab->gate, err);
    if (strcmp(verb, "run") == 0 && is_due) return run_due(lab, err);
    if (strcmp(verb, "run") == 0 && argc == 3) return run_one(lab, &lab->caller, argv[2], err);
    if (strcmp(verb, "remove") == 0 && argc == 3) {
        DOSI_TRY(dosi_feed_remove(lab->gate, &lab->caller, argv[2], err));
        (void)printf("source %s is removed; its dataset stays\n", argv[2]);
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID,
                     "usage: dosi source add|list|run|remove; see `dosi help "
                     "source`");
}

dosi_status dosi_cmd_source(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    dosi_status status = do_verb(&lab, argc, argv, err);
    dosi_cli_lab_close(&lab);
    return status;
}
