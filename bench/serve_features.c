// Makes building-like features for bench/serve: a public dataset in a lab, and the same as CSV
// with WKT for other servers. Usage: bench_serve_features LAB N OUT.csv

#include "dosi/geo.h"
#include "dosi/random.h"
#include "govern/gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_CORNERS = 5, N_DISTRICTS = 25 };

static const char *const uses[] = {"단독주택", "공동주택", "근린생활시설", "업무시설",
                                   "교육시설", "공장",     "창고",         "종교시설"};

static const struct {
    const char *name, *unit;
    dosi_type type;
} columns[] = {{"geometry", NULL, DOSI_TYPE_GEOMETRY}, {"code", NULL, DOSI_TYPE_TEXT},
               {"use", NULL, DOSI_TYPE_TEXT},          {"district", NULL, DOSI_TYPE_TEXT},
               {"floors", NULL, DOSI_TYPE_INT},        {"height", "m", DOSI_TYPE_REAL},
               {"built", NULL, DOSI_TYPE_INT}};

/// A turned box of 6 to 30 m somewhere in the city, denser towards a few centres.
static void make_outline(dosi_random *random, double *x, double *y) {
    double centre_x = 126.80 + 0.38 * dosi_random_uniform(random);
    double centre_y = 37.43 + 0.26 * dosi_random_uniform(random);
    uint32_t hub = dosi_random_below(random, 24);
    if (hub < 12) {
        centre_x = 126.84 + 0.06 * (hub % 6) + 0.012 * dosi_random_normal(random);
        centre_y = 37.48 + 0.10 * (hub >= 6) + 0.010 * dosi_random_normal(random);
    }
    double width = 6 + 24 * dosi_random_uniform(random);
    double depth = 6 + 14 * dosi_random_uniform(random);
    double angle = 3.14159265358979 * dosi_random_uniform(random);
    static const double corner[N_CORNERS][2] = {
        {-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}, {-0.5, -0.5}};
    for (size_t i = 0; i < N_CORNERS; i++) {
        double u = corner[i][0] * width;
        double v = corner[i][1] * depth;
        x[i] = centre_x + (u * cos(angle) - v * sin(angle)) / 88000;
        y[i] = centre_y + (u * sin(angle) + v * cos(angle)) / 111000;
    }
    x[N_CORNERS - 1] = x[0];
    y[N_CORNERS - 1] = y[0];
}

/// Fills one row and writes its line of CSV.
static dosi_status add_feature(dosi_table *table, size_t row, dosi_random *random, FILE *csv) {
    double x[N_CORNERS];
    double y[N_CORNERS];
    char code[32];
    char district[32];
    dosi_text wkb = {0};
    make_outline(random, x, y);
    const char *use = uses[dosi_random_below(random, sizeof uses / sizeof uses[0])];
    int64_t floors = 1 + (int64_t)dosi_random_below(random, 24);
    double height = (double)floors * 3.1 + 0.5;
    int64_t built = 1960 + (int64_t)dosi_random_below(random, 65);
    (void)snprintf(code, sizeof code, "B%07zu", row + 1);
    (void)snprintf(district, sizeof district, "11%03u", dosi_random_below(random, N_DISTRICTS));
    dosi_wkb_put_polygon(&wkb, x, y, (const size_t[]){N_CORNERS}, 1);
    dosi_status status = dosi_table_set_bytes(table, 0, row, wkb.data, wkb.length);
    dosi_text_destroy(&wkb);
    if (status == DOSI_OK) status = dosi_table_set_text(table, 1, row, code);
    if (status == DOSI_OK) status = dosi_table_set_text(table, 2, row, use);
    if (status == DOSI_OK) status = dosi_table_set_text(table, 3, row, district);
    table->columns[4].data.integer[row] = floors;
    table->columns[5].data.real[row] = height;
    table->columns[6].data.integer[row] = built;
    (void)fprintf(csv, "\"POLYGON((");
    for (size_t i = 0; i < N_CORNERS; i++) {
        (void)fprintf(csv, "%s%.9f %.9f", i ? "," : "", x[i], y[i]);
    }
    (void)fprintf(csv, "))\",%zu,%s,%s,%s,%" PRId64 ",%.1f,%" PRId64 "\n", row + 1, code, use,
                  district, floors, height, built);
    return status;
}

/// Writes the table into the lab as city/buildings, public.
static dosi_status write_dataset(const char *lab, const dosi_table *table, dosi_error *err) {
    dosi_gate *gate = NULL;
    dosi_caller caller;
    dosi_version version = {0};
    bool is_new = false;
    DOSI_TRY(dosi_gate_open(lab, &gate, err));
    dosi_metadata metadata = {.title_en = "Buildings made for measuring",
                              .visibility = "public",
                              .is_simulated = true};
    dosi_new_version new_version = {
        .reference = "city/buildings", .table = table, .metadata = &metadata};
    dosi_status status = dosi_caller_local(gate, "cli", &caller, err);
    if (status == DOSI_OK) {
        status = dosi_gate_write(gate, &caller, &new_version, &version, &is_new, err);
    }
    dosi_version_clear(&version);
    dosi_gate_close(gate);
    return status;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        (void)fprintf(stderr, "usage: bench_serve_features LAB N OUT.csv\n");
        return 2;
    }
    dosi_error err = {""};
    dosi_table table = {0};
    size_t n = (size_t)strtoull(argv[2], NULL, 10);
    FILE *csv = fopen(argv[3], "w");
    if (!csv) return 1;
    dosi_random random = dosi_random_init(2020, 1);
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0] && status == DOSI_OK; i++) {
        status = dosi_table_add_column(&table, columns[i].name, columns[i].type, NULL, &err);
        if (status == DOSI_OK && columns[i].unit) {
            status = dosi_table_describe(&table, i, columns[i].unit, NULL, NULL);
        }
    }
    if (status == DOSI_OK) status = dosi_table_add_rows(&table, n, &err);
    (void)fprintf(csv, "wkt,id,code,use,district,floors,height,built\n");
    for (size_t row = 0; row < n && status == DOSI_OK; row++) {
        status = add_feature(&table, row, &random, csv);
    }
    (void)fclose(csv);
    if (status == DOSI_OK) status = write_dataset(argv[1], &table, &err);
    dosi_table_destroy(&table);
    if (status != DOSI_OK) (void)fprintf(stderr, "%s\n", err.message);
    return status == DOSI_OK ? 0 : 1;
}
