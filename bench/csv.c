// How fast a CSV file becomes a typed table, beside DuckDB's read_csv on one thread.
// Usage: bench_csv [MEGABYTES]. The file: hourly values of 40 stations, nine columns.

#include "base/os_file.h"
#include "dosi/random.h"
#include "dosi/text.h"
#include "source/source.h"
#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_MB = 100, MOST_MB = 4000, N_STATIONS = 40 };

static dosi_status write_file(const char *path, size_t n_bytes, dosi_error *err) {
    FILE *file = fopen(path, "wb");
    if (!file) return dosi_fail(err, DOSI_IO, "%s: cannot be written", path);
    dosi_random random = dosi_random_init(1, 0);
    (void)fprintf(file,
                  "station,time,so2_ppm,co_ppm,o3_ppm,no2_ppm,pm10_ugm3,pm25_ugm3,name\n");
    for (size_t hour = 0; (size_t)ftell(file) < n_bytes; hour++) {
        dosi_civil t = dosi_time_to_civil((int64_t)hour * DOSI_HOUR_US);
        for (int s = 0; s < N_STATIONS; s++) {
            (void)fprintf(
                file, "%d,%04d-%02d-%02d %02d:00,%.3f,%.1f,%.3f,%.3f,%u,%u,측정소%d\n",
                111121 + s, t.year, t.month, t.day, t.hour, dosi_random_uniform(&random) * 0.01,
                dosi_random_uniform(&random), dosi_random_uniform(&random) * 0.1,
                dosi_random_uniform(&random) * 0.1, dosi_random_below(&random, 150),
                dosi_random_below(&random, 90), s);
        }
    }
    return fclose(file) == 0 ? DOSI_OK : dosi_fail(err, DOSI_IO, "%s: disk full", path);
}

/// Processor time is what counts where other work runs beside.
static void report(const char *what, clock_t start, int64_t n_bytes, size_t n_rows) {
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    (void)printf("%-22s %8.2f s of CPU %8.1f MB/s  %zu rows\n", what, seconds,
                 (double)n_bytes / 1e6 / seconds, n_rows);
}

static dosi_status run(const char *path, dosi_error *err) {
    int64_t n_bytes = dosi_file_size(path);
    dosi_source_result result = {0};
    clock_t start = clock();
    DOSI_TRY(dosi_source_read(path, NULL, NULL, &result, err));
    report("dosi_source_read", start, n_bytes, result.table.n_rows);
    dosi_source_result_clear(&result);

    dosi_sql_options options = {.n_threads = 1, .memory_bytes = (size_t)4 << 30};
    dosi_sql *sql = NULL;
    DOSI_TRY(dosi_sql_open(&options, &sql, err));
    char statement[DOSI_PATH_BYTES + 80];
    (void)snprintf(statement, sizeof statement, "create table t as from read_csv('%s')", path);
    start = clock();
    dosi_status status = dosi_sql_execute(sql, statement, err);
    dosi_table count = {0};
    if (status == DOSI_OK) {
        status = dosi_sql_query(sql, "select count(*) from t", NULL, NULL, &count, err);
    }
    if (status == DOSI_OK) {
        report("DuckDB read_csv", start, n_bytes, (size_t)count.columns[0].data.integer[0]);
    }
    dosi_table_destroy(&count);
    dosi_sql_close(sql);
    return status;
}

int main(int argc, char **argv) {
    dosi_error err = {""};
    int64_t megabytes = DEFAULT_MB;
    bool is_ok = argc < 2 || dosi_parse_int(argv[1], strlen(argv[1]), &megabytes) == DOSI_OK;
    if (!is_ok || megabytes < 1 || megabytes > MOST_MB) {
        (void)fprintf(stderr, "usage: bench_csv [MEGABYTES]\n");
        return 2;
    }
    char folder[] = "/tmp/dosi-bench-XXXXXX";
    if (!mkdtemp(folder)) return 1;
    char path[64];
    (void)snprintf(path, sizeof path, "%s/air.csv", folder);
    dosi_status status = write_file(path, (size_t)megabytes * 1000000, &err);
    if (status == DOSI_OK) status = run(path, &err);
    (void)remove(path);
    (void)rmdir(folder);
    if (status != DOSI_OK) (void)fprintf(stderr, "bench_csv: %s\n", err.message);
    return status == DOSI_OK ? 0 : 1;
}
