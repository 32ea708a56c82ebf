// How long 10 million hourly rows in the lake's Parquet take to become daily means by SQL.
// Usage: bench_sql_daily [rows]. Target: at most 2 s on two cores.

#include "dosi/random.h"
#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { N_STATIONS = 500 };

/// Ends the program when a step failed.
static void check(dosi_status status, const dosi_error *err) {
    if (status == DOSI_OK) return;
    (void)fprintf(stderr, "%s: %s\n", dosi_status_text(status), err->message);
    exit(1);
}

/// Hourly values of N_STATIONS stations, one in fifty missing.
static void fill(dosi_table *table, size_t n_rows) {
    dosi_error err;
    dosi_random random = dosi_random_init(1, 0);
    check(dosi_table_add_column(table, "station", DOSI_TYPE_TEXT, NULL, &err), &err);
    check(dosi_table_add_column(table, "time", DOSI_TYPE_TIME, NULL, &err), &err);
    check(dosi_table_add_column(table, "pm25_ugm3", DOSI_TYPE_REAL, NULL, &err), &err);
    check(dosi_table_add_rows(table, n_rows, &err), &err);
    size_t n_hours = n_rows / N_STATIONS + 1;
    for (size_t i = 0; i < n_rows; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "%06zu", 111000 + i / n_hours);
        check(dosi_table_set_bytes(table, 0, i, name, (size_t)n), &err);
        table->columns[1].data.integer[i] = (int64_t)(i % n_hours) * DOSI_HOUR_US;
        if (dosi_random_below(&random, 50) == 0) continue;
        table->columns[2].data.real[i] = (double)dosi_random_below(&random, 1200) / 10;
    }
}

int main(int argc, char **argv) {
    static const int repeats = 3;
    dosi_error err;
    dosi_table table = {0};
    dosi_sql *sql = NULL;
    size_t n_rows = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 10000000;
    const char *folder = getenv("TMPDIR");
    char path[256];
    char query[512];
    (void)snprintf(path, sizeof path, "%s/dosi_bench_%ld.parquet", folder ? folder : "/tmp",
                   (long)getpid());
    fill(&table, n_rows);
    int64_t start_us = dosi_time_monotonic_us();
    check(dosi_parquet_write(&table, path, &err), &err);
    (void)printf("write %zu rows   %.3f s\n", n_rows,
                 (double)(dosi_time_monotonic_us() - start_us) / 1e6);
    start_us = dosi_time_monotonic_us();
    check(dosi_parquet_read(path, NULL, 0, NULL, &table, &err), &err);
    (void)printf("read %zu rows    %.3f s\n", n_rows,
                 (double)(dosi_time_monotonic_us() - start_us) / 1e6);
    // A value of an hour belongs to the day in which the hour ends, midnight to the day before.
    (void)snprintf(query, sizeof query,
                   "SELECT station, CAST(time - INTERVAL 1 HOUR AS DATE) AS day, "
                   "avg(pm25_ugm3) AS mean, count(pm25_ugm3) AS n FROM read_parquet('%s') "
                   "GROUP BY ALL ORDER BY ALL",
                   path);
    for (int i = 0; i < repeats; i++) {
        start_us = dosi_time_monotonic_us();
        check(dosi_sql_open(NULL, &sql, &err), &err);
        check(dosi_sql_query(sql, query, NULL, NULL, &table, &err), &err);
        dosi_sql_close(sql);
        (void)printf("daily means, %zu rows out   %.3f s\n", table.n_rows,
                     (double)(dosi_time_monotonic_us() - start_us) / 1e6);
    }
    dosi_table_destroy(&table);
    (void)unlink(path);
    return 0;
}
