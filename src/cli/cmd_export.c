// dosi export: a dataset's content as a file.

#include "cli/lab.h"
#include "sql/sql.h"
#include "table/write.h"

#include <stdio.h>
#include <string.h>

/// What the file's name ends in, or what is said.
static const char *choose_format(const char *said, const char *path) {
    if (said) return said;
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : "parquet";
}

/// Reads the whole dataset and writes it in a text format.
static dosi_status export_text(const dosi_cli_lab *lab,
                               const char *reference,
                               const char *format,
                               const char *path,
                               dosi_error *err) {
    bool is_csv = strcmp(format, "csv") == 0;
    bool is_json = strcmp(format, "json") == 0;
    bool is_geojson = strcmp(format, "geojson") == 0;
    if (!is_csv && !is_json && !is_geojson) {
        return dosi_fail(err, DOSI_INVALID,
                         "format \"%s\" is none of parquet, csv, json, geojson", format);
    }
    dosi_table table = {0};
    dosi_text text = {0};
    dosi_status status =
        dosi_gate_read(lab->gate, &lab->caller, reference, NULL, 0, &table, NULL, err);
    const dosi_table_style style = {.has_zone = !is_csv, .zone_s = dosi_gate_zone_s(lab->gate)};
    if (status == DOSI_OK && is_csv) dosi_table_put_csv(&text, &table, NULL);
    if (status == DOSI_OK && is_json) dosi_table_put_json(&text, &table, &style);
    if (status == DOSI_OK && is_geojson) {
        status = dosi_table_put_geojson(&text, &table, &style, err);
    }
    if (status == DOSI_OK) status = dosi_cli_put(&text, path, err);
    dosi_text_destroy(&text);
    dosi_table_destroy(&table);
    return status;
}

dosi_status dosi_cmd_export(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "cli", &lab, err));
    const char *path = dosi_cli_option(&argc, argv, "out");
    const char *said = dosi_cli_option(&argc, argv, "format");
    dosi_status status = dosi_cli_no_more_options(argc, argv, err);
    if (status == DOSI_OK && (argc != 2 || !path)) {
        status = dosi_fail(err, DOSI_INVALID, "usage: dosi export org/name --out FILE");
    } else if (status == DOSI_OK) {
        const char *format = choose_format(said, path);
        status = strcmp(format, "parquet") == 0
                     ? dosi_gate_export(lab.gate, &lab.caller, argv[1], path, err)
                     : export_text(&lab, argv[1], format, path, err);
    }
    dosi_cli_lab_close(&lab);
    return status;
}
