// dosi sql: read-only SQL over the datasets that the caller may read.

#include "base/os_file.h"
#include "cli/lab.h"
#include "sql/sql.h"
#include "table/write.h"

#include <string.h>

enum { MOST_TIMEOUT_S = 86400, MOST_MEMORY_MB = 1 << 20, SHOWN_ROWS = 1000 };

static const int64_t most_rows = INT64_C(1000000000);

/// What the options say.
typedef struct sql_options {
    const char *format; ///< "table", "csv"...
    const char *path;   ///< NULL: standard output.
    dosi_query_limits limits;
} sql_options;

/// The format is what is said, or what the file's name ends in.
static const char *choose_format(const char *said, const char *path) {
    static const char *const endings[] = {"csv", "json", "ndjson", "geojson", "parquet"};
    if (said) return said;
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(dot + 1, endings[i]) == 0) return endings[i];
    }
    return "table";
}

static dosi_status check_format(const sql_options *options, dosi_error *err) {
    static const char *const formats[] = {"table",  "csv",     "json",
                                          "ndjson", "geojson", "parquet"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        is_known = is_known || strcmp(options->format, formats[i]) == 0;
    }
    if (!is_known) {
        return dosi_fail(err, DOSI_INVALID,
                         "format \"%s\" is none of table, csv, json, ndjson, geojson, parquet",
                         options->format);
    }
    if (strcmp(options->format, "parquet") == 0 && !options->path) {
        return dosi_fail(err, DOSI_INVALID, "Parquet goes to a file: give --out FILE");
    }
    return DOSI_OK;
}

static dosi_status take_options(int *argc, char **argv, sql_options *out, dosi_error *err) {
    int64_t max_rows = 0;
    int64_t timeout_s = 0;
    int64_t memory_mb = 0;
    const char *said = dosi_cli_option(argc, argv, "format");
    out->path = dosi_cli_option(argc, argv, "out");
    out->format = choose_format(said, out->path);
    DOSI_TRY(dosi_cli_number(argc, argv, "max-rows", most_rows, &max_rows, err));
    DOSI_TRY(dosi_cli_number(argc, argv, "timeout", MOST_TIMEOUT_S, &timeout_s, err));
    DOSI_TRY(dosi_cli_number(argc, argv, "memory", MOST_MEMORY_MB, &memory_mb, err));
    DOSI_TRY(dosi_cli_no_more_options(*argc, argv, err));
    out->limits = (dosi_query_limits){.max_rows = (size_t)max_rows,
                                      .timeout_us = timeout_s * DOSI_SECOND_US,
                                      .memory_bytes = (size_t)memory_mb << 20};
    return check_format(out, err);
}

static void put_table(dosi_text *out, const dosi_table *table) {
    const dosi_table_style style = {.n_rows = SHOWN_ROWS};
    dosi_table_put_text(out, table, &style);
    if (table->n_rows > SHOWN_ROWS) {
        dosi_text_printf(out, "(%zu rows, %d shown; --format csv gives all)\n", table->n_rows,
                         (int)SHOWN_ROWS);
    } else {
        dosi_text_printf(out, "(%zu row%s)\n", table->n_rows, table->n_rows == 1 ? "" : "s");
    }
}

static dosi_status write_result(const sql_options *options,
                                const dosi_table *table,
                                dosi_error *err) {
    if (strcmp(options->format, "parquet") == 0) {
        return dosi_parquet_write(table, options->path, err);
    }
    dosi_text text = {0};
    dosi_status status = DOSI_OK;
    if (strcmp(options->format, "csv") == 0) {
        dosi_table_put_csv(&text, table, NULL);
    } else if (strcmp(options->format, "json") == 0) {
        dosi_table_put_json(&text, table, NULL);
        dosi_text_putc(&text, '\n');
    } else if (strcmp(options->format, "ndjson") == 0) {
        dosi_table_put_ndjson(&text, table, NULL);
    } else if (strcmp(options->format, "geojson") == 0) {
        status = dosi_table_put_geojson(&text, table, NULL, err);
    } else {
        put_table(&text, table);
    }
    if (status == DOSI_OK) status = dosi_cli_put(&text, options->path, err);
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_cmd_sql(int argc, char **argv, dosi_error *err) {
    dosi_cli_lab lab = {0};
    dosi_table table = {0};
    sql_options options = {0};
    DOSI_TRY(dosi_cli_lab_open(&argc, argv, "sql", &lab, err));
    dosi_status status = take_options(&argc, argv, &options, err);
    if (status == DOSI_OK && argc != 2) {
        status = dosi_fail(err, DOSI_INVALID, "usage: dosi sql 'SELECT ... FROM \"org/name\"'");
    }
    if (status == DOSI_OK) {
        status =
            dosi_gate_query(lab.gate, &lab.caller, argv[1], &options.limits, NULL, &table, err);
    }
    if (status == DOSI_OK) status = write_result(&options, &table, err);
    dosi_table_destroy(&table);
    dosi_cli_lab_close(&lab);
    return status;
}
