// dosi catalogue: the datasets that the caller may see, as a list or as DCAT.

#include "cli/lab.h"
#include "table/write.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/// The list in the making.
typedef struct listing {
    dosi_table table;
    const char *organisation; ///< NULL: all.
    dosi_text *dcat;          ///< Instead of the table, when not NULL.
    const char *base_url;
    size_t n_datasets;
} listing;

enum { REFERENCE, TITLE, VERSION, ROWS, SIZE_KB, VISIBILITY, CHANGED };

static dosi_status make_columns(dosi_table *table, dosi_error *err) {
    static const struct {
        const char *name;
        dosi_type type;
    } columns[] = {
        {"dataset", DOSI_TYPE_TEXT},  {"title", DOSI_TYPE_TEXT},
        {"version", DOSI_TYPE_INT},   {"rows", DOSI_TYPE_INT},
        {"kilobytes", DOSI_TYPE_INT}, {"visibility", DOSI_TYPE_TEXT},
        {"changed", DOSI_TYPE_TEXT},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        DOSI_TRY(dosi_table_add_column(table, columns[i].name, columns[i].type, NULL, err));
    }
    return DOSI_OK;
}

/// The title in Korean, else English; what is simulated says so.
static void put_title(const dosi_version *version, dosi_text *out) {
    json_t *metadata =
        version->metadata_json ? json_loads(version->metadata_json, 0, NULL) : NULL;
    const json_t *title = json_object_get(metadata, "title");
    const char *text = json_string_value(json_object_get(title, "ko"));
    if (!text) text = json_string_value(json_object_get(title, "en"));
    if (version->is_simulated) dosi_text_puts(out, "[simulated] ");
    dosi_text_puts(out, text ? text : "");
    json_decref(metadata);
}

static dosi_status add_row(listing *list, const dosi_version *version, dosi_error *err) {
    char reference[DOSI_REFERENCE_BYTES];
    char changed[DOSI_TIME_TEXT_BYTES];
    dosi_table *table = &list->table;
    size_t row = table->n_rows;
    (void)snprintf(reference, sizeof reference, "%s/%s", version->organisation, version->name);
    dosi_time_format(version->created_utc_us / DOSI_SECOND_US * DOSI_SECOND_US, 0, changed);
    dosi_text title = {0};
    put_title(version, &title);
    dosi_status status = dosi_table_add_rows(table, 1, err);
    if (status == DOSI_OK) status = dosi_table_set_text(table, REFERENCE, row, reference);
    if (status == DOSI_OK) {
        status = dosi_table_set_text(table, TITLE, row, dosi_text_string(&title));
    }
    if (status == DOSI_OK) {
        status = dosi_table_set_text(table, VISIBILITY, row, version->visibility);
    }
    if (status == DOSI_OK) status = dosi_table_set_text(table, CHANGED, row, changed);
    dosi_text_destroy(&title);
    DOSI_TRY(status);
    table->columns[VERSION].data.integer[row] = version->number;
    table->columns[ROWS].data.integer[row] = version->n_rows;
    table->columns[SIZE_KB].data.integer[row] = (version->n_bytes + 999) / 1000;
    return DOSI_OK;
}

static dosi_status list_one(void *context, const dosi_version *version, dosi_error *err) {
    listing *list = context;
    if (list->organisation && strcmp(list->organisation, version->organisation) != 0) {
        return DOSI_OK;
    }
    if (!list->dcat) return add_row(list, version, err);
    if (list->n_datasets++) dosi_text_putc(list->dcat, ',');
    return dosi_dcat_put_dataset(list->dcat, version, list->base_url, err);
}

dosi_status dosi_cmd_catalogue(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    dosi_text text = {0};
    listing list = {.base_url = "http://127.0.0.1:8420"};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    bool is_dcat = dosi_cli_flag(&argc, argv, "dcat");
    bool is_csv = dosi_cli_flag(&argc, argv, "csv");
    const char *base_url = dosi_cli_option(&argc, argv, "base-url");
    if (base_url) list.base_url = base_url;
    list.organisation = dosi_cli_option(&argc, argv, "organisation");
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK) status = make_columns(&list.table, err);
    if (is_dcat) {
        list.dcat = &text;
        dosi_dcat_begin_catalogue(&text, dosi_gate_title(lab.gate), list.base_url);
    }
    if (status == DOSI_OK) {
        status = dosi_gate_each(lab.gate, &lab.caller, list_one, &list, err);
    }
    if (is_dcat) {
        dosi_dcat_end_catalogue(&text);
        dosi_text_putc(&text, '\n');
    } else if (is_csv) {
        dosi_table_put_csv(&text, &list.table, NULL);
    } else {
        dosi_table_put_text(&text, &list.table, NULL);
    }
    if (status == DOSI_OK) status = dosi_cli_put(&text, NULL, err);
    dosi_text_destroy(&text);
    dosi_table_destroy(&list.table);
    dosi_cli_lab_close(&lab);
    return status;
}
