// Checker: published rows of Korea's air-quality index with the concentrations they came from.

#include "cli/verify.h"
#include "dosi/air.h"

#include <math.h>
#include <string.h>

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "station,time_kst,so2_ppm,co_ppm,o3_ppm,no2_ppm,"
                                         "pm10_24h_pred,pm25_24h_pred,khai_official") > 0;
}

/// A cell as text, "" when missing.
static void cell_text(
    const dosi_table *table, const char *name, size_t row, char *out, size_t n) {
    size_t found = dosi_table_find(table, name), n_bytes = 0;
    out[0] = '\0';
    if (found == SIZE_MAX || table->columns[found].type != DOSI_TYPE_TEXT) return;
    const char *bytes = dosi_column_bytes(&table->columns[found], row, &n_bytes);
    if (bytes) (void)snprintf(out, n, "%.*s", (int)n_bytes, bytes);
}

/// The row's time, to choose the table in force; missing: the newest table.
static dosi_time row_time(const dosi_table *table, size_t row) {
    size_t found = dosi_table_find(table, "time_kst");
    if (found == SIZE_MAX || table->columns[found].type != DOSI_TYPE_TIME) return INT64_MAX;
    int64_t time = table->columns[found].data.integer[row];
    return time == DOSI_TIME_MISSING ? INT64_MAX : time;
}

/// Checks one row.
static void check_row(dosi_verify *verify,
                      const dosi_verify_file *file,
                      const dosi_table *table,
                      size_t row) {
    static const char *const columns[DOSI_AIR_COUNT] = {
        "so2_ppm", "co_ppm", "o3_ppm", "no2_ppm", "pm10_24h_pred", "pm25_24h_pred"};
    double c[DOSI_AIR_COUNT];
    for (size_t p = 0; p < DOSI_AIR_COUNT; p++) {
        size_t found = dosi_table_find(table, columns[p]);
        c[p] = found == SIZE_MAX ? (double)NAN : dosi_column_real(&table->columns[found], row);
    }
    size_t official = dosi_table_find(table, "khai_official");
    double expected = dosi_column_real(&table->columns[official], row);
    char station[64], note[200], what[128];
    cell_text(table, "station", row, station, sizeof station);
    cell_text(table, "note", row, note, sizeof note);
    if (strncmp(note, "EXCEPTION", 9) == 0) {
        dosi_verify_note(verify, file, "row %zu (%s): %s", row + 1, station, note);
        return;
    }
    if (isnan(expected)) {
        dosi_verify_note(verify, file, "row %zu (%s): no published index", row + 1, station);
        return;
    }
    bool has_particles = !isnan(c[DOSI_AIR_PM10]) && !isnan(c[DOSI_AIR_PM25]);
    dosi_cai cai = dosi_cai_of(dosi_cai_table_at(row_time(table, row)), c, has_particles);
    bool is_by_gas = strncmp(note, "gas-driven", 10) == 0;
    if (!has_particles && !is_by_gas && cai.index < expected) {
        dosi_verify_note(
            verify, file,
            "row %zu (%s): without particles the index is only known to be at least "
            "%d",
            row + 1, station, cai.index);
        return;
    }
    (void)snprintf(what, sizeof what, "row %zu CAI%s", row + 1,
                   has_particles ? "" : ", gases only (particles absent)");
    const dosi_verify_case item = {what, expected, cai.index, 0, DOSI_VERIFY_ABSOLUTE};
    dosi_verify_add(verify, file, &item);
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    dosi_table table = {0};
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    for (size_t row = 0; row < table.n_rows; row++) check_row(verify, file, &table, row);
    dosi_table_destroy(&table);
    return DOSI_OK;
}

const dosi_checker dosi_checker_cai = {
    .subject = "air", .kind = "CAI rows", .recognises = recognises, .check = check};
