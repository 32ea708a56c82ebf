// dosi audit: is the log as it was written, and what does it say.

#include "cli/lab.h"
#include "table/write.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MOST_RECORDS = 100000, DEFAULT_RECORDS = 20 };

static dosi_status verify(const dosi_cli_lab *lab, dosi_error *err) {
    dosi_audit_report report;
    DOSI_TRY(dosi_gate_verify_audit(lab->gate, &lab->caller, false, NULL, &report, err));
    if (report.is_whole) {
        (void)printf("the audit log is whole: %llu records, until %s\nlast hash: %s\n",
                     (unsigned long long)report.n_records,
                     report.until_utc[0] ? report.until_utc : "-", report.head_hash);
        return DOSI_OK;
    }
    (void)printf("%llu good records, then:\n%s (%s line %llu)\n",
                 (unsigned long long)report.n_records, report.finding, report.file,
                 (unsigned long long)report.line);
    return dosi_fail(err, DOSI_CONFLICT, "the audit log is not as it was written");
}

/// The records as a table, newest first.
static dosi_status tabulate(const json_t *records, dosi_table *table, dosi_error *err) {
    static const char *const names[] = {"seq",    "utc",    "account", "channel",
                                        "action", "object", "outcome", "detail"};
    enum { N_NAMES = sizeof names / sizeof names[0] };
    for (size_t c = 0; c < N_NAMES; c++) {
        dosi_type type = c == 0 ? DOSI_TYPE_INT : DOSI_TYPE_TEXT;
        DOSI_TRY(dosi_table_add_column(table, names[c], type, NULL, err));
    }
    DOSI_TRY(dosi_table_add_rows(table, json_array_size(records), err));
    for (size_t row = 0; row < table->n_rows; row++) {
        const json_t *record = json_array_get(records, row);
        table->columns[0].data.integer[row] =
            json_integer_value(json_object_get(record, names[0]));
        for (size_t c = 1; c < N_NAMES; c++) {
            const char *value = json_string_value(json_object_get(record, names[c]));
            DOSI_TRY(dosi_table_set_text(table, c, row, value ? value : ""));
        }
    }
    return DOSI_OK;
}

static dosi_status list(const dosi_cli_lab *lab, size_t limit, bool is_json, dosi_error *err) {
    dosi_text text = {0};
    dosi_table table = {0};
    json_t *records = NULL;
    dosi_status status = dosi_gate_put_audit(lab->gate, &lab->caller, limit, &text, err);
    if (status == DOSI_OK && is_json) {
        dosi_text_putc(&text, '\n');
    } else if (status == DOSI_OK) {
        records = json_loads(dosi_text_string(&text), 0, NULL);
        dosi_text_clear(&text);
        status = tabulate(records, &table, err);
        dosi_table_put_text(&text, &table, NULL);
    }
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    json_decref(records);
    dosi_table_destroy(&table);
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_cmd_audit(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    int64_t limit = DEFAULT_RECORDS;
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    dosi_status status = dosi_cli_number(&argc, argv, "limit", MOST_RECORDS, &limit, err);
    bool is_json = dosi_cli_flag(&argc, argv, "json");
    if (status == DOSI_OK) status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && argc == 2 && strcmp(argv[1], "verify") == 0) {
        status = verify(&lab, err);
    } else if (status == DOSI_OK && argc == 2 && strcmp(argv[1], "list") == 0) {
        status = list(&lab, (size_t)limit, is_json, err);
    } else if (status == DOSI_OK) {
        status = dosi_fail(err, DOSI_INVALID, "usage: dosi audit verify | list [--limit N]");
    }
    dosi_cli_lab_close(&lab);
    return status;
}
