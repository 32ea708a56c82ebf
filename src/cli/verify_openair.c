// Checker: openair's polar bins and kernels beside the observations they are of. Files are
// bins_<column>_<year>.csv[.gz] with columns wd_bin, ws_bin, n, mean, cpf<percentile>, and
// nwr_raw_<column>_<year>.csv[.gz] with ws, wd, conc; the observations have date, ws, wd and
// the columns. References: openair 2.13 before smoothing.

#include "cli/verify_openair.h"

#include "dosi/polar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_bins(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "wd_bin,ws_bin,n,mean") > 0;
}

static bool is_kernel(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, "ws,wd,conc") > 0;
}

static bool recognises(const dosi_verify_file *file) {
    return is_bins(file) || is_kernel(file);
}

/// Column and year that a file's name says: "bins_nox_2003.csv.gz"; year 0: all.
static bool read_name(const char *name, char *column, size_t n_column, int *year) {
    const char *start = strncmp(name, "nwr_raw_", 8) == 0 ? name + 8
                        : strncmp(name, "bins_", 5) == 0  ? name + 5
                                                          : NULL;
    if (!start) return false;
    size_t length = strcspn(start, ".");
    const char *last = start + length;
    while (last > start && last[-1] != '_') last--;
    *year = 0;
    if (last > start) {
        char *end = NULL;
        long number = strtol(last, &end, 10);
        if (end == start + length && number > 1900 && number < 2200) {
            *year = (int)number;
            length = (size_t)(last - start) - 1;
        }
    }
    if (length == 0 || length >= n_column) return false;
    memcpy(column, start, length);
    column[length] = '\0';
    return true;
}

void verify_openair_clear(verify_openair_data *data) {
    dosi_table_destroy(&data->table);
    free(data->memory);
    *data = (verify_openair_data){0};
}

/// Whether a row is of the year.
static bool is_of_year(const dosi_column *date, size_t row, int year) {
    if (year == 0) return true;
    int64_t time = date->data.integer[row];
    return time != DOSI_TIME_MISSING && dosi_time_to_civil(time).year == year;
}

dosi_status verify_openair_take(verify_openair_data *data,
                                const char *name,
                                int year,
                                dosi_error *err) {
    const dosi_table *table = &data->table;
    const dosi_column *date = NULL;
    DOSI_TRY(dosi_table_get(table, "date", DOSI_TYPE_TIME, &date, err));
    const char *const names[3] = {"ws", "wd", name};
    const dosi_column *columns[3];
    for (size_t c = 0; c < 3; c++) {
        size_t found = dosi_table_find(table, names[c]);
        if (found == SIZE_MAX) {
            return dosi_fail(err, DOSI_NOT_FOUND, "observations have no column %s", names[c]);
        }
        columns[c] = &table->columns[found];
    }
    free(data->memory);
    data->n = 0;
    data->memory = malloc((4 * table->n_rows + 1) * sizeof *data->memory);
    if (!data->memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for observations");
    double **arrays[3] = {&data->speed, &data->from_deg, &data->value};
    for (size_t c = 0; c < 3; c++) *arrays[c] = data->memory + c * table->n_rows;
    data->day = data->memory + 3 * table->n_rows;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (!is_of_year(date, i, year)) continue;
        for (size_t c = 0; c < 3; c++) {
            (*arrays[c])[data->n] = dosi_column_real(columns[c], i);
        }
        data->day[data->n++] = (double)date->data.integer[i] / (double)DOSI_DAY_US;
    }
    return DOSI_OK;
}

dosi_status verify_openair_find(dosi_verify *verify,
                                verify_openair_data *data,
                                dosi_error *err) {
    for (size_t f = 0; f < verify->n_files; f++) {
        dosi_verify_file *other = &verify->files[f];
        if (!dosi_verify_has_columns(other, "date,ws,wd,")) continue;
        other->is_used = true;
        data->file = other;
        return dosi_verify_read(other, verify->run, &data->table, err);
    }
    return DOSI_OK;
}

/// The quantile of the values of whole rows, as openair takes it.
static dosi_status percentile_of(const verify_openair_data *data,
                                 double percentile,
                                 double *out,
                                 dosi_error *err) {
    double *values = malloc((data->n + 1) * sizeof *values);
    if (!values) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a percentile");
    for (size_t i = 0; i < data->n; i++) {
        bool is_whole = !isnan(data->speed[i]) && !isnan(data->from_deg[i]);
        values[i] = is_whole ? data->value[i] : (double)NAN;
    }
    size_t n = dosi_sort_present(values, data->n);
    *out = dosi_quantile_sorted(values, n, percentile / 100);
    free(values);
    return DOSI_OK;
}

/// Our table of bins.
typedef struct our_bins {
    dosi_polar_bins bins;
    uint32_t *cell;
    size_t *count;
    double *mean, *cpf;
} our_bins;

static void free_bins(our_bins *ours) {
    free(ours->cell);
    free(ours->count);
    free(ours->mean);
    free(ours->cpf);
}

static dosi_status make_bins(const verify_openair_data *data,
                             double percentile,
                             our_bins *ours,
                             dosi_error *err) {
    const dosi_winds winds = {data->n, data->speed, data->from_deg};
    size_t n_cells = dosi_polar_n_cells(&ours->bins);
    ours->bins =
        dosi_polar_bins_of(&winds, data->value, ours->bins.n_speeds, ours->bins.sector_deg);
    ours->cell = malloc((data->n + 1) * sizeof *ours->cell);
    ours->count = calloc(n_cells + 1, sizeof *ours->count);
    ours->mean = calloc(n_cells + 1, sizeof *ours->mean);
    ours->cpf = calloc(n_cells + 1, sizeof *ours->cpf);
    if (!ours->cell || !ours->count || !ours->mean || !ours->cpf) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu bins", n_cells);
    }
    dosi_polar_assign(&ours->bins, &winds, ours->cell);
    const dosi_groups groups = {data->n, n_cells, ours->cell};
    dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    DOSI_TRY(
        dosi_group_statistic(&statistic, &groups, data->value, ours->count, ours->mean, err));
    statistic.kind = DOSI_STATISTIC_CPF;
    DOSI_TRY(percentile_of(data, percentile, &statistic.low, err));
    return dosi_group_statistic(&statistic, &groups, data->value, ours->count, ours->cpf, err);
}

/// Largest differences between a table and ours.
typedef struct worst {
    double n, mean, cpf;
    size_t n_filled, n_filled_here;
} worst;

/// |a - b| relative to 1 or |b|; infinite when only one is missing.
static double difference(double a, double b) {
    if (isnan(a) && isnan(b)) return 0;
    if (isnan(a) || isnan(b)) return INFINITY;
    return fabs(a - b) / fmax(1, fabs(b));
}

/// Columns of a table of bins.
enum { SECTOR, SPEED, COUNT, MEAN, CPF, N_BIN_COLUMNS };

/// Compares all rows of a table of bins.
static worst compare_bins(const dosi_column *const *columns,
                          size_t n_rows,
                          const our_bins *ours) {
    worst w = {0};
    for (size_t i = 0; i < n_rows; i++) {
        double cell[N_BIN_COLUMNS];
        for (size_t c = 0; c < N_BIN_COLUMNS; c++) cell[c] = dosi_column_real(columns[c], i);
        uint32_t sector = dosi_polar_sector(cell[SECTOR], ours->bins.sector_deg);
        size_t b = sector * ours->bins.n_speeds + (size_t)cell[SPEED] - 1;
        double n_here = (double)ours->count[b];
        w.n_filled += isnan(cell[COUNT]) ? 0U : 1U;
        w.n_filled_here += ours->count[b] > 0;
        w.n = fmax(w.n, difference(n_here, isnan(cell[COUNT]) ? 0 : cell[COUNT]));
        w.mean = fmax(w.mean, difference(ours->mean[b], cell[MEAN]));
        w.cpf = fmax(w.cpf, difference(ours->cpf[b], cell[CPF]));
    }
    return w;
}

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *what,
                double expected,
                double got,
                double tolerance) {
    const dosi_verify_case item = {what, expected, got, tolerance, DOSI_VERIFY_ABSOLUTE};
    dosi_verify_add(verify, file, &item);
}

/// Size of the grid in a file: largest ws_bin and smallest wd_bin. False: not such a table.
static bool bins_shape(const dosi_table *table,
                       const dosi_column **columns,
                       our_bins *ours,
                       double *percentile) {
    double most = 0, least = INFINITY;
    if (!dosi_verify_find_columns(table, "wd_bin,ws_bin,n,mean,cpf*", columns)) return false;
    *percentile = strtod(columns[CPF]->name + 3, NULL);
    for (size_t i = 0; i < table->n_rows; i++) {
        double sector = dosi_column_real(columns[SECTOR], i);
        double speed = dosi_column_real(columns[SPEED], i);
        if (!(sector > 0 && sector <= 360 && speed >= 1 && speed <= 1000)) return false;
        most = fmax(most, speed);
        least = fmin(least, sector);
    }
    if (table->n_rows == 0 || fmod(360, least) != 0) return false;
    ours->bins.n_speeds = (size_t)most;
    ours->bins.sector_deg = least;
    return *percentile > 0 && *percentile < 100;
}

static dosi_status check_bins(dosi_verify *verify,
                              const dosi_verify_file *file,
                              const verify_openair_data *data,
                              dosi_error *err) {
    dosi_table table = {0};
    our_bins ours = {0};
    double percentile = 0;
    const dosi_column *columns[N_BIN_COLUMNS];
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    if (!bins_shape(&table, columns, &ours, &percentile)) {
        dosi_verify_note(verify, file, "not a full table of bins");
        dosi_table_destroy(&table);
        return DOSI_OK;
    }
    dosi_status status = make_bins(data, percentile, &ours, err);
    if (status == DOSI_OK) {
        worst w = compare_bins(columns, table.n_rows, &ours);
        add(verify, file, "filled bins", (double)w.n_filled, (double)w.n_filled_here, 0);
        add(verify, file, "observations in bins: largest difference", 0, w.n, 0);
        add(verify, file, "bin means: largest relative difference", 0, w.mean, 1e-9);
        add(verify, file, "bin CPF: largest difference", 0, w.cpf, 1e-9);
    }
    free_bins(&ours);
    dosi_table_destroy(&table);
    return status;
}

/// The grid of a kernel file: speeds vary fastest, as many directions as there are blocks.
/// @param columns  ws, wd, conc
static bool kernel_shape(const dosi_column *const *columns,
                         size_t n,
                         dosi_polar_kernel *kernel) {
    size_t n_speeds = 0;
    if (n < 4) return false;
    double first = dosi_column_real(columns[1], 0);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(dosi_column_real(columns[1], i))) return false;
    }
    while (n_speeds < n && fabs(dosi_column_real(columns[1], n_speeds) - first) < 1e-9) {
        n_speeds++;
    }
    if (n_speeds < 2 || n % n_speeds != 0) return false;
    kernel->n_speeds = n_speeds;
    kernel->speed_min = dosi_column_real(columns[0], 0);
    kernel->speed_max = dosi_column_real(columns[0], n_speeds - 1);
    size_t n_sectors = n / n_speeds;
    kernel->sector_deg = 360 / (double)n_sectors;
    return kernel->speed_max > kernel->speed_min;
}

static dosi_status check_kernel(dosi_verify *verify,
                                const dosi_verify_file *file,
                                const verify_openair_data *data,
                                dosi_error *err) {
    dosi_table table = {0};
    dosi_polar_kernel kernel = {.speed_sd = 0.5, .from_sd_deg = 4};
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    const dosi_column *columns[3];
    if (!dosi_verify_find_columns(&table, "ws,wd,conc", columns) ||
        !kernel_shape(columns, table.n_rows, &kernel)) {
        dosi_verify_note(verify, file, "not a full grid of speeds by directions");
        dosi_table_destroy(&table);
        return DOSI_OK;
    }
    const dosi_winds winds = {data->n, data->speed, data->from_deg};
    double *ours = calloc(dosi_polar_kernel_points(&kernel) + 1, sizeof *ours);
    if (!ours) {
        dosi_table_destroy(&table);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a kernel");
    }
    dosi_status status = dosi_polar_nwr(&kernel, &winds, data->value, ours, err);
    if (status == DOSI_OK) {
        double sum = 0, sum_here = 0, most = 0;
        for (size_t i = 0; i < table.n_rows; i++) {
            uint32_t sector =
                dosi_polar_sector(dosi_column_real(columns[1], i), kernel.sector_deg);
            double expected = dosi_column_real(columns[2], i);
            double got = ours[sector * kernel.n_speeds + i % kernel.n_speeds];
            most = fmax(most, difference(got, expected));
            sum += isnan(expected) ? 0 : expected;
            sum_here += isnan(got) ? 0 : got;
        }
        const dosi_verify_case item = {"sum of the kernel", sum, sum_here, 1e-9,
                                       DOSI_VERIFY_RELATIVE};
        dosi_verify_add(verify, file, &item);
        add(verify, file, "kernel: largest relative difference", 0, most, 1e-9);
    }
    free(ours);
    dosi_table_destroy(&table);
    return status;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    char column[64];
    int year = 0;
    verify_openair_data data = {0};
    if (!read_name(file->name, column, sizeof column, &year)) {
        dosi_verify_note(verify, file, "the name does not say which column");
        return DOSI_OK;
    }
    dosi_status status = verify_openair_find(verify, &data, err);
    if (status == DOSI_OK && !data.file) {
        dosi_verify_note(verify, file, "no observations (date, ws, wd) in the folder");
        return DOSI_OK;
    }
    if (status == DOSI_OK) status = verify_openair_take(&data, column, year, err);
    if (status == DOSI_OK) {
        status = is_bins(file) ? check_bins(verify, file, &data, err)
                               : check_kernel(verify, file, &data, err);
    }
    verify_openair_clear(&data);
    return status;
}

const dosi_checker dosi_checker_openair = {.subject = "air",
                                           .kind = "openair's polar bins and kernels",
                                           .recognises = recognises,
                                           .check = check};
